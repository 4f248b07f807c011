"""What stands between an agent's key press and the customer: newer messages, second thoughts, a later time."""

import asyncio
import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.core.permissions import Role
from channels.content import Text
from inbox import conversations
from inbox.answering import deferred
from inbox.answering.deferred import Deferred
from inbox.store import deferred as rows
from tests.support.people import Person
from tests.support.shop import Shop, eventually
from tests.support.windows import window_closes


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


async def test_all_parts_of_a_very_long_message_are_taken_back(shop: Shop) -> None:
    _, conversation = await shop.someone("sms")
    body = {"client_id": str(uuid4()), "content": {"type": "text", "text": "word " * 19_999}, "undo_seconds": 60}
    entries = (await shop.post(f"/conversations/{conversation['id']}/messages", 202, **body))["entries"]
    assert len(entries) > 60
    taken = (await shop.post(f"/entries/{entries[0]['id']}/undo"))["entries"]
    assert [(e["id"], e["status"]) for e in taken] == [(e["id"], "cancelled") for e in entries]


async def test_who_was_answered_by_what_was_taken_back_waits_as_before(shop: Shop) -> None:
    _, conversation = await shop.someone("sms")
    before = await conversations.get(shop.owner.ws, conversation["id"])
    body = {"content": {"type": "text", "text": "Long. " * 400}, "undo_seconds": 30}
    entry = await shop.sends(conversation["id"], **body)
    answered = await conversations.get(shop.owner.ws, conversation["id"])
    assert before.waiting_since is not None
    assert answered.waiting_since is None
    await shop.post(f"/entries/{entry['id']}/undo")
    after = await conversations.get(shop.owner.ws, conversation["id"])
    assert after.waiting_since == before.waiting_since
    # That somebody answered for a moment is remembered, and counts for nothing.
    assert replace(after.facts, moments=()) == replace(before.facts, moments=())


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


# --- what may be answered with what ---------------------------------------------------------------------------------


async def test_only_what_the_customer_can_read_is_quoted(shop: Shop) -> None:
    """A quote goes to the customer, and is what it quotes."""
    _, conversation = await shop.someone("telegram")
    path = f"/conversations/{conversation['id']}"
    note = await shop.post(f"{path}/notes", 201, client_id=str(uuid4()), text="He is a difficult one")
    gone = await shop.answers(conversation["id"], "Sorry, wrong person")
    await shop.entry_where(conversation["id"], lambda e: e["id"] == gone["id"] and e["status"] == "sent")
    assert (await shop.agent.delete(f"/api/v1/entries/{gone['id']}")).status_code == 200
    for entry in (note, gone):
        status, refused = await says(shop.owner, conversation["id"], "About this", reply_to_entry_id=entry["id"])
        assert (status, refused["errors"][0]["field"]) == (422, "reply_to_entry_id")
    await shop.post(f"/entries/{note['id']}/reaction", 422, emoji="👍")
    await shop.post(f"{path}/notes", 422, client_id=str(uuid4()), text=" \n ")


async def test_a_failed_message_is_not_sent_again_to_whom_we_have_blocked(shop: Shop) -> None:
    person, conversation = await shop.someone("sms")
    await shop.knobs(customers={person["id"]: {"fail_next": {"code": 30008, "count": 1}}})
    entry = await shop.answers(conversation["id"], "Does not arrive")
    await shop.entry_where(conversation["id"], lambda e: e["id"] == entry["id"] and e["status"] == "failed")
    await shop.post(f"/contacts/{conversation['contact_id']}/block", reason="spam")
    assert (await shop.post(f"/entries/{entry['id']}/resend", 409))["code"] == "contact_blocked"


# --- for later ----------------------------------------------------------------------------------------------------


async def later(shop: Shop, conversation_id: str, text: str, expected: int = 201, **more: Any) -> dict[str, Any]:
    body = {"client_id": str(uuid4()), "content": {"type": "text", "text": text}, **more}
    made: dict[str, Any] = await shop.post(f"/conversations/{conversation_id}/deferred", expected, **body)
    return made


async def state_of(shop: Shop, row: dict[str, Any], wanted: str) -> Deferred:
    async def look() -> Deferred | None:
        now = await deferred.get(shop.owner.ws, row["id"])
        return now if now.state == wanted else None

    return await eventually(look)


