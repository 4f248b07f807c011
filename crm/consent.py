"""
What people agreed to: facts, the standing derived from them, and the question asked before a send.

Facts are append-only, each with its source, wording and evidence. What they come to (see standing.py) is kept on the
contact's address, so that a send reads one row; it can be derived again from the facts at any time, and is whenever
one is added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from app.core import ids
from app.core.addresses import Address
from app.core.errors import OptedOut
from app.core.runtime import Workspace
from crm import contacts, standing
from crm.standing import BUSINESS, PERSON, PURPOSES, Said, Standing, Word
from crm.store import consents as store
from crm.store import contacts as contact_store

# Of one contact, in lists and files; nobody says more than that.
MOST_FACTS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentFact:
    """
    Something a person, a provider or a colleague said about one address and some purposes.

    `sender` is the connected account that it was said to; "" is the business as a whole. `evidence` names what proves
    it (an entry, a provider's event, a form) and makes the fact unique: told twice, kept once. `wording` is what was
    said or shown, word for word. `proof` is what else an authority would ask for: page, IP address, file, witness.
    `actor` is "contact", or who wrote it down for them. A fact that is `voided` takes back those of its evidence.
    """

    contact_id: str
    address: Address
    purposes: tuple[str, ...]
    state: Said
    source: str
    evidence: str
    at: datetime
    wording: str | None = None
    actor: str = PERSON
    sender: str = BUSINESS
    expires_at: datetime | None = None
    language: str | None = None
    every_days: int | None = None
    proof: Mapping[str, str] = field(default_factory=dict)
    recorded_at: datetime | None = None


async def record(ws: Workspace, fact: ConsentFact) -> bool:
    """
    Keep the fact and bring the address's standing up to date; False if it was known already.

    A fact older than the one that counts is kept but changes nothing: providers tell late and out of order.
    """
    new = await store.insert(ws, id_of(fact), replace(fact, recorded_at=fact.recorded_at or ws.clock.now()))
    # Also when it is not new: the process may have died between the fact and the standing.
    await derive(ws, fact.address)
    return new


def id_of(fact: ConsentFact) -> str:
    """Derives from what makes it one fact, so that it is the same however often it is told."""
    parts = [fact.evidence, str(fact.address), ",".join(fact.purposes), fact.state]
    return ids.derived("cns", *parts, *([fact.sender] if fact.sender else []))


async def derive(ws: Workspace, address: Address) -> Mapping[str, Standing]:
    """Reckon from all facts how things stand at an address, and keep it there."""
    facts = await store.at_address(ws, address)
    found = standings_of(facts)
    await contact_store.set_standings(ws, address, found, len(facts))
    return found


def standings_of(facts: Sequence[ConsentFact]) -> dict[str, Standing]:
    """What facts about one address come to."""
    return standing.of_words(
        Word(
            said=fact.state,
            purposes=fact.purposes,
            sender=fact.sender,
            source=fact.source,
            evidence=fact.evidence,
            at=fact.at,
            heard_at=fact.recorded_at or fact.at,
            by_person=fact.actor == PERSON,
            expires_at=fact.expires_at,
            every_days=fact.every_days,
        )
        for fact in facts
    )


async def carry(ws: Workspace, source: Address, target: Address) -> None:
    """What was said under one handle was said under the other, too: the same person's, or their new number."""
    facts = [replace(fact, address=target) for fact in await store.at_address(ws, source)]
    for fact in facts:
        await store.insert(ws, id_of(fact), fact)
    if facts:
        await derive(ws, target)


async def facts_at(ws: Workspace, address: Address) -> list[ConsentFact]:
    """All that was ever said about one handle."""
    return await store.at_address(ws, address)


async def void(ws: Workspace, address: Address, purpose: str, evidence: str, *, by: str, source: str) -> None:
    """Facts of this evidence do not count for this purpose any more; what was before them, and after, does."""
    for fact in await store.at_address(ws, address):
        if fact.evidence != evidence or fact.state == "voided" or purpose not in fact.purposes:
            continue
        taken_back = replace(
            fact,
            purposes=(purpose,),
            state="voided",
            source=source,
            at=ws.clock.now(),
            actor=by,
            wording=None,
            recorded_at=None,
        )
        await record(ws, taken_back)


async def history(ws: Workspace, contact_id: str) -> list[ConsentFact]:
    """The newest facts of a contact, newest first."""
    return await store.of_contact(ws, contact_id, limit=MOST_FACTS)


async def known(
    ws: Workspace, wanted: Sequence[Address], probably: Sequence[str] = ()
) -> dict[Address, contacts.ContactAddress]:
    """
    What is known of these handles; those that belong to nobody are missing. `probably` are the contacts whose they are,
    as far as the caller knows.
    """
    found = contact_store.addresses_close(ws, wanted, probably) if probably else contact_store.addresses(ws, wanted)
    return {each.address: each for each in await found}


async def require(ws: Workspace, address: Address, purpose: str, sender: str = BUSINESS) -> contacts.ContactAddress:
    """
    The address, if the person may be written to for this purpose by this account of ours.

    Raises OptedOut, whose words a colleague can read.
    """
    return require_of((await known(ws, [address])).get(address), purpose, ws.clock.now(), sender)


def require_of(
    found: contacts.ContactAddress | None, purpose: str, now: datetime, sender: str = BUSINESS, about: str = ""
) -> contacts.ContactAddress:
    """The same of an address that was read (None: it belongs to nobody)."""
    if found is None:
        raise OptedOut("This handle does not belong to a contact.", code="unknown_address")
    reason = refusal(found, purpose, now, sender, about)
    if reason is not None:
        raise OptedOut(reason[1], code=reason[0])
    return found


def refusal(
    address: contacts.ContactAddress, purpose: str, now: datetime, sender: str = BUSINESS, about: str = ""
) -> tuple[str, str] | None:
    """Why not: (stable code, words for a person); None if nothing that was said stands against it."""
    return standing.refusal(address.consent, purpose, sender, now, about)


def stopped_purposes(address: contacts.ContactAddress, sender: str = BUSINESS) -> Sequence[str]:
    """Purposes that the person has ended at this address, as far as this account of ours goes."""
    said = {p: standing.towards(address.consent, p, sender) for p in PURPOSES}
    return [p for p in PURPOSES if any(each.state in ("withdrawn", "blocked") for each in said[p])]
