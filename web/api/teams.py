"""Teams: who answers what, and how conversations find somebody."""

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue

from app.core.clock import iso
from app.core.errors import Conflict, Invalid, NotFound
from app.core.permissions import Permission
from inbox.routing import routing, teams
from inbox.routing.agents import Availability
from inbox.routing.teams import Need, Team
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Channel, FreeForm, Out, Query, Time
from web.api.rules import CatalogueOut, catalogue_out

Id = Annotated[str, Field(min_length=1, max_length=100)]
Word = Annotated[str, Field(min_length=1, max_length=40)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$", examples=["fr"])]
Priority = Literal["low", "normal", "high", "urgent"]
Strategy = Literal["manual", "round_robin", "least_busy"]


class NeedIn(Body):
    """Conversations for which the rule holds are only for members with all these skills."""

    skills: Annotated[list[Word], Field(min_length=1, max_length=10)]
    rule: FreeForm


class TeamIn(Body):
    name: Annotated[str, Field(min_length=1, max_length=60)]
    members: Annotated[list[Id], Field(max_length=teams.MOST_MEMBERS)] = Field(default=[])
    lead_id: Id | None = None
    calendar_id: Id | None = None
    strategy: Strategy = "manual"
    sticky: bool = True
    by_language: bool = False
    needs: Annotated[list[NeedIn], Field(max_length=teams.MOST_NEEDS)] = Field(default=[])
    overflow_team_id: Id | None = None
    overflow_minutes: Annotated[int | None, Field(ge=1, le=7 * 24 * 60)] = None
    overflow_when_closed: bool = False
    closed_reply: Annotated[str, Field(max_length=1_000)] = ""
    position_reply: Annotated[str, Field(max_length=1_000)] = ""
    account_ids: Annotated[list[Id], Field(max_length=200)] = Field(default=[])


class TeamChange(TeamIn):
    """All of it, as it shall be; `revision` is that of the team that the caller saw."""

    revision: Annotated[int | None, Field(ge=1, le=2**53)] = None


class DeleteQuery(Query):
    """Where its conversations and accounts go: another team's id, or `none`."""

    move_to: Annotated[str | None, Field(max_length=100)] = None


class NeedOut(Out):
    skills: list[str]
    rule: dict[str, JsonValue]


class TeamOut(Out):
    id: str
    name: str
    members: list[str]
    lead_id: str | None
    calendar_id: str | None
    strategy: Strategy
    sticky: bool
    by_language: bool
    needs: list[NeedOut]
    overflow_team_id: str | None
    overflow_minutes: int | None
    overflow_when_closed: bool
    closed_reply: str
    position_reply: str
    account_ids: list[str]
    revision: int


class Teams(Out):
    items: list[TeamOut]
    next_cursor: str | None = None


class DeskOut(Out):
    """A member at work: `load` of `capacity` points, in `held` open conversations."""

    member_id: str
    availability: Availability
    held: int
    load: float
    capacity: float


class WaitingOut(Out):
    conversation_id: str
    contact_name: str
    channel: Channel | None
    priority: Priority
    since: Time | None


class QueueOut(Out):
    """Who is there, and the head of what waits, the most urgent and oldest first; `total` is how many wait."""

    desks: list[DeskOut]
    waiting: list[WaitingOut]
    total: int


def _shown(team: Team) -> TeamOut:
    values = {name: getattr(team, name) for name in TeamOut.model_fields if name != "needs"}
    values |= {name: list(values[name]) for name in ("members", "account_ids")}
    return TeamOut(needs=[NeedOut(skills=list(n.skills), rule=dict(n.rule)) for n in team.needs], **values)


def _values(body: TeamIn) -> dict[str, Any]:
    values = body.model_dump(exclude={"revision", "needs"})
    values |= {name: tuple(values[name]) for name in ("members", "account_ids")}
    return {**values, "needs": tuple(Need(skills=tuple(n.skills), rule=n.rule) for n in body.needs)}


async def list_teams(request: ApiRequest) -> Teams:
    return Teams(items=[_shown(team) for team in await teams.listed(request.ws)])


async def catalogue(request: ApiRequest) -> CatalogueOut:
    return catalogue_out(teams.CATALOGUE)


async def get(request: ApiRequest, team_id: str) -> TeamOut:
    return _shown(await teams.get(request.ws, team_id))


async def create(request: ApiRequest, body: TeamIn) -> TeamOut:
    return _shown(await teams.create(request.ws, request.actor, Team(id="", **_values(body))))


async def change(request: ApiRequest, team_id: str, body: TeamChange) -> TeamOut:
    def how(now: Team) -> Team:
        return replace(now, **_values(body))

    return _shown(await teams.change(request.ws, request.actor, team_id, how, revision=body.revision))


async def queue(request: ApiRequest, team_id: str) -> QueueOut:
    scene = await routing.scene(request.ws, await teams.get(request.ws, team_id))
    return QueueOut(
        desks=[
            DeskOut(
                member_id=desk.agent_id,
                availability=scene.available[desk.agent_id],
                held=desk.held,
                load=desk.load,
                capacity=desk.capacity,
            )
            for desk in scene.desks
        ],
        waiting=[
            WaitingOut(
                conversation_id=item.id,
                contact_name=item.contact_name,
                channel=routing.channel_of(item),
                priority=item.priority,
                since=iso(item.routing.since) if item.routing else None,
            )
            for item in scene.waiting
        ],
        total=scene.waiting_count,
    )


async def delete(request: ApiRequest, team_id: str, query: DeleteQuery) -> None:
    move_to = "" if query.move_to == "none" else query.move_to
    await teams.delete(request.ws, request.actor, team_id, move_to=move_to)


ENDPOINTS = [
    Endpoint("GET", "/teams", list_teams, Permission.INBOX_READ, "Teams, by name"),
    Endpoint("POST", "/teams", create, Permission.INBOX_MANAGE, "Add a team", status=201, errors=(Invalid,)),
    Endpoint("GET", "/teams/catalogue", catalogue, Permission.INBOX_READ, "What rules by skill can ask"),
    Endpoint("GET", "/teams/{team_id}", get, Permission.INBOX_READ, "One team", errors=(NotFound,)),
    Endpoint(
        "PUT",
        "/teams/{team_id}",
        change,
        Permission.INBOX_MANAGE,
        "Replace a team's members, strategy and options",
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint(
        "GET",
        "/teams/{team_id}/queue",
        queue,
        Permission.INBOX_MANAGE,
        "Who of a team is there with how much, and what waits",
        errors=(NotFound,),
    ),
    Endpoint(
        "DELETE",
        "/teams/{team_id}",
        delete,
        Permission.INBOX_MANAGE,
        "Delete a team; with `move_to`, what is its own goes to another",
        errors=(NotFound, Invalid, Conflict),
    ),
]
