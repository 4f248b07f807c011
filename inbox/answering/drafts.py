"""
Drafts on the server: what members have begun to write, by conversation and mode, so that it survives the browser and
colleagues can see and take it over.

The browser keeps its own copy at once and saves here when typing stops. Nothing here is asked for when a message is
received or sent: a sent draft is saved as empty, which ends it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.core import ids
from app.core.errors import Conflict, NotFound
from app.core.permissions import Actor
from app.core.runtime import Workspace
from inbox import live
from inbox.conversations import Conversation
from inbox.store import drafts as store
from inbox.timeline import Written

Mode = Literal["reply", "note"]
MOST_CHARS = 20_000
# Of a conversation, and of a workspace: more is not listed.
MOST_LISTED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedDraft:
    """
    `revision` counts the saves, so that a screen knows whether it has the newest. `written` is what its author wrote,
    where the text is a translation of it.
    """

    id: str
    conversation_id: str
    contact_name: str
    member_id: str
    member_name: str
    mode: Mode
    text: str
    at: datetime
    revision: int = 1
    written: Written | None = None


def id_for(conversation_id: str, member_id: str, mode: Mode) -> str:
    return ids.derived("dft", conversation_id, member_id, mode)


async def save(
    ws: Workspace, actor: Actor, conversation: Conversation, mode: Mode, text: str, *, written: Written | None = None
) -> SharedDraft | None:
    """The member's draft as it is now; None when it is empty, which ends it. Colleagues are told of begin and end."""
    draft_id = id_for(conversation.id, actor.member_id, mode)
    before = await store.get(ws, draft_id)
    if not text.strip():
        if before is not None:
            await store.delete(ws, draft_id)
            await tell(ws, before)
        return None
    draft = SharedDraft(
        id=draft_id,
        conversation_id=conversation.id,
        contact_name=conversation.contact_name,
        member_id=actor.member_id,
        member_name=actor.name,
        mode=mode,
        text=text,
        at=ws.clock.now(),
        revision=before.revision + 1 if before else 1,
        written=written,
    )
    await store.put(ws, draft)
    if before is None:
        await tell(ws, draft)
    return draft


async def of_conversation(ws: Workspace, conversation_id: str) -> list[SharedDraft]:
    """Everybody's, the newest first."""
    found = await store.of_conversation(ws, conversation_id)
    return sorted(found, key=lambda draft: draft.at, reverse=True)


async def of_member(ws: Workspace, member_id: str) -> list[SharedDraft]:
    """The newest first."""
    return sorted(await store.of_member(ws, member_id), key=lambda draft: draft.at, reverse=True)


async def get(ws: Workspace, draft_id: str) -> SharedDraft:
    """Raises NotFound: it was sent, discarded or taken over."""
    draft = await store.get(ws, draft_id)
    if draft is None:
        raise NotFound("This draft is gone: it was sent, discarded or taken over.")
    return draft


async def take_over(ws: Workspace, actor: Actor, draft_id: str) -> SharedDraft:
    """
    A colleague's draft becomes the member's own, after what they have there already; its author is told. A translation
    brings along what it was made of, unless it is only a part of the text then.

    Raises NotFound (it was sent, discarded or taken by somebody else meanwhile), Conflict (both are too long together).
    """
    theirs = await get(ws, draft_id)
    own_id = id_for(theirs.conversation_id, actor.member_id, theirs.mode)
    own = await store.get(ws, own_id)
    alone = own is None or own.id == theirs.id
    text = theirs.text if own is None or alone else f"{own.text.rstrip()}\n{theirs.text}"
    if len(text) > MOST_CHARS:
        raise Conflict(f"Behind your own words it is longer than {MOST_CHARS} letters; send or shorten yours first.")
    if not await store.delete(ws, draft_id):
        raise NotFound("This draft is gone: it was sent, discarded or taken over.")
    taken = SharedDraft(
        id=own_id,
        conversation_id=theirs.conversation_id,
        contact_name=theirs.contact_name,
        member_id=actor.member_id,
        member_name=actor.name,
        mode=theirs.mode,
        text=text,
        at=ws.clock.now(),
        revision=own.revision + 1 if own else 1,
        written=theirs.written if alone else None,
    )
    await store.put(ws, taken)
    await tell(ws, theirs, taken_by=actor.name)
    return taken


async def tell(ws: Workspace, draft: SharedDraft, *, taken_by: str | None = None) -> None:
    """Screens that show this conversation's drafts, or this member's, read them again."""
    told = {
        "conversation_id": draft.conversation_id,
        "member_id": draft.member_id,
        "mode": draft.mode,
        "taken_by": taken_by,
    }
    with live.told_later(ws):
        await live.publish(ws, live.event("draft", told))
