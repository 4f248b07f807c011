"""Conversations: lists, threads, answers, and what people do with them."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field

from app.core import roles
from app.core.errors import Conflict, Invalid, LeftOut, NewerMessages, NotFound, OptedOut, ReplyWindowClosed
from app.core.permissions import Permission
from app.core.queue import Lane
from channels.content import Content
from channels.contract import ChosenPurpose, Purpose
from crm.contacts import search_tokens
from inbox import access, conversations, live, outbox, present, story, timeline
from inbox.answering import acts
from inbox.conversations import Conversation
from inbox.finding import listing, lists, views
from inbox.finding.lists import Wanted
from inbox.outbox import Draft
from inbox.routing import handover, teams
from inbox.routing.handover import Handover
from inbox.store import conversations as store
from inbox.story import Story
from inbox.timeline import Mention
from web import agent_socket
from web.api import timelines
from web.api.endpoint import ApiRequest, Endpoint
from web.api.inbox_shapes import (
    AroundPage,
    ConversationPage,
    ConversationShape,
    CountsShape,
    EntryList,
    EntryPage,
    EntryShape,
)
from web.api.models import Body, Page, Query, SeenNumber, When
from web.api.translations import WroteFirst

SEARCH_HITS = 100


# Several values with commas between; any of them is wanted.
_Any = Annotated[
    tuple[Annotated[str, Field(max_length=100)], ...], BeforeValidator(timelines.listed), Field(max_length=20)
]
_When = Annotated[When | None, Field(description="About the last activity")]


class ListQuery(Page):
    """A view, narrowed by filters. Where a filter has several values, with commas between, any of them will do."""

    view: Annotated[str, Field(max_length=100)] = "open"
    channel: _Any = ()
    tag: _Any = ()
    assignee: Annotated[_Any, Field(description="Ids of members, `me`, `none`")] = ()
    team: _Any = ()
    state: _Any = ()
    priority: _Any = ()
    unread: bool = False
    since: _When = None
    until: _When = None
    q: Annotated[str | None, Field(max_length=200)] = None


class EntriesQuery(timelines.TimelineQuery):
    """Or upwards: `after` gives all entries with numbers above it, unfiltered."""

    after: Annotated[float | None, Field(ge=0, le=2**53)] = None


class AroundQuery(Query):
    """The entry, or the time, in the middle of the page."""

    entry_id: Annotated[str | None, Field(max_length=100)] = None
    at: When | None = None
    limit: Annotated[int, Field(ge=2, le=100)] = 50


class SendMessage(Body):
    client_id: UUID
    content: Content
    account_id: Annotated[str | None, Field(max_length=100)] = None
    address: Annotated[str | None, Field(max_length=300)] = None
    reply_to_entry_id: Annotated[str | None, Field(max_length=100)] = None
    purpose: ChosenPurpose = Purpose.SERVICE
    # What marketing is about (GET /pacing has the topics); nothing else has one.
    topic: Annotated[str, Field(max_length=40)] = ""
    # The newest entry that the writer had seen; without it, newer messages do not hold this one back.
    seen: SeenNumber | None = None
    # So long it stays here, for second thoughts.
    undo_seconds: Annotated[int, Field(ge=0, le=60)] = 0
    # Where the content is a translation: what the writer wrote, for colleagues alone.
    written: WroteFirst | None = None


class AddNote(Body):
    client_id: UUID
    text: Annotated[str, Field(min_length=1, max_length=20_000)]
    # Colleagues and teams to be told of it, by id.
    mentions: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=50, default_factory=list)]


class MarkRead(Body):
    up_to: SeenNumber


class MarkUnread(Body):
    """From this entry's number on; without it, the newest message."""

    since: Annotated[float | None, Field(gt=0, le=2**53)] = None


class ShowTyping(Body):
    account_id: Annotated[str, Field(max_length=100)]
    address: Annotated[str, Field(max_length=300)]


# What the screen showed: if a colleague has changed the same thing since, the answer is 409 `changed_meanwhile`.
Seen = Annotated[int | None, Field(ge=0, le=2**53)]


class Snooze(Body):
    """Until that time, or (null) until the customer writes."""

    until: When | None = None
    revision: Seen = None


class Close(Body):
    reason_id: Annotated[str | None, Field(max_length=60)] = None
    comment: Annotated[str, Field(max_length=2_000)] = ""
    revision: Seen = None


class Reopen(Body):
    """`undo`: what was closed a moment ago goes on as if it had not been; later it is reopened as usual."""

    undo: bool = False
    revision: Seen = None


class Assign(Body):
    member_id: Annotated[str | None, Field(max_length=100)]
    revision: Seen = None


