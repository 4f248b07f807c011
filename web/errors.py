"""
Every refusal as `application/problem+json` (RFC 9457): {type, title, status, code, detail, errors?, …}.

Expected refusals (AppError) say what they are. A part that is down is 503. Anything else is a fault of ours: it is
logged once, with its request's id, and the answer says nothing about it.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import orjson
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Send

from app.core import mongo
from app.core.errors import AppError, FieldError, Unavailable

CONTENT_TYPE = "application/problem+json"

_RETRY_AFTER_SECONDS = 5
# Codes of refusals that come from the router or the HTTP parser and not from our rules.
_CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "unsupported_media"}


class BadRequest(AppError):
    """The request cannot be read at all: not JSON, not UTF-8, too deeply nested."""

    status, title, code = 400, "The request cannot be read", "bad_request"


Headers = list[tuple[bytes, bytes]]


def problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    errors: Iterable[FieldError] = (),
    extra: Mapping[str, Any] | None = None,
) -> bytes:
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        **(extra or {}),
    }
    fields = [{"field": error.field, "message": error.message} for error in errors]
    if fields:
        document["errors"] = fields
    return orjson.dumps(document)


def of_app_error(error: AppError) -> tuple[int, bytes, Headers]:
    """Status, body and headers beyond those of every answer."""
    headers: Headers = []
    wait = error.extra.get("retry_after_seconds", _RETRY_AFTER_SECONDS if isinstance(error, Unavailable) else None)
    if wait is not None:
        headers.append((b"retry-after", str(wait).encode()))
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers.append((b"www-authenticate", b"Bearer"))
    body = problem(error.status, error.code, error.title, error.detail, errors=error.errors, extra=error.extra)
    return error.status, body, headers


def expected(error: Exception) -> AppError | None:
    """The refusal that this error amounts to; None for a fault of ours."""
    if isinstance(error, AppError):
        return error
    if isinstance(error, mongo.ConnectionFailure | RedisConnectionError | RedisTimeoutError):
        return Unavailable("A part of Parley cannot be reached for the moment. Please try again.")
    if isinstance(error, TimeoutError):
        return Unavailable("This took too long. Please try again.")
    return None


def of_fault(request_id: str) -> bytes:
    return problem(
        500, "internal", "Something went wrong", f"This is a fault of ours. It was logged as request {request_id}."
    )


async def of_router(request: Request, error: Exception) -> Response:
    """What the router and the form parser refuse by themselves: 404, 405, a malformed form."""
    assert isinstance(error, HTTPException)  # noqa: S101 -- registered for this class only
    status = error.status_code
    title = HTTPStatus(status).phrase.capitalize()
    code = _CODES.get(status, f"http_{status}")
    return Response(problem(status, code, title, title + "."), status, dict(error.headers or {}), CONTENT_TYPE)


async def send_problem(send: Send, status: int, body: bytes, headers: Headers) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", CONTENT_TYPE.encode()),
                (b"content-length", str(len(body)).encode()),
                (b"cache-control", b"no-store"),
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
