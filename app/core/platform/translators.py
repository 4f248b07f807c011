"""Keys of translation services, of all workspaces."""

from app.core import mongo
from app.core.security import Keyring


async def rotate_keys(db: mongo.Database, keyring: Keyring) -> int:
    """Seals every key with the newest secret key; how many."""
    rows = await db.translators.find({}, {"sealed": 1}).to_list()
    for row in rows:
        await db.translators.update_one({"_id": row["_id"]}, {"$set": {"sealed": keyring.rotate(row["sealed"])}})
    return len(rows)
