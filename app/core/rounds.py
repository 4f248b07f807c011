"""Rounds of background tasks: those that begin together part, so that no moment bears the work of all."""

import asyncio
import random

_SPREAD = 0.25


async def rest(seconds: float) -> None:
    """About so long: a quarter more or less."""
    await asyncio.sleep(spread(seconds))


def spread(seconds: float) -> float:
    """About so many seconds."""
    return seconds * random.uniform(1 - _SPREAD, 1 + _SPREAD)  # noqa: S311
