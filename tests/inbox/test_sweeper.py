"""Whatever a crash has left behind is found and finished: events, receipts, sends, files, announcements."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import orjson
import pytest

from app.core import ids
from app.core.platform import accounts as account_rows
from app.core.platform import work
from app.core.platform.accounts import AccountRow
from app.core.platform.work import ChangeRow, InboundRow, MediaRow
from app.core.runtime import Runtime, Workspace
from channels.content import Text
from channels.contract import DeliveryStatus
from inbox import conversations, delivery, inbound, live, media, menus, outbox, receipts, sweeper, timeline
from inbox.store import conversations as conversation_store
from inbox.timeline import Author, Entry
from tests.support import servers

LONG_AGO = timedelta(minutes=5)


@pytest.fixture
async def bot(runtime: Runtime) -> AsyncIterator[AccountRow]:
    """A connected bot in a workspace of its own; nobody works, so that what is left stays until a test looks."""
    await runtime.redis.flushdb()
    for name in ("inbound", "receipts", "entries", "media", "changes"):
        await runtime.mongo[name].delete_many({})
    row = AccountRow(
        id=ids.new("acc"),
        workspace_id=ids.new("ws"),
        kind="telegram",
        name="Bot",
        address="@bot",
        secrets={"bot_token": "7:abc", "webhook_secret": "s"},
        created_at=runtime.clock.now(),
    )
    await account_rows.insert(runtime.mongo, runtime.keyring, row)
    runtime.accounts.forget()
    yield row
    await runtime.redis.flushdb()


@pytest.fixture
def ws(runtime: Runtime, bot: AccountRow) -> Workspace:
    return runtime.workspace(bot.workspace_id)


def update(number: int, **message: Any) -> bytes:
    chat = {"id": 42, "type": "private", "first_name": "Ana"}
    told = {"message_id": number, "date": 1790000000 + number, "chat": chat, "from": {**chat, "is_bot": False}}
    return orjson.dumps({"update_id": number, "message": {**told, "text": f"Hello {number}", **message}})


async def stored(runtime: Runtime, bot: AccountRow, number: int, body: bytes = b"", age: timedelta = LONG_AGO) -> str:
    """An event that a web process stored a while ago; its pending key."""
    row = InboundRow(
        id=f"{bot.id}/{number}", workspace_id=bot.workspace_id, account_id=bot.id, order_key="42",
        body=body or update(number), received_at=runtime.clock.now() - age, sequence=number,
    )  # fmt: skip
    await work.add_inbound(runtime, [work.inbound_document(row)])
    return row.pending_key


async def event_of(runtime: Runtime, bot: AccountRow) -> dict[str, Any]:
    """The first event as it is stored."""
    found = await runtime.mongo.inbound.find_one({"_id": f"{bot.id}/1"})
    assert found is not None
    return found


async def thread(ws: Workspace) -> list[Entry]:
    found = await ws.db.conversations.find({}, limit=10)
    return await timeline.page_after(ws, found[0]["contact_id"], 0, limit=100) if found else []


def texts(entries: list[Entry]) -> list[str]:
    return [(e.content or {}).get("text", "") for e in entries]


async def told(ws: Workspace, number: int = 0) -> list[dict[str, Any]]:
    """Events on the workspace's stream."""
    events = await ws.stream.wait(ws.id, number, seconds=0.01)
    return [orjson.loads(event) for _, event in events]


async def test_events_left_behind_are_put_back_to_work(runtime: Runtime, bot: AccountRow, ws: Workspace) -> None:
    keys = {await stored(runtime, bot, n) for n in (2, 1, 3)}
    await sweeper.sweep(runtime)
    assert (await runtime.queue.lag())["inbound"] == 1
    await inbound.process(runtime, keys.pop())
    assert texts(await thread(ws)) == ["Hello 1", "Hello 2", "Hello 3"]
    await inbound.clear_marks(runtime)
    assert await work.overdue_inbound(runtime, runtime.clock.now()) == set()


async def test_many_events_of_somebody_known_are_worked_off_in_their_order(
    runtime: Runtime, bot: AccountRow, ws: Workspace
) -> None:
    await inbound.process(runtime, await stored(runtime, bot, 1))
    # The first of them was stored last: which comes first is seen when all are read.
    for number in (*range(3, 10), 2):
        key = await stored(runtime, bot, number)
    await inbound.process(runtime, key)
    assert texts(await thread(ws)) == [f"Hello {number}" for number in range(1, 10)]


