"""Every error of a provider, from the sandbox's door to what is stored of the message and what Parley does about it."""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from app.core.addresses import Address
from channels.sms import errors as sms
from channels.whatsapp import errors as whatsapp
from crm import contacts, standing
from inbox import timeline
from tests.support.broadcasts import later
from tests.support.shop import Shop, eventually

pytestmark = pytest.mark.usefixtures("any_hour")

# What follows → the provider's codes. `again`: it goes with another try. `waits`: it does, once the sender (or pair)
# has waited. All else is final, and stored under this name.
Rows = Mapping[str, tuple[int, ...]]
WHATSAPP: Rows = {
    "account_refused": (3, 10, 33, 102, 104, 190, 200, 368, 131005, 131031, 131037, 131042, 131044, 131045, 133010),
    "again": (1, 2, 131000, 131016, 131057, 133004, 134101, 135000, 2494100, 999999),
    "waits": (4, 80007, 130429, 131056),
    "reply_window_closed": (131047,),
    "recipient_capped": (131049,),
    "opted_out": (131050,),
    "unreachable": (130403, 131026, 131030),
    "filtered": (130497,),
    "values_refused": (132008, 132012, 132018),
    # For an hour nothing goes by this number.
    "sender_restricted": (131048,),
    # Told by a status: it had been taken.
    "not_delivered": (131053, 132069),
    "template_refused": (
        *(131055, 131061, 131063, 131064, 132000, 132001, 132007, 132015, 132016, 132068),
        *(134100, 134102, 2388040),
    ),
    "message_refused": (
        *(100, 130472, 131008, 131009, 131021, 131051, 131052, 131062, 132005),
        *(134011, 137000, 138001, 139000, 139101, 139200, 147001),
    ),
}
SMS: Rows = {
    "account_refused": (20003, 20404, 21212, 21603, 21606, 30002, 30032, 30034, 63007, 63062),
    "again": (30410,),
    "waits": (20429, 21611, 63017, 63018, 63038, 63119),
    # Told by a status: the message is lost, and the sender is held.
    "throttled": (30001, 30022),
    # Twilio had taken it, so it is not the same as never sent.
    "not_delivered": (30003, 30008),
    "recipient_capped": (30023, 63049),
    "template_refused": (63027, 63028, 63040, 63041, 63042, 63046),
    "reply_window_closed": (63016,),
    "filtered": (21408, 30007, 63005, 63013),
    "opted_out": (21610,),
    "unreachable": (21211, 21217, 21612, 21614, 21635, 30004, 30005, 30006, 63003, 63024),
    "message_refused": (21608, 21617, 21620, 21623, 11751, 63032),
}
NOT_RESENT = ("opted_out", "unreachable")

# After these the sender waits for long enough to be seen at it.
LONG = (4, 80007, 63038)
HELD_AFTERWARDS = ("throttled", "sender_restricted")


def codes_of(rows: Rows) -> Iterator[tuple[int, str]]:
    for outcome, codes in rows.items():
        yield from ((code, outcome) for code in codes)


def test_no_code_is_left_out() -> None:
    # The sandbox's knob knows 0 as no error at all; tests/channels/whatsapp/test_refusals.py has it.
    assert whatsapp.RULES.keys() - dict(codes_of(WHATSAPP)).keys() == {0}
    assert sms.RULES.keys() == dict(codes_of(SMS)).keys()


