"""The contacts of all workspaces at once, for migrations."""

from app.core import alphabet, ids, mongo

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


async def add_standings(db: mongo.Database) -> None:
    """
    What was said about consent can be reckoned from the facts alone. START was kept as an agreement and becomes what
    it is: the end of a stop. A state that no fact tells of (taken over from another handle) gets one.
    """
    await db.consents.update_many({"source": "unblock"}, {"$set": {"state": "unblocked"}})
    for state in ("granted", "unknown"):
        where = {"state": state, "source": {"$nin": ["unblock", "provider_signup"]}}
        await db.consents.update_many(where, {"$set": {"state": "lifted"}})
    async for row in db.addresses.find({"facts": None}):
        known = row.get("consent") or {}
        facts = [fact async for fact in db.consents.find({"address": row["address"], **_of(row)})]
        for purpose, said in known.items():
            if said.get("state") in ("withdrawn", "blocked") and not _tells(facts, purpose, said):
                facts.append(_fact(row, purpose, said))
                await db.consents.update_one({"_id": facts[-1]["_id"]}, {"$setOnInsert": facts[-1]}, upsert=True)
        standings = {
            purpose: {"at": said["at"], "source": said["source"], f"{said['state']}_at": said["at"]}
            for purpose, said in known.items()
            if said.get("state") in ("withdrawn", "blocked") or said.get("source") == "provider_signup"
        }
        change = {"consent": standings, "facts": len(facts)}
        await db.addresses.update_one({"_id": row["_id"], "facts": None}, {"$set": change})


def _of(row: mongo.Document) -> mongo.Document:
    return {"workspace_id": row["workspace_id"]}


def _tells(facts: list[mongo.Document], purpose: str, said: mongo.Document) -> bool:
    about = [fact for fact in facts if purpose in fact["purposes"]]
    newest = max(about, key=lambda fact: fact["at"], default=None)
    return newest is not None and newest["state"] == said["state"]


def _fact(row: mongo.Document, purpose: str, said: mongo.Document) -> mongo.Document:
    return {
        "_id": ids.derived("cns", "migrated", row["_id"], purpose),
        **_of(row),
        "contact_id": row["contact_id"],
        "address": row["address"],
        "purposes": [purpose],
        "state": said["state"],
        "source": said["source"],
        "evidence": f"migrated/{row['_id']}",
        "at": said["at"],
        "wording": None,
        "actor": "contact",
        "sender": "",
    }
