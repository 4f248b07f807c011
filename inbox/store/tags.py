"""Queries on tags: a small collection, read as a whole. Index: (workspace_id, key), unique."""

from __future__ import annotations

from dataclasses import asdict

from app.core.mongo import Document, DuplicateId
from app.core.runtime import Workspace
from inbox.finding import tags


def _tag(row: Document) -> tags.Tag:
    return tags.Tag(id=row["_id"], name=row["name"], colour=row["colour"], created_at=row["created_at"])


def _row(tag: tags.Tag) -> Document:
    row = asdict(tag)
    row["_id"] = row.pop("id")
    return {**row, "key": tags.key(tag.name)}


async def every(ws: Workspace) -> list[tags.Tag]:
    return [_tag(row) for row in await ws.db.tags.find({"key": {"$gte": ""}}, limit=tags.MOST)]


async def get(ws: Workspace, tag_id: str) -> tags.Tag | None:
    row = await ws.db.tags.get(tag_id)
    return _tag(row) if row else None


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
