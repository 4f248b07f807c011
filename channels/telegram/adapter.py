"""Telegram, through the Bot API: one bot is one account."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx
import orjson
from telegram import Message, ReactionTypeEmoji, WebhookInfo
from telegram.constants import ChatAction

from app.core.addresses import Address
from app.core.http import BodyTooLarge, read_limited
from app.core.security import same
from channels.content import Content, MediaMessage
from channels.contract import (
    AccountFacts,
    ButtonLimits,
    Capabilities,
    ChannelAccount,
    ChannelIO,
    DeliveryStatus,
    FetchedMedia,
    FormField,
    InboundEvent,
    ListLimits,
    MediaLimits,
    OutboundMessage,
    RateLimits,
    SendResult,
    Shown,
    WebhookRequest,
)
from channels.errors import (
    AccountError,
    MediaError,
    MessageRefused,
    NotSent,
    OutcomeUnknown,
    RecipientUnreachable,
    SendError,
    SignatureInvalid,
    Throttled,
)
from channels.telegram import client, errors, payloads, rendering
from channels.telegram.handles import KIND, Chat, chat_of, message_in

SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 — a header's name

# https://core.telegram.org/bots/api#getfile
MAX_DOWNLOAD_BYTES = 20 * 2**20
# Below the 50 s that Telegram allows, and below what the contract lets a poll take.
POLL_SECONDS = 25

_FILE = MediaLimits(max_bytes=rendering.MAX_UPLOAD_BYTES)

# Limits: https://core.telegram.org/bots/api and https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
CAPABILITIES = Capabilities(
    max_text_chars=rendering.MAX_TEXT_CHARS,
    max_caption_chars=rendering.MAX_CAPTION_CHARS,
    # One limit for all: what is too large or of the wrong type for its kind goes out as a document.
    media=dict.fromkeys(("image", "video", "audio", "voice", "document", "sticker"), _FILE),
    buttons="native",
    button_limits=ButtonLimits(max_buttons=100, max_title_chars=100),
    list_limits=ListLimits(max_rows=100, max_title_chars=100, max_description_chars=200),
    location=True,
    contacts=True,
    quotes=True,
    reactions="full",
    edit=True,
    delete=True,
    typing=True,
    receipts="sent",
    rate=RateLimits(sender_per_second=30, sender_burst=30, pair_per_second=1, pair_burst=3),
)


class TelegramAdapter:
    kind: ClassVar[str] = KIND
    label: ClassVar[str] = "Telegram"
    tagline: ClassVar[str] = "Answer the people who write to your Telegram bot."
    form: ClassVar[tuple[FormField, ...]] = (
        FormField(
            name="bot_token",
            label="Bot token",
            help=(
                "In Telegram, open the chat with @BotFather. Send /newbot to make a bot, or /mybots, choose your bot "
                "and 'API Token'. Copy the whole line."
            ),
            placeholder="123456789:AAE…",
            secret=True,
            type="password",
        ),
        FormField(
            name="delivery",
            label="How messages arrive",
            help=(
                "'Webhook' is right when this server has a public https address: Parley registers it with Telegram "
                "itself. Choose 'Polling' when the internet cannot reach this server; Parley then asks Telegram."
            ),
            type="select",
            options=(("webhook", "Webhook"), ("polling", "Polling")),
            default="webhook",
        ),
        FormField(
            name="webhook_secret",
            label="Webhook secret",
            help="Made by Parley and told to Telegram, which shows it on every call to prove that it is Telegram.",
            secret=True,
            type="password",
            asked=False,
        ),
    )

    def capabilities(self, account: ChannelAccount | None) -> Capabilities:
        return CAPABILITIES

    def opening_link(self, account: ChannelAccount, text: str) -> str:
        """Source: https://core.telegram.org/bots/features#deep-linking"""
        return f"https://t.me/{account.address.removeprefix('@')}?start={text}"

    def shown(self, account: ChannelAccount, content: Content) -> Shown:
        return rendering.shown(content)

    # --- the account ----------------------------------------------------------------------------------------------

    async def check(self, io: ChannelIO, account: ChannelAccount) -> AccountFacts:
        try:
            bot = client.bot(io, account)
            me = await client.call(bot.get_me())
            webhook = await client.call(bot.get_webhook_info())
        except SendError as error:
            raise errors.account_error(error, doing="asked about the bot") from None
        return AccountFacts(
            address=f"@{me.username}", name=me.first_name, warnings=tuple(_warnings(io, self.polling(account), webhook))
        )

    async def connect(self, io: ChannelIO, account: ChannelAccount, webhook_url: str) -> None:
        if self.polling(account):
            return await self.disconnect(io, account)
        secret = account.secrets.get("webhook_secret")
        if not secret:
            raise AccountError("The account has no webhook secret; connect it again.", field="webhook_secret")
        try:
            await client.call(
                client.bot(io, account).set_webhook(
                    url=webhook_url,
                    secret_token=secret,
                    allowed_updates=payloads.ALLOWED_UPDATES,
                    drop_pending_updates=False,
                )
            )
        except SendError as error:
            raise errors.account_error(error, doing="told where to deliver") from None

    async def disconnect(self, io: ChannelIO, account: ChannelAccount) -> None:
        try:
            await client.call(client.bot(io, account).delete_webhook(drop_pending_updates=False))
        except SendError as error:
            raise errors.account_error(error, doing="told to stop delivering") from None

    # --- inbound --------------------------------------------------------------------------------------------------

    def verify(self, account: ChannelAccount, request: WebhookRequest) -> None:
        expected = account.secrets.get("webhook_secret", "")
        # Without a secret of our own nothing can be proven, and an empty one must not match an empty header.
        if not expected or not same(request.headers.get(SECRET_HEADER, ""), expected):
            raise SignatureInvalid("The secret token of the request is missing or wrong.")

    def parse(self, account: ChannelAccount, body: bytes, headers: Mapping[str, str]) -> Sequence[InboundEvent]:
        return payloads.read(body)

    def reply(self, account: ChannelAccount) -> tuple[str, bytes]:
        return "text/plain", b""

    def polling(self, account: ChannelAccount) -> bool:
        return account.config.get("delivery") == "polling"

    async def poll(
        self, io: ChannelIO, account: ChannelAccount, cursor: str | None
    ) -> tuple[Sequence[bytes], str | None]:
        """The cursor is the number of the next update; asking with it tells Telegram that all before were stored."""
        asked: dict[str, Any] = {
            "timeout": POLL_SECONDS,
            "limit": 100,
            "allowed_updates": payloads.ALLOWED_UPDATES,
        }
        if cursor is not None:
            asked["offset"] = int(cursor)
        try:
            found = await client.updates(io, account, asked, POLL_SECONDS)
        except SendError as error:
            raise errors.account_error(error, doing="asked for new messages") from None
        numbers = [number for update in found if (number := payloads.update_id(update)) is not None]
        return [orjson.dumps(update) for update in found], str(max(numbers) + 1) if numbers else cursor

    async def fetch_media(
        self, io: ChannelIO, account: ChannelAccount, source: Mapping[str, Any], max_bytes: int
    ) -> FetchedMedia:
        try:
            file = await client.call(client.bot(io, account).get_file(str(source.get("file_id", ""))))
        except SendError as error:
            raise MediaError(error.message, retryable=_may_heal(error)) from None
        limit = min(max_bytes, MAX_DOWNLOAD_BYTES)
        if file.file_path is None or (file.file_size or 0) > limit:
            raise MediaError(f"The file is larger than the {limit} bytes that can be fetched.", retryable=False)
        data = await _download(io, client.file_url(io, account, file.file_path), limit)
        return FetchedMedia(data=data, name=file.file_path.rpartition("/")[2])

    # --- outbound -------------------------------------------------------------------------------------------------

    async def send(self, io: ChannelIO, account: ChannelAccount, message: OutboundMessage) -> SendResult:
        chat = _reachable(message.to)
        sent = await client.call(await rendering.call_for(client.bot(io, account), chat, message))
        return SendResult(
            external_ids=(chat.external_id(sent.message_id),),
            status=DeliveryStatus.SENT,
            kept=self.kept(message, sent),
        )

    def kept(self, message: OutboundMessage, sent: Message) -> Mapping[str, str]:
        """Source: https://core.telegram.org/bots/api#sending-files (by file_id: no limits, the same bot and method)"""
        content = message.content
        if not isinstance(content, MediaMessage) or not content.media.file_id or rendering.kept_by(message, content):
            return {}
        file = client.sent_file(sent)
        return {content.media.file_id: rendering.handle_of(content, file)} if file else {}

    async def show_typing(
        self, io: ChannelIO, account: ChannelAccount, to: Address, last_external_id: str | None
    ) -> None:
        """Telegram shows it for five seconds at most, or until a message arrives."""
        chat = _reachable(to)
        bot = client.bot(io, account)
        await client.call(bot.send_chat_action(chat.id, ChatAction.TYPING, business_connection_id=chat.connection))

    async def react(self, io: ChannelIO, account: ChannelAccount, to: Address, external_id: str, emoji: str) -> None:
        chat = _reachable(to)
        number = message_in(chat, external_id)
        if number is None or chat.connection is not None:
            raise MessageRefused("Telegram takes reactions only to messages in the bot's own chats.")
        # Keyboards add a selector that asks for the coloured form; Telegram's list of reactions is without it.
        reaction = [ReactionTypeEmoji(emoji.replace("\ufe0f", ""))] if emoji else []
        await client.call(client.bot(io, account).set_message_reaction(chat.id, number, reaction=reaction))

    async def edit(
        self, io: ChannelIO, account: ChannelAccount, to: Address, external_id: str, content: Content
    ) -> None:
        chat, number = _own_message(to, external_id)
        try:
            await client.call(rendering.edit_for(client.bot(io, account), chat, number, content))
        except MessageRefused as error:
            # Asked for once more: it says so already.
            if "message is not modified" not in error.message:
                raise

    async def delete(self, io: ChannelIO, account: ChannelAccount, to: Address, external_id: str) -> None:
        """Telegram lets a bot delete its messages for two days."""
        chat, number = _own_message(to, external_id)
        if chat.connection is not None:
            raise MessageRefused("In a chat of a business account, delete the message in the Telegram app.")
        await client.call(client.bot(io, account).delete_message(chat.id, number))

    async def acknowledge(self, io: ChannelIO, account: ChannelAccount, token: str) -> None:
        try:
            await client.call(client.bot(io, account).answer_callback_query(token))
        except SendError as error:
            # The button stops spinning by itself; Telegram takes no answer after a few minutes anyway.
            io.log.info("tap_not_acknowledged", code=error.code, reason=error.message)


