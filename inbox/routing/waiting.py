"""
Waiting for an agent: which conversations do, since when, and in which order; pure, as part of every change.

A conversation that is open, has a team and no agent waits in that team's queue. Its row then carries a `routing_key`
that sorts by team, urgency and time, so that the head of a queue is the head of an index (see routing.py). An open
conversation whose agent has yet to answer carries one by agent: should the agent go, it has to go back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from app.core.clock import iso

if TYPE_CHECKING:
    from inbox.conversations import Conversation, Priority

IN_QUEUE, WITH_AGENT = "q", "w"
_URGENCY = {"urgent": 0, "high": 1, "normal": 2, "low": 3}
# What a hint to routing is called (app/core/hints.py).
HINT = "routing"


@dataclass(frozen=True, slots=True)
class Queued:
    """
    `since` is its place: when the customer began to wait, wherever it has been since. `at` is when it came to this
    team, `past` are the teams that it overflowed from, `told` the place that the customer has heard of.
    """

    since: datetime
    at: datetime
    past: tuple[str, ...] = ()
    told: int | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """
    Where a conversation goes, as its account or a rule of that name says (see route_rules.py); `routed` if that team's
    are given out by themselves. A rule may also say how urgent it is, and which skills its agent must have.
    """

    team_id: str | None
    routed: bool
    priority: Priority | None = None
    skills: tuple[str, ...] = ()
    rule: str | None = None
    team_name: str | None = None


def fed(now: Conversation, feed: Feed | None, *, begins: bool) -> Conversation:
    """
    The customer wrote on an account that feeds a team. What `begins` (a new or reopened conversation) is that team's;
    in a routed one it is given out anew, to its last agent only if they are there.
    """
    if begins:
        now = replace(now, wants=feed.skills if feed else (), priority=(feed and feed.priority) or now.priority)
    if feed is None or feed.team_id is None or not (begins or now.team_id is None):
        return now
    if not (begins and feed.routed):
        return replace(now, team_id=feed.team_id)
    return replace(now, team_id=feed.team_id, assignee_id=None, last_agent_id=now.assignee_id or now.last_agent_id)


def followed(old: Conversation, new: Conversation, at: datetime) -> Conversation:
    """The changed conversation with its place in the queue; called for every change, whoever makes it."""
    waits = new.state == "open" and new.assignee_id is None and new.team_id is not None
    if not waits:
        return new if new.routing is None else replace(new, routing=None)
    if new.routing is None:
        since = min(new.waiting_since or at, at)
        return replace(new, routing=Queued(since=since, at=at))
    if new.team_id != old.team_id and new.routing == old.routing:
        return replace(new, routing=replace(new.routing, at=at))
    return new


def key(conversation: Conversation) -> str | None:
    """What its row is found by while it waits for somebody; None if it does not."""
    if conversation.merged_into is not None:
        return None
    if conversation.routing is not None:
        urgency = _URGENCY[conversation.priority]
        return f"{queue(conversation.team_id or '')}{urgency}|{iso(conversation.routing.since)}"
    if conversation.state == "open" and conversation.assignee_id is not None:
        since = conversation.waiting_since
        return f"{WITH_AGENT}|{conversation.assignee_id}|{iso(since)}" if since else None
    return None


def queue(team_id: str) -> str:
    """What the keys of a team's queue begin with."""
    return f"{IN_QUEUE}|{team_id}|"


def wakes(old: Conversation, new: Conversation) -> bool:
    """Whether routing should look now: somebody joined a queue, or an agent has one less to look after."""
    if new.routing is not None and (old.routing is None or old.team_id != new.team_id):
        return True
    held = old.assignee_id if old.state == "open" else None
    return held is not None and (new.state != "open" or new.assignee_id != held)
