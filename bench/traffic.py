"""
Streams of messages, and how late each arrives.

`steady` is open-loop: message k is due at start + k / rate whatever became of those before, and lateness counts from
when it was due, so a stall is charged to everybody who would have met it. `flat_out` keeps a fixed number on their way.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter

from bench.report import quantile
from bench.stage import Stage

_NUMBER = re.compile(rb"~(\d{8})~")
_ARRIVAL_SECONDS = 30.0

Send = Callable[[int], Awaitable[None]]


@dataclass(slots=True)
class Arrivals:
    """When each numbered message was seen by every listening screen."""

    screens: int
    _seen: dict[int, int] = field(default_factory=dict)
    _arrived: dict[int, float] = field(default_factory=dict)
    _waiting: dict[int, asyncio.Future[None]] = field(default_factory=dict)

    def hear(self, frame: bytes, at: float) -> None:
        found = _NUMBER.search(frame)
        if found is not None:
            self.note(int(found[1]), at)

    def note(self, number: int, at: float) -> None:
        seen = self._seen[number] = self._seen.get(number, 0) + 1
        if seen == self.screens:
            self._arrived[number] = at
            waiting = self._waiting.pop(number, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(None)

    async def of(self, number: int) -> float:
        """The time at which the last listening screen got it. Raises TimeoutError if one never does."""
        if number not in self._arrived:
            waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
            async with asyncio.timeout(_ARRIVAL_SECONDS):
                await waiting
        return self._arrived[number]


@dataclass(slots=True)
class Result:
    """What a stream took: lateness in seconds of each message, and CPU seconds by program."""

    messages: int = 0
    seconds: float = 0.0
    late: list[float] = field(default_factory=list)
    cpu: dict[str, float] = field(default_factory=dict)

    def add(self, other: "Result") -> None:
        self.messages += other.messages
        self.seconds += other.seconds
        self.late += other.late
        for name, seconds in other.cpu.items():
            self.cpu[name] = self.cpu.get(name, 0.0) + seconds

    def late_ms(self, q: float) -> float:
        return quantile(self.late, q) * 1000

    @property
    def cpu_ms(self) -> float:
        """CPU of all programs for each message."""
        return sum(self.cpu.values()) * 1000 / max(1, self.messages)

    def share_ms(self, name: str) -> float:
        return self.cpu.get(name, 0.0) * 1000 / max(1, self.messages)

    @property
    def per_second(self) -> float:
        return self.messages / self.seconds


class Numbers:
    """Message numbers that no stream uses twice."""

    def __init__(self) -> None:
        self._next = 1

    def take(self, count: int) -> range:
        first = self._next
        self._next += count
        return range(first, first + count)


async def steady(stage: Stage, arrivals: Arrivals, numbers: range, rate: float, send: Send) -> Result:
    """These messages at this rate, and nothing waits for anything."""
    loop = asyncio.get_running_loop()
    before, began, start = stage.cpu(), perf_counter(), loop.time()
    late: list[float] = []

    async def one(number: int, due: float) -> None:
        await send(number)
        late.append(await arrivals.of(number) - due)

    async with asyncio.TaskGroup() as group:
        for at, number in enumerate(numbers):
            wait = start + at / rate - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            group.create_task(one(number, began + at / rate))
        await asyncio.sleep(max(0.0, start + len(numbers) / rate - loop.time()))
    return Result(len(numbers), perf_counter() - began, late, _since(before, stage.cpu()))


async def flat_out(stage: Stage, arrivals: Arrivals, numbers: range, on_their_way: int, send: Send) -> Result:
    """These messages as fast as they go."""
    before, began = stage.cpu(), perf_counter()
    late: list[float] = []
    waiting = iter(numbers)

    async def lane() -> None:
        for number in waiting:
            due = perf_counter()
            await send(number)
            late.append(await arrivals.of(number) - due)

    async with asyncio.TaskGroup() as group:
        for _ in range(on_their_way):
            group.create_task(lane())
    return Result(len(numbers), perf_counter() - began, late, _since(before, stage.cpu()))


def _since(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    return {name: seconds - before.get(name, 0.0) for name, seconds in after.items()}
