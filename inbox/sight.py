"""
What of the inbox somebody sees: all of it, or what is theirs, their teams', and what they follow or are mentioned in.

The same in three forms: a test of one conversation or ticket, the facets under which lists find all of them, and a test
of what went out over the stream. `inbox.access` makes it, and asks it everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.core.permissions import Scope

if TYPE_CHECKING:
    from inbox.conversations import Conversation
    from inbox.ticketing.tickets import Ticket


@dataclass(frozen=True, slots=True)
class Facts:
    """What of a conversation decides who sees it."""

    assignee_id: str | None
    team_id: str | None
    watchers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Sight:
    """`teams` are the member's own where the scope is by teams; `unclaimed`: what no member and no team has, too."""

    member_id: str
    scope: Scope = Scope.EVERYTHING
    teams: frozenset[str] = frozenset()
    unclaimed: bool = False

    @property
    def everything(self) -> bool:
        return self.scope is Scope.EVERYTHING

    def sees(self, conversation: Conversation) -> bool:
        return self.everything or self.sees_facts(facts_of(conversation))

    def sees_facts(self, facts: Facts) -> bool:
        if self.everything or self.member_id in facts.watchers:
            return True
        return self._has(facts.assignee_id, facts.team_id)

    def has_ticket(self, ticket: Ticket) -> bool:
        """By its owner and team alone; who sees the conversation that a ticket is about sees the ticket as well."""
        return self.everything or self._has(ticket.owner_id, ticket.team_id)

    def _has(self, member_id: str | None, team_id: str | None) -> bool:
        if member_id is None and team_id is None:
            return self.unclaimed
        return member_id == self.member_id or team_id in self.teams

    def facets(self, groups: Sequence[str]) -> list[str]:
        """What is seen of these groups, and some beside, has one of these facets (see finding/facets.py)."""
        found = [f"{group}:team:{team}" for group in groups for team in sorted(self.teams)]
        found += [f"{group}:unclaimed" for group in groups if self.unclaimed]
        return [*self.own(groups), *found, f"follow:{self.member_id}"]

    def own(self, groups: Sequence[str]) -> list[str]:
        """The facets of what is the member's alone."""
        return [*(f"{group}:assignee:{self.member_id}" for group in groups), f"mention:{self.member_id}"]


def facts_of(conversation: Conversation) -> Facts:
    watchers = frozenset((*conversation.followers, *conversation.mentioned))
    return Facts(conversation.assignee_id, conversation.team_id, watchers)


def facts_shown(shown: Mapping[str, Any]) -> Facts:
    """Of a conversation as screens are told of it."""
    watchers = frozenset((*shown["followers"], *shown["mentioned"]))
    return Facts(shown["assignee_id"], shown["team_id"], watchers)
