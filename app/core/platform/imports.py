"""Imports, exports and erasures of contacts that are under way, over all workspaces."""

from datetime import datetime

from app.core.runtime import Runtime


async def pending(runtime: Runtime) -> list[tuple[str, str]]:
    """(workspace, import). Index: pending_key, which holds nothing else."""
    return await _pending("imports", runtime)


async def pending_exports(runtime: Runtime) -> list[tuple[str, str]]:
    """(workspace, export). Index: pending_key, which holds nothing else."""
    return await _pending("exports", runtime)


async def pending_erasures(runtime: Runtime) -> list[tuple[str, str]]:
    """(workspace, erasure). Index: pending_key, which holds nothing else."""
    return await _pending("erasures", runtime)


async def ended_exports(runtime: Runtime, at: datetime) -> list[tuple[str, str]]:
    """(workspace, export) whose files are not kept any longer. Index: expires_at."""
    where = {"expires_at": {"$lt": at}}
    rows = await runtime.mongo.exports.find(where, {"workspace_id": 1}).limit(100).to_list()
    return [(row["workspace_id"], row["_id"]) for row in rows]


async def _pending(name: str, runtime: Runtime) -> list[tuple[str, str]]:
    rows = await runtime.mongo[name].find({"pending_key": {"$gt": ""}}, {"workspace_id": 1}).limit(500).to_list()
    return [(row["workspace_id"], row["_id"]) for row in rows]
