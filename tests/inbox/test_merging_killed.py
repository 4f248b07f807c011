"""A worker is killed with SIGKILL in the middle of merging and of parting, while everybody goes on writing."""

import asyncio
import json
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.core import ids
from inbox import conversations
from inbox.merging import merging
from tests.support import servers
from tests.support.persons import Persons, quiet
from tests.support.shop import Shop, eventually

ROOT = Path(__file__).resolve().parents[2]
PAIRS = 4
# A whole worker that has this to do beside its other work, and dies before or after a command to the database: `share`
# says how far through it is then. How many commands one merge takes it finds out with the first.
WORKER = """
import asyncio, json, os, signal, sys
from pymongo import monitoring
from app import worker
from app.core import leases
from app.core.permissions import SYSTEM
from app.core.queue import Lane
from app.core.runtime import open_runtime
from app.core.settings import Settings
from crm import merging as records
from inbox.merging import merging

# Soon over for whoever waits for what the dead one held.
leases.SECONDS = 2
told = json.loads(sys.stdin.read())

class Killer(monitoring.CommandListener):
    seen, limit = 0, 10**9
    def count(self):
        self.seen += 1
        if self.seen >= self.limit:
            os.kill(os.getpid(), signal.SIGKILL)
    def started(self, event): self.count()
    def succeeded(self, event): self.count()
    def failed(self, event): self.count()

async def one(ws, what, into, other):
    if what == "merge":
        both = await records.sides(ws, into, other)
        await merging.merge(ws, SYSTEM, into, other, {}, both.version)
    else:
        await merging.part(ws, SYSTEM, (await records.of_contact(ws, into))[0].id)

async def main():
    killer = Killer()
    monitoring.register(killer)
    async with open_runtime(Settings(_env_file=None, **told["settings"])) as runtime:
        ws = runtime.workspace(told["workspace_id"])
        (first, *rest) = told["pairs"]
        await one(ws, told["what"], *first)
        killer.limit = killer.seen + int(told["share"] * killer.seen * len(rest))
        tasks = worker.start_tasks(runtime, tuple(Lane))
        print("begun", flush=True)
        await asyncio.gather(*(one(ws, told["what"], *pair) for pair in rest))
        await asyncio.sleep(3600)

asyncio.run(main())
"""


