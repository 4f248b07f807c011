"""
Durable before acknowledged: what providers send is stored in groups, and on disk where the database is not asked.

Group commit: what arrives while a write is under way shares the next one. Messages go to the database; if it cannot be
written they go to the spool, and newcomers queue behind what is spooled. Delivery reports go to the spool at once, and
from there to the database some times a second, all of that moment in one row (docs/decisions/reports-to-disk-first.md).
A disk that takes no more is passed by.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Literal

from app.core import log
from app.core.errors import Unavailable
from app.core.mongo import DatabaseError, Document
from app.core.platform import work
from app.core.runtime import Runtime
from app.core.tasks import end
from inbox.spool import Spool

_log = log.get("journal")
_BATCH = 500
_WRITE_SECONDS = 4.0
# Between two drains: a report that comes alone is on its way at once, those of a flood go together.
_REST_SECONDS = 0.25
# A database that is down is asked again after this.
_DOWN_SECONDS = 1.0
# How often files of processes that are gone are looked for, beside at the start.
_ADOPT_SECONDS = 15.0
# For what is still on disk when the process is asked to stop.
_LAST_SECONDS = 3.0

Kind = Literal["inbound", "receipts"]
_WRITERS: dict[Kind, Callable[[Runtime, Sequence[Document]], Awaitable[set[str]]]] = {
    "inbound": work.add_inbound,
    "receipts": work.add_receipts,
}
_TO_DISK_FIRST: frozenset[Kind] = frozenset(("receipts",))


class Journal:
    """
    Takes rows and returns when they are safe. One for each process that takes any; `run` drains what is on disk.

    `stored` is called with the rows that a drain has put into the database, so that they are worked on.
    """

    def __init__(self, runtime: Runtime, stored: Callable[[Kind, Sequence[Document]], Awaitable[None]]) -> None:
        self._runtime = runtime
        self._stored = stored
        self._groups = {kind: _Group(self._write, kind) for kind in _WRITERS}
        folder, most = runtime.settings.data_dir / "spool", runtime.settings.spool_max_bytes
        self._spools = {kind: Spool(folder, kind, most) for kind in _WRITERS}
        self._wake = {kind: asyncio.Event() for kind in _WRITERS}

    async def add(self, kind: Kind, rows: Sequence[Document]) -> set[str]:
        """Store the rows; the ids that were stored before (empty for those on disk). Raises Unavailable."""
        return await self._groups[kind].add(rows) if rows else set()

    @property
    def spooled(self) -> bool:
        """Whether anything waits on disk."""
        return not all(spool.empty for spool in self._spools.values())

    async def _write(self, kind: Kind, rows: Sequence[Document]) -> set[str]:
        spool = self._spools[kind]
        if spool.empty and kind not in _TO_DISK_FIRST:
            try:
                async with asyncio.timeout(_WRITE_SECONDS):
                    return await _WRITERS[kind](self._runtime, rows)
            except (DatabaseError, TimeoutError) as error:
                # It may have been written all the same; the drain will find the rows there and skip them.
                _log.error("database_down_spooling", error=type(error).__name__, rows=len(rows))
        try:
            await spool.append(rows)
        except Unavailable:
            if kind not in _TO_DISK_FIRST or not await self._past_the_disk(kind, rows):
                raise
        self._wake[kind].set()
        return set()

    async def _past_the_disk(self, kind: Kind, rows: Sequence[Document]) -> bool:
        """Reports come in any order: while the disk takes none they may overtake those that are on it."""
        try:
            async with asyncio.timeout(_WRITE_SECONDS):
                await _WRITERS[kind](self._runtime, rows)
        except (DatabaseError, TimeoutError):
            return False
        await self._stored(kind, rows)
        return True

    async def run(self) -> None:
        """Drains the spools whenever there is something in them; ends only by cancellation, after a last drain."""
        keeping = [asyncio.create_task(self._keep_draining(kind)) for kind in _WRITERS]
        keeping.append(asyncio.create_task(self._keep_adopting()))
        try:
            await asyncio.gather(*keeping)
        finally:
            await end(keeping)
            with suppress(DatabaseError, OSError, TimeoutError):
                async with asyncio.timeout(_LAST_SECONDS):
                    for kind, spool in self._spools.items():
                        while not spool.empty:
                            await self._drain(kind)

    async def _keep_adopting(self) -> None:
        while True:
            for kind, spool in self._spools.items():
                with suppress(OSError):
                    await spool.adopt()
                if not spool.empty:
                    self._wake[kind].set()
            await asyncio.sleep(_ADOPT_SECONDS)

    async def _keep_draining(self, kind: Kind) -> None:
        spool, wake = self._spools[kind], self._wake[kind]
        while True:
            await wake.wait()
            wake.clear()
            try:
                await self._drain(kind)
            except (DatabaseError, OSError, TimeoutError) as error:
                _log.warning("spool_waits", kind=kind, error=type(error).__name__)
                wake.set()
                await asyncio.sleep(_DOWN_SECONDS)
                continue
            if not spool.empty:
                wake.set()
            if kind in _TO_DISK_FIRST and not spool.behind:
                await asyncio.sleep(_REST_SECONDS)

    async def _drain(self, kind: Kind) -> None:
        """The oldest file."""
        rows = await self._spools[kind].oldest()
        for first in range(0, len(rows), _BATCH):
            some = rows[first : first + _BATCH]
            async with asyncio.timeout(30):
                known = await _WRITERS[kind](self._runtime, some)
            await self._stored(kind, [row for row in some if row["_id"] not in known])
        await self._spools[kind].drop()

    def close(self) -> None:
        for spool in self._spools.values():
            spool.close()


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
