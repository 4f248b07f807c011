"""Connecting a Twilio account: the form, the check of its values, and the webhook on the number or service."""

from typing import Any
from urllib.parse import quote

from channels.contract import AccountFacts, ChannelAccount, ChannelIO, FormField
from channels.errors import AccountError
from channels.sms import payloads, registration, rest, senders
from channels.sms.errors import NoAnswer, Refusal, account_error

FORM = (
    FormField(
        name="account_sid",
        label="Account SID",
        help="On the start page of the Twilio Console (console.twilio.com), under Account Info. It starts with AC. "
        "For a number in a subaccount, switch to that subaccount first.",
        placeholder="AC00000000000000000000000000000000",
    ),
    FormField(
        name="auth_token",
        label="Auth token",
        help="Beside the account SID; press Show. It sends messages and proves that webhooks come from Twilio, "
        "so an API key does not do instead.",
        secret=True,
        type="password",
    ),
    FormField(
        name="sender",
        label="Number or messaging service",
        help="A number of yours with its country code, from Phone Numbers → Active numbers; or the SID of a messaging "
        "service, from Messaging → Services, which starts with MG; or a sender ID of letters such as your name, which "
        "some countries take and nobody can answer.",
        placeholder="+12025550100",
    ),
    FormField(
        name="secondary_auth_token",
        label="Secondary auth token",
        help="Only while you rotate the token: webhooks signed with either token are taken. Find it under Account → "
        "API keys & tokens.",
        secret=True,
        required=False,
        type="password",
    ),
    FormField(
        name="messages_per_second",
        label="Messages per second",
        help="Leave empty for what Twilio gives such a sender by default: 1 for a number, 3 for a toll-free number, "
        "10 for a messaging service. Enter your own rate if your campaign or short code has another.",
        placeholder="1",
        required=False,
    ),
    *registration.FORM,
)

# Twilio sends a webhook once and forgets it, unless its address asks for retries. The part after # stays at Twilio:
# it is neither sent nor signed. https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
RETRIES = "#rc=3&rp=all"


def webhook_url(io: ChannelIO, account: ChannelAccount) -> str:
    return f"{io.public_url.rstrip('/')}/webhooks/{payloads.KIND}/{account.id}"


def callback_url(io: ChannelIO, account: ChannelAccount, message_id: str) -> str:
    """Where Twilio reports on one message; our id travels in the query and comes back with every report."""
    return f"{webhook_url(io, account)}?m={quote(message_id, safe='')}{RETRIES}"


async def check(io: ChannelIO, account: ChannelAccount) -> AccountFacts:
    """Whether the account is open and the sender is its own. Raises AccountError naming the field."""
    sender = _checked(account)
    api = rest.client(io, account)
    owner = await _ask(api.api.v2010.accounts(account.config["account_sid"]).fetch_async(), "account_sid")
    if owner.status != "active":
        raise AccountError(f"This Twilio account is {owner.status}.", field="account_sid")
    trial: tuple[str, ...] = (
        ("A trial account can only text numbers that are verified at Twilio.",) if owner.type == "Trial" else ()
    )
    trial += registration.check(account)
    if senders.is_letters(sender):
        # There is no list of them to look into; what countries make of it is in registration.py.
        return AccountFacts(sender, sender, warnings=trial)
    if senders.is_service(sender):
        service = await _ask(api.messaging.v1.services(sender).fetch_async(), "sender")
        return AccountFacts(
            sender, service.friendly_name, warnings=trial + _elsewhere(io, account, service.inbound_request_url)
        )
    number = await _number(api, sender)
    if not (number.capabilities or {}).get("sms"):
        raise AccountError("This number cannot send SMS. Choose one with the SMS capability.", field="sender")
    return AccountFacts(sender, number.friendly_name, warnings=trial + _elsewhere(io, account, number.sms_url))


async def connect(io: ChannelIO, account: ChannelAccount, webhook_url: str) -> None:
    """Have Twilio send this sender's messages to `webhook_url`. Raises AccountError."""
    if senders.is_letters(senders.of(account)):
        raise AccountError("Nobody can answer a sender of letters, so there is no webhook to set.")
    await _point(io, account, webhook_url + RETRIES)


async def disconnect(io: ChannelIO, account: ChannelAccount) -> None:
    """Take our webhook off the sender; an address that somebody else put there stays. Raises AccountError."""
    sender = _checked(account)
    if senders.is_letters(sender):
        return
    api = rest.client(io, account)
    if senders.is_service(sender):
        current = (await _ask(api.messaging.v1.services(sender).fetch_async(), "sender")).inbound_request_url
    else:
        current = (await _number(api, sender)).sms_url
    if _is_ours(io, account, current):
        await _point(io, account, "")


async def _point(io: ChannelIO, account: ChannelAccount, url: str) -> None:
    sender = _checked(account)
    api = rest.client(io, account)
    if senders.is_service(sender):
        change = api.messaging.v1.services(sender).update_async(
            inbound_request_url=url, inbound_method="POST", use_inbound_webhook_on_number=False
        )
    else:
        number = await _number(api, sender)
        change = api.incoming_phone_numbers(number.sid).update_async(sms_url=url, sms_method="POST")
    await _ask(change, "sender")


async def _number(api: Any, sender: str) -> Any:
    """Twilio's record of the number. Its filter matches parts of numbers too, hence the comparison."""
    found = await _ask(api.incoming_phone_numbers.list_async(phone_number=sender, limit=20), None)
    for number in found:
        if number.phone_number == sender:
            return number
    raise AccountError(f"The number {sender} does not belong to this Twilio account.", field="sender")


async def _ask(call: Any, field: str | None) -> Any:
    try:
        return await call
    except (NoAnswer, Refusal) as error:
        raise account_error(error, field) from error


def _checked(account: ChannelAccount) -> str:
    """The sender, once the form's values have at least the right shape."""
    if not senders.ACCOUNT_SID.fullmatch(str(account.config.get("account_sid") or "")):
        raise AccountError("An account SID is AC and 32 letters and digits.", field="account_sid")
    if not account.secrets.get("auth_token"):
        raise AccountError("The auth token is missing.", field="auth_token")
    sender = senders.of(account)
    if senders.normalised(sender) != sender:
        raise AccountError(
            "Write the number with + and country code, without spaces, or give the SID of a messaging service (MG…), "
            "or a sender ID of up to 11 letters and digits.",
            field="sender",
        )
    rate = account.config.get("messages_per_second")
    if rate and senders.own_rate(rate) is None:
        raise AccountError("Give the messages per second as a number above 0.", field="messages_per_second")
    return sender


def _is_ours(io: ChannelIO, account: ChannelAccount, url: str | None) -> bool:
    return (url or "").partition("#")[0] == webhook_url(io, account)


def _elsewhere(io: ChannelIO, account: ChannelAccount, url: str | None) -> tuple[str, ...]:
    if not url or _is_ours(io, account, url):
        return ()
    return ("Messages to this sender go to another address at Twilio. Connect it again to receive them here.",)
