"""What the tests of this channel share: an account, a pretend Graph API at the HTTP edge, and the payload files."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
import respx

from app.core import log
from app.core.addresses import Address
from channels.content import Content, Media, MediaKind
from channels.contract import ChannelAccount, ChannelIO, OutboundFile, OutboundMessage, Purpose

PAYLOADS = Path(__file__).parent / "payloads"
GRAPH = "https://graph.test"
NUMBER_ID, WABA_ID, APP_ID = "100000000000001", "200000000000001", "300000000000001"
TOKEN = "EAAtesttokenthatnobodymaysee"
SECRET = "EXAMPLE_APP_SECRET"
ANA = Address("whatsapp", "+12025550112")
ANA_ID = Address("whatsapp", "US.EXAMPLE0012")
ACCOUNT = ChannelAccount(
    id="acc_1",
    workspace_id="ws_1",
    kind="whatsapp",
    name="Linden",
    address="+12025550100",
    config={"phone_number_id": NUMBER_ID, "waba_id": WABA_ID, "app_id": APP_ID},
    secrets={"access_token": TOKEN, "app_secret": SECRET, "verify_token": "ve_EXAMPLE"},
)
ACCEPTED = {
    "messaging_product": "whatsapp",
    "contacts": [{"input": "+12025550112", "wa_id": "12025550112", "user_id": "US.EXAMPLE0012"}],
    "messages": [{"id": "wamid.OUT1"}],
}


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def io(http: httpx.AsyncClient, graph_url: str = GRAPH) -> ChannelIO:
    return ChannelIO(
        http=http,
        log=log.get("test"),
        public_url="https://parley.test",
        graph_url=graph_url,
        graph_version="v26.0",
        twilio_url="",
        telegram_url="",
    )


def refusal(code: int, title: str = "Refused", details: str = "The details.", **more: Any) -> dict[str, Any]:
    """Graph's error envelope."""
    data = {"messaging_product": "whatsapp", "details": details}
    error = {"message": f"(#{code}) {title}", "type": "OAuthException", "code": code, "error_data": data}
    return {"error": {**error, "fbtrace_id": "AEXAMPLE", **more}}


@dataclass
class Graph:
    """The Graph API as respx plays it; `asked` holds every request as it came."""

    router: respx.Router
    io: ChannelIO
    asked: list[httpx.Request] = field(default_factory=list)

    def answers(self, method: str, path: str, *answers: Any, status: int = 200, **headers: str) -> None:
        """One answer after another, the last again and again: an object, bytes, a whole response, or an exception."""
        waiting = list(answers)

        def handle(request: httpx.Request) -> httpx.Response:
            self.asked.append(request)
            answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            if isinstance(answer, Exception):
                raise answer
            if isinstance(answer, httpx.Response):
                return answer
            content = answer if isinstance(answer, bytes) else orjson.dumps(answer)
            return httpx.Response(status, content=content, headers=headers)

        url = path if path.startswith("http") else f"{GRAPH}/v26.0/{path}"
        self.router.request(method, url=url).mock(side_effect=handle)

    @property
    def body(self) -> dict[str, Any]:
        """The JSON of the last request."""
        return dict(orjson.loads(self.asked[-1].content))


@asynccontextmanager
async def graph() -> AsyncIterator[Graph]:
    router = respx.Router(assert_all_called=False)
    async with httpx.AsyncClient(transport=httpx.MockTransport(router.async_handler)) as http:
        yield Graph(router, io(http))


def outbound(content: Content, **more: Any) -> OutboundMessage:
    return OutboundMessage(**{"id": "msg_1", "to": ANA, "purpose": Purpose.SERVICE, "content": content, **more})


def file(kind: MediaKind, mime: str | None, name: str | None = None, data: bytes = b"bytes") -> OutboundFile:
    async def read() -> bytes:
        return data

    media = Media(kind=kind, mime=mime, name=name, bytes=len(data), file_id="file_1")
    return OutboundFile(media=media, read=read, url="https://parley.test/files/1")
