"""
Files (media, exports): one store over obstore, which speaks local folders and S3-compatible services alike.

A store that cannot do its work for now (a full disk, a service that is down) raises Unavailable.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from app.core import log
from app.core.errors import Unavailable

_PIECE_BYTES = 1_000_000

_log = log.get("files")


class FileMissing(Exception):
    """The store has no file of that key."""


class Files:
    """Keys are `<workspace>/<file id>[.thumb]`; nothing is listed, so whoever has no key finds nothing."""

    def __init__(self, url: str, folder: Path) -> None:
        if url:
            self._store: Any = from_url(url)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            self._store = LocalStore(folder)

    async def put(self, key: str, data: bytes) -> None:
        with _working("stored"):
            await obstore.put_async(self._store, key, data)

    async def put_stream(self, key: str, pieces: AsyncIterator[bytes]) -> None:
        """As they come: no more than some pieces are in memory."""
        with _working("stored"):
            await obstore.put_async(self._store, key, pieces)

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        """In pieces. Raises FileMissing."""
        with _working("read"):
            try:
                answer = await obstore.get_async(self._store, key)
            except FileNotFoundError:
                raise FileMissing(key) from None
            async for piece in answer.stream(min_chunk_size=_PIECE_BYTES):
                yield bytes(piece)

    async def get(self, key: str) -> bytes:
        """Raises FileMissing."""
        with _working("read"):
            try:
                answer = await obstore.get_async(self._store, key)
                return bytes(await answer.bytes_async())
            except FileNotFoundError:
                raise FileMissing(key) from None

    async def delete(self, key: str) -> None:
        """Deleting what is not there is fine."""
        with _working("deleted"):
            try:
                await obstore.delete_async(self._store, key)
            except FileNotFoundError:
                return

    async def check(self) -> None:
        """Writes, reads and deletes a probe; raises what the store raises."""
        await self.put("probe/doctor", b"ok")
        if await self.get("probe/doctor") != b"ok":
            raise OSError("the file store did not give back what was written")
        await self.delete("probe/doctor")


@contextmanager
def _working(done: str) -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError) as error:
        # Its first line: what follows is the library's own.
        _log.error("file_store_failed", error=str(error).split("\n")[0])
        raise Unavailable(f"Files cannot be {done} for the moment; the storage is full or away.") from error
