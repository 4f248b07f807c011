"""
What follows from SLA clocks: the facts they are computed from, warnings, breaches, the steps of an escalation, and the
telling of all that.

Whatever becomes due is marked and done in one write of the conversation's or ticket's own row (an assignment, a
priority, a tag), with news of it; the news are told afterwards, each under a key of its own, as often as it takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.core import audit, roles
from app.core.audit import Target
from app.core.clock import iso
from app.core.permissions import SYSTEM, Permission, Role
from app.core.platform import members
from app.core.runtime import Workspace
from inbox import conversations, events, live
from inbox.answering import notifications
from inbox.conversations import Conversation
from inbox.finding.facets import OPEN, SNOOZED
from inbox.store import conversations as conversation_rows
from inbox.store import teams as team_rows
from inbox.ticketing import sla, sla_policies, tickets
from inbox.ticketing.sla import Clock, Facts, Metric, Rules, Step, Subject
from inbox.ticketing.tickets import Ticket
from inbox.timeline import Author

_BATCH = 200
_AUTHOR = Author("system", None, "Service levels")
METRIC_WORDS: Mapping[str, str] = {"first": "first answer", "next": "next answer", "resolve": "solution"}


@dataclass(frozen=True, slots=True)
class People:
    """Who is meant by the roles that a step names, at this moment."""

    active: frozenset[str]
    lead: str | None
    managers: tuple[str, ...]

    def named(self, to: str | None, owner: str | None) -> tuple[str, ...]:
        """Active members; the managers stand in for whoever is not there (any more)."""
        match to:
            case "assignee":
                meant = owner
            case "lead":
                meant = self.lead
            case "manager" | None:
                meant = None
            case _:
                meant = to
        return (meant,) if meant in self.active else self.managers if to else ()


async def people_of(ws: Workspace, team_id: str | None) -> People:
    active = [row for row in await members.of_workspace(ws.runtime.mongo, ws.id) if row.status == "active"]
    team = await team_rows.get(ws, team_id) if team_id else None
    managing = await roles.holding(ws, Permission.INBOX_MANAGE)
    # Supervisors, whatever their role is called; where there is none, admins and owners.
    supervisors = [row for row in managing if row.role not in (Role.ADMIN, Role.OWNER)] or managing
    return People(
        frozenset(row.id for row in active), team.lead_id if team else None, tuple(row.id for row in supervisors)
    )


def news_of(metric: Metric, wait: str, what: str, step: Step | None, notified: Sequence[str]) -> dict[str, Any]:
    name = {"warned": "sla_warned", "breached": "sla_breached"}.get(what, "sla_escalated")
    told: dict[str, Any] = {"wait": wait, "name": name, "metric": metric}
    if step is not None:
        told |= {"step": step.id, "do": step.do, "to": step.to, "value": step.value, "notified": list(notified)}
    return told


async def attend(ws: Workspace, conversation: Conversation) -> Conversation:
    """Warn, mark and escalate what is due in this conversation, and tell what has not been told."""
    now = ws.clock.now()
    if not _is_due(conversation.sla, now):
        return conversation
    known, people = await sla_policies.known(ws), await people_of(ws, conversation.team_id)

    def how(row: Conversation) -> Conversation:
        acted = _acted(row, conversations.sla_facts(row), "conversations", known, now)
        if acted is None:
            return row
        clock, happened, waits = acted
        news = list(clock.news)
        for metric, what, step in happened:
            notified: tuple[str, ...] = ()
            if step is not None:
                notified = people.named(step.to, row.assignee_id)
                row = replace(row, **_changes(row, step, notified, "assignee_id"))
            news.append(news_of(metric, sla.wait_of(metric, waits[metric]), what, step, notified))
        return replace(row, sla=replace(clock, news=tuple(news)))

    conversation, _ = await conversations.change(ws, conversation, how)
    return await tell(ws, conversation)


def _is_due(clock: Clock | None, now: datetime) -> bool:
    return clock is not None and clock.acts_at is not None and clock.acts_at <= now


def _acted(
    row: Conversation | Ticket, facts: Facts | None, subject: Subject, known: Rules, now: datetime
) -> tuple[Clock, list[tuple[Metric, str, Step | None]], Mapping[Metric, datetime]] | None:
    """
    The row's clock with what is due marked, what that was, and the waits; None where nothing is promised any more.

    Nothing may be due: then only the policy has changed, and the clock is computed anew.
    """
    if row.sla is None or facts is None:
        return None
    return *sla.acted(row.sla, facts, known, subject, now), facts.waits


def _changes(row: Conversation | Ticket, step: Step, people: Sequence[str], owner: str) -> dict[str, Any]:
    """What the step of an escalation changes; `owner` is the field of who has it."""
    if step.do == "assign" and people:
        return {owner: people[0]}
    if step.do == "priority" and step.value:
        return {"priority": step.value}
    if step.do == "tag" and step.value:
        return {"tags": tuple(dict.fromkeys((*row.tags, step.value)))}
    return {}


async def tell(ws: Workspace, conversation: Conversation) -> Conversation:
    """On the timeline, in the audit trail, to whom it concerns, on screens; then the news are done with."""
    news = conversation.sla.news if conversation.sla else ()
    for each in news:
        key = f"sla/{conversation.id}/{each['wait']}/{each.get('step') or each['name']}"
        target = Target("conversation", conversation.id, conversation.contact_name)
        detail = {k: iso(v) if k == "at" else v for k, v in each.items()}
        await audit.record(ws, SYSTEM, each["name"].replace("_", ".", 1), target, detail, once=key)
        await events.note(ws, conversation.contact_id, key=key, event=detail, at=ws.clock.now(), author=_AUTHOR)
        await notify(ws, each, key, conversation.id, conversation.contact_name, conversation.assignee_id)
    if news:
        told = {(each["wait"], each.get("step") or each["name"]) for each in news}

        def how(row: Conversation) -> Conversation:
            if row.sla is None or not row.sla.news:
                return row
            left = tuple(e for e in row.sla.news if (e["wait"], e.get("step") or e["name"]) not in told)
            return replace(row, sla=replace(row.sla, news=left))

        conversation, _ = await conversations.change(ws, conversation, how)
    await live.tell_conversations(ws, conversation)
    return conversation


async def notify(
    ws: Workspace, news: Mapping[str, Any], key: str, conversation_id: str, title: str, owner: str | None
) -> None:
    """A warning or breach reaches who has it; a step whom it names."""
    what = METRIC_WORDS[news["metric"]]
    words = {"sla_warned": f"The {what} is due soon.", "sla_breached": f"The {what} is late."}.get(
        news["name"], f"The {what} is late: this needs you."
    )
    to = news.get("notified", [owner] if owner else [])
    await notifications.attention(ws, to, key=key, conversation_id=conversation_id, contact_name=title, text=words)


async def retime(ws: Workspace) -> None:
    """The policies have changed: the clock of everything that is not closed is computed anew, batch by batch."""
    sla_policies.forget(ws)
    for facet in (OPEN, SNOOZED):
        cursor: str | None = None
        while True:
            found, cursor = await conversation_rows.batch(ws, facet, cursor=cursor, limit=_BATCH)
            for conversation in found:
                conversation, changed = await conversations.change(ws, conversation, replace)
                if changed:
                    await live.tell_conversations(ws, conversation)
            if cursor is None:
                break
    cursor = None
    while True:
        tickets_found, cursor = await tickets.page(ws, tickets.Filter(view="active"), cursor=cursor, limit=_BATCH)
        for ticket in tickets_found:
            await tickets.change(ws, ticket, replace)
        if cursor is None:
            break


async def attend_ticket(ws: Workspace, ticket: Ticket) -> Ticket:
    """The same for a ticket; its news are told as all of a ticket's are."""
    now = ws.clock.now()
    if not _is_due(ticket.sla, now):
        return ticket
    known, people = await sla_policies.known(ws), await people_of(ws, ticket.team_id)

    def how(row: Ticket) -> Ticket:
        acted = _acted(row, tickets.sla_facts(row), "tickets", known, now)
        if acted is None:
            return row
        clock, happened, waits = acted
        for metric, what, step in happened:
            wait = sla.wait_of(metric, waits[metric])
            notified = people.named(step.to, row.owner_id) if step else ((row.owner_id,) if row.owner_id else ())
            told = {**news_of(metric, wait, what, step, notified), "notified": list(notified)}
            if step is not None:
                attention = tuple(dict.fromkeys((*row.attention, *notified)))
                row = replace(row, attention=attention, **_changes(row, step, notified, "owner_id"))
            name = told.pop("name")
            key = f"{row.id}/{wait}/{step.id if step else what}"
            news = tickets.happening(row, SYSTEM, now, name, told, key=key)
            row = replace(row, news=(*row.news, news))
        return replace(row, sla=clock)

    ticket, _ = await tickets.change(ws, ticket, how)
    return ticket
