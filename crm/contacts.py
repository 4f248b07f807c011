"""Contacts: people, and the addresses at which they can be reached."""

import re
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from app.core import addresses, ids
from app.core.addresses import Address
from app.core.errors import Change, ChangedMeanwhile, Conflict, NotFound
from app.core.permissions import Actor
from app.core.runtime import Workspace
from crm import consent, likeness, places
from crm.contact_health import Health
from crm.fields import Value
from crm.places import Place
from crm.standing import Standings
from crm.store import contacts as store

# What colleagues set, one value each; fields of the workspace's own, tags and lists beside them.
PROFILE = ("name", "language", "notes", "stage", "owner_id", "zone", "company_id", "company_role")
MOST_TAGS = 50
MOST_LISTS = 100
How = Callable[["Contact"], "Contact"]


@dataclass(frozen=True, slots=True)
class Doubt:
    """
    Why a handle may be somebody else's by now (see doubts.py): `evidence` names what has raised it, and `since` is when
    they had written last, where it was a silence.
    """

    reason: Literal["number_changed", "id_changed", "given_up", "returned", "silence", "new_person"]
    at: datetime
    evidence: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """With which code of the provider it could not be reached, and by which campaign, else by which message."""

    code: str
    campaign: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Resting:
    """Why marketing leaves a handle alone, and until when (None: until the person writes)."""

    reason: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactAddress:
    """
    One handle of a contact. `username` is what the person is called there, where the handle itself says nothing.
    `consent` is how things stand, by purpose and sender (see standing.py). `came_by` are the merges by which it
    came to this contact, the first one first; undone, they take it back. `unreachable_at` is when a provider said that
    there is nobody at it, until they write from it again; `failures` are the last ones (see resting.py). `trusted_at`
    is when a colleague has made sure whose it is.
    """

    address: Address
    contact_id: str
    verified: bool
    created_at: datetime
    username: str | None = None
    consent: Standings = field(default_factory=dict)
    came_by: tuple[str, ...] = ()
    unreachable_at: datetime | None = None
    failures: tuple[Failure, ...] = ()
    resting: Resting | None = None
    doubt: Doubt | None = None
    trusted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Why nobody wants to hear from a person any more; `by` is a colleague's name."""

    reason: Literal["spam", "abuse", "other"]
    at: datetime
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """Why nothing of a person may be deleted, such as a lawsuit; `by` is a colleague's name."""

    reason: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Imported:
    """The last row of a table that had a word in what a contact is: `table` stands for the file and how it was read."""

    table: str
    row: int


