"""Who refers to what: for each noun, the finders of what names one of it. Asked by usage.py."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from app.core.platform import members
from app.core.runtime import Workspace
from inbox import content_templates, usage
from inbox.answering import macros, reopeners
from inbox.finding import people, tags, views
from inbox.finding.people import Wanted
from inbox.routing import agents, route_rules, teams
from inbox.store import canned as canned_rows
from inbox.store import macros as macro_rows
from inbox.store import tickets as ticket_rows
from inbox.ticketing import sla_policies, ticket_forms
from inbox.ticketing.tickets import Filter

# Tickets are counted when asked, up to so many.
_MOST_TICKETS = 100


async def _conversations_tagged(ws: Workspace, tag_id: str) -> list[usage.Use]:
    number = await tags.uses(ws, tag_id)
    return [usage.Use("conversations", "", f"{number:,}")] if number else []


async def _contacts_tagged(ws: Workspace, tag_id: str) -> list[usage.Use]:
    number, more = await people.count(ws, Wanted(tag=tag_id))
    return [usage.Use("contacts", "", f"{number:,}{'+' if more else ''}")] if number else []


async def _tickets_tagged(ws: Workspace, tag_id: str) -> list[usage.Use]:
    number = len(await ticket_rows.tagged(ws, tag_id, limit=_MOST_TICKETS))
    return [usage.Use("tickets", "", f"{number}{'+' if number == _MOST_TICKETS else ''}")] if number else []


def _teams_of(kind: str) -> usage.Finder:
    async def using(ws: Workspace, thing_id: str) -> list[usage.Use]:
        return [usage.Use("team", *found) for found in await teams.naming(ws, kind, thing_id)]

    return using


def _route_rules_of(kind: str) -> usage.Finder:
    async def using(ws: Workspace, thing_id: str) -> list[usage.Use]:
        return await route_rules.naming(ws, kind, thing_id)

    return using


def _views_of(kind: str) -> usage.Finder:
    async def using(ws: Workspace, thing_id: str) -> list[usage.Use]:
        found = await views.naming(ws, kind, thing_id)
        if all(view.owner_id is None for view in found):
            return [usage.Use("view", view.id, view.name) for view in found]
        # What is somebody's own only they can see and change; of who is gone it is in nobody's way.
        active = {
            row.id: row.name for row in await members.of_workspace(ws.runtime.mongo, ws.id) if row.status == "active"
        }
        named = [(view, active.get(view.owner_id or "")) for view in found]
        return [
            usage.Use("view", view.id, f"{view.name} (of {owner})" if owner else view.name)
            for view, owner in named
            if owner is not None or view.owner_id is None
        ]

    return using


async def _policies_by_calendar(ws: Workspace, calendar_id: str) -> list[usage.Use]:
    return [usage.Use("sla_policy", *found) for found in await sla_policies.using_calendar(ws, calendar_id)]


def _policies_of(kind: str) -> usage.Finder:
    async def using(ws: Workspace, thing_id: str) -> list[usage.Use]:
        return [usage.Use("sla_policy", *found) for found in await sla_policies.naming(ws, kind, thing_id)]

    return using


async def _categories_of_team(ws: Workspace, team_id: str) -> list[usage.Use]:
    found = (await ticket_forms.get(ws)).categories
    return [usage.Use("ticket_category", each.id, each.name) for each in found if each.team_id == team_id]


async def _tickets_of_team(ws: Workspace, team_id: str) -> list[usage.Use]:
    wanted = Filter(view="active", team_id=team_id)
    found, _ = await ticket_rows.page(ws, wanted, cursor=None, limit=_MOST_TICKETS)
    more = "+" if len(found) == _MOST_TICKETS else ""
    return [usage.Use("tickets", "", f"{len(found)}{more} open")] if found else []


def _naming_field(noun: str, every: Callable[[Workspace], Awaitable[Iterable[Any]]]) -> usage.Finder:
    """Things in whose texts or conditions a field of contacts stands."""

    async def using(ws: Workspace, key: str) -> list[usage.Use]:
        # In texts with `contact.` before it, in conditions without.
        pattern = re.compile(rf"\bfields\.{re.escape(key)}\b")
        found = [each for each in await every(ws) if pattern.search(repr(each))]
        return [usage.Use(noun, each.id, getattr(each, "title", None) or each.name) for each in found]

    return using


FINDERS: Mapping[str, tuple[usage.Finder, ...]] = {
    "contact_field": (
        _naming_field("canned_reply", canned_rows.every),
        _naming_field("macro", macro_rows.every),
        _naming_field("team", teams.listed),
    ),
    "content_block": (content_templates.using_block,),
    "calendar": (teams.using_calendar, agents.using_calendar, _policies_by_calendar),
    "tag": (
        _conversations_tagged,
        _contacts_tagged,
        _tickets_tagged,
        macros.using_tag,
        _views_of("tag"),
        _teams_of("tag"),
        _policies_of("tag"),
        _route_rules_of("tag"),
    ),
    "template": (macros.using_template, reopeners.using_template),
    "team": (
        macros.using_team,
        teams.using_team,
        _categories_of_team,
        _tickets_of_team,
        _views_of("team"),
        _policies_of("team"),
        _route_rules_of("team"),
    ),
    "ticket_category": (_policies_of("ticket_category"),),
}
