"""Lists that are being filled with who is in a segment."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.mongo import Document
from app.core.runtime import Workspace


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Members up to `cursor` are on the list."""

    id: str
    segment_id: str
    list_id: str
    cursor: str | None
    done: int


async def insert(ws: Workspace, snapshot_id: str, segment_id: str, list_id: str) -> None:
    row = {"_id": snapshot_id, "segment_id": segment_id, "list_id": list_id, "cursor": None, "done": 0}
    await ws.db.segment_snapshots.insert(row | {"work_key": ws.id})


async def open_one(ws: Workspace) -> Snapshot | None:
    """Index: work_key."""
    rows = await ws.db.segment_snapshots.find_marked("work_key", [ws.id], limit=1)
    names = ("segment_id", "list_id", "cursor", "done")
    return Snapshot(rows[0]["_id"], *(rows[0][name] for name in names)) if rows else None


async def go_on(ws: Workspace, snapshot: Snapshot, cursor: str | None, more: int) -> None:
    """With so many more; without a cursor it is done."""
    change: Document = {"$set": {"cursor": cursor, "done": snapshot.done + more}}
    if cursor is None:
        change["$unset"] = {"work_key": ""}
    await ws.db.segment_snapshots.update({"_id": snapshot.id}, change)
