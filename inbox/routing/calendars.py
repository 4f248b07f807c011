"""Business calendars as a workspace keeps them: changed by supervisors, used by teams, SLA policies and reports."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from zoneinfo import ZoneInfo

from app.core import audit, holidays, ids
from app.core.audit import Target
from app.core.calendars import ALWAYS, MINUTES_A_DAY, Calendar, Hours, SpecialDay
from app.core.errors import Change, ChangedMeanwhile, Conflict, Invalid, NotFound
from app.core.permissions import Actor
from app.core.runtime import Workspace
from inbox import live, usage
from inbox.store import calendars as store

MOST_SPANS_A_DAY = 8
MOST_SPECIAL_DAYS = 1_000


@dataclass(frozen=True, slots=True)
class KeptCalendar:
    """`revision` counts its changes, the last of which was made by the person named."""

    calendar: Calendar
    revision: int = 1
    changed_by: str = ""


async def listed(ws: Workspace) -> list[KeptCalendar]:
    """All of them, by name."""
    return await store.listed(ws)


async def by_id(ws: Workspace) -> Mapping[str, Calendar]:
    return {kept.calendar.id: kept.calendar for kept in await store.listed(ws)}


async def get(ws: Workspace, calendar_id: str) -> KeptCalendar:
    """Raises NotFound."""
    kept = await store.get(ws, calendar_id)
    if kept is None:
        raise NotFound("There is no such calendar.")
    return kept


async def of(ws: Workspace, calendar_id: str | None) -> Calendar:
    """The calendar, or the one that never closes where none is named (or it has just been deleted)."""
    kept = await store.get(ws, calendar_id) if calendar_id else None
    return kept.calendar if kept else ALWAYS


async def require(ws: Workspace, calendar_id: str | None, *, field: str = "calendar_id") -> None:
    """Raises Invalid if this names a calendar that is not there."""
    if calendar_id is not None and await store.get(ws, calendar_id) is None:
        raise Invalid.field(field, "There is no such calendar.")


async def create(ws: Workspace, actor: Actor, calendar: Calendar) -> KeptCalendar:
    """The calendar with an id of its own. Raises Invalid."""
    kept = KeptCalendar(_checked(replace(calendar, id=ids.new("cal"))), changed_by=actor.name)
    if len(await store.listed(ws)) >= store.MOST:
        raise Invalid.field("name", f"A workspace has at most {store.MOST} calendars.")
    async with live.announced(ws, "calendar", kept.calendar.id):
        await store.insert(ws, kept)
        await _tell(ws, actor, "created", kept.calendar)
    return kept


async def change(
    ws: Workspace,
    actor: Actor,
    calendar_id: str,
    how: Callable[[Calendar], Calendar],
    *,
    revision: int | None = None,
) -> KeptCalendar:
    """
    Replace it by `how(it)`; with `revision`, only if it is still the one that the caller saw.

    Raises NotFound, Invalid, ChangedMeanwhile.
    """
    async with live.announced(ws, "calendar", calendar_id):
        for _ in range(5):
            before = await get(ws, calendar_id)
            if revision is not None and revision != before.revision:
                raise ChangedMeanwhile(
                    f"{before.changed_by} has changed this calendar meanwhile. Look at it again first.",
                    Change("calendar", name=before.changed_by),
                )
            wanted = _checked(how(before.calendar))
            if wanted == before.calendar:
                return before
            kept = KeptCalendar(wanted, before.revision + 1, actor.name)
            if await store.replace(ws, kept):
                await _tell(ws, actor, "changed", wanted)
                return kept
    raise Conflict("This calendar is being changed by others; try again.")


async def import_ics(ws: Workspace, actor: Actor, calendar_id: str, text: str) -> tuple[KeptCalendar, int, int]:
    """
    Closes the whole days that a calendar file names: the calendar, how many days are new, how many events were none.

    Days that stand there already keep their name and hours. Raises NotFound, Invalid.
    """
    try:
        read = holidays.read_ics(text, today=ws.clock.now().date())
    except holidays.UnreadableCalendar as error:
        raise Invalid.field("ics", str(error)) from None
    added = 0

    def how(now: Calendar) -> Calendar:
        nonlocal added
        known = {special.day for special in now.special}
        new = [SpecialDay(day, name) for day, name in read.days.items() if day not in known]
        added = len(new)
        return replace(now, special=(*now.special, *new)) if new else now

    return await change(ws, actor, calendar_id, how), added, read.passed_over


async def delete(ws: Workspace, actor: Actor, calendar_id: str) -> None:
    """Raises NotFound, and InUse with the places that refer to it."""
    kept = await get(ws, calendar_id)
    if uses := await usage.of(ws, "calendar", calendar_id):
        raise usage.InUse("calendar", uses)
    async with live.announced(ws, "calendar", calendar_id):
        await store.delete(ws, calendar_id)
        await _tell(ws, actor, "deleted", kept.calendar)


async def _tell(ws: Workspace, actor: Actor, done: str, calendar: Calendar) -> None:
    await audit.record(ws, actor, f"calendar.{done}", Target("calendar", calendar.id, calendar.name))
    await live.publish(ws, live.event("calendar", {"id": calendar.id}))


def _checked(calendar: Calendar) -> Calendar:
    """In order and without contradictions. Raises Invalid."""
    name = " ".join(calendar.name.split())
    if not 0 < len(name) <= 100:
        raise Invalid.field("name", "Write a name of at most 100 characters.")
    try:
        ZoneInfo(calendar.zone)
    except (KeyError, ValueError, OSError):
        raise Invalid.field("zone", "This is not a time zone; write one such as Europe/Paris.") from None
    if calendar.country is not None:
        regions = holidays.countries().get(calendar.country)
        if regions is None:
            raise Invalid.field("country", "The holidays of this country are not known.")
        if calendar.region is not None and calendar.region not in regions:
            raise Invalid.field("region", "This country has no such region.")
    if len(calendar.special) > MOST_SPECIAL_DAYS:
        raise Invalid.field("special", f"At most {MOST_SPECIAL_DAYS} days.")
    special = {entry.day: replace(entry, hours=checked_hours(entry.hours, "special")) for entry in calendar.special}
    return replace(
        calendar,
        name=name,
        region=calendar.region if calendar.country else None,
        worked=calendar.worked if calendar.country else frozenset(),
        week=tuple(checked_hours(hours, f"week.{n}") for n, hours in enumerate(calendar.week)),
        special=tuple(special[day] for day in sorted(special)),
    )


def checked_hours(hours: Hours, field: str) -> Hours:
    """A day's spans in order. Raises Invalid."""
    ordered = tuple(sorted(hours, key=lambda span: span.start))
    if len(ordered) > MOST_SPANS_A_DAY:
        raise Invalid.field(field, f"At most {MOST_SPANS_A_DAY} spans a day.")
    for span in ordered:
        if not (0 <= span.start < MINUTES_A_DAY and 0 < span.end - span.start <= MINUTES_A_DAY):
            raise Invalid.field(field, "A span begins within its day and ends within 24 hours.")
    for one, following in pairwise(ordered):
        if following.start < one.end:
            raise Invalid.field(field, "The spans of a day must not overlap.")
    return ordered