@dataclass(frozen=True, slots=True)
class Touch:
    """Who changed something by hand last, and the revision that this made."""

    revision: int
    by: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Hand:
    """Whose hand makes a change, and the revision that their screen showed (None: they do not say)."""

    by: str
    name: str
    at: datetime
    seen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """
    A person. `name_source` is who gave the name: what a colleague typed is never overwritten by a profile name.
    `avatar_hue` (0-359) colours the initials. `merged_into` is the contact that this one is a part of now, `absorbed`
    are those that are a part of this one, and `merge_id` is the merge that is being made or undone (see merging.py).

    `stage` has been that since `stage_since`; `zone` is an IANA time zone that somebody gave (see `place_of`);
    `company_role` is what they are in their company; `fields`
    are values of the workspace's own by their keys (see fields.py); `origin` is the row of an import that made it.
    `health` is as it was worked out last (see contact_health.py).
    `touched` is by what was changed by hand: a name of PROFILE, or `fields.<key>`. One with `erased_at` is nobody any
    more: its row stays, so that its id is never another person's (see erasures.py).
    """

    id: str
    name: str
    name_source: Literal["profile", "member", "handle"]
    avatar_hue: int
    created_at: datetime
    language: str | None = None
    notes: str = ""
    block: Block | None = None
    hold: Hold | None = None
    erased_at: datetime | None = None
    merged_into: str | None = None
    absorbed: tuple[str, ...] = ()
    merge_id: str | None = None
    stage: str | None = None
    stage_since: datetime | None = None
    owner_id: str | None = None
    zone: str | None = None
    company_id: str | None = None
    company_role: str | None = None
    fields: Mapping[str, Value] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    origin: str | None = None
    imported: Imported | None = None
    health: Health | None = None
    revision: int = 0
    touched: Mapping[str, Touch] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PastValue:
    """A value that somebody changed by hand: what it is of (`stage`, `fields.<key>`), and what it was and became."""

    contact_id: str
    what: str
    before: Any
    after: Any
    by: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a channel tells of a person beside the handle."""

    name: str | None = None
    username: str | None = None
    language: str | None = None
    verified: bool = True


async def resolve(
    ws: Workspace,
    address: Address,
    *,
    aliases: Sequence[Address] = (),
    profile: Profile,
    stored: Sequence[ContactAddress] | None = None,
) -> ContactAddress:
    """
    The contact behind an address, made if there is none; handles proven to be the same person are linked to it, and
    get what that person has said about consent.

    Handles that are two contacts' already stay where they are: that is logged, and merging is for people. `stored` is
    what `all_known` has said of these handles a moment ago, where somebody has asked.
    Safe to run twice and at the same time: ids of new contacts derive from the address.
    """
    wanted = (address, *aliases)
    known = {found.address: found for found in (await all_known(ws, wanted) if stored is None else stored)}
    found = frozenset(known)
    owner = known.get(address) or next((known[alias] for alias in aliases if alias in known), None)
    contact_id = owner.contact_id if owner else await _create(ws, wanted, profile)
    said = owner.consent if owner and owner.address.kind == address.kind else {}
    came_by = owner.came_by if owner else ()
    for handle in wanted:
        if handle not in known:
            told = said if handle.kind == address.kind else {}
            known[handle] = await _link(ws, handle, contact_id, profile, told, came_by)
            if told and owner is not None:
                await consent.carry(ws, owner.address, handle)
    # What a person is called there may be told later: a visitor's e-mail address, a new user name.
    called = address in found and profile.username not in (None, known[address].username)
    if called:
        await store.set_username(ws, address, profile.username or "")
        known[address] = replace(known[address], username=profile.username)
    if called or (owner is not None and any(handle not in found for handle in wanted)):
        await index(ws, contact_id)
    if len({row.contact_id for row in known.values()}) > 1:
        ws.log.warning("one_person_is_two_contacts", contact_ids=sorted({row.contact_id for row in known.values()}))
    return known[address]


def id_for(ws: Workspace, address: Address) -> str:
    """The id of the contact that is made for somebody who writes from this address for the first time."""
    return ids.derived("con", ws.id, str(address))


async def _create(ws: Workspace, handles: Sequence[Address], profile: Profile) -> str:
    address = handles[0]
    name = (profile.name or "").strip() or profile.username
    contact_id = id_for(ws, address)
    contact = Contact(
        id=contact_id,
        name=name or addresses.label_of_person(address),
        name_source="profile" if name else "handle",
        avatar_hue=hue(contact_id),
        created_at=ws.clock.now(),
        language=profile.language,
    )
    texts = [text for handle in handles for text in (handle.value, profile.username or "")]
    keys = likeness.keys(contact.name, [(handle, profile.username) for handle in handles])
    while not await store.insert_contact(ws, contact, search_tokens(contact.name, *texts), keys):
        there = await store.contact(ws, contact.id)
        if there is None or there.erased_at is None:
            break
        contact = replace(contact, id=id_after(contact.id))
    return contact.id


def id_after(contact_id: str) -> str:
    """Of the contact of somebody who comes back after the one of this id was erased."""
    return ids.derived("con", contact_id, "again")


async def _link(
    ws: Workspace,
    address: Address,
    contact_id: str,
    profile: Profile,
    told: Standings,
    came_by: tuple[str, ...],
) -> ContactAddress:
    row = ContactAddress(
        address=address,
        contact_id=contact_id,
        verified=profile.verified,
        created_at=ws.clock.now(),
        username=profile.username,
        consent=told,
        came_by=came_by,
    )
    if not await store.insert_address(ws, row):
        # Another process linked it a moment ago; whatever it decided stands.
        return (await store.addresses(ws, [address]))[0]
    return row


async def note_unreachable(ws: Workspace, address: Address, at: datetime) -> None:
    """A provider said that there is nobody at this handle."""
    await store.set_unreachable(ws, address, at)


async def heard_from(ws: Workspace, row: ContactAddress) -> None:
    """Whoever writes can be reached."""
    if row.unreachable_at is not None:
        await store.set_unreachable(ws, row.address, None)
    if row.failures or row.resting is not None:
        await store.set_resting(ws, row.address, (), None)


async def join(ws: Workspace, contact_id: str, address: Address, profile: Profile) -> ContactAddress:
    """
    Link a handle that was shown to be the contact's; the handle as it is then. One that is another contact's already
    stays theirs: look whose it is.
    """
    linked = await _link(ws, address, contact_id, profile, {}, ())
    if linked.contact_id != contact_id:
        return linked
    if not linked.verified:
        await store.verify_address(ws, address)
    await index(ws, contact_id)
    return replace(linked, verified=True)


async def known(ws: Workspace, address: Address) -> ContactAddress | None:
    """The contact's handle, if there is one; nothing is made."""
    found = await store.addresses(ws, [address])
    return found[0] if found else None


