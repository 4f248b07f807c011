"""
A whole Parley for journeys: web, worker and sandbox in this event loop, one workspace with an account on every channel.

Nothing of ours is replaced: messages go over HTTP to the sandbox and come back as its signed webhooks.
"""

import asyncio
import itertools
import os
import secrets
import uuid
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import sandbox.app
from app import worker
from app.core import mongo
from app.core.queue import Lane
from app.core.runtime import Runtime, open_runtime
from tests.support import network, servers
from tests.support.people import People, Person, people_of
from web.app import create_app

T = TypeVar("T")

# Nobody else has these: the sandbox's own cast ends in 01xx.
_numbers = itertools.count(2000)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A provider's request as it came."""

    path: str
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Recorder:
    """Passes everything on, and remembers the newest webhooks."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.webhooks: deque[Webhook] = deque(maxlen=20_000)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/webhooks/") or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        parts: list[bytes] = []

        async def noting() -> Message:
            message = await receive()
            parts.append(message.get("body", b""))
            return message

        await self._app(scope, noting, send)
        query = scope["query_string"].decode()
        path = scope["path"] + (f"?{query}" if query else "")
        self.webhooks.append(Webhook(path, list(scope["headers"]), b"".join(parts)))


@dataclass(frozen=True, slots=True)
class Shop:
    """
    `accounts` is channel kind → our account id; `providers` is channel kind → the id the sandbox knows it by.
    """

    runtime: Runtime
    url: str
    sandbox: httpx.AsyncClient
    owner: Person
    people: People
    accounts: dict[str, str]
    providers: dict[str, str]
    webhooks: deque[Webhook]

    @property
    def agent(self) -> httpx.AsyncClient:
        """The owner's signed-in client."""
        return self.owner.client

    async def customer(self, **known: Any) -> dict[str, Any]:
        """A new customer with a phone in the sandbox."""
        body = {"id": f"c{secrets.token_hex(4)}", "name": "Ana Kovacs", "phone": f"+1202555{next(_numbers)}", **known}
        answer = await self.sandbox.post("/_sandbox/customers", json=body)
        assert answer.status_code == 200, answer.text
        made: dict[str, Any] = answer.json()["customers"][0]
        return made

    async def writes(self, channel: str, customer: str, **message: Any) -> list[str]:
        """A customer does something on their phone; the provider's ids of it."""
        body = {"channel": channel, "account": self.providers[channel], "customer": customer, **message}
        answer = await self.sandbox.post("/_sandbox/inbound", json=body)
        assert answer.status_code == 200, answer.text
        ids: list[str] = answer.json()["provider_message_ids"]
        return ids

    async def someone(self, channel: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """A new customer who has said hello, and the conversation with them."""
        person = await self.customer(name=f"Customer {secrets.token_hex(4)}")
        if channel == "telegram":
            await self.writes(channel, person["id"], type="start")
        hello = f"Hello from {person['id']}"
        await self.writes(channel, person["id"], type="text", text=hello)

        async def look() -> dict[str, Any] | None:
            listed = await self.get("/conversations", view="all", limit=50)
            return next((c for c in listed["items"] if (c["last_entry"] or {}).get("text") == hello), None)

        return person, await eventually(look)

    async def sends(self, conversation_id: str, content: dict[str, Any], **more: Any) -> dict[str, Any]:
        """The agent sends this; the entry as it was taken."""
        body = {"client_id": str(uuid.uuid4()), "content": content, **more}
        taken = await self.post(f"/conversations/{conversation_id}/messages", 202, **body)
        entry: dict[str, Any] = taken["entries"][0]
        return entry

    async def answers(self, conversation_id: str, text: str) -> dict[str, Any]:
        return await self.sends(conversation_id, {"type": "text", "text": text})

    async def in_ledger(self, channel: str, customer: str, text: str) -> dict[str, Any]:
        """What the provider has taken for this customer and holds this text, as soon as there is something."""

        async def look() -> dict[str, Any] | None:
            sent = await self.ledger(channel=channel, customer=customer, direction="out")
            return next((item for item in sent if text in str(item["body"])), None)

        return await eventually(look)

    async def captured(self, channel: str, customer: str, **message: Any) -> Webhook:
        """The webhook that comes of what a customer does."""
        before = len(self.webhooks)
        assert before < (self.webhooks.maxlen or 0)
        await self.writes(channel, customer, **message)

        async def look() -> Webhook | None:
            path = f"/webhooks/{channel}/{self.accounts[channel]}"
            return next((w for w in list(self.webhooks)[before:] if w.path.partition("?")[0] == path), None)

        return await eventually(look)

    async def replay(self, webhook: Webhook, **changes: Any) -> httpx.Response:
        """The same request once more, headers and all but its length."""
        headers = [(k, v) for k, v in changes.get("headers", webhook.headers) if k != b"content-length"]
        async with network.client(self.url) as provider:
            return await provider.post(
                changes.get("path", webhook.path),
                content=changes.get("body", webhook.body),
                headers=headers,
            )

    async def ledger(self, **query: Any) -> list[dict[str, Any]]:
        """What the providers have accepted and delivered."""
        answer = await self.sandbox.get("/_sandbox/ledger", params={"limit": 1000, **query})
        entries: list[dict[str, Any]] = answer.json()["entries"]
        return entries

    async def knobs(self, **knobs: Any) -> None:
        answer = await self.sandbox.put("/_sandbox/knobs", json=knobs)
        assert answer.status_code == 200, answer.text

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.agent.get(f"/api/v1{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, expected: int = 200, **body: Any) -> Any:
        answer = await self.agent.post(f"/api/v1{path}", json=body)
        assert answer.status_code == expected, answer.text
        return answer.json() if answer.content else None

    async def conversation_with(self, name: str) -> dict[str, Any]:
        """The conversation with this customer, as soon as there is one."""

        async def look() -> dict[str, Any] | None:
            listed = await self.get("/conversations", view="all", limit=200)
            return next((c for c in listed["items"] if c["contact"]["name"] == name), None)

        return await eventually(look)

    async def thread(self, conversation_id: str) -> list[dict[str, Any]]:
        page = await self.get(f"/conversations/{conversation_id}/entries", limit=100)
        found: list[dict[str, Any]] = page["items"]
        return found

    async def entry_where(
        self, conversation_id: str, fits: Callable[[dict[str, Any]], Any], *, seconds: float = 60
    ) -> dict[str, Any]:
        """The first entry of the thread that fits, as soon as there is one."""

        async def look() -> dict[str, Any] | None:
            return next((e for e in await self.thread(conversation_id) if fits(e)), None)

        return await eventually(look, seconds=seconds)


async def eventually(look: Callable[[], Awaitable[T | None]], *, seconds: float = 60) -> T:
    """What `look` finds, asked again until it finds something: the longer it takes, the more seldom, to leave room."""
    deadline = asyncio.get_running_loop().time() + seconds
    pause_seconds = 0.03
    while True:
        found = await look()
        if found:
            return found
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not found within {seconds} s by {look.__qualname__}")
        await asyncio.sleep(pause_seconds)
        pause_seconds = min(pause_seconds * 1.25, 0.25)


@asynccontextmanager
async def open_shop(databases: servers.Databases, data_dir: Path, **changes: object) -> AsyncIterator[Shop]:
    """Everything up and connected, and down again; `changes` are settings."""
    listening = servers.listening_socket()
    public_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    async with servers.live(sandbox.app.build()) as sandbox_url:
        settings = servers.make_settings(
            databases,
            data_dir,
            public_url=public_url,
            graph_url=f"{sandbox_url}/graph",
            twilio_url=f"{sandbox_url}/twilio",
            telegram_url=f"{sandbox_url}/telegram",
            push_url=f"{sandbox_url}/push",
            libretranslate_url=f"{sandbox_url}/libretranslate",
            deepl_url=f"{sandbox_url}/deepl",
            **changes,
        )
        recorder = Recorder(create_app(settings))
        async with (
            open_runtime(settings) as runtime,
            servers.live(recorder, listening) as url,
            people_of(runtime, url) as people,
            network.client(sandbox_url, timeout=30) as phones,
        ):
            await mongo.ensure_indexes(runtime.mongo)
            tasks = worker.start_tasks(runtime, tuple(Lane))
            try:
                _, owner = await people.workspace()
                providers, accounts = await _connect(owner, phones, public_url)
                yield Shop(runtime, url, phones, owner, people, accounts, providers, recorder.webhooks)
            finally:
                await worker.stop_tasks(runtime, tasks)
                if os.environ.get("MONGODB_URI"):
                    # An embedded one goes as a whole, with its folder.
                    await runtime.client.drop_database(settings.database)


async def _connect(owner: Person, phones: httpx.AsyncClient, public_url: str) -> tuple[dict[str, str], dict[str, str]]:
    """An account of each kind at the sandbox, connected in Parley as an owner does it."""
    providers = {"whatsapp": "100000000000077", "sms": "AC" + secrets.token_hex(16), "telegram": "700077"}
    token = f"{providers['telegram']}:{secrets.token_hex(17)}"
    secret = secrets.token_hex(16)
    whatsapp = {
        "app_secret": secret,
        "access_token": f"EAA{secret}",
        "waba_id": "200000000000077",
        "app_id": "300000000000077",
        "display_phone_number": "12025550177",
        "verify_token": "unset",
    }
    twilio = {"auth_token": secret, "numbers": ["+12025550178"]}
    forms: dict[str, dict[str, Any]] = {
        "whatsapp": {
            "phone_number_id": providers["whatsapp"],
            "waba_id": whatsapp["waba_id"],
            "access_token": whatsapp["access_token"],
            "app_secret": secret,
        },
        "sms": {"account_sid": providers["sms"], "sender": "+12025550178", "auth_token": secret},
        "telegram": {"bot_token": token},
    }
    await _put(phones, f"whatsapp/{providers['whatsapp']}", whatsapp)
    await _put(phones, f"twilio/{providers['sms']}", twilio)
    bot = {"token": token, "username": "shop_test_bot", "first_name": "Shop"}
    await _put(phones, f"telegram/{providers['telegram']}", bot)
    accounts: dict[str, str] = {}
    for kind, config in forms.items():
        made = await owner.client.post("/api/v1/accounts", json={"kind": kind, "name": kind, "config": config})
        assert made.status_code == 201, made.text
        accounts[kind] = made.json()["id"]
        if kind == "whatsapp":
            webhook = {"verify_token": made.json()["verify_token"], "webhook_url": made.json()["webhook_url"]}
            await _put(phones, f"whatsapp/{providers['whatsapp']}", {**whatsapp, **webhook})
        registered = await owner.client.post(f"/api/v1/accounts/{accounts[kind]}/register-webhook")
        assert registered.status_code == 200, registered.text
    return providers, accounts


async def _put(phones: httpx.AsyncClient, path: str, body: dict[str, Any]) -> None:
    answer = await phones.put(f"/_sandbox/accounts/{path}", json=body)
    assert answer.status_code == 200, answer.text
