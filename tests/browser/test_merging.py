"""Somebody who writes on two channels: suggested, looked at, merged by one agent before another's eyes, and parted."""

import re

from playwright.sync_api import expect

from app.core.permissions import Role
from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import Customer, Desks


async def proof(stage: Stage, customer: Customer) -> str:
    """The code that an agent has sent them on WhatsApp, to be brought by SMS."""
    shop = stage.shop
    one = await shop.conversation_with(customer.known_as)
    asked = {"account_id": shop.accounts["sms"], "text": "Please send {code} to our number"}
    await shop.post(f"/conversations/{one['id']}/proofs", 201, **asked)
    sent = await shop.in_ledger("whatsapp", customer.id, "to our number")
    found = re.findall(r"[A-Z2-9]{5}-[A-Z2-9]{5}", str(sent["body"]))
    return str(found[-1])


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
    # Everybody is looked through, and it is seen how far that is.
    olu.page.get_by_role("button", name="Look through all contacts").click()
    expect(olu.page.get_by_role("status").filter(has_text="Olu Owner had")).to_contain_text("looked through just now")
    # The customer shows themselves that both are theirs: before the eyes of both agents, and before all other reasons.
    code = stage.run(proof(stage, nia))
    stage.run(stage.shop.writes("sms", nia.id, type="text", text=code))
    proved = "Proved by a code on both channels: sent on WhatsApp, brought on SMS."
    expect(pairs.get_by_role("paragraph").first).to_have_text(proved)
    expect(ama.page.get_by_text(proved)).to_be_visible()
    shot(ama.page, "proved-beside-the-conversation")
    axe(olu.page)
    shot(olu.page, "duplicates")
    olu.goes_dark()
    axe(olu.page)
    for width in (1024, 390):
        olu.page.set_viewport_size({"width": width, "height": 844})
        shot(olu.page, f"duplicates-{width}")
    olu.page.set_viewport_size({"width": 1440, "height": 900})
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
