"""
Conversations: a contact's thread with one queue, and the changes that people and messages make to it.

A conversation is saved only if nobody changed it since it was read (its revision tells), so what is announced to
screens is always what is stored.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from app.core import hints, ids
from app.core.errors import Change, ChangedMeanwhile, Conflict, ContactMerged, Invalid, NotFound
from app.core.permissions import Actor
from app.core.runtime import Workspace
from crm import changes, consent, doubts
from crm.contacts import ContactAddress, hue
from inbox import episodes
from inbox.answering import following
from inbox.episodes import Facts
from inbox.finding import counters, facets, reading, views
from inbox.routing import waiting
from inbox.routing.waiting import Feed, Queued
from inbox.store import conversations as store
from inbox.ticketing import sla, sla_policies
from inbox.ticketing.sla import Clock
from inbox.timeline import Campaign, Entry

How = Callable[["Conversation"], "Conversation"]
Condition = Callable[["Conversation"], bool]
State = Literal["open", "pending", "snoozed", "closed"]
Priority = Literal["low", "normal", "high", "urgent"]
DEFAULT_QUEUE = "support"
# What the thread of somebody who was erased became a part of: nothing, and it stands in no list.
ERASED = "cnv_erased"
MOST_TAGS = 20


@dataclass(frozen=True, slots=True)
class Reach:
    """A way to answer this person: our account and their address, and when they last wrote there."""

    account_id: str
    address: str
    last_inbound_at: datetime | None
    # Purposes that the person has ended here; a copy for screens, the gate reads the address itself.
    stopped: tuple[str, ...] = ()
    last_external_id: str | None = None
    # The newest entry that came this way: two ways of one person are worked on at the same time.
    last_number: int = 0
    # How long after their message they may be answered freely here; None: always.
    window_hours: int | None = None
    # Whether it may be somebody else who writes here; a copy for screens (see doubts.py).
    doubted: bool = False
    # When the provider said that the window is closed, whatever the clock says; until they write again.
    shut_at: datetime | None = None

    def closes_at(self, hours: int | None) -> datetime | None:
        """When the window of so many hours closes, or has; None: there is none, or the person has not written here."""
        if not hours or self.last_inbound_at is None:
            return None
        closes = self.last_inbound_at + timedelta(hours=hours)
        return min(closes, self.shut_at) if self.shut_at else closes


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The newest entry, as a list row shows it; how far it got is read from the entry itself."""

    id: str
    number: int
    kind: str
    direction: str | None
    text: str
    content_type: str | None
    channel: str | None
    author_name: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Touch:
    """Who changed something by hand last, and the revision that this made."""

    revision: int
    by: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    The survey that was asked last, and until when an answer counts; `score` once there is one, and then until when the
    next text says why.
    """

    id: str
    kind: Literal["csat", "nps"]
    account_id: str
    address: str
    asked_at: datetime
    until: datetime
    score: int | None = None
    entry_id: str | None = None
    comment_until: datetime | None = None
    commented: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """
    `last_number` is the newest entry that touched it; `last_inbound_number` the newest of the customer's messages.
    `reach` is ordered: the first is where a reply goes by default. `episode` counts open-to-close stretches, `facts`
    tell of the present one, `finished` of closed ones that still have to be copied (see episodes.py).

    Who has read what: `unread_by` counts by member, for those who have looked at it or marked it; `unread` counts for
    everybody else (see finding/reading.py). `read_number` is the newest entry that any colleague has seen.

    `waiting_since` is when the first customer's message came that no person has answered yet. `touched` is by what was
    changed by hand: `assignee`, `state`, `tags`, `priority`, `team`. `snoozed_until` is None also where it sleeps until
    the customer writes; `woke_at` is set when its time came, until somebody deals with it. `idle_at` is when something
    is done about a customer who does not answer us (see closing.py), `warned_at` when they were told.
    """

    id: str
    contact_id: str
    contact_name: str
    avatar_hue: int
    queue_id: str
    state: State
    created_at: datetime
    last_activity_at: datetime
    opened_at: datetime
    closed_at: datetime | None = None
    episode: int = 1
    assignee_id: str | None = None
    team_id: str | None = None
    tags: tuple[str, ...] = ()
    priority: Priority = "normal"
    waiting_since: datetime | None = None
    unread: int = 0
    unread_by: Mapping[str, int] = field(default_factory=dict)
    last_number: int = 0
    last_inbound_number: int = 0
    read_number: int = 0
    revision: int = 0
    last_entry: Summary | None = None
    reach: tuple[Reach, ...] = ()
    # Messages for later that wait here (see deferred.py).
    deferred: tuple[str, ...] = ()
    snoozed_until: datetime | None = None
    snooze_by: str | None = None
    woke_at: datetime | None = None
    followers: tuple[str, ...] = ()
    mentioned: tuple[str, ...] = ()
    notified: tuple[str, ...] = ()
    idle_at: datetime | None = None
    warned_at: datetime | None = None
    asked: Asked | None = None
    blocked: bool = False
    facts: Facts | None = None
    finished: tuple[Facts, ...] = ()
    touched: Mapping[str, Touch] = field(default_factory=dict)
    sla: Clock | None = None
    # Tickets that wait for the customer's answer here, and when it came.
    awaited_by: tuple[str, ...] = ()
    answered_at: datetime | None = None
    # Saved views that it is in (see views.py).
    views: tuple[str, ...] = ()
    # Its place in the team's queue, while it waits for an agent; and who looked after it last.
    routing: Queued | None = None
    last_agent_id: str | None = None
    # The language into which what the customer writes is translated as it comes; and the one that they were heard in
    # (see translating/translations.py).
    translate_into: str | None = None
    spoken: str | None = None
    # Skills that a route rule asks of its agent.
    wants: tuple[str, ...] = ()
    # Which closed period (by its beginning) the customer has been told of.
    told_closed: datetime | None = None
    # The mailing whose message came last, which the customer may be answering.
    campaign: Campaign | None = None
    # The conversation that this one is a part of now, those that are a part of it, and whether its contact was ever
    # merged or parted, so that its thread may be more, or less, than the contact's own timeline (see merging.py).
    merged_into: str | None = None
    absorbed: tuple[str, ...] = ()
    woven: bool = False

    @property
    def window_closes_at(self) -> datetime | None:
        """When the last of the reply windows closes; None where there is none, or none was ever open."""
        return max((closes for r in self.reach if (closes := r.closes_at(r.window_hours))), default=None)


def due_at(conversation: Conversation) -> datetime | None:
    """When something has to be done with it that nobody asks for (see duties.py)."""
    if conversation.merged_into is not None:
        return None
    times = [episodes.ripe_at(facts) for facts in conversation.finished]
    if conversation.state == "snoozed" and conversation.snoozed_until:
        times.append(conversation.snoozed_until)
    if conversation.state == "open" and conversation.idle_at:
        times.append(conversation.idle_at)
    if conversation.answered_at is not None:
        times.append(conversation.answered_at)
    if conversation.sla is not None and conversation.sla.acts_at is not None:
        times.append(conversation.sla.acts_at)
    return min(times, default=None)


def id_for(contact_id: str, queue_id: str = DEFAULT_QUEUE) -> str:
    """One conversation for each contact and queue, whoever makes it first."""
    return ids.derived("cnv", contact_id, queue_id)


async def for_contact(ws: Workspace, contact_id: str, *, name: str) -> Conversation:
    """
    The contact's conversation, as stored, or a new one that the first save will store.

    Raises ContactMerged if the contact is just being merged into another, or parted from it: once that is done, the
    address that led here leads to the right one.
    """
    existing = await store.get(ws, id_for(contact_id)) or new_for(ws, contact_id, name=name)
    if existing.merged_into is not None:
        raise ContactMerged("This contact is just being merged with another, or parted from it.")
    return existing


def new_for(ws: Workspace, contact_id: str, *, name: str) -> Conversation:
    now = ws.clock.now()
    return Conversation(
        id=id_for(contact_id),
        contact_id=contact_id,
        contact_name=name,
        avatar_hue=hue(contact_id),
        queue_id=DEFAULT_QUEUE,
        state="open",
        created_at=now,
        last_activity_at=now,
        opened_at=now,
    )


async def find(ws: Workspace, conversation_id: str) -> Conversation | None:
    """The conversation; if it was merged into another, that one."""
    conversation = await store.get(ws, conversation_id)
    while conversation is not None and conversation.merged_into is not None:
        conversation = await store.get(ws, conversation.merged_into)
    return conversation


async def whole(ws: Workspace, conversation_ids: Sequence[str]) -> dict[str, Conversation]:
    """The conversations by the ids they are asked for by; of those that were merged into another, that one."""
    known = {each.id: each for each in await store.get_many(ws, conversation_ids)}
    for asked, found in known.items():
        if found.merged_into is not None and (now := await find(ws, found.merged_into)):
            known[asked] = now
    return known


async def get(ws: Workspace, conversation_id: str) -> Conversation:
    """The same. Raises NotFound. For agents, `inbox.access` is the door."""
    conversation = await find(ws, conversation_id)
    if conversation is None:
        raise NotFound("There is no such conversation.")
    return conversation


async def change(
    ws: Workspace, conversation: Conversation, how: Callable[[Conversation], Conversation]
) -> tuple[Conversation, bool]:
    """
    Replace it by `how(it)`, as often as it takes until nobody interferes; the stored one, and whether it changed.

    `how` is called again with the newer one if somebody was faster, and may return its argument: nothing to change.
    Raises ContactMerged if it has become a part of another, or is about to.
    """
    current = conversation
    for _ in range(8):
        if current.merged_into is not None:
            raise ContactMerged("This conversation was merged into another one a moment ago; go on there.")
        wanted = how(current)
        if wanted is current:
            return current, False
        wanted = await followed(ws, current, wanted)
        if wanted == current:
            return current, False
        wanted = replace(wanted, revision=current.revision + 1)
        if await replaced(ws, current, wanted):
            return wanted, True
        current = await store.get(ws, current.id) or conversation
    raise Conflict("This conversation is being changed by too many at once; try again.")


async def followed(ws: Workspace, old: Conversation, new: Conversation) -> Conversation:
    """The changed conversation with all that follows from the change."""
    now = ws.clock.now()
    new = waiting.followed(old, episodes.followed(old, new, now), now)
    new = replace(new, views=await views.of(ws, new), sla=await _timed(ws, old, new, now))
    return episodes.timed(old, new, sla_facts(new), now)


async def replaced(ws: Workspace, current: Conversation, wanted: Conversation) -> bool:
    """Store `wanted`, whose revision is the next, if nobody was faster; it is counted in lists and found by routing."""
    if not await store.save(ws, current, wanted):
        return False
    await _noted(ws, current, wanted)
    return True


async def with_entry(
    ws: Workspace, conversation: Conversation, entry: Entry, how: Callable[[Entry], How]
) -> tuple[Entry, Conversation] | None:
    """
    Store an entry that came in, under the number behind the newest that is known, and the conversation as it makes it,
    in one go; both as stored. None if that number, or the entry's id, is taken: then nothing is stored.

    If only the entry is stored because somebody has changed the conversation meanwhile, that follows as in `change`.
    """
    numbered = replace(entry, number=conversation.last_number + 1)
    wanted = await followed(ws, conversation, how(numbered)(conversation))
    wanted = replace(wanted, revision=conversation.revision + 1)
    stored, saved = await store.save_with(ws, numbered, conversation, wanted)
    if not stored:
        return None
    await changes.hint(ws, [entry.contact_id])
    if saved:
        await _noted(ws, conversation, wanted)
        return numbered, wanted
    current, changed = await change(ws, await store.get(ws, conversation.id) or conversation, how(numbered))
    if not changed:
        # It has taken the entry in already, which nobody else does: it was saved, among others of which one was not.
        await _noted(ws, conversation, wanted)
    return numbered, current


async def _noted(ws: Workspace, before: Conversation, stored: Conversation) -> None:
    await counters.changed(ws, before, stored)
    if waiting.wakes(before, stored):
        await hints.give(ws.redis, waiting.HINT)


async def _timed(ws: Workspace, old: Conversation, new: Conversation, now: datetime) -> Clock | None:
    """Its SLA clock after this change."""
    known = await sla_policies.known(ws)
    if not known.policies and new.sla is None:
        return None
    before = sla_facts(old) if old.revision else None
    return sla.followed(new.sla, before, sla_facts(new), "conversations", known, now)


def sla_facts(conversation: Conversation) -> sla.Facts | None:
    """What its clock is computed from; None when it is closed."""
    if conversation.state == "closed":
        return None
    waits: dict[sla.Metric, datetime] = {"resolve": conversation.opened_at}
    if conversation.waiting_since is not None:
        waits["first" if episodes.of(conversation).first_reply_at is None else "next"] = conversation.waiting_since
    return sla.Facts(
        since=conversation.opened_at,
        waits=waits,
        priority=conversation.priority,
        state=conversation.state,
        asked={
            "team": conversation.team_id,
            "priority": conversation.priority,
            "tags": conversation.tags,
            "channels": facets.channels(conversation),
        },
    )


# --- what messages do ---------------------------------------------------------------------------------------------


def received(
    entry: Entry,
    summary: Summary,
    *,
    reopens: bool = True,
    window_hours: int | None = None,
    feed: Feed | None = None,
    campaign: Campaign | None = None,
) -> Callable[[Conversation], Conversation]:
    """
    The customer wrote, on an account that feeds this team, perhaps to answer a mailing; or only opened a chat, which
    asks for no answer.

    Applied twice it does nothing the second time. What was stored before the contacts were merged, or parted, was taken
    in then.
    """
    wrote = entry.kind == "message"

    def how(now: Conversation) -> Conversation:
        if entry.contact_id != now.contact_id:
            return now
        if any(_is_way(r, entry) and entry.number <= r.last_number for r in now.reach):
            return now
        reach = _heard(now.reach, entry, window_hours)
        if now.blocked:
            # Kept on the timeline, and nobody's business any more: it neither opens nor moves up.
            last = max(now.last_number, entry.number)
            return replace(now, reach=reach, last_number=last, read_number=last, last_inbound_number=last)
        opened = now.state == "closed" and reopens
        first = now.revision == 0
        heard = replace(
            following.taken_in(_touched(now, entry, summary), entry),
            reach=reach,
            campaign=campaign,
            last_inbound_number=max(now.last_inbound_number, entry.number) if wrote else now.last_inbound_number,
            unread=now.unread + wrote,
            unread_by=reading.grown(now.unread_by, wrote),
            waiting_since=now.waiting_since or (entry.created_at if wrote else None),
            idle_at=None,
            warned_at=None,
            answered_at=entry.created_at if wrote and now.awaited_by else now.answered_at,
            opened_at=entry.created_at if opened or first else now.opened_at,
            closed_at=None if opened else now.closed_at,
            episode=now.episode + 1 if opened else now.episode,
        )
        if opened or now.state == "snoozed":
            heard = awake(heard)
        if heard.state == "closed":
            return replace(heard, unread=now.unread, unread_by=now.unread_by, waiting_since=None)
        heard = waiting.fed(heard, feed, begins=opened or first)
        return replace(heard, facts=episodes.heard(episodes.of(heard), entry)) if wrote else heard

    return how


def sent(
    entry: Entry, summary: Summary, *, idle_after: timedelta | None = None, read_when_answered: bool = True
) -> How:
    """
    We wrote (or noted, or something happened). A person's reply also marks what it answers as read, by themselves or
    (`read_when_answered`) by everybody, and `idle_after` it something is done if the customer stays silent.
    """

    def how(now: Conversation) -> Conversation:
        if entry.contact_id != now.contact_id:
            return now
        if entry.number <= now.last_number and now.last_entry is not None and now.last_entry.id == entry.id:
            return now
        touched = following.taken_in(_touched(now, entry, summary), entry)
        if entry.direction == "out" and now.state != "closed":
            touched = replace(touched, facts=episodes.answered(episodes.of(touched), entry))
        if entry.direction == "out" and entry.author.type in ("member", "phone_app"):
            touched = replace(touched, waiting_since=None)
        if entry.author.type == "member" and entry.direction == "out":
            idle_at = entry.created_at + idle_after if idle_after else None
            touched = reading.answered(touched, entry.author.id, by_all=read_when_answered)
            touched = replace(touched, woke_at=None, idle_at=idle_at, warned_at=None)
        return touched

    return how


def taken_back(entries: Sequence[Entry], waits_since: datetime | None) -> Callable[[Conversation], Conversation]:
    """What had counted as our answer was taken back: the customer waits as before."""

    def how(now: Conversation) -> Conversation:
        if now.state == "closed":
            return now
        facts = episodes.unanswered(episodes.of(now), entries, waits_since)
        return replace(now, facts=facts, waiting_since=waits_since, idle_at=None if waits_since else now.idle_at)

    return how


def summary_shown(summary: Summary) -> Callable[[Conversation], Conversation]:
    """The newest message itself changed (edited, deleted): the list row's text follows."""

    def how(now: Conversation) -> Conversation:
        if now.last_entry is None or now.last_entry.id != summary.id or now.last_entry == summary:
            return now
        return replace(now, last_entry=summary)

    return how


