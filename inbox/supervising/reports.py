"""
Reports: what closed episodes tell about a span of days, for everybody or for one member, team, channel, tag, reason or
policy.

What each number means stands in metrics.py. They are sums of the roll-ups of each day of closing, in the reader's time
zone (see rollups.py), so a year costs no more than a few hundred point reads; `episodes` and `answers` find the rows
behind a number. docs/reports.md tells what each fact means.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from app.core import days
from app.core.errors import Invalid
from app.core.platform import members as member_rows
from app.core.runtime import Workspace
from channels import registry
from crm import tables
from inbox.closing import closing
from inbox.closing.surveys import Survey
from inbox.episodes import Episode
from inbox.finding import tags
from inbox.routing import teams
from inbox.store import episodes as episode_rows
from inbox.store import outcomes as outcome_rows
from inbox.store import report_days as store
from inbox.store import surveys as survey_rows
from inbox.supervising import metrics, rollups
from inbox.supervising.metrics import METRICS, Figures, Hours, Metric, Unit, Values
from inbox.ticketing import sla_policies
from inbox.ticketing.outcomes import Outcome

Dimension = Literal["member", "team", "channel", "tag", "reason", "policy"]
DIMENSIONS: tuple[Dimension, ...] = ("member", "team", "channel", "tag", "reason", "policy")
NONE = "none"
MOST_DAYS = 400
HOURS_OF_A_WEEK = 168


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which days, both included, of which zone; `only` is one of a dimension (`member:mem_1`)."""

    first: date
    last: date
    zone: str
    hours: Hours = "wall"
    only: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One member, team … with its values; `id` is `none` for what belongs to nobody."""

    id: str
    label: str
    values: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`started_in` counts first messages by hour of the week as the clocks of `zone` show it, from Monday 0:00."""

    asked: Asked
    total: Values
    previous: Values
    days: Sequence[tuple[date, Values]]
    rows: Sequence[Row]
    started_in: Sequence[int]


async def report(ws: Workspace, asked: Asked, *, by: Dimension | None) -> Report:
    """
    These days, and the same number of days before for comparison; `by` asks for a row for each of a dimension.

    Raises Invalid, BeingCounted.
    """
    span = (asked.last - asked.first).days + 1
    if not 1 <= span <= MOST_DAYS:
        raise Invalid.field("last", f"Ask for 1 to {MOST_DAYS} days.")
    await rollups.require(ws, asked.zone)
    rows = await store.days(ws, asked.zone, asked.first, asked.last)
    before = await store.days(ws, asked.zone, asked.first - timedelta(days=span), asked.first - timedelta(days=1))
    by_day = {row["day"]: _of(row, asked.only) for row in rows}
    every_day = [asked.first + timedelta(days=number) for number in range(span)]
    total = rollups.added_up([_of(row, asked.only) for row in rows])
    return Report(
        asked=asked,
        total=metrics.values(total, asked.hours),
        previous=metrics.values(rollups.added_up([_of(row, asked.only) for row in before]), asked.hours),
        days=[(day, metrics.values(by_day.get(str(day), {}), asked.hours)) for day in every_day],
        rows=await _rows(ws, rows, by, asked.hours) if by else [],
        started_in=[total.get("started_in", {}).get(str(hour), 0) for hour in range(HOURS_OF_A_WEEK)],
    )


def _of(row: Mapping[str, Any], only: str | None) -> Figures:
    figures: Figures = row["all"] if only is None else row["by"].get(only, {})
    return figures


