"""Durable before acknowledged: groups that share a write, and the spool while the database is down."""

import asyncio
import gc
import os
import subprocess
import sys
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from app.core import clock, ids, mongo
from app.core.errors import Unavailable
from app.core.mongo import Document
from app.core.platform import accounts as account_rows
from app.core.platform import work
from app.core.platform.accounts import AccountRow
from app.core.platform.work import InboundRow, Receipt
from app.core.runtime import Runtime, open_runtime
from app.core.settings import Settings
from inbox import journal as journal_module
from inbox.journal import Journal, Kind
from tests.support import servers
from tests.support.shop import eventually
from web.app import create_app

ROOT = Path(__file__).resolve().parents[2]
SECRET = "telegram-secret-0123456789"


def row(number: int, *, account_id: str = "acc_1", order_key: str = "ana") -> Document:
    return work.inbound_document(
        InboundRow(
            id=f"{account_id}/{order_key}/{number}",
            workspace_id="ws_1",
            account_id=account_id,
            order_key=order_key,
            body=b"\x00\xff" + str(number).encode(),
            received_at=clock.Clock().now(),
            sequence=number,
        )
    )


async def nothing(kind: Kind, rows: Any) -> None:
    pass


class Outage:
    """A database of its own that can be stopped and started again, at the same address."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = servers.free_port()
        self._stack = ExitStack()
        self.uri = ""
        self.start()

    def start(self) -> None:
        if not self.uri:
            self.uri = self._stack.enter_context(servers.embedded_database(self._folder / "mongo", self._port))

    def stop(self) -> None:
        self.uri = ""
        self._stack.close()
        self._stack = ExitStack()


@pytest.fixture(scope="module")
def outages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outage]:
    made = Outage(tmp_path_factory.mktemp("outage"))
    yield made
    made.stop()
    _collect()


def _collect() -> None:
    with warnings.catch_warnings():
        # The driver leaves a socket to the collector when it is told to give up in the middle of connecting.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def outage(outages: Outage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outage]:
    """Running, and given up sooner than in life."""
    monkeypatch.setattr(journal_module, "_WRITE_SECONDS", 1.0)
    monkeypatch.setattr(account_rows, "LOAD_SECONDS", 1.0)
    outages.start()
    yield outages
    _collect()


@pytest.fixture
def alone(outage: Outage, databases: servers.Databases, tmp_path: Path) -> Settings:
    """Settings of an instance whose database may go."""
    return servers.make_settings(
        servers.Databases(outage.uri, databases.redis_url), tmp_path / "data", spool_max_bytes=1_000_000
    )


@pytest.fixture
async def stricken(alone: Settings) -> AsyncIterator[Runtime]:
    async with open_runtime(alone) as opened:
        await mongo.ensure_indexes(opened.mongo)
        yield opened


async def count(runtime: Runtime) -> int:
    return await runtime.mongo.inbound.count_documents({})


async def test_payloads_that_come_together_share_a_write(runtime: Runtime, settings: Settings) -> None:
    with servers.commands() as seen:
        async with open_runtime(settings) as counted:
            journal = Journal(counted, nothing)
            base = ids.new("k")
            known = await asyncio.gather(*(journal.add("inbound", [row(n, order_key=base)]) for n in range(200)))
            inserts = [command for command in seen if command == "insert inbound"]
            assert known == [set()] * 200
            assert 1 <= len(inserts) <= 4
            again = await journal.add("inbound", [row(7, order_key=base), row(500, order_key=base)])
            assert again == {f"acc_1/{base}/7"}
            journal.close()


async def test_a_request_that_goes_away_takes_no_others_rows_along(runtime: Runtime) -> None:
    journal = Journal(runtime, nothing)
    base = ids.new("k")
    tasks = [asyncio.create_task(journal.add("inbound", [row(n, order_key=base)])) for n in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await journal.add("inbound", [row(100, order_key=base)])
    stored = await work.pending_inbound(runtime, f"acc_1|{base}", limit=100)
    assert {r.sequence for r in stored} >= {*range(1, 20, 2), 100}
    journal.close()


async def test_rows_that_come_while_the_spool_is_drained_are_all_kept(stricken: Runtime, outage: Outage) -> None:
    """What is appended while a file is worked off stands in another one."""
    journal = Journal(stricken, nothing)
    outage.stop()
    await journal.add("inbound", [row(n) for n in range(40)])
    assert journal.spooled
    outage.start()
    draining = asyncio.create_task(journal.run())
    for n in range(40, 400):
        await journal.add("inbound", [row(n)])
    await eventually(lambda: _empty(journal))
    assert await count(stricken) == 400
    found = await work.pending_inbound(stricken, "acc_1|ana", limit=500)
    assert [r.sequence for r in found] == list(range(400))
    assert found[5].body == b"\x00\xff5"
    draining.cancel()
    await asyncio.gather(draining, return_exceptions=True)
    journal.close()


async def test_reports_come_out_of_the_spool_as_they_went_in(stricken: Runtime, outage: Outage) -> None:
    journal = Journal(stricken, nothing)
    now = stricken.clock.now()
    report = Receipt(external_id="wamid.1", correlation="ent_1", status="read", at=now, error={"code": "x"})
    outage.stop()
    await journal.add("receipts", [work.receipt_document("acc_1", "ws_1", report, now)])
    outage.start()
    draining = asyncio.create_task(journal.run())
    await eventually(lambda: _empty(journal))
    draining.cancel()
    await asyncio.gather(draining, return_exceptions=True)
    journal.close()
    (batch,) = await work.pending_receipts(stricken, "acc_1", limit=10)
    assert batch.reports == (report,)
    assert batch.received_at == now


async def test_reports_go_past_a_disk_that_takes_no_more(runtime: Runtime) -> None:
    told: list[Kind] = []

    async def stored(kind: Kind, rows: Any) -> None:
        told.append(kind)

    full = replace(runtime, settings=runtime.settings.model_copy(update={"spool_max_bytes": 10}))
    journal = Journal(full, stored)
    now = runtime.clock.now()
    report = Receipt(external_id="wamid.2", correlation=None, status="read", at=now, error=None)
    await journal.add("receipts", [work.receipt_document("acc_full", "ws_1", report, now)])
    journal.close()
    (batch,) = await work.pending_receipts(runtime, "acc_full", limit=10)
    assert (batch.reports, told) == ((report,), ["receipts"])


async def _empty(journal: Journal) -> bool:
    return not journal.spooled


async def test_a_full_spool_says_so(stricken: Runtime, outage: Outage) -> None:
    journal = Journal(stricken, nothing)
    outage.stop()
    await journal.add("inbound", [row(1)])
    with pytest.raises(Unavailable):
        await journal.add("inbound", [row(n) for n in range(2, 9_000)])
    await journal.add("inbound", [row(2)])
    journal.close()


async def test_what_a_killed_process_left_is_adopted_half_a_line_and_all(stricken: Runtime) -> None:
    """A process spools 30 rows and is killed in the middle of the next; another takes over what is whole."""
    spool = stricken.settings.data_dir / "spool"
    code = """
