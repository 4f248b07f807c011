"""
The numbered event stream of a workspace: Redis Streams, read by every web process, resumed by every screen.

Each event has a number; a cursor is (epoch, number), written `epoch:number`. Losing Redis starts a new epoch, and a
cursor of another epoch, or one older than what is kept, means: reload. Short-lived signs (typing, presence) go beside
the stream, unnumbered and not kept.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from redis.asyncio import Redis

from app.core.scripts import Script

KEPT_EVENTS = 20_000

_PUBLISH = Script("""
local epoch = redis.call('GET', KEYS[2])
if not epoch then epoch = ARGV[1]; redis.call('SET', KEYS[2], epoch) end
local n = 0
for i = 3, #ARGV do
  n = redis.call('INCR', KEYS[3])
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], n .. '-0', 'e', ARGV[i])
end
return n
""")
_POSITION = Script("""
local epoch = redis.call('GET', KEYS[2])
if not epoch then epoch = ARGV[1]; redis.call('SET', KEYS[2], epoch) end
return {epoch, redis.call('GET', KEYS[3]) or '0'}
""")


@dataclass(frozen=True, slots=True)
class Cursor:
    epoch: str
    number: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.number}"

    @classmethod
    def parse(cls, text: str) -> "Cursor | None":
        epoch, _, number = text.rpartition(":")
        return cls(epoch, int(number)) if epoch and number.isascii() and number.isdigit() and len(number) < 18 else None


def event(kind: str, data: Any) -> bytes:
    """An event as it stands on the stream."""
    return orjson.dumps({"type": kind, "data": data})


def _keys(workspace_id: str) -> tuple[str, str, str]:
    return (f"parley:stream:{workspace_id}", f"parley:epoch:{workspace_id}", f"parley:number:{workspace_id}")


def _signs(workspace_id: str) -> str:
    return f"parley:signs:{workspace_id}"


class Stream:
    """Publishes and reads the events of all workspaces."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def publish(self, workspace_id: str, events: Sequence[bytes]) -> None:
        """Number and keep these events (JSON objects), in one round trip."""
        if events:
            args: list[str | bytes | int | float] = [secrets.token_hex(4), KEPT_EVENTS, *events]
            await _PUBLISH.run(self._redis, _keys(workspace_id), args)

    async def position(self, workspace_id: str) -> Cursor:
        """Where the stream is now; starts an epoch if there is none."""
        epoch, number = await _POSITION.run(self._redis, _keys(workspace_id), (secrets.token_hex(4),))
        return Cursor(epoch.decode(), int(number))

    async def since(self, workspace_id: str, cursor: Cursor, *, limit: int) -> list[tuple[int, bytes]] | None:
        """What came after the cursor, at most `limit`; None if that can no longer be told and a reload is due."""
        now = await self.position(workspace_id)
        if now.epoch != cursor.epoch or cursor.number > now.number or now.number - cursor.number > limit:
            return None
        rows = await self._redis.xrange(_keys(workspace_id)[0], min=f"{cursor.number + 1}-0", count=limit)
        events = [(int(row_id.split(b"-")[0]), fields[b"e"]) for row_id, fields in rows]
        # The oldest events are trimmed; a first number beyond the next one is a gap.
        expected = cursor.number + 1
        if now.number > cursor.number and (not events or events[0][0] != expected):
            return None
        return events

    async def wait(self, workspace_id: str, number: int, *, seconds: float) -> list[tuple[int, bytes]]:
        """What comes after `number`, waiting up to `seconds` for the first."""
        key = _keys(workspace_id)[0]
        answer = await self._redis.xread({key: f"{number}-0"}, block=int(seconds * 1000), count=500)
        rows = answer[0][1] if answer else []
        return [(int(row_id.split(b"-")[0]), fields[b"e"]) for row_id, fields in rows]

    async def sign(self, workspace_id: str, event: bytes) -> None:
        """A short-lived sign to whoever listens now."""
        await self._redis.publish(_signs(workspace_id), event)

    async def signs(self, workspace_id: str) -> AsyncIterator[bytes]:
        """Short-lived signs as they come, for ever; raises when Redis is lost."""
        async with self._redis.pubsub(ignore_subscribe_messages=True) as pubsub:
            await pubsub.subscribe(_signs(workspace_id))
            while True:
                message = await pubsub.get_message(timeout=30)
                if message is not None:
                    yield message["data"]
                await asyncio.sleep(0)
