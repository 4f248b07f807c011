"""Queries on what a workspace has settled about closing: one row for each workspace."""

from app.core.mongo import Document
from app.core.runtime import Workspace


async def get(ws: Workspace) -> Document | None:
    row = await ws.db.closing_settings.get(ws.id)
    return row["settings"] if row else None


async def save(ws: Workspace, settings: Document) -> None:
    await ws.db.closing_settings.insert_new([{"_id": ws.id, "settings": settings}])
    await ws.db.closing_settings.update({"_id": ws.id}, {"$set": {"settings": settings}})
