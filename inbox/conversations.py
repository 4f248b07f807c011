"""
Conversations: a contact's thread with one queue, and the changes that people and messages make to it.

A conversation is saved only if nobody changed it since it was read (its revision tells), so what is announced to
screens is always what is stored.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from weakref import WeakKeyDictionary

from redis.exceptions import RedisError

from app.core import ids
from app.core.addresses import Address
from app.core.errors import Conflict, NotFound
from app.core.runtime import Runtime, Workspace
from app.core.scripts import Script
from crm.contacts import hue
from inbox import episodes
from inbox.episodes import Facts
from inbox.store import conversations as store
from inbox.timeline import Entry

State = Literal["open", "pending", "snoozed", "closed"]
DEFAULT_QUEUE = "support"
# A crash between a change and its counting leaves a figure wrong; it is counted anew after this time.
COUNTS_SECONDS = 4 * 3600


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """
    `last_number` is the newest entry that touched it; `last_inbound_number` the newest of the customer's messages.
    `reach` is ordered: the first is where a reply goes by default. `episode` counts open-to-close stretches, `facts`
    tell of the present one, `finished` of closed ones that still have to be copied (see episodes.py).

    `snoozed_until` is None also where it sleeps until the customer writes; `woke_at` is set when its time came, until
    somebody deals with it.
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
    unread: int = 0
    last_number: int = 0
    last_inbound_number: int = 0
    read_number: int = 0
    revision: int = 0
    last_entry: Summary | None = None
    reach: tuple[Reach, ...] = ()
    snoozed_until: datetime | None = None
    snooze_by: str | None = None
    woke_at: datetime | None = None
    facts: Facts | None = None
    finished: tuple[Facts, ...] = ()


def due_at(conversation: Conversation) -> datetime | None:
    """When something has to be done with it that nobody asks for (see duties.py)."""
    times = [episodes.ripe_at(facts) for facts in conversation.finished]
    if conversation.state == "snoozed" and conversation.snoozed_until:
        times.append(conversation.snoozed_until)
    return min(times, default=None)


def id_for(contact_id: str, queue_id: str = DEFAULT_QUEUE) -> str:
    """One conversation for each contact and queue, whoever makes it first."""
    return ids.derived("cnv", contact_id, queue_id)


async def for_contact(ws: Workspace, contact_id: str, *, name: str) -> Conversation:
    """The contact's conversation, as stored, or a new one that the first save will store."""
    existing = await store.get(ws, id_for(contact_id))
    return existing or new_for(ws, contact_id, name=name)


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


async def get(ws: Workspace, conversation_id: str) -> Conversation:
    """Raises NotFound. For agents, `inbox.access` is the door."""
    conversation = await store.get(ws, conversation_id)
    if conversation is None:
        raise NotFound("There is no such conversation.")
    return conversation


async def change(
    ws: Workspace, conversation: Conversation, how: Callable[[Conversation], Conversation]
) -> tuple[Conversation, bool]:
    """
    Replace it by `how(it)`, as often as it takes until nobody interferes; the stored one, and whether it changed.

    `how` is called again with the newer one if somebody was faster, and may return its argument: nothing to change.
    """
    current = conversation
    for _ in range(8):
        wanted = how(current)
        if wanted is current:
            return current, False
        wanted = episodes.followed(current, wanted, ws.clock.now())
        wanted = replace(wanted, revision=current.revision + 1)
        if await store.save(ws, current, wanted):
            await _count(ws, current, wanted)
            return wanted, True
        current = await store.get(ws, current.id) or conversation
    raise Conflict("This conversation is being changed by too many at once; try again.")


# --- what messages do ---------------------------------------------------------------------------------------------


def received(entry: Entry, summary: Summary, *, reopens: bool = True) -> Callable[[Conversation], Conversation]:
    """The customer wrote. Applied twice it does nothing the second time."""

    def how(now: Conversation) -> Conversation:
        if any(_is_way(r, entry) and entry.number <= r.last_number for r in now.reach):
            return now
        reach = _heard(now.reach, entry)
        opened = now.state == "closed" and reopens
        first = now.revision == 0
        heard = replace(
            _touched(now, entry, summary),
            reach=reach,
            last_inbound_number=max(now.last_inbound_number, entry.number),
            unread=now.unread + 1,
            opened_at=entry.created_at if opened or first else now.opened_at,
            closed_at=None if opened else now.closed_at,
            episode=now.episode + 1 if opened else now.episode,
        )
        if opened or now.state == "snoozed":
            heard = awake(heard)
        if heard.state == "closed":
            return heard
        return replace(heard, facts=episodes.heard(episodes.of(heard), entry))

    return how


