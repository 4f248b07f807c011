"""The wallboard: how many conversations are open and wait, since when, and who is there to answer them."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.core import roles
from app.core.permissions import Permission
from app.core.platform import probes
from app.core.runtime import Workspace
from inbox.conversations import Conversation
from inbox.finding import counters, facets, listing
from inbox.finding.lists import Wanted
from inbox.routing import agents, teams
from inbox.routing.agents import Availability
from inbox.sight import Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentNow:
    """`open` counts the conversations assigned to them."""

    id: str
    name: str
    availability: Availability
    reason: str
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamNow:
    id: str
    name: str
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Counts are the kept counters of the lists, so a wallboard and a list never differ."""

    open: int
    waiting: int
    unassigned: int
    snoozed: int
    oldest_wait_seconds: float | None
    oldest_wait_conversation_id: str | None
    # How long the oldest event from a provider has been waiting to be worked on.
    inbound_lag_seconds: float
    agents: Sequence[AgentNow]
    teams: Sequence[TeamNow]


async def now(ws: Workspace) -> Board:
    members = await roles.holding(ws, Permission.INBOX_REPLY)
    known = await agents.of(ws, [member.id for member in members])
    available = await agents.available(ws, known)
    every_team = await teams.listed(ws)
    of_member = {member.id: f"{facets.OPEN}:assignee:{member.id}" for member in members}
    of_team = {team.id: f"{facets.OPEN}:team:{team.id}" for team in every_team}
    unassigned = f"{facets.OPEN}:unassigned"
    wanted = [facets.OPEN, facets.SNOOZED, facets.WAITING, unassigned, *of_member.values(), *of_team.values()]
    numbers = await counters.numbers_of(ws, wanted)
    waits = await _waits_longest(ws)
    at = ws.clock.now()
    _, oldest_event = (await probes.waiting(ws.runtime.mongo))["inbound"]
    return Board(
        open=numbers[facets.OPEN],
        waiting=numbers[facets.WAITING],
        unassigned=numbers[unassigned],
        snoozed=numbers[facets.SNOOZED],
        oldest_wait_seconds=(at - waits.waiting_since).total_seconds() if waits and waits.waiting_since else None,
        oldest_wait_conversation_id=waits.id if waits else None,
        inbound_lag_seconds=max(0.0, (at - oldest_event).total_seconds()) if oldest_event else 0.0,
        agents=sorted(
            (
                AgentNow(
                    id=member.id,
                    name=member.name,
                    availability=available[member.id],
                    reason=known[member.id].reason,
                    open=numbers[of_member[member.id]],
                )
                for member in members
            ),
            key=lambda agent: (list(Availability).index(agent.availability), agent.name),
        ),
        teams=[TeamNow(id=team.id, name=team.name, open=numbers[of_team[team.id]]) for team in every_team],
    )


async def _waits_longest(ws: Workspace) -> Conversation | None:
    found, _ = await listing.page(ws, Wanted(view="waiting"), sight=Sight(""), cursor=None, limit=1)
    return found[0] if found else None
