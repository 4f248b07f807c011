"""
Updates of the Bot API, read into inbound events.

One update is one event, but for deletions, where it is one event for each message. Private chats only: a group or a
channel has no customer. Updates are read as plain JSON and not through python-telegram-bot's types, which drop kinds
that are newer than the library.

Source: https://core.telegram.org/bots/api#update
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from channels import bodies
from channels.content import Choice, Content, Text, Unsupported
from channels.contract import (
    AccountNotice,
    ConsentChanged,
    InboundEvent,
    InboundMessage,
    MessageDeleted,
    MessageEdited,
    Reaction,
    Referral,
    Sender,
)
from channels.errors import PayloadUnrecognised, PayloadUnsupported
from channels.telegram import contents
from channels.telegram.fields import Json, inner, items, items_of_rows, mapping, text, time, whole, wholes
from channels.telegram.handles import Chat

# Asked for by name: left out, Telegram would keep an older list; empty, it would leave reactions out.
ALLOWED_UPDATES = (
    "message",
    "edited_message",
    "callback_query",
    "my_chat_member",
    "message_reaction",
    "pre_checkout_query",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
)

# Where Telegram gives no time at all.
_NO_TIME = datetime.fromtimestamp(0, UTC)

# Shown for a reaction that is no Unicode emoji: a paid star, and an emoji of somebody's own making.
_PAID_REACTION = "⭐"
_CUSTOM_REACTION = "❔"


@dataclass(frozen=True, slots=True)
class Update:
    """`body` is what stands under the update's one key beside its id."""

    id: int
    kind: str
    body: Json
    raw: bytes

    def key(self, stamp: object) -> str:
        """
        Unique for ever. The number alone is not: after a quiet week Telegram starts again at a random one, so it is
        tied to something of the event itself.
        """
        return f"{self.kind}:{self.id}:{stamp}"


def read(body: bytes) -> Sequence[InboundEvent]:
    """The events of one update. Raises PayloadUnrecognised and PayloadUnsupported, and nothing else."""
    update = _update(body)
    return _READERS[update.kind](update)


def update_id(update: object) -> int | None:
    """The number of an update that getUpdates returned."""
    return whole(mapping(update), "update_id")


def _update(body: bytes) -> Update:
    try:
        loaded = bodies.load(body)
    except ValueError:
        raise PayloadUnrecognised("The body is not JSON.") from None
    number = update_id(loaded)
    if number is None:
        raise PayloadUnrecognised("The body is not a Telegram update.")
    kind = next((kind for kind in _READERS if loaded.get(kind) is not None), None)
    if kind is None:
        named = next((key for key in loaded if key != "update_id"), "nothing")
        raise PayloadUnsupported(f"Updates of the kind '{named}' are not handled.")
    held = loaded[kind]
    if not isinstance(held, dict):
        raise PayloadUnrecognised(f"The update's '{kind}' is not an object.")
    return Update(number, kind, held, body)


# --- messages -----------------------------------------------------------------------------------------------------


def _message(update: Update) -> Sequence[InboundEvent]:
    message = update.body
    chat = _chat(message)
    content, referral = _without_payload(contents.read(message))
    return [
        InboundMessage(
            key=update.key(_number(message, "date")),
            order_key=chat.address.value,
            at=_at(message, "date"),
            raw=update.raw,
            external_id=chat.external_id(_number(message, "message_id")),
            sender=_sender(chat, message),
            content=content,
            reply_to=_quoted(chat, message),
            forwarded=message.get("forward_origin") is not None,
            referral=referral,
            group_id=text(message, "media_group_id"),
            echo=_from_business(chat, message),
            started=content == _START,
        )
    ]


def _edited(update: Update) -> Sequence[InboundEvent]:
    message = update.body
    chat = _chat(message)
    # A person's own edit carries its time; a live location that moves may come without.
    name = "edit_date" if time(message, "edit_date") else "date"
    return [
        MessageEdited(
            key=update.key(_number(message, name)),
            order_key=chat.address.value,
            at=_at(message, name),
            raw=update.raw,
            external_id=chat.external_id(_number(message, "message_id")),
            sender=_sender(chat, message),
            content=contents.read(message),
            echo=_from_business(chat, message),
        )
    ]


