"""The gallery of templates: every one of them is one that the provider takes and a contact can get."""

import pytest

from channels.whatsapp import template_rules
from inbox import template_gallery
from inbox.template_gallery import GalleryItem
from tests.support.shop import Shop

ITEMS = template_gallery.items()
LANGUAGES = ["en", "es", "pt_BR", "fr", "de"]


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.id)
def test_nothing_speaks_against_a_draft_in_any_language(item: GalleryItem) -> None:
    assert list(item.words) == LANGUAGES
    for language in LANGUAGES:
        assert template_rules.problems(template_gallery.draft(item, language)) == []


def test_words_of_marketing_say_how_they_end() -> None:
    offers = [item for item in ITEMS if item.category == "MARKETING"]
    assert offers
    assert all(words.footer for item in offers for words in item.words.values())


async def test_what_is_chosen_becomes_a_template(shop: Shop) -> None:
    found = (await shop.agent.get("/api/v1/template-gallery")).json()["items"]
    assert [item["id"] for item in found] == [item.id for item in ITEMS]
    account_id = shop.accounts["whatsapp"]
    order = next(item for item in found if item["id"] == "order_confirmed")
    assert order["wordings"] == []
    spanish = next(each for each in order["drafts"] if each["draft"]["language"] == "es")
    assert spanish["preview"]["body"].startswith("Gracias, Ana. Tenemos tu pedido 1042")
    made = await shop.agent.post("/api/v1/template-drafts", json={"account_id": account_id, "draft": spanish["draft"]})
    assert made.status_code == 201, made.text
    sent = await shop.agent.post(f"/api/v1/template-drafts/{made.json()['id']}/submit")
    assert sent.status_code == 200, sent.text
    assert (sent.json()["name"], sent.json()["language"]) == ("order_confirmed", "es")


async def test_what_every_contact_has_becomes_a_content_template(shop: Shop) -> None:
    found = (await shop.agent.get("/api/v1/template-gallery")).json()["items"]
    whole = [item for item in found if item["wordings"]]
    assert {"welcome", "come_back"} <= {item["id"] for item in whole}
    for item in whole:
        body = {"name": item["title"], "channels": ["sms", "telegram", "livechat"], "wordings": item["wordings"]}
        checked = (await shop.agent.post("/api/v1/content-templates/check", json=body)).json()
        # Text messages have no buttons to tap: that is said, and all else is well.
        assert {each["message"] for each in checked["problems"]} <= {"SMS has no buttons."}
        assert all(each["content"] and not each["missing"] for each in checked["contents"]), item["id"]
