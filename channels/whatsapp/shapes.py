"""Reading JSON that somebody else wrote: each function gives a usable value whatever is there, and never raises."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

# Seconds beyond this are really milliseconds, which have been seen in the wild.
_MILLISECONDS_FROM = 10**11
_YEAR_9999 = 253_402_300_799
_INT64 = 2**63
UNTIMED = datetime.fromtimestamp(0, UTC)


def obj(parent: Mapping[str, Any], key: str) -> Json:
    value = parent.get(key)
    return value if isinstance(value, dict) else {}


def items(parent: Mapping[str, Any], key: str) -> list[Json]:
    """The objects of a list; whatever else is in it is left out."""
    value = parent.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(parent: Mapping[str, Any], key: str, limit: int | None = None) -> str:
    """The text, or a number as text (ids come as either), or empty."""
    value = parent.get(key)
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return ""
    return value if limit is None or len(value) <= limit else value[: limit - 1] + "…"


def flag(parent: Mapping[str, Any], key: str) -> bool:
    return parent.get(key) is True


def whole(parent: Mapping[str, Any], key: str, default: int) -> int:
    """A whole number that fits where it will be stored."""
    value = parent.get(key)
    try:
        number = int(value) if isinstance(value, int | float | str) else default
    except (ValueError, OverflowError):
        return default
    return number if abs(number) < _INT64 else default


def decimal(parent: Mapping[str, Any], key: str) -> float | None:
    value = parent.get(key)
    try:
        return float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        return None


def moment(*candidates: Any) -> datetime:
    """
    The first candidate that is a Unix time (seconds or milliseconds, number or text); UNTIMED if none is.

    Never "now": the same payload must always give the same event.
    """
    for candidate in candidates:
        seconds = whole({"at": candidate}, "at", 0)
        if seconds > _MILLISECONDS_FROM:
            seconds //= 1000
        if 0 < seconds <= _YEAR_9999:
            return datetime.fromtimestamp(seconds, UTC)
    return UNTIMED


def plain(value: Any, depth: int = 8) -> Any:
    """A JSON value cut down to what every store takes: no deep nesting, no NUL in names, no huge numbers."""
    if isinstance(value, dict):
        if depth == 0:
            return "…"
        return {name.replace("\0", ""): plain(inner, depth - 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner, depth - 1) for inner in value] if depth else "…"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _INT64:
        return str(value)
    return value


def words(*parts: str | None) -> str | None:
    """The parts that say something, as one line; None if none does."""
    return " ".join(part for part in parts if part) or None


def first(values: Iterable[Json]) -> Json:
    return next(iter(values), {})
