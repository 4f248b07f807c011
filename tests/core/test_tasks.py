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


async def test_commands_that_are_cancelled_twice_give_their_connection_back(settings: Settings) -> None:
    pool = await open_pool(settings.redis_url.get_secret_value())
    try:
        for pauses in range(6):

            async def watching() -> None:
                async with pool.pipeline() as pipe:
                    await pipe.watch("something")
                    await pool.client_pause(200)
                    await pipe.exists("something")

            going = asyncio.create_task(watching())
            await asyncio.sleep(0.02)
            # Once in the middle of a command, then again while the watch is taken off.
            going.cancel()
            for _ in range(pauses):
                await asyncio.sleep(0)
            going.cancel()
            await asyncio.wait([going])
            assert not pool.connection_pool._in_use_connections
        assert await pool.ping()
    finally:
        await close_pool(pool)
