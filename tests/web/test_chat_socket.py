"""The web chat from a visitor's side and from an agent's: through uvicorn, worker, database and Valkey."""

import asyncio
import hashlib
import hmac
import itertools
import json
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import jwt
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from app.core.errors import NotFound
from inbox import files
from tests.support.persons import Persons
from tests.support.shop import Shop, eventually
from tests.support.widgets import Widget, text_of

Site = dict[str, Any]


def client_id() -> str:
    return uuid.uuid4().hex


async def connect_site(shop: Shop, agent: httpx.AsyncClient | None = None, **config: Any) -> Site:
    """A connected site, as its owner sees it, with its signing secret."""
    agent = agent or shop.agent
    body = {"kind": "livechat", "name": "Lamp shop", "config": config}
    made = await agent.post("/api/v1/accounts", json=body)
    assert made.status_code == 201, made.text
    renewed = await agent.post(f"/api/v1/accounts/{made.json()['id']}/secrets/identity_secret/renew")
    assert renewed.status_code == 200, renewed.text
    return {**made.json(), "key": made.json()["config"]["site_key"], "secret": renewed.json()["secret"]}


@pytest.fixture
async def site(shop: Shop) -> Site:
    return await connect_site(shop)


@pytest.fixture
def widget(shop: Shop, site: Site) -> Widget:
    return Widget(shop.url, site["key"])


def signed(site: Site, **claims: Any) -> str:
    now = int(time.time())
    told = {"sub": "customer-42", "aud": site["key"], "iat": now, "exp": now + 3_600, **claims}
    return jwt.encode({k: v for k, v in told.items() if v is not None}, site["secret"], algorithm="HS256")


async def conversation_of(shop: Shop, text: str) -> dict[str, Any]:
    """The conversation whose thread holds this text."""

    async def look() -> dict[str, Any] | None:
        listed = await shop.get("/conversations", view="all", limit=200)
        for conversation in listed["items"]:
            if conversation["last_entry"] and conversation["reach"][0]["channel"] == "livechat":
                thread = await shop.thread(conversation["id"])
                if any(e["content"] and text_of(e) == text for e in thread):
                    found: dict[str, Any] = conversation
                    return found
        return None

    return await eventually(look)


async def conversation_with(shop: Shop, entry_id: str) -> dict[str, Any]:
    """The conversation whose newest entry this is."""

    async def look() -> dict[str, Any] | None:
        listed = await shop.get("/conversations", view="all", limit=200)
        return next((c for c in listed["items"] if c["last_entry"] and c["last_entry"]["id"] == entry_id), None)

    return await eventually(look)


async def answer(shop: Shop, conversation: dict[str, Any], text: str = "", **more: Any) -> str:
    """An agent answers; the id of the entry."""
    body = {"client_id": client_id(), "content": {"type": "text", "text": text}, **more}
    sent = await shop.post(f"/conversations/{conversation['id']}/messages", 202, **body)
    entry_id: str = sent["entries"][0]["id"]
    return entry_id


@asynccontextmanager
async def agent_screen(shop: Shop) -> AsyncIterator[ClientConnection]:
    """The owner's screen, connected."""
    cookie = {"cookie": f"parley_session={shop.agent.cookies['parley_session']}"}
    url = shop.url.replace("http", "ws", 1) + "/ws/agent"
    async with connect(url, origin=Origin(shop.url), additional_headers=cookie, proxy=None) as screen:
        await screen.send('{"type":"hello","cursor":null}')
        assert orjson.loads(await screen.recv())["type"] == "welcome"
        yield screen


async def count_contacts(shop: Shop) -> int:
    return await shop.runtime.mongo.contacts.count_documents({})


# --- in and out ---


async def test_a_visitor_writes_and_an_agent_answers(shop: Shop, widget: Widget) -> None:
    async with widget.online():
        await widget.write(client_id(), "Is the lamp in stock?")
        await widget.frame("stored")
        assert not widget.outbox
        conversation = await conversation_of(shop, "Is the lamp in stock?")
        entry_id = await answer(shop, conversation, "Yes, three.")
        told = await widget.message(lambda m: m["id"] == entry_id)
        assert told["from"] == "agent"
        assert told["name"] == "Olu Owner"
        assert widget.texts == ["Is the lamp in stock?", "Yes, three."]


async def test_half_an_emoji_costs_nobody_their_message(shop: Shop, widget: Widget) -> None:
    async with widget.online():
        assert widget.socket is not None
        head = f'{{"type":"message","client_id":"{client_id()}",'
        await widget.socket.send(head + '"text":"Is it \\uD83D"}')
        await widget.frame("stored")
        await conversation_of(shop, "Is it ?")


async def test_ticks_come_back_and_only_forward(shop: Shop, widget: Widget) -> None:
    async with widget.online():
        await widget.write(client_id(), "hello ticks")
        conversation = await conversation_of(shop, "hello ticks")
        entry_id = await answer(shop, conversation, "tick")
        await widget.message(lambda m: m["id"] == entry_id)
        await widget.send(type="read", ids=[entry_id])
        await shop.entry_where(conversation["id"], lambda e: e["id"] == entry_id and e["status"] == "read")
        await widget.send(type="delivered", ids=[entry_id])
        await widget.send(type="ping")
        await widget.frame("pong")
        entry = await shop.entry_where(conversation["id"], lambda e: e["id"] == entry_id)
        assert entry["status"] == "read"


