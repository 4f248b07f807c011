"""
Outcomes: what became of a ticket's promises, each time that it was solved or closed; what reports count of tickets.

One is left in the ticket's own row by the write that solves it, and copied from there (ticket_news.settle), so that
none is lost. A ticket that is opened again and solved once more has another: its solution counts again, the waits that
had ended before do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.core import ids
from inbox.ticketing.sla import Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`owner_id`, `team_id` and `tags` are those of that moment."""

    id: str
    ticket_id: str
    solved_at: datetime
    owner_id: str | None = None
    team_id: str | None = None
    tags: tuple[str, ...] = ()
    promises: tuple[Promise, ...] = ()


def id_of(ticket_id: str, solved_at: datetime) -> str:
    return ids.derived("out", ticket_id, solved_at.isoformat())


def without(outcome: Outcome, earlier: Sequence[Outcome]) -> Outcome:
    """What is new in it, given those that the ticket had before."""
    counted = {promise.wait for each in earlier for promise in each.promises if promise.metric != "resolve"}
    return replace(outcome, promises=tuple(each for each in outcome.promises if each.wait not in counted))
