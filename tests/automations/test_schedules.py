"""When broadcasts go: on wall clocks, whatever the zones and their summer time do."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations import habits, plans, schedules
from automations.plans import Relative, Schedule

ZONES = ("Africa/Accra", "America/New_York", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))
RULES = ("FREQ=DAILY", "FREQ=WEEKLY;BYDAY=TU,FR", "FREQ=MONTHLY;BYMONTHDAY=1", "FREQ=MONTHLY;BYDAY=-1MO", "FREQ=YEARLY")


@given(after=MOMENTS, zone=st.sampled_from(ZONES), rule=st.sampled_from(RULES))
def test_the_next_one_comes_later_at_the_same_time_of_the_day(after: datetime, zone: str, rule: str) -> None:
    schedule = Schedule(kind="at", wall="2026-01-05T09:00", zone=zone, repeat=rule)
    found = schedules.following(schedule, after)
    assert found is not None
    assert found > after
    assert found.astimezone(ZoneInfo(zone)).strftime("%H:%M") == "09:00"
    # Asked a moment before it, it is the same one: none is left out, none comes twice.
    assert schedules.following(schedule, found - timedelta(milliseconds=1)) == found
    following = schedules.following(schedule, found)
    assert following is not None
    assert following > found


@given(year=st.integers(2026, 2036), zone=st.sampled_from(ZONES))
def test_local_time_begins_before_anybodys_clock_shows_it(year: int, zone: str) -> None:
    schedule = Schedule(kind="local", wall=f"{year}-03-29T02:30", zone="UTC")
    begins = schedules.first(schedule, datetime(2026, 1, 1, tzinfo=UTC))
    assert begins is not None
    wall = datetime(year, 3, 29, 2, 30)
    assert begins <= schedules.instant(wall, zone)


def test_one_with_an_end_ends_and_one_at_once_has_no_time() -> None:
    schedule = Schedule(kind="at", wall="2026-12-01T09:00", zone="UTC", repeat="FREQ=DAILY;COUNT=2")
    assert schedules.first(schedule, datetime(2026, 12, 1, 9, 30, tzinfo=UTC)) == datetime(2026, 12, 2, 9, tzinfo=UTC)
    assert schedules.first(schedule, datetime(2026, 12, 2, 9, 30, tzinfo=UTC)) is None
    assert schedules.first(Schedule(), datetime(2026, 12, 2, tzinfo=UTC)) is None


def test_an_end_in_utc_is_what_clocks_show_then() -> None:
    """Calendars write the end of a rule in UTC."""
    schedule = Schedule(
        kind="at", wall="2026-12-01T09:00", zone="Asia/Tokyo", repeat="FREQ=DAILY;UNTIL=20261203T000000Z"
    )
    assert plans.of_schedule(schedule) == []
    second = schedules.first(schedule, datetime(2026, 12, 1, 12, tzinfo=UTC))
    assert second == datetime(2026, 12, 2, tzinfo=UTC)
    assert schedules.following(schedule, second) == datetime(2026, 12, 3, tzinfo=UTC)
    assert schedules.following(schedule, datetime(2026, 12, 3, tzinfo=UTC)) is None


@pytest.mark.parametrize("every", ["0", "-1", "00", "99999999999", "x", "", "0;COUNT=3"])
def test_a_rule_that_never_comes_on_is_none(every: str) -> None:
    schedule = Schedule(kind="at", wall="2026-12-01T09:00", repeat=f"FREQ=DAILY;INTERVAL={every}")
    assert [each.field for each in plans.of_schedule(schedule)] == ["schedule.repeat"]


@pytest.mark.parametrize(
    "repeat",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=3",
        "FREQ=WEEKLY;BYMONTH=4;BYMONTHDAY=31;UNTIL=99991231T000000Z",
        # Every seventh day from a Tuesday on is a Tuesday.
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
    ],
)
def test_a_rule_that_no_day_fits_is_none(repeat: str) -> None:
    schedule = Schedule(kind="at", wall="2026-12-01T09:00", repeat=repeat)
    assert [each.field for each in plans.of_schedule(schedule)] == ["schedule.repeat"]
    # As it is kept from before rules were looked at.
    assert schedules.following(schedule, datetime(2026, 12, 1, tzinfo=UTC)) is None


def test_a_date_of_ones_own_every_year_or_once() -> None:
    born = datetime(2000, 2, 29, tzinfo=UTC)
    yearly, once = Relative(field="birthday"), Relative(field="renewal", days=-7, yearly=False)
    assert schedules.is_day(yearly, born, date(2028, 2, 29))
    assert schedules.is_day(yearly, born, date(2027, 3, 1))
    assert not schedules.is_day(yearly, born, date(2028, 3, 1))
    assert schedules.is_day(once, datetime(2026, 12, 8, tzinfo=UTC), date(2026, 12, 1))
    assert not schedules.is_day(once, datetime(2025, 12, 8, tzinfo=UTC), date(2026, 12, 1))
    assert not schedules.is_day(yearly, None, date(2026, 12, 1))


@given(hours=st.lists(st.integers(0, 23), max_size=40), usual=st.integers(0, 23))
def test_an_hour_of_ones_own_is_one_at_which_one_was_there(hours: list[int], usual: int) -> None:
    found = schedules.best_hour(hours, usual)
    if len(hours) < 3:
        assert found == usual
    else:
        near = {(hour + off) % 24 for hour in hours for off in (-1, 0, 1)}
        assert found in near


def test_their_hour_is_what_their_clock_shows_when_clocks_are_put_forward() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    schedule = Schedule(kind="best", wall="2026-03-28T20:00", zone="Europe/Berlin")
    there = {"con_1": [datetime(2026, 3, day, 9, 30, tzinfo=berlin).astimezone(UTC) for day in (1, 2, 3)]}
    assert habits.due(schedule, there, "con_1", "Europe/Berlin") == datetime(2026, 3, 29, 9, 0, tzinfo=berlin)


@pytest.mark.parametrize(
    ("language", "expected"),
    [("pt-BR", "pt-BR"), ("pt", "pt-BR"), ("pt_PT", "pt-BR"), ("fr-CA", "fr"), ("de", None), (None, None)],
)
def test_words_are_chosen_by_language(language: str | None, expected: str | None) -> None:
    content = {"type": "text", "text": "x"}
    said = [plans.Wording.model_validate({"language": each, "content": content}) for each in (None, "pt-BR", "fr")]
    found = plans.wording_for(said, language)
    assert found is not None
    assert found.language == expected


def test_what_is_missing_is_named_at_its_field() -> None:
    plan = plans.Plan(name="Sale", schedule=Schedule(kind="at", zone="Mars/Olympus", repeat="FREQ=HOURLY"))
    fields = [each.field for each in plans.problems(plan)]
    assert fields == [
        *("account_id", "audience", "variants.0.wordings", "schedule.wall", "schedule.zone", "schedule.repeat"),
    ]


def test_every_leap_day_is_a_day_to_come() -> None:
    yearly = Schedule(kind="at", wall="2028-02-29T09:00", zone="UTC", repeat="FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29")
    assert schedules.following(yearly, datetime(2028, 3, 1, tzinfo=UTC)) == datetime(2032, 2, 29, 9, tzinfo=UTC)
    assert schedules.following(yearly, datetime(2096, 3, 1, tzinfo=UTC)) == datetime(2104, 2, 29, 9, tzinfo=UTC)
