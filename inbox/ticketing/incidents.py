"""
Incidents: one problem that many customers have, and one update that goes to each of them.

An update is stored once; who has had it is a row for each conversation under a key of both, so that nobody gets it
twice. A background task sends it, on each conversation's own channel and through the same gate as everything: consent,
the reply window. Where the window has closed it goes as the template that the update names, or it is not sent and says
why. Killed at any moment, the next one goes on with whoever has no row yet.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from redis.exceptions import RedisError

from app.core import audit, ids, leases, log, rounds
from app.core.audit import Target
from app.core.errors import AppError, Change, ChangedMeanwhile, Conflict, Invalid, NotFound, ReplyWindowClosed
from app.core.mongo import DatabaseError
from app.core.permissions import SYSTEM, Actor
from app.core.platform import work
from app.core.queue import Lane
from app.core.runtime import Runtime, Workspace
from channels.content import Content, Template, Text
from channels.contract import Purpose
from inbox import conversations, events, live, outbox, timeline
from inbox.conversations import Conversation
from inbox.outbox import Draft
from inbox.store import conversations as conversation_store
from inbox.store import incidents as store
from inbox.ticketing import ticket_news, tickets
from inbox.timeline import Author

Status = Literal["investigating", "identified", "monitoring", "resolved"]
MOST_LINKED = 5_000
MOST_UPDATES = 200
_TOLD_EVERY = 20
_log = log.get("incidents")


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """`status_text` is what colleagues may tell whoever asks."""

    id: str
    title: str
    status: Status = "investigating"
    status_text: str = ""
    linked: int = 0
    created_at: datetime
    created_by: str
    updated_at: datetime
    resolved_at: datetime | None = None
    revision: int = 1

    @property
    def active(self) -> bool:
        return self.status != "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A conversation that has this problem; `ticket_id` where it is known as a ticket."""

    incident_id: str
    conversation_id: str
    contact_id: str
    contact_name: str
    ticket_id: str | None = None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """
    What is told to all. `template` goes where the reply window has closed. `resolves`: tickets are solved and
    conversations closed once they were told. `of` is to how many, as far as is known.
    """

    id: str
    incident_id: str
    text: str
    status: Status
    template: dict[str, Any] | None = None
    resolves: bool = False
    author_id: str
    author_name: str
    at: datetime
    done_at: datetime | None = None
    of: int = 0
    sent: int = 0
    not_sent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What became of an update in one conversation: handed to delivery, or not, with the reason."""

    update_id: str
    conversation_id: str
    contact_name: str
    state: Literal["sent", "not_sent"]
    code: str | None = None
    reason: str | None = None
    entry_id: str | None = None
    at: datetime


# --- incidents and what they are linked to ------------------------------------------------------------------------


async def create(ws: Workspace, actor: Actor, *, title: str, status_text: str) -> Incident:
    now = ws.clock.now()
    incident = Incident(
        id=ids.new("inc"), title=title, status_text=status_text, created_at=now, created_by=actor.id, updated_at=now
    )
    await store.insert(ws, incident)
    await audit.record(ws, actor, "incident.created", target_of(incident))
    await tell(ws, incident.id)
    return incident


async def get(ws: Workspace, incident_id: str) -> Incident:
    """Raises NotFound."""
    incident = await store.get(ws, incident_id)
    if incident is None:
        raise NotFound("There is no such incident.")
    return incident


async def edit(
    ws: Workspace, actor: Actor, incident_id: str, *, title: str | None, status_text: str | None, seen: int | None
) -> Incident:
    """Raises NotFound, ChangedMeanwhile."""
    incident = await get(ws, incident_id)
    wanted = replace(incident, title=title or incident.title)
    if status_text is not None:
        wanted = replace(wanted, status_text=status_text)
    if seen is not None and seen != incident.revision:
        raise ChangedMeanwhile("A colleague has just changed this incident.", Change("incident"))
    incident = await _save(ws, incident, wanted)
    await audit.record(ws, actor, "incident.changed", target_of(incident))
    await tell(ws, incident.id)
    return incident


async def _save(ws: Workspace, old: Incident, new: Incident) -> Incident:
    wanted = replace(new, revision=old.revision + 1, updated_at=ws.clock.now())
    if not await store.save(ws, old, wanted):
        raise ChangedMeanwhile("A colleague has just changed this incident.", Change("incident"))
    return wanted


def target_of(incident: Incident) -> Target:
    return Target("incident", incident.id, incident.title)


async def tell(ws: Workspace, incident_id: str) -> None:
    """To screens; one that misses it reads it when it looks again."""
    with suppress(RedisError):
        await live.publish(ws, live.event("incident", {"id": incident_id}))


async def link(
    ws: Workspace, actor: Actor, incident_id: str, conversation_ids: list[str], ticket_ids: list[str]
) -> Incident:
    """These have the problem, too; twice does nothing. Raises NotFound, Invalid, Conflict."""
    incident = await get(ws, incident_id)
    of_tickets: dict[str, str] = {}
    for ticket_id in ticket_ids:
        ticket = await tickets.get(ws, ticket_id)
        if not ticket.conversation_ids:
            raise Invalid.field("ticket_ids", f"{ticket.label} has no conversation to tell its customer in.")
        of_tickets[ticket.conversation_ids[0]] = ticket.id
    wanted = list(dict.fromkeys((*conversation_ids, *of_tickets)))
    found = {row.id: row for row in await conversation_store.get_many(ws, wanted)}
    if set(wanted) - set(found):
        raise Invalid.field("conversation_ids", "There is no such conversation.")
    if incident.linked + len(wanted) > MOST_LINKED:
        raise Conflict(f"An incident has at most {MOST_LINKED} conversations.", code="too_many_links")
    at = ws.clock.now()
    links = [
        Link(
            incident_id=incident.id,
            conversation_id=each,
            contact_id=found[each].contact_id,
            contact_name=found[each].contact_name,
            ticket_id=of_tickets.get(each),
            at=at,
        )
        for each in wanted
    ]
    new = await store.insert_links(ws, links)
    for each in new:
        await _note(ws, found[each].contact_id, incident, "incident_linked", f"{incident.id}/linked/{each}", actor)
    if new:
        await audit.record(ws, actor, "incident.linked", target_of(incident), {"conversations": new[:50]})
    return await recount(ws, incident.id)


async def unlink(ws: Workspace, actor: Actor, incident_id: str, conversation_id: str) -> Incident:
    incident = await get(ws, incident_id)
    if await store.delete_link(ws, incident_id, conversation_id):
        await audit.record(ws, actor, "incident.unlinked", target_of(incident), {"conversation_id": conversation_id})
    return await recount(ws, incident_id)


async def recount(ws: Workspace, incident_id: str) -> Incident:
    """The number of links is counted anew, as often as they change: there are a few thousand at most."""
    for _ in range(8):
        incident = await get(ws, incident_id)
        linked = await store.count_links(ws, incident_id)
        if linked == incident.linked:
            break
        with suppress(ChangedMeanwhile):
            incident = await _save(ws, incident, replace(incident, linked=linked))
            break
    await tell(ws, incident_id)
    return incident


async def _note(
    ws: Workspace, contact_id: str, incident: Incident, name: str, key: str, actor: Actor, **detail: Any
) -> None:
    author = Author("member", actor.id, actor.name) if actor.type == "member" else Author("system", None, actor.name)
    event = {"name": name, "incident_id": incident.id, "title": incident.title, **detail}
    await events.note(ws, contact_id, key=key, event=event, at=ws.clock.now(), author=author)


# --- updates ------------------------------------------------------------------------------------------------------


async def post_update(
    ws: Workspace,
    actor: Actor,
    incident_id: str,
    *,
    client_id: str,
    text: str,
    status: Status,
    template: dict[str, Any] | None,
    resolves: bool,
) -> Update:
    """
    Store an update and have it sent to everybody; the same `client_id` gives back the same update. Raises NotFound,
    Conflict.
    """
    incident = await get(ws, incident_id)
    update = Update(
        id=ids.derived("upd", incident_id, client_id),
        incident_id=incident_id,
        text=text,
        status="resolved" if resolves else status,
        template=template,
        resolves=resolves,
        author_id=actor.id,
        author_name=actor.name,
        at=ws.clock.now(),
        of=incident.linked,
    )
    known = {each.id for each in await store.updates(ws, incident_id)}
    if len(known) >= MOST_UPDATES and update.id not in known:
        raise Conflict(f"An incident has at most {MOST_UPDATES} updates; report another one.", code="too_many")
    if await store.insert_update(ws, update):
        await audit.record(ws, actor, "incident.update_posted", target_of(incident), {"text": text}, once=update.id)
    await _stand(ws, incident_id)
    await ws.queue.enqueue("send_incident_update", ws.id, update.id, lane=Lane.BACKGROUND)
    await tell(ws, incident_id)
    return await get_update(ws, update.id)


async def _stand(ws: Workspace, incident_id: str) -> None:
    """The incident's status is what its newest update says: one that is posted once more, late, changes nothing."""
    for _ in range(8):
        incident = await get(ws, incident_id)
        update = (await store.updates(ws, incident_id))[0]
        if incident.status == update.status:
            return
        resolved_at = update.at if update.status == "resolved" else None
        with suppress(ChangedMeanwhile):
            await _save(ws, incident, replace(incident, status=update.status, resolved_at=resolved_at))
            return


