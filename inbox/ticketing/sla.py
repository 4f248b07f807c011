"""
Service levels: how long a customer may wait for the first answer, for the next one, and for a solution.

A clock is a pure function of stored facts: when each wait began, and the pauses. It is computed inside the row of the
conversation or ticket whenever that changes, in the same write, so it costs no command of its own and cannot disagree
with what is stored. Only what has happened because of it (warned, breached, steps done) is remembered.

Time is counted in the open hours of the policy's calendar. A pause is not counted, whatever its hours.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from app.core import rules
from app.core.calendars import ALWAYS, Calendar, add_open_time, open_seconds_between
from app.core.rules import Catalogue, Field, Rule
from channels import registry

Metric = Literal["first", "next", "resolve"]
METRICS: Final[tuple[Metric, ...]] = ("first", "next", "resolve")
Priority = Literal["low", "normal", "high", "urgent"]
Subject = Literal["conversations", "tickets"]
# Pauses by what the thing is: a sleeping conversation, one with the bot, a ticket that waits.
PauseOn = Literal["snoozed", "pending", "waiting_customer", "waiting_third_party"]
# Of a thing that is open for so long that more has happened, the oldest marks go.
_MOST_MARKS = 100
# Likewise the oldest of its promises that have ended.
_MOST_PROMISES = 300

_PRIORITIES = (("low", "Low"), ("normal", "Normal"), ("high", "High"), ("urgent", "Urgent"))
_TYPES = tuple((each, each.capitalize()) for each in ("question", "problem", "incident", "task", "request"))
CATALOGUES: Mapping[Subject, Catalogue] = {
    "conversations": Catalogue(
        "conversation",
        (
            Field("team", "Team", "choice", refers_to="team"),
            Field("priority", "Priority", "choice", options=_PRIORITIES),
            Field("channels", "Channels", "many", options=tuple((kind, kind) for kind in sorted(registry.adapters()))),
            Field("tags", "Tags", "many", refers_to="tag"),
        ),
    ),
    "tickets": Catalogue(
        "ticket",
        (
            Field("team", "Team", "choice", refers_to="team"),
            Field("priority", "Priority", "choice", options=_PRIORITIES),
            Field("type", "Type", "choice", options=_TYPES),
            Field("category", "Category", "choice", refers_to="ticket_category"),
            Field("tags", "Tags", "many", refers_to="tag"),
        ),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Minutes of open time; None promises nothing."""

    first: int | None = None
    next: int | None = None
    resolve: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    What is done so many minutes after a warning or a breach. `to` is a member's id, or who it is then: the assignee,
    the lead of the team, a manager.
    """

    id: str
    after: Literal["warning", "breach"]
    minutes: int = 0
    do: Literal["notify", "assign", "priority", "tag"]
    to: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """
    For what `rule` holds for (None: for everything), the first of the enabled ones in order of `position` applies.
    `targets` is by priority; "" is for those not named.
    """

    id: str
    name: str
    subject: Subject
    targets: Mapping[str, Target]
    rule: Rule | None = None
    calendar_id: str | None = None
    pauses: tuple[PauseOn, ...] = ("snoozed", "pending", "waiting_customer")
    # How long before a breach it is warned of; where no more is promised than that, half way. None warns of none.
    warn_minutes: int | None = 30
    steps: tuple[Step, ...] = ()
    enabled: bool = True
    position: int = 0
    revision: int = 1

    def target(self, metric: Metric, priority: str) -> int | None:
        found = self.targets.get(priority) or self.targets.get("") or Target()
        minutes: int | None = getattr(found, metric)
        return minutes

    def warns_after(self, minutes: int) -> float | None:
        """How many minutes of so many have gone by when it is warned."""
        if self.warn_minutes is None:
            return None
        return minutes - self.warn_minutes if self.warn_minutes < minutes else minutes / 2


@dataclass(frozen=True, slots=True)
class Pause:
    """Time that does not count; it has no end while it lasts."""

    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """
    Something that has happened to one wait: `warned`, `breached`, or the id of a step. `wait` is the metric and when it
    began, so that each wait has its own.
    """

    wait: str
    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Promise:
    """
    What became of one wait for which something was promised. One that ended in time without an answer (the
    conversation was closed before) was neither kept nor missed, and leaves none.
    """

    wait: str
    policy_id: str
    kept: bool

    @property
    def metric(self) -> Metric:
        return metric_of(self.wait)


def promised_words(promises: Sequence[Promise]) -> list[str]:
    """What drilling down into reports asks for: `sla_1`, `first`, `first:missed`, `sla_1:first:missed`."""
    found = {(promise.policy_id, promise.metric, promise.kept) for promise in promises}
    return sorted(
        {
            word
            for policy_id, metric, kept in found
            for end in [f"{metric}:{'kept' if kept else 'missed'}"]
            for word in (policy_id, end, f"{policy_id}:{end}", metric, f"{policy_id}:{metric}")
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """
    `since` and `pauses` are facts; the due times are computed from them and are None where nothing is promised, or for
    the time of a pause. `done` is what has happened because of it; `running` names the waits for which something is
    promised now, `promises` tells of those that have ended.
    """

    policy_id: str
    since: datetime
    pauses: tuple[Pause, ...] = ()
    first_due_at: datetime | None = None
    next_due_at: datetime | None = None
    resolve_due_at: datetime | None = None
    paused_at: datetime | None = None
    done: tuple[Mark, ...] = ()
    running: tuple[str, ...] = ()
    promises: tuple[Promise, ...] = ()
    # When something will happen because of it.
    acts_at: datetime | None = None
    # What has happened and is not told yet.
    news: tuple[Mapping[str, Any], ...] = ()

    @property
    def due_at(self) -> datetime | None:
        """The nearest of the times by which something is promised."""
        times = (self.first_due_at, self.next_due_at, self.resolve_due_at)
        return min((at for at in times if at is not None), default=None)

    @property
    def breached(self) -> tuple[str, ...]:
        """Metrics that were missed, each once."""
        return tuple(dict.fromkeys(mark.wait.partition("@")[0] for mark in self.done if mark.what == "breached"))

    @property
    def warned(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(mark.wait.partition("@")[0] for mark in self.done if mark.what == "warned"))

    @property
    def breached_at(self) -> datetime | None:
        return min((mark.at for mark in self.done if mark.what == "breached"), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """
    What a clock is computed from: since when this has been anybody's to solve, which waits are running and since when,
    its state, and what rules ask about. `stands` is the whole history of its state, where the thing keeps it.
    """

    since: datetime
    waits: Mapping[Metric, datetime]
    priority: str
    state: str
    asked: Mapping[str, Any] = field(default_factory=dict)
    stands: tuple[tuple[str, datetime], ...] | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """A workspace's policies in order, with their calendars, ready to be applied."""

    policies: tuple[tuple[Policy, rules.Predicate | None], ...] = ()
    calendars: Mapping[str, Calendar] = field(default_factory=dict)

    def find(self, subject: Subject, asked: Mapping[str, Any], now: datetime) -> Policy | None:
        """The policy that applies to such a thing."""
        for policy, holds in self.policies:
            if policy.enabled and policy.subject == subject and (holds is None or holds(asked, now)):
                return policy
        return None


