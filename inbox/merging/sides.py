"""What merging and parting have in common: the two sides of a merge, and what moves between them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from app.core.permissions import Actor, Rights
from app.core.rows import plain
from app.core.runtime import Workspace
from crm import contacts
from crm.merging import Merge
from inbox import conversations, live, timeline
from inbox.conversations import Conversation, Reach
from inbox.store import conversations as store
from inbox.store.entries import inbound_id
from inbox.ticketing import tickets
from inbox.ticketing.tickets import Filter
from inbox.timeline import Author, Entry

Step = Callable[[Workspace, Merge], Awaitable[Merge]]
_PAGE = 200
_MOST_TICKETS = 10_000
# What a merge makes of the survivor's conversation beside joining lists: goes back together or not at all.
STATE = (
    "state",
    "closed_at",
    "opened_at",
    "episode",
    "facts",
    "snoozed_until",
    "snooze_by",
    "woke_at",
    "idle_at",
    "warned_at",
    "unread",
    "unread_by",
    "waiting_since",
    "answered_at",
    "routing",
    "sla",
    "blocked",
    "last_entry",
    "last_activity_at",
)
ALONE = (STATE, ("priority",), ("assignee_id", "last_agent_id"), ("team_id",), ("asked",))
# What follows from the others, and from the time.
COMPUTED = ("facts", "routing", "sla", "last_entry", "last_activity_at")
LISTS = ("tags", "followers", "mentioned", "notified", "awaited_by")
_URGENCY = ("low", "normal", "high", "urgent")


def kept(conversation: Conversation) -> dict[str, Any]:
    """What undoing has to know of a conversation, as plain values."""
    return {name: plain(getattr(conversation, name)) for names in (*ALONE, LISTS) for name in names}


def heard(conversation: Conversation) -> dict[str, int]:
    """By account and address, up to which entry what the customer wrote there was taken in."""
    return {f"{reach.account_id}|{reach.address}": reach.last_number for reach in conversation.reach}


async def own(ws: Workspace, contact_id: str, name: str) -> Conversation:
    """The contact's own conversation, merged or not."""
    known = await store.get(ws, conversations.id_for(contact_id))
    return known or conversations.new_for(ws, contact_id, name=name)


async def append(
    ws: Workspace,
    known: Merge,
    conversation: Conversation,
    what: str,
    event: Mapping[str, Any],
    *,
    at: datetime,
    by: Actor,
) -> Entry:
    entry = Entry(
        id=inbound_id("merge", f"{known.id}/{what}"),
        contact_id=conversation.contact_id,
        conversation_id=conversation.id,
        at=at,
        created_at=ws.clock.now(),
        kind="event",
        author=author(by),
        event=event,
    )
    stored, _ = await timeline.append(ws, entry, after=conversation.last_number)
    return stored


async def stopped(ws: Workspace, contact_id: str) -> Callable[[Reach], Reach]:
    """The change that brings what the person has ended on a way to them up to date."""
    return conversations.stopping(await contacts.addresses_of(ws, contact_id))


async def tickets_of(ws: Workspace, contact_id: str) -> list[tickets.Ticket]:
    found: list[tickets.Ticket] = []
    cursor: str | None = None
    while len(found) < _MOST_TICKETS:
        page, cursor = await tickets.page(ws, Filter(view="all", contact_id=contact_id), cursor=cursor, limit=_PAGE)
        found += page
        if cursor is None:
            break
    return found


async def give_tickets(ws: Workspace, ticket_ids: Sequence[str], contact_id: str) -> None:
    for ticket_id in ticket_ids:
        ticket = await tickets.find(ws, ticket_id)
        if ticket is None or ticket.contact_id == contact_id:
            continue
        given, _ = await tickets.change(ws, ticket, partial(_of_contact, contact_id=contact_id))
        told = {"id": given.id, "contact_id": given.contact_id, "revision": given.revision}
        with live.told_later(ws):
            await live.publish(ws, live.event("ticket", told))


def _of_contact(ticket: tickets.Ticket, *, contact_id: str) -> tickets.Ticket:
    return replace(ticket, contact_id=contact_id)


async def tell(ws: Workspace, known: Merge) -> None:
    """Both contacts and conversations as they are stored, so that open screens follow."""
    found = [await store.get(ws, conversations.id_for(each)) for each in (known.into_id, known.from_id)]
    await live.tell_conversations(ws, *(conversation for conversation in found if conversation))
    await live.publish(
        ws,
        live.event("contact", {"id": known.into_id, "merge_id": known.id}),
        live.event("contact", {"id": known.from_id, "merge_id": known.id}),
    )


def actor_of(known: Merge) -> Actor:
    return Actor(known.by_type, known.by_id, known.by_name, "readonly", Rights(), ip=known.by_ip)


def undoer_of(known: Merge) -> Actor:
    by = known.undone_by or {"type": "system", "id": "system", "name": "Parley", "ip": None}
    return Actor(by["type"], by["id"], by["name"], "readonly", Rights(), ip=by["ip"])


def author(actor: Actor) -> Author:
    return Author("member" if actor.type == "member" else "bot", actor.id, actor.name)
