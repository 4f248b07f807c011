"""
Queries on erasures. Indexes: (workspace_id, at); (workspace_id, marks); `pending_key`, sparse, which holds what is
under way.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.core import windows
from app.core.mongo import Document
from app.core.runtime import Workspace
from crm import erasures

_LISTS = ("members", "handles", "marks", "left")


def _row(known: erasures.Erasure) -> Document:
    row = asdict(known)
    row["_id"] = row.pop("id")
    return row | {name: list(row[name]) for name in _LISTS}


def _erasure(row: Document) -> erasures.Erasure:
    values: dict[str, Any] = {name: row[name] for name in erasures.Erasure.__slots__ if name in row}
    return erasures.Erasure(**{**values, **{name: tuple(row[name]) for name in _LISTS}, "id": row["_id"]})


async def insert(ws: Workspace, new: erasures.Erasure) -> None:
    """Raises DuplicateId."""
    await ws.db.erasures.insert({**_row(new), "pending_key": new.id})


async def get(ws: Workspace, erasure_id: str) -> erasures.Erasure | None:
    row = await ws.db.erasures.get(erasure_id)
    return _erasure(row) if row else None


async def save(ws: Workspace, wanted: erasures.Erasure) -> bool:
    """False if somebody else has saved it."""
    change: Document = {"$set": _row(wanted)}
    if wanted.state == "done":
        change["$unset"] = {"pending_key": ""}
    return await ws.db.erasures.update({"_id": wanted.id, "revision": wanted.revision - 1}, change)


async def marked(ws: Workspace, mark: str) -> list[erasures.Erasure]:
    """Index: workspace_id, marks."""
    rows = await ws.db.erasures.find({"marks": mark}, limit=100)
    return sorted((_erasure(row) for row in rows), key=lambda each: each.at, reverse=True)


async def page(ws: Workspace, *, before: tuple[datetime, str] | None, limit: int) -> list[erasures.Erasure]:
    """Index: workspace_id, at."""

    async def find(where: Document, sort: list[tuple[str, int]], most: int) -> list[Document]:
        return await ws.db.erasures.find(where, sort=sort, limit=most)

    rows = await windows.newest(find, "at", now=ws.clock.now(), before=before, limit=limit)
    return [_erasure(row) for row in rows]