async def get_update(ws: Workspace, update_id: str) -> Update:
    """Raises NotFound."""
    update = await store.get_update(ws, update_id)
    if update is None:
        raise NotFound("There is no such update.")
    return update


async def run(runtime: Runtime) -> None:
    """Sends what is not sent to all yet, until cancelled."""
    while True:
        await rounds.rest(runtime.settings.round_seconds)
        with suppress(DatabaseError, RedisError, OSError, TimeoutError):
            for workspace_id, update_id in await work.open_incident_updates(runtime):
                try:
                    await send(runtime.workspace(workspace_id), update_id)
                except (DatabaseError, RedisError, OSError, TimeoutError):
                    raise
                except Exception:
                    # An edge: one update that cannot be sent must not keep the others waiting.
                    _log.exception("incident_update_failed", update_id=update_id)


async def send(ws: Workspace, update_id: str) -> None:
    """To everybody who has not had it; one process at a time does it, and any may go on after it."""
    async with leases.hold(ws.redis, f"incident:{update_id}") as lease:
        if lease is None:
            return
        update = await get_update(ws, update_id)
        if update.done_at is not None:
            return
        incident = await get(ws, update.incident_id)
        links = await store.links(ws, incident.id, limit=MOST_LINKED)
        had = {telling.conversation_id: telling for telling in await store.tellings(ws, update.id, limit=MOST_LINKED)}
        for each in links:
            if lease.lost:
                return
            telling = had.get(each.conversation_id)
            if telling is None:
                telling = had[each.conversation_id] = await _tell_one(ws, incident, update, each)
                await store.insert_telling(ws, telling)
                if len(had) % _TOLD_EVERY == 0:
                    await _progress(ws, update, list(had.values()), len(links))
            if update.resolves:
                await _resolve(ws, each)
        await _progress(ws, update, list(had.values()), len(links), done=True)


