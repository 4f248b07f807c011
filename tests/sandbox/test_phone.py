"""The phone page is served whole and by itself; the shop carries the widget; events come live."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.sandbox.support import Sandbox


async def test_the_page_needs_nothing_from_elsewhere(sandbox: Sandbox) -> None:
    page = await sandbox.http.get("/")
    assert page.status_code == 200
    assert (await sandbox.http.get("/phone")).text == page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script>" not in page.text
    assert "style=" not in page.text
    names = set(re.findall(r"/phone/static/([a-z]+\.[a-z]+)", page.text))
    for name in names | {"api.js", "state.js", "bubbles.js", "composer.js", "panels.js", "shop.css"}:
        found = await sandbox.http.get(f"/phone/static/{name}")
        assert found.status_code == 200
        assert not re.findall(r"""(?:src|href|url|import|from)\s*[=(]?\s*["'(]https?://""", found.text)
    for wrong in ("nope.js", "..%2F__init__.py"):
        assert (await sandbox.http.get(f"/phone/static/{wrong}")).status_code == 404


async def test_the_shop_carries_the_widget(sandbox: Sandbox) -> None:
    assert (await sandbox.http.get("/phone/web/ama?site_key=wk_1")).status_code == 404
    await sandbox.control("PUT", "/accounts/livechat/wk_1", {"base_url": "http://127.0.0.1:8000/"})
    page = await sandbox.http.get("/phone/web/ama?site_key=wk_1")
    assert (
        '<script async src="http://127.0.0.1:8000/widget.js" data-key="wk_1" data-profile="ama"></script>' in page.text
    )
    assert "ws://127.0.0.1:8000" in page.headers["content-security-policy"]


async def test_events_are_live(sandbox: Sandbox) -> None:
    seen: list[str] = []
    started = asyncio.Event()

    async def listen() -> None:
        async with sandbox.http.stream("GET", "/_sandbox/events") as response:
            async for line in response.aiter_lines():
                started.set()
                if line.startswith("event: "):
                    seen.append(line[7:])
                if "ack" in seen:
                    return

    async with asyncio.TaskGroup() as group:
        group.create_task(listen())
        await started.wait()
        await sandbox.inbound("whatsapp", "text", text="Hi")
    assert seen[0] == "entry"


@pytest.mark.parametrize("path", ["/_sandbox/ledger", "/_sandbox/accounts", "/_sandbox/samples", "/_sandbox/state"])
async def test_reads(sandbox: Sandbox, path: str) -> None:
    assert (await sandbox.http.get(path)).status_code == 200
