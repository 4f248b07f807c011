"""The steps of a merge. Each may be repeated: whoever takes over does the last one again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from math import inf
from typing import Any

from app.core import audit
from app.core.audit import Target
from app.core.runtime import Workspace
from channels import accounts, registry
from crm import contacts, duplicates, merging
from crm.merging import Merge
from crm.store import merging as merge_store
from inbox import contents, conversations, events, story
from inbox.closing import blocking
from inbox.conversations import Conversation
from inbox.finding.reading import unread_by
from inbox.merging import drafts, sides
from inbox.merging.sides import Step
from inbox.store import blocked
from inbox.store import deferred as deferred_store
from inbox.store import entries as entry_store
from inbox.store import surveys as survey_store
from inbox.supervising import rollups
from inbox.timeline import Entry

_URGENCY = ("low", "normal", "high", "urgent")


async def _begin(ws: Workspace, known: Merge) -> Merge:
    """
    The survivor's entry of the merge, before any address moves: what comes on one of the other's is numbered after it.
    """
    event = {"name": "contact_merged", "merge_id": known.id, "from_id": known.from_id, "from_name": known.from_name}
    entry = await events.note(
        ws, known.into_id, key=f"merge/{known.id}", event=event, at=known.at, author=sides.author(sides.actor_of(known))
    )
    return await merging.advance(ws, known, begins=entry.number)


async def _move_addresses(ws: Workspace, known: Merge) -> Merge:
    """What comes in from now on is the survivor's."""
    await merging.move_addresses(ws, known)
    return known


async def _put_fence(ws: Workspace, known: Merge) -> Merge:
    """The last entry on the timeline that is left."""
    conversation = await sides.own(ws, known.from_id, known.from_name)
    event = {"name": "contact_absorbed", "merge_id": known.id, "into_id": known.into_id, "into_name": known.into_name}
    fence = await sides.append(ws, known, conversation, "absorbed", event, at=known.at, by=sides.actor_of(known))
    return await merging.advance(ws, known, fence=fence.number)


async def _set_aside(ws: Workspace, known: Merge) -> Merge:
    """The conversation that is left keeps its row as it is, with all that was said before the fence."""
    into_id = conversations.id_for(known.into_id)
    while True:
        current = await sides.own(ws, known.from_id, known.from_name)
        if current.merged_into is not None:
            break
        # Nothing asks for its episodes any more, so they are copied now, if not for the last time.
        for facts in current.finished:
            await rollups.keep(ws, current, facts)
        wanted = current
        for entry in await entry_store.range_of(ws, known.from_id, current.last_number + 1, known.fence - 1):
            # Somebody is just about to count this in, and will find that it was done.
            wanted = await _taken_in(ws, wanted, entry)
        wanted = await conversations.followed(ws, current, replace(wanted, last_number=known.fence))
        if await conversations.replaced(
            ws, current, replace(wanted, merged_into=into_id, revision=current.revision + 1)
        ):
            break
    # Once more: somebody may have linked a handle to it meanwhile.
    await merging.move_addresses(ws, known)
    return known


async def _taken_in(ws: Workspace, conversation: Conversation, entry: Entry) -> Conversation:
    """The conversation with a message that was stored and not counted in."""
    if entry.kind not in ("message", "note"):
        return replace(conversation, last_number=max(conversation.last_number, entry.number))
    summary = conversations.summary_of(entry, contents.text_of(entry.content))
    if entry.direction == "in":
        account = await accounts.get(ws.runtime, entry.account_id or "")
        hours = registry.adapter(account.kind).capabilities(account).window_hours
        return conversations.received(entry, summary, window_hours=hours)(conversation)
    return conversations.sent(entry, summary)(conversation)


