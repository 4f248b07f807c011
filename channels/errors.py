"""
What can go wrong with a provider, as one tree; each class is one decision that a caller makes.

    ChannelError
    ├── WebhookError              a request that claims to come from a provider
    │   ├── SignatureInvalid          401: wrong or missing signature; nothing is stored
    │   ├── PayloadUnrecognised       400: not this provider's
    │   └── PayloadUnsupported        200: theirs, but nothing in it is for us; counted
    ├── SendError                 one message was not accepted; final unless `retryable`
    │   ├── NotSent                   never reached the provider (connect error, 5xx before acceptance): retry
    │   ├── Throttled                 too fast: retry after `retry_after_seconds`; `scope` says who must wait
    │   │   └── SenderRestricted          the sender is held back for hours, as one who sends spam: a person must look
    │   ├── NotDelivered              taken, and failed later for a reason that passes: mailings try once more
    │   ├── OutcomeUnknown            timeout after the request left: it may have been accepted; never retried blindly
    │   ├── ReplyWindowClosed         templates only until the person writes again
    │   ├── RecipientOptedOut         the provider says they stopped us: becomes a consent fact
    │   ├── RecipientUnreachable      no such handle, blocked us, never started us
    │   ├── RecipientCapped           the provider lets no more marketing through to them for now
    │   ├── AccountRefused            token, permission, payment, restriction: the whole account is halted
    │   ├── TemplateRefused           the template is missing, paused, or its values do not fit
    │   ├── MessageRefused            this content is not acceptable
    │   ├── ValuesRefused             the template does not take this person's values; many such: it is the template
    │   └── Filtered                  neither this nor the next of its kind gets through: final, and a person must look
    ├── MediaError                a file could not be fetched; `retryable` says whether to try again
    └── AccountError              checking or connecting an account failed; `field` says which value to look at
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

# However long a provider says to wait, after a day it is asked again.
LONGEST_WAIT_SECONDS = 86_400.0


class ChannelError(Exception):
    """`str(error)` is for people and never holds a secret."""


class WebhookError(ChannelError):
    status: ClassVar[int] = 400


class SignatureInvalid(WebhookError):
    status = 401


class PayloadUnrecognised(WebhookError):
    status = 400


class PayloadUnsupported(WebhookError):
    status = 200


class SendError(ChannelError):
    """
    `code` is ours and stable; `provider_code` and the message are the provider's own. `retryable` is for machines: the
    same again will probably do. `resendable` is for people: it may do once something was put right (the content, the
    account, the window), which is never so when the person cannot or will not be reached here.
    `retry_after_seconds` is the provider's figure where it gave one.
    """

    code: ClassVar[str] = "send_failed"
    retryable: ClassVar[bool] = False
    resendable: ClassVar[bool] = True

    def __init__(
        self, message: str, *, provider_code: str | None = None, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.provider_code = provider_code
        self.retry_after_seconds = wait_of(retry_after_seconds)


class NotSent(SendError):
    code = "not_sent"
    retryable = True


class Throttled(SendError):
    """`scope` is who must wait: the whole sender, or only this pair of sender and person."""

    code = "throttled"
    retryable = True

    def __init__(
        self,
        message: str,
        *,
        provider_code: str | None = None,
        retry_after_seconds: float | None = None,
        scope: Literal["sender", "pair"] = "sender",
    ) -> None:
        super().__init__(message, provider_code=provider_code, retry_after_seconds=retry_after_seconds)
        self.scope = scope


class SenderRestricted(Throttled):
    """Heals in hours by itself, unless what brought it about goes on: what is sent to many stops."""

    code = "sender_restricted"


class NotDelivered(SendError):
    """Final for one message, for it was taken; a mailing tries once more, not before `retry_after_seconds`."""

    code = "not_delivered"


class OutcomeUnknown(SendError):
    code = "outcome_unknown"


class ReplyWindowClosed(SendError):
    code = "reply_window_closed"


class RecipientOptedOut(SendError):
    """`purpose` limits what they stopped: `marketing` only, or None for everything on this channel."""

    code = "opted_out"
    resendable = False

    def __init__(self, message: str, *, provider_code: str | None = None, purpose: str | None = None) -> None:
        super().__init__(message, provider_code=provider_code)
        self.purpose = purpose


class RecipientUnreachable(SendError):
    """`blocked`: the person blocked us (a consent fact), rather than that the handle does not exist."""

    code = "unreachable"
    resendable = False

    def __init__(self, message: str, *, provider_code: str | None = None, blocked: bool = False) -> None:
        super().__init__(message, provider_code=provider_code)
        self.blocked = blocked


class RecipientCapped(SendError):
    """Final for one message; a mailing may try again after a day or more, never sooner."""

    code = "recipient_capped"


class AccountRefused(SendError):
    code = "account_refused"


class TemplateRefused(SendError):
    code = "template_refused"


class MessageRefused(SendError):
    code = "message_refused"


class ValuesRefused(SendError):
    code = "values_refused"


class Filtered(SendError):
    """Taken for spam, against a policy, or to a country that is closed to us; says nothing of the person."""

    code = "filtered"


class MediaError(ChannelError):
    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable


class AccountError(ChannelError):
    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


def wait_of(told: float | None) -> float | None:
    """A provider's figure as a wait; None if it is none."""
    return min(told, LONGEST_WAIT_SECONDS) if told is not None and told > 0 else None


def from_receipt(told: Mapping[str, Any]) -> SendError:
    """The error that a receipt tells of (the fields of ReceiptError), as if the send itself had raised it."""
    message, provider_code = told["message"], told.get("provider_code")
    wait = told.get("retry_after_seconds")
    if told["code"] in (Throttled.code, SenderRestricted.code):
        throttled = Throttled if told["code"] == Throttled.code else SenderRestricted
        scope: Literal["sender", "pair"] = "pair" if told.get("scope") == "pair" else "sender"
        return throttled(message, provider_code=provider_code, retry_after_seconds=wait, scope=scope)
    if told["code"] == RecipientOptedOut.code:
        return RecipientOptedOut(message, provider_code=provider_code, purpose=told.get("purpose"))
    if told["code"] == RecipientUnreachable.code:
        return RecipientUnreachable(message, provider_code=provider_code, blocked=bool(told.get("blocked")))
    kind = next((c for c in SendError.__subclasses__() if c.code == told["code"]), SendError)
    return kind(message, provider_code=provider_code, retry_after_seconds=wait)