@pytest.mark.parametrize(("channel", "rows"), [("whatsapp", WHATSAPP), ("sms", SMS)])
async def test_each_error_is_stored_and_acted_upon(shop: Shop, channel: str, rows: Rows) -> None:
    table = dict(codes_of(rows))
    people = {code: await shop.customer(name=f"{channel} {code}") for code in table}
    hello = {f"Hello, {channel} {code}": code for code in table}
    for words, code in hello.items():
        await shop.writes(channel, people[code]["id"], type="text", text=words)

    async def all_there() -> dict[int, dict[str, Any]] | None:
        listed = (await shop.get("/conversations", view="all", limit=100))["items"]
        found = {hello[said]: each for each in listed if (said := (each["last_entry"] or {}).get("text")) in hello}
        return found if len(found) == len(table) else None

    threads = await eventually(all_there)
    once = {people[code]["id"]: {"fail_next": {"code": code, "count": 1}} for code in table}
    await shop.knobs(customers=once)

    async def sent(code: int) -> None:
        await shop.answers(threads[code]["id"], f"Answer to {code}")

    async def stored(code: int) -> dict[str, Any]:
        return next(each for each in await shop.thread(threads[code]["id"]) if each["direction"] == "out")

    async def settled(code: int) -> bool:
        """As its row says: what was tried again has gone, all else has failed for good."""
        status = (await stored(code))["status"]
        return status in (("sent", "delivered", "read") if table[code] in ("again", "waits") else ("failed",))

    at_once = [code for code in table if table[code] not in ("waits", *HELD_AFTERWARDS)]
    await asyncio.gather(*(sent(code) for code in at_once))

    async def tried(code: int) -> bool:
        entry = await timeline.find(shop.owner.ws, (await stored(code))["id"])
        return entry is not None and ((entry.attempts == 1 and entry.status == "queued") or await settled(code))

    for code in at_once:
        await eventually(lambda code=code: tried(code))  # type: ignore[misc]
    # The longest that anything tried again has to wait for is ten minutes.
    with later(shop, timedelta(minutes=11)):
        for code in at_once:
            await eventually(lambda code=code: settled(code))  # type: ignore[misc]
    for code in at_once:
        if table[code] == "again":
            continue
        entry = await stored(code)
        error = entry["error"]
        assert (error["code"], error["provider_code"]) == (table[code], str(code)), code
        assert error["message"], code
        assert error["can_resend"] is (table[code] not in NOT_RESENT), code

    # The sender stands still for as long as it was told to: until then nothing is sent to anybody.
    for code in (code for code in table if table[code] == "waits"):
        await sent(code)
        pair = f":{(await stored(code))['address']}" if code == 131056 else ""
        hold = f"parley:rate:{shop.accounts[channel]}{pair}:hold"

        async def held(key: str = hold) -> bool:
            return bool(await shop.runtime.redis.pttl(key) > 0)

        async def over(code: int = code, key: str = hold) -> bool:
            await shop.runtime.redis.delete(key)
            return await settled(code)

        async def waits(code: int = code) -> bool:
            entry = await stored(code)
            return (entry["status"], entry["error"]) == ("queued", None)

        if code in LONG:
            await eventually(held)
            await eventually(waits)
        with later(shop, timedelta(minutes=61)):
            await eventually(over)

    for code in (code for code in table if table[code] in HELD_AFTERWARDS):
        await sent(code)
        await eventually(lambda code=code: settled(code))  # type: ignore[misc]
        error = (await stored(code))["error"]
        assert (error["code"], error["provider_code"], error["can_resend"]) == (table[code], str(code), True)
        hold = f"parley:rate:{shop.accounts[channel]}:hold"

        async def held_now(key: str = hold) -> bool:
            return bool(await shop.runtime.redis.pttl(key) > 0)

        await eventually(held_now)
        await shop.runtime.redis.delete(hold)

    # What they teach of the account, of the handle, and of what the person wants.
    now = shop.runtime.clock.now()
    for code in (each for each in table if table[each] in NOT_RESENT):
        handle = (await stored(code))["address"]
        found = await contacts.known(shop.owner.ws, Address.parse(handle))
        assert found is not None
        stopped = [p for p in ("service", "marketing") if standing.overall(found.consent, p, now) == "withdrawn"]
        if table[code] == "opted_out":
            # WhatsApp's own switch ends offers alone; STOP ends all.
            assert stopped == (["marketing"] if channel == "whatsapp" else ["service", "marketing"])
        else:
            assert (stopped, found.unreachable_at is not None) == ([], True), code


@pytest.mark.parametrize("late", [[], [131047]], ids=["at once", "by a status"])
async def test_a_window_that_the_provider_says_is_closed_is_closed_until_they_write(
    shop: Shop, late: list[int]
) -> None:
    person, conversation = await shop.someone("whatsapp")

    async def window_open() -> bool:
        return bool((await shop.get(f"/conversations/{conversation['id']}"))["reach"][0]["window_open"])

    assert await window_open()
    await shop.knobs(customers={person["id"]: {"fail_next": {"code": 131047, "count": 1}, "late_codes": late}})
    entry = await shop.answers(conversation["id"], "Are you there?")
    await shop.entry_where(conversation["id"], lambda e: e["id"] == entry["id"] and e["status"] == "failed")

    async def window_closed() -> bool:
        return not await window_open()

    await eventually(window_closed)
    body = {"client_id": str(uuid4()), "content": {"type": "text", "text": "Once more?"}}
    refused = await shop.agent.post(f"/api/v1/conversations/{conversation['id']}/messages", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "reply_window_closed")
    await shop.writes("whatsapp", person["id"], type="text", text="I am")
    await shop.entry_where(conversation["id"], lambda e: (e["content"] or {}).get("text") == "I am")
    await eventually(window_open)
    await shop.answers(conversation["id"], "Good")
    await shop.in_ledger("whatsapp", person["id"], "Good")
