"""
The one gate: whether a message may go to this person, for this purpose, from this sender, now.

Asked when a message is queued and again when it is handed to the provider, of one message or of many at once: the same
questions in the same order, with the same words. Service messages answer a person, so only what they said counts.
Marketing is asked everything, in this order: the switch, what they said, whose handle it is, whether they could be
reached there lately, suppression, the control group, an open complaint, caps, what is worth more, and last the hour,
which makes it wait rather than refuses it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from app.core.addresses import Address
from app.core.errors import AppError, LeftOut, NotFound, OptedOut
from app.core.runtime import Workspace
from crm import consent, contacts, doubts, pacing, resting
from crm.contacts import Contact, ContactAddress
from crm.pacing import Claim, Sent, Settled, Suppression

MARKETING = "marketing"
# Of these contacts, those whose complaint is open; asked only where it matters.
Complaints = Callable[[Sequence[str]], Awaitable[Set[str]]]
# None: it may go now. A time: not before then. OptedOut (what the person said) and LeftOut (what the business has
# settled), both with words to read.
Verdict = AppError | datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    A message to ask for; `topic` is what its marketing is about. `queued_at` is since when it has been waiting, and
    `key` names it, so that those who wait are spread. `contact_id` is whom it was meant for, where somebody was chosen:
    if the handle is another contact's by now, the two were merged, and that one is asked for itself. `ahead` is what is
    to reach them and worth more, `due_at` when this one goes, if that is not now. `corrects` is how the messages begin
    that this one puts right: caps count it as one with them.
    """

    address: Address
    purpose: str
    sender: str
    topic: str = ""
    queued_at: datetime | None = None
    key: str = ""
    contact_id: str = ""
    ahead: tuple[Claim, ...] = ()
    due_at: datetime | None = None
    corrects: tuple[str, ...] = ()


async def ask(
    ws: Workspace, asked: Asked, *, complaints: Complaints, closing: dict[str, datetime] | None = None
) -> datetime | None:
    """None: it may go now. A time: not before then. Raises OptedOut and LeftOut."""
    (verdict,) = await ask_many(ws, [asked], complaints=complaints, closing=closing)
    if isinstance(verdict, AppError):
        raise verdict
    return verdict


async def ask_many(
    ws: Workspace,
    many: Sequence[Asked],
    *,
    complaints: Complaints,
    probably: Sequence[str] = (),
    met: dict[str, Contact] | None = None,
    capped: set[str] | None = None,
    closing: dict[str, datetime] | None = None,
) -> list[Verdict]:
    """
    For each its verdict; a handful of commands for all of them. `probably` are contacts whose handles these are, as
    far as the caller knows: they are read at the same time, those close to each other together. `met` takes in the
    contacts that were read, `capped` the keys of messages for whose people a cap counts, `closing` by key until when
    those that may go now may reach them.
    """
    known, guessed = await asyncio.gather(
        consent.known(ws, [each.address for each in many], probably), contacts.get_close(ws, probably)
    )
    advertises = any(each.purpose == MARKETING for each in many)
    settled = await pacing.settled(ws) if advertises else Settled(pacing.Pacing(), None)
    verdicts: list[Verdict] = [_said(ws, settled, each, known) for each in many]
    open_yet = [at for at, each in enumerate(many) if verdicts[at] is None and each.purpose == MARKETING]
    if not open_yet:
        return verdicts
    of = {at: known[many[at].address] for at in open_yet}
    people = await _people(ws, [of[at].contact_id for at in open_yet], guessed)
    if met is not None:
        met.update({each.id: each for each in people.values()})
    wanted = {at: person for at in open_yet if (person := people.get(of[at].contact_id)) is not None}
    for at in open_yet:
        if at not in wanted:
            verdicts[at] = NotFound("There is no such contact.")
    ask_complaints = complaints if settled.pacing.open_ticket else _nobody
    left_out, complaining, sent = await asyncio.gather(
        pacing.suppressed_among(ws, [(of[at].address, whole(person)) for at, person in wanted.items()]),
        ask_complaints(list({person.id for person in wanted.values()})),
        pacing.sent_to_each(ws, [whole(person) for person in wanted.values()]),
    )
    for (at, person), suppression in zip(wanted.items(), left_out, strict=True):
        verdicts[at] = _left_out(ws, settled, person, suppression)
    hours = _Hours(settled.pacing.quiet, ws.clock.now())
    for (at, person), before in zip(wanted.items(), sent, strict=True):
        if verdicts[at] is not None:
            continue
        if person.id in complaining:
            words = "They have an open ticket: first their complaint, then offers."
            verdicts[at] = LeftOut(words, code="open_ticket")
        else:
            verdicts[at] = _paced(settled, hours, many[at], (of[at], person), before)
            if capped is not None and (settled.pacing.caps or pacing.wished(of[at].consent)):
                capped.add(many[at].key)
            if closing is not None and verdicts[at] is None:
                _note_closing(hours, many[at], person, closing)
    return verdicts


async def _nobody(_: Sequence[str]) -> Set[str]:
    return frozenset()


