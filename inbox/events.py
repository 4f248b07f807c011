"""What happens with a contact beside what is written: a line on the timeline, and news for the screens."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.core.runtime import Workspace
from crm import contacts
from inbox import conversations, live, timeline
from inbox.conversations import Conversation
from inbox.store.entries import inbound_id
from inbox.timeline import Author, Entry


async def note(
    ws: Workspace,
    contact_id: str,
    *,
    key: str,
    event: Mapping[str, Any],
    at: datetime,
    kind: Any = "event",
    author: Author | None = None,
    ticket_id: str | None = None,
) -> Entry:
    """Something that happened with the contact, on the timeline and on screens; once for each `key`."""
    conversation = await conversations.find(ws, conversations.id_for(contact_id))
    if conversation is None:
        contact = await contacts.get(ws, contact_id)
        conversation = conversations.new_for(ws, contact.id, name=contact.name)
    entry = Entry(
        id=inbound_id("event", f"{contact_id}/{key}"),
        contact_id=conversation.contact_id,
        conversation_id=conversation.id,
        at=at,
        created_at=ws.clock.now(),
        kind=kind,
        author=author or Author("system"),
        event=dict(event),
        ticket_id=ticket_id,
    )
    entry, _ = await timeline.append(ws, entry, after=conversation.last_number)
    conversation, _ = await conversations.change(ws, conversation, _noted(entry))
    await live.tell_entry(ws, entry, conversation)
    return entry


def _noted(entry: Entry) -> Any:
    """Counts the entry in without moving the conversation up or changing its preview."""

    def how(now: Conversation) -> Conversation:
        if entry.contact_id != now.contact_id or entry.number <= now.last_number:
            return now
        return replace(now, last_number=entry.number)

    return how
