"""
Business calendars: when a team is there, as pure functions over a time zone, weekly hours and holidays.

A span belongs to the local day on which it begins and may reach over midnight. Local times become instants once, in
`instant`, and only there does daylight saving matter: a time that a clock change skips is the moment of the change,
and one that comes twice is the first of the two. So the hours of a day tile it exactly, whatever the clocks do, and
all measuring is of real seconds:

    open_seconds_between(cal, at, add_open_time(cal, at, seconds)) == seconds
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from app.core import holidays

MINUTES_A_DAY: Final = 24 * 60
# A calendar that is closed for longer than this is closed for good.
MOST_DAYS: Final = 1100
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Minutes after the midnight that begins the day; `end` may be in the next day, at most 24 hours later."""

    start: int
    end: int


# A day's spans, in order, none reaching into the next.
Hours = tuple[Span, ...]
WHOLE_DAY: Final[Hours] = (Span(0, MINUTES_A_DAY),)


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day that is not like the others of its weekday: closed, or with hours of its own."""

    day: date
    name: str
    hours: Hours = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """
    `week` begins with Monday. `country` (and `region`) close its public holidays, but for the dates in `worked`;
    `special` days come before both.
    """

    id: str
    name: str
    zone: str
    week: tuple[Hours, ...]
    country: str | None = None
    region: str | None = None
    worked: frozenset[date] = frozenset()
    special: tuple[SpecialDay, ...] = ()


ALWAYS: Final = Calendar(id="", name="Always open", zone="UTC", week=(WHOLE_DAY,) * 7)


def clock(minute: int) -> str:
    """What clocks show so many minutes after a midnight; `24:00` at the end of the day."""
    within = minute if minute <= MINUTES_A_DAY else minute - MINUTES_A_DAY
    return f"{within // 60:02}:{within % 60:02}"


def hours_on(calendar: Calendar, day: date) -> Hours:
    """The spans that begin on this local day."""
    for special in calendar.special:
        if special.day == day:
            return special.hours
    if holiday_on(calendar, day) is not None and day not in calendar.worked:
        return ()
    return calendar.week[day.weekday()]


def holiday_on(calendar: Calendar, day: date) -> str | None:
    """The public holiday of this day, whether it is worked or not."""
    if calendar.country is None:
        return None
    return holidays.of_year(calendar.country, calendar.region, day.year).get(day)


def open_at(calendar: Calendar, at: datetime) -> bool:
    return bool(begun_at(calendar, at))


def begun_at(calendar: Calendar, at: datetime) -> list[datetime]:
    """When the spans that hold `at` began: none if it is closed, two where a night reaches into the hours of a day."""
    return [start for start, end in _around(calendar, at) if start <= at < end]


def next_open(calendar: Calendar, at: datetime) -> datetime | None:
    """The earliest moment from `at` on that is open; None if it does not open any more."""
    for start, end in _stretches(calendar, at):
        if end > at:
            return max(start, at)
    return None


def closes_at(calendar: Calendar, at: datetime) -> datetime | None:
    """When the open time that `at` is in ends; None if it is closed at `at`, or never closes."""
    until: datetime | None = None
    for start, end in _stretches(calendar, at):
        if end <= at:
            continue
        if start > (until or at):
            return until
        until = end
    return None


def closed_since(calendar: Calendar, at: datetime) -> datetime | None:
    """
    When the closed time that `at` is in began, which names that closed period; None if it is open at `at`.

    A calendar that has not been open for two months is closed since then.
    """
    if open_at(calendar, at):
        return None
    first = _local_day(calendar, at)
    for back in range(62):
        day = first - back * _DAY
        if any(end <= at for _, end in _of_day(calendar, day)):
            # The day before may have gone on for longer.
            return max(end for each in (day, day - _DAY) for _, end in _of_day(calendar, each) if end <= at)
    return instant(calendar.zone, first.replace(day=1), 0)


def add_open_time(calendar: Calendar, at: datetime, seconds: float) -> datetime | None:
    """
    The earliest moment at which that much open time has gone by since `at`.

    None if the calendar does not open that long within three years.
    """
    left = timedelta(seconds=max(0.0, seconds))
    if not left:
        return at
    for start, end in _stretches(calendar, at):
        begin = max(start, at)
        if end <= begin:
            continue
        if end - begin >= left:
            return begin + left
        left -= end - begin
    return None


def open_seconds_between(calendar: Calendar, start: datetime, end: datetime) -> float:
    """How much of the time from `start` to `end` is open; 0 if `end` is not after `start`."""
    total = timedelta()
    if end <= start:
        return 0.0
    for opens, closes in _stretches(calendar, start):
        if opens >= end:
            break
        total += max(min(closes, end) - max(opens, start), timedelta())
    return total.total_seconds()


# --- from local days to instants ----------------------------------------------------------------------------------


def _stretches(calendar: Calendar, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """
    Open time as instants, in order and without overlaps, from shortly before `at` on.

    Days are whole: a stretch that goes on into the next day comes as two.
    """
    reached: datetime | None = None
    first = _local_day(calendar, at) - _DAY
    for ahead in range(MOST_DAYS):
        for start, end in _of_day(calendar, first + ahead * _DAY):
            begin = start if reached is None else max(start, reached)
            if begin < end:
                yield begin, end
                reached = end


def _around(calendar: Calendar, at: datetime) -> list[tuple[datetime, datetime]]:
    """The stretches that may hold `at`: of its local day and of the day before, which may reach over midnight."""
    day = _local_day(calendar, at)
    return [*_of_day(calendar, day - _DAY), *_of_day(calendar, day)]


def _of_day(calendar: Calendar, day: date) -> list[tuple[datetime, datetime]]:
    return [
        (instant(calendar.zone, day, span.start), instant(calendar.zone, day, span.end))
        for span in hours_on(calendar, day)
    ]


def _local_day(calendar: Calendar, at: datetime) -> date:
    return at.astimezone(ZoneInfo(calendar.zone)).date()


@lru_cache(maxsize=4096)
def instant(zone: str, day: date, minute: int) -> datetime:
    """When the clocks of this zone show this time for the first time, or jump over it."""
    tz = ZoneInfo(zone)
    wall = datetime.combine(day, time()) + timedelta(minutes=minute)
    found = wall.replace(tzinfo=tz).astimezone(UTC)
    if found.astimezone(tz).replace(tzinfo=None) == wall:
        return found
    # The clocks never show it: the moment of the jump lies between the two readings of `wall`.
    low, high = int(wall.replace(tzinfo=tz, fold=1).timestamp()), int(found.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, tz).replace(tzinfo=None) < wall:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)
