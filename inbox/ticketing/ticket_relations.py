"""Tickets and other tickets: merged into one, split in two, related, and sub-tasks."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from app.core.errors import Conflict, Invalid
from app.core.permissions import Actor
from app.core.runtime import Workspace
from inbox.store import tickets as store
from inbox.ticketing import tickets
from inbox.ticketing.tickets import MOST_RELATED, NewTicket, Stand, Ticket

_DEEPEST = 20


async def merge(ws: Workspace, actor: Actor, ticket_id: str, into_id: str) -> tuple[Ticket, Ticket]:
    """
    End a ticket in another one, which takes over what it is about; both as they are now.

    The first is marked, with news that make the second take over: should we die between, the sweeper goes on. Where
    each is merged into the other at the same time, neither is. Raises NotFound, Invalid, Conflict.
    """
    ticket, into = await tickets.get(ws, ticket_id), await tickets.get(ws, into_id)
    if ticket.id == into.id:
        raise Invalid.field("into_id", "A ticket cannot be merged into itself.")
    tickets.require_unmerged(into)
    at = ws.clock.now()

    def how(now: Ticket) -> Ticket:
        if now.merged_into == into.id:
            return now
        if now.merged_into is not None:
            raise Conflict("This ticket was merged already.", code="merged")
        stands = now.stands if now.status == "closed" else (*now.stands, Stand("closed", at))
        return replace(now, merged_into=into.id, status="closed", stands=stands)

    detail = {"into_id": into.id, "into_number": into.number, "was": ticket.status}
    ticket, _ = await tickets.noted(ws, actor, ticket, "ticket_merged", detail, how)
    absorbing = await absorb(ws, actor, ticket)
    if absorbing is None:
        raise Conflict("A colleague was just merging them the other way round; look at them again.", code="merged")
    return ticket, absorbing


async def absorb(ws: Workspace, actor: Actor, ticket: Ticket) -> Ticket | None:
    """
    The ticket that another was merged into takes over its links, tags, checklist and sub-tasks; safe to repeat. None
    where that one has meanwhile ended in the first: then the first goes on as if nothing had been.
    """
    into = await _end_of(ws, ticket)
    if into is None:
        await tickets.change(ws, ticket, _unmerged)
        return None
    above = [each.id async for each in _upwards(ws, into.parent_id)]
    for child in await store.children(ws, ticket.id):
        # What leads down to the other one cannot hang below it.
        await _hang(ws, child, ticket.parent_id if child.id in (into.id, *above) else into.id)

    def how(now: Ticket) -> Ticket:
        if ticket.id in now.merged_ids:
            return now
        known = {check.id for check in now.checklist}
        return replace(
            now,
            merged_ids=(*now.merged_ids, ticket.id, *ticket.merged_ids)[:MOST_RELATED],
            conversation_ids=_union(now.conversation_ids, ticket.conversation_ids, tickets.MOST_LINKS),
            entry_ids=_union(now.entry_ids, ticket.entry_ids, tickets.MOST_LINKS),
            tags=_union(now.tags, ticket.tags, tickets.MOST_LINKS),
            checklist=(*now.checklist, *(check for check in ticket.checklist if check.id not in known)),
        )

    detail = {"ticket_id": ticket.id, "other_number": ticket.number}
    into, _ = await tickets.noted(ws, actor, into, "ticket_absorbed", detail, how)
    return into


async def _end_of(ws: Workspace, ticket: Ticket) -> Ticket | None:
    """Where a merged ticket ended, however often that was merged in turn; None if that is in itself."""
    passed = {ticket.id}
    while (into_id := ticket.merged_into) is not None:
        if into_id in passed:
            return None
        passed.add(into_id)
        ticket = await tickets.get(ws, into_id)
    return ticket


def _unmerged(now: Ticket) -> Ticket:
    """As it was before it was merged, where that has not been told yet."""
    merged = next((news for news in now.news if news.name == "ticket_merged"), None)
    if merged is None:
        return now
    was = merged.detail["was"]
    return replace(
        now,
        merged_into=None,
        status=was,
        stands=now.stands if was == "closed" else now.stands[:-1],
        news=tuple(news for news in now.news if news is not merged),
    )


async def _hang(ws: Workspace, child: Ticket, parent_id: str | None) -> None:
    await tickets.change(
        ws, child, lambda now: now if now.parent_id == parent_id else replace(now, parent_id=parent_id)
    )


async def _upwards(ws: Workspace, ticket_id: str | None) -> AsyncIterator[Ticket]:
    """A ticket, that of which it is a sub-task, and so on; no further than sub-tasks go."""
    for _ in range(_DEEPEST):
        if ticket_id is None:
            return
        found = await tickets.get(ws, ticket_id)
        yield found
        ticket_id = found.parent_id


def _union(one: Sequence[str], other: Sequence[str], most: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))[:most]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What goes to the new ticket when one is split."""

    title: str
    conversation_ids: tuple[str, ...] = ()
    entry_ids: tuple[str, ...] = ()
    check_ids: tuple[str, ...] = ()


