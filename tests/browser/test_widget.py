"""
The chat widget in a real Chromium, on a host page of another origin under a strict policy: what a visitor writes and
gets survives reloads, a lost network and a killed server.

Playwright's asynchronous interface, so that browser, worker and tests share one event loop; the web process is a child,
so that it can be killed.
"""

import asyncio
import os
import re
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from app import worker
from app.core import ids, mongo
from app.core.clock import Clock
from app.core.platform import accounts as account_rows
from app.core.platform.accounts import AccountRow
from app.core.queue import Lane
from app.core.runtime import Runtime, open_runtime
from tests.inbox.test_articles import article, centre
from tests.support import chromium, network, servers
from tests.support.people import Person, people_of
from tests.support.shop import eventually
from web import build

expect.set_options(timeout=15_000)

ROOT = Path(__file__).resolve().parents[2]
# Pictures for people to look at; nothing is compared with them.
SHOTS = Path(os.environ.get("PARLEY_SHOTS") or ROOT / "test-results") / "widget"
AXE = build.NODE_MODULES / "axe-core" / "axe.min.js"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63e0f26a030001e100e9"
    "3b81fbd10000000049454e44ae426082"
)
# A tone in place of a microphone, and every page may hear it: a shell has nobody to ask.
MICROPHONE = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
# A second is over soon: whoever looks once a second may never see the first.
RUNNING = re.compile(r"^0:(0[1-9]|[1-5]\d)$")
# As a browser does that was told no.
REFUSE = """() => {
  const refused = new DOMException('Permission denied', 'NotAllowedError')
  navigator.mediaDevices.getUserMedia = () => Promise.reject(refused)
}"""
ALLOW = "() => { delete navigator.mediaDevices.getUserMedia }"


class Parley:
    """The web process, always on the same port."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.url = runtime.settings.public_url
        self._process: asyncio.subprocess.Process | None = None

    async def up(self) -> None:
        settings = self.runtime.settings
        known = {
            "MONGODB_URI": settings.mongodb_uri.get_secret_value(),
            "REDIS_URL": settings.redis_url.get_secret_value(),
            "PARLEY_SECRET_KEYS": settings.secret_keys[0].get_secret_value(),
            "PARLEY_DATABASE": settings.database,
            "PARLEY_DATA_DIR": str(settings.data_dir),
            "PARLEY_PUBLIC_URL": settings.public_url,
        }
        port = self.url.rpartition(":")[2]
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app", "serve", "--port", port), env={**os.environ, **known}, cwd=ROOT
        )

        async def look() -> bool:
            with suppress(httpx.TransportError):
                return (await client.get("/healthz")).status_code == 200
            return False

        async with network.client(self.url) as client:
            await eventually(look)

    async def kill(self) -> None:
        """SIGKILL: nothing is said to anybody."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


