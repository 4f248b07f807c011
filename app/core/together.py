"""
Calls that come while one like them is under way go together in the next, as one command for all of them.

A single call goes at once and waits for nobody; under load a command carries ten. What a call sees is what it would see
alone: it never joins a command that has been sent before it came.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

Item = TypeVar("Item")
Result = TypeVar("Result")
Key = TypeVar("Key")


class Together(Generic[Item, Result]):
    """`run` gets many items and gives as many results in their order; a result that is an exception is raised."""

    def __init__(self, run: Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]], *, most: int) -> None:
        self._run = run
        self._most = most
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, item: Item) -> Result:
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._task is None:
            self._task = asyncio.create_task(self._work())
        return await future

    async def _work(self) -> None:
        try:
            while self._waiting:
                taken, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._one(taken)
        finally:
            self._task = None

    async def _one(self, taken: Sequence[tuple[Item, asyncio.Future[Result]]]) -> None:
        results: Sequence[Result | Exception]
        try:
            results = await self._run([item for item, _ in taken])
        except Exception as error:
            # An edge: each of those who wait must get the answer, whatever it is.
            results = [error] * len(taken)
        for (_, future), result in zip(taken, results, strict=True):
            if future.done():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)


def shared(
    kept: WeakValueDictionary[Key, Together[Item, Result]],
    key: Key,
    run: Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]],
    *,
    most: int,
) -> Together[Item, Result]:
    """The one under this key, kept as long as somebody asks it, or a new one."""
    found = kept.get(key)
    if found is None:
        found = kept[key] = Together(run, most=most)
    return found
