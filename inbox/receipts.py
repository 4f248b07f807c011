"""
Delivery receipts: applied in bulk, only ever forward, parked when they come before the message they report on.

Providers send up to three for every message, late, twice and in any order. A batch is folded per message first, so a
message changes once however many reports came.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from app.core import leases
from app.core.platform import work
from app.core.platform.work import ReceiptRow
from app.core.runtime import Runtime, Workspace
from channels import accounts, errors
from channels.contract import DeliveryStatus
from inbox import delivery, live, timeline
from inbox.store import entries as store
from inbox.timeline import Entry

BATCH = 1_000
FOREIGN_AFTER = timedelta(hours=24)


async def apply(runtime: Runtime, account_id: str) -> None:
    """Apply what has come for this account until nothing is left."""
    async with leases.hold(runtime.redis, f"receipts:{account_id}") as lease:
        if lease is None:
            return
        while True:
            rows = await work.pending_receipts(runtime, account_id, now=runtime.clock.now(), limit=BATCH)
            if rows:
                await _apply(runtime, rows)
            if len(rows) < BATCH and not await lease.again():
                return


async def _apply(runtime: Runtime, rows: Sequence[ReceiptRow]) -> None:
    ws = runtime.workspace(rows[0].workspace_id)
    found = await _messages(ws, rows)
    by_message: dict[str, list[ReceiptRow]] = defaultdict(list)
    early: list[ReceiptRow] = []
    for row in rows:
        entry = found.get(row.correlation or "") or found.get(row.external_id)
        if entry is None:
            early.append(row)
        else:
            by_message[entry.id].append(row)
    entries = {entry.id: entry for entry in found.values()}
    changed = await _fold(ws, [(entries[entry_id], reports) for entry_id, reports in by_message.items()])
    await live.publish(ws, *[await live.entry_event(ws, entry, None) for entry in changed])
    await _park(runtime, early)
    done = [row.id for reports in by_message.values() for row in reports]
    if done:
        await work.finish_receipts(runtime, done)
        await delivery.note_traffic(runtime, rows[0].account_id, "last_webhook_at")


async def _messages(ws: Workspace, rows: Sequence[ReceiptRow]) -> dict[str, Entry]:
    """The messages reported on, by our id and by the provider's."""
    found: dict[str, Entry] = {}
    wanted = {row.correlation for row in rows if row.correlation}
    for entry in await store.get_many(ws, sorted(wanted)):
        found[entry.id] = entry
    missing = {row.external_id for row in rows if (row.correlation or "") not in found}
    for entry in await store.by_external_ids(ws, rows[0].account_id, sorted(missing)):
        for key in entry.external_ids:
            found[key.partition(":")[2]] = entry
    return found


async def _fold(ws: Workspace, reports: Sequence[tuple[Entry, Sequence[ReceiptRow]]]) -> list[Entry]:
    """Save every message once; those that somebody else changed meanwhile are done again one by one."""
    pairs: list[tuple[Entry, Entry]] = []
    for entry, rows in reports:
        wanted = _moved(entry, rows)
        if wanted is not entry:
            pairs.append((entry, replace(wanted, revision=entry.revision + 1)))
    if not pairs:
        changed = []
    elif await store.save_many(ws, pairs):
        changed = [new for _, new in pairs]
    else:
        changed = [(await timeline.change(ws, entry, partial(_moved, rows=rows)))[0] for entry, rows in reports]
    for entry, rows in reports:
        await _learn(ws, entry, rows)
    # Also those that had nothing to change: this process may have died after saving and before telling.
    saved = {entry.id: entry for entry in changed}
    return [saved.get(entry.id, entry) for entry, _ in reports]


def _moved(entry: Entry, rows: Sequence[ReceiptRow]) -> Entry:
    for row in rows:
        key = store.external_key(row.account_id, row.external_id)
        entry = delivery.advanced(DeliveryStatus(row.status), row.at, row.error, (key,))(entry)
    return entry


async def _learn(ws: Workspace, entry: Entry, rows: Sequence[ReceiptRow]) -> None:
    """A failure told by receipt teaches the same as one told at once."""
    for row in rows:
        if row.error is None:
            continue
        account = await accounts.get(ws.runtime, row.account_id)
        await delivery.learn(ws, account, entry, errors.from_receipt(row.error))


async def _park(runtime: Runtime, rows: Sequence[ReceiptRow]) -> None:
    """Early ones are looked at again, ever less often; after a day they are another system's."""
    now = runtime.clock.now()
    foreign = [row.id for row in rows if now - row.received_at > FOREIGN_AFTER]
    if foreign:
        await work.foreign_receipts(runtime, foreign)
        runtime.log.warning("foreign_receipts", count=len(foreign), account_id=rows[0].account_id)
    waits: dict[int, list[ReceiptRow]] = defaultdict(list)
    for row in rows:
        if row.id not in foreign:
            waits[min(row.attempts, 10)].append(row)
    for attempts, group in waits.items():
        await work.park_receipts(runtime, group, now + timedelta(seconds=min(2**attempts, 600)))
