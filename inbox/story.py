"""
Stories: what is read as one contact's timeline where contacts were merged or parted.

Entries keep their contact and number for ever. A story only says which of them are read together: pieces of the
members' timelines, woven by time once when people merge or part contacts. From number `tail` on, everything on the
contact's own timeline is its own, as it is for every contact that was never merged.

In a story each entry has a **place**. An entry of the contact's own stands at its number, so nothing that counts by
numbers (what was read, what was seen, pages) has to know of merging; one of a member stands at a fraction between.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import accumulate
from math import ceil, floor

from app.core.runtime import Workspace
from inbox import shelves, timeline
from inbox.shelves import Filter
from inbox.store import entries as entry_store
from inbox.store import stories as store
from inbox.timeline import Entry

# A gap in a member's numbers that is cheaper to read over than to read around.
_READ_OVER = 50
_AT_ONCE = 1_000
# So many entries are looked at for a filtered page, found or not.
_LOOKED_AT = 2_000
# Places come back from clients as decimals.
_CLOSE = 1e-3

Run = tuple[int, int]
# Contact id → runs of numbers, ascending, apart from each other.
Owned = Mapping[str, Sequence[Run]]


@dataclass(frozen=True, slots=True)
class Piece:
    """Entries `first` to `last` of one contact's timeline."""

    contact_id: str
    first: int
    last: int


@dataclass(frozen=True)
class Story:
    """`pieces` are in the order in which they are read."""

    contact_id: str
    pieces: tuple[Piece, ...] = ()
    tail: int = 1

    @property
    def plain(self) -> bool:
        """Whether it is the contact's own timeline and nothing else."""
        own = all(piece.contact_id == self.contact_id for piece in self.pieces)
        return own and sum(piece.last - piece.first + 1 for piece in self.pieces) == self.tail - 1

    @cached_property
    def ranks(self) -> list[int]:
        """How many entries stand before each piece, and before the tail."""
        return list(accumulate((piece.last - piece.first + 1 for piece in self.pieces), initial=0))

    @cached_property
    def gaps(self) -> list[tuple[int, int, int]]:
        """Of each piece of a member: the own number it stands after, how many stand there before it, and in all."""
        found: list[tuple[int, int, int]] = []
        after, before = 0, 0
        sizes: dict[int, int] = {}
        for piece in self.pieces:
            if piece.contact_id == self.contact_id:
                after, before = piece.last, 0
                found.append((piece.first - 1, 0, 0))
            else:
                found.append((after, before, 0))
                before += piece.last - piece.first + 1
                sizes[after] = before
        own = self.contact_id
        return [
            (at, skip, 0 if piece.contact_id == own else sizes[at])
            for piece, (at, skip, _) in zip(self.pieces, found, strict=True)
        ]

    @cached_property
    def _starts(self) -> list[float]:
        return [self._place(at, piece.first) for at, piece in enumerate(self.pieces)]

    def _place(self, at: int, number: int) -> float:
        piece, (after, skip, size) = self.pieces[at], self.gaps[at]
        if piece.contact_id == self.contact_id:
            return number
        return after + (skip + number - piece.first + 1) / (size + 1)

    def place_of(self, contact_id: str, number: int) -> float | None:
        """Where an entry stands; None if it is no part of the story."""
        if contact_id == self.contact_id and number >= self.tail:
            return number
        for at, piece in enumerate(self.pieces):
            if piece.contact_id == contact_id and piece.first <= number <= piece.last:
                return self._place(at, number)
        return None

    def before(self, place: float) -> int:
        """How many entries stand before a place."""
        if place > self.tail:
            return self.ranks[-1] + ceil(place) - self.tail
        at = bisect_left(self._starts, place) - 1
        if at < 0:
            return 0
        piece, (after, skip, size) = self.pieces[at], self.gaps[at]
        length = piece.last - piece.first + 1
        if piece.contact_id == self.contact_id:
            inside = ceil(place) - piece.first
        else:
            inside = ceil((place - after) * (size + 1) - _CLOSE) - 1 - skip
        return self.ranks[at] + min(max(inside, 0), length)

    def up_to(self, place: float) -> int:
        """How many entries stand at a place or before it."""
        known = self.before(place)
        found = self.spread(known, known + 1)
        return known + (found[0][2] <= place)

    def spread(self, first: int, last: int) -> list[tuple[str, int, float]]:
        """(contact, number, place) of the entries with ranks from `first` to before `last`."""
        found: list[tuple[str, int, float]] = []
        for at in range(max(0, bisect_right(self.ranks, first) - 1), bisect_left(self.ranks, last)):
            if at == len(self.pieces):
                break
            piece = self.pieces[at]
            start, end = max(first, self.ranks[at]), min(last, self.ranks[at + 1])
            for rank in range(start, end):
                number = piece.first + rank - self.ranks[at]
                found.append((piece.contact_id, number, self._place(at, number)))
        for rank in range(max(first, self.ranks[-1]), last):
            number = self.tail + rank - self.ranks[-1]
            found.append((self.contact_id, number, number))
        return found

    def owned(self, end: int) -> dict[str, list[Run]]:
        """What belongs to it, of its own up to before number `end`."""
        runs: dict[str, list[Run]] = {}
        for piece in self.pieces:
            runs.setdefault(piece.contact_id, []).append((piece.first, piece.last))
        if end > self.tail:
            runs.setdefault(self.contact_id, []).append((self.tail, end - 1))
        return {contact_id: joined(found) for contact_id, found in runs.items()}


