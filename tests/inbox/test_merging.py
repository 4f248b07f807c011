"""Contacts that are one person: merged and parted in any order, while people write and processes die."""

import asyncio
import itertools
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import ids, leases
from app.core.addresses import Address
from app.core.errors import Conflict, NotFound
from app.core.permissions import SYSTEM
from channels.content import Text
from crm import contacts
from crm import merging as records
from crm.contacts import Profile
from crm.store import merging as store
from inbox import conversations, outbox, story
from inbox.closing import idle
from inbox.conversations import Conversation
from inbox.merging import merging
from inbox.merging.joining import JOINING
from inbox.merging.parting import PARTING
from inbox.merging.sides import Step
from inbox.outbox import Draft
from inbox.routing import agents
from inbox.story import Owned, Story
from tests.support.persons import Persons, different, quiet, stored
from tests.support.shop import Shop, eventually

START = datetime(2026, 11, 20, 9, tzinfo=UTC)


# --- stories ------------------------------------------------------------------------------------------------------


@st.composite
def timelines(draw: st.DrawFn) -> tuple[Owned, dict[str, list[datetime]], int]:
    """Some contacts, what of their timelines belongs together, when each entry was stored, and the own tail."""
    times: dict[str, list[datetime]] = {}
    owned: dict[str, list[tuple[int, int]]] = {}
    for name in ("con_a", "con_b", "con_c")[: draw(st.integers(1, 3))]:
        # Clocks that go back now and then, and many entries in the same moment.
        times[name] = [START + timedelta(seconds=s) for s in draw(st.lists(st.integers(0, 12), max_size=14))]
        kept = [n for n in range(1, len(times[name]) + 1) if draw(st.booleans()) or draw(st.booleans())]
        if kept:
            owned[name] = story.joined([(n, n) for n in kept])
    return owned, times, len(times["con_a"]) + 1


@given(made=timelines(), limit=st.integers(1, 6))
def test_places_hold_every_entry_once_and_in_order(made: Any, limit: int) -> None:
    owned, times, tail = made
    told = story.woven("con_a", owned, times, tail)
    wanted = {(member, n) for member, runs in owned.items() for first, last in runs for n in range(first, last + 1)}
    size = told.ranks[-1]
    spread = told.spread(0, size + 3)
    assert {(member, n) for member, n, _ in spread[:size]} == wanted
    assert spread[size:] == [("con_a", tail + i, tail + i) for i in range(3)]
    places = [place for *_, place in spread]
    assert places == sorted(set(places))
    for rank, (member, number, place) in enumerate(spread):
        assert told.place_of(member, number) == place
        assert (told.before(place), told.up_to(place)) == (rank, rank + 1)
        assert (member != "con_a") == (place != int(place))
    # By pages from the end, as screens read it.
    pages: list[Any] = []
    before: float = tail + 3
    while begin := told.before(before):
        page = told.spread(max(0, begin - limit), begin)
        pages, before = [*page, *pages], page[0][2]
    assert pages == spread
    # Each member's entries stay in their order, and between members time decides, never running back.
    never_back = {name: list(itertools.accumulate(found, max)) for name, found in times.items()}
    read = [never_back[member][n - 1] for member, n, _ in spread[:size]]
    assert read == sorted(read)
    for name in times:
        assert sorted(mine := [n for m, n, _ in spread if m == name]) == mine


@given(parts=st.lists(timelines(), min_size=2, max_size=2))
def test_what_is_given_and_taken_back_is_what_was_there(parts: Any) -> None:
    (mine, *_), (theirs, *_) = parts
    both = story.together(mine, theirs)
    assert story.together(story.without(both, theirs), theirs) == both
    assert story.without(mine, {}) == {member: story.joined(runs) for member, runs in mine.items()}
    assert not story.without(theirs, both)


def test_a_contact_that_was_never_merged_has_no_story() -> None:
    assert Story("con_a").plain
    assert story.woven("con_a", {"con_a": [(1, 3)]}, {"con_a": [START] * 3}, 4).plain
    assert not story.woven("con_a", {"con_a": [(1, 1), (3, 3)]}, {"con_a": [START] * 3}, 4).plain


# --- what people and processes do ---------------------------------------------------------------------------------


