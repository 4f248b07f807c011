"""What stops a mailing by itself: providers' words on its template, with the reason; and what may go on one day."""

import asyncio
from typing import Any

import pytest

from app.core.addresses import Address
from crm import contacts
from crm.contacts import Profile
from inbox.mailings import guards
from inbox.mailings.guards import Verdict
from tests.support.broadcasts import BROADCASTS, begun, checked, draft, text
from tests.support.shop import Shop, eventually

pytestmark = pytest.mark.usefixtures("any_hour")


@pytest.mark.parametrize(
    ("template", "change", "back", "words"),
    [
        ("order_update", {"status": "PAUSED"}, {"status": "APPROVED"}, "order_update (en_US) is paused"),
        ("reply_ready", {"quality": "RED"}, {"quality": "GREEN"}, "the template reply_ready (en_US) as low"),
    ],
)
async def test_a_template_that_turns_bad_stops_what_goes_out_by_it(
    shop: Shop, template: str, change: dict[str, str], back: dict[str, str], words: str
) -> None:
    owner, ws = shop.owner, shop.owner.ws

    async def synced() -> bool:
        return bool((await shop.get("/templates", account_id=shop.accounts["whatsapp"]))["items"])

    await eventually(synced)
    people = [
        (
            await contacts.resolve(ws, Address("whatsapp", phone["phone"]), profile=Profile(name=phone["name"]))
        ).contact_id
        for phone in [await shop.customer() for _ in range(3)]
    ]
    body = {"1": "you", "2": "1001", "3": "May"} if template == "order_update" else {"1": "you"}
    content = {"type": "template", "name": template, "language": "en_US", "parameters": {"body": body}}
    made = await draft(
        owner,
        account_id=shop.accounts["whatsapp"],
        purpose="transactional",
        audience={"contacts": people},
        variants=[{"wordings": [{"language": None, "content": content}]}],
        # The others wait for a day after the first.
        ramp=[1],
    )
    path = f"{BROADCASTS}/{made['id']}"
    await checked(owner, made["id"])
    assert (await owner.client.post(f"{path}/start", json={"people": 3})).status_code == 200

    async def progress(**tally: int) -> dict[str, Any] | None:
        now: dict[str, Any] = (await owner.client.get(f"{path}/progress")).json()
        return now if {**now["tally"], **tally} == now["tally"] else None

    await eventually(lambda: progress(sent=1, queued=2))
    named = {"waba_id": "200000000000077", "name": template, "language": "en_US"}
    told = await shop.sandbox.post("/_sandbox/template_status", json={**named, **change})
    assert told.status_code == 200, told.text

    async def paused() -> dict[str, Any] | None:
        now: dict[str, Any] = (await owner.client.get(path)).json()
        return now if now["state"] == "paused" else None

    found = await eventually(paused)
    # Whoever looks first, the mailing or the broadcast that carries it, says so.
    assert words in found["reason"]["message"] or "it is paused" in found["reason"]["message"], found["reason"]
    await shop.sandbox.post("/_sandbox/template_status", json={**named, **back})
    assert (await owner.client.post(f"{path}/cancel")).json()["state"] == "cancelled"


async def test_who_goes_while_figures_are_read_is_not_forgotten(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that takes its time must not let a second one through on a day that has room for one."""
    looked = asyncio.Semaphore(0)
    look = guards.look

    async def slowly(*given: Any) -> Verdict:
        verdict = await look(*given)
        await asyncio.sleep(0.6)
        looked.release()
        return verdict

    monkeypatch.setattr(guards, "look", slowly)
    monkeypatch.setattr(guards, "EVERY_SECONDS", 0.0)
    phones = [await shop.customer(name=f"Patient {number}") for number in range(3)]
    people = [
        (await contacts.resolve(shop.owner.ws, Address("sms", phone["phone"]), profile=Profile(name="P"))).contact_id
        for phone in phones
    ]
    made = await begun(
        shop.owner,
        account_id=shop.accounts["sms"],
        purpose="transactional",
        audience={"contacts": people},
        variants=[{"wordings": [text("One a day")]}],
        ramp=[1],
    )
    async with asyncio.timeout(60):
        for _ in range(6):
            await looked.acquire()
    tally = (await shop.get(f"/broadcasts/{made}/progress"))["tally"]
    assert (tally["sent"], tally["queued"]) == (1, 2)
    assert (await shop.agent.post(f"{BROADCASTS}/{made}/cancel")).status_code == 200
