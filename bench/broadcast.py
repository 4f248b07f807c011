"""
A mailing through one worker, over real HTTP to the sandbox: what a message costs there, against a bare arq loop that
sends batches over the same HTTP client, and against plain arq with one job a message, in the same run. Then its pace
at a sender's allowance, with reports coming back at three times that, and people's answers on the same sender.
"""

import asyncio
import sys
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median

import httpx
from arq.connections import ArqRedis, RedisSettings, create_pool

from app.core.addresses import Address
from app.core.platform import mailings as platform
from app.core.runtime import Runtime, open_runtime
from bench import bare
from bench.report import Report, quantile
from bench.shop import APP_SECRET, PHONE_NUMBER_ID, WABA_ID, Shop, open_shop
from bench.stage import Stage, free_port, stage
from channels.content import Template, TemplateParameters, Text
from channels.contract import Purpose
from crm import contacts, pacing
from crm.standing import Standing
from crm.store import contacts as contact_store
from inbox import conversations, outbox, templates, timeline
from inbox.conversations import Reach
from inbox.mailings import mailings
from inbox.mailings.mailing import Batch, Guards, Mailing, NewMailing, Recipient
from inbox.timeline import Author

COLUMNS = ("way", "messages", "a second", "worker CPU ms", "commands", "provider ms", "database ms", "memory +MB")
_FREE = 90_000
_PATIENCE_SECONDS = 20.0
# What is done behind a mailing may take so long; worker and database rest when both take no more of a core than this.
_SETTLES_SECONDS = 600.0
_QUIET = 0.1
# From so many messages a second on their reports come together: Meta puts up to 1,000 updates into one request, the
# sandbox here those of a tenth of a second, up to 100. At fewer each comes alone, as it may at any rate.
_MANY_A_SECOND = 1_000
_TOGETHER_MS = 100
# The smaller size goes so often, each time before a bare loop of as many, and the medians count.
_TURNS = 2
_TEXT = "Number {{1}} is ready."

# Counts the database commands of the process that it is put before, and writes them down.
_COUNTING = """
import sys, threading, time
path = sys.argv[1]
from pymongo import monitoring
class Count(monitoring.CommandListener):
    n = 0
    def started(self, event): Count.n += 1
    def succeeded(self, event): pass
    def failed(self, event): pass
monitoring.register(Count())
def write():
    while True:
        time.sleep(0.1)
        open(path, 'w').write(str(Count.n))
threading.Thread(target=write, daemon=True).start()
from arq.cli import cli
sys.argv[1:] = ['app.worker.WorkerSettings']
cli()
"""


@dataclass(frozen=True, slots=True)
class World:
    opened: Stage
    runtime: Runtime
    shop: Shop
    sandbox: httpx.AsyncClient
    counted: Path

    def commands(self) -> int:
        return int(self.counted.read_text() or 0) if self.counted.exists() else 0


async def run(quick: bool) -> Report:
    report = Report("A mailing through one worker, against bare arq loops in the same run", COLUMNS)
    async with stage() as opened:
        port = free_port()
        sandbox_url = f"http://127.0.0.1:{port}"
        argv = [sys.executable, "-m", "sandbox", "--port", str(port), "--empty"]
        await opened.start("sandbox", argv, port=port)
        opened.shared_env["PARLEY_GRAPH_URL"] = f"{sandbox_url}/graph"
        url = await opened.web()
        opened.shared_env["PARLEY_PUBLIC_URL"] = url
        settings = opened.settings(graph_url=f"{sandbox_url}/graph", public_url=url)
        async with (
            open_runtime(settings) as runtime,
            httpx.AsyncClient(base_url=f"{sandbox_url}/_sandbox", timeout=60, trust_env=False) as sandbox,
        ):
            world = World(opened, runtime, await open_shop(runtime), sandbox, opened.folder / "commands")
            sizes = (2_500,) if quick else (10_000, 100_000)
            await prepare(world, max(_TURNS * sizes[0], sizes[-1]))
            await _flat_out(report, world, sizes)
            for rate in (80,) if quick else (80, 1_000):
                await _paced(report, world, rate, rate * (15 if quick else 30))
    return report


# --- who and what -------------------------------------------------------------------------------------------------


async def prepare(world: World, people: int) -> None:
    """A sender at the sandbox and an approved text, and so many people who agreed to get it."""
    await _provider(world)
    await _people(world, people)


