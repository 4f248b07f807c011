"""
Queries on how long things are kept: one row for each workspace. `active_key`, sparse, is there while it has a rule or a
preview to be made.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.core.mongo import Document
from app.core.runtime import Workspace


async def get(ws: Workspace) -> Document:
    """What is stored, or nothing."""
    return await ws.db.retention.get(ws.id) or {}


async def put(ws: Workspace, values: Document, *, active: bool) -> None:
    await ws.db.retention.insert_new([{"_id": ws.id}])
    change: Document = {"$set": {**values, **({"active_key": ws.id} if active else {})}}
    if not active:
        change["$unset"] = {"active_key": ""}
    await ws.db.retention.update({"_id": ws.id}, change)


async def move(ws: Workspace, name: str, at: datetime, gone: int) -> None:
    """Everything of this class that is older has been seen to."""
    change: dict[str, Any] = {"$set": {f"marks.{name}": at}}
    if gone:
        change["$inc"] = {f"gone.{name}": gone}
    await ws.db.retention.update({"_id": ws.id}, change)


async def start_over(ws: Workspace) -> None:
    """From the beginning: somebody's legal hold was lifted, or a rule is stricter than before."""
    await ws.db.retention.update({"_id": ws.id}, {"$unset": {"marks": ""}})
