"""Segments that are work, and contacts whom time moves, over all workspaces."""

from datetime import datetime

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


async def due(runtime: Runtime, now: datetime, *, most: int) -> dict[str, str]:
    """Contacts whom time may have moved by now, each with its workspace. Index: due_at."""
    rows = await runtime.mongo.segment_dues.find({"due_at": {"$lte": now}}).limit(most).to_list()
    return {row["_id"]: row["workspace_id"] for row in rows}
