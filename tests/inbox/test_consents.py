"""What colleagues write down of consent, what they cannot override, and the file that proves it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.core.addresses import Address
from app.core.permissions import Role
from crm import consent
from crm.consent import ConsentFact
from tests.support.shop import Shop, eventually

WORDS = "Yes, send me offers by text message, at most 4 a month."


async def record(shop: Shop, contact_id: str, expected: int = 201, **said: Any) -> Any:
    body = {"purposes": ["marketing"], "state": "granted", "way": "paper", "wording": WORDS, **said}
    return await shop.post(f"/contacts/{contact_id}/consents", expected, **body)


def stands(page: dict[str, Any], purpose: str = "marketing") -> list[str]:
    return [each["state"] for each in page["standings"] if each["purpose"] == purpose]


async def test_written_down_with_its_wording_and_proof(shop: Shop) -> None:
    person, conversation = await shop.someone("sms")
    contact_id, address = conversation["contact_id"], f"sms:{person['phone']}"
    at = datetime(2026, 11, 1, 9, tzinfo=UTC)
    proof = {"document": "Form 214", "witness": "Ama"}
    page = await record(shop, contact_id, address=address, at=at.isoformat(), language="en", proof=proof)
    assert stands(page) == ["granted"]
    fact = page["items"][0]
    kept = {"state": "granted", "source": "paper", "wording": WORDS, "proof": proof, "actor": shop.owner.member.id}
    assert {name: fact[name] for name in kept} == kept
    assert fact["at"].startswith("2026-11-01T09:00:00")
    assert fact["recorded_at"] > fact["at"]
    # It is on the timeline, by whom, and in the audit log.
    line = await shop.entry_where(conversation["id"], lambda e: e["kind"] == "consent")
    assert (line["event"]["state"], line["author"]["name"]) == ("granted", shop.owner.member.name)
    trail = await shop.get("/audit", about="consent")
    assert trail["items"][0]["action"] == "consent.recorded"
    known = await shop.get(f"/contacts/{contact_id}")
    assert known["addresses"][0]["consent"]["marketing"] == "granted"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"wording": ""}, "wording"),
        ({"wording": "  "}, "wording"),
        ({"at": (datetime.now(UTC) + timedelta(days=1)).isoformat()}, "at"),
        ({"address": "sms:+12025550000"}, "address"),
        ({"purposes": []}, "purposes"),
        ({"account_id": "acc_of_nobody"}, "account_id"),
    ],
)
async def test_no_agreement_without_proof(shop: Shop, change: dict[str, Any], field: str) -> None:
    person, conversation = await shop.someone("sms")
    said = {"address": f"sms:{person['phone']}", **change}
    refused = await record(shop, conversation["contact_id"], 422, **said)
    assert refused["errors"][0]["field"].startswith(field)


async def test_nobody_overrides_what_a_person_said(shop: Shop) -> None:
    person, conversation = await shop.someone("sms")
    contact_id, address = conversation["contact_id"], f"sms:{person['phone']}"
    await record(shop, contact_id, address=address)
    page = await record(shop, contact_id, address=address, state="withdrawn", way="phone", wording="No more, please")
    assert stands(page) == ["withdrawn"]
    refused = await record(shop, contact_id, 409, address=address)
    assert refused["code"] == "opted_out"
    assert "START" in refused["detail"]
    # Only reading: an agent of no right to write records nothing.
    onlooker = await shop.people.join(shop.owner.ws, Role.READONLY)
    body = {"address": address, "purposes": ["marketing"], "state": "withdrawn", "way": "phone"}
    answer = await onlooker.client.post(f"/api/v1/contacts/{contact_id}/consents", json=body)
    assert answer.status_code == 403
    # In pages, the newest first.
    first = await shop.get(f"/contacts/{contact_id}/consents", limit=1)
    rest = await shop.get(f"/contacts/{contact_id}/consents", limit=5, cursor=first["next_cursor"])
    assert [f["state"] for f in (*first["items"], *rest["items"])] == ["withdrawn", "granted"]
    assert rest["next_cursor"] is None


async def test_the_evidence_file(shop: Shop) -> None:
    person, conversation = await shop.someone("sms")
    contact_id, address = conversation["contact_id"], f"sms:{person['phone']}"
    await record(shop, contact_id, address=address)
    await record(shop, contact_id, address=address, state="withdrawn", way="phone", wording="Stop that")
    answer = await shop.agent.get(f"/api/v1/contacts/{contact_id}/consents/evidence.json")
    assert answer.status_code == 200, answer.text
    assert "attachment" in answer.headers["content-disposition"]
    file = answer.json()
    assert [(f["state"], f["wording"]) for f in file["facts"]] == [("granted", WORDS), ("withdrawn", "Stop that")]
    assert file["marketing_sent_while_stopped"] == 0
    assert set(file["sha256"]) == {"facts", "standings", "marketing"}
    printed = await shop.agent.get(f"/api/v1/contacts/{contact_id}/consents/evidence.pdf")
    assert printed.content.startswith(b"%PDF")
    trail = await shop.get("/audit", about="consent")
    assert [row["action"] for row in trail["items"][:2]] == ["consent.exported"] * 2


async def test_the_evidence_file_counts_what_a_provider_kept_for_one_sender(shop: Shop) -> None:
    _, conversation = await shop.someone("telegram")
    contact_id = conversation["contact_id"]
    (way,) = conversation["reach"]
    await record(shop, contact_id, address=way["address"])
    settled = (await shop.agent.get("/api/v1/pacing")).json()["settings"]
    open_now = {**settled, "quiet": {**settled["quiet"], "enabled": False}, "caps": []}
    assert (await shop.agent.put("/api/v1/pacing", json=open_now)).status_code == 200
    offer = await shop.sends(conversation["id"], {"type": "text", "text": "Lamps, half price"}, purpose="marketing")
    sent = await shop.entry_where(conversation["id"], lambda e: e["id"] == offer["id"] and e["status"] == "sent")
    before = await shop.get(f"/contacts/{contact_id}/consents/evidence.json")
    assert (len(before["marketing"]), before["marketing_sent_while_stopped"]) == (1, 0)
    # Told late: the provider had it a minute before.
    stop = ConsentFact(
        contact_id=contact_id,
        address=Address.parse(way["address"]),
        purposes=("marketing",),
        state="withdrawn",
        source="provider_stop",
        evidence="late",
        at=datetime.fromisoformat(sent["at"]) - timedelta(minutes=1),
        sender=way["account_id"],
    )
    await consent.record(shop.owner.ws, stop)
    after = await shop.get(f"/contacts/{contact_id}/consents/evidence.json")
    assert after["marketing_sent_while_stopped"] == 1
    assert (await shop.agent.put("/api/v1/pacing", json=settled)).status_code == 200


async def test_words_of_their_own_hold_marketing_and_somebody_asks(shop: Shop) -> None:
    """Held first: everywhere and at once. Asked second: the customer in their language, a colleague on the card."""
    person, conversation = await shop.someone("sms")
    contact_id, address = conversation["contact_id"], f"sms:{person['phone']}"
    await record(shop, contact_id, address=address)

    async def state_is(wanted: str) -> bool:
        return stands(await shop.get(f"/contacts/{contact_id}/consents")) == [wanted]

    async def code() -> str | None:
        found: str | None = (await shop.get(f"/contacts/{contact_id}/marketing"))["items"][0]["code"]
        return found

    await shop.writes("sms", person["id"], type="text", text="No quiero recibir más mensajes")
    await eventually(lambda: state_is("held"))
    assert await code() == "held"
    question = await shop.in_ledger("sms", person["id"], "Responda STOP")
    assert "START" in str(question["body"])
    # A colleague says that it was none; once more, and the customer says so themselves.
    await record(shop, contact_id, address=address, state="released", way="other")
    assert await state_is("granted")
    await shop.writes("sms", person["id"], type="text", text="please stop texting me")
    await eventually(lambda: state_is("held"))
    # Answers go on, and the question is asked once a day.
    await shop.answers(conversation["id"], "Sorry about that!")
    await shop.in_ledger("sms", person["id"], "Sorry about that!")
    asked = [s for s in await shop.ledger(customer=person["id"], direction="out") if "START" in str(s["body"])]
    assert len(asked) == 1
    await shop.writes("sms", person["id"], type="text", text="START")
    await eventually(lambda: state_is("granted"))
    await shop.writes("sms", person["id"], type="text", text="leave me alone")
    await eventually(lambda: state_is("held"))
    await shop.writes("sms", person["id"], type="text", text="STOP")
    await eventually(lambda: state_is("withdrawn"))


async def test_double_opt_in_counts_only_with_their_own_yes(shop: Shop) -> None:
    person, conversation = await shop.someone("sms")
    contact_id, address = conversation["contact_id"], f"sms:{person['phone']}"
    # A yes that nobody has asked for is just a word.
    await shop.writes("sms", person["id"], type="text", text="Yes")
    question = "Reply YES to get offers from Linden & Co, at most 4 a month. STOP to cancel."
    body = {"address": address, "account_id": shop.accounts["sms"], "question": question}
    page = await shop.post(f"/contacts/{contact_id}/consents/ask", 202, **body)
    assert stands(page) == ["asked"]
    assert (await shop.get(f"/contacts/{contact_id}/marketing"))["items"][0]["code"] == "consent_unconfirmed"
    await shop.in_ledger("sms", person["id"], "Reply YES")
    # One reminder, and no more.
    await shop.post(f"/contacts/{contact_id}/consents/ask", 202, **body)
    assert (await shop.post(f"/contacts/{contact_id}/consents/ask", 409, **body))["code"] == "already_asked"
    await shop.writes("sms", person["id"], type="text", text="YES!")

    async def agreed() -> dict[str, Any] | None:
        found = await shop.get(f"/contacts/{contact_id}/consents")
        return found if stands(found) == ["granted"] else None

    fact = (await eventually(agreed))["items"][0]
    assert (fact["source"], fact["actor"]) == ("double_opt_in", "contact")
    assert fact["wording"] == f"{question} — YES!"
    again = await shop.post(f"/contacts/{contact_id}/consents/ask", 409, **body)
    assert again["code"] == "already_granted"


async def test_nobody_is_asked_again_after_a_stop(shop: Shop) -> None:
    person, conversation = await shop.someone("telegram")
    contact_id = conversation["contact_id"]
    (way,) = conversation["reach"]
    body = {"address": way["address"], "account_id": way["account_id"], "question": "Offers after all? Reply YES."}
    await shop.writes("telegram", person["id"], type="text", text="STOP")

    async def stopped() -> bool:
        return stands(await shop.get(f"/contacts/{contact_id}/consents")) == ["withdrawn"]

    await eventually(stopped)
    refused = await shop.post(f"/contacts/{contact_id}/consents/ask", 409, **body)
    assert refused["code"] == "opted_out"
