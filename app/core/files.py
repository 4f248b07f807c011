"""Files (media, exports): one store over obstore, which speaks local folders and S3-compatible services alike."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import obstore
from obstore.store import LocalStore, from_url

_PIECE_BYTES = 1_000_000


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
        await obstore.put_async(self._store, key, data)

    async def put_stream(self, key: str, pieces: AsyncIterator[bytes]) -> None:
        """As they come: no more than some pieces are in memory."""
        await obstore.put_async(self._store, key, pieces)

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        """In pieces. Raises FileMissing."""
        try:
            answer = await obstore.get_async(self._store, key)
        except FileNotFoundError:
            raise FileMissing(key) from None
        async for piece in answer.stream(min_chunk_size=_PIECE_BYTES):
            yield bytes(piece)

    async def get(self, key: str) -> bytes:
        """Raises FileMissing."""
        try:
            answer = await obstore.get_async(self._store, key)
            return bytes(await answer.bytes_async())
        except FileNotFoundError:
            raise FileMissing(key) from None

    async def delete(self, key: str) -> None:
        """Deleting what is not there is fine."""
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
