"""
Twilio's answers as our errors: one table of codes, used for refused requests and for failures told by receipt.

Source: https://www.twilio.com/docs/api/errors
"""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from app.core import http
from channels.contract import ReceiptError
from channels.errors import (
    AccountError,
    AccountRefused,
    Filtered,
    MessageRefused,
    NotDelivered,
    NotSent,
    OutcomeUnknown,
    RecipientCapped,
    RecipientOptedOut,
    RecipientUnreachable,
    ReplyWindowClosed,
    SendError,
    TemplateRefused,
    Throttled,
    wait_of,
)


class Failure(Exception):
    """A call to Twilio that gave no result."""


class NoAnswer(Failure):
    """The connection failed. `untouched`: surely before Twilio had anything of the request."""

    def __init__(self, error: httpx.HTTPError) -> None:
        super().__init__(type(error).__name__)
        self.untouched = http.never_connected(error)


class Refusal(Failure):
    """
    An answer that is not the result we asked for: any status from 300 on, or a 2xx that cannot be read.
    `code` is Twilio's own (0 where it gave none); `retry_after_seconds` is from the Retry-After header.
    """

    def __init__(self, status: int, code: int, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(f"{message} (HTTP {status}, code {code})")
        self.status = status
        self.code = code
        self.message = message
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True, slots=True)
class Rule:
    """What a code means for us; `words` are shown where Twilio sends the bare code, as it does in most receipts."""

    error: type[SendError]
    words: str
    retry_after_seconds: float | None = None


RULES: Mapping[int, Rule] = {
    # The account or its sender: nothing goes out until a person has looked at it.
    20003: Rule(AccountRefused, "Twilio does not accept the account SID and auth token."),
    20404: Rule(AccountRefused, "Twilio does not know this account."),
    21212: Rule(AccountRefused, "The sender is not a valid number."),
    21603: Rule(AccountRefused, "No sender was given."),
    21606: Rule(AccountRefused, "The sender does not belong to this Twilio account or cannot send SMS."),
    30002: Rule(AccountRefused, "The Twilio account is suspended."),
    30032: Rule(AccountRefused, "The toll-free number has not been verified."),
    30034: Rule(AccountRefused, "The number is not registered for US messaging (10DLC)."),
    63007: Rule(AccountRefused, "Twilio does not know this sender."),
    63062: Rule(AccountRefused, "The terms for marketing messages have not been accepted."),
    # Too fast, or a queue is full: later.
    20429: Rule(Throttled, "Too many requests to Twilio at once."),
    21611: Rule(Throttled, "The sender's queue at Twilio is full."),
    30001: Rule(Throttled, "The message waited too long in Twilio's queue.", 60),
    30022: Rule(Throttled, "The carrier's rate for this sender was exceeded.", 10),
    63017: Rule(Throttled, "The Twilio account's rate limit was exceeded."),
    63018: Rule(Throttled, "The sender's rate limit was exceeded."),
    63038: Rule(Throttled, "The Twilio account has sent as many messages as it may in a day.", 3600),
    63119: Rule(Throttled, "WhatsApp's rate limit was exceeded."),
    # Surely not delivered, for a reason that passes.
    30003: Rule(NotDelivered, "The phone is switched off or out of reach.", 4 * 3600),
    30008: Rule(NotDelivered, "The carrier could not deliver the message and gave no reason.", 60),
    30410: Rule(NotSent, "The carrier did not answer in time."),
    # Not today: one carrier of several, so nobody else has to wait.
    30023: Rule(RecipientCapped, "The carrier takes no more messages from this sender today."),
    63049: Rule(RecipientCapped, "WhatsApp lets no more marketing through to this person for now."),
    # The person.
    21610: Rule(RecipientOptedOut, "This person has answered STOP to this sender."),
    21211: Rule(RecipientUnreachable, "This is not a valid phone number."),
    21217: Rule(RecipientUnreachable, "This is not a valid phone number."),
    21612: Rule(RecipientUnreachable, "There is no SMS route from this sender to this number."),
    21614: Rule(RecipientUnreachable, "This is not a mobile number."),
    21635: Rule(RecipientUnreachable, "This is a landline number."),
    # Not `blocked`: the carrier may have blocked it as well as the person, so one alone is no word of consent.
    30004: Rule(RecipientUnreachable, "The message was blocked by the person or their carrier."),
    30005: Rule(RecipientUnreachable, "The number is unknown or no longer active."),
    30006: Rule(RecipientUnreachable, "This is a landline, or its carrier cannot be reached."),
    63003: Rule(RecipientUnreachable, "This is no address on that channel."),
    63024: Rule(RecipientUnreachable, "Nobody can be reached at this address on that channel."),
    # All of its kind.
    # Sending to one country is switched off; halting the account would stop all others with it.
    21408: Rule(Filtered, "Sending to this country is not switched on in the Twilio account."),
    30007: Rule(Filtered, "The carrier filtered the message as spam."),
    63005: Rule(Filtered, "The channel does not accept what the message says."),
    63013: Rule(Filtered, "The message violates the channel's policy."),
    63027: Rule(TemplateRefused, "The template does not exist in this language."),
    63028: Rule(TemplateRefused, "The values do not fit the template."),
    63040: Rule(TemplateRefused, "The template was rejected."),
    63041: Rule(TemplateRefused, "The template is paused."),
    63042: Rule(TemplateRefused, "The template is disabled."),
    63046: Rule(TemplateRefused, "The template is not approved."),
    # This message only.
    63016: Rule(ReplyWindowClosed, "This person has not written in the last 24 hours."),
    63032: Rule(MessageRefused, "WhatsApp tries something out on this person and lets no marketing through."),
    21608: Rule(MessageRefused, "A trial account can only text numbers verified at Twilio."),
    21617: Rule(MessageRefused, "The text is longer than 1,600 characters."),
    21620: Rule(MessageRefused, "Twilio could not use the file's address."),
    21623: Rule(MessageRefused, "The file is too large or of a kind that MMS does not take."),
    11751: Rule(MessageRefused, "The file is larger than MMS allows."),
}

