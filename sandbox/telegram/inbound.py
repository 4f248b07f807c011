"""What a customer does on Telegram, turned into the update the Bot API would send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from sandbox import media
from sandbox.accounts import TelegramBot
from sandbox.customers import Customer
from sandbox.ledger import Entry
from sandbox.shapes import ControlError, Json, number_of, text_of
from sandbox.telegram import chats, entities, files, updates
from sandbox.whatsapp.acts import stored_media
from sandbox.world import World

_START_PAYLOAD = 64
_FILES = {
    "image": ("photo", "photo"),
    "photo": ("photo", "photo"),
    "video": ("video", "video"),
    "animation": ("animation", "video"),
    "video_note": ("video_note", "video"),
    "audio": ("audio", "music"),
    "voice": ("voice", "voice"),
    "document": ("document", "document"),
    "sticker": ("sticker", "sticker"),
}


def act(world: World, bot: TelegramBot, customer: Customer, data: Json) -> list[str]:
    """Do it; returns the ledger's provider ids (`bot:message_id`)."""
    kind = text_of(data, "type", "text")
    if kind == "open":
        return []
    if kind in ("block", "unblock"):
        return _membership(world, bot, customer, blocked=kind == "block")
    if kind == "start":
        return _start(world, bot, customer, text_of(data, "payload"))
    if chats.state(world, bot, customer.id) != "member":
        raise ControlError("this customer has not pressed Start, or has blocked the bot (type start or unblock)", 409)
    special = _SPECIAL.get(kind)
    if special is not None:
        return special(world, bot, customer, data)
    if kind in _FILES:
        content, view = _file(world, bot, data, *_FILES[kind])
    elif kind == "text":
        content, view = _text(text_of(data, "text"))
    elif kind == "location":
        content, view = _location(data)
    elif kind == "contact":
        content, view = _contact(customer, data)
    elif kind == "unknown":
        content, view = {"hologram": {"depth": 3}}, {"note": "A message of a kind that bots do not know yet"}
    else:
        raise ControlError(f"Telegram customers cannot do that: {kind}")
    return [_message(world, bot, customer, data, content, view, "text" if kind == "text" else kind)]


def _message(
    world: World, bot: TelegramBot, customer: Customer, data: Json, content: Json, view: Json, kind: str
) -> str:
    """Note the message and queue its update."""
    message_id = world.next_number(f"telegram message {bot.id}", 1)
    view = {**view, "content": content, "message_id": message_id, "chat_id": customer.telegram_id}
    quoted = text_of(data, "reply_to")
    if quoted:
        target = world.ledger.find("telegram", quoted if ":" in quoted else f"{bot.id}:{quoted}")
        if target is None:
            raise ControlError("reply_to: no such message", 404)
        view["quote"] = target.provider_id
    update_id = updates.number(world, bot)
    # The update is part of the record: after a restart it waits again under the same number.
    draft = Entry(
        world.ledger.last_seq + 1,
        world.clock.now(),
        "telegram",
        bot.id,
        customer.id,
        "in",
        "",
        kind,
        orjson.dumps(view),
    )
    body: Json = {"update_id": update_id, "message": chats.message_json(world, bot, customer, draft)}
    entry = world.record(
        channel="telegram",
        account=bot.id,
        customer=customer.id,
        direction="in",
        provider_id=chats.provider_id(bot, message_id),
        kind=kind,
        body=view,
        to=bot.id,
        wire={"update": body},
    )
    if updates.wanted(bot, "message"):
        updates.push(world, bot, body, customer.id, entry)
    return entry.provider_id


def _text(text: str) -> tuple[Json, Json]:
    if not text.strip() or len(text) > 4096:
        raise ControlError("text: 1 to 4096 characters")
    found = entities.detect(text)
    return {"text": text, **({"entities": found} if found else {})}, {"text": text}


