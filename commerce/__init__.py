"""Selling inside the chat: catalogue, carts, orders, payment links."""
