"""
The floor: the least that webhook → stored → agent's screen can cost on this database. A bare application with no
rules: verify the signature, insert, update a conversation, publish, push. Also the bare parts that other benches
are compared with: an answer to a status, a reply to a provider, a push to sockets.

`python -m bench floor` prints the floor by itself.
"""

import hashlib
import hmac
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import orjson
import uvicorn
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from app.core import http, mongo
from bench import wire
from bench.report import Report
from bench.shop import APP_SECRET, post_signed, text_webhook
from bench.stage import Stage, free_port, stage
from bench.traffic import Arrivals, Numbers, Result, flat_out, steady
from bench.wire import Http, Socket

_CHANNEL = "floor:events"


class Floor:
    """The bare application's state and doors."""

    def __init__(self) -> None:
        self.sockets: set[Send] = set()
        self._client = mongo.connect(os.environ["MONGODB_URI"])
        self._db = self._client[os.environ["PARLEY_DATABASE"]]
        self._redis = Redis.from_url(os.environ["REDIS_URL"])
        self._provider = http.provider_client()

    async def webhook(self, request: Request) -> Response:
        body = await request.body()
        self._verify(request, body)
        value = orjson.loads(body)["entry"][0]["changes"][0]["value"]
        message = value["messages"][0]
        now = datetime.now(UTC)
        row = {"_id": message["id"], "from": message["from"], "text": message["text"]["body"], "at": now, "raw": body}
        await self._db.floor_messages.insert_one(row)
        change = {"$set": {"last": row["text"], "at": now}, "$inc": {"unread": 1}}
        await self._db.floor_conversations.update_one({"_id": message["from"]}, change, upsert=True)
        event = {"type": "message", "id": row["_id"], "from": row["from"], "text": row["text"], "at": now.isoformat()}
        await self._redis.publish(_CHANNEL, orjson.dumps(event))
        return Response(b"ok", media_type="text/plain")

    async def status(self, request: Request) -> Response:
        """Bare Starlette: verify, parse, answer; nothing is stored."""
        body = await request.body()
        self._verify(request, body)
        orjson.loads(body)
        return Response(b"ok", media_type="text/plain")

    async def reply(self, request: Request) -> Response:
        """Insert, update, call the provider."""
        given = orjson.loads(await request.body())
        now = datetime.now(UTC)
        row = {"_id": given["client_id"], "to": given["to"], "text": given["text"], "at": now}
        await self._db.floor_messages.insert_one(row)
        change = {"$set": {"last": row["text"], "at": now}}
        await self._db.floor_conversations.update_one({"_id": given["to"]}, change, upsert=True)
        message = {"to": given["to"], "type": "text", "text": {"body": given["text"]}}
        answer = await self._provider.post(given["provider"], json=message, headers={"authorization": "Bearer bench"})
        await self._db.floor_messages.update_one({"_id": row["_id"]}, {"$set": {"sent": answer.json()}})
        return Response(b"{}", status_code=202)

    async def push(self, request: Request) -> Response:
        """The body as a text frame to every socket."""
        await self._push((await request.body()).decode())
        return Response(b"ok")

    def _verify(self, request: Request, body: bytes) -> None:
        expected = "sha256=" + hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers.get("x-hub-signature-256", "")):
            raise PermissionError("wrong signature")

    async def socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        self.sockets.add(send)
        try:
            while (await receive())["type"] != "websocket.disconnect":
                continue
        finally:
            self.sockets.discard(send)

    async def listen(self) -> None:
        async with self._redis.pubsub(ignore_subscribe_messages=True) as pubsub:
            await pubsub.subscribe(_CHANNEL)
            while True:
                message = await pubsub.get_message(timeout=30)
                if message is not None:
                    await self._push(message["data"].decode())

    async def _push(self, frame: str) -> None:
        for send in tuple(self.sockets):
            await send({"type": "websocket.send", "text": frame})

    async def close(self) -> None:
        await self._client.close()
        await self._redis.aclose()
        await self._provider.aclose()


def application() -> Starlette:
    import asyncio

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        floor = Floor()
        app.router.routes += [
            Route("/webhook", floor.webhook, methods=["POST"]),
            Route("/status", floor.status, methods=["POST"]),
            Route("/reply", floor.reply, methods=["POST"]),
            Route("/push", floor.push, methods=["POST"]),
        ]
        # An instance of a class is taken as a bare ASGI endpoint; a bound method would be wrapped.
        app.router.routes.append(WebSocketRoute("/ws", _Bare(floor)))
        listening = asyncio.create_task(floor.listen())
        yield
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await floor.close()

    return Starlette(lifespan=lifespan)


class _Bare:
    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._floor.socket(scope, receive, send)


async def start(opened: Stage) -> str:
    """The floor as a process; its base URL."""
    port = free_port()
    await opened.start("floor", [sys.executable, "-m", "bench.floor", str(port)], port=port)
    return f"http://127.0.0.1:{port}"


async def open_sockets(url: str, count: int, arrivals: Arrivals, listening: int) -> list[Socket]:
    every = max(1, count // listening)
    return [await wire.connect(url, "/ws", hear=arrivals.hear if at % every == 0 else None) for at in range(count)]


async def run(quick: bool) -> Report:
    report = Report("The floor: webhook → stored → 100 sockets, a bare application", _COLUMNS)
    async with stage() as opened:
        url = await start(opened)
        arrivals, numbers, load = Arrivals(5), Numbers(), Http(url)
        await open_sockets(url, 100, arrivals, 5)

        async def send(number: int) -> None:
            assert await post_signed(load, "/webhook", text_webhook(number, number % 200)) == 200

        await flat_out(opened, arrivals, numbers.take(200), 8, send)
        seconds = 5 if quick else 15
        for rate in (5, 20, 50):
            row(report, f"{rate}/s", await steady(opened, arrivals, numbers.take(rate * seconds), rate, send))
        row(report, "flat out", await flat_out(opened, arrivals, numbers.take(1_000 if quick else 3_000), 64, send))
    return report


_COLUMNS = ("rate", "messages/s", "p50 ms", "p99 ms", "CPU ms", "app", "database", "valkey")


def row(report: Report, name: str, found: Result) -> None:
    ours = sum(found.share_ms(name) for name in ("floor", "web", "worker"))
    figures = (found.late_ms(0.5), found.late_ms(0.99), found.cpu_ms, ours)
    report.row(name, found.per_second, *figures, found.share_ms("database"), found.share_ms("valkey"))


if __name__ == "__main__":
    uvicorn.run(
        application(),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=1,
        # Parley keeps connections as long; while it is measured, the floor's are not used.
        timeout_keep_alive=30,
    )
