"""
What can be done with a mailing: open it, add its people, start and stop it, and ask how it goes.

Who gets it and when is decided above (automations/); here it is sent to them, once, and what came of each is kept.
"""

import asyncio
import base64
import hashlib
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from app.core import hints
from app.core.addresses import Address
from app.core.errors import AppError, Conflict, Invalid, NotFound
from app.core.platform import mailings as platform
from app.core.runtime import Runtime, Workspace
from crm import gate, happenings
from inbox import allowances, live
from inbox.mailings import results
from inbox.mailings.mailing import (
    MOST_IN_BATCH,
    NOT_STARTED,
    Added,
    Batch,
    Guards,
    Mailing,
    NewMailing,
    Outcome,
    Progress,
    Ref,
    Tally,
)
from inbox.mailings.words import ref_of
from inbox.store import mailings as store
from inbox.store import tickets
from inbox.store.mailings import Work
from inbox.timeline import entry_id_of

HINT = "mailings"
# Stopped for everybody: asked again at hand-over, and no reason to leave anybody out for good.
NOT_NOW = "marketing_stopped"
_MOST_AT_ONCE = 10
_PAGE_OF_BATCHES = 10
# Batches that are looked over at once for those that may hold who is asked for.
_STRETCH = 200
_RATE_SECONDS = 10.0

_told: WeakKeyDictionary[Runtime, dict[str, float]] = WeakKeyDictionary()
# When how many had been sent, as this process last counted.
_counted: WeakKeyDictionary[Runtime, dict[str, deque[tuple[datetime, int]]]] = WeakKeyDictionary()


def id_for(ws: Workspace, source: tuple[str, str]) -> str:
    """The same for the same source, always."""
    digest = hashlib.blake2b("\x1f".join((ws.id, *source)).encode(), digest_size=7).digest()
    return "mlg_" + base64.b32encode(digest).decode().lower()[:10]


async def open(ws: Workspace, new: NewMailing) -> Mailing:
    """It is there and does not run yet; asked again it gives back what there is."""
    if not new.contents or not all(new.contents.values()):
        raise Invalid.field("contents", "There is nothing to send.")
    now = ws.clock.now()
    values = {name: getattr(new, name) for name in NewMailing.__slots__}
    mailing = Mailing(
        **values,
        id=id_for(ws, new.source),
        state="paused",
        reason=NOT_STARTED,
        by=new.author.name or "",
        created_at=now,
        changed_at=now,
    )
    await store.insert(ws, mailing)
    return await get(ws, mailing.id)


async def get(ws: Workspace, mailing_id: str) -> Mailing:
    """Raises NotFound."""
    found = await store.get(ws, mailing_id)
    if found is None:
        raise NotFound("There is no such mailing.")
    return found


async def of_code(ws: Workspace, code: str) -> Mailing:
    """By what its messages are named with. Raises NotFound."""
    return await get(ws, f"mlg_{code}")


async def find(ws: Workspace, source: tuple[str, str]) -> Mailing | None:
    return await store.get(ws, id_for(ws, source))


async def workspace_of(runtime: Runtime, code: str) -> str | None:
    """Whose mailing has this code."""
    return await platform.workspace_of(runtime, f"mlg_{code}")


# --- people -------------------------------------------------------------------------------------------------------


async def add(ws: Workspace, mailing_id: str, batches: Sequence[Batch]) -> Added:
    """
    People to send to, at most ten batches at once. The gate is asked of each: who must not get it is kept with the
    reason, and never sent to. A batch that is there already stays as it is, so this may be done twice.
    """
    mailing = await get(ws, mailing_id)
    if len(batches) > _MOST_AT_ONCE or not all(0 < len(batch.recipients) <= MOST_IN_BATCH for batch in batches):
        raise Invalid.field("batches", f"At most {_MOST_AT_ONCE} batches of 1 to {MOST_IN_BATCH} people at once.")
    if mailing.state in ("cancelled", "done"):
        raise Conflict("This mailing has ended; nobody can be added to it.", code="mailing_ended")
    now = ws.clock.now()
    verdicts = iter(await gate.ask_many(ws, _asked(mailing, batches), complaints=partial(tickets.with_open, ws)))
    made: list[tuple[Batch, Work]] = []
    for batch in batches:
        made.append((batch, _work(mailing, batch, [next(verdicts) for _ in batch.recipients], now)))
    senders = {batch.account_id for batch in batches} - {*mailing.accounts}
    dearest = max(recipient.price_minor for batch in batches for recipient in batch.recipients)
    if senders or dearest > mailing.dearest_minor:
        await store.take_in(ws, mailing.id, sorted(senders), dearest)
    known = await store.add(ws, mailing, made)
    skipped: dict[str, int] = {}
    queued = 0
    stored = await store.works(ws, sorted(known)) if known else {}
    for _, work in made:
        work = stored.get(work.id, work)
        left_out = [found[3] for found in work.o.values() if found[0] == "skipped"]
        queued += work.size - len(left_out)
        for code in left_out:
            skipped[code] = skipped.get(code, 0) + 1
    if mailing.state == "running":
        await hints.give(ws.redis, HINT)
    return Added(queued, skipped)


