"""
Delivery: one contact's outgoing messages after another, claimed, paced, handed to the provider, recorded.

A message is claimed by a conditional update before the provider is called, so no two workers send it. If this process
dies between the call and the answer the message becomes `unknown`: it is never sent again by a machine.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import httpx
from redis.exceptions import RedisError

from app.core import clock, leases
from app.core.addresses import Address
from app.core.errors import AppError, LeftOut, NotFound, OptedOut, Unavailable
from app.core.leases import Lease
from app.core.mongo import ConnectionFailure, DatabaseError
from app.core.platform import accounts as account_rows
from app.core.queue import Lane
from app.core.runtime import Runtime, Workspace
from channels import accounts, registry
from channels.content import MediaMessage
from channels.contract import (
    RANK,
    ChannelAccount,
    ChannelIO,
    DeliveryStatus,
    LooksUp,
    OutboundFile,
    OutboundMessage,
    Purpose,
    SendResult,
)
from channels.errors import (
    AccountRefused,
    MessageRefused,
    NotDelivered,
    NotSent,
    OutcomeUnknown,
    RecipientOptedOut,
    RecipientUnreachable,
    ReplyWindowClosed,
    SenderRestricted,
    SendError,
    Throttled,
)
from crm import contacts, gate, pacing, resting
from crm.contacts import Failure
from inbox import allowances, contents, conversations, files, footers, live, messages, rates, spending, timeline
from inbox import handles as media_handles
from inbox.answering import deferred
from inbox.mailings.mailing import Ref
from inbox.store import entries as store
from inbox.store import tickets
from inbox.timeline import Entry

_T = TypeVar("_T")
# Work marks to take off, by workspace, of each Runtime in this process.
_marks: "WeakKeyDictionary[Runtime, dict[str, list[str]]]" = WeakKeyDictionary()
# When this process last noted an account's traffic.
_traffic: "WeakKeyDictionary[Runtime, dict[tuple[str, str], float]]" = WeakKeyDictionary()
_TRAFFIC_SECONDS = 10

SEND_SECONDS = 35
# Providers list a message some seconds after they have taken it.
LOOK_UP_SECONDS = 20
# How long the database may be away while an outcome is recorded.
RECORD_SECONDS = 20
MAX_ATTEMPTS = 6
# Being told to wait ends some time, too.
MAX_THROTTLED = timedelta(hours=24)
# Waits up to this long are waited out on the spot; longer ones free the worker for others.
SHORT_WAIT_SECONDS = 1.0
# Marketing that may go within this time waits as work.
SHORT_HOLD_SECONDS = 5.0
# Somebody else has just taken the last place of the day.
_FULL = timedelta(minutes=10)
# So long after its wait is over, a report of having been too fast still slows the sender down.
_STILL_COUNTS = 60.0


async def deliver(ws: Workspace, contact_id: str) -> None:
    """
    Send what is due for this contact, in order; a message that must wait holds back those behind it on the same way.
    """
    async with leases.hold(ws.redis, f"outbox:{contact_id}") as lease:
        if lease is None:
            return
        while not lease.lost:
            await _drain(ws, contact_id, lease)
            if not await lease.again():
                return


async def _drain(ws: Workspace, contact_id: str, lease: Lease) -> None:
    """Once over what is open; a delayed job will come back for what has to wait."""
    announced: list[str] = []
    held: dict[tuple[str | None, str | None, bool], float] = {}
    try:
        for entry in await store.outbox_of(ws, contact_id):
            way = (entry.account_id, entry.address, entry.purpose == gate.MARKETING)
            if lease.lost:
                return
            if entry.status == DeliveryStatus.QUEUED.value:
                if way in held:
                    continue
                wait = await _deliver_one(ws, entry)
                if wait > 0:
                    # What comes behind on the same way waits, too; on another channel the person can be reached, and
                    # an answer does not wait for advertising.
                    held[way] = wait
                    continue
                announced.append(entry.id)
            elif entry.status != DeliveryStatus.SENDING.value:
                # Settled by somebody who died before taking the mark off: tell it (again), then take it off.
                await live.tell_entry(ws, entry)
                announced.append(entry.id)
    finally:
        settled(ws, announced)
        if held:
            wait = min(held.values())
            await ws.queue.enqueue("deliver", ws.id, contact_id, lane=Lane.REPLIES, delay_seconds=wait)


async def _deliver_one(ws: Workspace, entry: Entry) -> float:
    """Seconds after which to try again; 0 if the message is settled."""
    now = ws.clock.now()
    if entry.due_at and entry.due_at > now:
        return (entry.due_at - now).total_seconds()
    try:
        account = await accounts.get(ws.runtime, entry.account_id or "")
    except NotFound:
        message = "This channel account was disconnected before the message went out."
        await _settle(ws, entry, DeliveryStatus.SKIPPED, error={"code": "account_disconnected", "message": message})
        return 0
    closing: dict[str, datetime] = {}
    kept_back = await _kept_back(ws, account, entry, closing)
    if kept_back is not None:
        return kept_back
    full_until = await _full_until(ws, account, entry)
    if full_until is not None:
        words = "this number has written first to as many people as it may in a day."
        return await _hold(ws, entry, full_until, "daily_limit", words)
    wait, waited = await _pace(ws, account, entry)
    if wait > 0:
        return wait
    # They may have said stop while it was not the sender's turn.
    kept_back = await _kept_back(ws, account, entry, closing) if waited else None
    if kept_back is not None:
        return kept_back
    claimed = await _claim(ws, entry)
    if claimed is None:
        return 0
    if claimed.purpose == gate.MARKETING:
        ends = footers.says_it(claimed.content)
        sent = pacing.Sent(_message(claimed), ws.clock.now(), claimed.channel or "", ends)
        await pacing.note(ws, claimed.contact_id, sent)
    try:
        result = await _hand_over(ws, account, claimed, good_until=closing.get(_message(entry)))
    except SendError as error:
        # As a whole, again: what it teaches is known twice without harm.
        return await _surely(_failed, ws, account, claimed, error)
    await spending.note(ws, account, claimed)
    keys = tuple(store.external_key(account.id, external_id) for external_id in result.external_ids)
    await _surely(_settle, ws, claimed, result.status, external_ids=keys)
    await media_handles.learn(ws, account.id, result.kept)
    await note_traffic(ws.runtime, account.id, "last_send_at")
    return 0


async def _kept_back(
    ws: Workspace, account: ChannelAccount, entry: Entry, closing: dict[str, datetime]
) -> float | None:
    """Seconds after which to try again, 0 if it is settled; None: it may go now."""
    refusal = await _refusal(ws, account, entry, closing)
    if refusal is None:
        return None
    if isinstance(refusal, datetime):
        return await _hold(ws, entry, refusal, "quiet_hours", "it is too late or too early for them.")
    kept = {"code": refusal.code, "message": refusal.detail, "resendable": not isinstance(refusal, OptedOut)}
    await _settle(ws, entry, DeliveryStatus.SKIPPED, error=kept)
    return 0


async def _refusal(
    ws: Workspace, account: ChannelAccount, entry: Entry, closing: dict[str, datetime]
) -> AppError | datetime | None:
    """The gate and the window at this very moment: why not, or not before when. `closing`: see the gate."""
    if not account.enabled:
        return AppError("This channel account was switched off before the message went out.", code="account_disabled")
    try:
        asked = gate.Asked(
            address=Address.parse(entry.address or ""),
            purpose=entry.purpose or Purpose.SERVICE.value,
            sender=account.id,
            topic=entry.topic or "",
            queued_at=entry.created_at,
            key=_message(entry),
        )
        until = await gate.ask(ws, asked, complaints=partial(tickets.with_open, ws), closing=closing)
    except (OptedOut, LeftOut) as error:
        return error
    if until is not None:
        return until
    if entry.window_until is None or entry.window_until > ws.clock.now():
        return None
    # It closed while the message waited, unless the person has written again.
    conversation = await conversations.get(ws, entry.conversation_id)
    hours = registry.adapter(account.kind).capabilities(account).window_hours or 0
    closes = conversations.window(conversation, account.id, entry.address or "", hours)
    if closes is not None and closes > ws.clock.now():
        return None
    return AppError("The reply window closed before the message went out.", code="reply_window_closed")


def _message(entry: Entry) -> str:
    """What all parts of a long text have in common."""
    return (entry.client_id or entry.id).partition("/")[0]


async def _full_until(ws: Workspace, account: ChannelAccount, entry: Entry) -> datetime | None:
    """Where it would be the first word to one person more than the provider lets us write to in a day: until when."""
    content = contents.parsed(entry.content or {})
    standing = await allowances.standing(ws, account.id) if allowances.counts(content) else None
    if standing is None:
        return None
    conversation = await conversations.get(ws, entry.conversation_id)
    hours = registry.adapter(account.kind).capabilities(account).window_hours or 0
    closes = conversations.window(conversation, account.id, entry.address or "", hours)
    if closes is not None and closes > ws.clock.now():
        return None
    (may,) = await allowances.take(ws, account.id, [Address.parse(entry.address or "")])
    return None if may else standing.full_until or ws.clock.now() + _FULL


async def _hold(ws: Workspace, entry: Entry, until: datetime, code: str, words: str) -> float:
    """It waits for a time at which it may reach the person; the sweeper takes it up again. What waits is no work."""
    wait = (until - ws.clock.now()).total_seconds()
    if wait <= SHORT_HOLD_SECONDS:
        return max(wait, 0.05)
    told = {"code": code, "message": f"Waits until {clock.iso(until)}: {words}"}

    def how(now: Entry) -> Entry:
        if now.status != DeliveryStatus.QUEUED.value:
            return now
        return replace(now, held_until=until, outbox_key=None, error=told)

    # Noted first: what is noted and does not wait is taken up for nothing.
    await store.hold(ws, entry.id, until)
    entry, _ = await timeline.change(ws, entry, how)
    await live.tell_entry(ws, entry)
    return 0


async def take_up(ws: Workspace, entry_id: str) -> None:
    """A message that waited for this hour is work again; done twice it is so once."""

    def how(now: Entry) -> Entry:
        if now.held_until is None:
            return now
        queued = now.status == DeliveryStatus.QUEUED.value
        return replace(now, held_until=None, outbox_key=now.contact_id if queued else None, error=None)

    held = await timeline.find(ws, entry_id)
    if held is not None:
        held, _ = await timeline.change(ws, held, how)
    # Before anybody delivers it, who may have to hold it again.
    await store.let_go(ws, entry_id)
    if held is not None:
        await ws.queue.enqueue("deliver", ws.id, held.contact_id, lane=Lane.REPLIES)


async def _pace(ws: Workspace, account: ChannelAccount, entry: Entry) -> tuple[float, bool]:
    """Seconds until the sender's turn, 0 if it is now; and whether it was waited for here."""
    limits = registry.adapter(account.kind).capabilities(account).rate
    pair = rates.Pair(account.id, entry.address or "")
    wait = await rates.take(ws.runtime, pair, limits)
    if not 0 < wait <= SHORT_WAIT_SECONDS:
        return wait, False
    await asyncio.sleep(wait)
    return await rates.take(ws.runtime, pair, limits), True


