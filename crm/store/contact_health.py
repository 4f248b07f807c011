"""
Queries on contact health: one row for each workspace, under its id, with what is settled and how far looking through
all is; the scores themselves stand on the contacts.

`health_key` (workspace, score, contact) stands on contacts that have a score, and its index holds no others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from app.core.alphabet import Fences
from app.core.mongo import Document
from app.core.runtime import Workspace
from crm import changes, facets
from crm.contact_health import Health, HealthSettings
from crm.contacts import Contact
from crm.store import contacts as contact_store
from crm.store import evenly

_SAMPLE = 2_000
_MOST_BETWEEN = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """`after` is the last contact looked at, None at the beginning; `active`: scores are kept here."""

    settings: HealthSettings
    active: bool = False
    started_at: datetime | None = None
    after: str | None = None
    running: bool = False
    looked_at: int = 0
    total: int = 0


async def get(ws: Workspace) -> Looking:
    """Point read."""
    row = await ws.db.contact_health.get(ws.id) or {}
    names = ("started_at", "after", "running", "looked_at", "total")
    settings = HealthSettings.model_validate(row["settings"]) if row.get("settings") else HealthSettings()
    values = {name: row[name] for name in names if row.get(name) is not None}
    return Looking(settings=settings, active="active_key" in row, **values)


async def save(ws: Workspace, settings: HealthSettings) -> None:
    await _set(ws, {"settings": settings.model_dump()})


async def begin(ws: Workspace, at: datetime) -> None:
    """Look through all contacts from the beginning; kept up from now on."""
    begun = {"started_at": at, "after": None, "running": True, "looked_at": 0, "active_key": ws.id}
    await _set(ws, begun)


async def stop(ws: Workspace) -> None:
    await ws.db.contact_health.update({"_id": ws.id}, {"$set": {"running": False}, "$unset": {"active_key": ""}})


async def advance(ws: Workspace, looking: Looking, values: Document) -> bool:
    """From one stretch to the next; False if it was begun anew meanwhile."""
    where = {"_id": ws.id, "started_at": looking.started_at, "running": True}
    return await ws.db.contact_health.update(where, {"$set": values})


async def _set(ws: Workspace, values: Document) -> None:
    await ws.db.contact_health.insert_new([{"_id": ws.id}])
    await ws.db.contact_health.update({"_id": ws.id}, {"$set": values})


async def put(ws: Workspace, found: Sequence[tuple[Contact, Health | None]]) -> int:
    """
    On contacts as they were read, in one command; how many were still so. Who is saved at the same time is asked again.
    """
    updates: list[tuple[list[str], Document, Document]] = []
    for contact, health in found:
        values: Document = {
            "health": asdict(health) if health else None,
            "facets": facets.of(replace(contact, health=health)),
        }
        change: Document = {"$set": values, "$inc": {"revision": 1}}
        if health is not None:
            values["health_key"] = key(ws, health.score, contact.id)
        else:
            change["$unset"] = {"health_key": ""}
        updates.append(([contact.id], {"revision": contact.revision}, change))
    async with changes.of(ws, [contact.id for contact, _ in found]):
        return await ws.db.contacts.update_each(updates)


def key(ws: Workspace, score: int, contact_id: str) -> str:
    return f"{ws.id}/{score:03d}/{contact_id}"


async def by_score(ws: Workspace, *, after: str | None, limit: int) -> list[Contact]:
    """Those who have a score, the lowest first; `after` is the key of the last one. Index: health_key."""
    first, behind = f"{ws.id}/", f"{ws.id}0"

    async def sample() -> list[str]:
        rows = await evenly.in_order(ws.db.contacts, contact_store.IDS, {}, limit=_SAMPLE, fields=["health_key"])
        return [row["health_key"] for row in rows if row.get("health_key")]

    async def read(lower: str, upper: str | None, most: int) -> list[Document]:
        bounds = {"$gte": max(lower, first), "$lt": upper or behind}
        rows = await ws.db.contacts.find_exactly({"health_key": bounds}, limit=_MOST_BETWEEN, fields=["health_key"])
        return sorted(rows, key=lambda row: str(row["health_key"]))[:most]

    fences = await Fences.of("contact_health", ws.id, sample)
    rows = (await fences.page(read, after=after, limit=limit))[:limit]
    known = await contact_store.contacts_by_id(ws, [row["_id"] for row in rows])
    return [known[row["_id"]] for row in rows if row["_id"] in known]
