"""
Leases: one holder at a time for the work of one contact, in Redis, with an ownership token and an end.

Whoever comes while the lease is held leaves a mark, and the holder looks once more before it lets go, so no wake-up
is lost. A lease keeps order and saves work; correctness rests on unique indexes, which hold even if Redis is lost.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from app.core.scripts import Script

SECONDS = 90

_ACQUIRE = Script("""
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[2]) then return 1 end
redis.call('SET', KEYS[2], '1', 'EX', ARGV[2])
return 0
""")
_RELEASE = Script("""
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if redis.call('DEL', KEYS[2]) == 1 then redis.call('EXPIRE', KEYS[1], ARGV[2]) return 1 end
redis.call('DEL', KEYS[1])
return 0
""")


class Lease:
    """A held lease; `again` asks whether somebody came meanwhile, and lets go if nobody did."""

    def __init__(self, redis: Redis, name: str, token: str) -> None:
        self._redis = redis
        self._name = name
        self._token = token
        self.released = False

    async def again(self) -> bool:
        """True: more work came, and the lease is still held. False: it has been let go."""
        more = await _RELEASE.run(self._redis, _keys(self._name), (self._token, SECONDS))
        self.released = not more
        return bool(more)


@asynccontextmanager
async def hold(redis: Redis, name: str) -> AsyncIterator[Lease | None]:
    """The lease, or None if another holds it (who has then been told to look again)."""
    token = secrets.token_hex(8)
    if not await _ACQUIRE.run(redis, _keys(name), (token, SECONDS)):
        yield None
        return
    lease = Lease(redis, name, token)
    try:
        yield lease
    finally:
        while not lease.released:
            # Left by an exception: work that was announced meanwhile is left to the sweeper.
            await lease.again()


def _keys(name: str) -> tuple[str, str]:
    return f"parley:lease:{name}", f"parley:lease:{name}:again"