@pytest.fixture
def persons(shop: Shop) -> Persons:
    return Persons(shop)


async def test_one_person_on_two_channels(persons: Persons, shop: Shop) -> None:
    tag = ids.new("x")
    person = await shop.customer(name=f"Ada {tag}")
    await shop.writes("whatsapp", person["id"], type="text", text=f"w1 {tag}")
    first = (await persons.says(person, f"w2 {tag}"))["contact_id"]
    second = (await persons.says(person, f"s1 {tag}", channel="sms"))["contact_id"]
    await persons.says(person, f"w3 {tag}")
    await persons.says(person, f"s2 {tag}", channel="sms")
    assert first != second
    # Suggested, with the reason in words.
    [pair] = (await shop.get(f"/contacts/{first}/duplicates"))["items"]
    assert {each["id"] for each in pair["contacts"]} == {first, second}
    assert pair["reasons"][0]["code"] == "same_phone"
    assert "on WhatsApp and on SMS" in pair["reasons"][0]["words"]

    async def in_list() -> Any:
        return [each for each in (await shop.get("/duplicates", limit=50))["items"] if each["id"] == pair["id"]]

    await eventually(in_list)
    mine, theirs = conversations.id_for(first), conversations.id_for(second)
    ticket = await shop.post("/tickets", 201, conversation_id=theirs, title=f"Parcel {tag}")
    await shop.agent.patch(f"/api/v1/contacts/{second}", json={"notes": "Likes tea"})
    await quiet(persons.ws)
    before = await stored(persons.ws)

    preview = await shop.get(f"/contacts/{first}/merge", from_id=second)
    assert {a["channel"] for a in preview["addresses"]} == {"whatsapp", "sms"}
    assert preview["notes"] == "Likes tea"
    assert preview["tickets"][0]["id"] == ticket["id"]
    assert "two_open_conversations" in {t["code"] for t in preview["troubles"]}
    assert preview["conversation"]["unread"] == 5
    assert await stored(persons.ws) == before
    # A side that changed since is named, and nothing is done.
    await shop.agent.patch(f"/api/v1/contacts/{second}", json={"notes": "Likes coffee"})
    late = await shop.agent.post(
        f"/api/v1/contacts/{first}/merge", json={"from_id": second, "version": preview["version"]}
    )
    assert late.status_code == 409
    assert late.json()["changed"][0]["what"].startswith("notes of +1")
    await shop.agent.patch(f"/api/v1/contacts/{second}", json={"notes": "Likes tea"})

    merge_id = await persons.merge(first, second)
    texts = [f"{word} {tag}" for word in ("w1", "w2", "s1", "w3", "s2")]
    assert await persons.read(first) == texts
    contact = await shop.get(f"/contacts/{second}")
    assert contact["id"] == first
    assert contact["merged"] == 1
    assert (await shop.get(f"/conversations/{theirs}"))["id"] == mine
    thread = await shop.get(f"/conversations/{theirs}/entries", limit=100)
    assert [e["number"] for e in thread["items"]] == sorted(e["number"] for e in thread["items"])
    assert {e["conversation_id"] for e in thread["items"]} == {mine}
    assert (await shop.get(f"/tickets/{ticket['id']}"))["contact"]["id"] == first
    listed = await shop.get("/conversations", view="all", limit=200)
    assert mine in (ids_ := {c["id"] for c in listed["items"]})
    assert theirs not in ids_
    hits = (await shop.get("/contacts", q=tag))["items"]
    assert [hit["id"] for hit in hits] == [first]
    # Both ways lead into one conversation, and answers go out on the one they are written for.
    s3 = await persons.says(person, f"s3 {tag}", channel="sms")
    assert (s3["contact_id"], s3["conversation_id"]) == (first, mine)
    sms = next(a["address"] for a in contact["addresses"] if a["channel"] == "sms")
    sent = await shop.sends(mine, {"type": "text", "text": f"a1 {tag}"}, account_id=shop.accounts["sms"], address=sms)
    await shop.in_ledger("sms", person["id"], f"a1 {tag}")
    await persons.says(person, f"w4 {tag}")
    # A message of before can be quoted, and a reaction to it arrives.
    old = next(e for e in (await shop.thread(mine)) if (e["content"] or {}).get("text") == f"s1 {tag}")
    assert old["contact_id"] == second
    assert old["number"] != int(old["number"])
    await shop.sends(
        mine,
        {"type": "text", "text": f"a2 {tag}"},
        account_id=shop.accounts["sms"],
        address=sms,
        reply_to_entry_id=old["id"],
    )
    after = [*texts, f"s3 {tag}", f"a1 {tag}", f"w4 {tag}", f"a2 {tag}"]
    assert await persons.read(first) == after
    assert await shop.agent.post(f"/api/v1/contacts/{second}/merge", json={"from_id": first, "version": "x"})

    undone = await shop.post(f"/merges/{merge_id}/undo")
    assert undone["id"] == second
    assert undone["notes"] == "Likes tea"
    assert await persons.read(second) == [f"{word} {tag}" for word in ("s1", "s2", "s3", "a1", "a2")]
    assert await persons.read(first) == [f"{word} {tag}" for word in ("w1", "w2", "w3", "w4")]
    back = await shop.get(f"/conversations/{theirs}")
    assert back["id"] == theirs
    assert back["state"] == "open"
    assert back["last_entry"]["text"] == f"a2 {tag}"
    assert (await shop.get(f"/conversations/{mine}"))["last_entry"]["text"] == f"w4 {tag}"
    assert (await shop.get(f"/tickets/{ticket['id']}"))["contact"]["id"] == second
    assert (await shop.get(f"/contacts/{first}/duplicates"))["items"] == []
    # What comes now goes to each; and a report on what was sent meanwhile finds its message.
    assert (await persons.says(person, f"s4 {tag}", channel="sms"))["conversation_id"] == theirs

    async def shown() -> bool:
        return bool((await shop.get(f"/conversations/{theirs}"))["last_entry"]["text"] == f"s4 {tag}")

    await eventually(shown)
    told = await shop.entry_where(theirs, lambda e: e["id"] == sent["id"] and e["status"] == "delivered")
    assert told["conversation_id"] == theirs
    again = await shop.agent.post(f"/api/v1/merges/{merge_id}/undo", json={})
    assert again.status_code == 409
    assert again.json()["code"] == "already_undone"
    # Once more the other way round: what was written under the other's number comes home.
    await persons.merge(second, first, name="from")
    everything = [*after[:-2], f"w4 {tag}", f"a2 {tag}", f"s4 {tag}"]
    assert await persons.read(second) == everything
    trail = [row["action"] for row in await persons.ws.db.audit.find({"target.id": first}, limit=50)]
    assert trail.count("contact.merged") == 2
    assert trail.count("contact.parted") == 1


