"""
Queries on episodes and on their roll-ups by day.

A roll-up is one row for each day of closing (UTC), with figures for the whole workspace and for each assignee, team,
channel, tag and reason. It is raised once for each episode: the row remembers whom it counted last, so a repeat after a
crash changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from app.core import ids, windows
from app.core.mongo import Document
from app.core.runtime import Workspace
from inbox import episodes

# How many of those counted last a roll-up remembers; repeats come within seconds.
_REMEMBERED = 400
# Upper bounds of the ranges in which times are counted, for medians and percentiles; the last range has none.
BOUNDS_MS = tuple(
    seconds * 1000
    for seconds in (30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400, 172_800, 604_800)
)


def id_of(conversation_id: str, number: int) -> str:
    return ids.derived("eps", conversation_id, str(number))


def _row(episode: episodes.Episode) -> Document:
    facts = episode.facts
    row = asdict(facts)
    row["tags"] = list(facts.tags)
    for unfinished in ("waiting_since", "bot_since"):
        row.pop(unfinished)
    return {
        "_id": id_of(episode.conversation_id, facts.number),
        "conversation_id": episode.conversation_id,
        "contact_id": episode.contact_id,
        **row,
        "unanswered": facts.waiting_since is not None,
        "reopened": facts.reopened,
        "resolution_ms": facts.resolution_ms,
    }


def _episode(row: Document) -> episodes.Episode:
    known = {f.name: row[f.name] for f in fields(episodes.Facts) if f.name in row}
    return episodes.Episode(
        conversation_id=row["conversation_id"],
        contact_id=row["contact_id"],
        facts=episodes.Facts(**{**known, "tags": tuple(row.get("tags", ()))}),
    )


async def keep(ws: Workspace, episode: episodes.Episode) -> None:
    """Stores a closed episode and counts it; both once."""
    row = _row(episode)
    await ws.db.episodes.insert_new([row])
    closed_at: datetime = row["closed_at"]
    await add(ws, closed_at, row["_id"], _dimensions(row), _figures(row))


async def of_conversation(ws: Workspace, conversation_id: str) -> list[episodes.Episode]:
    """The newest hundred or so. Index: workspace_id, conversation_id."""
    rows = await ws.db.episodes.find({"conversation_id": conversation_id}, limit=500)
    return sorted((_episode(row) for row in rows), key=lambda e: e.facts.number)


async def newest_closed(
    ws: Workspace,
    where: Document,
    start: datetime,
    end: datetime,
    *,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[tuple[str, episodes.Episode]]:
    """
    Episodes closed in a span of time, the newest first, with their rows' ids. Indexes: workspace_id, closed_at;
    workspace_id, assignee_id, closed_at.
    """

    async def find(within: Document, sort: list[tuple[str, int]], most: int) -> list[Document]:
        return await ws.db.episodes.find({**where, **within}, sort=sort, limit=most)

    rows = await windows.newest(find, "closed_at", now=end, since=start, before=before, limit=limit)
    return [(row["_id"], _episode(row)) for row in rows if start <= row["closed_at"] < end]


# --- roll-ups -----------------------------------------------------------------------------------------------------


def day_id(ws: Workspace, day: str) -> str:
    return f"{ws.id}/{day}"


async def add(ws: Workspace, at: datetime, once: str, dimensions: Sequence[str], figures: Mapping[str, int]) -> None:
    """Adds figures to the day of `at`, for the whole workspace and each dimension; once for each `once`."""
    day = at.strftime("%Y-%m-%d")
    steps = {f"all.{name}": step for name, step in figures.items()}
    for dimension in dimensions:
        steps |= {f"by.{dimension}.{name}": step for name, step in figures.items()}
    await ws.db.episode_days.insert_new([{"_id": day_id(ws, day), "day": day, "all": {}, "by": {}, "counted": []}])
    await ws.db.episode_days.update(
        {"_id": day_id(ws, day), "counted": {"$ne": once}},
        {"$inc": steps, "$push": {"counted": {"$each": [once], "$slice": -_REMEMBERED}}},
    )


async def days(ws: Workspace, first: str, last: str) -> list[Document]:
    """Roll-ups of the days from `first` to `last` (`2026-11-22`), ascending. Index: workspace_id, day."""
    rows = await ws.db.episode_days.find({"day": {"$gte": first, "$lte": last}}, limit=1_000)
    return sorted(rows, key=lambda row: str(row["day"]))


def _dimensions(row: Document) -> list[str]:
    """`member:<id>`, `team:<id>`, `channel:<kind>`, `reason:<id>`, `tag:<id>`: ids hold neither dots nor dollars."""
    named = {
        "member": row["assignee_id"],
        "team": row["team_id"],
        "channel": row["channel"],
        "reason": row["reason_id"],
    }
    return [f"{kind}:{value or 'none'}" for kind, value in named.items()] + [f"tag:{tag}" for tag in row["tags"]]


def _figures(row: Document) -> dict[str, int]:
    figures: dict[str, Any] = {
        "closed": 1,
        "inbound": row["inbound"],
        "replies": row["replies"],
        "responses": row["responses"],
        "response_ms": row["response_ms"],
        "bot_ms": row["bot_ms"],
        "reopened": int(row["reopened"]),
        "unanswered": int(row["unanswered"]),
        "resolution_ms": row["resolution_ms"],
        f"resolution_in.{range_of(row['resolution_ms'])}": 1,
        f"started_in.{_hour_of_week(row['first_inbound_at'] or row['opened_at'])}": 1,
    }
    if row["first_response_ms"] is not None:
        figures |= {
            "first_responses": 1,
            "first_response_ms": row["first_response_ms"],
            f"first_response_in.{range_of(row['first_response_ms'])}": 1,
        }
    return {name: step for name, step in figures.items() if step}


def _hour_of_week(at: datetime) -> int:
    return at.weekday() * 24 + at.hour


def range_of(ms: int) -> int:
    """Which of the ranges between BOUNDS_MS a time falls into."""
    return sum(ms >= bound for bound in BOUNDS_MS)
