"""Queries on web-chat visitors. A row's `_id` is the hash of the token that its browser keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from app.core.runtime import Workspace
from inbox import visitors


async def insert(ws: Workspace, token_hash: str, visitor: visitors.Visitor) -> None:
    await ws.db.visitors.insert({**asdict(visitor), "_id": token_hash})


async def get(ws: Workspace, token_hash: str) -> visitors.Visitor | None:
    row = await ws.db.visitors.get(token_hash)
    if row is None:
        return None
    values: dict[str, Any] = {k: v for k, v in row.items() if k not in ("_id", "workspace_id")}
    return visitors.Visitor(**values)


async def update(ws: Workspace, token_hash: str, changes: Mapping[str, Any], **expected: Any) -> bool:
    """Writes these fields if the row is there and still as expected."""
    return await ws.db.visitors.update({"_id": token_hash, **expected}, {"$set": dict(changes)})


async def delete(ws: Workspace, token_hash: str) -> None:
    await ws.db.visitors.delete({"_id": token_hash})
