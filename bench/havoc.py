"""
A mailing while worker, web, Valkey and the database are killed with SIGKILL at random, and the provider throttles,
fails, loses answers after it has taken a message, and reports late, twice and out of order. Its ledger must show nobody
twice and nobody missed.

    python -m bench havoc            20,000 people
    python -m bench havoc --quick    500; the same runs in the tests
"""

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx

from app.core.addresses import Address
from app.core.mongo import DatabaseError
from app.core.runtime import open_runtime
from bench.broadcast import World, prepare, ready, set_number
from bench.report import Bar, Report
from bench.shop import open_shop
from bench.stage import Stage, free_port, stage
from crm import consent
from crm.consent import ConsentFact
from inbox.mailings import mailings
from inbox.mailings.lane import IN_FLIGHT
from inbox.mailings.mailing import Mailing, Outcome

_VICTIMS = ("worker", "worker", "web", "valkey", "database")
_PATIENCE_SECONDS = 150.0


@dataclass(frozen=True, slots=True)
class Plan:
    people: int = 20_000
    per_second: int = 250
    kills: int = 25
    between_seconds: float = 4.0
    withdrawals: int = 20


QUICK = Plan(people=500, per_second=60, kills=3, between_seconds=2.0, withdrawals=5)


@dataclass(slots=True)
class Story:
    """What happened, and what was found wrong with it."""

    kills: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    after_pause: int = 0


async def run(quick: bool) -> Report:
    plan = QUICK if quick else Plan()
    story = await happen(plan)
    report = Report("A mailing while everything is killed", ("what", "how many"))
    for name, number in (*story.kills.items(), *story.states.items()):
        report.row(name, float(number))
    report.notes += story.faults[:20]
    report.bars.append(Bar("promises broken", len(story.faults), 0))
    return report


async def happen(plan: Plan) -> Story:
    """The whole story; `faults` is empty if every promise was kept."""
    story, dice = Story(), random.Random()
    async with stage() as on:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        await on.start("sandbox", [sys.executable, "-m", "sandbox", "--port", str(port), "--empty"], port=port)
        on.shared_env["PARLEY_GRAPH_URL"] = f"{url}/graph"
        web = await on.web()
        on.shared_env["PARLEY_PUBLIC_URL"] = web
        async with (
            open_runtime(on.settings(graph_url=f"{url}/graph", public_url=web)) as runtime,
            httpx.AsyncClient(base_url=f"{url}/_sandbox", timeout=60, trust_env=False) as sandbox,
        ):
            world = World(on, runtime, await open_shop(runtime), sandbox, on.folder / "commands")
            await prepare(world, plan.people)
            await set_number(world, plan.per_second, f"{web}{world.shop.webhook}")
            await _cruel(world)
            mailing = await ready(world, "havoc", plan.people)
            await on.worker()
            await mailings.start(world.shop.ws, mailing.id)
            gone = await _paused(world, mailing, story, plan)
            await _kill(on, story, dice, plan)
            async with on.supervised():
                await _gentle(world)
                await _ended(world, mailing)
            await _verify(world, mailing, story, gone)
    return story


async def _cruel(world: World) -> None:
    knobs = {
        "status_delay_ms": {"sent": 50, "delivered": 150, "read": 300},
        "duplicate_rate": 0.2,
        "reorder_rate": 0.2,
        "error_rate": 0.04,
        "error_code": 131016,
        "timeout_after_accept_rate": 0.02,
        "retry_base_ms": 300,
        "retry_max_ms": 2_000,
    }
    (await world.sandbox.put("/knobs", json=knobs)).raise_for_status()


async def _gentle(world: World) -> None:
    calm = {"error_rate": None, "timeout_after_accept_rate": None, "throttle": None}
    (await world.sandbox.put("/knobs", json=calm)).raise_for_status()


async def _sent(world: World) -> int:
    answer = await world.sandbox.get("/ledger", params={"limit": 1, "direction": "out"})
    return int(answer.json()["last_seq"])


