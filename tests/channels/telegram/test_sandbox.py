"""The adapter against the running sandbox, over HTTP both ways: what one side does, the other side sees."""

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.core.addresses import Address
from app.core.http import provider_client
from channels.content import (
    Button,
    Buttons,
    Choice,
    ContactCard,
    ContactRequest,
    Contacts,
    Content,
    LinkButton,
    List,
    Location,
    LocationRequest,
    MediaKind,
    MediaMessage,
    Row,
    Section,
    Text,
    Unsupported,
)
from channels.contract import (
    ChannelAccount,
    ChannelIO,
    ConsentChanged,
    InboundEvent,
    InboundMessage,
    MessageEdited,
    OutboundFile,
    Reaction,
    SendResult,
    WebhookRequest,
)
from channels.errors import (
    AccountError,
    AccountRefused,
    MessageRefused,
    NotSent,
    OutcomeUnknown,
    RecipientUnreachable,
    SendError,
    SignatureInvalid,
    Throttled,
)
from channels.telegram import ADAPTER
from tests.channels.telegram.support import ACCOUNT, file, io, outbound

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "sandbox" / "samples"
BOT = "7000000001"
TOKEN = "7000000001:AAsandboxBotToken-for_the_demo_0001"
BOT_ACCOUNT = replace(ACCOUNT, secrets={**ACCOUNT.secrets, "bot_token": TOKEN})


@pytest.fixture(scope="module")
async def sandbox_url() -> AsyncIterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", "--port", str(port), cwd=ROOT, stdout=asyncio.subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(20), httpx.AsyncClient() as http:
            while True:
                with suppress(httpx.TransportError):
                    await http.get(f"{url}/_sandbox/state")
                    break
                await asyncio.sleep(0.05)
        yield url
    finally:
        process.terminate()
        await process.wait()


