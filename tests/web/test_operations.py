"""What failed is shown with reason and payload, tried again or dismissed; one workspace's never in another's."""

import secrets
from dataclasses import replace
from typing import Any

import pytest

from app.core import ids
from app.core.permissions import Role
from app.core.platform import work
from app.core.platform.work import InboundRow, MediaRow, Receipt
from app.core.runtime import Runtime, Workspace
from tests.support.people import People
from tests.support.shop import Shop, eventually

TOKEN = "EAA" + "x" * 20


def event(ws: Workspace, account_id: str) -> InboundRow:
    return InboundRow(
        id=f"{account_id}/{secrets.token_hex(4)}",
        workspace_id=ws.id,
        account_id=account_id,
        order_key="42",
        body=f'{{"not":"an update","access_token":"{TOKEN}"}}'.encode(),
        received_at=ws.clock.now(),
        sequence=1,
    )


async def put_aside(runtime: Runtime, row: InboundRow, error: str = "it broke") -> None:
    await work.add_inbound(runtime, [work.inbound_document(row)])
    await work.fail_inbound(runtime, row, error, final=True)


async def listed(shop: Shop, kind: str, **query: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await shop.get("/operations/failures", kind=kind, **query))["items"]
    return items


async def test_events_come_back_to_the_list_with_their_reason_until_they_are_dismissed(shop: Shop) -> None:
    ws = shop.owner.ws
    row = event(ws, shop.accounts["telegram"])
    await put_aside(ws.runtime, row)
    (failure,) = await listed(shop, "inbound")
    assert (failure["id"], failure["error"], failure["attempts"]) == (row.id, "it broke", 1)
    assert failure["payload"]["not"] == "an update"
    assert TOKEN not in str(failure["payload"])
    assert (await shop.get("/operations"))["failed"]["inbound"] == 1

    await shop.post("/operations/failures/retry", 204, kind="inbound", id=row.id)
    # It is worked on at once, and fails for its own reason now.
    stored = await eventually(
        lambda: ws.runtime.mongo.inbound.find_one({"_id": row.id, "attempts": 1, "due_at": {"$ne": None}})
    )
    assert "no longer parses" in stored["error"]
    assert "dead_key" not in stored
    await work.fail_inbound(ws.runtime, row, "given up", final=True)
    await shop.post("/operations/failures/dismiss", 204, kind="inbound", id=row.id)
    assert await listed(shop, "inbound") == []
    again = await shop.agent.post("/api/v1/operations/failures/retry", json={"kind": "inbound", "id": row.id})
    assert again.status_code == 404
    assert "no longer put aside" in again.json()["detail"]


WRITTEN = [
    (
        "sms",
        b"From=%2B12025550123&Body=Where+is+my+parcel&AuthToken=abcdef&MessageSid=SM1",
        "MessageSid",
    ),
    (
        "telegram",
        b'{"update_id":7,"message":{"from":{"id":12025550123,"username":"kofi"},"chat":{"id":12025550123},'
        b'"caption":"Where is my parcel"}}',
        "update_id",
    ),
    (
        "whatsapp",
        b'{"entry":[{"changes":[{"value":{"contacts":[{"wa_id":"12025550123"}],"messages":[{"from":"12025550123",'
        b'"id":"wamid.1","text":{"body":"Where is my parcel"}}]}}]}]}',
        "wamid.1",
    ),
]


@pytest.mark.parametrize(("kind", "body", "kept"), WRITTEN)
async def test_what_a_customer_wrote_and_where_from_is_struck_out(
    shop: Shop, kind: str, body: bytes, kept: str
) -> None:
    row = replace(event(shop.owner.ws, shop.accounts[kind]), body=body)
    await put_aside(shop.owner.ws.runtime, row)
    shown = str(next(failure["payload"] for failure in await listed(shop, "inbound") if failure["id"] == row.id))
    assert kept in shown
    assert not [secret for secret in ("2025550123", "parcel", "abcdef", "kofi") if secret in shown]
    await shop.post("/operations/failures/dismiss", 204, kind="inbound", id=row.id)


