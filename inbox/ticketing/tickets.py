"""
Tickets: a problem with an owner, a category, a priority and a clock; it may span conversations.

A ticket is saved only if nobody changed it since it was read (its revision tells). What a change has to bring about (a
line on the contact's timeline, one in the audit trail, a word to the customer) is stored with it, in `news`, and done
afterwards by `ticket_news.settle`: at once, or after a crash by the sweeper.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from app.core import ids
from app.core.clock import iso
from app.core.errors import Change, ChangedMeanwhile, Conflict, Invalid, NotFound
from app.core.permissions import SYSTEM, Actor
from app.core.platform import members
from app.core.runtime import Workspace
from crm import contacts
from inbox import timeline
from inbox.store import conversations as conversation_store
from inbox.store import tickets as store
from inbox.ticketing import moments, outcomes, sla, sla_policies, ticket_forms
from inbox.ticketing.moments import Moment
from inbox.ticketing.outcomes import Outcome
from inbox.ticketing.sla import Clock
from inbox.ticketing.ticket_forms import Forms, Overdue, Priority, Value

Status = Literal["new", "open", "waiting_customer", "waiting_third_party", "solved", "closed"]
Type = Literal["question", "problem", "incident", "task", "request"]

# From each status, where one may go; nothing becomes new again, and what is closed is opened before it goes on.
FLOW: Mapping[Status, frozenset[Status]] = {
    "new": frozenset(("open", "waiting_customer", "waiting_third_party", "solved", "closed")),
    "open": frozenset(("waiting_customer", "waiting_third_party", "solved", "closed")),
    "waiting_customer": frozenset(("open", "waiting_third_party", "solved", "closed")),
    "waiting_third_party": frozenset(("open", "waiting_customer", "solved", "closed")),
    "solved": frozenset(("open", "closed")),
    "closed": frozenset(("open",)),
}
DONE: frozenset[Status] = frozenset(("solved", "closed"))
MOST_LINKS = 200
MOST_RELATED = 100


@dataclass(frozen=True, slots=True)
class Stand:
    """From when on the ticket had this status: the facts that its clocks are computed from."""

    status: Status
    at: datetime


@dataclass(frozen=True, slots=True)
class Check:
    id: str
    text: str
    done: bool = False


@dataclass(frozen=True, slots=True)
class Touch:
    """Who changed a facet last, and with which revision."""

    revision: int
    by_id: str
    by_name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """
    Something that happened to the ticket and has not been told everywhere yet. `key` makes telling it again harmless.

    `tell` is the status that the customer is to be told, if any.
    """

    key: str
    name: str
    at: datetime
    actor_type: str
    actor_id: str
    actor_name: str
    actor_ip: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    tell: Status | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """
    `stands` is the history of its status, oldest first. `merged_ids` are tickets that ended in this one. `touched` is
    facet → who changed it last. `attention` are members who were told to look at it and have not changed it since.
    """

    id: str
    number: int
    contact_id: str
    title: str
    created_at: datetime
    created_by: str
    updated_at: datetime
    description: str = ""
    type: Type = "question"
    category_id: str | None = None
    priority: Priority = "normal"
    status: Status = "new"
    owner_id: str | None = None
    team_id: str | None = None
    tags: tuple[str, ...] = ()
    fields: Mapping[str, Value] = field(default_factory=dict)
    checklist: tuple[Check, ...] = ()
    conversation_ids: tuple[str, ...] = ()
    entry_ids: tuple[str, ...] = ()
    parent_id: str | None = None
    related_ids: tuple[str, ...] = ()
    merged_into: str | None = None
    merged_ids: tuple[str, ...] = ()
    stands: tuple[Stand, ...] = ()
    touched: Mapping[str, Touch] = field(default_factory=dict)
    attention: tuple[str, ...] = ()
    flagged_at: datetime | None = None
    # When it is flagged unless it is solved before; None while that cannot be told.
    flag_at: datetime | None = None
    sla: Clock | None = None
    # What service levels could ask about it, from moment to moment.
    moments: tuple[Moment, ...] = ()
    news: tuple[News, ...] = ()
    # What became of its promises and is not copied into the reports yet.
    outcomes: tuple[Outcome, ...] = ()
    revision: int = 0

    @property
    def active(self) -> bool:
        return self.status not in DONE

    @property
    def label(self) -> str:
        return f"#{self.number} {self.title}"


# What a person may edit, each guarded on its own against a colleague's change.
FACETS = (
    "title",
    "description",
    "type",
    "category_id",
    "priority",
    "status",
    "owner_id",
    "team_id",
    "tags",
    "checklist",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTicket:
    """What somebody wants a ticket for. `entry_ids` are messages it is about; `fields` have been checked."""

    contact_id: str
    title: str
    description: str = ""
    type: Type = "question"
    category_id: str | None = None
    priority: Priority | None = None
    owner_id: str | None = None
    team_id: str | None = None
    tags: tuple[str, ...] = ()
    fields: Mapping[str, Value] = field(default_factory=dict)
    checklist: tuple[Check, ...] = ()
    conversation_ids: tuple[str, ...] = ()
    entry_ids: tuple[str, ...] = ()
    parent_id: str | None = None
    # For tickets that a rule makes: the ticket's id, so that it is made once, and nothing is said to the customer.
    key: str | None = None


# --- making, reading ----------------------------------------------------------------------------------------------


async def create(ws: Workspace, actor: Actor, wanted: NewTicket) -> Ticket:
    """A new ticket under the next number. Raises Invalid, NotFound, Conflict."""
    if wanted.key is not None and (known := await find(ws, wanted.key)):
        return known
    forms = await ticket_forms.get(ws)
    category = forms.category(wanted.category_id)
    if wanted.category_id is not None and category is None:
        raise Invalid.field("category_id", "There is no such category.")
    contact = await contacts.get(ws, wanted.contact_id)
    await _check_links(ws, wanted.conversation_ids, wanted.entry_ids)
    await require_member(ws, "owner_id", wanted.owner_id)
    if wanted.parent_id is not None:
        await require_parent(ws, await get(ws, wanted.parent_id), active=True)
    now = ws.clock.now()
    status: Status = "open" if wanted.owner_id else "new"
    checklist = wanted.checklist
    if category is not None and not checklist:
        checklist = tuple(Check(ids.new("chk"), text) for text in category.checklist)
    ticket = Ticket(
        id=wanted.key or ids.new("tck"),
        number=await store.next_number(ws),
        contact_id=contact.id,
        title=wanted.title,
        description=wanted.description,
        type=wanted.type,
        category_id=wanted.category_id,
        priority=wanted.priority or (category.priority if category else "normal"),
        status=status,
        owner_id=wanted.owner_id,
        team_id=wanted.team_id or (category.team_id if category else None),
        tags=wanted.tags,
        fields=ticket_forms.checked(forms, wanted.fields),
        checklist=checklist,
        conversation_ids=wanted.conversation_ids,
        entry_ids=wanted.entry_ids,
        parent_id=wanted.parent_id,
        created_at=now,
        created_by=actor.id,
        updated_at=now,
        stands=(Stand(status, now),),
        revision=1,
    )
    tell = status if status in forms.tell_on and wanted.key is None else None
    told = happening(ticket, actor, now, "ticket_created", {}, tell=tell)
    ticket = timed(None, replace(ticket, news=(told,)), forms, await sla_policies.known(ws), now)
    await store.insert(ws, ticket)
    return ticket


async def get(ws: Workspace, ticket_id: str) -> Ticket:
    """Raises NotFound."""
    ticket = await store.get(ws, ticket_id)
    if ticket is None:
        raise NotFound("There is no such ticket.")
    return ticket


async def find(ws: Workspace, ticket_id: str) -> Ticket | None:
    return await store.get(ws, ticket_id)


async def _check_links(ws: Workspace, conversation_ids: Sequence[str], entry_ids: Sequence[str]) -> None:
    known = {row.id for row in await conversation_store.get_many(ws, conversation_ids)}
    if set(conversation_ids) - known:
        raise Invalid.field("conversation_ids", "There is no such conversation.")
    for entry_id in entry_ids:
        entry = await timeline.find(ws, entry_id)
        if entry is None or entry.kind not in ("message", "note"):
            raise Invalid.field("entry_ids", "There is no such message.")


async def require_member(ws: Workspace, name: str, member_id: str | None) -> None:
    """Raises Invalid unless it is an active member, or nobody."""
    if member_id is not None:
        member = await members.get_in(ws.runtime.mongo, ws.id, member_id)
        if member is None or member.status != "active":
            raise Invalid.field(name, "There is no such colleague.")


def require_unmerged(ticket: Ticket) -> None:
    """Raises Conflict for one that ended in another."""
    if ticket.merged_into is not None:
        raise Conflict(f"{ticket.label} was merged into another ticket; change that.", code="merged")


async def require_parent(ws: Workspace, parent: Ticket, *, active: bool) -> None:
    """Raises Conflict unless it may have one more sub-task, which is `active`."""
    require_unmerged(parent)
    if active and not parent.active:
        raise Conflict(f"{parent.label} is {parent.status}; open it before it gets a sub-task.", code="parent_done")
    if len(await store.children(ws, parent.id)) >= MOST_RELATED:
        raise Conflict(f"A ticket has at most {MOST_RELATED} sub-tasks.", code="too_many_links")


# --- changing -----------------------------------------------------------------------------------------------------


async def change(ws: Workspace, ticket: Ticket, how: Callable[[Ticket], Ticket]) -> tuple[Ticket, bool]:
    """
    Replace it by `how(it)`, as often as it takes until nobody interferes; the stored one, and whether it changed.

    `how` may return its argument: nothing to change. Its `revision` and clocks are seen to here.
    """
    forms, known = await ticket_forms.get(ws), await sla_policies.known(ws)
    current = ticket
    for _ in range(8):
        wanted = how(current)
        if wanted is current:
            return current, False
        wanted = timed(current, wanted, forms, known, ws.clock.now())
        if wanted == current:
            return current, False
        wanted = replace(wanted, revision=current.revision + 1)
        if await store.save(ws, current, wanted):
            return wanted, True
        current = await get(ws, ticket.id)
    raise Conflict("This ticket is being changed by too many at once; try again.")


async def edit(
    ws: Workspace,
    actor: Actor,
    ticket_id: str,
    wanted: Mapping[str, Any],
    *,
    fields: Mapping[str, Any] | None = None,
    seen: int | None = None,
) -> Ticket:
    """
    Change facets of a ticket that the person saw as revision `seen`.

    Raises ChangedMeanwhile (a colleague changed one of these since), Conflict (the status cannot follow, something is
    missing), Invalid, NotFound.
    """
    forms = await ticket_forms.get(ws)
    if wanted.get("category_id") and forms.category(wanted["category_id"]) is None:
        raise Invalid.field("category_id", "There is no such category.")
    await require_member(ws, "owner_id", wanted.get("owner_id"))
    values = ticket_forms.checked(forms, fields or {})
    ticket = await get(ws, ticket_id)
    if wanted.get("status") in DONE and ticket.active:
        await _refuse_open_children(ws, ticket)

    def how(now: Ticket) -> Ticket:
        changes = {name: value for name, value in wanted.items() if getattr(now, name) != value}
        own = {key: value for key, value in values.items() if now.fields.get(key) != value}
        _refuse_overwriting(now, actor, (*changes, *(f"fields.{key}" for key in own)), seen)
        if not changes and not own:
            return now
        return _edited(now, actor, ws.clock.now(), changes, own, forms)

    changed, _ = await change(ws, ticket, how)
    return changed


def _refuse_overwriting(now: Ticket, actor: Actor, facets: Sequence[str], seen: int | None) -> None:
    if facets:
        require_unmerged(now)
    if seen is None:
        return
    changed = [
        Change(facet, touch.by_id, touch.by_name, touch.at, _shown(facet_of(now, facet)))
        for facet in facets
        if (touch := now.touched.get(facet)) and touch.revision > seen and touch.by_id != actor.id
    ]
    if changed:
        names = ", ".join(sorted({str(each.name) for each in changed}))
        raise ChangedMeanwhile(f"{names} has changed this since you opened it.", *changed)


def facet_of(ticket: Ticket, facet: str) -> Any:
    """The value of a facet; `fields.<key>` are the workspace's own."""
    return ticket.fields.get(facet[7:]) if facet.startswith("fields.") else getattr(ticket, facet)


