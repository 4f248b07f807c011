"""
How conversations, entries, contacts and accounts look from outside, for OpenAPI: what `inbox.present` builds.

Typed dictionaries and not models: these answers are hot, are built by our own code, and go out without another check.
"""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import WithJsonSchema
from typing_extensions import TypeAliasType, TypedDict

from channels.content import (
    Buttons,
    Choice,
    ContactRequest,
    Contacts,
    FormReply,
    LinkButton,
    List,
    Location,
    LocationRequest,
    MediaKind,
    Order,
    Template,
    Text,
    Unsupported,
)
from channels.contract import DeliveryStatus
from crm.contact_health import Risk
from web.api.models import Channel, Time

EntryKind = Literal["message", "note", "event", "consent", "tombstone"]
ConversationState = Literal["open", "pending", "snoozed", "closed"]
ConsentState = Literal["unknown", "granted", "withdrawn", "blocked", "held", "asked", "expired"]


class MediaShape(TypedDict):
    """A file of a message: what is not known is left out."""

    kind: MediaKind
    state: Literal["pending", "ready", "failed"]
    url: str | None
    thumb_url: str | None
    error: NotRequired[str | None]
    file_id: NotRequired[str | None]
    name: NotRequired[str | None]
    mime: NotRequired[str | None]
    bytes: NotRequired[int | None]
    width: NotRequired[int | None]
    height: NotRequired[int | None]
    duration_seconds: NotRequired[float | None]


class MediaMessageShape(TypedDict):
    type: Literal["media"]
    media: MediaShape
    caption: NotRequired[str | None]


# As `channels.content.Content` is stored, but for media, which comes with the addresses of its files.
ContentShape = (
    Text
    | MediaMessageShape
    | Location
    | Contacts
    | Buttons
    | List
    | LinkButton
    | LocationRequest
    | ContactRequest
    | Template
    | Choice
    | Order
    | FormReply
    | Unsupported
)


# Something that happened; what else there is depends on the name.
Event = TypeAliasType(
    "Event",
    Annotated[
        dict[str, Any],
        WithJsonSchema(
            {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string"}},
                "additionalProperties": True,
            }
        ),
    ],
)


class AuthorShape(TypedDict):
    type: Literal["contact", "member", "bot", "system", "phone_app"]
    id: str | None
    name: str | None


class QuoteShape(TypedDict):
    entry_id: str | None
    text: str
    author_name: str | None


class ReactionShape(TypedDict):
    by: str
    name: str | None
    emoji: str


class TranslationShape(TypedDict):
    """`source` is the language of the original, as the service says."""

    text: str
    source: str | None


class WrittenShape(TypedDict):
    """What an agent wrote, whose translation into `language` was sent."""

    text: str
    language: str


class MentionShape(TypedDict):
    id: str
    name: str


class CampaignShape(TypedDict):
    """The mailing that a message belongs to, or that a conversation answers; `id` is the broadcast's."""

    id: str
    name: str
    variant: str
    at: Time


class EntryErrorShape(TypedDict):
    code: str | None
    message: str | None
    provider_code: str | None
    can_resend: bool


class EntryShape(TypedDict):
    id: str
    contact_id: str
    conversation_id: str
    # Where it stands among those it is read with: between whole numbers if it is of a contact that was merged.
    number: float
    revision: int
    at: Time
    # Where it stands in the thread: arrival, or for a held-up message the time at which it was written.
    order_at: Time
    kind: EntryKind
    direction: Literal["in", "out"] | None
    channel: Channel | None
    account_id: str | None
    address: str | None
    author: AuthorShape
    content: ContentShape | None
    reply_to: QuoteShape | None
    reactions: list[ReactionShape]
    mentions: list[MentionShape]
    # By language.
    translations: dict[str, TranslationShape]
    written: WrittenShape | None
    edited_at: Time | None
    deleted_at: Time | None
    status: DeliveryStatus | None
    status_times: dict[DeliveryStatus, Time]
    error: EntryErrorShape | None
    # Until then the author can take it back.
    undo_until: Time | None
    client_id: str | None
    purpose: str | None
    # What marketing is about, of the workspace's topics.
    topic: str | None
    event: Event | None
    referral: dict[str, Any] | None
    campaign: CampaignShape | None
    forwarded: bool
    group_id: str | None
    # What it belongs to: a comment on a ticket, or something that happened to it.
    ticket_id: str | None


