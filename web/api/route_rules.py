"""Route rules: where conversations go when they begin; kept all at once, and tried before they are."""

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from app.core.errors import ChangedMeanwhile, Invalid, NotFound
from app.core.permissions import Permission
from inbox import access
from inbox.routing import route_rules, routing, teams
from inbox.routing.route_rules import RouteRule
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, FreeForm, Out
from web.api.rules import CatalogueOut, catalogue_out

_Id = Annotated[str, Field(max_length=100)]
_Word = Annotated[str, Field(min_length=1, max_length=40)]
Why = routing.WhyGiven | Literal["no_team"]
_Priority = Literal["low", "normal", "high", "urgent"]


class RouteRuleIn(Body):
    """Without an id it is new. What is null stays as it is."""

    id: _Id = ""
    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]
    rule: FreeForm
    team_id: _Id | None = None
    priority: _Priority | None = None
    skills: Annotated[tuple[_Word, ...], Field(max_length=10)] = ()
    enabled: bool = True

    def meant(self) -> RouteRule:
        return RouteRule(
            id=self.id,
            name=self.name,
            rule=self.rule,
            team_id=self.team_id,
            priority=self.priority,
            skills=self.skills,
            enabled=self.enabled,
        )


_Items = Annotated[tuple[RouteRuleIn, ...], Field(max_length=route_rules.MOST)]


class SaveRouteRules(Body):
    """All of them, in the order in which they are asked; `revision` is that of the list that the caller saw."""

    items: _Items
    revision: Annotated[int, Field(ge=0, le=2**53)]


class TryRouteRules(Body):
    """With a conversation as it is now. Without `items` the stored rules are asked."""

    conversation_id: _Id
    items: _Items | None = None


class RouteRuleOut(Out):
    id: str
    name: str
    rule: dict[str, JsonValue]
    team_id: str | None
    priority: _Priority | None
    skills: list[str]
    enabled: bool


class RouteRulesOut(Out):
    items: list[RouteRuleOut]
    revision: int


class RouteTrialOut(Out):
    """
    `holds` says of each rule asked, by its place, whether it holds; the first of them decides. `team_id` is where the
    conversation would go, by that rule or as the account says, and `agent_id` who would get it now (null: it waits).
    """

    holds: list[int]
    decides: int | None
    team_id: str | None
    by_account: bool
    agent_id: str | None
    why: Why


async def get_rules(request: ApiRequest) -> RouteRulesOut:
    return _shown(await route_rules.get(request.ws))


async def save_rules(request: ApiRequest, body: SaveRouteRules) -> RouteRulesOut:
    wanted = [each.meant() for each in body.items]
    return _shown(await route_rules.save(request.ws, request.actor, wanted, revision=body.revision))


def _shown(found: route_rules.RouteRules) -> RouteRulesOut:
    return RouteRulesOut(
        items=[
            RouteRuleOut(
                id=each.id,
                name=each.name,
                rule=dict(each.rule),
                team_id=each.team_id,
                priority=each.priority,
                skills=list(each.skills),
                enabled=each.enabled,
            )
            for each in found.items
        ],
        revision=found.revision,
    )


async def catalogue(request: ApiRequest) -> CatalogueOut:
    return catalogue_out(route_rules.CATALOGUE)


async def try_rules(request: ApiRequest, body: TryRouteRules) -> RouteTrialOut:
    ws = request.ws
    conversation = await access.conversation(ws, request.actor, body.conversation_id)
    kept = (await route_rules.get(ws)).items if body.items is None else [each.meant() for each in body.items]
    # A new rule has no id yet: here they go by their places.
    asked = [replace(each, id=str(at)) for at, each in enumerate(kept)]
    verdict = await route_rules.verdict(ws, conversation, None, asked)
    team_id = verdict.decides.team_id if verdict.decides else None
    by_account = team_id is None
    if by_account and conversation.reach:
        team_id = (await ws.runtime.accounts.get(conversation.reach[0].account_id)).team_id
    skills = verdict.decides.skills if verdict.decides else ()
    team = await teams.require(ws, team_id) if team_id else None
    agent_id: str | None = None
    why: Why = "no_team"
    if team is not None:
        agent_id, why = await routing.would_give(ws, team, conversation, skills)
    return RouteTrialOut(
        holds=[int(each) for each in verdict.holds],
        decides=int(verdict.decides.id) if verdict.decides else None,
        team_id=team_id,
        by_account=by_account,
        agent_id=agent_id,
        why=why,
    )


ENDPOINTS = [
    Endpoint("GET", "/route-rules", get_rules, Permission.INBOX_READ, "Where conversations go when they begin"),
    Endpoint(
        "PUT",
        "/route-rules",
        save_rules,
        Permission.INBOX_MANAGE,
        "Settle it: all rules at once, in their order",
        errors=(Invalid, ChangedMeanwhile),
    ),
    Endpoint("GET", "/route-rules/catalogue", catalogue, Permission.INBOX_READ, "What such rules can ask"),
    Endpoint(
        "POST",
        "/route-rules/try",
        try_rules,
        Permission.INBOX_MANAGE,
        "Where a conversation would go, and why",
        errors=(Invalid, NotFound),
        idempotent=False,
    ),
]
