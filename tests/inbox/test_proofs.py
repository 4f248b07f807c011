"""A thread goes on where the customer has shown that they are at home, and nobody's address is ever taken."""

import re
import secrets
from typing import Any

import orjson
import pytest

from app.core.addresses import Address
from app.core.permissions import Role
from app.core.stream import Cursor
from crm import contacts, duplicates
from crm.contacts import Profile
from tests.support.persons import Persons
from tests.support.shop import Shop, eventually

PLEASE = "Please go on there: {link} (or send {code} to us)"
ONLY_CODE = "Please send {code} to our number"


async def asked(shop: Shop, person: dict[str, Any], one: dict[str, Any], to: str, **more: Any) -> tuple[Any, str]:
    """A code was sent to somebody on WhatsApp: the proof, and the code as their phone shows it."""
    known = {"account_id": shop.accounts[to], "text": PLEASE if to == "telegram" else ONLY_CODE, **more}
    proof = await shop.post(f"/conversations/{one['id']}/proofs", 201, **known)
    sent = await shop.in_ledger("whatsapp", person["id"], "to us" if to == "telegram" else "to our number")
    found = re.findall(r"[A-Z2-9]{5}-[A-Z2-9]{5}", str(sent["body"]))
    return proof, found[-1]


async def state_of(shop: Shop, one: dict[str, Any], proof: dict[str, Any]) -> str:
    listed = (await shop.get(f"/conversations/{one['id']}/proofs"))["items"]
    return next(str(item["state"]) for item in listed if item["id"] == proof["id"])


def event(name: str) -> Any:
    return lambda e: (e["event"] or {}).get("name") == name


async def test_a_link_joins_the_other_channel(shop: Shop) -> None:
    person, one = await shop.someone("whatsapp")
    proof, code = await asked(shop, person, one, "telegram")
    assert (proof["state"], proof["channel"], code in str(proof)) == ("waiting", "telegram", False)
    (sent,) = await shop.ledger(channel="whatsapp", customer=person["id"], direction="out")
    assert re.search(rf"https://t\.me/\w+\?start={code}", str(sent["body"]))

    await shop.writes("telegram", person["id"], type="start", payload=code)
    await shop.entry_where(one["id"], event("channel_proved"))
    await shop.writes("telegram", person["id"], type="text", text="Here I am")
    await shop.entry_where(one["id"], lambda e: e["channel"] == "telegram" and e["direction"] == "in")
    now = await shop.get(f"/conversations/{one['id']}")
    assert [reach["channel"] for reach in now["reach"]] == ["telegram", "whatsapp"]
    contact = await shop.get(f"/contacts/{one['contact_id']}")
    assert {"whatsapp", "telegram"} <= {row["channel"] for row in contact["addresses"] if row["verified"]}
    assert await state_of(shop, one, proof) == "proved"
    # It is answered there, and the code is good for nobody else.
    await shop.answers(one["id"], "Welcome here")
    await shop.in_ledger("telegram", person["id"], "Welcome here")
    thief = await shop.customer(name="Thief")
    await shop.writes("telegram", thief["id"], type="start", payload=code)
    other = await shop.conversation_with("Thief")
    assert other["contact_id"] != one["contact_id"]
    actions = [item["action"] for item in (await shop.get("/audit"))["items"]]
    assert "conversation.proof_started" in actions


async def test_an_address_of_somebody_else_is_never_taken(shop: Shop) -> None:
    person, one = await shop.someone("whatsapp")
    proof, code = await asked(shop, person, one, "sms")
    # They wrote by SMS once: that is a contact of its own already.
    await shop.writes("sms", person["id"], type="text", text=f"Before {person['id']}")

    async def stranger() -> dict[str, Any] | None:
        listed = (await shop.get("/conversations", view="all", limit=100))["items"]
        return next((c for c in listed if c["last_entry"]["text"] == f"Before {person['id']}"), None)

    other = await eventually(stranger)
    # A colleague takes the two for a family; what the person shows afterwards counts more.
    both = {"contact_id": one["contact_id"], "other_id": other["contact_id"]}
    await shop.post("/duplicates/dismiss", **both)
    before = await shop.owner.ws.stream.position(shop.owner.ws.id)
    await shop.writes("sms", person["id"], type="text", text=f"It is {code.lower()}.")
    told = await shop.entry_where(one["id"], event("channel_proved_elsewhere"))
    for contact_id in both.values():
        (pair,) = (await shop.get(f"/contacts/{contact_id}/duplicates"))["items"]
        assert [reason["code"] for reason in pair["reasons"]] == ["proved", "same_phone"]
        words = "Proved by a code on both channels: sent on WhatsApp, brought on SMS."
        assert pair["reasons"][0]["words"] == words
    assert (await shop.get("/duplicates"))["items"][0]["id"] == pair["id"]
    assert sorted(both.values()) in await told_of_duplicates(shop, before)
    # Looked at again it is told apart for good, and found again once that is taken back.
    await shop.post("/duplicates/dismiss", **both)
    await duplicates.look(shop.owner.ws, other["contact_id"])
    assert (await shop.get(f"/contacts/{one['contact_id']}/duplicates"))["items"] == []
    await shop.post(f"/duplicates/{pair['id']}/restore", 204)
    assert (await shop.get("/duplicates"))["items"][0]["reasons"] == pair["reasons"]
    assert told["event"]["other_contact_id"] == other["contact_id"]
    assert await state_of(shop, one, proof) == "elsewhere"
    assert [r["channel"] for r in (await shop.get(f"/conversations/{one['id']}"))["reach"]] == ["whatsapp"]