def _touched(now: Conversation, entry: Entry, summary: Summary) -> Conversation:
    newest = entry.number >= now.last_number
    return replace(
        now,
        last_number=max(now.last_number, entry.number),
        last_entry=summary if newest else now.last_entry,
        last_activity_at=max(now.last_activity_at, entry.created_at),
    )


def _heard(reach: Sequence[Reach], entry: Entry, window_hours: int | None) -> tuple[Reach, ...]:
    """The channel just written on comes first, with the time of the person's message."""
    account_id, address = entry.account_id or "", entry.address or ""
    before = next((r for r in reach if _is_way(r, entry)), None)
    last = max(entry.at, before.last_inbound_at) if before and before.last_inbound_at else entry.at
    heard = Reach(
        account_id=account_id,
        address=address,
        last_inbound_at=last,
        stopped=before.stopped if before else (),
        last_external_id=entry.external_id,
        last_number=entry.number,
        window_hours=window_hours,
        doubted=before.doubted if before else False,
    )
    return (heard, *(r for r in reach if r is not before))


def _is_way(reach: Reach, entry: Entry) -> bool:
    return (reach.account_id, reach.address) == (entry.account_id, entry.address)


def heard_since(conversation: Conversation, account_id: str, at: datetime) -> bool:
    """Whether the person has written something later on this account than `at`."""
    return any(r.account_id == account_id and r.last_inbound_at and r.last_inbound_at > at for r in conversation.reach)


