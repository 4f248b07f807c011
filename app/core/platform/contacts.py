"""The contacts of all workspaces at once, for migrations."""

from app.core import mongo

_REPLACED = "workspace_id_1_tokens_1"


async def add_prefixes(db: mongo.Database) -> None:
    """Those without the beginnings of their words get them, and the index that these replace goes."""
    while rows := await db.contacts.find({"prefixes": None}, {"tokens": 1}).limit(500).to_list():
        for row in rows:
            tokens = [str(token) for token in row.get("tokens", ())]
            starts = dict.fromkeys(token[:chars] for token in tokens for chars in range(1, min(len(token), 8) + 1))
            await db.contacts.update_one({"_id": row["_id"]}, {"$set": {"prefixes": list(starts)[:200]}})
    if _REPLACED in await db.contacts.index_information():
        await db.contacts.drop_index(_REPLACED)
