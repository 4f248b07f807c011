"""Contacts that are one person: the result before it is made, merging, and undoing it."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from app.core.clock import iso
from app.core.errors import ChangedMeanwhile, Conflict, NotFound, Unavailable
from app.core.permissions import Permission
from app.core.runtime import Workspace
from crm import contacts
from crm import merging as records
from crm.merging import Merge
from inbox import access
from inbox.conversations import Conversation
from inbox.merging import merging
from inbox.merging import preview as previews
from inbox.merging.preview import Preview
from web.api import contact_words
from web.api.contacts import address_of, full, row_of
from web.api.endpoint import ApiRequest, Endpoint
from web.api.inbox_shapes import ContactAddressShape, ContactRow, ContactShape, ConversationState
from web.api.models import Body, Query, Time

Side = Literal["into", "from"]
NotesSide = Literal["into", "from", "both"]
_ALWAYS = ("name", "language", "notes")


class Picks(Body):
    """What to take where both have a value; what is not said is proposed by the preview."""

    name: Side | None = None
    language: Side | None = None
    notes: NotesSide | None = None
    stage: Side | None = None
    owner_id: Side | None = None
    zone: Side | None = None
    company_id: Side | None = None
    # By the keys of the workspace's own fields.
    fields: Annotated[dict[str, Side] | None, Field(max_length=100)] = None

    def made(self) -> dict[str, records.Side]:
        own = {f"fields/{key}": side for key, side in (self.fields or {}).items()}
        return {**self.model_dump(exclude_none=True, exclude={"fields"}), **own}


class PreviewQuery(Query):
    """`picks` are pairs of a choice's field and a side: `name:from,fields/size:into`."""

    from_id: Annotated[str, Field(min_length=1, max_length=100)]
    picks: Annotated[str, Field(max_length=5_000, pattern=r"^([a-z0-9_/]+:(into|from|both)(,|$))*$")] = ""

    def made(self) -> dict[str, records.Side]:
        return {field: side for field, _, side in (each.partition(":") for each in self.picks.split(",")) if side}  # type: ignore[misc]


class MergeContact(Body):
    from_id: Annotated[str, Field(min_length=1, max_length=100)]
    picks: Picks = Picks()
    # That of the preview: if a side has changed since, nothing is done.
    version: Annotated[str, Field(max_length=5_000)]


class ChoiceShape(TypedDict):
    """A value in words: `fields/<key>` where it is the workspace's own. `result` is what the merged contact has."""

    field: str
    label: str
    into: str
    # The value of the contact that becomes a part of the other.
    other: str
    result: str
    pick: NotesSide
    differs: bool


class TroubleShape(TypedDict):
    code: str
    words: str


class StricterShape(TypedDict):
    address: str
    label: str
    purpose: str
    state: Literal["held", "withdrawn", "blocked"]
    because_of: str


class MergedConversation(TypedDict):
    state: ConversationState
    tags: list[str]
    assignee_id: str | None
    team_id: str | None
    priority: Literal["low", "normal", "high", "urgent"]
    unread: int
    deferred: int


class TicketLine(TypedDict):
    id: str
    number: int
    title: str
    status: str
    contact_id: str


class PreviewShape(TypedDict):
    """The contact as it will be; nothing has been changed."""

    into: ContactRow
    other: ContactRow
    name: str
    language: str | None
    notes: str
    blocked: bool
    choices: list[ChoiceShape]
    addresses: list[ContactAddressShape]
    stricter: list[StricterShape]
    conversation: MergedConversation | None
    tickets: list[TicketLine]
    more_tickets: bool
    troubles: list[TroubleShape]
    version: str


class MergeShape(TypedDict):
    """A contact that was merged into this one; `undone_at` if it stands for itself again."""

    id: str
    contact_id: str
    contact_name: str
    by_name: str
    at: Time
    undone_at: Time | None
    undone_by_name: str | None


class MergeList(TypedDict):
    items: list[MergeShape]


async def _see_both(request: ApiRequest, *contact_ids: str) -> None:
    """Raises NotFound."""
    for contact_id in contact_ids:
        await access.contact(request.ws, request.actor, contact_id)


