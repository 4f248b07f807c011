"""An append-only JSONL file: what makes a restarted sandbox remember its phones and its ledger."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import orjson

from sandbox.shapes import Json


class Journal:
    """
    One JSON object a line, written straight to the operating system.

    Unbuffered on purpose: a killed sandbox then loses no line it had acted on, which costs about five microseconds
    a line. Without a path nothing is kept.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._fd = -1

    def read(self) -> Iterator[Json]:
        """Every whole record; a line torn by a kill is cut off, so that the next append starts on a line of its own."""
        if self._path is None or not self._path.exists():
            return
        good = 0
        with self._path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                yield orjson.loads(line)
                good += len(line)
        if good < self._path.stat().st_size:
            os.truncate(self._path, good)

    def open(self) -> None:
        """Start appending; call after `read`."""
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def append(self, record: Json) -> None:
        """Add one record."""
        if self._fd >= 0:
            os.write(self._fd, orjson.dumps(record, option=orjson.OPT_NON_STR_KEYS) + b"\n")

    def clear(self) -> None:
        """Forget everything (a reset)."""
        if self._fd >= 0:
            os.ftruncate(self._fd, 0)

    def close(self) -> None:
        """Close the file; later appends do nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