class EntryPage(TypedDict):
    """`next_before`: where the next older page ends; null at the beginning, and where one reads upwards."""

    items: list[EntryShape]
    has_more: bool
    next_before: float | None


class AroundPage(TypedDict):
    """`entry_id` is the entry asked for, or the first from that time on; None where all is older."""

    items: list[EntryShape]
    entry_id: str | None
    has_older: bool
    has_newer: bool


class EntryList(TypedDict):
    entries: list[EntryShape]


class ContactSummaryShape(TypedDict):
    id: str
    name: str
    avatar_hue: int
    avatar_file_id: str | None


class QueueShape(TypedDict):
    id: str
    name: str


class EntrySummaryShape(TypedDict):
    id: str
    number: int
    kind: EntryKind
    direction: Literal["in", "out"] | None
    text: str
    content_type: str | None
    channel: Channel | None
    status: DeliveryStatus | None
    author_name: str | None
    at: Time


class ReachShape(TypedDict):
    account_id: str
    account_name: str
    channel: Channel
    address: str
    label: str
    last_inbound_at: Time | None
    window_closes_at: Time | None
    window_open: bool
    marketing_stopped: bool
    # It may be somebody else who writes here.
    doubted: bool
    blocked: Literal["opted_out", "account_disabled"] | None
    blocked_reason: str | None


class SlaShape(TypedDict):
    policy_id: str
    # The nearest of the three below.
    due_at: Time | None
    first_due_at: Time | None
    next_due_at: Time | None
    resolve_due_at: Time | None
    paused_at: Time | None
    warned: list[Literal["first", "next", "resolve"]]
    breached: list[Literal["first", "next", "resolve"]]
    breached_at: Time | None


class ConversationShape(TypedDict):
    id: str
    contact_id: str
    contact: ContactSummaryShape
    queue: QueueShape
    state: ConversationState
    assignee_id: str | None
    team_id: str | None
    tags: list[str]
    priority: Literal["low", "normal", "high", "urgent"]
    # Saved views that it is in, other people's own among them.
    views: list[str]
    # The first customer's message that no person has answered yet.
    waiting_since: Time | None
    # When the last of the reply windows closes.
    window_closes_at: Time | None
    followers: list[str]
    # Who has not yet seen a note that names them, and who has any news here that they have not seen.
    mentioned: list[str]
    notified: list[str]
    # Messages that members have not read: by member, and for everybody who is not named there.
    unread: int
    unread_by: dict[str, int]
    # The newest entry that anybody here has seen.
    read_number: int
    last_number: int
    last_activity_at: Time
    created_at: Time
    episode: int
    snoozed_until: Time | None
    woke_at: Time | None
    closed_at: Time | None
    blocked: bool
    # The mailing that they answer, or got last.
    # The language into which what the customer writes is translated as it comes; and the one they were heard in.
    translate_into: str | None
    spoken: str | None
    campaign: CampaignShape | None
    # The conversation that it is a part of since its contact was merged, and those that are a part of it.
    merged_into: str | None
    absorbed: list[str]
    revision: int
    sla: SlaShape | None
    last_entry: EntrySummaryShape | None
    # How many messages for later wait here.
    deferred: int
    reach: list[ReachShape]


class ConversationPage(TypedDict):
    items: list[ConversationShape]
    next_cursor: str | None
    total: int | None


