"""Roles in a company: the workspace's own list, on contacts, in lists, tables, conditions and merges."""

import csv
import io
from typing import Any

from app.core.permissions import SYSTEM
from crm import contacts, merging, profiles
from crm.merging import Sides
from tests.crm.test_imports import carried, upload
from tests.support.shop import Shop, eventually

TABLE = (
    "Name,Phone,Company,Role\r\n"
    "Ama Buyer,+12025550171,Adinkra Textiles,Decision maker\r\n"
    "Kojo Bills,+12025550172,Adinkra Textiles,billing\r\n"
    "Esi Boss,+12025550173,Adinkra Textiles,Boss\r\n"
    "Yaw Alone,+12025550174,,Billing\r\n"
)


async def test_what_somebody_is_in_their_company(shop: Shop) -> None:
    owner = shop.owner
    made = await upload(owner, TABLE.encode())
    assert made["suggested"] == ["name", "phone", "company", "company_role"]
    done = await carried(owner, made, "start", {"mapping": made["suggested"], "channels": ["sms"]})
    assert (done["created"], done["refused"]) == (2, 2)
    results = (await owner.client.get(f"/api/v1/imports/{made['id']}/results")).text
    assert "There is no role “Boss”." in results
    assert "A role needs the company beside it." in results

    async def people(**query: str) -> dict[str, dict[str, Any]]:
        return {each["name"]: each for each in (await shop.get("/contacts", **query))["items"]}

    everybody = await people()
    ama, kojo = everybody["Ama Buyer"], everybody["Kojo Bills"]
    company = ama["company"]["id"]
    assert (ama["company_role"], kojo["company_role"]) == ("decision_maker", "billing")
    assert set(await people(company=company, role="billing")) == {"Kojo Bills"}

    # In conditions, and in a table.
    rule = {"field": "company_role", "op": "is", "value": "decision_maker"}
    assert (await shop.post("/segments/preview", rule=rule))["count"] == 1
    begun = await shop.post("/exports", 202, filter={"company": company}, label="Adinkra")

    async def file() -> str | None:
        answer = await owner.client.get(f"/api/v1/exports/{begun['id']}/file")
        return answer.text if answer.status_code == 200 else None

    table = {row["name"]: row for row in csv.DictReader(io.StringIO(await eventually(file)))}
    assert table["Kojo Bills"]["company_role"] == "Billing"

    # The list is the workspace's; what somebody is cannot be taken away, and nothing else can be said.
    known = await shop.get("/contact-fields")
    roles = known["roles"]
    fewer = [each for each in roles if each["id"] != "billing"]
    refused = await owner.client.put("/api/v1/contact-fields", json={**known, "roles": fewer})
    assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
    known = (
        await owner.client.put(
            "/api/v1/contact-fields", json={**known, "roles": [*roles, {"id": "owner", "label": "Owner"}]}
        )
    ).json()
    assert known["roles"][-1] == {"id": "owner", "label": "Owner"}
    path = f"/api/v1/contacts/{ama['id']}"
    assert (await owner.client.patch(path, json={"company_role": "boss"})).status_code == 422
    assert (await owner.client.patch(path, json={"company_role": "owner"})).json()["company_role"] == "owner"
    past = (await shop.get(f"/contacts/{ama['id']}/past"))["items"][0]
    assert (past["label"], past["before"], past["after"]) == ("Role in the company", "Decision maker", "Owner")

    # It goes with the company, also by a merge.
    other = await shop.post("/companies", 201, name="Kente House")
    moved = (await owner.client.patch(path, json={"company_id": other["id"]})).json()
    assert (moved["company"]["name"], moved["company_role"]) == ("Kente House", None)
    alone = await owner.client.patch(path, json={"company_id": None, "company_role": "owner"})
    assert (alone.status_code, alone.json()["errors"][0]["field"]) == (422, "company_role")
    ws = owner.ws
    into, theirs = await contacts.get(ws, ama["id"]), await contacts.get(ws, kojo["id"])
    both = Sides(into, theirs, (), ())
    taken = merging.merged(both, {"company_id": "from"})
    assert (taken.company_id, taken.company_role) == (company, "billing")
    assert merging.merged(both, {"company_id": "into"}).company_role is None
    await profiles.edit(ws, SYSTEM, into.id, {"company_id": company})
    same = Sides(await contacts.get(ws, into.id), theirs, (), ())
    assert merging.merged(same, {}).company_role == "billing"
