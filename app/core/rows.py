"""Dataclasses as documents: like `dataclasses.asdict`, but nothing is copied, and tuples are the lists they become."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

_LEAVES = frozenset((str, int, float, bool, bytes, datetime, type(None)))
# The fields of each class that has been seen; none of one that is no dataclass.
_names: dict[type, tuple[str, ...]] = {}


def plain(value: Any) -> Any:
    """Dataclasses, mappings and tuples at any depth as dicts and lists; all else as it is."""
    kind = type(value)
    if kind in _LEAVES:
        return value
    if kind not in _names:
        _names[kind] = tuple(f.name for f in fields(kind)) if is_dataclass(kind) else ()
    if names := _names[kind]:
        return {name: plain(getattr(value, name)) for name in names}
    if kind is tuple or kind is list:
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return value
