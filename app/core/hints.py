"""
Hints: wake a background task that would look by itself a little later. Losing one costs only that little while.

A hint is there or not, however often it is given, so it can never pile up.
"""

import asyncio
from contextlib import suppress
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core.scripts import Script

_GIVE = Script("""
if redis.call('LLEN', KEYS[1]) == 0 then redis.call('RPUSH', KEYS[1], '1') end
redis.call('EXPIRE', KEYS[1], 60)
return 1
""")


async def give(redis: Redis, name: str) -> None:
    """Best effort."""
    with suppress(RedisError, OSError, TimeoutError):
        await _GIVE.run(redis, [_key(name)], [])


async def wait(redis: Redis, name: str, seconds: float) -> bool:
    """Until the hint is given, or the time is over; whether it was given. Raises RedisError."""
    connection: Any = redis
    return await connection.blpop([_key(name)], timeout=seconds) is not None


async def pause(redis: Redis, name: str, seconds: float) -> None:
    """Until the hint is given, or the time is over; without Redis the time passes."""
    try:
        await wait(redis, name, seconds)
    except (RedisError, OSError, TimeoutError):
        await asyncio.sleep(seconds)


def _key(name: str) -> str:
    return f"parley:hint:{name}"
