"""What a bot does to messages that are there: edits, deletions, reactions, answers to taps."""

from __future__ import annotations

from sandbox.customers import Customer
from sandbox.ledger import Entry
from sandbox.shapes import Json
from sandbox.telegram import chats, files, keyboards
from sandbox.telegram.errors import bad
from sandbox.telegram.messages import Call, file_view, read_caption, read_text

_TWO_DAYS = 48 * 3600
REACTIONS = frozenset(
    [
        "❤",
        "👍",
        "👎",
        "🔥",
        "🥰",
        "👏",
        "😁",
        "🤔",
        "🤯",
        "😱",
        "🤬",
        "😢",
        "🎉",
        "🤩",
        "🤮",
        "💩",
        "🙏",
        "👌",
        "🕊",
        "🤡",
        "🥱",
        "🥴",
        "😍",
        "🐳",
        "❤\u200d🔥",
        "🌚",
        "🌭",
        "💯",
        "🤣",
        "⚡",
        "🍌",
        "🏆",
        "💔",
        "🤨",
        "😐",
        "🍓",
        "🍾",
        "💋",
        "🖕",
        "😈",
        "😴",
        "😭",
        "🤓",
        "👻",
        "👨\u200d💻",
        "👀",
        "🎃",
        "🙈",
        "😇",
        "😨",
        "🤝",
        "✍",
        "🤗",
        "🫡",
        "🎅",
        "🎄",
        "☃",
        "💅",
        "🤪",
        "🗿",
        "🆒",
        "💘",
        "🙉",
        "🦄",
        "😘",
        "💊",
        "🙊",
        "😎",
        "👾",
        "🤷\u200d♂",
        "🤷",
        "🤷\u200d♀",
        "😡",
    ]
)


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
    text, found = read_text(call.params, "text", "entities")
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
    caption = read_caption(call.params)
    kept = {key: value for key, value in view["content"].items() if key not in ("caption", "caption_entities")}
    return _edited(call, customer, entry, {"text": caption.get("caption", ""), "content": {**kept, **caption}})


async def edit_media(call: Call) -> Json:
    """editMessageMedia"""
    customer = chats.recipient(call.world, call.bot, call.params)
    entry = _own(call, customer)
    item = call.params.nested("media")
    if not isinstance(item, dict) or item.get("type") not in ("photo", "video", "animation", "audio", "document"):
        raise bad("can't parse InputMedia")
    caption = read_caption(call.params, item)
    stored = await files.take(call.world, call.bot, call.params, "media", item["type"], item.get("media", ""))
    view = file_view(call.bot, item["type"], stored, caption)
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
