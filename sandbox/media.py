"""
Files that messages carry: uploads of both sides and the built-in samples, on disk under the data folder or in
memory.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from dataclasses import asdict, dataclass
from pathlib import Path

from sandbox.shapes import ControlError, Json

_SAMPLES = Path(__file__).parent / "samples"
# Kept in memory at most; beyond it the oldest bytes are dropped and their download answers as expired.
_MEMORY_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sample:
    """A small real file that ships with the sandbox."""

    file: str
    mime: str
    name: str
    seconds: int = 0


SAMPLES: dict[str, Sample] = {
    "photo": Sample("photo.jpg", "image/jpeg", "photo.jpg"),
    "receipt": Sample("receipt.png", "image/png", "receipt.png"),
    "sticker": Sample("sticker.webp", "image/webp", "sticker.webp"),
    "voice": Sample("voice.ogg", "audio/ogg; codecs=opus", "voice.ogg", 3),
    "music": Sample("music.mp3", "audio/mpeg", "music.mp3", 3),
    "video": Sample("video.mp4", "video/mp4", "video.mp4", 2),
    "document": Sample("document.pdf", "application/pdf", "order-1001.pdf"),
}


@dataclass(frozen=True, slots=True)
class Media:
    """One stored file. `account` is who may fetch it; `expires_at` 0 means never."""

    id: str
    account: str
    mime: str
    name: str
    size: int
    sha256: str
    at: float
    expires_at: float = 0.0
    sample: str = ""
    width: int = 0
    height: int = 0
    seconds: int = 0

    @property
    def bare_mime(self) -> str:
        """The type without parameters."""
        return self.mime.split(";")[0].strip().lower()


class MediaStore:
    """Files by id."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._media: dict[str, Media] = {}
        self._bytes: dict[str, bytes] = {}
        self._held = 0

    def get(self, media_id: str) -> Media | None:
        """What is known of a file."""
        return self._media.get(media_id)

    def put(self, media: Media, content: bytes | None) -> None:
        """Keep a file; `content` None for a sample and for a replayed record."""
        self._media[media.id] = media
        if content is None:
            return
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / media.id).write_bytes(content)
            return
        self._bytes[media.id] = content
        self._held += len(content)
        while self._held > _MEMORY_BYTES and len(self._bytes) > 1:
            oldest = next(iter(self._bytes))
            self._held -= len(self._bytes.pop(oldest))

    def load(self, media: Media) -> bytes | None:
        """The bytes, or None when they are gone."""
        if media.sample:
            return sample_bytes(media.sample)
        if self._folder is not None:
            path = self._folder / media.id
            return path.read_bytes() if path.is_file() else None
        return self._bytes.get(media.id)

    def remove(self, media_id: str) -> None:
        """Delete a file."""
        media = self._media.pop(media_id, None)
        self._held -= len(self._bytes.pop(media_id, b""))
        if media is not None and not media.sample and self._folder is not None:
            (self._folder / media_id).unlink(missing_ok=True)

    def clear(self) -> None:
        """Delete all."""
        for media_id in list(self._media):
            self.remove(media_id)


def sample_bytes(name: str) -> bytes:
    """The bytes of a built-in sample."""
    return (_SAMPLES / SAMPLES[name].file).read_bytes()


def to_json(media: Media) -> Json:
    """For the journal."""
    return asdict(media)


def describe(media: Media) -> Json:
    """What the phone page needs to draw it."""
    return {
        "id": media.id,
        "mime": media.mime,
        "name": media.name,
        "size": media.size,
        "seconds": media.seconds,
        "width": media.width,
        "height": media.height,
        "url": f"/_sandbox/media/{media.id}",
    }


def decode(value: str) -> bytes:
    """Base64, with or without a data: prefix."""
    try:
        return base64.b64decode(value.partition(",")[2] if value.startswith("data:") else value, validate=True)
    except binascii.Error:
        raise ControlError("media.base64 is not base64") from None


def digest(content: bytes, *, base: int) -> str:
    """SHA-256 as base64 (webhooks of Meta) or hex (its media endpoint)."""
    raw = hashlib.sha256(content)
    return base64.b64encode(raw.digest()).decode() if base == 64 else raw.hexdigest()


def sniff(content: bytes) -> str:
    """The type that the first bytes show; empty when nothing is recognised."""
    head = content[:16]
    for magic, mime in (
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF8", "image/gif"),
        (b"OggS", "audio/ogg"),
        (b"%PDF-", "application/pdf"),
        (b"ID3", "audio/mpeg"),
        (b"\xff\xfb", "audio/mpeg"),
        (b"\xff\xf3", "audio/mpeg"),
        (b"#!AMR", "audio/amr"),
        (b"PK\x03\x04", "application/zip"),
    ):
        if head.startswith(magic):
            return mime
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return "video/3gpp" if head[8:10] == b"3g" else "video/mp4"
    return ""


def dimensions(content: bytes) -> tuple[int, int]:
    """Width and height of a JPEG, PNG, GIF or WebP; (0, 0) for anything else."""
    try:
        if content.startswith(b"\x89PNG"):
            return struct.unpack(">II", content[16:24])
        if content.startswith(b"GIF8"):
            return struct.unpack("<HH", content[6:10])
        if content.startswith(b"\xff\xd8"):
            return _jpeg(content)
        if content[8:12] == b"WEBP":
            return _webp(content)
    except (struct.error, IndexError):
        pass
    return 0, 0


def _jpeg(content: bytes) -> tuple[int, int]:
    at = 2
    while at < len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + struct.unpack(">H", content[at + 2 : at + 4])[0]
    return 0, 0


def _webp(content: bytes) -> tuple[int, int]:
    kind = content[12:16]
    if kind == b"VP8X":
        return int.from_bytes(content[24:27], "little") + 1, int.from_bytes(content[27:30], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack("<HH", content[26:30])
    return width & 0x3FFF, height & 0x3FFF


def is_animated_webp(content: bytes) -> bool:
    """Whether a WebP moves."""
    return content[12:16] == b"VP8X" and bool(content[20] & 0x02)
