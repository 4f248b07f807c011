"""
Which conversation each connected screen shows: an item for each in a sorted set of its workspace, that ends by itself
when the screen stops renewing it. A screen that drops off without a word is forgotten within a minute.
"""

from dataclasses import dataclass
from typing import Any

from app.core.runtime import Workspace
from app.core.scripts import Script

# A screen says that it is there every 25 seconds.
SECONDS = 60
# Of more screens than these nobody is told: it would be no help, and no small message.
MOST = 500

# KEYS: the set. ARGV: the item before (or ''), the item now (or ''), seconds, most. Gives what all look at.
_LOOK = Script("""
local now = tonumber(redis.call('TIME')[1])
if ARGV[1] ~= '' then redis.call('ZREM', KEYS[1], ARGV[1]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if ARGV[2] ~= '' then
  redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[2])
  redis.call('EXPIRE', KEYS[1], 600)
end
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf', 'LIMIT', 0, ARGV[4])
""")


@dataclass(frozen=True, slots=True, order=True)
class Look:
    """A member's screen and what it shows."""

    member_id: str
    screen: str
    conversation_id: str


async def look(ws: Workspace, before: Look | None, now: Look | None, *, seconds: int = SECONDS) -> list[Look]:
    """
    A screen turns from one conversation to another, or (the same twice) renews that it is there; what all look at.

    Raises RedisError.
    """
    keys = (f"parley:viewing:{ws.id}",)
    items: Any = await _LOOK.run(ws.redis, keys, (_item(before), _item(now), seconds, MOST))
    return sorted(Look(*item.decode().split("|", 2)) for item in items)


def _item(looked: Look | None) -> str:
    return f"{looked.member_id}|{looked.screen}|{looked.conversation_id}" if looked else ""
