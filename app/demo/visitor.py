"""A visitor of the web shop: what the widget does, over the same socket."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from websockets.asyncio.client import ClientConnection, connect

from app.demo.accounts import Connected


def visitor_handle(subject: str) -> str:
    """The address value of somebody whom the shop has signed for."""
    return f"user:{subject}"


def identity_of(site: Connected, subject: str, name: str) -> str:
    """What the shop's own server signs for its customer."""
    expires = datetime.now(UTC) + timedelta(hours=1)
    claims = {"sub": subject, "name": name, "aud": site.sandbox_id, "exp": expires}
    return jwt.encode(claims, site.row.secrets["identity_secret"], algorithm="HS256")


@dataclass(frozen=True, slots=True)
class Visitor:
    socket: ClientConnection

    async def write(self, text: str, client_id: str) -> str:
        """The id that the message's entry will have, once it is stored."""
        await self.socket.send(json.dumps({"type": "message", "client_id": client_id, "text": text}))
        return str((await self._wait_for("stored"))["id"])

    async def leave(self) -> None:
        await self.socket.close()

    async def _wait_for(self, kind: str) -> dict[str, Any]:
        """The next frame of this kind. Raises RuntimeError when the chat says no."""
        async for text in self.socket:
            frame: dict[str, Any] = json.loads(text)
            if frame["type"] == kind:
                return frame
            if frame["type"] == "error":
                raise RuntimeError(f"the web chat answers {frame['code']}")
        raise RuntimeError("the web chat has closed the connection")


async def enter(web_url: str, origin: str, site_key: str, identity: str) -> Visitor:
    """A connected and welcomed visitor. Raises RuntimeError, OSError."""
    url = web_url.replace("http", "ws", 1) + "/ws/chat"
    socket = await connect(url, origin=origin, proxy=None)  # type: ignore[arg-type]
    visitor = Visitor(socket)
    await socket.send(json.dumps({"type": "hello", "key": site_key, "identity": identity, "locale": "en"}))
    await visitor._wait_for("welcome")
    return visitor
