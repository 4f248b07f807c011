"""Tickets: lists, one ticket, and what people do with it."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.core import ids
from app.core.errors import ChangedMeanwhile, Conflict, Invalid, NotFound
from app.core.permissions import Permission
from app.core.runtime import Workspace
from inbox import access, conversations, outbox, present
from inbox.finding import tags
from inbox.routing import teams
from inbox.store import entries as entry_store
from inbox.ticketing import ticket_news, ticket_relations, tickets
from inbox.ticketing.ticket_relations import Part
from inbox.ticketing.tickets import Check, Filter, NewTicket, Ticket
from inbox.timeline import Author
from web.api.endpoint import ApiRequest, Endpoint
from web.api.inbox_shapes import EntryList, EntryShape
from web.api.models import Body, Out, Page
from web.api.ticket_shapes import TicketPage, TicketShape, full, rows

MOST_ACTIVITY = 1_000
# Somebody who does not see every ticket gets a short page rather than wait for more than this.
_MOST_READS = 5

Id = Annotated[str, Field(min_length=1, max_length=100)]
Title = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
Description = Annotated[str, Field(max_length=20_000)]
Type = Literal["question", "problem", "incident", "task", "request"]
Priority = Literal["low", "normal", "high", "urgent"]
Status = Literal["new", "open", "waiting_customer", "waiting_third_party", "solved", "closed"]
Ids = Annotated[tuple[Id, ...], Field(max_length=100)]
FieldValues = Annotated[dict[Annotated[str, Field(max_length=40)], str | float | bool | None], Field(max_length=60)]


class TicketsQuery(Page):
    view: Literal["active", "done", "flagged", "breached", "attention", "all"] = "active"
    status: Status | None = None
    owner_id: Annotated[str | None, Field(max_length=100)] = None
    team_id: Annotated[str | None, Field(max_length=100)] = None
    priority: Priority | None = None
    category_id: Annotated[str | None, Field(max_length=100)] = None
    tag: Annotated[str | None, Field(max_length=100)] = None
    contact_id: Annotated[str | None, Field(max_length=100)] = None
    q: Annotated[str | None, Field(max_length=200)] = None


class TicketCheckIn(Body):
    id: Annotated[str | None, Field(max_length=100)] = None
    text: Annotated[str, Field(min_length=1, max_length=500)]
    done: bool = False


class CreateTicket(Body):
    """For a contact, or out of a conversation, or out of one message (which names both)."""

    contact_id: Id | None = None
    conversation_id: Id | None = None
    entry_id: Id | None = None
    title: Title
    description: Description = ""
    type: Type = "question"
    category_id: Id | None = None
    priority: Priority | None = None
    owner_id: Id | None = None
    team_id: Id | None = None
    tags: Ids = ()
    fields: FieldValues = Field(default_factory=dict)
    checklist: Annotated[tuple[TicketCheckIn, ...], Field(max_length=100)] = ()
    parent_id: Id | None = None


class EditTicket(Body):
    """What is left out stays as it is. `revision` is the one that the person saw."""

    revision: Annotated[int | None, Field(ge=1, le=2**53)] = None
    title: Title = ""
    description: Description = ""
    type: Type = "question"
    category_id: Id | None = None
    priority: Priority = "normal"
    status: Status = "new"
    owner_id: Id | None = None
    team_id: Id | None = None
    tags: Ids = ()
    fields: FieldValues = Field(default_factory=dict)
    checklist: Annotated[tuple[TicketCheckIn, ...], Field(max_length=100)] = ()


class AddTicketComment(Body):
    client_id: UUID
    text: Annotated[str, Field(min_length=1, max_length=20_000)]


class LinkTicket(Body):
    conversation_id: Id | None = None
    entry_id: Id | None = None


class MergeTicket(Body):
    into_id: Id


class SplitTicket(Body):
    title: Title
    conversation_ids: Ids = ()
    entry_ids: Ids = ()
    check_ids: Ids = ()


class RelateTicket(Body):
    ticket_id: Id


class SetParent(Body):
    parent_id: Id | None


class TicketLink(Out):
    url: str


async def list_tickets(request: ApiRequest, query: TicketsQuery) -> TicketPage:
    ws, me = request.ws, request.actor.member_id
    if query.q:
        found = await access.visible_tickets(ws, request.actor, await tickets.search(ws, query.q, limit=query.limit))
        return {"items": await rows(ws, found, me), "next_cursor": None}
    wanted = Filter(
        view=query.view,
        status=query.status,
        owner_id=_nobody(query.owner_id),
        team_id=_nobody(query.team_id),
        priority=query.priority,
        category_id=query.category_id,
        tag=query.tag,
        contact_id=query.contact_id,
        member_id=me,
    )
    items: list[Ticket] = []
    cursor = query.cursor
    for _ in range(_MOST_READS):
        page, cursor = await tickets.page(ws, wanted, cursor=cursor, limit=query.limit - len(items))
        items += await access.visible_tickets(ws, request.actor, page)
        if cursor is None or len(items) == query.limit:
            break
    return {"items": await rows(ws, items, me), "next_cursor": cursor}


def _nobody(given: str | None) -> str | None:
    """`none` asks for what is nobody's."""
    return "" if given == "none" else given


