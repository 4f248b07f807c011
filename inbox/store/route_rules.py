"""Queries on route rules: one row for each workspace."""

from __future__ import annotations

from typing import Any

from app.core.mongo import Document
from app.core.rows import plain
from app.core.runtime import Workspace
from inbox.routing import route_rules


def _rule(row: Document) -> route_rules.RouteRule:
    values: dict[str, Any] = {**row, "skills": tuple(row["skills"])}
    return route_rules.RouteRule(**values)


async def get(ws: Workspace) -> route_rules.RouteRules | None:
    row = await ws.db.route_rules.get(ws.id)
    if row is None:
        return None
    items = tuple(_rule(each) for each in row["items"])
    return route_rules.RouteRules(items=items, revision=row["revision"], changed_by=row["changed_by"])


async def save(ws: Workspace, wanted: route_rules.RouteRules) -> bool:
    """False if the stored ones are not of the revision before."""
    row: Document = plain(wanted)
    if wanted.revision == 1:
        return not await ws.db.route_rules.insert_new([{"_id": ws.id, **row}])
    return await ws.db.route_rules.update({"_id": ws.id, "revision": wanted.revision - 1}, {"$set": row})
