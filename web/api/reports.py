"""
Reports: figures of closed conversations, the rows behind them, and what happens now.

Who may not read reports gets their own figures and nobody else's.
"""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from app.core import audit
from app.core.audit import Target
from app.core.clock import iso
from app.core.errors import Forbidden, Invalid
from app.core.permissions import Permission
from crm.store import contacts as contact_store
from inbox import access
from inbox.episodes import Episode
from inbox.store import tickets as ticket_store
from inbox.supervising import backlog, metrics, reports, rollups, wallboard
from inbox.supervising.metrics import Group, Hours, Unit
from inbox.supervising.reports import Asked, Dimension
from inbox.supervising.rollups import BeingCounted
from inbox.ticketing.sla import Promise
from web.api import cursors
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Channel, Day, Out, Page, Query, Time

# Nothing has been open since before Parley.
Moment = Annotated[AwareDatetime, Field(ge=datetime(2021, 1, 1, tzinfo=UTC), le=datetime(2100, 1, 1, tzinfo=UTC))]
Zone = Annotated[str, Field(min_length=1, max_length=60)]
Only = Annotated[str | None, Field(pattern=r"^(member|team|channel|tag|reason|policy):[A-Za-z0-9_]{1,100}$")]


class MetricOut(Out):
    """
    `timed`: whether it differs by hours. `behind`: what its rows are, and so where they are found; `tickets`: whether
    solved tickets count in it, too.
    """

    key: str
    label: str
    unit: Unit
    group: Group
    definition: str
    better: Literal["up", "down"] | None
    timed: bool
    behind: Literal["episodes", "answers"]
    tickets: bool


class MetricsOut(Out):
    items: list[MetricOut]


class AskedQuery(Query):
    """
    Days of closing in `zone`, the workspace's own if it is not named. `hours`: whether times are those of the clock on
    the wall, or count in the hours of the team's calendar only. `only` narrows to one of a dimension, such as
    `member:mem_1` or `team:none`.
    """

    first: Day
    last: Day
    zone: Zone | None = None
    hours: Hours = "wall"
    only: Only = None


class ReportQuery(AskedQuery):
    by: Dimension | None = None


class RowsQuery(Page):
    """The same days and the same one, and the number whose rows are wanted."""

    first: Day
    last: Day
    zone: Zone | None = None
    only: Only = None
    metric: Annotated[str, Field(max_length=60)] = "closed"


class ReportSettings(Body):
    """The time zone of the workspace's days."""

    zone: Zone


class ReportSettingsOut(Out):
    zone: str


Values = dict[str, float | None]


class DayOut(Out):
    day: date
    values: Values


class RowOut(Out):
    id: str
    label: str
    values: Values


class ReportOut(Out):
    """`started_in`: first messages by hour of the week as the clocks of `zone` show it, from Monday 0:00."""

    first: date
    last: date
    zone: str
    hours: Hours
    only: str | None
    total: Values
    previous: Values
    days: list[DayOut]
    rows: list[RowOut]
    started_in: list[int]


class PromiseOut(Out):
    metric: Literal["first", "next", "resolve"]
    policy_id: str
    kept: bool


class EpisodeOut(Out):
    """Those that begin with `business` count in the hours of the team's calendar, where they are known."""

    id: str
    conversation_id: str
    contact_name: str
    number: int
    channel: Channel | None
    opened_at: Time
    closed_at: Time
    first_response_ms: int | None
    resolution_ms: int | None
    business_first_response_ms: int | None
    business_resolution_ms: int | None
    replies: int
    assignee_id: str | None
    team_id: str | None
    reopened: bool
    promises: list[PromiseOut]


class SolvedOut(Out):
    """What became of a ticket's promises when it was solved; its title and number are those of now."""

    id: str
    ticket_id: str
    number: int
    title: str
    solved_at: Time
    owner_id: str | None
    team_id: str | None
    promises: list[PromiseOut]


class SolvedPage(Out):
    items: list[SolvedOut]
    next_cursor: str | None


class AnswerOut(Out):
    id: str
    conversation_id: str
    contact_name: str
    channel: Channel | None
    answered_at: Time
    score: int
    comment: str


class AnswerPage(Out):
    items: list[AnswerOut]
    next_cursor: str | None


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


