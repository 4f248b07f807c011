"""
Pages of the inbox through the API, of each view, shallow and deep: a workspace with many conversations against one with
a tenth of them. Both were active over the same month, so the long list is also the denser one.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import orjson

from app.core import ids
from app.core.platform import accounts
from app.core.platform.accounts import AccountRow
from app.core.runtime import Runtime, open_runtime
from bench import compare
from bench.report import Report
from bench.shop import Shop, browser_headers, open_shop, phone
from bench.stage import stage
from bench.wire import Http
from inbox import conversations
from inbox.conversations import Conversation, Reach
from inbox.store import conversations as store

_BATCH = 1_000
_DAYS = 30
_QUERIES = ("view=open", "view=mine", "view=unassigned", "view=closed", "view=all", "view=open&channel=sms")


@dataclass(frozen=True, slots=True)
class Inbox:
    """A workspace's inbox and how many conversations are in its open view."""

    shop: Shop
    get: Callable[[str], Awaitable[dict[str, object]]]
    open: int


async def run(quick: bool) -> Report:
    sizes, deep = ((3_000, 30_000), 4) if quick else ((10_000, 100_000), 8)
    report = Report(f"Pages of 50 of an inbox of {sizes[0]:,} and of {sizes[1]:,} conversations", compare.COLUMNS)
    async with stage() as opened, open_runtime(opened.settings()) as runtime:
        shops = [await open_shop(runtime) for _ in sizes]
        counts = [await _fill(runtime, shop, size) for shop, size in zip(shops, sizes, strict=True)]
        url = await opened.web()
        load = Http(url)
        inboxes = [
            Inbox(shop, partial(_get, load, url, shop), count) for shop, count in zip(shops, counts, strict=True)
        ]
        requests = {}
        for query in _QUERIES:
            cursors = [await _cursor(inbox, query, deep) for inbox in inboxes]
            requests[f"{query}, first"] = [partial(_page, inbox, query) for inbox in inboxes]
            requests[f"{query}, page {deep}"] = [
                partial(_page, inbox, f"{query}&cursor={cursor}")
                for inbox, cursor in zip(inboxes, cursors, strict=True)
            ]
        await compare.pages(report, requests, 10 if quick else 30)
        seen = await _walk(inboxes[0], "view=open")
        report.notes.append(f"Walked page by page, the short open view shows {len(seen):,} conversations, each once.")
        report.at_least("conversations seen on a walk, of those that are there", len(set(seen)) / inboxes[0].open, 1)
        report.at_most("conversations seen on a walk, of those that are there", len(seen) / inboxes[0].open, 1)
        load.close()
    return report


async def _get(load: Http, url: str, shop: Shop, query: str) -> dict[str, object]:
    path = f"/api/v1/conversations?limit=50&{query}"
    status, body = await load.request("GET", path, headers=browser_headers(shop.cookies[0], url))
    assert status == 200, (status, body[:300])
    found: dict[str, object] = orjson.loads(body)
    return found


async def _page(inbox: Inbox, query: str) -> None:
    found = await inbox.get(query)
    assert isinstance(found["items"], list)
    assert len(found["items"]) == 50, (query, len(found["items"]))


async def _cursor(inbox: Inbox, query: str, depth: int) -> object:
    cursor: object = None
    for _ in range(depth):
        cursor = (await inbox.get(f"{query}&cursor={cursor}" if cursor else query))["next_cursor"]
    return cursor


async def _walk(inbox: Inbox, query: str) -> list[str]:
    seen: list[str] = []
    cursor: object = ""
    while cursor is not None:
        found = await inbox.get(f"{query}&cursor={cursor}" if cursor else query)
        assert isinstance(found["items"], list)
        seen += [item["id"] for item in found["items"]]
        cursor = found["next_cursor"]
    return seen


async def _fill(runtime: Runtime, shop: Shop, size: int) -> int:
    """Three of ten are open, a third of those mine, a third of all on a second channel; how many are open."""
    texts = AccountRow(
        id=ids.new("acc"),
        workspace_id=shop.ws.id,
        kind="sms",
        name="SMS",
        address="+12025550178",
        config={"account_sid": "AC" + "0" * 32, "sender": "+12025550178"},
        secrets={"auth_token": "bench"},
        created_at=runtime.clock.now(),
    )
    await accounts.insert(runtime.mongo, runtime.keyring, texts)
    made = [_conversation(shop, texts.id, at, size) for at in range(size)]
    for first in range(0, size, _BATCH):
        await shop.ws.db.conversations.insert_new([store.to_row(each) for each in made[first : first + _BATCH]])
    return sum(conversation.state == "open" for conversation in made)


def _conversation(shop: Shop, texts_id: str, at: int, size: int) -> Conversation:
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
        reach=(Reach(account_id, f"{channel}:{number}", active),),
    )
