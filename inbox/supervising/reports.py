"""
Reports: what closed episodes tell about a span of days, for everybody or for one member, team, channel, tag or reason.

Every number is defined once, in METRICS, and worked out once, in `values`: cards, tables, charts, CSV and API all show
what comes out of it. They are sums of the roll-ups of each day (UTC) of closing, so a year costs no more than a few
hundred point reads; `episodes` finds the rows behind a number. docs/reports.md tells what each fact means.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from app.core.errors import Invalid
from app.core.platform import members as member_rows
from app.core.runtime import Workspace
from channels import registry
from inbox.closing import closing
from inbox.episodes import Episode
from inbox.finding import tags
from inbox.routing import teams
from inbox.store import episodes as store

Unit = Literal["count", "ms", "percent", "score"]
Dimension = Literal["member", "team", "channel", "tag", "reason"]
DIMENSIONS: tuple[Dimension, ...] = ("member", "team", "channel", "tag", "reason")
NONE = "none"
MOST_DAYS = 400
HOURS_OF_A_WEEK = 168
Figures = Mapping[str, Any]
Values = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Metric:
    """`better` says which way is good, if either is; `rows` narrows the episodes behind the number."""

    key: str
    label: str
    unit: Unit
    definition: str
    better: Literal["up", "down"] | None = None
    rows: Mapping[str, Any] | None = None


METRICS: tuple[Metric, ...] = (
    Metric("closed", "Closed", "count", "Conversations closed in these days; one closed twice counts twice."),
    Metric(
        "first_response_median",
        "First response, median",
        "ms",
        "Half of the first answers by a person came within this time, from the customer's first message or from the "
        "bot's handing over. Estimated within ranges.",
        "down",
        {"first_response_ms": {"$gte": 0}},
    ),
    Metric(
        "first_response_average",
        "First response, average",
        "ms",
        "From the customer's first message, or from the bot's handing over, to the first answer by a person; "
        "conversations without an answer are left out.",
        "down",
        {"first_response_ms": {"$gte": 0}},
    ),
    Metric(
        "response_average",
        "Every response, average",
        "ms",
        "How long customers waited for a person, each time that they did.",
        "down",
        {"responses": {"$gte": 1}},
    ),
    Metric(
        "resolution_median",
        "Resolution, median",
        "ms",
        "Half of the conversations were closed within this time of opening, without a bot's share. Estimated within "
        "ranges.",
        "down",
    ),
    Metric(
        "resolution_average",
        "Resolution, average",
        "ms",
        "From opening to closing, without the time that a bot had the conversation.",
        "down",
    ),
    Metric(
        "reopened_percent",
        "Reopened",
        "percent",
        "Share of the closed conversations that had been closed before.",
        "down",
        {"reopened": True},
    ),
    Metric(
        "unanswered",
        "Closed without answer",
        "count",
        "Closed while the customer still waited for a person's answer.",
        "down",
        {"unanswered": True},
    ),
    Metric("inbound", "From customers", "count", "Messages that customers wrote in these conversations."),
    Metric("replies", "Replies", "count", "Messages that people of ours wrote in these conversations."),
    Metric(
        "csat_average",
        "Satisfaction",
        "score",
        "Average of the answers, 1 to 5, to the question after closing, by the day of the answer.",
        "up",
    ),
    Metric("csat_answers", "Satisfaction answers", "count", "Customers who answered the question after closing.", "up"),
    Metric(
        "nps",
        "Net promoter score",
        "score",
        "Share of those who would recommend us (9 and 10) less the share of those who would not (0 to 6), in points.",
        "up",
    ),
)
_BY_KEY = {metric.key: metric for metric in METRICS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One member, team … with its values; `id` is `none` for what belongs to nobody."""

    id: str
    label: str
    values: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`started_in` counts first messages by hour of the week (UTC, from Monday 0:00)."""

    first: date
    last: date
    total: Values
    previous: Values
    days: Sequence[tuple[date, Values]]
    rows: Sequence[Row]
    started_in: Sequence[int]


def values(figures: Figures) -> Values:
    """What a roll-up's figures come to; None where there is nothing to divide by."""
    return {
        "closed": figures.get("closed", 0),
        "first_response_median": _median(figures.get("first_response_in", {})),
        "first_response_average": _ratio(figures, "first_response_ms", "first_responses"),
        "response_average": _ratio(figures, "response_ms", "responses"),
        "resolution_median": _median(figures.get("resolution_in", {})),
        "resolution_average": _ratio(figures, "resolution_ms", "closed"),
        "reopened_percent": _ratio(figures, "reopened", "closed", times=100, digits=1),
        "unanswered": figures.get("unanswered", 0),
        "inbound": figures.get("inbound", 0),
        "replies": figures.get("replies", 0),
        "csat_average": _ratio(figures, "csat_score", "csat_answers", digits=2),
        "csat_answers": figures.get("csat_answers", 0),
        "nps": _nps(figures),
    }


def _ratio(figures: Figures, above: str, below: str, *, times: int = 1, digits: int = 0) -> float | None:
    count = figures.get(below, 0)
    return round(times * figures.get(above, 0) / count, digits) if count else None


def _nps(figures: Figures) -> float | None:
    count = figures.get("nps_answers", 0)
    points = figures.get("nps_promoters", 0) - figures.get("nps_detractors", 0)
    return round(100 * points / count) if count else None


