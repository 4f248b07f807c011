"""Files (media, exports): one store over obstore, which speaks local folders and S3-compatible services alike."""

from pathlib import Path
from typing import Any

import obstore
from obstore.store import LocalStore, from_url


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
