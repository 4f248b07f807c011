"""The demo's channel accounts: connected as an owner would, with the credentials of the sandbox's accounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.platform.accounts import AccountRow
from app.core.runtime import Workspace
from app.demo.phone import Phone
from app.demo.script import BUSINESS
from channels import accounts, registry
from channels.contract import Connects
from inbox import templates


@dataclass(frozen=True, slots=True)
class Connected:
    """An account of ours, and what the sandbox calls its own side of it; `is_site`: it is reached by its widget."""

    row: AccountRow
    sandbox_id: str
    is_site: bool = False


@dataclass(frozen=True, slots=True)
class _Pretend:
    """An account that every sandbox has. `form` fills our form from it; `number` names it there."""

    kind: str
    sandbox_kind: str
    name: str
    form: Mapping[str, str]


# Our form's field → the sandbox's member.
_PRETENDED = (
    _Pretend(
        "whatsapp",
        "whatsapp",
        f"{BUSINESS} on WhatsApp",
        {
            "phone_number_id": "id",
            "waba_id": "waba_id",
            "app_id": "app_id",
            "access_token": "access_token",
            "app_secret": "app_secret",
        },
    ),
    _Pretend("sms", "twilio", "Text messages", {"account_sid": "id", "auth_token": "auth_token", "sender": "number"}),
    _Pretend("telegram", "telegram", "Telegram bot", {"bot_token": "token"}),
)
_WEB_CHAT = "livechat"


async def connect(ws: Workspace, phone: Phone, sandbox_url: str) -> dict[str, Connected]:
    """By kind. What is connected already stays, and is pointed at where we are now. Raises Invalid, RuntimeError."""
    known = {row.kind: row for row in await ws.runtime.accounts.of_workspace(ws.id)}
    there = await phone.accounts()
    found: dict[str, Connected] = {}
    for pretend in _PRETENDED:
        if not there.get(pretend.sandbox_kind):
            continue
        theirs = there[pretend.sandbox_kind][0]
        row = known.get(pretend.kind) or await accounts.connect(
            ws, pretend.kind, pretend.name, {field: _value(theirs, name) for field, name in pretend.form.items()}
        )
        found[pretend.kind] = Connected(await _point(ws, row, theirs), str(theirs["id"]))
    if _WEB_CHAT in registry.adapters():
        found[_WEB_CHAT] = await _web_chat(ws, known.get(_WEB_CHAT), phone, sandbox_url)
    return found


async def _point(ws: Workspace, row: AccountRow, theirs: Mapping[str, Any]) -> AccountRow:
    """The provider calls us where we are now: ports may have changed since the last start."""
    url = accounts.webhook_url(ws.runtime, row) or ""
    if url in str(theirs) or not isinstance(registry.adapter(row.kind), Connects):
        return row
    row = await accounts.register_webhook(ws, row)
    await templates.sync(ws.runtime, row.id)
    # Its health was asked for before the provider knew our address.
    return await accounts.check(ws, row)


async def _web_chat(ws: Workspace, row: AccountRow | None, phone: Phone, sandbox_url: str) -> Connected:
    given = {"title": BUSINESS, "greeting": "Hi! How can we light up your day?", "origins": [sandbox_url]}
    if row is None:
        row = await accounts.connect(ws, _WEB_CHAT, "Web shop", given)
    elif row.config.get("origins") != [sandbox_url]:
        row = await accounts.edit(ws, row, given={"origins": [sandbox_url]})
    site = str(row.config["site_key"])
    secret = row.secrets.get("identity_secret", "")
    await phone.put_account(_WEB_CHAT, site, {"base_url": ws.settings.public_url, "secret": secret})
    return Connected(row, site, is_site=True)


def _value(theirs: Mapping[str, Any], name: str) -> str:
    if name == "number":
        return str(theirs["numbers"][0]["number"])
    return str(theirs[name])
