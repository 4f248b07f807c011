"""Queries on the files that providers keep. By `_id`, which derives from the account and the file."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.runtime import Workspace
from channels.contract import MediaHandle


async def get(ws: Workspace, row_id: str) -> MediaHandle | None:
    row = await ws.db.media_handles.get(row_id)
    return MediaHandle(row["handle"], row.get("expires_at")) if row else None


async def put(ws: Workspace, row_id: str, handle: MediaHandle) -> None:
    values = {"handle": handle.id, "expires_at": handle.expires_at}
    await ws.db.media_handles.update({"_id": row_id}, {"$set": values}, upsert=True)


async def delete(ws: Workspace, row_ids: Sequence[str]) -> int:
    return await ws.db.media_handles.delete({"_id": {"$in": list(row_ids)}}) if row_ids else 0
