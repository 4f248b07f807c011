"""Telegram: a bot's private chats, by webhook or long polling. See README.md."""

from channels.telegram.adapter import TelegramAdapter

ADAPTER = TelegramAdapter()
