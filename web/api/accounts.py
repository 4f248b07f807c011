"""Channel kinds and connected accounts: forms, checks, webhooks, health."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue

from app.core import addresses, audit
from app.core.addresses import Address
from app.core.audit import Target
from app.core.clock import iso
from app.core.errors import Conflict, Invalid, NotFound
from app.core.permissions import Permission
from app.core.platform.accounts import AccountRow
from app.core.queue import Lane
from channels import accounts, registry
from channels.content import MediaKind
from channels.contract import Capabilities, Connects, CountsSegments, FormField, GivesSnippet, ManagesTemplates
from inbox import allowances, live, templates
from inbox.answering import prices
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Channel, FreeForm, Out, Time


class FormFieldOut(Out):
    name: str
    label: str
    help: str
    placeholder: str
    secret: bool
    required: bool
    type: Literal["text", "password", "url", "select", "origins", "lines", "color", "boolean"]
    # Value and label.
    options: list[tuple[str, str]]
    default: JsonValue


class MadeSecretOut(Out):
    """A secret that the server makes for its owner to copy, and makes anew when they ask."""

    name: str
    label: str
    help: str


class MediaLimitsOut(Out):
    max_bytes: int
    mimes: list[str]


class ButtonLimitsOut(Out):
    max: int
    title_chars: int
    text_chars: int


class ListLimitsOut(Out):
    max_rows: int
    title_chars: int
    description_chars: int
    label_chars: int
    text_chars: int


class CapabilitiesOut(Out):
    """What a channel can do; screens ask here and compare no names."""

    max_text_chars: int
    max_caption_chars: int
    window_hours: int | None
    templates: bool
    buttons: ButtonLimitsOut | None
    buttons_as: Literal["native", "menu", "none"]
    list: ListLimitsOut | None
    media: Mapping[MediaKind, MediaLimitsOut]
    reactions: Literal["full", "in", "none"]
    quotes: bool
    typing: bool
    read_receipts_in: bool
    delivery_receipts: bool
    segments: bool
    # Whether the provider charges for messages.
    charged: bool
    location: bool
    contacts: bool
    edit: bool
    delete: bool


class ChannelKind(Out):
    kind: Channel
    label: str
    tagline: str
    can_register_webhook: bool
    has_templates: bool
    fields: list[FormFieldOut]
    made_secrets: list[MadeSecretOut]
    capabilities: CapabilitiesOut


class ChannelKinds(Out):
    items: list[ChannelKind]
    next_cursor: str | None = None


class LastError(Out):
    at: Time | None
    code: str | None
    message: str | None


class Health(Out):
    state: Literal["ok", "warning", "error", "new"]
    summary: str
    last_webhook_at: Time | None
    last_send_at: Time | None
    last_error: LastError | None
    token_expires_at: Time | None
    quality: str | None
    limits: str | None
    checked_at: Time | None
    webhook_registered_at: Time | None


class AccountOut(Out):
    id: str
    kind: Channel
    name: str
    address: str
    address_label: str
    enabled: bool
    config: dict[str, JsonValue]
    capabilities: CapabilitiesOut
    webhook_url: str | None
    verify_token: str | None
    snippet: str | None
    health: Health


class Accounts(Out):
    items: list[AccountOut]
    next_cursor: str | None = None


class AllowanceOut(Out):
    """
    `used` of `people_a_day` were written to first in the last 24 hours; `full_until`: to nobody new before then.
    `shared_with` are other accounts that count together with this one.
    """

    people_a_day: int
    used: int
    full_until: Time | None
    shared_with: list[str]


class AccountAllowance(Out):
    """Null where there is no such limit."""

    allowance: AllowanceOut | None


class ConnectAccount(Body):
    kind: Annotated[str, Field(max_length=40)]
    name: Annotated[str, Field(max_length=100)] = ""
    config: FreeForm


class EditAccount(Body):
    name: Annotated[str | None, Field(max_length=100)] = None
    config: FreeForm | None = None
    enabled: bool | None = None


class RenewedSecret(Out):
    name: str
    secret: str


class CountSegments(Body):
    text: Annotated[str, Field(max_length=20_000)]


class SegmentsOut(Out):
    encoding: str
    segments: int
    units: int
    left: int


async def list_kinds(request: ApiRequest) -> ChannelKinds:
    return ChannelKinds(items=[_kind(kind) for kind in registry.adapters()])


def _kind(kind: str) -> ChannelKind:
    adapter = registry.adapter(kind)
    return ChannelKind(
        kind=kind,
        label=adapter.label,
        tagline=adapter.tagline,
        can_register_webhook=isinstance(adapter, Connects),
        has_templates=isinstance(adapter, ManagesTemplates),
        fields=[_field(field) for field in accounts.form_of(adapter) if field.asked],
        made_secrets=[MadeSecretOut(name=f.name, label=f.label, help=f.help) for f in adapter.form if f.renewable],
        capabilities=capabilities_out(adapter.capabilities(None)),
    )


def _field(field: FormField) -> FormFieldOut:
    return FormFieldOut(
        name=field.name,
        label=field.label,
        help=field.help,
        placeholder=field.placeholder,
        secret=field.secret,
        required=field.required,
        type=field.type,
        options=list(field.options),
        default=field.default,
    )


def capabilities_out(known: Capabilities) -> CapabilitiesOut:
    """What a channel can do, in the words of the API."""
    buttons, rows = known.button_limits, known.list_limits
    return CapabilitiesOut(
        max_text_chars=known.max_text_chars,
        max_caption_chars=known.max_caption_chars,
        window_hours=known.window_hours,
        templates=known.templates,
        buttons=ButtonLimitsOut(
            max=buttons.max_buttons, title_chars=buttons.max_title_chars, text_chars=buttons.max_text_chars
        )
        if known.buttons != "none"
        else None,
        buttons_as=known.buttons,
        list=ListLimitsOut(
            max_rows=rows.max_rows,
            title_chars=rows.max_title_chars,
            description_chars=rows.max_description_chars,
            label_chars=rows.max_label_chars,
            text_chars=rows.max_text_chars,
        )
        if rows.max_rows
        else None,
        media={
            kind: MediaLimitsOut(max_bytes=limits.max_bytes, mimes=list(limits.mimes))
            for kind, limits in known.media.items()
        },
        reactions=known.reactions,
        quotes=known.quotes,
        typing=known.typing,
        read_receipts_in=known.receipts == "read",
        delivery_receipts=known.receipts != "sent",
        segments=known.segments,
        charged=known.charged,
        location=known.location,
        contacts=known.contacts,
        edit=known.edit,
        delete=known.delete,
    )


def _account(request: ApiRequest, row: AccountRow) -> AccountOut:
    adapter, account = registry.adapter(row.kind), accounts.channel_account(row)
    public: dict[str, Any] = {k: v for k, v in row.config.items() if isinstance(v, str | bool | int | float | list)}
    asked = {field.name for field in adapter.form if field.asked and field.secret}
    hidden = {name: {"set": bool(row.secrets.get(name))} for name in asked}
    can_manage = request.actor.may(Permission.ACCOUNTS_MANAGE)
    url = request.runtime.settings.public_url
    return AccountOut(
        id=row.id,
        kind=row.kind,
        name=row.name,
        address=row.address,
        address_label=addresses.label(Address(row.kind, row.address)) if row.address else "",
        enabled=row.enabled,
        config={**public, **hidden},
        capabilities=capabilities_out(adapter.capabilities(account)),
        webhook_url=accounts.webhook_url(request.runtime, row),
        # What has to be pasted into the provider's console; no use to anybody who may not connect accounts.
        verify_token=row.secrets.get("verify_token") if can_manage else None,
        snippet=adapter.snippet(account, url) if isinstance(adapter, GivesSnippet) else None,
        health=Health(**accounts.health(row, request.ws.clock.now())),
    )


async def list_accounts(request: ApiRequest) -> Accounts:
    rows = await request.runtime.accounts.of_workspace(request.ws.id)
    return Accounts(items=[_account(request, row) for row in rows])


async def get(request: ApiRequest, account_id: str) -> AccountOut:
    return _account(request, await accounts.row_of(request.ws, account_id))


async def connect(request: ApiRequest, body: ConnectAccount) -> AccountOut:
    row = await accounts.connect(request.ws, body.kind, body.name, body.config)
    await _changed(request, row, "account.connected")
    if isinstance(registry.adapter(row.kind), ManagesTemplates):
        await request.ws.queue.enqueue("sync_templates", row.id, lane=Lane.BACKGROUND)
    return _account(request, row)


async def edit(request: ApiRequest, account_id: str, body: EditAccount) -> AccountOut:
    before = await accounts.row_of(request.ws, account_id)
    row = await accounts.edit(request.ws, before, name=body.name, given=body.config, enabled=body.enabled)
    await _changed(request, row, "account.edited", {"fields": sorted(body.model_dump(exclude_none=True))})
    return _account(request, row)


async def disconnect(request: ApiRequest, account_id: str) -> None:
    row = await accounts.row_of(request.ws, account_id)
    await accounts.disconnect(request.ws, row)
    await templates.forget(request.ws, row.id)
    await prices.forget(request.ws, row.id)
    await _changed(request, row, "account.disconnected")


async def check(request: ApiRequest, account_id: str) -> AccountOut:
    row = await accounts.check(request.ws, await accounts.row_of(request.ws, account_id))
    return _account(request, row)


async def allowance(request: ApiRequest, account_id: str) -> AccountAllowance:
    now = await allowances.standing(request.ws, account_id)
    if now is None:
        return AccountAllowance(allowance=None)
    others = await allowances.sharing(request.ws, account_id)
    return AccountAllowance(
        allowance=AllowanceOut(
            people_a_day=now.people_a_day,
            used=now.used,
            full_until=iso(now.full_until),
            shared_with=[each.name for each in others],
        )
    )


async def renew_secret(request: ApiRequest, account_id: str, name: str) -> RenewedSecret:
    row = await accounts.row_of(request.ws, account_id)
    secret = await accounts.renew_secret(request.ws, row, name)
    await _changed(request, row, "account.secret_renewed", {"name": name})
    return RenewedSecret(name=name, secret=secret)


async def register_webhook(request: ApiRequest, account_id: str) -> AccountOut:
    row = await accounts.register_webhook(request.ws, await accounts.row_of(request.ws, account_id))
    # Asked again, because what the provider said before the webhook was there is no longer so.
    row = await accounts.check(request.ws, row)
    await _changed(request, row, "account.webhook_registered")
    return _account(request, row)


async def segments(request: ApiRequest, account_id: str, body: CountSegments) -> SegmentsOut:
    row = await accounts.row_of(request.ws, account_id)
    adapter = registry.adapter(row.kind)
    if not isinstance(adapter, CountsSegments):
        raise Invalid("Texts on this channel have no segments.")
    return SegmentsOut(**adapter.count_segments(accounts.channel_account(row), body.text))


async def _changed(request: ApiRequest, row: AccountRow, action: str, detail: dict[str, Any] | None = None) -> None:
    await audit.record(request.ws, request.actor, action, Target("account", row.id, row.name), detail)
    await live.publish(request.ws, live.event("account", {"id": row.id}))


_MANAGE = Permission.ACCOUNTS_MANAGE

ENDPOINTS = [
    Endpoint(
        "GET", "/channels", list_kinds, Permission.ACCOUNTS_READ, "Channels that can be connected, with their forms"
    ),
    Endpoint("GET", "/accounts", list_accounts, Permission.ACCOUNTS_READ, "Connected accounts with their health"),
    Endpoint("POST", "/accounts", connect, _MANAGE, "Connect an account", status=201, errors=(Invalid, NotFound)),
    Endpoint("GET", "/accounts/{account_id}", get, Permission.ACCOUNTS_READ, "One account", errors=(NotFound,)),
    Endpoint("PATCH", "/accounts/{account_id}", edit, _MANAGE, "Change an account", errors=(Invalid, NotFound)),
    Endpoint(
        "DELETE", "/accounts/{account_id}", disconnect, _MANAGE, "Disconnect an account", errors=(NotFound, Conflict)
    ),
    Endpoint(
        "GET",
        "/accounts/{account_id}/allowance",
        allowance,
        Permission.ACCOUNTS_READ,
        "To how many people it may write first in a day, and has",
        errors=(NotFound,),
    ),
    Endpoint("POST", "/accounts/{account_id}/check", check, _MANAGE, "Ask the provider again", errors=(NotFound,)),
    Endpoint(
        "POST",
        "/accounts/{account_id}/secrets/{name}/renew",
        renew_secret,
        _MANAGE,
        "Make a secret of ours anew, to be copied once; the one before stays good until the next",
        errors=(NotFound,),
    ),
    Endpoint(
        "POST",
        "/accounts/{account_id}/register-webhook",
        register_webhook,
        _MANAGE,
        "Let the provider call us",
        errors=(NotFound, Invalid),
    ),
    Endpoint(
        "POST",
        "/accounts/{account_id}/segments",
        segments,
        Permission.INBOX_READ,
        "How many parts a text is",
        errors=(NotFound, Invalid),
        idempotent=False,
    ),
]
