"""
Approval: above which size or cost a second person has to say yes, and what submitting, approving and sending back do.

What was approved is what is sent: an edit makes it a draft again (broadcasts.edit), and who has worked on it cannot be
the one who approves it.
"""

from dataclasses import dataclass
from typing import Final

from app.core import audit
from app.core.audit import Target
from app.core.errors import Change, ChangedMeanwhile, Conflict
from app.core.permissions import Actor, Permission
from app.core.runtime import Workspace
from automations import broadcasts, checks
from automations.broadcasts import Broadcast, By, Reason
from automations.store import settings as store
from inbox import live

# Another number of people than was seen and confirmed counts as another audience when it differs by more than this.
MOST_OFF: Final = 0.05


@dataclass(frozen=True, slots=True)
class Settings:
    """
    A second person is asked above so many people, or above such a cost (hundredths of the price list's currency); None:
    never for that reason.
    """

    people_above: int | None = None
    cost_above_minor: int | None = None
    revision: int = 0
    changed_by: str = ""


async def settings(ws: Workspace) -> Settings:
    return await store.get(ws) or Settings()


async def save(ws: Workspace, actor: Actor, wanted: Settings) -> Settings:
    """All of it at once; `wanted.revision` is what the caller saw. Raises ChangedMeanwhile."""
    actor.require(Permission.BROADCASTS_APPROVE)
    kept = Settings(wanted.people_above, wanted.cost_above_minor, wanted.revision + 1, actor.name)
    if not await store.put(ws, kept):
        now = await settings(ws)
        raise ChangedMeanwhile(
            f"{now.changed_by} has just changed these settings. Look at them again first.",
            Change("settings", name=now.changed_by or None),
        )
    detail = {"people_above": kept.people_above, "cost_above_minor": kept.cost_above_minor}
    await audit.record(ws, actor, "broadcast.settings_changed", Target("workspace", ws.id), detail)
    await live.publish(ws, live.event("broadcast_settings", {"id": ws.id}))
    return kept


async def needed(ws: Workspace, now: Broadcast) -> str | None:
    """Why a second person has to look at it, in words; None if nobody has to. Raises Conflict without a check."""
    settled = await settings(ws)
    check = await checks.current(ws, now)
    if settled.people_above is not None and check.willing > settled.people_above:
        return f"It goes to {check.willing} people; above {settled.people_above} a second person has to approve it."
    cost = check.cost.minor if check.cost else 0
    if settled.cost_above_minor is not None and (cost > settled.cost_above_minor or check.unpriced):
        return "It costs more than one person may spend, or nobody knows what it costs: a second one has to approve it."
    if now.plan.approvers:
        return "It names who has to approve it."
    return None


async def submit(ws: Workspace, actor: Actor, broadcast_id: str) -> Broadcast:
    """Raises NotFound, Forbidden, Invalid (what is missing), Conflict."""
    now = await broadcasts.get(ws, broadcast_id)
    broadcasts.require_editor(actor, now)
    if now.state != "draft":
        raise Conflict(f"It is {now.state} already.", code="not_a_draft")
    at = ws.clock.now()
    broadcasts.require_whole(now)
    by = By(actor.member_id, actor.name, at)
    why = await needed(ws, now)
    people = (await checks.current(ws, now)).willing
    if why is not None:
        reason = Reason("second_person", why)
        return await broadcasts.turn(
            ws, actor, now, "submitted", state="review", submitted=by, approved_people=people, reason=reason
        )
    return await broadcasts.turn(
        ws, actor, now, "submitted", state="approved", submitted=by, approved=by, approved_people=people, reason=None
    )


async def approve(ws: Workspace, actor: Actor, broadcast_id: str, *, seen: int) -> Broadcast:
    """`seen` is the revision that was looked at. Raises NotFound, Forbidden, Conflict, ChangedMeanwhile."""
    now = await _in_review(ws, actor, broadcast_id)
    if now.revision != seen:
        raise ChangedMeanwhile(
            f"{now.updated_by} has changed it since you looked at it. Look at it again.",
            Change("plan", name=now.updated_by, at=now.updated_at),
        )
    by = By(actor.member_id, actor.name, ws.clock.now())
    seen_now = await checks.latest(ws, now.id)
    fits = seen_now is not None and seen_now.state == "ready" and seen_now.plan == checks.plan_key(now.plan)
    people = seen_now.willing if seen_now is not None and fits else now.approved_people
    return await broadcasts.turn(
        ws, actor, now, "approved", state="approved", approved=by, approved_people=people, reason=None
    )


async def outgrown(ws: Workspace, now: Broadcast) -> str | None:
    """
    Why what was approved has to be looked at again, in words: its audience has grown beyond what one person may send
    to, or beyond what a second one has seen. None if not. Raises Conflict without a check.
    """
    why = await needed(ws, now)
    if why is None or now.approved is None:
        return None
    if now.submitted is not None and now.approved.id == now.submitted.id:
        return why
    people = (await checks.current(ws, now)).willing
    if now.approved_people is None or not grown(now.approved_people, people):
        return None
    return f"It was approved for {now.approved_people} people and would go to {people} now. Somebody has to look again."


def grown(before: int, now: int) -> bool:
    """By more than happens from one hour to the next."""
    return now - before > max(1, MOST_OFF * before)


async def send_back(ws: Workspace, actor: Actor, broadcast_id: str, note: str) -> Broadcast:
    """A draft again, with what has to be different. Raises NotFound, Forbidden, Conflict."""
    now = await _in_review(ws, actor, broadcast_id)
    reason = Reason("sent_back", f"{actor.name}: {note.strip()}" if note.strip() else f"{actor.name} sent it back.")
    detail = {"note": note.strip()}
    return await broadcasts.turn(
        ws, actor, now, "sent_back", detail=detail, state="draft", submitted=None, reason=reason
    )


async def _in_review(ws: Workspace, actor: Actor, broadcast_id: str) -> Broadcast:
    now = await broadcasts.get(ws, broadcast_id)
    broadcasts.require_approver(actor, now)
    if now.state != "review":
        raise Conflict(f"It is {now.state}: there is nothing to approve.", code="not_in_review")
    return now
