"""The steps by which a merge is undone: each side gets back its own. Each may be repeated."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.core import audit
from app.core.audit import Target
from app.core.errors import NotFound
from app.core.runtime import Workspace
from crm import contacts, duplicates, merging
from crm.merging import Merge
from crm.store import merging as merge_store
from inbox import contents, conversations, events, story, timeline
from inbox.closing import blocking
from inbox.conversations import Conversation, Summary
from inbox.finding import views
from inbox.merging import drafts, sides, waiting
from inbox.merging.sides import Step
from inbox.merging.waiting import Heard, Made
from inbox.store import blocked
from inbox.store import conversations as store
from inbox.store import deferred as deferred_store
from inbox.store import entries as entry_store
from inbox.store import surveys as survey_store
from inbox.story import Owned
from inbox.timeline import Entry

_PAGE = 200


async def _return_addresses(ws: Workspace, known: Merge) -> Merge:
    """What comes in from now on is the other's again."""
    await merging.loosen(ws, known)
    theirs = await merging.return_addresses(ws, known)
    await merge_store.move_facts(ws, known.into_id, known.from_id, [str(row.address) for row in theirs])
    return known


async def _end(ws: Workspace, known: Merge) -> Merge:
    """The survivor's entry of the parting, and the fence for whoever still writes to the other under its name."""
    event = {"name": "contact_parted", "merge_id": known.id, "from_id": known.from_id, "from_name": known.from_name}
    entry = await events.note(
        ws,
        known.into_id,
        key=f"part/{known.id}",
        event=event,
        at=known.undone_at or ws.clock.now(),
        author=sides.author(sides.undoer_of(known)),
    )
    return await merging.advance(ws, known, ends=entry.number)


async def _share(ws: Workspace, known: Merge) -> Merge:
    """
    Each side's story is its own again. What was written since the merge is the side's on whose address it was; what has
    no address (notes, events) stays with the survivor.
    """
    mine, theirs = await story.of(ws, known.into_id), await story.of(ws, known.from_id)
    if "given" not in known.kept:
        addresses = {str(row.address) for row in await contacts.addresses_of(ws, known.from_id)}
        since = await _written_since(ws, mine, known, addresses)
        given = story.together(theirs.owned(known.fence), _runs(since))
        shared = {"runs": {member: [list(run) for run in runs] for member, runs in given.items()}}
        known = await merging.keep(ws, known, given=shared | {"entries": [entry.id for entry in since]})
    runs: Owned = {member: [(a, b) for a, b in found] for member, found in known.kept["given"]["runs"].items()}
    ours = story.together(runs, theirs.owned(known.fence + 1))
    await story.keep(ws, await story.weave(ws, known.from_id, ours, known.fence + 1))
    left = story.without(mine.owned(known.ends), runs)
    await story.keep(ws, await story.weave(ws, known.into_id, left, known.ends))
    own = conversations.id_for(known.from_id)
    await entry_store.set_conversation(ws, known.kept["given"]["entries"], own)
    return known


async def _written_since(ws: Workspace, mine: story.Story, known: Merge, addresses: set[str]) -> list[Entry]:
    found: list[Entry] = []
    place: float = known.begins
    while page := await story.page_after(ws, mine, place, limit=_PAGE):
        found += [each.entry for each in page if each.entry.address in addresses and each.place < known.ends]
        place = page[-1].place
        if place >= known.ends:
            break
    return found


def _runs(entries: Sequence[Entry]) -> Owned:
    runs: dict[str, list[tuple[int, int]]] = {}
    for entry in entries:
        runs.setdefault(entry.contact_id, []).append((entry.number, entry.number))
    return runs


