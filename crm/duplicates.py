"""
Contacts that may be one person, each pair with its reasons in words.

Found by what contacts have in common (likeness.py), each an exact look-up, or because the person has shown it: a code
that was sent to one came back from the other. A pair is looked for when one of the two is new or has changed, and kept
until somebody merges them or says that they are not the same, which is remembered, also for what either becomes a part
of. Nothing is ever merged by itself: a shared telephone is no proof of one person.
"""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, get_args

from redis.exceptions import RedisError

from app.core import addresses, ids
from app.core.addresses import Address
from app.core.errors import NotFound
from app.core.permissions import Actor
from app.core.queue import Lane
from app.core.runtime import Workspace
from crm import changes, contacts, likeness
from crm.contacts import Contact, ContactAddress
from crm.store import contacts as contact_store
from crm.store import duplicates as store

Code = Literal["proved", "same_id", "same_phone", "same_email", "same_name"]
# Somebody whose key more contacts have than this is a switchboard, not a person.
MOST_WITH_KEY = 20
_MOST_ALIKE = 60
_MOST_FOUND = 20
_RANK: dict[Code, int] = {code: rank for rank, code in enumerate(get_args(Code))}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why two may be one: a stable code, and words for a person."""

    code: Code
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """
    Two contacts, the older one first. `dismissed_by` has said that they are two people; `proved` is what the person
    themselves has shown. `listed` while nobody has decided.
    """

    id: str
    contact_ids: tuple[str, str]
    reasons: tuple[Reason, ...]
    found_at: datetime
    proved: "Proved | None" = None
    dismissed_at: datetime | None = None
    dismissed_by: str | None = None
    listed: bool = True

    def other(self, contact_id: str) -> str:
        first, second = self.contact_ids
        return second if contact_id == first else first


@dataclass(frozen=True, slots=True)
class Proved:
    """A code that was sent on one's channel was brought on the other's; kinds of channel."""

    at: datetime
    sent_on: str
    brought_on: str


def id_for(contact_id: str, other_id: str) -> str:
    """One for each pair, whichever of the two it is found from."""
    return ids.derived("dup", *sorted((contact_id, other_id)))


async def of_contact(ws: Workspace, contact: Contact) -> list[Duplicate]:
    """Who else this may be, the surest first; looked for now. Those dismissed are left out."""
    rows = await contacts.addresses_of(ws, contact.id)
    said = await _said(ws, contact)
    proved = [other_id for other_id, pairs in said.items() if any(pair.proved for pair in pairs)]
    candidates = await contact_store.contacts_by_id(ws, proved)
    for key in likeness.keys(contact.name, _handles(rows), contact.notes):
        kind = key.partition(":")[0]
        most = _MOST_ALIKE if kind in ("name", "like", "user") else MOST_WITH_KEY
        found = await contact_store.contacts_with(ws, key, limit=most + 1)
        if len(found) <= most:
            candidates |= {each.id: each for each in found if each.id != contact.id}
    pairs: list[Duplicate] = []
    for other in candidates.values():
        shown, dismissed = _decided(said.get(other.id, ()))
        if dismissed:
            continue
        sides = [(contact, rows), (other, await contacts.addresses_of(ws, other.id))]
        # The same words, whichever of the two it is found from.
        (older, its), (newer, theirs) = sorted(sides, key=lambda side: (side[0].created_at, side[0].id))
        if reasons := (*_shown(shown), *why(older, its, newer, theirs)):
            pair = Duplicate(
                id=id_for(contact.id, other.id),
                contact_ids=(older.id, newer.id),
                reasons=reasons,
                found_at=shown.at if shown else ws.clock.now(),
                proved=shown,
            )
            pairs.append(pair)
    return sorted(pairs, key=lambda pair: (_RANK[pair.reasons[0].code], pair.id))[:_MOST_FOUND]


async def _said(ws: Workspace, contact: Contact) -> dict[str, list[Duplicate]]:
    """What is kept of pairs with this contact or one that is a part of it, by the contact that the other is now."""
    parts, left = [contact.id], list(contact.absorbed)
    while left:
        parts += left
        left = [each for part in (await contact_store.contacts_by_id(ws, left)).values() for each in part.absorbed]
    found: dict[str, list[Duplicate]] = defaultdict(list)
    for part in parts:
        for pair in await store.of_contact(ws, part):
            with suppress(NotFound):
                found[(await contacts.get(ws, pair.other(part))).id].append(pair)
    found.pop(contact.id, None)
    return found


def _decided(said: Sequence[Duplicate]) -> tuple[Proved | None, bool]:
    """What was proved last, and whether somebody has said since, or without it, that they are two."""
    proved = max((pair.proved for pair in said if pair.proved), key=lambda each: each.at, default=None)
    dismissed_at = max((pair.dismissed_at for pair in said if pair.dismissed_at), default=None)
    return proved, dismissed_at is not None and (proved is None or proved.at <= dismissed_at)


def _shown(proved: Proved | None) -> tuple[Reason, ...]:
    if proved is None:
        return ()
    sent, brought = (_CHANNEL.get(kind, kind) for kind in (proved.sent_on, proved.brought_on))
    return (Reason("proved", f"Proved by a code on both channels: sent on {sent}, brought on {brought}."),)


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


async def look(ws: Workspace, contact_id: str) -> list[Duplicate]:
    """
    Find who else this contact may be, and keep it for the list; what is no longer so is taken off. What has changed.
    """
    contact = await contact_store.contact(ws, contact_id)
    known = {each.id: each for each in await store.of_contact(ws, contact_id)}
    found = [] if contact is None or contact.merged_into else await of_contact(ws, contact)
    changed: list[Duplicate] = []
    for pair in found:
        before = known.get(pair.id)
        if before is None or before.reasons != pair.reasons or before.dismissed_at or not before.listed:
            found_at = before.found_at if before and not pair.proved else pair.found_at
            if await store.suggest(ws, replace(pair, found_at=found_at), before):
                changed.append(pair)
    still = {pair.id for pair in found}
    for each in known.values():
        if each.dismissed_at is None and each.id not in still:
            # What was proved is kept: it holds again should the two be parted.
            await (store.unlist(ws, each.id) if each.proved else store.delete_undecided(ws, each.id))
            changed += [each] if each.listed else []
    if changed:
        await changes.mark(ws, [contact_id])
    return changed


async def prove(ws: Workspace, contact_id: str, other_id: str, proved: Proved) -> list[Duplicate]:
    """The person has shown that both are theirs: suggested, whatever was said before. What has changed."""
    ordered = sorted(
        [await contacts.get(ws, each) for each in (contact_id, other_id)], key=lambda c: (c.created_at, c.id)
    )
    older, newer = ordered
    await store.put_proof(ws, id_for(older.id, newer.id), (older.id, newer.id), proved)
    return await look(ws, newer.id)


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
    await store.dismiss(ws, pair)
    await changes.mark(ws, pair.contact_ids)
    return pair


async def restore(ws: Workspace, duplicate_id: str) -> Duplicate:
    """Nobody has decided about them. Raises NotFound."""
    pair = await get(ws, duplicate_id)
    await store.restore(ws, pair.id)
    await look(ws, pair.contact_ids[0])
    return pair
