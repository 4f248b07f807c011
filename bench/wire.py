"""
The load's side of HTTP and websockets, by hand on asyncio's protocols: the load runs on the same cores as what it
measures, so it must cost next to nothing.
"""

import asyncio
import base64
import os
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import cast
from urllib.parse import urlsplit

_MOST_CONNECTIONS = 256


class HttpConnection(asyncio.Protocol):
    """One keep-alive connection that carries one request at a time; answers need a Content-Length."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None
        self.open = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionError("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0 or self._waiting is None or self._waiting.done():
            return
        head = self._buffer[:head_end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._buffer) < head_end + 4 + length:
            return
        body = self._buffer[head_end + 4 : head_end + 4 + length]
        self._buffer = b""
        if b"connection: close" in head:
            self.open = False
        self._waiting.set_result((int(head[9:12]), body))

    async def request(self, data: bytes) -> tuple[int, bytes]:
        """Status and body."""
        self._waiting = asyncio.get_running_loop().create_future()
        assert self._transport is not None
        self._transport.write(data)
        return await self._waiting

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class Http:
    """A pool of connections to one server; as a provider's, it has an end, and what comes beyond it waits."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._free: list[HttpConnection] = []
        self._places = asyncio.Semaphore(_MOST_CONNECTIONS)

    async def request(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        head = f"{method} {path} HTTP/1.1\r\nhost: {self._host}:{self._port}\r\ncontent-length: {len(body)}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        async with self._places, asyncio.timeout(60):
            connection = await self._connection()
            answer = await connection.request(head.encode() + b"\r\n" + body)
            if connection.open:
                self._free.append(connection)
        return answer

    async def _connection(self) -> HttpConnection:
        while self._free:
            connection = self._free.pop()
            if connection.open:
                return connection
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(HttpConnection, self._host, self._port)
        return connection

    def close(self) -> None:
        for connection in self._free:
            connection.close()


class Socket(asyncio.Protocol):
    """
    A websocket client without compression. `hear` is called with each text frame and the time it arrived; without it
    frames are only counted.
    """

    def __init__(self, request: bytes, hear: Callable[[bytes, float], None] | None) -> None:
        self._request = request
        self._hear = hear
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._upgraded = False
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.frames = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError("the websocket was refused"))

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        if not self._upgraded:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if not buffer.startswith(b"HTTP/1.1 101"):
                self.ready.set_exception(ConnectionError(bytes(buffer[:end]).decode("latin-1")))
                return
            del buffer[: end + 4]
            self._upgraded = True
            self.ready.set_result(None)
        at, size, now = 0, len(buffer), perf_counter()
        while size - at >= 2:
            length, start = buffer[at + 1], at + 2
            if length == 126:
                if size - at < 4:
                    break
                length, start = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
            elif length == 127:
                if size - at < 10:
                    break
                length, start = int.from_bytes(buffer[at + 2 : at + 10], "big"), at + 10
            if size - start < length:
                break
            kind = buffer[at] & 0x0F
            if kind == 1:
                self.frames += 1
                if self._hear is not None:
                    self._hear(bytes(buffer[start : start + length]), now)
            elif kind == 9:
                self._send(0x8A, bytes(buffer[start : start + length]))
            at = start + length
        del buffer[:at]

    def send(self, text: str) -> None:
        self._send(0x81, text.encode())

    def _send(self, head: int, payload: bytes) -> None:
        # Masked with zeros, which the protocol allows a client and which costs nothing.
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(bytes([head]) + length + b"\0\0\0\0" + payload)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def connect(
    base_url: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    hear: Callable[[bytes, float], None] | None = None,
) -> Socket:
    """An open websocket."""
    parts = urlsplit(base_url)
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [f"GET {path} HTTP/1.1", f"host: {parts.netloc}", "connection: Upgrade", "upgrade: websocket"]
    lines += ["sec-websocket-version: 13", f"sec-websocket-key: {key}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    loop = asyncio.get_running_loop()
    _, opened = await loop.create_connection(lambda: Socket(request, hear), parts.hostname or "", parts.port or 80)
    async with asyncio.timeout(30):
        await opened.ready
    return opened