async def _rows(ws: Workspace, found: Sequence[Mapping[str, Any]], by: Dimension, hours: Hours) -> list[Row]:
    ids = {key.partition(":")[2] for day in found for key in day["by"] if key.startswith(f"{by}:")}
    names = {NONE: "Nobody" if by == "member" else "None", **await labels(ws, by)}
    rows = [
        Row(
            id=each,
            label=names.get(each, "Deleted"),
            values=metrics.values(rollups.added_up([_of(day, f"{by}:{each}") for day in found]), hours),
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
            return await tags.names(ws)
        case "policy":
            return {policy.id: policy.name for policy in await sla_policies.listed(ws)}
        case "reason":
            return {reason.id: reason.name for reason in (await closing.settings_of(ws)).reasons}


async def episodes(
    ws: Workspace, asked: Asked, *, metric: str, before: tuple[datetime, str] | None, limit: int
) -> list[tuple[str, Episode]]:
    """The episodes behind a number, the one closed last first, each with its row's id. Raises Invalid."""
    where = _behind(_metric(metric, "episodes"), asked)
    start, end = _instants(asked)
    return await episode_rows.newest_closed(ws, where, start, end, before=before, limit=limit)


async def tickets(
    ws: Workspace, asked: Asked, *, metric: str, before: tuple[datetime, str] | None, limit: int
) -> list[Outcome]:
    """The solved tickets behind a number that counts them, the one solved last first. Raises Invalid."""
    known = _metric(metric, "episodes")
    kind, _, value = (asked.only or "").partition(":")
    if not known.tickets or (kind in ("channel", "reason") and value != NONE):
        return []
    where = {"owner_id" if name == "assignee_id" else name: wanted for name, wanted in _behind(known, asked).items()}
    start, end = _instants(asked)
    return await outcome_rows.newest_solved(ws, where, start, end, before=before, limit=limit)


def _behind(metric: Metric, asked: Asked) -> dict[str, Any]:
    where: dict[str, Any] = dict(metric.rows or {})
    if asked.only is None:
        return where
    kind, _, value = asked.only.partition(":")
    if kind != "policy":
        return where | _narrowed(kind, value)
    promised = where.get("promised")
    return where | {"promised": f"{value}:{promised}" if promised else value}


async def answers(
    ws: Workspace, asked: Asked, *, metric: str, before: tuple[datetime, str] | None, limit: int
) -> list[Survey]:
    """The answers to surveys behind a number, the newest first. Raises Invalid."""
    where: dict[str, Any] = dict(_metric(metric, "answers").rows or {})
    if asked.only is not None:
        kind, _, value = asked.only.partition(":")
        if kind in ("reason", "policy"):
            # Nobody is asked about those.
            return []
        where |= _narrowed(kind, value)
    start, end = _instants(asked)
    return await survey_rows.newest_answered(ws, where, start, end, before=before, limit=limit)


def _metric(key: str, behind: str) -> Metric:
    metric = metrics.BY_KEY.get(key)
    if metric is None or metric.behind != behind:
        raise Invalid.field("metric", f"One of {', '.join(each.key for each in METRICS if each.behind == behind)}.")
    return metric


def _narrowed(kind: str, value: str) -> dict[str, Any]:
    field = {"member": "assignee_id", "team": "team_id", "tag": "tags", "reason": "reason_id"}.get(kind, kind)
    return {field: None if value == NONE else value}


def _instants(asked: Asked) -> tuple[datetime, datetime]:
    """When the first day begins and the last one ends. Raises Invalid."""
    rollups.known(asked.zone)
    return days.begins(asked.zone, asked.first), days.begins(asked.zone, asked.last + timedelta(days=1))


def csv_rows(found: Report, by: Dimension | None) -> list[list[str]]:
    """The table as it is shown: a heading that names zone and hours, a line for each row (or day), and the total."""
    lines = [[by or f"day ({found.asked.zone})", *(_heading(metric, found.asked.hours) for metric in METRICS)]]
    shown = [(row.label, row.values) for row in found.rows] if by else [(str(day), of) for day, of in found.days]
    for label, of in [*shown, ("Total", found.total)]:
        lines.append([tables.safe(label), *(_cell(of[metric.key]) for metric in METRICS)])
    return lines


_UNIT_WORDS: Mapping[Unit, str] = {"count": "", "ms": "ms", "percent": "%", "score": ""}


def _heading(metric: Metric, hours: Hours) -> str:
    words = [_UNIT_WORDS[metric.unit], f"{hours} hours" if metric.timed and hours == "business" else ""]
    beside = ", ".join(filter(None, words))
    return f"{metric.label} ({beside})" if beside else metric.label


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) and value < 1e5 else str(int(value))
