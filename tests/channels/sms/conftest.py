from collections.abc import AsyncIterator

import pytest

from channels.contract import ChannelIO
from tests.channels.sms import build
from tests.support import network


@pytest.fixture
async def io() -> AsyncIterator[ChannelIO]:
    async with network.client() as http:
        yield build.io(http)
