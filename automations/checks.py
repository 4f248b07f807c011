"""
The check before sending: who will get it, who will not and why, with names, and what it will cost.

It runs in the background over the whole audience, piece by piece and resumable, through the code that places the
messages (placing.py) and the gate that lets them go, so that its figures are those of the send at that moment. What
changes afterwards the gate sees again when it goes.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Literal

from redis.exceptions import RedisError

from app.core import ids, leases, rounds
from app.core.errors import AppError, Conflict, Invalid
from app.core.mongo import DatabaseError
from app.core.platform import broadcasts as platform
from app.core.queue import Lane
from app.core.runtime import Runtime, Workspace
from app.core.stream import event
from automations import audiences, broadcasts, experiments, placing, precedence, reasons, rolls
from automations.broadcasts import Broadcast
from automations.estimates import Cost, Estimator, Key
from automations.placing import Layout, Placing
from automations.plans import Plan
from automations.store import checks as store
from channels.contract import Purpose
from crm import gate
from crm.gate import Asked
from crm.pacing import Claim
from inbox.mailings.mailing import begins
from inbox.store import tickets

PIECE: Final = 500
EVERY_SECONDS: Final = 5.0
# What was found out about people is old by then.
GOOD_FOR: Final = timedelta(hours=24)
WILLING: Final = ""
# Of a check that looked at nobody else what matters is what it says, not how it is called.
_NOT_CHECKED = frozenset(("name", "description", "editors", "approvers", "rate", "ramp", "guards", "goal"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What the check says of one person; `reason` "" is: they get it."""

    contact_id: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """
    How far it is: `total` people looked at, of whom `willing` get it, `waiting` of them at a later hour. `dropped` is
    by reason, `missing` by variable. `plan` names the plan that was looked at. `units` is what is charged.
    """

    id: str
    broadcast_id: str
    plan: str
    at: datetime
    state: Literal["counting", "ready", "failed"] = "counting"
    after: str | None = None
    number: int = 0
    total: int = 0
    willing: int = 0
    waiting: int = 0
    until: datetime | None = None
    dropped: Mapping[str, int] = field(default_factory=dict)
    variants: Mapping[str, int] = field(default_factory=dict)
    languages: Mapping[str, int] = field(default_factory=dict)
    missing: Mapping[str, int] = field(default_factory=dict)
    units: Mapping[Key, int] = field(default_factory=dict)
    cost: Cost | None = None
    why: str | None = None

    @property
    def unpriced(self) -> bool:
        return self.cost is not None and any(line.micros is None for line in self.cost.lines)


def plan_key(plan: Plan) -> str:
    """The same for plans of which a check says the same."""
    return hashlib.blake2b(plan.model_dump_json(exclude=set(_NOT_CHECKED)).encode(), digest_size=12).hexdigest()


async def begin(ws: Workspace, now: Broadcast) -> Check:
    """
    A new check of it, in the background. Raises Invalid where it cannot be worked out, naming the field; Conflict.
    """
    if now.plan.audience.empty:
        raise Invalid.field("audience", "Choose who gets it.")
    await audiences.require(ws, now.plan.audience)
    await placing.require(ws, now.plan)
    before = await store.get(ws, now.id)
    made = Check(id=ids.new("chk"), broadcast_id=now.id, plan=plan_key(now.plan), at=ws.clock.now())
    await store.put(ws, made)
    if before is not None:
        await store.forget(ws, before.id)
    await _enqueue(ws, now.id)
    return made


async def latest(ws: Workspace, broadcast_id: str) -> Check | None:
    """The newest, whatever it looked at."""
    return await store.get(ws, broadcast_id)


async def latest_of(ws: Workspace, broadcast_ids: Sequence[str]) -> dict[str, Check]:
    return {each.broadcast_id: each for each in await store.get_many(ws, broadcast_ids)}


