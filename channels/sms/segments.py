"""
How many SMS a text is: what carriers bill and throttle by.

Sources: 3GPP TS 23.038 (GSM 7-bit alphabet), TS 23.040 (concatenation),
https://www.twilio.com/docs/glossary/what-sms-character-limit (toll-free parts).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Encoding = Literal["GSM-7", "UCS-2"]

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Written as an escape and a character: two units.
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")


@dataclass(frozen=True, slots=True)
class Sizes:
    """Units (septets, or UTF-16 code units) that fit into a lone SMS, and into each part of a longer text."""

    alone: int
    part: int


SIZES: Mapping[Encoding, Sizes] = {"GSM-7": Sizes(160, 153), "UCS-2": Sizes(70, 67)}
TOLL_FREE_SIZES: Mapping[Encoding, Sizes] = {"GSM-7": Sizes(160, 152), "UCS-2": Sizes(70, 66)}


@dataclass(frozen=True, slots=True)
class Segments:
    """
    `units` are what the text takes, `left` those still free in its last SMS. `outside` lists the characters, each
    once in order of appearance, that are not in GSM-7 and so more than halve what fits.
    """

    encoding: Encoding
    count: int
    units: int
    left: int
    outside: tuple[str, ...]


def count(text: str, *, toll_free: bool = False) -> Segments:
    """The segments of a text as it is; what Twilio's Smart Encoding would save is not foreseen."""
    outside = tuple(dict.fromkeys(c for c in text if c not in GSM_BASIC and c not in GSM_EXTENSION))
    encoding: Encoding = "UCS-2" if outside else "GSM-7"
    sizes = (TOLL_FREE_SIZES if toll_free else SIZES)[encoding]
    widths = [_width(c, encoding) for c in text]
    units = sum(widths)
    if units <= sizes.alone:
        return Segments(encoding, 1 if text else 0, units, sizes.alone - units, outside)
    parts, used = _packed(widths, sizes.part)
    return Segments(encoding, parts, units, sizes.part - used, outside)


def _width(character: str, encoding: Encoding) -> int:
    if encoding == "GSM-7":
        return 2 if character in GSM_EXTENSION else 1
    return 2 if ord(character) > 0xFFFF else 1


def _packed(widths: list[int], part: int) -> tuple[int, int]:
    """
    Parts needed, and units used in the last. A character is never cut in two: an escape stays with what it escapes,
    a surrogate with its pair, so a part may end one unit short.
    """
    parts, used = 1, 0
    for width in widths:
        if used + width > part:
            parts, used = parts + 1, 0
        used += width
    return parts, used
