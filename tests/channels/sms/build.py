"""What the SMS tests share: an account, an IO with a plain httpx client, webhook forms from the payload files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

from app.core import log
from app.core.addresses import Address
from channels.content import Content, Media
from channels.contract import ChannelAccount, ChannelIO, OutboundFile, OutboundMessage, Purpose

ACCOUNT_SID = "AC" + "0" * 32
SERVICE_SID = "MG" + "0" * 31 + "1"
TOKEN = "f" * 32
OURS = "+12025550100"
ANA = Address("sms", "+12025550112")

API = "https://api.twilio.com"
ROOT = f"{API}/2010-04-01/Accounts/{ACCOUNT_SID}"
MESSAGES = f"{ROOT}/Messages.json"
NUMBERS = f"{ROOT}/IncomingPhoneNumbers.json"
SERVICE = f"https://messaging.twilio.com/v1/Services/{SERVICE_SID}"
WEBHOOK = "https://chat.example.test/webhooks/sms/acc1"


def account(*, sender: str = OURS, secrets: Mapping[str, str] | None = None, **config: str) -> ChannelAccount:
    return ChannelAccount(
        id="acc1",
        workspace_id="ws1",
        kind="sms",
        name="Linden",
        address=sender,
        config={"account_sid": ACCOUNT_SID, "sender": sender, **config},
        secrets={"auth_token": TOKEN} if secrets is None else secrets,
    )


def io(http: httpx.AsyncClient, *, twilio_url: str = API, public_url: str = "https://chat.example.test") -> ChannelIO:
    return ChannelIO(
        http=http,
        log=log.get("test"),
        public_url=public_url,
        graph_url="",
        graph_version="",
        twilio_url=twilio_url,
        telegram_url="",
    )


def payload(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((Path(__file__).parent / "payloads" / f"{name}.json").read_text())
    return loaded


def form(name: str, **changes: str) -> bytes:
    """A webhook's body, as Twilio encodes it."""
    return urlencode({**payload(name), **changes}).encode()


def sid(number: int, prefix: str = "SM") -> str:
    return f"{prefix}{number:032d}"


def outbound(content: Content, *, to: Address = ANA, file: OutboundFile | None = None) -> OutboundMessage:
    return OutboundMessage(id="01MSG", to=to, purpose=Purpose.SERVICE, content=content, file=file)


def file(kind: Any = "image", mime: str | None = "image/jpeg", size: int | None = 1000) -> OutboundFile:
    async def read() -> bytes:
        raise AssertionError("Twilio fetches the file itself")

    media = Media(kind=kind, file_id="f1", name="part.jpg", mime=mime, bytes=size)
    return OutboundFile(media, read, "https://chat.example.test/files/f1?sig=abc")
