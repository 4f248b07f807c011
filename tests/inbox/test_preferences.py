"""The page on which people settle what they get: signed, without a script; what they choose there they have said."""

import re
from functools import partial
from typing import Any

import httpx
import jwt
import pytest

from app.core.errors import AppError
from crm import contacts, gate
from inbox import preferences
from inbox.store import tickets
from tests.support import network
from tests.support.shop import Shop, eventually
from tests.support.widgets import Widget
from web.preferences_page import PHRASES


@pytest.fixture
async def reader(shop: Shop) -> Any:
    async with network.client(shop.url, headers={"accept-language": "de-AT,en"}) as browser:
        yield browser


async def marketing(shop: Shop, contact_id: str) -> tuple[set[str], dict[str, Any]]:
    page = await shop.get(f"/contacts/{contact_id}/consents")
    return {s["state"] for s in page["standings"] if s["purpose"] == "marketing"}, (page["items"] or [{}])[0]


async def test_a_person_settles_it_themselves(shop: Shop, reader: httpx.AsyncClient) -> None:
    person, conversation = await shop.someone("whatsapp")
    contact_id = conversation["contact_id"]
    path = preferences.link(shop.owner.ws, contact_id).removeprefix(shop.runtime.settings.public_url)
    page = await reader.get(path)
    assert page.status_code == 200, page.text
    assert '<html lang="de">' in page.text
    assert "<script" not in page.text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    # Whoever has the link learns no number from it.
    assert person["phone"].removeprefix("+") not in page.text
    assert (await marketing(shop, contact_id))[0] == set()
    (handle,) = re.findall(r'name="offers" value="([^"]+)"', page.text)

    # Saved as it is: neither an agreement nor a stop.
    assert (await reader.post(path, data={})).status_code == 303
    assert (await marketing(shop, contact_id))[0] == set()
    saved = await reader.post(path, data={"offers": handle}, follow_redirects=True)
    assert PHRASES["de"].saved in saved.text
    assert "checked" in saved.text
    states, fact = await marketing(shop, contact_id)
    assert states == {"granted"}
    assert (fact["source"], fact["actor"], fact["language"]) == ("preferences", "contact", "de")
    assert fact["wording"].startswith("Ja, ")
    assert fact["proof"]["page"] == path
    # On the timeline, live for colleagues; and all of it ends with one press.
    await shop.entry_where(conversation["id"], lambda e: e["kind"] == "consent" and e["event"]["state"] == "granted")
    await reader.post(path, data={"end": "all"})
    assert (await marketing(shop, contact_id))[0] == {"withdrawn"}
    # Their own yes undoes their own no.
    await reader.post(path, data={"offers": handle})
    assert (await marketing(shop, contact_id))[0] == {"granted"}
    # What WhatsApp keeps is not fought.
    await shop.writes("whatsapp", person["id"], type="marketing_stop")

    async def mirrored() -> bool:
        return "withdrawn" in (await marketing(shop, contact_id))[0]

    await eventually(mirrored)
    await reader.post(path, data={"offers": handle})
    assert "withdrawn" in (await marketing(shop, contact_id))[0]


async def test_a_link_that_is_not_ours_shows_nothing(shop: Shop, reader: httpx.AsyncClient) -> None:
    _, one = await shop.someone("sms")
    _, other = await shop.someone("sms")
    path = preferences.link(shop.owner.ws, one["contact_id"]).removeprefix(shop.runtime.settings.public_url)
    for wrong in (path[:-2], path.replace(one["contact_id"], other["contact_id"])):
        for answer in (await reader.get(wrong), await reader.post(wrong, data={"end": "all"})):
            assert answer.status_code == 404
            assert "form" not in answer.text.replace("form-action", "")
    assert (await marketing(shop, other["contact_id"]))[0] == set()


