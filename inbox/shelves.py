"""
Filters of a timeline: by kind, channel and time, in pages that cost the same however long the story is.

Each entry stands on a shelf for its kind or its channel, and on its ticket's, kept in its row with an index (shelf,
number). Numbers ascend
with time, so a page is a window of numbers on some shelves, widened only where it comes up short: three notes among a
hundred thousand messages are found in a handful of reads, and a span of time is a span of numbers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from app.core.runtime import Workspace
from inbox import timeline
from inbox.store import entries as store

Kind = Literal["message", "note", "ticket", "event", "consent"]
KINDS: tuple[Kind, ...] = get_args(Kind)
# So many rows are looked at for a page, found or not; a window with more of them was too wide.
_LOOKED_AT = 3_000
_WIDEST_ROWS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Any of these kinds and any of these channels (none given: all), from `since` on and before `until`."""

    kinds: tuple[Kind, ...] = ()
    channels: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_everything(self) -> bool:
        return not (self.kinds or self.channels or self.since or self.until)


def kind_of(entry: timeline.Entry) -> Kind | None:
    """As people filter: what belongs to a ticket is the ticket's, but a message stays one. None for a tombstone."""
    if entry.kind == "tombstone":
        return None
    return "ticket" if entry.ticket_id and entry.kind in ("note", "event") else entry.kind


def channel_of(entry: timeline.Entry) -> str | None:
    """Also of what is told about a channel: consent given there."""
    told = (entry.event or {}).get("channel")
    return entry.channel or (told if isinstance(told, str) else None)


def of(entry: timeline.Entry) -> list[str]:
    """The shelves that an entry stands on. Messages stand on their channel's alone: most entries are messages."""
    kind, channel = kind_of(entry), channel_of(entry)
    found = [_kind(entry.contact_id, kind)] if kind and (kind != "message" or channel is None) else []
    if channel and kind:
        found.append(_channel(entry.contact_id, channel))
    if entry.ticket_id:
        found.append(of_ticket(entry.ticket_id))
    return found


def of_ticket(ticket_id: str) -> str:
    """The shelf of what belongs to a ticket, whoever's timeline it is on."""
    return f"ticket/{ticket_id}"


def _kind(contact_id: str, kind: str) -> str:
    return f"{contact_id}/{kind}"


def _channel(contact_id: str, channel: str) -> str:
    return f"{contact_id}/on/{channel}"


def _wanted(contact_id: str, wanted: Filter, channels: Iterable[str]) -> list[str]:
    """The fewest shelves on which everything wanted stands; what else stands there is left out by `fits`."""
    if wanted.kinds and "message" not in wanted.kinds:
        return [_kind(contact_id, kind) for kind in wanted.kinds]
    if wanted.channels:
        return [_channel(contact_id, channel) for channel in wanted.channels]
    return [
        *(_channel(contact_id, channel) for channel in channels),
        *(_kind(contact_id, kind) for kind in wanted.kinds),
    ]


def fits(entry: timeline.Entry, wanted: Filter) -> bool:
    """Whether an entry is of the kinds and channels wanted, whenever it was."""
    return (not wanted.kinds or kind_of(entry) in wanted.kinds) and (
        not wanted.channels or channel_of(entry) in wanted.channels
    )


async def page_before(
    ws: Workspace, contact_id: str, wanted: Filter, before: int, *, channels: Iterable[str], limit: int
) -> tuple[list[timeline.Entry], int | None]:
    """
    The newest `limit` entries that fit with numbers below `before`, ascending, and the number before which the next
    page ends; None at the beginning of the story. A page may be short where much was looked at.

    `channels` are all that messages come by.
    """
    first, last = await _span(ws, contact_id, wanted, before)
    if wanted.kinds or wanted.channels:
        return await _from_shelves(ws, _wanted(contact_id, wanted, channels), wanted, first, last, limit)
    start = max(first, last - limit + 1)
    found = await store.range_of(ws, contact_id, start, last)
    return found, start if start > first else None


async def _from_shelves(
    ws: Workspace, shelves: Sequence[str], wanted: Filter, first: int, last: int, limit: int
) -> tuple[list[timeline.Entry], int | None]:
    found: dict[int, timeline.Entry] = {}
    looked_at, width = 0, 4 * limit
    while first <= last and len(found) < limit and looked_at < _LOOKED_AT:
        start = max(first, last - width + 1)
        rows = [await store.on_shelf(ws, shelf, start, last, limit=_WIDEST_ROWS) for shelf in shelves]
        if any(len(on_shelf) == _WIDEST_ROWS for on_shelf in rows) and width > _WIDEST_ROWS:
            width = max(_WIDEST_ROWS, width // 8)
            continue
        looked_at += sum(map(len, rows))
        found |= {entry.number: entry for on_shelf in rows for entry in on_shelf if fits(entry, wanted)}
        last, width = start - 1, width * 16
    newest = sorted(found)[-limit:]
    if len(found) > limit:
        return [found[number] for number in newest], newest[0]
    return [found[number] for number in newest], last + 1 if last >= first else None


async def _span(ws: Workspace, contact_id: str, wanted: Filter, before: int) -> tuple[int, int]:
    """The numbers of the time wanted, first and last."""
    first = 1 if wanted.since is None else await _first_from(ws, contact_id, wanted.since, before)
    end = before if wanted.until is None else await _first_from(ws, contact_id, wanted.until, before)
    return first, end - 1


async def _first_from(ws: Workspace, contact_id: str, at: datetime, end: int) -> int:
    """The number of the first entry below `end` that was stored at this time or later; `end` if there is none."""

    async def read(number: int) -> timeline.Entry | None:
        return await at_or_after(ws, contact_id, number)

    return await halved(at, 1, end, read)


async def at_or_after(ws: Workspace, contact_id: str, number: int) -> timeline.Entry | None:
    """A number just given out may not be there yet: what comes next tells as well."""
    return next(iter(await timeline.page_after(ws, contact_id, number - 1, limit=1)), None)


async def halved(at: datetime, low: int, high: int, read: Callable[[int], Awaitable[timeline.Entry | None]]) -> int:
    """
    The first from `low` on whose entry was stored at this time or later, `high` if there is none.

    It costs as many point reads as the number between them has binary digits.
    """
    while low < high:
        middle = (low + high) // 2
        entry = await read(middle)
        if entry is None or entry.created_at >= at:
            high = middle
        else:
            low = middle + 1
    return low
