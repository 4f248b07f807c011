"""
Merging contacts that are one person, as far as the contact goes: which values stay, whose addresses move, and the
record by which all of it is undone. What it does to conversations and the timeline is the inbox's (inbox/merging.py).

A merge has one survivor and one contact that becomes a part of it. Values form a chain: each merge keeps what the
survivor had before and after it, so that merges can be undone in any order: what the next one found is corrected.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

import orjson

from app.core import ids
from app.core.addresses import Address
from app.core.errors import Change, ChangedMeanwhile, Conflict, NotFound
from app.core.permissions import Actor
from app.core.runtime import Workspace
from crm import consent, contacts
from crm.consent import ConsentFact
from crm.contacts import Block, Contact, ContactAddress
from crm.standing import Standing
from crm.store import contacts as contact_store
from crm.store import merging as store

Status = Literal["merging", "merged", "parting", "parted"]
Side = Literal["into", "from", "both"]
No = Literal["held", "withdrawn", "blocked"]
SOURCE = "merge"
# Merges of one survivor that can be undone at the same time.
MOST_MEMBERS = 20
MOST_NOTES_CHARS = 20_000
# Values of which one may differ from the other, and the person who merges picks; fields of the workspace's own (known
# as `fields/<key>`) beside them. Of tags and lists the merged contact has both sides'.
# What they are in a company goes along with it.
FIELDS = tuple(name for name in contacts.PROFILE if name != "company_role")
# Values that change together with others.
_ALONG = {"name": "name_source", "stage": "stage_since", "company_id": "company_role"}
_OWN = "fields/"
_SETS = ("tags", "lists")
# A no of the person, and how it is written down where it comes to hold.
_NO: Mapping[str, No] = {"held": "held", "withdrawn": "withdrawn", "blocked": "blocked"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """
    `kept` is what has to be known to undo it, by subject: for `contact` and `conversation` what the survivor had
    `before` and `after`. `moved` are ids of rows that changed hands. `fence` is the number of the last entry on the
    absorbed contact's timeline, `begins` and `ends` the survivor's entries between which it lasted.
    """

    id: str
    into_id: str
    from_id: str
    into_name: str
    from_name: str
    by_type: Literal["member", "token", "system"]
    by_id: str
    by_name: str
    by_ip: str | None
    at: datetime
    status: Status = "merging"
    picks: Mapping[str, Side] = field(default_factory=dict)
    kept: Mapping[str, Any] = field(default_factory=dict)
    moved: Mapping[str, list[str]] = field(default_factory=dict)
    fence: int = 0
    begins: int = 0
    ends: int = 0
    undone_at: datetime | None = None
    undone_by: Mapping[str, Any] | None = None
    # Counts the saves: who carries it through and was overtaken must not write what it knew before.
    revision: int = 0


class Overtaken(Conflict):
    """Somebody else carries this merge through now."""

    code = "merge_running"


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that the merged contact gets: what each side has, what it will have, and who decides."""

    field: str
    into: Any
    other: Any
    pick: Side
    differs: bool


@dataclass(frozen=True, slots=True)
class Stricter:
    """Consent that becomes stricter at an address, because the same person said so at another of that channel."""

    address: Address
    purpose: str
    sender: str
    state: No
    because_of: Address


@dataclass(frozen=True, slots=True)
class Sides:
    """Both contacts as they are, with their addresses."""

    into: Contact
    other: Contact
    into_addresses: Sequence[ContactAddress]
    other_addresses: Sequence[ContactAddress]

    @property
    def version(self) -> str:
        """What a person has seen of both, so that a change since then can be named."""
        return orjson.dumps(_facets(self)).decode()


async def sides(ws: Workspace, into_id: str, from_id: str) -> Sides:
    """Raises NotFound; Conflict if the two are one already, or one of them is being merged."""
    into, other = await contact_store.contact(ws, into_id), await contact_store.contact(ws, from_id)
    if into is None or other is None:
        raise NotFound("There is no such contact.")
    if into.id == other.id:
        raise Conflict("A contact cannot be merged with itself.", code="same_contact")
    for each in (into, other):
        if each.merged_into is not None:
            raise Conflict(f"{each.name} is already a part of another contact.", code="already_merged")
        if each.merge_id is not None:
            raise Conflict(f"{each.name} is just being merged; try again in a moment.", code="merge_running")
    if len(into.absorbed) >= MOST_MEMBERS:
        raise Conflict(f"A contact can take in {MOST_MEMBERS} others at most.", code="too_many_merged")
    return Sides(into, other, await contacts.addresses_of(ws, into.id), await contacts.addresses_of(ws, other.id))