async def test_the_visitor_learns_what_was_read_and_that_somebody_types(shop: Shop, site: Site, widget: Widget) -> None:
    async with widget.online():
        await widget.write(client_id(), "read me")
        mine = await widget.message(lambda m: text_of(m) == "read me")
        conversation = await conversation_of(shop, "read me")
        await shop.post(f"/conversations/{conversation['id']}/read", 204, up_to=mine["seq"])
        await widget.until(lambda: widget.read.get(mine["thread"], 0) >= mine["seq"])
        typing = {"type": "typing", "conversation_id": conversation["id"], "on": True, "account_id": site["id"]}
        async with agent_screen(shop) as screen:
            for address in ("whatsapp:+12025550100", conversation["reach"][0]["address"]):
                await screen.send(orjson.dumps({**typing, "address": address}).decode())
            told = await widget.frame("typing")
            assert told == {"type": "typing", "name": "Olu Owner", "on": True}
            await widget.send(type="typing", on=True)
            async with asyncio.timeout(5):
                while (shown := orjson.loads(await screen.recv())).get("data", {}).get("by") != "contact":
                    pass
            assert shown["data"]["conversation_id"] == conversation["id"]
        assert len([f for f in widget.frames if f["type"] == "typing"]) == 1


async def test_nobody_becomes_a_contact_by_looking(shop: Shop, widget: Widget) -> None:
    before = await count_contacts(shop)
    async with widget.online():
        await widget.send(type="typing", on=True)
        await widget.send(type="ping")
        await widget.frame("pong")
    assert await count_contacts(shop) == before


async def test_a_form_after_the_first_message_names_the_visitor(shop: Shop, widget: Widget) -> None:
    async with widget.online():
        await widget.write(client_id(), "who am I?")
        conversation = await conversation_of(shop, "who am I?")
        assert conversation["contact"]["name"].startswith("Visitor ")
        await widget.send(type="details", client_id=client_id(), name="Ana Kovacs", email="ana@example.com")
        entry = await shop.entry_where(
            conversation["id"], lambda e: e["content"] and e["content"]["type"] == "form_reply"
        )
        assert entry["content"]["values"] == {"name": "Ana Kovacs", "email": "ana@example.com"}
        await widget.write(client_id(), "and now?")
        await shop.entry_where(conversation["id"], lambda e: e["content"] and text_of(e) == "and now?")
        assert (await shop.get(f"/conversations/{conversation['id']}"))["contact"]["name"] == "Ana Kovacs"


async def test_buttons_are_tapped_and_quotes_are_shown(shop: Shop, widget: Widget) -> None:
    async with widget.online():
        await widget.write(client_id(), "which lamps?")
        conversation = await conversation_of(shop, "which lamps?")
        buttons = {
            "type": "buttons",
            "text": "Which room?",
            "buttons": [{"id": "k", "title": "Kitchen"}, {"id": "h", "title": "Hall"}],
        }
        entry_id = await answer(shop, conversation, content=buttons)
        shown = await widget.message(lambda m: m["id"] == entry_id)
        assert [b["title"] for b in shown["content"]["buttons"]] == ["Kitchen", "Hall"]
        await widget.write(client_id(), choice_id="h", reply_to=entry_id)
        tapped = await shop.entry_where(conversation["id"], lambda e: e["content"] and e["content"]["type"] == "choice")
        assert tapped["content"]["title"] == "Hall"
        assert tapped["reply_to"]["entry_id"] == entry_id
        await widget.write(client_id(), choice_id="cellar", reply_to=entry_id)
        assert (await widget.frame("error"))["code"] == "invalid"
        quote_id = await answer(shop, conversation, "The hall it is.", reply_to_entry_id=tapped["id"])
        quoting = await widget.message(lambda m: m["id"] == quote_id)
        assert quoting["reply_to"]["text"] == "Hall"


async def test_reactions_go_both_ways(shop: Shop, widget: Widget) -> None:
    async with widget.online():
        await widget.write(client_id(), "thanks a lot")
        conversation = await conversation_of(shop, "thanks a lot")
        entry_id = await answer(shop, conversation, "Any time!")
        await widget.message(lambda m: m["id"] == entry_id)
        await widget.send(type="reaction", client_id=client_id(), id=entry_id, emoji="❤️")
        loved = await widget.message(lambda m: m["id"] == entry_id and m["reactions"])
        assert loved["reactions"] == [{"emoji": "❤️", "mine": True}]
        await widget.send(type="reaction", client_id=client_id(), id=entry_id, emoji="")
        await widget.message(lambda m: m["id"] == entry_id and m["revision"] > loved["revision"] and not m["reactions"])


# --- nothing missed, nothing doubled ---


async def test_what_was_missed_comes_once_and_in_order(shop: Shop, widget: Widget) -> None:
    async with widget.online():
        await widget.write(client_id(), "I leave now")
        conversation = await conversation_of(shop, "I leave now")
        await widget.message(lambda m: text_of(m) == "I leave now")
    for number in range(5):
        entry_id = await answer(shop, conversation, f"answer {number}")
        await shop.entry_where(conversation["id"], lambda e, i=entry_id: e["id"] == i and e["status"] == "sent")
    await shop.post(f"/conversations/{conversation['id']}/notes", 201, client_id=client_id(), text="a secret note")
    async with widget.online():
        assert [text_of(m) for m in widget.welcome["messages"]] == [f"answer {n}" for n in range(5)]
        assert widget.texts == ["I leave now", *(f"answer {n}" for n in range(5))]
    # What was handed over shortly before the last word is told again, for clocks are never equal; not for longer.
    assert widget.since is not None
    widget.since += 120_000
    async with widget.online():
        assert widget.welcome["messages"] == []


async def test_a_message_sent_after_a_later_one_was_seen_is_not_missed(shop: Shop, widget: Widget) -> None:
    """Numbers are given when a message is queued; the visitor sees it only when it was handed over."""
    async with widget.online():
        await widget.write(client_id(), "first")
        mine = await widget.message(lambda m: text_of(m) == "first")
        conversation = await conversation_of(shop, "first")
    entry_id = await answer(shop, conversation, "late")
    await shop.entry_where(conversation["id"], lambda e: e["id"] == entry_id and e["status"] == "sent")
    # As if the browser had seen a number beyond it before it was sent.
    widget.cursor[mine["thread"]] = mine["seq"] + 5
    async with widget.online():
        await widget.message(lambda m: m["id"] == entry_id)


