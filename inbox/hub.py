"""
The hub of a web process: reads each workspace's event stream once and hands every event to all who listen here.

A frame is encoded once, as the text that goes over every socket. A listener is told numbers in order and without gaps;
if that can no longer be promised (Redis was lost) it is told to reload. While Redis stays away it is told that, too.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from redis.exceptions import RedisError

from app.core import log
from app.core.runtime import Runtime
from app.core.stream import Cursor
from app.core.tasks import end

_log = log.get("hub")
REPLAY_LIMIT = 5_000
_IDLE_SECONDS = 5.0
# A Redis that is started again is back sooner, and nobody has to know.
_PATIENCE_SECONDS = 2.0


class Listener(Protocol):
    """Somebody connected to this process. None of these may block: a slow one must not delay the others."""

    def tell(self, number: int, frame: str) -> None:
        """An event of the stream, as a frame with its number."""
        ...

    def sign(self, frame: str) -> None:
        """A short-lived sign."""
        ...

    def reload(self) -> None:
        """Events may have been missed: fetch again what is shown."""
        ...

    def lost(self) -> None:
        """Nothing can be told for now: whoever looks at it should know, and come back."""
        ...


class Hub:
    """One for each web process. `close` ends all reading."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._channels: dict[str, _Channel] = {}

    async def join(self, workspace_id: str, listener: Listener) -> Cursor:
        """
        From now on `listener` is told what comes after the cursor that this returns.

        Raises RedisError when the stream cannot be read now.
        """
        channel = self._channels.get(workspace_id)
        if channel is None:
            channel = self._channels[workspace_id] = _Channel(self._runtime, workspace_id, self._forget)
        return await channel.join(listener)

    def leave(self, workspace_id: str, listener: Listener) -> None:
        channel = self._channels.get(workspace_id)
        if channel is not None:
            channel.leave(listener)

    async def missed(self, workspace_id: str, cursor: Cursor) -> list[tuple[int, str]] | None:
        """Frames after the cursor, oldest first; None if a reload is due."""
        events = await self._runtime.stream.since(workspace_id, cursor, limit=REPLAY_LIMIT)
        return None if events is None else [(number, frame_of(number, event)) for number, event in events]

    def _forget(self, workspace_id: str) -> None:
        self._channels.pop(workspace_id, None)

    async def close(self) -> None:
        for channel in list(self._channels.values()):
            await channel.close()


def frame_of(number: int, event: bytes) -> str:
    """The event with its number in front: `{"n":124,"type":…`."""
    return f'{{"n":{number},{event[1:].decode()}'


class _Channel:
    """One workspace's stream and its listeners in this process."""

    def __init__(self, runtime: Runtime, workspace_id: str, forget: Callable[[str], None]) -> None:
        self._runtime = runtime
        self._workspace_id = workspace_id
        self._forget = forget
        self._listeners: set[Listener] = set()
        # Who is on the way in: as long as there is one, the last to leave must not end the reading.
        self._joining = 0
        self._at: Cursor | None = None
        self._starting = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    async def join(self, listener: Listener) -> Cursor:
        self._joining += 1
        try:
            async with self._starting:
                if self._at is None:
                    self._at = await self._runtime.stream.position(self._workspace_id)
                    self._tasks = [asyncio.create_task(self._events()), asyncio.create_task(self._signs())]
            self._listeners.add(listener)
            return self._at
        finally:
            self._joining -= 1

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        if not self._listeners and not self._joining:
            self._forget(self._workspace_id)
            self._ending = asyncio.create_task(end(self._tasks))

    async def close(self) -> None:
        await end(self._tasks)

    async def _events(self) -> None:
        lost_at: float | None = None
        while True:
            try:
                at = self._at or await self._runtime.stream.position(self._workspace_id)
                if lost_at is not None:
                    # Redis may have come back empty and counted up to where we were: first ask which stream this is.
                    await self._look(at)
                    lost_at = None
                    continue
                events = await self._runtime.stream.wait(self._workspace_id, at.number, seconds=_IDLE_SECONDS)
                if events and events[0][0] == at.number + 1:
                    self._tell(at.epoch, events)
                else:
                    # Nothing for a while, or a jump in the numbers: is it still the stream that we know?
                    await self._look(at)
            except (RedisError, OSError, TimeoutError) as error:
                now = asyncio.get_running_loop().time()
                lost_at = now if lost_at is None else lost_at
                _log.warning("stream_lost", error=type(error).__name__)
                if now - lost_at >= _PATIENCE_SECONDS:
                    self._each(lambda listener: listener.lost())
                await asyncio.sleep(1)

    def _tell(self, epoch: str, events: list[tuple[int, bytes]]) -> None:
        for number, event in events:
            frame = frame_of(number, event)
            for listener in tuple(self._listeners):
                try:
                    listener.tell(number, frame)
                except Exception:
                    self._drop(listener)
        self._at = Cursor(epoch, events[-1][0])

    async def _look(self, at: Cursor) -> None:
        now = await self._runtime.stream.position(self._workspace_id)
        events = await self._runtime.stream.since(self._workspace_id, at, limit=REPLAY_LIMIT)
        if events is None:
            self._at = now
            self._each(lambda listener: listener.reload())
        elif events:
            self._tell(at.epoch, events)

    def _each(self, say: Callable[[Listener], None]) -> None:
        for listener in tuple(self._listeners):
            try:
                say(listener)
            except Exception:
                self._drop(listener)

    def _drop(self, listener: Listener) -> None:
        """An edge: a listener that fails must not end the reading for all others."""
        _log.exception("listener_failed", listener=type(listener).__name__)
        self._listeners.discard(listener)

    async def _signs(self) -> None:
        while True:
            try:
                async for event in self._runtime.stream.signs(self._workspace_id):
                    frame = event.decode()
                    for listener in tuple(self._listeners):
                        try:
                            listener.sign(frame)
                        except Exception:
                            self._drop(listener)
            except (RedisError, OSError, TimeoutError):
                await asyncio.sleep(1)