async def current(ws: Workspace, now: Broadcast) -> Check:
    """The one that holds for the plan as it is. Raises Conflict where there is none."""
    check = await store.get(ws, now.id)
    if check is None or check.plan != plan_key(now.plan) or ws.clock.now() - check.at > GOOD_FOR:
        raise Conflict("Look first at who gets it: check it as it is now.", code="check_first")
    if check.state == "counting":
        raise Conflict("It is still being counted who gets it; wait a moment.", code="still_counting")
    if check.state == "failed":
        raise Conflict(check.why or "Who gets it could not be worked out; check it again.", code="check_first")
    return check


async def people(
    ws: Workspace, check: Check, reason: str, *, after: tuple[int, int] | None, limit: int
) -> tuple[list[Person], tuple[int, int] | None]:
    """Those of one reason, and where the next page begins (piece, place in it)."""
    return await store.people(ws, check.id, reason, after=after, limit=limit)


def purpose_of(plan: Plan, laid: Layout) -> Purpose:
    """An approved text says itself what it is for: advertising stays advertising."""
    return Purpose.MARKETING if laid.advertises else plan.purpose


# --- doing --------------------------------------------------------------------------------------------------------


async def run(runtime: Runtime) -> None:
    """Puts back to work what a crash has left, until cancelled."""
    while True:
        await rounds.rest(EVERY_SECONDS)
        with suppress(DatabaseError, RedisError, OSError, TimeoutError):
            for workspace_id, broadcast_id in await platform.checking(runtime):
                await _enqueue(runtime.workspace(workspace_id), broadcast_id)


async def _enqueue(ws: Workspace, broadcast_id: str) -> None:
    await ws.queue.enqueue("run_check", ws.id, broadcast_id, lane=Lane.BACKGROUND, job_id=f"check:{broadcast_id}")


async def run_one(ws: Workspace, broadcast_id: str) -> None:
    """Until it is counted. One process at a time; another goes on where this one was stopped."""
    async with leases.hold(ws.redis, f"check:{broadcast_id}") as lease:
        while lease is not None and not lease.lost:
            now = await store.get(ws, broadcast_id)
            if now is None or now.state != "counting":
                return
            try:
                broadcast = await broadcasts.get(ws, broadcast_id)
                await _carry(ws, broadcast, now, lease)
            except AppError as error:
                await _kept(ws, replace(now, state="failed", why=error.detail))


async def _carry(ws: Workspace, broadcast: Broadcast, now: Check, lease: leases.Lease) -> None:
    while await audiences.counting(ws, broadcast.plan.audience):
        if lease.lost:
            return
        await asyncio.sleep(1)
    laid = await placing.layout(ws, broadcast.plan)
    estimator = await Estimator.of(ws, laid.account)
    piece: list[str] = []
    position = now.total
    async for contact_id in audiences.stream(ws, broadcast.plan.audience, after=now.after):
        piece.append(contact_id)
        if len(piece) < PIECE:
            continue
        following = await _looked(ws, broadcast, laid, estimator, now, piece, position)
        if following is None or lease.lost:
            return
        now, position, piece = following, position + len(piece), []
    if piece:
        last = await _looked(ws, broadcast, laid, estimator, now, piece, position)
        if last is None:
            return
        now = last
    await _kept(ws, replace(now, state="ready", cost=estimator.cost(now.units), at=ws.clock.now()))