async def create(request: ApiRequest, body: CreateTicket) -> TicketShape:
    ws = request.ws
    contact_id, conversation_id = body.contact_id, body.conversation_id
    if body.entry_id is not None:
        entry = await access.entry(ws, request.actor, body.entry_id, access.REPLY)
        contact_id, conversation_id = entry.contact_id, entry.conversation_id
    elif conversation_id is not None:
        contact_id = (await access.conversation(ws, request.actor, conversation_id, access.REPLY)).contact_id
    elif contact_id is not None:
        await access.contact(ws, request.actor, contact_id)
    if contact_id is None:
        raise Invalid.field("contact_id", "Say whom the ticket is about: a contact, a conversation or a message.")
    if body.parent_id is not None:
        await access.ticket(ws, request.actor, body.parent_id)
    await _check_named(ws, body.team_id, body.tags)
    wanted = NewTicket(
        contact_id=contact_id,
        title=body.title.strip(),
        description=body.description,
        type=body.type,
        category_id=body.category_id,
        priority=body.priority,
        owner_id=body.owner_id,
        team_id=body.team_id,
        tags=tuple(dict.fromkeys(body.tags)),
        fields=body.fields,
        checklist=_checks(body.checklist),
        conversation_ids=(conversation_id,) if conversation_id else (),
        entry_ids=(body.entry_id,) if body.entry_id else (),
        parent_id=body.parent_id,
    )
    return await _told(request, await tickets.create(ws, request.actor, wanted))


async def _check_named(ws: Workspace, team_id: str | None, tag_ids: Iterable[str]) -> None:
    """Raises Invalid where the team, or one of the tags, is not there (any more)."""
    if team_id is not None:
        await teams.require(ws, team_id)
    if unknown := set(tag_ids) - {tag.id for tag in await tags.every(ws) if tag.merges_into is None}:
        raise Invalid.field("tags", f"There is no tag {min(unknown)!r}; it may have been deleted or merged.")


def _checks(given: Sequence[TicketCheckIn]) -> tuple[Check, ...]:
    return tuple(Check(each.id or ids.new("chk"), each.text.strip(), each.done) for each in given)


async def _told(request: ApiRequest, *changed: Ticket) -> TicketShape:
    """What follows from the changes, done; the first ticket as it is then."""
    done = [await ticket_news.settled(request.ws, ticket) for ticket in changed]
    return await full(request.ws, done[0], request.actor.member_id)


async def get(request: ApiRequest, ticket_id: str) -> TicketShape:
    return await full(request.ws, await access.ticket(request.ws, request.actor, ticket_id), request.actor.member_id)


