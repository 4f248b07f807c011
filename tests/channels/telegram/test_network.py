"""The real HTTP client against a server that misbehaves: which failures leave the outcome open."""

import asyncio

import httpx
import pytest

from app.core.http import provider_client
from channels.content import Text
from channels.errors import MediaError, NotSent, OutcomeUnknown, SendError
from channels.telegram import ADAPTER
from channels.telegram.adapter import _download
from tests.channels.telegram.support import ACCOUNT, TOKEN, io, outbound
from tests.support import breaking
from tests.support.breaking import Behaviour


async def failure(url: str) -> SendError:
    async with provider_client() as http:
        http.timeout = httpx.Timeout(0.5)
        with pytest.raises(SendError) as raised:
            await ADAPTER.send(io(http, f"{url}/telegram"), ACCOUNT, outbound(Text(text="Hi")))
    assert TOKEN not in str(raised.value)
    return raised.value


@pytest.mark.parametrize("behaviour", breaking.BROKEN, ids=lambda behaviour: behaviour.__name__)
async def test_a_broken_exchange_leaves_the_outcome_open(behaviour: Behaviour) -> None:
    async with breaking.serving(behaviour) as url:
        assert type(await failure(url)) is OutcomeUnknown


async def test_a_closed_port_has_taken_nothing() -> None:
    async with breaking.serving(breaking.hang_up) as url:
        pass
    assert type(await failure(url)) is NotSent


async def test_a_download_that_stops_half_way() -> None:
    async def stop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await breaking.read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()

    async with breaking.serving(stop) as url, provider_client() as http:
        with pytest.raises(MediaError) as raised:
            await _download(io(http), url, 1000)
    assert raised.value.retryable
