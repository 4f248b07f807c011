"""
Route rules: where a conversation goes when it begins, asked in order; the first that holds decides.

A rule names a team, a priority, skills that its agent must have, or several of these. Without one that holds, the
account's own team gets it, as before. They are asked once for each new or reopened conversation, from memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.core import addresses, audit, ids, rules
from app.core.addresses import Address
from app.core.audit import Target
from app.core.errors import Change, ChangedMeanwhile, Invalid
from app.core.kept import Kept
from app.core.permissions import Actor
from app.core.rules import Catalogue, Field, Predicate, Rule
from app.core.runtime import Workspace
from channels import registry
from crm import places
from crm.store import contacts as contact_store
from inbox import live, usage
from inbox.conversations import Conversation, Priority
from inbox.finding import views
from inbox.routing import teams
from inbox.routing.teams import Team
from inbox.routing.waiting import Feed
from inbox.store import route_rules as store
from inbox.timeline import Entry

MOST = 50
# A process may go by what it read so long ago.
KNOWN_SECONDS = 3.0

# Screens name them in their own language.
_COUNTRIES = tuple((code, code) for code in places.COUNTRIES)
CATALOGUE = Catalogue(
    "conversation",
    (
        Field("channel", "Written on", "choice", options=tuple((kind, kind) for kind in sorted(registry.adapters()))),
        Field("account", "Account", "choice", refers_to="account"),
        *(f for f in teams.CATALOGUE.fields if f.name in ("tags", "last_text", "language", "episode")),
        Field("country", "Country of the number", "choice", options=_COUNTRIES, refers_to="country"),
        Field("stage", "Lifecycle stage", "choice", refers_to="stage"),
        Field("owner", "Owner of the contact", "choice", refers_to="member"),
        *(f for f in views.CATALOGUE.fields if f.name == "contact_name"),
    ),
)


_OF_CONTACT = frozenset(("language", "stage", "owner"))


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRule:
    """What holds for a conversation decides its team, its priority, the skills its agent must have; None: as it is."""

    id: str
    name: str
    rule: Rule
    team_id: str | None = None
    priority: Priority | None = None
    skills: tuple[str, ...] = ()
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRules:
    """All of a workspace, in the order in which they are asked."""

    items: tuple[RouteRule, ...] = ()
    revision: int = 0
    changed_by: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which of the rules hold, by id, and which of them decides."""

    holds: Sequence[str]
    decides: RouteRule | None


# --- keeping them -------------------------------------------------------------------------------------------------


async def get(ws: Workspace) -> RouteRules:
    return await store.get(ws) or RouteRules()


async def save(ws: Workspace, actor: Actor, items: Sequence[RouteRule], *, revision: int) -> RouteRules:
    """All of them at once; those without an id are new. Raises Invalid, ChangedMeanwhile."""
    before = await get(ws)
    checked = await _checked(ws, items)
    wanted = RouteRules(items=checked, revision=revision + 1, changed_by=actor.name)
    async with live.announced(ws, "route_rules", ws.id):
        if before.revision != revision or not await store.save(ws, wanted):
            who = (await get(ws)).changed_by
            raise ChangedMeanwhile(
                f"{who} has changed the rules meanwhile. Look at them again first.", Change("route_rules", name=who)
            )
        forget(ws)
        detail = {"rules": [each.name for each in checked]}
        await audit.record(ws, actor, "route_rules.changed", Target("workspace", ws.id), detail)
        await live.publish(ws, live.event("route_rules", {"id": ws.id}))
    return wanted


async def _checked(ws: Workspace, items: Sequence[RouteRule]) -> tuple[RouteRule, ...]:
    """Raises Invalid, with the place of the rule in the field's name."""
    known = {team.id for team in await teams.listed(ws)}
    for at, each in enumerate(items):
        if not each.name.strip():
            raise Invalid.field(f"items.{at}.name", "Write a name.")
        rules.validate(CATALOGUE, each.rule, at=f"items.{at}.rule")
        if each.team_id is not None and each.team_id not in known:
            raise Invalid.field(f"items.{at}.team_id", "There is no such team.")
        if each.team_id is None and each.priority is None and not each.skills:
            raise Invalid.field(f"items.{at}.team_id", "Choose a team, a priority or skills: else it changes nothing.")
    return tuple(
        replace(
            each,
            id=each.id or ids.new("rou"),
            name=" ".join(each.name.split()),
            skills=tuple(dict.fromkeys(skill.strip() for skill in each.skills if skill.strip())),
        )
        for each in items
    )


