"""Members of a test workspace, each with a browser-like client that is signed in."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from app.core import ids, members
from app.core.permissions import SYSTEM
from app.core.platform.members import Member
from app.core.runtime import Runtime, Workspace
from tests.support import network

PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class Person:
    """A member and their browser. `client` carries the cookie and X-Parley-CSRF."""

    ws: Workspace
    member: Member
    client: httpx.AsyncClient
    me: dict[str, Any]


class People:
    """Makes members with signed-in clients; `async with` closes the clients."""

    def __init__(self, runtime: Runtime, base_url: str, stack: AsyncExitStack) -> None:
        self._runtime = runtime
        self._stack = stack
        self.base_url = base_url

    async def workspace(self, name: str = "Shop") -> tuple[Workspace, Person]:
        """A fresh workspace and its owner."""
        ws, owner = await members.create_workspace(
            self._runtime, name=name, owner_name="Olu Owner", owner_email=email(), password=PASSWORD
        )
        return ws, await self.sign_in(ws, owner)

    async def join(self, ws: Workspace, role: str, *, address: str = "") -> Person:
        """A new member of this role: a built-in one, or the id of one of the workspace's own."""
        member = await members.create(
            ws, SYSTEM, email=address or email(), name=f"Ama {role.title()}", role=role, password=PASSWORD
        )
        return await self.sign_in(ws, member)

    async def sign_in(self, ws: Workspace, member: Member, *, base_url: str = "") -> Person:
        """Another browser of a member, at another server if one is named."""
        client = await self.browser(base_url)
        body = {"email": member.email, "password": PASSWORD, "workspace_id": ws.id}
        answer = await client.post("/api/v1/login", json=body)
        assert answer.status_code == 200, answer.text
        client.headers["x-parley-csrf"] = answer.json()["csrf"]
        return Person(ws, member, client, answer.json())

    async def browser(self, base_url: str = "") -> httpx.AsyncClient:
        """A browser that nobody has signed in with."""
        client = network.client(base_url or self.base_url)
        return await self._stack.enter_async_context(client)


@asynccontextmanager
async def people_of(runtime: Runtime, base_url: str) -> AsyncIterator[People]:
    async with AsyncExitStack() as stack:
        yield People(runtime, base_url, stack)


def email() -> str:
    return f"{ids.new('x')}@example.com"
