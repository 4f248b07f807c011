"""Broadcasts with which something has to be done, over all workspaces."""

from datetime import datetime

from app.core.runtime import Runtime


async def checking(runtime: Runtime) -> list[tuple[str, str]]:
    """(workspace, broadcast) whose check is under way. Index: pending_key, which holds nothing else."""
    where = {"pending_key": {"$gt": ""}}
    rows = await runtime.mongo.broadcast_checks.find(where, {"workspace_id": 1}).limit(500).to_list()
    return [(row["workspace_id"], row["_id"]) for row in rows]


async def due(runtime: Runtime, at: datetime) -> list[tuple[str, str]]:
    """(workspace, broadcast) with which something has to be done by now. Index: due_at, which holds nothing else."""
    rows = await runtime.mongo.broadcast_runs.find({"due_at": {"$lte": at}}, {"workspace_id": 1}).limit(500).to_list()
    return [(row["workspace_id"], row["_id"]) for row in rows]
