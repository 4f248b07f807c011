"""Queries on broadcasts. Indexes: (workspace_id, created_at), (workspace_id, state, created_at)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.core import windows
from app.core.mongo import Document
from app.core.rows import plain
from app.core.runtime import Workspace
from automations import broadcasts
from automations.plans import Plan

_BY = ("submitted", "approved", "started", "recalled")


def _row(made: broadcasts.Broadcast) -> Document:
    row: Document = {name: plain(getattr(made, name)) for name in broadcasts.Broadcast.__slots__ if name != "plan"}
    row["_id"] = row.pop("id")
    # As text: names within a message or a rule are whatever its author chose, and nobody asks for them here.
    row["plan"] = made.plan.model_dump_json()
    row["name"] = made.plan.name
    return row


def _broadcast(row: Document) -> broadcasts.Broadcast:
    values = {name: row[name] for name in broadcasts.Broadcast.__slots__ if name in row}
    values |= {"id": row["_id"], "plan": Plan.model_validate_json(row["plan"])}
    values["touched"] = {what: broadcasts.Touch(**touch) for what, touch in row["touched"].items()}
    values["reason"] = broadcasts.Reason(**row["reason"]) if row["reason"] else None
    values |= {name: broadcasts.By(**row[name]) if row[name] else None for name in _BY}
    return broadcasts.Broadcast(**values)


async def insert(ws: Workspace, made: broadcasts.Broadcast) -> None:
    """Nothing where there is one of this id."""
    await ws.db.broadcasts.insert_new([_row(made)])


async def get(ws: Workspace, broadcast_id: str) -> broadcasts.Broadcast | None:
    row = await ws.db.broadcasts.get(broadcast_id)
    return _broadcast(row) if row else None


async def get_many(ws: Workspace, broadcast_ids: Sequence[str]) -> list[broadcasts.Broadcast]:
    return [_broadcast(row) for row in await ws.db.broadcasts.get_many(broadcast_ids)]


async def save(ws: Workspace, wanted: broadcasts.Broadcast, revision: int) -> bool:
    """If the stored one is still of this revision."""
    row = _row(wanted)
    row_id = row.pop("_id")
    return await ws.db.broadcasts.update_at(row_id, revision, row)


async def delete(ws: Workspace, now: broadcasts.Broadcast) -> bool:
    return bool(await ws.db.broadcasts.delete({"_id": now.id, "revision": now.revision}))


async def page(
    ws: Workspace, *, state: str | None, before: tuple[datetime, str] | None, limit: int
) -> list[broadcasts.Broadcast]:
    """The newest first. Index: workspace_id, (state,) created_at."""
    fixed = {"state": state} if state else {}

    async def find(where: Document, sort: list[tuple[str, int]], most: int) -> list[Document]:
        return await ws.db.broadcasts.find({**fixed, **where}, sort=sort, limit=most)

    rows = await windows.newest(find, "created_at", now=ws.clock.now(), before=before, limit=limit)
    return [_broadcast(row) for row in rows]
