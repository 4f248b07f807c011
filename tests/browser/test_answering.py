"""Two colleagues answer together: canned replies, mentions, macros, drafts, and who is looking and writing."""

import re

from playwright.sync_api import expect

from app.core.permissions import Role
from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import LOST_NETWORK, Customer, Desks


def keep(stage: Stage, shortcut: str, *texts: dict[str, str]) -> None:
    body = {"shortcut": shortcut, "title": f"About {shortcut}", "variants": list(texts), "shared": True}
    stage.run(stage.shop.post("/canned-replies", 201, **body))


def test_a_canned_reply_is_inserted_by_keys_and_held_until_it_is_filled_in(
    stage: Stage, desks: Desks, axe: Axe, shot: Shot
) -> None:
    keep(
        stage, "hours", {"text": "We are open from 9 to 5."}, {"text": "9-5, {{ agent.first_name }}", "channel": "sms"}
    )
    keep(stage, "hello", {"text": "Dear {{ contact.first_name }}, how can I help?"})
    customer = Customer(stage, "sms", "Efua Owusu")
    customer.writes("When are you open?")
    desk = desks()
    desk.open(customer.known_as)
    desk.composer.press_sequentially("Hi! /h")
    menu = desk.page.get_by_role("listbox", name="Canned replies")
    expect(menu.get_by_role("option")).to_have_count(2)
    desk.composer.press("ArrowDown")
    expect(menu.get_by_role("option", selected=True)).to_contain_text("/hours")
    expect(desk.page.get_by_text("9-5, Olu")).to_be_visible()
    axe(desk.page)
    shot(desk.page, "canned_menu")
    desk.composer.press("Enter")
    expect(desk.composer).to_have_value("Hi! 9-5, Olu")
    desk.composer.press("Enter")
    expect(desk.bubble("Hi! 9-5, Olu")).to_be_visible()
    # A name that nobody knows is not sent as it stands.
    desk.composer.press_sequentially("/hello")
    desk.composer.press("Tab")
    expect(desk.page.get_by_text("To be filled in before sending:")).to_be_visible()
    shot(desk.page, "canned_missing")
    desk.composer.press("Enter")
    expect(desk.composer).to_have_value("Dear {{ contact.first_name }}, how can I help?")
    desk.page.keyboard.insert_text("Efua")
    expect(desk.composer).to_have_value("Dear Efua, how can I help?")
    desk.composer.press("Enter")
    expect(desk.bubble("Dear Efua, how can I help?")).to_be_visible()


def test_canned_replies_are_kept_in_the_settings(stage: Stage, desks: Desks, axe: Axe, shot: Shot) -> None:
    keep(stage, "returns", {"text": "Send it back within 30 days."})
    desk = desks(path="/settings/canned")
    expect(desk.page.get_by_role("row").filter(has_text="/returns")).to_be_visible()
    axe(desk.page)
    shot(desk.page, "canned_settings")
    desk.button("New canned reply").click()
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_label("Shortcut").fill("thanks")
    dialog.get_by_label("Title").fill("Thank you")
    dialog.get_by_label("Text", exact=True).fill("Thank you, {{ contact.first_name }}!")
    expect(dialog.get_by_text("Thank you, Ana!")).to_be_visible()
    dialog.get_by_role("button", name="Another language or channel").click()
    dialog.get_by_label("Language").fill("fr")
    dialog.get_by_label("Text of variant 1").fill("Merci !")
    axe(desk.page)
    shot(desk.page, "canned_dialog")
    dialog.get_by_role("button", name="Save").click()
    expect(desk.page.get_by_role("row").filter(has_text="/thanks")).to_contain_text("1 variant")
    desk.goes_dark()
    axe(desk.page)
    shot(desk.page, "canned_settings_dark")


def test_a_mention_reaches_the_colleague_and_is_over_when_they_look(
    stage: Stage, desks: Desks, axe: Axe, shot: Shot
) -> None:
    ama = stage.joins(Role.AGENT)
    customer = Customer(stage, "sms", "Kwesi Adu")
    customer.writes("The parcel came open.")
    theirs = desks(ama)
    expect(theirs.row(customer.known_as)).to_be_visible()
    mine = desks()
    mine.open(customer.known_as)
    mine.page.keyboard.press("n")
    mine.note.press_sequentially("Has this happened before? @ag")
    menu = mine.page.get_by_role("listbox", name="Colleagues")
    expect(menu.get_by_role("option")).to_have_count(1)
    axe(mine.page)
    shot(mine.page, "mention_menu")
    mine.note.press("Enter")
    expect(mine.note).to_have_value("Has this happened before? @Ama Agent ")
    mine.note.press("Enter")
    expect(mine.bubble("Has this happened before?").get_by_text("@Ama Agent")).to_be_visible()
    # Her bell rings by itself; the notification leads to the note, and opening it is having seen it.
    bell = theirs.button("Notifications, 1 unread")
    expect(bell).to_be_visible()
    bell.click()
    told = theirs.page.get_by_role("button", name="Olu Owner mentioned you")
    expect(told).to_contain_text("Has this happened before?")
    axe(theirs.page)
    shot(theirs.page, "notifications")
    told.click()
    expect(theirs.bubble("Has this happened before?")).to_be_visible()
    expect(theirs.button("Notifications")).to_be_visible()
    theirs.goes_dark()
    axe(theirs.page)
    shot(theirs.page, "note_with_mention_dark")