# --- what people do -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hand:
    """Whose hand makes a change, and the revision that their screen showed (None: they do not say)."""

    by: str
    name: str
    at: datetime
    seen: int | None = None


def hand(ws: Workspace, actor: Actor, seen: int | None = None) -> Hand:
    return Hand(actor.id, actor.name, ws.clock.now(), seen)


# Where the value is kept of what by_hand refuses to overwrite.
_HELD: Mapping[str, str] = {"assignee": "assignee_id", "state": "state", "priority": "priority"}


def by_hand(
    what: str, how: Callable[[Conversation], Conversation], hand: Hand | None
) -> Callable[[Conversation], Conversation]:
    """
    `how`, done by a person: refused if a colleague changed the same thing after `hand.seen`, and noted down as theirs.

    What came out as they want it is no conflict.
    """
    if hand is None:
        return how

    def wrapped(now: Conversation) -> Conversation:
        wanted = how(now)
        if wanted is now:
            return now
        last = now.touched.get(what)
        if last is not None and hand.seen is not None and last.revision > hand.seen and last.by != hand.by:
            raise ChangedMeanwhile(
                f"{last.name} has just changed the {what} of this conversation. Look at it and try again.",
                Change(what, last.by, last.name, last.at, getattr(now, _HELD[what])),
            )
        touch = Touch(now.revision + 1, hand.by, hand.name, hand.at)
        return replace(wanted, touched={**now.touched, what: touch})

    return wrapped