async def _claim(ws: Workspace, entry: Entry) -> Entry | None:
    """The entry, now ours to send; None if another worker has it."""
    claimed = replace(
        entry,
        status=DeliveryStatus.SENDING.value,
        claim=ws.runtime.process_id,
        claimed_at=ws.clock.now(),
        attempts=entry.attempts + 1,
        revision=entry.revision + 1,
    )
    return claimed if await store.save(ws, entry, claimed) else None


async def _hand_over(
    ws: Workspace, account: ChannelAccount, entry: Entry, *, good_until: datetime | None
) -> SendResult:
    """Raises SendError."""
    try:
        async with asyncio.timeout(SEND_SECONDS):
            message = replace(await outbound(ws, account, entry), good_until=good_until)
    except TimeoutError:
        raise NotSent("The provider did not take the file in time.") from None
    except Unavailable as error:
        raise NotSent(error.detail) from None
    except AppError as error:
        # Ours, raised while the message was put together: a file that is no longer stored.
        raise MessageRefused(error.detail) from None
    return await hand_over(ws, accounts.io(ws.runtime), account, message)


async def hand_over(ws: Workspace, io: ChannelIO, account: ChannelAccount, message: OutboundMessage) -> SendResult:
    """One call to the provider, ended after 35 s at the latest. Raises SendError."""
    adapter = registry.adapter(account.kind)
    try:
        async with asyncio.timeout(SEND_SECONDS):
            return await adapter.send(io, account, message)
    except TimeoutError:
        raise OutcomeUnknown("The provider did not answer in time; it may have taken the message.") from None
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        raise NotSent("The provider could not be reached.") from None
    except httpx.HTTPError:
        raise OutcomeUnknown("The connection broke before the provider answered; it may have taken it.") from None
    except Unavailable as error:
        # Our storage is away, and no adapter asks for a file after the message has left.
        raise NotSent(error.detail) from None
    except AppError as error:
        # A file of ours that cannot be read.
        raise MessageRefused(error.detail) from None
    except SendError:
        raise
    except Exception:
        # An edge: whatever went wrong in an adapter, this message ends in a state and those behind it go on.
        ws.log.exception("send_broke", message_id=message.id, channel=account.kind)
        raise OutcomeUnknown("Sending broke off unexpectedly; the provider may have taken the message.") from None


