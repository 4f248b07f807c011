"""What must hold for any webhook, however strange."""

import contextlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import bson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.contract import InboundEvent, InboundMessage, MessageEdited
from channels.errors import WebhookError
from channels.whatsapp import ADAPTER
from tests.channels.whatsapp.support import ACCOUNT, PAYLOADS

DOCUMENTED: list[dict[str, Any]] = [json.loads(path.read_bytes()) for path in sorted(PAYLOADS.glob("*.json"))]

ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["text", "system", "image", "audio", "failed", "nan", "1e999", "²", 42, 0, -1, 2**63, 1e308]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def strange_payloads(draw: st.DrawFn) -> bytes:
    """A documented payload in which some values, anywhere, are of another type, missing or doubled."""
    payload = json.loads(json.dumps(draw(st.sampled_from(DOCUMENTED))))
    for _ in range(draw(st.integers(1, 4))):
        holder, key = draw(st.sampled_from(list(_places(payload))))
        what = draw(st.sampled_from(["replace", "delete", "double"]))
        if what == "replace":
            holder[key] = draw(ANY_JSON)
        elif what == "double" and isinstance(holder, list):
            holder.append(holder[key])
        elif isinstance(holder, dict):
            del holder[key]
        if not payload:
            break
    return json.dumps(payload).encode()


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) in a JSON value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, held in pairs for place in ((value, key), *_places(held))]


def parse(body: bytes) -> Sequence[InboundEvent]:
    """Nothing where the body is refused; anything but a WebhookError fails the test."""
    try:
        return ADAPTER.parse(ACCOUNT, body, {})
    except WebhookError:
        return []


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(body: bytes) -> None:
    parse(body)
    with contextlib.suppress(WebhookError):
        ADAPTER.account_addresses(body)


@given(
    ANY_JSON, st.sampled_from(["messages", "smb_message_echoes", "user_preferences", "user_id_update", "calls", "x"])
)
def test_any_value_under_any_field_is_parsed_or_refused(value: Any, field: str) -> None:
    change = {"field": field, "value": value}
    parse(json.dumps({"object": "whatsapp_business_account", "entry": [{"changes": [change]}]}).encode())


@settings(max_examples=600)
@given(strange_payloads())
def test_strange_payloads_are_parsed_and_come_back_from_what_is_kept(body: bytes) -> None:
    for event in parse(body):
        assert ADAPTER.parse(ACCOUNT, event.raw, {}) == [event]
        assert event.key
        if isinstance(event, InboundMessage | MessageEdited):
            bson.encode(event.content.model_dump())
            assert event.sender.address.value
        bson.encode({name: str(value) for name, value in asdict(event).items()})


@settings(max_examples=100)
@given(st.lists(st.sampled_from(DOCUMENTED), min_size=1, max_size=5), st.booleans())
def test_keys_do_not_depend_on_how_events_are_batched(payloads: list[dict[str, Any]], split: bool) -> None:
    alone = [event.key for payload in payloads for event in parse(json.dumps(payload).encode())]
    entries = [entry for payload in payloads for entry in payload["entry"]]
    if split:
        entries = [{**entry, "changes": [change]} for entry in entries for change in entry["changes"]]
    together = {"object": "whatsapp_business_account", "entry": entries}
    assert [event.key for event in parse(json.dumps(together).encode())] == alone


@pytest.mark.parametrize("payload", DOCUMENTED, ids=lambda payload: payload["entry"][0]["changes"][0]["field"])
def test_documented_payloads_come_back_from_what_is_kept(payload: dict[str, Any]) -> None:
    for event in parse(json.dumps(payload).encode()):
        assert ADAPTER.parse(ACCOUNT, event.raw, {"x-hub-signature-256": "gone"}) == [event]


@given(ANY_JSON)
def test_the_key_of_an_event_without_an_id_does_not_depend_on_the_order_of_its_parts(value: Any) -> None:
    def body(names: Sequence[str]) -> bytes:
        told = {"field": "account_alerts", "value": dict.fromkeys(names, value)}
        return json.dumps({"object": "whatsapp_business_account", "entry": [{"changes": [told]}]}).encode()

    assert [event.key for event in parse(body(["a", "b"]))] == [event.key for event in parse(body(["b", "a"]))]
