"""
Teams: who answers what. A team is fed by channel accounts, works by a calendar, and gives its conversations out by a
strategy (see routing.py) or leaves them to be taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from app.core import audit, hints, ids, rules
from app.core.audit import Target
from app.core.errors import Change, ChangedMeanwhile, Conflict, Invalid, NotFound
from app.core.permissions import Actor
from app.core.platform import accounts as account_rows
from app.core.platform import members as member_rows
from app.core.rules import Catalogue, Field, Rule
from app.core.runtime import Workspace
from inbox import live, usage
from inbox.answering import variables
from inbox.finding import counters, facets, views
from inbox.routing import calendars, waiting
from inbox.store import teams as store

Strategy = Literal["manual", "round_robin", "least_busy"]
MOST_MEMBERS = 500
MOST_NEEDS = 20


# What rules by skill can ask: of the conversation, and the language of its customer.
CATALOGUE = Catalogue(
    "conversation",
    (
        *(f for f in views.CATALOGUE.fields if f.name in ("channels", "priority", "tags", "last_text", "episode")),
        Field("language", "Language", "text"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Conversations for which the rule holds are given only to who has all these skills."""

    skills: tuple[str, ...]
    rule: Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """
    `sticky`: who looked after a customer last gets them again, if they can take them. `by_language`: a customer is
    given to somebody who speaks their language, if anybody of the team does. Conversations that wait longer than
    `overflow_minutes`, or while the team is closed, go to the team `overflow_team_id`.
    """

    id: str
    name: str
    members: tuple[str, ...] = ()
    lead_id: str | None = None
    calendar_id: str | None = None
    strategy: Strategy = "manual"
    sticky: bool = True
    by_language: bool = False
    needs: tuple[Need, ...] = ()
    overflow_team_id: str | None = None
    overflow_minutes: int | None = None
    overflow_when_closed: bool = False
    # Told to customers who write while the team is closed, and to those who wait in its queue (see away.py); texts with
    # variables, empty for nothing.
    closed_reply: str = ""
    position_reply: str = ""
    # The accounts that feed it, as their own rows say.
    account_ids: tuple[str, ...] = ()
    revision: int = 1
    changed_by: str = ""
    # Being deleted: its conversations are on their way to this team ("" for none).
    moves_to: str | None = None

    @property
    def routed(self) -> bool:
        return self.strategy != "manual"


async def listed(ws: Workspace) -> list[Team]:
    """All of them, by name."""
    return [await _fed(ws, team) for team in await store.listed(ws) if team.moves_to is None]


async def _fed(ws: Workspace, team: Team) -> Team:
    """With the accounts that feed it, from memory."""
    accounts = await ws.runtime.accounts.of_workspace(ws.id)
    return replace(team, account_ids=tuple(sorted(row.id for row in accounts if row.team_id == team.id)))


async def get(ws: Workspace, team_id: str) -> Team:
    """Raises NotFound."""
    team = await store.get(ws, team_id)
    if team is None or team.moves_to is not None:
        raise NotFound("There is no such team.")
    return await _fed(ws, team)


async def require(ws: Workspace, team_id: str, *, field: str = "team_id") -> Team:
    """Raises Invalid if this names a team that is not there."""
    team = await store.get(ws, team_id)
    if team is None or team.moves_to is not None:
        raise Invalid.field(field, "There is no such team.")
    return team


async def of_member(ws: Workspace, member_id: str) -> list[Team]:
    return [team for team in await listed(ws) if member_id in team.members]


async def create(ws: Workspace, actor: Actor, wanted: Team) -> Team:
    """The team with an id of its own. Raises Invalid, Conflict."""
    team = replace(await _checked(ws, wanted), id=ids.new("tea"), revision=1, changed_by=actor.name)
    if len(await store.listed(ws)) >= store.MOST:
        raise Invalid.field("name", f"A workspace has at most {store.MOST} teams.")
    async with live.announced(ws, "team", team.id):
        await store.insert(ws, team)
        await _feed(ws, team)
        await _tell(ws, actor, "created", team)
    return team


async def change(
    ws: Workspace, actor: Actor, team_id: str, how: Callable[[Team], Team], *, revision: int | None = None
) -> Team:
    """
    Replace it by `how(it)`; with `revision`, only if it is still the one that the caller saw.

    Raises NotFound, Invalid, ChangedMeanwhile.
    """
    async with live.announced(ws, "team", team_id):
        for _ in range(5):
            before = await get(ws, team_id)
            if revision is not None and revision != before.revision:
                raise ChangedMeanwhile(
                    f"{before.changed_by} has changed this team meanwhile. Look at it again first.",
                    Change("team", name=before.changed_by),
                )
            wanted = await _checked(ws, how(before))
            if wanted == before:
                return before
            team = replace(wanted, revision=before.revision + 1, changed_by=actor.name)
            if await store.replace(ws, team):
                await _feed(ws, team, before)
                await _tell(ws, actor, "changed", team)
                return team
    raise Conflict("This team is being changed by others; try again.")


