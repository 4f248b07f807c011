"""What reports stand on, of all workspaces, for a migration."""

from app.core import mongo


async def add_open_since(db: mongo.Database) -> None:
    """Conversations and tickets that are not done say since when; goes on where it was stopped."""
    async for row in db.conversations.find({"state": {"$in": ["open", "pending", "snoozed"]}}):
        await db.conversations.update_one({"_id": row["_id"]}, {"$set": {"open_since": row["opened_at"]}})
    async for row in db.tickets.find({"active": True}):
        await db.tickets.update_one({"_id": row["_id"]}, {"$set": {"open_since": row["created_at"]}})


async def drop_days_of_no_zone(db: mongo.Database) -> None:
    """Sums by days of UTC alone are counted anew, by the days of each zone that is read in, when they are asked for."""
    await db.episode_days.delete_many({"zone": {"$exists": False}})
