"""Lists of conversations: their pages, as far as somebody sees them, and how many there are of each."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.core.runtime import Workspace
from inbox.conversations import Conversation
from inbox.finding import counters, facets, lists
from inbox.finding.lists import Wanted
from inbox.sight import Sight
from inbox.store import conversations as store

# Of each piece of what is seen by somebody who does not see everything.
COUNTED_WITHIN = 500
_CLOSING = "closing"


async def page(
    ws: Workspace, wanted: Wanted, *, sight: Sight, cursor: str | None, limit: int
) -> tuple[list[Conversation], str | None]:
    """
    A page of a list, as far as it is seen, and the cursor of the next.

    With a cursor a page may be short, even empty: no more than a bounded number of rows is looked at for each.
    """
    by = lists.order_of(wanted.view)
    dimensions = lists.dimensions(wanted, sight)
    sizes = await _sizes(ws, dimensions)
    # Begin with what the fewest conversations have; the sorted lists have an index of their own.
    first = sizes.index(min(sizes)) if by == lists.ACTIVITY else 0
    days = await counters.waiting_days(ws) if by == "waiting_at" and cursor is None else {}
    keep = [dimension for at, dimension in enumerate(dimensions) if at != first]
    fits = store.fitting(wanted, keep, lists.without(wanted, sight.member_id))
    return await store.page(
        ws, by, dimensions[first], fits, wanted, size=sizes[first], days=days, cursor=cursor, limit=limit
    )


async def _sizes(ws: Workspace, dimensions: Sequence[Sequence[str]]) -> list[int]:
    """About how many conversations have one of the facets of each dimension, by the kept counters."""
    numbers = await counters.numbers_of(ws, [facet for dimension in dimensions for facet in dimension])
    return [sum(numbers[facet] for facet in dimension) for dimension in dimensions]


def fits(conversation: Conversation, wanted: Wanted, sight: Sight) -> bool:
    """Whether a conversation is in a list, judged by itself."""
    dimensions, without = lists.dimensions(wanted, sight), lists.without(wanted, sight.member_id)
    return store.fitting(wanted, dimensions, without)(store.to_row(conversation))


async def total(ws: Workspace, wanted: Wanted, sight: Sight) -> int | None:
    """How many rows a list has, where a kept counter tells."""
    if wanted != Wanted(view=wanted.view) or not sight.everything:
        return None
    if wanted.view == "closing":
        return await counters.closing(ws)
    counted = lists.counted(wanted.view, sight.member_id)
    return _sums({"": counted}, await counters.numbers_of(ws, sorted(counted)))[""]


@dataclass(frozen=True, slots=True)
class Counts:
    """
    By the names of built-in views and the ids of saved ones: how many there are, how many open ones this member has not
    read, and of which views there may be more than that.
    """

    of: Mapping[str, int]
    unread: Mapping[str, int]
    at_least: frozenset[str] = frozenset()


async def counts(ws: Workspace, sight: Sight, saved: Sequence[str] = ()) -> Counts:
    """Of each built-in view of this member, and of saved ones; `closing` up to a bound."""
    wanted = {view: lists.counted(view, sight.member_id) for view in (*lists.COUNTED, *saved)}
    unread = {view: lists.unread(view, sight.member_id) for view in (*lists.READ_IN, *saved)}
    every = (*wanted.values(), *unread.values())
    if sight.everything:
        numbers = await counters.numbers_of(ws, sorted({facet for each in every for facet in each}))
        return Counts({**_sums(wanted, numbers), "closing": await counters.closing(ws)}, _sums(unread, numbers))
    wanted["closing"] = {_CLOSING: 1}
    numbers, cut = await _numbers_within(ws, sight)
    # What one has oneself has a counter.
    own = await counters.numbers_of(ws, sight.own(facets.GROUPS))
    read = {view: [facet for facet in each if facet not in own] for view, each in wanted.items()}
    more = {view for view, each in read.items() if any(_is_cut(facet, cut) for facet in each)}
    return Counts(_sums(wanted, numbers | own), _sums(unread, numbers), frozenset(more))


def _sums(wanted: Mapping[str, lists.Counters], numbers: Mapping[str, int]) -> dict[str, int]:
    """Of counters, each added or taken off."""
    sums = {name: sum(sign * numbers.get(facet, 0) for facet, sign in each.items()) for name, each in wanted.items()}
    return {name: max(0, number) for name, number in sums.items()}


async def _numbers_within(ws: Workspace, sight: Sight) -> tuple[dict[str, int], set[str]]:
    """
    The counters over what is seen by somebody who does not see everything: read, not kept, up to a bound for each part
    of it; and which parts have more: of open, snoozed or closed ones, `mention`, `follow`.
    """
    now = ws.clock.now()
    soon = now + timedelta(hours=lists.CLOSING_HOURS)
    numbers: Counter[str] = Counter()
    rows, full = await store.found_by(ws, sight.facets(facets.GROUPS), most=COUNTED_WITHIN)
    for row in rows:
        numbers.update(facets.counters(row["facets"], row.get("waiting_at")))
        numbers[_CLOSING] += bool(row.get("closing_at") and now <= row["closing_at"] <= soon)
    return numbers, {facet.partition(":")[0] for facet in full}


def _is_cut(counter: str, cut: set[str]) -> bool:
    """Whether a counter may be too low, where these parts have more than was read."""
    group = counter.partition(":")[0]
    parts = {group} if group in facets.GROUPS else {facets.OPEN, facets.SNOOZED}
    return not cut.isdisjoint((*parts, "mention", "follow"))
