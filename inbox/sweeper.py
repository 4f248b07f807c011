"""
The sweeper: finds work that nobody has finished, and puts it back to work.

Jobs are hints; rows are the truth. Whatever a crash, a lost Redis or a full queue has left behind is found here, within
seconds, by reading the open-work indexes. One sweeper at a time does it (a lease), any worker may be it.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta

from redis.exceptions import RedisError

from app.core import leases, log, rounds
from app.core.errors import AppError, NotFound
from app.core.mongo import DatabaseError
from app.core.platform import work
from app.core.queue import Lane
from app.core.runtime import Runtime
from channels.contract import DeliveryStatus
from inbox import delivery, files, live

_log = log.get("sweeper")
# What is younger is probably just being worked on.
PATIENCE_SECONDS = 4.0
# A send is ended after 35 s; whoever holds a message longer than this is gone.
CLAIM_SECONDS = delivery.SEND_SECONDS + 10
PRUNE_EVERY_SECONDS = 600.0
_MOST_HELD = 200


async def run(runtime: Runtime) -> None:
    """Sweeps until cancelled; a database or Redis that is down is waited for."""
    loop = asyncio.get_running_loop()
    pruned_at = loop.time()
    while True:
        await rounds.rest(runtime.settings.round_seconds)
        with suppress(DatabaseError, RedisError, OSError, TimeoutError):
            async with leases.hold(runtime.redis, "sweeper", leases.BRIEF_SECONDS) as lease:
                if lease is not None:
                    await sweep(runtime)
                    if loop.time() - pruned_at > PRUNE_EVERY_SECONDS:
                        pruned_at = loop.time()
                        now = runtime.clock.now()
                        await work.prune_raw(runtime, now - timedelta(days=runtime.settings.raw_retention_days))
                        await files.delete_unused(runtime, now)


async def sweep(runtime: Runtime) -> None:
    """Once over everything that is open."""
    now = runtime.clock.now()
    before = now - timedelta(seconds=PATIENCE_SECONDS)
    for pending_key in await work.overdue_inbound(runtime, before):
        await runtime.queue.enqueue("process_inbound", pending_key, lane=Lane.INBOUND)
    for account_id in await work.wake_receipts(runtime, now) | await work.overdue_receipts(runtime, before):
        await runtime.queue.enqueue("apply_receipts", account_id, lane=Lane.INBOUND)
    await _sweep_outbox(runtime)
    for workspace_id, entry_id in await work.due_held(runtime, now, limit=_MOST_HELD):
        await delivery.take_up(runtime.workspace(workspace_id), entry_id)
    for workspace_id, deferred_id in await work.due_deferred(runtime, now):
        await runtime.queue.enqueue("send_deferred", workspace_id, deferred_id, lane=Lane.REPLIES)
    for workspace_id, push_id in await work.due_pushes(runtime, before):
        await runtime.queue.enqueue("push", workspace_id, push_id, lane=Lane.PUSH)
    for media_id in await work.due_media(runtime, before):
        await runtime.queue.enqueue("fetch_media", media_id, lane=Lane.BACKGROUND, job_id=f"media:{media_id}")
    for row in await work.stale_changes(runtime, before):
        try:
            await live.retell(runtime.workspace(row.workspace_id), row.kind, row.ref)
        except NotFound:
            # What was to be told of is gone, or never came to be.
            pass
        except (DatabaseError, RedisError, OSError, TimeoutError):
            raise
        except Exception:
            # An edge: one row that cannot be told must not keep all later ones back for ever.
            _log.exception("change_cannot_be_told", kind=row.kind)
        await work.drop_change(runtime, row.id)


async def _sweep_outbox(runtime: Runtime) -> None:
    now = runtime.clock.now()
    contacts: set[tuple[str, str]] = set()
    for row in await work.open_outbox(runtime, limit=2_000):
        ws = runtime.workspace(row.workspace_id)
        if row.status == DeliveryStatus.SENDING.value:
            if row.claimed_at and now - row.claimed_at > timedelta(seconds=CLAIM_SECONDS):
                _log.warning("claim_given_up", message_id=row.id)
                with suppress(AppError):
                    await delivery.give_up_claim(ws, row.id)
        elif (row.due_at or row.created_at) < now - timedelta(seconds=PATIENCE_SECONDS):
            contacts.add((row.workspace_id, row.contact_id))
    for workspace_id, contact_id in contacts:
        await runtime.queue.enqueue("deliver", workspace_id, contact_id, lane=Lane.REPLIES)
