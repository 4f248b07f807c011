"""
What goes when: broadcasts that went, go or will go over some days, and how many people get several of them in a week.

Who gets several is read from what the newest check of each says, or its roll once it has started: exactly for small
audiences, for large ones from the first thousands by contact id, which are hashes, and scaled up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from typing import Final

from app.core.runtime import Workspace
from automations import broadcasts, checks, plans, rolls, schedules
from automations.broadcasts import Broadcast
from automations.checks import Check

# Broadcasts of one state that are looked at, and sends of a recurring one.
_MOST: Final = 200
_MOST_SENDS: Final = 50
# People of one broadcast that are read.
_READ: Final = 5_000
_PAGE: Final = 500
_PAIRS: Final = 5
_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """`people` None: nobody has counted yet."""

    broadcast: Broadcast
    at: datetime
    people: int | None


@dataclass(frozen=True, slots=True)
class Pair:
    one: Broadcast
    other: Broadcast
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """`several` people get more than one of them, some of them `most`; `exact` False: estimated."""

    several: int
    most: int
    exact: bool
    pairs: tuple[Pair, ...]


async def sends(ws: Workspace, since: datetime, until: datetime) -> list[Send]:
    """Between these moments, in their order."""
    found: list[tuple[Broadcast, datetime]] = []
    for state in broadcasts.ON_CALENDAR:
        for each in await broadcasts.page(ws, state=state, before=None, limit=_MOST):
            found += [(each, at) for at in _times(each, since, until)]
    known = await checks.latest_of(ws, list({each.id for each, _ in found}))
    shown = [Send(broadcast=each, at=at, people=_people(each, known.get(each.id))) for each, at in found]
    return sorted(shown, key=lambda send: (send.at, send.broadcast.id))


def _times(each: Broadcast, since: datetime, until: datetime) -> list[datetime]:
    if each.state == "scheduled" and each.plan.schedule.recurring:
        times: list[datetime] = []
        at = schedules.following(each.plan.schedule, since - timedelta(microseconds=1))
        while at is not None and at < until and len(times) < _MOST_SENDS:
            times.append(at)
            at = schedules.following(each.plan.schedule, at)
        return times
    at = each.started.at if each.started is not None else each.scheduled_at
    return [at] if at is not None and since <= at < until else []


def _people(each: Broadcast, check: Check | None) -> int | None:
    if each.people is not None:
        return each.people
    return check.willing if check is not None and check.state == "ready" else None


@dataclass(frozen=True, slots=True)
class _Read:
    """Of each broadcast the people who were read, as far as they were read of all; how often each goes."""

    of: dict[str, Broadcast]
    times: Counter[str]
    people: dict[str, set[str]]
    scale: float
    exact: bool

    def pair(self, one: str, other: str) -> Pair:
        both = len(self.people[one] & self.people[other])
        return Pair(self.of[one], self.of[other], round(self.scale * both))


async def _read(ws: Workspace, found: Sequence[Send]) -> _Read:
    times = Counter(send.broadcast.id for send in found)
    of = {send.broadcast.id: send.broadcast for send in found}
    read = {broadcast_id: await _first_people(ws, of[broadcast_id]) for broadcast_id in times}
    # Beyond the last that was read of any of them nobody knows who is in it.
    cut = min((ids[-1] for ids, whole in read.values() if ids and not whole), default=None)
    people = {key: {each for each in ids if cut is None or each <= cut} for key, (ids, _) in read.items()}
    known = {send.broadcast.id: send.people or 0 for send in found}
    looked = sum(map(len, people.values()))
    scale = max(1.0, sum(known.values()) / looked) if cut is not None and looked else 1.0
    return _Read(of, times, people, scale, cut is None)


async def overlap(ws: Workspace, week: Sequence[Send]) -> Overlap:
    """Of what goes in a week; a recurring one counts each time."""
    read = await _read(ws, week)
    number: Counter[str] = Counter()
    for broadcast_id, people in read.people.items():
        for contact_id in people:
            number[contact_id] += read.times[broadcast_id]
    pairs = [read.pair(one, other) for one, other in combinations(sorted(read.people), 2)]
    return Overlap(
        several=round(read.scale * sum(1 for count in number.values() if count > 1)),
        most=max(number.values(), default=0),
        exact=read.exact,
        pairs=_largest(pairs),
    )


def _largest(pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    return tuple(sorted((pair for pair in pairs if pair.people), key=lambda pair: -pair.people)[:_PAIRS])


async def _first_people(ws: Workspace, broadcast: Broadcast) -> tuple[list[str], bool]:
    """In ascending order, and whether that is all of them."""
    found: list[str] = []
    check = await checks.latest(ws, broadcast.id)
    if check is not None and check.state == "ready":
        after: tuple[int, int] | None = None
        while True:
            page, after = await checks.people(ws, check, checks.WILLING, after=after, limit=_PAGE)
            found += [each.contact_id for each in page]
            if after is None or len(found) >= _READ:
                return found, after is None
    number = 0
    while (ids := await rolls.piece(ws, broadcast.id, number)) is not None:
        found += ids
        number += 1
        if len(found) >= _READ:
            return found, False
    return found, True


async def with_others(ws: Workspace, now: Broadcast) -> Overlap | None:
    """How many of its people get another one within a week of it; None where nobody does."""
    at = now.scheduled_at
    if at is None and not plans.of_schedule(now.plan.schedule):
        at = schedules.first(now.plan.schedule, ws.clock.now())
    at = at or ws.clock.now()
    around = [each for each in await sends(ws, at - _WEEK, at + _WEEK) if each.broadcast.id != now.id]
    if not around:
        return None
    check = await checks.latest(ws, now.id)
    read = await _read(ws, [Send(broadcast=now, at=at, people=_people(now, check)), *around])
    others = [each for each in read.people if each != now.id]
    mine = read.people[now.id]
    several = len(mine.intersection(set().union(*(read.people[each] for each in others))))
    if not several:
        return None
    pairs = _largest([read.pair(now.id, each) for each in others])
    return Overlap(several=round(read.scale * several), most=0, exact=read.exact, pairs=pairs)
