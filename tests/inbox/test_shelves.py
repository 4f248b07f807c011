"""Filters of a timeline: the same as looking at every entry, and as cheap in a long story as in a short one."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.core import ids, mongo
from app.core.clock import iso
from app.core.migrations import run
from app.core.runtime import Workspace
from inbox import conversations, shelves
from inbox.shelves import KINDS, Filter
from inbox.store import entries as store
from inbox.timeline import Author, Entry
from tests.support.people import Person

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
CHANNELS = ("whatsapp", "sms", "telegram")


def entry(contact_id: str, number: int, kind: Any, **more: Any) -> Entry:
    at = BEGAN + timedelta(minutes=number)
    return Entry(
        id=f"ent_{contact_id}_{number}",
        contact_id=contact_id,
        conversation_id=conversations.id_for(contact_id),
        number=number,
        at=at,
        created_at=at,
        kind=kind,
        author=Author("system"),
        **more,
    )


async def story(ws: Workspace, length: int, seed: int) -> list[Entry]:
    """Mostly messages on one channel; here and there something else."""
    chance, contact_id = random.Random(seed), ids.new("con")
    told: list[Entry] = []
    for number in range(1, length + 1):
        kind = chance.choices((*KINDS, "tombstone"), (200, 4, 4, 4, 2, 1))[0]
        more: dict[str, Any] = {}
        if kind == "message":
            more["channel"] = chance.choices(CHANNELS, (60, 3, 1))[0]
        elif kind == "ticket":
            kind, more["ticket_id"] = chance.choice(("note", "event")), "tck_1"
        elif kind == "consent":
            more["event"] = {"name": "consent_changed", "channel": chance.choice(CHANNELS)}
        told.append(entry(contact_id, number, kind, **more))
    await ws.db.entries.insert_new([store.to_row(each) for each in told])
    return told


async def read(ws: Workspace, told: list[Entry], wanted: Filter, limit: int) -> list[int]:
    """All pages, newest first."""
    found: list[int] = []
    before: int | None = len(told) + 20
    while before is not None:
        page, before = await shelves.page_before(ws, told[0].contact_id, wanted, before, channels=CHANNELS, limit=limit)
        assert [each.number for each in page] == sorted(each.number for each in page)
        assert len(page) <= limit
        found += [each.number for each in reversed(page)]
    return found


async def test_it_finds_what_looking_at_everything_finds(ws: Workspace) -> None:
    chance = random.Random(7)
    told = await story(ws, 400, 7)
    for _ in range(10):
        since, until = sorted(chance.sample(range(-50, 450), 2))
        wanted = Filter(
            kinds=tuple(chance.sample(KINDS, chance.randint(0, 3))),
            channels=tuple(chance.sample((*CHANNELS, "livechat"), chance.choice((0, 0, 1, 2)))),
            since=BEGAN + timedelta(minutes=since) if chance.random() < 0.5 else None,
            until=BEGAN + timedelta(minutes=until) if chance.random() < 0.5 else None,
        )
        expected = [
            each.number
            for each in reversed(told)
            if (not wanted.kinds or shelves.kind_of(each) in wanted.kinds)
            and (not wanted.channels or shelves.channel_of(each) in wanted.channels)
            and (wanted.since is None or each.created_at >= wanted.since)
            and (wanted.until is None or each.created_at < wanted.until)
        ]
        assert await read(ws, told, wanted, chance.choice((10, 40, 100))) == expected, wanted


async def test_three_notes_among_thousands_are_a_handful_of_reads(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact_id = ids.new("con")
    told = [
        entry(contact_id, n, "note") if n in (5, 1_500, 1_501) else entry(contact_id, n, "message", channel="sms")
        for n in range(1, 3_001)
    ]
    await ws.db.entries.insert_new([store.to_row(each) for each in told])
    reads: list[int] = []
    on_shelf = store.on_shelf

    async def counted(*args: Any, **named: Any) -> list[Entry]:
        rows = await on_shelf(*args, **named)
        reads.append(len(rows))
        return rows

    monkeypatch.setattr(store, "on_shelf", counted)
    assert await read(ws, told, Filter(kinds=("note",)), 50) == [1_501, 1_500, 5]
    assert (sum(reads), len(reads) <= 4) == (3, True)
    # The other way round: many to be found, and no more of them read than pages need.
    reads.clear()
    await shelves.page_before(ws, contact_id, Filter(channels=("sms",)), 3_001, channels=CHANNELS, limit=50)
    assert sum(reads) <= 200


async def test_entries_of_before_get_their_shelves(ws: Workspace) -> None:
    told = await story(ws, 60, 3)
    db = ws.runtime.mongo
    await db.entries.update_many({"contact_id": told[0].contact_id}, {"$unset": {"shelves": ""}})
    failed = {"status": "failed", "failed_key": ws.id, "status_times": {"failed": BEGAN}}
    await db.entries.update_one({"_id": told[0].id}, {"$set": failed})
    await db.migrations.delete_many({})
    await run(db, ws.clock)
    rows = {row["_id"]: row async for row in db.entries.find({"contact_id": told[0].contact_id})}
    assert {each.id: rows[each.id]["shelves"] for each in told} == {each.id: shelves.of(each) for each in told}
    assert [entry.id for entry in await store.failed(ws, before=None, limit=5)] == [told[0].id]
    assert await mongo.missing_indexes(db) == []


async def test_a_thread_and_a_contact_are_filtered_alike(owner: Person) -> None:
    ws = owner.ws
    told = await story(ws, 120, 5)
    contact_id = told[0].contact_id
    made = conversations.new_for(ws, contact_id, name="Ana")
    saved, _ = await conversations.change(ws, made, lambda now: conversations.replace(now, last_number=120))
    query = {"kind": "note,consent", "since": iso(BEGAN + timedelta(minutes=30)), "limit": "3"}
    path = f"/api/v1/conversations/{saved.id}/entries"
    found: list[int] = []
    before: int | None = None
    for _ in range(60):
        asked = {**query, **({"before": str(before)} if before else {})}
        answer = (await owner.client.get(path, params=asked)).json()
        assert answer["has_more"] == (answer["next_before"] is not None)
        found += [item["number"] for item in reversed(answer["items"])]
        before = answer["next_before"]
        if before is None:
            break
    wanted = [e.number for e in reversed(told) if shelves.kind_of(e) in ("note", "consent") and e.number >= 30]
    assert found == wanted
    wrong = await owner.client.get(path, params={"kind": "letter"})
    assert (wrong.status_code, "kind" in wrong.json()["errors"][0]["field"]) == (422, True)
