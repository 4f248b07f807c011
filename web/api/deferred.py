"""Messages for later: at a time, or when the customer answers; and what people decide about them."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.core import audit
from app.core.addresses import Address
from app.core.audit import Target
from app.core.clock import iso
from app.core.errors import Conflict, Forbidden, Invalid, LeftOut, NewerMessages, NotFound, OptedOut, ReplyWindowClosed
from app.core.permissions import Permission
from channels import accounts
from channels.content import Content, Template
from crm import contacts
from crm.places import place_of
from inbox import access, present
from inbox.answering import deferred, reopeners
from inbox.answering.deferred import Deferred, Wish
from inbox.outbox import Draft
from inbox.timeline import Author
from web.api import cursors
from web.api.endpoint import ApiRequest, Endpoint
from web.api.inbox_shapes import AuthorShape
from web.api.models import Body, Channel, Out, Page, Query, SeenNumber, Time, When
from web.api.translations import WroteFirst

OnReply = Literal["cancel", "ask", "send"]
At = Annotated[When, Field(strict=False)]
Revision = Annotated[int | None, Field(ge=0, le=2**53)]


class Defer(Body):
    """`at` null: held until the customer answers; `opener` (null: the account's own) asks them to."""

    client_id: UUID
    content: Content
    account_id: Annotated[str | None, Field(max_length=100)] = None
    address: Annotated[str | None, Field(max_length=300)] = None
    reply_to_entry_id: Annotated[str | None, Field(max_length=100)] = None
    seen: SeenNumber | None = None
    # What marketing is about (an approved text says itself that it is marketing).
    topic: Annotated[str, Field(max_length=40)] = ""
    at: At | None = None
    on_reply: OnReply = "ask"
    opener: Template | None = None
    days: Annotated[int, Field(ge=1, le=30)] = 7
    written: WroteFirst | None = None


class ChangeDeferred(Body):
    text: Annotated[str | None, Field(min_length=1, max_length=100_000)] = None
    at: At | None = None
    on_reply: OnReply | None = None
    revision: Revision = None


class DeferredQuery(Page):
    mine: bool = False


class ReasonOut(Out):
    code: str
    message: str


class DeferredOut(Out):
    """`at`: when it goes, or when a held one expires."""

    id: str
    conversation_id: str
    contact_name: str
    kind: Literal["scheduled", "held"]
    state: Literal["waiting", "asking", "sending", "sent", "cancelled", "skipped", "expired"]
    content: dict[str, Any]
    channel: Channel
    account_id: str
    address: str
    author: AuthorShape
    created_at: Time
    at: Time
    on_reply: OnReply
    reason: ReasonOut | None
    entry_ids: tuple[str, ...]
    revision: int


class DeferredList(Out):
    items: list[DeferredOut]
    next_cursor: str | None = None


class PlaceOut(Out):
    """
    Where the person probably is. `between` are the two zones of their country that are furthest apart, where it has
    several clocks; null: the clock is sure. `from_address` is the number that says so.
    """

    region: str | None
    time_zone: str
    between: tuple[str, str] | None
    from_address: str


class WhereQuery(Query):
    address: Annotated[str, Field(max_length=300)]


class WhereOut(Out):
    """`language` as their app or a colleague says it."""

    place: PlaceOut | None
    language: str | None


class ReopenerOut(Out):
    name: str | None
    language: str | None


class ChooseReopener(Body):
    name: Annotated[str, Field(min_length=1, max_length=512)]
    language: Annotated[str, Field(min_length=2, max_length=20)]


async def defer(request: ApiRequest, conversation_id: str, body: Defer) -> DeferredOut:
    ws, actor = request.ws, request.actor
    conversation = await access.conversation(ws, actor, conversation_id, access.REPLY)
    draft = Draft(
        content=body.content,
        author=Author("member" if actor.type == "member" else "bot", actor.id, actor.name),
        client_id=str(body.client_id),
        account_id=body.account_id,
        address=await access.address(ws, actor, conversation, body.address),
        reply_to_entry_id=body.reply_to_entry_id,
        seen=body.seen,
        topic=body.topic,
        written=body.written.as_stored() if body.written else None,
    )
    wish = Wish(draft=draft, at=_utc(body.at), on_reply=body.on_reply, opener=body.opener, days=body.days)
    row = await deferred.create(ws, conversation, wish)
    await _audit(request, "created", row)
    return _shown(row)


async def of_conversation(request: ApiRequest, conversation_id: str) -> DeferredList:
    conversation = await access.conversation(request.ws, request.actor, conversation_id)
    return DeferredList(items=[_shown(row) for row in await deferred.of_conversation(request.ws, conversation)])


async def list_deferred(request: ApiRequest, query: DeferredQuery) -> DeferredList:
    after = cursors.read(query.cursor, datetime, str)
    author_id = request.actor.id if query.mine else None
    rows = await deferred.page(request.ws, author_id=author_id, after=after, limit=query.limit + 1)
    items = rows[: query.limit]
    more = len(rows) > query.limit
    cursor = cursors.write(items[-1].at, items[-1].id) if more else None
    seen = await access.visible(request.ws, request.actor, [row.conversation_id for row in items])
    return DeferredList(items=[_shown(row) for row in items if row.conversation_id in seen], next_cursor=cursor)


async def where(request: ApiRequest, conversation_id: str, query: WhereQuery) -> WhereOut:
    conversation = await access.conversation(request.ws, request.actor, conversation_id)
    address = await access.address(request.ws, request.actor, conversation, query.address)
    if address is None or all(reach.address != address for reach in conversation.reach):
        raise NotFound("This address does not belong to this conversation.")
    contact = await contacts.get(request.ws, conversation.contact_id)
    return WhereOut(place=await _place(request, conversation.contact_id, address), language=contact.language)


async def _place(request: ApiRequest, contact_id: str, address: str) -> PlaceOut | None:
    """By this address, or where it is no number by a number of theirs that is verified."""
    known = [Address.parse(address)]
    if place_of(known[0], request.ws.clock.now()) is None:
        known += [row.address for row in await contacts.addresses_of(request.ws, contact_id) if row.verified]
    for each in known:
        found = place_of(each, request.ws.clock.now())
        if found is not None:
            return PlaceOut(region=found.region, time_zone=found.zone, between=found.between, from_address=str(each))
    return None


async def change(request: ApiRequest, deferred_id: str, body: ChangeDeferred) -> DeferredOut:
    row = await _open(request, deferred_id)
    row = await deferred.change(
        request.ws, row, text=body.text, at=_utc(body.at), on_reply=body.on_reply, revision=body.revision
    )
    await _audit(request, "changed", row)
    return _shown(row)


async def send_now(request: ApiRequest, deferred_id: str) -> DeferredOut:
    row = await deferred.send_now(request.ws, await _open(request, deferred_id))
    await _audit(request, "sent", row)
    return _shown(row)


async def cancel(request: ApiRequest, deferred_id: str) -> DeferredOut:
    row = await deferred.cancel(request.ws, await _open(request, deferred_id))
    await _audit(request, "cancelled", row)
    return _shown(row)


def _utc(at: datetime | None) -> datetime | None:
    try:
        return at.astimezone(UTC).replace(microsecond=0) if at else None
    except OverflowError:
        raise Invalid.field("at", "Choose a time within a year.") from None


async def _open(request: ApiRequest, deferred_id: str) -> Deferred:
    row = await deferred.get(request.ws, deferred_id)
    await access.conversation(request.ws, request.actor, row.conversation_id, access.REPLY)
    manages = Permission.INBOX_MANAGE in request.actor.permissions
    deferred.may_decide(row, request.actor.id, manages=manages)
    return row


async def _audit(request: ApiRequest, done: str, row: Deferred) -> None:
    target = Target("conversation", row.conversation_id, row.contact_name)
    await audit.record(request.ws, request.actor, f"deferred.{done}", target, {"deferred_id": row.id, "kind": row.kind})


def _shown(row: Deferred) -> DeferredOut:
    return DeferredOut(
        id=row.id,
        conversation_id=row.conversation_id,
        contact_name=row.contact_name,
        kind=row.kind,
        state=row.state,
        content=present.content(row.content) or {},
        channel=row.channel,
        account_id=row.account_id,
        address=row.address,
        author={"type": row.author.type, "id": row.author.id, "name": row.author.name},
        created_at=iso(row.created_at) or "",
        at=iso(row.at) or "",
        on_reply=row.on_reply,
        reason=ReasonOut(**row.reason) if row.reason else None,
        entry_ids=row.entry_ids,
        revision=row.revision,
    )


async def reopener(request: ApiRequest, account_id: str) -> ReopenerOut:
    row = await accounts.row_of(request.ws, account_id)
    chosen = await reopeners.of_account(request.ws, row.id)
    return ReopenerOut(name=chosen.name if chosen else None, language=chosen.language if chosen else None)


async def choose_reopener(request: ApiRequest, account_id: str, body: ChooseReopener) -> ReopenerOut:
    chosen = await reopeners.choose(request.ws, account_id, body.name, body.language)
    target = Target("account", account_id, chosen.name)
    await audit.record(request.ws, request.actor, "account.reopener_chosen", target, {"language": chosen.language})
    return ReopenerOut(name=chosen.name, language=chosen.language)


async def forget_reopener(request: ApiRequest, account_id: str) -> None:
    row = await accounts.row_of(request.ws, account_id)
    await reopeners.forget(request.ws, row.id)
    await audit.record(request.ws, request.actor, "account.reopener_forgotten", Target("account", row.id, row.name))


_DECIDE = (NotFound, Forbidden, Conflict)

ENDPOINTS = [
    Endpoint(
        "POST",
        "/conversations/{conversation_id}/deferred",
        defer,
        Permission.INBOX_REPLY,
        "Send later: at a time, or when the customer answers",
        status=201,
        errors=(NotFound, Invalid, Conflict, LeftOut, OptedOut, ReplyWindowClosed, NewerMessages),
        idempotent=False,
    ),
    Endpoint(
        "GET",
        "/conversations/{conversation_id}/deferred",
        of_conversation,
        Permission.INBOX_READ,
        "Messages for later that wait in a conversation",
        errors=(NotFound,),
    ),
    Endpoint(
        "GET",
        "/conversations/{conversation_id}/place",
        where,
        Permission.INBOX_READ,
        "Where the person probably is: their clock",
        errors=(NotFound,),
    ),
    Endpoint(
        "GET", "/deferred", list_deferred, Permission.INBOX_READ, "All messages for later that wait", errors=(Invalid,)
    ),
    Endpoint(
        "PATCH",
        "/deferred/{deferred_id}",
        change,
        Permission.INBOX_REPLY,
        "Other words or another time for a message for later",
        errors=(*_DECIDE, Invalid),
    ),
    Endpoint(
        "POST",
        "/deferred/{deferred_id}/send",
        send_now,
        Permission.INBOX_REPLY,
        "Send a message for later now",
        errors=(*_DECIDE, Invalid, LeftOut, OptedOut, ReplyWindowClosed, NewerMessages),
    ),
    Endpoint(
        "POST",
        "/deferred/{deferred_id}/cancel",
        cancel,
        Permission.INBOX_REPLY,
        "Cancel a message for later",
        errors=_DECIDE,
    ),
    Endpoint(
        "GET",
        "/accounts/{account_id}/reopener",
        reopener,
        Permission.TEMPLATES_READ,
        "The account's re-opener template",
        errors=(NotFound,),
    ),
    Endpoint(
        "POST",
        "/accounts/{account_id}/reopener",
        choose_reopener,
        Permission.TEMPLATES_MANAGE,
        "Choose the template that opens a closed reply window",
        errors=(NotFound, Invalid),
    ),
    Endpoint(
        "DELETE",
        "/accounts/{account_id}/reopener",
        forget_reopener,
        Permission.TEMPLATES_MANAGE,
        "Choose no re-opener",
        errors=(NotFound,),
    ),
]
