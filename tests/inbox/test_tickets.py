"""Tickets: numbers, edits by two at once, what follows from a change however it is interrupted, lists, the 48 hours."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.exceptions import ConnectionError as RedisConnectionError

from app.core import audit, ids
from app.core.addresses import Address
from app.core.clock import FixedClock
from app.core.errors import ChangedMeanwhile, Conflict, Invalid
from app.core.permissions import SYSTEM, Actor, Rights, Role
from app.core.runtime import Runtime, Workspace
from crm import contacts
from crm.contacts import Profile
from inbox import live, timeline
from inbox.store import tickets as store
from inbox.ticketing import sla_watch, ticket_forms, ticket_news, ticket_relations, tickets
from inbox.ticketing.ticket_forms import Category, Forms, Overdue, TicketField
from inbox.ticketing.ticket_relations import Part
from inbox.ticketing.tickets import Check, Filter, NewTicket, Stand, Ticket

SLOW = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def person(name: str) -> Actor:
    return Actor("member", ids.new("mem"), name, Role.AGENT, Rights(), member_id=f"mem_{name}")


OLU, AMA = person("Olu"), person("Ama")


async def someone(ws: Workspace) -> str:
    address = Address("sms", f"+1202555{ids.new('x')[-6:]}")
    return (await contacts.resolve(ws, address, profile=Profile(name="Ana"))).contact_id


async def made(ws: Workspace, title: str = "Parcel came damaged", **more: Any) -> Ticket:
    contact_id = more.pop("contact_id", None) or await someone(ws)
    return await tickets.create(ws, OLU, NewTicket(contact_id=contact_id, title=title, **more))


@pytest.fixture
async def clock(runtime: Runtime) -> AsyncIterator[FixedClock]:
    before, runtime.clock = runtime.clock, FixedClock(START)
    yield runtime.clock
    runtime.clock = before


async def lines(ws: Workspace, contact_id: str) -> list[str]:
    entries = await timeline.page_after(ws, contact_id, 0, limit=100)
    return [str(entry.event["name"]) for entry in entries if entry.event]


async def test_numbers_are_given_once_however_many_ask_at_the_same_time(ws: Workspace) -> None:
    contact_id = await someone(ws)
    found = await asyncio.gather(*(made(ws, f"T{n}", contact_id=contact_id) for n in range(12)))
    assert sorted(ticket.number for ticket in found) == list(range(1, 13))


async def test_two_may_change_different_things_and_not_the_same(ws: Workspace) -> None:
    seen = await made(ws)
    await tickets.edit(ws, OLU, seen.id, {"priority": "high"}, seen=seen.revision)
    await tickets.edit(ws, AMA, seen.id, {"title": "Parcel is wet"}, seen=seen.revision)
    with pytest.raises(ChangedMeanwhile) as refused:
        await tickets.edit(ws, AMA, seen.id, {"priority": "low", "type": "task"}, seen=seen.revision)
    (changed,) = refused.value.extra["changed"]
    assert (changed["what"], changed["name"], changed["value"]) == ("priority", "Olu", "high")
    now = await tickets.get(ws, seen.id)
    assert (now.priority, now.title, now.type) == ("high", "Parcel is wet", "question")
    # Who has seen it may; and the same value twice is no quarrel.
    await tickets.edit(ws, AMA, seen.id, {"priority": "low"}, seen=now.revision)
    await tickets.edit(ws, OLU, seen.id, {"priority": "low"}, seen=seen.revision)
    await tickets.edit(ws, OLU, seen.id, {"title": "Mine again"})


async def test_every_change_is_on_the_timeline_and_in_the_trail_once(ws: Workspace) -> None:
    ticket = await made(ws)
    changed = await tickets.edit(ws, AMA, ticket.id, {"status": "solved"})
    # Told by two at the same time, as the sweeper and whoever changed it.
    await asyncio.gather(ticket_news.settle(ws, changed), ticket_news.settle(ws, changed))
    assert sorted(await lines(ws, ticket.contact_id)) == ["ticket_changed", "ticket_created"]
    trail = [entry.action for entry in await audit.page(ws, before=None, limit=20)]
    assert (trail.count("ticket.created"), trail.count("ticket.changed")) == (1, 1)
    assert (await tickets.get(ws, ticket.id)).news == ()


async def test_news_that_were_not_told_are_told_by_the_sweeper(
    runtime: Runtime, ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = await made(ws)

    async def away(*_: object) -> None:
        raise RedisConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(live, "publish", away)
        left = await ticket_news.settled(ws, ticket)
    assert left.news
    await ticket_news.sweep(runtime)
    assert (await tickets.get(ws, ticket.id)).news == ()
    assert await lines(ws, ticket.contact_id) == ["ticket_created"]


async def test_status_follows_the_flow(ws: Workspace) -> None:
    ticket = await made(ws)
    ticket = await tickets.edit(ws, OLU, ticket.id, {"status": "closed"})
    with pytest.raises(Conflict):
        await tickets.edit(ws, OLU, ticket.id, {"status": "waiting_customer"})
    assert (await tickets.edit(ws, OLU, ticket.id, {"status": "open"})).status == "open"


async def test_a_form_wants_its_fields_before_it_is_solved(ws: Workspace) -> None:
    fields = (
        TicketField(key="order", label="Order"),
        TicketField(key="size", label="Size", kind="choice", options=("S", "L")),
    )
    category = Category(
        id="returns",
        name="Returns",
        fields=("order", "size"),
        required=("order",),
        checklist=("Label",),
        priority="high",
    )
    forms = await ticket_forms.save(ws, OLU, Forms(categories=(category,), fields=fields))
    ticket = await made(ws, category_id="returns")
    assert (ticket.priority, [check.text for check in ticket.checklist]) == ("high", ["Label"])
    with pytest.raises(Conflict, match="Order"):
        await tickets.edit(ws, OLU, ticket.id, {"status": "solved"})
    with pytest.raises(Invalid):
        await tickets.edit(ws, OLU, ticket.id, {}, fields={"size": "XL"})
    with pytest.raises(Invalid):
        await tickets.edit(ws, OLU, ticket.id, {}, fields={"colour": "red"})
    await tickets.edit(ws, OLU, ticket.id, {"status": "solved"}, fields={"order": "A-1", "size": "L"})
    for without in (
        replace(forms, categories=()),
        replace(forms, fields=fields[:1], categories=(replace(category, fields=("order",)),)),
        replace(forms, fields=(fields[0], replace(fields[1], options=("S",)))),
        replace(forms, fields=(fields[0], replace(fields[1], kind="text", options=()))),
    ):
        with pytest.raises(Conflict, match=f"#{ticket.number}"):
            await ticket_forms.save(ws, OLU, without)
    await ticket_forms.save(ws, OLU, replace(forms, fields=(fields[0], replace(fields[1], options=("L",)))))
    with pytest.raises(ChangedMeanwhile):
        await ticket_forms.save(ws, AMA, forms)


async def test_zero_is_filled_in_and_a_day_is_written_as_one(ws: Workspace) -> None:
    fields = (
        TicketField(key="pieces", label="Pieces", kind="number"),
        TicketField(key="sent", label="Sent", kind="date"),
        TicketField(key="agreed", label="Agreed", kind="checkbox"),
    )
    keys = ("pieces", "sent", "agreed")
    await ticket_forms.save(
        ws, OLU, Forms(categories=(Category(id="returns", name="Returns", fields=keys, required=keys),), fields=fields)
    )
    ticket = await made(ws, category_id="returns")
    for odd in ("2026-W47-6", "20261121", "2026-02-30", ""):
        with pytest.raises(Invalid):
            await tickets.edit(ws, OLU, ticket.id, {}, fields={"sent": odd})
    await tickets.edit(ws, OLU, ticket.id, {}, fields={"sent": "2026-11-21", "pieces": 0, "agreed": False})
    with pytest.raises(Conflict, match="Fill in Agreed before"):
        await tickets.edit(ws, OLU, ticket.id, {"status": "solved"})
    solved = await tickets.edit(ws, OLU, ticket.id, {"status": "solved"}, fields={"agreed": True})
    assert (solved.status, solved.fields["pieces"]) == ("solved", 0)


async def test_merging_moves_what_it_is_about_also_after_a_crash(
    runtime: Runtime, ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = await made(ws, tags=("a",), checklist=(Check("c1", "Call"),)), await made(ws, tags=("b",))

    async def killed(*_: object) -> Ticket:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(ticket_relations, "absorb", killed)
        with pytest.raises(RuntimeError):
            await ticket_relations.merge(ws, OLU, one.id, two.id)
    await ticket_news.sweep(runtime)
    await ticket_relations.merge(ws, OLU, one.id, two.id)
    one, two = await tickets.get(ws, one.id), await tickets.get(ws, two.id)
    assert (one.status, one.merged_into) == ("closed", two.id)
    assert (set(two.tags), [check.id for check in two.checklist], two.merged_ids) == ({"a", "b"}, ["c1"], (one.id,))
    assert (await lines(ws, two.contact_id)).count("ticket_absorbed") == 1
    with pytest.raises(Conflict):
        await tickets.edit(ws, OLU, one.id, {"title": "Again"})
    with pytest.raises(Conflict):
        await ticket_relations.merge(ws, OLU, two.id, one.id)
    with pytest.raises(Invalid):
        await ticket_relations.merge(ws, OLU, two.id, two.id)


async def test_two_that_are_merged_into_each_other_at_once_are_not_both_gone(
    runtime: Runtime, ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        one, two = await made(ws), await made(ws)
        merges = [ticket_relations.merge(ws, OLU, one.id, two.id), ticket_relations.merge(ws, AMA, two.id, one.id)]
        ended = await asyncio.gather(*merges, return_exceptions=True)
        assert all(isinstance(each, tuple | Conflict) for each in ended)
        left = [await tickets.get(ws, each.id) for each in (one, two)]
        assert sum(each.merged_into is None and each.active for each in left) == max(
            1, sum(isinstance(each, Conflict) for each in ended)
        )

    # Both are marked, and whoever did it dies before anything else.
    one, two, three = await made(ws), await made(ws), await made(ws)

    async def killed(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(ticket_relations, "absorb", killed)
        patch.setattr(tickets, "require_unmerged", lambda _: None)
        for ticket, into in ((one, two), (two, one), (three, one)):
            with pytest.raises(RuntimeError):
                await ticket_relations.merge(ws, OLU, ticket.id, into.id)
    await ticket_news.sweep(runtime)
    left = [await tickets.get(ws, each.id) for each in (one, two)]
    (alone,) = [each for each in left if each.merged_into is None]
    assert (alone.status, alone.news, set(alone.merged_ids)) == (
        "new",
        (),
        {each.id for each in (one, two, three)} - {alone.id},
    )


async def test_subtasks_of_a_merged_ticket_are_those_of_the_other(ws: Workspace) -> None:
    top = await made(ws)
    middle = await made(ws, parent_id=top.id)
    low, beside = await made(ws, parent_id=middle.id), await made(ws, parent_id=middle.id)
    _, into = await ticket_relations.merge(ws, OLU, middle.id, low.id)
    assert into.parent_id == top.id
    assert (await tickets.get(ws, beside.id)).parent_id == low.id
    for refused in (
        made(ws, parent_id=middle.id),
        ticket_relations.set_parent(ws, OLU, beside.id, middle.id),
        tickets.link(ws, OLU, middle.id, conversation_id=None),
        ticket_relations.relate(ws, OLU, middle.id, top.id),
    ):
        with pytest.raises(Conflict, match="merged"):
            await refused
    solved = await tickets.edit(ws, OLU, (await made(ws)).id, {"status": "solved"})
    with pytest.raises(Conflict, match="solved"):
        await ticket_relations.set_parent(ws, OLU, beside.id, solved.id)


async def test_splitting_and_relating(ws: Workspace) -> None:
    ticket = await made(ws, checklist=(Check("c1", "Call"), Check("c2", "Write")))
    rest, part = await ticket_relations.split(ws, OLU, ticket.id, Part(title="The other thing", check_ids=("c2",)))
    assert ([c.id for c in rest.checklist], [c.id for c in part.checklist]) == (["c1"], ["c2"])
    assert (rest.related_ids, part.related_ids) == ((part.id,), (rest.id,))
    await ticket_relations.unrelate(ws, OLU, rest.id, part.id)
    assert (await tickets.get(ws, part.id)).related_ids == ()


async def test_subtasks_make_no_circle_and_end_before_their_parent(ws: Workspace) -> None:
    top, middle, low = await made(ws), await made(ws), await made(ws)
    await ticket_relations.set_parent(ws, OLU, middle.id, top.id)
    await ticket_relations.set_parent(ws, OLU, low.id, middle.id)
    for child, parent in ((top, low), (top, top)):
        with pytest.raises(Conflict):
            await ticket_relations.set_parent(ws, OLU, child.id, parent.id)
    with pytest.raises(Conflict, match=f"#{low.number}"):
        await tickets.edit(ws, OLU, middle.id, {"status": "solved"})
    await tickets.edit(ws, OLU, low.id, {"status": "solved"})
    assert (await tickets.edit(ws, OLU, middle.id, {"status": "solved"})).status == "solved"


# --- lists --------------------------------------------------------------------------------------------------------

STATUSES: Any = st.sampled_from(list(tickets.FLOW))
AGO = st.sampled_from([0, 0, 1, 60, 3_601, 90_000, 40 * 86_400])
ROWS = st.lists(
    st.tuples(AGO, STATUSES, st.sampled_from([None, "mem_1"]), st.sampled_from(["low", "high"])), max_size=14
)
FILTERS: Any = st.builds(
    Filter,
    view=st.sampled_from(["active", "done", "all"]),
    owner_id=st.sampled_from([None, "", "mem_1"]),
    priority=st.sampled_from([None, "low"]),
    status=st.sampled_from([None, "new", "solved"]),
)


@SLOW
@given(rows=ROWS, wanted=FILTERS, limit=st.integers(1, 5))
async def test_all_pages_together_are_what_fits_once(
    runtime: Runtime, rows: list[Any], wanted: Filter, limit: int
) -> None:
    ws = runtime.workspace(ids.new("ws"))
    now = ws.clock.now()
    expected: set[str] = set()
    for number, (ago, status, owner, priority) in enumerate(rows):
        ticket = Ticket(
            id=ids.new("tck"), number=number, contact_id="con_1", title="T", created_at=now, created_by="x", revision=1,
            updated_at=now - timedelta(seconds=ago), status=status, owner_id=owner, priority=priority,
        )  # fmt: skip
        await store.insert(ws, ticket)
        views = {"active": ticket.active, "done": not ticket.active, "all": True}
        fits = views[wanted.view] and wanted.owner_id in (None, owner or "") and wanted.priority in (None, priority)
        if fits and wanted.status in (None, status):
            expected.add(ticket.id)
    found: list[Ticket] = []
    cursor: str | None = None
    while True:
        items, cursor = await tickets.page(ws, wanted, cursor=cursor, limit=limit)
        found += items
        if cursor is None:
            break
    assert len(found) == len({ticket.id for ticket in found})
    assert {ticket.id for ticket in found} == expected
    assert [t.updated_at for t in found] == sorted((t.updated_at for t in found), reverse=True)


async def test_search_finds_numbers_and_words(ws: Workspace) -> None:
    ticket = await made(ws, "Wrong colour of the curtains")
    await made(ws, "Wrong size")
    for text in (f"#{ticket.number}", str(ticket.number), "curt", "wrong colour"):
        assert [found.id for found in await tickets.search(ws, text, limit=5)] == [ticket.id], text


# --- unresolved for 48 hours (R24) ----------------------------------------------------------------------------------


async def flags(ws: Workspace, ticket: Ticket) -> int:
    return (await lines(ws, ticket.contact_id)).count("ticket_flagged")


async def test_one_flag_when_48_hours_are_over(runtime: Runtime, clock: FixedClock, ws: Workspace) -> None:
    ticket, solved = await made(ws), await made(ws)
    clock.advance(hours=47, minutes=59)
    await tickets.edit(ws, OLU, solved.id, {"status": "solved"})
    await ticket_news.sweep(runtime)
    assert await flags(ws, ticket) == 0
    clock.advance(minutes=1)
    await ticket_news.sweep(runtime)
    assert await flags(ws, ticket) == 0
    clock.advance(seconds=1)
    for _ in range(3):
        await ticket_news.sweep(runtime)
        clock.advance(hours=1)
    assert (await flags(ws, ticket), await flags(ws, solved)) == (1, 0)
    assert (await tickets.get(ws, ticket.id)).attention == (await sla_watch.people_of(ws, None)).managers
    assert [t.id for t in (await tickets.page(ws, Filter(view="flagged"), cursor=None, limit=5))[0]] == [ticket.id]


@pytest.mark.parametrize("counts_waiting", [True, False])
async def test_waiting_for_the_customer_counts_by_policy(
    runtime: Runtime, clock: FixedClock, ws: Workspace, counts_waiting: bool
) -> None:
    await ticket_forms.save(ws, OLU, Forms(overdue=Overdue(counts_waiting=counts_waiting)))
    ticket = await made(ws)
    clock.advance(hours=10)
    await tickets.edit(ws, OLU, ticket.id, {"status": "waiting_customer"})
    clock.advance(hours=30)
    await tickets.edit(ws, OLU, ticket.id, {"status": "open"})
    clock.advance(hours=8, seconds=1)
    await ticket_news.sweep(runtime)
    assert await flags(ws, ticket) == (1 if counts_waiting else 0)
    clock.advance(hours=30)
    await ticket_news.sweep(runtime)
    assert await flags(ws, ticket) == 1


STANDS: Any = st.lists(st.tuples(st.integers(0, 40 * 3_600), STATUSES), max_size=8)


@given(moves=STANDS, counts_waiting=st.booleans())
def test_the_flag_is_due_after_exactly_the_time_that_counts(moves: list[Any], counts_waiting: bool) -> None:
    rule = Overdue(after_hours=48, counts_waiting=counts_waiting)
    at, stands = START, [Stand("new", START)]
    for seconds, status in moves:
        at += timedelta(seconds=seconds)
        stands.append(Stand(status, at))
    due = tickets.flag_due(stands, rule)
    if due is None:
        return
    spent = timedelta()
    for stand, end in zip(stands, [*(s.at for s in stands[1:]), max(due, at)], strict=True):
        if stand.status not in tickets.DONE and (counts_waiting or stand.status != "waiting_customer"):
            spent += max(min(end, due) - stand.at, timedelta())
    assert spent == timedelta(hours=48)


async def test_actions_of_parley_itself_are_in_its_name(ws: Workspace) -> None:
    ticket = await made(ws)
    changed = await tickets.edit(ws, SYSTEM, ticket.id, {"priority": "urgent"})
    await ticket_news.settle(ws, changed)
    entries = await timeline.page_after(ws, ticket.contact_id, 0, limit=10)
    assert [(entry.author.type, entry.author.name) for entry in entries] == [("member", "Olu"), ("system", "Parley")]
