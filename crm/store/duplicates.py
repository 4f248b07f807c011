"""
Queries on pairs of contacts that may be one person.

Indexes: (workspace_id, open_at), where `open_at` is there until somebody has decided; (workspace_id, contact_ids).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from app.core import windows
from app.core.mongo import Document, DuplicateId
from app.core.runtime import Workspace
from crm import duplicates


def _pair(row: Document) -> duplicates.Duplicate:
    first, second = row["contact_ids"]
    return duplicates.Duplicate(
        id=row["_id"],
        contact_ids=(first, second),
        reasons=tuple(duplicates.Reason(**reason) for reason in row.get("reasons", ())),
        found_at=row["found_at"],
        proved=duplicates.Proved(**row["proved"]) if row.get("proved") else None,
        dismissed_at=row.get("dismissed_at"),
        dismissed_by=row.get("dismissed_by"),
        listed=row.get("open_at") is not None,
    )


async def get_many(ws: Workspace, pair_ids: Sequence[str]) -> list[duplicates.Duplicate]:
    return [_pair(row) for row in await ws.db.duplicates.get_many(pair_ids)]


def _told(pair: duplicates.Duplicate) -> Document:
    return {
        "contact_ids": list(pair.contact_ids),
        "reasons": [{"code": reason.code, "text": reason.text} for reason in pair.reasons],
        "found_at": pair.found_at,
        "dismissed_at": pair.dismissed_at,
        "dismissed_by": pair.dismissed_by,
    }


async def suggest(ws: Workspace, pair: duplicates.Duplicate, known: duplicates.Duplicate | None) -> bool:
    """On the list; False if somebody has decided about them since it was read as `known`."""
    where = {"_id": pair.id, "dismissed_at": known.dismissed_at if known else None}
    try:
        return await ws.db.duplicates.update(where, {"$set": {**_told(pair), "open_at": pair.found_at}}, upsert=True)
    except DuplicateId:
        return False


async def put_proof(ws: Workspace, pair_id: str, contact_ids: tuple[str, str], proved: duplicates.Proved) -> None:
    row = {"contact_ids": list(contact_ids), "found_at": proved.at, "proved": asdict(proved)}
    await ws.db.duplicates.update({"_id": pair_id}, {"$set": row}, upsert=True)


async def dismiss(ws: Workspace, pair: duplicates.Duplicate) -> None:
    """One that is decided leaves the list."""
    await ws.db.duplicates.update({"_id": pair.id}, {"$set": {**_told(pair), "open_at": None}}, upsert=True)


async def restore(ws: Workspace, pair_id: str) -> None:
    """Nobody has decided; it is on the list as soon as it is found again."""
    await ws.db.duplicates.update({"_id": pair_id}, {"$set": {"dismissed_at": None, "dismissed_by": None}})


async def unlist(ws: Workspace, pair_id: str) -> None:
    await ws.db.duplicates.update({"_id": pair_id}, {"$set": {"open_at": None}})


async def delete_undecided(ws: Workspace, pair_id: str) -> None:
    await ws.db.duplicates.delete({"_id": pair_id, "dismissed_at": None, "proved": None})


async def of_contact(ws: Workspace, contact_id: str) -> list[duplicates.Duplicate]:
    """Index: workspace_id, contact_ids."""
    return [_pair(row) for row in await ws.db.duplicates.find({"contact_ids": contact_id}, limit=200)]


async def delete_of(ws: Workspace, contact_id: str) -> None:
    """All pairs with this contact. Index: workspace_id, contact_ids."""
    await ws.db.duplicates.delete({"contact_ids": contact_id})


async def newest(ws: Workspace, *, before: tuple[datetime, str] | None, limit: int) -> list[duplicates.Duplicate]:
    """Undecided ones, by (time, id). Index: workspace_id, open_at."""

    async def find(where: Document, sort: list[tuple[str, int]], most: int) -> list[Document]:
        return await ws.db.duplicates.find(where, sort=sort, limit=most)

    rows = await windows.newest(find, "open_at", now=ws.clock.now(), before=before, limit=limit)
    return [_pair(row) for row in rows]
