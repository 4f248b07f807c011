"""
Notifications: what a member should know of and was not told by their own list: a mention, an assignment, activity in a
conversation that they follow.

Each is a durable row, written before the change that it tells of, under an id that derives from the same; done twice it
is there once. Activity in one conversation makes one row until the member has looked.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from redis.exceptions import RedisError

from app.core import ids
from app.core.runtime import Workspace
from inbox import conversations, live
from inbox.answering import following, push
from inbox.answering.push import Push
from inbox.conversations import Conversation
from inbox.store import notifications as store
from inbox.timeline import Author, Entry

Kind = Literal["mention", "assigned", "activity", "woken", "unhappy", "deferred", "attention"]
KEPT = timedelta(days=60)
# The badge says no more than this.
MOST_COUNTED = 100
_TEXT_CHARS = 200
# History that a provider hands over later wakes nobody.
_STILL_NEWS = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """`by` is who caused it; `text` what they wrote, shortened."""

    id: str
    member_id: str
    kind: Kind
    conversation_id: str
    contact_name: str
    entry_id: str | None = None
    by_id: str | None = None
    by_name: str | None = None
    text: str = ""
    at: datetime
    read_at: datetime | None = None
    # What it is about, if that is a ticket.
    ticket_id: str | None = None
    # Where in the app it leads, if it is about neither a conversation nor a ticket.
    path: str | None = None


async def of_entry(ws: Workspace, conversation: Conversation, entry: Entry, text: str) -> None:
    """
    Rows for those whom a new entry mentions, or to whom it is news; called before the conversation takes it in.

    Costs nothing where it concerns nobody, as with most of what customers write.
    """
    rows = [_of_entry(ws, conversation, entry, text, m, "mention") for m in following.members_in(entry)]
    rows += [_of_entry(ws, conversation, entry, text, m, "activity") for m in following.news_for(conversation, entry)]
    if rows:
        await _keep(ws, rows)
    await _push_to_assignee(ws, conversation, entry, text)


async def _push_to_assignee(ws: Workspace, conversation: Conversation, entry: Entry, text: str) -> None:
    """What a customer writes stands in their list; it is no row of the bell, but their phone may tell them."""
    member_id = conversation.assignee_id
    late = ws.clock.now() - entry.at > _STILL_NEWS
    if member_id is None or entry.kind != "message" or entry.direction != "in" or late:
        return
    news = Push(
        id=push.id_of(member_id, entry.id),
        member_id=member_id,
        kind="message",
        conversation_id=conversation.id,
        contact_name=conversation.contact_name,
        by_name=None,
        text=text[:_TEXT_CHARS],
        at=ws.clock.now(),
    )
    await push.start(ws, await push.plan(ws, [news]))


def _of_entry(
    ws: Workspace, conversation: Conversation, entry: Entry, text: str, member_id: str, kind: Kind
) -> Notification:
    return Notification(
        id=ids.derived("ntf", member_id, entry.id, kind),
        member_id=member_id,
        kind=kind,
        conversation_id=conversation.id,
        contact_name=conversation.contact_name,
        entry_id=entry.id,
        by_id=entry.author.id,
        by_name=entry.author.name,
        text=text[:_TEXT_CHARS],
        at=ws.clock.now(),
    )


async def assigned(ws: Workspace, conversation: Conversation, by: Author) -> None:
    """The conversation was given to somebody: told to them, unless they took it themselves."""
    member_id = conversation.assignee_id
    if member_id is None or member_id == by.id:
        return
    row = Notification(
        id=ids.derived("ntf", member_id, conversation.id, str(conversation.revision), "assigned"),
        member_id=member_id,
        kind="assigned",
        conversation_id=conversation.id,
        contact_name=conversation.contact_name,
        by_id=by.id,
        by_name=by.name,
        text=conversation.last_entry.text[:_TEXT_CHARS] if conversation.last_entry else "",
        at=ws.clock.now(),
    )
    await _keep(ws, [row])
    await conversations.change(ws, conversation, lambda now: following.told(now, member_id))


async def deferred(
    ws: Workspace, conversation_id: str, member_id: str, *, key: str, contact_name: str, text: str
) -> None:
    """A message for later of theirs waits for a decision, or did not go."""
    row = Notification(
        id=ids.derived("ntf", member_id, key, "deferred"),
        member_id=member_id,
        kind="deferred",
        conversation_id=conversation_id,
        contact_name=contact_name,
        text=text[:_TEXT_CHARS],
        at=ws.clock.now(),
    )
    await _keep(ws, [row])


async def woken(ws: Workspace, conversation: Conversation) -> None:
    """A snoozed conversation is back: told to its assignee, else to who put it aside."""
    member_id = conversation.assignee_id or conversation.snooze_by
    if member_id is not None and conversation.snoozed_until is not None:
        key = conversation.snoozed_until.isoformat()
        await _by_itself(ws, conversation, member_id, "woken", key, "Back from snooze")


async def unhappy(ws: Workspace, conversation: Conversation, member_id: str, key: str, text: str) -> None:
    """A customer of theirs gave a low score."""
    await _by_itself(ws, conversation, member_id, "unhappy", key, text)


async def _by_itself(
    ws: Workspace, conversation: Conversation, member_id: str, kind: Kind, key: str, text: str
) -> None:
    row = Notification(
        id=ids.derived("ntf", member_id, conversation.id, key, kind),
        member_id=member_id,
        kind=kind,
        conversation_id=conversation.id,
        contact_name=conversation.contact_name,
        text=text,
        at=ws.clock.now(),
    )
    await _keep(ws, [row])


async def attention(
    ws: Workspace,
    member_ids: Sequence[str],
    *,
    key: str,
    conversation_id: str,
    contact_name: str,
    text: str,
    ticket_id: str | None = None,
) -> None:
    """Something is late, or about to be, and these should look at it; once for each `key` and member."""
    rows = [
        Notification(
            id=ids.derived("ntf", member_id, key, "attention"),
            member_id=member_id,
            kind="attention",
            conversation_id=conversation_id,
            contact_name=contact_name,
            text=text,
            at=ws.clock.now(),
            ticket_id=ticket_id,
        )
        for member_id in dict.fromkeys(member_ids)
    ]
    if rows:
        await _keep(ws, rows)


async def duty(ws: Workspace, member_ids: Sequence[str], *, key: str, title: str, text: str, path: str) -> None:
    """Something of the business's own that these have to look at, such as a template; once for each `key`."""
    rows = [
        Notification(
            id=ids.derived("ntf", member_id, key, "duty"),
            member_id=member_id,
            kind="attention",
            conversation_id="",
            contact_name=title,
            text=text[:_TEXT_CHARS],
            at=ws.clock.now(),
            path=path,
        )
        for member_id in dict.fromkeys(member_ids)
    ]
    if rows:
        await _keep(ws, rows)


