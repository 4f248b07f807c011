"""
Dated shifts: on which hours of which days a member is there, whatever their weekly schedule says.

A row of the roster overrules the schedule on its day, with hours of its own or with an absence, which has none. As
everywhere (app/core/calendars.py), a span belongs to the day on which it begins and may reach over midnight: so who is
absent on Tuesday still ends the night that began on Monday.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.core import days
from app.core.calendars import Calendar, Hours, begun_at, instant
from app.core.runtime import Workspace
from inbox.store import roster as store

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """
    What the roster says of a member's day: `hours`, or why they are absent. Times are those of `zone`, which was the
    workspace's when the row was written: a workspace that changes its zone moves nobody's hours. `revision` counts its
    changes, the last of which was made by the person named.
    """

    member_id: str
    day: date
    zone: str
    hours: Hours = ()
    absence: str | None = None
    revision: int = 1
    changed_by: str = ""


def on_duty(planned: Sequence[Shift], schedule: Calendar | None, at: datetime) -> bool:
    """
    Whether a member is there at `at`, by the rows of their days around it and by their weekly schedule; without either,
    always.
    """
    for shift in planned:
        for span in shift.hours:
            if instant(shift.zone, shift.day, span.start) <= at < instant(shift.zone, shift.day, span.end):
                return True
    if schedule is None:
        return not _overruled(planned, at)
    return any(not _overruled(planned, began) for began in begun_at(schedule, at))


def _overruled(planned: Sequence[Shift], at: datetime) -> bool:
    return any(days.of(shift.zone, at) == shift.day for shift in planned)


async def around(ws: Workspace, member_ids: Sequence[str], at: datetime) -> dict[str, list[Shift]]:
    """By member, the rows that may say something of `at`: zones are hours ahead and behind, and nights reach over."""
    today = at.date()
    found: dict[str, list[Shift]] = {}
    for shift in await store.between(ws, member_ids, today - 2 * _DAY, today + _DAY):
        found.setdefault(shift.member_id, []).append(shift)
    return found
