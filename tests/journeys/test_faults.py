"""Bad input and broken providers: refused in the right way, delayed but never lost, doubled or unexplained."""

import asyncio
import hashlib
import hmac
import secrets
import uuid
from datetime import timedelta
from functools import partial
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox import timeline
from tests.support.shop import Shop, Webhook, eventually

SLOW = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
CHANNELS = ["whatsapp", "sms", "telegram"]


async def stored(shop: Shop) -> int:
    return await shop.runtime.mongo.inbound.count_documents({}) + await shop.runtime.mongo.receipts.count_documents({})


async def status_where(shop: Shop, entry: dict[str, Any], *statuses: str) -> dict[str, Any]:
    return await shop.entry_where(
        entry["conversation_id"], lambda e: e["id"] == entry["id"] and e["status"] in statuses
    )


# --- what comes in ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_wrong_or_missing_signature_is_401_and_nothing_is_stored(shop: Shop, channel: str) -> None:
    person, _ = await shop.someone(channel)
    genuine = await shop.captured(channel, person["id"], type="text", text="Signed")
    await eventually(lambda: settled(shop))
    before = await stored(shop)
    signatures = (b"x-hub-signature-256", b"x-twilio-signature", b"x-telegram-bot-api-secret-token")
    bare = [(name, value) for name, value in genuine.headers if name not in signatures]
    wrong = [(name, b"sha256=" + b"0" * 64 if name in signatures else value) for name, value in genuine.headers]
    answers = [
        await shop.replay(genuine, headers=bare),
        await shop.replay(genuine, headers=wrong),
        await shop.replay(Webhook(genuine.path, bare, b"not theirs at all")),
    ]
    if channel != "telegram":
        # Telegram's secret signs no body.
        changed = genuine.body.replace(b"Signed", b"Forged")
        answers.append(await shop.replay(genuine, body=changed))
    assert [answer.status_code for answer in answers] == [401] * len(answers)
    assert await stored(shop) == before


async def settled(shop: Shop) -> bool:
    db = shop.runtime.mongo
    return not any([await db[name].find_one({"pending_key": {"$gt": ""}}) for name in ("inbound", "receipts")])


async def signed(shop: Shop, body: bytes, account_id: str = "") -> httpx.Response:
    """A body with a right WhatsApp signature, whatever is in it."""
    row = await shop.runtime.accounts.get(shop.accounts["whatsapp"])
    signature = "sha256=" + hmac.new(row.secrets["app_secret"].encode(), body, hashlib.sha256).hexdigest()
    path = f"/webhooks/whatsapp/{account_id or shop.accounts['whatsapp']}"
    headers = {"x-hub-signature-256": signature, "content-type": "application/json"}
    async with httpx.AsyncClient(base_url=shop.url, timeout=20, trust_env=False) as provider:
        return await provider.post(path, content=body, headers=headers)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"hello":"world"}', b'{"object":"page","entry":[]}', b"\xff\xfe"])