async def test_one_client_id_is_one_message(shop: Shop, widget: Widget) -> None:
    same = client_id()
    async with widget.online():
        for _ in range(3):
            await widget.write(same, "only once")
        await widget.until(lambda: len([f for f in widget.frames if f["type"] == "stored"]) == 3)
        conversation = await conversation_of(shop, "only once")
    # The confirmation was lost: the browser sends it again when it is back.
    await widget.write(same, "only once")
    async with widget.online():
        await widget.frame("stored")
        await widget.write(client_id(), "and another")
        await widget.message(lambda m: text_of(m) == "and another")
        assert widget.texts == ["only once", "and another"]
    thread = await shop.thread(conversation["id"])
    assert [text_of(e) for e in thread if e["content"]] == ["only once", "and another"]


async def test_two_tabs_of_one_browser_agree(shop: Shop, site: Site, widget: Widget) -> None:
    async with widget.online():
        await widget.write(client_id(), "from the first tab")
        await widget.message(lambda m: text_of(m) == "from the first tab")
        other = Widget(shop.url, site["key"])
        other.token = widget.token
        async with other.online():
            assert other.texts == ["from the first tab"]
            await asyncio.gather(widget.write(client_id(), "one"), other.write(client_id(), "two"))
            await widget.until(lambda: len(widget.messages) == 3)
            await other.until(lambda: len(other.messages) == 3)
            assert widget.texts == other.texts
            assert {m["client_id"] is None for m in other.messages.values()} == {True, False}


async def test_a_long_absence_gives_the_newest_and_says_so(shop: Shop, widget: Widget) -> None:
    async with widget.online():
        await widget.write(client_id(), "see you next year")
        mine = await widget.message(lambda m: text_of(m) == "see you next year")
        conversation = await conversation_of(shop, "see you next year")
    first = await shop.runtime.mongo.entries.find_one({"_id": mine["id"]})
    assert first is not None
    rows = [
        {
            **first,
            "_id": f"ent_{conversation['id']}_{n}",
            "number": mine["seq"] + n,
            "direction": "out",
            "status": "sent",
            "content": {"type": "text", "text": f"news {n}"},
        }
        for n in range(1, 251)
    ]
    await shop.runtime.mongo.entries.insert_many(rows)
    await shop.runtime.mongo.conversations.update_one(
        {"_id": conversation["id"]}, {"$set": {"last_number": mine["seq"] + 250}}
    )
    async with widget.online():
        told = [text_of(m) for m in widget.welcome["messages"]]
        assert told == [f"news {n}" for n in range(151, 251)]
        assert widget.welcome["threads"][mine["thread"]]["complete"] is False
        # What is older comes when it is asked for, page by page to the very first.
        told, before = [], mine["seq"] + 151
        while before:
            await widget.send(type="earlier", thread=mine["thread"], before=before)
            page = await widget.frame("earlier", lambda f, b=before: f["next"] < b)
            widget.frames.remove(page)
            told = [text_of(m) for m in page["messages"]] + told
            before = page["next"]
        assert told == ["see you next year", *(f"news {n}" for n in range(1, 151))]
        # A thread that is not theirs is empty, whatever it holds.
        await widget.send(type="earlier", thread="000000000000", before=1_000)
        nothing = await widget.frame("earlier", lambda f: f["thread"] == "000000000000")
        assert (nothing["messages"], nothing["next"]) == ([], 0)


async def test_who_was_merged_reads_all_of_their_own_and_nothing_else(shop: Shop, widget: Widget) -> None:
    """Page by page, with messages of another channel between; a screen that is open learns of it at once."""
    persons, tag = Persons(shop), uuid.uuid4().hex[:6]
    survivor, customer = await persons.someone(f"On the phone {tag}")
    async with widget.online():
        await widget.write(client_id(), f"v0 {tag}")
        mine = await widget.message(lambda m: text_of(m) == f"v0 {tag}")
        conversation = await conversation_of(shop, f"v0 {tag}")
    first = await shop.runtime.mongo.entries.find_one({"_id": mine["id"]})
    assert first is not None
    # A long talk, in the middle of which they wrote on WhatsApp, too.
    rows = [
        {
            **first,
            "_id": f"ent_{conversation['id']}_{n}",
            "number": mine["seq"] + n,
            "at": first["at"] + timedelta(milliseconds=n),
            "created_at": first["created_at"] + timedelta(milliseconds=n),
            "content": {"type": "text", "text": f"v{n} {tag}"},
        }
        for n in range(1, 241)
    ]
    await shop.runtime.mongo.entries.insert_many(rows)
    await shop.runtime.mongo.conversations.update_one(
        {"_id": conversation["id"]}, {"$set": {"last_number": mine["seq"] + 240}}
    )
    for text, ms in (("one", 60), ("two", 160)):
        said = await persons.says(customer, f"on WhatsApp {text} {tag}")
        between = {"created_at": first["created_at"] + timedelta(milliseconds=ms)}
        await shop.runtime.mongo.entries.update_one({"_id": said["_id"]}, {"$set": between})

    async def whole() -> list[str]:
        """What a browser that remembers nothing is told, page by page from the end."""
        widget.messages.clear()
        async with widget.online():
            (thread,) = widget.welcome["threads"]
            assert {m["thread"] for m in widget.welcome["messages"]} == {thread}
            told = sorted(widget.welcome["messages"], key=lambda m: m["seq"])
            before = told[0]["seq"] if not widget.welcome["threads"][thread]["complete"] else 0
            while before:
                await widget.send(type="earlier", thread=thread, before=before)
                page = await widget.frame("earlier", lambda f, b=before: f["next"] < b)
                widget.frames.remove(page)
                assert [m["seq"] for m in page["messages"]] == sorted(m["seq"] for m in page["messages"])
                told, before = page["messages"] + told, page["next"]
            assert all(a["seq"] < b["seq"] for a, b in itertools.pairwise(told))
            return [text_of(m) for m in told]

    everything = [f"v{n} {tag}" for n in range(241)]
    assert await whole() == everything
    async with widget.online():
        merge_id = await persons.merge(survivor, conversation["contact_id"])
        await widget.until(lambda: widget.close_code)
        assert widget.close_code == 1012
    assert await whole() == everything
    async with widget.online():
        (thread,) = widget.welcome["threads"]
        assert thread != mine["thread"]
        into = await shop.conversation_with(f"On the phone {tag}")
        address = next(r["address"] for r in into["reach"] if r["channel"] == "livechat")
        reach = {"account_id": conversation["reach"][0]["account_id"], "address": address}
        await answer(shop, into, f"for the browser {tag}", **reach)
        told = await widget.message(lambda m: text_of(m) == f"for the browser {tag}")
        assert told["thread"] == thread
        await persons.says(customer, f"on WhatsApp three {tag}")
        await widget.write(client_id(), f"and back {tag}")
        await widget.message(lambda m: text_of(m) == f"and back {tag}" and m["thread"] == thread)
        assert not [text for text in widget.texts if "WhatsApp" in text]
        await shop.post(f"/merges/{merge_id}/undo")
        await widget.until(lambda: widget.close_code)
    assert await whole() == [*everything, f"for the browser {tag}", f"and back {tag}"]
    assert set(widget.welcome["threads"]) == {mine["thread"]}


