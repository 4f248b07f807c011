"""
Delivery receipts: applied in bulk, only ever forward, parked when they come before the message they report on.

Providers send up to three for every message, late, twice and in any order. A batch is folded per message first, so a
message changes once however many reports came.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from redis.exceptions import RedisError

from app.core import ids, leases
from app.core.errors import AppError, Conflict, NotFound
from app.core.mongo import ConnectionFailure
from app.core.platform import work
from app.core.platform.work import Receipt, ReceiptBatch
from app.core.runtime import Runtime, Workspace
from channels import accounts, errors
from channels.contract import DeliveryStatus
from inbox import delivery, live, signals, spending
from inbox.answering import deferred
from inbox.mailings import reports
from inbox.store import entries as store
from inbox.timeline import Entry

BATCH = 2_000
# In a flood one look begins so long after the one before, so that more reports on the same message change it once.
BUSY = 100
FOLD_SECONDS = 0.8
FOREIGN_AFTER = timedelta(hours=24)
_TRIES = 6


async def apply(runtime: Runtime, account_id: str) -> None:
    """Apply what has come for this account until nothing is left."""
    async with leases.hold(runtime.redis, f"receipts:{account_id}", leases.BRIEF_SECONDS) as lease:
        if lease is None:
            return
        loop = asyncio.get_running_loop()
        while not lease.lost:
            began = loop.time()
            batches = await work.pending_receipts(runtime, account_id, limit=BATCH)
            if batches:
                await _apply_what_can_be(runtime, batches)
            count = sum(len(batch.reports) for batch in batches)
            if count >= BUSY:
                await asyncio.sleep(max(0.0, began + FOLD_SECONDS - loop.time()) if count < BATCH else 0)
            elif not await lease.again():
                return


async def _apply_what_can_be(runtime: Runtime, batches: Sequence[ReceiptBatch]) -> None:
    """All at once; if that fails, one by one, and what cannot be applied is put aside: it must not block the rest."""
    try:
        await _apply(runtime, batches)
    except (ConnectionFailure, RedisError, TimeoutError, AppError):
        # Not the batches' fault; the sweeper asks again.
        raise
    except Exception as error:
        runtime.log.exception("receipts_failed", account_id=batches[0].account_id, batches=len(batches))
        if len(batches) == 1:
            await work.fail_receipts(runtime, batches[0], f"{type(error).__name__}: {error}")
            return
        for batch in batches:
            await _apply_what_can_be(runtime, [batch])


async def _apply(runtime: Runtime, batches: Sequence[ReceiptBatch]) -> None:
    ws, account_id = runtime.workspace(batches[0].workspace_id), batches[0].account_id
    bulk, single = reports.split([report for batch in batches for report in batch.reports])
    later = {id(report) for report in await reports.apply(ws, account_id, bulk)}
    found = await _messages(ws, account_id, single)
    by_message: dict[str, list[Receipt]] = defaultdict(list)
    early: list[ReceiptBatch] = []
    for batch in batches:
        of_mailings, of_messages = reports.split(batch.reports)
        unknown = [report for _, report in of_mailings if id(report) in later]
        for report in of_messages:
            entry = found.get(report.correlation or "") or found.get(report.external_id)
            if entry is None:
                unknown.append(report)
            else:
                by_message[entry.id].append(report)
        if unknown:
            early.append(replace(batch, reports=tuple(unknown)))
    changed = await _fold(ws, account_id, by_message, {entry.id: entry for entry in found.values()})
    if lost := [entry for entry in changed if entry.status == DeliveryStatus.FAILED.value]:
        await spending.failed(ws, [entry.id for entry in lost])
        for entry in lost:
            await deferred.opener_lost(ws, entry)
    for entry in changed:
        await _learn(ws, account_id, entry, by_message[entry.id])
    await live.publish(ws, *[await live.entry_event(ws, entry, None) for entry in changed])
    await _park(runtime, await _without_reactions(runtime, account_id, early))
    await work.finish_receipts(runtime, [batch.id for batch in batches])
    if by_message or bulk:
        await delivery.note_traffic(runtime, account_id, "last_webhook_at")


async def _messages(ws: Workspace, account_id: str, told: Sequence[Receipt]) -> dict[str, Entry]:
    """The messages reported on, by our id and by the provider's."""
    found: dict[str, Entry] = {}
    wanted = {report.correlation for report in told if report.correlation}
    for entry in await store.get_many(ws, sorted(wanted)):
        if entry.direction == "out":
            found[entry.id] = entry
    missing = {report.external_id for report in told if (report.correlation or "") not in found}
    for entry in await store.by_external_ids(ws, account_id, sorted(missing)):
        for key in entry.external_ids:
            found[key.partition(":")[2]] = entry
    return found


