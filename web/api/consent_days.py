"""Agreements to marketing: how many came and went, through what; and those that run out soon."""

from collections import Counter
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from app.core import audit
from app.core.audit import Target
from app.core.errors import Forbidden, Invalid, NotFound
from app.core.permissions import Permission, Scope
from automations import renewals
from crm import consent_days, contacts, tables
from crm.consent_days import MOST_DAYS, Counted
from web.api import broadcasts
from web.api.broadcast_shapes import BroadcastOut
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Channel, Out, Query


class GrowthQuery(Query):
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = 30


class GrowthDayOut(Out):
    day: str
    gained: int
    lost: int


class GrowthByOut(Out):
    """`via` is the id of the form or the broadcast, "" for neither; `name` what it is called."""

    channel: Channel
    source: str
    via: str
    name: str
    gained: int
    lost: int


class ConsentGrowthOut(Out):
    """Days are those of UTC. `definitions` says what counts."""

    days: list[GrowthDayOut]
    by: list[GrowthByOut]
    gained: int
    lost: int
    definitions: dict[Literal["gained", "lost"], str]


class RunningOutQuery(Query):
    days: Annotated[int, Field(ge=1, le=366)] = 30


class RunningOutPersonOut(Out):
    id: str
    name: str
    avatar_hue: int


class RunningOutOut(Out):
    """Not `exact`: a fair guess, counted on in the background. `rule` is who they are, for segments and audiences."""

    account_id: str
    name: str
    channel: Channel
    count: int
    exact: bool
    sample: list[RunningOutPersonOut]
    rule: dict[str, object]


class RunningOutList(Out):
    items: list[RunningOutOut]


class AskAgain(Body):
    account_id: Annotated[str, Field(min_length=1, max_length=100)]
    days: Annotated[int, Field(ge=1, le=366)] = 30


async def growth(request: ApiRequest, query: GrowthQuery) -> ConsentGrowthOut:
    since, rows = await consent_days.last(request.ws, query.days)
    by_day: Counter[tuple[str, str]] = Counter()
    for row in rows:
        by_day[row.day.isoformat(), row.change.what] += row.number
    days = [(since + timedelta(days=at)).isoformat() for at in range(query.days)]
    return ConsentGrowthOut(
        days=[GrowthDayOut(day=day, gained=by_day[day, "gained"], lost=by_day[day, "lost"]) for day in days],
        by=_by(rows),
        gained=sum(row.number for row in rows if row.change.what == "gained"),
        lost=sum(row.number for row in rows if row.change.what == "lost"),
        definitions=dict(consent_days.DEFINITIONS),
    )


def _by(rows: list[Counted]) -> list[GrowthByOut]:
    """What moved most first."""
    found: dict[tuple[str, str, str], Counter[str]] = {}
    names: dict[tuple[str, str, str], str] = {}
    for row in rows:
        key = (row.change.channel, row.change.source, row.change.via)
        found.setdefault(key, Counter())[row.change.what] += row.number
        names[key] = row.change.name
    ordered = sorted(found.items(), key=lambda item: (-item[1].total(), item[0]))
    return [
        GrowthByOut(
            channel=key[0], source=key[1], via=key[2], name=names[key], gained=counted["gained"], lost=counted["lost"]
        )
        for key, counted in ordered
    ]


async def table(request: ApiRequest, query: GrowthQuery) -> bytes:
    _, rows = await consent_days.last(request.ws, query.days)
    ordered = sorted(rows, key=lambda row: (row.day, row.change.channel, row.change.source, row.change.via))
    lines = [
        (
            row.day.isoformat(),
            row.change.channel,
            row.change.source,
            row.change.via,
            row.change.name,
            row.change.what,
            str(row.number),
        )
        for row in ordered
    ]
    await audit.record(
        request.ws, request.actor, "consent_growth.exported", Target("workspace", request.ws.id), {"days": query.days}
    )
    disposition = f"attachment; filename=consent-{query.days}-days.csv"
    request.answer_headers.append((b"content-disposition", disposition.encode()))
    return tables.written([("day", "channel", "source", "via", "name", "what", "number"), *lines])


async def running_out(request: ApiRequest, query: RunningOutQuery) -> RunningOutList:
    if request.actor.rights.scope is not Scope.EVERYTHING:
        raise Forbidden("Whose agreement runs out is shown to those who see all contacts.")
    found = await renewals.running_out(request.ws, query.days)
    known = await contacts.get_many(request.ws, [each for row in found for each in row.preview.sample])
    return RunningOutList(
        items=[
            RunningOutOut(
                account_id=row.account_id,
                name=row.name,
                channel=row.channel,
                count=row.preview.number,
                exact=row.preview.exact,
                sample=[
                    RunningOutPersonOut(id=each, name=known[each].name, avatar_hue=contacts.hue(each))
                    for each in row.preview.sample
                    if each in known
                ],
                rule=renewals.rule(row.channel, query.days),
            )
            for row in found
        ]
    )


async def ask_again(request: ApiRequest, body: AskAgain) -> BroadcastOut:
    made = await renewals.draft(request.ws, request.actor, body.account_id, body.days)
    return await broadcasts.shown(request.ws, request.actor, made)


ENDPOINTS = [
    Endpoint(
        "GET",
        "/consents/growth",
        growth,
        Permission.CONTACTS_READ,
        "Agreements to marketing that came and went, by day, source, form and campaign",
        errors=(Invalid,),
    ),
    Endpoint(
        "GET",
        "/consents/growth.csv",
        table,
        Permission.CONTACTS_READ,
        "The same as a table, a row for each day and reason",
        errors=(Invalid,),
        media_type="text/csv",
    ),
    Endpoint(
        "GET",
        "/consents/running-out",
        running_out,
        Permission.CONTACTS_READ,
        "Whose agreement to marketing ends within some days, by sender",
        errors=(Invalid, Forbidden),
    ),
    Endpoint(
        "POST",
        "/broadcasts/ask-again",
        ask_again,
        Permission.BROADCASTS_WRITE,
        "A draft that asks those people whether they still want it",
        status=201,
        errors=(NotFound, Invalid),
    ),
]
