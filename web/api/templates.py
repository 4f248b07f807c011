"""Templates: listed, previewed, synced from the provider."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from app.core import audit
from app.core.audit import Target
from app.core.clock import iso
from app.core.errors import Invalid, NotFound
from app.core.permissions import Permission
from channels import accounts
from channels.content import TemplateParameters
from inbox import templates
from inbox.templates import KeptTemplate
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
    return Templates(items=[await _template(request, item) for item in kept])


async def _template(request: ApiRequest, kept: KeptTemplate) -> TemplateOut:
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
    )


async def preview(request: ApiRequest, template_id: str, body: PreviewTemplate) -> PreviewOut:
    kept = next((k for k in await templates.of_account(request.ws, None) if k.id == template_id), None)
    if kept is None:
        raise NotFound("There is no such template.")
    return await _preview(request, kept, body.parameters)


async def _preview(request: ApiRequest, kept: KeptTemplate, parameters: TemplateParameters) -> PreviewOut:
    account = accounts.channel_account(await accounts.row_of(request.ws, kept.account_id))
    shown = templates.preview(account, kept.template, parameters.model_dump())
    return _shown(shown)


def _shown(shown: Mapping[str, Any]) -> PreviewOut:
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
