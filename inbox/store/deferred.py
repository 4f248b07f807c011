"""
Queries on messages for later.

Indexes: due_at, sparse, so that it holds only what has a time to be looked at; (workspace_id, open, at) and
(workspace_id, author_id, open, at) for the lists of what waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from app.core.mongo import Document, DuplicateId
from app.core.runtime import Workspace
from inbox.answering import deferred
from inbox.timeline import Author, Written


def _to_row(item: deferred.Deferred) -> Document:
    """No `due_at` where nothing is due: the sparse index must not see it."""
    row = {k: v for k, v in asdict(item).items() if not (k == "due_at" and v is None)}
    row["_id"] = row.pop("id")
    row["entry_ids"] = list(row["entry_ids"])
    row["author_id"] = item.author.id
    row["open"] = item.state in deferred.OPEN
    return row


def _from_row(row: Document) -> deferred.Deferred:
    values: dict[str, Any] = {f.name: row.get(f.name) for f in fields(deferred.Deferred) if f.name != "id"}
    values["author"] = Author(**values["author"])
    values["topic"] = row.get("topic", "")
    values["written"] = Written(**row["written"]) if row.get("written") else None
    values["entry_ids"] = tuple(values["entry_ids"])
    return deferred.Deferred(id=row["_id"], **values)


async def get(ws: Workspace, row_id: str) -> deferred.Deferred | None:
    row = await ws.db.deferred.get(row_id)
    return _from_row(row) if row else None


async def get_many(ws: Workspace, row_ids: Sequence[str]) -> list[deferred.Deferred]:
    return [_from_row(row) for row in await ws.db.deferred.get_many(row_ids)]


async def insert(ws: Workspace, item: deferred.Deferred) -> bool:
    """False if it is there already."""
    try:
        await ws.db.deferred.insert(_to_row(item))
    except DuplicateId:
        return False
    return True


async def save(ws: Workspace, old: deferred.Deferred, new: deferred.Deferred) -> bool:
    """Writes `new` if the stored one is still `old`."""
    row = _to_row(new)
    update: Document = {"$set": row}
    if "due_at" not in row:
        update["$unset"] = {"due_at": ""}
    return await ws.db.deferred.update({"_id": old.id, "revision": old.revision}, update)


async def give(ws: Workspace, heard: Mapping[str, int], contact_id: str, conversation_id: str) -> None:
    """Those that wait, by id, are another contact's: they go from that conversation, whose author knew it so far."""
    whose = {"contact_id": contact_id, "conversation_id": conversation_id}
    changes = [([row_id], {"open": True}, {"$set": {**whose, "heard": number}}) for row_id, number in heard.items()]
    await ws.db.deferred.update_each(changes)


async def page(
    ws: Workspace, *, author_id: str | None, after: tuple[datetime, str] | None, limit: int
) -> list[deferred.Deferred]:
    """What waits, by time, from (time, id) on."""
    where: Document = {"open": True}
    if author_id is not None:
        where["author_id"] = author_id
    if after is not None:
        where["at"] = {"$gte": after[0]}
    # A few more than asked for: several may share the cursor's time.
    rows = await ws.db.deferred.find(where, limit=limit + 50, sort=[("at", 1)])
    found = [_from_row(row) for row in rows]
    found.sort(key=lambda item: (item.at, item.id))
    return [item for item in found if after is None or (item.at, item.id) > after][:limit]