async def _paused(world: World, mailing: Mailing, story: Story, plan: Plan) -> set[str]:
    """It stands still within two seconds; some of those who have not got it yet take their consent back meanwhile."""
    ws = world.shop.ws
    async with asyncio.timeout(60):
        while await _sent(world) < plan.people // 10:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await mailings.pause(ws, mailing.id, reason="A look", by="Olu")
    await asyncio.sleep(2)
    before = await _sent(world)
    await asyncio.sleep(1)
    story.after_pause = await _sent(world) - before
    if story.after_pause:
        story.faults.append(f"{story.after_pause} messages went out later than two seconds after the pause")
    left, _ = await mailings.recipients(ws, mailing.id, state="queued", limit=plan.withdrawals)
    for each in left:
        fact = ConsentFact(
            contact_id=each.contact_id,
            address=Address.parse(each.address),
            purposes=("marketing",),
            state="withdrawn",
            source="form",
            evidence="havoc",
            at=ws.clock.now(),
            actor="contact",
        )
        await consent.record(ws, fact)
    (await world.sandbox.put("/knobs", json={"throttle": True})).raise_for_status()
    await mailings.resume(ws, mailing.id)
    await asyncio.sleep(3)
    (await world.sandbox.put("/knobs", json={"throttle": None})).raise_for_status()
    return {each.address for each in left}


async def _kill(on: Stage, story: Story, dice: random.Random, plan: Plan) -> None:
    for number in range(plan.kills):
        await asyncio.sleep(dice.uniform(0.3, 1.0) * plan.between_seconds)
        victim = on.programs["worker" if number == 0 else dice.choice(_VICTIMS)]
        story.kills[victim.name] += 1
        victim.kill()
        await asyncio.sleep(dice.uniform(0.1, 0.6))
        victim.start_again()


async def _ended(world: World, mailing: Mailing) -> None:
    """Until everybody's turn has come, and reports have told what they can."""
    deadline, before = time.monotonic() + _PATIENCE_SECONDS, -1
    while True:
        try:
            if (await mailings.get(world.shop.ws, mailing.id)).state == "done":
                progress = await mailings.progress(world.shop.ws, mailing.id)
                now = progress.read * 1_000_000 + progress.delivered * 1_000 + progress.sent
                if now == before:
                    return
                before = now
                await asyncio.sleep(4)
                continue
        except DatabaseError:
            pass
        if time.monotonic() > deadline:
            return
        await asyncio.sleep(0.5)


async def _verify(world: World, mailing: Mailing, story: Story, gone: set[str]) -> None:
    ws = world.shop.ws
    state = (await mailings.get(ws, mailing.id)).state
    if state != "done":
        story.faults.append(f"the mailing is {state}")
    times: Counter[str] = Counter()
    after = 0
    while True:
        query: dict[str, str | int] = {"limit": 1_000, "after": after, "direction": "out"}
        page = (await world.sandbox.get("/ledger", params=query)).json()
        times.update(f"whatsapp:+{each['to'].removeprefix('+')}" for each in page["entries"])
        if page["next_after"] is None:
            break
        after = page["next_after"]
    story.faults += [f"{address} got it {count} times" for address, count in times.items() if count > 1]
    outcomes = [each async for each in _all(world, mailing)]
    story.states.update(each.state for each in outcomes)
    doubtful = 0
    for each in outcomes:
        got = each.address in times
        if each.address in gone and got:
            story.faults.append(f"{each.address} had taken back their consent")
        if each.address in gone and each.state != "skipped":
            story.faults.append(f"{each.address} took back their consent and is {each.state}")
        if got and each.state not in ("sent", "delivered", "read"):
            story.faults.append(f"{each.address} has it and is {each.state}")
        if not got and each.state not in ("unknown", "skipped", "failed"):
            story.faults.append(f"{each.address} is {each.state} and has nothing")
        doubtful += not got and each.state == "unknown"
    if doubtful > IN_FLIGHT * (story.kills["worker"] + story.kills["database"]):
        story.faults.append(f"{doubtful} people are in doubt")
    progress = await mailings.progress(ws, mailing.id)
    if len(outcomes) != progress.total:
        story.faults.append(f"{len(outcomes)} people of {progress.total} are known")


async def _all(world: World, mailing: Mailing) -> AsyncIterator[Outcome]:
    cursor: str | None = None
    while True:
        found, cursor = await mailings.recipients(world.shop.ws, mailing.id, after=cursor, limit=500)
        for each in found:
            yield each
        if cursor is None:
            return