class AgePart(Out):
    """How many are of this age; `more` if there are more than were counted."""

    key: str
    label: str
    count: int
    more: bool


class AgesOut(Out):
    definition: str
    parts: list[AgePart]


class BacklogOut(Out):
    """`at` is the moment for which ages are told: name it to get the rows behind a number."""

    at: Time
    conversations: AgesOut
    tickets: AgesOut


class BacklogRowsQuery(Page):
    subject: Literal["conversations", "tickets"]
    range: Annotated[str, Field(max_length=20)]
    at: Moment


class BacklogRow(Out):
    id: str
    subject: Literal["conversations", "tickets"]
    label: str
    channel: Channel | None
    opened_at: Time
    assignee_id: str | None
    team_id: str | None


class BacklogRows(Out):
    items: list[BacklogRow]
    next_cursor: str | None


def _only(request: ApiRequest, by: Dimension | None, only: str | None) -> str | None:
    """What this caller may be shown. Raises Forbidden."""
    if request.actor.may(Permission.REPORTS_READ):
        return only
    own = f"member:{request.actor.member_id}"
    if by is not None or only not in (None, own):
        raise Forbidden("Your role shows you your own figures only.")
    return own


async def _asked(request: ApiRequest, query: AskedQuery | RowsQuery, by: Dimension | None = None) -> Asked:
    """Raises Forbidden."""
    return Asked(
        first=query.first,
        last=query.last,
        zone=query.zone or await rollups.zone_of(request.ws),
        hours=query.hours if isinstance(query, AskedQuery) else "wall",
        only=_only(request, by, query.only),
    )


async def list_metrics(request: ApiRequest) -> MetricsOut:
    return MetricsOut(
        items=[
            MetricOut(
                key=one.key,
                label=one.label,
                unit=one.unit,
                group=one.group,
                definition=one.definition,
                better=one.better,
                timed=one.timed,
                behind=one.behind,
                tickets=one.tickets,
            )
            for one in metrics.METRICS
        ]
    )


async def report(request: ApiRequest, query: ReportQuery) -> ReportOut:
    found = await reports.report(request.ws, await _asked(request, query, query.by), by=query.by)
    return ReportOut(
        first=found.asked.first,
        last=found.asked.last,
        zone=found.asked.zone,
        hours=found.asked.hours,
        only=found.asked.only,
        total=found.total,
        previous=found.previous,
        days=[DayOut(day=day, values=values) for day, values in found.days],
        rows=[RowOut(id=row.id, label=row.label, values=row.values) for row in found.rows],
        started_in=list(found.started_in),
    )


async def report_csv(request: ApiRequest, query: ReportQuery) -> str:
    asked = await _asked(request, query, query.by)
    found = await reports.report(request.ws, asked, by=query.by)
    target = Target("report", query.by or "day", f"{query.first} to {query.last}")
    detail = {"only": asked.only, "zone": asked.zone, "hours": asked.hours}
    await audit.record(request.ws, request.actor, "report.exported", target, detail)
    text = io.StringIO()
    csv.writer(text).writerows(reports.csv_rows(found, query.by))
    name = f"parley-{query.by or 'days'}-{query.first}-{query.last}.csv"
    request.answer_headers.append((b"content-disposition", f'attachment; filename="{name}"'.encode()))
    return text.getvalue()


def _before(query: RowsQuery) -> tuple[datetime, str] | None:
    before = cursors.read(query.cursor, datetime, str)
    return (before[0], before[1]) if before else None


async def _names(request: ApiRequest, contact_ids: Sequence[str]) -> dict[str, str]:
    contacts = await contact_store.contacts_by_id(request.ws, contact_ids)
    return {contact_id: contact.name for contact_id, contact in contacts.items()}


async def episodes(request: ApiRequest, query: RowsQuery) -> EpisodePage:
    found = await reports.episodes(
        request.ws,
        await _asked(request, query),
        metric=query.metric,
        before=_before(query),
        limit=query.limit + 1,
    )
    shown = found[: query.limit]
    names = await _names(request, [episode.contact_id for _, episode in shown])
    # Figures count all that was closed; the rows behind them are those that one sees.
    seen = await access.visible(request.ws, request.actor, [episode.conversation_id for _, episode in shown])
    items = [
        _episode(row_id, episode, names.get(episode.contact_id, ""))
        for row_id, episode in shown
        if episode.conversation_id in seen
    ]
    last = shown[-1] if shown and len(found) > query.limit else None
    cursor = cursors.write(last[1].facts.closed_at, last[0]) if last and last[1].facts.closed_at else None
    return EpisodePage(items=items, next_cursor=cursor)