async def _progress(ws: Workspace, update: Update, had: list[Telling], of: int, *, done: bool = False) -> None:
    sent = sum(telling.state == "sent" for telling in had)
    await store.note_progress(
        ws,
        update.id,
        of=max(of, len(had)),
        sent=sent,
        not_sent=len(had) - sent,
        done_at=ws.clock.now() if done else None,
    )
    await tell(ws, update.incident_id)


async def _tell_one(ws: Workspace, incident: Incident, update: Update, to: Link) -> Telling:
    """Through the outbox, which asks consent and window; a refusal is a reason that a person can read."""
    conversation = await conversations.find(ws, to.conversation_id)
    telling = Telling(
        update_id=update.id,
        conversation_id=to.conversation_id,
        contact_name=to.contact_name,
        state="sent",
        at=ws.clock.now(),
    )
    try:
        if conversation is None:
            raise NotFound("This conversation is gone.")
        entry_id = await _send_once(ws, update, conversation)
    except AppError as error:
        key = f"{update.id}/{to.conversation_id}/not_sent"
        await _note(
            ws, to.contact_id, incident, "incident_update_not_sent", key, SYSTEM, code=error.code, reason=error.detail
        )
        return replace(telling, state="not_sent", code=error.code, reason=error.detail)
    return replace(telling, entry_id=entry_id)


async def _send_once(ws: Workspace, update: Update, conversation: Conversation) -> str:
    """The entry of the update in this conversation, which is there already if we died after making it."""
    client_id = ids.derived("told", update.id, conversation.id)
    entry_id = outbox.entry_id(conversation.id, client_id)
    if await timeline.find(ws, entry_id) is not None:
        return entry_id
    author = Author("bot", update.author_id, update.author_name)
    content: Content = Text(text=update.text)
    draft = Draft(content=content, author=author, client_id=client_id, purpose=Purpose.SERVICE)
    try:
        entries = await outbox.enqueue(ws, conversation, draft)
    except ReplyWindowClosed:
        if update.template is None:
            raise
        entries = await outbox.enqueue(ws, conversation, replace(draft, content=Template(**update.template)))
    return entries[0].id


async def _resolve(ws: Workspace, to: Link) -> None:
    """The problem is over for them: the ticket solved, the conversation closed. What stands against it stays open."""
    if to.ticket_id is not None:
        with suppress(AppError):
            ticket = await tickets.get(ws, to.ticket_id)
            if ticket.active:
                await ticket_news.settle(ws, await tickets.edit(ws, SYSTEM, ticket.id, {"status": "solved"}))
    conversation = await conversations.find(ws, to.conversation_id)
    if conversation is not None and conversation.state != "closed":
        async with live.announced(ws, "conversation", conversation.id):
            conversation, closed = await conversations.close(ws, conversation)
            if closed:
                await events.note(
                    ws,
                    conversation.contact_id,
                    key=f"conversation_closed/{conversation.id}/{conversation.revision}",
                    event={"name": "conversation_closed", "reason": "incident"},
                    at=ws.clock.now(),
                )
                await live.tell_conversations(ws, conversation)