def _own_message(address: Address, external_id: str) -> tuple[Chat, int]:
    chat = _reachable(address)
    number = message_in(chat, external_id)
    if number is None:
        raise MessageRefused("This message is not in the chat with this person.")
    return chat, number


def _reachable(address: Address) -> Chat:
    chat = chat_of(address)
    if chat is None:
        raise RecipientUnreachable("This is not the id of a Telegram chat.")
    return chat


def _may_heal(error: SendError) -> bool:
    return isinstance(error, NotSent | OutcomeUnknown | Throttled)


async def _download(io: ChannelIO, url: str, limit: int) -> bytes:
    """The file behind a link that holds the bot's token: no exception that names the link may get out of here."""
    try:
        response = await read_limited(io.http, "GET", url, max_bytes=limit)
    except BodyTooLarge as error:
        raise MediaError(str(error), retryable=False) from None
    except (httpx.HTTPError, httpx.InvalidURL):
        raise MediaError("The connection to Telegram broke while fetching the file.", retryable=True) from None
    if not response.is_success:
        later = response.status_code == 429 or response.status_code >= 500
        raise MediaError(f"Telegram answered with status {response.status_code} for the file.", retryable=later)
    return response.content


def _warnings(io: ChannelIO, polling: bool, webhook: WebhookInfo) -> list[str]:
    """What an owner should know of how the bot's messages arrive. Hosts only: the path of a webhook is a secret."""
    host = urlsplit(webhook.url).netloc
    found = []
    if polling and webhook.url:
        found.append(f"Telegram delivers this bot's messages to {host}; connect the account again to poll instead.")
    elif not polling and not webhook.url:
        found.append("Telegram knows no webhook for this bot; connect the account so that messages arrive.")
    elif not polling and host != urlsplit(io.public_url).netloc:
        found.append(f"Telegram delivers this bot's messages to {host}, which is not this server; connect it again.")
    if webhook.last_error_message and webhook.last_error_date:
        ago = datetime.now(UTC) - webhook.last_error_date
        if ago.total_seconds() < 3600:
            found.append(
                f"Telegram could not deliver {int(ago.total_seconds() // 60)} min ago: {webhook.last_error_message}"
            )
    if webhook.pending_update_count > 100:
        found.append(f"{webhook.pending_update_count} messages are waiting at Telegram.")
    return found
