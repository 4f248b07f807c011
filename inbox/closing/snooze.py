"""
Snooze: a conversation that nobody has to look at until a time, or until the customer writes.

It wakes by itself: its time is a work mark on its own row (see duties.py). Whatever wakes it puts it back on top.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from app.core.errors import Conflict, Invalid
from app.core.platform import members as member_rows
from app.core.runtime import Workspace
from inbox import conversations, events, live
from inbox.answering import notifications
from inbox.conversations import Conversation, Hand

LONGEST = timedelta(days=731)


async def snooze(
    ws: Workspace, conversation: Conversation, until: datetime | None, *, by: str | None, hand: Hand | None = None
) -> tuple[Conversation, bool]:
    """
    Until then, or (None) until the customer writes; `by` is a member. Raises Invalid for a time that makes no sense,
    Conflict if it is closed, ChangedMeanwhile.
    """
    now = ws.clock.now()
    if until is not None and not now < until <= now + LONGEST:
        raise Invalid.field("until", "Choose a time in the future, at most two years from now.")
    if until is not None:
        # The database keeps milliseconds; rounded up, so that it never wakes early.
        until = until + timedelta(microseconds=-until.microsecond % 1_000)

    def how(now: Conversation) -> Conversation:
        if now.state == "closed":
            raise Conflict("This conversation is closed; reopen it before snoozing it.", code="conversation_closed")
        if now.state == "snoozed" and now.snoozed_until == until:
            return now
        return replace(
            now,
            state="snoozed",
            snoozed_until=until,
            snooze_by=by,
            woke_at=None,
            unread=0,
            unread_by={},
            read_number=now.last_number,
            idle_at=None,
            warned_at=None,
        )

    return await conversations.change(ws, conversation, conversations.by_hand("state", how, hand))


def is_due(conversation: Conversation, at: datetime) -> bool:
    until = conversation.snoozed_until
    return conversation.state == "snoozed" and until is not None and until <= at


async def wake_due(ws: Workspace, conversation: Conversation) -> Conversation:
    """
    Wakes it if its time has come: back on top, marked, and its assignee is told. It is nobody's any more if that one
    has left.
    """
    at = ws.clock.now()
    if not is_due(conversation, at):
        return conversation
    whose = conversation.assignee_id
    member = await member_rows.get_in(ws.runtime.mongo, ws.id, whose) if whose is not None else None
    left = member is not None and member.status != "active"

    def how(now: Conversation) -> Conversation:
        if not is_due(now, at):
            return now
        return replace(
            conversations.awake(now),
            assignee_id=None if left and now.assignee_id == whose else now.assignee_id,
            woke_at=at,
            unread=max(1, now.unread),
            unread_by={},
            last_activity_at=max(at, now.last_activity_at),
        )

    await notifications.woken(ws, conversation)
    async with live.announced(ws, "conversation", conversation.id):
        conversation, woke = await conversations.change(ws, conversation, how)
        if woke:
            await events.note(
                ws,
                conversation.contact_id,
                key=f"conversation_woken/{conversation.id}/{conversation.revision}",
                event={"name": "conversation_woken", "reason": "time"},
                at=at,
            )
    return conversation
