"""
The twilio library over our own HTTP client: it builds the requests and reads the results, `io.http` does the talking.

One client per call: it holds an account's credentials, and building one costs about 0.02 ms.
"""

import logging
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
from twilio.http import AsyncHttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from channels.contract import ChannelAccount, ChannelIO
from channels.sms.errors import NoAnswer, Refusal, number

# The library reads TWILIO_* from the process's environment unless it is given another one that is not empty.
_NO_CONTENT = 204
_NO_ENVIRONMENT = {"TWILIO_EDGE": ""}


class Transport(AsyncHttpClient):  # type: ignore[misc]
    """
    Carries the library's requests. Answers that are no result leave as Refusal here, before the library reads them:
    its own exceptions lose the Retry-After header and fail on answers that are not JSON. Without answer: NoAnswer.
    """

    def __init__(self, http: httpx.AsyncClient) -> None:
        super().__init__(logging.getLogger(__name__), is_async=True)
        self._http = http

    async def request(
        self,
        method: str,
        uri: str,
        params: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        try:
            answer = await self._http.request(
                method.upper(), uri, params=params or None, data=data or None, headers=headers, auth=auth
            )
        except httpx.HTTPError as error:
            raise NoAnswer(error) from error
        parsed = _object(answer.content)
        if answer.status_code >= 300 or (parsed is None and answer.status_code != _NO_CONTENT):
            raise _refusal(answer, parsed or {})
        return Response(answer.status_code, answer.text, answer.headers)


def client(io: ChannelIO, account: ChannelAccount) -> Client:
    """The library's client for this account. Its calls raise NoAnswer and Refusal."""
    client = Client(
        account.config.get("account_sid"),
        account.secrets.get("auth_token"),
        http_client=Transport(io.http),
        environment=_NO_ENVIRONMENT,
    )
    client.api.base_url = io.twilio_url
    client.messaging.base_url = product_url(io.twilio_url, "messaging")
    return client


def product_url(twilio_url: str, product: str) -> str:
    """Where another of Twilio's products lives: `https://api.twilio.com` → `https://messaging.twilio.com`."""
    host = urlsplit(twilio_url).netloc
    return twilio_url.replace("//api.", f"//{product}.", 1) if host.startswith("api.") else twilio_url


def _object(content: bytes) -> dict[str, Any] | None:
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _refusal(answer: httpx.Response, parsed: dict[str, Any]) -> Refusal:
    # `detail` and `title` are RFC 9457, which Twilio's newer services answer with.
    message = parsed.get("message") or parsed.get("detail") or parsed.get("title")
    retry_after = number(answer.headers.get("retry-after"))
    return Refusal(
        answer.status_code,
        number(str(parsed.get("code"))),
        str(message or f"Twilio answered with HTTP {answer.status_code}."),
        float(retry_after) if retry_after else None,
    )
