"""Who may be one person: each reason by itself, what somebody has decided, and looking through all contacts."""

import uuid
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.core import ids
from crm import duplicate_search, duplicates
from crm.store import duplicates as store
from tests.support import servers
from tests.support.persons import Persons
from tests.support.shop import Shop, eventually
from tests.support.widgets import Widget, text_of
from tests.web.test_chat_socket import connect_site, conversation_of, signed
from web.app import create_app


async def suggested(shop: Shop, contact_id: str) -> dict[str, list[dict[str, str]]]:
    """Who else it may be, by contact id, with the reasons."""
    listed = await shop.get(f"/contacts/{contact_id}/duplicates")
    pairs = listed["items"]
    return {each["id"]: pair["reasons"] for pair in pairs for each in pair["contacts"] if each["id"] != contact_id}


async def in_list(shop: Shop, *contact_ids: str) -> dict[str, Any] | None:
    """The pair of these two, where everybody looks."""
    listed = await shop.get("/duplicates", limit=200)
    pairs = {frozenset(each["id"] for each in pair["contacts"]): pair for pair in listed["items"]}
    return pairs.get(frozenset(contact_ids))


async def listed_as(shop: Shop, code: str, first: str, second: str) -> str:
    """Suggested on both and in the list, first of all for this reason; its words."""

    async def look() -> Any:
        return await in_list(shop, first, second)

    pair = await eventually(look)
    for mine, other in ((first, second), (second, first)):
        reasons = (await suggested(shop, mine))[other]
        assert reasons == pair["reasons"]
        assert reasons[0]["code"] == code
    words: str = pair["reasons"][0]["words"]
    return words


async def test_each_reason_and_its_words(shop: Shop) -> None:
    persons, tag = Persons(shop), ids.new("x")[-6:]
    names = {name: f"{name} {tag}" for name in ("Abena Ofori", "Yaa Asante", "Tomas Lindqvist", "Ines Carvalho")}
    # The same number on two channels.
    both = await shop.customer(name=names["Abena Ofori"])
    first = (await persons.says(both, f"on the app {tag}"))["contact_id"]
    second = (await persons.says(both, f"by text {tag}", channel="sms"))["contact_id"]
    words = await listed_as(shop, "same_phone", first, second)
    assert words.startswith("Both have the number +1 202-555-")
    assert words.endswith(", on WhatsApp and on SMS.")
    # A number in somebody's notes.
    noted, _ = await persons.someone(f"Noted {tag}")
    third, customer = await persons.someone(f"Caller {tag}")
    await shop.agent.patch(f"/api/v1/contacts/{noted}", json={"notes": f"Also {customer['phone']}, evenings"})
    assert await listed_as(shop, "same_phone", noted, third) == f"Both have the number {spaced(customer['phone'])}."
    # An e-mail address that a visitor tells after a while, and one in the notes.
    site = await connect_site(shop)
    widget = Widget(shop.url, site["key"])
    mail = f"ines.{tag}@example.com"
    async with widget.online():
        await widget.write(uuid.uuid4().hex, f"hello {tag}")
        visitor = (await conversation_of(shop, f"hello {tag}"))["contact_id"]
        await shop.agent.patch(f"/api/v1/contacts/{noted}", json={"notes": f"Ask {mail.upper()}"})
        await widget.send(type="details", client_id=uuid.uuid4().hex, email=mail)
        assert await listed_as(shop, "same_email", visitor, noted) == f"Both have the e-mail address {mail}."
    # The site's own id, however it writes it.
    people: list[str] = []
    for subject in (f"Customer-{tag}", f"customer-{tag.upper()}"):
        signed_in = Widget(shop.url, site["key"], identity=signed(site, sub=subject))
        async with signed_in.online():
            await signed_in.write(uuid.uuid4().hex, f"I am {subject}")
            await signed_in.message(lambda m, subject=subject: text_of(m) == f"I am {subject}")
        people.append((await conversation_of(shop, f"I am {subject}"))["contact_id"])
    words = await listed_as(shop, "same_id", *people)
    assert words == f"Both are user customer-{tag.lower()} of your site or system."
    # Nearly the same full name, and numbers of which one digit was typed wrong. A name alone is no reason.
    phone = both["phone"]
    other = phone[:-5] + str((int(phone[-5]) + 1) % 10) + phone[-4:]
    near = await shop.customer(name=f"Abena Ofory {tag}", phone=other)
    alone = await shop.customer(name=names["Abena Ofori"], phone=f"+1303555{phone[-4:]}")
    near_id = (await persons.says(near, f"a digit off {tag}"))["contact_id"]
    alone_id = (await persons.says(alone, f"far away {tag}"))["contact_id"]
    words = await listed_as(shop, "same_name", first, near_id)
    assert words.endswith("are almost one name, and their numbers differ by one digit.")
    assert alone_id not in await suggested(shop, first)
    # The same name under the same user name, on channels that know no number of each other.
    handle = f"tomas_{tag}"
    hidden = await shop.customer(name=names["Tomas Lindqvist"], username=handle, hides_phone=True)
    on_app = (await persons.says(hidden, f"user name {tag}"))["contact_id"]
    await shop.writes("telegram", hidden["id"], type="start")
    on_telegram = (await persons.says(hidden, f"and here {tag}", channel="telegram"))["contact_id"]
    words = await listed_as(shop, "same_name", on_app, on_telegram)
    assert words == f"Both are called {names['Tomas Lindqvist']}, and the username {handle}."


