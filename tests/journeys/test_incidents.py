"""One update to many, each on their own channel and within its rules; never twice, whatever is killed when."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from inbox import conversations
from inbox.store import incidents as store
from inbox.ticketing import incidents
from tests.support.shop import Shop, eventually

TEXT = "We know of the outage and are on it."


async def reported(shop: Shop, *conversation_ids: str) -> dict[str, Any]:
    body = {"title": "Checkout is down", "status_text": "Cause found", "conversation_ids": list(conversation_ids)}
    made: dict[str, Any] = await shop.post("/incidents", 201, **body)
    return made


async def update(shop: Shop, incident_id: str, **more: Any) -> dict[str, Any]:
    body = {"client_id": str(uuid4()), "text": TEXT, **more}
    posted: dict[str, Any] = await shop.post(f"/incidents/{incident_id}/updates", 202, **body)
    return posted


async def done(shop: Shop, incident_id: str) -> dict[str, Any]:
    """The newest update, as soon as all have had it."""

    async def look() -> dict[str, Any] | None:
        newest = (await shop.get(f"/incidents/{incident_id}"))["updates"][0]
        return newest if newest["done_at"] else None

    return await eventually(look)


async def tellings(shop: Shop, update_id: str) -> dict[str, dict[str, Any]]:
    found = (await shop.get(f"/incident-updates/{update_id}/tellings"))["items"]
    return {telling["conversation_id"]: telling for telling in found}


async def close_window(shop: Shop, conversation_id: str) -> None:
    """As if the customer had last written two days ago."""
    ws = shop.owner.ws
    now = await conversations.get(ws, conversation_id)
    earlier = ws.clock.now() - timedelta(days=2)
    await conversations.change(
        ws, now, lambda row: replace(row, reach=tuple(replace(way, last_inbound_at=earlier) for way in row.reach))
    )


async def test_each_is_told_on_their_own_channel_or_it_is_said_why_not(shop: Shop) -> None:
    whatsapp, on_whatsapp = await shop.someone("whatsapp")
    sms, on_sms = await shop.someone("sms")
    _, late = await shop.someone("whatsapp")
    stopped, on_stopped = await shop.someone("sms")
    await shop.writes("sms", stopped["id"], type="text", text="STOP")
    await shop.entry_where(on_stopped["id"], lambda e: e["kind"] == "consent")
    await close_window(shop, late["id"])

    incident = await reported(shop, on_whatsapp["id"], on_sms["id"], late["id"], on_stopped["id"])
    assert incident["linked"] == 4
    posted = await update(shop, incident["id"], status="monitoring")
    newest = await done(shop, incident["id"])
    assert (newest["sent"], newest["not_sent"], newest["of"]) == (2, 2, 4)
    await shop.in_ledger("whatsapp", whatsapp["id"], TEXT)
    await shop.in_ledger("sms", sms["id"], TEXT)
    told = await tellings(shop, posted["id"])
    assert told[late["id"]]["code"] == "reply_window_closed"
    assert told[on_stopped["id"]]["code"] == "opted_out"
    assert told[late["id"]]["reason"]
    await shop.entry_where(late["id"], lambda e: e["event"] and e["event"]["name"] == "incident_update_not_sent")
    assert (await shop.get(f"/incidents/{incident['id']}"))["status"] == "monitoring"


async def test_the_same_update_twice_at_once_and_after_a_kill_reaches_everybody_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = shop.owner.ws
    people = [await shop.someone("sms") for _ in range(4)]
    incident = await reported(shop, *(conversation["id"] for _, conversation in people))
    keep = store.insert_telling
    told = 0

    async def killed(*given: Any) -> None:
        nonlocal told
        told += 1
        if told in (2, 4):
            # After the message was made, before it is written down who had it.
            raise RuntimeError("killed")
        await keep(*given)

    monkeypatch.setattr(store, "insert_telling", killed)
    client_id = str(uuid4())
    posted = [await update(shop, incident["id"], client_id=client_id) for _ in range(2)]
    assert posted[0]["id"] == posted[1]["id"]
    await asyncio.gather(*(incidents.send(ws, posted[0]["id"]) for _ in range(3)), return_exceptions=True)
    newest = await done(shop, incident["id"])
    assert (newest["sent"], newest["not_sent"]) == (4, 0)
    for person, _ in people:
        await shop.in_ledger("sms", person["id"], TEXT)
        sent = await shop.ledger(channel="sms", customer=person["id"], direction="out")
        assert [TEXT in str(item["body"]) for item in sent].count(True) == 1


async def test_an_incident_has_so_many_updates_and_no_more(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incidents, "MOST_UPDATES", 1)
    incident = await reported(shop)
    first = {"client_id": str(uuid4())}
    assert (await update(shop, incident["id"], **first))["id"] == (await update(shop, incident["id"], **first))["id"]
    body = {"client_id": str(uuid4()), "text": TEXT}
    refused = await shop.agent.post(f"/api/v1/incidents/{incident['id']}/updates", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many")


async def test_resolving_solves_tickets_and_closes_conversations(shop: Shop) -> None:
    _, conversation = await shop.someone("sms")
    ticket = await shop.post("/tickets", 201, conversation_id=conversation["id"], title="Cannot pay")
    incident = await reported(shop)
    first = {"client_id": str(uuid4()), "status": "identified"}
    await update(shop, incident["id"], **first)
    linked = await shop.post(f"/incidents/{incident['id']}/links", ticket_ids=[ticket["id"]])
    assert linked["links"][0]["ticket_id"] == ticket["id"]
    again = await shop.post(f"/incidents/{incident['id']}/links", conversation_ids=[conversation["id"]])
    assert again["linked"] == 1
    await update(shop, incident["id"], text="It works again.", resolves=True)
    await done(shop, incident["id"])
    # A repeat that comes late takes nothing back.
    await update(shop, incident["id"], **first)
    assert (await shop.get(f"/incidents/{incident['id']}"))["status"] == "resolved"
    assert (await shop.get(f"/tickets/{ticket['id']}"))["status"] == "solved"
    assert (await shop.get(f"/conversations/{conversation['id']}"))["state"] == "closed"
    assert (await shop.get("/incidents", state="resolved"))["items"][0]["id"] == incident["id"]
    refused = await shop.agent.patch(f"/api/v1/incidents/{incident['id']}", json={"revision": 1, "title": "Other"})
    assert (refused.status_code, refused.json()["code"]) == (409, "changed_meanwhile")
