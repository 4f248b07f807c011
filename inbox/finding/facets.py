"""
Facets: the words under which a conversation is found in lists, each an exact piece of one index.

A word begins with what the conversation is (`open`, `snoozed`, `closed`), so that a list, a filter and a counter are
the same word: `open`, `open:tag:tag_1`, `closed:channel:sms`, `mention:mem_1`, `view:viw_1`. They are kept few: each
one is an index entry that moves with every message.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inbox.conversations import Conversation

OPEN, SNOOZED, CLOSED = GROUPS = ("open", "snoozed", "closed")
# Counted like the facets, but found by an index of its own.
WAITING = "waiting"


def group(state: str) -> str:
    """What a state counts as in lists: a conversation that a bot is busy with is open."""
    return state if state in (SNOOZED, CLOSED) else OPEN


def of(conversation: Conversation) -> list[str]:
    """In a fixed order, so that equal conversations have equal rows."""
    within = group(conversation.state)
    assignee = conversation.assignee_id
    found = [within, f"{within}:assignee:{assignee}" if assignee else f"{within}:unassigned"]
    if conversation.team_id:
        found.append(f"{within}:team:{conversation.team_id}")
    if conversation.unread:
        found.append(f"{within}:unread")
    if conversation.priority != "normal":
        found.append(f"{within}:priority:{conversation.priority}")
    if conversation.sla is not None and conversation.sla.breached:
        found.append(f"{within}:breached")
    found += [f"{within}:channel:{kind}" for kind in channels(conversation)]
    found += [f"{within}:tag:{tag}" for tag in conversation.tags]
    found += [f"mention:{member_id}" for member_id in conversation.mentioned]
    found += [f"view:{view}" for view in conversation.views]
    return found


def channels(conversation: Conversation) -> list[str]:
    """Kinds of channels on which the person can be answered."""
    return sorted({reach.address.partition(":")[0] for reach in conversation.reach})


def counted(conversation: Conversation) -> set[str]:
    """What is counted of it: its facets, and whether somebody waits, and since which day."""
    if conversation.revision == 0:
        return set()
    found = set(of(conversation))
    if conversation.waiting_since is not None and group(conversation.state) == OPEN:
        found |= waiting(conversation.waiting_since)
    return found


def waiting(since: datetime) -> set[str]:
    return {WAITING, f"{WAITING}:{since:%Y-%m-%d}"}


def within_all(rest: str) -> Sequence[str]:
    """The same facet of open, snoozed and closed conversations."""
    return tuple(f"{each}:{rest}" for each in GROUPS)
