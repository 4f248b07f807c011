"""What an operator asks of the database as a whole: does it keep what is written, what waits, what time is it there."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

from app.core import mongo

_LOOKED_AT = 2_000
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


async def write_and_read(db: mongo.Database) -> None:
    """A journaled write, read back and deleted. Raises mongo.DatabaseError, LookupError."""
    row_id = f"probe-{secrets.token_hex(8)}"
    await db.migrations.insert_one({"_id": row_id})
    found = await db.migrations.find_one({"_id": row_id})
    await db.migrations.delete_one({"_id": row_id})
    if found is None:
        raise LookupError("a row that was just written could not be read")


async def server_time(db: mongo.Database) -> datetime | None:
    """The database server's clock, where it tells."""
    at = (await db.command("hello")).get("localTime")
    # A command's answer has no time zone; MongoDB means UTC.
    return at.replace(tzinfo=UTC) if isinstance(at, datetime) else None


async def server_version(db: mongo.Database) -> str:
    return str((await db.command("buildInfo")).get("version", "unknown"))


async def waiting(db: mongo.Database) -> Mapping[str, tuple[int, datetime | None]]:
    """
    Open work by kind: how many rows (no further than 2,000 are looked at), and since when the oldest could be done.

    What is put off until later (`due_at`) waits from then on.
    """
    found: dict[str, tuple[int, datetime | None]] = {}
    for collection, key, least, at in (
        ("inbound", "pending_key", "", "received_at"),
        ("receipts", "pending_key", "", "received_at"),
        ("media", "pending_key", "", "due_at"),
        ("entries", "outbox_key", "", "created_at"),
        ("pushes", "due_at", _EVER, "due_at"),
    ):
        rows = await db[collection].find({key: {"$gt": least}}, {at: 1, "due_at": 1}).limit(_LOOKED_AT).to_list()
        times = [since for row in rows if (since := row.get("due_at") or row.get(at))]
        found["outbox" if collection == "entries" else collection] = (len(rows), min(times, default=None))
    return found
