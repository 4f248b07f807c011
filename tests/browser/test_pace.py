"""A full inbox stays quick: processor time and size of the page, which hold on a busy machine, rather than seconds."""

import asyncio
import re
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import CDPSession, WebSocketRoute, expect

from app.core.addresses import Address
from app.core.runtime import Workspace
from crm import contacts
from crm.contacts import Profile
from inbox import conversations, timeline
from inbox.conversations import Conversation, Reach, Summary
from inbox.store import conversations as rows
from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import Customer, Desk, Desks

MANY = 400
AT_ONCE = 20
MESSAGES = 12
STEPS = 20
CPU_MS_PER_STEP = 120
CPU_MS_PER_KEY = 20
MOST_NODES = 1_500


@pytest.fixture(scope="module")
def full(stage: Stage) -> None:
    stage.run(_fill(stage), seconds=60)


async def _fill(stage: Stage) -> None:
    """Conversations straight into the database; those that are walked through have messages."""
    for first in range(0, MANY, AT_ONCE):
        numbers = range(first, first + AT_ONCE)
        await asyncio.gather(*(_conversation(stage, n, MESSAGES if n <= 2 * STEPS else 1) for n in numbers))


async def _conversation(stage: Stage, number: int, count: int, apart: timedelta = timedelta(seconds=1)) -> Conversation:
    ws, account_id = stage.shop.owner.ws, stage.shop.accounts["whatsapp"]
    address = Address("whatsapp", f"+1202557{1000 + number}")
    known = await contacts.resolve(ws, address, profile=Profile(name=f"Person {number:03}"))
    new = conversations.new_for(ws, known.contact_id, name=f"Person {number:03}")
    at = ws.clock.now() - timedelta(minutes=number)
    for line in range(count):
        last = await _wrote(ws, new, account_id, str(address), line, at - (count - line) * apart)
    newest = Summary(
        id=last.id,
        number=last.number,
        kind="message",
        direction="in",
        text=str((last.content or {})["text"]),
        content_type="text",
        channel="whatsapp",
        author_name=new.contact_name,
        at=at,
    )
    reach = (Reach(account_id, str(address), at),)
    wanted = replace(new, last_activity_at=at, last_entry=newest, last_number=last.number, revision=1, reach=reach)
    assert await rows.save(ws, new, wanted)
    return wanted


async def _wrote(
    ws: Workspace, to: Conversation, account_id: str, address: str, line: int, at: datetime
) -> timeline.Entry:
    entry = timeline.Entry(
        id=f"ent_{to.id}_{line}",
        contact_id=to.contact_id,
        conversation_id=to.id,
        at=at,
        created_at=at,
        kind="message",
        direction="in",
        channel="whatsapp",
        account_id=account_id,
        address=address,
        author=timeline.Author("contact", to.contact_id, to.contact_name),
        content={"type": "text", "text": f"Line {line} of {to.contact_name}, long enough to be cut off in the list."},
    )
    stored, _ = await timeline.append(ws, entry, after=line)
    return stored


def cpu_ms(session: CDPSession) -> float:
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"] * 1_000)


