"""
Search over messages and notes: every one is found by its words, newest first, and shown with the place where they
stand.

Nothing of this is done while a message is received. A worker follows what is stored by the time of storing and indexes
it in batches; the time up to which this is done is kept in the database, so nothing is missed after a crash, what comes
late is found by looking back, and what is read twice is indexed once. An edited or deleted message is indexed anew at
once.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

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
# Most entries are stored at the time that they carry, or a moment later. A slow one may take so much longer: for those
# what lies behind is looked through again now and then, by its ids alone.
_MARGIN = timedelta(seconds=3)
_LATEST = timedelta(seconds=40)
_LOOK_BACK_SECONDS = 30.0
_BACK = _LATEST + timedelta(seconds=_LOOK_BACK_SECONDS) + _MARGIN
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
    loop = asyncio.get_running_loop()
    looked_back_at = float("-inf")
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        with suppress(DatabaseError, RedisError, OSError, TimeoutError):
            async with leases.hold(runtime.redis, "search") as lease:
                if lease is None:
                    continue
                if loop.time() - looked_back_at > _LOOK_BACK_SECONDS:
                    looked_back_at = loop.time()
                    await look_back(runtime, seen)
                await follow(runtime, seen)


async def follow(runtime: Runtime, seen: dict[str, datetime]) -> None:
    """Indexes what was stored since the mark. `seen` remembers what this process has just indexed."""
    now = runtime.clock.now()
    mark = await platform.mark(runtime)
    async for rows, until in _spans(runtime, mark - _MARGIN, now):
        fresh = [row for row in rows if row["_id"] not in seen]
        await _index_rows(runtime, fresh, seen)
        if fresh or until - mark > _LATEST / 2:
            await platform.move_mark(runtime, until)
    for entry_id in [entry_id for entry_id, at in seen.items() if at < now - _BACK - _LATEST]:
        del seen[entry_id]


async def look_back(runtime: Runtime, seen: dict[str, datetime]) -> None:
    """Indexes what came late: what lies before the mark and is not among what was `seen`."""
    mark = await platform.mark(runtime)
    async for rows, _ in _spans(runtime, mark - _BACK, mark, fields=("created_at",)):
        late = [row["_id"] for row in rows if row["_id"] not in seen]
        await _index_rows(runtime, await platform.stored(runtime, late), seen)


async def _spans(
    runtime: Runtime, since: datetime, end: datetime, *, fields: Sequence[str] | None = None
) -> AsyncIterator[tuple[Sequence[Mapping[str, Any]], datetime]]:
    """What was stored from `since` to before `end`, in spans with not too much in any: its rows, and where it ends."""
    width = _FIRST
    while since < end:
        until = min(since + width, end)
        most = _MOST if width > _NARROWEST else 100 * _MOST
        rows = await platform.stored_within(runtime, since, until, most=most, fields=fields)
        if len(rows) >= most and width > _NARROWEST:
            width = max(width / 8, _NARROWEST)
            continue
        yield rows, until
        since = until
        width = min(width * 4, _WIDEST) if len(rows) < _MOST / 8 else width


async def _index_rows(runtime: Runtime, rows: Sequence[Mapping[str, Any]], seen: dict[str, datetime]) -> None:
    by_workspace: dict[str, list[Entry]] = {}
    for row in rows:
        by_workspace.setdefault(row["workspace_id"], []).append(entry_rows.from_row(dict(row)))
        seen[row["_id"]] = row["created_at"]
    for workspace_id, found in by_workspace.items():
        await index(runtime.workspace(workspace_id), found)


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
