"""
The contract between Parley and a channel: what an adapter is given, what it gives back, what it may be able to do.

The required part is small (`ChannelAdapter`); every other ability is a protocol of its own, found with `isinstance`.
An adapter is stateless: one instance serves all accounts of its kind, and everything it needs comes as an argument.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

import httpx

from app.core.addresses import Address
from app.core.log import Logger
from channels.content import Content, Media
from channels.template_drafts import Problem, TemplateDraft


class Purpose(StrEnum):
    """
    Why a message is sent. Consent is asked per purpose. Nobody chooses `stop_confirmation`: it is the one word that may
    follow a stop.
    """

    SERVICE = "service"
    TRANSACTIONAL = "transactional"
    MARKETING = "marketing"
    STOP_CONFIRMATION = "stop_confirmation"


ChosenPurpose = Literal[Purpose.SERVICE, Purpose.TRANSACTIONAL, Purpose.MARKETING]


class DeliveryStatus(StrEnum):
    """Where an outbound message is. See `RANK`: it only moves forward."""

    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


# A status may only be replaced by one of a higher rank. `failed` beats `sent` (a provider may refuse after accepting)
# but never `delivered`; `skipped` and `cancelled` are final. An explicit resend is a new attempt and starts over.
RANK: Mapping[DeliveryStatus, int] = {
    DeliveryStatus.QUEUED: 0,
    DeliveryStatus.SENDING: 1,
    DeliveryStatus.UNKNOWN: 2,
    DeliveryStatus.SENT: 3,
    DeliveryStatus.FAILED: 4,
    DeliveryStatus.DELIVERED: 5,
    DeliveryStatus.READ: 6,
    DeliveryStatus.SKIPPED: 9,
    DeliveryStatus.CANCELLED: 9,
}


# --- accounts -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChannelAccount:
    """
    One connected number, bot or site. `address` is its own handle on the channel (`+12025550100`, `@shop_bot`).
    `config` holds the public values of its form, `secrets` the secret ones, decrypted; both keyed by field name.
    """

    id: str
    workspace_id: str
    kind: str
    name: str
    address: str
    config: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class FormField:
    """One value that a person fills in to connect an account; `help` says where to find it."""

    name: str
    label: str
    help: str
    placeholder: str = ""
    secret: bool = False
    required: bool = True
    type: Literal["text", "password", "url", "select", "origins", "lines", "color", "boolean"] = "text"
    options: tuple[tuple[str, str], ...] = ()
    default: Any = None
    # False: the server makes the value (a verify token, a site key); the form does not ask for it.
    asked: bool = True
    # What a value made by the server begins with, so that people know it when they see it; "": of its own name.
    token_prefix: str = ""
    # Made by the server for the owner to copy: shown once when made, and made anew when they ask.
    renewable: bool = False


def previous_secret(name: str) -> str:
    """Under which name the value before a renewed secret is kept; both are good until the next renewal."""
    return f"previous_{name}"


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """
    What the provider says of an account when asked: its handle, and what is worth showing as health. `people_a_day`: to
    how many people it may write first within 24 hours (None: as many as it likes), together with all other accounts of
    its `portfolio`.
    """

    address: str
    name: str | None = None
    token_expires_at: datetime | None = None
    quality: str | None = None
    limits: str | None = None
    people_a_day: int | None = None
    portfolio: str | None = None
    warnings: tuple[str, ...] = ()


# --- capabilities -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """`mimes` are the types the channel takes as this kind; empty means any."""

    max_bytes: int
    mimes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ButtonLimits:
    """`max_text_chars` is of the text above them."""

    max_buttons: int
    max_title_chars: int
    max_text_chars: int = 4096


@dataclass(frozen=True, slots=True)
class ListLimits:
    """`max_label_chars` is of what opens it, `max_text_chars` of the text above that."""

    max_rows: int
    max_title_chars: int
    max_description_chars: int
    max_label_chars: int = 100
    max_section_chars: int = 100
    max_text_chars: int = 4096


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Sustained rate and burst, for the sender as a whole and for one sender-person pair; 0 means no limit."""

    sender_per_second: float = 0
    sender_burst: float = 1
    pair_per_second: float = 0
    pair_burst: float = 1