async def told_of_duplicates(shop: Shop, before: Cursor) -> list[list[str]]:
    """Whose suggestions screens were told to read again since then."""
    found = await shop.owner.ws.stream.since(shop.owner.ws.id, before, limit=500)
    events = [orjson.loads(frame) for _, frame in found or ()]
    return [each["data"]["contact_ids"] for each in events if each["type"] == "duplicates"]


async def test_whom_we_asked_was_merged_meanwhile(shop: Shop) -> None:
    """The code is good all the same: the new handle comes to the survivor, and goes back with whom it was asked of."""
    persons, tag = Persons(shop), secrets.token_hex(3)
    person, one = await shop.someone("whatsapp")
    proof, code = await asked(shop, person, one, "telegram")
    survivor, _ = await persons.someone(f"Survivor {tag}")
    merge_id = await persons.merge(survivor, one["contact_id"])
    await shop.writes("telegram", person["id"], type="start", payload=code)
    into = await shop.conversation_with(f"Survivor {tag}")
    await shop.entry_where(into["id"], event("channel_proved"))
    said = await persons.says(person, f"Here I am {tag}", channel="telegram")
    assert said["contact_id"] == survivor
    assert await state_of(shop, into, proof) == "proved"
    await shop.post(f"/merges/{merge_id}/undo")
    back = await shop.get(f"/contacts/{one['contact_id']}")
    assert {row["channel"] for row in back["addresses"]} == {"whatsapp", "telegram"}
    assert f"Here I am {tag}" in await persons.read(one["contact_id"])


async def test_a_code_counts_from_the_number_they_named_and_while_it_is_good(shop: Shop) -> None:
    person, one = await shop.someone("whatsapp")
    proof, code = await asked(shop, person, one, "sms", number="+1 202 555 0100")
    await shop.writes("sms", person["id"], type="text", text=code)
    told = await shop.entry_where(one["id"], event("channel_not_proved"))
    assert told["event"]["expected"] == "sms:+12025550100"
    assert await state_of(shop, one, proof) == "waiting"

    path = f"/api/v1/conversations/{one['id']}/proofs"
    cancelled = await shop.agent.request("DELETE", f"{path}/{proof['id']}")
    assert cancelled.json()["state"] == "cancelled"
    # The next ends the one before, five an hour are enough, and what makes no sense is said.
    body = {"account_id": shop.accounts["sms"], "text": ONLY_CODE}
    for _ in range(4):
        last = (await shop.agent.post(path, json=body)).json()
    states = [item["state"] for item in (await shop.get(f"/conversations/{one['id']}/proofs"))["items"]]
    assert states.count("waiting") == 1
    assert await state_of(shop, one, last) == "waiting"
    late = await shop.agent.post(path, json=body)
    assert (late.status_code, late.json()["code"]) == (429, "too_many_requests")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": "No code in it"}, "text"),
        ({"text": "{link}"}, "text"),
        ({"text": ONLY_CODE, "number": "12"}, "address"),
        ({"text": ONLY_CODE, "account_id": "whatsapp"}, "account_id"),
    ],
)
async def test_what_makes_no_sense_is_said(shop: Shop, body: dict[str, Any], field: str) -> None:
    _, one = await shop.someone("whatsapp")
    account = shop.accounts[body.get("account_id", "sms")]
    refused = await shop.agent.post(f"/api/v1/conversations/{one['id']}/proofs", json={**body, "account_id": account})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    assert (await shop.get(f"/conversations/{one['id']}/proofs"))["items"] == []


async def test_a_verified_address_needs_no_code(shop: Shop) -> None:
    _, one = await shop.someone("whatsapp")
    ways = (await shop.get(f"/conversations/{one['id']}/ways"))["items"]
    by_channel = {way["channel"]: way for way in ways}
    assert (by_channel["telegram"]["opens"], by_channel["sms"]["opens"]) == (True, False)
    # WhatsApp names two handles of one person, and the other one is no other way.
    assert [way["addresses"] for way in ways] == [[]] * len(ways)
    number = Address("sms", f"+1202555{secrets.randbelow(1000) + 9000}")
    await contacts.join(shop.runtime.workspace(shop.owner.ws.id), one["contact_id"], number, Profile())
    way = (await shop.get(f"/conversations/{one['id']}/ways"))["items"][0]
    (handle,) = way["addresses"]
    assert (way["channel"], handle["address"]) == ("sms", str(number))
    told = {"account_id": way["account_id"], "address": handle["address"]}
    gone_on = await shop.post(f"/conversations/{one['id']}/ways", **told)
    assert gone_on["reach"][0]["address"] == handle["address"]
    await shop.entry_where(one["id"], event("channel_continued"))
    _, stranger = await shop.someone("sms")
    theirs = stranger["reach"][0]
    refused = await shop.agent.post(
        f"/api/v1/conversations/{one['id']}/ways",
        json={"account_id": theirs["account_id"], "address": theirs["address"]},
    )
    assert refused.status_code == 422
    reader = await shop.people.join(shop.owner.ws, Role.READONLY)
    assert (await reader.client.get(f"/api/v1/conversations/{one['id']}/ways")).status_code == 403
