"""What customers write appears live in an open inbox: every channel, every kind of content, in the right place."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import Customer, Desk, Desks

PLAYS = """audio => new Promise((tell) => {
  audio.onloadedmetadata = () => tell(audio.duration > 0)
  audio.onerror = () => tell(false)
  audio.load()
})"""
CHANNELS = ("whatsapp", "sms", "telegram")


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_kind_appears_live(desks: Desks, stage: Stage, shot: Shot, axe: Axe, channel: str) -> None:
    desk = desks()
    other = Customer(stage, "whatsapp", "Zoe Other")
    other.writes("I was here first")
    expect(desk.first_row()).to_contain_text("Zoe Other")

    ana = Customer(stage, channel, f"Ana {channel.title()}")
    name = ana.known_as
    first = ana.writes("Hello, is the tent in stock?")
    row = desk.row(name)
    expect(row).to_contain_text("Hello, is the tent in stock?")
    expect(row.locator(f"[data-channel={channel}]")).to_be_visible()
    # Telegram's chats begin with the word /start, a message of its own.
    expect(row).to_contain_text("1 unread")
    expect(desk.first_row()).to_contain_text(name)
    expect(desk.page.get_by_role("link", name=re.compile(r"^Inbox, \d+ unread$"))).to_be_visible()

    other.writes("Me again")
    expect(desk.first_row()).to_contain_text("Zoe Other")
    ana.writes("And the stove?")
    expect(desk.first_row()).to_contain_text("And the stove?")
    expect(row).to_contain_text("2 unread")
    shot(desk.page, f"live-{channel}-unread")

    desk.open(name)
    expect(desk.bubble("is the tent in stock?")).to_be_visible()
    expect(row).not_to_contain_text("unread")
    _photo(desk, ana)
    _voice_note(desk, ana)
    _document(desk, ana)
    if channel != "sms":
        _location(desk, ana)
        ana.writes("This one", reply_to=first)
        quote = desk.bubble("This one").get_by_role("button", name=re.compile("is the tent in stock"))
        expect(quote).to_be_visible()
        ana.does("reaction", target=desk_reply(desk, ana), emoji="❤️")
        expect(desk.log.get_by_role("img", name=f"❤️ by {name}")).to_be_visible()
    shot(desk.page, f"live-{channel}-all-kinds")
    axe(desk.page)
    desk.goes_dark()
    shot(desk.page, f"live-{channel}-all-kinds-dark")
    axe(desk.page)


def desk_reply(desk: Desk, customer: Customer) -> str:
    """An answer that has arrived; the provider's id of it."""
    bubble = desk.writes("Let me look.")
    expect(bubble.get_by_role("img", name=re.compile("^(Sent|Delivered|Read)$"))).to_be_visible()
    found: str = customer.received()[-1]["provider_id"]
    return found


def _photo(desk: Desk, customer: Customer) -> None:
    customer.does("image", media="photo", text="Our camp site")
    expect(desk.row(customer.known_as)).to_contain_text("Photo Our camp site")
    picture = desk.bubble("Our camp site").get_by_role("img")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 0


def _voice_note(desk: Desk, customer: Customer) -> None:
    customer.does("voice", media="voice")
    expect(desk.row(customer.known_as)).to_contain_text(re.compile("Voice message|Audio"))
    player = desk.log.get_by_role("group", name=re.compile("Voice message|Audio"))
    expect(player.get_by_role("button", name="Play")).to_be_visible()
    expect(player.locator("audio")).to_have_attribute("src", re.compile("^/files/"))
    assert player.locator("audio").evaluate(PLAYS)


def _document(desk: Desk, customer: Customer) -> None:
    customer.does("document", media="document")
    chip = desk.log.get_by_role("link", name=re.compile(r"\.pdf"))
    expect(chip).to_be_visible()
    expect(chip).to_contain_text("PDF")
    expect(chip).to_have_attribute("href", re.compile("^/files/"))


