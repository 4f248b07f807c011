"""How tickets look from outside: the same values in the API, on screens and for programs."""

import asyncio
from collections.abc import Mapping, Sequence

from typing_extensions import TypedDict

from app.core.clock import iso
from app.core.runtime import Workspace
from crm.contacts import hue
from crm.store import contacts as contact_store
from inbox import present
from inbox.store import tickets as store
from inbox.ticketing.ticket_forms import Priority
from inbox.ticketing.tickets import FLOW, Status, Ticket, Type
from web.api.inbox_shapes import ContactSummaryShape, SlaShape
from web.api.models import Time


class TicketCheckShape(TypedDict):
    id: str
    text: str
    done: bool


class TicketRow(TypedDict):
    id: str
    number: int
    title: str
    type: Type
    category_id: str | None
    priority: Priority
    status: Status
    owner_id: str | None
    team_id: str | None
    tags: list[str]
    contact: ContactSummaryShape
    created_at: Time
    updated_at: Time
    flagged_at: Time | None
    sla: SlaShape | None
    # Whether the reader was told to look at it and has not changed it since.
    needs_me: bool
    revision: int


class TicketRefShape(TypedDict):
    id: str
    number: int
    title: str
    status: Status


class TicketStandShape(TypedDict):
    status: Status
    at: Time


class TicketShape(TicketRow):
    description: str
    fields: dict[str, str | float | bool | None]
    checklist: list[TicketCheckShape]
    conversation_ids: list[str]
    entry_ids: list[str]
    parent: TicketRefShape | None
    children: list[TicketRefShape]
    related: list[TicketRefShape]
    merged_into: TicketRefShape | None
    merged: list[TicketRefShape]
    stands: list[TicketStandShape]
    # The statuses that may follow.
    next_statuses: list[Status]
    flag_at: Time | None


class TicketPage(TypedDict):
    items: list[TicketRow]
    next_cursor: str | None


async def rows(ws: Workspace, tickets: Sequence[Ticket], member_id: str) -> list[TicketRow]:
    """For lists: all contacts are read in one command."""
    ids = list(dict.fromkeys(ticket.contact_id for ticket in tickets))
    contacts = await asyncio.gather(*(contact_store.contact(ws, contact_id) for contact_id in ids))
    names = {contact.id: contact.name for contact in contacts if contact is not None}
    return [_row(ticket, names, member_id) for ticket in tickets]


def _row(ticket: Ticket, names: Mapping[str, str], member_id: str) -> TicketRow:
    return {
        "id": ticket.id,
        "number": ticket.number,
        "title": ticket.title,
        "type": ticket.type,
        "category_id": ticket.category_id,
        "priority": ticket.priority,
        "status": ticket.status,
        "owner_id": ticket.owner_id,
        "team_id": ticket.team_id,
        "tags": list(ticket.tags),
        "contact": {
            "id": ticket.contact_id,
            "name": names.get(ticket.contact_id, "Unknown"),
            "avatar_hue": hue(ticket.contact_id),
            "avatar_file_id": None,
        },
        "created_at": iso(ticket.created_at) or "",
        "updated_at": iso(ticket.updated_at) or "",
        "flagged_at": iso(ticket.flagged_at),
        "sla": present.sla(ticket.sla),  # type: ignore[typeddict-item]
        "needs_me": member_id in ticket.attention,
        "revision": ticket.revision,
    }


async def full(ws: Workspace, ticket: Ticket, member_id: str) -> TicketShape:
    (row,) = await rows(ws, [ticket], member_id)
    named = [ticket.parent_id, ticket.merged_into, *ticket.related_ids, *ticket.merged_ids]
    others = {other.id: other for other in await store.get_many(ws, [each for each in named if each])}

    def refs(*ticket_ids: str | None) -> list[TicketRefShape]:
        return [_ref(others[each]) for each in ticket_ids if each in others]

    return {
        **row,
        "description": ticket.description,
        "fields": dict(ticket.fields),
        "checklist": [{"id": check.id, "text": check.text, "done": check.done} for check in ticket.checklist],
        "conversation_ids": list(ticket.conversation_ids),
        "entry_ids": list(ticket.entry_ids),
        "parent": next(iter(refs(ticket.parent_id)), None),
        "children": [_ref(child) for child in await store.children(ws, ticket.id)],
        "related": refs(*ticket.related_ids),
        "merged_into": next(iter(refs(ticket.merged_into)), None),
        "merged": refs(*ticket.merged_ids),
        "stands": [{"status": stand.status, "at": iso(stand.at) or ""} for stand in ticket.stands],
        "next_statuses": [] if ticket.merged_into else [status for status in FLOW if status in FLOW[ticket.status]],
        "flag_at": iso(ticket.flag_at),
    }


def _ref(ticket: Ticket) -> TicketRefShape:
    return {"id": ticket.id, "number": ticket.number, "title": ticket.title, "status": ticket.status}
