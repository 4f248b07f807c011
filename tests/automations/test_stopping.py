"""Stopping a broadcast on its way: by hand, by the switch, by its budget and its guards; and letting it go on."""

import asyncio
from typing import Any

import pytest

from app.core.addresses import Address
from channels import accounts
from crm import contacts
from crm.contacts import Profile
from tests.support.broadcasts import (
    BROADCASTS,
    agree,
    begun,
    counted,
    customer,
    got,
    progress,
    rows,
    state_of,
    text,
    why,
)
from tests.support.shop import Shop, eventually

pytestmark = pytest.mark.usefixtures("any_hour")

# Too few to judge by, otherwise.
CALM = {"after": 1, "failure_percent": None, "opt_out_percent": None, "block_percent": None, "quality": False}


def plan(shop: Shop, who: list[str], words: str, **more: Any) -> dict[str, Any]:
    """A message to these people that says the words and their first name."""
    return {
        "account_id": shop.accounts["sms"],
        "audience": {"contacts": who},
        "variants": [{"wordings": [text(f"{words} {{{{ contact.first_name }}}}")]}],
        "guards": CALM,
        **more,
    }


async def change(shop: Shop, broadcast_id: str, **values: Any) -> dict[str, Any]:
    answer = await shop.agent.patch(f"{BROADCASTS}/{broadcast_id}", json=values)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def press(shop: Shop, broadcast_id: str, step: str) -> dict[str, Any]:
    body = {"json": {}} if step == "resume" else {}
    answer = await shop.agent.post(f"{BROADCASTS}/{broadcast_id}/{step}", **body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def some_have_it(shop: Shop, broadcast_id: str, many: int) -> None:
    async def enough() -> bool:
        return int((await progress(shop.owner, broadcast_id))["tally"]["sent"]) >= many

    await eventually(enough)


async def phone_of(shop: Shop, contact_id: str) -> str:
    """The sandbox's id of the customer who has this contact's number."""
    (row,) = await contacts.addresses_of(shop.owner.ws, contact_id)
    phones = (await shop.sandbox.get("/_sandbox/customers")).json()["customers"]
    return next(str(each["id"]) for each in phones if each["phone"] == row.address.value)


async def test_by_hand_by_the_switch_and_for_good(shop: Shop) -> None:
    owner = shop.owner
    names = ["Abe", "Bea", "Cem", "Dov", "Eli", "Fay", "Gus", "Hal", "Ida", "Jan"]
    who = [await customer(shop, name) for name in names]
    made = await begun(owner, **plan(shop, who, "Halt", rate=2))
    await some_have_it(shop, made, 2)
    paused = await press(shop, made, "pause")
    assert (paused["state"], paused["reason"]["message"]) == ("paused", f"{owner.member.name} paused it.")
    # What was under way comes to its end; two seconds after the answer nothing more goes.
    await asyncio.sleep(2)
    before = await got(shop, "Halt")
    await asyncio.sleep(1)
    assert await got(shop, "Halt") == before
    assert 2 <= len(before) < 10
    waiting = next(at for at, name in zip(who, names, strict=True) if name not in before)
    assert (await why(owner, made, waiting))[0] == "waiting"
    # Ten a second is over at once; two would take four seconds more.
    assert (await change(shop, made, rate=10))["state"] == "paused"
    await press(shop, made, "resume")
    await some_have_it(shop, made, len(before) + 1)

    # The switch that stops all marketing stops it wherever it is; who lets it go on meanwhile is told again.
    second = await begun(owner, **plan(shop, who, "Switch", rate=2))
    await some_have_it(shop, second, 1)
    await shop.post("/pacing/stop", reason="Wrong price")
    stopped = await state_of(owner, second, "paused")
    assert stopped["reason"] == {"code": "guard", "message": f"All marketing is stopped, by {owner.member.name}."}
    await press(shop, second, "resume")
    await state_of(owner, second, "paused")
    await shop.post("/pacing/resume")
    await counted(owner, made, "done")
    await change(shop, second, rate=None)
    await press(shop, second, "resume")
    await counted(owner, second, "done")
    assert await got(shop, "Halt") == await got(shop, "Switch") == names

    # For good: who has it keeps it, everybody else is in the figures as cancelled.
    third = await begun(owner, **plan(shop, who, "Over", rate=2))
    await some_have_it(shop, third, 1)
    assert (await press(shop, third, "cancel"))["state"] == "cancelled"
    # Here, too, whoever had their turn within two seconds of the answer is not called back.
    await asyncio.sleep(2)

    async def settled() -> dict[str, Any] | None:
        now = await progress(owner, third)
        tally, have_it = now["tally"], len(await got(shop, "Over"))
        return now if tally["sending"] == 0 and (tally["sent"], tally["cancelled"]) == (have_it, 10 - have_it) else None

    over = await eventually(settled)
    assert (over["unexplained"], over["tally"]["queued"]) == (0, 0)
    assert over["tally"]["sent"] < 10
    states = [row["state"] for row in await rows(owner, third)]
    assert states.count("cancelled") == over["tally"]["cancelled"]
    gone = next(row["contact_id"] for row in await rows(owner, third) if row["state"] == "cancelled")
    assert await why(owner, third, gone) == ("left_out", "They did not get it: it was cancelled before their turn.")
    late = await shop.agent.post(f"{BROADCASTS}/{third}/resume", json={})
    assert (late.status_code, late.json()["code"]) == (409, "not_paused")


async def test_the_budget_stops_it_in_the_middle(shop: Shop) -> None:
    owner, ws = shop.owner, shop.owner.ws
    price = {"country": "US", "category": "sms", "amount": "0.01", "currency": "USD"}
    path = f"/api/v1/accounts/{shop.accounts['sms']}/prices"
    assert (await shop.agent.put(path, json={"prices": [price], "revision": 0})).status_code == 200
    who = [await customer(shop, name) for name in ("Kay", "Lea", "Max", "Ned", "Ora")]
    made = await begun(owner, **plan(shop, who, "Dear", budget_minor=2))
    paused = await state_of(owner, made, "paused")
    assert paused["reason"] == {"code": "guard", "message": "The budget is used up."}
    now = await progress(owner, made)
    assert (now["tally"]["sent"], now["spent_minor"], now["budget_minor"], now["tally"]["queued"]) == (2, 2, 2, 3)
    await change(shop, made, budget_minor=4)
    await press(shop, made, "resume")
    await some_have_it(shop, made, 4)
    await state_of(owner, made, "paused")
    # Without one there is no limit.
    await change(shop, made, budget_minor=None)
    await press(shop, made, "resume")
    done = await counted(owner, made, "done")
    assert (done["spent_minor"], done["unexplained"], len(await got(shop, "Dear"))) == (5, 0, 5)
    # What arrived although the answer was lost has cost something, what failed after that has not.
    lost = {"timeout_after_accept_rate": 1, "status_delay_ms": {"sent": 300, "delivered": 600}}
    arrives, fails = [await phone_of(shop, each) for each in who[:2]]
    await shop.knobs(customers={arrives: lost, fails: {**lost, "error_rate": 1, "error_code": 30005}})
    try:
        made = await begun(owner, **plan(shop, who[:2], "Silent"))

        async def all_is_told() -> dict[str, Any] | None:
            now = await progress(owner, made)
            return now if now["tally"]["delivered"] and now["tally"]["failed"] else None

        told = await eventually(all_is_told)
    finally:
        await shop.knobs(customers={arrives: None, fails: None})
    assert (told["tally"]["sent"], told["tally"]["unknown"], told["spent_minor"]) == (1, 0, 1)
    assert ws.id


async def test_guards_stop_it_and_can_be_loosened_on_the_way(shop: Shop) -> None:
    owner = shop.owner
    who = [await customer(shop, name) for name in ("Pam", "Quin", "Ray", "Sue", "Tom", "Una", "Vic", "Wes")]
    phones = [await phone_of(shop, each) for each in who]
    order = sorted(range(len(who)), key=lambda at: who[at])
    bad = [phones[at] for at in order[:2]]
    await shop.knobs(customers={phone: {"error_rate": 1, "error_code": 21608} for phone in bad})
    made = await begun(owner, **plan(shop, who, "Failing", rate=2, guards={**CALM, "after": 2, "failure_percent": 30}))
    paused = await state_of(owner, made, "paused")
    assert paused["reason"]["code"] == "guard"
    assert "failed: more than the 30 % at which this stops" in paused["reason"]["message"]
    assert paused["may"]["adjust"] is True
    await shop.knobs(customers=dict.fromkeys(bad))
    late = await shop.agent.patch(f"{BROADCASTS}/{made}", json={"holdout_percent": 10})
    assert (late.status_code, late.json()["code"]) == (409, "not_editable")
    await change(shop, made, guards=CALM, rate=None)
    await press(shop, made, "resume")
    done = await counted(owner, made, "done")
    assert (done["tally"]["sent"], done["unexplained"]) == (6, 0)
    trail = (await shop.get("/audit", about="broadcast", limit=50))["items"]
    assert any(each["action"] == "broadcast.changed" and "guards" in str(each["detail"]) for each in trail)

    # Two of the first ask to stop. Whoever has seen that and lets it go on is not stopped by the same ones again.
    second = await begun(
        owner, **plan(shop, who, "Stops", rate=0.3, guards={**CALM, "after": 2, "opt_out_percent": 10})
    )
    await some_have_it(shop, second, 2)
    first = (await shop.ledger(channel="sms", direction="out"))[-2:]
    for each in first:
        await shop.writes("sms", each["customer"], type="text", text="STOP")
    stopped = await state_of(owner, second, "paused")
    assert "asked us to stop" in stopped["reason"]["message"]
    await change(shop, second, rate=None)
    await press(shop, second, "resume")
    over = await counted(owner, second, "done")
    assert (over["tally"]["opted_out"], over["unexplained"]) == (2, 0)

    # Somebody has blocked the bot.
    chats = [await shop.someone("telegram") for _ in range(4)]
    people = {conversation["contact"]["id"]: person["id"] for person, conversation in chats}
    for contact_id in people:
        (row,) = await contacts.addresses_of(owner.ws, contact_id)
        await agree(shop, contact_id, row.address)
    # The first to get it.
    await shop.knobs(customers={people[min(people)]: {"error_rate": 1, "error_code": 403}})
    third = await begun(
        owner,
        **plan(
            shop,
            list(people),
            "Blocked",
            account_id=shop.accounts["telegram"],
            rate=0.5,
            guards={**CALM, "block_percent": 10},
        ),
    )
    blocked = await state_of(owner, third, "paused")
    assert "blocked us" in blocked["reason"]["message"], blocked
    await press(shop, third, "cancel")


async def test_a_sender_that_is_rated_low_stops_it_until_somebody_says_that_it_does_not_matter(shop: Shop) -> None:
    owner, sender = shop.owner, shop.accounts["whatsapp"]
    await shop.post(f"/accounts/{sender}/templates/sync")
    person = await shop.customer(name="Zoe")
    address = Address("whatsapp", person["phone"])
    zoe = (await contacts.resolve(owner.ws, address, profile=Profile(name="Zoe"))).contact_id
    await agree(shop, zoe, address)
    # Whoever asks meanwhile is told the same.
    number = f"/_sandbox/accounts/whatsapp/{shop.providers['whatsapp']}"
    assert (await shop.sandbox.put(number, json={"quality_rating": "RED"})).status_code == 200
    flagged = {"display_phone_number": "12025550177", "event": "FLAGGED", "current_limit": "TIER_2K"}
    await shop.writes("whatsapp", person["id"], type="raw", field="phone_number_quality_update", value=flagged)

    async def rated() -> bool:
        return str((await accounts.row_of(owner.ws, sender)).health.get("quality")).lower() == "red"

    await eventually(rated)
    values = {"body": {"first_name": "{{ contact.first_name }}", "code": "LOW"}}
    content = {"type": "template", "name": "welcome_named", "language": "en", "parameters": values}
    made = await begun(
        owner,
        account_id=sender,
        audience={"contacts": [zoe]},
        variants=[{"wordings": [{"language": None, "content": content}]}],
    )
    stopped = await state_of(owner, made, "paused")
    assert stopped["reason"]["message"] == "The provider rates the quality of this sender as low."
    await change(shop, made, guards=CALM)
    await press(shop, made, "resume")
    done = await counted(owner, made, "done")
    assert (done["tally"]["sent"], done["unexplained"]) == (1, 0)
