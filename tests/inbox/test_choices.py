"""Preferences in the conversation: asked for by a word, shown as buttons, chosen with a tap or a number."""

from collections.abc import Mapping
from typing import Any

import pytest

from channels import registry
from inbox import choices
from inbox.choices import WORDS
from tests.support.shop import Shop, eventually

TOPICS = [{"key": "shoes", "labels": {"en": "Shoes", "fr": "Chaussures"}}]


@pytest.fixture(autouse=True)
async def a_topic(shop: Shop) -> None:
    settled = (await shop.get("/pacing"))["settings"]
    answer = await shop.agent.put("/api/v1/pacing", json={**settled, "topics": TOPICS})
    assert answer.status_code == 200, answer.text


async def offered(shop: Shop, conversation_id: str, number: int) -> dict[str, Any]:
    """The menu of this number that the person has been sent, once it is there."""

    async def look() -> dict[str, Any] | None:
        said = [e for e in await shop.thread(conversation_id) if (e["content"] or {}).get("type") == "list"]
        return said[number] if len(said) > number else None

    return await eventually(look)


async def fact(shop: Shop, contact_id: str, **wanted: Any) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        facts = (await shop.get(f"/contacts/{contact_id}/consents"))["items"]
        return next((each for each in facts if wanted.items() <= each.items()), None)

    return await eventually(look)


def rows(entry: Mapping[str, Any]) -> dict[str, str]:
    return {row["title"]: row["id"] for section in entry["content"]["sections"] for row in section["rows"]}


async def test_who_asks_chooses_with_a_tap(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    contact_id = conversation["contact_id"]
    await shop.writes("whatsapp", person["id"], type="text", text="Preferences!")
    menu = await offered(shop, conversation["id"], 0)
    assert "/p/" in menu["content"]["text"]
    await shop.in_ledger("whatsapp", person["id"], WORDS["en"].get)
    shown = rows(menu)
    assert WORDS["en"].get in shown
    assert "No: Shoes" in shown

    async def taps(title: str) -> None:
        await shop.writes("whatsapp", person["id"], type="list_reply", button_id=shown[title], title=title)

    await taps(WORDS["en"].get)
    agreed = await fact(shop, contact_id, state="granted", purposes=["marketing"])
    assert "may send me offers here" in agreed["wording"]
    assert agreed["wording"].endswith(WORDS["en"].get)
    assert (agreed["source"], agreed["proof"]["chosen"]) == ("preferences", WORDS["en"].get)
    await taps("No: Shoes")
    await fact(shop, contact_id, state="withdrawn", purposes=["marketing/shoes"])
    # Asked again the menu has turned: what was chosen can be taken back.
    await shop.writes("whatsapp", person["id"], type="text", text="preferences")
    menu = await offered(shop, conversation["id"], 1)
    shown = rows(menu)
    assert {WORDS["en"].stop, "Yes: Shoes"} <= set(shown)
    await taps(WORDS["en"].end)
    await fact(shop, contact_id, state="withdrawn", purposes=["marketing"])


async def test_a_number_answers_where_there_are_no_buttons(shop: Shop) -> None:
    person, conversation = await shop.someone("sms")
    await shop.writes("sms", person["id"], type="text", text="PREFERENCES")
    await offered(shop, conversation["id"], 0)
    sent = await shop.in_ledger("sms", person["id"], "1. " + WORDS["en"].get)
    assert "/p/" in str(sent["body"])
    await shop.writes("sms", person["id"], type="text", text="1")
    agreed = await fact(shop, conversation["contact_id"], state="granted", purposes=["marketing"])
    assert agreed["wording"].endswith(WORDS["en"].get)
    await shop.in_ledger("sms", person["id"], WORDS["en"].saved)


def test_every_title_fits_every_app() -> None:
    limits = [registry.adapter(kind).capabilities(None).list_limits.max_title_chars for kind in registry.adapters()]
    most = min(limit for limit in limits if limit)
    for words in WORDS.values():
        for name in ("get", "stop", "always", "weekly", "monthly", "pause", "resume", "end"):
            assert len(getattr(words, name)) <= most, (name, words)
    assert choices.WORDS.keys() == {"en", "fr", "es", "pt", "de"}
