"""
Files, both ways: ours are uploaded and sent by id (no public URL of ours is needed), theirs fetched by id.

Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx

from app.core import http
from channels.contract import ChannelAccount, ChannelIO, FetchedMedia, OutboundFile
from channels.errors import AccountRefused, MediaError, MessageRefused, NotSent, OutcomeUnknown, SendError
from channels.graph import GraphRefusal, call
from channels.whatsapp.errors import rule
from channels.whatsapp.limits import CAPABILITIES
from channels.whatsapp.shapes import Json, text, whole

# Meta keeps an uploaded file for 30 days.
KEPT = timedelta(days=30)


async def upload(io: ChannelIO, account: ChannelAccount, file: OutboundFile) -> str:
    """Meta's id of the file, good for 30 days. Raises GraphRefusal and SendError."""
    kind, mime = file.media.kind, file.media.mime or "application/octet-stream"
    allowed = CAPABILITIES.media[kind]
    plain = mime.partition(";")[0].strip().lower()
    if allowed.mimes and plain not in allowed.mimes:
        raise MessageRefused(
            f"WhatsApp does not take {plain} as {kind}, only {', '.join(allowed.mimes)}. Send it as a document."
        )
    data = await file.read()
    if len(data) > allowed.max_bytes:
        raise MessageRefused(f"The file has {len(data)} bytes; WhatsApp takes {allowed.max_bytes} for {kind}.")
    try:
        answer = await call(
            io,
            account.secrets.get("access_token", ""),
            "POST",
            f"{account.config.get('phone_number_id')}/media",
            form={"messaging_product": "whatsapp", "type": mime},
            files={"file": (file.media.name or "file", data, mime)},
        )
    except OutcomeUnknown as error:
        # Only a file was on its way: the message itself was surely not sent, and a second upload hurts nobody.
        raise NotSent(error.message) from None
    identifier = text(answer, "id")
    if not identifier:
        raise NotSent("Meta took the file but gave no id for it.")
    return identifier


async def fetch(io: ChannelIO, account: ChannelAccount, source: Mapping[str, Any], max_bytes: int) -> FetchedMedia:
    """The bytes behind `{id, sha256}`. A URL lives five minutes, so each try asks for one. Raises MediaError."""
    identifier = text(source, "id")
    if not identifier:
        raise MediaError("WhatsApp gave no id for this file.", retryable=False)
    for _ in range(2):
        about = await _about(io, account, identifier)
        if whole(about, "file_size", 0) > max_bytes:
            raise MediaError(f"The file is larger than {max_bytes} bytes.", retryable=False)
        response = await _download(io, account, text(about, "url"), max_bytes)
        # A URL that has just run out answers 404; a fresh one is one call away.
        if response.status_code != 404:
            break
    if not response.is_success:
        raise MediaError(f"WhatsApp answered HTTP {response.status_code} for the file.", retryable=True)
    _check_hash(response.content, text(source, "sha256"), text(about, "sha256"))
    return FetchedMedia(data=response.content, mime=text(about, "mime_type") or None)


async def _about(io: ChannelIO, account: ChannelAccount, identifier: str) -> Json:
    try:
        return await call(
            io,
            account.secrets.get("access_token", ""),
            "GET",
            quote(identifier, safe=""),
            params={"phone_number_id": str(account.config.get("phone_number_id", ""))},
        )
    except GraphRefusal as refusal:
        # A refused account is put right by a person while the file is still there: seven days.
        known = rule(refusal.code).error
        raise MediaError(
            f"WhatsApp did not give the file: {refusal.words}",
            retryable=known.retryable or known is AccountRefused,
        ) from None
    except SendError as error:
        raise MediaError(error.message, retryable=True) from None


async def _download(io: ChannelIO, account: ChannelAccount, url: str, max_bytes: int) -> httpx.Response:
    if not _may_have_token(io, url):
        raise MediaError("WhatsApp gave an address for the file that cannot be trusted.", retryable=False)
    headers = {"Authorization": f"Bearer {account.secrets.get('access_token', '')}"}
    try:
        return await http.read_limited(io.http, "GET", url, max_bytes=max_bytes, headers=headers)
    except http.BodyTooLarge as error:
        raise MediaError(str(error), retryable=False) from None
    except httpx.HTTPError as error:
        raise MediaError(f"The file could not be read ({type(error).__name__}).", retryable=True) from None


def _may_have_token(io: ChannelIO, url: str) -> bool:
    """The token goes over TLS, or to the very place that the settings name (the sandbox)."""
    try:
        target, home = httpx.URL(url), httpx.URL(io.graph_url)
    except httpx.InvalidURL:
        return False
    return target.scheme == "https" or (target.scheme, target.host, target.port) == (home.scheme, home.host, home.port)


def _check_hash(data: bytes, *told: str) -> None:
    """Against the first hash that is one. Raises MediaError: a damaged file is fetched again, not shown."""
    for value in told:
        expected = _digest(value)
        if expected is not None:
            if expected != hashlib.sha256(data).digest():
                raise MediaError("The file was damaged on its way.", retryable=True)
            return


def _digest(value: str) -> bytes | None:
    """Meta writes SHA-256 as base64 in webhooks and as hex in the file's description."""
    try:
        raw = bytes.fromhex(value) if len(value) == 64 else base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error):
        return None
    return raw if len(raw) == 32 else None