class HandOver(Body):
    """To a team, a colleague, or both; null for none. The note is for those who get it."""

    client_id: UUID
    team_id: Annotated[str | None, Field(max_length=100)]
    member_id: Annotated[str | None, Field(max_length=100)]
    note: Annotated[str, Field(max_length=20_000)] = ""
    revision: Seen = None


_TagIds = Annotated[tuple[Annotated[str, Field(max_length=100)], ...], Field(max_length=conversations.MOST_TAGS)]


class Retag(Body):
    add: _TagIds = ()
    remove: _TagIds = ()


class Prioritise(Body):
    priority: Literal["low", "normal", "high", "urgent"]
    revision: Seen = None


async def list_conversations(request: ApiRequest, query: ListQuery) -> ConversationPage:
    ws = request.ws
    wanted, sight = _wanted(query), await access.sight(ws, request.actor)
    if not lists.is_built_in(wanted.view):
        await views.get(ws, wanted.view, request.actor.member_id)
    if query.q and search_tokens(query.q):
        found = await access.contacts_named(ws, request.actor, query.q, limit=SEARCH_HITS)
        hits = await store.named(ws, [contact.id for contact in found])
        hits = [hit for hit in hits if listing.fits(hit, wanted, sight)]
        hits.sort(key=lambda hit: hit.last_activity_at, reverse=True)
        return {"items": await _shown(request, hits), "next_cursor": None, "total": len(hits)}
    items, cursor = await listing.page(ws, wanted, sight=sight, cursor=query.cursor, limit=query.limit)
    total = await listing.total(ws, wanted, sight)
    return {"items": await _shown(request, items), "next_cursor": cursor, "total": total}


def _wanted(query: ListQuery) -> Wanted:
    return Wanted(
        view=query.view,
        channels=query.channel,
        tags=query.tag,
        assignees=query.assignee,
        teams=query.team,
        states=query.state,
        priorities=query.priority,
        unread=query.unread,
        since=query.since,
        until=query.until,
    )


async def _shown(request: ApiRequest, items: list[Conversation]) -> list[ConversationShape]:
    return await present.conversations(request.ws, items)  # type: ignore[return-value]


async def counts(request: ApiRequest) -> CountsShape:
    ws, sight = request.ws, await access.sight(request.ws, request.actor)
    saved = [view.id for view in await views.visible(ws, request.actor.member_id)]
    counted = await listing.counts(ws, sight, saved)
    found, unread = dict(counted.of), dict(counted.unread)
    own = {view: unread.pop(view) for view in lists.READ_IN}
    of_views = {view_id: found.pop(view_id) for view_id in saved}
    shown: Any = {
        **found,
        "views": of_views,
        "unread_in": {**own, "views": unread},
        "at_least": sorted(counted.at_least),
    }
    return shown  # type: ignore[no-any-return]


async def _one(request: ApiRequest, conversation: Conversation) -> ConversationShape:
    return (await _shown(request, [conversation]))[0]


async def get(request: ApiRequest, conversation_id: str) -> ConversationShape:
    return await _one(request, await _open(request, conversation_id))


async def _open(request: ApiRequest, conversation_id: str, need: Permission = access.READ) -> Conversation:
    return await access.conversation(request.ws, request.actor, conversation_id, need)


async def entries(request: ApiRequest, conversation_id: str, query: EntriesQuery) -> EntryPage:
    conversation = await _open(request, conversation_id)
    contact_id, woven = conversation.contact_id, conversation.woven
    if query.after is not None:
        found = await story.entries_after(request.ws, contact_id, query.after, woven=woven, limit=query.limit)
        shown = await timelines.up_to_date(request, found)
        items = [present.placed(each.entry, each.place, conversation.id) for each in shown]
        return {"items": items, "has_more": len(found) == query.limit, "next_before": None}  # type: ignore[typeddict-item]
    return await timelines.page(request, contact_id, query, newest=conversation.last_number, woven=woven)


async def around(request: ApiRequest, conversation_id: str, query: AroundQuery) -> AroundPage:
    ws, conversation = request.ws, await _open(request, conversation_id)
    told = await story.of(ws, conversation.contact_id) if conversation.woven else Story(conversation.contact_id)
    if query.entry_id is not None:
        entry = await timeline.get(ws, query.entry_id)
        place = told.place_of(entry.contact_id, entry.number)
        if place is None:
            raise NotFound("There is no such entry in this thread.")
    elif query.at is not None:
        place = await story.place_at(ws, told, query.at, conversation.last_number)
    else:
        raise Invalid.field("at", "Say which entry, or which time.")
    found, older, newer = await story.around(ws, told, place, limit=query.limit)
    seen = await access.visible(ws, request.actor, [each.entry.conversation_id for each in found])
    shown = await timelines.up_to_date(request, [each for each in found if each.entry.conversation_id in seen])
    items: list[Any] = [present.placed(each.entry, each.place, conversation.id) for each in shown]
    return {
        "items": items,
        "entry_id": next((each.entry.id for each in shown if each.place >= place), None),
        "has_older": older,
        "has_newer": newer,
    }


