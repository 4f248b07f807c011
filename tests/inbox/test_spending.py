"""What messages have cost, by everything that they are made of, and the budgets of a month."""

import csv
import io
from typing import Any

import pytest

from tests.support.broadcasts import (
    BROADCASTS,
    checked,
    customer,
    draft,
    text,
)
from tests.support.shop import Shop, eventually

pytestmark = pytest.mark.usefixtures("any_hour")


async def test_every_message_is_accounted_for_and_a_budget_stops_marketing(shop: Shop) -> None:
    owner, account_id = shop.owner, shop.accounts["sms"]
    price = {"country": "US", "category": "sms", "amount": "0.0083", "currency": "USD"}
    listed = await owner.client.put(f"/api/v1/accounts/{account_id}/prices", json={"prices": [price], "revision": 0})
    assert listed.status_code == 200, listed.text
    person, conversation = await shop.someone("sms")
    await shop.answers(conversation["id"], "It is ready")
    await shop.in_ledger("sms", person["id"], "It is ready")
    people = [await customer(shop, f"Paid {at}") for at in range(3)]
    made = await draft(
        owner, account_id=account_id, audience={"contacts": people}, variants=[{"wordings": [text("Half price")]}]
    )
    await checked(owner, made["id"])
    assert (await owner.client.post(f"{BROADCASTS}/{made['id']}/start", json={"people": 3})).status_code == 200

    day = f"{shop.runtime.clock.now():%Y-%m-%d}"

    async def spent(by: str) -> dict[str, Any]:
        found: dict[str, Any] = await shop.get("/spending", first=day, last=day, by=by)
        return found

    async def everything() -> dict[str, Any] | None:
        found = await spent("broadcast")
        return found if found["total"] and found["total"][0]["messages"] == 4 else None

    found = await eventually(everything)
    assert found["total"] == [{"currency": "USD", "minor": 3, "messages": 4, "unpriced": 0}]
    shown = {row["id"]: (row["label"], row["messages"], row["minor"]) for row in found["rows"]}
    assert shown == {made["id"]: ("Spring sale", 3, 2), "": ("Messages to single people", 1, 1)}
    progress = (await owner.client.get(f"{BROADCASTS}/{made['id']}/progress")).json()
    assert progress["spent_minor"] == shown[made["id"]][2]
    for by, id_ in (("channel", "sms"), ("account", account_id), ("country", "US"), ("category", "sms"), ("day", day)):
        (row,) = (await spent(by))["rows"]
        assert (row["id"], row["messages"], row["minor"]) == (id_, 4, 3)
    of_talk = await shop.get(f"/conversations/{conversation['id']}/cost")
    assert of_talk["total"] == [{"currency": "USD", "minor": 1, "messages": 1, "unpriced": 0}]
    table = await owner.client.get("/api/v1/spending/csv", params={"first": day, "last": day, "by": "country"})
    assert list(csv.reader(io.StringIO(table.text)))[1] == ["US", "US", "4", "0", "0.03", "USD"]
    agent = await shop.people.join(owner.ws, "agent")
    assert (await agent.client.get("/api/v1/spending", params={"first": day, "last": day})).status_code == 403
    long = await owner.client.get("/api/v1/spending", params={"first": "2020-01-01", "last": day})
    assert long.status_code == 422

    # A budget that is used up is told, and stops marketing: once a month, so that whoever lets it go on has decided.
    wanted = {"channel": "sms", "minor": 2, "currency": "USD", "alarms": [50, 100], "stops": True}
    saved = await owner.client.put("/api/v1/budgets", json={"budgets": [wanted], "revision": 0})
    assert saved.status_code == 200, saved.text
    assert saved.json() == {"items": [{**wanted, "spent_minor": 3}], "revision": 1}
    late = await owner.client.put("/api/v1/budgets", json={"budgets": [], "revision": 0})
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    told = [each["contact_name"] for each in (await shop.get("/notifications"))["items"]]
    assert told.count("150 % of a budget is used") == 2
    assert (await shop.get("/pacing"))["stopped"]["by"] == "a budget"
    await shop.post("/pacing/resume")
    again = await owner.client.put("/api/v1/budgets", json={"budgets": [wanted], "revision": 1})
    assert again.status_code == 200, again.text
    assert (await shop.get("/pacing"))["stopped"] is None
    doubled = await owner.client.put("/api/v1/budgets", json={"budgets": [wanted, wanted], "revision": 2})
    assert doubled.status_code == 422