def _asked(mailing: Mailing, batches: Sequence[Batch]) -> list[gate.Asked]:
    return [
        gate.Asked(
            address=Address.parse(recipient.address),
            purpose=mailing.purpose.value,
            sender=batch.account_id,
            topic=mailing.topic,
            key=str(Ref(mailing.code, batch.seq, place)),
            contact_id=recipient.contact_id,
            corrects=mailing.corrected,
        )
        for batch in batches
        for place, recipient in enumerate(batch.recipients)
    ]


def _work(mailing: Mailing, batch: Batch, verdicts: Sequence[gate.Verdict], now: datetime) -> Work:
    """What is known of a batch before anything was sent."""
    work = Work(
        id=f"{mailing.code}.{batch.seq}",
        mailing_id=mailing.id,
        account_id=batch.account_id,
        variant=batch.variant,
        language=batch.language,
        seq=batch.seq,
        size=len(batch.recipients),
        created_at=now,
    )
    at = store.milliseconds(now)
    for place, verdict in enumerate(verdicts):
        if isinstance(verdict, AppError) and verdict.code != NOT_NOW:
            work.o[str(place)] = ["skipped", at, [], verdict.code, verdict.detail]
        elif isinstance(verdict, datetime) and (batch.due_at or now) <= now:
            work.w[str(place)] = [store.milliseconds(verdict), 0, "quiet_hours", results.QUIET]
    work.to = results.total_of(work, batch.recipients)
    work.look_key = mailing.id if mailing.followed else None
    if len(work.o) < work.size:
        work.work_key = store.work_key(mailing.id, batch.account_id)
        everybody_waits = len(work.o) + len(work.w) == work.size
        first = store.moment(min(each[0] for each in work.w.values())) if everybody_waits else now
        work.due_at = max(batch.due_at or now, first)
    return work


async def completed(ws: Workspace, mailing_id: str, batches: int) -> None:
    """Its audience is all there, in so many batches: it is done when these are."""
    await store.put(ws, mailing_id, {"batches": batches})
    await hints.give(ws.redis, HINT)


# --- running ------------------------------------------------------------------------------------------------------


async def start(ws: Workspace, mailing_id: str, *, by: str = "") -> Mailing:
    """Raises Conflict once it has ended."""
    return await resume(ws, mailing_id, by=by)


async def resume(ws: Workspace, mailing_id: str, *, by: str = "") -> Mailing:
    """
    It runs, or goes on; whoever lets it go on has seen what made it stop, so guards count from here. Raises Conflict
    once it has ended.
    """
    mailing = await get(ws, mailing_id)
    values: dict[str, Any] = {"state": "running", "reason": "", "by": by}
    if mailing.started_at is None:
        values["started_at"] = ws.clock.now()
    else:
        values["seen"] = results.handed(
            results.added_up(await store.tallies(ws, mailing_id), cancelled=False, now=ws.clock.now())
        )
    return await _move(ws, mailing, values)


async def pause(ws: Workspace, mailing_id: str, *, reason: str, by: str = "") -> Mailing:
    """Nothing more is handed over within a second; what is on its way comes to its end. Raises Conflict."""
    return await _move(ws, await get(ws, mailing_id), {"state": "paused", "reason": reason, "by": by})