async def delete(ws: Workspace, actor: Actor, team_id: str, *, move_to: str | None = None) -> None:
    """
    With `move_to` (another team, "" for none) its open conversations and tickets, its accounts and what overflows into
    it go there; conversations and tickets follow in the background. Without, a team in use stays.

    Raises NotFound, Invalid, and InUse with the places that refer to it.
    """
    team = await get(ws, team_id)
    uses = await usage.of(ws, "team", team_id)
    if move_to is not None:
        if move_to == team_id:
            raise Invalid.field("move_to", "Choose another team.")
        heir = await require(ws, move_to, field="move_to") if move_to else None
        uses = [use for use in uses if use.type not in ("account", "conversations", "team", "tickets")]
    if uses:
        raise usage.InUse("team", uses)
    async with live.announced(ws, "team", team_id):
        if move_to is None:
            await store.delete(ws, team_id)
        else:
            await store.retire(ws, team_id, move_to)
            routed = heir is not None and heir.routed
            await account_rows.set_team(ws.runtime.mongo, ws.id, team.account_ids, move_to or None, routed=routed)
            ws.runtime.accounts.forget()
            await store.replace_overflow(ws, team_id, move_to or None)
        await _tell(ws, actor, "deleted", team)


async def _feed(ws: Workspace, team: Team, before: Team | None = None) -> None:
    """The accounts' own rows say whose they are: inbound reads them from memory. An account feeds one team."""
    dropped = sorted({*(before.account_ids if before else ())} - {*team.account_ids})
    if dropped:
        await account_rows.set_team(ws.runtime.mongo, ws.id, dropped, None)
    if team.account_ids:
        await account_rows.set_team(ws.runtime.mongo, ws.id, team.account_ids, team.id, routed=team.routed)
    ws.runtime.accounts.forget()


async def _tell(ws: Workspace, actor: Actor, done: str, team: Team) -> None:
    await audit.record(ws, actor, f"team.{done}", Target("team", team.id, team.name))
    await live.publish(ws, live.event("team", {"id": team.id}))
    await hints.give(ws.redis, waiting.HINT)


async def _checked(ws: Workspace, team: Team) -> Team:
    """Everything it names is there. Raises Invalid, Conflict."""
    name = " ".join(team.name.split())
    if not 0 < len(name) <= 60:
        raise Invalid.field("name", "Write a name of at most 60 characters.")
    others = [other for other in await listed(ws) if other.id != team.id]
    if any(other.name.casefold() == name.casefold() for other in others):
        raise Invalid.field("name", "There is already a team of this name.")
    known = {member.id for member in await member_rows.of_workspace(ws.runtime.mongo, ws.id)}
    if not known.issuperset(team.members):
        raise Invalid.field("members", "One of these is no member of this workspace.")
    if team.lead_id is not None and team.lead_id not in team.members:
        raise Invalid.field("lead_id", "The lead is a member of the team.")
    accounts = {row.id for row in await ws.runtime.accounts.of_workspace(ws.id)}
    if not accounts.issuperset(team.account_ids):
        raise Invalid.field("account_ids", "One of these is no channel account of this workspace.")
    await calendars.require(ws, team.calendar_id)
    variables.check(team.closed_reply, field="closed_reply")
    variables.check(team.position_reply, field="position_reply")
    for at, need in enumerate(team.needs):
        rules.validate(CATALOGUE, need.rule, at=f"needs.{at}.rule")
    if team.overflow_team_id is not None:
        if team.overflow_team_id == team.id or team.overflow_team_id not in {other.id for other in others}:
            raise Invalid.field("overflow_team_id", "Choose another team that is there.")
        if team.overflow_minutes is None and not team.overflow_when_closed:
            raise Invalid.field("overflow_minutes", "Say after how many minutes, or when the team is closed.")
    return replace(
        team,
        name=name,
        members=tuple(dict.fromkeys(team.members)),
        account_ids=tuple(sorted({*team.account_ids})),
        closed_reply=team.closed_reply.strip(),
        position_reply=team.position_reply.strip(),
    )


# --- where things are used ----------------------------------------------------------------------------------------


async def using_calendar(ws: Workspace, calendar_id: str) -> list[usage.Use]:
    return [usage.Use("team", team.id, team.name) for team in await listed(ws) if team.calendar_id == calendar_id]


async def using_team(ws: Workspace, team_id: str) -> list[usage.Use]:
    """Accounts that feed it, its conversations that are not closed, teams that overflow into it."""
    accounts = await ws.runtime.accounts.of_workspace(ws.id)
    uses = [usage.Use("account", row.id, row.name) for row in accounts if row.team_id == team_id]
    counted = [f"{facets.OPEN}:team:{team_id}", f"{facets.SNOOZED}:team:{team_id}"]
    if number := sum((await counters.numbers_of(ws, counted)).values()):
        uses.append(usage.Use("conversations", "", f"{number} open"))
    return uses + [usage.Use("team", t.id, t.name) for t in await listed(ws) if t.overflow_team_id == team_id]


async def swap_tag(ws: Workspace, old: str, new: str) -> None:
    """Rules by skill that name one tag name the other."""
    for team in await store.listed(ws):
        needs = tuple(replace(n, rule=rules.swapped(CATALOGUE, n.rule, "tag", old, new)) for n in team.needs)
        if needs != team.needs:
            await store.replace(ws, replace(team, needs=needs, revision=team.revision + 1))


async def naming(ws: Workspace, kind: str, ref: str) -> list[tuple[str, str]]:
    """(id, name) of those whose rules by skill name this tag."""
    return [
        (team.id, team.name)
        for team in await listed(ws)
        if any(ref in rules.refers(CATALOGUE, need.rule, kind) for need in team.needs)
    ]
