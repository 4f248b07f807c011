from collections.abc import AsyncIterator

import httpx
import pytest

from channels.contract import ChannelIO
from tests.channels.sms import build


@pytest.fixture
async def io() -> AsyncIterator[ChannelIO]:
    async with httpx.AsyncClient() as http:
        yield build.io(http)