async def test_what_is_not_theirs_is_400(shop: Shop, body: bytes) -> None:
    answer = await signed(shop, body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "not_recognised"


async def test_theirs_but_not_supported_is_200(shop: Shop) -> None:
    change = {"field": "account_review_update_2030", "value": {"decision": "NEW"}}
    body = {"object": "whatsapp_business_account", "entry": [{"id": "200000000000077", "changes": [change]}]}
    assert (await signed(shop, orjson.dumps(body))).status_code == 200


async def test_too_large_a_body_is_413(shop: Shop) -> None:
    limit = shop.runtime.settings.max_webhook_bytes
    answer = await signed(shop, b"x" * (limit + 1))
    assert answer.status_code == 413


@pytest.mark.parametrize("place", ["/webhooks/whatsapp/{whatsapp}", "/webhooks/whatsapp"])
async def test_metas_question_is_answered_to_whoever_has_the_token(shop: Shop, place: str) -> None:
    token = (await shop.get(f"/accounts/{shop.accounts['whatsapp']}"))["verify_token"]
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": token}
    async with httpx.AsyncClient(base_url=shop.url, timeout=20, trust_env=False) as provider:
        answer = await provider.get(place.format(**shop.accounts), params=asked)
        wrong = await provider.get(place.format(**shop.accounts), params=asked | {"hub.verify_token": "guess"})
    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_verify_token")


@pytest.mark.parametrize("path", ["/webhooks/whatsapp/acc_nobody", "/webhooks/fax/acc_1", "/webhooks/sms/{whatsapp}"])
async def test_an_account_that_is_not_there_is_404(shop: Shop, path: str) -> None:
    async with httpx.AsyncClient(base_url=shop.url, timeout=20, trust_env=False) as provider:
        answer = await provider.post(path.format(**shop.accounts), content=b"{}")
    assert answer.status_code == 404


@SLOW
@given(body=st.binary(max_size=400), query=st.text(st.characters(codec="ascii"), max_size=30), sign=st.booleans())
async def test_arbitrary_bytes_are_never_a_fault(shop: Shop, body: bytes, query: str, sign: bool) -> None:
    if sign:
        assert (await signed(shop, body)).status_code < 500
    async with httpx.AsyncClient(base_url=shop.url, timeout=20, trust_env=False) as anybody:
        for channel, account_id in shop.accounts.items():
            for path in (f"/webhooks/{channel}/{account_id}", f"/webhooks/{channel}", "/api/v1/login", "/w/hello"):
                for method in ("POST", "GET"):
                    answer = await anybody.request(method, path, params={"q": query}, content=body)
                    assert answer.status_code < 500, (method, path, body)


@pytest.mark.parametrize("value", ["bytes=²-", "bytes=-", "bytes=9-1", "bytes=0-1,3-4", "bytes=" + "9" * 5_000, "é"])
async def test_odd_ranges_of_a_file_are_no_fault(shop: Shop, value: str) -> None:
    person, conversation = await shop.someone("telegram")
    await shop.writes("telegram", person["id"], type="image", media="photo")
    entry = await shop.entry_where(
        conversation["id"],
        lambda e: (e["content"] or {}).get("type") == "media" and e["content"]["media"]["state"] == "ready",
    )
    answer = await shop.agent.get(entry["content"]["media"]["url"], headers={b"range": value.encode("latin-1")})
    assert answer.status_code in (200, 206, 416)


# --- what goes out ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", CHANNELS)
async def test_throttling_delays_and_loses_nothing(shop: Shop, channel: str) -> None:
    person, conversation = await shop.someone(channel)
    await shop.knobs(customers={person["id"]: {"throttle": True}})
    entries = [await shop.answers(conversation["id"], f"Number {n}") for n in range(3)]
    await asyncio.sleep(0.3)
    assert await shop.ledger(channel=channel, customer=person["id"], direction="out") == []
    await shop.knobs(customers={person["id"]: {"throttle": None}})
    for entry in entries:
        done = await status_where(shop, entry, "sent", "delivered", "read")
        assert done["error"] is None
    sent = await shop.ledger(channel=channel, customer=person["id"], direction="out")
    assert [item["body"]["text"] for item in sent] == ["Number 0", "Number 1", "Number 2"]


async def test_one_channel_that_waits_holds_back_no_other(shop: Shop) -> None:
    """A person on two channels: while one is throttled, an answer on the other goes out."""
    person, conversation = await shop.someone("sms")
    _, there = await shop.someone("telegram")
    ws, contact_id = shop.owner.ws, conversation["contact_id"]
    reach = there["reach"][0]
    # As after merging: the second handle is this contact's.
    await ws.db.addresses.update({"_id": f"{ws.id}/{reach['address']}"}, {"$set": {"contact_id": contact_id}})
    await shop.knobs(customers={person["id"]: {"throttle": True}})
    waiting = await shop.answers(conversation["id"], "By SMS")
    content = {"type": "text", "text": "By Telegram"}
    quick = await shop.sends(conversation["id"], content, account_id=reach["account_id"], address=reach["address"])
    await status_where(shop, quick, "sent")
    assert (await shop.get(f"/conversations/{conversation['id']}/entries"))["items"][-2]["id"] == waiting["id"]
    await shop.knobs(customers={person["id"]: {"throttle": None}})
    await status_where(shop, waiting, "sent", "delivered")


async def test_a_server_error_is_tried_again(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    await shop.knobs(customers={person["id"]: {"fail_next": {"code": 131016, "count": 1}}})
    entry = await shop.answers(conversation["id"], "Second try")
    await status_where(shop, entry, "delivered")
    sent = await shop.ledger(channel="whatsapp", customer=person["id"], direction="out")
    assert len(sent) == 1


async def test_a_refusal_is_shown_with_its_reason_and_can_be_sent_again(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    await shop.knobs(customers={person["id"]: {"fail_next": {"code": 131009, "count": 1}}})
    entry = await shop.answers(conversation["id"], "Refused once")
    failed = await status_where(shop, entry, "failed")
    assert failed["error"]["provider_code"] == "131009"
    assert failed["error"]["message"]
    assert failed["error"]["can_resend"] is True
    await shop.post(f"/entries/{entry['id']}/resend", 202)
    done = await status_where(shop, entry, "delivered")
    assert done["error"] is None
    assert len(await shop.ledger(channel="whatsapp", customer=person["id"], direction="out")) == 1
    twice = await shop.agent.post(f"/api/v1/entries/{entry['id']}/resend")
    assert twice.status_code == 409


async def test_nobody_there_is_no_matter_of_trying_again(shop: Shop) -> None:
    for channel, code in (("whatsapp", 131026), ("telegram", 403)):
        person, conversation = await shop.someone(channel)
        await shop.knobs(customers={person["id"]: {"fail_next": {"code": code, "count": 1}}})
        entry = await shop.answers(conversation["id"], "Are you there?")
        failed = await status_where(shop, entry, "failed")
        assert (failed["error"]["code"], failed["error"]["can_resend"]) == ("unreachable", False), channel
        assert failed["error"]["message"].lower().count("undeliverable") < 2


async def test_a_closed_window_lets_templates_through_only(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    await shop.knobs(customers={person["id"]: {"fail_next": {"code": 131047, "count": 1}}})
    entry = await shop.answers(conversation["id"], "Too late")
    failed = await status_where(shop, entry, "failed")
    assert failed["error"]["code"] == "reply_window_closed"
    # Our own clock says the same when a day has passed.
    ws = shop.owner.ws
    row = await ws.db.conversations.get(conversation["id"])
    assert row is not None
    for reach in row["reach"]:
        reach["last_inbound_at"] = reach["last_inbound_at"].replace(year=2025)
    await ws.db.conversations.update({"_id": conversation["id"]}, {"$set": {"reach": row["reach"]}})
    body = {"client_id": str(uuid.uuid4()), "content": {"type": "text", "text": "Still?"}}
    answer = await shop.agent.post(f"/api/v1/conversations/{conversation['id']}/messages", json=body)
    assert (answer.status_code, answer.json()["code"]) == (409, "reply_window_closed")
    shown = (await shop.get(f"/conversations/{conversation['id']}"))["reach"][0]
    assert shown["window_open"] is False


@pytest.mark.parametrize("channel", ["whatsapp", "sms"])
async def test_taken_but_not_answered_is_unknown_until_the_report(shop: Shop, channel: str) -> None:
    person, conversation = await shop.someone(channel)
    slow = {"sent": 1_500, "delivered": 200}
    await shop.knobs(customers={person["id"]: {"timeout_after_accept_rate": 1, "status_delay_ms": slow}})
    entry = await shop.answers(conversation["id"], "Did you get this?")
    unknown = await status_where(shop, entry, "unknown")
    assert unknown["error"]["message"]
    await shop.knobs(customers={person["id"]: {"timeout_after_accept_rate": None}})
    done = await status_where(shop, entry, "delivered")
    assert done["error"] is None
    assert len(await shop.ledger(channel=channel, customer=person["id"], direction="out")) == 1


async def test_an_outage_is_waited_out(shop: Shop) -> None:
    person, conversation = await shop.someone("telegram")
    await shop.knobs(customers={person["id"]: {"fail_next": {"code": 500, "count": 2}}})
    entry = await shop.answers(conversation["id"], "Through the outage")
    await status_where(shop, entry, "sent")
    assert len(await shop.ledger(channel="telegram", customer=person["id"], direction="out")) == 1


async def of_whatsapp(shop: Shop, number: str, identifier: str, kind: str, **content: Any) -> None:
    """A customer's message as Meta tells of it."""
    row = await shop.runtime.accounts.get(shop.accounts["whatsapp"])
    message = {"from": number, "id": identifier, "timestamp": "1790000000", "type": kind, kind: content}
    value = {"metadata": {"phone_number_id": row.config["phone_number_id"]}, "messages": [message]}
    change = {"field": "messages", "value": value}
    entry = {"id": row.config["waba_id"], "changes": [change]}
    answer = await signed(shop, orjson.dumps({"object": "whatsapp_business_account", "entry": [entry]}))
    assert answer.status_code == 200


async def test_what_is_told_of_a_message_before_the_message_counts(shop: Shop) -> None:
    """No provider promises an order. Nothing else that the person says waits for it."""
    number = f"1202555{secrets.randbelow(10_000):04}"
    told = partial(of_whatsapp, shop, number)

    async def shown() -> dict[str, Any]:
        found = (await shop.get("/contacts", q=number))["items"]
        entries = (await shop.get(f"/contacts/{found[0]['id']}/entries"))["items"] if found else []
        return {
            (entry["content"] or {}).get("text", "deleted"): entry for entry in entries if entry["kind"] == "message"
        }

    mark = secrets.token_hex(6)
    await told(f"wamid.{mark}1", "reaction", message_id=f"wamid.{mark}A", emoji="👍")
    await told(f"wamid.{mark}2", "reaction", message_id=f"wamid.{mark}A", emoji="🎉")
    await told(f"wamid.{mark}3", "revoke", original_message_id=f"wamid.{mark}B")
    await told(f"wamid.{mark}C", "text", body="Anybody there?")

    async def asked() -> bool:
        return "Anybody there?" in await shown()

    await eventually(asked)
    await told(f"wamid.{mark}B", "text", body="Oops")
    await told(f"wamid.{mark}A", "text", body="Thank you")

    async def settled_in() -> bool:
        entries = await shown()
        thanked = entries.get("Thank you", {}).get("reactions", [])
        return [r["emoji"] for r in thanked] == ["🎉"] and set(entries) == {"Anybody there?", "Thank you", "deleted"}

    await eventually(settled_in)


async def test_a_deletion_holds_however_late_its_message_comes(shop: Shop) -> None:
    mark, number = secrets.token_hex(6), f"1202555{secrets.randbelow(10_000):04}"
    tell = partial(of_whatsapp, shop, number)
    await tell(f"wamid.{mark}1", "revoke", original_message_id=f"wamid.{mark}A")
    inbound = shop.runtime.mongo.inbound

    async def waiting() -> dict[str, Any] | None:
        rows = await inbound.find({"pending_key": {"$gt": ""}}).to_list()
        return next((r for r in rows if mark.encode() in r["body"] and r["pending_key"].endswith("|early")), None)

    row = await eventually(waiting)
    # As if it had come hours ago.
    await inbound.update_one({"_id": row["_id"]}, {"$set": {"received_at": row["received_at"] - timedelta(hours=3)}})
    soon = row["received_at"] + timedelta(minutes=30)

    async def put_off() -> bool:
        now = await inbound.find_one({"_id": row["_id"]})
        return bool(now and now.get("pending_key") and now["due_at"] and now["due_at"] > soon)

    await eventually(put_off)
    await tell(f"wamid.{mark}A", "text", body="Oops")

    async def taken_back() -> bool:
        found = (await shop.get("/contacts", q=number))["items"]
        entries = (await shop.get(f"/contacts/{found[0]['id']}/entries"))["items"] if found else []
        return any(entry["kind"] == "message" and entry["deleted_at"] for entry in entries)

    await eventually(taken_back)


async def test_reports_twice_and_in_disorder_end_at_the_furthest(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    quick = {"sent": 5, "delivered": 5, "read": 5}
    disorder = {"duplicate_rate": 0.5, "reorder_rate": 0.6, "read": "auto", "status_delay_ms": quick}
    await shop.knobs(customers={person["id"]: disorder})
    entries = [await shop.answers(conversation["id"], f"Tick {n}") for n in range(8)]
    for entry in entries:
        done = await status_where(shop, entry, "read")
        assert set(done["status_times"]) >= {"queued", "read"}
    await eventually(lambda: settled(shop))
    for entry in entries:
        assert (await timeline.get(shop.owner.ws, entry["id"])).status == "read"


async def test_the_same_client_id_is_one_message_however_often_it_is_asked_for(shop: Shop) -> None:
    person, conversation = await shop.someone("telegram")
    body = {"client_id": str(uuid.uuid4()), "content": {"type": "text", "text": "Once only"}}
    path = f"/api/v1/conversations/{conversation['id']}/messages"
    answers = await asyncio.gather(*(shop.agent.post(path, json=body) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["entries"][0]["id"] for answer in answers}) == 1
    entry = answers[0].json()["entries"][0]
    await status_where(shop, entry, "sent")
    assert len(await shop.ledger(channel="telegram", customer=person["id"], direction="out")) == 1


async def test_a_file_that_cannot_be_had_is_shown_as_such_and_can_be_asked_for_again(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    await shop.writes("whatsapp", person["id"], type="image", media="photo")
    ready = await shop.entry_where(
        conversation["id"],
        lambda e: (e["content"] or {}).get("type") == "media" and e["content"]["media"]["state"] == "ready",
    )
    ws = shop.owner.ws
    stored_entry = await timeline.get(ws, ready["id"])
    assert stored_entry.content is not None
    broken = {**stored_entry.content["media"], "state": "failed", "error": "The provider did not hand it over."}
    await ws.db.entries.update({"_id": ready["id"]}, {"$set": {"content.media": broken}})
    answer = await shop.agent.post(f"/api/v1/entries/{ready['id']}/refetch")
    assert answer.status_code == 204
    again = await shop.entry_where(
        conversation["id"], lambda e: e["id"] == ready["id"] and e["content"]["media"]["state"] == "ready"
    )
    assert not again["content"]["media"].get("error")


async def test_the_newer_reaction_counts_though_the_older_comes_after_it(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    (theirs,) = await shop.writes("whatsapp", person["id"], type="text", text="Look")
    looked = await shop.entry_where(conversation["id"], lambda e: (e["content"] or {}).get("text") == "Look")
    like = await shop.captured("whatsapp", person["id"], type="reaction", target=theirs, emoji="❤")

    async def shown() -> list[str]:
        entry = next(e for e in await shop.thread(conversation["id"]) if e["id"] == looked["id"])
        return [reaction["emoji"] for reaction in entry["reactions"]]

    async def told(emoji: str, later_seconds: int) -> None:
        body = orjson.loads(like.body)
        message = body["entry"][0]["changes"][0]["value"]["messages"][0]
        message["id"] = f"wamid.{secrets.token_hex(8)}"
        message["timestamp"] = str(int(message["timestamp"]) + later_seconds)
        message["reaction"]["emoji"] = emoji
        assert (await signed(shop, orjson.dumps(body))).status_code == 200
        # What comes after it has been seen, so it has been seen as well.
        await shop.writes("whatsapp", person["id"], type="text", text=message["id"])
        await shop.entry_where(conversation["id"], lambda e: (e["content"] or {}).get("text") == message["id"])

    for emoji, later_seconds, then in (("", 20, []), ("👍", 10, []), ("👎", 30, ["👎"]), ("👍", 25, ["👎"])):
        await told(emoji, later_seconds)
        assert await shown() == then


async def test_a_full_disk_is_waited_out(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    brought = {"file": ("list.txt", b"Bread, milk", "text/plain")}
    uploaded = (await shop.agent.post("/api/v1/files", files=brought)).json()
    store = shop.runtime.settings.data_dir / "files"
    kept = store.rename(store.with_name("kept"))
    try:
        # In the place of the folder there is something that takes no file, whoever asks.
        store.write_text("")
        refused = await shop.agent.post("/api/v1/files", files=brought)
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        media = {"kind": "document", "file_id": uploaded["file_id"]}
        entry = await shop.sends(conversation["id"], {"type": "media", "media": media, "caption": "Ours"})
        await shop.writes("whatsapp", person["id"], type="image", media="photo", text="Theirs")

        async def tried() -> bool:
            ours = await timeline.get(shop.owner.ws, entry["id"])
            return ours.attempts > 0 and ours.status == "queued"

        await eventually(tried)
        theirs = await shop.entry_where(conversation["id"], lambda e: (e["content"] or {}).get("caption") == "Theirs")
        assert theirs["content"]["media"]["state"] == "pending"
    finally:
        store.unlink()
        kept.rename(store)
    await status_where(shop, entry, "sent")
    await shop.entry_where(
        conversation["id"], lambda e: e["id"] == theirs["id"] and e["content"]["media"]["state"] == "ready"
    )
