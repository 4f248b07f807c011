"""Queries on when contacts and we wrote lately, and on the entries from which that is folded."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.mongo import MOST_IN, Document
from app.core.runtime import Workspace
from inbox import traffic

_FIELDS = ("contact_id", "number", "kind", "direction", "channel", "at")
# Entries of a stretch of contacts that are read at once.
_MOST_ENTRIES = 20_000


def _traffic(row: Document) -> traffic.Traffic:
    return traffic.Traffic(
        contact_id=row["contact_id"],
        counted=row["counted"],
        received=tuple(traffic.Written(each["at"], each.get("channel")) for each in row["received"]),
        sent=tuple(traffic.Written(each["at"], each.get("channel")) for each in row["sent"]),
    )


def _row(known: traffic.Traffic) -> Document:
    def plain(written: Sequence[traffic.Written]) -> list[Document]:
        return [{"at": each.at, "channel": each.channel} for each in written]

    return {
        "contact_id": known.contact_id,
        "counted": known.counted,
        "received": plain(known.received),
        "sent": plain(known.sent),
    }


def _counted(row: Document) -> traffic.Counted:
    direction = row.get("direction") if row["kind"] == "message" else None
    return traffic.Counted(row["contact_id"], row["number"], direction, traffic.Written(row["at"], row.get("channel")))


async def of(ws: Workspace, contact_ids: Sequence[str]) -> dict[str, traffic.Traffic]:
    """By contact."""
    return {row["contact_id"]: _traffic(row) for row in await ws.db.traffic.get_many(contact_ids)}


async def within(ws: Workspace, after: str, last: str) -> dict[str, traffic.Traffic]:
    """By contact, of a stretch of their ids. Index: workspace_id, contact_id."""
    where = {"contact_id": {"$gt": after, "$lte": last}}
    return {row["contact_id"]: _traffic(row) for row in await ws.db.traffic.find(where, limit=100_000)}


async def save(ws: Workspace, known: traffic.Traffic) -> None:
    await ws.db.traffic.update({"_id": known.contact_id}, {"$set": _row(known)}, upsert=True)


async def insert(ws: Workspace, new: Sequence[traffic.Traffic]) -> None:
    await ws.db.traffic.insert_new([{"_id": each.contact_id, **_row(each)} for each in new])


async def delete(ws: Workspace, contact_ids: Sequence[str]) -> None:
    for first in range(0, len(contact_ids), MOST_IN):
        await ws.db.traffic.delete({"_id": {"$in": list(contact_ids[first : first + MOST_IN])}})


async def entries_after(ws: Workspace, contact_id: str, number: int, *, width: int) -> list[traffic.Counted]:
    """The next entries of a story; none at its end. Index: workspace_id, contact_id, number."""
    where = {"contact_id": contact_id, "number": {"$gt": number, "$lte": number + width}}
    return [_counted(row) for row in await ws.db.entries.find(where, limit=width, fields=_FIELDS)]


async def entries_within(ws: Workspace, after: str, last: str) -> dict[str, list[traffic.Counted]] | None:
    """By contact, of a stretch of their ids; None if they are many. Index: workspace_id, contact_id, number."""
    where = {"contact_id": {"$gt": after, "$lte": last}}
    rows = await ws.db.entries.find(where, limit=_MOST_ENTRIES, fields=_FIELDS)
    if len(rows) == _MOST_ENTRIES:
        return None
    found: dict[str, list[traffic.Counted]] = {}
    for row in rows:
        found.setdefault(row["contact_id"], []).append(_counted(row))
    return found
