"""Erasing a person: what it would do, doing it, how far it is, and the document that proves it; and legal holds."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from app.core import audit
from app.core.addresses import Address
from app.core.audit import Target
from app.core.clock import iso
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import Permission
from crm import erasures
from crm.erasures import Erasure
from inbox import access
from inbox.erasing import erasing, outlook, proof
from inbox.erasing.outlook import Item
from web.api import contacts as contacts_api
from web.api import cursors
from web.api.endpoint import ApiRequest, Endpoint
from web.api.inbox_shapes import ContactShape
from web.api.models import Body, Out, Page, Time


class ErasureItem(Out):
    """`code` is stable, `words` are what becomes of so many."""

    code: str
    number: int
    words: str


class ErasureOutlook(Out):
    """`against` is why it cannot be done now."""

    name: str
    goes: list[ErasureItem]
    stays: list[ErasureItem]
    against: str | None


class ErasePerson(Body):
    """`name` is the contact's, written out by whoever means it. It cannot be taken back."""

    name: Annotated[str, Field(max_length=300)]
    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")] = "They asked to be erased."


class HoldPerson(Body):
    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]


class ErasureOut(Out):
    """`share` is how much is done, to 1; `left` what a provider would not delete, in its words."""

    id: str
    contact_id: str
    state: Literal["running", "done"]
    share: float
    reason: str
    by_name: str
    at: Time
    finished_at: Time | None
    counts: dict[str, int]
    left: list[str]


class ErasuresOut(Out):
    items: list[ErasureOut]
    next_cursor: str | None


class ErasuresQuery(Page):
    """`address`, such as sms:+12025550123: erasures in which this handle was."""

    address: Annotated[str | None, Field(max_length=300)] = None


def _item(item: Item) -> ErasureItem:
    return ErasureItem(code=item.code, number=item.number, words=item.words)


def _out(known: Erasure) -> ErasureOut:
    return ErasureOut(
        id=known.id,
        contact_id=known.contact_id,
        state=known.state,
        share=erasing.share(known),
        reason=known.reason,
        by_name=known.by_name,
        at=iso(known.at) or "",
        finished_at=iso(known.finished_at),
        counts=dict(known.counts),
        left=list(known.left),
    )


async def look(request: ApiRequest, contact_id: str) -> ErasureOutlook:
    erasures.require(request.actor)
    found = await outlook.of(request.ws, await access.contact(request.ws, request.actor, contact_id))
    return ErasureOutlook(
        name=found.name, goes=list(map(_item, found.goes)), stays=list(map(_item, found.stays)), against=found.against
    )


async def erase(request: ApiRequest, contact_id: str, body: ErasePerson) -> ErasureOut:
    contact = await access.contact(request.ws, request.actor, contact_id)
    if " ".join(body.name.split()) != " ".join(contact.name.split()):
        raise Invalid.field("name", f"Write the name as it stands there: {contact.name}.")
    return _out(await erasing.begin(request.ws, request.actor, contact.id, body.reason.strip()))


async def list_erasures(request: ApiRequest, query: ErasuresQuery) -> ErasuresOut:
    ws = request.ws
    if query.address is not None:
        return ErasuresOut(
            items=list(map(_out, await erasures.of_handle(ws, Address.parse(query.address.strip())))), next_cursor=None
        )
    (at, row_id) = cursors.read(query.cursor, datetime, str) or (None, "")
    before = (at, row_id) if at is not None else None
    rows = await erasures.page(ws, before=before, limit=query.limit + 1)
    shown = rows[: query.limit]
    more = cursors.write(shown[-1].at, shown[-1].id) if len(rows) > query.limit else None
    return ErasuresOut(items=list(map(_out, shown)), next_cursor=more)


async def get(request: ApiRequest, erasure_id: str) -> ErasureOut:
    return _out(await erasures.get(request.ws, erasure_id))


async def proof_json(request: ApiRequest, erasure_id: str) -> bytes:
    known = await _done(request, erasure_id, "json")
    return proof.as_json(request.ws, await proof.business_of(request.ws), known)


async def proof_pdf(request: ApiRequest, erasure_id: str) -> bytes:
    known = await _done(request, erasure_id, "pdf")
    return await proof.as_pdf(request.ws, await proof.business_of(request.ws), known)


async def _done(request: ApiRequest, erasure_id: str, suffix: str) -> Erasure:
    """Raises NotFound; Conflict while it is under way."""
    known = await erasures.get(request.ws, erasure_id)
    if known.state != "done":
        raise Conflict("This person is still being erased; there is no proof yet.", code="erasure_running")
    name = f"Proof of erasure {known.id}.{suffix}"
    request.answer_headers.append((b"content-disposition", f'attachment; filename="{name}"'.encode()))
    await audit.record(request.ws, request.actor, "erasure.proven", Target("erasure", known.id), {"format": suffix})
    return known


async def hold(request: ApiRequest, contact_id: str, body: HoldPerson) -> ContactShape:
    return await _hold(request, contact_id, body.reason.strip())


async def release(request: ApiRequest, contact_id: str) -> ContactShape:
    return await _hold(request, contact_id, None)


async def _hold(request: ApiRequest, contact_id: str, reason: str | None) -> ContactShape:
    ws = request.ws
    known = await access.contact(ws, request.actor, contact_id)
    contact = await erasures.set_hold(ws, request.actor, known.id, reason)
    done, detail = ("contact.held", {"reason": reason}) if reason else ("contact.hold_lifted", {})
    await audit.record(ws, request.actor, done, Target("contact", contact.id, contact.name), detail)
    await contacts_api.tell(ws, contact)
    return await contacts_api.full(request, contact)


_MANAGE = Permission.PRIVACY_MANAGE

ENDPOINTS = [
    Endpoint(
        "GET",
        "/contacts/{contact_id}/erasure",
        look,
        _MANAGE,
        "What erasing this person would do: what goes, what stays and why",
        errors=(NotFound, Forbidden),
    ),
    Endpoint(
        "POST",
        "/contacts/{contact_id}/erase",
        erase,
        _MANAGE,
        "Erase this person for ever, in the background",
        status=202,
        errors=(NotFound, Invalid, Conflict, Forbidden),
    ),
    Endpoint(
        "POST",
        "/contacts/{contact_id}/hold",
        hold,
        _MANAGE,
        "Put a legal hold on this person: nothing of them is deleted while it stands",
        errors=(NotFound, Forbidden),
    ),
    Endpoint(
        "POST",
        "/contacts/{contact_id}/release",
        release,
        _MANAGE,
        "Lift the legal hold",
        errors=(NotFound, Forbidden),
    ),
    Endpoint("GET", "/erasures", list_erasures, _MANAGE, "People who were erased, the newest first", errors=(Invalid,)),
    Endpoint("GET", "/erasures/{erasure_id}", get, _MANAGE, "One erasure, and how far it is", errors=(NotFound,)),
    Endpoint(
        "GET",
        "/erasures/{erasure_id}/proof.json",
        proof_json,
        _MANAGE,
        "What proves it: what was done, when and by whom, and what stayed",
        errors=(NotFound, Conflict),
    ),
    Endpoint(
        "GET",
        "/erasures/{erasure_id}/proof.pdf",
        proof_pdf,
        _MANAGE,
        "The same to read and to print",
        errors=(NotFound, Conflict),
        media_type="application/pdf",
    ),
]
