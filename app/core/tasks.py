"""Ending tasks that run until they are cancelled."""

import asyncio
from collections.abc import Iterable
from typing import Any

# Longer than anything of ours takes to end in good order: work in hand is finished, spools are emptied.
_AGAIN_SECONDS = 5.0


def pass_over(task: asyncio.Task[Any]) -> None:
    """As a callback: whoever waits for the task meets its failure, and if nobody does it is no news."""
    if not task.cancelled():
        task.exception()


async def end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """
    Returns when all of them have ended, however they did.

    One cancellation is not enough. Before Python 3.12 `asyncio.wait_for`, which the database's driver uses for every
    command, forgets it when what it waits for is ready at the same moment (python/cpython#86296), and a loop goes on.
    """
    going = {task for task in tasks if not task.done()}
    while going:
        for task in going:
            task.cancel()
        _, going = await asyncio.wait(going, timeout=_AGAIN_SECONDS)
