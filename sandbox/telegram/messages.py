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
_TWO_DAYS = 48 * 3600
_ACTIONS = (
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
    "choose_sticker", "find_location", "record_video_note", "upload_video_note",
)  # fmt: skip
REACTIONS = frozenset(
    "❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨‍💻 👀 🎃 "
    "🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡".split()
)


@dataclass(frozen=True, slots=True)
class Call:
    """One method call."""

    world: World
    bot: TelegramBot
    params: Params


Method: TypeAlias = Callable[[Call], Awaitable[Any]]


# --- sending --------------------------------------------------------------------------------------------------------------


async def send_message(call: Call) -> Json:
    """sendMessage"""
    customer = chats.recipient(call.world, call.bot, call.params)
    text, found = _text(call.params, "text", "entities")
    view: Json = {"text": text, "content": {"text": text, **({"entities": found} if found else {})}}
    return _deliver(call, customer, "text", view)


def _text(params: Params, name: str, entities_name: str) -> tuple[str, list[Json]]:
    """A text after its markup was taken out; 1 to 4096 characters."""
    raw = params.text(name)
    if not raw.strip():
        raise bad("message text is empty")
    text, found = entities.parse(raw, params.text("parse_mode"), params.nested(entities_name))
    if not text.strip():
        raise bad("message text is empty")
    if entities.units(text) > MAX_TEXT:
        raise bad("message is too long")
    return text, found


def _caption(params: Params, source: Json | None = None) -> Json:
    """Caption members of a Message; at most 1024 characters after the markup was taken out."""
    inner = params if source is None else Params(values=source)
    raw = inner.text("caption")
    if not raw:
        return {}
    text, found = entities.parse(raw, inner.text("parse_mode"), inner.nested("caption_entities"))
    if entities.units(text) > MAX_CAPTION:
        raise bad("message caption is too long")
    return {"caption": text, **({"caption_entities": found} if found else {})}


def send_file(kind: str) -> Method:
    """sendPhoto, sendVideo and their kin."""

    async def send(call: Call) -> Json:
        customer = chats.recipient(call.world, call.bot, call.params)
        caption = {} if kind in ("sticker", "video_note") else _caption(call.params)
        stored = await files.take(call.world, call.bot, call.params, kind, kind)
        return _deliver(call, customer, kind, _file_view(call.bot, kind, stored, caption))

    return send


def _file_view(bot: TelegramBot, kind: str, stored: Media, caption: Json) -> Json:
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
        caption = _caption(call.params, item)
        stored = await files.take(call.world, call.bot, call.params, "media", item["type"], item.get("media", ""))
        views.append((item["type"], _file_view(call.bot, item["type"], stored, caption)))
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


# --- changing what was sent -------------------------------------------------------------------------------------------------


def _own(call: Call, customer: Customer) -> Entry:
    entry = chats.find(call.world, call.bot, customer, call.params.whole("message_id"))
    if entry is None:
        raise bad("message to edit not found")
    if entry.direction != "out":
        raise bad("message can't be edited")
    return entry


def _edited(call: Call, customer: Customer, entry: Entry, changes: Json) -> Json:
    """Apply an edit; an edit that changes nothing is refused."""
    markup = call.params.nested("reply_markup")
    view = entry.view
    changes["inline"] = keyboards.check(markup, inline_only=True).get("inline", []) if markup else []
    changes["markup"] = markup if changes["inline"] else None
    if all(view.get(key) == value or (not view.get(key) and not value) for key, value in changes.items()):
        raise bad(
            "message is not modified: specified new message content and reply markup are exactly the same as a current "
            "content and reply markup of the message"
        )
    call.world.rewrite(entry, **changes, edit_date=int(call.world.clock.now()))
    return chats.message_json(call.world, call.bot, customer, entry)


async def edit_text(call: Call) -> Json:
    """editMessageText"""
    customer = chats.recipient(call.world, call.bot, call.params)
    entry = _own(call, customer)
    text, found = _text(call.params, "text", "entities")
    if entry.type != "text":
        raise bad("there is no text in the message to edit")
    content = {"text": text, **({"entities": found} if found else {})}
    return _edited(call, customer, entry, {"text": text, "content": content})


