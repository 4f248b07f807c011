"""What must hold for any bytes and any fields: only WebhookError is raised; every event is replayed from its raw."""

from typing import Any
from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st

from channels.content import MediaMessage, Text
from channels.contract import InboundMessage, WebhookRequest
from channels.errors import SignatureInvalid, WebhookError
from channels.sms import ADAPTER
from channels.sms.payloads import STATUSES
from tests.channels.sms.build import ANA, WEBHOOK, account, sid

ACCOUNT = account()

NAMES = [
    "MessageSid", "SmsSid", "SmsMessageSid", "AccountSid", "MessagingServiceSid", "From", "To", "Body", "NumMedia",
    "MediaUrl0", "MediaUrl1", "MediaContentType0", "MediaContentType1", "SmsStatus", "MessageStatus", "OptOutType",
    "ErrorCode", "ErrorMessage", "CallSid", "ParleyCameAt", "ParleySentAt", "ParleyPart", "ParleyMessage",
]  # fmt: skip
VALUES = [
    "", "0", "1", "-1", "²", "99999999999999999999", sid(1), sid(2, "MM"), ANA.value, "rcs:+12025550112", "whatsapp:+1",
    "12345", "received", "receiving", "delivered", "failed", "STOP", "start", "image/jpeg", "https://api.twilio.com/x",
    "2026-11-21T12:00:00Z", "2026-11-21", "0001-01-01T00:00:00+23:59", "consent", "30007",
]  # fmt: skip
VALUE = st.one_of(st.sampled_from(VALUES), st.text(max_size=30))
FIELDS = st.dictionaries(st.one_of(st.sampled_from(NAMES), st.text(max_size=10)), VALUE, max_size=15)
PAIRS = st.lists(st.tuples(st.one_of(st.sampled_from(NAMES), st.text(max_size=5)), VALUE), max_size=20)
QUERY = st.one_of(st.just("m=01MSG"), st.text(max_size=40))


def check(body: bytes, headers: dict[str, str]) -> None:
    try:
        events = ADAPTER.parse(ACCOUNT, body, headers)
    except WebhookError:
        return
    assert events
    assert len({event.key for event in events}) == len(events)
    for event in events:
        assert ADAPTER.parse(ACCOUNT, event.raw, {}) == [event]


@given(st.binary(max_size=300), QUERY)
def test_any_bytes(body: bytes, query: str) -> None:
    check(body, {"x-parley-query": query})


@given(FIELDS, QUERY)
def test_any_fields(fields: dict[str, str], query: str) -> None:
    check(urlencode(fields).encode(), {"x-parley-query": query})


@given(PAIRS)
def test_repeated_fields(pairs: list[tuple[str, str]]) -> None:
    check(urlencode([("MessageSid", sid(1)), ("From", ANA.value), *pairs]).encode(), {})


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=1600))
def test_a_text_arrives_as_it_was_written(text: str) -> None:
    body = urlencode({"MessageSid": sid(1), "From": ANA.value, "Body": text, "SmsStatus": "received"}).encode()
    (event,) = ADAPTER.parse(ACCOUNT, body, {})
    assert isinstance(event, InboundMessage)
    assert event.content == Text(text=text)


@given(st.integers(1, 10), st.text(max_size=50), st.lists(VALUE, max_size=10))
def test_every_file_of_a_message_is_seen(count: int, text: str, types: list[str]) -> None:
    fields: dict[str, Any] = {"MessageSid": sid(1, "MM"), "From": ANA.value, "Body": text, "NumMedia": count}
    fields |= {f"MediaUrl{i}": f"https://api.twilio.com/{i}" for i in range(count)}
    fields |= {f"MediaContentType{i}": mime for i, mime in enumerate(types)}
    events = ADAPTER.parse(ACCOUNT, urlencode(fields).encode(), {})
    contents = [event.content for event in events if isinstance(event, InboundMessage)]
    assert len(contents) == count
    assert [content.caption for content in contents if isinstance(content, MediaMessage)] == [
        text or None,
        *[None] * (count - 1),
    ]


@given(
    st.sampled_from(sorted(STATUSES)),
    st.text(alphabet="0123456789abcdefghjkmnpqrstvwxyzABCXYZ_-", min_size=1, max_size=40),
)
def test_our_id_comes_back_and_stays(status: str, message_id: str) -> None:
    body = urlencode({"MessageSid": sid(1), "MessageStatus": status, "To": ANA.value}).encode()
    (event,) = ADAPTER.parse(ACCOUNT, body, {"x-parley-query": f"m={message_id}"})
    (stored,) = ADAPTER.parse(ACCOUNT, event.raw, {})
    assert stored == event
    assert event.correlation == message_id  # type: ignore[union-attr]


@given(st.binary(max_size=200), st.text(max_size=60), st.text(max_size=40), st.sampled_from(["POST", "GET", "PUT", ""]))
def test_no_request_passes_unsigned(body: bytes, url: str, given_signature: str, method: str) -> None:
    for at in (url, WEBHOOK + url):
        request = WebhookRequest(
            method=method,
            url=at,
            headers={"x-twilio-signature": given_signature},
            query={"bodySHA256": url} if url else {},
            body=body,
        )
        try:
            ADAPTER.verify(ACCOUNT, request)
        except SignatureInvalid:
            continue
        raise AssertionError("an unsigned request passed")
