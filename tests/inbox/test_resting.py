"""Handles at which nobody could be reached: marketing leaves them alone for as long as the provider's sheet says."""

from datetime import timedelta
from typing import Any

import pytest

from app.core.addresses import Address
from crm import contacts
from crm.contacts import Profile
from tests.support.broadcasts import (
    BROADCASTS,
    agree,
    begun,
    checked,
    counted,
    customer,
    draft,
    got,
    later,
    reasons,
    text,
)
from tests.support.shop import Shop, eventually

pytestmark = pytest.mark.usefixtures("any_hour")


async def willing(shop: Shop, **plan: Any) -> tuple[int, dict[str, int]]:
    found = await checked(shop.owner, (await draft(shop.owner, **plan))["id"])
    return found["willing"], reasons(found["steps"])


async def phone_of(shop: Shop, contact_id: str) -> Address:
    (row,) = await contacts.addresses_of(shop.owner.ws, contact_id)
    return row.address


async def fails(shop: Shop, address: Address, code: int, count: int) -> str:
    """The next messages to this phone meet the error; its id."""
    everybody = (await shop.sandbox.get("/_sandbox/customers")).json()["customers"]
    phone = next(str(each["id"]) for each in everybody if each["phone"] == address.value)
    await shop.knobs(customers={phone: {"fail_next": {"code": code, "count": count}}})
    return phone


async def test_a_phone_that_is_off_gets_no_marketing_for_a_week_unless_they_write(shop: Shop) -> None:
    off, writes = [await customer(shop, name) for name in ("Off Oduya", "Wren Writer")]
    for each in (off, writes):
        phone = await fails(shop, await phone_of(shop, each), 30003, 2)
    plan = {"account_id": shop.accounts["sms"], "audience": {"contacts": [off, writes]}}
    plan |= {"variants": [{"wordings": [text("Lamps")]}], "guards": {"failure_percent": None}}
    made = await begun(shop.owner, **plan)

    async def both_wait() -> bool:
        now = (await shop.get(f"/broadcasts/{made}/progress"))["tally"]
        return bool(now["waiting"] == 2)

    await eventually(both_wait)
    # Once is no reason: it is tried again after some hours.
    assert await willing(shop, **plan) == (2, {})
    with later(shop, timedelta(hours=5)):
        done = await counted(shop.owner, made, "done")
        assert reasons(done["tally"]["failed"]) == {"30003": 2}
        assert await willing(shop, **plan) == (0, {"resting": 2})
        await shop.writes("sms", phone, type="text", text="Hello")

        async def heard() -> bool:
            return await willing(shop, **plan) == (1, {"resting": 1})

        await eventually(heard)
    with later(shop, timedelta(days=8)):
        assert await willing(shop, **plan) == (2, {})


async def test_who_is_twice_not_on_whatsapp_gets_it_another_way_at_once(shop: Shop) -> None:
    owner = shop.owner
    await shop.post(f"/accounts/{shop.accounts['whatsapp']}/templates/sync")
    someone = await shop.customer(name="Nia Nowhere", on_whatsapp=False)
    address = Address("whatsapp", str(someone["phone"]))
    contact_id = (await contacts.resolve(owner.ws, address, profile=Profile(name="Nia Nowhere"))).contact_id
    await contacts.join(owner.ws, contact_id, Address("sms", address.value), Profile(name="Nia Nowhere"))
    for kind in ("whatsapp", "sms"):
        await agree(shop, contact_id, Address(kind, address.value))
    parameters = {"body": {"first_name": "you", "code": "HELLO10"}}
    welcome = {"type": "template", "name": "welcome_named", "language": "en", "parameters": parameters}
    plan = {"account_id": shop.accounts["whatsapp"], "audience": {"contacts": [contact_id]}}
    plan |= {"variants": [{"wordings": [{"language": None, "content": welcome}]}]}
    for _ in range(2):
        assert await willing(shop, **plan) == (1, {})
        sent = await begun(owner, **plan)
        await counted(owner, sent, "done")

        async def told(broadcast_id: str = sent) -> bool:
            now = await shop.get(f"/broadcasts/{broadcast_id}/progress")
            return reasons(now["tally"]["failed"]) == {"131026": 1}

        await eventually(told)
    assert await willing(shop, **plan) == (0, {"resting": 1})
    fallback = {"account_id": shop.accounts["sms"], "after_minutes": 5, "wordings": [text("Nowhere else")]}
    made = await draft(owner, **plan, fallbacks=[fallback])
    await checked(owner, made["id"])
    assert (await owner.client.post(f"{BROADCASTS}/{made['id']}/start", json={"people": 0})).status_code == 200
    done = await counted(owner, made["id"], "done")
    assert (done["tally"]["sent"], reasons(done["left_out"]), done["unexplained"]) == (1, {}, 0)
    assert len(await got(shop, "Nowhere else")) == 1
    with later(shop, timedelta(days=91)):
        assert await willing(shop, **plan) == (1, {})
