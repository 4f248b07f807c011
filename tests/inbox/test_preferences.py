"""The page on which people settle what they get: signed, without a script; what they choose there they have said."""

import re
from typing import Any

import httpx
import pytest

from inbox import preferences
from tests.support.network import SHORT_LIVED
from tests.support.shop import Shop, eventually
from web.preferences_page import PHRASES


@pytest.fixture
async def reader(shop: Shop) -> Any:
    async with httpx.AsyncClient(
        base_url=shop.url, timeout=20, trust_env=False, limits=SHORT_LIVED, headers={"accept-language": "de-AT,en"}
    ) as browser:
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
