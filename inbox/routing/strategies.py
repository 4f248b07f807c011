"""Whom a waiting conversation is given to: a pure choice among the desks of a team."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from inbox.routing.teams import Team

_NEVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A member of the team as routing sees them now. `load` and `capacity` are points, `held` conversations."""

    agent_id: str
    online: bool
    load: float = 0.0
    held: int = 0
    capacity: float = 1.0
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    last_assigned_at: datetime | None = None

    def has_room(self, weight: float) -> bool:
        """What weighs more than a whole desk takes a whole desk."""
        return self.online and self.load + min(weight, self.capacity) <= self.capacity and self.capacity > 0

    def given(self, weight: float, at: datetime) -> Desk:
        return replace(self, load=self.load + min(weight, self.capacity), held=self.held + 1, last_assigned_at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a waiting conversation wants of whoever gets it."""

    weight: float = 1.0
    skills: frozenset[str] = frozenset()
    language: str | None = None
    last_agent_id: str | None = None


def choose(team: Team, ask: Ask, desks: Sequence[Desk]) -> str | None:
    """
    The agent who gets it; None if it has to wait. Only who is online and has room for it is ever chosen.

    Skills and languages that nobody of the team has are not asked for: nobody would ever come.
    """
    skills = ask.skills & frozenset().union(*(desk.skills for desk in desks))
    language = (ask.language or "").partition("-")[0]
    speaks = team.by_language and any(language in desk.languages for desk in desks)
    able = [
        desk
        for desk in desks
        if desk.has_room(ask.weight) and skills <= desk.skills and (not speaks or language in desk.languages)
    ]
    if not able:
        return None
    if team.sticky and any(desk.agent_id == ask.last_agent_id for desk in able):
        return ask.last_agent_id
    if team.strategy == "least_busy":
        return min(able, key=lambda desk: (desk.held, desk.last_assigned_at or _NEVER, desk.agent_id)).agent_id
    return min(able, key=lambda desk: (desk.last_assigned_at or _NEVER, desk.agent_id)).agent_id
