"""
Errors that are part of the rules, each with a stable code, an HTTP status and words for a person.

    AppError
    ├── NotFound             404  no such thing in this workspace
    ├── Invalid              422  a value is wrong; `errors` says which field and why
    ├── Conflict             409  the thing has changed, or the rules forbid it now
    │   ├── ChangedMeanwhile      a colleague has just changed the same; `changed` says what, and who
    │   ├── ContactMerged         it was merged with another contact, or parted from it, a moment ago
    │   ├── OptedOut              the person does not want this
    │   ├── LeftOut               the business has settled that this person gets no marketing, or not now
    │   ├── ReplyWindowClosed     the channel allows templates only
    │   └── NewerMessages         others wrote after what the writer had seen; `newer` are their messages
    ├── SignedOut            401  no valid session or token
    ├── Forbidden            403  signed in, but not allowed
    ├── TooLarge             413  body or file over the limit
    ├── UnsupportedMedia     415  a kind of file we do not take
    ├── TooManyRequests      429  try again after `retry_after_seconds`
    └── Unavailable          503  a part we need is down; try again
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from app.core.clock import iso


@dataclass(frozen=True)
class FieldError:
    """One wrong value: the path of the field (`config.access_token`) and what to do about it."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Change:
    """
    What somebody else has changed: `what` names it (`priority`, `fields.vat`, or the whole thing: `macro`), `by` is a
    member's id and `name` what they are called. `value` is what it is now, as JSON and short, where that says anything.
    """

    what: str
    by: str | None = None
    name: str | None = None
    at: datetime | None = None
    value: Any = None


class AppError(Exception):
    """An expected refusal. `str(error)` may be shown to a person; it never holds a secret."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"
    code: str = "error"
    # What a program needs beside the code, such as `retry_after_seconds`; goes into the answer as it is.
    extra: Mapping[str, Any] = {}

    def __init__(self, detail: str, *, code: str | None = None, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        if code is not None:
            self.code = code


class NotFound(AppError):
    status, title, code = 404, "Not found", "not_found"


class Invalid(AppError):
    status, title, code = 422, "Some values are not right", "invalid"

    @classmethod
    def field(cls, field: str, message: str) -> "Invalid":
        return cls(message, errors=(FieldError(field, message),))


class Conflict(AppError):
    status, title, code = 409, "Not possible now", "conflict"


class ChangedMeanwhile(Conflict):
    title, code = "Changed by a colleague meanwhile", "changed_meanwhile"

    def __init__(self, detail: str, *changed: Change) -> None:
        super().__init__(detail)
        shown = [{"what": c.what, "by": c.by, "name": c.name, "at": iso(c.at), "value": c.value} for c in changed]
        self.extra = {"changed": shown}


class ContactMerged(Conflict):
    title, code = "Merged or parted meanwhile", "contact_merged"


class OptedOut(Conflict):
    title, code = "This person does not want these messages", "opted_out"


class LeftOut(Conflict):
    title, code = "This person gets no marketing now", "left_out"


class ReplyWindowClosed(Conflict):
    title, code = "The reply window is closed", "reply_window_closed"


class NewerMessages(Conflict):
    title, code = "There are newer messages", "newer_messages"

    def __init__(self, detail: str, *, newer: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(detail)
        self.extra = {"newer": newer}


class SignedOut(AppError):
    status, title, code = 401, "Please sign in", "signed_out"


class Forbidden(AppError):
    status, title, code = 403, "Not allowed", "forbidden"


class TooLarge(AppError):
    status, title, code = 413, "Too large", "too_large"


class UnsupportedMedia(AppError):
    status, title, code = 415, "This kind of file is not accepted", "unsupported_media"


class TooManyRequests(AppError):
    status, title, code = 429, "Too many attempts", "too_many_requests"

    def __init__(self, detail: str, *, retry_after_seconds: int, code: str | None = None) -> None:
        super().__init__(detail, code=code)
        self.retry_after_seconds = retry_after_seconds
        self.extra = {"retry_after_seconds": retry_after_seconds}


class Unavailable(AppError):
    status, title, code = 503, "Not available right now", "unavailable"
