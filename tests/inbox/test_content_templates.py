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

    # What can never be written, or says nothing, is not kept.
    for at, text in enumerate(("{% for n in (1..99999999) %}x{% endfor %}", "{{ 1 | divided_by: 0 }}", " ")):
        never = {"name": f"Never {at}", "channels": ["sms"], "wordings": [wording(None, text)]}
        refused = await shop.agent.post("/api/v1/content-templates", json=never)
        assert refused.json()["errors"][0]["field"] == "wordings.0.content.text", text

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


async def test_a_block_stands_in_many_and_is_changed_once(shop: Shop) -> None:
    person, conversation = await shop.someone("sms")
    hours = [{"language": None, "text": "Open 9 to 6."}, {"language": "fr", "text": "Ouvert de 9 h à 18 h."}]
    nested = [{"language": "fr", "text": "{{ block.address }}"}, {"language": "fr", "text": "{{ agent.name }}"}]
    wrong = await shop.agent.post("/api/v1/content-blocks", json={"key": "hours", "name": " ", "wordings": nested})
    assert {error["field"] for error in wrong.json()["errors"]} == {
        "name",
        "wordings",
        "wordings.0.text",
        "wordings.1.language",
        "wordings.1.text",
    }
    kept = await shop.post("/content-blocks", 201, key="hours", name="Opening hours", wordings=hours)
    twice = await shop.agent.post("/api/v1/content-blocks", json={"key": "hours", "name": "H", "wordings": hours})
    assert (twice.status_code, twice.json()["errors"][0]["field"]) == (422, "key")

    unknown = {"name": "Sale", "wordings": [wording(None, "Come! {{ block.address }}")]}
    checked = await shop.post("/content-templates/check", **unknown)
    assert [each["field"] for each in checked["problems"]] == ["wordings.0.content.text"]
    made = [
        await shop.post("/content-templates", 201, name=name, wordings=[wording(None, all_), wording("fr", french)])
        for name, all_, french in (
            ("Sale", "Come! {{ block.hours }}", "Venez ! {{block.hours}}"),
            ("Repair", "It is ready. {{ block.hours }}", "Prêt."),
        )
    ]
    assert [each["content"]["text"] for each in made[0]["whole"]] == [
        "Come! Open 9 to 6.",
        "Venez ! Ouvert de 9 h à 18 h.",
    ]
    (shown,) = (await shop.get("/content-blocks"))["items"]
    assert [use["name"] for use in shown["used_in"]] == ["Repair", "Sale"]
    path = f"/api/v1/content-blocks/{kept['id']}"
    refused = await shop.agent.delete(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
    assert {use["id"] for use in refused.json()["used_in"]} == {each["id"] for each in made}

    # Changed once, it is changed in both; who looked at it before is told.
    later = {"name": "Opening hours", "wordings": [{"language": None, "text": "Open 8 to 7."}], "revision": 1}
    assert (await shop.agent.patch(path, json=later)).json()["revision"] == 2
    assert (await shop.agent.patch(path, json=later)).status_code == 409
    for each, words in zip(made, ("Come! Open 8 to 7.", "It is ready. Open 8 to 7."), strict=True):
        filled = await shop.post(f"/content-templates/{each['id']}/fill", conversation_id=conversation["id"])
        assert filled["content"]["text"] == words
    await shop.sends(conversation["id"], filled["content"])
    await shop.in_ledger("sms", person["id"], "It is ready. Open 8 to 7.")
    for each in made:
        assert (await shop.agent.delete(f"/api/v1/content-templates/{each['id']}")).status_code == 204
    assert (await shop.agent.delete(path)).status_code == 204
    assert (await shop.agent.get(path)).status_code == 404
