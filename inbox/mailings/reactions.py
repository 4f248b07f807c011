"""What a mailing does about an error, told at once or by a report alike: for this person, and for all that is left."""

import random
from datetime import timedelta

from channels.errors import (
    AccountRefused,
    Filtered,
    NotDelivered,
    RecipientCapped,
    SenderRestricted,
    SendError,
    TemplateRefused,
    Throttled,
)

MAX_ATTEMPTS = 6
# So many people whose values a template does not take are no accident any more: the template is at fault.
VALUES_REFUSED = 3
# A person who has had as much marketing as the provider lets through, from all businesses together: not before then.
_CAPPED = (timedelta(hours=24), timedelta(hours=48), timedelta(hours=96))
_A_MINUTE = 60.0


def again(error: SendError, attempts: int) -> timedelta | None:
    """After how long it may be tried again for this person, tried so often by now; None if a machine must not."""
    match error:
        case Throttled(scope="sender"):
            return timedelta(seconds=error.retry_after_seconds or 1.0)
        case AccountRefused() | TemplateRefused():
            # Nobody got anything: it goes when somebody has put it right and lets the mailing go on.
            return timedelta()
        case Throttled():
            return timedelta(seconds=4.0**attempts) if attempts < MAX_ATTEMPTS else None
        case RecipientCapped():
            return _CAPPED[attempts - 1] if attempts <= len(_CAPPED) else None
        case NotDelivered():
            return timedelta(seconds=error.retry_after_seconds or _A_MINUTE) if attempts <= 1 else None
        case _ if error.retryable and attempts < MAX_ATTEMPTS:
            spread = random.uniform(0.5, min(300.0, 2.0**attempts))  # noqa: S311
            return timedelta(seconds=error.retry_after_seconds or spread)
    return None


def stops(error: SendError) -> bool:
    """Whether everybody who is left would meet the same: the mailing pauses, with the provider's words."""
    return isinstance(error, AccountRefused | TemplateRefused | SenderRestricted | Filtered)
