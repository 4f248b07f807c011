"""
Drives the mailings that run: a lane for each sender of each, in every worker.

While anything runs, that is read from the database every second, so pausing and another worker's death need nobody to
be told. While nothing does, once a round; a hint tells of what was started.
"""

import asyncio
from contextlib import suppress

from redis.exceptions import RedisError

from app.core import hints, log, rounds
from app.core.errors import AppError
from app.core.mongo import DatabaseError
from app.core.platform import mailings as platform
from app.core.runtime import Runtime
from app.core.tasks import end
from inbox.mailings import mailings, placing
from inbox.mailings.lane import Lane
from inbox.store import mailings as store

EVERY_SECONDS = 1.0
_log = log.get("mailings")

_Lanes = dict[tuple[str, str], asyncio.Task[None]]


async def run(runtime: Runtime) -> None:
    """Until cancelled; a database or Redis that is down is waited for."""
    lanes: _Lanes = {}
    try:
        while True:
            runs = False
            with suppress(DatabaseError, RedisError, OSError, TimeoutError):
                runs = await look(runtime, lanes)
            seconds = EVERY_SECONDS if runs or lanes else runtime.settings.round_seconds
            await hints.pause(runtime.redis, mailings.HINT, rounds.spread(seconds))
    finally:
        await end(list(lanes.values()))


async def look(runtime: Runtime, lanes: _Lanes) -> bool:
    """Starts lanes for what runs and has none, and ends mailings that have nobody left; whether anything runs."""
    running = await platform.running(runtime)
    for row in running:
        ws = runtime.workspace(row.workspace_id)
        mine = [key for key, task in lanes.items() if key[0] == row.id and not task.done()]
        mailing = await store.get(ws, row.id)
        if mailing is None or mailing.state != "running":
            continue
        if (ws.clock.now() - mailing.changed_at).total_seconds() < placing.KEPT_SECONDS:
            # By then every process knows that something may wait for a place on timelines.
            continue
        if not mine and mailing.batches is not None and not await mailings.any_left(ws, mailing):
            await mailings.finish(ws, mailing)
            continue
        for account_id in mailing.accounts:
            if (mailing.id, account_id) not in mine and not await mailings.full_until(ws, mailing, account_id):
                lane = Lane(ws, mailing, account_id)
                lanes[mailing.id, account_id] = asyncio.create_task(_drive(lane), name=f"mailing {mailing.id}")
    for key in [key for key, task in lanes.items() if task.done()]:
        del lanes[key]
    return bool(running)


async def _drive(lane: Lane) -> None:
    try:
        await lane.run()
    except (DatabaseError, RedisError, OSError, TimeoutError, AppError) as error:
        # It is started again with the next look; what it had claimed is due when the claim runs out.
        _log.warning("lane_broke_off", error=type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)
    except Exception:
        # An edge: one mailing that cannot be sent must not keep others back.
        _log.exception("lane_failed")
        await asyncio.sleep(EVERY_SECONDS)
