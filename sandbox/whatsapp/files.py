"""
Media of the Cloud API: upload, look-up, download, deletion, resumable upload handles, and files that messages link
to.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import aiohttp
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from sandbox import media
from sandbox.accounts import WhatsAppNumber
from sandbox.faults import world_of
from sandbox.media import Media
from sandbox.shapes import Json, JsonResponse
from sandbox.whatsapp.auth import authorised_number, numbers_of_token, token_of, unknown_object
from sandbox.whatsapp.errors import GraphError, bad_parameter, missing
from sandbox.world import World

_MB = 1024 * 1024
LIFE_SECONDS = 30 * 86_400
INBOUND_LIFE_SECONDS = 7 * 86_400
_URL_LIFE_SECONDS = 300
_LIMITS: dict[str, tuple[tuple[str, ...], int]] = {
    "image": (("image/jpeg", "image/png"), 5 * _MB),
    "video": (("video/mp4", "video/3gpp"), 16 * _MB),
    "audio": (("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"), 16 * _MB),
    "sticker": (("image/webp",), 500 * 1024),
    "document": ((), 100 * _MB),
}
_MIME = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]*")
# What Meta lists when it refuses a type.
_UPLOADABLE = (
    "image/jpeg", "image/png", "image/webp", "video/mp4", "video/3gpp", "audio/aac", "audio/amr", "audio/mpeg",
    "audio/mp4", "audio/ogg", "text/plain", "text/csv", "application/pdf", "application/msword", "application/zip",
    "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
)  # fmt: skip


def fits(kind: str, mime: str, size: int) -> bool:
    """Whether a file may go out as that kind of message."""
    allowed, limit = _LIMITS[kind]
    return (not allowed or mime in allowed) and size <= limit


def shown(found: Media, kind: str) -> Json:
    """How the phone draws it."""
    return {**media.describe(found), "kind": kind}


def owned(world: World, number: WhatsAppNumber, media_id: str) -> Media:
    """A file that this number may use; code 100 otherwise."""
    found = world.media.get(media_id)
    if found is None or found.account not in (number.id, number.waba_id):
        raise GraphError(100, f"Media ID {media_id} does not exist or belongs to another number.")
    if found.expires_at and found.expires_at <= world.clock.now():
        raise GraphError(100, f"Media ID {media_id} has expired.")
    return found


async def upload(request: Request) -> JsonResponse:
    """POST /{version}/{phone_number_id}/media, multipart."""
    world = world_of(request)
    number = authorised_number(world, request)
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise bad_parameter("Invalid parameter", "The request must be multipart/form-data.")
    async with request.form(max_part_size=_MB) as form:
        if form.get("messaging_product") != "whatsapp":
            raise bad_parameter("The parameter messaging_product is required.")
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise missing("file")
        content = await file.read()
        declared = form.get("type")
        mime = declared if isinstance(declared, str) and declared else (file.content_type or "")
        name = file.filename or ""
    bare = mime.split(";")[0].strip().lower()
    family = bare.partition("/")[0]
    # Pictures, films and sounds only of these types; any other type is taken as a document.
    if not _MIME.fullmatch(bare) or (family in ("image", "video", "audio") and bare not in _UPLOADABLE):
        allowed = ", ".join(_UPLOADABLE)
        raise bad_parameter(
            f"Param file must be a file with one of the following types: {allowed}. Received file of type '{mime}'."
        )
    if not content:
        raise GraphError(131053, "The file is empty.")
    kind = "sticker" if bare == "image/webp" else family
    if not fits(kind if kind in _LIMITS else "document", bare, len(content)):
        raise GraphError(131053, f"The file is too large for {bare}: {len(content)} bytes.")
    seen = media.sniff(content)
    if bare.startswith("image/") and seen != bare:
        raise GraphError(131053, f"The file is not {bare}: it looks like {seen or 'something else'}.")
    stored = world.add_media(number.id, content, mime, name, life_seconds=LIFE_SECONDS)
    return JsonResponse({"id": stored.id})


async def meta(request: Request, world: World, media_id: str) -> JsonResponse:
    """GET /{version}/{media_id}: where the bytes are for the next five minutes. DELETE removes the file."""
    numbers = numbers_of_token(world, request)
    wanted = request.query_params.get("phone_number_id")
    found = world.media.get(media_id)
    number = next((item for item in numbers if found is not None and item.id == found.account), None)
    if found is None or number is None or (wanted is not None and wanted != number.id):
        raise unknown_object(media_id, request.method.lower())
    owned(world, number, media_id)
    if request.method == "DELETE":
        world.remove_media(media_id)
        return JsonResponse({"success": True})
    return JsonResponse(
        {
            "messaging_product": "whatsapp",
            "url": url_of(world, str(request.base_url), media_id),
            "mime_type": found.mime,
            "sha256": found.sha256,
            "file_size": str(found.size),
            "id": media_id,
        }
    )


def url_of(world: World, base: str, media_id: str) -> str:
    """A download address with its time of death in it."""
    expires = int(world.clock.now() + world.clock.window(_URL_LIFE_SECONDS)) + 1
    return f"{base.rstrip('/')}/graph-media/whatsapp_business/attachments/?mid={media_id}&ext={expires}"


async def download(request: Request) -> Response:
    """GET /graph-media/…: the bytes, for whoever has the bearer token and a User-Agent."""
    world = world_of(request)
    query = request.query_params
    token = token_of(request)
    numbers = [number for number in world.accounts_of(WhatsAppNumber) if number.access_token == token]
    if not token or not numbers or not request.headers.get("user-agent"):
        return Response(status_code=401)
    found = world.media.get(query.get("mid", ""))
    if found is None or found.account not in [number.id for number in numbers]:
        return Response(status_code=404)
    if not query.get("ext", "").isdigit() or int(query["ext"]) <= world.clock.now():
        return Response(status_code=404)
    return stream(world, found)


def stream(world: World, found: Media, chunk: int = 256 * 1024) -> Response:
    """The file as a response."""
    content = world.media.load(found)
    if content is None:
        return Response(status_code=404)

    async def parts() -> AsyncIterator[bytes]:
        for at in range(0, len(content), chunk):
            yield content[at : at + chunk]

    return StreamingResponse(parts(), media_type=found.mime, headers={"content-length": str(len(content))})


async def fetch(world: World, number: WhatsAppNumber, link: str, kind: str) -> Media | None:
    """
    Get a linked file as Meta does, once per message; None if it cannot be had or does not fit.

    Plain http is accepted on this machine only.
    """
    parts = urlsplit(link)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        return None
    try:
        async with world.http.get(link, headers={"user-agent": "facebookexternalua"}) as response:
            if response.status != 200:
                return None
            content = await response.content.read(_LIMITS[kind][1] + 1)
            while len(content) <= _LIMITS[kind][1] and (more := await response.content.read(1 << 16)):
                content += more
            declared = response.headers.get("content-type", "application/octet-stream").split(";")[0].strip()
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return None
    mime = declared if declared != "application/octet-stream" else media.sniff(content) or declared
    if not fits(kind, mime, len(content)):
        return None
    return world.add_media(number.id, content, mime, parts.path.rpartition("/")[2], life_seconds=LIFE_SECONDS)


async def start_upload(request: Request) -> JsonResponse:
    """POST /{version}/{app_id}/uploads: begin a resumable upload, which gives handles for template samples."""
    world = world_of(request)
    if request.path_params["node"] not in [number.app_id for number in numbers_of_token(world, request)]:
        raise unknown_object(request.path_params["node"])
    query = request.query_params
    if not query.get("file_length", "").isdigit() or not query.get("file_type"):
        raise missing("file_length, file_type")
    return JsonResponse({"id": "upload:" + secrets.token_urlsafe(24) + "?sig=" + secrets.token_urlsafe(8)})


async def finish_upload(request: Request) -> JsonResponse:
    """POST /{version}/upload:…: the bytes; the answer is the handle."""
    world = world_of(request)
    numbers_of_token(world, request)
    if not await request.body():
        raise GraphError(131053, "The file is empty.")
    handle = "4::" + secrets.token_urlsafe(40)
    world.put_fact("whatsapp_handle", handle, {})
    return JsonResponse({"h": handle})
