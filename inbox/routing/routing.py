"""
Routing: gives waiting conversations to agents who are there, and takes back those whose agents have gone.

What waits is found by its own mark (waiting.py), the most urgent and oldest first. One worker at a time looks (a
lease), woken by a hint and by the clock. Nothing is remembered between rounds, so a worker that dies in the middle
costs nothing: every step is one conditional write of one conversation, made after its agent's presence was read again.

A round, over everything that waits:
    1. conversations of teams that are being deleted move on,
    2. those of agents who are away or offline for longer than the grace go back to their queue,
    3. each queue: whoever waited too long (or waits at a closed team) overflows to the other team; the others are given
       out by the team's strategy,
    4. customers are told that nobody is there now, or how long it will take (away.py).
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Literal

from redis.exceptions import RedisError

from app.core import hints, leases, log, roles, rounds, rules
from app.core.addresses import Address
from app.core.calendars import open_at
from app.core.errors import AppError
from app.core.leases import Lease
from app.core.mongo import DatabaseError
from app.core.permissions import SYSTEM, Permission
from app.core.platform import members as member_rows
from app.core.platform import work
from app.core.rules import Predicate
from app.core.runtime import Runtime, Workspace
from crm.store import contacts as contact_store
from inbox import conversations, events, live
from inbox.answering import notifications
from inbox.conversations import Conversation
from inbox.finding import views
from inbox.routing import agents, away, calendars, strategies, teams, waiting
from inbox.routing.agents import Agent, Availability, RoutingSettings
from inbox.routing.strategies import Ask, Desk
from inbox.routing.teams import Team
from inbox.store import conversations as store
from inbox.store import teams as team_store
from inbox.ticketing import tickets
from inbox.ticketing.tickets import Filter
from inbox.timeline import Author

_log = log.get("routing")
# Teams that are being deleted are looked for in the first of so many rounds: there is hardly ever one.
RETIRING_EVERY = 10
# Most conversations of one queue that one round looks at.
AT_ONCE = 100


async def run(runtime: Runtime) -> None:
    """Until cancelled; a database or Redis that is down is waited for."""
    for number in count():
        await hints.pause(runtime.redis, waiting.HINT, rounds.spread(runtime.settings.round_seconds))
        with suppress(DatabaseError, RedisError, OSError, TimeoutError):
            await go_round(runtime, retiring=number % RETIRING_EVERY == 0)


async def go_round(runtime: Runtime, *, retiring: bool = True) -> int:
    """
    Over everything that waits, and again if somebody asked meanwhile; how many conversations found or lost an agent or
    moved to another team. Does nothing while another worker does it: two at once might fill the same desk.
    """
    async with leases.hold(runtime.redis, "routing") as lease:
        if lease is None:
            return 0
        moved = 0
        for workspace_id in await work.retiring_teams(runtime) if retiring else ():
            moved += await _move_on(runtime.workspace(workspace_id))
        moved += await _round(runtime, lease)
        while await lease.again():
            moved += await _round(runtime, lease)
        return moved


async def _round(runtime: Runtime, lease: Lease) -> int:
    moved = 0
    queues = await work.queues(runtime, most=AT_ONCE)
    held: dict[str, dict[str, list[str]]] = {}
    for queue in queues:
        if queue.kind == waiting.WITH_AGENT:
            held.setdefault(queue.workspace_id, {})[queue.owner] = queue.conversation_ids
    for workspace_id, by_agent in held.items():
        moved += await _take_back(runtime.workspace(workspace_id), by_agent)
    for queue in queues:
        if lease.lost:
            break
        if queue.kind != waiting.IN_QUEUE:
            continue
        try:
            moved += await _serve(runtime.workspace(queue.workspace_id), queue.owner, queue.conversation_ids, lease)
        except (DatabaseError, RedisError, OSError, TimeoutError):
            raise
        except Exception:
            # An edge: one team's queue must not keep all others waiting.
            _log.exception("queue_failed", workspace_id=queue.workspace_id, team_id=queue.owner)
    return moved


# --- back to the queue --------------------------------------------------------------------------------------------


async def _take_back(ws: Workspace, held: Mapping[str, Sequence[str]]) -> int:
    """
    Of unanswered conversations (ids by agent), those whose agent has been gone for too long go back to the queue; at
    once those of somebody who cannot come back.
    """
    grace = (await agents.settings_of(ws)).return_after_seconds
    holders = await agents.of(ws, list(held))
    available = await agents.available(ws, holders)
    away_now = [each for each, is_there in available.items() if is_there in (Availability.AWAY, Availability.OFFLINE)]
    left = {*away_now} - {*await _may_answer(ws, away_now)} if away_now else frozenset()
    now, returned = ws.clock.now(), 0
    for agent in holders.values():
        if agent.id not in away_now:
            if agent.gone_at is not None:
                await agents.note_gone(ws, agent.id, None)
        elif agent.gone_at is None and agent.id not in left:
            await agents.note_gone(ws, agent.id, now)
        elif agent.id in left or (grace and agent.gone_at and now - agent.gone_at >= timedelta(seconds=grace)):
            for conversation in await store.get_many(ws, held[agent.id]):
                returned += await _return(ws, conversation, agent, available[agent.id])
    return returned


async def _return(ws: Workspace, conversation: Conversation, agent: Agent, why: Availability) -> bool:
    def how(now: Conversation) -> Conversation:
        # Answered, closed or given to somebody else meanwhile: there is nothing to take back.
        if now.assignee_id != agent.id or waiting.key(now) is None:
            return now
        return replace(now, assignee_id=None)

    async with live.announced(ws, "conversation", conversation.id):
        saved, changed = await conversations.change(ws, conversation, how)
        if changed:
            name = await _name(ws, agent.id)
            detail = {"member_id": agent.id, "member_name": name, "reason": why.value}
            await note(ws, saved, "conversation_returned", detail)
    return changed


# --- a queue ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Floor:
    """A team at work: its rules, and everybody's desk."""

    ws: Workspace
    team: Team
    settings: RoutingSettings
    # Of each of the team's rules by skill, in order.
    matches: Sequence[Predicate]
    desks: dict[str, Desk]