def ready(policies: Sequence[Policy], calendars: Mapping[str, Calendar]) -> Rules:
    ordered = sorted(policies, key=lambda policy: (policy.position, policy.id))
    compiled = ((each, rules.predicate(CATALOGUES[each.subject], each.rule) if each.rule else None) for each in ordered)
    return Rules(tuple(compiled), calendars)


# --- the clock ----------------------------------------------------------------------------------------------------


def due(calendar: Calendar, since: datetime, minutes: float, pauses: Sequence[Pause]) -> datetime | None:
    """
    When so many minutes of open time have gone by since then, pauses left out; None while a pause holds the clock, and
    where the calendar does not open that long.
    """
    left, at = minutes * 60.0, since
    for pause in pauses:
        if pause.until is not None and pause.until <= at:
            continue
        begin = max(pause.since, at)
        spent = open_seconds_between(calendar, at, begin)
        if spent >= left:
            # Run out before the pause began.
            return add_open_time(calendar, at, left)
        if pause.until is None:
            return None
        left -= spent
        at = pause.until
    return add_open_time(calendar, at, left)


def spent(calendar: Calendar, since: datetime, until: datetime, pauses: Sequence[Pause]) -> float:
    """Seconds that count between the two."""
    total, at = 0.0, since
    for pause in pauses:
        begin = min(max(pause.since, at), until)
        total += open_seconds_between(calendar, at, begin)
        at = max(at, min(pause.until or until, until))
    return total + open_seconds_between(calendar, at, until)


