"""
Rows in bulk into the database of a bench, a few batches at once, however busy the machine is.

What the product may wait for one command (15 seconds) is meant for people. A machine that is full with other work, or a
database that writes out a checkpoint, may take longer for hundreds of rows with a dozen index entries each; so a batch
has a minute here, and one that did not come back is put again: rows have ids of their own, those that are there stay.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pymongo
from pymongo.errors import AutoReconnect, PyMongoError

T = TypeVar("T")

_SECONDS = 60.0
_TRIES = 5
_REST_SECONDS = 2.0


async def batches(put: Callable[[range], Awaitable[T]], numbers: range, *, size: int, abreast: int = 2) -> list[T]:
    """
    `put` for all the numbers, `size` at a time, in the order in which the numbers come; what each gave. `put` has to be
    safe to repeat.
    """
    given: list[T] = []
    starts = range(0, len(numbers), size)
    for first in range(0, len(starts), abreast):
        some = [numbers[at : at + size] for at in starts[first : first + abreast]]
        given += await asyncio.gather(*(_put(put, each) for each in some))
    return given


async def _put(put: Callable[[range], Awaitable[T]], numbers: range) -> T:
    for left in reversed(range(_TRIES)):
        try:
            with pymongo.timeout(_SECONDS):
                return await put(numbers)
        except PyMongoError as error:
            # A connection that broke is as good as a time that ran out: nobody knows how much of it is there.
            if not left or not (error.timeout or isinstance(error, AutoReconnect)):
                raise
        await asyncio.sleep(_REST_SECONDS)
    raise AssertionError("unreachable")
