"""
Moments: what service levels could have asked about a conversation or a ticket at each time, kept with it.

Clocks are computed from facts. With the facts of every moment they can be computed once more, under other policies:
`replayed` goes through the moments with the very functions that production goes by (`sla.followed`, `sla.acted`), so
under the policies that were in force it gives what happened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from inbox.ticketing import sla
from inbox.ticketing.sla import Clock, Rules, Subject

# What goes on for longer keeps its first moments, and cannot be replayed.
MOST = 300


@dataclass(frozen=True, slots=True)
class Moment:
    """From then on these facts were so; only those that differ from the moment before."""

    at: datetime
    facts: Mapping[str, Any]


def noted(moments: tuple[Moment, ...], facts: sla.Facts | None, now: datetime) -> tuple[Moment, ...]:
    """With a further moment, if anything has changed; `facts` are None when it is solved, perhaps for a while."""
    if len(moments) >= MOST:
        return moments
    before = _folded(moments)
    after = _flat(facts) if facts is not None else {**before, "ended": True}
    changed = {
        name: after.get(name) for name in (*after, *(before.keys() - after)) if before.get(name) != after.get(name)
    }
    return (*moments, Moment(now, changed)) if changed else moments


def whole(moments: Sequence[Moment]) -> bool:
    """Whether nothing is missing: of what was closed before moments were kept, and of very long ones, something is."""
    return 0 < len(moments) < MOST


def replayed(
    moments: Sequence[Moment],
    since: datetime,
    until: datetime | None,
    subject: Subject,
    known: Rules,
    now: datetime,
    stands: tuple[tuple[str, datetime], ...] | None = None,
) -> Clock | None:
    """
    The clock of something that began at `since` and ended at `until` (None: it still runs), under these rules.

    `stands` is the history of its state, where it has one. The steps of an escalation are not done again: what they
    changed when they really were done is among the moments.
    """
    clock: Clock | None = None
    before: sla.Facts | None = None
    for at, facts in _facts(moments, since, stands):
        clock = sla.followed(_passed(clock, before, subject, known, at), before, facts, subject, known, at)
        before = facts
    clock = _passed(clock, before, subject, known, until or now)
    return sla.followed(clock, before, None, subject, known, until) if until is not None else clock


def _passed(clock: Clock | None, facts: sla.Facts | None, subject: Subject, known: Rules, at: datetime) -> Clock | None:
    """With everything marked that became due meanwhile, as the sweeper does."""
    if clock is None or facts is None or clock.acts_at is None or clock.acts_at >= at:
        return clock
    return replace(sla.acted(clock, facts, known, subject, at)[0], news=())


def _facts(
    moments: Sequence[Moment], since: datetime, stands: tuple[tuple[str, datetime], ...] | None
) -> Iterator[tuple[datetime, sla.Facts | None]]:
    flat: dict[str, Any] = {}
    for moment in moments:
        flat |= moment.facts
        waits: dict[sla.Metric, datetime] = {
            metric: begun for metric in sla.METRICS if (begun := flat.get(f"wait_{metric}")) is not None
        }
        yield (
            moment.at,
            None
            if flat.get("ended")
            else sla.Facts(
                since=since,
                waits={**waits, "resolve": since},
                priority=flat["priority"],
                state=flat["state"],
                asked={
                    name.removeprefix("asked_"): tuple(value) if isinstance(value, list) else value
                    for name, value in flat.items()
                    if name.startswith("asked_")
                }
                | {"priority": flat["priority"]},
                stands=None if stands is None else tuple(each for each in stands if each[1] <= moment.at),
            ),
        )


def _folded(moments: Sequence[Moment]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for moment in moments:
        flat |= moment.facts
    return flat


def _flat(facts: sla.Facts) -> dict[str, Any]:
    """Without what never changes, or is said twice. As lists: so they come back from the database."""
    waits = {f"wait_{metric}": since for metric, since in facts.waits.items() if metric != "resolve"}
    asked = {
        f"asked_{name}": list(value) if isinstance(value, tuple | list) else value
        for name, value in facts.asked.items()
        if name != "priority"
    }
    return {"priority": facts.priority, "state": facts.state, **waits, **asked}
