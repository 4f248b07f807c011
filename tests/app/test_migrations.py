"""Migrations: each once, in order, resumed where it stopped, by one process at a time."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.core import ids, migrations, mongo
from app.core.addresses import Address
from app.core.clock import Clock, FixedClock
from app.core.migrations import Migration, Progress
from app.core.platform import migrations as rows
from app.core.platform.migrations import LOCK_SECONDS
from app.core.runtime import Runtime
from crm import consent, contacts, standing
from inbox import conversations
from inbox.finding import listing
from inbox.finding.lists import Wanted
from inbox.sight import Sight
from inbox.store import conversations as store
from inbox.store import mailings

EARLY = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
async def db(runtime: Runtime) -> mongo.Database:
    """As a new version finds it: nothing is recorded."""
    await runtime.mongo.migrations.delete_many({})
    return runtime.mongo


async def test_runs_each_once_and_in_order(db: mongo.Database) -> None:
    ran: list[int] = []

    def noting(number: int) -> Migration:
        async def run(_: mongo.Database, progress: Progress, clock: Clock) -> None:
            ran.append(number)

        return Migration(number, f"number {number}", run)

    both = (noting(2), noting(1))
    assert await migrations.pending(db, both) == ["number 2", "number 1"]
    assert await migrations.run(db, Clock(), both) == ["number 1", "number 2"]
    assert await migrations.run(db, Clock(), both) == []
    assert ran == [1, 2]
    assert await migrations.pending(db, both) == []


async def test_goes_on_where_it_was_stopped(db: mongo.Database) -> None:
    seen: list[int] = []
    stopped: list[int] = []

    async def run(_: mongo.Database, progress: Progress, clock: Clock) -> None:
        for item in range(int((await progress.load()).get("next", 0)), 5):
            if item == 3 and not stopped:
                stopped.append(item)
                raise RuntimeError("the machine went down")
            seen.append(item)
            await progress.save(next=item + 1)

    one = (Migration(1, "long", run),)
    with pytest.raises(RuntimeError):
        await migrations.run(db, Clock(), one)
    assert await migrations.pending(db, one) == ["long"]
    assert await migrations.run(db, Clock(), one) == ["long"]
    assert seen == [0, 1, 2, 3, 4]


async def test_two_at_the_same_time_run_it_once(db: mongo.Database) -> None:
    ran: list[str] = []

    async def run(_: mongo.Database, progress: Progress, clock: Clock) -> None:
        ran.append("begun")
        await asyncio.sleep(0.3)

    one = (Migration(1, "slow", run),)
    results = await asyncio.gather(*(migrations.run(db, Clock(), one) for _ in range(3)))
    assert sorted(results) == [[], [], ["slow"]]
    assert ran == ["begun"]


async def test_a_dead_holder_is_waited_for_no_longer_than_its_lock_lasts(db: mongo.Database) -> None:
    clock = FixedClock(Clock().now())
    assert await rows.take_lock(db, "dead", clock.now(), clock.now() + timedelta(seconds=LOCK_SECONDS))
    waiting = asyncio.create_task(migrations.run(db, clock, ()))
    await asyncio.sleep(0.5)
    assert not waiting.done()
    clock.advance(seconds=LOCK_SECONDS + 1)
    assert await asyncio.wait_for(waiting, 5) == []


async def test_every_workspace_gets_its_queue(db: mongo.Database, runtime: Runtime) -> None:
    await db.workspaces.insert_one({"_id": "wsp_old", "name": "Old", "created_at": Clock().now()})
    assert "default queues" in await migrations.run(db, Clock())
    found = await db.queues.find_one({"_id": "wsp_old/support"})
    assert found is not None
    assert (found["workspace_id"], found["name"]) == ("wsp_old", "Support")


async def test_declared_indexes_are_made_at_every_start(db: mongo.Database) -> None:
    await db.audit.drop_index("workspace_id_1_at_1")
    assert await mongo.missing_indexes(db) == ["audit.workspace_id_1_at_1"]
    await migrations.run(db, Clock())
    assert await mongo.missing_indexes(db) == []


async def test_conversations_of_before_are_found_in_lists(runtime: Runtime, db: mongo.Database) -> None:
    ws = runtime.workspace(ids.new("ws"))
    at = Clock().now()
    reach = ({"account_id": "acc_1", "address": "whatsapp:1", "last_inbound_at": at, "stopped": []},)
    old = replace(conversations.new_for(ws, "con_old", name="Ana"), unread=1, revision=3, followers=("mem_2",))
    row = store.to_row(old)
    for new in ("facets", "tags", "priority", "team_id", "touched", "waiting_since", "waiting_at", "closing_at"):
        row.pop(new, None)
    await db.conversations.insert_one({**row, "reach": reach, "active": True, "workspace_id": ws.id})
    await migrations.run(db, Clock())
    found, _ = await listing.page(ws, Wanted(view="unread"), sight=Sight("mem_1"), cursor=None, limit=5)
    assert [each.contact_id for each in found] == ["con_old"]
    assert found[0].window_closes_at == at + timedelta(hours=24)
    stored = await db.conversations.find_one({"_id": old.id})
    assert stored is not None
    assert set(stored["facets"]) == set(store.to_row(found[0])["facets"])
    assert {"open:unassigned", "open:unclaimed", "open:unread", "open:channel:whatsapp", "follow:mem_2"} <= {
        *stored["facets"]
    }


async def test_what_was_said_about_consent_before_stands_on_facts(runtime: Runtime, db: mongo.Database) -> None:
    ws = runtime.workspace(ids.new("ws"))
    at = Clock().now().replace(microsecond=0)

    async def known(name: str, consent: dict[str, tuple[str, str]], *facts: tuple[str, str, str]) -> Address:
        """An address with its states, and facts (purpose, state, source) a minute apart, the last one now."""
        address = Address("sms", f"+1202555{name}")
        states = {p: {"state": state, "source": source, "at": at} for p, (state, source) in consent.items()}
        row = {"_id": f"{ws.id}/{address}", "workspace_id": ws.id, "address": str(address), "contact_id": f"con_{name}"}
        await db.addresses.insert_one({**row, "verified": True, "created_at": at, "consent": states})
        for number, (purpose, state, source) in enumerate(reversed(facts)):
            told = {"purposes": [purpose], "state": state, "source": source, "at": at - timedelta(minutes=number)}
            about = {"address": str(address), "contact_id": f"con_{name}", "evidence": f"ent_{number}"}
            await db.consents.insert_one({"_id": ids.new("cns"), "workspace_id": ws.id, **about, **told})
        return address

    stopped = ("marketing", "withdrawn", "keyword")
    rows = [
        await known("0101", {"marketing": ("withdrawn", "keyword")}, stopped),
        await known("0102", {"marketing": ("granted", "keyword")}, stopped, ("marketing", "granted", "keyword")),
        await known("0103", {"marketing": ("withdrawn", "keyword")}),
        await known(
            "0104",
            {"service": ("unknown", "unblock")},
            ("service", "blocked", "block"),
            ("service", "unknown", "unblock"),
        ),
        await known("0105", {"marketing": ("granted", "provider_signup")}, ("marketing", "granted", "provider_signup")),
    ]
    await migrations.run(db, Clock())
    came_to = []
    for address in rows:
        before = await contacts.known(ws, address)
        assert before is not None
        shown = {p: standing.overall(before.consent, p, at) for p in ("service", "marketing")}
        after = await consent.derive(ws, address)
        assert {p: standing.overall(after, p, at) for p in shown} == shown
        came_to.append((shown["service"], shown["marketing"]))
    assert came_to == [
        ("unknown", "withdrawn"),
        ("unknown", "unknown"),
        ("unknown", "withdrawn"),
        ("unknown", "unknown"),
        ("unknown", "granted"),
    ]


async def test_outcomes_of_mailings_of_before_are_read(runtime: Runtime, db: mongo.Database) -> None:
    ws = runtime.workspace(ids.new("ws"))
    work = mailings.Work(
        id="abc.0", mailing_id="mlg_abc", account_id="acc_1", variant="", language="", seq=0, size=2, created_at=EARLY
    )
    outcomes = {
        "0": ["sent", 1_700_000_000_000, ["wamid.1"]],
        "1": ["skipped", 1_700_000_000_000, [], "opted_out", "No"],
    }
    told = {"0": {"delivered": 1_700_000_001_000}}
    values = {name: getattr(work, name) for name in ("mailing_id", "account_id", "variant", "language", "seq", "size")}
    old = {"_id": work.id, "workspace_id": ws.id, "created_at": EARLY, **values, "o": outcomes, "d": told}
    await db.mailing_work.insert_one(old)
    await db.mailing_work.insert_one({**old, "_id": "abc.1", "o": b"{}"})
    for _ in range(2):
        await migrations.run(db, Clock())
        await db.migrations.delete_many({})
    found = await mailings.works(ws, [work.id, "abc.1"])
    assert found[work.id] == replace(work, o=outcomes, d=told)
    assert found["abc.1"].o == {}
