"""
What a visitor does, as stored payloads and as events.

There is no provider, so the payload is ours: the web process writes one frame for each thing a visitor does, checked
and completed with what it knows (who, when, which file), and the same bytes are parsed, stored, processed and replayed.

An external id is `session|client id` for what visitors write and our own message id for what we write.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from app.core.addresses import Address
from app.core.clock import from_unix
from channels.content import Button, Buttons, Choice, Content, FormReply, Location, Media, MediaMessage, Text
from channels.contract import (
    DeliveryReceipt,
    DeliveryStatus,
    InboundEvent,
    InboundMessage,
    Reaction,
    Referral,
    Sender,
    TypingStarted,
)
from channels.errors import PayloadUnrecognised, PayloadUnsupported
from channels.livechat.site import KIND

MAX_TEXT_CHARS = 2_000
DETAILS = "Contact details"
_KINDS = frozenset({"message", "greeting", "details", "reaction", "typing", "receipt"})

ClientId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
_Handle = Annotated[str, Field(min_length=1, max_length=200)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Visitor(_Part):
    """
    Who did it. `session` names the browser for ever; `address` is where answers go (`user:42` for a signed identity);
    `alias` is the anonymous address that the same browser had before its person signed in.
    """

    session: _Handle
    address: _Handle
    alias: _Handle | None = None
    name: str | None = Field(None, max_length=200)
    email: str | None = Field(None, max_length=254)
    language: str | None = Field(None, max_length=35)
    verified: bool = False


class Page(_Part):
    url: str = Field(max_length=2_000)
    title: str | None = Field(None, max_length=300)


class _Frame(_Part):
    visitor: Visitor
    # Unix milliseconds, by our own clock: a visitor's is whatever they set it to.
    at: int = Field(ge=0, le=10**14)


class MessageFrame(_Frame):
    """One message: a text, a file (with the text as its caption), a place, or a tap on a button of ours."""

    kind: Literal["message"] = "message"
    client_id: ClientId
    text: str | None = Field(None, min_length=1, max_length=MAX_TEXT_CHARS)
    file: Media | None = None
    location: Location | None = None
    choice: Choice | None = None
    reply_to: str | None = Field(None, max_length=300)
    page: Page | None = None


class GreetingFrame(_Frame):
    """What the widget had said by itself (`name` for colleagues) when the visitor answered it; `at`: when it did."""

    kind: Literal["greeting"] = "greeting"
    client_id: ClientId
    greeting_id: _Handle
    name: _Handle
    by: _Handle
    text: str = Field(min_length=1, max_length=MAX_TEXT_CHARS)
    replies: tuple[str, ...] = ()


class DetailsFrame(_Frame):
    """What the visitor told of themselves when asked; nobody has checked it."""

    kind: Literal["details"] = "details"
    client_id: ClientId
    name: str | None = Field(None, max_length=200)
    email: str | None = Field(None, max_length=254)


class ReactionFrame(_Frame):
    kind: Literal["reaction"] = "reaction"
    client_id: ClientId
    external_id: str = Field(min_length=1, max_length=300)
    emoji: str = Field(max_length=16)


class TypingFrame(_Frame):
    kind: Literal["typing"] = "typing"
    on: bool = True


class ReceiptFrame(_Frame):
    """The widget has one of our messages (delivered), or its window was open and in front (read)."""

    kind: Literal["receipt"] = "receipt"
    message_id: str = Field(min_length=1, max_length=100)
    status: Literal["delivered", "read"]


Frame = MessageFrame | GreetingFrame | DetailsFrame | ReactionFrame | TypingFrame | ReceiptFrame
_FRAME: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="kind")])


def external_id(session: str, client_id: str) -> str:
    return f"{session}|{client_id}"


def client_id_of(session: str, external_id: str | None) -> str | None:
    """The client id, if this browser wrote the message."""
    start, _, client_id = (external_id or "").partition("|")
    return client_id if client_id and start == session else None


def dump(frame: Frame) -> bytes:
    return frame.model_dump_json(exclude_none=True).encode()


def parse(body: bytes) -> Sequence[InboundEvent]:
    """Raises PayloadUnrecognised, PayloadUnsupported."""
    try:
        frame = _FRAME.validate_json(body)
        return [_event(frame, body)]
    except ValidationError as error:
        tag = next((e for e in error.errors() if e["type"] == "union_tag_invalid"), None)
        if tag is not None and tag.get("ctx", {}).get("tag") not in _KINDS:
            raise PayloadUnsupported("A frame of a kind that is not known here.") from None
        raise PayloadUnrecognised("Not a frame of the web chat.") from None
    except (ValueError, OverflowError):
        raise PayloadUnrecognised("Not a frame of the web chat.") from None


def _event(frame: Frame, body: bytes) -> InboundEvent:
    at, order = from_unix(frame.at / 1000), frame.visitor.session
    sender = _sender(frame.visitor)
    match frame:
        case MessageFrame():
            message = _message(frame, body, _content(frame))
            return replace(message, reply_to=frame.reply_to, referral=_referral(frame.page))
        case GreetingFrame():
            message = _message(frame, body, greeting_content(frame.text, frame.replies))
            referral = Referral(source="greeting", source_id=frame.greeting_id, headline=frame.name)
            return replace(message, referral=referral, echo=True, by=frame.by)
        case DetailsFrame():
            values = {k: v for k, v in (("name", frame.name), ("email", frame.email)) if v}
            return _message(frame, body, FormReply(name=DETAILS, values=values))
        case ReactionFrame():
            return Reaction(
                key=external_id(order, frame.client_id),
                order_key=order,
                at=at,
                raw=body,
                external_id=frame.external_id,
                sender=sender,
                emoji=frame.emoji,
            )
        case TypingFrame():
            return TypingStarted(
                key=f"{order}|typing|{frame.at}", order_key=order, at=at, raw=body, sender=sender, on=frame.on
            )
        case ReceiptFrame():
            return DeliveryReceipt(
                key=f"{frame.message_id}|{frame.status}",
                at=at,
                raw=body,
                external_id=frame.message_id,
                correlation=frame.message_id,
                status=DeliveryStatus(frame.status),
            )


def _message(frame: MessageFrame | GreetingFrame | DetailsFrame, body: bytes, content: Content) -> InboundMessage:
    own_id = external_id(frame.visitor.session, frame.client_id)
    return InboundMessage(
        key=own_id,
        order_key=frame.visitor.session,
        at=from_unix(frame.at / 1000),
        raw=body,
        external_id=own_id,
        sender=_sender(frame.visitor),
        content=content,
    )


def greeting_content(text: str, replies: Sequence[str]) -> Text | Buttons:
    """A greeting as a message: its buttons answer with their own words."""
    if not replies:
        return Text(text=text)
    return Buttons(text=text, buttons=tuple(Button(id=f"reply-{at}", title=title) for at, title in enumerate(replies)))


def _content(frame: MessageFrame) -> Content:
    if frame.choice is not None:
        return frame.choice
    if frame.file is not None:
        return MediaMessage(media=frame.file, caption=frame.text)
    if frame.location is not None:
        return frame.location
    if frame.text is None:
        raise PayloadUnrecognised("A message without content.")
    return Text(text=frame.text)


def _sender(visitor: Visitor) -> Sender:
    return Sender(
        address=Address(KIND, visitor.address),
        aliases=(Address(KIND, visitor.alias),) if visitor.alias else (),
        name=visitor.name,
        username=visitor.email,
        language=visitor.language,
        verified=visitor.verified,
    )


def _referral(page: Page | None) -> Referral | None:
    return Referral(source="website", url=page.url, headline=page.title) if page else None
