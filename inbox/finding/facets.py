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
    """In a fixed order, so that equal conversations have equal rows. One that was merged stands in no list."""
    if conversation.merged_into is not None:
        return []
    within = group(conversation.state)
    assignee = conversation.assignee_id
    found = [within, f"{within}:assignee:{assignee}" if assignee else f"{within}:unassigned"]
    if assignee is None and conversation.team_id is None:
        found.append(f"{within}:unclaimed")
    if conversation.team_id:
        found.append(f"{within}:team:{conversation.team_id}")
    found += _reading(within, conversation)
    if conversation.priority != "normal":
        found.append(f"{within}:priority:{conversation.priority}")
    if conversation.sla is not None and conversation.sla.breached:
        found.append(f"{within}:breached")
    found += [f"{within}:channel:{kind}" for kind in channels(conversation)]
    found += [f"{within}:tag:{tag}" for tag in conversation.tags]
    found += [f"mention:{member_id}" for member_id in conversation.mentioned]
    # Whose it is finds it by that already.
    found += [f"follow:{member_id}" for member_id in conversation.followers if member_id != assignee]
    found += [f"view:{view}" for view in conversation.views]
    return found


def channels(conversation: Conversation) -> list[str]:
    """Kinds of channels on which the person can be answered."""
    return sorted({reach.address.partition(":")[0] for reach in conversation.reach})


def _reading(within: str, conversation: Conversation) -> list[str]:
    """Whether it is unread, and for whom that is not so: one facet for each who differs from the others."""
    marks = sorted(conversation.unread_by.items())
    if conversation.unread:
        return [f"{within}:unread", *(f"{within}:read:{member_id}" for member_id, number in marks if not number)]
    return [f"{within}:unread:{member_id}" for member_id, number in marks if number]


def counted(conversation: Conversation) -> set[str]:
    """What is counted of it; nothing before it is stored, nor while it is a part of another."""
    if conversation.revision == 0 or conversation.merged_into is not None:
        return set()
    waits = conversation.waiting_since if group(conversation.state) == OPEN else None
    return counters(of(conversation), waits)


def counters(words: Sequence[str], waiting_at: datetime | None) -> set[str]:
    """
    The counters that a row with these facets is in: the facets, since which day somebody waits, and in which lists it
    is unread (`view:viw_1|unread`, `view:viw_1|read:mem_1`: unread, but not for this member).
    """
    reads = [word.removeprefix(f"{OPEN}:") for word in words if word.startswith((f"{OPEN}:unread", f"{OPEN}:read:"))]
    found = set(words) | (waiting(waiting_at) if waiting_at is not None else set())
    return found | {f"{word}|{each}" for word in words if _is_read_in(word) for each in reads}


def _is_read_in(word: str) -> bool:
    return word.startswith((f"{OPEN}:assignee:", f"{OPEN}:unassigned", "mention:", "view:"))


def waiting(since: datetime) -> set[str]:
    return {WAITING, f"{WAITING}:{since:%Y-%m-%d}"}


def within_all(rest: str) -> Sequence[str]:
    """The same facet of open, snoozed and closed conversations."""
    return tuple(f"{each}:{rest}" for each in GROUPS)
