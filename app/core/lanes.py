"""
Lanes for work that people wait for: taken at once, and waiting for it costs next to nothing.

A lane is a list in Redis on which workers block, and a sorted set of what is due later. A job is one round trip to
enqueue and one to take; what arq spends on a job's life (polls, keys for progress, results and retries) was half of a
message's cost. The price: a job that a dying worker took is gone. Its row is not, and the sweeper asks for it again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core import log
from app.core.scripts import Script

_log = log.get("lanes")

# A worker that waits looks this often whether something became due of which nobody has told it, and says that it is
# alive.
LOOK_SECONDS = 2.5
HEALTH_SECONDS = 5
# How long a stopping worker lets what it has begun come to an end.
STOP_SECONDS = 4.0
_BATCH = 20
_WAKE = b""

# KEYS: ready, later. ARGV: payload, delay in ms. The same payload waits once, at its earliest time. Whoever waits for
# the lane is woken when nothing was due earlier, to wait no longer than that.
_LATER = Script("""
local t = redis.call('TIME')
redis.call('ZADD', KEYS[2], 'LT', t[1] * 1000 + math.floor(t[2] / 1000) + ARGV[2], ARGV[1])
if redis.call('ZRANGE', KEYS[2], 0, 0)[1] == ARGV[1] then redis.call('RPUSH', KEYS[1], '') end
""")
# KEYS: ready, later. ARGV: how many. What is due becomes ready. Answers the ms until more is due (or -1), and the jobs.
_TAKE = Script("""
local t = redis.call('TIME'); local now = t[1] * 1000 + math.floor(t[2] / 1000)
local due = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 500)
for _, payload in ipairs(due) do
  redis.call('ZREM', KEYS[2], payload); redis.call('RPUSH', KEYS[1], payload)
end
local next = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
local taken = redis.call('LPOP', KEYS[1], ARGV[1]) or {}
return {next[2] and math.max(0, next[2] - now) or -1, taken}
""")


@dataclass(frozen=True, slots=True)
class LaneJob:
    """A function that a lane's worker runs, and for how long at most."""

    run: Callable[..., Awaitable[None]]
    timeout_seconds: float


def _keys(lane: str) -> tuple[str, str]:
    return f"parley:lane:{lane}", f"parley:lane:{lane}:later"


async def push(redis: Redis, lane: str, job: str, args: Sequence[str], delay_seconds: float = 0) -> None:
    """One job. A delayed one that already waits is not doubled. Raises RedisError."""
    payload = orjson.dumps([job, *args])
    if delay_seconds > 0:
        await _LATER.run(redis, _keys(lane), (payload, max(1, int(delay_seconds * 1000))))
    else:
        connection: Any = redis
        await connection.rpush(_keys(lane)[0], payload)


async def waiting(redis: Redis, lane: str) -> int:
    """How many jobs wait, delayed ones included."""
    connection: Any = redis
    ready, later = _keys(lane)
    return int(await connection.llen(ready)) + int(await connection.zcard(later))


class LaneWorker:
    """Takes a lane's jobs and runs up to `max_jobs` at once. Jobs get `ctx` first."""

    def __init__(
        self,
        redis: Redis,
        lane: str,
        jobs: Mapping[str, LaneJob],
        ctx: Mapping[str, Any],
        *,
        max_jobs: int,
        health_key: str,
    ) -> None:
        self._redis: Any = redis
        self._lane = lane
        self._jobs = jobs
        self._ctx = ctx
        self._max_jobs = max_jobs
        self._health_key = health_key
        self._running: set[asyncio.Task[None]] = set()
        # When to look for what became due; the first look is at once.
        self._look_at = 0.0
        self._alive_at = float("-inf")

    async def async_run(self) -> None:
        """Until cancelled; a lost Redis is waited for. What runs then gets a few seconds to end."""
        try:
            while True:
                try:
                    await self._say_alive()
                    for payload in await self._take():
                        task = asyncio.create_task(self._run(payload))
                        self._running.add(task)
                        task.add_done_callback(self._running.discard)
                    # They begin before the next is waited for.
                    await asyncio.sleep(0)
                except (RedisError, OSError) as error:
                    _log.warning("lane_waits_for_redis", lane=self._lane, error=type(error).__name__)
                    await asyncio.sleep(1)
        finally:
            await self._end()

    async def _take(self) -> list[bytes]:
        """What to run now; waits for a free place, then for a job, but not beyond the next look."""
        while len(self._running) >= self._max_jobs:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        free = min(_BATCH, self._max_jobs - len(self._running))
        now = asyncio.get_running_loop().time()
        if now >= self._look_at:
            wait_ms, taken = await _TAKE.run(self._redis, _keys(self._lane), (free,))
            self._look_at = now + (LOOK_SECONDS if wait_ms < 0 else min(LOOK_SECONDS, wait_ms / 1000))
        else:
            # Redis rounds a wait of less than a millisecond down to for ever.
            seconds = max(0.002, self._look_at - now)
            answer = await self._redis.blmpop(seconds, 1, _keys(self._lane)[0], direction="LEFT", count=free)
            taken = answer[1] if answer else []
            if _WAKE in taken:
                self._look_at = 0.0
        return [payload for payload in taken if payload != _WAKE]

    async def _run(self, payload: bytes) -> None:
        name, *args = orjson.loads(payload)
        job = self._jobs.get(name)
        if job is None:
            _log.error("job_unknown", lane=self._lane, job=name)
            return
        try:
            async with asyncio.timeout(job.timeout_seconds):
                await job.run(self._ctx, *args)
        except Exception as error:
            # An edge: one job that fails must not take the lane down. Its row stays, and the sweeper asks again.
            _log.exception("job_failed", lane=self._lane, job=name, error=type(error).__name__)

    async def _say_alive(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._alive_at >= HEALTH_SECONDS:
            self._alive_at = now
            await self._redis.set(self._health_key, f"running {len(self._running)}", ex=2 * HEALTH_SECONDS + 1)

    async def _end(self) -> None:
        if self._running:
            await asyncio.wait(self._running, timeout=STOP_SECONDS)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
