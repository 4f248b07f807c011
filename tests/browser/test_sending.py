"""Between the key press and the customer: newer messages, second thoughts, a later time; two agents at once."""

import re
import time

from playwright.sync_api import expect

from app.core.permissions import Role
from tests.browser.conftest import PATIENCE_MS, Axe, Shot, Stage
from tests.browser.desk import Customer, Desk, Desks
from tests.support.windows import window_closes

REFUSED = "the server responded with a status of 409"


def _open(desks: Desks, customer: Customer, **how: object) -> Desk:
    desk = desks(allowed=REFUSED, **how)
    desk.open(customer.known_as)
    return desk


def test_newer_messages(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    nia = Customer(stage, "whatsapp", "Nia Newer")
    nia.writes("The green tent, please")
    olu, ama = _open(desks, nia), _open(desks, nia, person=stage.joins(Role.AGENT))

    # The customer changes their mind while an answer is written.
    olu.composer.fill("The green one is on its way")
    nia.writes("No wait, the blue one!")
    expect(olu.page.get_by_text("1 new message since you began to write")).to_be_visible()
    shot(olu.page, "newer-strip")
    olu.composer.press("Enter")
    dialog = olu.page.get_by_role("dialog", name="Others have written since you began")
    expect(dialog.get_by_role("region", name="New messages")).to_contain_text("No wait, the blue one!")
    expect(dialog.get_by_role("region", name="Your message")).to_contain_text("The green one is on its way")
    expect(dialog.get_by_role("button", name="Edit")).to_be_focused()
    axe(olu.page)
    shot(olu.page, "newer-dialog")
    olu.goes_dark()
    axe(olu.page)
    shot(olu.page, "newer-dialog-dark")
    assert nia.received() == []
    # Closing it loses nothing: the message stays in the thread, unsent, through a reload.
    olu.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    olu.page.reload()
    olu.open(nia.known_as)
    olu.bubble("The green one is on its way").get_by_role("button", name="Review").click()
    dialog.get_by_role("button", name="Edit").click()
    expect(olu.composer).to_have_value("The green one is on its way")
    expect(olu.bubble("The green one is on its way")).to_have_count(0)
    olu.ticks(olu.writes("The blue one, then"), "Delivered")

    # Two press send at once: the second sees what the first wrote, and decides. So far both have seen all there is.
    expect(ama.bubble("The blue one, then")).to_be_visible()
    olu.composer.fill("We close at six")
    ama.composer.fill("Until six today")
    olu.composer.press("Enter")
    ama.composer.press("Enter")
    dialogs = [desk.page.get_by_role("dialog") for desk in (olu, ama)]
    end = time.monotonic() + PATIENCE_MS / 1_000
    while not (shown := [dialog for dialog in dialogs if dialog.count()]) and time.monotonic() < end:
        olu.page.wait_for_timeout(50)
    (dialog,) = shown
    expect(dialog).to_contain_text(re.compile("We close at six.*Until six today|Until six today.*We close at six"))
    dialog.get_by_role("button", name="Send anyway").click()
    for desk in (olu, ama):
        desk.ticks(desk.bubble("We close at six"), "Delivered")
        desk.ticks(desk.bubble("Until six today"), "Delivered")
    assert len(nia.received()) == 3


def test_taking_back(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    una = Customer(stage, "whatsapp", "Una Undo")
    una.writes("How much is it?")
    olu, ama = _open(desks, una), _open(desks, una, person=stage.joins(Role.AGENT))
    olu.page.goto("/settings/profile")
    olu.page.get_by_role("combobox", name="Undo send").select_option("30")
    shot(olu.page, "undo-setting")
    olu.page.goto("/inbox")
    olu.open(una.known_as)

    held = olu.writes("Ninety pounds")
    expect(held.get_by_role("timer")).to_have_text(re.compile(r"Sends in (30|2\d) s"))
    expect(ama.bubble("Ninety pounds").get_by_role("timer")).to_be_visible()
    expect(ama.bubble("Ninety pounds").get_by_role("button", name="Undo")).to_have_count(0)
    shot(olu.page, "undo-countdown")
    axe(olu.page)
    held.get_by_role("button", name="Undo").click()
    expect(olu.composer).to_have_value("Ninety pounds")
    for desk in (olu, ama):
        expect(desk.bubble("Ninety pounds")).to_have_count(0)
        expect(desk.log.get_by_text("Olu Owner took back a message")).to_be_visible()
    # By keyboard, with the composer empty and still in focus.
    olu.composer.fill("Nineteen pounds")
    olu.composer.press("Enter")
    expect(olu.bubble("Nineteen pounds").get_by_role("timer")).to_be_visible()
    olu.composer.press("Control+z")
    expect(olu.composer).to_have_value("Nineteen pounds")
    shot(olu.page, "undone")
    assert una.received() == []
    stage.run(olu.person.client.patch("/api/v1/me", json={"preferences": {"undo_seconds": 0}}))


def test_for_later(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    lou = Customer(stage, "whatsapp", "Lou Later")
    lou.writes("Remind me on Monday, please")
    olu = _open(desks, lou)
    olu.composer.fill("Here is the reminder")
    olu.button("Send later").click()
    dialog = olu.page.get_by_role("dialog", name="Send later")
    expect(dialog.get_by_label("Time where Lou is")).to_be_visible()
    expect(dialog.get_by_text("on your clock")).to_be_visible()
    dialog.get_by_label("Time where Lou is").fill("2027-01-15T23:30")
    expect(dialog.get_by_text("It will be night where Lou is")).to_be_visible()
    expect(dialog.get_by_text("The reply window closes before that")).to_be_visible()
    axe(olu.page)
    shot(olu.page, "send-later")
    dialog.get_by_role("button", name="Tomorrow at 9").click()
    dialog.get_by_role("combobox", name="If Lou writes first").select_option("ask")
    dialog.get_by_role("button", name="Schedule").click()
    waiting = olu.page.get_by_role("list", name="Messages for later")
    expect(waiting).to_contain_text("Here is the reminder")
    expect(olu.composer).to_have_value("")
    shot(olu.page, "scheduled")
    axe(olu.page)

    lou.writes("It is settled, thank you")
    expect(waiting).to_contain_text("The customer wrote first. Send it all the same?")
    waiting.get_by_role("button", name="Edit").click()
    waiting.get_by_role("textbox").fill("Glad to hear it")
    waiting.get_by_role("button", name="Save").click()
    expect(waiting).to_contain_text("Glad to hear it")
    shot(olu.page, "later-asks")
    axe(olu.page)
    waiting.get_by_role("link", name="All messages for later").click()
    expect(olu.page.get_by_role("list", name="Messages for later")).to_contain_text("Lou Later")
    axe(olu.page)
    shot(olu.page, "later-page")
    olu.page.get_by_role("link", name="Lou Later").click()
    waiting.get_by_role("button", name="Send", exact=True).click()
    olu.ticks(olu.bubble("Glad to hear it"), "Delivered")
    expect(waiting).to_have_count(0)


def test_an_answer_waits_for_the_window(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    win = Customer(stage, "whatsapp", "Win Window")
    win.writes("Do you have it in blue?")
    shop = stage.shop
    found = stage.run(shop.conversation_with("Win Window"))
    stage.run(window_closes(shop, found["id"]))
    account = f"/accounts/{shop.accounts['whatsapp']}"
    stage.run(shop.post(f"{account}/templates/sync"))
    stage.run(shop.post(f"{account}/reopener", name="reply_ready", language="en_US"))
    olu = _open(desks, win)
    expect(olu.page.get_by_text("The template “reply_ready” goes now")).to_be_visible()
    olu.composer.fill("Yes, two are left")
    shot(olu.page, "window-held")
    axe(olu.page)
    olu.button("Ask and hold").click()
    waiting = olu.page.get_by_role("list", name="Messages for later")
    expect(waiting).to_contain_text("Goes when the customer answers")
    expect(olu.bubble("we have an answer to your question")).to_be_visible()
    shot(olu.page, "held")
    win.writes("Yes please")
    olu.ticks(olu.bubble("Yes, two are left"), "Delivered")
    expect(waiting).to_have_count(0)
    assert [sent["type"] for sent in win.received()] == ["template", "text"]


def test_answers_to_tap(desks: Desks, stage: Stage, axe: Axe) -> None:
    tia = Customer(stage, "whatsapp", "Tia Taps")
    tia.writes("Which one is it?")
    olu = _open(desks, tia)
    for kind, answers in (("Buttons", ["Blue", "Green"]), ("List", ["Small", "Large"])):
        olu.button("Buttons or list").click()
        dialog = olu.page.get_by_role("dialog", name="Message with answers to tap")
        dialog.get_by_role("button", name=kind, exact=True).click()
        send = dialog.get_by_role("button", name="Send message")
        dialog.get_by_role("textbox", name="Question").fill(f"Which of the {kind.lower()}?")
        dialog.get_by_role("textbox", name="Answer 1").fill(answers[0])
        dialog.get_by_role("textbox", name="Answer 2").fill(answers[0])
        expect(send).to_be_disabled()
        dialog.get_by_role("textbox", name="Answer 2").fill(answers[1])
        send.click()
        bubble = olu.bubble(f"Which of the {kind.lower()}?")
        olu.ticks(bubble, "Delivered")
        expect(bubble).to_contain_text(answers[1])
    assert [sent["type"] for sent in tia.received()] == ["interactive", "interactive"]


def test_corrections_and_forwarding(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    fin = Customer(stage, "whatsapp", "Fin Forward")
    fin.writes("Hello?")
    cory = Customer(stage, "telegram", "Cory Correct")
    cory.writes("How much is it?")
    olu = _open(desks, cory)
    bubble = olu.writes("It costs 90")
    olu.ticks(bubble, "Sent")
    olu.menu(bubble, "Edit")
    dialog = olu.page.get_by_role("dialog", name="Edit the message")
    dialog.get_by_role("textbox").fill("It costs 19")
    axe(olu.page)
    dialog.get_by_role("button", name="Save").click()
    bubble = olu.bubble("It costs 19")
    expect(bubble).to_contain_text("edited")
    (sent,) = cory.received()
    assert "It costs 19" in str(sent["body"])

    olu.menu(bubble, "Forward")
    dialog = olu.page.get_by_role("dialog", name="Forward to")
    dialog.get_by_role("textbox").fill("Fin")
    shot(olu.page, "forward")
    axe(olu.page)
    dialog.get_by_role("button", name="Fin Forward").click()
    expect(olu.thread("Fin Forward")).to_be_visible()
    expect(olu.composer).to_have_value("It costs 19")
    olu.composer.press("Enter")
    forwarded = olu.bubble("It costs 19")
    olu.ticks(forwarded, "Delivered")
    # WhatsApp lets nobody change what has gone.
    forwarded.hover()
    forwarded.get_by_role("button", name="Message actions").click()
    expect(olu.page.get_by_role("menuitem", name="Forward")).to_be_visible()
    expect(olu.page.get_by_role("menuitem", name="Edit")).to_have_count(0)
    olu.page.keyboard.press("Escape")

    olu.open(cory.known_as)
    olu.menu(olu.bubble("It costs 19"), "Delete")
    olu.button("Delete for everybody").click()
    expect(olu.bubble("This message was deleted")).to_be_visible()


def test_a_voice_note(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    vic = Customer(stage, "whatsapp", "Vic Voice")
    vic.writes("How do I put it up?")
    olu = _open(desks, vic)
    olu.page.evaluate(TONE)
    olu.button("Record a voice message").click()
    bar = olu.page.get_by_role("group", name="Voice message")
    expect(bar.get_by_text(RUNNING)).to_be_visible()
    axe(olu.page)
    shot(olu.page, "voice-recording")
    bar.get_by_role("button", name="Stop and listen").click()
    expect(bar.get_by_role("group", name="Your recording")).to_be_visible()
    axe(olu.page)
    shot(olu.page, "voice-ready")
    bar.get_by_role("button", name="Discard the recording").click()
    expect(olu.composer).to_be_focused()

    olu.button("Record a voice message").click()
    expect(bar.get_by_text(RUNNING)).to_be_visible()
    bar.get_by_role("button", name="Send recording").click()
    player = olu.log.get_by_role("group", name=re.compile("[Vv]oice"))
    expect(player).to_be_visible()
    heard = player.locator("audio")
    # It is sound that plays, and goes out in the form that WhatsApp shows as a voice message.
    assert heard.evaluate(PLAYS)
    olu.ticks(olu.log.locator("[id^=entry-][data-side=out]"), "Delivered")
    (sent,) = vic.received()
    assert sent["type"] == "audio"
    entry = next(e for e in stage.run(stage.shop.thread(_id(olu))) if e["direction"] == "out")
    media = entry["content"]["media"]
    assert (media["kind"], media["mime"]) == ("voice", "audio/ogg")
    assert media["duration_seconds"] > 0.5


def _id(desk: Desk) -> str:
    return desk.page.url.rpartition("/")[2]


# A second is over soon: whoever looks once a second may never see the first.
RUNNING = re.compile(r"^0:(0[1-9]|[1-5]\d)$")
PLAYS = """sound => new Promise((done) => {
  sound.oncanplay = () => done(true)
  sound.onerror = () => done(false)
  sound.load()
})"""
# A tone in place of the microphone.
TONE = """() => {
  navigator.mediaDevices.getUserMedia = async () => {
    const context = new AudioContext()
    const tone = context.createOscillator()
    const out = context.createMediaStreamDestination()
    tone.connect(out)
    tone.start()
    return out.stream
  }
}"""
