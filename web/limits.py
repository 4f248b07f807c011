"""How much strangers may do: counted in Redis per browser and per network address, over all processes."""

from collections.abc import Sequence
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core import log
from app.core.scripts import Script
from app.core.security import hash_token

_log = log.get("web")

# Nothing is counted when any of the limits is reached, so that trying again does not make the wait longer.
_TAKE = Script("""
local wait = 0
for i = 1, #KEYS do
  if tonumber(redis.call('GET', KEYS[i]) or '0') >= tonumber(ARGV[i * 2 - 1]) then
    wait = math.max(wait, redis.call('PTTL', KEYS[i]), 1)
  end
end
if wait > 0 then return wait end
for i = 1, #KEYS do
  if redis.call('INCR', KEYS[i]) == 1 then redis.call('EXPIRE', KEYS[i], ARGV[i * 2]) end
end
return 0
""")


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` in so many seconds."""

    what: str
    subject: str
    most: int
    seconds: int

    @property
    def key(self) -> str:
        return f"parley:limit:{self.what}:{hash_token(self.subject)[:32]}"


async def take(redis: Redis, limits: Sequence[Limit]) -> int:
    """0 if it may be done (it is counted then), else after how many seconds to try again."""
    args: list[int] = []
    for limit in limits:
        args += [limit.most, limit.seconds]
    try:
        wait_ms = int(await _TAKE.run(redis, [limit.key for limit in limits], args))
    except (RedisError, OSError, TimeoutError) as error:
        # What a customer wants counts for more than the count.
        _log.warning("limits_not_counted", error=type(error).__name__)
        return 0
    return -(-wait_ms // 1000)
