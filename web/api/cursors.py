"""
Cursors of keyset pages: the key of the last item shown, as text that callers pass back as it is.

They are not signed: a made-up one only asks for another place in a list that the caller may read anyway.
"""

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

from app.core.clock import iso
from app.core.errors import Invalid


def write(*key: str | int | datetime) -> str:
    parts = [iso(part) if isinstance(part, datetime) else part for part in key]
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


def read(cursor: str | None, *kinds: type[str] | type[int] | type[datetime]) -> tuple[Any, ...] | None:
    """The key, part by part of these kinds; None without a cursor. Raises Invalid."""
    if cursor is None:
        return None
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(parts, list) or len(parts) != len(kinds):
            raise ValueError
        return tuple(_READ[kind](part) for kind, part in zip(kinds, parts, strict=True))
    except (ValueError, binascii.Error, OverflowError):
        raise Invalid.field("cursor", "Pass the next_cursor of the last answer as it is.") from None


def _text(part: Any) -> str:
    if not isinstance(part, str):
        raise ValueError
    return part


def _whole(part: Any) -> int:
    if not isinstance(part, int) or isinstance(part, bool) or not -(2**63) <= part < 2**63:
        raise ValueError
    return part


def _time(part: Any) -> datetime:
    at = datetime.fromisoformat(_text(part))
    if at.tzinfo is None:
        raise ValueError
    return at


_READ: dict[type, Callable[[Any], Any]] = {str: _text, int: _whole, datetime: _time}
