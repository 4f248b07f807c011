"""The names of tags, which contacts have as well as conversations; all else about them is the inbox's."""

from __future__ import annotations

from app.core.alphabet import plain
from app.core.runtime import Workspace

_MOST = 5_000
# Tags that were merged stand before all names.
_NAMED = "\x01"


async def ids_by_name(ws: Workspace) -> dict[str, str]:
    """By names as they read. Index: workspace_id, key."""
    rows = await ws.db.tags.find({"key": {"$gte": _NAMED}}, limit=_MOST, fields=["name"])
    return {plain(row["name"]): row["_id"] for row in rows}


async def names_by_id(ws: Workspace) -> dict[str, str]:
    """Index: workspace_id, key."""
    rows = await ws.db.tags.find({"key": {"$gte": _NAMED}}, limit=_MOST, fields=["name"])
    return {row["_id"]: row["name"] for row in rows}
