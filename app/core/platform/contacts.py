"""The contacts of all workspaces at once, for migrations."""

from app.core import alphabet, mongo

_REPLACED = "workspace_id_1_tokens_1"


async def list_blocked(db: mongo.Database) -> None:
    """Those that are blocked are in the list of blocked ones."""
    async for row in db.contacts.find({"block": {"$ne": None}}, {"workspace_id": 1, "block": 1}):
        if row.get("block"):
            listed = {"workspace_id": row["workspace_id"], "at": row["block"]["at"]}
            await db.blocked.update_one({"_id": row["_id"]}, {"$set": listed}, upsert=True)


async def add_prefixes(db: mongo.Database) -> None:
    """Those without the beginnings of their words get them, and the index that these replace goes."""
    while rows := await db.contacts.find({"prefixes": None}, {"tokens": 1}).limit(500).to_list():
        for row in rows:
            tokens = [str(token) for token in row.get("tokens", ())]
            starts = dict.fromkeys(token[:chars] for token in tokens for chars in range(1, min(len(token), 8) + 1))
            await db.contacts.update_one({"_id": row["_id"]}, {"$set": {"prefixes": list(starts)[:200]}})
    if _REPLACED in await db.contacts.index_information():
        await db.contacts.drop_index(_REPLACED)


async def add_lists(db: mongo.Database) -> None:
    """Those without facets are found by what they had before there were any: who is written to in which language."""
    while rows := await db.contacts.find({"facets": None}, {"name": 1, "language": 1}).limit(500).to_list():
        for row in rows:
            language = (row.get("language") or "").replace("_", "-").partition("-")[0].lower()
            found = {
                "facets": ["all", f"language:{language}"] if language else ["all"],
                "name_key": alphabet.key(row["name"], row["_id"]),
                "revision": 0,
            }
            await db.contacts.update_one({"_id": row["_id"]}, {"$set": found})
