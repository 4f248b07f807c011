"""
The steps of an erasure. Each may be repeated: whoever takes over does the last one again.

First the way in is closed: the handles are kept from marketing by their hashes, the contact is nobody, its handles lead
nowhere, and a fence is put on the timeline. Whoever began to write before it holds a number from before it, must come
past, and begins anew as for somebody new (see timeline.append). What stands before the fence is then complete.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial

from app.core import audit, leases
from app.core.addresses import Address
from app.core.audit import Target
from app.core.errors import NotFound
from app.core.platform import work
from app.core.runtime import Workspace
from channels import accounts, registry
from channels.contract import Erases
from channels.errors import SendError
from crm import destinations, erasures, exports, happenings, imports, pacing
from crm.erasures import Erasure
from crm.store import merging as merge_store
from inbox import conversations, files, live, timeline, traffic
from inbox.merging import sides
from inbox.store import canned as canned_store
from inbox.store import entries as entry_store
from inbox.store import erasing as store
from inbox.store import mailings as mailing_store
from inbox.store import search as search_store
from inbox.supervising import rollups
from inbox.ticketing import ticket_news, tickets
from inbox.ticketing.tickets import Stand, Ticket
from inbox.timeline import Author, Entry

Step = Callable[[Workspace, Erasure], Awaitable[Erasure]]
_PAGE = 100
_PROVIDER_AT_ONCE = 8
_PROVIDER_SECONDS = 20
_PROVIDER_TRIES = 3
_OUTBOX_SECONDS = 40
_NAMES = ("from_name", "into_name")


async def _close(ws: Workspace, known: Erasure) -> Erasure:
    """From here on nothing is theirs: who writes from one of their handles is somebody new."""
    await erasures.suppress(ws, known)
    await erasures.bury(ws, known)
    return known


async def _fence(ws: Workspace, known: Erasure) -> Erasure:
    """The last entry of the timeline."""
    number = (await sides.own(ws, known.contact_id, "")).last_number
    while taken := await entry_store.numbers_from(ws, known.contact_id, number + 1, limit=_PAGE):
        number = max(taken)
    entry = Entry(
        id=entry_store.inbound_id("erasure", known.id),
        contact_id=known.contact_id,
        conversation_id=conversations.id_for(known.contact_id),
        at=known.at,
        created_at=ws.clock.now(),
        kind="event",
        author=Author("system"),
        event={"name": "contact_erased"},
    )
    await timeline.append(ws, entry, after=number)
    return known


async def _bury_entries(ws: Workspace, known: Erasure) -> Erasure:
    """Every entry becomes a tombstone: first at the provider, then its files, words and payload, then the entry."""
    shared = await _shared_files(ws)
    async with _quiet_outbox(ws, known.contact_id):
        while known.at_member < len(known.members):
            page = await timeline.page_after(ws, known.members[known.at_member], known.number, limit=_PAGE)
            if not page:
                known = await erasures.advance(ws, known, at_member=known.at_member + 1, number=0, counted=0)
                continue
            ids, last = [entry.id for entry in page], page[-1].number
            found = _files(page, shared)
            if known.counted < last:
                counts = erasures.counted(known, entries=len(page), files=len(found))
                known = await erasures.advance(ws, known, counted=last, counts=counts)
            left = await _erase_at_providers(ws, page)
            for file_id in found:
                await files.erase(ws, file_id)
            await search_store.remove_many(ws, ids)
            await work.empty_raw(ws.runtime, [entry.raw_id for entry in page if entry.raw_id])
            await work.drop_media(ws.runtime, ids)
            await entry_store.bury(ws, ids)
            known = await erasures.advance(ws, known, number=last, left=(*known.left, *left)[: erasures.MOST_LEFT])
    return known


@asynccontextmanager
async def _quiet_outbox(ws: Workspace, contact_id: str) -> AsyncIterator[None]:
    """A message that is just being handed over is waited for; what still waits is never handed over."""
    async with asyncio.timeout(_OUTBOX_SECONDS):
        while True:
            held = leases.hold(ws.redis, f"outbox:{contact_id}")
            if await held.__aenter__() is not None:
                break
            await held.__aexit__(None, None, None)
            await asyncio.sleep(0.2)
    try:
        yield
    finally:
        await held.__aexit__(None, None, None)


async def _shared_files(ws: Workspace) -> frozenset[str]:
    """Files of the business's own that are sent to many."""
    return frozenset(file_id for reply in await canned_store.every(ws) for file_id in reply.file_ids)