@dataclass
class Site:
    """A connected site, and the page that carries its widget."""

    parley: Parley
    owner: Person
    key: str
    account_id: str
    page_url: str

    async def _get(self, path: str, **query: Any) -> Any:
        answer = await self.owner.client.get(f"/api/v1{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def conversation(self, text: str) -> dict[str, Any]:
        async def look() -> dict[str, Any] | None:
            listed = await self._get("/conversations", view="all", limit=100)
            for conversation in listed["items"]:
                said = [
                    e["number"]
                    for e in await self.thread(conversation["id"])
                    if e["content"] and text == e["content"].get("text", e["content"].get("title"))
                ]
                # An entry is there before its conversation knows of it; who answers then has not read it.
                if said and max(said) <= conversation["last_number"]:
                    found: dict[str, Any] = conversation
                    return found
            return None

        return await eventually(look)

    async def thread(self, conversation_id: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self._get(f"/conversations/{conversation_id}/entries", limit=100))["items"]
        return items

    async def first_entry(self) -> dict[str, Any]:
        """Of the only conversation."""

        async def look() -> dict[str, Any] | None:
            listed = await self._get("/conversations", view="all")
            return (await self.thread(listed["items"][0]["id"]))[0] if listed["items"] else None

        return await eventually(look)

    async def texts(self, conversation: dict[str, Any]) -> list[str]:
        return [
            e["content"]["text"]
            for e in await self.thread(conversation["id"])
            if e["content"] and "text" in e["content"]
        ]

    async def answer(self, conversation: dict[str, Any], text: str = "", **more: Any) -> str:
        body = {"client_id": str(uuid.uuid4()), "content": {"type": "text", "text": text}, **more}
        sent = await self.owner.client.post(f"/api/v1/conversations/{conversation['id']}/messages", json=body)
        assert sent.status_code == 202, sent.text
        entry_id: str = sent.json()["entries"][0]["id"]
        return entry_id

    async def status(self, conversation: dict[str, Any], entry_id: str, wanted: str) -> None:
        async def look() -> bool:
            return any(e["id"] == entry_id and e["status"] == wanted for e in await self.thread(conversation["id"]))

        await eventually(look)


@pytest.fixture(scope="module", autouse=True)
def _built() -> None:
    build.build()


@pytest.fixture(scope="module")
async def parley(databases: servers.Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Parley]:
    port = servers.free_port()
    data = tmp_path_factory.mktemp("widget")
    settings = servers.make_settings(databases, data, public_url=f"http://127.0.0.1:{port}")
    async with open_runtime(settings) as runtime:
        await mongo.ensure_indexes(runtime.mongo)
        tasks = worker.start_tasks(runtime, tuple(Lane))
        started = Parley(runtime)
        try:
            await started.up()
            yield started
        finally:
            await started.kill()
            await worker.stop_tasks(runtime, tasks)


@pytest.fixture
async def site(parley: Parley) -> AsyncIterator[Site]:
    async with shop_page(parley) as found:
        yield found


@asynccontextmanager
async def shop_page(parley: Parley, **config: Any) -> AsyncIterator[Site]:
    """A fresh workspace with a site, and a shop's page of another origin that lets in as little as it can."""

    async def page(request: Request) -> HTMLResponse:
        ours, sockets = parley.url, parley.url.replace("http", "ws", 1)
        attributes = "".join(f' data-{name}="{value}"' for name, value in request.query_params.items())
        dark = request.query_params.get("theme") == "dark"
        html = (
            f'<!doctype html><html lang="en" dir="{request.query_params.get("dir", "ltr")}"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1"><title>Lamps</title>'
            f'<link rel="icon" href="/icon.svg"><body bgcolor="{"#0d0f12" if dark else "#f3efe8"}">'
            "<main><h1>Lamps</h1></main>"
            f'<script async src="{ours}/widget.js" data-key="{key}"{attributes}></script>'
        )
        policy = (
            f"default-src 'none'; script-src {ours}; connect-src {ours} {sockets}; "
            f"img-src 'self' {ours} blob:; media-src {ours}; require-trusted-types-for 'script'"
        )
        return HTMLResponse(html, headers={"content-security-policy": policy})

    async def icon(request: Request) -> Response:
        return Response("<svg xmlns='http://www.w3.org/2000/svg'/>", media_type="image/svg+xml")

    key = ""
    async with (
        servers.live(Starlette(routes=[Route("/", page), Route("/icon.svg", icon)])) as page_url,
        people_of(parley.runtime, parley.url) as people,
    ):
        _, owner = await people.workspace()
        shown = {
            "title": "Linden & Co",
            "greeting": "Hi! Ask us anything about lamps.",
            "origins": [page_url],
            **config,
        }
        made = await owner.client.post("/api/v1/accounts", json={"kind": "livechat", "name": "Lamps", "config": shown})
        assert made.status_code == 201, made.text
        key = made.json()["config"]["site_key"]
        yield Site(parley, owner, key, made.json()["id"], page_url)


@pytest.fixture(scope="module")
async def chrome() -> AsyncIterator[Browser]:
    found = chromium.find()
    environment: dict[str, str | float | bool] = {**os.environ, **found.env}
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=found.path, args=[*chromium.OF_TESTS, *MICROPHONE], env=environment
        )
        yield launched
        await launched.close()


@dataclass
class Visitor:
    """A person with a browser of their own. `errors` is what the page complained about."""

    context: BrowserContext
    page: Page
    errors: list[str] = field(default_factory=list)

    def panel(self) -> Locator:
        return self.page.get_by_role("dialog")

    async def open(self) -> None:
        await self.page.get_by_role("button", name=re.compile("^Open chat")).click()
        await expect(self.panel()).to_be_visible()

    async def write(self, text: str) -> None:
        await self.page.get_by_placeholder("Write a message…").fill(text)
        await self.page.keyboard.press("Enter")

    async def texts(self) -> list[str]:
        """What the conversation says, without the greeting."""
        return (await self.page.locator(".bubble").all_inner_texts())[1:]

    async def sees(self, *texts: str) -> None:
        """Exactly these, in this order, and nothing on its way."""
        await expect(self.page.locator(".bubble")).to_have_text(
            ["Hi! Ask us anything about lamps.", *texts], timeout=20_000
        )
        await expect(self.page.locator(".row.waiting")).to_have_count(0, timeout=20_000)

    async def shot(self, name: str) -> None:
        await self.page.mouse.move(2, 2)
        await self.page.wait_for_timeout(250)
        await self.page.screenshot(path=SHOTS / f"{name}.png")

    async def passes_axe(self) -> None:
        # Evaluated, not added as a script tag: the page's policy would refuse that.
        await self.page.evaluate(AXE.read_text())
        rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        found = await self.page.evaluate("rules => axe.run('#parley-widget', {runOnly: rules})", rules)
        assert found["passes"]
        told = [f"{v['id']}: {v['help']} {[n['target'] for n in v['nodes']]}" for v in found["violations"]]
        assert not told, "\n".join(told)


@asynccontextmanager
async def visiting(chrome: Browser, url: str, *, complaints: str = "", **options: Any) -> AsyncIterator[Visitor]:
    """At the page; at the end nothing may have been complained about but what matches `complaints`."""
    settings = {"viewport": {"width": 1100, "height": 800}, "locale": "en-GB", "reduced_motion": "reduce", **options}
    context = await chrome.new_context(**settings)
    page = await context.new_page()
    page.set_default_timeout(15_000)
    visitor = Visitor(context, page)
    page.on("pageerror", lambda error: visitor.errors.append(str(error)))
    page.on("console", lambda m: visitor.errors.append(m.text) if m.type in ("error", "warning") else None)
    await page.goto(url)
    yield visitor
    unexpected = [error for error in visitor.errors if not (complaints and re.search(complaints, error))]
    await context.close()
    assert not unexpected


