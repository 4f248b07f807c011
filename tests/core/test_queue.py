"""The background lane on a real Valkey: what a worker did that was killed is gone on with by another."""

import asyncio
import secrets
from typing import Any

import pytest
from arq.constants import in_progress_key_prefix
from arq.worker import Worker

from app.core import queue
from app.core.queue import Job, Lane, background_options
from app.core.runtime import Runtime


async def test_a_job_of_a_dead_worker_is_taken_by_another(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_MARKED_SECONDS", 3.0)
    name = f"test-{secrets.token_hex(4)}"
    monkeypatch.setattr(queue, "_BACKGROUND_QUEUE", name)
    begun: asyncio.Queue[str] = asyncio.Queue()
    over = asyncio.Event()

    async def work(ctx: dict[str, Any], what: str) -> None:
        begun.put_nowait(what)
        await over.wait()

    def worker() -> Worker:
        jobs = [Job(work, Lane.BACKGROUND, timeout_seconds=24 * 3_600)]
        return Worker(redis_pool=runtime.redis, handle_signals=False, **background_options(jobs))

    async with asyncio.timeout(30):
        await runtime.queue.enqueue("work", "one", lane=Lane.BACKGROUND, job_id=name)
        workers = (worker(), worker())
        first = asyncio.create_task(workers[0].async_run())
        assert await begun.get() == "one"
        mark = f"{in_progress_key_prefix}{name}"
        # It is renewed as long as the job runs, and never for longer than a while.
        for _ in range(20):
            assert 0 < await runtime.redis.pttl(mark) <= 3_000
            await asyncio.sleep(0.1)
        assert begun.empty()
        # As SIGKILL leaves it: the job is neither ended nor given back, its mark stays behind and is not renewed.
        (renewing,) = [task for task in asyncio.all_tasks() if task.get_name() == mark]
        renewing.cancel()
        second = asyncio.create_task(workers[1].async_run())
        assert await begun.get() == "one"
        over.set()
        # Nobody is stopped in the middle of a word with Redis.
        for each in workers:
            each.allow_pick_jobs = False
            await asyncio.gather(*each.tasks.values(), return_exceptions=True)
        for running in (first, second):
            running.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