async def _serve(ws: Workspace, team_id: str, conversation_ids: Sequence[str], lease: Lease) -> int:
    """Over the head of one queue, the most urgent and oldest first."""
    team = await team_store.get(ws, team_id)
    if team is None or team.moves_to is not None:
        return 0
    now = ws.clock.now()
    calendar = await calendars.of(ws, team.calendar_id)
    is_open = open_at(calendar, now)
    overflows, speaks = team.overflow_team_id is not None, team.position_reply if is_open else team.closed_reply
    if not (team.routed and is_open) and not overflows and not speaks:
        return 0
    found = {conversation.id: conversation for conversation in await store.get_many(ws, conversation_ids)}
    queue = [found[each] for each in conversation_ids if each in found]
    floor = await _floor(ws, team) if team.routed and is_open else None
    languages = await _languages(ws, team, queue) if floor else {}
    left: list[Conversation] = []
    for conversation in queue:
        if lease.lost:
            return len(queue) - len(left)
        if floor is not None and await _give(floor, conversation, languages.get(conversation.contact_id)):
            continue
        why = "waited" if is_open else "closed"
        if overflows and _too_long(team, conversation, is_open, now) and await _overflow(ws, team, conversation, why):
            continue
        left.append(conversation)
    if is_open:
        await away.tell_places(ws, team, left)
    else:
        await away.tell_closed(ws, team, calendar, await _unaware(ws, team, left))
    return len(queue) - len(left)


async def _unaware(ws: Workspace, team: Team, head: Sequence[Conversation]) -> Sequence[Conversation]:
    """A closed team's queue only grows: those beyond its head want to be told, too."""
    if len(head) < AT_ONCE or not team.closed_reply:
        return head
    return await store.get_many(ws, await store.unaware(ws, team.id, most=AT_ONCE))


async def _floor(ws: Workspace, team: Team) -> _Floor:
    settings = await agents.settings_of(ws)
    members = await agents.of(ws, await _may_answer(ws, team.members))
    available = await agents.available(ws, members)
    online = [member_id for member_id, is_there in available.items() if is_there is Availability.ONLINE]
    loads = dict(zip(online, await asyncio.gather(*(load_of(ws, settings, each) for each in online)), strict=True))
    desks = {}
    for agent in members.values():
        held, load = loads.get(agent.id, (0, 0.0))
        desks[agent.id] = _desk(agent, settings, available[agent.id], held, load)
    matches = [rules.predicate(teams.CATALOGUE, need.rule) for need in team.needs]
    return _Floor(ws, team, settings, matches, desks)


