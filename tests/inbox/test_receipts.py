"""Receipts in bulk: whatever their order and however they are split, each message ends where it belongs, told once."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core import clock, ids
from app.core.platform import work
from app.core.platform.work import Receipt
from app.core.runtime import Runtime, Workspace, open_runtime
from app.core.settings import Settings
from channels.contract import RANK, DeliveryStatus
from inbox import receipts, timeline
from inbox.store import entries as store
from inbox.timeline import Author, Entry, Reacted
from tests.support import servers

STATUSES = ("sent", "delivered", "read", "failed")
SENT_AT = clock.Clock().now().replace(microsecond=0)

Report = tuple[int, str, int, bool]
# Which of three messages, the status, seconds after sending, and whether our own id came back with it.
REPORTS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(STATUSES), st.integers(0, 3), st.booleans()), min_size=1, max_size=14
)


@pytest.fixture
def ws(runtime: Runtime) -> Workspace:
    return runtime.workspace(ids.new("ws"))


async def on_their_way(ws: Workspace, count: int) -> list[Entry]:
    """Messages that a provider has taken, each to somebody else, through an account of its own."""
    account_id, now = ids.new("acc"), ws.clock.now()
    entries = [
        Entry(
            id=ids.new("ent"), contact_id=ids.new("con"), conversation_id=ids.new("cnv"), number=1, at=now,
            created_at=now, kind="message", direction="out", channel="whatsapp", account_id=account_id,
            address=f"whatsapp:1202556{at:04}", author=Author("member", "mem_1", "Olu"),
            content={"type": "text", "text": "Hello"}, purpose="service", status="sending",
            external_ids=(store.external_key(account_id, f"wamid.{at}"),),
        )
        for at in range(count)
    ]  # fmt: skip
    await ws.db.entries.insert_new([store.to_row(entry) for entry in entries])
    return entries


async def arrive(ws: Workspace, entries: Sequence[Entry], reports: Sequence[Report]) -> None:
    """These reports, in one batch."""
    documents = []
    for number, status, seconds, correlated in reports:
        entry = entries[number]
        receipt = Receipt(
            external_id=entry.external_ids[0].partition(":")[2],
            correlation=entry.id if correlated else None,
            status=status,
            at=SENT_AT + timedelta(seconds=seconds),
        )
        documents.append(work.receipt_document(entry.account_id or "", ws.id, receipt, ws.clock.now()))
    await work.add_receipts(ws.runtime, documents)


async def now(ws: Workspace, entries: Sequence[Entry]) -> list[Entry]:
    return [await timeline.get(ws, entry.id) for entry in entries]


def rank(entry: Entry) -> int:
    return RANK[DeliveryStatus(entry.status or "queued")]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(reports=REPORTS, splits=st.lists(st.integers(1, 5), max_size=10), together=st.lists(st.booleans(), max_size=10))
async def test_any_order_and_any_split_end_in_the_same_status(
    ws: Workspace, reports: list[Report], splits: list[int], together: list[bool]
) -> None:
    before = entries = await on_their_way(ws, 3)
    account_id = entries[0].account_id or ""
    left = [*reports, *reports[:3]]
    while left:
        size = splits.pop() if splits else len(left)
        await arrive(ws, entries, left[:size])
        left = left[size:]
        if left and together and together.pop():
            # The next batch is there before this one is applied.
            continue
        await receipts.apply(ws.runtime, account_id)
        after = await now(ws, entries)
        for old, new in zip(before, after, strict=True):
            assert rank(new) >= rank(old)
            assert new.revision - old.revision in (0, 1), "however many reports, one change"
        before = after
    for number, entry in enumerate(before):
        told = {status for at, status, _, _ in reports if at == number}
        assert rank(entry) == max([1, *(RANK[DeliveryStatus(status)] for status in told)])
        assert set(entry.status_times) == told
    assert await work.pending_receipts(ws.runtime, account_id, limit=10) == []


async def test_what_others_change_meanwhile_is_kept(ws: Workspace) -> None:
    entries = await on_their_way(ws, 12)
    hearts = (Reacted("contact", "Ana", "❤"),)

    async def react(entry: Entry) -> None:
        await timeline.change(ws, entry, lambda current: replace(current, reactions=hearts))

    for status in ("sent", "delivered", "read"):
        await arrive(ws, entries, [(number, status, 1, True) for number in range(12)])
        applying = receipts.apply(ws.runtime, entries[0].account_id or "")
        await asyncio.gather(applying, *(react(entry) for entry in entries[:6]))
    for entry in await now(ws, entries):
        assert entry.status == "read"
        assert set(entry.status_times) == {"sent", "delivered", "read"}
        assert entry.reactions == (hearts if entry.id in {e.id for e in entries[:6]} else ())


async def test_messages_that_change_alike_share_an_update_and_one_telling(settings: Settings, runtime: Runtime) -> None:
    with servers.commands() as seen:
        async with open_runtime(settings) as counted:
            ws = counted.workspace(ids.new("ws"))
            entries = await on_their_way(ws, 150)
            await arrive(ws, entries, [(number, "delivered", 2, True) for number in range(150)])
            del seen[:]
            await receipts.apply(counted, entries[0].account_id or "")
            assert seen.count("update entries") == 1
            assert len(seen) <= 8, seen
            told = [orjson.loads(event) for _, event in await ws.stream.wait(ws.id, 0, seconds=0.01)]
            assert sorted(event["data"]["entry"]["id"] for event in told) == sorted(entry.id for entry in entries)
            assert {event["data"]["entry"]["status"] for event in told} == {"delivered"}


async def test_a_report_that_is_faster_than_its_message_waits_for_it(ws: Workspace) -> None:
    (entry,) = await on_their_way(ws, 1)
    account_id = entry.account_id or ""
    await ws.db.entries.delete({"_id": entry.id})
    await arrive(ws, [entry], [(0, "delivered", 1, True), (0, "sent", 0, False)])
    await receipts.apply(ws.runtime, account_id)
    assert await work.pending_receipts(ws.runtime, account_id, limit=10) == []
    await ws.db.entries.insert_new([store.to_row(entry)])
    later = ws.clock.now() + timedelta(seconds=5)
    assert await work.wake_receipts(ws.runtime, later) == {account_id}
    await receipts.apply(ws.runtime, account_id)
    (found,) = await now(ws, [entry])
    assert found.status == "delivered"
    assert set(found.status_times) == {"sent", "delivered"}
