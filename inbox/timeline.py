"""
The timeline: everything that ever happened with a contact, numbered 1, 2, 3 … per contact, without gaps.

An entry keeps its contact and number for ever. Entries change only in what is known about them (status, reactions,
edits), each change raising the revision.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any, Literal

from app.core import ids
from app.core.addresses import Address
from app.core.errors import AppError, Conflict, ContactMerged, NotFound
from app.core.runtime import Workspace
from crm import changes
from crm.store import contacts as contact_rows
from inbox.store import entries as store

PAGE = 100
# Each try that fails means that another entry took the number; a hundred in a row mean that something is broken.
_APPEND_TRIES = 100
_ROOM_FOR_LATE = timedelta(seconds=1)
# Names of events that nobody who began before them may pass unseen (see merging.py).
FENCES = frozenset({"contact_absorbed", "contact_parted", "contact_erased"})


@dataclass(frozen=True, slots=True)
class Author:
    """Who or what caused an entry."""

    type: Literal["contact", "member", "bot", "system", "phone_app"]
    id: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """What an entry answers: the quoted entry if we know it, and its text as it was."""

    entry_id: str | None
    text: str
    author_name: str | None
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Mention:
    """A colleague or a team named in a note, by the name that stands there; `members` are those of a team then."""

    id: str
    name: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Campaign:
    """Which mailing a message belongs to: `id` is its source's (a broadcast), `ref` names this one message of it."""

    id: str
    name: str
    ref: str
    variant: str
    at: datetime
    replied: bool = False


@dataclass(frozen=True, slots=True)
class Translation:
    """What a translation service made of an entry's words; `source` is the language of those, as it says."""

    text: str
    source: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Written:
    """What an agent wrote in their own language, of which the translation was sent; `language` is that of what went."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Reacted:
    """
    A reaction; `by` is `contact` or a member's id. `at`: when the customer made it by their provider's clock; one that
    was taken back then stays, without an emoji.
    """

    by: str
    name: str | None
    emoji: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One item of the story. `at` is when it happened (the provider's clock for inbound), `created_at` when we stored it.

    `content` is a dumped `channels.content` model. For messages out, `status` and `status_times` tell how far it got,
    `outbox_key` is set while it is work to be done.
    """

    id: str
    contact_id: str
    conversation_id: str
    number: int = 0
    revision: int = 1
    at: datetime
    created_at: datetime
    # Set for what arrived later than it should have: where it is shown.
    order_at: datetime | None = None
    kind: Literal["message", "note", "event", "consent", "tombstone"]
    direction: Literal["in", "out"] | None = None
    channel: str | None = None
    account_id: str | None = None
    address: str | None = None
    author: Author
    content: Mapping[str, Any] | None = None
    reply_to: Quote | None = None
    reactions: tuple[Reacted, ...] = ()
    mentions: tuple[Mention, ...] = ()
    # By language (see translating/translations.py).
    translations: Mapping[str, Translation] = field(default_factory=dict)
    written: Written | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    purpose: str | None = None
    # What marketing is about, of the workspace's topics.
    topic: str | None = None
    status: str | None = None
    status_times: Mapping[str, datetime] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None
    client_id: str | None = None
    # The provider's id of an inbound message; of ours there may be several, kept (and indexed) with the account's id.
    external_id: str | None = None
    external_ids: tuple[str, ...] = ()
    event: Mapping[str, Any] | None = None
    referral: Mapping[str, Any] | None = None
    campaign: Campaign | None = None
    forwarded: bool = False
    group_id: str | None = None
    # What belongs to a ticket: its comments, and the events of its life.
    ticket_id: str | None = None
    raw_id: str | None = None
    # Work to be done (see outbox.py and delivery.py).
    outbox_key: str | None = None
    due_at: datetime | None = None
    # Not work before then: it may not reach the person at this hour.
    held_until: datetime | None = None
    attempts: int = 0
    claim: str | None = None
    claimed_at: datetime | None = None
    window_until: datetime | None = None
    # Until then its author can take it back; nothing has left yet.
    undo_until: datetime | None = None


def entry_id_of(ref: object) -> str:
    """The id of the entry of a mailing's message, by its ref."""
    return ids.derived("ent", "mailing", str(ref))


def place(entry: Entry) -> datetime:
    """Where the entry stands in the story as people read it; numbers tell the order of arrival."""
    return entry.order_at or entry.created_at


async def place_of_late(ws: Workspace, contact_id: str, at: datetime, newest: int) -> datetime | None:
    """
    The place of an inbound message written at `at` that arrives after messages written later: shortly before the first
    of those. None if there is none among the newest hundred entries.

    Providers try a failed webhook again after newer ones have gone through.
    """
    recent = await page_before(ws, contact_id, newest + 1, limit=PAGE)
    return late_place([e for e in recent if e.direction == "in" and e.kind == "message"], at)


