"""Queries on macros and their runs. Index: workspace_id, owner_id. A run's `_id` derives from its client_id."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from app.core.mongo import Document, DuplicateId
from app.core.runtime import Workspace
from inbox.answering import macros
from inbox.store import kept


def _to_row(macro: macros.Macro) -> Document:
    row: Document = {f.name: getattr(macro, f.name) for f in fields(macro) if f.name not in ("id", "actions")}
    row["actions"] = [action.model_dump() for action in macro.actions]
    return {**row, "_id": macro.id}


def _from_row(row: Document) -> macros.Macro:
    values: dict[str, Any] = {k: v for k, v in row.items() if k not in ("_id", "workspace_id", "actions")}
    return macros.Macro(id=row["_id"], actions=macros.parsed(row["actions"]), **values)


async def of_owner(ws: Workspace, owner_id: str | None) -> list[macros.Macro]:
    """None: everyone's."""
    return [_from_row(row) for row in await ws.db.macros.find({"owner_id": owner_id}, limit=macros.MOST)]


async def every(ws: Workspace) -> list[macros.Macro]:
    """Also those that members keep for themselves; for asking where something is used."""
    return [_from_row(row) for row in await ws.db.macros.find({}, limit=100_000)]


async def get(ws: Workspace, macro_id: str) -> macros.Macro | None:
    row = await ws.db.macros.get(macro_id)
    return _from_row(row) if row else None


async def insert(ws: Workspace, macro: macros.Macro) -> None:
    await ws.db.macros.insert(_to_row(macro))


async def replace(ws: Workspace, before: macros.Macro, after: macros.Macro) -> bool:
    """False if it was changed meanwhile."""
    return await kept.replace(ws.db.macros, before, _to_row(after))


async def count_use(ws: Workspace, macro_id: str, at: datetime) -> None:
    await kept.count_use(ws.db.macros, macro_id, at)


async def delete(ws: Workspace, macro_id: str) -> None:
    await ws.db.macros.delete({"_id": macro_id})


# --- runs ---------------------------------------------------------------------------------------------------------


async def insert_run(ws: Workspace, run: macros.Run) -> bool:
    """False if there is one already."""
    row = asdict(run)
    row["_id"] = row.pop("id")
    try:
        await ws.db.macro_runs.insert({**row, "steps": list(row["steps"])})
    except DuplicateId:
        return False
    return True


async def get_run(ws: Workspace, run_id: str) -> macros.Run | None:
    row = await ws.db.macro_runs.get(run_id)
    if row is None:
        return None
    values: dict[str, Any] = {k: v for k, v in row.items() if k not in ("_id", "workspace_id", "steps")}
    return macros.Run(id=row["_id"], steps=tuple(macros.Step(**step) for step in row["steps"]), **values)


async def claim_run(ws: Workspace, run: macros.Run, at: datetime) -> bool:
    """False if somebody else was faster to take it up."""
    where = {"_id": run.id, "state": "running", "claimed_at": run.claimed_at}
    return await ws.db.macro_runs.update(where, {"$set": {"claimed_at": at}})


async def save_run(ws: Workspace, run: macros.Run) -> None:
    changed = {"state": run.state, "reason": run.reason, "steps": [asdict(step) for step in run.steps]}
    await ws.db.macro_runs.update({"_id": run.id}, {"$set": changed})
