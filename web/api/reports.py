"""
Reports: figures of closed conversations, the rows behind them, and what happens now.

Who may not read reports gets their own figures and nobody else's.
"""

import csv
import io
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from app.core import audit
from app.core.audit import Target
from app.core.clock import iso
from app.core.errors import Forbidden, Invalid
from app.core.permissions import Permission
from crm import store as contact_store
from inbox.supervising import reports, wallboard
from inbox.supervising.reports import Dimension
from web.api import cursors
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Channel, Out, Page, Query, Time

# No installation is older; and days far ahead have no day after them.
Day = Annotated[date, Field(ge=date(2020, 1, 1), le=date(2100, 1, 1))]


class MetricOut(Out):
    key: str
    label: str
    unit: Literal["count", "ms", "percent", "score"]
    definition: str
    better: Literal["up", "down"] | None


class MetricsOut(Out):
    items: list[MetricOut]


class ReportQuery(Query):
    """Days of closing, in UTC. `only` narrows to one of a dimension, such as `member:mem_1` or `team:none`."""

    first: Day
    last: Day
    by: Dimension | None = None
    only: Annotated[str | None, Field(pattern=r"^(member|team|channel|tag|reason):[A-Za-z0-9_]{1,100}$")] = None


class EpisodesQuery(Page):
    first: Day
    last: Day
    metric: Annotated[str, Field(max_length=60)] = "closed"
    only: Annotated[str | None, Field(pattern=r"^(member|team|channel|tag|reason):[A-Za-z0-9_]{1,100}$")] = None


Values = dict[str, float | None]


class DayOut(Out):
    day: date
    values: Values


class RowOut(Out):
    id: str
    label: str
    values: Values


class ReportOut(Out):
    """`started_in`: first messages by hour of the week, UTC, from Monday 0:00."""

    first: date
    last: date
    only: str | None
    total: Values
    previous: Values
    days: list[DayOut]
    rows: list[RowOut]
    started_in: list[int]


class EpisodeOut(Out):
    id: str
    conversation_id: str
    contact_name: str
    number: int
    channel: Channel | None
    opened_at: Time
    closed_at: Time
    first_response_ms: int | None
    resolution_ms: int | None
    replies: int
    assignee_id: str | None
    team_id: str | None
    reopened: bool


class EpisodePage(Out):
    items: list[EpisodeOut]
    next_cursor: str | None


class AgentNow(Out):
    id: str
    name: str
    availability: Literal["online", "busy", "away", "offline"]
    reason: str
    open: int


class TeamNow(Out):
    id: str
    name: str
    open: int


class WallboardOut(Out):
    """`oldest_wait_seconds`: how long the customer who waits longest has waited; None if nobody does."""

    open: int
    waiting: int
    unassigned: int
    snoozed: int
    oldest_wait_seconds: float | None
    oldest_wait_conversation_id: str | None
    inbound_lag_seconds: float
    agents: list[AgentNow]
    teams: list[TeamNow]


def _only(request: ApiRequest, by: Dimension | None, only: str | None) -> str | None:
    """What this caller may be shown. Raises Forbidden."""
    if request.actor.may(Permission.REPORTS_READ):
        return only
    own = f"member:{request.actor.member_id}"
    if by is not None or only not in (None, own):
        raise Forbidden("Your role shows you your own figures only.")
    return own


async def metrics(request: ApiRequest) -> MetricsOut:
    return MetricsOut(
        items=[
            MetricOut(key=one.key, label=one.label, unit=one.unit, definition=one.definition, better=one.better)
            for one in reports.METRICS
        ]
    )


async def report(request: ApiRequest, query: ReportQuery) -> ReportOut:
    only = _only(request, query.by, query.only)
    found = await reports.report(request.ws, query.first, query.last, by=query.by, only=only)
    return ReportOut(
        first=found.first,
        last=found.last,
        only=only,
        total=found.total,
        previous=found.previous,
        days=[DayOut(day=day, values=values) for day, values in found.days],
        rows=[RowOut(id=row.id, label=row.label, values=row.values) for row in found.rows],
        started_in=list(found.started_in),
    )


