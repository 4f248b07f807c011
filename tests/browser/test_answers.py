"""Answering: bubbles at once, ticks, files, quotes, reactions, failures with their reason, templates, drafts, notes."""

import re

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import Customer, Desk, Desks
from tests.support.windows import window_closes

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63e0f26a030001e100e9"
    "3b81fbd10000000049454e44ae426082"
)


def _with(desks: Desks, stage: Stage, channel: str, name: str) -> tuple[Desk, Customer]:
    """An agent who has opened the conversation with a customer who said hello."""
    customer = Customer(stage, channel, name)
    customer.writes("Hello, is the tent in stock?")
    desk = desks()
    desk.open(customer.known_as)
    expect(desk.bubble("is the tent in stock?")).to_be_visible()
    return desk, customer


@pytest.mark.parametrize(("channel", "last"), [("whatsapp", "Read"), ("sms", "Delivered"), ("telegram", "Sent")])
def test_ticks(desks: Desks, stage: Stage, channel: str, last: str) -> None:
    desk, customer = _with(desks, stage, channel, f"Tia {channel.title()}")
    # The bubble stands before the server has answered, and its clock turns into ticks.
    held: list[Route] = []
    desk.page.route("**/messages", lambda route: held.append(route))
    bubble = desk.writes("Yes, three left.")
    desk.ticks(bubble, "Queued")
    expect(desk.composer).to_have_value("")
    held.pop().continue_()
    desk.ticks(bubble, "Sent" if last == "Sent" else "Delivered")
    if last == "Read":
        customer.does("open")
        desk.ticks(bubble, "Read")
    expect(bubble.get_by_role("img", name=last, exact=True)).to_have_attribute("title", re.compile(r"Sent \d\d:\d\d"))
    expect(desk.row(customer.known_as)).to_contain_text("You: Yes, three left.")
    desk.ticks(desk.row(customer.known_as), last)
    expect(bubble).to_have_count(1)
    (sent,) = customer.received()
    assert "Yes, three left." in str(sent["body"])


