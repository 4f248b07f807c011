"""When marketing may reach people: any zone, any change of clocks; and how often."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core import holidays
from app.core.addresses import Address
from crm import pacing
from crm.pacing import Cap, Claim, Open, QuietHours, Sent

ZONES = ("UTC", "America/New_York", "Europe/Paris", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Gaza")
COUNTRIES = (None, "US", "FR", "ZA", "GH")
QUARTER = timedelta(minutes=15)

minutes = st.integers(0, 96).map(lambda quarter: quarter * 15)
opens = st.tuples(minutes, minutes).map(lambda pair: Open(start=min(pair), end=max(pair)))
weeks = st.lists(opens, min_size=7, max_size=7).map(tuple)
# Around changes of the clocks as well as anywhere.
moments = st.one_of(
    st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)),
    st.sampled_from(
        [datetime(2026, 3, 8), datetime(2026, 11, 1), datetime(2026, 3, 29), datetime(2026, 10, 25)]
    ).flatmap(lambda day: st.integers(0, 2 * 96).map(lambda quarter: day + quarter * QUARTER)),
).map(lambda at: at.replace(tzinfo=UTC))


def allowed(quiet: QuietHours, country: str | None, zones: tuple[str, ...], at: datetime) -> bool:
    """By the clocks on the wall, said as simply as can be."""
    preset = pacing.PRESETS.get(country or "") if quiet.presets else None
    for zone in zones:
        local = at.astimezone(ZoneInfo(zone))
        hours = [quiet.week[local.weekday()], *([preset.week[local.weekday()]] if preset else [])]
        minute = local.hour * 60 + local.minute
        if not all(each.start <= minute < each.end for each in hours):
            return False
        if preset and preset.holidays and country and local.date() in holidays.of_year(country, None, local.year):
            return False
    return True


@settings(max_examples=60)
@given(
    week=weeks,
    country=st.sampled_from(COUNTRIES),
    zones=st.lists(st.sampled_from(ZONES), min_size=1, max_size=2, unique=True).map(tuple),
    at=moments,
)
def test_it_opens_when_all_clocks_allow_it_and_not_later(
    week: tuple[Open, ...], country: str | None, zones: tuple[str, ...], at: datetime
) -> None:
    quiet = QuietHours(week=week)
    found = pacing.opening(quiet, country, zones, at)
    ticks = [at, *(at.replace(minute=0, second=0, microsecond=0) + n * QUARTER for n in range(1, 4 * 24 * 8))]
    first = next((tick for tick in ticks if tick >= at and allowed(quiet, country, zones, tick)), None)
    if found is None:
        assert first is None
    elif first is None:
        assert found > ticks[-1]
    else:
        # A time that comes twice is the first of the two, and a span never begins twice in one day: so what opens
        # may do so up to the clocks' change later than their faces would have it, never at an hour that is not theirs.
        assert first <= found <= first + timedelta(hours=1)
    if found is not None:
        assert allowed(quiet, country, zones, found)
        later = pacing.spread(quiet, country, zones, found, f"{at}")
        assert allowed(quiet, country, zones, later)
        assert found <= later <= found + timedelta(minutes=quiet.spread_minutes)


@pytest.mark.parametrize(
    ("number", "zone", "country", "at", "opens_at"),
    [
        # Nine in New York; the same moment is six in Los Angeles, and a number says only so much.
        ("+12125550123", None, "US", "2026-03-02T14:00Z", "2026-03-02T14:00Z"),
        ("+12135550123", None, "US", "2026-03-02T14:00Z", "2026-03-02T17:00Z"),
        # Sunday before noon, and the day the clocks go forward.
        ("+12125550123", None, "US", "2026-03-08T13:30Z", "2026-03-08T16:00Z"),
        # A New York number that lives in Los Angeles: both clocks.
        ("+12125550123", "America/Los_Angeles", "US", "2026-03-02T14:00Z", "2026-03-02T17:00Z"),
        # Saturday night in France: Monday; but Monday is Easter Monday.
        ("+33639980101", None, "FR", "2026-04-04T19:30Z", "2026-04-07T06:00Z"),
        ("+27831234567", None, "ZA", "2026-06-06T11:30Z", "2026-06-08T06:00Z"),
        ("+233241234567", None, "GH", "2026-06-07T20:00Z", "2026-06-08T09:00Z"),
    ],
)
def test_hours_of_countries(number: str, zone: str | None, country: str, at: str, opens_at: str) -> None:
    when = datetime.fromisoformat(at)
    quiet = QuietHours(week=(Open(start=0, end=1440),) * 7) if country in ("FR", "ZA") else QuietHours()
    known, zones = pacing.where(Address("sms", number), zone, "UTC", when)
    assert known == country
    assert pacing.opening(quiet, known, zones, when) == datetime.fromisoformat(opens_at)


def test_without_a_number_the_zone_that_is_known_or_settled() -> None:
    bot = Address("telegram", "1001")
    now = datetime(2026, 3, 2, tzinfo=UTC)
    assert pacing.where(bot, None, "Africa/Accra", now) == (None, ("Africa/Accra",))
    assert pacing.where(bot, "Asia/Tokyo", "Africa/Accra", now) == (None, ("Asia/Tokyo",))


def test_caps_count_the_persons_days_or_hours_back() -> None:
    now = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)  # one in the morning in New York
    sent = [Sent("a", now - timedelta(hours=2), "sms"), Sent("b", now - timedelta(hours=30), "whatsapp")]
    assert pacing.capped([Cap(most=1)], sent, "sms", "America/New_York", now) is None
    assert pacing.capped([Cap(most=1)], sent, "sms", "UTC", now) is not None
    assert pacing.capped([Cap(most=1, rolling=True)], sent, "sms", "America/New_York", now) is not None
    assert pacing.capped([Cap(most=2, days=2, rolling=True)], sent, "sms", "UTC", now) is not None
    assert pacing.capped([Cap(most=2, days=2, rolling=True, channel="sms")], sent, "sms", "UTC", now) is None
    assert pacing.capped([Cap(most=1, days=9, channel="telegram")], sent, "sms", "UTC", now) is None
    said = pacing.capped([Cap(most=1, days=3, channel="sms")], sent, "sms", "UTC", now)
    assert said == "They have had 1 marketing messages on sms; at most 1 in 3 days may reach a person."


WORTH = st.lists(st.tuples(st.integers(0, 100), st.integers(0, 20)), min_size=1, max_size=8)


@given(worth=WORTH, most=st.integers(1, 4), days=st.integers(1, 3))
def test_the_most_valuable_go_whatever_comes_first(worth: list[tuple[int, int]], most: int, days: int) -> None:
    """
    Messages of one person with what each is worth and the hour at which it is asked for, all settled from the start:
    no more go than a cap allows, and nothing goes while something worth more is left behind for it.
    """
    caps = [Cap(most=most, days=days, rolling=True)]
    now = datetime(2026, 3, 2, tzinfo=UTC)
    each = [(str(n), priority, now + timedelta(hours=hour)) for n, (priority, hour) in enumerate(worth)]
    sent: list[Sent] = []
    went: list[int] = []
    kept_back: list[int] = []
    open_yet = dict.fromkeys(name for name, _, _ in each)
    for name, priority, at in sorted(each, key=lambda one: one[2]):
        del open_yet[name]
        ahead = [Claim(n, p, when, "sms") for n, p, when in each if n in open_yet and p > priority]
        full = pacing.capped(caps, sent, "sms", "UTC", at)
        if full is None and pacing.outranked(caps, sent, ahead, "sms", "UTC", at) is None:
            sent.append(Sent(name, at, "sms"))
            went.append(priority)
        else:
            kept_back.append(priority)
    assert len(went) == min(most, len(each))
    # All lie within the shortest period, so those that went are the most valuable ones.
    assert sorted(went, reverse=True) == sorted((p for _, p, _ in each), reverse=True)[:most]
    assert not kept_back or max(kept_back) <= min(went)


def test_what_has_precedence_is_named_and_only_within_the_cap() -> None:
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    cap = [Cap(most=1, days=1)]
    tonight = Claim("Recall of toasters", 90, now + timedelta(hours=9), "sms")
    said = pacing.outranked(cap, [], [tonight], "sms", "UTC", now)
    assert said is not None
    assert "“Recall of toasters” has precedence (priority 90)" in said
    assert "at most 1 a day" in said
    # Tomorrow's has a day of its own; on another channel the cap of this one is not asked.
    assert pacing.outranked(cap, [], [Claim("X", 90, now + timedelta(days=1), "sms")], "sms", "UTC", now) is None
    by_channel = [Cap(most=1, days=1, channel="sms")]
    assert pacing.outranked(by_channel, [], [Claim("X", 90, tonight.at, "telegram")], "sms", "UTC", now) is None
    # One that will not go itself takes nobody's room.
    had = [Sent("a", now - timedelta(hours=20), "sms")]
    two = [Cap(most=2, days=2, rolling=True), Cap(most=1, days=1, channel="telegram")]
    telegram = Claim("X", 90, tonight.at, "telegram")
    assert pacing.outranked(two, [Sent("b", now, "telegram")], [telegram], "sms", "UTC", now) is None
    assert pacing.outranked(two, had, [tonight], "sms", "UTC", now) is not None
    # The room of a later one is asked for at its own time.
    assert pacing.outranked(cap, [], [tonight], "sms", "UTC", now + timedelta(hours=12)) is not None


@given(st.integers(0, 50), st.integers(0, 50))
def test_who_is_in_the_control_group_stays_in_it_when_it_grows(one: int, other: int) -> None:
    small, large = sorted((one, other))
    people = [f"con_{number}" for number in range(200)]
    first = {each for each in people if pacing.in_control(small, "ws", each)}
    assert first <= {each for each in people if pacing.in_control(large, "ws", each)}
    assert (small > 0) >= bool(first)
