"""Tasks that are to end do, one that forgets a cancellation too; and connections that were ended stay so."""

import asyncio

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from app.core import tasks
from app.core.queue import close_pool, open_pool
from app.core.settings import Settings


async def test_a_forgotten_cancellation_is_said_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "_AGAIN_SECONDS", 0.01)
    forgotten = 0

    async def forgetful() -> None:
        nonlocal forgotten
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                forgotten += 1
                if forgotten == 3:
                    raise

    async def failed() -> None:
        raise ValueError

    going = [asyncio.create_task(forgetful()), asyncio.create_task(failed())]
    await asyncio.sleep(0)
    await tasks.end(going)
    assert going[0].cancelled()
    assert isinstance(going[1].exception(), ValueError)


async def test_ended_connections_are_not_opened_again(settings: Settings) -> None:
    pool = await open_pool(settings.redis_url.get_secret_value())
    await asyncio.gather(*(pool.ping() for _ in range(5)))
    waiting = asyncio.create_task(pool.blpop(["nothing"], timeout=30))
    coming = asyncio.create_task(pool.blpop(["nothing"], timeout=30))
    await asyncio.sleep(0)
    await close_pool(pool)
    for task in (waiting, coming):
        with pytest.raises(RedisConnectionError):
            await task
    with pytest.raises(RedisConnectionError):
        await pool.ping()
    made = [*pool.connection_pool._available_connections, *pool.connection_pool._in_use_connections]
    assert made
    assert not any(connection.is_connected for connection in made)
