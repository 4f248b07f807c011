"""
Every hot query is a point read or an exact range of an index, and nothing that reads everything is ever asked.

The queries are those of a real journey, noted as they are sent. On MongoDB their plans are asked for. SecantusDB names
a scan also where it makes none, so there it is the work that counts: the CPU that the server spends on the same
queries in a collection of 200 rows and of 5,000 of the same workspace.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import uuid4

import psutil
import pytest
from pymongo import monitoring
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from app.core import mongo
from app.core.platform import work
from app.core.runtime import Runtime
from inbox.finding.lists import ACTIVITY, BuiltIn, order_of
from tests.support import servers
from tests.support.shop import Shop, eventually, open_shop

FORBIDDEN = ("findAndModify", "findandmodify", "distinct")
FORBIDDEN_OPERATORS = ("$or", "$and", "$expr", "$where", "$nor", "$text")
SMALL, LARGE = 200, 5_000
# A scan of the larger one costs twenty-five times as much.
MOST_GROWTH = 8.0

Command = dict[str, Any]


class _Noted(CommandListener):
    def __init__(self) -> None:
        self.seen: list[Command] = []
        self.on = True

    def started(self, event: CommandStartedEvent) -> None:
        if self.on and event.command_name not in ("hello", "ping", "endSessions", "createIndexes", "listIndexes"):
            self.seen.append({"name": event.command_name, **event.command})

    def succeeded(self, event: CommandSucceededEvent) -> None: ...

    def failed(self, event: CommandFailedEvent) -> None: ...


@contextmanager
def noted() -> Iterator[list[Command]]:
    """Whole database commands of clients opened inside."""
    listener = _Noted()
    monitoring.register(listener)
    try:
        yield listener.seen
    finally:
        listener.on = False


@pytest.fixture(scope="module")
async def journey(
    databases: servers.Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Shop, list[Command]]]:
    """A shop in which people wrote and were answered, and lists and threads were read; and what that asked."""
    with noted() as seen:
        async with open_shop(databases, tmp_path_factory.mktemp("plans")) as shop:
            await _work(shop)
            listener_seen = list(seen)
            yield shop, listener_seen


async def _work(shop: Shop) -> None:
    customer = await shop.customer(name="Petra Plans")
    await shop.writes("whatsapp", customer["id"], type="text", text="Hello on whatsapp")
    # Telegram tells no phone number, so it makes a second contact of this name: found first, it has no WhatsApp.
    conversation = await shop.conversation_with("Petra Plans")
    await shop.entry_where(conversation["id"], lambda entry: entry["channel"] == "whatsapp")
    await shop.writes("telegram", customer["id"], type="start")
    for channel in ("sms", "telegram"):
        await shop.writes(channel, customer["id"], type="text", text=f"Hello on {channel}")
    path = f"/conversations/{conversation['id']}"
    content = {"type": "text", "text": "Good morning"}
    account_id = shop.accounts["whatsapp"]
    await shop.post(f"{path}/messages", 202, client_id=str(uuid4()), content=content, account_id=account_id)

    async def delivered() -> Any:
        thread = await shop.thread(conversation["id"])
        return next((entry for entry in thread if entry["status"] in ("delivered", "read")), None)

    await eventually(delivered)
    for view in get_args(BuiltIn):
        await shop.get("/conversations", view=view)
        await shop.get("/conversations", view=view, channel="sms")
    await shop.get("/conversations", q="petra")
    await shop.get("/conversations/counts")
    await shop.get(f"{path}/entries", before=3)
    await shop.get(f"{path}/entries", after=1)
    await shop.get(f"{path}/entries", kind="note,message", since="2026-01-01T00:00:00Z")
    await shop.get(f"{path}/entries", kind="event", channel="sms")
    await shop.get(f"/contacts/{conversation['contact_id']}")
    await shop.get("/contacts")
    # The sweeper and the marks come round.
    await asyncio.sleep(2.5)


def _filters(command: Command) -> list[dict[str, Any]]:
    match command["name"]:
        case "find":
            return [command.get("filter", {})]
        case "update":
            return [update["q"] for update in command.get("updates", ())]
        case "delete":
            return [delete["q"] for delete in command.get("deletes", ())]
        case "aggregate":
            return [stage["$match"] for stage in command["pipeline"] if "$match" in stage]
        case _:
            return []


async def test_nothing_is_asked_that_reads_everything(journey: tuple[Shop, list[Command]]) -> None:
    _, seen = journey
    assert len(seen) > 100
    for command in seen:
        assert command["name"] not in FORBIDDEN, command
        for where in _filters(command):
            assert not set(where) & set(FORBIDDEN_OPERATORS), command
        if command["name"] == "find":
            assert command.get("limit") or command.get("singleBatch") or "_id" in command["filter"], command


# What nobody waits for: small collections that are read as a whole now and then.
SMALL_COLLECTIONS = (
    *("accounts", "workspaces", "migrations", "members", "sessions", "queues", "changes", "templates"),
    *(
        "roles",
        "teams",
        "agents",
        "routing",
        "calendars",
        "tags",
        "views",
        "sla_policies",
        "closing_settings",
        "pacing_settings",
        "ticket_forms",
        "segments",
    ),
)


def _shape(where: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(
        sorted((name, *sorted(value)) if isinstance(value, dict) else (name,) for name, value in where.items())
    )


# A read with such a limit counts or repairs, and nobody waits for it.
REPAIRS = 1_000_000


def _hot(seen: list[Command]) -> list[tuple[str, dict[str, Any]]]:
    """Each shape of filter once, by collection."""
    found: dict[tuple[Any, ...], tuple[str, dict[str, Any]]] = {}
    for command in seen:
        collection = command[command["name"]] if command["name"] in ("find", "update", "delete") else None
        if not isinstance(collection, str) or collection in SMALL_COLLECTIONS or command.get("limit") == REPAIRS:
            continue
        for where in _filters(command):
            found[(collection, _shape(where))] = (collection, where)
    return list(found.values())


@pytest.mark.slow
async def test_every_hot_query_runs_on_an_index(runtime: Runtime, journey: tuple[Shop, list[Command]]) -> None:
    shop, seen = journey
    hot = _hot(seen)
    assert {collection for collection, _ in hot} >= {"inbound", "receipts", "entries", "conversations", "addresses"}
    # In a database in which nobody works: thousands of rows that look like work would keep the shop's worker busy.
    server = _embedded_server(runtime)
    if server is None:
        for collection, where in hot:
            plan = await runtime.mongo.command("explain", {"find": collection, "filter": where})
            assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"]), (collection, where)
        return
    costs: list[dict[int, float]] = []
    for size in (SMALL, LARGE):
        for collection in {collection for collection, _ in hot}:
            await _grow(runtime.mongo, collection, shop.owner.ws.id, size)
        costs.append({at: await _cost(server, runtime.mongo, *query) for at, query in enumerate(hot)})
    grown: dict[str, tuple[float, float]] = {}
    for at, first in costs[1].items():
        # Less than this for twenty is lost in the clock's ticks; a scan of 5,000 takes five times that. What the server
        # happened to do beside it does not come again.
        tries, cost = 3, first
        while tries and cost > 0.25 and cost > MOST_GROWTH * max(costs[0][at], 0.01):
            tries, cost = tries - 1, min(cost, await _cost(server, runtime.mongo, *hot[at]))
        if not tries:
            grown[f"{hot[at][0]} {_shape(hot[at][1])}"] = (costs[0][at], cost)
    assert not grown, grown


def _embedded_server(runtime: Runtime) -> psutil.Process | None:
    """The embedded database's process; None on a MongoDB of somebody's own."""
    port = next(iter(runtime.client._topology_settings.seeds))[1]
    for process in psutil.Process().children(recursive=True):
        if "secantusd-py" in " ".join(process.cmdline()) and str(port) in process.cmdline():
            return process
    return None


async def _grow(db: mongo.Database, collection: str, workspace_id: str, size: int) -> None:
    """Rows as many others have made them: done, closed, other people's, of the same workspace."""
    now = datetime.now(UTC)
    have = await db[collection].count_documents({"filler": True})
    for first in range(have, size, 1_000):
        rows = []
        for at in range(first, min(size, first + 1_000)):
            before = now - timedelta(days=30, seconds=at)
            row = {
                "_id": f"filler-{at:06d}",
                "workspace_id": workspace_id,
                "filler": True,
                "contact_id": f"filler-{at:06d}",
                "number": at + 10**6,
                "shortcut": f"filler{at}",
                "at": before,
                "received_at": now,
                "last_activity_at": before,
                "facets": ["closed" if at % 2 else "open", "open:unassigned"],
                "closing_at": None,
                "shelves": ["filler/on/sms"],
                "waiting_at": None,
                "account_id": "filler",
                "expires_at": now + timedelta(days=1),
                "tokens": [f"filler{at}"],
                "prefixes": [f"filler{at}"[:8]],
            }
            rows.append(row)
        await db[collection].insert_many(rows, ordered=False)