def _location(desk: Desk, customer: Customer) -> None:
    place = {"name": "Union Station", "address": "50 Massachusetts Ave NE", "latitude": 38.8971, "longitude": -77.0064}
    customer.does("location", **place)
    expect(desk.row(customer.known_as)).to_contain_text("Location")
    expect(desk.log.get_by_role("link", name=re.compile("Union Station|Location"))).to_have_attribute(
        "href", re.compile("openstreetmap")
    )


def test_search_and_filters(desks: Desks, stage: Stage, shot: Shot) -> None:
    maru, oskar = Customer(stage, "whatsapp", "Maru Searched"), Customer(stage, "sms", "Oskar")
    maru.writes("Is it waterproof?")
    oskar.writes("Do you ship to Oslo?")
    desk = desks()
    expect(desk.row("Maru Searched")).to_be_visible()
    expect(desk.row(oskar.known_as)).to_be_visible()

    search = desk.page.get_by_role("searchbox", name="Search conversations")
    desk.page.keyboard.press("/")
    expect(search).to_be_focused()
    search.fill("maru")
    expect(desk.row(oskar.known_as)).to_have_count(0)
    expect(desk.row("Maru Searched")).to_be_visible()
    search.fill("nobody is called so")
    expect(desk.page.get_by_text("Nothing matches")).to_be_visible()
    shot(desk.page, "search-nothing")
    desk.button("Clear filters").click()
    expect(search).to_have_value("")
    expect(desk.row(oskar.known_as)).to_be_visible()

    desk.button("Filter").click()
    desk.page.get_by_role("menuitem", name="Channel").hover()
    desk.page.get_by_role("menuitemcheckbox", name="SMS").click()
    desk.page.keyboard.press("Escape")
    expect(desk.row("Maru Searched")).to_have_count(0)
    expect(desk.row(oskar.known_as)).to_be_visible()
    # What does not fit the filter stays out of it, live too.
    maru.writes("Hello again?")
    oskar.writes("Hello?")
    expect(desk.row(oskar.known_as)).to_contain_text("Hello?")
    expect(desk.row("Maru Searched")).to_have_count(0)
    expect(desk.page).to_have_url(re.compile(r"\?channel=sms$"))
    desk.button("Without SMS").click()
    expect(desk.row("Maru Searched")).to_contain_text("Hello again?")


def test_assign_close_and_reopen(desks: Desks, stage: Stage, shot: Shot) -> None:
    ines = Customer(stage, "whatsapp", "Ines Closing")
    ines.writes("Where is my parcel?")
    desk = desks()
    desk.open("Ines Closing")
    desk.button("Assign").click()
    shot(desk.page, "assign-menu")
    desk.page.get_by_role("menuitem", name="Olu Owner (you)").click()
    expect(desk.button("Assigned to you")).to_be_visible()
    expect(desk.bubble("Olu Owner took the conversation")).to_be_visible()
    desk.tab("Mine")
    expect(desk.row("Ines Closing")).to_be_visible()
    desk.tab("Unassigned")
    expect(desk.row("Ines Closing")).to_have_count(0)

    desk.tab("Open")
    desk.button("Close").click()
    expect(desk.row("Ines Closing")).to_have_count(0)
    expect(desk.page.get_by_text("Conversation with Ines Closing closed")).to_be_visible()
    desk.tab("Closed")
    desk.open("Ines Closing")
    shot(desk.page, "closed")
    desk.button("Reopen").click()
    expect(desk.row("Ines Closing")).to_have_count(0)
    desk.tab("Open")
    expect(desk.row("Ines Closing")).to_be_visible()

    # A customer who writes opens it as well.
    desk.open("Ines Closing")
    desk.button("Close").click()
    expect(desk.row("Ines Closing")).to_have_count(0)
    ines.writes("It has come, thank you!")
    expect(desk.row("Ines Closing")).to_contain_text("It has come, thank you!")
    expect(desk.first_row()).to_contain_text("Ines Closing")


