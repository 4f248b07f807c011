"""What a workspace asks for is found by every engine, whichever index it goes by."""

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
