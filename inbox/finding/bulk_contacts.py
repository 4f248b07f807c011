"""What can be done to many contacts at once: tags, lists, a stage, an owner."""

from collections.abc import Mapping
from typing import Any

from app.core.permissions import Actor, Permission
from app.core.runtime import Workspace
from crm import profiles
from crm.contacts import Contact
from inbox import access, live
from inbox.finding import people
from inbox.finding.bulk import Action, Bulk, Outcome, Step, Subject
from inbox.finding.people import Wanted
from inbox.store import bulk as store

_SETS = ("tags", "lists")
_VALUES = {"stage": "stage", "owner": "owner_id"}


def _kept(contact: Contact) -> dict[str, Any]:
    """What a bulk action may change, to be put back."""
    return {
        "tags": list(contact.tags),
        "lists": list(contact.lists),
        "stage": contact.stage,
        "owner_id": contact.owner_id,
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
    else:
        before, after = await profiles.edit(ws, actor, contact_id, {_VALUES[kind]: action[_VALUES[kind]]})
    if after.revision != before.revision:
        await live.publish(ws, live.event("contact", {"id": after.id, "revision": after.revision}))
    return after


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
    if getattr(contact, name) != now.action[name]:
        return "Changed since; left as it is.", {}
    await _do(ws, actor, contact.id, {"type": kind, name: step.before[name]})
    return "done", {}


CONTACTS = Subject("contacts", _page, _forwards, _undone)
