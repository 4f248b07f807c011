"""Templates while they are written: kept, checked, previewed, submitted to the provider."""

from typing import Annotated

from pydantic import Field

from app.core import audit
from app.core.audit import Target
from app.core.clock import iso
from app.core.errors import Conflict, Invalid, NotFound
from app.core.permissions import Permission
from channels.template_drafts import TemplateDraft
from inbox import live, template_drafts
from inbox.template_drafts import KeptDraft
from web.api import templates
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Out, Time
from web.api.templates import PreviewOut, TemplateOut

Id = Annotated[str, Field(max_length=100)]


class CheckTemplateDraft(Body):
    account_id: Id
    draft: TemplateDraft


class KeepTemplateDraft(CheckTemplateDraft):
    """`template_id`: it is to change this one, and has its name and language."""

    template_id: Annotated[str | None, Field(max_length=100)] = None


class ChangeTemplateDraft(Body):
    draft: TemplateDraft
    revision: Annotated[int, Field(ge=0, le=2**53)]


class TemplateProblem(Out):
    """`field` is a path in the draft, such as `buttons.1.url`."""

    field: str
    message: str


class CheckedTemplate(Out):
    problems: list[TemplateProblem]
    preview: PreviewOut


class TemplateDraftOut(Out):
    id: str
    account_id: str
    draft: TemplateDraft
    template_id: str | None
    by_name: str
    updated_at: Time | None
    revision: int


class TemplateDrafts(Out):
    items: list[TemplateDraftOut]
    next_cursor: str | None = None


async def list_drafts(request: ApiRequest) -> TemplateDrafts:
    return TemplateDrafts(items=[_out(kept) for kept in await template_drafts.listed(request.ws)])


async def get(request: ApiRequest, draft_id: str) -> TemplateDraftOut:
    return _out(await template_drafts.get(request.ws, draft_id))


async def check(request: ApiRequest, body: CheckTemplateDraft) -> CheckedTemplate:
    found = await template_drafts.problems(request.ws, body.account_id, body.draft)
    shown = await template_drafts.preview(request.ws, body.account_id, body.draft)
    return CheckedTemplate(
        problems=[TemplateProblem(field=each.field, message=each.message) for each in found],
        preview=templates.shown_preview(shown),
    )


async def create(request: ApiRequest, body: KeepTemplateDraft) -> TemplateDraftOut:
    async with live.announced(request.ws, "templates", body.account_id):
        kept = await template_drafts.create(request.ws, request.actor, body.account_id, body.draft, body.template_id)
        await _tell(request, "template_draft.created", kept)
    return _out(kept)


async def change(request: ApiRequest, draft_id: str, body: ChangeTemplateDraft) -> TemplateDraftOut:
    async with live.announced(request.ws, "templates", draft_id):
        kept = await template_drafts.change(request.ws, request.actor, draft_id, body.draft, body.revision)
        await _tell(request, "template_draft.changed", kept)
    return _out(kept)


async def remove(request: ApiRequest, draft_id: str) -> None:
    async with live.announced(request.ws, "templates", draft_id):
        await _tell(request, "template_draft.deleted", await template_drafts.remove(request.ws, draft_id))


async def submit(request: ApiRequest, draft_id: str) -> TemplateOut:
    async with live.announced(request.ws, "templates", draft_id):
        kept = await template_drafts.submit(request.ws, draft_id)
        target = Target("template", kept.id, kept.template.name)
        await audit.record(
            request.ws, request.actor, "template.submitted", target, {"language": kept.template.language}
        )
    return await templates.shown(request, kept)


async def _tell(request: ApiRequest, action: str, kept: KeptDraft) -> None:
    target = Target("template_draft", kept.id, kept.draft.name)
    await audit.record(request.ws, request.actor, action, target)
    await live.publish(request.ws, live.event("templates", {"account_id": kept.account_id}))


def _out(kept: KeptDraft) -> TemplateDraftOut:
    return TemplateDraftOut(
        id=kept.id,
        account_id=kept.account_id,
        draft=kept.draft,
        template_id=kept.template_id,
        by_name=kept.by_name,
        updated_at=iso(kept.updated_at),
        revision=kept.revision,
    )


_MANAGE = Permission.TEMPLATES_MANAGE

ENDPOINTS = [
    Endpoint("GET", "/template-drafts", list_drafts, Permission.TEMPLATES_READ, "Templates that are being written"),
    Endpoint(
        "POST",
        "/template-drafts",
        create,
        _MANAGE,
        "Keep a template that is being written",
        status=201,
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint(
        "POST",
        "/template-drafts/check",
        check,
        _MANAGE,
        "What the provider would refuse in a template, and how it reads",
        errors=(NotFound, Invalid),
        idempotent=False,
    ),
    Endpoint("GET", "/template-drafts/{draft_id}", get, Permission.TEMPLATES_READ, "One of them", errors=(NotFound,)),
    Endpoint(
        "PATCH",
        "/template-drafts/{draft_id}",
        change,
        _MANAGE,
        "Change a template that is being written",
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint("DELETE", "/template-drafts/{draft_id}", remove, _MANAGE, "Throw a draft away", errors=(NotFound,)),
    Endpoint(
        "POST",
        "/template-drafts/{draft_id}/submit",
        submit,
        _MANAGE,
        "Submit it to the provider's review",
        errors=(NotFound, Invalid, Conflict),
    ),
]
