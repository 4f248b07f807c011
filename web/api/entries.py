"""Single entries of the timeline: reactions, another try, the provider's own payload."""

from typing import Annotated

from pydantic import Field, JsonValue

from app.core import audit
from app.core.audit import Target
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.log import redact
from app.core.permissions import Permission
from app.core.platform import work
from inbox import access, inbound, media, outbox, present, signals
from inbox.answering import corrections, undo
from inbox.timeline import Entry
from web.api.endpoint import ApiRequest, Endpoint
from web.api.inbox_shapes import EntryList, EntryShape
from web.api.models import Body, Out


class React(Body):
    emoji: Annotated[str, Field(max_length=32)]


class EditEntry(Body):
    text: Annotated[str, Field(min_length=1, max_length=20_000)]


class RawPayload(Out):
    payload: JsonValue


async def _open(request: ApiRequest, entry_id: str, need: Permission = access.READ) -> Entry:
    return await access.entry(request.ws, request.actor, entry_id, need)


async def react(request: ApiRequest, entry_id: str, body: React) -> EntryShape:
    entry = await _open(request, entry_id, access.REPLY)
    changed = await signals.react(request.ws, entry, request.actor.id, request.actor.name, body.emoji)
    return present.entry(changed)  # type: ignore[return-value]


async def resend(request: ApiRequest, entry_id: str) -> EntryShape:
    entry = await _open(request, entry_id, access.REPLY)
    return present.entry(await outbox.resend(request.ws, entry))  # type: ignore[return-value]


async def take_back(request: ApiRequest, entry_id: str) -> EntryList:
    entry = await _open(request, entry_id, access.REPLY)
    taken = await undo.take_back(request.ws, entry, request.actor.id)
    return {"entries": [present.entry(part) for part in taken]}  # type: ignore[misc]


async def edit(request: ApiRequest, entry_id: str, body: EditEntry) -> EntryShape:
    entry = await _correctable(request, entry_id)
    changed = await corrections.edit(request.ws, entry, body.text)
    await _audit(request, "message.edited", changed)
    return present.entry(changed)  # type: ignore[return-value]


async def delete(request: ApiRequest, entry_id: str) -> EntryShape:
    entry = await _correctable(request, entry_id)
    changed = await corrections.delete(request.ws, entry)
    await _audit(request, "message.deleted", changed)
    return present.entry(changed)  # type: ignore[return-value]


async def _correctable(request: ApiRequest, entry_id: str) -> Entry:
    entry = await _open(request, entry_id, access.REPLY)
    manages = Permission.INBOX_MANAGE in request.actor.permissions
    corrections.may_correct(entry, request.actor.id, manages=manages)
    return entry


async def _audit(request: ApiRequest, action: str, entry: Entry) -> None:
    target = Target("conversation", entry.conversation_id, entry.address or "")
    await audit.record(request.ws, request.actor, action, target, {"entry_id": entry.id, "number": entry.number})


async def refetch(request: ApiRequest, entry_id: str) -> None:
    await media.retry(request.ws, await _open(request, entry_id, access.REPLY))


async def raw(request: ApiRequest, entry_id: str) -> RawPayload:
    entry = await _open(request, entry_id)
    if request.actor.rights.masks:
        raise Forbidden("The provider's payload holds what your role does not show.", code="masked")
    body = await work.raw_payload(request.runtime, request.ws.id, entry.raw_id) if entry.raw_id else None
    if body is None:
        raise NotFound("The provider's payload of this entry is not kept (any more).")
    return RawPayload(payload=redact_payload(inbound.readable(body)))


def redact_payload(payload: object) -> JsonValue:
    """Credentials struck out by their looks; unlike in logs, what the customer wrote stays readable."""
    if isinstance(payload, dict):
        return {str(k): redact_payload(v) for k, v in payload.items()}
    if isinstance(payload, list):
        return [redact_payload(v) for v in payload]
    return redact(payload) if isinstance(payload, str) else payload  # type: ignore[return-value]


ENDPOINTS = [
    Endpoint(
        "POST",
        "/entries/{entry_id}/reaction",
        react,
        Permission.INBOX_REPLY,
        "React to a message; an empty emoji takes it back",
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint(
        "POST",
        "/entries/{entry_id}/resend",
        resend,
        Permission.INBOX_REPLY,
        "Send a failed message again",
        status=202,
        errors=(NotFound, Conflict),
    ),
    Endpoint(
        "POST",
        "/entries/{entry_id}/undo",
        take_back,
        Permission.INBOX_REPLY,
        "Take a message back before it leaves",
        errors=(NotFound, Conflict, Forbidden),
    ),
    Endpoint(
        "PATCH",
        "/entries/{entry_id}",
        edit,
        Permission.INBOX_REPLY,
        "Other words for a message of ours, where the channel can",
        errors=(NotFound, Invalid, Conflict, Forbidden),
    ),
    Endpoint(
        "DELETE",
        "/entries/{entry_id}",
        delete,
        Permission.INBOX_REPLY,
        "Take a message of ours away from the customer, where the channel can",
        errors=(NotFound, Conflict, Forbidden),
    ),
    Endpoint(
        "POST",
        "/entries/{entry_id}/refetch",
        refetch,
        Permission.INBOX_REPLY,
        "Try again to fetch a file that failed",
        errors=(NotFound,),
    ),
    Endpoint(
        "GET",
        "/entries/{entry_id}/raw",
        raw,
        Permission.INBOX_READ,
        "The provider's payload, redacted",
        errors=(NotFound, Forbidden),
    ),
]