async def all_known(ws: Workspace, wanted: Sequence[Address]) -> list[ContactAddress]:
    """Those of these handles that are somebody's; nothing is made."""
    return await store.addresses(ws, wanted)


async def behind(ws: Workspace, wanted: Sequence[Address]) -> dict[Address, str]:
    """The contact behind each handle that is somebody's."""
    return {found.address: found.contact_id for found in await store.addresses(ws, wanted)}


async def present(ws: Workspace, contact_ids: Sequence[str]) -> set[str]:
    """Those of these that there are, merged or not."""
    return set(await store.contacts_by_id(ws, contact_ids))


async def get(ws: Workspace, contact_id: str) -> Contact:
    """The contact; if it was merged into another, that one. Raises NotFound."""
    contact = await store.contact(ws, contact_id)
    while contact is not None and contact.merged_into is not None:
        contact = await store.contact(ws, contact.merged_into)
    if contact is None:
        raise NotFound("There is no such contact.")
    if contact.erased_at is not None:
        raise NotFound(f"This person was erased on {contact.erased_at:%Y-%m-%d}.")
    return contact


async def get_many(ws: Workspace, contact_ids: Iterable[str]) -> dict[str, Contact]:
    """By id, as they are stored: `merged_into` tells of those that are a part of another now."""
    return await store.contacts_by_id(ws, contact_ids)


async def known_as(ws: Workspace, contact_ids: Iterable[str]) -> dict[str, str]:
    """By id, as whom each is known now: a part of another as that one. Without those that are no more."""
    found = {each: each for each in contact_ids}
    while found:
        known = await get_many(ws, set(found.values()))
        further = {each: known[now].merged_into for each, now in found.items() if now in known}
        if not any(further.values()):
            return {each: found[each] for each in further}
        found = {each: into or found[each] for each, into in further.items()}
    return {}


async def get_close(ws: Workspace, contact_ids: Sequence[str]) -> dict[str, Contact]:
    """The same of many in the order of their ids, such as an audience: cheaper where nearly all of a stretch are."""
    return await store.contacts_close(ws, contact_ids)


async def addresses_of(ws: Workspace, contact_id: str) -> list[ContactAddress]:
    return await store.addresses_of_contact(ws, contact_id)


async def learn_name(ws: Workspace, contact_id: str, name: str) -> Contact | None:
    """Takes over a profile name, unless a colleague gave the contact one; the contact if it changed."""

    def how(now: Contact) -> Contact:
        return now if now.name_source == "member" else replace(now, name=name, name_source="profile")

    before, after = await change(ws, contact_id, how)
    return after if after.name != before.name else None


async def set_block(ws: Workspace, contact_id: str, block: Block | None) -> Contact:
    """Raises NotFound. What follows from it for conversations is the inbox's (blocking.py)."""
    return (await change(ws, contact_id, lambda now: replace(now, block=block)))[1]


def hand(ws: Workspace, actor: Actor, seen: int | None = None) -> Hand:
    return Hand(actor.id, actor.name, ws.clock.now(), seen)


def values(contact: Contact) -> dict[str, Any]:
    """What colleagues set, each value under the name by which it is known in `touched`."""
    own = {f"fields.{key}": value for key, value in contact.fields.items() if value is not None}
    return {name: getattr(contact, name) for name in PROFILE} | own


async def change(ws: Workspace, contact_id: str, how: How, hand: Hand | None = None) -> tuple[Contact, Contact]:
    """
    Replace it by `how(it)`, as often as it takes until nobody interferes; as it was and as it is stored.

    Done by a `hand` it is refused if a colleague changed the same value after `hand.seen`, and noted down as theirs.
    Raises NotFound, ChangedMeanwhile.
    """
    for _ in range(8):
        now = await get(ws, contact_id)
        wanted = how(now)
        if wanted == now:
            return now, now
        changed = _changed(now, wanted)
        if "stage" in changed:
            wanted = replace(wanted, stage_since=ws.clock.now())
        if hand is not None:
            _require_unchanged(now, changed, hand)
            touch = Touch(now.revision + 1, hand.by, hand.name, hand.at)
            wanted = replace(wanted, touched={**now.touched, **dict.fromkeys(changed, touch)})
        if not await save(ws, wanted):
            continue
        if hand is not None and changed:
            was, became = values(now), values(wanted)
            told = [PastValue(now.id, w, was.get(w), became.get(w), hand.by, hand.name, hand.at) for w in changed]
            await store.keep_past(ws, now.revision + 1, told)
        return now, replace(wanted, revision=now.revision + 1)
    raise Conflict("This contact is being changed by too many at once; try again.")


