"""Fields of the workspace's own, stages, owners, zones and companies: typed, noted down, and nobody's overwritten."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from app.core.addresses import Address
from app.core.errors import Invalid
from app.core.permissions import SYSTEM, Role
from app.core.runtime import Workspace
from crm import contacts, fields, profiles
from crm.contacts import Profile
from crm.fields import ContactField, Fields
from crm.store import contacts as store
from inbox import conversations
from tests.support.people import People, Person

KINDS: list[dict[str, Any]] = [
    {"key": "vat", "label": "VAT number"},
    {"key": "seats", "label": "Seats", "kind": "number"},
    {"key": "born", "label": "Born", "kind": "date"},
    {"key": "trial_ends", "label": "Trial ends", "kind": "datetime", "required_for": ["customer"]},
    {"key": "vip", "label": "VIP", "kind": "boolean"},
    {"key": "size", "label": "Size", "kind": "choice", "options": ["S", "M", "L"]},
    {"key": "likes", "label": "Likes", "kind": "choices", "options": ["Kente", "Batik", 'Wax; 6" wide']},
    {"key": "site", "label": "Web site", "kind": "url"},
]
RIGHT = {
    "vat": "GB 123",
    "seats": 12.5,
    "born": "1990-02-28",
    "trial_ends": "2026-12-01T10:00:00+01:00",
    "vip": True,
    "size": "M",
    "likes": ["Batik", 'Wax; 6" wide'],
    "site": "https://example.com/a",
}
SHOWN = {**RIGHT, "trial_ends": "2026-12-01T09:00:00.000Z"}
WRONG = {
    "vat": 3,
    "seats": "many",
    "born": "28.2.1990",
    "trial_ends": "2026-12-01T10:00",
    "vip": "yes",
    "size": "XXL",
    "likes": ["Silk"],
    "site": "javascript:alert(1)",
    "colour": "red",
}


async def declared(owner: Person, **changes: Any) -> dict[str, Any]:
    now = (await owner.client.get("/api/v1/contact-fields")).json()
    answer = await owner.client.put("/api/v1/contact-fields", json={**now, "fields": KINDS, **changes})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def somebody(ws: Workspace, number: str = "+12025550123") -> str:
    return (await contacts.resolve(ws, Address("sms", number), profile=Profile(name="Ana Kovacs"))).contact_id


async def patch(person: Person, contact_id: str, **body: Any) -> httpx.Response:
    return await person.client.patch(f"/api/v1/contacts/{contact_id}", json=body)


async def test_values_are_kept_as_what_they_are_and_wrong_ones_are_named(owner: Person) -> None:
    await declared(owner)
    contact_id = await somebody(owner.ws)
    refused = await patch(owner, contact_id, fields=WRONG)
    assert refused.status_code == 422
    assert {error["field"] for error in refused.json()["errors"]} == {f"fields.{key}" for key in WRONG}
    kept = (await patch(owner, contact_id, fields=RIGHT)).json()
    assert kept["fields"] == SHOWN
    assert (await contacts.get(owner.ws, contact_id)).fields["born"] == datetime(1990, 2, 28, tzinfo=UTC)
    emptied = await patch(owner, contact_id, fields={"vat": None, "likes": []})
    assert set(emptied.json()["fields"]) == set(RIGHT) - {"vat", "likes"}
    past = (await owner.client.get(f"/api/v1/contacts/{contact_id}/past")).json()["items"]
    assert {(each["label"], each["before"], each["after"]) for each in past if each["what"] == "fields.vat"} == {
        ("VAT number", None, "GB 123"),
        ("VAT number", "GB 123", None),
    }
    # As a table has them, they are read back as what they are.
    known = await fields.get(owner.ws)
    for key, value in fields.checked(known, RIGHT).items():
        field = known.field(key)
        assert field is not None
        assert fields.read(field, fields.cell(field, value)) == value
    # A language is a code: what else is typed would be nobody's.
    assert (await patch(owner, contact_id, language="e n")).status_code == 422


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        *(("number", text, value) for text, value in (("12,5", 12.5), ("-3,25", -3.25), ("1 234", 1234), ("7.0", 7))),
        *(("number", text, None) for text in ("1,234", "1.234,5", "nan", "1e999", "twelve")),
        ("date", "1.10.2026", datetime(2026, 10, 1, tzinfo=UTC)),
        *(("date", text, None) for text in ("31.02.2026", "01/02/2026", "1.2.26")),
    ],
)
def test_cells_of_tables_are_read_where_there_is_one_way_to(kind: fields.Kind, text: str, value: Any) -> None:
    field = fields.ContactField(key="it", label="It", kind=kind)
    if value is not None:
        assert fields.read(field, text) == value
        return
    with pytest.raises(ValueError, match="This is a"):
        fields.read(field, text)


async def test_what_is_in_use_is_archived_and_not_deleted(owner: Person) -> None:
    made = await declared(owner)
    twin = {"key": "twin", "label": f" {made['fields'][0]['label'].upper()}", "kind": "text"}
    refused = await owner.client.put("/api/v1/contact-fields", json={**made, "fields": [*made["fields"], twin]})
    assert {each["field"] for each in refused.json()["errors"]} == {"fields.0.label"}
    contact_id = await somebody(owner.ws)
    await patch(owner, contact_id, stage="lead", fields={"size": "M"})
    reply = {"shortcut": "size", "title": "Size", "text": "You take {{ contact.fields.likes }}, right?", "shared": True}
    body = {**reply, "variants": [{"text": reply.pop("text")}]}
    body.pop("text")
    assert (await owner.client.post("/api/v1/canned-replies", json=body)).status_code == 201
    uses = (await owner.client.get("/api/v1/contact-fields/likes/uses")).json()["items"]
    assert [(use["type"], use["name"]) for use in uses] == [("canned_reply", "Size")]

    async def put(**changes: Any) -> httpx.Response:
        now = (await owner.client.get("/api/v1/contact-fields")).json()
        return await owner.client.put("/api/v1/contact-fields", json={**now, **changes})

    for without in ("size", "likes"):
        gone = await put(fields=[field for field in KINDS if field["key"] != without])
        assert (gone.status_code, gone.json()["code"]) == (409, "in_use"), without
    assert (await put(stages=[stage for stage in made["stages"] if stage["id"] != "lead"])).json()["code"] == "in_use"
    other_kind = [{**field, "kind": "text"} if field["key"] == "size" else field for field in KINDS]
    assert (await put(fields=other_kind)).json()["code"] == "in_use"
    archived = [{**field, "archived": field["key"] == "size"} for field in KINDS if field["key"] != "seats"]
    saved = (await put(fields=archived)).json()
    assert next(field for field in saved["fields"] if field["key"] == "size")["used"]
    assert (await owner.client.get(f"/api/v1/contacts/{contact_id}")).json()["fields"] == {"size": "M"}
    stale = await owner.client.put("/api/v1/contact-fields", json=made)
    assert (stale.status_code, stale.json()["code"]) == (409, "changed_meanwhile")


async def test_a_stage_needs_its_fields_and_is_known_by_its_name(owner: Person, people: People) -> None:
    await declared(owner)
    contact_id = await somebody(owner.ws)
    refused = await patch(owner, contact_id, stage="customer")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "fields.trial_ends")
    agent = await people.join(owner.ws, Role.AGENT)
    company = (await owner.client.post("/api/v1/companies", json={"name": "Adinkra  Textiles"})).json()
    assert company["name"] == "Adinkra Textiles"
    taken = await owner.client.post("/api/v1/companies", json={"name": "ADINKRA TEXTILES"})
    assert (taken.status_code, taken.json()["code"]) == (409, "name_taken")
    values = {"stage": "customer", "owner_id": agent.member.id, "company_id": company["id"], "zone": "Africa/Accra"}
    moved = await patch(owner, contact_id, **values, fields={"trial_ends": RIGHT["trial_ends"]})
    shown = moved.json()
    assert (shown["stage"], shown["owner_id"], shown["company"]["name"]) == (
        "customer",
        agent.member.id,
        "Adinkra Textiles",
    )
    assert shown["stage_since"]
    assert shown["zone"] == {"name": "Africa/Accra", "derived": False, "sure": True}
    derived = (await patch(owner, contact_id, zone=None)).json()["zone"]
    assert derived == {"name": "America/New_York", "derived": True, "sure": True}
    past = (await owner.client.get(f"/api/v1/contacts/{contact_id}/past")).json()["items"]
    assert {each["label"]: each["after"] for each in past if each["what"] != "zone"} == {
        "Stage": "Customer",
        "Owner": agent.member.name,
        "Company": "Adinkra Textiles",
        "Trial ends": "2026-12-01T09:00:00.000Z",
    }
    kept = await owner.client.delete(f"/api/v1/companies/{company['id']}")
    assert (kept.status_code, kept.json()["code"]) == (409, "in_use")
    renamed = await owner.client.patch(
        f"/api/v1/companies/{company['id']}", json={"name": "Adinkra", "domain": "https://www.Example.com/shop"}
    )
    assert (renamed.json()["name"], renamed.json()["domain"]) == ("Adinkra", "example.com")
    for word in ("adi", "example"):
        found = await owner.client.get("/api/v1/companies", params={"q": word})
        assert [each["id"] for each in found.json()["items"]] == [company["id"]]
    for wrong in ({"stage": "boss"}, {"owner_id": "mem_x"}, {"zone": "Mars/Base"}, {"company_id": "cmp_x"}):
        assert (await patch(owner, contact_id, **wrong)).status_code == 422


async def test_a_colleague_was_faster(owner: Person, people: People) -> None:
    await declared(owner)
    contact_id = await somebody(owner.ws)
    seen = (await owner.client.get(f"/api/v1/contacts/{contact_id}")).json()["revision"]
    colleague = await people.join(owner.ws, Role.AGENT)
    await patch(colleague, contact_id, stage="lead", fields={"vat": "GB 1"}, revision=seen)
    # Something else: no conflict. The same: refused, with who and what it is now. What they want already: fine.
    assert (await patch(owner, contact_id, notes="Calls on Mondays", revision=seen)).status_code == 200
    refused = await patch(owner, contact_id, fields={"vat": "GB 2"}, revision=seen)
    changed = refused.json()["changed"][0]
    assert (refused.status_code, changed["what"], changed["by"], changed["value"]) == (
        409,
        "fields.vat",
        colleague.member.id,
        "GB 1",
    )
    assert (await patch(owner, contact_id, stage="lead", revision=seen)).status_code == 200


async def test_a_hidden_number_in_a_field_stays_what_it_is(owner: Person, people: People) -> None:
    await declared(owner, fields=[{"key": "notes", "label": "Second number"}])
    contact_id = await somebody(owner.ws)
    await patch(owner, contact_id, fields={"notes": "+12025550199"})
    body = {"name": "Half", "permissions": ["contacts.read", "contacts.write", "inbox.read"], "masks": ["phones"]}
    role = (await owner.client.post("/api/v1/roles", json=body)).json()["id"]
    masked = await people.join(owner.ws, role)
    shown = (await masked.client.get(f"/api/v1/contacts/{contact_id}")).json()["fields"]["notes"]
    assert shown == "•••• 0199"
    assert (await patch(masked, contact_id, fields={"notes": shown})).status_code == 200
    assert (await contacts.get(owner.ws, contact_id)).fields["notes"] == "+12025550199"


async def test_lists_are_read_by_time_and_by_name(ws: Workspace) -> None:
    names = [f"Ana {number:03d}" for number in range(60)] + ["Ödön", "zoe", "Émile"]
    for number, name in enumerate(names):
        profile = Profile(name=name, language="pt_BR")
        await contacts.resolve(ws, Address("sms", f"+1202555{number:04d}"), profile=profile)
    found: list[str] = []
    after: str | None = None
    while page := await store.by_name(ws, after=after, limit=25):
        found += [contact.name for contact in page]
        after = store.name_key(page[-1])
    assert found == [*names[:60], "Émile", "Ödön", "zoe"]
    newest = await store.newest(ws, "language:pt", before=None, limit=100)
    assert len(newest) == len(names)
    assert newest == sorted(newest, key=lambda each: (each.created_at, each.id), reverse=True)


async def test_an_import_and_a_person_may_not_leave_nonsense(ws: Workspace) -> None:
    for wrong in (
        Fields(fields=(ContactField(key="Vat", label="VAT"),)),
        Fields(fields=(ContactField(key="size", label="Size", kind="choice"),)),
        Fields(fields=(ContactField(key="vat", label="VAT", required_for=("nowhere",)),)),
        Fields(region="ZZ"),
    ):
        with pytest.raises(Invalid):
            await fields.save(ws, wrong)
    with pytest.raises(Invalid):
        await profiles.edit(ws, SYSTEM, await somebody(ws), {"fields": {"vat": "1"}})


async def test_conditions_of_macros_ask_for_fields(owner: Person) -> None:
    await declared(owner)
    contact_id = await somebody(owner.ws)
    await patch(owner, contact_id, stage="lead", fields={"seats": 3, "born": "1990-02-28"})
    made = conversations.new_for(owner.ws, contact_id, name="Ana")
    conversation, _ = await conversations.change(owner.ws, made, lambda now: replace(now, unread=1))
    offered = (await owner.client.get("/api/v1/macros/catalogue")).json()["fields"]
    assert {"stage", "contact_owner", "fields.seats", "fields.born"} <= {field["name"] for field in offered}

    async def reason(*conditions: dict[str, Any]) -> str | None:
        body = {"name": "Ask", "shared": True, "rule": {"all": conditions}, "actions": [{"type": "note", "text": "Hm"}]}
        macro = await owner.client.post("/api/v1/macros", json=body)
        assert macro.status_code == 201, macro.text
        planned = await owner.client.post(
            f"/api/v1/macros/{macro.json()['id']}/plan", json={"conversation_id": conversation.id}
        )
        found: str | None = planned.json()["reason"]
        return found

    lead = {"field": "stage", "op": "is", "value": "lead"}
    few = {"field": "fields.seats", "op": "lt", "value": 5}
    old = {"field": "fields.born", "op": "before", "value": "1991-01-01T00:00:00Z"}
    assert not await reason(lead, few, old)
    assert "seats" in str(await reason({**few, "op": "gt"}))
    uses = (await owner.client.get("/api/v1/contact-fields/seats/uses")).json()["items"]
    assert {use["type"] for use in uses} == {"macro"}
