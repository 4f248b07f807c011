"""
The messages of mailings on people's timelines, behind the send.

A timeline entry for each of a million messages costs more than the sending, so they are put there in bulk when there is
time. Before anything else is written on somebody's timeline, or it is shown, or the gate counts what they had, what
waits for them is put there first: everybody reads it in the order in which it was. While no mailing of a workspace has
anything waiting, which is known from memory, that costs nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic
from weakref import WeakKeyDictionary

from redis.exceptions import RedisError

from app.core import log, rounds
from app.core.errors import AppError
from app.core.kept import Kept
from app.core.mongo import DatabaseError
from app.core.platform import mailings as platform
from app.core.runtime import Runtime, Workspace
from channels import accounts
from crm import gate, happenings, pacing
from inbox import conversations, footers, spending, timeline
from inbox.mailings import results
from inbox.mailings.mailing import Mailing, Ref
from inbox.mailings.words import Words
from inbox.store import conversations as conversation_store
from inbox.store import entries as entry_store
from inbox.store import mailings as store
from inbox.store.entries import external_key
from inbox.store.mailings import Group, Work
from inbox.timeline import Campaign, Entry

# What waits is known from memory for so long; a mailing starts to send that much after it was started.
KEPT_SECONDS = 1.0
_AT_ONCE = 5
# From so many people a batch on it is put as a whole.
_SHARED = 25
# A mailing that was stopped may still have calls under way, whose outcome is recorded then.
_LAST_SECONDS = 60.0
# While something is being sent, what can wait gets this share of the time that lanes spend on waiting for their
# senders' rates, and this where they never do. A lane that has said nothing for so long is none.
_SHARE = 0.3
_LEAST = 0.01
_LITTLE = 0.2
_TOLD_SECONDS = 2.0

_log = log.get("placing")
# Of each lane of this process, which share of its time it waited lately, as of when.
_slack: WeakKeyDictionary[Runtime, dict[str, tuple[float, float]]] = WeakKeyDictionary()


async def run(runtime: Runtime) -> None:
    """Puts everything in its place, until cancelled."""
    while True:
        await rounds.rest(runtime.settings.round_seconds)
        with suppress(DatabaseError, RedisError, OSError, TimeoutError):
            while await _some(runtime):
                pass


async def _some(runtime: Runtime) -> bool:
    """A few batches, or the notice that nothing waits any more; whether there may be more."""
    mailings = await platform.with_waiting(runtime)
    if not mailings:
        return False
    # Beside a lane that never waits a long stretch would hold up what it asks of the database.
    at_once = _AT_ONCE if _slack_of(runtime) > _LITTLE else 1
    found = await platform.to_place(runtime, limit=at_once)
    by_workspace: dict[str, list[str]] = {}
    for workspace_id, batch_id in found:
        by_workspace.setdefault(workspace_id, []).append(batch_id)
    for workspace_id, batch_ids in by_workspace.items():
        began = monotonic()
        await place(runtime.workspace(workspace_id), batch_ids)
        if any(row.runs for row in mailings):
            await _yield(runtime, monotonic() - began)
    if not found:
        for row in mailings:
            if not row.runs and (runtime.clock.now() - row.changed_at).total_seconds() > _LAST_SECONDS:
                await store.none_waits(runtime.workspace(row.workspace_id), row.id)
    return len(found) == at_once


def tell_slack(runtime: Runtime, lane: str, share: float) -> None:
    """Which share of its time a lane waited for its sender's rate."""
    _slack.setdefault(runtime, {})[lane] = (monotonic(), share)


def _slack_of(runtime: Runtime) -> float:
    """Of the busiest lane; all of the time where none has said anything lately."""
    told = _slack.setdefault(runtime, {})
    for lane in [lane for lane, (at, _) in told.items() if monotonic() - at > _TOLD_SECONDS]:
        del told[lane]
    return min((slack for _, slack in told.values()), default=1.0)


async def _yield(runtime: Runtime, worked: float) -> None:
    """Leaves the rest of the time to what is being sent, as long as anything is."""
    share = max(_LEAST, _SHARE * _slack_of(runtime))
    until = monotonic() + worked * (1 / share - 1)
    while (left := until - monotonic()) > 0:
        await asyncio.sleep(min(left, runtime.settings.round_seconds))
        if not any(row.runs for row in await platform.with_waiting(runtime)):
            return


async def _with_waiting(ws: Workspace) -> tuple[str, ...]:
    return tuple(await store.with_waiting(ws))


_waiting = Kept(_with_waiting, KEPT_SECONDS)


async def waiting(ws: Workspace) -> tuple[str, ...]:
    """Mailings of which something may wait, as of a second ago."""
    return await _waiting.of(ws)


async def settle(ws: Workspace, contact_ids: Sequence[str], *, but: str | None = None) -> bool:
    """
    What waits for these people, of other mailings than `but`, is on their timelines when this returns; whether there
    was anything.
    """
    mailing_ids = [mailing_id for mailing_id in await waiting(ws) if mailing_id != but]
    if not mailing_ids or not contact_ids:
        return False
    refs = await store.refs_of(ws, mailing_ids, contact_ids)
    wanted: dict[str, set[int]] = {}
    for found in refs.values():
        for ref in found:
            wanted.setdefault(ref.batch_id, set()).add(ref.place)
    # Two audiences in the same order share whole batches; of one scattered over another only these people are put.
    shared = sum(map(len, wanted.values())) >= _SHARED * len(wanted)
    return await place(ws, sorted(wanted), None if shared and len(contact_ids) > 1 else wanted) > 0