async def still_deferred(shop: Shop, conversation_id: str, count: int) -> None:
    """So many wait, as the conversation tells: counted right behind what became of each."""

    async def look() -> bool:
        return bool((await shop.get(f"/conversations/{conversation_id}"))["deferred"] == count)

    await eventually(look)


async def time_comes(shop: Shop, row: dict[str, Any]) -> None:
    """As if the hour had struck."""
    stored = await deferred.get(shop.owner.ws, row["id"])
    past = shop.runtime.clock.now() - timedelta(seconds=1)
    assert await rows.save(shop.owner.ws, stored, replace(stored, due_at=past))


def tomorrow() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


async def test_a_scheduled_message_goes_at_its_time_and_once(shop: Shop) -> None:
    person, conversation = await shop.someone("sms")
    client_id = str(uuid4())
    row = await later(shop, conversation["id"], "Good morning", at=tomorrow(), client_id=client_id)
    assert (await later(shop, conversation["id"], "Good morning", at=tomorrow(), client_id=client_id))["id"] == row[
        "id"
    ]
    assert [item["id"] for item in (await shop.get(f"/conversations/{conversation['id']}/deferred"))["items"]] == [
        row["id"]
    ]
    assert row["id"] in [item["id"] for item in (await shop.get("/deferred", mine=True))["items"]]
    await time_comes(shop, row)
    sent = await state_of(shop, row, "sent")
    await shop.entry_where(conversation["id"], lambda e: e["id"] == sent.entry_ids[0] and e["status"] == "delivered")
    # Whoever looks again, finds nothing to do; also one who died after the sending and before writing it down.
    again = replace(sent, state="sending", due_at=sent.created_at, revision=sent.revision + 1)
    assert await rows.save(shop.owner.ws, sent, again)
    await deferred.due(shop.owner.ws, row["id"])
    await state_of(shop, row, "sent")
    assert len(await shop.ledger(channel="sms", customer=person["id"], direction="out")) == 1
    await still_deferred(shop, conversation["id"], 0)