LOST = "WebSocket connection|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED"


async def test_a_conversation(site: Site, chrome: Browser) -> None:
    async with visiting(chrome, site.page_url) as visitor:
        await visitor.open()
        await visitor.write("Is the Arc lamp in stock?")
        await visitor.sees("Is the Arc lamp in stock?")
        await expect(visitor.page.get_by_text("Sent", exact=True)).to_be_visible()
        conversation = await site.conversation("Is the Arc lamp in stock?")
        entry_id = await site.answer(conversation, "Yes! See https://lamps.example/arc.")
        await visitor.sees("Is the Arc lamp in stock?", "Yes! See https://lamps.example/arc.")
        link = visitor.page.get_by_role("link", name="https://lamps.example/arc", exact=True)
        assert await link.get_attribute("rel") == "noopener noreferrer nofollow"
        await expect(visitor.page.get_by_text("Olu Owner")).to_be_visible()
        await expect(visitor.page.get_by_text("Seen", exact=True)).to_be_visible()
        await site.status(conversation, entry_id, "read")


async def test_reload_lost_network_and_killed_server(site: Site, chrome: Browser) -> None:
    async with visiting(chrome, site.page_url, complaints=LOST) as visitor:
        await visitor.open()
        await visitor.write("one")
        await visitor.sees("one")
        conversation = await site.conversation("one")
        # A reload: the draft is kept, the window comes back, and what came meanwhile is there.
        await visitor.page.get_by_placeholder("Write a message…").fill("half a thou")
        await visitor.page.wait_for_function("() => JSON.stringify({ ...localStorage }).includes('half a thou')")
        await visitor.page.goto("about:blank")
        await site.answer(conversation, "two")
        await visitor.page.goto(site.page_url)
        await visitor.sees("one", "two")
        await expect(visitor.page.get_by_placeholder("Write a message…")).to_have_value("half a thou")
        # The network is lost: what is written waits, also over a reload of the conversation's other side.
        await visitor.context.set_offline(True)
        await visitor.write("three")
        await expect(visitor.page.get_by_text("You are offline.")).to_be_visible()
        await expect(visitor.page.locator(".row.waiting")).to_have_count(1)
        await site.answer(conversation, "four")
        await visitor.context.set_offline(False)
        await visitor.sees("one", "two", "four", "three")
        await expect(visitor.page.get_by_text("You are offline.")).to_be_hidden()
        # The server is killed, and comes back; what was written meanwhile is sent by itself.
        await site.parley.kill()
        await visitor.write("five")
        await expect(visitor.page.locator(".row.waiting")).to_have_count(1)
        await visitor.page.wait_for_timeout(700)
        await site.parley.up()
        await visitor.sees("one", "two", "four", "three", "five")
        await site.answer(conversation, "six")
        await visitor.sees("one", "two", "four", "three", "five", "six")

        async def told() -> bool:
            return await site.texts(conversation) == ["one", "two", "four", "three", "five", "six"]

        await eventually(told)


async def test_written_offline_and_the_page_closed(site: Site, chrome: Browser) -> None:
    async with visiting(chrome, site.page_url, complaints=LOST) as visitor:
        await visitor.open()
        await visitor.write("first")
        await visitor.sees("first")
        await visitor.context.set_offline(True)
        await visitor.write("kept in the browser")
        await expect(visitor.page.locator(".row.waiting")).to_have_count(1)
        await visitor.page.close()
        await visitor.context.set_offline(False)
        visitor.page = await visitor.context.new_page()
        await visitor.page.goto(site.page_url)
        await visitor.sees("first", "kept in the browser")
        conversation = await site.conversation("kept in the browser")
        assert await site.texts(conversation) == ["first", "kept in the browser"]


async def test_two_tabs_are_one_visitor(site: Site, chrome: Browser) -> None:
    async with visiting(chrome, site.page_url) as visitor:
        other = Visitor(visitor.context, await visitor.context.new_page())
        await other.page.goto(site.page_url)
        await visitor.open()
        await other.open()
        await visitor.write("from the first tab")
        await visitor.sees("from the first tab")
        await other.sees("from the first tab")
        await other.write("from the second tab")
        await visitor.sees("from the first tab", "from the second tab")
        await other.sees("from the first tab", "from the second tab")
        conversation = await site.conversation("from the second tab")
        assert await site.texts(conversation) == ["from the first tab", "from the second tab"]
        await site.answer(conversation, "to both")
        await visitor.sees("from the first tab", "from the second tab", "to both")
        await other.sees("from the first tab", "from the second tab", "to both")


async def test_unread_badge_while_the_window_is_closed(site: Site, chrome: Browser) -> None:
    async with visiting(chrome, site.page_url) as visitor:
        await visitor.open()
        await visitor.write("ping me")
        await visitor.sees("ping me")
        conversation = await site.conversation("ping me")
        await visitor.page.keyboard.press("Escape")
        await expect(visitor.panel()).to_be_hidden()
        await expect(visitor.page.get_by_role("button", name="Open chat")).to_be_focused()
        entry_id = await site.answer(conversation, "pong")
        await expect(visitor.page.get_by_role("button", name="Open chat (1 unread)")).to_be_visible()
        await site.status(conversation, entry_id, "delivered")
        await visitor.open()
        await visitor.sees("ping me", "pong")
        await site.status(conversation, entry_id, "read")


