"""Business calendars: what must hold in every time zone and over every clock change, and holidays from files."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.core import holidays
from app.core.calendars import (
    ALWAYS,
    WHOLE_DAY,
    Calendar,
    Hours,
    Span,
    SpecialDay,
    add_open_time,
    closed_since,
    closes_at,
    hours_on,
    next_open,
    open_at,
    open_seconds_between,
)

ZONES = [
    "UTC",
    "Europe/Paris",
    "America/New_York",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "America/Havana",  # changes its clocks at midnight
    "Australia/Lord_Howe",  # by half an hour
    "Pacific/Apia",  # left out a whole day in 2011
]
OFFICE = (Span(9 * 60, 17 * 60),)


@st.composite
def day_hours(draw: st.DrawFn) -> Hours:
    """Up to three spans, the last of which may reach over midnight."""
    edges = sorted(draw(st.lists(st.integers(0, 1439), unique=True, max_size=6)))
    spans = [Span(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    if spans and draw(st.booleans()):
        last = spans.pop()
        spans.append(Span(last.start, draw(st.integers(last.start + 1, last.start + 1440))))
    return tuple(spans)


@st.composite
def any_calendar(draw: st.DrawFn) -> Calendar:
    week = draw(st.lists(day_hours(), min_size=7, max_size=7))
    days = draw(st.dictionaries(st.dates(date(2026, 1, 1), date(2026, 12, 31)), day_hours(), max_size=5))
    return Calendar(
        id="cal_1",
        name="Any",
        zone=draw(st.sampled_from(ZONES)),
        week=tuple(week),
        country=draw(st.sampled_from([None, "FR", "GH"])),
        special=tuple(SpecialDay(day, "Day", hours) for day, hours in sorted(days.items())),
    )


moments = st.one_of(
    st.datetimes(datetime(2025, 12, 1), datetime(2027, 2, 1), timezones=st.just(UTC)),
    # Around clock changes: Paris, New York, Havana, Lord Howe, and the day that Samoa left out.
    *(
        st.integers(-6 * 3600, 30 * 3600).map(lambda s, at=at: at + timedelta(seconds=s))
        for at in (
            datetime(2026, 3, 29, tzinfo=UTC),
            datetime(2026, 10, 25, tzinfo=UTC),
            datetime(2026, 11, 1, tzinfo=UTC),
            datetime(2026, 3, 8, tzinfo=UTC),
            datetime(2026, 4, 4, 12, tzinfo=UTC),
            datetime(2011, 12, 30, tzinfo=UTC),
        )
    ),
)
amounts = st.integers(0, 60 * 3600)


@given(any_calendar(), moments, amounts)
@settings(max_examples=80)
@example(Calendar(id="", name="", zone="Europe/Paris", week=(WHOLE_DAY,) * 7), datetime(2026, 3, 28, 22, tzinfo=UTC), 9)
def test_time_added_is_time_measured(calendar: Calendar, at: datetime, seconds: int) -> None:
    due = add_open_time(calendar, at, seconds)
    if due is None:
        assert next_open(calendar, at) is None or seconds > 0
        return
    assert due >= at
    assert open_seconds_between(calendar, at, due) == seconds
    if seconds:
        # Not a moment later than it must be.
        assert open_at(calendar, due - timedelta(seconds=1))


@given(any_calendar(), moments, amounts, amounts)
@settings(max_examples=60)
def test_adding_more_never_ends_earlier_and_adds_up(calendar: Calendar, at: datetime, one: int, more: int) -> None:
    first, both = add_open_time(calendar, at, one), add_open_time(calendar, at, one + more)
    if first is None or both is None:
        assert both is None
        return
    assert first <= both
    assert add_open_time(calendar, first, more) == both


@given(any_calendar(), moments, st.integers(0, 20 * 86400), st.integers(0, 20 * 86400))
@settings(max_examples=60)
def test_stretches_add_up_and_closed_time_adds_nothing(calendar: Calendar, at: datetime, one: int, two: int) -> None:
    middle, end = at + timedelta(seconds=one), at + timedelta(seconds=one + two)
    whole = open_seconds_between(calendar, at, end)
    assert whole == open_seconds_between(calendar, at, middle) + open_seconds_between(calendar, middle, end)
    assert 0 <= whole <= one + two
    opens = next_open(calendar, at)
    if opens is None or opens >= end:
        assert whole == 0
    else:
        assert open_at(calendar, opens)
        assert open_seconds_between(calendar, at, opens) == 0


@given(any_calendar(), moments)
@settings(max_examples=80)
def test_open_is_what_the_clock_on_the_wall_says(calendar: Calendar, at: datetime) -> None:
    """But for the hours around a change of the clocks, where only instants tell."""
    zone = ZoneInfo(calendar.zone)
    offsets = {(at + timedelta(hours=h)).astimezone(zone).utcoffset() for h in range(-48, 49, 3)}
    is_open = open_at(calendar, at)
    if len(offsets) == 1:
        wall = at.astimezone(zone)
        minute = wall.hour * 60 + wall.minute
        today, before = hours_on(calendar, wall.date()), hours_on(calendar, wall.date() - timedelta(days=1))
        expected = any(s.start <= minute < s.end for s in today) or any(minute + 1440 < s.end for s in before)
        assert is_open == expected
    if is_open:
        closes = closes_at(calendar, at)
        assert closed_since(calendar, at) is None
        assert closes is None or (closes > at and not open_at(calendar, closes))
    else:
        since = closed_since(calendar, at)
        assert since is not None
        assert since <= at
        assert open_seconds_between(calendar, since, at) == 0


def test_a_night_shift_is_an_hour_shorter_when_the_clocks_go_forward() -> None:
    nights = Calendar(id="", name="", zone="Europe/Paris", week=((Span(22 * 60, 30 * 60),),) * 7)
    saturday = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert open_seconds_between(nights, saturday, saturday + timedelta(days=1)) == 7 * 3600
    autumn = datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert open_seconds_between(nights, autumn, autumn + timedelta(days=1)) == 9 * 3600


def test_public_holidays_close_unless_they_are_worked() -> None:
    bastille, noon = date(2026, 7, 14), datetime(2026, 7, 14, 10, tzinfo=UTC)
    french = {"id": "", "name": "", "zone": "Europe/Paris", "week": (OFFICE,) * 7, "country": "FR"}
    assert not open_at(Calendar(**french), noon)
    assert open_at(Calendar(**french, worked=frozenset({bastille})), noon)
    short = SpecialDay(bastille, "Half a day", (Span(9 * 60, 11 * 60),))
    assert not open_at(Calendar(**french, special=(short,)), noon)
    assert closed_since(Calendar(**french, special=(short,)), noon) == datetime(2026, 7, 14, 9, tzinfo=UTC)


def test_a_calendar_without_hours_never_opens_and_one_without_end_never_closes() -> None:
    at = datetime(2026, 6, 1, tzinfo=UTC)
    never = Calendar(id="", name="", zone="UTC", week=((),) * 7)
    assert next_open(never, at) is None
    assert add_open_time(never, at, 1) is None
    assert closes_at(ALWAYS, at) is None
    assert add_open_time(ALWAYS, at, 90) == at + timedelta(seconds=90)


ICS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//EN
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20200306
RRULE:FREQ=YEARLY;UNTIL=20280101T000000Z
SUMMARY:Independence Day
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART;VALUE=DATE:20261224
DTEND;VALUE=DATE:20261227
SUMMARY:Between the years
END:VEVENT
BEGIN:VEVENT
UID:3
DTSTART:20261124T100000Z
SUMMARY:A meeting
END:VEVENT
END:VCALENDAR
"""


def test_a_calendar_file_gives_its_whole_days() -> None:
    read = holidays.read_ics(ICS.replace("\n", "\r\n"), today=date(2026, 11, 22))
    assert read.passed_over == 1
    assert [day for day, name in read.days.items() if name == "Independence Day"] == [
        date(year, 3, 6) for year in (2025, 2026, 2027)
    ]
    assert [day.day for day, name in read.days.items() if name == "Between the years"] == [24, 25, 26]


@pytest.mark.parametrize("text", ["", "hello", "BEGIN:VCALENDAR\r\n", "BEGIN:VEVENT\r\nEND:VEVENT", "\x00"])
def test_what_is_no_calendar_file_is_refused(text: str) -> None:
    with pytest.raises(holidays.UnreadableCalendar):
        holidays.read_ics(text, today=date(2026, 1, 1))
