"""Contacts: people, their addresses, consent and whole timeline."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from app.core import addresses, audit
from app.core.audit import Target
from app.core.clock import iso
from app.core.errors import ChangedMeanwhile, Conflict, Invalid, NotFound
from app.core.permissions import Permission
from app.core.runtime import Workspace
from crm import companies, contacts, doubts, duplicates, fields, lists, masks, profiles, standing
from crm.companies import Company
from crm.contact_health import Risk
from crm.contacts import Block, Contact, ContactAddress, Hold
from crm.data_health import FindingId
from crm.fields import MOST_FIELDS, ContactField, Fields
from crm.masks import Masker
from crm.store import contacts as contact_store
from inbox import access, conversations, live
from inbox.closing import blocking
from inbox.finding import bulk, people, tags
from inbox.finding.people import Wanted
from inbox.store import conversations as conversation_store
from web.api import contact_words, cursors, timelines
from web.api.bulk import BulkOut
from web.api.bulk import shown as shown_bulk
from web.api.endpoint import ApiRequest, Endpoint
from web.api.inbox_shapes import (
    BlockShape,
    CompanyRef,
    ContactAddressShape,
    ContactPage,
    ContactRow,
    ContactShape,
    DoubtShape,
    EntryPage,
    FieldValue,
    HoldShape,
    PastValues,
    ZoneShape,
)
from web.api.models import Body, Page

_Value = Annotated[str | None, Field(max_length=100)]


class ContactsQuery(Page):
    """
    `q` finds by name, handle or number, in no order; what has neither letters nor digits finds nobody. The others
    narrow a list, each by one value. With a `finding` (see `GET /data-health`) they come in no order, and a page may
    be short.
    """

    q: Annotated[str | None, Field(max_length=200)] = None
    sort: people.Sort = "newest"
    tag: _Value = None
    list: _Value = None
    stage: _Value = None
    owner: _Value = None
    company: _Value = None
    role: _Value = None
    language: _Value = None
    risk: Risk | None = None
    finding: FindingId | None = None

    def wanted(self) -> Wanted:
        return Wanted(
            sort=self.sort,
            tag=self.tag,
            list_id=self.list,
            stage=self.stage,
            owner=self.owner,
            company=self.company,
            role=self.role,
            language=self.language,
            risk=self.risk,
            finding=self.finding,
        )


class ContactCount(TypedDict):
    """`more`: there are more than that, how many is not counted."""

    count: int
    more: bool


class EditContact(Body):
    """
    What is not sent stays. `revision` is what the screen showed: a value that a colleague changed after it is refused.
    Of `fields` only those sent change; null empties one.
    """

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")] = ""
    language: Annotated[str | None, Field(max_length=20)] = None
    notes: Annotated[str, Field(max_length=20_000)] = ""
    stage: Annotated[str | None, Field(max_length=40)] = None
    owner_id: Annotated[str | None, Field(max_length=100)] = None
    zone: Annotated[str | None, Field(max_length=60)] = None
    company_id: Annotated[str | None, Field(max_length=100)] = None
    company_role: Annotated[str | None, Field(max_length=40)] = None
    fields: Annotated[dict[str, str | float | bool | list[str] | None] | None, Field(max_length=MOST_FIELDS)] = None
    revision: Annotated[int | None, Field(ge=0, le=2**53)] = None


_Id = Annotated[str, Field(min_length=1, max_length=100)]
_Ids = Annotated[tuple[_Id, ...], Field(max_length=20)]


class MarkContact(Body):
    add: _Ids = ()
    remove: _Ids = ()


class TagContacts(Body):
    type: Literal["tags"]
    add: _Ids = ()
    remove: _Ids = ()


class ListContacts(Body):
    type: Literal["lists"]
    add: _Ids = ()
    remove: _Ids = ()


class StageContacts(Body):
    type: Literal["stage"]
    stage: Annotated[str | None, Field(max_length=40)]


class OwnContacts(Body):
    type: Literal["owner"]
    owner_id: Annotated[str | None, Field(max_length=100)]


class LanguageContacts(Body):
    type: Literal["language"]
    language: Annotated[str | None, Field(max_length=20)]


class ZoneContacts(Body):
    type: Literal["zone"]
    zone: Annotated[str | None, Field(max_length=60)]


class ZoneFromNumber(Body):
    """Who has no time zone of their own gets the one that their number says."""

    type: Literal["zone_from_number"]


class ContactFilter(Body):
    """As `GET /contacts` takes it; `list_id` is its `list`."""

    tag: _Value = None
    list_id: _Value = None
    stage: _Value = None
    owner: _Value = None
    company: _Value = None
    role: _Value = None
    language: _Value = None
    risk: Risk | None = None
    finding: FindingId | None = None


class BlockContact(Body):
    reason: Literal["spam", "abuse", "other"] = "spam"
    note: Annotated[str, Field(max_length=1_000)] = ""


def address_of(row: ContactAddress, last_inbound_at: str | None, now: datetime) -> ContactAddressShape:
    return {
        "address": str(row.address),
        "channel": row.address.kind,
        "label": addresses.label_of_person(row.address, row.username),
        "verified": row.verified,
        "last_inbound_at": last_inbound_at,
        "consent": {
            "service": standing.overall(row.consent, "service", now),
            "transactional": standing.overall(row.consent, "transactional", now),
            "marketing": standing.overall(row.consent, "marketing", now),
        },
        "doubt": _doubt(row),
    }


def _doubt(row: ContactAddress) -> DoubtShape | None:
    doubt = row.doubt
    if doubt is None:
        return None
    message = doubts.words(doubt)
    return {"reason": doubt.reason, "message": message, "at": iso(doubt.at) or "", "asks": doubts.asks(row)}


async def list_contacts(request: ApiRequest, query: ContactsQuery) -> ContactPage:
    ws = request.ws
    if query.q and query.q.strip():
        found = await people.matching(ws, request.actor, query.q, query.wanted(), limit=query.limit)
        return {"items": await rows_of(ws, found), "next_cursor": None}
    (after,) = cursors.read(query.cursor, str) or (None,)
    shown, last = await people.page(ws, request.actor, query.wanted(), cursor=after, limit=query.limit)
    return {"items": await rows_of(ws, shown), "next_cursor": cursors.write(last) if last else None}


async def count_contacts(request: ApiRequest, query: ContactsQuery) -> ContactCount:
    count, more = await people.count(request.ws, query.wanted())
    return {"count": count, "more": more}


async def mark_tags(request: ApiRequest, contact_id: str, body: MarkContact) -> ContactShape:
    known = {tag.id for tag in await tags.every(request.ws)}
    if unknown := set(body.add) - known:
        raise Invalid.field("add", f"There is no tag {min(unknown)}.")
    return await _mark(request, contact_id, "tags", body)


async def mark_lists(request: ApiRequest, contact_id: str, body: MarkContact) -> ContactShape:
    known = {each.id for each in await lists.every(request.ws)}
    if unknown := set(body.add) - known:
        raise Invalid.field("add", f"There is no list {min(unknown)}.")
    return await _mark(request, contact_id, "lists", body)


async def _mark(request: ApiRequest, contact_id: str, what: str, body: MarkContact) -> ContactShape:
    ws = request.ws
    known = await access.contact(ws, request.actor, contact_id)
    before, contact = await profiles.mark(ws, known.id, what, add=body.add, remove=body.remove)
    if contact.revision != before.revision:
        detail = {"add": list(body.add), "remove": list(body.remove)}
        done = {"tags": "contact.tagged", "lists": "contact.listed"}[what]
        await audit.record(ws, request.actor, done, Target("contact", contact.id, contact.name), detail)
        await tell(ws, contact)
    return await full(request, contact)


class BeginContactBulk(Body):
    """Either `ids`, or `filter`: all contacts of that list at this moment."""

    action: Annotated[
        TagContacts | ListContacts | StageContacts | OwnContacts | LanguageContacts | ZoneContacts | ZoneFromNumber,
        Field(discriminator="type"),
    ]
    ids: Annotated[tuple[_Id, ...], Field(max_length=1_000)] = ()
    filter: ContactFilter | None = None


async def begin_bulk(request: ApiRequest, body: BeginContactBulk) -> BulkOut:
    if body.filter is not None and body.ids:
        raise Invalid.field("filter", "Give ids or a filter, not both.")
    action = body.action.model_dump()
    known: set[str] = set()
    match action["type"]:
        case "tags":
            known = {tag.id for tag in await tags.every(request.ws)}
        case "lists":
            known = {each.id for each in await lists.every(request.ws)}
    if unknown := set(action.get("add", ())) - known:
        raise Invalid.field("action.add", f"There is no {min(unknown)}.")
    wanted = Wanted(**body.filter.model_dump()) if body.filter is not None else None
    made = await bulk.begin(request.ws, request.actor, action, thing_ids=body.ids, wanted=wanted, about="contacts")
    return shown_bulk(made)


async def rows_of(ws: Workspace, found: Sequence[Contact]) -> list[ContactRow]:
    """Contacts as lists show them."""
    rows = await contact_store.addresses_of_contacts(ws, [contact.id for contact in found])
    known = await companies.by_id(ws, [contact.company_id for contact in found if contact.company_id])
    return [
        {
            "id": contact.id,
            "name": contact.name,
            "avatar_hue": contact.avatar_hue,
            "language": contact.language,
            "stage": contact.stage,
            "owner_id": contact.owner_id,
            "company": _company(known.get(contact.company_id or "")),
            "company_role": contact.company_role,
            "tags": list(contact.tags),
            "health": contact.health.score if contact.health else None,
            "churn_risk": contact.health.risk if contact.health else None,
            "created_at": iso(contact.created_at) or "",
            "addresses": [address_of(row, None, ws.clock.now()) for row in rows.get(contact.id, ())],
        }
        for contact in found
    ]


async def row_of(ws: Workspace, contact: Contact) -> ContactRow:
    return (await rows_of(ws, [contact]))[0]


def _company(company: Company | None) -> CompanyRef | None:
    return {"id": company.id, "name": company.name} if company else None


def _zone(contact: Contact, rows: Sequence[ContactAddress], at: datetime) -> ZoneShape | None:
    if contact.zone:
        return {"name": contact.zone, "derived": False, "sure": True}
    place = contacts.place_of(rows, at)
    return {"name": place.zone, "derived": True, "sure": place.sure} if place else None


async def get(request: ApiRequest, contact_id: str) -> ContactShape:
    return await full(request, await access.contact(request.ws, request.actor, contact_id))


async def full(request: ApiRequest, contact: Contact) -> ContactShape:
    """All of a contact."""
    ws = request.ws
    known = await fields.get(ws)
    rows = await contacts.addresses_of(ws, contact.id)
    folded = doubts.folds(rows)
    sight = await access.sight(ws, request.actor)
    threads = [each for each in await conversation_store.of_contact(ws, contact.id) if sight.sees(each)]
    heard = {r.address: iso(r.last_inbound_at) for thread in threads for r in thread.reach}
    return {
        "id": contact.id,
        "name": contact.name,
        "avatar_hue": contact.avatar_hue,
        "language": contact.language,
        "notes": contact.notes,
        "stage": contact.stage,
        "stage_since": iso(contact.stage_since),
        "owner_id": contact.owner_id,
        "zone": _zone(contact, rows, ws.clock.now()),
        "company": _company((await companies.by_id(ws, [contact.company_id or ""])).get(contact.company_id or "")),
        "company_role": contact.company_role,
        "fields": shown_fields(known, contact, lambda field: not (folded and field.private)),
        "tags": list(contact.tags),
        "lists": list(contact.lists),
        "revision": contact.revision,
        "block": _block(contact.block),
        "hold": _hold(contact.hold),
        "created_at": iso(contact.created_at) or "",
        "addresses": [address_of(row, heard.get(str(row.address)), ws.clock.now()) for row in rows],
        "conversations": [{"id": thread.id, "state": thread.state} for thread in threads],
        "merged": len(contact.absorbed),
        "last_number": max((thread.last_number for thread in threads), default=0),
        "folded": folded,
    }


def shown_fields(known: Fields, contact: Contact, wanted: Callable[[ContactField], bool]) -> dict[str, FieldValue]:
    """Values of the workspace's own fields, of those that are wanted."""
    there = [field for field in known.fields if field.key in contact.fields and wanted(field)]
    return {field.key: fields.shown(field, contact.fields[field.key]) for field in there}


