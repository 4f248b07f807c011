"""
What messages have cost: a line for each message, or for each batch of a mailing, its day and country; and what they add
up to. A message counts when it was handed over and nobody has reported that it failed, at the price that the list of
its account had then. What the list has no price for is counted as such, and never guessed.

Lines are written behind the sending and never before it, each under an id of its own: written twice they are there
once. Days are those of the workspace's zone. A day that is over for some time is added up once and kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from redis.exceptions import RedisError

from app.core import addresses, days
from app.core.addresses import Address
from app.core.mongo import DatabaseError
from app.core.runtime import Runtime, Workspace
from channels import accounts, registry
from channels.content import Content, Template
from channels.contract import ChannelAccount, Charge, Charges
from channels.errors import SendError
from inbox import contents, templates
from inbox.answering import prices
from inbox.answering.prices import MICROS, PriceList
from inbox.store import spending as store
from inbox.supervising import rollups
from inbox.timeline import Entry

if TYPE_CHECKING:
    from inbox.mailings.mailing import Mailing
    from inbox.store.mailings import Group, Work

# Failures are reported within these days; then a day is added up for good.
SETTLED_DAYS: Final = 3
_KEPT_SECONDS = 30.0

_lists: WeakKeyDictionary[Runtime, dict[str, tuple[float, PriceList]]] = WeakKeyDictionary()
_zones: WeakKeyDictionary[Runtime, dict[str, tuple[float, str]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Key:
    """What is charged alike. `broadcast_id` None: an answer, or another message to one person."""

    account_id: str
    channel: str
    country: str | None
    category: str
    currency: str
    broadcast_id: str | None
    free_a_month: int = 0


@dataclass(frozen=True, slots=True)
class Sum:
    """`unpriced` of the messages have no price; `micros` are millionths of the currency."""

    messages: int = 0
    unpriced: int = 0
    micros: int = 0

    def __add__(self, other: Sum) -> Sum:
        return Sum(self.messages + other.messages, self.unpriced + other.unpriced, self.micros + other.micros)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`conversation_id` of messages to one person."""

    id: str
    day: date
    key: Key
    sum: Sum
    conversation_id: str | None = None


Sums = dict[Key, Sum]


# --- written ------------------------------------------------------------------------------------------------------


async def note(ws: Workspace, account: ChannelAccount, entry: Entry) -> None:
    """A message to one person was handed over. Costs no command where its account has no prices."""
    try:
        kept = await _prices(ws, account.id)
        charge = await _charge(ws, account, contents.parsed(entry.content or {})) if kept.prices else None
        if charge is None:
            return
        country = addresses.country_of(Address.parse(entry.address or ""))
        cost = prices.cost(kept, account.kind, [charge], country)
        amount = cost.amount if cost else None
        made = Sum(1, int(amount is None), int(amount * MICROS) if amount is not None else 0)
        key = Key(account.id, account.kind, country, charge.category, _currency(kept), None, charge.free_a_month)
        day = days.of(await _zone(ws), ws.clock.now())
        await _put(ws, [Line(id=entry.id, day=day, key=key, sum=made, conversation_id=entry.conversation_id)])
    except (DatabaseError, RedisError, SendError) as error:
        # It has gone: what it cost must not make anybody believe that it has not.
        ws.log.warning("cost_not_noted", error=type(error).__name__)


async def failed(ws: Workspace, entry_ids: Sequence[str]) -> None:
    """These were handed over and did not arrive: they cost nothing."""
    await store.clear(ws, entry_ids)


async def note_batch(ws: Workspace, mailing: Mailing, work: Work, group: Group) -> None:
    """What a batch has cost by now, as a whole: done again after a report it says what is true then."""
    kept = await _prices(ws, group.account_id)
    content = mailing.contents.get(group.variant, {}).get(group.language)
    if not kept.prices or content is None:
        return
    account = await accounts.get(ws.runtime, group.account_id)
    charge = await _charge(ws, account, content)
    if charge is None:
        return
    zone = await _zone(ws)
    found: dict[tuple[date, str | None], Sum] = {}
    for place, own in work.o.items():
        told = work.d.get(place, {})
        if own[0] != "sent" and not (own[0] == "unknown" and told):
            continue
        recipient = group.recipients[int(place)]
        at = datetime.fromtimestamp(own[1] / 1000, tz=ws.clock.now().tzinfo)
        where = (days.of(zone, at), addresses.country_of(Address.parse(recipient.address)))
        lost = "failed" in told and "delivered" not in told and "read" not in told
        price = recipient.price_minor
        # A line that is there already has to say so when all of it was lost.
        found[where] = found.get(where, Sum()) + (Sum() if lost else Sum(1, int(not price), price))
    broadcast_id = mailing.source[1].partition(".")[0] if mailing.source[0] == "broadcast" else mailing.id
    lines = [
        Line(
            id=f"{work.id}/{day}/{country or '*'}",
            day=day,
            key=Key(account.id, account.kind, country, charge.category, _currency(kept), broadcast_id),
            sum=made,
        )
        for (day, country), made in found.items()
    ]
    await _put(ws, lines)


