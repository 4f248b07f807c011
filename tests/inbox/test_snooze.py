"""Snooze: never lost, never early, woken at once by the customer; also when workers die and clocks jump."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core import clock, ids
from app.core.clock import FixedClock
from app.core.errors import Conflict, Invalid
from app.core.runtime import Runtime, Workspace
from inbox import conversations, timeline
from inbox.closing import snooze
from inbox.conversations import Conversation
from inbox.finding import counters, listing
from inbox.routing import duties
from inbox.sight import Sight
from tests.support.shop import Shop, eventually

SLOW = settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ME = "mem_me"


def at(runtime: Runtime, when: datetime) -> tuple[Runtime, FixedClock]:
    """The same runtime under a clock of our own."""
    fixed = FixedClock(when)
    return replace(runtime, clock=fixed), fixed


async def opened(ws: Workspace, **more: Any) -> Conversation:
    new = conversations.new_for(ws, ids.new("con"), name="Ana")
    return (await conversations.change(ws, new, lambda now: replace(now, unread=1, **more)))[0]


@SLOW
@given(
    naps=st.lists(st.integers(1, 5_000), min_size=1, max_size=5),
    steps=st.lists(st.integers(1, 2_000), min_size=1, max_size=12),
)
async def test_it_is_awake_exactly_from_its_time_on(runtime: Runtime, naps: list[int], steps: list[int]) -> None:
    now, moving = at(runtime, NOW)
    ws = now.workspace(ids.new("ws"))
    asleep = {}
    for seconds in naps:
        until = NOW + timedelta(seconds=seconds, microseconds=300)
        one, _ = await snooze.snooze(ws, await opened(ws), until, by=ME)
        asleep[one.id] = until
    for step in steps:
        moving.advance(seconds=step)
        # A worker that died in between is followed by one that knows nothing.
        await duties.sweep(now, duties.Failures())
        for conversation_id, until in asleep.items():
            found = await conversations.get(ws, conversation_id)
            due = until <= moving.now()
            assert (found.state == "open") == due, (until, moving.now())
            assert (found.woke_at is not None) == due
            assert found.unread == (1 if due else 0)
    counted = (await listing.counts(ws, Sight(ME))).of
    everything = await counters.recount(ws) or {}
    assert (counted["open"], counted["snoozed"]) == (everything.get("open", 0), everything.get("snoozed", 0))


async def test_waking_puts_it_on_top_and_tells_its_assignee(runtime: Runtime) -> None:
    now, moving = at(runtime, NOW)
    ws = now.workspace(ids.new("ws"))
    one = await opened(ws, assignee_id=ME)
    one, _ = await snooze.snooze(ws, one, NOW + timedelta(hours=3), by=ME)
    assert (one.snooze_by, one.unread) == (ME, 0)
    moving.advance(hours=3)
    woken = await duties.attend(ws, one.id)
    assert woken is not None
    assert (woken.state, woken.woke_at, woken.last_activity_at) == ("open", moving.now(), moving.now())
    await duties.attend(ws, one.id)
    assert [e.event for e in await timeline.page_after(ws, one.contact_id, 0, limit=9)] == [
        {"name": "conversation_woken", "reason": "time"}
    ]


async def test_one_without_a_time_sleeps_on(runtime: Runtime) -> None:
    now, moving = at(runtime, NOW)
    ws = now.workspace(ids.new("ws"))
    one, _ = await snooze.snooze(ws, await opened(ws), None, by=ME)
    moving.advance(days=700)
    await duties.sweep(now, duties.Failures())
    assert (await conversations.get(ws, one.id)).state == "snoozed"


@pytest.mark.parametrize("until", [NOW, NOW - timedelta(seconds=1), NOW + timedelta(days=800)])
async def test_a_time_that_makes_no_sense_is_refused(runtime: Runtime, until: datetime) -> None:
    ws = at(runtime, NOW)[0].workspace(ids.new("ws"))
    with pytest.raises(Invalid):
        await snooze.snooze(ws, await opened(ws), until, by=ME)


async def test_a_closed_one_is_not_snoozed(runtime: Runtime) -> None:
    ws = at(runtime, NOW)[0].workspace(ids.new("ws"))
    closed, _ = await conversations.close(ws, await opened(ws))
    with pytest.raises(Conflict):
        await snooze.snooze(ws, closed, None, by=ME)


async def test_the_day_of_a_snoozed_conversation(shop: Shop) -> None:
    customer, one = await shop.someone("whatsapp")
    path = f"/conversations/{one['id']}"
    until = clock.iso(shop.runtime.clock.now() + timedelta(days=1))
    asleep = await shop.post(f"{path}/snooze", until=until)
    assert (asleep["state"], asleep["snoozed_until"], asleep["unread"]) == ("snoozed", until, 0)
    assert [c["id"] for c in (await shop.get("/conversations", view="snoozed"))["items"]] == [one["id"]]
    assert one["id"] not in [c["id"] for c in (await shop.get("/conversations"))["items"]]
    assert (await shop.get("/conversations/counts"))["snoozed"] == 1

    # The customer's word wakes it at once.
    await shop.writes("whatsapp", customer["id"], type="text", text="Are you there?")

    async def awake() -> Any:
        found = await shop.get(path)
        return found if found["state"] == "open" else None

    woken = await eventually(awake)
    assert (woken["snoozed_until"], woken["unread"]) == (None, 1)
    line = await shop.entry_where(one["id"], lambda e: (e["event"] or {}).get("name") == "conversation_woken")
    assert line["event"]["reason"] == "customer"

    # By a time that comes; and by hand.
    await shop.post(f"{path}/snooze", until=clock.iso(shop.runtime.clock.now() + timedelta(seconds=1)))
    woken = await eventually(awake)
    assert woken["woke_at"] is not None
    await shop.post(f"{path}/snooze")
    assert (await shop.post(f"{path}/reopen"))["state"] == "open"
    names = [e["event"]["name"] for e in await shop.thread(one["id"]) if e["event"]]
    assert names.count("conversation_snoozed") == 3
    audit = [item["action"] for item in (await shop.get("/audit"))["items"]]
    assert "conversation.snoozed" in audit
