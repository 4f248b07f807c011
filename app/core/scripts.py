"""Lua scripts in Redis: one round trip for what must happen together."""

import hashlib
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError


class Script:
    """A script, sent by its hash and in full only when the server does not know it yet."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    async def run(self, redis: Redis, keys: Sequence[str], args: Sequence[str | bytes | int | float]) -> Any:
        """The script's answer, as Redis gives it (bytes, int, list)."""
        connection: Any = redis
        try:
            return await connection.evalsha(self._sha, len(keys), *keys, *args)
        except NoScriptError:
            return await connection.eval(self._text, len(keys), *keys, *args)
