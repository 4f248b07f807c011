"""
The job queue: the only code that enqueues, and the only one that knows arq.

Arguments are JSON and ids only. Jobs are hints: losing Redis or a worker loses no work, because each job finds its work
in rows of MongoDB, and a sweeper enqueues again what is overdue. So a failed enqueue is logged, never raised.

What people wait for goes over lanes of our own (see lanes.py); the background lane, with its tries and results, is
arq's.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, cast

import orjson
from arq.connections import ArqRedis, RedisSettings
from arq.constants import in_progress_key_prefix
from arq.worker import Worker, func
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff
from redis.exceptions import RedisError

from app.core import lanes, log
from app.core.connections import Commands, Connections, connections
from app.core.lanes import LaneJob, LaneWorker

_log = log.get("queue")


class Lane(StrEnum):
    """Separate queues, so that none waits for another: what customers write, what people answer, pushes, the rest."""

    INBOUND = "inbound"
    REPLIES = "replies"
    PUSH = "push"
    BACKGROUND = "background"


@dataclass(frozen=True, slots=True)
class Job:
    """A function that a worker runs: in which lane, for how long at most, how often the background lane tries it."""

    run: Callable[..., Awaitable[None]]
    lane: Lane
    timeout_seconds: float = 60
    max_tries: int = 5

    @property
    def name(self) -> str:
        return self.run.__name__


# How many jobs of a lane run at once in one worker process.
_MAX_JOBS = {Lane.INBOUND: 50, Lane.REPLIES: 50, Lane.PUSH: 20, Lane.BACKGROUND: 10}
# arq starts at most max(5 × max_jobs, 100) jobs per poll.
_BACKGROUND_POLL_SECONDS = 0.2
# A worker that has not renewed its mark on a job for so long is taken for dead, and another goes on.
_MARKED_SECONDS = 60.0


_BACKGROUND_QUEUE = "parley:queue:background"
_FIRST_ANSWER_TRIES = 5
_FIRST_ANSWER_SECONDS = 1
# A Redis that hangs must not hang a webhook: the work is stored, and the sweeper asks for it.
_ENQUEUE_SECONDS = 3.0


def _dumps(value: Any) -> bytes:
    # A job that raised carries its exception as a result; its text is enough, and JSON can hold it.
    return orjson.dumps(value, default=repr)


class Queue:
    """Puts jobs on lanes."""

    def __init__(self, pool: ArqRedis) -> None:
        self._pool = pool

    async def enqueue(
        self, job: str, *args: str, lane: Lane, delay_seconds: float = 0, job_id: str | None = None
    ) -> None:
        """
        Ask a worker to run `job`. A delayed job is swallowed by an equal one that waits already; in the background one
        with a `job_id` also by one of that id that waits or runs. That saves work and is no guarantee.
        """
        try:
            async with asyncio.timeout(_ENQUEUE_SECONDS):
                if lane is not Lane.BACKGROUND:
                    await lanes.push(self._pool, lane.value, job, args, delay_seconds)
                    return
                await self._pool.enqueue_job(
                    job,
                    *args,
                    _job_id=job_id,
                    _queue_name=_BACKGROUND_QUEUE,
                    _defer_by=timedelta(seconds=delay_seconds) if delay_seconds > 0 else None,
                )
        except (RedisError, OSError, TimeoutError) as error:
            _log.warning("enqueue_failed", job=job, error=type(error).__name__)

    async def lag(self) -> dict[str, int]:
        """Jobs that wait, by lane."""
        people = {lane.value: await lanes.waiting(self._pool, lane.value) for lane in Lane if lane != Lane.BACKGROUND}
        return {**people, Lane.BACKGROUND.value: int(await self._pool.zcard(_BACKGROUND_QUEUE))}


def redis_settings(url: str) -> RedisSettings:
    settings = RedisSettings.from_dsn(url)
    settings.conn_timeout = 3
    settings.conn_retries = 5
    settings.conn_retry_delay = 1
    settings.max_connections = 100
    return settings


class _Pool(ArqRedis):
    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Commands:
        return Commands(self.connection_pool, self.response_callbacks, transaction, shard_hint)


async def open_pool(url: str) -> ArqRedis:
    """
    The connection pool that everything of ours in Redis shares, as soon as Redis answers. `close_pool` ends it. Raises
    RedisError, OSError if it does not within some seconds.
    """
    pool = _Pool(connections(url), job_serializer=_dumps, job_deserializer=orjson.loads)
    try:
        await Retry(ConstantBackoff(_FIRST_ANSWER_SECONDS), _FIRST_ANSWER_TRIES).call_with_retry(pool.ping, _no_answer)
    except BaseException:
        await close_pool(pool)
        raise
    return pool


async def _no_answer(error: Exception) -> None:
    _log.warning("redis_does_not_answer", error=type(error).__name__)


async def close_pool(pool: ArqRedis) -> None:
    """Ends every connection for good."""
    await cast(Connections, pool.connection_pool).end()


def _marked(run: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """
    A job whose mark in Redis lasts for seconds at a time. arq marks what runs for as long as the longest job of all may
    take, here a day: after a `kill -9` nobody would go on with it, nor be asked anew for it, until then.
    """

    async def marked(ctx: dict[str, Any], *args: str) -> None:
        mark = f"{in_progress_key_prefix}{ctx['job_id']}"
        # Before anything else: who is killed with arq's mark on the job is waited for a day.
        await _shorten(ctx["redis"], mark)
        renewing = asyncio.create_task(_renew(ctx["redis"], mark), name=mark)
        try:
            await run(ctx, *args)
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    return marked


async def _renew(redis: ArqRedis, key: str) -> None:
    """Until cancelled; a lost Redis is waited for, and a mark that is gone stays gone."""
    while True:
        await asyncio.sleep(_MARKED_SECONDS / 6)
        await _shorten(redis, key)


async def _shorten(redis: ArqRedis, key: str) -> None:
    with suppress(RedisError, OSError):
        await redis.pexpire(key, int(_MARKED_SECONDS * 1000))


def background_options(jobs: Sequence[Job]) -> dict[str, Any]:
    """How arq runs the background lane."""
    return {
        "functions": [
            func(_marked(job.run), name=job.name, timeout=job.timeout_seconds, max_tries=job.max_tries, keep_result=0)  # type: ignore[arg-type]
            for job in jobs
            if job.lane is Lane.BACKGROUND
        ],
        "queue_name": _BACKGROUND_QUEUE,
        "poll_delay": _BACKGROUND_POLL_SECONDS,
        "max_jobs": _MAX_JOBS[Lane.BACKGROUND],
        "keep_result": 0,
        "health_check_key": health_key(Lane.BACKGROUND),
        "health_check_interval": 10,
        "job_serializer": _dumps,
        "job_deserializer": orjson.loads,
        "log_results": False,
    }


def health_key(lane: Lane) -> str:
    """Present as long as some worker serves the lane."""
    return f"parley:health:{lane.value}"


def build_worker(lane: Lane, jobs: Sequence[Job], ctx: dict[str, Any], pool: ArqRedis) -> Worker | LaneWorker:
    """A worker for one lane that shares `ctx` and the pool with its siblings in this process."""
    if lane is Lane.BACKGROUND:
        worker = Worker(ctx=ctx, redis_pool=pool, handle_signals=False, **background_options(jobs))
        worker.in_progress_timeout_s = _MARKED_SECONDS
        return worker
    runs = {job.name: LaneJob(job.run, job.timeout_seconds) for job in jobs if job.lane is lane}
    return LaneWorker(pool, lane.value, runs, ctx, max_jobs=_MAX_JOBS[lane], health_key=health_key(lane))
