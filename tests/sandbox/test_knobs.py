"""Trouble on demand: retries, duplicates, disorder, errors, lost answers, outages, and the clock."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx
import orjson
import pytest
from starlette.responses import Response

from tests.sandbox.support import ACCOUNT, BOT, NUMBER, Business, Sandbox

HELLO = {"type": "text", "text": {"body": "Hello"}}


def texts(business: Business) -> list[str]:
    found: list[str] = []
    for item in business.got:
        for change in orjson.loads(item.body)["entry"][0]["changes"]:
            found.extend(message["text"]["body"] for message in change["value"].get("messages", []))
    return found


async def test_webhooks_are_retried_until_200(sandbox: Sandbox, business: Business) -> None:
    business.answers = [Response(status_code=500), Response(status_code=201), Response(status_code=302)]
    await sandbox.inbound("whatsapp", "text", text="Hi")
    await business.wait(4)
    assert texts(business) == ["Hi"] * 4
    await asyncio.sleep(0.05)
    assert (await sandbox.ledger(direction="in"))[0]["acks"] == 1
    state = (await sandbox.control("GET", "/state"))["webhooks"]
    assert state["pending"] == 0


async def test_retries_can_be_off(sandbox: Sandbox, business: Business) -> None:
    await sandbox.knobs(webhook_retries=False)
    business.answers = [Response(status_code=500)]
    await sandbox.inbound("whatsapp", "text", text="Hi")
    await asyncio.sleep(0.3)
    assert len(business.got) == 1


async def test_a_business_that_is_down_gets_it_later(sandbox: Sandbox, business: Business) -> None:
    await sandbox.control("PUT", f"/accounts/whatsapp/{NUMBER}", {"webhook_url": "http://127.0.0.1:1/wa"})
    await sandbox.inbound("whatsapp", "text", text="Hi")
    await asyncio.sleep(0.1)
    await sandbox.control("PUT", f"/accounts/whatsapp/{NUMBER}", {"webhook_url": f"{business.url}/wa"})
    await business.wait(1)


async def test_order_is_kept_per_customer(sandbox: Sandbox, business: Business) -> None:
    for at in range(20):
        await sandbox.inbound("whatsapp", "text", text=str(at))
    await business.wait(20)
    assert texts(business) == [str(at) for at in range(20)]


async def test_duplicates_and_disorder(sandbox: Sandbox, business: Business) -> None:
    await sandbox.control("PUT", "/knobs", {"global": {"duplicate_rate": 1, "reorder_ms": 50}, "seed": 7})
    for at in range(10):
        await sandbox.inbound("whatsapp", "text", text=str(at))
    await business.wait(20)
    assert Counter(texts(business)) == {str(at): 2 for at in range(10)}
    business.got.clear()
    await sandbox.knobs(duplicate_rate=0, reorder_rate=0.5, reorder_ms=200)
    for at in range(20):
        await sandbox.inbound("whatsapp", "text", text=str(at))
    await business.wait(20)
    assert sorted(texts(business), key=int) == [str(at) for at in range(20)]
    assert texts(business) != [str(at) for at in range(20)]


async def test_scopes_of_knobs(sandbox: Sandbox) -> None:
    await sandbox.inbound("whatsapp", "text", text="Hi")
    await sandbox.inbound("whatsapp", "text", customer="diego", text="Hi")
    change = {"customers": {"diego": {"fail_next": {"code": 131016, "count": 1}}}}
    await sandbox.control("PUT", "/knobs", change)
    assert (await sandbox.send(**HELLO)).status_code == 200
    failed = await sandbox.send(to="+12025550122", **HELLO)
    assert (failed.status_code, failed.json()["error"]["code"]) == (500, 131016)
    assert (await sandbox.send(to="+12025550122", **HELLO)).status_code == 200
    await sandbox.control("PUT", "/knobs", {"channels": {"sms": {"throttle": True}}})
    assert (await sandbox.sms(Body="x")).json()["code"] == 20429
    assert (await sandbox.send(**HELLO)).status_code == 200


async def test_errors_now_or_later(sandbox: Sandbox, business: Business) -> None:
    await sandbox.inbound("whatsapp", "text", text="Hi")
    await sandbox.knobs(error_rate=1, error_code=131049)
    assert (await sandbox.send(**HELLO)).status_code == 200
    await asyncio.sleep(0.1)
    entry = (await sandbox.ledger(direction="out"))[0]
    assert [(item["status"], item["code"]) for item in entry["statuses"]] == [("failed", 131049)]
    await sandbox.knobs(error_rate=1, error_code=130429)
    assert (await sandbox.send(**HELLO)).json()["error"]["code"] == 130429
    assert len(await sandbox.ledger(direction="out")) == 1


@pytest.mark.parametrize("mode", ["drop", "hang"])
async def test_accepted_but_never_answered(sandbox: Sandbox, mode: str) -> None:
    await sandbox.inbound("whatsapp", "text", text="Hi")
    await sandbox.inbound("telegram", "start")
    await sandbox.knobs(timeout_after_accept_rate=1, timeout_mode=mode)
    wanted = httpx.RemoteProtocolError if mode == "drop" else httpx.ReadTimeout
    async with httpx.AsyncClient(base_url=sandbox.url, timeout=0.3) as http:
        impatient = Sandbox(sandbox.url, http)
        with pytest.raises(wanted):
            await impatient.send(**HELLO)
        with pytest.raises(wanted):
            await impatient.sms(Body="x")
    entries = await sandbox.ledger(direction="out")
    assert [entry["channel"] for entry in entries] == ["whatsapp", "sms"]


async def test_outage(sandbox: Sandbox) -> None:
    await sandbox.knobs(outage=True)
    wa, sms, telegram = await sandbox.send(**HELLO), await sandbox.sms(Body="x"), await sandbox.bot("getMe")
    assert [item.status_code for item in (wa, sms, telegram)] == [503, 503, 503]
    assert (wa.json()["error"]["code"], sms.json()["code"], telegram.json()["error_code"]) == (2, 20503, 503)
    await sandbox.knobs(outage=None)
    assert (await sandbox.bot("getMe")).status_code == 200


async def test_statuses_in_batches(sandbox: Sandbox, business: Business) -> None:
    await sandbox.inbound("whatsapp", "text", text="Hi")
    await business.wait(1)
    business.got.clear()
    await sandbox.knobs(status_batch_ms=150)
    for _ in range(5):
        await sandbox.send(**HELLO)
    await business.wait(1)
    await asyncio.sleep(0.3)
    counts = [len(orjson.loads(item.body)["entry"][0]["changes"]) for item in business.got]
    assert sum(counts) == 10
    assert len(counts) < 5


async def test_speed_shortens_windows(sandbox: Sandbox) -> None:
    await sandbox.inbound("whatsapp", "text", text="Hi")
    await sandbox.control("PUT", "/knobs", {"speed": 864_000})
    await asyncio.sleep(0.15)
    assert (await sandbox.send(**HELLO)).json()["error"]["code"] == 131047


async def test_any_status_can_be_forced(sandbox: Sandbox, business: Business) -> None:
    await sandbox.inbound("whatsapp", "text", text="Hi")
    sent = (await sandbox.send(**HELLO)).json()["messages"][0]["id"]
    await business.wait(3)
    forced = {"channel": "whatsapp", "message": sent, "status": "failed", "code": 131053}
    entry = await sandbox.control("POST", "/status", forced)
    assert entry["statuses"][-1]["code"] == 131053
    value = orjson.loads((await business.wait(4))[3].body)["entry"][0]["changes"][0]["value"]
    assert value["statuses"][0]["errors"][0]["code"] == 131053


@pytest.mark.parametrize(
    ("method", "path", "data"),
    [
        ("PUT", "/knobs", {"global": {"gravity": 1}}),
        ("PUT", "/knobs", {"global": {"error_rate": 2}}),
        ("PUT", "/knobs", {"channels": {"fax": {}}}),
        ("PUT", "/accounts/whatsapp/1", {}),
        ("PUT", "/accounts/fax/1", {}),
        ("PUT", "/customers", {"name": "Nobody", "phone": "123"}),
        ("POST", "/inbound", {"channel": "whatsapp", "account": NUMBER, "customer": "nobody"}),
        ("POST", "/inbound", {"channel": "whatsapp", "account": NUMBER, "customer": "ama", "type": "dance"}),
        ("POST", "/inbound", {"channel": "telegram", "account": BOT, "customer": "noah", "type": "text", "text": "x"}),
        ("POST", "/inbound", []),
        ("GET", "/media/none", None),
    ],
)
async def test_the_control_api_explains_itself(sandbox: Sandbox, method: str, path: str, data: object) -> None:
    response = await sandbox.http.request(method, f"/_sandbox{path}", json=data)
    assert 400 <= response.status_code < 500
    assert response.json()["error"]


async def test_a_new_default_webhook_reaches_all_numbers(sandbox: Sandbox, business: Business) -> None:
    await sandbox.control("PUT", f"/accounts/twilio/{ACCOUNT}", {"webhook_url": f"{business.url}/all"})
    await sandbox.inbound("sms", "text", text="Hi")
    assert (await business.wait(1))[0].path == "/all"
