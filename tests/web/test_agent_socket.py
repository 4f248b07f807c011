"""`/ws/agent`: who may listen, what is told, and that nothing is missed: over real sockets, worker, and Valkey."""

import asyncio
import socket
from contextlib import suppress
from typing import Any

import orjson
import pytest
from redis.asyncio import Redis
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from app.core import viewing
from app.core.permissions import Role
from app.core.runtime import Workspace
from app.core.stream import Stream
from app.core.viewing import Look
from inbox import live
from tests.support.people import People, Person
from tests.support.screens import Frame, headers_of, screen
from tests.support.shop import Shop
from web import outlet
from web.agent_socket import MOST_FRAMES

TOO_SLOW = outlet.TOO_SLOW.to_bytes(2, "big")


async def close_code(base_url: str, headers: dict[str, str], **hello: Any) -> int:
    async with screen(base_url, headers, **hello) as opened:
        return await opened.end()


def is_entry(text: str) -> Any:
    return lambda f: f["type"] == "entry" and (f["data"]["entry"]["content"] or {}).get("text") == text


# --- who may listen -----------------------------------------------------------------------------------------------


async def test_a_page_of_another_site_may_not_listen(owner: Person, server: str) -> None:
    assert await close_code(server, headers_of(owner, "https://evil.example.com")) == 4403
    assert await close_code(server, {"cookie": headers_of(owner)["cookie"]}) == 4403


@pytest.mark.parametrize("cookie", ["", "parley_session=", "parley_session=ses_nobody", "parley_session=" + "x" * 47])
async def test_nobody_may_not_listen(server: str, cookie: str) -> None:
    headers = {"cookie": cookie, "origin": server} if cookie else {"origin": server}
    assert await close_code(server, headers) == 4401


@pytest.mark.parametrize("first", [{"type": "ping"}, {"type": "hello", "token": "pat_" + "x" * 43}, {"no": 1}])
async def test_who_does_not_say_hello_first_is_shown_out(server: str, first: Frame) -> None:
    async with connect(server.replace("http", "ws", 1) + "/ws/agent", proxy=None) as connection:
        await connection.send(orjson.dumps(first).decode())
        with pytest.raises(ConnectionClosed) as closed:
            await connection.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


async def test_a_token_in_the_first_frame_or_the_header_is_enough(owner: Person, server: str) -> None:
    made = await owner.client.post("/api/v1/tokens", json={"name": "Screen", "scopes": ["inbox.read"]})
    token = made.json()["token"]
    async with screen(server, {}, token=token) as by_frame:
        assert (await by_frame.next())["type"] == "welcome"
    async with screen(server, {"authorization": f"Bearer {token}"}) as by_header:
        assert (await by_header.next())["type"] == "welcome"
    other = await owner.client.post("/api/v1/tokens", json={"name": "Members", "scopes": ["members.read"]})
    assert await close_code(server, {}, token=other.json()["token"]) == 4401


async def test_whoever_is_signed_out_is_shown_out_at_once(owner: Person, people: People, server: str) -> None:
    agent = await people.join(owner.ws, Role.AGENT)
    async with screen(server, headers_of(agent)) as opened:
        await opened.until(lambda f: f["type"] == "welcome")
        answer = await owner.client.patch(f"/api/v1/members/{agent.member.id}", json={"status": "disabled"})
        assert answer.status_code == 200, answer.text
        await opened.until(lambda f: f["type"] == "signed_out")
        assert await opened.end() == 4401


async def test_another_workspaces_events_are_not_told(owner: Person, people: People, server: str) -> None:
    other, stranger = await people.workspace("Other")
    async with screen(server, headers_of(stranger)) as theirs, screen(server, headers_of(owner)) as mine:
        await theirs.next()
        await mine.next()
        await live.publish(owner.ws, live.event("account", {"id": "acc_mine"}))
        await live.publish(other, live.event("account", {"id": "acc_theirs"}))
        await mine.until(lambda f: f.get("data", {}).get("id") == "acc_mine")
        await theirs.until(lambda f: f.get("data", {}).get("id") == "acc_theirs")
        assert "acc_mine" not in str(theirs.frames)
        # Nor by the cursor of the other's stream.
        async with screen(server, headers_of(stranger), cursor=mine.cursor) as again:
            assert (await again.next())["resumed"] is False


