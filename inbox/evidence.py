"""
The evidence file of one person: what they agreed to and how that is proven, what they took back, and what was sent to
them since.

The JSON is complete and names the SHA-256 of every part, so that a copy can be checked against the one that was handed
over; the PDF says the same to a reader.
"""

import asyncio
import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson

from app.core.clock import iso
from app.core.platform import workspaces
from app.core.runtime import Workspace
from crm import consent, contacts, gate, standing
from crm.consent import ConsentFact
from crm.contacts import Contact
from inbox import story
from inbox.answering import pdf
from inbox.answering.pdf import Paragraph
from inbox.answering.transcripts import words
from inbox.mailings import placing
from inbox.store import conversations as conversation_store
from inbox.timeline import PAGE, Entry

# The newest so many entries of a timeline are looked through for marketing; nobody gets more of it.
_MOST_READ = 20_000
_LEFT_OUT = f"{pdf.MISSING} stands for letters that this document has no font for; the JSON file has them."
_STOPS = ("blocked", "opted_out", "topic_declined")
_WAYS_OUT = ("sending", "sent", "delivered", "read", "unknown")


@dataclass(frozen=True, slots=True)
class Dossier:
    business: str
    contact: Contact
    made_at: datetime
    facts: list[ConsentFact]
    standings: list[dict[str, Any]]
    marketing: list[Entry]

    @property
    def after_stop(self) -> list[Entry]:
        """Marketing that was handed over while a stop of the person stood: there must be none."""
        return [entry for entry in self.marketing if _was_stopped(self.facts, entry)]


def _was_stopped(facts: list[ConsentFact], entry: Entry) -> bool:
    handed = entry.status_times.get("sent") or entry.claimed_at
    if entry.status not in _WAYS_OUT or handed is None:
        return False
    known = [fact for fact in facts if str(fact.address) == entry.address and fact.at <= handed]
    found = consent.standings_of(known)
    # As the gate would have said, also of what a provider keeps for the sender.
    said = standing.refusal(found, "marketing", entry.account_id or "", handed, entry.topic or "")
    return said is not None and said[0] in _STOPS


async def gather(ws: Workspace, contact: Contact) -> Dossier:
    # What mailings have sent may not all stand on the timeline yet.
    await placing.settle(ws, gate.whole(contact))
    rows = await contacts.addresses_of(ws, contact.id)
    business = await workspaces.get(ws.runtime.mongo, ws.id)
    now = ws.clock.now()
    standings = [
        {"address": str(row.address), "purpose": name.partition("@")[0], "account_id": name.partition("@")[2] or None}
        | {"state": known.state_at(now), "since": iso(known.at), "source": known.source}
        for row in rows
        for name, known in row.consent.items()
    ]
    return Dossier(
        business=business.name if business else "",
        contact=contact,
        made_at=now,
        facts=sorted(await consent.history(ws, contact.id), key=lambda fact: fact.at),
        standings=standings,
        marketing=await _marketing(ws, contact.id),
    )


async def _marketing(ws: Workspace, contact_id: str) -> list[Entry]:
    found: list[Entry] = []
    for conversation in await conversation_store.of_contact(ws, contact_id):
        after: float = max(0, conversation.last_number - _MOST_READ)
        woven = conversation.woven
        while page := await story.entries_after(ws, contact_id, after, woven=woven, limit=PAGE):
            found += [p.entry for p in page if p.entry.purpose == "marketing" and p.entry.kind == "message"]
            after = page[-1].place
    return found


def as_json(dossier: Dossier) -> bytes:
    parts: dict[str, Any] = {
        "facts": [{**asdict(fact), "address": str(fact.address)} for fact in dossier.facts],
        "standings": dossier.standings,
        "marketing": [
            {
                "id": entry.id,
                "at": entry.at,
                "channel": entry.channel,
                "address": entry.address,
                "text": words(entry, None),
                "status": entry.status,
                "status_times": dict(entry.status_times),
                "reason": (entry.error or {}).get("message"),
            }
            for entry in dossier.marketing
        ],
    }
    summary = {
        "business": dossier.business,
        "contact": {"id": dossier.contact.id, "name": dossier.contact.name},
        "made_at": dossier.made_at,
        "marketing_sent_while_stopped": len(dossier.after_stop),
        "sha256": {name: hashlib.sha256(orjson.dumps(part)).hexdigest() for name, part in parts.items()},
    }
    return orjson.dumps({**summary, **parts}, option=orjson.OPT_INDENT_2)


async def as_pdf(dossier: Dossier) -> bytes:
    return await asyncio.to_thread(pdf.document, _paragraphs(dossier), left_out=_LEFT_OUT)


def _paragraphs(dossier: Dossier) -> list[Paragraph]:
    found = [
        Paragraph("title", f"Consent of {dossier.contact.name}"),
        Paragraph("day", f"{dossier.business} · made {_time(dossier.made_at)}"),
        Paragraph("day", "How things stand"),
    ]
    for each in dossier.standings:
        found.append(Paragraph("in", f"{each['purpose']}: {each['state']}", f"{each['address']} · {each['source']}"))
    found.append(Paragraph("day", "What was said, in order"))
    for fact in dossier.facts:
        head = f"{_time(fact.at)} · {fact.address} · {', '.join(fact.purposes)} · {fact.state}"
        proof = [f"{name}: {value}" for name, value in fact.proof.items()]
        told = [f"“{fact.wording}”" if fact.wording else "", f"by {fact.source}, evidence {fact.evidence}", *proof]
        found.append(Paragraph("in", "\n".join(filter(None, told)), head))
    found.append(
        Paragraph("day", f"Marketing sent: {len(dossier.marketing)}, while stopped: {len(dossier.after_stop)}")
    )
    for entry in dossier.marketing[-500:]:
        head = f"{_time(entry.at)} · {entry.address} · {entry.status}"
        found.append(Paragraph("out", words(entry, None), head))
    return found


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
