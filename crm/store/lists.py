"""Queries on static lists: a small collection, read as a whole. Index: (workspace_id, key), unique."""

from __future__ import annotations

from app.core.mongo import Document, DuplicateId
from app.core.runtime import Workspace
from crm import lists


def _list(row: Document) -> lists.ContactList:
    return lists.ContactList(row["_id"], row["name"], row["created_at"], row.get("archived_at"))


def _row(made: lists.ContactList) -> Document:
    # The name of one that is archived may be given again.
    key = lists.key(made.name) if made.archived_at is None else f"\x00{made.id}"
    return {"name": made.name, "created_at": made.created_at, "archived_at": made.archived_at, "key": key}


async def every(ws: Workspace) -> list[lists.ContactList]:
    return [_list(row) for row in await ws.db.contact_lists.find({}, limit=2 * lists.MOST)]


async def get(ws: Workspace, list_id: str) -> lists.ContactList | None:
    row = await ws.db.contact_lists.get(list_id)
    return _list(row) if row else None


async def insert(ws: Workspace, made: lists.ContactList) -> bool:
    """False if there is one of this name."""
    try:
        await ws.db.contact_lists.insert({"_id": made.id, **_row(made)})
    except DuplicateId:
        return False
    return True


async def save(ws: Workspace, made: lists.ContactList) -> bool:
    """False if another has this name."""
    try:
        await ws.db.contact_lists.update({"_id": made.id}, {"$set": _row(made)})
    except DuplicateId:
        return False
    return True
