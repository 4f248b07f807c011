"""Data health: what each finding means, names page by page, fixes in bulk with undo, and the score by day."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pymongo import monitoring
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from app.core.addresses import Address
from app.core.ids import derived
from app.core.permissions import SYSTEM
from app.core.runtime import Workspace, open_runtime
from crm import contacts, data_health, data_health_look, profiles
from crm.contacts import Contact, Profile
from crm.store import contacts as contact_store
from crm.store import data_health as store
from tests.support.people import People, Person
from tests.support.shop import Shop, eventually

CROWD = 36


async def someone(ws: Workspace, handle: str, **profile: Any) -> str:
    return (await contacts.resolve(ws, Address.parse(handle), profile=Profile(**profile))).contact_id


async def found(person: Person) -> dict[str, Any]:
    answer = await person.client.get("/api/v1/data-health")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def counts(person: Person) -> dict[str, int]:
    return {each["id"]: each["count"] for each in (await found(person))["findings"] if each["count"]}


async def names(person: Person, finding: str, *, limit: int = 7, **more: str) -> list[str]:
    """Everybody who has it, over all pages, each once; ids."""
    ids: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        query = {"finding": finding, "limit": limit, **more, **cursor}
        page = (await person.client.get("/api/v1/contacts", params=query)).json()
        ids += [each["id"] for each in page["items"]]
        assert len(page["items"]) <= limit
        if page["next_cursor"] is None:
            assert len(ids) == len(set(ids))
            return ids
        cursor = {"cursor": page["next_cursor"]}


async def truth(ws: Workspace) -> dict[str, set[str]]:
    """Everybody judged one by one."""
    know = await data_health.known(ws)
    whole: dict[str, set[str]] = {}
    for contact in await contact_store.contacts_page(ws, after=None, limit=1_000):
        for finding in data_health.judge(contact, await contacts.addresses_of(ws, contact.id), know):
            whole.setdefault(finding, set()).add(contact.id)
    return whole


async def test_what_each_finding_means(owner: Person, people: People) -> None:
    ws = owner.ws
    colleague = await people.join(ws, "agent")
    now = (await owner.client.get("/api/v1/contact-fields")).json()
    budget = {"key": "budget", "label": "Budget", "kind": "number"}
    await owner.client.put("/api/v1/contact-fields", json={**now, "fields": [budget]})
    ghana = await someone(ws, "sms:+233302555001", name="Abena", language="en")
    texan = await someone(ws, "sms:+15005550101", name="Bo", language="en")
    quiet = await someone(ws, "telegram:777001")
    for contact_id in (ghana, texan, quiet):
        await profiles.edit(ws, SYSTEM, contact_id, {"owner_id": owner.member.id})
    know = await data_health.known(ws)

    async def has(contact_id: str, **changed: Any) -> set[str]:
        contact = replace(await contacts.get(ws, contact_id), **changed)
        rows = await contacts.addresses_of(ws, contact_id)
        return set(data_health.judge(contact, rows, await data_health.known(ws)))

    assert await has(ghana) == {"no_consent"}
    assert await has(texan) == {"no_consent", "zone_unsure"}
    assert await has(quiet) == {"no_consent", "no_phone", "no_name", "no_language", "no_zone"}
    assert await has(texan, zone="America/Chicago") == {"no_consent"}
    assert await has(ghana, origin="imp_1/1") == {"import_unproved"}
    assert await has(ghana, owner_id=None) == {"no_consent", "no_owner"}
    assert await has(ghana, owner_id=None, stage="customer") == {"no_consent", "no_owner", "customer_alone"}
    assert await has(ghana, owner_id="mem_gone", stage="evangelist") == {"no_consent", "owner_gone", "customer_alone"}
    assert colleague.member.id in know.members
    await owner.client.patch(f"/api/v1/members/{colleague.member.id}", json={"status": "deactivated"})
    await profiles.edit(ws, SYSTEM, ghana, {"stage": "lead"})
    needs = (await owner.client.get("/api/v1/contact-fields")).json()
    needs["fields"][0]["required_for"] = ["lead"]
    await owner.client.put("/api/v1/contact-fields", json=needs)
    assert await has(ghana) == {"no_consent", "stage_unfilled"}
    assert await has(ghana, fields={"budget": 5}) == {"no_consent"}
    await contacts.note_unreachable(ws, Address("sms", "+233302555001"), ws.clock.now())
    assert await has(ghana) == {"no_consent", "stage_unfilled", "undeliverable"}


async def test_a_crowd_is_looked_through_put_right_and_kept_true(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = shop.owner
    ws = shop.runtime.workspace(owner.ws.id)
    # So that stretches, and what is kept by name, end in the middle.
    monkeypatch.setattr(data_health_look, "AT_ONCE", 15)
    monkeypatch.setattr(data_health, "MOST_NAMED", 1)
    monkeypatch.setattr(data_health_look, "FEW_CHARS", 5)
    monkeypatch.setattr(data_health, "_STRETCH", 2)
    crowd = [
        await someone(ws, f"sms:+15005550{at:03d}", name=f"Person {at}", language="en" if at % 3 else None)
        for at in range(CROWD)
    ]
    for at in range(0, CROWD, 2):
        await profiles.edit(ws, SYSTEM, crowd[at], {"owner_id": owner.member.id})

    begun = await found(owner)
    assert (begun["running"], begun["counted_at"]) == (True, None)

    async def counted() -> dict[str, Any] | None:
        shown = await found(owner)
        return shown if not shown["running"] and shown["counted_at"] else None

    first = await eventually(counted)

    async def agrees() -> bool | None:
        whole = await truth(ws)
        if await counts(owner) != {finding: len(ids) for finding, ids in whole.items()}:
            return None
        for finding, ids in whole.items():
            assert set(await names(owner, finding)) == ids
        return True

    await eventually(agrees)
    assert first["total"] == CROWD
    by_id = {each["id"]: each for each in first["findings"]}
    assert (by_id["no_owner"]["count"], by_id["no_owner"]["taken"]) == (CROWD // 2, 5.0)
    assert sum(each["points"] for each in first["findings"]) == 100
    assert first["score"] == round(100 - sum(each["taken"] for each in first["findings"]))
    assert [each["score"] for each in first["days"]] == [first["score"]]
    narrowed = await names(owner, "no_owner", language="en")
    assert set(narrowed) == {each for at, each in enumerate(crowd) if at % 2 and at % 3}
    count = (await owner.client.get("/api/v1/contacts/count", params={"finding": "no_owner"})).json()
    assert count == {"count": CROWD // 2, "more": False}

    async def bulk(action: dict[str, Any], finding: str) -> dict[str, Any]:
        body = {"action": action, "filter": {"finding": finding}}
        begun = await shop.post("/contacts/bulk", 202, **body)

        async def look() -> dict[str, Any] | None:
            now: dict[str, Any] = await shop.get(f"/bulk/{begun['id']}")
            return now if now["state"] == "done" else None

        return await eventually(look)

    given = await bulk({"type": "owner", "owner_id": owner.member.id}, "no_owner")
    assert (given["total"], given["done"]) == (CROWD // 2, CROWD // 2)
    # The list is right at once, the count soon.
    assert await names(owner, "no_owner") == []
    await eventually(agrees)
    spoken = await bulk({"type": "language", "language": "fr"}, "no_language")
    assert spoken["done"] == CROWD // 3
    zoned = await bulk({"type": "zone_from_number"}, "zone_unsure")
    assert zoned["done"] == CROWD
    assert (await contacts.get(ws, crowd[0])).zone
    await eventually(agrees)
    better = await found(owner)
    assert better["score"] > first["score"]
    assert better["days"][-1]["score"] == better["score"]
    # Somebody has said since where one of them is: that stays.
    await shop.agent.patch(f"/api/v1/contacts/{crowd[1]}", json={"zone": "America/Chicago"})
    await shop.post(f"/bulk/{zoned['id']}/undo")

    async def undone() -> bool:
        now = await shop.get(f"/bulk/{zoned['id']}")
        return bool(now["state"] == "undone" and now["reasons"] == {"Changed since; left as it is.": 1})

    await eventually(undone)
    assert (await contacts.get(ws, crowd[0])).zone is None
    await eventually(agrees)
    assert len(await names(owner, "zone_unsure")) == CROWD - 1
    # Who may be here twice, who is erased, and who is new.
    twin = await someone(ws, "whatsapp:+15005550002", name="Person 2")
    await shop.post("/duplicates/look", 202)

    async def twice() -> bool:
        return (await counts(owner)).get("duplicate") == 2

    await eventually(twice)
    assert set(await names(owner, "duplicate", limit=1)) == {twin, crowd[2]}
    await shop.post("/duplicates/dismiss", contact_id=twin, other_id=crowd[2])

    async def decided() -> bool:
        return "duplicate" not in await counts(owner)

    await eventually(decided)


class _Read(CommandListener):
    """Counts the contacts that clients opened from now on are given."""

    def __init__(self) -> None:
        self.rows = 0

    def started(self, event: CommandStartedEvent) -> None: ...

    def succeeded(self, event: CommandSucceededEvent) -> None:
        cursor = event.reply.get("cursor", {})
        if cursor.get("ns", "").endswith(".contacts"):
            self.rows += len(cursor.get("firstBatch", cursor.get("nextBatch", ())))

    def failed(self, event: CommandFailedEvent) -> None: ...


async def test_a_page_of_names_reads_little_more_than_it_shows(owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    ws = owner.ws
    # All in one bucket, as hundreds are where there are many.
    monkeypatch.setattr(data_health_look, "FEW_CHARS", len(contact_store.IDS) + 1)
    now = ws.clock.now()
    here = [derived("con_0", str(at)).replace("_0_", "_0") for at in range(600)]
    crowd = [Contact(id=each, name="Ama", name_source="member", avatar_hue=0, created_at=now) for each in here]
    await contact_store.insert_many(ws, [contact_store.new_row(each, (), ()) for each in crowd])
    await data_health_look.start(ws)
    await data_health_look.run_one(ws)
    read = _Read()
    monitoring.register(read)
    async with open_runtime(ws.runtime.settings) as runtime:
        shown, after = await data_health.page(runtime.workspace(ws.id), "no_owner", after=None, limit=50)
    assert [each.id for each in shown] == sorted(here)[:50]
    assert after == shown[-1].id
    assert read.rows <= 200


async def test_once_a_day_and_after_a_crash(owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    ws = owner.ws
    monkeypatch.setattr(data_health_look, "AT_ONCE", 3)
    await asyncio.gather(*(someone(ws, f"telegram:88{at:03d}") for at in range(10)))
    # Nobody has asked, so nothing is begun by itself.
    await data_health_look.once_a_day(ws)
    assert await store.get(ws) is None
    health, begun = await data_health_look.start(ws)
    assert begun
    assert not (await data_health_look.start(ws))[1]
    await data_health_look.go_on(ws)
    half = await store.get(ws)
    assert half is not None
    assert 0 < data_health_look.share(half) < 1
    # Whoever was overtaken writes nothing old; the stretch done once more comes out the same.
    await data_health_look.go_on(ws)
    assert not await store.advance(ws, half, replace(half, batch=half.batch + 1))
    await data_health_look.run_one(ws)
    done = await store.get(ws)
    assert done is not None
    assert (done.state, done.total, done.looked_at) == ("done", 10, 10)
    assert done.counts == Counter(finding for each in (await truth(ws)).items() for finding in [each[0]] * len(each[1]))
    await data_health_look.once_a_day(ws)
    assert await store.get(ws) == done
    yesterday = health.started_at - timedelta(days=1)
    await ws.db.data_health.update({"_id": ws.id}, {"$set": {"started_at": yesterday}})
    await data_health_look.once_a_day(ws)
    again = await store.get(ws)
    assert again is not None
    # What was counted is shown meanwhile.
    assert (again.state, again.total) == ("running", 10)