async def test_name_and_email_after_the_first_message(site: Site, chrome: Browser) -> None:
    async with visiting(chrome, site.page_url) as visitor:
        await visitor.open()
        await expect(visitor.page.get_by_placeholder("Your name")).to_have_count(0)
        await visitor.write("do you ship to Accra?")
        await visitor.page.get_by_placeholder("Your name").fill("Ana Kovacs")
        await visitor.page.get_by_placeholder("Your e-mail").fill("ana@example.com")
        await visitor.page.get_by_role("button", name="Save").click()
        await visitor.sees("do you ship to Accra?", "Contact details: Ana Kovacs · ana@example.com")
        await expect(visitor.page.get_by_placeholder("Your name")).to_have_count(0)
        conversation = await site.conversation("do you ship to Accra?")

        async def named() -> bool:
            found = await site.owner.client.get(f"/api/v1/conversations/{conversation['id']}")
            return found.json()["contact"]["name"] == "Ana Kovacs"

        await eventually(named)


async def test_quick_replies_quotes_and_reactions(site: Site, chrome: Browser) -> None:
    async with visiting(chrome, site.page_url) as visitor:
        await visitor.open()
        await visitor.write("which lamp?")
        await visitor.sees("which lamp?")
        conversation = await site.conversation("which lamp?")
        buttons = [{"id": "k", "title": "Kitchen"}, {"id": "h", "title": "Hall"}]
        asked = await site.answer(conversation, content={"type": "buttons", "text": "Which room?", "buttons": buttons})
        await visitor.page.get_by_role("button", name="Hall").click()
        await expect(visitor.page.locator(".bubble").last).to_have_text("Hall")
        await expect(visitor.page.get_by_role("button", name="Kitchen")).to_be_disabled()
        row = visitor.page.locator(".row", has_text="Which room?").first
        await row.hover()
        await row.get_by_role("button", name="React").click()
        await row.get_by_role("button", name="❤️").click()

        async def reacted() -> bool:
            return any(e["id"] == asked and e["reactions"] for e in await site.thread(conversation["id"]))

        await eventually(reacted)
        await expect(row.locator(".reactions")).to_have_text("❤️")
        await row.hover()
        await row.get_by_role("button", name="Reply").click()
        await visitor.write("I mean this one")
        await expect(visitor.page.locator(".mine .quote")).to_contain_text("Which room?")
        await visitor.shot("rich")


async def test_files_both_ways(site: Site, chrome: Browser) -> None:
    async with visiting(chrome, site.page_url) as visitor:
        await visitor.open()
        await visitor.write("a photo follows")
        picture = {"name": "<img src=x onerror=alert(1)>.png", "mimeType": "image/png", "buffer": PNG}
        async with visitor.page.expect_file_chooser() as chooser:
            await visitor.page.get_by_role("button", name="Attach a file").click()
        await (await chooser.value).set_files([picture])
        image = visitor.page.locator(".mine .bubble img")
        await expect(image).to_have_attribute("src", re.compile("/files/fil_"))
        assert await image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1
        conversation = await site.conversation("a photo follows")
        files = {"file": ("price list.pdf", b"%PDF-1.4 prices", "application/pdf")}
        file = (await site.owner.client.post("/api/v1/files", files=files)).json()
        content = {"type": "media", "media": {"kind": "document", "file_id": file["file_id"]}, "caption": "prices"}
        await site.answer(conversation, content=content)
        link = visitor.page.get_by_role("link", name="price list.pdf")
        got = await visitor.context.request.get(await link.get_attribute("href") or "")
        assert await got.body() == b"%PDF-1.4 prices"


async def test_too_large_and_forbidden_files_say_so(site: Site, chrome: Browser) -> None:
    async with visiting(chrome, site.page_url, complaints="415") as visitor:
        await visitor.open()
        files = [
            {"name": "huge.bin", "mimeType": "application/octet-stream", "buffer": b"0" * 10_000_001},
            {"name": "page.txt", "mimeType": "text/plain", "buffer": b"<html><script>alert(1)</script>"},
        ]
        for file in files:
            async with visitor.page.expect_file_chooser() as chooser:
                await visitor.page.get_by_role("button", name="Attach a file").click()
            await (await chooser.value).set_files([file])
        await expect(visitor.page.get_by_text("This file is larger than 10 MB.")).to_be_visible()
        refused = visitor.page.get_by_text("This kind of file cannot be sent here.")
        await expect(refused).to_be_visible()
        await refused.click()
        await expect(refused).to_have_count(0)


