"""
What follows from a doubt about a handle (crm/doubts.py): a line on the timeline, a warning on screens; and what a
colleague makes of it: it is them after all, or it is a new person, who gets a contact of their own.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from app.core import audit, ids
from app.core.addresses import Address, label_of_person
from app.core.audit import Target
from app.core.errors import Conflict, NotFound
from app.core.permissions import Actor
from app.core.runtime import Workspace
from channels.contract import AddressChanged
from crm import consent, contacts, doubts
from crm.contacts import Contact, ContactAddress, Doubt
from crm.doubts import How
from crm.store import contacts as contact_store
from inbox import contents, conversations, events, live, outbox, timeline
from inbox.conversations import Conversation
from inbox.timeline import Author

# What came just before a doubt came of the same event: another handle of whoever writes.
_TOGETHER = timedelta(minutes=1)
# Of what they wrote since, so much is told to the new thread.
_MOST_TOLD = 5
_LOOK_BACK = 50
_WAYS = {
    "asked": "by a question that they answered",
    "code": "by a code",
    "document": "by a document",
    "known": "as somebody who knows them",
}


# --- how doubts arise ---------------------------------------------------------------------------------------------


async def moved(ws: Workspace, event: AddressChanged, raw_id: str) -> None:
    """The provider told that somebody has another number or id: is it them, and who gets the old one?"""
    changed = "number_changed" if event.new.value.startswith("+") else "id_changed"
    for address, reason in ((event.new, changed), (event.old, "given_up")):
        row = await contacts.known(ws, address)
        if row is not None:
            doubt = Doubt(reason, event.at, f"{reason}/{raw_id}")  # type: ignore[arg-type]
            await tell(ws, await doubts.suspect(ws, row, doubt), doubt.evidence)


async def heard(
    ws: Workspace, row: ContactAddress, conversation: Conversation, at: datetime, entry_id: str
) -> ContactAddress:
    """Somebody writes from this handle. What has to be known of it was read already."""
    before = [way.last_inbound_at for way in conversation.reach if way.address == str(row.address)]
    return await doubts.at_message(ws, row, max(filter(None, before), default=None), at, entry_id)


async def tell(ws: Workspace, row: ContactAddress, evidence: str) -> None:
    """The line on the timeline and the warning on screens, of a doubt that this evidence has raised."""
    doubt = row.doubt
    if doubt is None or doubt.evidence != evidence:
        return
    event = {
        "name": "doubt_raised",
        "address": str(row.address),
        "reason": doubt.reason,
        "message": doubts.words(doubt),
    }
    await events.note(ws, row.contact_id, key=f"doubt/{row.address}/{evidence}", event=event, at=doubt.at)
    await _show(ws, row.contact_id)


async def _show(ws: Workspace, contact_id: str) -> None:
    rows = await contacts.addresses_of(ws, contact_id)
    await live.tell_conversations(ws, *await conversations.set_stopped(ws, contact_id, rows))
    await live.publish(ws, live.event("contact", {"id": contact_id}))


# --- what colleagues make of them ---------------------------------------------------------------------------------


async def note_shown(ws: Workspace, actor: Actor, contact: Contact) -> None:
    """Somebody looks at what is folded away, without having made sure."""
    await audit.record(ws, actor, "contact.private_shown", Target("contact", contact.id, contact.name))


async def verify(ws: Workspace, actor: Actor, contact: Contact, address: Address, how: How, note: str) -> None:
    """It is this contact who writes there. Raises NotFound, Conflict."""
    row = await _in_doubt(ws, contact, address)
    now = ws.clock.now()
    async with live.announced(ws, "contact", contact.id):
        if not await contact_store.settle_doubt(ws, row, now):
            raise Conflict("A colleague has just settled that; look at it again.", code="settled")
        said = {"how": how, "note": note}
        await audit.record(ws, actor, "contact.verified", Target("contact", contact.id, contact.name), said)
        event = {"name": "doubt_settled", "address": str(address), "ways": _WAYS[how], **said}
        key = f"settled/{address}/{row.doubt.evidence if row.doubt else ''}"
        await events.note(ws, contact.id, key=key, event=event, at=now, author=_author(actor))
        await _show(ws, contact.id)


async def part(ws: Workspace, actor: Actor, contact: Contact, address: Address, name: str) -> Contact:
    """
    It is a new person who writes there: the handle, and others that came with it, go to a contact of its own. What was
    before stays with the old one. No agreement goes along; a stop does, as nobody knows who said it.

    Raises NotFound, Conflict.
    """
    row = await _in_doubt(ws, contact, address)
    doubt = row.doubt or Doubt("new_person", ws.clock.now(), "")
    made = await _made(ws, address, doubt, name)
    rows = await contacts.addresses_of(ws, contact.id)
    going = [row, *(each for each in rows if _came_with(each, row, doubt))]
    async with live.announced(ws, "contact", made.id):
        for each in going:
            await _without_agreements(ws, each.address, by=actor.id, evidence=doubt.evidence)
            given = Doubt("new_person", ws.clock.now(), f"new_person/{doubt.evidence}")
            if not await contact_store.give_address(ws, each, made.id, given) and each is row:
                raise Conflict("This handle has just become another contact's; look at it again.", code="settled")
        await contacts.index(ws, contact.id)
        await contacts.index(ws, made.id)
        detail = {"contact_id": made.id, "addresses": [str(each.address) for each in going]}
        await audit.record(ws, actor, "contact.new_person", Target("contact", contact.id, contact.name), detail)
        await _move_thread(ws, actor, contact, made, [str(each.address) for each in going], doubt)
        await _show(ws, contact.id)
        await _show(ws, made.id)
    return made


async def _in_doubt(ws: Workspace, contact: Contact, address: Address) -> ContactAddress:
    row = await contacts.known(ws, address)
    if row is None or row.contact_id != contact.id:
        raise NotFound("This contact has no such handle.")
    if row.doubt is None:
        raise Conflict("Nothing speaks against it that this handle is theirs.", code="no_doubt")
    return row


def _came_with(other: ContactAddress, row: ContactAddress, doubt: Doubt) -> bool:
    """Whether it is another handle of whoever writes there now: it came with them, and is not asked about itself."""
    same = other.address.kind == row.address.kind and other.address != row.address and other.doubt is None
    return same and other.created_at >= doubt.at - _TOGETHER


async def _made(ws: Workspace, address: Address, doubt: Doubt, name: str) -> Contact:
    """The same for the same doubt, however often it is asked for."""
    contact_id = ids.derived("con", ws.id, str(address), doubt.evidence)
    made = Contact(
        id=contact_id,
        name=name.strip() or label_of_person(address),
        name_source="member" if name.strip() else "handle",
        avatar_hue=contacts.hue(contact_id),
        created_at=ws.clock.now(),
    )
    await contact_store.insert_contact(ws, made, contacts.search_tokens(made.name, address.value), [])
    return await contacts.get(ws, made.id)


async def _without_agreements(ws: Workspace, address: Address, *, by: str, evidence: str) -> None:
    """What the one before has agreed to does not count any more, for any purpose and sender."""
    for fact in await consent.facts_at(ws, address):
        if fact.state in ("granted", "asked"):
            for purpose in fact.purposes:
                await consent.void(ws, address, purpose, fact.evidence, by=by, source="new_person")


async def _move_thread(
    ws: Workspace, actor: Actor, old: Contact, new: Contact, handles: Sequence[str], doubt: Doubt
) -> None:
    """Their thread begins with a note of what they have written since; the old one loses the ways that are gone."""
    before = await conversations.find(ws, conversations.id_for(old.id))
    ways = [replace(way, last_number=0) for way in before.reach if way.address in handles] if before else []
    thread = await conversations.for_contact(ws, new.id, name=new.name)

    def begun(now: Conversation) -> Conversation:
        there = {(way.account_id, way.address) for way in now.reach}
        reach = (*now.reach, *(way for way in ways if (way.account_id, way.address) not in there))
        team = before.team_id if before else None
        return replace(now, reach=reach, team_id=now.team_id or team, waiting_since=now.waiting_since or _waits(before))

    thread, _ = await conversations.change(ws, thread, begun)
    said = await _said_since(ws, before, handles, doubt)
    words = f"A new person at a handle of {old.name}: {doubts.words(doubt)}"
    told = "\n".join([words, *(f"They wrote: {each}" for each in said)])
    await outbox.note(ws, thread, _author(actor), told, f"new-person/{doubt.evidence}")
    if before is not None:

        def left(now: Conversation) -> Conversation:
            reach = tuple(way for way in now.reach if way.address not in handles)
            return now if reach == now.reach else replace(now, reach=reach, waiting_since=None)

        await conversations.change(ws, before, left)
    event = {"name": "contact_split", "into_id": new.id, "into_name": new.name, "address": handles[0]}
    key = f"split/{new.id}"
    await events.note(ws, old.id, key=key, event=event, at=ws.clock.now(), author=_author(actor))


def _waits(before: Conversation | None) -> datetime | None:
    return before.waiting_since if before is not None else None


async def _said_since(
    ws: Workspace, before: Conversation | None, handles: Sequence[str], doubt: Doubt
) -> Sequence[str]:
    if before is None:
        return ()
    page = await timeline.page_before(ws, before.contact_id, before.last_number + 1, limit=_LOOK_BACK)
    theirs = [each for each in page if each.direction == "in" and each.address in handles and each.at >= doubt.at]
    return [text for each in theirs[-_MOST_TOLD:] if (text := contents.text_of(each.content))]


def _author(actor: Actor) -> Author:
    return Author("member" if actor.type == "member" else "bot", actor.id, actor.name)
