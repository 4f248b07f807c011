"""Pushes: what reaches a member's devices and what does not, decrypted with the browser's own key at the other end."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time
from typing import Any
from uuid import uuid4

import pytest
from websockets.asyncio.client import ClientConnection, connect

from app.core.permissions import Role
from inbox.answering import push, push_delivery
from inbox.answering.push import QuietHours
from tests.support.browsers import Browser
from tests.support.people import Person
from tests.support.shop import Shop, eventually

LONG = QuietHours(time(22), time(7), "Europe/Paris")


@pytest.mark.parametrize(
    ("quiet", "at", "is_quiet"),
    [
        (None, "2026-06-01T23:00", False),
        (LONG, "2026-06-01T19:59", False),
        (LONG, "2026-06-01T20:00", True),
        (LONG, "2026-06-02T04:59", True),
        (LONG, "2026-06-02T05:00", False),
        # An hour later in winter; and the night in which the clocks go forward.
        (LONG, "2026-01-02T20:30", False),
        (LONG, "2026-01-02T05:30", True),
        (LONG, "2026-03-29T04:59", True),
        (LONG, "2026-03-29T05:01", False),
        (QuietHours(time(12), time(13), "Africa/Accra"), "2026-06-01T12:30", True),
        (QuietHours(time(12), time(13), "Africa/Accra"), "2026-06-01T13:00", False),
    ],
)
def test_quiet_hours_go_by_the_members_own_clock(quiet: QuietHours | None, at: str, is_quiet: bool) -> None:
    assert push.is_quiet(quiet, datetime.fromisoformat(at).replace(tzinfo=UTC)) is is_quiet


async def note(person: Person, conversation_id: str, text: str, *mentions: str) -> None:
    body = {"client_id": str(uuid4()), "text": text, "mentions": list(mentions)}
    answer = await person.client.post(f"/api/v1/conversations/{conversation_id}/notes", json=body)
    assert answer.status_code < 300, answer.text


async def settled(shop: Shop, member_id: str, kind: str, text: str) -> dict[str, Any]:
    """The row of this push, once nothing is left to be done for it."""

    async def look() -> dict[str, Any] | None:
        where = {"member_id": member_id, "kind": kind, "text": text}
        row: dict[str, Any] | None = await shop.runtime.mongo.pushes.find_one(where)
        return row if row and "due_at" not in row else None

    return await eventually(look)


async def got(browser: Browser, text: str) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        return next((each for each in await browser.waiting() if each.get("text", "").startswith(text)), None)

    return await eventually(look)


async def devices(person: Person) -> list[dict[str, Any]]:
    answer = await person.client.get("/api/v1/me/push")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["devices"]
    return found


@asynccontextmanager
async def screen(shop: Shop, person: Person) -> AsyncIterator[ClientConnection]:
    """A tab of theirs."""
    headers = {"cookie": "; ".join(f"{k}={v}" for k, v in person.client.cookies.items()), "origin": shop.url}
    url = shop.url.replace("http", "ws", 1) + "/ws/agent"
    async with connect(url, additional_headers=headers, proxy=None) as opened:
        await opened.send(json.dumps({"type": "hello"}))
        yield opened


async def said(opened: ClientConnection, **frame: Any) -> None:
    """Returns once the server has taken it in."""
    await opened.send(json.dumps(frame))
    await opened.send(json.dumps({"type": "ping"}))
    async with asyncio.timeout(20):
        while json.loads(await opened.recv())["type"] != "pong":
            pass


async def test_what_a_member_is_told_reaches_their_devices(shop: Shop) -> None:
    ama = await shop.people.join(shop.owner.ws, Role.AGENT)
    phone = Browser(ama, shop.sandbox)
    shown = await phone.subscribe()
    assert [(each["current"], each["last_push_at"]) for each in shown["devices"]] == [(True, None)]
    assert await phone.subscribe() == shown

    customer, talk = await shop.someone("sms")
    await shop.post(f"/conversations/{talk['id']}/assign", member_id=ama.member.id)
    told = await got(phone, talk["last_entry"]["text"])
    assert (told["kind"], told["by_name"], told["conversation_id"]) == ("assigned", "Olu Owner", talk["id"])
    assert told["unread"] == 1
    waiting = (await phone.state())["messages"]
    assert [(message["urgency"], message["ttl"]) for message in waiting] == [("high", push_delivery.TTL_SECONDS)]

    # The next one about the same conversation takes its place, whatever it tells.
    await shop.writes("sms", customer["id"], type="text", text="Are you there?")
    assert (await got(phone, "Are you there?"))["kind"] == "message"
    await note(shop.owner, talk["id"], "@Ama please", ama.member.id)
    assert (await got(phone, "@Ama please"))["kind"] == "mention"
    assert len(await phone.waiting()) == 1
    assert (await devices(ama))[0]["last_push_at"]
    # Nobody else's device hears of it, and a long text is cut.
    await note(shop.owner, talk["id"], "Long " + "x" * 3_000, ama.member.id)
    assert len((await got(phone, "Long xx"))["text"]) <= 200


async def test_a_push_holds_no_more_than_its_reader_may_see(shop: Shop) -> None:
    sees = ["inbox.read", "inbox.reply"]
    body = {"name": "Own, no numbers", "permissions": sees, "masks": ["phones"], "scope": "own", "unclaimed": False}
    role = await shop.post("/roles", 201, **body)
    ama = await shop.people.join(shop.owner.ws, role["id"])
    phone = Browser(ama, shop.sandbox)
    await phone.subscribe()
    customer, talk = await shop.someone("sms")
    # Somebody else's is not theirs to see, whoever mentions them there.
    await shop.post(f"/conversations/{talk['id']}/assign", member_id=shop.owner.member.id)
    ws, others = shop.runtime.workspace(ama.ws.id), (await phone.state())["posts"]
    news = push.Push(
        id=push.id_of("others"), member_id=ama.member.id, kind="mention", conversation_id=talk["id"],
        contact_name="C", by_name=None, text="Not theirs", at=ws.clock.now(),
    )  # fmt: skip
    assert await push.plan(ws, [news])
    await push_delivery.deliver(ws, news.id)
    assert (await phone.state())["posts"] == others
    # Given to them it is, but for the number by which the customer is known.
    await shop.post(f"/conversations/{talk['id']}/assign", member_id=ama.member.id)
    told = await got(phone, talk["last_entry"]["text"])
    assert told["contact_name"] == f"•••• {customer['phone'][-4:]}"


async def test_nothing_is_pushed_to_whoever_sees_it_anyway(shop: Shop) -> None:
    ama = await shop.people.join(shop.owner.ws, Role.AGENT)
    phone = Browser(ama, shop.sandbox)
    await phone.subscribe()
    _, talk = await shop.someone("sms")

    async def pushed(text: str) -> bool:
        before = (await phone.state())["posts"]
        await note(shop.owner, talk["id"], text, ama.member.id)
        await settled(shop, ama.member.id, "mention", text)
        return bool((await phone.state())["posts"] > before)

    async with screen(shop, ama) as tab:
        await said(tab, type="active", on=True)
        assert not await pushed("At work on a screen")
        await said(tab, type="active", on=False)
        assert await pushed("The screen is left alone")
        await said(tab, type="viewing", conversation_id=talk["id"])
        assert not await pushed("It shows this conversation")
        await said(tab, type="presence", presence="away")
        assert await pushed("Nobody has been there for long")
        await said(tab, type="active", on=True)
        chosen = {"kinds": ["mention"], "only_away": False, "quiet": None}
        assert (await ama.client.put("/api/v1/me/push", json=chosen)).status_code == 200
        assert await pushed("Always, please")

    hour = datetime.now(UTC).hour
    night = {"start": f"{(hour - 1) % 24:02}:00", "end": f"{(hour + 2) % 24:02}:00", "zone": "UTC"}
    answer = await ama.client.put("/api/v1/me/push", json={**chosen, "quiet": night})
    assert answer.json()["quiet"] == night
    assert not await pushed("At night")
    for wrong in ({**night, "zone": "Atlantis/City"}, {**night, "end": night["start"]}, {**night, "end": "25:00"}):
        assert (await ama.client.put("/api/v1/me/push", json={**chosen, "quiet": wrong})).status_code == 422
    # Planned while it was wanted, and then it is not: neither the kind, nor what their role may see.
    news = push.Push(
        id=push.id_of("chosen"), member_id=ama.member.id, kind="mention", conversation_id=talk["id"],
        contact_name="C", by_name=None, text="Not of this kind", at=shop.runtime.clock.now(),
    )  # fmt: skip
    ws, before = shop.runtime.workspace(ama.ws.id), (await phone.state())["posts"]
    await ama.client.put("/api/v1/me/push", json=chosen)
    await push.plan(ws, [news])
    await ama.client.put("/api/v1/me/push", json={"kinds": ["assigned"], "only_away": False, "quiet": None})
    await push_delivery.deliver(ws, news.id)
    assert await push.plan(ws, [news]) == []
    assert (await phone.state())["posts"] == before
    await note(shop.owner, talk["id"], "Not of this kind, either", ama.member.id)
    assert await shop.runtime.mongo.pushes.find_one({"text": "Not of this kind, either"}) is None


async def test_a_service_in_trouble_is_asked_again_and_a_gone_device_is_forgotten(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push_delivery, "WAITS", (0.05, 0.05))
    ama = await shop.people.join(shop.owner.ws, Role.AGENT)
    again = await shop.people.sign_in(ama.ws, ama.member)
    phone, laptop = Browser(ama, shop.sandbox), Browser(again, shop.sandbox)
    await phone.subscribe()
    assert len((await laptop.subscribe())["devices"]) == 2
    _, talk = await shop.someone("sms")

    await phone.service(fail={"status": 429, "count": 1, "retry_after": 1})
    await note(shop.owner, talk["id"], "Twice", ama.member.id)
    await got(phone, "Twice")
    row = await settled(shop, ama.member.id, "mention", "Twice")
    # Only the one that was refused is asked again.
    assert (len(row["done"]), row["attempts"], (await laptop.state())["posts"]) == (2, 1, 1)

    await phone.service(fail={"status": 500, "count": 100})
    await note(shop.owner, talk["id"], "Never", ama.member.id)
    row = await settled(shop, ama.member.id, "mention", "Never")
    assert row["attempts"] == 3
    shown = await devices(ama)
    assert [each["last_error"] for each in shown] == ["The push service has trouble (500).", ""]
    tried = await ama.client.post(f"/api/v1/me/push/devices/{shown[0]['id']}/test")
    assert tried.json() == {"sent": False, "words": "The push service has trouble (500)."}
    await _is_tried_again_by_an_operator(shop, phone, row["_id"])

    # Another key than it was subscribed with: it stays, with the reason.
    await phone.service(fail={}, application_server_key="another")
    tried = await ama.client.post(f"/api/v1/me/push/devices/{shown[0]['id']}/test")
    assert tried.json() == {"sent": False, "words": "The push service does not accept our key (403)."}

    await phone.service(ended=True)
    await note(shop.owner, talk["id"], "Gone", ama.member.id)
    await got(laptop, "Gone")
    await settled(shop, ama.member.id, "mention", "Gone")
    assert [each["id"] for each in await devices(ama)] == [shown[1]["id"]]
    assert (await ama.client.post(f"/api/v1/me/push/devices/{shown[0]['id']}/test")).status_code == 404


async def _is_tried_again_by_an_operator(shop: Shop, phone: Browser, push_id: str) -> None:
    """What was given up is failed work like any other; what the service refuses outright is, too."""

    async def listed() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await shop.get("/operations/failures", kind="pushes"))["items"]
        return found

    (failure,) = await listed()
    assert (failure["id"], failure["attempts"]) == (push_id, 3)
    assert failure["error"] == "The push service has trouble (500)."
    assert failure["payload"] == {"kind": "mention", "by_name": "Olu Owner", "ticket_id": None, "for": "Ama Agent"}
    assert failure["conversation_id"]
    assert "Never" not in str(failure)
    assert (await shop.get("/operations"))["failed"]["pushes"] == 1
    await phone.service(fail={"status": 403, "count": 1})
    await shop.post("/operations/failures/retry", 204, kind="pushes", id=push_id)

    async def refused() -> bool:
        return [item["error"] for item in await listed()] == ["The push service does not accept our key (403)."]

    await eventually(refused)
    await phone.service(fail={})
    await shop.post("/operations/failures/retry-all", 204, kind="pushes")
    await got(phone, "Never")
    assert await listed() == []


async def test_a_push_that_a_worker_took_along_is_sent_by_another(shop: Shop) -> None:
    ama = await shop.people.join(shop.owner.ws, Role.AGENT)
    phone = Browser(ama, shop.sandbox)
    await phone.subscribe()
    ws = shop.runtime.workspace(ama.ws.id)
    left = push.Push(
        id=push.id_of("left"), member_id=ama.member.id, kind="attention", conversation_id="", contact_name="Late",
        by_name=None, text="Left behind", at=ws.clock.now(),
    )  # fmt: skip
    # Kept, and whoever should have started it is gone: the sweeper finds it. Kept twice it is there once.
    assert await push.plan(ws, [left]) == await push.plan(ws, [left])
    assert (await got(phone, "Left behind"))["kind"] == "attention"
    await settled(shop, ama.member.id, "attention", "Left behind")
    await push_delivery.deliver(ws, left.id)
    assert (await phone.state())["posts"] == 1


async def test_a_device_is_its_session(shop: Shop) -> None:
    ama = await shop.people.join(shop.owner.ws, Role.AGENT)
    kofi = await shop.people.join(shop.owner.ws, Role.AGENT)
    again = await shop.people.sign_in(ama.ws, ama.member)
    phone, laptop = Browser(ama, shop.sandbox), Browser(again, shop.sandbox)
    await phone.subscribe()
    (_, second) = (await laptop.subscribe())["devices"]

    tried = await ama.client.post(f"/api/v1/me/push/devices/{second['id']}/test")
    assert tried.json() == {"sent": True, "words": "The push service took it (201)."}
    assert [each["kind"] for each in await laptop.waiting()] == ["test"]
    # Colleagues' devices are nobody's business.
    assert (await kofi.client.post(f"/api/v1/me/push/devices/{second['id']}/test")).status_code == 404
    assert (await kofi.client.delete(f"/api/v1/me/push/devices/{second['id']}")).status_code == 404
    assert (await ama.client.delete(f"/api/v1/me/push/devices/{second['id']}")).status_code == 204
    assert len(await devices(ama)) == 1
    await laptop.subscribe()
    # A forced logout ends the pushes with the session.
    assert (await ama.client.delete(f"/api/v1/me/sessions/{second['id']}")).status_code == 204
    assert len(await devices(ama)) == 1
    # The same browser, signed in as somebody else: what is for the first goes there no more.
    shown = (await kofi.client.get("/api/v1/me/push")).json()
    taken = await kofi.client.put("/api/v1/me/push/device", json=phone.subscription(shown["public_key"]))
    assert taken.status_code == 200, taken.text
    assert await devices(ama) == []
    _, talk = await shop.someone("sms")
    await note(shop.owner, talk["id"], "For Ama", ama.member.id)
    await note(shop.owner, talk["id"], "For Kofi", kofi.member.id)
    await got(phone, "For Kofi")
    assert [each.get("text") for each in await phone.waiting()] == ["For Kofi"]
    assert (await kofi.client.post("/api/v1/logout")).status_code == 204
    await note(shop.owner, talk["id"], "Too late", kofi.member.id)
    assert await shop.runtime.mongo.pushes.find_one({"text": "Too late"}) is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"endpoint": "http://push.example.net/1"}, "endpoint"),
        ({"endpoint": "https://10.0.0.1/push", "p256dh": "x"}, "endpoint"),
        ({"public_key": "an older one"}, "public_key"),
    ],
)
async def test_what_is_no_subscription_is_refused(shop: Shop, change: dict[str, str], field: str) -> None:
    body = Browser(shop.owner, shop.sandbox).subscription((await shop.get("/me/push"))["public_key"])
    answer = await shop.agent.put("/api/v1/me/push/device", json={**body, **change})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


async def test_a_push_into_a_private_network_is_never_sent(shop: Shop) -> None:
    ama = await shop.people.join(shop.owner.ws, Role.AGENT)
    phone = Browser(ama, shop.sandbox)
    body = phone.subscription((await shop.get("/me/push"))["public_key"])
    made = await ama.client.put("/api/v1/me/push/device", json={**body, "endpoint": "https://127.0.0.1:9/push/1"})
    device = made.json()["devices"][0]["id"]
    tried = await ama.client.post(f"/api/v1/me/push/devices/{device}/test")
    assert tried.json() == {"sent": False, "words": "The browser's push address is inside a private network."}
