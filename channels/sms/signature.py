"""
Twilio's webhook signature: HMAC over the URL and the sorted form, keyed with the account's auth token.

Our own rather than the library's validator: that one knows no repeated parameters without a framework's multi-dict,
loses user names and IPv6 hosts from URLs, and does not compare in constant time by `hmac.compare_digest`.
Source: https://www.twilio.com/docs/usage/webhooks/webhooks-security
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import parse_qsl, urlsplit

from app.core.security import same
from channels.contract import WebhookRequest

_DEFAULT_PORTS = {"https": 443, "http": 80}


def sign(token: str, url: str, params: Mapping[str, Iterable[str]]) -> str:
    """The signature of a form: each name with its distinct values, both sorted, appended to the URL."""
    text = url + "".join(name + value for name in sorted(params) for value in sorted(set(params[name])))
    digest = hmac.new(token.encode(), text.encode("utf-8", "replace"), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def valid(tokens: Sequence[str], request: WebhookRequest) -> bool:
    """Whether one of the tokens signed this request. An empty token never does."""
    given = request.headers.get("x-twilio-signature", "").encode("utf-8", "replace")
    body_hash = request.query.get("bodySHA256")
    if body_hash is not None and not same(
        hashlib.sha256(request.body).hexdigest(), body_hash.encode("utf-8", "replace")
    ):
        return False
    # With a body hash in the URL, or with GET, the URL alone is signed: it holds all there is.
    params = {} if body_hash is not None or request.method.upper() == "GET" else form(request.body)
    # All are tried, so that the time taken does not say which token or form of the URL fitted.
    fits = [same(sign(token, url, params), given) for token in tokens if token for url in url_forms(request.url)]
    return any(fits)


def form(body: bytes) -> dict[str, list[str]]:
    """The body's parameters, blanks and repetitions kept, nothing trimmed."""
    params: dict[str, list[str]] = {}
    for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
        params.setdefault(name, []).append(value)
    return params


def url_forms(url: str) -> tuple[str, ...]:
    """
    The URL as given, and with its default port added or its port taken away: Twilio signs either. Each with an empty
    query, too, which it signs where one is typed into its console and no server can see.
    """
    forms = _port_forms(url)
    return forms if "?" in url else (*forms, *(f"{form}?" for form in forms))


def _port_forms(url: str) -> tuple[str, ...]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return (url,)
    # Cut by hand: putting the URL together again from its parts would lose an empty query.
    before, found, after = url.partition(parts.netloc or "//")
    if not parts.netloc or not found:
        return (url,)
    if port is not None:
        return url, before + parts.netloc.removesuffix(f":{port}") + after
    default = _DEFAULT_PORTS.get(parts.scheme)
    return (url,) if default is None else (url, f"{before}{parts.netloc}:{default}{after}")
