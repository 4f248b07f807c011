"""The roster: dated shifts and absences, a week at a time."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from app.core.errors import Conflict, Invalid, NotFound
from app.core.permissions import Permission
from inbox.routing import calendars, roster
from web.api.calendars import SpanIn, SpanOut, read_spans, show_spans
from web.api.endpoint import Access, ApiRequest, Endpoint
from web.api.models import Body, Day, Out, Query

Revision = Annotated[int | None, Field(ge=0, le=2**53)]
Id = Annotated[str, Field(min_length=1, max_length=100)]
_DAY: TypeAdapter[date] = TypeAdapter(Day)
DayIn = Annotated[Day, Field(strict=False)]


class WeekQuery(Query):
    """Any day of the week; this week without one."""

    day: Day | None = None


class PlanDay(Body):
    """
    The hours of a shift, in the workspace's zone, or why they are absent. `revision` is that of what was seen: 0 if
    nothing was planned.
    """

    hours: Annotated[list[SpanIn], Field(max_length=calendars.MOST_SPANS_A_DAY)] = Field(default=[])
    absence: Annotated[str | None, Field(max_length=100)] = None
    revision: Revision = None


class SeenQuery(Query):
    revision: Revision = None


class MoveShift(Body):
    """From a member's day to another's (or their own) that is free of plans; `leave` copies."""

    from_member_id: Id
    from_day: DayIn
    to_member_id: Id
    to_day: DayIn
    leave: bool = False
    revision: Revision = None


class CopyWeek(Body):
    """Any day of each week."""

    from_day: DayIn
    to_day: DayIn


class PlanAbsence(Body):
    member_id: Id
    first: DayIn
    last: DayIn
    reason: Annotated[str, Field(min_length=1, max_length=100)]


class RosterDay(Out):
    """
    `hours` of a shift or of the weekly schedule, in `zone`; none: not there. `free`: neither is set, so the day has no
    bounds. `revision` is 0 where nothing is planned.
    """

    day: str
    source: Literal["shift", "absence", "schedule", "free"]
    hours: list[SpanOut]
    zone: str
    absence: str | None
    revision: int
    changed_by: str


class RosterRow(Out):
    member_id: str
    name: str
    days: list[RosterDay]


class RosterWeek(Out):
    """Seven days from the Monday `first`, in the workspace's zone, in which `today` is today."""

    zone: str
    first: str
    today: str
    items: list[RosterRow]
    next_cursor: str | None = None


class WeekCopied(Out):
    """`kept` days stayed as they were: something was planned for them."""

    copied: int
    kept: int


class AbsencePlanned(Out):
    days: int


def _shown(day: roster.Day) -> RosterDay:
    return RosterDay(
        day=day.day.isoformat(),
        source=day.source,
        hours=show_spans(day.hours),
        zone=day.zone,
        absence=day.absence,
        revision=day.revision,
        changed_by=day.changed_by,
    )


async def _week(request: ApiRequest, day: date | None, member_id: str | None) -> RosterWeek:
    today = await roster.today(request.ws)
    week = await roster.week(request.ws, day or today, member_id=member_id)
    return RosterWeek(
        zone=week.zone,
        first=week.first.isoformat(),
        today=today.isoformat(),
        items=[
            RosterRow(member_id=row.member.id, name=row.member.name, days=[_shown(day) for day in row.days])
            for row in week.rows
        ],
    )


async def week(request: ApiRequest, query: WeekQuery) -> RosterWeek:
    return await _week(request, query.day, None)


async def own_week(request: ApiRequest, query: WeekQuery) -> RosterWeek:
    return await _week(request, query.day, request.actor.member_id)


def _date(text: str) -> date:
    try:
        return _DAY.validate_python(text)
    except ValidationError:
        raise Invalid.field("day", "Write the day as 2026-12-24.") from None


async def plan(request: ApiRequest, member_id: str, day: str, body: PlanDay) -> RosterDay:
    planned = await roster.plan(
        request.ws,
        request.actor,
        member_id,
        _date(day),
        hours=read_spans(body.hours),
        absence=body.absence,
        revision=body.revision,
    )
    return _shown(planned)


async def clear(request: ApiRequest, member_id: str, day: str, query: SeenQuery) -> None:
    await roster.clear(request.ws, request.actor, member_id, _date(day), revision=query.revision)


async def move(request: ApiRequest, body: MoveShift) -> RosterDay:
    source, target = (body.from_member_id, body.from_day), (body.to_member_id, body.to_day)
    moved = await roster.move(request.ws, request.actor, source, target, leave=body.leave, revision=body.revision)
    return _shown(moved)


async def copy_week(request: ApiRequest, body: CopyWeek) -> WeekCopied:
    copied, kept = await roster.copy_week(request.ws, request.actor, body.from_day, body.to_day)
    return WeekCopied(copied=copied, kept=kept)


async def absent(request: ApiRequest, body: PlanAbsence) -> AbsencePlanned:
    days = await roster.absent(request.ws, request.actor, body.member_id, body.first, body.last, body.reason)
    return AbsencePlanned(days=days)


ENDPOINTS = [
    Endpoint("GET", "/roster", week, Permission.INBOX_MANAGE, "Everybody's shifts of a week", errors=(Invalid,)),
    Endpoint("GET", "/me/roster", own_week, Access.MEMBER, "One's own shifts of a week", errors=(Invalid,)),
    Endpoint(
        "PUT",
        "/roster/{member_id}/{day}",
        plan,
        Permission.INBOX_MANAGE,
        "Plan a member's day: a shift or an absence",
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint(
        "DELETE",
        "/roster/{member_id}/{day}",
        clear,
        Permission.INBOX_MANAGE,
        "Take a shift or absence off the roster",
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint(
        "POST",
        "/roster/move",
        move,
        Permission.INBOX_MANAGE,
        "Move or copy a shift to another day or colleague",
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint(
        "POST",
        "/roster/copy-week",
        copy_week,
        Permission.INBOX_MANAGE,
        "Copy the shifts of one week to another",
        errors=(Invalid,),
    ),
    Endpoint(
        "POST",
        "/roster/absences",
        absent,
        Permission.INBOX_MANAGE,
        "Plan an absence of several days",
        errors=(NotFound, Invalid),
    ),
]
