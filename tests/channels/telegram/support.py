"""What the tests of this channel share: an account, a pretend Telegram at the HTTP edge, and the payload files."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any

import httpx
import respx
from python_multipart.multipart import parse_options_header

from app.core import log
from app.core.addresses import Address
from channels.content import Content, Media, MediaKind
from channels.contract import ChannelAccount, ChannelIO, OutboundFile, OutboundMessage, Purpose

PAYLOADS = Path(__file__).parent / "payloads"
TOKEN = "7000000001:AAtest-token_that_nobody_may_see"
SECRET = "whsec_EXAMPLE-0123456789"
TELEGRAM = "http://telegram.test/telegram"
ANA = Address("telegram", "42")
ACCOUNT = ChannelAccount(
    id="acc_1",
    workspace_id="ws_1",
    kind="telegram",
    name="Linden",
    address="@linden_demo_bot",
    config={"delivery": "webhook"},
    secrets={"bot_token": TOKEN, "webhook_secret": SECRET},
)
SENT = {"message_id": 77, "date": 1790000000, "chat": {"id": 42, "type": "private", "first_name": "Ana"}, "text": "ok"}


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def io(http: httpx.AsyncClient, telegram_url: str = TELEGRAM) -> ChannelIO:
    return ChannelIO(
        http=http,
        log=log.get("test"),
        public_url="https://parley.test",
        graph_url="",
        graph_version="",
        twilio_url="",
        telegram_url=telegram_url,
    )


@dataclass
class Telegram:
    """The Bot API as respx plays it: answers by method, and every request as it came."""

    router: respx.Router
    io: ChannelIO
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def answers(self, method: str, answer: Any = None, *, status: int = 200) -> None:
        """`answer` is the result of a 200, the whole body of anything else, or an exception to raise."""
        body = {"ok": True, "result": answer} if status == 200 else answer

        def handle(request: httpx.Request) -> httpx.Response:
            self.asked.append((method, parameters(request)))
            if isinstance(answer, Exception):
                raise answer
            return (
                httpx.Response(status, content=body) if isinstance(body, bytes) else httpx.Response(status, json=body)
            )

        self.router.post(f"{TELEGRAM}/bot{TOKEN}/{method}").mock(side_effect=handle)

    def serves(self, path: str, content: bytes, status: int = 200) -> None:
        self.router.get(f"{TELEGRAM}/file/bot{TOKEN}/{path}").respond(status, content=content)


@asynccontextmanager
async def telegram() -> AsyncIterator[Telegram]:
    router = respx.Router(assert_all_called=False)
    async with httpx.AsyncClient(transport=httpx.MockTransport(router.async_handler)) as http:
        yield Telegram(router, io(http))


def parameters(request: httpx.Request) -> dict[str, Any]:
    """What the request carries: form fields as text, files as (name, type, bytes), nested JSON as text."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind == b"application/json":
        return dict(httpx.Response(200, content=request.content).json())
    if kind != b"multipart/form-data":
        return dict(httpx.QueryParams(request.content.decode()))
    return dict(_part(part) for part in request.content.split(b"--" + options[b"boundary"])[1:-1])


def _part(part: bytes) -> tuple[str, Any]:
    head, _, body = part.removeprefix(b"\r\n").removesuffix(b"\r\n").partition(b"\r\n\r\n")
    headers = Message()
    for line in head.decode().split("\r\n"):
        name, value = line.split(": ", 1)
        headers[name] = value
    name = str(headers.get_param("name", header="content-disposition"))
    filename = headers.get_param("filename", header="content-disposition")
    return name, body.decode() if filename is None else (filename, headers["content-type"], body)


def outbound(content: Content, **more: Any) -> OutboundMessage:
    return OutboundMessage(**{"id": "msg_1", "to": ANA, "purpose": Purpose.SERVICE, "content": content, **more})


def file(kind: MediaKind, mime: str | None, name: str | None, data: bytes = b"bytes", **more: Any) -> OutboundFile:
    async def read() -> bytes:
        return data

    media = Media(kind=kind, mime=mime, name=name, bytes=len(data), file_id="file_1", **more)
    return OutboundFile(media=media, read=read, url="https://parley.test/files/1")
