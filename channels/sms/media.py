"""Fetching the files of an inbound MMS: Twilio with our credentials, the storage it points to without."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from app.core.http import BodyTooLarge, read_limited
from channels.contract import ChannelAccount, ChannelIO, FetchedMedia
from channels.errors import MediaError

_MOST_REDIRECTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)
# 404: Twilio sends the webhook at times before its storage has the file.
_PASSING = (404, 408, 425, 429)


async def fetch(io: ChannelIO, account: ChannelAccount, source: Mapping[str, Any], max_bytes: int) -> FetchedMedia:
    """The bytes behind `source["url"]`. Raises MediaError."""
    url = str(source.get("url") or "")
    if not _is_twilio(url, io.twilio_url):
        # The auth token goes along with the request: it must not go anywhere else.
        raise MediaError("The file's address is not Twilio's.", retryable=False)
    auth: httpx.BasicAuth | None = httpx.BasicAuth(
        str(account.config.get("account_sid", "")), account.secrets.get("auth_token", "")
    )
    for _ in range(1 + _MOST_REDIRECTS):
        answer = await _get(io, url, max_bytes, auth)
        if answer.status_code not in _REDIRECTS:
            return _file(answer)
        url = _next(url, answer, io.twilio_url)
        auth = None
    raise MediaError("Twilio's storage redirects too often.", retryable=False)


async def _get(io: ChannelIO, url: str, max_bytes: int, auth: httpx.BasicAuth | None) -> httpx.Response:
    try:
        return await read_limited(io.http, "GET", url, max_bytes=max_bytes, auth=auth, follow_redirects=False)
    except BodyTooLarge as error:
        raise MediaError(f"Too large: {error}.", retryable=False) from error
    except httpx.HTTPError as error:
        raise MediaError("The connection to Twilio's storage failed.", retryable=True) from error
    except httpx.InvalidURL as error:
        raise MediaError("The file's address cannot be read.", retryable=False) from error


def _file(answer: httpx.Response) -> FetchedMedia:
    status = answer.status_code
    if status != 200:
        passing = status >= 500 or status in _PASSING
        raise MediaError(f"Twilio's storage answered with HTTP {status}.", retryable=passing)
    mime = answer.headers.get("content-type", "").partition(";")[0].strip()
    return FetchedMedia(answer.content, mime=mime or None)


def _next(url: str, answer: httpx.Response, twilio_url: str) -> str:
    """Where a redirect leads. Never from https to http; and only a sandbox, itself on http, leads to http at all."""
    try:
        target = urljoin(url, str(answer.headers.get("location", "")))
        scheme = urlsplit(target).scheme
    except ValueError:
        raise MediaError("Twilio's storage redirects to nowhere.", retryable=False) from None
    if scheme == "https" or (scheme == "http" and urlsplit(twilio_url).scheme == "http"):
        return target
    raise MediaError("Twilio's storage redirects to an unsafe address.", retryable=False)


def _is_twilio(url: str, twilio_url: str) -> bool:
    try:
        parts, ours = urlsplit(url), urlsplit(twilio_url)
        if (parts.scheme, parts.netloc) == (ours.scheme, ours.netloc):
            return True
        return parts.scheme == "https" and "@" not in parts.netloc and (parts.hostname or "").endswith(".twilio.com")
    except ValueError:
        return False