async def test_whatever_dies_between_two_steps_nothing_is_lost_or_doubled(persons: Persons, shop: Shop) -> None:
    ws = persons.ws
    (first, ana), (second, ben) = (
        await persons.someone(f"Ana {ids.new('x')}"),
        await persons.someone(f"Ben {ids.new('x')}"),
    )
    said: dict[str, list[str]] = {
        first: [f"Hello from {ana['name']}"],
        second: [f"Hello from {ben['name']}"],
    }

    async def both_write() -> None:
        for contact_id, customer in ((first, ana), (second, ben)):
            said[contact_id].append(f"{len(said[contact_id])} {customer['name']}")
            await shop.writes("whatsapp", customer["id"], type="text", text=said[contact_id][-1])

    sent: dict[str, list[str]] = {first: [], second: []}

    async def program_writes(conversation: Conversation, *, again: bool) -> None:
        """To Ben, whose conversation it has read before, as what asks or reminds by itself does."""
        text = f"program {len(sent[second])} {ben['name']}"
        sent[second].append(text)
        draft = Draft(content=Text(text=text), author=idle.AUTOMATIC, client_id=text, address=address)
        await outbox.enqueue(ws, conversation, draft)
        if again:
            # Asked for twice, it is one.
            await outbox.enqueue(ws, await conversations.get(ws, conversation.id), draft)

    async def dies_after(steps: Sequence[Step], merge: records.Merge, number: int) -> None:
        async with leases.hold(ws.redis, f"merge:{merge.id}") as lease:
            assert lease is not None
            for step in steps[:number]:
                merge = await step(ws, merge)
                # Whoever takes over does the last step again.
                merge = await step(ws, merge)
            await both_write()

    async def carried(merge: records.Merge, status: str) -> None:
        """By whoever takes over: this process, or the worker's sweeper."""

        async def look() -> bool:
            await merging.carry(ws, merge.id)
            return (await records.get(ws, merge.id)).status == status

        await eventually(look)

    async def all_is_there(contact_id: str, *whose: str) -> Any:
        wanted = sorted(text for each in whose for text in (*said[each], *sent[each]))
        read = await persons.read(contact_id)
        assert len(read) == len(set(read)), read
        return sorted(read) == wanted and all([t for t in read if t in said[each]] == said[each] for each in whose)

    address = (await conversations.get(ws, conversations.id_for(second))).reach[0].address
    for number in range(max(len(JOINING), len(PARTING))):
        sides = await records.sides(ws, first, second)
        before = await conversations.get(ws, conversations.id_for(second))
        merge = await records.begin(ws, SYSTEM, sides, {})
        await dies_after(JOINING, merge, number % len(JOINING))
        writing = asyncio.create_task(program_writes(before, again=True))
        # Nobody else may take either of the two meanwhile.
        for pair in ((first, second), (second, first)):
            with pytest.raises(Conflict):
                await records.sides(ws, *pair)
        await carried(merge, "merged")
        await writing
        await both_write()
        await eventually(lambda: all_is_there(first, first, second))
        thread = await shop.get(f"/conversations/{conversations.id_for(second)}")
        assert (thread["id"], thread["state"]) == (conversations.id_for(first), "open")
        before = await conversations.get(ws, conversations.id_for(first))
        merge = await records.begin_undoing(ws, SYSTEM, await records.get(ws, merge.id))
        await dies_after(PARTING, merge, number % len(PARTING))
        writing = asyncio.create_task(program_writes(before, again=False))
        await carried(merge, "parted")
        await writing
        await both_write()
        await eventually(lambda: all_is_there(first, first))
        await eventually(lambda: all_is_there(second, second))
    for contact_id in (first, second):
        conversation = await conversations.get(ws, conversations.id_for(contact_id))
        newest = (await persons.read(contact_id))[-1]
        assert conversation.contact_id == contact_id
        assert conversation.last_entry is not None
        assert conversation.last_entry.text == newest == said[contact_id][-1]
        assert conversation.unread > 0
        assert conversation.waiting_since is not None
    # Numbers are without gaps, and no entry has ever got another one.
    for contact_id in (first, second):
        rows = await ws.db.entries.find({"contact_id": contact_id}, limit=10_000, fields=["number"])
        assert sorted(row["number"] for row in rows) == list(range(1, len(rows) + 1))


