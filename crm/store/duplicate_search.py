"""Queries on the search for duplicates: one row for each workspace, under its id."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from app.core.mongo import DuplicateId
from app.core.runtime import Workspace
from crm import duplicate_search


async def get(ws: Workspace) -> duplicate_search.Search | None:
    row = await ws.db.duplicate_searches.get(ws.id)
    if row is None:
        return None
    values: dict[str, Any] = {f.name: row[f.name] for f in fields(duplicate_search.Search) if f.name in row}
    return duplicate_search.Search(**values)


async def begin(ws: Workspace, search: duplicate_search.Search) -> bool:
    """In the place of the last one; False if that is not done."""
    try:
        return await ws.db.duplicate_searches.update(
            {"_id": ws.id, "state": "done"}, {"$set": asdict(search)}, upsert=True
        )
    except DuplicateId:
        return False


async def advance(ws: Workspace, old: duplicate_search.Search, new: duplicate_search.Search) -> bool:
    """From one batch to the next; False if somebody else did this batch."""
    where = {"_id": ws.id, "started_at": old.started_at, "batch": old.batch}
    return await ws.db.duplicate_searches.update(where, {"$set": asdict(new)})
