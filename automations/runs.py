"""
Runs: how far a broadcast is on its way, from the moment it was started to the last person, and what is done to all of
it at once.

The audience is written down once (rolls.py), then stage by stage each piece of it is given its places (placing.py) and
handed to the mailing, which sends (carrying.py). All of it is steps that may be done twice: what a step made is stored
under its number before the next one begins, so a process that is killed anywhere goes on where it was. `due_at` is when
somebody has to look again (waking.py); one process at a time does.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final

from app.core import hints
from app.core.errors import Conflict
from app.core.permissions import SYSTEM, Actor
from app.core.queue import Lane
from app.core.runtime import Workspace
from automations import broadcasts, experiments, rolls
from automations.broadcasts import Broadcast, Reason
from automations.plans import Plan
from automations.store import runs as store
from inbox.answering.prices import MICROS
from inbox.mailings import mailings
from inbox.mailings.mailing import Guards

HINT: Final = "broadcasts"
# Who has no way: whom a fallback may still reach.
NO_WAY: Final = ("no_address", "resting")
OUTRANKED: Final = "outranked"
ON_THE_WAY = frozenset(("queued", "waiting", "sending"))
# Of budgets and prices, which are whole millionths for mailings and hundredths for people.
_MICROS_OF_MINOR: Final = MICROS // 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """
    How far a fallback is: whom it took over are in so many `pages` of places and `batches` of its mailing, and `passed`
    is how many pages of the way before were looked through for people without a handle there; `done` once nobody can
    follow any more. Of whom it took over `sent` had got it on a way before, `failed` by code had not, and `fresh` by
    reason had no way.
    """

    batches: int = 0
    pages: int = 0
    passed: int = 0
    done: bool = False
    sent: int = 0
    failed: Mapping[str, int] = field(default_factory=dict)
    fresh: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """How far taking it back is: who was asked to be rid of it, and with what success."""

    after: str | None = None
    way: int = 0
    deleted: int = 0
    failed: int = 0
    done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """
    `after` is how far the audience was read, `pieces` of it are written, `people` are in them; `built` once that is
    all. `stage` counts the stages of the plan, `piece` the pieces that this one has handed over, `batches` all batches
    of the mailing. `quiet_at` is since when nothing of the stage is on its way any more. `go_on`: a person has decided.
    """

    id: str
    due_at: datetime | None
    after: str | None = None
    pieces: int = 0
    people: int = 0
    built: bool = False
    stage: int = 0
    piece: int = 0
    batches: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    quiet_at: datetime | None = None
    go_on: bool = False
    winner: str | None = None
    verdict: experiments.Verdict | None = None
    closed: bool = False
    ways: tuple[Way, ...] = ()
    recall: Recall | None = None


async def of(ws: Workspace, broadcast_id: str) -> Run | None:
    return await store.get(ws, broadcast_id)


# --- all of it at once ----------------------------------------------------------------------------------------------


async def awake(ws: Workspace, broadcast_id: str, at: datetime) -> None:
    await store.wake(ws, broadcast_id, at)
    await hints.give(ws.redis, HINT)
    if at <= ws.clock.now():
        await enqueue(ws, broadcast_id)


async def enqueue(ws: Workspace, broadcast_id: str) -> None:
    await ws.queue.enqueue(
        "run_broadcast", ws.id, broadcast_id, lane=Lane.BACKGROUND, job_id=f"broadcast:{broadcast_id}"
    )


async def cancelled(ws: Workspace, actor: Actor, now: Broadcast, words: str) -> Broadcast:
    reason = Reason("by_hand", words)
    at = ws.clock.now()
    # The broadcast first: who carries it would take a mailing that was cancelled for one that ended by itself.
    ended = await broadcasts.turn(ws, actor, now, "cancelled", state="cancelled", reason=reason, finished_at=at)
    await each_mailing(ws, now.id, partial(mailings.cancel, reason=words, by=actor.name))
    await awake(ws, now.id, at)
    return ended


async def stopped(ws: Workspace, now: Broadcast, seen: datetime, reason: Reason) -> None:
    """It pauses by itself, and says why; `seen` is when it was due."""
    if now.state in ("running", "scheduled"):
        await each_mailing(ws, now.id, partial(mailings.pause, reason=reason.message, by=SYSTEM.name))
        await broadcasts.turn(ws, SYSTEM, now, "paused", state="paused", reason=reason)
    await store.move(ws, now.id, seen, None)


async def in_line(ws: Workspace, now: Broadcast) -> None:
    """
    Whoever stopped it stopped the mailings that there were: one that was begun or resumed at the same moment follows.
    """
    words = now.reason.message if now.reason else ""
    if now.state == "paused":
        await each_mailing(ws, now.id, partial(mailings.pause, reason=words, by=now.updated_by))
    elif now.state == "cancelled":
        await each_mailing(ws, now.id, partial(mailings.cancel, reason=words, by=now.updated_by))


async def each_mailing(ws: Workspace, broadcast_id: str, do: Any) -> None:
    """Of those that there are and that have not ended."""
    for source in rolls.sources(broadcast_id):
        mailing = await mailings.find(ws, source)
        if mailing is None:
            return
        if mailing.state not in ("done", "cancelled"):
            # It may end at this very moment: then there is nothing to do.
            with suppress(Conflict):
                await do(ws, mailing.id)


async def tell_progress(ws: Workspace, broadcast_id: str) -> None:
    await mailings.tell_progress(ws, mailings.id_for(ws, rolls.source_of(broadcast_id, 0)))


def budget(plan: Plan) -> int | None:
    return None if plan.budget_minor is None else plan.budget_minor * _MICROS_OF_MINOR


def guards(plan: Plan) -> Guards:
    return Guards(**{name: getattr(plan.guards, name) for name in Guards.__slots__})