@dataclass(frozen=True, slots=True)
class Rest:
    """
    How often a handle has to fail with a code, each time in another campaign, until marketing leaves it alone; and for
    how many `days` (None: until the person writes).
    """

    failures: int
    days: int | None


# How far a channel tells what became of a message.
Receipts = Literal["sent", "delivered", "read"]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel can do, as data. Code elsewhere asks here; it never compares a channel's name."""

    max_text_chars: int
    max_caption_chars: int = 0
    media: Mapping[str, MediaLimits] = field(default_factory=dict)
    # Hours in which free-form replies are allowed after the person's last message; None: no such rule.
    window_hours: int | None = None
    templates: bool = False
    # `native`: real buttons. `menu`: rendered as a numbered text that the person answers with a number.
    buttons: Literal["native", "menu", "none"] = "none"
    button_limits: ButtonLimits = ButtonLimits(0, 0)
    list_limits: ListLimits = ListLimits(0, 0, 0)
    location: bool = False
    contacts: bool = False
    quotes: bool = False
    reactions: Literal["full", "in", "none"] = "none"
    edit: bool = False
    delete: bool = False
    typing: bool = False
    read_receipts_out: bool = False
    # Highest status the provider reports back for what we send.
    receipts: Receipts = "sent"
    segments: bool = False
    # Whether the provider charges for messages (see Charges).
    charged: bool = False
    # False: nobody can answer this sender.
    two_way: bool = True
    # What the word STOP ends: everything (where carriers enforce that), or marketing only.
    stop_ends: Literal["all", "marketing"] = "marketing"
    # Whether the provider itself answers the law's words; which it has answered, it says of each message.
    confirms_stop: bool = False
    # By the provider's code.
    rests: Mapping[str, Rest] = field(default_factory=dict)
    rate: RateLimits = RateLimits()


# --- inbound ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """
    A request as it came. Header names are lower case; `body` is the exact bytes (signatures need them); `url` is the
    public URL the provider was given, built from the configured public base, with its raw path and query.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """
    What all inbound events share.

    `key` names the provider's event for ever: the same event delivered again has the same key. `order_key` says whose
    events are handled one after another (the person's stablest handle; empty where order does not matter).
    `raw` is a self-contained payload of this one event: given back to `parse` as a body it yields this event again,
    which is how it is stored, processed and replayed.

    `timed` False: the provider gives this event no time of its own (a tap on a Telegram button). `at` is then the
    earliest it can have been, and the time of receipt is the one to show.
    """

    key: str
    order_key: str = ""
    at: datetime
    timed: bool = True
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """
    Who wrote. `address` is the handle to answer to; `aliases` are other handles that the same payload proves to be the
    same person (a WhatsApp number and its business-scoped id). `verified_phone` is a number that the provider vouches
    is theirs, as they shared it in this very message (E.164); it is a fact about the person, not a handle to write to.
    """

    address: Address
    aliases: tuple[Address, ...] = ()
    name: str | None = None
    username: str | None = None
    language: str | None = None
    verified: bool = True
    verified_phone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """How the person found us: an ad, a deep link, a page."""

    source: str
    source_id: str | None = None
    url: str | None = None
    headline: str | None = None
    click_id: str | None = None
    payload: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage(Inbound):
    """
    The person wrote, tapped or sent something. `external_id` is the provider's id of the message; `echo` marks what
    the business itself wrote in the provider's own app, `started` what their app wrote for them when they opened the
    chat: it asks for no answer. `group_id` ties the parts of an album together.
    """

    external_id: str
    sender: Sender
    content: Content
    reply_to: str | None = None
    forwarded: bool = False
    referral: Referral | None = None
    group_id: str | None = None
    echo: bool = False
    started: bool = False
    # Taps that the provider wants acknowledged (Telegram callback queries); handed to `Acknowledges.acknowledge`.
    acknowledge: str | None = None
    # Of an echo: who is said to have written it, where that was no app of the provider's.
    by: str | None = None
    # The provider has answered it by itself (STOP, START, HELP); nobody should hear the same twice.
    answered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEdited(Inbound):
    """What a message says now; `echo` marks one that the business itself wrote in the provider's own app."""

    external_id: str
    sender: Sender
    content: Content
    echo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDeleted(Inbound):
    external_id: str
    sender: Sender


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction(Inbound):
    """`emoji` empty: the reaction was taken back. `external_id` is the message reacted to, ours or theirs."""

    external_id: str
    sender: Sender
    emoji: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReceipt(Inbound):
    """
    The provider's report on a message of ours. `correlation` is our message id if the provider carried it back;
    `external_id` is the provider's.
    """

    external_id: str
    correlation: str | None = None
    status: DeliveryStatus
    error: "ReceiptError | None" = None
    price_category: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptError:
    """A failure told by receipt: what a SendError carries, as data. `code` is the stable code of its class."""

    code: str
    message: str
    provider_code: str | None = None
    # For opt-outs: which purpose they ended (None: all). For unreachable people: whether they blocked us.
    purpose: str | None = None
    blocked: bool = False
    # Not before then again, and who has to wait.
    retry_after_seconds: float | None = None
    scope: Literal["sender", "pair"] = "sender"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentChanged(Inbound):
    """
    The provider told us of a stop or a resume (opt-out keyword it consumed, block, marketing preference).
    `purpose` None means everything on this channel. `source` is a short stable word (`provider_stop`, `block`).
    """

    sender: Sender
    granted: bool
    purpose: Purpose | None
    source: str
    wording: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressChanged(Inbound):
    """The person has a new handle; history and consent move with them."""

    old: Address
    new: Address
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TypingStarted(Inbound):
    sender: Sender
    on: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateChanged(Inbound):
    """A template's status, category or quality moved at the provider; the account's templates are synced again."""

    name: str
    language: str | None = None
    change: str
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountNotice(Inbound):
    """
    Something an owner should know about the account: quality, limits, restriction, payment, disconnection. With
    `limits` comes `people_a_day` (see AccountFacts).
    """

    severity: Literal["info", "warning", "error"]
    code: str
    message: str
    quality: str | None = None
    limits: str | None = None
    people_a_day: int | None = None


