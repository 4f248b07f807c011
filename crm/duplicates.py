"""
Contacts that may be one person, each pair with its reasons in words.

Found by what contacts have in common (likeness.py), each an exact look-up. A pair is looked for when one of the two is
new or has changed, and kept until somebody merges them or says that they are not the same, which is remembered.
Nothing is ever merged by itself: a shared telephone is no proof of one person.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from redis.exceptions import RedisError

from app.core import addresses, ids
from app.core.addresses import Address
from app.core.errors import NotFound
from app.core.permissions import Actor
from app.core.queue import Lane
from app.core.runtime import Workspace
from crm import contacts, likeness
from crm.contacts import Contact, ContactAddress
from crm.store import contacts as contact_store
from crm.store import duplicates as store

Code = Literal["same_phone", "same_email", "same_id", "same_name"]
# Somebody whose key more contacts have than this is a switchboard, not a person.
MOST_WITH_KEY = 20
_MOST_ALIKE = 60
_MOST_FOUND = 20
AT_ONCE = 200
_RANK = {"same_id": 0, "same_phone": 1, "same_email": 2, "same_name": 3}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why two may be one: a stable code, and words for a person."""

    code: Code
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """Two contacts, the older one first. `dismissed_by` has said that they are two people."""

    id: str
    contact_ids: tuple[str, str]
    reasons: tuple[Reason, ...]
    found_at: datetime
    dismissed_at: datetime | None = None
    dismissed_by: str | None = None

    def other(self, contact_id: str) -> str:
        first, second = self.contact_ids
        return second if contact_id == first else first


def id_for(contact_id: str, other_id: str) -> str:
    """One for each pair, whichever of the two it is found from."""
    return ids.derived("dup", *sorted((contact_id, other_id)))


async def of_contact(ws: Workspace, contact: Contact) -> list[Duplicate]:
    """Who else this may be, the surest first; looked for now. Those dismissed are left out."""
    rows = await contacts.addresses_of(ws, contact.id)
    candidates: dict[str, Contact] = {}
    for key in likeness.keys(contact.name, _handles(rows), contact.notes):
        kind = key.partition(":")[0]
        most = _MOST_ALIKE if kind in ("name", "like", "user") else MOST_WITH_KEY
        found = await contact_store.contacts_with(ws, key, limit=most + 1)
        if len(found) <= most:
            candidates |= {each.id: each for each in found if each.id != contact.id}
    pairs: list[Duplicate] = []
    for other in candidates.values():
        theirs = await contacts.addresses_of(ws, other.id)
        if reasons := why(contact, rows, other, theirs):
            older, newer = sorted((contact, other), key=lambda each: (each.created_at, each.id))
            pairs.append(
                Duplicate(
                    id=id_for(contact.id, other.id),
                    contact_ids=(older.id, newer.id),
                    reasons=reasons,
                    found_at=ws.clock.now(),
                )
            )
    known = {each.id: each for each in await store.get_many(ws, [pair.id for pair in pairs])}
    left = [pair for pair in pairs if pair.id not in known or known[pair.id].dismissed_at is None]
    return sorted(left, key=lambda pair: (_RANK[pair.reasons[0].code], pair.id))[:_MOST_FOUND]


def _handles(rows: Sequence[ContactAddress]) -> list[likeness.Handle]:
    return [(row.address, row.username) for row in rows]


def why(
    contact: Contact, rows: Sequence[ContactAddress], other: Contact, theirs: Sequence[ContactAddress]
) -> tuple[Reason, ...]:
    """What speaks for their being one person, the strongest first; nothing if they are only called alike."""
    mine = likeness.keys(contact.name, _handles(rows), contact.notes)
    also = set(likeness.keys(other.name, _handles(theirs), other.notes))
    found: list[Reason] = []
    for key in mine:
        kind, _, value = key.partition(":")
        if key not in also:
            continue
        if kind == "phone":
            number = addresses.label(Address("sms", value))
            found.append(Reason("same_phone", f"Both have the number {number}{_on(value, rows, theirs)}."))
        elif kind == "mail":
            found.append(Reason("same_email", f"Both have the e-mail address {value}."))
        elif kind == "id":
            found.append(Reason("same_id", f"Both are user {value} of your site or system."))
    if likeness.alike(contact.name, other.name) and (hint := _hint(contact, rows, other, theirs)):
        same = likeness.words_of(contact.name) == likeness.words_of(other.name)
        called = f"Both are called {contact.name}" if same else f"{contact.name} and {other.name} are almost one name"
        found.append(Reason("same_name", f"{called}, and {hint}."))
    return tuple(sorted(found, key=lambda reason: _RANK[reason.code]))