def _block(block: Block | None) -> BlockShape | None:
    if block is None:
        return None
    return {"reason": block.reason, "at": iso(block.at) or "", "by": block.by, "note": block.note}


def _hold(hold: Hold | None) -> HoldShape | None:
    return {"reason": hold.reason, "at": iso(hold.at) or "", "by": hold.by} if hold else None


async def edit(request: ApiRequest, contact_id: str, body: EditContact) -> ContactShape:
    ws = request.ws
    known = await access.contact(ws, request.actor, contact_id)
    given = body.model_dump(exclude_unset=True, exclude={"revision"})
    if (masker := masks.of(ws, request.actor)) is not None:
        given = _as_stored(masker, known, given)
    await _require_unfolded(ws, known, given)
    async with live.announced(ws, "conversation", conversations.id_for(known.id)):
        before, contact = await profiles.edit(ws, request.actor, known.id, given, seen=body.revision)
        if contact.revision != before.revision:
            changed = await conversations.rename(ws, contact.id, contact.name) if contact.name != before.name else []
            await live.tell_conversations(ws, *changed)
            await tell(ws, contact)
    if contact.revision != before.revision:
        await duplicates.look_later(ws, contact.id)
        own = [f"fields.{key}" for key in given.pop("fields", None) or ()]
        names = sorted([*given, *own])
        await audit.record(
            ws, request.actor, "contact.edited", Target("contact", contact.id, contact.name), {"fields": names}
        )
    return await full(request, contact)


