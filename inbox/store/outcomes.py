"""Queries on what became of tickets' promises. Indexes: workspace_id, solved_at; workspace_id, ticket_id."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from app.core.mongo import Document
from app.core.runtime import Workspace
from inbox.store import windows
from inbox.ticketing import outcomes
from inbox.ticketing.sla import Promise, promised_words

_MOST_OF_A_TICKET = 500


def to_row(outcome: outcomes.Outcome) -> Document:
    row = asdict(outcome)
    row["_id"] = row.pop("id")
    return {**row, "promised": promised_words(outcome.promises)}


def from_row(row: Document) -> outcomes.Outcome:
    return outcomes.Outcome(
        id=row["_id"],
        ticket_id=row["ticket_id"],
        solved_at=row["solved_at"],
        owner_id=row["owner_id"],
        team_id=row["team_id"],
        tags=tuple(row["tags"]),
        promises=tuple(Promise(**each) for each in row["promises"]),
    )


async def insert(ws: Workspace, outcome: outcomes.Outcome) -> None:
    """One that is there already is left as it is."""
    await ws.db.ticket_outcomes.insert_new([to_row(outcome)])


async def of_ticket(ws: Workspace, ticket_id: str) -> list[outcomes.Outcome]:
    rows = await ws.db.ticket_outcomes.find({"ticket_id": ticket_id}, limit=_MOST_OF_A_TICKET)
    return [from_row(row) for row in rows]


async def solved_from(
    ws: Workspace, start: datetime, end: datetime, *, cursor: str | None, limit: int
) -> tuple[list[outcomes.Outcome], str | None]:
    """Those of tickets solved from `start` to `end`, the oldest first."""
    rows, following = await windows.between(ws.db.ticket_outcomes, "solved_at", start, end, cursor=cursor, limit=limit)
    return [from_row(row) for row in rows], following


async def newest_solved(
    ws: Workspace,
    where: Document,
    start: datetime,
    end: datetime,
    *,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[outcomes.Outcome]:
    """Those of tickets solved in a span of time, the newest first."""
    rows = await windows.newest_between(
        ws.db.ticket_outcomes, "solved_at", where, start, end, before=before, limit=limit
    )
    return [from_row(row) for row in rows]