def sent(entry: Entry, summary: Summary) -> Callable[[Conversation], Conversation]:
    """We wrote (or noted, or something happened). A person's reply also marks what it answers as read."""

    def how(now: Conversation) -> Conversation:
        if entry.number <= now.last_number and now.last_entry is not None and now.last_entry.id == entry.id:
            return now
        touched = _touched(now, entry, summary)
        if entry.direction == "out" and now.state != "closed":
            touched = replace(touched, facts=episodes.answered(episodes.of(touched), entry))
        if entry.author.type == "member" and entry.direction == "out":
            touched = replace(touched, unread=0, read_number=touched.last_inbound_number, woke_at=None)
        return touched

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


def _heard(reach: Sequence[Reach], entry: Entry) -> tuple[Reach, ...]:
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
    )
    return (heard, *(r for r in reach if r is not before))


def _is_way(reach: Reach, entry: Entry) -> bool:
    return (reach.account_id, reach.address) == (entry.account_id, entry.address)


def heard_since(conversation: Conversation, account_id: str, at: datetime) -> bool:
    """Whether the person has written something later on this account than `at`."""
    return any(r.account_id == account_id and r.last_inbound_at and r.last_inbound_at > at for r in conversation.reach)


# --- what people do -----------------------------------------------------------------------------------------------


async def mark_read(ws: Workspace, conversation: Conversation, up_to: int) -> tuple[Conversation, bool]:
    """A colleague has seen everything up to this number."""

    def how(now: Conversation) -> Conversation:
        seen = min(up_to, now.last_number)
        if seen <= now.read_number and now.unread == 0:
            return now
        unread = 0 if seen >= now.last_inbound_number else now.unread
        return replace(now, read_number=max(now.read_number, seen), unread=unread)

    return await change(ws, conversation, how)


async def mark_unread(ws: Workspace, conversation: Conversation) -> tuple[Conversation, bool]:
    return await change(ws, conversation, lambda now: now if now.unread else replace(now, unread=1))


async def assign(ws: Workspace, conversation: Conversation, member_id: str | None) -> tuple[Conversation, bool]:
    return await change(
        ws, conversation, lambda now: now if now.assignee_id == member_id else replace(now, assignee_id=member_id)
    )


async def close(
    ws: Workspace, conversation: Conversation, *, by: str | None = None, reason_id: str | None = None, comment: str = ""
) -> tuple[Conversation, bool]:
    """`by` is a member; nobody where it closed by itself."""

    def how(now: Conversation) -> Conversation:
        if now.state == "closed":
            return now
        facts = replace(episodes.of(now), closed_by=by, reason_id=reason_id, comment=comment)
        closed = replace(now, state="closed", closed_at=ws.clock.now(), unread=0, read_number=now.last_number)
        return replace(closed, facts=facts, snoozed_until=None, snooze_by=None, woke_at=None)

    return await change(ws, conversation, how)


async def reopen(ws: Workspace, conversation: Conversation, *, undo: bool = False) -> tuple[Conversation, bool]:
    """
    Open, whatever it was. With `undo` what was just closed goes on as it was; later than a moment after closing a new
    episode begins all the same.
    """

    def how(now: Conversation) -> Conversation:
        if now.state == "open":
            return now
        if undo and (resumed := episodes.resumed(now, ws.clock.now())):
            return resumed
        was_closed = now.state == "closed"
        return replace(
            awake(now),
            closed_at=None,
            opened_at=ws.clock.now() if was_closed else now.opened_at,
            episode=now.episode + 1 if was_closed else now.episode,
        )

    return await change(ws, conversation, how)


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


async def set_stopped(ws: Workspace, contact_id: str, address: Address, stopped: Sequence[str]) -> list[Conversation]:
    """Brings the copy of what the person has ended at an address up to date; the conversations that changed."""

    def how(now: Conversation) -> Conversation:
        reach = tuple(replace(r, stopped=tuple(stopped)) if r.address == str(address) else r for r in now.reach)
        return now if reach == now.reach else replace(now, reach=reach)

    changed = []
    for conversation in await store.of_contact(ws, contact_id):
        saved, new = await change(ws, conversation, how)
        if new:
            changed.append(saved)
    return changed


