"""Web push as its standards have it: the encryption's own example, the signature, and which addresses are taken."""

from dataclasses import replace

import http_ece
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core import webpush
from app.core.clock import Clock
from app.core.webpush import BadSubscription, Subscription, from_base64url

# RFC 8291, section 5 and appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
SERVER_PRIVATE = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
BROWSER_PRIVATE = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
BROWSER = Subscription(
    endpoint="https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
    p256dh="BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    auth="BTBZMqHH6r4Tts7J_aSIgg",
)
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
SEALED = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7"
    "A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def private_key(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(from_base64url(text), "big"), ec.SECP256R1())


def test_the_example_of_the_standard() -> None:
    sealed = webpush.encrypt(PLAIN, BROWSER, salt=from_base64url(SALT), private_key=private_key(SERVER_PRIVATE))
    assert webpush.to_base64url(sealed) == SEALED


@settings(max_examples=20)
@given(st.binary(min_size=1, max_size=webpush.MOST_PAYLOAD_BYTES))
def test_the_browser_reads_what_was_written_and_no_body_is_larger_than_services_take(payload: bytes) -> None:
    sealed = webpush.encrypt(payload, BROWSER)
    assert len(sealed) <= 4_096
    read = http_ece.decrypt(
        sealed, private_key=private_key(BROWSER_PRIVATE), auth_secret=from_base64url(BROWSER.auth), version="aes128gcm"
    )
    assert read == payload


def test_what_is_too_large_is_not_sent() -> None:
    with pytest.raises(ValueError, match="at most"):
        webpush.encrypt(b"x" * (webpush.MOST_PAYLOAD_BYTES + 1), BROWSER)


@pytest.mark.parametrize(
    ("public_url", "named"),
    [("https://inbox.example.com", "https://inbox.example.com"), ("http://127.0.0.1:8000", "https://github.com/")],
)
def test_a_signature_is_for_one_service_and_names_whom_to_turn_to(public_url: str, named: str) -> None:
    key = webpush.new_key()
    header = webpush.authorization(BROWSER.endpoint, key, public_url, Clock())
    scheme, _, parameters = header.partition(" ")
    given = dict(part.strip().split("=", 1) for part in parameters.split(","))
    assert (scheme, given["k"]) == ("vapid", key.public)
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_base64url(given["k"]))
    claims = jwt.decode(given["t"], public, ["ES256"], audience="https://push.example.net")
    assert claims["sub"].startswith(named)
    assert 0 < claims["exp"] - Clock().now().timestamp() <= 24 * 3_600


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "http://push.example.net/push/1"},
        {"endpoint": "https://user:pass@push.example.net/push/1"},
        {"endpoint": "https:///push"},
        {"endpoint": "https://push.example.net/" + "x" * webpush.MOST_ENDPOINT_CHARS},
        {"endpoint": "http://127.0.0.1:9100/push"},
        {"p256dh": "BCVx"},
        {"p256dh": "B" + "A" * 86},
        {"p256dh": "not base64!"},
        {"auth": "c2hvcnQ"},
    ],
)
def test_what_is_no_subscription_is_refused(change: dict[str, str]) -> None:
    webpush.check(BROWSER, "")
    webpush.check(replace(BROWSER, endpoint="http://127.0.0.1:9100/push/1"), "http://127.0.0.1:9100/push")
    with pytest.raises(BadSubscription):
        webpush.check(replace(BROWSER, **change), "http://127.0.0.1:9100/push")
