"""
Following what is stored on all timelines, behind the one who stores it and at no cost for them.

A follower goes by the time of storing. How far it has come is kept in the database, so nothing is missed after a crash;
what comes late is found by looking back, and what is read twice is passed over by who has `seen` it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from app.core.platform import stored as platform
from app.core.runtime import Runtime

Row = Mapping[str, Any]
# Deals with rows of entries, whole or of the fields that were asked for; can be told the same twice.
Handle = Callable[[Runtime, Sequence[Row]], Awaitable[None]]

# Most entries are stored at the time that they carry, or a moment later. A slow one may take so much longer: for those
# what lies behind is looked through again now and then, by its ids alone.
_MARGIN = timedelta(seconds=3)
_LATEST = timedelta(seconds=40)
LOOK_BACK_SECONDS = 30.0
_BACK = _LATEST + timedelta(seconds=LOOK_BACK_SECONDS) + _MARGIN
_MOST = 500
# How far it has come is noted so often on the way, and at the end.
_NOTED_SECONDS = 1.0
_NARROWEST, _FIRST, _WIDEST = timedelta(milliseconds=1), timedelta(minutes=2), timedelta(days=30)


async def follow(
    runtime: Runtime, name: str, seen: dict[str, datetime], handle: Handle, *, fields: Sequence[str] | None = None
) -> None:
    """Deals with what was stored since the mark. `seen` remembers what this process has just dealt with."""
    now = runtime.clock.now()
    mark = reached = await platform.mark(runtime, name)
    noted_at = monotonic()
    async for rows, until in spans(runtime, mark - _MARGIN, now, fields=fields):
        fresh = [row for row in rows if row["_id"] not in seen]
        await _handled(runtime, fresh, seen, handle)
        if fresh or until - mark > _LATEST / 2:
            reached = until
        # What is not noted is dealt with once more after a crash, so not each span is.
        if reached > mark and monotonic() - noted_at > _NOTED_SECONDS:
            await platform.move_mark(runtime, name, reached)
            mark, noted_at = reached, monotonic()
    if reached > mark:
        await platform.move_mark(runtime, name, reached)
    for entry_id in [entry_id for entry_id, at in seen.items() if at < now - _BACK - _LATEST]:
        del seen[entry_id]


async def look_back(runtime: Runtime, name: str, seen: dict[str, datetime], handle: Handle) -> None:
    """Deals with what came late: what lies before the mark and is not among what was `seen`."""
    mark = await platform.mark(runtime, name)
    async for rows, _ in spans(runtime, mark - _BACK, mark, fields=("created_at",)):
        late = [row["_id"] for row in rows if row["_id"] not in seen]
        await _handled(runtime, await platform.by_id(runtime, late), seen, handle)


async def begin(runtime: Runtime, name: str) -> None:
    """What was stored before now is not followed, if nothing has been so far."""
    if await platform.is_new(runtime, name):
        await platform.move_mark(runtime, name, runtime.clock.now())


async def _handled(runtime: Runtime, rows: Sequence[Row], seen: dict[str, datetime], handle: Handle) -> None:
    await handle(runtime, rows)
    seen.update((row["_id"], row["created_at"]) for row in rows)


async def spans(
    runtime: Runtime, since: datetime, end: datetime, *, fields: Sequence[str] | None = None
) -> AsyncIterator[tuple[Sequence[Row], datetime]]:
    """What was stored from `since` to before `end`, in spans with not too much in any: its rows, and where it ends."""
    width = _FIRST
    while since < end:
        until = min(since + width, end)
        most = _MOST if width > _NARROWEST else 100 * _MOST
        rows = await platform.stored_within(runtime, since, until, most=most, fields=fields)
        if len(rows) >= most and width > _NARROWEST:
            width = max(min(width, until - since) / 8, _NARROWEST)
            continue
        yield rows, until
        since = until
        width = min(width * 4, _WIDEST) if len(rows) < _MOST / 8 else width