async def split(ws: Workspace, actor: Actor, ticket_id: str, part: Part) -> tuple[Ticket, Ticket]:
    """A new ticket for a part of this one; this one without it, and the new one, related to each other."""
    ticket = await tickets.get(ws, ticket_id)
    tickets.require_unmerged(ticket)
    wanted = NewTicket(
        contact_id=ticket.contact_id,
        title=part.title,
        type=ticket.type,
        category_id=ticket.category_id,
        priority=ticket.priority,
        owner_id=None,
        team_id=ticket.team_id,
        tags=ticket.tags,
        # What stays linked in both: a thread may hold two problems, and then the part is made of its messages.
        conversation_ids=tuple(
            each for each in ticket.conversation_ids if each in part.conversation_ids or not part.conversation_ids
        ),
        entry_ids=tuple(e for e in ticket.entry_ids if e in part.entry_ids),
        checklist=tuple(check for check in ticket.checklist if check.id in part.check_ids),
    )
    made = await tickets.create(ws, actor, wanted)

    def how(now: Ticket) -> Ticket:
        return replace(
            now,
            conversation_ids=tuple(e for e in now.conversation_ids if e not in part.conversation_ids),
            entry_ids=tuple(e for e in now.entry_ids if e not in part.entry_ids),
            checklist=tuple(check for check in now.checklist if check.id not in part.check_ids),
            related_ids=_union(now.related_ids, (made.id,), MOST_RELATED),
        )

    detail = {"other_id": made.id, "other_number": made.number}
    ticket, _ = await tickets.noted(ws, actor, ticket, "ticket_split", detail, how)
    made, _ = await tickets.change(
        ws, made, lambda now: replace(now, related_ids=_union(now.related_ids, (ticket.id,), MOST_RELATED))
    )
    return ticket, made


async def relate(ws: Workspace, actor: Actor, ticket_id: str, other_id: str) -> Ticket:
    """Two tickets have to do with each other; twice does nothing."""
    other = await tickets.get(ws, other_id)
    if other.id == ticket_id:
        raise Invalid.field("ticket_id", "Choose another ticket.")
    ticket = await _related(ws, actor, await tickets.get(ws, ticket_id), other)
    await _related(ws, actor, other, ticket)
    return ticket


async def _related(ws: Workspace, actor: Actor, ticket: Ticket, other: Ticket) -> Ticket:
    tickets.require_unmerged(ticket)

    def how(now: Ticket) -> Ticket:
        if other.id in now.related_ids:
            return now
        if len(now.related_ids) >= MOST_RELATED:
            raise Conflict(f"A ticket is related to at most {MOST_RELATED} others.", code="too_many_links")
        return replace(now, related_ids=(*now.related_ids, other.id))

    detail = {"other_id": other.id, "other_number": other.number}
    changed, _ = await tickets.noted(ws, actor, ticket, "ticket_related", detail, how)
    return changed


async def unrelate(ws: Workspace, actor: Actor, ticket_id: str, other_id: str) -> Ticket:
    async def without(one_id: str, gone: str) -> Ticket:
        def how(now: Ticket) -> Ticket:
            if gone not in now.related_ids:
                return now
            return replace(now, related_ids=tuple(each for each in now.related_ids if each != gone))

        ticket = await tickets.get(ws, one_id)
        changed, _ = await tickets.noted(ws, actor, ticket, "ticket_unrelated", {"other_id": gone}, how)
        return changed

    ticket = await without(ticket_id, other_id)
    await without(other_id, ticket_id)
    return ticket


async def set_parent(ws: Workspace, actor: Actor, ticket_id: str, parent_id: str | None) -> Ticket:
    """Makes it a sub-task of another, or of none. Raises Conflict where that would go round in a circle."""
    ticket = await tickets.get(ws, ticket_id)
    tickets.require_unmerged(ticket)
    above = [each async for each in _upwards(ws, parent_id)]
    if ticket.id in {each.id for each in above}:
        raise Conflict("A ticket cannot be a sub-task of itself or of its own sub-tasks.", code="circle")
    if len(above) == _DEEPEST and above[-1].parent_id is not None:
        raise Conflict(f"Sub-tasks go at most {_DEEPEST} levels deep.", code="circle")
    parent = above[0] if above else None
    if parent and ticket.parent_id != parent.id:
        await tickets.require_parent(ws, parent, active=ticket.active)
    detail = {"parent_id": parent_id, "parent_number": parent.number if parent else None}
    changed, _ = await tickets.noted(
        ws,
        actor,
        ticket,
        "ticket_parent_changed",
        detail,
        lambda now: now if now.parent_id == parent_id else replace(now, parent_id=parent_id),
    )
    return changed
