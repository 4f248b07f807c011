"""Segments: who is in them stays true by itself; counts, previews, overlap, snapshots; what is refused."""

from collections.abc import Mapping
from typing import Any

from app.core.addresses import Address
from app.core.runtime import Workspace
from crm import consent, contacts
from crm.consent import ConsentFact
from crm.contacts import Profile
from tests.support.people import Person
from tests.support.shop import Shop, eventually

VIP = {"field": "fields.tier", "op": "is", "value": "gold"}


async def someone(ws: Workspace, number: int, **profile: Any) -> str:
    address = Address("sms", f"+1202557{number:04d}")
    known = Profile(name=f"Person {number:03d}", **profile)
    return (await contacts.resolve(ws, address, profile=known)).contact_id


async def make(person: Person, name: str, rule: Mapping[str, Any]) -> str:
    made = await person.client.post("/api/v1/segments", json={"name": name, "rule": rule})
    assert made.status_code == 201, made.text
    found: str = made.json()["id"]
    return found


async def members(person: Person, segment_id: str) -> set[str]:
    answer = await person.client.get(f"/api/v1/segments/{segment_id}/members")
    assert answer.status_code == 200, answer.text
    return {each["id"] for each in answer.json()["items"]}


async def becomes(person: Person, segment_id: str, wanted: set[str]) -> None:
    async def look() -> bool:
        shown = (await person.client.get(f"/api/v1/segments/{segment_id}")).json()
        there = await members(person, segment_id)
        return there == wanted and shown["state"] == "ready" and shown["count"] == len(wanted) and shown["exact"]

    await eventually(look)


async def test_who_is_in_a_segment_follows_every_change(shop: Shop) -> None:
    person = shop.owner
    ws, client = person.ws, person.client
    fields = {"revision": 0, "fields": [{"key": "tier", "label": "Tier", "kind": "choice", "options": ["gold", "tin"]}]}
    stages = [{"id": "lead", "label": "Lead"}, {"id": "customer", "label": "Customer"}]
    saved = await client.put("/api/v1/contact-fields", json={**fields, "stages": stages, "region": None})
    assert saved.status_code == 200, saved.text
    ids = [await someone(ws, number) for number in range(5)]
    first, second, third, fourth, fifth = ids
    tag = (await shop.post("/tags", 201, name="Friends", colour="teal"))["id"]
    at_list = (await shop.post("/contact-lists", 201, name="Spring"))["id"]

    async def edit(contact_id: str, **values: Any) -> None:
        answer = await client.patch(f"/api/v1/contacts/{contact_id}", json=values)
        assert answer.status_code == 200, answer.text

    await edit(first, fields={"tier": "gold"})
    gold = await make(person, "Gold", VIP)
    await becomes(person, gold, {first})
    leads = await make(person, "Leads", {"field": "stage", "op": "is", "value": "lead"})
    tagged = await make(
        person,
        "Tagged or listed",
        {
            "any": [
                {"field": "tags", "op": "has_any", "value": [tag]},
                {"field": "lists", "op": "has_any", "value": [at_list]},
            ]
        },
    )
    willing = await make(person, "Willing", {"field": "consent.sms.marketing", "op": "is", "value": "granted"})
    both = await make(person, "Gold leads", {"all": [VIP, {"field": "segments", "op": "has_any", "value": [leads]}]})
    await becomes(person, tagged, set())

    await edit(second, fields={"tier": "gold"}, stage="lead")
    await edit(first, fields={"tier": "tin"})
    await shop.post(f"/contacts/{third}/tags", add=[tag])
    await shop.post(f"/contacts/{fourth}/lists", add=[at_list])
    await becomes(person, gold, {second})
    await becomes(person, leads, {second})
    await becomes(person, both, {second})
    await becomes(person, tagged, {third, fourth})
    await shop.post(f"/contacts/{third}/tags", remove=[tag])
    await becomes(person, tagged, {fourth})

    fact = ConsentFact(
        contact_id=fifth,
        address=Address("sms", "+12025570004"),
        purposes=("marketing",),
        state="granted",
        source="form",
        evidence="form/1",
        at=ws.clock.now(),
    )
    await consent.record(ws, fact)
    await becomes(person, willing, {fifth})
