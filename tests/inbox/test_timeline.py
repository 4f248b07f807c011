"""The timeline under concurrency: numbers without gaps, changes that all count, statuses that only move forward."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core import ids
from app.core.runtime import Runtime, Workspace
from channels.contract import RANK, DeliveryStatus
from inbox import delivery, messages, story, timeline
from inbox.story import Story
from inbox.timeline import Author, Entry, Reacted

SLOW = settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


def entry(contact_id: str, **more: Any) -> Entry:
    values: dict[str, Any] = {
        "id": ids.new("ent"),
        "contact_id": contact_id,
        "conversation_id": "cnv",
        "at": AT,
        "created_at": AT,
        "kind": "message",
        "direction": "in",
        "author": Author("contact"),
        "content": {"type": "text", "text": "Hello"},
        **more,
    }
    return Entry(**values)


async def numbers(ws: Workspace, contact_id: str) -> list[int]:
    return [e.number for e in await timeline.page_after(ws, contact_id, 0, limit=1_000)]


@SLOW
@given(hints=st.lists(st.sampled_from(["none", "newest", "repeat"]), min_size=2, max_size=30))
async def test_numbers_have_no_gaps_whoever_writes_at_once(runtime: Runtime, hints: list[str]) -> None:
    ws, contact_id = runtime.workspace(ids.new("ws")), ids.new("con")
    written = [entry(contact_id) for _ in hints]
    first, _ = await timeline.append(ws, entry(contact_id), after=0)

    async def write(item: Entry, hint: str) -> None:
        stored, new = await timeline.append(ws, item, after=first.number if hint == "newest" else 0)
        assert new
        if hint == "repeat":
            again, new = await timeline.append(ws, item, after=0)
            assert (again.number, new) == (stored.number, False)

    await asyncio.gather(*(write(item, hint) for item, hint in zip(written, hints, strict=True)))
    assert await numbers(ws, contact_id) == list(range(1, len(hints) + 2))


async def test_the_same_entry_written_at_once_is_there_once(ws: Workspace) -> None:
    contact_id = ids.new("con")
    item = entry(contact_id)
    stored = await asyncio.gather(*(timeline.append(ws, item, after=0) for _ in range(10)))
    assert sum(new for _, new in stored) == 1
    assert {e.number for e, _ in stored} == {1}
    assert await numbers(ws, contact_id) == [1]


async def test_changes_made_at_once_all_count(ws: Workspace) -> None:
    stored, _ = await timeline.append(ws, entry(ids.new("con")), after=0)
    people = [f"mem_{n}" for n in range(5)]

    def adding(who: str) -> Callable[[Entry], Entry]:
        return lambda now: replace(now, reactions=(*now.reactions, Reacted(who, who, "👍")))

    await asyncio.gather(*(timeline.change(ws, stored, adding(who)) for who in people))
    now = await timeline.get(ws, stored.id)
    assert {r.by for r in now.reactions} == set(people)
    assert now.revision == 1 + len(people)


async def test_a_change_to_the_same_is_none(ws: Workspace) -> None:
    stored, _ = await timeline.append(ws, entry(ids.new("con")), after=0)
    for how in (lambda now: now, messages.reacting("contact", None, "")):
        now, changed = await timeline.change(ws, stored, how)
        assert (now.revision, changed) == (1, False)


async def test_a_late_message_is_placed_before_those_written_later(ws: Workspace) -> None:
    contact_id = ids.new("con")
    for minute in (0, 1, 5, 6):
        at = AT + timedelta(minutes=minute)
        await timeline.append(ws, entry(contact_id, at=at, created_at=at), after=0)
    late = await timeline.place_of_late(ws, contact_id, AT + timedelta(minutes=3), 4)
    assert late == AT + timedelta(minutes=5) - timedelta(milliseconds=500)
    assert await timeline.place_of_late(ws, contact_id, AT + timedelta(minutes=7), 4) is None


@given(st.permutations(range(9)), st.lists(st.integers(60, 5_000), min_size=9, max_size=9))
def test_in_whatever_order_they_come_they_are_shown_as_they_were_written(order: list[int], waits: list[int]) -> None:
    """Nine messages written a second apart, which arrive in any order."""
    stored: list[Entry] = []
    now = AT + timedelta(minutes=1)
    for number, (second, wait) in enumerate(zip(order, waits, strict=True), 1):
        now += timedelta(milliseconds=wait)
        at = AT + timedelta(seconds=second)
        stored.append(entry("con", number=number, at=at, created_at=now, order_at=timeline.late_place(stored, at)))
    shown = sorted(stored, key=lambda e: (timeline.place(e), e.number))
    assert [e.at for e in shown] == sorted(e.at for e in stored)


STATUS = st.sampled_from([s for s in DeliveryStatus if s not in (DeliveryStatus.QUEUED, DeliveryStatus.CANCELLED)])


@given(st.lists(st.tuples(STATUS, st.integers(0, 5)), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_reports_in_any_order_twice_or_not_end_the_same(reports: list[tuple[DeliveryStatus, int]], dice: Any) -> None:
    start = entry("con", direction="out", status="queued")

    def end(order: list[tuple[DeliveryStatus, int]]) -> Entry:
        now = start
        for status, second in order:
            before = RANK[DeliveryStatus(now.status or "queued")]
            now = delivery.advanced(status, AT + timedelta(seconds=second))(now)
            assert RANK[DeliveryStatus(now.status or "queued")] >= before
        return now

    once = end(reports)
    shuffled = reports + [dice.choice(reports) for _ in range(3)]
    dice.shuffle(shuffled)
    again = end(shuffled)
    assert RANK[DeliveryStatus(again.status or "")] == RANK[DeliveryStatus(once.status or "")]
    assert set(again.status_times) == set(once.status_times)


@pytest.mark.parametrize(("known", "told", "wanted"), [
    ("delivered", "failed", "delivered"), ("sent", "failed", "failed"), ("failed", "sent", "failed"),
    ("failed", "delivered", "delivered"), ("unknown", "sent", "sent"), ("read", "delivered", "read"),
    ("skipped", "sent", "skipped"),
])  # fmt: skip
def test_what_beats_what(known: str, told: str, wanted: str) -> None:
    now = replace(entry("con", direction="out"), status=known)
    assert delivery.advanced(DeliveryStatus(told), AT)(now).status == wanted


async def test_a_time_leads_to_its_place_and_what_is_around_it(ws: Workspace) -> None:
    mine, theirs = ids.new("con"), ids.new("con")
    times: dict[str, list[datetime]] = {
        mine: [AT + timedelta(minutes=10 * n) for n in range(45)],
        theirs: [AT + timedelta(minutes=7 * n + 3) for n in range(25)],
    }
    for contact_id, stored in times.items():
        for n, at in enumerate(stored):
            await timeline.append(ws, entry(contact_id, created_at=at), after=n)
    plain = Story(mine)
    woven = await story.weave(ws, mine, {mine: [(1, 40)], theirs: [(1, 25)]}, 41)
    for told, stored in ((plain, times[mine]), (woven, sorted((*times[mine], *times[theirs])))):
        for at in (AT - timedelta(days=1), AT, *stored[::9], stored[-1], AT + timedelta(days=1)):
            place = await story.place_at(ws, told, at, 45)
            page, older, newer = await story.around(ws, told, place, limit=10)
            first = next((each.entry.created_at for each in page if each.place >= place), None)
            assert first == next((each for each in stored if each >= at), None), at
            shown = [each.entry.created_at for each in page]
            begin = stored.index(shown[0])
            assert shown == stored[begin : begin + len(shown)]
            assert (older, newer) == (begin > 0, begin + len(shown) < len(stored))