async def edit_caption(call: Call) -> Json:
    """editMessageCaption"""
    customer = chats.recipient(call.world, call.bot, call.params)
    entry = _own(call, customer)
    view = entry.view
    if not view.get("media"):
        raise bad("there is no caption in the message to edit")
    caption = _caption(call.params)
    kept = {key: value for key, value in view["content"].items() if key not in ("caption", "caption_entities")}
    return _edited(call, customer, entry, {"text": caption.get("caption", ""), "content": {**kept, **caption}})


async def edit_media(call: Call) -> Json:
    """editMessageMedia"""
    customer = chats.recipient(call.world, call.bot, call.params)
    entry = _own(call, customer)
    item = call.params.nested("media")
    if not isinstance(item, dict) or item.get("type") not in ("photo", "video", "animation", "audio", "document"):
        raise bad("can't parse InputMedia")
    caption = _caption(call.params, item)
    stored = await files.take(call.world, call.bot, call.params, "media", item["type"], item.get("media", ""))
    view = _file_view(call.bot, item["type"], stored, caption)
    return _edited(call, customer, entry, {"text": "", **view})


async def edit_markup(call: Call) -> Json:
    """editMessageReplyMarkup"""
    customer = chats.recipient(call.world, call.bot, call.params)
    return _edited(call, customer, _own(call, customer), {})


async def delete_message(call: Call) -> bool:
    """deleteMessage: own messages and the user's, not older than 48 hours."""
    customer = chats.recipient(call.world, call.bot, call.params)
    _delete(call, customer, call.params.whole("message_id"))
    return True


async def delete_messages(call: Call) -> bool:
    """deleteMessages: up to 100; unknown ones are skipped."""
    customer = chats.recipient(call.world, call.bot, call.params)
    wanted = call.params.nested("message_ids")
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= 100:
        raise bad("message identifiers are not specified")
    for message_id in wanted:
        if isinstance(message_id, int) and chats.find(call.world, call.bot, customer, message_id) is not None:
            _delete(call, customer, message_id)
    return True


def _delete(call: Call, customer: Customer, message_id: int) -> None:
    entry = chats.find(call.world, call.bot, customer, message_id)
    if entry is None:
        raise bad("message to delete not found")
    if call.world.clock.now() - entry.at > call.world.clock.window(_TWO_DAYS):
        raise bad("message can't be deleted for everyone")
    call.world.mark(entry, deleted=True)


async def set_reaction(call: Call) -> bool:
    """setMessageReaction: at most one, out of the set that everybody may use."""
    customer = chats.recipient(call.world, call.bot, call.params)
    entry = chats.find(call.world, call.bot, customer, call.params.whole("message_id"))
    if entry is None:
        raise bad("message to react not found")
    wanted = call.params.nested("reaction") or []
    if not isinstance(wanted, list) or len(wanted) > 1:
        raise bad("REACTIONS_TOO_MANY")
    emoji = ""
    for item in wanted:
        emoji = item.get("emoji", "") if isinstance(item, dict) and item.get("type") == "emoji" else ""
        if emoji.replace("\ufe0f", "") not in REACTIONS:
            raise bad("REACTION_INVALID")
    call.world.mark(entry, business_reaction=emoji)
    return True


async def answer_callback(call: Call) -> bool:
    """answerCallbackQuery: once, within about two minutes."""
    world, params = call.world, call.params
    fact = world.fact("telegram_query", f"{call.bot.id}:{params.text('callback_query_id')}")
    if fact is None or world.clock.now() - float(fact["at"]) > world.clock.window(150):
        raise bad("query is too old and response timeout expired or query ID is invalid")
    if len(params.text("text")) > 200:
        raise bad("MESSAGE_TOO_LONG")
    world.put_fact("telegram_query", f"{call.bot.id}:{params.text('callback_query_id')}", None)
    shown: Json = {"text": params.text("text"), "alert": params.flag("show_alert"), "query": fact["query"]}
    world.events.send(
        "callback_answer",
        {"channel": "telegram", "account": call.bot.id, "customer": fact["customer"], **shown},
    )
    return True
