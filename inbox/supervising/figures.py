"""
Figures: what one closed episode, solved ticket or answer to a survey adds to the sums that reports are made of.

A figure is a number that can be added up; its name may have a dot, for a count within (`first_response_in.4`). What it
adds is told for the whole workspace (`all`) and for each assignee, team, channel, tag, reason and policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from app.core import days
from inbox.episodes import Episode
from inbox.ticketing.outcomes import Outcome
from inbox.ticketing.sla import METRICS, Promise

if TYPE_CHECKING:
    from inbox.closing.surveys import Survey

ALL = "all"
# Upper bounds of the ranges in which times are counted, for medians and percentiles; the last range has none.
BOUNDS_MS = tuple(
    seconds * 1000
    for seconds in (30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400, 172_800, 604_800)
)
Figures = dict[str, int]
# By dimension and id (`team:tem_1`, `member:none`; ids hold neither dots nor dollars), and ALL.
Added = Mapping[str, Figures]


def range_of(ms: int) -> int:
    """Which of the ranges between BOUNDS_MS a time falls into."""
    return sum(ms >= bound for bound in BOUNDS_MS)


def of_episode(episode: Episode, zone: str) -> Added:
    """What a closed episode adds to its day; hours of the week are those of `zone`."""
    facts = episode.facts
    resolution = facts.resolution_ms or 0
    figures = {
        "closed": 1,
        "inbound": facts.inbound,
        "replies": facts.replies,
        "responses": facts.responses,
        "response_ms": facts.response_ms,
        "reopened": int(facts.reopened),
        "unanswered": int(facts.waiting_since is not None),
        "resolution_ms": resolution,
        f"resolution_in.{range_of(resolution)}": 1,
        f"started_in.{days.hour_of_week(zone, facts.first_inbound_at or facts.opened_at)}": 1,
    }
    if facts.first_response_ms is not None:
        figures |= {
            "first_responses": 1,
            "first_response_ms": facts.first_response_ms,
            f"first_response_in.{range_of(facts.first_response_ms)}": 1,
        }
    figures |= _in_business_hours(episode)
    named = {"member": facts.assignee_id, "team": facts.team_id, "channel": facts.channel, "reason": facts.reason_id}
    whole = _without_zeros(figures | _promised(facts.promises))
    added = {ALL: whole, **{f"{kind}:{value or 'none'}": whole for kind, value in named.items()}}
    added |= {f"tag:{tag}": whole for tag in facts.tags}
    for policy_id in {promise.policy_id for promise in facts.promises}:
        own = [promise for promise in facts.promises if promise.policy_id == policy_id]
        added[f"policy:{policy_id}"] = _without_zeros(figures | _promised(own))
    return added


def of_outcome(outcome: Outcome) -> Added:
    """What a solved ticket adds to its day: its promises. It came on no channel and was closed for no reason."""
    whole = _without_zeros(_promised(outcome.promises))
    named = {"member": outcome.owner_id, "team": outcome.team_id, "channel": None, "reason": None}
    added = {ALL: whole, **{f"{kind}:{value or 'none'}": whole for kind, value in named.items()}}
    added |= {f"tag:{tag}": whole for tag in outcome.tags}
    for policy_id in {promise.policy_id for promise in outcome.promises}:
        own = [promise for promise in outcome.promises if promise.policy_id == policy_id]
        added[f"policy:{policy_id}"] = _without_zeros(_promised(own))
    return added


def _in_business_hours(episode: Episode) -> Figures:
    times = episode.business
    if times is None:
        return {}
    figures = {
        "business_closed": 1,
        "business_responses": times.responses,
        "business_response_ms": times.response_ms,
        "business_resolution_ms": times.resolution_ms,
        f"business_resolution_in.{range_of(times.resolution_ms)}": 1,
    }
    if times.first_response_ms is not None:
        figures |= {
            "business_first_responses": 1,
            "business_first_response_ms": times.first_response_ms,
            f"business_first_response_in.{range_of(times.first_response_ms)}": 1,
        }
    return figures


def _promised(promises: tuple[Promise, ...] | list[Promise]) -> Figures:
    return {
        f"sla_{metric}_{'kept' if kept else 'missed'}": sum(
            promise.metric == metric and promise.kept is kept for promise in promises
        )
        for metric in METRICS
        for kept in (True, False)
    }


def of_answer(survey: Survey) -> Added:
    """What an answer adds to the day on which it came."""
    score = survey.score or 0
    if survey.kind == "csat":
        figures = {"csat_answers": 1, "csat_score": score, f"csat_scores.{score}": 1}
    else:
        group = "promoters" if score >= 9 else "passives" if score >= 7 else "detractors"
        figures = {"nps_answers": 1, f"nps_{group}": 1, f"nps_scores.{score}": 1}
    named = {"member": survey.assignee_id, "team": survey.team_id, "channel": survey.channel}
    return {
        ALL: figures,
        **{f"{kind}:{value or 'none'}": figures for kind, value in named.items()},
        **{f"tag:{tag}": figures for tag in survey.tags},
    }


def _without_zeros(figures: Figures) -> Figures:
    return {name: step for name, step in figures.items() if step}


def answer_at(survey: Survey) -> datetime:
    return survey.answered_at or survey.created_at
