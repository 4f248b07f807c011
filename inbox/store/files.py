"""Queries on what is known of files; the bytes are in the file store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from app.core.mongo import Document
from app.core.runtime import Workspace
from inbox import files

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def insert(ws: Workspace, file: files.StoredFile) -> None:
    """A file of this id that is there already is left as it is."""
    row = asdict(file)
    row["_id"] = row.pop("id")
    if file.unused_until is None:
        # The index holds only what waits.
        del row["unused_until"]
    await ws.db.files.insert_new([row])


async def get(ws: Workspace, file_id: str) -> files.StoredFile | None:
    row = await ws.db.files.get(file_id)
    return None if row is None or row.get("gone") else _from_row(row)


async def get_many(ws: Workspace, file_ids: Sequence[str]) -> list[files.StoredFile]:
    return [_from_row(row) for row in await ws.db.files.get_many(file_ids) if not row.get("gone")]


async def use(ws: Workspace, file_id: str) -> bool:
    """It is no longer waiting for a message; False if it was deleted."""
    return await ws.db.files.update({"_id": file_id, "gone": None}, {"$unset": {"unused_until": ""}})


async def put_in(ws: Workspace, file_id: str, conversation_id: str) -> None:
    await ws.db.files.update({"_id": file_id}, {"$addToSet": {"conversation_ids": conversation_id}})


async def mark_gone(ws: Workspace, file_id: str) -> files.StoredFile | None:
    """To be deleted, and given to nobody any more; None if a message has taken it."""
    if not await ws.db.files.update({"_id": file_id, "unused_until": {"$gt": EPOCH}}, {"$set": {"gone": True}}):
        return None
    row = await ws.db.files.get(file_id)
    return _from_row(row) if row else None


async def condemn(ws: Workspace, file_id: str) -> files.StoredFile | None:
    """To be deleted whoever has it, and given to nobody any more; None if there is none."""
    await ws.db.files.update({"_id": file_id}, {"$set": {"gone": True}})
    row = await ws.db.files.get(file_id)
    return _from_row(row) if row else None


async def delete(ws: Workspace, file_id: str) -> None:
    await ws.db.files.delete({"_id": file_id})


def _from_row(row: Document) -> files.StoredFile:
    values = {k: v for k, v in row.items() if k not in ("_id", "workspace_id", "gone")}
    values["conversation_ids"] = tuple(values.get("conversation_ids", ()))
    return files.StoredFile(id=row["_id"], **values)
