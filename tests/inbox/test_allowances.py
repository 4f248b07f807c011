"""So many people a day may be written to first: counted for all numbers of a portfolio, and never exceeded."""

from datetime import timedelta
from typing import Any

import pytest

from app.core.addresses import Address
from crm import contacts
from crm.contacts import Profile
from inbox import allowances
from tests.support.broadcasts import BROADCASTS, checked, draft, listed
from tests.support.shop import Shop, eventually

pytestmark = pytest.mark.usefixtures("any_hour")


def told(text: str) -> dict[str, Any]:
    content = {"name": "order_update", "language": "en_US", "parameters": {"body": {"1": "you", "2": text, "3": "May"}}}
    return {"type": "template", **content}


async def test_a_broadcast_goes_to_so_many_people_a_day_and_on_when_there_is_room(shop: Shop) -> None:
    owner, ws, account_id = shop.owner, shop.owner.ws, shop.accounts["whatsapp"]

    async def synced() -> bool:
        return bool((await shop.get("/templates", account_id=shop.accounts["whatsapp"]))["items"])

    await eventually(synced)
    number = f"/_sandbox/accounts/whatsapp/{shop.providers['whatsapp']}"
    assert (await shop.sandbox.put(number, json={"messaging_limit": "TIER_3"})).status_code == 200
    await shop.post(f"/accounts/{account_id}/check")
    path = f"/accounts/{account_id}/allowance"
    assert (await shop.get(path))["allowance"] == {
        "people_a_day": 3,
        "used": 0,
        "full_until": None,
        "shared_with": [],
    }
    assert (await shop.get(f"/accounts/{shop.accounts['sms']}/allowance"))["allowance"] is None

    phones = [await shop.customer(name=f"Daily {at}") for at in range(5)]
    people = [Address("whatsapp", phone["phone"]) for phone in phones]
    ids = [(await contacts.resolve(ws, each, profile=Profile(name=str(each)))).contact_id for each in people]
    everybody = await listed(owner, "Daily", ids)
    variants = [{"wordings": [{"language": None, "content": told(everybody)}]}]
    made = await draft(
        owner, account_id=account_id, purpose="transactional", audience={"lists": [everybody]}, variants=variants
    )
    warnings = {each["code"]: each["message"] for each in (await checked(owner, made["id"]))["warnings"]}
    assert "over 2 days" in warnings["daily_limit"]
    assert (await owner.client.post(f"{BROADCASTS}/{made['id']}/start", json={"people": 5})).status_code == 200

    async def held() -> dict[str, Any] | None:
        now = (await owner.client.get(f"{BROADCASTS}/{made['id']}/progress")).json()
        return now if now["held_until"] and now["tally"]["sent"] == 3 and not now["tally"]["sending"] else None

    now = await eventually(held)
    assert (now["state"], now["tally"]["queued"], now["tally"]["failed"]) == ("running", 2, [])
    seen = (await shop.get(path))["allowance"]
    assert (seen["used"], seen["full_until"]) == (3, now["held_until"])

    # Whoever has written is answered, with an approved text as well: that is no first word.
    person, conversation = await shop.someone("whatsapp")
    await shop.sends(conversation["id"], told("answer"))
    await shop.in_ledger("whatsapp", person["id"], "answer")
    assert (await shop.get(path))["allowance"]["used"] == 3

    # A day passes, here and there.
    assert (await shop.sandbox.post("/_sandbox/clock", json={"advance_seconds": 90_000})).status_code == 200
    (key,) = await shop.runtime.redis.keys(f"parley:allowance:{ws.id}:*")
    yesterday = (ws.clock.now() - timedelta(hours=25)).timestamp() * 1000
    members = await shop.runtime.redis.zrange(key, 0, -1)
    await shop.runtime.redis.zadd(key, dict.fromkeys(members, yesterday))

    async def done() -> dict[str, Any] | None:
        now = (await owner.client.get(f"{BROADCASTS}/{made['id']}/progress")).json()
        return now if now["state"] == "done" else None

    over = await eventually(done)
    assert (over["tally"]["sent"], over["tally"]["failed"], over["held_until"]) == (5, [], None)
    sent = await shop.ledger(channel="whatsapp", direction="out")
    got = sorted(each["to"] for each in sent if everybody in str(each["body"]))
    assert got == sorted(phone["phone"] for phone in phones)

    # One place is left: who gets it may be written to again, and the next one waits for the day after.
    for state in ("sent", "held"):
        someone, talk = await shop.someone("whatsapp")
        theirs, long_ago = talk["id"], ws.clock.now() - timedelta(hours=30)
        await ws.db.conversations.update({"_id": theirs}, {"$set": {"reach.0.last_inbound_at": long_ago}})
        if state == "sent":
            assert await allowances.take(ws, account_id, [Address("whatsapp", someone["phone"])]) == [True]
        entry = await shop.sends(theirs, told(f"{state} {everybody}"))

        def settled(each: dict[str, Any], entry_id: str = entry["id"]) -> bool:
            waits = (each["error"] or {}).get("code") == "daily_limit"
            return each["id"] == entry_id and (waits or each["status"] in ("sent", "delivered"))

        found = await shop.entry_where(theirs, settled)
        assert (found["error"] is not None) == (state == "held"), found
