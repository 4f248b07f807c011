"""
python-telegram-bot's `Bot` over Parley's own HTTP client.

The library builds the requests (parameters, keyboards, multipart) and reads the answers. The exchange itself is ours,
so that one client carries all timeouts and limits, and so that a refusal keeps Telegram's code and words, which the
library's exceptions drop. The library never learns the token, because it logs the addresses it is given.

A `Bot` is made for each call: it takes 6 µs, holds no connection, and keeps nothing.
"""

import re
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

import httpx
import orjson
from telegram import Bot, Message
from telegram.error import TelegramError
from telegram.request import BaseRequest, RequestData

from channels.contract import ChannelAccount, ChannelIO
from channels.errors import AccountRefused, SendError
from channels.telegram import errors
from channels.telegram.fields import Json, inner, mapping, text, whole

# Also what keeps a mistyped token from becoming another path on Telegram's server.
_TOKEN = re.compile(r"[0-9]{1,20}:[A-Za-z0-9_-]{1,200}")

T = TypeVar("T")


def bot(io: ChannelIO, account: ChannelAccount) -> Bot:
    """Raises AccountRefused for a token that cannot be one."""
    request = _Request(io.http, f"{io.telegram_url}/bot{_token(account)}")
    return Bot("withheld", base_url=_nowhere, base_file_url=_nowhere, request=request, get_updates_request=request)


async def call(method: Awaitable[T]) -> T:
    """What a method of the bot returns. Raises SendError."""
    try:
        return await method
    except _Failed as failed:
        # `from None`: what lies beneath may hold the URL and so the token.
        raise failed.error from None
    except (TypeError, KeyError, AttributeError, ValueError):
        # Answered, but the library could not make its object out of the result.
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
        found = await _exchange(io.http, url, timeout=timeout, json=dict(parameters))
    except _Failed as failed:
        raise failed.error from None
    if not isinstance(found, list):
        raise errors.unreadable()
    return found


def file_url(io: ChannelIO, account: ChannelAccount, path: str) -> str:
    """Where the file of a `getFile` answer is; a secret, since it holds the token. Raises AccountRefused."""
    return f"{io.telegram_url}/file/bot{_token(account)}/{path.lstrip('/')}"


def _token(account: ChannelAccount) -> str:
    token = account.secrets.get("bot_token", "")
    if not _TOKEN.fullmatch(token):
        raise AccountRefused("The bot token is missing or not of the form 123456:ABC…", provider_code="401")
    return token


def _nowhere(_: str) -> str:
    """The library's base address: what it asks for is then a bare `/method` or `/path`."""
    return ""


class _Failed(TelegramError):
    """Carries our error through the library, which lets only its own exceptions pass."""

    def __init__(self, error: SendError) -> None:
        super().__init__(error.message)
        self.error = error


async def _exchange(http: httpx.AsyncClient, url: str, **options: Any) -> Any:
    """The result of an answer that is Telegram's and good. Raises _Failed."""
    try:
        response = await http.post(url, **options)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _Failed(errors.lost(error)) from None
    if not response.is_success:
        raise _Failed(errors.refusal(response.status_code, response.content))
    try:
        answer = mapping(orjson.loads(response.content))
    except ValueError:
        answer = {}
    if answer.get("ok") is not True or "result" not in answer:
        raise _Failed(errors.unreadable())
    return answer["result"]


class _Request(BaseRequest):
    """The library's door to HTTP. It opens and closes nothing: the client is the process's."""

    def __init__(self, http: httpx.AsyncClient, base_url: str) -> None:
        self._http = http
        self._base_url = base_url

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
        result = await _exchange(self._http, self._base_url + url, data=data, files=files)
        if url.startswith("/send") and url != "/sendChatAction":
            result = _identified(result)
        return 200, orjson.dumps({"ok": True, "result": result})


def _identified(message: Any) -> Json:
    """
    A sent message, cut down to what names it, and its file. It was accepted; nothing that is new in it may keep the
    library from reading it, for then we would not know so.
    """
    message = mapping(message)
    number, date, chat = whole(message, "message_id"), whole(message, "date"), inner(message, "chat")
    chat_id, kind = whole(chat, "id"), text(chat, "type")
    if number is None or date is None or chat_id is None or kind is None:
        raise _Failed(errors.unreadable())
    named: Json = {"message_id": number, "date": date, "chat": {"id": chat_id, "type": kind}}
    file = _file_of(message)
    return {**named, _FILE: file} if file else named


# Among what the library does not know of a message, which it leaves alone.
_FILE = "sent_file"
# What moves without a sound is told as a document as well.
_METHODS = ("animation", "sticker", "video", "voice", "audio", "document", "photo")


def _file_of(message: Json) -> str | None:
    for method in _METHODS:
        found = message.get(method)
        # Of a photo there are several sizes, the largest last.
        file_id = text(mapping(found[-1] if isinstance(found, list) and found else found), "file_id")
        if file_id:
            return f"{method}:{file_id}"
    return None


def sent_file(sent: Message) -> str | None:
    """By what the file of a message that was just sent can be sent again: the method, and the id (`photo:AgAC…`)."""
    found = sent.api_kwargs.get(_FILE)
    return found if isinstance(found, str) else None
