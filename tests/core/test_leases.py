"""Leases: one holder at a time, no wake-up lost, taken over from whoever is gone, noticed by whoever lost one."""

import asyncio

import pytest

from app.core import ids, leases
from app.core.runtime import Runtime
from tests.support.shop import eventually


@pytest.fixture
def name() -> str:
    return ids.new("lease")


async def test_one_holder_at_a_time_and_no_wake_up_is_lost(runtime: Runtime, name: str) -> None:
    async with leases.hold(runtime.redis, name) as mine:
        assert mine is not None
        async with leases.hold(runtime.redis, name) as theirs:
            assert theirs is None
        assert await mine.again() is True
        assert await mine.again() is False
    async with leases.hold(runtime.redis, name) as next_one:
        assert next_one is not None


async def test_a_failure_lets_go(runtime: Runtime, name: str) -> None:
    with pytest.raises(RuntimeError):
        async with leases.hold(runtime.redis, name):
            raise RuntimeError
    async with leases.hold(runtime.redis, name) as mine:
        assert mine is not None


async def test_it_is_renewed_as_long_as_its_holder_lives(runtime: Runtime, name: str) -> None:
    async with leases.hold(runtime.redis, name, 1) as mine:
        assert mine is not None
        await asyncio.sleep(1.4)
        assert not mine.lost
        async with leases.hold(runtime.redis, name) as theirs:
            assert theirs is None


async def test_the_holder_learns_that_another_has_it(runtime: Runtime, name: str) -> None:
    async with leases.hold(runtime.redis, name, 1) as mine:
        assert mine is not None
        # As after Redis was lost: whoever comes next gets it.
        await runtime.redis.delete(f"parley:lease:{name}")
        async with leases.hold(runtime.redis, name) as theirs:
            assert theirs is not None

            async def lost() -> bool:
                return mine.lost

            await eventually(lost)
            # And does not take it away from the new holder.
            assert await mine.again() is False
        async with leases.hold(runtime.redis, name) as after:
            assert after is not None
