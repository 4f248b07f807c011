"""
Episodes: each stretch of a conversation from opening to closing, as the facts that reports are made of.

The facts of the running episode are part of the conversation's row and change with it, in the same write. At closing
they move to `finished`, still on that row, until they are copied into the `episodes` collection and into the roll-up of
the day; a row that has any carries a work mark, so nothing is lost with a process. docs/reports.md tells what each
fact means.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from app.core import calendars
from app.core.calendars import Calendar
from app.core.runtime import Workspace
from inbox.store import episodes as store
from inbox.ticketing import moments, sla
from inbox.ticketing.moments import Moment
from inbox.ticketing.sla import Promise

if TYPE_CHECKING:
    from inbox.conversations import Conversation
    from inbox.timeline import Entry

# So long after closing it can be undone as if it had not happened; only then the facts are copied.
UNDO_SECONDS = 12
# Of waits, and of a bot's turns, no more are kept one by one.
MOST_STRETCHES = 300


@dataclass(frozen=True, slots=True)
class Stretch:
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """
    One episode as far as it has come. Times of messages are those of storing them; durations are milliseconds.

    `waiting_since` is the customer's first message that no person has answered yet, or the bot's handing over if that
    came later: the time a bot had the conversation (`bot_ms`) counts as nobody's waiting. `waits` are the waits that a
    person's answer ended, `bot` what a bot had: out of them the same times are told in business hours.
    """

    number: int
    opened_at: datetime
    channel: str | None = None
    account_id: str | None = None
    first_inbound_at: datetime | None = None
    first_reply_at: datetime | None = None
    first_reply_by: str | None = None
    first_response_ms: int | None = None
    inbound: int = 0
    replies: int = 0
    waiting_since: datetime | None = None
    responses: int = 0
    response_ms: int = 0
    bot_ms: int = 0
    bot_since: datetime | None = None
    waits: tuple[Stretch, ...] = ()
    bot: tuple[Stretch, ...] = ()
    # What service levels could ask about it, from moment to moment.
    moments: tuple[Moment, ...] = ()
    # Known at closing.
    promises: tuple[Promise, ...] = ()
    closed_at: datetime | None = None
    closed_by: str | None = None
    assignee_id: str | None = None
    team_id: str | None = None
    tags: tuple[str, ...] = ()
    reason_id: str | None = None
    comment: str = ""

    @property
    def reopened(self) -> bool:
        """Whether this episode followed an earlier one."""
        return self.number > 1

    @property
    def resolution_ms(self) -> int | None:
        """From opening to closing, without the bot's time."""
        return None if self.closed_at is None else max(0, _ms(self.closed_at - self.opened_at) - self.bot_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTimes:
    """The same times in the hours of a calendar. `responses` are those of the waits that were kept one by one."""

    calendar_id: str
    first_response_ms: int | None
    responses: int
    response_ms: int
    resolution_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """
    An episode with whose it is; `facts.closed_at` is None while it runs. `business` is there once it is closed, in the
    hours of its team at that time.
    """

    conversation_id: str
    contact_id: str
    facts: Facts
    business: OpenTimes | None = None


def _ms(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


def _longer(stretches: tuple[Stretch, ...], since: datetime, until: datetime) -> tuple[Stretch, ...]:
    if len(stretches) >= MOST_STRETCHES:
        return stretches
    return (*stretches, Stretch(since, max(since, until)))


def in_hours_of(calendar: Calendar, facts: Facts) -> OpenTimes:
    """The times of a closed episode as the calendar counts them; a bot's share is left out, as it always is."""

    def spent(since: datetime, until: datetime) -> int:
        return round(1000 * calendars.open_seconds_between(calendar, since, until))

    waits = [(wait.until, spent(wait.since, wait.until)) for wait in facts.waits]
    first = next((took for until, took in waits if until == facts.first_reply_at), None)
    closed_at = facts.closed_at or facts.opened_at
    bot = sum(spent(turn.since, min(turn.until, closed_at)) for turn in facts.bot)
    return OpenTimes(
        calendar_id=calendar.id,
        first_response_ms=first if facts.first_response_ms is not None else None,
        responses=len(waits),
        response_ms=sum(took for _, took in waits),
        resolution_ms=max(0, spent(facts.opened_at, closed_at) - bot),
    )


# --- what happens to the facts of a running episode ---------------------------------------------------------------


def begun(conversation: Conversation) -> Facts:
    return Facts(number=conversation.episode, opened_at=conversation.opened_at)


def of(conversation: Conversation) -> Facts:
    """The facts of its present (or last) episode."""
    facts = conversation.facts
    return facts if facts is not None and facts.number == conversation.episode else begun(conversation)


def heard(facts: Facts, entry: Entry) -> Facts:
    """The customer wrote."""
    return replace(
        facts,
        channel=facts.channel or entry.channel,
        account_id=facts.account_id or entry.account_id,
        inbound=facts.inbound + 1,
        first_inbound_at=facts.first_inbound_at or entry.created_at,
        waiting_since=facts.waiting_since or entry.created_at,
    )


def answered(facts: Facts, entry: Entry) -> Facts:
    """We wrote. Only what a person wrote is a reply, in Parley or on the business's own phone."""
    facts = replace(facts, channel=facts.channel or entry.channel, account_id=facts.account_id or entry.account_id)
    if entry.author.type not in ("member", "phone_app"):
        return facts
    facts = replace(facts, replies=facts.replies + 1)
    if facts.first_inbound_at is None:
        return facts
    took = None
    if facts.waiting_since is not None and facts.bot_since is None:
        took = max(0, _ms(entry.created_at - facts.waiting_since))
        waits = _longer(facts.waits, facts.waiting_since, entry.created_at)
        facts = replace(facts, responses=facts.responses + 1, response_ms=facts.response_ms + took, waits=waits)
    if facts.first_reply_at is None:
        facts = replace(facts, first_reply_at=entry.created_at, first_reply_by=entry.author.id, first_response_ms=took)
    return replace(facts, waiting_since=None)


def unanswered(facts: Facts, entries: Sequence[Entry], waits_since: datetime | None) -> Facts:
    """
    An answer (with its parts) was taken back before it left: as if it had never been written. The customer waits again
    since then, or None if somebody else has answered.
    """
    first = min(entries, key=lambda entry: entry.number)
    facts = replace(facts, replies=max(0, facts.replies - len(entries)), waiting_since=waits_since)
    if waits_since is None or facts.responses == 0:
        return facts
    took = max(0, _ms(first.created_at - waits_since))
    waits = tuple(wait for wait in facts.waits if wait.until != first.created_at)
    facts = replace(facts, responses=facts.responses - 1, response_ms=max(0, facts.response_ms - took), waits=waits)
    if facts.first_reply_at == first.created_at:
        facts = replace(facts, first_reply_at=None, first_reply_by=None, first_response_ms=None)
    return facts


def followed(old: Conversation, new: Conversation, at: datetime) -> Conversation:
    """
    The changed conversation with its facts brought along; called for every change, whoever makes it.

    A conversation that closes leaves its facts in `finished`.
    """
    facts = of(new)
    if new.state == "pending" and facts.bot_since is None:
        facts = replace(facts, bot_since=at)
    elif new.state != "pending" and facts.bot_since is not None:
        facts = replace(
            facts,
            bot_ms=facts.bot_ms + max(0, _ms(at - facts.bot_since)),
            bot=_longer(facts.bot, facts.bot_since, at),
            bot_since=None,
            waiting_since=at if facts.waiting_since else None,
        )
    if new.state == "closed" and old.state != "closed":
        facts = replace(
            facts,
            closed_at=new.closed_at or at,
            assignee_id=new.assignee_id,
            team_id=getattr(new, "team_id", None),
            tags=tuple(getattr(new, "tags", ())),
        )
        # What only reports ask for goes with the finished episode: the row of a closed conversation stays small.
        left = replace(facts, waits=(), bot=(), moments=())
        return replace(new, facts=left, finished=(*new.finished, facts))
    return new if facts is new.facts else replace(new, facts=facts)


def timed(old: Conversation, new: Conversation, facts: sla.Facts | None, at: datetime) -> Conversation:
    """The changed conversation, whose clock has followed, with what is kept of service levels: after `followed`."""
    if new.state == "closed":
        if old.state == "closed" or not new.finished:
            return new
        last = replace(new.finished[-1], promises=new.sla.promises if new.sla else ())
        return replace(new, finished=(*new.finished[:-1], last))
    now = of(new)
    if not now.moments and old.revision and old.state != "closed":
        # It has been open since before moments were kept: half of them would tell something else.
        return new
    known = moments.noted(now.moments, facts, at)
    return new if known is now.moments else replace(new, facts=replace(now, moments=known))


def resumed(conversation: Conversation, at: datetime) -> Conversation | None:
    """The conversation as if it had not been closed, while that is so recent that nothing was made of it; else None."""
    if conversation.state != "closed" or not conversation.finished or conversation.closed_at is None:
        return None
    last = conversation.finished[-1]
    if last.number != conversation.episode or at - conversation.closed_at >= timedelta(seconds=UNDO_SECONDS):
        return None
    facts = replace(
        last, closed_at=None, closed_by=None, assignee_id=None, team_id=None, tags=(), reason_id=None, promises=()
    )
    return replace(
        conversation,
        state="open",
        closed_at=None,
        waiting_since=facts.waiting_since,
        facts=replace(facts, comment=""),
        finished=conversation.finished[:-1],
    )


# --- the collection -----------------------------------------------------------------------------------------------


def ripe(conversation: Conversation, at: datetime) -> tuple[Facts, ...]:
    """Finished episodes that are no longer to be undone."""
    return tuple(f for f in conversation.finished if f.closed_at and ripe_at(f) <= at)


def ripe_at(facts: Facts) -> datetime:
    """When the facts of a closed episode are copied."""
    return (facts.closed_at or facts.opened_at) + timedelta(seconds=UNDO_SECONDS)


def copied(done: Sequence[Facts]) -> Callable[[Conversation], Conversation]:
    """They are in the collection: the conversation's row need not keep them."""
    numbers = {facts.number for facts in done}

    def how(now: Conversation) -> Conversation:
        left = tuple(facts for facts in now.finished if facts.number not in numbers)
        return now if left == now.finished else replace(now, finished=left)

    return how


async def of_conversation(ws: Workspace, conversation: Conversation) -> list[Episode]:
    """All that are known of it, oldest first: those copied, those just closed, and the running one."""
    known = {}
    for facts in (of(conversation), *conversation.finished):
        known[facts.number] = Episode(conversation_id=conversation.id, contact_id=conversation.contact_id, facts=facts)
    known |= {e.facts.number: e for e in await store.of_conversation(ws, conversation.id)}
    return [known[number] for number in sorted(known)]