async def test_three_are_merged_and_parted_in_any_order_and_are_as_they_were(persons: Persons, shop: Shop) -> None:
    tag = ids.new("x")
    # On a slow machine an unanswered conversation would go back to the queue meanwhile: its agent is not there.
    await agents.change_settings(persons.ws, SYSTEM, {"return_after_seconds": 0})
    made = [await persons.someone(f"{name} {tag}") for name in ("Kojo", "Esi", "Yaw")]
    (a, _), (b, esi), (c, yaw) = made
    ids_of = {each: conversations.id_for(each) for each in (a, b, c)}
    tags = [(await shop.post("/tags", 201, name=f"{name} {tag}"[:40]))["id"] for name in ("vip", "new")]
    me = shop.owner.member.id
    await shop.post(f"/conversations/{ids_of[a]}/tags", add=[tags[0]])
    await shop.post(f"/conversations/{ids_of[b]}/tags", add=tags)
    await shop.post(f"/conversations/{ids_of[b]}/priority", priority="urgent")
    await shop.post(f"/conversations/{ids_of[b]}/assign", member_id=me)
    await shop.post(f"/conversations/{ids_of[c]}/tags", add=[tags[1]])
    await shop.post(f"/conversations/{ids_of[a]}/close")
    await shop.post("/tickets", 201, contact_id=b, title="Late")
    await shop.post("/tickets", 201, contact_id=c, title="Broken")
    await shop.agent.patch(f"/api/v1/contacts/{c}", json={"name": f"Yaw the Elder {tag}", "notes": "Tall"})
    await shop.agent.patch(f"/api/v1/contacts/{b}", json={"notes": "Short", "language": "fr"})
    row = (await contacts.addresses_of(persons.ws, b))[0]
    later = await shop.post(
        f"/conversations/{ids_of[b]}/deferred",
        201,
        client_id=str(uuid.uuid4()),
        content={"type": "text", "text": f"Later {tag}"},
        account_id=shop.accounts["whatsapp"],
        address=str(row.address),
        at=(datetime.now(UTC) + timedelta(hours=5)).isoformat(),
        on_reply="send",
    )
    await persons.says(yaw, "STOP")
    await quiet(persons.ws)
    before = await stored(persons.ws)
    for order in ((b, c), (c, b)):
        merged_b = await persons.merge(a, b)
        merged_c = await persons.merge(a, c, name="from")
        whole = await shop.get(f"/contacts/{a}")
        assert whole["merged"] == 2
        assert whole["language"] == "fr"
        assert whole["notes"] == "Short\n\nTall"
        assert whole["name"] == f"Yaw the Elder {tag}"
        # One stop holds for every number of the person.
        assert {each["consent"]["marketing"] for each in whole["addresses"]} == {"withdrawn"}
        one = await shop.get(f"/conversations/{ids_of[a]}")
        assert one["state"] == "open"
        assert one["priority"] == "urgent"
        assert one["assignee_id"] == me
        assert set(one["tags"]) == set(tags)
        assert one["deferred"] == 1
        assert set(one["absorbed"]) == {ids_of[b], ids_of[c]}
        waiting = (await shop.get("/deferred", limit=50))["items"]
        assert next(w for w in waiting if w["id"] == later["id"])["conversation_id"] == ids_of[a]
        for each in order:
            await shop.post(f"/merges/{merged_b if each == b else merged_c}/undo")
        assert different(await stored(persons.ws), before) == []
    # One that was merged can be merged on; the later merge is undone first.
    inner = await persons.merge(a, b)
    outer = await persons.merge(c, a)
    assert (await shop.get(f"/contacts/{b}"))["id"] == c
    assert (await shop.get(f"/conversations/{ids_of[b]}"))["id"] == ids_of[c]
    texts = await persons.read(c)
    (confirmed,) = [text for text in texts if "You have been unsubscribed" in text]
    assert sorted(texts) == sorted([f"Hello from {each['name']}" for _, each in made] + ["STOP", confirmed])
    refused = await shop.agent.post(f"/api/v1/merges/{inner}/undo", json={})
    assert refused.status_code == 409
    assert refused.json()["code"] == "undo_later_first"
    new = await persons.says(esi, f"From deep within {tag}")
    assert new["contact_id"] == c
    await shop.post(f"/merges/{outer}/undo")
    assert f"From deep within {tag}" in await persons.read(a)
    assert f"From deep within {tag}" not in await persons.read(c)
    await shop.post(f"/merges/{inner}/undo")
    assert await persons.read(b) == [f"Hello from {esi['name']}", f"From deep within {tag}"]
    assert len(await persons.read(a)) == 1


