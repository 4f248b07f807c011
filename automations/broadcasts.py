"""
Broadcasts: one message to many people, from a draft to the last receipt.

    draft → review → approved → scheduled → running ⇄ paused → done
       ↑________|        |           |          |________________→ cancelled

A draft goes straight to `approved` where no second person is needed (see approvals.py). Every change of state is a
conditional update of the row, an entry of the audit trail and an event for all screens. What is sent, and how far it
is, is the run's (see runs.py) and the mailing's (see inbox/mailings).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal

from app.core import audit, ids
from app.core.audit import Target
from app.core.clock import iso
from app.core.errors import Change, ChangedMeanwhile, Conflict, FieldError, Forbidden, Invalid, NotFound
from app.core.permissions import Actor, Permission
from app.core.runtime import Workspace
from automations import plans
from automations.plans import Plan
from automations.store import broadcasts as store
from channels.content import Template
from inbox import live

State = Literal["draft", "review", "approved", "scheduled", "running", "paused", "done", "cancelled"]
EDITABLE: Final[frozenset[State]] = frozenset(("draft", "review", "approved"))
OVER: Final[frozenset[State]] = frozenset(("done", "cancelled"))
# What a calendar shows.
ON_CALENDAR: Final[tuple[State, ...]] = ("scheduled", "running", "paused", "done")
_NOT_GONE: Final[tuple[State, ...]] = ("draft", "review", "approved", "scheduled", "running", "paused")
_MOST_WAITING: Final = 200
# What a colleague may still put right when it is on its way.
_ALWAYS: Final = frozenset(
    ("name", "description", "editors", "approvers", "budget_minor", "rate", "guards", "priority")
)


@dataclass(frozen=True, slots=True)
class By:
    """Who did something, and when."""

    id: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reason:
    """Why it stands as it does: a stable code, and words."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Touch:
    """Who changed a value last, and the revision that this made."""

    revision: int
    by: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast:
    """
    `people` is the number that whoever started it has confirmed, `approved_people` the one that was approved.
    `scheduled_at` is when it begins (next, if it recurs). `series_id` is the recurring one that this is a send of;
    `corrects` the one whose people this goes to.
    """

    id: str
    plan: Plan
    created_at: datetime
    updated_at: datetime
    owner_id: str
    owner_name: str
    updated_by: str
    state: State = "draft"
    reason: Reason | None = None
    revision: int = 1
    touched: Mapping[str, Touch] = field(default_factory=dict)
    submitted: By | None = None
    approved: By | None = None
    started: By | None = None
    finished_at: datetime | None = None
    recalled: By | None = None
    people: int | None = None
    approved_people: int | None = None
    scheduled_at: datetime | None = None
    series_id: str | None = None
    corrects: str | None = None


async def get(ws: Workspace, broadcast_id: str) -> Broadcast:
    """Raises NotFound."""
    found = await store.get(ws, broadcast_id)
    if found is None:
        raise NotFound("There is no such broadcast.")
    return found


async def page(
    ws: Workspace, *, state: State | None, before: tuple[datetime, str] | None, limit: int
) -> list[Broadcast]:
    """The newest first."""
    return await store.page(ws, state=state, before=before, limit=limit)


# --- drafts -------------------------------------------------------------------------------------------------------


async def create(ws: Workspace, actor: Actor, plan: Plan, *, corrects: str | None = None) -> Broadcast:
    now = ws.clock.now()
    made = Broadcast(
        id=ids.new("bro"),
        plan=plan,
        created_at=now,
        updated_at=now,
        owner_id=actor.member_id,
        owner_name=actor.name,
        updated_by=actor.name,
        corrects=corrects,
    )
    async with live.announced(ws, "broadcast", made.id):
        await store.insert(ws, made)
        await audit.record(ws, actor, "broadcast.created", target(made), {"corrects": corrects} if corrects else {})
        await tell(ws, made)
    return made