class Pairs:
    """Contacts to be merged two by two, who write all the time."""

    def __init__(self, persons: Persons) -> None:
        self.persons, self.shop, self.ws = persons, persons.shop, persons.ws
        self.pairs: list[tuple[str, str]] = []
        self.customers: dict[str, dict[str, Any]] = {}
        self.said: dict[str, list[str]] = {}
        self.workers: list[asyncio.subprocess.Process] = []

    async def hire(self, number: int) -> None:
        """Workers that have read their code, and wait to be told what to do."""
        for _ in range(number):
            worker = await asyncio.create_subprocess_exec(
                sys.executable, "-c", WORKER, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
            self.workers.append(worker)

    async def dismiss(self) -> None:
        for worker in self.workers:
            worker.kill()
            await worker.wait()

    async def meet(self) -> None:
        for _ in range(2 * PAIRS):
            contact_id, customer = await self.persons.someone(f"Pair {ids.new('x')[-8:]}")
            self.customers[contact_id] = customer
            self.said[contact_id] = [f"Hello from {customer['name']}"]
        known = list(self.customers)
        self.pairs = list(zip(known[::2], known[1::2], strict=True))

    async def write(self, until: "asyncio.Task[Any]") -> None:
        """One after another, until that is over and once more."""
        going = True
        while going:
            going = not until.done()
            for contact_id, customer in self.customers.items():
                text = f"{len(self.said[contact_id])} {customer['name']}"
                self.said[contact_id].append(text)
                await self.shop.writes("whatsapp", customer["id"], type="text", text=text)

    async def killed(self, what: str, share: float) -> None:
        """A worker does this to all pairs and dies somewhere in the middle; nobody stops writing for that."""
        known = self.shop.runtime.settings
        given = {
            "settings": {
                "mongodb_uri": known.mongodb_uri.get_secret_value(),
                "redis_url": known.redis_url.get_secret_value(),
                "secret_keys": servers.SECRET_KEY,
                "database": known.database,
                "data_dir": str(known.data_dir / "worker"),
                "public_url": known.public_url,
                "graph_url": known.graph_url,
            },
            "workspace_id": self.ws.id,
            "pairs": self.pairs,
            "what": what,
            "share": share,
        }
        process = self.workers.pop()
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(given).encode())
        process.stdin.close()
        begun = await process.stdout.readline()
        assert begun == b"begun\n"
        dying = asyncio.create_task(process.wait())
        await self.write(dying)
        assert await dying == -9

    async def settled(self, what: str) -> set[str]:
        """All that was begun is whole, and nobody is held by it; the states in which the pairs are."""
        states: set[str] = set()

        async def whole() -> bool:
            await merging.sweep(self.shop.runtime)
            states.clear()
            rows = await self.ws.db.merges.find({}, limit=500)
            people = {row["_id"]: row for row in await self.ws.db.contacts.find({}, limit=500)}
            for into, other in self.pairs:
                known = [row["status"] for row in rows if (row["into_id"], row["from_id"]) == (into, other)]
                assert len(known) <= 1
                status = known[0] if known else "gone"
                merged = people[other].get("merged_into") == into
                assert "merged_into" not in people[into]
                if status in ("merging", "parting") or any(people[each].get("merge_id") for each in (into, other)):
                    return False
                assert merged == (status == "merged"), (status, people[other])
                states.add(status)
            return not any(row.get("work_key") for row in rows)

        await eventually(whole)
        return states

    async def nothing_is_lost_or_doubled(self) -> None:
        for into, other in self.pairs:
            one = (await self.shop.get(f"/contacts/{other}"))["id"] == into
            sides = [(into, (into, other))] if one else [(into, (into,)), (other, (other,))]
            for contact_id, members in sides:

                async def read(contact_id: str = contact_id, members: tuple[str, ...] = members) -> bool:
                    texts = await self.persons.read(contact_id)
                    assert len(texts) == len(set(texts))
                    wanted = {each: [t for t in texts if t in self.said[each]] for each in members}
                    return sum(map(len, wanted.values())) == len(texts) and all(
                        wanted[each] == self.said[each] for each in members
                    )

                await eventually(read)
                await quiet(self.ws)
                conversation = await conversations.get(self.ws, conversations.id_for(contact_id))
                assert conversation.unread == sum(len(self.said[each]) for each in members)
            for contact_id in (into, other):
                rows = await self.ws.db.entries.find({"contact_id": contact_id}, limit=10_000, fields=["number"])
                assert sorted(row["number"] for row in rows) == list(range(1, len(rows) + 1))


@pytest.fixture
async def pairs(shop: Shop) -> AsyncIterator[Pairs]:
    made = Pairs(Persons(shop))
    await made.hire(2)
    yield made
    await made.dismiss()


async def test_a_worker_is_killed_while_it_merges_and_while_it_parts(pairs: Pairs, shop: Shop) -> None:
    dice = random.Random()
    await pairs.meet()
    shares = [round(dice.uniform(0.1, 0.9), 3) for _ in range(2)]
    print("killed at", shares)
    await pairs.killed("merge", shares[0])
    assert await pairs.settled("merge") <= {"merged", "gone"}
    await pairs.nothing_is_lost_or_doubled()
    # Those of which nothing was stored yet are merged now.
    for into, other in pairs.pairs:
        if (await shop.get(f"/contacts/{other}"))["id"] != into:
            await pairs.persons.merge(into, other)
    await pairs.killed("part", shares[1])
    assert await pairs.settled("part") <= {"merged", "parted"}
    await pairs.nothing_is_lost_or_doubled()
    # Nobody is held for ever: what was not begun can be done, and so can the next merge.
    for into, other in pairs.pairs:
        for merge in (await shop.get(f"/contacts/{into}/merges"))["items"]:
            if merge["undone_at"] is None:
                await shop.post(f"/merges/{merge['id']}/undo")
        assert (await shop.get(f"/contacts/{other}"))["id"] == other
    await pairs.nothing_is_lost_or_doubled()