async def _weave(ws: Workspace, known: Merge) -> Merge:
    """Both timelines are read as one, up to now."""
    mine, theirs = await story.of(ws, known.into_id), await story.of(ws, known.from_id)
    # Everything up to the conversation's newest number is stored.
    end = (await sides.own(ws, known.into_id, known.into_name)).last_number + 1
    owned = story.together(mine.owned(end), theirs.owned(known.fence))
    await story.keep(ws, await story.weave(ws, known.into_id, owned, max(mine.tail, end)))
    return known


async def _move_work(ws: Workspace, known: Merge) -> Merge:
    """Tickets, surveys, messages for later and what was said about consent belong to the survivor."""
    found = [ticket.id for ticket in await sides.tickets_of(ws, known.from_id)]
    asked = [survey.id for survey in await survey_store.of_contact(ws, known.from_id)]
    moved = {"tickets": found, "surveys": asked}
    moved = {what: list(dict.fromkeys([*known.moved.get(what, ()), *ids])) for what, ids in moved.items()}
    known = await merging.advance(ws, known, moved=moved)
    await sides.give_tickets(ws, moved["tickets"], known.into_id)
    await survey_store.give(ws, moved["surveys"], known.into_id)
    left = await sides.own(ws, known.from_id, known.from_name)
    rows = [row for row in await deferred_store.get_many(ws, left.deferred) if row.conversation_id == left.id]
    if rows:
        known = await merging.keep(ws, known, heard={row.id: row.heard for row in rows})
        mine = await sides.own(ws, known.into_id, known.into_name)
        # Numbers of the other timeline mean nothing on this one.
        heard = {row.id: mine.last_inbound_number for row in rows}
        await deferred_store.give(ws, heard, mine.contact_id, mine.id)
    brought = await merging.move_addresses(ws, known)
    await merge_store.move_facts(ws, known.from_id, known.into_id, [str(row.address) for row in brought])
    known = await drafts.join(ws, known)
    return await merging.tighten(ws, known)


async def _join(ws: Workspace, known: Merge) -> Merge:
    """The survivor's conversation takes over what the other has."""
    left = await sides.own(ws, known.from_id, known.from_name)
    while True:
        current = await sides.own(ws, known.into_id, known.into_name)
        if left.id in current.absorbed:
            break
        stopped = await sides.stopped(ws, known.into_id)
        wanted = joined(current, left, ws.clock.now())
        wanted = replace(wanted, reach=tuple(stopped(r) for r in wanted.reach))
        wanted = await conversations.followed(ws, current, wanted)
        wanted = replace(wanted, revision=current.revision + 1)
        found = {"before": sides.kept(current), "after": sides.kept(wanted), "heard": sides.heard(wanted)}
        known = await merging.keep(ws, known, conversation=found)
        if await conversations.replaced(ws, current, wanted):
            break
    # As it is stored: what is undone is compared with that.
    return await merging.get(ws, known.id)


async def _absorb(ws: Workspace, known: Merge) -> Merge:
    """The survivor has the values that were picked."""
    known, contact = await merging.absorb(ws, known)
    if contact.block is not None:
        # Whichever of them it was: the list of who is blocked shows the one that is left.
        await blocked.add(ws, contact.id, contact.block.at)
        await _keep_away(ws, known)
    await conversations.rename(ws, contact.id, contact.name)
    return known


async def _keep_away(ws: Workspace, known: Merge) -> None:
    """The provider has heard of the side that was blocked, not of the other."""
    ours = (await sides.own(ws, known.into_id, known.into_name)).reach
    theirs = (await sides.own(ws, known.from_id, known.from_name)).reach
    ways = {(reach.account_id, reach.address) for reach in theirs}
    if known.kept["contact"]["before"]["block"] is None:
        await blocking.tell_providers(ws, [r for r in ours if (r.account_id, r.address) not in ways], on=True)
    if (await contacts.get_many(ws, [known.from_id]))[known.from_id].block is None:
        await blocking.tell_providers(ws, theirs, on=True)


