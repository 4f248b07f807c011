"""Lists of contacts: narrowed, in three orders, page by page; static lists and tags, one by one and in bulk."""

from typing import Any

from app.core.addresses import Address
from app.core.permissions import SYSTEM
from app.core.runtime import Workspace
from crm import contacts, profiles
from crm.contacts import Profile
from tests.support.people import Person
from tests.support.shop import Shop, eventually

PEOPLE = 30


async def crowd(ws: Workspace, start: int = 0) -> list[str]:
    found = []
    for number in range(start, start + PEOPLE):
        profile = Profile(name=f"Person {number:03d}", language="fr" if number % 3 else "en-GB")
        found.append((await contacts.resolve(ws, Address("sms", f"+1202556{number:04d}"), profile=profile)).contact_id)
    return found


async def names(owner: Person, **query: Any) -> list[str]:
    """All pages of a list, each contact once."""
    found: list[str] = []
    cursor = None
    while True:
        more = {"cursor": cursor} if cursor else {}
        answer = await owner.client.get("/api/v1/contacts", params={"limit": 7, **query, **more})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [each["name"] for each in page["items"]]
        assert len(page["items"]) <= 7
        cursor = page["next_cursor"]
        if cursor is None:
            assert len(found) == len(set(found))
            return found


async def test_lists_are_narrowed_ordered_and_counted(owner: Person) -> None:
    ws = owner.ws
    ids = await crowd(ws)
    for number in range(0, PEOPLE, 4):
        await profiles.edit(ws, SYSTEM, ids[number], {"stage": "lead"})
    everybody = [f"Person {number:03d}" for number in range(PEOPLE)]
    assert await names(owner) == everybody[::-1]
    assert await names(owner, sort="name") == everybody
    leads = everybody[::4]
    assert await names(owner, stage="lead") == leads[::-1]
    assert await names(owner, stage="lead", sort="name") == leads
    english = everybody[::3]
    assert await names(owner, language="en", sort="name") == english
    both = [name for name in english if name in leads]
    assert await names(owner, language="en", stage="lead", sort="name") == both
    count = await owner.client.get("/api/v1/contacts/count", params={"stage": "lead"})
    assert count.json() == {"count": len(leads), "more": False}
    found = await owner.client.get("/api/v1/contacts", params={"q": "person 004", "stage": "lead"})
    assert [each["name"] for each in found.json()["items"]] == ["Person 004"]
    # Neither is somebody else shown, nor everybody where there is nothing to look for.
    for text in ("person 005", "🎸", "?"):
        wanted = {"q": text, "stage": "lead"}
        assert (await owner.client.get("/api/v1/contacts", params=wanted)).json()["items"] == []
    now = (await owner.client.get("/api/v1/contact-fields")).json()
    await owner.client.put("/api/v1/contact-fields", json={**now, "region": "US"})
    local = await owner.client.get("/api/v1/contacts", params={"q": "(202) 556-0007"})
    assert [each["name"] for each in local.json()["items"]] == ["Person 007"]


async def test_many_are_put_on_a_list_and_taken_off_again(shop: Shop) -> None:
    owner, ws = shop.owner, shop.owner.ws
    ids = await crowd(ws, 100)
    made = (await owner.client.post("/api/v1/contact-lists", json={"name": "Spring  guests"})).json()
    assert made["name"] == "Spring guests"
    again = await owner.client.post("/api/v1/contact-lists", json={"name": "spring guests"})
    assert (again.status_code, again.json()["code"]) == (409, "name_taken")
    tag = (await owner.client.post("/api/v1/tags", json={"name": "VIP"})).json()["id"]
    few = await owner.client.post(f"/api/v1/contacts/{ids[0]}/tags", json={"add": [tag]})
    assert few.json()["tags"] == [tag]
    wrong = await owner.client.post(f"/api/v1/contacts/{ids[0]}/tags", json={"add": ["tag_gone"]})
    assert wrong.status_code == 422
    refused = await owner.client.delete(f"/api/v1/tags/{tag}")
    assert refused.json()["used_in"] == [{"type": "contacts", "id": "", "name": "1"}]

    async def bulk(**body: Any) -> dict[str, Any]:
        begun = await owner.client.post("/api/v1/contacts/bulk", json=body)
        assert begun.status_code == 202, begun.text

        async def look() -> dict[str, Any] | None:
            now: dict[str, Any] = (await owner.client.get(f"/api/v1/bulk/{begun.json()['id']}")).json()
            return now if now["state"] == "done" else None

        return await eventually(look)

    # That one is on it already.
    await owner.client.post(f"/api/v1/contacts/{ids[1]}/lists", json={"add": [made["id"]]})
    done = await bulk(action={"type": "lists", "add": [made["id"]]}, filter={"language": "fr"})
    assert (done["done"] + done["same"], done["failed"]) == (20, 0)
    on_it = {"list": made["id"], "limit": 200}
    assert len((await shop.get("/contacts", **on_it))["items"]) == 20
    tagged = await bulk(action={"type": "tags", "add": [tag]}, ids=ids[:3])
    assert (tagged["done"], tagged["same"]) == (2, 1)
    await owner.client.post(f"/api/v1/bulk/{done['id']}/undo")

    async def left() -> bool:
        found = await shop.get("/contacts", **on_it)
        return [each["id"] for each in found["items"]] == [ids[1]]

    await eventually(left)
    merged = (await owner.client.post("/api/v1/tags", json={"name": "Very important"})).json()["id"]
    await owner.client.post(f"/api/v1/tags/{tag}/merge", json={"into": merged})

    async def followed() -> bool:
        found = await shop.get("/contacts", tag=merged)
        return len(found["items"]) == 3

    await eventually(followed)
    actions = [item["action"] for item in (await owner.client.get("/api/v1/audit")).json()["items"]]
    assert {"contact_list.created", "contact.tagged", "contact.listed", "bulk.begun"} <= set(actions)


async def test_last_active_is_by_conversations(shop: Shop) -> None:
    first, second = [(await shop.someone("sms"))[1] for _ in range(2)]
    found = await shop.get("/contacts", sort="active", limit=2)
    assert [each["id"] for each in found["items"]] == [second["contact_id"], first["contact_id"]]
