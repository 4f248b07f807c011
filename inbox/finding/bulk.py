"""
Bulk actions: one thing done to many conversations, or contacts, chosen one by one or by a list and its filters.

Which they are is settled first and kept as steps, so that what is done to them does not change the choice. Each
step keeps what was there before, so it can be undone; undoing leaves alone what has changed since, and says so. A few
are done at once, many by a job that goes on where it was stopped.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from redis.exceptions import RedisError

from app.core import audit, clock, ids, leases, rounds, sign_in
from app.core.audit import Target
from app.core.errors import AppError, Conflict, Forbidden, Invalid, NotFound
from app.core.mongo import DatabaseError
from app.core.permissions import Actor, Permission, Rights
from app.core.platform import bulk as platform
from app.core.platform import members as member_rows
from app.core.queue import Lane
from app.core.runtime import Runtime, Workspace
from inbox import access, conversations, live
from inbox.answering import acts
from inbox.conversations import Conversation
from inbox.finding import listing, reading
from inbox.finding.lists import Wanted
from inbox.finding.people import Wanted as People
from inbox.routing import handover
from inbox.routing.handover import Handover
from inbox.store import bulk as store

MOST = 50_000
# So many are done while the caller waits.
AT_ONCE = 20
EVERY_SECONDS = 5.0
_BATCH = 20
_PAGE = 200
_MOST_REASONS = 20

About = Literal["conversations", "contacts"]
State = Literal["choosing", "running", "done", "cancelled", "undoing", "undone"]
Action = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class By:
    type: Literal["member", "token", "system"]
    id: str
    name: str
    role: str
    member_id: str

    @classmethod
    def of(cls, actor: Actor) -> By:
        return cls(actor.type, actor.id, actor.name, actor.role, actor.member_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """
    `next` is the step to be done next. `done` counts what was changed, `same` what was so already, `reasons` what could
    not be done, by words.
    """

    id: str
    by: By
    action: Action
    about: About = "conversations"
    state: State
    created_at: datetime
    total: int = 0
    next: int = 0
    done: int = 0
    same: int = 0
    failed: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    wanted: Mapping[str, Any] | None = None
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`before` is what was there; `touch` the revision in which this was done to it (None: it was so already)."""

    number: int
    thing_id: str
    before: Mapping[str, Any] | None = None
    touch: int | None = None
    outcome: str | None = None


Outcome = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Subject:
    """
    What things bulk actions are done to: pages of their ids for a stored filter, one step, and taking it back. What a
    step says is `done`, `same` (it was so already) or in words why not; and what is to be noted of it.
    """

    about: About
    page: Callable[[Workspace, Actor, Mapping[str, Any], str | None, int], Awaitable[tuple[list[str], str | None]]]
    forwards: Callable[[Workspace, Bulk, Actor, Step], Awaitable[Outcome]]
    backwards: Callable[[Workspace, Bulk, Actor, Step], Awaitable[Outcome]]


def _subject(now: Bulk) -> Subject:
    # Each subject is made of what this module is about.
    from inbox.finding import bulk_contacts

    if now.about == "contacts":
        return bulk_contacts.CONTACTS
    return Subject("conversations", _page, _forwards, _undone)


# --- what can be done ---------------------------------------------------------------------------------------------

Do = Callable[[Workspace, Actor, Conversation, Action, str], Awaitable[Conversation]]


async def _assign(ws: Workspace, actor: Actor, now: Conversation, action: Action, key: str) -> Conversation:
    return await acts.assign(ws, actor, now, action["member_id"])


async def _team(ws: Workspace, actor: Actor, now: Conversation, action: Action, key: str) -> Conversation:
    if now.team_id == action["team_id"]:
        return now
    wanted = Handover(team_id=action["team_id"], member_id=action.get("member_id"), note="", client_id=key)
    return await handover.hand_over(ws, actor, now, wanted)


async def _tags(ws: Workspace, actor: Actor, now: Conversation, action: Action, key: str) -> Conversation:
    return await acts.tag(ws, actor, now, add=action.get("add", ()), remove=action.get("remove", ()))


async def _priority(ws: Workspace, actor: Actor, now: Conversation, action: Action, key: str) -> Conversation:
    return await acts.prioritise(ws, actor, now, action["priority"])


async def _close(ws: Workspace, actor: Actor, now: Conversation, action: Action, key: str) -> Conversation:
    return await acts.close(ws, actor, now, reason_id=action.get("reason_id"))


async def _reopen(ws: Workspace, actor: Actor, now: Conversation, action: Action, key: str) -> Conversation:
    return await acts.reopen(ws, actor, now, undo=bool(action.get("undo")))