@dataclass(frozen=True, slots=True)
class Placed:
    entry: Entry
    place: float


def joined(runs: Sequence[Run]) -> list[Run]:
    """The same numbers in as few runs as can be, ascending."""
    found: list[Run] = []
    for first, last in sorted(runs):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def together(*parts: Owned) -> dict[str, list[Run]]:
    """What belongs to any of them."""
    runs: dict[str, list[Run]] = {}
    for part in parts:
        for contact_id, found in part.items():
            runs.setdefault(contact_id, []).extend(found)
    return {contact_id: joined(found) for contact_id, found in runs.items()}


def without(owned: Owned, given: Owned) -> dict[str, list[Run]]:
    """What belongs to the first and not to the second."""
    left: dict[str, list[Run]] = {}
    for contact_id, runs in owned.items():
        kept = list(runs)
        for first, last in given.get(contact_id, ()):
            kept = [part for run in kept for part in _cut(run, first, last)]
        if kept:
            left[contact_id] = joined(kept)
    return left


def _cut(run: Run, first: int, last: int) -> list[Run]:
    parts = [(run[0], min(run[1], first - 1)), (max(run[0], last + 1), run[1])]
    return [part for part in parts if part[0] <= part[1]]


# --- weaving ------------------------------------------------------------------------------------------------------


def woven(contact_id: str, owned: Owned, times: Mapping[str, Sequence[datetime]], tail: int) -> Story:
    """
    The story of a contact to whom these entries belong; `times` holds, by contact, when its entries 1, 2, 3 … were
    stored.

    Ordered by time, where an entry's time is never before that of an earlier number on the same timeline: so each
    member's entries stay in their order whatever clocks have said, and the same entries always give the same story.
    """
    keys: list[tuple[datetime, bool, str, int]] = []
    for member_id, runs in owned.items():
        never_back = list(accumulate(times[member_id], max))
        for first, last in runs:
            keys += [(never_back[n - 1], member_id != contact_id, member_id, n) for n in range(first, last + 1)]
    keys.sort()
    pieces: list[Piece] = []
    for _, _, member_id, number in keys:
        previous = pieces[-1] if pieces else None
        if previous is not None and (previous.contact_id, previous.last + 1) == (member_id, number):
            pieces[-1] = Piece(member_id, previous.first, number)
        else:
            pieces.append(Piece(member_id, number, number))
    return Story(contact_id, tuple(pieces), tail)


async def weave(ws: Workspace, contact_id: str, owned: Owned, tail: int) -> Story:
    """The same, with times read in bounded ranges. Not for requests that somebody repeats all day: it reads it all."""
    times: dict[str, list[datetime]] = {}
    for member_id, runs in owned.items():
        found: list[datetime] = []
        for first in range(1, runs[-1][1] + 1, _AT_ONCE):
            found += await entry_store.times_of(ws, member_id, first, min(first + _AT_ONCE - 1, runs[-1][1]))
        times[member_id] = found
    return woven(contact_id, owned, times, tail)


async def of(ws: Workspace, contact_id: str) -> Story:
    """Point read."""
    return await store.get(ws, contact_id) or Story(contact_id)


