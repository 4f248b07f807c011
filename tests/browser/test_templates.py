"""Templates as a marketer writes them: problems beside their fields, a preview that follows, the review, an alarm."""

from playwright.sync_api import expect

from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import Customer, Desks

# Colours change once: that costs more than another width.
WIDTHS = [(1440, "light"), (1024, "light"), (390, "light"), (390, "dark"), (1440, "dark")]


def test_a_template_is_written_reviewed_and_paused(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    page = desks(path="/templates", allowed="status of 422").page
    stage.run(stage.shop.knobs(template_review_ms=2_000))
    listed = page.get_by_role("region", name="Templates")
    page.get_by_role("button", name="Sync").click()
    expect(listed.get_by_role("link", name="order_update")).to_be_visible()
    listed.get_by_role("link", name="delivery_slot").click()
    detail = page.get_by_role("article", name="Template delivery_slot")
    expect(detail.get_by_role("img", name="Preview: Dear Ama")).to_be_visible()
    for width, scheme in WIDTHS:
        page.set_viewport_size({"width": width, "height": 1000})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        axe(page)
        shot(page, f"templates-detail-{width}-{scheme}")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")

    listed.get_by_role("button", name="New").click()
    page.get_by_role("menuitem", name="Template of whatsapp").click()
    editor = page.get_by_role("article", name="Template draft")
    editor.get_by_role("textbox", name="Text").fill("{{1}} your lamp is ready")
    editor.get_by_role("button", name="Add a button").click()
    editor.get_by_role("combobox", name="Kind of button 1").select_option("url")
    editor.get_by_role("button", name="Submit for review").click()
    expect(editor.get_by_role("alert").first).to_contain_text("to put right")
    expect(editor.get_by_text("A variable cannot begin or end the text")).to_be_visible()
    expect(editor.get_by_text("Give an example of what stands here")).to_be_visible()
    expect(editor.get_by_text("Give a whole address")).to_be_visible()
    shot(page, "templates-editor-problems")
    axe(page)

    editor.get_by_role("textbox", name="Name").fill("lamp ready")
    expect(editor.get_by_role("textbox", name="Name")).to_have_value("lamp_ready")
    editor.get_by_role("textbox", name="Text").fill("Good news {{1}}, the lamp you ordered is ready in our shop.")
    editor.get_by_role("textbox", name="Example for {{1}}").fill("Ama")
    editor.get_by_role("textbox", name="Label").fill("Opening hours")
    editor.get_by_role("textbox", name="Address").fill("https://example.com/hours")
    expect(editor.get_by_role("img", name="Preview: Good news Ama")).to_be_visible()
    expect(editor.get_by_text("Nothing speaks against it.")).to_be_visible()
    page.mouse.move(2, 400)
    for width, scheme in WIDTHS:
        page.set_viewport_size({"width": width, "height": 1000})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        axe(page)
        shot(page, f"templates-editor-{width}-{scheme}")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")
    editor.get_by_role("button", name="Submit for review").click()
    detail = page.get_by_role("article", name="Template lamp_ready")
    expect(detail.get_by_text("Approved", exact=True)).to_be_visible()

    paused = {"waba_id": "200000000000077", "name": "lamp_ready", "language": "en", "status": "PAUSED"}
    stage.run(stage.shop.sandbox.post("/_sandbox/template_status", json=paused))
    expect(detail.get_by_role("region", name="What happened")).to_contain_text("Nothing goes out by it")
    expect(listed.get_by_role("link", name="lamp_ready").get_by_role("img", name="is paused")).to_be_visible()
    axe(page)
    shot(page, "templates-paused")
    detail.get_by_role("button", name="I have seen it").click()
    expect(detail.get_by_role("region", name="What happened")).to_be_hidden()
    page.get_by_role("button", name="Notifications").click()
    page.get_by_role("region", name="Notifications").get_by_role("button", name="lamp_ready (en) is paused").click()
    expect(detail.get_by_role("button", name="Take it out of its pause")).to_be_visible()
    stage.run(stage.shop.knobs(template_review_ms=None))


def test_a_content_template_in_two_languages(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    page = desks(path="/templates", allowed="status of 422").page
    page.get_by_role("button", name="New").click()
    page.get_by_role("menuitem", name="Content for other channels").click()
    editor = page.get_by_role("article", name="Content template")
    editor.get_by_role("button", name="Save").click()
    expect(editor.get_by_text("Write something here.")).to_be_visible()
    editor.get_by_role("textbox", name="Name").fill("Spring news")
    editor.get_by_role("checkbox", name="SMS").check()
    editor.get_by_role("textbox", name="Text", exact=True).fill("Hello ")
    editor.get_by_role("combobox", name="Insert a value into: Text").select_option("contact.first_name")
    expect(editor.get_by_role("textbox", name="Text", exact=True)).to_have_value(
        'Hello {{ contact.first_name | default: "" }}'
    )
    expect(editor.get_by_role("img", name="Preview: Hello Ana")).to_be_visible()
    editor.get_by_role("button", name="Another language").click()
    editor.get_by_role("combobox", name="For people who speak").select_option("fr")
    editor.get_by_role("textbox", name="Text", exact=True).fill("Bonjour {{ agent.name }}")
    editor.get_by_role("button", name="Save").click()
    expect(editor.get_by_text("There is no variable 'agent.name'").first).to_be_visible()
    editor.get_by_role("textbox", name="Text", exact=True).fill("Bonjour")
    page.mouse.move(2, 400)
    for width, scheme in WIDTHS:
        page.set_viewport_size({"width": width, "height": 1000})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        axe(page)
        shot(page, f"content-{width}-{scheme}")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")
    editor.get_by_role("button", name="Save").click()
    expect(page.get_by_role("region", name="Templates").get_by_role("link", name="Spring news")).to_be_visible()
    expect(editor.get_by_role("button", name="French")).to_be_visible()

    # An agent sends it to somebody whose name nobody knows, in the language that they speak.
    mia = Customer(stage, "sms", "Mia Content")
    mia.writes("Is there news?")
    desk = desks()
    page = desk.page
    desk.open(mia.known_as)
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    dialog = page.get_by_role("dialog", name="Send a template")
    dialog.get_by_role("combobox", name="Language").select_option("fr")
    expect(dialog.get_by_role("region", name="Preview")).to_contain_text("Bonjour")
    for width, scheme in WIDTHS:
        page.set_viewport_size({"width": width, "height": 1000})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        axe(page)
        shot(page, f"agent-content-{width}-{scheme}")
    dialog.get_by_role("button", name="Send", exact=True).click()
    desk.ticks(desk.bubble("Bonjour"), "Delivered")
    assert "Bonjour" in str(mia.received()[-1]["body"])


def test_a_template_from_the_gallery(desks: Desks, axe: Axe, shot: Shot) -> None:
    page = desks(path="/templates").page
    page.get_by_role("region", name="Templates").get_by_role("button", name="New").click()
    page.get_by_role("menuitem", name="From the gallery").click()
    gallery = page.get_by_role("article", name="Gallery")
    item = gallery.get_by_role("listitem", name="Order confirmed")
    expect(item.get_by_role("img", name="Preview: Thank you, Ana")).to_be_visible()
    page.mouse.move(2, 400)
    for width, scheme in WIDTHS:
        page.set_viewport_size({"width": width, "height": 1000})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        axe(page)
        shot(page, f"templates-gallery-{width}-{scheme}")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")

    gallery.get_by_role("combobox", name="Language").select_option("pt_BR")
    gallery.get_by_role("combobox", name="Purpose").select_option("orders")
    expect(gallery.get_by_role("listitem", name="Welcome")).to_have_count(0)
    expect(item.get_by_role("img", name="Preview: Agradecemos, Ana")).to_be_visible()
    item.get_by_role("button", name="Use this: Order confirmed").click()
    page.get_by_role("menuitem", name="Template of whatsapp").click()
    editor = page.get_by_role("article", name="Template draft")
    expect(editor.get_by_role("textbox", name="Name", exact=True)).to_have_value("order_confirmed")
    expect(editor.get_by_text("Nothing speaks against it.")).to_be_visible()

    page.go_back()
    gallery.get_by_role("listitem", name="We have missed you").get_by_role("button", name="Use").click()
    page.get_by_role("menuitem", name="Content for other channels").click()
    content = page.get_by_role("article", name="Content template")
    expect(content.get_by_role("textbox", name="Name", exact=True)).to_have_value("We have missed you")
    content.get_by_role("button", name="French").click()
    content.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    expect(page.get_by_role("region", name="Templates").get_by_role("link", name="We have missed you")).to_be_visible()


def test_a_block_is_written_once_and_read_in_every_template(desks: Desks, axe: Axe, shot: Shot) -> None:
    page = desks(path="/templates", allowed="status of (409|422)").page
    listed = page.get_by_role("region", name="Templates")

    def begin(kind: str) -> None:
        listed.get_by_role("button", name="New").click()
        page.get_by_role("menuitem", name=kind).click()

    begin("Content block")
    block = page.get_by_role("article", name="Content block")
    block.get_by_role("textbox", name="Name").fill("Opening hours")
    expect(block.get_by_role("textbox", name="Key")).to_have_value("opening_hours")
    block.get_by_role("button", name="Save").click()
    expect(block.get_by_text("Write something here.").first).to_be_visible()
    block.get_by_role("textbox", name="Text").fill("Open from 9 to 6.")
    block.get_by_role("button", name="Save").click()
    expect(block.get_by_text("It stands in no content template yet.")).to_be_visible()

    begin("Content for other channels")
    content = page.get_by_role("article", name="Content template")
    content.get_by_role("textbox", name="Name").fill("Lamp ready")
    content.get_by_role("textbox", name="Text", exact=True).fill("Your lamp is ready. ")
    content.get_by_role("combobox", name="Insert a block into: Text").select_option(label="Opening hours")
    expect(content.get_by_role("img", name="Preview: Your lamp is ready. Open from 9 to 6.")).to_be_visible()
    content.get_by_role("button", name="Save").click()
    expect(listed.get_by_role("link", name="Lamp ready")).to_be_visible()

    listed.get_by_role("link", name="Opening hours").click()
    place = block.get_by_role("complementary", name="Where it stands")
    expect(place.get_by_role("link", name="Lamp ready")).to_be_visible()
    for width, scheme in WIDTHS:
        page.set_viewport_size({"width": width, "height": 1000})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        axe(page)
        shot(page, f"templates-block-{width}-{scheme}")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")
    block.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("This content block is still used: content_template Lamp ready.")).to_be_visible()
    block.get_by_role("textbox", name="Text").fill("Open from 8 to 7.")
    block.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved, in 1 content template too.")).to_be_visible()
    place.get_by_role("link", name="Lamp ready").click()
    expect(content.get_by_role("img", name="Preview: Your lamp is ready. Open from 8 to 7.")).to_be_visible()