def _facets(both: Sides) -> dict[str, str]:
    known: dict[str, Any] = {}
    for side, contact, rows in (
        ("into", both.into, both.into_addresses),
        ("from", both.other, both.other_addresses),
    ):
        for name in (*FIELDS, *_SETS, "block", "absorbed"):
            value = getattr(contact, name)
            known[f"{side}.{name}"] = asdict(value) if isinstance(value, Block) else value
        known[f"{side}.fields"] = sorted(contact.fields.items())
        known[f"{side}.addresses"] = sorted(str(row.address) for row in rows)
        known[f"{side}.consent"] = sorted(
            [str(row.address), name, said.state] for row in rows for name, said in row.consent.items()
        )
    return {name: hashlib.blake2b(orjson.dumps(value), digest_size=6).hexdigest() for name, value in known.items()}


def require_unchanged(both: Sides, version: str) -> None:
    """Raises ChangedMeanwhile, naming what of which side is different from what was seen."""
    try:
        seen = orjson.loads(version)
    except orjson.JSONDecodeError:
        seen = {}
    now = _facets(both)
    different = [name for name, value in now.items() if not isinstance(seen, dict) or seen.get(name) != value]
    if not different:
        return
    contact_of = {"into": both.into, "from": both.other}
    changed = [f"{what} of {contact_of[side].name}" for side, what in (name.split(".") for name in different)]
    raise ChangedMeanwhile(
        f"Changed since you looked at the result: {', '.join(changed)}. Look at it again.",
        *(Change(what) for what in changed),
    )


# --- what the merged contact has ----------------------------------------------------------------------------------


def choices(both: Sides, picks: Mapping[str, Side]) -> list[Choice]:
    """Every value that the person may pick, with their pick or, where they made none, ours."""
    found = []
    own = sorted({*both.into.fields, *both.other.fields})
    for name in (*FIELDS, *(f"{_OWN}{key}" for key in own)):
        into, other = _value(both.into, name), _value(both.other, name)
        differs = not _is_empty(into) and not _is_empty(other) and into != other
        found.append(Choice(name, into, other, picks.get(name) or _pick(both, name), differs))
    return found


def _value(contact: Contact, name: str) -> Any:
    return contact.fields.get(name.removeprefix(_OWN)) if name.startswith(_OWN) else getattr(contact, name)


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", ())


def _pick(both: Sides, name: str) -> Side:
    """What people mostly want: a name that a colleague typed, a value rather than none, and all of the notes."""
    into, other = _value(both.into, name), _value(both.other, name)
    if name == "notes" and into and other and into != other:
        return "both"
    if name == "name":
        ranks = {"handle": 0, "profile": 1, "member": 2}
        return "from" if ranks[both.other.name_source] > ranks[both.into.name_source] else "into"
    return "from" if _is_empty(into) and not _is_empty(other) else "into"


def merged(both: Sides, picks: Mapping[str, Side]) -> Contact:
    """The survivor with the values picked. A block on either side holds for the person."""
    values: dict[str, Any] = {}
    for choice in choices(both, picks):
        picked = choice.other if choice.pick == "from" else choice.into
        if choice.pick == "both" and choice.other and choice.other != choice.into:
            picked = "\n\n".join(text for text in (choice.into, choice.other) if text)[:MOST_NOTES_CHARS]
        values[choice.field] = picked
    # A name that somebody picked is theirs: no profile of either side changes it any more.
    same = values["name"] == both.into.name
    source = both.into.name_source if same and both.other.name == both.into.name else "member"
    own = {name.removeprefix(_OWN): values.pop(name) for name in list(values) if name.startswith(_OWN)}
    stayed = values["stage"] == both.into.stage
    same_company = values["company_id"] == both.into.company_id
    theirs = both.other.company_role if values["company_id"] == both.other.company_id else None
    return replace(
        both.into,
        **values,
        name_source=source,
        fields=own,
        stage_since=both.into.stage_since if stayed else both.other.stage_since,
        company_role=(both.into.company_role or theirs) if same_company else theirs,
        tags=tuple(dict.fromkeys((*both.into.tags, *both.other.tags))),
        lists=tuple(dict.fromkeys((*both.into.lists, *both.other.lists))),
        block=both.into.block or both.other.block,
    )