async def test_a_voice_note(site: Site, chrome: Browser) -> None:
    async with visiting(chrome, site.page_url) as visitor:
        page = visitor.page
        await visitor.open()
        record = page.get_by_role("button", name="Record a voice message")
        # Refused by the browser: said in words, and the composer comes back.
        await page.evaluate(REFUSE)
        await record.click()
        bar = page.get_by_role("group", name="Voice message")
        await expect(bar.get_by_role("status")).to_contain_text("does not let this page use the microphone")
        await visitor.passes_axe()
        await page.keyboard.press("Escape")
        await expect(page.get_by_placeholder("Write a message…")).to_be_focused()
        await page.evaluate(ALLOW)
        # Given up: nothing is sent.
        await record.click()
        await expect(bar.get_by_text(RUNNING)).to_be_visible()
        await bar.get_by_role("button", name="Cancel").click()
        await record.click()
        await expect(bar.get_by_text(RUNNING)).to_be_visible()
        levels = await bar.locator("i").evaluate_all("all => all.map(i => i.getBoundingClientRect().height)")
        assert max(levels) > 1.5 * min(levels)
        await visitor.passes_axe()
        await visitor.shot("recording")
        await bar.get_by_role("button", name="Send").click()
        heard = page.locator(".mine audio")
        await expect(heard).to_have_attribute("src", re.compile("/files/fil_"))
        assert await page.locator(".row.mine").count() == 1
        # It is sound that plays, here and at the colleague's.
        loaded = "sound => new Promise(done => { sound.oncanplay = () => done(sound.error); sound.load() })"
        assert await heard.evaluate(loaded) is None
        entry = await site.first_entry()
        media = entry["content"]["media"]
        assert (media["kind"], media["mime"]) == ("voice", "audio/webm")
        assert 0.9 < media["duration_seconds"] < 20


async def test_sharing_a_location(site: Site, chrome: Browser) -> None:
    async with visiting(chrome, site.page_url) as visitor:
        page = visitor.page
        await visitor.open()
        await page.get_by_role("button", name="Share your location").click()
        bar = page.get_by_role("group", name="Location")
        await expect(bar).to_contain_text("It is sent once")
        await visitor.passes_axe()
        await bar.get_by_role("button", name="Share", exact=True).click()
        await expect(bar).to_contain_text("does not let this page know where you are")
        await bar.get_by_role("button", name="Cancel").click()
        await visitor.context.set_geolocation({"latitude": 5.556021, "longitude": -0.196899})
        await visitor.context.grant_permissions(["geolocation"], origin=site.page_url)
        await page.get_by_role("button", name="Share your location").click()
        await visitor.shot("location")
        await bar.get_by_role("button", name="Share", exact=True).click()
        card = page.get_by_role("link", name="Location 5.5560, -0.1969")
        await expect(card).to_have_attribute("href", re.compile("mlat=5.55602&mlon=-0.1969"))
        await expect(page.locator(".row.waiting")).to_have_count(0)
        entry = await site.first_entry()
        assert entry["content"]["type"] == "location"


async def test_emoji(site: Site, chrome: Browser) -> None:
    async with visiting(chrome, site.page_url) as visitor:
        page = visitor.page
        await visitor.open()
        await page.get_by_placeholder("Write a message…").fill("thanks  a lot")
        for _ in range(6):
            await page.keyboard.press("ArrowLeft")
        await page.get_by_role("button", name="Emoji").click()
        await visitor.passes_axe()
        await visitor.shot("emoji")
        await page.get_by_role("group", name="Emoji").get_by_role("button", name="🎉").click()
        await page.keyboard.press("Enter")
        await visitor.sees("thanks 🎉 a lot")


async def test_search_in_the_help_centre_before_writing(site: Site, chrome: Browser) -> None:
    opened = await site.owner.client.put("/api/v1/help-centre", json=centre(open=True))
    assert opened.status_code == 200, opened.text
    made = await site.owner.client.post("/api/v1/articles", json=article("Change the bulb", "Switch it off first."))
    async with visiting(chrome, site.page_url) as visitor:
        await visitor.open()
        search = visitor.page.get_by_role("searchbox", name="Search for an answer")
        await search.fill("unicorn")
        await search.press("Enter")
        await expect(visitor.panel().get_by_text("Nothing found")).to_be_visible()
        await search.fill("changing bulbs")
        await search.press("Enter")
        found = visitor.page.get_by_role("link", name="Change the bulb")
        await expect(found).to_have_attribute("href", made.json()["texts"][0]["url"])
        await visitor.passes_axe()
        await visitor.shot("help")
        # Once somebody writes, it makes room.
        await visitor.write("Which bulb?")
        await visitor.sees("Which bulb?")
        await expect(search).to_have_count(0)
        await expect(visitor.page.get_by_placeholder("Your e-mail")).to_be_visible()


async def test_a_form_to_sign_up_with_before_writing(site: Site, chrome: Browser) -> None:
    sms = {"account_sid": "AC" + "0" * 32, "auth_token": "x", "sender": "+12025550100"}
    row = AccountRow(
        id=ids.new("acc"),
        workspace_id=site.owner.ws.id,
        kind="sms",
        name="Texts",
        address="+12025550100",
        config={name: sms[name] for name in ("account_sid", "sender")},
        secrets={"auth_token": "x"},
        created_at=site.owner.ws.clock.now(),
    )
    await account_rows.insert(site.parley.runtime.mongo, site.parley.runtime.keyring, row)
    site.parley.runtime.accounts.forget()
    words = {"title": "Lamps first", "agree": "Yes, Linden may send me offers by text message.", "thanks": "Thank you."}
    form = {"name": "Chat", "account_ids": [row.id], "words": {"en": words}, "double": False}
    made = await site.owner.client.post("/api/v1/signup-forms", json={**form, "chat_ids": [site.account_id]})
    assert made.status_code == 201, made.text
    async with visiting(chrome, site.page_url) as visitor:
        await visitor.open()
        asked = visitor.page.get_by_role("form", name="Lamps first")
        await expect(asked.get_by_role("checkbox")).not_to_be_checked()
        await visitor.passes_axe()
        await visitor.shot("join")
        await asked.get_by_role("textbox", name="Phone number").fill("+12025550177")
        await asked.get_by_role("checkbox").check()
        await asked.get_by_role("button", name="Yes, sign me up").click()
        await expect(visitor.panel().get_by_text("Thank you.")).to_be_visible()
        await visitor.shot("joined")
    listed = (await site.owner.client.get("/api/v1/contacts", params={"q": "+12025550177"})).json()["items"]
    facts = (await site.owner.client.get(f"/api/v1/contacts/{listed[0]['id']}/consents")).json()["items"]
    assert (facts[0]["state"], facts[0]["source"], facts[0]["wording"]) == ("granted", "widget", words["agree"])
    assert facts[0]["proof"]["page"] == site.page_url + "/"