async def cancel(ws: Workspace, mailing_id: str, *, reason: str, by: str = "") -> Mailing:
    """It ends here: who has not got it gets it no more. Raises Conflict if it has ended."""
    ended = {"state": "cancelled", "reason": reason, "by": by, "ended_at": ws.clock.now()}
    return await _move(ws, await get(ws, mailing_id), ended)


async def finish(ws: Workspace, mailing: Mailing) -> None:
    """Nobody is left; unless somebody has stopped it meanwhile, or put people back to work at this very moment."""
    now = ws.clock.now()
    values: dict[str, Any] = {"state": "done", "reason": "", "ended_at": now, "changed_at": now}
    if mailing.state != "running" or not await store.move(ws, mailing, values):
        return
    if await any_left(ws, mailing):
        await go_on(ws, mailing.id)
    else:
        await _moved(ws, replace(mailing, **values))


async def any_left(ws: Workspace, mailing: Mailing) -> bool:
    """Whether anybody of it is still to be sent to, now or later."""
    for account_id in mailing.accounts:
        if await store.any_work(ws, store.work_key(mailing.id, account_id)):
            return True
    return False


async def go_on(ws: Workspace, mailing_id: str) -> None:
    """Done, and yet there is somebody to send to again in some days."""
    mailing = await get(ws, mailing_id)
    if mailing.state == "done":
        values = {"state": "running", "reason": "", "changed_at": ws.clock.now(), "ended_at": None}
        await store.move(ws, mailing, values)


async def change(
    ws: Workspace, mailing_id: str, *, rate: float | None, budget_minor: int | None, guards: Guards, priority: int
) -> Mailing:
    """Another rate, another budget (None: no limit), other guards, another priority; in force within two seconds."""
    values = {"rate": rate, "budget_minor": budget_minor, "guards": guards, "priority": priority}
    await store.put(ws, mailing_id, values)
    return await get(ws, mailing_id)


async def _move(ws: Workspace, mailing: Mailing, values: dict[str, Any]) -> Mailing:
    """Another state, as often as it takes until nobody interferes."""
    values["changed_at"] = ws.clock.now()
    while mailing.state != values["state"]:
        if mailing.state in ("cancelled", "done"):
            raise Conflict(f"This mailing is {mailing.state}; that is final.", code="mailing_ended")
        if await store.move(ws, mailing, values):
            mailing = replace(mailing, **values)
            await _moved(ws, mailing)
        else:
            mailing = await get(ws, mailing.id)
    return mailing


async def _moved(ws: Workspace, mailing: Mailing) -> None:
    ws.log.info("mailing_moved", mailing_id=mailing.id, state=mailing.state, reason=mailing.reason)
    await hints.give(ws.redis, HINT)
    await tell(ws, mailing)


async def tell(ws: Workspace, mailing: Mailing) -> None:
    """Screens ask for the rest themselves."""
    told = {"id": mailing.id, "source": list(mailing.source), "state": mailing.state, "reason": mailing.reason}
    await live.sign(ws, "mailing", told)


async def tell_progress(ws: Workspace, mailing_id: str) -> None:
    """That there is something new, at most once a second."""
    told, now = _told.setdefault(ws.runtime, {}), monotonic()
    if now - told.get(mailing_id, float("-inf")) >= 1:
        told[mailing_id] = now
        await live.sign(ws, "mailing", {"id": mailing_id})


async def full_until(ws: Workspace, mailing: Mailing, account_id: str) -> datetime | None:
    """Until when this sender may write to nobody new, because it has written to as many as the provider lets it."""
    counts = any(allowances.counts(content) for words in mailing.contents.values() for content in words.values())
    with suppress(NotFound):
        standing = await allowances.standing(ws, account_id) if counts else None
        return standing.full_until if standing else None
    return None


# --- how it goes --------------------------------------------------------------------------------------------------


