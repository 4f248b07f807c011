"""The SMS channel: Twilio's Messages API out, its webhooks in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from channels.content import Content, MediaMessage
from channels.contract import (
    AccountFacts,
    Capabilities,
    ChannelAccount,
    ChannelIO,
    Charge,
    FetchedMedia,
    FormField,
    InboundEvent,
    OutboundMessage,
    PriceCategory,
    SendResult,
    Shown,
    Unregistered,
    WebhookRequest,
    unmarked,
)
from channels.errors import OutcomeUnknown, SignatureInvalid
from channels.sms import (
    accounts,
    capabilities,
    history,
    media,
    payloads,
    registration,
    rendering,
    rest,
    segments,
    senders,
    signature,
)
from channels.sms.errors import NoAnswer, Refusal, send_error

TWIML_NOTHING = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


class SmsAdapter:
    kind: ClassVar[str] = payloads.KIND
    label: ClassVar[str] = "SMS"
    tagline: ClassVar[str] = "Text and picture messages through your Twilio number."
    form: ClassVar[tuple[FormField, ...]] = accounts.FORM
    price_categories: ClassVar[tuple[PriceCategory, ...]] = (
        PriceCategory("sms", "SMS", "segment"),
        PriceCategory("mms", "MMS"),
    )

    def capabilities(self, account: ChannelAccount | None) -> Capabilities:
        return capabilities.of(account)

    # --- in

    def verify(self, account: ChannelAccount, request: WebhookRequest) -> None:
        # The second token counts while the owner rotates: Twilio soon gives up on a webhook that we refuse.
        tokens = account.secrets.get("auth_token", ""), account.secrets.get("secondary_auth_token", "")
        if not signature.valid(tokens, request):
            raise SignatureInvalid("the request is not signed with this account's auth token")

    def parse(self, account: ChannelAccount, body: bytes, headers: Mapping[str, str]) -> Sequence[InboundEvent]:
        """`headers` may hold `x-parley-query`, the raw query of the webhook's URL: it carries our message id."""
        return payloads.events(body, headers)

    def reply(self, account: ChannelAccount) -> tuple[str, bytes]:
        return "text/xml", TWIML_NOTHING

    async def fetch_media(
        self, io: ChannelIO, account: ChannelAccount, source: Mapping[str, Any], max_bytes: int
    ) -> FetchedMedia:
        return await media.fetch(io, account, source, max_bytes)

    async def list_since(self, io: ChannelIO, account: ChannelAccount, since: datetime) -> Sequence[bytes]:
        """Raises AccountError."""
        return await history.inbound_since(io, account, since)

    # --- out

    async def send(self, io: ChannelIO, account: ChannelAccount, message: OutboundMessage) -> SendResult:
        registration.require(account, message)
        callback = accounts.callback_url(io, account, message.id)
        fields = payloads.outbound(account, message, capabilities.of(account), callback)
        try:
            created = await rest.client(io, account).messages.create_async(**fields)
        except (NoAnswer, Refusal) as error:
            raise send_error(error) from error
        if not created.sid:
            raise OutcomeUnknown("Twilio answered without the message's SID.")
        return SendResult((str(created.sid),))

    def writing_link(self, account: ChannelAccount, text: str) -> str:
        """Both phones' systems take it so. Source: RFC 5724, and their own `?&body=`."""
        return f"sms:{account.address or senders.of(account)}?&body={text}"

    async def look_up(
        self, io: ChannelIO, account: ChannelAccount, message: OutboundMessage, since: datetime
    ) -> SendResult | None:
        return await history.find_sent(io, account, message, since)

    async def erase(self, io: ChannelIO, account: ChannelAccount, external_id: str) -> None:
        await history.erase(io, account, external_id)

    # --- the account

    async def check(self, io: ChannelIO, account: ChannelAccount) -> AccountFacts:
        return await accounts.check(io, account)

    async def connect(self, io: ChannelIO, account: ChannelAccount, webhook_url: str) -> None:
        await accounts.connect(io, account, webhook_url)

    async def disconnect(self, io: ChannelIO, account: ChannelAccount) -> None:
        await accounts.disconnect(io, account)

    def shown(self, account: ChannelAccount, content: Content) -> Shown:
        words = rendering.text(content)
        return Shown(text=words, lines=unmarked(words) if words else ())

    def charge(self, account: ChannelAccount, content: Content, template_category: str | None) -> Charge:
        """A message with a file is one MMS, whatever its text; any other is billed by segments."""
        if isinstance(content, MediaMessage):
            return Charge("mms", "mms", 1)
        return Charge("sms", "sms", self.count_segments(account, rendering.text(content))["segments"])

    def unregistered(self, account: ChannelAccount, country: str | None, content: Content) -> Unregistered | None:
        return registration.unregistered(account, country, rendering.text(content))

    def count_segments(self, account: ChannelAccount, text: str) -> Mapping[str, Any]:
        """By the sender's own sizes: toll-free numbers fit a little less into each part."""
        counted = segments.count(text, toll_free=senders.is_toll_free(str(account.config.get("sender", ""))))
        return {
            "encoding": counted.encoding,
            "segments": counted.count,
            "units": counted.units,
            "left": counted.left,
        }
