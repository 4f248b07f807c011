"""What somebody said about consent: the facts, their line on the timeline, and what screens show of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from app.core import days
from app.core.addresses import Address
from app.core.runtime import Workspace
from crm import consent, consent_days, contacts, pacing, standing
from crm.consent import ConsentFact
from crm.contacts import ContactAddress
from crm.standing import BUSINESS, PERSON, Said
from inbox import conversations, events, live
from inbox.store import signup_days
from inbox.timeline import Author

_NO = ("withdrawn", "blocked", "held")
MARKETING = "marketing"
# Who wants no more so soon after a campaign's message wants no more because of it.
_CAUSED_WITHIN = timedelta(days=3)
REFUSED = "provider_refusal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """
    What was said at one address, as one deed (see ConsentFact for the rest).

    `reach`: what a person says holds for all their handles on the `channel`, for they do not know that a hidden number
    and its business-scoped id are two of them; or for all of theirs everywhere; or for this `handle` alone.
    """

    at_address: ContactAddress
    purposes: Sequence[str]
    state: Said
    source: str
    evidence: str
    at: datetime
    wording: str | None = None
    senders: Sequence[str] = (BUSINESS,)
    reach: Literal["handle", "channel", "everywhere"] = "channel"
    actor: str = PERSON
    author: Author | None = None
    expires_at: datetime | None = None
    language: str | None = None
    every_days: int | None = None
    proof: Mapping[str, str] = field(default_factory=dict)


async def tell(ws: Workspace, told: Told) -> None:
    """Keeps it as facts, notes it on the timeline and shows it. Safe to run twice."""
    contact_id = told.at_address.contact_id
    told = await _with_end(ws, told)
    rows = await contacts.addresses_of(ws, contact_id)
    handles = [row.address for row in rows if _concerns(row, told)]
    concerned = tuple(dict.fromkeys((told.at_address.address, *handles)))
    new = False
    for address in concerned:
        for sender in told.senders:
            new |= await consent.record(ws, _fact(told, contact_id, address, sender))
    if new and told.state == "granted" and (form_id := told.proof.get("form")):
        await signup_days.count(ws, form_id, days.of("UTC", ws.clock.now()), "agreed")
    if told.state == "granted" and told.actor == PERSON:
        await pacing.readmit(ws, concerned)
    known = await contacts.addresses_of(ws, contact_id)
    if new:
        await consent_days.compare(ws, rows, known, source=told.source, via=await _via(ws, told))
    after = [row for row in known if row.address in concerned]
    for changed in await conversations.set_stopped(ws, contact_id, after):
        await live.tell_conversations(ws, changed)
    await events.note(
        ws,
        contact_id,
        key=f"consent/{told.evidence}/{told.state}/{','.join(told.purposes)}",
        kind="consent",
        event={
            "name": "consent_changed",
            "state": told.state,
            "purposes": list(told.purposes),
            "source": told.source,
            "channel": told.at_address.address.kind,
            "address": str(told.at_address.address),
            "wording": told.wording,
        },
        at=told.at,
        author=told.author,
    )


async def _with_end(ws: Workspace, told: Told) -> Told:
    """An agreement to marketing without an end of its own has the one that is settled for all."""
    if told.state != "granted" or told.expires_at is not None or MARKETING not in told.purposes:
        return told
    days_it_holds = (await pacing.settled(ws)).pacing.consent_days
    return replace(told, expires_at=told.at + timedelta(days=days_it_holds)) if days_it_holds else told


async def _via(ws: Workspace, told: Told) -> tuple[str, str]:
    """Through which form or broadcast somebody agreed, or after which one they wanted no more: id and name."""
    for kind in ("form", "broadcast"):
        if kind in told.proof:
            return told.proof[kind], told.proof.get(f"{kind}_name", "")
    if told.state not in _NO:
        return "", ""
    conversation = await conversations.find(ws, conversations.id_for(told.at_address.contact_id))
    campaign = conversation.campaign if conversation else None
    if campaign is None or not timedelta() <= told.at - campaign.at <= _CAUSED_WITHIN:
        return "", ""
    return campaign.id, campaign.name


async def confirm(ws: Workspace, said: Told) -> None:
    """A yes: to our question whether they want it, if we asked one that is still open; else it is just a word."""
    row = said.at_address
    now = ws.clock.now()
    asked = [p for p in standing.PURPOSES if (known := row.consent.get(p)) and known.asks_at(now)]
    if not asked:
        return
    questions = [
        f for f in await consent.history(ws, row.contact_id) if f.state == "asked" and f.address == row.address
    ]
    shown = f"{questions[0].wording} — {said.wording}" if questions else said.wording
    agreed = replace(
        said,
        purposes=asked,
        state="granted",
        source="double_opt_in",
        wording=shown,
        reach="handle",
        language=questions[0].language if questions else None,
        proof=questions[0].proof if questions else {},
    )
    await tell(ws, agreed)


def _fact(told: Told, contact_id: str, address: Address, sender: str) -> ConsentFact:
    return ConsentFact(
        contact_id=contact_id,
        address=address,
        purposes=tuple(told.purposes),
        state=told.state,
        source=told.source,
        evidence=told.evidence,
        at=told.at,
        wording=told.wording,
        actor=told.actor,
        sender=sender,
        expires_at=told.expires_at,
        language=told.language,
        every_days=told.every_days,
        proof=told.proof,
    )


def _concerns(row: ContactAddress, told: Told) -> bool:
    """Whether what was said holds for this other handle of theirs, too."""
    same_channel = row.address.kind == told.at_address.address.kind
    if told.reach == "handle" or (told.reach == "channel" and not same_channel):
        return False
    if told.state in (*_NO, "granted") or told.reach == "everywhere":
        return True
    # A word of theirs lifts what a word of theirs ended; what a provider refused concerns one handle alone.
    names = [standing.slot(purpose, sender) for purpose in told.purposes for sender in told.senders]
    known = [row.consent[name] for name in names if name in row.consent]
    return bool(known) and all(each.source != REFUSED for each in known)
