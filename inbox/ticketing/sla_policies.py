"""SLA policies as a workspace keeps them, and what every process knows of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import ModuleType

from app.core import audit, ids, rules
from app.core.audit import Target
from app.core.errors import Change, ChangedMeanwhile, Conflict, Invalid, NotFound
from app.core.kept import Kept
from app.core.permissions import Actor
from app.core.platform import members
from app.core.queue import Lane
from app.core.runtime import Workspace
from inbox.store import sla_policies as store
from inbox.ticketing.sla import CATALOGUES, Policy, Rules, ready

MOST = 50
# A process may go by what it read so long ago.
KNOWN_SECONDS = 10.0
# So much later all that runs is timed anew: by then every process goes by the change.
RETIME_AFTER_SECONDS = KNOWN_SECONDS + 1


async def _ready(ws: Workspace) -> Rules:
    policies = await store.listed(ws)
    calendars = await _calendars().by_id(ws) if any(policy.calendar_id for policy in policies) else {}
    return ready(policies, calendars)


_known = Kept(_ready, KNOWN_SECONDS)


async def known(ws: Workspace) -> Rules:
    """What applies now, with its calendars; from memory for a few seconds."""
    return await _known.of(ws)


def _calendars() -> ModuleType:
    """Calendars tell screens of their changes, and so stand above conversations, whose clocks are computed here."""
    from inbox.routing import calendars

    return calendars


def forget(ws: Workspace) -> None:
    """In this process; the others find out within KNOWN_SECONDS."""
    _known.forget(ws)


async def listed(ws: Workspace) -> list[Policy]:
    """In the order in which they are asked."""
    return sorted(await store.listed(ws), key=lambda policy: (policy.position, policy.id))


async def get(ws: Workspace, policy_id: str) -> Policy:
    """Raises NotFound."""
    policy = await store.get(ws, policy_id)
    if policy is None:
        raise NotFound("There is no such policy.")
    return policy


async def create(ws: Workspace, actor: Actor, policy: Policy) -> Policy:
    """The policy with an id of its own, behind the others. Raises Invalid, Conflict."""
    others = await store.listed(ws)
    if len(others) >= MOST:
        raise Conflict(f"There may be {MOST} policies.", code="too_many")
    position = 1 + max((each.position for each in others), default=0)
    made = await checked(ws, replace(policy, id=ids.new("sla"), position=position, revision=1))
    await store.insert(ws, made)
    await _changed(ws, actor, made, "created")
    return made


async def save(ws: Workspace, actor: Actor, policy: Policy) -> Policy:
    """Replaces the stored one, if that has `policy.revision`. Raises NotFound, Invalid, ChangedMeanwhile."""
    now = await get(ws, policy.id)
    wanted = await checked(ws, replace(policy, position=now.position, revision=policy.revision + 1))
    if now.revision != policy.revision or not await store.save(ws, wanted):
        raise ChangedMeanwhile("A colleague has just changed this policy.", Change("policy"))
    await _changed(ws, actor, wanted, "changed")
    return wanted


async def arrange(ws: Workspace, actor: Actor, policy_ids: Sequence[str]) -> list[Policy]:
    """Puts them in this order; those not named follow."""
    found = {policy.id: policy for policy in await listed(ws)}
    order = [*(each for each in dict.fromkeys(policy_ids) if each in found), *found]
    for position, policy_id in enumerate(dict.fromkeys(order)):
        if found[policy_id].position != position:
            await store.place(ws, policy_id, position)
    policies = await listed(ws)
    if policies:
        await _changed(ws, actor, policies[0], "arranged")
    return policies


async def delete(ws: Workspace, actor: Actor, policy_id: str) -> None:
    """What it timed is not timed any more, or by the next policy that fits. Raises NotFound."""
    policy = await get(ws, policy_id)
    await store.delete(ws, policy_id)
    await _changed(ws, actor, policy, "deleted")


async def _changed(ws: Workspace, actor: Actor, policy: Policy, done: str) -> None:
    from inbox import live

    forget(ws)
    await audit.record(ws, actor, f"sla_policy.{done}", Target("sla_policy", policy.id, policy.name))
    await ws.queue.enqueue("retime_sla", ws.id, lane=Lane.BACKGROUND, delay_seconds=RETIME_AFTER_SECONDS)
    async with live.announced(ws, "sla_policy", policy.id):
        await live.publish(ws, live.event("sla_policy", {"id": policy.id}))


async def using_calendar(ws: Workspace, calendar_id: str) -> list[tuple[str, str]]:
    """(id, name) of those that count in its hours."""
    return [(policy.id, policy.name) for policy in await listed(ws) if policy.calendar_id == calendar_id]


async def naming(ws: Workspace, kind: str, ref: str) -> list[tuple[str, str]]:
    """(id, name) of those whose rule or steps name this tag, team or member."""
    found = []
    for policy in await listed(ws):
        named = rules.refers(CATALOGUES[policy.subject], policy.rule, kind) if policy.rule else set()
        if kind == "tag":
            named |= {step.value for step in policy.steps if step.do == "tag" and step.value}
        if ref in named:
            found.append((policy.id, policy.name))
    return found


async def swap_tag(ws: Workspace, old: str, new: str) -> None:
    """Those that name one tag name the other; what they time is timed anew."""
    for policy in await listed(ws):
        rule = rules.swapped(CATALOGUES[policy.subject], policy.rule, "tag", old, new) if policy.rule else policy.rule
        steps = tuple(replace(s, value=new) if s.do == "tag" and s.value == old else s for s in policy.steps)
        if (rule, steps) != (policy.rule, policy.steps):
            await store.save(ws, replace(policy, rule=rule, steps=steps, revision=policy.revision + 1))
            forget(ws)
            await ws.queue.enqueue("retime_sla", ws.id, lane=Lane.BACKGROUND, delay_seconds=RETIME_AFTER_SECONDS)


async def _usable_tags(ws: Workspace) -> set[str]:
    # Tags count conversations, whose clocks are computed by policies.
    from inbox.finding import tags

    return {tag.id for tag in await tags.every(ws) if tag.merges_into is None}


async def checked(ws: Workspace, policy: Policy) -> Policy:
    """As it would be saved. Raises Invalid."""
    if policy.rule is not None:
        rules.validate(CATALOGUES[policy.subject], policy.rule)
    await _calendars().require(ws, policy.calendar_id)
    if not any(target.first or target.next or target.resolve for target in policy.targets.values()):
        raise Invalid.field("targets", "Promise something: a first answer, the next one, or a solution.")
    for at, step in enumerate(policy.steps):
        needs = {"notify": step.to, "assign": step.to, "priority": step.value, "tag": step.value}[step.do]
        if not needs:
            raise Invalid.field(f"steps.{at}", "Say who is told or takes over, or what is set.")
        if step.do == "priority" and step.value not in ("low", "normal", "high", "urgent"):
            raise Invalid.field(f"steps.{at}.value", "There is no such priority.")
        if step.do == "tag" and step.value not in await _usable_tags(ws):
            raise Invalid.field(f"steps.{at}.value", "There is no such tag; it may have been deleted or merged.")
        if step.do in ("notify", "assign") and step.to not in ("assignee", "lead", "manager"):
            member = await members.get_in(ws.runtime.mongo, ws.id, step.to or "")
            if member is None or member.status != "active":
                raise Invalid.field(f"steps.{at}.to", "There is no such colleague (any more).")
        if step.after == "warning" and policy.warn_minutes is None:
            raise Invalid.field(f"steps.{at}.after", "This policy warns of nothing.")
    if len({step.id for step in policy.steps}) != len(policy.steps):
        raise Invalid.field("steps", "Each step has an id of its own.")
    return replace(policy, name=policy.name.strip())
