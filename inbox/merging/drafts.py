"""
Drafts of contacts that are merged: what a member has begun to write in the conversation that is left goes on behind
their own draft in the survivor's, and goes back on parting as far as it still stands there.
"""

from dataclasses import asdict, replace
from typing import Any

from app.core.runtime import Workspace
from crm import merging
from crm.merging import Merge
from inbox import conversations
from inbox.answering import drafts
from inbox.answering.drafts import SharedDraft
from inbox.merging import sides
from inbox.store import drafts as store
from inbox.timeline import Written


async def join(ws: Workspace, known: Merge) -> Merge:
    """Each is written down before it moves; one that would make the survivor's too long stays where it is."""
    mine = await sides.own(ws, known.into_id, known.into_name)
    for draft in await drafts.of_conversation(ws, conversations.id_for(known.from_id)):
        own_id = drafts.id_for(mine.id, draft.member_id, draft.mode)
        own = await store.get(ws, own_id)
        gone_on = replace(
            own or draft,
            id=own_id,
            conversation_id=mine.id,
            contact_name=mine.contact_name,
            text=_joined(own.text, draft.text) if own else draft.text,
            revision=own.revision + 1 if own else 1,
            written=None if own else draft.written,
        )
        if len(gone_on.text) > drafts.MOST_CHARS:
            continue
        brought: dict[str, Any] = known.kept.get("drafts", {})
        if draft.id not in brought:
            known = await merging.keep(ws, known, drafts={**brought, draft.id: asdict(draft)})
        if own is None or not own.text.endswith(draft.text):
            await store.put(ws, gone_on)
        await store.delete(ws, draft.id)
        await drafts.tell(ws, gone_on)
    return known


async def part(ws: Workspace, known: Merge) -> None:
    """One that was sent, discarded or rewritten since stays gone."""
    for row in known.kept.get("drafts", {}).values():
        written = Written(**row["written"]) if row.get("written") else None
        theirs = SharedDraft(**{**row, "written": written})
        own_id = drafts.id_for(conversations.id_for(known.into_id), theirs.member_id, theirs.mode)
        own = await store.get(ws, own_id)
        if own is None or theirs.text not in own.text:
            continue
        await store.put(ws, theirs)
        left = _without(own.text, theirs.text)
        if left.strip():
            await store.put(ws, replace(own, text=left, revision=own.revision + 1))
        else:
            await store.delete(ws, own.id)
        await drafts.tell(ws, own)
        await drafts.tell(ws, theirs)


def _joined(text: str, more: str) -> str:
    return f"{text.rstrip()}\n{more}"


def _without(text: str, part: str) -> str:
    before, _, after = text.rpartition(part)
    return before.removesuffix("\n") + after if before else after.removeprefix("\n")