def _deleted(update: Update) -> Sequence[InboundEvent]:
    """Only chats of a business account tell of deletions."""
    chat = _chat(update.body)
    numbers = wholes(update.body, "message_ids")
    if not numbers:
        raise PayloadUnrecognised("A deletion names no message.")
    return [
        MessageDeleted(
            key=update.key(number),
            order_key=chat.address.value,
            at=_NO_TIME,
            timed=False,
            raw=_raw_of_one(update, number),
            external_id=chat.external_id(number),
            sender=_sender(chat, update.body),
        )
        for number in numbers
    ]


def _raw_of_one(update: Update, number: int) -> bytes:
    chat = inner(update.body, "chat")
    body = {
        "business_connection_id": text(update.body, "business_connection_id"),
        "chat": {name: chat[name] for name in ("id", "type", *_NAMES) if isinstance(chat.get(name), str | int)},
        "message_ids": [number],
    }
    return orjson.dumps({"update_id": update.id, update.kind: body})


# What the person's app sends when they press "Start".
_START = Text(text="/start")


def _without_payload(content: Content) -> tuple[Content, Referral | None]:
    """
    `/start PAYLOAD` is what a deep link (`t.me/bot?start=PAYLOAD`) makes the person's app send; they only saw "Start".
    Source: https://core.telegram.org/bots/features#deep-linking
    """
    if not isinstance(content, Text) or not content.text.startswith("/start "):
        return content, None
    payload = content.text.removeprefix("/start ").strip()
    if not payload or len(payload.split()) > 1:
        return content, None
    return _START, Referral(source="deep_link", payload=payload)


def _quoted(chat: Chat, message: Json) -> str | None:
    number = whole(inner(message, "reply_to_message"), "message_id")
    return chat.external_id(number) if number is not None else None


def _from_business(chat: Chat, message: Json) -> bool:
    """In a private chat the chat's id is the customer's; anybody else there is the business account's owner."""
    writer = whole(inner(message, "from"), "id")
    return chat.connection is not None and writer is not None and writer != chat.id


# --- everything else ----------------------------------------------------------------------------------------------


def _tap(update: Update) -> Sequence[InboundEvent]:
    query = update.body
    query_id = text(query, "id")
    if query_id is None:
        raise PayloadUnrecognised("A callback query without an id.")
    message = inner(query, "message")
    if not message:
        raise PayloadUnsupported("A tap on a message sent through inline mode belongs to no chat of ours.")
    chat = _chat(message)
    # The query has no time of its own; a message too old for Telegram to look up has date 0.
    at = time(message, "date")
    return [
        InboundMessage(
            key=update.key(query_id),
            order_key=chat.address.value,
            at=at or _NO_TIME,
            timed=False,
            raw=update.raw,
            external_id=chat.external_id(f"tap-{query_id}"),
            sender=_sender(chat, query),
            content=_choice(query, message),
            reply_to=chat.external_id(_number(message, "message_id")),
            acknowledge=query_id,
        )
    ]


def _choice(query: Json, message: Json) -> Content:
    data = text(query, "data")
    if data is None:
        return Unsupported(what="game", detail=text(query, "game_short_name"))
    # Telegram sends the tapped message along, and with it what the person read on the button.
    buttons = items_of_rows(inner(message, "reply_markup"), "inline_keyboard")
    title = next((text(button, "text") for button in buttons if text(button, "callback_data") == data), None)
    return Choice(id=data, title=title or data)


def _membership(update: Update) -> Sequence[InboundEvent]:
    """
    The person blocked the bot, or took the block back. Unblocking says that messages can arrive again; it restores
    no consent to marketing that was withdrawn, which is why its source is a word of its own.
    """
    change = update.body
    chat = _chat(change)
    before = text(inner(change, "old_chat_member"), "status")
    after = text(inner(change, "new_chat_member"), "status")
    if after == before or after not in ("kicked", "member"):
        raise PayloadUnsupported(f"The bot's membership went from '{before}' to '{after}'.")
    return [
        ConsentChanged(
            key=update.key(_number(change, "date")),
            order_key=chat.address.value,
            at=_at(change, "date"),
            raw=update.raw,
            sender=_sender(chat, change),
            granted=after == "member",
            purpose=None,
            source="unblock" if after == "member" else "block",
        )
    ]


