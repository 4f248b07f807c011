"""Templates: listed, previewed, synced from the provider, taken out of a pause, deleted."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from app.core import audit
from app.core.audit import Target
from app.core.clock import iso
from app.core.errors import Conflict, Invalid, NotFound
from app.core.permissions import Permission
from automations import usage
from channels import accounts
from channels.content import TemplateParameters
from channels.template_drafts import TemplateDraft
from inbox import live, template_alarms, template_drafts, templates
from inbox.templates import KeptTemplate
from inbox.usage import InUse
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Out, Query, Time


class TemplatesQuery(Query):
    account_id: Annotated[str | None, Field(max_length=100)] = None


class Variable(Out):
    """`card` is the place in a carousel; `file` has the kind of file as its key, `offer` the time of its end."""

    where: Literal["header", "body", "button", "file", "offer"]
    key: str
    index: int | None = None
    card: int | None = None
    example: str | None = None


class CardOut(Out):
    header: str | None = None
    file_id: str | None = None
    body: str = ""
    buttons: tuple[str, ...] = ()


class OfferOut(Out):
    text: str
    ends_at: Time | None = None
    code: str | None = None


class PreviewOut(Out):
    header: str | None = None
    body: str = ""
    footer: str | None = None
    buttons: tuple[str, ...] = ()
    cards: tuple[CardOut, ...] = ()
    offer: OfferOut | None = None
    missing: tuple[str, ...] = ()


class AlarmOut(Out):
    """What happened to it that nobody has said to have seen; `title` and `advice` in words."""

    change: str
    title: str
    advice: str
    detail: str
    at: Time | None


class UseOut(Out):
    """`type` is a noun: macro, reopener, broadcast."""

    type: str
    id: str
    name: str


class TemplateOut(Out):
    id: str
    account_id: str
    name: str
    language: str
    category: str
    status: str
    quality: str | None
    rejected_reason: str | None
    parameter_format: str
    header_format: str | None
    components: list[dict[str, Any]]
    variables: list[Variable]
    preview: PreviewOut
    alarm: AlarmOut | None


class WholeTemplate(TemplateOut):
    """`draft` is what was submitted, to be changed (if `changeable`) or used again; null: it cannot be written here."""

    draft: TemplateDraft | None
    changeable: bool
    uses: list[UseOut]


class Deleted(Query):
    all_languages: Literal["true", "false"] = "false"


class Templates(Out):
    items: list[TemplateOut]
    next_cursor: str | None = None


class PreviewTemplate(Body):
    parameters: TemplateParameters


class Synced(Out):
    count: int


async def list_templates(request: ApiRequest, query: TemplatesQuery) -> Templates:
    connected = {row.id for row in await request.runtime.accounts.of_workspace(request.ws.id)}
    kept = [k for k in await templates.of_account(request.ws, query.account_id) if k.account_id in connected]
    return Templates(items=[await shown(request, item) for item in kept])


async def shown(request: ApiRequest, kept: KeptTemplate) -> TemplateOut:
    found = kept.template
    header = next((c for c in found.components if str(c.get("type", "")).upper() == "HEADER"), {})
    return TemplateOut(
        id=kept.id,
        account_id=kept.account_id,
        name=found.name,
        language=found.language,
        category=found.category,
        status=found.status,
        quality=found.quality,
        rejected_reason=found.rejected_reason,
        parameter_format=found.parameter_format,
        header_format=str(header["format"]).upper() if header.get("format") else None,
        components=[dict(component) for component in found.components],
        variables=[
            Variable(where=v.where, key=v.key, index=v.index, card=v.card, example=v.example)
            for v in templates.variables(found)
        ],
        preview=await _preview(request, kept, TemplateParameters()),
        alarm=_alarm(kept),
    )


def _alarm(kept: KeptTemplate) -> AlarmOut | None:
    said = template_alarms.words(kept.alarm.change, kept.template.name) if kept.alarm else None
    if kept.alarm is None or said is None:
        return None
    at = iso(kept.alarm.at)
    return AlarmOut(change=kept.alarm.change, title=said[0], advice=said[1], detail=kept.alarm.detail, at=at)


async def get(request: ApiRequest, template_id: str) -> WholeTemplate:
    kept = await _known(request, template_id)
    draft = await template_drafts.draft_of(request.ws, kept)
    uses = await usage.of(request.ws, "template", kept.id)
    return WholeTemplate(
        **(await shown(request, kept)).model_dump(),
        draft=draft,
        changeable=draft is not None and kept.template.status.upper() in template_drafts.CHANGEABLE,
        uses=[UseOut(type=use.type, id=use.id, name=use.name) for use in uses],
    )


async def _known(request: ApiRequest, template_id: str) -> KeptTemplate:
    kept = await templates.get(request.ws, template_id)
    if kept is None:
        raise NotFound("There is no such template.")
    return kept


async def remove(request: ApiRequest, template_id: str, query: Deleted) -> None:
    ws = request.ws
    kept = await _known(request, template_id)
    all_languages = query.all_languages == "true"
    for each in await templates.of_account(ws, kept.account_id) if all_languages else [kept]:
        if each.template.name == kept.template.name and (uses := await usage.of(ws, "template", each.id)):
            raise InUse("template", uses)
    async with live.announced(ws, "templates", kept.account_id):
        gone = await template_drafts.delete(ws, template_id, all_languages=all_languages)
        languages = [each.template.language for each in gone]
        target = Target("template", kept.id, kept.template.name)
        await audit.record(ws, request.actor, "template.deleted", target, {"languages": languages})


async def unpause(request: ApiRequest, template_id: str) -> TemplateOut:
    kept = await template_drafts.unpause(request.ws, template_id)
    target = Target("template", kept.id, kept.template.name)
    await audit.record(request.ws, request.actor, "template.unpaused", target)
    return await shown(request, kept)


async def dismiss(request: ApiRequest, template_id: str) -> None:
    kept = await _known(request, template_id)
    await template_alarms.dismiss(request.ws, template_id)
    await audit.record(request.ws, request.actor, "template.seen", Target("template", kept.id, kept.template.name))


async def preview(request: ApiRequest, template_id: str, body: PreviewTemplate) -> PreviewOut:
    return await _preview(request, await _known(request, template_id), body.parameters)


async def _preview(request: ApiRequest, kept: KeptTemplate, parameters: TemplateParameters) -> PreviewOut:
    account = accounts.channel_account(await accounts.row_of(request.ws, kept.account_id))
    return shown_preview(templates.preview(account, kept.template, parameters.model_dump()))


def shown_preview(shown: Mapping[str, Any]) -> PreviewOut:
    offer = shown.get("offer")
    return PreviewOut(
        header=shown.get("header"),
        body=shown.get("body") or "",
        footer=shown.get("footer"),
        buttons=tuple(shown.get("buttons") or ()),
        cards=tuple(CardOut(**{**card, "buttons": tuple(card["buttons"])}) for card in shown.get("cards") or ()),
        offer=OfferOut(text=offer["text"], ends_at=iso(offer["ends_at"]), code=offer["code"]) if offer else None,
        missing=tuple(shown.get("missing") or ()),
    )


async def sync(request: ApiRequest, account_id: str) -> Synced:
    row = await accounts.row_of(request.ws, account_id)
    count = await templates.sync(request.runtime, row.id)
    await audit.record(
        request.ws, request.actor, "templates.synced", Target("account", row.id, row.name), {"count": count}
    )
    return Synced(count=count)


ENDPOINTS = [
    Endpoint("GET", "/templates", list_templates, Permission.TEMPLATES_READ, "Templates kept of the accounts"),
    Endpoint(
        "GET",
        "/templates/{template_id}",
        get,
        Permission.TEMPLATES_READ,
        "One template, with where it is used",
        errors=(NotFound,),
    ),
    Endpoint(
        "DELETE",
        "/templates/{template_id}",
        remove,
        Permission.TEMPLATES_MANAGE,
        "Delete it at the provider, in one language or in all",
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint(
        "POST",
        "/templates/{template_id}/unpause",
        unpause,
        Permission.TEMPLATES_MANAGE,
        "Take it out of a pause",
        errors=(NotFound, Invalid),
    ),
    Endpoint(
        "POST",
        "/templates/{template_id}/seen",
        dismiss,
        Permission.TEMPLATES_MANAGE,
        "What happened to it was seen",
        errors=(NotFound,),
    ),
    Endpoint(
        "POST",
        "/templates/{template_id}/preview",
        preview,
        Permission.TEMPLATES_READ,
        "The template with these values filled in",
        errors=(NotFound,),
        idempotent=False,
    ),
    Endpoint(
        "POST",
        "/accounts/{account_id}/templates/sync",
        sync,
        Permission.TEMPLATES_READ,
        "Fetch the account's templates from the provider",
        errors=(NotFound, Invalid),
    ),
]
