"""Agents: who is available, what they can take on, and the workspace's rules of routing."""

from typing import Annotated, Any, Literal

from pydantic import Field

from app.core.clock import iso
from app.core.errors import Invalid, NotFound
from app.core.permissions import Permission
from app.core.platform import members as member_rows
from inbox.routing import agents
from inbox.routing.agents import Agent, Availability
from web.api.endpoint import Access, ApiRequest, Endpoint
from web.api.models import Body, Out, Time
from web.api.teams import Language, Word

_WEIGHTS = 50
Kind = Annotated[str, Field(pattern=r"^[a-z]{2,40}$")]


class ChooseAvailability(Body):
    status: Literal["online", "busy", "away", "offline"]
    reason: Annotated[str, Field(max_length=100)] = ""


class ChangeAgent(Body):
    """What is not given stays. `capacity` null: as the workspace says; `calendar_id` null: no schedule."""

    skills: Annotated[list[Word] | None, Field(max_length=agents.MOST_SKILLS)] = None
    languages: Annotated[list[Language] | None, Field(max_length=agents.MOST_SKILLS)] = None
    capacity: Annotated[int | None, Field(ge=0, le=500)] = None
    calendar_id: Annotated[str | None, Field(max_length=100)] = None


class ChangeRouting(Body):
    capacity: Annotated[int | None, Field(ge=1, le=500)] = None
    weights: Annotated[dict[Kind, Annotated[float, Field(ge=0, le=10)]] | None, Field(max_length=_WEIGHTS)] = None
    return_after_seconds: Annotated[int | None, Field(ge=0, le=24 * 3600)] = None
    away_reasons: Annotated[list[Word] | None, Field(max_length=20)] = None


class AgentOut(Out):
    member_id: str
    # All things considered, and what they chose themselves.
    availability: Availability
    chosen: Availability
    reason: str
    skills: list[str]
    languages: list[str]
    capacity: int | None
    calendar_id: str | None
    last_assigned_at: Time | None


class Agents(Out):
    items: list[AgentOut]
    next_cursor: str | None = None


class RoutingOut(Out):
    """`weights` are those that are not 1, by channel."""

    capacity: int
    weights: dict[str, float]
    return_after_seconds: int
    away_reasons: list[str]


def _shown(agent: Agent, available: Availability) -> AgentOut:
    return AgentOut(
        member_id=agent.id,
        availability=available,
        chosen=agent.chosen,
        reason=agent.reason,
        skills=list(agent.skills),
        languages=list(agent.languages),
        capacity=agent.capacity,
        calendar_id=agent.calendar_id,
        last_assigned_at=iso(agent.last_assigned_at),
    )


async def _one(request: ApiRequest, agent: Agent) -> AgentOut:
    return _shown(agent, (await agents.available(request.ws, {agent.id: agent}))[agent.id])


async def list_agents(request: ApiRequest) -> Agents:
    ws = request.ws
    everyone = await member_rows.of_workspace(ws.runtime.mongo, ws.id)
    found = await agents.of(ws, [member.id for member in everyone if member.status == "active"])
    available = await agents.available(ws, found)
    return Agents(items=[_shown(agent, available[agent.id]) for agent in found.values()])


async def change(request: ApiRequest, member_id: str, body: ChangeAgent) -> AgentOut:
    changes: dict[str, Any] = body.model_dump(exclude_unset=True)
    for name in ("skills", "languages"):
        if name in changes:
            changes[name] = tuple(dict.fromkeys(word.strip() for word in changes[name] or ()))
    return await _one(request, await agents.change(request.ws, request.actor, member_id, changes))


async def choose(request: ApiRequest, body: ChooseAvailability) -> AgentOut:
    chosen = await agents.choose(request.ws, request.actor, Availability(body.status), body.reason)
    return await _one(request, chosen)


async def show_routing(request: ApiRequest) -> RoutingOut:
    return _routing(await agents.settings_of(request.ws))


async def change_routing(request: ApiRequest, body: ChangeRouting) -> RoutingOut:
    changes = body.model_dump(exclude_none=True)
    if "away_reasons" in changes:
        changes["away_reasons"] = tuple(changes["away_reasons"])
    if "weights" in changes:
        changes["weights"] = {kind: value for kind, value in changes["weights"].items() if value != 1}
    return _routing(await agents.change_settings(request.ws, request.actor, changes))


def _routing(settings: agents.RoutingSettings) -> RoutingOut:
    return RoutingOut(
        capacity=settings.capacity,
        weights=dict(settings.weights),
        return_after_seconds=settings.return_after_seconds,
        away_reasons=list(settings.away_reasons),
    )


ENDPOINTS = [
    Endpoint("GET", "/agents", list_agents, Permission.MEMBERS_READ, "Who is available, and what they can take on"),
    Endpoint(
        "PATCH",
        "/agents/{member_id}",
        change,
        Permission.INBOX_MANAGE,
        "Change a member's skills, languages, capacity or schedule",
        errors=(NotFound, Invalid),
    ),
    Endpoint("PUT", "/me/availability", choose, Access.MEMBER, "Say how available one is"),
    Endpoint("GET", "/routing", show_routing, Permission.INBOX_READ, "The workspace's rules of routing"),
    Endpoint(
        "PATCH", "/routing", change_routing, Permission.INBOX_MANAGE, "Change the rules of routing", errors=(Invalid,)
    ),
]
