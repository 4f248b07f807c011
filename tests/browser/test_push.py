"""
Parley on a phone: pushes from the settings to the opened conversation, the page that stands in without network, and
word of a new version.

Chromium has no push service here, so its subscription is one at the sandbox, and what that holds is decrypted and
handed to the browser as its service would. Nor has it a desk for notifications: the worker keeps what it shows.
"""

import json
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, CDPSession, expect

from app.core.permissions import Role
from tests.browser.conftest import PATIENCE_MS, Axe, Shot, Stage
from tests.browser.desk import LOST_NETWORK, PHONE, Customer, Desk, Desks
from tests.support.browsers import Browser
from tests.support.shop import eventually
from web import pages

# What a PushManager is asked, answered with a subscription that the test has the keys of.
STAND_IN = """(given) => {
  Object.defineProperty(Notification, 'permission', { get: () => 'granted' })
  let made = JSON.parse(localStorage.getItem('test.subscription') ?? 'null')
  const wrapped = () => made && {
    endpoint: made.endpoint,
    toJSON: () => ({ endpoint: made.endpoint, keys: { p256dh: made.p256dh, auth: made.auth } }),
    unsubscribe: async () => { made = null; localStorage.removeItem('test.subscription'); return true },
  }
  PushManager.prototype.getSubscription = async () => wrapped()
  PushManager.prototype.subscribe = async (options) => {
    if (!options.userVisibleOnly) throw new Error('pushes that nobody sees are refused')
    made = given
    localStorage.setItem('test.subscription', JSON.stringify(given))
    return wrapped()
  }
}"""
SHOWN = (
    """async () => (await self.registration.getNotifications()).map(({ title, body, tag }) => ({ title, body, tag }))"""
)
CLICK = """async (tag) => {
  const notification = (await self.registration.getNotifications()).find((each) => each.tag === tag)
  self.dispatchEvent(Object.assign(new ExtendableEvent('notificationclick'), { notification }))
}"""
# One of the same tag replaces the one before.
DESK = """() => {
  const shown = new Map()
  self.registration.getNotifications = async () => [...shown.values()]
  self.registration.showNotification = async (title, options) => {
    shown.set(options.tag, { title, ...options, close: () => shown.delete(options.tag) })
  }
}"""


class Service:
    """Between the sandbox and Chromium: what a real push service does on the last mile."""

    def __init__(self, stage: Stage, desk: Desk, browser: Browser) -> None:
        self._stage, self._desk, self._browser = stage, desk, browser
        self._session: CDPSession = desk.context.new_cdp_session(desk.page)
        self._registrations: list[dict[str, Any]] = []
        self._session.on("ServiceWorker.workerRegistrationUpdated", self._heard)
        self._session.send("ServiceWorker.enable")

    def _heard(self, event: dict[str, Any]) -> None:
        self._registrations += [each for each in event["registrations"] if not each["isDeleted"]]

    def delivers(self, kind: str) -> dict[str, Any]:
        """The next push of this kind reaches the browser; what it holds."""
        found: dict[str, Any] = self._stage.run(eventually(lambda: self._next(kind)))
        self._session.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": self._stage.shop.url,
                "registrationId": self._registrations[-1]["registrationId"],
                "data": json.dumps(found),
            },
        )
        return found

    async def _next(self, kind: str) -> dict[str, Any] | None:
        return next((each for each in await self._browser.waiting() if each["kind"] == kind), None)


def worker_of(context: BrowserContext) -> Any:
    if not context.service_workers:
        context.wait_for_event("serviceworker")
    return context.service_workers[-1]


def shown_in(desk: Desk) -> list[dict[str, str]]:
    """The notifications that are on the screen."""
    shown: list[dict[str, str]] = worker_of(desk.context).evaluate(SHOWN)
    return shown


