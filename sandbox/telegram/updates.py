"""
Updates: numbered per bot, delivered by webhook or fetched by getUpdates, kept until one of them succeeded.

An update belongs to its bot's pending list until the webhook answered 2xx or a getUpdates call confirmed it by offset.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import orjson

from sandbox.accounts import TelegramBot
from sandbox.ledger import Entry
from sandbox.poster import Answer
from sandbox.shapes import Json
from sandbox.telegram.errors import TelegramError
from sandbox.webhooks import TELEGRAM, Delivery
from sandbox.world import World

_NOT_BY_DEFAULT = ("chat_member", "message_reaction", "message_reaction_count")
KINDS = (
    "message", "edited_message", "channel_post", "edited_channel_post", "business_connection", "business_message",
    "edited_business_message", "deleted_business_messages", "message_reaction", "message_reaction_count",
    "inline_query",
    "chosen_inline_result", "callback_query", "shipping_query", "pre_checkout_query", "purchased_paid_media", "poll",
    "poll_answer", "my_chat_member", "chat_member", "chat_join_request", "chat_boost", "removed_chat_boost",
)  # fmt: skip


@dataclass(slots=True)
class Update:
    """One update that waits."""

    id: int
    body: Json
    customer: str
    seq: int = 0


@dataclass(slots=True)
class Queue:
    """What waits for one bot."""

    pending: dict[int, Update] = field(default_factory=dict)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    # Raised whenever the webhook changes: deliveries under way for the old one give up.
    generation: int = 0
    poller: int = 0


_QUEUES: WeakKeyDictionary[World, dict[str, Queue]] = WeakKeyDictionary()


def queue_of(world: World, bot: TelegramBot) -> Queue:
    """The queue of a bot."""
    return _QUEUES.setdefault(world, {}).setdefault(bot.id, Queue())


def wanted(bot: TelegramBot, kind: str) -> bool:
    """Whether the bot asked for this kind."""
    if not bot.allowed_updates:
        return kind not in _NOT_BY_DEFAULT
    return kind in bot.allowed_updates


def number(world: World, bot: TelegramBot) -> int:
    """The next update_id."""
    return world.next_number(f"telegram update {bot.id}", 700_000_001)


def push(world: World, bot: TelegramBot, body: Json, customer: str, entry: Entry | None = None) -> None:
    """Queue an update whose number is already in `body`."""
    queue = queue_of(world, bot)
    update = Update(body["update_id"], body, customer, entry.seq if entry else 0)
    queue.pending[update.id] = update
    queue.arrived.set()
    if bot.webhook_url:
        _deliver(world, bot, queue, update)


def redeliver(world: World, bot: TelegramBot) -> None:
    """The webhook changed: everything that waits goes to the new one."""
    queue = queue_of(world, bot)
    queue.generation += 1
    if bot.webhook_url:
        for update in queue.pending.values():
            _deliver(world, bot, queue, update)


def resume(world: World) -> None:
    """After a restart: what the bot never got waits again, under the same numbers."""
    for entry in world.ledger.after(0):
        if entry.channel == "telegram" and entry.wire is not None and entry.direction == "in":
            bot = world.account("telegram", entry.account, TelegramBot)
            if bot is not None:
                push(world, bot, entry.wire["update"], entry.customer, entry)


def forget(world: World) -> None:
    """Drop all queues (a reset)."""
    _QUEUES.pop(world, None)


def _deliver(world: World, bot: TelegramBot, queue: Queue, update: Update) -> None:
    generation = queue.generation

    def route() -> tuple[str, bytes] | None:
        if update.id not in queue.pending or queue.generation != generation or not bot.webhook_url:
            return None
        lines = "content-type: application/json\r\naccept: */*\r\n"
        if bot.secret_token:
            lines += f"x-telegram-bot-api-secret-token: {bot.secret_token}\r\n"
        return bot.webhook_url, lines.encode()

    def done(_: Answer) -> None:
        queue.pending.pop(update.id, None)

    def failed(reason: str) -> None:
        bot.last_error_at, bot.last_error = int(world.clock.now()), reason

    world.webhooks.send(
        Delivery(
            account=f"telegram:{bot.id}",
            lane=update.customer,
            channel="telegram",
            customer=update.customer,
            body=orjson.dumps(update.body),
            route=route,
            policy=TELEGRAM,
            seqs=(update.seq,) if update.seq else (),
            on_answer=done,
            on_failure=failed,
        )
    )


async def get(world: World, bot: TelegramBot, offset: int, limit: int, wait_seconds: float) -> list[Json]:
    """getUpdates: confirm what lies before `offset`, then answer with what waits, for up to `wait_seconds`."""
    if bot.webhook_url:
        raise TelegramError(
            409,
            "Conflict: can't use getUpdates method while webhook is active; "
            "use deleteWebhook to delete the webhook first",
        )
    queue = queue_of(world, bot)
    queue.poller += 1
    mine = queue.poller
    # Wakes an older poller, which then finds that it is no longer the one.
    queue.arrived.set()
    if offset < 0:
        for update_id in list(queue.pending)[:offset]:
            _confirm(world, queue, update_id)
    elif offset:
        for update_id in [known for known in queue.pending if known < offset]:
            _confirm(world, queue, update_id)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait_seconds
    while not queue.pending and loop.time() < deadline:
        queue.arrived.clear()
        try:
            async with asyncio.timeout_at(deadline):
                await queue.arrived.wait()
        except TimeoutError:
            break
        if queue.poller != mine:
            raise TelegramError(
                409,
                "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
            )
    return [update.body for update in sorted(queue.pending.values(), key=lambda item: item.id)[:limit]]


def _confirm(world: World, queue: Queue, update_id: int) -> None:
    update = queue.pending.pop(update_id, None)
    if update is not None and update.seq:
        world.acknowledge((update.seq,))
