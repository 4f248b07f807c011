"""The one row that says what a workspace's tickets look like, and which tickets stand against a change of it."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from app.core.mongo import DuplicateId
from app.core.runtime import Workspace
from inbox.ticketing import ticket_forms


async def get(ws: Workspace) -> ticket_forms.Forms | None:
    row = await ws.db.ticket_forms.get(ws.id)
    if row is None:
        return None
    categories = (ticket_forms.Category(**{k: _frozen(v) for k, v in each.items()}) for each in row["categories"])
    fields = (ticket_forms.TicketField(**{k: _frozen(v) for k, v in each.items()}) for each in row["fields"])
    return ticket_forms.Forms(
        categories=tuple(categories),
        fields=tuple(fields),
        tell_on=tuple(row["tell_on"]),
        tell_text=row["tell_text"],
        overdue=replace(ticket_forms.Overdue(), **row["overdue"]),
        revision=row["revision"],
    )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


async def save(ws: Workspace, forms: ticket_forms.Forms) -> bool:
    """False if the stored ones are not the revision before."""
    row = asdict(forms)
    if forms.revision == 1:
        try:
            await ws.db.ticket_forms.insert({"_id": ws.id, **row})
        except DuplicateId:
            return False
        return True
    return await ws.db.ticket_forms.update({"_id": ws.id, "revision": forms.revision - 1}, {"$set": row})


async def labels_with(ws: Workspace, facet: str, *, limit: int) -> list[tuple[str, str]]:
    """(id, #number title) of some tickets that stand in this list. Index: workspace_id, facets, updated_at."""
    rows = await ws.db.tickets.find({"facets": facet}, limit=limit, fields=["number", "title"])
    return [(row["_id"], f"#{row['number']} {row['title']}") for row in sorted(rows, key=lambda row: row["number"])]
