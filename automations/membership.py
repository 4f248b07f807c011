"""
The clerk: keeps true who is in which segment.

One process at a time does it, for all workspaces, one thing after the other, so that nobody is asked at the same time
by two that know different things. Contacts that have changed come first, then those whom time has moved, then a slice
of what takes long: segments that are worked out anew, exact counts for who edits a rule, snapshots, deletions.

What moves is written down as a move, carried through (rows, counts, news) and closed. A clerk that dies is followed by
one that carries through what is open; every part of that can be done twice. Moves are numbered: they are the events
of who entered and left, in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from redis.exceptions import RedisError

from app.core import leases
from app.core.leases import Lease
from app.core.mongo import DatabaseError
from app.core.platform import segments as platform
from app.core.platform.passing import Passing
from app.core.runtime import Runtime, Workspace
from automations import portraits, segments
from automations.portraits import Portrait
from automations.segments import CURVE_DAYS, Cause, Judge, Segment, SegmentEntered, SegmentLeft
from automations.store import previews as preview_rows
from automations.store import segments as store
from automations.store import snapshots as snapshot_rows
from crm import changes
from crm.changes import Changed
from inbox import stored

# Nobody is told anything, so look whether there is something to do.
LOOK_SECONDS = 1.0
# Rows that were not told of are found so often.
SWEEP_SECONDS = 5.0
_MARK = "segments"
_OF_ENTRIES = ("workspace_id", "contact_id", "kind", "created_at")
_MOST_TOLD = 500
_AT_ONCE = 200
# What takes long is done in slices this small, since a change waits for the end of one.
_SLICE = 300
_SNAPSHOT_SLICE = 500
# How long who entered and left can be read.
KEPT = timedelta(days=7)
# A rule that nobody looks at any more is not counted to the end.
ASKED_FOR = timedelta(seconds=30)


T = TypeVar("T")
Moved = SegmentEntered | SegmentLeft
# Is told at least once of each move, in order, before the next one is made. Who listens for long makes work of it.
Listener = Callable[[Workspace, Sequence[Moved]], Awaitable[None]]


async def run(runtime: Runtime, listeners: Sequence[Listener] = ()) -> None:
    """Until cancelled; one worker at a time does it."""
    while True:
        with suppress(DatabaseError, RedisError, OSError, TimeoutError):
            async with leases.hold(runtime.redis, "segments") as lease:
                if lease is not None:
                    clerk = Clerk(runtime, lease, listeners)
                    while not lease.lost:
                        await clerk.round()
        await asyncio.sleep(LOOK_SECONDS)


class Clerk:
    """One tenure."""

    def __init__(self, runtime: Runtime, lease: Lease, listeners: Sequence[Listener]) -> None:
        self._runtime = runtime
        self._lease = lease
        self._listeners = listeners
        self._loop = asyncio.get_running_loop()
        self._next_look = self._next_sweep = float("-inf")
        self._left = changes.Left(runtime)
        # Entries that were just looked at, and when what came late was looked for.
        self._seen: dict[str, datetime] = {}
        self._looked_back = float("-inf")
        self._dues = Passing(runtime, "segment_dues", "due_at")
        # Whether time may move somebody before the next sweep.
        self._turns_soon = True
        self._busy: dict[str, None] = {}
        # By workspace: the newest move, since when it is served, and what is asked there.
        self._steps: dict[str, int] = {}
        self._since: dict[str, float] = {}
        self._judges: dict[str, tuple[float, Judge]] = {}

    async def round(self) -> None:
        """Whatever is to be done now, or a short wait."""
        told = await changes.wait(self._runtime, self._patience(), most=_MOST_TOLD)
        now = self._loop.time()
        await self._changed(told)
        # What waits to be told of is older, too, when there is much.
        sweeps = now >= self._next_sweep and len(told) < _MOST_TOLD
        if sweeps:
            self._next_sweep = now + SWEEP_SECONDS
            while left := await self._left.next(most=_MOST_TOLD):
                await self._changed(left)
                await self._left.done()
            await self._follow()
            self._turns_soon = await self._dues.any_before(self._soon())
        if sweeps or told:
            self._busy |= dict.fromkeys(sorted(await platform.pending(self._runtime)))
        if self._turns_soon and now >= self._next_look:
            self._next_look = now + LOOK_SECONDS / 2
            await self._time_passes()
        if self._busy:
            # By turns, one slice between what changes.
            workspace_id = next(iter(self._busy))
            del self._busy[workspace_id]
            if await self._slice(await self._served(workspace_id)):
                self._busy[workspace_id] = None

    def _patience(self) -> float:
        """For how long there is nothing to do unless somebody tells of something."""
        if self._busy:
            return 0
        return LOOK_SECONDS if self._turns_soon else max(0.1, self._next_sweep - self._loop.time())

    def _soon(self) -> datetime:
        return self._runtime.clock.now() + timedelta(seconds=2 * SWEEP_SECONDS)

    async def _served(self, workspace_id: str) -> Workspace:
        """A workspace whose open moves are carried through."""
        ws = self._runtime.workspace(workspace_id)
        if workspace_id not in self._steps:
            opened = await store.open_moves(ws)
            for row in opened:
                await self._carry(ws, row["number"], row)
            self._steps[workspace_id] = max([await store.newest_step(ws), *(row["number"] for row in opened)])
            self._since[workspace_id] = self._loop.time()
        return ws

    # --- one contact after the other ---

    async def _changed(self, told: Sequence[Changed]) -> None:
        for workspace_id in dict.fromkeys(each.workspace_id for each in told):
            ws = await self._served(workspace_id)
            mine = [each for each in told if each.workspace_id == workspace_id]
            ids = dict.fromkeys(contact_id for each in mine for contact_id in each.contact_ids)
            if behind := [address for each in mine for address in each.addresses]:
                ids |= dict.fromkeys(await portraits.contacts_behind(ws, behind))
            await self._ask(ws, list(ids), "change")
            await changes.done(ws, [each.row_id for each in mine if each.row_id is not None])

    async def _follow(self) -> None:
        """Messages that nobody has told of."""
        await stored.begin(self._runtime, _MARK)
        if self._loop.time() > self._looked_back + stored.LOOK_BACK_SECONDS:
            self._looked_back = self._loop.time()
            await stored.look_back(self._runtime, _MARK, self._seen, self._heard)
        await stored.follow(self._runtime, _MARK, self._seen, self._heard, fields=_OF_ENTRIES)

    async def _heard(self, runtime: Runtime, rows: Sequence[stored.Row]) -> None:
        by_workspace: dict[str, dict[str, None]] = {}
        for row in rows:
            if row["kind"] == "message":
                by_workspace.setdefault(row["workspace_id"], {})[row["contact_id"]] = None
        for workspace_id, contact_ids in by_workspace.items():
            ws = runtime.workspace(workspace_id)
            if await changes.is_followed(ws) and (await self._judge(ws)).needs.messages:
                await self._ask(await self._served(workspace_id), list(contact_ids), "change")

    async def _time_passes(self) -> None:
        """Some of those whom time may have moved."""
        due = await self._dues.next(self._runtime.clock.now(), most=_MOST_TOLD)
        for workspace_id in dict.fromkeys(row["workspace_id"] for row in due):
            ws = await self._served(workspace_id)
            await self._ask(ws, [row["_id"] for row in due if row["workspace_id"] == workspace_id], "time")
        await self._dues.done()

    async def _judge(self, ws: Workspace, *, fresh: bool = False) -> Judge:
        until, known = self._judges.get(ws.id, (0.0, None))
        if fresh or known is None or until < self._loop.time():
            known = Judge(await segments.catalogue(ws), await store.every(ws))
            self._judges[ws.id] = (self._loop.time() + LOOK_SECONDS, known)
        return known

    async def _ask(self, ws: Workspace, contact_ids: Sequence[str], cause: Cause) -> None:
        judge = await self._judge(ws)
        for first in range(0, len(contact_ids), _AT_ONCE):
            some = contact_ids[first : first + _AT_ONCE]
            drawn = await portraits.of(ws, some, judge.needs)
            there = await store.of_contacts(ws, some)
            now = ws.clock.now()
            inside = {each: _asked(ws, judge.of, drawn[each], now) if each in drawn else frozenset() for each in some}
            # Of whom that cannot be told, they stay in those that they are in.
            known = {each: found for each, found in inside.items() if found is not None}
            entered = _by_segment((each, found - there[each]) for each, found in known.items())
            left = _by_segment((each, (there[each] & judge.wanted) - found) for each, found in known.items())
            await self._move(ws, entered, left, cause)
            await self._note_turns(ws, judge, drawn, now, cause)
            if cause == "time":
                await store.drop_dues(ws, some, until=now)

    async def _note_turns(
        self, ws: Workspace, judge: Judge, drawn: Mapping[str, Portrait], now: datetime, cause: Cause
    ) -> None:
        """
        When time will move them. What is noted already and comes earlier stays, and is found to be too early then: so
        who writes every day costs no change every day.
        """
        if not judge.is_timed:
            return
        turns = {each: at for each, portrait in drawn.items() if (at := _asked(ws, judge.turns_at, portrait, now))}
        self._turns_soon = self._turns_soon or any(at < self._soon() for at in turns.values())
        known = await store.dues(ws, await store.add_dues(ws, turns))
        # Who works out one segment does not know what is due of others.
        late = now if cause != "build" else datetime.min.replace(tzinfo=now.tzinfo)
        await store.move_dues(ws, {each: turns[each] for each, at in known.items() if turns[each] < at or at <= late})

    # --- moves ---

    async def _move(
        self, ws: Workspace, entered: Mapping[str, Sequence[str]], left: Mapping[str, Sequence[str]], cause: Cause
    ) -> None:
        if not entered and not left:
            return
        if self._lease.lost:
            raise TimeoutError
        number = self._steps[ws.id] + 1
        move = {"at": ws.clock.now(), "cause": cause, "entered": entered, "left": left}
        await store.insert_move(ws, number, move)
        self._steps[ws.id] = number
        await self._carry(ws, number, move)

    async def _carry(self, ws: Workspace, number: int, move: Mapping[str, Any]) -> None:
        """Can be done twice."""
        at, cause = move["at"], move["cause"]
        entered, left = move["entered"], move["left"]
        for segment_id, contact_ids in entered.items():
            await store.enter(ws, segment_id, contact_ids, at)
        for segment_id, contact_ids in left.items():
            await store.leave(ws, segment_id, contact_ids)
        for segment_id in dict.fromkeys((*entered, *left)):
            change = len(entered.get(segment_id, ())) - len(left.get(segment_id, ()))
            keep = f"{at - timedelta(days=CURVE_DAYS + 1):%Y-%m-%d}"
            await store.counted(ws, segment_id, number, change=change, day=f"{at:%Y-%m-%d}", at=at, keep=keep)
        news: list[Moved] = [SegmentEntered(s, each, at, cause, number) for s, ids in entered.items() for each in ids]
        news += [SegmentLeft(s, each, at, cause, number) for s, ids in left.items() for each in ids]
        for tell in self._listeners:
            await tell(ws, news)
        await store.close_move(ws, number, at + KEPT)

    # --- what takes long ---

    async def _slice(self, ws: Workspace) -> bool:
        """A part of what there is to do; False if there is nothing more."""
        every = await store.every(ws)
        building = [each for each in every if each.building]
        if building:
            if len(building) == len(every) and self._loop.time() < self._since[ws.id] + changes.KNOWN_SECONDS + 0.5:
                # Perhaps the first here: every process has to know first that changes are followed.
                await asyncio.sleep(0.1)
                return True
            await self._build(ws, every, building)
            return True
        if deleted := await store.deleted(ws):
            await self._clear(ws, deleted[0])
            return True
        if snapshot := await snapshot_rows.open_one(ws):
            await self._fill(ws, snapshot)
            return True
        if preview := await preview_rows.open_one(ws):
            await self._count(ws, preview)
            return True
        return False

    async def _build(self, ws: Workspace, every: Sequence[Segment], building: Sequence[Segment]) -> None:
        """The next stretch of contacts for those that have come as far as the one that is most behind."""
        cursor = min(each.building.cursor for each in building if each.building)
        group = [each for each in building if each.building and each.building.cursor == cursor]
        await self._judge(ws, fresh=True)
        judge = Judge(await segments.catalogue(ws), every, [each.id for each in group])
        found = await portraits.stretch(ws, cursor, judge.needs, limit=_SLICE)
        now = ws.clock.now()
        inside = {contact_id: _asked(ws, judge.of, each, now) for contact_id, each in found.portraits.items()}
        wanted = _by_segment((each, segment_ids or ()) for each, segment_ids in inside.items())
        unknown = {each for each, segment_ids in inside.items() if segment_ids is None}
        entered: dict[str, list[str]] = {}
        left: dict[str, list[str]] = {}
        for segment in group:
            there = await store.members_within(ws, segment.id, cursor, found.last)
            mine = wanted.get(segment.id, [])
            if new := [each for each in mine if each not in there]:
                entered[segment.id] = new
            if gone := sorted(there - set(mine) - unknown):
                left[segment.id] = gone
        await self._move(ws, entered, left, "build")
        await self._note_turns(ws, judge, found.portraits, now, "build")
        for segment in group:
            if found.last is None:
                await store.built(ws, segment)
            elif segment.building is not None:
                hits = segment.building.found + len(wanted.get(segment.id, ()))
                guess = round(hits / max(segments.share_of_ids(found.last), 1e-9))
                seen = segment.building.seen + found.read
                far = replace(segment.building, cursor=found.last, seen=seen, found=hits, estimate=guess)
                await store.note_progress(ws, segment, far)
        await segments.tell(ws, [each.id for each in group])

    async def _clear(self, ws: Workspace, segment_id: str) -> None:
        """Takes some out of a segment that is deleted; when nobody is left it goes."""
        gone = await store.members(ws, segment_id, after=None, limit=_SLICE)
        await store.leave(ws, segment_id, gone)
        if len(gone) < _SLICE:
            await store.remove(ws, segment_id)

    async def _fill(self, ws: Workspace, snapshot: snapshot_rows.Snapshot) -> None:
        """Puts some of a segment on a list."""
        some = await store.members(ws, snapshot.segment_id, after=snapshot.cursor, limit=_SNAPSHOT_SLICE)
        await segments.put_on_list(ws, some, snapshot.list_id)
        await snapshot_rows.go_on(ws, snapshot, some[-1] if len(some) == _SNAPSHOT_SLICE else None, len(some))
        await segments.tell_list(ws, snapshot.list_id)

    async def _count(self, ws: Workspace, preview: preview_rows.Counting) -> None:
        """Asks some more contacts for who edits a rule."""
        if preview.asked_at < ws.clock.now() - ASKED_FOR:
            await preview_rows.give_up(ws, preview.id)
            return
        judge = await segments.judge_of(ws, preview.rule)
        found = await portraits.stretch(ws, preview.cursor, judge.needs, limit=_SLICE)
        now = ws.clock.now()
        hits = sum(bool(judge.of(each, now)) for each in found.portraits.values())
        following = replace(
            preview,
            cursor=found.last or "",
            found=preview.found + hits,
            seen=preview.seen + found.read,
            done_at=now if found.last is None else None,
        )
        await preview_rows.go_on(ws, following)
        if following.done_at is not None:
            await segments.tell_preview(ws, following)


def _asked(ws: Workspace, ask: Callable[[Portrait, datetime], T], portrait: Portrait, now: datetime) -> T | None:
    """What a judge says of a contact; None if that cannot be told. An edge: whatever it is, all others are followed."""
    try:
        return ask(portrait, now)
    except Exception:
        ws.log.exception("segment_cannot_be_asked", contact_id=portrait.contact.id)
        return None


def _by_segment(found: Iterable[tuple[str, Iterable[str]]]) -> dict[str, list[str]]:
    """Contacts with segments, the other way round."""
    turned: dict[str, list[str]] = {}
    for contact_id, segment_ids in found:
        for segment_id in segment_ids:
            turned.setdefault(segment_id, []).append(contact_id)
    return turned
