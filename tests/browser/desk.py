"""
What journeys through the inbox are written with: an agent's screen, spoken of by the names a screen reader says, and
customers with their phones.
"""

import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, expect

from tests.support.people import Person

if TYPE_CHECKING:
    from tests.browser.conftest import Stage

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
# What Chromium itself writes to the console while there is no network.
LOST_NETWORK = r"ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|WebSocket connection to '.*' failed"

_phones = itertools.count(1000)

Desks = Callable[..., "Desk"]


class Customer:
    """Somebody with a phone in the sandbox, on one channel. `known_as` is the name that the inbox shows."""

    def __init__(self, stage: "Stage", channel: str, name: str, **known: Any) -> None:
        self._stage = stage
        self.channel = channel
        phone = f"+1202556{next(_phones)}"
        made = stage.run(stage.shop.customer(name=name, phone=phone, **known))
        self.id: str = made["id"]
        self.known_as = f"+1 {phone[2:5]}-{phone[5:8]}-{phone[8:]}" if channel == "sms" else name
        if channel == "telegram":
            self.does("start")

    def does(self, kind: str, **message: Any) -> str:
        """Something on the phone; the provider's id of the last message that it made, if it made one."""
        made = self._stage.run(self._stage.shop.writes(self.channel, self.id, type=kind, **message))
        return made[-1] if made else ""

    def writes(self, text: str, **message: Any) -> str:
        return self.does("text", text=text, **message)

    def received(self) -> list[dict[str, Any]]:
        """What the business's messages are in the provider's ledger, oldest first."""
        return self._stage.run(self._stage.shop.ledger(customer=self.id, direction="out"))


class Desk:
    """An agent in front of the inbox."""

    def __init__(self, page: Page, person: Person) -> None:
        self.page = page
        self.person = person
        self.list = page.get_by_role("listbox", name="Conversations")
        self.log = page.get_by_role("log", name="Messages")
        self.composer = page.get_by_role("textbox", name="Reply", exact=True)
        self.note = page.get_by_role("textbox", name="Private note", exact=True)
        self.banner = page.get_by_role("status").filter(has_text="Offline")

    @property
    def context(self) -> BrowserContext:
        return self.page.context

    def row(self, name: str) -> Locator:
        return self.list.get_by_role("option", name=re.compile(rf"^{re.escape(name)}"))

    def first_row(self) -> Locator:
        return self.list.locator("[role=option][aria-posinset='1']")

    def thread(self, name: str) -> Locator:
        return self.page.get_by_role("region", name=f"Conversation with {name}", exact=True)

    def open(self, name: str) -> None:
        self.row(name).click()
        expect(self.thread(name)).to_be_visible()
        expect(self.log).to_have_attribute("aria-busy", "false")

    def bubble(self, text: str | re.Pattern[str]) -> Locator:
        """A message of the open thread, as a whole: with its ticks, reactions and what went wrong."""
        return self.log.locator("[id^=entry-]").filter(has_text=text)

    def writes(self, text: str) -> Locator:
        self.composer.fill(text)
        self.composer.press("Enter")
        return self.bubble(text)

    def button(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("button", name=name, exact=isinstance(name, str))

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()
        expect(self.page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")

    def menu(self, bubble: Locator, item: str) -> None:
        """Choose from the actions of a message."""
        bubble.hover()
        bubble.get_by_role("button", name="Message actions").click()
        self.page.get_by_role("menuitem", name=item, exact=True).click()

    def goes_dark(self) -> None:
        """The system switches to its dark colours."""
        self.page.emulate_media(color_scheme="dark")
        expect(self.page.locator("html[data-mantine-color-scheme=dark]")).to_have_count(1)

    def ticks(self, bubble: Locator, name: str) -> None:
        expect(bubble.get_by_role("img", name=name, exact=True)).to_be_visible()


@contextmanager
def complaints(page: Page, allowed: str) -> Iterator[None]:
    """Fails at the end if the page reported an error that does not match `allowed`."""
    errors: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(f"{message.text} ({message.location.get('url', '')})")

    page.on("console", said)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield
    unexpected = [error for error in errors if not (allowed and re.search(allowed, error))]
    assert not unexpected, unexpected


def cookies(person: Person, url: str) -> list[Any]:
    """A session of this person, for a browser."""
    return [{"name": c.name, "value": c.value or "", "url": url} for c in person.client.cookies.jar]
