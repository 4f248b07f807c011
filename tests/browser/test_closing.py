"""Putting aside and finishing: snooze and its return, undo, and what comes after closing."""

from playwright.sync_api import expect

from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import Customer, Desks


def test_snooze_until_the_customer_writes(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    nina, otto = Customer(stage, "whatsapp", "Nina Nap"), Customer(stage, "sms", "Otto Other")
    nina.writes("I shall send the photo tonight")
    desk = desks()
    desk.open("Nina Nap")
    otto.writes("Hello")
    expect(desk.row(otto.known_as)).to_be_visible()
    desk.page.keyboard.press("s")
    expect(desk.page.get_by_role("menuitem", name="Tomorrow")).to_be_visible()
    axe(desk.page)
    shot(desk.page, "snooze-menu")
    desk.page.get_by_role("menuitem", name="Another time…").click()
    desk.page.get_by_role("textbox", name="When should it come back?").fill("in 2 weeks 14:30")
    expect(desk.page.get_by_role("dialog").get_by_role("status")).to_contain_text("14:30")
    axe(desk.page)
    shot(desk.page, "snooze-dialog")
    desk.page.keyboard.press("Enter")
    # Away from the list, and the next one is open; Z brings it back.
    expect(desk.row("Nina Nap")).to_have_count(0)
    expect(desk.thread(otto.known_as)).to_be_visible()
    desk.page.keyboard.press("z")
    expect(desk.row("Nina Nap")).to_be_visible()
    expect(desk.thread("Nina Nap")).to_be_visible()
    expect(desk.log).to_contain_text("Olu Owner ended the snooze")

    desk.page.keyboard.press("s")
    desk.page.get_by_role("menuitem", name="They reply").click()
    expect(desk.row("Nina Nap")).to_have_count(0)
    shot(desk.page, "snoozed-toast")
    nina.writes("Here is the photo")
    expect(desk.first_row()).to_contain_text("Nina Nap")
    desk.open("Nina Nap")
    expect(desk.log).to_contain_text("Woken by the customer")
    shot(desk.page, "woken")


def test_closing_is_taken_back_by_z(desks: Desks, stage: Stage) -> None:
    Customer(stage, "whatsapp", "Uma Undo").writes("All is well")
    desk = desks()
    desk.open("Uma Undo")
    desk.page.keyboard.press("e")
    expect(desk.row("Uma Undo")).to_have_count(0)
    desk.button("Undo").click()
    expect(desk.row("Uma Undo")).to_be_visible()
    expect(desk.log).to_contain_text("Olu Owner took the closing back")


def test_how_was_it(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    """Settled in the settings, asked after closing, answered by a button and by a digit, seen by the agent."""
    desk = desks(path="/settings/closing")
    page = desk.page
    page.get_by_role("switch", name="Ask how it was").click()
    page.get_by_label("Minutes after closing").fill("0")
    page.get_by_role("combobox", name="Ask for a reason").select_option("required")
    page.get_by_role("button", name="Add a rule").click()
    axe(page)
    shot(page, "settings-closing")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved")).to_be_visible()

    wendy, sam = Customer(stage, "whatsapp", "Wendy Works"), Customer(stage, "sms", "Sam Small")
    wendy.writes("It does not work")
    sam.writes("Mine neither")
    page.goto("/inbox")
    for known_as in ("Wendy Works", sam.known_as):
        desk.open(known_as)
        desk.ticks(desk.writes("Now it does."), "Delivered")
        page.keyboard.press("Escape")
        page.keyboard.press("e")
        page.get_by_role("combobox", name="Reason").click()
        page.get_by_role("option", name="Solved").click()
        page.get_by_role("textbox", name="Comment").fill("Switched it on")
        if known_as == "Wendy Works":
            axe(page)
            shot(page, "close-with-reason")
        page.get_by_role("button", name="Close it").click()
        expect(desk.row(known_as)).to_have_count(0)

    desk.tab("Closed")
    desk.open("Wendy Works")
    expect(desk.bubble("How did we do?")).to_be_visible(timeout=40_000)
    survey = stage.run(_asked(stage, "Wendy Works"))
    wendy.does("list_reply", button_id=f"{survey}:4", title="4 · Good")
    expect(page.get_by_text("4 of 5", exact=True)).to_be_visible()
    expect(desk.log).to_contain_text("Satisfaction: 4 of 5")
    shot(page, "satisfaction")
    axe(page)
    desk.open(sam.known_as)
    expect(desk.bubble("Answer with a number")).to_be_visible(timeout=40_000)
    sam.writes("2")
    expect(page.get_by_text("2 of 5", exact=True)).to_be_visible()
    sam.writes("It took a week")
    expect(page.get_by_text("It took a week").first).to_be_visible()

    # Thanks leaves it closed; one click opens it.
    wendy.writes("Thanks! 🙏")
    desk.open("Wendy Works")
    expect(desk.log).to_contain_text("A word of thanks: not reopened")
    shot(page, "thanks")
    desk.log.get_by_role("button", name="Reopen").click()
    expect(desk.button("Close")).to_be_visible()

    # Blocked: closed, and out of sight.
    desk.button("More").click()
    page.get_by_role("menuitem", name="Block or report spam…").click()
    axe(page)
    shot(page, "block")
    page.get_by_role("dialog").get_by_role("button", name="Block").click()
    expect(desk.thread("Wendy Works").get_by_text("Blocked ·")).to_be_visible()
    expect(desk.button("Reopen")).to_have_count(0)


async def _asked(stage: Stage, name: str) -> str:
    one = await stage.shop.conversation_with(name)
    found = await stage.shop.get(f"/contacts/{one['contact_id']}/surveys")
    survey_id: str = found["items"][0]["id"]
    return survey_id


def test_settings_of_closing_on_a_phone_and_in_the_dark(desks: Desks, axe: Axe, shot: Shot) -> None:
    desk = desks(path="/settings/closing", viewport={"width": 390, "height": 844})
    expect(desk.page.get_by_role("heading", name="Recommendation")).to_be_visible()
    shot(desk.page, "settings-closing-phone")
    desk.goes_dark()
    axe(desk.page)
    shot(desk.page, "settings-closing-dark")