async def test_edited_and_deleted_answers_are_told_on_return(shop: Shop, widget: Widget) -> None:
    async with widget.online():
        await widget.write(client_id(), "what is the price?")
        conversation = await conversation_of(shop, "what is the price?")
        edited, deleted = await answer(shop, conversation, "ten"), await answer(shop, conversation, "oops")
        await widget.message(lambda m: m["id"] == deleted)
        await widget.message(lambda m: m["id"] == edited)
    now = shop.runtime.clock.now()
    await shop.runtime.mongo.entries.update_one(
        {"_id": edited},
        {"$set": {"content": {"type": "text", "text": "eleven"}, "edited_at": now}, "$inc": {"revision": 1}},
    )
    await shop.runtime.mongo.entries.update_one(
        {"_id": deleted}, {"$set": {"deleted_at": now}, "$inc": {"revision": 1}}
    )
    async with widget.online():
        assert text_of(widget.messages[edited]) == "eleven"
        assert widget.messages[edited]["edited"]
        assert widget.messages[deleted]["deleted"]
        assert widget.messages[deleted]["content"] is None


async def test_a_lost_stream_makes_widgets_come_back(shop: Shop, widget: Widget) -> None:
    async with widget.online():
        await widget.write(client_id(), "before the loss")
        conversation = await conversation_of(shop, "before the loss")
        await widget.message(lambda m: text_of(m) == "before the loss")
        await shop.runtime.redis.set(f"parley:epoch:{shop.owner.ws.id}", "another")
        await widget.until(lambda: widget.close_code == 1012)
    await answer(shop, conversation, "after the loss")
    async with widget.online():
        await widget.message(lambda m: text_of(m) == "after the loss")
        assert widget.texts == ["before the loss", "after the loss"]


# --- who is who ---


async def test_a_signed_customer_finds_their_chat_on_another_device(shop: Shop, site: Site) -> None:
    phone = Widget(shop.url, site["key"], identity=signed(site, name="Ana Signed", email="ana@example.com"))
    async with phone.online():
        await phone.write(client_id(), "from my phone")
        await phone.message(lambda m: text_of(m) == "from my phone")
    conversation = await conversation_of(shop, "from my phone")
    assert conversation["contact"]["name"] == "Ana Signed"
    assert conversation["reach"][0]["address"] == "livechat:user:customer-42"
    laptop = Widget(shop.url, site["key"], identity=signed(site))
    async with laptop.online():
        assert laptop.texts == ["from my phone"]
        assert laptop.token != phone.token


async def test_somebody_else_on_the_same_browser_sees_nothing_of_the_one_before(shop: Shop, site: Site) -> None:
    browser = Widget(shop.url, site["key"], identity=signed(site, sub="ana"))
    async with browser.online():
        await browser.write(client_id(), "ana's secret")
        await browser.message(lambda m: text_of(m) == "ana's secret")
    anas_token = browser.token
    browser.hello["identity"] = signed(site, sub="ben")
    async with browser.online():
        assert browser.welcome["fresh"]
        assert browser.token != anas_token
        assert browser.texts == []
        await browser.write(client_id(), "I am ben")
        await browser.message(lambda m: text_of(m) == "I am ben")
        assert browser.texts == ["I am ben"]
    # The token of a signed-in person alone opens nothing.
    browser.token = anas_token
    del browser.hello["identity"]
    async with browser.online():
        assert browser.frames[-1]["code"] == "identity_needed"
        await browser.until(lambda: browser.close_code == 4401)


