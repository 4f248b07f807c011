"""
Leases: one holder at a time for the work of one contact, in Redis, with an ownership token and an end.

Whoever comes while the lease is held leaves a mark, and the holder looks once more before it lets go, so no wake-up
is lost. A lease keeps order and saves work; correctness rests on unique indexes, which hold even if Redis is lost.

A lease is short, so that what a killed process held is soon taken over, and renewed as long as its holder lives.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core.scripts import Script

SECONDS = 30
# For work that may safely be done by two at once should its holder stand still: what a killed one held is free sooner.
BRIEF_SECONDS = 9

_ACQUIRE = Script("""
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[2]) then return 1 end
redis.call('SET', KEYS[2], '1', 'EX', ARGV[2])
return 0
""")
_RENEW = Script("""
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('EXPIRE', KEYS[1], ARGV[2])
if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('EXPIRE', KEYS[2], ARGV[2]) end
return 1
""")
_RELEASE = Script("""
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if redis.call('DEL', KEYS[2]) == 1 then redis.call('EXPIRE', KEYS[1], ARGV[2]) return 1 end
redis.call('DEL', KEYS[1])
return 0
""")


class Lease:
    """
    A held lease; `again` asks whether somebody came meanwhile, and lets go if nobody did.

    `lost` is true when another may hold it by now: the holder stops at the next safe place.
    """

    def __init__(self, redis: Redis, name: str, token: str, seconds: int) -> None:
        self._redis = redis
        self._name = name
        self._token = token
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._held_until = self._loop.time() + seconds
        self._renewing: asyncio.Task[None] | None = None
        # A timer, not a task: most leases are let go long before they have to be renewed.
        self._timer = self._loop.call_later(seconds / 3, self._due)
        self._lost = False
        self.released = False

    @property
    def lost(self) -> bool:
        return self._lost or self._loop.time() > self._held_until

    async def again(self) -> bool:
        """True: more work came, and the lease is still held. False: it has been let go."""
        more = await _RELEASE.run(self._redis, _keys(self._name), (self._token, self._seconds))
        if more:
            self._held_until = self._loop.time() + self._seconds
        self.released = not more
        return bool(more)

    def _due(self) -> None:
        self._renewing = self._loop.create_task(self._renew())

    async def _renew(self) -> None:
        asked_at = self._loop.time()
        try:
            if await _RENEW.run(self._redis, _keys(self._name), (self._token, self._seconds)):
                self._held_until = asked_at + self._seconds
            else:
                self._lost = True
                return
        except (RedisError, OSError, TimeoutError):
            # Tried again until the time is over.
            pass
        self._timer = self._loop.call_later(self._seconds / 3, self._due)

    def stop_renewing(self) -> None:
        self._timer.cancel()
        if self._renewing is not None:
            self._renewing.cancel()


@asynccontextmanager
async def hold(redis: Redis, name: str, seconds: int | None = None) -> AsyncIterator[Lease | None]:
    """The lease, or None if another holds it (who has then been told to look again)."""
    token, seconds = secrets.token_hex(8), seconds or SECONDS
    if not await _ACQUIRE.run(redis, _keys(name), (token, seconds)):
        yield None
        return
    lease = Lease(redis, name, token, seconds)
    try:
        yield lease
    finally:
        lease.stop_renewing()
        while not lease.released:
            # Left by an exception: work that was announced meanwhile is left to the sweeper.
            await lease.again()


def _keys(name: str) -> tuple[str, str]:
    return f"parley:lease:{name}", f"parley:lease:{name}:again"
