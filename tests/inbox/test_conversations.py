"""Lists hold every row once however times fall together, and kept counters equal a recount."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core import ids
from app.core.errors import Invalid
from app.core.runtime import Runtime, Workspace
from inbox import conversations, timeline
from inbox.closing import snooze
from inbox.conversations import Conversation, Reach
from inbox.episodes import Facts
from inbox.finding import counters, facets, listing, reading
from inbox.finding.lists import BuiltIn, Wanted
from inbox.sight import Sight
from inbox.store import conversations as store
from inbox.timeline import Author, Entry
from tests.support import servers

SLOW = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
NOW = datetime.now(UTC).replace(microsecond=0)
MINE = "mem_me"


async def put(ws: Workspace, at: datetime, **more: Any) -> Conversation:
    made = conversations.new_for(ws, ids.new("con"), name="Ana")
    saved, _ = await conversations.change(ws, made, lambda now: replace(now, last_activity_at=at, **more))
    return saved


async def pages(ws: Workspace, wanted: Wanted, limit: int) -> list[list[Conversation]]:
    found: list[list[Conversation]] = []
    cursor: str | None = None
    while True:
        items, cursor = await listing.page(ws, wanted, sight=Sight(MINE), cursor=cursor, limit=limit)
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
    found = await pages(ws, Wanted(view=view), limit)
    rows = [row for page in found for row in page]
    assert [row.id for row in rows] == [row.id for row in sorted(rows, key=order, reverse=True)]
    assert len(rows) == len({row.id for row in rows})
    assert {row.id for row in rows} == wanted
    assert all(len(page) == limit for page in found[:-1])


def order(row: Conversation) -> tuple[datetime, str]:
    return row.last_activity_at, row.id


@SLOW
@given(
    steps=st.lists(st.tuples(st.lists(AGO, max_size=8), st.integers(0, 7)), min_size=2, max_size=5),
    limit=st.integers(1, 3),
    view=st.sampled_from(["open", "waiting"]),
)
async def test_where_a_list_began_before_hides_nothing(
    runtime: Runtime, steps: list[tuple[list[int], int]], limit: int, view: str
) -> None:
    ws = runtime.workspace(ids.new("ws"))
    there: dict[str, Conversation] = {}
    for ago, closed in steps:
        for seconds in ago:
            at = NOW - timedelta(seconds=seconds)
            row = await put(ws, at, state="open", waiting_since=at)
            there[row.id] = row
        # Some of those that stand at an end of the list go.
        for row in sorted(there.values(), key=order)[:closed][-2:]:
            await conversations.change(ws, row, lambda now: conversations.shut(now, NOW))
            del there[row.id]
        rows = [row for page in await pages(ws, Wanted(view=view), limit) for row in page]
        assert {row.id for row in rows} == there.keys()
        times = [row.waiting_since if view == "waiting" else row.last_activity_at for row in rows]
        assert times == sorted(times, reverse=view != "waiting")  # type: ignore[type-var]


async def test_many_rows_of_one_instant_are_all_found(runtime: Runtime) -> None:
    ws = runtime.workspace(ids.new("ws"))
    wanted = {(await put(ws, NOW)).id for _ in range(60)}
    rows = [row.id for page in await pages(ws, Wanted(), 7) for row in page]
    assert set(rows) == wanted
    assert len(rows) == len(wanted)


# --- filters, against the plain meaning of each -------------------------------------------------------------------

STATES = st.sampled_from(["open", "open", "pending", "snoozed", "closed"])
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "last_activity_at": AGO.map(lambda seconds: NOW - timedelta(seconds=seconds)),
            "state": STATES,
            "assignee_id": st.sampled_from([None, MINE, "mem_other"]),
            "team_id": st.sampled_from([None, "team_1"]),
            "tags": st.sampled_from([(), ("tag_1",), ("tag_1", "tag_2"), ("tag_3",)]),
            "priority": st.sampled_from(["low", "normal", "urgent"]),
            "unread": st.integers(0, 1),
            "unread_by": st.sampled_from([{}, {}, {MINE: 0}, {MINE: 2}, {"mem_other": 0}]),
            "waiting_since": st.sampled_from([None, NOW, NOW - timedelta(days=90), NOW - timedelta(hours=2)]),
            "reach": st.sampled_from(
                [
                    (Reach("acc_1", "sms:1", None),),
                    (Reach("acc_2", "whatsapp:1", NOW - timedelta(hours=22), window_hours=24),),
                    (Reach("acc_2", "whatsapp:1", NOW - timedelta(hours=30), window_hours=24),),
                ]
            ),
        }
    ),
    max_size=15,
)
WANTED = st.builds(
    Wanted,
    view=st.sampled_from(get_args(BuiltIn)),
    channels=st.sampled_from([(), (), ("sms",), ("sms", "whatsapp")]),
    tags=st.sampled_from([(), (), ("tag_1",), ("tag_1", "tag_3")]),
    assignees=st.sampled_from([(), (), ("me",), ("none", "mem_other")]),
    teams=st.sampled_from([(), (), ("team_1",)]),
    states=st.sampled_from([(), (), ("pending",), ("open", "closed")]),
    priorities=st.sampled_from([(), (), ("urgent",), ("normal", "low")]),
    unread=st.booleans(),
    since=st.sampled_from([None, None, NOW - timedelta(days=2)]),
    until=st.sampled_from([None, None, NOW - timedelta(seconds=30)]),
)


def belongs(row: Conversation, wanted: Wanted) -> bool:
    """What the words of a list mean, said plainly."""
    is_open = row.state in ("open", "pending")
    news = row.unread_by.get(MINE, row.unread) > 0
    soon = row.window_closes_at and NOW < row.window_closes_at < NOW + timedelta(hours=4)
    in_view = {
        "open": is_open,
        "mine": is_open and row.assignee_id == MINE,
        "unassigned": is_open and row.assignee_id is None,
        "mentions": False,
        "unread": is_open and news,
        "snoozed": row.state == "snoozed",
        "closing": is_open and bool(soon),
        "waiting": is_open and row.waiting_since is not None,
        "breached": False,
        "closed": row.state == "closed",
        "all": True,
    }[wanted.view]
    people = {"me": MINE, "none": None}
    return (
        in_view
        and (not wanted.channels or row.reach[0].address.split(":")[0] in wanted.channels)
        and (not wanted.tags or bool(set(row.tags) & set(wanted.tags)))
        and (not wanted.assignees or row.assignee_id in [people.get(each, each) for each in wanted.assignees])
        and (not wanted.teams or row.team_id in wanted.teams)
        and (not wanted.states or row.state in wanted.states)
        and (not wanted.priorities or row.priority in wanted.priorities)
        and (not wanted.unread or news)
        and (wanted.since is None or row.last_activity_at >= wanted.since)
        and (wanted.until is None or row.last_activity_at <= wanted.until)
    )


@SLOW
@given(rows=ROWS, wanted=WANTED, limit=st.integers(1, 7))
async def test_a_list_holds_what_its_words_mean(
    runtime: Runtime, rows: list[dict[str, Any]], wanted: Wanted, limit: int
) -> None:
    ws = runtime.workspace(ids.new("ws"))
    made = [await put(ws, row.pop("last_activity_at"), **row) for row in (dict(row) for row in rows)]
    found = [row for page in await pages(ws, wanted, limit) for row in page]
    assert sorted(row.id for row in found) == sorted(row.id for row in made if belongs(row, wanted))
    if wanted.view == "waiting":
        assert [row.waiting_since for row in found] == sorted(row.waiting_since for row in found if row.waiting_since)
    if wanted == Wanted(view=wanted.view):
        assert await listing.total(ws, wanted, Sight(MINE)) == len(found)


@pytest.mark.parametrize("cursor", ["x", "eyJhIjoxfQ==", "WzEsMiwzLDRd", "W25hbiwxLDFd", "é"])
async def test_a_made_up_cursor_is_refused_in_words(ws: Workspace, cursor: str) -> None:
    with pytest.raises(Invalid):
        await listing.page(ws, Wanted(), sight=Sight(MINE), cursor=cursor, limit=5)


ACTIONS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(
            [
                "receive",
                "read",
                "other_reads",
                "unread",
                "answer",
                "assign",
                "drop",
                "tag",
                "urge",
                "close",
                "reopen",
                "snooze",
            ]
        ),
    ),
    max_size=25,
)


async def act(ws: Workspace, conversation: Conversation, action: str) -> Conversation:
    match action:
        case "receive":
            return (await received(ws, conversation))[0]
        case "read":
            return await reads(ws, conversation, MINE)
        case "other_reads":
            return await reads(ws, conversation, "mem_other")
        case "unread":
            return (await conversations.change(ws, conversation, lambda now: reading.marked(now, MINE, 1)))[0]
        case "answer":
            how = partial(reading.answered, member_id=MINE, by_all=False)
            return (await conversations.change(ws, conversation, how))[0]
        case "assign":
            return (await conversations.assign(ws, conversation, MINE))[0]
        case "drop":
            return (await conversations.assign(ws, conversation, None))[0]
        case "tag":
            return (await conversations.set_tags(ws, conversation, add=["tag_1"]))[0]
        case "urge":
            return (await conversations.prioritise(ws, conversation, "urgent"))[0]
        case "close":
            return (await conversations.close(ws, conversation))[0]
        case "snooze":
            conversation = await conversations.get(ws, conversation.id)
            if conversation.state == "closed":
                return conversation
            return (await snooze.snooze(ws, conversation, None, by=MINE))[0]
        case _:
            return (await conversations.reopen(ws, conversation))[0]


async def reads(ws: Workspace, conversation: Conversation, member_id: str) -> Conversation:
    how = partial(reading.seen, member_id=member_id, up_to=conversation.last_number)
    return (await conversations.change(ws, conversation, how))[0]


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
    await listing.counts(ws, Sight(MINE))
    for who, action in actions:
        people[who] = await act(ws, people[who], action)
    everything = sorted({facet for one in people for facet in facets.counted(one)} | {"open", "closed", "waiting"})
    kept = await counters.numbers_of(ws, everything)
    counted = await counters.recount(ws) or {}
    assert kept == {facet: counted.get(facet, 0) for facet in everything}
    now = [one for one in [await conversations.get(ws, one.id) for one in people] if one.state == "open"]
    for me in (MINE, "mem_other"):
        mine = [one for one in now if reading.unread_by(one, me)]
        assert (await listing.counts(ws, Sight(me))).unread == {
            "open": len(mine),
            "mine": len([one for one in mine if one.assignee_id == me]),
            "unassigned": len([one for one in mine if one.assignee_id is None]),
            "mentions": 0,
        }
        assert (await listing.counts(ws, Sight(me))).of["unread"] == len(mine)


async def test_counters_that_redis_lost_are_counted_again_and_not_guessed(ws: Workspace) -> None:
    people = [(await received(ws, conversations.new_for(ws, ids.new("con"), name="A")))[0] for _ in range(3)]
    assert (await listing.counts(ws, Sight(MINE))).of["open"] == 3
    await ws.redis.delete(f"parley:counts:{ws.id}")
    await conversations.close(ws, people[0])
    found = (await listing.counts(ws, Sight(MINE))).of
    assert {name: number for name, number in found.items() if number} == {
        "open": 2, "closed": 1, "unassigned": 2, "unread": 2, "waiting": 2
    }  # fmt: skip


async def test_a_change_goes_through_while_redis_is_away_and_the_figures_come_right(
    runtime: Runtime, ws: Workspace
) -> None:
    one, _ = await received(ws, conversations.new_for(ws, ids.new("con"), name="A"))
    await listing.counts(ws, Sight(MINE))
    async with servers.without_redis(runtime.settings) as cut_off:
        apart = cut_off.workspace(ws.id)
        closed, changed = await conversations.close(apart, one)
        assert changed
        assert closed.state == "closed"
        cut_off.redis.connection_pool.connection_kwargs["path"] = runtime.redis.connection_pool.connection_kwargs[
            "path"
        ]
        await conversations.reopen(apart, closed)
    assert (await listing.counts(ws, Sight(MINE))).of["open"] == 1


async def test_waiting_begins_with_the_first_message_and_ends_with_an_answer(ws: Workspace) -> None:
    one, _ = await received(ws, conversations.new_for(ws, ids.new("con"), name="A"))
    since = one.waiting_since
    assert since is not None
    one, _ = await received(ws, one)
    assert one.waiting_since == since
    for author, waits in (("bot", True), ("member", False)):
        entry = Entry(
            id=ids.new("ent"), contact_id=one.contact_id, conversation_id=one.id, number=one.last_number + 1, at=NOW,
            created_at=NOW, kind="message", direction="out", author=Author(author), content={},
        )  # fmt: skip
        one, _ = await conversations.change(ws, one, conversations.sent(entry, conversations.summary_of(entry, "Hi")))
        assert (one.waiting_since is not None) is waits
    one, _ = await received(ws, one)
    assert one.waiting_since is not None
    one, _ = await conversations.close(ws, one)
    assert one.waiting_since is None


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


OPENED = Facts(number=1, opened_at=NOW)
ANSWERED = Facts(number=2, opened_at=NOW, channel="sms", first_response_ms=0, replies=1, comment="Thanked")
SAID = st.fixed_dictionaries(
    {},
    optional={
        "closed_at": st.sampled_from((None, NOW)),
        "snoozed_until": st.sampled_from((None, NOW)),
        "answered_at": st.sampled_from((None, NOW)),
        "tags": st.sampled_from(((), ("tag_1", "tag_2"))),
        "followers": st.sampled_from(((), ("mem_1",))),
        "unread_by": st.sampled_from(({}, {"mem_1": 0}, {"mem_1": 2})),
        "blocked": st.booleans(),
        "woven": st.booleans(),
        "facts": st.sampled_from((None, OPENED, ANSWERED)),
        "finished": st.sampled_from(((), (OPENED,), (OPENED, ANSWERED))),
    },
)


@SLOW
@given(steps=st.lists(SAID, min_size=1, max_size=6))
async def test_what_is_stored_is_what_was_saved_however_much_of_it_is_empty(
    runtime: Runtime, steps: list[dict[str, Any]]
) -> None:
    ws = runtime.workspace(ids.new("ws"))
    stored = conversations.new_for(ws, ids.new("con"), name="Ana")
    stored = replace(stored, created_at=NOW, opened_at=NOW, last_activity_at=NOW)
    for said in steps:
        wanted = replace(stored, **said, revision=stored.revision + 1)
        assert await store.save(ws, stored, wanted)
        stored = wanted
        assert await store.get(ws, stored.id) == wanted


async def test_messages_that_are_taken_in_together_are_counted_once_each(runtime: Runtime) -> None:
    ws = runtime.workspace(ids.new("ws"))
    read = [await put(ws, NOW) for _ in range(7)]
    await counters.recount(ws)
    # Some of them are changed by somebody else since.
    for each in read[::3]:
        await conversations.change(ws, each, lambda now: replace(now, priority="urgent"))

    async def write(conversation: Conversation) -> None:
        entry = Entry(
            id=ids.new("ent"),
            contact_id=conversation.contact_id,
            conversation_id=conversation.id,
            at=NOW,
            created_at=NOW,
            kind="message",
            direction="in",
            account_id="acc_1",
            address="sms:+12025550123",
            author=Author("contact"),
            content={"type": "text", "text": "Hello"},
        )

        def how(stored: Entry) -> conversations.How:
            return conversations.received(stored, conversations.summary_of(stored, "Hello"))

        both = await conversations.with_entry(ws, conversation, entry, how)
        assert both is not None
        assert (both[0].number, both[1].last_number, both[1].unread) == (1, 1, 1)
        # A second time nothing is stored.
        assert await conversations.with_entry(ws, both[1], entry, how) is None

    # The first goes alone, the others together.
    await asyncio.gather(*map(write, read))
    stored = await store.get_many(ws, [each.id for each in read])
    assert sorted((each.unread, each.priority) for each in stored) == [(1, "normal")] * 4 + [(1, "urgent")] * 3
    wanted = sorted({facet for each in stored for facet in facets.counted(each)})
    kept = await counters.numbers_of(ws, wanted)
    assert kept == await counters.recount(ws)