async def _surely(record: Callable[..., Awaitable[_T]], *args: Any, **named: Any) -> _T:
    """
    Records what the provider has answered even if the database is away for a moment: what is lost here is not known
    to anybody any more.
    """
    async with asyncio.timeout(RECORD_SECONDS):
        while True:
            try:
                return await record(*args, **named)
            except ConnectionFailure:
                await asyncio.sleep(0.3)


async def outbound(ws: Workspace, account: ChannelAccount, entry: Entry) -> OutboundMessage:
    """The entry as an adapter gets it, its files with the provider if that keeps them. Raises SendError, AppError."""
    content = contents.parsed(entry.content or {})
    handles = await media_handles.of(ws, account, content)
    file: OutboundFile | None = None
    if isinstance(content, MediaMessage) and content.media.file_id:
        file = files.outbound(ws, content.media)
    return OutboundMessage(
        id=entry.id,
        to=Address.parse(entry.address or ""),
        purpose=Purpose(entry.purpose or Purpose.SERVICE),
        content=content,
        file=file,
        reply_to=entry.reply_to.external_id if entry.reply_to else None,
        handles=handles,
    )


async def _failed(ws: Workspace, account: ChannelAccount, entry: Entry, error: SendError) -> float:
    """Decide what an error means: try again (in how many seconds), or the end, with the provider's words kept."""
    log = ws.log.bind(message_id=entry.id, channel=account.kind, code=error.code, provider_code=error.provider_code)
    if isinstance(error, Throttled) and ws.clock.now() - entry.created_at < MAX_THROTTLED:
        wait = error.retry_after_seconds or 2.0 ** min(entry.attempts, 6)
        pair = rates.Pair(account.id, entry.address or "")
        # Without Redis nothing is sent at all, and this one waits in its row.
        with suppress(RedisError):
            await rates.hold(ws.runtime, pair, wait, sender=error.scope == "sender")
        if isinstance(error, SenderRestricted):
            await learn(ws, account, entry.id, entry.address or "", error)
        # Being told to wait is no failure of the message: it does not use up its tries.
        return await _postpone(ws, entry, wait, attempts=entry.attempts - 1)
    content = contents.parsed(entry.content or {})
    refused = isinstance(error, MessageRefused) and error.provider_code
    # It may have let the file go before its time: the next try hands it over anew.
    if refused and await media_handles.forget(ws, account.id, content) and entry.attempts == 1:
        return await _postpone(ws, entry, random.uniform(0.2, 1.0), attempts=1)  # noqa: S311
    if error.retryable and entry.attempts < MAX_ATTEMPTS:
        wait = error.retry_after_seconds or random.uniform(0.5, min(300.0, 2.0**entry.attempts))  # noqa: S311
        log.info("send_will_be_retried", wait_seconds=round(wait, 1))
        return await _postpone(ws, entry, wait, attempts=entry.attempts)
    kept = kept_of(error)
    if isinstance(error, OutcomeUnknown):
        await _settle(ws, entry, DeliveryStatus.UNKNOWN, error=kept)
        await _ask_later(ws, account.kind, entry.id)
        return 0
    # First what it teaches: should we die between the two, the message is unknown, but the person's stop is obeyed.
    await learn(ws, account, entry.id, entry.address or "", error)
    if entry.purpose == gate.MARKETING:
        await pacing.forget(ws, entry.contact_id, _message(entry))
    await _settle(ws, entry, DeliveryStatus.FAILED, error=kept)
    log.info("send_failed")
    return 0


