"""
Where things are used: asked before one of them is deleted, so that nobody deletes what others rely on.

Whoever refers to a calendar, a team, … by its id adds the finder of those references to the table below.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from app.core.errors import Conflict
from app.core.runtime import Workspace
from inbox.answering import macros
from inbox.finding import tags, views
from inbox.routing import agents, route_rules, teams
from inbox.store import tickets as ticket_rows
from inbox.ticketing import sla_policies


@dataclass(frozen=True, slots=True)
class Use:
    """Something that refers to the thing in question; `type` is a noun of the API."""

    type: str
    id: str
    name: str


class InUse(Conflict):
    """`extra["used_in"]` lists the places."""

    code = "in_use"

    def __init__(self, noun: str, uses: Sequence[Use]) -> None:
        named = ", ".join(f"{use.type} {use.name}" for use in uses[:5])
        more = f" and {len(uses) - 5} more" if len(uses) > 5 else ""
        super().__init__(f"This {noun} is still used: {named}{more}.")
        self.extra = {"used_in": [asdict(use) for use in uses]}


def _finders() -> Mapping[str, tuple[Callable[[Workspace, str], Awaitable[list[Use]]], ...]]:
    return {
        "calendar": (teams.using_calendar, agents.using_calendar, _policies_by_calendar),
        "tag": (
            _conversations_tagged,
            _tickets_tagged,
            macros.using_tag,
            _views_of("tag"),
            _teams_of("tag"),
            _policies_of("tag"),
            _route_rules_of("tag"),
        ),
        "team": (
            macros.using_team,
            teams.using_team,
            _views_of("team"),
            _policies_of("team"),
            _route_rules_of("team"),
        ),
    }


# Tickets are counted when asked, up to so many.
_MOST_TICKETS = 100


async def _conversations_tagged(ws: Workspace, tag_id: str) -> list[Use]:
    number = await tags.uses(ws, tag_id)
    return [Use("conversations", "", f"{number:,}")] if number else []


async def _tickets_tagged(ws: Workspace, tag_id: str) -> list[Use]:
    number = len(await ticket_rows.tagged(ws, tag_id, limit=_MOST_TICKETS))
    return [Use("tickets", "", f"{number}{'+' if number == _MOST_TICKETS else ''}")] if number else []


def _teams_of(kind: str) -> Callable[[Workspace, str], Awaitable[list[Use]]]:
    async def using(ws: Workspace, thing_id: str) -> list[Use]:
        return [Use("team", *found) for found in await teams.naming(ws, kind, thing_id)]

    return using


def _route_rules_of(kind: str) -> Callable[[Workspace, str], Awaitable[list[Use]]]:
    async def using(ws: Workspace, thing_id: str) -> list[Use]:
        return await route_rules.naming(ws, kind, thing_id)

    return using


def _views_of(kind: str) -> Callable[[Workspace, str], Awaitable[list[Use]]]:
    async def using(ws: Workspace, thing_id: str) -> list[Use]:
        return [Use("view", view.id, view.name) for view in await views.naming(ws, kind, thing_id)]

    return using


async def _policies_by_calendar(ws: Workspace, calendar_id: str) -> list[Use]:
    return [Use("sla_policy", *found) for found in await sla_policies.using_calendar(ws, calendar_id)]


def _policies_of(kind: str) -> Callable[[Workspace, str], Awaitable[list[Use]]]:
    async def using(ws: Workspace, thing_id: str) -> list[Use]:
        return [Use("sla_policy", *found) for found in await sla_policies.naming(ws, kind, thing_id)]

    return using


async def of(ws: Workspace, noun: str, thing_id: str) -> list[Use]:
    found = await asyncio.gather(*(finder(ws, thing_id) for finder in _finders()[noun]))
    return [use for uses in found for use in uses]
