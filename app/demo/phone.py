"""The sandbox's control API, as far as the demo uses it: see sandbox/README.md."""

from collections.abc import Mapping
from typing import Any

import httpx


class Phone:
    """Acts as customers, and tells the sandbox about our accounts."""

    def __init__(self, http: httpx.AsyncClient, sandbox_url: str) -> None:
        self._http = http
        self._base = f"{sandbox_url}/_sandbox"

    async def accounts(self) -> dict[str, list[dict[str, Any]]]:
        """By kind."""
        found: dict[str, list[dict[str, Any]]] = await self._call("GET", "/accounts")
        return found

    async def put_account(self, kind: str, account_id: str, values: Mapping[str, Any]) -> None:
        await self._call("PUT", f"/accounts/{kind}/{account_id}", values)

    async def customers(self) -> dict[str, dict[str, Any]]:
        """By id."""
        found = await self._call("GET", "/customers")
        return {person["id"]: person for person in found["customers"]}

    async def put_customer(self, values: Mapping[str, Any]) -> None:
        await self._call("PUT", f"/customers/{values['id']}", values)

    async def act(self, channel: str, account: str, customer: str, what: Mapping[str, Any]) -> None:
        """The customer does something; its webhook is on the way when this returns."""
        await self._call("POST", "/inbound", {"channel": channel, "account": account, "customer": customer, **what})

    async def fail_next(self, customer: str, code: int) -> None:
        await self._call("PUT", "/knobs", {"customers": {customer: {"fail_next": {"code": code, "count": 1}}}})

    async def sample(self, customer_file: str) -> bytes:
        """One of the small files that the sandbox comes with."""
        answer = await self._http.get(f"{self._base}/samples/{customer_file}")
        answer.raise_for_status()
        return answer.content

    async def _call(self, method: str, path: str, values: Mapping[str, Any] | None = None) -> Any:
        answer = await self._http.request(method, self._base + path, json=values)
        if answer.is_error:
            raise RuntimeError(f"the sandbox answers {answer.status_code} to {path}: {answer.text[:200]}")
        return answer.json()