# --- what is told -------------------------------------------------------------------------------------------------


async def test_a_screen_that_was_away_gets_what_it_missed(owner: Person, server: str) -> None:
    headers = headers_of(owner)
    async with screen(server, headers) as first:
        assert (await first.next())["resumed"] is False
        await live.publish(owner.ws, live.event("account", {"id": "one"}))
        await first.until(lambda f: f["type"] == "account")
    await live.publish(owner.ws, *[live.event("account", {"id": f"missed {n}"}) for n in range(50)])
    async with screen(server, headers, cursor=first.cursor) as second:
        assert (await second.next())["resumed"] is True
        await second.until(lambda f: f.get("data", {}).get("id") == "missed 49")
        told = [f["data"]["id"] for f in second.frames if f["type"] == "account"]
        assert told == [f"missed {n}" for n in range(50)]


@pytest.mark.parametrize("cursor", ["", "x", "old:1", "é:9", ":", "a:-1", "9" * 40, None, 7])
async def test_a_cursor_that_says_nothing_means_reload(owner: Person, server: str, cursor: Any) -> None:
    await live.publish(owner.ws, live.event("account", {"id": "one"}))
    async with screen(server, headers_of(owner), cursor=cursor) as opened:
        assert (await opened.next())["resumed"] is False


async def test_a_screen_too_far_behind_reloads_instead_of_drowning(owner: Person, server: str) -> None:
    headers = headers_of(owner)
    async with screen(server, headers) as first:
        await first.next()
    big = [live.event("account", {"id": "x" * 4_000}) for _ in range(100)]
    for _ in range(4):
        await live.publish(owner.ws, *big)
    async with screen(server, headers, cursor=first.cursor) as second:
        assert (await second.next())["resumed"] is False
        assert (await second.next())["type"] == "reload"
        await live.publish(owner.ws, live.event("account", {"id": "now"}))
        await second.until(lambda f: f.get("data", {}).get("id") == "now")


async def test_a_lost_redis_starts_an_epoch_and_screens_reload(owner: Person, server: str) -> None:
    ws = owner.ws
    async with screen(server, headers_of(owner)) as opened:
        await opened.next()
        keys = [f"parley:{name}:{ws.id}" for name in ("stream", "epoch", "number")]
        await ws.redis.delete(*keys)
        await opened.until(lambda f: f["type"] == "reload")
        await live.publish(ws, live.event("account", {"id": "after"}))
        await opened.until(lambda f: f.get("data", {}).get("id") == "after")


async def test_screens_know_that_redis_is_away_and_resume(owner: Person, server: str) -> None:
    ws = owner.ws
    redis = ws.redis.client()
    async with redis, screen(server, headers_of(owner)) as first:
        await first.next()
        await live.publish(ws, live.event("account", {"id": "before"}))
        await first.until(lambda f: f.get("data", {}).get("id") == "before")
        # For everybody but this one connection it is gone.
        await redis.config_set("requirepass", "away")
        try:
            for kind in ("normal", "pubsub"):
                await redis.client_kill_filter(_type=kind, skipme=True)
            assert await first.end() == 1013
            assert await close_code(server, headers_of(owner), cursor=first.cursor) == 1013
            await _publish_as(redis, ws, "meanwhile")
        finally:
            await redis.config_set("requirepass", "")
        async with screen(server, headers_of(owner), cursor=first.cursor) as again:
            assert (await again.next())["resumed"] is True
            await again.until(lambda f: f.get("data", {}).get("id") == "meanwhile")


async def _publish_as(redis: Redis, ws: Workspace, name: str) -> None:
    await Stream(redis).publish(ws.id, [live.event("account", {"id": name})])


async def test_nothing_is_missed_while_screens_come_and_go_under_load(owner: Person, server: str) -> None:
    """Three screens reconnect at random while events pour; each must have seen every number once, in order."""
    total = 400
    headers = headers_of(owner)
    start = (await owner.ws.stream.position(owner.ws.id)).number

    async def pour() -> None:
        for n in range(0, total, 10):
            await live.publish(owner.ws, *[live.event("account", {"id": f"{n + i}"}) for i in range(10)])
            await asyncio.sleep(0.005)

    async def watch(turns: int) -> list[int]:
        seen: list[int] = []
        cursor = str(await owner.ws.stream.position(owner.ws.id)).rpartition(":")[0] + f":{start}"
        while not seen or seen[-1] < start + total:
            async with screen(server, headers, cursor=cursor) as opened:
                welcome = await opened.next()
                assert welcome["resumed"] is True
                for _ in range(turns):
                    with suppress(TimeoutError):
                        await opened.next(0.5)
                    if opened.numbers and opened.numbers[-1] >= start + total:
                        break
                seen += opened.numbers
                cursor = opened.cursor
        return seen

    pouring = asyncio.create_task(pour())
    async with asyncio.timeout(40):
        found = await asyncio.gather(*(watch(turns) for turns in (7, 31, 90)))
    await pouring
    for seen in found:
        assert seen == list(range(start + 1, start + total + 1))


