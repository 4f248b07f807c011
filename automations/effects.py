"""
What a broadcast has brought about: how many did what was hoped for, beside those who were held out and got nothing.

Who is held out was drawn by chance among those who would have got it, so that the difference is the broadcast's doing,
as far as its confidence interval says. Ids are hashes: the first pieces of a large audience are a fair sample of it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.core.runtime import Workspace
from automations import experiments, rolls, runs
from automations.broadcasts import Broadcast
from automations.experiments import Lift, Share
from automations.plans import Goal
from crm import happenings

# Of each group no more people are looked at.
_MOST: Final = 10_000
_AMOUNT: Final = "amount"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """
    `got` are those it was sent to, `held` those who were held out, each with how many did it until `until`. `amount` is
    the sum of the events' amounts of those who got it. `exact` False: a sample of them. `lift` None: nobody was held.
    """

    goal: Goal
    got: Share
    held: Share
    lift: Lift | None
    amount: float
    exact: bool
    until: datetime


async def of(ws: Workspace, broadcast: Broadcast) -> Effect | None:
    """None without a goal, and before it was started."""
    goal, started = broadcast.plan.goal, broadcast.started
    run = await runs.of(ws, broadcast.id)
    if goal is None or started is None or run is None:
        return None
    until = min(ws.clock.now(), started.at + timedelta(days=goal.days))
    number = {"got": 0, "held": 0}
    hits = {"got": 0, "held": 0}
    amount, exact = 0.0, True
    for piece in range(run.pieces):
        for stage in experiments.stages(broadcast.plan):
            groups: dict[str, list[str]] = {"got": [], "held": []}
            for place in await rolls.places(ws, broadcast.id, stage, piece) or ():
                if not place.reason or place.reason == "holdout":
                    groups["held" if place.reason else "got"].append(place.contact_id)
            for group, ids in groups.items():
                if number[group] >= _MOST:
                    exact = False
                    continue
                told = await happenings.of_each(ws, ids, [goal.event], started.at)
                mine = [each for each in told if each.at <= until]
                number[group] += len(ids)
                hits[group] += len({each.contact_id for each in mine})
                if group == "got":
                    amounts = (each.attributes.get(_AMOUNT) for each in mine)
                    amount += sum(float(value) for value in amounts if isinstance(value, int | float))
    return Effect(
        goal=goal,
        got=experiments.share(hits["got"], number["got"]),
        held=experiments.share(hits["held"], number["held"]),
        lift=experiments.lift(hits["got"], number["got"], hits["held"], number["held"]),
        amount=amount,
        exact=exact,
        until=until,
    )
