"""Files of the Bot API: ids that belong to one bot, uploads, URLs the server fetches, getFile and download."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
from starlette.responses import Response

from sandbox import media
from sandbox.accounts import TelegramBot
from sandbox.media import Media
from sandbox.shapes import Json
from sandbox.telegram.errors import TelegramError, bad
from sandbox.telegram.params import Params
from sandbox.whatsapp.files import stream
from sandbox.world import World

_MB = 1024 * 1024
_MAX_DOWNLOAD = 20 * _MB
_MAX_UPLOAD = 50 * _MB
_MAX_PHOTO = 10 * _MB


@dataclass(frozen=True, slots=True)
class Kind:
    """How one sort of file looks in ids and paths."""

    prefix: str
    folder: str


KINDS = {
    "photo": Kind("AgAC", "photos"),
    "video": Kind("BAAC", "videos"),
    "animation": Kind("CgAC", "animations"),
    "document": Kind("BQAC", "documents"),
    "audio": Kind("CQAC", "music"),
    "voice": Kind("AwAC", "voice"),
    "video_note": Kind("DQAC", "video_notes"),
    "sticker": Kind("CAAC", "stickers"),
}
_EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "audio/ogg": "oga",
    "audio/mpeg": "mp3",
    "video/mp4": "mp4",
    "application/pdf": "pdf",
}


def file_id(bot: TelegramBot, kind: str, stored: Media) -> str:
    """The id under which this bot knows the file."""
    packed = base64.urlsafe_b64encode(f"{bot.id}:{kind}:{stored.id}".encode()).decode().rstrip("=")
    return KINDS[kind].prefix + packed


def open_id(world: World, bot: TelegramBot, value: str) -> tuple[str, Media] | None:
    """The kind and the file of an id; None when it is not one of this bot's."""
    packed = value[4:]
    try:
        owner, kind, media_id = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode().split(":")
    except (binascii.Error, ValueError):
        return None
    stored = world.media.get(media_id)
    if owner != bot.id or stored is None or kind not in KINDS:
        return None
    return kind, stored


async def take(world: World, bot: TelegramBot, params: Params, field: str, kind: str, value: object = None) -> Media:
    """
    The file of a parameter: an upload, `attach://name`, an id this bot knows, or an address to fetch.

    `value` stands for the parameter when it came inside something else (an album).
    """
    given = params.values.get(field) if value is None else value
    upload = params.files.get(field) if value is None else None
    if isinstance(given, str) and given.startswith("attach://"):
        upload = params.files.get(given[9:])
        if upload is None:
            raise bad(f'can\'t find file "{given[9:]}" in the request')
    if upload is not None:
        limit = _MAX_PHOTO if kind == "photo" else _MAX_UPLOAD
        if len(upload.content) > limit:
            raise TelegramError(413, "Request Entity Too Large")
        return _keep(world, bot, kind, upload.content, upload.mime, upload.name)
    if not isinstance(given, str) or not given:
        raise bad(f"there is no {field.replace('_', ' ')} in the request")
    if urlsplit(given).scheme in ("http", "https"):
        return await _fetch(world, bot, kind, given)
    known = open_id(world, bot, given)
    if known is None:
        raise bad("wrong file identifier/HTTP URL specified")
    if known[0] != kind and kind != "document":
        raise bad(f"can't use file of type {known[0].title()} as {kind.replace('_', ' ').title()}")
    return known[1]


def _keep(world: World, bot: TelegramBot, kind: str, content: bytes, declared: str, name: str) -> Media:
    if not content:
        raise bad("file must be non-empty")
    seen = media.sniff(content)
    mime = seen or declared or "application/octet-stream"
    if kind == "photo" and not mime.startswith("image/"):
        raise bad("IMAGE_PROCESS_FAILED")
    if kind == "photo" and media.dimensions(content) == (0, 0):
        raise bad("PHOTO_INVALID_DIMENSIONS")
    if kind == "sticker" and mime not in ("image/webp", "image/png", "video/webm", "application/gzip"):
        raise bad("STICKER_INVALID")
    if seen == "audio/ogg" and declared.startswith("audio/ogg"):
        mime = declared
    return world.add_media(bot.id, content, mime, name)


