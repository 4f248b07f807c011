"""
What customers are told while nobody has them yet: that the team is closed and when it opens, once for each closed
period; and their place in the queue, again whenever it has halved.

Each is a service message like any other: through the outbox, within the channel's rules and their consent, written by
the team's bot. Its id says what it is about, so telling twice sends once. A refusal is taken as told.
"""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from redis.exceptions import RedisError

from app.core import ids
from app.core.calendars import Calendar, closed_since, next_open
from app.core.errors import AppError
from app.core.runtime import Workspace
from channels.content import Text
from inbox import conversations, outbox
from inbox.answering import variables
from inbox.conversations import Conversation
from inbox.outbox import Draft
from inbox.routing.teams import Team
from inbox.timeline import Author

# Who is given to an agent within this time need not hear of a queue.
PATIENCE = timedelta(seconds=20)
# The pace of a team is that of its newest assignments, so many and not older.
_PACE_OF = 20
_PACE_SECONDS = 3600


async def tell_closed(ws: Workspace, team: Team, calendar: Calendar, queue: Sequence[Conversation]) -> None:
    """Whoever wrote since the team closed."""
    now = ws.clock.now()
    since = closed_since(calendar, now)
    if since is None or not team.closed_reply:
        return
    for conversation in queue:
        heard = max((r.last_inbound_at for r in conversation.reach if r.last_inbound_at), default=None)
        if conversation.told_closed == since or heard is None or heard < since:
            continue
        opens = next_open(calendar, now)
        said = {"team.opens_at": _at(opens, calendar.zone) if opens else None}
        await _say(ws, team, conversation, team.closed_reply, said, f"closed/{since.isoformat()}")

        def told(now: Conversation) -> Conversation:
            return now if now.told_closed == since else replace(now, told_closed=since)

        await conversations.change(ws, await conversations.get(ws, conversation.id), told)


async def tell_places(ws: Workspace, team: Team, queue: Sequence[Conversation]) -> None:
    """Whoever has waited for a moment, and whose place is news to them; `queue` is in order."""
    if not team.position_reply:
        return
    pace = await _seconds_each(ws, team)
    for place, conversation in enumerate(queue, 1):
        queued = conversation.routing
        if queued is None or ws.clock.now() - queued.at < PATIENCE or (queued.told and place > queued.told // 2):
            continue
        minutes = str(max(1, math.ceil(place * pace / 60))) if pace else "a few"
        said = {"queue.position": str(place), "queue.minutes": minutes}
        await _say(ws, team, conversation, team.position_reply, said, f"place/{queued.since.isoformat()}/{place}")

        def told(now: Conversation, place: int = place) -> Conversation:
            if now.routing is None or now.routing.told == place:
                return now
            return replace(now, routing=replace(now.routing, told=place))

        await conversations.change(ws, await conversations.get(ws, conversation.id), told)


async def note_given(ws: Workspace, team: Team) -> None:
    """A conversation of this team has found its agent: part of the team's pace."""
    redis: Any = ws.redis
    with suppress(RedisError, OSError, TimeoutError):
        await redis.lpush(_pace_key(team), str(ws.clock.now().timestamp()))
        await redis.ltrim(_pace_key(team), 0, _PACE_OF - 1)
        await redis.expire(_pace_key(team), _PACE_SECONDS)


async def _seconds_each(ws: Workspace, team: Team) -> float | None:
    """How long it lately took from one assignment to the next; None if there were too few to tell."""
    redis: Any = ws.redis
    try:
        times = [float(at) for at in await redis.lrange(_pace_key(team), 0, -1)]
    except (RedisError, OSError, TimeoutError):
        return None
    return (max(times) - min(times)) / (len(times) - 1) if len(times) >= 3 else None


async def _say(
    ws: Workspace, team: Team, conversation: Conversation, text: str, said: Mapping[str, str | None], about: str
) -> None:
    with suppress(AppError):
        known = await variables.values(ws, conversation, agent_name=team.name)
        written = variables.render(text, {**known, "team.name": team.name, **said})
        if not written.bare:
            return
        draft = Draft(
            content=Text(text=written.bare),
            author=Author("bot", team.id, team.name),
            client_id=ids.derived("say", conversation.id, about),
        )
        await outbox.enqueue(ws, conversation, draft)


def _at(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%A} {local:%H:%M}"


def _pace_key(team: Team) -> str:
    return f"parley:pace:{team.id}"
