"""The real HTTP client against a server that misbehaves: which failures leave the outcome open."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from app.core.http import provider_client
from channels.content import Text
from channels.errors import AccountError, MediaError, NotSent, OutcomeUnknown, SendError
from channels.sms import ADAPTER
from tests.channels.sms.build import account, io, outbound

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
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


async def read(reader: asyncio.StreamReader) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length or 0))


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read(reader)


async def hang_up_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Before anything was read; what has been written is anybody's guess."""


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read(reader)
    writer.transport.abort()


async def stop_half_way(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read(reader)
    writer.write(b'HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{"sid":')
    await writer.drain()


async def talk_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read(reader)
    writer.write(b"220 mail.example.test ESMTP\r\n\r\n")
    await writer.drain()


async def stay_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read(reader)
    await reader.read()


BEHAVIOURS = [hang_up, hang_up_at_once, reset, stop_half_way, talk_nonsense, stay_silent]


@asynccontextmanager
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with provider_client() as http:
        http.timeout = httpx.Timeout(0.3)
        yield http


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda behaviour: behaviour.__name__)
async def test_a_broken_exchange_leaves_the_outcome_open(behaviour: Behaviour) -> None:
    async with server(behaviour) as url, client() as http:
        twilio = io(http, twilio_url=url)
        with pytest.raises(SendError) as caught:
            await ADAPTER.send(twilio, account(), outbound(Text(text="Hi")))
        assert type(caught.value) is OutcomeUnknown
        with pytest.raises(AccountError):
            await ADAPTER.check(twilio, account())
        with pytest.raises(MediaError) as lost:
            await ADAPTER.fetch_media(twilio, account(), {"url": f"{url}/media"}, 1000)
        assert lost.value.retryable


async def test_a_closed_port_has_taken_nothing() -> None:
    async with server(hang_up) as url:
        pass
    async with client() as http:
        with pytest.raises(SendError) as caught:
            await ADAPTER.send(io(http, twilio_url=url), account(), outbound(Text(text="Hi")))
    assert type(caught.value) is NotSent
