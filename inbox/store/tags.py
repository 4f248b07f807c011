"""
Queries on tags: a small collection, read as a whole.

Indexes: (workspace_id, key), unique; `pending_key`, sparse, which holds the tags that are being merged.
"""

from __future__ import annotations

from dataclasses import fields

from app.core.mongo import Document, DuplicateId
from app.core.runtime import Workspace
from inbox.finding import tags

# Tags that were merged stand before all names: their own may be given again.
_MERGED = "\x00"
_NAMED = "\x01"


def _tag(row: Document) -> tags.Tag:
    return tags.Tag(id=row["_id"], **{f.name: row[f.name] for f in fields(tags.Tag) if f.name in row})


def _row(tag: tags.Tag) -> Document:
    return {
        "_id": tag.id,
        "name": tag.name,
        "colour": tag.colour,
        "created_at": tag.created_at,
        "key": tags.key(tag.name),
    }


async def every(ws: Workspace) -> list[tags.Tag]:
    return [_tag(row) for row in await ws.db.tags.find({"key": {"$gte": _NAMED}}, limit=2 * tags.MOST)]


async def merged(ws: Workspace) -> list[tags.Tag]:
    return [_tag(row) for row in await ws.db.tags.find({"key": {"$lt": _NAMED}}, limit=20 * tags.MOST)]


async def begin_merge(ws: Workspace, tag_id: str, heir_id: str) -> bool:
    """False if it was begun already."""
    change = {"$set": {"merges_into": heir_id, "pending_key": tag_id}}
    return await ws.db.tags.update({"_id": tag_id, "merges_into": None}, change)


async def note_progress(ws: Workspace, tag_id: str, done: int, of: int) -> None:
    await ws.db.tags.update({"_id": tag_id}, {"$set": {"done": done, "of": of}})


async def end_merge(ws: Workspace, tag_id: str) -> None:
    change = {"$set": {"key": f"{_MERGED}{tag_id}"}, "$unset": {"pending_key": ""}}
    await ws.db.tags.update({"_id": tag_id}, change)


async def insert(ws: Workspace, tag: tags.Tag) -> bool:
    """False if there is one of this name."""
    try:
        await ws.db.tags.insert(_row(tag))
    except DuplicateId:
        return False
    return True


async def save(ws: Workspace, tag: tags.Tag) -> bool:
    """False if another has this name."""
    row = _row(tag)
    tag_id = row.pop("_id")
    try:
        await ws.db.tags.update({"_id": tag_id}, {"$set": row})
    except DuplicateId:
        return False
    return True


async def delete(ws: Workspace, tag_id: str) -> None:
    await ws.db.tags.delete({"_id": tag_id})
