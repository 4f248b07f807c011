"""
Search over messages and notes: every one is found by its words, newest first, and shown with the place where they
stand. What a broadcast said to everybody is not: a hundred thousand hits would bury what people wrote.

Nothing of this is done while a message is received. A worker follows what is stored by the time of storing and indexes
it in batches; the time up to which this is done is kept in the database, so nothing is missed after a crash, what comes
late is found by looking back, and what is read twice is indexed once. An edited or deleted message is indexed anew at
once.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any

from redis.exceptions import RedisError

from app.core import leases, rounds
from app.core.mongo import DatabaseError
from app.core.runtime import Runtime, Workspace
from channels.content import preview
from crm import contacts
from inbox import contents, stored
from inbox.finding import words
from inbox.store import entries as entry_rows
from inbox.store import search as store
from inbox.stored import LOOK_BACK_SECONDS
from inbox.timeline import Entry

EVERY_SECONDS = 3.0
_MARK = "search"
_MOST_WORDS = 8
_MOST_CHARS = 4_000
_SHOWN_CHARS = 160
# A message has ten words, each with a place in the index: so few are indexed in one go, and of the time only this share
# goes into it, so that whoever else writes does not wait for it.
_AT_ONCE = 5
_SHARE = 1 / 3


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
    """
    Messages and notes with all these words, or this phone number, newest first. With a cursor a page may be short.
    """
    number = _number(text)
    sought = [words.last_of(number)] if number else words.wanted(text)[:_MOST_WORDS]
    if not sought:
        return [], None
    now = ws.clock.now()
    widths = await asyncio.gather(*(store.density(ws, token, now) for token in sought))
    rarest = max(range(len(sought)), key=lambda at: widths[at])
    others = [token for at, token in enumerate(sought) if at != rarest]
    found, following = await store.page(ws, sought[rarest], others, width=widths[rarest], cursor=cursor, limit=limit)
    known = {entry.id: entry for entry in await entry_rows.get_many(ws, found)}
    entries = [known[entry_id] for entry_id in found if entry_id in known and not known[entry_id].deleted_at]
    shown = [(entry, _excerpt(text_of(entry), sought, number)) for entry in entries]
    return [Hit(entry, *excerpt) for entry, excerpt in shown if excerpt is not None], following


def _number(text: str) -> str | None:
    """The phone number that is looked for. Digits alone, or with a hyphen, may be an order's, or a day."""
    text = text.strip()
    return contacts.number_sought(text) if text.startswith(("+", "0", "(")) else None


def _excerpt(text: str, sought: Sequence[str], number: str | None) -> tuple[str, list[tuple[int, int]]] | None:
    if number is not None:
        return words.excerpt_of_number(text, number, chars=_SHOWN_CHARS)
    return words.excerpt(text, sought, chars=_SHOWN_CHARS)


def text_of(entry: Entry) -> str:
    return preview(contents.parsed(entry.content), _MOST_CHARS) if entry.content else ""


# --- indexing -----------------------------------------------------------------------------------------------------


async def run(runtime: Runtime) -> None:
    """Follows what is stored until cancelled; one worker at a time does it."""
    seen: dict[str, datetime] = {}
    loop = asyncio.get_running_loop()
    looked_back_at = float("-inf")
    while True:
        await rounds.rest(EVERY_SECONDS)
        with suppress(DatabaseError, RedisError, OSError, TimeoutError):
            async with leases.hold(runtime.redis, "search") as lease:
                if lease is None:
                    continue
                if loop.time() - looked_back_at > LOOK_BACK_SECONDS:
                    looked_back_at = loop.time()
                    await look_back(runtime, seen)
                await follow(runtime, seen)


async def follow(runtime: Runtime, seen: dict[str, datetime]) -> None:
    """Indexes what was stored since the mark. `seen` remembers what this process has just indexed."""
    await stored.follow(runtime, _MARK, seen, _index_rows)


async def look_back(runtime: Runtime, seen: dict[str, datetime]) -> None:
    """Indexes what came late: what lies before the mark and is not among what was `seen`."""
    await stored.look_back(runtime, _MARK, seen, _index_rows)


async def _index_rows(runtime: Runtime, rows: Sequence[Mapping[str, Any]]) -> None:
    by_workspace: dict[str, list[Entry]] = {}
    for row in rows:
        by_workspace.setdefault(row["workspace_id"], []).append(entry_rows.from_row(dict(row)))
    for workspace_id, found in by_workspace.items():
        for first in range(0, len(found), _AT_ONCE):
            began = monotonic()
            await index(runtime.workspace(workspace_id), found[first : first + _AT_ONCE])
            await asyncio.sleep((monotonic() - began) * (1 / _SHARE - 1))


async def index(ws: Workspace, entries: Sequence[Entry]) -> None:
    """In one command; once each, however often it is asked."""
    made = [
        Indexed(entry.id, entry.conversation_id, entry.number, entry.created_at, tuple(found))
        for entry in entries
        if _counts(entry) and (found := words.tokens(text_of(entry)))
    ]
    await store.add(ws, made)


def _counts(entry: Entry) -> bool:
    return entry.kind in ("message", "note") and entry.campaign is None and not entry.deleted_at


async def reindex(ws: Workspace, entry: Entry) -> None:
    """After an edit, or a deletion: found by what it says now, or not at all."""
    await store.remove(ws, entry.id)
    await index(ws, [entry])
