"""Each member has read what they have read: what one looks at changes nothing for others, unless it is settled."""

from typing import Any

import pytest

from app.core.permissions import Role
from inbox.finding import listing
from tests.support.people import Person
from tests.support.shop import Shop, eventually


async def unread(person: Person, conversation_id: str) -> int:
    found = (await person.client.get(f"/api/v1/conversations/{conversation_id}")).json()
    count: int = found["unread_by"].get(person.member.id, found["unread"])
    return count


async def counts(person: Person) -> dict[str, Any]:
    found: dict[str, Any] = (await person.client.get("/api/v1/conversations/counts")).json()
    return found


async def listed(person: Person, **query: Any) -> list[str]:
    answer = await person.client.get("/api/v1/conversations", params={"limit": 200, **query})
    return [item["id"] for item in answer.json()["items"]]


async def act(person: Person, conversation_id: str, what: str, **body: Any) -> None:
    answer = await person.client.post(f"/api/v1/conversations/{conversation_id}/{what}", json=body)
    assert answer.is_success, answer.text


@pytest.fixture
async def ama(shop: Shop) -> Person:
    return await shop.people.join(shop.owner.ws, Role.AGENT)


async def test_what_one_has_read_others_have_not(shop: Shop, ama: Person) -> None:
    olu = shop.owner
    person, conversation = await shop.someone("sms")
    one, last = conversation["id"], conversation["last_number"]
    view = await shop.post(
        "/views", 201, name="Texts", shared=True, rule={"field": "channels", "op": "has_any", "value": ["sms"]}
    )
    before = {each.member.id: await counts(each) for each in (olu, ama)}
    await act(olu, one, "read", up_to=last)
    assert (await unread(olu, one), await unread(ama, one)) == (0, 1)
    assert one not in await listed(olu, view="unread")
    assert one in await listed(ama, view="unread")
    assert one not in await listed(olu, unread="true")
    after = {each.member.id: await counts(each) for each in (olu, ama)}
    assert after[olu.member.id]["unread"] == before[olu.member.id]["unread"] - 1
    assert after[olu.member.id]["unread_in"]["unassigned"] == before[olu.member.id]["unread_in"]["unassigned"] - 1
    assert after[ama.member.id]["unread"] == before[ama.member.id]["unread"]

    # What the customer writes next is news for everybody; what we write, or what happens, for nobody.
    await shop.writes("sms", person["id"], type="text", text="Still there?")
    await eventually(lambda: _is(olu, one, 1))
    assert await unread(ama, one) == 2
    await act(olu, one, "priority", priority="high")
    await act(olu, one, "notes", client_id="0b9e3e68-7a43-4d1c-8d33-5e1d5a6c0f01", text="Ask Ben")
    await act(olu, one, "read", up_to=10**6)
    assert (await unread(olu, one), await unread(ama, one)) == (0, 2)

    # From a message on: as many as the customer has written since.
    await act(olu, one, "unread", since=last)
    assert await unread(olu, one) == 2
    await act(olu, one, "read", up_to=10**6)
    begun = await shop.post("/bulk", 202, action={"type": "unread"}, ids=[one])
    assert (begun["state"], begun["done"], await unread(olu, one)) == ("done", 1, 1)
    await shop.post(f"/bulk/{begun['id']}/undo")
    assert (await unread(olu, one), await unread(ama, one)) == (0, 2)

    # A view counts for each who sees it, as soon as it has been worked out.
    async def counted() -> bool:
        return (await shop.get("/conversations/counts"))["views"].get(view["id"], 0) > 0

    await eventually(counted)
    for each, number in ((olu, 0), (ama, 1)):
        assert (await counts(each))["unread_in"]["views"][view["id"]] == number


async def _is(person: Person, conversation_id: str, number: int) -> bool:
    return await unread(person, conversation_id) == number


async def test_an_answer_is_read_by_all_or_by_its_writer_alone(shop: Shop, ama: Person) -> None:
    olu = shop.owner
    _, conversation = await shop.someone("whatsapp")
    await shop.answers(conversation["id"], "At five.")
    assert (await unread(olu, conversation["id"]), await unread(ama, conversation["id"])) == (0, 0)

    kept = await shop.get("/closing")
    changed = await olu.client.put("/api/v1/closing", json={**kept, "read_when_answered": False})
    assert changed.status_code == 200, changed.text
    _, conversation = await shop.someone("whatsapp")
    await shop.answers(conversation["id"], "At six.")
    assert (await unread(olu, conversation["id"]), await unread(ama, conversation["id"])) == (0, 1)
    await act(ama, conversation["id"], "close")
    assert (await unread(olu, conversation["id"]), await unread(ama, conversation["id"])) == (0, 0)
    await olu.client.put("/api/v1/closing", json=kept)


async def test_a_count_that_stops_says_so(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "COUNTED_WITHIN", 2)
    body = {"name": "Front", "permissions": ["inbox.read", "inbox.reply"], "scope": "teams", "unclaimed": True}
    role = await shop.post("/roles", 201, **body)
    ama = await shop.people.join(shop.owner.ws, role["id"])

    talks = [(await shop.someone("sms"))[1]["id"] for _ in range(4)]
    found = await counts(ama)
    assert {"open", "unassigned", "unread", "waiting"} <= set(found["at_least"])
    assert found["open"] == 2
    # One's own is exact, however much there is of everything else.
    for talk in talks[:3]:
        await shop.post(f"/conversations/{talk}/assign", member_id=ama.member.id)
    found = await counts(ama)
    assert found["mine"] == 3
    assert not {"mine", "mentions", "snoozed", "closed"} & set(found["at_least"])
    everything = await counts(shop.owner)
    assert everything["open"] >= 4
    assert everything["at_least"] == []