async def edit(
    ws: Workspace, actor: Actor, broadcast_id: str, changes: Mapping[str, Any], *, seen: int | None
) -> Broadcast:
    """
    Other values for some fields of the plan. What a colleague changed after `seen` is refused where it is the same
    field. One that was submitted or approved is a draft again: what was approved is what is sent.

    Raises NotFound, Forbidden, Conflict, ChangedMeanwhile.
    """
    for _ in range(5):
        now = await get(ws, broadcast_id)
        require_editor(actor, now)
        changed = {name: value for name, value in changes.items() if getattr(now.plan, name) != value}
        if not changed:
            return now
        _require_unchanged(actor, now, changed, seen)
        if now.state not in EDITABLE and (now.state in OVER or set(changed) - _ALWAYS):
            words = f"It is {now.state}: only its name, budget, rate, guards and priority can be changed."
            raise Conflict(words, code="not_editable")
        at = ws.clock.now()
        touch = Touch(now.revision + 1, actor.member_id, actor.name, at)
        wanted = replace(
            now,
            plan=now.plan.model_copy(update=changed),
            touched={**now.touched, **dict.fromkeys(changed, touch)},
            updated_at=at,
            updated_by=actor.name,
        )
        if now.state in ("review", "approved") and set(changed) - {"name", "description"}:
            reason = Reason("changed", f"{actor.name} changed {', '.join(sorted(changed))}.")
            wanted = replace(wanted, state="draft", reason=reason, submitted=None, approved=None, approved_people=None)
        saved = await _saved(ws, actor, now, wanted, "changed", {"fields": sorted(changed)})
        if saved is not None:
            return saved
    raise Conflict("This broadcast is being changed by too many at once; try again.")


def _require_unchanged(actor: Actor, now: Broadcast, changed: Mapping[str, Any], seen: int | None) -> None:
    """Raises ChangedMeanwhile."""
    if seen is None:
        return
    shown = now.plan.model_dump(mode="json")
    others = [
        Change(what, last.by, last.name, last.at, shown.get(what))
        for what in changed
        if (last := now.touched.get(what)) is not None and last.revision > seen and last.by != actor.member_id
    ]
    if others:
        names = ", ".join(each.what for each in others)
        raise ChangedMeanwhile(f"{others[0].name} has just changed {names}. Look at it and try again.", *others)


async def delete(ws: Workspace, actor: Actor, broadcast_id: str) -> None:
    """A draft that was never sent. Raises NotFound, Forbidden, Conflict."""
    now = await get(ws, broadcast_id)
    require_editor(actor, now)
    if now.state not in EDITABLE:
        raise Conflict("What was sent stays on record; only drafts can be deleted.", code="not_editable")
    async with live.announced(ws, "broadcast", now.id):
        if not await store.delete(ws, now):
            raise ChangedMeanwhile("Somebody has just changed this broadcast. Look at it again.", Change("state"))
        await audit.record(ws, actor, "broadcast.deleted", target(now))
        await live.publish(ws, live.event("broadcast", {"id": now.id, "state": "deleted"}))


async def clone(ws: Workspace, actor: Actor, broadcast_id: str) -> Broadcast:
    """A new draft that is alike, to be sent when somebody says so. Raises NotFound."""
    now = await get(ws, broadcast_id)
    plan = now.plan.model_copy(update={"name": f"{now.plan.name[:190]} (copy)", "schedule": plans.Schedule()})
    return await create(ws, actor, plan)


async def send_of(ws: Workspace, series: Broadcast, wall: str) -> Broadcast:
    """One send of a recurring broadcast, approved as it is; asked for twice it is the same one."""
    now = ws.clock.now()
    schedule = series.plan.schedule.model_copy(update={"repeat": None, "wall": wall, "kind": _kind_of_send(series)})
    name = f"{series.plan.name[:180]} ({wall.replace('T', ' ')})"
    made = Broadcast(
        id=ids.derived("bro", series.id, wall),
        plan=series.plan.model_copy(update={"name": name, "schedule": schedule}),
        created_at=now,
        updated_at=now,
        owner_id=series.owner_id,
        owner_name=series.owner_name,
        updated_by=series.updated_by,
        state="approved",
        submitted=series.submitted,
        approved=series.approved,
        series_id=series.id,
    )
    async with live.announced(ws, "broadcast", made.id):
        await store.insert(ws, made)
        await tell(ws, made)
    return await get(ws, made.id)


