"""Queries on content blocks. Index: workspace_id."""

from __future__ import annotations

from typing import Any

from app.core.mongo import Document
from app.core.runtime import Workspace
from inbox import content_blocks


def _to_row(kept: content_blocks.ContentBlock) -> Document:
    return {
        "_id": kept.id,
        "key": kept.key,
        "name": kept.name,
        "wordings": [each.model_dump(exclude_none=True) for each in kept.wordings],
        "by_name": kept.by_name,
        "updated_at": kept.updated_at,
        "revision": kept.revision,
    }


def _from_row(row: Document) -> content_blocks.ContentBlock:
    values: dict[str, Any] = {k: v for k, v in row.items() if k not in ("_id", "workspace_id")}
    values["wordings"] = tuple(
        content_blocks.BlockWording.model_validate({"language": None, **each}) for each in values["wordings"]
    )
    return content_blocks.ContentBlock(id=row["_id"], **values)


async def listed(ws: Workspace) -> list[content_blocks.ContentBlock]:
    return [_from_row(row) for row in await ws.db.content_blocks.find({}, limit=content_blocks.MOST)]


async def get(ws: Workspace, block_id: str) -> content_blocks.ContentBlock | None:
    row = await ws.db.content_blocks.get(block_id)
    return _from_row(row) if row else None


async def insert(ws: Workspace, kept: content_blocks.ContentBlock) -> None:
    await ws.db.content_blocks.insert(_to_row(kept))


async def replace(ws: Workspace, before: content_blocks.ContentBlock, after: content_blocks.ContentBlock) -> bool:
    """False if it was changed meanwhile."""
    changed = {name: value for name, value in _to_row(after).items() if name != "_id"}
    return await ws.db.content_blocks.update_at(before.id, before.revision, changed)


async def delete(ws: Workspace, block_id: str) -> None:
    await ws.db.content_blocks.delete({"_id": block_id})
