"""Who may call us: Meta's signature over the exact bytes, and the challenge of a new address."""

from dataclasses import replace

import pytest

from channels.contract import WebhookRequest
from channels.errors import SignatureInvalid
from channels.whatsapp import ADAPTER
from tests.channels.whatsapp.support import ACCOUNT

EMPTY = b'{"object":"whatsapp_business_account","entry":[]}'
EMPTY_HEX = "90821bca869283bb1003405e16966519065e1a927bc320645f612ff2b2fb58c4"
ESCAPED = b'{"text":"h\\u00e9llo \\ud83d\\ude00"}'
ESCAPED_HEX = "6a91f3591dd56217ef35df1e575348e0dfd6fb026dae82ca24fb2239a09bbcfd"


def request(body: bytes, signature: str | None) -> WebhookRequest:
    headers = {} if signature is None else {"x-hub-signature-256": signature}
    return WebhookRequest("POST", "https://parley.test/webhooks/whatsapp/acc_1", headers, {}, body)


def challenge(**query: str) -> WebhookRequest:
    named = {f"hub.{name}": value for name, value in query.items()}
    return WebhookRequest("GET", "https://parley.test/webhooks/whatsapp/acc_1", {}, named, b"")


@pytest.mark.parametrize(("body", "digest"), [(EMPTY, EMPTY_HEX), (ESCAPED, ESCAPED_HEX)])
def test_the_bytes_as_transmitted_are_accepted(body: bytes, digest: str) -> None:
    ADAPTER.verify(ACCOUNT, request(body, f"sha256={digest}"))


@pytest.mark.parametrize(
    ("body", "signature"),
    [
        pytest.param(ESCAPED, None, id="no header"),
        pytest.param(ESCAPED, "", id="empty header"),
        pytest.param(ESCAPED, ESCAPED_HEX, id="no prefix"),
        pytest.param(ESCAPED, f"sha1={ESCAPED_HEX}", id="another prefix"),
        pytest.param(ESCAPED, f"sha256={ESCAPED_HEX[:-1]}", id="too short"),
        pytest.param(ESCAPED, f"sha256={ESCAPED_HEX}0", id="too long"),
        pytest.param(ESCAPED, f"sha256={ESCAPED_HEX.upper()}", id="upper case"),
        pytest.param(ESCAPED, "sha256=" + "ü" * 64, id="not ASCII"),
        pytest.param(ESCAPED, "sha256=\ud800", id="not even text"),
        pytest.param('{"text":"héllo 😀"}'.encode(), f"sha256={ESCAPED_HEX}", id="written anew"),
        pytest.param(EMPTY, f"sha256={ESCAPED_HEX}", id="of another body"),
    ],
)
def test_anything_else_is_refused(body: bytes, signature: str | None) -> None:
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(ACCOUNT, request(body, signature))


def test_an_account_without_a_secret_accepts_nothing() -> None:
    # HMAC with an empty key is easy to compute for anybody.
    unsafe = replace(ACCOUNT, secrets={"app_secret": ""})
    forged = "sha256=b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(unsafe, request(b"", forged))


def test_the_challenge_comes_back_verbatim() -> None:
    asked = challenge(mode="subscribe", verify_token="ve_EXAMPLE", challenge="1158201444")
    assert ADAPTER.challenge(ACCOUNT, asked) == "1158201444"


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(challenge(mode="subscribe", verify_token="guess", challenge="1"), id="wrong token"),
        pytest.param(challenge(mode="subscribe", challenge="1"), id="no token"),
        pytest.param(challenge(mode="unsubscribe", verify_token="ve_EXAMPLE", challenge="1"), id="another mode"),
        pytest.param(challenge(), id="nothing"),
        pytest.param(challenge(mode="subscribe", verify_token="\ud800", challenge="1"), id="not even text"),
    ],
)
def test_a_wrong_challenge_is_refused(asked: WebhookRequest) -> None:
    with pytest.raises(SignatureInvalid):
        ADAPTER.challenge(ACCOUNT, asked)


def test_an_empty_token_verifies_nobody() -> None:
    unsafe = replace(ACCOUNT, secrets={"app_secret": "x", "verify_token": ""})
    with pytest.raises(SignatureInvalid):
        ADAPTER.challenge(unsafe, challenge(mode="subscribe", verify_token="", challenge="1"))
