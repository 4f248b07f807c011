"""What visitors do, as events: tables, and the property that any bytes parse or are refused."""

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.addresses import Address
from app.core.clock import from_unix
from channels.content import Choice, FormReply, Media, MediaMessage, Text
from channels.contract import (
    ChannelAccount,
    DeliveryReceipt,
    DeliveryStatus,
    InboundMessage,
    Parses,
    Reaction,
    Referral,
    Sender,
    TypingStarted,
)
from channels.errors import PayloadUnrecognised, PayloadUnsupported, WebhookError
from channels.livechat import ADAPTER, payloads

ACCOUNT = ChannelAccount("acc_1", "wsp_1", "livechat", "Lamps", "wk_test", config={"site_key": "wk_test"})
PAYLOADS = Path(__file__).with_name("payloads")
AT = from_unix(1_790_000_000.25)
ANA = Sender(
    address=Address("livechat", "vis_01"),
    name="Visitor 0001",
    language="en-GB",
    verified=False,
)
SIGNED = Sender(
    address=Address("livechat", "user:customer-42"),
    aliases=(Address("livechat", "vis_01"),),
    name="Ana Kovacs",
    username="ana@example.com",
    language="en-GB",
)
OWN = "vis_01|0123456789abcdef"
SHARED: dict[str, Any] = {"order_key": "vis_01", "at": AT}
PICTURE = Media(kind="image", file_id="fil_1", name="lamp.png", mime="image/png", bytes=120, width=2, height=2)


@dataclass(frozen=True)
class Case:
    file: str
    event: Any

    def __str__(self) -> str:
        return self.file


def message(raw: bytes, **changes: Any) -> InboundMessage:
    known: dict[str, Any] = {"key": OWN, "external_id": OWN, "raw": raw, "sender": ANA, **SHARED, **changes}
    return InboundMessage(**known)


INBOUND = [
    Case("text", lambda raw: message(raw, content=Text(text="Is the lamp in stock?"))),
    Case(
        "text_from_page",
        lambda raw: message(
            raw,
            content=Text(text="Hello"),
            reply_to="ent_7",
            referral=Referral(source="website", url="https://shop.example.com/lamps?utm_source=mail", headline="Lamps"),
        ),
    ),
    Case("signed", lambda raw: message(raw, sender=SIGNED, content=Text(text="It is me"))),
    Case("picture", lambda raw: message(raw, content=MediaMessage(media=PICTURE, caption="This one"))),
    Case("choice", lambda raw: message(raw, content=Choice(id="h", title="Hall"), reply_to="ent_7")),
    Case(
        "details",
        lambda raw: message(
            raw, content=FormReply(name="Contact details", values={"name": "Ana", "email": "ana@example.com"})
        ),
    ),
    Case("reaction", lambda raw: Reaction(key=OWN, raw=raw, sender=ANA, external_id="ent_7", emoji="❤️", **SHARED)),
    Case(
        "typing",
        lambda raw: TypingStarted(key="vis_01|typing|1790000000250", raw=raw, sender=ANA, on=True, **SHARED),
    ),
    Case(
        "read",
        lambda raw: DeliveryReceipt(
            key="ent_7|read", at=AT, raw=raw, external_id="ent_7", correlation="ent_7", status=DeliveryStatus.READ
        ),
    ),
]


@pytest.mark.parametrize("case", INBOUND, ids=str)
def test_inbound(case: Case) -> None:
    raw = (PAYLOADS / f"{case.file}.json").read_bytes()
    (event,) = ADAPTER.parse(ACCOUNT, raw, {})
    assert event == case.event(raw)
    assert list(ADAPTER.parse(ACCOUNT, event.raw, {})) == [event]


REFUSED = [
    (b"", PayloadUnrecognised),
    (b"{", PayloadUnrecognised),
    (b"[]", PayloadUnrecognised),
    (b'{"kind":"message"}', PayloadUnrecognised),
    (b'{"kind":"dance"}', PayloadUnsupported),
    (b"\xff\xfe", PayloadUnrecognised),
]


@pytest.mark.parametrize(("body", "error"), REFUSED)
def test_what_is_no_frame(body: bytes, error: type[WebhookError]) -> None:
    with pytest.raises(error):
        ADAPTER.parse(ACCOUNT, body, {})


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "short"},
        {"client_id": "with spaces and more"},
        {"text": None},
        {"text": ""},
        {"text": "x" * 2_001},
        {"at": -1},
        {"at": 10**20},
        {"visitor": {}},
        {"surprise": 1},
    ],
)
def test_a_message_that_is_not_whole(change: dict[str, Any]) -> None:
    frame = {**orjson.loads((PAYLOADS / "text.json").read_bytes()), **change}
    with pytest.raises(PayloadUnrecognised):
        ADAPTER.parse(ACCOUNT, json.dumps(frame).encode(), {})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
WHOLE = [orjson.loads(path.read_bytes()) for path in sorted(PAYLOADS.glob("*.json"))]


@given(body=st.binary(max_size=300))
def test_any_bytes_parse_or_are_refused(body: bytes) -> None:
    with suppress(WebhookError):
        ADAPTER.parse(ACCOUNT, body, {})


@given(frame=st.sampled_from(WHOLE), field=st.sampled_from(sorted({k for f in WHOLE for k in f})), value=JSON)
def test_any_value_in_any_field_parses_or_is_refused(frame: dict[str, Any], field: str, value: Any) -> None:
    try:
        events = ADAPTER.parse(ACCOUNT, json.dumps({**frame, field: value}).encode(), {})
    except WebhookError:
        return
    assert len(events) == 1


def test_own_client_ids_are_told_from_those_of_other_browsers() -> None:
    external_id = payloads.external_id("vis_01", "0123456789abcdef")
    assert payloads.client_id_of("vis_01", external_id) == "0123456789abcdef"
    assert payloads.client_id_of("vis_02", external_id) is None
    assert payloads.client_id_of("vis_01", None) is None
    assert isinstance(ADAPTER, Parses)
