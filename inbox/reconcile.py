"""Reconciliation: providers that do not retry a lost webhook are asked every minute what came in."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import httpx
from redis.exceptions import RedisError

from app.core import clock, log
from app.core.errors import AppError
from app.core.mongo import DatabaseError
from app.core.platform.accounts import AccountRow
from app.core.runtime import Runtime
from app.core.tasks import end
from channels import accounts, registry
from channels.contract import ChannelAccount, Parses, Reconciles
from channels.errors import AccountError
from inbox import inbound, polling
from inbox.journal import Journal

_log = log.get("reconcile")
EVERY_SECONDS = 60
# Each look reaches back further than the last one did: what the provider lists late is still found.
OVERLAP = timedelta(minutes=10)
FIRST_LOOK = timedelta(hours=6)


async def run(runtime: Runtime) -> None:
    """Looks at every such account once a minute (one process does); ends by cancellation."""
    journal = Journal(runtime, lambda kind, rows: inbound.stored(runtime, kind, rows))
    draining = asyncio.create_task(journal.run())
    try:
        while True:
            await asyncio.sleep(EVERY_SECONDS / 6)
            with suppress(AppError):
                for row in await runtime.accounts.all():
                    # One account's trouble must not cost the others their look.
                    with suppress(AppError, RedisError, DatabaseError, OSError, TimeoutError):
                        await _in_turn(runtime, journal, row)
    finally:
        await end((draining,))
        journal.close()


async def _in_turn(runtime: Runtime, journal: Journal, row: AccountRow) -> None:
    adapter = registry.adapter(row.kind)
    if not row.enabled or not isinstance(adapter, Reconciles):
        return
    if await runtime.redis.set(f"parley:reconcile:{row.id}", "1", ex=EVERY_SECONDS, nx=True):
        await _look(runtime, journal, accounts.channel_account(row), adapter)


async def _look(runtime: Runtime, journal: Journal, account: ChannelAccount, adapter: Reconciles) -> None:
    key = f"parley:reconciled:{account.id}"
    now = runtime.clock.now()
    before = await runtime.redis.get(key)
    since = now - FIRST_LOOK if before is None else clock.from_unix(float(before)) - OVERLAP
    try:
        bodies = await adapter.list_since(accounts.io(runtime), account, since)
    except (AccountError, httpx.HTTPError) as error:
        _log.info("reconcile_failed", account_id=account.id, error=type(error).__name__)
        return
    found = 0
    if isinstance(adapter, Parses):
        for body in bodies:
            found += await polling.take_in(runtime, journal, account, adapter, body)
    await runtime.redis.set(key, str(now.timestamp()))
    if found:
        _log.warning("lost_webhooks_recovered", account_id=account.id, messages=found)
