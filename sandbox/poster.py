"""
A small HTTP/1.1 client that does one thing: POST webhooks over kept connections, cheaply.

A business number at 1,000 messages a second gets 3,000 status webhooks a second. A general client costs 0.3 ms of
CPU a request,
which would make the pretend provider the slowest part of every bench; this one costs about a fifth of that.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

# Servers close idle connections after about five seconds; one that idled longer than this is not trusted with a
# webhook.
_IDLE_SECONDS = 3.0
_MAX_ANSWER = 256 * 1024


class PostFailed(Exception):
    """No whole answer came: refused, reset, too slow, or not HTTP."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the business answered."""

    status: int
    body: bytes
    retry_after: str = ""
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads."""

    host: str
    port: int
    tls: bool
    path: str
    host_header: str


def target_of(url: str) -> Target:
    """Split a URL; ValueError if it is not http(s). The fragment is never sent."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"not an http address: {url}")
    tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.hostname, parts.port or (443 if tls else 80), tls, path, parts.netloc.rpartition("@")[2])


class _Connection(asyncio.Protocol):
    """One connection; one request at a time."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.reusable = True
        self.used = False
        self.idle_since = 0.0
        self._buffer = bytearray()
        self._waiter: asyncio.Future[Answer] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._waiter is None:
            self.close()
            return
        try:
            answer = self._parse(ended=False)
        except ValueError as error:
            self._fail(PostFailed(f"not HTTP: {error}"))
            return
        if answer is not None and not self._waiter.done():
            self._waiter.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self.reusable = False
        if self._waiter is not None and not self._waiter.done():
            try:
                answer = self._parse(ended=True) if self._buffer else None
            except ValueError:
                answer = None
            if answer is not None:
                self._waiter.set_result(answer)
            else:
                self._fail(PostFailed("the connection was closed before an answer"))

    def exchange(self, request: bytes) -> asyncio.Future[Answer]:
        """Write one request; the future has its answer."""
        self._buffer.clear()
        self._waiter = asyncio.get_running_loop().create_future()
        if self.transport is None or self.transport.is_closing():
            self._fail(PostFailed("the connection was closed before an answer"))
        else:
            self.transport.write(request)
        return self._waiter

    @property
    def heard_anything(self) -> bool:
        """Whether a part of the answer had come."""
        return bool(self._buffer)

    def close(self) -> None:
        """Close it; an unanswered exchange fails."""
        self.reusable = False
        if self.transport is not None:
            self.transport.close()

    def _fail(self, error: PostFailed) -> None:
        self.reusable = False
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)
        if self.transport is not None:
            self.transport.close()

    def _parse(self, *, ended: bool) -> Answer | None:
        """The answer once it is whole; ValueError when it is not HTTP/1."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > _MAX_ANSWER:
                raise ValueError("endless head")
            return None
        lines = self._buffer[:end].decode("latin-1").split("\r\n")
        version, _, rest = lines[0].partition(" ")
        if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
            raise ValueError("bad status line")
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
        }
        body = self._body(end + 4, headers, ended=ended)
        if body is None:
            return None
        if headers.get("connection", "").lower() == "close" or version == "HTTP/1.0":
            self.reusable = False
        return Answer(int(rest[:3]), body, headers.get("retry-after", ""), headers.get("content-type", ""))

    def _body(self, start: int, headers: dict[str, str], *, ended: bool) -> bytes | None:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return _dechunk(self._buffer, start)
        if "content-length" in headers:
            length = int(headers["content-length"])
            if length > _MAX_ANSWER:
                raise ValueError("answer too large")
            return bytes(self._buffer[start : start + length]) if len(self._buffer) - start >= length else None
        if self._buffer.startswith((b"HTTP/1.1 204", b"HTTP/1.1 304")):
            return b""
        self.reusable = False
        return bytes(self._buffer[start:]) if ended else None


def _dechunk(buffer: bytearray, at: int) -> bytes | None:
    """The joined chunks, or None while some are missing."""
    parts: list[bytes] = []
    while True:
        line_end = buffer.find(b"\r\n", at)
        if line_end < 0:
            return None
        size = int(bytes(buffer[at:line_end]).split(b";")[0], 16)
        at = line_end + 2
        if size == 0:
            return b"".join(parts) if buffer.find(b"\r\n", at) >= 0 else None
        if len(buffer) < at + size + 2:
            return None
        parts.append(bytes(buffer[at : at + size]))
        at += size + 2


class Poster:
    """The pool: idle connections by origin. How many run at once is the caller's business."""

    def __init__(self) -> None:
        self._idle: dict[tuple[str, int, bool], list[_Connection]] = {}
        self._targets: dict[str, Target] = {}
        self._tls = ssl.create_default_context()

    async def post(self, url: str, headers: bytes, body: bytes, wait_seconds: float) -> Answer:
        """
        POST `body`; `headers` are whole lines, each ending in CRLF. Raises PostFailed.

        A kept connection which the server closed before saying anything is replaced once: the request never arrived.
        """
        target = self._targets.get(url)
        if target is None:
            if len(self._targets) > 5_000:
                self._targets.clear()
            target = self._targets[url] = target_of(url)
        head = f"POST {target.path} HTTP/1.1\r\nhost: {target.host_header}\r\ncontent-length: {len(body)}\r\n".encode()
        request = head + headers + b"\r\n" + body
        try:
            async with asyncio.timeout(wait_seconds):
                while True:
                    connection = self._take(target) or await self._connect(target)
                    fresh = not connection.used
                    connection.used = True
                    try:
                        answer = await connection.exchange(request)
                    except PostFailed:
                        if fresh or connection.heard_anything:
                            raise
                        continue
                    except asyncio.CancelledError:
                        connection.close()
                        raise
                    self._give_back(target, connection)
                    return answer
        except TimeoutError:
            raise PostFailed(f"no answer within {wait_seconds:g} s") from None
        except OSError as error:
            raise PostFailed(f"connection failed: {error}") from error

    def close(self) -> None:
        """Close what is idle."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    def _take(self, target: Target) -> _Connection | None:
        idle = self._idle.get((target.host, target.port, target.tls))
        while idle:
            connection = idle.pop()
            if connection.reusable and time.monotonic() - connection.idle_since < _IDLE_SECONDS:
                return connection
            connection.close()
        return None

    def _give_back(self, target: Target, connection: _Connection) -> None:
        if not connection.reusable:
            connection.close()
            return
        connection.idle_since = time.monotonic()
        self._idle.setdefault((target.host, target.port, target.tls), []).append(connection)

    async def _connect(self, target: Target) -> _Connection:
        loop = asyncio.get_running_loop()
        tls = self._tls if target.tls else None
        _, connection = await loop.create_connection(_Connection, target.host, target.port, ssl=tls)
        return connection