def kept_of(error: SendError) -> dict[str, Any]:
    """What is stored of a failure with its message."""
    return {
        "code": error.code,
        "message": error.message,
        "provider_code": error.provider_code,
        "resendable": error.resendable,
    }


async def learn(
    ws: Workspace,
    account: ChannelAccount,
    message_id: str,
    address: str,
    error: SendError,
    *,
    at: datetime | None = None,
) -> None:
    """
    What a message's failure (at that time; None: now) teaches: the person stopped us, nobody is at the handle or
    could be reached there, the reply window is closed, the sender has to wait, or the account is in trouble.
    """
    at = at or ws.clock.now()
    purpose: str | None = None
    if isinstance(error, RecipientOptedOut) or (isinstance(error, RecipientUnreachable) and error.blocked):
        purpose = error.purpose if isinstance(error, RecipientOptedOut) else None
        await messages.record_refusal(
            ws,
            account.id,
            Address.parse(address),
            purpose,
            blocked=isinstance(error, RecipientUnreachable),
            evidence=f"{message_id}/{error.provider_code}",
            at=at,
        )
    elif isinstance(error, RecipientUnreachable):
        await contacts.note_unreachable(ws, Address.parse(address), at)
        await _rests(ws, account, message_id, address, error, at)
    elif isinstance(error, ReplyWindowClosed):
        known = await contacts.known(ws, Address.parse(address))
        if known is not None:
            for shut in await conversations.shut_window(ws, known.contact_id, account.id, address, at):
                await live.tell_conversations(ws, shut)
    elif isinstance(error, NotDelivered):
        await _rests(ws, account, message_id, address, error, at)
    elif isinstance(error, Throttled):
        left = (error.retry_after_seconds or 1.0) - max(0.0, (ws.clock.now() - at).total_seconds())
        if left > -_STILL_COUNTS:
            await rates.hold(ws.runtime, rates.Pair(account.id, address), left, sender=error.scope == "sender")
    last = {"at": at, "code": error.provider_code or error.code, "message": error.message}
    values: dict[str, object] = {"last_error": last}
    if isinstance(error, AccountRefused | SenderRestricted):
        values["notice"] = {"severity": "error", "code": error.code, "message": error.message, "at": at}
    await account_rows.note_health(ws.runtime.mongo, account.id, values)