InboundEvent = (
    InboundMessage
    | MessageEdited
    | MessageDeleted
    | Reaction
    | DeliveryReceipt
    | ConsentChanged
    | AddressChanged
    | TypingStarted
    | TemplateChanged
    | AccountNotice
)


# --- outbound -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OutboundFile:
    """The file of a media message: read its bytes, or let the provider fetch it from `url` (signed, an hour)."""

    media: Media
    read: Callable[[], Awaitable[bytes]] = field(repr=False)
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """
    One message to hand over. `id` is also the correlation id that providers carry back. `to` is where it goes;
    `reply_to` is the provider's id of the message it quotes. `handles` are the provider's own ids of files that it
    keeps already, by ours (see KeepsMedia, RemembersMedia). `good_until`: by then a provider that lets messages wait
    should have sent it, or never.
    """

    id: str
    to: Address
    purpose: Purpose
    content: Content
    file: OutboundFile | None = None
    reply_to: str | None = None
    handles: Mapping[str, str] = field(default_factory=dict)
    good_until: datetime | None = None


Style = Literal["bold", "italic", "strike", "code"]


@dataclass(frozen=True, slots=True)
class Span:
    """A run of characters that are drawn alike."""

    text: str
    styles: tuple[Style, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a message; `mark` is the number of a numbered one."""

    spans: tuple[Span, ...]
    kind: Literal["text", "quote", "bullet", "number", "code"] = "text"
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """
    A message as the person's app draws it. `text` are its words exactly as they go to the provider, `lines` the same
    words as they are drawn; `options` are what can be tapped.
    """

    text: str
    lines: tuple[Line, ...]
    header: str | None = None
    footer: str | None = None
    options: tuple[str, ...] = ()


def unmarked(text: str) -> tuple[Line, ...]:
    """The lines of a text in which the app sees no marks."""
    return tuple(Line((Span(line),)) for line in text.split("\n"))


@dataclass(frozen=True, slots=True)
class PriceCategory:
    """A line of a price list: what the provider charges by, and for what unit."""

    key: str
    label: str
    unit: Literal["message", "segment"] = "message"


@dataclass(frozen=True, slots=True)
class Charge:
    """
    What a message is charged as: `units` of a category, at the price of `priced_as`. The first `free_a_month` units of
    a month cost nothing.
    """

    category: str
    priced_as: str
    units: int
    free_a_month: int = 0


@dataclass(frozen=True, slots=True)
class SendResult:
    """
    Accepted. `status` is what the acceptance alone proves (SENT where there are no later receipts). `kept` are the
    provider's ids of files in it that can be sent by these from now on, by ours (see RemembersMedia).
    """

    external_ids: tuple[str, ...]
    status: DeliveryStatus = DeliveryStatus.SENT
    new_address: Address | None = None
    note: str | None = None
    kept: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FetchedMedia:
    data: bytes
    mime: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class MediaHandle:
    """A file that the provider keeps: its id there, and until when it can be sent by that."""

    id: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ProviderTemplate:
    """A template as the provider lists it; `components` is the provider's own form."""

    external_id: str
    name: str
    language: str
    category: str
    status: str
    quality: str | None
    components: tuple[Mapping[str, Any], ...]
    parameter_format: str = "POSITIONAL"
    rejected_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Created:
    """A template that was submitted, as the provider took it: it may have put it into another category."""

    external_id: str
    status: str
    category: str


@dataclass(frozen=True, slots=True)
class ChannelIO:
    """
    All that an adapter may reach out with. `http` carries timeouts and limits; `graph_url`, `twilio_url` and
    `telegram_url` are where the providers live (or the sandbox); `public_url` is where they reach us.
    """

    http: httpx.AsyncClient
    log: Logger
    public_url: str
    graph_url: str
    graph_version: str
    twilio_url: str
    telegram_url: str


# --- the adapter and its optional abilities -----------------------------------------------------------------------


@runtime_checkable
class ChannelAdapter(Protocol):
    kind: ClassVar[str]  # folder name, URL part, Address.kind
    label: ClassVar[str]
    tagline: ClassVar[str]  # one line for the settings page
    form: ClassVar[tuple[FormField, ...]]

    def capabilities(self, account: ChannelAccount | None) -> Capabilities:
        """What this account can do; with None, what the channel can do at all."""
        ...

    async def check(self, io: ChannelIO, account: ChannelAccount) -> AccountFacts:
        """Ask the provider whether these credentials work. Raises AccountError naming the field to look at."""
        ...

    async def send(self, io: ChannelIO, account: ChannelAccount, message: OutboundMessage) -> SendResult:
        """Hand one message to the provider. Raises SendError; returns only when it was accepted."""
        ...


@runtime_checkable
class Parses(Protocol):
    """For every channel that brings anything in."""

    def parse(self, account: ChannelAccount, body: bytes, headers: Mapping[str, str]) -> Sequence[InboundEvent]:
        """
        Every event in the body, in the provider's order. Pure. Raises PayloadUnrecognised (not theirs) or
        PayloadUnsupported (theirs, nothing for us); whatever the bytes, nothing else. An unknown kind of message is
        an InboundMessage with Unsupported content, so that it is seen. Called again with an event's own `raw`
        (and no headers), it gives that one event back.
        """
        ...


@runtime_checkable
class ReceivesWebhooks(Parses, Protocol):
    def verify(self, account: ChannelAccount, request: WebhookRequest) -> None:
        """Raises SignatureInvalid. Pure: no I/O."""
        ...

    def reply(self, account: ChannelAccount) -> tuple[str, bytes]:
        """Content type and body of the 200 answer."""
        ...


@runtime_checkable
class SharedWebhook(Protocol):
    """One URL for many accounts (Meta's app-level webhook)."""

    def account_addresses(self, body: bytes) -> Sequence[str]:
        """The provider's account ids (config values) that this payload is for."""
        ...


@runtime_checkable
class AnswersChallenge(Protocol):
    def challenge(self, account: ChannelAccount, request: WebhookRequest) -> str:
        """The text to answer a verification GET with. Raises SignatureInvalid."""
        ...


@runtime_checkable
class Connects(Protocol):
    async def connect(self, io: ChannelIO, account: ChannelAccount, webhook_url: str) -> None:
        """Point the provider's webhook at us. Raises AccountError."""
        ...

    async def disconnect(self, io: ChannelIO, account: ChannelAccount) -> None:
        """Take it back. Raises AccountError."""
        ...


@runtime_checkable
class FetchesMedia(Protocol):
    async def fetch_media(
        self, io: ChannelIO, account: ChannelAccount, source: Mapping[str, Any], max_bytes: int
    ) -> FetchedMedia:
        """The bytes behind an inbound media's `source`. Raises MediaError."""
        ...


@runtime_checkable
class KeepsMedia(Protocol):
    """For providers that take a file once and send it as often as we say."""

    async def keep_media(self, io: ChannelIO, account: ChannelAccount, file: OutboundFile) -> MediaHandle:
        """Hand the file over for messages of this account. Raises SendError."""
        ...


@runtime_checkable
class RemembersMedia(Protocol):
    """For providers that tell with the first message under which id its file can be sent again."""

    def kept(self, message: OutboundMessage, sent: Any) -> Mapping[str, str]:
        """The provider's ids of files that it got with this message, by ours; `sent` is its answer."""
        ...


@runtime_checkable
class ShowsTyping(Protocol):
    async def show_typing(
        self, io: ChannelIO, account: ChannelAccount, to: Address, last_external_id: str | None
    ) -> None:
        """Best effort; may raise SendError, which the caller logs and drops."""
        ...


@runtime_checkable
class MarksRead(Protocol):
    async def mark_read(self, io: ChannelIO, account: ChannelAccount, to: Address, external_id: str) -> None:
        """Tell the person that we have read up to this message of theirs. Best effort."""
        ...


@runtime_checkable
class Reacts(Protocol):
    async def react(
        self, io: ChannelIO, account: ChannelAccount, to: Address, external_id: str, emoji: str
    ) -> str | None:
        """
        Set our reaction to a message, theirs or ours; empty takes it back. Raises SendError.

        The provider's id of the reaction, where it sends receipts for reactions as for messages.
        """
        ...


@runtime_checkable
class Blocks(Protocol):
    """For providers that can keep a person's messages from us."""

    async def block(self, io: ChannelIO, account: ChannelAccount, person: Address, on: bool) -> None:
        """Block them there, or take it back. Raises SendError, with the provider's words."""
        ...


@runtime_checkable
class Edits(Protocol):
    async def edit(
        self, io: ChannelIO, account: ChannelAccount, to: Address, external_id: str, content: Content
    ) -> None:
        """Give a message of ours other words: a text, or a file with another caption. Raises SendError."""
        ...


@runtime_checkable
class Deletes(Protocol):
    async def delete(self, io: ChannelIO, account: ChannelAccount, to: Address, external_id: str) -> None:
        """Take a message of ours away from the person's screen. Raises SendError."""
        ...


@runtime_checkable
class Erases(Protocol):
    """For providers that keep messages, and delete them when asked to."""

    async def erase(self, io: ChannelIO, account: ChannelAccount, external_id: str) -> None:
        """
        Delete a message, theirs or ours, with its files from what the provider keeps; gone already is fine.
        Raises SendError, with the provider's words.
        """
        ...


@runtime_checkable
class Acknowledges(Protocol):
    async def acknowledge(self, io: ChannelIO, account: ChannelAccount, token: str) -> None:
        """Stop the spinner on a tapped button. Best effort."""
        ...


@runtime_checkable
class ManagesTemplates(Protocol):
    async def list_templates(self, io: ChannelIO, account: ChannelAccount) -> Sequence[ProviderTemplate]:
        """All templates of the account. Raises AccountError."""
        ...

    def preview_template(self, template: ProviderTemplate, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """What TemplatePreview has, with the values filled in; and `missing`, the empty variables by their path."""
        ...


@runtime_checkable
class WritesTemplates(ManagesTemplates, Protocol):
    """For providers whose templates can be written here. All raise AccountError, with the draft's field if known."""

    def template_problems(self, draft: TemplateDraft) -> Sequence[Problem]:
        """What the provider would refuse, before it is asked. Pure."""
        ...

    def draft_of(self, template: ProviderTemplate) -> TemplateDraft:
        """What was submitted, as a draft."""
        ...

    def template_of(self, draft: TemplateDraft) -> ProviderTemplate:
        """The draft as the provider would list it, to be previewed. Pure."""
        ...

    async def upload_sample(self, io: ChannelIO, account: ChannelAccount, file: OutboundFile) -> str:
        """The provider's handle of a file that the review is shown."""
        ...

    async def create_template(
        self, io: ChannelIO, account: ChannelAccount, draft: TemplateDraft, samples: Mapping[str, str]
    ) -> Created:
        """`samples` are handles by our file ids."""
        ...

    async def change_template(
        self,
        io: ChannelIO,
        account: ChannelAccount,
        external_id: str,
        draft: TemplateDraft,
        samples: Mapping[str, str],
    ) -> None:
        """It is reviewed anew; `draft` has its name and language still."""
        ...

    async def delete_template(self, io: ChannelIO, account: ChannelAccount, name: str, external_id: str | None) -> None:
        """One language, or with None all."""
        ...

    async def unpause_template(self, io: ChannelIO, account: ChannelAccount, external_id: str) -> None: ...


@runtime_checkable
class OpensWithText(Protocol):
    """For channels on which a link opens the person's app with something ready to be sent to us."""

    def opening_link(self, account: ChannelAccount, text: str) -> str:
        """`text` is letters, digits and hyphens; it comes back as a message, or as the payload of a referral."""
        ...


@runtime_checkable
class WritesByLink(Protocol):
    """For channels on which a link on a phone begins a message to us, and on other devices does nothing."""

    def writing_link(self, account: ChannelAccount, text: str) -> str:
        """`text` is letters, digits and hyphens."""
        ...


@runtime_checkable
class Previews(Protocol):
    def shown(self, account: ChannelAccount, content: Content) -> Shown:
        """How the person's app will show this, by the code that sends it. Raises MessageRefused."""
        ...


@runtime_checkable
class Charges(Protocol):
    """For channels whose messages cost something; what a channel without it sends is free."""

    price_categories: ClassVar[tuple[PriceCategory, ...]]

    def charge(self, account: ChannelAccount, content: Content, template_category: str | None) -> Charge:
        """By the provider's rules; `template_category` is what a template was approved as. Raises MessageRefused."""
        ...


@runtime_checkable
class CountsSegments(Protocol):
    """For channels that bill and throttle by parts of a text."""

    def count_segments(self, account: ChannelAccount, text: str) -> Mapping[str, Any]:
        """`{encoding, segments, units, left}`: how many parts, units used, and units free in the last one."""
        ...


@dataclass(frozen=True, slots=True)
class Unregistered:
    """Why carriers of a country would not take a message: a stable code, and words to read."""

    code: str
    words: str


@runtime_checkable
class KnowsRegistration(Protocol):
    """For channels where senders, or texts, are registered with carriers before they reach anybody."""

    def unregistered(self, account: ChannelAccount, country: str | None, content: Content) -> Unregistered | None:
        """None: as far as is known they would take it."""
        ...


@runtime_checkable
class GivesSnippet(Protocol):
    """For channels that a site owner puts on a page."""

    def snippet(self, account: ChannelAccount, public_url: str) -> str:
        """The HTML to paste."""
        ...


@runtime_checkable
class Polls(Protocol):
    """For providers that can be asked for news instead of calling us (Telegram's getUpdates)."""

    def polling(self, account: ChannelAccount) -> bool: ...

    async def poll(
        self, io: ChannelIO, account: ChannelAccount, cursor: str | None
    ) -> tuple[Sequence[bytes], str | None]:
        """Waits up to 25 s; the bodies of what came, each fit for `parse`, and the next cursor. Raises AccountError."""
        ...


@runtime_checkable
class Reconciles(Protocol):
    """For providers that do not retry a lost webhook (Twilio): list what came since, to be taken in again."""

    async def list_since(self, io: ChannelIO, account: ChannelAccount, since: datetime) -> Sequence[bytes]:
        """Bodies of inbound messages since then, each fit for `parse`, with the same keys as their webhooks."""
        ...


@runtime_checkable
class LooksUp(Protocol):
    """For providers that can be asked what became of a message whose outcome we do not know."""

    async def look_up(
        self, io: ChannelIO, account: ChannelAccount, message: OutboundMessage, since: datetime
    ) -> SendResult | None:
        """The result if the provider has it, None if it surely has not. Raises NotSent when it cannot be asked."""
        ...
