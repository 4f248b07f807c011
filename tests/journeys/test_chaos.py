"""The short plan of `python -m bench chaos`: whatever is killed, no promise is broken."""

import gc
import warnings

import pytest

from bench import chaos


@pytest.mark.slow
async def test_no_promise_is_broken_when_everything_is_killed_at_random() -> None:
    try:
        story = await chaos.happen(chaos.QUICK)
    finally:
        with warnings.catch_warnings():
            # The driver leaves a socket to the collector when its server is killed in the middle of connecting.
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
    assert story.faults == []
    assert sum(story.kills.values()) >= 3
    # How many answers get through depends on how long web and worker happen to live.
    assert story.written > 50
