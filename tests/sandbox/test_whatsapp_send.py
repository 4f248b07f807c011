"""POST /messages: what Meta accepts, and what it refuses with which code."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.support import NUMBER, Sandbox


def interactive(kind: str, action: dict[str, Any], **more: Any) -> dict[str, Any]:
    inner = {"type": kind, "body": {"text": "Choose"}, "action": action, **more}
    return {"type": "interactive", "interactive": inner}


def buttons(*titles: str) -> dict[str, Any]:
    return {"buttons": [{"type": "reply", "reply": {"id": f"b{at}", "title": text}} for at, text in enumerate(titles)]}


def sections(rows: int, **row: Any) -> dict[str, Any]:
    made = [{"id": f"r{at}", "title": f"Row {at}", **row} for at in range(rows)]
    return {"button": "Open", "sections": [{"title": "One", "rows": made}]}


def template(name: str, *components: dict[str, Any], language: str = "en_US") -> dict[str, Any]:
    return {"type": "template", "template": {"name": name, "language": {"code": language}, "components": components}}


def body(*texts: str) -> dict[str, Any]:
    return {"type": "body", "parameters": [{"type": "text", "text": text} for text in texts]}


CTA = {"name": "cta_url", "parameters": {"display_text": "Pay now", "url": "https://example.test/p/1"}}
CARD = {"name": {"formatted_name": "Help Desk", "first_name": "Help"}, "phones": [{"phone": "+12025550150"}]}

ACCEPTED = {
    "text": {"type": "text", "text": {"body": "Hello", "preview_url": True}},
    "text without a type": {"text": {"body": "Hello"}},
    "text of 4096": {"type": "text", "text": {"body": "x" * 4096}},
    "location": {"type": "location", "location": {"latitude": 5.6, "longitude": "-0.18", "name": "Shop"}},
    "contacts": {"type": "contacts", "contacts": [CARD]},
    "buttons": interactive("button", buttons("Yes", "No", "Perhaps"), header={"type": "text", "text": "Order"}),
    "list": interactive("list", sections(10, description="d" * 72), footer={"text": "f" * 60}),
    "link": interactive("cta_url", CTA),
    "location request": interactive("location_request_message", {"name": "send_location"}),
    "contact request": interactive("request_contact_info", {"name": "request_contact_info"}),
    "positional template": template("order_update", body("Ama", "1001", "Monday")),
    "named template": template(
        "welcome_named",
        {
            "type": "body",
            "parameters": [
                {"type": "text", "parameter_name": "code", "text": "HELLO"},
                {"type": "text", "parameter_name": "first_name", "text": "Ama"},
            ],
        },
        language="en",
    ),
    "template with buttons": template(
        "delivery_slot",
        {"type": "header", "parameters": [{"type": "text", "text": "1001"}]},
        body("Ama"),
        {"type": "button", "sub_type": "url", "index": "2", "parameters": [{"type": "text", "text": "1001"}]},
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": "0",
            "parameters": [{"type": "payload", "payload": "Y"}],
        },
    ),
}

REFUSED: dict[str, tuple[dict[str, Any], int]] = {
    "no body": ({"type": "text"}, 100),
    "empty text": ({"type": "text", "text": {"body": ""}}, 100),
    "text too long": ({"type": "text", "text": {"body": "x" * 4097}}, 100),
    "unknown type": ({"type": "hologram", "hologram": {}}, 100),
    "correlation too long": ({"type": "text", "text": {"body": "x"}, "biz_opaque_callback_data": "x" * 513}, 100),
    "image with id and link": ({"type": "image", "image": {"id": "1", "link": "https://example.test/a.jpg"}}, 100),
    "image with neither": ({"type": "image", "image": {"caption": "x"}}, 100),
    "unknown media id": ({"type": "image", "image": {"id": "999"}}, 100),
    "caption on audio": ({"type": "audio", "audio": {"id": "1", "caption": "x"}}, 100),
    "caption too long": ({"type": "image", "image": {"id": "1", "caption": "x" * 1025}}, 100),
    "location off the earth": ({"type": "location", "location": {"latitude": 91, "longitude": 0}}, 131009),
    "contact without a name": ({"type": "contacts", "contacts": [{"phones": []}]}, 100),
    "four buttons": (interactive("button", buttons("1", "2", "3", "4")), 131009),
    "button title too long": (interactive("button", buttons("x" * 21)), 131009),
    "same button twice": (interactive("button", buttons("Yes", "Yes")), 131009),
    "body too long": (interactive("button", buttons("Yes"), body={"text": "x" * 1025}), 131009),
    "header too long": (interactive("button", buttons("Yes"), header={"type": "text", "text": "x" * 61}), 131009),
    "eleven rows": (interactive("list", sections(11)), 131009),
    "row title too long": (interactive("list", sections(1, title="x" * 25)), 131009),
    "row description too long": (interactive("list", sections(1, description="x" * 73)), 131009),
    "link label too long": (
        interactive("cta_url", {**CTA, "parameters": {"display_text": "x" * 21, "url": "https://example.test"}}),
        131009,
    ),
    "unknown interactive": (interactive("teleport", {}), 100),
    "reaction to nothing": ({"type": "reaction", "reaction": {"message_id": "wamid.NONE", "emoji": "👍"}}, 131009),
    "unknown template": (template("nope"), 132001),
    "template in another language": (template("order_update", body("a", "b", "c"), language="fr"), 132001),
    "too few parameters": (template("order_update", body("Ama")), 132000),
    "too many parameters": (template("order_update", body("a", "b", "c", "d")), 132000),
    "wrong parameter kind": (
        template("order_update", {"type": "body", "parameters": [{"type": "image", "image": {}}] * 3}),
        132012,
    ),
    "missing header picture": (template("new_collection", body("Ama")), 132012),
    "new line in a parameter": (template("order_update", body("a\nb", "b", "c")), 132018),
    "url button without its text": (
        template("delivery_slot", {"type": "header", "parameters": [{"type": "text", "text": "1"}]}, body("Ama")),
        131008,
    ),
    "paused template": (template("winter_sale", body("Ama")), 132015),
    "to the sender": ({"to": "+12025550180", "type": "text", "text": {"body": "x"}}, 131021),
    "no number at all": ({"to": "hello", "type": "text", "text": {"body": "x"}}, 100),
}


@pytest.mark.parametrize("name", ACCEPTED)
async def test_accepted(sandbox: Sandbox, name: str) -> None:
    await sandbox.inbound("whatsapp", "text", text="Hi")
    response = await sandbox.send(**ACCEPTED[name])
    assert response.status_code == 200, response.text
    answer = response.json()
    assert answer["messages"][0]["id"].startswith("wamid.")
    assert answer["contacts"][0]["wa_id"] == "12025550121"
    assert ("message_status" in answer["messages"][0]) == ("template" in name)
    assert "x-app-usage" in response.headers
    last = (await sandbox.ledger(direction="out"))[-1]
    assert last["provider_id"] == answer["messages"][0]["id"]


@pytest.mark.parametrize("name", REFUSED)
async def test_refused(sandbox: Sandbox, name: str) -> None:
    await sandbox.inbound("whatsapp", "text", text="Hi")
    message, code = REFUSED[name]
    response = await sandbox.send(**message)
    error = response.json()["error"]
    assert error["code"] == code, error
    assert response.status_code >= 400
    assert error["type"] == "OAuthException"
    assert error["error_data"]["details"]
    assert await sandbox.ledger(direction="out") == []


async def test_bad_token_version_and_object(sandbox: Sandbox) -> None:
    wrong = await sandbox.graph("POST", f"{NUMBER}/messages", {}, token="nope")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, 190)
    other = await sandbox.graph("POST", "100000000000999/messages", {"messaging_product": "whatsapp"})
    assert (other.json()["error"]["code"], other.json()["error"]["error_subcode"]) == (100, 33)
    headers = {"authorization": "Bearer EAAsandboxtoken"}
    old = await sandbox.http.post(f"/graph/v9.0/{NUMBER}/messages", json={}, headers=headers)
    assert old.json()["error"]["code"] == 2635
    product = await sandbox.graph("POST", f"{NUMBER}/messages", {"to": "+12025550121"})
    assert product.json()["error"]["code"] == 100


async def test_window_opens_with_a_message_and_closes_after_a_day(sandbox: Sandbox) -> None:
    text = {"type": "text", "text": {"body": "Hello"}}
    assert (await sandbox.send(**text)).json()["error"]["code"] == 131047
    await sandbox.inbound("whatsapp", "text", text="Hi")
    assert (await sandbox.send(**text)).status_code == 200
    await sandbox.control("POST", "/clock", {"advance_seconds": 86_401})
    assert (await sandbox.send(**text)).json()["error"]["code"] == 131047
    assert (await sandbox.send(**template("order_update", body("a", "b", "c")))).status_code == 200


async def test_pair_rate_and_throughput(sandbox: Sandbox) -> None:
    await sandbox.inbound("whatsapp", "text", text="Hi")
    text = {"type": "text", "text": {"body": "Hello"}}
    codes = [(await sandbox.send(**text)).json().get("error", {}).get("code") for _ in range(46)]
    assert codes == [None] * 45 + [131056]
    await sandbox.control("PUT", f"/accounts/whatsapp/{NUMBER}", {"messages_per_second": 1})
    await sandbox.control("POST", "/clock", {"advance_seconds": 600})
    codes = [(await sandbox.send(**text)).json().get("error", {}).get("code") for _ in range(2)]
    assert codes == [None, 130429]


async def test_recipients_by_bsuid_unknown_and_not_allowed(sandbox: Sandbox) -> None:
    robin = await sandbox.control("GET", "/customers/robin")
    await sandbox.inbound("whatsapp", "text", customer="robin", text="Hi")
    message = {"messaging_product": "whatsapp", "recipient": robin["bsuid"], "type": "text", "text": {"body": "Hello"}}
    contact = (await sandbox.graph("POST", f"{NUMBER}/messages", message)).json()["contacts"][0]
    assert contact == {"input": robin["bsuid"], "user_id": robin["bsuid"]}
    unknown = await sandbox.send(to="+12025550199", type="text", text={"body": "x"})
    assert unknown.status_code == 200
    await sandbox.control("PUT", f"/accounts/whatsapp/{NUMBER}", {"allow_list": ["+12025550122"]})
    refused = await sandbox.send(to="+12025550199", type="text", text={"body": "x"})
    assert refused.json()["error"]["code"] == 131030


async def test_read_and_typing(sandbox: Sandbox) -> None:
    first, second = [(await sandbox.inbound("whatsapp", "text", text=text))[0] for text in ("one", "two")]
    path = f"{NUMBER}/messages"
    typing = {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": second,
        "typing_indicator": {"type": "text"},
    }
    assert (await sandbox.graph("POST", path, typing)).json() == {"success": True}
    entries = await sandbox.ledger(direction="in")
    assert [entry["marks"]["read_by_business"] for entry in entries] == [True, True]
    unknown = await sandbox.graph("POST", path, {**typing, "message_id": "wamid.NONE"})
    assert unknown.json()["error"]["code"] == 131009
    assert first != second
