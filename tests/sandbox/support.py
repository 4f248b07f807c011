"""A live sandbox to talk to, and a live business that receives its webhooks."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp

from sandbox import app
from tests.support import network

NUMBER = "100000000000001"
WABA = "200000000000001"
TOKEN = "EAAsandboxtoken"
APP_SECRET = "sandbox-app-secret"
ACCOUNT = "AC5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
AUTH_TOKEN = "5ab0c5ab0c5ab0c5ab0c5ab0c5ab0c5a"
SMS_NUMBER = "+12025550190"
BOT = "7000000001"
BOT_TOKEN = "7000000001:AAsandboxBotToken-for_the_demo_0001"


@contextlib.asynccontextmanager
async def serve(application: ASGIApp) -> AsyncIterator[str]:
    """Run an application on a free port of this machine; yields its base URL."""
    # The protocol is named so that asyncio switches Nagle's algorithm off: else each answer takes 40 ms.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        application, log_level="warning", access_log=False, ws="none", timeout_graceful_shutdown=1, lifespan="on"
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[sock]))
    while not server.started:  # noqa: ASYNC110  set by another task, without an event
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        sock.close()


@dataclass
class Received:
    """One webhook that came."""

    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Business:
    """The other side: remembers every POST and answers as told."""

    url: str = ""
    got: list[Received] = field(default_factory=list)
    answers: list[Response] = field(default_factory=list)
    challenge: Callable[[str], Response] = PlainTextResponse

    async def handle(self, request: Request) -> Response:
        if request.method == "GET" and "hub.challenge" in request.query_params:
            return self.challenge(request.query_params["hub.challenge"])
        if request.url.path.startswith("/files/"):
            name = request.url.path.rpartition("/")[2]
            path = Path(app.__file__).parent / "samples" / name
            if not path.is_file():
                return Response(status_code=404)
            kinds = {".jpg": "image/jpeg", ".pdf": "application/pdf", ".ogg": "audio/ogg", ".mp4": "video/mp4"}
            return Response(path.read_bytes(), media_type=kinds.get(path.suffix, "application/octet-stream"))
        body = await request.body()
        self.got.append(Received(request.url.path, request.url.query, dict(request.headers), body))
        return self.answers.pop(0) if self.answers else Response()

    async def wait(self, count: int, seconds: float = 5.0) -> list[Received]:
        """The first `count` webhooks, once they came."""
        async with asyncio.timeout(seconds):
            while len(self.got) < count:  # noqa: ASYNC110  set by another task, without an event
                await asyncio.sleep(0.01)
        return self.got


class Sandbox:
    """A client of a running sandbox."""

    def __init__(self, url: str, http: httpx.AsyncClient) -> None:
        self.url = url
        self.http = http

    async def control(self, method: str, path: str, data: Any = None) -> Any:
        """A call of the control API that must succeed."""
        response = await self.http.request(method, f"/_sandbox{path}", json=data)
        assert response.is_success, response.text
        return response.json()

    async def inbound(self, channel: str, kind: str, customer: str = "ama", **data: Any) -> list[str]:
        """Something a customer does; the provider's ids."""
        account = {"whatsapp": NUMBER, "sms": ACCOUNT, "telegram": BOT}[channel]
        given = {"channel": channel, "account": account, "customer": customer, "type": kind, **data}
        ids: list[str] = (await self.control("POST", "/inbound", given))["provider_message_ids"]
        return ids

    async def knobs(self, **changes: Any) -> None:
        """Turn global knobs."""
        await self.control("PUT", "/knobs", {"global": changes})

    async def ledger(self, **query: Any) -> list[dict[str, Any]]:
        """Entries of the ledger."""
        path = "/ledger?" + "&".join(f"{name}={value}" for name, value in query.items())
        entries: list[dict[str, Any]] = (await self.control("GET", path))["entries"]
        return entries

    async def graph(self, method: str, path: str, data: Any = None, token: str = TOKEN) -> httpx.Response:
        """A Graph call."""
        headers = {"authorization": f"Bearer {token}"}
        return await self.http.request(method, f"/graph/v26.0/{path}", json=data, headers=headers)

    async def send(self, to: str = "+12025550121", **body: Any) -> httpx.Response:
        """A WhatsApp message."""
        return await self.graph("POST", f"{NUMBER}/messages", {"messaging_product": "whatsapp", "to": to, **body})

    async def sms(self, **form: Any) -> httpx.Response:
        """A Twilio message."""
        given = {"To": "+12025550121", "From": SMS_NUMBER, **form}
        kept = {name: value for name, value in given.items() if value is not None}
        path = f"/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        return await self.http.post(path, data=kept, auth=(ACCOUNT, AUTH_TOKEN))

    async def bot(self, method: str, data: Any = None, **more: Any) -> httpx.Response:
        """A Bot API call."""
        return await self.http.post(f"/telegram/bot{BOT_TOKEN}/{method}", json=data, timeout=10, **more)

    async def chat_id(self, customer: str = "ama") -> int:
        """The chat of a customer."""
        found: int = (await self.control("GET", f"/customers/{customer}"))["telegram_id"]
        return found


@contextlib.asynccontextmanager
async def running(data_dir: Path | None = None) -> AsyncIterator[Sandbox]:
    """A sandbox process, as far as its clients can tell."""
    async with serve(app.build(data_dir)) as url, network.client(url, timeout=5) as http:
        yield Sandbox(url, http)