async def _provider(world: World) -> None:
    """The sender at the sandbox, silent at first: no reports; and an approved text that advertises."""
    await set_number(world, _FREE, "")
    knobs = {"read": "auto", "pair_burst": 1_000_000}
    (await world.sandbox.put("/knobs", json=knobs)).raise_for_status()
    base = str(world.sandbox.base_url).removesuffix("/_sandbox/")
    body = {
        "name": "advert",
        "language": "en_US",
        "category": "MARKETING",
        "components": [{"type": "BODY", "text": _TEXT, "example": {"body_text": [["1"]]}}],
    }
    async with httpx.AsyncClient(trust_env=False) as meta:
        made = await meta.post(
            f"{base}/graph/v26.0/{WABA_ID}/message_templates", json=body, headers={"authorization": "Bearer bench"}
        )
        made.raise_for_status()
    approved = {"waba_id": WABA_ID, "name": "advert", "language": "en_US", "status": "APPROVED"}
    (await world.sandbox.post("/template_status", json=approved)).raise_for_status()
    await templates.sync(world.runtime, world.shop.account.id)
    quiet = pacing.QuietHours(enabled=True, week=(pacing.Open(start=0, end=1440),) * 7, presets=False)
    await pacing.save(world.shop.ws, pacing.Pacing(quiet=quiet, caps=(pacing.Cap(most=1_000, days=1),)))


async def set_number(world: World, per_second: int, webhook: str) -> None:
    """What the sandbox lets the number send, and what Parley takes it to be."""
    number = {
        "app_secret": APP_SECRET,
        "access_token": "bench",
        "waba_id": WABA_ID,
        "display_phone_number": "12025550177",
        "verify_token": "bench",
        "webhook_url": webhook,
        "messages_per_second": per_second,
        "messaging_limit": "TIER_UNLIMITED",
    }
    (await world.sandbox.put(f"/accounts/whatsapp/{PHONE_NUMBER_ID}", json=number)).raise_for_status()
    config = {**world.shop.account.config, "messages_per_second": str(per_second)}
    await world.runtime.mongo.accounts.update_one({"_id": world.shop.account.id}, {"$set": {"config": config}})
    world.runtime.accounts.forget()


async def _people(world: World, count: int) -> None:
    """Contacts who agreed to marketing, each with a phone at the sandbox."""
    ws, now = world.shop.ws, world.runtime.clock.now()
    agreed = {"marketing": Standing(now, "import", granted_at=now)}
    for first in range(0, count, 1_000):
        some = range(first, min(first + 1_000, count))
        generate = {"count": len(some), "first_phone": f"+{bare.FIRST_PHONE + first}", "prefix": f"b{first}x"}
        (await world.sandbox.post("/customers", json={"generate": generate})).raise_for_status()
        addresses = [Address("whatsapp", f"+{bare.FIRST_PHONE + at}") for at in some]
        people = [
            contacts.Contact(
                id=contacts.id_for(ws, address),
                name=f"Customer {at}",
                name_source="member",
                avatar_hue=0,
                created_at=now,
            )
            for at, address in zip(some, addresses, strict=True)
        ]
        await contact_store.insert_many(ws, [contact_store.new_row(each, (), ()) for each in people])
        rows = [
            contacts.ContactAddress(
                address=address, contact_id=each.id, verified=True, created_at=now, username=None, consent=agreed
            )
            for address, each in zip(addresses, people, strict=True)
        ]
        await contact_store.insert_addresses(ws, [(row, 0) for row in rows])


async def ready(world: World, name: str, count: int, *, behind: int = 0) -> Mailing:
    """To so many behind the first ones, in the order of a stream; it does not run yet."""
    ws, shop = world.shop.ws, world.shop
    parameters = TemplateParameters(body={"1": "{{ contact.first_name | default: 'one' }}"})
    content = Template(name="advert", language="en_US", parameters=parameters)
    new = NewMailing(
        source=("bench", name),
        name=name,
        purpose=Purpose.MARKETING,
        contents={"": {"": content}},
        author=Author("member", shop.owner.id, shop.owner.name),
        guards=Guards(failure_percent=None),
    )
    mailing = await mailings.open(ws, new)
    who = sorted(
        (
            Recipient(contact_id=contacts.id_for(ws, address), address=str(address), price_minor=3)
            for at in range(behind, behind + count)
            for address in [Address("whatsapp", f"+{bare.FIRST_PHONE + at}")]
        ),
        key=lambda each: each.contact_id,
    )
    batches = [
        Batch(seq=seq, recipients=tuple(who[first : first + 100]), account_id=shop.account.id)
        for seq, first in enumerate(range(0, count, 100))
    ]
    for first in range(0, len(batches), 10):
        added = await mailings.add(ws, mailing.id, batches[first : first + 10])
        assert not added.skipped, added
    await mailings.completed(ws, mailing.id, len(batches))
    return mailing


# --- flat out -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Flat:
    """What one mailing took: messages a second from the first at the provider's to the last, and costs of each."""

    rate: float
    worker_ms: float
    commands: float
    grown: float


