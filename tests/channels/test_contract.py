"""The same questions to every channel: what it declares, what it refuses, and that nothing can break it."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import log
from channels import registry
from channels.contract import (
    Capabilities,
    ChannelAccount,
    ChannelAdapter,
    Connects,
    DeliveryReceipt,
    FetchesMedia,
    Parses,
    Reacts,
    ReceivesWebhooks,
    SharedWebhook,
    ShowsTyping,
    WebhookRequest,
)
from channels.errors import SignatureInvalid, WebhookError

ROOT = Path(__file__).resolve().parents[2]
KINDS = sorted(registry.adapters())
HIDDEN = "EAAhidden0123456789value"


def account_of(adapter: ChannelAdapter) -> ChannelAccount:
    """With a value in every field of its form."""
    public: dict[str, Any] = {
        "phone_number_id": "100000000000001",
        "waba_id": "200000000000001",
        "account_sid": "AC" + "0" * 32,
        "sender": "+12025550100",
        "site_key": "site_key",
    }
    config = {field.name: public.get(field.name, field.default) for field in adapter.form if not field.secret}
    secrets = {field.name: f"{HIDDEN}_{field.name}" for field in adapter.form if field.secret}
    return ChannelAccount("acc_1", "ws_1", adapter.kind, "One", "+12025550190", config, secrets)


def payloads(kind: str) -> list[Path]:
    return [path for path in sorted((ROOT / "tests/channels" / kind / "payloads").rglob("*")) if path.is_file()]


@pytest.fixture(params=KINDS)
def adapter(request: pytest.FixtureRequest) -> ChannelAdapter:
    return registry.adapter(request.param)


def test_it_says_what_it_is_called_and_what_it_asks_for(adapter: ChannelAdapter) -> None:
    assert adapter.label
    assert adapter.tagline
    names = [field.name for field in adapter.form]
    assert len(names) == len(set(names))
    for field in adapter.form:
        assert field.label
        assert field.help or not field.asked, field.name
        assert not (field.secret and field.default), f"{field.name} is no secret if everybody has the same"
        assert field.type != "select" or field.options, field.name


def test_its_limits_are_declared(adapter: ChannelAdapter) -> None:
    for known in (adapter.capabilities(None), adapter.capabilities(account_of(adapter))):
        assert isinstance(known, Capabilities)
        assert known.max_text_chars > 0
        assert all(limits.max_bytes > 0 for limits in known.media.values())
        if known.buttons != "none":
            assert known.button_limits.max_buttons > 0
            assert known.button_limits.max_title_chars > 0
        assert known.typing is False or isinstance(adapter, ShowsTyping) or adapter.kind == "livechat"
        assert known.reactions != "full" or isinstance(adapter, Reacts) or adapter.kind == "livechat"
        assert known.rate.sender_burst >= 1
        assert known.rate.pair_burst >= 1


def test_its_secrets_are_named_and_never_shown(adapter: ChannelAdapter) -> None:
    suspicious = ("token", "secret", "password")
    for field in adapter.form:
        if field.name.endswith(suspicious):
            assert field.secret, field.name
    account = account_of(adapter)
    assert HIDDEN not in repr(account)
    assert HIDDEN not in str(log.redact({"account": {**account.secrets}, "line": f"failed with {HIDDEN}"}))


def test_it_is_documented_and_has_payloads(adapter: ChannelAdapter) -> None:
    assert (ROOT / "channels" / adapter.kind / "README.md").is_file()
    if isinstance(adapter, ReceivesWebhooks):
        assert len(payloads(adapter.kind)) > 10


@pytest.mark.parametrize("headers", [{}, {"x-hub-signature-256": "sha256=" + "0" * 64}, {"x-twilio-signature": "AAAA"}])
def test_a_wrong_or_missing_signature_is_refused(adapter: ChannelAdapter, headers: dict[str, str]) -> None:
    if not isinstance(adapter, ReceivesWebhooks):
        pytest.skip("has no webhook")
    request = WebhookRequest("POST", "https://parley.test/webhooks/x/acc_1", headers, {}, b"{}")
    with pytest.raises(SignatureInvalid):
        adapter.verify(account_of(adapter), request)
    bare = ChannelAccount("acc_1", "ws_1", adapter.kind, "No secrets", "")
    with pytest.raises(SignatureInvalid):
        adapter.verify(bare, request)


@given(
    st.dictionaries(st.text(st.characters(max_codepoint=255), max_size=30), st.text(st.characters(max_codepoint=255))),
    st.sampled_from(["x-hub-signature-256", "x-twilio-signature", "x-telegram-bot-api-secret-token"]),
    st.text(st.characters(max_codepoint=255), max_size=100),
    st.binary(max_size=100),
)
def test_no_header_breaks_the_check(headers: dict[str, str], name: str, value: str, body: bytes) -> None:
    for adapter in registry.adapters().values():
        if isinstance(adapter, ReceivesWebhooks):
            url = "https://parley.test/webhooks/x/acc_1"
            with pytest.raises(SignatureInvalid):
                adapter.verify(account_of(adapter), WebhookRequest("POST", url, {**headers, name: value}, {}, body))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=20,
)


@given(st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_the_bytes_it_parses_or_says_why_not(body: bytes) -> None:
    for adapter in registry.adapters().values():
        if isinstance(adapter, SharedWebhook):
            with suppress(WebhookError):
                assert all(isinstance(value, str) for value in adapter.account_addresses(body))
        if isinstance(adapter, Parses):
            try:
                events = adapter.parse(account_of(adapter), body, {})
            except WebhookError:
                continue
            assert all(event.key for event in events)


@pytest.mark.parametrize("kind", [k for k in KINDS if isinstance(registry.adapter(k), Parses)])
def test_an_event_comes_back_from_its_own_raw(kind: str) -> None:
    """What is stored is parsed again when it is worked on: it must say the same."""
    adapter = registry.adapter(kind)
    assert isinstance(adapter, Parses)
    seen = 0
    for path in payloads(kind):
        try:
            events = adapter.parse(account_of(adapter), body_of(path), {})
        except WebhookError:
            continue
        for event in events:
            if isinstance(event, DeliveryReceipt) and not event.raw:
                continue
            again = adapter.parse(account_of(adapter), event.raw, {})
            assert [(type(e), e.key, e.order_key, e.at) for e in again] == [
                (type(event), event.key, event.order_key, event.at)
            ], path.name
            seen += 1
    assert seen > 5 or kind == "livechat"


def body_of(path: Path) -> bytes:
    """Twilio's payloads are kept as JSON and sent as forms."""
    data = path.read_bytes()
    return urlencode(orjson.loads(data)).encode() if path.parent.parent.name == "sms" else data


def test_what_it_can_fetch_and_register_is_a_declared_ability(adapter: ChannelAdapter) -> None:
    if adapter.capabilities(None).media and isinstance(adapter, ReceivesWebhooks):
        assert isinstance(adapter, FetchesMedia)
    if isinstance(adapter, Connects):
        assert isinstance(adapter, ReceivesWebhooks)
