"""
Queries on notifications. Indexes: workspace_id, member_id, at; unread_key, sparse: the member's id while it is unread,
so that the index holds only those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from app.core import windows
from app.core.mongo import Document
from app.core.runtime import Workspace
from inbox.answering import notifications

_CLOCKS_DIFFER = timedelta(minutes=5)


def _from_row(row: Document) -> notifications.Notification:
    inside = ("_id", "workspace_id", "unread_key", "expires_at")
    values: dict[str, Any] = {k: v for k, v in row.items() if k not in inside}
    return notifications.Notification(id=row["_id"], **values)


async def insert_new(ws: Workspace, rows: Sequence[notifications.Notification], *, expires_at: datetime) -> None:
    """Those that are there already stay as they are."""
    documents: list[Document] = []
    for row in rows:
        document = asdict(row)
        document["_id"] = document.pop("id")
        documents.append({**document, "unread_key": row.member_id, "expires_at": expires_at})
    await ws.db.notifications.insert_new(documents)


async def get(ws: Workspace, row_id: str) -> notifications.Notification | None:
    row = await ws.db.notifications.get(row_id)
    return _from_row(row) if row else None


async def page(
    ws: Workspace, member_id: str, *, before: tuple[datetime, str] | None, limit: int
) -> list[notifications.Notification]:

    async def find(within: Document, sort: list[tuple[str, int]], most: int) -> list[Document]:
        return await ws.db.notifications.find({"member_id": member_id, **within}, sort=sort, limit=most)

    # What another process has just stored may bear a time a little ahead of ours.
    end = ws.clock.now() + _CLOCKS_DIFFER
    rows = await windows.newest(find, "at", now=end, before=before, limit=limit)
    return [_from_row(row) for row in rows]


async def unread(ws: Workspace, member_id: str, *, limit: int) -> list[notifications.Notification]:
    """In no particular order."""
    return [_from_row(row) for row in await ws.db.notifications.find({"unread_key": member_id}, limit=limit)]


async def mark_read(ws: Workspace, row_ids: Sequence[str], at: datetime) -> None:
    change = {"$set": {"read_at": at}, "$unset": {"unread_key": ""}}
    await ws.db.notifications.update_all({"_id": {"$in": list(row_ids)}}, change)
