"""Web chat: Parley's own widget on a site. See README.md."""

from channels.livechat.adapter import LiveChatAdapter

ADAPTER = LiveChatAdapter()