async def test_a_greeting_comes_by_itself_and_begins_the_conversation(site: Site, chrome: Browser) -> None:
    words = {"en": {"text": "Not sure which lamp? See https://linden.example", "replies": ["Help me choose"]}}
    settings = {"name": "Choosing", "chat_ids": [site.account_id], "from_name": "Ines", "words": words, "seconds": 0}
    pages = [{"how": "glob", "value": f"{site.page_url}/*theme=*"}]
    made = await site.owner.client.post("/api/v1/greetings", json={**settings, "pages": pages})
    assert made.status_code == 201, made.text
    async with visiting(chrome, f"{site.page_url}/?theme=dark", color_scheme="dark", **PHONE) as visitor:
        greeting = visitor.page.get_by_role("region", name="Ines")
        await expect(greeting).to_contain_text("Not sure which lamp?")
        await expect(visitor.panel()).to_be_hidden()
        await visitor.passes_axe()
        await visitor.shot("greeting-phone-dark")
        await greeting.get_by_role("button", name="Dismiss").click()
        await expect(greeting).to_have_count(0)
    async with visiting(chrome, f"{site.page_url}/") as visitor:
        # Another page: nothing comes. On the right one it does, once for each visitor.
        script = "() => performance.getEntriesByType('resource').some(({name}) => name.includes('widget-more'))"
        await visitor.page.wait_for_function(script)
        asked: list[str] = []
        visitor.page.on("request", lambda r: asked.append(r.url) if "/w/greet" in r.url else None)
        await visitor.page.evaluate("history.pushState({}, '', '/?theme=light')")
        greeting = visitor.page.get_by_role("region", name="Ines")
        await expect(greeting).to_be_visible()
        assert len(asked) == 1
        await visitor.passes_axe()
        await visitor.shot("greeting")
        await greeting.get_by_role("button", name="Help me choose").click()
        conversation = await site.conversation("Help me choose")
        entries = [e for e in await site.thread(conversation["id"]) if e["kind"] == "message"]
        assert (entries[0]["direction"], entries[0]["author"]["name"]) == ("out", "Ines")
        bubbles = visitor.page.locator(".bubble")
        await expect(bubbles).to_have_count(2)
        await expect(bubbles.nth(0)).to_contain_text("Not sure which lamp?")
        await expect(bubbles.nth(1)).to_have_text("Help me choose")
        await expect(visitor.page.locator(".row.waiting")).to_have_count(0)
        await visitor.page.reload()
        await expect(bubbles).to_have_count(2)
        await visitor.shot("greeting-answered")
        # Known now, and so asked what they want to get; it counts at once.
        await visitor.page.get_by_role("button", name="What I get").click()
        wants = visitor.page.get_by_role("group", name="What I get")
        await wants.get_by_role("radio", name="At most one a week").check()
        await visitor.passes_axe()
        await visitor.shot("wants")
        await wants.get_by_role("button", name="Save").click()
        await expect(wants.get_by_role("status")).to_have_text("Saved. This holds from now on.")
        await wants.get_by_role("button", name="No offers for 30 days").click()
        await expect(wants.get_by_role("button", name="Go on now")).to_be_visible()
        await expect(wants.get_by_role("radio", name="At most one a week")).to_be_checked()
        await visitor.page.keyboard.press("Escape")
        await expect(wants).to_have_count(0)

    async def counted() -> bool:
        found = (await site.owner.client.get(f"/api/v1/greetings/{made.json()['id']}")).json()
        return (found["shown"], found["opened"], found["answered"]) == (2, 1, 1)

    await eventually(counted)


