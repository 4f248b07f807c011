"""What is kept in memory for some seconds: read by one for all, mostly while nobody waits."""

import asyncio

import pytest

from app.core import kept
from app.core.kept import Kept
from app.core.runtime import Workspace

SECONDS = 10.0


class Source:
    """Something stored, each reading of which ends when it is let."""

    def __init__(self) -> None:
        self.readings = 0
        self.stored = "first"
        self.let = asyncio.Event()
        self.let.set()

    async def read(self, ws: Workspace) -> str:
        self.readings += 1
        found = self.stored
        await self.let.wait()
        if found == "broken":
            raise ValueError(found)
        return found


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, as its only item."""
    now = [1_000.0]
    monkeypatch.setattr(kept, "monotonic", lambda: now[0])
    return now


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_those_who_come_together_share_a_reading(ws: Workspace) -> None:
    source = Source()
    known = Kept(source.read, SECONDS)
    assert await asyncio.gather(*(known.of(ws) for _ in range(20))) == ["first"] * 20
    assert await known.of(ws) == "first"
    assert source.readings == 1


async def test_towards_the_end_it_is_read_again_and_nobody_waits(ws: Workspace, passes: list[float]) -> None:
    source = Source()
    known = Kept(source.read, SECONDS)
    await known.of(ws)
    source.stored = "second"
    source.let.clear()

    passes[0] += SECONDS * 0.5
    assert await known.of(ws) == "first"
    assert source.readings == 1
    passes[0] += SECONDS * 0.4
    assert [await known.of(ws), await known.of(ws)] == ["first", "first"]
    source.let.set()
    await settled()
    assert source.readings == 2
    assert await known.of(ws) == "second"


async def test_what_is_too_old_is_waited_for(ws: Workspace, passes: list[float]) -> None:
    source = Source()
    known = Kept(source.read, SECONDS)
    await known.of(ws)
    source.stored = "second"
    passes[0] += SECONDS
    assert await known.of(ws) == "second"


async def test_after_a_change_nobody_gets_what_was_being_read_before(ws: Workspace) -> None:
    source = Source()
    known = Kept(source.read, SECONDS)
    source.let.clear()
    early = asyncio.create_task(known.of(ws))
    await settled()
    source.stored = "second"
    known.forget(ws)
    late = asyncio.create_task(known.of(ws))
    await settled()
    source.let.set()
    assert [await early, await late, await known.of(ws)] == ["first", "second", "second"]


async def test_a_failure_is_not_kept(ws: Workspace) -> None:
    source = Source()
    known = Kept(source.read, SECONDS)
    source.stored = "broken"
    with pytest.raises(ValueError, match="broken"):
        await known.of(ws)
    source.stored = "whole"
    assert await known.of(ws) == "whole"