def _shown(value: Any) -> Any:
    """As JSON, and short: for the timeline and the audit trail."""
    if isinstance(value, tuple):
        return [f"{'☑' if v.done else '☐'} {v.text}" if isinstance(v, Check) else v for v in value][:50]
    return f"{value[:200]}…" if isinstance(value, str) and len(value) > 200 else value


def _edited(
    now: Ticket, actor: Actor, at: datetime, changes: Mapping[str, Any], own: Mapping[str, Value], forms: Forms
) -> Ticket:
    changes = dict(changes)
    if changes.get("owner_id") and now.status == "new" and "status" not in changes:
        # Whoever takes it has begun.
        changes["status"] = "open"
    fields = {key: value for key, value in {**now.fields, **own}.items() if value is not None}
    status: Status = changes.get("status", now.status)
    if status != now.status:
        if status not in FLOW[now.status]:
            raise Conflict(
                f"A ticket that is {words(now.status)} cannot become {words(status)}.", code="status_not_possible"
            )
        lacking = ticket_forms.missing(forms, changes.get("category_id", now.category_id), fields)
        if status == "solved" and lacking:
            raise Conflict(
                f"Fill in {', '.join(each.label for each in lacking)} before it is solved.", code="fields_missing"
            )
    facets = (*changes, *(f"fields.{key}" for key in own))
    after = replace(
        now,
        **changes,
        fields=fields,
        updated_at=at,
        stands=(*now.stands, Stand(status, at)) if status != now.status else now.stands,
        attention=tuple(each for each in now.attention if each != actor.member_id),
        touched={**now.touched, **{facet: Touch(now.revision + 1, actor.id, actor.name, at) for facet in facets}},
    )
    detail = {
        "changes": [
            {"facet": facet, "from": _shown(facet_of(now, facet)), "to": _shown(facet_of(after, facet))}
            for facet in facets
        ]
    }
    tell = status if status != now.status and status in forms.tell_on else None
    return replace(after, news=(*now.news, happening(after, actor, at, "ticket_changed", detail, tell=tell)))


