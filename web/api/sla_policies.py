"""SLA policies: what is promised to whom, in which hours, and what is done before and after a promise is missed."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from app.core import days
from app.core.clock import iso
from app.core.errors import ChangedMeanwhile, Conflict, Invalid, NotFound
from app.core.permissions import Permission
from crm.store import contacts as contact_store
from inbox.supervising import rollups
from inbox.ticketing import sla_policies, sla_trials
from inbox.ticketing.sla import CATALOGUES, METRICS, Policy, Step, Target
from inbox.ticketing.sla import Metric as SlaMetric
from inbox.ticketing.sla_trials import Outcome, Trial
from web.api import cursors
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Day, FreeForm, Out, Page, Query, Time
from web.api.rules import CatalogueOut, catalogue_out

Minutes = Annotated[int, Field(ge=1, le=525_600)]
Id = Annotated[str, Field(min_length=1, max_length=100)]
Priority = Literal["low", "normal", "high", "urgent"]


class SlaTargetShape(Body):
    """Minutes of open time. Without a priority it is for those that are not named."""

    priority: Priority | None = None
    first: Minutes | None = None
    next: Minutes | None = None
    resolve: Minutes | None = None


class SlaStepShape(Body):
    """`to` is `assignee`, `lead`, `manager` or a member's id; `value` the priority or tag that is set."""

    id: Id
    after: Literal["warning", "breach"]
    minutes: Annotated[int, Field(ge=0, le=525_600)] = 0
    do: Literal["notify", "assign", "priority", "tag"]
    to: Id | None = None
    value: Id | None = None


class SlaPolicyBody(Body):
    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]
    subject: Literal["conversations", "tickets"] = "conversations"
    rule: FreeForm | None = None
    targets: Annotated[tuple[SlaTargetShape, ...], Field(min_length=1, max_length=5)]
    calendar_id: Id | None = None
    pauses: Annotated[
        tuple[Literal["snoozed", "pending", "waiting_customer", "waiting_third_party"], ...], Field(max_length=4)
    ] = ("snoozed", "pending", "waiting_customer")
    warn_minutes: Minutes | None = 30
    steps: Annotated[tuple[SlaStepShape, ...], Field(max_length=20)] = ()
    enabled: bool = True


class ChangeSlaPolicy(SlaPolicyBody):
    revision: Annotated[int, Field(ge=1, le=2**53)]


class ArrangeSlaPolicies(Body):
    ids: Annotated[tuple[Id, ...], Field(max_length=sla_policies.MOST)]


class SlaCatalogueQuery(Query):
    subject: Literal["conversations", "tickets"] = "conversations"


class SlaPolicyOut(Out):
    id: str
    name: str
    subject: Literal["conversations", "tickets"]
    rule: dict[str, Any] | None
    targets: tuple[SlaTargetShape, ...]
    calendar_id: str | None
    pauses: tuple[Literal["snoozed", "pending", "waiting_customer", "waiting_third_party"], ...]
    warn_minutes: int | None
    steps: tuple[SlaStepShape, ...]
    enabled: bool
    revision: int


class SlaPolicies(Out):
    items: list[SlaPolicyOut]
    next_cursor: str | None = None


class TrySlaPolicy(Body):
    """
    A policy to be tried, as if it had been saved: in place of the one with `policy_id`, or behind all others. Days are
    those of the workspace's zone, both included.
    """

    policy: SlaPolicyBody
    policy_id: Id | None = None
    first: Day
    last: Day


class TrialOutcomes(Out):
    """Promises that were kept and missed."""

    kept: int
    missed: int


class TrialMetric(Out):
    """By the policies in force, and by the draft among them."""

    metric: SlaMetric
    now: TrialOutcomes
    draft: TrialOutcomes


