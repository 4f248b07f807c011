"""
Durable before acknowledged: what providers send is stored in groups, and on disk while the database is down.

Group commit: payloads that arrive while a write is under way share the next one. Spool: if the database cannot be
written, rows go to a file on a persistent volume, synced before the provider gets its 200, and are drained in order as
soon as the database is back. While anything is spooled, newcomers queue behind it.
"""

import asyncio
import base64
import fcntl
import os
import secrets
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from app.core import log
from app.core.errors import Unavailable
from app.core.mongo import DatabaseError, Document
from app.core.platform import work
from app.core.runtime import Runtime

_log = log.get("journal")
_BATCH = 500
_DRAIN_SECONDS = 1.0
_WRITE_SECONDS = 4.0
# How often files of processes that are gone are looked for, beside at the start.
_ADOPT_SECONDS = 15.0

Kind = str
_WRITERS: dict[Kind, Callable[[Runtime, Sequence[Document]], Awaitable[set[str]]]] = {
    "inbound": work.add_inbound,
    "receipts": work.add_receipts,
}


class Journal:
    """
    Takes rows and returns when they are safe. One for each web process; `run` drains what is spooled.

    `stored` is called with the rows that a drain has put into the database, so that they are worked on.
    """

    def __init__(self, runtime: Runtime, stored: Callable[[Kind, Sequence[Document]], Awaitable[None]]) -> None:
        self._runtime = runtime
        self._stored = stored
        self._groups = {kind: _Group(self._write, kind) for kind in _WRITERS}
        self._spool = _Spool(runtime.settings.data_dir / "spool", runtime.settings.spool_max_bytes)

    async def add(self, kind: Kind, rows: Sequence[Document]) -> set[str]:
        """Store the rows; the ids that were stored before (empty for spooled ones). Raises Unavailable."""
        return await self._groups[kind].add(rows) if rows else set()

    @property
    def spooled(self) -> bool:
        """Whether anything waits on disk."""
        return not self._spool.empty

    async def _write(self, kind: Kind, rows: Sequence[Document]) -> set[str]:
        if self._spool.empty:
            try:
                async with asyncio.timeout(_WRITE_SECONDS):
                    return await _WRITERS[kind](self._runtime, rows)
            except (DatabaseError, TimeoutError) as error:
                # It may have been written all the same; the drain will find the rows there and skip them.
                _log.error("database_down_spooling", error=type(error).__name__, rows=len(rows))
        await asyncio.to_thread(self._spool.append, kind, rows)
        return set()

    async def run(self) -> None:
        """Drains the spool whenever there is something in it; ends only by cancellation."""
        loop = asyncio.get_running_loop()
        adopt_at = loop.time()
        while True:
            if loop.time() >= adopt_at:
                await asyncio.to_thread(self._spool.adopt)
                adopt_at = loop.time() + _ADOPT_SECONDS
            if not self._spool.empty:
                with suppress(DatabaseError, TimeoutError):
                    await self._drain()
            await asyncio.sleep(_DRAIN_SECONDS)

    async def _drain(self) -> None:
        while not self._spool.empty:
            batch = await asyncio.to_thread(self._spool.read, _BATCH)
            for kind, write in _WRITERS.items():
                rows = [row for row_kind, row in batch if row_kind == kind]
                if rows:
                    async with asyncio.timeout(30):
                        known = await write(self._runtime, rows)
                    await self._stored(kind, [row for row in rows if row["_id"] not in known])
            await asyncio.to_thread(self._spool.advance)
        _log.info("spool_drained")

    def close(self) -> None:
        self._spool.close()