def _changed(before: Contact, after: Contact) -> list[str]:
    was, became = values(before), values(after)
    return [what for what in {**was, **became} if was.get(what) != became.get(what)]


def _require_unchanged(now: Contact, changed: Sequence[str], hand: Hand) -> None:
    if hand.seen is None:
        return
    known = values(now)
    others = [
        Change(what, last.by, last.name, last.at, known.get(what))
        for what in changed
        if (last := now.touched.get(what)) is not None and last.revision > hand.seen and last.by != hand.by
    ]
    if others:
        names = ", ".join(each.what.removeprefix("fields.").removesuffix("_id") for each in others)
        raise ChangedMeanwhile(f"{others[0].name} has just changed {names}. Look at it and try again.", *others)


async def past(ws: Workspace, contact_id: str) -> list[PastValue]:
    """The newest 200 values that people have changed, newest first."""
    return await store.past(ws, contact_id, limit=200)


def place_of(rows: Sequence[ContactAddress], at: datetime) -> Place | None:
    """Where somebody probably is, by the first of their numbers that says so."""
    return next((place for row in rows if (place := places.place_of(row.address, at)) is not None), None)


async def move_address(ws: Workspace, old: Address, new: Address) -> ContactAddress | None:
    """
    The person behind `old` now has `new`: history stays with the contact, consent goes along. None if `old` is unknown.

    The old handle stays linked, so that what is still in flight finds its contact.
    """
    known = {found.address: found for found in await store.addresses(ws, (old, new))}
    before = known.get(old)
    if before is None:
        return None
    if new in known:
        if known[new].contact_id != before.contact_id:
            ws.log.warning(
                "new_address_is_another_contact", contact_ids=sorted((before.contact_id, known[new].contact_id))
            )
        return known[new]
    row = replace(before, address=new, created_at=ws.clock.now(), doubt=None, trusted_at=None)
    if not await store.insert_address(ws, row):
        return (await store.addresses(ws, [new]))[0]
    await consent.carry(ws, old, new)
    return row


async def save(ws: Workspace, contact: Contact) -> bool:
    """
    Store what colleagues and channels say of it, and what it is found by, as the next revision; False if somebody else
    has changed it since it was read.
    """
    return await store.save_contact(ws, contact, *await _index(ws, contact))


async def index(ws: Workspace, contact_id: str) -> None:
    """Find it by the handles it has now."""
    contact = await store.contact(ws, contact_id)
    if contact is not None:
        await store.save_index(ws, contact, *await _index(ws, contact))


async def _index(ws: Workspace, contact: Contact) -> tuple[list[str], list[str]]:
    """Words to search it by, and keys to find its duplicates by; those merged into it are found by their names, too."""
    rows = await store.addresses_of_contact(ws, contact.id)
    names = [contact.name]
    if contact.absorbed:
        names += [each.name for each in (await store.contacts_by_id(ws, contact.absorbed)).values()]
    texts = [text for row in rows for text in (row.address.value, row.username or "")]
    keys = likeness.keys(contact.name, [(row.address, row.username) for row in rows], contact.notes)
    return search_tokens(*names, *texts), keys


# A number is known by its last four, and looked for by no fewer than these.
_LEAST_DIGITS = 7


def search_tokens(*texts: str) -> list[str]:
    """Words and numbers to find a contact by: folded case, no accents; a number also by its last digits."""
    found: dict[str, None] = {}
    for text in texts:
        plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
        for word in re.findall(r"[\w.]+", plain):
            found[word[:60]] = None
            if word.isdigit() and len(word) > 6:
                found[word[-4:]] = None
    return list(found)[:40]


def number_sought(text: str) -> str | None:
    """
    The digits by which a phone number is looked for, in whatever notation somebody has it: without the zeros that
    stand before it abroad or at home. None where the text is no number.
    """
    if not re.fullmatch(r"[+\d\s().\-/\u2010-\u2015\u202a-\u202e\u2066-\u2069]+", text):
        return None
    digits = addresses.bare_digits(text)
    return digits if len(digits) >= _LEAST_DIGITS else None


def hue(seed: str) -> int:
    """A colour for initials that stays the same."""
    return zlib.crc32(seed.encode()) % 360
