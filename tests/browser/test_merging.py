"""Somebody who writes on two channels: suggested, looked at, merged by one agent before another's eyes, and parted."""

import re

from playwright.sync_api import expect

from app.core.permissions import Role
from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import Customer, Desks


def test_one_person_twice(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    nia = Customer(stage, "whatsapp", "Nia Twice")
    nia.writes("Is the blue one still there?")
    stage.run(stage.shop.writes("sms", nia.id, type="text", text="Me again, by text message"))
    olu, ama = desks(), desks(stage.joins(Role.AGENT))
    sms = olu.list.get_by_role("option").filter(has_text="Me again, by text message")
    expect(sms).to_be_visible()
    ama.open("Nia Twice")
    expect(ama.log).not_to_contain_text("Me again")

    # The list of suggestions, for whoever likes to tidy up.
    olu.page.goto("/contacts")
    olu.page.get_by_role("link", name="Perhaps the same person").click()
    pairs = olu.page.get_by_role("list", name="Pairs of contacts")
    expect(pairs).to_contain_text("Both have the number")
    axe(olu.page)
    shot(olu.page, "duplicates")
    # From the conversation itself, by keyboard alone.
    ama.page.get_by_role("button", name="Look at merging…").focus()
    ama.page.keyboard.press("Enter")
    dialog = ama.page.get_by_role("dialog", name="Merge two contacts")
    expect(dialog.get_by_role("list", name="To know before")).to_contain_text("Both have an open conversation")
    expect(dialog.get_by_role("region", name="The merged contact")).to_contain_text("2 unread")
    axe(ama.page)
    shot(ama.page, "merge-preview")
    ama.goes_dark()
    axe(ama.page)
    shot(ama.page, "merge-preview-dark")
    dialog.get_by_role("button", name="Merge").focus()
    ama.page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    # One conversation, in the order of time, on both screens; nobody reloads.
    expect(ama.bubble("Me again, by text message")).to_be_visible()
    expect(ama.log).to_contain_text("into this contact")
    nia.writes("Thanks, one is enough")
    stage.run(stage.shop.writes("sms", nia.id, type="text", text="And here, too"))
    expect(ama.bubble("And here, too")).to_be_visible()
    expect(ama.bubble("Thanks, one is enough")).to_be_visible()
    expect(ama.list.get_by_role("option").filter(has_text=re.compile("Nia Twice|And here"))).to_have_count(1)
    expect(pairs.filter(has_text="Nia Twice")).to_have_count(0)
    shot(ama.page, "merged-conversation")

    # Parted again: each has its own.
    ama.page.get_by_role("button", name=re.compile("^Undo merging")).click()
    expect(ama.bubble("And here, too")).to_be_hidden()
    expect(ama.bubble("Thanks, one is enough")).to_be_visible()
    back = ama.list.get_by_role("option").filter(has_text="And here, too")
    back.click()
    expect(ama.bubble("Me again, by text message")).to_be_visible()
    expect(ama.bubble("And here, too")).to_be_visible()
    expect(ama.log).not_to_contain_text("Thanks, one is enough")
    ama.page.set_viewport_size({"width": 390, "height": 844})
    ama.page.goto("/contacts")
    ama.page.get_by_role("link", name=re.compile("^Nia Twice")).first.click()
    expect(ama.page.get_by_role("heading", name="Same person")).to_be_visible()
    shot(ama.page, "contact-phone")