def _kind_of_send(series: Broadcast) -> str:
    kind = series.plan.schedule.kind
    return "now" if kind == "at" else kind


async def correct(ws: Workspace, actor: Actor, broadcast_id: str) -> Broadcast:
    """
    A draft of a correction to exactly those whom it has reached, on the same ways; what a fallback says is to be
    written anew. Raises NotFound, Conflict.
    """
    now = await get(ws, broadcast_id)
    if now.started is None:
        raise Conflict("Nobody has got it, so there is nothing to correct.", code="not_started")
    plan = now.plan.model_copy(
        update={
            "name": f"Correction of {now.plan.name}"[:200],
            "audience": plans.Audience(broadcasts=(now.id,)),
            "schedule": plans.Schedule(),
            "holdout_percent": 0,
            "experiment": None,
            "trial": None,
            "variants": now.plan.variants[:1],
            "fallbacks": tuple(each.model_copy(update={"wordings": ()}) for each in now.plan.fallbacks),
        }
    )
    return await create(ws, actor, plan, corrects=now.id)


# --- who may ------------------------------------------------------------------------------------------------------


def require_editor(actor: Actor, now: Broadcast) -> None:
    """Its owner, the editors it names, and where it names none whoever may write broadcasts. Raises Forbidden."""
    actor.require(Permission.BROADCASTS_WRITE)
    named = now.plan.editors
    if named and actor.member_id not in (now.owner_id, *named):
        raise Forbidden("Only its owner and the editors it names may change this broadcast.", code="not_editor")


def require_approver(actor: Actor, now: Broadcast) -> None:
    """Somebody else than who wrote or submitted it. Raises Forbidden."""
    actor.require(Permission.BROADCASTS_APPROVE)
    named = now.plan.approvers
    if named and actor.member_id not in named:
        raise Forbidden("This broadcast names who approves it, and you are not among them.", code="not_approver")
    wrote = {touch.by for touch in now.touched.values()} | {now.owner_id, now.submitted.id if now.submitted else ""}
    # The person counts, whatever they did it with: a token of theirs is no second one.
    if actor.member_id in wrote:
        raise Forbidden("Somebody who has not worked on it has to approve it.", code="own_work")


def require_stopper(actor: Actor, now: Broadcast) -> None:
    """Stopping is for whoever may write or approve: in a hurry nobody looks for the editor. Raises Forbidden."""
    if not (actor.may(Permission.BROADCASTS_WRITE) or actor.may(Permission.BROADCASTS_APPROVE)):
        raise Forbidden("This needs the permission broadcasts.write or broadcasts.approve.")


def may(actor: Actor, now: Broadcast) -> dict[str, bool]:
    """What this person may do with it as it stands, so that screens need no copy of these rules."""

    def passes(check: Any) -> bool:
        try:
            check(actor, now)
        except Forbidden:
            return False
        return True

    editor, approver, stopper = passes(require_editor), passes(require_approver), passes(require_stopper)
    sent = now.started is not None
    return {
        "edit": editor and now.state in EDITABLE,
        "adjust": editor and now.state not in OVER,
        "delete": editor and now.state in EDITABLE and not sent,
        "submit": editor and now.state == "draft",
        "approve": approver and now.state == "review",
        "send_back": approver and now.state == "review",
        "start": editor and now.state in ("draft", "approved"),
        "pause": stopper and now.state in ("running", "scheduled"),
        "resume": editor and now.state == "paused",
        "cancel": stopper and now.state in ("review", "approved", "scheduled", "running", "paused"),
        "recall": stopper and sent and now.recalled is None,
        "correct": actor.may(Permission.BROADCASTS_WRITE) and sent,
    }