# --- asking them --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Known:
    rules: tuple[tuple[RouteRule, Predicate], ...]
    teams: Mapping[str, Team]


def _compiled(items: Sequence[RouteRule]) -> tuple[tuple[RouteRule, Predicate], ...]:
    return tuple((each, rules.predicate(CATALOGUE, each.rule)) for each in items if each.enabled)


async def _read(ws: Workspace) -> _Known:
    compiled = _compiled((await get(ws)).items)
    return _Known(compiled, {team.id: team for team in await teams.listed(ws)} if compiled else {})


_known = Kept(_read, KNOWN_SECONDS)


def forget(ws: Workspace) -> None:
    """In this process; the others find out within KNOWN_SECONDS."""
    _known.forget(ws)


async def feed(ws: Workspace, conversation: Conversation, entry: Entry, own: Feed | None) -> Feed | None:
    """
    Where the conversation as it is with this message goes, if it begins with it; `own` is the account's.

    Without rules this costs nothing; with some, a read of the contact where one of them asks what is known of it.
    """
    known = await _known.of(ws)
    if not known.rules:
        return own
    things = await _thing(ws, conversation, entry, [rule for rule, _ in known.rules])
    decides = next((rule for rule, holds in known.rules if holds(things, ws.clock.now())), None)
    if decides is None:
        return own
    if (team := known.teams.get(decides.team_id or "")) is not None:
        own = Feed(team.id, team.routed, team_name=team.name)
    return replace(own or Feed(None, False), priority=decides.priority, skills=decides.skills, rule=decides.name)


async def verdict(
    ws: Workspace, conversation: Conversation, entry: Entry | None, items: Sequence[RouteRule] | None = None
) -> Verdict:
    """What these rules (or the stored ones) say of a conversation as it is now."""
    compiled = _compiled((await get(ws)).items if items is None else await _checked(ws, items))
    thing = await _thing(ws, conversation, entry, [rule for rule, _ in compiled])
    hold = [rule for rule, holds in compiled if holds(thing, ws.clock.now())]
    return Verdict([rule.id for rule in hold], hold[0] if hold else None)


async def _thing(
    ws: Workspace, conversation: Conversation, entry: Entry | None, asked: Sequence[RouteRule]
) -> Mapping[str, Any]:
    contact = None
    if any(leaf["field"] in _OF_CONTACT for rule in asked for leaf in rules.leaves(rule.rule)):
        contact = await contact_store.contact(ws, conversation.contact_id)
    way = conversation.reach[0] if conversation.reach else None
    address = entry.address if entry else way.address if way else None
    return {
        **views.thing(conversation),
        "language": contact.language if contact else None,
        "stage": contact.stage if contact else None,
        "owner": contact.owner_id if contact else None,
        "country": addresses.country_of(Address.parse(address)) if address else None,
        "channel": entry.channel if entry else way.address.partition(":")[0] if way else None,
        "account": entry.account_id if entry else way.account_id if way else None,
    }


# --- where things are used ----------------------------------------------------------------------------------------


async def naming(ws: Workspace, kind: str, ref: str) -> list[usage.Use]:
    """Rules that name this team, tag or account."""
    return [
        usage.Use("route_rule", each.id, each.name)
        for each in (await get(ws)).items
        if ref in rules.refers(CATALOGUE, each.rule, kind) or (kind == "team" and each.team_id == ref)
    ]


async def swap_tag(ws: Workspace, old: str, new: str) -> None:
    """Those that name one tag name the other."""
    now = await get(ws)
    items = tuple(replace(each, rule=rules.swapped(CATALOGUE, each.rule, "tag", old, new)) for each in now.items)
    if items != now.items and await store.save(ws, replace(now, items=items, revision=now.revision + 1)):
        forget(ws)