async def _finish(ws: Workspace, known: Merge) -> Merge:
    await sides.tell(ws, known)
    actor = sides.actor_of(known)
    for target, other in (
        (Target("contact", known.into_id, known.into_name), {"from_id": known.from_id, "from_name": known.from_name}),
        (Target("contact", known.from_id, known.from_name), {"into_id": known.into_id, "into_name": known.into_name}),
    ):
        detail = {"merge_id": known.id, **other, "picks": dict(known.picks)}
        await audit.record(ws, actor, "contact.merged", target, detail, once=f"{known.id}/{target.id}/merged")
    await duplicates.look_later(ws, known.from_id)
    await duplicates.look_later(ws, known.into_id)
    return await merging.advance(ws, known, status="merged")


JOINING: Sequence[Step] = (
    _begin,
    _move_addresses,
    _put_fence,
    _set_aside,
    _weave,
    _move_work,
    _join,
    _absorb,
    _finish,
)


def joined(mine: Conversation, theirs: Conversation, at: datetime) -> Conversation:
    """
    The survivor's conversation with what the other brings. It goes on as it is; one that is closed or asleep opens if
    the other is open, so that nobody who waits is forgotten, and of two that are asleep the sooner end of it counts.
    """
    ways = {(reach.account_id, reach.address) for reach in mine.reach}
    # Numbers of the other timeline mean nothing on this one.
    brought = [replace(r, last_number=0) for r in theirs.reach if (r.account_id, r.address) not in ways]
    heard = sorted((*mine.reach, *brought), key=lambda r: r.last_inbound_at.timestamp() if r.last_inbound_at else 0.0)
    waits = [since for since in (mine.waiting_since, theirs.waiting_since) if since]
    lists: dict[str, Any] = {
        name: tuple(dict.fromkeys((*getattr(mine, name), *getattr(theirs, name)))) for name in sides.LISTS
    }
    newest = max((e for e in (mine.last_entry, theirs.last_entry) if e), key=lambda e: e.at, default=None)
    wanted = replace(
        mine,
        **lists,
        reach=tuple(reversed(heard)),
        deferred=tuple(dict.fromkeys((*mine.deferred, *theirs.deferred))),
        priority=max(mine.priority, theirs.priority, key=_URGENCY.index),
        assignee_id=mine.assignee_id or theirs.assignee_id,
        team_id=mine.team_id or theirs.team_id,
        last_activity_at=max(mine.last_activity_at, theirs.last_activity_at),
        last_entry=newest,
        answered_at=mine.answered_at or theirs.answered_at,
        asked=max((a for a in (mine.asked, theirs.asked) if a), key=lambda a: a.asked_at, default=None),
        absorbed=(*mine.absorbed, theirs.id),
        woven=True,
    )
    if mine.blocked or theirs.blocked:
        blocked = replace(wanted, blocked=True)
        return blocked if mine.state == "closed" else conversations.shut(blocked, at)
    if theirs.state == "closed":
        return wanted
    if mine.state == "closed" or (mine.state == "snoozed" and theirs.state != "snoozed"):
        wanted = conversations.opened(wanted, at)
        if theirs.state == "snoozed":
            wanted = replace(wanted, state="snoozed", snoozed_until=theirs.snoozed_until, snooze_by=theirs.snooze_by)
    elif mine.state == theirs.state == "snoozed":
        first = min((mine, theirs), key=_wakes_at)
        wanted = replace(wanted, snoozed_until=first.snoozed_until, snooze_by=first.snooze_by)
    unread = mine.unread + theirs.unread
    each = {one: unread_by(mine, one) + unread_by(theirs, one) for one in {*mine.unread_by, *theirs.unread_by}}
    return replace(
        wanted,
        unread=unread,
        unread_by={one: number for one, number in each.items() if number != unread},
        waiting_since=min(waits, default=None),
    )


def _wakes_at(asleep: Conversation) -> float:
    return asleep.snoozed_until.timestamp() if asleep.snoozed_until else inf