async def progress(ws: Workspace, mailing_id: str) -> Progress:
    """Counted from what each batch adds up to, so it is never off."""
    mailing = await get(ws, mailing_id)
    rows = await store.tallies(ws, mailing_id)
    unsure = [row["_id"] for row in rows if (row.get("to") or {}).get("unknown")]
    if unsure:
        resolved = {work.id: _resolved(work, group) for work, group in await _pages(ws, unsure)}
        for row in rows:
            count, cost = resolved.get(row["_id"], (0, 0))
            to = row.get("to") or {}
            if count:
                known = {"unknown": to["unknown"] - count, "sent": to["sent"] + count, "cost": to["cost"] + cost}
                row["to"] = {**to, **known}
    cancelled = mailing.state == "cancelled"
    now = ws.clock.now()
    over = results.nobodys(mailing, now)
    tally = results.added_up(rows, cancelled=cancelled, now=now, over=over)
    variants = sorted({row["variant"] for row in rows})
    by_variant = {
        variant: results.added_up(
            [row for row in rows if row["variant"] == variant], cancelled=cancelled, now=now, over=over
        )
        for variant in variants
    }
    rate = _rate(ws.runtime, mailing, tally.sent + sum(tally.failed.values()), now)
    left = tally.queued + tally.sending
    eta = now + timedelta(seconds=left / rate) if rate > 0 and mailing.state == "running" else None
    held_until = await _held_until(ws, mailing) if left and mailing.state == "running" else None
    values = {name: getattr(tally, name) for name in Tally.__slots__}
    return Progress(
        **values,
        state=mailing.state,
        reason=mailing.reason,
        rate=rate,
        eta=eta,
        held_until=held_until,
        by_variant=by_variant,
        at=now,
    )


async def _held_until(ws: Workspace, mailing: Mailing) -> datetime | None:
    """Where none of its senders may write to anybody new: when the first one may."""
    full = [await full_until(ws, mailing, each) for each in mailing.accounts]
    return min((each for each in full if each), default=None) if all(full) else None


def _resolved(work: Work, group: store.Group) -> tuple[int, int]:
    """
    Of how many whose outcome we did not know it is known since, and what these have cost: the provider has told of
    them, or they have answered or clicked themselves.
    """
    known = [place for place, found in work.o.items() if found[0] == "unknown" and (place in work.d or place in work.m)]
    return len(known), sum(group.recipients[int(place)].price_minor for place in known)


def _rate(runtime: Runtime, mailing: Mailing, handed_over: int, now: datetime) -> float:
    """Messages a second over the last seconds, as far as this process was asked; else since it was started."""
    if mailing.state != "running" or mailing.started_at is None:
        return 0.0
    past = _counted.setdefault(runtime, {}).setdefault(mailing.id, deque([(mailing.started_at, 0)]))
    while len(past) > 1 and (now - past[1][0]).total_seconds() > _RATE_SECONDS:
        past.popleft()
    since, before = past[0]
    if (now - past[-1][0]).total_seconds() >= 1:
        past.append((now, handed_over))
    seconds = (now - since).total_seconds()
    return max(0.0, (handed_over - before) / seconds) if seconds > 0 else 0.0


async def outcome(ws: Workspace, mailing_id: str, contact_id: str) -> Outcome | None:
    """How far it got with one person; None if it was never to go to them."""
    return (await outcomes(ws, mailing_id, [contact_id])).get(contact_id)


async def outcomes(ws: Workspace, mailing_id: str, contact_ids: Sequence[str]) -> dict[str, Outcome]:
    """Of those to whom it was to go, by contact: a few reads for all of them."""
    refs = await store.refs_of(ws, [mailing_id], contact_ids)
    places = {contact_id: each[0] for contact_id, each in refs.items() if each}
    if not places:
        return {}
    batch_ids = sorted({ref.batch_id for ref in places.values()})
    mailing, found = await asyncio.gather(get(ws, mailing_id), _pages(ws, batch_ids))
    now = ws.clock.now()
    known = {work.id: list(results.outcomes(mailing, work, group, entry_id_of, now)) for work, group in found}
    return {contact_id: known[ref.batch_id][ref.place] for contact_id, ref in places.items() if ref.batch_id in known}