def _median(ranges: Mapping[str, int]) -> float | None:
    """Where the middle one lies, as if those in a range were spread evenly over it."""
    total = sum(ranges.values())
    if not total:
        return None
    bounds = (0, *store.BOUNDS_MS)
    before = 0
    for number, low in enumerate(bounds):
        here = ranges.get(str(number), 0)
        if before + here >= total / 2 and here:
            high = bounds[number + 1] if number + 1 < len(bounds) else 2 * low
            return round(low + (high - low) * (total / 2 - before) / here)
        before += here
    return None


def added(parts: Sequence[Figures]) -> dict[str, Any]:
    """The figures of several days as one."""
    total: dict[str, Any] = {}
    for part in parts:
        for name, figure in part.items():
            if isinstance(figure, Mapping):
                total[name] = added([total.get(name, {}), figure])
            else:
                total[name] = total.get(name, 0) + figure
    return total


async def report(ws: Workspace, first: date, last: date, *, by: Dimension | None, only: str | None) -> Report:
    """
    Days `first` to `last`, both included, and the same number of days before for comparison. `only` is one of a
    dimension (`member:mem_1`); `by` asks for a row for each of one. Raises Invalid.
    """
    span = (last - first).days + 1
    if not 1 <= span <= MOST_DAYS:
        raise Invalid.field("last", f"Ask for 1 to {MOST_DAYS} days.")
    rows = await store.days(ws, str(first), str(last))
    before = await store.days(ws, str(first - timedelta(days=span)), str(first - timedelta(days=1)))
    by_day = {row["day"]: _of(row, only) for row in rows}
    every_day = [first + timedelta(days=number) for number in range(span)]
    total = added([_of(row, only) for row in rows])
    return Report(
        first=first,
        last=last,
        total=values(total),
        previous=values(added([_of(row, only) for row in before])),
        days=[(day, values(by_day.get(str(day), {}))) for day in every_day],
        rows=await _rows(ws, rows, by) if by else [],
        started_in=[total.get("started_in", {}).get(str(hour), 0) for hour in range(HOURS_OF_A_WEEK)],
    )


def _of(row: Mapping[str, Any], only: str | None) -> Figures:
    figures: Figures = row["all"] if only is None else row["by"].get(only, {})
    return figures


async def _rows(ws: Workspace, days: Sequence[Mapping[str, Any]], by: Dimension) -> list[Row]:
    ids = {key.partition(":")[2] for day in days for key in day["by"] if key.startswith(f"{by}:")}
    names = {NONE: "Nobody" if by == "member" else "None", **await labels(ws, by)}
    rows = [
        Row(
            id=each,
            label=names.get(
                each, "Nobody" if each == NONE and by == "member" else "None" if each == NONE else "Deleted"
            ),
            values=values(added([_of(day, f"{by}:{each}") for day in days])),
        )
        for each in ids
    ]
    return sorted(rows, key=lambda row: (-(row.values["closed"] or 0), row.label))


async def labels(ws: Workspace, by: Dimension) -> dict[str, str]:
    """Names by id of everything in a dimension."""
    match by:
        case "member":
            return {member.id: member.name for member in await member_rows.of_workspace(ws.runtime.mongo, ws.id)}
        case "team":
            return {team.id: team.name for team in await teams.listed(ws)}
        case "channel":
            return {kind: registry.adapter(kind).label for kind in registry.adapters()}
        case "tag":
            return {tag.id: tag.name for tag in await tags.every(ws)}
        case "reason":
            return {reason.id: reason.name for reason in (await closing.settings_of(ws)).reasons}


async def episodes(
    ws: Workspace,
    first: date,
    last: date,
    *,
    metric: str,
    only: str | None,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[tuple[str, Episode]]:
    """The episodes behind a number, the one closed last first, each with its row's id. Raises Invalid."""
    if metric not in _BY_KEY:
        raise Invalid.field("metric", f"One of {', '.join(_BY_KEY)}.")
    where: dict[str, Any] = dict(_BY_KEY[metric].rows or {})
    if only is not None:
        kind, _, value = only.partition(":")
        field = {"member": "assignee_id", "team": "team_id", "tag": "tags", "reason": "reason_id"}.get(kind, kind)
        where[field] = None if value == NONE else value
    start = datetime.combine(first, time.min, UTC)
    end = datetime.combine(last + timedelta(days=1), time.min, UTC)
    return await store.newest_closed(ws, where, start, end, before=before, limit=limit)


def csv_rows(found: Report, by: Dimension | None) -> list[list[str]]:
    """The table as it is shown: a heading, a line for each row (or day), and the total."""
    lines = [[by or "day", *(f"{metric.label}{_UNIT_WORDS[metric.unit]}" for metric in METRICS)]]
    shown = [(row.label, row.values) for row in found.rows] if by else [(str(day), of) for day, of in found.days]
    for label, of in [*shown, ("Total", found.total)]:
        lines.append([_inert(label), *(_cell(of[metric.key]) for metric in METRICS)])
    return lines


_UNIT_WORDS: Mapping[Unit, str] = {"count": "", "ms": " (ms)", "percent": " (%)", "score": ""}


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) and value < 1e5 else str(int(value))


def _inert(text: str) -> str:
    """A name that a spreadsheet would take for a formula is shown as text."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text
