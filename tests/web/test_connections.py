"""What comes before the application: connections that bring too much, or nothing, or take nothing, end."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from starlette.types import Receive, Scope, Send

from app.http_protocol import MOST_HEAD_BYTES, HttpProtocol
from tests.support import servers

POST = b"POST / HTTP/1.1\r\nHost: x\r\n"
LARGE = 30_000_000


class Hasty(HttpProtocol):
    patience_seconds = 0.2


class Patient(HttpProtocol):
    patience_seconds = 1.0


class Echo:
    """Answers how many bytes came and how many headers, or with a lot where that is asked for."""

    def __init__(self) -> None:
        self.done = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        came, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            came, more = came + len(message["body"]), message.get("more_body", False)
        body = b"x" * LARGE if scope["path"] == "/large" else f"{came} {len(scope['headers'])}".encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})
        self.done.set()


@pytest.fixture
async def server() -> AsyncIterator[str]:
    async with servers.live(Echo(), http=Hasty) as url:
        yield url


async def answer_to(server: str, *parts: bytes, pause_seconds: float = 0) -> bytes:
    """All that comes back until the connection ends."""
    reader, writer = await asyncio.open_connection(urlsplit(server).hostname, urlsplit(server).port)
    try:
        async with asyncio.timeout(20):
            try:
                for part in parts:
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(pause_seconds)
            except ConnectionError:
                pass
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


CLOSE = b"Connection: close\r\n\r\n"


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET / HT",
        POST + b"X-A: ",
        POST + b"Content-Length: 100\r\n\r\n{",
        POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhe",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT",
    ],
)
async def test_what_never_ends_is_given_up(server: str, begun: bytes) -> None:
    assert b"HTTP/1.1 408" in await answer_to(server, begun)


async def test_a_drop_now_and_then_is_not_enough(server: str) -> None:
    head = POST + b"Content-Length: 60\r\n" + CLOSE
    assert b"200 OK" not in await answer_to(server, head, *[b"."] * 60, pause_seconds=0.05)


async def test_who_keeps_sending_has_all_the_time() -> None:
    piece = b"x" * 20_000
    head = POST + b"Content-Length: %d\r\n" % (30 * len(piece)) + CLOSE
    async with servers.live(Echo(), http=Patient) as server:
        assert (await answer_to(server, head, *[piece] * 30, pause_seconds=0.1)).endswith(b"600000 3")


async def test_headers_have_an_end(server: str) -> None:
    line = b"X-A: " + b"a" * 50_000 + b"\r\n"
    assert 40 * len(line) > MOST_HEAD_BYTES
    for large in ([POST, *[line] * 40], [b"GET /" + b"a" * 2_000_000], [POST + b"X-A: " + b"a" * 2_000_000]):
        answer = await answer_to(server, *large)
        # Who is still sending when the connection ends may not read what was said.
        assert not answer or answer.startswith((b"HTTP/1.1 431", b"HTTP/1.1 400")), answer[:50]


async def test_what_trails_after_a_body_is_not_kept(server: str) -> None:
    chunked = POST + b"Transfer-Encoding: chunked\r\n" + CLOSE + b"2\r\n{}\r\n0\r\n"
    assert (await answer_to(server, chunked, b"X-T: 1\r\n" * 50 + b"\r\n")).endswith(b"2 3")


async def test_many_requests_in_one_go_are_not_one_large_one(server: str) -> None:
    one = POST + b"Content-Length: 60000\r\n\r\n" + b"x" * 60_000
    answers = await answer_to(server, one * 20 + POST + b"Content-Length: 0\r\n" + CLOSE)
    assert answers.count(b"HTTP/1.1 200") == 21


async def test_who_takes_nothing_of_an_answer_is_left() -> None:
    echo = Echo()
    async with servers.live(echo, http=Hasty) as server:
        # Nothing is read once the little that may wait here is there.
        _, writer = await asyncio.open_connection(urlsplit(server).hostname, urlsplit(server).port, limit=1024)
        writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(20):
            await echo.done.wait()
        writer.close()
