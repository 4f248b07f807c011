"""Tags that are being merged, over all workspaces."""

from app.core.runtime import Runtime


async def pending(runtime: Runtime) -> list[tuple[str, str]]:
    """(workspace, tag). Index: pending_key, which holds nothing else."""
    rows = await runtime.mongo.tags.find({"pending_key": {"$gt": ""}}, {"workspace_id": 1}).limit(500).to_list()
    return [(row["workspace_id"], row["_id"]) for row in rows]