async def _rests(
    ws: Workspace, account: ChannelAccount, message_id: str, address: str, error: SendError, at: datetime
) -> None:
    """Where it fails for good, and again and again, marketing leaves the handle alone."""
    rest = registry.adapter(account.kind).capabilities(account).rests.get(error.provider_code or "")
    if rest is None:
        return
    ref = Ref.parse(message_id)
    failed = Failure(error.provider_code or "", ref.code if ref else message_id, at)
    await resting.note(ws, Address.parse(address), failed, error.message, after=rest.failures, days=rest.days)


async def _postpone(ws: Workspace, entry: Entry, wait: float, *, attempts: int) -> float:
    due = ws.clock.now() + timedelta(seconds=wait)

    def how(now: Entry) -> Entry:
        if now.status != DeliveryStatus.SENDING.value:
            return now
        return replace(
            now, status=DeliveryStatus.QUEUED.value, due_at=due, claim=None, claimed_at=None, attempts=max(0, attempts)
        )

    await timeline.change(ws, entry, how)
    return wait


async def _settle(
    ws: Workspace,
    entry: Entry,
    status: DeliveryStatus,
    *,
    error: dict[str, Any] | None = None,
    external_ids: Sequence[str] = (),
) -> None:
    """Record the outcome and tell it. A receipt may have been faster: the status only moves forward."""
    entry, _ = await timeline.change(ws, entry, advanced(status, ws.clock.now(), error, external_ids))
    await live.tell_entry(ws, entry)
    if entry.status in (DeliveryStatus.FAILED.value, DeliveryStatus.SKIPPED.value):
        await deferred.opener_lost(ws, entry)


def advanced(
    status: DeliveryStatus,
    at: datetime,
    error: dict[str, Any] | None = None,
    external_ids: Sequence[str] = (),
) -> Callable[[Entry], Entry]:
    """The change that takes an entry to a status: never back, but what else is told is kept."""

    def how(now: Entry) -> Entry:
        forward = RANK[status] > RANK[DeliveryStatus(now.status or "queued")]
        times = now.status_times if status.value in now.status_times else {**now.status_times, status.value: at}
        ids = now.external_ids or tuple(external_ids)
        if not forward and times is now.status_times and ids == now.external_ids:
            return now
        return replace(
            now,
            status=status.value if forward else now.status,
            status_times=times,
            error=error if forward else now.error,
            external_ids=ids,
        )

    return how


