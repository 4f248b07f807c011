"""
Days of a time zone: when each begins, and which one a moment belongs to.

A day begins when the clocks first show its midnight (or jump over it), and ends where the next one begins: so days tile
time without gaps or overlaps, and have 23, 24 or 25 hours, as the zone has it.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from app.core import calendars

_DAY = timedelta(days=1)


def begins(zone: str, day: date) -> datetime:
    return calendars.instant(zone, day, 0)


def of(zone: str, at: datetime) -> date:
    """The day of this zone that the moment lies in."""
    day = at.astimezone(ZoneInfo(zone)).date()
    # Clocks that are set back over midnight show yesterday once more.
    while at >= begins(zone, day + _DAY):
        day += _DAY
    while at < begins(zone, day):
        day -= _DAY
    return day


def hour_of_week(zone: str, at: datetime) -> int:
    """The hour that the clocks show, from Monday 0:00."""
    local = at.astimezone(ZoneInfo(zone))
    return local.weekday() * 24 + local.hour


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """The names of all zones that are places (or UTC), as IANA has them."""
    return frozenset(
        name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/"))
    ) | {"UTC"}