def _episode(row_id: str, episode: Episode, contact_name: str) -> EpisodeOut:
    facts, business = episode.facts, episode.business
    return EpisodeOut(
        id=row_id,
        conversation_id=episode.conversation_id,
        contact_name=contact_name,
        number=facts.number,
        channel=facts.channel,
        opened_at=iso(facts.opened_at) or "",
        closed_at=iso(facts.closed_at) or "",
        first_response_ms=facts.first_response_ms,
        resolution_ms=facts.resolution_ms,
        business_first_response_ms=business.first_response_ms if business else None,
        business_resolution_ms=business.resolution_ms if business else None,
        replies=facts.replies,
        assignee_id=facts.assignee_id,
        team_id=facts.team_id,
        reopened=facts.reopened,
        promises=_promises(facts.promises),
    )


def _promises(shown: Sequence[Promise]) -> list[PromiseOut]:
    return [PromiseOut(metric=each.metric, policy_id=each.policy_id, kept=each.kept) for each in shown]


async def solved(request: ApiRequest, query: RowsQuery) -> SolvedPage:
    found = await reports.tickets(
        request.ws,
        await _asked(request, query),
        metric=query.metric,
        before=_before(query),
        limit=query.limit + 1,
    )
    shown = found[: query.limit]
    about = await ticket_store.get_many(request.ws, list(dict.fromkeys(outcome.ticket_id for outcome in shown)))
    seen = {ticket.id: ticket for ticket in await access.visible_tickets(request.ws, request.actor, about)}
    items = [
        SolvedOut(
            id=outcome.id,
            ticket_id=outcome.ticket_id,
            number=seen[outcome.ticket_id].number,
            title=seen[outcome.ticket_id].title,
            solved_at=iso(outcome.solved_at) or "",
            owner_id=outcome.owner_id,
            team_id=outcome.team_id,
            promises=_promises(outcome.promises),
        )
        for outcome in shown
        if outcome.ticket_id in seen
    ]
    last = shown[-1] if shown and len(found) > query.limit else None
    return SolvedPage(items=items, next_cursor=cursors.write(last.solved_at, last.id) if last else None)


async def answers(request: ApiRequest, query: RowsQuery) -> AnswerPage:
    found = await reports.answers(
        request.ws,
        await _asked(request, query),
        metric=query.metric,
        before=_before(query),
        limit=query.limit + 1,
    )
    shown = found[: query.limit]
    names = await _names(request, [survey.contact_id for survey in shown])
    seen = await access.visible(request.ws, request.actor, [survey.conversation_id for survey in shown])
    last = shown[-1] if shown and len(found) > query.limit else None
    return AnswerPage(
        items=[
            AnswerOut(
                id=survey.id,
                conversation_id=survey.conversation_id,
                contact_name=names.get(survey.contact_id, ""),
                channel=survey.channel,
                answered_at=iso(survey.answered_at) or "",
                score=survey.score or 0,
                comment=survey.comment,
            )
            for survey in shown
            if survey.conversation_id in seen
        ],
        next_cursor=cursors.write(last.answered_at, last.id) if last and last.answered_at else None,
    )


async def get_settings(request: ApiRequest) -> ReportSettingsOut:
    return ReportSettingsOut(zone=await rollups.zone_of(request.ws))


async def put_settings(request: ApiRequest, body: ReportSettings) -> ReportSettingsOut:
    return ReportSettingsOut(zone=await rollups.choose_zone(request.ws, request.actor, body.zone))


async def get_backlog(request: ApiRequest) -> BacklogOut:
    at = request.ws.clock.now()

    async def ages(subject: backlog.Subject) -> AgesOut:
        parts = await backlog.ages(request.ws, subject, at)
        return AgesOut(
            definition=backlog.DEFINITIONS[subject],
            parts=[AgePart(key=p.range.key, label=p.range.label, count=p.count, more=p.more) for p in parts],
        )

    return BacklogOut(at=iso(at) or "", conversations=await ages("conversations"), tickets=await ages("tickets"))


