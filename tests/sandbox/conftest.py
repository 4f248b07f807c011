"""One sandbox and one business for all tests, emptied before each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests.sandbox.support import ACCOUNT, NUMBER, SMS_NUMBER, Business, Sandbox, running, serve


@pytest.fixture(scope="session")
async def running_business() -> AsyncIterator[Business]:
    found = Business()
    application = Starlette(routes=[Route("/{path:path}", found.handle, methods=["GET", "POST"])])
    async with serve(application) as url:
        found.url = url
        yield found


@pytest.fixture(scope="session")
async def running_sandbox() -> AsyncIterator[Sandbox]:
    async with running() as found:
        yield found


@pytest.fixture
async def sandbox(running_sandbox: Sandbox, running_business: Business) -> Sandbox:
    """A fresh sandbox whose default accounts send their webhooks to `business`, with short delays."""
    found, url = running_sandbox, running_business.url
    await found.control("POST", "/reset")
    while (await found.control("GET", "/state"))["webhooks"]["pending"]:  # noqa: ASYNC110  asked over HTTP, there is nothing to wait on
        await asyncio.sleep(0.01)
    running_business.got.clear()
    running_business.answers.clear()
    running_business.challenge = PlainTextResponse
    await found.control("PUT", f"/accounts/whatsapp/{NUMBER}", {"webhook_url": f"{url}/wa"})
    number = {"number": SMS_NUMBER, "sms_url": f"{url}/sms?ch=7"}
    await found.control("PUT", f"/accounts/twilio/{ACCOUNT}", {"numbers": [number], "messaging_services": []})
    await found.knobs(status_delay_ms={"sent": 10, "delivered": 10, "read": 10}, retry_base_ms=30)
    return found


@pytest.fixture
def business(sandbox: Sandbox, running_business: Business) -> Business:
    """The receiver of the webhooks, empty."""
    return running_business
