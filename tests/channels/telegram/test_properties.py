"""What must hold for any update, however strange."""

import json
from collections.abc import Sequence
from typing import Any

import bson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.contract import InboundEvent, InboundMessage, MessageEdited
from channels.errors import WebhookError
from channels.telegram import ADAPTER
from channels.telegram.fields import Json
from tests.channels.telegram.support import ACCOUNT, PAYLOADS

DOCUMENTED: list[Json] = [json.loads(path.read_bytes()) for path in sorted(PAYLOADS.glob("*.json"))]

ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["private", "42", "kicked", "member", "emoji", 42, 0, -1, 2**63, 1e308]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def strange_updates(draw: st.DrawFn) -> bytes:
    """A documented update in which some values, anywhere, are of another type, missing or moved."""
    update = json.loads(json.dumps(draw(st.sampled_from(DOCUMENTED))))
    for _ in range(draw(st.integers(1, 4))):
        holder, key = draw(st.sampled_from(list(_places(update))))
        if draw(st.booleans()):
            holder[key] = draw(ANY_JSON)
        elif isinstance(holder, dict):
            del holder[key]
        if not update:
            break
    return json.dumps(update).encode()


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) in a JSON value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, held in pairs for place in ((value, key), *_places(held))]


def parse(body: bytes) -> Sequence[InboundEvent] | None:
    """None where the body is refused; anything but a WebhookError fails the test."""
    try:
        return ADAPTER.parse(ACCOUNT, body, {})
    except WebhookError:
        return None


def holds(body: bytes) -> None:
    events = parse(body)
    assert events != []
    for event in events or ():
        assert parse(event.raw) == [event]
        assert event.key
        assert event.at.tzinfo is not None
        if isinstance(event, InboundMessage | MessageEdited):
            bson.encode(event.content.model_dump())
    assert len({event.key for event in events or ()}) == len(events or ())


@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    holds(body)


@given(ANY_JSON)
def test_any_json(value: Any) -> None:
    holds(json.dumps(value).encode())


@given(st.sampled_from([next(k for k in update if k != "update_id") for update in DOCUMENTED]), ANY_JSON)
def test_any_json_under_a_known_kind(kind: str, value: Any) -> None:
    holds(json.dumps({"update_id": 1, kind: value}).encode())


@settings(max_examples=600)
@given(strange_updates())
def test_documented_updates_with_strange_values(body: bytes) -> None:
    holds(body)


@pytest.mark.parametrize("depth", [100, 400, 5000])
def test_deep_nesting(depth: int) -> None:
    nested = b"[" * depth + b"]" * depth
    holds(b'{"update_id":1,"message":' + nested + b"}")
    chat = b'{"id":42,"type":"private","first_name":' + nested + b"}"
    head = b'{"update_id":1,"deleted_business_messages":{"message_ids":[5],"business_connection_id":'
    holds(head + nested + b',"chat":' + chat + b"}}")