def _file(world: World, bot: TelegramBot, data: Json, kind: str, sample: str) -> tuple[Json, Json]:
    stored = stored_media(world, bot.id, data, sample, 0.0)
    content: Json = {kind: files.describe(bot, kind, stored)}
    if kind == "animation":
        content["document"] = files.describe(bot, "document", stored)
    shown = {**media.describe(stored), "kind": {"photo": "image", "voice": "audio"}.get(kind, kind)}
    view: Json = {"media": [shown], **({"voice": True} if kind == "voice" else {})}
    caption = text_of(data, "text")
    if caption and kind not in ("sticker", "video_note"):
        content["caption"] = view["text"] = caption
    return content, view


def _location(data: Json) -> tuple[Json, Json]:
    place = {"latitude": number_of(data, "latitude", 38.8977), "longitude": number_of(data, "longitude", -77.0365)}
    name = text_of(data, "name")
    if not name:
        return {"location": place}, {"location": place}
    venue = {"location": place, "title": name, "address": text_of(data, "address", "1 Example Rd")}
    return {"venue": venue, "location": place}, {"location": {**place, "name": name, "address": venue["address"]}}


def _contact(customer: Customer, data: Json) -> tuple[Json, Json]:
    """A shared contact; without `phone` the customer's own, which carries their user id."""
    phone = text_of(data, "phone")
    if phone:
        name = text_of(data, "name", "Kofi Example")
        return {"contact": {"phone_number": phone, "first_name": name}}, {
            "contacts": [{"name": name, "phones": [phone]}]
        }
    own = {"phone_number": customer.wa_id, "first_name": customer.name, "user_id": customer.telegram_id}
    return {"contact": own}, {"contacts": [{"name": customer.name, "phones": [customer.phone]}]}


def _start(world: World, bot: TelegramBot, customer: Customer, payload: str) -> list[str]:
    """Press Start (or follow a deep link): opens the chat and writes `/start [payload]`."""
    if len(payload) > _START_PAYLOAD or not all(
        char.isascii() and (char.isalnum() or char in "_-") for char in payload
    ):
        raise ControlError("payload: up to 64 of A-Z a-z 0-9 _ -")
    if chats.state(world, bot, customer.id) == "blocked":
        _membership(world, bot, customer, blocked=False)
    chats.set_state(world, bot, customer.id, "member")
    content, view = _text(f"/start {payload}".strip())
    return [_message(world, bot, customer, {}, content, view, "text")]


def _membership(world: World, bot: TelegramBot, customer: Customer, *, blocked: bool) -> list[str]:
    before = chats.state(world, bot, customer.id)
    if before == ("blocked" if blocked else "member"):
        return []
    chats.set_state(world, bot, customer.id, "blocked" if blocked else "member")
    member: Json = {"status": "member", "user": chats.me(bot)}
    kicked: Json = {"status": "kicked", "until_date": 0, "user": chats.me(bot)}
    change: Json = {
        "chat": chats.chat(customer),
        "from": chats.user(customer),
        "date": int(world.clock.now()),
        "old_chat_member": member if blocked else kicked,
        "new_chat_member": kicked if blocked else member,
    }
    note = "Blocked the bot" if blocked else "Unblocked the bot"
    return [_event(world, bot, customer, "my_chat_member", change, "block" if blocked else "unblock", {"note": note})]


def _event(world: World, bot: TelegramBot, customer: Customer, name: str, payload: Json, kind: str, view: Json) -> str:
    """An update that is not a new message; its ledger id is the update's number."""
    body: Json = {"update_id": updates.number(world, bot), name: payload}
    wanted = updates.wanted(bot, name)
    entry = world.record(
        channel="telegram",
        account=bot.id,
        customer=customer.id,
        direction="in",
        provider_id=f"{bot.id}:update:{body['update_id']}",
        kind=kind,
        body=view,
        to=bot.id,
        wire={"update": body} if wanted else None,
    )
    if wanted:
        updates.push(world, bot, body, customer.id, entry)
    return entry.provider_id


def _target(world: World, bot: TelegramBot, customer: Customer, data: Json) -> Entry:
    wanted = text_of(data, "target")
    entry = world.ledger.find("telegram", wanted if ":" in wanted else f"{bot.id}:{wanted}")
    if entry is None or entry.customer != customer.id:
        raise ControlError("target: no such message in this chat", 404)
    return entry