def _desk(agent: Agent, settings: RoutingSettings, available: Availability, held: int, load: float) -> Desk:
    return Desk(
        agent_id=agent.id,
        online=available is Availability.ONLINE,
        load=load,
        held=held,
        capacity=settings.capacity if agent.capacity is None else agent.capacity,
        skills=frozenset(agent.skills),
        languages=frozenset(agent.languages),
        last_assigned_at=agent.last_assigned_at,
    )


async def _may_answer(ws: Workspace, member_ids: Sequence[str]) -> list[str]:
    """Those of them who are active and whose role lets them answer: who only looks on is given nothing."""
    able = {member.id for member in await roles.holding(ws, Permission.INBOX_REPLY)}
    return [member_id for member_id in member_ids if member_id in able]


async def load_of(ws: Workspace, settings: RoutingSettings, member_id: str) -> tuple[int, float]:
    """How many open conversations a member has, and how much these weigh."""
    channels = await store.held_channels(ws, member_id)
    return len(channels), sum(settings.weight(channel) for channel in channels)


async def _languages(ws: Workspace, team: Team, queue: Sequence[Conversation]) -> dict[str, str | None]:
    if not team.by_language and not team.needs:
        return {}
    found = await contact_store.contacts_by_id(ws, [conversation.contact_id for conversation in queue])
    return {contact.id: contact.language for contact in found.values()}


def channel_of(conversation: Conversation) -> str | None:
    """The channel that its customer last wrote on."""
    return Address.parse(conversation.reach[0].address).kind if conversation.reach else None


def _ask(floor: _Floor, conversation: Conversation, language: str | None) -> Ask:
    """What it wants of whoever gets it, by the team's rules by skill and by what a route rule said."""
    thing = {**views.thing(conversation), "language": language}
    skills = frozenset(
        skill
        for need, matches in zip(floor.team.needs, floor.matches, strict=True)
        if matches(thing, floor.ws.clock.now())
        for skill in need.skills
    )
    return Ask(
        weight=floor.settings.weight(channel_of(conversation)),
        skills=skills | frozenset(conversation.wants),
        language=language,
        last_agent_id=conversation.last_agent_id,
    )


async def _give(floor: _Floor, conversation: Conversation, language: str | None) -> bool:
    """To whom the strategy says, if they are still there; whether somebody has it now."""
    ws, ask = floor.ws, _ask(floor, conversation, language)
    while (chosen := strategies.choose(floor.team, ask, list(floor.desks.values()))) is not None:
        desk = floor.desks[chosen]
        agent = (await agents.of(ws, [chosen]))[chosen]
        if (await agents.available(ws, {chosen: agent}))[chosen] is not Availability.ONLINE:
            floor.desks[chosen] = replace(desk, online=False)
            continue
        saved = await _assign(ws, conversation, floor.team, agent)
        if saved:
            floor.desks[chosen] = desk.given(ask.weight, ws.clock.now())
        return saved
    return False


async def _assign(ws: Workspace, conversation: Conversation, team: Team, agent: Agent) -> bool:
    def how(now: Conversation) -> Conversation:
        # Taken, closed or moved meanwhile.
        if now.routing is None or now.team_id != team.id:
            return now
        return replace(now, assignee_id=agent.id)

    async with live.announced(ws, "conversation", conversation.id):
        saved, changed = await conversations.change(ws, conversation, how)
        if changed:
            await agents.note_assigned(ws, agent.id, ws.clock.now())
            await away.note_given(ws, team)
            await notifications.assigned(ws, saved, Author("system"))
            name = await _name(ws, agent.id)
            waited = conversation.routing and int((ws.clock.now() - conversation.routing.since).total_seconds())
            detail = {"member_id": agent.id, "member_name": name, "team_name": team.name, "waited_seconds": waited}
            await note(ws, saved, "conversation_routed", detail)
    return changed


def _too_long(team: Team, conversation: Conversation, is_open: bool, now: datetime) -> bool:
    queued = conversation.routing
    if queued is None or team.overflow_team_id in (*queued.past, None):
        return False
    if team.overflow_when_closed and not is_open:
        return True
    return team.overflow_minutes is not None and now - queued.at >= timedelta(minutes=team.overflow_minutes)


