"""
When people are there: the hours, where they are, at which each of them has read, clicked, answered or looked at a page.

It is their own history and nobody else's; of whom there is too little nothing is said.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.core.runtime import Workspace
from automations import broadcasts, rolls, schedules
from automations.plans import Schedule
from crm import happenings
from inbox.mailings import mailings

_SINCE: Final = timedelta(days=90)
# The newest broadcasts say enough.
_MOST_BROADCASTS: Final = 10
_KINDS: Final = (happenings.PAGE_VIEW, happenings.CLICKED, happenings.REPLIED)


async def times(ws: Workspace, contact_ids: Sequence[str]) -> dict[str, list[datetime]]:
    """By contact when they were there lately; a few reads for all of them."""
    since = ws.clock.now() - _SINCE
    found: dict[str, list[datetime]] = {}
    for told in await happenings.of_each(ws, contact_ids, _KINDS, since):
        found.setdefault(told.contact_id, []).append(told.at)
    for broadcast in await broadcasts.page(ws, state="done", before=None, limit=_MOST_BROADCASTS):
        mailing = await mailings.find(ws, rolls.source_of(broadcast.id, 0))
        if mailing is None or broadcast.created_at < since:
            continue
        for contact_id, outcome in (await mailings.outcomes(ws, mailing.id, contact_ids)).items():
            there = (outcome.times.get("read"), outcome.clicked_at, outcome.replied_at)
            found.setdefault(contact_id, []).extend(at for at in there if at is not None)
    return found


def due(schedule: Schedule, there: Mapping[str, Sequence[datetime]], contact_id: str, zone: str) -> datetime | None:
    """Within a day of the schedule's time, when this person's clock shows their hour."""
    if schedule.wall is None:
        return None
    begin = schedules.instant(datetime.fromisoformat(schedule.wall), schedule.zone)
    own = ZoneInfo(zone)
    usual = begin.astimezone(own).hour
    hour = schedules.best_hour([at.astimezone(own).hour for at in there.get(contact_id, ())], usual)
    # By that clock, which may be put forward or back in between.
    return (begin.astimezone(own) + timedelta(hours=(hour - usual) % 24)).astimezone(UTC)