async def _fold(
    ws: Workspace, account_id: str, reported: Mapping[str, Sequence[Receipt]], known: Mapping[str, Entry]
) -> list[Entry]:
    """
    Save every message reported on once, however many reports; the messages as they are now, `known` as they were read.

    Also those that had nothing to change: this process may have died after saving and before telling. Raises Conflict.
    """
    now = {entry_id: known[entry_id] for entry_id in reported}
    for _ in range(_TRIES):
        pairs: list[tuple[Entry, Entry]] = []
        for entry_id, entry in now.items():
            wanted = _moved(entry, account_id, reported[entry_id])
            if wanted is not entry:
                pairs.append((entry, replace(wanted, revision=entry.revision + 1)))
        if await store.save_many(ws, pairs):
            return [*(now | {new.id: new for _, new in pairs}).values()]
        # Somebody else changed one of them meanwhile.
        now |= {entry.id: entry for entry in await store.get_many(ws, [old.id for old, _ in pairs])}
    raise Conflict("These messages are being changed by too many at once; try again.")


def _moved(entry: Entry, account_id: str, told: Sequence[Receipt]) -> Entry:
    for report in sorted(told, key=lambda report: report.at):
        key = store.external_key(account_id, report.external_id)
        error = delivery.kept_of(errors.from_receipt(report.error)) if report.error else None
        entry = delivery.advanced(DeliveryStatus(report.status), report.at, error, (key,))(entry)
    return entry


async def _learn(ws: Workspace, account_id: str, entry: Entry, told: Sequence[Receipt]) -> None:
    """A failure told by receipt teaches the same as one told at once."""
    for report in told:
        if report.error is None:
            continue
        # An account that was disconnected since has nothing to learn any more.
        with suppress(NotFound):
            account = await accounts.get(ws.runtime, account_id)
            # The provider's time: a consent given after the failure stands, however late its report comes.
            error = errors.from_receipt(report.error)
            await delivery.learn(ws, account, entry.id, entry.address or "", error, at=report.at)


async def _without_reactions(
    runtime: Runtime, account_id: str, early: Sequence[ReceiptBatch]
) -> Sequence[ReceiptBatch]:
    """Less the reports on our own reactions, which are no messages and wait for none."""
    if not early:
        return early
    wanted = sorted({report.external_id for batch in early for report in batch.reports})
    known = await signals.reactions_among(runtime, account_id, wanted)
    left = (replace(b, reports=tuple(r for r in b.reports if r.external_id not in known)) for b in early)
    return [batch for batch in left if batch.reports]


async def _park(runtime: Runtime, early: Sequence[ReceiptBatch]) -> None:
    """Early ones are looked at again, ever less often; after a day they are another system's."""
    now = runtime.clock.now()
    parked: list[ReceiptBatch] = []
    for batch in early:
        foreign = now - batch.received_at > FOREIGN_AFTER
        due = None if foreign else now + timedelta(seconds=min(2 ** min(batch.attempts, 10), 600))
        if foreign:
            count = len(batch.reports)
            runtime.log.warning("foreign_receipts", count=count, account_id=batch.account_id)
        parked.append(replace(batch, id=ids.new("rcp"), attempts=batch.attempts + 1, due_at=due))
    if parked:
        await work.park_receipts(runtime, parked)
