"""
An agent's screen in Chromium: from the key press to the painted result, in a workspace of 100,000 conversations.

The page itself notes when a key was pressed (the event's own time) and the first frame after which what was asked for
is drawn; nothing of the browser's remote control is in the figures. "Opening" ends when the newest message of the
conversation is on the screen. People look at what they see before they press a key: a second after the page came, and
`_LOOKS_MS` between two keys. Needs what `make test` installs.
"""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from playwright.async_api import Page, async_playwright

from app.core.addresses import Address
from app.core.permissions import SYSTEM
from app.core.runtime import open_runtime
from bench import crowd
from bench.report import Report, quantile
from bench.shop import Shop, open_shop, phone
from bench.stage import stage
from crm import contacts
from crm.contacts import Profile
from inbox import conversations
from inbox.answering import canned
from inbox.conversations import Conversation, Reach, Summary
from inbox.finding import counters
from inbox.store import conversations as rows
from inbox.store import entries as entry_rows
from inbox.timeline import Author, Entry
from tests.support import chromium

_PATIENCE_SECONDS = 20.0
_ARRIVES_MS = 1_000
_LOOKS_MS = 150
KEY_MS = 100.0
OPEN_MS = 150.0
LONG = 1_000
SHORT = 30
_BETWEEN = timedelta(milliseconds=20)
TYPED = "The parcel left our house this morning, it will be with you tomorrow "

# After a key, waits until `done` holds and one more frame has been drawn.
_PROBE = """
window.probe = (done) => new Promise((resolve) => {
  let pressed = 0
  addEventListener('keydown', (event) => { pressed ||= event.timeStamp }, { capture: true, once: true })
  const look = () => {
    if (!pressed || !done()) return requestAnimationFrame(look)
    // This frame is not drawn yet; the message comes when it is.
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => resolve(performance.now() - pressed)
    port2.postMessage(0)
  }
  requestAnimationFrame(look)
})
"""
_SELECTED = "() => document.querySelector('[role=option][aria-selected=true]')?.textContent.includes('{name}')"
# A thread that is drawn and not shown yet does not count.
_READ = """() => {{
  const log = document.querySelector('[role=log]')
  return log?.checkVisibility() && log.getAttribute('aria-busy') === 'false'
    && [...log.querySelectorAll('[id^=entry-]')].at(-1)?.textContent.includes('{text}')
}}"""
_PALETTE = "() => document.querySelector('[role=dialog] input') === document.activeElement"
_NO_DIALOG = "() => !document.querySelector('[role=dialog]')"
_PRIORITY = "() => document.querySelector('[role=menu]')"
_NO_MENU = "() => !document.querySelector('[role=menu]')"
_CANNED = "() => [...document.querySelectorAll('[role=option]')].some(each => each.textContent.includes('/hours'))"


async def run(quick: bool) -> Report:
    size, people, rounds = (10_000, 16, 1) if quick else (100_000, 41, 3)
    report = Report(f"Key to paint with {size:,} conversations and a thread of {LONG:,} messages", ("", "p50", "p95"))
    async with stage() as opened, open_runtime(opened.settings()) as runtime:
        shop = await open_shop(runtime)
        await crowd.fill(shop, size, messages=False)
        # They wrote one after the other, and the first of them after everybody else.
        await asyncio.sleep(people * _BETWEEN.total_seconds())
        now = shop.ws.clock.now()
        for number in range(people):
            await _person(shop, number, LONG if number == 0 else SHORT, now)
        kept = canned.Draft(
            "hours", "Opening hours", (canned.Variant(text="We are here from nine to five."),), (), True
        )
        await canned.create(shop.ws, SYSTEM, kept)
        await counters.recount(shop.ws)
        url = await opened.web()
        found = chromium.find()
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=found.path, args=chromium.ARGS, env={**found.env}, headless=True
            )
            context = await browser.new_context(viewport={"width": 1440, "height": 900}, base_url=url)
            await context.add_cookies([{"name": "parley_session", "value": shop.cookies[0], "url": url}])
            page = await context.new_page()
            await page.add_init_script(_PROBE)
            await _arrives(page)
            await page.wait_for_timeout(_ARRIVES_MS)
            await _walk(page, report, people, rounds)
            await _in_the_long_thread(page, report, rounds)
            await _starts(page, report, 2 + 2 * rounds)
            await browser.close()
    return report


async def _arrives(page: Page) -> None:
    await page.goto("/inbox")
    await page.get_by_role("option").first.wait_for()


async def _starts(page: Page, report: Report, rounds: int) -> None:
    """The first conversation after the page was loaded: nothing of a thread has been drawn before."""
    shown = _READ.format(text=f"Line {LONG} of Person 000.")
    for after_ms, limit in ((_ARRIVES_MS, OPEN_MS), (0, None)):
        times: list[float] = []
        for _ in range(rounds):
            await _arrives(page)
            await page.wait_for_timeout(after_ms)
            times += await _pressed(page, "j", shown)
        when = "a second after the list is there" if after_ms else "the moment the list is there"
        _say(report, f"J: the first of all, {when}", times, limit)


