"""What people do with a broadcast from its start on: start, pause, resume, cancel and recall it, change its limits."""

from __future__ import annotations

from functools import partial
from typing import Any

from app.core.errors import Change, ChangedMeanwhile, Conflict
from app.core.permissions import Actor
from app.core.runtime import Workspace
from automations import approvals, audiences, broadcasts, checks, placing, runs, schedules
from automations.broadcasts import Broadcast, By, Reason
from automations.runs import Recall
from automations.store import runs as store
from inbox.mailings import mailings


async def start(ws: Workspace, actor: Actor, broadcast_id: str, people: int) -> Broadcast:
    """
    It goes, at once or when its time comes. `people` is the number that the person has seen and confirmed.

    Raises NotFound, Forbidden, Invalid (what is missing), Conflict (a second person, no check, another number).
    """
    now = await broadcasts.get(ws, broadcast_id)
    broadcasts.require_editor(actor, now)
    if now.state not in ("draft", "approved"):
        raise Conflict(f"It is {now.state} already.", code="not_waiting")
    at = ws.clock.now()
    broadcasts.require_whole(now)
    check = await checks.current(ws, now)
    if approvals.grown(people, check.willing) or approvals.grown(check.willing, people):
        raise ChangedMeanwhile(
            f"It would go to {check.willing} people now, not to {people}. Look at it again.",
            Change("people", value=check.willing),
        )
    if now.state == "draft" and (why := await approvals.needed(ws, now)) is not None:
        raise Conflict(why, code="second_person")
    if now.state == "approved" and (why := await approvals.outgrown(ws, now)) is not None:
        reason = Reason("second_person", why)
        await broadcasts.turn(ws, actor, now, "outgrown", state="review", approved=None, reason=reason)
        raise Conflict(why, code="second_person")
    await audiences.require(ws, now.plan.audience)
    await placing.require(ws, now.plan)
    begins = schedules.first(now.plan.schedule, at)
    if begins is None and now.plan.schedule.wall is not None and now.plan.schedule.recurring:
        raise Conflict("It would never go: its rule has no day any more.", code="no_day")
    if schedules.passed(now.plan.schedule, at):
        raise Conflict("This time has passed; choose a later one, or send it now.", code="time_passed")
    by = By(actor.member_id, actor.name, at)
    values: dict[str, Any] = {"people": check.willing, "reason": None, "approved": now.approved or by}
    if begins is None or begins <= at:
        started = await broadcasts.turn(ws, actor, now, "started", state="running", started=by, **values)
        await runs.awake(ws, started.id, at)
        return started
    waiting = await broadcasts.turn(
        ws, actor, now, "scheduled", detail={"at": begins.isoformat()}, state="scheduled", scheduled_at=begins, **values
    )
    await runs.awake(ws, waiting.id, begins)
    return waiting


async def pause(ws: Workspace, actor: Actor, broadcast_id: str) -> Broadcast:
    """Nothing more goes out within seconds; one that waits for its time is approved again. Raises Conflict."""
    now = await broadcasts.get(ws, broadcast_id)
    broadcasts.require_stopper(actor, now)
    words = f"{actor.name} paused it."
    if now.state == "scheduled":
        return await broadcasts.turn(ws, actor, now, "unscheduled", state="approved", scheduled_at=None)
    if now.state != "running":
        raise Conflict(f"It is {now.state}: there is nothing to pause.", code="not_running")
    # The broadcast first: who carries it would take a mailing that stands still for one that stopped by itself.
    paused = await broadcasts.turn(ws, actor, now, "paused", state="paused", reason=Reason("by_hand", words))
    await runs.each_mailing(ws, now.id, partial(mailings.pause, reason=words, by=actor.name))
    await runs.awake(ws, now.id, ws.clock.now())
    return paused


async def resume(ws: Workspace, actor: Actor, broadcast_id: str, *, winner: str | None = None) -> Broadcast:
    """It goes on; after a trial or an experiment with the rest. Raises Conflict where a winner has to be chosen."""
    now = await broadcasts.get(ws, broadcast_id)
    broadcasts.require_editor(actor, now)
    if now.state != "paused":
        raise Conflict(f"It is {now.state}: there is nothing to resume.", code="not_paused")
    if now.reason is not None and now.reason.code == "no_winner":
        if winner is None or winner not in [variant.key for variant in now.plan.variants]:
            raise Conflict("Choose which variant the rest get.", code="choose_variant")
        await store.set(ws, now.id, {"winner": winner, "go_on": True})
    elif now.reason is not None and now.reason.code in ("trial_done", "trial_failed"):
        await store.set(ws, now.id, {"go_on": True})
    at = ws.clock.now()
    started = now.started or By(actor.member_id, actor.name, at)
    resumed = await broadcasts.turn(ws, actor, now, "resumed", state="running", reason=None, started=started)
    await runs.each_mailing(ws, now.id, partial(mailings.resume, by=actor.name))
    await runs.awake(ws, now.id, at)
    return resumed


async def cancel(ws: Workspace, actor: Actor, broadcast_id: str) -> Broadcast:
    """It ends here; who has not got it gets it no more. Raises Conflict."""
    now = await broadcasts.get(ws, broadcast_id)
    broadcasts.require_stopper(actor, now)
    if now.state in broadcasts.OVER or now.state == "draft":
        raise Conflict(f"It is {now.state}: there is nothing to cancel.", code="not_running")
    return await runs.cancelled(ws, actor, now, f"{actor.name} cancelled it.")


async def recall(ws: Workspace, actor: Actor, broadcast_id: str) -> Broadcast:
    """
    Stops the rest, and takes what was sent away from people's screens where the channel can; who keeps it is counted.

    Raises NotFound, Forbidden, Conflict.
    """
    now = await broadcasts.get(ws, broadcast_id)
    broadcasts.require_stopper(actor, now)
    if now.started is None:
        raise Conflict("Nobody has got it; cancel it instead.", code="not_started")
    if now.recalled is not None:
        raise Conflict(f"{now.recalled.name} has recalled it already.", code="recalled")
    if now.state not in broadcasts.OVER:
        now = await runs.cancelled(ws, actor, now, f"{actor.name} recalled it.")
    at = ws.clock.now()
    recalled = await broadcasts.turn(ws, actor, now, "recalled", recalled=By(actor.member_id, actor.name, at))
    await store.set(ws, now.id, {"recall": Recall()})
    await runs.awake(ws, now.id, at)
    return recalled


async def adjust(ws: Workspace, now: Broadcast) -> None:
    """Its rate, its budget, its guards and its priority, for what is on its way."""
    change = partial(
        mailings.change,
        rate=now.plan.rate,
        budget_minor=runs.budget(now.plan),
        guards=runs.guards(now.plan),
        priority=now.plan.priority,
    )
    await runs.each_mailing(ws, now.id, change)
