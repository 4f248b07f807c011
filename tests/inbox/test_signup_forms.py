"""Pages, links and words by which people agree: what they were shown is kept, and only their own clear yes counts."""

from typing import Any

import httpx
import pytest

from inbox import preferences
from tests.support import network
from tests.support.shop import Shop, eventually
from tests.support.widgets import Widget

AGREE = "Yes, Shop may send me offers by text message, at most 4 a month."
WORDS = {
    "en": {"title": "Offers first", "agree": AGREE, "question": "Reply YES to get our offers. STOP ends them."},
    "de": {"title": "Angebote zuerst", "agree": "Ja, Shop darf mir Angebote als Nachricht senden."},
}


@pytest.fixture
async def reader(shop: Shop) -> Any:
    headers = {"accept-language": "de-AT,en", "user-agent": "Test browser"}
    async with network.client(shop.url, headers=headers) as browser:
        yield browser


async def made(shop: Shop, **more: Any) -> dict[str, Any]:
    settings = {"name": "Till", "account_ids": [shop.accounts["sms"]], "words": WORDS, **more}
    form: dict[str, Any] = await shop.post("/signup-forms", 201, **settings)
    return form


async def facts_of(shop: Shop, number: str) -> list[dict[str, Any]]:
    found = await shop.get("/contacts", q=number)
    return (await shop.get(f"/contacts/{found['items'][0]['id']}/consents"))["items"] if found["items"] else []


async def test_what_is_typed_counts_when_they_have_confirmed_it(shop: Shop, reader: httpx.AsyncClient) -> None:
    person = await shop.customer(name="Ruta Meier")
    tag = await shop.post("/tags", 201, name="From the till", colour="blue")
    form = await made(shop, minimum_age=18, terms_url="https://shop.example.test/terms", tags=[tag["id"]])
    path = form["url"].removeprefix(shop.runtime.settings.public_url)
    assert "<svg" in form["qr_svg"]
    page = await reader.get(path)
    assert page.status_code == 200
    assert '<html lang="de">' in page.text
    assert "<script" not in page.text
    assert "checked" not in page.text
    assert "https://shop.example.test/terms" in page.text
    assert "frame-ancestors 'self';" in page.headers["content-security-policy"]
    typed = {"name": "Ruta Meier", "phone": person["phone"], "agree": "yes", "age": "yes"}
    # Each box, and a number that is one.
    for wrong in ({**typed, "agree": ""}, {**typed, "age": ""}, {**typed, "phone": "call me"}):
        answer = await reader.post(path, data=wrong)
        assert 'role="alert"' in answer.text
    assert await facts_of(shop, person["phone"]) == []
    for odd, status in ((b"x=" + b"1" * 20_000, 413), (b"&".join(b"x%d=1" % n for n in range(301)), 400)):
        assert (await reader.post(path, content=odd)).status_code == status
    # A program fills in what people do not see: thanked, and nothing is kept.
    assert (await reader.post(path, data={**typed, "website": "x"})).status_code == 200
    assert await facts_of(shop, person["phone"]) == []

    thanked = await reader.post(f"{path}?lang=en", data=typed)
    assert "Answer YES" in thanked.text
    await shop.in_ledger("sms", person["id"], "Reply YES")
    (asked,) = await facts_of(shop, person["phone"])
    assert asked["state"] == "asked"
    await shop.writes("sms", person["id"], type="text", text="Yes")

    async def agreed() -> dict[str, Any] | None:
        return next((f for f in await facts_of(shop, person["phone"]) if f["state"] == "granted"), None)

    fact = await eventually(agreed)
    assert fact["source"] == "double_opt_in"
    assert fact["wording"].startswith(AGREE)
    assert fact["wording"].endswith("Yes")
    assert fact["proof"]["form"] == form["id"]
    assert fact["proof"]["version"] == "1"
    assert fact["proof"]["browser"] == "Test browser"
    assert fact["proof"]["ip"]
    contact = (await shop.get("/contacts", q=person["phone"]))["items"][0]
    assert contact["tags"] == [tag["id"]]
    assert contact["name"] == "Ruta Meier"
    now = await shop.get(f"/signup-forms/{form['id']}")
    assert (now["shown"], now["sent"], now["agreed"]) == (1, 1, 1)
    assert (await shop.get(f"/signup-forms/{form['id']}/growth", days=7))["items"][-1]["agreed"] == 1


