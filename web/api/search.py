"""Search: messages and notes by their words, contacts and tickets by name, number or title."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from app.core.clock import iso
from app.core.errors import Invalid
from app.core.permissions import Permission
from app.core.runtime import Workspace
from inbox import access, conversations, story
from inbox.conversations import Conversation
from inbox.finding import search
from inbox.finding.search import Hit
from inbox.story import Story
from inbox.ticketing import tickets
from inbox.timeline import Entry, place
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Channel, Query, Time

_SHOWN = 8
# Somebody who does not see every conversation gets a short page rather than wait for more than this.
_MOST_READS = 5


class SearchQuery(Query):
    q: Annotated[str, Field(min_length=1, max_length=200)]
    cursor: Annotated[str | None, Field(max_length=500)] = None
    limit: Annotated[int, Field(ge=1, le=50)] = 20


class MessageHit(TypedDict):
    entry_id: str
    conversation_id: str
    contact_id: str
    contact_name: str
    avatar_hue: int
    # Where it stands in the thread: a fraction between two numbers where contacts were merged.
    number: float
    at: Time
    kind: Literal["message", "note"]
    direction: Literal["in", "out"] | None
    channel: Channel | None
    author_name: str | None
    text: str
    # From and to, in characters of `text`.
    marks: list[tuple[int, int]]


class MessageHits(TypedDict):
    items: list[MessageHit]
    next_cursor: str | None


class ContactHit(TypedDict):
    contact_id: str
    conversation_id: str
    name: str
    avatar_hue: int


class TicketHit(TypedDict):
    ticket_id: str
    number: int
    title: str
    contact_id: str | None


class Found(TypedDict):
    """The first page of messages, and the best of the others."""

    messages: MessageHits
    contacts: list[ContactHit]
    tickets: list[TicketHit]


async def everything(request: ApiRequest, query: SearchQuery) -> Found:
    ws = request.ws
    return {
        "messages": await messages(request, query),
        "contacts": await _contacts(request, query.q),
        "tickets": [
            {"ticket_id": each.id, "number": each.number, "title": each.title, "contact_id": each.contact_id}
            for each in await access.visible_tickets(ws, request.actor, await tickets.search(ws, query.q, limit=_SHOWN))
        ],
    }


async def messages(request: ApiRequest, query: SearchQuery) -> MessageHits:
    ws = request.ws
    sight = await access.sight(ws, request.actor)
    hits: list[Hit] = []
    known: dict[str, Conversation] = {}
    cursor = query.cursor
    for _ in range(_MOST_READS):
        found, cursor = await search.messages(ws, query.q, cursor=cursor, limit=query.limit - len(hits))
        ids = {hit.entry.conversation_id for hit in found} - known.keys()
        whole = await conversations.whole(ws, list(ids))
        known |= {asked: each for asked, each in whole.items() if sight.sees(each)}
        hits += [hit for hit in found if hit.entry.conversation_id in known]
        if sight.everything or cursor is None or len(hits) == query.limit:
            break
    items: list[MessageHit] = []
    places = await _places(request.ws, [(hit.entry, known[hit.entry.conversation_id]) for hit in hits])
    for hit in hits:
        entry, conversation = hit.entry, known[hit.entry.conversation_id]
        items.append(
            {
                "entry_id": entry.id,
                "conversation_id": conversation.id,
                "contact_id": conversation.contact_id,
                "contact_name": conversation.contact_name,
                "avatar_hue": conversation.avatar_hue,
                "number": places.get(entry.id, entry.number),
                "at": iso(place(entry)) or "",
                "kind": "note" if entry.kind == "note" else "message",
                "direction": entry.direction,
                "channel": entry.channel,
                "author_name": entry.author.name,
                "text": hit.text,
                "marks": hit.marks,
            }
        )
    return {"items": items, "next_cursor": cursor}


async def _places(ws: Workspace, found: list[tuple[Entry, Conversation]]) -> dict[str, float]:
    """Of entries that stand on the timeline of another contact, which was merged or parted, where they are read."""
    places: dict[str, float] = {}
    stories: dict[str, Story] = {}
    for entry, conversation in found:
        reader = conversation.contact_id
        if entry.contact_id != reader:
            if reader not in stories:
                stories[reader] = await story.of(ws, reader)
            place = stories[reader].place_of(entry.contact_id, entry.number)
            places |= {} if place is None else {entry.id: place}
    return places


async def _contacts(request: ApiRequest, text: str) -> list[ContactHit]:
    found = await access.contacts_named(request.ws, request.actor, text, limit=_SHOWN)
    return [
        {
            "contact_id": contact.id,
            "conversation_id": conversations.id_for(contact.id),
            "name": contact.name,
            "avatar_hue": contact.avatar_hue,
        }
        for contact in found
    ]


ENDPOINTS = [
    Endpoint(
        "GET",
        "/search",
        everything,
        Permission.INBOX_READ,
        "Messages, contacts and tickets with these words",
        errors=(Invalid,),
    ),
    Endpoint(
        "GET",
        "/search/messages",
        messages,
        Permission.INBOX_READ,
        "More messages and notes with these words, newest first",
        errors=(Invalid,),
    ),
]