async def give_up_claim(ws: Workspace, entry_id: str) -> None:
    """The worker that held this message is gone: whether the provider has it cannot be known."""
    entry = await timeline.get(ws, entry_id)
    if entry.status == DeliveryStatus.SENDING.value:
        message = "Parley was interrupted while sending. The message may or may not have reached the person."
        await _settle(ws, entry, DeliveryStatus.UNKNOWN, error={"code": "interrupted", "message": message})
        settled(ws, [entry_id])
        await _ask_later(ws, entry.channel or "", entry_id)


async def _ask_later(ws: Workspace, kind: str, entry_id: str) -> None:
    """Where the provider can be asked what became of a message, ask once it has had time to list it."""
    if isinstance(registry.adapter(kind), LooksUp):
        await ws.queue.enqueue("look_up", ws.id, entry_id, lane=Lane.BACKGROUND, delay_seconds=LOOK_UP_SECONDS)


async def look_up(ws: Workspace, entry_id: str) -> None:
    """Resolve an unknown outcome by asking the provider; while it cannot be asked, again for an hour."""
    entry = await timeline.get(ws, entry_id)
    adapter = registry.adapter(entry.channel or "")
    if entry.status != DeliveryStatus.UNKNOWN.value or not isinstance(adapter, LooksUp):
        return
    account = await accounts.get(ws.runtime, entry.account_id or "")
    since = entry.claimed_at or entry.created_at
    try:
        result = await adapter.look_up(accounts.io(ws.runtime), account, await outbound(ws, account, entry), since)
    except (NotSent, httpx.HTTPError):
        if ws.clock.now() - since < timedelta(hours=1):
            await _ask_later(ws, account.kind, entry_id)
        return
    if result is not None:
        keys = tuple(store.external_key(account.id, external_id) for external_id in result.external_ids)
        await _settle(ws, entry, result.status, external_ids=keys)
        return
    message = "The provider does not have this message: it never arrived there. It can be sent again."
    await _settle(ws, entry, DeliveryStatus.FAILED, error={"code": "not_sent", "message": message})


def settled(ws: Workspace, entry_ids: Sequence[str]) -> None:
    """
    Takes the work mark off messages whose outcome is stored and told, in one command for all of a second's.

    Until then the mark costs nothing; should this process die first, the sweeper tells them once more.
    """
    waiting = _marks.setdefault(ws.runtime, {})
    for entry_id in entry_ids:
        waiting.setdefault(ws.id, []).append(entry_id)


async def keep_clearing(runtime: Runtime) -> None:
    """Clears marks every second until cancelled."""
    while True:
        await asyncio.sleep(1)
        await clear_marks(runtime)


async def clear_marks(runtime: Runtime) -> None:
    """Once; also called when the worker stops."""
    waiting = _marks.pop(runtime, {})
    for workspace_id, entry_ids in waiting.items():
        await store.clear_outbox(runtime.workspace(workspace_id), entry_ids)


async def note_traffic(runtime: Runtime, account_id: str, what: str) -> None:
    """
    When an account last sent or received; at most once in ten seconds, so that it costs nothing under load: this
    process remembers when it last asked, and Redis knows of the others.
    """
    asked = _traffic.setdefault(runtime, {})
    now = monotonic()
    if now - asked.get((account_id, what), -_TRAFFIC_SECONDS) < _TRAFFIC_SECONDS:
        return
    asked[account_id, what] = now
    key = f"parley:traffic:{account_id}:{what}"
    # Losing one does no harm, so nothing fails and nobody waits long because of it.
    try:
        async with asyncio.timeout(2):
            if await runtime.redis.set(key, "1", ex=_TRAFFIC_SECONDS, nx=True):
                await account_rows.note_health(runtime.mongo, account_id, {what: runtime.clock.now()})
    except (RedisError, DatabaseError, OSError, TimeoutError):
        # Soon again, for the first of an account is what its owner waits for; but not for each message of a flood.
        asked[account_id, what] = now - _TRAFFIC_SECONDS + 1
        with suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(1):
                await runtime.redis.delete(key)
