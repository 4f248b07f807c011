"""Messages of the one content model, as the exact requests Telegram gets; and what its answers mean."""

import json
import traceback
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest

from app.core.addresses import Address
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
    Media,
    MediaKind,
    MediaMessage,
    Order,
    Row,
    Section,
    Template,
    Text,
)
from channels.contract import ChannelAccount, DeliveryStatus, OutboundFile, OutboundMessage
from channels.errors import (
    AccountRefused,
    MessageRefused,
    NotSent,
    OutcomeUnknown,
    RecipientUnreachable,
    ReplyWindowClosed,
    SendError,
    TemplateRefused,
    Throttled,
)
from channels.telegram import ADAPTER
from channels.telegram.rendering import MAX_PHOTO_BYTES, MAX_UPLOAD_BYTES
from tests.channels.telegram.support import ACCOUNT, SENT, TOKEN, file, outbound, telegram


@dataclass(frozen=True)
class OutboundCase:
    """`sent` is every parameter of the request but the chat; nested JSON is decoded."""

    label: str
    content: Content
    method: str
    sent: dict[str, Any]
    more: dict[str, Any] = field(default_factory=dict)


def inline(*rows: tuple[str, str]) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": title, "callback_data": choice}] for choice, title in rows]}


def asking(label: str, what: str) -> dict[str, Any]:
    return {"keyboard": [[{"text": label, what: True}]], "resize_keyboard": True, "one_time_keyboard": True}


def media(kind: MediaKind, caption: str | None = None, **more: Any) -> MediaMessage:
    return MediaMessage(media=Media(kind=kind, file_id="file_1", **more), caption=caption)


CASES = [
    OutboundCase(
        "text, whatever is in it", Text(text="<b>*1_0* & 20%</b> 👋"), "sendMessage", {"text": "<b>*1_0* & 20%</b> 👋"}
    ),
    OutboundCase("the longest text", Text(text="é" * 4096), "sendMessage", {"text": "é" * 4096}),
    OutboundCase(
        "quote",
        Text(text="Yes"),
        "sendMessage",
        {"text": "Yes", "reply_parameters": {"message_id": 11, "allow_sending_without_reply": True}},
        {"reply_to": "42:11"},
    ),
    OutboundCase(
        "quote of another chat's message", Text(text="Yes"), "sendMessage", {"text": "Yes"}, {"reply_to": "43:11"}
    ),
    OutboundCase("quote of a tap", Text(text="Yes"), "sendMessage", {"text": "Yes"}, {"reply_to": "42:tap-4382"}),
    OutboundCase(
        "on behalf of a business account",
        Text(text="Hi"),
        "sendMessage",
        {
            "text": "Hi",
            "business_connection_id": "BCEXAMPLE",
            "reply_parameters": {"message_id": 5, "allow_sending_without_reply": True},
        },
        {"to": Address("telegram", "42@BCEXAMPLE"), "reply_to": "42@BCEXAMPLE:5"},
    ),
    OutboundCase(
        "location", Location(latitude=5.6, longitude=-0.2), "sendLocation", {"latitude": 5.6, "longitude": -0.2}
    ),
    OutboundCase(
        "place with a name",
        Location(latitude=5.6, longitude=-0.2, name="Shop", address="1 Example Street"),
        "sendVenue",
        {"latitude": 5.6, "longitude": -0.2, "title": "Shop", "address": "1 Example Street"},
    ),
    OutboundCase(
        "place with an address only",
        Location(latitude=5.6, longitude=-0.2, address="1 Example Street"),
        "sendVenue",
        {"latitude": 5.6, "longitude": -0.2, "title": "1 Example Street", "address": "1 Example Street"},
    ),
    OutboundCase(
        "contact",
        Contacts(contacts=(ContactCard(name="Bo", phones=("+12025550143",)),)),
        "sendContact",
        {"phone_number": "+12025550143", "first_name": "Bo"},
    ),
    OutboundCase(
        "contacts that are more than a name and a number",
        Contacts(
            contacts=(
                ContactCard(name="Bo", phones=("+12025550143", "+12025550144"), organisation="Example Ltd"),
                ContactCard(name="Cy", emails=("cy@example.test",)),
            )
        ),
        "sendMessage",
        {"text": "Bo\nExample Ltd\n+12025550143\n+12025550144\n\nCy\ncy@example.test"},
    ),
    OutboundCase(
        "buttons",
        Buttons(
            text="Is that right?",
            header="Order 7",
            footer="Linden",
            buttons=(Button(id="yes", title="Yes"), Button(id="no", title="No")),
        ),
        "sendMessage",
        {"text": "Order 7\n\nIs that right?\n\nLinden", "reply_markup": inline(("yes", "Yes"), ("no", "No"))},
    ),
    OutboundCase(
        "the longest id of a button",
        Buttons(text="?", buttons=(Button(id="é" * 32, title="Yes"),)),
        "sendMessage",
        {"text": "?", "reply_markup": inline(("é" * 32, "Yes"))},
    ),
    OutboundCase(
        "list of bare rows",
        List(text="Which?", button="Open", sections=(Section(rows=(Row(id="s", title="S"), Row(id="l", title="L"))),)),
        "sendMessage",
        {"text": "Which?", "reply_markup": inline(("s", "S"), ("l", "L"))},
    ),
    OutboundCase(
        "list with sections and descriptions",
        List(
            text="Which?",
            footer="Linden",
            button="Open",
            sections=(
                Section(title="Tea", rows=(Row(id="g", title="Green", description="mild"), Row(id="b", title="Black"))),
                Section(title="Coffee", rows=(Row(id="e", title="Espresso"),)),
            ),
        ),
        "sendMessage",
        {
            "text": "Which?\n\nTea\n• Green: mild\n• Black\n\nCoffee\n• Espresso\n\nLinden",
            "reply_markup": inline(("g", "Green"), ("b", "Black"), ("e", "Espresso")),
        },
    ),
    OutboundCase(
        "link button",
        LinkButton(text="Pay here", label="Pay 12.50", url="https://pay.example.test/p/1"),
        "sendMessage",
        {
            "text": "Pay here",
            "reply_markup": {"inline_keyboard": [[{"text": "Pay 12.50", "url": "https://pay.example.test/p/1"}]]},
        },
    ),
    OutboundCase(
        "location request",
        LocationRequest(text="Where are you?"),
        "sendMessage",
        {"text": "Where are you?", "reply_markup": asking("Share my location", "request_location")},
    ),
    OutboundCase(
        "contact request",
        ContactRequest(text="Your number?"),
        "sendMessage",
        {"text": "Your number?", "reply_markup": asking("Share my phone number", "request_contact")},
    ),
]


