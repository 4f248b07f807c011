"""Contacts that may be one person: suggestions with their reasons, and the decision that they are not."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from app.core import audit
from app.core.audit import Target
from app.core.clock import iso
from app.core.errors import NotFound
from app.core.permissions import Permission
from crm import contacts, duplicate_search, duplicates
from crm.contacts import Contact
from crm.duplicate_search import Search
from crm.duplicates import Duplicate
from inbox import access, live
from web.api import cursors
from web.api.contacts import row_of
from web.api.endpoint import ApiRequest, Endpoint
from web.api.inbox_shapes import ContactRow
from web.api.models import Body, Page, Time


class ReasonShape(TypedDict):
    code: Literal["proved", "same_id", "same_phone", "same_email", "same_name"]
    words: str


class DuplicateShape(TypedDict):
    """Two contacts, the older first, and why they may be one."""

    id: str
    contacts: list[ContactRow]
    reasons: list[ReasonShape]
    found_at: Time


class DuplicatePage(TypedDict):
    items: list[DuplicateShape]
    next_cursor: str | None


class DuplicateList(TypedDict):
    items: list[DuplicateShape]


class Dismiss(Body):
    contact_id: Annotated[str, Field(min_length=1, max_length=100)]
    other_id: Annotated[str, Field(min_length=1, max_length=100)]


class DismissedShape(TypedDict):
    id: str


class SearchShape(TypedDict):
    """Looking through all contacts, the last time: from 0 to 1 how far, and how many pairs are new."""

    state: Literal["running", "done"]
    share: float
    looked_at: int
    found: int
    by_name: str
    started_at: Time


class LastSearch(TypedDict):
    search: SearchShape | None


async def _shown(request: ApiRequest, pair: Duplicate, known: dict[str, Contact]) -> DuplicateShape:
    return {
        "id": pair.id,
        "contacts": [await row_of(request.ws, known[each]) for each in pair.contact_ids],
        "reasons": [{"code": reason.code, "words": reason.text} for reason in pair.reasons],
        "found_at": iso(pair.found_at) or "",
    }


async def listed(request: ApiRequest, query: Page) -> DuplicatePage:
    before = cursors.read(query.cursor, datetime, str)
    found = await duplicates.page(request.ws, before=before or None, limit=query.limit + 1)
    shown = found[: query.limit]
    # A pair that has just been merged leaves the list a moment later.
    everybody = [each for _, *both in shown for each in both if each.merged_into is None]
    seen = {each.id for each in await access.visible_contacts(request.ws, request.actor, everybody)}
    last = shown[-1][0] if len(found) > query.limit else None
    return {
        "items": [await _shown(request, pair, {a.id: a, b.id: b}) for pair, a, b in shown if {a.id, b.id} <= seen],
        "next_cursor": cursors.write(last.found_at, last.id) if last else None,
    }


async def of_contact(request: ApiRequest, contact_id: str) -> DuplicateList:
    ws = request.ws
    contact = await access.contact(ws, request.actor, contact_id)
    pairs = await duplicates.of_contact(ws, contact)
    others = [await contacts.get(ws, pair.other(contact.id)) for pair in pairs]
    seen = {each.id: each for each in await access.visible_contacts(ws, request.actor, others)}
    known = {**seen, contact.id: contact}
    return {"items": [await _shown(request, pair, known) for pair in pairs if pair.other(contact.id) in seen]}


async def dismiss(request: ApiRequest, body: Dismiss) -> DismissedShape:
    for contact_id in (body.contact_id, body.other_id):
        await access.contact(request.ws, request.actor, contact_id)
    pair = await duplicates.dismiss(request.ws, request.actor, body.contact_id, body.other_id)
    await _decided(request, pair, "contact.told_apart")
    return {"id": pair.id}


async def restore(request: ApiRequest, duplicate_id: str) -> None:
    for contact_id in (await duplicates.get(request.ws, duplicate_id)).contact_ids:
        await access.contact(request.ws, request.actor, contact_id)
    await _decided(request, await duplicates.restore(request.ws, duplicate_id), "contact.not_told_apart")


async def _decided(request: ApiRequest, pair: Duplicate, action: str) -> None:
    ws = request.ws
    first, second = [await contacts.get(ws, each) for each in pair.contact_ids]
    target = Target("contact", first.id, first.name)
    await audit.record(ws, request.actor, action, target, {"other_id": second.id, "other_name": second.name})
    with live.told_later(ws):
        await live.publish(ws, live.event("duplicates", {"contact_ids": list(pair.contact_ids)}))


async def look(request: ApiRequest) -> LastSearch:
    ws = request.ws
    search, begun = await duplicate_search.start(ws, request.actor)
    if begun:
        await audit.record(ws, request.actor, "contact.duplicates_sought", Target("workspace", ws.id))
        with live.told_later(ws):
            await live.publish(ws, live.event("duplicates", {"contact_ids": []}))
    return {"search": _search(search)}


async def looked(request: ApiRequest) -> LastSearch:
    search = await duplicate_search.last(request.ws)
    return {"search": _search(search) if search else None}


def _search(search: Search) -> SearchShape:
    return {
        "state": search.state,
        "share": round(search.share, 3),
        "looked_at": search.looked_at,
        "found": search.found,
        "by_name": search.by,
        "started_at": iso(search.started_at) or "",
    }


ENDPOINTS = [
    Endpoint(
        "GET", "/duplicates", listed, Permission.CONTACTS_READ, "Pairs of contacts that may be one person, newest first"
    ),
    Endpoint(
        "POST",
        "/duplicates/dismiss",
        dismiss,
        Permission.CONTACTS_WRITE,
        "They are two people; never suggested again",
        errors=(NotFound,),
    ),
    Endpoint(
        "POST",
        "/duplicates/look",
        look,
        Permission.CONTACTS_WRITE,
        "Look through all contacts, in the background; one that runs already goes on",
        status=202,
    ),
    Endpoint(
        "GET",
        "/duplicates/look",
        looked,
        Permission.CONTACTS_READ,
        "How far looking through all contacts is, or has come the last time",
    ),
    Endpoint(
        "POST",
        "/duplicates/{duplicate_id}/restore",
        restore,
        Permission.CONTACTS_WRITE,
        "Suggest them again",
        errors=(NotFound,),
    ),
    Endpoint(
        "GET",
        "/contacts/{contact_id}/duplicates",
        of_contact,
        Permission.CONTACTS_READ,
        "Who else this may be, and why",
        errors=(NotFound,),
    ),
]