def late_place(messages: Sequence[Entry], at: datetime) -> datetime | None:
    """
    A place in the second before the first message that was written later, and behind those written earlier.

    How far before depends on the times of writing, so that others that come late, in whatever order, find theirs
    between: places are whole milliseconds, and two in one cannot be parted any more.
    """
    later = [e for e in messages if e.at > at]
    if not later:
        return None
    first = min(later, key=place)
    earlier = [e for e in messages if e.at <= at and place(e) < place(first)]
    before = max(earlier, key=place, default=None)
    begins = place(first) - _ROOM_FOR_LATE
    share = 0.5
    if before is not None:
        begins = max(begins, place(before))
        share = (at - before.at) / (first.at - before.at)
    found = begins + (place(first) - begins) * share
    return found.replace(microsecond=found.microsecond // 1_000 * 1_000)


async def append(ws: Workspace, entry: Entry, *, after: int, guard: "Guard | None" = None) -> tuple[Entry, bool]:
    """As `put`, behind what mailings have sent to this contact and not put here yet."""
    await _placing().settle(ws, [entry.contact_id])
    return await put(ws, entry, after=after, guard=guard)


def _placing() -> ModuleType:
    """Mailings make entries, and so stand above the timeline that they are put on."""
    from inbox.mailings import placing

    return placing


async def put(ws: Workspace, entry: Entry, *, after: int, guard: "Guard | None" = None) -> tuple[Entry, bool]:
    """
    Store the entry under the contact's next number; the entry as stored, and whether it is new.

    `after` is a number known to be taken (0 for none): only a hint. The unique index on (contact, number) decides, and
    an id that exists already gives back what is stored. Raises Conflict when no number can be had, ContactMerged when
    the contact is no longer one to write to.

    With a `guard` the entry is stored only if it lets pass everything between what its author had seen and the entry:
    of two that are written at the same time, the one that gets the later number meets the other.
    """
    number = after + 1
    for _ in range(_APPEND_TRIES):
        if guard is not None:
            stored = await _refused(ws, entry, guard, before=number)
            if stored is not None:
                return stored, False
        numbered = replace(entry, number=number)
        if await store.insert(ws, numbered):
            if entry.kind == "message":
                await changes.hint(ws, [entry.contact_id])
            return numbered, True
        existing = await store.get(ws, entry.id)
        if existing is not None:
            return existing, False
        number, fenced = await _next_number(ws, entry.contact_id, number)
        if fenced and not await _still_theirs(ws, entry):
            raise ContactMerged("This contact was merged with another, or parted from it, a moment ago; try again.")
    ws.log.error("no_number_for_entry", contact_id=entry.contact_id, number=number)
    raise Conflict("This contact's timeline is being written by too many at once; try again.")


@dataclass(slots=True)
class Guard:
    """`passes` raises if something in entries that are newer than number `seen` speaks against the one to be stored."""

    seen: int
    passes: Callable[[Sequence[Entry]], None]


async def _refused(ws: Workspace, entry: Entry, guard: Guard, *, before: int) -> Entry | None:
    """Raises what the guard raises; the entry itself if it turns out to be stored already (the answer was lost)."""
    newer = await store.range_of(ws, entry.contact_id, max(guard.seen + 1, before - PAGE), before - 1)
    try:
        guard.passes(newer)
    except AppError:
        stored = await store.get(ws, entry.id)
        if stored is None:
            raise
        return stored
    guard.seen = max(guard.seen, before - 1)
    return None


async def _next_number(ws: Workspace, contact_id: str, taken: int) -> tuple[int, bool]:
    """
    The first free number from `taken` on, found by reading ranges upwards, and whether there is a fence on the way:
    the entry with which a merge or its undoing begins.
    """
    free, fenced = taken, False
    while rows := await store.numbers_from(ws, contact_id, free, limit=PAGE):
        fenced = fenced or any(name in FENCES for name in rows.values())
        free = max(rows) + 1
    return free, fenced


async def _still_theirs(ws: Workspace, entry: Entry) -> bool:
    """
    Whether the contact may still be written to under this id: neither merged into another nor erased, and still at this
    address.

    Whoever began before a merge holds a number from before it, and so has to come past the fence: nothing is stored
    behind it where nobody would read it.
    """
    contact = await contact_rows.contact(ws, entry.contact_id)
    if contact is None or contact.merged_into is not None or contact.erased_at is not None:
        return False
    if entry.address is None:
        return True
    known = await contact_rows.addresses(ws, [Address.parse(entry.address)])
    return not known or known[0].contact_id == entry.contact_id


async def get(ws: Workspace, entry_id: str) -> Entry:
    """Raises NotFound."""
    entry = await store.get(ws, entry_id)
    if entry is None:
        raise NotFound("There is no such entry.")
    return entry


async def find(ws: Workspace, entry_id: str) -> Entry | None:
    return await store.get(ws, entry_id)


async def by_external_id(ws: Workspace, account_id: str, external_id: str) -> Entry | None:
    """The entry of a provider's message id, in or out."""
    inbound = await store.get(ws, store.inbound_id(account_id, external_id))
    return inbound or await store.by_external_id(ws, account_id, external_id)


async def page_before(ws: Workspace, contact_id: str, before: int, *, limit: int) -> list[Entry]:
    """The `limit` entries with numbers below `before`, ascending. Numbers have no gaps, so the range is exact."""
    return await store.range_of(ws, contact_id, max(1, before - limit), before - 1)


async def page_after(ws: Workspace, contact_id: str, after: int, *, limit: int) -> list[Entry]:
    """Up to `limit` entries with numbers above `after`, ascending."""
    return await store.range_of(ws, contact_id, after + 1, after + limit)


async def change(
    ws: Workspace, entry: Entry, how: Callable[[Entry], Entry], *, attempts: int = 6
) -> tuple[Entry, bool]:
    """
    Replace the entry by `how(entry)`; the entry as it is now, and whether anything changed.

    Optimistic: written only if nobody changed it since it was read, else read and tried again. `how` may return its
    argument to say that nothing has to change.
    """
    current = entry
    for _ in range(attempts):
        # Of an erased person nothing is told any more, however late it comes.
        wanted = how(current) if current.kind != "tombstone" else current
        if wanted is current:
            return current, False
        wanted = replace(wanted, revision=current.revision + 1)
        if await store.save(ws, current, wanted):
            return wanted, True
        current = await get(ws, entry.id)
    raise Conflict("This entry is being changed by too many at once; try again.")
