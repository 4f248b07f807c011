"""
Meta's Graph API: one call, its answer, and what a refusal means. Shared by the channels that Meta runs.

A refusal is decided on its numeric `code` alone: Meta says that titles, subcodes and the HTTP status vary. Each channel
keeps a table from code to `Rule`, which makes one of the errors of `channels.errors`.
Source: https://developers.facebook.com/docs/graph-api/guides/error-handling
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import httpx
import orjson

from app.core import http
from app.core.log import STRUCK, redact
from channels.contract import ChannelIO
from channels.errors import NotSent, OutcomeUnknown, RecipientOptedOut, SendError, Throttled

Json = dict[str, Any]

# Percent of an hourly allowance from which an operator should know; at 100 Meta refuses calls.
USAGE_WARNING_PERCENT = 80
# How Meta begins the titles of refusals: "(#131026) ".
_NUMBER = re.compile(r"^\(#\d+\)\s*")


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of Meta's call allowance is used, in percent, and how long until a blocked one is free again."""

    percent: int = 0
    regain_seconds: float | None = None


class GraphRefusal(Exception):
    """Meta's error envelope: the answer was a clear no. `words` are Meta's own, with credentials struck out."""

    def __init__(self, code: int, words: str, *, subcode: int = 0, usage: Usage | None = None) -> None:
        super().__init__(f"({code}) {words}")
        self.code = code
        self.subcode = subcode
        self.words = words
        self.usage = usage or Usage()


@dataclass(frozen=True, slots=True)
class Rule:
    """What a code means to us. `scope` is for Throttled, `purpose` for RecipientOptedOut."""

    error: type[SendError]
    retry_after_seconds: float | None = None
    scope: Literal["sender", "pair"] = "sender"
    purpose: str | None = None

    def make(self, words: str, code: int, usage: Usage) -> SendError:
        provider_code = str(code)
        if issubclass(self.error, Throttled):
            wait = usage.regain_seconds or self.retry_after_seconds
            return self.error(words, provider_code=provider_code, retry_after_seconds=wait, scope=self.scope)
        if issubclass(self.error, RecipientOptedOut):
            return self.error(words, provider_code=provider_code, purpose=self.purpose)
        error = self.error(words, provider_code=provider_code)
        error.retry_after_seconds = self.retry_after_seconds
        return error


async def call(
    io: ChannelIO,
    token: str,
    method: str,
    path: str,
    *,
    params: Mapping[str, str] | None = None,
    json: Mapping[str, Any] | None = None,
    form: Mapping[str, str] | None = None,
    files: Mapping[str, tuple[str, bytes, str]] | None = None,
    body: bytes | None = None,
    scheme: str = "Bearer",
) -> Json:
    """
    One call to `{graph_url}/{graph_version}/{path}`; the answer's object. `body` is a whole file, from its beginning.

    Raises GraphRefusal for Meta's error envelope, else NotSent (surely not accepted), Throttled, or OutcomeUnknown
    (the request left and no readable answer came back).
    """
    headers = {"Authorization": f"{scheme} {token}"}
    content = body
    if body is not None:
        headers |= {"Content-Type": "application/octet-stream", "file_offset": "0"}
    if json is not None:
        content = orjson.dumps(json)
        headers["Content-Type"] = "application/json"
    try:
        response = await io.http.request(
            method,
            _url(f"{io.graph_url}/{io.graph_version}/{path}"),
            params=params,
            headers=headers,
            content=content,
            data=form,
            files=files,
        )
    except httpx.HTTPError as error:
        # `from None`: the words underneath hold the whole URL, and one call (debug_token) has a token in it.
        raise no_answer(error) from None
    usage = read_usage(response.headers)
    if usage.percent >= USAGE_WARNING_PERCENT:
        io.log.warning("graph_usage_high", percent=usage.percent, regain_seconds=usage.regain_seconds)
    return _answer(response, token, usage)


@lru_cache(maxsize=256)
def _url(text: str) -> httpx.URL:
    """Taken to pieces once: that is a sixth of an exchange, and all messages of a number go to the same one."""
    return httpx.URL(text)


def no_answer(error: Exception) -> SendError:
    """A failed exchange as our error: NotSent only if the request cannot have reached Meta."""
    name = type(error).__name__
    if http.never_connected(error):
        return NotSent(f"Meta could not be reached ({name}).")
    return OutcomeUnknown(f"Meta did not answer ({name}); the message may have been accepted.")


def _answer(response: httpx.Response, token: str, usage: Usage) -> Json:
    payload = _object(response.content)
    error = payload.get("error")
    if isinstance(error, dict):
        raise _refusal(error, token, usage)
    if response.is_success and payload:
        return payload
    raise _unexplained(response)


def _refusal(error: Json, token: str, usage: Usage) -> GraphRefusal:
    code = error.get("code")
    message = str(error.get("message") or "Meta refused without saying why.")
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else None
    # What Meta would show to the person who wrote a template.
    details = error.get("error_user_msg") or details
    words = joined(message, details if isinstance(details, str) else "")
    # Meta quotes a malformed token back in its message.
    words = str(redact(words.replace(token, STRUCK) if token else words))
    return GraphRefusal(
        code if isinstance(code, int) else -1, words, subcode=_int(error.get("error_subcode")), usage=usage
    )


def joined(title: str, details: str) -> str:
    """
    A title and its details as one text, said once: Meta writes "(#131026) Message undeliverable" and then "Message
    Undeliverable.".
    """
    bare = _NUMBER.sub("", title).rstrip(".").casefold()
    if not title or (bare and details.casefold().startswith(bare)):
        return details
    if not details or details.rstrip(".").casefold() in bare:
        return title
    return f"{title.rstrip('.')}: {details}"


def _unexplained(response: httpx.Response) -> SendError:
    """An answer without Meta's envelope: from something between us and Meta, or from a Meta that fell over."""
    status = response.status_code
    told = response.headers.get("retry-after", "")
    wait = float(told) if told.isdecimal() else None
    if status == 429:
        return Throttled("Too many requests.", retry_after_seconds=wait)
    # A load balancer's 503 and a proxy's own page say that the request went no further. Any other 5xx may come after
    # the message was taken, and a 2xx surely does; a customer must not hear from us twice.
    if status == 503 or 300 <= status < 500:
        return NotSent(f"HTTP {status} without an explanation from Meta.", retry_after_seconds=wait)
    return OutcomeUnknown(f"HTTP {status} without a readable answer from Meta.")


def read_usage(headers: Mapping[str, str]) -> Usage:
    """
    The fullest allowance named by `X-App-Usage` and `X-Business-Use-Case-Usage` (lower-case or httpx headers).

    Source: https://developers.facebook.com/docs/graph-api/overview/rate-limiting
    """
    rows: list[Any] = [_object(headers.get("x-app-usage", "").encode())]
    for value in _object(headers.get("x-business-use-case-usage", "").encode()).values():
        rows.extend(value if isinstance(value, list) else ())
    percent, minutes = 0, 0
    for row in rows:
        if isinstance(row, dict):
            percent = max(percent, *(_int(row.get(name)) for name in ("call_count", "total_time", "total_cputime")))
            minutes = max(minutes, _int(row.get("estimated_time_to_regain_access")))
    return Usage(percent, minutes * 60.0 if minutes else None)


def _object(body: bytes) -> Json:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _int(value: Any) -> int:
    return value if isinstance(value, int) else 0