async def test_signing_in_keeps_what_the_same_browser_wrote_before(shop: Shop, site: Site, widget: Widget) -> None:
    async with widget.online():
        await widget.write(client_id(), "before signing in")
        await widget.message(lambda m: text_of(m) == "before signing in")
    conversation = await conversation_of(shop, "before signing in")
    widget.hello["identity"] = signed(site, sub="late-signer", name="Late Signer")
    async with widget.online():
        assert not widget.welcome["fresh"]
        # What an agent answers to the anonymous address still arrives.
        entry_id = await answer(shop, conversation, "still here?")
        await widget.message(lambda m: m["id"] == entry_id)
        await widget.write(client_id(), "yes, signed in now")
        mine = await widget.message(lambda m: text_of(m) == "yes, signed in now")
    entry = await shop.entry_where(conversation["id"], lambda e: e["id"] == mine["id"])
    assert entry["address"] == "livechat:user:late-signer"
    elsewhere = Widget(shop.url, site["key"], identity=widget.hello["identity"])
    async with elsewhere.online():
        assert elsewhere.texts == ["yes, signed in now"]


async def test_signing_out_ends_the_token(shop: Shop, site: Site, widget: Widget) -> None:
    async with widget.online():
        await widget.write(client_id(), "bye")
        await widget.message(lambda m: text_of(m) == "bye")
        await widget.send(type="logout")
        await widget.until(lambda: widget.close_code == 1000)
    async with widget.online():
        assert widget.welcome["fresh"]
        assert widget.texts == []


async def test_signing_out_in_one_tab_closes_the_others(shop: Shop, site: Site) -> None:
    proof = signed(site, sub="two-tabs")
    tab, other, phone = (Widget(shop.url, site["key"], identity=proof) for _ in range(3))
    async with tab.online(), phone.online():
        other.token = tab.token
        async with other.online():
            await other.send(type="logout")
            await other.until(lambda: other.close_code == 1000)
        await tab.until(lambda: tab.close_code == 1012)
        # The same person's other device is another browser.
        await phone.send(type="ping")
        await phone.frame("pong")
        assert phone.close_code is None


FORGERIES = {
    "another secret": lambda site: jwt.encode(
        {"sub": "x", "aud": site["key"], "exp": int(time.time()) + 60}, "x" * 40, algorithm="HS256"
    ),
    "alg none": lambda site: jwt.encode(
        {"sub": "x", "aud": site["key"], "exp": int(time.time()) + 60}, None, algorithm="none"
    ),
    "HS512": lambda site: jwt.encode(
        {"sub": "x", "aud": site["key"], "exp": int(time.time()) + 60}, site["secret"] * 2, algorithm="HS512"
    ),
    "expired": lambda site: signed(site, exp=int(time.time()) - 120),
    "good for ever": lambda site: signed(site, exp=int(time.time()) + 86_400 * 30),
    "no end": lambda site: signed(site, exp=None),
    "no subject": lambda site: signed(site, sub=None),
    "empty subject": lambda site: signed(site, sub=""),
    "another site": lambda site: signed(site, aud="wk_other"),
    "no audience": lambda site: signed(site, aud=None),
    "from the future": lambda site: signed(site, iat=int(time.time()) + 3_600),
    "a word": lambda site: "identity",
    "a hash of somebody else": lambda site: {"user_id": "ana", "user_hash": hash_of(site, "ben")},
    "half a hash": lambda site: {"user_id": "ana"},
}


def hash_of(site: Site, user_id: str) -> str:
    return hmac.new(site["secret"].encode(), user_id.encode(), hashlib.sha256).hexdigest()


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forged_identity_is_refused(shop: Shop, site: Site, forgery: str) -> None:
    stranger = Widget(shop.url, site["key"], identity=FORGERIES[forgery](site))
    async with stranger.online():
        assert stranger.frames[-1]["type"] == "error"
        assert stranger.frames[-1]["code"] in ("identity_invalid", "identity_expired")
        await stranger.until(lambda: stranger.close_code == 4401)


async def test_the_simple_form_of_identity(shop: Shop, site: Site) -> None:
    known = Widget(shop.url, site["key"], identity={"user_id": "ana", "user_hash": hash_of(site, "ana")})
    async with known.online():
        assert known.welcome["signed_in"]


async def test_a_page_left_open_over_night_reconnects(shop: Shop, site: Site) -> None:
    browser = Widget(shop.url, site["key"], identity=signed(site, sub="owl"))
    async with browser.online():
        assert browser.welcome["signed_in"]
    browser.hello["identity"] = signed(site, sub="owl", iat=None, exp=int(time.time()) - 3_600)
    async with browser.online():
        assert browser.welcome["signed_in"]
    browser.hello["identity"] = signed(site, sub="owl", iat=None, exp=int(time.time()) - 2 * 86_400)
    async with browser.online():
        assert browser.frames[-1]["code"] == "identity_expired"


async def test_both_secrets_do_during_a_renewal(shop: Shop, site: Site) -> None:
    before = signed(site, sub="rotating")
    for good in (True, False):
        renewed = await shop.post(f"/accounts/{site['id']}/secrets/identity_secret/renew")
        site["secret"] = renewed["secret"]
        for proof, fits in ((before, good), (signed(site, sub="rotating"), True)):
            browser = Widget(shop.url, site["key"], identity=proof)
            async with browser.online():
                assert bool(browser.welcome) is fits
    assert renewed["secret"] not in str(await shop.get(f"/accounts/{site['id']}"))
    nothing = await shop.agent.post(f"/api/v1/accounts/{site['id']}/secrets/site_key/renew")
    assert nothing.status_code == 404


async def test_a_site_may_ask_for_an_identity(shop: Shop) -> None:
    site = await connect_site(shop, require_identity=True)
    nobody = Widget(shop.url, site["key"])
    async with nobody.online():
        assert nobody.frames[-1]["code"] == "identity_needed"
    somebody = Widget(shop.url, site["key"], identity=signed(site))
    async with somebody.online():
        assert somebody.welcome["signed_in"]


# --- isolation ---


