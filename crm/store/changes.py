"""Rows of contacts that have changed, and of workspaces in which somebody follows that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.core.mongo import MOST_IN, Document
from app.core.runtime import Workspace
from crm import changes


async def follow(ws: Workspace, *, reports: bool) -> None:
    await ws.db.contact_followers.insert_new([{"_id": ws.id}])
    if reports:
        await ws.db.contact_followers.update({"_id": ws.id}, {"$set": {"reports": True}})


async def following(ws: Workspace) -> changes.Following:
    row = await ws.db.contact_followers.get(ws.id)
    return changes.Following(any=True, reports=row.get("reports", False)) if row else changes.Following()


async def insert(ws: Workspace, changed: changes.Changed, at: datetime) -> None:
    row = {"_id": changed.row_id, "at": at, "contact_ids": list(changed.contact_ids)}
    await ws.db.contact_changes.insert(row | ({"addresses": list(changed.addresses)} if changed.addresses else {}))


def from_row(row: Document) -> changes.Changed:
    return changes.Changed(row["workspace_id"], row["_id"], tuple(row["contact_ids"]), tuple(row.get("addresses", ())))


async def delete(ws: Workspace, row_ids: Sequence[str]) -> None:
    for first in range(0, len(row_ids), MOST_IN):
        await ws.db.contact_changes.delete({"_id": {"$in": list(row_ids[first : first + MOST_IN])}})
