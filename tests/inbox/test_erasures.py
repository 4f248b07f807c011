"""
A person is erased: nothing that the database, the files or the provider have leads to them any more, what has to stay
does, and who writes again is somebody new.
"""

import io
import json
import uuid
import zipfile
from typing import Any

import orjson

from tests.support.killed import killed
from tests.support.persons import Persons
from tests.support.shop import Shop, eventually

SECRET = "walnut cabinet for aunt Philippa"
# Rows that end by themselves within days, as the proof says.
PASSING = {"channel_log", "idempotency", "sessions"}
ERASES = """
from app.core.permissions import SYSTEM
from crm import contacts, erasures
from inbox.erasing import erasing

async def work(ws, told, killer):
    begun = await erasures.begin(ws, SYSTEM, await contacts.get(ws, told["contact_id"]), "test")
    killer.after(told["commands"])
    await erasing.run_one(ws, begun.id)
"""


async def leads(shop: Shop, *needles: str) -> list[str]:
    """Where in the database, or among the files, something is found of these words."""
    found: list[str] = []
    for name in await shop.runtime.mongo.list_collection_names():
        if name in PASSING:
            continue
        async for row in shop.runtime.mongo[name].find({"workspace_id": shop.owner.ws.id}):
            text = repr(row)
            found += [f"{name}/{row['_id']}: {needle}" for needle in needles if needle in text]
    folder = shop.runtime.settings.data_dir
    for path in (each for each in folder.rglob("*") if each.is_file()):
        data = path.read_bytes()
        found += [f"{path}: {needle}" for needle in needles if needle.encode() in data]
    return found


async def done(shop: Shop, erasure: dict[str, Any]) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        known: dict[str, Any] = await shop.get(f"/erasures/{erasure['id']}")
        return known if known["state"] == "done" else None

    return await eventually(look)