def test_files_quotes_and_reactions(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    desk, customer = _with(desks, stage, "whatsapp", "Fay Files")
    asked_id = customer.writes("And the stove?")
    with desk.page.expect_file_chooser() as chooser:
        desk.button("Attach a file").click()
    chooser.value.set_files(
        [
            {"name": "tent.png", "mimeType": "image/png", "buffer": PNG},
            {"name": "terms.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%%EOF\n"},
        ]
    )
    files = desk.page.get_by_role("list", name="Attached files")
    expect(files.get_by_role("listitem")).to_have_count(2)
    expect(files.get_by_role("progressbar")).to_have_count(0)
    shot(desk.page, "attached")
    axe(desk.page)
    desk.composer.fill("The green one")
    desk.button("Send").click()
    expect(files).to_have_count(0)
    photo = desk.bubble("The green one")
    desk.ticks(photo, "Delivered")
    expect(photo.get_by_role("img", name="The green one")).to_have_js_property("naturalWidth", 1)
    expect(desk.log.get_by_role("link", name=re.compile("terms.pdf"))).to_be_visible()
    desk.ticks(desk.bubble("terms.pdf"), "Delivered")
    assert sorted(entry["type"] for entry in customer.received()) == ["document", "image"]

    desk.menu(desk.bubble("And the stove?"), "Reply")
    expect(desk.button("Remove quote")).to_be_visible()
    shot(desk.page, "quoting")
    answer = desk.writes("Three left")
    expect(answer.get_by_role("button", name=re.compile("And the stove"))).to_be_visible()
    desk.ticks(answer, "Delivered")
    assert customer.received()[-1]["body"]["quote"] == asked_id

    asked = desk.bubble("is the tent in stock?")
    asked.hover()
    asked.get_by_role("button", name="Message actions").click()
    shot(desk.page, "message-menu")
    desk.page.get_by_role("menuitem", name="React").click()
    shot(desk.page, "react-menu")
    axe(desk.page)
    desk.page.get_by_role("menuitem", name="React with 🎉").click()
    expect(asked.get_by_role("img", name="🎉 by Olu Owner")).to_be_visible()

    asked.hover()
    asked.get_by_role("button", name="Message actions").click()
    desk.page.get_by_role("menuitem", name="Raw payload").click()
    raw = desk.page.get_by_role("dialog")
    expect(raw).to_contain_text("is the tent in stock?")
    axe(desk.page)
    shot(desk.page, "raw-payload")
    desk.page.keyboard.press("Escape")
    expect(raw).to_have_count(0)

    photo.get_by_role("button", name=re.compile("^Open photo")).click()
    viewer = desk.page.get_by_role("dialog", name="Photo")
    expect(viewer.get_by_role("img", name="The green one")).to_be_visible()
    axe(desk.page)
    shot(desk.page, "lightbox")
    viewer.get_by_role("button", name="Close").click()
    expect(viewer).to_have_count(0)


STOPPED = {"sms": "withdrawn", "telegram": "blocked"}
FAILURES = [
    ("whatsapp", 131026, re.compile("code 131026")),
    ("sms", 21610, re.compile("code 21610")),
    ("telegram", 403, re.compile("code 403")),
]


@pytest.mark.parametrize(("channel", "code", "words"), FAILURES)
def test_a_failure_says_why(
    desks: Desks, stage: Stage, axe: Axe, shot: Shot, channel: str, code: int, words: re.Pattern[str]
) -> None:
    desk, customer = _with(desks, stage, channel, f"Fail {channel.title()}")
    stage.run(stage.shop.knobs(customers={customer.id: {"fail_next": {"code": code, "count": 1}}}))
    bubble = desk.writes("Are you there?")
    desk.ticks(bubble, "Failed")
    expect(bubble).to_contain_text(words)
    expect(desk.row(customer.known_as).get_by_role("img", name="Failed")).to_be_visible()
    if channel != "whatsapp":
        # These codes say that the person has stopped us: no more free text, and the contact tells why.
        expect(
            desk.page.get_by_text("This person has stopped messages here; only they can lift that. Messages on")
        ).to_be_visible()
        expect(desk.page.get_by_role("complementary", name="Contact")).to_contain_text(STOPPED[channel])
    shot(desk.page, f"failed-{channel}")
    axe(desk.page)


def test_resend(desks: Desks, stage: Stage, shot: Shot) -> None:
    desk, customer = _with(desks, stage, "whatsapp", "Rhea Resend")
    stage.run(stage.shop.knobs(customers={customer.id: {"fail_next": {"code": 131053, "count": 1}}}))
    bubble = desk.writes("Once more")
    desk.ticks(bubble, "Failed")
    bubble.get_by_role("button", name="Resend").click()
    desk.ticks(bubble, "Delivered")
    expect(bubble.get_by_role("button", name="Resend")).to_have_count(0)
    expect(desk.bubble("Once more")).to_have_count(1)


def test_a_closed_window_asks_for_a_template(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    customer = Customer(stage, "whatsapp", "Wanda Window")
    customer.writes("Hello?")
    talk = stage.run(stage.shop.conversation_with("Wanda Window"))
    stage.run(window_closes(stage.shop, talk["id"]))
    stage.run(_templates(stage))
    desk = desks()
    desk.open("Wanda Window")
    expect(desk.page.get_by_text("The reply window is closed.")).to_be_visible()
    expect(desk.button("Ask and hold")).to_be_disabled()
    axe(desk.page)
    shot(desk.page, "window-closed")
    desk.button("Choose template").click()
    dialog = desk.page.get_by_role("dialog", name="Send a template")
    dialog.get_by_role("textbox", name="Search templates").fill("order")
    dialog.get_by_role("button", name=re.compile("^order_update")).click()
    send = dialog.get_by_role("button", name="Send template")
    expect(send).to_be_disabled()
    shot(desk.page, "templates")
    axe(desk.page)
    desk.goes_dark()
    shot(desk.page, "templates-dark")
    axe(desk.page)
    for box in dialog.locator("form").get_by_role("textbox").all():
        if not box.input_value():
            box.fill("A-1001")
    expect(send).to_be_enabled()
    send.click()
    expect(dialog).to_have_count(0)
    bubble = desk.bubble("Template · order_update")
    expect(bubble).to_contain_text("A-1001")
    desk.ticks(bubble, "Delivered")
    (sent,) = customer.received()
    assert sent["type"] == "template"
    # The customer's answer opens the window again.
    customer.writes("Thanks!")
    expect(desk.button("Send")).to_be_visible()


async def _templates(stage: Stage) -> None:
    """The account's templates, fetched from the provider."""
    shop = stage.shop
    await shop.post(f"/accounts/{shop.accounts['whatsapp']}/templates/sync")


def test_drafts_and_notes(desks: Desks, stage: Stage, shot: Shot) -> None:
    desk, customer = _with(desks, stage, "whatsapp", "Dora Draft")
    desk.composer.fill("I will ask the ware")
    desk.button("Note").click()
    desk.note.fill("half a note")
    shot(desk.page, "note-mode")
    desk.page.reload()
    expect(desk.composer).to_have_value("I will ask the ware")
    desk.button("Note").click()
    expect(desk.note).to_have_value("half a note")
    desk.note.fill("She is a regular")
    desk.button("Add note").click()
    expect(desk.bubble("She is a regular")).to_contain_text("Private note")
    expect(desk.row("Dora Draft")).to_contain_text("Note: She is a regular")
    desk.button("Reply").click()
    expect(desk.composer).to_have_value("I will ask the ware")
    assert customer.received() == []


def test_what_this_browser_has_saved_is_not_written_elsewhere(desks: Desks, stage: Stage) -> None:
    """The page is reloaded before the server's answer comes, and the draft goes on before the server's is read."""
    desk, _ = _with(desks, stage, "whatsapp", "Rhea Reload")
    page, saved, asked = desk.page, list[str](), list[Route]()

    def hold(route: Route) -> None:
        if route.request.method == "GET":
            asked.append(route)
        elif saved:
            route.continue_()
        else:
            # Stored, and never answered.
            route.fetch()
            saved.append(route.request.url)

    page.route(re.compile(r"/conversations/[^/]+/drafts$"), hold)
    desk.composer.fill("half a line")
    while not saved:
        page.wait_for_timeout(50)
    asked.clear()
    page.reload()
    expect(desk.composer).to_have_value("half a line")
    desk.composer.fill("another line")
    while not asked:
        page.wait_for_timeout(50)
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.url.endswith("/drafts")):
        asked[-1].continue_()
    expect(desk.composer).to_have_value("another line")
    page.unroute_all(behavior="ignoreErrors")


def test_composer_states(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    desk, _ = _with(desks, stage, "whatsapp", "Cleo Composer")
    desk.button("Emoji").click()
    grid = desk.page.get_by_role("dialog", name="Emoji")
    expect(grid).to_be_visible()
    axe(desk.page)
    shot(desk.page, "emoji")
    desk.page.keyboard.press("Escape")
    desk.button("Buttons or list").click()
    form = desk.page.get_by_role("dialog")
    expect(form).to_be_visible()
    axe(desk.page)
    shot(desk.page, "buttons-form")
    desk.page.keyboard.press("Escape")
    expect(form).to_have_count(0)
    desk.button(re.compile("^Choose channel")).click()
    axe(desk.page)
    shot(desk.page, "channel-picker")
    desk.page.keyboard.press("Escape")
    desk.composer.fill("x" * 300)
    axe(desk.page)
