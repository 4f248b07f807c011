"""
The way out of a websocket: frames go at once while the client reads, wait in a bounded buffer while it does not, and
when that is full the socket is closed. One slow tab never delays the others, and never grows without end.
"""

import asyncio
import types
from collections import deque
from collections.abc import Coroutine, Generator
from typing import Any

from starlette.types import Send

MAX_WAITING_BYTES = 2_000_000
TOO_SLOW = 4408


class Outlet:
    """Sends text frames of one socket in order. `closed` is set once it takes nothing more."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._waiting: deque[str] = deque()
        self._waiting_bytes = 0
        self._task: asyncio.Task[None] | None = None
        self.closed = asyncio.Event()
        self.close_code: int | None = None

    def push(self, frame: str) -> None:
        """Send now if nothing waits, without a task: most sends complete at once, and a task costs a third more."""
        if self.closed.is_set():
            return
        if self._task is not None:
            self._wait(frame)
            return
        sending: Coroutine[Any, Any, None] = self._send({"type": "websocket.send", "text": frame})  # type: ignore[assignment]
        try:
            waits_for = sending.send(None)
        except StopIteration:
            return
        except (OSError, RuntimeError):
            self.closed.set()
            return
        # The client's buffers are full: the send goes on in a task, and what follows queues behind it.
        self._task = asyncio.create_task(self._finish(sending, waits_for))

    def close(self, code: int) -> None:
        """Say goodbye with this code as soon as what waits has gone, or now if the client is too slow to take it."""
        if not self.closed.is_set():
            self.close_code = code
            self.closed.set()

    def _wait(self, frame: str) -> None:
        self._waiting.append(frame)
        self._waiting_bytes += len(frame)
        if self._waiting_bytes > MAX_WAITING_BYTES:
            self._waiting.clear()
            self.close(TOO_SLOW)

    async def _finish(self, sending: Coroutine[Any, Any, None], waits_for: Any) -> None:
        try:
            await _resumed(sending, waits_for)
            while self._waiting and not self.closed.is_set():
                frame = self._waiting.popleft()
                self._waiting_bytes -= len(frame)
                await self._send({"type": "websocket.send", "text": frame})
        except (OSError, RuntimeError):
            self.closed.set()
        finally:
            self._task = None

    async def end(self) -> None:
        """After the socket is done: no task stays behind."""
        self.closed.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


@types.coroutine
def _resumed(coroutine: Coroutine[Any, Any, None], waits_for: Any) -> Generator[Any, Any, None]:
    """Awaits a coroutine that has been started by hand and has yielded `waits_for`."""
    while True:
        try:
            try:
                answer = yield waits_for
            except BaseException as error:
                # Cancelled, or the awaited thing failed: the coroutine gets to see it.
                waits_for = coroutine.throw(error)
            else:
                waits_for = coroutine.send(answer)
        except StopIteration:
            return
