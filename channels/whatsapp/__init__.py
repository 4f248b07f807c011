"""WhatsApp, through Meta's Cloud API. `README.md` says how to connect a number and what is supported."""

from channels.whatsapp.adapter import WhatsAppAdapter

ADAPTER = WhatsAppAdapter()
