"""
Evaluating views: a view that was made, changed or deleted is worked out for every open row, and rules that depend on
the time are looked at again as it goes by; tags that are being merged are put back to work. All go on where they were
stopped, since what is left to do is stored.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from redis.exceptions import RedisError

from app.core import leases, rounds, rules
from app.core.errors import Conflict
from app.core.mongo import DatabaseError
from app.core.platform import tags as tag_rows
from app.core.platform import views as platform
from app.core.queue import Lane
from app.core.runtime import Runtime, Workspace
from inbox import conversations, live
from inbox.conversations import Conversation
from inbox.finding import counters, views
from inbox.finding.facets import OPEN, SNOOZED
from inbox.store import conversations as rows
from inbox.store import views as store

EVERY_SECONDS = 15.0
_BATCH = 500


async def run(runtime: Runtime) -> None:
    """Until cancelled; one worker at a time does it."""
    while True:
        with suppress(DatabaseError, RedisError, OSError, TimeoutError):
            async with leases.hold(runtime.redis, "views") as lease:
                if lease is not None:
                    for workspace_id, view_id in await platform.pending(runtime):
                        await runtime.queue.enqueue("evaluate_view", workspace_id, view_id, lane=Lane.BACKGROUND)
                    for workspace_id, tag_id in await tag_rows.pending(runtime):
                        await runtime.queue.enqueue(
                            "merge_tag", workspace_id, tag_id, lane=Lane.BACKGROUND, job_id=f"tag:{tag_id}"
                        )
                    for workspace_id in await platform.timed(runtime):
                        await pass_time(runtime.workspace(workspace_id))
        await rounds.rest(EVERY_SECONDS)


async def evaluate(ws: Workspace, view_id: str) -> None:
    """Until the view's stored rule is what all open rows say, or none carries a deleted one."""
    async with leases.hold(ws.redis, f"view:{view_id}") as lease:
        if lease is None:
            return
        # All processes have to go by the new rule first: what they save from then on is right already.
        await asyncio.sleep(views.KNOWN_SECONDS + 0.5)
        while not lease.lost:
            views.forget(ws)
            view = await store.get(ws, view_id)
            if view is not None:
                await _everywhere(ws, view)
                if await store.evaluated(ws, view_id, view.rule_revision):
                    break
            elif await store.is_deleted(ws, view_id):
                await _refresh_all(ws, [f"view:{view_id}"])
                await store.remove(ws, view_id)
                break
            else:
                break
        await live.publish(ws, live.event("view", {"id": view_id}))


async def _everywhere(ws: Workspace, view: views.View) -> None:
    of = sum((await counters.numbers_of(ws, (OPEN, SNOOZED))).values())
    done = 0
    for facet in (OPEN, SNOOZED):
        cursor: str | None = None
        while True:
            found, cursor = await rows.batch(ws, facet, cursor=cursor, limit=_BATCH)
            for conversation in found:
                if (view.id in conversation.views) != (view.id in await views.of(ws, conversation)):
                    await _refresh(ws, conversation)
            done += len(found)
            if cursor is None:
                break
            await store.note_progress(ws, view.id, min(done, of), of)
            await live.publish(ws, live.event("view", {"id": view.id, "done": min(done, of), "of": of}))


async def _refresh_all(ws: Workspace, facets: list[str]) -> None:
    for facet in facets:
        cursor: str | None = None
        while True:
            found, cursor = await rows.batch(ws, facet, cursor=cursor, limit=_BATCH)
            for conversation in found:
                await _refresh(ws, conversation)
            if cursor is None:
                break


async def _refresh(ws: Workspace, conversation: Conversation) -> Conversation | None:
    """Its row says which views it is in; the conversation if it changed."""
    with suppress(Conflict):
        saved, changed = await conversations.change(ws, conversation, lambda now: replace(now))
        return saved if changed else None
    return None


async def pass_time(ws: Workspace) -> None:
    """What the time since the last look has moved in or out of views. Told to screens, since nobody did anything."""
    now = ws.clock.now()
    timed = [view for view in await store.every(ws) if views.is_timed(view.rule)]
    moved: dict[str, Conversation] = {}
    for view in timed:
        for field, offset in rules.turning_points(views.CATALOGUE, view.rule):
            await _turned(ws, field, views.since(view, now) + offset, now + offset, moved)
    for first in range(0, len(moved), 100):
        await live.tell_conversations(ws, *list(moved.values())[first : first + 100])
    await store.looked_at(ws, [view.id for view in timed], now)


async def _turned(ws: Workspace, field: str, since: datetime, until: datetime, moved: dict[str, Conversation]) -> None:
    cursor: str | None = None
    while True:
        found, cursor = await rows.turning(ws, field, since, until, cursor=cursor, limit=_BATCH)
        for conversation in found:
            if changed := await _refresh(ws, conversation):
                moved[changed.id] = changed
        if cursor is None:
            return