async def edit(request: ApiRequest, ticket_id: str, body: EditTicket) -> TicketShape:
    given: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set & set(tickets.FACETS)}
    if "title" in given:
        given["title"] = body.title.strip()
    if "tags" in given:
        given["tags"] = tuple(dict.fromkeys(body.tags))
    if "checklist" in given:
        given["checklist"] = _checks(body.checklist)
    now = await access.ticket(request.ws, request.actor, ticket_id)
    # What it has, though it may be gone, does not keep people from changing the rest.
    team_id = given.get("team_id")
    await _check_named(request.ws, None if team_id == now.team_id else team_id, {*given.get("tags", ())} - {*now.tags})
    changed = await tickets.edit(request.ws, request.actor, ticket_id, given, fields=body.fields, seen=body.revision)
    return await _told(request, changed)


async def activity(request: ApiRequest, ticket_id: str) -> EntryList:
    """Comments and changes, of tickets that were merged into this one too; oldest first."""
    ticket = await access.ticket(request.ws, request.actor, ticket_id)
    found = [
        entry
        for each in (ticket.id, *ticket.merged_ids)
        for entry in await entry_store.of_ticket(request.ws, each, limit=MOST_ACTIVITY)
    ]
    found.sort(key=lambda entry: (entry.created_at, entry.number))
    return {"entries": [present.entry(entry) for entry in found]}  # type: ignore[misc]


async def comment(request: ApiRequest, ticket_id: str, body: AddTicketComment) -> EntryShape:
    ws = request.ws
    ticket = await access.ticket(ws, request.actor, ticket_id)
    linked = ticket.conversation_ids[0] if ticket.conversation_ids else conversations.id_for(ticket.contact_id)
    conversation = await conversations.get(ws, linked)
    author = Author("member" if request.actor.type == "member" else "bot", request.actor.id, request.actor.name)
    entry = await outbox.note(ws, conversation, author, body.text, str(body.client_id), ticket_id=ticket.id)
    return present.entry(entry)  # type: ignore[return-value]


async def link(request: ApiRequest, ticket_id: str, body: LinkTicket) -> TicketShape:
    await access.ticket(request.ws, request.actor, ticket_id)
    if (body.conversation_id is None) == (body.entry_id is None):
        raise Invalid.field("conversation_id", "Name a conversation or a message.")
    if body.conversation_id is not None:
        await access.conversation(request.ws, request.actor, body.conversation_id, access.REPLY)
    if body.entry_id is not None:
        await access.entry(request.ws, request.actor, body.entry_id, access.REPLY)
    changed = await tickets.link(
        request.ws, request.actor, ticket_id, conversation_id=body.conversation_id, entry_id=body.entry_id
    )
    return await _told(request, changed)


async def unlink(request: ApiRequest, ticket_id: str, linked_id: str) -> TicketShape:
    await access.ticket(request.ws, request.actor, ticket_id)
    return await _told(request, await tickets.unlink(request.ws, request.actor, ticket_id, linked_id))


async def merge(request: ApiRequest, ticket_id: str, body: MergeTicket) -> TicketShape:
    await access.ticket(request.ws, request.actor, ticket_id)
    await access.ticket(request.ws, request.actor, body.into_id)
    ticket, into = await ticket_relations.merge(request.ws, request.actor, ticket_id, body.into_id)
    return await _told(request, into, ticket)


async def split(request: ApiRequest, ticket_id: str, body: SplitTicket) -> TicketShape:
    part = Part(
        title=body.title.strip(),
        conversation_ids=body.conversation_ids,
        entry_ids=body.entry_ids,
        check_ids=body.check_ids,
    )
    await access.ticket(request.ws, request.actor, ticket_id)
    ticket, made = await ticket_relations.split(request.ws, request.actor, ticket_id, part)
    return await _told(request, made, ticket)


