"""
Files of messages: sniffed, measured, stored once under a random key, with a thumbnail where there is a picture.

A file's type is what its bytes say, never what its name or sender claims; what a browser could run is never shown
inline.
"""

import asyncio
import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import filetype
from PIL import ExifTags, Image, ImageOps

from app.core import ids
from app.core.errors import NotFound, TooLarge, UnsupportedMedia
from app.core.files import FileMissing
from app.core.platform import work
from app.core.runtime import Runtime, Workspace
from channels.content import Media, MediaKind
from channels.contract import OutboundFile
from inbox.store import files as store

THUMBNAIL_PIXELS = 480
# How long a visitor's upload waits for its message.
UNUSED_FOR = timedelta(days=1)
# Decompression bombs: a picture of more pixels is kept, but no thumbnail is made. Those of cameras are JPEGs, which
# need not be read whole.
MAX_PIXELS = 16_000_000
_MOST_PIXELS = {"JPEG": 50_000_000}
# Values of the orientation that swap width and height.
_ON_ITS_SIDE = (5, 6, 7, 8)
SIGNED_SECONDS = 3600
# One at a time: a picture of a few hundred kilobytes may take a hundred megabytes while it is looked at.
_pictures = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pictures")

# Types that a browser may show in place; everything else is offered for download.
INLINE = frozenset(
    (
        *("image/jpeg", "image/png", "image/gif", "image/webp", "application/pdf"),
        *("audio/ogg", "audio/mpeg", "audio/mp4", "audio/aac", "audio/amr", "audio/wav", "audio/x-wav", "audio/m4a"),
        "audio/webm",
        *("video/mp4", "video/3gpp", "video/webm"),
    )
)
# Never taken from agents or visitors: what systems run when it is opened.
_REFUSED_SUFFIXES = (
    ".exe",
    ".msi",
    ".bat",
    ".cmd",
    ".com",
    ".scr",
    ".ps1",
    ".vbs",
    ".js",
    ".jar",
    ".apk",
    ".html",
    ".htm",
    ".svg",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """
    A file of this workspace. `thumbnail_id` is another stored file; `unused_until` is when a file goes that no message
    has taken by then.
    """

    id: str
    name: str
    mime: str
    bytes: int
    width: int | None = None
    height: int | None = None
    thumbnail_id: str | None = None
    created_at: datetime
    owner: str | None = None
    unused_until: datetime | None = None
    # Where it is shown, if a customer sent it; what colleagues upload is the business's own.
    conversation_ids: tuple[str, ...] = ()


async def keep(
    ws: Workspace,
    data: bytes,
    *,
    name: str | None,
    claimed_mime: str | None,
    owner: str | None,
    file_id: str | None = None,
    unused_until: datetime | None = None,
    conversation_id: str | None = None,
) -> StoredFile:
    """
    Store bytes that came from outside, whatever they are. `file_id` makes it repeatable; `owner` is who brought them.
    """
    mime = sniff(data, claimed_mime, name)
    size, thumbnail = await asyncio.get_running_loop().run_in_executor(_pictures, _picture, data, mime)
    stored_id = file_id or ids.new("fil")
    thumbnail_id: str | None = None
    if thumbnail is not None:
        thumbnail_id = f"{stored_id}t"
        await ws.runtime.files.put(ws.file_key(thumbnail_id), thumbnail)
    await ws.runtime.files.put(ws.file_key(stored_id), data)
    file = StoredFile(
        id=stored_id,
        name=_safe_name(name, mime),
        mime=mime,
        bytes=len(data),
        width=size[0] if size else None,
        height=size[1] if size else None,
        thumbnail_id=thumbnail_id,
        created_at=ws.clock.now(),
        owner=owner,
        unused_until=unused_until,
        conversation_ids=(conversation_id,) if conversation_id else (),
    )
    await store.insert(ws, file)
    return file


async def upload(
    ws: Workspace,
    data: bytes,
    *,
    name: str,
    claimed_mime: str | None,
    owner: str,
    max_bytes: int,
    unused_until: datetime | None = None,
) -> StoredFile:
    """A file that somebody wants to send. Raises TooLarge, UnsupportedMedia."""
    if len(data) > max_bytes:
        raise TooLarge(f"This file is larger than {max_bytes // 1_000_000} MB.")
    if not data:
        raise UnsupportedMedia("This file is empty.")
    if name.lower().endswith(_REFUSED_SUFFIXES) or sniff(data, claimed_mime, name) in ("text/html", "image/svg+xml"):
        raise UnsupportedMedia("Programs and web pages cannot be sent; put the file into a PDF or an archive.")
    return await keep(ws, data, name=name, claimed_mime=claimed_mime, owner=owner, unused_until=unused_until)


async def use(ws: Workspace, file: StoredFile) -> None:
    """A message takes the file: from now on it stays. Raises NotFound if it has just been deleted as unused."""
    if file.unused_until is not None and not await store.use(ws, file.id):
        raise NotFound("This file was not sent in time; add it again.")


async def put_in(ws: Workspace, file_id: str, conversation_id: str) -> None:
    """A message of this conversation has it: who sees the conversation sees the file."""
    await store.put_in(ws, file_id, conversation_id)


async def delete_unused(runtime: Runtime, now: datetime) -> int:
    """Deletes uploads that no message took in time; how many."""
    found = await work.unused_files(runtime, now)
    for workspace_id, file_id in found:
        ws = runtime.workspace(workspace_id)
        # Marked first, so that no message takes what is half gone; found again after a crash.
        if (file := await store.mark_gone(ws, file_id)) is not None:
            await _delete(ws, file)
    return len(found)


async def erase(ws: Workspace, file_id: str) -> None:
    """Bytes, thumbnail and all that is known of it; one that is gone already is fine."""
    if (file := await store.condemn(ws, file_id)) is not None:
        await _delete(ws, file)


async def _delete(ws: Workspace, file: StoredFile) -> None:
    for stored_id in (file.thumbnail_id, file.id):
        if stored_id is not None:
            await ws.runtime.files.delete(ws.file_key(stored_id))
    await store.delete(ws, file.id)


async def get(ws: Workspace, file_id: str) -> StoredFile:
    """What is known of a file, thumbnails included. Raises NotFound."""
    thumbnail = file_id.endswith("t") and file_id.startswith("fil_")
    file = await store.get(ws, file_id.removesuffix("t") if thumbnail else file_id)
    if file is None and not thumbnail:
        raise NotFound("There is no such file.")
    if thumbnail and file is not None and file.thumbnail_id == file_id:
        return replace(file, id=file_id, name=f"{file.name}.webp", mime="image/webp", bytes=0)
    file = file if not thumbnail else await store.get(ws, file_id)
    if file is None:
        raise NotFound("There is no such file.")
    return file


async def known(ws: Workspace, file_ids: Sequence[str]) -> dict[str, StoredFile]:
    """Those of these files that there are, by id; in one command."""
    return {file.id: file for file in await store.get_many(ws, file_ids)} if file_ids else {}


async def read(ws: Workspace, file_id: str) -> bytes:
    """Raises NotFound."""
    try:
        return await ws.runtime.files.get(ws.file_key(file_id))
    except FileMissing:
        raise NotFound("This file is no longer stored.") from None


async def media_of(ws: Workspace, file_id: str) -> Media:
    """A stored file as the media of a message. Raises NotFound."""
    return as_media(await get(ws, file_id))


def as_media(file: StoredFile, *, voice: bool = False, duration_seconds: float | None = None) -> Media:
    return Media(
        kind="voice" if voice and file.mime.startswith("audio/") else kind_of(file.mime),
        state="ready",
        file_id=file.id,
        name=file.name,
        mime=file.mime,
        bytes=file.bytes,
        width=file.width,
        height=file.height,
        thumbnail_id=file.thumbnail_id,
        duration_seconds=duration_seconds,
    )


def outbound(ws: Workspace, media: Media) -> OutboundFile:
    """The file of a message as an adapter gets it: to read, or to be fetched by the provider for an hour."""
    file_id = media.file_id or ""
    return OutboundFile(media=media, read=lambda: read(ws, file_id), url=signed_url(ws, file_id))


async def outbound_by_id(ws: Workspace, file_id: str) -> OutboundFile:
    return outbound(ws, await media_of(ws, file_id))


def signed_url(ws: Workspace, file_id: str) -> str:
    """An address under which anybody may fetch the file for an hour."""
    until, signature = ws.runtime.keyring.sign_until(f"file|{ws.id}|{file_id}", SIGNED_SECONDS)
    return f"{ws.settings.public_url}/files/{file_id}?w={ws.id}&until={until}&sig={signature}"


def signature_holds(ws: Workspace, file_id: str, until: int, signature: str) -> bool:
    return ws.runtime.keyring.verify_until(f"file|{ws.id}|{file_id}", until, signature)


def sniff(data: bytes, claimed: str | None, name: str | None) -> str:
    """The MIME type by content; for text and unknown bytes the claim counts only where it can do no harm."""
    guessed = filetype.guess_mime(data[:8192])
    if guessed:
        # One container, two uses: what is claimed decides between sound and moving picture.
        base = (claimed or "").partition(";")[0].strip().lower()
        if guessed in ("video/mp4", "video/webm", "video/ogg", "application/ogg") and base.startswith("audio/"):
            return base
        return str(guessed)
    head = data[:2048].lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html", b"<script")):
        return "text/html"
    if b"<svg" in head:
        return "image/svg+xml"
    claim = (claimed or "").partition(";")[0].strip().lower()
    if claim in ("audio/amr", "audio/aac", "audio/ogg", "audio/mp4", "audio/mpeg", "video/3gpp", "application/pdf"):
        return claim
    try:
        data[:4096].decode("utf-8")
    except UnicodeDecodeError:
        return "application/octet-stream"
    suffix = (name or "").lower().rpartition(".")[2]
    return {"csv": "text/csv", "json": "application/json", "vcf": "text/vcard"}.get(suffix, "text/plain")


def kind_of(mime: str) -> MediaKind:
    kind: Literal["image", "video", "audio", "document"]
    if mime in ("image/jpeg", "image/png", "image/webp", "image/gif"):
        kind = "image"
    elif mime.startswith("video/"):
        kind = "video"
    elif mime.startswith("audio/"):
        kind = "audio"
    else:
        kind = "document"
    return kind


def _picture(data: bytes, mime: str) -> tuple[tuple[int, int] | None, bytes | None]:
    """Size and thumbnail (WebP, upright, without metadata) of a picture; (None, None) for anything else."""
    if not mime.startswith("image/") or mime == "image/svg+xml":
        return None, None
    try:
        with Image.open(io.BytesIO(data)) as opened:
            width, height = opened.size
            if width * height > _MOST_PIXELS.get(opened.format or "", MAX_PIXELS):
                return (width, height), None
            # Made small first: a JPEG is then read at an eighth of its size, and nothing large is ever copied.
            opened.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
            if opened.getexif().get(ExifTags.Base.Orientation) in _ON_ITS_SIDE:
                width, height = height, width
            upright = ImageOps.exif_transpose(opened)
            small = upright.convert("RGBA" if "A" in upright.getbands() else "RGB")
            out = io.BytesIO()
            small.save(out, "WEBP", quality=78)
            return (width, height), out.getvalue()
    except Exception:
        # An edge: what the decoders of a dozen formats raise over a stranger's bytes is of every kind.
        return None, None


def _safe_name(name: str | None, mime: str) -> str:
    base = (name or "").replace("\\", "/").rpartition("/")[2]
    clean = "".join(c for c in base if c.isprintable() and c not in '<>:"|?*').strip(". ")[:150]
    if clean:
        return clean
    extension = filetype.get_type(mime=mime)
    return f"file.{extension.extension}" if extension else "file"