# --- lists and counts ---------------------------------------------------------------------------------------------

View = Literal["open", "mine", "unassigned", "snoozed", "closed", "all"]
_COUNTED = ("open", "closed", "snoozed", "unassigned", "unread")


def window(conversation: Conversation, account_id: str, address: str, hours: int) -> datetime | None:
    """When the reply window of this account and address closes; None if the person has not written there."""
    for reach in conversation.reach:
        if (reach.account_id, reach.address) == (account_id, address) and reach.last_inbound_at:
            return reach.last_inbound_at + timedelta(hours=hours)
    return None


async def page(
    ws: Workspace, view: View, *, member_id: str, cursor: str | None, limit: int, account_ids: Sequence[str] | None
) -> tuple[list[Conversation], str | None]:
    """Newest activity first, and the cursor of the next page."""
    return await store.page(ws, view, member_id=member_id, cursor=cursor, limit=limit, account_ids=account_ids)


async def counts(ws: Workspace, member_id: str) -> dict[str, int]:
    """Kept counters: those of _COUNTED, and `mine` for this member; never below zero."""
    redis: Any = ws.redis
    known = await redis.hgetall(_counts_key(ws))
    if not known:
        return await recount(ws, member_id)
    numbers = {key.decode(): max(0, int(value)) for key, value in known.items()}
    return {
        **{name: numbers.get(name, 0) for name in _COUNTED},
        "mine": numbers.get(f"mine:{member_id}", 0),
    }


async def recount(ws: Workspace, member_id: str = "") -> dict[str, int]:
    """Counts by index and stores the result: after Redis was lost, and every few hours against drift."""
    redis: Any = ws.redis
    for _ in range(3):
        before = await redis.get(_missed_key(ws))
        numbers = await store.count_all(ws)
        flat = [part for pair in numbers.items() for part in pair]
        keys = (_counts_key(ws), _missed_key(ws))
        if await _STORE_COUNTS.run(ws.redis, keys, (before or b"", COUNTS_SECONDS, *flat)):
            break
    return {
        **{name: numbers.get(name, 0) for name in _COUNTED},
        "mine": numbers.get(f"mine:{member_id}", 0),
    }


def _counted(conversation: Conversation) -> set[str]:
    if conversation.revision == 0:
        return set()
    if conversation.state in ("closed", "snoozed"):
        return {conversation.state}
    counted = {"open", f"mine:{conversation.assignee_id}" if conversation.assignee_id else "unassigned"}
    return counted | {"unread"} if conversation.unread else counted


async def _count(ws: Workspace, old: Conversation, new: Conversation) -> None:
    """Only changes of kind cost a round trip; a further message in an open conversation costs none."""
    before, after = _counted(old), _counted(new)
    if before == after:
        return
    steps = [*((name, -1) for name in before - after), *((name, 1) for name in after - before)]
    keys = (_counts_key(ws), _missed_key(ws))
    wrong = _wrong_counts.setdefault(ws.runtime, set())
    try:
        if ws.id in wrong:
            await ws.redis.delete(_counts_key(ws))
            wrong.discard(ws.id)
        await _ADD_COUNTS.run(ws.redis, keys, [part for step in steps for part in step])
    except (RedisError, OSError, TimeoutError):
        # The change is stored; a figure is wrong until the next count, which the next change asks for.
        ws.log.warning("count_missed")
        wrong.add(ws.id)


# Workspaces whose counters missed a change while Redis was away, of each Runtime in this process.
_wrong_counts: "WeakKeyDictionary[Runtime, set[str]]" = WeakKeyDictionary()

# KEYS: counters, changes missed by them. ARGV: name, step, … Counters that are not there are counted when somebody
# asks: a step on nothing would look like a count.
_ADD_COUNTS = Script("""
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('INCR', KEYS[2]); redis.call('EXPIRE', KEYS[2], 600)
  return 0
end
for i = 1, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
return 1
""")
# KEYS: as above. ARGV: what was missed before counting began, seconds to keep, name, number, … 0: changed meanwhile.
_STORE_COUNTS = Script("""
if (redis.call('GET', KEYS[2]) or '') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
""")


def _counts_key(ws: Workspace) -> str:
    return f"parley:counts:{ws.id}"


def _missed_key(ws: Workspace) -> str:
    return f"parley:counts:{ws.id}:missed"


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
