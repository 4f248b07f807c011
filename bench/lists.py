"""
Pages of the inbox through the API, of each kind of view, filtered, searched, shallow and deep: workspaces with many
conversations against one with few. All were active over the same month, so the long list is also the denser one.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

import orjson

from app.core.permissions import SYSTEM
from app.core.runtime import open_runtime
from bench import compare, crowd
from bench.report import Report
from bench.shop import Shop, browser_headers, open_shop
from bench.stage import stage
from bench.wire import Http
from inbox.finding import counters, views

_PAIR = 2
_QUERIES = (
    "view=open",
    "view=mine",
    "view=unassigned",
    "view=closed",
    "view=all",
    "view=waiting",
    "view=open&channel=sms",
    f"view=open&tag={crowd.TAG}",
    f"view=open&tag={crowd.TAG}&channel=sms&assignee=me",
)
# Lists that are asked for by the first page only: some are short, some have no other.
_FIRST = ("view=closing", "saved view", "search: one word", "search: a rare and a common word")


@dataclass(frozen=True, slots=True)
class Inbox:
    """A workspace's inbox and how many conversations are in its open view."""

    shop: Shop
    get: Callable[[str], Awaitable[dict[str, object]]]
    open: int
    view_id: str


async def run(quick: bool) -> Report:
    sizes, deep = ((3_000, 30_000), 4) if quick else ((10_000, 100_000, 1_000_000), 8)
    title = ", ".join(f"{size:,}" for size in sizes[:-1])
    report = Report(f"Pages of 50 of an inbox of {title} and of {sizes[-1]:,} conversations", compare.COLUMNS)
    async with stage() as opened, open_runtime(opened.settings()) as runtime:
        shops = [await open_shop(runtime) for _ in sizes]
        inboxes: list[Inbox] = []
        url = await opened.web()
        load = Http(url)
        # The longest first: it takes the longest, and all should end this minute.
        for shop, size in reversed(list(zip(shops, sizes, strict=True))):
            view = await views.create(
                shop.ws, SYSTEM, name="Urgent", rule={"field": "priority", "op": "is", "value": "urgent"}, shared=True
            )
            count = await crowd.fill(shop, size, view.id)
            await counters.recount(shop.ws)
            inboxes.insert(0, Inbox(shop, partial(_get, load, url, shop), count, view.id))
        for long in inboxes[1:]:
            pair = (inboxes[0], long)
            suffix = "" if len(inboxes) == _PAIR else f", {sizes[inboxes.index(long)]:,}"
            requests: dict[str, Sequence[compare.Request]] = {}
            for query in _QUERIES:
                cursors = [await _cursor(inbox, query, deep) for inbox in pair]
                requests[f"{query}, first{suffix}"] = [partial(_page, inbox, query) for inbox in pair]
                if all(cursors):
                    requests[f"{query}, page {deep}{suffix}"] = [
                        partial(_page, inbox, f"{query}&cursor={cursor}")
                        for inbox, cursor in zip(pair, cursors, strict=True)
                    ]
            # A page of five rows costs less than one of fifty, and tells nothing of the lists' lengths.
            unequal: dict[str, Sequence[compare.Request]] = {}
            for name in _FIRST:
                short, full = [await _some(inbox, name) for inbox in pair]
                asked = [partial(_page_of, inbox, name) for inbox in pair]
                if short == full:
                    requests[f"{name}, first{suffix}"] = asked
                else:
                    unequal[f"{name}, {short} rows and {full}{suffix}"] = asked
            rounds = 10 if quick else 30
            await compare.pages(report, requests, rounds)
            await compare.pages(report, unequal, rounds, barred=False)
        seen = await _walk(inboxes[0], "view=open")
        report.notes.append(f"Walked page by page, the short open view shows {len(seen):,} conversations, each once.")
        report.at_least("conversations seen on a walk, of those that are there", len(set(seen)) / inboxes[0].open, 1)
        report.at_most("conversations seen on a walk, of those that are there", len(seen) / inboxes[0].open, 1)
        load.close()
    return report


async def _some(inbox: Inbox, name: str) -> int:
    """A page that need not be full; how many rows it has."""
    match name:
        case "saved view":
            found = await inbox.get(f"/conversations?view={inbox.view_id}&limit=50")
        case "search: one word":
            found = await inbox.get("/search/messages?q=parcels&limit=50")
        case "search: a rare and a common word":
            found = await inbox.get("/search/messages?q=parcel%20number20&limit=50")
        case query:
            found = await inbox.get(f"/conversations?{query}&limit=50")
    assert isinstance(found["items"], list)
    assert found["items"], name
    return len(found["items"])


async def _page_of(inbox: Inbox, name: str) -> None:
    await _some(inbox, name)


async def _get(load: Http, url: str, shop: Shop, path: str) -> dict[str, object]:
    status, body = await load.request("GET", f"/api/v1{path}", headers=browser_headers(shop.cookies[0], url))
    assert status == 200, (status, body[:300])
    found: dict[str, object] = orjson.loads(body)
    return found


async def _page(inbox: Inbox, query: str) -> None:
    found = await inbox.get(f"/conversations?limit=50&{query}")
    assert isinstance(found["items"], list)
    assert found["items"], query


async def _cursor(inbox: Inbox, query: str, depth: int) -> object:
    cursor: object = None
    for _ in range(depth):
        found = await inbox.get(f"/conversations?limit=50&{query}" + (f"&cursor={cursor}" if cursor else ""))
        cursor = found["next_cursor"]
        if cursor is None:
            return None
    return cursor


async def _walk(inbox: Inbox, query: str) -> list[str]:
    seen: list[str] = []
    cursor: object = ""
    while cursor is not None:
        found = await inbox.get(f"/conversations?limit=50&{query}" + (f"&cursor={cursor}" if cursor else ""))
        assert isinstance(found["items"], list)
        seen += [item["id"] for item in found["items"]]
        cursor = found["next_cursor"]
    return seen
