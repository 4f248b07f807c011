"""
Trials of service levels: what a policy that is not in force would have made of what was closed in a span of days, and
of what is open, beside the policies that are.

Each conversation or ticket is replayed twice from its moments (see moments.py), with the functions that production goes
by. A job goes through them batch by batch and notes how far it is together with what it has counted, so a batch that is
done again after a crash counts once.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from app.core import audit, ids
from app.core.audit import Target
from app.core.errors import Invalid, NotFound
from app.core.permissions import Actor
from app.core.queue import Lane
from app.core.runtime import Workspace
from inbox import episodes
from inbox.conversations import Conversation
from inbox.finding.facets import OPEN, SNOOZED
from inbox.store import conversations as conversation_rows
from inbox.store import episodes as episode_rows
from inbox.store import sla_trials as store
from inbox.ticketing import moments, sla, sla_policies, tickets
from inbox.ticketing.sla import Clock, Metric, Policy, Rules, Subject
from inbox.ticketing.tickets import Ticket

MOST_DAYS = 92
# So many that differ are kept to be looked at; all are counted.
MOST_ROWS = 5_000
KEPT_FOR = timedelta(days=7)
# A trial that has not moved for so long is put to work again.
STALLED_AFTER = timedelta(seconds=60)
_BATCH = 100

State = Literal["running", "done", "cancelled"]
Outcome = Literal["kept", "missed"]
Stage = Literal["closed", "open", "snoozed", "solved", "active"]
STAGES: Final[Mapping[Subject, tuple[Stage, ...]]] = {
    "conversations": ("closed", "open", "snoozed"),
    "tickets": ("solved", "active"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """
    `counts` are promises by side, metric and outcome: `now_first_kept`, `draft_resolve_missed`. `looked_at` counts what
    was replayed, `unknown` what could not be (it began before its moments were kept, or has too many), `differing` what
    has another outcome. `batch` is the number of the next batch.
    """

    id: str
    policy: Policy
    start: datetime
    end: datetime
    by: str
    created_at: datetime
    moved_at: datetime
    state: State = "running"
    stage: int = 0
    cursor: str | None = None
    batch: int = 0
    reached: datetime | None = None
    looked_at: int = 0
    unknown: int = 0
    differing: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def progress(self) -> float:
        """From 0 to 1, about."""
        if self.state == "done":
            return 1.0
        within = (self.reached - self.start) / (self.end - self.start) if self.reached else 0.0
        return (self.stage + min(max(within, 0.0), 1.0)) / len(STAGES[self.policy.subject])


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What became of one wait under the policies in force, and under the draft; None where nothing was promised."""

    metric: Metric
    since: datetime
    now: Outcome | None
    draft: Outcome | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One conversation's episode or ticket of which the draft makes something else; `label` is the ticket's."""

    number: int
    id: str
    contact_id: str
    conversation_id: str | None
    ticket_id: str | None
    label: str
    at: datetime
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """Something to be replayed; `until` is None while it is open."""

    id: str
    contact_id: str
    conversation_id: str | None
    ticket_id: str | None
    label: str
    since: datetime
    until: datetime | None
    moments: tuple[moments.Moment, ...]
    stands: tuple[tuple[str, datetime], ...] | None = None


async def start(
    ws: Workspace, actor: Actor, policy: Policy, begin: datetime, end: datetime, *, replaces: str | None
) -> Trial:
    """
    Begins to try a policy, as if it had been saved: in place of `replaces`, or behind all others. Raises Invalid,
    NotFound.
    """
    if not timedelta() < end - begin <= timedelta(days=MOST_DAYS + 1):
        raise Invalid.field("last", f"Try 1 to {MOST_DAYS} days.")
    position = (await sla_policies.get(ws, replaces)).position if replaces else None
    policy = await sla_policies.checked(ws, policy)
    if position is None:
        position = 1 + max((each.position for each in await sla_policies.listed(ws)), default=0)
    now = ws.clock.now()
    draft = replace(policy, id=replaces or "draft", position=position, enabled=True)
    trial = Trial(id=ids.new("trl"), policy=draft, start=begin, end=end, by=actor.name, created_at=now, moved_at=now)
    await store.insert(ws, trial, now + KEPT_FOR)
    await audit.record(ws, actor, "sla_trial.started", Target("sla_trial", trial.id, policy.name))
    await _enqueue(ws, trial)
    return trial


async def _enqueue(ws: Workspace, trial: Trial) -> None:
    job_id = f"try_sla:{trial.id}:{trial.batch}"
    await ws.queue.enqueue("try_sla", ws.id, trial.id, lane=Lane.BACKGROUND, job_id=job_id)


async def get(ws: Workspace, trial_id: str) -> Trial:
    """Put to work again, should nobody be at it. Raises NotFound."""
    trial = await store.get(ws, trial_id)
    if trial is None:
        raise NotFound("There is no such trial; they are kept for a week.")
    if trial.state == "running" and ws.clock.now() - trial.moved_at > STALLED_AFTER:
        await _enqueue(ws, trial)
    return trial


async def cancel(ws: Workspace, trial_id: str) -> Trial:
    """What was counted so far stays. Raises NotFound."""
    trial = await get(ws, trial_id)
    if trial.state == "running":
        await store.end(ws, trial_id, "cancelled")
    return await get(ws, trial_id)


async def rows(ws: Workspace, trial_id: str, *, after: int, limit: int) -> list[Row]:
    """What differs, in the order it was found. Raises NotFound."""
    await get(ws, trial_id)
    return await store.rows(ws, trial_id, after=after, limit=limit)


# --- going through them -------------------------------------------------------------------------------------------


async def run(ws: Workspace, trial_id: str) -> None:
    """Goes on where it was stopped, until it is done or cancelled."""
    rules = await _rules(ws, trial_id)
    while (trial := await store.get(ws, trial_id)) and trial.state == "running":
        found, cursor, reached = await _batch(ws, trial)
        after = await _replayed(ws, trial, found, *rules)
        ended = cursor is None
        after = replace(
            after,
            batch=trial.batch + 1,
            cursor=cursor,
            reached=None if ended else reached,
            stage=trial.stage + ended,
            moved_at=ws.clock.now(),
        )
        if after.stage == len(STAGES[trial.policy.subject]):
            after = replace(after, state="done")
        if not await store.advance(ws, trial, after):
            # Somebody else is at it.
            return


async def _rules(ws: Workspace, trial_id: str) -> tuple[Rules, Rules]:
    """Those in force, and the same with the draft among them."""
    from inbox.routing import calendars

    trial = await get(ws, trial_id)
    policies, known = await sla_policies.listed(ws), await calendars.by_id(ws)
    others = [policy for policy in policies if policy.id != trial.policy.id]
    return sla.ready(policies, known), sla.ready([*others, trial.policy], known)


async def _batch(ws: Workspace, trial: Trial) -> tuple[list[_Subject], str | None, datetime | None]:
    """The next ones, the cursor behind them (None: this stage is over), and the time that they reach to."""
    stage = STAGES[trial.policy.subject][trial.stage]
    last = trial.end - timedelta(milliseconds=1)
    if stage == "closed":
        closed, cursor = await episode_rows.closed_from(ws, trial.start, last, cursor=trial.cursor, limit=_BATCH)
        found = [_of_episode(episode.conversation_id, episode.contact_id, episode.facts) for _, episode in closed]
        return found, cursor, closed[-1][1].facts.closed_at if closed else trial.reached
    if stage in ("open", "snoozed"):
        facet = OPEN if stage == "open" else SNOOZED
        running, cursor = await conversation_rows.batch(ws, facet, cursor=trial.cursor, limit=_BATCH)
        open_ones = [_of_conversation(row) for row in running if row.opened_at < trial.end]
        return open_ones, cursor, None
    wanted = tickets.Filter(view="done" if stage == "solved" else "active")
    read, cursor = await tickets.page(ws, wanted, cursor=trial.cursor, limit=_BATCH)
    # The newest change comes first, and what was solved has changed then or later.
    if stage == "solved" and read and read[-1].updated_at < trial.start:
        cursor = None
    return [_of_ticket(row) for row in read if _is_within(row, trial)], cursor, None


def _is_within(ticket: Ticket, trial: Trial) -> bool:
    if ticket.active:
        return ticket.created_at < trial.end
    solved_at = _of_ticket(ticket).until
    return solved_at is not None and trial.start <= solved_at < trial.end


def _of_episode(conversation_id: str, contact_id: str, facts: episodes.Facts) -> _Subject:
    return _Subject(
        id=f"{conversation_id}/{facts.number}",
        contact_id=contact_id,
        conversation_id=conversation_id,
        ticket_id=None,
        label="",
        since=facts.opened_at,
        until=facts.closed_at,
        moments=facts.moments,
    )


def _of_conversation(row: Conversation) -> _Subject:
    return _of_episode(row.id, row.contact_id, episodes.of(row))


def _of_ticket(row: Ticket) -> _Subject:
    # The first of the last stands that it is done in: solved, and perhaps closed later on.
    undone = max((at for at, stand in enumerate(row.stands) if stand.status not in tickets.DONE), default=-1)
    solved = None if row.active else row.stands[undone + 1].at
    return _Subject(
        id=row.id,
        contact_id=row.contact_id,
        conversation_id=None,
        ticket_id=row.id,
        label=row.label,
        since=row.created_at,
        until=solved,
        moments=row.moments,
        stands=tuple((stand.status, stand.at) for stand in row.stands),
    )


async def _replayed(ws: Workspace, trial: Trial, found: Sequence[_Subject], in_force: Rules, tried: Rules) -> Trial:
    """The trial with these counted; those that differ are stored."""
    counts = dict(trial.counts)
    unknown, differing = trial.unknown, trial.differing
    kept: list[Row] = []
    now = ws.clock.now()
    for one in found:
        # Clocks over long calendars take their time: nobody else should have to wait for all of them.
        await asyncio.sleep(0)
        if not moments.whole(one.moments):
            unknown += 1
            continue
        before, after = (_outcomes(one, rules, trial.policy.subject, now) for rules in (in_force, tried))
        for side, outcomes in (("now", before), ("draft", after)):
            for wait, outcome in outcomes.items():
                key = f"{side}_{wait.partition('@')[0]}_{outcome}"
                counts[key] = counts.get(key, 0) + 1
        differences = _compared(before, after)
        if differences:
            kept.append(_row(one, differing, differences, now))
            differing += 1
    await store.insert_rows(ws, trial.id, [row for row in kept if row.number < MOST_ROWS], trial.created_at + KEPT_FOR)
    looked_at = trial.looked_at + len(found)
    return replace(trial, counts=counts, unknown=unknown, differing=differing, looked_at=looked_at)


def _outcomes(one: _Subject, rules: Rules, subject: Subject, now: datetime) -> dict[str, Outcome]:
    """By wait. What still runs and is late already will have been missed."""
    clock = moments.replayed(one.moments, one.since, one.until, subject, rules, now, one.stands)
    return outcomes_of(clock)


def outcomes_of(clock: Clock | None) -> dict[str, Outcome]:
    if clock is None:
        return {}
    ended: dict[str, Outcome] = {each.wait: "kept" if each.kept else "missed" for each in clock.promises}
    late = {mark.wait for mark in clock.done if mark.what == "breached"}
    return {**ended, **{wait: "missed" for wait in clock.running if wait in late}}


def _compared(now: Mapping[str, Outcome], draft: Mapping[str, Outcome]) -> tuple[Difference, ...]:
    return tuple(
        Difference(metric=sla.metric_of(wait), since=sla.since_of(wait), now=now.get(wait), draft=draft.get(wait))
        for wait in dict.fromkeys((*now, *draft))
        if now.get(wait) != draft.get(wait)
    )


def _row(one: _Subject, number: int, differences: tuple[Difference, ...], now: datetime) -> Row:
    return Row(
        number=number,
        id=one.id,
        contact_id=one.contact_id,
        conversation_id=one.conversation_id,
        ticket_id=one.ticket_id,
        label=one.label,
        at=one.until or now,
        differences=differences,
    )


def count_of(trial: Trial, side: Literal["now", "draft"], metric: Metric, outcome: Outcome) -> int:
    return int(trial.counts.get(f"{side}_{metric}_{outcome}", 0))