async def _walk(page: Page, report: Report, people: int, rounds: int) -> None:
    """Down the list with J and up again with K: the second time, everything has been seen."""
    selected: list[float] = []
    opened: list[float] = []
    again: list[float] = []
    for turn in range(2 * rounds):
        # The first key of all marks the first row; every later way begins beside the row where the last one ended.
        down = range(people) if turn == 0 else range(1, people)
        key, way = ("j", down) if turn % 2 == 0 else ("k", range(people - 2, -1, -1))
        for number in way:
            name, text = f"Person {number:03}", f"Line {LONG if number == 0 else SHORT} of Person {number:03}."
            both = [_SELECTED.format(name=name), _READ.format(text=text)]
            marked, read = await _pressed(page, key, *both)
            selected.append(marked)
            (opened if turn == 0 else again).append(read)
            # What is loaded ahead is loaded meanwhile.
            await page.wait_for_timeout(_LOOKS_MS)
    _say(report, "J, K: the next one is marked", selected, KEY_MS)
    _say(report, "J: it is open, its newest message drawn, for the first time", opened, OPEN_MS)
    _say(report, "J, K: the same, seen before", again, OPEN_MS)


async def _in_the_long_thread(page: Page, report: Report, rounds: int) -> None:
    await page.get_by_role("option").filter(has_text="Person 000").click()
    await page.wait_for_function(_READ.format(text=f"Line {LONG} of Person 000."))
    composer = page.get_by_role("textbox", name="Reply", exact=True)
    typed: list[float] = []
    await composer.focus()
    text = ""
    for key in TYPED * rounds:
        text += key
        done = f"() => document.activeElement.value?.length === {len(text)}"
        typed += await _pressed(page, "Space" if key == " " else key, done)
    _say(report, "a letter in the reply", typed, KEY_MS)
    await composer.fill("")
    suggested: list[float] = []
    for _ in range(5 * rounds):
        suggested += await _pressed(page, "/", _CANNED)
        await composer.fill("")
    _say(report, "/: canned replies are offered", suggested, KEY_MS)
    await page.keyboard.press("Escape")
    for key, label, shown, gone in (
        ("Control+k", "Ctrl K: the palette takes letters", _PALETTE, _NO_DIALOG),
        ("p", "P: the priorities are offered", _PRIORITY, _NO_MENU),
    ):
        times: list[float] = []
        for _ in range(1 + 5 * rounds):
            await page.evaluate("document.activeElement?.blur()")
            times += await _pressed(page, key, shown)
            await page.keyboard.press("Escape")
            await page.wait_for_function(gone)
        # The first time a part of the program comes over the network.
        _say(report, label, times[1:], KEY_MS)


async def _pressed(page: Page, key: str, *conditions: str) -> list[float]:
    """Milliseconds from the key to the frame in which each condition held."""
    waiting = [await page.evaluate_handle(f"({{ told: window.probe({each}) }})") for each in conditions]
    await page.keyboard.press(key)
    async with asyncio.timeout(_PATIENCE_SECONDS):
        return [float(await each.evaluate("held => held.told")) for each in waiting]


def _say(report: Report, what: str, times: list[float], limit: float | None) -> None:
    report.row(f"{what}, ms ({len(times)})", quantile(times, 0.5), quantile(times, 0.95))
    if limit is not None:
        report.at_most(f"{what}, p95 ms", quantile(times, 0.95), limit)


async def _person(shop: Shop, number: int, messages: int, now: datetime) -> None:
    """Somebody with a contact and a thread, who wrote after everybody in the crowd."""
    ws, name = shop.ws, f"Person {number:03}"
    address = Address("whatsapp", f"+{phone(9_000_000 + number)}")
    known = await contacts.resolve(ws, address, profile=Profile(name=name))
    new = conversations.new_for(ws, known.contact_id, name=name)
    at = now - _BETWEEN * number
    entries = [_line(shop, new, str(address), line, messages) for line in range(1, messages + 1)]
    for first in range(0, messages, 500):
        await ws.db.entries.insert_new([entry_rows.to_row(entry) for entry in entries[first : first + 500]])
    last = entries[-1]
    newest = Summary(
        id=last.id,
        number=last.number,
        kind="message",
        direction="in",
        text=str((last.content or {})["text"]),
        content_type="text",
        channel="whatsapp",
        author_name=name,
        at=at,
    )
    reach = (Reach(shop.account.id, str(address), at),)
    wanted = replace(new, last_activity_at=at, last_entry=newest, last_number=last.number, revision=1, reach=reach)
    assert await rows.save(ws, new, wanted)


def _line(shop: Shop, to: Conversation, address: str, line: int, of: int) -> Entry:
    at = shop.ws.clock.now() - timedelta(minutes=of - line)
    ours = line % 3 == 0
    return Entry(
        id=f"ent_{to.id[-12:]}{line:08d}",
        contact_id=to.contact_id,
        conversation_id=to.id,
        number=line,
        at=at,
        created_at=at,
        kind="message",
        direction="out" if ours else "in",
        channel="whatsapp",
        account_id=shop.account.id,
        address=address,
        author=Author("member", shop.owner.id, shop.owner.name)
        if ours
        else Author("contact", to.contact_id, to.contact_name),
        content={
            "type": "text",
            "text": f"Line {line} of {to.contact_name}. " + "A few words more, as people write them. " * (line % 4),
        },
        status="read" if ours else None,
    )
