"""A provider's door: answers every POST as WhatsApp's messages endpoint does, and tells when it came."""

import asyncio
import itertools
from collections.abc import Callable
from time import perf_counter
from typing import cast

Hear = Callable[[bytes, float], None]


class Door(asyncio.Protocol):
    """One connection; keep-alive."""

    def __init__(self, hear: Hear, numbers: "itertools.count[int]") -> None:
        self._hear = hear
        self._numbers = numbers
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._buffer) < end + 4 + length:
                return
            self._hear(self._buffer[end + 4 : end + 4 + length], perf_counter())
            self._buffer = self._buffer[end + 4 + length :]
            self._answer()

    def _answer(self) -> None:
        body = (
            b'{"messaging_product":"whatsapp","contacts":[{"input":"1","wa_id":"1"}],"messages":[{"id":"wamid.out%d"}]}'
        )
        body %= next(self._numbers)
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
        if self._transport is not None:
            self._transport.write(head + body)


async def open_door(hear: Hear) -> tuple[str, asyncio.Server]:
    """Its base URL, and the server to close."""
    numbers = itertools.count(1)
    server = await asyncio.get_running_loop().create_server(lambda: Door(hear, numbers), "127.0.0.1", 0)
    return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", server
