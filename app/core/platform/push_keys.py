"""
The instance's keys for web push, by number; the newest signs for new subscriptions. A browser's subscription belongs to
the key that it was made with, so older keys stay as long as some device still has one of theirs.
"""

from dataclasses import dataclass
from datetime import datetime

from app.core import mongo, webpush
from app.core.security import Keyring
from app.core.webpush import SigningKey


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What everybody may know of a key."""

    number: int
    public: str


async def newest(db: mongo.Database, keyring: Keyring, now: datetime) -> PublicKey:
    """Made now if there is none."""
    known = await _known(db)
    return known[-1] if known else await add(db, keyring, now)


async def get(db: mongo.Database, keyring: Keyring, number: int) -> SigningKey | None:
    """Raises CannotDecrypt."""
    row = await db.push_keys.find_one({"_id": number})
    return SigningKey(keyring.decrypt(row["sealed"])["private"], row["public"]) if row else None


async def add(db: mongo.Database, keyring: Keyring, now: datetime) -> PublicKey:
    """A new key; that of another process, should both make one at the same time."""
    number = max((key.number for key in await _known(db)), default=0) + 1
    made = webpush.new_key()
    row = {"_id": number, "sealed": keyring.encrypt({"private": made.private}), "public": made.public, "at": now}
    try:
        await mongo.insert(db.push_keys, row)
    except mongo.DuplicateId:
        return await newest(db, keyring, now)
    return PublicKey(number, made.public)


async def keep(db: mongo.Database, numbers: set[int]) -> int:
    """Forgets all other keys; how many they were."""
    gone = [key.number for key in await _known(db) if key.number not in numbers]
    for number in gone:
        await db.push_keys.delete_one({"_id": number})
    return len(gone)


async def rotate_keys(db: mongo.Database, keyring: Keyring) -> int:
    """Seals every key with the newest secret key; how many."""
    rows = await db.push_keys.find({}, {"sealed": 1}).to_list()
    for row in rows:
        await db.push_keys.update_one({"_id": row["_id"]}, {"$set": {"sealed": keyring.rotate(row["sealed"])}})
    return len(rows)


async def _known(db: mongo.Database) -> list[PublicKey]:
    """Few: one more with each rotation; the newest last."""
    rows = await db.push_keys.find({}, {"public": 1}).to_list()
    return sorted((PublicKey(row["_id"], row["public"]) for row in rows), key=lambda key: key.number)