async def _require_unfolded(ws: Workspace, contact: Contact, given: dict[str, Any]) -> None:
    """Raises Conflict where a value is folded away: nobody overwrites what they do not see."""
    keys = set(given.get("fields") or ())
    private = {field.key for field in (await fields.get(ws)).fields if field.private} if keys else set()
    if keys & private and doubts.folds(await contacts.addresses_of(ws, contact.id)):
        words = "It is not sure who this is, so private fields stay as they are. Make sure first."
        raise Conflict(words, code="not_verified")


def _as_stored(masker: Masker, known: Contact, given: dict[str, Any]) -> dict[str, Any]:
    """Sent back as it was shown, a text that is hidden stays what it is."""
    kept = {name: value for name, value in given.items() if name != "name" or value != masker.within(known.name)}
    own = {
        key: value
        for key, value in (given.get("fields") or {}).items()
        if not isinstance(was := known.fields.get(key), str) or value == was or value != masker.within(was)
    }
    return {**kept, "fields": own} if "fields" in given else kept


async def tell(ws: Workspace, contact: Contact) -> None:
    """Screens that show it look again; those in whose lists it stands, too."""
    told = {"id": contact.id, "name": contact.name, "language": contact.language, "revision": contact.revision}
    await live.publish(ws, live.event("contact", told))