async def _overflow(ws: Workspace, team: Team, conversation: Conversation, why: str) -> bool:
    target = await team_store.get(ws, team.overflow_team_id or "")
    if target is None or target.moves_to is not None:
        return False

    def how(now: Conversation) -> Conversation:
        if now.routing is None or now.team_id != team.id:
            return now
        queued = replace(now.routing, at=ws.clock.now(), past=(*now.routing.past, team.id))
        return replace(now, team_id=target.id, routing=queued)

    async with live.announced(ws, "conversation", conversation.id):
        saved, changed = await conversations.change(ws, conversation, how)
        if changed:
            detail = {"from": team.name, "team_id": target.id, "team_name": target.name, "reason": why}
            await note(ws, saved, "conversation_overflowed", detail)
    return changed


# Why a conversation would be given to somebody, or not.
WhyGiven = Literal["given", "nobody_free", "closed", "taken_by_hand"]


async def would_give(
    ws: Workspace, team: Team, conversation: Conversation, skills: Sequence[str]
) -> tuple[str | None, WhyGiven]:
    """To whom the team would give it now, and in a word why (not); gives nothing."""
    if not team.routed:
        return None, "taken_by_hand"
    if not open_at(await calendars.of(ws, team.calendar_id), ws.clock.now()):
        return None, "closed"
    floor = await _floor(ws, team)
    languages = await _languages(ws, team, [conversation])
    wanting = replace(conversation, wants=tuple(skills))
    ask = _ask(floor, wanting, languages.get(conversation.contact_id))
    chosen = strategies.choose(team, ask, list(floor.desks.values()))
    return chosen, "given" if chosen else "nobody_free"


@dataclass(frozen=True, slots=True)
class Scene:
    """A team as its supervisor sees it: who is there with how much, and the head of what waits."""

    desks: Sequence[Desk]
    available: Mapping[str, Availability]
    waiting: Sequence[Conversation]
    waiting_count: int


async def scene(ws: Workspace, team: Team) -> Scene:
    settings = await agents.settings_of(ws)
    members = await agents.of(ws, await _may_answer(ws, team.members))
    available = await agents.available(ws, members)
    loads = await asyncio.gather(*(load_of(ws, settings, member_id) for member_id in members))
    desks = [
        _desk(agent, settings, available[agent.id], held, load)
        for agent, (held, load) in zip(members.values(), loads, strict=True)
    ]
    queue = await store.waiting_in(ws, team.id, limit=AT_ONCE)
    return Scene(desks, available, queue, await store.waiting_count(ws, team.id))


# --- teams that go ------------------------------------------------------------------------------------------------


async def _move_on(ws: Workspace) -> int:
    """
    Open conversations and tickets of deleted teams go where they were told to; a team without any is gone for good.
    """
    moved = 0
    for team in await team_store.listed(ws):
        if team.moves_to is None:
            continue
        heir = await team_store.get(ws, team.moves_to) if team.moves_to else None
        found = await store.of_team(ws, team.id, limit=AT_ONCE)
        for conversation in found:
            moved += await _inherit(ws, conversation, team, heir)
        wanted = Filter(view="active", team_id=team.id)
        its_tickets, cursor = await tickets.page(ws, wanted, cursor=None, limit=AT_ONCE)
        for ticket in its_tickets:
            await tickets.edit(ws, SYSTEM, ticket.id, {"team_id": heir.id if heir else None})
        if not (found or its_tickets or cursor):
            await team_store.delete(ws, team.id)
    return moved


async def _inherit(ws: Workspace, conversation: Conversation, team: Team, heir: Team | None) -> bool:
    def how(now: Conversation) -> Conversation:
        return replace(now, team_id=heir.id if heir else None) if now.team_id == team.id else now

    async with live.announced(ws, "conversation", conversation.id):
        saved, changed = await conversations.change(ws, conversation, how)
        if changed:
            detail = {"from": team.name, "team_id": saved.team_id, "team_name": heir.name if heir else None}
            await note(ws, saved, "conversation_moved", detail)
    return changed


# --- telling ------------------------------------------------------------------------------------------------------


async def _name(ws: Workspace, member_id: str) -> str:
    member = await member_rows.get_in(ws.runtime.mongo, ws.id, member_id)
    return member.name if member else ""


async def note(ws: Workspace, saved: Conversation, name: str, detail: Mapping[str, object]) -> None:
    """What routing did, on the timeline and on every screen."""
    with suppress(AppError):
        await events.note(
            ws,
            saved.contact_id,
            key=f"{name}/{saved.id}/{saved.revision}",
            event={"name": name, **detail},
            at=ws.clock.now(),
        )
