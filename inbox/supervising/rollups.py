"""
Roll-ups of closed episodes, solved tickets and answers, by day, in every time zone that somebody reads reports in.

A zone is counted from the episodes when it is first asked for: at once where there are few, else by a job. From then on
each episode is added as it closes. So a report reads one row for each day, whatever the zone, and a day has the 23 or
25 hours that it has there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from app.core import audit, days
from app.core.audit import Target
from app.core.errors import Conflict, Invalid
from app.core.permissions import Actor
from app.core.queue import Lane
from app.core.runtime import Workspace
from inbox import episodes, live
from inbox.episodes import Episode, Facts
from inbox.routing import calendars
from inbox.store import episodes as rows
from inbox.store import outcomes as outcome_rows
from inbox.store import report_days as store
from inbox.store import surveys as survey_rows
from inbox.store import teams as team_rows
from inbox.store.report_days import Zone
from inbox.store.windows import EARLIEST
from inbox.supervising import figures
from inbox.supervising.figures import Added
from inbox.ticketing import outcomes
from inbox.ticketing.outcomes import Outcome

if TYPE_CHECKING:
    from inbox.closing.surveys import Survey
    from inbox.conversations import Conversation

MOST_ZONES = 12
# Where there are more, a job counts them, and the reader is told how far it is.
COUNTED_AT_ONCE = 2_000
_AT_A_TIME = 500
_DAY = timedelta(days=1)
_SPAN_DAYS = 31


class BeingCounted(Conflict):
    """The figures of this zone are not ready; `extra` says which day they have been counted up to."""

    title, code = "Being counted", "being_counted"

    def __init__(self, zone: Zone) -> None:
        super().__init__(f"The figures for days in {zone.zone} are being counted. Try again in a moment.")
        self.extra = {"zone": zone.zone, "reached": zone.reached}


# --- as they close ------------------------------------------------------------------------------------------------


async def keep(ws: Workspace, conversation: Conversation, facts: Facts) -> None:
    """A closed episode, into the collection and into every roll-up; once, however often it is asked for."""
    team = await team_rows.get(ws, facts.team_id) if facts.team_id else None
    calendar = await calendars.of(ws, team.calendar_id if team else None)
    business = episodes.in_hours_of(calendar, facts)
    await add(
        ws,
        Episode(conversation_id=conversation.id, contact_id=conversation.contact_id, facts=facts, business=business),
    )


async def add(ws: Workspace, episode: Episode) -> None:
    """Stores it first: a zone that is registered meanwhile counts it from there."""
    await rows.insert(ws, episode)
    closed_at = episode.facts.closed_at or episode.facts.opened_at
    once = rows.id_of(episode.conversation_id, episode.facts.number)
    for zone in await store.zones(ws):
        added = figures.of_episode(episode, zone.zone)
        await store.add(ws, zone.zone, days.of(zone.zone, closed_at), once, added)


async def add_answer(ws: Workspace, survey: Survey) -> None:
    """An answer that has been stored; once."""
    for zone in await store.zones(ws):
        day = days.of(zone.zone, figures.answer_at(survey))
        await store.add(ws, zone.zone, day, _once(survey), figures.of_answer(survey))


async def add_outcome(ws: Workspace, outcome: Outcome) -> None:
    """What became of a ticket's promises, when it was solved; once, and without what was counted at an earlier time."""
    known = await outcome_rows.of_ticket(ws, outcome.ticket_id)
    new = outcomes.without(outcome, [each for each in known if each.id != outcome.id])
    if not new.promises:
        return
    await outcome_rows.insert(ws, new)
    for zone in await store.zones(ws):
        await store.add(ws, zone.zone, days.of(zone.zone, new.solved_at), new.id, figures.of_outcome(new))


def _once(survey: Survey) -> str:
    return f"{survey.id}/score"


# --- zones --------------------------------------------------------------------------------------------------------


async def zone_of(ws: Workspace) -> str:
    """The workspace's own zone: the one that was chosen, else that of its first calendar, else UTC."""
    chosen = await store.settings(ws)
    if chosen is not None:
        return str(chosen["zone"])
    return next((kept.calendar.zone for kept in await calendars.listed(ws)), "UTC")


async def choose_zone(ws: Workspace, actor: Actor, zone: str) -> str:
    """From now on the workspace's own. Raises Invalid."""
    known(zone)
    async with live.announced(ws, "report_settings", ws.id):
        await store.save_settings(ws, {"zone": zone}, ws.clock.now())
        await audit.record(ws, actor, "report_settings.changed", Target("report_settings", ws.id, zone), {"zone": zone})
        await live.publish(ws, live.event("report_settings", {"zone": zone}))
    return zone


def known(zone: str) -> str:
    """Raises Invalid."""
    if zone not in days.zones():
        raise Invalid.field("zone", "This is not a time zone; write one such as Europe/Paris.")
    return zone


async def require(ws: Workspace, zone: str) -> None:
    """Sees to it that figures are there by the days of this zone. Raises Invalid, BeingCounted."""
    found = await store.zone(ws, known(zone))
    today = str(ws.clock.now().date())
    if found is None:
        await _make_room(ws)
        found = Zone(zone=zone, used_on=today)
        await store.insert_zone(ws, found)
    elif found.used_on != today:
        await store.set_zone(ws, zone, used_on=today)
    if found.ready:
        return
    if await rows.count_up_to(ws, COUNTED_AT_ONCE) < COUNTED_AT_ONCE:
        await count(ws, zone)
        return
    await ws.queue.enqueue("count_reports", ws.id, zone, lane=Lane.BACKGROUND, job_id=f"count_reports:{ws.id}:{zone}")
    raise BeingCounted(found)


