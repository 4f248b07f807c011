"""What can be done to many contacts at once: tags, lists, a stage, an owner, a language, a time zone."""

from collections.abc import Mapping
from typing import Any

from app.core.errors import Conflict
from app.core.permissions import Actor, Permission
from app.core.runtime import Workspace
from crm import contacts, profiles
from crm.contacts import Contact
from inbox import access, live
from inbox.finding import people
from inbox.finding.bulk import Action, Bulk, Outcome, Step, Subject
from inbox.finding.people import Wanted
from inbox.store import bulk as store

_SETS = ("tags", "lists")
_VALUES = {
    "stage": "stage",
    "owner": "owner_id",
    "language": "language",
    "zone": "zone",
    "zone_from_number": "zone",
}


def _kept(contact: Contact) -> dict[str, Any]:
    """What a bulk action may change, to be put back."""
    return {
        "tags": list(contact.tags),
        "lists": list(contact.lists),
        "stage": contact.stage,
        "owner_id": contact.owner_id,
        "language": contact.language,
        "zone": contact.zone,
    }


async def _page(
    ws: Workspace, actor: Actor, wanted: Mapping[str, Any], cursor: str | None, limit: int
) -> tuple[list[str], str | None]:
    found, following = await people.page(ws, actor, Wanted(**wanted), cursor=cursor, limit=limit)
    return [contact.id for contact in found], following


async def _do(ws: Workspace, actor: Actor, contact_id: str, action: Action) -> Contact:
    kind = action["type"]
    if kind in _SETS:
        before, after = await profiles.mark(
            ws, contact_id, kind, add=action.get("add", ()), remove=action.get("remove", ())
        )
    elif kind == "zone_from_number":
        before, after = await profiles.edit(ws, actor, contact_id, {"zone": await _zone_of_number(ws, contact_id)})
    else:
        before, after = await profiles.edit(ws, actor, contact_id, {_VALUES[kind]: action[_VALUES[kind]]})
    await _tell(ws, before, after)
    return after


async def _tell(ws: Workspace, before: Contact, after: Contact) -> None:
    if after.revision != before.revision:
        await live.publish(ws, live.event("contact", {"id": after.id, "revision": after.revision}))


async def _zone_of_number(ws: Workspace, contact_id: str) -> str:
    """Where their number says that they are, or the zone that somebody gave. Raises Conflict."""
    contact = await contacts.get(ws, contact_id)
    place = contacts.place_of(await contacts.addresses_of(ws, contact.id), ws.clock.now())
    if contact.zone is None and place is None:
        raise Conflict("No number of theirs says where they are.", code="no_zone")
    return contact.zone or (place.zone if place else "")


async def _forwards(ws: Workspace, now: Bulk, actor: Actor, step: Step) -> Outcome:
    actor.require(Permission.CONTACTS_WRITE)
    contact = await access.contact(ws, actor, step.thing_id)
    before = step.before or _kept(contact)
    if step.before is None:
        # First, so that a crash in between does not take what is there after it for what was there before.
        await store.note(ws, now.id, {step.number: {"before": before}})
    after = await _do(ws, actor, contact.id, now.action)
    changed = _kept(after) != before
    return ("done" if changed else "same"), {"touch": after.revision if changed else None}


async def _undone(ws: Workspace, now: Bulk, actor: Actor, step: Step) -> Outcome:
    actor.require(Permission.CONTACTS_WRITE)
    if step.before is None or step.touch is None:
        return "same", {}
    contact = await access.contact(ws, actor, step.thing_id)
    kind = now.action["type"]
    if kind in _SETS:
        had = step.before[kind]
        added = [each for each in now.action.get("add", ()) if each not in had]
        removed = [each for each in now.action.get("remove", ()) if each in had]
        await _do(ws, actor, contact.id, {"type": kind, "add": removed, "remove": added})
        return "done", {}
    name = _VALUES[kind]
    if _kept(contact)[name] == step.before[name]:
        # Put back just before a process died.
        return "done", {}
    touch = contact.touched.get(name)
    if touch is None or touch.revision != step.touch:
        return "Changed since; left as it is.", {}
    await _tell(ws, *await profiles.edit(ws, actor, contact.id, {name: step.before[name]}))
    return "done", {}


CONTACTS = Subject("contacts", _page, _forwards, _undone)
