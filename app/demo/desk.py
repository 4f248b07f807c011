"""A colleague at their desk: signed in, working through the same API as every screen."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from app.core.errors import AppError


class Refused(AppError):
    """The API refused something that the script asks for."""


class Desk:
    """`client` carries the session's cookie."""

    def __init__(self, client: httpx.AsyncClient, member_id: str, csrf: str) -> None:
        self._client = client
        self._headers = {"x-parley-csrf": csrf}
        self.member_id = member_id

    async def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Raises Refused."""
        answer = await self._client.post(f"/api/v1{path}", json=body or {}, headers=self._headers)
        return _json(answer)

    async def upload(self, name: str, data: bytes) -> str:
        """The id of the file."""
        answer = await self._client.post("/api/v1/files", files={"file": (name, data)}, headers=self._headers)
        return str(_json(answer)["file_id"])

    async def leave(self) -> None:
        await self.post("/logout")
        await self._client.aclose()


async def sit_down(web_url: str, email: str, password: str) -> Desk:
    """Signs in, waiting its turn if somebody has just tried too often. Raises Refused."""
    client = httpx.AsyncClient(base_url=web_url, timeout=20, trust_env=False)
    for _ in range(5):
        answer = await client.post("/api/v1/login", json={"email": email, "password": password})
        if answer.status_code != 429:
            break
        await asyncio.sleep(float(answer.json().get("retry_after_seconds", 1)))
    me = _json(answer)
    return Desk(client, me["member"]["id"], me["csrf"])


def _json(answer: httpx.Response) -> Any:
    if answer.is_error:
        raise Refused(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:200]}")
    return answer.json() if answer.content else None