async def test_a_fresh_event_is_left_to_those_who_are_at_it(runtime: Runtime, bot: AccountRow) -> None:
    await stored(runtime, bot, 1, age=timedelta(0))
    await sweeper.sweep(runtime)
    assert (await runtime.queue.lag())["inbound"] == 0


async def test_worked_off_twice_it_is_there_once(runtime: Runtime, bot: AccountRow, ws: Workspace) -> None:
    key = await stored(runtime, bot, 1)
    await inbound.process(runtime, key)
    await inbound.clear_marks(runtime)
    assert await work.replay_inbound(runtime, f"{bot.id}/1") == key
    await inbound.process(runtime, key)
    assert texts(await thread(ws)) == ["Hello 1"]
    conversation = (await ws.db.conversations.find({}, limit=1))[0]
    assert conversation["unread"] == 1


async def test_an_event_that_cannot_be_handled_is_tried_later_and_then_put_aside(
    runtime: Runtime, bot: AccountRow, ws: Workspace
) -> None:
    key = await stored(runtime, bot, 1, b'{"not":"an update"}')
    await stored(runtime, bot, 2)
    row: dict[str, Any] = {}
    for attempt in range(work.MAX_ATTEMPTS):
        assert texts(await thread(ws)) == []
        # Asked twice it is tried once: it has to wait, and those behind it wait with it.
        await inbound.process(runtime, key)
        await inbound.process(runtime, key)
        row = await event_of(runtime, bot)
        assert row["attempts"] == attempt + 1
        wait = row["due_at"] - runtime.clock.now()
        assert 2**attempt - 2 < wait.total_seconds() <= 2**attempt
        await runtime.mongo.inbound.update_one({"_id": row["_id"]}, {"$set": {"due_at": runtime.clock.now()}})
    assert row["dead_key"] == bot.workspace_id
    assert "pending_key" not in row
    assert "no longer parses" in row["error"]
    assert texts(await thread(ws)) == ["Hello 2"]


async def test_events_of_a_disconnected_account_are_put_aside_at_once(runtime: Runtime, bot: AccountRow) -> None:
    key = await stored(runtime, bot, 1)
    await account_rows.delete(runtime.mongo, bot.workspace_id, bot.id)
    runtime.accounts.forget()
    await inbound.process(runtime, key)
    row = await event_of(runtime, bot)
    assert row["dead_key"] == bot.workspace_id


