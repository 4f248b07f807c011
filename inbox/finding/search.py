"""
Search over messages and notes: every one is found by its words, newest first, and shown with the place where they
stand.

Nothing of this is done while a message is received. A worker follows what is stored by the time of storing and indexes
it in batches; the time up to which this is done is kept in the database, so nothing is missed after a crash, and what
is read twice is indexed once. An edited or deleted message is indexed anew at once.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from redis.exceptions import RedisError

from app.core import leases
from app.core.mongo import DatabaseError
from app.core.platform import search as platform
from app.core.runtime import Runtime, Workspace
from channels.content import preview
from inbox import contents
from inbox.finding import words
from inbox.store import entries as entry_rows
from inbox.store import search as store
from inbox.timeline import Entry

EVERY_SECONDS = 3.0
# An entry may be stored so long after the time that it carries.
_OVERLAP = timedelta(seconds=40)
_MOST = 500
_NARROWEST, _FIRST, _WIDEST = timedelta(milliseconds=1), timedelta(minutes=2), timedelta(days=30)
_MOST_WORDS = 8
_MOST_CHARS = 4_000


@dataclass(frozen=True, slots=True)
class Indexed:
    entry_id: str
    conversation_id: str
    number: int
    at: datetime
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry, the part of its text around what was found, and where in it the words stand."""

    entry: Entry
    text: str
    marks: list[tuple[int, int]]


async def messages(ws: Workspace, text: str, *, cursor: str | None, limit: int) -> tuple[list[Hit], str | None]:
    """Messages and notes with all these words, newest first. With a cursor a page may be short."""
    sought = words.wanted(text)[:_MOST_WORDS]
    if not sought:
        return [], None
    now = ws.clock.now()
    widths = await asyncio.gather(*(store.density(ws, token, now) for token in sought))
    rarest = max(range(len(sought)), key=lambda at: widths[at])
    others = [token for at, token in enumerate(sought) if at != rarest]
    found, following = await store.page(ws, sought[rarest], others, width=widths[rarest], cursor=cursor, limit=limit)
    known = {entry.id: entry for entry in await entry_rows.get_many(ws, found)}
    entries = [known[entry_id] for entry_id in found if entry_id in known and not known[entry_id].deleted_at]
    return [Hit(entry, *words.excerpt(text_of(entry), sought, chars=160)) for entry in entries], following


def text_of(entry: Entry) -> str:
    return preview(contents.parsed(entry.content), _MOST_CHARS) if entry.content else ""


# --- indexing -----------------------------------------------------------------------------------------------------


async def run(runtime: Runtime) -> None:
    """Follows what is stored until cancelled; one worker at a time does it."""
    seen: dict[str, datetime] = {}
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        with suppress(DatabaseError, RedisError, OSError, TimeoutError):
            async with leases.hold(runtime.redis, "search") as lease:
                if lease is not None:
                    await follow(runtime, seen)


async def follow(runtime: Runtime, seen: dict[str, datetime]) -> None:
    """Indexes what was stored since the mark. `seen` remembers what this process has just indexed."""
    now = runtime.clock.now()
    mark = await platform.mark(runtime)
    since, width = mark - _OVERLAP, _FIRST
    while since < now:
        until = min(since + width, now)
        most = _MOST if width > _NARROWEST else 100 * _MOST
        rows = await platform.stored_within(runtime, since, until, most=most)
        if len(rows) >= most and width > _NARROWEST:
            width = max(width / 8, _NARROWEST)
            continue
        fresh = [row for row in rows if row["_id"] not in seen]
        by_workspace: dict[str, list[Entry]] = {}
        for row in fresh:
            by_workspace.setdefault(row["workspace_id"], []).append(entry_rows.from_row(dict(row)))
            seen[row["_id"]] = row["created_at"]
        for workspace_id, found in by_workspace.items():
            await index(runtime.workspace(workspace_id), found)
        if fresh or until - mark > _OVERLAP / 2:
            await platform.move_mark(runtime, until)
        since = until
        width = min(width * 4, _WIDEST) if len(rows) < _MOST / 8 else width
        for entry_id in [entry_id for entry_id, at in seen.items() if at < since - 2 * _OVERLAP]:
            del seen[entry_id]


async def index(ws: Workspace, entries: Sequence[Entry]) -> None:
    """Once each, however often it is asked."""
    made = [
        Indexed(entry.id, entry.conversation_id, entry.number, entry.created_at, tuple(found))
        for entry in entries
        if entry.kind in ("message", "note") and not entry.deleted_at and (found := words.tokens(text_of(entry)))
    ]
    await store.add(ws, made)


async def reindex(ws: Workspace, entry: Entry) -> None:
    """After an edit, or a deletion: found by what it says now, or not at all."""
    await store.remove(ws, entry.id)
    await index(ws, [entry])
