"""GSM-7 and UCS-2: how many parts of an SMS a text takes."""

from __future__ import annotations

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = "^{}[]~\\|€\f"
_WEIGHT = {**dict.fromkeys(_BASIC, 1), **dict.fromkeys(_EXTENDED, 2)}


def is_gsm(text: str) -> bool:
    """Whether every character is in GSM-7 or its extension table."""
    return all(char in _WEIGHT for char in text)


def count(text: str) -> int:
    """
    Parts the text is sent in: 160 or 153 septets each in GSM-7, 70 or 67 UTF-16 units each in UCS-2.

    A character of two units is never cut in half, so the parts are filled one by one.
    """
    if is_gsm(text):
        return _parts([_WEIGHT[char] for char in text], 160, 153)
    return _parts([2 if ord(char) > 0xFFFF else 1 for char in text], 70, 67)


def _parts(weights: list[int], single: int, joined: int) -> int:
    if sum(weights) <= single:
        return 1
    parts, used = 1, 0
    for weight in weights:
        if used + weight > joined:
            parts, used = parts + 1, 0
        used += weight
    return parts