async def test_what_a_screen_hears_is_what_is_stored(shop: Shop) -> None:
    async with screen(shop.url, headers_of(shop.owner)) as opened:
        await opened.next()
        person, conversation = await shop.someone("telegram")
        hello = await opened.until(is_entry(f"Hello from {person['id']}"))
        assert hello["data"]["conversation"]["id"] == conversation["id"]
        entry = await shop.answers(conversation["id"], "Seen live")
        states: list[str] = []
        while "sent" not in states:
            frame = await opened.until(lambda f: f["type"] == "entry" and f["data"]["entry"]["id"] == entry["id"])
            states.append(frame["data"]["entry"]["status"])
        stored = next(e for e in await shop.thread(conversation["id"]) if e["id"] == entry["id"])
        assert frame["data"]["entry"] == stored


# --- signs --------------------------------------------------------------------------------------------------------


async def test_presence_is_shown_to_colleagues(owner: Person, people: People, server: str) -> None:
    agent = await people.join(owner.ws, Role.AGENT)
    async with screen(server, headers_of(owner)) as watching:
        await watching.next()
        me = agent.member.id

        async def shown(presence: str) -> None:
            wanted = {"member_id": me, "presence": presence}
            await watching.until(lambda f: f["type"] == "presence" and f["data"] == wanted)

        async with screen(server, headers_of(agent)) as theirs:
            await theirs.next()
            await shown("online")
            await theirs.say(type="presence", presence="away")
            await shown("away")
            await theirs.say(type="ping")
            await theirs.until(lambda f: f["type"] == "pong")
        await shown("offline")


async def test_what_screens_look_at_is_shown_and_put_right(owner: Person, people: People, server: str) -> None:
    agent = await people.join(owner.ws, Role.AGENT)
    me = agent.member.id
    async with screen(server, headers_of(owner)) as watching:
        await watching.next()

        async def turned(conversation_id: str | None) -> str:
            def fits(frame: dict[str, Any]) -> bool:
                return frame["type"] == "viewing" and frame["data"]["conversation_id"] == conversation_id

            shown = (await watching.until(fits))["data"]
            assert shown["member_id"] == me
            return str(shown["screen"])

        async with screen(server, headers_of(agent)) as first, screen(server, headers_of(agent)) as second:
            for theirs, conversation_id in ((first, "cnv_1"), (second, "cnv_2")):
                await theirs.next()
                await theirs.say(type="viewing", conversation_id=conversation_id)
            # Each is told by itself: either may be the first.
            turns = [await watching.until(lambda f: f["type"] == "viewing") for _ in range(2)]
            assert sorted((k["data"]["member_id"], k["data"]["conversation_id"]) for k in turns) == [
                (me, "cnv_1"),
                (me, "cnv_2"),
            ]
            screens = {str(k["data"]["screen"]) for k in turns}
            assert len(screens) == 2
            # Who comes later is told what all look at, and a screen that dropped off without a word is forgotten.
            gone = Look("mem_gone", "dead", "cnv_1")
            await viewing.look(owner.ws, None, gone, seconds=0)
            await live.sign(
                owner.ws, "viewing", {"member_id": "mem_gone", "screen": "dead", "conversation_id": "cnv_1"}
            )
            async with screen(server, headers_of(owner)) as later:
                told = await later.until(lambda f: f["type"] == "viewers")
                assert {(k["member_id"], k["conversation_id"]) for k in told["data"]} == {(me, "cnv_1"), (me, "cnv_2")}
            await first.say(type="viewing", conversation_id=None)
            await turned(None)
            await watching.say(type="ping")
            told = await watching.until(lambda f: f["type"] == "viewers")
            assert [(k["screen"] in screens, k["conversation_id"]) for k in told["data"]] == [(True, "cnv_2")]
        await turned(None)
        await watching.say(type="ping")
        assert (await watching.until(lambda f: f["type"] == "viewers"))["data"] == []