async def report_csv(request: ApiRequest, query: ReportQuery) -> str:
    only = _only(request, query.by, query.only)
    found = await reports.report(request.ws, query.first, query.last, by=query.by, only=only)
    target = Target("report", query.by or "day", f"{query.first} to {query.last}")
    await audit.record(request.ws, request.actor, "report.exported", target, {"only": only})
    text = io.StringIO()
    csv.writer(text).writerows(reports.csv_rows(found, query.by))
    name = f"parley-{query.by or 'days'}-{query.first}-{query.last}.csv"
    request.answer_headers.append((b"content-disposition", f'attachment; filename="{name}"'.encode()))
    return text.getvalue()


async def episodes(request: ApiRequest, query: EpisodesQuery) -> EpisodePage:
    only = _only(request, None, query.only)
    before = cursors.read(query.cursor, datetime, str)
    found = await reports.episodes(
        request.ws,
        query.first,
        query.last,
        metric=query.metric,
        only=only,
        before=(before[0], before[1]) if before else None,
        limit=query.limit + 1,
    )
    shown = found[: query.limit]
    contacts = await contact_store.contacts_by_id(request.ws, [episode.contact_id for _, episode in shown])
    items = []
    for row_id, episode in shown:
        facts = episode.facts
        items.append(
            EpisodeOut(
                id=row_id,
                conversation_id=episode.conversation_id,
                contact_name=contacts[episode.contact_id].name if episode.contact_id in contacts else "",
                number=facts.number,
                channel=facts.channel,
                opened_at=iso(facts.opened_at) or "",
                closed_at=iso(facts.closed_at) or "",
                first_response_ms=facts.first_response_ms,
                resolution_ms=facts.resolution_ms,
                replies=facts.replies,
                assignee_id=facts.assignee_id,
                team_id=facts.team_id,
                reopened=facts.reopened,
            )
        )
    last = shown[-1] if shown else None
    more = last is not None and len(found) > query.limit
    cursor = cursors.write(last[1].facts.closed_at, last[0]) if more and last and last[1].facts.closed_at else None
    return EpisodePage(items=items, next_cursor=cursor)


async def now(request: ApiRequest) -> WallboardOut:
    board = await wallboard.now(request.ws)
    return WallboardOut(
        open=board.open,
        waiting=board.waiting,
        unassigned=board.unassigned,
        snoozed=board.snoozed,
        oldest_wait_seconds=board.oldest_wait_seconds,
        oldest_wait_conversation_id=board.oldest_wait_conversation_id,
        inbound_lag_seconds=board.inbound_lag_seconds,
        agents=[
            AgentNow(
                id=agent.id, name=agent.name, availability=agent.availability, reason=agent.reason, open=agent.open
            )
            for agent in board.agents
        ],
        teams=[TeamNow(id=team.id, name=team.name, open=team.open) for team in board.teams],
    )


ENDPOINTS = [
    Endpoint("GET", "/reports/metrics", metrics, Permission.INBOX_READ, "What each number of a report means"),
    Endpoint(
        "GET",
        "/reports",
        report,
        Permission.INBOX_READ,
        "Figures of the conversations closed in these days",
        errors=(Invalid, Forbidden),
    ),
    Endpoint(
        "GET",
        "/reports/csv",
        report_csv,
        Permission.INBOX_READ,
        "The same as CSV, a line for each row or day",
        errors=(Invalid, Forbidden),
        media_type="text/csv; charset=utf-8",
    ),
    Endpoint(
        "GET",
        "/reports/episodes",
        episodes,
        Permission.INBOX_READ,
        "The closed conversations behind a number",
        errors=(Invalid, Forbidden),
    ),
    Endpoint("GET", "/reports/now", now, Permission.REPORTS_READ, "The wallboard: what waits, and who is there"),
]