async def relate(request: ApiRequest, ticket_id: str, body: RelateTicket) -> TicketShape:
    await access.ticket(request.ws, request.actor, ticket_id)
    await access.ticket(request.ws, request.actor, body.ticket_id)
    changed = await ticket_relations.relate(request.ws, request.actor, ticket_id, body.ticket_id)
    return await _told(request, changed, await tickets.get(request.ws, body.ticket_id))


async def unrelate(request: ApiRequest, ticket_id: str, other_id: str) -> TicketShape:
    await access.ticket(request.ws, request.actor, ticket_id)
    changed = await ticket_relations.unrelate(request.ws, request.actor, ticket_id, other_id)
    return await _told(request, changed, await tickets.get(request.ws, other_id))


async def set_parent(request: ApiRequest, ticket_id: str, body: SetParent) -> TicketShape:
    await access.ticket(request.ws, request.actor, ticket_id)
    if body.parent_id is not None:
        await access.ticket(request.ws, request.actor, body.parent_id)
    changed = await ticket_relations.set_parent(request.ws, request.actor, ticket_id, body.parent_id)
    return await _told(request, changed)


async def public_link(request: ApiRequest, ticket_id: str) -> TicketLink:
    ticket = await access.ticket(request.ws, request.actor, ticket_id)
    return TicketLink(url=ticket_news.public_link(request.ws, ticket.id))


_READ, _REPLY = Permission.INBOX_READ, Permission.INBOX_REPLY
_CHANGES = (NotFound, Invalid, Conflict)

ENDPOINTS = [
    Endpoint("GET", "/tickets", list_tickets, _READ, "Tickets, newest change first", errors=(Invalid,)),
    Endpoint("POST", "/tickets", create, _REPLY, "Make a ticket", status=201, errors=_CHANGES),
    Endpoint("GET", "/tickets/{ticket_id}", get, _READ, "One ticket", errors=(NotFound,)),
    Endpoint(
        "PATCH",
        "/tickets/{ticket_id}",
        edit,
        _REPLY,
        "Change a ticket; 409 says what a colleague changed meanwhile",
        errors=(*_CHANGES, ChangedMeanwhile),
    ),
    Endpoint(
        "GET",
        "/tickets/{ticket_id}/activity",
        activity,
        _READ,
        "Comments and changes, oldest first",
        errors=(NotFound,),
    ),
    Endpoint(
        "POST",
        "/tickets/{ticket_id}/comments",
        comment,
        _REPLY,
        "Comment on a ticket, as a note on the contact's timeline",
        status=201,
        errors=(NotFound,),
        idempotent=False,
    ),
    Endpoint("POST", "/tickets/{ticket_id}/links", link, _REPLY, "Link a conversation or message", errors=_CHANGES),
    Endpoint(
        "DELETE", "/tickets/{ticket_id}/links/{linked_id}", unlink, _REPLY, "Take a link away", errors=(NotFound,)
    ),
    Endpoint(
        "POST", "/tickets/{ticket_id}/merge", merge, _REPLY, "Merge it into another; answers that one", errors=_CHANGES
    ),
    Endpoint(
        "POST",
        "/tickets/{ticket_id}/split",
        split,
        _REPLY,
        "Make a ticket of a part of this one; answers the new one",
        status=201,
        errors=_CHANGES,
    ),
    Endpoint("POST", "/tickets/{ticket_id}/related", relate, _REPLY, "Relate two tickets", errors=_CHANGES),
    Endpoint(
        "DELETE",
        "/tickets/{ticket_id}/related/{other_id}",
        unrelate,
        _REPLY,
        "They have nothing to do with each other",
        errors=(NotFound,),
    ),
    Endpoint(
        "POST",
        "/tickets/{ticket_id}/parent",
        set_parent,
        _REPLY,
        "Make it a sub-task of another, or of none",
        errors=_CHANGES,
    ),
    Endpoint(
        "GET",
        "/tickets/{ticket_id}/public-link",
        public_link,
        _READ,
        "The page on which the customer sees how it stands",
        errors=(NotFound,),
    ),
]
