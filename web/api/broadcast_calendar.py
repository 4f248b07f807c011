"""Broadcasts by day, and how many people get several in a week."""

from datetime import date, timedelta

from app.core import days
from app.core.clock import iso
from app.core.errors import Invalid
from app.core.permissions import Permission
from automations import broadcasts, calendar
from automations.calendar import Overlap, Send
from inbox.supervising import rollups
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Day, Out, Query, Time

MOST_DAYS = 42


class CalendarQuery(Query):
    """Days of the workspace's zone; at most six weeks."""

    first: Day
    last: Day


class CalendarSendOut(Out):
    """`people` null: nobody has counted yet."""

    broadcast_id: str
    name: str
    state: broadcasts.State
    at: Time
    people: int | None
    recurring: bool


class CalendarDayOut(Out):
    day: date
    sends: list[CalendarSendOut]


class CalendarPairOut(Out):
    one: str
    other: str
    people: int


class CalendarWeekOut(Out):
    """
    `several` people get more than one of the week's broadcasts, some of them `most`; `exact` False: estimated. `pairs`
    are the broadcasts that share most.
    """

    first: date
    several: int
    most: int
    exact: bool
    pairs: list[CalendarPairOut]


class BroadcastCalendarOut(Out):
    zone: str
    days: list[CalendarDayOut]
    weeks: list[CalendarWeekOut]


async def show(request: ApiRequest, query: CalendarQuery) -> BroadcastCalendarOut:
    ws = request.ws
    number = (query.last - query.first).days + 1
    if not 0 < number <= MOST_DAYS:
        raise Invalid.field("last", f"Ask for 1 to {MOST_DAYS} days.")
    zone = await rollups.zone_of(ws)
    # Whole weeks, from Monday on.
    first = query.first - timedelta(days=query.first.weekday())
    last = query.last + timedelta(days=6 - query.last.weekday())
    found = await calendar.sends(ws, days.begins(zone, first), days.begins(zone, last + timedelta(days=1)))
    by_day: dict[date, list[Send]] = {}
    for send in found:
        by_day.setdefault(days.of(zone, send.at), []).append(send)
    weeks: list[CalendarWeekOut] = []
    for at in range(0, (last - first).days, 7):
        monday = first + timedelta(days=at)
        week = [send for day, sends in by_day.items() if monday <= day < monday + timedelta(days=7) for send in sends]
        if len(week) > 1:
            weeks.append(_week(monday, await calendar.overlap(ws, week)))
    shown = [query.first + timedelta(days=at) for at in range(number)]
    return BroadcastCalendarOut(
        zone=zone,
        days=[CalendarDayOut(day=day, sends=[_send(each) for each in by_day.get(day, ())]) for day in shown],
        weeks=weeks,
    )


def _send(send: Send) -> CalendarSendOut:
    return CalendarSendOut(
        broadcast_id=send.broadcast.id,
        name=send.broadcast.plan.name,
        state=send.broadcast.state,
        at=iso(send.at) or "",
        people=send.people,
        recurring=send.broadcast.plan.schedule.recurring,
    )


def _week(first: date, found: Overlap) -> CalendarWeekOut:
    return CalendarWeekOut(
        first=first,
        several=found.several,
        most=found.most,
        exact=found.exact,
        pairs=[
            CalendarPairOut(one=pair.one.plan.name, other=pair.other.plan.name, people=pair.people)
            for pair in found.pairs
        ],
    )


ENDPOINTS = [
    Endpoint(
        "GET",
        "/broadcasts/calendar",
        show,
        Permission.BROADCASTS_READ,
        "What goes when, and how many people get several in a week",
        errors=(Invalid,),
    ),
]
