"""The background lane on a real Valkey: what a worker did that was killed is gone on with by another."""

import asyncio
import os
import secrets
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from arq.constants import in_progress_key_prefix
from arq.worker import Worker

from app.core import queue
from app.core.queue import Job, Lane, background_options
from app.core.runtime import Runtime

ROOT = Path(__file__).resolve().parents[2]
MARKED_SECONDS = 6.0
# A worker as it runs in production, but for its one job and for how long a mark lasts; it says when it has begun.
_WORKER = """
import asyncio, sys
from arq.worker import Worker
from app.core import queue
from app.core.queue import Job, Lane, background_options

url, queue._BACKGROUND_QUEUE, seconds = sys.argv[1:]
queue._MARKED_SECONDS = float(seconds)

async def work(ctx, what):
    print(what, flush=True)
    await asyncio.Event().wait()

async def main():
    jobs = [Job(work, Lane.BACKGROUND, timeout_seconds=24 * 3_600)]
    pool = await queue.open_pool(url)
    await Worker(redis_pool=pool, handle_signals=False, **background_options(jobs)).async_run()

asyncio.run(main())
"""


async def test_a_job_of_a_killed_worker_is_taken_by_another(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_MARKED_SECONDS", MARKED_SECONDS)
    name = f"test-{secrets.token_hex(4)}"
    monkeypatch.setattr(queue, "_BACKGROUND_QUEUE", name)
    begun: asyncio.Queue[str] = asyncio.Queue()

    async def work(ctx: dict[str, Any], what: str) -> None:
        begun.put_nowait(what)

    jobs = [Job(work, Lane.BACKGROUND, timeout_seconds=24 * 3_600)]
    second = Worker(redis_pool=runtime.redis, handle_signals=False, **background_options(jobs))
    url = runtime.settings.redis_url.get_secret_value()
    first = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _WORKER, url, name, str(MARKED_SECONDS)),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert first.stdout is not None
    running: asyncio.Task[None] | None = None
    mark = f"{in_progress_key_prefix}{name}"
    try:
        async with asyncio.timeout(60):
            await runtime.queue.enqueue("work", "one", lane=Lane.BACKGROUND, job_id=name)
            assert await first.stdout.readline() == b"one\n"
            running = asyncio.create_task(second.async_run())
            # Renewed while the job runs, again and again, and never for longer than that at a time.
            renewed, before = 0, MARKED_SECONDS * 1_000
            while renewed < 2:
                left = await runtime.redis.pttl(mark)
                assert 0 < left <= MARKED_SECONDS * 1_000
                renewed, before = renewed + (left > before), left
                await asyncio.sleep(0.1)
            assert begun.empty()
            first.send_signal(signal.SIGKILL)
            assert await first.wait() == -signal.SIGKILL
            # Neither ended nor given back; its mark stays behind, and nobody renews it.
            assert await begun.get() == "one"
            second.allow_pick_jobs = False
            await asyncio.gather(*second.tasks.values(), return_exceptions=True)
    finally:
        if first.returncode is None:
            first.kill()
            await first.wait()
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