async def test_typing_is_shown_to_colleagues_and_from_customers_who_may(
    owner: Person, people: People, server: str
) -> None:
    agent = await people.join(owner.ws, Role.AGENT)
    reader = await people.join(owner.ws, Role.READONLY)
    async with screen(server, headers_of(owner)) as watching:
        await watching.next()
        async with screen(server, headers_of(reader)) as quiet, screen(server, headers_of(agent)) as loud:
            await quiet.next()
            await loud.next()
            await quiet.say(type="typing", conversation_id="cnv_quiet")
            await loud.say(type="typing", conversation_id="cnv_loud")
            heard = await watching.until(lambda f: f["type"] == "typing")
            assert heard["data"]["conversation_id"] == "cnv_loud"
            assert heard["data"]["by"] == agent.member.id


@pytest.mark.parametrize(
    "junk", ["", "{", "[1]", "null", '{"type":7}', '{"type":"typing"}', '{"type":"viewing","conversation_id":[]}']
)
async def test_junk_is_ignored(owner: Person, server: str, junk: str) -> None:
    async with screen(server, headers_of(owner)) as opened:
        await opened.next()
        await opened.connection.send(junk)
        await opened.say(type="ping")
        await opened.until(lambda f: f["type"] == "pong")


async def test_a_huge_frame_ends_the_socket_and_nothing_else(owner: Person, server: str) -> None:
    async with screen(server, headers_of(owner)) as other:
        await other.next()
        async with screen(server, headers_of(owner)) as opened:
            await opened.next()
            await opened.connection.send("x" * 100_000)
            await opened.end()
        await other.say(type="ping")
        await other.until(lambda f: f["type"] == "pong")


async def test_a_screen_that_never_stops_talking_is_shown_out(owner: Person, server: str) -> None:
    async with screen(server, headers_of(owner)) as opened:
        await opened.next()
        with suppress(ConnectionClosed):
            for _ in range(MOST_FRAMES + 1):
                await opened.say(type="nothing")
        await opened.end()
        assert opened.connection.close_code == 1008


# --- slow clients -------------------------------------------------------------------------------------------------


async def test_a_client_that_does_not_read_is_closed_and_delays_nobody(owner: Person, server: str) -> None:
    """It never reads: its buffers fill, the bounded rest fills, then it is closed; others are served all the while."""
    host, _, port = server.removeprefix("http://").partition(":")
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    await asyncio.to_thread(slow.connect, (host, int(port)))
    headers = headers_of(owner)
    request = "\r\n".join(
        [
            "GET /ws/agent HTTP/1.1", f"Host: {host}:{port}", "Connection: Upgrade", "Upgrade: websocket",
            "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            f"Cookie: {headers['cookie']}", f"Origin: {headers['origin']}", "", "",
        ]
    )  # fmt: skip
    hello = b'{"type":"hello"}'
    masked = bytes([0x81, 0x80 | len(hello), 0, 0, 0, 0]) + hello
    await asyncio.to_thread(slow.sendall, request.encode())
    assert b" 101 " in await asyncio.to_thread(slow.recv, 4_096)
    await asyncio.to_thread(slow.sendall, masked)
    async with screen(server, headers) as quick:
        await quick.next()
        event = live.event("account", {"id": "x" * 200_000})
        longest = 0.0
        loop = asyncio.get_running_loop()
        for _ in range(80):
            began = loop.time()
            await live.publish(owner.ws, event)
            await quick.until(lambda f: f["type"] == "account")
            longest = max(longest, loop.time() - began)
            quick.frames.clear()
        assert longest < 2
    got = bytearray()
    slow.settimeout(5)
    # Now it reads what was on its way, and then that it was too slow: a close frame with that code.
    while (goodbye := got[-200:].find(b"\x88")) < 0 or TOO_SLOW not in got[-200 + goodbye :]:
        data = await asyncio.to_thread(slow.recv, 1 << 20)
        assert data, "the server said nothing"
        got += data
    slow.close()
    assert len(got) < 14_000_000
    assert outlet.MAX_WAITING_BYTES <= 2_000_000