async def _snooze(ws: Workspace, actor: Actor, now: Conversation, action: Action, key: str) -> Conversation:
    until = action.get("until")
    return await acts.snooze(ws, actor, now, datetime.fromisoformat(until) if until else None)


async def _read(ws: Workspace, actor: Actor, now: Conversation, action: Action, key: str) -> Conversation:
    return (await acts.mark_read(ws, actor, now))[0]


async def _unread(ws: Workspace, actor: Actor, now: Conversation, action: Action, key: str) -> Conversation:
    return await acts.mark_unread(ws, actor, now)


ACTIONS: Mapping[str, Do] = {
    "assign": _assign,
    "team": _team,
    "tags": _tags,
    "priority": _priority,
    "close": _close,
    "reopen": _reopen,
    "snooze": _snooze,
    "read": _read,
    "unread": _unread,
}


def _kept(now: Conversation, by: By) -> dict[str, Any]:
    """What of a conversation a bulk action may change, to be put back; whether it is unread is the actor's own."""
    return {
        "assignee_id": now.assignee_id,
        "team_id": now.team_id,
        "tags": list(now.tags),
        "priority": now.priority,
        "state": now.state,
        "snoozed_until": clock.iso(now.snoozed_until),
        "unread": reading.unread_by(now, by.member_id) > 0,
    }


def _marks(now: Conversation) -> dict[str, Any]:
    """What closing or snoozing takes away beside: who has not read it, and since when the customer waits."""
    return {
        "unread_count": now.unread,
        "unread_by": dict(now.unread_by),
        "waiting_since": clock.iso(now.waiting_since),
    }


# Which part of a conversation each action is about, as far as it can be undone.
_ABOUT = {
    "assign": ("assignee_id",),
    "team": ("team_id", "assignee_id"),
    "priority": ("priority",),
    "close": ("state",),
    "reopen": ("state",),
    "snooze": ("state", "snoozed_until"),
    "read": ("unread",),
    "unread": ("unread",),
}


def _backwards(action: Action, before: Mapping[str, Any]) -> Action:
    """The action that puts back what was there."""
    match action["type"]:
        case "assign":
            return {"type": "assign", "member_id": before["assignee_id"]}
        case "team":
            return {"type": "team", "team_id": before["team_id"], "member_id": before["assignee_id"]}
        case "tags":
            added = [tag for tag in action.get("add", ()) if tag not in before["tags"]]
            removed = [tag for tag in action.get("remove", ()) if tag in before["tags"]]
            return {"type": "tags", "add": removed, "remove": added}
        case "priority":
            return {"type": "priority", "priority": before["priority"]}
        case "read" | "unread":
            return {"type": "unread" if before["unread"] else "read"}
    match before["state"]:
        case "closed":
            return {"type": "close"}
        case "snoozed":
            return {"type": "snooze", "until": before["snoozed_until"]}
        case _:
            return {"type": "reopen", "undo": True}


# --- beginning, following, ending ---------------------------------------------------------------------------------


async def begin(
    ws: Workspace,
    actor: Actor,
    action: Action,
    *,
    thing_ids: Sequence[str] = (),
    wanted: Wanted | People | None = None,
    about: About = "conversations",
) -> Bulk:
    """A few are done when this returns; of many, and of all of a list, it is told as it goes on. Raises Invalid."""
    if action["type"] == "assign" and action["member_id"] is not None:
        await acts.colleague(ws, action["member_id"], field="action.member_id")
    ids_once = list(dict.fromkeys(thing_ids))
    if wanted is None and not ids_once:
        raise Invalid.field("ids", f"Choose at least one of the {about}, or a filter.")
    chosen = asdict(wanted) if wanted is not None else None
    made = Bulk(
        id=ids.new("blk"),
        by=By.of(actor),
        action=dict(action),
        about=about,
        state="choosing" if wanted is not None else "running",
        created_at=ws.clock.now(),
        total=len(ids_once),
        wanted=chosen,
    )
    await store.add_steps(ws, made.id, 0, ids_once)
    await store.insert(ws, made)
    await audit.record(ws, actor, "bulk.begun", _target(made), {"action": dict(action), "filter": _shown(chosen)})
    if wanted is None and len(ids_once) <= AT_ONCE:
        await run_one(ws, made.id)
    else:
        await ws.queue.enqueue("run_bulk", ws.id, made.id, lane=Lane.BACKGROUND)
    return await get(ws, made.id)


def _target(found: Bulk) -> Target:
    return Target(found.about, found.id, f"{found.total} chosen" if found.wanted is None else "a filtered list")


