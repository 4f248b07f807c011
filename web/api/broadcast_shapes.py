"""How broadcasts look from outside."""

from typing import Annotated, Literal

from pydantic import Field

from app.core.clock import iso
from app.core.permissions import Actor
from app.core.platform.accounts import AccountRow
from automations import broadcasts, reasons
from automations.broadcasts import Broadcast, State
from automations.calendar import Overlap
from automations.checks import Check
from automations.experiments import Share
from automations.plans import (
    Audience,
    Experiment,
    Fallback,
    Goal,
    Guards,
    Ids,
    Plan,
    Priority,
    Schedule,
    TopicKey,
    Trial,
    Variant,
)
from channels.contract import ChosenPurpose, Purpose
from inbox import allowances
from inbox.allowances import Standing
from inbox.answering.prices import minor
from inbox.mailings.mailing import USUAL_PRIORITY
from web.api.models import Body, Channel, Out, Time


class BroadcastReasonOut(Out):
    code: str
    message: str


class BroadcastByOut(Out):
    id: str
    name: str
    at: Time


class BroadcastMayOut(Out):
    """What the reader may do with it as it stands. `adjust`: its rate, budget, guards and priority."""

    edit: bool
    adjust: bool
    delete: bool
    submit: bool
    approve: bool
    send_back: bool
    start: bool
    pause: bool
    resume: bool
    cancel: bool
    recall: bool
    correct: bool


class BroadcastRow(Out):
    id: str
    name: str
    state: State
    reason: BroadcastReasonOut | None
    channel: Channel | None
    account_id: str | None
    # How many it goes to: those that were confirmed when it was started, before that those of the last check.
    people: int | None
    recurring: bool
    series_id: str | None
    scheduled_at: Time | None
    started_at: Time | None
    finished_at: Time | None
    created_at: Time
    updated_at: Time
    owner_name: str
    revision: int


class BroadcastOut(BroadcastRow):
    """`plan` is what the composer edits, field by field."""

    plan: Plan
    owner_id: str
    corrects: str | None
    submitted: BroadcastByOut | None
    approved: BroadcastByOut | None
    recalled: BroadcastByOut | None
    may: BroadcastMayOut


class BroadcastPage(Out):
    items: list[BroadcastRow]
    next_cursor: str | None


class EditBroadcast(Body):
    """
    What is not sent stays; null empties what can be empty. `revision` is what the screen showed: a field that a
    colleague changed after it is refused.
    """

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")] = ""
    description: Annotated[str, Field(max_length=2_000)] = ""
    purpose: ChosenPurpose = Purpose.MARKETING
    topic: TopicKey = ""
    asks: bool = False
    track_clicks: bool | None = None
    account_id: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    variants: Annotated[tuple[Variant, ...], Field(min_length=1, max_length=8)] = (Variant(),)
    audience: Audience = Audience()
    holdout_percent: Annotated[int, Field(ge=0, le=50)] = 0
    experiment: Experiment | None = None
    trial: Trial | None = None
    fallbacks: Annotated[tuple[Fallback, ...], Field(max_length=3)] = ()
    schedule: Schedule = Schedule()
    goal: Goal | None = None
    guards: Guards = Guards()
    budget_minor: Annotated[int | None, Field(ge=1, le=2**40)] = None
    priority: Priority = USUAL_PRIORITY
    rate: Annotated[float | None, Field(gt=0, le=10_000)] = None
    ramp: Annotated[tuple[Annotated[int, Field(ge=1, le=10_000_000)], ...], Field(max_length=30)] = ()
    editors: Ids = ()
    approvers: Ids = ()
    revision: Annotated[int | None, Field(ge=0, le=2**53)] = None


class WaterfallStepOut(Out):
    """One step of the waterfall. `fix` says what can be done, `fix_url` where."""

    reason: str
    label: str
    fix: str
    fix_url: str | None
    count: int


class BroadcastCountOut(Out):
    key: str
    count: int