def until(desk: Desk, look: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not look():
        assert time.monotonic() < deadline, shown_in(desk)
        desk.page.wait_for_timeout(50)


def test_a_phone_is_pushed_to(
    desks: Desks, stage: Stage, axe: Axe, shot: Shot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ama = stage.joins(Role.AGENT)
    browser = Browser(ama, stage.shop.sandbox)
    customer = Customer(stage, "whatsapp", "Pau Push")
    customer.writes("Hello?")
    talk = stage.run(stage.shop.conversation_with("Pau Push"))
    key = stage.run(ama.client.get("/api/v1/me/push"))
    stage.run(browser.service(application_server_key=key.json()["public_key"]))

    desk = desks(ama, "/inbox", allowed=LOST_NETWORK, **PHONE)
    desk.context.grant_permissions(["notifications"])
    subscription = browser.subscription(key.json()["public_key"])
    desk.context.add_init_script(f"({STAND_IN})({json.dumps(subscription)})")
    desk.page.goto("/settings/notifications")
    service = Service(stage, desk, browser)
    worker_of(desk.context).evaluate(DESK)
    desk.context.on("serviceworker", lambda worker: worker.evaluate(DESK))
    devices = desk.page.get_by_role("list", name="Devices with pushes")
    expect(desk.page.get_by_text("No device of yours gets pushes yet.")).to_be_visible()
    desk.button("Turn on here").tap()
    expect(devices.get_by_role("listitem")).to_contain_text("This device")
    axe(desk.page)

    shot(desk.page, "push-phone-device")
    devices.get_by_role("button", name="Send a test").tap()
    assert service.delivers("test")["kind"] == "test"
    expect(devices).to_contain_text("The push service took it (201). It has arrived on this device.")
    desk.page.get_by_role("switch", name="Quiet hours").check()
    expect(desk.page.get_by_role("combobox", name="Time zone")).to_have_value("Europe/Paris")
    shot(desk.page, "push-phone")
    assert desk.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    desk.goes_dark()
    axe(desk.page)
    desk.page.get_by_role("switch", name="Quiet hours").uncheck()
    # This page is open and in use, so nothing would be pushed.
    desk.page.get_by_role("switch", name="Only when I am not at a screen").uncheck()
    expect(desk.page.get_by_role("combobox", name="Time zone")).to_have_count(0)

    stage.run(stage.shop.post(f"/conversations/{talk['id']}/assign", member_id=ama.member.id))
    assert service.delivers("assigned")["contact_name"] == "Pau Push"
    customer.writes("Is anybody there?")
    service.delivers("message")
    # One conversation, one notification: the newest.
    newest = {"title": "Pau Push wrote", "body": "Is anybody there?", "tag": talk["id"]}
    until(desk, lambda: [each for each in shown_in(desk) if each["tag"] == talk["id"]] == [newest])
    worker_of(desk.context).evaluate(CLICK, talk["id"])
    expect(desk.thread("Pau Push")).to_be_visible()

    # Without network a page says so, and the inbox is back by itself.
    desk.composer.fill("Not sent yet")
    desk.context.set_offline(True)
    desk.page.goto("/tickets")
    expect(desk.page.get_by_role("heading", name="You are offline")).to_be_visible()
    expect(desk.page.get_by_text("The text that you had begun is kept.")).to_be_visible()
    axe(desk.page)
    shot(desk.page, "offline-page")
    desk.context.set_offline(False)
    expect(desk.page.get_by_role("heading", name="Tickets", exact=True)).to_be_visible()

    # Another build is there: the page says so, and shows nothing old meanwhile.
    built = tmp_path / "dist"
    shutil.copytree(pages.DIST, built)
    (built / "sw.js").write_text((built / "sw.js").read_text() + "// the next build\n")
    (built / "index.html").touch()
    monkeypatch.setattr(pages, "DIST", built)
    expect(desk.page.get_by_text("A new version of Parley is ready.")).to_have_count(0)
    desk.page.evaluate("navigator.serviceWorker.getRegistration().then((known) => known.update()).then(() => {})")
    expect(desk.page.get_by_text("A new version of Parley is ready.")).to_be_visible()

    # Signing out ends it, and leaves nothing for the next to see.
    desk.page.goto("/settings/notifications")
    expect(devices.get_by_role("listitem")).to_have_count(1)
    devices.get_by_role("button", name="Send a test").tap()
    service.delivers("test")
    until(desk, lambda: bool(shown_in(desk)))
    desk.button(re.compile("Your profile")).tap()
    desk.page.get_by_role("menuitem", name="Sign out").tap()
    expect(desk.page.get_by_role("heading", name="Sign in")).to_be_visible()
    until(desk, lambda: not shown_in(desk))
    assert stage.run(stage.shop.runtime.mongo.sessions.find_one({"push_member": ama.member.id})) is None
