"""Runs, by the id of their broadcast. Index: `due_at`, sparse, which holds those that have to be looked at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.core.mongo import Document
from app.core.rows import plain
from app.core.runtime import Workspace
from automations import runs
from automations.experiments import Verdict


def _run(row: Document) -> runs.Run:
    values: dict[str, Any] = {name: row[name] for name in runs.Run.__slots__ if name in row}
    values |= {"id": row["_id"], "due_at": row.get("due_at")}
    if row.get("verdict"):
        values["verdict"] = Verdict(**row["verdict"])
    if row.get("recall"):
        values["recall"] = runs.Recall(**row["recall"])
    values["ways"] = tuple(runs.Way(**way) for way in row.get("ways", ()))
    return runs.Run(**values)


async def get(ws: Workspace, broadcast_id: str) -> runs.Run | None:
    row = await ws.db.broadcast_runs.get(broadcast_id)
    return _run(row) if row else None


async def set(ws: Workspace, broadcast_id: str, values: Mapping[str, Any]) -> None:
    """These and nothing else: somebody may be writing others."""
    changed = {name: plain(value) for name, value in values.items()}
    await ws.db.broadcast_runs.update({"_id": broadcast_id}, {"$set": changed}, upsert=True)


async def wake(ws: Workspace, broadcast_id: str, at: datetime) -> None:
    """Somebody looks at it then; it is there from now on."""
    await set(ws, broadcast_id, {"due_at": at})


async def move(ws: Workspace, broadcast_id: str, seen: datetime, at: datetime | None) -> bool:
    """Looked at again then (None: no more), unless somebody has woken it meanwhile."""
    where = {"_id": broadcast_id, "due_at": seen}
    return await ws.db.broadcast_runs.update(where, {"$set": {"due_at": at}} if at else {"$unset": {"due_at": ""}})
