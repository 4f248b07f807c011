"""
python-telegram-bot's `Bot` over Parley's own HTTP client.

The library builds the requests (parameters, keyboards, multipart) and reads the answers. The exchange itself is ours,
so that one client carries all timeouts and limits, and so that a refusal keeps Telegram's code and words, which the
library's exceptions drop. A `Bot` is made for each call: it takes 6 µs, holds no connection, and keeps nothing.
"""

import re
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

import aiohttp
import httpx
import orjson
from telegram import Bot
from telegram.error import TelegramError
from telegram.request import BaseRequest, RequestData

from channels.contract import ChannelAccount, ChannelIO
from channels.errors import AccountRefused, SendError
from channels.telegram import errors
from channels.telegram.fields import Json, mapping

# Also what keeps a mistyped token from becoming another path on Telegram's server.
_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{1,200}")

T = TypeVar("T")


def bot(io: ChannelIO, account: ChannelAccount) -> Bot:
    """Raises AccountRefused for a token that cannot be one."""
    request = _Request(io.http)
    return Bot(
        _token(account),
        base_url=f"{io.telegram_url}/bot",
        base_file_url=f"{io.telegram_url}/file/bot",
        request=request,
        get_updates_request=request,
    )


async def call(method: Awaitable[T]) -> T:
    """What a method of the bot returns. Raises SendError."""
    try:
        return await method
    except _Failed as failed:
        # `from None`: what lies beneath may hold the URL and so the token.
        raise failed.error from None
    except (TelegramError, TypeError, KeyError, AttributeError, ValueError):
        # Accepted, but the library could not make its object out of the result.
        raise errors.unreadable() from None


async def updates(
    io: ChannelIO, account: ChannelAccount, parameters: Mapping[str, Any], wait_seconds: int
) -> list[Any]:
    """
    getUpdates, as plain JSON: the library would drop kinds it does not know, and fail on all for one it cannot read.
    Raises SendError.
    """
    default = io.http.timeout
    timeout = httpx.Timeout(connect=default.connect, read=wait_seconds + 10, write=default.write, pool=default.pool)
    url = f"{io.telegram_url}/bot{_token(account)}/getUpdates"
    try:
        answer = await _exchange(io.http, url, timeout=timeout, json=dict(parameters))
    except _Failed as failed:
        raise failed.error from None
    found = orjson.loads(answer)["result"]
    if not isinstance(found, list):
        raise errors.unreadable()
    return found


def _token(account: ChannelAccount) -> str:
    token = account.secrets.get("bot_token", "")
    if not _TOKEN.fullmatch(token):
        raise AccountRefused("The bot token is missing or not of the form 123456:ABC…", provider_code="401")
    return token


class _Failed(TelegramError):
    """Carries our error through the library, which lets only its own exceptions pass."""

    def __init__(self, error: SendError) -> None:
        super().__init__(error.message)
        self.error = error


async def _exchange(http: httpx.AsyncClient, url: str, **options: Any) -> bytes:
    """The body of a successful answer: JSON with `ok` and a `result`. Raises _Failed."""
    try:
        response = await http.post(url, **options)
    except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError) as error:
        raise _Failed(errors.lost(error)) from None
    if not response.is_success:
        raise _Failed(errors.refusal(response.status_code, response.content))
    if not _is_result(response.content):
        raise _Failed(errors.unreadable())
    return response.content


def _is_result(body: bytes) -> bool:
    try:
        answer: Json = mapping(orjson.loads(body))
    except ValueError:
        return False
    return answer.get("ok") is True and "result" in answer


class _Request(BaseRequest):
    """The library's door to HTTP. It opens and closes nothing: the client is the process's."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    @property
    def read_timeout(self) -> float | None:
        return self._http.timeout.read

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: object, **__: object
    ) -> tuple[int, bytes]:
        """The library's timeouts are left aside for those of the client."""
        data = request_data.json_parameters if request_data else None
        files = request_data.multipart_data if request_data else None
        return 200, await _exchange(self._http, url, data=data, files=files)
