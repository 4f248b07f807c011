"""
The connections to Redis or Valkey that a process shares.

The library's pool opens a connection again for whoever asks, even after it was closed, and nobody would end that one.
Ours, once ended, gives out none: who still asks gets an error.
"""

from contextlib import suppress
from typing import Any

from redis.asyncio.client import Pipeline
from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError

_CONNECT_SECONDS = 3.0
_AT_MOST = 100


class Connections(ConnectionPool):
    """A pool that stays closed."""

    ended = False

    def get_available_connection(self) -> Any:
        self._refuse_if_ended()
        return super().get_available_connection()  # type: ignore[no-untyped-call]

    async def ensure_connection(self, connection: AbstractConnection) -> None:
        await super().ensure_connection(connection)
        self._refuse_if_ended()

    async def release(self, connection: AbstractConnection) -> None:
        await super().release(connection)
        if self.ended:
            # Without a pause: who is cancelled in one would keep what it has given back.
            await connection.disconnect(nowait=True)

    async def end(self) -> None:
        """Ends every connection. One that is just being made ends as soon as it is."""
        self.ended = True
        await self.disconnect()

    def _refuse_if_ended(self) -> None:
        if self.ended:
            raise RedisConnectionError("the connections of this process have been closed")


class Commands(Pipeline):
    """
    Several commands at once, which give their connection back however they end: the library's own keep it when they are
    cancelled once more while they take their watch off.
    """

    async def reset(self) -> None:
        try:
            await super().reset()  # type: ignore[no-untyped-call]
        finally:
            connection, self.connection = self.connection, None
            if connection is not None:
                # Cut off in the middle of a word, so nobody goes on there.
                await connection.disconnect(nowait=True)
                # It may have been given back already, and the pause after that was cut short.
                with suppress(KeyError):
                    await self.connection_pool.release(connection)


def connections(url: str) -> Connections:
    """To the server of a `redis://`, `rediss://` or `unix://` address; none is made yet."""
    return Connections.from_url(url, socket_connect_timeout=_CONNECT_SECONDS, max_connections=_AT_MOST)