async def _refuse_open_children(ws: Workspace, ticket: Ticket) -> None:
    open_ones = [child for child in await store.children(ws, ticket.id) if child.active]
    if open_ones:
        shown = ", ".join(f"#{child.number}" for child in open_ones[:5])
        raise Conflict(f"Sub-tasks are still open: {shown}.", code="open_subtasks")


def words(status: Status) -> str:
    """The status as people say it."""
    return {"waiting_customer": "waiting for the customer", "waiting_third_party": "waiting for somebody else"}.get(
        status, status
    )


def happening(
    ticket: Ticket,
    actor: Actor,
    at: datetime,
    name: str,
    detail: Mapping[str, Any],
    *,
    tell: Status | None = None,
    key: str | None = None,
) -> News:
    """News for the ticket's next revision, or under a key of its own."""
    return News(
        key=key or f"{ticket.id}/{ticket.revision}/{name}",
        name=name,
        at=at,
        actor_type=actor.type,
        actor_id=actor.id,
        actor_name=actor.name,
        actor_ip=actor.ip,
        detail=detail,
        tell=tell,
    )


async def noted(
    ws: Workspace,
    actor: Actor,
    ticket: Ticket,
    name: str,
    detail: Mapping[str, Any],
    how: Callable[[Ticket], Ticket],
) -> tuple[Ticket, bool]:
    """A change that is one deed of its own, with its news."""
    at = ws.clock.now()

    def and_tell(now: Ticket) -> Ticket:
        wanted = how(now)
        if wanted is now:
            return now
        return replace(wanted, updated_at=at, news=(*now.news, happening(now, actor, at, name, detail)))

    return await change(ws, ticket, and_tell)


