"""Webhooks, statuses, media, templates and the account of the pretend Cloud API."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from typing import Any

import httpx
import orjson
import pytest
from starlette.responses import PlainTextResponse, Response

from sandbox.whatsapp import hooks
from tests.sandbox.support import APP_SECRET, NUMBER, TOKEN, WABA, Business, Received, Sandbox

VECTORS = [
    (
        rb'{"object":"whatsapp_business_account","entry":[]}',
        "90821bca869283bb1003405e16966519065e1a927bc320645f612ff2b2fb58c4",
    ),
    (rb'{"text":"h\u00e9llo \ud83d\ude00"}', "6a91f3591dd56217ef35df1e575348e0dfd6fb026dae82ca24fb2239a09bbcfd"),
]


@pytest.mark.parametrize(("raw", "digest"), VECTORS)
def test_signature_vectors(raw: bytes, digest: str) -> None:
    assert hooks.sign("EXAMPLE_APP_SECRET", raw) == f"sha256={digest}"


def test_encoding_escapes_what_meta_escapes() -> None:
    assert hooks.encode({"text": "é 😀 a/b"}) == rb'{"text":"\u00e9 \ud83d\ude00 a\/b"}'


def values(received: list[Received], field: str = "messages") -> list[dict[str, Any]]:
    """All values of a field; each POST must be signed over its exact bytes."""
    found: list[dict[str, Any]] = []
    for item in received:
        digest = hmac.new(APP_SECRET.encode(), item.body, hashlib.sha256).hexdigest()
        assert item.headers["x-hub-signature-256"] == f"sha256={digest}"
        for entry in orjson.loads(item.body)["entry"]:
            found.extend(change["value"] for change in entry["changes"] if change["field"] == field)
    return found


INBOUND: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "text": ({"type": "text", "text": "Hällo 😀"}, {"type": "text", "text": {"body": "Hällo 😀"}}),
    "location": (
        {"type": "location", "latitude": 5.6, "longitude": -0.1, "name": "Shop"},
        {"type": "location", "location": {"latitude": 5.6, "longitude": -0.1, "name": "Shop"}},
    ),
    "button": (
        {"type": "button_reply", "button_id": "yes", "title": "Yes"},
        {"interactive": {"type": "button_reply", "button_reply": {"id": "yes", "title": "Yes"}}},
    ),
    "list row": (
        {"type": "list_reply", "button_id": "r1", "title": "Row", "description": "More"},
        {"interactive": {"type": "list_reply", "list_reply": {"id": "r1", "title": "Row", "description": "More"}}},
    ),
    "template button": (
        {"type": "button", "button_id": "STOP_PROMO", "title": "Unsubscribe"},
        {"type": "button", "button": {"payload": "STOP_PROMO", "text": "Unsubscribe"}},
    ),
    "unknown kind": ({"type": "unknown"}, {"type": "hologram", "hologram": {"depth": 3}}),
}


@pytest.mark.parametrize("name", INBOUND)
async def test_inbound(sandbox: Sandbox, business: Business, name: str) -> None:
    given, wanted = INBOUND[name]
    kind = given.pop("type") if "type" in given else "text"
    given_again = {"type": kind, **given}
    ids = await sandbox.inbound("whatsapp", kind, **given)
    INBOUND[name] = (given_again, wanted)
    value = values(await business.wait(1))[0]
    message = value["messages"][0]
    assert message["id"] == ids[0]
    assert message["from"] == "12025550121"
    assert value["contacts"][0]["profile"]["name"] == "Ama Mensah"
    assert value["metadata"] == {"display_phone_number": "12025550180", "phone_number_id": NUMBER}
    assert {key: message[key] for key in wanted} == wanted


@pytest.mark.parametrize("kind", ["image", "video", "audio", "voice", "document", "sticker"])
async def test_inbound_media_can_be_fetched_with_the_token_only(
    sandbox: Sandbox, business: Business, kind: str
) -> None:
    await sandbox.inbound("whatsapp", kind)
    message = values(await business.wait(1))[0]["messages"][0]
    body = message[message["type"]]
    meta = (await sandbox.graph("GET", body["id"])).json()
    auth = {"authorization": f"Bearer {TOKEN}"}
    content = (await sandbox.http.get(meta["url"], headers=auth)).content
    assert hashlib.sha256(content).hexdigest() == meta["sha256"]
    assert meta["file_size"] == str(len(content))
    assert meta["mime_type"] == body["mime_type"]
    assert (await sandbox.http.get(meta["url"])).status_code == 401
    await sandbox.control("POST", "/clock", {"advance_seconds": 302})
    assert (await sandbox.http.get(meta["url"], headers=auth)).status_code == 404
    await sandbox.control("POST", "/clock", {"advance_seconds": 8 * 86_400})
    assert (await sandbox.graph("GET", body["id"])).status_code == 400


async def test_edit_revoke_reaction_quote(sandbox: Sandbox, business: Business) -> None:
    first = (await sandbox.inbound("whatsapp", "text", text="Hello"))[0]
    await sandbox.inbound("whatsapp", "edit", target=first, text="Hello again")
    await sandbox.inbound("whatsapp", "reaction", target=first, emoji="👍")
    await sandbox.inbound("whatsapp", "reaction", target=first, emoji="")
    await sandbox.inbound("whatsapp", "text", text="Quoting", reply_to=first)
    await sandbox.inbound("whatsapp", "revoke", target=first)
    messages = [value["messages"][0] for value in values(await business.wait(6))]
    assert messages[1]["edit"]["message"]["text"]["body"] == "Hello again"
    assert messages[2]["reaction"] == {"message_id": first, "emoji": "👍"}
    assert messages[3]["reaction"] == {"message_id": first}
    assert messages[4]["context"] == {"from": "12025550121", "id": first}
    assert messages[5]["revoke"] == {"original_message_id": first}


async def test_username_customer_has_no_number(sandbox: Sandbox, business: Business) -> None:
    await sandbox.inbound("whatsapp", "text", customer="robin", text="Hi")
    value = values(await business.wait(1))[0]
    assert "from" not in value["messages"][0]
    assert "wa_id" not in value["contacts"][0]
    assert value["contacts"][0]["user_id"] == value["messages"][0]["from_user_id"]
    assert "12025550125" not in business.got[0].body.decode()


async def test_number_change_tells_it_three_ways(sandbox: Sandbox, business: Business) -> None:
    before = await sandbox.control("GET", "/customers/ama")
    await sandbox.inbound("whatsapp", "number_change", phone="+12025550160")
    after = await sandbox.control("GET", "/customers/ama")
    await business.wait(3)
    update = values(business.got, "user_id_update")[0]["user_id_update"][0]
    assert update["user_id"] == {"previous": before["bsuid"], "current": after["bsuid"]}
    systems = [value["messages"][0]["system"] for value in values(business.got)]
    assert {item["type"] for item in systems} == {"user_changed_number", "user_changed_user_id"}


async def test_marketing_stop_refuses_marketing_later(sandbox: Sandbox, business: Business) -> None:
    await sandbox.inbound("whatsapp", "marketing_stop")
    preference = values(await business.wait(1), "user_preferences")[0]["user_preferences"][0]
    assert (preference["value"], preference["category"]) == ("stop", "marketing_messages")
    named = [{"type": "text", "parameter_name": name, "text": "x"} for name in ("first_name", "code")]
    message = {
        "name": "welcome_named",
        "language": {"code": "en"},
        "components": [{"type": "body", "parameters": named}],
    }
    assert (await sandbox.send(type="template", template=message)).status_code == 200
    status = values(await business.wait(2))[0]["statuses"][0]
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 131050)


async def test_batch_puts_everything_into_one_post(sandbox: Sandbox, business: Business) -> None:
    await sandbox.inbound("whatsapp", "text", text="Hi")
    sent = (await sandbox.send(type="text", text={"body": "Hello"})).json()["messages"][0]["id"]
    await business.wait(3)
    items = [
        {"customer": "ama", "type": "text", "text": "one"},
        {"customer": "diego", "type": "text", "text": "two"},
        {"status": "read", "message": sent},
    ]
    for layout, count in (("messages", 1), ("changes", 3), ("entries", 3)):
        business.got.clear()
        await sandbox.control("POST", "/inbound/batch", {"account": NUMBER, "items": items, "layout": layout})
        found = values(await business.wait(1))
        assert len(business.got) == 1
        assert len(found) == count
        assert [m["text"]["body"] for v in found for m in v.get("messages", [])] == ["one", "two"]
        assert [s["status"] for v in found for s in v.get("statuses", [])] == ["read"]


async def test_statuses_with_pricing_and_correlation(sandbox: Sandbox, business: Business) -> None:
    await sandbox.knobs(read="auto")
    await sandbox.inbound("whatsapp", "text", text="Hi")
    await sandbox.send(type="text", text={"body": "Hello"}, biz_opaque_callback_data="ob_1")
    statuses = [value["statuses"][0] for value in values(await business.wait(4)) if "statuses" in value]
    assert [item["status"] for item in statuses] == ["sent", "delivered", "read"]
    assert {item["biz_opaque_callback_data"] for item in statuses} == {"ob_1"}
    assert statuses[0]["pricing"] == {
        "billable": False,
        "pricing_model": "PMP",
        "type": "free_customer_service",
        "category": "service",
    }
    assert "pricing" not in statuses[2]
    entry = (await sandbox.ledger(direction="out"))[0]
    assert [item["status"] for item in entry["statuses"]] == ["sent", "delivered", "read"]
    assert entry["acks"] == 3


async def test_unknown_recipient_fails_later(sandbox: Sandbox, business: Business) -> None:
    await sandbox.send(to="+12025550199", type="text", text={"body": "x"})
    status = values(await business.wait(1))[0]["statuses"][0]
    assert status["status"] == "failed"
    assert status["errors"][0]["code"] == 131026
    assert status["errors"][0]["error_data"]["details"]


async def test_opening_the_chat_reads(sandbox: Sandbox, business: Business) -> None:
    await sandbox.inbound("whatsapp", "text", text="Hi")
    await sandbox.send(type="text", text={"body": "Hello"})
    await business.wait(3)
    await sandbox.inbound("whatsapp", "open")
    assert values(await business.wait(4))[-1]["statuses"][0]["status"] == "read"


async def upload(sandbox: Sandbox, content: bytes, mime: str, **data: str) -> httpx.Response:
    form = {"messaging_product": "whatsapp", "type": mime, **data}
    headers = {"authorization": f"Bearer {TOKEN}"}
    files = {"file": ("file", content, mime)}
    return await sandbox.http.post(f"/graph/v26.0/{NUMBER}/media", data=form, files=files, headers=headers)


async def test_media_upload_send_delete(sandbox: Sandbox, business: Business) -> None:
    await sandbox.inbound("whatsapp", "text", text="Hi")
    photo = (await sandbox.http.get(f"{business.url}/files/photo.jpg")).content
    media_id = (await upload(sandbox, photo, "image/jpeg")).json()["id"]
    assert (await sandbox.send(type="image", image={"id": media_id, "caption": "New"})).status_code == 200
    shown = (await sandbox.ledger(direction="out"))[0]["body"]
    assert (shown["text"], shown["media"][0]["width"]) == ("New", 960)
    assert (await sandbox.graph("DELETE", media_id)).json() == {"success": True}
    assert (await sandbox.send(type="image", image={"id": media_id})).json()["error"]["code"] == 100


@pytest.mark.parametrize(
    ("content", "mime", "code"),
    [
        (b"\xff\xd8\xff" + b"x" * (5 << 20), "image/jpeg", 131053),
        (b"GIF89a", "image/gif", 100),
        (b"MZ", "program", 100),
        (b"not", "image/png", 131053),
    ],
    ids=["too large", "no picture of theirs", "no type", "not what it says"],
)
async def test_media_refused(sandbox: Sandbox, content: bytes, mime: str, code: int) -> None:
    assert (await upload(sandbox, content, mime)).json()["error"]["code"] == code


@pytest.mark.parametrize("mime", ["application/pdf", "application/vnd.oasis.opendocument.text", "text/calendar"])
async def test_any_other_type_is_a_document(sandbox: Sandbox, mime: str) -> None:
    assert (await upload(sandbox, b"something", mime)).json()["id"]


async def test_a_proof_of_the_app_secret_is_checked_where_it_is_given(sandbox: Sandbox) -> None:
    right = hmac.new(APP_SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
    assert (await sandbox.graph("GET", f"{NUMBER}?appsecret_proof={right}")).status_code == 200
    for wrong in ("", "0" * 64, hmac.new(b"another app", TOKEN.encode(), hashlib.sha256).hexdigest()):
        refused = await sandbox.graph("GET", f"{NUMBER}?appsecret_proof={wrong}")
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, 100)
        assert refused.json()["error"]["message"] == "Invalid appsecret_proof provided in the API argument"


async def test_linked_media_is_fetched_or_fails(sandbox: Sandbox, business: Business) -> None:
    await sandbox.inbound("whatsapp", "text", text="Hi")
    await sandbox.send(type="image", image={"link": f"{business.url}/files/photo.jpg"})
    await sandbox.send(type="image", image={"link": f"{business.url}/files/none.jpg"})
    await business.wait(4)
    await asyncio.sleep(0.1)
    good, bad = await sandbox.ledger(direction="out")
    assert good["body"]["media"][0]["size"] > 1000
    assert [item["code"] for item in bad["statuses"]] == [131053]


NEW = {
    "name": "spring_offer",
    "language": "en_US",
    "category": "MARKETING",
    "components": [
        {"type": "BODY", "text": "Hello {{1}}, enjoy our offer until Sunday.", "example": {"body_text": [["Ama"]]}},
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Stop promotions"}]},
    ],
}


async def test_template_life(sandbox: Sandbox, business: Business) -> None:
    await sandbox.knobs(template_review_ms=50)
    listed = (await sandbox.graph("GET", f"{WABA}/message_templates?limit=2")).json()
    assert len(listed["data"]) == 2
    assert "next" in listed["paging"]
    made = (await sandbox.graph("POST", f"{WABA}/message_templates", NEW)).json()
    assert made["status"] == "PENDING"
    again = (await sandbox.graph("POST", f"{WABA}/message_templates", NEW)).json()
    assert again["error"]["error_subcode"] == 2388024
    value = values(await business.wait(1), "message_template_status_update")[0]
    assert (value["event"], value["message_template_id"]) == ("APPROVED", int(made["id"]))
    sent = {"name": "spring_offer", "language": {"code": "en_US"}}
    components = [{"type": "body", "parameters": [{"type": "text", "text": "Ama"}]}]
    assert (await sandbox.send(type="template", template={**sent, "components": components})).status_code == 200
    removed = await sandbox.graph("DELETE", f"{WABA}/message_templates?name=spring_offer")
    assert removed.json() == {"success": True}
    gone = await sandbox.send(type="template", template={**sent, "components": components})
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, 132001)


@pytest.mark.parametrize(
    ("text", "subcode"),
    [("{{1}} hello there my friend", 2388299), ("Hello my {{1}}{{2}} friend of old", 2388072), ("x" * 1025, 2388040)],
)
async def test_template_refused(sandbox: Sandbox, text: str, subcode: int) -> None:
    body = {"type": "BODY", "text": text, "example": {"body_text": [["a", "b"]]}}
    answer = await sandbox.graph("POST", f"{WABA}/message_templates", {**NEW, "components": [body]})
    assert answer.json()["error"]["error_subcode"] == subcode


async def test_held_templates(sandbox: Sandbox, business: Business) -> None:
    await sandbox.knobs(hold_templates=True)
    body = {"type": "body", "parameters": [{"type": "text", "text": text} for text in "abc"]}
    message = {"name": "order_update", "language": {"code": "en_US"}, "components": [body]}
    held = (await sandbox.send(type="template", template=message)).json()
    assert held["messages"][0]["message_status"] == "held_for_quality_assessment"
    await asyncio.sleep(0.1)
    assert business.got == []
    await sandbox.control("POST", "/release", {"drop": True})
    status = values(await business.wait(1))[0]["statuses"][0]
    assert status["errors"][0]["code"] == 132015


async def test_account_reads(sandbox: Sandbox) -> None:
    fields = "verified_name,quality_rating,throughput,whatsapp_business_manager_messaging_limit,display_phone_number"
    number = (await sandbox.graph("GET", f"{NUMBER}?fields={fields}")).json()
    assert number["throughput"] == {"level": "STANDARD"}
    assert number["whatsapp_business_manager_messaging_limit"] == "TIER_2K"
    token = (await sandbox.graph("GET", f"debug_token?input_token={TOKEN}")).json()["data"]
    assert token["is_valid"] is True
    assert token["granular_scopes"][0]["target_ids"] == [WABA]
    assert (await sandbox.graph("GET", "debug_token?input_token=nope")).json()["data"]["is_valid"] is False
    apps = (await sandbox.graph("GET", f"{WABA}/subscribed_apps")).json()["data"]
    assert apps[0]["whatsapp_business_api_data"]["id"] == "300000000000001"


async def test_callback_override_is_challenged(sandbox: Sandbox, business: Business) -> None:
    override = {"override_callback_uri": f"{business.url}/new", "verify_token": "secret"}
    assert (await sandbox.graph("POST", f"{WABA}/subscribed_apps", override)).json() == {"success": True}
    await sandbox.inbound("whatsapp", "text", text="Hi")
    assert (await business.wait(1))[0].path == "/new"
    business.challenge = lambda challenge: PlainTextResponse(f'"{challenge}"')
    refused = await sandbox.graph("POST", f"{WABA}/subscribed_apps", override)
    assert refused.json()["error"]["code"] == 2200
    outcome = await sandbox.control("POST", f"/accounts/whatsapp/{NUMBER}/verify")
    assert outcome["verified"] is False
    business.challenge = lambda challenge: Response(status_code=403)
    assert (await sandbox.control("POST", f"/accounts/whatsapp/{NUMBER}/verify"))["status"] == 403


async def test_blocking_needs_a_recent_message(sandbox: Sandbox) -> None:
    block = {"messaging_product": "whatsapp", "block_users": [{"user": "+12025550121"}]}
    refused = await sandbox.graph("POST", f"{NUMBER}/block_users", block)
    assert refused.json()["error"]["code"] == 139100
    await sandbox.inbound("whatsapp", "text", text="Hi")
    assert (await sandbox.graph("POST", f"{NUMBER}/block_users", block)).status_code == 200
    assert (await sandbox.send(type="text", text={"body": "x"})).json()["error"]["code"] == 130403
    assert (await sandbox.graph("DELETE", f"{NUMBER}/block_users", block)).status_code == 200
    assert (await sandbox.send(type="text", text={"body": "x"})).status_code == 200
