"""Segments that are work, over all workspaces."""

from app.core.runtime import Runtime

_MOST = 500


async def pending(runtime: Runtime) -> set[str]:
    """Workspaces in which there is something to do. Indexes: work_key of each, which hold nothing else."""
    found: set[str] = set()
    mongo = runtime.mongo
    for rows in (mongo.segments, mongo.segment_moves, mongo.segment_previews, mongo.segment_snapshots):
        marked = await rows.find({"work_key": {"$gt": ""}}, {"workspace_id": 1}).limit(_MOST).to_list()
        found |= {row["workspace_id"] for row in marked}
    return found