# --- links to conversations and messages --------------------------------------------------------------------------


async def link(
    ws: Workspace, actor: Actor, ticket_id: str, *, conversation_id: str | None = None, entry_id: str | None = None
) -> Ticket:
    """The ticket is about this conversation or message, too; twice does nothing."""
    await _check_links(ws, [conversation_id] if conversation_id else [], [entry_id] if entry_id else [])

    def how(now: Ticket) -> Ticket:
        require_unmerged(now)
        threads = now.conversation_ids + ((conversation_id,) if conversation_id else ())
        entries = now.entry_ids + ((entry_id,) if entry_id else ())
        if len(threads) > MOST_LINKS or len(entries) > MOST_LINKS:
            raise Conflict(f"A ticket has at most {MOST_LINKS} of these; split it.", code="too_many_links")
        wanted = replace(now, conversation_ids=tuple(dict.fromkeys(threads)), entry_ids=tuple(dict.fromkeys(entries)))
        return now if wanted == now else wanted

    detail = {"conversation_id": conversation_id, "entry_id": entry_id}
    changed, _ = await noted(ws, actor, await get(ws, ticket_id), "ticket_linked", detail, how)
    return changed


async def unlink(ws: Workspace, actor: Actor, ticket_id: str, linked_id: str) -> Ticket:
    """The ticket is no longer about this conversation or message."""

    def how(now: Ticket) -> Ticket:
        if linked_id not in (*now.conversation_ids, *now.entry_ids):
            return now
        return replace(
            now,
            conversation_ids=tuple(each for each in now.conversation_ids if each != linked_id),
            entry_ids=tuple(each for each in now.entry_ids if each != linked_id),
        )

    changed, _ = await noted(ws, actor, await get(ws, ticket_id), "ticket_unlinked", {"id": linked_id}, how)
    return changed