def watched(desk: Desk) -> CDPSession:
    session = desk.context.new_cdp_session(desk.page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    return session


def test_walking_through_the_list(desks: Desks, full: None) -> None:
    desk = desks()
    expect(desk.row("Person 000")).to_be_visible()
    session = watched(desk)
    desk.page.keyboard.press("j")
    expect(desk.thread("Person 000")).to_be_visible()
    before = cpu_ms(session)
    for number in range(1, STEPS + 1):
        desk.page.keyboard.press("j")
        expect(desk.thread(f"Person {number:03}")).to_be_visible()
    spent = (cpu_ms(session) - before) / STEPS
    assert spent <= CPU_MS_PER_STEP, f"{spent:.0f} ms of CPU for each J"
    expect(desk.row(f"Person {STEPS:03}")).to_have_attribute("aria-selected", "true")
    expect(desk.row(f"Person {STEPS:03}")).to_be_in_viewport()
    nodes = desk.page.evaluate("document.getElementsByTagName('*').length")
    assert nodes <= MOST_NODES


def test_scrolling_to_the_end(desks: Desks, full: None) -> None:
    desk = desks()
    expect(desk.row("Person 000")).to_be_visible()
    # Down until the end is there: each page is asked for when the end of the one before comes near.
    desk.page.wait_for_function(
        """name => {
          const list = document.getElementById('conversations')
          list.scrollTo({ top: list.scrollHeight })
          return list.textContent.includes(name)
        }""",
        arg=f"Person {MANY - 1:03}",
    )
    expect(desk.row(f"Person {MANY - 1:03}")).to_be_in_viewport()
    assert desk.page.evaluate("document.getElementsByTagName('*').length") <= MOST_NODES


def test_typing(desks: Desks, full: None) -> None:
    desk = desks()
    desk.open("Person 003")
    session = watched(desk)
    text = "a sentence of some length, typed key by key"
    desk.composer.focus()
    before = cpu_ms(session)
    desk.page.keyboard.type(text)
    expect(desk.composer).to_have_value(text)
    spent = (cpu_ms(session) - before) / len(text)
    assert spent <= CPU_MS_PER_KEY, f"{spent:.1f} ms of CPU for each key"


def test_what_is_read_ahead_stays_unread(desks: Desks, full: None, stage: Stage) -> None:
    names = ["Ada Quist", "Bo Lindqvist", "Cyrille Mba"]
    for name in names:
        Customer(stage, "whatsapp", name).writes(f"Good morning from {name}")
    desk = desks()
    for name in names:
        expect(desk.row(name)).to_contain_text("1 unread")
    held: list[tuple[WebSocketRoute, str | bytes]] = []
    joined = False

    def late(socket: WebSocketRoute) -> None:
        """What the stream says comes long after the list."""

        def says(frame: str | bytes) -> None:
            if joined:
                socket.send(frame)
            else:
                held.append((socket, frame))

        socket.connect_to_server().on_message(says)

    desk.page.route_web_socket(re.compile("/ws/agent$"), late)
    # All are there from the first; those of the same second stand in any order.
    desk.page.reload()
    expect(desk.first_row()).to_have_accessible_name(re.compile("|".join(names)))
    for name in names:
        expect(desk.row(name)).to_have_attribute("aria-posinset", re.compile("^[123]$"))
    above, middle, below = sorted(names, key=lambda name: int(desk.row(name).get_attribute("aria-posinset") or 0))
    # What would be read now would be forgotten when the stream is joined.
    desk.page.wait_for_load_state("networkidle")
    assert not read_so_far(desk)
    joined = True
    for socket, frame in held:
        socket.send(frame)
    # The thread that J would open is drawn already, out of sight.
    drawn = desk.page.locator("[role=log] [id^=entry-]", has_text=f"Good morning from {above}")
    expect(drawn).to_be_attached()
    expect(drawn).to_be_hidden()
    with desk.page.expect_request(lambda request: "/entries?" in request.url and id_of(desk, below) in request.url):
        desk.open(middle)
    expect(desk.row(middle)).not_to_contain_text("unread")
    expect(drawn).not_to_be_attached()
    for name in (above, below):
        expect(desk.row(name)).to_contain_text("1 unread")
    # One row on each side, each of them once, and nobody else's.
    assert sorted(read_so_far(desk)) == sorted(id_of(desk, name) for name in names)


def test_a_day_long_ago_is_read_at_once(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    """A thread of three hundred days: one request leads to any of them, and from there one reads on both ways."""
    talk = stage.run(_conversation(stage, 900, 300, timedelta(days=1)), seconds=60)
    desk = desks(path=f"/inbox/{talk.id}")
    page = desk.page
    expect(desk.bubble(f"Line 299 of {talk.contact_name},")).to_be_visible()
    page.keyboard.press("Shift+F")
    day = (talk.last_activity_at - timedelta(days=200)).astimezone(ZoneInfo("Europe/Paris")).date()
    page.get_by_label("Go to a day").fill(str(day))
    axe(page)
    shot(page, "thread-go-to-day")
    page.get_by_role("button", name="Go", exact=True).click()
    # Of line n: as many days ago as there are lines behind it.
    expect(desk.bubble(f"Line 100 of {talk.contact_name},")).to_be_in_viewport()
    asked = page.evaluate("performance.getEntriesByType('resource').map((each) => each.name)")
    assert len([url for url in asked if "/entries/around?" in url]) == 1
    assert len([url for url in asked if f"{talk.id}/entries?before=" in url]) <= 1, asked
    shot(page, "thread-long-ago")
    axe(page)
    # What is new waits behind the gap; what is read on is without holes until it meets it.
    gap = desk.log.get_by_text("There are newer messages below.")
    expect(gap).to_be_attached()
    for last in (175, 225, 275):
        if gap.count():
            desk.log.evaluate("(log) => log.scrollTo(0, log.scrollHeight)")
            expect(desk.bubble(f"Line {last - 25} of {talk.contact_name},")).to_be_attached()
    expect(gap).to_have_count(0)
    lines = [int(text.split()[1]) for text in desk.log.get_by_text(re.compile(r"^Line \d+ of")).all_text_contents()]
    assert lines == list(range(lines[0], 300))
    # A link to an old message does the same, and the button leads back to the newest.
    page.goto(f"/inbox/{talk.id}#entry=ent_{talk.id}_20")
    page.reload()
    expect(desk.bubble(f"Line 20 of {talk.contact_name},")).to_be_in_viewport()
    desk.button("Jump to latest").click()
    expect(desk.bubble(f"Line 299 of {talk.contact_name},")).to_be_in_viewport()
    desk.writes("Thank you for waiting so long")
    expect(desk.bubble("Thank you for waiting so long")).to_be_in_viewport()


def read_so_far(desk: Desk) -> list[str]:
    """The ids of the conversations whose entries were asked for, since the page was loaded."""
    asked = desk.page.evaluate("performance.getEntriesByType('resource').map((each) => each.name)")
    return [url.split("/")[-2] for url in asked if "/entries?" in url]


def id_of(desk: Desk, name: str) -> str:
    """The id of the conversation in a row."""
    return (desk.row(name).get_attribute("id") or "").removeprefix("row-")