async def assign(
    ws: Workspace, conversation: Conversation, member_id: str | None, *, hand: "Hand | None" = None
) -> tuple[Conversation, bool]:
    """Raises ChangedMeanwhile."""

    def how(now: Conversation) -> Conversation:
        # Who gives it up by hand does not want it back.
        return now if now.assignee_id == member_id else replace(now, assignee_id=member_id, last_agent_id=None)

    return await change(ws, conversation, by_hand("assignee", how, hand))


async def set_tags(
    ws: Workspace,
    conversation: Conversation,
    *,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    hand: "Hand | None" = None,
) -> tuple[Conversation, bool]:
    """
    Adds tags and takes others off; what somebody else tagged meanwhile stays, so two at once never collide.

    Raises Invalid when there would be too many.
    """

    def how(now: Conversation) -> Conversation:
        tags = tuple(tag for tag in dict.fromkeys((*now.tags, *add)) if tag not in remove)
        if len(tags) > MOST_TAGS and len(tags) > len(now.tags):
            raise Invalid.field("add", f"A conversation may have {MOST_TAGS} tags; take one off first.")
        return now if tags == now.tags else replace(now, tags=tags)

    return await change(ws, conversation, by_hand("tags", how, hand and replace(hand, seen=None)))


async def prioritise(
    ws: Workspace, conversation: Conversation, priority: Priority, *, hand: "Hand | None" = None
) -> tuple[Conversation, bool]:
    """Raises ChangedMeanwhile."""

    def how(now: Conversation) -> Conversation:
        return now if now.priority == priority else replace(now, priority=priority)

    return await change(ws, conversation, by_hand("priority", how, hand))