def test_a_macro_is_made_run_by_keys_and_says_why_it_stopped(stage: Stage, desks: Desks, axe: Axe, shot: Shot) -> None:
    customer = Customer(stage, "sms", "Abena Sarpong")
    customer.writes("Please send my money back.")
    desk = desks(path="/settings/macros")
    desk.button("New macro").click()
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Refund approved")
    for action in ("Reply", "Assign", "Close"):
        dialog.get_by_role("button", name="Add an action").click()
        desk.page.get_by_role("menuitem", name=action, exact=True).click()
    dialog.get_by_label("Text of action 1").fill("It is on its way. {{ agent.first_name }}")
    axe(desk.page)
    shot(desk.page, "macro_dialog")
    dialog.get_by_role("button", name="Save").click()
    expect(desk.page.get_by_role("row").filter(has_text="Refund approved")).to_contain_text("Reply → Assign → Close")
    desk.page.keyboard.press("g")
    desk.page.keyboard.press("i")
    desk.open(customer.known_as)
    desk.page.keyboard.press("m")
    search = desk.page.get_by_role("combobox", name="Search macros")
    search.fill("refund")
    expect(desk.page.get_by_text("It is on its way. Olu")).to_be_visible()
    axe(desk.page)
    shot(desk.page, "macro_menu")
    search.press("Enter")
    expect(desk.page.get_by_text("Refund approved: 3 actions done")).to_be_visible()
    expect(desk.bubble("It is on its way. Olu")).to_be_visible()
    expect(desk.button("Reopen")).to_be_visible()
    # A name that is not known: nothing is done, and the screen says what is missing.
    actions = [{"type": "note", "text": "Wrote back"}, {"type": "reply", "text": "Dear {{ contact.name }}"}]
    stage.run(stage.shop.post("/macros", 201, name="Dear customer", actions=actions, shared=True))
    desk.page.keyboard.press("Escape")
    desk.page.keyboard.press("m")
    search.fill("dear")
    expect(desk.page.get_by_text("Not known of this customer: contact.name.")).to_be_visible()
    search.press("Enter")
    report = desk.page.get_by_role("dialog", name="Dear customer was not run")
    expect(report).to_contain_text("Not known of this customer: contact.name.")
    axe(desk.page)
    shot(desk.page, "macro_report")


def test_colleagues_see_who_looks_and_who_writes(stage: Stage, desks: Desks, axe: Axe, shot: Shot) -> None:
    ama = stage.joins(Role.AGENT)
    customer = Customer(stage, "sms", "Yaa Boateng")
    customer.writes("Is the blue one back?")
    mine = desks(allowed=LOST_NETWORK)
    theirs = desks(ama)
    theirs.open(customer.known_as)
    expect(mine.row(customer.known_as).get_by_text("Ama Agent looking at this")).to_be_attached()
    mine.open(customer.known_as)
    expect(mine.page.get_by_role("img", name="Ama Agent also looking")).to_be_visible()
    theirs.composer.press_sequentially("Yes, since")
    warning = mine.page.get_by_text("Ama Agent is writing an answer, too.")
    expect(warning).to_be_visible()
    axe(mine.page)
    shot(mine.page, "collision")
    # The line is cut without a word: what is known is put right when it is back.
    mine.context.set_offline(True)
    theirs.composer.fill("")
    theirs.page.goto("/settings/profile")
    mine.context.set_offline(False)
    expect(mine.page.get_by_role("img", name="Ama Agent also looking")).to_have_count(0)
    expect(warning).to_have_count(0)


def test_a_draft_survives_its_browser_and_a_colleague_takes_it_over(
    stage: Stage, desks: Desks, axe: Axe, shot: Shot
) -> None:
    ama = stage.joins(Role.AGENT)
    customer = Customer(stage, "sms", "Adjoa Nyarko")
    customer.writes("Do you ship to Kumasi?")
    first = desks(ama)
    first.open(customer.known_as)
    first.composer.press_sequentially("Yes, within two")
    expect(first.button("Drafts, 1")).to_be_visible()
    # On another device it is there as well.
    second = desks(ama)
    second.open(customer.known_as)
    expect(second.composer).to_have_value("Yes, within two")
    mine = desks()
    mine.open(customer.known_as)
    expect(mine.page.get_by_text("Ama Agent has a draft")).to_be_visible()
    axe(mine.page)
    shot(mine.page, "colleague_draft")
    mine.button("Take over").click()
    expect(mine.composer).to_have_value("Yes, within two")
    expect(first.page.get_by_text("Olu Owner took over your draft")).to_be_visible()
    expect(first.composer).to_have_value("")
    mine.composer.press("End")
    mine.composer.press_sequentially(" days.")
    mine.button("Drafts, 1").click()
    axe(mine.page)
    shot(mine.page, "drafts")
    mine.page.keyboard.press("Escape")
    mine.composer.press("Enter")
    expect(mine.bubble("Yes, within two days.")).to_be_visible()
    expect(mine.button(re.compile("^Drafts"))).to_have_count(0)