async def preview(request: ApiRequest, contact_id: str, query: PreviewQuery) -> PreviewShape:
    ws = request.ws
    await _see_both(request, contact_id, query.from_id)
    found = await previews.preview(ws, contact_id, query.from_id, query.made())
    rows = {row.address: row for row in (*found.sides.into_addresses, *found.sides.other_addresses)}
    now = ws.clock.now()
    return {
        "into": await row_of(ws, found.sides.into),
        "other": await row_of(ws, found.sides.other),
        "name": found.contact.name,
        "language": found.contact.language,
        "notes": found.contact.notes,
        "blocked": found.contact.block is not None,
        "choices": await _choices(ws, found),
        "addresses": [address_of(row, None, now) for row in rows.values()],
        "stricter": [
            {
                "address": str(each.address),
                "label": address_of(rows[each.address], None, now)["label"],
                "purpose": each.purpose,
                "state": each.state,
                "because_of": address_of(rows[each.because_of], None, now)["label"],
            }
            for each in found.stricter
        ],
        "conversation": _conversation(found.conversation),
        "tickets": [
            {"id": t.id, "number": t.number, "title": t.title, "status": t.status, "contact_id": t.contact_id}
            for t in found.tickets
        ],
        "more_tickets": found.more_tickets,
        "troubles": [{"code": each.code, "words": each.text} for each in found.troubles],
        "version": found.version,
    }


async def _choices(ws: Workspace, found: Preview) -> list[ChoiceShape]:
    """Those that are there always, and others that one side has a value for."""
    words = await contact_words.words(ws, ((c.field, value) for c in found.choices for value in (c.into, c.other)))
    result = records.values_of(found.contact)
    return [
        {
            "field": choice.field,
            "label": words.label(choice.field),
            "into": words.of(choice.field, choice.into),
            "other": words.of(choice.field, choice.other),
            "result": words.of(choice.field, result.get(choice.field)),
            "pick": choice.pick,
            "differs": choice.differs,
        }
        for choice in found.choices
        if choice.field in _ALWAYS or words.of(choice.field, choice.into) or words.of(choice.field, choice.other)
    ]


def _conversation(thread: Conversation | None) -> MergedConversation | None:
    if thread is None:
        return None
    return {
        "state": thread.state,
        "tags": list(thread.tags),
        "assignee_id": thread.assignee_id,
        "team_id": thread.team_id,
        "priority": thread.priority,
        "unread": thread.unread,
        "deferred": len(thread.deferred),
    }


async def merge(request: ApiRequest, contact_id: str, body: MergeContact) -> ContactShape:
    await _see_both(request, contact_id, body.from_id)
    done = await merging.merge(request.ws, request.actor, contact_id, body.from_id, body.picks.made(), body.version)
    return await full(request, await contacts.get(request.ws, done.into_id))


async def listed(request: ApiRequest, contact_id: str) -> MergeList:
    contact = await access.contact(request.ws, request.actor, contact_id)
    return {"items": [_shown(each) for each in await records.of_contact(request.ws, contact.id)]}


def _shown(each: Merge) -> MergeShape:
    return {
        "id": each.id,
        "contact_id": each.from_id,
        "contact_name": each.from_name,
        "by_name": each.by_name,
        "at": iso(each.at) or "",
        "undone_at": iso(each.undone_at),
        "undone_by_name": each.undone_by["name"] if each.undone_by else None,
    }


async def undo(request: ApiRequest, merge_id: str) -> ContactShape:
    await _see_both(request, (await records.get(request.ws, merge_id)).into_id)
    done = await merging.part(request.ws, request.actor, merge_id)
    return await full(request, await contacts.get(request.ws, done.from_id))


ENDPOINTS = [
    Endpoint(
        "GET",
        "/contacts/{contact_id}/merge",
        preview,
        Permission.CONTACTS_READ,
        "What it will be with another contact merged into it",
        errors=(NotFound, Conflict),
    ),
    Endpoint(
        "POST",
        "/contacts/{contact_id}/merge",
        merge,
        Permission.CONTACTS_WRITE,
        "Merge another contact into it; answers the merged contact",
        errors=(NotFound, Conflict, ChangedMeanwhile, Unavailable),
    ),
    Endpoint(
        "GET",
        "/contacts/{contact_id}/merges",
        listed,
        Permission.CONTACTS_READ,
        "Contacts that were merged into it, the newest merge first",
        errors=(NotFound,),
    ),
    Endpoint(
        "POST",
        "/merges/{merge_id}/undo",
        undo,
        Permission.CONTACTS_WRITE,
        "Undo a merge at any later time; answers the contact that stands for itself again",
        errors=(NotFound, Conflict, Unavailable),
    ),
]
