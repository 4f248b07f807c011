"""
What is asked with every message and hardly ever changes: read once in some seconds, and mostly while nobody waits.

A value is good for `seconds` from when its reading began. Whoever asks towards the end of that time gets it at once and
has it read again beside; only after a silence somebody waits, and those who come meanwhile wait for the same reading.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from app.core.runtime import Runtime, Workspace
from app.core.tasks import pass_over

Value = TypeVar("Value")
# Of its time, after which a value is read again when somebody asks for it.
_AHEAD = 0.75


@dataclass(frozen=True, slots=True)
class _Held(Generic[Value]):
    value: Value
    read_at: float


class Kept(Generic[Value]):
    """Of each workspace what `read` says of it, at most `seconds` old."""

    def __init__(self, read: Callable[[Workspace], Awaitable[Value]], seconds: float) -> None:
        self._read = read
        self._seconds = seconds
        self._held: WeakKeyDictionary[Runtime, dict[str, _Held[Value]]] = WeakKeyDictionary()
        self._reading: WeakKeyDictionary[Runtime, dict[str, asyncio.Task[Value]]] = WeakKeyDictionary()

    async def of(self, ws: Workspace) -> Value:
        """Raises what reading it raises."""
        held = self._held.setdefault(ws.runtime, {}).get(ws.id)
        age = monotonic() - held.read_at if held else float("inf")
        if held is not None and age < self._seconds:
            if age > self._seconds * _AHEAD:
                self._again(ws)
            return held.value
        return await asyncio.shield(self._again(ws))

    def forget(self, ws: Workspace) -> None:
        """It has changed: whoever asks from now on gets what is stored from now on."""
        self._held.get(ws.runtime, {}).pop(ws.id, None)
        self._reading.get(ws.runtime, {}).pop(ws.id, None)

    def _again(self, ws: Workspace) -> asyncio.Task[Value]:
        readings = self._reading.setdefault(ws.runtime, {})
        task = readings.get(ws.id)
        if task is None or task.done():
            task = readings[ws.id] = asyncio.create_task(self._take(ws))
            # Should nobody wait for it and it fails, the next who asks reads anew.
            task.add_done_callback(pass_over)
        return task

    async def _take(self, ws: Workspace) -> Value:
        began_at, mine = monotonic(), asyncio.current_task()
        value = await self._read(ws)
        readings = self._reading.get(ws.runtime, {})
        # Forgotten meanwhile, it is what was asked for before the change.
        if readings.get(ws.id) is mine:
            self._held.setdefault(ws.runtime, {})[ws.id] = _Held(value, began_at)
            del readings[ws.id]
        return value
