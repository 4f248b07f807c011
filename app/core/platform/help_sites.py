"""
Whose help centre an address is: read before a workspace is known.

An address once taken stays with its workspace, so that links which customers have keep working when it gets another.
"""

from app.core import mongo


async def take(db: mongo.Database, slug: str, workspace_id: str) -> bool:
    """False if it is somebody else's."""
    try:
        await mongo.insert(db.help_sites, {"_id": slug, "workspace_id": workspace_id})
    except mongo.DuplicateId:
        return await workspace_of(db, slug) == workspace_id
    return True


async def workspace_of(db: mongo.Database, slug: str) -> str | None:
    row = await db.help_sites.find_one({"_id": slug})
    return str(row["workspace_id"]) if row else None
