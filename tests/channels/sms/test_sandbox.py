"""The adapter against the running sandbox: real HTTP, real signatures, Twilio's refusals and faults."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import uvicorn

from app.core.addresses import Address
from app.core.http import provider_client
from channels.content import (
    Button,
    Buttons,
    ContactCard,
    Contacts,
    Content,
    LinkButton,
    List,
    Location,
    MediaMessage,
    Row,
    Section,
    Text,
)
from channels.contract import (
    ChannelAccount,
    ChannelIO,
    ConsentChanged,
    DeliveryReceipt,
    DeliveryStatus,
    InboundEvent,
    InboundMessage,
    OutboundMessage,
    Purpose,
    WebhookRequest,
)
from channels.errors import (
    AccountError,
    AccountRefused,
    Filtered,
    MessageRefused,
    NotSent,
    OutcomeUnknown,
    RecipientOptedOut,
    RecipientUnreachable,
    SendError,
    SignatureInvalid,
    Throttled,
)
from channels.sms import ADAPTER
from tests.channels.sms import build

ROOT = Path(__file__).parents[3]
ACCOUNT_SID = "AC" + "1" * 32
SERVICE_SID = "MG" + "1" * 32
TOKEN = "e" * 32
OURS = "+12025550150"
POOLED = "+12025550151"
ANA = Address("sms", "+12025550131")
PICTURE = b"\xff\xd8\xff\xe0" + b"jpeg" * 100

Message = dict[str, Any]


@dataclass
class Receiver:
    """Where webhooks arrive. `fails` is how many of the next are answered 500; it also serves the file of an MMS."""

    url: str
    account: ChannelAccount
    requests: list[WebhookRequest] = field(default_factory=list)
    fails: int = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        if scope["method"] == "GET":
            await _answer(send, 200, b"image/jpeg", PICTURE)
            return
        query = scope["query_string"].decode()
        url = self.url + scope["raw_path"].decode() + (f"?{query}" if query else "")
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        self.requests.append(WebhookRequest("POST", url, headers, dict(parse_qsl(query)), body))
        if self.fails:
            self.fails -= 1
            await _answer(send, 500, b"text/plain", b"")
            return
        mime, reply = ADAPTER.reply(self.account)
        await _answer(send, 200, mime.encode(), reply)

    def events(self) -> list[InboundEvent]:
        """Every event of every webhook, each verified first and replayed from its raw."""
        found: list[InboundEvent] = []
        for request in self.requests:
            ADAPTER.verify(self.account, request)
            headers = {"x-parley-query": request.url.partition("?")[2]}
            events = ADAPTER.parse(self.account, request.body, headers)
            for event in events:
                assert ADAPTER.parse(self.account, event.raw, {}) == [event]
            found += events
        return found


async def _answer(send: Any, status: int, mime: bytes, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", mime)]})
    await send({"type": "http.response.body", "body": body})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def listening(receiver: Receiver) -> AsyncIterator[None]:
    port = int(receiver.url.rpartition(":")[2])
    config = uvicorn.Config(receiver, port=port, log_level="critical", lifespan="off", ws="none", access_log=False)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server._serve())
    try:
        await until(lambda: server.started)
        yield
    finally:
        server.should_exit = True
        await task


async def until(true: Callable[[], Any], seconds: float = 8) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110  the condition may be the sandbox's
            await asyncio.sleep(0.01)


@pytest.fixture(scope="module")
async def sandbox_url() -> AsyncIterator[str]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", "--port", str(port), "--empty", cwd=ROOT
    )
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient() as http, asyncio.timeout(20):
            while True:
                try:
                    await http.get(f"{url}/_sandbox/state")
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
        yield url
    finally:
        process.terminate()
        await process.wait()


@dataclass
class World:
    """The sandbox with one account and two people, and what Parley sees of it."""

    url: str
    io: ChannelIO
    account: ChannelAccount
    receiver: Receiver
    http: httpx.AsyncClient

    async def control(self, method: str, path: str, **data: Any) -> Any:
        answer = await self.http.request(method, f"{self.url}/_sandbox{path}", json=data or None)
        assert answer.is_success, answer.text
        return answer.json()

    async def knobs(self, **knobs: Any) -> None:
        await self.control("PUT", "/knobs", channels={"sms": knobs})

    async def write(self, **data: Any) -> str:
        answer = await self.control(
            "POST", "/inbound", channel="sms", account=ACCOUNT_SID, customer="ana", **{"number": OURS, **data}
        )
        return str(answer["provider_message_id"])

    async def ledger(self) -> Sequence[Message]:
        entries: list[Message] = (await self.http.get(f"{self.url}/_sandbox/ledger?channel=sms")).json()["entries"]
        return entries

    async def send(self, content: Content, *, id: str = "01MSG", to: Address = ANA) -> str:
        result = await ADAPTER.send(self.io, self.account, self.message(content, id=id, to=to))
        return result.external_ids[0]

    def message(self, content: Content, *, id: str = "01MSG", to: Address = ANA) -> OutboundMessage:
        file = None
        if isinstance(content, MediaMessage):
            file = replace(build.file(size=len(PICTURE)), url=f"{self.receiver.url}/part.jpg")
        return OutboundMessage(id=id, to=to, purpose=Purpose.SERVICE, content=content, file=file)

    def receipts(self) -> list[DeliveryReceipt]:
        return [event for event in self.receiver.events() if isinstance(event, DeliveryReceipt)]


@pytest.fixture
async def world(sandbox_url: str) -> AsyncIterator[World]:
    account = ChannelAccount(
        "acc1", "ws1", "sms", "Linden", OURS, {"account_sid": ACCOUNT_SID, "sender": OURS}, {"auth_token": TOKEN}
    )
    receiver = Receiver(f"http://127.0.0.1:{free_port()}", account)
    async with listening(receiver), provider_client() as ours, httpx.AsyncClient(timeout=10) as http:
        io = build.io(ours, twilio_url=f"{sandbox_url}/twilio", public_url=receiver.url)
        world = World(sandbox_url, io, account, receiver, http)
        await world.control("POST", "/reset", seed=False)
        await world.control("PUT", "/knobs", speed=1)
        await world.knobs(status_delay_ms={"sent": 10, "delivered": 20}, retry_base_ms=20)
        await world.control(
            "PUT",
            f"/accounts/twilio/{ACCOUNT_SID}",
            auth_token=TOKEN,
            numbers=[OURS, POOLED],
            messaging_services=[{"sid": SERVICE_SID, "numbers": [POOLED], "advanced_opt_out": True}],
        )
        await world.control("PUT", "/customers/ana", name="Ana", phone=ANA.value)
        await world.control("PUT", "/customers/nobody", name="Nobody", phone="+12025550132", sms=False)
        yield world


WEBHOOK = "/webhooks/sms/acc1"


def webhook(world: World) -> str:
    return world.receiver.url + WEBHOOK


# --- the account --------------------------------------------------------------------------------------------------


async def test_check_connect_disconnect(world: World) -> None:
    assert (await ADAPTER.check(world.io, world.account)).address == OURS
    await ADAPTER.connect(world.io, world.account, webhook(world))
    shown = await world.control("GET", f"/accounts/twilio/{ACCOUNT_SID}")
    assert shown["numbers"][0]["sms_url"] == f"{webhook(world)}#rc=3&rp=all"
    assert not (await ADAPTER.check(world.io, world.account)).warnings
    await ADAPTER.disconnect(world.io, world.account)
    shown = await world.control("GET", f"/accounts/twilio/{ACCOUNT_SID}")
    assert shown["numbers"][0]["sms_url"] == ""


async def test_a_service_is_checked_and_connected(world: World) -> None:
    service = replace(world.account, config={**world.account.config, "sender": SERVICE_SID})
    assert (await ADAPTER.check(world.io, service)).name == "Sandbox service"
    await ADAPTER.connect(world.io, service, webhook(world))
    await world.write(text="Hi", number=POOLED)
    await until(lambda: world.receiver.requests)
    (event,) = world.receiver.events()
    assert isinstance(event, InboundMessage)


@pytest.mark.parametrize(
    ("config", "secrets", "blamed"),
    [
        ({}, {"auth_token": "f" * 32}, "auth_token"),
        ({"account_sid": "AC" + "9" * 32}, {}, "auth_token"),
        ({"sender": "+12025550199"}, {}, "sender"),
        ({"sender": "MG" + "9" * 32}, {}, "sender"),
    ],
)
async def test_a_wrong_value_is_named(
    config: dict[str, str], secrets: dict[str, str], blamed: str, world: World
) -> None:
    wrong = replace(
        world.account, config={**world.account.config, **config}, secrets={**world.account.secrets, **secrets}
    )
    with pytest.raises(AccountError) as caught:
        await ADAPTER.check(world.io, wrong)
    assert caught.value.field == blamed


# --- out ----------------------------------------------------------------------------------------------------------

SENT: list[tuple[Content, str]] = [
    (Text(text="Hello 👋 & 1+1=2\n"), "Hello 👋 & 1+1=2\n"),
    (Text(text="x" * 1600), "x" * 1600),
    (
        Buttons(text="Keep it?", buttons=(Button(id="y", title="Yes"), Button(id="n", title="No"))),
        "Keep it?\n\n1. Yes\n2. No",
    ),
    (
        List(text="Where?", button="Choose", sections=(Section(rows=(Row(id="1", title="Osu"),)),)),
        "Where?\n\nChoose:\n1. Osu",
    ),
    (
        LinkButton(text="Ready.", label="Track", url="https://example.test/o/1"),
        "Ready.\n\nTrack: https://example.test/o/1",
    ),
    (Location(latitude=5.6, longitude=-0.2, name="Linden"), "Linden\nhttps://maps.google.com/?q=5.600000,-0.200000"),
    (Contacts(contacts=(ContactCard(name="Ama", phones=("+12025550113",)),)), "Ama\n+12025550113"),
    (MediaMessage(media=build.file().media, caption="This one?"), "This one?"),
    (MediaMessage(media=build.file().media), ""),
]


@pytest.mark.parametrize(("content", "text"), SENT, ids=[f"{content.type}-{i}" for i, (content, _) in enumerate(SENT)])
async def test_every_kind_is_sent_and_reported(content: Content, text: str, world: World) -> None:
    sid = await world.send(content)
    (entry,) = await world.ledger()
    assert (entry["provider_id"], entry["to"], entry["body"]["text"]) == (sid, ANA.value, text)
    assert bool(entry["body"].get("media")) is isinstance(content, MediaMessage)
    await until(lambda: len(world.receiver.requests) == 2)
    assert [(r.external_id, r.correlation, r.status) for r in world.receipts()] == [
        (sid, "01MSG", DeliveryStatus.SENT),
        (sid, "01MSG", DeliveryStatus.DELIVERED),
    ]


async def test_a_failed_callback_is_repeated(world: World) -> None:
    world.receiver.fails = 2
    await world.send(Text(text="Hi"))
    await until(lambda: len(world.receiver.requests) == 4)
    assert {receipt.status for receipt in world.receipts()} == {DeliveryStatus.SENT, DeliveryStatus.DELIVERED}
    assert len({receipt.key for receipt in world.receipts()}) == 2


async def test_through_a_service(world: World) -> None:
    world.account = replace(world.account, config={**world.account.config, "sender": SERVICE_SID})
    sid = await world.send(Text(text="Hi"))
    await until(lambda: len(world.receiver.requests) == 3)
    assert {receipt.key for receipt in world.receipts()} == {f"{sid}:queued", f"{sid}:sent", f"{sid}:delivered"}


async def test_a_number_that_no_carrier_reaches(world: World) -> None:
    await world.send(Text(text="Hi"), to=Address("sms", "+12025550132"))
    await until(lambda: len(world.receiver.requests) == 2)
    error = world.receipts()[-1].error
    assert error is not None
    assert (error.code, error.provider_code) == ("unreachable", "30005")


REFUSALS: list[tuple[dict[str, Any], type[SendError], str | None]] = [
    ({"fail_next": {"code": 21211, "count": 1}}, RecipientUnreachable, "21211"),
    ({"fail_next": {"code": 21606, "count": 1}}, AccountRefused, "21606"),
    ({"fail_next": {"code": 21408, "count": 1}}, Filtered, "21408"),
    ({"fail_next": {"code": 21608, "count": 1}}, MessageRefused, "21608"),
    ({"fail_next": {"code": 21611, "count": 1}}, Throttled, "21611"),
    ({"fail_next": {"code": 63017, "count": 1}}, Throttled, "63017"),
    ({"fail_next": {"code": 20500, "count": 1}}, OutcomeUnknown, "20500"),
    ({"throttle": True}, Throttled, "20429"),
    ({"outage": True}, NotSent, "20503"),
]


@pytest.mark.parametrize(("knobs", "error", "code"), REFUSALS, ids=[f"{c}" for _, _, c in REFUSALS])
async def test_refusals(knobs: dict[str, Any], error: type[SendError], code: str | None, world: World) -> None:
    await world.knobs(**knobs)
    with pytest.raises(SendError) as caught:
        await world.send(Text(text="Hi"))
    assert (type(caught.value), caught.value.provider_code) == (error, code)
    assert await world.ledger() == []


async def test_a_wrong_token_halts_the_account(world: World) -> None:
    world.account = replace(world.account, secrets={"auth_token": "f" * 32})
    with pytest.raises(AccountRefused):
        await world.send(Text(text="Hi"))


async def test_a_file_that_twilio_cannot_fetch(world: World) -> None:
    gone = replace(world.message(MediaMessage(media=build.file().media)), file=build.file())
    gone = replace(gone, file=replace(build.file(), url=f"http://127.0.0.1:{free_port()}/gone"))
    with pytest.raises(MessageRefused) as caught:
        await ADAPTER.send(world.io, world.account, gone)
    assert caught.value.provider_code == "21620"


# --- the outcome that nobody saw -----------------------------------------------------------------------------------


async def test_an_accepted_message_is_found_again(world: World) -> None:
    since = datetime.now(UTC)
    await world.send(Text(text="Hello?"), id="01OTHER")
    await world.knobs(timeout_after_accept_rate=1)
    with pytest.raises(OutcomeUnknown):
        await world.send(Text(text="Hello!!"))
    found = await ADAPTER.look_up(world.io, world.account, world.message(Text(text="Hello!!")), since)
    assert found is not None
    entry = (await world.ledger())[-1]
    assert found.external_ids == (entry["provider_id"],)
    await until(lambda: {receipt.correlation for receipt in world.receipts()} == {"01OTHER", "01MSG"})


async def test_a_message_that_never_arrived_is_not_found(world: World) -> None:
    since = datetime.now(UTC)
    await world.send(Text(text="Another"))
    hello = world.message(Text(text="Hello"))
    assert await ADAPTER.look_up(world.io, world.account, hello, since) is None
    await world.knobs(outage=True)
    with pytest.raises(NotSent):
        await ADAPTER.look_up(world.io, world.account, hello, since)


async def test_nobody_listens(world: World) -> None:
    nowhere = replace(world.io, twilio_url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(NotSent):
        await ADAPTER.send(nowhere, world.account, world.message(Text(text="Hi")))


# --- in -----------------------------------------------------------------------------------------------------------


async def test_text_in_also_after_a_failure_of_ours(world: World) -> None:
    await ADAPTER.connect(world.io, world.account, webhook(world))
    world.receiver.fails = 1
    sid = await world.write(text="  Où est ma commande? 📦 ")
    await until(lambda: len(world.receiver.requests) == 2)
    first, second = world.receiver.events()
    assert isinstance(first, InboundMessage)
    assert (first.key, first.content) == (sid, Text(text="  Où est ma commande? 📦 "))
    assert first.sender.address == ANA
    assert second.key == first.key


async def test_a_changed_webhook_is_not_accepted(world: World) -> None:
    await ADAPTER.connect(world.io, world.account, webhook(world))
    await world.write(text="Hi")
    await until(lambda: world.receiver.requests)
    (request,) = world.receiver.requests
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(world.account, replace(request, body=request.body.replace(b"Hi", b"Ho")))


async def test_pictures_in(world: World) -> None:
    await ADAPTER.connect(world.io, world.account, webhook(world))
    sid = await world.write(type="image", text="Broken", media=["photo", "document"])
    await until(lambda: world.receiver.requests)
    events = world.receiver.events()
    assert [event.key for event in events] == [sid, f"{sid}/1"]
    for event in events:
        assert isinstance(event, InboundMessage)
        assert isinstance(event.content, MediaMessage)
        assert event.content.media.source is not None
        fetched = await ADAPTER.fetch_media(world.io, world.account, event.content.media.source, 10_000_000)
        assert fetched.data
        assert fetched.mime == event.content.media.mime


async def test_stop_and_start(world: World) -> None:
    await ADAPTER.connect(world.io, world.account, webhook(world))
    await world.write(text="stop")
    with pytest.raises(RecipientOptedOut):
        await world.send(Text(text="Hi"))
    await world.write(text="START")
    await world.send(Text(text="Hi"))


async def test_stop_that_a_service_acted_on(world: World) -> None:
    service = replace(world.account, config={**world.account.config, "sender": SERVICE_SID})
    await ADAPTER.connect(world.io, service, webhook(world))
    await world.write(text="STOP", number=POOLED)
    await until(lambda: world.receiver.requests)
    message, consent = world.receiver.events()
    assert isinstance(message, InboundMessage)
    assert isinstance(consent, ConsentChanged)
    assert (message.content, consent.granted, consent.source) == (Text(text="STOP"), False, "provider_stop")


async def test_what_no_webhook_brought_is_listed_with_its_keys(world: World) -> None:
    since = datetime.now(UTC) - timedelta(seconds=1)
    sids = [await world.write(text=f"Message {number}") for number in range(120)]
    photo = await world.write(type="image", text="And a photo")
    await world.send(Text(text="Ours"))
    bodies = await ADAPTER.list_since(world.io, world.account, since)
    events = [event for body in bodies for event in ADAPTER.parse(world.account, body, {})]
    assert [event.key for event in events] == [*sids, photo]
    last = events[-1]
    assert isinstance(last, InboundMessage)
    assert isinstance(last.content, MediaMessage)
    assert last.content.media.source is not None
    assert (await ADAPTER.fetch_media(world.io, world.account, last.content.media.source, 10_000_000)).data