async def _fetch(world: World, bot: TelegramBot, kind: str, url: str) -> Media:
    """Telegram fetches addresses itself: 5 MB for photos, 20 MB for the rest. Plain http works on this machine only."""
    parts = urlsplit(url)
    limit = 5 * _MB if kind == "photo" else 20 * _MB
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise bad("wrong HTTP URL specified")
    try:
        async with world.http.get(url, headers={"user-agent": "TelegramBot (like TwitterBot)"}) as response:
            if response.status != 200:
                raise bad("failed to get HTTP URL content")
            content = await response.content.read(limit + 1)
            while len(content) <= limit and (more := await response.content.read(1 << 16)):
                content += more
            declared = response.headers.get("content-type", "").split(";")[0]
    except (aiohttp.ClientError, TimeoutError, ValueError):
        raise bad("failed to get HTTP URL content") from None
    if len(content) > limit:
        raise bad("file is too big")
    if declared == "text/html":
        raise bad("wrong type of the web page content")
    return _keep(world, bot, kind, content, declared, parts.path.rpartition("/")[2])


def describe(bot: TelegramBot, kind: str, stored: Media) -> Json | list[Json]:
    """The object (for a photo: the list of sizes) that a Message carries."""
    found: Json = {"file_id": file_id(bot, kind, stored), "file_unique_id": f"u{stored.sha256[:14]}"}
    size = {"file_size": stored.size}
    if kind == "photo":
        return [{**found, "width": stored.width or 1, "height": stored.height or 1, **size}]
    if kind == "sticker":
        shape = {"width": stored.width or 512, "height": stored.height or 512, "type": "regular"}
        return {**found, **shape, "is_animated": False, "is_video": False, **size}
    if kind in ("video", "animation"):
        shape = {"width": stored.width or 480, "height": stored.height or 360, "duration": stored.seconds or 2}
        return {**found, **shape, "mime_type": stored.bare_mime, "file_name": stored.name, **size}
    if kind == "video_note":
        return {**found, "length": 240, "duration": stored.seconds or 2, **size}
    if kind in ("audio", "voice"):
        found["duration"] = stored.seconds or 3
    if kind != "voice":
        found["file_name"] = stored.name
    return {**found, "mime_type": stored.bare_mime, **size}


def path_of(kind: str, stored: Media) -> str:
    """Where the file can be downloaded, below /file/bot{token}/."""
    extension = _EXTENSIONS.get(stored.bare_mime) or stored.name.rpartition(".")[2] or "bin"
    return f"{KINDS[kind].folder}/file_{stored.id}.{extension}"


def get_file(world: World, bot: TelegramBot, params: Params) -> Json:
    """getFile"""
    value = params.text("file_id")
    if not value:
        raise bad("file_id not specified")
    known = open_id(world, bot, value)
    if known is None:
        raise bad("wrong file_id or the file is temporarily unavailable")
    kind, stored = known
    if stored.size > _MAX_DOWNLOAD:
        raise bad("file is too big")
    return {
        "file_id": value,
        "file_unique_id": f"u{stored.sha256[:14]}",
        "file_size": stored.size,
        "file_path": path_of(kind, stored),
    }


def download(world: World, bot: TelegramBot, path: str) -> Response:
    """GET /file/bot{token}/{path}"""
    media_id = path.rpartition("/")[2].removeprefix("file_").partition(".")[0]
    stored = world.media.get(media_id)
    if stored is None or stored.account != bot.id:
        raise TelegramError(404, "Not Found")
    response = stream(world, stored)
    # The real server says octet-stream for everything.
    response.headers["content-type"] = "application/octet-stream"
    return response
