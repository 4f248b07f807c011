"""The only door to a conversation for an agent."""

from app.core.errors import Forbidden
from app.core.runtime import Workspace
from inbox import conversations, timeline
from inbox.conversations import Conversation
from inbox.timeline import Entry

READ = "inbox.read"
REPLY = "inbox.reply"


async def conversation(
    ws: Workspace, permissions: frozenset[str], conversation_id: str, need: str = READ
) -> Conversation:
    """Raises Forbidden, NotFound."""
    if need not in permissions:
        raise Forbidden("Your role does not allow this.")
    return await conversations.get(ws, conversation_id)


async def entry(ws: Workspace, permissions: frozenset[str], entry_id: str, need: str = READ) -> Entry:
    """Raises Forbidden, NotFound."""
    if need not in permissions:
        raise Forbidden("Your role does not allow this.")
    return await timeline.get(ws, entry_id)


def may_listen(permissions: frozenset[str]) -> bool:
    """Whether a screen of somebody with these permissions is told of conversations at all."""
    return READ in permissions