import asyncio, os, signal, sys
from pathlib import Path
from inbox.spool import Spool
sys.path.insert(0, os.getcwd())
from tests.inbox.test_journal import row
async def main():
    spool = Spool(Path(sys.argv[1]), "inbound", 10**7)
    for n in range(30):
        await spool.append([row(n)])
    spool._open.file.write(b'{"_id":"half')
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    left = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", code, str(spool)], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert left.returncode == -9
    handed: list[str] = []

    async def stored(kind: Kind, rows: Any) -> None:
        handed.extend(r["_id"] for r in rows)

    journal = Journal(stricken, stored)
    draining = asyncio.create_task(journal.run())

    async def drained() -> bool:
        return await count(stricken) == 30

    await eventually(drained)
    assert len(set(handed)) == 30
    draining.cancel()
    await asyncio.gather(draining, return_exceptions=True)
    journal.close()
    assert list(spool.iterdir()) == []


async def _telegram(runtime: Runtime) -> str:
    """A connected bot, without asking Telegram."""
    account = AccountRow(
        id=ids.new("acc"),
        workspace_id="ws_1",
        kind="telegram",
        name="Bot",
        address="@bot",
        config={"delivery": "webhook"},
        secrets={"bot_token": "7:abc", "webhook_secret": SECRET},
        created_at=runtime.clock.now(),
    )
    await account_rows.insert(runtime.mongo, runtime.keyring, account)
    return account.id


def update(number: int) -> bytes:
    chat = {"id": 42, "type": "private", "first_name": "Ana"}
    message = {"message_id": number, "date": 1790000000, "chat": chat, "from": {**chat, "is_bot": False}, "text": "Hi"}
    return orjson.dumps({"update_id": number, "message": message})


async def test_webhooks_while_the_database_is_down(stricken: Runtime, alone: Settings, outage: Outage) -> None:
    account_id = await _telegram(stricken)
    headers = {"x-telegram-bot-api-secret-token": SECRET, "content-type": "application/json"}
    async with (
        servers.live(create_app(alone)) as url,
        httpx.AsyncClient(
            base_url=f"{url}/webhooks/telegram", headers=headers, timeout=30, trust_env=False
        ) as provider,
    ):
        assert (await provider.post(f"/{account_id}", content=update(1))).status_code == 200
        outage.stop()
        answers = [await provider.post(f"/{account_id}", content=update(n)) for n in range(2, 12)]
        assert [answer.status_code for answer in answers] == [200] * 10
        forged = {"x-telegram-bot-api-secret-token": "no"}
        wrong = await provider.post(f"/{account_id}", content=update(99), headers=forged)
        assert wrong.status_code == 401
        assert (await provider.post(f"/{ids.new('acc')}", content=update(99))).status_code == 503
        outage.start()

        async def drained() -> bool:
            return await count(stricken) == 11

        await eventually(drained, seconds=30)
        stored = await work.pending_inbound(stricken, f"{account_id}|42", limit=50)
        assert [orjson.loads(r.body)["update_id"] for r in stored] == list(range(1, 12))


async def test_a_web_process_that_starts_without_a_database_knows_its_accounts(
    stricken: Runtime, alone: Settings, outage: Outage
) -> None:
    account_id = await _telegram(stricken)
    await stricken.accounts.get(account_id)
    assert SECRET.encode() not in (alone.data_dir / "accounts.cache").read_bytes()
    outage.stop()
    async with open_runtime(alone) as fresh:
        assert (await fresh.accounts.get(account_id)).secrets["webhook_secret"] == SECRET
        with pytest.raises(Unavailable):
            await fresh.accounts.get(ids.new("acc"))
