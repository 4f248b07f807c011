"""SLA policies: what is promised to whom, in which hours, and what is done before and after a promise is missed."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from app.core.errors import ChangedMeanwhile, Conflict, Invalid, NotFound
from app.core.permissions import Permission
from inbox.ticketing import sla_policies
from inbox.ticketing.sla import CATALOGUES, Policy, Step, Target
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, FreeForm, Out, Query
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
        "PUT",
        "/sla-policies/{policy_id}",
        save,
        _MANAGE,
        "Change an SLA policy; what runs is timed anew",
        errors=(NotFound, Invalid, ChangedMeanwhile),
    ),
    Endpoint("DELETE", "/sla-policies/{policy_id}", delete, _MANAGE, "Delete an SLA policy", errors=(NotFound,)),
]