def _shown(chosen: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if chosen is None:
        return None
    return {name: str(value) if isinstance(value, datetime) else value for name, value in chosen.items() if value}


async def get(ws: Workspace, bulk_id: str) -> Bulk:
    """Raises NotFound."""
    found = await store.get(ws, bulk_id)
    if found is None:
        raise NotFound("There is no such action.")
    return found


async def own(ws: Workspace, actor: Actor, bulk_id: str) -> Bulk:
    """
    One's own, or that of somebody whose inbox one manages: it goes on in the name of who began it. Raises NotFound,
    Forbidden.
    """
    found = await get(ws, bulk_id)
    if found.by.member_id != actor.member_id and not actor.may(Permission.INBOX_MANAGE):
        raise Forbidden(f"{found.by.name} began this; only they, or who manages the inbox, may stop it or undo it.")
    return found


async def cancel(ws: Workspace, actor: Actor, bulk_id: str) -> Bulk:
    """What was done stays done, and can be undone. Raises NotFound, Forbidden, Conflict."""
    found = await own(ws, actor, bulk_id)
    if not await store.turn(ws, bulk_id, ("choosing", "running"), "cancelled", pending=False):
        raise Conflict("This is over already.", code="over")
    await audit.record(ws, actor, "bulk.cancelled", _target(found), {"action": dict(found.action)})
    return await _tell(ws, bulk_id)


async def undo(ws: Workspace, actor: Actor, bulk_id: str) -> Bulk:
    """Raises NotFound, Forbidden, Conflict."""
    found = await own(ws, actor, bulk_id)
    if not await store.turn(ws, bulk_id, ("done", "cancelled"), "undoing", pending=True):
        raise Conflict("Only what is over can be undone, and only once.", code="not_over")
    await audit.record(ws, actor, "bulk.undone", _target(found), {"action": dict(found.action)})
    if found.total <= AT_ONCE:
        await run_one(ws, bulk_id)
    else:
        await ws.queue.enqueue("run_bulk", ws.id, bulk_id, lane=Lane.BACKGROUND)
    return await get(ws, bulk_id)


async def _tell(ws: Workspace, bulk_id: str) -> Bulk:
    found = await get(ws, bulk_id)
    told = {
        "id": found.id,
        "by": found.by.id,
        "about": found.about,
        "state": found.state,
        "total": found.total,
        "done": found.done,
        "same": found.same,
        "failed": found.failed,
        "reasons": dict(found.reasons),
    }
    await live.publish(ws, live.event("bulk", told))
    return found


# --- doing --------------------------------------------------------------------------------------------------------


async def run(runtime: Runtime) -> None:
    """Puts back to work what a crash has left, until cancelled."""
    while True:
        await rounds.rest(EVERY_SECONDS)
        with suppress(DatabaseError, RedisError, OSError, TimeoutError):
            for workspace_id, bulk_id in await platform.pending(runtime):
                await runtime.queue.enqueue(
                    "run_bulk", workspace_id, bulk_id, lane=Lane.BACKGROUND, job_id=f"bulk:{bulk_id}"
                )


async def run_one(ws: Workspace, bulk_id: str) -> None:
    """Until it is over or cancelled. One process at a time; another goes on where this one was stopped."""
    async with leases.hold(ws.redis, f"bulk:{bulk_id}") as lease:
        if lease is None:
            return
        while not lease.lost:
            now = await get(ws, bulk_id)
            match now.state:
                case "choosing":
                    await _choose(ws, now)
                case "running":
                    over = await _batch(ws, now, _subject(now).forwards)
                    if over:
                        await store.turn(ws, bulk_id, ("running",), "done", pending=False)
                case "undoing":
                    over = await _batch(ws, now, _subject(now).backwards)
                    if over:
                        await store.turn(ws, bulk_id, ("undoing",), "undone", pending=False)
                case _:
                    return
            await _tell(ws, bulk_id)


async def _choose(ws: Workspace, now: Bulk) -> None:
    """A page of the list becomes steps."""
    actor = await _actor(ws, now.by)
    page, cursor = await _subject(now).page(ws, actor, now.wanted or {}, now.cursor, _PAGE)
    await store.add_steps(ws, now.id, now.total, page)
    total = now.total + len(page)
    over = cursor is None or total >= MOST
    await store.change(ws, now.id, total=total, cursor=cursor)
    if over:
        await store.turn(ws, now.id, ("choosing",), "running", pending=True)


async def _batch(ws: Workspace, now: Bulk, each: Callable[[Workspace, Bulk, Actor, Step], Awaitable[Outcome]]) -> bool:
    """The next steps; True when there are none left."""
    steps = await store.steps(ws, now.id, now.next, _BATCH)
    if not steps:
        return True
    actor = await _actor(ws, now.by)
    noted: dict[int, Mapping[str, Any]] = {}
    done, same, reasons = now.done, now.same, dict(now.reasons)
    for step in steps:
        try:
            outcome, change = await each(ws, now, actor, step)
        except AppError as refused:
            outcome, change = refused.detail, {}
        noted[step.number] = {"outcome": outcome, **change}
        if outcome == "done":
            done += 1
        elif outcome == "same":
            same += 1
        elif outcome in reasons or len(reasons) < _MOST_REASONS:
            reasons[outcome] = reasons.get(outcome, 0) + 1
    await store.note(ws, now.id, noted)
    at = now.next + len(steps)
    failed = at - done - same
    # What was stopped meanwhile is as far as this; what is being undone by now has begun anew.
    states = ("running", "cancelled") if now.state == "running" else ("undoing",)
    await store.progress(ws, now.id, states, next=at, done=done, same=same, failed=failed, reasons=reasons)
    return at >= now.total


async def _actor(ws: Workspace, by: By) -> Actor:
    """Who began it, with the rights that they have by now."""
    member = await member_rows.get_in(ws.runtime.mongo, ws.id, by.member_id)
    if member is None or member.status != "active":
        return Actor(by.type, by.id, by.name, by.role, Rights(), by.member_id)
    return replace(await sign_in.actor_of(ws.runtime, member), type=by.type, id=by.id, name=by.name)


async def _page(
    ws: Workspace, actor: Actor, wanted: Mapping[str, Any], cursor: str | None, limit: int
) -> tuple[list[str], str | None]:
    given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in wanted.items()}
    sight = await access.sight(ws, actor)
    page, following = await listing.page(ws, Wanted(**given), sight=sight, cursor=cursor, limit=limit)
    return [each.id for each in page], following


