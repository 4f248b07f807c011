"""Rows of what members keep and use: a use counts beside a change, and neither undoes the other."""

from __future__ import annotations

from datetime import datetime

from app.core.mongo import Document, ScopedCollection
from inbox.answering.kept import Kept

_OF_USE = ("uses", "last_used_at")


async def replace(rows: ScopedCollection, before: Kept, row: Document) -> bool:
    """False if it was changed meanwhile. How often it was used is left as it is. Raises DuplicateId."""
    changed = {name: value for name, value in row.items() if name not in ("_id", *_OF_USE)}
    return await rows.update({"_id": before.id, "revision": before.revision}, {"$set": changed})


async def count_use(rows: ScopedCollection, row_id: str, at: datetime) -> None:
    await rows.update({"_id": row_id}, {"$inc": {"uses": 1}, "$set": {"last_used_at": at}})
