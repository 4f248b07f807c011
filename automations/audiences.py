"""
Audiences: the ids of everybody whom a broadcast is for, each once, in ascending order, read as a stream.

Segments, lists and single people are read side by side and merged, so that a million of them cost no memory, and
whoever stopped half way goes on after the last id. Who is excluded is not dropped here: they are named with the reason
(see placing.py), so that nobody has to guess where they went.
"""

import heapq
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import date

from app.core.errors import FieldError, Invalid
from app.core.rules import Rule
from app.core.runtime import Workspace
from automations import broadcasts, portraits, rolls, schedules, segments
from automations.plans import Audience, Exclusion, Relative
from crm import contacts, facets, gate, lists
from crm.contacts import Contact
from crm.store import contacts as contact_store
from crm.store import merging as merges

PAGE = 500
# A list of so few is sorted in memory; a longer one is found while all contacts are read.
_FEW = 20_000


async def require(ws: Workspace, audience: Audience) -> None:
    """All that it names is there. Raises Invalid, naming the field."""
    known = {each.id for each in await segments.every(ws)}
    for at, part in (("audience", audience), ("audience.exclude", audience.exclude)):
        if set(part.segments) - known:
            raise Invalid.field(f"{at}.segments", "There is no such segment any more; choose another.")
        if set(part.lists) - {each.id for each in await lists.every(ws)}:
            raise Invalid.field(f"{at}.lists", "There is no such list any more; choose another.")
        if set(part.broadcasts) - (await broadcasts.by_id(ws, part.broadcasts)).keys():
            raise Invalid.field(f"{at}.broadcasts", "There is no such broadcast any more; choose another.")
        if part.rule is not None:
            try:
                await segments.validated(ws, part.rule)
            except Invalid as error:
                named = tuple(FieldError(f"{at}.{each.field}", each.message) for each in error.errors)
                raise Invalid(error.detail, errors=named) from None


async def counting(ws: Workspace, audience: Audience) -> bool:
    """Whether a segment in it is still being worked out, so that nobody can say yet who is in it."""
    named = {*audience.segments, *audience.exclude.segments}
    return any(each.state == "counting" for each in await segments.every(ws) if each.id in named)


@dataclass(frozen=True, slots=True)
class Day:
    """Only those whose day it is: a date of their own, moved by so many days, is `today`."""

    relative: Relative
    today: date


async def stream(
    ws: Workspace, audience: Audience, *, after: str | None = None, day: Day | None = None
) -> AsyncIterator[str]:
    """Ids in ascending order behind `after`, each once."""
    found = _once(ws, audience, after)
    async for contact_id in found if day is None else _whose_day(ws, found, day):
        yield contact_id


async def _once(ws: Workspace, audience: Audience, after: str | None) -> AsyncIterator[str]:
    last = None
    async for contact_id in _merged([_flat(source) for source in _sources(ws, audience, after)]):
        if contact_id != last:
            yield contact_id
        last = contact_id


async def _whose_day(ws: Workspace, ids: AsyncIterator[str], day: Day) -> AsyncIterator[str]:
    async for page in _pages(ids):
        known = await contacts.get_many(ws, page)
        for contact_id in page:
            person = known.get(contact_id)
            own = person.fields.get(day.relative.field) if person else None
            if schedules.is_day(day.relative, own, day.today):
                yield contact_id


async def _pages(ids: AsyncIterator[str]) -> AsyncIterator[list[str]]:
    page: list[str] = []
    async for contact_id in ids:
        page.append(contact_id)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


def _sources(ws: Workspace, audience: Audience, after: str | None) -> list[AsyncIterator[Sequence[str]]]:
    if audience.everyone:
        return [_everyone(ws, after)]
    found = [_of_segment(ws, segment_id, after) for segment_id in audience.segments]
    found += [_of_list(ws, list_id, after) for list_id in audience.lists]
    found += [rolls.reached(ws, broadcast_id, after) for broadcast_id in audience.broadcasts]
    if audience.broadcasts:
        found.append(_merged_since(ws, audience.broadcasts, after))
    if audience.contacts:
        found.append(_these(ws, audience.contacts, after))
    if audience.rule is not None:
        found.append(_of_rule(ws, audience.rule, after))
    return found


async def _flat(pages: AsyncIterator[Sequence[str]]) -> AsyncIterator[str]:
    async for page in pages:
        for contact_id in page:
            yield contact_id


async def _merged(sources: Sequence[AsyncIterator[str]]) -> AsyncIterator[str]:
    """Of several ascending streams one."""
    heads: list[tuple[str, int]] = []
    for at, source in enumerate(sources):
        async for first in source:
            heads.append((first, at))
            break
    heapq.heapify(heads)
    while heads:
        contact_id, at = heads[0]
        yield contact_id
        async for following in sources[at]:
            heapq.heapreplace(heads, (following, at))
            break
        else:
            heapq.heappop(heads)


async def _everyone(ws: Workspace, after: str | None) -> AsyncIterator[Sequence[str]]:
    async for page in _all_contacts(ws, after):
        yield [each.id for each in page]


async def _all_contacts(ws: Workspace, after: str | None) -> AsyncIterator[list[Contact]]:
    while True:
        page = await contact_store.contacts_page(ws, after=after, limit=PAGE)
        if not page:
            return
        yield page
        after = page[-1].id


