"""
Queries on incidents, the conversations that have them, their updates, and who was told.

Indexes: incidents (workspace_id, active, created_at); incident_links (workspace_id, incident_id); incident_updates
(workspace_id, incident_id) and work_key, sparse; incident_tellings (workspace_id, update_id). The `_id` of a link and
of a telling is made of what it joins, so there is one of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any, TypeVar

from app.core import ids
from app.core.mongo import Document
from app.core.runtime import Workspace
from inbox.store import windows
from inbox.ticketing import incidents

_Row = TypeVar("_Row")


def _read(kind: type[_Row], row: Document) -> _Row:
    names = [f.name for f in fields(kind)]  # type: ignore[arg-type]
    values: dict[str, Any] = {name: row[name] for name in names if name in row}
    if "id" in names:
        values["id"] = row["_id"]
    return kind(**values)


def _incident_row(incident: incidents.Incident) -> Document:
    row = asdict(incident)
    row["_id"] = row.pop("id")
    row["active"] = incident.active
    return row


async def insert(ws: Workspace, incident: incidents.Incident) -> None:
    await ws.db.incidents.insert(_incident_row(incident))


async def get(ws: Workspace, incident_id: str) -> incidents.Incident | None:
    row = await ws.db.incidents.get(incident_id)
    return _read(incidents.Incident, row) if row else None


async def save(ws: Workspace, old: incidents.Incident, new: incidents.Incident) -> bool:
    row = _incident_row(new)
    return await ws.db.incidents.update({"_id": row.pop("_id"), "revision": old.revision}, {"$set": row})


async def page(
    ws: Workspace, *, active: bool, cursor: str | None, limit: int
) -> tuple[list[incidents.Incident], str | None]:
    """Newest first. Index: workspace_id, active, created_at."""
    walk = windows.Walk("created_at", ws.clock.now() + timedelta(minutes=5), windows.EARLIEST, timedelta(days=1))

    async def read(span: Document, most: int) -> list[Document]:
        return await ws.db.incidents.find({"active": active, "created_at": span}, limit=most)

    rows, following = await windows.page(walk, read, cursor=cursor, limit=limit, fits=lambda _: True)
    return [_read(incidents.Incident, row) for row in rows], following


def _link_id(incident_id: str, conversation_id: str) -> str:
    return ids.derived("inl", incident_id, conversation_id)


async def insert_links(ws: Workspace, links: Sequence[incidents.Link]) -> list[str]:
    """The conversations that were not linked before."""
    rows = [{"_id": _link_id(link.incident_id, link.conversation_id), **asdict(link)} for link in links]
    known = await ws.db.incident_links.insert_new(rows)
    return [row["conversation_id"] for row in rows if row["_id"] not in known]


async def delete_link(ws: Workspace, incident_id: str, conversation_id: str) -> bool:
    return bool(await ws.db.incident_links.delete({"_id": _link_id(incident_id, conversation_id)}))


async def links(ws: Workspace, incident_id: str, *, limit: int) -> list[incidents.Link]:
    """In the order they were made. Index: workspace_id, incident_id."""
    rows = await ws.db.incident_links.find({"incident_id": incident_id}, limit=limit)
    return [_read(incidents.Link, row) for row in sorted(rows, key=lambda row: (row["at"], row["_id"]))]


async def count_links(ws: Workspace, incident_id: str) -> int:
    """Index: workspace_id, incident_id."""
    rows = await ws.db.incident_links.find({"incident_id": incident_id}, limit=incidents.MOST_LINKED, fields=["_id"])
    return len(rows)


async def of_conversation(ws: Workspace, conversation_id: str) -> list[str]:
    """Incidents that a conversation has. Index: workspace_id, conversation_id."""
    rows = await ws.db.incident_links.find({"conversation_id": conversation_id}, limit=20, fields=["incident_id"])
    return [row["incident_id"] for row in rows]


async def insert_update(ws: Workspace, update: incidents.Update) -> bool:
    """False if it is there already."""
    row = asdict(update)
    row["_id"] = row.pop("id")
    return not await ws.db.incident_updates.insert_new([{**row, "work_key": ws.id}])


async def get_update(ws: Workspace, update_id: str) -> incidents.Update | None:
    row = await ws.db.incident_updates.get(update_id)
    return _read(incidents.Update, row) if row else None


async def updates(ws: Workspace, incident_id: str) -> list[incidents.Update]:
    """Newest first. Index: workspace_id, incident_id."""
    rows = await ws.db.incident_updates.find({"incident_id": incident_id}, limit=incidents.MOST_UPDATES)
    return [_read(incidents.Update, row) for row in sorted(rows, key=lambda row: row["at"], reverse=True)]


async def note_progress(
    ws: Workspace, update_id: str, *, of: int, sent: int, not_sent: int, done_at: datetime | None
) -> None:
    change: Document = {"$set": {"of": of, "sent": sent, "not_sent": not_sent, "done_at": done_at}}
    if done_at is not None:
        change["$unset"] = {"work_key": ""}
    await ws.db.incident_updates.update({"_id": update_id}, change)


async def insert_telling(ws: Workspace, telling: incidents.Telling) -> None:
    row_id = ids.derived("int", telling.update_id, telling.conversation_id)
    await ws.db.incident_tellings.insert_new([{"_id": row_id, **asdict(telling)}])


async def tellings(ws: Workspace, update_id: str, *, limit: int) -> list[incidents.Telling]:
    """Index: workspace_id, update_id."""
    rows = await ws.db.incident_tellings.find({"update_id": update_id}, limit=limit)
    return [_read(incidents.Telling, row) for row in sorted(rows, key=lambda row: (row["at"], row["_id"]))]
