"""A browser's recording, wrapped anew: every packet comes out as it went in, and odd files stay as they are."""

import contextlib
import struct
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.answering import voice
from inbox.answering.voice import NotOpus

HEAD = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 312, 48_000, 0, 0)
UNKNOWN = b"\x01" + b"\xff" * 7


def element(name: int, data: bytes, size: bytes | None = None) -> bytes:
    length = size or struct.pack(">Q", len(data) | 1 << 56)
    return name.to_bytes((name.bit_length() + 7) // 8) + length + data


def webm(packets: Sequence[bytes], *, codec: bytes = b"A_OPUS", live: bool = True, group: bool = False) -> bytes:
    track = element(0xAE, element(0xD7, b"\x01") + element(0x86, codec) + element(0x63A2, HEAD))
    blocks = [b"\x81\x00\x00\x80" + packet for packet in packets]
    inside = b"".join(element(0xA0, element(0xA1, b)) if group else element(0xA3, b) for b in blocks)
    cluster = element(0x1F43B675, element(0xE7, b"\x00") + inside, UNKNOWN if live else None)
    segment = element(0x1654AE6B, track) + cluster
    return element(0x1A45DFA3, element(0x4282, b"webm")) + element(0x18538067, segment, UNKNOWN if live else None)


def read_ogg(ogg: bytes) -> tuple[list[bytes], int]:
    """The packets of an Ogg file, and the last position; every page is checked."""
    packets: list[bytes] = []
    at = page_number = 0
    rest = b""
    position = 0
    while at < len(ogg):
        mark, _, flags, position, _, number, crc, count = struct.unpack("<4sBBqIIIB", ogg[at : at + 27])
        table = ogg[at + 27 : at + 27 + count]
        end = at + 27 + count + sum(table)
        page = ogg[at:end]
        assert (mark, number) == (b"OggS", page_number)
        assert crc == voice.checksum(page[:22] + b"\0\0\0\0" + page[26:])
        assert bool(flags & 2) == (number == 0)
        assert bool(flags & 4) == (end == len(ogg))
        data = page[27 + count :]
        for piece in table:
            rest, data = rest + data[:piece], data[piece:]
            if piece < 255:
                packets, rest = [*packets, rest], b""
        at, page_number = end, page_number + 1
    return packets, position


# One frame of 20 ms of CELT or of hybrid, and what is in it.
packets = st.builds(lambda toc, rest: bytes([toc << 3]) + rest, st.integers(0, 31), st.binary(max_size=700))


@given(st.lists(packets, min_size=1, max_size=120), st.booleans(), st.booleans())
def test_every_packet_comes_out_as_it_went_in(sound: list[bytes], live: bool, group: bool) -> None:
    found, position = read_ogg(voice.to_ogg(webm(sound, live=live, group=group)))
    assert found[0] == HEAD
    assert found[1].startswith(b"OpusTags")
    assert found[2:] == sound
    assert position == sum(map(voice.samples, sound))


def test_how_long_a_packet_is() -> None:
    assert voice.samples(bytes([31 << 3])) == 960
    assert voice.samples(bytes([1 << 3 | 1])) == 2 * 960
    assert voice.samples(bytes([16 << 3 | 3, 5])) == 5 * 120


@pytest.mark.parametrize("data", [b"", b"\x1a\x45\xdf\xa3", webm([]), webm([b"\xf8x"], codec=b"A_VORBIS")])
def test_what_is_no_recording_is_refused(data: bytes) -> None:
    with pytest.raises(NotOpus):
        voice.to_ogg(data)


@given(st.binary(max_size=300), st.integers(0, 400))
def test_any_bytes_and_any_cut_are_wrapped_or_refused(noise: bytes, cut: int) -> None:
    for data in (b"\x1a\x45\xdf\xa3" + noise, webm([b"\xf8abc"] * 20)[:cut] + noise):
        with contextlib.suppress(NotOpus):
            read_ogg(voice.to_ogg(data))


async def test_only_recordings_are_touched() -> None:
    data = webm([b"\xf8abc"])
    assert (await voice.for_channels(data, "voice.webm", "video/webm"))[2] == "video/webm"
    assert (await voice.for_channels(b"%PDF", "a.pdf", "application/pdf"))[0] == b"%PDF"
    sound, name, mime = await voice.for_channels(data, "voice.webm", "audio/webm;codecs=opus")
    assert (sound[:4], name, mime) == (b"OggS", "voice.ogg", "audio/ogg")
