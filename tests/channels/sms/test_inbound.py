"""Webhook forms to events: a table of Twilio's documented shapes, and of what is not theirs or not for us."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from app.core.addresses import Address
from channels.content import Content, Location, Media, MediaMessage, Text, Unsupported
from channels.contract import (
    ConsentChanged,
    DeliveryReceipt,
    DeliveryStatus,
    InboundEvent,
    InboundMessage,
    ReceiptError,
)
from channels.errors import PayloadUnrecognised, PayloadUnsupported, WebhookError
from channels.sms import ADAPTER
from tests.channels.sms.build import ANA, form, payload, sid
from tests.channels.sms.build import account as make_account

ACCOUNT = make_account()


@dataclass(frozen=True)
class InboundCase:
    """`expected` holds, per event, the fields that matter; anything else is checked for all cases alike."""

    label: str
    body: bytes
    expected: list[dict[str, Any]] = field(default_factory=list)
    error: type[WebhookError] | None = None
    query: str | None = None


def message(key: str, content: Content, sender: Address = ANA, group: str | None = None) -> dict[str, Any]:
    return {
        "type": InboundMessage,
        "key": key,
        "external_id": key,
        "address": sender,
        "order_key": sender.value,
        "content": content,
        "group_id": group,
    }


def consent(key: str, granted: bool, wording: str) -> dict[str, Any]:
    return {
        "type": ConsentChanged,
        "key": key,
        "address": ANA,
        "order_key": ANA.value,
        "granted": granted,
        "purpose": None,
        "source": "provider_start" if granted else "provider_stop",
        "wording": wording,
    }


def receipt(status: str, becomes: DeliveryStatus, error: ReceiptError | None = None, **more: Any) -> dict[str, Any]:
    return {
        "type": DeliveryReceipt,
        "key": f"{sid(20)}:{status}",
        "external_id": sid(20),
        "order_key": "",
        "status": becomes,
        "error": error,
        "correlation": None,
        **more,
    }


def media(name: str, index: int, kind: Any, caption: str | None = None) -> MediaMessage:
    given = payload(name)
    url, mime = given[f"MediaUrl{index}"], given[f"MediaContentType{index}"]
    return MediaMessage(media=Media(kind=kind, state="pending", mime=mime, source={"url": url}), caption=caption)


PHOTO, MANY = sid(8, "MM"), sid(9, "MM")

INBOUND = [
    InboundCase("text", form("text"), [message(sid(1), Text(text="Hello, do you deliver on Saturdays?"))]),
    InboundCase(
        "text, nothing trimmed or changed",
        form("text_unicode"),
        [message(sid(2), Text(text="  Ɛte sɛn? 👋🏿\nönwards & a=b+c%  "))],
    ),
    InboundCase("through a messaging service", form("service_text"), [message(sid(3), Text(text="Hi"))]),
    InboundCase("fields we have never seen", form("new_parameters"), [message(sid(15), Text(text="Hi"))]),
    InboundCase(
        "only the oldest name of the SID",
        b"SmsMessageSid=" + sid(1).encode() + b"&From=%2B12025550112&Body=x",
        [message(sid(1), Text(text="x"))],
    ),
    InboundCase(
        "STOP that Twilio acted on",
        form("stop_advanced"),
        [message(sid(4), Text(text="STOP")), consent(f"{sid(4)}/consent", False, "STOP")],
    ),
    InboundCase(
        "START that Twilio acted on",
        form("start_advanced"),
        [message(sid(5), Text(text="unstop")), consent(f"{sid(5)}/consent", True, "unstop")],
    ),
    InboundCase("HELP that Twilio answered", form("help_advanced"), [message(sid(6), Text(text="HELP"))]),
    InboundCase("STOP that is left to us", form("stop_plain"), [message(sid(7), Text(text="Stop"))]),
    InboundCase(
        "an opt-out type we do not know", form("stop_plain", OptOutType="PAUSE"), [message(sid(7), Text(text="Stop"))]
    ),
    InboundCase(
        "photo with text",
        form("mms_photo"),
        [message(PHOTO, media("mms_photo", 0, "image", "Is this the right part?"))],
    ),
    InboundCase(
        "four files",
        form("mms_many"),
        [
            message(MANY, media("mms_many", 0, "image"), group=MANY),
            message(f"{MANY}/1", media("mms_many", 1, "video"), group=MANY),
            message(f"{MANY}/2", media("mms_many", 2, "audio"), group=MANY),
            message(f"{MANY}/3", media("mms_many", 3, "document"), group=MANY),
        ],
    ),
    InboundCase(
        "files with text: the caption of the first",
        form("mms_many", Body="Look"),
        [
            message(MANY, media("mms_many", 0, "image", "Look"), group=MANY),
            message(f"{MANY}/1", media("mms_many", 1, "video"), group=MANY),
            message(f"{MANY}/2", media("mms_many", 2, "audio"), group=MANY),
            message(f"{MANY}/3", media("mms_many", 3, "document"), group=MANY),
        ],
    ),
    InboundCase(
        "the first file's address missing",
        form("mms_photo", Body="", MediaUrl0="", MediaUrl1="https://api.twilio.com/1", MediaContentType1="image/png"),
        [
            message(
                PHOTO,
                MediaMessage(
                    media=Media(
                        kind="image", state="pending", mime="image/png", source={"url": "https://api.twilio.com/1"}
                    )
                ),
            )
        ],
    ),
    InboundCase("files promised, none there", form("mms_empty"), [message(sid(10, "MM"), Unsupported(what="media"))]),
    InboundCase("neither text nor file", form("empty"), [message(sid(11), Unsupported(what="empty message"))]),
    InboundCase(
        "a count that is no number", form("empty", NumMedia="²"), [message(sid(11), Unsupported(what="empty message"))]
    ),
    InboundCase(
        "RCS: a place",
        form("rcs_text", Body="", Latitude="5.6037", Longitude="-0.187", Label="Shop", Address="1 Example Rd"),
        [message(sid(12), Location(latitude=5.6037, longitude=-0.187, name="Shop", address="1 Example Rd"))],
    ),
    *(
        InboundCase(
            f"RCS: {latitude} is no place",
            form("rcs_text", Body="", Latitude=latitude, Longitude="0"),
            [message(sid(12), Unsupported(what="empty message"))],
        )
        for latitude in ("north", "91", "nan", "inf", "")
    ),
    InboundCase("RCS: the phone's number", form("rcs_text"), [message(sid(12), Text(text="From RCS"))]),
    InboundCase(
        "from a short code",
        form("short_code"),
        [message(sid(13), Text(text="Your code is 1234"), Address("sms", "12345"))],
    ),
    InboundCase("delivered", form("status_delivered"), [receipt("delivered", DeliveryStatus.DELIVERED)]),
    InboundCase(
        "delivered, with our id in the query",
        form("status_delivered"),
        [receipt("delivered", DeliveryStatus.DELIVERED, correlation="01MSG")],
        query="m=01MSG",
    ),
    InboundCase(
        "a query that is not ours",
        form("status_delivered"),
        [receipt("delivered", DeliveryStatus.DELIVERED)],
        query="m=%00&x=%",
    ),
    InboundCase(
        "filtered as spam, the code alone",
        form("status_undelivered"),
        [
            receipt(
                "undelivered",
                DeliveryStatus.FAILED,
                ReceiptError(
                    code="filtered", message="The carrier filtered the message as spam.", provider_code="30007"
                ),
            )
        ],
    ),
    InboundCase(
        "opted out, in Twilio's words",
        form("status_failed_words"),
        [
            receipt(
                "failed",
                DeliveryStatus.FAILED,
                ReceiptError(
                    code="opted_out", message="Attempt to send to unsubscribed recipient", provider_code="21610"
                ),
            )
        ],
    ),
    *(
        InboundCase(
            f"failed for a reason we do not know: {code}",
            form("status_failed_unknown_code", ErrorCode=code),
            [
                receipt(
                    "failed",
                    DeliveryStatus.FAILED,
                    ReceiptError(code=ours, message="Twilio could not deliver the message.", provider_code=code),
                )
            ],
        )
        for code, ours in {"39999": "not_delivered", "63999": "not_delivered", "21999": "message_refused"}.items()
    ),
    InboundCase("read, on RCS", form("status_read_rcs"), [receipt("read", DeliveryStatus.READ)]),
    *(
        InboundCase(status, form("status_delivered", MessageStatus=status), [receipt(status, becomes)])
        for status, becomes in {
            "accepted": DeliveryStatus.SENT,
            "scheduled": DeliveryStatus.SENT,
            "queued": DeliveryStatus.SENT,
            "sending": DeliveryStatus.SENT,
            "sent": DeliveryStatus.SENT,
            "partially_delivered": DeliveryStatus.SENT,
            "canceled": DeliveryStatus.CANCELLED,
        }.items()
    ),
    InboundCase("a message still coming in", form("status_receiving"), error=PayloadUnsupported),
    InboundCase(
        "a status we do not know", form("status_delivered", MessageStatus="evaporated"), error=PayloadUnsupported
    ),
    InboundCase(
        "a callback without a status",
        form("status_delivered", MessageStatus="", SmsStatus=""),
        error=PayloadUnsupported,
    ),
    InboundCase("a WhatsApp sender pointed at us", form("whatsapp_text"), error=PayloadUnsupported),
    InboundCase("a phone call", form("voice"), error=PayloadUnsupported),
    InboundCase("no sender", form("text", From=""), error=PayloadUnrecognised),
    InboundCase("a sender longer than any", form("text", From="+" + "1" * 80), error=PayloadUnrecognised),
    InboundCase("a SID that is none", form("text", MessageSid="SM1"), error=PayloadUnrecognised),
    InboundCase("a text longer than any", form("text", Body="x" * 5000), error=PayloadUnrecognised),
    InboundCase("empty body", b"", error=PayloadUnrecognised),
    InboundCase("JSON", b'{"object":"whatsapp_business_account","entry":[]}', error=PayloadUnrecognised),
    InboundCase("not text at all", b"\xff\xfe\x00%zz&=&", error=PayloadUnrecognised),
    InboundCase("thousands of fields", b"a=1&" * 5000, error=PayloadUnrecognised),
    InboundCase("a stored part that does not exist", form("text", ParleyPart="7"), error=PayloadUnrecognised),
    InboundCase("a stored time that is none", form("text", ParleyCameAt="soon"), error=PayloadUnrecognised),
    InboundCase(
        "a stored time before all time",
        form("text", ParleyCameAt="0001-01-01T00:00:00+23:00"),
        error=PayloadUnrecognised,
    ),
]


def headers(case: InboundCase) -> dict[str, str]:
    return {} if case.query is None else {"x-parley-query": case.query}


def shown(event: InboundEvent, fields: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {"type": type(event)}
    for name in fields:
        if name == "address":
            values[name] = event.sender.address  # type: ignore[union-attr]
        elif name != "type":
            values[name] = getattr(event, name)
    return values


@pytest.mark.parametrize("case", INBOUND, ids=lambda case: case.label)
def test_webhook(case: InboundCase) -> None:
    if case.error is not None:
        with pytest.raises(case.error):
            ADAPTER.parse(ACCOUNT, case.body, headers(case))
        return
    events = ADAPTER.parse(ACCOUNT, case.body, headers(case))
    assert [shown(event, want) for event, want in zip(events, case.expected, strict=True)] == case.expected
    for event in events:
        assert not event.timed, "no webhook of Twilio's carries a time"
        assert ADAPTER.parse(ACCOUNT, event.raw, {}) == [event]


@pytest.mark.parametrize("case", [c for c in INBOUND if c.expected], ids=lambda case: case.label)
def test_keys_are_the_same_when_it_comes_again(case: InboundCase) -> None:
    once = ADAPTER.parse(ACCOUNT, case.body, headers(case))
    again = ADAPTER.parse(ACCOUNT, case.body, headers(case))
    assert [event.key for event in once] == [event.key for event in again]
    assert len({event.key for event in once}) == len(once)


def test_the_answer_is_empty_twiml() -> None:
    assert ADAPTER.reply(ACCOUNT) == ("text/xml", b'<?xml version="1.0" encoding="UTF-8"?><Response/>')