async def test_nothing_leads_to_them_and_what_has_to_stay_does(shop: Shop) -> None:
    persons = Persons(shop)
    person = await shop.customer(name="Philippa Zanetti")
    await shop.writes("sms", person["id"], type="text", text=f"Where is my {SECRET}?")
    sms = f"+1 {person['phone'][2:5]}-{person['phone'][5:8]}-{person['phone'][8:]}"
    thread = await shop.conversation_with(sms)
    contact_id = thread["contact_id"]
    await shop.writes("sms", person["id"], type="image", text="Like this one")
    photo = await shop.entry_where(
        thread["id"], lambda e: e["content"] and e["content"].get("media", {}).get("state") == "ready"
    )
    await shop.answers(thread["id"], f"Your {SECRET} comes on Friday.")
    await shop.in_ledger("sms", person["id"], "Friday")
    other_id, other = await persons.someone("Philippa Zanetti-Brook")
    await persons.merge(contact_id, other_id)
    await shop.post(
        f"/conversations/{thread['id']}/notes", 201, client_id=str(uuid.uuid4()), text=f"Loves the {SECRET}"
    )
    named = {"name": "Philippa Zanetti", "notes": f"Ordered a {SECRET}", "revision": None}
    edited = await shop.agent.patch(f"/api/v1/contacts/{contact_id}", json={k: v for k, v in named.items() if v})
    assert edited.status_code == 200, edited.text
    await shop.post("/tickets", 201, contact_id=contact_id, title=f"The {SECRET} is late")
    said = {"address": f"sms:{person['phone']}", "purposes": ["marketing"], "state": "granted", "way": "paper"}
    await shop.post(f"/contacts/{contact_id}/consents", 201, **said, wording="Yes, offers please")
    table = f"phone,name\n{person['phone']},Philippa Zanetti\nno number {person['phone']},x\n".encode()
    sent = await shop.agent.post("/api/v1/import-files", params={"name": "p.csv"}, content=table)
    path = f"/imports/{sent.json()['id']}"
    await shop.post(f"{path}/start", 202, mapping=["phone", "name"])
    await eventually(lambda: _is(shop, path, "done"))

    # Tables that nobody has imported yet, what a shop told of them, and that somebody has left them out by hand.
    waiting = [await shop.agent.post("/api/v1/import-files", params={"name": "w.csv"}, content=table) for _ in range(2)]
    tried = f"/imports/{waiting[1].json()['id']}"
    await shop.post(f"{tried}/check", 202, mapping=["phone", "name"])
    await eventually(lambda: _is(shop, tried, "checked"))
    order = {"id": "o1", "kind": "order", "contact_id": contact_id, "attributes": {"what": SECRET}}
    await shop.post("/events", events=[order])
    await shop.post("/suppressions", 201, address=f"sms:{person['phone']}", reason=f"Cross about the {SECRET}")

    # Everything that is known of them, to hand over.
    archive = await shop.agent.get(f"/api/v1/contacts/{contact_id}/copy")
    assert archive.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(archive.content)) as copy:
        assert copy.testzip() is None
        assert json.loads(copy.read("contact.json"))["notes"] == f"Ordered a {SECRET}"
        texts = [
            json.loads(line)["content"]["text"] for line in copy.read("entries.jsonl").splitlines() if b'"text"' in line
        ]
        assert f"Where is my {SECRET}?" in texts
        assert json.loads(copy.read("consents.json"))[0]["wording"] == "Yes, offers please"
        assert json.loads(copy.read("events.jsonl"))["attributes"] == {"what": SECRET}
        (media,) = [name for name in copy.namelist() if name.startswith("media/")]
        assert photo["content"]["media"]["file_id"] in media
        assert set(json.loads(copy.read("sha256.json"))) == set(copy.namelist()) - {"sha256.json"}

    # Not while there is a legal hold, and not by a slip.
    await shop.post(f"/contacts/{contact_id}/hold", reason="Case 12/26")
    outlook = await shop.get(f"/contacts/{contact_id}/erasure")
    assert "Case 12/26" in outlook["against"]
    assert {"entries", "handles", "tickets", "merged"} <= {each["code"] for each in outlook["goes"]}
    refused = await shop.post(f"/contacts/{contact_id}/erase", 409, name="Philippa Zanetti")
    assert refused["code"] == "legal_hold"
    await shop.post(f"/contacts/{contact_id}/release")
    await shop.post(f"/contacts/{contact_id}/erase", 422, name="Philippa")
    agent = await shop.people.join(shop.owner.ws, "agent")
    assert (await agent.client.get(f"/api/v1/contacts/{contact_id}/erasure")).status_code == 403

    before = await shop.get(f"/contacts/{contact_id}")
    needles = (SECRET, "Zanetti", person["phone"], person["phone"].removeprefix("+"), other["phone"])
    assert len(await leads(shop, *needles)) > 20
    begun = await shop.post(f"/contacts/{contact_id}/erase", 202, name="Philippa  Zanetti", reason="By letter")
    erased = await done(shop, begun)
    assert await leads(shop, *needles) == []
    assert erased["counts"]["files"] == 1
    assert [(await shop.get(f"/imports/{each.json()['id']}"))["state"] for each in waiting] == ["failed", "failed"]
    left_out = (await shop.get("/suppressions"))["items"]
    assert all(each["label"].endswith(", erased") for each in left_out)
    assert erased["left"] == []
    assert (await shop.agent.get(f"/api/v1/contacts/{contact_id}")).status_code == 404
    assert (await shop.agent.get(f"/api/v1/contacts/{other_id}")).status_code == 404
    assert (await shop.agent.get(f"/api/v1/conversations/{thread['id']}")).status_code == 404
    assert thread["id"] not in {c["id"] for c in (await shop.get("/conversations", view="all", limit=200))["items"]}
    # Twilio has deleted what it was asked to.
    marks = [each["marks"] or {} for each in await shop.ledger(channel="sms", customer=person["id"])]
    assert marks
    assert all(each.get("deleted_by_business") for each in marks)
    # Numbers of the timeline have no gaps, and each place says nothing.
    rows = await shop.owner.ws.db.entries.find({"contact_id": contact_id}, limit=1_000)
    assert sorted(row["number"] for row in rows) == list(range(1, len(rows) + 1))
    assert {row["kind"] for row in rows} == {"tombstone"}
    assert len(rows) > before["last_number"]
    # What proves it, and names nobody.
    proof = orjson.loads((await shop.agent.get(f"/api/v1/erasures/{begun['id']}/proof.json")).content)
    assert proof["reason"] == "By letter"
    assert proof["erased"]["entries"] >= before["last_number"]
    assert (await shop.agent.get(f"/api/v1/erasures/{begun['id']}/proof.pdf")).content.startswith(b"%PDF")
    assert await leads(shop, *needles) == []
    found = await shop.get("/erasures", address=f"sms:{person['phone']}")
    assert [each["id"] for each in found["items"]] == [begun["id"]]
    facts = await shop.owner.ws.db.consents.find({"contact_id": contact_id}, limit=10)
    assert [fact["wording"] for fact in facts if fact["state"] == "granted"] == ["Yes, offers please"]

    # Who writes again is somebody new; no marketing reaches them, whatever a colleague writes down or imports.
    await shop.writes("sms", person["id"], type="text", text="It is me again")
    again = await shop.conversation_with(sms)
    assert again["contact_id"] not in (contact_id, other_id)
    assert [e["content"]["text"] for e in await shop.thread(again["id"]) if e["kind"] == "message"] == [
        "It is me again"
    ]
    await shop.post(f"/contacts/{again['contact_id']}/consents", 201, **said, wording="Yes, offers please")

    async def marketing() -> str | None:
        (way,) = (await shop.get(f"/contacts/{again['contact_id']}/marketing"))["items"]
        code: str | None = way["code"]
        return code

    assert await marketing() == "suppressed"
    # Until they agree anew themselves.
    known = await shop.get(f"/contacts/{again['contact_id']}/consents")
    page = known["preferences_url"].removeprefix(shop.runtime.settings.public_url)
    await shop.agent.post(page, data={"end": "all"})
    assert (await shop.agent.post(page, data={"offers": "sms"})).status_code == 303
    assert await marketing() in (None, "quiet_hours")


async def _is(shop: Shop, path: str, state: str) -> bool:
    return bool((await shop.get(path))["state"] == state)


async def test_a_worker_that_is_killed_while_it_erases_is_gone_on_for(shop: Shop) -> None:
    people = []
    for commands in (9, 45):
        person, thread = await shop.someone("whatsapp")
        for number in range(3):
            await shop.writes("whatsapp", person["id"], type="text", text=f"{number} {person['name']}")
        await shop.entry_where(thread["id"], lambda e, p=person: e["content"] and f"2 {p['name']}" in str(e["content"]))
        people.append((person, thread["contact_id"], commands))
    for _, contact_id, commands in people:
        await killed(shop, ERASES, contact_id=contact_id, commands=commands)
    for person, contact_id, _ in people:
        (begun,) = [e for e in (await shop.get("/erasures"))["items"] if e["contact_id"] == contact_id]
        await done(shop, begun)
        assert await leads(shop, person["name"], person["phone"].removeprefix("+")) == []
        rows = await shop.owner.ws.db.entries.find({"contact_id": contact_id}, limit=100)
        assert sorted(row["number"] for row in rows) == list(range(1, len(rows) + 1))
        assert {row["kind"] for row in rows} == {"tombstone"}
