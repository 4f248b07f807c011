"""
Who has changed: stored before the change, so that what depends on it (segments) follows even if a process dies between.

A change that is made leaves a row, and tells of it over Redis when it is done. Whoever follows deletes the row when
everything that depends on these contacts has been looked at again; a row that nobody was told of is found by its age.
As long as nobody follows in a workspace, nothing is written.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
from redis.exceptions import RedisError

from app.core import ids
from app.core.addresses import Address
from app.core.kept import Kept
from app.core.platform.passing import Passing
from app.core.runtime import Runtime, Workspace
from crm.store import changes as store

# A process may go by what it read so long ago.
KNOWN_SECONDS = 1.0
# No write takes longer than the driver lets it: what is older and was not told of is made, or never will be.
PATIENCE = timedelta(seconds=20)
_TOLD = "parley:changes"
# How a bucket of contacts begins and how long its name is: by it changes are marked that somebody looks at later.
_BUCKET_CHARS = 7
_MOST_MARKS = 10_000
_MOST_TOLD = 100_000


@dataclass(frozen=True, slots=True)
class Changed:
    """Contacts (and contacts behind addresses) that are to be looked at; `row_id` None: nothing is stored of it."""

    workspace_id: str
    row_id: str | None
    contact_ids: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Following:
    """Whether somebody follows here what changes, and whether also what providers report of broadcasts."""

    any: bool = False
    reports: bool = False


async def follow(ws: Workspace, *, reports: bool = False) -> None:
    """From now on changes are kept here; other processes know within KNOWN_SECONDS."""
    known = await store.following(ws)
    if not known.any or (reports and not known.reports):
        await store.follow(ws, reports=reports)
        _followed.forget(ws)


async def _following(ws: Workspace) -> Following:
    return await store.following(ws)


_followed = Kept(_following, KNOWN_SECONDS)


async def is_followed(ws: Workspace) -> bool:
    """Whether somebody follows here, as this process knows."""
    return (await _followed.of(ws)).any


async def reports_are_followed(ws: Workspace) -> bool:
    """Whether somebody asks what providers report of broadcasts, as this process knows."""
    return (await _followed.of(ws)).reports


@asynccontextmanager
async def of(ws: Workspace, contact_ids: Iterable[str] = (), addresses: Iterable[str] = ()) -> AsyncIterator[None]:
    """Around writes that change these contacts, or those behind these addresses."""
    changed = Changed(ws.id, ids.new("chg"), tuple(contact_ids), tuple(addresses))
    if not (changed.contact_ids or changed.addresses):
        yield
        return
    followed = await is_followed(ws)
    if followed:
        await store.insert(ws, changed, ws.clock.now())
    yield
    await mark(ws, changed.contact_ids, changed.addresses)
    if followed:
        await _tell(ws, changed)


async def hint(ws: Workspace, contact_ids: Sequence[str]) -> None:
    """Something was stored that is followed by other means, too: so that it is followed at once."""
    if await is_followed(ws):
        await _tell(ws, Changed(ws.id, None, tuple(contact_ids)))


async def nudge(ws: Workspace) -> None:
    """Whoever follows looks whether there is something else to do here."""
    await _tell(ws, Changed(ws.id, None))


async def _tell(ws: Workspace, changed: Changed) -> None:
    told = [changed.workspace_id, changed.row_id, changed.contact_ids, changed.addresses]
    connection: Any = ws.redis
    # Without Redis the row is found by its age.
    with suppress(RedisError, OSError, TimeoutError):
        if await connection.rpush(_TOLD, orjson.dumps(told)) > _MOST_TOLD:
            await connection.ltrim(_TOLD, -_MOST_TOLD, -1)


# --- marks: what has changed, for who looks at it some day ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Marks:
    """Buckets of contacts, and addresses, behind which something has changed."""

    buckets: tuple[str, ...]
    addresses: tuple[Address, ...]

    @property
    def taken(self) -> bool:
        return bool(self.buckets or self.addresses)


async def mark(ws: Workspace, contact_ids: Iterable[str] = (), addresses: Iterable[str] = ()) -> None:
    """Kept in Redis alone: who loses them finds what has changed when all is looked through, once a day."""
    connection: Any = ws.redis
    names = {bucket_of(each) for each in contact_ids} | set(addresses)
    with suppress(RedisError, OSError, TimeoutError):
        if names and await connection.sadd(_marks(ws), *names) and await connection.scard(_marks(ws)) > _MOST_MARKS:
            await connection.spop(_marks(ws), len(names))


async def is_marked(ws: Workspace) -> bool:
    connection: Any = ws.redis
    with suppress(RedisError, OSError, TimeoutError):
        return bool(await connection.exists(_marks(ws)))
    return False


async def take_marks(ws: Workspace, *, most: int) -> Marks:
    """Some of them; what a crash loses is found the next day. Raises RedisError."""
    connection: Any = ws.redis
    taken = [each.decode() for each in await connection.spop(_marks(ws), most)]
    return Marks(
        tuple(each for each in taken if ":" not in each), tuple(Address.parse(each) for each in taken if ":" in each)
    )


def bucket_of(contact_id: str) -> str:
    """Ids of contacts are hashes: by their first characters they fall into 4,096 buckets."""
    return contact_id[:_BUCKET_CHARS]


def _marks(ws: Workspace) -> str:
    return f"parley:marks:{ws.id}"


# --- for who follows ----------------------------------------------------------------------------------------------


async def wait(runtime: Runtime, seconds: float, *, most: int) -> list[Changed]:
    """What was told of since, at most so much; waits so long for the first. Raises RedisError."""
    connection: Any = runtime.redis
    first = await connection.blpop([_TOLD], timeout=seconds) if seconds else None
    more = await connection.lpop(_TOLD, most) if first or not seconds else None
    return [_read(each) for each in (*([first[1]] if first else []), *(more or ()))]


def _read(told: bytes) -> Changed:
    workspace_id, row_id, contact_ids, addresses = orjson.loads(told)
    return Changed(workspace_id, row_id, tuple(contact_ids), tuple(addresses))


class Left:
    """What was stored and not told of, or not looked at since: found by its age."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._passing = Passing(runtime, "contact_changes", "at")

    async def next(self, *, most: int) -> list[Changed]:
        """Call `done` when they are looked at."""
        rows = await self._passing.next(self._runtime.clock.now() - PATIENCE, most=most)
        return [store.from_row(row) for row in rows]

    async def done(self) -> None:
        await self._passing.done()


async def done(ws: Workspace, row_ids: Sequence[str]) -> None:
    await store.delete(ws, row_ids)
