"""
A broadcast to everybody: its audience written down and put into rows of recipients as a stream, while the worker is
killed with SIGKILL in the middle of either. It goes on where it was: everybody is in it once, and memory stays flat.

Its time is in two days, so nothing is sent.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from time import perf_counter

from app.core.permissions import SYSTEM
from app.core.runtime import open_runtime
from automations import broadcasts, plans, rolls, runs
from automations.broadcasts import By
from automations.runs import Run
from automations.store import runs as run_rows
from bench import segments
from bench.report import Report
from bench.shop import Shop, add_texts, open_shop
from bench.stage import Stage, stage
from channels.content import Text
from inbox.mailings import mailings

_QUICK, _SIZE = 4_000, 1_000_000
_MOST_GROWTH_MB = 40
_LOOK_SECONDS = 0.05
# So long nothing may happen: the lease of a process that was killed runs out, and its work is found again.
_PATIENCE_SECONDS = 120.0


async def run(quick: bool, rows: int | None = None) -> Report:
    size = rows or (_QUICK if quick else _SIZE)
    report = Report(f"The audience of a broadcast to {size:,} people", ("what", "seconds", "people a second"))
    async with stage() as opened, open_runtime(opened.settings()) as runtime:
        shop = await open_shop(runtime)
        began = perf_counter()
        await segments.fill(shop, size, orders=False)
        report.notes.append(f"Filling took {perf_counter() - began:.0f} s.")
        await opened.worker()
        await asyncio.sleep(2)
        at_rest = opened.programs["worker"].memory_bytes()
        broadcast_id = await _begun(shop)
        half = size // rolls.PIECE // 2
        most = 0
        parts: dict[str, tuple[Callable[[Run], bool], Callable[[Run], bool]]] = {
            "written down": (lambda now: now.pieces >= half, lambda now: now.built),
            "put into rows": (lambda now: now.piece >= half, lambda now: now.closed),
        }
        for name, (in_the_middle, over) in parts.items():
            began = perf_counter()
            most = max(most, await _until(opened, shop, broadcast_id, in_the_middle))
            opened.programs["worker"].kill()
            opened.programs["worker"].start_again()
            most = max(most, await _until(opened, shop, broadcast_id, over))
            seconds = perf_counter() - began
            report.row(f"{name}, killed half way", seconds, size / seconds)
        now = await runs.of(shop.ws, broadcast_id)
        assert now is not None
        times = await _rows_of(shop, broadcast_id)
        report.at_least("people written down, of those there are", now.people / size, 1)
        report.at_least("people in a row, of those there are", (len(times) + sum(now.dropped.values())) / size, 1)
        report.at_most("rows of one person", max(times.values()), 1)
        report.at_most("growth of the worker's memory, MB", (most - at_rest) / 1e6, _MOST_GROWTH_MB)
    return report


async def _begun(shop: Shop) -> str:
    """A broadcast that has been started, without the check that counts its audience before."""
    ws, texts = shop.ws, await add_texts(shop)
    wall = (ws.clock.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    plan = plans.Plan(
        name="Everybody",
        account_id=texts.id,
        variants=(plans.Variant(wordings=(plans.Wording(content=Text(text="Our shop has a new door.")),)),),
        audience=plans.Audience(everyone=True),
        schedule=plans.Schedule(kind="local", wall=wall),
    )
    made = await broadcasts.create(ws, SYSTEM, plan)
    now = ws.clock.now()
    started = By(SYSTEM.id, SYSTEM.name, now)
    await broadcasts.turn(ws, SYSTEM, made, "started", state="running", started=started, approved=started)
    await run_rows.wake(ws, made.id, now)
    return made.id


async def _until(opened: Stage, shop: Shop, broadcast_id: str, reached: Callable[[Run], bool]) -> int:
    """Until it is so far; the most memory that the worker had meanwhile, in bytes."""
    most, before, moved = 0, None, perf_counter()
    while True:
        now = await runs.of(shop.ws, broadcast_id)
        most = max(most, opened.programs["worker"].memory_bytes())
        if now is not None and reached(now):
            return most
        if now != before:
            before, moved = now, perf_counter()
        if perf_counter() - moved > _PATIENCE_SECONDS:
            state = await broadcasts.get(shop.ws, broadcast_id)
            raise AssertionError(f"It stands still: {state.state}, {state.reason}, {now}")
        await asyncio.sleep(_LOOK_SECONDS)


async def _rows_of(shop: Shop, broadcast_id: str) -> Counter[str]:
    """In how many rows each contact is."""
    times: Counter[str] = Counter()
    mailing_id = mailings.id_for(shop.ws, rolls.source_of(broadcast_id, 0))
    cursor: str | None = None
    while True:
        page, cursor = await mailings.recipients(shop.ws, mailing_id, after=cursor, limit=500)
        times.update(each.contact_id for each in page)
        if cursor is None:
            return times