async def _of_segment(ws: Workspace, segment_id: str, after: str | None) -> AsyncIterator[Sequence[str]]:
    while page := await segments.members(ws, segment_id, after=after, limit=PAGE):
        yield page
        after = page[-1]


async def _of_rule(ws: Workspace, rule: Rule, after: str | None) -> AsyncIterator[Sequence[str]]:
    judge = await segments.judge_of(ws, rule)
    while True:
        found = await portraits.stretch(ws, after or "", judge.needs, limit=PAGE)
        now = ws.clock.now()
        yield sorted(contact_id for contact_id, each in found.portraits.items() if judge.of(each, now))
        if found.last is None:
            return
        after = found.last


async def _of_list(ws: Workspace, list_id: str, after: str | None) -> AsyncIterator[Sequence[str]]:
    word = facets.word("list", list_id)
    few = await contact_store.newest(ws, word, before=None, limit=_FEW + 1)
    if len(few) <= _FEW:
        yield sorted(each.id for each in few if after is None or each.id > after)
        return
    async for page in _all_contacts(ws, after):
        yield [each.id for each in page if list_id in each.lists]


async def _merged_since(ws: Workspace, broadcast_ids: Sequence[str], after: str | None) -> AsyncIterator[Sequence[str]]:
    """As whom those are known now who were reached and are a part of another contact since; few are."""
    found: set[str] = set()
    parts = await merges.parts(ws, after="", limit=PAGE)
    while parts:
        for broadcast_id in broadcast_ids:
            reached = await rolls.reached_among(ws, broadcast_id, parts)
            found.update((await contacts.known_as(ws, reached)).values())
        parts = await merges.parts(ws, after=parts[-1], limit=PAGE)
    yield sorted(each for each in found if after is None or each > after)


async def _these(ws: Workspace, contact_ids: Collection[str], after: str | None) -> AsyncIterator[Sequence[str]]:
    """Those too whose part one of them is by now."""
    found = {*contact_ids, *(await contacts.known_as(ws, contact_ids)).values()}
    yield sorted(each for each in found if after is None or each > after)


async def excluded(ws: Workspace, exclude: Exclusion, people: Sequence[Contact]) -> dict[str, str]:
    """Of these who is left out, by id, and what they are in, in words."""
    found: dict[str, str] = {}
    lists = frozenset(exclude.lists)
    for each in people:
        if lists.intersection(each.lists):
            found[each.id] = "They are on a list that is excluded."
    for segment_id in exclude.segments:
        rest = [each.id for each in people if each.id not in found]
        for contact_id in await segments.among(ws, segment_id, rest):
            found[contact_id] = "They are in a segment that is excluded."
    if exclude.rule is not None:
        judge = await segments.judge_of(ws, exclude.rule)
        drawn = await portraits.of(ws, [each.id for each in people if each.id not in found], judge.needs)
        now = ws.clock.now()
        for contact_id, portrait in drawn.items():
            if judge.of(portrait, now):
                found[contact_id] = "A rule excludes them."
    for broadcast_id in exclude.broadcasts:
        # Also as one of the contacts that they were then.
        parts = {part: each.id for each in people if each.id not in found for part in gate.whole(each)}
        for part in await rolls.reached_among(ws, broadcast_id, list(parts)):
            found[parts[part]] = "An excluded broadcast has reached them."
    return found


async def among(ws: Workspace, audience: Audience, people: Sequence[Contact]) -> set[str]:
    """Of these who is in it by now, by id; a few reads for all of them."""
    named = Exclusion(
        segments=audience.segments, lists=audience.lists, broadcasts=audience.broadcasts, rule=audience.rule
    )
    named_ids = frozenset(audience.contacts)
    single = {each.id for each in people if audience.everyone or not named_ids.isdisjoint(gate.whole(each))}
    found = single | (await excluded(ws, named, [each for each in people if each.id not in single])).keys()
    return found - (await excluded(ws, audience.exclude, [each for each in people if each.id in found])).keys()


# --- how many -----------------------------------------------------------------------------------------------------

_COUNTED = 2_000
_SAMPLE = 5


@dataclass(frozen=True, slots=True)
class Size:
    """`exact` False: worked out from the first of them, whose ids are spread evenly. `sample` are a few of them."""

    count: int
    exact: bool
    sample: tuple[Contact, ...]


async def size(ws: Workspace, audience: Audience) -> Size:
    """About how many these are, quickly: no more than some thousands are looked at."""
    ids: list[str] = []
    async for contact_id in stream(ws, audience):
        ids.append(contact_id)
        if len(ids) == _COUNTED:
            break
    people: list[Contact] = []
    for first in range(0, len(ids), PAGE):
        found = await contacts.get_many(ws, ids[first : first + PAGE])
        left = await excluded(ws, audience.exclude, list(found.values()))
        people += [each for each in found.values() if each.id not in left and each.merged_into is None]
    if len(ids) < _COUNTED:
        return Size(len(people), True, tuple(people[:_SAMPLE]))
    return Size(round(len(people) / max(segments.share_of_ids(ids[-1]), 1e-9)), False, tuple(people[:_SAMPLE]))
