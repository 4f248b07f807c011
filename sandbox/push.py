"""
A push service as browsers' makers run them (RFC 8030): takes what is signed with the right VAPID key (RFC 8292), keeps
it for the browser, and cannot read it. A browser is whoever holds the subscription's keys; here they are asked of none.

POST /push/{id} is the service's door; PUT and GET /_sandbox/push/{id} are the browser's side of it.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.requests import Request
from starlette.responses import Response

from sandbox.faults import world_of
from sandbox.shapes import ControlError, Json, JsonResponse, control_object, flag_of, object_of, text_of

# What every service has to take; more is refused.
MAX_BODY_BYTES = 4_096
_MAX_SIGNED_SECONDS = 24 * 3_600
_SCHEME = re.compile(r"vapid\s+(.+)", re.IGNORECASE)
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
_URGENCIES = frozenset({"very-low", "low", "normal", "high"})
# salt, record size, length of the key id, and a P-256 point as the key id (RFC 8188, RFC 8291)
_HEADER_BYTES = 16 + 4 + 1
_POINT_BYTES = 65


@dataclass(slots=True)
class Subscription:
    """`messages` wait for the browser, one for each topic; `posts` counts every request, refused ones too."""

    key: str
    ended: bool = False
    fail: Json = field(default_factory=dict)
    messages: list[Json] = field(default_factory=list)
    posts: int = 0

    def to_json(self) -> Json:
        return {"ended": self.ended, "fail": self.fail, "messages": self.messages, "posts": self.posts}


class _Refused(Exception):
    def __init__(self, status: int, words: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(words)
        self.status, self.words, self.headers = status, words, headers or {}


async def control(request: Request) -> JsonResponse:
    """
    PUT {application_server_key?, ended?, fail?: {status, count, retry_after?}}: a browser subscribes, or has its
    service answer otherwise from now on. GET: what waits for it. DELETE: it fetches and forgets what waits.
    """
    known = world_of(request).push
    name = request.path_params["id"]
    if request.method == "PUT":
        given = await control_object(request)
        found = known.setdefault(name, Subscription(text_of(given, "application_server_key")))
        found.key = text_of(given, "application_server_key", found.key)
        found.ended = flag_of(given, "ended", found.ended)
        if "fail" in given:
            found.fail = dict(object_of(given, "fail"))
        return JsonResponse(found.to_json())
    if name not in known:
        raise ControlError("no such subscription", 404)
    shown = JsonResponse(known[name].to_json())
    if request.method == "DELETE":
        known[name].messages.clear()
    return shown


async def take(request: Request) -> Response:
    """POST /push/{id}"""
    try:
        return await _taken(request)
    except _Refused as refused:
        return Response(refused.words, refused.status, refused.headers, "text/plain")


async def _taken(request: Request) -> Response:
    found = world_of(request).push.get(request.path_params["id"])
    if found is None:
        raise _Refused(404, "no such subscription")
    found.posts += 1
    if found.ended:
        raise _Refused(410, "the subscription has ended")
    if found.fail.get("count", 0) > 0:
        found.fail["count"] -= 1
        after = found.fail.get("retry_after")
        raise _Refused(found.fail["status"], "as the sandbox was told", {"Retry-After": str(after)} if after else {})
    _check_signature(request, found)
    body = await request.body()
    headers = request.headers
    ttl, topic, urgency = headers.get("ttl", ""), headers.get("topic"), headers.get("urgency", "normal")
    if not ttl.isdigit():
        raise _Refused(400, "TTL is missing")
    if topic is not None and not _TOPIC.fullmatch(topic):
        raise _Refused(400, "Topic has at most 32 characters of base64url")
    if urgency not in _URGENCIES:
        raise _Refused(400, "no such Urgency")
    if len(body) > MAX_BODY_BYTES:
        raise _Refused(413, "at most 4096 bytes")
    if body and (headers.get("content-encoding") != "aes128gcm" or not _is_sealed(body)):
        raise _Refused(400, "not aes128gcm")
    if topic is not None:
        found.messages[:] = [message for message in found.messages if message["topic"] != topic]
    message = {"body": base64.b64encode(body).decode(), "topic": topic, "ttl": int(ttl), "urgency": urgency}
    found.messages.append(message)
    return Response(status_code=201, headers={"Location": f"{request.url}/{found.posts}", "TTL": ttl})


def _check_signature(request: Request, found: Subscription) -> None:
    """RFC 8292: a token for this service, at most a day old in its future, by the key that was subscribed with."""
    scheme = _SCHEME.fullmatch(request.headers.get("authorization", ""))
    if scheme is None:
        raise _Refused(401, "VAPID is missing")
    parameters = dict(part.strip().partition("=")[::2] for part in scheme.group(1).split(","))
    token, key = parameters.get("t", ""), parameters.get("k", "")
    if key != found.key:
        raise _Refused(403, "not the key that this subscription was made with")
    try:
        point = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        audience = f"{request.url.scheme}://{request.url.netloc}"
        claims = jwt.decode(token, public, ["ES256"], audience=audience, options={"require": ["aud", "exp", "sub"]})
    except (ValueError, jwt.InvalidTokenError) as error:
        raise _Refused(403, f"VAPID is wrong: {error}") from None
    if claims["exp"] - world_of(request).clock.now() > _MAX_SIGNED_SECONDS:
        raise _Refused(403, "VAPID is good for too long")
    if not str(claims["sub"]).startswith(("mailto:", "https:")):
        raise _Refused(403, "VAPID names nobody to turn to")


def _is_sealed(body: bytes) -> bool:
    return len(body) > _HEADER_BYTES + _POINT_BYTES and body[20] == _POINT_BYTES and body[_HEADER_BYTES] == 4