async def _return_work(ws: Workspace, known: Merge) -> Merge:
    """Tickets and surveys that came with it go; messages for later go where their address is."""
    await sides.give_tickets(ws, known.moved.get("tickets", ()), known.from_id)
    await survey_store.give(ws, known.moved.get("surveys", ()), known.from_id)
    addresses = {str(row.address) for row in await contacts.addresses_of(ws, known.from_id)}
    mine = await sides.own(ws, known.into_id, known.into_name)
    theirs = await sides.own(ws, known.from_id, known.from_name)
    before = known.kept.get("heard", {})
    going = [row for row in await deferred_store.get_many(ws, mine.deferred) if row.address in addresses]
    heard = {row.id: before.get(row.id, theirs.last_inbound_number) for row in going}
    await deferred_store.give(ws, heard, theirs.contact_id, theirs.id)
    await drafts.part(ws, known)
    return known


async def _bring_back(ws: Workspace, known: Merge) -> Merge:
    """The other's conversation stands in lists again, with what has been said since."""
    rows = await contacts.addresses_of(ws, known.from_id)
    addresses = {str(row.address) for row in rows}
    stopped = await sides.stopped(ws, known.from_id)
    since = await entry_store.get_many(ws, known.kept["given"]["entries"])
    since.sort(key=lambda entry: (entry.created_at, entry.number))
    mine = await sides.own(ws, known.into_id, known.into_name)
    going = [row.id for row in await deferred_store.get_many(ws, mine.deferred) if row.address in addresses]
    heard = await _heard_since(ws, known, mine)
    while True:
        current = await sides.own(ws, known.from_id, known.from_name)
        if current.merged_into is None:
            return known
        later = await deferred_store.get_many(ws, current.deferred)
        here = [row.id for row in later if row.conversation_id == current.id]
        reach = _with_news(current, mine, addresses)
        wanted = replace(
            current,
            merged_into=None,
            woven=True,
            deferred=tuple(dict.fromkeys((*here, *going))),
            reach=tuple(stopped(r) for r in reach),
            # If a colleague has unblocked them since, they stay so.
            blocked=current.blocked and mine.blocked,
            asked=mine.asked if mine.asked and mine.asked.address in addresses else current.asked,
        )
        wanted = _gone_on(wanted, mine, since, ws.clock.now())
        if any(entry.kind == "message" for entry in since) and wanted.state != "closed":
            merges = await _made(ws, known, mine)
            wanted = waiting.of_other(mine, sides.heard(mine), merges, current, heard).on(wanted)
        untouched = replace(wanted, merged_into=current.merged_into) == current
        if not untouched and since:
            wanted = await conversations.followed(ws, replace(current, merged_into=None), wanted)
        if await conversations.replaced(ws, current, replace(wanted, revision=current.revision + 1)):
            return known


def _with_news(current: Conversation, mine: Conversation, addresses: set[str]) -> list[conversations.Reach]:
    """Its ways, as they have become: the number is still that of its own timeline."""
    known = {(r.account_id, r.address): r for r in current.reach}
    news = [r for r in mine.reach if r.address in addresses]
    ways = [
        replace(r, last_number=known[way].last_number if (way := (r.account_id, r.address)) in known else 0)
        for r in news
    ]
    same = {(r.account_id, r.address): r for r in ways}
    if set(same) == set(known) and all(same[way].last_inbound_at == r.last_inbound_at for way, r in known.items()):
        return list(current.reach)
    return ways or list(current.reach)


def _gone_on(wanted: Conversation, mine: Conversation, since: Sequence[Entry], at: datetime) -> Conversation:
    """With what was written since the merge; it is as far as the conversation in which it was written."""
    said = [entry for entry in since if entry.kind == "message"]
    if not said:
        return wanted
    newest = said[-1]
    wanted = replace(
        wanted,
        last_entry=conversations.summary_of(newest, contents.text_of(newest.content)),
        last_activity_at=max(wanted.last_activity_at, newest.created_at),
        assignee_id=mine.assignee_id,
    )
    if mine.state == "closed":
        return wanted if wanted.state == "closed" else conversations.shut(wanted, at)
    if wanted.state == "closed":
        wanted = conversations.opened(wanted, at)
    return replace(wanted, state=mine.state, snoozed_until=mine.snoozed_until, snooze_by=mine.snooze_by)


