"""The business's accounts at the pretend providers, and the ones every fresh sandbox starts with."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass, field
from typing import TypeAlias

from sandbox.shapes import ControlError, Json, digits, flag_of, number_of, object_of, text_of, texts_of


@dataclass(slots=True)
class WhatsAppNumber:
    """A business phone number of the Cloud API, with the app and the WhatsApp Business Account it belongs to."""

    id: str
    access_token: str
    app_secret: str
    waba_id: str
    app_id: str
    display_phone_number: str
    verify_token: str = ""
    webhook_url: str = ""
    verified_name: str = "Linden & Co"
    quality_rating: str = "GREEN"
    messaging_limit: str = "TIER_2K"
    messages_per_second: float = 80.0
    # None: every customer can be reached. A list: this is a test number, others are refused with 131030.
    allow_list: list[str] | None = None
    subscribed: bool = True
    token_expires_at: int = 0
    blocked: list[str] = field(default_factory=list)
    catalog_id: str = "400000000000001"
    # The portfolio that owns the business account; its numbers share the messaging limit.
    business_id: str = "500000000000001"

    @property
    def people_a_day(self) -> int | None:
        """By its messaging limit; None: no limit."""
        found = re.fullmatch(r"TIER_(\d+)(K?)", self.messaging_limit)
        return int(found[1]) * (1_000 if found[2] else 1) if found else None

    @property
    def digits(self) -> str:
        """The display number as a wa_id."""
        return digits(self.display_phone_number)


@dataclass(slots=True)
class TwilioNumber:
    """One phone number of a Twilio account, with the webhook set on it."""

    number: str
    sid: str
    sms_url: str = ""
    status_callback: str = ""


@dataclass(slots=True)
class MessagingService:
    """A pool of numbers; with `advanced_opt_out` the inbound webhook carries OptOutType."""

    sid: str
    numbers: list[str]
    friendly_name: str = "Sandbox service"
    inbound_url: str = ""
    status_callback: str = ""
    advanced_opt_out: bool = False


@dataclass(slots=True)
class TwilioAccount:
    """A Twilio account: numbers, services and the token which signs its webhooks."""

    id: str
    auth_token: str
    numbers: dict[str, TwilioNumber]
    services: dict[str, MessagingService]
    friendly_name: str = "Sandbox account"
    messages_per_second: float = 100.0


@dataclass(slots=True)
class TelegramBot:
    """A bot; its webhook is set by the bot itself through setWebhook."""

    id: str
    token: str
    username: str
    first_name: str
    webhook_url: str = ""
    secret_token: str = ""
    allowed_updates: list[str] = field(default_factory=list)
    max_connections: int = 40
    commands: list[Json] = field(default_factory=list)
    last_error_at: int = 0
    last_error: str = ""


@dataclass(slots=True)
class LiveChatSite:
    """Where Parley serves the web-chat widget, for the phone's Web chat tab."""

    id: str
    base_url: str
    secret: str = ""


Account: TypeAlias = WhatsAppNumber | TwilioAccount | TelegramBot | LiveChatSite
KINDS = ("whatsapp", "twilio", "telegram", "livechat")
_URL = re.compile(r"https?://[^\s]+")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def sid(prefix: str, seed: str) -> str:
    """A Twilio id which is always the same for the same seed: prefix + 32 hex digits."""
    return prefix + hashlib.md5(seed.encode(), usedforsecurity=False).hexdigest()


def read(kind: str, account_id: str, data: Json) -> Account:
    """An account from a control request or a journal line; ControlError tells what is missing."""
    if kind == "whatsapp":
        return _whatsapp(account_id, data)
    if kind == "twilio":
        return _twilio(account_id, data)
    if kind == "telegram":
        return _telegram(account_id, data)
    if kind == "livechat":
        return LiveChatSite(account_id, _required(data, "base_url").rstrip("/"), text_of(data, "secret"))
    raise ControlError(f"no such kind of account: {kind}", 404)


def to_json(account: Account) -> Json:
    """The account as JSON, in the shape that `read` takes."""
    data = asdict(account)
    if isinstance(account, TwilioAccount):
        data["numbers"] = list(data["numbers"].values())
        data["messaging_services"] = list(data.pop("services").values())
    return data


def _required(data: Json, key: str) -> str:
    value = text_of(data, key)
    if not value:
        raise ControlError(f"{key} is required")
    return value


def _url(data: Json, key: str) -> str:
    value = text_of(data, key)
    if value and not _URL.fullmatch(value):
        raise ControlError(f"{key} must be an http or https address")
    return value