def _edit(world: World, bot: TelegramBot, customer: Customer, data: Json) -> list[str]:
    entry = _target(world, bot, customer, data)
    text = text_of(data, "text")
    if entry.direction != "in" or not text:
        raise ControlError("edit needs target (an own message) and text")
    view = entry.view
    key = "caption" if view.get("media") else "text"
    content = {**{name: view["content"][name] for name in view["content"] if name != "entities"}, key: text}
    world.rewrite(entry, text=text, content=content, edit_date=int(world.clock.now()))
    world.mark(entry, edited=text)
    payload = chats.message_json(world, bot, customer, entry)
    return [_event(world, bot, customer, "edited_message", payload, "edit", {"edit": {"target": entry.provider_id}})]


def _delete(world: World, bot: TelegramBot, customer: Customer, data: Json) -> list[str]:
    """Deletions are not reported to bots; the customer's phone forgets the message, nobody else hears of it."""
    world.mark(_target(world, bot, customer, data), deleted_by_customer=True)
    return []


def _reaction(world: World, bot: TelegramBot, customer: Customer, data: Json) -> list[str]:
    entry = _target(world, bot, customer, data)
    emoji = text_of(data, "emoji")
    before = (entry.marks or {}).get("customer_reaction", "")
    world.mark(entry, customer_reaction=emoji)
    payload: Json = {
        "chat": chats.chat(customer),
        "message_id": entry.view["message_id"],
        "user": chats.user(customer),
        "date": int(world.clock.now()),
        "old_reaction": [{"type": "emoji", "emoji": before}] if before else [],
        "new_reaction": [{"type": "emoji", "emoji": emoji}] if emoji else [],
    }
    view = {"reaction": {"target": entry.provider_id, "emoji": emoji}}
    return [_event(world, bot, customer, "message_reaction", payload, "reaction", view)]


def _callback(world: World, bot: TelegramBot, customer: Customer, data: Json) -> list[str]:
    """Tap an inline button; the bot must answer the query."""
    entry = _target(world, bot, customer, data)
    query = str(world.next_number(f"telegram query {bot.id}", 4_382_000_001))
    button = text_of(data, "data")
    fact = {"at": world.clock.now(), "customer": customer.id, "query": query}
    world.put_fact("telegram_query", f"{bot.id}:{query}", fact)
    payload: Json = {
        "id": query,
        "from": chats.user(customer),
        "message": chats.message_json(world, bot, customer, entry),
        "chat_instance": "-77",
        "data": button,
    }
    view = {"callback": {"target": entry.provider_id, "data": button, "query": query}}
    return [_event(world, bot, customer, "callback_query", payload, "callback", view)]


def _album(world: World, bot: TelegramBot, customer: Customer, data: Json) -> list[str]:
    """Several photos at once: separate updates with the same media_group_id, the caption on the first."""
    items = data.get("items") or ["photo", "receipt"]
    group = str(world.next_number("telegram album", 13_000_000_000_000_001))
    ids: list[str] = []
    for at, item in enumerate(items):
        content, view = _file(
            world, bot, {"media": item, "text": data.get("text") if at == 0 else None}, "photo", "photo"
        )
        content["media_group_id"] = group
        ids.append(_message(world, bot, customer, data if at == 0 else {}, content, view, "image"))
    return ids


def _raw(world: World, bot: TelegramBot, customer: Customer, data: Json) -> list[str]:
    """Any update, for payloads nobody thought of."""
    update: Any = data.get("update")
    if not isinstance(update, dict) or len(update) != 1:
        raise ControlError("update must be an object with one member, such as {message: …}")
    name, payload = next(iter(update.items()))
    return [_event(world, bot, customer, name, payload, "raw", {"note": f"An update of the kind {name}"})]


_SPECIAL: dict[str, Callable[[World, TelegramBot, Customer, Json], list[str]]] = {
    "edit": _edit,
    "revoke": _delete,
    "reaction": _reaction,
    "callback": _callback,
    "album": _album,
    "raw": _raw,
}
