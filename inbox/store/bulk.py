"""
Queries on bulk actions: a row for each, and a step for each thing that it is done to.

Indexes: `pending_key`, sparse, which holds what is being done; (workspace_id, bulk_id, number) of the steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from app.core.mongo import Document
from app.core.runtime import Workspace
from inbox.finding import bulk


def _bulk(row: Document) -> bulk.Bulk:
    values: dict[str, Any] = {name: row[name] for name in bulk.Bulk.__slots__ if name in row}
    values["by"] = bulk.By(**values["by"])
    return bulk.Bulk(id=row["_id"], **values)


def _step(row: Document) -> bulk.Step:
    values: dict[str, Any] = {name: row[name] for name in bulk.Step.__slots__ if name in row}
    return bulk.Step(**values)


async def insert(ws: Workspace, made: bulk.Bulk) -> None:
    row = asdict(made)
    row["_id"] = row.pop("id")
    await ws.db.bulk.insert({**row, "pending_key": made.id})


async def get(ws: Workspace, bulk_id: str) -> bulk.Bulk | None:
    row = await ws.db.bulk.get(bulk_id)
    return _bulk(row) if row else None


async def change(ws: Workspace, bulk_id: str, **values: Any) -> None:
    await ws.db.bulk.update({"_id": bulk_id}, {"$set": values})


async def progress(ws: Workspace, bulk_id: str, states: Sequence[str], **values: Any) -> None:
    """How far it is, as long as it is in one of these states."""
    await ws.db.bulk.update({"_id": bulk_id, "state": {"$in": list(states)}}, {"$set": values})


async def turn(ws: Workspace, bulk_id: str, was: Sequence[str], state: str, *, pending: bool) -> bool:
    """From one of these states to another, which begins with the first step if it is work; whether it was in one."""
    begun = {"pending_key": bulk_id, "next": 0, "done": 0, "same": 0, "failed": 0, "reasons": {}}
    mark = {"$set": {"state": state} | (begun if pending else {})}
    if not pending:
        mark["$unset"] = {"pending_key": ""}
    for each in was:
        if await ws.db.bulk.update({"_id": bulk_id, "state": each}, mark):
            return True
    return False


async def add_steps(ws: Workspace, bulk_id: str, first: int, thing_ids: Sequence[str]) -> None:
    rows = [
        {"_id": f"{bulk_id}/{first + at}", "bulk_id": bulk_id, "number": first + at, "thing_id": thing_id}
        for at, thing_id in enumerate(thing_ids)
    ]
    await ws.db.bulk_steps.insert_new(rows)


async def steps(ws: Workspace, bulk_id: str, first: int, limit: int) -> list[bulk.Step]:
    """In order. Index: workspace_id, bulk_id, number."""
    where = {"bulk_id": bulk_id, "number": {"$gte": first, "$lt": first + limit}}
    rows = await ws.db.bulk_steps.find(where, limit=limit)
    return sorted((_step(row) for row in rows), key=lambda step: step.number)


async def note(ws: Workspace, bulk_id: str, values: Mapping[int, Mapping[str, Any]]) -> None:
    """What became of steps, by their numbers; one command."""
    await ws.db.bulk_steps.update_each(
        [([f"{bulk_id}/{number}"], {}, {"$set": dict(change)}) for number, change in values.items()]
    )
