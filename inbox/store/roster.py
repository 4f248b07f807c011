"""
Queries on the roster: a row for each member and day that is planned. Ids are made of both, so what is asked of a few
people are point reads, and of a team a range of days. Index: workspace_id, day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from app.core.calendars import Span
from app.core.mongo import MOST_IN, Document, DuplicateId
from app.core.platform.members import MOST_MEMBERS
from app.core.runtime import Workspace
from inbox.routing import shifts

_DAY = timedelta(days=1)


def _id(member_id: str, day: date) -> str:
    return f"rst_{member_id}_{day}"


def _row(shift: shifts.Shift) -> Document:
    return {
        "_id": _id(shift.member_id, shift.day),
        "member_id": shift.member_id,
        "day": shift.day.isoformat(),
        "zone": shift.zone,
        "hours": [[span.start, span.end] for span in shift.hours],
        "absence": shift.absence,
        "revision": shift.revision,
        "changed_by": shift.changed_by,
    }


def _from_row(row: Document) -> shifts.Shift:
    return shifts.Shift(
        member_id=row["member_id"],
        day=date.fromisoformat(row["day"]),
        zone=row["zone"],
        hours=tuple(Span(start, end) for start, end in row["hours"]),
        absence=row["absence"],
        revision=row["revision"],
        changed_by=row["changed_by"],
    )


async def get(ws: Workspace, member_id: str, day: date) -> shifts.Shift | None:
    row = await ws.db.roster.get(_id(member_id, day))
    return _from_row(row) if row else None


async def between(ws: Workspace, member_ids: Sequence[str], first: date, last: date) -> list[shifts.Shift]:
    """What is planned for these members on the days from `first` to `last`, both included; in no particular order."""
    wanted = set(member_ids)
    spanned = [first + n * _DAY for n in range((last - first).days + 1)]
    if len(wanted) * len(spanned) <= MOST_IN:
        rows = await ws.db.roster.get_many(_id(member_id, day) for member_id in wanted for day in spanned)
    else:
        within = {"day": {"$gte": first.isoformat(), "$lte": last.isoformat()}}
        rows = await ws.db.roster.find(within, limit=MOST_MEMBERS * len(spanned))
    return [_from_row(row) for row in rows if row["member_id"] in wanted]


async def insert(ws: Workspace, shift: shifts.Shift) -> bool:
    """False if something is planned for this day already."""
    try:
        await ws.db.roster.insert(_row(shift))
    except DuplicateId:
        return False
    return True


async def insert_new(ws: Workspace, planned: Sequence[shifts.Shift]) -> int:
    """Those whose day is not planned yet; how many."""
    return len(planned) - len(await ws.db.roster.insert_new([_row(shift) for shift in planned]))


async def replace(ws: Workspace, shift: shifts.Shift) -> bool:
    """Whether it was still at the revision before."""
    row = _row(shift)
    where = {"_id": row.pop("_id"), "revision": shift.revision - 1}
    return await ws.db.roster.update(where, {"$set": row})


async def delete(ws: Workspace, shift: shifts.Shift) -> bool:
    """Whether it was still as it is here."""
    return bool(await ws.db.roster.delete({"_id": _id(shift.member_id, shift.day), "revision": shift.revision}))
