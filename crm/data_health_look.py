"""
Looking through all contacts for what is missing or doubtful: a job, stretch by stretch in the order of their ids, that
notes how far it is. What is found is kept by buckets (see data_health.py), so a stretch that is done again after a
crash comes out the same.

Once a day it is begun by itself, where somebody has asked for it before. In between, changes of contacts leave marks
(see changes.py), and the buckets concerned are looked at again when somebody looks at the page.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from redis.exceptions import RedisError

from app.core import leases
from app.core.mongo import DatabaseError
from app.core.platform import data_health as platform
from app.core.queue import Lane
from app.core.runtime import Runtime, Workspace
from app.core.stream import event
from crm import changes, contacts, data_health
from crm.data_health import FEW_CHARS, KEPT_DAYS, MANY, MANY_CHARS, Day, FindingId, Health, Known
from crm.store import contacts as contact_store
from crm.store import data_health as store

AT_ONCE = 300
# One that has not moved for so long is put to work again.
STALLED_AFTER = timedelta(seconds=60)
EVERY_SECONDS = 60.0
_MARKS_AT_ONCE = 50


async def start(ws: Workspace) -> tuple[Health, bool]:
    """How far it is, and whether it was begun now: one that runs already goes on."""
    now = ws.clock.now()
    before = await store.get(ws)
    chars = MANY_CHARS if before is not None and before.total > MANY else FEW_CHARS
    begun = await store.begin(ws, now, chars)
    known = await store.get(ws) or Health(started_at=now, moved_at=now)
    if begun:
        await enqueue(ws)
    return known, begun


async def last(ws: Workspace) -> Health:
    """
    What was found. Begun where it never was, put to work again should nobody be at it; what has changed since is looked
    at again, soon.
    """
    known = await store.get(ws)
    if known is None:
        return (await start(ws))[0]
    stalled = known.state == "running" and ws.clock.now() - known.moved_at > STALLED_AFTER
    if stalled or (known.state == "done" and await changes.is_marked(ws)):
        await enqueue(ws)
    return known


async def enqueue(ws: Workspace) -> None:
    # One that waits does for all that ask for it.
    with suppress(RedisError, OSError, TimeoutError):
        await ws.queue.enqueue("look_after_data", ws.id, lane=Lane.BACKGROUND, job_id=f"data-health:{ws.id}")


async def run_one(ws: Workspace) -> None:
    """All there is to do. One process at a time; another goes on where this one was stopped."""
    async with leases.hold(ws.redis, f"data-health:{ws.id}") as lease:
        while lease is not None and not lease.lost and await go_on(ws):
            await ws.stream.publish(ws.id, [event("data_health", {"id": ws.id})])


async def go_on(ws: Workspace) -> bool:
    """The next stretch, or what has changed since; False if there is nothing to do."""
    known = await store.get(ws)
    if known is None:
        return False
    if known.state == "running":
        return await _stretch(ws, known)
    marked = await changes.take_marks(ws, most=_MARKS_AT_ONCE)
    if not marked.taken:
        return False
    buckets = {bucket_id[: known.chars] for bucket_id in marked.buckets}
    if marked.addresses:
        behind = await contacts.behind(ws, marked.addresses)
        buckets |= {contact_id[: known.chars] for contact_id in behind.values()}
    know = await data_health.known(ws)
    await store.put(ws, [await _looked_at(ws, bucket_id, know) for bucket_id in sorted(buckets)])
    await _count(ws)
    return True


async def _stretch(ws: Workspace, known: Health) -> bool:
    if known.batch == 0:
        await store.delete_others(ws, known.chars)
    know = await data_health.known(ws)
    some = await contact_store.in_order(ws, after=known.after, limit=AT_ONCE, where={})
    buckets = list(dict.fromkeys(each.id[: known.chars] for each in some))
    over = len(some) < AT_ONCE
    if not over and len(buckets) > 1:
        # The last one goes on behind this stretch.
        buckets.pop()
    looked_at = 0
    if buckets:
        found: dict[str, dict[str, list[FindingId]]] = {bucket_id: {} for bucket_id in buckets}
        for contact, rows in await data_health.whole(ws, buckets[0], f"{buckets[-1]}z"):
            found[contact.id[: known.chars]][contact.id] = data_health.judge(contact, rows, know)
        await store.put(ws, [data_health.filled(bucket_id, each) for bucket_id, each in found.items()])
        looked_at = sum(map(len, found.values()))
    after = replace(
        known,
        moved_at=ws.clock.now(),
        after=f"{buckets[-1]}z" if buckets else known.after,
        batch=known.batch + 1,
        looked_at=known.looked_at + looked_at,
        state="done" if over else "running",
    )
    if not await store.advance(ws, known, after):
        return False
    if over:
        await _count(ws)
    return True


async def _looked_at(ws: Workspace, bucket_id: str, know: Known) -> data_health.Bucket:
    found = await data_health.whole(ws, bucket_id, f"{bucket_id}z")
    return data_health.filled(bucket_id, {each.id: data_health.judge(each, rows, know) for each, rows in found})


async def _count(ws: Workspace) -> None:
    """Adds up what the buckets say, and keeps the score of the day."""
    known = await store.get(ws)
    if known is None:
        return
    total, counts = await store.sums(ws)
    twice = len(await store.in_pairs(ws))
    now = ws.clock.now()
    new = replace(known, counted_at=now, total=total, counts={**counts, **({"duplicate": twice} if twice else {})})
    oldest = f"{now - timedelta(days=KEPT_DAYS):%Y-%m-%d}"
    days = {day: each for day, each in known.days.items() if day > oldest}
    await store.counted(ws, replace(new, days={**days, f"{now:%Y-%m-%d}": Day(score=new.score, total=total)}))


def share(health: Health) -> float:
    """How far looking through all is, from 0 to 1, about: ids are digests, and so spread evenly."""
    if health.state == "done":
        return 1.0
    digits = (health.after or "").removeprefix(contact_store.IDS).rstrip("z")
    with suppress(ValueError):
        return int(digits, 16) / float(16 ** len(digits))
    return 0.0


async def run(runtime: Runtime) -> None:
    """Begins once a day, where somebody has asked for it before, and puts back to work what a crash has left."""
    while True:
        with suppress(DatabaseError, RedisError, OSError, TimeoutError):
            async with leases.hold(runtime.redis, "data-health") as lease:
                for workspace_id in await platform.active(runtime) if lease is not None else ():
                    await once_a_day(runtime.workspace(workspace_id))
        await asyncio.sleep(EVERY_SECONDS)


async def once_a_day(ws: Workspace) -> None:
    known = await store.get(ws)
    if known is None:
        return
    if known.state == "done" and known.started_at.date() < ws.clock.now().date():
        await start(ws)
    elif known.state == "running":
        await last(ws)
