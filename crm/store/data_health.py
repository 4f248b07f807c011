"""
What was found about contacts: a row for each workspace, under its id, and one for each bucket of contacts.

Indexes of buckets: (workspace_id, bucket), and (workspace_id, has, bucket), where `has` are the findings that anybody
in it has. There are at most 4,096 of a workspace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.core.mongo import Document, DuplicateId
from app.core.runtime import Workspace
from crm import data_health
from crm.store import duplicates, evenly
from crm.store.contacts import IDS

_MOST_BUCKETS = 5_000
_MOST_PAIRS = 10_000
_PAIRS_AT_ONCE = 500


async def get(ws: Workspace) -> data_health.Health | None:
    row = await ws.db.data_health.get(ws.id)
    if row is None:
        return None
    values: dict[str, Any] = {name: row[name] for name in data_health.Health.__slots__ if name in row}
    values["days"] = {day: data_health.Day(**each) for day, each in row.get("days", {}).items()}
    return data_health.Health(**values)


async def begin(ws: Workspace, at: datetime, chars: int) -> bool:
    """Look through all contacts from the beginning; False if that is under way. What was counted stays meanwhile."""
    begun: Document = {"started_at": at, "moved_at": at, "state": "running", "after": None, "batch": 0, "looked_at": 0}
    begun["chars"] = chars
    try:
        return await ws.db.data_health.update(
            {"_id": ws.id, "state": "done"}, {"$set": {**begun, "active_key": ws.id}}, upsert=True
        )
    except DuplicateId:
        return False


async def advance(ws: Workspace, old: data_health.Health, new: data_health.Health) -> bool:
    """From one batch to the next; False if somebody else did this batch."""
    where = {"_id": ws.id, "started_at": old.started_at, "batch": old.batch}
    changed = {name: getattr(new, name) for name in ("moved_at", "state", "after", "batch", "looked_at")}
    return await ws.db.data_health.update(where, {"$set": changed})


async def counted(ws: Workspace, new: data_health.Health) -> None:
    days = {day: asdict(each) for day, each in new.days.items()}
    values = {"counted_at": new.counted_at, "total": new.total, "counts": dict(new.counts), "days": days}
    await ws.db.data_health.update({"_id": ws.id}, {"$set": values})


async def delete_others(ws: Workspace, chars: int) -> None:
    """Buckets whose names are longer or shorter. Index: workspace_id, bucket."""
    await ws.db.data_health_buckets.delete({"bucket": {"$gt": IDS}, "chars": {"$ne": chars}})


def _bucket(row: Document) -> data_health.Bucket:
    return data_health.Bucket(id=row["bucket"], total=row["total"], counts=row["counts"], named=row["named"])


async def bucket(ws: Workspace, bucket_id: str) -> data_health.Bucket | None:
    row = await ws.db.data_health_buckets.get(f"{ws.id}/{bucket_id}")
    return _bucket(row) if row else None


async def buckets_with(ws: Workspace, finding: str, *, after: str | None, limit: int) -> list[data_health.Bucket]:
    """By id, those in which anybody has it. Index: workspace_id, has, bucket."""
    rows = await evenly.in_order(
        ws.db.data_health_buckets, IDS, {"has": finding}, after=after, limit=limit, by="bucket", share=1 / 256
    )
    return [_bucket(row) for row in rows]


async def put(ws: Workspace, buckets: Sequence[data_health.Bucket]) -> None:
    """In two commands at most; what is as it was is not written."""
    rows = [
        {**asdict(each), "_id": f"{ws.id}/{each.id}", "bucket": each.id, "has": sorted(each.counts)} for each in buckets
    ]
    for row in rows:
        row["chars"] = len(row.pop("id"))
    there = {row["_id"]: row for row in await ws.db.data_health_buckets.get_many(row["_id"] for row in rows)}
    await ws.db.data_health_buckets.insert_new([row for row in rows if row["_id"] not in there])
    changed = [row for row in rows if row["_id"] in there and not row.items() <= there[row["_id"]].items()]
    await ws.db.data_health_buckets.update_each([([row["_id"]], {}, {"$set": row}) for row in changed])


async def sums(ws: Workspace) -> tuple[int, Mapping[str, int]]:
    """How many contacts there are, and how many have each finding. Index: workspace_id, bucket; for the job."""
    total = 0
    counts: dict[str, int] = {}
    where = {"bucket": {"$gt": IDS}}
    for row in await ws.db.data_health_buckets.find(where, limit=_MOST_BUCKETS, fields=["total", "counts"]):
        total += row["total"]
        for finding, count in row["counts"].items():
            counts[finding] = counts.get(finding, 0) + count
    return total, counts


async def in_pairs(ws: Workspace) -> set[str]:
    """Contacts of the newest pairs that nobody has decided about; up to 10,000 pairs."""
    found: set[str] = set()
    before: tuple[datetime, str] | None = None
    for _ in range(_MOST_PAIRS // _PAIRS_AT_ONCE):
        some = await duplicates.newest(ws, before=before, limit=_PAIRS_AT_ONCE)
        found.update(each for pair in some for each in pair.contact_ids)
        if len(some) < _PAIRS_AT_ONCE:
            break
        before = (some[-1].found_at, some[-1].id)
    return found