async def test_a_visitor_sees_only_their_own_chat(shop: Shop, site: Site, widget: Widget) -> None:
    stranger = Widget(shop.url, site["key"])
    async with widget.online(), stranger.online():
        await stranger.write(client_id(), "a stranger's words")
        theirs = await stranger.message(lambda m: text_of(m) == "a stranger's words")
        await widget.write(client_id(), "my words")
        await widget.message(lambda m: text_of(m) == "my words")
        conversation = await conversation_of(shop, "a stranger's words")
        note = {"client_id": client_id(), "text": "they are rude"}
        await shop.post(f"/conversations/{conversation['id']}/notes", 201, **note)
        entry_id = await answer(shop, conversation, "for the stranger")
        await stranger.message(lambda m: m["id"] == entry_id)
        # Nor by naming what is not theirs: quote, react, acknowledge, ask for its file.
        await widget.send(type="read", ids=[entry_id])
        await widget.send(type="reaction", client_id=client_id(), id=entry_id, emoji="👎")
        await widget.send(type="file", id=theirs["id"])
        await widget.write(client_id(), "quoting", reply_to=entry_id)
        assert (await widget.frame("error"))["code"] == "not_found"
        await stranger.send(type="ping")
        await stranger.frame("pong")
        assert set(map(text_of, widget.messages.values())) == {"my words"}
        assert "they are rude" not in str(stranger.frames)
        entry = await shop.entry_where(conversation["id"], lambda e: e["id"] == entry_id)
        assert entry["status"] == "sent"
        assert entry["reactions"] == []
        shown = stranger.messages[entry_id]
        assert shop.owner.member.id not in str(shown)
        assert shown.keys() == {
            *("type", "id", "thread", "seq", "revision", "client_id", "from", "name", "at", "content", "reply_to"),
            *("reactions", "edited", "deleted", "seen"),
        }


async def test_a_token_opens_nothing_on_another_site_or_in_another_workspace(
    shop: Shop, site: Site, widget: Widget
) -> None:
    async with widget.online():
        await widget.write(client_id(), "at home")
        await widget.message(lambda m: text_of(m) == "at home")
    _, other_owner = await shop.people.workspace("Other")
    sites = [await connect_site(shop), await connect_site(shop, other_owner.client)]
    for other in sites:
        moved = Widget(shop.url, other["key"])
        moved.token = widget.token
        moved.cursor = dict(widget.cursor)
        async with moved.online():
            assert moved.welcome["fresh"]
            assert moved.token != widget.token
            assert moved.texts == []
    listed = (await other_owner.client.get("/api/v1/conversations", params={"view": "all"})).json()
    assert listed["items"] == []
    renew = f"/api/v1/accounts/{site['id']}/secrets/identity_secret/renew"
    assert (await other_owner.client.post(renew)).status_code == 404


# --- where it may run ---


async def test_the_widget_runs_only_where_its_owner_says(shop: Shop) -> None:
    site = await connect_site(shop, origins=["https://shop.example.com", "https://*.lamps.example"])
    for origin, welcome in (
        ("https://shop.example.com", True),
        ("https://SHOP.example.com", True),
        ("https://eu.lamps.example", True),
        (shop.url, True),
        ("https://lamps.example", False),
        ("https://evil-lamps.example", False),
        ("http://shop.example.com", False),
        ("https://shop.example.com.evil.example", False),
        ("null", False),
        (None, False),
    ):
        browser = Widget(shop.url, site["key"])
        browser.origin = origin
        async with browser.online():
            assert bool(browser.welcome) is welcome, origin
            if not welcome:
                assert browser.frames[-1]["code"] == "wrong_origin"
                await browser.until(lambda b=browser: b.close_code == 4403)


async def test_an_unknown_site_is_refused(shop: Shop) -> None:
    for key in ("wk_unknown", ""):
        browser = Widget(shop.url, key)
        async with browser.online():
            await browser.until(lambda b=browser: b.close_code == 4404)


async def test_changed_settings_reach_open_widgets(shop: Shop, site: Site, widget: Widget) -> None:
    async with widget.online():
        assert widget.welcome["config"]["title"] == "Chat with us"
        changed = await shop.agent.patch(f"/api/v1/accounts/{site['id']}", json={"config": {"title": "Lamp help"}})
        assert changed.status_code == 200
        await widget.until(lambda: widget.close_code == 1012)
    async with widget.online():
        assert widget.welcome["config"]["title"] == "Lamp help"


# --- what does not belong ---


@pytest.mark.parametrize(
    "first",
    ["", "{", "[]", "null", '{"type":"hello"}', '{"type":"message"}', '{"type":"hello","key":7}', "\x00", "9" * 400],
)
async def test_a_first_frame_that_is_no_hello(shop: Shop, widget: Widget, first: str) -> None:
    async with widget.connection() as socket:
        await socket.send(first)
        assert orjson.loads(await socket.recv())["code"] == "bad_hello"
        await socket.wait_closed()
        assert socket.close_code == 1008


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
KINDS = st.sampled_from(["message", "details", "reaction", "typing", "delivered", "read", "file", "ping", "hello"])
FIELDS = st.sampled_from(
    ["client_id", "text", "ids", "id", "emoji", "upload_id", "choice_id", "reply_to", "page", "on"]
)
FRAMES = st.text(max_size=60) | st.builds(
    lambda kind, fields: json.dumps({**fields, "type": kind}),
    KINDS,
    st.dictionaries(FIELDS, JSON, max_size=4),
)


@pytest.fixture(scope="module")
async def open_widget(shop: Shop) -> AsyncIterator[Any]:
    """Connects a fresh widget when asked, and again when it was thrown out."""
    site = await connect_site(shop)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Widget]:
        widget = Widget(shop.url, site["key"])
        async with widget.online():
            yield widget

    return opened