def _files(page: Sequence[Entry], shared: frozenset[str]) -> list[str]:
    """What they sent, and what was sent to them alone."""
    found: list[str] = []
    for entry in page:
        file_id = ((entry.content or {}).get("media") or {}).get("file_id")
        if file_id and (entry.direction == "in" or (file_id not in shared and entry.purpose != "marketing")):
            found.append(file_id)
    return found


async def _erase_at_providers(ws: Workspace, page: Sequence[Entry]) -> list[str]:
    """Where a provider deletes what it is asked to; what it would not, in words."""
    known: list[tuple[str, str]] = []
    for entry in page:
        if entry.kind != "message" or entry.account_id is None:
            continue
        # Ours are kept with the account's id.
        ours = (each.removeprefix(f"{entry.account_id}:") for each in entry.external_ids)
        theirs = (entry.external_id,) if entry.external_id else ()
        known += [(entry.account_id, external_id) for external_id in dict.fromkeys((*theirs, *ours))]
    answers: list[str | None] = []
    for first in range(0, len(known), _PROVIDER_AT_ONCE):
        some = known[first : first + _PROVIDER_AT_ONCE]
        answers += await asyncio.gather(*(_erase_at_provider(ws, *each) for each in some))
    return [answer for answer in answers if answer]


async def _erase_at_provider(ws: Workspace, account_id: str, external_id: str) -> str | None:
    """Why not, if the provider has it still."""
    try:
        account = await accounts.get(ws.runtime, account_id)
    except NotFound:
        return f"{external_id}: the account is no longer connected; ask the provider."
    adapter = registry.adapter(account.kind)
    if not isinstance(adapter, Erases):
        return None
    for attempt in range(_PROVIDER_TRIES):
        try:
            async with asyncio.timeout(_PROVIDER_SECONDS):
                await adapter.erase(accounts.io(ws.runtime), account, external_id)
            return None
        except SendError as error:
            words = error.message
            if not error.retryable:
                break
        except TimeoutError:
            words = "no answer in time"
        await asyncio.sleep(2.0**attempt)
    return f"{external_id}: {words}"


async def _empty_conversations(ws: Workspace, known: Erasure) -> Erasure:
    """Of the threads a row stays that says nothing and stands in no list; whoever is just changing one meets it."""
    gone = 0
    for contact_id in known.members:
        while not await _set_aside(ws, contact_id, known.at):
            pass
        gone += await store.empty_conversation(ws, conversations.id_for(contact_id))
        await store.forget_contact(ws, contact_id)
        gone += await store.empty_surveys(ws, contact_id)
    gone += await store.delete_visitors(ws, known.addresses)
    return await erasures.advance(ws, known, counts={**known.counts, "beside": gone})


async def _set_aside(ws: Workspace, contact_id: str, at: datetime) -> bool:
    """False if somebody has changed it meanwhile."""
    current = await sides.own(ws, contact_id, "")
    if current.merged_into == conversations.ERASED:
        return True
    closed = current if current.state == "closed" else conversations.shut(current, at)
    for facts in (await conversations.followed(ws, current, closed)).finished:
        await rollups.keep(ws, current, replace(facts, comment=""))
    empty = conversations.new_for(ws, contact_id, name="Erased contact")
    wanted = replace(
        empty, state="closed", closed_at=at, merged_into=conversations.ERASED, revision=current.revision + 1
    )
    if not await conversations.replaced(ws, current, wanted):
        return False
    await live.publish(ws, live.event("gone", {"conversation_id": wanted.id}))
    return True


async def _empty_tickets(ws: Workspace, known: Erasure) -> Erasure:
    """Numbers, times and what reports count stay."""
    found = [each for contact_id in known.members for each in await sides.tickets_of(ws, contact_id)]
    for ticket in found:
        # What has happened is counted and told before nobody can be told any more.
        settled = await ticket_news.settle(ws, ticket)
        emptied, _ = await tickets.change(ws, settled, partial(_emptied, at=known.at))
        await audit.nameless(ws, [emptied.id])
        told = {"id": emptied.id, "contact_id": emptied.contact_id, "revision": emptied.revision}
        with live.told_later(ws):
            await live.publish(ws, live.event("ticket", told))
    return await erasures.advance(ws, known, counts={**known.counts, "tickets": len(found)})