async def backlog_csv(request: ApiRequest) -> str:
    at = request.ws.clock.now()
    subjects: tuple[backlog.Subject, ...] = ("conversations", "tickets")
    parts = [(subject, await backlog.ages(request.ws, subject, at)) for subject in subjects]
    await audit.record(request.ws, request.actor, "report.exported", Target("report", "backlog", iso(at) or ""), {})
    text = io.StringIO()
    csv.writer(text).writerows(backlog.csv_rows(parts))
    request.answer_headers.append((b"content-disposition", b'attachment; filename="parley-backlog.csv"'))
    return text.getvalue()


async def backlog_rows(request: ApiRequest, query: BacklogRowsQuery) -> BacklogRows:
    at = query.at.astimezone(UTC)
    if query.subject == "tickets":
        tickets, cursor = await backlog.tickets(request.ws, query.range, at, cursor=query.cursor, limit=query.limit)
        items = [
            BacklogRow(
                id=row.id,
                subject="tickets",
                label=row.label,
                channel=None,
                opened_at=iso(row.created_at) or "",
                assignee_id=row.owner_id,
                team_id=row.team_id,
            )
            for row in await access.visible_tickets(request.ws, request.actor, tickets)
        ]
        return BacklogRows(items=items, next_cursor=cursor)
    found, cursor = await backlog.conversations(request.ws, query.range, at, cursor=query.cursor, limit=query.limit)
    sight = await access.sight(request.ws, request.actor)
    items = [
        BacklogRow(
            id=row.id,
            subject="conversations",
            label=row.contact_name,
            channel=row.last_entry.channel if row.last_entry else None,
            opened_at=iso(row.opened_at) or "",
            assignee_id=row.assignee_id,
            team_id=row.team_id,
        )
        for row in found
        if sight.sees(row)
    ]
    return BacklogRows(items=items, next_cursor=cursor)


async def now(request: ApiRequest) -> WallboardOut:
    board = await wallboard.now(request.ws)
    waits = board.oldest_wait_conversation_id
    seen = await access.visible(request.ws, request.actor, [waits] if waits else [])
    return WallboardOut(
        open=board.open,
        waiting=board.waiting,
        unassigned=board.unassigned,
        snoozed=board.snoozed,
        oldest_wait_seconds=board.oldest_wait_seconds,
        oldest_wait_conversation_id=waits if waits in seen else None,
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
    Endpoint("GET", "/reports/metrics", list_metrics, Permission.INBOX_READ, "What each number of a report means"),
    Endpoint(
        "GET",
        "/reports",
        report,
        Permission.INBOX_READ,
        "Figures of the conversations closed in these days",
        errors=(Invalid, Forbidden, BeingCounted),
    ),
    Endpoint(
        "GET",
        "/reports/csv",
        report_csv,
        Permission.INBOX_READ,
        "The same as CSV, a line for each row or day",
        errors=(Invalid, Forbidden, BeingCounted),
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
    Endpoint(
        "GET",
        "/reports/tickets",
        solved,
        Permission.INBOX_READ,
        "The solved tickets behind a number of service levels",
        errors=(Invalid, Forbidden),
    ),
    Endpoint(
        "GET",
        "/reports/answers",
        answers,
        Permission.INBOX_READ,
        "The answers to surveys behind a number",
        errors=(Invalid, Forbidden),
    ),
    Endpoint("GET", "/reports/settings", get_settings, Permission.INBOX_READ, "In which time zone days are counted"),
    Endpoint(
        "PUT",
        "/reports/settings",
        put_settings,
        Permission.INBOX_MANAGE,
        "Choose the time zone of the workspace's days",
        errors=(Invalid,),
    ),
    Endpoint("GET", "/reports/backlog", get_backlog, Permission.REPORTS_READ, "How old is what is open"),
    Endpoint(
        "GET",
        "/reports/backlog/csv",
        backlog_csv,
        Permission.REPORTS_READ,
        "The same as CSV, a line for each age",
        media_type="text/csv; charset=utf-8",
    ),
    Endpoint(
        "GET",
        "/reports/backlog/rows",
        backlog_rows,
        Permission.REPORTS_READ,
        "What is open and of this age, the oldest first",
        errors=(Invalid,),
    ),
    Endpoint("GET", "/reports/now", now, Permission.REPORTS_READ, "The wallboard: what waits, and who is there"),
]
