"""A lost connection: the banner says so, what happened meanwhile is not missed, what was written is sent once."""

import re

from playwright.sync_api import WebSocketRoute, expect

from tests.browser.conftest import Axe, Shot, Stage
from tests.browser.desk import LOST_NETWORK, Customer, Desks

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


def _id(url: str) -> str:
    return url.rpartition("/")[2]
