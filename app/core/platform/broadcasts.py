"""Broadcasts with which something has to be done, over all workspaces."""

from dataclasses import dataclass
from datetime import datetime

from app.core.runtime import Runtime


async def checking(runtime: Runtime) -> list[tuple[str, str]]:
    """(workspace, broadcast) whose check is under way. Index: pending_key, which holds nothing else."""
    where = {"pending_key": {"$gt": ""}}
    rows = await runtime.mongo.broadcast_checks.find(where, {"workspace_id": 1}).limit(500).to_list()
    return [(row["workspace_id"], row["_id"]) for row in rows]


@dataclass(frozen=True, slots=True)
class Due:
    """A broadcast with which something has to be done at that time."""

    workspace_id: str
    broadcast_id: str
    due_at: datetime


async def due(runtime: Runtime, at: datetime) -> list[Due]:
    """Those with which something has to be done by then. Index: due_at, which holds nothing else."""
    fields = {"workspace_id": 1, "due_at": 1}
    rows = await runtime.mongo.broadcast_runs.find({"due_at": {"$lte": at}}, fields).limit(500).to_list()
    return [Due(row["workspace_id"], row["_id"], row["due_at"]) for row in rows]