async def _flat_out(report: Report, world: World, sizes: tuple[int, ...]) -> None:
    small, large = sizes[0], sizes[-1]
    turns: list[tuple[Flat, float]] = []
    for turn in range(_TURNS):
        flat = await _ours(report, world, f"parley {small}", small, behind=turn * small)
        turns.append((flat, await _bare(report, world, "bare batches", "Batches", "send_batch", small, bare.BATCH)))
    await _bare(report, world, "arq, a job each", "OneByOne", "send_one", min(small, 3_000), 1)
    cost, commands = median(flat.worker_ms for flat, _ in turns), median(flat.commands for flat, _ in turns)
    grown = max(flat.grown for flat, _ in turns)
    if large > small:
        flat = await _ours(report, world, f"parley {large}", large)
        report.at_most(f"CPU a message at {large}, × that at {small}", flat.worker_ms / cost, 1.15)
        cost, commands, grown = flat.worker_ms, flat.commands, flat.grown
    report.at_most("worker CPU a message, ms", cost, 0.6)
    report.at_most("database commands a message", commands, 0.1)
    report.at_least("messages a second, × the bare loop's", median(flat.rate / loop for flat, loop in turns), 0.6)
    report.at_most("memory growth, MB", grown, 40)


async def _ours(report: Report, world: World, name: str, size: int, *, behind: int = 0) -> Flat:
    """One mailing alone, when all is done that is behind those before it."""
    mailing = await ready(world, f"{name} {behind}", size, behind=behind)
    await _worker(world)
    await _settled(world)
    before, commands = world.opened.cpu(), world.commands()
    memory, first = world.opened.programs["worker"].memory_bytes(), await _count(world)
    await mailings.start(world.shop.ws, mailing.id)
    await _accepted(world, first + 1)
    got, began = await _count(world), time.perf_counter()
    await _accepted(world, first + size)
    seconds = time.perf_counter() - began
    await asyncio.sleep(0.2)
    after, commands = world.opened.cpu(), world.commands() - commands
    grown = (world.opened.programs["worker"].memory_bytes() - memory) / 1e6
    await _ended(world, mailing)
    await world.opened.stop("worker")
    ms = {program: (after[program] - before[program]) * 1000 / size for program in after}
    rate = (first + size - got) / seconds
    report.row(name, size, rate, ms["worker"], commands / size, ms["sandbox"], ms.get("database", 0.0), grown)
    return Flat(rate, ms["worker"], commands / size, grown)


async def _worker(world: World) -> None:
    opened = world.opened
    argv = [sys.executable, "-c", _COUNTING, str(world.counted)]
    world.counted.write_text("0")
    await opened.start("worker", argv)
    while world.commands() == 0:
        opened.programs["worker"].require_alive()
        await asyncio.sleep(0.1)
    await asyncio.sleep(2)


async def _bare(report: Report, world: World, name: str, settings: str, job: str, count: int, each: int) -> float:
    redis: ArqRedis = await create_pool(RedisSettings.from_dsn(world.opened.redis_url))
    for first in range(0, count, each):
        await redis.enqueue_job(job, first, _queue_name="bench:bare")
    before, first = world.opened.cpu(), await _count(world)
    argv = [sys.executable, "-m", "arq", f"bench.bare.{settings}"]
    await world.opened.start("bare", argv)
    await _accepted(world, first + 1)
    got, idle, began = await _count(world), world.opened.cpu()["bare"], time.perf_counter()
    await _accepted(world, first + count)
    seconds = time.perf_counter() - began
    after = world.opened.cpu()
    await world.opened.stop("bare")
    await redis.aclose()
    provider = (after["sandbox"] - before["sandbox"]) * 1000 / count
    rate = (first + count - got) / seconds
    report.row(name, count, rate, (after["bare"] - idle) * 1000 / count, 0.0, provider, 0.0, 0.0)
    return rate


async def _count(world: World) -> int:
    answer = await world.sandbox.get("/ledger", params={"limit": 1, "direction": "out"})
    return int(answer.json()["last_seq"])


async def _accepted(world: World, count: int) -> None:
    """Until the provider has so many in all; as long as more come."""
    last, deadline = -1, time.monotonic() + _PATIENCE_SECONDS
    while (got := await _count(world)) < count:
        if got > last:
            last, deadline = got, time.monotonic() + _PATIENCE_SECONDS
        if time.monotonic() > deadline:
            raise AssertionError(f"only {got} of {count} have arrived")
        await asyncio.sleep(0.05)


