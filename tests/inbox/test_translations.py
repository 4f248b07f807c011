"""
Translating through the doors: what a customer writes and an agent answers, over a translation service's own HTTP, with
whatever can go wrong there.
"""

import io
import json
import uuid
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app.core.permissions import Permission, Role
from inbox.translating import services, translations
from tests.support.screens import headers_of, screen
from tests.support.shop import Shop, eventually

FRENCH = "Bonjour, ma commande n'est pas arrivée."
ENGLISH = "Good morning, my order has not arrived."
KEY = "a-key-of-the-shop"


@pytest.fixture(autouse=True)
async def service(shop: Shop) -> None:
    """The sandbox's service as it is, and none connected."""
    await _set(shop, key="", fail={})
    await shop.agent.delete("/api/v1/translator")


async def _set(shop: Shop, **wanted: Any) -> dict[str, Any]:
    answer = await shop.sandbox.put("/_sandbox/translating", json=wanted)
    state: dict[str, Any] = answer.json()
    return state


async def _connect(shop: Shop, expected: int = 200, **changes: Any) -> dict[str, Any]:
    url = shop.runtime.settings.libretranslate_url
    body = {"kind": "libretranslate", "url": url, "key": "", "revision": 0, **changes}
    answer = await shop.agent.put("/api/v1/translator", json=body)
    assert answer.status_code == expected, answer.text
    state: dict[str, Any] = answer.json()
    return state


