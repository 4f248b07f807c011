"""The one row that says how a workspace's help centre is set up."""

from __future__ import annotations

from app.core import rows
from app.core.mongo import DuplicateId
from app.core.runtime import Workspace
from inbox.help import help_centre


async def get(ws: Workspace) -> help_centre.HelpCentre | None:
    row = await ws.db.help_centre.get(ws.id)
    if row is None:
        return None
    values = {k: v for k, v in row.items() if k not in ("_id", "workspace_id")}
    values["languages"] = tuple(values["languages"])
    values["categories"] = tuple(help_centre.Category(**each) for each in values["categories"])
    return help_centre.HelpCentre(**values)


async def save(ws: Workspace, centre: help_centre.HelpCentre) -> bool:
    """False if the stored one is not the revision before."""
    row = rows.plain(centre)
    if centre.revision == 1:
        try:
            await ws.db.help_centre.insert({"_id": ws.id, **row})
        except DuplicateId:
            return False
        return True
    return await ws.db.help_centre.update({"_id": ws.id, "revision": centre.revision - 1}, {"$set": row})