def stricter(rows: Sequence[ContactAddress]) -> list[Stricter]:
    """
    Where a person's no at one address comes to hold at others of the same channel, as it does for every person's
    handles. What a provider refused concerns one handle alone.
    """
    found: list[Stricter] = []
    for row in rows:
        others = [other for other in rows if other.address.kind == row.address.kind]
        for name in dict.fromkeys(name for other in others for name in other.consent):
            own = row.consent.get(name)
            for other in others:
                known = other.consent.get(name)
                if known is None or known.source == "provider_refusal" or not _is_stricter(known, own):
                    continue
                purpose, _, sender = name.partition("@")
                found.append(Stricter(row.address, purpose, sender, _NO[known.state], other.address))
                break
    return found


def _is_stricter(known: Standing, own: Standing | None) -> bool:
    if own is not None and (own.state in ("withdrawn", "blocked") or own.state == known.state):
        return False
    return known.state in _NO


# --- doing it -----------------------------------------------------------------------------------------------------


async def begin(ws: Workspace, actor: Actor, both: Sides, picks: Mapping[str, Side]) -> Merge:
    """
    The record is stored and both contacts are marked; from here on it is carried through, whatever process dies.

    Raises Conflict if somebody else began to merge one of them a moment ago.
    """
    merge = Merge(
        id=ids.new("mrg"),
        into_id=both.into.id,
        from_id=both.other.id,
        into_name=both.into.name,
        from_name=both.other.name,
        by_type=actor.type,
        by_id=actor.id,
        by_name=actor.name,
        by_ip=actor.ip,
        at=ws.clock.now(),
        picks={choice.field: choice.pick for choice in choices(both, picks)},
    )
    await store.insert(ws, merge)
    if not await mark(ws, merge):
        await drop(ws, merge)
        raise Conflict("Somebody else is just merging one of these; look again.", code="merge_running")
    return merge


async def mark(ws: Workspace, merge: Merge) -> bool:
    """Both contacts belong to this merge now; False if another has one of them."""
    if not await store.claim(ws, merge.into_id, merge.id):
        return False
    if await store.claim(ws, merge.from_id, merge.id, into_id=merge.into_id):
        return True
    await store.release(ws, merge.into_id, merge.id)
    return False


async def drop(ws: Workspace, merge: Merge) -> None:
    """It was never begun: another merge has one of the two."""
    await store.delete(ws, merge.id)


async def begin_undoing(ws: Workspace, actor: Actor, merge: Merge) -> Merge:
    """
    The merge is to be undone; marked, and carried through from here on. What is marked when this process dies is let go
    by whoever looks after it (`settle`).

    Raises Conflict: it is undone already, or a contact is a part of a third one (that merge has to be undone first), or
    is being merged.
    """
    into = await _stored(ws, merge.into_id)
    if merge.status != "merged":
        raise Conflict("This merge has been undone already.", code="already_undone")
    if into.merged_into is not None:
        raise Conflict(
            f"{into.name} is itself a part of another contact now; undo that merge first.", code="undo_later_first"
        )
    by = {"type": actor.type, "id": actor.id, "name": actor.name, "ip": actor.ip}
    await store.open_work(ws, merge.id)
    if not await store.claim(ws, into.id, merge.id):
        await store.close_work(ws, merge.id)
        raise Conflict(f"{into.name} is just being merged; try again in a moment.", code="merge_running")
    if not await store.claim_part(ws, merge.from_id, merge.id, into.id):
        await settle(ws, merge)
        raise Conflict("One of these is just being merged; try again in a moment.", code="merge_running")
    merge = await get(ws, merge.id)
    if merge.status != "merged":
        await settle(ws, merge)
        raise Conflict("This merge has been undone already.", code="already_undone")
    return await advance(ws, merge, status="parting", undone_at=ws.clock.now(), undone_by=by)


async def settle(ws: Workspace, merge: Merge) -> None:
    """It is made, or undone, and nobody has to look after it: both contacts may be merged again."""
    await store.release(ws, merge.from_id, merge.id)
    await store.release(ws, merge.into_id, merge.id)
    await store.close_work(ws, merge.id)


async def get(ws: Workspace, merge_id: str) -> Merge:
    """Raises NotFound."""
    merge = await store.get(ws, merge_id)
    if merge is None:
        raise NotFound("There is no such merge.")
    return merge


async def of_contact(ws: Workspace, contact_id: str) -> list[Merge]:
    """Merges into this contact, the newest first, those that were undone among them."""
    return sorted(await store.into(ws, contact_id), key=lambda merge: merge.at, reverse=True)


