"""The real HTTP client against a server that misbehaves: which failures leave the outcome open."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from app.core.http import provider_client
from channels.content import Text
from channels.errors import AccountError, MediaError, NotSent, OutcomeUnknown, SendError
from channels.sms import ADAPTER
from tests.channels.sms.build import account, io, outbound
from tests.support import breaking
from tests.support.breaking import Behaviour


@asynccontextmanager
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with provider_client() as http:
        http.timeout = httpx.Timeout(0.3)
        yield http


@pytest.mark.parametrize("behaviour", breaking.BROKEN, ids=lambda behaviour: behaviour.__name__)
async def test_a_broken_exchange_leaves_the_outcome_open(behaviour: Behaviour) -> None:
    async with breaking.serving(behaviour) as url, client() as http:
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
    async with breaking.serving(breaking.hang_up) as url:
        pass
    async with client() as http:
        with pytest.raises(SendError) as caught:
            await ADAPTER.send(io(http, twilio_url=url), account(), outbound(Text(text="Hi")))
    assert type(caught.value) is NotSent
