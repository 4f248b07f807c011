"""
Second thoughts: a message waits a few seconds before it leaves, and until then its author can take it back.

The wait is the stored time at which the message is due, so it holds whatever dies meanwhile. Taking back and handing
over are both written on the condition that the message is unchanged: one of them wins, never both.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from app.core.errors import Conflict, Forbidden
from app.core.queue import Lane
from app.core.runtime import Workspace
from channels.contract import DeliveryStatus
from inbox import conversations, live, outbox
from inbox.store import entries as store
from inbox.timeline import Entry

QUEUED, CANCELLED = DeliveryStatus.QUEUED.value, DeliveryStatus.CANCELLED.value
TAKEN_BACK = "Message taken back"
_AT_ONCE = 50


async def take_back(ws: Workspace, entry: Entry, author_id: str) -> list[Entry]:
    """
    Cancels the message with all its parts (long text goes in several), and gives them back as they are now.

    Asked twice it says the same. Raises Forbidden (somebody else's), Conflict (it has left, or is just leaving).
    """
    if entry.author.id != author_id:
        raise Forbidden("Only who wrote a message can take it back.")
    parts = await _parts(ws, entry)
    if all(part.status == CANCELLED for part in parts):
        return parts
    now = ws.clock.now()
    if any(part.status != QUEUED or part.undo_until is None or part.undo_until <= now for part in parts):
        raise Conflict("It is too late: this message has left.", code="already_sent")
    cancelled = [
        replace(
            part,
            status=CANCELLED,
            status_times={**part.status_times, CANCELLED: now},
            outbox_key=None,
            due_at=None,
            revision=part.revision + 1,
        )
        for part in parts
    ]
    async with live.announced(ws, "entry", entry.id):
        if not await store.save_many(ws, list(zip(parts, cancelled, strict=True))):
            await _restore(ws, parts, cancelled)
            raise Conflict("It is too late: this message has left.", code="already_sent")
        conversation = await conversations.get(ws, entry.conversation_id)
        waits_since = await _waits_since(ws, parts[0], conversation.last_number)
        back = conversations.taken_back(parts, waits_since)
        conversation, _ = await conversations.change(ws, conversation, back)
        for part in cancelled:
            summary = conversations.summary_of(part, TAKEN_BACK)
            conversation, _ = await conversations.change(ws, conversation, conversations.summary_shown(summary))
        await live.publish(ws, *[await live.entry_event(ws, part, conversation) for part in cancelled])
    # What was written after it need not wait any longer.
    await ws.queue.enqueue("deliver", ws.id, entry.contact_id, lane=Lane.REPLIES)
    return cancelled


async def _parts(ws: Workspace, entry: Entry) -> list[Entry]:
    """The entries of one message, all of them: their ids are known, and there are no holes in their numbers."""
    if entry.client_id is None:
        return [entry]
    client_id = entry.client_id.partition("/")[0]
    found: list[Entry] = []
    while len(found) % _AT_ONCE == 0:
        numbers = range(len(found), len(found) + _AT_ONCE)
        ids = [outbox.entry_id(entry.conversation_id, client_id, number) for number in numbers]
        more = await store.get_many(ws, ids)
        if not more:
            break
        found += more
    return sorted(found, key=lambda part: part.number) or [entry]


async def _waits_since(ws: Workspace, taken: Entry, newest: int) -> datetime | None:
    """Since when the customer waits for an answer, now that this one is none."""
    waits_since = None
    for entry in await store.range_of(ws, taken.contact_id, max(1, taken.number - 100), newest):
        if entry.kind != "message" or entry.status == CANCELLED:
            continue
        if entry.direction == "in":
            waits_since = waits_since or entry.created_at
        elif entry.author.type in ("member", "phone_app"):
            waits_since = None
    return waits_since


async def _restore(ws: Workspace, parts: Sequence[Entry], cancelled: Sequence[Entry]) -> None:
    """One part was on its way already: the others must follow it, or the person reads half a message."""
    for before, after in zip(parts, cancelled, strict=True):
        await store.save(ws, after, replace(before, revision=after.revision + 1))
