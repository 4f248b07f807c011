"""
The one gate: whether a message may go to this person, for this purpose, from this sender, now.

Asked when a message is queued and again when it is handed to the provider. Service messages answer a person, so only
what they said counts. Marketing is asked everything, in this order: the switch, what they said, suppression, the
control group, caps, and last the hour, which makes it wait rather than refuses it.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

from app.core.addresses import Address
from app.core.errors import LeftOut
from app.core.runtime import Workspace
from crm import consent, contacts, pacing
from crm.contacts import ContactAddress

MARKETING = "marketing"
# Whether a complaint of this contact is open; asked only where it matters.
Complaint = Callable[[str], Awaitable[bool]]


async def ask(
    ws: Workspace,
    address: Address,
    purpose: str,
    sender: str,
    *,
    complaint: Complaint,
    queued_at: datetime | None = None,
    key: str = "",
) -> datetime | None:
    """
    None: it may go now. A time: not before then. `queued_at` is since when it has been waiting, and `key` names it,
    so that those who wait are spread.

    Raises OptedOut (what the person said) and LeftOut (what the business has settled), both with words to read.
    """
    if purpose != MARKETING:
        await consent.require(ws, address, purpose, sender)
        return None
    settled = await pacing.settled(ws)
    if settled.stopped is not None:
        raise LeftOut(f"All marketing is stopped, by {settled.stopped.by}.", code="marketing_stopped")
    known = await consent.require(ws, address, purpose, sender)
    contact = await contacts.get(ws, known.contact_id)
    await _not_left_out(ws, settled.pacing, known, contact, complaint)
    now = ws.clock.now()
    quiet = settled.pacing.quiet
    country, zones = pacing.where(address, contact.zone, quiet.zone, now)
    sent = await pacing.sent_to(ws, [contact.id, *contact.absorbed])
    others = [each for each in sent if each.message != key]
    too_many = pacing.capped(settled.pacing.caps, others, address.kind, zones[0], now)
    if too_many is not None:
        raise LeftOut(too_many, code="frequency_cap")
    if not quiet.enabled:
        return None
    opens = pacing.opening(quiet, country, zones, now)
    waited = ((opens or now) - (queued_at or now)).total_seconds()
    if opens is None or waited > quiet.give_up_hours * 3600:
        raise LeftOut(
            f"It would have had to wait for more than {quiet.give_up_hours} hours for a time at which marketing may "
            "reach this person.",
            code="too_late",
        )
    return pacing.spread(quiet, country, zones, opens, key) if opens > now else None


async def _not_left_out(
    ws: Workspace, settled: pacing.Pacing, known: ContactAddress, contact: contacts.Contact, complaint: Complaint
) -> None:
    found = await pacing.suppressed(ws, known.address, [contact.id, *contact.absorbed])
    if found is not None:
        raise LeftOut(f"They are on the suppression list: {found.reason or 'no reason is noted'}.", code="suppressed")
    if contact.stage is not None and contact.stage in settled.stages:
        raise LeftOut(f"People at the stage “{contact.stage}” get no marketing.", code="stage_suppressed")
    if pacing.in_control(settled.control_percent, ws.id, contact.id):
        raise LeftOut("They belong to the control group, which gets no marketing.", code="control_group")
    if settled.open_ticket and await complaint(contact.id):
        raise LeftOut("They have an open ticket: first their complaint, then offers.", code="open_ticket")
