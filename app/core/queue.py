"""
The job queue: the only code that enqueues, and the only one that knows arq.

Arguments are JSON and ids only. Delivery is at least once, and losing Redis loses no work: each job finds its work in
rows of MongoDB, and a sweeper enqueues again what is overdue. So a failed enqueue is logged, never raised.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

import orjson
from arq.connections import ArqRedis, RedisSettings, create_pool
from arq.worker import Worker, func
from redis.exceptions import RedisError

from app.core import log

_log = log.get("queue")


class Lane(StrEnum):
    """Separate queues, so that none waits for another: what customers write, what people answer, the rest."""

    INBOUND = "inbound"
    REPLIES = "replies"
    BACKGROUND = "background"


@dataclass(frozen=True, slots=True)
class Job:
    """A function that a worker runs: in which lane, for how long at most, how often it is tried."""

    run: Callable[..., Awaitable[None]]
    lane: Lane
    timeout_seconds: float = 60
    max_tries: int = 5

    @property
    def name(self) -> str:
        return self.run.__name__


# How soon people's work is picked up, and how many jobs of a lane run at once in one worker process. arq starts at
# most max(5 × max_jobs, 100) jobs per poll.
_POLL_SECONDS = {Lane.INBOUND: 0.01, Lane.REPLIES: 0.01, Lane.BACKGROUND: 0.2}
_MAX_JOBS = {Lane.INBOUND: 50, Lane.REPLIES: 50, Lane.BACKGROUND: 10}


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
        Ask a worker to run `job`. With `job_id`, a job of that id that still waits or runs swallows this one: a hint to
        save work, never a guarantee.
        """
        try:
            await self._pool.enqueue_job(
                job,
                *args,
                _job_id=job_id,
                _queue_name=queue_name(lane),
                _defer_by=timedelta(seconds=delay_seconds) if delay_seconds > 0 else None,
            )
        except (RedisError, OSError, TimeoutError) as error:
            _log.warning("enqueue_failed", job=job, error=type(error).__name__)

    async def lag(self) -> dict[str, int]:
        """Jobs that wait, by lane."""
        return {lane.value: int(await self._pool.zcard(queue_name(lane))) for lane in Lane}


def queue_name(lane: Lane) -> str:
    return f"parley:queue:{lane.value}"


def redis_settings(url: str) -> RedisSettings:
    settings = RedisSettings.from_dsn(url)
    settings.conn_timeout = 3
    settings.conn_retries = 5
    settings.conn_retry_delay = 1
    settings.max_connections = 100
    return settings


async def open_pool(url: str) -> ArqRedis:
    """The connection pool that everything of ours in Redis shares."""
    return await create_pool(redis_settings(url), job_serializer=_dumps, job_deserializer=orjson.loads)


def worker_options(lane: Lane, jobs: Sequence[Job]) -> dict[str, Any]:
    """How arq runs one lane: what the lanes of a process share is given beside it."""
    return {
        "functions": [
            func(job.run, name=job.name, timeout=job.timeout_seconds, max_tries=job.max_tries, keep_result=0)  # type: ignore[arg-type]
            for job in jobs
            if job.lane is lane
        ],
        "queue_name": queue_name(lane),
        "poll_delay": _POLL_SECONDS[lane],
        "max_jobs": _MAX_JOBS[lane],
        "keep_result": 0,
        "health_check_key": health_key(lane),
        "health_check_interval": 10,
        "job_serializer": _dumps,
        "job_deserializer": orjson.loads,
        "log_results": False,
    }


def health_key(lane: Lane) -> str:
    """Present as long as some worker serves the lane."""
    return f"parley:health:{lane.value}"


def build_worker(lane: Lane, jobs: Sequence[Job], ctx: dict[str, Any], pool: ArqRedis) -> Worker:
    """A worker for one lane that shares `ctx` and the pool with its siblings in this process."""
    return Worker(ctx=ctx, redis_pool=pool, handle_signals=False, **worker_options(lane, jobs))
