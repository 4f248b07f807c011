"""
What a broadcast has brought about: how many did what was hoped for, and for how much money, beside those who were held
out and got nothing.

Who is held out was drawn by chance among those who would have got it, and is held against those to whom it was handed
over, so that the difference is the broadcast's doing, as far as its confidence interval says. Ids are hashes: the first
pieces of a large audience are a fair sample of it. Money is what events say of themselves, in their attributes `amount`
and `currency`; currencies are never added up.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from app.core.runtime import Workspace
from automations import experiments, rolls, runs
from automations.broadcasts import Broadcast
from automations.experiments import Lift, Share
from automations.plans import Goal
from crm import happenings
from crm.happenings import Happening

# Of those who got it no more people are looked at, and of those who were held out those in so many pieces.
_MOST: Final = 10_000
_MOST_PIECES: Final = 50
# Pieces that are looked through for one page of names.
_PIECES: Final = 20
_AMOUNT, _CURRENCY = "amount", "currency"


@dataclass(frozen=True, slots=True)
class Window:
    """Which event counts, and when."""

    goal: Goal
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """What somebody did: how often, when for the last time, and for how much, in hundredths by currency."""

    contact_id: str
    times: int
    at: datetime
    revenue: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """
    `got` are those for whom it was handed over, `held` those who were held out, each with how many did it in the
    window. `people` of all who got it did it, for `revenue`, in hundredths by currency. `exact` False: both are
    reckoned from a sample. `lift` None: nobody was held.
    """

    window: Window
    got: Share
    held: Share
    lift: Lift | None
    people: int
    revenue: Mapping[str, int]
    exact: bool


def window(broadcast: Broadcast, now: datetime) -> Window | None:
    """None without a goal, and before it was started."""
    goal, started = broadcast.plan.goal, broadcast.started
    if goal is None or started is None:
        return None
    return Window(goal, started.at, min(now, started.at + timedelta(days=goal.days)))


async def done(ws: Workspace, counted: Window, contact_ids: Sequence[str]) -> dict[str, Done]:
    """Who of these did it, by id."""
    told: dict[str, list[Happening]] = {}
    for each in await happenings.of_each(ws, contact_ids, [counted.goal.event], counted.since):
        if each.at <= counted.until:
            told.setdefault(each.contact_id, []).append(each)
    return {
        contact_id: Done(contact_id, len(mine), max(each.at for each in mine), _revenue(mine))
        for contact_id, mine in told.items()
    }


def _revenue(told: Sequence[Happening]) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    for each in told:
        amount, currency = each.attributes.get(_AMOUNT), each.attributes.get(_CURRENCY)
        if isinstance(amount, int | float) and not isinstance(amount, bool):
            code = currency.strip().upper() if isinstance(currency, str) else ""
            found[code if len(code) == 3 and code.isalpha() else ""] += round(Decimal(str(amount)) * 100)
    return found


async def of(ws: Workspace, broadcast: Broadcast) -> Effect | None:
    """None without a goal, and before it was started."""
    counted, run = window(broadcast, ws.clock.now()), await runs.of(ws, broadcast.id)
    if counted is None or run is None:
        return None
    number, hits, revenue = Counter[str](), Counter[str](), Counter[str]()
    looked = pieces = 0
    for piece in range(min(run.pieces, _MOST_PIECES)):
        groups = await _groups(ws, broadcast, piece)
        hits["held"] += len(await done(ws, counted, groups["held"]))
        number["held"] += len(groups["held"])
        if looked >= _MOST:
            continue
        looked, pieces = looked + len(groups["got"]), pieces + 1
        ids = await rolls.reached_among(ws, broadcast.id, groups["got"], rolls.HANDED_OVER)
        did = await done(ws, counted, ids)
        hits["got"] += len(did)
        number["got"] += len(ids)
        for each in did.values():
            revenue.update(each.revenue)
    # All pieces but the last have as many people.
    scale = Decimal(run.pieces) / max(1, pieces)
    return Effect(
        window=counted,
        got=experiments.share(hits["got"], number["got"]),
        held=experiments.share(hits["held"], number["held"]),
        lift=experiments.lift(hits["got"], number["got"], hits["held"], number["held"]),
        people=round(hits["got"] * scale),
        revenue={code: round(amount * scale) for code, amount in revenue.items()},
        exact=pieces == run.pieces,
    )


async def people(
    ws: Workspace, broadcast: Broadcast, after: tuple[int, str] | None, limit: int
) -> tuple[list[Done], tuple[int, str] | None]:
    """
    Who of those who got it did it, by id; and behind whom (their piece and id) the next page begins, if there may be
    more. A page may be short.
    """
    counted, run = window(broadcast, ws.clock.now()), await runs.of(ws, broadcast.id)
    if counted is None or run is None:
        return [], None
    found: list[Done] = []
    first, last = after or (0, "")
    for piece in range(first, min(first + _PIECES, run.pieces)):
        got = (await _groups(ws, broadcast, piece))["got"]
        did = await done(ws, counted, [each for each in got if each > last])
        for contact_id in await rolls.reached_among(ws, broadcast.id, sorted(did), rolls.HANDED_OVER):
            found.append(did[contact_id])
            if len(found) == limit:
                return found, (piece, contact_id)
    return found, (first + _PIECES, last) if first + _PIECES < run.pieces else None


async def _groups(ws: Workspace, broadcast: Broadcast, piece: int) -> Mapping[str, list[str]]:
    """Of a piece of its audience who was given to a mailing and who was held out."""
    groups: dict[str, list[str]] = {"got": [], "held": []}
    for stage in experiments.stages(broadcast.plan):
        for place in await rolls.places(ws, broadcast.id, stage, piece) or ():
            if not place.reason or place.reason == "holdout":
                groups["held" if place.reason else "got"].append(place.contact_id)
    return groups
