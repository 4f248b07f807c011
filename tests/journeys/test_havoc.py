"""The short plan of `python -m bench havoc`: whatever is killed, a mailing reaches nobody twice and misses nobody."""

import gc
import warnings

import pytest

from bench import havoc


@pytest.mark.slow
async def test_a_mailing_reaches_nobody_twice_and_misses_nobody_when_everything_is_killed() -> None:
    try:
        story = await havoc.happen(havoc.QUICK)
    finally:
        with warnings.catch_warnings():
            # The driver leaves a socket to the collector when its server is killed in the middle of connecting.
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
    assert story.faults == []
    assert story.kills["worker"] >= 1
    assert story.states["skipped"] == havoc.QUICK.withdrawals