def _reaction(update: Update) -> Sequence[InboundEvent]:
    change = update.body
    chat = _chat(change)
    before, after = (_emojis(change, name) for name in ("old_reaction", "new_reaction"))
    # Premium accounts may set three; what is shown is the one just added, else one that is left.
    added = [emoji for emoji in after if emoji not in before]
    return [
        Reaction(
            key=update.key(_number(change, "date")),
            order_key=chat.address.value,
            at=_at(change, "date"),
            raw=update.raw,
            external_id=chat.external_id(_number(change, "message_id")),
            sender=_sender(chat, {"from": change.get("user")}),
            emoji=(added or after or [""])[-1],
        )
    ]


def _emojis(change: Json, name: str) -> list[str]:
    placeholders = {"paid": _PAID_REACTION}
    return [
        text(item, "emoji") or placeholders.get(text(item, "type") or "", _CUSTOM_REACTION)
        for item in items(change, name)
    ]


def _connection(update: Update) -> Sequence[InboundEvent]:
    """A Telegram Business account let the bot answer for it, changed what it may do, or took it back."""
    connection = update.body
    owner = text(inner(connection, "user"), "username") or text(inner(connection, "user"), "first_name") or "somebody"
    if connection.get("is_enabled") is not True:
        severity, code, words = "error", "business_disconnected", "The bot no longer answers for"
    elif inner(connection, "rights").get("can_reply") is True or connection.get("can_reply") is True:
        severity, code, words = "info", "business_connected", "The bot now answers for"
    else:
        severity, code, words = "warning", "business_read_only", "The bot reads along but may not answer for"
    return [
        AccountNotice(
            key=update.key(_number(connection, "date")),
            at=_at(connection, "date"),
            raw=update.raw,
            severity=severity,  # type: ignore[arg-type]
            code=code,
            message=f"{words} the Telegram Business account of {owner}.",
        )
    ]


def _checkout(update: Update) -> Sequence[InboundEvent]:
    raise PayloadUnsupported("The bot sends no invoices, so there is no checkout to answer.")


# --- shared -------------------------------------------------------------------------------------------------------

_NAMES = ("first_name", "last_name", "username")


def _chat(holder: Json) -> Chat:
    chat = inner(holder, "chat")
    number, kind = whole(chat, "id"), text(chat, "type")
    if number is None or kind is None:
        raise PayloadUnrecognised("The update names no chat.")
    if kind != "private":
        raise PayloadUnsupported(f"Only private chats are handled; this is a {kind}.")
    return Chat(number, text(holder, "business_connection_id"))


def _sender(chat: Chat, holder: Json) -> Sender:
    """The customer: the writer, or the other side of the chat where the business itself wrote or nobody is named."""
    writer = inner(holder, "from")
    person = writer if whole(writer, "id") == chat.id else inner(holder, "chat")
    names = (text(person, "first_name"), text(person, "last_name"))
    return Sender(
        address=chat.address,
        # The bot's own chat with the same person has the same id.
        aliases=(Chat(chat.id).address,) if chat.connection is not None else (),
        name=" ".join(name for name in names if name) or None,
        username=text(person, "username"),
        language=text(person, "language_code"),
        verified_phone=contents.own_phone(holder),
    )


def _number(of: Json, name: str) -> int:
    number = whole(of, name)
    if number is None:
        raise PayloadUnrecognised(f"The update has no {name}.")
    return number


def _at(of: Json, name: str) -> datetime:
    at = time(of, name)
    if at is None:
        raise PayloadUnrecognised(f"The update has no {name}.")
    return at


_READERS: Mapping[str, Callable[[Update], Sequence[InboundEvent]]] = {
    "message": _message,
    "edited_message": _edited,
    "callback_query": _tap,
    "my_chat_member": _membership,
    "message_reaction": _reaction,
    "pre_checkout_query": _checkout,
    "business_connection": _connection,
    "business_message": _message,
    "edited_business_message": _edited,
    "deleted_business_messages": _deleted,
}
