"""
What somebody does to a conversation: changed, noted in the audit trail and on the timeline, and told to every screen.

Each gives back the conversation as it is afterwards, and does nothing where it is so already. The API, macros and bulk
actions all do it here, so that it is the same whoever asks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from app.core import audit, roles
from app.core.audit import Target
from app.core.clock import iso
from app.core.errors import Conflict, Invalid
from app.core.permissions import Actor, Permission
from app.core.platform import members as member_rows
from app.core.platform.members import Member
from app.core.queue import Lane
from app.core.runtime import Workspace
from inbox import conversations, events, live, story
from inbox.answering import notifications
from inbox.closing import closing
from inbox.closing import snooze as sleep
from inbox.conversations import Conversation, Priority
from inbox.finding import reading, tags
from inbox.timeline import Author


def author(actor: Actor) -> Author:
    """How entries name whoever did it."""
    return Author("member" if actor.type == "member" else "bot", actor.id, actor.name)


async def colleague(ws: Workspace, member_id: str, *, field: str = "member_id") -> Member:
    """Somebody to whom a conversation can be given. Raises Invalid."""
    member = await member_rows.get_in(ws.runtime.mongo, ws.id, member_id)
    if member is None or member.status != "active":
        raise Invalid.field(field, "There is no such colleague.")
    if all(each.id != member.id for each in await roles.holding(ws, Permission.INBOX_REPLY)):
        raise Invalid.field(field, f"{member.name} may not answer customers; choose somebody who may.")
    return member


async def assign(
    ws: Workspace, actor: Actor, conversation: Conversation, member_id: str | None, *, seen: int | None = None
) -> Conversation:
    """To a member or nobody. Raises Invalid, ChangedMeanwhile."""
    name = (await colleague(ws, member_id)).name if member_id is not None else None
    async with live.announced(ws, "conversation", conversation.id):
        hand = conversations.hand(ws, actor, seen)
        saved, changed = await conversations.assign(ws, conversation, member_id, hand=hand)
        if changed:
            await notifications.assigned(ws, saved, author(actor))
            await _note(ws, actor, saved, "conversation_assigned", {"member_id": member_id, "member_name": name})
    return await conversations.get(ws, conversation.id)


async def tag(
    ws: Workspace, actor: Actor, conversation: Conversation, *, add: Sequence[str] = (), remove: Sequence[str] = ()
) -> Conversation:
    """Raises Invalid: no such tag, or too many."""
    found = await tags.every(ws)
    known = {each.id: each.name for each in found}
    usable = {each.id for each in found if each.merges_into is None}
    if unknown := next((each for each in add if each not in usable), None):
        raise Invalid.field("add", f"There is no tag {unknown!r}; it may have been deleted or merged into another.")
    async with live.announced(ws, "conversation", conversation.id):
        hand = conversations.hand(ws, actor)
        saved, changed = await conversations.set_tags(ws, conversation, add=add, remove=remove, hand=hand)
        if changed:
            added = [known[each] for each in saved.tags if each not in conversation.tags and each in known]
            removed = [known.get(each, each) for each in conversation.tags if each not in saved.tags]
            await _note(ws, actor, saved, "conversation_tagged", {"added": added, "removed": removed})
    return await conversations.get(ws, conversation.id)


async def prioritise(
    ws: Workspace, actor: Actor, conversation: Conversation, priority: Priority, *, seen: int | None = None
) -> Conversation:
    """Raises ChangedMeanwhile."""
    async with live.announced(ws, "conversation", conversation.id):
        hand = conversations.hand(ws, actor, seen)
        saved, changed = await conversations.prioritise(ws, conversation, priority, hand=hand)
        if changed:
            detail = {"priority": priority, "was": conversation.priority}
            await _note(ws, actor, saved, "conversation_prioritised", detail)
    return await conversations.get(ws, conversation.id)


async def close(
    ws: Workspace,
    actor: Actor,
    conversation: Conversation,
    *,
    reason_id: str | None = None,
    comment: str = "",
    seen: int | None = None,
) -> Conversation:
    """Raises Invalid (no such reason, or one is needed), ChangedMeanwhile."""
    comment = comment.strip()
    async with live.announced(ws, "conversation", conversation.id):
        hand = conversations.hand(ws, actor, seen)
        saved, changed, reason = await closing.close(
            ws, conversation, by=actor.member_id, reason_id=reason_id, comment=comment, hand=hand
        )
        if changed:
            said = {"reason": reason, "comment": comment}
            detail = {name: value for name, value in said.items() if value}
            await _note(ws, actor, saved, "conversation_closed", detail, at=saved.closed_at)
    return await conversations.get(ws, conversation.id)


async def reopen(
    ws: Workspace, actor: Actor, conversation: Conversation, *, undo: bool = False, seen: int | None = None
) -> Conversation:
    """Also wakes one that sleeps. Raises ChangedMeanwhile, Conflict (the contact is blocked)."""
    if conversation.blocked:
        raise Conflict("This contact is blocked; unblock them to open the conversation.", code="contact_blocked")
    name = "conversation_woken" if conversation.state == "snoozed" else "conversation_reopened"
    async with live.announced(ws, "conversation", conversation.id):
        hand = conversations.hand(ws, actor, seen)
        saved, changed = await conversations.reopen(ws, conversation, undo=undo, hand=hand)
        if changed:
            reopened_at = saved.opened_at if saved.episode > conversation.episode else None
            resumed = conversation.state == "closed" and saved.episode == conversation.episode
            await _note(ws, actor, saved, "conversation_resumed" if resumed else name, {}, at=reopened_at)
    return await conversations.get(ws, conversation.id)


async def snooze(
    ws: Workspace, actor: Actor, conversation: Conversation, until: datetime | None, *, seen: int | None = None
) -> Conversation:
    """Until then, or (None) until the customer writes. Raises Invalid, Conflict."""
    async with live.announced(ws, "conversation", conversation.id):
        hand = conversations.hand(ws, actor, seen)
        saved, changed = await sleep.snooze(ws, conversation, until, by=actor.member_id, hand=hand)
        if changed:
            await _note(ws, actor, saved, "conversation_snoozed", {"until": iso(saved.snoozed_until)})
    return await conversations.get(ws, conversation.id)


async def translate(ws: Workspace, actor: Actor, conversation: Conversation, into: str | None) -> Conversation:
    """Into which language what the customer writes here is translated as it comes (None: not any more)."""
    async with live.announced(ws, "conversation", conversation.id):
        saved, changed = await conversations.change(
            ws, conversation, lambda now: now if now.translate_into == into else replace(now, translate_into=into)
        )
        if into is not None:
            # Also where it was so already: what failed before may go now.
            await ws.queue.enqueue("catch_up_translations", ws.id, saved.id, lane=Lane.BACKGROUND)
        if changed:
            await _note(ws, actor, saved, "conversation_translated", {"into": into})
    return await conversations.get(ws, conversation.id)


async def mark_read(
    ws: Workspace, actor: Actor, conversation: Conversation, up_to: int | None = None
) -> tuple[Conversation, bool]:
    """For the actor alone, up to an entry's number (None: all of it); and whether anything changed."""
    return await _read(
        ws, conversation, lambda now: reading.seen(now, actor.member_id, now.last_number if up_to is None else up_to)
    )


