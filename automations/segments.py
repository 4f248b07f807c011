"""
Segments: named groups of contacts that a rule describes, and who is in them now.

Who is in a segment is stored, a row each, and kept true by one clerk (see membership.py); so counts and pages cost the
same however many contacts there are. A segment may ask for others: it is then asked after those.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import orjson

from app.core import ids, rules
from app.core.errors import Change, ChangedMeanwhile, Conflict, Invalid, NotFound
from app.core.permissions import Actor
from app.core.rules import Catalogue, Predicate, Rule
from app.core.runtime import Workspace
from automations import broadcasts, portraits
from automations.portraits import Needs, Portrait
from automations.store import greetings as greeting_rows
from automations.store import previews as preview_rows
from automations.store import segments as store
from automations.store import snapshots as snapshot_rows
from crm import changes, facets, lists
from crm.lists import ContactList
from crm.store import contacts as contact_rows
from inbox import live, usage

MOST = 200
MOST_CHARS = 100
CURVE_DAYS = 30
State = Literal["counting", "ready"]
Cause = Literal["change", "time", "build"]


@dataclass(frozen=True, slots=True)
class Touch:
    """Who changed something by hand last, and the revision that this made."""

    revision: int
    by: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Building:
    """A segment that is worked out anew: contacts up to `cursor` have been asked, `seen` of them."""

    cursor: str = ""
    seen: int = 0
    # How many of those are in it; and how many there will probably be in the end.
    found: int = 0
    estimate: int = 0
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """
    `count` are those whose rows are stored, `days` what it was at the end of each day (`2026-11-22`). `building` is
    there while its rows do not follow its rule yet. `step` is the newest move that is counted in.
    """

    id: str
    name: str
    description: str
    rule: Rule
    created_at: datetime
    updated_at: datetime
    updated_by: str
    updated_by_name: str
    revision: int = 1
    rule_revision: int = 1
    touched: Mapping[str, Touch] = field(default_factory=dict)
    count: int = 0
    counted_at: datetime | None = None
    step: int = 0
    days: Mapping[str, int] = field(default_factory=dict)
    building: Building | None = None

    @property
    def state(self) -> State:
        return "ready" if self.building is None else "counting"


@dataclass(frozen=True, slots=True)
class Count:
    """`exact`: so many there are; else it is a good guess."""

    number: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many are in each of two segments and in both, and some who are."""

    one: int
    other: int
    both: int
    exact: bool
    sample: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SegmentEntered:
    """
    A contact has come into a segment: because it changed, because of the time, or because the segment was made or its
    rule changed. `step` numbers the moves of a workspace; told twice it is the same.
    """

    segment_id: str
    contact_id: str
    at: datetime
    cause: Cause
    step: int


@dataclass(frozen=True, slots=True)
class SegmentLeft:
    """A contact has gone out of a segment; see SegmentEntered."""

    segment_id: str
    contact_id: str
    at: datetime
    cause: Cause
    step: int


def key(name: str) -> str:
    """Names that read alike are one name."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


async def catalogue(ws: Workspace, *, offered: bool = False) -> Catalogue:
    """What segments can ask of a contact; see portraits.py."""
    return await portraits.catalogue(ws, offered=offered)


# --- asking -------------------------------------------------------------------------------------------------------


class Judge:
    """Some segments' rules, compiled, with those that they ask for; for one contact after the other."""

    def __init__(self, known: Catalogue, every: Iterable[Segment], wanted: Iterable[str] | None = None) -> None:
        by_id = {each.id: each for each in every}
        self.asked = _in_order(known, by_id, by_id if wanted is None else wanted)
        self.wanted = frozenset(by_id if wanted is None else wanted)
        usable = [each for each in self.asked if is_askable(known, each.rule)]
        self._holds: list[tuple[str, Predicate]] = [(each.id, rules.predicate(known, each.rule)) for each in usable]
        self._turns = [rules.turns_at(known, each.rule) for each in usable]
        known_rules = [each.rule for each in usable]
        self.needs: Needs = portraits.needs(known_rules)
        self.is_timed = self.needs.consent or any(rules.is_timed(each) for each in known_rules)

    def of(self, portrait: Portrait, now: datetime) -> frozenset[str]:
        """Which of the wanted segments the contact is in."""
        for segment_id, holds in self._holds:
            if holds(portrait, now):
                portrait.segments.add(segment_id)
        return self.wanted & portrait.segments

    def turns_at(self, portrait: Portrait, now: datetime) -> datetime | None:
        """When time alone may move the contact, if it ever does."""
        turns = [turn(portrait, now) for turn in self._turns]
        if self.needs.consent:
            turns.append(portrait.consent_turns_at())
        return min((at for at in turns if at is not None), default=None)