async def _heard_since(ws: Workspace, known: Merge, now: Conversation) -> list[Heard]:
    """In order. All of it stands on the survivor's timeline."""
    going = set(known.kept["given"]["entries"])
    found: list[Heard] = []
    for first in range(known.begins + 1, max(now.last_number, known.ends) + 1, _PAGE):
        for entry in await entry_store.range_of(ws, known.into_id, first, first + _PAGE - 1):
            if (entry.kind, entry.direction) == ("message", "in"):
                found.append(Heard(entry, entry.id in going))
    return found


async def _made(ws: Workspace, known: Merge, like: Conversation) -> list[Made]:
    """What this merge, and each later one, made of the survivor's conversation."""
    found = [(known.from_id, known.kept["conversation"])]
    found += [(each.from_id, known.kept["later"][each.id]) for each in await merging.later(ws, known)]
    own = [conversations.id_for(from_id) for from_id, _ in found]
    brought = {each.id: each.waiting_since for each in await store.get_many(ws, own)}
    row = store.to_row(like)
    return [
        Made(
            before=store.from_row({**row, **kept["before"]}),
            after=store.from_row({**row, **kept["after"]}),
            taken_in=kept.get("heard", {}),
            waited=brought.get(conversation_id),
        )
        for conversation_id, (_, kept) in zip(own, found, strict=True)
    ]


async def _note_later(ws: Workspace, known: Merge) -> Merge:
    """What later merges found is corrected when this one is taken out of it: this is how it was."""
    if "later" in known.kept:
        return known
    later = {each.id: each.kept["conversation"] for each in await merging.later(ws, known)}
    return await merging.keep(ws, known, later=later)


async def _take_out(ws: Workspace, known: Merge) -> Merge:
    """The survivor's conversation without what the other had brought."""
    theirs = await store.get(ws, conversations.id_for(known.from_id))
    if theirs is None:
        raise NotFound("There is no such conversation.")
    addresses = {str(row.address) for row in await contacts.addresses_of(ws, known.from_id)}
    stopped = await sides.stopped(ws, known.into_id)
    kept = known.kept["conversation"]
    while True:
        current = await sides.own(ws, known.into_id, known.into_name)
        if theirs.id not in current.absorbed:
            return known
        others = await store.get_many(ws, [each for each in current.absorbed if each != theirs.id])
        lists: dict[str, Any] = {name: _without(name, current, theirs, others, kept["before"]) for name in sides.LISTS}
        now = sides.kept(current)
        values: dict[str, Any] = {}
        for names in sides.ALONE:
            values |= await merging.undone(ws, known, "conversation", names, now, computed=sides.COMPUTED)
        merges = await _made(ws, known, current)
        heard = await _heard_since(ws, known, current)
        await _correct_later(ws, known, theirs, merges, heard)
        wanted = store.from_row({**store.to_row(current), **values})
        leaving = {row.id for row in await deferred_store.get_many(ws, current.deferred) if row.address in addresses}
        mine = await story.of(ws, known.into_id)
        reach = tuple(r for r in current.reach if r.address not in addresses)
        wanted = replace(
            wanted,
            **lists,
            reach=tuple(stopped(r) for r in reach),
            deferred=tuple(each for each in current.deferred if each not in leaving),
            absorbed=tuple(each for each in current.absorbed if each != theirs.id),
        )
        if wanted.asked is not None and wanted.asked.address in addresses:
            # Asked, or answered, since: the question went along with who was asked.
            wanted = replace(wanted, asked=store.from_row({**store.to_row(current), **kept["before"]}).asked)
        wanted = await _with_own_newest(ws, mine, current, wanted)
        restored = any(values[name] != now[name] for name in sides.STATE)
        touched = len(merges) > 1 or any(now[n] != kept["after"][n] for n in sides.STATE if n not in sides.COMPUTED)
        if touched and not restored and current.state != "closed":
            wanted = waiting.of_survivor(current, sides.heard(current), merges, heard).on(wanted)
        if restored:
            # Put back as it was, clocks and all.
            wanted = replace(wanted, views=await views.of(ws, wanted))
        else:
            wanted = await conversations.followed(ws, current, wanted)
        if await conversations.replaced(ws, current, replace(wanted, revision=current.revision + 1)):
            return known


