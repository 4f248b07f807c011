"""
What follows from a change of a ticket: lines on the timeline and in the audit trail, a word to the customer, screens.

All of it is stored in the ticket's own row with the change, and done here as often as it takes: each step may run
twice. Looks also after tickets whose time has come.
"""

from contextlib import suppress
from dataclasses import replace

from redis.exceptions import RedisError

from app.core import audit, ids, leases, log, rounds
from app.core.audit import Target
from app.core.errors import AppError, Conflict, NotFound
from app.core.mongo import DatabaseError
from app.core.permissions import SYSTEM, Actor, Rights, Role
from app.core.platform import work
from app.core.runtime import Runtime, Workspace
from channels.content import Text
from channels.contract import Purpose
from inbox import conversations, events, live, outbox, timeline
from inbox.answering import notifications, variables
from inbox.conversations import Conversation
from inbox.outbox import Draft
from inbox.supervising import rollups
from inbox.ticketing import sla_watch, ticket_forms, ticket_relations, tickets
from inbox.ticketing.tickets import News, Status, Ticket
from inbox.timeline import Author

_log = log.get("tickets")
_BATCH = 500
_WORDS = {
    "ticket_flagged": "has been unresolved for too long",
    "sla_warned": "is due soon",
    "sla_breached": "is late",
    "sla_escalated": "is late and needs you",
}
_TELLER = Author("bot", "tickets", "Ticket updates")
# What a customer reads; which of our waits it is, is our business.
PUBLIC_WORDS: dict[Status, str] = {
    "new": "received",
    "open": "being worked on",
    "waiting_customer": "waiting for your answer",
    "waiting_third_party": "being worked on",
    "solved": "solved",
    "closed": "closed",
}


async def settle(ws: Workspace, ticket: Ticket) -> Ticket:
    """Do what the ticket's news ask for, copy what reports count, and take both off; the ticket as it is then."""
    for news in ticket.news:
        await _settle_one(ws, ticket, news)
    for outcome in ticket.outcomes:
        await rollups.add_outcome(ws, outcome)
    settled, copied = {news.key for news in ticket.news}, {outcome.id for outcome in ticket.outcomes}

    def how(now: Ticket) -> Ticket:
        return replace(
            now,
            news=tuple(each for each in now.news if each.key not in settled),
            outcomes=tuple(each for each in now.outcomes if each.id not in copied),
        )

    return (await tickets.change(ws, ticket, how))[0] if settled or copied else ticket


async def settled(ws: Workspace, ticket: Ticket) -> Ticket:
    """
    As `settle`, for somebody who waits: what cannot be done at this moment is left to the sweeper.
    """
    try:
        return await settle(ws, ticket)
    except (RedisError, DatabaseError, OSError, TimeoutError) as error:
        ws.log.warning("ticket_news_delayed", ticket_id=ticket.id, error=type(error).__name__)
        return ticket


async def _settle_one(ws: Workspace, ticket: Ticket, news: News) -> None:
    actor = Actor(
        news.actor_type,  # type: ignore[arg-type]
        news.actor_id,
        news.actor_name,
        Role.READONLY,
        Rights(),
        ip=news.actor_ip,
    )
    if news.name == "ticket_merged":
        into = await ticket_relations.absorb(ws, actor, ticket)
        if into is None:
            return
        await settle(ws, into)
    target = Target("ticket", ticket.id, ticket.label)
    await audit.record(ws, actor, news.name.replace("_", ".", 1), target, news.detail, once=news.key)
    author = Author("member", actor.id, actor.name) if actor.type == "member" else Author("system", None, actor.name)
    about = {"ticket_id": ticket.id, "number": ticket.number, "title": ticket.title}
    # Of somebody who was erased there is no timeline any more.
    with suppress(NotFound):
        await events.note(
            ws,
            ticket.contact_id,
            key=news.key,
            event={"name": news.name, **about, **news.detail},
            at=news.at,
            author=author,
            ticket_id=ticket.id,
        )
    if any(change["facet"] == "status" for change in news.detail.get("changes", ())):
        await _await_customer(ws, ticket)
    if news.tell is not None:
        await _tell_customer(ws, ticket, news, news.tell)
    told = {"id": ticket.id, "contact_id": ticket.contact_id, "revision": ticket.revision}
    await live.publish(ws, live.event("ticket", told))
    if notified := news.detail.get("notified"):
        words = _WORDS.get(news.name, "needs you")
        await notifications.attention(
            ws,
            notified,
            key=news.key,
            conversation_id=_conversation_of(ticket),
            contact_name=ticket.label,
            text=f"Ticket #{ticket.number} {words}.",
            ticket_id=ticket.id,
        )


async def _await_customer(ws: Workspace, ticket: Ticket) -> None:
    """Conversations know which tickets wait for the customer, so that nothing has to be looked up when they write."""
    waits = ticket.status == "waiting_customer"

    def how(now: Conversation) -> Conversation:
        if (ticket.id in now.awaited_by) == waits:
            return now
        others = tuple(each for each in now.awaited_by if each != ticket.id)
        return replace(now, awaited_by=(*others, ticket.id) if waits else others)

    for conversation_id in ticket.conversation_ids:
        conversation = await conversations.find(ws, conversation_id)
        if conversation is not None:
            await conversations.change(ws, conversation, how)