def is_askable(known: Catalogue, rule: Rule) -> bool:
    """Whether all that it asks for is still there; who asks for a field that was deleted holds for nobody."""
    return all(
        known.event(leaf["count"]) is not None if "count" in leaf else known.field(leaf["field"]) is not None
        for leaf in rules.leaves(rule)
    )


def asks_for(rule: Rule) -> set[str]:
    """The segments that a rule names."""
    return {
        segment_id
        for leaf in rules.leaves(rule)
        if leaf.get("field") == "segments"
        for segment_id in leaf.get("value") or ()
    }


def _in_order(known: Catalogue, by_id: Mapping[str, Segment], wanted: Iterable[str]) -> list[Segment]:
    """These and all that they ask for, each behind those that it asks for itself."""
    done: dict[str, Segment] = {}
    open_: set[str] = set()

    def add(segment_id: str) -> None:
        segment = by_id.get(segment_id)
        if segment is None or segment_id in done or segment_id in open_:
            return
        open_.add(segment_id)
        for other in sorted(asks_for(segment.rule)):
            add(other)
        done[segment_id] = segment

    for segment_id in sorted(wanted):
        add(segment_id)
    return list(done.values())


def dependent_on(every: Sequence[Segment], segment_id: str) -> set[str]:
    """Those that ask for this one, or for one that does."""
    found: set[str] = set()
    new = {segment_id}
    while new:
        new = {each.id for each in every if each.id not in found and asks_for(each.rule) & new}
        found |= new
    return found


async def judge_of(ws: Workspace, rule: Rule) -> Judge:
    """Of a rule that is not stored: a segment of its own, the only one wanted."""
    now = ws.clock.now()
    asked = Segment(
        id="",
        name="",
        description="",
        rule=rule,
        created_at=now,
        updated_at=now,
        updated_by="",
        updated_by_name="",
    )
    return Judge(await catalogue(ws), [*await store.every(ws), asked], [""])


async def matches(ws: Workspace, rule: Rule | str, contact_id: str) -> bool:
    """Whether a contact is in a segment, or meets a valid rule, at this moment. Raises NotFound for a segment."""
    asked = (await get(ws, rule)).rule if isinstance(rule, str) else rule
    judge = await judge_of(ws, asked)
    portrait = (await portraits.of(ws, [contact_id], judge.needs)).get(contact_id)
    return portrait is not None and bool(judge.of(portrait, ws.clock.now()))


async def validated(ws: Workspace, rule: Any, *, segment_id: str | None = None) -> Rule:
    """A rule as it may be stored as this segment's. Raises Invalid."""
    known = await catalogue(ws)
    rules.validate(known, rule)
    every = {each.id: each for each in await store.every(ws)}
    named = asks_for(rule)
    if missing := named - every.keys():
        raise Invalid.field("rule", f"There is no segment {min(missing)}; it may have been deleted.")
    if segment_id is not None:
        circle = named & ({segment_id} | dependent_on(list(every.values()), segment_id))
        if circle:
            names = ", ".join(sorted(every[each].name for each in circle))
            raise Invalid.field("rule", f"{names} asks for this segment itself; that would go round in a circle.")
    checked: Rule = rule
    return checked


# --- what people do with them -------------------------------------------------------------------------------------


async def every(ws: Workspace) -> list[Segment]:
    """By name."""
    return sorted(await store.every(ws), key=lambda segment: (key(segment.name), segment.id))


async def get(ws: Workspace, segment_id: str) -> Segment:
    """Raises NotFound."""
    found = await store.get(ws, segment_id)
    if found is None:
        raise NotFound("There is no such segment; it may have been deleted.")
    return found


