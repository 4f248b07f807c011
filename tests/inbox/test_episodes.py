"""Episodes: the facts kept with each change equal those of a replay of the timeline, whatever happened in between."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core import ids
from app.core.calendars import ALWAYS, Calendar
from app.core.clock import FixedClock
from app.core.permissions import SYSTEM
from app.core.runtime import Runtime, Workspace
from inbox import conversations, episodes
from inbox.closing import snooze
from inbox.conversations import Conversation
from inbox.episodes import Facts
from inbox.routing import calendars, duties
from inbox.store import episodes as store
from inbox.store import report_days
from inbox.supervising import rollups
from inbox.ticketing import moments, sla_policies, sla_watch
from inbox.ticketing.sla import Policy, Target
from inbox.timeline import Author, Entry
from tests.support.hours import CALENDARS

SLOW = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
DOINGS = ("in", "in", "reply", "reply", "robot", "bot", "hand", "assign", "snooze", "close", "close", "reopen", "undo")
HISTORY = st.lists(st.tuples(st.sampled_from(DOINGS), st.integers(1, 4_000)), max_size=30)

MINUTES = st.none() | st.integers(1, 90)

Happening = tuple[str, datetime]


async def lived(
    ws: Workspace, moving: FixedClock, history: list[tuple[str, int]]
) -> tuple[Conversation, list[Happening]]:
    """A conversation with this history, and what really happened in it, as its timeline tells."""
    one = conversations.new_for(ws, ids.new("con"), name="Ana")
    told: list[Happening] = []
    for number, (doing, seconds) in enumerate([("in", 1), *history], 1):
        moving.advance(seconds=seconds)
        if one.sla is not None:
            # As the sweeper does all the time.
            one = await sla_watch.attend(ws, one)
        before, at = one, moving.now()
        if doing in ("in", "reply", "robot"):
            entry = message(one, number, at, doing)
            summary = conversations.summary_of(entry, "Hi")
            how = conversations.received if doing == "in" else conversations.sent
            one, _ = await conversations.change(ws, one, how(entry, summary))
            told.append((doing, at))
        elif doing in ("bot", "hand"):
            state: Any = "pending" if doing == "bot" else "open"
            wrong = one.state not in ("open", "pending") or one.state == state
            one, changed = await conversations.change(ws, one, lambda now: now if wrong else replace(now, state=state))  # noqa: B023
            told += [(doing, at)] if changed else []
        elif doing == "assign":
            one, _ = await conversations.assign(ws, one, f"mem_{seconds % 3}")
            told.append((f"mem_{seconds % 3}", at))
        elif doing == "snooze" and one.state in ("open", "snoozed"):
            one, _ = await snooze.snooze(ws, one, None, by="mem_1")
        elif doing == "close":
            one, changed = await conversations.close(ws, one, by="mem_1", comment=f"Closed {number}")
            told += [("close", at)] if changed else []
        elif doing in ("reopen", "undo") and before.state == "closed":
            one, _ = await conversations.reopen(ws, one, undo=doing == "undo")
            told.append(("undo" if one.episode == before.episode else "reopen", at))
    return one, told


def message(one: Conversation, number: int, at: datetime, doing: str) -> Entry:
    author = {"in": Author("contact"), "reply": Author("member", "mem_1"), "robot": Author("bot")}[doing]
    return Entry(
        id=ids.new("ent"), contact_id=one.contact_id, conversation_id=one.id, number=number, at=at, created_at=at,
        kind="message", direction="in" if doing == "in" else "out", author=author, account_id="acc_1",
        address="sms:1", channel="sms", content={"type": "text", "text": "Hi"},
    )  # fmt: skip


def replayed(told: list[Happening]) -> list[dict[str, Any]]:
    """The same figures, reckoned from the story alone."""
    stretches: list[list[Happening]] = []
    closed, assignee = True, None
    assignees: list[str | None] = []
    for name, at in told:
        if name.startswith("mem_"):
            assignee = name
            continue
        if closed and name in ("in", "reopen"):
            stretches.append([("open", at)])
            assignees.append(None)
            closed = False
        if name == "undo":
            stretches[-1].pop()
            closed = False
        elif not closed:
            stretches[-1].append((name, at))
        if name == "close":
            closed, assignees[-1] = True, assignee
    return [reckoned(stretch, who) for stretch, who in zip(stretches, assignees, strict=True)]


def reckoned(stretch: list[Happening], assignee: str | None) -> dict[str, Any]:
    ended = stretch[-1][0] == "close"
    end = stretch[-1][1]
    bot: list[tuple[datetime, datetime | None]] = []
    for name, at in stretch:
        if name == "bot":
            bot.append((at, None))
        elif name in ("hand", "close") and bot and bot[-1][1] is None:
            bot[-1] = (bot[-1][0], at)
    handed = [at for name, at in stretch if name == "hand"]
    waits: list[int] = []
    first_reply: datetime | None = None
    oldest: datetime | None = None
    for name, at in stretch:
        with_bot = any(start <= at and (until is None or at < until) for start, until in bot)
        if name == "in":
            oldest = oldest or at
        elif name == "reply" and any(n == "in" and a <= at for n, a in stretch):
            first_reply = first_reply or at
            if oldest is not None and not with_bot:
                since = max([oldest, *(h for h in handed if oldest <= h <= at)])
                waits.append((at - since) // timedelta(milliseconds=1))
            oldest = None
    return {
        "opened_at": stretch[0][1],
        "inbound": sum(name == "in" for name, _ in stretch),
        "replies": sum(name == "reply" for name, _ in stretch),
        "first_reply_at": first_reply,
        "responses": len(waits),
        "response_ms": sum(waits),
        "bot_ms": sum((until - start) // timedelta(milliseconds=1) for start, until in bot if until),
        "closed_at": end if ended else None,
        "assignee_id": assignee if ended else None,
    }


@SLOW
@given(history=HISTORY)
async def test_facts_equal_a_replay_of_the_timeline(runtime: Runtime, history: list[tuple[str, int]]) -> None:
    moving = FixedClock(NOW)
    ws = replace(runtime, clock=moving).workspace(ids.new("ws"))
    one, told = await lived(ws, moving, history)
    wanted = replayed(told)
    found = await episodes.of_conversation(ws, one)
    assert [{name: getattr(e.facts, name) for name in w} for e, w in zip(found, wanted, strict=True)] == wanted
    assert [e.facts.number for e in found] == list(range(1, len(wanted) + 1))

    # All of them are copied once their time has come, the row keeps none, and the figures of the days are their sums.
    moving.advance(seconds=episodes.UNDO_SECONDS)
    one = await duties.attend(ws, one.id) or one
    assert one.finished == ()
    kept = await store.of_conversation(ws, one.id)
    closed = [w for w in wanted if w["closed_at"]]
    assert [{name: getattr(e.facts, name) for name in w} for e, w in zip(kept, closed, strict=True)] == closed
    # Counted as they were copied, and counted anew, in a zone whose days are others.
    for zone in ("UTC", "Asia/Kathmandu"):
        await rollups.require(ws, zone)
        figures = [day["all"] for day in await report_days.days(ws, zone, date(2026, 1, 1), date(2027, 12, 31))]
        assert sum(f.get("closed", 0) for f in figures) == len(closed)
        for name in ("replies", "inbound", "responses", "response_ms"):
            assert sum(f.get(name, 0) for f in figures) == sum(w[name] for w in closed)
    for episode in kept:
        # Without closing hours business time is time.
        times = episodes.in_hours_of(ALWAYS, episode.facts)
        assert times == episode.business
        assert (times.responses, times.response_ms) == (episode.facts.responses, episode.facts.response_ms)
        assert times.resolution_ms == episode.facts.resolution_ms
        assert times.first_response_ms == episode.facts.first_response_ms


@SLOW
@given(
    history=HISTORY,
    hours=CALENDARS,
    targets=st.builds(Target, first=MINUTES, next=MINUTES, resolve=st.integers(1, 300)),
    pauses=st.sampled_from([("snoozed", "pending"), ("snoozed",), ()]),
)
async def test_a_replay_under_the_same_policy_gives_what_happened(
    runtime: Runtime, history: list[tuple[str, int]], hours: Calendar, targets: Target, pauses: Any
) -> None:
    moving = FixedClock(NOW)
    ws = replace(runtime, clock=moving).workspace(ids.new("ws"))
    calendar = (await calendars.create(ws, SYSTEM, hours)).calendar
    policy = Policy(
        id="", name="P", subject="conversations", targets={"": targets}, calendar_id=calendar.id, pauses=pauses
    )
    await sla_policies.create(ws, SYSTEM, policy)
    one, _ = await lived(ws, moving, history)
    one = await sla_watch.attend(ws, one)
    known = await sla_policies.known(ws)
    for episode in await episodes.of_conversation(ws, one):
        facts = episode.facts
        until = facts.closed_at
        again = moments.replayed(facts.moments, facts.opened_at, until, "conversations", known, moving.now())
        if until is None:
            assert again is not None
            assert one.sla is not None
            # Two that end at the same moment come in either order.
            assert set(again.promises) == set(one.sla.promises)
            assert set(again.breached) == set(one.sla.breached)
            assert (again.due_at, again.pauses) == (one.sla.due_at, one.sla.pauses)
        else:
            assert set(again.promises if again else ()) == set(facts.promises)
            # Each wait that was promised something has one end at most.
            assert len({promise.wait for promise in facts.promises}) == len(facts.promises)


async def test_copying_again_after_a_crash_counts_nothing_twice(runtime: Runtime) -> None:
    moving = FixedClock(NOW)
    ws = replace(runtime, clock=moving).workspace(ids.new("ws"))
    one, _ = await lived(ws, moving, [("reply", 60), ("assign", 1), ("close", 60)])
    moving.advance(seconds=episodes.UNDO_SECONDS)
    for _ in range(3):
        # Copied, and the process dies before it takes the mark off.
        await rollups.keep(ws, one, one.finished[0])
    await rollups.require(ws, "UTC")
    await duties.attend(ws, one.id)
    (day,) = await report_days.days(ws, "UTC", NOW.date(), NOW.date())
    assert day["all"]["closed"] == 1
    assert day["by"]["member:mem_1"]["response_ms"] == 60_000
    assert day["by"]["channel:sms"]["first_response_in"] == {"2": 1}
    where = {"assignee_id": "mem_1"}
    ((_, kept),) = await store.newest_closed(ws, where, NOW, NOW + timedelta(days=1), before=None, limit=10)
    assert (kept.facts.closed_by, kept.facts.comment) == ("mem_1", "Closed 4")


async def test_a_late_undo_is_a_new_episode(runtime: Runtime) -> None:
    moving = FixedClock(NOW)
    ws = replace(runtime, clock=moving).workspace(ids.new("ws"))
    one, _ = await lived(ws, moving, [("close", 60)])
    moving.advance(seconds=episodes.UNDO_SECONDS)
    one, _ = await conversations.reopen(ws, one, undo=True)
    assert (one.episode, len(one.finished)) == (2, 1)


def test_a_bot_makes_nobody_wait() -> None:
    facts = Facts(number=1, opened_at=NOW, bot_since=NOW, first_inbound_at=NOW, waiting_since=NOW)
    entry = replace(message_of("mem_1"), created_at=NOW + timedelta(hours=1))
    facts = episodes.answered(facts, entry)
    assert (facts.responses, facts.first_response_ms, facts.first_reply_by) == (0, None, "mem_1")


def message_of(member_id: str) -> Entry:
    return Entry(
        id="ent_1", contact_id="con_1", conversation_id="cnv_1", at=NOW, created_at=NOW, kind="message",
        direction="out", author=Author("member", member_id),
    )  # fmt: skip
