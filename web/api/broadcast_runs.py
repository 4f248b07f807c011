"""Broadcasts on their way: started, stopped, watched, and asked about afterwards."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from app.core.clock import iso
from app.core.errors import ChangedMeanwhile, Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import Permission
from app.core.runtime import Workspace
from automations import broadcasts, reasons, results, rolls, steering
from automations.broadcasts import Broadcast
from automations.experiments import Verdict
from automations.results import Now
from channels.contract import Receipts
from crm import contacts
from inbox import access
from inbox.mailings import mailings
from inbox.mailings.mailing import Outcome, Progress, Tally
from web.api import cursors
from web.api.broadcast_shapes import BroadcastOut, BroadcastShareOut, WaterfallStepOut, share_out, step_out
from web.api.broadcasts import require_whole_sight, shown
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Out, Page, Query, Time


class StartBroadcast(Body):
    """`people` is the number that was shown and confirmed: with another one it does not start."""

    people: Annotated[int, Field(ge=0, le=2**53)]


class ResumeBroadcast(Body):
    """`variant`: which one the rest get, where the experiment asks for it."""

    variant: Annotated[str | None, Field(max_length=10)] = None


class BroadcastTallyOut(Out):
    """
    How many people are where; each of the funnel's numbers holds those that got further. `delivered` is of the
    `delivered_of` to whom it was sent on channels that tell what was delivered, `read` of the `read_of` to whom it was
    delivered on channels that tell who has read a message; null where none does (Telegram; SMS and Telegram).
    """

    total: int
    queued: int
    waiting: int
    sending: int
    sent: int
    delivered: int | None
    delivered_of: int | None
    read: int | None
    read_of: int | None
    clicked: int
    replied: int
    opted_out: int
    unknown: int
    cancelled: int
    failed: list[WaterfallStepOut]
    skipped: list[WaterfallStepOut]


class BroadcastWayOut(Out):
    """One mailing of a broadcast: its own, or that of a fallback."""

    state: Literal["paused", "running", "cancelled", "done"]
    reason: str
    rate: float
    eta: Time | None
    tally: BroadcastTallyOut


class BroadcastRecallOut(Out):
    deleted: int
    failed: int
    done: bool


class BroadcastProgressOut(Out):
    """
    `people` are in the audience as far as it is read (`built`: all of it), `left_out` of them before anything was sent.
    Costs are in hundredths of `currency`. `held_until`: the provider lets us write to nobody new before then, so the
    rest waits. `unexplained` people have no place in any number; 0 once all were looked at.
    """

    state: broadcasts.State
    stage: Literal["trial", "sample", "rest"] | None
    people: int
    built: bool
    left_out: list[WaterfallStepOut]
    tally: BroadcastTallyOut
    ways: list[BroadcastWayOut]
    rate: float
    eta: Time | None
    held_until: Time | None
    next_look: Time | None
    spent_minor: int
    budget_minor: int | None
    currency: str
    unexplained: int
    recall: BroadcastRecallOut | None


class BroadcastArmOut(Out):
    """`delivered` and `read` are null where the channel does not tell."""

    key: str
    name: str
    sent: BroadcastShareOut
    delivered: BroadcastShareOut | None
    read: BroadcastShareOut | None
    clicked: BroadcastShareOut
    replied: BroadcastShareOut
    opted_out: BroadcastShareOut


class BroadcastVerdictOut(Out):
    """`early`: too few yet. `none`: no variant is surely better. `p`: the chance of this if all were alike."""

    state: Literal["early", "none", "winner"]
    best: str | None
    p: float | None
    words: str


class BroadcastReportOut(Out):
    progress: BroadcastProgressOut
    variants: list[BroadcastArmOut]
    verdict: BroadcastVerdictOut | None


class RecipientsQuery(Page):
    """`state` may also be clicked, replied or opted_out; sent and delivered hold those that got further."""

    state: Annotated[str | None, Field(max_length=20)] = None
    reason: Annotated[str | None, Field(max_length=60)] = None
    variant: Annotated[str | None, Field(max_length=10)] = None
    way: Annotated[int, Field(ge=0, le=3)] = 0


class BroadcastRecipientOut(Out):
    contact_id: str
    name: str
    avatar_hue: int
    address: str
    variant: str
    language: str
    state: str
    code: str | None
    reason: str | None
    sent_at: Time | None
    delivered_at: Time | None
    read_at: Time | None
    clicked_at: Time | None
    replied_at: Time | None
    opted_out_at: Time | None
    entry_id: str | None


class BroadcastRecipientsOut(Out):
    items: list[BroadcastRecipientOut]
    next_cursor: str | None


class WhyQuery(Query):
    contact_id: Annotated[str, Field(min_length=1, max_length=100)]


class BroadcastWhyOut(Out):
    """`sentence` is for people."""

    outcome: Literal["reached", "waiting", "failed", "left_out", "not_in_audience", "not_yet"]
    sentence: str
    at: Time | None


class ContactBroadcastOut(BroadcastWhyOut):
    broadcast_id: str
    name: str
    started_at: Time | None


class ContactBroadcasts(Out):
    items: list[ContactBroadcastOut]
    next_cursor: str | None


async def start(request: ApiRequest, broadcast_id: str, body: StartBroadcast) -> BroadcastOut:
    now = await steering.start(request.ws, request.actor, broadcast_id, body.people)
    return await shown(request.ws, request.actor, now)


async def pause(request: ApiRequest, broadcast_id: str) -> BroadcastOut:
    return await shown(request.ws, request.actor, await steering.pause(request.ws, request.actor, broadcast_id))


async def resume(request: ApiRequest, broadcast_id: str, body: ResumeBroadcast) -> BroadcastOut:
    now = await steering.resume(request.ws, request.actor, broadcast_id, winner=body.variant)
    return await shown(request.ws, request.actor, now)


async def cancel(request: ApiRequest, broadcast_id: str) -> BroadcastOut:
    return await shown(request.ws, request.actor, await steering.cancel(request.ws, request.actor, broadcast_id))


async def recall(request: ApiRequest, broadcast_id: str) -> BroadcastOut:
    return await shown(request.ws, request.actor, await steering.recall(request.ws, request.actor, broadcast_id))


async def correct(request: ApiRequest, broadcast_id: str) -> BroadcastOut:
    return await shown(request.ws, request.actor, await broadcasts.correct(request.ws, request.actor, broadcast_id))


# --- watching -----------------------------------------------------------------------------------------------------


async def progress(request: ApiRequest, broadcast_id: str) -> BroadcastProgressOut:
    now = await broadcasts.get(request.ws, broadcast_id)
    return _progress(now, await results.now_of(request.ws, now))


async def report(request: ApiRequest, broadcast_id: str) -> BroadcastReportOut:
    return await report_of(request.ws, broadcast_id)


async def report_of(ws: Workspace, broadcast_id: str) -> BroadcastReportOut:
    """As screens that watch it are told, too. Raises NotFound."""
    broadcast = await broadcasts.get(ws, broadcast_id)
    now = await results.now_of(ws, broadcast)
    arms, verdict = await results.arms(ws, broadcast, now)
    return BroadcastReportOut(
        progress=_progress(broadcast, now),
        variants=[
            BroadcastArmOut(
                key=arm.key,
                name=arm.name,
                **dict.fromkeys(("delivered", "read")) | {name: share_out(each) for name, each in arm.shares.items()},
            )
            for arm in arms
        ],
        verdict=_verdict(verdict),
    )


def _progress(broadcast: Broadcast, now: Now) -> BroadcastProgressOut:
    recalled = now.recall
    return BroadcastProgressOut(
        state=broadcast.state,
        stage=now.stage,
        people=now.people,
        built=now.built,
        left_out=_steps(now.dropped),
        tally=_tally(now.total, now.delivered_of, now.read_of),
        ways=[_way(way, told) for way, told in zip(now.ways, now.receipts, strict=False)],
        rate=round(now.rate, 2),
        eta=iso(now.eta),
        held_until=iso(now.held_until),
        next_look=iso(now.next_look),
        spent_minor=now.spent_minor,
        budget_minor=broadcast.plan.budget_minor,
        currency=now.currency,
        unexplained=now.unexplained,
        recall=BroadcastRecallOut(deleted=recalled.deleted, failed=recalled.failed, done=recalled.done)
        if recalled
        else None,
    )


def _steps(counted: Mapping[str, int]) -> list[WaterfallStepOut]:
    return [step_out(code, count) for code, count in sorted(counted.items(), key=lambda each: (-each[1], each[0]))]


def _tally(tally: Tally, delivered_of: int | None, read_of: int | None) -> BroadcastTallyOut:
    own = ("failed", "skipped", "delivered", "delivered_of", "read", "read_of")
    return BroadcastTallyOut(
        **{name: getattr(tally, name) for name in BroadcastTallyOut.model_fields if name not in own},
        delivered=None if delivered_of is None else tally.delivered,
        delivered_of=delivered_of,
        read=None if read_of is None else tally.read,
        read_of=read_of,
        failed=_steps(tally.failed),
        skipped=_steps(tally.skipped),
    )


def _way(way: Progress, told: Receipts) -> BroadcastWayOut:
    return BroadcastWayOut(
        state=way.state,
        reason=way.reason,
        rate=round(way.rate, 2),
        eta=iso(way.eta),
        tally=_tally(way, None if told == "sent" else way.sent, way.delivered if told == "read" else None),
    )


def _verdict(verdict: Verdict | None) -> BroadcastVerdictOut | None:
    return (
        BroadcastVerdictOut(state=verdict.state, best=verdict.best, p=verdict.p, words=verdict.words)
        if verdict
        else None
    )


async def recipients(request: ApiRequest, broadcast_id: str, query: RecipientsQuery) -> BroadcastRecipientsOut:
    ws = request.ws
    now = await broadcasts.get(ws, broadcast_id)
    require_whole_sight(request.actor)
    mailing = await mailings.find(ws, rolls.source_of(now.id, query.way))
    if mailing is None:
        return BroadcastRecipientsOut(items=[], next_cursor=None)
    key = cursors.read(query.cursor, str)
    page, cursor = await mailings.recipients(
        ws,
        mailing.id,
        state=query.state,
        reason=query.reason,
        variant=query.variant,
        after=key[0] if key else None,
        limit=query.limit,
    )
    known = await contacts.get_many(ws, [each.contact_id for each in page])
    items = [_recipient(each, known[each.contact_id].name if each.contact_id in known else "") for each in page]
    return BroadcastRecipientsOut(items=items, next_cursor=cursors.write(cursor) if cursor else None)


def _recipient(each: Outcome, name: str) -> BroadcastRecipientOut:
    return BroadcastRecipientOut(
        contact_id=each.contact_id,
        name=name,
        avatar_hue=contacts.hue(each.contact_id),
        address=each.address,
        variant=each.variant,
        language=each.language,
        state=each.state,
        code=each.code,
        reason=each.reason or (reasons.of(each.code).label if each.code else None),
        sent_at=iso(each.times.get("sent")),
        delivered_at=iso(each.times.get("delivered")),
        read_at=iso(each.times.get("read")),
        clicked_at=iso(each.clicked_at),
        replied_at=iso(each.replied_at),
        opted_out_at=iso(each.opted_out_at),
        entry_id=each.entry_id,
    )


async def why(request: ApiRequest, broadcast_id: str, query: WhyQuery) -> BroadcastWhyOut:
    now = await broadcasts.get(request.ws, broadcast_id)
    contact = await access.contact(request.ws, request.actor, query.contact_id)
    return await _why(request.ws, now, contact.id)


async def _why(ws: Workspace, now: Broadcast, contact_id: str) -> BroadcastWhyOut:
    found = await results.why(ws, now, contact_id)
    return BroadcastWhyOut(outcome=found.outcome, sentence=found.sentence, at=iso(found.at))


async def of_contact(request: ApiRequest, contact_id: str, query: Page) -> ContactBroadcasts:
    ws = request.ws
    contact = await access.contact(ws, request.actor, contact_id)
    key = cursors.read(query.cursor, datetime, str)
    before = (key[0], key[1]) if key else None
    page, last = await results.of_contact(ws, contact.id, before=before, limit=min(query.limit, 20))
    items = [
        ContactBroadcastOut(
            outcome=found.outcome,
            sentence=found.sentence,
            at=iso(found.at),
            broadcast_id=now.id,
            name=now.plan.name,
            started_at=iso(now.started.at) if now.started else None,
        )
        for now, found in page
    ]
    return ContactBroadcasts(items=items, next_cursor=cursors.write(last.created_at, last.id) if last else None)


_READ, _WRITE = Permission.BROADCASTS_READ, Permission.BROADCASTS_WRITE
_ONE = "/broadcasts/{broadcast_id}"
_CHANGES = (NotFound, Forbidden, Conflict, ChangedMeanwhile)

ENDPOINTS = [
    Endpoint(
        "POST",
        f"{_ONE}/start",
        start,
        _WRITE,
        "Send it, at once or when its time comes",
        errors=(*_CHANGES, Invalid),
    ),
    # Stopping is for whoever may write or approve: each handler asks.
    Endpoint("POST", f"{_ONE}/pause", pause, _READ, "Stop it within seconds, for now", errors=_CHANGES),
    Endpoint("POST", f"{_ONE}/resume", resume, _WRITE, "Go on with it", errors=_CHANGES),
    Endpoint("POST", f"{_ONE}/cancel", cancel, _READ, "End it here", errors=_CHANGES),
    Endpoint(
        "POST",
        f"{_ONE}/recall",
        recall,
        _READ,
        "End it, and take back what was sent where the channel can",
        errors=_CHANGES,
    ),
    Endpoint(
        "POST",
        f"{_ONE}/correct",
        correct,
        _WRITE,
        "A draft of a correction to exactly those whom it has reached",
        status=201,
        errors=(NotFound, Conflict),
    ),
    Endpoint("GET", f"{_ONE}/progress", progress, _READ, "How far it is", errors=(NotFound,)),
    Endpoint("GET", f"{_ONE}/report", report, _READ, "Its funnel, and its variants side by side", errors=(NotFound,)),
    Endpoint(
        "GET",
        f"{_ONE}/recipients",
        recipients,
        _READ,
        "The people behind a number of its report",
        errors=(NotFound, Invalid, Forbidden),
    ),
    Endpoint(
        "GET",
        f"{_ONE}/why",
        why,
        _READ,
        "Why a contact did or did not get it, in a sentence",
        errors=(NotFound, Invalid),
    ),
    Endpoint(
        "GET",
        "/contacts/{contact_id}/broadcasts",
        of_contact,
        _READ,
        "The newest broadcasts, and why this contact did or did not get each",
        errors=(NotFound, Invalid),
    ),
]
