"""
The roster: a week of dated shifts and absences, seen beside the weekly schedules, and planned by supervisors.

What is planned is one row for each member and day (shifts.py says what it means). Two who plan the same day do not undo
each other: a change names the revision that it was made for, 0 where nothing was planned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from app.core import audit, calendars, days, hints, roles
from app.core.audit import Target
from app.core.calendars import Hours
from app.core.errors import Change, ChangedMeanwhile, Conflict, Invalid, NotFound
from app.core.permissions import Actor, Permission
from app.core.platform import members as member_rows
from app.core.platform.members import Member
from app.core.runtime import Workspace
from inbox import live
from inbox.routing import agents, waiting
from inbox.routing import calendars as kept_calendars
from inbox.routing.shifts import Shift
from inbox.store import roster as store
from inbox.supervising import rollups

MOST_ABSENT_DAYS = 92
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """
    A member's day: planned by a shift or an absence, else as their weekly schedule (`hours` in its `zone`) has it; free
    where they have none. `revision` is 0 where nothing is planned.
    """

    day: date
    source: Literal["shift", "absence", "schedule", "free"]
    zone: str
    hours: Hours = ()
    absence: str | None = None
    revision: int = 0
    changed_by: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    member: Member
    days: Sequence[Day]


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days from a Monday, in the workspace's zone, of each member by name."""

    zone: str
    first: date
    rows: Sequence[Row]


async def today(ws: Workspace) -> date:
    return days.of(await rollups.zone_of(ws), ws.clock.now())


async def week(ws: Workspace, of: date, *, member_id: str | None = None) -> Week:
    """The week of this day, of everybody who answers customers or of one member."""
    first = _monday(of)
    if member_id is None:
        shown = sorted(await roles.holding(ws, Permission.INBOX_REPLY), key=lambda member: member.name.casefold())
    else:
        shown = [await _member(ws, member_id)]
    ids = [member.id for member in shown]
    planned = {(s.member_id, s.day): s for s in await store.between(ws, ids, first, first + 6 * _DAY)}
    known = await agents.of(ws, ids)
    schedules = await kept_calendars.by_id(ws)
    zone = await rollups.zone_of(ws)

    def day_of(member: Member, day: date) -> Day:
        schedule = schedules.get(known[member.id].calendar_id or "")
        if (shift := planned.get((member.id, day))) is not None:
            return _planned(shift)
        if schedule is None:
            return Day(day=day, source="free", zone=zone)
        return Day(day=day, source="schedule", zone=schedule.zone, hours=calendars.hours_on(schedule, day))

    return Week(zone, first, [Row(member, [day_of(member, first + n * _DAY) for n in range(7)]) for member in shown])


async def plan(
    ws: Workspace,
    actor: Actor,
    member_id: str,
    day: date,
    *,
    hours: Hours = (),
    absence: str | None = None,
    revision: int | None = None,
) -> Day:
    """A shift with these hours or, where a reason is given, an absence. Raises NotFound, Invalid, ChangedMeanwhile."""
    member = await _member(ws, member_id)
    wanted = _checked(member, day, await rollups.zone_of(ws), hours, absence)
    async with live.announced(ws, "roster", member_id):
        kept = await _keep(ws, actor, member, wanted, revision)
        await _tell(ws, actor, "absence_planned" if absence else "shift_planned", member, _said(kept))
    return _planned(kept)


async def absent(ws: Workspace, actor: Actor, member_id: str, first: date, last: date, reason: str) -> int:
    """
    An absence on every day from `first` to `last`, in place of what was planned; how many days.

    Raises NotFound, Invalid.
    """
    count = (last - first).days + 1
    if not 0 < count <= MOST_ABSENT_DAYS:
        raise Invalid.field(
            "last", f"An absence ends on or after its first day and has at most {MOST_ABSENT_DAYS} days."
        )
    member, zone = await _member(ws, member_id), await rollups.zone_of(ws)
    async with live.announced(ws, "roster", member_id):
        for n in range(count):
            await _keep(ws, actor, member, _checked(member, first + n * _DAY, zone, (), reason), None)
        detail = {"day": str(first), "until": str(last), "absence": reason}
        await _tell(ws, actor, "absence_planned", member, detail)
    return count


async def clear(ws: Workspace, actor: Actor, member_id: str, day: date, *, revision: int | None = None) -> None:
    """Back to the weekly schedule. Raises NotFound, ChangedMeanwhile."""
    member = await _member(ws, member_id)
    async with live.announced(ws, "roster", member_id):
        before = await _seen(ws, member, day, revision)
        if before is None:
            raise NotFound("Nothing is planned for this day.")
        if not await store.delete(ws, before):
            raise Conflict("This day is being planned by others; try again.")
        await _tell(ws, actor, "cleared", member, _said(before))


