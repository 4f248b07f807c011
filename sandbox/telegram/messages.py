"""Everything a bot sends, edits, deletes and reacts with, checked as the real server checks it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from sandbox import media
from sandbox.accounts import TelegramBot
from sandbox.customers import Customer
from sandbox.ledger import Entry
from sandbox.media import Media
from sandbox.shapes import Json
from sandbox.telegram import chats, entities, files, keyboards
from sandbox.telegram.errors import bad
from sandbox.telegram.params import Params
from sandbox.world import World

MAX_TEXT = 4096
MAX_CAPTION = 1024
_ACTIONS = (
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
    "choose_sticker", "find_location", "record_video_note", "upload_video_note",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """One method call."""

    world: World
    bot: TelegramBot
    params: Params


Method: TypeAlias = Callable[[Call], Awaitable[Any]]


# --- sending ---


async def send_message(call: Call) -> Json:
    """sendMessage"""
    customer = chats.recipient(call.world, call.bot, call.params)
    text, found = read_text(call.params, "text", "entities")
    view: Json = {"text": text, "content": {"text": text, **({"entities": found} if found else {})}}
    return _deliver(call, customer, "text", view)


def read_text(params: Params, name: str, entities_name: str) -> tuple[str, list[Json]]:
    """A text after its markup was taken out; 1 to 4096 characters."""
    raw = params.text(name)
    if not raw.strip():
        raise bad("message text is empty")
    text, found = entities.parse(raw, params.text("parse_mode"), params.nested(entities_name))
    if not text.strip():
        raise bad("message text is empty")
    # Counted in code points, other than offsets: https://core.telegram.org/constructor/config (message_length_max)
    if len(text) > MAX_TEXT:
        raise bad("message is too long")
    return text, found


def read_caption(params: Params, source: Json | None = None) -> Json:
    """Caption members of a Message; at most 1024 characters after the markup was taken out."""
    inner = params if source is None else Params(values=source)
    raw = inner.text("caption")
    if not raw:
        return {}
    text, found = entities.parse(raw, inner.text("parse_mode"), inner.nested("caption_entities"))
    if len(text) > MAX_CAPTION:
        raise bad("message caption is too long")
    return {"caption": text, **({"caption_entities": found} if found else {})}


def send_file(kind: str) -> Method:
    """sendPhoto, sendVideo and their kin."""

    async def send(call: Call) -> Json:
        customer = chats.recipient(call.world, call.bot, call.params)
        caption = {} if kind in ("sticker", "video_note") else read_caption(call.params)
        stored = await files.take(call.world, call.bot, call.params, kind, kind)
        return _deliver(call, customer, kind, file_view(call.bot, kind, stored, caption))

    return send


def file_view(bot: TelegramBot, kind: str, stored: Media, caption: Json) -> Json:
    content: Json = {kind: files.describe(bot, kind, stored), **caption}
    if kind == "animation":
        content["document"] = files.describe(bot, "document", stored)
    shown = {**media.describe(stored), "kind": {"photo": "image", "voice": "audio"}.get(kind, kind)}
    view: Json = {"media": [shown], "content": content}
    if caption:
        view["text"] = caption["caption"]
    if kind == "voice":
        view["voice"] = True
    return view


async def send_media_group(call: Call) -> list[Json]:
    """sendMediaGroup: 2 to 10 items; documents and audio only among themselves."""
    customer = chats.recipient(call.world, call.bot, call.params)
    items = call.params.nested("media")
    if not isinstance(items, list) or not 2 <= len(items) <= 10:
        raise bad("there must be from 2 to 10 media to send" if isinstance(items, list) else "media is empty")
    kinds = {item.get("type") if isinstance(item, dict) else None for item in items}
    if not kinds <= {"photo", "video", "document", "audio"} or (kinds & {"document", "audio"} and len(kinds) > 1):
        raise bad("wrong media type combination in an album")
    views: list[tuple[str, Json]] = []
    for item in items:
        caption = read_caption(call.params, item)
        stored = await files.take(call.world, call.bot, call.params, "media", item["type"], item.get("media", ""))
        views.append((item["type"], file_view(call.bot, item["type"], stored, caption)))
    group = str(call.world.next_number("telegram album", 13_000_000_000_000_001))
    chats.pace(call.world, call.bot, customer, len(views))
    sent: list[Json] = []
    for kind, view in views:
        view["content"]["media_group_id"] = group
        sent.append(_deliver(call, customer, kind, view, paced=True))
    return sent


async def send_location(call: Call) -> Json:
    """sendLocation"""
    customer = chats.recipient(call.world, call.bot, call.params)
    place = _place(call.params)
    return _deliver(call, customer, "location", {"location": place, "content": {"location": place}})


async def send_venue(call: Call) -> Json:
    """sendVenue"""
    customer = chats.recipient(call.world, call.bot, call.params)
    place = _place(call.params)
    title, address = call.params.text("title"), call.params.text("address")
    if not title:
        raise bad("venue title must be non-empty")
    if not address:
        raise bad("venue address must be non-empty")
    venue = {"location": place, "title": title, "address": address}
    shown = {**place, "name": title, "address": address}
    return _deliver(call, customer, "venue", {"location": shown, "content": {"venue": venue, "location": place}})


def _place(params: Params) -> Json:
    latitude, longitude = params.real("latitude"), params.real("longitude")
    if not -90 <= latitude <= 90 or not -180 <= longitude <= 180:
        raise bad("wrong location specified")
    return {"latitude": latitude, "longitude": longitude}


async def send_contact(call: Call) -> Json:
    """sendContact"""
    customer = chats.recipient(call.world, call.bot, call.params)
    phone, first = call.params.text("phone_number"), call.params.text("first_name")
    if not phone:
        raise bad("phone number is empty")
    if not first:
        raise bad("first name is empty")
    last = call.params.text("last_name")
    contact = {"phone_number": phone, "first_name": first, **({"last_name": last} if last else {})}
    shown = {"name": f"{first} {last}".strip(), "phones": [phone]}
    return _deliver(call, customer, "contact", {"contacts": [shown], "content": {"contact": contact}})


async def send_chat_action(call: Call) -> bool:
    """sendChatAction: shown for five seconds."""
    customer = chats.recipient(call.world, call.bot, call.params)
    action = call.params.text("action")
    if action not in _ACTIONS:
        raise bad("wrong parameter action in request")
    call.world.events.send(
        "typing",
        {"channel": "telegram", "account": call.bot.id, "customer": customer.id, "action": action, "seconds": 5},
    )
    return True


def _deliver(call: Call, customer: Customer, kind: str, view: Json, *, paced: bool = False) -> Json:
    """Check what all sends share, keep to the limits, note the message; returns the Message object."""
    world, bot, params = call.world, call.bot, call.params
    markup = params.nested("reply_markup")
    view.update(keyboards.check(markup))
    if isinstance(markup, dict) and "inline_keyboard" in markup:
        view["markup"] = markup
    quote = _reply_target(call, customer)
    if quote is not None:
        view["quote"] = quote.provider_id
    if not paced:
        chats.pace(world, bot, customer)
    message_id = world.next_number(f"telegram message {bot.id}", 1)
    view["message_id"], view["chat_id"] = message_id, customer.telegram_id
    entry = world.record(
        channel="telegram",
        account=bot.id,
        customer=customer.id,
        direction="out",
        provider_id=chats.provider_id(bot, message_id),
        kind=kind,
        body=view,
        to=str(customer.telegram_id),
    )
    world.note_status(entry, "sent")
    return chats.message_json(world, bot, customer, entry)


def _reply_target(call: Call, customer: Customer) -> Entry | None:
    given = call.params.nested("reply_parameters")
    message_id = call.params.whole("reply_to_message_id")
    forgiving = call.params.flag("allow_sending_without_reply")
    if isinstance(given, dict):
        inner = Params(values=given)
        message_id = inner.whole("message_id")
        forgiving = inner.flag("allow_sending_without_reply")
    elif given is not None:
        raise bad("object expected as reply parameters")
    if not message_id:
        return None
    entry = chats.find(call.world, call.bot, customer, message_id)
    if entry is None and not forgiving:
        raise bad("message to be replied not found")
    return entry
