"""What a workspace asks for is found by every engine, whichever index it goes by."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.core.runtime import Workspace

DAY = datetime(2026, 3, 29, 0, 59, 59, 999_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "values",
    [
        [f"cnt_{at}" for at in range(6)],
        list(range(6)),
        [-2.5, -1, 0, 0.5, 1, 2**53],
        [DAY + timedelta(milliseconds=at) for at in range(6)],
    ],
    ids=["texts", "whole numbers", "numbers", "times"],
)
async def test_up_to_and_with_a_value_holds_the_value(ws: Workspace, values: list[Any]) -> None:
    # Its index goes on behind `kind`.
    rows = [
        {"_id": f"hap_{ws.id}_{at}_{twice}", "contact_id": "cnt_1", "kind": value, "at": DAY + timedelta(days=twice)}
        for at, value in enumerate(values)
        for twice in range(2)
    ]
    await ws.db.happenings.insert_new(rows)
    for first, last in ((0, 5), (1, 4), (2, 2), (0, 0)):
        for low, begins in (("$gte", first), ("$gt", first + 1)):
            where = {"contact_id": "cnt_1", "kind": {low: values[first], "$lte": values[last]}}
            wanted = sorted(str(row["_id"]) for row in rows if row["kind"] in values[begins : last + 1])
            assert sorted(row["_id"] for row in await ws.db.happenings.find(where, limit=50)) == wanted
            assert await ws.db.happenings.count(where) == len(wanted)
    upto = {"contact_id": "cnt_1", "kind": {"$lte": values[3]}}
    assert await ws.db.happenings.update_all(upto, {"$set": {"seen": True}}) == 8
    assert await ws.db.happenings.delete(upto) == 8
    assert len(await ws.db.happenings.find({"contact_id": "cnt_1"}, limit=50)) == 4


def _entry(ws: Workspace, number: int, name: str = "") -> dict[str, Any]:
    return {"_id": f"ent_{ws.id}_{name or number}", "contact_id": "con_1", "number": number}


@pytest.mark.parametrize("at_once", [1, 6], ids=["alone", "many at a time"])
async def test_a_row_goes_with_what_it_changes(ws: Workspace, at_once: int) -> None:
    """Each of them changes a row of its own, which one command does that comes alone, and some that come together."""
    entries, conversations = ws.db.entries, ws.db.conversations
    names = [f"cnv_{ws.id}_{at}" for at in range(at_once)]
    await conversations.insert_new([{"_id": name, "revision": 1, "due_at": DAY} for name in names])

    async def write(at: int, row: dict[str, Any], revision: int, gone: tuple[str, ...] = ()) -> tuple[bool, bool]:
        changed = {"revision": revision + 1, "unread": revision}
        return await entries.insert_and_update_at(row, conversations, names[at], revision, changed, gone)

    async def all_write(rows: list[dict[str, Any]], revision: int, **more: Any) -> set[tuple[bool, bool]]:
        return set(await asyncio.gather(*(write(at, row, revision, **more) for at, row in enumerate(rows))))

    async def revisions() -> set[int]:
        return {row["revision"] for row in await conversations.get_many(names)}

    first = [_entry(ws, at) for at in range(at_once)]
    assert await all_write(first, 1) == {(True, True)}
    assert await revisions() == {2}
    # An id that is taken, and a number.
    assert await all_write(first, 2) == {(False, False)}
    assert await all_write([_entry(ws, at, f"other_{at}") for at in range(at_once)], 2) == {(False, False)}
    assert await revisions() == {2}
    # Somebody has changed the other one meanwhile.
    assert await all_write([_entry(ws, 100 + at) for at in range(at_once)], 1) == {(True, False)}
    assert await revisions() == {2}
    # A field is taken away.
    assert await all_write([_entry(ws, 200 + at) for at in range(at_once)], 2, gone=("due_at",)) == {(True, True)}
    assert await all_write([_entry(ws, 300 + at) for at in range(at_once)], 2, gone=("due_at",)) == {(True, False)}
    found = await conversations.get_many(names)
    assert [(row["revision"], row["unread"], "due_at" in row) for row in found] == [(3, 2, False)] * at_once
    assert len(await entries.find({"contact_id": "con_1", "number": {"$gte": 0}}, limit=100)) == 4 * at_once


async def test_one_of_many_that_is_not_as_it_was_keeps_none_of_the_others_back(ws: Workspace) -> None:
    names = [f"cnv_{ws.id}_{at}" for at in range(8)]
    await ws.db.conversations.insert_new([{"_id": name, "revision": at % 4} for at, name in enumerate(names)])

    async def write(at: int, revision: int) -> tuple[bool, bool]:
        row, changed = _entry(ws, at), {"revision": revision + 1, "by": at}
        return await ws.db.entries.insert_and_update_at(row, ws.db.conversations, names[at], revision, changed)

    # The first goes alone, and was not as it is said to be.
    told = await asyncio.gather(*(write(at, 1) for at in range(8)))
    found = {row["_id"]: row for row in await ws.db.conversations.get_many(names)}
    assert [found[name].get("by") for name in names] == [at if at % 4 == 1 else None for at in range(8)]
    assert [found[name]["revision"] for name in names] == [2 if at % 4 == 1 else at % 4 for at in range(8)]
    assert all(stored for stored, _ in told)
    # Nobody is told of a change that was not made.
    assert not any(changed for at, (_, changed) in enumerate(told) if at % 4 != 1)


async def test_nobody_elses_row_is_changed_with_one(ws: Workspace) -> None:
    theirs, name = ws.runtime.workspace("wsp_other"), f"cnv_{ws.id}"
    await theirs.db.conversations.insert({"_id": name, "revision": 1})
    written = await ws.db.entries.insert_and_update_at(_entry(ws, 1), ws.db.conversations, name, 1, {"revision": 2})
    assert written == (True, False)
    assert (await theirs.db.conversations.get(name) or {})["revision"] == 1
