"""Lists hold every row once however times fall together, and kept counters equal a recount."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core import ids
from app.core.errors import Invalid
from app.core.runtime import Runtime, Workspace
from inbox import conversations, snooze, timeline
from inbox.conversations import Conversation, Reach
from inbox.store import conversations as store
from inbox.timeline import Author, Entry
from tests.support import servers

SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NOW = datetime.now(UTC).replace(microsecond=0)
MINE = "mem_me"


async def put(ws: Workspace, at: datetime, **more: Any) -> Conversation:
    made = conversations.new_for(ws, ids.new("con"), name="Ana")
    saved, _ = await conversations.change(ws, made, lambda now: replace(now, last_activity_at=at, **more))
    return saved


async def pages(ws: Workspace, view: Any, limit: int, account_ids: list[str] | None = None) -> list[list[Conversation]]:
    found: list[list[Conversation]] = []
    cursor: str | None = None
    while True:
        items, cursor = await conversations.page(
            ws, view, member_id=MINE, cursor=cursor, limit=limit, account_ids=account_ids
        )
        found.append(items)
        if cursor is None:
            return found


# Seconds ago: now, a few equal ones, hours, months.
AGO = st.sampled_from([0, 0, 0, 1, 60, 3_600, 3_601, 90_000, 40 * 86_400, 300 * 86_400])


@SLOW
@given(ago=st.lists(AGO, max_size=30), limit=st.integers(1, 7), view=st.sampled_from(["open", "closed", "all", "mine"]))
async def test_all_pages_together_are_all_rows_once(runtime: Runtime, ago: list[int], limit: int, view: str) -> None:
    ws = runtime.workspace(ids.new("ws"))
    wanted: set[str] = set()
    for n, seconds in enumerate(ago):
        state = "closed" if n % 3 == 0 else "open"
        assignee = MINE if n % 2 else None
        row = await put(ws, NOW - timedelta(seconds=seconds), state=state, assignee_id=assignee)
        fits = {"all": True, "open": state == "open", "closed": state == "closed"}
        if fits.get(view, state == "open" and assignee == MINE):
            wanted.add(row.id)
    found = await pages(ws, view, limit)
    rows = [row for page in found for row in page]
    assert [row.id for row in rows] == [row.id for row in sorted(rows, key=order, reverse=True)]
    assert len(rows) == len({row.id for row in rows})
    assert {row.id for row in rows} == wanted
    assert all(len(page) == limit for page in found[:-1])


def order(row: Conversation) -> tuple[datetime, str]:
    return row.last_activity_at, row.id


async def test_many_rows_of_one_instant_are_all_found(runtime: Runtime) -> None:
    ws = runtime.workspace(ids.new("ws"))
    wanted = {(await put(ws, NOW)).id for _ in range(60)}
    rows = [row.id for page in await pages(ws, "open", 7) for row in page]
    assert set(rows) == wanted
    assert len(rows) == len(wanted)


async def test_a_channels_list_leaves_the_others_out(runtime: Runtime) -> None:
    ws = runtime.workspace(ids.new("ws"))
    for account_id in ("acc_1", "acc_2") * 5:
        await put(ws, NOW, reach=(Reach(account_id, "sms:1", None),))
    found = [row for page in await pages(ws, "open", 2, ["acc_2"]) for row in page]
    assert [row.reach[0].account_id for row in found] == ["acc_2"] * 5


@pytest.mark.parametrize("cursor", ["x", "eyJhIjoxfQ==", "WzEsMiwzLDRd", "W25hbiwxLDFd", "é"])
async def test_a_made_up_cursor_is_refused_in_words(ws: Workspace, cursor: str) -> None:
    with pytest.raises(Invalid):
        await conversations.page(ws, "open", member_id=MINE, cursor=cursor, limit=5, account_ids=None)


ACTIONS = st.lists(
    st.tuples(
        st.integers(0, 3), st.sampled_from(["receive", "read", "unread", "assign", "drop", "close", "reopen", "snooze"])
    ),
    max_size=25,
)


async def act(ws: Workspace, conversation: Conversation, action: str) -> Conversation:
    match action:
        case "receive":
            return (await received(ws, conversation))[0]
        case "read":
            return (await conversations.mark_read(ws, conversation, conversation.last_number))[0]
        case "unread":
            return (await conversations.mark_unread(ws, conversation))[0]
        case "assign":
            return (await conversations.assign(ws, conversation, MINE))[0]
        case "drop":
            return (await conversations.assign(ws, conversation, None))[0]
        case "close":
            return (await conversations.close(ws, conversation))[0]
        case "snooze":
            conversation = await conversations.get(ws, conversation.id)
            if conversation.state == "closed":
                return conversation
            return (await snooze.snooze(ws, conversation, None, by=MINE))[0]
        case _:
            return (await conversations.reopen(ws, conversation))[0]


async def received(
    ws: Workspace,
    conversation: Conversation,
    number: int | None = None,
    account_id: str = "acc_1",
    address: str = "sms:1",
) -> tuple[Conversation, bool]:
    entry = Entry(
        id=ids.new("ent"), contact_id=conversation.contact_id, conversation_id=conversation.id,
        number=number or conversation.last_number + 1, at=NOW, created_at=NOW, kind="message", direction="in",
        author=Author("contact"), account_id=account_id, address=address, content={"type": "text", "text": "Hi"},
    )  # fmt: skip
    summary = conversations.summary_of(entry, "Hi")
    return await conversations.change(ws, conversation, conversations.received(entry, summary))


@SLOW
@given(actions=ACTIONS)
async def test_kept_counters_equal_a_recount(runtime: Runtime, actions: list[tuple[int, str]]) -> None:
    ws = runtime.workspace(ids.new("ws"))
    people = [conversations.new_for(ws, ids.new("con"), name=f"P{n}") for n in range(4)]
    people = [(await received(ws, one))[0] for one in people]
    await conversations.counts(ws, MINE)
    for who, action in actions:
        people[who] = await act(ws, people[who], action)
    kept = await conversations.counts(ws, MINE)
    assert kept == await conversations.recount(ws, MINE)


async def test_counters_that_redis_lost_are_counted_again_and_not_guessed(ws: Workspace) -> None:
    people = [(await received(ws, conversations.new_for(ws, ids.new("con"), name="A")))[0] for _ in range(3)]
    assert (await conversations.counts(ws, MINE))["open"] == 3
    await ws.redis.delete(f"parley:counts:{ws.id}")
    await conversations.close(ws, people[0])
    assert await conversations.counts(ws, MINE) == {
        "open": 2,
        "closed": 1,
        "snoozed": 0,
        "unassigned": 2,
        "unread": 2,
        "mine": 0,
    }


async def test_a_change_goes_through_while_redis_is_away_and_the_figures_come_right(
    runtime: Runtime, ws: Workspace
) -> None:
    one, _ = await received(ws, conversations.new_for(ws, ids.new("con"), name="A"))
    await conversations.counts(ws, MINE)
    async with servers.without_redis(runtime.settings) as cut_off:
        apart = cut_off.workspace(ws.id)
        closed, changed = await conversations.close(apart, one)
        assert changed
        assert closed.state == "closed"
        cut_off.redis.connection_pool.connection_kwargs["path"] = runtime.redis.connection_pool.connection_kwargs[
            "path"
        ]
        await conversations.reopen(apart, closed)
    assert (await conversations.counts(ws, MINE))["open"] == 1


async def test_messages_on_two_ways_at_once_both_count(ws: Workspace) -> None:
    """Two accounts of one person are worked on side by side: the one with the lower number may come second."""
    one = conversations.new_for(ws, ids.new("con"), name="A")
    one, _ = await received(ws, one, 2, "acc_2", "telegram:1")
    one, changed = await received(ws, one, 1, "acc_1", "sms:1")
    assert changed
    assert one.unread == 2
    assert (one.last_number, one.last_inbound_number) == (2, 2)
    assert {r.account_id for r in one.reach} == {"acc_1", "acc_2"}
    for number, account_id, address in ((2, "acc_2", "telegram:1"), (1, "acc_1", "sms:1")):
        again, changed = await received(ws, one, number, account_id, address)
        assert (again.unread, changed) == (2, False)


async def test_many_changes_at_once_lose_none(ws: Workspace) -> None:
    one, _ = await received(ws, conversations.new_for(ws, ids.new("con"), name="A"))
    for number in range(2, 7):
        # Each from the same old copy, as workers that read it at the same moment.
        await received(ws, one, number)
    stored = await store.get(ws, one.id)
    assert stored is not None
    assert (stored.unread, stored.last_number) == (6, 6)
    assert await timeline.page_after(ws, one.contact_id, 0, limit=10) == []
