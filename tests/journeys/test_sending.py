"""What stands between an agent's key press and the customer: newer messages, second thoughts, a later time."""

import asyncio
from typing import Any
from uuid import uuid4

from app.core.permissions import Role
from tests.support.people import Person
from tests.support.shop import Shop


async def colleague(shop: Shop) -> Person:
    return await shop.people.join(shop.owner.ws, Role.AGENT)


async def says(person: Person, conversation_id: str, text: str, **more: Any) -> tuple[int, dict[str, Any]]:
    body = {"client_id": str(uuid4()), "content": {"type": "text", "text": text}, **more}
    answer = await person.client.post(f"/api/v1/conversations/{conversation_id}/messages", json=body)
    return answer.status_code, answer.json()


# --- newer messages -----------------------------------------------------------------------------------------------


async def test_a_draft_older_than_the_customers_word_is_held_back(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    seen = conversation["last_number"]
    await shop.writes("whatsapp", person["id"], type="text", text="No wait, the blue one")
    newer = await shop.entry_where(conversation["id"], lambda e: e["number"] > seen and e["direction"] == "in")

    status, refused = await says(shop.owner, conversation["id"], "The green one it is", seen=seen)
    assert (status, refused["code"]) == (409, "newer_messages")
    assert [entry["id"] for entry in refused["newer"]] == [newer["id"]]
    assert all(entry["direction"] != "out" for entry in await shop.thread(conversation["id"]))
    # With what was shown taken note of, it goes; and a program that does not look is not asked.
    assert (await says(shop.owner, conversation["id"], "The blue one then", seen=newer["number"]))[0] == 202
    assert (await says(shop.owner, conversation["id"], "It is packed"))[0] == 202


async def test_own_messages_and_notes_hold_nothing_back(shop: Shop) -> None:
    _, conversation = await shop.someone("sms")
    other, seen = await colleague(shop), conversation["last_number"]
    assert (await says(shop.owner, conversation["id"], "One moment", seen=seen))[0] == 202
    note = {"client_id": str(uuid4()), "text": "I know this customer"}
    assert (await other.client.post(f"/api/v1/conversations/{conversation['id']}/notes", json=note)).status_code == 201
    assert (await says(shop.owner, conversation["id"], "Here it is", seen=seen))[0] == 202

    status, refused = await says(other, conversation["id"], "Hello", seen=seen)
    assert (status, [e["content"]["text"] for e in refused["newer"]]) == (409, ["One moment", "Here it is"])


async def test_of_those_who_press_send_at_once_one_gets_through(shop: Shop) -> None:
    _, conversation = await shop.someone("sms")
    agents = [shop.owner, await colleague(shop), await colleague(shop)]
    for _ in range(6):
        seen = (await shop.get(f"/conversations/{conversation['id']}"))["last_number"]
        given = await asyncio.gather(*[says(a, conversation["id"], f"From {a.member.id}", seen=seen) for a in agents])
        assert sorted(status for status, _ in given) == [202, 409, 409]
        (winner,) = [answer["entries"][0] for status, answer in given if status == 202]
        assert all(a["newer"][0]["id"] == winner["id"] for status, a in given if status == 409)


async def test_an_answer_that_was_lost_is_no_newer_message(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    seen, again = conversation["last_number"], str(uuid4())
    status, first = await says(shop.owner, conversation["id"], "Yes", seen=seen, client_id=again)
    assert status == 202
    await shop.writes("whatsapp", person["id"], type="text", text="Thanks")
    await shop.entry_where(conversation["id"], lambda e: e["number"] > seen and e["direction"] == "in")
    status, second = await says(shop.owner, conversation["id"], "Yes", seen=seen, client_id=again)
    assert (status, second["entries"][0]["id"]) == (202, first["entries"][0]["id"])


# --- second thoughts ----------------------------------------------------------------------------------------------


async def test_a_message_can_be_taken_back_while_it_waits(shop: Shop) -> None:
    person, conversation = await shop.someone("sms")
    text = "Two long parts. " * 150
    body = {"client_id": str(uuid4()), "content": {"type": "text", "text": text}, "undo_seconds": 30}
    entries = (await shop.post(f"/conversations/{conversation['id']}/messages", 202, **body))["entries"]
    assert len(entries) > 1
    assert all(entry["status"] == "queued" and entry["undo_until"] for entry in entries)
    behind = await shop.answers(conversation["id"], "And this comes after it")

    other = await colleague(shop)
    assert (await other.client.post(f"/api/v1/entries/{entries[0]['id']}/undo")).status_code == 403
    for _ in range(2):
        taken = await shop.post(f"/entries/{entries[-1]['id']}/undo")
        assert [e["status"] for e in taken["entries"]] == ["cancelled"] * len(entries)
    # What was behind it goes now, and it alone.
    await shop.entry_where(conversation["id"], lambda e: e["id"] == behind["id"] and e["status"] == "delivered")
    (sent,) = await shop.ledger(channel="sms", customer=person["id"], direction="out")
    assert "comes after it" in str(sent["body"])
    status, _ = await says(await colleague(shop), conversation["id"], "Hi", seen=behind["number"])
    assert status == 202


async def test_what_is_not_taken_back_goes_in_its_turn(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    held = await shop.sends(conversation["id"], {"type": "text", "text": "First"}, undo_seconds=2)
    await shop.answers(conversation["id"], "Second")
    await shop.entry_where(conversation["id"], lambda e: e["id"] == held["id"] and "sent" in e["status_times"])
    refused = await shop.post(f"/entries/{held['id']}/undo", 409)
    assert refused["code"] == "already_sent"
    await shop.in_ledger("whatsapp", person["id"], "Second")
    sent = await shop.ledger(channel="whatsapp", customer=person["id"], direction="out")
    assert [item["body"]["text"] for item in sent] == ["First", "Second"]


async def test_the_hold_survives_what_was_to_wake_it(shop: Shop) -> None:
    """As after kill -9 and a lost Redis: nothing but the row is left, and the sweeper finds it."""
    person, conversation = await shop.someone("whatsapp")
    await shop.sends(conversation["id"], {"type": "text", "text": "Still there"}, undo_seconds=1)
    await shop.runtime.redis.delete(*await shop.runtime.redis.keys("parley:lane:*"))
    await shop.in_ledger("whatsapp", person["id"], "Still there")