async def past(request: ApiRequest, contact_id: str) -> PastValues:
    ws = request.ws
    contact = await access.contact(ws, request.actor, contact_id)
    found = await contacts.past(ws, contact.id)
    private = {f"fields.{field.key}" for field in (await fields.get(ws)).fields if field.private}
    if private and doubts.folds(await contacts.addresses_of(ws, contact.id)):
        found = [each for each in found if each.what not in private]
    words = await contact_words.words(ws, ((each.what, v) for each in found for v in (each.before, each.after)))
    return {
        "items": [
            {
                "what": each.what,
                "label": words.label(each.what),
                "before": words.of(each.what, each.before) or None,
                "after": words.of(each.what, each.after) or None,
                "by_id": each.by,
                "by_name": each.name,
                "at": iso(each.at) or "",
            }
            for each in found
        ]
    }


async def block(request: ApiRequest, contact_id: str, body: BlockContact) -> ContactShape:
    await access.contact(request.ws, request.actor, contact_id)
    return await full(request, await blocking.block(request.ws, request.actor, contact_id, body.reason, body.note))


async def unblock(request: ApiRequest, contact_id: str) -> ContactShape:
    await access.contact(request.ws, request.actor, contact_id)
    return await full(request, await blocking.unblock(request.ws, request.actor, contact_id))