@given(frames=st.lists(FRAMES, max_size=8))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_frame_breaks_the_chat(open_widget: Any, frames: list[str]) -> None:
    async with open_widget() as widget:
        for frame in frames:
            await widget.socket.send(frame)
        await widget.send(type="ping")
        assert await widget.frame("pong")


async def test_too_long_a_text_is_refused_and_the_chat_goes_on(shop: Shop, widget: Widget) -> None:
    async with widget.online():
        too_long = client_id()
        await widget.write(too_long, "x" * 2_001)
        assert (await widget.frame("error"))["code"] == "too_long"
        assert widget.frames[-1]["client_id"] == too_long
        await widget.write(client_id(), "y" * 2_000)
        await widget.frame("stored")


async def test_too_large_a_frame_ends_the_connection(widget: Widget) -> None:
    async with widget.online():
        await widget.write(client_id(), "x" * 20_000)
        await widget.until(lambda: widget.close_code == 1009)


async def test_a_flood_of_frames_ends_the_connection(widget: Widget) -> None:
    async with widget.online():
        for _ in range(130):
            await widget.send(type="typing", on=True)
        await widget.until(lambda: widget.close_code == 1008)


async def test_twenty_messages_a_minute(shop: Shop, widget: Widget) -> None:
    async with widget.online():
        for number in range(21):
            await widget.write(client_id(), f"flood {number}")
        refused = await widget.frame("error")
        assert refused["code"] == "too_fast"
        assert 0 < refused["retry_after_seconds"] <= 60
        await widget.until(lambda: len([f for f in widget.frames if f["type"] == "stored"]) == 20)
        assert list(widget.outbox) == [refused["client_id"]]


async def test_new_browsers_of_one_address_are_limited(shop: Shop, site: Site) -> None:
    refused = 0
    for _ in range(62):
        browser = Widget(shop.url, site["key"])
        browser.ip = "203.0.113.77"
        async with browser.online():
            refused += not browser.welcome
            if not browser.welcome:
                assert browser.frames[-1]["code"] == "too_many_sessions"
                assert browser.frames[-1]["retry_after_seconds"] > 0
    assert refused == 2


XSS = "<img src=x onerror=alert(1)>\"'</script>{{7*7}}"


async def test_markup_stays_text(shop: Shop, widget: Widget) -> None:
    page = {"url": "javascript:alert(1)", "title": XSS}
    async with widget.online():
        await widget.write(client_id(), XSS, page=page)
        assert text_of(await widget.message(lambda m: m["content"])) == XSS
        conversation = await conversation_of(shop, XSS)
        await widget.send(type="details", client_id=client_id(), name=XSS)
        await shop.entry_where(conversation["id"], lambda e: e["content"] and e["content"]["type"] == "form_reply")
        entry = next(e for e in await shop.thread(conversation["id"]) if e["content"] and text_of(e) == XSS)
        assert entry["referral"] is None


async def test_the_page_is_told_without_its_secrets(shop: Shop, widget: Widget) -> None:
    url = "https://user:pw@shop.example.com/lamps?utm_source=mail&session=abc#top"
    async with widget.online():
        await widget.write(client_id(), "from a page", page={"url": url, "title": "Lamps  \n here"})
        conversation = await conversation_of(shop, "from a page")
        entry = (await shop.thread(conversation["id"]))[0]
        assert entry["referral"]["url"] == "https://shop.example.com/lamps?utm_source=mail"
        assert entry["referral"]["headline"] == "Lamps here"


# --- files ---

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc0000000030001"
    "5e9ae4d50000000049454e44ae426082"
)


async def upload(
    widget: Widget,
    data: bytes,
    name: str,
    *,
    mime: str = "application/octet-stream",
    origin: str | None = None,
    token: str | None = None,
) -> Any:
    headers = {"x-visitor-token": token or widget.token or "", "x-forwarded-for": widget.ip}
    if origin:
        headers["origin"] = origin
    async with httpx.AsyncClient(base_url=widget.url, trust_env=False, timeout=30) as client:
        return await client.post(
            "/w/uploads", params={"key": widget.key}, files={"file": (name, data, mime)}, headers=headers
        )


async def test_a_picture_goes_up_and_an_answer_with_a_file_comes_down(shop: Shop, widget: Widget) -> None:
    async with widget.online():
        uploaded = await upload(widget, PNG, "<b>photo</b>.png", origin="https://shop.example.com")
        assert uploaded.status_code == 201, uploaded.text
        assert uploaded.headers["access-control-allow-origin"] == "https://shop.example.com"
        assert uploaded.json()["kind"] == "image"
        await widget.write(client_id(), "my photo", upload_id=uploaded.json()["upload_id"])
        mine = await widget.message(lambda m: m["content"]["type"] == "media")
        async with httpx.AsyncClient(trust_env=False) as nobody:
            got = await nobody.get(mine["content"]["media"]["url"])
            assert got.content == PNG
            assert got.headers["cross-origin-resource-policy"] == "cross-origin"
            assert "sandbox" in got.headers["content-security-policy"]
            bare = mine["content"]["media"]["url"].partition("?")[0]
            assert (await nobody.get(bare)).status_code == 401
        conversation = await conversation_of(shop, "my photo")
        part = {"file": ("price list.pdf", b"%PDF-1.4 prices", "application/pdf")}
        file = (await shop.agent.post("/api/v1/files", files=part)).json()
        content = {"type": "media", "media": {"kind": "document", "file_id": file["file_id"]}, "caption": "prices"}
        entry_id = await answer(shop, conversation, content=content)
        theirs = await widget.message(lambda m: m["id"] == entry_id)
        assert theirs["content"]["media"]["name"] == "price list.pdf"
        await widget.send(type="file", id=entry_id)
        await widget.until(lambda: len([f for f in widget.frames if f.get("id") == entry_id]) == 2)


