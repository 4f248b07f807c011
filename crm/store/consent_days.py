"""Queries on agreements that came and went. Index: workspace_id, day."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

from app.core import ids
from app.core.runtime import Workspace
from crm import consent_days

# A year of a business with dozens of forms and campaigns a day.
_MOST = 100_000


async def add(ws: Workspace, counted: consent_days.Counted) -> None:
    change, day = counted.change, counted.day.isoformat()
    row_id = ids.derived("csd", ws.id, day, change.what, change.channel, change.source, change.via)
    values = {**asdict(change), "day": day}
    await ws.db.consent_days.update({"_id": row_id}, {"$inc": {"number": counted.number}, "$set": values}, upsert=True)


async def since(ws: Workspace, day: date) -> list[consent_days.Counted]:
    rows = await ws.db.consent_days.find({"day": {"$gte": day.isoformat()}}, limit=_MOST)
    names = consent_days.Change.__slots__
    return [
        consent_days.Counted(
            date.fromisoformat(row["day"]),
            consent_days.Change(**{name: row[name] for name in names}),
            int(row["number"]),
        )
        for row in rows
    ]
