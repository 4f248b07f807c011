"""
Who has read what: each member for themselves.

Only what customers write makes a conversation unread, for everybody. `unread` counts for all who have not looked since;
`unread_by` for those who have, or who marked it by hand. A thread that nobody needs to read any more (closed, answered,
put aside) is read by all, which ends all marks: so there are never more of them than members who looked since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inbox.conversations import Conversation

# Marking as unread from a message on counts what came since, up to so many.
MOST_COUNTED = 100


def unread_by(conversation: Conversation, member_id: str) -> int:
    """How many of the customer's messages this member has not read."""
    return conversation.unread_by.get(member_id, conversation.unread)


def is_news(conversation: Conversation) -> bool:
    """Unread by whom it is assigned to; where that is nobody, by everybody."""
    if conversation.assignee_id is not None:
        return unread_by(conversation, conversation.assignee_id) > 0
    return conversation.unread > 0 and all(conversation.unread_by.values())


def grown(marks: Mapping[str, int], by: int) -> Mapping[str, int]:
    """The customer wrote so many messages more."""
    return {member_id: number + by for member_id, number in marks.items()} if by else marks


def seen(now: Conversation, member_id: str, up_to: int) -> Conversation:
    """This member has seen everything up to this number."""
    reached = min(up_to, now.last_number)
    if reached <= now.read_number and unread_by(now, member_id) == 0:
        return now
    read = now if reached < now.last_inbound_number else marked(now, member_id, 0)
    return replace(read, read_number=max(now.read_number, reached))


def marked(now: Conversation, member_id: str, number: int) -> Conversation:
    """So many messages are unread for this member. Nothing is kept of who is like everybody else."""
    if unread_by(now, member_id) == number:
        return now
    others = {each: count for each, count in now.unread_by.items() if each != member_id}
    return replace(now, unread_by=others if number == now.unread else {**others, member_id: number})


def answered(now: Conversation, member_id: str | None, *, by_all: bool) -> Conversation:
    """A person answered: they have read what they answered and, where the workspace wants that, so has everybody."""
    if by_all or member_id is None:
        return replace(now, unread=0, unread_by={}, read_number=now.last_inbound_number)
    return replace(marked(now, member_id, 0), read_number=max(now.read_number, now.last_inbound_number))
