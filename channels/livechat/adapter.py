"""
Web chat: our own widget on a site. One site is one account.

Nothing is called to send: the web process that holds a visitor's socket sees the entry on the workspace's event stream
and passes it on, and a visitor who is away reads it from the timeline when they come back.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from app.core.addresses import Address
from channels.content import Buttons, Content, LinkButton, List, MediaMessage, Text
from channels.contract import (
    AccountFacts,
    ButtonLimits,
    Capabilities,
    ChannelAccount,
    ChannelIO,
    FormField,
    InboundEvent,
    ListLimits,
    MediaLimits,
    OutboundMessage,
    SendResult,
    Shown,
    unmarked,
)
from channels.livechat import payloads, site

_FILE = MediaLimits(max_bytes=25_000_000)

CAPABILITIES = Capabilities(
    max_text_chars=10_000,
    max_caption_chars=payloads.MAX_TEXT_CHARS,
    media=dict.fromkeys(("image", "video", "audio", "voice", "document", "sticker"), _FILE),
    buttons="native",
    button_limits=ButtonLimits(max_buttons=10, max_title_chars=60),
    list_limits=ListLimits(max_rows=20, max_title_chars=60, max_description_chars=120),
    location=True,
    quotes=True,
    reactions="full",
    edit=True,
    delete=True,
    typing=True,
    receipts="read",
)


class LiveChatAdapter:
    kind: ClassVar[str] = site.KIND
    label: ClassVar[str] = "Web chat"
    tagline: ClassVar[str] = "Talk with the people on your website through a small chat window."
    form: ClassVar[tuple[FormField, ...]] = site.FORM

    def capabilities(self, account: ChannelAccount | None) -> Capabilities:
        return CAPABILITIES

    async def check(self, io: ChannelIO, account: ChannelAccount) -> AccountFacts:
        warnings = site.validate(account)
        return AccountFacts(
            address=site.site_key(account), name=str(account.config.get("title", "")), warnings=warnings
        )

    def snippet(self, account: ChannelAccount, public_url: str) -> str:
        return site.snippet(account, public_url)

    def parse(self, account: ChannelAccount, body: bytes, headers: Mapping[str, str]) -> Sequence[InboundEvent]:
        return payloads.parse(body)

    def shown(self, account: ChannelAccount, content: Content) -> Shown:
        """The widget makes links of addresses and nothing of other marks."""
        match content:
            case Text(text=words):
                return Shown(text=words, lines=unmarked(words))
            case Buttons(text=words, header=header, footer=footer, buttons=buttons):
                titles = tuple(button.title for button in buttons)
            case List(text=words, header=header, footer=footer, sections=sections):
                titles = tuple(row.title for section in sections for row in section.rows)
            case LinkButton(text=words, label=label):
                header = footer = None
                titles = (label,)
            case MediaMessage(caption=caption) if caption:
                return Shown(text=caption, lines=unmarked(caption))
            case _:
                return Shown(text="", lines=())
        return Shown(text=words, lines=unmarked(words), header=header, footer=footer, options=titles)

    async def send(self, io: ChannelIO, account: ChannelAccount, message: OutboundMessage) -> SendResult:
        """Accepted as soon as it is asked for: being on the timeline is all that it takes."""
        return SendResult((message.id,))

    async def react(self, io: ChannelIO, account: ChannelAccount, to: Address, external_id: str, emoji: str) -> None:
        """Nothing to do: the widget sees the entry change."""

    async def edit(
        self, io: ChannelIO, account: ChannelAccount, to: Address, external_id: str, content: Content
    ) -> None:
        """As with reactions."""

    async def delete(self, io: ChannelIO, account: ChannelAccount, to: Address, external_id: str) -> None:
        """As with reactions."""