async def test_what_about_how_often_and_not_for_a_while(shop: Shop, reader: httpx.AsyncClient) -> None:
    """The gate obeys it, for this person, on every channel, and every choice is a fact."""
    topics = [{"key": "shoes", "labels": {"en": "Shoes", "de": "Schuhe"}}, {"key": "bags", "labels": {"en": "Bags"}}]
    settled = (await shop.get("/pacing"))["settings"]
    quiet = {**settled["quiet"], "enabled": False}
    saved = await shop.agent.put("/api/v1/pacing", json={**settled, "topics": topics, "quiet": quiet, "caps": []})
    assert saved.status_code == 200, saved.text
    person, conversation = await shop.someone("telegram")
    contact_id = conversation["contact_id"]
    await shop.agent.patch(f"/api/v1/contacts/{contact_id}", json={"language": "fr-CA"})
    path = preferences.link(shop.owner.ws, contact_id).removeprefix(shop.runtime.settings.public_url)

    async def topics_shown() -> str:
        page: str = (await reader.get(path)).text
        return page

    async def shown() -> bool:
        return 'value="bags" checked' in await topics_shown()

    await eventually(shown)
    # In the contact's language rather than the browser's.
    assert PHRASES["fr"].weekly in await topics_shown()
    chosen = {"offers": "telegram", "asked": "topics", "topics": "shoes", "often": "7"}
    assert (await reader.post(path, data=chosen)).status_code == 303
    page = await topics_shown()
    assert 'value="shoes" checked' in page
    assert 'value="bags" checked' not in page
    assert 'value="7" checked' in page
    facts = (await shop.get(f"/contacts/{contact_id}/consents"))["items"]
    said = {(fact["state"], tuple(fact["purposes"])) for fact in facts}
    assert said == {("granted", ("marketing",)), ("withdrawn", ("marketing/bags",)), ("paced", ("marketing",))}
    # Saved again as it is: no further facts.
    await reader.post(path, data=chosen)
    assert len((await shop.get(f"/contacts/{contact_id}/consents"))["items"]) == len(facts)

    ws = shop.runtime.workspace(shop.owner.ws.id)
    (row,) = await contacts.addresses_of(ws, contact_id)

    async def verdict(topic: str) -> str | None:
        asked = gate.Asked(address=row.address, purpose="marketing", sender=shop.accounts["telegram"], topic=topic)
        try:
            await gate.ask(ws, asked, complaints=partial(tickets.with_open, ws))
        except AppError as refused:
            return refused.code
        return None

    assert [await verdict(topic) for topic in ("", "shoes", "bags")] == [None, None, "topic_declined"]
    # One has gone; the next within a week is one too many.
    text = {"type": "text", "text": "Shoes are cheaper today"}
    await shop.sends(conversation["id"], text, purpose="marketing")
    await shop.in_ledger("telegram", person["id"], "Shoes")
    assert await verdict("shoes") == "frequency_cap"
    await reader.post(path, data={"pause": "30"})
    assert await verdict("shoes") == "paused"
    assert PHRASES["fr"].resume in await topics_shown()
    await reader.post(path, data={"resume": "now"})
    assert await verdict("shoes") == "frequency_cap"
    await reader.post(path, data={**chosen, "often": "0"})
    assert await verdict("shoes") is None


async def test_help_is_answered_once_and_not_where_the_provider_does(shop: Shop) -> None:
    person, _ = await shop.someone("whatsapp")
    await shop.writes("whatsapp", person["id"], type="text", text="Help!")
    await shop.in_ledger("whatsapp", person["id"], "Shop: write to us here")
    texter, _ = await shop.someone("sms")
    await shop.writes("sms", texter["id"], type="text", text="HELP")
    await shop.writes("whatsapp", person["id"], type="text", text="Thank you")
    await eventually(lambda: _heard(shop, "Thank you"))
    answers = [each for each in await shop.ledger(direction="out") if "write to us here" in str(each["body"])]
    assert [each["customer"] for each in answers] == [person["id"]]


async def _heard(shop: Shop, text: str) -> bool:
    listed = await shop.get("/conversations", view="all", limit=50)
    return any(each["last_entry"]["text"] == text for each in listed["items"])


async def test_a_visitor_settles_it_in_the_chat(shop: Shop, reader: httpx.AsyncClient) -> None:
    site = await shop.post("/accounts", 201, kind="livechat", name="Preference site", config={"title": "Shop"})
    key = site["config"]["site_key"]
    secret = (await shop.post(f"/accounts/{site['id']}/secrets/identity_secret/renew"))["secret"]
    # Far from its end whatever the time is: a proof lasts a day at most.
    until = int(shop.runtime.clock.now().timestamp()) + 40_000
    proof = jwt.encode({"sub": "customer-7", "name": "Esi", "aud": key, "exp": until}, secret, algorithm="HS256")

    async def settle(widget: Widget, status: int = 200, **chosen: Any) -> dict[str, Any]:
        answer = await reader.post(f"/w/preferences?key={key}&lang=en", data={"token": widget.token or "", **chosen})
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json()
        return found

    nobody = Widget(shop.url, key)
    async with nobody.online():
        assert nobody.welcome["config"]["preferences"] == ""
        await settle(nobody, 404)
    widget = Widget(shop.url, key, identity=proof)
    async with widget.online():
        await widget.write("client-hello-1", "Hello")
        await widget.message(lambda m: m["from"] == "visitor")
    async with widget.online():
        assert key in widget.welcome["config"]["preferences"]
    # The token of somebody signed in is worth nothing without their proof.
    await settle(widget, 401)
    found = await settle(widget, identity=proof)
    (chat,) = found["groups"][0]["boxes"]
    assert (chat["name"], chat["value"], chat["checked"]) == ("offers", "livechat", False)
    said = await settle(widget, identity=proof, chosen="yes", offers="livechat", often="7")
    assert said["saved"] == PHRASES["en"].saved
    assert said["groups"][0]["boxes"][0]["checked"]
    assert [box["value"] for box in said["groups"][-1]["boxes"] if box["checked"]] == ["7"]
    contact = (await shop.get("/contacts", q="Esi"))["items"][0]
    facts = (await shop.get(f"/contacts/{contact['id']}/consents"))["items"]
    fact = next(each for each in facts if each["state"] == "granted")
    assert fact["wording"] == said["groups"][0]["boxes"][0]["words"]
    assert (fact["source"], fact["proof"]["chat"]) == ("preferences", "Preference site")
