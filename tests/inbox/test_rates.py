"""Token buckets over two clients: never more than burst + rate·t leave, whoever asks and however often."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core import ids
from app.core.runtime import Runtime, open_runtime
from app.core.settings import Settings
from channels.contract import RateLimits
from inbox import rates
from inbox.rates import Pair

SLOW = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
async def other(settings: Settings) -> AsyncIterator[Runtime]:
    """Another process."""
    async with open_runtime(settings) as opened:
        yield opened


async def taken(clients: list[Runtime], pairs: list[Pair], limits: RateLimits, seconds: float) -> tuple[int, float]:
    """How many tokens both clients got, asking as fast as they can; and how long it took."""
    began = time.monotonic()
    got = 0
    while time.monotonic() - began < seconds:
        asked = [rates.take(client, pair, limits) for client in clients for pair in pairs]
        got += sum(wait == 0 for wait in await asyncio.gather(*asked))
    return got, time.monotonic() - began


@SLOW
@given(rate=st.floats(5, 200), burst=st.integers(1, 20), people=st.integers(1, 4))
async def test_a_sender_never_exceeds_burst_and_rate(
    runtime: Runtime, other: Runtime, rate: float, burst: int, people: int
) -> None:
    account_id = ids.new("acc")
    pairs = [Pair(account_id, f"sms:{n}") for n in range(people)]
    limits = RateLimits(sender_per_second=rate, sender_burst=burst)
    got, seconds = await taken([runtime, other], pairs, limits, 0.25)
    assert got <= burst + rate * seconds + 1e-6
    assert got >= min(burst, 1)


async def test_a_pair_waits_and_other_people_do_not(runtime: Runtime) -> None:
    account_id = ids.new("acc")
    limits = RateLimits(sender_per_second=1_000, sender_burst=1_000, pair_per_second=0.5, pair_burst=2)
    ana, ben = Pair(account_id, "sms:ana"), Pair(account_id, "sms:ben")
    waits = [await rates.take(runtime, ana, limits) for _ in range(3)]
    assert waits[:2] == [0, 0]
    assert 1.5 < waits[2] <= 2
    assert await rates.take(runtime, ben, limits) == 0


async def test_bulk_leaves_a_fifth_to_people(runtime: Runtime) -> None:
    pair = Pair(ids.new("acc"), "sms:ana")
    limits = RateLimits(sender_per_second=1, sender_burst=10)
    bulk = [await rates.take(runtime, pair, limits, bulk=True) for _ in range(10)]
    assert bulk.count(0) == 8
    assert await rates.take(runtime, pair, limits) == 0


@pytest.mark.parametrize("sender", [True, False])
async def test_who_is_told_to_wait_waits_even_with_a_full_bucket(runtime: Runtime, sender: bool) -> None:
    account_id = ids.new("acc")
    limits = RateLimits(sender_per_second=100, sender_burst=100, pair_per_second=100, pair_burst=100)
    ana, ben = Pair(account_id, "sms:ana"), Pair(account_id, "sms:ben")
    assert await rates.take(runtime, ana, limits) == 0
    await rates.hold(runtime, ana, 30, sender=sender)
    assert 29 < await rates.take(runtime, ana, limits) <= 30
    assert (await rates.take(runtime, ben, limits) > 0) is sender


async def test_a_sender_that_was_told_to_slow_down_sends_less_in_all_processes(
    runtime: Runtime, other: Runtime
) -> None:
    account_id = ids.new("acc")
    limits = RateLimits(sender_per_second=10, sender_burst=10)
    pair = Pair(account_id, "sms:ana")

    async def share(client: Runtime) -> float:
        asked = await rates.take_many(client, account_id, limits, own=ids.new("mlg"), own_per_second=0, count=1)
        return asked.share

    assert await share(runtime) == 1
    await rates.hold(runtime, pair, 30, sender=False)
    assert await share(runtime) == 1
    # What was under way together is told off once, however often it is said; a report may come when the wait is over.
    for _ in range(20):
        await rates.hold(other, pair, 0, sender=True)
    for client in (runtime, other):
        assert 0.7 <= await share(client) < 1
    assert await rates.take(runtime, Pair(account_id, "sms:ben"), limits) == 0
    await rates.hold(other, pair, 30, sender=True)
    held = await rates.take_many(runtime, account_id, limits, own=ids.new("mlg"), own_per_second=0, count=1)
    assert (held.count, held.wait_seconds > 20) == (0, True)
