"""Our content to the exact request Twilio gets, and Twilio's answers to our errors."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import respx

from app.core.addresses import Address
from channels.content import (
    Button,
    Buttons,
    ContactCard,
    ContactRequest,
    Contacts,
    Content,
    LinkButton,
    List,
    Location,
    LocationRequest,
    MediaMessage,
    Row,
    Section,
    Template,
    Text,
    Unsupported,
)
from channels.contract import ChannelIO, DeliveryStatus, OutboundFile, SendResult
from channels.errors import (
    AccountRefused,
    Filtered,
    MessageRefused,
    NotSent,
    OutcomeUnknown,
    RecipientOptedOut,
    RecipientUnreachable,
    SendError,
    Throttled,
)
from channels.sms import ADAPTER
from channels.sms.errors import RULES
from tests.channels.sms.build import (
    ACCOUNT_SID,
    MESSAGES,
    OURS,
    SERVICE_SID,
    TOKEN,
    WEBHOOK,
    account,
    file,
    outbound,
    payload,
    sid,
)

CALLBACK = f"{WEBHOOK}?m=01MSG#rc=3&rp=all"


@dataclass(frozen=True)
class OutboundCase:
    """`fields` is the whole form in order of names, but for To, From and StatusCallback, which are the same in all."""

    label: str
    content: Content
    fields: dict[str, str]
    file: OutboundFile | None = None


def photo(caption: str | None = None, kind: Any = "image") -> tuple[MediaMessage, OutboundFile]:
    sent = file(kind)
    return MediaMessage(media=sent.media, caption=caption), sent


OUTBOUND = [
    OutboundCase("text", Text(text="Hello & 1+1=2 👋\nbye "), {"Body": "Hello & 1+1=2 👋\nbye "}),
    OutboundCase("the longest text", Text(text="x" * 1600), {"Body": "x" * 1600}),
    OutboundCase("photo", photo()[0], {"MediaUrl": photo()[1].url}, photo()[1]),
    OutboundCase(
        "photo with text", photo("This one?")[0], {"Body": "This one?", "MediaUrl": photo()[1].url}, photo()[1]
    ),
    OutboundCase(
        "buttons become a menu",
        Buttons(
            text="Keep your appointment?",
            header="Dr. Mensah",
            footer="Linden & Co",
            buttons=(Button(id="y", title="Yes"), Button(id="n", title="No")),
        ),
        {"Body": "Dr. Mensah\n\nKeep your appointment?\n\n1. Yes\n2. No\n\nLinden & Co"},
    ),
    OutboundCase(
        "buttons, text only",
        Buttons(text="Keep it?", buttons=(Button(id="y", title="Yes"),)),
        {"Body": "Keep it?\n\n1. Yes"},
    ),
    OutboundCase(
        "a list is numbered through its sections",
        List(
            text="Where shall we deliver?",
            button="Choose",
            sections=(
                Section(
                    title="Accra", rows=(Row(id="1", title="Osu", description="today"), Row(id="2", title="Labone"))
                ),
                Section(rows=(Row(id="3", title="Kumasi"),)),
            ),
        ),
        {"Body": "Where shall we deliver?\n\nChoose:\nAccra\n1. Osu - today\n2. Labone\n3. Kumasi"},
    ),
    OutboundCase(
        "link button",
        LinkButton(text="Your order is ready.", label="Track it", url="https://example.test/o/1?a=b"),
        {"Body": "Your order is ready.\n\nTrack it: https://example.test/o/1?a=b"},
    ),
    OutboundCase(
        "location",
        Location(latitude=5.6037, longitude=-0.187, name="Linden & Co", address="Oxford Street, Accra"),
        {"Body": "Linden & Co\nOxford Street, Accra\nhttps://maps.google.com/?q=5.603700,-0.187000"},
    ),
    OutboundCase(
        "location without a name",
        Location(latitude=0, longitude=0),
        {"Body": "https://maps.google.com/?q=0.000000,0.000000"},
    ),
    OutboundCase(
        "contacts",
        Contacts(
            contacts=(
                ContactCard(name="Ama", phones=("+12025550113",), emails=("ama@example.test",), organisation="Linden"),
                ContactCard(name="Kofi"),
            )
        ),
        {"Body": "Ama\nLinden\n+12025550113\nama@example.test\n\nKofi"},
    ),
    OutboundCase("location request", LocationRequest(text="Where are you?"), {"Body": "Where are you?"}),
    OutboundCase("contact request", ContactRequest(text="Your number?"), {"Body": "Your number?"}),
]


def created() -> httpx.Response:
    return httpx.Response(201, json=payload("api_created"))


@pytest.mark.parametrize("case", OUTBOUND, ids=lambda case: case.label)
async def test_request(case: OutboundCase, io: ChannelIO, respx_mock: respx.MockRouter) -> None:
    route = respx_mock.post(MESSAGES).mock(return_value=created())
    result = await ADAPTER.send(io, account(), outbound(case.content, file=case.file))
    assert result == SendResult((sid(30),), DeliveryStatus.SENT)
    sent = route.calls.last.request
    assert sent.headers["content-type"] == "application/x-www-form-urlencoded"
    assert sent.headers["authorization"] == httpx.BasicAuth(ACCOUNT_SID, TOKEN)._auth_header
    assert dict(parse_qsl(sent.content.decode(), strict_parsing=True)) == {
        "To": "+12025550112",
        "From": OURS,
        "StatusCallback": CALLBACK,
        **case.fields,
    }
    assert route.call_count == 1


async def test_a_service_chooses_the_number(io: ChannelIO, respx_mock: respx.MockRouter) -> None:
    route = respx_mock.post(MESSAGES).mock(return_value=created())
    await ADAPTER.send(io, account(sender=SERVICE_SID), outbound(Text(text="Hi")))
    fields = dict(parse_qsl(route.calls.last.request.content.decode()))
    assert fields["MessagingServiceSid"] == SERVICE_SID
    assert "From" not in fields


async def test_the_environment_changes_nothing(
    io: ChannelIO, respx_mock: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_EDGE", "sydney")
    monkeypatch.setenv("TWILIO_REGION", "au1")
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "another")
    route = respx_mock.post(MESSAGES).mock(return_value=created())
    await ADAPTER.send(io, account(secrets={}), outbound(Text(text="Hi")))
    assert "authorization" not in route.calls.last.request.headers


LANDLINE_ABROAD = Address("sms", "+442079460958")

REFUSED_BY_US = [
    ("too long", outbound(Text(text="x" * 1601)), "1601 characters"),
    (
        "a menu that grew too long",
        outbound(Buttons(text="x" * 1595, buttons=(Button(id="1", title="Yes"),))),
        "characters; an SMS takes 1600",
    ),
    ("template", outbound(Template(name="hello", language="en")), "'template'"),
    ("unsupported", outbound(Unsupported(what="poll")), "'unsupported'"),
    ("no file", outbound(photo()[0]), "not there"),
    ("media abroad", outbound(photo()[0], to=LANDLINE_ABROAD, file=photo()[1]), "US and Canada"),
    ("sticker", outbound(photo(kind="sticker")[0], file=photo(kind="sticker")[1]), "'sticker'"),
    ("type", outbound(photo()[0], file=file(mime="image/webp")), "image/webp"),
    ("size of a picture", outbound(photo()[0], file=file(size=5_000_001)), "5,000,001"),
    ("size of a video", outbound(photo()[0], file=file("video", "video/mp4", 500_001)), "500,000"),
]


@pytest.mark.parametrize(("label", "message", "words"), REFUSED_BY_US, ids=[case[0] for case in REFUSED_BY_US])
async def test_refused_before_asking(
    label: str, message: Any, words: str, io: ChannelIO, respx_mock: respx.MockRouter
) -> None:
    with pytest.raises(MessageRefused, match=words):
        await ADAPTER.send(io, account(), message)
    assert not respx_mock.calls


async def test_a_number_abroad_sends_no_media(io: ChannelIO) -> None:
    content, sent = photo()
    with pytest.raises(MessageRefused, match="cannot send files"):
        await ADAPTER.send(io, account(sender="+442079460100"), outbound(content, file=sent))


async def test_a_type_with_parameters_and_an_unknown_size_go(io: ChannelIO, respx_mock: respx.MockRouter) -> None:
    respx_mock.post(MESSAGES).mock(return_value=created())
    sent = file("voice", "audio/ogg; codecs=opus", None)
    await ADAPTER.send(io, account(), outbound(MediaMessage(media=sent.media), file=sent))


# --- answers ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AnswerCase:
    label: str
    answer: httpx.Response | Exception
    error: type[SendError]
    provider_code: str | None = None
    retry_after: float | None = None
    words: str = ""
    retryable: bool = field(default=False)


def refusal(status: int, code: int | None, message: str = "In Twilio's words", **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "message": message, "status": status}, headers=headers)


ANSWERS = [
    AnswerCase("auth", refusal(401, 20003), AccountRefused, "20003", words="In Twilio's words"),
    AnswerCase("not found", refusal(404, 20404), AccountRefused, "20404"),
    AnswerCase("too many requests", refusal(429, 20429), Throttled, "20429", retryable=True),
    AnswerCase(
        "too many, with a time", refusal(429, 20429, **{"retry-after": "7"}), Throttled, "20429", 7.0, retryable=True
    ),
    AnswerCase(
        "a time we cannot read", refusal(429, 20429, **{"retry-after": "-1e9"}), Throttled, "20429", retryable=True
    ),
    AnswerCase(
        "a year",
        refusal(429, 20429, **{"retry-after": "31536000"}),
        Throttled,
        "20429",
        86_400.0,
        retryable=True,
    ),
    AnswerCase("queue full", refusal(429, 21611), Throttled, "21611", retryable=True),
    AnswerCase(
        "invalid To",
        refusal(400, 21211, "Invalid 'To' Phone Number: +1555"),
        RecipientUnreachable,
        "21211",
        words="Invalid 'To' Phone Number: +1555",
    ),
    AnswerCase("opted out", refusal(400, 21610), RecipientOptedOut, "21610"),
    AnswerCase("landline", refusal(400, 21635), RecipientUnreachable, "21635"),
    AnswerCase("not a mobile", refusal(400, 21614), RecipientUnreachable, "21614"),
    AnswerCase("no route", refusal(400, 21612), RecipientUnreachable, "21612"),
    AnswerCase("sender not ours", refusal(400, 21606), AccountRefused, "21606"),
    AnswerCase("country off: not the whole account", refusal(400, 21408), Filtered, "21408"),
    AnswerCase("trial", refusal(400, 21608), MessageRefused, "21608"),
    AnswerCase("too long", refusal(400, 21617), MessageRefused, "21617"),
    *(
        AnswerCase(f"{code}, unknown: the request is wrong", refusal(400, code), MessageRefused, str(code))
        for code in (11999, 12400, 20001, 21999, 35125)
    ),
    *(
        AnswerCase(f"{code}, unknown: may pass", refusal(400, code), NotSent, str(code), retryable=True)
        for code in (29999, 30999, 34999, 36001, 63999, 90001)
    ),
    *(
        AnswerCase(f"{status}, whatever the code: may pass", refusal(status, code), NotSent, provider, retryable=True)
        for status in (408, 409, 421, 423, 425, 503)
        for code, provider in ((20409, "20409"), (None, None))
    ),
    *(
        AnswerCase(f"{status} with a code we do not know", refusal(status, 20999), AccountRefused, "20999")
        for status in (401, 402, 403, 404)
    ),
    *(
        AnswerCase(f"{status} without code", httpx.Response(status), MessageRefused)
        for status in (400, 405, 406, 410, 413, 414, 415, 422)
    ),
    AnswerCase("a code we know, whatever the status", refusal(409, 21610), RecipientOptedOut, "21610"),
    AnswerCase("401 without code", httpx.Response(401, text="Unauthorized"), AccountRefused),
    AnswerCase("403 without code", httpx.Response(403, html="<h1>No</h1>"), AccountRefused),
    AnswerCase("429 without code", httpx.Response(429), Throttled, retryable=True),
    AnswerCase("400 that is JSON of another kind", httpx.Response(400, json=["no"]), MessageRefused),
    AnswerCase("a code that is a word", refusal(400, "x"), MessageRefused),  # type: ignore[arg-type]
    AnswerCase(
        "RFC 9457",
        httpx.Response(400, json={"type": "t", "title": "Bad", "status": 400, "code": 21211, "detail": "In detail"}),
        RecipientUnreachable,
        "21211",
        words="In detail",
    ),
    AnswerCase("a redirect", httpx.Response(307, headers={"location": "https://example.test"}), MessageRefused),
    AnswerCase("503: not accepted", httpx.Response(503), NotSent, retryable=True),
    AnswerCase(
        "503, with a time", httpx.Response(503, headers={"retry-after": "30"}), NotSent, None, 30.0, retryable=True
    ),
    AnswerCase("500: who knows", httpx.Response(500, text="oops"), OutcomeUnknown),
    AnswerCase("500 with Twilio's code", refusal(500, 20500), OutcomeUnknown, "20500"),
    AnswerCase("502", httpx.Response(502), OutcomeUnknown),
    AnswerCase("504", httpx.Response(504), OutcomeUnknown),
    AnswerCase("created, but unreadable", httpx.Response(201, text="<html>"), OutcomeUnknown),
    AnswerCase("created, but a list", httpx.Response(201, json=[]), OutcomeUnknown),
    AnswerCase("created, but without SID", httpx.Response(201, json={"status": "queued"}), OutcomeUnknown),
    AnswerCase("no connection", httpx.ConnectError("refused"), NotSent, retryable=True),
    AnswerCase("connecting took too long", httpx.ConnectTimeout("slow"), NotSent, retryable=True),
    AnswerCase("no free connection", httpx.PoolTimeout("busy"), NotSent, retryable=True),
    AnswerCase("no answer in time", httpx.ReadTimeout("slow"), OutcomeUnknown),
    AnswerCase("dropped while reading", httpx.ReadError("reset"), OutcomeUnknown),
    AnswerCase("dropped while writing", httpx.WriteError("reset"), OutcomeUnknown),
    AnswerCase("not HTTP", httpx.RemoteProtocolError("disconnected"), OutcomeUnknown),
]


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: case.label)
async def test_answer(case: AnswerCase, io: ChannelIO, respx_mock: respx.MockRouter) -> None:
    route = respx_mock.post(MESSAGES)
    if isinstance(case.answer, Exception):
        route.mock(side_effect=case.answer)
    else:
        route.mock(return_value=case.answer)
    with pytest.raises(SendError) as caught:
        await ADAPTER.send(io, account(), outbound(Text(text="Hi")))
    error = caught.value
    assert type(error) is case.error
    assert error.provider_code == case.provider_code
    assert error.retry_after_seconds == case.retry_after
    assert error.retryable is case.retryable
    assert case.words in error.message
    assert route.call_count == 1, "a send is never repeated here"
    assert TOKEN not in f"{error} {error.message} {error.__cause__}"


def test_every_code_has_words() -> None:
    assert all(rule.words.endswith(".") for rule in RULES.values())
