"""
Queries on segments (a small collection, read as a whole), on who is in them, and on what the clerk has to do.

Indexes: segments (workspace_id, key), unique, and `work_key`, sparse, which holds those to be worked on; members
(workspace_id, segment_id, contact_id), unique, and (workspace_id, contact_id).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.core.mongo import MOST_IN, Document, DuplicateId
from app.core.runtime import Workspace
from automations import segments
from crm.store import evenly

_IDS = "con_"
_BY_PEOPLE = ("name", "description", "rule", "updated_at", "updated_by", "updated_by_name", "revision", "rule_revision")


def _segment(row: Document) -> segments.Segment:
    building = row.get("building")
    values: dict[str, Any] = {name: row[name] for name in segments.Segment.__slots__ if name in row}
    values["touched"] = {what: segments.Touch(**touch) for what, touch in row.get("touched", {}).items()}
    values["building"] = segments.Building(**building) if building else None
    return segments.Segment(**values | {"id": row["_id"]})


def _row(segment: segments.Segment) -> Document:
    row = asdict(segment)
    row["key"] = segments.key(segment.name)
    del row["id"]
    return row


async def every(ws: Workspace) -> list[segments.Segment]:
    """Those that are not being deleted. Index: workspace_id, key."""
    rows = await ws.db.segments.find({}, limit=2 * segments.MOST)
    return [_segment(row) for row in rows if not row.get("deleted")]


async def get(ws: Workspace, segment_id: str) -> segments.Segment | None:
    row = await ws.db.segments.get(segment_id)
    return _segment(row) if row and not row.get("deleted") else None


async def insert(ws: Workspace, segment: segments.Segment) -> bool:
    """False if there is one of this name."""
    try:
        await ws.db.segments.insert({"_id": segment.id, **_row(segment), "work_key": ws.id})
    except DuplicateId:
        return False
    return True


async def save(ws: Workspace, wanted: segments.Segment, *, rule: bool) -> bool | None:
    """As this revision, what people say of it; False if it is not the next. None: the name is taken."""
    row = _row(wanted)
    changed = {name: row[name] for name in (*_BY_PEOPLE, "key", "touched")}
    if rule:
        changed |= {"building": row["building"], "work_key": ws.id}
    where = {"_id": wanted.id, "revision": wanted.revision - 1, "deleted": None}
    try:
        return await ws.db.segments.update(where, {"$set": changed})
    except DuplicateId:
        return None


async def begin_again(ws: Workspace, segment_id: str, building: segments.Building) -> None:
    """Everybody is to be asked anew, from the first contact on."""
    change = {"$set": {"building": asdict(building), "work_key": ws.id}, "$inc": {"rule_revision": 1}}
    await ws.db.segments.update({"_id": segment_id, "deleted": None}, change)


async def mark_deleted(ws: Workspace, segment_id: str) -> None:
    """Its row goes when nobody is in it any more; the name is free at once."""
    change = {"$set": {"deleted": True, "key": f"\x00{segment_id}", "work_key": ws.id, "building": None}}
    await ws.db.segments.update({"_id": segment_id}, change)


# --- members ------------------------------------------------------------------------------------------------------


async def members(ws: Workspace, segment_id: str, *, after: str | None, limit: int) -> list[str]:
    """By contact id. Index: workspace_id, segment_id, contact_id."""
    where = {"segment_id": segment_id}
    rows = await evenly.in_order(
        ws.db.segment_members, _IDS, where, after=after, limit=limit, fields=["contact_id"], by="contact_id"
    )
    return [row["contact_id"] for row in rows]


async def members_within(ws: Workspace, segment_id: str, after: str, last: str | None) -> set[str]:
    """Of a stretch of contacts. Index: workspace_id, segment_id, contact_id."""
    bounds = {"$gt": after} if last is None else {"$gt": after, "$lte": last}
    where = {"segment_id": segment_id, "contact_id": bounds}
    rows = await ws.db.segment_members.find(where, limit=1_000_000, fields=["contact_id"])
    return {row["contact_id"] for row in rows}


async def among(ws: Workspace, segment_id: str, contact_ids: Sequence[str]) -> list[str]:
    """Those of these that are in it, in their order; point reads."""
    rows = await ws.db.segment_members.get_many(member_id(segment_id, each) for each in contact_ids)
    there = {row["contact_id"] for row in rows}
    return [each for each in contact_ids if each in there]


async def of_contacts(ws: Workspace, contact_ids: Sequence[str]) -> dict[str, set[str]]:
    """In which segments each is. Index: workspace_id, contact_id."""
    found: dict[str, set[str]] = {contact_id: set() for contact_id in contact_ids}
    for first in range(0, len(contact_ids), MOST_IN):
        some = list(contact_ids[first : first + MOST_IN])
        where = {"contact_id": some[0] if len(some) == 1 else {"$in": some}}
        limit = 2 * segments.MOST * len(some)
        for row in await ws.db.segment_members.find(where, limit=limit, fields=["contact_id", "segment_id"]):
            found[row["contact_id"]].add(row["segment_id"])
    return found


def member_id(segment_id: str, contact_id: str) -> str:
    return f"{segment_id}/{contact_id}"


async def enter(ws: Workspace, segment_id: str, contact_ids: Sequence[str], at: datetime) -> None:
    """In one command; those that are in it stay as they are."""
    rows = [
        {"_id": member_id(segment_id, each), "segment_id": segment_id, "contact_id": each, "since": at}
        for each in contact_ids
    ]
    await ws.db.segment_members.insert_new(rows)


async def leave(ws: Workspace, segment_id: str, contact_ids: Sequence[str]) -> None:
    for first in range(0, len(contact_ids), MOST_IN):
        some = [member_id(segment_id, each) for each in contact_ids[first : first + MOST_IN]]
        await ws.db.segment_members.delete({"_id": some[0] if len(some) == 1 else {"$in": some}})


# --- what the clerk does ------------------------------------------------------------------------------------------


async def deleted(ws: Workspace) -> list[str]:
    """Those whose members have to go. Index: workspace_id, key."""
    rows = await ws.db.segments.find({}, limit=4 * segments.MOST, fields=["deleted"])
    return [row["_id"] for row in rows if row.get("deleted")]


async def remove(ws: Workspace, segment_id: str) -> None:
    await ws.db.segments.delete({"_id": segment_id})


async def counted(ws: Workspace, segment_id: str, step: int, *, change: int, day: str, at: datetime, keep: str) -> None:
    """This move is counted in, once however often it is told. Days before `keep` are forgotten."""
    row = await ws.db.segments.get(segment_id)
    if row is None or row["step"] >= step:
        return
    count = max(0, row["count"] + change)
    days = {each: known for each, known in row["days"].items() if each >= keep} | {day: count}
    values = {"count": count, "days": days, "step": step, "counted_at": at}
    await ws.db.segments.update({"_id": segment_id, "step": row["step"]}, {"$set": values})


async def note_progress(ws: Workspace, segment: segments.Segment, building: segments.Building) -> None:
    """How far it is; nothing if it has to begin again."""
    where = {"_id": segment.id, "rule_revision": segment.rule_revision}
    await ws.db.segments.update(where, {"$set": {"building": asdict(building)}})


async def built(ws: Workspace, segment: segments.Segment) -> bool:
    """All have been asked; False if its rule has changed since."""
    where = {"_id": segment.id, "rule_revision": segment.rule_revision}
    return await ws.db.segments.update(where, {"$set": {"building": None}, "$unset": {"work_key": ""}})


async def newest_step(ws: Workspace) -> int:
    row = await ws.db.segment_steps.get(ws.id)
    return int(row["number"]) if row else 0


async def insert_move(ws: Workspace, number: int, move: Mapping[str, Any]) -> None:
    """Raises DuplicateId: somebody else has made a move of this number."""
    await ws.db.segment_moves.insert({"_id": f"{ws.id}/{number:012d}", "number": number, "work_key": ws.id, **move})
    await ws.db.segment_steps.update({"_id": ws.id}, {"$set": {"number": number}}, upsert=True)


async def open_moves(ws: Workspace) -> list[Document]:
    """Those that are not carried through, in order. Index: work_key."""
    return sorted(await ws.db.segment_moves.find_marked("work_key", [ws.id], limit=100), key=lambda row: row["_id"])


async def close_move(ws: Workspace, number: int, expires_at: datetime) -> None:
    change = {"$unset": {"work_key": ""}, "$set": {"expires_at": expires_at}}
    await ws.db.segment_moves.update({"_id": f"{ws.id}/{number:012d}"}, change)


async def moves(ws: Workspace, after: int, *, limit: int) -> list[Document]:
    """Those with the next numbers, in order. Index: workspace_id, number."""
    rows = await ws.db.segment_moves.find({"number": {"$gt": after, "$lte": after + limit}}, limit=limit)
    return sorted(rows, key=lambda row: int(row["number"]))


async def dues(ws: Workspace, contact_ids: Sequence[str]) -> dict[str, datetime]:
    """When time will move these contacts, for those of whom it is known."""
    return {row["_id"]: row["due_at"] for row in await ws.db.segment_dues.get_many(contact_ids)}


async def add_dues(ws: Workspace, turns: Mapping[str, datetime]) -> list[str]:
    """When time will move them, of whom it is not noted yet; the others."""
    rows = [{"_id": contact_id, "due_at": at} for contact_id, at in turns.items()]
    return list(await ws.db.segment_dues.insert_new(rows))


async def move_dues(ws: Workspace, turns: Mapping[str, datetime]) -> None:
    await ws.db.segment_dues.update_each(
        [([contact_id], {}, {"$set": {"due_at": at}}) for contact_id, at in turns.items()]
    )


async def drop_dues(ws: Workspace, contact_ids: Sequence[str], *, until: datetime) -> None:
    """Of those whom time will not move any more: they are still noted for a time that is over."""
    for first in range(0, len(contact_ids), MOST_IN):
        some = list(contact_ids[first : first + MOST_IN])
        await ws.db.segment_dues.delete({"_id": {"$in": some}, "due_at": {"$lte": until}})