async def test_a_word_agrees_from_the_handle_it_comes_from(shop: Shop, reader: httpx.AsyncClient) -> None:
    accounts = [shop.accounts[kind] for kind in ("whatsapp", "telegram", "sms")]
    form = await made(shop, account_ids=accounts, word="SPRING-26", double=False, sites=["https://shop.example.test"])
    links = {each["channel"]: each["url"] for each in form["links"]}
    assert links["whatsapp"] == "https://wa.me/12025550177?text=SPRING-26"
    assert links["telegram"] == "https://t.me/shop_test_bot?start=SPRING-26"
    assert links["sms"].endswith("?&body=SPRING-26")
    page = await reader.get(form["url"].removeprefix(shop.runtime.settings.public_url))
    assert "frame-ancestors 'self' https://shop.example.test" in page.headers["content-security-policy"]
    assert links["telegram"] in page.text
    # In force everywhere within two seconds, before it is tried.
    scout = await shop.customer(name="Scout")

    async def in_force() -> bool:
        await shop.writes("sms", scout["id"], type="text", text="SPRING-26")
        return bool(await facts_of(shop, scout["phone"]))

    await eventually(in_force)
    for channel, message in (
        ("whatsapp", {"type": "text", "text": "spring-26"}),
        ("telegram", {"type": "start", "payload": "SPRING-26"}),
    ):
        person = await shop.customer(name=f"By {channel}")
        await shop.writes(channel, person["id"], **message)
        thread = await shop.conversation_with(f"By {channel}")
        entry = await shop.entry_where(thread["id"], lambda e: e["kind"] == "consent")
        assert entry["event"]["wording"] == AGREE
        (fact,) = (await shop.get(f"/contacts/{thread['contact_id']}/consents"))["items"]
        assert (fact["state"], fact["source"]) == ("granted", "form_word")
        assert fact["proof"]["word"] == message.get("payload", message.get("text"))
        await shop.in_ledger(channel, person["id"], "Thank you")

    # Single opt-in counts at once, but never against a stop that they said before.
    person, thread = await shop.someone("sms")
    path = form["url"].removeprefix(shop.runtime.settings.public_url)
    typed = {"phone": person["phone"], "agree": "yes"}
    await reader.post(path, data=typed)
    assert {f["state"] for f in await facts_of(shop, person["phone"])} == {"granted"}
    await shop.writes("sms", person["id"], type="text", text="STOP")
    await shop.entry_where(thread["id"], lambda e: e["kind"] == "consent" and e["event"]["state"] == "withdrawn")
    await reader.post(path, data=typed)
    known = (await shop.get(f"/contacts/{thread['contact_id']}/consents"))["standings"]
    assert {each["state"] for each in known if each["channel"] == "sms"} == {"withdrawn"}


async def test_who_stopped_and_signs_up_again_confirms_it(shop: Shop, reader: httpx.AsyncClient) -> None:
    person, thread = await shop.someone("sms")
    form = await made(shop)
    ends = preferences.link(shop.owner.ws, thread["contact_id"]).removeprefix(shop.runtime.settings.public_url)
    path = form["url"].removeprefix(shop.runtime.settings.public_url)
    await reader.post(ends, data={"end": "all"})

    async def stands() -> set[str]:
        known = (await shop.get(f"/contacts/{thread['contact_id']}/consents"))["standings"]
        return {each["state"] for each in known if each["purpose"] == "marketing"}

    assert await stands() == {"withdrawn"}
    await reader.post(path, data={"phone": person["phone"], "agree": "yes"})
    await shop.in_ledger("sms", person["id"], "Reply YES to get our offers")
    assert await stands() == {"withdrawn"}
    await shop.writes("sms", person["id"], type="text", text="Yes")

    async def agreed() -> bool:
        return await stands() == {"granted"}

    await eventually(agreed)


