"""Pages of a contact's timeline through the API: a contact with many entries against one with a tenth of them."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import orjson

from app.core.addresses import Address
from app.core.runtime import open_runtime
from bench import compare
from bench.report import Report
from bench.shop import Shop, browser_headers, known_conversations, open_shop, phone
from bench.stage import stage
from bench.wire import Http
from inbox import conversations
from inbox.conversations import Conversation
from inbox.store import entries as store
from inbox.timeline import Author, Entry

_BATCH = 1_000


async def run(quick: bool) -> Report:
    sizes = (5_000, 50_000) if quick else (10_000, 100_000)
    report = Report(f"Pages of 50 of a timeline of {sizes[0]:,} and of {sizes[1]:,} entries", compare.COLUMNS)
    async with stage() as opened, open_runtime(opened.settings()) as runtime:
        shop = await open_shop(runtime)
        ids = await known_conversations(shop, [Address("whatsapp", phone(at)) for at in range(len(sizes))])
        for conversation_id, size in zip(ids, sizes, strict=True):
            await _fill(shop, await conversations.get(shop.ws, conversation_id), size)
        url = await opened.web()
        load, headers = Http(url), browser_headers(shop.cookies[0], url)

        async def page(conversation_id: str, query: str, expected: int) -> None:
            path = f"/api/v1/conversations/{conversation_id}/entries?limit=50{query}"
            status, body = await load.request("GET", path, headers=headers)
            items = orjson.loads(body)["items"]
            assert status == 200, status
            assert items[-1]["number"] == expected, (query, items[-1]["number"], expected)

        requests = {
            "newest": [partial(page, each, "", size) for each, size in zip(ids, sizes, strict=True)],
            "half way back": [
                partial(page, each, f"&before={size // 2}", size // 2 - 1)
                for each, size in zip(ids, sizes, strict=True)
            ],
            "the first ones": [partial(page, each, "&before=51", 50) for each in ids],
            "after a number": [
                partial(page, each, f"&after={size - 60}", size - 10) for each, size in zip(ids, sizes, strict=True)
            ],
        }
        await compare.pages(report, requests, 15 if quick else 40)
        load.close()
    return report


async def _fill(shop: Shop, conversation: Conversation, size: int) -> None:
    now = shop.ws.clock.now()
    for first in range(1, size + 1, _BATCH):
        rows = [_entry(shop, conversation, number, size) for number in range(first, min(size, first + _BATCH - 1) + 1)]
        await shop.ws.db.entries.insert_new([store.to_row(entry) for entry in rows])
    await conversations.change(
        shop.ws, conversation, lambda found: replace(found, last_number=size, last_activity_at=now)
    )


def _entry(shop: Shop, conversation: Conversation, number: int, size: int) -> Entry:
    at = shop.ws.clock.now() - timedelta(minutes=size - number)
    return Entry(
        id=f"ent_{conversation.id[-12:]}{number:08d}",
        contact_id=conversation.contact_id,
        conversation_id=conversation.id,
        number=number,
        at=at,
        created_at=at,
        kind="message",
        direction="in",
        channel="whatsapp",
        account_id=shop.account.id,
        address=conversation.reach[0].address,
        author=Author("contact", conversation.contact_id, "Customer"),
        content={"type": "text", "text": f"This is what I wrote as number {number}."},
        external_id=f"wamid.{number}",
    )
