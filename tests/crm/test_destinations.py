"""The address book: typed or kept from a shared location, corrected, masked, merged, parted, copied and erased."""

import io
import zipfile
from typing import Any

import orjson

from app.core import ids
from tests.support.people import People, Person
from tests.support.persons import Persons
from tests.support.shop import Shop, eventually


async def book(person: Person, contact_id: str) -> list[dict[str, Any]]:
    answer = await person.client.get(f"/api/v1/contacts/{contact_id}/destinations")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_an_address_book_from_beginning_to_end(shop: Shop) -> None:
    persons, owner, tag = Persons(shop), shop.owner, ids.new("x")[-6:]
    mine, customer = await persons.someone(f"Adwoa {tag}")
    path = f"/api/v1/contacts/{mine}/destinations"
    home = {"label": "Home", "text": "12 Ring Road\nAccra", "recipient": "Adwoa", "note": "Blue gate"}
    made = await owner.client.post(path, json=home)
    assert made.status_code == 201, made.text
    (first,) = made.json()["items"]
    # The first one is the default by itself.
    assert (first["label"], first["text"], first["default"], first["source"]) == ("Home", home["text"], True, "member")
    for wrong, field in (
        ({"label": "Nowhere"}, "text"),
        ({"text": "x", "latitude": 5.6}, "longitude"),
        ({"latitude": 95, "longitude": 0}, "latitude"),
    ):
        refused = await owner.client.post(path, json=wrong)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field), wrong

    # Kept from a message, once, and by who sees it only.
    await shop.writes("whatsapp", customer["id"], type="location", latitude=5.60371, longitude=-0.18696, name="My shop")
    thread = await shop.conversation_with(f"Adwoa {tag}")
    entry = await shop.entry_where(thread["id"], lambda each: (each["content"] or {}).get("type") == "location")
    for _ in range(2):
        kept = (await shop.post(f"/contacts/{mine}/destinations/keep", entry_id=entry["id"]))["items"]
    assert [(each["label"], each["source"], each["default"]) for each in kept] == [
        ("Home", "member", True),
        ("My shop", "message", False),
    ]
    assert kept[1]["latitude"] == 5.60371
    hello = (await shop.thread(thread["id"]))[0]
    wrong_entry = await owner.client.post(f"{path}/keep", json={"entry_id": hello["id"]})
    assert wrong_entry.status_code == 422

    # Corrected against what the screen showed, with what it was; and another default.
    shop_id = kept[1]["id"]
    edited = (
        await owner.client.patch(f"{path}/{first['id']}", json={"text": "14 Ring Road\nAccra", "revision": 1})
    ).json()["items"][0]
    assert edited["past"][0]["values"] == {"text": "12 Ring Road\nAccra"}
    stale = await owner.client.patch(f"{path}/{first['id']}", json={"text": "Elsewhere", "revision": 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "changed_meanwhile")
    moved = (await owner.client.patch(f"{path}/{shop_id}", json={"default": True})).json()["items"]
    assert [each["id"] for each in moved if each["default"]] == [shop_id] == [moved[0]["id"]]

    # Who does not see addresses sees that there are some, and about where.
    role = await shop.post(
        "/roles",
        201,
        name=f"Courier desk {tag}",
        permissions=["inbox.read", "contacts.read", "contacts.write"],
        scope="everything",
        masks=["addresses"],
    )
    people: People = shop.people
    clerk = await people.join(owner.ws, role["id"])
    hidden = await book(clerk, mine)
    assert {each["text"] for each in hidden} == {"••••", ""}
    assert (hidden[0]["latitude"], hidden[0]["longitude"], hidden[1]["past"]) == (5.6, -0.2, [])
    assert "Ring Road" not in orjson.dumps(hidden).decode()
    page = (await clerk.client.get(f"/api/v1/contacts/{mine}/entries", params={"limit": 50})).json()
    shared = next(each["content"] for each in page["items"] if (each["content"] or {}).get("type") == "location")
    assert (shared["latitude"], shared["name"]) == (5.6, "••••")
    refused = await clerk.client.patch(f"{path}/{first['id']}", json={"text": "Mine now"})
    assert (refused.status_code, refused.json()["code"]) == (403, "masked")

    # A merge reads both books, parting gives each its own.
    other, _ = await persons.someone(f"Adwoa Two {tag}")
    await shop.post(f"/contacts/{other}/destinations", 201, label="Work", text="3 Castle Street")
    merge_id = await persons.merge(mine, other)
    both = await book(owner, mine)
    assert {each["label"] for each in both} == {"Home", "My shop", "Work"}
    work = next(each for each in both if each["label"] == "Work")
    await owner.client.patch(f"{path}/{work['id']}", json={"note": "Second floor"})
    await shop.post(f"/merges/{merge_id}/undo")
    assert [each["note"] for each in await book(owner, other)] == ["Second floor"]
    assert {each["label"] for each in await book(owner, mine)} == {"Home", "My shop"}
    gone = await owner.client.delete(f"{path}/{work['id']}")
    assert gone.status_code == 404
    left = (await owner.client.delete(f"{path}/{shop_id}")).json()["items"]
    assert [each["label"] for each in left] == ["Home"]

    # In the copy of everything, and in nothing after the end.
    archive = zipfile.ZipFile(io.BytesIO((await owner.client.get(f"/api/v1/contacts/{mine}/copy")).content))
    assert orjson.loads(archive.read("addresses.json"))[0]["text"] == "14 Ring Road\nAccra"
    await shop.post(f"/contacts/{mine}/erase", 202, name=f"Adwoa {tag}")

    async def erased() -> bool:
        rows = await owner.ws.db.destinations.find({"contact_id": mine}, limit=10)
        return not rows

    await eventually(erased)
    actions = [item["action"] for item in (await owner.client.get("/api/v1/audit")).json()["items"]]
    assert {"contact.destination_added", "contact.destination_changed", "contact.destination_deleted"} <= set(actions)
