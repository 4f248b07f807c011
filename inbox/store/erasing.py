"""
Queries by which all that hangs on a conversation or a contact is deleted, or loses what it says of the person.

Indexes: (workspace_id, conversation_id) of each collection but those whose `_id` or contact leads to the rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.core.addresses import Address
from app.core.runtime import Workspace

# Rows that are about one conversation and nothing else.
_OF_CONVERSATION = ("drafts", "deferred", "proofs", "notifications", "pushes", "macro_runs")


async def empty_conversation(ws: Workspace, conversation_id: str) -> int:
    """Drafts, messages for later, codes, notices to colleagues; figures of episodes and incidents lose the words."""
    gone = 0
    for name in _OF_CONVERSATION:
        gone += await getattr(ws.db, name).delete({"conversation_id": conversation_id})
    await ws.db.episodes.update_all({"conversation_id": conversation_id}, {"$set": {"comment": ""}})
    await ws.db.incident_links.update_all({"conversation_id": conversation_id}, {"$set": {"contact_name": "Erased"}})
    return gone


async def empty_surveys(ws: Workspace, contact_id: str) -> int:
    """Scores stay; what was written beside them goes, and nobody is asked any more. Index: workspace_id, contact_id."""
    change = {"$set": {"comment": "", "review": ""}, "$unset": {"due_at": ""}}
    return await ws.db.surveys.update_all({"contact_id": contact_id}, change)


async def forget_contact(ws: Workspace, contact_id: str) -> None:
    """By `_id`."""
    await ws.db.stories.delete({"_id": contact_id})
    await ws.db.blocked.delete({"_id": contact_id})


async def delete_visitors(ws: Workspace, handles: Sequence[Address]) -> int:
    """Browsers by which they were known in the web chat. Index: workspace_id, address."""
    gone = 0
    for handle in handles:
        gone += await ws.db.visitors.delete({"address": handle.value, "kind": handle.kind})
    return gone
