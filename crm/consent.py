"""
The one gate: facts about what a person agreed to, the state derived from them, and the question asked before a send.

Facts are append-only, each with its source, wording and evidence. The state lives on the contact's address, per
purpose, so that a send reads one row. Unknown means: service and transactional yes, marketing no.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.core import ids
from app.core.addresses import Address
from app.core.errors import OptedOut
from app.core.runtime import Workspace
from crm import contacts
from crm.store import contacts as store

PURPOSES = ("service", "transactional", "marketing")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentFact:
    """
    Something a person, a provider or a colleague said about one address and some purposes.

    `evidence` names what proves it (an entry, a provider's event) and makes the fact unique: told twice, kept once.
    `wording` is what was said, word for word, where there are words.
    """

    contact_id: str
    address: Address
    purposes: tuple[str, ...]
    state: Literal["granted", "withdrawn", "blocked", "unknown"]
    source: str
    evidence: str
    at: datetime
    wording: str | None = None
    actor: str = "contact"


async def record(ws: Workspace, fact: ConsentFact) -> bool:
    """
    Keep the fact and bring the address's state up to date; False if it was known already.

    A fact older than the one that set the state is kept but changes nothing: providers tell late and out of order.
    """
    fact_id = ids.derived("cns", fact.evidence, str(fact.address), ",".join(fact.purposes), fact.state)
    new = await store.insert_fact(ws, fact_id, fact)
    # Also when it is not new: the process may have died between the fact and the state.
    for purpose in fact.purposes:
        await store.set_consent(ws, fact, purpose)
    return new


async def history(ws: Workspace, contact_id: str) -> list[ConsentFact]:
    """The newest 500 facts of a contact, newest first."""
    return await store.facts(ws, contact_id, limit=500)


async def require(ws: Workspace, address: Address, purpose: str) -> contacts.ContactAddress:
    """The address, if it may be written to for this purpose. Raises OptedOut, whose words a colleague can read."""
    found = await store.addresses(ws, [address])
    if not found:
        raise OptedOut("This handle does not belong to a contact.", code="unknown_address")
    check(found[0], purpose)
    return found[0]


def check(address: contacts.ContactAddress, purpose: str) -> None:
    """Raises OptedOut if this address must not be written to for this purpose."""
    reason = refusal(address, purpose)
    if reason is not None:
        raise OptedOut(reason[1], code=reason[0])


def refusal(address: contacts.ContactAddress, purpose: str) -> tuple[str, str] | None:
    """Why not: (stable code, words for a person); None if nothing stands against it."""
    known = address.consent.get(purpose)
    state = known.state if known else "unknown"
    if state == "blocked":
        return "blocked", "This person has blocked us on this channel."
    if state == "withdrawn":
        return "opted_out", f"This person has asked us to stop {purpose} messages here. Only they can lift that."
    if purpose == "marketing":
        # Broadcasts add the rules under which marketing may go out; until then nobody gets any.
        return "marketing_not_enabled", "Marketing messages cannot be sent yet: consent rules for them are not set up."
    return None


def stopped_purposes(address: contacts.ContactAddress) -> Sequence[str]:
    """Purposes that the person has ended at this address."""
    return [p for p in PURPOSES if (c := address.consent.get(p)) and c.state in ("withdrawn", "blocked")]