def decoded(parameters: dict[str, Any]) -> dict[str, Any]:
    """Form fields are text; those that hold JSON other than a plain text are read."""
    nested = ("reply_markup", "reply_parameters", "latitude", "longitude")
    return {name: json.loads(value) if name in nested else value for name, value in parameters.items()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
async def test_content_becomes_a_request(case: OutboundCase) -> None:
    async with telegram() as server:
        server.answers(case.method, SENT)
        result = await ADAPTER.send(server.io, ACCOUNT, outbound(case.content, **case.more))
    assert [method for method, _ in server.asked] == [case.method]
    assert decoded(server.asked[0][1]) == {"chat_id": "42", **case.sent}
    place = case.more.get("to", Address("telegram", "42")).value
    assert result.external_ids == (f"{place}:77",)
    assert result.status is DeliveryStatus.SENT


# --- files --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FileCase:
    label: str
    file: OutboundFile
    method: str
    part: str
    caption: str | None = "look"
    extra: dict[str, str] = field(default_factory=dict)


AS_DOCUMENT = {"disable_content_type_detection": "true"}
FILES = [
    FileCase("photo", file("image", "image/jpeg", "a.jpg"), "sendPhoto", "photo"),
    FileCase("photo of 10 MB", file("image", "image/png", "a.png", b"x" * MAX_PHOTO_BYTES), "sendPhoto", "photo"),
    FileCase(
        "photo over 10 MB",
        file("image", "image/png", "a.png", b"x" * (MAX_PHOTO_BYTES + 1)),
        "sendDocument",
        "document",
        extra=AS_DOCUMENT,
    ),
    FileCase(
        "photo with sides that Telegram refuses",
        file("image", "image/png", "a.png", width=9000, height=2000),
        "sendDocument",
        "document",
        extra=AS_DOCUMENT,
    ),
    FileCase(
        "photo that is a strip",
        file("image", "image/png", "a.png", width=2100, height=100),
        "sendDocument",
        "document",
        extra=AS_DOCUMENT,
    ),
    FileCase("gif", file("image", "image/gif", "a.gif"), "sendAnimation", "animation"),
    FileCase(
        "image of another type", file("image", "image/tiff", "a.tiff"), "sendDocument", "document", extra=AS_DOCUMENT
    ),
    FileCase("video", file("video", "video/mp4", "a.mp4"), "sendVideo", "video", extra={"supports_streaming": "true"}),
    FileCase(
        "video of another type",
        file("video", "video/quicktime", "a.mov"),
        "sendDocument",
        "document",
        extra=AS_DOCUMENT,
    ),
    FileCase("audio", file("audio", "audio/mpeg", "a.mp3"), "sendAudio", "audio"),
    FileCase(
        "audio of another type", file("audio", "audio/wav", "a.wav"), "sendDocument", "document", extra=AS_DOCUMENT
    ),
    FileCase("voice", file("voice", "audio/ogg; codecs=opus", "a.ogg"), "sendVoice", "voice"),
    FileCase("voice in m4a", file("voice", "audio/mp4", "a.m4a"), "sendVoice", "voice"),
    FileCase(
        "voice from a browser", file("voice", "audio/webm", "a.webm"), "sendDocument", "document", extra=AS_DOCUMENT
    ),
    FileCase(
        "document", file("document", "application/pdf", "Résumé 7.pdf"), "sendDocument", "document", extra=AS_DOCUMENT
    ),
    FileCase(
        "photo sent as a document",
        file("document", "image/jpeg", "a.jpg"),
        "sendDocument",
        "document",
        extra=AS_DOCUMENT,
    ),
    FileCase("sticker", file("sticker", "image/webp", "a.webp"), "sendSticker", "sticker", caption=None),
    FileCase("sticker with words", file("sticker", "image/webp", "a.webp"), "sendPhoto", "photo"),
    FileCase("sticker of another type", file("sticker", "image/png", "a.png"), "sendPhoto", "photo", caption=None),
    FileCase(
        "file of no name or type",
        file("document", None, None),
        "sendDocument",
        "document",
        caption=None,
        extra=AS_DOCUMENT,
    ),
    FileCase(
        "the largest file",
        file("document", "application/zip", "a.zip", b"x" * MAX_UPLOAD_BYTES),
        "sendDocument",
        "document",
        extra=AS_DOCUMENT,
    ),
]


@pytest.mark.parametrize("case", FILES, ids=lambda case: case.label)
async def test_a_file_is_uploaded_by_the_method_that_fits(case: FileCase) -> None:
    content = MediaMessage(media=case.file.media, caption=case.caption)
    async with telegram() as server:
        server.answers(case.method, SENT)
        await ADAPTER.send(server.io, ACCOUNT, outbound(content, file=case.file))
    ((method, sent),) = server.asked
    assert method == case.method
    name, mime, data = sent.pop(case.part)
    assert (name, mime) == (case.file.media.name or "file", case.file.media.mime or "application/octet-stream")
    assert data == await case.file.read()
    assert sent == {"chat_id": "42", **({"caption": case.caption} if case.caption else {}), **case.extra}


# --- what cannot be sent ------------------------------------------------------------------------------------------

PDF = file("document", "application/pdf", "a.pdf")
UNSENDABLE: list[tuple[str, OutboundMessage, type[SendError]]] = [
    ("text too long", outbound(Text(text="x" * 4097)), MessageRefused),
    (
        "framed text too long",
        outbound(Buttons(text="x" * 4096, header="H", buttons=(Button(id="a", title="A"),))),
        MessageRefused,
    ),
    ("id of 65 bytes", outbound(Buttons(text="?", buttons=(Button(id="é" * 32 + "x", title="A"),))), MessageRefused),
    (
        "id of a row of 65 bytes",
        outbound(List(text="?", button="Open", sections=(Section(rows=(Row(id="x" * 65, title="A"),)),))),
        MessageRefused,
    ),
    ("caption too long", outbound(media("document", "x" * 1025), file=PDF), MessageRefused),
    ("no file", outbound(media("document")), MessageRefused),
    ("empty file", outbound(media("document"), file=file("document", None, "a", b"")), MessageRefused),
    (
        "file too large",
        outbound(media("video"), file=file("video", "video/mp4", "a", b"x" * (MAX_UPLOAD_BYTES + 1))),
        MessageRefused,
    ),
    ("template", outbound(Template(name="hello", language="en")), TemplateRefused),
    ("choice", outbound(Choice(id="a", title="A")), MessageRefused),
    ("order", outbound(Order()), MessageRefused),
    ("address of no chat", outbound(Text(text="x"), to=Address("telegram", "@ana")), RecipientUnreachable),
    ("empty connection", outbound(Text(text="x"), to=Address("telegram", "42@")), RecipientUnreachable),
]


@pytest.mark.parametrize(("message", "error"), [row[1:] for row in UNSENDABLE], ids=[row[0] for row in UNSENDABLE])
async def test_refused_before_telegram_is_asked(message: Any, error: type[SendError]) -> None:
    async with telegram() as server:
        with pytest.raises(error):
            await ADAPTER.send(server.io, ACCOUNT, message)
    assert server.asked == []


@pytest.mark.parametrize("token", ["", "hello", "1:", "1:a/b", "1:a?b", "1:a b", "1:{token}", " 1:a", "1:a\n"])
async def test_a_token_that_cannot_be_one_never_becomes_a_url(token: str) -> None:
    account = replace(ACCOUNT, secrets={"bot_token": token})
    async with telegram() as server:
        with pytest.raises(AccountRefused):
            await ADAPTER.send(server.io, account, outbound(Text(text="x")))
    assert server.router.calls.call_count == 0


# --- Telegram's refusals ------------------------------------------------------------------------------------------


def answer(code: int, description: str, **parameters: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    return {**body, "parameters": parameters} if parameters else body


REFUSALS: list[tuple[int, str, type[SendError]]] = [
    (403, "Forbidden: bot was blocked by the user", RecipientUnreachable),
    (403, "Forbidden: user is deactivated", RecipientUnreachable),
    (403, "Forbidden: bot can't initiate conversation with a user", RecipientUnreachable),
    (403, "Forbidden: bot was kicked from the supergroup chat", RecipientUnreachable),
    (400, "Bad Request: chat not found", RecipientUnreachable),
    (400, "Bad Request: CHAT NOT FOUND", RecipientUnreachable),
    (400, "chat not found", RecipientUnreachable),
    (400, "Bad Request: user not found", RecipientUnreachable),
    (400, "Bad Request: PEER_ID_INVALID", RecipientUnreachable),
    (400, "Bad Request: group chat was upgraded to a supergroup chat", RecipientUnreachable),
    (400, "Bad Request: BUSINESS_CONNECTION_INVALID", RecipientUnreachable),
    (400, "Bad Request: business connection not found", RecipientUnreachable),
    (400, "Bad Request: BUSINESS_PEER_USAGE_MISSING", ReplyWindowClosed),
    (400, "Bad Request: can't parse entities: unclosed tag", MessageRefused),
    (400, "Bad Request: message is too long", MessageRefused),
    (400, "Bad Request: wrong file identifier/HTTP URL specified", MessageRefused),
    (400, "Bad Request: file is too big", MessageRefused),
    (400, "Bad Request: failed to get HTTP URL content", MessageRefused),
    (400, "Bad Request: BUTTON_DATA_INVALID", MessageRefused),
    (400, "Bad Request: message to be replied not found", MessageRefused),
    (400, "Bad Request: something nobody has seen", MessageRefused),
    (400, "Bad Request: the words 'chat not found' further in", MessageRefused),
    (413, "Request Entity Too Large", MessageRefused),
    (401, "Unauthorized", AccountRefused),
    (404, "Not Found", AccountRefused),
    (409, "Conflict: terminated by other getUpdates request", AccountRefused),
    (500, "Internal Server Error", NotSent),
    (502, "Bad Gateway", NotSent),
    (503, "Service Unavailable", NotSent),
    (504, "Gateway Timeout", OutcomeUnknown),
    (418, "I'm a teapot", NotSent),
]


async def refused(status: int, body: Any) -> SendError:
    async with telegram() as server:
        server.answers("sendMessage", body, status=status)
        with pytest.raises(SendError) as raised:
            await ADAPTER.send(server.io, ACCOUNT, outbound(Text(text="Hi")))
    return raised.value


@pytest.mark.parametrize(("status", "words", "error"), REFUSALS)
async def test_a_refusal_becomes_our_error(status: int, words: str, error: type[SendError]) -> None:
    raised = await refused(status, answer(status, words))
    assert type(raised) is error
    assert raised.provider_code == str(status)
    assert raised.message == words


async def test_only_a_block_is_told_as_a_block() -> None:
    blocked = await refused(403, answer(403, "Forbidden: bot was blocked by the user"))
    gone = await refused(403, answer(403, "Forbidden: user is deactivated"))
    assert isinstance(blocked, RecipientUnreachable)
    assert isinstance(gone, RecipientUnreachable)
    assert (blocked.blocked, gone.blocked) == (True, False)


@pytest.mark.parametrize(
    ("body", "seconds", "scope"),
    [
        (answer(429, "Too Many Requests: retry after 7", retry_after=7), 7, "sender"),
        (answer(429, "Too Many Requests: retry after 3 in this chat", retry_after=3), 3, "pair"),
        (answer(429, "Too Many Requests"), None, "sender"),
        (answer(429, "Too Many Requests", retry_after="soon"), None, "sender"),
        (answer(429, "Too Many Requests", retry_after=-1), None, "sender"),
        (answer(429, "Too Many Requests", retry_after=10**12), 86_400, "sender"),
        (b"slow down", None, "sender"),
    ],
)
async def test_throttled(body: Any, seconds: float | None, scope: str) -> None:
    raised = await refused(429, body)
    assert isinstance(raised, Throttled)
    assert (raised.retry_after_seconds, raised.scope, raised.retryable) == (seconds, scope, True)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (502, b"<html>Bad Gateway</html>", NotSent),
        (403, b"[]", RecipientUnreachable),
        (302, b"", NotSent),
        (400, b'{"description":7}', MessageRefused),
    ],
)
async def test_a_refusal_in_no_form_of_telegram_s(status: int, body: bytes, error: type[SendError]) -> None:
    assert type(await refused(status, body)) is error


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>Welcome</html>", b"[]", b"{}", b'{"ok":false,"result":1}', b'{"ok":true}']
    + [b'{"ok":true,"result":%s}' % result for result in (b"{}", b"true", b'"x"', b"[]", b'{"message_id":7}')],
)
async def test_an_acceptance_that_cannot_be_read_is_an_unknown_outcome(body: bytes) -> None:
    async with telegram() as server:
        server.router.post().respond(200, content=body)
        with pytest.raises(OutcomeUnknown):
            await ADAPTER.send(server.io, ACCOUNT, outbound(Text(text="Hi")))


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (httpx.ConnectError("refused"), NotSent),
        (httpx.ConnectTimeout("slow"), NotSent),
        (httpx.PoolTimeout("busy"), NotSent),
        (httpx.ReadTimeout("silent"), OutcomeUnknown),
        (httpx.WriteTimeout("stuck"), OutcomeUnknown),
        (httpx.ReadError("reset"), OutcomeUnknown),
        (httpx.WriteError("reset"), OutcomeUnknown),
        (httpx.RemoteProtocolError("hung up"), OutcomeUnknown),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.__name__,
)
async def test_a_failed_exchange(broken: Exception, error: type[SendError]) -> None:
    async with telegram() as server:
        server.answers("sendMessage", broken)
        with pytest.raises(SendError) as raised:
            await ADAPTER.send(server.io, ACCOUNT, outbound(Text(text="Hi")))
    assert type(raised.value) is error


@pytest.mark.parametrize(
    "fault",
    [
        httpx.ConnectError(f"cannot connect to http://telegram.test/bot{TOKEN}/sendMessage"),
        httpx.ReadTimeout(f"http://telegram.test/bot{TOKEN}/sendMessage"),
        answer(401, "Unauthorized"),
        answer(400, "Bad Request: chat not found"),
    ],
)
async def test_the_token_is_in_no_exception(fault: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "telegram")
    async with telegram() as server:
        server.answers("sendMessage", fault, status=200 if isinstance(fault, Exception) else fault["error_code"])
        with pytest.raises(SendError) as raised:
            await ADAPTER.send(server.io, ACCOUNT, outbound(Text(text="Hi")))
    secret = TOKEN.partition(":")[2]
    assert secret not in "".join(traceback.format_exception(raised.value))
    assert secret not in repr(raised.value.__dict__)
    assert secret not in caplog.text


def test_the_account_s_repr_holds_no_secret() -> None:
    assert TOKEN not in repr(ACCOUNT)
    assert isinstance(ACCOUNT, ChannelAccount)
