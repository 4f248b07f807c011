"""Canned replies: kept, and filled in for a conversation."""

from typing import Annotated

from pydantic import Field

from app.core import audit
from app.core.audit import Target
from app.core.clock import iso
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import Permission
from inbox import access, live
from inbox import files as stored_files
from inbox.answering import canned, macros
from inbox.answering.canned import CannedReply, Draft, Variant
from inbox.answering.variables import MAX_TEXT_CHARS
from web import files
from web.api.endpoint import ApiRequest, Endpoint
from web.api.inbox_shapes import FileShape
from web.api.models import Body, Channel, Out, Time

FileId = Annotated[str, Field(max_length=100)]


class VariantIn(Body):
    text: Annotated[str, Field(max_length=MAX_TEXT_CHARS)]
    language: Annotated[str | None, Field(max_length=20)] = None
    channel: Annotated[str | None, Field(max_length=40)] = None


class KeepCanned(Body):
    """`shared`: for everyone, which needs inbox.manage; otherwise for oneself."""

    shortcut: Annotated[str, Field(min_length=1, max_length=41)]
    title: Annotated[str, Field(max_length=200)] = ""
    variants: Annotated[list[VariantIn], Field(min_length=1, max_length=canned.MOST_VARIANTS)]
    file_ids: Annotated[tuple[FileId, ...], Field(max_length=canned.MOST_FILES, strict=False)] = ()
    shared: bool = False


class ChangeCanned(KeepCanned):
    revision: Annotated[int | None, Field(ge=0, le=2**53)] = None


class FillCanned(Body):
    """`insert`: it goes into an answer now, and is counted."""

    conversation_id: Annotated[str, Field(max_length=100)]
    account_id: Annotated[str | None, Field(max_length=100)] = None
    insert: bool = False


class VariantOut(Out):
    text: str
    language: str | None
    channel: Channel | None


class CannedOut(Out):
    id: str
    shortcut: str
    title: str
    variants: list[VariantOut]
    files: list[FileShape]
    shared: bool
    uses: int
    last_used_at: Time | None
    updated_at: Time | None
    revision: int


class CannedList(Out):
    items: list[CannedOut]
    next_cursor: str | None = None


class FilledOut(Out):
    """`language` and `channel` say which variant was chosen; `missing` stand in the text as `{{ name }}`."""

    text: str
    missing: tuple[str, ...]
    language: str | None
    channel: Channel | None
    files: list[FileShape]


async def list_canned(request: ApiRequest) -> CannedList:
    found = await canned.listed(request.ws, request.actor)
    return CannedList(items=await _shown(request, found))


async def get(request: ApiRequest, reply_id: str) -> CannedOut:
    return await _one(request, await canned.get(request.ws, request.actor, reply_id))


async def create(request: ApiRequest, body: KeepCanned) -> CannedOut:
    async with live.announced(request.ws, "canned", body.shortcut):
        reply = await canned.create(request.ws, request.actor, _draft(body))
        await _tell(request, "canned.created", reply)
    return await _one(request, reply)


async def change(request: ApiRequest, reply_id: str, body: ChangeCanned) -> CannedOut:
    if not body.shared:
        # Macros of others could not use it any more.
        await macros.require_unused(request.ws, "canned", reply_id, but_of=request.actor.member_id)
    async with live.announced(request.ws, "canned", reply_id):
        reply = await canned.change(request.ws, request.actor, reply_id, _draft(body), body.revision)
        await _tell(request, "canned.changed", reply)
    return await _one(request, reply)


async def remove(request: ApiRequest, reply_id: str) -> None:
    await macros.require_unused(request.ws, "canned", reply_id)
    async with live.announced(request.ws, "canned", reply_id):
        await _tell(request, "canned.deleted", await canned.remove(request.ws, request.actor, reply_id))


async def fill(request: ApiRequest, reply_id: str, body: FillCanned) -> FilledOut:
    ws, actor = request.ws, request.actor
    reply = await canned.get(ws, actor, reply_id)
    conversation = await access.conversation(ws, actor, body.conversation_id, access.REPLY)
    filled = await canned.filled(ws, reply, conversation, agent_name=actor.name, account_id=body.account_id)
    if body.insert:
        await canned.count_use(ws, reply)
    return FilledOut(
        text=filled.rendered.text,
        missing=filled.rendered.missing,
        language=filled.variant.language,
        channel=filled.variant.channel,
        files=[files.shown(file) for file in filled.files],
    )


def _draft(body: KeepCanned) -> Draft:
    variants = tuple(Variant(text=v.text, language=v.language, channel=v.channel) for v in body.variants)
    return Draft(body.shortcut, body.title, variants, tuple(dict.fromkeys(body.file_ids)), body.shared)


async def _tell(request: ApiRequest, action: str, reply: CannedReply) -> None:
    await audit.record(request.ws, request.actor, action, Target("canned", reply.id, f"/{reply.shortcut}"))
    await live.publish(request.ws, live.event("canned", {"id": reply.id}))


async def _one(request: ApiRequest, reply: CannedReply) -> CannedOut:
    return (await _shown(request, [reply]))[0]


async def _shown(request: ApiRequest, replies: list[CannedReply]) -> list[CannedOut]:
    stored = await stored_files.known(request.ws, [file_id for reply in replies for file_id in reply.file_ids])
    return [
        CannedOut(
            id=reply.id,
            shortcut=reply.shortcut,
            title=reply.title,
            variants=[VariantOut(text=v.text, language=v.language, channel=v.channel) for v in reply.variants],
            files=[files.shown(stored[file_id]) for file_id in reply.file_ids if file_id in stored],
            shared=reply.owner_id is None,
            uses=reply.uses,
            last_used_at=iso(reply.last_used_at),
            updated_at=iso(reply.updated_at),
            revision=reply.revision,
        )
        for reply in replies
    ]


ENDPOINTS = [
    Endpoint("GET", "/canned-replies", list_canned, Permission.INBOX_READ, "Canned replies: everyone's and one's own"),
    Endpoint(
        "POST",
        "/canned-replies",
        create,
        Permission.INBOX_REPLY,
        "Keep a canned reply",
        status=201,
        errors=(Invalid, Conflict, Forbidden),
    ),
    Endpoint("GET", "/canned-replies/{reply_id}", get, Permission.INBOX_READ, "One canned reply", errors=(NotFound,)),
    Endpoint(
        "PATCH",
        "/canned-replies/{reply_id}",
        change,
        Permission.INBOX_REPLY,
        "Change a canned reply",
        errors=(NotFound, Invalid, Conflict, Forbidden),
    ),
    Endpoint(
        "DELETE",
        "/canned-replies/{reply_id}",
        remove,
        Permission.INBOX_REPLY,
        "Delete a canned reply",
        errors=(NotFound, Conflict, Forbidden),
    ),
    Endpoint(
        "POST",
        "/canned-replies/{reply_id}/fill",
        fill,
        Permission.INBOX_REPLY,
        "The reply as it reads in a conversation, with its files",
        errors=(NotFound, Invalid),
        idempotent=False,
    ),
]
