"""Small methods: who the bot is, how it gets its updates, what its menu shows."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from sandbox.shapes import Json
from sandbox.telegram import chats, files, updates
from sandbox.telegram.errors import bad
from sandbox.telegram.messages import Call

_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_PORTS = (443, 80, 88, 8443)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


async def get_me(call: Call) -> Json:
    """getMe"""
    return {
        **chats.me(call.bot),
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


async def set_webhook(call: Call) -> bool:
    """setWebhook: https on a known port, except on this machine; an empty url removes it."""
    bot, params = call.bot, call.params
    url = params.text("url")
    if not url:
        return await delete_webhook(call)
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in ("http", "https"):
        raise bad("bad webhook: invalid webhook URL specified")
    if parts.hostname not in _LOOPBACK:
        if parts.scheme != "https":
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        if (parts.port or 443) not in _PORTS:
            raise bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    secret = params.text("secret_token")
    if secret and not _SECRET.fullmatch(secret):
        raise bad("secret token contains unallowed characters")
    kinds = _kinds(params.nested("allowed_updates"))
    bot.webhook_url, bot.secret_token = url, secret
    bot.max_connections = min(100, max(1, params.whole("max_connections", 40)))
    # Not given means: as before. An empty list means: the usual ones.
    bot.allowed_updates = bot.allowed_updates if kinds is None else kinds
    bot.last_error_at, bot.last_error = 0, ""
    _drop(call)
    call.world.put_account("telegram", bot)
    updates.redeliver(call.world, bot)
    return True


def _kinds(value: Any) -> list[str] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise bad("can't parse allowed updates: Expected an Array of String")
    # Unknown kinds are ignored by the real server, too.
    return [kind for kind in value if kind in updates.KINDS]


def _drop(call: Call) -> None:
    if call.params.flag("drop_pending_updates"):
        updates.queue_of(call.world, call.bot).pending.clear()


async def delete_webhook(call: Call) -> bool:
    """deleteWebhook"""
    call.bot.webhook_url, call.bot.secret_token = "", ""
    _drop(call)
    call.world.put_account("telegram", call.bot)
    updates.redeliver(call.world, call.bot)
    return True


async def get_webhook_info(call: Call) -> Json:
    """getWebhookInfo"""
    bot = call.bot
    info: Json = {
        "url": bot.webhook_url,
        "has_custom_certificate": False,
        "pending_update_count": len(updates.queue_of(call.world, bot).pending),
    }
    if bot.last_error:
        info["last_error_date"], info["last_error_message"] = bot.last_error_at, bot.last_error
    if bot.webhook_url:
        info["max_connections"], info["ip_address"] = bot.max_connections, "127.0.0.1"
    if bot.allowed_updates:
        info["allowed_updates"] = bot.allowed_updates
    return info


async def get_updates(call: Call) -> list[Json]:
    """getUpdates: long poll"""
    params = call.params
    kinds = _kinds(params.nested("allowed_updates"))
    if kinds is not None and kinds != call.bot.allowed_updates:
        call.bot.allowed_updates = kinds
        call.world.put_account("telegram", call.bot)
    limit = min(100, max(1, params.whole("limit", 100)))
    wait_seconds = float(min(50, max(0, params.whole("timeout"))))
    return await updates.get(call.world, call.bot, params.whole("offset"), limit, wait_seconds)


async def get_file(call: Call) -> Json:
    """getFile"""
    return files.get_file(call.world, call.bot, call.params)


async def set_commands(call: Call) -> bool:
    """setMyCommands"""
    commands = call.params.nested("commands")
    if not isinstance(commands, list) or len(commands) > 100:
        raise bad("can't parse commands: Expected an Array")
    for command in commands:
        name = command.get("command") if isinstance(command, dict) else None
        description = command.get("description") if isinstance(command, dict) else None
        if not isinstance(name, str) or not _COMMAND.fullmatch(name.removeprefix("/").lower()):
            raise bad("BOT_COMMAND_INVALID")
        if not isinstance(description, str) or not 1 <= len(description) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    call.bot.commands = commands
    call.world.put_account("telegram", call.bot)
    return True


async def get_commands(call: Call) -> list[Json]:
    """getMyCommands"""
    return call.bot.commands


async def get_chat(call: Call) -> Json:
    """getChat"""
    customer = chats.recipient(call.world, call.bot, call.params)
    return {**chats.chat(customer), "accent_color_id": 1, "max_reaction_count": 11}


async def get_profile_photos(call: Call) -> Json:
    """getUserProfilePhotos: nobody here has one."""
    return {"total_count": 0, "photos": []}


async def agree(call: Call) -> bool:
    """Descriptions, menu buttons and other settings that nothing here depends on."""
    return True
