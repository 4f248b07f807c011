"""Rows of migrations: which are done, how far one got, and the lock under which they run."""

from datetime import datetime
from typing import Any

from app.core import mongo

# Short, so that a killed holder does not keep the next start waiting; renewed while the holder lives.
LOCK_SECONDS = 20.0
_LOCK = "lock"


def _id(number: int) -> str:
    return f"{number:04d}"


async def done(db: mongo.Database) -> set[int]:
    """Numbers of those that are finished."""
    found = await db.migrations.find({"state": "done"}).limit(10_000).to_list()
    return {int(row["_id"]) for row in found}


async def begin(db: mongo.Database, number: int, name: str, at: datetime) -> None:
    """Notes the start; what an earlier try has saved stays."""
    await db.migrations.update_one(
        {"_id": _id(number)}, {"$set": {"name": name, "state": "running", "started_at": at}}, upsert=True
    )


async def finish(db: mongo.Database, number: int, at: datetime) -> None:
    await db.migrations.update_one({"_id": _id(number)}, {"$set": {"state": "done", "finished_at": at}})


async def progress(db: mongo.Database, number: int) -> dict[str, Any]:
    row = await db.migrations.find_one({"_id": _id(number)})
    return dict((row or {}).get("progress", {}))


async def save_progress(db: mongo.Database, number: int, values: dict[str, Any]) -> None:
    await db.migrations.update_one({"_id": _id(number)}, {"$set": {f"progress.{k}": v for k, v in values.items()}})


async def take_lock(db: mongo.Database, holder: str, now: datetime, until: datetime) -> bool:
    """False while another holds it."""
    try:
        await mongo.insert(db.migrations, {"_id": _LOCK, "holder": holder, "until": until})
    except mongo.DuplicateId:
        result = await db.migrations.update_one(
            {"_id": _LOCK, "until": {"$lt": now}}, {"$set": {"holder": holder, "until": until}}
        )
        return result.matched_count == 1
    return True


async def renew_lock(db: mongo.Database, holder: str, until: datetime) -> None:
    await db.migrations.update_one({"_id": _LOCK, "holder": holder}, {"$set": {"until": until}})


async def release_lock(db: mongo.Database, holder: str) -> None:
    await db.migrations.delete_one({"_id": _LOCK, "holder": holder})