@dataclass
class World:
    """Ama with her phone, the bot's account, and our webhook."""

    url: str
    io: ChannelIO
    account: ChannelAccount
    webhook_url: str
    events: asyncio.Queue[InboundEvent]
    ama: Address

    async def control(self, method: str, path: str, **body: Any) -> Any:
        answer = await self.io.http.request(method, f"{self.url}/_sandbox{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def ama_does(self, kind: str, **more: Any) -> Any:
        return await self.control(
            "POST", "/inbound", channel="telegram", account=BOT, customer="ama", type=kind, **more
        )

    async def next(self) -> InboundEvent:
        async with asyncio.timeout(10):
            return await self.events.get()

    async def says(self, kind: str, **more: Any) -> InboundMessage:
        await self.ama_does(kind, **more)
        event = await self.next()
        assert isinstance(event, InboundMessage)
        return event

    async def send(self, content: Content, **more: Any) -> SendResult:
        return await ADAPTER.send(self.io, self.account, outbound(content, **{"to": self.ama, **more}))

    async def refusal(self, content: Content | None = None, **more: Any) -> SendError:
        with pytest.raises(SendError) as raised:
            await self.send(content or Text(text="Hi"), **more)
        assert TOKEN not in str(raised.value)
        return raised.value

    async def sent(self) -> list[dict[str, Any]]:
        """What stands on Ama's phone of ours, oldest first."""
        found = await self.control("GET", f"/ledger?channel=telegram&account={BOT}&direction=out")
        return list(found["entries"])


@asynccontextmanager
async def webhook(account: ChannelAccount, events: asyncio.Queue[InboundEvent]) -> AsyncIterator[str]:
    """A server that does with a webhook what Parley's does: verify, parse, keep, answer."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.strip().split("\r\n")
                headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
                body = await reader.readexactly(int(headers["content-length"]))
                method, path, _ = first.split(" ")
                try:
                    ADAPTER.verify(account, WebhookRequest(method, path, headers, {}, body))
                    for event in ADAPTER.parse(account, body, headers):
                        events.put_nowait(event)
                    status = "200 OK"
                except SignatureInvalid:
                    status = "401 Unauthorized"
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/webhooks/telegram/acc_1"
    finally:
        server.close()


@pytest.fixture
async def world(sandbox_url: str) -> AsyncIterator[World]:
    """A fresh sandbox in which Ama has pressed Start and our webhook is registered."""
    events: asyncio.Queue[InboundEvent] = asyncio.Queue()
    async with provider_client() as http, webhook(BOT_ACCOUNT, events) as hook:
        (host, _, _) = hook.partition("/webhooks")
        world = World(
            url=sandbox_url,
            io=replace(io(http, f"{sandbox_url}/telegram"), public_url=host),
            account=BOT_ACCOUNT,
            webhook_url=hook,
            events=events,
            ama=Address("telegram", "0"),
        )
        await world.control("POST", "/reset")
        await world.control("PUT", "/knobs", limits=False, **{"global": {"retry_base_ms": 100}})
        await ADAPTER.connect(world.io, world.account, hook)
        world.ama = (await world.says("start")).sender.address
        yield world


# --- the account --------------------------------------------------------------------------------------------------


async def test_check_connect_disconnect(world: World) -> None:
    facts = await ADAPTER.check(world.io, world.account)
    assert (facts.address, facts.name, facts.warnings) == ("@linden_demo_bot", "Linden & Co", ())
    await ADAPTER.disconnect(world.io, world.account)
    (warning,) = (await ADAPTER.check(world.io, world.account)).warnings
    assert "knows no webhook" in warning


async def test_a_wrong_token(world: World) -> None:
    stranger = replace(world.account, secrets={"bot_token": TOKEN + "x"})
    with pytest.raises(AccountError) as raised:
        await ADAPTER.check(world.io, stranger)
    assert raised.value.field == "bot_token"
    with pytest.raises(AccountRefused):
        await ADAPTER.send(world.io, stranger, outbound(Text(text="Hi"), to=world.ama))


async def test_an_address_that_telegram_cannot_reach(world: World) -> None:
    with pytest.raises(AccountError, match="HTTPS") as raised:
        await ADAPTER.connect(world.io, world.account, "http://parley.test/webhooks/telegram/acc_1")
    assert raised.value.field == "delivery"


# --- in -----------------------------------------------------------------------------------------------------------


async def test_start_with_a_payload(world: World) -> None:
    event = await world.says("start", payload="ad7_EXAMPLE")
    assert event.content == Text(text="/start")
    assert event.referral is not None
    assert event.referral.payload == "ad7_EXAMPLE"
    assert (event.sender.name, event.sender.username, event.sender.language) == ("Ama Mensah", "ama_mensah", "en")


async def test_text_and_a_quoted_reply(world: World) -> None:
    result = await world.send(Text(text="Which one?"))
    number = result.external_ids[0].rpartition(":")[2]
    event = await world.says("text", text="This <one> & *that* 👋", reply_to=number)
    assert event.content == Text(text="This <one> & *that* 👋")
    assert event.reply_to == result.external_ids[0]


@pytest.mark.parametrize(
    ("kind", "becomes", "sample"),
    [
        ("photo", "image", "photo.jpg"),
        ("video", "video", "video.mp4"),
        ("animation", "video", "video.mp4"),
        ("video_note", "video", "video.mp4"),
        ("audio", "audio", "music.mp3"),
        ("voice", "voice", "voice.ogg"),
        ("document", "document", "document.pdf"),
        ("sticker", "sticker", "sticker.webp"),
    ],
)
async def test_a_file_comes_in(world: World, kind: str, becomes: MediaKind, sample: str) -> None:
    event = await world.says(kind)
    assert isinstance(event.content, MediaMessage)
    media = event.content.media
    assert (media.kind, media.state) == (becomes, "pending")
    assert media.source is not None
    fetched = await ADAPTER.fetch_media(world.io, world.account, media.source, 10_000_000)
    assert fetched.data == (SAMPLES / sample).read_bytes()
    assert media.bytes == len(fetched.data)


async def test_an_album_is_tied_together(world: World) -> None:
    await world.ama_does("album", text="two photos")
    first, second = await world.next(), await world.next()
    assert isinstance(first, InboundMessage)
    assert isinstance(second, InboundMessage)
    assert first.group_id
    assert first.group_id == second.group_id
    assert first.external_id != second.external_id


async def test_place_card_and_the_unknown(world: World) -> None:
    place = await world.says("location", latitude=5.6, longitude=-0.2, name="Shop", address="1 Example Rd")
    assert place.content == Location(latitude=5.6, longitude=-0.2, name="Shop", address="1 Example Rd")
    card = await world.says("contact", name="Kofi Example", phone="+12025550143")
    assert card.content == Contacts(contacts=(ContactCard(name="Kofi Example", phones=("+12025550143",)),))
    assert card.sender.verified_phone is None
    own = await world.says("contact")
    assert own.sender.verified_phone == "+12025550121"
    assert (await world.says("unknown")).content == Unsupported(what="hologram")


async def test_edit_reaction_block_and_unblock(world: World) -> None:
    said = await world.says("text", text="Helo")
    number = said.external_id.rpartition(":")[2]
    await world.ama_does("edit", target=number, text="Hello")
    edited = await world.next()
    assert isinstance(edited, MessageEdited)
    assert (edited.external_id, edited.content) == (said.external_id, Text(text="Hello"))
    for emoji in ("👍", "❤", ""):
        await world.ama_does("reaction", target=number, emoji=emoji)
        reaction = await world.next()
        assert isinstance(reaction, Reaction)
        assert (reaction.external_id, reaction.emoji) == (said.external_id, emoji)
    for kind, granted in (("block", False), ("unblock", True)):
        await world.ama_does(kind)
        change = await world.next()
        assert isinstance(change, ConsentChanged)
        assert (change.granted, change.purpose, change.source) == (granted, None, kind)


async def test_a_tap_comes_back_as_a_choice_and_is_acknowledged_once(world: World) -> None:
    result = await world.send(
        Buttons(text="Right?", buttons=(Button(id="yes_1", title="Yes"), Button(id="no", title="No")))
    )
    tapped = await world.says("callback", target=result.external_ids[0].rpartition(":")[2], data="yes_1")
    assert tapped.content == Choice(id="yes_1", title="Yes")
    assert tapped.reply_to == result.external_ids[0]
    assert tapped.acknowledge is not None
    await ADAPTER.acknowledge(world.io, world.account, tapped.acknowledge)
    # The second is refused by the sandbox, which harms nobody.
    await ADAPTER.acknowledge(world.io, world.account, tapped.acknowledge)


async def test_redelivery_has_the_same_keys(world: World) -> None:
    await world.control("PUT", "/knobs", duplicate_rate=1)
    await world.ama_does("text", text="Hello")
    first, second = await world.next(), await world.next()
    assert first == second


async def test_a_webhook_with_another_secret_is_refused_and_comes_again(world: World) -> None:
    other = replace(world.account, secrets={**world.account.secrets, "webhook_secret": "another"})
    await ADAPTER.connect(world.io, other, world.webhook_url)
    await world.ama_does("text", text="Hello")
    await asyncio.sleep(0.3)
    assert world.events.empty()
    await ADAPTER.connect(world.io, world.account, world.webhook_url)
    event = await world.next()
    assert isinstance(event, InboundMessage)
    assert event.content == Text(text="Hello")


# --- polling ------------------------------------------------------------------------------------------------------


async def test_polling(world: World) -> None:
    polling = replace(world.account, config={"delivery": "polling"})
    with pytest.raises(AccountError, match="webhook is active") as raised:
        await ADAPTER.poll(world.io, polling, None)
    assert raised.value.field == "delivery"
    await ADAPTER.connect(world.io, polling, world.webhook_url)
    await world.ama_does("text", text="one")
    await world.ama_does("text", text="two")
    bodies, cursor = await ADAPTER.poll(world.io, polling, None)
    again, same_cursor = await ADAPTER.poll(world.io, polling, None)
    assert (again, same_cursor) == (bodies, cursor)
    said = [ADAPTER.parse(polling, body, {})[0] for body in bodies]
    assert [event.content for event in said if isinstance(event, InboundMessage)] == [
        Text(text="one"),
        Text(text="two"),
    ]
    waiting = asyncio.ensure_future(ADAPTER.poll(world.io, polling, cursor))
    await asyncio.sleep(0.1)
    await world.ama_does("text", text="three")
    bodies, _ = await waiting
    assert [json.loads(body)["message"]["text"] for body in bodies] == ["three"]


async def test_two_pollers(world: World) -> None:
    polling = replace(world.account, config={"delivery": "polling"})
    await ADAPTER.connect(world.io, polling, world.webhook_url)
    first = asyncio.ensure_future(ADAPTER.poll(world.io, polling, None))
    await asyncio.sleep(0.2)
    second = asyncio.ensure_future(ADAPTER.poll(world.io, polling, None))
    with pytest.raises(AccountError, match="terminated by other getUpdates"):
        await first
    await world.ama_does("text", text="Hello")
    bodies, _ = await second
    assert len(bodies) == 1


# --- out ----------------------------------------------------------------------------------------------------------

ROWS = (Row(id="g", title="Green", description="mild"), Row(id="b", title="Black"))
SENDABLE: Sequence[tuple[Content, str, dict[str, Any]]] = [
    (Text(text="<b>*1_0* & 20%</b> 👋"), "text", {"text": "<b>*1_0* & 20%</b> 👋"}),
    (Location(latitude=5.6, longitude=-0.2), "location", {"location": {"latitude": 5.6, "longitude": -0.2}}),
    (
        Location(latitude=5.6, longitude=-0.2, name="Shop"),
        "venue",
        {"location": {"latitude": 5.6, "longitude": -0.2, "name": "Shop", "address": "Shop"}},
    ),
    (
        Contacts(contacts=(ContactCard(name="Bo", phones=("+12025550143",)),)),
        "contact",
        {"contacts": [{"name": "Bo", "phones": ["+12025550143"]}]},
    ),
    (
        Buttons(text="Right?", buttons=(Button(id="y", title="Yes"),)),
        "text",
        {"inline": [[{"title": "Yes", "kind": "callback_data", "id": "y"}]]},
    ),
    (
        List(text="Which?", button="Open", sections=(Section(title="Tea", rows=ROWS),)),
        "text",
        {
            "text": "Which?\n\nTea\n• Green: mild\n• Black",
            "inline": [
                [{"title": "Green", "kind": "callback_data", "id": "g"}],
                [{"title": "Black", "kind": "callback_data", "id": "b"}],
            ],
        },
    ),
    (
        LinkButton(text="Pay here", label="Pay", url="https://pay.example.test/p/1"),
        "text",
        {"inline": [[{"title": "Pay", "kind": "url", "url": "https://pay.example.test/p/1"}]]},
    ),
    (
        LocationRequest(text="Where?"),
        "text",
        {"keyboard": [[{"title": "Share my location", "kind": "request_location"}]], "one_time": True},
    ),
    (
        ContactRequest(text="Your number?"),
        "text",
        {"keyboard": [[{"title": "Share my phone number", "kind": "request_contact"}]], "one_time": True},
    ),
]


@pytest.mark.parametrize(("content", "kind", "shown"), SENDABLE, ids=lambda value: getattr(value, "type", None))
async def test_content_reaches_the_phone(world: World, content: Content, kind: str, shown: dict[str, Any]) -> None:
    result = await world.send(content)
    (entry,) = await world.sent()
    assert entry["type"] == kind
    assert result.external_ids == (f"{world.ama.value}:{entry['body']['message_id']}",)
    assert {name: entry["body"].get(name) for name in shown} == shown


def sample(kind: MediaKind, mime: str, name: str) -> OutboundFile:
    return file(kind, mime, name, (SAMPLES / name).read_bytes())


@pytest.mark.parametrize(
    ("sending", "kind"),
    [
        (sample("image", "image/jpeg", "photo.jpg"), "photo"),
        (sample("image", "image/png", "receipt.png"), "photo"),
        (sample("video", "video/mp4", "video.mp4"), "video"),
        (sample("audio", "audio/mpeg", "music.mp3"), "audio"),
        (sample("voice", "audio/ogg", "voice.ogg"), "voice"),
        (sample("document", "application/pdf", "document.pdf"), "document"),
        (sample("sticker", "image/webp", "sticker.webp"), "sticker"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_file_reaches_the_phone(world: World, sending: OutboundFile, kind: str) -> None:
    caption = None if kind == "sticker" else "look"
    await world.send(MediaMessage(media=sending.media, caption=caption), file=sending)
    (entry,) = await world.sent()
    assert entry["type"] == kind
    assert entry["body"].get("text") == caption
    (shown,) = entry["body"]["media"]
    answer = await world.io.http.get(f"{world.url}/_sandbox/media/{shown['id']}")
    assert answer.content == await sending.read()


async def test_a_quote(world: World) -> None:
    said = await world.says("text", text="Is it open?")
    await world.send(Text(text="Yes"), reply_to=said.external_id)
    (entry,) = await world.sent()
    assert entry["body"]["quote"] == f"{BOT}:{said.external_id.rpartition(':')[2]}"


async def test_a_quote_of_nothing_is_sent_all_the_same(world: World) -> None:
    await world.send(Text(text="Yes"), reply_to=f"{world.ama.value}:999999")
    (entry,) = await world.sent()
    assert "quote" not in entry["body"]


async def test_typing_and_reaction(world: World) -> None:
    await ADAPTER.show_typing(world.io, world.account, world.ama, None)
    said = await world.says("text", text="Thanks")
    for emoji in ("👍", "❤\ufe0f", ""):
        await ADAPTER.react(world.io, world.account, world.ama, said.external_id, emoji)
    with pytest.raises(MessageRefused, match="REACTION_INVALID"):
        await ADAPTER.react(world.io, world.account, world.ama, said.external_id, "🪐")


# --- failures -----------------------------------------------------------------------------------------------------


async def test_a_person_who_never_pressed_start(world: World) -> None:
    people = (await world.control("GET", "/customers"))["customers"]
    diego = next(person["telegram_id"] for person in people if person["id"] == "diego")
    refused = await world.refusal(to=Address("telegram", str(diego)))
    assert isinstance(refused, RecipientUnreachable)
    assert not refused.blocked


async def test_a_chat_that_does_not_exist(world: World) -> None:
    assert isinstance(await world.refusal(to=Address("telegram", "1")), RecipientUnreachable)


async def test_a_person_who_blocked_the_bot(world: World) -> None:
    await world.ama_does("block")
    refused = await world.refusal()
    assert isinstance(refused, RecipientUnreachable)
    assert refused.blocked


async def test_a_link_that_is_none(world: World) -> None:
    refused = await world.refusal(LinkButton(text="x", label="x", url="http://intranet/"))
    assert isinstance(refused, MessageRefused)


@pytest.mark.parametrize(
    ("knobs", "error"),
    [
        ({"throttle": True}, Throttled),
        ({"outage": True}, NotSent),
        ({"error_rate": 1, "error_code": 500}, NotSent),
        ({"error_rate": 1, "error_code": 502}, NotSent),
        ({"error_rate": 1, "error_code": 401}, AccountRefused),
    ],
)
async def test_trouble_at_telegram(world: World, knobs: dict[str, Any], error: type[SendError]) -> None:
    await world.control("PUT", "/knobs", **knobs)
    assert type(await world.refusal()) is error
    assert await world.sent() == []


async def test_a_lost_answer_is_unknown_and_the_message_is_there(world: World) -> None:
    await world.control("PUT", "/knobs", timeout_after_accept_rate=1)
    assert type(await world.refusal()) is OutcomeUnknown
    assert len(await world.sent()) == 1


async def test_too_fast_for_one_chat(world: World) -> None:
    await world.control("PUT", "/knobs", limits=True)
    results = await asyncio.gather(*(world.send(Text(text="Hi")) for _ in range(10)), return_exceptions=True)
    refused = [result for result in results if isinstance(result, Throttled)]
    assert {result.retry_after_seconds for result in refused} == {1}
    assert len(await world.sent()) == len(results) - len(refused)
