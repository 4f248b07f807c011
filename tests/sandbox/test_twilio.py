"""The pretend Messages API: what it accepts and refuses, its webhooks, its lists."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qsl

import pytest
from starlette.responses import Response
from twilio.request_validator import RequestValidator

from sandbox.twilio import hooks, segments
from tests.sandbox.support import ACCOUNT, AUTH_TOKEN, SMS_NUMBER, Business, Received, Sandbox

AUTH = (ACCOUNT, AUTH_TOKEN)
BASE = f"/twilio/2010-04-01/Accounts/{ACCOUNT}"
SERVICE = "MG5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"

VECTORS = [
    (
        "12345",
        "https://mycompany.com/myapp.php?foo=1&bar=2",
        {
            "CallSid": "CA1234567890ABCDE",
            "Caller": "+14158675309",
            "Digits": "1234",
            "From": "+14158675309",
            "To": "+18005551212",
        },
        "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
    ),
    (
        "EXAMPLE_TOKEN",
        "https://chat.example.test/hooks/twilio/in?ch=7",
        {
            "AccountSid": "AC" + "0" * 32,
            "Body": "Hi there",
            "From": "+15550100001",
            "MessageSid": "SM" + "0" * 31 + "1",
            "NumMedia": "0",
            "To": "+15550100999",
        },
        "FJagH7m8RxAe0iPgAxSKbqH3Ye0=",
    ),
]


@pytest.mark.parametrize(("token", "url", "fields", "signature"), VECTORS)
def test_signature_vectors(token: str, url: str, fields: dict[str, str], signature: str) -> None:
    assert hooks.sign(token, url, fields) == signature


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("é" * 160, 1),
        ("ç" * 70, 1),
        ("ç" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 67, 3),
    ],
)
def test_segments(text: str, count: int) -> None:
    assert segments.count(text) == count


def fields(business: Business, received: Received) -> dict[str, str]:
    """The form of a webhook whose signature Twilio's own validator accepts, over the public URL."""
    form = dict(parse_qsl(received.body.decode(), keep_blank_values=True))
    url = f"{business.url}{received.path}" + (f"?{received.query}" if received.query else "")
    assert RequestValidator(AUTH_TOKEN).validate(url, form, received.headers["x-twilio-signature"])
    return form