async def test_a_form_is_changed_as_a_whole_and_what_was_shown_stays(shop: Shop, reader: httpx.AsyncClient) -> None:
    form = await made(shop, word="VERSIONS")
    other = {"name": "Other", "account_ids": [shop.accounts["sms"]], "words": WORDS}
    assert (await shop.post("/signup-forms", 422, **other, word="versions"))["errors"][0]["field"] == "word"
    assert (await shop.post("/signup-forms", 422, **other, word="stop"))["errors"][0]["field"] == "word"
    path = f"/api/v1/signup-forms/{form['id']}"
    changed = {**form["settings"], "words": {"en": {**WORDS["en"], "agree": "Yes, write me anything."}}}
    saved = await shop.agent.put(path, json={**changed, "version": 1})
    assert saved.status_code == 200, saved.text
    assert saved.json()["version"] == 2
    assert (await shop.agent.put(path, json={**changed, "version": 1})).status_code == 409
    kept = await shop.owner.ws.db.signup_versions.get(f"{form['id']}/1")
    assert kept is not None
    assert kept["settings"]["words"]["en"]["agree"] == AGREE
    closed = await shop.agent.put(path, json={**changed, "version": 2, "active": False})
    assert closed.status_code == 200
    page = form["url"].removeprefix(shop.runtime.settings.public_url)
    assert (await reader.get(page)).status_code == 404
    assert (await reader.get("/join/frm_nobody")).status_code == 404


async def test_the_form_stands_in_the_chat_with_the_same_words_and_the_visitor(shop: Shop) -> None:
    person = await shop.customer(name="Vera Visitor")
    refused = await shop.agent.post(
        "/api/v1/signup-forms",
        json={"name": "X", "account_ids": [shop.accounts["sms"]], "words": WORDS, "chat_ids": [shop.accounts["sms"]]},
    )
    assert refused.json()["errors"][0]["field"] == "chat_ids.0"
    site = await shop.post("/accounts", 201, kind="livechat", name="Site", config={"title": "Shop"})
    form = await made(shop, name="In the chat", chat_ids=[site["id"]], ask_name=False)
    widget = Widget(
        shop.url, site["config"]["site_key"], page={"url": "https://shop.example.test/coats", "title": "Coats"}
    )

    async def told() -> str | None:
        async with widget.online():
            found = str(widget.welcome["config"]["help"])
        return found if "&form=" in found else None

    where = (await eventually(told)).replace(shop.runtime.settings.public_url, shop.url)
    async with network.client() as page:
        shown = (await page.get(where.replace("/w/help", "/w/form") + "&lang=de")).json()
        assert (shown["agree"], shown["language"], shown["name"]) == (WORDS["de"]["agree"], "de", "")
        to = where.replace("/w/help", "/w/join") + "&lang=de"
        typed = {"phone": person["phone"], "agree": "yes", "page": "https://shop.example.test/coats"}
        for wrong in ({**typed, "agree": ""}, {**typed, "phone": "call me"}):
            answer = await page.post(to, data=wrong)
            assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
        for mark in ("x", "x.%C3%A9", "%C3%A9."):
            strange = await page.post(to.replace("&v=", f"&v={mark}"), data=typed)
            assert strange.status_code == 422
        assert await facts_of(shop, person["phone"]) == []
        answer = await page.post(to, data=typed)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")
        assert "Antworten Sie JA" in answer.json()["thanks"]
    asked = (await facts_of(shop, person["phone"]))[0]
    assert asked["state"] == "asked"
    await shop.writes("sms", person["id"], type="text", text="Ja")

    async def agreed() -> dict[str, Any] | None:
        found = (await facts_of(shop, person["phone"]))[0]
        return found if found["state"] == "granted" else None

    fact = await eventually(agreed)
    assert fact["wording"].startswith(WORDS["de"]["agree"])
    proof = fact["proof"]
    assert (proof["page"], proof["form"]) == ("https://shop.example.test/coats", form["id"])
    assert proof["visitor"].startswith("vis_")
    assert proof["ip"]