# --- the clock ----------------------------------------------------------------------------------------------------


def timed(old: Ticket | None, ticket: Ticket, forms: Forms, known: sla.Rules, now: datetime) -> Ticket:
    """The ticket with its times computed from its facts."""
    flag_at = None if ticket.flagged_at else flag_due(ticket.stands, forms.overdue)
    before = sla_facts(old) if old else None
    clock = sla.followed(ticket.sla, before, sla_facts(ticket), "tickets", known, now)
    if clock is not None and clock.news:
        # Of waits that ended too late; told with the ticket's other news.
        told = (_late(ticket, each, now) for each in clock.news)
        ticket, clock = replace(ticket, news=(*ticket.news, *told)), replace(clock, news=())
    facts = sla_facts(ticket)
    # Of one that is older than moments are, half of them would tell something else.
    known_moments = moments.noted(ticket.moments, facts, now) if ticket.moments or old is None else ()
    ticket = replace(ticket, flag_at=flag_at, sla=clock, moments=known_moments)
    return replace(ticket, outcomes=(*ticket.outcomes, _outcome(ticket))) if _is_solved_by(old, ticket) else ticket


def _is_solved_by(old: Ticket | None, ticket: Ticket) -> bool:
    """Whether this change ended what was promised. A ticket that was merged goes on in the other one."""
    promises = ticket.sla.promises if ticket.sla else ()
    return old is not None and old.active and not ticket.active and ticket.merged_into is None and bool(promises)


def _outcome(ticket: Ticket) -> Outcome:
    solved_at = ticket.stands[-1].at
    return Outcome(
        id=outcomes.id_of(ticket.id, solved_at),
        ticket_id=ticket.id,
        solved_at=solved_at,
        owner_id=ticket.owner_id,
        team_id=ticket.team_id,
        tags=ticket.tags,
        promises=ticket.sla.promises if ticket.sla else (),
    )


