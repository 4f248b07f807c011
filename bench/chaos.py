"""
Chaos: messages flow in and out at a steady rate while web, worker, Valkey and the database are killed with SIGKILL and
started again at random. Afterwards the sandbox's ledger, the timeline and a screen that reconnected must agree.

    python -m bench chaos            ten minutes, some sixty kills
    python -m bench chaos --quick    under a minute; the same runs in the tests
"""

import asyncio
import contextlib
import random
import secrets
import sys
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import websockets

from app.core import members, mongo
from app.core.runtime import Runtime, Workspace, open_runtime
from app.core.security import random_token
from bench.report import Bar, Report
from bench.stage import Stage, free_port, stage
from channels.contract import RANK, DeliveryStatus
from inbox.store import conversations as conversation_store
from inbox.store import entries as entry_store
from inbox.timeline import Entry, place

PASSWORD = "correct horse battery"
_WHATSAPP = "100000000000088"
_BOT = "700088"
_VICTIMS = ("web", "worker", "valkey", "database")


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, how fast, how cruel."""

    seconds: float = 600
    customers: int = 24
    inbound_per_second: float = 8
    replies_per_second: float = 4
    kill_every_seconds: float = 9
    settle_seconds: float = 150
    seed: int = 0


QUICK = Plan(seconds=24, customers=8, inbound_per_second=5, replies_per_second=2.5, kill_every_seconds=4.5)


@dataclass(slots=True)
class Story:
    """What happened, and what was found wrong with it."""

    plan: Plan
    kills: Counter[str] = field(default_factory=Counter)
    written: int = 0
    answered: int = 0
    refused: int = 0
    # Answers to attempts that were not taken, by status.
    answers: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    entries: int = 0
    unknown: int = 0

    def fault(self, text: str) -> None:
        if len(self.faults) < 50:
            self.faults.append(text)


async def run(quick: bool) -> Report:
    """The bench: its bar is that no promise was broken."""
    return report(await happen(QUICK if quick else Plan()))


async def happen(plan: Plan) -> Story:
    """The whole story; `faults` is empty if every promise was kept."""
    story = Story(plan)
    dice = random.Random(plan.seed or None)
    async with stage() as on:
        world = await _World.open(on, plan)
        try:
            async with asyncio.TaskGroup() as group:
                stop = asyncio.Event()
                screen = group.create_task(world.screen.follow(stop))
                flows = [
                    group.create_task(_customers(world, story, dice)),
                    group.create_task(_agents(world, story, dice)),
                ]
                killer = group.create_task(_killer(world, story, dice))
                await asyncio.sleep(plan.seconds)
                for task in (*flows, killer):
                    task.cancel()
                async with on.supervised():
                    await _settle(world, story)
                stop.set()
                await screen
            await _verify(world, story)
        finally:
            await world.close()
    return story


# --- the world ----------------------------------------------------------------------------------------------------


class _World:
    """Processes, a workspace with accounts at the sandbox, customers, one signed-in agent with a screen."""

    def __init__(self, on: Stage, url: str, sandbox: httpx.AsyncClient) -> None:
        self.on = on
        self.url = url
        self.sandbox = sandbox
        self.agent = httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=20, trust_env=False)
        self.stack = contextlib.AsyncExitStack()
        self.customers: list[dict[str, Any]] = []
        self.conversations: dict[str, str] = {}
        self.headers: dict[str, str] = {}
        self.screen: _Screen
        self.runtime: Runtime
        self.ws: Workspace
        self.accounts: dict[str, str] = {}

    @classmethod
    async def open(cls, on: Stage, plan: Plan) -> "_World":
        port, sandbox_port = free_port(), free_port()
        url, sandbox_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{sandbox_port}"
        argv = [sys.executable, "-m", "sandbox", "--port", str(sandbox_port), "--data-dir", str(on.folder / "sandbox")]
        await on.start("sandbox", argv, port=sandbox_port)
        world = cls(on, url, httpx.AsyncClient(base_url=f"{sandbox_url}/_sandbox", timeout=30, trust_env=False))
        env = {
            "PARLEY_PUBLIC_URL": url,
            "PARLEY_GRAPH_URL": f"{sandbox_url}/graph",
            "PARLEY_TWILIO_URL": f"{sandbox_url}/twilio",
            "PARLEY_TELEGRAM_URL": f"{sandbox_url}/telegram",
        }
        changes = {name.removeprefix("PARLEY_").lower(): value for name, value in env.items()}
        world.runtime = await world.stack.enter_async_context(open_runtime(on.settings(**changes)))
        await mongo.ensure_indexes(world.runtime.mongo)
        code = f"import sys; from app import serve; sys.exit(serve.run('127.0.0.1', {port}))"
        await on.start("web", [sys.executable, "-c", code], port=port, env=env)
        await on.start("worker", [sys.executable, "-m", "arq", "app.worker.WorkerSettings"], env=env)
        await world._people(plan)
        return world

    async def _people(self, plan: Plan) -> None:
        self.ws, owner = await members.create_workspace(
            self.runtime, name="Chaos", owner_name="Ines Roux", owner_email="ines@example.com", password=PASSWORD
        )
        async with httpx.AsyncClient(base_url=self.url, timeout=30, trust_env=False) as client:
            login = {"email": owner.email, "password": PASSWORD}
            answer = (await client.post("/api/v1/login", json=login)).raise_for_status()
            cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
            self.headers = {"x-parley-csrf": answer.json()["csrf"], "cookie": cookie}
            await self._accounts(client)
        self.screen = _Screen(self.url, self.headers["cookie"])
        knobs = {
            "status_delay_ms": {"sent": 50, "delivered": 200, "read": 400},
            "read": "auto",
            "duplicate_rate": 0.1,
            "reorder_rate": 0.1,
            "error_rate": 0.05,
            "retry_base_ms": 300,
            "retry_max_ms": 2_000,
            "limits": False,
        }
        (await self.sandbox.put("/knobs", json=knobs)).raise_for_status()
        made = [
            {"id": f"chaos{n}", "name": f"Customer {n}", "phone": f"+1202555{n:04d}"} for n in range(plan.customers)
        ]
        self.customers = (await self.sandbox.post("/customers", json={"customers": made})).json()["customers"]
        for person in self.customers[::2]:
            await self.writes(person, type="start")

    async def _accounts(self, client: httpx.AsyncClient) -> None:
        secret, token = secrets.token_hex(16), f"{_BOT}:{secrets.token_hex(17)}"
        number = {
            "app_secret": secret,
            "access_token": random_token("EAA"),
            "waba_id": "200000000000088",
            "app_id": "300000000000088",
            "display_phone_number": "12025550188",
        }
        bot = {"token": token, "username": "chaos_bot", "first_name": "Chaos"}
        (await self.sandbox.put(f"/accounts/whatsapp/{_WHATSAPP}", json=number)).raise_for_status()
        (await self.sandbox.put(f"/accounts/telegram/{_BOT}", json=bot)).raise_for_status()
        config = {
            "phone_number_id": _WHATSAPP,
            "waba_id": number["waba_id"],
            "access_token": number["access_token"],
            "app_secret": secret,
        }
        for kind, values in (("whatsapp", config), ("telegram", {"bot_token": token})):
            made = await client.post(
                "/api/v1/accounts", json={"kind": kind, "name": kind, "config": values}, headers=self.headers
            )
            account = made.raise_for_status().json()
            self.accounts[kind] = account["id"]
            if kind == "whatsapp":
                webhook = {"webhook_url": account["webhook_url"], "verify_token": account["verify_token"]}
                (
                    await self.sandbox.put(f"/accounts/whatsapp/{_WHATSAPP}", json={**number, **webhook})
                ).raise_for_status()
            path = f"/api/v1/accounts/{account['id']}/register-webhook"
            (await client.post(path, headers=self.headers)).raise_for_status()

    def channel_of(self, person: Mapping[str, Any]) -> tuple[str, str]:
        """Every other customer is on Telegram."""
        even = int(str(person["id"]).removeprefix("chaos")) % 2 == 0
        return ("telegram", _BOT) if even else ("whatsapp", _WHATSAPP)

    async def writes(self, person: Mapping[str, Any], **message: Any) -> None:
        channel, account = self.channel_of(person)
        body = {"channel": channel, "account": account, "customer": person["id"], **message}
        (await self.sandbox.post("/inbound", json=body)).raise_for_status()

    async def close(self) -> None:
        await self.sandbox.aclose()
        await self.agent.aclose()
        await self.stack.aclose()


class _Screen:
    """
    An agent's screen: keeps what events tell, resumes by cursor, and fetches everything again when told to reload, as
    the real one does.
    """

    def __init__(self, url: str, cookie: str) -> None:
        self._url = url
        self._cookie = cookie
        self.entries: dict[str, dict[str, Any]] = {}
        self.conversations: dict[str, dict[str, Any]] = {}
        self.cursor: str | None = None
        self.connects = self.resumes = self.reloads = 0
        self.gaps: list[str] = []

    async def follow(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            with contextlib.suppress(OSError, websockets.WebSocketException, TimeoutError, httpx.HTTPError):
                await self._connected(stop)
            await asyncio.sleep(0.2)

    async def _connected(self, stop: asyncio.Event) -> None:
        address = self._url.replace("http", "ws", 1) + "/ws/agent"
        headers = {"Cookie": self._cookie, "Origin": self._url}
        async with websockets.connect(address, additional_headers=headers, open_timeout=5, proxy=None) as socket:
            self.connects += 1
            await socket.send(orjson.dumps({"type": "hello", "cursor": self.cursor}).decode())
            while not stop.is_set():
                try:
                    async with asyncio.timeout(1):
                        frame = orjson.loads(await socket.recv())
                except TimeoutError:
                    continue
                await self._take(frame)

    async def _take(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "welcome":
            self.resumes += bool(frame["resumed"])
            if not frame["resumed"]:
                await self._fetch()
            self.cursor = frame["cursor"]
        elif frame["type"] == "reload":
            self.reloads += 1
            await self._fetch()
        elif "n" in frame:
            epoch, _, number = (self.cursor or "").rpartition(":")
            if number and frame["n"] != int(number) + 1:
                self.gaps.append(f"{self.cursor} → {frame['n']}")
            self.cursor = f"{epoch}:{frame['n']}"
            if frame["type"] == "entry":
                self._keep(self.entries, frame["data"]["entry"])
                if frame["data"]["conversation"]:
                    self._keep(self.conversations, frame["data"]["conversation"])
            elif frame["type"] == "conversation":
                self._keep(self.conversations, frame["data"])

    @staticmethod
    def _keep(known: dict[str, dict[str, Any]], item: dict[str, Any]) -> None:
        if item["id"] not in known or known[item["id"]]["revision"] <= item["revision"]:
            known[item["id"]] = item

    async def _fetch(self) -> None:
        """All conversations and all their entries, from the API."""
        headers = {"cookie": self._cookie}
        async with httpx.AsyncClient(
            base_url=f"{self._url}/api/v1", headers=headers, timeout=20, trust_env=False
        ) as api:
            listed = (await api.get("/conversations", params={"view": "all", "limit": 200})).raise_for_status().json()
            for conversation in listed["items"]:
                self._keep(self.conversations, conversation)
                after = 0
                while True:
                    path = f"/conversations/{conversation['id']}/entries"
                    page = (await api.get(path, params={"after": after, "limit": 100})).raise_for_status().json()
                    for entry in page["items"]:
                        self._keep(self.entries, entry)
                    if not page["has_more"]:
                        break
                    after = page["items"][-1]["number"]


# --- what goes on -------------------------------------------------------------------------------------------------


async def _customers(world: _World, story: Story, dice: random.Random) -> None:
    numbers: Counter[str] = Counter()
    while True:
        await asyncio.sleep(dice.expovariate(story.plan.inbound_per_second))
        person = dice.choice(world.customers)
        numbers[person["id"]] += 1
        await world.writes(person, type="text", text=f"{person['id']} says {numbers[person['id']]}")
        story.written += 1


async def _agents(world: _World, story: Story, dice: random.Random) -> None:
    """An agent answers whoever is known; a refused request is repeated with the same client id, as the app does."""
    async with asyncio.TaskGroup() as group:
        while True:
            await asyncio.sleep(dice.expovariate(story.plan.replies_per_second))
            conversations = list(world.screen.conversations)
            if conversations:
                group.create_task(_answer(world, story, dice.choice(conversations), f"reply {uuid.uuid4()}"))


async def _answer(world: _World, story: Story, conversation_id: str, text: str) -> None:
    body = {"client_id": str(uuid.uuid4()), "content": {"type": "text", "text": text}}
    path = f"/conversations/{conversation_id}/messages"
    for _ in range(60):
        with contextlib.suppress(httpx.HTTPError):
            answer = await world.agent.post(path, json=body, headers=world.headers)
            if answer.status_code == 202:
                story.answered += 1
                return
            story.answers[answer.status_code] += 1
            if answer.status_code < 500 and answer.status_code != 429:
                story.fault(f"a reply was refused with {answer.status_code}: {answer.text[:200]}")
                return
        await asyncio.sleep(0.5)
    story.refused += 1


async def _killer(world: _World, story: Story, dice: random.Random) -> None:
    """Kills one program after another, sometimes two at once, and starts them again after a moment."""
    await asyncio.sleep(3)
    while True:
        victims = dice.sample(_VICTIMS, 2 if dice.random() < 0.2 else 1)
        for name in victims:
            world.on.programs[name].kill()
            story.kills[name] += 1
        await asyncio.sleep(dice.uniform(0.2, 1.5))
        for name in victims:
            world.on.programs[name].start_again()
        await asyncio.sleep(dice.uniform(0.6, 1.4) * story.plan.kill_every_seconds)


async def _settle(world: _World, story: Story) -> None:
    """Waits until nothing is left to do, or too long."""
    await world.sandbox.put("/knobs", json={"error_rate": 0, "duplicate_rate": 0, "reorder_rate": 0})
    deadline = time.monotonic() + story.plan.settle_seconds
    quiet, left = 0, "nothing was looked at"
    while quiet < 3 and time.monotonic() < deadline:
        await asyncio.sleep(1)
        try:
            left = await _left(world)
            quiet = 0 if left else quiet + 1
        except Exception as error:
            # Whatever is not up yet: asked again in a second.
            quiet, left = 0, repr(error)
    if quiet < 3:
        story.fault(f"work was left after the settling time: {left}")


async def _left(world: _World) -> str:
    """The first piece of work that is still open; empty if there is none."""
    db = world.runtime.mongo
    open_work = [
        await db.inbound.find_one({"pending_key": {"$gt": ""}}),
        await db.receipts.find_one({"pending_key": {"$gt": ""}}),
        await db.entries.find_one({"outbox_key": {"$gt": ""}}),
        await db.changes.find_one({}),
    ]
    unheard = (i for i in await _ledger(world) if i["direction"] == "in" and i["acks"] == 0)
    found = next((row for row in open_work if row), None) or next(unheard, None)
    return repr(found) if found else "rows in the spool" if _spooled(world) else ""


def _spooled(world: _World) -> bool:
    return any(path.stat().st_size for path in (world.on.folder / "data" / "spool").glob("*.jsonl"))


async def _ledger(world: _World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = 0
    while True:
        page = (await world.sandbox.get("/ledger", params={"after": after, "limit": 1_000})).json()
        found += page["entries"]
        if not page["entries"] or page["next_after"] is None:
            return found
        after = page["next_after"]


# --- what must hold -----------------------------------------------------------------------------------------------


async def _verify(world: _World, story: Story) -> None:
    stored = await _timeline(world)
    story.entries = sum(len(entries) for entries in stored.values())
    ledger = await _ledger(world)
    _nothing_lost_or_doubled(world, story, ledger, stored)
    _in_order(story, stored)
    _sent_once(story, ledger, stored)
    _statuses(story, ledger, stored)
    _screen_agrees(world, story, stored)


async def _timeline(world: _World) -> dict[str, list[Entry]]:
    """Contact id → entries, by number."""
    found: dict[str, list[Entry]] = defaultdict(list)
    async for row in world.runtime.mongo.entries.find({"workspace_id": world.ws.id}):
        entry = entry_store.from_row(row)
        found[entry.contact_id].append(entry)
    for contact_id, entries in found.items():
        entries.sort(key=lambda entry: entry.number)
        conversation = (await conversation_store.of_contact(world.ws, contact_id))[0]
        world.conversations[contact_id] = conversation.id
    return found


def _text(entry: Entry) -> str:
    return str((entry.content or {}).get("text", ""))


def _nothing_lost_or_doubled(
    world: _World, story: Story, ledger: list[dict[str, Any]], stored: dict[str, list[Entry]]
) -> None:
    for contact_id, entries in stored.items():
        numbers = [entry.number for entry in entries]
        if numbers != list(range(1, len(numbers) + 1)):
            story.fault(f"{contact_id} has numbers with gaps or twice: {numbers[:20]}…")
    here = Counter(
        _text(e) for entries in stored.values() for e in entries if e.direction == "in" and " says " in _text(e)
    )
    there = Counter(str(i["body"].get("text", "")) for i in ledger if i["direction"] == "in" and i["type"] == "text")
    there = Counter({text: count for text, count in there.items() if " says " in text})
    for text in there - here:
        story.fault(f"lost: {text!r}")
    for text in here - there:
        story.fault(f"doubled: {text!r}")


def _in_order(story: Story, stored: dict[str, list[Entry]]) -> None:
    for contact_id, entries in stored.items():
        shown = sorted((e for e in entries if " says " in _text(e)), key=lambda e: (place(e), e.number))
        says = [int(_text(e).rpartition(" ")[2]) for e in shown]
        times = [e.at for e in shown]
        for n in range(1, len(says)):
            # Providers tell whole seconds: within one, only arrival can order.
            if says[n] < says[n - 1] and (times[n - 1] - times[n]).total_seconds() >= 1:
                story.fault(f"{contact_id}: {_told(shown[n - 1])} is shown before {_told(shown[n])}")


def _told(entry: Entry) -> str:
    placed = f", placed {entry.order_at:%H:%M:%S.%f}" if entry.order_at else ""
    stored = f"{entry.created_at:%H:%M:%S.%f}"
    return f"{_text(entry)!r} (#{entry.number}, written {entry.at:%H:%M:%S}, stored {stored}{placed})"


def _sent_once(story: Story, ledger: list[dict[str, Any]], stored: dict[str, list[Entry]]) -> None:
    accepted = Counter(str(i["body"].get("text", "")) for i in ledger if i["direction"] == "out")
    for entries in stored.values():
        for entry in (e for e in entries if e.direction == "out"):
            count = accepted[_text(entry)]
            if count > 1:
                story.fault(f"sent {count} times: {_text(entry)!r}")
            if entry.status == "unknown":
                story.unknown += 1
            elif count == 0 and entry.status in ("sent", "delivered", "read"):
                story.fault(f"{entry.status}, but the provider never had it: {_text(entry)!r}")
            elif entry.status in ("queued", "sending"):
                story.fault(f"still {entry.status}: {_text(entry)!r}")
    texts = {_text(e) for entries in stored.values() for e in entries}
    for text in accepted:
        if text.startswith("reply ") and text not in texts:
            story.fault(f"sent without being stored: {text!r}")


def _statuses(story: Story, ledger: list[dict[str, Any]], stored: dict[str, list[Entry]]) -> None:
    """A message stands where the furthest report about it stands."""
    reported = {
        str(i["body"].get("text", "")): i for i in ledger if i["direction"] == "out" and i["channel"] == "whatsapp"
    }
    for entries in stored.values():
        for entry in (e for e in entries if e.direction == "out" and e.channel == "whatsapp"):
            item = reported.get(_text(entry))
            told = [s["status"] for s in item["statuses"]] if item else []
            known = [DeliveryStatus(s) for s in told if s in RANK]
            if known:
                furthest = max(known, key=lambda s: RANK[s])
                if RANK[DeliveryStatus(entry.status or "queued")] < RANK[furthest]:
                    story.fault(f"{_text(entry)!r} is {entry.status}, its reports say {furthest.value}")


def _screen_agrees(world: _World, story: Story, stored: dict[str, list[Entry]]) -> None:
    if world.screen.gaps:
        story.fault(f"the screen saw gaps: {world.screen.gaps[:5]}")
    for entries in stored.values():
        for entry in entries:
            shown = world.screen.entries.get(entry.id)
            if shown is None:
                story.fault(f"the screen never saw entry {entry.number} of {entry.contact_id} ({entry.kind})")
            elif shown["revision"] != entry.revision or shown["status"] != entry.status:
                told = f"{shown['status']}/{shown['revision']}"
                story.fault(f"the screen shows {told} for {_text(entry)!r}, stored is {entry.status}/{entry.revision}")


def report(story: Story) -> Report:
    """The table and the one bar: no promise broken."""
    kills = ", ".join(f"{name} {count}" for name, count in sorted(story.kills.items()))
    rows = [
        ("customers' messages", str(story.written)),
        ("agents' answers taken", str(story.answered)),
        ("answers that could not be handed in", str(story.refused)),
        ("entries on the timeline", str(story.entries)),
        ("outcome unknown (killed between call and answer)", str(story.unknown)),
        ("attempts answered otherwise, by status", str(dict(story.answers))),
        ("kills", kills),
        *(("FAULT", fault) for fault in story.faults),
    ]
    return Report(
        "chaos", ["what", "count"], [list(row) for row in rows], [Bar("broken promises", len(story.faults), 0)]
    )