async def mark_unread(
    ws: Workspace, actor: Actor, conversation: Conversation, since: float | None = None
) -> Conversation:
    """For the actor alone: what the customer wrote from an entry's number on; without one, the newest message."""
    number = 1
    if since is not None:
        newer = await story.entries_from(ws, conversation.contact_id, since, limit=reading.MOST_COUNTED)
        number = max(1, sum((e.kind, e.direction) == ("message", "in") for e in newer))

    def how(now: Conversation) -> Conversation:
        unread = reading.unread_by(now, actor.member_id)
        return now if since is None and unread else reading.marked(now, actor.member_id, number)

    return (await _read(ws, conversation, how))[0]


async def _read(ws: Workspace, conversation: Conversation, how: conversations.How) -> tuple[Conversation, bool]:
    if how(conversation) is conversation:
        return conversation, False
    async with live.announced(ws, "conversation", conversation.id):
        saved, changed = await conversations.change(ws, conversation, how)
        if changed:
            await live.tell_conversations(ws, saved)
    return saved, changed


async def _note(
    ws: Workspace,
    actor: Actor,
    saved: Conversation,
    name: str,
    detail: Mapping[str, object],
    *,
    at: datetime | None = None,
) -> None:
    """In the audit trail, on the timeline, and told to every screen; the last may fail, and is then done again."""
    target = Target("conversation", saved.id, saved.contact_name)
    await audit.record(ws, actor, name.replace("_", "."), target, detail)
    await events.note(
        ws,
        saved.contact_id,
        key=f"{name}/{saved.id}/{saved.revision}",
        event={"name": name, **detail},
        at=at or ws.clock.now(),
        author=author(actor),
    )
