"""
Queries on pushes and on what members want of them. Index: due_at, sparse, so that it holds only pushes that are still
to be sent; those that were given up are dead letters (app/core/platform/dead_letters.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime, time
from typing import Any

from app.core.mongo import Document
from app.core.platform import dead_letters
from app.core.runtime import Workspace
from inbox.answering import push

_DEVICES = ("done", "refused")


def _from_row(row: Document) -> push.Push:
    values: dict[str, Any] = {f.name: row.get(f.name) for f in fields(push.Push) if f.name != "id"}
    values |= {name: tuple(values[name] or ()) for name in _DEVICES} | {"error": values["error"] or ""}
    return push.Push(id=row["_id"], **values)


async def insert_new(ws: Workspace, rows: Sequence[push.Push], *, due_at: datetime, expires_at: datetime) -> None:
    """Those that are there already stay as they are."""
    documents: list[Document] = []
    for row in rows:
        document = asdict(row)
        document["_id"] = document.pop("id")
        documents.append({**document, "due_at": due_at, "expires_at": expires_at})
    await ws.db.pushes.insert_new(documents)


async def get(ws: Workspace, push_id: str) -> push.Push | None:
    row = await ws.db.pushes.get(push_id)
    return _from_row(row) if row else None


async def claim(ws: Workspace, row: push.Push, until: datetime) -> bool:
    """Takes it for whoever sends it now; it is due again at `until`. False if somebody else did."""
    return await ws.db.pushes.update({"_id": row.id, "due_at": row.due_at}, {"$set": {"due_at": until}})


async def postpone(ws: Workspace, row: push.Push, *, due_at: datetime) -> None:
    """Keeps how it went so far, and tries again at `due_at`."""
    await ws.db.pushes.update({"_id": row.id}, {"$set": {**_went(row), "due_at": due_at}})


async def give_up(ws: Workspace, row: push.Push, *, at: datetime) -> None:
    """Puts it aside for operators. Had it tried again, it goes to every device that did not take it."""
    change = {
        **_went(row),
        "refused": [],
        **dead_letters.mark(ws.id, at, row.error),
        "expires_at": at + push.KEPT_FAILED,
    }
    await ws.db.pushes.update({"_id": row.id}, {"$set": change, "$unset": {"due_at": ""}})


def _went(row: push.Push) -> Document:
    return {**{name: list(getattr(row, name)) for name in _DEVICES}, "attempts": row.attempts, "error": row.error}


async def finish(ws: Workspace, push_id: str, *, done: Sequence[str]) -> None:
    await ws.db.pushes.update({"_id": push_id}, {"$set": {"done": list(done)}, "$unset": {"due_at": ""}})


async def settings_of(ws: Workspace, member_id: str) -> push.PushSettings | None:
    row = await ws.db.push_settings.get(member_id)
    if row is None:
        return None
    quiet = row["quiet"] and push.QuietHours(
        time.fromisoformat(row["quiet"]["start"]), time.fromisoformat(row["quiet"]["end"]), row["quiet"]["zone"]
    )
    return push.PushSettings(tuple(row["kinds"]), row["only_away"], quiet)


async def save_settings(ws: Workspace, member_id: str, settings: push.PushSettings) -> None:
    quiet = settings.quiet and {
        "start": settings.quiet.start.isoformat("minutes"),
        "end": settings.quiet.end.isoformat("minutes"),
        "zone": settings.quiet.zone,
    }
    change = {"kinds": list(settings.kinds), "only_away": settings.only_away, "quiet": quiet}
    await ws.db.push_settings.update({"_id": member_id}, {"$set": change}, upsert=True)
