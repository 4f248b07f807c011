"""
Meta's codes as our errors: one table, asked for an immediate refusal and for a `failed` status alike.

Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
"""

from collections.abc import Mapping

from channels.contract import ReceiptError
from channels.errors import (
    AccountError,
    AccountRefused,
    Filtered,
    MessageRefused,
    NotDelivered,
    NotSent,
    RecipientCapped,
    RecipientOptedOut,
    RecipientUnreachable,
    ReplyWindowClosed,
    SenderRestricted,
    SendError,
    TemplateRefused,
    Throttled,
    ValuesRefused,
)
from channels.graph import GraphRefusal, Rule, joined
from channels.whatsapp.shapes import Json, obj, text, whole

_ACCOUNT = Rule(AccountRefused)
_AGAIN = Rule(NotSent)
_FILTERED = Rule(Filtered)
_MESSAGE = Rule(MessageRefused)
_TEMPLATE = Rule(TemplateRefused)
_UNREACHABLE = Rule(RecipientUnreachable)
_VALUES = Rule(ValuesRefused)

_MEDIA = 131053

# A code Meta added since: retried by the caller's count, never a reason to give up on a person or an account.
UNKNOWN_CODE = _AGAIN

RULES: Mapping[int, Rule] = {
    0: _ACCOUNT,  # token invalid
    1: _AGAIN,  # invalid request or server error
    2: _AGAIN,  # temporarily unavailable
    3: _ACCOUNT,  # permission missing
    4: Rule(Throttled, 60),  # the app's call allowance
    10: _ACCOUNT,  # permission missing
    33: _ACCOUNT,  # the number was deleted
    100: _MESSAGE,  # bad parameter
    102: _ACCOUNT,  # session ended
    104: _ACCOUNT,  # no token
    190: _ACCOUNT,  # token expired
    368: _ACCOUNT,  # policy restriction
    80007: Rule(Throttled, 60),  # the business account's call allowance
    130403: _UNREACHABLE,  # we blocked this person
    130429: Rule(Throttled, 1),  # the number's throughput
    130472: _MESSAGE,  # person is in a marketing experiment; not an opt-out
    130497: _FILTERED,  # this business may not message that country
    131000: _AGAIN,  # unknown
    131005: _ACCOUNT,  # permission missing
    131008: _MESSAGE,  # parameter missing
    131009: _MESSAGE,  # parameter value
    131016: _AGAIN,  # temporarily unavailable
    131021: _MESSAGE,  # to ourselves
    131026: _UNREACHABLE,  # not on WhatsApp, or has not accepted the terms
    131030: _UNREACHABLE,  # not on a test number's allow list
    131031: _ACCOUNT,  # locked
    131037: _ACCOUNT,  # display name not approved
    131042: _ACCOUNT,  # payment
    131044: _ACCOUNT,  # payment
    131045: _ACCOUNT,  # number not registered
    131047: Rule(ReplyWindowClosed),
    131048: Rule(SenderRestricted, 3600),  # spam restriction on the number; heals in hours
    # The cap on marketing to one person. Final for this message: a hold on the pair would hold our replies as well.
    131049: Rule(RecipientCapped),
    131050: Rule(RecipientOptedOut, purpose="marketing"),
    131051: _MESSAGE,  # message type
    131052: _MESSAGE,  # media of theirs not downloadable
    _MEDIA: _MESSAGE,  # media upload
    131055: _TEMPLATE,  # not a marketing template
    131056: Rule(Throttled, 6, scope="pair"),  # one message in 6 s to one person
    131057: Rule(NotSent, 60),  # maintenance, or a throughput upgrade
    131061: _TEMPLATE,  # max-price template
    131062: _MESSAGE,  # needs a phone number
    131063: _TEMPLATE,  # marketing not allowed through /messages
    131064: _TEMPLATE,  # misclassified templates
    132005: _MESSAGE,  # the text is too long once the values are in it
    132008: _VALUES,
    132012: _VALUES,  # a value's format
    132018: _VALUES,
    134011: _MESSAGE,  # payment terms pending
    134100: _TEMPLATE,
    134101: Rule(NotSent, 600),  # template still syncing
    134102: _TEMPLATE,
    135000: _AGAIN,  # unknown
    137000: _MESSAGE,  # identity hash mismatch
    2494100: Rule(NotSent, 60),  # maintenance
}

# Whole families: first code, last code.
RANGES: tuple[tuple[int, int, Rule], ...] = (
    (200, 299, _ACCOUNT),  # permissions
    (132000, 132068, _TEMPLATE),  # the last: its Flow is blocked
    (132069, 132069, Rule(NotDelivered, 3600)),  # its Flow is throttled
    (133004, 133004, _AGAIN),  # temporarily unavailable, alone among the registration codes
    (133000, 133016, _ACCOUNT),  # registration
    (138000, 138999, _MESSAGE),  # calling
    (139000, 139200, _MESSAGE),  # Flows management, block list, Direct Send
    (147001, 147005, _MESSAGE),  # business username
    (2388000, 2388999, _TEMPLATE),  # template creation
)


def rule(code: int) -> Rule:
    """What a code means; an unknown one is worth another try."""
    known = RULES.get(code)
    if known is not None:
        return known
    return next((found for low, high, found in RANGES if low <= code <= high), UNKNOWN_CODE)


def send_error(refusal: GraphRefusal) -> SendError:
    """A refusal as the error that `send` raises."""
    return rule(refusal.code).make(refusal.words, refusal.code, refusal.usage)


def receipt_error(status: Json) -> ReceiptError:
    """The `errors[]` of a `failed` status."""
    reported = status.get("errors")
    error = reported[0] if isinstance(reported, list) and reported and isinstance(reported[0], dict) else {}
    code = whole(error, "code", -1)
    told = rule(code)
    # Meta had taken the message, so "not sent" would be the wrong word for what failed afterwards. A file that it took
    # and could not fetch is worth another try, one that it does not take is none.
    passes = told.error is NotSent or code == _MEDIA
    known = NotDelivered if passes else told.error
    return ReceiptError(
        code=known.code,
        message=describe(error) or "WhatsApp could not deliver the message.",
        provider_code=text(error, "code", 40) or None,
        purpose=told.purpose,
        retry_after_seconds=told.retry_after_seconds,
        scope=told.scope,
    )


def describe(error: Json) -> str:
    """An error object of a webhook in Meta's words: its title and its details."""
    title = text(error, "title", 500) or text(error, "message", 500)
    details = text(obj(error, "error_data"), "details", 1000)
    return joined(title, details)


def account_error(refusal: GraphRefusal, field: str | None) -> AccountError:
    """A refusal while checking or managing an account; `field` is to blame unless the token is."""
    if refusal.code in (0, 102, 104, 190):
        return AccountError(
            f"Meta does not accept the access token: {refusal.words} Make a new one and paste it here.",
            field="access_token",
        )
    if refusal.code in (3, 10, 131005) or 200 <= refusal.code <= 299:
        return AccountError(
            "The access token lacks a permission; it needs whatsapp_business_messaging and "
            f"whatsapp_business_management. Meta says: {refusal.words}",
            field="access_token",
        )
    return AccountError(f"Meta says: {refusal.words}", field=field)