REFUSED: dict[str, tuple[dict[str, Any], int, int]] = {
    "no To": ({"To": None, "Body": "x"}, 400, 21604),
    "bad To": ({"To": "+1555", "Body": "x"}, 400, 21211),
    "no From": ({"From": None, "Body": "x"}, 400, 21603),
    "somebody else's number": ({"From": "+12025550111", "Body": "x"}, 400, 21606),
    "not a number": ({"From": "!!", "Body": "x"}, 400, 21212),
    "name as sender in the US": ({"From": "LINDEN", "Body": "x"}, 400, 21612),
    "no body": ({}, 400, 21602),
    "body too long": ({"Body": "x" * 1601}, 400, 21617),
    "media address": ({"MediaUrl": "ftp://example.test/a.jpg"}, 400, 21620),
    "eleven media": ({"MediaUrl": ["http://127.0.0.1:1/a.jpg"] * 11}, 400, 21623),
    "unreachable media": ({"MediaUrl": "http://127.0.0.1:1/a.jpg"}, 400, 21620),
    "bad callback": ({"Body": "x", "StatusCallback": "not a url"}, 400, 21609),
    "callback host with underscore": ({"Body": "x", "StatusCallback": "https://a_b.example.test/"}, 400, 21609),
    "unknown service": ({"From": None, "MessagingServiceSid": "MG" + "0" * 32, "Body": "x"}, 404, 21701),
    "unknown content": ({"ContentSid": "HX" + "0" * 32}, 400, 21655),
    "scheduled without a service": (
        {"Body": "x", "SendAt": "2030-01-01T00:00:00Z", "ScheduleType": "fixed"},
        400,
        35118,
    ),
    "whatsapp address": ({"To": "whatsapp:+12025550121", "Body": "x"}, 400, 63007),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_refused(sandbox: Sandbox, name: str) -> None:
    form, status, code = REFUSED[name]
    response = await sandbox.sms(**form)
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert response.json()["more_info"].endswith(str(code))
    assert await sandbox.ledger(direction="out") == []


async def test_wrong_credentials(sandbox: Sandbox) -> None:
    for auth in ((ACCOUNT, "nope"), ("AC" + "0" * 32, AUTH_TOKEN)):
        response = await sandbox.http.get(f"{BASE}.json", auth=auth)
        assert (response.status_code, response.json()["code"]) == (401, 20003)
    other = await sandbox.http.get(f"/twilio/2010-04-01/Accounts/AC{'0' * 32}/Messages.json", auth=AUTH)
    assert (other.status_code, other.json()["code"]) == (404, 20404)


async def test_send_and_callbacks(sandbox: Sandbox, business: Business) -> None:
    response = await sandbox.sms(Body="Grüße 😀", StatusCallback=f"{business.url}/status?x=1&y=a%20b")
    made = response.json()
    assert response.status_code == 201
    assert (made["status"], made["num_segments"], made["from"]) == ("queued", "1", SMS_NUMBER)
    assert made["direction"] == "outbound-api"
    got = [fields(business, item) for item in await business.wait(2)]
    assert [item["MessageStatus"] for item in got] == ["sent", "delivered"]
    assert {item["MessageSid"] for item in got} == {made["sid"]}
    assert "RawDlrDoneDate" in got[1]
    shown = (await sandbox.http.get(f"{BASE}/Messages/{made['sid']}.json", auth=AUTH)).json()
    assert (shown["status"], shown["error_code"]) == ("delivered", None)


async def test_service_and_schedule(sandbox: Sandbox, business: Business) -> None:
    service = {"sid": SERVICE, "numbers": [SMS_NUMBER], "status_callback": f"{business.url}/service"}
    await sandbox.control("PUT", f"/accounts/twilio/{ACCOUNT}", {"messaging_services": [service]})
    made = (await sandbox.sms(From=None, MessagingServiceSid=SERVICE, Body="Hello")).json()
    assert (made["status"], made["from"], made["num_segments"]) == ("accepted", None, "0")
    got = [fields(business, item)["MessageStatus"] for item in await business.wait(3)]
    assert got == ["queued", "sent", "delivered"]
    later = {"SendAt": "2030-01-01T00:00:00Z", "ScheduleType": "fixed"}
    far = await sandbox.sms(From=None, MessagingServiceSid=SERVICE, Body="x", **later)
    assert far.json()["code"] == 35114


async def test_unreachable_ends_undelivered(sandbox: Sandbox, business: Business) -> None:
    await sandbox.control("PUT", "/customers/ama", {"sms": False})
    await sandbox.sms(Body="x", StatusCallback=f"{business.url}/status")
    got = [fields(business, item) for item in await business.wait(2)]
    assert (got[1]["MessageStatus"], got[1]["ErrorCode"]) == ("undelivered", "30005")


async def test_inbound_is_signed_and_answered_by_twiml(sandbox: Sandbox, business: Business) -> None:
    twiml = '<?xml version="1.0"?><Response><Message><Body>We will call you.</Body></Message></Response>'
    business.answers = [Response(twiml, media_type="text/xml")]
    sid = (await sandbox.inbound("sms", "text", text="Call me & <hurry>"))[0]
    form = fields(business, (await business.wait(1))[0])
    assert (form["MessageSid"], form["Body"], form["NumMedia"]) == (sid, "Call me & <hurry>", "0")
    assert "OptOutType" not in form
    await asyncio.sleep(0.05)
    reply = (await sandbox.ledger(direction="out"))[0]
    assert (reply["body"]["text"], reply["to"]) == ("We will call you.", "+12025550121")


async def test_inbound_media_needs_credentials(sandbox: Sandbox, business: Business) -> None:
    await sandbox.inbound("sms", "image", text="Look")
    form = fields(business, (await business.wait(1))[0])
    assert (form["NumMedia"], form["MediaContentType0"]) == ("1", "image/jpeg")
    assert (await sandbox.http.get(form["MediaUrl0"])).status_code == 401
    redirect = await sandbox.http.get(form["MediaUrl0"], auth=AUTH)
    assert redirect.status_code == 307
    content = await sandbox.http.get(redirect.headers["location"])
    assert content.content.startswith(b"\xff\xd8")
    assert (await sandbox.http.delete(form["MediaUrl0"] + ".json", auth=AUTH)).status_code == 204
    assert (await sandbox.http.get(form["MediaUrl0"], auth=AUTH)).status_code == 404


async def test_no_retry_unless_the_fragment_asks(sandbox: Sandbox, business: Business) -> None:
    business.answers = [Response(status_code=500)]
    await sandbox.inbound("sms", "text", text="one")
    await asyncio.sleep(0.3)
    assert len(business.got) == 1
    number = {"number": SMS_NUMBER, "sms_url": f"{business.url}/sms#rc=2&rp=all"}
    await sandbox.control("PUT", f"/accounts/twilio/{ACCOUNT}", {"numbers": [number]})
    business.got.clear()
    business.answers = [Response(status_code=500), Response(status_code=404)]
    await sandbox.inbound("sms", "text", text="two")
    got = await business.wait(3)
    assert {fields(business, item)["Body"] for item in got} == {"two"}


async def test_stop_start_help(sandbox: Sandbox, business: Business) -> None:
    await sandbox.inbound("sms", "text", text=" stop ")
    assert fields(business, (await business.wait(1))[0])["Body"] == " stop "
    refused = await sandbox.sms(Body="x")
    assert (refused.status_code, refused.json()["code"]) == (400, 21610)
    await sandbox.inbound("sms", "text", text="HELP")
    await sandbox.inbound("sms", "text", text="Start")
    assert (await sandbox.sms(Body="x")).status_code == 201
    automatic = [
        entry["body"]["text"] for entry in await sandbox.ledger(direction="out") if "automatic" in entry["body"]
    ]
    assert [text.split()[0] for text in automatic] == ["You", "Reply", "You"]


async def test_advanced_opt_out_says_so(sandbox: Sandbox, business: Business) -> None:
    service = {"sid": SERVICE, "numbers": [SMS_NUMBER], "advanced_opt_out": True}
    await sandbox.control("PUT", f"/accounts/twilio/{ACCOUNT}", {"messaging_services": [service]})
    await sandbox.inbound("sms", "text", text="STOP")
    form = fields(business, (await business.wait(1))[0])
    assert (form["OptOutType"], form["MessagingServiceSid"]) == ("STOP", SERVICE)
    shown = (await sandbox.http.get(f"{BASE}/Messages/{form['MessageSid']}.json", auth=AUTH)).json()
    assert (shown["direction"], shown["messaging_service_sid"]) == ("inbound", SERVICE)


async def test_list_filters_and_pages(sandbox: Sandbox, business: Business) -> None:
    for text in ("one", "two", "three"):
        await sandbox.inbound("sms", "text", text=text)
    await sandbox.sms(Body="out")
    await sandbox.inbound("sms", "text", customer="diego", text="other")
    uri, bodies = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?From=%2B12025550121&PageSize=2", []
    pages = 0
    while uri:
        page = (await sandbox.http.get(f"/twilio{uri}", auth=AUTH)).json()
        bodies += [message["body"] for message in page["messages"]]
        uri, pages = page["next_page_uri"], pages + 1
    assert (bodies, pages) == (["three", "two", "one"], 2)
    for since, count in (("2020-01-01", 5), ("2099-01-01", 0)):
        found = await sandbox.http.get(f"{BASE}/Messages.json?DateSent>={since}", auth=AUTH)
        assert len(found.json()["messages"]) == count


async def test_media_by_address(sandbox: Sandbox, business: Business) -> None:
    made = await sandbox.sms(MediaUrl=f"{business.url}/files/photo.jpg")
    assert made.json()["sid"].startswith("MM")
    assert made.json()["num_media"] == "1"
    missing = await sandbox.sms(MediaUrl=f"{business.url}/files/none.jpg")
    assert missing.json()["code"] == 21620


async def test_redact_and_cancel(sandbox: Sandbox) -> None:
    sid = (await sandbox.sms(Body="secret")).json()["sid"]
    redacted = await sandbox.http.post(f"{BASE}/Messages/{sid}.json", data={"Body": ""}, auth=AUTH)
    assert redacted.json()["body"] == ""
    late = await sandbox.http.post(f"{BASE}/Messages/{sid}.json", data={"Status": "canceled"}, auth=AUTH)
    assert late.json()["code"] == 30409


async def test_account_number_and_content(sandbox: Sandbox, business: Business) -> None:
    assert (await sandbox.http.get(f"{BASE}.json", auth=AUTH)).json()["status"] == "active"
    listed = (await sandbox.http.get(f"{BASE}/IncomingPhoneNumbers.json", auth=AUTH)).json()
    number = listed["incoming_phone_numbers"][0]
    path = f"{BASE}/IncomingPhoneNumbers/{number['sid']}.json"
    changed = await sandbox.http.post(path, data={"SmsUrl": f"{business.url}/moved"}, auth=AUTH)
    assert changed.json()["sms_url"] == f"{business.url}/moved"
    await sandbox.inbound("sms", "text", text="Hi")
    assert (await business.wait(1))[0].path == "/moved"
    types = {"twilio/text": {"body": "Hi {{1}}, your order is ready."}}
    made = await sandbox.http.post(
        "/twilio-content/v1/Content", json={"language": "en", "variables": {"1": "you"}, "types": types}, auth=AUTH
    )
    sent = await sandbox.sms(ContentSid=made.json()["sid"], ContentVariables='{"1":"Ama"}')
    assert sent.json()["body"] == "Hi Ama, your order is ready."
    contents = (await sandbox.http.get("/twilio-content/v1/Content", auth=AUTH)).json()["contents"]
    assert [item["sid"] for item in contents] == [made.json()["sid"]]


async def test_too_many_requests(sandbox: Sandbox) -> None:
    await sandbox.control("PUT", f"/accounts/twilio/{ACCOUNT}", {"messages_per_second": 1})
    codes = [(await sandbox.sms(Body="x")).json().get("code") for _ in range(2)]
    assert codes == [None, 20429]