async def later(ws: Workspace, merge: Merge) -> list[Merge]:
    """Merges into the same contact that were made after this one and hold, in the order they were made."""
    found = [each for each in await store.into(ws, merge.into_id) if each.status == "merged"]
    return sorted((each for each in found if (each.at, each.id) > (merge.at, merge.id)), key=lambda e: (e.at, e.id))


async def move_addresses(ws: Workspace, merge: Merge) -> list[ContactAddress]:
    """All that was the absorbed contact's is the survivor's; what this merge has brought."""
    for row in await contact_store.addresses_of_contact(ws, merge.from_id):
        await store.move_address(ws, row, merge.into_id, (*row.came_by, merge.id))
    rows = await contact_store.addresses_of_contact(ws, merge.into_id)
    return [row for row in rows if merge.id in row.came_by]


async def bring_home(ws: Workspace, handle: ContactAddress) -> ContactAddress:
    """
    A handle that was linked to a contact just when, or after, that became a part of another follows it, and goes back
    when they are parted; as it is then. While a merge is being made or undone it stays where it is.
    """
    while True:
        contact = await contact_store.contact(ws, handle.contact_id)
        if contact is None or contact.merged_into is None or contact.merge_id is not None:
            return handle
        known = await store.into(ws, contact.merged_into)
        merge = next((each for each in known if each.from_id == contact.id and each.status == "merged"), None)
        if merge is None:
            return handle
        came_by = (*handle.came_by, merge.id)
        await store.move_address(ws, handle, merge.into_id, came_by)
        await contacts.index(ws, merge.into_id)
        handle = replace(handle, contact_id=merge.into_id, came_by=came_by)


async def return_addresses(ws: Workspace, merge: Merge) -> list[ContactAddress]:
    """What the merge brought, and what was linked to it since, is the absorbed contact's again; all it has."""
    for row in await contact_store.addresses_of_contact(ws, merge.into_id):
        if merge.id in row.came_by:
            await store.move_address(ws, row, merge.from_id, tuple(each for each in row.came_by if each != merge.id))
    return await contact_store.addresses_of_contact(ws, merge.from_id)


async def tighten(ws: Workspace, merge: Merge) -> Merge:
    """
    Writes down the consent that is stricter now, each as a fact of its own; the merge, with where that was.

    Where one said no and the other did not, the no holds: nobody is written to on the strength of a doubt.
    """
    rows = await contact_store.addresses_of_contact(ws, merge.into_id)
    for each in stricter(rows):
        tighter = {"address": str(each.address), "purpose": each.purpose, "because_of": str(each.because_of)}
        merge = await keep(ws, merge, consent=[*merge.kept.get("consent", ()), tighter])
        fact = ConsentFact(
            contact_id=merge.into_id,
            address=each.address,
            purposes=(each.purpose,),
            state=each.state,
            source=SOURCE,
            evidence=merge.id,
            at=ws.clock.now(),
            wording=f"As at {each.because_of}",
            actor=merge.by_id,
            sender=each.sender,
        )
        await consent.record(ws, fact)
    return merge


async def loosen(ws: Workspace, merge: Merge) -> None:
    """
    What the merge made stricter is as it was, unless the person has said something since; so is what another merge made
    stricter at an address on one side because of one on the other.
    """
    rows = await contact_store.addresses_of_contact(ws, merge.into_id)
    back = await contact_store.addresses_of_contact(ws, merge.from_id)
    going = {str(row.address) for row in (*back, *(row for row in rows if merge.id in row.came_by))}
    for each in await store.into(ws, merge.into_id):
        for known in each.kept.get("consent", ()) if each.status in ("merged", "parting") else ():
            if each.id == merge.id or (known["address"] in going) != (known["because_of"] in going):
                address, purpose = Address.parse(known["address"]), known["purpose"]
                await consent.void(ws, address, purpose, each.id, by=merge.by_id, source=SOURCE)


async def keep(ws: Workspace, merge: Merge, **kept: Any) -> Merge:
    """The merge with more to remember, stored. Raises Overtaken."""
    return await advance(ws, merge, kept={**merge.kept, **kept})


async def advance(ws: Workspace, merge: Merge, **changes: Any) -> Merge:
    """Raises Overtaken."""
    changed = replace(merge, **changes, revision=merge.revision + 1)
    if not await store.save(ws, changed, revision=merge.revision):
        raise Overtaken("Another process carries this merge through.")
    return changed