def followed(
    old: Clock | None, before: Facts | None, facts: Facts | None, subject: Subject, known: Rules, now: datetime
) -> Clock | None:
    """
    The clock of a thing that has changed from `before` to `facts` (None: it is solved), given the one it had.

    None where no policy applies. A wait that ends too late is marked here, should nobody have looked in time; what
    became of each promise is noted where its wait ends, and forgotten again if that was undone.
    """
    if old is not None and before is not None:
        old = _settled(_ended_late(old, before, facts, now), facts, subject)
    policy = known.find(subject, facts.asked, now) if facts else None
    if facts is None or policy is None:
        if old is None or (facts is not None and not (old.news or old.done or old.promises)):
            return None
        # What was missed stays with it; nothing more becomes due.
        none = replace(old, first_due_at=None, next_due_at=None, resolve_due_at=None, paused_at=None, running=())
        return replace(none, acts_at=now if none.news else None)
    kept = old if old is not None and old.since == facts.since else None
    pauses = _pauses(kept.pauses if kept else (), facts, policy, now)
    calendar = known.calendars.get(policy.calendar_id or "") or ALWAYS
    times = {
        metric: due(calendar, since, minutes, pauses)
        for metric, since in facts.waits.items()
        if (minutes := policy.target(metric, facts.priority)) is not None
    }
    running = tuple(wait_of(metric, facts.waits[metric]) for metric in times)
    clock = Clock(
        policy_id=policy.id,
        since=facts.since,
        pauses=pauses,
        first_due_at=times.get("first"),
        next_due_at=times.get("next"),
        resolve_due_at=times.get("resolve"),
        paused_at=pauses[-1].since if pauses and pauses[-1].until is None else None,
        done=kept.done if kept else (),
        running=running,
        promises=tuple(each for each in kept.promises if each.wait not in running) if kept else (),
        news=old.news if old else (),
    )
    ahead = [at for at, _, _, _ in happenings(clock, facts, policy, calendar)]
    return replace(clock, acts_at=min([*ahead, *([now] if clock.news else [])], default=None))


def _ended_late(clock: Clock, before: Facts, facts: Facts | None, now: datetime) -> Clock:
    marked = {(mark.wait, mark.what) for mark in clock.done}
    for metric, since in before.waits.items():
        goes_on = facts is not None and facts.waits.get(metric) == since
        promised: datetime | None = getattr(clock, f"{metric}_due_at")
        wait = wait_of(metric, since)
        if goes_on or promised is None or promised >= now or (wait, "breached") in marked:
            continue
        told = {"wait": wait, "name": "sla_breached", "metric": metric, "at": promised}
        clock = replace(clock, done=(*clock.done, Mark(wait, "breached", promised)), news=(*clock.news, told))
    return clock


