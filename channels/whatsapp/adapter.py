"""WhatsApp Cloud API: every ability of the channel, each a few lines over the module that knows how."""

import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar

from app.core.addresses import Address
from app.core.security import same
from channels import graph
from channels.content import Content, MediaMessage, Template
from channels.contract import (
    AccountFacts,
    Capabilities,
    ChannelAccount,
    ChannelIO,
    Charge,
    Created,
    FetchedMedia,
    FormField,
    InboundEvent,
    MediaHandle,
    OutboundFile,
    OutboundMessage,
    PriceCategory,
    ProviderTemplate,
    SendResult,
    Shown,
    WebhookRequest,
)
from channels.errors import AccountError, MessageRefused, OutcomeUnknown, SendError, SignatureInvalid
from channels.template_drafts import Problem, TemplateDraft, files_of
from channels.whatsapp import (
    accounts,
    errors,
    limits,
    media,
    payloads,
    rendering,
    template_filling,
    template_forms,
    template_rules,
    templates,
)
from channels.whatsapp.identity import KIND, address, handles
from channels.whatsapp.shapes import Json, first, items, text

_SIGNATURE_PREFIX = "sha256="


class WhatsAppAdapter:
    kind: ClassVar[str] = KIND
    label: ClassVar[str] = "WhatsApp"
    tagline: ClassVar[str] = "Answer customers on your WhatsApp Business number, through Meta's Cloud API."
    form: ClassVar[tuple[FormField, ...]] = accounts.FORM
    price_categories: ClassVar[tuple[PriceCategory, ...]] = (
        PriceCategory("utility", "Utility"),
        PriceCategory("marketing", "Marketing"),
        PriceCategory("authentication", "Authentication"),
    )

    def capabilities(self, account: ChannelAccount | None) -> Capabilities:
        return limits.of(account)

    # --- webhooks -------------------------------------------------------------------------------------------------

    def verify(self, account: ChannelAccount, request: WebhookRequest) -> None:
        """
        HMAC-SHA256 of the exact body, keyed with the app secret.

        Source: https://developers.facebook.com/docs/graph-api/webhooks/getting-started#event-notifications
        """
        secret = account.secrets.get("app_secret", "")
        if not secret:
            raise SignatureInvalid("This account has no app secret, so no signature can be checked.")
        expected = _SIGNATURE_PREFIX + hmac.new(secret.encode(), request.body, hashlib.sha256).hexdigest()
        given = request.headers.get("x-hub-signature-256", "")
        if not same(expected, given.encode("utf-8", "replace")):
            raise SignatureInvalid("The signature is missing or wrong.")

    def parse(self, account: ChannelAccount, body: bytes, headers: Mapping[str, str]) -> Sequence[InboundEvent]:
        return payloads.parse(account, body)

    def reply(self, account: ChannelAccount) -> tuple[str, bytes]:
        return "text/plain", b"ok"

    def account_addresses(self, body: bytes) -> Sequence[str]:
        """Values of `phone_number_id`, or of `waba_id` for events that concern no single number."""
        return payloads.account_addresses(body)

    def challenge(self, account: ChannelAccount, request: WebhookRequest) -> str:
        token = account.secrets.get("verify_token", "")
        given = request.query.get("hub.verify_token", "").encode("utf-8", "replace")
        if not token or request.query.get("hub.mode") != "subscribe" or not same(token, given):
            raise SignatureInvalid("The verify token is wrong.")
        return request.query.get("hub.challenge", "")

    # --- the account ----------------------------------------------------------------------------------------------

    async def check(self, io: ChannelIO, account: ChannelAccount) -> AccountFacts:
        return await accounts.check(io, account)

    async def connect(self, io: ChannelIO, account: ChannelAccount, webhook_url: str) -> None:
        await accounts.connect(io, account, webhook_url)

    async def disconnect(self, io: ChannelIO, account: ChannelAccount) -> None:
        await accounts.disconnect(io, account)

    # --- sending --------------------------------------------------------------------------------------------------

    async def send(self, io: ChannelIO, account: ChannelAccount, message: OutboundMessage) -> SendResult:
        handles = dict(message.handles)
        try:
            file = message.file
            if file is not None and (file.media.file_id or "") not in handles:
                # Checked before the upload: a message that cannot be sent should not cost one.
                handles[file.media.file_id or ""] = "unsent"
                rendering.message(message, handles)
                handles[file.media.file_id or ""] = await media.upload(io, account, file)
            elif file is None and not handles and isinstance(message.content, MediaMessage):
                raise MessageRefused("The message has no file.")
            answer = await _post(io, account, rendering.message(message, handles))
        except graph.GraphRefusal as refusal:
            raise errors.send_error(refusal) from None
        return _result(message, answer)

    def opening_link(self, account: ChannelAccount, text: str) -> str:
        """Source: https://faq.whatsapp.com/5913398998672934 (click to chat)"""
        return f"https://wa.me/{account.address.removeprefix('+')}?text={text}"

    def shown(self, account: ChannelAccount, content: Content) -> Shown:
        return rendering.shown(content)

    def charge(self, account: ChannelAccount, content: Content, template_category: str | None) -> Charge:
        """
        Since 2026-10-01 a template costs by its category also within the reply window, and a free answer what a
        utility template costs, after the first thousand of a month on each number.

        Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing
        """
        if not isinstance(content, Template):
            return Charge("service", "utility", 1, free_a_month=limits.FREE_ANSWERS_A_MONTH)
        category = (template_category or "utility").lower()
        return Charge(category, category, 1)

    async def react(
        self, io: ChannelIO, account: ChannelAccount, to: Address, external_id: str, emoji: str
    ) -> str | None:
        """To Meta a reaction is a message like any other, with an id and a status `sent`."""
        answer = await _post_or_send_error(io, account, rendering.reaction(to, external_id, emoji))
        return text(first(items(answer, "messages")), "id") or None

    async def show_typing(
        self, io: ChannelIO, account: ChannelAccount, to: Address, last_external_id: str | None
    ) -> None:
        """Up to 25 s. WhatsApp ties it to a message of theirs, which is marked read by it."""
        if last_external_id:
            body = _read(last_external_id) | {"typing_indicator": {"type": "text"}}
            await _post_or_send_error(io, account, body)

    async def mark_read(self, io: ChannelIO, account: ChannelAccount, to: Address, external_id: str) -> None:
        await _post_or_send_error(io, account, _read(external_id))

    async def block(self, io: ChannelIO, account: ChannelAccount, person: Address, on: bool) -> None:
        """
        Meta blocks only who wrote within the last 24 hours.

        https://developers.facebook.com/docs/whatsapp/cloud-api/block-users
        """
        path = f"{account.config.get('phone_number_id')}/block_users"
        body = {"messaging_product": "whatsapp", "block_users": [{"user": person.value}]}
        try:
            await graph.call(io, account.secrets.get("access_token", ""), "POST" if on else "DELETE", path, json=body)
        except graph.GraphRefusal as refusal:
            raise errors.send_error(refusal) from None

    # --- media and templates --------------------------------------------------------------------------------------

    async def keep_media(self, io: ChannelIO, account: ChannelAccount, file: OutboundFile) -> MediaHandle:
        try:
            identifier = await media.upload(io, account, file)
        except graph.GraphRefusal as refusal:
            raise errors.send_error(refusal) from None
        return MediaHandle(identifier, datetime.now(UTC) + media.KEPT)

    async def fetch_media(
        self, io: ChannelIO, account: ChannelAccount, source: Mapping[str, Any], max_bytes: int
    ) -> FetchedMedia:
        return await media.fetch(io, account, source, max_bytes)

    async def list_templates(self, io: ChannelIO, account: ChannelAccount) -> Sequence[ProviderTemplate]:
        async with _about_templates("waba_id"):
            return await templates.listed(io, account)

    def preview_template(self, template: ProviderTemplate, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        return template_filling.preview(template, parameters)

    def template_problems(self, draft: TemplateDraft) -> Sequence[Problem]:
        return template_rules.problems(draft)

    def draft_of(self, template: ProviderTemplate) -> TemplateDraft:
        return template_forms.draft(template)

    def template_of(self, draft: TemplateDraft) -> ProviderTemplate:
        samples = dict.fromkeys(files_of(draft), "")
        parts = tuple(template_forms.components(draft, samples))
        form = "NAMED" if template_forms.named(draft) else "POSITIONAL"
        return ProviderTemplate("", draft.name, draft.language, draft.category, "DRAFT", None, parts, form)

    async def upload_sample(self, io: ChannelIO, account: ChannelAccount, file: OutboundFile) -> str:
        async with _about_templates("header"):
            return await templates.upload_sample(io, account, file)

    async def create_template(
        self, io: ChannelIO, account: ChannelAccount, draft: TemplateDraft, samples: Mapping[str, str]
    ) -> Created:
        async with _about_templates():
            return await templates.create(io, account, draft, samples)

    async def change_template(
        self,
        io: ChannelIO,
        account: ChannelAccount,
        external_id: str,
        draft: TemplateDraft,
        samples: Mapping[str, str],
    ) -> None:
        async with _about_templates():
            await templates.change(io, account, external_id, draft, samples)

    async def delete_template(self, io: ChannelIO, account: ChannelAccount, name: str, external_id: str | None) -> None:
        async with _about_templates():
            await templates.delete(io, account, name, external_id)

    async def unpause_template(self, io: ChannelIO, account: ChannelAccount, external_id: str) -> None:
        async with _about_templates():
            await templates.unpause(io, account, external_id)


@asynccontextmanager
async def _about_templates(field: str | None = None) -> AsyncIterator[None]:
    """Meta's refusals as AccountError, with the place of the fault if it names one."""
    try:
        yield
    except graph.GraphRefusal as refusal:
        raise errors.account_error(refusal, templates.field_of(refusal) or field) from None
    except SendError as error:
        raise AccountError(error.message) from None


async def _post(io: ChannelIO, account: ChannelAccount, body: Json) -> Json:
    path = f"{account.config.get('phone_number_id')}/messages"
    return await graph.call(io, account.secrets.get("access_token", ""), "POST", path, json=body)


async def _post_or_send_error(io: ChannelIO, account: ChannelAccount, body: Json) -> Json:
    try:
        return await _post(io, account, body)
    except graph.GraphRefusal as refusal:
        raise errors.send_error(refusal) from None


def _read(external_id: str) -> Json:
    return {"messaging_product": "whatsapp", "status": "read", "message_id": external_id}


# What Meta says of an accepted template that does not go out at once. https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-pacing
_HELD: Mapping[str, str] = {
    "held_for_quality_assessment": "WhatsApp holds this template back until the first people's reactions are known.",
    "paused": "The template is paused at WhatsApp; the message may never go out.",
}


def _result(message: OutboundMessage, answer: Json) -> SendResult:
    accepted = first(items(answer, "messages"))
    external_id = text(accepted, "id")
    if not external_id:
        raise OutcomeUnknown("Meta accepted the message but gave no id for it.")
    return SendResult(
        external_ids=(external_id,),
        new_address=_corrected(message.to, first(items(answer, "contacts"))),
        note=_HELD.get(text(accepted, "message_status")),
    )


def _corrected(to: Address, contact: Json) -> Address | None:
    """The number WhatsApp really uses where it differs from the dialled one (Brazil, Mexico)."""
    real = handles(text(contact, "wa_id"), "").phone
    return address(real) if real and to.value.startswith("+") and real != to.value else None