async def create(ws: Workspace, actor: Actor, *, name: str, rule: Any, description: str = "") -> Segment:
    """Raises Invalid, Conflict."""
    checked = await validated(ws, rule)
    if len(await store.every(ws)) >= MOST:
        raise Conflict(f"There may be {MOST} segments; delete one that is no longer used.", code="too_many")
    now = ws.clock.now()
    made = Segment(
        id=ids.new("seg"),
        name=" ".join(name.split()),
        description=description.strip(),
        rule=checked,
        created_at=now,
        updated_at=now,
        updated_by=actor.id,
        updated_by_name=actor.name,
        building=Building(started_at=now),
    )
    # First: what changes from now on is kept, so that nothing changes unseen behind the one who asks all contacts.
    await changes.follow(ws, reports=portraits.needs([checked]).reports)
    if not await store.insert(ws, made):
        raise _name_taken(made.name)
    await changes.nudge(ws)
    return made


def _name_taken(name: str) -> Conflict:
    return Conflict(f"There is a segment “{name}” already.", code="name_taken")


async def edit(
    ws: Workspace,
    actor: Actor,
    segment_id: str,
    *,
    revision: int,
    name: str | None = None,
    description: str | None = None,
    rule: Any = None,
) -> Segment:
    """
    What is None stays. Raises NotFound, Invalid; Conflict where the name is taken, or somebody else has changed the
    same since this revision (ChangedMeanwhile).
    """
    for _ in range(8):
        now = await get(ws, segment_id)
        wanted = replace(
            now,
            name=now.name if name is None else " ".join(name.split()),
            description=now.description if description is None else description.strip(),
            rule=now.rule if rule is None or rule == now.rule else await validated(ws, rule, segment_id=segment_id),
        )
        changed = [what for what in ("name", "description", "rule") if getattr(now, what) != getattr(wanted, what)]
        if not changed:
            return now
        _require_unchanged(now, changed, revision, actor)
        touch = Touch(now.revision + 1, actor.id, actor.name, ws.clock.now())
        wanted = replace(
            wanted,
            revision=now.revision + 1,
            updated_at=touch.at,
            updated_by=actor.id,
            updated_by_name=actor.name,
            touched={**now.touched, **dict.fromkeys(changed, touch)},
        )
        if "rule" in changed:
            building = Building(started_at=touch.at, estimate=now.count)
            wanted = replace(wanted, rule_revision=now.rule_revision + 1, building=building)
            await changes.follow(ws, reports=portraits.needs([wanted.rule]).reports)
        stored = await store.save(ws, wanted, rule="rule" in changed)
        if stored is None:
            raise _name_taken(wanted.name)
        if not stored:
            continue
        if "rule" in changed:
            await _rebuild(ws, dependent_on(await store.every(ws), segment_id))
            await changes.nudge(ws)
        return wanted
    raise Conflict("This segment is being changed by too many at once; try again.")


async def _rebuild(ws: Workspace, segment_ids: Iterable[str]) -> None:
    for segment_id in segment_ids:
        await store.begin_again(ws, segment_id, Building(started_at=ws.clock.now()))


def _require_unchanged(now: Segment, changed: Sequence[str], seen: int, actor: Actor) -> None:
    others = [
        Change(what, last.by, last.name, last.at, getattr(now, what))
        for what in changed
        if (last := now.touched.get(what)) is not None and last.revision > seen and last.by != actor.id
    ]
    if others:
        names = ", ".join(each.what for each in others)
        raise ChangedMeanwhile(f"{others[0].name} has just changed {names}. Look at it and try again.", *others)


async def uses(ws: Workspace, segment_id: str) -> list[usage.Use]:
    """What asks for it."""
    found = [usage.Use("segment", each.id, each.name) for each in await every(ws) if segment_id in asks_for(each.rule)]
    for each in await broadcasts.not_gone(ws):
        wanted = each.plan.audience
        asked = (*wanted.segments, *wanted.exclude.segments)
        asked += tuple(id_ for rule in (wanted.rule, wanted.exclude.rule) if rule for id_ in asks_for(rule))
        if segment_id in asked:
            found.append(usage.Use("broadcast", each.id, each.plan.name))
    shown = [each for each in await greeting_rows.every(ws) if each.settings.segment_id == segment_id]
    return [*found, *(usage.Use("greeting", each.id, each.settings.name) for each in shown)]