class BroadcastCostLineOut(Out):
    """`minor` null: the price list has nothing for these."""

    country: str | None
    category: str
    unit: Literal["message", "segment"]
    units: int
    minor: int | None


class BroadcastEstimateOut(Out):
    """In hundredths of `currency`. `exact` False: something in it has no price."""

    minor: int
    currency: str
    exact: bool
    by: list[BroadcastCostLineOut]


class BroadcastWarningOut(Out):
    """`step` is the part of the composer that it is about."""

    code: str
    message: str
    step: Literal["audience", "message", "schedule", "budget", "approval"]


class BroadcastCheckOut(Out):
    """
    Who gets it and who does not, as of `at`. `fresh` False: the broadcast was changed since. `waiting` of the willing
    get it later, the last of them `until` then. `missing` are variables that some people have no value for.
    """

    id: str
    state: Literal["counting", "ready", "failed"]
    fresh: bool
    at: Time
    total: int
    willing: int
    waiting: int
    until: Time | None
    steps: list[WaterfallStepOut]
    variants: list[BroadcastCountOut]
    languages: list[BroadcastCountOut]
    missing: list[BroadcastCountOut]
    cost: BroadcastEstimateOut | None
    warnings: list[BroadcastWarningOut]
    # Why a second person has to approve it; null: nobody has to.
    approval: str | None
    why: str | None


class CheckPersonOut(Out):
    contact_id: str
    name: str
    avatar_hue: int
    address: str
    reason: str
    detail: str


class BroadcastShareOut(Out):
    """`hits` of `of`, and the bounds of its 95 % confidence interval; shares are from 0 to 1."""

    hits: int
    of: int
    share: float
    low: float
    high: float


class CheckPeople(Out):
    items: list[CheckPersonOut]
    next_cursor: str | None


def row_values(now: Broadcast, accounts: dict[str, AccountRow], check: Check | None) -> dict[str, object]:
    account = accounts.get(now.plan.account_id or "")
    found = check.willing if check is not None and check.state == "ready" else None
    return {
        "id": now.id,
        "name": now.plan.name,
        "state": now.state,
        "reason": BroadcastReasonOut(code=now.reason.code, message=now.reason.message) if now.reason else None,
        "channel": account.kind if account else None,
        "account_id": now.plan.account_id,
        "people": now.people if now.people is not None else found,
        "recurring": now.plan.schedule.recurring,
        "series_id": now.series_id,
        "scheduled_at": iso(now.scheduled_at) if now.state == "scheduled" else None,
        "started_at": iso(now.started.at) if now.started else None,
        "finished_at": iso(now.finished_at),
        "created_at": iso(now.created_at),
        "updated_at": iso(now.updated_at),
        "owner_name": now.owner_name,
        "revision": now.revision,
    }


def _by(by: broadcasts.By | None) -> BroadcastByOut | None:
    return BroadcastByOut(id=by.id, name=by.name, at=iso(by.at) or "") if by else None


def row_out(now: Broadcast, accounts: dict[str, AccountRow], check: Check | None) -> BroadcastRow:
    return BroadcastRow.model_validate(row_values(now, accounts, check))


def out(now: Broadcast, actor: Actor, accounts: dict[str, AccountRow], check: Check | None) -> BroadcastOut:
    return BroadcastOut.model_validate(
        row_values(now, accounts, check)
        | {
            "plan": now.plan,
            "owner_id": now.owner_id,
            "corrects": now.corrects,
            "submitted": _by(now.submitted),
            "approved": _by(now.approved),
            "recalled": _by(now.recalled),
            "may": BroadcastMayOut(**broadcasts.may(actor, now)),
        }
    )


