"""Blocked contacts: who, by whom, why and since when."""

from datetime import datetime

from app.core.clock import iso
from app.core.permissions import Permission
from inbox import access
from inbox.closing import blocking
from web.api import cursors
from web.api.endpoint import ApiRequest, Endpoint
from web.api.inbox_shapes import BlockedPage
from web.api.models import Page


async def list_blocked(request: ApiRequest, query: Page) -> BlockedPage:
    (at, contact_id) = cursors.read(query.cursor, datetime, str) or (None, "")
    found, following = await blocking.listed(
        request.ws, before=(at, contact_id) if at is not None else None, limit=query.limit
    )
    return {
        "items": [
            {
                "id": contact.id,
                "name": contact.name,
                "avatar_hue": contact.avatar_hue,
                "block": {
                    "reason": contact.block.reason,
                    "at": iso(contact.block.at) or "",
                    "by": contact.block.by,
                    "note": contact.block.note,
                },
            }
            for contact in await access.visible_contacts(request.ws, request.actor, found)
            if contact.block is not None
        ],
        "next_cursor": cursors.write(*following) if following else None,
    }


ENDPOINTS = [
    Endpoint("GET", "/contacts/blocked", list_blocked, Permission.INBOX_READ, "Blocked contacts, the newest first"),
]