async def close(
    ws: Workspace,
    conversation: Conversation,
    *,
    by: str | None = None,
    reason_id: str | None = None,
    comment: str = "",
    hand: "Hand | None" = None,
    only_if: Condition | None = None,
) -> tuple[Conversation, bool]:
    """`by` is a member; nobody where it closed by itself. Raises ChangedMeanwhile."""

    def how(now: Conversation) -> Conversation:
        if now.state == "closed" or (only_if is not None and not only_if(now)):
            return now
        facts = replace(episodes.of(now), closed_by=by, reason_id=reason_id, comment=comment)
        return shut(replace(now, facts=facts), ws.clock.now())

    return await change(ws, conversation, by_hand("state", how, hand))


async def reopen(
    ws: Workspace, conversation: Conversation, *, undo: bool = False, hand: "Hand | None" = None
) -> tuple[Conversation, bool]:
    """
    Open, whatever it was. With `undo` what was just closed goes on as it was; later than a moment after closing a new
    episode begins all the same. Raises ChangedMeanwhile.
    """

    at = ws.clock.now()

    def how(now: Conversation) -> Conversation:
        return (undo and episodes.resumed(now, at)) or opened(now, at)

    return await change(ws, conversation, by_hand("state", how, hand))


def shut(now: Conversation, at: datetime) -> Conversation:
    """Closed from then on, with nothing left to be done."""
    return replace(
        now,
        state="closed",
        closed_at=at,
        unread=0,
        unread_by={},
        read_number=now.last_number,
        snoozed_until=None,
        snooze_by=None,
        woke_at=None,
        idle_at=None,
        warned_at=None,
        waiting_since=None,
    )


