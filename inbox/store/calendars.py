"""Queries on calendars. There are few in a workspace; lists read them all. Index: workspace_id, name."""

from __future__ import annotations

from datetime import date

from app.core.calendars import Calendar, Hours, Span, SpecialDay
from app.core.mongo import Document
from app.core.runtime import Workspace
from inbox.routing import calendars

MOST = 200


def _hours(rows: list[list[int]]) -> Hours:
    return tuple(Span(start, end) for start, end in rows)


def _pairs(hours: Hours) -> list[list[int]]:
    return [[span.start, span.end] for span in hours]


def to_row(kept: calendars.KeptCalendar) -> Document:
    calendar = kept.calendar
    return {
        "_id": calendar.id,
        "name": calendar.name,
        "zone": calendar.zone,
        "week": [_pairs(hours) for hours in calendar.week],
        "country": calendar.country,
        "region": calendar.region,
        "worked": sorted(day.isoformat() for day in calendar.worked),
        "special": [
            {"day": special.day.isoformat(), "name": special.name, "hours": _pairs(special.hours)}
            for special in calendar.special
        ],
        "revision": kept.revision,
        "changed_by": kept.changed_by,
    }


def _from_row(row: Document) -> calendars.KeptCalendar:
    calendar = Calendar(
        id=row["_id"],
        name=row["name"],
        zone=row["zone"],
        week=tuple(_hours(day) for day in row["week"]),
        country=row["country"],
        region=row["region"],
        worked=frozenset(date.fromisoformat(day) for day in row["worked"]),
        special=tuple(
            SpecialDay(date.fromisoformat(special["day"]), special["name"], _hours(special["hours"]))
            for special in row["special"]
        ),
    )
    return calendars.KeptCalendar(calendar, revision=row["revision"], changed_by=row["changed_by"])


async def get(ws: Workspace, calendar_id: str) -> calendars.KeptCalendar | None:
    row = await ws.db.calendars.get(calendar_id)
    return _from_row(row) if row else None


async def listed(ws: Workspace) -> list[calendars.KeptCalendar]:
    """By name."""
    rows = await ws.db.calendars.find({}, limit=MOST)
    return sorted((_from_row(row) for row in rows), key=lambda kept: kept.calendar.name.casefold())


async def insert(ws: Workspace, kept: calendars.KeptCalendar) -> None:
    await ws.db.calendars.insert(to_row(kept))


async def replace(ws: Workspace, kept: calendars.KeptCalendar) -> bool:
    """Whether it was still at the revision before."""
    row = to_row(kept)
    where = {"_id": row.pop("_id"), "revision": kept.revision - 1}
    return await ws.db.calendars.update(where, {"$set": row})


async def delete(ws: Workspace, calendar_id: str) -> bool:
    return bool(await ws.db.calendars.delete({"_id": calendar_id}))
