"""Queries on the address books of contacts. Index: (workspace_id, contact_id); one contact has few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from app.core.mongo import MOST_IN, Document, DuplicateId
from app.core.runtime import Workspace
from crm import destinations

_MOST_READ = 1_000


def _destination(row: Document) -> destinations.Destination:
    known: dict[str, Any] = {name: row[name] for name in destinations.Destination.__slots__ if name in row}
    known["past"] = tuple(destinations.Past(**each) for each in row.get("past", ()))
    return destinations.Destination(**{**known, "id": row["_id"]})


def _row(found: destinations.Destination) -> Document:
    row = asdict(found)
    row["_id"] = row.pop("id")
    row["past"] = list(row["past"])
    return row


async def of_contacts(ws: Workspace, contact_ids: Sequence[str]) -> list[destinations.Destination]:
    found: list[destinations.Destination] = []
    for first in range(0, len(contact_ids), MOST_IN):
        where = {"contact_id": {"$in": list(contact_ids[first : first + MOST_IN])}}
        found += [_destination(row) for row in await ws.db.destinations.find(where, limit=_MOST_READ)]
    return found


async def get(ws: Workspace, destination_id: str) -> destinations.Destination | None:
    row = await ws.db.destinations.get(destination_id)
    return _destination(row) if row else None


async def insert(ws: Workspace, made: destinations.Destination) -> bool:
    """False if there is one of this id."""
    try:
        await ws.db.destinations.insert(_row(made))
    except DuplicateId:
        return False
    return True


async def save(ws: Workspace, wanted: destinations.Destination) -> bool:
    """As the revision after `wanted.revision`; False if the stored one is another."""
    row = {**_row(wanted), "revision": wanted.revision + 1}
    return await ws.db.destinations.update({"_id": wanted.id, "revision": wanted.revision}, {"$set": row})


async def delete(ws: Workspace, destination_id: str) -> None:
    await ws.db.destinations.delete({"_id": destination_id})


async def delete_of(ws: Workspace, contact_ids: Sequence[str]) -> None:
    for first in range(0, len(contact_ids), MOST_IN):
        await ws.db.destinations.delete({"contact_id": {"$in": list(contact_ids[first : first + MOST_IN])}})
