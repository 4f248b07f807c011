"""
Metrics: what each number of a report means, and how it is worked out from sums. Cards, tables, charts, CSV and API all
show what comes out of `values`, and nothing else does either.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from inbox.supervising import figures

Unit = Literal["count", "ms", "percent", "score"]
# Times by the clock on the wall, or in the hours of the team's calendar.
Hours = Literal["wall", "business"]
Group = Literal["work", "speed", "promises", "satisfaction"]
Rows = Literal["episodes", "answers"]
Figures = Mapping[str, Any]
Values = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Metric:
    """
    `better` says which way is good, if either is; `rows` narrows what lies behind the number: episodes, or answers to
    surveys; `tickets` says that solved tickets count in it, too. `timed` ones differ by hours.
    """

    key: str
    label: str
    unit: Unit
    group: Group
    definition: str
    better: Literal["up", "down"] | None = None
    rows: Mapping[str, Any] | None = None
    behind: Rows = "episodes"
    timed: bool = False
    tickets: bool = False


_ANSWERED = {"first_response_ms": {"$gte": 0}}
_PROMISES = (
    ("first", "First answer", "promised first answers by a person (of tickets: that somebody took it up)"),
    ("next", "Next answer", "promised further answers by a person"),
    ("resolve", "Solution", "promised closings and solved tickets"),
)


def _promised(metric: str, name: str, what: str) -> tuple[Metric, ...]:
    closing = "" if metric == "resolve" else " What was closed in time without an answer counts as neither."
    return (
        Metric(
            f"sla_{metric}_percent",
            f"{name} in time",
            "percent",
            "promises",
            f"Share of the {what} that came in time, by the policy and in the hours that applied then.{closing}",
            "up",
            {"promised": metric},
            tickets=True,
        ),
        Metric(
            f"sla_{metric}_kept",
            f"{name}, kept",
            "count",
            "promises",
            f"How many {what} came in time, in conversations closed and tickets solved in these days.{closing}",
            None,
            {"promised": f"{metric}:kept"},
            tickets=True,
        ),
        Metric(
            f"sla_{metric}_missed",
            f"{name}, missed",
            "count",
            "promises",
            f"How many {what} came too late, or not at all before closing, in conversations closed and tickets solved "
            "in these days.",
            "down",
            {"promised": f"{metric}:missed"},
            tickets=True,
        ),
    )


METRICS: tuple[Metric, ...] = (
    Metric("closed", "Closed", "count", "work", "Conversations closed in these days; one closed twice counts twice."),
    Metric(
        "first_response_median",
        "First response, median",
        "ms",
        "speed",
        "Half of the first answers by a person came within this time, from the customer's first message or from the "
        "bot's handing over. Estimated within ranges.",
        "down",
        _ANSWERED,
        timed=True,
    ),
    Metric(
        "first_response_average",
        "First response, average",
        "ms",
        "speed",
        "From the customer's first message, or from the bot's handing over, to the first answer by a person; "
        "conversations without an answer are left out.",
        "down",
        _ANSWERED,
        timed=True,
    ),
    Metric(
        "response_average",
        "Every response, average",
        "ms",
        "speed",
        "How long customers waited for a person, each time that they did.",
        "down",
        {"responses": {"$gte": 1}},
        timed=True,
    ),
    Metric(
        "resolution_median",
        "Resolution, median",
        "ms",
        "speed",
        "Half of the conversations were closed within this time of opening, without a bot's share. Estimated within "
        "ranges.",
        "down",
        timed=True,
    ),
    Metric(
        "resolution_average",
        "Resolution, average",
        "ms",
        "speed",
        "From opening to closing, without the time that a bot had the conversation.",
        "down",
        timed=True,
    ),
    Metric(
        "reopened_percent",
        "Reopened",
        "percent",
        "work",
        "Share of the closed conversations that had been closed before.",
        "down",
        {"reopened": True},
    ),
    Metric(
        "unanswered",
        "Closed without answer",
        "count",
        "work",
        "Closed while the customer still waited for a person's answer.",
        "down",
        {"unanswered": True},
    ),
    Metric("inbound", "From customers", "count", "work", "Messages that customers wrote in the conversations closed."),
    Metric("replies", "Replies", "count", "work", "Messages that people of ours wrote in the conversations closed."),
    *(metric for promise in _PROMISES for metric in _promised(*promise)),
    Metric(
        "csat_average",
        "Satisfaction",
        "score",
        "satisfaction",
        "Average of the answers, 1 to 5, to the question after closing, by the day of the answer.",
        "up",
        {"kind": "csat"},
        "answers",
    ),
    Metric(
        "csat_answers",
        "Satisfaction answers",
        "count",
        "satisfaction",
        "Customers who answered the question after closing, by the day of the answer.",
        None,
        {"kind": "csat"},
        "answers",
    ),
    Metric(
        "nps",
        "Net promoter score",
        "score",
        "satisfaction",
        "Share of those who would recommend us (9 and 10) less the share of those who would not (0 to 6), in points, "
        "by the day of the answer.",
        "up",
        {"kind": "nps"},
        "answers",
    ),
    Metric(
        "nps_answers",
        "Recommendation answers",
        "count",
        "satisfaction",
        "Customers who said how likely they are to recommend us, by the day of the answer.",
        None,
        {"kind": "nps"},
        "answers",
    ),
)
BY_KEY: Mapping[str, Metric] = {metric.key: metric for metric in METRICS}


def values(sums: Figures, hours: Hours = "wall") -> Values:
    """What a roll-up's figures come to; None where there is nothing to divide by."""
    of = "business_" if hours == "business" else ""
    return {
        "closed": sums.get("closed", 0),
        "first_response_median": _median(sums.get(f"{of}first_response_in", {})),
        "first_response_average": _ratio(sums, f"{of}first_response_ms", f"{of}first_responses"),
        "response_average": _ratio(sums, f"{of}response_ms", f"{of}responses"),
        "resolution_median": _median(sums.get(f"{of}resolution_in", {})),
        "resolution_average": _ratio(sums, f"{of}resolution_ms", f"{of}closed"),
        "reopened_percent": _ratio(sums, "reopened", "closed", times=100, digits=1),
        "unanswered": sums.get("unanswered", 0),
        "inbound": sums.get("inbound", 0),
        "replies": sums.get("replies", 0),
        **{key: value for metric, _, _ in _PROMISES for key, value in _kept(sums, metric).items()},
        "csat_average": _ratio(sums, "csat_score", "csat_answers", digits=2),
        "csat_answers": sums.get("csat_answers", 0),
        "nps": _nps(sums),
        "nps_answers": sums.get("nps_answers", 0),
    }


