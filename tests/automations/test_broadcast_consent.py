"""What broadcasts do about what people agreed to: topics that some have declined."""

import uuid
from typing import Any

import pytest

from crm import contacts
from inbox import conversations, preferences
from tests.automations.test_broadcasts import BROADCASTS, checked, counted, customer, draft, listed, text
from tests.support.shop import Shop, eventually

SHOES = {"key": "shoes", "labels": {"en": "Shoes"}}


@pytest.fixture(autouse=True)
async def any_hour_will_do(shop: Shop) -> None:
    """Whatever time and day it is where the tests run; and nobody has had enough."""
    await settle(shop)


async def settle(shop: Shop, **changes: Any) -> None:
    settled = (await shop.get("/pacing"))["settings"]
    settled |= {"quiet": {**settled["quiet"], "enabled": False}, "caps": [], "topics": [SHOES], **changes}
    answer = await shop.agent.put("/api/v1/pacing", json=settled)
    assert answer.status_code == 200, answer.text


async def waterfall(shop: Shop, broadcast_id: str) -> dict[str, int]:
    found = await checked(shop.owner, broadcast_id)
    assert found["state"] == "ready", found
    return {step["reason"]: step["count"] for step in found["steps"]} | {"": found["willing"]}


async def test_who_wants_nothing_about_a_topic_gets_nothing_about_it(shop: Shop) -> None:
    owner, ws = shop.owner, shop.owner.ws
    wants = await customer(shop, "Wanda Wants")
    declines = await customer(shop, "Dora Declines")
    said = {"words": "About what?", "language": "en", "proof": {}}
    await preferences.wish(ws, declines, every_days=0, topics=[], **said)
    handle = (await contacts.addresses_of(ws, declines))[0].address
    both = await listed(owner, "Shoe people", [wants, declines])
    plan = {"account_id": shop.accounts["sms"], "audience": {"lists": [both]}, "topic": "boots"}
    made = await draft(owner, variants=[{"wordings": [text(f"New shoes {both}")]}], **plan)
    path = f"{BROADCASTS}/{made['id']}"
    unknown = await owner.client.post(f"{path}/check")
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "topic")
    assert (await owner.client.patch(path, json={"topic": "shoes"})).status_code == 200
    assert await waterfall(shop, made["id"]) == {"topic_declined": 1, "": 1}
    copied = (await owner.client.post(f"{path}/clone")).json()
    assert copied["plan"]["topic"] == "shoes"
    tested = (await owner.client.post(f"{path}/test", json={"contact_ids": [wants, declines]})).json()["items"]
    assert [bool(each["entry_id"]) for each in tested] == [True, False]
    assert "no offers about" in tested[1]["reason"]
    assert (await owner.client.post(f"{path}/start", json={"people": 1})).status_code == 200
    done = await counted(owner, made["id"], "done")
    assert done["tally"]["sent"] == 1
    assert {each["reason"]: each["count"] for each in done["tally"]["skipped"]} == {"topic_declined": 1}
    table = (await owner.client.get(f"{path}/table")).text
    assert "topic_declined" in table
    why = (await owner.client.get(f"{path}/why", params={"contact_id": declines})).json()["sentence"]
    assert "shoes" in why

    async def on_their_story() -> dict[str, Any] | None:
        page = await shop.get(f"/contacts/{wants}/entries", limit=20)
        return next((each for each in page["items"] if each["campaign"]), None)

    assert (await eventually(on_their_story))["topic"] == "shoes"

    # One message of its own keeps to it as well, and says which topics there are not.
    conversation = await conversations.for_contact(ws, declines, name="Dora Declines")
    for words, topic, status in (("Boots", "boots", 422), ("No shoes", "shoes", 409), ("Bags", "", 202)):
        body = {"content": {"type": "text", "text": words}, "topic": topic, "client_id": str(uuid.uuid4())}
        body |= {"purpose": "marketing", "account_id": shop.accounts["sms"], "address": str(handle)}
        answer = await owner.client.post(f"/api/v1/conversations/{conversation.id}/messages", json=body)
        assert answer.status_code == status, answer.text
