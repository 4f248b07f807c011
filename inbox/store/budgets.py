"""Budgets: one row for each workspace, by its id; `active_key` is there while it has any."""

from __future__ import annotations

from dataclasses import asdict

from app.core.mongo import Document, DuplicateId
from app.core.runtime import Workspace
from inbox import budgets

# What was told of months that are long over.
_MOST_TOLD = 400


async def get(ws: Workspace) -> budgets.Budgets | None:
    row = await ws.db.budgets.get(ws.id)
    if row is None:
        return None
    found = tuple(budgets.Budget(**{**each, "alarms": tuple(each["alarms"])}) for each in row["budgets"])
    return budgets.Budgets(
        budgets=found, revision=row["revision"], changed_by=row["changed_by"], told=tuple(row.get("told", ()))
    )


async def put(ws: Workspace, kept: budgets.Budgets) -> bool:
    """If the stored one is of the revision before, or there is none yet."""
    values: Document = {
        "budgets": [asdict(each) for each in kept.budgets],
        "revision": kept.revision,
        "changed_by": kept.changed_by,
        "told": list(kept.told[-_MOST_TOLD:]),
        "active_key": ws.id if kept.budgets else None,
    }
    if kept.revision == 1:
        try:
            await ws.db.budgets.insert({"_id": ws.id, **values})
        except DuplicateId:
            return False
        return True
    return await ws.db.budgets.update_at(ws.id, kept.revision - 1, values)


async def tell_once(ws: Workspace, what: str) -> bool:
    """True for whoever is the first to say so."""
    return await ws.db.budgets.update({"_id": ws.id, "told": {"$ne": what}}, {"$push": {"told": what}})
