"""Reply windows in tests: closed as if the customer had written long ago."""

from dataclasses import replace
from datetime import timedelta

from inbox import conversations
from tests.support.shop import Shop


async def window_closes(shop: Shop, conversation_id: str) -> None:
    conversation = await conversations.get(shop.owner.ws, conversation_id)
    past = shop.runtime.clock.now() - timedelta(hours=30)
    reach = tuple(replace(r, last_inbound_at=past) for r in conversation.reach)
    await conversations.change(shop.owner.ws, conversation, lambda now: replace(now, reach=reach))
