"""
A lane: one sender of one mailing, driven by one worker.

Batches are claimed for some seconds, and again and again as long as this lives. Of those due a window is taken: tokens
of the sender's rate first, then the gate for all of the window at once, then the words, then a write that names who is
on their way from now on, and only then the provider is called. While some windows are asked about those before them go.
What comes back is recorded within a quarter of a second, or with all else when its batch is worked off. So whoever dies
leaves nobody in doubt but those whose call was under way: they are `unknown`, never sent again by a machine, until a
report of the provider tells.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

import httpx

from app.core import ids
from app.core.addresses import Address
from app.core.errors import AppError, Conflict, NotFound
from app.core.mongo import ConnectionFailure, Document
from app.core.runtime import Workspace
from channels import accounts, registry
from channels.contract import ChannelAccount, ChannelIO, OutboundMessage
from channels.errors import (
    MessageRefused,
    NotSent,
    OutcomeUnknown,
    RecipientOptedOut,
    RecipientUnreachable,
    SendError,
    Throttled,
    ValuesRefused,
)
from crm import gate, pacing
from crm.contacts import Contact
from inbox import allowances, delivery, handles, rates
from inbox.handles import Handles
from inbox.mailings import guards, mailings, placing, precedence, reactions, results
from inbox.mailings.mailing import Mailing, Recipient
from inbox.mailings.results import Sheet
from inbox.mailings.words import Words
from inbox.store import mailings as store
from inbox.store import tickets

# A claim is good for so long; whoever works on a batch renews it well before.
CLAIM_SECONDS = 12.0
_RENEW_SECONDS = 4.0
# Calls under way at once; nobody knows their end if this process dies.
IN_FLIGHT = 600
_WINDOW = 200
# What is asked of the gate is good for so long: of a slow sender only as many are taken as go within it, and whoever
# finds no room among the calls by then is asked about again.
_FRESH_SECONDS = 0.5
# Windows that are asked about at the same time.
_ABREAST = 6
_CLAIMED_AT_ONCE = 10
# More are claimed when no more people than that are left to be asked about.
_FEW_LEFT = 1_000
LOOK_SECONDS = 0.5
# What came back is recorded this long after at the latest, although no window goes.
_RECORD_SECONDS = 0.25
_IDLE_SECONDS = 0.05
# While many calls are under way, whoever waits for room looks again when so many have ended.
_ENDED_TOGETHER = 25
_BEGUN_TOGETHER = 25
# While another mailing hands something over to the same person.
_ANOTHERS_TURN = timedelta(seconds=2)


@dataclass(slots=True)
class _Going:
    """One message of a window."""

    sheet: Sheet
    place: int
    recipient: Recipient
    message: OutboundMessage


class Lane:
    """`run` returns when there is nothing to send now."""

    def __init__(self, ws: Workspace, mailing: Mailing, account_id: str) -> None:
        self._ws = ws
        self._mailing = mailing
        self._account_id = account_id
        self._key = store.work_key(mailing.id, account_id)
        self._token = ids.new("clm")
        self._sheets: dict[str, Sheet] = {}
        self._calls: set[asyncio.Task[None]] = set()
        self._windows: set[asyncio.Task[None]] = set()
        self._claiming: asyncio.Task[bool] | None = None
        self._found_none_at = float("-inf")
        self._ended = asyncio.Event()
        self._landed = asyncio.Event()
        # Windows that were asked about and wait for room among the calls; and whether the last one found none in time.
        self._at_the_door = 0
        self._late = False
        self._saving = asyncio.Lock()
        self._spare = 0
        self._loop = asyncio.get_running_loop()
        self._looked_at = self._guards_due_at = float("-inf")
        self._guarding: asyncio.Task[None] | None = None
        self._guarded = False
        # Seconds spent on waiting for the sender's rate since then.
        self._waited = 0.0
        # How many more may go until the guards have looked again, and how many were begun since they began to look.
        self._allowed = self._begun = 0
        # Whether its people count among those to whom the provider lets us write first in a day, and that is used up.
        self._counts = any(
            allowances.counts(content) for words in mailing.contents.values() for content in words.values()
        )
        self._full = False
        self._values_refused = 0
        self._renewed_at = self._loop.time()
        # At which share of its rate the sender was lately, having been told to slow down.
        self._share = 1.0
        self._words = Words(ws)
        self._handles = Handles(ws)

    async def run(self) -> None:
        # What its account may do is asked anew: a check just before the start may have told of a lower limit.
        self._ws.runtime.accounts.forget()
        try:
            while await self._may_go():
                for window in [each for each in self._windows if each.done()]:
                    self._windows.discard(window)
                    window.result()
                if self._full:
                    # Whoever was let through still goes: there is room for them.
                    if not self._windows:
                        return
                    await self._pass_time(_IDLE_SECONDS)
                    continue
                if await self._nothing_is_left():
                    return
                if not self._left or len(self._windows) == _ABREAST:
                    await self._pass_time(_IDLE_SECONDS)
                    continue
                await self._begin_window()
        finally:
            await self._end()

    # --- what is there to do --------------------------------------------------------------------------------------

    @property
    def _left(self) -> int:
        return sum(len(sheet.left) for sheet in self._sheets.values())

    def _fitting(self) -> int:
        """How many people of whole batches fit into a window: each that is cut is written down once more."""
        found = 0
        for sheet in self._sheets.values():
            if found and found + len(sheet.left) > _WINDOW:
                break
            found += len(sheet.left)
        return min(found, _WINDOW)

    async def _may_go(self) -> bool:
        """Whether the mailing still runs, as of half a second ago."""
        now = self._loop.time()
        if now - self._looked_at >= LOOK_SECONDS:
            placing.tell_slack(self._ws.runtime, self._key, min(1.0, self._waited / (now - self._looked_at)))
            self._looked_at, self._waited = now, 0.0
            self._mailing = await mailings.get(self._ws, self._mailing.id)
            if self._mailing.state == "running" and self._mailing.purpose == gate.MARKETING:
                stopped = (await pacing.settled(self._ws)).stopped
                if stopped is not None:
                    words = f"All marketing is stopped, by {stopped.by}."
                    self._mailing = await mailings.pause(self._ws, self._mailing.id, reason=words, by=stopped.by)
            if self._mailing.state == "running" and self._guarding is None and now >= self._guards_due_at:
                self._guarding = self._loop.create_task(self._look_with_guards(), name=f"guards {self._mailing.id}")
        if self._guarding is not None and (self._guarding.done() or not self._guarded):
            looking, self._guarding = self._guarding, None
            await looking
            self._guarded = True
        return self._mailing.state == "running"

    async def _look_with_guards(self) -> None:
        """While windows go on as the last look has allowed: the figures of a large audience take a while."""
        began = self._loop.time()
        # Those who are being asked about now are in no figure yet, nor those who will be until the figures are there.
        # Counted before these are read: who is stored meanwhile is in neither.
        unseen, self._begun = sum(sheet.unseen for sheet in self._sheets.values()), 0
        verdict = await guards.look(self._ws, self._mailing, self._account_id)
        if verdict.stop is not None:
            await self._stop("guard", verdict.stop)
        self._allowed = verdict.allowed - unseen - self._begun
        now = self._loop.time()
        self._guards_due_at = now + max(guards.EVERY_SECONDS, guards.REST * (now - began))

    async def _nothing_is_left(self) -> bool:
        """Claims more batches before the last are taken, so that nobody waits for them; whether there is an end."""
        if self._claiming is not None and self._claiming.done():
            found, self._claiming = self._claiming.result(), None
            self._found_none_at = float("-inf") if found else self._loop.time()
            if not found and not (self._left or self._calls or self._windows):
                return True
        recently = self._loop.time() - self._found_none_at < _IDLE_SECONDS and (self._calls or self._windows)
        if self._claiming is None and self._left < _FEW_LEFT and not recently:
            self._claiming = self._loop.create_task(self._claim(), name=f"claim {self._mailing.id}")
        if self._claiming is not None and not (self._left or self._calls or self._windows):
            await asyncio.wait({self._claiming})
        return False

    async def _claim(self) -> bool:
        """More batches; whether there were any."""
        if not self._left:
            # Whoever waits in those that are worked off may be due.
            await self._save()
        works = await store.claim(
            self._ws, self._key, now=self._now(), until=self._until(), token=self._token, limit=_CLAIMED_AT_ONCE
        )
        groups = await store.groups(self._ws, [work.id for work in works])
        for work in works:
            self._sheets[work.id] = Sheet(work, groups[work.id], self._now())
        return bool(works)

    def _now(self) -> datetime:
        """In whole milliseconds, as the database keeps times."""
        now = self._ws.clock.now()
        return now.replace(microsecond=now.microsecond // 1_000 * 1_000)

    def _until(self) -> datetime:
        return self._now() + timedelta(seconds=CLAIM_SECONDS)

    async def _account(self) -> ChannelAccount | None:
        """The sender; None if it cannot send, which stops the mailing."""
        try:
            account = await accounts.get(self._ws.runtime, self._account_id)
        except NotFound:
            account = None
        if account is not None and account.enabled:
            return account
        words = "A sender of this mailing was disconnected or switched off."
        await self._stop("account_disabled", words)
        return None

    async def _stop(self, code: str, words: str) -> None:
        """The mailing pauses by itself."""
        self._ws.log.warning("mailing_stops", mailing_id=self._mailing.id, code=code)
        self._mailing = await mailings.pause(self._ws, self._mailing.id, reason=words, by="")

    # --- one window -----------------------------------------------------------------------------------------------

    async def _begin_window(self) -> None:
        """Takes as many as the rate lets through now; waits a little if that is none."""
        account = await self._account()
        if account is None:
            return
        wanted = self._fitting()
        if self._flying + wanted > IN_FLIGHT and (self._at_the_door or self._late):
            # A quick provider has room by the time that they have been asked about; of a slow one it were for nothing.
            await self._pass_time(_IDLE_SECONDS)
            return
        wanted = max(0, min(wanted, self._allowed, await self._room(wanted)))
        if self._full:
            return
        count, wait = await self._tokens(account, wanted) if wanted else (0, LOOK_SECONDS)
        if count == 0:
            began = self._loop.time()
            await self._pass_time(min(max(wait, 0.005), LOOK_SECONDS))
            self._waited += self._loop.time() - began
            return
        self._allowed -= count
        self._begun += count
        window = self._window(account, self._taken(count), count)
        task = self._loop.create_task(window, name=f"window {self._mailing.id}")
        self._windows.add(task)
        task.add_done_callback(lambda _: self._ended.set())

    async def _window(self, account: ChannelAccount, places: Sequence[tuple[Sheet, int]], tokens: int) -> None:
        """Asks about these people and sends to those who may get it."""
        going: list[_Going] = []
        try:
            going = await self._asked(account, places)
            if await self._may_fly(len(going)):
                going = await self._of_today(going)
            else:
                going = []
        except AppError as error:
            # Nobody can get this content now.
            await self._stop(error.code, error.detail)
        if self._mailing.state != "running":
            going = []
        self._spare += tokens - len(going)
        self._allowed += tokens - len(going)
        for each in going:
            each.sheet.asked.discard(each.place)
            each.sheet.flying.add(each.place)
        for sheet, place in reversed(places):
            if place in sheet.asked:
                sheet.put_back(place)
        uncalled = deque(going)
        try:
            await self._save()
            await self._call(account, uncalled)
        except BaseException:
            for each in uncalled:
                each.sheet.flying.discard(each.place)
            raise

    async def _call(self, account: ChannelAccount, going: deque[_Going]) -> None:
        """Begins their calls, some at a time: what else goes on here, as other windows' reads, goes on in between."""
        io = accounts.io(self._ws.runtime)
        while going:
            for _ in range(min(len(going), _BEGUN_TOGETHER)):
                each = going.popleft()
                if self._sheets.get(each.sheet.id) is not each.sheet:
                    # Somebody else took this batch over meanwhile, and it is theirs to send.
                    continue
                call = self._loop.create_task(self._send(io, account, each))
                self._calls.add(call)
                call.add_done_callback(self._call_ended)
            await asyncio.sleep(0)

    async def _tokens(self, account: ChannelAccount, wanted: int) -> tuple[int, float]:
        limits = registry.adapter(account.kind).capabilities(account).rate
        own = min((rate for rate in (self._mailing.rate, limits.sender_per_second) if rate), default=0.0)
        if own:
            wanted = max(1, min(wanted, int(own * self._share * _FRESH_SECONDS)))
        if self._spare >= wanted:
            self._spare -= wanted
            return wanted, 0.0
        tokens = await rates.take_many(
            self._ws.runtime, account.id, limits, own=self._key, own_per_second=self._mailing.rate or 0.0, count=wanted
        )
        self._share = tokens.share
        return tokens.count, tokens.wait_seconds

    def _taken(self, count: int) -> list[tuple[Sheet, int]]:
        found: list[tuple[Sheet, int]] = []
        for sheet in self._sheets.values():
            while sheet.left and len(found) < count:
                place = sheet.left.popleft()
                sheet.asked.add(place)
                found.append((sheet, place))
        return found

    async def _asked(self, account: ChannelAccount, places: Sequence[tuple[Sheet, int]]) -> list[_Going]:
        """Those whom the gate lets through, with their words; what it says of the others is noted."""
        # Caps count what other mailings have sent, and leave the room there is to what is worth more.
        people = [sheet.recipient(place).contact_id for sheet, place in places]
        await placing.settle(self._ws, people, but=self._mailing.id)
        ahead = await precedence.claims(self._ws, people, above=self._mailing.priority, but=self._mailing.id)
        asked = [
            gate.Asked(
                address=Address.parse(sheet.recipient(place).address),
                purpose=self._mailing.purpose.value,
                sender=account.id,
                topic=self._mailing.topic,
                queued_at=sheet.work.created_at,
                key=str(sheet.ref(place)),
                contact_id=sheet.recipient(place).contact_id,
                ahead=ahead.get(sheet.recipient(place).contact_id, ()),
                corrects=self._mailing.corrected,
            )
            for sheet, place in places
        ]
        met: dict[str, Contact] = {}
        complaints = partial(tickets.with_open, self._ws)
        capped, closing = set[str](), dict[str, datetime]()
        verdicts = await gate.ask_many(
            self._ws, asked, complaints=complaints, probably=people, met=met, capped=capped, closing=closing
        )
        busy = await self._busy(places, asked, verdicts, capped)
        now = self._now()
        let_through: list[tuple[Sheet, int, gate.Asked]] = []
        for (sheet, place), question, verdict in zip(places, asked, verdicts, strict=True):
            if isinstance(verdict, AppError) and verdict.code == mailings.NOT_NOW:
                # Put back: they are asked about again when it goes on.
                self._looked_at = float("-inf")
            elif isinstance(verdict, AppError):
                sheet.settle(place, "skipped", now, code=verdict.code, words=verdict.detail)
            elif verdict is not None:
                sheet.wait(place, verdict, sheet.attempts(place), "quiet_hours", results.QUIET)
            elif sheet.recipient(place).contact_id in busy:
                sheet.wait(place, now + _ANOTHERS_TURN, sheet.attempts(place), "others_turn", results.BUSY)
            else:
                let_through.append((sheet, place, question))
        filled = await self._words.fill(
            self._mailing, account, [(sheet.group, sheet.ref(place)) for sheet, place, _ in let_through], met
        )
        going: list[_Going] = []
        for (sheet, place, question), words in zip(let_through, filled, strict=True):
            if words.content is None:
                sheet.settle(place, "skipped", now, code=words.code, words=words.reason)
                continue
            message = OutboundMessage(
                id=question.key,
                to=question.address,
                purpose=self._mailing.purpose,
                content=words.content,
                file=words.file,
                good_until=closing.get(question.key),
            )
            going.append(_Going(sheet, place, sheet.recipient(place), message))
        return going

    @property
    def _flying(self) -> int:
        return sum(len(sheet.flying) for sheet in self._sheets.values())

    async def _may_fly(self, count: int) -> bool:
        """Waits until so many more calls may be under way; False if by then nothing that was asked would be fresh."""
        self._at_the_door += 1
        try:
            async with asyncio.timeout(_FRESH_SECONDS):
                while self._flying + count > IN_FLIGHT:
                    self._landed.clear()
                    await self._landed.wait()
            self._late = False
        except TimeoutError:
            self._late = True
        finally:
            self._at_the_door -= 1
        return not self._late

    async def _room(self, wanted: int) -> int:
        """How many more people may be written to first today."""
        standing = await allowances.standing(self._ws, self._account_id) if self._counts else None
        if standing is None:
            return wanted
        self._full = standing.left == 0
        return standing.left

    async def _of_today(self, going: list[_Going]) -> list[_Going]:
        """Those to whom there is room today; the others stay where they are."""
        if not self._counts:
            return going
        granted = await allowances.take(self._ws, self._account_id, [each.message.to for each in going])
        return [each for each, may in zip(going, granted, strict=True) if may]

    async def _busy(
        self,
        places: Sequence[tuple[Sheet, int]],
        asked: Sequence[gate.Asked],
        verdicts: Sequence[gate.Verdict],
        capped: Set[str],
    ) -> Set[str]:
        """Contacts whom another mailing writes to at this moment, so that it may be one too many."""
        turns = {
            sheet.recipient(place).contact_id: question.key
            for (sheet, place), question, verdict in zip(places, asked, verdicts, strict=True)
            if verdict is None and question.key in capped
        }
        if not turns or len(await placing.waiting(self._ws)) < 2:
            return frozenset()
        return await pacing.others_turn(self._ws, turns)

    async def _send(self, io: ChannelIO, account: ChannelAccount, going: _Going) -> None:
        sheet, place = going.sheet, going.place
        try:
            going.message = await self._with_files(account, going.message)
            result = await delivery.hand_over(self._ws, io, account, going.message)
        except SendError as error:
            await self._failed(account, going, error)
            return
        sheet.settle(place, "sent", self._now(), external_ids=result.external_ids)
        # What is not stored is told with the next message.
        with suppress(ConnectionFailure):
            await self._handles.learn(account, going.message, result.kept)

    async def _with_files(self, account: ChannelAccount, message: OutboundMessage) -> OutboundMessage:
        """With the provider's ids of the files that it keeps. Raises SendError."""
        if not handles.named(message.content):
            return message
        try:
            async with asyncio.timeout(delivery.SEND_SECONDS):
                return replace(message, handles=await self._handles.of(account, message.content))
        except TimeoutError:
            raise NotSent("The provider did not take the file in time.") from None
        except httpx.HTTPError:
            raise NotSent("The provider could not be reached.") from None
        except AppError as error:
            # A file that is no longer stored.
            raise MessageRefused(error.detail) from None

    async def _failed(self, account: ChannelAccount, going: _Going, error: SendError) -> None:
        """By the kind of error alone: again after a while, stop everything, or the end for this one."""
        sheet, place, now = going.sheet, going.place, self._now()
        attempts = sheet.attempts(place) + 1
        again = reactions.again(error, attempts)
        if (
            isinstance(error, MessageRefused)
            and error.provider_code
            and await self._handles.stale(account, going.message)
        ):
            again = timedelta()
        try:
            await self._react(account, going, error)
        finally:
            # Last: once it is known, it may be tried again at once, or another way.
            code = code_of(error)
            if again is not None:
                # Being told to wait is no failure of the message: it does not use up its tries.
                counted = attempts - 1 if isinstance(error, Throttled) and error.scope == "sender" else attempts
                sheet.wait(place, now + again, counted, code, error.message)
            elif isinstance(error, OutcomeUnknown):
                sheet.settle(place, "unknown", now, code=code, words=error.message)
            else:
                sheet.settle(place, "failed", now, code=code, words=error.message)

    async def _react(self, account: ChannelAccount, going: _Going, error: SendError) -> None:
        """What it teaches about the sender and the person, and whether everything stops."""
        if isinstance(error, Throttled) and error.scope == "sender":
            pair = rates.Pair(account.id, going.recipient.address)
            await rates.hold(self._ws.runtime, pair, error.retry_after_seconds or 1.0, sender=True)
        if reactions.stops(error) or isinstance(error, RecipientOptedOut | RecipientUnreachable):
            await delivery.learn(self._ws, account, going.message.id, going.recipient.address, error)
        if isinstance(error, RecipientOptedOut):
            await mailings.opted_out(self._ws, going.message.id, self._now())
        if isinstance(error, ValuesRefused):
            self._values_refused += 1
        if self._mailing.state == "running" and (
            reactions.stops(error) or self._values_refused == reactions.VALUES_REFUSED
        ):
            # It may be cancelled at this very moment.
            with suppress(Conflict):
                await self._stop(error.code, error.message)

    # --- keeping --------------------------------------------------------------------------------------------------

    async def _pass_time(self, seconds: float) -> None:
        """Waits for a window or some calls to end, or for the time; records what came back."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        self._ended.clear()
        now = self._loop.time()
        if now - self._renewed_at > _RENEW_SECONDS or any(_has_old_news(sheet) for sheet in self._sheets.values()):
            await self._save()

    def _call_ended(self, call: asyncio.Task[None]) -> None:
        self._calls.discard(call)
        # Asked of all calls at each end, the loop would be busy with nothing else.
        if len(self._calls) % _ENDED_TOGETHER == 0:
            self._ended.set()
            self._landed.set()

    async def _save(self) -> None:
        """
        Who is on their way from now on, and what came of others a while ago, in one command; batches that are worked
        off are let go. The embedded database writes each batch by itself, so what came of one is best told at once.
        """
        # To its end, whoever waits for it and does no longer: half of it may be stored, and nobody knew which.
        await asyncio.shield(self._loop.create_task(self._write(), name=f"save {self._mailing.id}"))
        await mailings.tell_progress(self._ws, self._mailing.id)

    async def _write(self) -> None:
        # One after another: what an older one says must not come after what a newer one says.
        async with self._saving:
            now = self._loop.time()
            renews = now - self._renewed_at > _RENEW_SECONDS
            if renews:
                self._renewed_at = now
            sheets = list(self._sheets.values())
            over = [sheet for sheet in sheets if sheet.over]
            new = [sheet for sheet in sheets if not sheet.over and (renews or sheet.unnamed or _has_old_news(sheet))]
            changes: dict[str, tuple[Document, Sequence[str]]] = {
                sheet.id: (sheet.changes(self._now(), self._until()), ()) for sheet in new
            }
            for sheet in over:
                # Whoever waits in it may be claimed again as soon as it is stored.
                del self._sheets[sheet.id]
            try:
                if (over or new) and not await self._surely(changes | self._closing(over)):
                    await self._drop_lost(changes)
            except BaseException:
                for sheet in (*over, *new):
                    sheet.unsaved()
                    self._sheets.setdefault(sheet.id, sheet)
                raise

    def _closing(self, sheets: Iterable[Sheet]) -> dict[str, tuple[Document, Sequence[str]]]:
        return {sheet.id: sheet.closing(self._now()) for sheet in sheets}

    async def _surely(self, changes: Mapping[str, tuple[Document, Sequence[str]]]) -> bool:
        """Also if the database is away for a moment: what providers have answered is known to nobody else."""
        async with asyncio.timeout(delivery.RECORD_SECONDS):
            while True:
                try:
                    return await store.save(self._ws, self._token, changes)
                except ConnectionFailure:
                    await asyncio.sleep(0.3)

    async def _drop_lost(self, touched: Iterable[str]) -> None:
        """Batches that another worker took over, because this one stood still for too long."""
        touched = list(touched)
        known = await store.works(self._ws, touched)
        for batch_id in touched:
            if batch_id not in known or known[batch_id].claim != self._token:
                self._ws.log.warning("batch_lost", batch_id=batch_id)
                self._sheets.pop(batch_id, None)

    async def _end(self) -> None:
        """What is under way comes to its end, and everything is let go."""
        for window in self._windows:
            window.cancel()
        if self._guarding is not None:
            self._guarding.cancel()
        beside = [task for task in (self._claiming, self._guarding) if task is not None]
        await asyncio.gather(*self._windows, *beside, return_exceptions=True)
        if self._calls:
            await asyncio.wait(self._calls, timeout=delivery.SEND_SECONDS)
        async with self._saving:
            if self._sheets:
                await self._surely(self._closing(self._sheets.values()))
            self._sheets.clear()


def _has_old_news(sheet: Sheet) -> bool:
    return sheet.news_since is not None and monotonic() - sheet.news_since > _RECORD_SECONDS


def code_of(error: SendError) -> str:
    """The provider's own code, by which people look it up; ours where there is none, and for who blocked us."""
    if isinstance(error, RecipientUnreachable) and error.blocked:
        return "blocked"
    return error.provider_code or error.code
