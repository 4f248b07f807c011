"""What is settled about broadcasts: one row for each workspace, by its id."""

from __future__ import annotations

from app.core.mongo import DuplicateId
from app.core.rows import plain
from app.core.runtime import Workspace
from automations import approvals


async def get(ws: Workspace) -> approvals.Settings | None:
    row = await ws.db.broadcast_settings.get(ws.id)
    return approvals.Settings(**{name: row[name] for name in approvals.Settings.__slots__}) if row else None


async def put(ws: Workspace, kept: approvals.Settings) -> bool:
    """If the stored one is of the revision before, or there is none yet."""
    if kept.revision == 1:
        try:
            await ws.db.broadcast_settings.insert({"_id": ws.id, **plain(kept)})
        except DuplicateId:
            return False
        return True
    return await ws.db.broadcast_settings.update_at(ws.id, kept.revision - 1, plain(kept))
