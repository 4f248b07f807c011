"""
How much messages may cost in a month: for everything, or for one channel. When a part of it is used up, those who see
to accounts and broadcasts are told; when all of it is, marketing can stop by itself.

Looked at after something was spent. Each alarm is told once a month, and marketing is stopped once a month: whoever
lets it go on has decided.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from redis.exceptions import RedisError

from app.core import audit, days, sign_in
from app.core.audit import Target
from app.core.errors import AppError, Change, ChangedMeanwhile, FieldError, Invalid
from app.core.mongo import DatabaseError
from app.core.permissions import SYSTEM, Actor, Permission
from app.core.platform import budgets as platform
from app.core.platform import members as member_rows
from app.core.runtime import Runtime, Workspace
from crm import pacing
from inbox import live, spending
from inbox.answering import notifications
from inbox.answering.prices import minor
from inbox.store import budgets as store
from inbox.supervising import rollups

MOST: Final = 20
# In rounds of idle workers: half a minute.
_EVERY_ROUNDS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """
    `minor` hundredths of `currency` a month; `channel` None: for all. `alarms` are percentages at which people are
    told. `stops`: when all of it is used up, marketing stops.
    """

    channel: str | None
    minor: int
    currency: str
    alarms: tuple[int, ...] = (80, 100)
    stops: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """`told` are alarms that were given, and stops that were made, by month, channel and percentage."""

    budgets: tuple[Budget, ...] = ()
    revision: int = 0
    changed_by: str = ""
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How much of a budget this month has used."""

    budget: Budget
    spent_minor: int

    @property
    def percent(self) -> int:
        return 100 * self.spent_minor // self.budget.minor if self.budget.minor else 100


async def kept(ws: Workspace) -> Budgets:
    return await store.get(ws) or Budgets()


async def save(ws: Workspace, actor: Actor, wanted: Sequence[Budget], revision: int) -> Budgets:
    """All of them, as they shall be. Raises Invalid (naming the line), ChangedMeanwhile."""
    before = await kept(ws)
    scopes = [(each.channel, each.currency) for each in wanted]
    if doubled := [at for at, scope in enumerate(scopes) if scope in scopes[:at]]:
        wrong = FieldError(f"budgets.{doubled[0]}.channel", "There is a budget for this already: change that one.")
        raise Invalid(wrong.message, errors=(wrong,))
    new = replace(before, budgets=tuple(wanted), revision=revision + 1, changed_by=actor.name)
    async with live.announced(ws, "budgets", ws.id):
        if before.revision != revision or not await store.put(ws, new):
            now = await kept(ws)
            raise ChangedMeanwhile(
                f"{now.changed_by} has just changed the budgets. Look at them again first.",
                Change("budgets", name=now.changed_by or None),
            )
        await audit.record(ws, actor, "budgets.changed", Target("budgets", ws.id, "Budgets"), {"lines": len(wanted)})
        await live.publish(ws, live.event("budgets", {"id": ws.id}))
    await look(ws)
    return await kept(ws)


async def standings(ws: Workspace) -> list[Standing]:
    """How each stands in this month, as the workspace's zone has it."""
    return await _standings(ws, (await kept(ws)).budgets, await _today(ws))


async def _today(ws: Workspace) -> date:
    return days.of(await rollups.zone_of(ws), ws.clock.now())


async def _standings(ws: Workspace, budgets: Sequence[Budget], today: date) -> list[Standing]:
    if not budgets:
        return []
    spent: dict[tuple[str | None, str], int] = {}
    for sums in (await spending.of_days(ws, today.replace(day=1), today)).values():
        for key, each in sums.items():
            for scope in (None, key.channel):
                spent[scope, key.currency] = spent.get((scope, key.currency), 0) + each.micros
    return [Standing(budget=each, spent_minor=minor(spent.get((each.channel, each.currency), 0))) for each in budgets]


async def look(ws: Workspace) -> None:
    """Tells of what has been reached since the last time, and stops marketing where that is wanted."""
    now, today = await kept(ws), await _today(ws)
    for standing in await _standings(ws, now.budgets, today):
        budget = standing.budget
        scope = f"{today:%Y-%m}/{budget.channel or '*'}/{budget.currency}/{budget.minor}"
        for alarm in [each for each in sorted(budget.alarms) if standing.percent >= each]:
            if await store.tell_once(ws, f"{scope}/{alarm}"):
                await _tell(ws, standing, alarm, scope)
        if budget.stops and standing.percent >= 100 and await store.tell_once(ws, f"{scope}/stop"):
            await _stop(ws, budget)


def _words(budget: Budget) -> str:
    amount = f"{budget.minor / 100:,.2f} {budget.currency}"
    return f"The month's budget of {amount}" + (f" for {budget.channel}" if budget.channel else "")


async def _tell(ws: Workspace, standing: Standing, alarm: int, scope: str) -> None:
    left = "Marketing stops by itself." if standing.budget.stops and alarm >= 100 else "Nothing is stopped by this."
    await notifications.duty(
        ws,
        await _concerned(ws),
        key=f"budget|{scope}|{alarm}",
        title=f"{standing.percent} % of a budget is used",
        text=f"{_words(standing.budget)} has passed {alarm} %. {left}",
        path="/reports?tab=costs",
    )


async def _stop(ws: Workspace, budget: Budget) -> None:
    words = f"{_words(budget)} is used up."
    async with live.announced(ws, "pacing", ws.id):
        await pacing.stop(ws, pacing.Stopped(at=ws.clock.now(), by="a budget", reason=words))
        await audit.record(
            ws, SYSTEM, "marketing.stopped", Target("pacing", ws.id, "Consent & pacing"), {"reason": words}
        )
        await live.publish(ws, live.event("pacing", {"id": ws.id}))


async def _concerned(ws: Workspace) -> list[str]:
    members = [each for each in await member_rows.of_workspace(ws.runtime.mongo, ws.id) if each.status == "active"]
    actors = await asyncio.gather(*(sign_in.actor_of(ws.runtime, member) for member in members))
    needed = (Permission.ACCOUNTS_MANAGE, Permission.BROADCASTS_APPROVE)
    return [actor.id for actor in actors if any(actor.may(each) for each in needed)]


async def run(runtime: Runtime) -> None:
    """Looks at workspaces with budgets in which something was spent, until cancelled."""
    while True:
        await asyncio.sleep(_EVERY_ROUNDS * runtime.settings.round_seconds)
        with suppress(DatabaseError, RedisError, OSError, TimeoutError, AppError):
            for workspace_id in await platform.active(runtime):
                ws = runtime.workspace(workspace_id)
                if await spending.has_moved(ws):
                    await look(ws)