def _emptied(now: Ticket, *, at: datetime) -> Ticket:
    closed = replace(now, status="closed", stands=(*now.stands, Stand("closed", at))) if now.active else now
    return replace(
        closed,
        title="Erased",
        description="",
        fields={},
        checklist=(),
        entry_ids=(),
        attention=(),
        flagged_at=None,
        sla=None,
        news=(),
    )


async def _hide_facts(ws: Workspace, known: Erasure) -> Erasure:
    return await erasures.advance(ws, known, counts={**known.counts, "facts": await erasures.hide_facts(ws, known)})


async def _forget(ws: Workspace, known: Erasure) -> Erasure:
    """What others' timelines say of a merge with them, and all rows about the contact alone."""
    for contact_id in known.members:
        for merge in await merge_store.about(ws, contact_id):
            for whose, number in (
                (merge.into_id, merge.begins),
                (merge.into_id, merge.ends),
                (merge.from_id, merge.fence),
            ):
                for entry in await entry_store.range_of(ws, whose, number, number):
                    await timeline.change(ws, entry, _nameless)
    await happenings.forget(ws, known.members)
    await destinations.forget(ws, known.members)
    await traffic.forget(ws, known.members)
    await erasures.forget(ws, known)
    return known


def _nameless(entry: Entry) -> Entry:
    """An event that told a name."""
    named = [name for name in _NAMES if (entry.event or {}).get(name, "Erased contact") != "Erased contact"]
    return replace(entry, event={**(entry.event or {}), **dict.fromkeys(named, "Erased contact")}) if named else entry


async def _empty_tables(ws: Workspace, known: Erasure) -> Erasure:
    """Copies in tables: exports that have them are deleted, and so are rows of imports that were refused."""
    exported = await exports.delete_before(ws, known.at)
    refused = await imports.forget(ws, known.members, [handle.value for handle in known.addresses], until=known.at)
    return await erasures.advance(ws, known, counts={**known.counts, "exports": exported, "import_rows": refused})


async def _forget_mailings(ws: Workspace, known: Erasure) -> Erasure:
    """Whom mailings went to is kept by hashes; who still waits in one is skipped, for a hash leads to nobody."""
    key = await pacing.pepper(ws)

    def hide(address: str) -> str:
        shown = Address.parse(address)
        return address if shown.value.startswith("#") else pacing.mark(key, shown)

    await mailing_store.forget(ws, known.members, hide)
    return known


async def _again(ws: Workspace, known: Erasure) -> Erasure:
    """What was just under way when all this began may have left something: words, a fact, a handle."""
    for contact_id in known.members:
        number = 0
        while page := await timeline.page_after(ws, contact_id, number, limit=_PAGE):
            number = page[-1].number
            await search_store.remove_many(ws, [entry.id for entry in page])
            await entry_store.bury(ws, [entry.id for entry in page if entry.kind != "tombstone"])
        await store.empty_conversation(ws, conversations.id_for(contact_id))
    await erasures.bury(ws, known)
    await erasures.hide_facts(ws, known)
    return known


async def _finish(ws: Workspace, known: Erasure) -> Erasure:
    named = [*known.members, *(conversations.id_for(each) for each in known.members)]
    trail = await audit.nameless(ws, named, dict(zip(known.handles, known.marks, strict=True)))
    target = Target("contact", known.contact_id)
    await audit.record(ws, known.actor, "contact.erased", target, {"erasure_id": known.id}, once=f"{known.id}/done")
    done = await erasures.advance(
        ws,
        known,
        state="done",
        handles=(),
        counts={**known.counts, "audit": trail},
        finished_at=ws.clock.now(),
    )
    for contact_id in known.members:
        await live.publish(ws, live.event("contact", {"id": contact_id, "erased": True}))
    return done


STEPS: Sequence[Step] = (
    _close,
    _fence,
    _bury_entries,
    _empty_conversations,
    _empty_tickets,
    _hide_facts,
    _forget,
    _empty_tables,
    _forget_mailings,
    _again,
    _finish,
)