async def test_each_rule_of_a_greeting_is_waited_for(site: Site, chrome: Browser) -> None:
    """Seconds, scrolling, leaving, first and later visits, and how often: each on pages of its own."""
    rules: dict[str, dict[str, Any]] = {
        "seconds": {"seconds": 600},
        "scroll": {"seconds": 0, "scroll": 60},
        "leave": {"seconds": 0, "leaving": True},
        "first": {"seconds": 0, "visitors": "first"},
        "returning": {"seconds": 0, "visitors": "returning", "often": "visit"},
        "days": {"seconds": 0, "often": "days", "days": 3},
    }
    for name, rule in rules.items():
        pages = [{"how": "contains", "value": f"rule={name}"}]
        words = {"en": {"text": f"About {name}"}}
        settings = {"name": name, "chat_ids": [site.account_id], "from_name": "Ines", "words": words, "pages": pages}
        made = await site.owner.client.post("/api/v1/greetings", json={**settings, **rule})
        assert made.status_code == 201, made.text

    async with visiting(chrome, "about:blank") as visitor:
        page, clock = visitor.page, visitor.page.clock
        await clock.install()
        asked: list[str] = []
        page.on("request", lambda r: asked.append(r.url) if "/w/greet" in r.url else None)
        greeting = page.get_by_role("region", name="Ines")
        # The place of a greeting, before the button that opens the chat: from then on the page is looked at.
        watched = page.locator("[role=status]:has(+ .launch)")

        async def comes(rule: str) -> None:
            """Within some looks at the page, one a second."""
            await clock.run_for(5_000)
            await expect(greeting).to_contain_text(f"About {rule}")
            asked.clear()

        async def does_not_come() -> None:
            await clock.run_for(5_000)
            # Whether it fits is judged at each look, and asked at once.
            assert asked == []

        async def visit(rule: str) -> None:
            await page.goto(f"{site.page_url}/?rule={rule}")
            await expect(watched).to_be_attached()

        async def turn_to(rule: str) -> None:
            await page.evaluate("rule => history.pushState({}, '', `/?rule=${rule}`)", rule)

        async def away(minutes: int) -> None:
            """Elsewhere meanwhile."""
            await page.goto("about:blank")
            await clock.fast_forward(minutes * 60_000)

        await visit("seconds")
        await clock.run_for(300_000)
        await does_not_come()
        await clock.run_for(300_000)
        await comes("seconds")

        # As far as it was scrolled to counts on this page alone.
        await page.evaluate("document.body.style.height = '8000px'")
        await turn_to("scroll")
        await does_not_come()
        await page.evaluate("scrollTo(0, 2000)")
        await does_not_come()
        await page.evaluate("scrollTo(0, 5500)")
        await comes("scroll")

        await turn_to("leave")
        await does_not_come()
        left = "y => document.documentElement.dispatchEvent(new MouseEvent('mouseleave', {clientX: 200, clientY: y}))"
        await page.evaluate(left, 300)
        await does_not_come()
        await page.evaluate(left, -1)
        await comes("leave")

        # One visit until nobody was there for half an hour.
        await turn_to("returning")
        await does_not_come()
        await turn_to("first")
        await comes("first")
        await turn_to("days")
        await comes("days")
        await away(10)
        await visit("returning")
        await does_not_come()
        await away(31)
        await visit("first")
        await does_not_come()
        await turn_to("returning")
        await comes("returning")
        await visit("returning")
        await does_not_come()
        await visit("days")
        await does_not_come()
        await away(73 * 60)
        await visit("days")
        await comes("days")
        await turn_to("returning")
        await comes("returning")


async def test_earlier_messages(site: Site, chrome: Browser) -> None:
    async with visiting(chrome, site.page_url) as visitor:
        page = visitor.page
        await visitor.open()
        await visitor.write("the very first")
        await visitor.sees("the very first")
        await page.get_by_role("button", name="No, thanks").click()
        conversation = await site.conversation("the very first")
        [first] = await site.thread(conversation["id"])
        await page.goto("about:blank")
        database = site.parley.runtime.mongo
        row = await database.entries.find_one({"_id": first["id"]})
        assert row is not None
        news = {"direction": "out", "status": "sent", "author": {"type": "member", "id": "m", "name": "Olu"}}
        rows = [
            {
                **row,
                **news,
                "_id": f"{first['id']}{n}",
                "number": n,
                "at": row["at"] + timedelta(milliseconds=n),
                "content": {"type": "text", "text": f"news {n}"},
            }
            for n in range(2, 142)
        ]
        await database.entries.insert_many(rows)
        await database.conversations.update_one({"_id": conversation["id"]}, {"$set": {"last_number": 141}})
        await page.goto(site.page_url)
        bubbles = page.locator(".bubble")
        await expect(bubbles).to_have_count(100)
        await page.get_by_role("log").evaluate("log => log.scrollTop = 0")
        await expect(bubbles.first).to_have_text("news 42")
        top = (await bubbles.first.bounding_box() or {})["y"]
        await page.get_by_role("button", name="Earlier messages").click()
        await expect(bubbles).to_have_count(142)
        # What was read stays where it was; the greeting stands above all.
        assert abs((await bubbles.filter(has_text="news 42").bounding_box() or {})["y"] - top) < 40
        assert (await bubbles.all_inner_texts())[:3] == ["Hi! Ask us anything about lamps.", "the very first", "news 2"]
        await expect(page.get_by_role("button", name="Earlier messages")).to_have_count(0)


MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script> javascript:alert(3)"


async def test_markup_is_text_everywhere(site: Site, chrome: Browser) -> None:
    async with visiting(chrome, site.page_url) as visitor:
        visitor.page.on("dialog", lambda dialog: visitor.errors.append(dialog.message))
        await visitor.open()
        await visitor.write(MARKUP)
        await visitor.sees(MARKUP)
        conversation = await site.conversation(MARKUP)
        await site.answer(conversation, MARKUP)
        await visitor.sees(MARKUP, MARKUP)
        assert await visitor.page.locator(".bubble img, .bubble a, .bubble script").count() == 0


