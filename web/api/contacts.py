"""Contacts: people, their addresses, consent and whole timeline."""

from typing import Annotated, Literal

from pydantic import Field

from app.core import addresses, audit
from app.core.audit import Target
from app.core.clock import iso
from app.core.errors import NotFound
from app.core.permissions import Permission
from app.core.runtime import Workspace
from crm import consent, contacts, duplicates, masks
from crm.contacts import Block, Contact, ContactAddress, search_tokens
from crm.store import contacts as contact_store
from inbox import access, conversations, live
from inbox.closing import blocking
from inbox.store import conversations as conversation_store
from web.api import cursors, timelines
from web.api.endpoint import ApiRequest, Endpoint
from web.api.inbox_shapes import (
    BlockShape,
    ConsentPage,
    ConsentState,
    ContactAddressShape,
    ContactPage,
    ContactRow,
    ContactShape,
    EntryPage,
)
from web.api.models import Body, Page

# Somebody who does not see everybody gets a short page rather than wait for more than this.
_MOST_READS = 5


class ContactsQuery(Page):
    q: Annotated[str | None, Field(max_length=200)] = None


class EditContact(Body):
    name: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    language: Annotated[str | None, Field(max_length=20)] = None
    notes: Annotated[str | None, Field(max_length=20_000)] = None


class BlockContact(Body):
    reason: Literal["spam", "abuse", "other"] = "spam"
    note: Annotated[str, Field(max_length=1_000)] = ""


def address_of(row: ContactAddress, last_inbound_at: str | None) -> ContactAddressShape:
    return {
        "address": str(row.address),
        "channel": row.address.kind,
        "label": addresses.label_of_person(row.address, row.username),
        "verified": row.verified,
        "last_inbound_at": last_inbound_at,
        "consent": {
            "service": _consent(row, "service"),
            "transactional": _consent(row, "transactional"),
            "marketing": _consent(row, "marketing"),
        },
    }


def _consent(row: ContactAddress, purpose: str) -> ConsentState:
    known = row.consent.get(purpose)
    return known.state if known else "unknown"


async def list_contacts(request: ApiRequest, query: ContactsQuery) -> ContactPage:
    ws = request.ws
    if query.q and search_tokens(query.q):
        found = await access.contacts_named(ws, request.actor, query.q, limit=query.limit)
        return {"items": [await row_of(ws, contact) for contact in found], "next_cursor": None}
    (after,) = cursors.read(query.cursor, str) or (None,)
    shown: list[Contact] = []
    more = True
    for _ in range(_MOST_READS):
        read = await contact_store.contacts_page(ws, after=after, limit=query.limit + 1 - len(shown))
        more = len(read) > query.limit - len(shown)
        read = read[: query.limit - len(shown)]
        shown += await access.visible_contacts(ws, request.actor, read)
        after = read[-1].id if read else after
        if not more or len(shown) == query.limit:
            break
    next_cursor = cursors.write(after) if more and after else None
    return {"items": [await row_of(ws, contact) for contact in shown], "next_cursor": next_cursor}


async def row_of(ws: Workspace, contact: Contact) -> ContactRow:
    """A contact as lists show it."""
    rows = await contacts.addresses_of(ws, contact.id)
    return {
        "id": contact.id,
        "name": contact.name,
        "avatar_hue": contact.avatar_hue,
        "language": contact.language,
        "created_at": iso(contact.created_at) or "",
        "addresses": [address_of(row, None) for row in rows],
    }


async def get(request: ApiRequest, contact_id: str) -> ContactShape:
    return await full(request, await access.contact(request.ws, request.actor, contact_id))


async def full(request: ApiRequest, contact: Contact) -> ContactShape:
    """All of a contact."""
    ws = request.ws
    rows = await contacts.addresses_of(ws, contact.id)
    sight = await access.sight(ws, request.actor)
    threads = [each for each in await conversation_store.of_contact(ws, contact.id) if sight.sees(each)]
    heard = {r.address: iso(r.last_inbound_at) for thread in threads for r in thread.reach}
    return {
        "id": contact.id,
        "name": contact.name,
        "avatar_hue": contact.avatar_hue,
        "language": contact.language,
        "notes": contact.notes,
        "block": _block(contact.block),
        "created_at": iso(contact.created_at) or "",
        "addresses": [address_of(row, heard.get(str(row.address))) for row in rows],
        "conversations": [{"id": thread.id, "state": thread.state} for thread in threads],
        "merged": len(contact.absorbed),
        "last_number": max((thread.last_number for thread in threads), default=0),
    }


def _block(block: Block | None) -> BlockShape | None:
    if block is None:
        return None
    return {"reason": block.reason, "at": iso(block.at) or "", "by": block.by, "note": block.note}


async def edit(request: ApiRequest, contact_id: str, body: EditContact) -> ContactShape:
    ws = request.ws
    known = await access.contact(ws, request.actor, contact_id)
    contact_id = known.id
    masker = masks.of(ws, request.actor)
    # Sent back as it was shown, a name that is hidden stays what it is.
    name = None if masker is not None and body.name == masker.within(known.name) else body.name
    async with live.announced(ws, "conversation", conversations.id_for(contact_id)):
        contact = await contacts.edit(ws, contact_id, name=name, language=body.language, notes=body.notes)
        changed = await conversations.rename(ws, contact_id, contact.name)
        await live.tell_conversations(ws, *changed)
        told = {"id": contact.id, "name": contact.name, "language": contact.language, "notes": contact.notes}
        await live.publish(ws, live.event("contact", told))
    await duplicates.look_later(ws, contact_id)
    fields = sorted(body.model_dump(exclude_none=True))
    await audit.record(
        ws, request.actor, "contact.edited", Target("contact", contact.id, contact.name), {"fields": fields}
    )
    return await full(request, contact)


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


async def consents(request: ApiRequest, contact_id: str) -> ConsentPage:
    contact = await access.contact(request.ws, request.actor, contact_id)
    facts = await consent.history(request.ws, contact.id)
    return {
        "items": [
            {
                "at": iso(fact.at) or "",
                "channel": fact.address.kind,
                "address": str(fact.address),
                "purposes": list(fact.purposes),
                "purpose": ", ".join(fact.purposes),
                "state": fact.state,
                "source": fact.source,
                "wording": fact.wording,
                "evidence": fact.evidence,
            }
            for fact in facts
        ],
        "next_cursor": None,
    }


ENDPOINTS = [
    Endpoint("GET", "/contacts", list_contacts, Permission.CONTACTS_READ, "Contacts"),
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
        "PATCH", "/contacts/{contact_id}", edit, Permission.CONTACTS_WRITE, "Correct a contact", errors=(NotFound,)
    ),
    Endpoint(
        "GET",
        "/contacts/{contact_id}/entries",
        entries,
        Permission.CONTACTS_READ,
        "A page of the whole timeline, ascending",
        errors=(NotFound,),
    ),
    Endpoint(
        "GET",
        "/contacts/{contact_id}/consents",
        consents,
        Permission.CONTACTS_READ,
        "What the contact agreed to, and when",
        errors=(NotFound,),
    ),
]