async def entries(request: ApiRequest, contact_id: str, query: timelines.TimelineQuery) -> EntryPage:
    ws = request.ws
    contact = await access.contact(ws, request.actor, contact_id)
    threads = await conversation_store.of_contact(ws, contact.id)
    newest = max((thread.last_number for thread in threads), default=0)
    woven = any(thread.woven for thread in threads)
    return await timelines.page(request, contact.id, query, newest=newest, woven=woven)


ENDPOINTS = [
    Endpoint(
        "GET",
        "/contacts",
        list_contacts,
        Permission.CONTACTS_READ,
        "Contacts, narrowed, in an order, or those that match",
    ),
    Endpoint("GET", "/contacts/count", count_contacts, Permission.CONTACTS_READ, "How many there are in a list"),
    Endpoint(
        "POST",
        "/contacts/bulk",
        begin_bulk,
        Permission.CONTACTS_WRITE,
        "Do one thing to many contacts; see /bulk/{bulk_id} for how far it is, and for taking it back",
        status=202,
        errors=(Invalid, NotFound),
    ),
    Endpoint(
        "POST",
        "/contacts/{contact_id}/tags",
        mark_tags,
        Permission.CONTACTS_WRITE,
        "Add tags and take others off",
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint(
        "POST",
        "/contacts/{contact_id}/lists",
        mark_lists,
        Permission.CONTACTS_WRITE,
        "Put it on lists and take it off others",
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint(
        "POST",
        "/contacts/{contact_id}/block",
        block,
        Permission.INBOX_REPLY,
        "Keep what they write from all lists, and where the provider can, away",
        errors=(NotFound,),
    ),
    Endpoint(
        "POST",
        "/contacts/{contact_id}/unblock",
        unblock,
        Permission.INBOX_REPLY,
        "Let them write again",
        errors=(NotFound,),
    ),
    Endpoint("GET", "/contacts/{contact_id}", get, Permission.CONTACTS_READ, "One contact", errors=(NotFound,)),
    Endpoint(
        "PATCH",
        "/contacts/{contact_id}",
        edit,
        Permission.CONTACTS_WRITE,
        "Correct a contact",
        errors=(NotFound, Invalid, Conflict, ChangedMeanwhile),
    ),
    Endpoint(
        "GET",
        "/contacts/{contact_id}/past",
        past,
        Permission.CONTACTS_READ,
        "What of its values was changed by hand: by whom, when, from what to what",
        errors=(NotFound,),
    ),
    Endpoint(
        "GET",
        "/contacts/{contact_id}/entries",
        entries,
        Permission.CONTACTS_READ,
        "A page of the whole timeline, ascending",
        errors=(NotFound,),
    ),
]
