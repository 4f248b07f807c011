"""Saved views that are work, over all workspaces."""

from app.core.runtime import Runtime

_MOST = 500


async def pending(runtime: Runtime) -> list[tuple[str, str]]:
    """(workspace, view) of those to be evaluated. Index: pending_key, which holds nothing else."""
    rows = await runtime.mongo.views.find({"pending_key": {"$gt": ""}}, {"workspace_id": 1}).limit(_MOST).to_list()
    return [(row["workspace_id"], row["_id"]) for row in rows]


async def timed(runtime: Runtime) -> set[str]:
    """Workspaces with views that change with the clock. Index: timed_key, which holds nothing else."""
    rows = await runtime.mongo.views.find({"timed_key": {"$gt": ""}}, {"workspace_id": 1}).limit(20 * _MOST).to_list()
    return {row["workspace_id"] for row in rows}