class CountsShape(TypedDict):
    """
    How many conversations are in each built-in view; `closing` is counted up to 1,000. `at_least` names the views
    (saved ones by id) that may have more: where a role does not see everything, at most 500 of each part are counted.
    """

    open: int
    mine: int
    unassigned: int
    mentions: int
    unread: int
    snoozed: int
    closing: int
    waiting: int
    breached: int
    closed: int
    # By the id of each saved view that this member sees.
    views: dict[str, int]
    unread_in: "UnreadShape"
    at_least: list[str]


class UnreadShape(TypedDict):
    """How many open conversations of a view the member has not read."""

    open: int
    mine: int
    unassigned: int
    mentions: int
    views: dict[str, int]


class PurposesShape(TypedDict):
    service: ConsentState
    transactional: ConsentState
    marketing: ConsentState


class DoubtShape(TypedDict):
    """
    Why it may be somebody else by now, in words. `asks`: somebody should make sure; a number that was left raises no
    question until somebody writes from it.
    """

    reason: Literal["number_changed", "id_changed", "given_up", "returned", "silence", "new_person"]
    message: str
    at: Time
    asks: bool


class ContactAddressShape(TypedDict):
    address: str
    channel: Channel
    label: str
    verified: bool
    last_inbound_at: Time | None
    consent: PurposesShape
    doubt: DoubtShape | None


class ConversationRef(TypedDict):
    id: str
    state: ConversationState


class BlockShape(TypedDict):
    reason: Literal["spam", "abuse", "other"]
    at: Time
    by: str
    note: str


class BlockedShape(TypedDict):
    id: str
    name: str
    avatar_hue: int
    block: BlockShape


class BlockedPage(TypedDict):
    items: list[BlockedShape]
    next_cursor: str | None


class CompanyRef(TypedDict):
    id: str
    name: str


class ZoneShape(TypedDict):
    """An IANA time zone; `derived` from a number, and then sure or not (the country has several)."""

    name: str
    derived: bool
    sure: bool


FieldValue = TypeAliasType("FieldValue", str | float | bool | list[str] | None)


class HoldShape(TypedDict):
    """Why nothing of a person may be deleted."""

    reason: str
    at: Time
    by: str


class ContactShape(TypedDict):
    """
    `merged` is how many other contacts are a part of this one. `fields` are values of the workspace's own fields, those
    that are known.
    """

    id: str
    name: str
    avatar_hue: int
    language: str | None
    notes: str
    stage: str | None
    stage_since: Time | None
    owner_id: str | None
    zone: ZoneShape | None
    company: CompanyRef | None
    company_role: str | None
    fields: dict[str, FieldValue]
    tags: list[str]
    lists: list[str]
    revision: int
    block: BlockShape | None
    hold: HoldShape | None
    created_at: Time
    addresses: list[ContactAddressShape]
    conversations: list[ConversationRef]
    merged: int
    last_number: int
    # Private fields are left out, and the address book is folded away, until somebody has made sure who it is.
    folded: bool


class ContactRow(TypedDict):
    id: str
    name: str
    avatar_hue: int
    language: str | None
    stage: str | None
    owner_id: str | None
    company: CompanyRef | None
    company_role: str | None
    tags: list[str]
    health: int | None
    churn_risk: Risk | None
    created_at: Time
    addresses: list[ContactAddressShape]


class PastValueShape(TypedDict):
    """What somebody changed by hand; `what` names the value (`stage`, `fields.<key>`), before and after are words."""

    what: str
    label: str
    before: str | None
    after: str | None
    by_id: str
    by_name: str
    at: Time


class PastValues(TypedDict):
    items: list[PastValueShape]


class ContactPage(TypedDict):
    items: list[ContactRow]
    next_cursor: str | None


class FileShape(TypedDict):
    file_id: str
    name: str
    mime: str
    bytes: int
    kind: MediaKind
    url: str
    thumb_url: str | None
    width: int | None
    height: int | None
