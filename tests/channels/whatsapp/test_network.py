"""The real HTTP client against a server that misbehaves: which failures leave the outcome open."""

import asyncio

import httpx
import pytest

from app.core.http import provider_client
from channels.content import Media, MediaMessage, Text
from channels.errors import NotSent, OutcomeUnknown, SendError
from channels.whatsapp import ADAPTER
from tests.channels.whatsapp.support import ACCEPTED, ACCOUNT, TOKEN, file, io, outbound
from tests.support import breaking
from tests.support.breaking import Behaviour


async def failure(url: str) -> SendError:
    async with provider_client() as http:
        http.timeout = httpx.Timeout(0.5)
        with pytest.raises(SendError) as raised:
            await ADAPTER.send(io(http, url), ACCOUNT, outbound(Text(text="Hello")))
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


async def test_an_upload_goes_through_the_real_client() -> None:
    got: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, body = await breaking.read_request(reader)
        got.append(body)
        answer = b'{"id":"3000001"}' if b"/media " in head else httpx.Response(200, json=ACCEPTED).content
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)
        await writer.drain()

    upload = file("image", "image/png", "a.png", b"\x00\xff" * 50_000)
    async with breaking.serving(take) as url, provider_client() as http:
        content = MediaMessage(media=Media(kind="image", mime="image/png"))
        result = await ADAPTER.send(io(http, url), ACCOUNT, outbound(content, file=upload))
    assert result.external_ids == ("wamid.OUT1",)
    assert b"\x00\xff" * 50_000 in got[0]