async def place(ws: Workspace, batch_ids: Iterable[str], only: Mapping[str, set[int]] | None = None) -> int:
    """
    Puts what was sent of these batches (or `only` of these places) on timelines; how many. Done twice, or by two at the
    same time, it is done once: the entry's id and the contact's numbers are unique.
    """
    batches = list(batch_ids)
    works = {each.id: each for each in (await store.works(ws, batches)).values() if each.place_key or each.work_key}
    groups = await store.groups(ws, list(works)) if works else {}
    by_mailing: dict[str, list[_Part]] = {}
    for batch_id, work in works.items():
        wanted = range(work.size) if only is None else sorted(only[batch_id])
        places = [place for place in wanted if _went(work, place) is not None]
        by_mailing.setdefault(work.mailing_id, []).append(_Part(work, groups[batch_id], places))
    for mailing_id, parts in by_mailing.items():
        if (mailing := await store.get(ws, mailing_id)) is not None:
            await _put(ws, mailing, [part for part in parts if part.places])
            if only is None:
                for part in parts:
                    await spending.note_batch(ws, mailing, part.work, part.group)
    if only is None:
        await store.placed(ws, {batch_id: len(work.o) for batch_id, work in works.items()})
    return sum(len(part.places) for parts in by_mailing.values() for part in parts)


@dataclass(frozen=True, slots=True)
class _Part:
    """Of a batch, the places to put on timelines."""

    work: Work
    group: Group
    places: Sequence[int]


def _went(work: Work, place: int) -> datetime | None:
    """When it was handed over; None if it was not."""
    own = work.o.get(str(place))
    return store.moment(own[1]) if own is not None and own[0] in ("sent", "unknown") else None


async def _put(ws: Workspace, mailing: Mailing, parts: Sequence[_Part]) -> None:
    if not parts:
        return
    entries = [entry for part in parts for entry in await _entries(ws, mailing, part)]
    people = [entry.contact_id for entry in entries]
    known = await conversation_store.get_many(ws, [conversations.id_for(contact_id) for contact_id in people])
    last = {each.contact_id: each.last_number for each in known}
    # Who never writes has no conversation that knows a number; the mailing before this one does.
    before = [timeline.entry_id_of(ref) for ref in await pacing.last_messages(ws, people) if Ref.parse(ref)]
    earlier = {entry.contact_id: entry.number for entry in await entry_store.get_many(ws, before)}
    numbered = [
        replace(entry, number=max(last.get(entry.contact_id, 0), earlier.get(entry.contact_id, 0)) + 1)
        for entry in entries
    ]
    stored: list[Entry] = []
    for entry, taken in zip(numbered, await entry_store.insert_many(ws, numbered), strict=True):
        if taken:
            # The number, or the entry itself is there.
            with suppress(AppError):
                stored.append((await timeline.put(ws, entry, after=entry.number))[0])
        else:
            stored.append(entry)
    sent = [(e, e.campaign) for e in stored if e.campaign]
    await happenings.append(
        ws, [happenings.of_campaign(happenings.SENT, e.contact_id, c.ref, c.id, e.channel or "", e.at) for e, c in sent]
    )
    if mailing.purpose.value == gate.MARKETING:
        await pacing.note_many(
            ws,
            {
                e.contact_id: pacing.Sent(e.campaign.ref, e.at, e.channel or "", footers.says_it(e.content))
                for e in stored
                if e.campaign
            },
        )
    talks = {each.contact_id: each.id for each in known}
    shown = [(talks[e.contact_id], e.number, e.campaign) for e in stored if e.contact_id in talks and e.campaign]
    await conversation_store.note_campaigns(ws, shown)


async def _entries(ws: Workspace, mailing: Mailing, part: _Part) -> list[Entry]:
    """As the messages would stand there had they been put one by one."""
    work, group = part.work, part.group
    code, _, seq = work.id.partition(".")
    refs = [Ref(code, int(seq), place) for place in part.places]
    account = await accounts.get(ws.runtime, group.account_id)
    words = await Words(ws).fill(mailing, account, [(group, ref) for ref in refs])
    found: list[Entry] = []
    for ref, said in zip(refs, words, strict=True):
        recipient, own = group.recipients[ref.place], work.o[str(ref.place)]
        at = store.moment(own[1])
        entry = Entry(
            id=timeline.entry_id_of(ref),
            contact_id=recipient.contact_id,
            conversation_id=conversations.id_for(recipient.contact_id),
            at=at,
            created_at=at,
            kind="message",
            direction="out",
            channel=account.kind,
            account_id=account.id,
            address=recipient.address,
            author=mailing.author,
            content=said.content.model_dump(exclude_none=True) if said.content else None,
            purpose=mailing.purpose.value,
            topic=mailing.topic or None,
            campaign=Campaign(mailing.source[1], mailing.name, str(ref), group.variant, at),
            external_ids=tuple(external_key(account.id, each) for each in own[2]) if len(own) > 2 else (),
        )
        status, times, error = results.told_status(work, ref.place, entry)
        found.append(replace(entry, status=status, status_times=times, error=error))
    return found


async def refreshed(ws: Workspace, entries: Sequence[Entry]) -> list[Entry]:
    """Entries with how far those of mailings have got by now: providers' reports are kept with the mailing."""
    refs = {entry.id: Ref.parse(entry.campaign.ref) for entry in entries if entry.campaign and entry.status != "read"}
    batch_ids = sorted({ref.batch_id for ref in refs.values() if ref is not None})
    if not batch_ids:
        return list(entries)
    works = await store.works(ws, batch_ids)
    found: list[Entry] = []
    for entry in entries:
        ref = refs.get(entry.id)
        work = works.get(ref.batch_id) if ref else None
        if ref is not None and work is not None:
            status, times, error = results.told_status(work, ref.place, entry)
            entry = replace(entry, status=status, status_times=times, error=error)
        found.append(entry)
    return found