async def customer_answered(ws: Workspace, conversation: Conversation) -> Conversation:
    """The customer has written: tickets that waited for it are open again."""
    if conversation.answered_at is None:
        return conversation
    for ticket_id in conversation.awaited_by:
        ticket = await tickets.get(ws, ticket_id)
        if ticket.status == "waiting_customer" and ticket.stands[-1].at <= conversation.answered_at:
            await settle(ws, await tickets.edit(ws, SYSTEM, ticket_id, {"status": "open"}))
    heard_at = conversation.answered_at
    conversation, _ = await conversations.change(
        ws, conversation, lambda now: replace(now, answered_at=None) if now.answered_at == heard_at else now
    )
    return conversation


def _conversation_of(ticket: Ticket) -> str:
    """The one that it is from, or the contact's own."""
    return ticket.conversation_ids[0] if ticket.conversation_ids else conversations.id_for(ticket.contact_id)


async def _tell_customer(ws: Workspace, ticket: Ticket, news: News, status: Status) -> None:
    """A service message in the conversation that the ticket is from; a refusal is noted with its reason."""
    conversation = await conversations.find(ws, _conversation_of(ticket))
    client_id = ids.derived("told", news.key)
    if conversation is not None and await timeline.find(ws, outbox.entry_id(conversation.id, client_id)) is not None:
        return
    reason = code = None
    if conversation is None:
        reason, code = "There is no conversation with this person.", "no_channel"
    else:
        try:
            text = await _text(ws, conversation, ticket, status)
            draft = Draft(content=Text(text=text), author=_TELLER, client_id=client_id, purpose=Purpose.SERVICE)
            await outbox.enqueue(ws, conversation, draft)
        except AppError as error:
            reason, code = error.detail, error.code
    if reason is not None:
        await events.note(
            ws,
            ticket.contact_id,
            key=f"{news.key}/untold",
            event={
                "name": "ticket_update_not_sent",
                "ticket_id": ticket.id,
                "number": ticket.number,
                "status": status,
                "reason": reason,
                "code": code,
            },
            at=ws.clock.now(),
            ticket_id=ticket.id,
        )


async def _text(ws: Workspace, conversation: Conversation, ticket: Ticket, status: Status) -> str:
    """What is not known of this customer is left out."""
    forms = await ticket_forms.get(ws)
    values = {
        **await variables.values(ws, conversation, agent_name=None),
        "ticket.number": str(ticket.number),
        "ticket.title": ticket.title,
        "ticket.status": PUBLIC_WORDS[status],
        "ticket.link": public_link(ws, ticket.id),
    }
    text = variables.render(forms.tell_text, values).bare
    if not text:
        raise Conflict("The message has no words for this customer.")
    return text


def public_link(ws: Workspace, ticket_id: str) -> str:
    """The page on which the customer sees how the ticket stands; whoever has the link may look."""
    signature = ws.runtime.keyring.sign(_signed(ws.id, ticket_id))
    return f"{ws.settings.public_url.rstrip('/')}/t/{ws.id}/{ticket_id}/{signature}"


def may_look(runtime: Runtime, workspace_id: str, ticket_id: str, signature: str) -> bool:
    return runtime.keyring.verify(_signed(workspace_id, ticket_id), signature)


def _signed(workspace_id: str, ticket_id: str) -> str:
    return f"ticket|{workspace_id}|{ticket_id}"


# --- what becomes due ---------------------------------------------------------------------------------------------


async def run(runtime: Runtime) -> None:
    """Looks after tickets until cancelled; one process does it at a time."""
    while True:
        await rounds.rest(runtime.settings.round_seconds)
        with suppress(DatabaseError, RedisError, OSError, TimeoutError):
            async with leases.hold(runtime.redis, "tickets") as lease:
                if lease is not None:
                    await sweep(runtime)


async def sweep(runtime: Runtime) -> None:
    """Once over the tickets for which something is to be done by now."""
    for workspace_id, ticket_id in await work.due_tickets(runtime, runtime.clock.now(), limit=_BATCH):
        ws = runtime.workspace(workspace_id)
        try:
            await look_after(ws, await tickets.get(ws, ticket_id))
        except (DatabaseError, RedisError, OSError, TimeoutError):
            raise
        except Exception:
            # An edge: one ticket that cannot be looked after must not keep the others waiting.
            _log.exception("ticket_not_looked_after", ticket_id=ticket_id)


async def look_after(ws: Workspace, ticket: Ticket) -> Ticket:
    """Flag it if it has been unresolved for too long, and tell what has not been told."""
    now = ws.clock.now()
    if ticket.flag_at is not None and ticket.flag_at < now:
        rule = (await ticket_forms.get(ws)).overdue
        notify = (await sla_watch.people_of(ws, None)).named(rule.notify or "manager", None)
        ticket, _ = await tickets.change(ws, ticket, tickets.flagged(now, SYSTEM, notify))
    return await settle(ws, await sla_watch.attend_ticket(ws, ticket))
