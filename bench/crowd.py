"""A workspace full of conversations, put into the database directly: all were active over the same month."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

from app.core import ids
from bench import filling
from bench.shop import Shop, add_texts, phone
from inbox import conversations
from inbox.conversations import Conversation, Reach
from inbox.finding import search
from inbox.store import conversations as store
from inbox.store import entries as entry_rows
from inbox.timeline import Author, Entry

TAG = "tag_bench"
_BATCH = 250
_DAYS = 30
# One message in so many conversations is indexed for the search.
_SAID = 4


async def fill(shop: Shop, size: int, view_id: str | None = None, *, messages: bool = True) -> int:
    """
    Three of ten are open, a third of those mine, a third of all on a second channel; how many are open.

    Without `messages` nobody has said anything and search finds nothing, which takes two thirds of the time.
    """
    texts = await add_texts(shop)
    put = partial(_put, shop, texts.id, size, view_id, messages)
    # The newest last, so that they are of this moment when all are there.
    return sum(await filling.batches(put, range(size - 1, -1, -1), size=_BATCH))


async def _put(shop: Shop, texts_id: str, size: int, view_id: str | None, messages: bool, numbers: range) -> int:
    """One batch; how many of it are open."""
    made = [_conversation(shop, texts_id, number, size, view_id) for number in numbers]
    await shop.ws.db.conversations.insert_new([store.to_row(each) for each in made])
    if messages:
        said = [_message(each, number) for number, each in zip(numbers, made, strict=True) if number % _SAID == 0]
        await shop.ws.db.entries.insert_new([entry_rows.to_row(each) for each in said])
        await search.index(shop.ws, said)
    return sum(conversation.state == "open" for conversation in made)


def _message(conversation: Conversation, at: int) -> Entry:
    text = f"My parcel number{at % 100} has not come, where is it?" if at % 3 else "Thank you, it is all right now"
    return Entry(
        id=ids.derived("ent", conversation.id, "1"),
        contact_id=conversation.contact_id,
        conversation_id=conversation.id,
        number=1,
        at=conversation.last_activity_at,
        created_at=conversation.last_activity_at,
        kind="message",
        direction="in",
        author=Author("contact"),
        content={"type": "text", "text": text},
    )


def _conversation(shop: Shop, texts_id: str, at: int, size: int, view_id: str | None) -> Conversation:
    active = shop.ws.clock.now() - timedelta(days=_DAYS) * (at / size)
    account_id, channel = (texts_id, "sms") if at % 3 == 0 else (shop.account.id, "whatsapp")
    number = f"+{phone(at)}" if channel == "sms" else phone(at)
    return replace(
        conversations.new_for(shop.ws, f"con_{shop.ws.id[-8:]}{at:08d}", name=f"Customer {at}"),
        state="open" if at % 10 < 3 else "closed",
        assignee_id=shop.owner.id if at % 7 < 3 else None,
        created_at=active,
        opened_at=active,
        last_activity_at=active.replace(microsecond=active.microsecond // 1000 * 1000),
        revision=1,
        reach=(Reach(account_id, f"{channel}:{number}", active, window_hours=None if channel == "sms" else 24),),
        tags=(TAG,) if at % 5 == 0 else (),
        priority="urgent" if at % 11 == 0 else "normal",
        views=(view_id,) if view_id and at % 11 == 0 and at % 10 < 3 else (),
        waiting_since=active if at % 4 == 0 and at % 10 < 3 else None,
    )