def _whatsapp(account_id: str, data: Json) -> WhatsAppNumber:
    if not account_id.isdigit():
        raise ControlError("a phone number id has digits only")
    return WhatsAppNumber(
        id=account_id,
        access_token=_required(data, "access_token"),
        app_secret=_required(data, "app_secret"),
        waba_id=text_of(data, "waba_id", "2" + account_id[1:]),
        app_id=text_of(data, "app_id", "3" + account_id[1:]),
        display_phone_number=text_of(data, "display_phone_number", "+12025550180"),
        verify_token=text_of(data, "verify_token"),
        webhook_url=_url(data, "webhook_url"),
        verified_name=text_of(data, "verified_name", "Linden & Co"),
        quality_rating=text_of(data, "quality_rating", "GREEN"),
        messaging_limit=text_of(data, "messaging_limit", "TIER_2K"),
        messages_per_second=number_of(data, "messages_per_second", 80.0),
        allow_list=None if data.get("allow_list") is None else [digits(item) for item in texts_of(data, "allow_list")],
        subscribed=flag_of(data, "subscribed", True),
        token_expires_at=int(number_of(data, "token_expires_at", 0)),
        blocked=texts_of(data, "blocked"),
        catalog_id=text_of(data, "catalog_id", "400000000000001"),
        business_id=text_of(data, "business_id", "5" + account_id[1:]),
    )


def _twilio(account_id: str, data: Json) -> TwilioAccount:
    if not re.fullmatch(r"AC[0-9a-f]{32}", account_id):
        raise ControlError("an account sid is AC and 32 lowercase hex digits")
    default_url = _url(data, "webhook_url")
    numbers: dict[str, TwilioNumber] = {}
    for item in data.get("numbers") or []:
        given: Json = {"number": item} if isinstance(item, str) else item
        number = _required(given, "number")
        if not _E164.fullmatch(number):
            raise ControlError(f"not a number in E.164: {number}")
        numbers[number] = TwilioNumber(
            number=number,
            sid=text_of(given, "sid") or sid("PN", account_id + number),
            sms_url=text_of(given, "sms_url") or default_url,
            status_callback=text_of(given, "status_callback"),
        )
    services: dict[str, MessagingService] = {}
    for item in data.get("messaging_services") or []:
        service = MessagingService(
            sid=_required(item, "sid"),
            numbers=texts_of(item, "numbers"),
            friendly_name=text_of(item, "friendly_name", "Sandbox service"),
            inbound_url=_url(item, "inbound_url"),
            status_callback=_url(item, "status_callback"),
            advanced_opt_out=flag_of(item, "advanced_opt_out"),
        )
        services[service.sid] = service
    return TwilioAccount(
        id=account_id,
        auth_token=_required(data, "auth_token"),
        numbers=numbers,
        services=services,
        friendly_name=text_of(data, "friendly_name", "Sandbox account"),
        messages_per_second=number_of(data, "messages_per_second", 100.0),
    )


def _telegram(account_id: str, data: Json) -> TelegramBot:
    token = _required(data, "token")
    if not re.fullmatch(r"[0-9]+:[A-Za-z0-9_-]+", token) or token.split(":")[0] != account_id:
        raise ControlError("a token is the bot's id, a colon and a secret")
    return TelegramBot(
        id=account_id,
        token=token,
        username=_required(data, "username"),
        first_name=text_of(data, "first_name", "Sandbox bot"),
        webhook_url=text_of(data, "webhook_url"),
        secret_token=text_of(data, "secret_token"),
        allowed_updates=texts_of(data, "allowed_updates"),
        max_connections=int(number_of(data, "max_connections", 40)),
        commands=[object_of({"it": item}, "it") for item in data.get("commands") or []],
    )


DEFAULT_ACCOUNTS: tuple[tuple[str, str, Json], ...] = (
    (
        "whatsapp",
        "100000000000001",
        {
            "access_token": "EAAsandboxtoken",
            "app_secret": "sandbox-app-secret",
            "waba_id": "200000000000001",
            "app_id": "300000000000001",
            "display_phone_number": "+12025550180",
            "verify_token": "sandbox-verify-token",
        },
    ),
    (
        "twilio",
        "AC5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a",
        {
            "auth_token": "5ab0c5ab0c5ab0c5ab0c5ab0c5ab0c5a",
            "numbers": ["+12025550190"],
            "messaging_services": [{"sid": "MG5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a", "numbers": ["+12025550190"]}],
        },
    ),
    (
        "telegram",
        "7000000001",
        {
            "token": "7000000001:AAsandboxBotToken-for_the_demo_0001",
            "username": "linden_demo_bot",
            "first_name": "Linden & Co",
        },
    ),
)