async def _make_room(ws: Workspace) -> None:
    """The zone that nobody has read in for the longest time goes, if there are too many."""
    kept = await store.zones(ws)
    if len(kept) >= MOST_ZONES:
        own = await zone_of(ws)
        oldest = min((zone for zone in kept if zone.zone != own), key=lambda zone: zone.used_on)
        await store.drop_zone(ws, oldest.zone)


# --- counting anew ------------------------------------------------------------------------------------------------


async def count(ws: Workspace, zone: str) -> None:
    """All days of a zone, from its episodes; goes on where it was stopped."""
    known_zone = await store.zone(ws, zone)
    if known_zone is None or known_zone.ready:
        return
    today = days.of(zone, ws.clock.now())
    day = date.fromisoformat(known_zone.reached) + _DAY if known_zone.reached else await _first_day(ws, zone)
    while day <= today:
        last = min(day + (_SPAN_DAYS - 1) * _DAY, today)
        await recount(ws, zone, day, last)
        await store.set_zone(ws, zone, reached=str(last))
        day = last + _DAY
    await store.set_zone(ws, zone, ready=True)


async def _first_day(ws: Workspace, zone: str) -> date:
    now = ws.clock.now()
    closed, _ = await rows.closed_from(ws, EARLIEST, now + _DAY, cursor=None, limit=1)
    answered, _ = await survey_rows.answered_from(ws, EARLIEST, now + _DAY, cursor=None, limit=1)
    solved, _ = await outcome_rows.solved_from(ws, EARLIEST, now + _DAY, cursor=None, limit=1)
    times = [
        *(episode.facts.closed_at or now for _, episode in closed),
        *(figures.answer_at(each) for each in answered),
        *(each.solved_at for each in solved),
    ]
    return days.of(zone, min(times, default=now))


async def recount(ws: Workspace, zone: str, first: date, last: date) -> None:
    """
    These days anew. A day's row is read before its episodes, and replaced only if it is still the same: what closes
    meanwhile is then in one or in the other, and never in both.
    """
    wanted = {first + number * _DAY for number in range((last - first).days + 1)}
    for _ in range(8):
        if not wanted:
            return
        first, last = min(wanted), max(wanted)
        revisions = {row["day"]: int(row["revision"]) for row in await store.days(ws, zone, first, last)}
        sums, counted = await _summed(ws, zone, first, last)
        for day in sorted(wanted):
            revision = revisions.get(str(day))
            nothing = day not in sums and revision is None
            if nothing or await store.replace_day(ws, zone, day, revision, sums.get(day, {}), counted.get(day, [])):
                wanted.discard(day)
    raise Conflict("These days change too fast to be counted; try again.")


async def _summed(
    ws: Workspace, zone: str, first: date, last: date
) -> tuple[dict[date, dict[str, dict[str, Any]]], dict[date, list[str]]]:
    sums: dict[date, dict[str, dict[str, Any]]] = {}
    counted: dict[date, list[str]] = {}
    start, end = days.begins(zone, first), days.begins(zone, last + _DAY) - timedelta(milliseconds=1)

    def take(at: datetime, once: str, added: Added) -> None:
        day = days.of(zone, at)
        _raise(sums.setdefault(day, {}), added)
        counted.setdefault(day, []).append(once)

    cursor: str | None = None
    while True:
        closed, cursor = await rows.closed_from(ws, start, end, cursor=cursor, limit=_AT_A_TIME)
        for once, episode in closed:
            take(episode.facts.closed_at or start, once, figures.of_episode(episode, zone))
        if cursor is None:
            break
    while True:
        solved, cursor = await outcome_rows.solved_from(ws, start, end, cursor=cursor, limit=_AT_A_TIME)
        for outcome in solved:
            take(outcome.solved_at, outcome.id, figures.of_outcome(outcome))
        if cursor is None:
            break
    while True:
        answers, cursor = await survey_rows.answered_from(ws, start, end, cursor=cursor, limit=_AT_A_TIME)
        for survey in answers:
            take(figures.answer_at(survey), _once(survey), figures.of_answer(survey))
        if cursor is None:
            return sums, counted


def _raise(sums: dict[str, dict[str, Any]], added: Added) -> None:
    for dimension, steps in added.items():
        into = sums.setdefault(dimension, {})
        for name, step in steps.items():
            outer, _, inner = name.partition(".")
            if inner:
                within = into.setdefault(outer, {})
                within[inner] = within.get(inner, 0) + step
            else:
                into[name] = into.get(name, 0) + step


def added_up(parts: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The figures of several days as one."""
    total: dict[str, Any] = {}
    for part in parts:
        for name, figure in part.items():
            if isinstance(figure, Mapping):
                within = total.setdefault(name, {})
                for inner, step in figure.items():
                    within[inner] = within.get(inner, 0) + step
            else:
                total[name] = total.get(name, 0) + figure
    return total
