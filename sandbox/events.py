"""Live updates for the phone page, as Server-Sent Events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import orjson

from sandbox.shapes import Json

_QUEUE = 2_000
_HEARTBEAT_SECONDS = 15.0


class Events:
    """A fan-out to open pages. Nobody listening costs nothing; a page that does not keep up is told to reload."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[bytes]] = set()
        self._closing = False

    @property
    def watched(self) -> bool:
        """Whether any page is open."""
        return bool(self._queues)

    def send(self, kind: str, data: Json) -> None:
        """Tell every page."""
        if not self._queues:
            return
        frame = b"event: " + kind.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"
        for queue in self._queues:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(b"event: reload\ndata: {}\n\n")
            else:
                queue.put_nowait(frame)

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self._closing = True
        for queue in self._queues:
            if not queue.full():
                queue.put_nowait(b"")

    async def stream(self) -> AsyncIterator[bytes]:
        """The frames for one page; comments keep proxies and dead-peer detection awake."""
        queue: asyncio.Queue[bytes] = asyncio.Queue(_QUEUE)
        self._queues.add(queue)
        try:
            yield b": connected\n\n"
            while not self._closing:
                try:
                    async with asyncio.timeout(_HEARTBEAT_SECONDS):
                        frame = await queue.get()
                except TimeoutError:
                    frame = b": still here\n\n"
                if not frame:
                    return
                yield frame
        finally:
            self._queues.discard(queue)
