"""
Web push: a message to one browser through its maker's push service, even while no page of ours is open.

The service (RFC 8030) is asked over HTTP, takes only what is signed with our key (VAPID, RFC 8292) and cannot read what
it carries: that is encrypted for the browser alone (RFC 8291). The only module that knows http-ece.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

import http_ece
import httpx
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.core import http
from app.core.clock import Clock
from app.core.runtime import Runtime

# What every service takes (RFC 8030, section 7.2): 4,096 bytes, of which 103 are the encryption's.
MOST_PAYLOAD_BYTES = 3_993
MOST_ENDPOINT_CHARS = 2_000
MOST_TOPIC_CHARS = 32
_MOST_ANSWER_BYTES = 20_000
# A service refuses a signature that is good for more than a day.
_SIGNED_SECONDS = 12 * 3_600
_TIMEOUT = httpx.Timeout(10.0, connect=5.0, pool=5.0)
# Who to tell when our pushes make trouble, where the instance itself has no address for the public.
_PROJECT = re.search(r"https://[^)]+", http.USER_AGENT)

Urgency = Literal["normal", "high"]


class BadSubscription(Exception):
    """This cannot be pushed to; the message says why."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a browser hands out: where its service takes messages for it, and the keys (base64url) to encrypt with."""

    endpoint: str = field(repr=False)
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """Our VAPID key: `private` in PEM, `public` as browsers want it (the point, base64url)."""

    private: str = field(repr=False)
    public: str


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What the service said: it has taken the message; the subscription is gone for good; it wants to be asked again
    later (after so many seconds, if it says when); or it refuses. `words` are for people.
    """

    kind: Literal["taken", "gone", "later", "refused"]
    words: str
    status: int | None = None
    retry_after_seconds: float | None = None


def new_key() -> SigningKey:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return SigningKey(pem, to_base64url(_point_of(key)))


def check(subscription: Subscription, push_url: str) -> None:
    """
    Raises BadSubscription unless it names a service on HTTPS (or that of PARLEY_PUSH_URL) and a real key. Whether the
    address is a public one is asked when it is connected to.
    """
    parts = urlsplit(subscription.endpoint)
    if len(subscription.endpoint) > MOST_ENDPOINT_CHARS or not parts.hostname or parts.username or parts.password:
        raise BadSubscription("The browser's push address is not one.")
    if parts.scheme != "https" and not _is_own(subscription, push_url):
        raise BadSubscription("The browser's push address has to begin with https.")
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_base64url(subscription.p256dh))
        secret = from_base64url(subscription.auth)
    except ValueError:
        raise BadSubscription("The browser's push key is not one.") from None
    if len(secret) != 16:
        raise BadSubscription("The browser's push secret has to be 16 bytes long.")


def encrypt(
    payload: bytes,
    subscription: Subscription,
    *,
    salt: bytes | None = None,
    private_key: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """
    The body for the service, aes128gcm. Salt and key are fresh unless given.

    Source: https://www.rfc-editor.org/rfc/rfc8291 (its example is a test).
    """
    if len(payload) > MOST_PAYLOAD_BYTES:
        raise ValueError(f"a push holds at most {MOST_PAYLOAD_BYTES} bytes")
    body: bytes = http_ece.encrypt(
        payload,
        salt=salt,
        private_key=private_key or ec.generate_private_key(ec.SECP256R1()),
        dh=from_base64url(subscription.p256dh),
        auth_secret=from_base64url(subscription.auth),
        version="aes128gcm",
    )
    return body


def authorization(endpoint: str, key: SigningKey, public_url: str, clock: Clock) -> str:
    """The VAPID header: who we are, signed for this service alone. Source: https://www.rfc-editor.org/rfc/rfc8292"""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int(clock.now().timestamp()) + _SIGNED_SECONDS,
        "sub": public_url if public_url.startswith("https://") or not _PROJECT else _PROJECT.group(),
    }
    return f"vapid t={jwt.encode(claims, key.private, algorithm='ES256')}, k={key.public}"


async def send(
    runtime: Runtime,
    subscription: Subscription,
    key: SigningKey,
    payload: bytes,
    *,
    ttl_seconds: int,
    topic: str | None = None,
    urgency: Urgency = "normal",
) -> Answer:
    """
    Hands one message to the service. A later one with the same `topic` takes its place while the browser is away; after
    `ttl_seconds` it is dropped. Never raises for what the service or the network does.
    """
    headers = {
        "Authorization": authorization(subscription.endpoint, key, runtime.settings.public_url, runtime.clock),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(ttl_seconds),
        "Urgency": urgency,
    }
    if topic:
        headers["Topic"] = topic[:MOST_TOPIC_CHARS]
    client = runtime.http if _is_own(subscription, runtime.settings.push_url) else runtime.untrusted_http
    try:
        response = await http.read_limited(
            client,
            "POST",
            subscription.endpoint,
            max_bytes=_MOST_ANSWER_BYTES,
            content=encrypt(payload, subscription),
            headers=headers,
            timeout=_TIMEOUT,
            follow_redirects=False,
        )
    except http.ForbiddenAddress:
        return Answer("refused", "The browser's push address is inside a private network.")
    except httpx.TimeoutException:
        return Answer("later", "The push service did not answer in time.")
    except httpx.HTTPError as error:
        return Answer("later", f"The push service could not be reached ({type(error).__name__}).")
    return _answer(response)


def _answer(response: httpx.Response) -> Answer:
    """Codes of RFC 8030; 404 and 410 mean that nobody listens there any more."""
    status = response.status_code
    if 200 <= status < 300:
        return Answer("taken", f"The push service took it ({status}).", status)
    if status in (404, 410):
        return Answer("gone", f"The browser's subscription has ended ({status}).", status)
    if status == 429 or status >= 500:
        words = "has too many messages from us" if status == 429 else "has trouble"
        after = response.headers.get("retry-after", "")
        return Answer(
            "later", f"The push service {words} ({status}).", status, float(after) if after.isdigit() else None
        )
    if status == 413:
        return Answer("refused", "The push service says that the message is too large (413).", status)
    if status in (401, 403):
        return Answer("refused", f"The push service does not accept our key ({status}).", status)
    return Answer("refused", f"The push service refused it ({status}).", status)


def _is_own(subscription: Subscription, push_url: str) -> bool:
    return bool(push_url) and subscription.endpoint.startswith(f"{push_url}/")


def _point_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def to_base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def from_base64url(text: str) -> bytes:
    """Raises ValueError."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not base64url") from None