async def reword(ws: Workspace, segment: Segment, rule: Rule) -> None:
    """The same people in other words, as one of the things its rule names has become another."""
    if rule == segment.rule:
        return
    building = Building(started_at=ws.clock.now(), estimate=segment.count)
    wanted = replace(
        segment,
        rule=rule,
        revision=segment.revision + 1,
        rule_revision=segment.rule_revision + 1,
        building=building,
    )
    # Whoever is faster has changed it; the tag's merge looks again.
    if await store.save(ws, wanted, rule=True):
        await _rebuild(ws, dependent_on(await store.every(ws), segment.id))
        await changes.nudge(ws)


async def delete(ws: Workspace, segment_id: str) -> Segment:
    """Raises NotFound; usage.InUse, naming what asks for it."""
    segment = await get(ws, segment_id)
    if found := await uses(ws, segment_id):
        raise usage.InUse("segment", found)
    await store.mark_deleted(ws, segment_id)
    await changes.nudge(ws)
    return segment


# --- who is in them -----------------------------------------------------------------------------------------------


async def members(ws: Workspace, segment_id: str, *, after: str | None = None, limit: int = 100) -> list[str]:
    """Ids of contacts behind this one, ascending: a bounded read at any size. While it is counted not all are there."""
    return await store.members(ws, segment_id, after=after, limit=limit)


async def among(ws: Workspace, segment_id: str, contact_ids: Sequence[str]) -> list[str]:
    """Of these contacts, those who are in it."""
    return await store.among(ws, segment_id, contact_ids)


async def count(ws: Workspace, segment_id: str) -> Count:
    """Raises NotFound."""
    return count_of(await get(ws, segment_id))


def count_of(segment: Segment) -> Count:
    building = segment.building
    if building is None:
        return Count(segment.count, exact=True)
    return Count(max(building.estimate, segment.count), exact=False)


def curve(segment: Segment, days: Sequence[str]) -> list[tuple[str, int]]:
    """How many there were at the end of each of these days, from the first on that is known; the last is today."""
    found: list[tuple[str, int]] = []
    known = {**segment.days, days[-1]: segment.count}
    earlier = [day for day in sorted(known) if day < days[0]]
    last: int | None = known[earlier[-1]] if earlier else None
    for day in days:
        last = known.get(day, last)
        if last is not None:
            found.append((day, last))
    return found


_COMPARED = 1_000
_SHOWN = 20


async def overlap(ws: Workspace, one_id: str, other_id: str) -> Overlap:
    """By a thousand of the smaller, which are a fair sample; exact where it has no more. Raises NotFound."""
    one, other = await get(ws, one_id), await get(ws, other_id)
    small, large = sorted((one, other), key=lambda each: each.count)
    some = await members(ws, small.id, limit=_COMPARED + 1)
    both = await store.among(ws, large.id, some[:_COMPARED])
    whole = len(some) <= _COMPARED
    number = len(both) if whole else round(len(both) * small.count / _COMPARED)
    exact = whole and one.building is None and other.building is None
    return Overlap(one.count, other.count, number, exact, tuple(both[:_SHOWN]))


async def freeze(ws: Workspace, segment_id: str, name: str) -> ContactList:
    """
    A static list of those who are in it now; it is filled behind the scenes. Raises NotFound, Conflict where there is
    such a list, or the segment is still being counted.
    """
    segment = await get(ws, segment_id)
    if segment.building is not None:
        raise Conflict("This segment is still being counted; try again when it is done.", code="counting")
    made = await lists.create(ws, name)
    await snapshot_rows.insert(ws, ids.new("snp"), segment_id, made.id)
    await changes.nudge(ws)
    return made


async def put_on_list(ws: Workspace, contact_ids: Sequence[str], list_id: str) -> None:
    """Whoever of them is on it stays so."""
    await contact_rows.put_on_list(ws, contact_ids, list_id)


# --- trying a rule ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Preview:
    """
    How many meet a rule, and some who do. Not `exact`: a guess from `seen` contacts, which are a fair sample; the
    exact number is being counted, told as the event `segment_preview` with this `id`, and given when asked again.
    """

    id: str
    number: int
    exact: bool
    seen: int
    sample: tuple[str, ...]


_SAMPLE = 1_000
# So few of the sample say little about how many there are.
_RARE = 20
# An exact number holds for so long while somebody edits.
_HOLDS = timedelta(seconds=60)


