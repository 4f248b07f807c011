"""
Merging tags, and deleting one that nothing uses.

A merge is stored on the tag that goes, as work: everything that names it follows to the other one, and only then is it
gone. It goes on where a crash stopped it, since what still has the tag is found by it. Its row stays, out of sight, for
reports on the past.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from app.core import audit, leases
from app.core.audit import Target
from app.core.errors import Conflict, Invalid
from app.core.permissions import Actor
from app.core.queue import Lane
from app.core.runtime import Workspace
from crm import contacts
from crm import facets as contact_facets
from crm.contacts import Contact
from crm.store import contacts as contact_rows
from inbox import conversations, live, usage
from inbox.answering import macros
from inbox.conversations import Conversation
from inbox.finding import facets, tags, views
from inbox.finding.tags import Tag
from inbox.routing import route_rules, teams
from inbox.store import conversations as rows
from inbox.store import tags as store
from inbox.store import tickets as ticket_rows
from inbox.ticketing import sla_policies, tickets
from inbox.ticketing.tickets import Ticket
from inbox.usage import Use

_BATCH = 100
# The one tag's id becomes the other's.
Swap = Callable[[Workspace, str, str], Awaitable[None]]
# What names tags, and changes that: each gives every one of its own the new id instead of the old.
FOLLOWERS = (views.swap_tag, macros.swap_tag, teams.swap_tag, route_rules.swap_tag, sla_policies.swap_tag)


async def delete(ws: Workspace, actor: Actor, tag_id: str, used_in: Sequence[Use]) -> Tag:
    """Raises NotFound, and InUse with the places, where it is used in any."""
    tag = await tags.get(ws, tag_id)
    if used_in:
        raise usage.InUse("tag", used_in)
    async with live.announced(ws, "tag", tag.id):
        await store.delete(ws, tag_id)
        await audit.record(ws, actor, "tag.deleted", Target("tag", tag.id, tag.name), {"colour": tag.colour})
        await live.publish(ws, live.event("tag", {"id": tag.id}))
    return tag


async def merge(ws: Workspace, actor: Actor, tag_id: str, into: str) -> Tag:
    """Begins it; the tag as it is while it merges. Raises NotFound, Invalid, Conflict."""
    tag, heir = await tags.get(ws, tag_id), await tags.find(ws, into)
    if heir is None or heir.id == tag.id:
        raise Invalid.field("into", "Choose another tag that is there.")
    if tag.merges_into is not None or heir.merges_into is not None:
        raise Conflict("One of these is being merged already; wait until it is done.", code="merging")
    if any(each.merges_into == tag.id for each in await tags.every(ws)):
        raise Conflict("Another tag is being merged into this one; wait until it is done.", code="merging")
    async with live.announced(ws, "tag", tag.id):
        if not await store.begin_merge(ws, tag.id, heir.id):
            raise Conflict("This tag is being merged already.", code="merging")
        detail = {"into": heir.id, "into_name": heir.name}
        await audit.record(ws, actor, "tag.merged", Target("tag", tag.id, tag.name), detail)
        await ws.queue.enqueue("merge_tag", ws.id, tag.id, lane=Lane.BACKGROUND, job_id=f"tag:{tag.id}")
        await live.publish(ws, live.event("tag", {"id": tag.id}))
    return replace(tag, merges_into=heir.id)


async def run_one(ws: Workspace, tag_id: str, *, swap_above: Swap, naming_above: usage.Finder) -> None:
    """
    Until nothing names it any more. One process at a time; another goes on where this one was stopped. What is above
    the inbox and names tags is told by the caller: how to swap one there, and who names one.
    """
    async with leases.hold(ws.redis, f"tag:{tag_id}") as lease:
        while lease is not None and not lease.lost:
            tag = await tags.find(ws, tag_id)
            if tag is None or tag.merges_into is None:
                return
            for swap in (*FOLLOWERS, swap_above):
                await swap(ws, tag.id, tag.merges_into)
            await _conversations(ws, tag, tag.merges_into)
            await _tickets(ws, tag, tag.merges_into)
            await _contacts(ws, tag, tag.merges_into)
            # Somebody may have used it while this was going on: then once more.
            if not await _left(ws, tag) and not await naming_above(ws, tag.id):
                await store.end_merge(ws, tag.id)
                await live.publish(ws, live.event("tag", {"id": tag.id}))


async def _left(ws: Workspace, tag: Tag) -> bool:
    found = [use for use in await usage.of(ws, "tag", tag.id) if use.type != "conversations"]
    for facet in facets.within_all(f"tag:{tag.id}"):
        found += (await rows.batch(ws, facet, cursor=None, limit=1))[0]  # type: ignore[arg-type]
    return bool(found)


async def _conversations(ws: Workspace, tag: Tag, heir: str) -> None:
    def how(now: Conversation) -> Conversation:
        wanted = tags.swapped(now.tags, tag.id, heir)
        return now if wanted == now.tags else replace(now, tags=wanted)

    of = await tags.uses(ws, tag.id)
    done = 0
    for facet in facets.within_all(f"tag:{tag.id}"):
        cursor: str | None = None
        while True:
            found, cursor = await rows.batch(ws, facet, cursor=cursor, limit=_BATCH)
            changed = [(await conversations.change(ws, each, how))[0] for each in found]
            await live.tell_conversations(ws, *changed)
            done += len(found)
            await store.note_progress(ws, tag.id, min(done, of), of)
            await live.publish(ws, live.event("tag", {"id": tag.id}))
            if cursor is None:
                break


async def _tickets(ws: Workspace, tag: Tag, heir: str) -> None:
    def how(now: Ticket) -> Ticket:
        wanted = tags.swapped(now.tags, tag.id, heir)
        return now if wanted == now.tags else replace(now, tags=wanted)

    while found := await ticket_rows.tagged(ws, tag.id, limit=_BATCH):
        for ticket in found:
            await tickets.change(ws, ticket, how)
            await live.publish(ws, live.event("ticket", {"id": ticket.id}))


async def _contacts(ws: Workspace, tag: Tag, heir: str) -> None:
    def how(now: Contact) -> Contact:
        wanted = tags.swapped(now.tags, tag.id, heir)
        return now if wanted == now.tags else replace(now, tags=wanted)

    while found := await contact_rows.newest(ws, contact_facets.word("tag", tag.id), before=None, limit=_BATCH):
        for contact in found:
            await contacts.change(ws, contact.id, how)
            await live.publish(ws, live.event("contact", {"id": contact.id}))
