"""SLA clocks: exact over calendars, time zones, clock changes and pauses; and what becomes due, done and told once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from redis.exceptions import ConnectionError as RedisConnectionError

from app.core import audit, calendars, ids
from app.core.addresses import Address
from app.core.calendars import ALWAYS, Calendar
from app.core.clock import FixedClock
from app.core.permissions import SYSTEM, Role
from app.core.runtime import Runtime, Workspace
from crm import contacts
from crm.contacts import Profile
from inbox import conversations, live, timeline
from inbox.answering import notifications
from inbox.conversations import Conversation
from inbox.routing import duties
from inbox.routing.duties import Failures
from inbox.supervising import reports
from inbox.ticketing import sla, sla_policies, sla_trials, sla_watch, ticket_news, ticket_relations, tickets
from inbox.ticketing.sla import Facts, Pause, Policy, Step, Target
from inbox.ticketing.tickets import NewTicket
from inbox.timeline import Author, Entry
from tests.support.hours import CALENDARS
from tests.support.people import People, Person

FAST = settings(max_examples=150)
# A Thursday, two days before Europe and three weeks after New York changes its clocks.
START = datetime(2026, 3, 26, 9, 0, tzinfo=UTC)

SECONDS = st.integers(0, 9 * 86_400)
PAUSES = st.lists(st.tuples(st.integers(1, 3 * 86_400), st.integers(1, 2 * 86_400)), max_size=4)


def pauses_of(gaps: list[tuple[int, int]]) -> tuple[Pause, ...]:
    at, found = START, []
    for before, long in gaps:
        found.append(Pause(at + timedelta(seconds=before), at + timedelta(seconds=before + long)))
        at += timedelta(seconds=before + long)
    return tuple(found)


@FAST
@given(calendar=CALENDARS, minutes=st.integers(1, 4_000), gaps=PAUSES)
def test_at_the_due_time_exactly_the_promised_time_has_been_spent(
    calendar: Calendar, minutes: int, gaps: list[tuple[int, int]]
) -> None:
    pauses = pauses_of(gaps)
    due = sla.due(calendar, START, minutes, pauses)
    assert due is not None
    assert sla.spent(calendar, START, due, pauses) == pytest.approx(minutes * 60)
    assert not any(pause.since < due < (pause.until or due) for pause in pauses)


@FAST
@given(calendar=CALENDARS, one=SECONDS, more=SECONDS, gaps=PAUSES)
def test_a_clock_never_runs_backwards_and_pauses_never_count(
    calendar: Calendar, one: int, more: int, gaps: list[tuple[int, int]]
) -> None:
    pauses = pauses_of(gaps)
    first, later = START + timedelta(seconds=one), START + timedelta(seconds=one + more)
    spent = sla.spent(calendar, START, first, pauses)
    assert spent <= sla.spent(calendar, START, later, pauses)
    outside = calendars.open_seconds_between(calendar, START, first) - sum(
        calendars.open_seconds_between(calendar, min(p.since, first), min(p.until or first, first)) for p in pauses
    )
    assert spent == pytest.approx(outside)


@FAST
@given(
    calendar=CALENDARS,
    moves=st.lists(st.tuples(st.integers(1, 2 * 86_400), st.sampled_from(["open", "snoozed", "pending"])), max_size=8),
    minutes=st.integers(1, 3_000),
)
def test_step_by_step_gives_what_all_facts_at_once_give(calendar: Calendar, moves: list[Any], minutes: int) -> None:
    policy = Policy(id="p", name="P", subject="conversations", targets={"": Target(resolve=minutes)}, calendar_id="c")
    known = sla.ready([policy], {"c": calendar})
    at, state = START, "open"
    facts = Facts(since=START, waits={"resolve": START}, priority="normal", state=state)
    clock = sla.followed(None, None, facts, "conversations", known, at)
    stands = [(state, at)]
    for seconds, state in moves:
        at += timedelta(seconds=seconds)
        stands.append((state, at))
        before, facts = facts, replace(facts, state=state)
        clock = sla.followed(clock, before, facts, "conversations", known, at)
    assert clock is not None
    pauses = sla.held(stands, policy.pauses)
    assert clock.pauses == pauses
    assert clock.resolve_due_at == sla.due(calendar, START, minutes, pauses)
    at_once = sla.followed(None, None, replace(facts, stands=tuple(stands)), "conversations", known, at)
    assert at_once is not None
    assert (at_once.resolve_due_at, at_once.paused_at) == (clock.resolve_due_at, clock.paused_at)


@FAST
@given(calendar=CALENDARS, minutes=st.integers(1, 2_000), wait=st.integers(0, 5 * 86_400))
def test_an_end_after_the_due_time_is_a_breach_and_no_other(calendar: Calendar, minutes: int, wait: int) -> None:
    policy = Policy(id="p", name="P", subject="tickets", targets={"": Target(resolve=minutes)}, calendar_id="c")
    known = sla.ready([policy], {"c": calendar})
    facts = Facts(since=START, waits={"resolve": START}, priority="normal", state="open")
    clock = sla.followed(None, None, facts, "tickets", known, START)
    assert clock is not None
    due = clock.resolve_due_at
    assert due is not None
    end = START + timedelta(seconds=wait)
    assume(end != due)
    ended = sla.followed(clock, facts, None, "tickets", known, end)
    assert ended is not None
    assert ended.breached == (("resolve",) if end > due else ())
    assert ended.due_at is None


def test_rules_and_order_choose_the_policy() -> None:
    urgent = {"field": "priority", "op": "is", "value": "urgent"}
    policies = [
        Policy(id="b", name="All", subject="conversations", targets={"": Target(first=60)}, position=2),
        Policy(id="a", name="Urgent", subject="conversations", targets={"": Target(first=5)}, rule=urgent, position=1),
        Policy(id="t", name="Tickets", subject="tickets", targets={"": Target(first=5)}),
    ]
    known = sla.ready(policies, {})
    found = [known.find("conversations", {"priority": each}, START) for each in ("urgent", "low")]
    assert [policy and policy.id for policy in found] == ["a", "b"]
    off = sla.ready([replace(policies[1], enabled=False)], {})
    assert off.find("conversations", {"priority": "urgent"}, START) is None


# --- with a real workspace ----------------------------------------------------------------------------------------


@pytest.fixture
async def clock(runtime: Runtime) -> AsyncIterator[FixedClock]:
    before, runtime.clock = runtime.clock, FixedClock(START)
    yield runtime.clock
    runtime.clock = before


@pytest.fixture
async def lead(people: People, owner: Person) -> Person:
    return await people.join(owner.ws, Role.SUPERVISOR)


async def promised(ws: Workspace, **more: Any) -> Policy:
    values: dict[str, Any] = {
        "subject": "conversations",
        "targets": {"": Target(first=60, next=120, resolve=600)},
        "warn_minutes": 15,
        **more,
    }
    return await sla_policies.create(ws, SYSTEM, Policy(id="", name="P", **values))


async def heard(ws: Workspace, conversation: Conversation | None = None) -> Conversation:
    """The customer writes."""
    if conversation is None:
        address = Address("sms", f"+1202555{ids.new('x')[-6:]}")
        contact_id = (await contacts.resolve(ws, address, profile=Profile(name="Ana"))).contact_id
        conversation = conversations.new_for(ws, contact_id, name="Ana")
    entry, summary = said(ws, conversation, "in", "contact")
    return (await conversations.change(ws, conversation, conversations.received(entry, summary)))[0]


async def answered(ws: Workspace, conversation: Conversation) -> Conversation:
    entry, summary = said(ws, conversation, "out", "member")
    return (await conversations.change(ws, conversation, conversations.sent(entry, summary)))[0]


def said(ws: Workspace, conversation: Conversation, direction: Any, by: Any) -> tuple[Entry, conversations.Summary]:
    now = ws.clock.now()
    entry = Entry(
        id=ids.new("ent"), contact_id=conversation.contact_id, conversation_id=conversation.id, kind="message",
        number=conversation.last_number + 1, at=now, created_at=now, direction=direction, author=Author(by, "mem_1"),
        account_id="acc_1", address="sms:1", content={"type": "text", "text": "Hi"},
    )  # fmt: skip
    return entry, conversations.summary_of(entry, "Hi")


async def events(ws: Workspace, contact_id: str) -> list[str]:
    entries = await timeline.page_after(ws, contact_id, 0, limit=100)
    return [str(entry.event["name"]) for entry in entries if entry.event and entry.event["name"].startswith("sla_")]


async def test_first_next_and_resolution(clock: FixedClock, ws: Workspace) -> None:
    await promised(ws)
    one = await heard(ws)
    assert one.sla is not None
    assert (one.sla.first_due_at, one.sla.next_due_at) == (START + timedelta(hours=1), None)
    assert one.sla.resolve_due_at == START + timedelta(hours=10)
    clock.advance(minutes=10)
    one = await heard(ws, one)
    assert one.sla is not None
    assert one.sla.first_due_at == START + timedelta(hours=1)
    one = await answered(ws, one)
    assert one.sla is not None
    assert (one.sla.first_due_at, one.sla.next_due_at, one.sla.due_at) == (None, None, START + timedelta(hours=10))
    clock.advance(minutes=10)
    one = await heard(ws, one)
    assert one.sla is not None
    assert one.sla.next_due_at == START + timedelta(minutes=20 + 120)
    # Asleep no time goes by.
    one, _ = await conversations.change(ws, one, lambda now: replace(now, state="snoozed"))
    assert one.sla is not None
    assert (one.sla.due_at, one.sla.paused_at) == (None, clock.now())
    clock.advance(hours=5)
    one, _ = await conversations.reopen(ws, one)
    assert one.sla is not None
    assert one.sla.next_due_at == START + timedelta(minutes=20 + 120 + 300)
    one, _ = await conversations.close(ws, one)
    assert one.sla is not None
    assert (one.sla.due_at, one.sla.acts_at, one.sla.breached) == (None, None, ())
    clock.advance(days=1)
    one = await heard(ws, one)
    assert one.sla is not None
    assert (one.sla.since, one.sla.pauses, one.sla.first_due_at) == (clock.now(), (), clock.now() + timedelta(hours=1))


STEPS = (
    Step(id="s1", after="warning", do="notify", to="assignee"),
    Step(id="s2", after="breach", do="priority", value="urgent"),
    Step(id="s3", after="breach", minutes=30, do="assign", to="lead"),
)


async def test_warned_breached_and_escalated_once(
    runtime: Runtime, clock: FixedClock, owner: Person, lead: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = owner.ws
    await promised(ws, steps=STEPS)
    one = await heard(ws)
    one, _ = await conversations.assign(ws, one, owner.member.id)

    async def later(**delta: float) -> Conversation:
        clock.advance(**delta)
        for _ in range(2):
            await duties.sweep(runtime, Failures())
        return await conversations.get(ws, one.id)

    now = await later(minutes=45)
    assert await events(ws, one.contact_id) == []
    now = await later(seconds=1)
    assert await events(ws, one.contact_id) == ["sla_warned", "sla_escalated"]
    assert len(await notifications.page(ws, owner.member.id, before=None, limit=10)) == 2

    # Redis goes away after the change and before the telling: nothing is lost, nothing is done twice.
    async def away(*_: object) -> None:
        raise RedisConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(live, "publish", away)
        clock.advance(minutes=15)
        with pytest.raises(RedisConnectionError):
            await duties.sweep(runtime, Failures())
    now = await later(seconds=1)
    assert await events(ws, one.contact_id) == ["sla_warned", "sla_escalated", "sla_breached", "sla_escalated"]
    assert now.sla is not None
    assert (now.priority, now.sla.breached, now.sla.breached_at) == ("urgent", ("first",), START + timedelta(hours=1))
    now = await later(minutes=30)
    assert now.assignee_id == lead.member.id
    now = await later(hours=3)
    assert len(await events(ws, one.contact_id)) == 5
    trail = [entry.action for entry in await audit.page(ws, before=None, limit=50)]
    assert (trail.count("sla.warned"), trail.count("sla.breached"), trail.count("sla.escalated")) == (1, 1, 3)
    assert now.sla is not None
    assert now.sla.news == ()


async def test_a_short_promise_is_warned_of_half_way(runtime: Runtime, clock: FixedClock, owner: Person) -> None:
    await promised(owner.ws, targets={"": Target(first=15)}, warn_minutes=30)
    one = await heard(owner.ws)
    clock.advance(minutes=7, seconds=30)
    await duties.sweep(runtime, Failures())
    assert await events(owner.ws, one.contact_id) == []
    clock.advance(seconds=1)
    await duties.sweep(runtime, Failures())
    assert await events(owner.ws, one.contact_id) == ["sla_warned"]


async def test_the_managers_stand_in_for_whoever_is_gone(
    runtime: Runtime, clock: FixedClock, owner: Person, people: People
) -> None:
    ws = owner.ws
    gone = await people.join(ws, Role.AGENT)
    steps = (
        Step(id="s1", after="breach", do="notify", to=gone.member.id),
        Step(id="s2", after="breach", minutes=30, do="assign", to="assignee"),
    )
    await promised(ws, steps=steps, warn_minutes=None)
    one = await heard(ws)
    await conversations.assign(ws, one, gone.member.id)
    await owner.client.patch(f"/api/v1/members/{gone.member.id}", json={"status": "disabled"})
    clock.advance(hours=2)
    for _ in range(2):
        await duties.sweep(runtime, Failures())
    assert await notifications.page(ws, owner.member.id, before=None, limit=10)
    assert (await conversations.get(ws, one.id)).assignee_id == owner.member.id


@pytest.mark.parametrize(
    ("step", "field"),
    [
        ({"do": "notify", "to": "mem_unknown"}, "steps.0.to"),
        ({"do": "assign", "to": "mem_unknown"}, "steps.0.to"),
        ({"do": "tag", "value": "tag_unknown"}, "steps.0.value"),
    ],
)
async def test_a_step_names_what_is_there(owner: Person, step: dict[str, str], field: str) -> None:
    policy = {"name": "Late", "targets": [{"first": 60}], "steps": [{"id": "s1", "after": "breach", **step}]}
    answer = await owner.client.post("/api/v1/sla-policies", json=policy)
    assert (answer.status_code, [each["field"] for each in answer.json()["errors"]]) == (422, [field])


async def test_an_answer_that_comes_too_late_is_a_breach_though_nobody_looked(clock: FixedClock, ws: Workspace) -> None:
    await promised(ws)
    one = await heard(ws)
    clock.advance(hours=1, seconds=1)
    one = await answered(ws, one)
    assert one.sla is not None
    assert one.sla.breached == ("first",)
    one = await sla_watch.attend(ws, one)
    assert await events(ws, one.contact_id) == ["sla_breached"]


async def test_a_changed_policy_times_anew_what_runs(runtime: Runtime, clock: FixedClock, ws: Workspace) -> None:
    one = await heard(ws)
    assert one.sla is None
    policy = await promised(ws)
    ticket_policy = await promised(ws, subject="tickets", targets={"": Target(resolve=60)})
    ticket = await tickets.create(ws, SYSTEM, NewTicket(contact_id=one.contact_id, title="T"))
    await sla_policies.save(ws, SYSTEM, replace(policy, targets={"": Target(resolve=30)}))
    await sla_policies.save(ws, SYSTEM, replace(ticket_policy, targets={"": Target(first=30)}))
    await sla_watch.retime(ws)
    one, ticket = await conversations.get(ws, one.id), await tickets.get(ws, ticket.id)
    assert one.sla is not None
    assert ticket.sla is not None
    assert (one.sla.resolve_due_at, one.sla.first_due_at) == (START + timedelta(minutes=30), None)
    assert (ticket.sla.first_due_at, ticket.sla.resolve_due_at) == (START + timedelta(minutes=30), None)
    await sla_policies.delete(ws, SYSTEM, policy.id)
    await sla_watch.retime(ws)
    assert (await conversations.get(ws, one.id)).sla is None


async def test_a_tickets_clock_stands_while_it_waits(runtime: Runtime, clock: FixedClock, ws: Workspace) -> None:
    await promised(ws, subject="tickets", targets={"": Target(first=60, resolve=240)}, warn_minutes=None)
    contact_id = (await heard(ws)).contact_id
    ticket = await tickets.create(ws, SYSTEM, NewTicket(contact_id=contact_id, title="T"))
    clock.advance(minutes=30)
    ticket = await tickets.edit(ws, SYSTEM, ticket.id, {"status": "waiting_customer"})
    assert ticket.sla is not None
    assert (ticket.sla.due_at, ticket.sla.paused_at) == (None, clock.now())
    clock.advance(days=2)
    await ticket_news.sweep(runtime)
    ticket = await tickets.edit(ws, SYSTEM, ticket.id, {"status": "open"})
    assert ticket.sla is not None
    assert ticket.sla.due_at == START + timedelta(days=2, minutes=240)
    clock.advance(minutes=211)
    await ticket_news.sweep(runtime)
    await ticket_news.sweep(runtime)
    assert await events(ws, contact_id) == ["sla_breached"]
    found, _ = await tickets.page(ws, tickets.Filter(view="breached"), cursor=None, limit=5)
    assert [each.id for each in found] == [ticket.id]


async def test_a_solved_ticket_counts_in_the_reports_and_once_more_when_solved_again(
    runtime: Runtime, clock: FixedClock, ws: Workspace
) -> None:
    policy = await promised(ws, subject="tickets", targets={"": Target(first=60, resolve=240)}, warn_minutes=None)

    async def counted(zone: str = "UTC") -> dict[str, float | None]:
        span = reports.Asked(first=START.date(), last=(START + timedelta(days=3)).date(), zone=zone)
        found = await reports.report(ws, span, by="policy")
        assert all(row.id == policy.id and row.values == found.total for row in found.rows)
        names = ("first_kept", "first_missed", "resolve_kept", "resolve_missed")
        return {name: found.total[f"sla_{name}"] for name in names if found.total[f"sla_{name}"]}

    assert await counted() == {}
    contact_id = (await heard(ws)).contact_id
    ticket = await tickets.create(ws, SYSTEM, NewTicket(contact_id=contact_id, title="T"))
    merged = await tickets.create(ws, SYSTEM, NewTicket(contact_id=contact_id, title="Twin"))
    clock.advance(minutes=70)
    await ticket_news.sweep(runtime)
    ticket = await tickets.edit(ws, SYSTEM, ticket.id, {"status": "open"})
    clock.advance(minutes=50)
    # The worker dies after the write: what was left in the row is copied by whoever looks next.
    await tickets.edit(ws, SYSTEM, ticket.id, {"status": "solved"})
    await ticket_news.sweep(runtime)
    assert await counted() == {"first_missed": 1, "resolve_kept": 1}
    clock.advance(days=1)
    await tickets.edit(ws, SYSTEM, ticket.id, {"status": "open"})
    clock.advance(minutes=300)
    await ticket_news.settle(ws, await tickets.edit(ws, SYSTEM, ticket.id, {"status": "closed"}))
    await ticket_relations.merge(ws, SYSTEM, merged.id, ticket.id)
    await ticket_news.sweep(runtime)
    for zone in ("UTC", "Asia/Tokyo"):
        assert await counted(zone) == {"first_missed": 1, "resolve_kept": 1, "resolve_missed": 1}, zone


def test_a_calendar_that_never_opens_again_promises_nothing() -> None:
    never = replace(ALWAYS, week=((),) * 7)
    assert sla.due(never, START, 5, ()) is None


async def test_a_policy_is_tried_on_the_past_before_it_is_in_force(
    runtime: Runtime, clock: FixedClock, owner: Person
) -> None:
    ws = owner.ws
    policy = await promised(ws, targets={"": Target(first=60, resolve=600)}, warn_minutes=None)
    await promised(ws, subject="tickets", targets={"": Target(first=60, resolve=240)}, warn_minutes=None)
    quick, slow, open_one = [await heard(ws) for _ in range(3)]
    ticket = await tickets.create(ws, SYSTEM, NewTicket(contact_id=quick.contact_id, title="T"))
    clock.advance(minutes=20)
    quick = await answered(ws, quick)
    clock.advance(minutes=70)
    slow = await answered(ws, slow)
    ticket = await tickets.edit(ws, SYSTEM, ticket.id, {"status": "solved"})
    for one in (quick, slow):
        await conversations.close(ws, one)
    clock.advance(seconds=60)
    await duties.sweep(runtime, Failures())

    async def tried(targets: list[dict[str, Any]], subject: str = "conversations", **more: Any) -> dict[str, Any]:
        draft = {"name": "D", "subject": subject, "targets": targets, "warn_minutes": None}
        span = {"first": "2026-03-20", "last": "2026-03-30"}
        body = {"policy": draft, **span, **more}
        answer = await owner.client.post("/api/v1/sla-policies/trials", json=body)
        assert answer.status_code == 201, answer.text
        await sla_trials.run(ws, answer.json()["id"])
        found: dict[str, Any] = (await owner.client.get(f"/api/v1/sla-policies/trials/{answer.json()['id']}")).json()
        assert (found["state"], found["progress"]) == ("done", 1)
        return found

    # What is in force, tried: nothing differs, and it is what has happened.
    same = await tried([{"first": 60, "resolve": 600}], policy_id=policy.id)
    assert (same["looked_at"], same["unknown"], same["differing"]) == (3, 0, 0)
    first = next(each for each in same["metrics"] if each["metric"] == "first")
    assert first == {"metric": "first", "now": {"kept": 1, "missed": 2}, "draft": {"kept": 1, "missed": 2}}

    # A promise of two hours would have been kept twice; the open one would not be late yet.
    slower = await tried([{"first": 120, "resolve": 600}], policy_id=policy.id)
    first = next(each for each in slower["metrics"] if each["metric"] == "first")
    assert first["draft"] == {"kept": 2, "missed": 0}
    rows = (await owner.client.get(f"/api/v1/sla-policies/trials/{slower['id']}/rows")).json()["items"]
    assert {row["conversation_id"]: row["differences"][0]["draft"] for row in rows} == {
        slow.id: "kept",
        open_one.id: None,
    }
    assert {row["differences"][0]["now"] for row in rows} == {"missed"}

    # Behind the others it would apply to nothing.
    assert (await tried([{"first": 1}]))["differing"] == 0
    solved = await tried([{"first": 120, "resolve": 30}], subject="tickets")
    assert (solved["looked_at"], solved["differing"]) == (1, 0)
    now = {each["metric"]: each["now"] for each in solved["metrics"]}
    assert (now["first"], now["resolve"]) == ({"kept": 0, "missed": 1}, {"kept": 1, "missed": 0})
    assert ticket.sla is not None
    assert {promise.metric: promise.kept for promise in ticket.sla.promises} == {"first": False, "resolve": True}