# --- states -------------------------------------------------------------------------------------------------------


def require_whole(now: Broadcast) -> None:
    """Raises Invalid with what is missing, each at its field."""
    wrong = plans.problems(now.plan)
    if wrong:
        raise Invalid(
            wrong[0].message if len(wrong) == 1 else "Some things are still missing.",
            errors=tuple(FieldError(each.field, each.message) for each in wrong),
        )


async def turn(
    ws: Workspace, actor: Actor, now: Broadcast, action: str, *, detail: Mapping[str, Any] | None = None, **values: Any
) -> Broadcast:
    """
    The broadcast with these values, if nobody has changed it since `now` was read; `action` is what the audit says.

    Raises ChangedMeanwhile with what it is now.
    """
    wanted = replace(now, updated_at=ws.clock.now(), updated_by=actor.name, **values)
    saved = await _saved(ws, actor, now, wanted, action, detail or {})
    if saved is None:
        other = await get(ws, now.id)
        raise ChangedMeanwhile(
            f"{other.updated_by} has just changed this broadcast: it is {other.state}. Look at it again.",
            Change("state", name=other.updated_by, at=other.updated_at, value=other.state),
        )
    return saved


async def _saved(
    ws: Workspace, actor: Actor, now: Broadcast, wanted: Broadcast, action: str, detail: Mapping[str, Any]
) -> Broadcast | None:
    wanted = replace(wanted, revision=now.revision + 1)
    async with live.announced(ws, "broadcast", now.id):
        if not await store.save(ws, wanted, now.revision):
            return None
        states = {"from": now.state, "to": wanted.state} if now.state != wanted.state else {}
        await audit.record(ws, actor, f"broadcast.{action}", target(wanted), {**states, **detail})
        await tell(ws, wanted)
    return wanted


async def tell(ws: Workspace, now: Broadcast) -> None:
    await live.publish(ws, live.event("broadcast", told(now)))


def told(now: Broadcast) -> dict[str, Any]:
    """What screens are told of a change; they fetch the rest."""
    return {
        "id": now.id,
        "state": now.state,
        "reason": {"code": now.reason.code, "message": now.reason.message} if now.reason else None,
        "name": now.plan.name,
        "revision": now.revision,
        "updated_at": iso(now.updated_at),
    }


def target(now: Broadcast) -> Target:
    return Target("broadcast", now.id, now.plan.name)


async def not_gone(ws: Workspace) -> list[Broadcast]:
    """Those that are still to be sent, or just being sent."""
    return [each for state in _NOT_GONE for each in await store.page(ws, state=state, before=None, limit=_MOST_WAITING)]


async def sending(ws: Workspace, account_id: str, name: str, language: str) -> list[Broadcast]:
    """Those that have not gone yet and send this template of the account, by whichever of their ways."""
    found: list[Broadcast] = []
    for each in await not_gone(ws):
        plan = each.plan
        first = ((plan.account_id, wording) for variant in plan.variants for wording in variant.wordings)
        others = ((way.account_id, wording) for way in plan.fallbacks for wording in way.wordings)
        contents = (wording.content for sender, wording in (*first, *others) if sender == account_id)
        if (name, language) in {(c.name, c.language) for c in contents if isinstance(c, Template)}:
            found.append(each)
    return found


async def reword(ws: Workspace, broadcast: Broadcast, audience: plans.Audience) -> None:
    """The same people in other words, as one of the things they are named by has become another."""
    now = broadcast
    while now.plan.audience != audience:
        plan = now.plan.model_copy(update={"audience": audience})
        if await store.save(ws, replace(now, plan=plan, revision=now.revision + 1), now.revision):
            return
        now = await get(ws, now.id)
        if now.plan.audience != broadcast.plan.audience:
            # Somebody has just changed it; the tag's merge looks again.
            return


async def by_id(ws: Workspace, broadcast_ids: Sequence[str]) -> dict[str, Broadcast]:
    return {each.id: each for each in await store.get_many(ws, broadcast_ids)}
