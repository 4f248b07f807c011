"""Content templates: kept, and shown as somebody would get them."""

from typing import Annotated

from pydantic import Field

from app.core import audit
from app.core.audit import Target
from app.core.clock import iso
from app.core.errors import Conflict, Invalid, NotFound
from app.core.permissions import Permission
from crm import contacts
from crm.contacts import Contact
from inbox import access, content_blocks, content_templates, live
from inbox.content_blocks import Blocks
from inbox.content_templates import ContentTemplate, ContentWording, Sendable, Wanted
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Out, Time

Wordings = Annotated[
    tuple[ContentWording, ...], Field(min_length=1, max_length=content_templates.MOST_WORDINGS, strict=False)
]


class KeepContentTemplate(Body):
    """`channels` empty: for any that can show it."""

    name: Annotated[str, Field(max_length=200)]
    channels: Annotated[tuple[Annotated[str, Field(max_length=40)], ...], Field(max_length=20, strict=False)] = ()
    wordings: Wordings


class ChangeContentTemplate(KeepContentTemplate):
    revision: Annotated[int, Field(ge=0, le=2**53)]


class CheckContentTemplate(KeepContentTemplate):
    """`contact_id`: as this person would get it; null: as an invented one."""

    contact_id: Annotated[str | None, Field(max_length=100)] = None


class ContentProblem(Out):
    """`field` is a path, such as `wordings.1.content.text`."""

    field: str
    message: str


class ShownContent(Out):
    """`missing` are names without a value; they stand in the texts as `{{ name }}`. Null: it cannot be read."""

    language: str | None
    content: Sendable | None
    missing: tuple[str, ...]


class CheckedContent(Out):
    problems: list[ContentProblem]
    contents: list[ShownContent]


class FillContentTemplate(Body):
    """
    `language` null: the person's own; "": the wording for everybody. `values` stand where nothing is known of the
    person, by the names in `missing`.
    """

    conversation_id: Annotated[str, Field(max_length=100)]
    language: Annotated[str | None, Field(max_length=20)] = None
    values: Annotated[
        dict[Annotated[str, Field(max_length=100)], Annotated[str, Field(max_length=1_000)]], Field(max_length=50)
    ] = Field(default_factory=dict)


class FilledContent(Out):
    """`content` is what to send, once nothing is `missing`; until then the names stand in it as `{{ name }}`."""

    language: str | None
    content: Sendable
    missing: tuple[str, ...]


class ContentTemplateOut(Out):
    """`whole` are its wordings with the words of their content blocks: what is copied into a broadcast."""

    id: str
    name: str
    channels: tuple[str, ...]
    wordings: tuple[ContentWording, ...]
    whole: tuple[ContentWording, ...]
    by_name: str
    updated_at: Time | None
    revision: int


class ContentTemplates(Out):
    items: list[ContentTemplateOut]
    next_cursor: str | None = None


async def list_templates(request: ApiRequest) -> ContentTemplates:
    blocks = await content_blocks.known(request.ws)
    return ContentTemplates(items=[_out(kept, blocks) for kept in await content_templates.listed(request.ws)])


async def get(request: ApiRequest, template_id: str) -> ContentTemplateOut:
    kept = await content_templates.get(request.ws, template_id)
    return _out(kept, await content_blocks.known(request.ws))


async def create(request: ApiRequest, body: KeepContentTemplate) -> ContentTemplateOut:
    async with live.announced(request.ws, "content_template", body.name[:100] or "new"):
        kept = await content_templates.create(request.ws, request.actor.name, _wanted(body))
        await _tell(request, "content_template.created", kept)
    return _out(kept, await content_blocks.known(request.ws))


async def change(request: ApiRequest, template_id: str, body: ChangeContentTemplate) -> ContentTemplateOut:
    async with live.announced(request.ws, "content_template", template_id):
        kept = await content_templates.change(request.ws, request.actor.name, template_id, _wanted(body), body.revision)
        await _tell(request, "content_template.changed", kept)
    return _out(kept, await content_blocks.known(request.ws))