async def _keep(ws: Workspace, rows: Sequence[Notification]) -> None:
    planned = await push.plan(ws, [_pushed(row) for row in rows])
    await store.insert_new(ws, rows, expires_at=ws.clock.now() + KEPT)
    await push.start(ws, planned)
    try:
        await live.publish(ws, *(live.event("bell", _told(row)) for row in rows))
    except RedisError:
        # The row is stored; the bell shows it when it is next looked at.
        ws.log.warning("notification_not_told")


def _pushed(row: Notification) -> Push:
    return Push(
        id=push.id_of(row.id),
        member_id=row.member_id,
        kind=row.kind,
        conversation_id=row.conversation_id,
        contact_name=row.contact_name,
        by_name=row.by_name,
        text=row.text,
        at=row.at,
        ticket_id=row.ticket_id,
        path=row.path,
        notification_id=row.id,
    )


def _told(row: Notification) -> dict[str, str | None]:
    return {
        "member_id": row.member_id,
        "id": row.id,
        "kind": row.kind,
        "conversation_id": row.conversation_id,
        "contact_name": row.contact_name,
        "by_name": row.by_name,
        "text": row.text,
        "ticket_id": row.ticket_id,
        "path": row.path,
    }


async def page(ws: Workspace, member_id: str, *, before: tuple[datetime, str] | None, limit: int) -> list[Notification]:
    """The member's, the newest first, or the newest before (time, id)."""
    return await store.page(ws, member_id, before=before, limit=limit)


async def waiting(ws: Workspace, member_id: str) -> list[Notification]:
    """The unread ones, at most MOST_COUNTED, in no particular order."""
    return await store.unread(ws, member_id, limit=MOST_COUNTED)


async def read(ws: Workspace, member_id: str, ids: Sequence[str] | None = None) -> None:
    """The member has read these, or (None) all of them."""
    waiting = await store.unread(ws, member_id, limit=1_000)
    rows = waiting if ids is None else [row for row in waiting if row.id in set(ids)]
    if not rows:
        return
    await store.mark_read(ws, [row.id for row in rows], ws.clock.now())
    left = {row.conversation_id for row in waiting if row not in rows}
    done = {row.conversation_id for row in rows} - left
    await asyncio.gather(*(_looked(ws, member_id, conversation_id) for conversation_id in done if conversation_id))
    await live.publish(ws, live.event("bell", {"member_id": member_id}))


async def seen(ws: Workspace, member_id: str, conversation: Conversation) -> None:
    """The member has looked at the conversation: nothing in it is news any more."""
    rows = [row for row in await store.unread(ws, member_id, limit=1_000) if row.conversation_id == conversation.id]
    if rows:
        await store.mark_read(ws, [row.id for row in rows], ws.clock.now())
    await _looked(ws, member_id, conversation.id)
    if rows:
        await live.publish(ws, live.event("bell", {"member_id": member_id}))


async def _looked(ws: Workspace, member_id: str, conversation_id: str) -> None:
    conversation = await conversations.get(ws, conversation_id)
    saved, changed = await conversations.change(ws, conversation, lambda now: following.seen(now, member_id))
    if changed:
        await live.tell_conversations(ws, saved)


async def follow(ws: Workspace, conversation: Conversation, member_id: str, on: bool) -> Conversation:
    saved, changed = await conversations.change(ws, conversation, lambda now: following.followed(now, member_id, on))
    if changed:
        await live.tell_conversations(ws, saved)
    return saved
