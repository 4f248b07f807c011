"""Signatures: Twilio's public vectors, the URL's forms, and everything that must not pass."""

from urllib.parse import parse_qsl

import pytest

from channels.contract import WebhookRequest
from channels.errors import SignatureInvalid
from channels.sms import ADAPTER, signature
from tests.channels.sms.build import ACCOUNT_SID, TOKEN, WEBHOOK, account, form

URL = f"{WEBHOOK}?m=01MSG"


def request(url: str, body: bytes, signed: str | None, method: str = "POST", **more: str) -> WebhookRequest:
    headers = {"content-type": "application/x-www-form-urlencoded", **more}
    if signed is not None:
        headers["x-twilio-signature"] = signed
    query = dict(parse_qsl(url.partition("?")[2], keep_blank_values=True))
    return WebhookRequest(method=method, url=url, headers=headers, query=query, body=body)


def accepts(token: str, given: WebhookRequest) -> bool:
    try:
        ADAPTER.verify(account(secrets={"auth_token": token}), given)
    except SignatureInvalid:
        return False
    return True


def signed(url: str, body: bytes, token: str = TOKEN) -> str:
    return signature.sign(token, url, signature.form(body))


PUBLIC_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
PUBLIC_BODY = b"CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212"
HASHED_URL = PUBLIC_URL + "&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
HASHED_BODY = b'{"property": "value", "boolean": true}'
THIRD_URL = "https://chat.example.test/hooks/twilio/in?ch=7"
THIRD_BODY = (
    f"AccountSid={ACCOUNT_SID}&Body=Hi+there&From=%2B15550100001&MessageSid=SM{'0' * 31}1&NumMedia=0&To=%2B15550100999"
).encode()

VECTORS = [
    ("form", "12345", PUBLIC_URL, PUBLIC_BODY, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    ("body hash", "12345", HASHED_URL, HASHED_BODY, "a9nBmqA0ju/hNViExpshrM61xv4="),
    ("message", "EXAMPLE_TOKEN", THIRD_URL, THIRD_BODY, "FJagH7m8RxAe0iPgAxSKbqH3Ye0="),
]


@pytest.mark.parametrize(("label", "token", "url", "body", "given"), VECTORS)
def test_vector(label: str, token: str, url: str, body: bytes, given: str) -> None:
    assert accepts(token, request(url, body, given))
    assert not accepts("another", request(url, body, given))
    assert not accepts(token, request(url + "&more=1", body, given))
    assert not accepts(token, request(url, body + b"x", given))
    assert not accepts(token, request(url, body, given[:-2] + "A="))
    assert not accepts(token, request(url, body, None))
    assert not accepts(token, request(url, body, ""))
    assert not accepts(token, request(url, body, "ünïcode"))


def test_the_library_agrees() -> None:
    from twilio.request_validator import RequestValidator

    body = form("mms_many", Body="  Grüße & 1+1=2  ")
    params = {name: values[0] for name, values in signature.form(body).items()}
    assert RequestValidator(TOKEN).compute_signature(URL, params) == signed(URL, body)


@pytest.mark.parametrize(
    ("seen", "signed_as"),
    [
        ("https://chat.example.test/a?b=%20c", "https://chat.example.test:443/a?b=%20c"),
        ("https://chat.example.test:443/a", "https://chat.example.test/a"),
        ("http://chat.example.test/a", "http://chat.example.test:80/a"),
        ("https://chat.example.test/a", "https://chat.example.test/a?"),
        ("https://chat.example.test/a", "https://chat.example.test:443/a?"),
        ("https://chat.example.test:8443/a", "https://chat.example.test/a"),
        ("https://chat.example.test:8443/a", "https://chat.example.test:8443/a"),
        ("https://me:secret@chat.example.test/a", "https://me:secret@chat.example.test:443/a"),
        ("https://me:secret@chat.example.test:443/a", "https://me:secret@chat.example.test/a"),
        ("https://[2001:db8::1]/a", "https://[2001:db8::1]:443/a"),
        ("https://[2001:db8::1]:443/a", "https://[2001:db8::1]/a"),
    ],
)
def test_with_and_without_port_or_empty_query(seen: str, signed_as: str) -> None:
    body = form("text")
    assert accepts(TOKEN, request(seen, body, signed(signed_as, body)))


@pytest.mark.parametrize(
    ("seen", "signed_as"),
    [
        ("https://chat.example.test/a", "http://chat.example.test/a"),
        ("https://chat.example.test/a", "https://chat.example.test/a/"),
        ("https://chat.example.test/a?b=%20c", "https://chat.example.test/a?b=+c"),
        ("https://chat.example.test/a?b=1&c=2", "https://chat.example.test/a?c=2&b=1"),
        ("https://chat.example.test/a", "https://chat.example.test:444/a"),
    ],
)
def test_another_url_does_not_pass(seen: str, signed_as: str) -> None:
    body = form("text")
    assert not accepts(TOKEN, request(seen, body, signed(signed_as, body)))


@pytest.mark.parametrize("url", ["", "not a url", "https://[broken/", "https://host:port/", "//"])
def test_an_odd_url_raises_nothing_else(url: str) -> None:
    assert not accepts(TOKEN, request(url, b"", "x"))


def test_repeated_parameters_count_once_per_value_in_order() -> None:
    body = b"MediaUrl=b&MediaUrl=a&MediaUrl=b&Empty="
    assert signed(URL, body) == signature.sign(TOKEN, URL + "EmptyMediaUrlaMediaUrlb", {})


def test_blanks_count() -> None:
    assert signed(URL, b"Body=+x+&FromZip=") == signature.sign(TOKEN, URL + "Body x FromZip", {})


def test_a_get_is_signed_by_its_url_alone() -> None:
    assert accepts(TOKEN, request(URL, b"", signature.sign(TOKEN, URL, {}), method="GET"))


def test_a_right_signature_over_a_wrong_body_hash_does_not_pass() -> None:
    url = f"{WEBHOOK}?bodySHA256={'0' * 64}"
    assert not accepts(TOKEN, request(url, b"{}", signature.sign(TOKEN, url, {})))


def test_both_tokens_while_they_rotate() -> None:
    rotating = account(secrets={"auth_token": "old", "secondary_auth_token": "new"})
    body = form("text")
    for token in ("old", "new"):
        ADAPTER.verify(rotating, request(URL, body, signed(URL, body, token)))
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(rotating, request(URL, body, signed(URL, body, "older")))


def test_an_account_without_token_accepts_nothing() -> None:
    body = form("text")
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(account(secrets={}), request(URL, body, signed(URL, body, "")))
