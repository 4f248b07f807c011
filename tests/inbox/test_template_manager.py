"""Templates written, submitted, reviewed and watched: over the API, at the sandbox, by its webhooks."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from channels import accounts
from channels.content import Template, TemplateParameters
from inbox import handles
from inbox.store import handles as handle_rows
from tests.support.shop import Shop, eventually

PHOTO = (Path("sandbox/samples") / "photo.jpg").read_bytes()
UTILITY: dict[str, Any] = {
    "name": "parcel_waits",
    "language": "en_US",
    "category": "UTILITY",
    "body": "Hello {{first_name}}, your parcel waits for you at our shop in {{city}} until Friday evening.",
    "examples": {"first_name": "Ama", "city": "Kumasi"},
    "footer": "Linden & Co",
    "buttons": [
        {"kind": "url", "text": "Where", "url": "https://example.com/s/{{1}}", "example": "https://example.com/s/7"}
    ],
}


@pytest.fixture(scope="module", autouse=True)
async def whatever_the_hour(shop: Shop) -> None:
    """Settled before anybody has asked."""
    free = {"caps": [], "quiet": {"enabled": False}, "hold_question": ""}
    answer = await shop.agent.put("/api/v1/pacing", json=free)
    assert answer.status_code == 200, answer.text


async def upload(shop: Shop) -> str:
    answer = await shop.agent.post("/api/v1/files", files={"file": ("lamp.jpg", PHOTO, "image/jpeg")})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["file_id"])


async def has_status(shop: Shop, template_id: str, status: str) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        found: dict[str, Any] = await shop.get(f"/templates/{template_id}")
        return found if found["status"] == status else None

    return await eventually(look)


async def moved(shop: Shop, name: str, language: str, **change: Any) -> None:
    body = {"waba_id": "200000000000077", "name": name, "language": language, **change}
    answer = await shop.sandbox.post("/_sandbox/template_status", json=body)
    assert answer.status_code == 200, answer.text


async def told(shop: Shop, path: str, title: str) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        items = (await shop.get("/notifications", limit=50))["items"]
        return next((n for n in items if n["path"] == path and title in n["contact_name"]), None)

    return await eventually(look)


async def test_a_template_from_its_draft_to_its_end(shop: Shop) -> None:
    account_id = shop.accounts["whatsapp"]
    await shop.knobs(template_review_ms=200)
    wrong = {**UTILITY, "body": "{{first_name}} {{city}}", "examples": {}, "name": "Parcel waits"}
    draft = await shop.post("/template-drafts", 201, account_id=account_id, draft=wrong)
    checked = await shop.post("/template-drafts/check", account_id=account_id, draft=wrong)
    fields = {problem["field"] for problem in checked["problems"]}
    assert fields == {"name", "body", "examples.first_name", "examples.city"}
    refused = await shop.post(f"/template-drafts/{draft['id']}/submit", 422)
    assert {error["field"] for error in refused["errors"]} == {f"draft.{field}" for field in fields}

    changed = await shop.agent.patch(f"/api/v1/template-drafts/{draft['id']}", json={"draft": UTILITY, "revision": 1})
    assert changed.json()["revision"] == 2, changed.text
    late = await shop.agent.patch(f"/api/v1/template-drafts/{draft['id']}", json={"draft": UTILITY, "revision": 1})
    assert late.status_code == 409
    checked = await shop.post("/template-drafts/check", account_id=account_id, draft=UTILITY)
    assert checked["problems"] == []
    assert checked["preview"]["body"].startswith("Hello Ama, your parcel waits for you at our shop in Kumasi")

    submitted = await shop.post(f"/template-drafts/{draft['id']}/submit")
    assert submitted["status"] == "PENDING"
    assert (await shop.agent.get(f"/api/v1/template-drafts/{draft['id']}")).status_code == 404
    path, template_id = f"/templates/{submitted['id']}", submitted["id"]
    whole = await has_status(shop, template_id, "APPROVED")
    assert whole["parameter_format"] == "NAMED"
    assert whole["changeable"]
    # What comes back is what went.
    words = [name for name in UTILITY if name != "buttons"]
    assert {name: whole["draft"][name] for name in words} == {name: UTILITY[name] for name in words}
    assert whole["draft"]["buttons"][0].items() >= UTILITY["buttons"][0].items()
    assert whole["alarm"] is None

    # Meta finds fault with it: at once here, and told to those who may do something.
    await moved(shop, UTILITY["name"], "en_US", status="PAUSED")
    whole = await has_status(shop, template_id, "PAUSED")
    assert whole["alarm"]["change"] == "paused"
    assert "low quality" in whole["alarm"]["detail"]
    await told(shop, path, "is paused")
    assert (await shop.post(f"{path}/unpause"))["status"] == "APPROVED"
    await moved(shop, UTILITY["name"], "en_US", quality="RED")
    await told(shop, path, "quality")
    await moved(shop, UTILITY["name"], "en_US", category="MARKETING")
    await told(shop, path, "marketing now")

    async def categorised() -> bool:
        found = await shop.get(path)
        return found["category"] == "MARKETING" and found["quality"] == "RED"

    await eventually(categorised)
    await shop.post(f"{path}/seen", 204)
    assert (await shop.get(path))["alarm"] is None

    # Other words for it, which the reviewer does not like.
    await shop.knobs(template_reject="PROMOTIONAL")
    again = {**UTILITY, "category": "MARKETING", "body": UTILITY["body"].replace("until", "only until")}
    draft = await shop.post("/template-drafts", 201, account_id=account_id, draft=again, template_id=template_id)
    await shop.post(f"/template-drafts/{draft['id']}/submit")
    rejected = await has_status(shop, template_id, "REJECTED")
    assert rejected["alarm"]["change"] == "rejected"

    async def reasoned() -> bool:
        return bool((await shop.get(path))["rejected_reason"] == "PROMOTIONAL")

    await eventually(reasoned)
    await shop.knobs(template_reject=None, template_review_ms=None)

    # What others rely on stays.
    action = {
        "type": "template",
        "account_id": account_id,
        "name": UTILITY["name"],
        "language": "en_US",
        "parameters": {},
    }
    macro = await shop.post("/macros", 201, name="Parcel", actions=[action], shared=True)
    in_use = await shop.agent.delete(f"/api/v1{path}")
    assert in_use.status_code == 409
    assert in_use.json()["used_in"][0]["name"] == "Parcel"
    assert (await shop.agent.delete(f"/api/v1/macros/{macro['id']}")).status_code == 204
    # Nor does it go in all languages while a broadcast, by its second way, sends it in another.
    french = await shop.post("/template-drafts", 201, account_id=account_id, draft={**UTILITY, "language": "fr"})
    await shop.post(f"/template-drafts/{french['id']}/submit")
    content = {"type": "template", "name": UTILITY["name"], "language": "fr", "parameters": {}}
    wording = {"language": None, "content": content}
    way = {"account_id": account_id, "after_minutes": 5, "wordings": [wording]}
    broadcast = await shop.post("/broadcasts", 201, name="Colis", account_id=shop.accounts["sms"], fallbacks=[way])
    in_use = await shop.agent.delete(f"/api/v1{path}?all_languages=true")
    assert (in_use.status_code, in_use.json()["used_in"]) == (
        409,
        [{"type": "broadcast", "id": broadcast["id"], "name": "Colis"}],
    )
    assert (await shop.agent.delete(f"/api/v1/broadcasts/{broadcast['id']}")).status_code == 204
    assert (await shop.agent.delete(f"/api/v1{path}?all_languages=true")).status_code == 204
    assert (await shop.agent.get(f"/api/v1{path}")).status_code == 404
    # Meta keeps the name for a month, and says so at the field.
    draft = await shop.post("/template-drafts", 201, account_id=account_id, draft=UTILITY)
    blocked = await shop.post(f"/template-drafts/{draft['id']}/submit", 422)
    assert blocked["errors"][0]["field"] == "draft.name"
    assert "4 weeks" in blocked["errors"][0]["message"]


async def test_a_review_that_is_told_before_the_submission_is_answered(shop: Shop) -> None:
    """Of a new one and of other words for an old one: the rejection stands, with its alarm, and is told once."""
    account_id = shop.accounts["whatsapp"]
    await shop.knobs(template_review_ms=0, template_reject="INVALID_FORMAT", send_latency_ms=2_000)
    written = {**UTILITY, "name": "parcel_soon"}
    try:
        known: dict[str, str] = {}
        for _ in ("new", "changed"):
            draft = await shop.post("/template-drafts", 201, account_id=account_id, draft=written, **known)
            found = await shop.post(f"/template-drafts/{draft['id']}/submit")
            assert (found["status"], found["alarm"] and found["alarm"]["change"]) == ("REJECTED", "rejected")
            known = {"template_id": found["id"]}
            path = f"/templates/{found['id']}"
            await told(shop, path, "was rejected")
            await shop.post(f"{path}/seen", 204)
    finally:
        await shop.knobs(template_review_ms=None, template_reject=None, send_latency_ms=None)
    items = (await shop.get("/notifications", limit=50))["items"]
    assert len([each for each in items if each["path"] == path]) == 2


async def test_a_carousel_is_reviewed_with_its_pictures_and_sent_with_them_once(shop: Shop) -> None:
    account_id, file_id = shop.accounts["whatsapp"], await upload(shop)
    await shop.knobs(template_review_ms=50)

    def card(name: str) -> dict[str, Any]:
        link = {
            "kind": "url",
            "text": "Look",
            "url": "https://example.com/p/{{1}}",
            "example": "https://example.com/p/1",
        }
        return {
            "header": {"kind": "image", "file_id": file_id},
            "body": f"The {name}, now for {{{{1}}}} only.",
            "examples": {"1": "20 cedis"},
            "buttons": [link, {"kind": "quick_reply", "text": "Keep one for me"}],
        }

    wanted = {
        "name": "two_lamps",
        "language": "en",
        "category": "MARKETING",
        "body": "Two lamps that go well together.",
        "cards": [card("tall one"), card("small one")],
    }
    draft = await shop.post("/template-drafts", 201, account_id=account_id, draft=wanted)
    made = await shop.post(f"/template-drafts/{draft['id']}/submit")
    whole = await has_status(shop, made["id"], "APPROVED")
    assert [(v["where"], v["card"]) for v in whole["variables"]] == [
        ("file", 0),
        ("body", 0),
        ("button", 0),
        ("file", 1),
        ("body", 1),
        ("button", 1),
    ]
    person, conversation = await shop.someone("whatsapp")
    agreed = {
        "address": conversation["reach"][0]["address"],
        "purposes": ["marketing"],
        "state": "granted",
        "way": "paper",
        "wording": "Yes, send me offers.",
    }
    await shop.post(f"/contacts/{conversation['contact_id']}/consents", 201, **agreed)
    parameters = {
        "cards": [
            {"header_file_id": file_id, "body": {"1": "40 cedis"}, "buttons": {"0": "tall"}},
            {"header_file_id": file_id, "body": {"1": "20 cedis"}, "buttons": {"0": "small"}},
        ]
    }
    content = {"type": "template", "name": "two_lamps", "language": "en", "parameters": parameters}
    sent = await shop.sends(conversation["id"], content)
    assert [each["body"] for each in sent["content"]["preview"]["cards"]] == [
        "The tall one, now for 40 cedis only.",
        "The small one, now for 20 cedis only.",
    ]
    taken = await shop.in_ledger("whatsapp", person["id"], "Two lamps")
    assert [each["text"] for each in taken["body"]["cards"]] == [
        "The tall one, now for 40 cedis only.",
        "The small one, now for 20 cedis only.",
    ]
    pictures = {each["media"][0]["id"] for each in taken["body"]["cards"]}
    # Both cards, and the next message, show the one file that Meta has.
    assert len(pictures) == 1
    await shop.sends(
        conversation["id"], {"type": "media", "media": {"kind": "image", "file_id": file_id}, "caption": "Here"}
    )
    again = await shop.in_ledger("whatsapp", person["id"], "Here")
    assert {again["body"]["media"][0]["id"]} == pictures

    # Shortly before Meta lets it go it is handed over anew.
    ws = shop.owner.ws
    account = await shop.runtime.accounts.get(account_id)
    named = Template(name="x", language="en", parameters=TemplateParameters(header_file_id=file_id))
    row_id = handles._id(account.id, file_id)
    known = await handle_rows.get(ws, row_id)
    assert known is not None
    ends = ws.clock.now() + handles.RENEWED_BEFORE - timedelta(seconds=5)
    await handle_rows.put(ws, row_id, type(known)(known.id, ends))
    renewed = await handles.of(ws, accounts.channel_account(account), named)
    assert renewed[file_id] not in pictures
