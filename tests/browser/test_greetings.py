"""The screen on which greetings of the chat widget are made."""

from playwright.sync_api import expect

from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import Desks

# Colours change once: that costs more than another width.
WIDTHS = [(390, "light"), (390, "dark"), (1440, "dark"), (1440, "light")]


def test_a_greeting_is_written_and_switched_on(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    stage.run(stage.shop.post("/accounts", 201, kind="livechat", name="Garden site", config={"title": "Garden"}))
    olu, ama = desks(), desks()
    olu.page.goto("/campaigns/greetings")
    ama.page.goto("/campaigns/greetings")
    expect(ama.page.get_by_text("No greetings yet")).to_be_visible()
    axe(ama.page)
    olu.page.get_by_role("button", name="New greeting").click()
    olu.page.get_by_role("textbox", name="Name").fill("Prices")
    olu.page.get_by_role("textbox", name="From").fill("Kwame")
    olu.page.get_by_role("textbox", name="Text").fill("Shall I explain what is in each plan?")
    olu.page.get_by_role("combobox", name="Buttons").fill("Yes, please")
    olu.page.keyboard.press("Enter")
    olu.page.get_by_role("checkbox", name="Garden site").check()
    olu.page.get_by_role("button", name="Only on some pages").click()
    olu.page.get_by_role("textbox", name="Page 1: address").fill("/prices")
    olu.page.get_by_role("switch", name="Switched on").check()
    expect(olu.page.get_by_role("complementary", name="Preview")).to_contain_text("Yes, please")
    for width, scheme in WIDTHS:
        olu.page.set_viewport_size({"width": width, "height": 1000})
        olu.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        axe(olu.page)
        shot(olu.page, f"greeting-editor-{width}-{scheme}")
    olu.page.get_by_role("button", name="Save").click()
    expect(olu.page.get_by_role("heading", name="Prices")).to_be_visible()
    # On a colleague's screen at once, where it is switched off and deleted.
    row = ama.page.get_by_role("row", name="Prices")
    expect(row).to_contain_text("Page contains /prices · after 15 s · once")
    axe(ama.page)
    shot(ama.page, "greetings")
    ama.goes_dark()
    ama.page.set_viewport_size({"width": 390, "height": 844})
    axe(ama.page)
    shot(ama.page, "greetings-390-dark")
    ama.page.get_by_role("button", name="Actions for Prices").click()
    ama.page.get_by_role("menuitem", name="Switch off").click()
    expect(row).to_contain_text("off")
    ama.page.get_by_role("button", name="Actions for Prices").click()
    ama.page.get_by_role("menuitem", name="Delete…").click()
    ama.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(ama.page.get_by_text("No greetings yet")).to_be_visible()
