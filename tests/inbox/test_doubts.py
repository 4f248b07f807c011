"""A handle that may be somebody else's: how that is noticed, what is folded away, and what a colleague makes of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import ids
from app.core.addresses import Address
from crm import doubts
from crm.contacts import ContactAddress, Doubt
from tests.inbox.test_gate import agrees
from tests.support.shop import Shop, eventually

pytestmark = pytest.mark.usefixtures("any_hour")
NOW = datetime(2026, 6, 1, tzinfo=UTC)


async def doubt_of(shop: Shop, contact_id: str, ending: str) -> Any:
    known = await shop.get(f"/contacts/{contact_id}")
    return next(each["doubt"] for each in known["addresses"] if each["address"].endswith(ending))


async def marketing(shop: Shop, contact_id: str, ending: str) -> tuple[bool, str | None]:
    items = (await shop.get(f"/contacts/{contact_id}/marketing"))["items"]
    found = next(each for each in items if each["address"].endswith(ending))
    return found["state"] == "yes", found["code"]


async def silent(shop: Shop, conversation_id: str, days: int) -> None:
    """As if they had written last that long ago."""
    ws = shop.owner.ws
    row = await ws.db.conversations.get(conversation_id)
    assert row is not None
    past = datetime.now(UTC) - timedelta(days=days)
    reach = [{**way, "last_inbound_at": past} for way in row["reach"]]
    await ws.db.conversations.update({"_id": conversation_id}, {"$set": {"reach": reach}})


async def test_after_a_long_silence_somebody_has_to_make_sure(shop: Shop) -> None:
    fields = (await shop.get("/contact-fields")) | {}
    fields["fields"] = [*fields["fields"], {"key": "iban", "label": "IBAN", "private": True}]
    assert (await shop.owner.client.put("/api/v1/contact-fields", json=fields)).status_code == 200
    person, conversation = await shop.someone("sms")
    contact_id, number = conversation["contact_id"], person["phone"]
    path = f"/api/v1/contacts/{contact_id}"
    assert (await agrees(shop, conversation)).status_code == 201
    assert (await shop.agent.patch(path, json={"fields": {"iban": "GH00 1234"}})).status_code == 200
    await shop.post(f"/contacts/{contact_id}/destinations", 201, label="Home", text="12 Ring Road")
    assert (await marketing(shop, contact_id, number))[0] is True

    await silent(shop, conversation["id"], 100)
    await shop.writes("sms", person["id"], type="text", text="Not so long")
    await shop.entry_where(conversation["id"], lambda e: (e["content"] or {}).get("text") == "Not so long")
    assert await doubt_of(shop, contact_id, number) is None
    await silent(shop, conversation["id"], 430)
    await shop.writes("sms", person["id"], type="text", text="Where is my parcel?")
    line = await shop.entry_where(conversation["id"], lambda e: (e["event"] or {}).get("name") == "doubt_raised")
    assert line["event"]["message"].startswith("They wrote again after 14 months of silence")

    async def warned() -> bool:
        shown = await shop.get(f"/conversations/{conversation['id']}")
        return bool(shown["reach"][0]["doubted"])

    await eventually(warned)
    assert (await doubt_of(shop, contact_id, number))["asks"] is True
    assert await marketing(shop, contact_id, number) == (False, "unverified")
    known = await shop.get(f"/contacts/{contact_id}")
    assert (known["folded"], known["fields"]) == (True, {})
    assert await shop.get(f"/contacts/{contact_id}/destinations") == {"items": [], "folded": True}
    assert "GH00" not in str(await shop.get(f"/contacts/{contact_id}/past"))
    blind = await shop.agent.patch(path, json={"fields": {"iban": "GH99"}})
    assert (blind.status_code, blind.json()["code"]) == (409, "not_verified")
    seen = await shop.post(f"/contacts/{contact_id}/doubts/show")
    assert (seen["fields"], seen["destinations"][0]["text"]) == ({"iban": "GH00 1234"}, "12 Ring Road")
    trail = (await shop.owner.client.get("/api/v1/audit", params={"action": "contact.private_shown"})).json()["items"]
    assert trail[0]["target"]["id"] == contact_id

    # Answers go as ever, and a colleague who made sure opens everything again.
    await shop.answers(conversation["id"], "What did you order last?")
    said = {"address": f"sms:{number}", "how": "asked", "note": "Knew the order"}
    settled = await shop.agent.post(f"{path}/doubts/verify", json=said)
    assert settled.status_code == 200, settled.text
    assert (settled.json()["folded"], settled.json()["fields"]) == (False, {"iban": "GH00 1234"})
    again = await shop.agent.post(f"{path}/doubts/verify", json=said)
    assert (again.status_code, again.json()["code"]) == (409, "no_doubt")
    assert (await marketing(shop, contact_id, number))[0] is True
    assert (await shop.get(f"/conversations/{conversation['id']}"))["reach"][0]["doubted"] is False


async def test_a_new_person_gets_a_contact_of_their_own(shop: Shop) -> None:
    person, conversation = await shop.someone("sms")
    old_id, number = conversation["contact_id"], person["phone"]
    assert (await agrees(shop, conversation)).status_code == 201
    await silent(shop, conversation["id"], 800)
    words = f"Who is this? {ids.new('x')}"
    await shop.writes("sms", person["id"], type="text", text=words)
    await shop.entry_where(conversation["id"], lambda e: (e["event"] or {}).get("name") == "doubt_raised")
    body = {"address": f"sms:{number}", "name": "Zola Newcomer"}
    answer = await shop.agent.post(f"/api/v1/contacts/{old_id}/doubts/new-person", json=body)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["name"], made["addresses"][0]["address"]) == ("Zola Newcomer", f"sms:{number}")
    assert made["addresses"][0]["consent"]["marketing"] != "granted"
    assert (await shop.get(f"/contacts/{old_id}"))["addresses"] == []
    thread_id = made["conversations"][0]["id"]
    assert words in str(await shop.thread(thread_id))
    # The agreement was the other's: it does not count even when somebody has made sure, until this one agrees.
    assert await marketing(shop, made["id"], number) == (False, "no_consent")
    new = await shop.get(f"/conversations/{thread_id}")
    assert (await agrees(shop, new)).status_code == 201
    assert await marketing(shop, made["id"], number) == (False, "unverified")
    sure = {"address": f"sms:{number}", "how": "known"}
    assert (await shop.agent.post(f"/api/v1/contacts/{made['id']}/doubts/verify", json=sure)).status_code == 200
    assert (await marketing(shop, made["id"], number))[0] is True
    # What they write from now on, and what they are answered, is in their own thread.
    await shop.writes("sms", person["id"], type="text", text=f"Hello {words}")
    await shop.entry_where(thread_id, lambda e: (e["content"] or {}).get("text") == f"Hello {words}")
    await shop.answers(thread_id, f"Welcome {words}")
    await shop.in_ledger("sms", person["id"], f"Welcome {words}")
    assert f"Hello {words}" not in str(await shop.thread(conversation["id"]))


async def test_a_changed_number_is_in_doubt_and_the_one_that_was_left_when_somebody_writes(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    contact_id, old = conversation["contact_id"], person["phone"]
    new = (await shop.customer())["phone"][:-4] + "8" + old[-3:]
    await shop.writes("whatsapp", person["id"], type="number_change", phone=new)
    await shop.entry_where(conversation["id"], lambda e: (e["event"] or {}).get("new") == f"whatsapp:{new}")

    async def both() -> bool:
        found = [await doubt_of(shop, contact_id, each) for each in (new, old)]
        return [each and (each["reason"], each["asks"]) for each in found] == [
            ("number_changed", True),
            ("given_up", False),
        ]

    await eventually(both)


@given(
    reason=st.sampled_from([None, "given_up", "silence"]),
    last_days=st.integers(0, 900),
    trusted_days=st.one_of(st.none(), st.integers(0, 900)),
    handle=st.sampled_from(["+12025550188", "US.EXAMPLE0012"]),
)
async def test_a_short_silence_or_a_fresh_answer_raises_nothing(
    reason: Any, last_days: int, trusted_days: int | None, handle: str
) -> None:
    """No workspace: nothing is read unless the silence was long, and nobody has made sure since."""
    trusted = None if trusted_days is None else NOW - timedelta(days=trusted_days)
    last = NOW - timedelta(days=last_days)
    row = ContactAddress(
        address=Address("whatsapp", handle),
        contact_id="con_1",
        verified=True,
        created_at=last,
        doubt=Doubt(reason, NOW, "x") if reason else None,
        trusted_at=trusted,
    )
    quiet = min(last_days, trusted_days if trusted_days is not None else last_days)
    if reason is None and handle.startswith("+") and quiet >= doubts.SHORTEST.days:
        return
    assert await doubts.at_message(None, row, last, NOW, "y") is row  # type: ignore[arg-type]
