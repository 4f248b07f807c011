"""Reading JSON that anybody may have written: a value of the wrong type is a missing value."""

from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

# The last second that Python's datetime can hold; Telegram's clock will not get there.
_LAST_SECOND = 253_402_300_799


def mapping(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def inner(of: Json, name: str) -> Json:
    return mapping(of.get(name))


def text(of: Json, name: str) -> str | None:
    """A string with something in it."""
    value = of.get(name)
    return value if isinstance(value, str) and value else None


def whole(of: Json, name: str) -> int | None:
    """A whole number of at most 64 bits, which is all that Telegram uses and the database can hold."""
    value = of.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63 else None


def count(of: Json, name: str) -> int | None:
    """A whole number from zero up: a size, a length."""
    value = whole(of, name)
    return value if value is not None and value >= 0 else None


def time(of: Json, name: str) -> datetime | None:
    """A Unix time in seconds, as aware UTC; zero is Telegram's way of saying that it does not tell."""
    value = whole(of, name)
    return datetime.fromtimestamp(value, UTC) if value is not None and 0 < value <= _LAST_SECOND else None


def items(of: Json, name: str) -> list[Json]:
    """The objects in a list; what is not an object is left out."""
    value = of.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def items_of_rows(of: Json, name: str) -> list[Json]:
    """The objects in a list of lists (a keyboard's rows), in reading order."""
    rows = of.get(name)
    cells = [cell for row in rows if isinstance(row, list) for cell in row] if isinstance(rows, list) else []
    return [cell for cell in cells if isinstance(cell, dict)]


def wholes(of: Json, name: str) -> list[int]:
    """The whole numbers in a list; what is none is left out."""
    values = of.get(name)
    numbers = [whole({name: value}, name) for value in values] if isinstance(values, list) else []
    return [number for number in numbers if number is not None]
