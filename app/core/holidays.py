"""Holidays: those of a country, and those that somebody else's calendar file (ICS) names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from dateutil.rrule import rrulestr
from icalendar import Calendar as IcsCalendar
from icalendar import Component

from app.core import recurrences

MOST_ICS_CHARS = 80_000
_MOST_EVENTS = 5_000
# A repeated holiday is written out for this long.
_YEARS_AHEAD = 5
_MOST_DAYS_LONG = 92


@dataclass(frozen=True, slots=True)
class ReadDays:
    """What was found in a file: whole days with their names, and how many events were no whole days."""

    days: Mapping[date, str]
    passed_over: int


class UnreadableCalendar(ValueError):
    """The text is no calendar file; the message says why, for a person."""


@lru_cache(maxsize=1)
def countries() -> Mapping[str, tuple[str, ...]]:
    """ISO codes of the countries whose holidays are known, each with its regions that have days of their own."""
    # Imported where it is asked: it is 6 MB of every process, and most of them never ask.
    import holidays

    listed = holidays.list_supported_countries(include_aliases=False)
    return {code: tuple(regions) for code, regions in sorted(listed.items()) if len(code) == 2}


@lru_cache(maxsize=512)
def of_year(country: str, region: str | None, year: int) -> Mapping[date, str]:
    """Public holidays with their English names; none of a country that is not known (any more)."""
    import holidays

    try:
        return dict(holidays.country_holidays(country, subdiv=region, years=year, language="en_US"))
    except NotImplementedError:
        return {}


def read_ics(text: str, *, today: date) -> ReadDays:
    """
    The whole-day events of a calendar file, from last year on; what repeats is written out for some years.

    Raises UnreadableCalendar.
    """
    try:
        read = IcsCalendar.from_ical(text)
    except ValueError as error:
        raise UnreadableCalendar(f"This is not a calendar file (ICS): {error}") from None
    if not isinstance(read, IcsCalendar):
        raise UnreadableCalendar("This is not a calendar file (ICS).")
    events = read.walk("VEVENT")
    if len(events) > _MOST_EVENTS:
        raise UnreadableCalendar(f"This calendar has more than {_MOST_EVENTS} events.")
    first, last = date(today.year - 1, 1, 1), date(today.year + _YEARS_AHEAD, 12, 31)
    days: dict[date, str] = {}
    passed_over = 0
    for event in events:
        try:
            found = _days_of(event, first, last)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
            found = []
        name = " ".join(str(event.get("SUMMARY", "")).split())[:100] or "Holiday"
        passed_over += not found
        days |= {day: name for day in found if first <= day <= last}
    return ReadDays(dict(sorted(days.items())), passed_over)


def _days_of(event: Component, first: date, last: date) -> list[date]:
    """Every day of a whole-day event and of its repetitions; empty if it has a time of day."""
    start = event.decoded("DTSTART")
    if isinstance(start, datetime):
        return []
    end = event.decoded("DTEND") if "DTEND" in event else start + timedelta(days=1)
    if isinstance(end, datetime):
        return []
    length = min(max((end - start).days, 1), _MOST_DAYS_LONG)
    begins = [start]
    if "RRULE" in event:
        rule = event["RRULE"].to_ical()
        rule = rule.decode() if isinstance(rule, bytes) else str(rule)
        if not {"FREQ=YEARLY", "FREQ=MONTHLY", "FREQ=WEEKLY", "FREQ=DAILY"} & set(rule.upper().split(";")):
            return []
        midnight = datetime.combine(start, datetime.min.time())
        repeated = rrulestr(_without_zone(rule), dtstart=midnight)
        span = (datetime.combine(first, midnight.time()), datetime.combine(last, midnight.time()))
        if not recurrences.comes(repeated, span[1]):
            return []
        begins = [at.date() for at in repeated.between(*span, inc=True)]
    return [begin + timedelta(days=n) for begin in begins for n in range(length)]


def _without_zone(rule: str) -> str:
    """`UNTIL` in UTC does not go with days that have no zone."""
    return ";".join(part.removesuffix("Z") if part.upper().startswith("UNTIL=") else part for part in rule.split(";"))
