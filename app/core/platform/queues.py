"""The queue that every workspace has from the start; the workspace's own rows go through `Workspace.db`."""

from datetime import datetime

from app.core import mongo

DEFAULT = "support"


async def ensure_default(db: mongo.Database, workspace_id: str, at: datetime) -> None:
    """Safe to ask for again."""
    await db.queues.update_one(
        {"_id": f"{workspace_id}/{DEFAULT}", "workspace_id": workspace_id},
        {"$setOnInsert": {"key": DEFAULT, "name": DEFAULT.capitalize(), "created_at": at}},
        upsert=True,
    )
