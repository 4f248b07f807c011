"""Broadcasts whose time has come: found in every worker, looked at by one process at a time."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from redis.exceptions import RedisError

from app.core import hints, leases, rounds
from app.core.errors import AppError, ChangedMeanwhile
from app.core.mongo import DatabaseError
from app.core.permissions import SYSTEM
from app.core.platform import broadcasts as platform
from app.core.runtime import Runtime, Workspace
from automations import broadcasts, plans, recalling, runs, schedules
from automations.broadcasts import Broadcast, By, Reason
from automations.carrying import Carrying
from automations.store import runs as store

# So often somebody looks while a broadcast is on its way or about to be; else once a round, or when told.
EVERY_SECONDS: Final = 0.5
_SOON: Final = timedelta(seconds=1)


async def run(runtime: Runtime) -> None:
    """Wakes those whose time has come, until cancelled."""
    seconds = runtime.settings.round_seconds
    # One that is due within this time is there before the next round.
    soon = timedelta(seconds=2 * seconds)
    while True:
        waits = True
        with suppress(DatabaseError, RedisError, OSError, TimeoutError):
            now = runtime.clock.now()
            found = await platform.due(runtime, now + soon)
            waits = not found
            for run in found:
                if run.due_at <= now:
                    await runs.enqueue(runtime.workspace(run.workspace_id), run.broadcast_id)
        await hints.pause(runtime.redis, runs.HINT, rounds.spread(seconds if waits else EVERY_SECONDS))


async def run_one(ws: Workspace, broadcast_id: str) -> None:
    """What has to be done now. One process at a time."""
    async with leases.hold(ws.redis, f"broadcast:{broadcast_id}") as lease:
        if lease is None:
            return
        now = await broadcasts.get(ws, broadcast_id)
        run = await store.get(ws, broadcast_id)
        if run is None or run.due_at is None or run.due_at > ws.clock.now():
            return
        if run.recall is not None and not run.recall.done:
            await runs.in_line(ws, now)
            over = await recalling.all_over(ws, now)
            if over:
                await recalling.go_on(ws, run, run.recall)
            await store.move(ws, broadcast_id, run.due_at, None if over else ws.clock.now() + _SOON)
            return
        try:
            if now.state == "scheduled":
                await _its_time(ws, now, run.due_at)
            elif now.state == "running":
                await Carrying(ws, now, run, run.due_at, lease).carry()
            else:
                await runs.in_line(ws, now)
                await store.move(ws, broadcast_id, run.due_at, None)
        except ChangedMeanwhile:
            # Somebody decided at the same moment: looked at again with what they decided.
            await store.wake(ws, broadcast_id, ws.clock.now() + _SOON)
        except AppError as error:
            await runs.stopped(ws, await broadcasts.get(ws, broadcast_id), run.due_at, Reason(error.code, error.detail))


async def _its_time(ws: Workspace, now: Broadcast, seen: datetime) -> None:
    """A scheduled one begins, unless its time is long past: then somebody has to say so."""
    at, due = ws.clock.now(), now.scheduled_at or ws.clock.now()
    late = at - due > schedules.STALE
    reason = Reason("stale", f"It was due at {due:%Y-%m-%d %H:%M} UTC, when nothing ran here. Send it all the same?")
    if not now.plan.schedule.recurring:
        if late:
            await runs.stopped(ws, now, seen, reason)
            return
        by = now.approved or By(SYSTEM.id, SYSTEM.name, at)
        await broadcasts.turn(ws, SYSTEM, now, "started", state="running", started=replace(by, at=at))
        await runs.awake(ws, now.id, at)
        return
    schedule = now.plan.schedule
    if schedule.repeat is not None and (wrong := plans.wrong_with(schedule.repeat, schedule.wall)) is not None:
        words = f"Its rule {schedule.repeat} never comes on. {wrong} Make a copy with another rule."
        await runs.cancelled(ws, SYSTEM, now, words)
        return
    wall = schedules.occurrence(schedule, due - timedelta(seconds=1))
    child = await broadcasts.send_of(ws, now, (wall or due).strftime("%Y-%m-%dT%H:%M"))
    if child.state == "approved":
        by = By(SYSTEM.id, SYSTEM.name, at)
        state: Any = {"state": "paused", "reason": reason} if late else {"state": "running", "started": by}
        child = await broadcasts.turn(ws, SYSTEM, child, "paused" if late else "started", **state)
    if child.state == "running":
        await runs.awake(ws, child.id, at)
    # Of those that were missed meanwhile nobody is asked one by one.
    following = schedules.following(now.plan.schedule, max(at, due))
    if following is None:
        await broadcasts.turn(ws, SYSTEM, now, "finished", state="done", scheduled_at=None, finished_at=at)
        await store.move(ws, now.id, seen, None)
        return
    await broadcasts.turn(ws, SYSTEM, now, "scheduled", scheduled_at=following)
    await store.move(ws, now.id, seen, following)