async def _looked(
    ws: Workspace,
    broadcast: Broadcast,
    laid: Layout,
    estimator: Estimator,
    now: Check,
    contact_ids: Sequence[str],
    position: int,
) -> Check | None:
    """The check with these people counted in; None where a newer one has begun."""
    found = await verdicts(ws, broadcast, laid, contact_ids, position)
    dropped, variants, languages = Counter(now.dropped), Counter(now.variants), Counter(now.languages)
    missing, units = Counter(now.missing), Counter(now.units)
    willing, waiting, until = now.willing, now.waiting, now.until
    for placed, later in found:
        missing.update(placed.missing)
        if placed.reason:
            dropped[placed.reason] += 1
            continue
        willing += 1
        variants[placed.variant] += 1
        if placed.said is not None and placed.content is not None and placed.address is not None:
            languages[placed.said.key] += 1
            charged = estimator.key(placed.said, placed.content, placed.address, placed.footer)
            if charged is not None:
                units[charged[0]] += charged[1]
        if later is not None:
            waiting += 1
            until = max(until or later, later)
    rows = [Person(contact_id=placed.contact_id, reason=placed.reason, detail=placed.detail) for placed, _ in found]
    await store.keep_people(ws, now.id, now.number, rows)
    following = replace(
        now,
        after=contact_ids[-1],
        number=now.number + 1,
        total=now.total + len(found),
        willing=willing,
        waiting=waiting,
        until=until,
        dropped=dropped,
        variants=variants,
        languages=languages,
        missing=missing,
        units=units,
    )
    return following if await _kept(ws, following) else None


async def verdicts(
    ws: Workspace, broadcast: Broadcast, laid: Layout, contact_ids: Sequence[str], position: int
) -> list[tuple[Placing, datetime | None]]:
    """
    For each what becomes of them, and the later time at which they get it. Held out are only those who would have got
    it, so that they are like those who do.
    """
    plan = broadcast.plan
    purpose = purpose_of(plan, laid).value
    variants = {
        contact_id: experiments.variant_of(
            plan,
            broadcast.id,
            contact_id,
            experiments.stage_of(plan, broadcast.id, contact_id, position + at),
            None,
        )
        for at, contact_id in enumerate(contact_ids)
    }
    placed = await placing.of(
        ws, laid, variants, purpose=purpose, exclude=plan.audience.exclude, schedule=plan.schedule
    )
    ahead = await precedence.claims(ws, broadcast, placed, purpose)
    return await gated(ws, broadcast, laid, placed, purpose, ahead)


async def gated(
    ws: Workspace,
    broadcast: Broadcast,
    laid: Layout,
    placed: Sequence[Placing],
    purpose: str,
    ahead: Mapping[str, tuple[Claim, ...]],
) -> list[tuple[Placing, datetime | None]]:
    """What the gate says of those who have a place; `ahead` is what is worth more and to reach them, by contact."""
    corrects = begins(rolls.codes(ws, broadcast.corrects))
    asked = [
        Asked(
            address=each.address,
            purpose=purpose,
            sender=laid.account.id,
            topic=broadcast.plan.topic,
            key=each.contact_id,
            ahead=ahead.get(each.contact_id, ()),
            due_at=each.due_at,
            corrects=corrects,
        )
        for each in placed
        if not each.reason and each.address is not None
    ]
    said = iter(await gate.ask_many(ws, asked, complaints=partial(tickets.with_open, ws)))
    found: list[tuple[Placing, datetime | None]] = []
    for each in placed:
        verdict = next(said) if not each.reason and each.address is not None else None
        if isinstance(verdict, AppError):
            each = replace(each, reason=verdict.code, detail=verdict.detail)
        elif not each.reason and experiments.held_out(broadcast.plan, broadcast.id, each.contact_id):
            each = replace(each, reason="holdout", detail=reasons.of("holdout").label)
        later = verdict if isinstance(verdict, datetime) else None
        found.append((each, max(filter(None, (later, each.due_at)), default=None) if not each.reason else None))
    return found


async def _kept(ws: Workspace, now: Check) -> bool:
    """False where a newer check has taken its place."""
    if not await store.save(ws, now):
        return False
    with suppress(RedisError):
        await ws.stream.publish(ws.id, [event("broadcast_check", told(now))])
    return True


def told(now: Check) -> dict[str, Any]:
    """How far it is, as screens are told; they fetch the rest."""
    return {"id": now.broadcast_id, "state": now.state, "total": now.total, "willing": now.willing}
