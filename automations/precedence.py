"""
What is worth more and settled: broadcasts that are scheduled, or that run and have not reached these people yet.

A broadcast asks when its people are handed over, and its check asks before. What has become a mailing meanwhile is
asked for again at the moment of sending (inbox/mailings/precedence.py).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from app.core.errors import NotFound
from app.core.runtime import Workspace
from automations import audiences, broadcasts, experiments, placing, rolls, schedules
from automations.broadcasts import Broadcast
from automations.placing import Placing
from automations.plans import Schedule
from channels import accounts
from channels.contract import ChannelAccount, Purpose
from crm import gate, pacing, resting, standing
from crm.contacts import Contact, ContactAddress
from crm.pacing import Claim
from crm.store import contacts as contact_store
from inbox.mailings import mailings
from inbox.mailings import precedence as on_the_way
from inbox.store import mailings as mailing_rows

# Of each state at most so many, the newest, are asked for.
_MOST: Final = 50


async def claims(
    ws: Workspace, now: Broadcast, placed: Sequence[Placing], purpose: str
) -> dict[str, tuple[Claim, ...]]:
    """By contact, marketing of a higher priority that is to reach those of them who have a place."""
    people = {each.contact_id: each.contact for each in placed if not each.reason and each.contact is not None}
    if purpose != gate.MARKETING or not people:
        return {}
    found = await on_the_way.claims(ws, list(people), above=now.plan.priority)
    rivals = await _rivals(ws, now)
    handles = await contact_store.addresses_of_contacts(ws, list(people)) if rivals else {}
    for rival in rivals:
        for contact_id, claim in (await _of(ws, rival, list(people.values()), handles)).items():
            found[contact_id] = (*found.get(contact_id, ()), claim)
    return found


async def _rivals(ws: Workspace, now: Broadcast) -> list[Broadcast]:
    """Those worth more that begin within the longest period of a cap, or are not handed over to the last person."""
    found = [
        *await broadcasts.page(ws, state="scheduled", before=None, limit=_MOST),
        *await broadcasts.page(ws, state="running", before=None, limit=_MOST),
    ]
    last = ws.clock.now() + timedelta(days=pacing.MOST_DAYS)
    return [
        each
        for each in found
        if each.id != now.id
        and each.plan.priority > now.plan.priority
        and each.plan.purpose is Purpose.MARKETING
        and (each.scheduled_at is None or each.scheduled_at < last)
    ]


async def _of(
    ws: Workspace, rival: Broadcast, people: Sequence[Contact], handles: dict[str, list[ContactAddress]]
) -> dict[str, Claim]:
    """Of these people those whom the rival is still to be sent to, as far as can be said now."""
    mailing = await mailings.find(ws, rolls.source_of(rival.id, 0))
    if mailing is not None and mailing.batches is not None:
        return {}
    try:
        account = await accounts.get(ws.runtime, rival.plan.account_id or "")
    except NotFound:
        return {}
    ids = [each.id for each in people]
    there = await mailing_rows.refs_of(ws, [mailing.id], ids) if mailing is not None else {}
    meant = await audiences.among(ws, rival.plan.audience, [each for each in people if each.id not in there])
    now = ws.clock.now()
    begins = max(now, rival.scheduled_at or now)
    zone = (await pacing.settled(ws)).pacing.quiet.zone
    schedule = _this_time(rival, begins)
    found: dict[str, Claim] = {}
    for person in people:
        handle = _handle(handles.get(person.id, ()), rival, account, begins)
        if person.id not in meant or handle is None or not _is_theirs(rival, schedule, person):
            continue
        due = placing.due(schedule, handle.address, person, zone, now, {})
        found[person.id] = Claim(rival.plan.name, rival.plan.priority, due or begins, account.kind)
    return found


def _handle(
    rows: Sequence[ContactAddress], rival: Broadcast, account: ChannelAccount, at: datetime
) -> ContactAddress | None:
    """One on which nothing that they said stands against it then, and at which they could be reached."""
    for row in rows:
        said = standing.refusal(row.consent, gate.MARKETING, account.id, at, rival.plan.topic)
        if row.address.kind == account.kind and said is None and resting.refusal(row, at) is None:
            return row
    return None


def _this_time(rival: Broadcast, begins: datetime) -> Schedule:
    """Of one that recurs as its next send has it."""
    schedule = rival.plan.schedule
    if rival.state != "scheduled" or not schedule.recurring:
        return schedule
    wall = schedules.occurrence(schedule, begins - timedelta(seconds=1)) or begins
    return schedule.model_copy(update={"wall": wall.strftime("%Y-%m-%dT%H:%M")})


def _is_theirs(rival: Broadcast, schedule: Schedule, person: Contact) -> bool:
    """Whether it is their day, and they are not held out from it. Of one that recurs nobody is drawn yet."""
    if schedule.relative is not None and schedule.wall is not None:
        own = person.fields.get(schedule.relative.field)
        if not schedules.is_day(schedule.relative, own, datetime.fromisoformat(schedule.wall).date()):
            return False
    recurs = rival.state == "scheduled" and schedule.recurring
    return recurs or not experiments.held_out(rival.plan, rival.id, person.id)
