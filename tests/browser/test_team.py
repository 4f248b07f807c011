"""Two agents at once: what one does, the other sees, without a reload."""

import re

from playwright.sync_api import expect

from app.core.permissions import Role
from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import Customer, Desks


def test_two_agents(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    tom = Customer(stage, "whatsapp", "Tom Team")
    tom.writes("Who looks after me?")
    agent = stage.joins(Role.AGENT)
    olu, ama = desks(), desks(agent)
    expect(ama.row("Tom Team")).to_contain_text("1 unread")

    # Read by one, on all their screens, and by nobody else; and who looks at what is seen.
    second = desks()
    expect(second.row("Tom Team")).to_contain_text("1 unread")
    olu.open("Tom Team")
    expect(second.row("Tom Team")).not_to_contain_text("unread")
    expect(ama.row("Tom Team")).to_contain_text("1 unread")
    expect(ama.page).to_have_title("(1) Inbox · Parley")
    olu.page.keyboard.press("u")
    expect(second.row("Tom Team")).to_contain_text("1 unread")
    second.context.close()
    ama.open("Tom Team")
    expect(ama.page).to_have_title("Tom Team · Parley")
    expect(ama.page.get_by_role("img", name="Olu Owner also looking")).to_be_visible()
    expect(olu.page.get_by_role("img", name="Ama Agent also looking")).to_be_visible()

    ama.composer.press_sequentially("I will")
    expect(olu.page.get_by_text("Ama Agent is writing an answer", exact=True)).to_be_visible()
    shot(olu.page, "colleague-writes")
    axe(olu.page)
    ama.composer.fill("")
    expect(olu.page.get_by_text("Ama Agent is writing an answer")).to_have_count(0)

    olu.button("Assign").click()
    olu.page.get_by_role("menuitem", name="Ama Agent").click()
    expect(ama.button("Assigned to you")).to_be_visible()
    expect(olu.row("Tom Team").get_by_title("Assigned to Ama Agent")).to_be_visible()
    ama.tab("Mine")
    expect(ama.row("Tom Team")).to_be_visible()

    answer = ama.writes("I do, Tom.")
    ama.ticks(answer, "Delivered")
    expect(olu.bubble("I do, Tom.")).to_contain_text("Ama Agent")
    olu.ticks(olu.bubble("I do, Tom."), "Delivered")
    expect(olu.row("Tom Team")).to_contain_text("Ama: I do, Tom.")
    shot(olu.page, "answered-by-colleague")

    ama.page.keyboard.press("Escape")
    ama.page.keyboard.press("n")
    ama.note.fill("Likes short answers")
    ama.note.press("Enter")
    expect(olu.bubble("Likes short answers")).to_contain_text("Private note")

    ama.button("Close").click()
    expect(ama.row("Tom Team")).to_have_count(0)
    expect(olu.row("Tom Team")).to_have_count(0)
    expect(olu.button("Reopen")).to_be_visible()
    tom.writes("One more thing")
    expect(olu.row("Tom Team")).to_contain_text("One more thing")
    expect(ama.row("Tom Team")).to_contain_text("One more thing")

    # Who leaves is no longer shown.
    ama.context.close()
    expect(olu.page.get_by_role("img", name=re.compile("also looking"))).to_have_count(0)


def test_one_may_only_read(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    Customer(stage, "whatsapp", "Rea Read").writes("Hello")
    desk = desks(stage.joins(Role.READONLY))
    desk.open("Rea Read")
    expect(desk.page.get_by_text("Your role can read conversations but not answer them.")).to_be_visible()
    expect(desk.composer).to_have_count(0)
    expect(desk.button("Close")).to_have_count(0)
    expect(desk.row("Rea Read")).to_contain_text("1 unread")
    axe(desk.page)
    shot(desk.page, "read-only")