def test_keyboard(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    names = ["Kay One", "Kay Two", "Kay Three"]
    for name in names:
        Customer(stage, "whatsapp", name).writes(f"{name} here")
        # One after the other: webhooks that come at once are taken in any order.
        stage.run(stage.shop.conversation_with(name))
    desk = desks()
    keys = desk.page.keyboard
    desk.page.get_by_role("searchbox", name="Search conversations").fill("Kay")
    expect(desk.list.get_by_role("option")).to_have_count(3)
    keys.press("Escape")
    expect(desk.row(names[0])).to_be_visible()
    expect(desk.first_row()).to_contain_text(names[2])

    keys.press("j")
    expect(desk.thread(names[2])).to_be_visible()
    keys.press("j")
    expect(desk.thread(names[1])).to_be_visible()
    expect(desk.row(names[1])).to_have_attribute("aria-selected", "true")
    keys.press("k")
    expect(desk.thread(names[2])).to_be_visible()
    expect(desk.page).to_have_url(re.compile("/inbox/cnv_"))

    keys.press("r")
    expect(desk.composer).to_be_focused()
    keys.type("Hi jk")
    expect(desk.composer).to_have_value("Hi jk")
    keys.press("Escape")
    expect(desk.composer).not_to_be_focused()
    keys.press("n")
    expect(desk.note).to_be_focused()
    keys.type("Wants a discount")
    shot(desk.page, "note-being-written")
    keys.press("Enter")
    expect(desk.bubble("Wants a discount")).to_contain_text("Private note")
    keys.press("Escape")
    keys.press("i")
    expect(desk.button("Assigned to you")).to_be_visible()
    # Closing goes on to the next conversation.
    keys.press("e")
    expect(desk.thread(names[1])).to_be_visible()
    expect(desk.row(names[2])).to_have_count(0)
    keys.press("Escape")
    expect(desk.list).to_be_focused()

    keys.press("?")
    sheet = desk.page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_contain_text("Next conversation")
    axe(desk.page)
    shot(desk.page, "cheat-sheet")
    desk.goes_dark()
    axe(desk.page)
    shot(desk.page, "cheat-sheet-dark")
    keys.press("Escape")
    expect(sheet).to_have_count(0)
    keys.press("g")
    keys.press("c")
    expect(desk.page).to_have_url(re.compile("/contacts"))
    keys.press("g")
    keys.press("i")
    expect(desk.list).to_be_visible()


def test_contacts(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    lena = Customer(stage, "whatsapp", "Lena Contact")
    lena.writes("Hello from Lena")
    desk = desks()
    desk.open("Lena Contact")
    panel = desk.page.get_by_role("complementary", name="Contact")
    panel.get_by_role("button", name=re.compile("^Change name")).click()
    name = panel.get_by_role("textbox", name="Name")
    name.fill("Lena Larsen")
    name.press("Enter")
    expect(desk.row("Lena Larsen")).to_be_visible()
    panel.get_by_role("textbox", name="Notes").fill("Prefers mornings")
    panel.get_by_role("button", name="Timeline").click()
    expect(panel.get_by_text("Hello from Lena")).to_be_visible()
    axe(desk.page)
    shot(desk.page, "panel-timeline")
    panel.get_by_role("link", name="Open contact page").click()
    expect(desk.page.get_by_role("article")).to_contain_text("Lena Larsen")
    expect(desk.page.get_by_role("textbox", name="Notes")).to_have_value("Prefers mornings")
    expect(desk.page.get_by_role("region", name="History")).to_contain_text("Hello from Lena")
    axe(desk.page)
    shot(desk.page, "contacts")
    desk.goes_dark()
    axe(desk.page)
    shot(desk.page, "contacts-dark")
    desk.page.get_by_role("searchbox", name="Search contacts").fill("larsen")
    expect(desk.page.get_by_role("navigation", name="Contacts", exact=True).get_by_role("link")).to_have_count(1)
    desk.page.get_by_role("link", name="Conversation", exact=True).click()
    expect(desk.thread("Lena Larsen")).to_be_visible()