# What a code means that stands in no row above, by the family that its number says. Of a request that is wrong by
# itself the same again is as wrong; what a carrier or a channel has against it may pass.
_FAMILIES: tuple[tuple[int, int, type[SendError]], ...] = (
    (11000, 19999, MessageRefused),  # fetching files; TwiML
    (20000, 20999, MessageRefused),  # the request itself, unless its status says more
    (21000, 21999, MessageRefused),  # the values of a message
    (35000, 35999, MessageRefused),  # scheduling
)

# Where the status says more than an unknown code, or there is no code. 500, 502 and 504 are absent: the message may
# have been accepted all the same.
_STATUSES: Mapping[int, type[SendError]] = {
    401: AccountRefused,
    402: AccountRefused,
    403: AccountRefused,
    404: AccountRefused,
    408: NotSent,
    409: NotSent,
    421: NotSent,
    423: NotSent,
    425: NotSent,
    429: Throttled,
    503: NotSent,
}


def send_error(failure: NoAnswer | Refusal) -> SendError:
    """What went wrong with a send, as the decision a caller makes."""
    if isinstance(failure, Refusal):
        return _refused(failure)
    if failure.untouched:
        return NotSent(f"Twilio could not be reached ({failure}).")
    return OutcomeUnknown(f"The connection to Twilio broke before it answered ({failure}).")


def receipt_error(code: str | None, message: str | None) -> ReceiptError:
    """The failure a status callback tells. Codes we do not know are this message's own trouble, nobody else's."""
    rule = RULES.get(number(code))
    known = rule.error if rule else _by_family(number(code))
    return ReceiptError(
        # Twilio had taken the message, so "not sent" would be the wrong word for what failed afterwards.
        code=(NotDelivered if known is NotSent else known).code,
        message=message or (rule.words if rule else "Twilio could not deliver the message."),
        provider_code=code or None,
        retry_after_seconds=rule.retry_after_seconds if rule else None,
    )


def account_error(failure: NoAnswer | Refusal, field: str | None = None) -> AccountError:
    """For checking and connecting: what to tell the person at the form. `field` is where a 404 points to."""
    if isinstance(failure, NoAnswer):
        return AccountError("Twilio could not be reached. Try again in a moment.")
    if failure.status == 401 or failure.code == 20003:
        return AccountError(
            "Twilio does not accept this auth token for this account SID. Copy both again from the Twilio Console.",
            field="auth_token",
        )
    return AccountError(f"Twilio answered: {failure.message}", field=field if failure.status == 404 else None)


def number(text: str | None) -> int:
    """A code or count written in decimal digits; 0 for anything else."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _refused(answer: Refusal) -> SendError:
    code = str(answer.code) if answer.code else None
    rule = RULES.get(answer.code)
    kind = rule.error if rule else _unknown(answer)
    error = kind(answer.message, provider_code=code)
    wait = rule.retry_after_seconds if rule else None
    if issubclass(kind, (Throttled, NotSent)):
        wait = wait_of(answer.retry_after_seconds) or wait
    error.retry_after_seconds = wait
    return error


def _unknown(answer: Refusal) -> type[SendError]:
    """No row has this code. Below 500 it is sure that nothing was sent."""
    if answer.status in _STATUSES:
        return _STATUSES[answer.status]
    if answer.status < 300 or answer.status >= 500:
        return OutcomeUnknown
    return _by_family(answer.code)


def _by_family(code: int) -> type[SendError]:
    """One that we do not know is worth another try; no code at all is no word of Twilio's, and none."""
    if code == 0:
        return MessageRefused
    return next((error for low, high, error in _FAMILIES if low <= code <= high), NotSent)