def check_out(
    check: Check,
    now: Broadcast,
    *,
    fresh: bool,
    approval: str | None,
    standing: Standing | None,
    others: Overlap | None,
) -> BroadcastCheckOut:
    order = list(reasons.REASONS)
    dropped = sorted(
        check.dropped.items(), key=lambda each: (order.index(each[0]) if each[0] in order else 99, each[0])
    )
    return BroadcastCheckOut(
        id=check.id,
        state=check.state,
        fresh=fresh,
        at=iso(check.at) or "",
        total=check.total,
        willing=check.willing,
        waiting=check.waiting,
        until=iso(check.until),
        steps=[step_out(code, count) for code, count in dropped],
        variants=[BroadcastCountOut(key=key, count=count) for key, count in sorted(check.variants.items())],
        languages=[BroadcastCountOut(key=key, count=count) for key, count in sorted(check.languages.items())],
        missing=[BroadcastCountOut(key=key, count=count) for key, count in sorted(check.missing.items())],
        cost=_estimate(check),
        warnings=_warnings(check, now, approval, standing, others),
        approval=approval,
        why=check.why,
    )


def step_out(code: str, count: int) -> WaterfallStepOut:
    reason = reasons.of(code)
    return WaterfallStepOut(reason=code, label=reason.label, fix=reason.fix, fix_url=reason.fix_url, count=count)


def _estimate(check: Check) -> BroadcastEstimateOut | None:
    if check.cost is None:
        return None
    lines = [
        BroadcastCostLineOut(
            country=line.country,
            category=line.category,
            unit="segment" if line.unit == "segment" else "message",
            units=line.units,
            minor=None if line.micros is None else minor(line.micros),
        )
        for line in check.cost.lines
    ]
    return BroadcastEstimateOut(
        minor=check.cost.minor, currency=check.cost.currency, exact=not check.unpriced, by=lines
    )


def _daily(people: int, standing: Standing) -> str:
    days = allowances.days(people, standing)
    return (
        f"This number may write first to {standing.people_a_day:,} people in 24 hours, and has written to "
        f"{standing.used:,}: it goes to {people:,} over {days} days."
    )


def _shared(now: Broadcast, others: Overlap) -> str:
    names = [(pair.other if pair.one.id == now.id else pair.one).plan.name for pair in others.pairs[:2]]
    about = "" if others.exact else "About "
    return f"{about}{others.several:,} of them get another broadcast within a week of it: {', '.join(names)}."


def _warnings(
    check: Check, now: Broadcast, approval: str | None, standing: Standing | None, others: Overlap | None
) -> list[BroadcastWarningOut]:
    found: list[BroadcastWarningOut] = []
    if check.state != "ready":
        return found
    if check.willing == 0:
        found.append(BroadcastWarningOut(code="nobody", message="Nobody would get it.", step="audience"))
    if check.unpriced:
        words = "For some countries the price list has no price, so it will cost more than this."
        found.append(BroadcastWarningOut(code="unpriced", message=words, step="budget"))
    budget = now.plan.budget_minor
    if budget is not None and check.cost is not None and check.cost.minor > budget:
        words = "The budget will not do for everybody: it stops when that is spent."
        found.append(BroadcastWarningOut(code="over_budget", message=words, step="budget"))
    if now.plan.fallbacks:
        words = "What fallbacks cost is not counted here: nobody knows yet who will need them."
        found.append(BroadcastWarningOut(code="fallbacks_uncounted", message=words, step="budget"))
    if standing is not None and check.willing > standing.left:
        found.append(BroadcastWarningOut(code="daily_limit", message=_daily(check.willing, standing), step="schedule"))
    if others is not None:
        found.append(BroadcastWarningOut(code="overlap", message=_shared(now, others), step="schedule"))
    if check.waiting:
        words = f"{check.waiting} of them get it later, at an hour at which marketing may reach them."
        found.append(BroadcastWarningOut(code="waiting", message=words, step="schedule"))
    if check.missing:
        words = "Some people have no value for a variable: give it a default, or they get nothing."
        found.append(BroadcastWarningOut(code="missing_values", message=words, step="message"))
    if approval is not None:
        found.append(BroadcastWarningOut(code="second_person", message=approval, step="approval"))
    return found


def share_out(share: Share) -> BroadcastShareOut:
    return BroadcastShareOut(hits=share.hits, of=share.of, share=share.share, low=share.low, high=share.high)
