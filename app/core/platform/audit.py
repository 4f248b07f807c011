"""The audit trails of all workspaces at once, for migrations."""

from collections import defaultdict

from app.core import mongo

_BATCH = 1_000


async def add_nouns(db: mongo.Database) -> None:
    """Entries without the noun of their action get it. Goes on where it was stopped."""
    while rows := await db.audit.find({"noun": None}, {"action": 1}).limit(_BATCH).to_list():
        by_noun: dict[str, list[object]] = defaultdict(list)
        for row in rows:
            by_noun[str(row["action"]).partition(".")[0]].append(row["_id"])
        for noun, ids in by_noun.items():
            await db.audit.update_many({"_id": {"$in": ids}}, {"$set": {"noun": noun}})
