"""Exact counts for who edits a rule, as far as they have come: rows that end by themselves."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from app.core.mongo import Document
from app.core.rules import Rule
from app.core.runtime import Workspace

_KEPT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """Contacts up to `cursor` have been asked, `seen` of them, of whom `found` meet the rule; `done_at`: all have."""

    id: str
    rule: Rule
    asked_at: datetime
    cursor: str = ""
    seen: int = 0
    found: int = 0
    done_at: datetime | None = None


def _counting(row: Document) -> Counting:
    return Counting(**{name: row[name] for name in Counting.__slots__ if name in row} | {"id": row["_id"]})


async def get(ws: Workspace, preview_id: str) -> Counting | None:
    row = await ws.db.segment_previews.get(preview_id)
    return _counting(row) if row else None


async def begin(ws: Workspace, new: Counting) -> None:
    """From the first contact on, also where it was counted before."""
    row = asdict(new)
    del row["id"]
    change = row | {"work_key": ws.id, "expires_at": new.asked_at + _KEPT}
    await ws.db.segment_previews.update({"_id": new.id}, {"$set": change}, upsert=True)


async def still_asked(ws: Workspace, preview_id: str, at: datetime) -> None:
    change = {"$set": {"asked_at": at, "expires_at": at + _KEPT, "work_key": ws.id}}
    await ws.db.segment_previews.update({"_id": preview_id, "done_at": None}, change)


async def open_one(ws: Workspace) -> Counting | None:
    """The one that was asked for last. Index: work_key."""
    rows = await ws.db.segment_previews.find_marked("work_key", [ws.id], limit=50)
    return max((_counting(row) for row in rows), key=lambda each: each.asked_at, default=None)


async def go_on(ws: Workspace, now: Counting) -> None:
    """As far as it has come; `asked_at` is not its own to say."""
    change: Document = {"$set": {"cursor": now.cursor, "seen": now.seen, "found": now.found, "done_at": now.done_at}}
    if now.done_at is not None:
        change["$unset"] = {"work_key": ""}
    await ws.db.segment_previews.update({"_id": now.id}, change)


async def give_up(ws: Workspace, preview_id: str) -> None:
    """Nobody wants to know any more; it goes on from there if somebody does."""
    await ws.db.segment_previews.update({"_id": preview_id}, {"$unset": {"work_key": ""}})
