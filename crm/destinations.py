"""
Destinations: the address book of a contact, where things are delivered to them or they can be found.

Typed by a colleague, or kept from a location that the person shared. A destination belongs for ever to the contact that
it was made for: a merged contact reads those of its members, so that parting them needs no rewriting. The default is
the one that was made so last, else the oldest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal

from app.core import audit, ids
from app.core.audit import Target
from app.core.errors import Change, ChangedMeanwhile, Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import Actor, Mask
from app.core.runtime import Workspace
from crm import contacts
from crm.contacts import Contact
from crm.store import destinations as store

MOST = 50
# What somebody can write into one.
VALUES: Final = ("label", "text", "recipient", "note", "latitude", "longitude")
_MOST_PAST = 20


@dataclass(frozen=True, slots=True)
class Past:
    """What a destination was until somebody changed it."""

    at: datetime
    by: str
    name: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """
    `text` is the address as it is written on a parcel, `recipient` who takes it in, `note` how to get there. Of a
    location that was shared `entry_id` is the message. `past` is what it was, the newest first.
    """

    id: str
    contact_id: str
    label: str
    text: str = ""
    recipient: str = ""
    note: str = ""
    latitude: float | None = None
    longitude: float | None = None
    source: Literal["member", "message"] = "member"
    entry_id: str | None = None
    default_at: datetime | None = None
    created_at: datetime
    created_by: str
    created_by_name: str
    revision: int = 1
    past: tuple[Past, ...] = field(default=())


async def of(ws: Workspace, contact: Contact) -> list[Destination]:
    """All of a contact's, the default first, then the newest."""
    found = await store.of_contacts(ws, await _members(ws, contact))
    found.sort(key=lambda each: (each.created_at, each.id), reverse=True)
    if (first := default_of(found)) is not None:
        found.sort(key=lambda each: each.id != first.id)
    return found


def default_of(found: Sequence[Destination]) -> Destination | None:
    """Where to deliver if nothing else is said."""
    chosen = [each for each in found if each.default_at is not None]
    if chosen:
        return max(chosen, key=lambda each: (each.default_at, each.id))
    return min(found, key=lambda each: (each.created_at, each.id), default=None)


async def _members(ws: Workspace, contact: Contact) -> list[str]:
    """The contact and all that are a part of it."""
    members, left = [contact.id], list(contact.absorbed)
    while left:
        members += left
        left = [each for part in (await contacts.get_many(ws, left)).values() for each in part.absorbed]
    return members


async def get(ws: Workspace, contact: Contact, destination_id: str) -> Destination:
    """Raises NotFound."""
    found = await store.get(ws, destination_id)
    if found is None or found.contact_id not in await _members(ws, contact):
        raise NotFound("This contact has no such address.")
    return found


async def add(
    ws: Workspace, actor: Actor, contact: Contact, values: Mapping[str, Any], *, default: bool = False
) -> Destination:
    """Raises Invalid, Forbidden, Conflict where there are too many."""
    return await _insert(ws, actor, contact, ids.new("dst"), values, default=default)


async def keep(ws: Workspace, actor: Actor, contact: Contact, entry_id: str, values: Mapping[str, Any]) -> Destination:
    """A location that was shared in this entry; kept once, however often. Raises Forbidden, Conflict."""
    destination_id = ids.derived("dst", ws.id, entry_id)
    return await _insert(ws, actor, contact, destination_id, values, entry_id=entry_id)


async def _insert(
    ws: Workspace,
    actor: Actor,
    contact: Contact,
    destination_id: str,
    values: Mapping[str, Any],
    *,
    default: bool = False,
    entry_id: str | None = None,
) -> Destination:
    _require_sight(actor)
    now = ws.clock.now()
    made = Destination(
        id=destination_id,
        contact_id=contact.id,
        **_checked(values),
        source="message" if entry_id else "member",
        entry_id=entry_id,
        default_at=now if default else None,
        created_at=now,
        created_by=actor.id,
        created_by_name=actor.name,
    )
    if len(await of(ws, contact)) >= MOST:
        raise Conflict(f"A contact may have {MOST} addresses; delete one first.", code="too_many")
    if not await store.insert(ws, made):
        return await get(ws, contact, destination_id)
    await _record(ws, actor, contact, "contact.destination_added", made)
    return made


async def edit(
    ws: Workspace,
    actor: Actor,
    contact: Contact,
    destination_id: str,
    values: Mapping[str, Any],
    *,
    default: bool = False,
    seen: int | None = None,
) -> Destination:
    """What is not given stays. Raises NotFound, Invalid, Forbidden; ChangedMeanwhile where `seen` is not the newest."""
    _require_sight(actor)
    for _ in range(8):
        now = await get(ws, contact, destination_id)
        if seen is not None and now.revision != seen:
            last = now.past[0] if now.past else None
            who = last.name if last else "A colleague"
            raise ChangedMeanwhile(f"{who} has just changed this address. Look at it again.", Change("destination"))
        was = {name: getattr(now, name) for name in VALUES}
        became = _checked({**was, **values})
        wanted = replace(now, **became)
        if became != was:
            told = {name: value for name, value in was.items() if became[name] != value}
            past = (Past(ws.clock.now(), actor.id, actor.name, told), *now.past)[:_MOST_PAST]
            wanted = replace(wanted, past=past)
        if default:
            wanted = replace(wanted, default_at=ws.clock.now())
        if wanted == now:
            return now
        if await store.save(ws, wanted):
            await _record(ws, actor, contact, "contact.destination_changed", wanted)
            return replace(wanted, revision=now.revision + 1)
    raise Conflict("This address is being changed by too many at once; try again.")


async def delete(ws: Workspace, actor: Actor, contact: Contact, destination_id: str) -> None:
    """Raises NotFound, Forbidden."""
    _require_sight(actor)
    found = await get(ws, contact, destination_id)
    await store.delete(ws, found.id)
    await _record(ws, actor, contact, "contact.destination_deleted", found)


async def forget(ws: Workspace, contact_ids: Sequence[str]) -> None:
    """All of contacts that are erased."""
    await store.delete_of(ws, contact_ids)


async def _record(ws: Workspace, actor: Actor, contact: Contact, what: str, about: Destination) -> None:
    # Not where it is: the audit log outlives the person.
    await audit.record(ws, actor, what, Target("contact", contact.id, contact.name), {"destination_id": about.id})


def _require_sight(actor: Actor) -> None:
    if Mask.ADDRESSES in actor.rights.masks:
        raise Forbidden("Your role does not show addresses, so it cannot change them.", code="masked")


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    texts = {name: str(values.get(name) or "").strip() for name in ("label", "text", "recipient", "note")}
    latitude, longitude = values.get("latitude"), values.get("longitude")
    if not texts["text"] and latitude is None:
        raise Invalid.field("text", "Write the address, or give its position.")
    if (latitude is None) != (longitude is None):
        raise Invalid.field("longitude", "A position is a latitude and a longitude.")
    return {**texts, "label": texts["label"] or "Address", "latitude": latitude, "longitude": longitude}
