"""Who a bot may write to, and how fast: people must press Start first, may block, and limits are exact."""

from __future__ import annotations

import math

from sandbox.accounts import TelegramBot
from sandbox.customers import Customer
from sandbox.ledger import Entry
from sandbox.shapes import Json
from sandbox.telegram.errors import bad, forbidden, too_many
from sandbox.telegram.params import Params
from sandbox.world import World

KIND = "telegram_chat"


def state(world: World, bot: TelegramBot, customer: str) -> str:
    """`none` (never pressed Start), `member` or `blocked`."""
    fact = world.fact(KIND, f"{bot.id}:{customer}")
    return str(fact["state"]) if fact else "none"


def set_state(world: World, bot: TelegramBot, customer: str, value: str) -> None:
    """Remember what the customer did."""
    world.put_fact(KIND, f"{bot.id}:{customer}", {"state": value})
    world.events.send("chat", {"channel": "telegram", "account": bot.id, "customer": customer, "state": value})


def recipient(world: World, bot: TelegramBot, params: Params) -> Customer:
    """The person behind chat_id; 400 or 403 when the bot may not write there."""
    given = params.values.get("chat_id")
    if given in (None, ""):
        raise bad("chat_id is empty")
    text = str(given)
    if text.startswith("@"):
        # Bots cannot address users by name, only channels and groups, of which there are none here.
        raise bad("chat not found")
    try:
        customer = world.customers.by_telegram(int(text))
    except ValueError:
        customer = None
    if customer is None:
        raise bad("chat not found")
    now = state(world, bot, customer.id)
    if now == "none":
        raise forbidden("bot can't initiate conversation with a user")
    if now == "blocked":
        raise forbidden("bot was blocked by the user")
    return customer


def pace(world: World, bot: TelegramBot, customer: Customer, count: int = 1) -> None:
    """About 30 messages a second for the bot, about one a second for a chat; beyond it 429 with the time to wait."""
    knobs = world.knobs.of("telegram", customer.id)
    if not knobs.limits:
        return
    now, speed = world.clock.now(), world.clock.speed
    rate = knobs.telegram_per_second
    wait = world.buckets.take(("telegram", bot.id), now, rate * speed, rate, count)
    if not wait:
        key = ("telegram", bot.id, customer.id)
        wait = world.buckets.take(key, now, knobs.telegram_chat_per_second * speed, knobs.telegram_chat_burst, count)
    if wait:
        raise too_many(max(1, math.ceil(wait)))


def user(customer: Customer) -> Json:
    """A User object."""
    first, _, last = customer.name.partition(" ")
    found: Json = {"id": customer.telegram_id, "is_bot": False, "first_name": first}
    if last:
        found["last_name"] = last
    if customer.username:
        found["username"] = customer.username.replace(".", "_")
    found["language_code"] = customer.language
    return found


def chat(customer: Customer) -> Json:
    """A Chat object of a private chat."""
    found = user(customer)
    return {key: found[key] for key in ("id", "first_name", "last_name", "username") if key in found} | {
        "type": "private"
    }


def me(bot: TelegramBot) -> Json:
    """The bot as a User."""
    return {"id": int(bot.id), "is_bot": True, "first_name": bot.first_name, "username": bot.username}


def provider_id(bot: TelegramBot, message_id: int) -> str:
    """What the ledger calls a message: message ids count per bot, over all its private chats."""
    return f"{bot.id}:{message_id}"


def find(world: World, bot: TelegramBot, customer: Customer, message_id: int) -> Entry | None:
    """A message of this chat that was not deleted."""
    entry = world.ledger.find("telegram", provider_id(bot, message_id))
    if entry is None or entry.customer != customer.id or (entry.marks or {}).get("deleted"):
        return None
    return entry


def message_json(world: World, bot: TelegramBot, customer: Customer, entry: Entry, *, quoted: bool = True) -> Json:
    """The Message object of an entry."""
    view = entry.view
    sender = me(bot) if entry.direction == "out" else user(customer)
    message: Json = {
        "message_id": view["message_id"],
        "from": sender,
        "chat": chat(customer),
        "date": int(entry.at),
    }
    if view.get("edit_date"):
        message["edit_date"] = view["edit_date"]
    if quoted and view.get("quote"):
        target = world.ledger.find("telegram", view["quote"])
        if target is not None:
            message["reply_to_message"] = message_json(world, bot, customer, target, quoted=False)
    message.update(view.get("content") or {})
    if view.get("markup"):
        message["reply_markup"] = view["markup"]
    return message
