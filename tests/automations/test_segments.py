"""Segments: who is in them stays true by itself; counts, previews, overlap, snapshots; what is refused."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from app.core.addresses import Address
from app.core.runtime import Workspace
from automations.store import segments as segment_rows
from channels.content import Text
from crm import consent, contacts, happenings
from crm.consent import ConsentFact
from crm.contacts import Profile
from crm.store import contacts as contact_rows
from inbox.mailings import mailings
from inbox.mailings.mailing import Batch, Recipient
from tests.inbox.test_mailings import ended, opened
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


async def test_messages_events_time_and_merges_move_people(shop: Shop) -> None:
    person = shop.owner
    ws, client = person.ws, person.client
    talker, thread = await shop.someone("whatsapp")
    ana = thread["contact"]["id"]
    others = [await someone(ws, number) for number in range(20, 23)]
    wrote = {"count": "message_in", "within": {"amount": 7, "unit": "days"}, "op": "gt", "value": 1}
    often = await make(person, "Wrote twice", wrote)
    told = [
        {"id": f"o{n}", "kind": "order", "contact_id": others[n // 2], "attributes": {"total": 10 * n, "first": n == 0}}
        for n in range(5)
    ]
    assert (await shop.post("/events", events=told)) == {"new": 5}
    assert (await shop.post("/events", events=told)) == {"new": 0}
    shown = await shop.get("/segments/catalogue")
    order = next(each for each in shown["events"] if each["name"] == "order")
    assert {each["name"]: each["type"] for each in order["attributes"]} == {"total": "number", "first": "boolean"}
    large = [{"field": "total", "op": "gt", "value": 5}]
    buyers = await make(person, "Bought twice", {"count": "order", "where": large, "op": "gt", "value": 1})
    # Whom time alone moves: their row says when.
    fresh = {"not": {"field": "created_at", "op": "older_than", "value": {"amount": 365, "unit": "days"}}}
    new = await make(person, "New", {"all": [fresh, {"field": "name", "op": "contains", "value": "Person 02"}]})
    await becomes(person, buyers, {others[1]})
    await becomes(person, often, set())
    await becomes(person, new, set(others))
    await shop.writes("whatsapp", talker["id"], type="text", text="Once more")
    await becomes(person, often, {ana})
    dues = await segment_rows.dues(ws, others)
    assert set(dues) == set(others)
    assert all(at > ws.clock.now() for at in dues.values())
    # A year later, as far as they can tell.
    year = timedelta(days=366)
    rows = await contact_rows.contacts_by_id(ws, others[:1])
    await contact_rows.save_contact(ws, replace(rows[others[0]], created_at=ws.clock.now() - year), [], [])
    await becomes(person, new, set(others[1:]))
    soon = ws.clock.now() + timedelta(seconds=1)
    await ws.db.contacts.update({"_id": others[1]}, {"$set": {"created_at": soon - timedelta(days=365)}})
    await segment_rows.move_dues(ws, {others[1]: soon + timedelta(milliseconds=1)})
    await becomes(person, new, {others[2]})

    # Two who are one bought twice together; parted they did not.
    fewer = await make(person, "Bought three times", {"count": "order", "op": "gt", "value": 2})
    await becomes(person, fewer, set())
    preview = await shop.get(f"/contacts/{others[0]}/merge", from_id=others[1])
    merged = await client.post(
        f"/api/v1/contacts/{others[0]}/merge", json={"from_id": others[1], "version": preview["version"]}
    )
    assert merged.status_code < 300, merged.text
    await becomes(person, fewer, {others[0]})
    await becomes(person, buyers, {others[0]})
    (merge,) = (await shop.get(f"/contacts/{others[0]}/merges"))["items"]
    await shop.post(f"/merges/{merge['id']}/undo")
    await becomes(person, fewer, set())
    await becomes(person, buyers, {others[1]})


async def test_what_providers_report_of_broadcasts_is_counted(shop: Shop) -> None:
    person, ws = shop.owner, shop.owner.ws
    people = [await shop.someone("whatsapp") for _ in range(3)]
    reads, gets, _ = [customer["id"] for customer, _ in people]
    read, got, missed = [talk["contact_id"] for _, talk in people]
    await shop.knobs(customers={reads: {"read": "auto"}, gets: {"read": "never"}})
    week = {"within": {"amount": 7, "unit": "days"}}
    here = {"where": [{"field": "channel", "op": "is", "value": "whatsapp"}]}
    delivered = {"count": "campaign_delivered", **week, **here, "op": "gt", "value": 0}
    readers = await make(
        person, "Read lately", {"count": "campaign_read", "op": "within_last", "value": week["within"]}
    )
    silent = await make(
        person,
        "Got two, read none",
        {"all": [{**delivered, "value": 1}, {"count": "campaign_read", "op": "is", "value": 0}]},
    )
    elsewhere = {"where": [{"field": "channel", "op": "is", "value": "sms"}]}
    other = await make(person, "Got one elsewhere", {**delivered, **elsewhere})
    for number in range(2):
        mailing = await opened(shop, Text(text=f"Lamps {number}"))
        to = tuple(
            Recipient(contact_id=talk["contact_id"], address=talk["reach"][0]["address"]) for _, talk in people[:2]
        )
        await mailings.add(ws, mailing.id, [Batch(seq=0, recipients=to, account_id=shop.accounts["whatsapp"])])
        await mailings.completed(ws, mailing.id, 1)
        await mailings.start(ws, mailing.id)
        await ended(shop, mailing)
    await becomes(person, readers, {read})
    await becomes(person, silent, {got})
    # Worked out anew, over all contacts, the answer is the same.
    reached = await make(person, "Got one", delivered)
    await becomes(person, reached, {read, got})
    assert missed not in await members(person, reached)
    assert await members(person, other) == set()
    # No report has cost a row of its own.
    kinds = [each.kind for each in await happenings.of_each(ws, [read], [*happenings.REPORTED, happenings.SENT])]
    assert kinds == [happenings.SENT] * 2


async def test_a_segment_is_tried_compared_kept_and_refused(shop: Shop) -> None:
    person = shop.owner
    ws, client = person.ws, person.client
    ids = [await someone(ws, number, language="pt" if number % 2 else "en") for number in range(30, 42)]
    odd = {"field": "language", "op": "is", "value": "pt"}
    high = {"field": "name", "op": "starts_with", "value": "Person 04"}
    tried = await shop.post("/segments/preview", rule={"all": [odd, high]})
    assert (tried["count"], tried["exact"], [each["id"] for each in tried["sample"]]) == (1, True, [ids[11]])
    one, other = await make(person, "Odd", odd), await make(person, "High", high)
    await becomes(person, other, set(ids[10:]))
    await becomes(person, one, set(ids[1::2]))
    shared = await shop.get("/segments/overlap", one=one, other=other)
    assert [each["id"] for each in shared.pop("sample")] == [ids[11]]
    assert shared == {"one": 6, "other": 2, "both": 1, "exact": True}

    frozen = await shop.post(f"/segments/{one}/freeze", 201, name="Odd ones")
    listed = await make(person, "On it", {"field": "lists", "op": "has_any", "value": [frozen["id"]]})
    await becomes(person, listed, set(ids[1::2]))

    shown = await shop.get(f"/segments/{one}")
    assert shown["curve"][-1]["count"] == 6
    on = {"field": "segments", "op": "has_any", "value": [one]}
    inner = await make(person, "Of the odd", on)
    await becomes(person, inner, set(ids[1::2]))
    in_use = await client.delete(f"/api/v1/segments/{one}")
    assert (in_use.status_code, in_use.json()["used_in"][0]["id"]) == (409, inner)
    circle = {"field": "segments", "op": "has_any", "value": [inner]}
    refused = await client.patch(f"/api/v1/segments/{one}", json={"revision": shown["revision"], "rule": circle})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "rule")
    gone = await client.post("/api/v1/segments", json={"name": "x", "rule": {**on, "value": ["seg_none"]}})
    assert gone.status_code == 422

    colleague = await shop.people.join(ws, "marketer")
    first = await colleague.client.patch(f"/api/v1/segments/{one}", json={"revision": 1, "rule": high})
    assert first.status_code == 200, first.text
    late = await client.patch(f"/api/v1/segments/{one}", json={"revision": 1, "rule": odd, "name": "Odd people"})
    assert (late.status_code, late.json()["changed"][0]["what"]) == (409, "rule")
    assert (await client.patch(f"/api/v1/segments/{one}", json={"revision": 1, "name": "Even"})).status_code == 200
    await becomes(person, one, set(ids[10:]))
    await becomes(person, inner, set(ids[10:]))
    assert (await client.delete(f"/api/v1/segments/{inner}")).status_code == 204
    assert (await client.get(f"/api/v1/segments/{inner}")).status_code == 404

    async def emptied() -> bool:
        return not await segment_rows.members(ws, inner, after=None, limit=10)

    await eventually(emptied)
    moves = await segment_rows.moves(ws, 0, limit=500)
    assert [row["number"] for row in moves] == list(range(1, len(moves) + 1))
    entered = [each for row in moves for each in row["entered"].get(one, ())]
    left = [each for row in moves for each in row["left"].get(one, ())]
    assert sorted(entered) == sorted([*ids[1::2], ids[10]])
    assert sorted(left) == sorted(ids[1:10:2])