def opened(now: Conversation, at: datetime) -> Conversation:
    """Open from then on; a new episode if it was closed."""
    if now.state == "open":
        return now
    was_closed = now.state == "closed"
    return replace(
        awake(now),
        closed_at=None,
        opened_at=at if was_closed else now.opened_at,
        episode=now.episode + 1 if was_closed else now.episode,
    )


def awake(now: Conversation) -> Conversation:
    """Open, and no longer asleep."""
    return replace(now, state="open", snoozed_until=None, snooze_by=None)


async def rename(ws: Workspace, contact_id: str, name: str) -> list[Conversation]:
    """The contact has another name now; the conversations that changed."""
    changed = []
    for conversation in await store.of_contact(ws, contact_id):
        saved, new = await change(
            ws, conversation, lambda now: now if now.contact_name == name else replace(now, contact_name=name)
        )
        if new:
            changed.append(saved)
    return changed


def stopping(rows: Sequence[ContactAddress]) -> Callable[[Reach], Reach]:
    """The change that brings a way to somebody up to date with what they have ended, and whether it still is them."""
    known = {str(row.address): row for row in rows}

    def how(way: Reach) -> Reach:
        row = known.get(way.address)
        if row is None:
            return way
        return replace(way, stopped=tuple(consent.stopped_purposes(row, way.account_id)), doubted=doubts.asks(row))

    return how


