"""
When a broadcast goes: at a time in a zone, where each person is, at each person's own hour, again and again.

A schedule is what a clock on a wall shows, so that "nine on Mondays" stays nine when the clocks change. Recurrence is
RFC 5545's RRULE, reckoned by python-dateutil on wall clocks.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from automations.plans import FURTHEST, Relative, Schedule, recurrence, wrong_with
from crm.fields import Value

# Later than this it is not sent by itself: the server was down, and what it says may be out of date. Somebody decides.
STALE: Final = timedelta(minutes=15)
# The first clocks to show a time.
_EARLIEST: Final = timedelta(hours=14)
# And the last ones.
_LATEST: Final = timedelta(hours=12)


def instant(wall: datetime, zone: str) -> datetime:
    """
    When clocks in this zone show that. A time that they skip is the one an hour later, of one that they show twice it
    is the first.
    """
    at = wall.replace(tzinfo=ZoneInfo(zone))
    return at.astimezone(UTC)


def first(schedule: Schedule, now: datetime) -> datetime | None:
    """When the work for it begins; None: at once."""
    if schedule.wall is None or (schedule.kind == "now" and not schedule.recurring):
        return None
    if schedule.recurring:
        return following(schedule, now)
    return _begins(schedule, datetime.fromisoformat(schedule.wall))


def passed(schedule: Schedule, now: datetime) -> bool:
    """Whether one that goes once is over for everybody: at once it would go at an hour that nobody has chosen."""
    if schedule.wall is None or schedule.recurring or schedule.kind == "now":
        return False
    wall = datetime.fromisoformat(schedule.wall)
    return (wall.replace(tzinfo=UTC) + _LATEST if schedule.kind == "local" else instant(wall, schedule.zone)) <= now


def _begins(schedule: Schedule, wall: datetime) -> datetime:
    if schedule.kind == "local":
        return wall.replace(tzinfo=UTC) - _EARLIEST
    return instant(wall, schedule.zone)


def following(schedule: Schedule, after: datetime) -> datetime | None:
    """When a recurring one begins next; None: never again."""
    wall = occurrence(schedule, after)
    return _begins(schedule, wall) if wall is not None else None


def occurrence(schedule: Schedule, after: datetime) -> datetime | None:
    """What clocks show at the next one that begins after that."""
    if schedule.wall is None:
        return None
    begin = datetime.fromisoformat(schedule.wall)
    text = "FREQ=DAILY" if schedule.relative else schedule.repeat
    if text is None:
        return begin if _begins(schedule, begin) > after else None
    if wrong_with(text, schedule.wall) is not None:
        # From before rules were looked at: it would be reckoned for ever.
        return None
    # Two days before: a zone may be that far ahead of UTC, and the wall's day another than ours.
    from_wall = after.astimezone(ZoneInfo(schedule.zone)).replace(tzinfo=None) - timedelta(days=2)
    last = max(from_wall, begin) + FURTHEST
    rule = recurrence(text, begin, schedule.zone)
    wall = rule.after(from_wall, inc=True)
    while wall is not None and wall < last:
        if _begins(schedule, wall) > after:
            found: datetime = wall
            return found
        wall = rule.after(wall)
    return None


def is_day(relative: Relative, value: Value, today: date) -> bool:
    """Whether a date of somebody's own, moved by so many days, is this day."""
    if not isinstance(value, datetime):
        return False
    wanted = today - timedelta(days=relative.days)
    own = value.date()
    if not relative.yearly:
        return own == wanted
    if (own.month, own.day) == (2, 29) and (wanted.month, wanted.day) == (3, 1):
        # Born on a leap day: in other years the day after the last of February.
        return not _leap(wanted.year)
    return (own.month, own.day) == (wanted.month, wanted.day)


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def best_hour(hours: Sequence[int], usual: int) -> int:
    """
    The hour at which somebody was mostly there, by when they wrote, read or clicked (0-23, where they are); `usual`
    where there is too little to tell. Neighbouring hours count half, and the usual one breaks ties.
    """
    if len(hours) < 3:
        return usual
    weights = [0.0] * 24
    for hour in hours:
        weights[hour] += 1
        weights[(hour - 1) % 24] += 0.5
        weights[(hour + 1) % 24] += 0.5

    def away(hour: int) -> int:
        return min((hour - usual) % 24, (usual - hour) % 24)

    return max(range(24), key=lambda hour: (weights[hour], -away(hour), -hour))