async def preview(ws: Workspace, rule: Any, *, segment_id: str | None = None) -> Preview:
    """Who would be in a segment with this rule; quick at any size. Raises Invalid."""
    checked = await validated(ws, rule, segment_id=segment_id)
    judge = await judge_of(ws, checked)
    preview_id = ids.derived("pre", ws.id, orjson.dumps(checked, option=orjson.OPT_SORT_KEYS).decode())
    found = await portraits.stretch(ws, "", judge.needs, limit=_SAMPLE)
    now = ws.clock.now()
    hits = [contact_id for contact_id, each in found.portraits.items() if judge.of(each, now)]
    some = tuple(hits[:_SHOWN])
    if found.last is None:
        return Preview(preview_id, len(hits), True, found.read, some)
    if len(hits) < _RARE and (few := await _few(ws, checked, judge, now)) is not None:
        return Preview(preview_id, len(few), True, len(few), tuple(few[:_SHOWN]))
    counting = await preview_rows.get(ws, preview_id)
    if counting is not None and counting.done_at is not None and counting.done_at > now - _HOLDS:
        return Preview(preview_id, counting.found, True, counting.seen, some)
    if counting is None or counting.done_at is not None:
        await preview_rows.begin(ws, preview_rows.Counting(id=preview_id, rule=checked, asked_at=now))
        await changes.nudge(ws)
    else:
        await preview_rows.still_asked(ws, preview_id, now)
    seen, share, number = found.read, share_of_ids(found.last), len(hits)
    if counting is not None and counting.seen > seen and counting.done_at is None:
        seen, share, number = counting.seen, share_of_ids(counting.cursor), counting.found
    return Preview(preview_id, round(number / max(share, 1e-9)), False, seen, some)


def share_of_ids(contact_id: str) -> float:
    """Which part of all contacts have ids up to this one: they are hashes, so they lie evenly."""
    digits = contact_id.rpartition("_")[2][:12]
    try:
        return (int(digits, 16) + 1) / float(16 ** len(digits))
    except ValueError:
        return 1.0


async def _few(ws: Workspace, rule: Rule, judge: Judge, now: datetime) -> list[str] | None:
    """Those who meet it, where it asks for something that few have and that contacts are listed by; else None."""
    for word in _words(rule):
        found = await contact_rows.newest(ws, word, before=None, limit=_SAMPLE + 1)
        if len(found) <= _SAMPLE:
            drawn = await portraits.of(ws, [each.id for each in found], judge.needs)
            return sorted(contact_id for contact_id, each in drawn.items() if judge.of(each, now))
    return None


_LISTED = {
    "tags": "tag",
    "lists": "list",
    "stage": "stage",
    "owner": "owner",
    "company": "company",
    "company_role": "role",
    "language": "language",
}


def _words(rule: Rule) -> Iterator[str]:
    """Facets of which whoever meets it has each."""
    for inner in rule.get("all", ()):
        yield from _words(inner)
    if rule.get("field") in _LISTED:
        name = _LISTED[rule["field"]]
        match rule["op"], rule.get("value"):
            case "is", str(value):
                yield facets.word(name, value)
            case "in" | "has_any", [value]:
                yield facets.word(name, value)
            case "has_all", list(values):
                yield from (facets.word(name, value) for value in values)


# --- telling screens ----------------------------------------------------------------------------------------------


async def tell_moved(ws: Workspace, moved: Sequence[SegmentEntered | SegmentLeft]) -> None:
    """Screens that show how many are in them."""
    await tell(ws, dict.fromkeys(each.segment_id for each in moved))


async def tell(ws: Workspace, segment_ids: Iterable[str]) -> None:
    """How many are in them now."""
    known = {each.id: count_of(each) for each in await store.every(ws)}
    events = [
        live.event("segment", {"id": each, "count": known[each].number, "exact": known[each].exact})
        for each in segment_ids
        if each in known
    ]
    if events:
        await live.publish(ws, *events)


async def tell_list(ws: Workspace, list_id: str) -> None:
    await live.publish(ws, live.event("contact_list", {"id": list_id}))


async def tell_preview(ws: Workspace, counted: preview_rows.Counting) -> None:
    told = {"id": counted.id, "count": counted.found, "exact": True}
    await live.publish(ws, live.event("segment_preview", told))
