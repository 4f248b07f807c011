"""Lanes on a real Valkey: nothing is doubled, delayed jobs come when due, a worker stops without breaking off."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app.core import lanes
from app.core.lanes import LaneJob, LaneWorker
from app.core.runtime import Runtime

Ran = list[tuple[str, ...]]


@pytest.fixture
def lane() -> str:
    return f"test-{secrets.token_hex(4)}"


def worker_of(runtime: Runtime, lane: str, **jobs: Callable[..., Awaitable[None]]) -> LaneWorker:
    known = {name: LaneJob(run, 5) for name, run in jobs.items()}
    return LaneWorker(runtime.redis, lane, known, {}, max_jobs=3, health_key=f"parley:health:{lane}")


@asynccontextmanager
async def running(worker: LaneWorker) -> AsyncIterator[None]:
    task = asyncio.create_task(worker.async_run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(ran: Ran, count: int) -> None:
    async with asyncio.timeout(10):
        while True:
            if len(ran) >= count:
                return
            await asyncio.sleep(0.01)


async def test_jobs_run_with_their_arguments_in_order(runtime: Runtime, lane: str) -> None:
    ran: Ran = []

    async def note(ctx: Any, *args: str) -> None:
        ran.append(args)

    for number in range(50):
        await lanes.push(runtime.redis, lane, "note", [str(number), "x"])
    assert await lanes.waiting(runtime.redis, lane) == 50
    async with running(worker_of(runtime, lane, note=note)):
        await until(ran, 50)
    assert ran == [(str(number), "x") for number in range(50)]
    assert await lanes.waiting(runtime.redis, lane) == 0


async def test_a_delayed_job_waits_once_and_comes_after_what_is_ready(runtime: Runtime, lane: str) -> None:
    ran: Ran = []

    async def note(ctx: Any, *args: str) -> None:
        ran.append(args)

    for delay in (0.3, 0.2, 5.0):
        await lanes.push(runtime.redis, lane, "note", ["later"], delay)
    await lanes.push(runtime.redis, lane, "note", ["now"])
    async with running(worker_of(runtime, lane, note=note)):
        await until(ran, 2)
        await lanes.push(runtime.redis, lane, "note", ["last"])
        await until(ran, 3)
    assert ran == [("now",), ("later",), ("last",)]


async def test_a_waiting_worker_wakes_for_a_delayed_job(runtime: Runtime, lane: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(lanes, "LOOK_SECONDS", 60.0)
    ran: Ran = []

    async def note(ctx: Any, *args: str) -> None:
        ran.append(args)

    async with running(worker_of(runtime, lane, note=note)):
        await asyncio.sleep(0.1)
        await lanes.push(runtime.redis, lane, "note", ["soon"], 0.05)
        await until(ran, 1)
    assert ran == [("soon",)]


async def test_a_failing_or_unknown_job_leaves_the_lane_running(runtime: Runtime, lane: str) -> None:
    ran: Ran = []

    async def fail(ctx: Any) -> None:
        raise ValueError("on purpose")

    async def note(ctx: Any, *args: str) -> None:
        ran.append(args)

    for job in ("fail", "unheard_of", "note"):
        await lanes.push(runtime.redis, lane, job, [])
    async with running(worker_of(runtime, lane, fail=fail, note=note)):
        await until(ran, 1)


async def test_no_more_than_max_jobs_at_once_and_all_end_when_stopped(runtime: Runtime, lane: str) -> None:
    began: Ran = []
    ended: Ran = []
    go_on = asyncio.Event()

    async def slow(ctx: Any, *args: str) -> None:
        began.append(args)
        await go_on.wait()
        ended.append(args)

    for number in range(5):
        await lanes.push(runtime.redis, lane, "slow", [str(number)])
    async with running(worker_of(runtime, lane, slow=slow)):
        await until(began, 3)
        await asyncio.sleep(0.1)
        assert len(began) == 3
        asyncio.get_running_loop().call_later(0.1, go_on.set)
    # Stopped while three ran: they came to their end, and the others still wait.
    assert sorted(ended) == sorted(began)
    assert len(ended) + await lanes.waiting(runtime.redis, lane) == 5
