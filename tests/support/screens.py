"""Agents' screens: programs that listen on `/ws/agent` and keep what they are told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.support.people import Person

Frame = dict[str, Any]


def headers_of(person: Person, origin: str | None = None) -> dict[str, str]:
    cookies = "; ".join(f"{name}={value}" for name, value in person.client.cookies.items())
    base = str(person.client.base_url).rstrip("/")
    return {"cookie": cookies, "origin": base if origin is None else origin}


class Screen:
    """An agent's screen: says hello, keeps frames, and remembers how far it got."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.frames: list[Frame] = []
        self.cursor = ""

    async def next(self, seconds: float = 10) -> Frame:
        async with asyncio.timeout(seconds):
            frame: Frame = orjson.loads(await self.connection.recv())
        if frame["type"] == "welcome":
            self.cursor = frame["cursor"]
        elif "n" in frame:
            self.cursor = f"{self.cursor.rpartition(':')[0]}:{frame['n']}"
        self.frames.append(frame)
        return frame

    async def until(self, fits: Any) -> Frame:
        while True:
            frame = await self.next()
            if fits(frame):
                return frame

    async def end(self) -> int:
        """The code with which the server closes it, after whatever else it says."""
        try:
            while True:
                await self.next()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 0

    async def say(self, **frame: Any) -> None:
        await self.connection.send(orjson.dumps(frame).decode())

    @property
    def numbers(self) -> list[int]:
        return [frame["n"] for frame in self.frames if "n" in frame]


@asynccontextmanager
async def screen(base_url: str, headers: dict[str, str], **hello: Any) -> AsyncIterator[Screen]:
    url = base_url.replace("http", "ws", 1) + "/ws/agent"
    async with connect(url, additional_headers=headers, proxy=None, max_queue=None) as connection:
        opened = Screen(connection)
        with suppress(ConnectionClosed):
            await opened.say(type="hello", **hello)
        yield opened