async def _forwards(ws: Workspace, now: Bulk, actor: Actor, step: Step) -> Outcome:
    conversation = await access.conversation(ws, actor, step.thing_id, access.REPLY)
    before = step.before or {**_kept(conversation, now.by), **_marks(conversation)}
    if step.before is None:
        # First, so that a crash in between does not take what is there after it for what was there before.
        await store.note(ws, now.id, {step.number: {"before": before}})
    key = f"{now.id}/{step.number}"
    after = await ACTIONS[now.action["type"]](ws, actor, conversation, now.action, key)
    kept = _kept(after, now.by)
    changed = any(before[name] != value for name, value in kept.items())
    return ("done" if changed else "same"), {"after": kept, "touch": after.revision if changed else None}


async def _undone(ws: Workspace, now: Bulk, actor: Actor, step: Step) -> Outcome:
    if step.before is None or step.touch is None:
        return "same", {}
    conversation = await access.conversation(ws, actor, step.thing_id, access.REPLY)
    about = _ABOUT.get(now.action["type"], ())
    wanted = _wanted_after(now.action, step.before)
    current = _kept(conversation, now.by)
    if about and all(current[name] == step.before[name] for name in about):
        # Put back just before a process died.
        await _mark_again(ws, now.action, conversation, step.before)
        return "done", {}
    if any(current[name] != wanted.get(name, current[name]) for name in about):
        last = max(conversation.touched.values(), key=lambda touch: touch.revision, default=None)
        who = f" by {last.name}" if last and last.revision > step.touch and last.by != now.by.id else ""
        return f"Changed since{who}; left as it is.", {}
    backwards = _backwards(now.action, step.before)
    after = await ACTIONS[backwards["type"]](ws, actor, conversation, backwards, f"{now.id}/{step.number}/undo")
    await _mark_again(ws, now.action, after, step.before)
    return "done", {}


async def _mark_again(ws: Workspace, action: Action, conversation: Conversation, before: Mapping[str, Any]) -> None:
    """Unread and waiting again, where closing or snoozing has ended that and the customer has not written since."""
    if action["type"] not in ("close", "snooze") or "unread_count" not in before:
        return
    waited = datetime.fromisoformat(before["waiting_since"]) if before["waiting_since"] else None

    def how(current: Conversation) -> Conversation:
        if current.state == "closed" or current.unread or current.unread_by:
            return current
        return replace(
            current,
            unread=before["unread_count"],
            unread_by=before["unread_by"],
            waiting_since=current.waiting_since or waited,
        )

    async with live.announced(ws, "conversation", conversation.id):
        saved, changed = await conversations.change(ws, conversation, how)
        if changed:
            await live.tell_conversations(ws, saved)


def _wanted_after(action: Action, before: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an action made of the part that it is about."""
    match action["type"]:
        case "assign":
            return {"assignee_id": action["member_id"]}
        case "team":
            return {"team_id": action["team_id"], "assignee_id": action.get("member_id")}
        case "priority":
            return {"priority": action["priority"]}
        case "close":
            return {"state": "closed"}
        case "reopen":
            return {"state": "open"}
        case "snooze":
            return {"state": "snoozed"}
        case "read":
            return {"unread": False}
        case _:
            return {"unread": True}
