"""A widget without a browser: keeps what the real one keeps (token, cursors, outbox, messages), merged alike."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Frame = dict[str, Any]
_ips = itertools.count(1)


class Widget:
    """One browser on one site. `async with widget.online():` is a page that is open."""

    def __init__(self, url: str, key: str, **hello: Any) -> None:
        self.url = url
        self.key = key
        self.hello = hello
        self.token: str | None = None
        self.cursor: dict[str, int] = {}
        self.since: int | None = None
        self.outbox: dict[str, Frame] = {}
        self.messages: dict[str, Frame] = {}
        self.read: dict[str, int] = {}
        self.frames: list[Frame] = []
        self.welcome: Frame = {}
        self.origin: str | None = None
        # Each browser has an address of its own, so that no test uses up the limits of another.
        number = next(_ips)
        self.ip = f"198.18.{number // 250}.{number % 250 + 1}"
        self.socket: ClientConnection | None = None
        self._changed = asyncio.Event()
        self.close_code: int | None = None

    @asynccontextmanager
    async def online(self) -> AsyncIterator["Widget"]:
        """Connected and welcomed, or refused (see `close_code` and the last frame)."""
        async with self.connection() as socket:
            self.socket, self.close_code = socket, None
            await self.send(
                type="hello",
                key=self.key,
                token=self.token,
                cursor=self.cursor,
                since=self.since,
                outbox=list(self.outbox),
                **self.hello,
            )
            self.frames.clear()
            reading = asyncio.create_task(self._read())
            try:
                await self.until(lambda: self.frames or self.close_code)
                for frame in list(self.outbox.values()):
                    await self.send(**frame)
                yield self
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
                self.socket = None

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[ClientConnection]:
        headers = {"x-forwarded-for": self.ip}
        url = self.url.replace("http", "ws", 1) + "/ws/chat"
        async with connect(
            url,
            origin=self.origin,
            additional_headers=headers,
            proxy=None,
            max_size=None,  # type: ignore[arg-type]
        ) as socket:
            yield socket

    async def send(self, **frame: Any) -> None:
        assert self.socket is not None
        with suppress(ConnectionClosed):
            await self.socket.send(orjson.dumps(frame).decode())

    async def write(self, client_id: str, text: str | None = None, **more: Any) -> None:
        """Into the outbox, and out if there is a connection."""
        frame = {"type": "message", "client_id": client_id, "text": text, **more}
        self.outbox[client_id] = frame
        if self.socket is not None:
            await self.send(**frame)

    async def until(self, fits: Callable[[], Any], *, seconds: float = 15) -> Any:
        async with asyncio.timeout(seconds):
            while not (found := fits()):
                self._changed.clear()
                await self._changed.wait()
        return found

    async def message(self, fits: Callable[[Frame], Any]) -> Frame:
        """The first message that fits, as soon as there is one."""
        found: Frame = await self.until(lambda: next((m for m in self.messages.values() if fits(m)), None))
        return found

    async def frame(self, kind: str, fits: Callable[[Frame], Any] = bool) -> Frame:
        found: Frame = await self.until(lambda: next((f for f in self.frames if f["type"] == kind and fits(f)), None))
        return found

    @property
    def texts(self) -> list[str]:
        """What the conversation says, in order; messages still in the outbox last."""
        told = sorted(self.messages.values(), key=lambda m: (m["at"], m["seq"]))
        waiting = [frame for client_id, frame in self.outbox.items() if client_id not in self._confirmed()]
        return [text_of(m) for m in told] + [str(frame["text"]) for frame in waiting]

    def _confirmed(self) -> set[str | None]:
        return {m["client_id"] for m in self.messages.values()}

    async def _read(self) -> None:
        assert self.socket is not None
        try:
            async for text in self.socket:
                self._take(orjson.loads(text))
                self._changed.set()
        except ConnectionClosed:
            pass
        self.close_code = self.socket.close_code
        self._changed.set()

    def _take(self, frame: Frame) -> None:
        self.frames.append(frame)
        match frame["type"]:
            case "welcome":
                self.welcome = frame
                self.since = frame["now"]
                if frame["fresh"]:
                    self.token, self.messages, self.cursor, self.outbox = frame["token"], {}, {}, {}
                for thread, told in frame["threads"].items():
                    self.cursor[thread] = told["cursor"]
                    self.read[thread] = told["read"]
                for message in frame["messages"]:
                    self._merge(message)
            case "message":
                self._merge(frame)
            case "stored":
                self.outbox.pop(frame["client_id"], None)
            case "read":
                self.read[frame["thread"]] = frame["up_to"]
            case "pong":
                self.since = frame["now"]

    def _merge(self, message: Frame) -> None:
        known = self.messages.get(message["id"])
        if known is None or known["revision"] <= message["revision"]:
            self.messages[message["id"]] = message
        self.cursor[message["thread"]] = max(self.cursor.get(message["thread"], 0), message["seq"])


def text_of(message: Frame) -> str:
    content = message["content"] or {}
    return str(content.get("text") or content.get("caption") or content.get("title") or content.get("type") or "")