async def test_all_of_a_kind_are_tried_again(shop: Shop) -> None:
    ws, account_id = shop.owner.ws, shop.accounts["telegram"]
    person, conversation = await shop.someone("telegram")
    await shop.writes("telegram", person["id"], type="image", media="photo")
    entry = await shop.entry_where(
        conversation["id"], lambda e: (e["content"] or {}).get("media", {}).get("state") == "ready"
    )
    rows = []
    for number in range(3):
        source = {"file_id": f"not there {number}"}
        row = MediaRow(
            id=ids.new("med"),
            workspace_id=ws.id,
            account_id=account_id,
            entry_id=entry["id"],
            source=source,
            due_at=ws.clock.now(),
        )
        await work.add_media(ws.runtime, row)
        await work.fail_media(ws.runtime, row, "The provider did not hand the file over.")
        rows.append(row)
    assert len(await listed(shop, "media")) == 3
    assert len(await listed(shop, "media", limit=2)) == 2
    before = max(failure["at"] for failure in await listed(shop, "media"))
    await shop.post("/operations/failures/retry-all", 204, kind="media")

    async def refused_anew() -> bool:
        failures = await listed(shop, "media")
        return len(failures) == 3 and all(failure["attempts"] == 1 and failure["at"] > before for failure in failures)

    await eventually(refused_anew)


async def test_a_report_that_cannot_be_applied_is_shown(shop: Shop) -> None:
    ws, account_id = shop.owner.ws, shop.accounts["whatsapp"]
    odd = Receipt(external_id="wamid.odd", correlation=None, status="no such status", at=ws.clock.now())
    await work.add_receipts(ws.runtime, [work.receipt_document(account_id, ws.id, odd, ws.clock.now())])
    (batch,) = await work.pending_receipts(ws.runtime, account_id, limit=1)
    await work.fail_receipts(ws.runtime, batch, "ValueError: 'no such status' is not a valid DeliveryStatus")
    (failure,) = await listed(shop, "receipts")
    assert failure["payload"][0]["status"] == "no such status"
    assert failure["account_id"] == account_id


async def test_a_message_that_failed_is_listed_until_it_is_sent_again(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    await shop.knobs(customers={person["id"]: {"fail_next": {"code": 131009, "count": 1}}})
    entry = await shop.answers(conversation["id"], "Refused once")

    async def failed() -> dict[str, Any] | None:
        return next((item for item in await listed(shop, "messages") if item["id"] == entry["id"]), None)

    failure = await eventually(failed)
    assert failure["payload"]["provider_code"] == "131009"
    assert failure["conversation_id"] == conversation["id"]
    await shop.post("/operations/failures/retry", 204, kind="messages", id=entry["id"])
    await shop.entry_where(conversation["id"], lambda e: e["id"] == entry["id"] and e["status"] == "delivered")
    assert await failed() is None


async def test_lanes_and_waiting_work_are_told(shop: Shop) -> None:
    found = await shop.get("/operations")
    assert {lane["name"]: lane["served"] for lane in found["lanes"]} == {
        "inbound": True,
        "replies": True,
        "background": True,
        "push": True,
    }
    assert {one["kind"] for one in found["work"]} == {"inbound", "receipts", "media", "outbox", "pushes"}
    assert {one["level"] for one in found["work"]} <= {"ok", "late"}


async def test_only_operators_and_only_their_own(people: People, runtime: Runtime) -> None:
    _, owner = await people.workspace()
    agent = await people.join(owner.ws, Role.AGENT)
    assert (await agent.client.get("/api/v1/operations")).status_code == 403
    _, stranger = await people.workspace()
    row = event(owner.ws, ids.new("acc"))
    await put_aside(runtime, row)
    body = {"kind": "inbound", "id": row.id}
    theirs = await stranger.client.get("/api/v1/operations/failures", params={"kind": "inbound"})
    assert theirs.json()["items"] == []
    assert (await stranger.client.post("/api/v1/operations/failures/retry", json=body)).status_code == 404
    assert (await owner.client.post("/api/v1/operations/failures/dismiss", json=body)).status_code == 204
