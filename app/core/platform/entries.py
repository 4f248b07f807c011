"""The entries of all workspaces at once, for migrations."""

from app.core import mongo
from app.core.mongo import MOST_IN, Document

_BATCH = 1_000


async def add_shelves(db: mongo.Database) -> None:
    """Entries without the shelves that they stand on (inbox/shelves.py) get them. Goes on where it was stopped."""
    fields = dict.fromkeys(("contact_id", "kind", "channel", "ticket_id", "event.channel"), 1)
    while rows := await db.entries.find({"shelves": None}, fields).limit(_BATCH).to_list():
        alike: dict[tuple[str, ...], list[str]] = {}
        for row in rows:
            alike.setdefault(_shelves(row), []).append(row["_id"])
        for shelves, ids in alike.items():
            for first in range(0, len(ids), MOST_IN):
                some = {"_id": {"$in": ids[first : first + MOST_IN]}}
                await db.entries.update_many(some, {"$set": {"shelves": list(shelves)}})


async def move_rare_marks(db: mongo.Database) -> None:
    """
    What belongs to a ticket stands on its shelf, and messages that failed are noted in a collection of their own: an
    index on every entry for what few have made each of them dearer. Goes on where it was stopped.
    """
    fields = dict.fromkeys(("contact_id", "kind", "channel", "ticket_id", "event.channel"), 1)
    async for row in db.entries.find({"ticket_id": {"$gt": ""}}, fields):
        await db.entries.update_one({"_id": row["_id"]}, {"$set": {"shelves": list(_shelves(row))}})
    while rows := await db.entries.find({"failed_key": {"$gt": ""}}).limit(_BATCH).to_list():
        for row in rows:
            noted = {"workspace_id": row["failed_key"], "failed_at": row["status_times"]["failed"]}
            await db.failed_messages.update_one({"_id": row["_id"]}, {"$set": noted}, upsert=True)
            await db.entries.update_one({"_id": row["_id"]}, {"$unset": {"failed_key": ""}})
    for collection, index in (
        (db.entries, "ticket_id_1"),
        (db.entries, "failed_key_1_status_times.failed_1"),
        (db.conversations, "workspace_id_1_contact_id_1"),
    ):
        await mongo.drop_index(collection, index)


def _shelves(row: Document) -> tuple[str, ...]:
    contact_id, kind = row["contact_id"], row["kind"]
    if kind == "tombstone":
        return ()
    channel = row.get("channel") or row.get("event", {}).get("channel")
    of_ticket = (f"ticket/{row['ticket_id']}",) if row.get("ticket_id") else ()
    if row.get("ticket_id") and kind in ("note", "event"):
        kind = "ticket"
    found = [f"{contact_id}/{kind}"] if kind != "message" or not channel else []
    return (*found, *((f"{contact_id}/on/{channel}",) if channel else ()), *of_ticket)
