"""Handing a conversation over to another team or colleague, with a note of what they have to know: one action."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.core import audit
from app.core.audit import Target
from app.core.errors import Conflict
from app.core.permissions import Actor
from app.core.runtime import Workspace
from inbox import conversations, events, live, outbox
from inbox.answering import acts, notifications
from inbox.conversations import Conversation
from inbox.routing import teams


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """
    Where it goes: a team (None: it leaves its team) and a member (None: the team's queue). `client_id` makes it safe
    to ask twice.
    """

    team_id: str | None
    member_id: str | None
    note: str
    client_id: str


async def hand_over(
    ws: Workspace, actor: Actor, conversation: Conversation, wanted: Handover, *, seen: int | None = None
) -> Conversation:
    """
    The note stands on the timeline before the conversation appears at the other desk.

    Raises Invalid, Conflict (closed), and ChangedMeanwhile if a colleague gave it to somebody else.
    """
    if conversation.state == "closed":
        raise Conflict("This conversation is closed. Open it again first.", code="closed")
    detail = await _named(ws, wanted)
    author = acts.author(actor)
    how = conversations.by_hand("assignee", _given(wanted), conversations.hand(ws, actor, seen))
    # Asked before the note is written: who is refused leaves nothing behind.
    how(conversation)
    if wanted.note:
        await outbox.note(ws, conversation, author, wanted.note, wanted.client_id)
    async with live.announced(ws, "conversation", conversation.id):
        saved, _ = await conversations.change(ws, await conversations.get(ws, conversation.id), how)
        await notifications.assigned(ws, saved, author)
        event = {"name": "conversation_moved", **detail, "noted": bool(wanted.note)}
        await audit.record(
            ws, actor, "conversation.moved", Target("conversation", saved.id, saved.contact_name), detail
        )
        await events.note(
            ws,
            saved.contact_id,
            key=f"conversation_moved/{saved.id}/{wanted.client_id}",
            event=event,
            at=ws.clock.now(),
            author=author,
        )
    return await conversations.get(ws, conversation.id)


def _given(wanted: Handover) -> Any:
    def how(now: Conversation) -> Conversation:
        if (now.team_id, now.assignee_id) == (wanted.team_id, wanted.member_id):
            return now
        return replace(now, team_id=wanted.team_id, assignee_id=wanted.member_id, last_agent_id=None)

    return how


async def _named(ws: Workspace, wanted: Handover) -> Mapping[str, Any]:
    """What the timeline says. Raises Invalid if a team or a colleague is not there."""
    team = await teams.require(ws, wanted.team_id) if wanted.team_id is not None else None
    member = await acts.colleague(ws, wanted.member_id) if wanted.member_id is not None else None
    return {
        "team_id": wanted.team_id,
        "team_name": team.name if team else None,
        "member_id": wanted.member_id,
        "member_name": member.name if member else None,
    }