@pytest.mark.parametrize(
    ("data", "name", "status"),
    [
        (PNG + b"0" * 10_000_001, "huge.png", 413),
        (b"<html><script>alert(1)</script>", "page.pdf", 415),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "drawing.png", 415),
        (b"MZ" + bytes(200), "invoice.pdf.exe", 415),
        (b"plain words", "run.bat", 415),
        (b"", "empty.png", 415),
    ],
)
async def test_what_may_not_be_uploaded(widget: Widget, data: bytes, name: str, status: int) -> None:
    async with widget.online():
        assert (await upload(widget, data, name)).status_code == status


# What Chromium's recorder begins a file with: the container says film, the claim says sound.
WEBM = bytes.fromhex("1a45dfa39f4286810142f7810142f2810442f381084282847765626d") + b"\0" * 200


async def test_a_voice_note_is_one_in_the_inbox(shop: Shop, widget: Widget) -> None:
    async with widget.online():
        uploaded = await upload(widget, WEBM, "voice-message.webm", mime="audio/webm")
        assert uploaded.json()["kind"] == "audio"
        await widget.write(client_id(), upload_id=uploaded.json()["upload_id"], voice_seconds=7.4)
        mine = await widget.message(lambda m: m["content"]["type"] == "media")
        assert mine["content"]["media"]["kind"] == "voice"
        assert mine["content"]["media"]["duration_seconds"] == 7.4
        conversation = await conversation_with(shop, mine["id"])
        [heard] = [e["content"]["media"] for e in await shop.thread(conversation["id"]) if e["id"] == mine["id"]]
        assert (heard["kind"], heard["mime"], heard["duration_seconds"]) == ("voice", "audio/webm", 7.4)
        got = await shop.agent.get(heard["url"])
        assert got.content == WEBM
        assert got.headers["content-disposition"].startswith("inline")
        assert conversation["last_entry"]["text"] == "Voice"


async def test_where_a_visitor_is(shop: Shop, widget: Widget) -> None:
    async with widget.online():
        place = {"latitude": 5.55602, "longitude": -0.1969}
        await widget.write(client_id(), location=place)
        mine = await widget.message(lambda m: m["content"]["type"] == "location")
        conversation = await conversation_with(shop, mine["id"])
        [seen] = [e["content"] for e in await shop.thread(conversation["id"]) if e["id"] == mine["id"]]
        assert {name: seen[name] for name in place} == place
        await widget.write("nowhere-on-earth", location={"latitude": 95, "longitude": 0})
        assert (await widget.frame("error"))["client_id"] == "nowhere-on-earth"


async def test_an_upload_that_no_message_takes_is_deleted_after_a_day(shop: Shop, widget: Widget) -> None:
    async with widget.online():
        sent, unsent = [(await upload(widget, PNG, "a.png")).json()["upload_id"] for _ in range(2)]
        await widget.write(client_id(), "the one that is sent", upload_id=sent)
        await widget.message(lambda m: m["content"]["type"] == "media")
        ws = shop.owner.ws
        thumbnail = (await files.get(ws, unsent)).thumbnail_id
        now = shop.runtime.clock.now()
        assert await files.delete_unused(shop.runtime, now) == 0
        assert await files.delete_unused(shop.runtime, now + timedelta(hours=25)) == 1
        assert await files.delete_unused(shop.runtime, now + timedelta(hours=25)) == 0
        assert await files.read(ws, sent)
        for gone in (unsent, thumbnail):
            with pytest.raises(NotFound):
                await files.read(ws, gone or "")
        await widget.write(client_id(), "the other one", upload_id=unsent)
        assert (await widget.frame("error"))["code"] == "not_found"


async def test_uploads_ask_for_token_and_origin(shop: Shop) -> None:
    site = await connect_site(shop, origins=["https://shop.example.com"])
    widget = Widget(shop.url, site["key"])
    widget.origin = "https://shop.example.com"
    async with widget.online():
        good = await upload(widget, PNG, "a.png", origin=widget.origin)
        assert good.status_code == 201
        assert (await upload(widget, PNG, "a.png", origin="https://evil.example")).status_code == 403
        assert (await upload(widget, PNG, "a.png", origin=widget.origin, token="vt_" + "x" * 43)).status_code == 401
        async with httpx.AsyncClient(base_url=shop.url, trust_env=False) as client:
            for origin, status in ((widget.origin, 204), ("https://evil.example", 403)):
                asked = await client.options("/w/uploads", params={"key": site["key"]}, headers={"origin": origin})
                assert asked.status_code == status
        # Somebody else's upload cannot be sent.
        thief = Widget(shop.url, site["key"])
        thief.origin = widget.origin
        async with thief.online():
            await thief.write(client_id(), upload_id=good.json()["upload_id"])
            assert (await thief.frame("error"))["code"] == "not_found"


# --- settings ---


async def test_the_form_is_checked(shop: Shop, site: Site) -> None:
    assert site["key"].startswith("wk_")
    assert site["snippet"] == f'<script async src="{shop.url}/widget.js" data-key="{site["key"]}"></script>'
    assert "identity_secret" not in site["config"]
    assert "Allowed sites" in site["health"]["summary"]
    for config, field in (
        ({"color": "red"}, "color"),
        ({"origins": ["shop.example.com/path"]}, "origins"),
        ({"reply_time": "never"}, "reply_time"),
        ({"title": "x" * 61}, "title"),
    ):
        body = {"kind": "livechat", "name": "x", "config": config}
        refused = await shop.agent.post("/api/v1/accounts", json=body)
        assert refused.status_code == 422, config
        assert refused.json()["errors"][0]["field"] == f"config.{field}"