def values_of(contact: Contact) -> dict[str, Any]:
    """What of a contact a merge may change."""
    values = {name: getattr(contact, name) for name in (*FIELDS, *_ALONG.values())}
    values |= {f"{_OWN}{key}": list(v) if isinstance(v, tuple) else v for key, v in contact.fields.items()}
    values |= {name: list(getattr(contact, name)) for name in _SETS}
    return {**values, "block": asdict(contact.block) if contact.block else None}


async def absorb(ws: Workspace, merge: Merge) -> tuple[Merge, Contact]:
    """The survivor gets the values picked, and the other becomes a part of it."""
    while merge.from_id not in (into := await _stored(ws, merge.into_id)).absorbed:
        both = Sides(into, await _stored(ws, merge.from_id), (), ())
        wanted = merged(both, merge.picks)
        merge = await keep(ws, merge, contact={"before": values_of(into), "after": values_of(wanted)})
        if await contacts.save(ws, wanted):
            await store.set_absorbed(ws, into.id, (*into.absorbed, merge.from_id))
    await contacts.index(ws, merge.into_id)
    return merge, await _stored(ws, merge.into_id)


async def release(ws: Workspace, merge: Merge) -> tuple[Contact, Contact]:
    """Both stand for themselves again, with the values they had; survivor and other."""
    while merge.from_id in (into := await _stored(ws, merge.into_id)).absorbed:
        other = await _stored(ws, merge.from_id)
        # A colleague has taken the block back since.
        freed = other.block is not None and into.block is None
        if freed and not await contacts.save(ws, replace(other, block=None)):
            continue
        if await contacts.save(ws, await _without(ws, merge, into)):
            await store.set_absorbed(ws, into.id, [each for each in into.absorbed if each != merge.from_id])
    await store.part(ws, merge.from_id, merge.id)
    await contacts.index(ws, merge.into_id)
    await contacts.index(ws, merge.from_id)
    return await _stored(ws, merge.into_id), await _stored(ws, merge.from_id)


async def _without(ws: Workspace, merge: Merge, into: Contact) -> Contact:
    """The survivor with the values that it has without this merge."""
    now = values_of(into)
    kept = merge.kept["contact"]
    # A value that one of the two did not have at all.
    for name in {*kept["before"], *kept["after"]} - {*now}:
        now[name] = None
    for name in [name for name in kept["before"] | kept["after"] if name not in _ALONG.values()]:
        names = (name, _ALONG[name]) if name in _ALONG else (name,)
        now |= await undone(ws, merge, "contact", names, now)
    block = now.pop("block")
    own = {name.removeprefix(_OWN): now.pop(name) for name in list(now) if name.startswith(_OWN)}
    own = {key: tuple(v) if isinstance(v, list) else v for key, v in own.items() if v is not None}
    tags, lists = (tuple(now.pop(name)) for name in _SETS)
    return replace(into, **now, tags=tags, lists=lists, block=Block(**block) if block else None, fields=own)


async def undone(
    ws: Workspace,
    merge: Merge,
    subject: str,
    names: Sequence[str],
    now: Mapping[str, Any],
    *,
    computed: Sequence[str] = (),
) -> dict[str, Any]:
    """
    The values under these names, which change together, without this merge.

    They go back to what they were before it if they are still what it made of them: what somebody has changed by hand
    since stays. Of later merges that took them over unchanged, the record is corrected. Those `computed` from others
    go along, and say nothing about whether anything was changed.
    """
    told = [name for name in names if name not in computed]
    before = {name: merge.kept[subject]["before"].get(name) for name in names}
    after = {name: merge.kept[subject]["after"].get(name) for name in names}
    current = {name: now[name] for name in names}
    if all(before[name] == after[name] for name in told):
        return current
    for each in await later(ws, merge):
        known = each.kept[subject]
        if any(known["before"].get(name) != after[name] for name in told):
            break
        took_over = all(known["after"].get(name) == after[name] for name in told)
        corrected = {**known, "before": {**known["before"], **before}}
        if took_over:
            corrected["after"] = {**known["after"], **before}
        await keep(ws, each, **{subject: corrected})
        if not took_over:
            # A later merge put something of its own there.
            return current
    return before if all(now[name] == after[name] for name in told) else current


async def _stored(ws: Workspace, contact_id: str) -> Contact:
    contact = await contact_store.contact(ws, contact_id)
    if contact is None:
        raise NotFound("There is no such contact.")
    return contact
