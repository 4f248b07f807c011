"""What can happen in a scripted conversation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Writes:
    """The customer sends something: `what` as the sandbox takes it. `key` names it for later."""

    what: Mapping[str, Any]
    key: str = ""
    quotes: str = ""


@dataclass(frozen=True, slots=True)
class Reacts:
    """The customer puts an emoji on one of our messages."""

    to: str
    emoji: str


@dataclass(frozen=True, slots=True)
class Reads:
    """The customer opens the chat: what was delivered becomes read."""


@dataclass(frozen=True, slots=True)
class Answers:
    """A colleague writes; `content` as the API takes it. `file` is a sample of the sandbox to send along."""

    member: str
    content: Mapping[str, Any]
    key: str = ""
    quotes: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Likes:
    """A colleague puts an emoji on a message of the customer."""

    member: str
    to: str
    emoji: str


@dataclass(frozen=True, slots=True)
class Notes:
    member: str
    text: str


@dataclass(frozen=True, slots=True)
class Assigns:
    """`member` takes the conversation themselves."""

    member: str


@dataclass(frozen=True, slots=True)
class Closes:
    member: str


@dataclass(frozen=True, slots=True)
class MakesTicket:
    """A colleague makes a ticket of the conversation; `fields` are more of it, as the API takes them."""

    member: str
    title: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NextFails:
    """The provider will refuse our next message to this customer with its own `code`."""

    code: int


Step = Writes | Reacts | Reads | Answers | Likes | Notes | Assigns | Closes | MakesTicket | NextFails


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One conversation: a customer of the sandbox's cast, the channel (by kind), and what happens."""

    key: str
    channel: str
    customer: str
    steps: Sequence[Step] = field(repr=False)


def says(text: str, key: str = "", quotes: str = "") -> Writes:
    return Writes({"type": "text", "text": text}, key, quotes)


def sends(kind: str, key: str = "", **more: Any) -> Writes:
    return Writes({"type": kind, **more}, key)


def replies(member: str, text: str, key: str = "", quotes: str = "") -> Answers:
    return Answers(member, {"type": "text", "text": text}, key, quotes)
