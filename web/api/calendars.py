"""Business calendars: weekly hours, holidays, and whether they are open now."""

from datetime import date
from typing import Annotated

from pydantic import Field

from app.core import calendars as hours
from app.core import holidays
from app.core.calendars import MINUTES_A_DAY, Calendar, Hours, Span, SpecialDay
from app.core.clock import iso
from app.core.errors import Conflict, Invalid, NotFound
from app.core.permissions import Permission
from automations import greetings
from inbox.routing import calendars
from inbox.routing.calendars import KeptCalendar
from inbox.usage import InUse
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Out, Query, Time

_CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$"
Clock = Annotated[str, Field(pattern=_CLOCK, examples=["09:00"])]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$", examples=["2026-12-24"])]


class SpanIn(Body):
    """From and until, in the calendar's time zone; an end at or before the start is on the next day."""

    start: Clock
    end: Clock


Spans = Annotated[list[SpanIn], Field(max_length=calendars.MOST_SPANS_A_DAY)]


class SpecialDayIn(Body):
    day: Day
    name: Annotated[str, Field(min_length=1, max_length=100)]
    hours: Spans = Field(default=[])


class CalendarIn(Body):
    """`week` begins with Monday. `worked` are dates of public holidays that are days like any other."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    zone: Annotated[str, Field(min_length=1, max_length=60, examples=["Europe/Paris"])]
    week: Annotated[list[Spans], Field(min_length=7, max_length=7)]
    country: Annotated[str | None, Field(pattern=r"^[A-Z]{2}$")] = None
    region: Annotated[str | None, Field(max_length=40)] = None
    worked: Annotated[list[Day], Field(max_length=calendars.MOST_SPECIAL_DAYS)] = Field(default=[])
    special: Annotated[list[SpecialDayIn], Field(max_length=calendars.MOST_SPECIAL_DAYS)] = Field(default=[])


class CalendarChange(CalendarIn):
    """All of it, as it shall be; `revision` is that of the calendar that the caller saw."""

    revision: Annotated[int | None, Field(ge=1, le=2**53)] = None


class IcsIn(Body):
    ics: Annotated[str, Field(max_length=holidays.MOST_ICS_CHARS)]


class SpanOut(Out):
    start: str
    end: str


class SpecialDayOut(Out):
    day: str
    name: str
    hours: list[SpanOut]


class CalendarOut(Out):
    id: str
    name: str
    zone: str
    week: list[list[SpanOut]]
    country: str | None
    region: str | None
    worked: list[str]
    special: list[SpecialDayOut]
    revision: int
    open_now: bool
    # When that changes next; null if it never does.
    changes_at: Time | None


class Calendars(Out):
    items: list[CalendarOut]
    next_cursor: str | None = None


class ImportOut(Out):
    """How many days are new, and how many events of the file were no whole days."""

    calendar: CalendarOut
    added: int
    passed_over: int


class Country(Out):
    code: str
    regions: list[str]


class Countries(Out):
    items: list[Country]


class HolidaysQuery(Query):
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    region: Annotated[str | None, Field(max_length=40)] = None
    year: Annotated[int, Field(ge=1970, le=2100)]


class Holiday(Out):
    day: str
    name: str


class Holidays(Out):
    items: list[Holiday]


def _minute(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def read_spans(spans: list[SpanIn]) -> Hours:
    found = []
    for span in spans:
        start, end = _minute(span.start), _minute(span.end)
        found.append(Span(start, end if end > start else end + MINUTES_A_DAY))
    return tuple(found)


def _date(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid.field(field, f"{text} is not a date.") from None


def _read(body: CalendarIn) -> Calendar:
    return Calendar(
        id="",
        name=body.name,
        zone=body.zone,
        week=tuple(read_spans(spans) for spans in body.week),
        country=body.country,
        region=body.region,
        worked=frozenset(_date(day, "worked") for day in body.worked),
        special=tuple(SpecialDay(_date(s.day, "special"), s.name.strip(), read_spans(s.hours)) for s in body.special),
    )


def show_spans(shown: Hours) -> list[SpanOut]:
    return [SpanOut(start=hours.clock(span.start), end=hours.clock(span.end)) for span in shown]


def _shown(request: ApiRequest, kept: KeptCalendar) -> CalendarOut:
    calendar, now = kept.calendar, request.ws.clock.now()
    open_now = hours.open_at(calendar, now)
    changes_at = hours.closes_at(calendar, now) if open_now else hours.next_open(calendar, now)
    return CalendarOut(
        id=calendar.id,
        name=calendar.name,
        zone=calendar.zone,
        week=[show_spans(day) for day in calendar.week],
        country=calendar.country,
        region=calendar.region,
        worked=sorted(day.isoformat() for day in calendar.worked),
        special=[
            SpecialDayOut(day=special.day.isoformat(), name=special.name, hours=show_spans(special.hours))
            for special in calendar.special
        ],
        revision=kept.revision,
        open_now=open_now,
        changes_at=iso(changes_at) if changes_at else None,
    )


async def list_calendars(request: ApiRequest) -> Calendars:
    return Calendars(items=[_shown(request, kept) for kept in await calendars.listed(request.ws)])


async def get(request: ApiRequest, calendar_id: str) -> CalendarOut:
    return _shown(request, await calendars.get(request.ws, calendar_id))


async def create(request: ApiRequest, body: CalendarIn) -> CalendarOut:
    return _shown(request, await calendars.create(request.ws, request.actor, _read(body)))


async def change(request: ApiRequest, calendar_id: str, body: CalendarChange) -> CalendarOut:
    wanted = _read(body)

    def how(now: Calendar) -> Calendar:
        values = {name: getattr(wanted, name) for name in Calendar.__slots__ if name != "id"}
        return Calendar(id=now.id, **values)

    kept = await calendars.change(request.ws, request.actor, calendar_id, how, revision=body.revision)
    return _shown(request, kept)


async def delete(request: ApiRequest, calendar_id: str) -> None:
    if found := await greetings.using_calendar(request.ws, calendar_id):
        raise InUse("calendar", found)
    await calendars.delete(request.ws, request.actor, calendar_id)


async def import_ics(request: ApiRequest, calendar_id: str, body: IcsIn) -> ImportOut:
    kept, added, passed_over = await calendars.import_ics(request.ws, request.actor, calendar_id, body.ics)
    return ImportOut(calendar=_shown(request, kept), added=added, passed_over=passed_over)


async def list_countries(request: ApiRequest) -> Countries:
    return Countries(
        items=[Country(code=code, regions=list(regions)) for code, regions in holidays.countries().items()]
    )


async def list_holidays(request: ApiRequest, query: HolidaysQuery) -> Holidays:
    if query.country not in holidays.countries():
        raise Invalid.field("country", "The holidays of this country are not known.")
    found = holidays.of_year(query.country, query.region, query.year)
    return Holidays(items=[Holiday(day=day.isoformat(), name=name) for day, name in sorted(found.items())])


ENDPOINTS = [
    Endpoint("GET", "/calendars", list_calendars, Permission.INBOX_READ, "Business calendars, by name"),
    Endpoint(
        "POST",
        "/calendars",
        create,
        Permission.INBOX_MANAGE,
        "Add a business calendar",
        status=201,
        errors=(Invalid,),
    ),
    Endpoint(
        "GET", "/calendars/countries", list_countries, Permission.INBOX_READ, "Countries whose holidays are known"
    ),
    Endpoint(
        "GET",
        "/calendars/holidays",
        list_holidays,
        Permission.INBOX_READ,
        "Public holidays of a country in a year",
        errors=(Invalid,),
    ),
    Endpoint(
        "GET", "/calendars/{calendar_id}", get, Permission.INBOX_READ, "One business calendar", errors=(NotFound,)
    ),
    Endpoint(
        "PUT",
        "/calendars/{calendar_id}",
        change,
        Permission.INBOX_MANAGE,
        "Replace the hours and holidays of a calendar",
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint(
        "DELETE",
        "/calendars/{calendar_id}",
        delete,
        Permission.INBOX_MANAGE,
        "Delete a calendar that nothing uses",
        errors=(NotFound, Conflict),
    ),
    Endpoint(
        "POST",
        "/calendars/{calendar_id}/import",
        import_ics,
        Permission.INBOX_MANAGE,
        "Close the whole days that a calendar file (ICS) names",
        errors=(NotFound, Invalid, Conflict),
    ),
]
