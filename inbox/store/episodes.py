"""Queries on finished episodes, and episodes as rows."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from app.core import ids
from app.core.mongo import Document
from app.core.runtime import Workspace
from inbox import episodes
from inbox.store import windows
from inbox.store.windows import EARLIEST
from inbox.ticketing.moments import Moment
from inbox.ticketing.sla import Promise, promised_words


def id_of(conversation_id: str, number: int) -> str:
    return ids.derived("eps", conversation_id, str(number))


def facts_values(row: Document) -> dict[str, Any]:
    """The facts in a row, as values of their dataclass."""
    values = {f.name: row[f.name] for f in fields(episodes.Facts) if f.name in row}
    values["tags"] = tuple(row.get("tags", ()))
    for name, kind in (
        ("waits", episodes.Stretch),
        ("bot", episodes.Stretch),
        ("moments", Moment),
        ("promises", Promise),
    ):
        values[name] = tuple(kind(**each) for each in row.get(name, ()))
    return values


def _row(episode: episodes.Episode) -> Document:
    facts = episode.facts
    row = asdict(facts)
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
        "business": asdict(episode.business) if episode.business else None,
        "promised": promised_words(facts.promises),
    }


def _episode(row: Document) -> episodes.Episode:
    values = facts_values(row)
    if row["unanswered"]:
        # Since when they wait is no longer known; that they do is.
        values["waiting_since"] = row["closed_at"]
    return episodes.Episode(
        conversation_id=row["conversation_id"],
        contact_id=row["contact_id"],
        facts=episodes.Facts(**values),
        business=episodes.OpenTimes(**row["business"]) if row.get("business") else None,
    )


async def insert(ws: Workspace, episode: episodes.Episode) -> None:
    """Stores a closed episode; one that is there already is left as it is."""
    await ws.db.episodes.insert_new([_row(episode)])


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
    rows = await windows.newest_between(ws.db.episodes, "closed_at", where, start, end, before=before, limit=limit)
    return [(row["_id"], _episode(row)) for row in rows]


async def closed_from(
    ws: Workspace, start: datetime, end: datetime, *, cursor: str | None, limit: int
) -> tuple[list[tuple[str, episodes.Episode]], str | None]:
    """Episodes closed from `start` to `end`, the oldest first, with their rows' ids. Index: workspace_id, closed_at."""
    rows, following = await windows.between(ws.db.episodes, "closed_at", start, end, cursor=cursor, limit=limit)
    return [(row["_id"], _episode(row)) for row in rows], following


async def count_up_to(ws: Workspace, most: int) -> int:
    """How many there are, counted no further than `most`. Index: workspace_id, closed_at."""
    return len(await ws.db.episodes.find({"closed_at": {"$gte": EARLIEST}}, limit=most, fields=["_id"]))
