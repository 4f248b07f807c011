"""
Connecting a number: what is asked, whether it works, and where Meta sends its webhooks.

Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/get-started
"""

import hashlib
import hmac
from datetime import UTC, datetime

from app.core.addresses import e164
from channels.contract import AccountFacts, ChannelAccount, ChannelIO, FormField
from channels.errors import AccountError, SendError
from channels.graph import GraphRefusal, call
from channels.whatsapp import limits
from channels.whatsapp.errors import account_error
from channels.whatsapp.shapes import Json, items, obj, text, whole

FORM: tuple[FormField, ...] = (
    FormField(
        "phone_number_id",
        "Phone number ID",
        "In Meta's App Dashboard under WhatsApp → API Setup, below the number. It is not the phone number itself.",
        placeholder="100000000000001",
    ),
    FormField(
        "waba_id",
        "WhatsApp Business Account ID",
        "On the same page, beside the phone number ID. Templates belong to this account.",
        placeholder="200000000000001",
    ),
    FormField(
        "app_id",
        "App ID",
        "At the top of the App Dashboard. Optional: with it, Parley makes sure that the token is this app's.",
        placeholder="300000000000001",
        required=False,
    ),
    FormField(
        "access_token",
        "Permanent access token",
        "In Business Settings → Users → System users: choose or add one, give it the app and the WhatsApp account, and "
        "press Generate token with whatsapp_business_messaging and whatsapp_business_management. The token on the API "
        "Setup page ends after a day.",
        placeholder="EAA…",
        secret=True,
        type="password",
    ),
    FormField(
        "app_secret",
        "App secret",
        "In the App Dashboard under App settings → Basic, behind Show. Meta signs its webhooks with it.",
        secret=True,
        type="password",
    ),
    FormField(
        "messages_per_second",
        "Messages per second",
        "What Meta lets this number send: 80 a second, or up to 1,000 once it was upgraded. Empty: 80.",
        placeholder="80",
        required=False,
    ),
    FormField(
        "verify_token",
        "Verify token",
        "Made by Parley. Meta asks for it when it checks the webhook address.",
        secret=True,
        asked=False,
    ),
)

_NUMBER_FIELDS = (
    "display_phone_number,verified_name,quality_rating,status,name_status,throughput,"
    "whatsapp_business_manager_messaging_limit"
)
_NEEDED_SCOPES = ("whatsapp_business_messaging", "whatsapp_business_management")


async def check(io: ChannelIO, account: ChannelAccount) -> AccountFacts:
    """The number's own facts, after every value was tried at Meta. Raises AccountError with the field to look at."""
    for name in ("phone_number_id", "waba_id"):
        if not str(account.config.get(name, "")).isdecimal():
            raise AccountError("This must be Meta's number for it: digits only.", field=name)
    limits.check_rate(account)
    number = await _number(io, account)
    await _check_waba(io, account)
    token = await _token(io, account)
    _check_token(token, account)
    shown = text(number, "display_phone_number")
    expires_at = whole(token, "expires_at", 0)
    return AccountFacts(
        address=e164(shown if shown.startswith("+") else f"+{shown}") or shown,
        name=text(number, "verified_name") or None,
        # Zero: the token never ends.
        token_expires_at=datetime.fromtimestamp(expires_at, UTC) if 0 < expires_at < 10**11 else None,
        quality=text(number, "quality_rating") or None,
        limits=_limits(number),
        people_a_day=limits.people_a_day(text(number, "whatsapp_business_manager_messaging_limit")),
        portfolio=await _portfolio(io, account),
        warnings=_warnings(number),
    )


async def connect(io: ChannelIO, account: ChannelAccount, webhook_url: str) -> None:
    """
    Subscribe the app to the business account, with our address in place of the app's own.

    Meta calls the address at once, so the account must already be stored. Raises AccountError.
    Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override
    """
    body = {"override_callback_uri": webhook_url, "verify_token": account.secrets.get("verify_token", "")}
    answer = await _ask(io, account, "POST", f"{account.config.get('waba_id')}/subscribed_apps", json=body)
    if answer.get("success") is not True:
        raise AccountError("Meta did not take the webhook address; enter it in the App Dashboard instead.")


async def disconnect(io: ChannelIO, account: ChannelAccount) -> None:
    """Meta stops calling us for the whole business account, all its numbers included. Raises AccountError."""
    await _ask(io, account, "DELETE", f"{account.config.get('waba_id')}/subscribed_apps")