async def test_the_customer_writes_first(shop: Shop) -> None:
    person, conversation = await shop.someone("sms")
    made = {
        on: await later(shop, conversation["id"], on, at=tomorrow(), on_reply=on) for on in ("cancel", "ask", "send")
    }
    await shop.writes("sms", person["id"], type="text", text="It has arrived, thanks")
    cancelled, asking = await state_of(shop, made["cancel"], "cancelled"), await state_of(shop, made["ask"], "asking")
    assert (cancelled.reason or {})["code"] == "customer_wrote"
    assert asking.due_at is None
    assert (await deferred.get(shop.owner.ws, made["send"]["id"])).state == "waiting"
    note = await shop.entry_where(conversation["id"], lambda e: (e["event"] or {}).get("name") == "message_asks")
    assert note["event"]["author_id"] == shop.owner.member.id
    told = (await shop.get("/notifications"))["items"]
    assert any(n["kind"] == "deferred" and n["conversation_id"] == conversation["id"] for n in told)

    other = await colleague(shop)
    assert (await other.client.post(f"/api/v1/deferred/{asking.id}/send")).status_code == 403
    stale = await shop.agent.patch(f"/api/v1/deferred/{asking.id}", json={"text": "Changed", "revision": 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "changed_meanwhile")
    changed = await shop.agent.patch(f"/api/v1/deferred/{asking.id}", json={"text": "Glad to hear it"})
    assert changed.status_code == 200
    await shop.post(f"/deferred/{asking.id}/send")
    await shop.in_ledger("sms", person["id"], "Glad to hear it")
    await shop.post(f"/deferred/{made['send']['id']}/cancel")
    assert (await shop.get(f"/conversations/{conversation['id']}/deferred"))["items"] == []
    await shop.post(f"/deferred/{made['send']['id']}/send", 409)


async def test_the_gate_is_asked_again_when_it_goes(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    row = await later(shop, conversation["id"], "See you", at=tomorrow())
    await window_closes(shop, conversation["id"])
    await time_comes(shop, row)
    skipped = await state_of(shop, row, "skipped")
    assert (skipped.reason or {})["code"] == "reply_window_closed"
    await shop.entry_where(conversation["id"], lambda e: (e["event"] or {}).get("name") == "message_skipped")
    assert await shop.ledger(channel="whatsapp", customer=person["id"], direction="out") == []


async def test_an_answer_waits_for_the_window(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    account_id = shop.accounts["whatsapp"]
    await shop.post(f"/accounts/{account_id}/templates/sync")
    assert (await later(shop, conversation["id"], "Too early", 409))["code"] == "window_open"
    await window_closes(shop, conversation["id"])
    assert (await later(shop, conversation["id"], "With what?", 422))["errors"][0]["field"] == "opener"
    for name in ("new_collection", "winter_sale"):
        await shop.post(f"/accounts/{account_id}/reopener", 422, name=name, language="en_US")
    await shop.post(f"/accounts/{account_id}/reopener", name="reply_ready", language="en_US")

    first = await later(shop, conversation["id"], "We have it in blue", on_reply="ask")
    await shop.in_ledger("whatsapp", person["id"], "reply_ready")
    await shop.writes("whatsapp", person["id"], type="text", text="Yes, please!")
    await state_of(shop, first, "sent")
    await shop.in_ledger("whatsapp", person["id"], "We have it in blue")

    await window_closes(shop, conversation["id"])
    asks = await later(shop, conversation["id"], "And in red", on_reply="ask")
    goes = await later(shop, conversation["id"], "And in green", on_reply="send")
    await shop.writes("whatsapp", person["id"], type="text", text="I bought one elsewhere, sorry")
    await state_of(shop, goes, "sent")
    await state_of(shop, asks, "asking")
    await shop.in_ledger("whatsapp", person["id"], "in green")
    sent = await shop.ledger(channel="whatsapp", customer=person["id"], direction="out")
    texts = [str(item["body"]) for item in sent]
    assert sum("in blue" in text for text in texts) == sum("in green" in text for text in texts) == 1
    assert not any("in red" in text for text in texts)
    # Asked for the first answer; the two that were written later waited together behind one question.
    assert sum("reply_ready" in text for text in texts) == 2
    await still_deferred(shop, conversation["id"], 1)


async def test_a_held_answer_expires(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    await shop.post(f"/accounts/{shop.accounts['whatsapp']}/templates/sync")
    await window_closes(shop, conversation["id"])
    opener = {"type": "template", "name": "reply_ready", "language": "en_US", "parameters": {"body": {"1": "Ana"}}}
    # What their answer is waited for by cannot be cancelled by it.
    refused = await later(shop, conversation["id"], "Never read", 422, opener=opener, on_reply="cancel")
    assert refused["errors"][0]["field"] == "on_reply"
    row = await later(shop, conversation["id"], "Never read", opener=opener, days=3)
    assert (await shop.agent.patch(f"/api/v1/deferred/{row['id']}", json={"on_reply": "cancel"})).status_code == 422
    await time_comes(shop, row)
    await state_of(shop, row, "expired")
    await shop.entry_where(conversation["id"], lambda e: (e["event"] or {}).get("name") == "message_expired")
    await shop.writes("whatsapp", person["id"], type="text", text="Hello again")
    await still_deferred(shop, conversation["id"], 0)


async def opening(shop: Shop) -> tuple[dict[str, Any], dict[str, Any]]:
    """A customer whose window is closed, on an account with a re-opener."""
    person, conversation = await shop.someone("whatsapp")
    account_id = shop.accounts["whatsapp"]
    await shop.post(f"/accounts/{account_id}/templates/sync")
    await shop.post(f"/accounts/{account_id}/reopener", name="reply_ready", language="en_US")
    await window_closes(shop, conversation["id"])
    return person, conversation


@pytest.mark.parametrize("said", [{"type": "text", "text": "STOP"}, {"type": "list_reply", "title": "No, thanks"}])
async def test_who_wants_none_of_it_is_not_sent_it(shop: Shop, said: dict[str, str]) -> None:
    person, conversation = await opening(shop)
    rows = [await later(shop, conversation["id"], f"Goes {on}", on_reply=on) for on in ("ask", "send")]
    if said["type"] == "list_reply":
        said = {**said, "button_id": "no"}
        await shop.post(f"/deferred/{rows.pop()['id']}/cancel")
    await shop.writes("whatsapp", person["id"], **said)
    for row in rows:
        await state_of(shop, row, "asking")


async def test_whoever_waits_behind_a_template_that_was_lost_is_told(shop: Shop) -> None:
    person, conversation = await opening(shop)
    await shop.knobs(customers={person["id"]: {"fail_next": {"code": 131009, "count": 1}}})
    first = await later(shop, conversation["id"], "We have it in blue")
    asking = await state_of(shop, first, "asking")
    assert (asking.reason or {})["code"] == "opener_lost"
    assert (asking.reason or {})["message"].startswith("The template that asks the customer to answer did not reach")
    # The next answer does not wait behind what nobody has read: they are asked anew, and then both go.
    second = await later(shop, conversation["id"], "And in green")
    await shop.in_ledger("whatsapp", person["id"], "reply_ready")
    await shop.writes("whatsapp", person["id"], type="text", text="Yes!")
    for row in (first, second):
        await state_of(shop, row, "sent")
    await shop.in_ledger("whatsapp", person["id"], "in green")
    sent = await shop.ledger(channel="whatsapp", customer=person["id"], direction="out")
    texts = [item["body"]["text"] for item in sent]
    assert texts[0].startswith("Hello")
    assert texts[1:] == ["We have it in blue", "And in green"]


async def test_the_hour_strikes_before_it_is_known_that_they_wrote(shop: Shop) -> None:
    """As where the worker died between the customer's message and what it means for those that wait."""
    person, conversation = await shop.someone("sms")
    rows = {on: await later(shop, conversation["id"], on, at=tomorrow(), on_reply=on) for on in ("cancel", "send")}
    stored = await conversations.get(shop.owner.ws, conversation["id"])
    heard = stored.last_number + 1
    await conversations.change(shop.owner.ws, stored, lambda now: replace(now, last_inbound_number=heard))
    for row in rows.values():
        await time_comes(shop, row)
    await state_of(shop, rows["cancel"], "cancelled")
    await state_of(shop, rows["send"], "sent")
    assert len(await shop.ledger(channel="sms", customer=person["id"], direction="out")) <= 1


async def test_what_waits_knew_the_newest_and_says_something(shop: Shop) -> None:
    person, conversation = await shop.someone("sms")
    seen = (await shop.thread(conversation["id"]))[-1]["number"]
    await shop.writes("sms", person["id"], type="text", text="Wait, no")
    await shop.entry_where(conversation["id"], lambda e: (e["content"] or {}).get("text") == "Wait, no")
    held = await later(shop, conversation["id"], "As you wish", 409, at=tomorrow(), seen=seen)
    assert (held["code"], held["newer"][0]["content"]["text"]) == ("newer_messages", "Wait, no")
    row = await later(shop, conversation["id"], "As you wish", at=tomorrow(), seen=seen + 1)
    await later(shop, conversation["id"], " \n", 422, at=tomorrow())
    status, blank = await says(shop.owner, conversation["id"], "   ")
    assert (status, blank["errors"][0]["field"]) == (422, "content.text")
    changed = await shop.agent.patch(f"/api/v1/deferred/{row['id']}", json={"text": "\t"})
    assert changed.status_code == 422


async def test_of_all_who_send_a_waiting_message_one_does(shop: Shop) -> None:
    person, conversation = await shop.someone("sms")
    for n in range(4):
        row = await later(shop, conversation["id"], f"Once {n}", at=tomorrow())
        await time_comes(shop, row)
        presses = [shop.agent.post(f"/api/v1/deferred/{row['id']}/{what}") for what in ("send", "cancel", "send")]
        given = await asyncio.gather(*presses, deferred.due(shop.owner.ws, row["id"]), return_exceptions=True)
        statuses = [answer.status_code for answer in given if isinstance(answer, httpx.Response)]
        assert set(statuses) <= {200, 409}

        async def over(row_id: str = row["id"]) -> Deferred | None:
            now = await deferred.get(shop.owner.ws, row_id)
            return now if now.state in ("sent", "cancelled") else None

        done = await eventually(over)
        assert len(done.entry_ids) == (1 if done.state == "sent" else 0)
    await asyncio.sleep(0.5)
    sent = await shop.ledger(channel="sms", customer=person["id"], direction="out")
    assert len({str(item["body"]) for item in sent}) == len(sent)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Yes!", True),
        ("ok 👍", False),
        ("👍", True),
        ("Yes please.", True),
        ("Sí", True),
        ("Yes, but in red", False),
        ("No", False),
    ],
)
def test_what_is_a_plain_go_ahead(text: str, plain: bool) -> None:
    assert deferred.is_go_ahead(Text(text=text)) is plain


# --- corrections --------------------------------------------------------------------------------------------------


async def test_a_message_is_corrected_where_the_channel_can(shop: Shop) -> None:
    person, conversation = await shop.someone("telegram")
    entry = await shop.answers(conversation["id"], "It costs 90")
    await shop.entry_where(conversation["id"], lambda e: e["id"] == entry["id"] and e["status"] == "sent")
    other = await colleague(shop)
    assert (await other.client.patch(f"/api/v1/entries/{entry['id']}", json={"text": "No"})).status_code == 403
    for _ in range(2):
        changed = await shop.agent.patch(f"/api/v1/entries/{entry['id']}", json={"text": "It costs 19"})
        assert (changed.status_code, changed.json()["content"]["text"]) == (200, "It costs 19")
    assert changed.json()["edited_at"]
    (sent,) = await shop.ledger(channel="telegram", customer=person["id"], direction="out")
    assert "It costs 19" in str(sent["body"])
    assert (await shop.get(f"/conversations/{conversation['id']}"))["last_entry"]["text"] == "It costs 19"

    gone = await shop.agent.delete(f"/api/v1/entries/{entry['id']}")
    assert gone.status_code == 200
    assert gone.json()["deleted_at"]
    again = await shop.agent.patch(f"/api/v1/entries/{entry['id']}", json={"text": "It costs 18"})
    assert again.status_code == 409


async def test_a_channel_that_cannot_says_so(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    entry = await shop.answers(conversation["id"], "It costs 90")
    await shop.entry_where(conversation["id"], lambda e: e["id"] == entry["id"] and "sent" in e["status_times"])
    refused = await shop.agent.patch(f"/api/v1/entries/{entry['id']}", json={"text": "It costs 19"})
    assert (refused.status_code, refused.json()["code"]) == (409, "cannot_edit")
    refused = await shop.agent.delete(f"/api/v1/entries/{entry['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "cannot_delete")
    assert len(await shop.ledger(channel="whatsapp", customer=person["id"], direction="out")) == 1


# --- transcripts --------------------------------------------------------------------------------------------------


async def test_a_transcript_says_what_was_said_and_no_more(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    nasty = "=HYPERLINK(1) <script>alert(1)</script>"
    await shop.writes("whatsapp", person["id"], type="text", text=nasty)
    await shop.entry_where(conversation["id"], lambda e: "script" in str(e["content"]))
    await shop.answers(conversation["id"], "Thanks, noted")
    held = await shop.sends(conversation["id"], {"type": "text", "text": "Never said"}, undo_seconds=30)
    await shop.post(f"/entries/{held['id']}/undo")
    note = {"client_id": str(uuid4()), "text": "For us only"}
    await shop.post(f"/conversations/{conversation['id']}/notes", 201, **note)

    url = f"/api/v1/conversations/{conversation['id']}/transcript"
    answers = {form: await shop.agent.get(f"{url}/{form}") for form in ("text", "html", "csv")}
    for answer in answers.values():
        assert answer.status_code == 200
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert "Thanks, noted" in answer.text
        assert "Never said" not in answer.text
        assert "For us only" not in answer.text
    assert nasty in answers["text"].text
    assert "<script>" not in answers["html"].text
    lines = list(csv.DictReader(io.StringIO(answers["csv"].text)))
    assert any(line["text"] == f"'{nasty}" for line in lines)
    assert "For us only" in (await shop.agent.get(f"{url}/text", params={"notes": "true"})).text
    drawn = await shop.agent.get(f"{url}/pdf")
    assert (drawn.status_code, drawn.headers["content-type"], drawn.content[:5]) == (200, "application/pdf", b"%PDF-")
    trail = await shop.get("/audit")
    assert sum(item["action"] == "conversation.exported" for item in trail["items"]) >= 5


# --- what a channel does not take ---------------------------------------------------------------------------------


def buttons(*titles: str, text: str = "Which one?", **more: Any) -> dict[str, Any]:
    return {"type": "buttons", "text": text, "buttons": [{"id": t[:20], "title": t} for t in titles], **more}


def menu(*titles: str, label: str = "Choose", text: str = "Which one?", **of_first: Any) -> dict[str, Any]:
    made = [{"id": f"{at}", "title": title} for at, title in enumerate(titles)]
    made[0] |= of_first
    halves = [{"title": "One", "rows": made[:10]}, *([{"title": "Two", "rows": made[10:]}] if made[10:] else [])]
    return {"type": "list", "text": text, "button": label, "sections": halves}


LONG = "x" * 21
LIMITS = [
    ("whatsapp", buttons("Yes", LONG), "content.buttons.1.title", "20 characters"),
    ("whatsapp", buttons("Yes", text="x" * 1025), "content.text", "1024 characters"),
    ("whatsapp", buttons("1", "2", "3", "x" * 25), "content.buttons.3.title", "24 characters"),
    ("whatsapp", menu("Red", label=LONG), "content.button", "20 characters"),
    ("whatsapp", menu("x" * 25), "content.sections.0.rows.0.title", "24 characters"),
    ("whatsapp", menu("Red", description="x" * 73), "content.sections.0.rows.0.description", "72 characters"),
    ("whatsapp", menu(*(f"Row {n}" for n in range(11))), "content.sections", "10 rows"),
    (
        "whatsapp",
        {"type": "link_button", "text": "Look", "label": LONG, "url": "https://a.test"},
        "content.label",
        "20",
    ),
    ("whatsapp", {"type": "location_request", "text": "x" * 1025}, "content.text", "1024 characters"),
    ("telegram", buttons("Yes") | {"buttons": [{"id": "x" * 65, "title": "Yes"}]}, "content", "64 bytes"),
    ("telegram", buttons("Yes", text="x" * 4090, footer="Thank you"), "content", "4096 characters"),
]


@pytest.fixture(scope="module")
async def talks(shop: Shop) -> dict[str, dict[str, Any]]:
    """A conversation on each channel, in which nothing is ever sent but what fits."""
    return {channel: (await shop.someone(channel))[1] for channel in ("whatsapp", "telegram")}


@pytest.mark.parametrize(("channel", "content", "field", "limit"), LIMITS, ids=lambda value: str(value)[:40])
async def test_what_a_channel_does_not_take_is_refused_at_the_door(
    shop: Shop, talks: dict[str, dict[str, Any]], channel: str, content: dict[str, Any], field: str, limit: str
) -> None:
    conversation = talks[channel]
    path = f"/api/v1/conversations/{conversation['id']}/messages"
    refused = await shop.agent.post(path, json={"client_id": str(uuid4()), "content": content})
    assert refused.status_code == 422, refused.text
    (wrong,) = refused.json()["errors"]
    assert wrong["field"] == field
    assert limit in wrong["message"]
    assert all(entry["direction"] != "out" for entry in await shop.thread(conversation["id"]))


async def test_too_long_a_caption_is_refused_and_too_long_a_text_is_not(
    shop: Shop, talks: dict[str, dict[str, Any]]
) -> None:
    conversation = talks["whatsapp"]
    uploaded = await shop.agent.post("/api/v1/files", files={"file": ("lamp.pdf", b"%PDF-1.4 lamp", "application/pdf")})
    media = {"file_id": uploaded.json()["file_id"], "kind": "document"}
    path = f"/api/v1/conversations/{conversation['id']}/messages"
    content = {"type": "media", "media": media, "caption": "x" * 1025}
    refused = await shop.agent.post(path, json={"client_id": str(uuid4()), "content": content})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "content.caption")
    assert "1024 characters" in refused.json()["errors"][0]["message"]
    status, sent = await says(shop.owner, conversation["id"], "word " * 1_000)
    assert (status, len(sent["entries"])) == (202, 2)