def _settled(clock: Clock, facts: Facts | None, subject: Subject) -> Clock:
    goes_on = {wait_of(metric, since) for metric, since in facts.waits.items()} if facts else set()
    missed = {mark.wait for mark in clock.done if mark.what == "breached"}
    ended = [
        Promise(wait, clock.policy_id, wait not in missed)
        for wait in clock.running
        if wait not in goes_on and (wait in missed or _is_kept(wait, facts, subject))
    ]
    left = tuple(wait for wait in clock.running if wait in goes_on)
    return replace(clock, running=left, promises=(*clock.promises, *ended)[-_MOST_PROMISES:]) if ended else clock


def _is_kept(wait: str, facts: Facts | None, subject: Subject) -> bool:
    """Whether a wait that ended in time ended with what was promised. Closing a conversation answers nobody."""
    return facts is not None or subject == "tickets" or wait.partition("@")[0] == "resolve"


def _pauses(kept: tuple[Pause, ...], facts: Facts, policy: Policy, now: datetime) -> tuple[Pause, ...]:
    if facts.stands is not None:
        return held(facts.stands, (*policy.pauses, "solved", "closed"))
    lasts = bool(kept) and kept[-1].until is None
    paused = facts.state in policy.pauses
    if paused and not lasts:
        return (*kept, Pause(now))
    if lasts and not paused:
        return (*kept[:-1], Pause(kept[-1].since, now))
    return kept


def held(stands: Sequence[tuple[str, datetime]], states: Sequence[str]) -> tuple[Pause, ...]:
    """The stretches of a history in one of these states."""
    found: list[Pause] = []
    for state, at in stands:
        lasts = bool(found) and found[-1].until is None
        if state in states and not lasts:
            found.append(Pause(at))
        elif state not in states and lasts:
            found[-1] = Pause(found[-1].since, at)
    return tuple(found)


def wait_of(metric: Metric, since: datetime) -> str:
    """Names one wait: a further one of the same metric has another name."""
    return f"{metric}@{int(since.timestamp() * 1000)}"


def metric_of(wait: str) -> Metric:
    return next(metric for metric in METRICS if wait.startswith(f"{metric}@"))


def since_of(wait: str) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(wait.partition("@")[2]))


def happenings(
    clock: Clock, facts: Facts, policy: Policy, calendar: Calendar
) -> Iterator[tuple[datetime, Metric, str, Step | None]]:
    """What has yet to happen, as (when, metric, mark, step), of waits that run and are not held."""
    done = {(mark.wait, mark.what) for mark in clock.done}
    for metric, since in facts.waits.items():
        minutes = policy.target(metric, facts.priority)
        wait = wait_of(metric, since)
        if minutes is None:
            continue
        breaks = due(calendar, since, minutes, clock.pauses)
        warned_after = policy.warns_after(minutes)
        warns = due(calendar, since, warned_after, clock.pauses) if warned_after is not None else None
        for what, at in (("warned", warns), ("breached", breaks)):
            if at is not None and (wait, what) not in done:
                yield at, metric, what, None
        for step in policy.steps:
            begins = warns if step.after == "warning" else breaks
            if begins is not None and (wait, step.id) not in done:
                yield begins + timedelta(minutes=step.minutes), metric, step.id, step


def acted(
    clock: Clock, facts: Facts, known: Rules, subject: Subject, now: datetime
) -> tuple[Clock, list[tuple[Metric, str, Step | None]]]:
    """The clock with everything marked that has become due by now, and what that was, in order."""
    policy = known.find(subject, facts.asked, now)
    if policy is None:
        return clock, []
    calendar = known.calendars.get(policy.calendar_id or "") or ALWAYS
    ripe = sorted(
        (each for each in happenings(clock, facts, policy, calendar) if each[0] < now), key=lambda each: each[0]
    )
    marks = tuple(Mark(wait_of(metric, facts.waits[metric]), what, at) for at, metric, what, _ in ripe)
    return replace(clock, done=(*clock.done, *marks)[-_MOST_MARKS:]), [each[1:] for each in ripe]