def _without(
    name: str, current: Conversation, theirs: Conversation, others: Sequence[Conversation], before: Mapping[str, Any]
) -> tuple[str, ...]:
    """A list without what only the one that goes had brought."""
    kept = {*before[name], *(each for other in others for each in getattr(other, name))}
    gone = set(getattr(theirs, name)) - kept
    return tuple(each for each in getattr(current, name) if each not in gone)


async def _correct_later(
    ws: Workspace, known: Merge, theirs: Conversation, merges: Sequence[Made], heard: Sequence[Heard]
) -> None:
    """What later merges found, in lists and unread, only because of this one was never the survivor's own."""
    before = known.kept["conversation"]["before"]
    for number, each in enumerate(await merging.later(ws, known), start=2):
        found = each.kept["conversation"]
        own = {
            name: [x for x in found["before"][name] if x in before[name] or x not in getattr(theirs, name)]
            for name in sides.LISTS
        }
        was, became = waiting.corrected(merges[:number], heard)
        corrected = {"before": {**found["before"], **own, **was.row()}, "after": {**found["after"], **became.row()}}
        await merging.keep(ws, each, conversation={**found, **corrected})


async def _with_own_newest(
    ws: Workspace, mine: story.Story, current: Conversation, wanted: Conversation
) -> Conversation:
    """A row never shows an entry of somebody else, nor hides a newer one of its own."""
    if await _is_in(ws, mine, current.last_entry):
        if wanted.last_entry is not None and current.last_entry == wanted.last_entry:
            return wanted
        return replace(wanted, last_entry=current.last_entry, last_activity_at=current.last_activity_at)
    if await _is_in(ws, mine, wanted.last_entry):
        return wanted
    place: float = wanted.last_number + 1
    older = True
    while older:
        page, older = await story.page_before(ws, mine, place, limit=_PAGE)
        for each in reversed(page):
            if each.entry.kind in ("message", "note"):
                text = contents.text_of(each.entry.content)
                return replace(wanted, last_entry=conversations.summary_of(each.entry, text))
        if not page:
            break
        place = page[0].place
    return replace(wanted, last_entry=None)


async def _is_in(ws: Workspace, mine: story.Story, shown: Summary | None) -> bool:
    entry = await timeline.find(ws, shown.id) if shown else None
    return entry is not None and mine.place_of(entry.contact_id, entry.number) is not None


async def _release(ws: Workspace, known: Merge) -> Merge:
    """Both contacts have the values that were theirs."""
    into, other = await merging.release(ws, known)
    if into.block is None:
        await blocked.remove(ws, into.id)
    for contact in (into, other):
        if known.kept["contact"]["after"]["block"] and contact.block is None:
            ways = (await sides.own(ws, contact.id, contact.name)).reach
            await blocking.tell_providers(ws, ways, on=False)
        await conversations.rename(ws, contact.id, contact.name)
    return known


async def _finish_parting(ws: Workspace, known: Merge) -> Merge:
    event = {"name": "contact_restored", "merge_id": known.id, "into_id": known.into_id, "into_name": known.into_name}
    actor = sides.undoer_of(known)
    await events.note(
        ws,
        known.from_id,
        key=f"restore/{known.id}",
        event=event,
        at=known.undone_at or ws.clock.now(),
        author=sides.author(actor),
    )
    await sides.tell(ws, known)
    for contact_id, name in ((known.into_id, known.into_name), (known.from_id, known.from_name)):
        detail = {"merge_id": known.id, "into_id": known.into_id, "from_id": known.from_id}
        once = f"{known.id}/{contact_id}/parted"
        await audit.record(ws, actor, "contact.parted", Target("contact", contact_id, name), detail, once=once)
    # Who parts two says that they are two.
    await duplicates.dismiss(ws, actor, known.into_id, known.from_id)
    return await merging.advance(ws, known, status="parted")


PARTING: Sequence[Step] = (
    _return_addresses,
    _end,
    _share,
    _return_work,
    _note_later,
    _bring_back,
    _take_out,
    _release,
    _finish_parting,
)
