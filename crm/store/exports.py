"""
Queries on exports. Indexes: (workspace_id, created_at); `pending_key`, sparse, which holds what is being written;
`expires_at`, by which files are deleted.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from app.core import windows
from app.core.mongo import Document
from app.core.runtime import Workspace
from crm import exports


def _export(row: Document) -> exports.Export:
    values: dict[str, Any] = {name: row[name] for name in exports.Export.__slots__ if name in row}
    return exports.Export(**{**values, "id": row["_id"], "words": tuple(row["words"])})


async def insert(ws: Workspace, made: exports.Export) -> None:
    row = asdict(made)
    row["_id"] = row.pop("id")
    await ws.db.exports.insert({**row, "pending_key": made.id})


async def get(ws: Workspace, export_id: str) -> exports.Export | None:
    row = await ws.db.exports.get(export_id)
    return _export(row) if row else None


async def latest(ws: Workspace, *, limit: int) -> list[exports.Export]:
    """Index: workspace_id, created_at."""

    async def find(where: Document, sort: list[tuple[str, int]], most: int) -> list[Document]:
        return await ws.db.exports.find(where, sort=sort, limit=most)

    found = await windows.newest(find, "created_at", now=ws.clock.now(), before=None, limit=limit)
    return [_export(row) for row in found]


async def finish(ws: Workspace, done: exports.Export) -> None:
    values = {"state": done.state, "written": done.written, "expires_at": done.expires_at}
    await ws.db.exports.update({"_id": done.id}, {"$set": values, "$unset": {"pending_key": ""}})


async def delete(ws: Workspace, export_id: str) -> None:
    await ws.db.exports.delete({"_id": export_id})