def _kept(sums: Figures, metric: str) -> Values:
    kept, missed = sums.get(f"sla_{metric}_kept", 0), sums.get(f"sla_{metric}_missed", 0)
    return {
        f"sla_{metric}_percent": round(100 * kept / (kept + missed), 1) if kept + missed else None,
        f"sla_{metric}_kept": kept,
        f"sla_{metric}_missed": missed,
    }


def _ratio(sums: Figures, above: str, below: str, *, times: int = 1, digits: int = 0) -> float | None:
    count = sums.get(below, 0)
    return round(times * sums.get(above, 0) / count, digits) if count else None


def _nps(sums: Figures) -> float | None:
    count = sums.get("nps_answers", 0)
    points = sums.get("nps_promoters", 0) - sums.get("nps_detractors", 0)
    return round(100 * points / count) if count else None


def _median(ranges: Mapping[str, int]) -> float | None:
    """Where the middle one lies, as if those in a range were spread evenly over it."""
    total = sum(ranges.values())
    if not total:
        return None
    bounds = (0, *figures.BOUNDS_MS)
    before = 0
    for number, low in enumerate(bounds):
        here = ranges.get(str(number), 0)
        if before + here >= total / 2 and here:
            high = bounds[number + 1] if number + 1 < len(bounds) else 2 * low
            return round(low + (high - low) * (total / 2 - before) / here)
        before += here
    return None
