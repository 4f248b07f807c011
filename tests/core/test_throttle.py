"""Growing delays, against a real Redis."""

import asyncio
import secrets

import pytest

from app.core import throttle
from app.core.errors import TooManyRequests
from app.core.runtime import Runtime
from app.core.throttle import Limit


def limit(kind: str = "test", free: int = 2, longest: int = 300) -> Limit:
    return Limit(kind, secrets.token_hex(8), free=free, longest_wait_seconds=longest)


async def test_waiting_is_not_counted_as_an_attempt(runtime: Runtime) -> None:
    one = limit()
    await throttle.attempt(runtime.redis, [one])
    await throttle.attempt(runtime.redis, [one])
    for _ in range(5):
        with pytest.raises(TooManyRequests) as refused:
            await throttle.attempt(runtime.redis, [one])
        assert refused.value.retry_after_seconds == 1


async def test_the_wait_has_an_upper_end(runtime: Runtime) -> None:
    one = limit(free=0, longest=1)
    for _ in range(3):
        await throttle.attempt(runtime.redis, [one])
        with pytest.raises(TooManyRequests) as refused:
            await throttle.attempt(runtime.redis, [one])
        assert refused.value.retry_after_seconds == 1
        await asyncio.sleep(1)


async def test_giving_back_ends_only_the_wait_that_the_attempt_began(runtime: Runtime) -> None:
    shared, own, other = limit("ip", free=2), limit(free=100), limit(free=100)
    mine = await throttle.attempt(runtime.redis, [own, shared])
    await throttle.attempt(runtime.redis, [other, shared])
    await throttle.give_back(runtime.redis, [own, shared], mine)
    with pytest.raises(TooManyRequests):
        await throttle.attempt(runtime.redis, [limit(), shared])


async def test_right_attempts_leave_no_trace(runtime: Runtime) -> None:
    one = limit()
    for _ in range(10):
        mark = await throttle.attempt(runtime.redis, [one])
        await throttle.give_back(runtime.redis, [one], mark)


async def test_forgetting_starts_from_nothing(runtime: Runtime) -> None:
    one = limit(free=1)
    for _ in range(3):
        await throttle.attempt(runtime.redis, [one])
        await throttle.forget(runtime.redis, [one])


async def test_many_at_once_get_no_more_than_is_free(runtime: Runtime) -> None:
    one = limit(free=3)
    results = await asyncio.gather(*(throttle.attempt(runtime.redis, [one]) for _ in range(50)), return_exceptions=True)
    assert sum(isinstance(result, str) for result in results) == 3