async def _put(ws: Workspace, lines: Sequence[Line]) -> None:
    if lines:
        await store.put(ws, lines)
        await ws.redis.set(_moved(ws), "1")


async def _charge(ws: Workspace, account: ChannelAccount, content: Content) -> Charge | None:
    adapter = registry.adapter(account.kind)
    if not isinstance(adapter, Charges):
        return None
    category = None
    if isinstance(content, Template):
        known = await templates.find(ws, account.id, content.name, content.language)
        category = known.template.category if known else None
    return adapter.charge(account, content, category)


def _currency(kept: PriceList) -> str:
    return kept.prices[0].currency if kept.prices else ""


async def _prices(ws: Workspace, account_id: str) -> PriceList:
    """As of half a minute ago."""
    known, now = _lists.setdefault(ws.runtime, {}), monotonic()
    found = known.get(account_id)
    if found is None or now - found[0] > _KEPT_SECONDS:
        found = known[account_id] = (now, await prices.of_account(ws, account_id))
    return found[1]


async def _zone(ws: Workspace) -> str:
    known, now = _zones.setdefault(ws.runtime, {}), monotonic()
    found = known.get(ws.id)
    if found is None or now - found[0] > _KEPT_SECONDS:
        found = known[ws.id] = (now, await rollups.zone_of(ws))
    return found[1]


def _moved(ws: Workspace) -> str:
    return f"parley:spent:{ws.id}"


async def has_moved(ws: Workspace) -> bool:
    """Whether anything was noted since somebody asked last."""
    return bool(await ws.redis.getdel(_moved(ws)))


# --- added up -----------------------------------------------------------------------------------------------------


async def of_days(ws: Workspace, first: date, last: date) -> dict[date, Sums]:
    """
    What each day of the span has cost. Of what is free up to a number a month the first of each month are free, by
    account and kind; so the whole first month is read.
    """
    from_day = first.replace(day=1)
    wanted = [from_day + timedelta(days=at) for at in range((last - from_day).days + 1)]
    known = await store.kept_days(ws, wanted)
    today = days.of(await _zone(ws), ws.clock.now())
    for day in wanted:
        if day in known or day > today:
            continue
        sums = added_up(await store.of_day(ws, day))
        known[day] = sums
        if day < today - timedelta(days=SETTLED_DAYS):
            await store.keep_day(ws, day, sums)
        await asyncio.sleep(0)
    free = _Free()
    billed = {day: free.less(day, known[day]) for day in sorted(known)}
    return {day: sums for day, sums in billed.items() if first <= day <= last}


def added_up(lines: Iterable[Line]) -> Sums:
    found: Sums = {}
    for line in lines:
        found[line.key] = found.get(line.key, Sum()) + line.sum
    return found


@dataclass(slots=True)
class _Free:
    """Goes through days in their order."""

    used: dict[tuple[int, int, str, str], int] = field(default_factory=dict)

    def less(self, day: date, sums: Mapping[Key, Sum]) -> Sums:
        found: Sums = {}
        for key, each in sums.items():
            if key.free_a_month:
                month = (day.year, day.month, key.account_id, key.category)
                used = self.used.get(month, 0)
                self.used[month] = used + each.messages
                charged = max(0, min(each.messages, used + each.messages - key.free_a_month))
                each = replace(each, micros=each.micros * charged // each.messages if each.messages else 0)
            found[key] = each
        return found


async def of_conversation(ws: Workspace, conversation_id: str) -> Sums:
    """What messages to one person in it have cost, broadcasts apart. Free messages of a month count their price."""
    return added_up(await store.of_conversation(ws, conversation_id))
