"""
Queries on pairs of contacts that may be one person.

Indexes: (workspace_id, open_at), where `open_at` is there until somebody has decided; (workspace_id, contact_ids).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.core import windows
from app.core.mongo import Document
from app.core.runtime import Workspace
from crm import duplicates


def _pair(row: Document) -> duplicates.Duplicate:
    first, second = row["contact_ids"]
    return duplicates.Duplicate(
        id=row["_id"],
        contact_ids=(first, second),
        reasons=tuple(duplicates.Reason(**reason) for reason in row["reasons"]),
        found_at=row["found_at"],
        dismissed_at=row.get("dismissed_at"),
        dismissed_by=row.get("dismissed_by"),
    )


async def get_many(ws: Workspace, pair_ids: Sequence[str]) -> list[duplicates.Duplicate]:
    return [_pair(row) for row in await ws.db.duplicates.get_many(pair_ids)]


async def put(ws: Workspace, pair: duplicates.Duplicate, *, found_at: datetime) -> None:
    """One that is decided leaves the list."""
    row: Document = {
        "contact_ids": list(pair.contact_ids),
        "reasons": [{"code": reason.code, "text": reason.text} for reason in pair.reasons],
        "found_at": found_at,
        "dismissed_at": pair.dismissed_at,
        "dismissed_by": pair.dismissed_by,
        "open_at": None if pair.dismissed_at else found_at,
    }
    await ws.db.duplicates.update({"_id": pair.id}, {"$set": row}, upsert=True)


async def delete(ws: Workspace, pair_id: str) -> None:
    await ws.db.duplicates.delete({"_id": pair_id})


async def of_contact(ws: Workspace, contact_id: str) -> list[duplicates.Duplicate]:
    """Index: workspace_id, contact_ids."""
    return [_pair(row) for row in await ws.db.duplicates.find({"contact_ids": contact_id}, limit=200)]


async def newest(ws: Workspace, *, before: tuple[datetime, str] | None, limit: int) -> list[duplicates.Duplicate]:
    """Undecided ones, by (time, id). Index: workspace_id, open_at."""

    async def find(where: Document, sort: list[tuple[str, int]], most: int) -> list[Document]:
        return await ws.db.duplicates.find(where, sort=sort, limit=most)

    rows = await windows.newest(find, "open_at", now=ws.clock.now(), before=before, limit=limit)
    return [_pair(row) for row in rows]