async def _ask(
    io: ChannelIO,
    account: ChannelAccount,
    method: str,
    path: str,
    *,
    field: str | None = None,
    params: dict[str, str] | None = None,
    json: dict[str, str] | None = None,
) -> Json:
    try:
        return await call(io, account.secrets.get("access_token", ""), method, path, params=params, json=json)
    except GraphRefusal as refusal:
        # Meta names this one parameter in its words and nowhere else.
        wrong_secret = "appsecret_proof" in refusal.words
        raise account_error(refusal, "app_secret" if wrong_secret else field) from None
    except SendError as error:
        raise AccountError(error.message) from None


async def _number(io: ChannelIO, account: ChannelAccount) -> Json:
    """
    The number, asked for with a proof of the app secret, which Meta checks on the way.

    Source: https://developers.facebook.com/docs/graph-api/guides/secure-requests#appsecret_proof
    """
    token, secret = account.secrets.get("access_token", ""), account.secrets.get("app_secret", "")
    proof = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
    params = {"fields": _NUMBER_FIELDS, "appsecret_proof": proof}
    number = await _ask(
        io, account, "GET", str(account.config["phone_number_id"]), field="phone_number_id", params=params
    )
    if not text(number, "display_phone_number"):
        raise AccountError("This ID is known to Meta, but it is not a phone number's.", field="phone_number_id")
    return number


async def _check_waba(io: ChannelIO, account: ChannelAccount) -> None:
    path = f"{account.config['waba_id']}/phone_numbers"
    answer = await _ask(io, account, "GET", path, field="waba_id", params={"fields": "id", "limit": "100"})
    if str(account.config["phone_number_id"]) not in {text(row, "id") for row in items(answer, "data")}:
        raise AccountError("This business account does not own the phone number.", field="waba_id")


async def _portfolio(io: ChannelIO, account: ChannelAccount) -> str:
    """
    Whose limit of people a day it is: the portfolio's that owns the business account. Where Meta does not tell it, as
    the token may not ask, the business account itself.
    """
    waba_id = str(account.config["waba_id"])
    try:
        told = await call(
            io, account.secrets.get("access_token", ""), "GET", waba_id, params={"fields": "owner_business_info"}
        )
    except (GraphRefusal, SendError):
        return waba_id
    return text(obj(told, "owner_business_info"), "id") or waba_id


async def _token(io: ChannelIO, account: ChannelAccount) -> Json:
    """What Meta says of the token; empty where it does not say (some tokens may not ask about themselves)."""
    token = account.secrets.get("access_token", "")
    try:
        answer = await call(io, token, "GET", "debug_token", params={"input_token": token})
    except GraphRefusal:
        return {}
    except SendError as error:
        raise AccountError(error.message) from None
    return obj(answer, "data")


async def app_of_token(io: ChannelIO, account: ChannelAccount) -> str:
    """Which app the token belongs to; empty where Meta does not say. Raises AccountError."""
    return text(await _token(io, account), "app_id")


def _check_token(token: Json, account: ChannelAccount) -> None:
    scopes = token.get("scopes")
    lacking = [scope for scope in _NEEDED_SCOPES if scope not in scopes] if isinstance(scopes, list) else []
    if lacking:
        raise AccountError(f"The token lacks the permission {' and '.join(lacking)}.", field="access_token")
    app_id = str(account.config.get("app_id") or "")
    if app_id and text(token, "app_id") not in ("", app_id):
        raise AccountError(f"The token belongs to another app ({text(token, 'app_id')}).", field="app_id")


def _limits(number: Json) -> str | None:
    """`TIER_2K` (people a day outside the reply window), with the speed where it is not the usual one."""
    tier = text(number, "whatsapp_business_manager_messaging_limit")
    speed = text(obj(number, "throughput"), "level")
    return ", ".join(part for part in (tier, speed if speed not in ("", "STANDARD") else "") if part) or None


def _warnings(number: Json) -> tuple[str, ...]:
    status, name_status = text(number, "status"), text(number, "name_status")
    quality = text(number, "quality_rating")
    found = (
        (status not in ("", "CONNECTED"), f"Meta reports the number as {status}."),
        (quality in ("RED", "YELLOW"), f"The number's quality is {quality}; people block or report it."),
        (name_status in ("DECLINED", "EXPIRED"), f"The display name is {name_status}."),
    )
    return tuple(message for is_so, message in found if is_so)
