"""Meta's webhook POSTs: the envelope, the signature over the exact bytes, and their queue."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

import aiohttp

from sandbox.accounts import WhatsAppNumber
from sandbox.shapes import Json
from sandbox.webhooks import META, Batch, Delivery
from sandbox.world import World


def sign(app_secret: str, body: bytes) -> str:
    """The value of X-Hub-Signature-256."""
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()


def encode(payload: Json) -> bytes:
    r"""The bytes as Meta transmits them: no spaces, non-ASCII as \uXXXX, slashes escaped."""
    return json.dumps(payload, separators=(",", ":")).replace("/", "\\/").encode()


def metadata(number: WhatsAppNumber) -> Json:
    """Which number an event is about."""
    return {"display_phone_number": number.digits, "phone_number_id": number.id}


def change(number: WhatsAppNumber, value: Json, field_name: str = "messages") -> Json:
    """One element of `changes[]`."""
    return {"field": field_name, "value": {"messaging_product": "whatsapp", "metadata": metadata(number), **value}}


def envelope(entries: list[Json]) -> Json:
    """The whole payload."""
    return {"object": "whatsapp_business_account", "entry": entries}


def post(
    world: World, number: WhatsAppNumber, payload: Json, *, customer: str = "", seqs: tuple[int, ...] = ()
) -> None:
    """Queue a payload; without a subscription it is dropped, as Meta does."""
    if not number.webhook_url or not number.subscribed:
        return
    body = encode(payload)
    account_id = number.id

    def route() -> tuple[str, bytes] | None:
        # Looked up when sent: a webhook that moved is followed, a changed secret signs anew.
        current = world.account("whatsapp", account_id, WhatsAppNumber)
        if current is None or not current.webhook_url:
            return None
        lines = (
            "content-type: application/json\r\nuser-agent: facebookexternalua\r\naccept: */*\r\n"
            f"x-hub-signature-256: {sign(current.app_secret, body)}\r\n"
        )
        return current.webhook_url, lines.encode()

    world.webhooks.send(
        Delivery(
            account=f"whatsapp:{number.id}",
            lane=customer,
            channel="whatsapp",
            customer=customer,
            body=body,
            route=route,
            policy=META,
            seqs=seqs,
        )
    )


def batch_status(world: World, number: WhatsAppNumber, value: Json, seq: int) -> None:
    """Let a status wait up to `status_batch_ms` for others of its number, as Meta does under load."""
    knobs = world.knobs.of("whatsapp")
    batch = world.batches.setdefault(number.id, Batch())
    batch.values.append(value)
    batch.seqs.append(seq)
    if len(batch.values) >= knobs.status_batch_max:
        _flush(world, number)
    elif batch.timer is None:
        batch.timer = asyncio.get_running_loop().call_later(knobs.status_batch_ms / 1000, _flush, world, number)


def _flush(world: World, number: WhatsAppNumber) -> None:
    batch = world.batches.pop(number.id, None)
    if batch is None:
        return
    if batch.timer is not None:
        batch.timer.cancel()
    payload = envelope([{"id": number.waba_id, "changes": [change(number, value) for value in batch.values]}])
    post(world, number, payload, seqs=tuple(batch.seqs))


async def verify(world: World, url: str, verify_token: str) -> tuple[bool, int, str]:
    """Meta's GET challenge: whether the URL echoed it, the HTTP status (0: no answer) and what went wrong."""
    challenge = str(world.random.randrange(10**9, 10**10))
    query = urlencode({"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token})
    try:
        async with world.http.get(f"{url}{'&' if '?' in url else '?'}{query}", allow_redirects=False) as response:
            text = (await response.content.read(4096)).decode("utf-8", "replace")
            status = response.status
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        return False, 0, f"no answer: {error}"
    if status != 200:
        return False, status, f"answered {status}"
    if text != challenge:
        return False, status, "did not answer with the challenge verbatim"
    return True, status, ""


def contact(wa_id: str | None, user_id: str, name: str | None, username: str) -> Json:
    """One element of `contacts[]`."""
    profile: dict[str, Any] = {}
    if name is not None:
        profile["name"] = name
    if username:
        profile["username"] = username
    found: Json = {"profile": profile} if profile else {}
    if wa_id:
        found["wa_id"] = wa_id
    found["user_id"] = user_id
    return found
