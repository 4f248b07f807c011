"""
Who is blocked, to be listed: a row for each such contact. What holds is said by the contact.

Index: workspace_id, at.
"""

from __future__ import annotations

from datetime import datetime

from app.core import windows
from app.core.runtime import Workspace


async def add(ws: Workspace, contact_id: str, at: datetime) -> None:
    await ws.db.blocked.insert_new([{"_id": contact_id, "at": at}])


async def remove(ws: Workspace, contact_id: str) -> None:
    await ws.db.blocked.delete({"_id": contact_id})


async def page(ws: Workspace, *, before: tuple[datetime, str] | None, limit: int) -> list[tuple[datetime, str]]:
    """(since when, contact), the newest first."""

    async def find(within: windows.Row, sort: list[tuple[str, int]], most: int) -> list[windows.Row]:
        return await ws.db.blocked.find(within, sort=sort, limit=most)

    rows = await windows.newest(find, "at", now=ws.clock.now(), before=before, limit=limit)
    return [(row["at"], row["_id"]) for row in rows]
