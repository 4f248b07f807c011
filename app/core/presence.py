"""
Which members are there now, and which are at work on a screen at this moment (it has the focus and was touched a while
ago at most), by their connected screens: each is an item in a sorted set of its workspace that ends by itself when the
screen stops renewing it. Redis' own clock decides, so processes need not agree on the time.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from redis.exceptions import RedisError

from app.core.runtime import Workspace
from app.core.scripts import Script

# A screen says that it is there every 25 seconds.
SECONDS = 60

_SHOW = Script("""
local now = tonumber(redis.call('TIME')[1])
redis.call('ZREM', KEYS[1], ARGV[1] .. '|online', ARGV[1] .. '|away')
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if ARGV[2] ~= 'offline' then
  redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1] .. '|' .. ARGV[2])
  redis.call('EXPIRE', KEYS[1], 600)
end
return 1
""")
_THERE = Script("""
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. redis.call('TIME')[1], '+inf')
""")


class Presence(StrEnum):
    ONLINE = "online"
    AWAY = "away"
    OFFLINE = "offline"


async def set_presence(
    ws: Workspace, member_id: str, presence: Presence, *, screen: str = "", seconds: int = SECONDS
) -> None:
    """One of a member's screens is used (online), left alone (away) or gone (offline)."""
    await _SHOW.run(ws.redis, [_key(ws)], [f"{member_id}|{screen}", presence.value, seconds])


async def everybody(ws: Workspace) -> Mapping[str, Presence]:
    """
    All who have a screen open: online if they use one of them, else away; whoever is not named is offline.

    Raises RedisError, OSError, TimeoutError while Redis cannot be asked.
    """
    found: dict[str, Presence] = {}
    items: Any = await _THERE.run(ws.redis, [_key(ws)], [])
    for item in items:
        member_id, _, rest = item.decode().partition("|")
        there = Presence(rest.rpartition("|")[2])
        if found.get(member_id) is not Presence.ONLINE:
            found[member_id] = there
    return found


async def of(ws: Workspace, member_ids: Sequence[str]) -> dict[str, Presence]:
    """Of each of these members; offline, all of them, while Redis cannot be asked."""
    try:
        there = await everybody(ws) if member_ids else {}
    except (RedisError, OSError, TimeoutError):
        there = {}
    return {member_id: there.get(member_id, Presence.OFFLINE) for member_id in member_ids}


async def set_active(ws: Workspace, member_id: str, active: bool, *, screen: str, seconds: int = SECONDS) -> None:
    """One of a member's screens is at work, or is not any more."""
    shown = Presence.ONLINE if active else Presence.OFFLINE
    await _SHOW.run(ws.redis, [_active_key(ws)], [f"{member_id}|{screen}", shown.value, seconds])


async def is_active(ws: Workspace, member_id: str) -> bool:
    """Raises RedisError, OSError, TimeoutError while Redis cannot be asked."""
    items: Any = await _THERE.run(ws.redis, [_active_key(ws)], [])
    return any(item.decode().partition("|")[0] == member_id for item in items)


def _key(ws: Workspace) -> str:
    return f"parley:there:{ws.id}"


def _active_key(ws: Workspace) -> str:
    return f"parley:active:{ws.id}"
