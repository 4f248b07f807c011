"""Merging two contacts, undoing a merge, and going on with what a process has left behind."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta

from redis.exceptions import RedisError

from app.core import leases, rounds
from app.core.errors import Conflict, Unavailable
from app.core.mongo import DatabaseError
from app.core.permissions import Actor
from app.core.platform import work
from app.core.runtime import Runtime, Workspace
from crm import merging
from crm.merging import Merge, Overtaken, Side
from inbox.merging.joining import JOINING
from inbox.merging.parting import PARTING

_PATIENCE_SECONDS = 15.0
# What is younger is probably just being worked on.
_LEFT_AFTER_SECONDS = 4.0


async def merge(
    ws: Workspace, actor: Actor, into_id: str, from_id: str, picks: Mapping[str, Side], version: str
) -> Merge:
    """
    The other becomes a part of the survivor. Raises NotFound, Conflict, ChangedMeanwhile (a side is not as it was when
    the result was looked at).
    """
    both = await merging.sides(ws, into_id, from_id)
    merging.require_unchanged(both, version)
    begun = await merging.begin(ws, actor, both, picks)
    return await _carried(ws, begun.id)


async def part(ws: Workspace, actor: Actor, merge_id: str) -> Merge:
    """Undo a merge: each side gets back its own. Raises NotFound, Conflict."""
    # Held so that nobody takes what is being marked for left behind.
    async with leases.hold(ws.redis, f"merge:{merge_id}") as lease:
        if lease is None:
            raise Conflict("This merge is just being made or undone; try again in a moment.", code="merge_running")
        begun = await merging.begin_undoing(ws, actor, await merging.get(ws, merge_id))
    return await _carried(ws, begun.id)


async def _carried(ws: Workspace, merge_id: str) -> Merge:
    """Waits for whoever carries it through, which is mostly this process. Raises Unavailable."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                await carry(ws, merge_id)
                known = await merging.get(ws, merge_id)
                if known.status in ("merged", "parted"):
                    return known
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise Unavailable("This takes longer than expected; it goes on by itself.") from None


async def carry(ws: Workspace, merge_id: str) -> None:
    """Go on with a merge, or its undoing, where it stands; nothing if it is done, or somebody else is at it."""
    async with leases.hold(ws.redis, f"merge:{merge_id}") as lease:
        if lease is None:
            return
        known = await merging.get(ws, merge_id)
        if known.status == "merging" and not await merging.mark(ws, known):
            # It was refused, and whoever began it died before saying so.
            await merging.drop(ws, known)
            return
        with suppress(Overtaken):
            for step in {"merging": JOINING, "parting": PARTING}.get(known.status, ()):
                if lease.lost:
                    return
                known = await step(ws, known)
            await merging.settle(ws, known)


async def run(runtime: Runtime) -> None:
    """Carries through what a process has left behind, until cancelled."""
    while True:
        await rounds.rest(runtime.settings.round_seconds)
        with suppress(DatabaseError, RedisError, OSError, TimeoutError):
            await sweep(runtime)


async def sweep(runtime: Runtime) -> None:
    before = runtime.clock.now() - timedelta(seconds=_LEFT_AFTER_SECONDS)
    for workspace_id, merge_id in await work.open_merges(runtime, before):
        ws = runtime.workspace(workspace_id)
        try:
            await carry(ws, merge_id)
        except (DatabaseError, RedisError, OSError, TimeoutError):
            raise
        except Exception:
            # An edge: one merge that cannot go on must not keep others back.
            ws.log.exception("merge_cannot_go_on", merge_id=merge_id)
