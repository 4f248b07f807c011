"""Content templates: kept with their languages, checked against their channels, shown as somebody gets them."""

from typing import Any

from channels.content import Text
from inbox.content_templates import ContentWording, wording_for
from tests.support.shop import Shop


def wording(language: str | None, text: str) -> dict[str, Any]:
    return {"language": language, "content": {"type": "text", "text": text}}


def test_the_wording_that_suits_a_language() -> None:
    kept = [ContentWording(language=code, content=Text(text=code or "all")) for code in (None, "pt", "pt-BR", "fr_CA")]
    cases = {"pt_br": "pt-BR", "pt-PT": "pt", "fr": "fr_CA", "de": None, None: None}
    assert {asked: wording_for(kept, asked).language for asked in cases} == cases


async def test_one_is_kept_checked_and_shown(shop: Shop) -> None:
    wrong = {
        "name": " ",
        "channels": ["sms", "smoke"],
        "wordings": [
            wording("fr", "Bonjour {{ agent.name }}"),
            wording("fr-", "x"),
        ],
    }
    assert (await shop.agent.post("/api/v1/content-templates", json=wrong)).status_code == 422
    wrong["wordings"] = [
        wording("fr", "Bonjour {{ agent.name }}"),
        wording("fr", "x"),
        {"language": "de", "content": {"type": "media", "media": {"kind": "image", "file_id": "fil_none"}}},
    ]
    checked = await shop.post("/content-templates/check", **wrong)
    assert {each["field"] for each in checked["problems"]} == {
        "name",
        "channels.1",
        "wordings",
        "wordings.0.content.text",
        "wordings.1.language",
        "wordings.2.content.media",
    }
    assert [each["content"] is None for each in checked["contents"]] == [True, False, False]

    person, conversation = await shop.someone("sms")
    body = {
        "name": "Spring",
        "channels": ["sms"],
        "wordings": [
            wording(None, 'Hello {{ contact.first_name | default: "you" }} of {{ contact.company }}'),
            wording("fr", "Salut"),
        ],
    }
    made = await shop.post("/content-templates", 201, **body)
    shown = await shop.post("/content-templates/check", contact_id=conversation["contact_id"], **body)
    assert shown["contents"][0]["content"]["text"] == "Hello you of {{ contact.company }}"
    assert shown["contents"][0]["missing"] == ["contact.company"]
    example = await shop.post("/content-templates/check", **body)
    assert example["problems"] == []
    assert example["contents"][0]["missing"] == []
    path = f"/content-templates/{made['id']}/fill"
    asked = {"conversation_id": conversation["id"]}
    assert (await shop.post(path, **asked))["missing"] == ["contact.company"]
    contact = f"/api/v1/contacts/{conversation['contact_id']}"
    assert (await shop.agent.patch(contact, json={"language": "fr-CA"})).status_code == 200
    assert (await shop.post(path, **asked))["language"] == "fr"
    whole = await shop.post(path, **asked, language="", values={"contact.company": "Okoro & Sons"})
    assert whole == {
        "language": None,
        "content": {"type": "text", "text": "Hello you of Okoro & Sons"},
        "missing": [],
    }
    await shop.sends(conversation["id"], whole["content"])
    await shop.in_ledger("sms", person["id"], "Hello you of Okoro & Sons")
    refused = await shop.agent.post(f"/api/v1{path}", json={**asked, "language": "de"})
    assert refused.json()["errors"][0]["field"] == "language"
    changed = {**body, "name": "Spring 2", "revision": made["revision"]}
    path = f"/api/v1/content-templates/{made['id']}"
    assert (await shop.agent.patch(path, json=changed)).json()["revision"] == 2
    assert (await shop.agent.patch(path, json=changed)).status_code == 409
    assert [each["name"] for each in (await shop.get("/content-templates"))["items"]] == ["Spring 2"]
    assert (await shop.agent.delete(path)).status_code == 204
    assert (await shop.agent.get(path)).status_code == 404