async def _ended(world: World, mailing: Mailing) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while (await mailings.get(world.shop.ws, mailing.id)).state != "done":  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def _settled(world: World) -> None:
    """
    Until what mailings before this one have sent stands on timelines and is taken in by search and segments, so that
    nothing is busy: that is no part of this one's cost.
    """
    while await platform.to_place(world.runtime, limit=1):  # noqa: ASYNC110
        await asyncio.sleep(0.5)
    deadline = time.monotonic() + _SETTLES_SECONDS
    busy = 1.0
    while busy > _QUIET and time.monotonic() < deadline:
        before, began = _working(world), time.monotonic()
        await asyncio.sleep(2)
        busy = (_working(world) - before) / (time.monotonic() - began)


def _working(world: World) -> float:
    """CPU seconds of what works on behind a mailing."""
    return sum(seconds for name, seconds in world.opened.cpu().items() if name in ("worker", "database"))


# --- at a sender's pace -------------------------------------------------------------------------------------------


async def _paced(report: Report, world: World, rate: int, count: int) -> None:
    """At the sender's allowance, with reports coming back, and an answer of an agent twice a second."""
    ws, shop = world.shop.ws, world.shop
    await _worker(world)
    await _settled(world)
    await world.opened.stop("worker")
    mailing = await ready(world, f"paced {rate}", count)
    await set_number(world, rate, f"{world.runtime.settings.public_url}{shop.webhook}")
    together = {"status_batch_ms": _TOGETHER_MS if rate >= _MANY_A_SECOND else None}
    (await world.sandbox.put("/knobs", json=together)).raise_for_status()
    known = await _talks(world, 20)
    await _worker(world)
    before, first = world.opened.cpu(), await _count(world)
    await mailings.start(ws, mailing.id)
    await _accepted(world, first + 1)
    began = time.perf_counter()
    late: list[float] = []
    answers = asyncio.create_task(_answers(world, known, late, seconds=count / rate * 0.8))
    await _accepted(world, first + count)
    seconds = time.perf_counter() - began
    await answers
    behind = time.perf_counter()
    while (progress := await mailings.progress(ws, mailing.id)).read < count:
        if time.perf_counter() - behind > 60:
            break
        await asyncio.sleep(0.1)
    settled = time.perf_counter() - behind
    after = world.opened.cpu()
    await world.opened.stop("worker")
    ms = {name: (after[name] - before[name]) * 1000 / count for name in after}
    # A full bucket at the beginning is no part of the allowance.
    used = (count - rate * 0.8) / (rate * seconds)
    throttled = sum(number for code, number in progress.failed.items() if code == "130429")
    report.row(f"parley at {rate}/s", count, count / seconds, ms["worker"], 0.0, ms["sandbox"], ms["database"], 0.0)
    report.notes.append(
        f"At {rate}/s: {used:.1%} of the allowance, {throttled} refused; the last read {settled:.1f} s after the last "
        f"send; {len(late)} answers p95 {quantile(late, 0.95):.2f} s to the provider's door."
    )
    report.at_least(f"share of the allowance used at {rate}/s", used, 0.97)
    report.at_most(f"seconds until the last report is applied at {rate}/s", settled - 0.9, 2)
    report.at_most(f"answers on the same sender at {rate}/s, p95 seconds", quantile(late, 0.95), 2)


async def _talks(world: World, count: int) -> list[conversations.Conversation]:
    """Conversations that can be answered now."""
    ws, found = world.shop.ws, []
    for at in range(count):
        address = Address("whatsapp", f"+{bare.FIRST_PHONE + at}")
        now = ws.clock.now()
        made = conversations.new_for(ws, contacts.id_for(ws, address), name="Customer")
        reach = Reach(world.shop.account.id, str(address), now - timedelta(minutes=1), last_external_id="wamid.x")
        found.append((await conversations.change(ws, made, partial(_reached, reach)))[0])
        body = {"channel": "whatsapp", "account": PHONE_NUMBER_ID, "customer": f"b0x{at}", "type": "text", "text": "Hi"}
        await world.sandbox.post("/inbound", json=body)
    return found


def _reached(reach: Reach, conversation: conversations.Conversation) -> conversations.Conversation:
    return replace(conversation, reach=(reach,))


async def _answers(world: World, known: list[conversations.Conversation], late: list[float], *, seconds: float) -> None:
    """An agent answers twice a second; how long it takes to the provider."""
    began, number = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        talk = await conversations.get(world.shop.ws, known[number % len(known)].id)
        draft = outbox.Draft(
            content=Text(text=f"Answer {number}"),
            author=Author("member", world.shop.owner.id, world.shop.owner.name),
            client_id=f"answer{number}-{time.time_ns()}",
        )
        sent_at = time.time()
        (entry,) = await outbox.enqueue(world.shop.ws, talk, draft)
        number += 1
        while (await timeline.get(world.shop.ws, entry.id)).status in ("queued", "sending"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        late.append(time.time() - sent_at)
        await asyncio.sleep(max(0.0, number * 0.5 - (time.perf_counter() - began)))
