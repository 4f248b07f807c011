"""
Roll-ups: one row for each day of each time zone that figures are read in, with the sums of what was closed or answered
on it; and the zones.

A row's `revision` counts its changes, so that one that is counted anew from its episodes replaces it only if nothing
came meanwhile. `counted` are those counted last: counted again, they change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from app.core.mongo import Document
from app.core.runtime import Workspace
from inbox.supervising.figures import ALL, Added

# How many of those counted last a row remembers; repeats come within seconds.
REMEMBERED = 400
MOST_DAYS = 1_000
_MOST_ZONES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """`reached` is the day up to which its figures have been counted, while they are; `ready` when all are."""

    zone: str
    used_on: str
    ready: bool = False
    reached: str | None = None


def _id(ws: Workspace, zone: str, day: str = "") -> str:
    return f"{ws.id}/{zone}/{day}"


async def zones(ws: Workspace) -> list[Zone]:
    """Those in which figures are kept. Index: workspace_id."""
    rows = await ws.db.report_zones.find({}, limit=_MOST_ZONES)
    return [_zone(row) for row in rows]


async def zone(ws: Workspace, name: str) -> Zone | None:
    row = await ws.db.report_zones.get(_id(ws, name))
    return _zone(row) if row else None


def _zone(row: Document) -> Zone:
    return Zone(zone=row["zone"], used_on=row["used_on"], ready=row["ready"], reached=row.get("reached"))


async def insert_zone(ws: Workspace, wanted: Zone) -> None:
    """One that is there already is left as it is."""
    await ws.db.report_zones.insert_new([{"_id": _id(ws, wanted.zone), **asdict(wanted)}])


async def set_zone(ws: Workspace, name: str, **values: Any) -> None:
    await ws.db.report_zones.update({"_id": _id(ws, name)}, {"$set": values})


async def drop_zone(ws: Workspace, name: str) -> None:
    """The zone and its days. Index: workspace_id, zone, day."""
    await ws.db.report_zones.delete({"_id": _id(ws, name)})
    await ws.db.episode_days.delete({"zone": name})


async def add(ws: Workspace, name: str, day: date, once: str, added: Added) -> None:
    """Adds figures to a day, once for each `once`."""
    row_id = _id(ws, name, str(day))
    steps = {
        f"{ALL if dimension == ALL else f'by.{dimension}'}.{figure}": step
        for dimension, figures in added.items()
        for figure, step in figures.items()
    }
    await ws.db.episode_days.insert_new([_empty(ws, name, str(day))])
    await ws.db.episode_days.update(
        {"_id": row_id, "counted": {"$ne": once}},
        {"$inc": {**steps, "revision": 1}, "$push": {"counted": {"$each": [once], "$slice": -REMEMBERED}}},
    )


def _empty(ws: Workspace, name: str, day: str) -> Document:
    return {
        "_id": _id(ws, name, day),
        "zone": name,
        "day": day,
        "all": {},
        "by": {},
        "counted": [],
        "revision": 0,
    }


async def days(ws: Workspace, name: str, first: date, last: date) -> list[Document]:
    """The days from `first` to `last`, ascending. Index: workspace_id, zone, day."""
    where = {"zone": name, "day": {"$gte": str(first), "$lte": str(last)}}
    rows = await ws.db.episode_days.find(where, limit=MOST_DAYS)
    return sorted(rows, key=lambda row: str(row["day"]))


async def replace_day(
    ws: Workspace, name: str, day: date, revision: int | None, sums: Mapping[str, Any], counted: Sequence[str]
) -> bool:
    """What was counted anew takes the place of the row of this revision (None: of none); False if it has changed."""
    row = {
        **_empty(ws, name, str(day)),
        "all": sums.get(ALL, {}),
        "by": {dimension: figures for dimension, figures in sums.items() if dimension != ALL},
        "counted": list(counted)[-REMEMBERED:],
        "revision": (revision or 0) + 1,
    }
    if revision is None:
        return not await ws.db.episode_days.insert_new([row])
    return await ws.db.episode_days.update(
        {"_id": row.pop("_id"), "revision": revision},
        {"$set": row},
    )


async def settings(ws: Workspace) -> Document | None:
    return await ws.db.report_settings.get(ws.id)


async def save_settings(ws: Workspace, values: Mapping[str, Any], at: datetime) -> None:
    await ws.db.report_settings.update({"_id": ws.id}, {"$set": {**values, "changed_at": at}}, upsert=True)