async def move(
    ws: Workspace,
    actor: Actor,
    source: tuple[str, date],
    target: tuple[str, date],
    *,
    leave: bool = False,
    revision: int | None = None,
) -> Day:
    """
    What is planned for one member and day goes to another, whose day must be free of plans; with `leave` it also stays
    where it is. Killed half way, it stands in both places.

    Raises NotFound, Conflict, ChangedMeanwhile.
    """
    giver, taker = await _member(ws, source[0]), await _member(ws, target[0])
    async with live.announced(ws, "roster", taker.id):
        before = await _seen(ws, giver, source[1], revision)
        if before is None:
            raise NotFound("Nothing is planned for this day.")
        kept = replace(before, member_id=taker.id, day=target[1], revision=1, changed_by=actor.name)
        if not await store.insert(ws, kept):
            raise Conflict(f"Something is planned for {taker.name} on {target[1]} already. Take it away first.")
        if not leave and not await store.delete(ws, before):
            await store.delete(ws, kept)
            raise ChangedMeanwhile("A colleague has changed this day meanwhile. Look at it again first.")
        detail = {**_said(kept), "from_day": str(source[1]), "from_name": giver.name}
        await _tell(ws, actor, "shift_copied" if leave else "shift_moved", taker, detail)
    return _planned(kept)


async def copy_week(ws: Workspace, actor: Actor, source: date, target: date) -> tuple[int, int]:
    """
    The shifts of one week, without its absences, for another: how many were copied, and how many days stayed as they
    were because something was planned for them. Raises Invalid.
    """
    first, onto = _monday(source), _monday(target)
    if first == onto:
        raise Invalid.field("to", "Choose another week than the one that is copied.")
    members = {member.id: member for member in await roles.holding(ws, Permission.INBOX_REPLY)}
    found = await store.between(ws, list(members), first, first + 6 * _DAY)
    wanted = [
        replace(shift, day=shift.day + (onto - first), revision=1, changed_by=actor.name)
        for shift in found
        if shift.absence is None
    ]
    async with live.announced(ws, "roster", ws.id):
        copied = await store.insert_new(ws, wanted)
        detail = {"from": str(first), "to": str(onto), "copied": copied}
        await audit.record(ws, actor, "roster.week_copied", Target("workspace", ws.id, "Roster"), detail)
        await _announce(ws, ws.id)
    return copied, len(wanted) - copied


async def _keep(ws: Workspace, actor: Actor, member: Member, wanted: Shift, revision: int | None) -> Shift:
    """Raises ChangedMeanwhile, Conflict."""
    for _ in range(5):
        before = await _seen(ws, member, wanted.day, revision)
        kept = replace(wanted, revision=before.revision + 1 if before else 1, changed_by=actor.name)
        if await (store.replace(ws, kept) if before else store.insert(ws, kept)):
            return kept
    raise Conflict("This day is being planned by others; try again.")


async def _seen(ws: Workspace, member: Member, day: date, revision: int | None) -> Shift | None:
    """What is planned now, if it is still what the caller saw. Raises ChangedMeanwhile."""
    before = await store.get(ws, member.id, day)
    now = before.revision if before else 0
    if revision is not None and revision != now:
        who = before.changed_by if before else "A colleague"
        raise ChangedMeanwhile(
            f"{who} has changed what is planned for {member.name} on {day} meanwhile. Look at it again first.",
            Change("shift", name=before.changed_by if before else None),
        )
    return before


async def _member(ws: Workspace, member_id: str) -> Member:
    member = await member_rows.get_in(ws.runtime.mongo, ws.id, member_id)
    if member is None:
        raise NotFound("There is no such member.")
    return member


def _checked(member: Member, day: date, zone: str, hours: Hours, absence: str | None) -> Shift:
    reason = " ".join(absence.split()) if absence is not None else None
    if reason is not None:
        if hours:
            raise Invalid.field("hours", "Who is absent has no hours that day.")
        if not 0 < len(reason) <= 100:
            raise Invalid.field("absence", "Write a reason of at most 100 characters.")
    elif not hours:
        raise Invalid.field("hours", "Say from when until when, or why they are absent.")
    return Shift(
        member_id=member.id,
        day=day,
        zone=zone,
        hours=kept_calendars.checked_hours(hours, "hours"),
        absence=reason,
    )


def _planned(shift: Shift) -> Day:
    return Day(
        day=shift.day,
        source="shift" if shift.absence is None else "absence",
        zone=shift.zone,
        hours=shift.hours,
        absence=shift.absence,
        revision=shift.revision,
        changed_by=shift.changed_by,
    )


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _said(shift: Shift) -> dict[str, object]:
    hours = [f"{calendars.clock(span.start)} – {calendars.clock(span.end)}" for span in shift.hours]
    return {"day": str(shift.day), "hours": hours, "absence": shift.absence}


async def _tell(ws: Workspace, actor: Actor, done: str, member: Member, detail: Mapping[str, object]) -> None:
    await audit.record(ws, actor, f"roster.{done}", Target("member", member.id, member.name), detail)
    await _announce(ws, member.id)


async def _announce(ws: Workspace, ref: str) -> None:
    """Screens read the roster again, and routing looks at once."""
    await live.publish(ws, live.event("roster", {"id": ref}))
    await hints.give(ws.redis, waiting.HINT)