async def recipients(
    ws: Workspace,
    mailing_id: str,
    *,
    state: str | None = None,
    reason: str | None = None,
    variant: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> tuple[list[Outcome], str | None]:
    """
    People in the order of the stream that fit, and the cursor of the next page. `state` may also be `clicked`,
    `replied` or `opted_out`; `sent` and `delivered` hold those that got further.
    """
    mailing = await get(ws, mailing_id)
    now = ws.clock.now()
    start = Ref.parse(after)
    if after is not None and start is None:
        raise Invalid.field("cursor", "This cursor is not one that Parley gave out; start from the first page.")
    found: list[Outcome] = []
    # One batch fills a page where nearly all fit; the fewer do, the more are read at once.
    many = 1
    async for rows in store.stretches(ws, mailing_id, _STRETCH, first=start.seq if start else 0):
        seqs = [int(row["seq"]) for row in rows if variant in (None, row["variant"]) and _may_hold(row, state, now)]
        while seqs:
            batch_ids, seqs = [f"{mailing.code}.{seq}" for seq in seqs[:many]], seqs[many:]
            many = min(2 * many, _PAGE_OF_BATCHES)
            for work, group in await _pages(ws, batch_ids):
                for each in results.outcomes(mailing, work, group, entry_id_of, now):
                    ref = Ref.parse(each.ref)
                    if start is not None and ref is not None and (ref.seq, ref.place) <= (start.seq, start.place):
                        continue
                    if fits(each, state) and reason in (None, each.code):
                        if len(found) == limit:
                            return found, found[-1].ref
                        found.append(each)
    return found, None


def _may_hold(row: dict[str, Any], state: str | None, now: datetime) -> bool:
    """Whether a batch can hold anybody of this state, by what it adds up to: most are passed over unread."""
    to, td, tm = row.get("to") or {}, row.get("td") or {}, row.get("tm") or {}
    match state:
        case "failed":
            return bool(to.get("failed") or td.get("failed"))
        case "skipped":
            return bool(to.get("skipped"))
        case "delivered" | "read":
            return bool(td.get(state))
        case "clicked" | "replied" | "opted_out":
            return bool(tm.get(state))
        case "waiting":
            return bool(to.get(state)) or results.waits(row, now)
        case "unknown":
            return bool(to.get(state))
        case _:
            return True


_GETS_FURTHER = {"sent": ("sent", "delivered", "read"), "delivered": ("delivered", "read")}


def fits(each: Outcome, state: str | None) -> bool:
    """Whether somebody belongs under this heading of the funnel."""
    if state in ("clicked", "replied", "opted_out"):
        return getattr(each, f"{state}_at") is not None
    return state is None or each.state in _GETS_FURTHER.get(state, (state,))


async def _pages(ws: Workspace, batch_ids: Sequence[str]) -> list[tuple[Work, store.Group]]:
    works, groups = await asyncio.gather(store.works(ws, batch_ids), store.groups(ws, batch_ids))
    return [(works[each], groups[each]) for each in batch_ids if each in works and each in groups]


# --- what people do with it ---------------------------------------------------------------------------------------


async def clicked(ws: Workspace, mailing_id: str, recipient: int, number: int, at: datetime) -> bool:
    """A person (by their place in the mailing) opened one of their links; True the first time."""
    return await _marked(ws, str(ref_of(mailing_id.removeprefix("mlg_"), recipient)), "clicked", at)


async def replied(ws: Workspace, ref: str, at: datetime) -> bool:
    return await _marked(ws, ref, "replied", at)


async def opted_out(ws: Workspace, ref: str, at: datetime) -> bool:
    return await _marked(ws, ref, "opted_out", at)


async def _marked(ws: Workspace, ref: str, name: str, at: datetime) -> bool:
    found = Ref.parse(ref)
    if found is None:
        return False
    if name in _ENGAGED:
        await _tell_rules(ws, found, _ENGAGED[name], at)
    new = await store.mark(ws, found, name, at)
    if new:
        await tell_progress(ws, f"mlg_{found.code}")
    return new


# What rules can count; see crm/happenings.py.
_ENGAGED = {"clicked": happenings.CLICKED, "replied": happenings.REPLIED}


async def _tell_rules(ws: Workspace, ref: Ref, kind: str, at: datetime) -> None:
    """Once for each message, however often somebody clicks."""
    group = (await store.groups(ws, [ref.batch_id])).get(ref.batch_id)
    mailing = await store.get(ws, group.mailing_id) if group else None
    if group is None or mailing is None or ref.place >= len(group.recipients):
        return
    recipient = group.recipients[ref.place]
    channel = recipient.address.partition(":")[0]
    told = happenings.of_campaign(kind, recipient.contact_id, str(ref), mailing.source[1], channel, at)
    await happenings.append(ws, [told])
    await _health().hint(ws, recipient.contact_id)


def _health() -> ModuleType:
    """It reads what stands above mailings: conversations, surveys and tickets."""
    from inbox import contact_health

    return contact_health