async def _cost(server: psutil.Process, db: mongo.Database, collection: str, where: dict[str, Any]) -> float:
    """CPU seconds of the server for twenty of this query."""
    before = server.cpu_times()
    for _ in range(20):
        await db[collection].find(where).limit(100).to_list()
    after = server.cpu_times()
    return (after.user - before.user) + (after.system - before.system)


@pytest.mark.slow
async def test_what_is_read_beside_an_event_is_found_by_its_id(runtime: Runtime) -> None:
    server = _embedded_server(runtime)
    if server is None:
        pytest.skip("MongoDB looks up by _id whatever the size")
    people = [
        work.InboundRow(
            id=f"acc_1/{at}", workspace_id="wsp_1", account_id="acc_1", order_key=f"ana{at}",
            body=b"{}", received_at=datetime.now(UTC), sequence=at,
        )
        for at in range(4)
    ]  # fmt: skip
    await work.add_inbound(runtime, [work.inbound_document(row) for row in people])

    async def read(row: work.InboundRow) -> None:
        names = [f"filler-00000{2 * row.sequence + more}" for more in (1, 2)]
        beside = {"addresses": names, "conversations": names[:1]}
        rows, found = await work.pending_inbound_beside(runtime, row.pending_key, beside, limit=5)
        assert [each.id for each in rows] == [row.id]
        assert {name: sorted(each["_id"] for each in others) for name, others in found.items()} == beside

    costs: list[float] = []
    for size in (SMALL, LARGE):
        for collection in ("inbound", "addresses", "conversations"):
            await _grow(runtime.mongo, collection, "wsp_1", size)
        before = server.cpu_times()
        for _ in range(10):
            # The first goes alone, the others in one command.
            await asyncio.gather(*map(read, people))
        after = server.cpu_times()
        costs.append((after.user - before.user) + (after.system - before.system))
    assert costs[1] < 0.25 or costs[1] < MOST_GROWTH * costs[0], costs


async def test_lists_have_an_index_for_each_order() -> None:
    """The keys that a page asks for are, in their order, those of a declared index."""
    declared = [index.fields for index in mongo.SCOPED["conversations"]]
    for view in get_args(BuiltIn):
        by = order_of(view)
        keys = ("workspace_id", "facets", by) if by == ACTIVITY else ("workspace_id", by)
        assert keys in declared