class SlaTrialOut(Out):
    """
    `looked_at` is what was replayed so far; of those, `unknown` could not be (they began before it was kept what is
    needed, or changed too often). `differing` have another outcome with the draft, the first 5,000 of which are listed.
    """

    id: str
    subject: Literal["conversations", "tickets"]
    state: Literal["running", "done", "cancelled"]
    progress: float
    first_at: Time
    last_at: Time
    looked_at: int
    unknown: int
    differing: int
    metrics: list[TrialMetric]


class TrialDifference(Out):
    metric: SlaMetric
    since: Time
    now: Literal["kept", "missed"] | None
    draft: Literal["kept", "missed"] | None


class TrialRow(Out):
    id: str
    conversation_id: str | None
    ticket_id: str | None
    label: str
    at: Time
    differences: list[TrialDifference]


class TrialRows(Out):
    items: list[TrialRow]
    next_cursor: str | None


def _out(policy: Policy) -> SlaPolicyOut:
    return SlaPolicyOut(
        id=policy.id,
        name=policy.name,
        subject=policy.subject,
        rule=dict(policy.rule) if policy.rule else None,
        targets=tuple(
            SlaTargetShape(
                priority=priority or None,  # type: ignore[arg-type]
                first=target.first,
                next=target.next,
                resolve=target.resolve,
            )
            for priority, target in policy.targets.items()
        ),
        calendar_id=policy.calendar_id,
        pauses=policy.pauses,
        warn_minutes=policy.warn_minutes,
        steps=tuple(
            SlaStepShape(id=step.id, after=step.after, minutes=step.minutes, do=step.do, to=step.to, value=step.value)
            for step in policy.steps
        ),
        enabled=policy.enabled,
        revision=policy.revision,
    )


def _policy(body: SlaPolicyBody, policy_id: str = "", revision: int = 1) -> Policy:
    targets: Mapping[str, Target] = {
        each.priority or "": Target(first=each.first, next=each.next, resolve=each.resolve) for each in body.targets
    }
    if len(targets) != len(body.targets):
        raise Invalid.field("targets", "Name each priority once.")
    return Policy(
        id=policy_id,
        name=body.name,
        subject=body.subject,
        targets=targets,
        rule=body.rule,
        calendar_id=body.calendar_id,
        pauses=body.pauses,
        warn_minutes=body.warn_minutes,
        steps=tuple(
            Step(id=each.id, after=each.after, minutes=each.minutes, do=each.do, to=each.to, value=each.value)
            for each in body.steps
        ),
        enabled=body.enabled,
        revision=revision,
    )


async def list_policies(request: ApiRequest) -> SlaPolicies:
    return SlaPolicies(items=[_out(policy) for policy in await sla_policies.listed(request.ws)])


async def catalogue(request: ApiRequest, query: SlaCatalogueQuery) -> CatalogueOut:
    return catalogue_out(CATALOGUES[query.subject])


async def create(request: ApiRequest, body: SlaPolicyBody) -> SlaPolicyOut:
    return _out(await sla_policies.create(request.ws, request.actor, _policy(body)))


async def save(request: ApiRequest, policy_id: str, body: ChangeSlaPolicy) -> SlaPolicyOut:
    return _out(await sla_policies.save(request.ws, request.actor, _policy(body, policy_id, body.revision)))


async def arrange(request: ApiRequest, body: ArrangeSlaPolicies) -> SlaPolicies:
    found = await sla_policies.arrange(request.ws, request.actor, body.ids)
    return SlaPolicies(items=[_out(policy) for policy in found])


async def delete(request: ApiRequest, policy_id: str) -> None:
    await sla_policies.delete(request.ws, request.actor, policy_id)


async def try_policy(request: ApiRequest, body: TrySlaPolicy) -> SlaTrialOut:
    zone = await rollups.zone_of(request.ws)
    begin, end = days.begins(zone, body.first), days.begins(zone, body.last + timedelta(days=1))
    draft = _policy(body.policy)
    return _trial(await sla_trials.start(request.ws, request.actor, draft, begin, end, replaces=body.policy_id))


