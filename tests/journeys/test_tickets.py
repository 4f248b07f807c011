"""A ticket from a message to the customer's page, through the real API, worker and channels."""

from urllib.parse import urlsplit
from uuid import uuid4

import httpx

from app.core.permissions import Role
from tests.support.shop import Shop, eventually


async def test_from_a_message_to_the_customers_page(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    message = (await shop.thread(conversation["id"]))[-1]
    forms = await shop.get("/ticket-forms")
    answer = await shop.agent.put("/api/v1/ticket-forms", json={**forms, "tell_on": ["solved"]})
    assert answer.status_code == 200, answer.text
    ticket = await shop.post("/tickets", 201, entry_id=message["id"], title="Parcel <b>wet</b>")
    assert (ticket["conversation_ids"], ticket["entry_ids"]) == ([conversation["id"]], [message["id"]])
    assert ticket["contact"]["id"] == conversation["contact_id"]

    # Two at once: the one who saw an older state is told what changed, and by whom.
    ama = await shop.people.join(shop.owner.ws, Role.AGENT)
    path = f"/api/v1/tickets/{ticket['id']}"
    taken = await ama.client.patch(path, json={"revision": ticket["revision"], "owner_id": ama.member.id})
    assert (taken.json()["status"], taken.json()["owner_id"]) == ("open", ama.member.id)
    refused = await shop.agent.patch(path, json={"revision": ticket["revision"], "owner_id": None})
    assert (refused.status_code, refused.json()["code"]) == (409, "changed_meanwhile")
    assert refused.json()["changed"][0] == {
        **refused.json()["changed"][0],
        "what": "owner_id",
        "by": ama.member.id,
        "name": ama.member.name,
        "value": ama.member.id,
    }

    await shop.post(f"/tickets/{ticket['id']}/comments", 201, client_id=str(uuid4()), text="Sent a new one")
    solved = await shop.agent.patch(path, json={"status": "solved"})
    assert solved.json()["next_statuses"] == ["open", "closed"]
    told = await shop.in_ledger("whatsapp", person["id"], f"#{ticket['number']}")
    assert "is now solved" in str(told["body"])
    activity = (await shop.get(f"/tickets/{ticket['id']}/activity"))["entries"]
    assert [e["event"]["name"] if e["event"] else e["kind"] for e in activity] == [
        "ticket_created",
        "ticket_changed",
        "note",
        "ticket_changed",
    ]

    link = (await shop.get(f"/tickets/{ticket['id']}/public-link"))["url"]
    assert link in str(told["body"])
    async with httpx.AsyncClient(base_url=shop.url, trust_env=False) as browser:
        page = await browser.get(urlsplit(link).path)
        assert page.status_code == 200
        assert "Parcel &lt;b&gt;wet&lt;/b&gt;" in page.text
        assert "Solved" in page.text
        assert "Sent a new one" not in page.text
        assert (await browser.get(urlsplit(link).path[:-1] + "x")).status_code == 404
        assert (await browser.get(f"/t/{shop.owner.ws.id}/{ticket['id']}/x")).status_code == 404


async def test_the_customers_answer_opens_a_ticket_that_waited_for_it(shop: Shop) -> None:
    person, conversation = await shop.someone("sms")
    ticket = await shop.post("/tickets", 201, conversation_id=conversation["id"], title="Which size?")
    path = f"/api/v1/tickets/{ticket['id']}"
    await shop.agent.patch(path, json={"status": "waiting_customer"})
    await shop.writes("sms", person["id"], type="text", text="Large")

    async def opened() -> bool:
        return bool((await shop.get(f"/tickets/{ticket['id']}"))["status"] == "open")

    await eventually(opened)
    await shop.agent.patch(path, json={"status": "waiting_third_party"})
    await shop.writes("sms", person["id"], type="text", text="Please")
    await shop.entry_where(conversation["id"], lambda e: e["content"] and e["content"].get("text") == "Please")
    assert (await shop.get(f"/tickets/{ticket['id']}"))["status"] == "waiting_third_party"


async def test_what_cannot_be_told_is_noted_with_the_reason(shop: Shop) -> None:
    person, conversation = await shop.someone("sms")
    await shop.writes("sms", person["id"], type="text", text="STOP")
    await shop.entry_where(conversation["id"], lambda e: e["kind"] == "consent")
    ticket = await shop.post("/tickets", 201, conversation_id=conversation["id"], title="Late again")
    await shop.agent.patch(f"/api/v1/tickets/{ticket['id']}", json={"status": "solved"})

    async def noted() -> dict[str, object] | None:
        found = (await shop.get(f"/tickets/{ticket['id']}/activity"))["entries"]
        return next((e["event"] for e in found if e["event"] and e["event"]["name"] == "ticket_update_not_sent"), None)

    event = await eventually(noted)
    assert (event["status"], event["code"]) == ("solved", "opted_out")
