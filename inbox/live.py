"""
Telling screens what has changed.

Numbered events carry the thing as it is stored; a screen that already has that revision ignores them, so telling twice
does no harm. `announced` keeps a row until the telling is done: should the process die between the change and the
telling, the sweeper tells it again from the database.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from redis.exceptions import RedisError

from app.core import ids
from app.core.mongo import DatabaseError
from app.core.platform import work
from app.core.runtime import Workspace
from app.core.stream import event as event
from inbox import conversations, present, story, timeline
from inbox.conversations import Conversation
from inbox.timeline import Entry


async def entry_event(ws: Workspace, entry: Entry, conversation: Conversation | None) -> bytes:
    """
    A new or changed entry, with its conversation if that changed too; None says that it did not, so that a moving tick
    costs no read.
    """
    shown: dict[str, Any] | None = None
    place: float | None = None
    if conversation is not None:
        if entry.contact_id != conversation.contact_id:
            place = (await story.of(ws, conversation.contact_id)).place_of(entry.contact_id, entry.number)
        accounts = await present.accounts_by_id(ws)
        newest = conversation.last_entry is not None and conversation.last_entry.id == entry.id
        shown = present.conversation(conversation, ws.clock.now(), accounts, entry.status if newest else None)
    told = present.entry(entry)
    if place is not None and conversation is not None:
        told = present.placed(entry, place, conversation.id)
    return event("entry", {"entry": told, "conversation": shown})


async def publish(ws: Workspace, *events: bytes) -> None:
    """In one round trip. Raises RedisError: the caller's durable row then stays, and the sweeper tells later."""
    await ws.stream.publish(ws.id, events)


async def tell_entry(ws: Workspace, entry: Entry, conversation: Conversation | None = None) -> None:
    await publish(ws, await entry_event(ws, entry, conversation))


async def tell_conversations(ws: Workspace, *changed: Conversation) -> None:
    shown = await present.conversations(ws, changed)
    await publish(ws, *(event("conversation", item) for item in shown))


async def sign(ws: Workspace, kind: str, data: Any) -> None:
    """A short-lived sign (typing, presence); losing one does no harm."""
    try:
        await ws.stream.sign(ws.id, event(kind, data))
    except RedisError:
        ws.log.warning("sign_lost", kind=kind)


@contextmanager
def told_later(ws: Workspace) -> Iterator[None]:
    """Around telling of a message that is work: should Redis be away, delivery tells of it when it settles it."""
    try:
        yield
    except RedisError as error:
        ws.log.warning("telling_delayed", error=type(error).__name__)


async def publish_or_owe(ws: Workspace, kind: str, ref: str, *events: bytes) -> None:
    """As `publish`, of a change that is stored; should Redis be away, the sweeper tells how `kind` `ref` is then."""
    try:
        await publish(ws, *events)
    except RedisError as error:
        ws.log.warning("telling_delayed", error=type(error).__name__)
        await _owe(ws, kind, ref)


@asynccontextmanager
async def announced(ws: Workspace, kind: str, ref: str) -> AsyncIterator[None]:
    """
    Around a change and its telling: a row says that `kind` `ref` may have changed until both are done.

    If the body raises, the change may or may not have been made; the row stays and the sweeper tells what is stored.
    """
    owed = await _owe(ws, kind, ref)
    try:
        yield
    except RedisError:
        # The change is stored; only the telling failed. The sweeper repeats it.
        ws.log.warning("announcement_delayed", kind=kind)
        return
    try:
        await work.drop_change(ws.runtime, owed)
    except DatabaseError:
        ws.log.warning("announcement_row_left", kind=kind)


async def _owe(ws: Workspace, kind: str, ref: str) -> str:
    """Stores that this is still to be told; the row's id."""
    row = work.ChangeRow(id=ids.new("chg"), workspace_id=ws.id, kind=kind, ref=ref, at=ws.clock.now())
    await work.add_change(ws.runtime, row)
    return row.id


async def retell(ws: Workspace, kind: str, ref: str) -> None:
    """What the sweeper does for a row that was left: tell the thing as it is stored now."""
    if kind == "conversation":
        conversation = await conversations.get(ws, ref)
        await tell_conversations(ws, conversation)
        # What was done with it may have left a line on its timeline that was not told either.
        newest = await timeline.page_after(ws, conversation.contact_id, max(0, conversation.last_number - 5), limit=10)
        await publish(ws, *[await entry_event(ws, entry, None) for entry in newest])
    elif kind == "entry":
        entry = await timeline.find(ws, ref)
        if entry is not None:
            await tell_entry(ws, entry, await conversations.get(ws, entry.conversation_id))
    else:
        # Settings, members, templates: screens fetch those again when told that they changed.
        await publish(ws, event(kind, {"id": ref}))