class _Group:
    """Rows of one kind on their way: those that come while a write runs go together in the next."""

    def __init__(self, write: Callable[[Kind, Sequence[Document]], Awaitable[set[str]]], kind: Kind) -> None:
        self._write = write
        self._kind = kind
        self._waiting: list[tuple[Sequence[Document], asyncio.Future[set[str]]]] = []
        self._task: asyncio.Task[None] | None = None

    async def add(self, rows: Sequence[Document]) -> set[str]:
        future: asyncio.Future[set[str]] = asyncio.get_running_loop().create_future()
        self._waiting.append((rows, future))
        if self._task is None:
            self._task = asyncio.create_task(self._flush())
        return await future

    async def _flush(self) -> None:
        try:
            while self._waiting:
                taken = self._take()
                try:
                    known = await self._write(self._kind, [row for rows, _ in taken for row in rows])
                except Exception as error:
                    # An edge: whatever it was, each waiting request must get its answer.
                    for _, future in taken:
                        if not future.done():
                            future.set_exception(error)
                    continue
                for rows, future in taken:
                    if not future.done():
                        future.set_result({row["_id"] for row in rows} & known)
        finally:
            self._task = None

    def _take(self) -> list[tuple[Sequence[Document], asyncio.Future[set[str]]]]:
        count = size = 0
        for rows, _ in self._waiting:
            if count and size + len(rows) > _BATCH:
                break
            count, size = count + 1, size + len(rows)
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken


class _Spool:
    """
    One file of JSON lines, locked by its process. Lines are appended and synced; a drained prefix is remembered, and
    the file is emptied when all of it is drained. A file whose process is gone is adopted by one that lives.

    Its methods run in threads, several at once: each holds the lock, because they share one place in the file.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{os.getpid()}-{secrets.token_hex(4)}.jsonl"
        self._file = self._own()
        self._size = self._read_at = self._read_to = 0

    def _own(self) -> BinaryIO:
        """Our file, locked. Another process may take it for an abandoned one before the lock is there: then anew."""
        while True:
            file = self._path.open("ab+")
            fcntl.flock(file, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):
                if self._path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                    return file
            file.close()

    @property
    def empty(self) -> bool:
        return self._size == 0

    def append(self, kind: Kind, rows: Sequence[Document]) -> None:
        """Raises Unavailable when the bound is reached: the provider keeps the event and tries again."""
        data = b"".join(orjson.dumps([kind, row], default=_encode) + b"\n" for row in rows)
        with self._lock:
            if self._size + len(data) > self._max_bytes:
                raise Unavailable("The database is down and the spool is full; try again later.")
            self._write(data)

    def _write(self, data: bytes) -> None:
        """All of it or nothing. Raises Unavailable when the disk does not take it."""
        try:
            self._file.seek(0, os.SEEK_END)
            self._file.write(data)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            _log.error("spool_cannot_be_written", error=str(error))
            # Half a line must not stay before the next one; what is in the buffer goes with the old file object.
            with suppress(OSError):
                os.ftruncate(self._file.fileno(), self._size)
            with suppress(OSError):
                self._file.raw.close()  # type: ignore[attr-defined]
            self._file = self._own()
            self._size = os.fstat(self._file.fileno()).st_size
            self._read_at = min(self._read_at, self._size)
            raise Unavailable("The database is down and the spool cannot be written; try again later.") from None
        self._size += len(data)

    def read(self, limit: int) -> list[tuple[Kind, Document]]:
        """The next lines; the same again until `advance`. A line that cannot be read is logged and left out."""
        rows: list[tuple[Kind, Document]] = []
        with self._lock:
            self._file.seek(self._read_at)
            self._read_to = self._read_at
            while len(rows) < limit and (line := self._file.readline()).endswith(b"\n"):
                self._read_to += len(line)
                try:
                    kind, row = orjson.loads(line)
                    rows.append((kind, _decode(row)))
                except ValueError:
                    _log.error("spooled_line_unreadable", bytes=len(line))
        return rows

    def advance(self) -> None:
        with self._lock:
            self._read_at = self._read_to
            if self._read_at >= self._size:
                self._file.truncate(0)
                self._size = self._read_at = self._read_to = 0

    def adopt(self) -> None:
        """Takes over what processes that are gone have left."""
        for path in sorted(self._folder.glob("*.jsonl")):
            if path == self._path:
                continue
            with suppress(FileNotFoundError), path.open("rb") as left:
                try:
                    fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    continue
                data = left.read()
                with self._lock:
                    self._write(data[: data.rfind(b"\n") + 1])
                path.unlink(missing_ok=True)

    def close(self) -> None:
        with self._lock:
            self._file.close()
        if self._size == 0:
            self._path.unlink(missing_ok=True)


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
