"""Transcripts of a conversation, to download; each leaves an audit entry."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar
from urllib.parse import quote

from app.core import audit
from app.core.audit import Target
from app.core.errors import NotFound
from app.core.permissions import Permission
from crm import masks
from inbox import access
from inbox.answering import transcripts
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Query

# Text, or bytes.
Written = TypeVar("Written", str, bytes)


class TranscriptQuery(Query):
    """`notes`: with what colleagues noted in private."""

    notes: bool = False


async def as_text(request: ApiRequest, conversation_id: str, query: TranscriptQuery) -> str:
    return await _file(request, conversation_id, query, "txt", transcripts.text)


async def as_html(request: ApiRequest, conversation_id: str, query: TranscriptQuery) -> str:
    return await _file(request, conversation_id, query, "html", transcripts.html)


async def as_csv(request: ApiRequest, conversation_id: str, query: TranscriptQuery) -> str:
    return await _file(request, conversation_id, query, "csv", transcripts.table)


async def as_pdf(request: ApiRequest, conversation_id: str, query: TranscriptQuery) -> bytes:
    return await _file(request, conversation_id, query, "pdf", transcripts.document)


async def _file(
    request: ApiRequest,
    conversation_id: str,
    query: TranscriptQuery,
    suffix: str,
    write: Callable[..., Awaitable[Written]],
) -> Written:
    conversation = await access.conversation(request.ws, request.actor, conversation_id)
    masker = masks.of(request.ws, request.actor)
    name = masker.within(conversation.contact_name) if masker else conversation.contact_name
    written = await write(request.ws, replace(conversation, contact_name=name), notes=query.notes, masker=masker)
    target = Target("conversation", conversation.id, conversation.contact_name)
    detail = {"format": suffix, "notes": query.notes}
    await audit.record(request.ws, request.actor, "conversation.exported", target, detail)
    name = quote(f"{name} {request.ws.clock.now():%Y-%m-%d}.{suffix}")
    # Never shown in place: it is a file, and what customers wrote is no page of ours.
    request.answer_headers.append((b"content-disposition", f"attachment; filename*=UTF-8''{name}".encode()))
    return written


_FORMS = (
    ("text", as_text, "text/plain; charset=utf-8", "A conversation as text"),
    ("html", as_html, "text/html; charset=utf-8", "A conversation as a page to print"),
    ("csv", as_csv, "text/csv; charset=utf-8", "A conversation as a table"),
    ("pdf", as_pdf, "application/pdf", "The newest thousand entries of a conversation as a PDF"),
)

ENDPOINTS = [
    Endpoint(
        "GET",
        f"/conversations/{{conversation_id}}/transcript/{form}",
        handler,
        Permission.INBOX_READ,
        summary,
        errors=(NotFound,),
        media_type=media_type,
    )
    for form, handler, media_type, summary in _FORMS
]