def spaced(phone: str) -> str:
    return f"+1 {phone[2:5]}-{phone[5:8]}-{phone[8:]}"


async def test_not_the_same_stays_so(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicate_search, "AT_ONCE", 3)
    persons, tag = Persons(shop), ids.new("x")[-6:]
    ws = persons.ws
    both = await shop.customer(name=f"Kofi Twice {tag}")
    first = (await persons.says(both, f"k1 {tag}"))["contact_id"]
    second = (await persons.says(both, f"k2 {tag}", channel="sms"))["contact_id"]
    await listed_as(shop, "same_phone", first, second)
    pair = await in_list(shop, first, second)
    assert pair
    found = await duplicates.get(ws, pair["id"])
    decided = await shop.post("/duplicates/dismiss", contact_id=second, other_id=first)
    assert decided == {"id": pair["id"]}
    # Whoever was just about to suggest them meets the decision.
    assert not await store.suggest(ws, found, found)
    assert not await store.suggest(ws, found, None)

    async def nowhere(client: httpx.AsyncClient) -> None:
        for contact_id in (first, second):
            answer = await client.get(f"/api/v1/contacts/{contact_id}/duplicates")
            assert answer.json()["items"] == []
        listed = (await client.get("/api/v1/duplicates", params={"limit": 200})).json()["items"]
        assert pair["id"] not in {each["id"] for each in listed}

    await nowhere(shop.agent)
    # Both change and are looked at anew, and so is everybody.
    for contact_id in (first, second):
        await shop.agent.patch(f"/api/v1/contacts/{contact_id}", json={"notes": f"Ask {tag}@example.com"})
        await duplicates.look(ws, contact_id)
    begun = (await shop.post("/duplicates/look", 202))["search"]
    assert (begun["state"], begun["by_name"]) == ("running", "Olu Owner")
    again = (await shop.post("/duplicates/look", 202))["search"]
    assert again["started_at"] == begun["started_at"]
    shares: list[float] = [begun["share"]]

    async def done() -> Any:
        search = (await shop.get("/duplicates/look"))["search"]
        shares.append(search["share"])
        return search if search["state"] == "done" else None

    search = await eventually(done)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert search["looked_at"] == len(await ws.db.contacts.find({"merged_into": None}, limit=1_000))
    await nowhere(shop.agent)
    # Another process, started later.
    async with servers.live(create_app(shop.runtime.settings)) as url:
        elsewhere = await shop.people.sign_in(ws, shop.owner.member, base_url=url)
        await nowhere(elsewhere.client)
    # Nor is it forgotten where one of them has become a part of a third.
    third, _ = await persons.someone(f"Third {tag}")
    merge_id = await persons.merge(third, second)
    await duplicates.look(ws, first)
    await duplicates.look(ws, third)
    assert await suggested(shop, first) == await suggested(shop, third) == {}
    await shop.post(f"/merges/{merge_id}/undo")
    await nowhere(shop.agent)
    # Taken back, they are suggested as before.
    await shop.post(f"/duplicates/{pair['id']}/restore", 204)
    await listed_as(shop, "same_phone", first, second)
    actions = [row["action"] for row in await ws.db.audit.find({}, limit=500)]
    for action in ("contact.told_apart", "contact.not_told_apart", "contact.duplicates_sought"):
        assert action in actions


async def test_a_search_that_was_left_goes_on(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its worker died, or Redis forgot the job: whoever looks at it puts it back to work."""
    monkeypatch.setattr(duplicate_search, "AT_ONCE", 2)
    persons = Persons(shop)
    ws, tag = persons.ws, ids.new("x")[-6:]
    made = [(await persons.someone(f"Left {name} {tag}"))[0] for name in ("One", "Two", "Three")]
    now = ws.clock.now()
    stalled = now - duplicate_search.STALLED_AFTER - timedelta(seconds=5)
    left = duplicate_search.Search(
        started_at=stalled, moved_at=stalled, by="Ama", after=min(made), batch=1, looked_at=2
    )
    await ws.db.duplicate_searches.update({"_id": ws.id}, {"$set": store_row(left)}, upsert=True)

    async def done() -> Any:
        search = (await shop.get("/duplicates/look"))["search"]
        return search if search["state"] == "done" else None

    search = await eventually(done)
    behind = [row for row in await ws.db.contacts.find({}, limit=1_000) if row["_id"] > min(made)]
    assert search["looked_at"] == 2 + len(behind)


def store_row(search: duplicate_search.Search) -> dict[str, Any]:
    return {name: getattr(search, name) for name in duplicate_search.Search.__slots__}
