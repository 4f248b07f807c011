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


def _shelves(row: Document) -> tuple[str, ...]:
    contact_id, kind = row["contact_id"], row["kind"]
    if kind == "tombstone":
        return ()
    channel = row.get("channel") or row.get("event", {}).get("channel")
    if row.get("ticket_id") and kind in ("note", "event"):
        kind = "ticket"
    found = [f"{contact_id}/{kind}"] if kind != "message" or not channel else []
    return (*found, f"{contact_id}/on/{channel}") if channel else tuple(found)
