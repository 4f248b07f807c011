"""
The edge of the web process, one pure ASGI layer around everything: request id, security headers, body limits, the last
resort for errors, and request figures. One layer and no objects, because webhooks pay for each.
"""

import itertools
import secrets
from collections.abc import Mapping
from time import perf_counter
from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from app.core import log
from app.core.errors import TooLarge
from app.core.settings import Settings
from crm import imports
from web import errors, health
from web.chat_limits import MAX_UPLOAD_BYTES

# Bodies of the API are small; files and webhooks have limits of their own.
MAX_BODY_BYTES = 1_000_000
# A multipart upload is a little larger than the file in it.
_MULTIPART_BYTES = 65_536

_log = log.get("web")


def content_security_policy(public_url: str) -> str:
    """
    Nothing but our own scripts, and no frame around us. Inline styles are allowed because Mantine sets them.

    'self' covers our websockets in current browsers; Safari before 15.4 wants them named.
    """
    host = urlsplit(public_url).netloc
    sockets = f" wss://{host} ws://{host}" if host else ""
    return "; ".join(
        [
            "default-src 'self'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "style-src 'self' 'unsafe-inline'",
            f"connect-src 'self'{sockets}",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "object-src 'none'",
            "base-uri 'none'",
        ]
    )


def security_headers(settings: Settings) -> errors.Headers:
    headers = {
        "content-security-policy": content_security_policy(settings.public_url),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), payment=(), microphone=(self)",
    }
    if settings.public_url.startswith("https://"):
        headers["strict-transport-security"] = "max-age=31536000"
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def body_limits(settings: Settings) -> Mapping[str, int]:
    """The largest body by the first part of the path that fits."""
    upload = settings.max_upload_bytes + _MULTIPART_BYTES
    return {
        "/webhooks/": settings.max_webhook_bytes,
        "/api/v1/files": upload,
        "/api/v1/import-files": imports.MOST_BYTES + 1,
        "/w/uploads": MAX_UPLOAD_BYTES + _MULTIPART_BYTES,
    }


class Edge:
    """Wraps the application; see the module."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app = app
        self._headers = security_headers(settings)
        self._names = frozenset(name for name, _ in self._headers)
        self._limits = tuple(body_limits(settings).items())
        self._process = secrets.token_hex(4)
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        request_id = f"{self._process}-{next(self._numbers):x}"
        bind_contextvars(request_id=request_id)
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message["headers"])
                # What an answer says for itself stands: a file may carry a stricter policy, the widget a wider one.
                own = self._names.intersection(name for name, _ in headers)
                headers += [header for header in self._headers if header[0] not in own] if own else self._headers
                headers.append((b"x-request-id", request_id.encode()))
                message["headers"] = headers
            await send(message)

        try:
            await self._app(scope, self._limited(scope, receive), send_with_headers)
        except ClientDisconnect:
            status = status or 499
        except Exception as error:
            refusal = errors.expected(error)
            if refusal is None:
                _log.exception("request_failed", method=scope["method"], route=health.route_of(scope))
            elif refusal.status == 503:
                _log.warning("request_unavailable", route=health.route_of(scope), error=type(error).__name__)
            if not status:
                answer = errors.of_app_error(refusal) if refusal else (500, errors.of_fault(request_id), [])
                await errors.send_problem(send_with_headers, *answer)
        finally:
            health.observe(scope, status, perf_counter() - began)

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        """`receive` under the path's limit. Raises TooLarge at once when the request itself announces too much."""
        limit = MAX_BODY_BYTES
        path = scope["path"]
        for prefix, bytes_allowed in self._limits:
            if path.startswith(prefix):
                limit = bytes_allowed
                break
        for name, value in scope["headers"]:
            if name == b"content-length":
                if int(value) > limit:
                    raise _too_large(limit)
                # The HTTP parser lets no more through than was announced.
                return receive
        return _counted(receive, limit)


def _counted(receive: Receive, limit: int) -> Receive:
    size = 0

    async def counting() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            raise _too_large(limit)
        return message

    return counting


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The request is larger than {limit:,} bytes.")
