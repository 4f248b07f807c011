"""A workspace with a WhatsApp account and signed-in people, put into the database directly; and its signed webhooks."""

import hashlib
import hmac
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import orjson

from app.core import ids, members, mongo, sign_in
from app.core.addresses import Address
from app.core.platform import accounts
from app.core.platform.accounts import AccountRow
from app.core.platform.members import Member
from app.core.runtime import Runtime, Workspace
from bench import wire
from bench.wire import Http, Socket
from crm import contacts
from crm.contacts import Profile
from inbox import conversations
from inbox.conversations import Conversation, Reach

APP_SECRET = "bench-app-secret"
PHONE_NUMBER_ID = "100000000000077"
WABA_ID = "200000000000077"


@dataclass(frozen=True, slots=True)
class Shop:
    """`cookies` are sessions of the owner, one for each screen."""

    ws: Workspace
    owner: Member
    account: AccountRow
    cookies: tuple[str, ...]

    @property
    def webhook(self) -> str:
        return f"/webhooks/whatsapp/{self.account.id}"


async def open_shop(runtime: Runtime, *, screens: int = 1) -> Shop:
    """A fresh workspace; sessions are shared by ten screens each, as the number a member may have is bounded."""
    await mongo.ensure_indexes(runtime.mongo)
    ws, owner = await members.create_workspace(
        runtime, name="Bench", owner_name="Olu Owner", owner_email=f"{ids.new('x')}@example.com", password="bench " * 4
    )
    account = AccountRow(
        id=ids.new("acc"),
        workspace_id=ws.id,
        kind="whatsapp",
        name="WhatsApp",
        address="+12025550177",
        config={"phone_number_id": PHONE_NUMBER_ID, "waba_id": WABA_ID},
        secrets={"app_secret": APP_SECRET, "access_token": "bench", "verify_token": "bench"},
        created_at=runtime.clock.now(),
    )
    await accounts.insert(runtime.mongo, runtime.keyring, account)
    signed_in = [
        (await sign_in.start_session(runtime, owner, ip="127.0.0.1", user_agent="bench")).session_token
        for _ in range(min(10, screens))
    ]
    return Shop(ws, owner, account, tuple(signed_in[at % len(signed_in)] for at in range(screens)))


async def add_texts(shop: Shop) -> AccountRow:
    """An account for text messages beside that of WhatsApp."""
    runtime = shop.ws.runtime
    texts = AccountRow(
        id=ids.new("acc"),
        workspace_id=shop.ws.id,
        kind="sms",
        name="SMS",
        address="+12025550178",
        config={"account_sid": "AC" + "0" * 32, "sender": "+12025550178"},
        secrets={"auth_token": "bench"},
        created_at=runtime.clock.now(),
    )
    await accounts.insert(runtime.mongo, runtime.keyring, texts)
    return texts


async def known_conversations(shop: Shop, people: Sequence[Address]) -> list[str]:
    """These people have written a moment ago; the ids of their conversations."""
    ws, made = shop.ws, []
    for address in people:
        found = await contacts.resolve(ws, address, profile=Profile(name=f"Customer {address.value[-4:]}"))
        now = ws.clock.now()
        conversation = conversations.new_for(ws, found.contact_id, name="Customer")
        reach = Reach(shop.account.id, str(address), now, last_external_id="wamid.before")
        made.append(conversation.id)
        await conversations.change(ws, conversation, partial(_reached, reach))
    return made


def _reached(reach: Reach, conversation: Conversation) -> Conversation:
    return replace(conversation, reach=(reach,))


def browser_headers(cookie: str, base_url: str) -> dict[str, str]:
    return {"cookie": f"parley_session={cookie}", "origin": base_url}


async def open_screens(
    shop: Shop, base_url: str, hear: Callable[[bytes, float], None], *, screens: int = 100, listening: int = 5
) -> list[Socket]:
    """Signed-in screens; some, spread over all, tell when frames come, the others only count them."""
    every = max(1, screens // listening)
    opened = []
    for at, cookie in enumerate(shop.cookies[:screens]):
        ears = hear if at % every == 0 else None
        screen = await wire.connect(base_url, "/ws/agent", headers=browser_headers(cookie, base_url), hear=ears)
        screen.send('{"type":"hello"}')
        opened.append(screen)
    return opened


def phone(customer: int) -> str:
    return f"1202{5_560_000 + customer}"


def external_id(number: int) -> str:
    """The provider's id of the text of this number."""
    return f"wamid.bench{number}"


def text_webhook(number: int, customer: int) -> bytes:
    """Meta's webhook of one text. Its number stands in the text, so that whoever gets it can say when."""
    wa_id = phone(customer)
    contact = {"profile": {"name": f"Customer {customer}"}, "wa_id": wa_id, "user_id": f"US.{wa_id}"}
    message = {
        "from": wa_id,
        "from_user_id": f"US.{wa_id}",
        "id": external_id(number),
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": f"Hello, is my order on its way? ~{number:08d}~"},
    }
    return _payload({"contacts": [contact], "messages": [message]})


def status_webhook(external_id: str, correlation: str, customer: int, status: str) -> bytes:
    """Meta's webhook of one delivery status."""
    report = {
        "id": external_id,
        "timestamp": str(int(time.time())),
        "recipient_id": phone(customer),
        "biz_opaque_callback_data": correlation,
        "status": status,
        "pricing": {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "marketing"},
    }
    return _payload({"statuses": [report]})


def _payload(parts: dict[str, object]) -> bytes:
    metadata = {"display_phone_number": "12025550177", "phone_number_id": PHONE_NUMBER_ID}
    value = {"messaging_product": "whatsapp", "metadata": metadata, **parts}
    change = {"field": "messages", "value": value}
    return orjson.dumps({"object": "whatsapp_business_account", "entry": [{"id": WABA_ID, "changes": [change]}]})


def signature(body: bytes) -> str:
    return "sha256=" + hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()


async def post_signed(http: Http, path: str, body: bytes) -> int:
    """The status of the answer."""
    headers = {"content-type": "application/json", "x-hub-signature-256": signature(body)}
    status, _ = await http.request("POST", path, body, headers)
    return status