def _entries(found: list[timeline.Entry]) -> list[EntryShape]:
    return [present.entry(entry) for entry in found]  # type: ignore[misc]


async def send(request: ApiRequest, conversation_id: str, body: SendMessage) -> EntryList:
    conversation = await _open(request, conversation_id, access.REPLY)
    draft = Draft(
        content=body.content,
        author=acts.author(request.actor),
        client_id=str(body.client_id),
        purpose=body.purpose,
        topic=body.topic,
        account_id=body.account_id,
        address=await access.address(request.ws, request.actor, conversation, body.address),
        reply_to_entry_id=body.reply_to_entry_id,
        seen=body.seen,
        undo_seconds=body.undo_seconds,
        written=body.written.as_stored() if body.written else None,
    )
    return {"entries": _entries(await outbox.enqueue(request.ws, conversation, draft))}


async def add_note(request: ApiRequest, conversation_id: str, body: AddNote) -> EntryShape:
    conversation = await _open(request, conversation_id, access.REPLY)
    named = await _mentions(request, body.mentions)
    entry = await outbox.note(
        request.ws, conversation, acts.author(request.actor), body.text, str(body.client_id), mentions=named
    )
    return present.entry(entry)  # type: ignore[return-value]


async def _mentions(request: ApiRequest, ids: list[str]) -> list[Mention]:
    """Of members and teams. Raises Invalid: there is no such, or nobody of them may read it."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return []
    reading = {member.id: member for member in await roles.holding(request.ws, Permission.INBOX_READ)}
    all_teams = {team.id: team for team in await teams.listed(request.ws)}
    found: list[Mention] = []
    for wanted_id in wanted:
        team = all_teams.get(wanted_id)
        members = tuple(m for m in team.members if m in reading) if team else ()
        if team and members:
            found.append(Mention(team.id, team.name, members))
        elif wanted_id in reading:
            found.append(Mention(wanted_id, reading[wanted_id].name))
        else:
            raise Invalid.field("mentions", "There is no such colleague or team who can read this.")
    return found


async def mark_read(request: ApiRequest, conversation_id: str, body: MarkRead) -> None:
    conversation = await _open(request, conversation_id, access.REPLY)
    saved, _ = await acts.mark_read(request.ws, request.actor, conversation, body.up_to)
    newest = conversation.reach[0] if conversation.reach else None
    # The customer's ticks turn blue with the first of us who reads it.
    if saved.read_number > conversation.read_number and newest and newest.last_external_id:
        await request.ws.queue.enqueue(
            "mark_read", newest.account_id, newest.address, newest.last_external_id, lane=Lane.BACKGROUND
        )


async def mark_unread(request: ApiRequest, conversation_id: str, body: MarkUnread) -> None:
    conversation = await _open(request, conversation_id, access.REPLY)
    await acts.mark_unread(request.ws, request.actor, conversation, body.since)


async def typing(request: ApiRequest, conversation_id: str, body: ShowTyping) -> None:
    conversation = await _open(request, conversation_id, access.REPLY)
    told = {"conversation_id": conversation.id, "by": request.actor.id, "name": request.actor.name, "on": True}
    await live.sign(request.ws, "typing", told)
    address = await access.address(request.ws, request.actor, conversation, body.address)
    await agent_socket.show_typing(request.ws, conversation, body.account_id, address or "")


async def assign(request: ApiRequest, conversation_id: str, body: Assign) -> ConversationShape:
    conversation = await _open(request, conversation_id, access.REPLY)
    acted = await acts.assign(request.ws, request.actor, conversation, body.member_id, seen=body.revision)
    return await _one(request, acted)


async def hand_over(request: ApiRequest, conversation_id: str, body: HandOver) -> ConversationShape:
    conversation = await _open(request, conversation_id, access.REPLY)
    wanted = Handover(
        team_id=body.team_id, member_id=body.member_id, note=body.note.strip(), client_id=str(body.client_id)
    )
    saved = await handover.hand_over(request.ws, request.actor, conversation, wanted, seen=body.revision)
    return await _one(request, saved)


async def retag(request: ApiRequest, conversation_id: str, body: Retag) -> ConversationShape:
    conversation = await _open(request, conversation_id, access.REPLY)
    acted = await acts.tag(request.ws, request.actor, conversation, add=body.add, remove=body.remove)
    return await _one(request, acted)


async def prioritise(request: ApiRequest, conversation_id: str, body: Prioritise) -> ConversationShape:
    conversation = await _open(request, conversation_id, access.REPLY)
    acted = await acts.prioritise(request.ws, request.actor, conversation, body.priority, seen=body.revision)
    return await _one(request, acted)


async def close(request: ApiRequest, conversation_id: str, body: Close) -> ConversationShape:
    conversation = await _open(request, conversation_id, access.REPLY)
    acted = await acts.close(
        request.ws,
        request.actor,
        conversation,
        reason_id=body.reason_id,
        comment=body.comment,
        seen=body.revision,
    )
    return await _one(request, acted)


async def reopen(request: ApiRequest, conversation_id: str, body: Reopen) -> ConversationShape:
    conversation = await _open(request, conversation_id, access.REPLY)
    acted = await acts.reopen(request.ws, request.actor, conversation, undo=body.undo, seen=body.revision)
    return await _one(request, acted)


async def snooze(request: ApiRequest, conversation_id: str, body: Snooze) -> ConversationShape:
    conversation = await _open(request, conversation_id, access.REPLY)
    acted = await acts.snooze(request.ws, request.actor, conversation, body.until, seen=body.revision)
    return await _one(request, acted)


_SEND_ERRORS = (NotFound, Invalid, Conflict, LeftOut, OptedOut, ReplyWindowClosed, NewerMessages)

ENDPOINTS = [
    Endpoint(
        "GET",
        "/conversations",
        list_conversations,
        Permission.INBOX_READ,
        "Conversations of a view, narrowed by filters",
        errors=(NotFound, Invalid),
    ),
    Endpoint("GET", "/conversations/counts", counts, Permission.INBOX_READ, "How many there are in each view"),
    Endpoint(
        "GET", "/conversations/{conversation_id}", get, Permission.INBOX_READ, "One conversation", errors=(NotFound,)
    ),
    Endpoint(
        "GET",
        "/conversations/{conversation_id}/entries",
        entries,
        Permission.INBOX_READ,
        "A page of the thread, ascending",
        errors=(NotFound,),
    ),
    Endpoint(
        "GET",
        "/conversations/{conversation_id}/entries/around",
        around,
        Permission.INBOX_READ,
        "The thread around an entry or a time",
        errors=(NotFound, Invalid),
    ),
    Endpoint(
        "POST",
        "/conversations/{conversation_id}/messages",
        send,
        Permission.INBOX_REPLY,
        "Answer on one of the contact's channels",
        status=202,
        errors=_SEND_ERRORS,
        idempotent=False,
    ),
    Endpoint(
        "POST",
        "/conversations/{conversation_id}/notes",
        add_note,
        Permission.INBOX_REPLY,
        "Add a private note",
        status=201,
        errors=(NotFound, Invalid),
        idempotent=False,
    ),
    Endpoint(
        "POST",
        "/conversations/{conversation_id}/read",
        mark_read,
        Permission.INBOX_REPLY,
        "Mark as read by oneself, up to an entry",
        errors=(NotFound,),
        idempotent=False,
    ),
    Endpoint(
        "POST",
        "/conversations/{conversation_id}/unread",
        mark_unread,
        Permission.INBOX_REPLY,
        "Mark as unread for oneself, from a message on",
        errors=(NotFound,),
    ),
    Endpoint(
        "POST",
        "/conversations/{conversation_id}/typing",
        typing,
        Permission.INBOX_REPLY,
        "Show that somebody is writing",
        errors=(NotFound,),
        idempotent=False,
    ),
    Endpoint(
        "POST",
        "/conversations/{conversation_id}/assign",
        assign,
        Permission.INBOX_REPLY,
        "Give it to a colleague, or to nobody",
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint(
        "POST",
        "/conversations/{conversation_id}/hand-over",
        hand_over,
        Permission.INBOX_REPLY,
        "Hand it over to a team or a colleague, with a note",
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint(
        "POST",
        "/conversations/{conversation_id}/tags",
        retag,
        Permission.INBOX_REPLY,
        "Add tags and take others off",
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint(
        "POST",
        "/conversations/{conversation_id}/priority",
        prioritise,
        Permission.INBOX_REPLY,
        "Say how urgent it is",
        errors=(NotFound, Conflict),
    ),
    Endpoint(
        "POST",
        "/conversations/{conversation_id}/close",
        close,
        Permission.INBOX_REPLY,
        "Close, with a reason and a comment if there are any",
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint(
        "POST",
        "/conversations/{conversation_id}/reopen",
        reopen,
        Permission.INBOX_REPLY,
        "Open again: closed, or asleep",
        errors=(NotFound, Conflict),
    ),
    Endpoint(
        "POST",
        "/conversations/{conversation_id}/snooze",
        snooze,
        Permission.INBOX_REPLY,
        "Put aside until a time, or until the customer writes",
        errors=(NotFound, Invalid, Conflict),
    ),
]