def whole(contact: Contact) -> tuple[str, ...]:
    """A contact and those merged into it."""
    return (contact.id, *contact.absorbed)


async def _people(ws: Workspace, contact_ids: Sequence[str], known: Mapping[str, Contact]) -> Mapping[str, Contact]:
    """By the id they are asked for by; of those merged into another, that one."""
    found = {each: known[each] for each in contact_ids if each in known}
    if missing := [each for each in contact_ids if each not in found]:
        found |= await contacts.get_many(ws, missing)
    for asked, person in list(found.items()):
        if person.merged_into is not None:
            found[asked] = await contacts.get(ws, person.merged_into)
    return found


def _said(ws: Workspace, settled: Settled, asked: Asked, known: Mapping[Address, ContactAddress]) -> Verdict:
    """The switch, and what the person said."""
    if asked.purpose == MARKETING and settled.stopped is not None:
        return LeftOut(f"All marketing is stopped, by {settled.stopped.by}.", code="marketing_stopped")
    row = known.get(asked.address)
    if asked.contact_id and row is not None and row.contact_id != asked.contact_id:
        return LeftOut("They were merged into another contact, which is asked for itself.", code="merged")
    try:
        consent.require_of(row, asked.purpose, ws.clock.now(), asked.sender, asked.topic)
    except OptedOut as error:
        # Kept as a value: with its traceback it would hold everybody who is asked about, until a full collection.
        return error.with_traceback(None)
    if asked.purpose == MARKETING and row is not None and row.doubt is not None:
        return LeftOut(f"First make sure whose handle it is. {doubts.words(row.doubt)}", code="unverified")
    if asked.purpose == MARKETING and row is not None and (rests := resting.refusal(row, ws.clock.now())) is not None:
        return LeftOut(rests, code="resting")
    return None


def _left_out(ws: Workspace, settled: Settled, contact: Contact, found: Suppression | None) -> Verdict:
    if found is not None:
        return LeftOut(f"They are on the suppression list: {found.reason or 'no reason is noted'}.", code="suppressed")
    if contact.stage is not None and contact.stage in settled.pacing.stages:
        return LeftOut(f"People at the stage “{contact.stage}” get no marketing.", code="stage_suppressed")
    if pacing.in_control(settled.pacing.control_percent, ws.id, contact.id):
        return LeftOut("They belong to the control group, which gets no marketing.", code="control_group")
    return None


class _Hours:
    """When it is an hour for marketing, as of one moment: worked out once for all people with the same clocks."""

    def __init__(self, quiet: pacing.QuietHours, now: datetime) -> None:
        self.quiet = quiet
        self.now = now
        self._openings: dict[tuple[str | None, tuple[str, ...]], datetime | None] = {}
        self._closings: dict[tuple[str | None, tuple[str, ...]], datetime | None] = {}

    def opening(self, country: str | None, zones: tuple[str, ...]) -> datetime | None:
        if (country, zones) not in self._openings:
            self._openings[country, zones] = pacing.opening(self.quiet, country, zones, self.now)
        return self._openings[country, zones]

    def closing(self, country: str | None, zones: tuple[str, ...]) -> datetime | None:
        if (country, zones) not in self._closings:
            self._closings[country, zones] = pacing.closing(self.quiet, country, zones, self.now)
        return self._closings[country, zones]


def _note_closing(hours: _Hours, asked: Asked, contact: Contact, closing: dict[str, datetime]) -> None:
    if not hours.quiet.enabled:
        return
    until = hours.closing(*pacing.where(asked.address, contact.zone, hours.quiet.zone, hours.now))
    if until is not None:
        closing[asked.key] = until


def _paced(
    settled: Settled, hours: _Hours, asked: Asked, person: tuple[ContactAddress, Contact], sent: Sequence[Sent]
) -> Verdict:
    """Caps, the person's own among them, what is worth more, and the hour."""
    handle, contact = person
    now, quiet, address = hours.now, hours.quiet, asked.address
    others = [each for each in sent if each.message != asked.key and not each.message.startswith(asked.corrects)]
    if not others and not asked.ahead and not quiet.enabled:
        return None
    country, zones = pacing.where(address, contact.zone, quiet.zone, now)
    caps = (*pacing.wished(handle.consent), *settled.pacing.caps) if others or asked.ahead else ()
    too_many = pacing.capped(caps, others, address.kind, zones[0], now)
    if too_many is not None:
        return LeftOut(too_many, code="frequency_cap")
    opens = hours.opening(country, zones) if quiet.enabled else now
    goes_at = max(now, asked.due_at or now, opens or now)
    more_valuable = pacing.outranked(caps, others, asked.ahead, address.kind, zones[0], goes_at)
    if more_valuable is not None:
        return LeftOut(more_valuable, code="outranked")
    waited = ((opens or now) - (asked.queued_at or now)).total_seconds()
    if opens is None or waited > quiet.give_up_hours * 3600:
        return LeftOut(
            f"It would have had to wait for more than {quiet.give_up_hours} hours for a time at which marketing may "
            "reach this person.",
            code="too_late",
        )
    return pacing.spread(quiet, country, zones, opens, asked.key) if opens > now else None
