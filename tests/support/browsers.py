"""Browsers that take web pushes: each has keys of its own and is subscribed at the sandbox's push service."""

import base64
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import http_ece
import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.core.webpush import to_base64url
from tests.support.people import Person


@dataclass(frozen=True, slots=True)
class Browser:
    """`owner`'s, with a subscription of its own at `sandbox`; whoever has no key of it reads nothing."""

    owner: Person
    sandbox: httpx.AsyncClient
    id: str = field(default_factory=lambda: secrets.token_hex(12))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    def subscription(self, public_key: str) -> dict[str, str]:
        """As a browser's PushSubscription gives it."""
        point = self.key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return {
            "endpoint": f"{self.sandbox.base_url}/push/{self.id}",
            "p256dh": to_base64url(point),
            "auth": to_base64url(self.secret),
            "public_key": public_key,
        }

    async def subscribe(self) -> dict[str, Any]:
        """Turns pushes on, as the settings page does; the answer."""
        shown = (await self.owner.client.get("/api/v1/me/push")).json()
        await self.service(application_server_key=shown["public_key"])
        body = self.subscription(shown["public_key"])
        answer = await self.owner.client.put("/api/v1/me/push/device", json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def service(self, **change: Any) -> None:
        """The push service behaves otherwise towards this browser from now on."""
        answer = await self.sandbox.put(f"/_sandbox/push/{self.id}", json=change)
        assert answer.status_code == 200, answer.text

    async def state(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.sandbox.get(f"/_sandbox/push/{self.id}")).json()
        return found

    async def waiting(self) -> list[dict[str, Any]]:
        """What the service holds for it, read with its key; the oldest first."""
        return [self.read(message["body"]) for message in (await self.state())["messages"]]

    def read(self, body: str) -> dict[str, Any]:
        plain = http_ece.decrypt(
            base64.b64decode(body), private_key=self.key, auth_secret=self.secret, version="aes128gcm"
        )
        found: dict[str, Any] = json.loads(plain)
        return found
