"""
How conversations, entries, contacts and accounts look from outside, for OpenAPI: what `inbox.present` builds.

Typed dictionaries and not models: these answers are hot, are built by our own code, and go out without another check.
"""

from typing import Any, Literal

from typing_extensions import TypedDict

from web.api.models import Time


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


class EntryErrorShape(TypedDict):
    code: str | None
    message: str | None
    provider_code: str | None
    can_resend: bool


class EntryShape(TypedDict):
    id: str
    contact_id: str
    conversation_id: str
    number: int
    revision: int
    at: Time
    # Where it stands in the thread: arrival, or for a held-up message the time at which it was written.
    order_at: Time
    kind: Literal["message", "note", "event", "consent", "tombstone"]
    direction: Literal["in", "out"] | None
    channel: str | None
    account_id: str | None
    address: str | None
    author: AuthorShape
    content: dict[str, Any] | None
    reply_to: QuoteShape | None
    reactions: list[ReactionShape]
    edited_at: Time | None
    deleted_at: Time | None
    status: str | None
    status_times: dict[str, Time]
    error: EntryErrorShape | None
    # Until then the author can take it back.
    undo_until: Time | None
    client_id: str | None
    purpose: str | None
    event: dict[str, Any] | None
    referral: dict[str, Any] | None
    forwarded: bool
    group_id: str | None


class EntryPage(TypedDict):
    items: list[EntryShape]
    has_more: bool


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
    kind: str
    direction: str | None
    text: str
    content_type: str | None
    channel: str | None
    status: str | None
    author_name: str | None
    at: Time


class ReachShape(TypedDict):
    account_id: str
    account_name: str
    channel: str
    address: str
    label: str
    last_inbound_at: Time | None
    window_closes_at: Time | None
    window_open: bool
    marketing_stopped: bool
    blocked: str | None
    blocked_reason: str | None


class ConversationShape(TypedDict):
    id: str
    contact_id: str
    contact: ContactSummaryShape
    queue: QueueShape
    state: Literal["open", "pending", "snoozed", "closed"]
    assignee_id: str | None
    unread: int
    read_number: int
    last_number: int
    last_activity_at: Time
    created_at: Time
    episode: int
    revision: int
    last_entry: EntrySummaryShape | None
    reach: list[ReachShape]


class ConversationPage(TypedDict):
    items: list[ConversationShape]
    next_cursor: str | None
    total: int | None


class CountsShape(TypedDict):
    open: int
    mine: int
    unassigned: int
    closed: int
    unread: int


class ContactAddressShape(TypedDict):
    address: str
    channel: str
    label: str
    verified: bool
    last_inbound_at: Time | None
    consent: dict[str, str]


class ConversationRef(TypedDict):
    id: str
    state: str


class ContactShape(TypedDict):
    id: str
    name: str
    avatar_hue: int
    language: str | None
    notes: str
    created_at: Time
    addresses: list[ContactAddressShape]
    conversations: list[ConversationRef]
    last_number: int


class ContactRow(TypedDict):
    id: str
    name: str
    avatar_hue: int
    language: str | None
    created_at: Time
    addresses: list[ContactAddressShape]


class ContactPage(TypedDict):
    items: list[ContactRow]
    next_cursor: str | None


class ConsentShape(TypedDict):
    at: Time
    channel: str
    address: str
    purposes: list[str]
    purpose: str
    state: str
    source: str
    wording: str | None
    evidence: str


class ConsentPage(TypedDict):
    items: list[ConsentShape]
    next_cursor: str | None


class FileShape(TypedDict):
    file_id: str
    name: str
    mime: str
    bytes: int
    kind: str
    url: str
    thumb_url: str | None
    width: int | None
    height: int | None
