"""
Queries on saved views: a small collection, read as a whole.

Indexes: (workspace_id, position); `pending_key`, sparse, which holds the views that have to be evaluated; `timed_key`,
sparse, which holds those that change with the clock.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.core.mongo import Document
from app.core.runtime import Workspace
from inbox.finding import views


def _view(row: Document) -> views.View:
    values: dict[str, Any] = {name: row[name] for name in views.View.__slots__ if name in row}
    return views.View(id=row["_id"], **values)


async def every(ws: Workspace) -> list[views.View]:
    """Those that are not being deleted. Index: workspace_id, position."""
    rows = await ws.db.views.find({"position": {"$gte": 0}}, limit=2 * views.MOST)
    return [_view(row) for row in rows if not row.get("deleted")]


async def get(ws: Workspace, view_id: str) -> views.View | None:
    row = await ws.db.views.get(view_id)
    return _view(row) if row and not row.get("deleted") else None


async def is_deleted(ws: Workspace, view_id: str) -> bool:
    row = await ws.db.views.get(view_id)
    return row is not None and bool(row.get("deleted"))


def _marks(ws: Workspace, view: views.View) -> Document:
    """What of it is work: evaluating it now, and looking at it as time goes by."""
    return {"pending_key": view.id} | ({"timed_key": ws.id} if views.is_timed(view.rule) else {})


async def insert(ws: Workspace, view: views.View) -> None:
    row = asdict(view)
    row["_id"] = row.pop("id")
    await ws.db.views.insert(row | _marks(ws, view))


async def save(ws: Workspace, view: views.View, *, evaluate: bool) -> None:
    row = asdict(view)
    view_id = row.pop("id")
    change: Document = {"$set": row | (_marks(ws, view) if evaluate else {})}
    if not views.is_timed(view.rule):
        change["$unset"] = {"timed_key": ""}
    await ws.db.views.update({"_id": view_id}, change)


async def mark_deleted(ws: Workspace, view_id: str) -> None:
    """Its row goes when no conversation carries it any more."""
    change = {"$set": {"deleted": True, "pending_key": view_id}, "$unset": {"timed_key": ""}}
    await ws.db.views.update({"_id": view_id}, change)


async def evaluated(ws: Workspace, view_id: str, rule_revision: int) -> bool:
    """No longer work, unless its rule has changed since; whether it was so."""
    where = {"_id": view_id, "rule_revision": rule_revision}
    return await ws.db.views.update(where, {"$unset": {"pending_key": ""}, "$set": {"done": None, "of": None}})


async def note_progress(ws: Workspace, view_id: str, done: int, of: int) -> None:
    await ws.db.views.update({"_id": view_id}, {"$set": {"done": done, "of": of}})


async def looked_at(ws: Workspace, view_ids: list[str], at: datetime) -> None:
    await ws.db.views.update_all({"_id": {"$in": view_ids}}, {"$set": {"looked_at": at}})


async def remove(ws: Workspace, view_id: str) -> None:
    await ws.db.views.delete({"_id": view_id})
