"""The real HTTP client against a server that misbehaves: which failures leave the outcome open."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from app.core.http import provider_client
from channels.content import Text
from channels.errors import MediaError, NotSent, OutcomeUnknown, SendError
from channels.telegram import ADAPTER
from channels.telegram.adapter import _download
from tests.channels.telegram.support import ACCOUNT, TOKEN, io, outbound

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(behaviour: Behaviour) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await behaviour(reader, writer)
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/telegram"


async def read_request(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line[16:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length: "))
    await reader.readexactly(length)


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)


async def hang_up_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Before anything was read; what has been written is anybody's guess."""


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.transport.abort()


async def stop_half_way(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"ok":')
    await writer.drain()


async def talk_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(b"220 mail.example.test ESMTP\r\n\r\n")
    await writer.drain()


async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    await reader.read()


async def failure(url: str) -> SendError:
    async with provider_client() as http:
        http.timeout = httpx.Timeout(0.5)
        with pytest.raises(SendError) as raised:
            await ADAPTER.send(io(http, url), ACCOUNT, outbound(Text(text="Hi")))
    assert TOKEN not in str(raised.value)
    return raised.value


@pytest.mark.parametrize("behaviour", [hang_up, hang_up_at_once, reset, stop_half_way, talk_nonsense, say_nothing])
async def test_the_connection_breaks_after_the_request_may_have_left(behaviour: Behaviour) -> None:
    async with server(behaviour) as url:
        assert type(await failure(url)) is OutcomeUnknown


async def test_nobody_listens() -> None:
    async with server(hang_up) as url:
        closed = url
    assert type(await failure(closed)) is NotSent


async def test_a_download_that_stops_half_way() -> None:
    async def stop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()

    async with server(stop) as url, provider_client() as http:
        with pytest.raises(MediaError) as raised:
            await _download(io(http), url, 1000)
    assert raised.value.retryable