async def keep(ws: Workspace, story: Story) -> None:
    """One that is the contact's own timeline needs no row."""
    if story.plain:
        await store.delete(ws, story.contact_id)
    else:
        await store.put(ws, story)


# --- reading ------------------------------------------------------------------------------------------------------


async def page_before(ws: Workspace, story: Story, place: float, *, limit: int) -> tuple[list[Placed], bool]:
    """The `limit` entries before a place, ascending, and whether there are older ones."""
    end = story.before(place)
    begin = max(0, end - limit)
    return await _read(ws, story, begin, end), begin > 0


async def filtered_before(
    ws: Workspace, story: Story, place: float, wanted: Filter, *, limit: int, slack: int
) -> tuple[list[Placed], float | None]:
    """
    The `limit` newest entries that fit before a place, ascending, and the place before which the next page ends; None
    at the beginning. A page may be short where much was looked at. `slack` more are read where some may just be coming.
    """
    found: list[Placed] = []
    looked_at, older = 0, True
    while older and len(found) < limit and looked_at < _LOOKED_AT:
        page, older = await page_before(ws, story, place, limit=limit + slack)
        looked_at += limit + slack
        if not page:
            place -= limit + slack
            continue
        place = page[0].place
        if wanted.since is not None and page[-1].entry.created_at < wanted.since:
            older = False
        found = [each for each in page if _is_wanted(each.entry, wanted)] + found
    cut = found[-limit:]
    if len(cut) < len(found):
        return cut, cut[0].place
    return cut, place if older else None


def _is_wanted(entry: Entry, wanted: Filter) -> bool:
    after = wanted.since is None or entry.created_at >= wanted.since
    return after and (wanted.until is None or entry.created_at < wanted.until) and shelves.fits(entry, wanted)


async def page_after(ws: Workspace, story: Story, place: float, *, limit: int) -> list[Placed]:
    """Up to `limit` entries behind a place, ascending."""
    begin = story.up_to(place)
    return await _read(ws, story, begin, begin + limit)


async def around(ws: Workspace, story: Story, place: float, *, limit: int) -> tuple[list[Placed], bool, bool]:
    """About `limit` entries around a place, ascending, and whether there are older ones, and newer ones."""
    begin = max(0, story.before(place) - limit // 2)
    found = await _read(ws, story, begin, begin + limit + 1)
    return found[:limit], begin > 0, len(found) > limit


async def place_at(ws: Workspace, story: Story, at: datetime, newest: int) -> float:
    """Where the first entry stands that was stored at this time or later; behind `newest` if there is none."""

    async def read(rank: int) -> Entry | None:
        ((contact_id, number, _),) = story.spread(rank, rank + 1)
        return await shelves.at_or_after(ws, contact_id, number)

    rank = await shelves.halved(at, 0, story.up_to(newest), read)
    return story.spread(rank, rank + 1)[0][2]


async def _read(ws: Workspace, story: Story, first: int, last: int) -> list[Placed]:
    """A bounded range of each member's timeline, whatever the story's length."""
    wanted = story.spread(first, last)
    spans: dict[str, list[Run]] = {}
    for member_id, number, _ in sorted(wanted):
        runs = spans.setdefault(member_id, [])
        if runs and number - runs[-1][1] <= _READ_OVER:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    known: dict[tuple[str, int], Entry] = {}
    for member_id, runs in spans.items():
        for run in runs:
            for entry in await entry_store.range_of(ws, member_id, *run):
                known[member_id, entry.number] = entry
    return [Placed(known[key], place) for *rest, place in wanted if (key := (rest[0], rest[1])) in known]


async def entries_from(ws: Workspace, contact_id: str, place: float, *, limit: int) -> list[Entry]:
    """Up to `limit` entries of a contact from a place on, ascending."""
    story = await of(ws, contact_id)
    begin = story.before(place)
    return [each.entry for each in await _read(ws, story, begin, begin + limit)]


async def entries_after(ws: Workspace, contact_id: str, place: float, *, woven: bool, limit: int) -> list[Placed]:
    """`page_after` of a contact."""
    if woven:
        return await page_after(ws, await of(ws, contact_id), place, limit=limit)
    found = await timeline.page_after(ws, contact_id, floor(place), limit=limit)
    return [Placed(entry, entry.number) for entry in found]
