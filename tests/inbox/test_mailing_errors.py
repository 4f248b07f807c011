"""
Every error of a provider met by a mailing, code by code and through the sandbox's door, told at once or by a status:
what becomes of this person's message, of the mailing, of the sender, and of what is known of the person.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest

from app.core.addresses import Address
from channels.sms import errors as sms
from channels.whatsapp import errors as whatsapp
from crm import contacts, standing
from crm.contacts import Profile
from inbox.mailings import mailings
from inbox.mailings.mailing import Outcome
from tests.support.broadcasts import BROADCASTS, begun, later, state_of, text
from tests.support.shop import Shop, eventually

pytestmark = pytest.mark.usefixtures("any_hour")

# Reaction → the provider's codes, as the sheets of the providers ask for it.
#
#   fails, opted out, unreachable   the end for this person; the last two are facts about them
#   again                           another try within minutes
#   hours                           one more try, after up to four hours
#   days                            the person is held for a day
#   stops, waits                    the mailing pauses and nothing is lost: let go on, it reaches them
#   stops, fails                    the mailing pauses, and for this person it is the end
#   waits                           the sender is held, and goes on by itself
#   stops, holds                    the mailing pauses, and the sender is held
#   values                          the end for this person; the third such pauses the mailing
Rows = Mapping[str, tuple[int, ...]]
WHATSAPP: Rows = {
    "fails": (
        *(100, 130472, 131008, 131009, 131021, 131047, 131051, 131052, 131062, 132005),
        *(134011, 137000, 138001, 139000, 139101, 139200, 147001),
    ),
    "opted out": (131050,),
    "unreachable": (130403, 131026, 131030),
    "again": (1, 2, 131000, 131016, 131056, 131057, 133004, 134101, 135000, 2494100, 999999),
    "hours": (131053, 132069),
    "days": (131049,),
    "stops, waits": (
        *(3, 10, 33, 102, 104, 190, 200, 368, 131005, 131031, 131037, 131042, 131044, 131045, 133010),
        *(131055, 131061, 131063, 131064, 132000, 132001, 132007, 132015, 132016, 132068, 134100, 134102, 2388040),
    ),
    "stops, fails": (130497,),
    "waits": (4, 80007, 130429),
    "stops, holds": (131048,),
    "values": (132008, 132012, 132018),
}
SMS: Rows = {
    "fails": (21608, 21617, 21620, 21623, 11751, 63016, 63032),
    "opted out": (21610,),
    "unreachable": (21211, 21217, 21612, 21614, 21635, 30004, 30005, 30006, 63003, 63024),
    "again": (30410,),
    "hours": (30003, 30008),
    "days": (30023, 63049),
    "stops, waits": (
        *(20003, 20404, 21212, 21603, 21606, 30002, 30032, 30034, 63007, 63062),
        *(63027, 63028, 63040, 63041, 63042, 63046),
    ),
    "stops, fails": (21408, 30007, 63005, 63013),
    "waits": (20429, 21611, 30001, 30022, 63017, 63018, 63038, 63119),
}
# After these the sender waits for long enough to be seen at it; after the others for a second.
HELD_FOR_LONG = (4, 80007, 30001, 30022, 63038)
CALM = {"after": 1, "failure_percent": None, "opt_out_percent": None, "block_percent": None, "quality": False}


def codes_of(rows: Rows) -> Iterator[tuple[int, str]]:
    for reaction, codes in rows.items():
        yield from ((code, reaction) for code in codes)


def test_no_code_is_left_out() -> None:
    # The sandbox's knob knows 0 as no error at all.
    assert whatsapp.RULES.keys() - dict(codes_of(WHATSAPP)).keys() == {0}
    assert sms.RULES.keys() == dict(codes_of(SMS)).keys()


async def somebody(shop: Shop, channel: str, name: str) -> tuple[str, str]:
    """Their id, and that of their phone."""
    phone = await shop.customer(name=name)
    made = await contacts.resolve(shop.owner.ws, Address(channel, phone["phone"]), profile=Profile(name=name))
    return made.contact_id, phone["id"]


async def will_meet(shop: Shop, phone: str, code: int) -> None:
    await shop.knobs(customers={phone: {"fail_next": {"code": code, "count": 1}}})


async def meets(shop: Shop, channel: str, code: int) -> str:
    """Somebody to whom the next message meets this error; their id."""
    person, phone = await somebody(shop, channel, f"{channel} {code}")
    await will_meet(shop, phone, code)
    return person


async def sent_to(shop: Shop, channel: str, people: list[str], **more: Any) -> str:
    """A broadcast to them that is on its way; its id."""
    named = {"type": "template", "name": "order_update", "language": "en_US"}
    template = {**named, "parameters": {"body": {"1": "you", "2": "1001", "3": "May"}}}
    words = {"language": None, "content": template} if channel == "whatsapp" else text("Your order has come")
    return await begun(
        shop.owner,
        account_id=shop.accounts[channel],
        purpose="transactional",
        audience={"contacts": people},
        variants=[{"wordings": [words]}],
        guards=CALM,
        **more,
    )


async def outcome(shop: Shop, broadcast_id: str, contact_id: str) -> Outcome | None:
    mailing = await mailings.find(shop.owner.ws, ("broadcast", broadcast_id))
    return await mailings.outcome(shop.owner.ws, mailing.id, contact_id) if mailing else None


async def stands(shop: Shop, broadcast_id: str, contact_id: str, *states: str) -> Outcome:
    async def look() -> Outcome | None:
        found = await outcome(shop, broadcast_id, contact_id)
        return found if found is not None and found.state in states else None

    return await eventually(look)


ARRIVED = ("sent", "delivered", "read")


async def one_arrived(shop: Shop, broadcast_id: str, *people: str) -> bool:
    found = [await outcome(shop, broadcast_id, person) for person in people]
    return any(each is not None and each.state in ARRIVED for each in found)


async def resumed(shop: Shop, broadcast_id: str) -> None:
    answer = await shop.agent.post(f"{BROADCASTS}/{broadcast_id}/resume", json={})
    assert answer.status_code == 200, answer.text


async def held(shop: Shop, channel: str) -> bool:
    return bool(await shop.runtime.redis.pttl(f"parley:rate:{shop.accounts[channel]}:hold") > 0)


async def slowed(shop: Shop, channel: str) -> bool:
    return bool(await shop.runtime.redis.exists(f"parley:rate:{shop.accounts[channel]}:share"))


async def let_go(shop: Shop, channel: str) -> None:
    sender = f"parley:rate:{shop.accounts[channel]}"
    await shop.runtime.redis.delete(f"{sender}:hold", f"{sender}:share")


async def its_health_tells(shop: Shop, channel: str, code: int) -> bool:
    account = await shop.get(f"/accounts/{shop.accounts[channel]}")
    return bool(account["health"]["last_error"]["code"] == str(code))


# Media that cannot be fetched are told of by status alone.
@pytest.mark.parametrize(
    ("channel", "rows", "late"),
    [("whatsapp", WHATSAPP, [131053]), ("whatsapp", WHATSAPP, [*dict(codes_of(WHATSAPP))]), ("sms", SMS, [])],
    ids=["whatsapp at once", "whatsapp by status", "sms"],
)
async def test_each_error_has_its_reaction(shop: Shop, channel: str, rows: Rows, late: list[int]) -> None:
    await shop.knobs(late_codes=late)
    if channel == "whatsapp":
        await shop.post(f"/accounts/{shop.accounts[channel]}/templates/sync")
    try:
        await one_person_each(shop, channel, rows)
        # Told by a status, it is one of each kind: which code is which is proven in test_provider_errors.py.
        await those_that_stop(shop, channel, {k: v[:1] for k, v in rows.items()} if len(late) > 1 else rows)
        await those_that_hold(shop, channel, rows)
    finally:
        await shop.knobs(late_codes=None)


async def one_person_each(shop: Shop, channel: str, rows: Rows) -> None:
    """What concerns one person alone: one mailing to all of them, which nothing stops."""
    alone = ("fails", "opted out", "unreachable", "again", "hours", "days")
    table = {code: reaction for code, reaction in codes_of(rows) if reaction in alone}
    people = {code: await meets(shop, channel, code) for code in table}
    made = await sent_to(shop, channel, list(people.values()))
    for code, reaction in table.items():
        if reaction in ("fails", "opted out", "unreachable"):
            found = await stands(shop, made, people[code], "failed")
            assert found.code == str(code)
        elif reaction == "days":
            found = await stands(shop, made, people[code], "waiting")
            assert found.due_at is not None
            assert found.due_at - shop.runtime.clock.now() > timedelta(hours=23), code
        elif reaction == "hours":
            await stands(shop, made, people[code], "waiting")
    with later(shop, timedelta(hours=5)):
        for code, reaction in table.items():
            if reaction in ("again", "hours"):
                await stands(shop, made, people[code], *ARRIVED)
    assert (await shop.get(f"/broadcasts/{made}"))["state"] == "running"
    assert not await held(shop, channel)
    assert (await shop.agent.post(f"{BROADCASTS}/{made}/cancel")).status_code == 200

    now = shop.runtime.clock.now()
    for code, reaction in table.items():
        (row,) = await contacts.addresses_of(shop.owner.ws, people[code])
        stopped = [each for each in ("service", "marketing") if standing.overall(row.consent, each, now) == "withdrawn"]
        # WhatsApp's own switch ends offers alone; STOP ends all.
        ends = ["marketing"] if channel == "whatsapp" else ["service", "marketing"]
        assert stopped == (ends if reaction == "opted out" else []), code
        assert (row.unreachable_at is not None) == (reaction == "unreachable"), code


async def those_that_stop(shop: Shop, channel: str, rows: Rows) -> None:
    """What everybody else would meet as well: the mailing pauses, each its own, whatever others do."""
    table = {code: reaction for code, reaction in codes_of(rows) if reaction.startswith("stops")}
    two = {code: sorted([await somebody(shop, channel, f"{channel} {code}") for _ in range(2)]) for code in table}

    async def one(code: int) -> None:
        (person, phone), (another, _) = two[code]
        await will_meet(shop, phone, code)
        # The other waits for the next day, so that there is something to stop however late it is told.
        made = await sent_to(shop, channel, [person, another], ramp=[1])
        paused = await state_of(shop.owner, made, "paused")
        assert paused["reason"]["message"], code
        ends = "failed" if table[code] == "stops, fails" else "waiting"

        assert (await stands(shop, made, person, ends)).code == str(code)
        (row,) = await contacts.addresses_of(shop.owner.ws, person)
        assert row.unreachable_at is None, code
        if table[code] == "stops, holds":
            assert await held(shop, channel)
            await eventually(lambda: its_health_tells(shop, channel, code))
            await let_go(shop, channel)
        await resumed(shop, made)
        with later(shop, timedelta(hours=2)) if table[code] == "stops, holds" else nullcontext():
            if ends == "waiting":
                # There is room for one of the two today, and no order is promised.
                await eventually(lambda: one_arrived(shop, made, person, another))
            assert (await stands(shop, made, person, ends, *ARRIVED)).contact_id == person
            cancelled = await shop.agent.post(f"{BROADCASTS}/{made}/cancel")
            assert cancelled.status_code == 200, cancelled.text

    await asyncio.gather(*(one(code) for code in table if table[code] != "stops, holds"))
    assert not await held(shop, channel)
    for code in rows.get("stops, holds", ()):
        await one(code)


async def those_that_hold(shop: Shop, channel: str, rows: Rows) -> None:
    """What the whole sender has to wait for; if long, one after another, as each holds up the rest."""

    async def one(code: int) -> None:
        person = await meets(shop, channel, code)
        made = await sent_to(shop, channel, [person])
        if code not in HELD_FOR_LONG:
            await state_of(shop.owner, made, "done")
            await stands(shop, made, person, *ARRIVED)
            return
        # It slows down as well, told at once or by a status.
        await eventually(lambda: slowed(shop, channel))
        assert await held(shop, channel)
        assert (await stands(shop, made, person, "waiting")).code == str(code)
        await let_go(shop, channel)
        with later(shop, timedelta(hours=2)):
            await stands(shop, made, person, *ARRIVED)
            await state_of(shop.owner, made, "done")

    await asyncio.gather(*(one(code) for code in rows["waits"] if code not in HELD_FOR_LONG))
    await let_go(shop, channel)
    for code in rows["waits"]:
        if code in HELD_FOR_LONG:
            await one(code)


async def test_the_third_whose_values_do_not_fit_stops_it(shop: Shop) -> None:
    await shop.post(f"/accounts/{shop.accounts['whatsapp']}/templates/sync")
    three = {code: await meets(shop, "whatsapp", code) for code in WHATSAPP["values"]}
    made = await sent_to(shop, "whatsapp", list(three.values()))
    await state_of(shop.owner, made, "paused")
    for code, person in three.items():
        assert (await stands(shop, made, person, "failed")).code == str(code)


async def test_an_old_or_doubled_report_does_not_undo_the_next_try(shop: Shop) -> None:
    """Twilio's word on the first try comes again when the second has arrived: it is of another message."""
    person = await meets(shop, "sms", 30003)
    made = await sent_to(shop, "sms", [person])
    await stands(shop, made, person, "waiting")
    first = next(
        hook for hook in reversed(shop.webhooks) if b"ErrorCode=30003" in hook.body and b"MessageStatus=un" in hook.body
    )
    with later(shop, timedelta(hours=5)):
        await stands(shop, made, person, "delivered", "read")
    assert (await shop.replay(first)).status_code < 300
    await shop.replay(first)
    second = await meets(shop, "sms", 21610)
    after = await sent_to(shop, "sms", [second])
    await stands(shop, after, second, "failed")
    found = await outcome(shop, made, person)
    assert found is not None
    assert found.state in ("delivered", "read")