async def test_what_is_unread_is_whose_it_was_when_an_earlier_merge_is_undone_first(
    persons: Persons, shop: Shop
) -> None:
    """`read` says what was merged when the member read everything; `first` is undone first."""
    # So that nobody's going away changes who has read what.
    await agents.change_settings(persons.ws, SYSTEM, {"return_after_seconds": 0})
    tag = ids.new("x")
    made = [await persons.someone(f"{name} {tag}") for name in ("Ines", "Omar", "Lotte")]
    (a, _), (b, omar), (c, lotte) = made
    await persons.says(lotte, f"and more {tag}")
    await quiet(persons.ws)
    rows = {each: conversations.id_for(each) for each in (a, b, c)}
    me = shop.owner.member.id
    news = itertools.count()

    async def unread(contact_id: str) -> tuple[int, int]:
        """The member's, everybody else's."""
        row = await conversations.get(persons.ws, rows[contact_id])
        return row.unread_by.get(me, row.unread), row.unread

    async def reads() -> None:
        up_to = (await shop.get(f"/conversations/{rows[a]}"))["last_number"]
        await shop.post(f"/conversations/{rows[a]}/read", 204, up_to=up_to)

    async def wait(contact_id: str) -> datetime | None:
        return (await conversations.get(persons.ws, rows[contact_id])).waiting_since

    waits = {each: await wait(each) for each in (a, b, c)}
    for each, number in ((a, 1), (b, 1), (c, 2)):
        assert await unread(each) == (number, number)
    # Nobody has read any of it.
    merged_b, merged_c = await persons.merge(a, b), await persons.merge(a, c)
    assert await unread(a) == (4, 4)
    await shop.post(f"/merges/{merged_b}/undo")
    assert [await unread(each) for each in (a, b)] == [(3, 3), (1, 1)]
    assert await wait(a) == waits[a]
    await shop.post(f"/merges/{merged_c}/undo")
    assert [await unread(each) for each in (a, b, c)] == [(1, 1), (1, 1), (2, 2)]
    # Read by one between the two merges; then one of each side writes.
    merged_b = await persons.merge(a, b)
    await reads()
    merged_c = await persons.merge(a, c)
    assert await unread(a) == (2, 4)
    for customer in (omar, lotte):
        await persons.says(customer, f"news {next(news)} {tag}")
    await quiet(persons.ws)
    assert await unread(a) == (4, 6)
    await shop.post(f"/merges/{merged_b}/undo")
    assert await unread(a) == (3, 4)
    assert await unread(b) == (1, 2)
    await shop.post(f"/merges/{merged_c}/undo")
    assert await unread(a) == (0, 1)
    assert await unread(c) == (3, 3)
    assert [await wait(each) for each in (a, b, c)] == [waits[each] for each in (a, b, c)]
    # Read by one after both.
    merged_b, merged_c = await persons.merge(a, b), await persons.merge(a, c)
    await reads()
    await persons.says(lotte, f"news {next(news)} {tag}")
    await quiet(persons.ws)
    await shop.post(f"/merges/{merged_b}/undo")
    assert await unread(a) == (1, 5)
    await shop.post(f"/merges/{merged_c}/undo")
    assert await unread(a) == (0, 1)
    assert await unread(c) == (1, 4)


