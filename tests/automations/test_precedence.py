"""Which of two broadcasts goes to a person who may get only one: the one that is worth more, whichever comes first."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.core.addresses import Address
from channels.content import Text
from channels.contract import Purpose
from crm import contacts, resting
from crm.contacts import Failure, Profile
from inbox.mailings import mailings
from inbox.mailings.mailing import Batch, Mailing, NewMailing, Recipient
from inbox.timeline import Author
from tests.support.broadcasts import (
    BROADCASTS,
    agree,
    begun,
    checked,
    counted,
    customer,
    draft,
    got,
    progress,
    reasons,
    state_of,
    text,
    why,
)
from tests.support.shop import Shop, eventually

pytestmark = pytest.mark.usefixtures("any_hour")


def plan(shop: Shop, who: list[str], words: str, priority: int, **more: Any) -> dict[str, Any]:
    return {
        "account_id": shop.accounts["sms"],
        "audience": {"contacts": who},
        "variants": [{"wordings": [text(f"{words} {{{{ contact.first_name }}}}")]}],
        "priority": priority,
        **more,
    }


async def one_a_day(shop: Shop) -> None:
    settled = (await shop.owner.client.get("/api/v1/pacing")).json()["settings"]
    settled["caps"] = [{"most": 1, "days": 3, "channel": None, "rolling": True}]
    assert (await shop.owner.client.put("/api/v1/pacing", json=settled)).status_code == 200


async def test_a_scheduled_one_that_is_worth_more_keeps_its_people(shop: Shop) -> None:
    await one_a_day(shop)
    owner = shop.owner
    ann, bea, cyn = [await customer(shop, name) for name in ("Ann", "Bea", "Cyn")]
    wall = (datetime.now(UTC) + timedelta(hours=20)).strftime("%Y-%m-%dT%H:%M")
    later = {"schedule": {"kind": "at", "wall": wall}}
    recall = await begun(owner, "Toaster recall", **plan(shop, [ann], "Recall", 90, **later))
    await begun(owner, "Trifle", **plan(shop, [bea], "Trifle", 10, **later))
    assert (await state_of(owner, recall, "scheduled"))["plan"]["priority"] == 90

    made = await draft(owner, **plan(shop, [ann, bea, cyn], "Sale", 50))
    found = await checked(owner, made["id"])
    assert (reasons(found["steps"]), found["willing"]) == ({"outranked": 1}, 2)
    named = (await owner.client.get(f"{BROADCASTS}/{made['id']}/check/people", params={"reason": "outranked"})).json()
    assert [each["contact_id"] for each in named["items"]] == [ann]
    assert "“Toaster recall” has precedence (priority 90)" in named["items"][0]["detail"]
    started = await owner.client.post(f"{BROADCASTS}/{made['id']}/start", json={"people": 2})
    assert started.status_code == 200, started.text
    await counted(owner, made["id"], "done")
    assert reasons((await progress(owner, made["id"]))["left_out"]) == {"outranked": 1}
    assert await got(shop, "Sale") == ["Bea", "Cyn"]
    outcome, sentence = await why(owner, made["id"], ann)
    assert outcome == "left_out"
    assert "“Toaster recall” has precedence" in sentence

    # Nor does one take it from whom it cannot reach.
    dot = await customer(shop, "Dot")
    gone = Address("telegram", "5550177")
    await contacts.join(owner.ws, dot, gone, Profile(name="Dot"))
    await agree(shop, dot, gone)
    await begun(owner, "By chat", **plan(shop, [dot], "Chat", 90, account_id=shop.accounts["telegram"], **later))
    wants = await draft(owner, **plan(shop, [dot], "Wants", 50))
    assert (await checked(owner, wants["id"]))["willing"] == 0
    failed = Failure("400", "mlg_before", owner.ws.clock.now())
    await resting.note(owner.ws, gone, failed, "There is no such chat", after=1, days=None)
    assert (await checked(owner, wants["id"]))["willing"] == 1

    # One that is called off takes nobody's room, and one that is paused neither.
    assert (await owner.client.post(f"{BROADCASTS}/{recall}/cancel")).status_code == 200
    after = await draft(owner, **plan(shop, [ann], "Late", 50))
    assert (await checked(owner, after["id"]))["willing"] == 1


async def test_at_the_moment_of_sending_what_is_on_its_way_counts(shop: Shop) -> None:
    """Both run: the lower one gives way to what still has to reach somebody, and its message says to what."""
    await one_a_day(shop)
    ws, sender = shop.owner.ws, shop.accounts["sms"]
    who = []
    for name in ("Dot", "Eve"):
        contact_id = await customer(shop, name)
        (row,) = await contacts.addresses_of(ws, contact_id)
        who.append(Recipient(contact_id=contact_id, address=str(row.address)))
    runs: dict[str, Mailing] = {}
    for name, priority, people, due_at in (
        ("Coats", 80, who[:1], datetime.now(UTC) + timedelta(hours=1)),
        ("Hats", 20, who[:1], datetime.now(UTC) + timedelta(hours=1)),
        ("Socks", 20, who, None),
    ):
        new = NewMailing(
            source=("test", name),
            name=name,
            purpose=Purpose.MARKETING,
            priority=priority,
            contents={"": {"": Text(text=f"{name} {{{{ contact.first_name }}}}")}},
            author=Author("member", shop.owner.member.id, "Olu"),
        )
        runs[name] = await mailings.open(ws, new)
        batch = Batch(seq=0, recipients=tuple(people), account_id=sender, due_at=due_at)
        assert (await mailings.add(ws, runs[name].id, [batch])).queued == len(people)
        await mailings.completed(ws, runs[name].id, 1)
        await mailings.start(ws, runs[name].id, by="Olu")

    async def over() -> bool:
        return (await mailings.get(ws, runs["Socks"].id)).state == "done"

    await eventually(over)
    assert await got(shop, "Socks") == ["Eve"]
    outcome = await mailings.outcome(ws, runs["Socks"].id, who[0].contact_id)
    assert outcome is not None
    assert (outcome.state, outcome.code) == ("skipped", "outranked")
    assert "“Coats” has precedence (priority 80)" in (outcome.reason or "")