def _on(number: str, rows: Sequence[ContactAddress], theirs: Sequence[ContactAddress]) -> str:
    """On which channels, where it is a handle of both."""
    kinds = [[row.address.kind for row in side if row.address.value == number] for side in (rows, theirs)]
    if not all(kinds) or kinds[0][0] == kinds[1][0]:
        return ""
    return f", on {_CHANNEL.get(kinds[0][0], kinds[0][0])} and on {_CHANNEL.get(kinds[1][0], kinds[1][0])}"


_CHANNEL = {"whatsapp": "WhatsApp", "sms": "SMS", "telegram": "Telegram", "livechat": "web chat"}


def _hint(
    contact: Contact, rows: Sequence[ContactAddress], other: Contact, theirs: Sequence[ContactAddress]
) -> str | None:
    """A second sign beside the name, in words."""
    mine = {(row.username or "").casefold() for row in rows} - {""}
    if shared := mine & {(row.username or "").casefold() for row in theirs}:
        return f"the username {min(shared)}"
    numbers = [[row.address.value for row in side if row.address.value.startswith("+")] for side in (rows, theirs)]
    if likeness.numbers_alike(*numbers):
        return "their numbers differ by one digit"
    channels = [{row.address.kind for row in side} for side in (rows, theirs)]
    if contact.language and contact.language == other.language and not channels[0] & channels[1]:
        return "write in the same language on different channels"
    return None


# --- the list -----------------------------------------------------------------------------------------------------


async def page(
    ws: Workspace, *, before: tuple[datetime, str] | None, limit: int
) -> list[tuple[Duplicate, Contact, Contact]]:
    """Pairs that nobody has decided about, the newest first, with both contacts; some may be merged meanwhile."""
    found = await store.newest(ws, before=before, limit=limit)
    known = await contact_store.contacts_by_id(ws, {each for pair in found for each in pair.contact_ids})
    both = [(pair, known.get(pair.contact_ids[0]), known.get(pair.contact_ids[1])) for pair in found]
    return [(pair, older, newer) for pair, older, newer in both if older and newer]


async def look(ws: Workspace, contact_id: str) -> None:
    """Find who else this contact may be, and keep it for the list; what is no longer so is taken off."""
    contact = await contact_store.contact(ws, contact_id)
    known = {each.id: each for each in await store.of_contact(ws, contact_id)}
    found = [] if contact is None or contact.merged_into else await of_contact(ws, contact)
    for pair in found:
        before = known.get(pair.id)
        if before is None or before.reasons != pair.reasons:
            await store.put(ws, pair, found_at=before.found_at if before else pair.found_at)
    still = {pair.id for pair in found}
    for each in known.values():
        if each.dismissed_at is None and each.id not in still:
            await store.delete(ws, each.id)


async def look_through(ws: Workspace, after: str | None) -> str | None:
    """Some more contacts, in the order of their ids: look who they may be; where to go on, None at the end."""
    some = await contact_store.contacts_page(ws, after=after, limit=AT_ONCE)
    for contact in some:
        # Those from before keys were kept get theirs.
        await contacts.index(ws, contact.id)
    for contact in some:
        await look(ws, contact.id)
    return some[-1].id if len(some) == AT_ONCE else None


async def look_later(ws: Workspace, contact_id: str) -> None:
    """By a worker, soon; should Redis be away, it is found when it changes next, or when somebody looks."""
    with suppress(RedisError, OSError, TimeoutError):
        await ws.queue.enqueue("find_duplicates", ws.id, contact_id, lane=Lane.BACKGROUND)


async def get(ws: Workspace, duplicate_id: str) -> Duplicate:
    """Raises NotFound."""
    found = await store.get_many(ws, [duplicate_id])
    if not found:
        raise NotFound("There is no such pair of contacts.")
    return found[0]


async def dismiss(ws: Workspace, actor: Actor, contact_id: str, other_id: str) -> Duplicate:
    """They are two people: never suggested again. Raises NotFound."""
    mine, other = await contacts.get(ws, contact_id), await contacts.get(ws, other_id)
    older, newer = sorted((mine, other), key=lambda each: (each.created_at, each.id))
    rows, theirs = await contacts.addresses_of(ws, older.id), await contacts.addresses_of(ws, newer.id)
    pair = Duplicate(
        id=id_for(mine.id, other.id),
        contact_ids=(older.id, newer.id),
        reasons=why(older, rows, newer, theirs),
        found_at=ws.clock.now(),
        dismissed_at=ws.clock.now(),
        dismissed_by=actor.name,
    )
    await store.put(ws, pair, found_at=pair.found_at)
    return pair


async def restore(ws: Workspace, duplicate_id: str) -> Duplicate:
    """Nobody has decided about them. Raises NotFound."""
    pair = await get(ws, duplicate_id)
    await store.delete(ws, pair.id)
    await look(ws, pair.contact_ids[0])
    return pair
