"""A lost connection: the banner says so, what happened meanwhile is not missed, what was written is sent once."""

import random
import re
import time
import uuid

from playwright.sync_api import WebSocketRoute, expect

from tests.browser.conftest import PATIENCE_MS, Axe, Shot, Stage
from tests.browser.desk import LOST_NETWORK, Customer, Desk, Desks

BANNER_MS = 3_000


def test_without_network(desks: Desks, stage: Stage, axe: Axe, shot: Shot) -> None:
    nora, leo = Customer(stage, "whatsapp", "Nora Offline"), Customer(stage, "telegram", "Leo Offline")
    nora.writes("Hello?")
    leo.writes("Hi")
    desk = desks(allowed=LOST_NETWORK + "|status of 409")
    desk.open("Nora Offline")
    expect(desk.bubble("Hello?")).to_be_visible()

    desk.context.set_offline(True)
    expect(desk.banner).to_be_visible(timeout=BANNER_MS)
    axe(desk.page)
    shot(desk.page, "offline")
    desk.goes_dark()
    axe(desk.page)
    bubble = desk.writes("Written without network")
    desk.ticks(bubble, "Queued")
    expect(desk.row("Nora Offline")).to_contain_text("You: Written without network")
    nora.writes("Are you still there?")
    leo.writes("And me?")
    stage.run(stage.shop.entry_where(_id(desk.page.url), lambda e: "still there" in str(e["content"])))

    desk.context.set_offline(False)
    expect(desk.banner).to_have_count(0)
    expect(desk.bubble("Are you still there?")).to_be_visible()
    expect(desk.row("Leo Offline")).to_contain_text("And me?")
    # It was written before the customer's newest words, so it does not go by itself.
    assert nora.received() == []
    desk.button("Send anyway").click()
    desk.ticks(bubble, "Delivered")
    expect(desk.bubble("Written without network")).to_have_count(1)
    assert [sent["body"]["text"] for sent in nora.received()] == ["Written without network"]


def test_an_unsent_reply_survives_a_reload(desks: Desks, stage: Stage) -> None:
    pia = Customer(stage, "sms", "Pia Reload")
    pia.writes("Hello?")
    desk = desks(allowed=LOST_NETWORK + "|ERR_FAILED")
    desk.open(pia.known_as)
    desk.page.route("**/messages", lambda route: route.abort())
    desk.ticks(desk.writes("Kept"), "Queued")
    desk.page.unroute("**/messages")
    desk.page.reload()
    desk.ticks(desk.bubble("Kept"), "Delivered")
    expect(desk.bubble("Kept")).to_have_count(1)
    assert [sent["body"]["text"] for sent in pia.received()] == ["Kept"]


def test_an_answer_that_got_lost_is_not_sent_twice(desks: Desks, stage: Stage) -> None:
    """The server took the message, but its answer never came: the browser asks again under the same key."""
    kim = Customer(stage, "whatsapp", "Kim Twice")
    kim.writes("Hello?")
    desk = desks(allowed=LOST_NETWORK + "|ERR_FAILED")
    desk.open("Kim Twice")

    def swallow(route):  # type: ignore[no-untyped-def]
        route.fetch()
        route.abort()

    desk.page.route("**/messages", swallow, times=1)
    bubble = desk.writes("Only once")
    desk.ticks(bubble, "Delivered")
    expect(desk.bubble("Only once")).to_have_count(1)
    assert [sent["body"]["text"] for sent in kim.received()] == ["Only once"]


def test_a_dropped_socket_comes_back(desks: Desks, stage: Stage) -> None:
    uma = Customer(stage, "whatsapp", "Uma Socket")
    uma.writes("Hello?")
    desk = desks(path="about:blank", allowed=LOST_NETWORK)
    sockets: list[WebSocketRoute] = []
    refused = False

    def through(socket: WebSocketRoute) -> None:
        if refused:
            socket.close(code=1011)
            return
        sockets.append(socket)
        socket.connect_to_server()

    desk.page.route_web_socket(re.compile("/ws/agent$"), through)
    desk.page.goto("/inbox")
    desk.open("Uma Socket")
    expect(desk.banner).to_have_count(0)
    refused = True
    sockets[-1].close(code=1011)
    expect(desk.banner).to_be_visible(timeout=BANNER_MS)
    uma.writes("While you were away")
    stage.run(stage.shop.entry_where(_id(desk.page.url), lambda e: "were away" in str(e["content"])))
    refused = False
    expect(desk.banner).to_have_count(0)
    expect(desk.bubble("While you were away")).to_be_visible()
    assert len(sockets) == 2


def test_a_connection_that_drops_at_random(desks: Desks, stage: Stage) -> None:
    """Whatever happens while it is there or away, in the end the screen shows what is stored."""
    rng = random.Random(7)
    people = [Customer(stage, channel, f"Ines {channel}") for channel in ("whatsapp", "telegram")]
    for person in people:
        person.writes("Hello?")
    found = [stage.run(stage.shop.conversation_with(person.known_as))["id"] for person in people]
    desk = desks(path="about:blank", allowed=LOST_NETWORK)
    sockets: list[WebSocketRoute] = []

    def through(socket: WebSocketRoute) -> None:
        # Every third try finds nobody.
        if rng.random() < 1 / 3:
            socket.close(code=1011)
            return
        sockets.append(socket)
        socket.connect_to_server()

    desk.page.route_web_socket(re.compile("/ws/agent$"), through)
    desk.page.goto("/inbox")
    desk.open(people[0].known_as)
    for step in range(30):
        at = rng.randrange(2)
        path = f"/conversations/{found[at]}"
        match rng.choice(("drops", "drops", "writes", "writes", "answered", "noted", "urgent", "closed")):
            case "drops" if sockets:
                sockets.pop().close(code=1011)
            case "writes":
                people[at].writes(f"Words {step}")
            case "answered":
                stage.run(stage.shop.answers(found[at], f"Answer {step}"))
            case "noted":
                stage.run(stage.shop.post(f"{path}/notes", 201, client_id=str(uuid.uuid4()), text=f"Note {step}"))
            case "urgent":
                stage.run(stage.shop.post(f"{path}/priority", priority=rng.choice(("urgent", "normal"))))
            case "closed":
                stage.run(stage.shop.post(f"/conversations/{found[1]}/close"))
        desk.page.wait_for_timeout(rng.choice((0, 50, 300)))
    people[1].writes("The last word")
    expect(desk.banner).to_have_count(0)
    expect(desk.row(people[1].known_as)).to_contain_text("The last word")

    # Another screen has read everything anew.
    other = desks(path=f"/inbox/{found[0]}")
    expect(other.log).to_have_attribute("aria-busy", "false")
    end = time.monotonic() + PATIENCE_MS / 1_000
    while (live := shown(desk)) != (stored := shown(other)) and time.monotonic() < end:
        desk.page.wait_for_timeout(100)
    assert live == stored


def shown(desk: Desk) -> tuple[list[str], list[str]]:
    """Rows without their age, and bubbles."""
    rows = [re.sub(r"\b(now|\d+m)\n", "", text) for text in desk.list.get_by_role("option").all_inner_texts()]
    return rows, desk.log.locator("[id^=entry-]").all_inner_texts()


def _id(url: str) -> str:
    return url.rpartition("/")[2]
