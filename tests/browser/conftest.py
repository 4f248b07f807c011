"""
Chromium in front of a whole Parley.

    stage       of this module: web, worker, sandbox and a workspace with every channel, in a thread of its own
    page        a page of this stage ("/login" is enough) in which no script fails and nothing is complained about
    desks       opens the inbox as a member, as often as one likes; see desk.py
    axe         checks a page for accessibility
    shot        keeps a picture of a page under test-results/

Playwright's sync API keeps an event loop running in the main thread, so all asyncio tests must be over: these run last.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

from app.core.permissions import Role
from tests.browser.desk import Desk, Desks, complaints, cookies
from tests.support import chromium, servers
from tests.support.people import Person
from tests.support.shop import Shop, open_shop
from web import build

T = TypeVar("T")
Axe = Callable[[Page], None]
Shot = Callable[[Page, str], None]

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
PATIENCE_MS = 15_000
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

expect.set_options(timeout=PATIENCE_MS)


# What axe finds wrong, in words. Of what it may read beforehand, only sounds and films are asked about by these rules,
# and style sheets by none. Menus and tooltips are drawn at the end of the page; they belong to their buttons,
# not to a landmark.
AUDIT = """async (rules) => {
  const asked = { runOnly: rules, resultTypes: ['violations'], preload: { assets: ['media'] } }
  const { violations } = await axe.run(document, asked)
  const drawnOver = (node) => document.querySelector(node.target[0])?.closest('[data-portal]')
  return violations.flatMap((each) => each.nodes
    .filter((node) => each.id !== 'region' || !drawnOver(node))
    .map((node) => `${each.id}: ${each.help} ${node.target}`))
}"""
# Brings what still moves to its end; what moves for ever (somebody types) does not count. Two frames first: what was
# just changed starts to move in the next one.
SETTLED = """async () => {
  const frame = () => new Promise(requestAnimationFrame)
  await frame().then(frame)
  for (;;) {
    const moving = document.getAnimations().filter((each) =>
      each.playState === 'running' && each.effect?.getComputedTiming().iterations !== Infinity)
    if (moving.length === 0) return
    for (const each of moving) each.finish()
    await frame()
  }
}"""

# The shell that is fetched where there is no Chromium has no badges, and ends a page that asks for one.
NO_BADGES = "() => { navigator.setAppBadge = navigator.clearAppBadge = async () => {} }"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The rest first, then what drives a browser with coroutines, then what uses the sync API."""
    ours = Path(__file__).parent

    def turn(item: pytest.Item) -> int:
        if ours not in item.path.parents:
            return 0
        return 1 if asyncio.iscoroutinefunction(getattr(item, "obj", None)) else 2

    items.sort(key=turn)


class Stage:
    """A Shop that lives in a thread of its own; `run` hands it a coroutine and waits for the answer."""

    def __init__(self, databases: servers.Databases, folder: Path) -> None:
        self._up = threading.Event()
        self._failure: BaseException | None = None
        self._loop = asyncio.new_event_loop()
        self._down = asyncio.Event()
        self.shop: Shop
        self._thread = threading.Thread(target=self._live, args=(databases, folder), name="stage")
        self._thread.start()
        if not self._up.wait(START_SECONDS) or self._failure:
            raise RuntimeError("the stage did not start") from self._failure

    def run(self, work: Coroutine[Any, Any, T], *, seconds: float = 30) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    def joins(self, role: Role) -> Person:
        """A new member of the workspace."""
        return self.run(self.shop.people.join(self.shop.owner.ws, role))

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._down.set)
        self._thread.join(START_SECONDS)

    def _live(self, databases: servers.Databases, folder: Path) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._play(databases, folder))
        except BaseException as error:
            self._failure = error
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()
            self._up.set()

    async def _play(self, databases: servers.Databases, folder: Path) -> None:
        async with open_shop(databases, folder) as self.shop:
            self._up.set()
            await self._down.wait()


@pytest.fixture(scope="session")
def _built() -> None:
    build.build()


@pytest.fixture(scope="module")
def stage(_built: None, databases: servers.Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    opened = Stage(databases, tmp_path_factory.mktemp("stage"))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    found = chromium.find()
    env = {**os.environ, **found.env}
    return {**browser_type_launch_args, "executable_path": found.path, "args": chromium.OF_TESTS, "env": env}


@pytest.fixture
def browser_context_args(stage: Stage) -> dict[str, Any]:
    # Not on top of the plugin's own: its base_url lives as long as the whole run, a stage as long as its module.
    return {
        "base_url": stage.shop.url,
        "viewport": {"width": 1440, "height": 900},
        "locale": "en-GB",
        "timezone_id": "Europe/Paris",
        "reduced_motion": "reduce",
        "permissions": ["clipboard-read", "clipboard-write"],
    }


@pytest.fixture
def new_context(new_context: Callable[..., BrowserContext]) -> Callable[..., BrowserContext]:
    def opened(**options: Any) -> BrowserContext:
        context = new_context(**options)
        context.on("serviceworker", lambda worker: worker.evaluate(NO_BADGES))
        return context

    return opened


@pytest.fixture
def page(page: Page) -> Iterator[Page]:
    errors = watch(page)
    yield page
    assert not errors, errors


def watch(page: Page) -> list[str]:
    """What goes wrong in the page from now on, except that the server refuses something: tests ask for that."""
    errors: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and "the server responded with a status of 4" not in message.text:
            errors.append(message.text)

    page.on("console", said)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_default_timeout(PATIENCE_MS)
    return errors


@pytest.fixture
def desks(new_context: Callable[..., BrowserContext], stage: Stage) -> Iterator[Desks]:
    """Opens a browser of a member (by default the owner) at the inbox; `allowed` are errors that the test asks for."""
    with ExitStack() as stack:

        def sit(
            person: Person | None = None,
            path: str = "/inbox",
            *,
            allowed: str = "",
            signed_in: bool = True,
            **options: Any,
        ) -> Desk:
            member = person or stage.shop.owner
            viewport = options.pop("viewport", None)
            context = new_context(**options)
            if signed_in:
                context.add_cookies(cookies(member, stage.shop.url))
            page = context.new_page()
            if viewport:
                # Here, because the plugin takes no other window than its own for a context.
                page.set_viewport_size(viewport)
            page.set_default_timeout(PATIENCE_MS)
            stack.enter_context(complaints(page, allowed))
            page.goto(path)
            return Desk(page, member)

        yield sit


@pytest.fixture
def axe() -> Axe:
    source = (ROOT / "web" / "ui" / "node_modules" / "axe-core" / "axe.min.js").read_text()

    def check(page: Page) -> None:
        # Not add_script_tag: our policy forbids it.
        if not page.evaluate("'axe' in window"):
            page.evaluate(source)
        page.evaluate(SETTLED)
        found = page.evaluate(AUDIT, RULES)
        assert not found, "\n".join(found)

    return check


@pytest.fixture
def shot(pytestconfig: pytest.Config) -> Shot:
    # Beside the plugin's own pictures of failures, which it clears away before each run.
    folder = Path(pytestconfig.getoption("--output")) / "screens"

    def keep(page: Page, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        page.evaluate(SETTLED)
        page.screenshot(path=folder / f"{name}.png")

    return keep
