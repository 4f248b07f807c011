"""
Voice notes recorded in a browser, in a form that channels take.

Chromium records Opus in a WebM file, and no channel takes that; the same sound in an Ogg file is taken by all. The
packets are only wrapped anew: nothing is decoded, nothing is lost.
Sources: RFC 9559 (Matroska), RFC 3533 (Ogg), RFC 7845 (Opus in Ogg), RFC 6716 section 3.1 (the length of a packet).
"""

import asyncio
import struct
from collections.abc import Iterator, Sequence
from zlib import crc32

OGG, WEBM = "audio/ogg", "audio/webm"
RATE = 48_000

_EBML = b"\x1a\x45\xdf\xa3"
_SEGMENT, _CLUSTER, _TRACKS, _TRACK, _GROUP = 0x18538067, 0x1F43B675, 0x1654AE6B, 0xAE, 0xA0
_CODEC, _PRIVATE, _BLOCK, _SIMPLE_BLOCK = 0x86, 0x63A2, 0xA1, 0xA3
# Elements that are looked into; all others are stepped over.
_PARENTS = frozenset((_SEGMENT, _CLUSTER, _TRACKS, _TRACK, _GROUP))
_MOST_DEPTH = 8
# Samples of one frame by the configuration in a packet's first byte.
_FRAME = (
    *(480, 960, 1920, 2880) * 3,
    *(480, 960) * 2,
    *(120, 240, 480, 960) * 4,
)
# At most one second of sound on a page, and no more pieces than a page's table holds.
_PAGE_SAMPLES, _PAGE_PIECES = RATE, 255


class NotOpus(ValueError):
    """Not a recording of one Opus track in WebM; the file stays as it is."""


async def for_channels(data: bytes, name: str, claimed_mime: str | None) -> tuple[bytes, str, str | None]:
    """A browser's recording as an Ogg file; everything else as it came."""
    if not data.startswith(_EBML) or not (claimed_mime or "").startswith("audio/"):
        return data, name, claimed_mime
    try:
        sound = await asyncio.to_thread(to_ogg, data)
    except NotOpus:
        return data, name, claimed_mime
    return sound, name.rpartition(".")[0] + ".ogg" if "." in name else f"{name}.ogg", OGG


def to_ogg(webm: bytes) -> bytes:
    """The same sound in an Ogg file. Raises NotOpus."""
    codec, head, packets = None, None, list[bytes]()
    try:
        for element, data in _elements(memoryview(webm), 0):
            if element == _CODEC:
                codec = bytes(data)
            elif element == _PRIVATE:
                head = bytes(data)
            elif element in (_SIMPLE_BLOCK, _BLOCK):
                packets.append(_packet(data))
    except (IndexError, struct.error):
        raise NotOpus("the file is cut off") from None
    if codec is None or codec.rstrip(b"\0") != b"A_OPUS" or head is None or not head.startswith(b"OpusHead"):
        raise NotOpus("the sound is not Opus")
    if len(head) < 19 or not packets:
        raise NotOpus("there is no sound in it")
    return _ogg(head, packets)


def samples(packet: bytes) -> int:
    """How much sound a packet holds, at 48 kHz. Raises NotOpus."""
    if not packet:
        raise NotOpus("an empty packet")
    code = packet[0] & 3
    if code == 3 and len(packet) < 2:
        raise NotOpus("a packet without its count")
    frames = 1 if code == 0 else 2 if code < 3 else packet[1] & 0x3F
    return frames * _FRAME[packet[0] >> 3]


# --- WebM ---------------------------------------------------------------------------------------------------------


def _elements(data: memoryview, depth: int) -> Iterator[tuple[int, memoryview]]:
    """What is in the file, from the outside in; a live recording does not know the lengths of its outer parts."""
    at = 0
    while at < len(data):
        element, at = _number(data, at, keep_marker=True)
        size, at = _number(data, at, keep_marker=False)
        end = len(data) if size is None else at + (size or 0)
        if element in _PARENTS and depth < _MOST_DEPTH:
            if size is None:
                # Of unknown length: its children and what follows it are read as one row.
                continue
            yield from _elements(data[at:end], depth + 1)
        elif element is not None:
            yield element, data[at:end]
        at = end


def _number(data: memoryview, at: int, *, keep_marker: bool) -> tuple[int | None, int]:
    """A number of one to eight bytes, and where it ends; None: all ones, of unknown length."""
    first = data[at]
    length = 9 - first.bit_length()
    if length > 8:
        raise NotOpus("not the structure of a WebM file")
    if at + length > len(data):
        raise IndexError
    value = int.from_bytes(data[at : at + length])
    ones = (1 << 7 * length) - 1
    if keep_marker:
        return value, at + length
    value &= ones
    return None if value == ones else value, at + length


def _packet(block: memoryview) -> bytes:
    """Of a block: the number of its track, two bytes of time, a byte of flags, the sound."""
    _, at = _number(block, 0, keep_marker=False)
    if block[at + 2] & 0x06:
        raise NotOpus("several packets in one block")
    return bytes(block[at + 3 :])


# --- Ogg ----------------------------------------------------------------------------------------------------------


def _ogg(head: bytes, packets: Sequence[bytes]) -> bytes:
    serial = crc32(b"".join(packets[:50]))
    vendor = b"Parley"
    tags = b"OpusTags" + struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", 0)
    pages = [_page(serial, 0, 2, 0, [head]), _page(serial, 1, 0, 0, [tags])]
    waiting: list[bytes] = []
    pieces = held = position = 0
    for packet in packets:
        needed = len(packet) // 255 + 1
        if waiting and (pieces + needed > _PAGE_PIECES or held >= _PAGE_SAMPLES):
            pages.append(_page(serial, len(pages), 0, position, waiting))
            waiting, pieces, held = [], 0, 0
        if needed > _PAGE_PIECES:
            raise NotOpus("a packet larger than any of Opus")
        length = samples(packet)
        waiting.append(packet)
        pieces, held, position = pieces + needed, held + length, position + length
    pages.append(_page(serial, len(pages), 4, position, waiting))
    return b"".join(pages)


def _page(serial: int, number: int, flags: int, position: int, packets: Sequence[bytes]) -> bytes:
    """Flags: 2 begins the stream, 4 ends it. A packet is cut into pieces of 255 bytes, the last of them shorter."""
    table = b"".join(b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets)
    header = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, position, serial, number, 0, len(table))
    page = header + table + b"".join(packets)
    return page[:22] + struct.pack("<I", checksum(page)) + page[26:]


def _table() -> tuple[int, ...]:
    found = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)
        found.append(value & 0xFFFFFFFF)
    return tuple(found)


_CRC = _table()


def checksum(page: bytes) -> int:
    """Ogg's own: the usual polynomial, with the bits the other way round and nothing inverted."""
    value = 0
    for byte in page:
        value = (value << 8 & 0xFFFFFFFF) ^ _CRC[value >> 24 ^ byte]
    return value
