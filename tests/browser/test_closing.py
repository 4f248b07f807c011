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
