"""
Agents: what each member can take on (skills, languages, capacity, schedule), and whether they are available.

What a member chose is a row; that they are there is known by their screens (app/core/presence.py). Availability is
both: nobody is online who has no screen open, and nobody who has one must take work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.core import audit, hints, presence
from app.core.audit import Target
from app.core.errors import NotFound
from app.core.permissions import Actor
from app.core.platform import members as member_rows
from app.core.presence import Presence
from app.core.runtime import Workspace
from inbox import live, usage
from inbox.routing import calendars, shifts, waiting
from inbox.store import agents as store

MOST_SKILLS = 30
DEFAULT_WEIGHT = 1.0


class Availability(StrEnum):
    """Only who is online is given conversations. Busy and away are seen by colleagues, with the reason."""

    ONLINE = "online"
    BUSY = "busy"
    AWAY = "away"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """
    `id` is the member's. `chosen` is what they said of themselves; `capacity` is how many points of conversations they
    hold at a time, None as many as the workspace says. Outside the hours of `calendar_id`, which dated shifts overrule
    on their days (shifts.py), they count as away.
    """

    id: str
    chosen: Availability = Availability.ONLINE
    reason: str = ""
    skills: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    capacity: int | None = None
    calendar_id: str | None = None
    last_assigned_at: datetime | None = None
    # Since when routing has seen them gone while customers waited for them.
    gone_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingSettings:
    """
    Of the whole workspace. A conversation weighs what its channel says; an unanswered one goes back to the queue when
    its agent has been gone for `return_after_seconds`.
    """

    capacity: int = 8
    weights: Mapping[str, float] = field(default_factory=dict)
    return_after_seconds: int = 120
    away_reasons: tuple[str, ...] = ("Break", "Lunch", "Meeting", "Training")

    def weight(self, channel: str | None) -> float:
        return self.weights.get(channel or "", DEFAULT_WEIGHT)


def availability(agent: Agent, there: Presence, on_duty: bool) -> Availability:
    """What a member is to colleagues and to routing, all things considered."""
    if there is Presence.OFFLINE or agent.chosen is Availability.OFFLINE:
        return Availability.OFFLINE
    if there is Presence.AWAY or agent.chosen is Availability.AWAY:
        return Availability.AWAY
    return agent.chosen if on_duty else Availability.AWAY


async def of(ws: Workspace, member_ids: Sequence[str]) -> dict[str, Agent]:
    """By id; who never set anything is there with the defaults."""
    kept = {agent.id: agent for agent in await store.get_many(ws, member_ids)}
    return {member_id: kept.get(member_id) or Agent(id=member_id) for member_id in member_ids}


async def available(ws: Workspace, members: Mapping[str, Agent]) -> dict[str, Availability]:
    """How each of these is available now; offline, all of them, while Redis cannot be asked."""
    there = await presence.of(ws, list(members))
    schedules = await calendars.by_id(ws) if any(agent.calendar_id for agent in members.values()) else {}
    now = ws.clock.now()
    planned = await shifts.around(ws, list(members), now)

    def on_duty(agent: Agent) -> bool:
        return shifts.on_duty(planned.get(agent.id, ()), schedules.get(agent.calendar_id or ""), now)

    return {agent.id: availability(agent, there[agent.id], on_duty(agent)) for agent in members.values()}


async def choose(ws: Workspace, actor: Actor, chosen: Availability, reason: str) -> Agent:
    """The actor says how available they are; it holds until they say otherwise."""
    agent = (await of(ws, [actor.member_id]))[actor.member_id]
    wanted = replace(agent, chosen=chosen, reason=reason.strip() if chosen is not Availability.ONLINE else "")
    return await _change(ws, actor, agent, wanted, "agent.availability_chosen", {"status": chosen, "reason": reason})


async def change(ws: Workspace, actor: Actor, member_id: str, changes: Mapping[str, Any]) -> Agent:
    """Skills, languages, capacity, calendar. Raises NotFound, Invalid."""
    await _member_name(ws, member_id)
    if "calendar_id" in changes:
        await calendars.require(ws, changes["calendar_id"])
    agent = (await of(ws, [member_id]))[member_id]
    wanted = replace(agent, **changes)
    return await _change(ws, actor, agent, wanted, "agent.changed", changes)


async def _change(
    ws: Workspace, actor: Actor, before: Agent, wanted: Agent, action: str, detail: Mapping[str, Any]
) -> Agent:
    if wanted == before:
        return before
    name = await _member_name(ws, wanted.id)
    async with live.announced(ws, "agent", wanted.id):
        await store.change(ws, before, wanted)
        await audit.record(ws, actor, action, Target("member", wanted.id, name), detail)
        await live.publish(ws, live.event("agent", {"id": wanted.id}))
    await hints.give(ws.redis, waiting.HINT)
    return wanted


async def _member_name(ws: Workspace, member_id: str) -> str:
    member = await member_rows.get_in(ws.runtime.mongo, ws.id, member_id)
    if member is None:
        raise NotFound("There is no such member.")
    return member.name


async def note_assigned(ws: Workspace, member_id: str, at: datetime) -> None:
    """They have just been given a conversation: the next one goes to somebody else first."""
    await store.set_times(ws, member_id, {"last_assigned_at": at})


async def note_gone(ws: Workspace, member_id: str, at: datetime | None) -> None:
    """Routing saw them gone for the first time, or (None) back."""
    await store.set_times(ws, member_id, {"gone_at": at})


async def settings_of(ws: Workspace) -> RoutingSettings:
    return await store.settings_of(ws)


async def change_settings(ws: Workspace, actor: Actor, changes: Mapping[str, Any]) -> RoutingSettings:
    before = await store.settings_of(ws)
    wanted = replace(before, **changes)
    if wanted != before:
        async with live.announced(ws, "routing", ws.id):
            await store.keep_settings(ws, wanted)
            await audit.record(ws, actor, "routing.changed", Target("workspace", ws.id, "Routing"), changes)
            await live.publish(ws, live.event("routing", {"id": ws.id}))
        await hints.give(ws.redis, waiting.HINT)
    return wanted


async def using_calendar(ws: Workspace, calendar_id: str) -> list[usage.Use]:
    """Members whose schedule this calendar is."""
    ids = [agent.id for agent in await store.with_calendar(ws, calendar_id)]
    everyone = {m.id: m.name for m in await member_rows.of_workspace(ws.runtime.mongo, ws.id)} if ids else {}
    return [usage.Use("member", member_id, everyone.get(member_id, "")) for member_id in ids]
