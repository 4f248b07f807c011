"""
The spool: rows of one kind in files on a persistent volume, synced before anybody is told that they are safe.

Rows are appended to one file. `oldest` gives the rows of the file that was begun first, and begins another if it was
the one appended to; `drop` forgets them once they are in the database. A file is locked by its process; what a
process that is gone has left is adopted by one that lives.
"""

import asyncio
import base64
import fcntl
import os
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import orjson

from app.core import log
from app.core.errors import Unavailable
from app.core.mongo import Document

_log = log.get("spool")
# A file that has grown beyond this is followed by another, so that what is read at once stays small.
_FILE_BYTES = 4_000_000

Answer = TypeVar("Answer")


class Spool:
    """One for each kind and process. All that touches the files of one happens in a thread of its own, in turn."""

    def __init__(self, folder: Path, kind: str, max_bytes: int) -> None:
        self._folder = folder
        self._kind = kind
        self._max_bytes = max_bytes
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"spool-{kind}")
        folder.mkdir(parents=True, exist_ok=True)
        self._sealed: deque[_File] = deque()
        self._open = self._begin()
        # An empty one to go on with: making a file takes longer than appending to one.
        self._spare: _File | None = None

    @property
    def empty(self) -> bool:
        return not self._open.size and not self._sealed

    @property
    def behind(self) -> bool:
        """Whether more than the file that is appended to waits."""
        return bool(self._sealed)

    async def append(self, rows: Sequence[Document]) -> None:
        """Raises Unavailable when the bound is reached or the disk takes no more: the provider tries again later."""
        await self._in_turn(lambda: self._append(b"".join(orjson.dumps(row, default=_encode) + b"\n" for row in rows)))

    async def oldest(self) -> list[Document]:
        """The rows of the oldest file; the same again until `drop`. Lines that cannot be read are left out."""
        await self._in_turn(self._seal)
        return await asyncio.to_thread(self._sealed[0].rows) if self._sealed else []

    async def drop(self) -> None:
        """Forgets the rows that `oldest` gave."""
        await self._in_turn(self._drop)

    async def adopt(self) -> None:
        """Takes over what processes that are gone have left."""
        await self._in_turn(self._adopt)

    def close(self) -> None:
        """Leaves what is not drained to whoever comes next."""
        self._thread.shutdown()
        for file in (*self._sealed, self._open, self._spare):
            if file is not None:
                file.close() if file.size else file.delete()

    async def _in_turn(self, work: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _append(self, data: bytes) -> None:
        if sum(file.size for file in (*self._sealed, self._open)) + len(data) > self._max_bytes:
            raise Unavailable("The database is down and the spool is full; try again later.")
        try:
            self._open.append(data)
        except OSError as error:
            _log.error("spool_cannot_be_written", error=str(error))
            raise Unavailable("The spool cannot be written; try again later.") from None
        if self._open.size > _FILE_BYTES:
            with suppress(OSError):
                self._follow()

    def _seal(self) -> None:
        if not self._sealed and self._open.size:
            self._follow()

    def _follow(self) -> None:
        following, self._spare = self._spare or self._begin(), None
        self._sealed.append(self._open)
        self._open = following

    def _drop(self) -> None:
        if not self._sealed:
            return
        done = self._sealed.popleft()
        if self._spare is None:
            done.empty()
            self._spare = done
        else:
            done.delete()

    def _begin(self) -> "_File":
        return _File.begin(self._folder / f"{self._kind}-{os.getpid()}-{secrets.token_hex(4)}.jsonl")

    def _adopt(self) -> None:
        ours = {file.path for file in (*self._sealed, self._open, self._spare) if file is not None}
        for path in sorted(self._folder.glob(f"{self._kind}-*.jsonl")):
            file = None if path in ours else _File.abandoned(path)
            if file is not None and file.size:
                self._sealed.append(file)
            elif file is not None:
                file.delete()


@dataclass(slots=True, eq=False)
class _File:
    """Rows as JSON lines, locked as long as it is open. `size` counts what is whole."""

    path: Path
    file: BinaryIO
    size: int

    @classmethod
    def begin(cls, path: Path) -> "_File":
        """A new one. Another process may take it for an abandoned one before the lock is there: then anew."""
        while True:
            file = path.open("ab+", buffering=0)
            fcntl.flock(file, fcntl.LOCK_EX)
            if _is_at(path, file):
                _sync_folder(path.parent)
                return cls(path, file, 0)
            file.close()

    @classmethod
    def abandoned(cls, path: Path) -> "_File | None":
        """The one at this path, if no process has it."""
        with suppress(FileNotFoundError):
            file = path.open("ab+", buffering=0)
            with suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_at(path, file):
                    return cls(path, file, path.stat().st_size)
            file.close()
        return None

    def append(self, data: bytes) -> None:
        """All of it or nothing. Raises OSError."""
        try:
            if self.file.write(data) != len(data):
                raise OSError("the disk took only a part")
            os.fsync(self.file.fileno())
        except OSError:
            # Half a line must not stay before the next one.
            with suppress(OSError):
                os.ftruncate(self.file.fileno(), self.size)
            raise
        self.size += len(data)

    def rows(self) -> list[Document]:
        rows: list[Document] = []
        for line in self.path.read_bytes().splitlines(keepends=True):
            try:
                # A process that was killed while it wrote has left half a line, of which nobody was told.
                rows.append(_decode(orjson.loads(line)) if line.endswith(b"\n") else {})
            except ValueError:
                _log.error("spooled_line_unreadable", bytes=len(line))
        return [row for row in rows if row]

    def empty(self) -> None:
        """Should the power fail before this is on disk, its rows are drained once more, which does no harm."""
        os.ftruncate(self.file.fileno(), 0)
        self.size = 0

    def delete(self) -> None:
        self.path.unlink(missing_ok=True)
        self.file.close()

    def close(self) -> None:
        self.file.close()


def _is_at(path: Path, file: BinaryIO) -> bool:
    """Whether the file that was opened is (still) the one at this path."""
    try:
        return path.stat().st_ino == os.fstat(file.fileno()).st_ino
    except FileNotFoundError:
        return False


def _sync_folder(folder: Path) -> None:
    """A file's name must survive a power cut as well."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _encode(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    raise TypeError(type(value).__name__)


def _decode(row: Document) -> Document:
    """Times and bytes as they were, also inside."""
    for name, value in row.items():
        if isinstance(value, dict):
            row[name] = base64.b64decode(value["$bytes"]) if "$bytes" in value else _decode(value)
        elif name.endswith("_at") or name == "at":
            row[name] = datetime.fromisoformat(value) if isinstance(value, str) else value
    return row
