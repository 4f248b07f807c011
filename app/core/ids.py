"""Identifiers: a prefix that says what it names, and a ULID, so that ids sort by time of birth."""

import hashlib

from ulid import ULID


def new(prefix: str) -> str:
    """A fresh id such as `cnv_01jd…`; sortable by creation time, unguessable in its last 80 bits."""
    return f"{prefix}_{str(ULID()).lower()}"


def derived(prefix: str, *parts: str) -> str:
    """The same id for the same parts, always: what makes a repeated provider event hit the same row."""
    digest = hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()
    return f"{prefix}_{digest}"
