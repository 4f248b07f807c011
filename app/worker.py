"""
The worker process: `python -m arq app.worker.WorkerSettings`, or `python -m app worker`.

arq's own command runs the background lane; the lanes of what people wait for run beside it in the same process and
share the Runtime, so that one command works off everything. More such processes share the work.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import Any

from redis.exceptions import RedisError

from app.core import garbage, log, mongo
from app.core.queue import Lane, background_options, build_worker, redis_settings
from app.core.runtime import Runtime, open_runtime
from app.core.settings import Settings, required_or_exit
from app.core.tasks import end
from app.subscriptions import BACKGROUND, JOBS
from inbox import delivery, inbound

_log = log.get("worker")
_MAIN_LANE = Lane.BACKGROUND


def settings_class(settings: Settings) -> type:
    """What arq's command wants to see, for these settings."""

    async def on_startup(ctx: dict[str, Any]) -> None:
        stack = AsyncExitStack()
        runtime = await stack.enter_async_context(open_runtime(settings))
        ctx.update(runtime=runtime, stack=stack, tasks=start_tasks(runtime))

    async def on_shutdown(ctx: dict[str, Any]) -> None:
        await stop_tasks(ctx["runtime"], ctx["tasks"])
        await ctx["stack"].aclose()

    options = background_options(JOBS)
    options |= {
        "redis_settings": redis_settings(settings.redis_url.get_secret_value()),
        "on_startup": on_startup,
        "on_shutdown": on_shutdown,
    }
    return type("WorkerSettings", (), options)


def start_tasks(runtime: Runtime, lanes: tuple[Lane, ...] | None = None) -> list[asyncio.Task[None]]:
    """The other lanes (or those given) and the background tasks, as tasks of this process."""
    siblings = lanes if lanes is not None else tuple(lane for lane in Lane if lane is not _MAIN_LANE)
    tasks = [asyncio.create_task(_lane(lane, runtime), name=f"lane-{lane.value}") for lane in siblings]
    return tasks + [asyncio.create_task(_forever(name, run, runtime), name=name) for name, run in BACKGROUND.items()]


async def stop_tasks(runtime: Runtime, tasks: list[asyncio.Task[None]]) -> None:
    """Ends them, and takes the last work marks off."""
    await end(tasks)
    with suppress(mongo.DatabaseError, TimeoutError):
        async with asyncio.timeout(3):
            await delivery.clear_marks(runtime)
            await inbound.clear_marks(runtime)


async def _lane(lane: Lane, runtime: Runtime) -> None:
    """One lane's worker, started again after Redis was lost."""
    while True:
        worker = build_worker(lane, JOBS, {"runtime": runtime}, runtime.redis)
        try:
            await worker.async_run()
        except (RedisError, OSError) as error:
            _log.warning("lane_restarts", lane=lane.value, error=type(error).__name__)
        await asyncio.sleep(1)


async def _forever(name: str, run: Callable[[Runtime], Awaitable[None]], runtime: Runtime) -> None:
    """A background task that must not end: a failure is logged, and it starts again."""
    while True:
        try:
            await run(runtime)
        except Exception:
            # An edge: one bad round must not end the task for the life of the process.
            _log.exception("background_task_failed", task=name)
        await asyncio.sleep(1)


def __getattr__(name: str) -> Any:
    """`WorkerSettings`, made when arq asks for it: importing this module must not need an environment."""
    if name != "WorkerSettings":
        raise AttributeError(name)
    settings = required_or_exit()
    log.configure(level=settings.log_level, json=settings.log_json)
    # arq makes the loop itself, and asks for this first.
    with suppress(ImportError):
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    garbage.spare_what_is_loaded()
    return settings_class(settings)
