"""A member's notifications, and what they follow."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.core.clock import iso
from app.core.errors import Conflict, NotFound
from app.core.permissions import Permission
from inbox import access, live, present
from inbox.answering import notifications
from inbox.answering.notifications import Notification
from web.api import cursors
from web.api.endpoint import ApiRequest, Endpoint
from web.api.inbox_shapes import ConversationShape
from web.api.models import Body, Out, Page, Time


class NotificationOut(Out):
    id: str
    kind: notifications.Kind
    conversation_id: str
    contact_name: str
    entry_id: str | None
    by_id: str | None
    by_name: str | None
    text: str
    at: Time
    read_at: Time | None
    ticket_id: str | None
    path: str | None


class Notifications(Out):
    """`unread` counts all of them, up to a hundred."""

    items: list[NotificationOut]
    next_cursor: str | None
    unread: int


class ReadNotifications(Body):
    """Null: all of them."""

    ids: Annotated[list[Annotated[str, Field(max_length=100)]] | None, Field(max_length=200)] = None


class Follow(Body):
    following: bool


async def list_notifications(request: ApiRequest, query: Page) -> Notifications:
    ws, me = request.ws, request.actor.member_id
    before = cursors.read(query.cursor, datetime, str)
    found = await notifications.page(ws, me, before=(before[0], before[1]) if before else None, limit=query.limit + 1)
    shown = found[: query.limit]
    next_cursor = cursors.write(shown[-1].at, shown[-1].id) if len(found) > query.limit else None
    unread = await notifications.waiting(ws, me)
    # What one was told of may have gone where one does not see it.
    seen = await access.visible(ws, request.actor, [row.conversation_id for row in (*shown, *unread)])
    return Notifications(
        items=[_out(row) for row in shown if row.ticket_id or row.path or row.conversation_id in seen],
        next_cursor=next_cursor,
        unread=sum(bool(row.ticket_id or row.path) or row.conversation_id in seen for row in unread),
    )


async def read(request: ApiRequest, body: ReadNotifications) -> None:
    await notifications.read(request.ws, request.actor.member_id, body.ids)


async def seen(request: ApiRequest, conversation_id: str) -> None:
    conversation = await access.conversation(request.ws, request.actor, conversation_id)
    async with live.announced(request.ws, "conversation", conversation.id):
        await notifications.seen(request.ws, request.actor.member_id, conversation)


async def follow(request: ApiRequest, conversation_id: str, body: Follow) -> ConversationShape:
    conversation = await access.conversation(request.ws, request.actor, conversation_id)
    async with live.announced(request.ws, "conversation", conversation.id):
        conversation = await notifications.follow(request.ws, conversation, request.actor.member_id, body.following)
    return (await present.conversations(request.ws, [conversation]))[0]  # type: ignore[return-value]


def _out(row: Notification) -> NotificationOut:
    return NotificationOut(
        id=row.id,
        kind=row.kind,
        conversation_id=row.conversation_id,
        contact_name=row.contact_name,
        entry_id=row.entry_id,
        by_id=row.by_id,
        by_name=row.by_name,
        text=row.text,
        at=iso(row.at) or "",
        read_at=iso(row.read_at),
        ticket_id=row.ticket_id,
        path=row.path,
    )


ENDPOINTS = [
    Endpoint(
        "GET", "/notifications", list_notifications, Permission.INBOX_READ, "One's own notifications, newest first"
    ),
    Endpoint(
        "POST",
        "/notifications/read",
        read,
        Permission.INBOX_READ,
        "Mark one's notifications as read",
        idempotent=False,
    ),
    Endpoint(
        "POST",
        "/conversations/{conversation_id}/seen",
        seen,
        Permission.INBOX_READ,
        "What is news to oneself in this conversation has been seen",
        errors=(NotFound, Conflict),
        idempotent=False,
    ),
    Endpoint(
        "POST",
        "/conversations/{conversation_id}/follow",
        follow,
        Permission.INBOX_READ,
        "Be told, or no longer, of what happens in it",
        errors=(NotFound, Conflict),
        idempotent=False,
    ),
]