async def test_a_lost_redis_uses_up_no_tries_and_the_event_is_told_later(
    runtime: Runtime, bot: AccountRow, ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis goes away between the change and the telling."""
    key = await stored(runtime, bot, 1)
    async with servers.without_redis(runtime.settings) as cut_off:
        # The lease is held at a Redis that is there; what is told goes to one that is not.
        with monkeypatch.context() as patch:
            patch.setattr(runtime.stream, "_redis", cut_off.redis)
            with pytest.raises(Exception, match=r"(?i)connect|redis|no such file"):
                await inbound.process(runtime, key)
    row = await event_of(runtime, bot)
    assert (row["attempts"], row["pending_key"]) == (0, key)
    assert texts(await thread(ws)) == ["Hello 1"]
    assert await told(ws) == []
    await inbound.process(runtime, key)
    assert [event["type"] for event in await told(ws)] == ["entry"]
    assert texts(await thread(ws)) == ["Hello 1"]


# --- sends --------------------------------------------------------------------------------------------------------


async def ours(ws: Workspace, bot: AccountRow, **more: Any) -> Entry:
    """A message of ours with its work mark, in a conversation that the person began."""
    key = await stored(ws.runtime, bot, 1)
    await inbound.process(ws.runtime, key)
    conversation = (await ws.db.conversations.find({}, limit=1))[0]
    at = ws.clock.now() - LONG_AGO
    values: dict[str, Any] = {
        "status_times": {more.get("status", "queued") or "queued": at},
        "id": ids.new("ent"), "contact_id": conversation["contact_id"], "conversation_id": conversation["_id"],
        "at": at, "created_at": at, "kind": "message", "direction": "out", "author": Author("member", "mem_1", "Ama"),
        "channel": "telegram", "account_id": bot.id, "address": "telegram:42",
        "content": {"type": "text", "text": "Yes"}, "status": "queued", "purpose": "service",
        "outbox_key": conversation["contact_id"], **more,
    }  # fmt: skip
    entry, _ = await timeline.append(ws, Entry(**values), after=1)
    return entry


async def test_a_message_left_behind_is_put_back_to_work(runtime: Runtime, bot: AccountRow, ws: Workspace) -> None:
    await ours(ws, bot)
    await sweeper.sweep(runtime)
    assert (await runtime.queue.lag())["replies"] == 1


async def test_a_claim_of_a_dead_worker_becomes_unknown_and_is_not_sent_again(
    runtime: Runtime, bot: AccountRow, ws: Workspace
) -> None:
    entry = await ours(ws, bot, status="sending", claim="gone", claimed_at=ws.clock.now() - LONG_AGO)
    await sweeper.sweep(runtime)
    now = await timeline.get(ws, entry.id)
    assert now.status == "unknown"
    assert now.error is not None
    assert now.error["message"]
    await delivery.clear_marks(runtime)
    assert await work.open_outbox(runtime, limit=10) == []


async def test_a_young_claim_is_left_alone(runtime: Runtime, bot: AccountRow, ws: Workspace) -> None:
    entry = await ours(ws, bot, status="sending", claim="busy", claimed_at=ws.clock.now() - timedelta(seconds=36))
    await sweeper.sweep(runtime)
    assert (await timeline.get(ws, entry.id)).status == "sending"
    assert sweeper.CLAIM_SECONDS > delivery.SEND_SECONDS


async def test_a_message_of_a_disconnected_account_ends_in_a_state_with_a_reason(
    runtime: Runtime, bot: AccountRow, ws: Workspace
) -> None:
    entry = await ours(ws, bot)
    await account_rows.delete(runtime.mongo, bot.workspace_id, bot.id)
    runtime.accounts.forget()
    await delivery.deliver(ws, entry.contact_id)
    now = await timeline.get(ws, entry.id)
    assert now.status == "skipped"
    assert now.error is not None
    assert now.error["code"] == "account_disconnected"
    # And its reports, if any come, stop nothing.
    await receipts.apply(runtime, bot.id)


async def test_a_message_sent_again_keeps_its_work_mark(runtime: Runtime, bot: AccountRow, ws: Workspace) -> None:
    """The mark of the first try is taken off a moment after the person has asked for another."""
    entry = await ours(ws, bot, status="failed", error={"code": "not_sent", "message": "No"})
    delivery.settled(ws, [entry.id])
    again = await outbox.resend(ws, entry)
    assert again.status == "queued"
    await delivery.clear_marks(runtime)
    assert [row.id for row in await work.open_outbox(runtime, limit=10)] == [entry.id]
    # The other order: taken off after the screen read the entry, before it asked.
    await timeline.change(ws, again, lambda now: delivery.advanced(DeliveryStatus.FAILED, ws.clock.now())(now))
    seen = await timeline.get(ws, entry.id)
    delivery.settled(ws, [entry.id])
    await delivery.clear_marks(runtime)
    await outbox.resend(ws, seen)
    assert [row.id for row in await work.open_outbox(runtime, limit=10)] == [entry.id]


async def test_a_report_that_cannot_be_applied_is_put_aside_and_blocks_no_other(
    runtime: Runtime, bot: AccountRow, ws: Workspace
) -> None:
    entry = await ours(ws, bot, status="sent", outbox_key=None, external_ids=(f"{bot.id}:42:7",))
    now = ws.clock.now()
    for status in ("delivered", "no such status", "read"):
        report = work.Receipt(external_id="42:7", correlation=None, status=status, at=now)
        await work.add_receipts(runtime, [work.receipt_document(bot.id, ws.id, report, now)])
    await receipts.apply(runtime, bot.id)
    assert (await timeline.get(ws, entry.id)).status == "read"
    assert await work.pending_receipts(runtime, bot.id, limit=10) == []
    dead = await runtime.mongo.receipts.find({"dead_key": bot.workspace_id}).to_list()
    assert [row["reports"][0]["status"] for row in dead] == ["no such status"]
    assert "no such status" in dead[0]["error"]


async def test_an_early_report_waits_for_its_message(runtime: Runtime, bot: AccountRow, ws: Workspace) -> None:
    now = ws.clock.now()
    report = work.Receipt(external_id="42:8", correlation=None, status="delivered", at=now)
    await work.add_receipts(runtime, [work.receipt_document(bot.id, ws.id, report, now)])
    await receipts.apply(runtime, bot.id)
    assert await work.pending_receipts(runtime, bot.id, limit=10) == []
    entry = await ours(ws, bot, status="sent", outbox_key=None, external_ids=(f"{bot.id}:42:8",))
    assert await work.wake_receipts(runtime, now + LONG_AGO) == {bot.id}
    await receipts.apply(runtime, bot.id)
    assert (await timeline.get(ws, entry.id)).status == "delivered"
    assert await work.wake_receipts(runtime, now + LONG_AGO) == set()


# --- announcements ------------------------------------------------------------------------------------------------


async def test_a_change_that_was_not_told_is_told_by_the_sweeper(
    runtime: Runtime, bot: AccountRow, ws: Workspace
) -> None:
    entry = await ours(ws, bot)
    conversation = await conversations.get(ws, entry.conversation_id)
    before = (await ws.stream.position(ws.id)).number

    async def killed() -> None:
        async with live.announced(ws, "conversation", conversation.id):
            await conversations.assign(ws, conversation, "mem_1")
            raise RuntimeError("killed between the change and the telling")

    with pytest.raises(RuntimeError):
        await killed()
    assert await told(ws, before) == []
    await runtime.mongo.changes.update_many({}, {"$set": {"at": runtime.clock.now() - LONG_AGO}})
    await sweeper.sweep(runtime)
    events = await told(ws, before)
    assert events[0]["type"] == "conversation"
    assert events[0]["data"]["assignee_id"] == "mem_1"
    assert await runtime.mongo.changes.find_one({}) is None


async def test_what_redis_could_not_tell_is_told_later(runtime: Runtime, bot: AccountRow, ws: Workspace) -> None:
    entry = await ours(ws, bot)
    conversation = await conversations.get(ws, entry.conversation_id)
    async with servers.without_redis(runtime.settings) as cut_off:
        apart = cut_off.workspace(ws.id)
        async with live.announced(apart, "conversation", conversation.id):
            saved, _ = await conversations.assign(apart, conversation, "mem_2")
            await live.tell_conversations(apart, saved)
    assert [row.ref for row in await work.stale_changes(runtime, runtime.clock.now() + LONG_AGO)] == [conversation.id]


async def test_what_was_written_while_redis_was_away_is_the_newest_of_its_conversation(
    runtime: Runtime, bot: AccountRow, ws: Workspace
) -> None:
    await inbound.process(runtime, await stored(runtime, bot, 1))
    (hello,) = await thread(ws)
    before = (await ws.stream.position(ws.id)).number
    draft = outbox.Draft(content=Text(text="I am here"), author=Author("member", "mem_1", "Olu"), client_id="c1")
    async with servers.without_redis(runtime.settings) as cut_off:
        there = cut_off.workspace(ws.id)
        await outbox.enqueue(there, await conversations.get(there, hello.conversation_id), draft)
    await runtime.mongo.changes.update_many({}, {"$set": {"at": runtime.clock.now() - LONG_AGO}})
    await sweeper.sweep(runtime)
    shown = [event["data"] for event in await told(ws, before) if event["type"] == "conversation"]
    assert [conversation["last_entry"]["text"] for conversation in shown] == ["I am here"]


async def test_a_row_that_cannot_be_told_holds_back_no_other(runtime: Runtime, bot: AccountRow, ws: Workspace) -> None:
    entry = await ours(ws, bot)
    before = (await ws.stream.position(ws.id)).number
    at = runtime.clock.now() - LONG_AGO
    broken = ("conversation", "cnv_gone"), ("entry", "ent_gone"), ("entry", entry.id)
    for n, (kind, ref) in enumerate(broken):
        await work.add_change(runtime, ChangeRow(id=f"chg_{ws.id}_{n}", workspace_id=ws.id, kind=kind, ref=ref, at=at))
    await sweeper.sweep(runtime)
    assert [event["data"]["entry"]["id"] for event in await told(ws, before)] == [entry.id]
    assert await work.stale_changes(runtime, runtime.clock.now()) == []


# --- files --------------------------------------------------------------------------------------------------------


async def test_a_file_of_a_lost_account_is_shown_as_failed(runtime: Runtime, bot: AccountRow, ws: Workspace) -> None:
    photo = {"type": "media", "media": {"kind": "image", "state": "pending", "source": {"file_id": "x"}}}
    entry = await ours(ws, bot, direction="in", status=None, outbox_key=None, content=photo)
    row = MediaRow(
        id=entry.id, workspace_id=ws.id, account_id=bot.id, entry_id=entry.id, source={"file_id": "x"},
        due_at=ws.clock.now() - LONG_AGO,
    )  # fmt: skip
    await work.add_media(runtime, row)
    before = (await runtime.queue.lag())["background"]
    await sweeper.sweep(runtime)
    assert (await runtime.queue.lag())["background"] == before + 1
    await account_rows.delete(runtime.mongo, bot.workspace_id, bot.id)
    runtime.accounts.forget()
    await media.fetch(runtime, row.id)
    shown = (await timeline.get(ws, entry.id)).content
    assert shown is not None
    assert shown["media"]["state"] == "failed"
    assert "no longer connected" in shown["media"]["error"]
    assert await work.due_media(runtime, runtime.clock.now() + LONG_AGO) == []


async def test_whatever_is_wrong_with_a_file_it_is_not_tried_for_ever(
    runtime: Runtime, bot: AccountRow, ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = {"type": "media", "media": {"kind": "image", "state": "pending", "source": {"nothing": "of use"}}}
    entry = await ours(ws, bot, direction="in", status=None, outbox_key=None, content=photo)
    row = MediaRow(
        id=entry.id, workspace_id=ws.id, account_id=bot.id, entry_id=entry.id, source={"nothing": "of use"},
        due_at=ws.clock.now() - LONG_AGO, attempts=media.MAX_ATTEMPTS - 1,
    )  # fmt: skip
    await work.add_media(runtime, row)

    async def breaks(*_: Any) -> None:
        raise RuntimeError("something that nobody thought of")

    with monkeypatch.context() as patch:
        patch.setattr(media, "_fetch", breaks)
        await media.fetch(runtime, row.id)
    shown = (await timeline.get(ws, entry.id)).content
    assert shown is not None
    assert shown["media"]["state"] == "failed"
    assert shown["media"]["error"]


# --- what came before ---------------------------------------------------------------------------------------------


async def test_an_edit_whose_original_never_came_is_shown_even_after_a_crash(
    runtime: Runtime, bot: AccountRow, ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = {"id": 42, "type": "private", "first_name": "Ana"}
    body = orjson.dumps({
        "update_id": 9,
        "edited_message": {
            "message_id": 5, "date": 1790000000, "edit_date": 1790000060, "chat": chat,
            "from": {**chat, "is_bot": False}, "text": "Now right",
        },
    })  # fmt: skip
    key = await stored(runtime, bot, 9, body)

    async def killed(*_: Any) -> bool:
        raise TimeoutError("killed between the entry and its conversation")

    with monkeypatch.context() as patch:
        patch.setattr(conversation_store, "save", killed)
        with pytest.raises(TimeoutError):
            await inbound.process(runtime, key)
    await inbound.process(runtime, key)
    found = await thread(ws)
    assert texts(found) == ["Now right"]
    assert (await conversations.get(ws, found[0].conversation_id)).unread == 1
    # The original after all: it changes nothing and is not there twice.
    late = await stored(runtime, bot, 10, update(5, text="Now rihgt"))
    await inbound.process(runtime, late)
    assert texts(await thread(ws)) == ["Now right"]


async def test_a_menus_options_are_counted_as_they_are_shown() -> None:
    rows = [{"id": "a", "title": "Red"}, {"id": "b", "title": "Blue"}]
    listed = {"type": "list", "text": "Which?", "sections": [{"rows": rows[:1]}, {"rows": rows[1:]}]}
    for content in ({"type": "buttons", "text": "Which?", "buttons": rows}, listed):
        assert [choice.title for choice in menus._options(content)] == ["Red", "Blue"]
    assert menus._options({"type": "text", "text": "1"}) == []