async def test_who_dies_while_beginning_holds_nobody(persons: Persons, shop: Shop) -> None:
    ws = persons.ws
    (first, _), (second, ben), (third, _) = [
        await persons.someone(f"{n} {ids.new('x')}") for n in ("Ana", "Ben", "Eli")
    ]
    merge = await records.get(ws, await persons.merge(first, second))
    # An undoing that was just marking the two.
    await store.open_work(ws, merge.id)
    assert await store.claim(ws, first, merge.id)
    assert (await shop.agent.get(f"/api/v1/contacts/{first}/merge", params={"from_id": third})).status_code == 409
    # A merge that was refused because of it, and could not say so any more.
    refused = replace(merge, id=ids.new("mrg"), from_id=third, status="merging", kept={}, moved={}, revision=0)
    await store.insert(ws, refused)
    await merging.carry(ws, refused.id)
    with pytest.raises(NotFound):
        await records.get(ws, refused.id)
    # What is marked of something that is made, or was not begun, is let go of.
    await merging.carry(ws, merge.id)
    assert (await shop.get(f"/contacts/{first}/merge", from_id=third))["into"]["id"] == first
    assert (await records.get(ws, merge.id)).status == "merged"
    # Whoever was overtaken writes nothing of what they knew.
    newer = await records.advance(ws, merge, picks={"name": "into"})
    with pytest.raises(records.Overtaken):
        await records.keep(ws, merge, heard={})
    assert (await records.get(ws, merge.id)).revision == newer.revision
    # A handle that was linked to the one that is left, just when it was merged, follows it with the first message.
    handle = Address("telegram", str(ben["telegram_id"]))
    await contacts.join(ws, second, handle, Profile())
    await shop.writes("telegram", ben["id"], type="start")
    said = await persons.says(ben, f"By Telegram {second}", channel="telegram")
    assert said["contact_id"] == first
    await shop.post(f"/merges/{merge.id}/undo")
    assert f"By Telegram {second}" in await persons.read(second)
    assert f"By Telegram {second}" not in await persons.read(first)