async def set_stopped(ws: Workspace, contact_id: str, rows: Sequence[ContactAddress]) -> list[Conversation]:
    """Brings the copy of what is known of these addresses up to date; the conversations that changed."""
    stopped = stopping(rows)

    def how(now: Conversation) -> Conversation:
        reach = tuple(stopped(way) for way in now.reach)
        return now if reach == now.reach else replace(now, reach=reach)

    return await _change_all(ws, contact_id, how)


async def _change_all(
    ws: Workspace, contact_id: str, how: Callable[[Conversation], Conversation]
) -> list[Conversation]:
    """Those of a contact that were changed."""
    changed = []
    for conversation in await store.of_contact(ws, contact_id):
        saved, new = await change(ws, conversation, how)
        if new:
            changed.append(saved)
    return changed


async def shut_window(
    ws: Workspace, contact_id: str, account_id: str, address: str, at: datetime
) -> list[Conversation]:
    """The provider has said at that time that the reply window is closed: it knows better. What changed by that."""

    def how(now: Conversation) -> Conversation:
        here = (account_id, address)
        reach = tuple(_shut(way, at) if (way.account_id, way.address) == here else way for way in now.reach)
        return now if reach == now.reach else replace(now, reach=reach)

    return await _change_all(ws, contact_id, how)


def _shut(way: Reach, at: datetime) -> Reach:
    closes = way.closes_at(way.window_hours)
    wrote_since = way.last_inbound_at is not None and way.last_inbound_at > at
    return way if closes is None or closes <= at or wrote_since else replace(way, shut_at=at)


# --- what is read off it ------------------------------------------------------------------------------------------


def window(conversation: Conversation, account_id: str, address: str, hours: int) -> datetime | None:
    """When the reply window of this account and address closes; None if the person has not written there."""
    for reach in conversation.reach:
        if (reach.account_id, reach.address) == (account_id, address) and reach.last_inbound_at:
            return reach.closes_at(hours)
    return None


def summary_of(entry: Entry, text: str) -> Summary:
    """What a list row shows of this entry; `text` is its one-line preview."""
    content: dict[str, Any] = dict(entry.content or {})
    kind = content.get("type")
    if kind == "media":
        kind = content["media"]["kind"]
    return Summary(
        id=entry.id,
        number=entry.number,
        kind=entry.kind,
        direction=entry.direction,
        text=text,
        content_type=kind,
        channel=entry.channel,
        author_name=entry.author.name,
        at=entry.at,
    )