async def test_signed_in_people_and_their_privacy(parley: Parley, chrome: Browser) -> None:
    async with shop_page(parley) as site:
        renew = f"/api/v1/accounts/{site.account_id}/secrets/identity_secret/renew"
        secret = (await site.owner.client.post(renew)).json()["secret"]
        now = int(Clock().now().timestamp())

        def proof(subject: str) -> str:
            return jwt.encode({"sub": subject, "aud": site.key, "exp": now + 3_600}, secret, algorithm="HS256")

        async with visiting(chrome, f"{site.page_url}/?identity={proof('ana')}") as visitor:
            await visitor.open()
            await visitor.write("ana's secret")
            await visitor.sees("ana's secret")
            await visitor.page.evaluate("jwt => Parley('identify', jwt)", proof("ben"))
            await visitor.sees()
            await visitor.page.evaluate("jwt => Parley('identify', jwt)", proof("ana"))
            await visitor.sees("ana's secret")
            # Signed out in another tab: this one shows nothing either, though its page still says that it is hers.
            other = await visitor.context.new_page()
            await other.goto(f"{site.page_url}/?identity={proof('ana')}")
            await other.wait_for_function("() => window.Parley")
            await other.evaluate("Parley('logout')")
            await visitor.sees()
            await other.close()
            await visitor.page.evaluate("jwt => Parley('identify', jwt)", proof("ana"))
            await visitor.sees("ana's secret")
            # The site signed her out and said nothing: her chat is not shown to whoever comes next.
            await visitor.page.goto(site.page_url)
            # The window may have come back by itself.
            await visitor.page.wait_for_function("() => window.Parley")
            await visitor.page.evaluate("Parley('open')")
            await visitor.sees()
            await visitor.page.evaluate("Parley('logout')")
            stored = await visitor.page.evaluate("JSON.stringify(localStorage)")
            assert "ana's secret" not in stored


async def test_the_page_may_refuse_storage(site: Site, chrome: Browser) -> None:
    async with visiting(chrome, site.page_url) as visitor:
        await visitor.page.wait_for_function("() => window.Parley")
        await visitor.page.evaluate("Parley('setConsent', {functional: false}); Parley('open')")
        await visitor.write("remember nothing")
        await visitor.sees("remember nothing")
        assert await visitor.page.evaluate("localStorage.length") == 0
        await visitor.page.evaluate("Parley('close')")
        await expect(visitor.panel()).to_be_hidden()


async def test_a_site_that_is_not_allowed_gets_no_widget(parley: Parley, chrome: Browser) -> None:
    async with (
        shop_page(parley, origins=["https://elsewhere.example"]) as site,
        visiting(chrome, site.page_url, complaints="refused here|403") as visitor,
    ):

        async def told() -> bool:
            return any("Allowed sites" in error for error in visitor.errors)

        await eventually(told)
        assert await visitor.page.locator("#parley-widget").count() == 0


PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
async def test_looks_right_and_is_accessible(site: Site, chrome: Browser, device: str, theme: str) -> None:
    options: dict[str, Any] = {"color_scheme": theme, **(PHONE if device == "phone" else {})}
    async with visiting(chrome, f"{site.page_url}/?theme={theme}", **options) as visitor:
        await expect(visitor.page.get_by_role("button", name="Open chat")).to_be_visible()
        await visitor.passes_axe()
        await visitor.shot(f"{device}-{theme}-closed")
        await visitor.open()
        await visitor.shot(f"{device}-{theme}-empty")
        await visitor.write("Hello! Is the Arc lamp still in stock? I would need two of them by Friday.")
        conversation = await site.conversation(
            "Hello! Is the Arc lamp still in stock? I would need two of them by Friday."
        )
        await visitor.page.get_by_role("button", name="No, thanks").click()
        await site.answer(conversation, "Good morning! Yes, we have seven. Let me check the delivery for you.")
        buttons = [{"id": "e", "title": "Express, Thursday"}, {"id": "s", "title": "Standard, Friday"}]
        await site.answer(
            conversation, content={"type": "buttons", "text": "Which delivery suits you?", "buttons": buttons}
        )
        await visitor.page.get_by_role("button", name="Express, Thursday").click()
        await site.conversation("Express, Thursday")
        await site.answer(conversation, "Wonderful, I have put two aside for you 🎉")
        await expect(visitor.page.get_by_text("Seen", exact=True)).to_be_visible()
        await visitor.passes_axe()
        await visitor.shot(f"{device}-{theme}-chat")
        targets = await visitor.page.locator("#parley-widget button:visible").all()
        for target in targets:
            box = await target.bounding_box()
            assert box is None or (box["width"] >= 24 and box["height"] >= 24), await target.inner_text()
        if device == "phone":
            box = await visitor.panel().bounding_box()
            assert box is not None
            assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 390, 844)


async def test_right_to_left(site: Site, chrome: Browser) -> None:
    async with visiting(chrome, f"{site.page_url}/?dir=rtl") as visitor:
        await visitor.open()
        await visitor.write("مرحبا، هل المصباح متوفر؟")
        await expect(visitor.page.get_by_text("Sent", exact=True)).to_be_visible()
        box = await visitor.panel().bounding_box()
        assert box is not None
        assert box["x"] < 100
        await visitor.passes_axe()
        await visitor.shot("rtl")