async def _says(shop: Shop, text: str, **known: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Somebody new writes this by WhatsApp: who, the conversation, the entry."""
    person = await shop.customer(name=f"Odile {known.pop('last', 'Marchand')}", **known)
    await shop.writes("whatsapp", person["id"], type="text", text=text)
    conversation = await shop.conversation_with(person["name"])
    entry = await shop.entry_where(conversation["id"], lambda e: (e["content"] or {}).get("text") == text)
    return person, conversation, entry


async def _translate(shop: Shop, entry: dict[str, Any], into: str = "en") -> httpx.Response:
    return await shop.agent.post(f"/api/v1/entries/{entry['id']}/translation", json={"into": into})


async def test_what_they_write_and_what_we_answer(shop: Shop) -> None:
    person, conversation, entry = await _says(shop, FRENCH)
    path = f"/conversations/{conversation['id']}"
    calls = (await _set(shop))["calls"]
    refused = await _translate(shop, entry)
    assert (refused.status_code, refused.json()["code"]) == (409, "translation_off")
    assert "Settings, Translation" in refused.json()["detail"]
    assert await shop.get("/translation/languages") == {"connected": False, "service": "", "items": []}
    assert (await _set(shop))["calls"] == calls, "nothing goes out where nothing is connected"

    # Connecting asks first, keeps the key to itself, and is written down.
    await _set(shop, key=KEY)
    for key in ("", "another"):
        assert (await _connect(shop, 422, key=key))["errors"][0]["field"] == "key"
    state = await _connect(shop, key=KEY)
    assert state["translator"]["has_key"]
    assert KEY not in json.dumps(state)
    stored = await shop.runtime.mongo.translators.find_one({"_id": shop.owner.ws.id})
    assert KEY not in repr(stored)
    assert {each["code"] for each in (await shop.get("/translation/languages"))["items"]} >= {"en", "fr", "es"}
    trail = await shop.get("/audit", about="translator")
    assert trail["items"][0]["action"] == "translator.connected"
    assert KEY not in json.dumps(trail)

    # In place, once, live for everybody, beside the original.
    colleague = await shop.people.join(shop.owner.ws, Role.AGENT)
    async with screen(shop.url, headers_of(colleague)) as opened:
        assert (await _translate(shop, entry)).status_code == 200
        told = await opened.until(lambda f: f["type"] == "entry" and f["data"]["entry"]["translations"])
    assert told["data"]["entry"]["translations"] == {"en": {"text": ENGLISH, "source": "fr"}}
    assert told["data"]["entry"]["content"]["text"] == FRENCH
    assert told["data"]["conversation"]["spoken"] == "fr"
    calls = (await _set(shop))["calls"]
    again = (await _translate(shop, entry)).json()
    assert again["translations"]["en"]["text"] == ENGLISH
    assert (await _set(shop))["calls"] == calls, "kept for all who come later"

    # What comes is translated by itself once the conversation is switched, and an edit anew.
    assert (await shop.agent.put(f"/api/v1{path}/translation", json={"into": "en"})).status_code == 200
    ids = await shop.writes("whatsapp", person["id"], type="text", text="Combien ça coûte ?")
    came = await shop.entry_where(
        conversation["id"], lambda e: e["translations"].get("en", {}).get("text", "")[:3] == "How"
    )
    await shop.writes("whatsapp", person["id"], type="edit", target=ids[0], text="Puis-je la retourner ?")
    edited = await shop.entry_where(
        conversation["id"], lambda e: e["id"] == came["id"] and e["translations"] and e["edited_at"]
    )
    assert edited["translations"]["en"]["text"] == "Can I return it ?"
    said = [e["event"] for e in await shop.thread(conversation["id"]) if e["kind"] == "event"]
    assert {"name": "conversation_translated", "into": "en"} in said
    assert (await shop.get(path))["translate_into"] == "en"

    # The answer: a preview in their language, sent with what was written.
    wrote = "We are sorry. Your order arrives tomorrow."
    made = await shop.post(f"{path}/translation", text=wrote)
    assert made == {"text": "Nous sommes désolés. Votre commande arrive demain.", "into": "fr", "source": "en"}
    french = made["text"].replace("demain", "demain matin")
    sent = await shop.sends(
        conversation["id"], {"type": "text", "text": french}, written={"text": wrote, "language": "fr"}
    )
    assert sent["written"] == {"text": wrote, "language": "fr"}
    item = await shop.in_ledger("whatsapp", person["id"], "demain matin")
    assert wrote not in json.dumps(item)

    # Their copy has it; after the erasure nothing has.
    copy = await shop.agent.get(f"/api/v1/contacts/{conversation['contact_id']}/copy")
    lines = zipfile.ZipFile(io.BytesIO(copy.content)).read("entries.jsonl").decode()
    assert ENGLISH in lines
    assert wrote in lines
    erase = f"/api/v1/contacts/{conversation['contact_id']}/erase"
    erasure = await shop.agent.post(erase, json={"name": person["name"]})
    assert erasure.status_code < 300, erasure.text

    async def gone() -> bool:
        found = [row async for row in shop.runtime.mongo.entries.find({"contact_id": conversation["contact_id"]})]
        return all(row["kind"] == "tombstone" or row.get("event") for row in found)

    await eventually(gone)
    rows = [row async for row in shop.runtime.mongo.entries.find({"contact_id": conversation["contact_id"]})]
    assert not any(ENGLISH in repr(row) or wrote in repr(row) or "sorry" in repr(row) for row in rows)


async def test_what_was_written_goes_with_the_message(shop: Shop) -> None:
    person, conversation = await shop.someone("telegram")
    path, wrote = f"/conversations/{conversation['id']}", {"text": "Of course", "language": "de"}
    later = {"client_id": str(uuid.uuid4()), "at": (datetime.now(UTC) + timedelta(days=2)).isoformat()}
    waits = await shop.post(
        f"{path}/deferred", 201, **later, content={"type": "text", "text": "Natürlich"}, written=wrote
    )
    await shop.post(f"/deferred/{waits['id']}/send")
    await shop.in_ledger("telegram", person["id"], "Natürlich")
    sent = await shop.entry_where(conversation["id"], lambda e: e["written"] and e["status"] in ("sent", "delivered"))
    assert sent["written"] == wrote
    # Of other words they were not written.
    edited = await shop.agent.patch(f"/api/v1/entries/{sent['id']}", json={"text": "Selbstverständlich"})
    assert (edited.json()["content"]["text"], edited.json()["written"]) == ("Selbstverständlich", None)
    # A long one goes in parts; what was written stands with the first.
    long = {"type": "text", "text": "Natürlich. " * 500}
    body = {"client_id": str(uuid.uuid4()), "content": long, "written": wrote}
    parts = (await shop.post(f"{path}/messages", 202, **body))["entries"]
    assert [part["written"] for part in parts] == [wrote, *[None] * (len(parts) - 1)]
    assert len(parts) > 1


async def test_who_may_and_into_which_language(shop: Shop) -> None:
    state = await _connect(shop)
    _, conversation, entry = await _says(shop, f"{FRENCH} +12025557001", last="Vasseur")
    path = f"/api/v1/conversations/{conversation['id']}/translation"
    # An agent asks and does not see the settings; a reader neither.
    agent = await shop.people.join(shop.owner.ws, Role.AGENT)
    reader = await shop.people.join(shop.owner.ws, Role.READONLY)
    assert (await agent.client.get("/api/v1/translator")).status_code == 403
    assert (await reader.client.post(path, json={"text": "Hello"})).status_code == 403
    # Whose own conversations are all they see has no door here either.
    own = {"name": "Own", "permissions": [Permission.INBOX_READ, Permission.INBOX_REPLY], "scope": "own"}
    narrow = await shop.people.join(shop.owner.ws, (await shop.post("/roles", 201, **own))["id"])
    for answer in (
        await narrow.client.post(f"/api/v1/entries/{entry['id']}/translation", json={"into": "en"}),
        await narrow.client.put(path, json={"into": "en"}),
        await narrow.client.post(path, json={"text": "Hello"}),
    ):
        assert answer.status_code == 404
    # From whom numbers are hidden gets the address masked here, too, and reads what was written as it was written.
    hidden = {"name": "Masked", "permissions": [Permission.INBOX_READ, Permission.INBOX_REPLY], "masks": ["phones"]}
    masked = await shop.people.join(shop.owner.ws, (await shop.post("/roles", 201, **hidden))["id"])
    shown = await masked.client.post(f"/api/v1/entries/{entry['id']}/translation", json={"into": "en"})
    assert "•" in shown.json()["address"]
    assert shown.json()["address"] != entry["address"]
    # Languages: by region, unknown, and of somebody who has said nothing that tells.
    assert (await _translate(shop, entry, "es_MX")).json()["translations"]["es-mx"]["text"].startswith("Buenos días")
    assert (await _translate(shop, entry, "sw")).json()["errors"][0]["field"] == "into"
    wrong = await agent.client.post(path, json={"text": "x" * 10_001})
    assert wrong.json()["errors"][0]["field"] == "text"
    photo = await shop.customer(name="Ulla Brandt")
    await shop.writes("whatsapp", photo["id"], type="image", media="photo")
    silent = await shop.conversation_with("Ulla Brandt")
    asked = await shop.agent.post(f"/api/v1/conversations/{silent['id']}/translation", json={"text": "Hello"})
    assert asked.json()["errors"][0]["field"] == "into"
    await shop.writes("whatsapp", photo["id"], type="text", text="Guten Morgen")
    await shop.entry_where(silent["id"], lambda e: (e["content"] or {}).get("text") == "Guten Morgen")
    made = await shop.post(f"/conversations/{silent['id']}/translation", text="Of course")
    assert (made["into"], made["text"]) == ("de", "Natürlich")
    # The stored key goes to no other address; a colleague's change is seen; DeepL does the same.
    assert state["translator"]["revision"] == 1
    assert (await _connect(shop, 409))["code"] == "changed_meanwhile"
    assert (await _connect(shop, 422, url="http://10.0.0.1:5000", revision=1))["errors"][0]["field"] == "url"
    assert (await _connect(shop, 422, kind="deepl", revision=1))["errors"][0]["field"] == "key"
    wrong_key = await _connect(shop, 422, kind="deepl", key="another", revision=1)
    assert wrong_key["errors"][0]["field"] == "key"
    deepl = await _connect(shop, kind="deepl", key="sandbox-deepl-key", revision=1)
    assert deepl["translator"]["service"] == "DeepL"
    made = await shop.post(f"/conversations/{silent['id']}/translation", text="Guten Morgen", into="en")
    assert (made["text"], made["source"]) == ("Good morning", "de")


@pytest.mark.parametrize(
    ("fail", "code", "words"),
    [
        ({"status": 401}, "translation_refused", "does not accept the key"),
        ({"status": 403}, "translation_refused", "does not accept the key"),
        ({"status": 400}, "translation_language", "Choose another language"),
        ({"status": 413}, "translation_language", "translate less at once"),
        ({"status": 404}, "translation_nonsense", "does not answer as LibreTranslate"),
        ({"status": 429}, "translation_busy", "Try again in a minute"),
        ({"status": 456}, "translation_used_up", "quota"),
        ({"status": 500}, "translation_down", "trouble of its own"),
        ({"silent": True}, "translation_down", "did not answer in time"),
        ({"body": "<h1>It works!</h1>"}, "translation_nonsense", "does not answer as LibreTranslate"),
        ({"body": '{"translatedText": 7}'}, "translation_nonsense", "does not answer as LibreTranslate"),
        ({"body": "x" * 1_100_000}, "translation_down", "could not be reached"),
        ({"status": 302, "body": ""}, "translation_nonsense", "does not answer as LibreTranslate"),
    ],
)
async def test_whatever_the_service_does_nothing_is_lost(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, fail: dict[str, Any], code: str, words: str
) -> None:
    await _connect(shop)
    known = await shop.get("/conversations", view="all", limit=1)
    if known["items"] and known["items"][0]["contact"]["name"] == "Odile Failing":
        (conversation,) = known["items"]
        entry = next(e for e in await shop.thread(conversation["id"]) if e["direction"] == "in")
    else:
        _, conversation, entry = await _says(shop, FRENCH, last="Failing")
    monkeypatch.setattr(services, "SECONDS", 0.3)
    await _set(shop, fail={**fail, "count": 1})
    refused = await _translate(shop, entry, "es")
    assert (refused.status_code, refused.json()["code"]) == (409, code), refused.text
    assert words in refused.json()["detail"]
    (same,) = [e for e in await shop.thread(conversation["id"]) if e["id"] == entry["id"]]
    assert (same["content"]["text"], same["translations"]) == (FRENCH, {})
    # Whoever has connected it sees what is wrong, until it goes again.
    if code != "translation_language":
        assert words in (await shop.get("/translator"))["translator"]["error"]
    assert (await shop.post("/translator/check"))["translator"]["error"] == ""


async def test_what_comes_while_the_service_is_down_is_translated_later(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translations, "WAITS", (0.1, 0.1, 0.1))
    await _connect(shop)
    person, conversation, _ = await _says(shop, "Salut", last="Patient")
    await shop.agent.put(f"/api/v1/conversations/{conversation['id']}/translation", json={"into": "en"})
    await shop.entry_where(conversation["id"], lambda e: e["translations"])
    await _set(shop, fail={"status": 503, "count": 2})
    await shop.writes("whatsapp", person["id"], type="text", text="Merci beaucoup")
    late = await shop.entry_where(
        conversation["id"], lambda e: (e["content"] or {}).get("text") == "Merci beaucoup" and e["translations"]
    )
    assert late["translations"]["en"]["text"] == "Thank you very much"
