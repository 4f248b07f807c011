"""The account's sender: what kind it is, how fast it may send, and whether it can carry media."""

import re
from collections.abc import Mapping

from app.core.addresses import e164
from channels.contract import ChannelAccount, RateLimits

ACCOUNT_SID = re.compile(r"AC[0-9a-fA-F]{32}")
SERVICE_SID = re.compile(r"MG[0-9a-fA-F]{32}")

# Messages a second that a kind of sender takes before Twilio starts to queue.
# https://www.twilio.com/docs/messaging/features/messaging-queues-and-rate-limits (toll-free unconfirmed)
_PER_SECOND: Mapping[str, float] = {"long_code": 1, "toll_free": 3, "service": 10}
# Twilio queues what comes too fast, so a handful of replies need not wait for each other.
_BURST = 5
_MOST_PER_SECOND = 1000

_PART_OF_SID = re.compile(r"MG[0-9a-f]+")
# What phones show in place of a number: up to eleven letters, digits and spaces, at least one of them a letter.
_LETTERS = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9 _&+-]{0,9}[A-Za-z0-9]|[A-Za-z]")
_TOLL_FREE = re.compile(r"\+1(800|833|844|855|866|877|888)\d{7}")


def of(account: ChannelAccount | None) -> str:
    """The sender as configured: `+12025550100` or `MG…`."""
    return str(account.config.get("sender") or "").strip() if account else ""


def is_service(sender: str) -> bool:
    return SERVICE_SID.fullmatch(sender) is not None


def is_letters(sender: str) -> bool:
    """A name in place of a number; nobody can answer it. Half of a service's SID is none."""
    return not _PART_OF_SID.fullmatch(sender) and _LETTERS.fullmatch(sender) is not None


def is_toll_free(sender: str) -> bool:
    return _TOLL_FREE.fullmatch(sender) is not None


def normalised(sender: str) -> str | None:
    """The sender in the form Twilio lists it; None if it is no full number, service SID or sender ID of letters."""
    return sender if is_service(sender) or is_letters(sender) else e164(sender)


def carries_media(number: str) -> bool:
    """
    Whether MMS works for this number: in the US and Canada only. The whole of +1 is let through; Twilio refuses the
    few other countries on it itself, and a numbering table that is out of date refuses no customer.
    """
    return number.startswith("+1")


def rate(account: ChannelAccount | None) -> RateLimits:
    """The owner's figure (`messages_per_second`) if there is one, else what such a sender gets without asking."""
    per_second = own_rate(account.config.get("messages_per_second") if account else None)
    if per_second is None:
        per_second = _PER_SECOND[_kind(of(account))]
    return RateLimits(sender_per_second=per_second, sender_burst=max(_BURST, per_second))


def own_rate(value: object) -> float | None:
    """The figure as typed into the form; None if it is empty or no usable number."""
    try:
        per_second = float(str(value or "").strip())
    except ValueError:
        return None
    return per_second if 0 < per_second <= _MOST_PER_SECOND else None


def _kind(sender: str) -> str:
    if is_service(sender):
        return "service"
    return "toll_free" if is_toll_free(sender) else "long_code"