def _late(ticket: Ticket, news: Mapping[str, Any], now: datetime) -> News:
    detail = {k: iso(v) if k == "at" else v for k, v in news.items() if k != "name"}
    return happening(ticket, SYSTEM, now, news["name"], detail, key=f"{ticket.id}/{news['wait']}/breached")


def sla_facts(ticket: Ticket) -> sla.Facts | None:
    """
    What its clock is computed from; None when it is solved. The first answer is that somebody takes it up; what is
    asked in between is the conversation's business.
    """
    if not ticket.active:
        return None
    waits: dict[sla.Metric, datetime] = {"resolve": ticket.created_at}
    if ticket.status == "new":
        waits["first"] = ticket.created_at
    return sla.Facts(
        since=ticket.created_at,
        waits=waits,
        priority=ticket.priority,
        state=ticket.status,
        asked={
            "team": ticket.team_id,
            "priority": ticket.priority,
            "type": ticket.type,
            "category": ticket.category_id,
            "tags": ticket.tags,
        },
        stands=tuple((stand.status, stand.at) for stand in ticket.stands),
    )


def flag_due(stands: Sequence[Stand], rule: Overdue) -> datetime | None:
    """
    When a ticket of this history has been unresolved for as long as the rule allows; None if it is solved, or while
    time does not count. Computed from facts alone: whenever it is asked, the answer is the same.
    """
    if rule.after_hours is None or not stands or stands[-1].status in DONE:
        return None
    left = timedelta(hours=rule.after_hours)
    for stand, following in zip(stands, (*stands[1:], None), strict=True):
        counts = stand.status not in DONE and (rule.counts_waiting or stand.status != "waiting_customer")
        if following is None:
            return stand.at + left if counts else None
        if counts:
            spent = following.at - stand.at
            if spent > left:
                # It ran out in the past, and was not seen then: due from that moment.
                return stand.at + left
            left -= spent
    return None


def flagged(now: datetime, actor: Actor, notify: Sequence[str]) -> Callable[[Ticket], Ticket]:
    """Marks it as unresolved for too long, once, when its time is over."""

    def how(ticket: Ticket) -> Ticket:
        if ticket.flagged_at is not None or ticket.flag_at is None or now <= ticket.flag_at:
            return ticket
        told = happening(ticket, actor, now, "ticket_flagged", {"notified": list(notify)}, key=f"{ticket.id}/flagged")
        return replace(
            ticket,
            flagged_at=now,
            attention=tuple(dict.fromkeys((*ticket.attention, *notify))),
            news=(*ticket.news, told),
        )

    return how


# --- lists --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which tickets a list shows; what is None does not matter. "" as owner or team means nobody's."""

    view: Literal["active", "done", "flagged", "breached", "attention", "all"] = "active"
    status: Status | None = None
    owner_id: str | None = None
    team_id: str | None = None
    priority: Priority | None = None
    category_id: str | None = None
    tag: str | None = None
    contact_id: str | None = None
    member_id: str = ""


async def page(ws: Workspace, wanted: Filter, *, cursor: str | None, limit: int) -> tuple[list[Ticket], str | None]:
    """Newest change first, and the cursor of the next page; a page may be short though there are more."""
    return await store.page(ws, wanted, cursor=cursor, limit=limit)


async def search(ws: Workspace, text: str, *, limit: int) -> list[Ticket]:
    """By number, or by words of the title."""
    digits = text.strip().removeprefix("#")
    if digits.isdecimal() and len(digits) < 16:
        found = await store.by_number(ws, int(digits))
        return [found] if found else []
    tokens = contacts.search_tokens(text)
    if not tokens:
        return []
    rows = await store.by_token(ws, max(tokens, key=len), limit=10 * limit)
    rows = [row for row in rows if _has_words(row, tokens)]
    return sorted(rows, key=lambda row: row.updated_at, reverse=True)[:limit]


def _has_words(ticket: Ticket, words: Sequence[str]) -> bool:
    known = contacts.search_tokens(ticket.title)
    return all(any(token.startswith(word) for token in known) for word in words)
