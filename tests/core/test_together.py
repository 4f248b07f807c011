"""Calls that share a command: none waits for nothing, each gets its own answer, and none sees what was before it."""

import asyncio
from collections.abc import Sequence

import pytest

from app.core import ids, mongo
from app.core.runtime import Workspace
from app.core.together import Together


async def test_those_that_come_meanwhile_go_together() -> None:
    sent: list[list[int]] = []
    go_on = asyncio.Event()

    async def run(items: Sequence[int]) -> list[int | Exception]:
        sent.append(list(items))
        await go_on.wait()
        return [item * 10 for item in items]

    together = Together(run, most=3)
    calls = [asyncio.create_task(together(0))]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    calls += [asyncio.create_task(together(item)) for item in range(1, 6)]
    await asyncio.sleep(0)
    go_on.set()
    assert await asyncio.gather(*calls) == [0, 10, 20, 30, 40, 50]
    assert sent == [[0], [1, 2, 3], [4, 5]]


async def test_each_gets_its_own_failure_and_all_get_a_common_one() -> None:
    async def run(items: Sequence[int]) -> list[int | Exception]:
        if 7 in items:
            raise TimeoutError("all of it")
        return [ValueError(str(item)) if item % 2 else item for item in items]

    together = Together(run, most=10)
    results = await asyncio.gather(*(together(item) for item in range(4)), return_exceptions=True)
    assert [str(result) for result in results] == ["0", "1", "2", "3"]
    assert [isinstance(result, ValueError) for result in results] == [False, True, False, True]
    failed = await asyncio.gather(together(7), together(8), return_exceptions=True)
    assert all(isinstance(result, TimeoutError) for result in failed)
    assert await together(2) == 2


async def test_one_that_is_cancelled_takes_nobody_along() -> None:
    go_on = asyncio.Event()

    async def run(items: Sequence[int]) -> list[int | Exception]:
        await go_on.wait()
        return list(items)

    together = Together(run, most=10)
    first, second = asyncio.create_task(together(1)), asyncio.create_task(together(2))
    await asyncio.sleep(0)
    first.cancel()
    go_on.set()
    assert await second == 2


async def test_rows_of_many_at_once(ws: Workspace) -> None:
    """Inserts: exactly one of each id gets in. Reads: each finds its own row, and nobody another workspace's."""
    wanted = [ids.new("fil") for _ in range(20)]

    async def insert(row_id: str, number: int) -> bool:
        try:
            await ws.db.files.insert({"_id": row_id, "number": number})
        except mongo.DuplicateId:
            return False
        return True

    made = await asyncio.gather(*(insert(row_id, n) for row_id in wanted for n in range(3)))
    assert sum(made) == len(wanted)
    rows = await asyncio.gather(*(ws.db.files.get(row_id) for row_id in [*wanted, *wanted, "fil_nobody"]))
    assert [row and row["_id"] for row in rows] == [*wanted, *wanted, None]
    other = ws.runtime.workspace("wsp_other")
    assert await asyncio.gather(*(other.db.files.get(row_id) for row_id in wanted)) == [None] * len(wanted)


@pytest.mark.parametrize("count", [1, 4, 12])
async def test_many_ids_of_one_call(ws: Workspace, count: int) -> None:
    wanted = [ids.new("fil") for _ in range(count)]
    for row_id in wanted:
        await ws.db.files.insert({"_id": row_id})
    rows = await ws.db.files.get_many([*wanted, wanted[0], "fil_nobody"])
    assert sorted(row["_id"] for row in rows) == sorted(wanted)
