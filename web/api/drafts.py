"""Drafts: saved while one writes, seen and taken over by colleagues."""

from typing import Annotated, Literal

from pydantic import Field

from app.core.clock import iso
from app.core.errors import Conflict, NotFound
from app.core.permissions import Permission
from inbox import access
from inbox.answering import drafts
from inbox.answering.drafts import SharedDraft
from web.api.endpoint import ApiRequest, Endpoint
from web.api.inbox_shapes import WrittenShape
from web.api.models import Body, Out, Time
from web.api.translations import WroteFirst


class SaveDraft(Body):
    """An empty text ends the draft; `written`: what its author wrote, where the text is a translation of it."""

    mode: Literal["reply", "note"]
    text: Annotated[str, Field(max_length=drafts.MOST_CHARS)]
    written: WroteFirst | None = None


class DraftOut(Out):
    id: str
    conversation_id: str
    contact_name: str
    member_id: str
    member_name: str
    mode: Literal["reply", "note"]
    text: str
    written: WrittenShape | None
    at: Time
    revision: int


class DraftList(Out):
    items: list[DraftOut]
    next_cursor: str | None = None


class SavedDraft(Out):
    """Null: there is none any more."""

    draft: DraftOut | None


async def list_drafts(request: ApiRequest) -> DraftList:
    found = await drafts.of_member(request.ws, request.actor.member_id)
    seen = await access.visible(request.ws, request.actor, [draft.conversation_id for draft in found])
    return DraftList(items=[_out(draft) for draft in found if draft.conversation_id in seen])


async def of_conversation(request: ApiRequest, conversation_id: str) -> DraftList:
    conversation = await access.conversation(request.ws, request.actor, conversation_id)
    return DraftList(items=[_out(draft) for draft in await drafts.of_conversation(request.ws, conversation.id)])


async def save(request: ApiRequest, conversation_id: str, body: SaveDraft) -> SavedDraft:
    conversation = await access.conversation(request.ws, request.actor, conversation_id, access.REPLY)
    written = body.written.as_stored() if body.written else None
    draft = await drafts.save(request.ws, request.actor, conversation, body.mode, body.text, written=written)
    return SavedDraft(draft=_out(draft) if draft else None)


async def take_over(request: ApiRequest, draft_id: str) -> DraftOut:
    draft = await drafts.get(request.ws, draft_id)
    await access.conversation(request.ws, request.actor, draft.conversation_id, access.REPLY)
    return _out(await drafts.take_over(request.ws, request.actor, draft.id))


def _out(draft: SharedDraft) -> DraftOut:
    return DraftOut(
        id=draft.id,
        conversation_id=draft.conversation_id,
        contact_name=draft.contact_name,
        member_id=draft.member_id,
        member_name=draft.member_name,
        mode=draft.mode,
        text=draft.text,
        written={"text": draft.written.text, "language": draft.written.language} if draft.written else None,
        at=iso(draft.at) or "",
        revision=draft.revision,
    )


ENDPOINTS = [
    Endpoint("GET", "/drafts", list_drafts, Permission.INBOX_READ, "One's own drafts, newest first"),
    Endpoint(
        "GET",
        "/conversations/{conversation_id}/drafts",
        of_conversation,
        Permission.INBOX_READ,
        "Everybody's drafts in a conversation",
        errors=(NotFound,),
    ),
    Endpoint(
        "POST",
        "/conversations/{conversation_id}/drafts",
        save,
        Permission.INBOX_REPLY,
        "Save one's draft, or end it",
        errors=(NotFound,),
        idempotent=False,
    ),
    Endpoint(
        "POST",
        "/drafts/{draft_id}/take-over",
        take_over,
        Permission.INBOX_REPLY,
        "Make a colleague's draft one's own",
        errors=(NotFound, Conflict),
    ),
]