def _trial(trial: Trial) -> SlaTrialOut:
    def outcomes(side: Literal["now", "draft"], metric: SlaMetric) -> TrialOutcomes:
        def count(outcome: Outcome) -> int:
            return sla_trials.count_of(trial, side, metric, outcome)

        return TrialOutcomes(kept=count("kept"), missed=count("missed"))

    return SlaTrialOut(
        id=trial.id,
        subject=trial.policy.subject,
        state=trial.state,
        progress=round(trial.progress, 3),
        first_at=iso(trial.start) or "",
        last_at=iso(trial.end) or "",
        looked_at=trial.looked_at,
        unknown=trial.unknown,
        differing=trial.differing,
        metrics=[
            TrialMetric(metric=metric, now=outcomes("now", metric), draft=outcomes("draft", metric))
            for metric in METRICS
        ],
    )


async def get_trial(request: ApiRequest, trial_id: str) -> SlaTrialOut:
    return _trial(await sla_trials.get(request.ws, trial_id))


async def cancel_trial(request: ApiRequest, trial_id: str) -> SlaTrialOut:
    return _trial(await sla_trials.cancel(request.ws, trial_id))


async def trial_rows(request: ApiRequest, trial_id: str, query: Page) -> TrialRows:
    before = cursors.read(query.cursor, int)
    found = await sla_trials.rows(request.ws, trial_id, after=before[0] if before else -1, limit=query.limit)
    contacts = await contact_store.contacts_by_id(
        request.ws, [row.contact_id for row in found if row.conversation_id is not None]
    )
    return TrialRows(
        items=[
            TrialRow(
                id=row.id,
                conversation_id=row.conversation_id,
                ticket_id=row.ticket_id,
                label=row.label or (contacts[row.contact_id].name if row.contact_id in contacts else ""),
                at=iso(row.at) or "",
                differences=[
                    TrialDifference(metric=each.metric, since=iso(each.since) or "", now=each.now, draft=each.draft)
                    for each in row.differences
                ],
            )
            for row in found
        ],
        next_cursor=cursors.write(found[-1].number) if len(found) == query.limit else None,
    )


_MANAGE = Permission.INBOX_MANAGE

ENDPOINTS = [
    Endpoint("GET", "/sla-policies", list_policies, Permission.INBOX_READ, "SLA policies, in the order they are asked"),
    Endpoint(
        "GET",
        "/sla-policies/catalogue",
        catalogue,
        Permission.INBOX_READ,
        "What the conditions of a policy can ask about",
    ),
    Endpoint("POST", "/sla-policies", create, _MANAGE, "Make an SLA policy", status=201, errors=(Invalid, Conflict)),
    Endpoint("POST", "/sla-policies/order", arrange, _MANAGE, "Put them in order; the first that fits applies"),
    Endpoint(
        "POST",
        "/sla-policies/trials",
        try_policy,
        _MANAGE,
        "Try a policy on the past before it is in force",
        status=201,
        errors=(Invalid, NotFound),
    ),
    Endpoint("GET", "/sla-policies/trials/{trial_id}", get_trial, _MANAGE, "How far a trial is", errors=(NotFound,)),
    Endpoint(
        "POST", "/sla-policies/trials/{trial_id}/cancel", cancel_trial, _MANAGE, "Stop a trial", errors=(NotFound,)
    ),
    Endpoint(
        "GET",
        "/sla-policies/trials/{trial_id}/rows",
        trial_rows,
        _MANAGE,
        "Of which conversations or tickets the policy makes something else",
        errors=(NotFound, Invalid),
    ),
    Endpoint(
        "PUT",
        "/sla-policies/{policy_id}",
        save,
        _MANAGE,
        "Change an SLA policy; what runs is timed anew",
        errors=(NotFound, Invalid, ChangedMeanwhile),
    ),
    Endpoint("DELETE", "/sla-policies/{policy_id}", delete, _MANAGE, "Delete an SLA policy", errors=(NotFound,)),
]
