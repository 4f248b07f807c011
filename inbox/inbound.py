"""
What comes in: `accept` makes it durable before the provider gets its 200; `process` works it off, one person's events
after another, people side by side.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta
from urllib.parse import parse_qsl
from weakref import WeakKeyDictionary

import orjson
from redis.exceptions import RedisError

from app.core import clock, leases, log
from app.core.errors import ContactMerged, NotFound, Unavailable
from app.core.leases import Lease
from app.core.mongo import ConnectionFailure, DatabaseError, Document
from app.core.platform import work
from app.core.platform.work import InboundRow, Receipt
from app.core.queue import Lane
from app.core.runtime import Runtime
from channels import accounts, registry
from channels.contract import (
    ChannelAccount,
    DeliveryReceipt,
    InboundEvent,
    InboundMessage,
    Parses,
    Sender,
    TypingStarted,
)
from channels.errors import WebhookError
from inbox import choices, messages, receipts, signup_forms, stops
from inbox.answering import deferred
from inbox.journal import Journal, Kind
from inbox.messages import Ahead, MessageMissing

_log = log.get("inbound")
_BATCH = 50
_MOST_FIELDS = 500
# Events with which other rows are read: as many times as there are events, and nearly always there is one.
_FEW = 5
# Done rows wait so long until they are marked, and the marking of all that did goes on for as long.
_CLEAR_SECONDS = 0.25
# What somebody in a merge has written is tried again after so long.
_MERGE_SECONDS = 3.0
# How long a message is waited for that somebody has reacted to or taken back already, and how often it is looked for at
# least. A message that was under way for longer than `_LATE` calls for what has waited for it.
_EARLY_FOR = receipts.FOREIGN_AFTER
_MOST_EARLY_SECONDS = 3_600.0
_LATE = timedelta(seconds=60)
# Rows that are done and do not say so yet, of each Runtime in this process.
_done: "WeakKeyDictionary[Runtime, set[str]]" = WeakKeyDictionary()
# Who wrote last under a pending key in this process (workspace, sender): only a guess at whose the next event is.
_senders: dict[str, tuple[str, Sender]] = {}
_MOST_SENDERS = 20_000


async def accept(runtime: Runtime, journal: Journal, account: ChannelAccount, events: Sequence[InboundEvent]) -> int:
    """
    Store events and see that they are worked on; how many were new. Returns only when all are safe.

    Raises Unavailable if neither the database nor the spool takes them.
    """
    now = runtime.clock.now()
    inbound: list[Document] = []
    receipts: list[Document] = []
    for event in events:
        if isinstance(event, DeliveryReceipt):
            receipt = Receipt(
                external_id=event.external_id,
                correlation=event.correlation,
                status=event.status.value,
                at=clock.not_ahead(event.at, now),
                error=asdict(event.error) if event.error else None,
                price_category=event.price_category,
            )
            receipts.append(work.receipt_document(account.id, account.workspace_id, receipt, now))
        elif isinstance(event, TypingStarted):
            with suppress(DatabaseError, RedisError, TimeoutError):
                await messages.show_typing(runtime.workspace(account.workspace_id), event)
        else:
            row = InboundRow(
                id=f"{account.id}/{event.key}",
                workspace_id=account.workspace_id,
                account_id=account.id,
                order_key=event.order_key,
                body=event.raw,
                received_at=now,
                sequence=time.time_ns(),
            )
            inbound.append(work.inbound_document(row))
    # One body may hold the same event twice.
    inbound = list({row["_id"]: row for row in inbound}.values())
    known = await journal.add("inbound", inbound)
    await journal.add("receipts", receipts)
    await stored(runtime, "inbound", [row for row in inbound if row["_id"] not in known])
    return len(inbound) + len(receipts) - len(known)


async def stored(runtime: Runtime, kind: Kind, rows: Sequence[Document]) -> None:
    """Rows have reached the database: ask for their processing."""
    if kind == "receipts":
        for account_id in {row["account_id"] for row in rows}:
            await runtime.queue.enqueue("apply_receipts", account_id, lane=Lane.INBOUND)
        return
    for pending_key in dict.fromkeys(row["pending_key"] for row in rows):
        await runtime.queue.enqueue("process_inbound", pending_key, lane=Lane.INBOUND)


async def process(runtime: Runtime, pending_key: str) -> None:
    """
    Work off everything that waits for one person on one account, in order, until nothing is left.

    An event that fails holds back the ones after it and is tried again; after eight times it is put aside, kept with
    its error, and the rest goes on.
    """
    async with leases.hold(runtime.redis, f"inbound:{pending_key}") as lease:
        while lease is not None and not lease.lost:
            rows, ahead = await _waiting(runtime, pending_key)
            done = _done.get(runtime, set())
            if not await _process_rows(runtime, [row for row in rows if row.id not in done], lease, ahead):
                return
            if len(rows) == _BATCH:
                # There may be more behind these.
                await clear_marks(runtime)
            elif not await lease.again():
                return


async def _waiting(runtime: Runtime, pending_key: str) -> tuple[list[InboundRow], Ahead | None]:
    """
    What waits under this key, and what the first of it will need, where it is known in this process who writes under
    this key.
    """
    ahead: Ahead | None = None
    if (known := _senders.get(pending_key)) is not None:
        ws, sender = runtime.workspace(known[0]), known[1]
        wanted = messages.wanted_ahead(ws, sender)
        rows, found = await work.pending_inbound_beside(runtime, pending_key, wanted, limit=_FEW)
        ahead = messages.ahead_of(ws, sender, found)
        if len(rows) < _FEW:
            return rows, ahead
    # All of them, because which is the first is seen only then.
    return await work.pending_inbound(runtime, pending_key, limit=_BATCH), ahead


def _note_sender(row: InboundRow, sender: Sender) -> None:
    if len(_senders) >= _MOST_SENDERS:
        _senders.clear()
    _senders[row.pending_key] = row.workspace_id, sender


async def _process_rows(runtime: Runtime, rows: Sequence[InboundRow], lease: Lease, ahead: Ahead | None = None) -> bool:
    """
    Handle rows in order; False if one has to wait for another try, or somebody else goes on with them. What was read
    `ahead` is the first's.
    """
    for at, row in enumerate(rows):
        if lease.lost or (row.due_at is not None and row.due_at > runtime.clock.now()):
            return False
        try:
            await _handle(runtime, row, ahead if at == 0 else None)
        except (ConnectionFailure, RedisError, TimeoutError, Unavailable):
            # Not the event's fault, so it uses up none of its tries; the sweeper brings it back.
            raise
        except ContactMerged:
            # Nor is a merge that stands still: it is waited for.
            _log.info("inbound_waits_for_merge", inbound_id=row.id)
            await runtime.queue.enqueue(
                "process_inbound", row.pending_key, lane=Lane.INBOUND, delay_seconds=_MERGE_SECONDS
            )
            return False
        except MessageMissing as error:
            if not await _put_off(runtime, row):
                _log.info("inbound_about_unknown_message", inbound_id=row.id, reason=str(error))
                _done.setdefault(runtime, set()).add(row.id)
        except NotFound as error:
            _log.warning("inbound_put_aside", inbound_id=row.id, reason=str(error))
            await work.fail_inbound(runtime, row, str(error), final=True)
        except Exception as error:
            # An edge: one bad event must not stop this person's others for ever.
            _log.exception("inbound_failed", inbound_id=row.id, attempts=row.attempts + 1)
            wait = 2.0**row.attempts
            due_at = runtime.clock.now() + timedelta(seconds=wait)
            if await work.fail_inbound(runtime, row, f"{type(error).__name__}: {error}", due_at=due_at):
                await runtime.queue.enqueue(
                    "process_inbound", row.pending_key, lane=Lane.INBOUND, delay_seconds=wait + 0.05
                )
                return False
        else:
            _done.setdefault(runtime, set()).add(row.id)
    return True


async def _put_off(runtime: Runtime, row: InboundRow) -> bool:
    """
    Whether it is looked at again. No provider promises an order, and what we send is known by its id only when the
    provider has answered.
    """
    now = runtime.clock.now()
    age = now - row.received_at
    if age > _EARLY_FOR:
        return False
    wait = min(max(age.total_seconds(), 1.0), _MOST_EARLY_SECONDS)
    key = await work.put_off_inbound(runtime, row, now + timedelta(seconds=wait))
    await runtime.queue.enqueue("process_inbound", key, lane=Lane.INBOUND, delay_seconds=wait + 0.05)
    return True


async def _call_early(runtime: Runtime, row: InboundRow) -> None:
    """What this person has said of a message may be about this one, and is looked at now."""
    if key := await work.call_early_inbound(runtime, row):
        await runtime.queue.enqueue("process_inbound", key, lane=Lane.INBOUND)


async def keep_clearing(runtime: Runtime) -> None:
    """
    Marks rows as done until cancelled, twice a second: one command for some costs a fraction
    of one for each, and while it runs no message is stored, so there is a pause between two.
    """
    while True:
        await asyncio.sleep(_CLEAR_SECONDS)
        await clear_marks(runtime, over_seconds=_CLEAR_SECONDS)


async def clear_marks(runtime: Runtime, *, over_seconds: float = 0) -> None:
    """
    Once; also called when the worker stops. Should a process die before it, its rows are worked off once more, which
    changes nothing.
    """
    done = _done.get(runtime, set())
    taken = list(done)
    parts = [taken[first : first + work.MARKED_AT_ONCE] for first in range(0, len(taken), work.MARKED_AT_ONCE)]
    for part in parts:
        await work.finish_inbound(runtime, part)
        done.difference_update(part)
        await asyncio.sleep(over_seconds / len(parts))


async def _handle(runtime: Runtime, row: InboundRow, ahead: Ahead | None) -> None:
    """Raises NotFound if the account was disconnected, and what keeps the event from being taken in."""
    account = await accounts.get(runtime, row.account_id)
    adapter = registry.adapter(account.kind)
    if not isinstance(adapter, Parses):
        raise TypeError(f"{account.kind} has stored an event but cannot parse one")
    ws = runtime.workspace(row.workspace_id)
    try:
        events = adapter.parse(account, row.body, {})
    except WebhookError as error:
        raise ValueError(f"the stored payload no longer parses: {error}") from error
    for event in events:
        written = await messages.handle(ws, account, event, raw_id=row.id, received_at=row.received_at, ahead=ahead)
        ahead = None
        if isinstance(event, InboundMessage) and row.received_at - event.at > _LATE:
            await _call_early(runtime, row)
        if written is not None:
            await deferred.customer_wrote(ws, written)
            if isinstance(event, InboundMessage):
                _note_sender(row, event.sender)
                await stops.answer(ws, account, event, written)
                await signup_forms.meet(ws, account, event, written)
                await choices.meet(ws, account, event, written)


def readable(body: bytes) -> object:
    """A raw payload as JSON where it is JSON, a form as its fields, anything else as text."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        text = body.decode("utf-8", "replace")
    try:
        return dict(parse_qsl(text, keep_blank_values=True, strict_parsing=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        return text
