"""Polling: for accounts whose provider is asked for news instead of calling us (a bot without a public URL)."""

import asyncio
from contextlib import suppress

import httpx
from redis.exceptions import RedisError

from app.core import leases, log
from app.core.errors import AppError
from app.core.mongo import DatabaseError
from app.core.platform import accounts as account_rows
from app.core.runtime import Runtime
from app.core.tasks import end
from channels import accounts, registry
from channels.contract import ChannelAccount, Parses, Polls
from channels.errors import AccountError, PayloadUnsupported, WebhookError
from inbox import delivery, inbound
from inbox.journal import Journal

_log = log.get("polling")
LOOK_SECONDS = 3.0


async def run(runtime: Runtime) -> None:
    """Keeps one poller for every account that wants one, whichever worker gets its lease; ends by cancellation."""
    journal = Journal(runtime, lambda kind, rows: inbound.stored(runtime, kind, rows))
    draining = asyncio.create_task(journal.run())
    pollers: dict[str, asyncio.Task[None]] = {}
    try:
        while True:
            wanted: dict[str, ChannelAccount] = {}
            with suppress(AppError):
                for row in await runtime.accounts.all():
                    adapter = registry.adapter(row.kind)
                    account = accounts.channel_account(row)
                    if row.enabled and isinstance(adapter, Polls) and adapter.polling(account):
                        wanted[row.id] = account
            await end(pollers.pop(account_id) for account_id in set(pollers) - set(wanted))
            for account_id, account in wanted.items():
                if account_id in pollers and pollers[account_id].done():
                    pollers.pop(account_id).result()
                if account_id not in pollers:
                    pollers[account_id] = asyncio.create_task(_poll(runtime, journal, account))
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        await end((*pollers.values(), draining))
        journal.close()


async def _poll(runtime: Runtime, journal: Journal, account: ChannelAccount) -> None:
    """Polls as long as this process holds the account's lease."""
    adapter = registry.adapter(account.kind)
    if not isinstance(adapter, Polls) or not isinstance(adapter, Parses):
        return
    key = f"parley:poll:{account.id}"
    with suppress(RedisError, DatabaseError, AppError, OSError, TimeoutError):
        async with leases.hold(runtime.redis, f"poll:{account.id}") as lease:
            if lease is None:
                return
            known = await runtime.redis.get(key)
            try:
                bodies, cursor = await adapter.poll(accounts.io(runtime), account, known.decode() if known else None)
            except (AccountError, httpx.HTTPError) as error:
                _log.warning("poll_failed", account_id=account.id, error=type(error).__name__)
                if isinstance(error, AccountError):
                    told = {"at": runtime.clock.now(), "code": "poll_failed", "message": str(error)}
                    await account_rows.note_health(runtime.mongo, account.id, {"last_error": told})
                await asyncio.sleep(5)
                return
            for body in bodies:
                await take_in(runtime, journal, account, adapter, body)
            # Only now may the provider forget them: everything is stored.
            if cursor is not None:
                await runtime.redis.set(key, cursor)
            if bodies:
                await delivery.note_traffic(runtime, account.id, "last_webhook_at")


async def take_in(runtime: Runtime, journal: Journal, account: ChannelAccount, adapter: Parses, body: bytes) -> int:
    """Accept a body that we fetched ourselves; how many events in it were new."""
    try:
        events = adapter.parse(account, body, {})
    except PayloadUnsupported:
        return 0
    except WebhookError as error:
        _log.warning("polled_body_unreadable", account_id=account.id, error=str(error))
        return 0
    return await inbound.accept(runtime, journal, account, events)
