"""
How many conversations have each facet: counters in Redis, kept as conversations change, so that a list, a view or a tag
knows its number without counting.

A crash between a change and its counting leaves a figure wrong until everything is counted anew, every few hours: at
once where there are few conversations, by a job where there are many.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from redis.exceptions import RedisError

from app.core.queue import Lane
from app.core.runtime import Runtime, Workspace
from app.core.scripts import Script
from inbox.finding import facets
from inbox.store import conversations as store

if TYPE_CHECKING:
    from inbox.conversations import Conversation

# A figure that is wrong is so for this long at most.
KEPT_SECONDS = 4 * 3600
# More conversations than this are counted by a job.
AT_ONCE = 20_000
_CLOSING_SECONDS = 15
_MOST_CLOSING = 1_000
# Marks that everything has been counted: a facet that nobody has is not in the hash.
_COUNTED = "."

# Workspaces whose counters missed a change while Redis was away, of each Runtime in this process.
_wrong_counts: WeakKeyDictionary[Runtime, set[str]] = WeakKeyDictionary()

# KEYS: counters, changes missed by them. ARGV: name, step, … Counters that are not there are counted when somebody
# asks: a step on nothing would look like a count.
_ADD_COUNTS = Script("""
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('INCR', KEYS[2]); redis.call('EXPIRE', KEYS[2], 600)
  return 0
end
for i = 1, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
return 1
""")
# KEYS: as above. ARGV: what was missed before counting began (or any), seconds to keep, name, number, …
# 0: changed meanwhile.
_STORE_COUNTS = Script("""
if ARGV[1] ~= 'any' and (redis.call('GET', KEYS[2]) or '') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
""")


async def numbers_of(ws: Workspace, wanted: Sequence[str]) -> dict[str, int]:
    """How many conversations have each of these facets: kept counters, never below zero."""
    redis: Any = ws.redis
    known = await redis.hmget(_counts_key(ws), [_COUNTED, *wanted])
    if known[0] is None:
        everything = await recount(ws, most=AT_ONCE)
        if everything is None:
            # Too many to let somebody wait for: screens are told when it is done, and show nothing until then.
            await ws.queue.enqueue("recount", ws.id, lane=Lane.BACKGROUND, job_id=f"recount:{ws.id}")
            everything = {}
        return {facet: everything.get(facet, 0) for facet in wanted}
    return {facet: max(0, int(number or 0)) for facet, number in zip(wanted, known[1:], strict=True)}


async def recount(ws: Workspace, *, most: int | None = None) -> dict[str, int] | None:
    """
    Counts all facets and stores the result: after Redis was lost, and every few hours against drift. None if there are
    more than `most` conversations.

    Changes made meanwhile make it count again; where they never end, it is off by as many at most, until the next time.
    """
    redis: Any = ws.redis
    for tries_left in (2, 1, 0):
        before = await redis.get(_missed_key(ws))
        numbers = await store.count_all(ws, most=most)
        if numbers is None:
            return None
        flat = [part for pair in {**numbers, _COUNTED: 1}.items() for part in pair]
        keys, expected = (_counts_key(ws), _missed_key(ws)), (before or b"") if tries_left else b"any"
        if await _STORE_COUNTS.run(ws.redis, keys, (expected, KEPT_SECONDS, *flat)):
            break
    return numbers


async def closing(ws: Workspace) -> int:
    """Moves with the clock, so it is counted by its index, at most every few seconds for all screens together."""
    redis: Any = ws.redis
    key = f"{_counts_key(ws)}:closing"
    known = await redis.get(key)
    if known is not None:
        return int(known)
    number = await store.closing_soon(ws, most=_MOST_CLOSING)
    await redis.set(key, number, ex=_CLOSING_SECONDS)
    return number


async def waiting_days(ws: Workspace) -> dict[date, int]:
    """Since which days how many people wait."""
    redis: Any = ws.redis
    prefix = f"{facets.WAITING}:"
    numbers = {name.decode(): int(number) for name, number in (await redis.hgetall(_counts_key(ws))).items()}
    return {
        date.fromisoformat(name.removeprefix(prefix)): number
        for name, number in numbers.items()
        if name.startswith(prefix) and number > 0
    }


async def changed(ws: Workspace, old: Conversation, new: Conversation) -> None:
    """Only changes of kind cost a round trip; a further message in an open conversation costs none."""
    before, after = facets.counted(old), facets.counted(new)
    if before == after:
        return
    steps = [*((name, -1) for name in sorted(before - after)), *((name, 1) for name in sorted(after - before))]
    keys = (_counts_key(ws), _missed_key(ws))
    wrong = _wrong_counts.setdefault(ws.runtime, set())
    try:
        if ws.id in wrong:
            await ws.redis.delete(_counts_key(ws))
            wrong.discard(ws.id)
        await _ADD_COUNTS.run(ws.redis, keys, [part for step in steps for part in step])
    except (RedisError, OSError, TimeoutError):
        # The change is stored; a figure is wrong until the next count, which the next change asks for.
        ws.log.warning("count_missed")
        wrong.add(ws.id)


def _counts_key(ws: Workspace) -> str:
    return f"parley:counts:{ws.id}"


def _missed_key(ws: Workspace) -> str:
    return f"parley:counts:{ws.id}:missed"