async def remove(request: ApiRequest, template_id: str) -> None:
    async with live.announced(request.ws, "content_template", template_id):
        await _tell(request, "content_template.deleted", await content_templates.remove(request.ws, template_id))


async def check(request: ApiRequest, body: CheckContentTemplate) -> CheckedContent:
    ws = request.ws
    contact = await access.contact(ws, request.actor, body.contact_id) if body.contact_id else None
    found = await content_templates.problems(ws, _wanted(body))
    return CheckedContent(
        problems=[ContentProblem(field=each.field, message=each.message) for each in found],
        contents=[await _shown(request, wording, contact) for wording in body.wordings],
    )


async def fill(request: ApiRequest, template_id: str, body: FillContentTemplate) -> FilledContent:
    ws, actor = request.ws, request.actor
    conversation = await access.conversation(ws, actor, body.conversation_id, access.REPLY)
    kept = await content_templates.get(ws, template_id)
    contact = await contacts.get(ws, conversation.contact_id)
    wording = (
        content_templates.wording_for(kept.wordings, contact.language)
        if body.language is None
        else content_templates.in_language(kept.wordings, body.language)
    )
    filled = await content_templates.filled(ws, wording, contact, body.values)
    return FilledContent(language=wording.language, content=filled.content, missing=filled.missing)


async def _shown(request: ApiRequest, wording: ContentWording, contact: Contact | None) -> ShownContent:
    try:
        filled = await content_templates.filled(request.ws, wording, contact)
    except Invalid:
        return ShownContent(language=wording.language, content=None, missing=())
    return ShownContent(
        language=wording.language,
        content=filled.content,
        missing=filled.missing,
    )


def _wanted(body: KeepContentTemplate) -> Wanted:
    return Wanted(body.name, body.channels, body.wordings)


async def _tell(request: ApiRequest, action: str, kept: ContentTemplate) -> None:
    await audit.record(request.ws, request.actor, action, Target("content_template", kept.id, kept.name))
    await live.publish(request.ws, live.event("content_template", {"id": kept.id}))


def _out(kept: ContentTemplate, blocks: Blocks) -> ContentTemplateOut:
    return ContentTemplateOut(
        id=kept.id,
        name=kept.name,
        channels=kept.channels,
        wordings=kept.wordings,
        whole=content_templates.with_blocks(blocks, kept.wordings),
        by_name=kept.by_name,
        updated_at=iso(kept.updated_at),
        revision=kept.revision,
    )


_READ, _MANAGE = Permission.TEMPLATES_READ, Permission.TEMPLATES_MANAGE

ENDPOINTS = [
    Endpoint("GET", "/content-templates", list_templates, _READ, "Content templates, by name"),
    Endpoint(
        "POST",
        "/content-templates",
        create,
        _MANAGE,
        "Keep a content template",
        status=201,
        errors=(Invalid, Conflict),
    ),
    Endpoint(
        "POST",
        "/content-templates/check",
        check,
        _READ,
        "What is wrong with one, and how its wordings read",
        errors=(NotFound,),
        idempotent=False,
    ),
    Endpoint(
        "POST",
        "/content-templates/{template_id}/fill",
        fill,
        Permission.INBOX_REPLY,
        "One as it goes to the person of a conversation",
        errors=(NotFound, Invalid),
        idempotent=False,
    ),
    Endpoint("GET", "/content-templates/{template_id}", get, _READ, "One content template", errors=(NotFound,)),
    Endpoint(
        "PATCH",
        "/content-templates/{template_id}",
        change,
        _MANAGE,
        "Change a content template",
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint(
        "DELETE", "/content-templates/{template_id}", remove, _MANAGE, "Delete a content template", errors=(NotFound,)
    ),
]
