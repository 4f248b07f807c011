"""
Checkups: every connected account is asked once an hour whether its credentials still work, so that an owner hears of a
token that ends, a number that lost its quality or a webhook that fell silent before customers do.
"""

import asyncio
from contextlib import suppress

from redis.exceptions import RedisError

from app.core import log
from app.core.errors import AppError
from app.core.mongo import DatabaseError
from app.core.platform.accounts import AccountRow
from app.core.runtime import Runtime
from channels import accounts
from inbox import live

_log = log.get("checkups")
EVERY_SECONDS = 3_600
LOOK_SECONDS = 60


async def run(runtime: Runtime) -> None:
    """Checks each account in its turn (one process does); ends by cancellation."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        with suppress(AppError, RedisError, DatabaseError):
            for row in await runtime.accounts.all():
                if row.enabled and await runtime.redis.set(f"parley:checkup:{row.id}", "1", ex=EVERY_SECONDS, nx=True):
                    await check(runtime, row)


async def check(runtime: Runtime, row: AccountRow) -> None:
    """Ask the provider, keep the answer, and tell screens if the account's state is another now."""
    ws = runtime.workspace(row.workspace_id)
    before = accounts.health(row, runtime.clock.now())["state"]
    checked = await accounts.check(ws, row)
    after = accounts.health(checked, runtime.clock.now())
    if after["state"] != before:
        _log.warning("account_health_changed", account_id=row.id, channel=row.kind, state=after["state"])
        await live.publish(ws, live.event("account", {"id": row.id}))
