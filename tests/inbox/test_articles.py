"""Articles: written, found in their language, kept in every version, put into answers, seen by whom they are for."""

import secrets
from typing import Any

import httpx
from hypothesis import given
from hypothesis import strategies as st

from app.core.permissions import Role
from inbox.help import languages, markdown
from tests.support.people import People, Person
from tests.support.shop import Shop

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cfc000000301010018dd8db00000000049454e44ae426082"
)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_whatever_is_written_can_do_no_harm(text: str) -> None:
    for body in (text, f"<script>{text}</script>", f"[x](javascript:{text})", f'![{text}](//evil.example/"onerror="x)'):
        made = markdown.html(body).lower()
        assert "<script" not in made
        assert "<img" not in made
        assert 'href="javascript:' not in made
        markdown.plain(body)
        markdown.headings(body)


def test_an_article_reads_well_as_a_message() -> None:
    body = (
        "Do *this*:\n\n1. Open [the form](https://shop.example/form)\n2. Send it\n   - in a box\n\n"
        "## Costs\n\n| To | Price |\n|---|---|\n| Accra | 0 |\n"
    )
    assert markdown.plain(body) == (
        "Do this:\n\n1. Open the form (https://shop.example/form)\n2. Send it\n  • in a box\n\n"
        "Costs\n\nTo | Price\nAccra | 0"
    )


def test_the_language_that_suits() -> None:
    offered = ("en", "fr", "pt-br")
    asked = ("fr", "FR_ca", "pt", "pt-pt", "sw", "", None)
    assert [languages.best(each, offered) for each in asked] == ["fr", "fr", "pt-br", "pt-br", "en", "en", "en"]


def centre(**more: Any) -> dict[str, Any]:
    categories = [
        {"id": "delivery", "names": {"en": "Delivery", "fr": "Livraison"}},
        {"id": "returns", "names": {"en": "Returns"}},
    ]
    return {"languages": ["en", "fr"], "categories": categories, "revision": 0, **more}


def article(title: str, body: str = "Words.", **more: Any) -> dict[str, Any]:
    return {"texts": [{"language": "en", "title": title, "body": body}], "status": "published", **more}


async def ok(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def test_an_article_is_written_found_changed_by_two_and_brought_back(people: People, owner: Person) -> None:
    write, read = owner.client, (await people.join(owner.ws, Role.AGENT)).client
    await ok(await write.put("/api/v1/help-centre", json=centre(open=True, slug=f"shop-{secrets.token_hex(4)}")))
    lamp = article("Your lamp flickers", "Turn the *bulb* until it sits.", category_id="delivery")
    lamp["texts"].append({"language": "fr", "title": "La lampe clignote", "body": "Vissez l'ampoule.", "ready": False})
    made = await ok(await write.post("/api/v1/articles", json=lamp), 201)
    assert (made["number"], made["texts"][0]["slug"], made["status"]) == (1, "your-lamp-flickers", "published")
    assert made["texts"][0]["url"].endswith("/en/1-your-lamp-flickers")
    assert made["texts"][1]["url"] == ""
    draft = await ok(await write.post("/api/v1/articles", json=article("Lamp recall", status="draft")), 201)
    secret = article("Lamp discounts we may give", "Ten percent.", internal=True)
    inside = await ok(await write.post("/api/v1/articles", json=secret), 201)
    for status, field, body in (
        (422, "texts.0.title", article(" ")),
        (422, "texts.0.body", article("No words", "")),
        (422, "texts.0.body", article("Foreign file", "![x](/files/fil_none)")),
        (422, "texts.1.language", {**lamp, "texts": [lamp["texts"][0]] * 2}),
        (422, "texts.0.language", {"texts": [{"language": "sw", "title": "Taa"}]}),
        (422, "category_id", article("Where", category_id="nowhere")),
        (422, "texts.0.ready", {**lamp, "texts": [{**lamp["texts"][0], "ready": False}]}),
    ):
        refused = await ok(await write.post("/api/v1/articles", json=body), status)
        assert field in [each["field"] for each in refused["errors"]], refused

    async def found(who: httpx.AsyncClient, q: str, **query: Any) -> list[str]:
        hits = await ok(await who.get("/api/v1/articles/search", params={"q": q, **query}))
        return [hit["title"] for hit in hits["items"]]

    # By the stem, by a word's beginning, the title before the body; colleagues see what is theirs, and no drafts.
    assert await found(read, "flickering lamps") == ["Your lamp flickers", "Lamp discounts we may give"]
    assert await found(read, "how do I stop the flick") == ["Your lamp flickers"]
    assert await found(read, "lamp") == ["Your lamp flickers", "Lamp discounts we may give"]
    assert await found(read, "lamp", everywhere=True) == ["Your lamp flickers", "Lamp discounts we may give"]
    assert len(await found(write, "lamp", everywhere=True)) == 3
    assert await found(read, "clignoter", language="fr") == []
    hits = await ok(await read.get("/api/v1/articles/search", params={"q": "bulb"}))
    hit = hits["items"][0]
    assert [hit["text"][a:b] for a, b in hit["marks"]] == ["bulb"]
    listed = await ok(await read.get("/api/v1/articles"))
    assert {item["id"] for item in listed["items"]} == {made["id"], inside["id"]}
    assert (await read.get(f"/api/v1/articles/{draft['id']}")).status_code == 404
    assert "<em>bulb</em>" in (await ok(await read.get(f"/api/v1/articles/{made['id']}/html")))["html"]
    for query, expected in (
        ({"status": "draft"}, {draft["id"]}),
        ({"internal": "true"}, {inside["id"]}),
        ({"category_id": "delivery"}, {made["id"]}),
        ({"missing": "fr"}, {draft["id"], inside["id"]}),
        ({"language": "fr"}, {made["id"]}),
    ):
        items = (await ok(await write.get("/api/v1/articles", params=query)))["items"]
        assert {item["id"] for item in items} == expected, query

    # Two write at once: the second is told what the first has done, and nothing is lost.
    path = f"/api/v1/articles/{made['id']}"
    better = {**lamp, "texts": [{**lamp["texts"][0], "body": "Call us about the socket."}, lamp["texts"][1]]}
    changed = await ok(await write.put(path, json={**better, "revision": 1}))
    assert changed["revision"] == 2
    late = await ok(await write.put(path, json={**lamp, "internal": True, "revision": 1}), 409)
    assert [(each["what"], each["value"]) for each in late["changed"]] == [
        ("texts.en.body", "Call us about the socket.")
    ]
    assert await found(read, "bulb") == []
    assert await found(read, "socket") == ["Your lamp flickers"]
    versions = await ok(await write.get(f"{path}/versions"))
    assert [each["revision"] for each in versions["items"]] == [2, 1]
    assert (await ok(await write.get(f"{path}/versions/1")))["texts"][0]["body"] == "Turn the *bulb* until it sits."
    back = await ok(await write.post(f"{path}/restore", json={"version": 1, "revision": 2}))
    assert (back["revision"], back["texts"][0]["body"]) == (3, "Turn the *bulb* until it sits.")
    assert await found(read, "bulb") == ["Your lamp flickers"]
    # Archived, it is found by those only who look there.
    await ok(await write.put(path, json={**lamp, "status": "archived", "revision": 3}))
    assert await found(read, "bulb") == []
    audit = await ok(await write.get("/api/v1/audit", params={"about": "article"}))
    actions = [entry["action"] for entry in audit["items"]]
    assert actions[:3] == ["article.archived", "article.restored", "article.changed"]
    assert (await read.put(path, json={**lamp, "revision": 4})).status_code == 403

    # The centre: what is in use stays, an address has one owner, order is kept.
    now = await ok(await write.get("/api/v1/help-centre"))
    rest = centre(open=True, slug=now["slug"], revision=now["revision"])
    in_use = await ok(await write.put("/api/v1/help-centre", json={**rest, "categories": rest["categories"][1:]}), 409)
    assert in_use["code"] == "in_use"
    stale = await ok(await write.put("/api/v1/help-centre", json={**rest, "revision": 0}), 409)
    assert stale["code"] == "changed_meanwhile"
    _, stranger = await people.workspace("Other")
    theirs = await ok(await stranger.client.put("/api/v1/help-centre", json=centre(slug=now["slug"])), 409)
    assert theirs["code"] == "address_taken"
    second = await ok(await write.post("/api/v1/articles", json=article("Second", category_id="delivery")), 201)
    order = "/api/v1/help-centre/categories/delivery/order"
    await ok(await write.put(order, json={"article_ids": [second["id"], made["id"]]}), 204)
    items = (await ok(await write.get("/api/v1/articles", params={"category_id": "delivery"})))["items"]
    assert sorted(items, key=lambda item: int(item["position"]))[0]["id"] == second["id"]
    await ok(await write.delete(path), 204)
    assert (await write.get(f"{path}/versions/1")).status_code == 404


async def test_an_answer_takes_the_link_in_the_customers_language_and_it_is_counted(shop: Shop) -> None:
    await ok(await shop.agent.put("/api/v1/help-centre", json=centre()))
    body = article("How to return a shade", "## Box\n\nUse the **old box**.", category_id="returns")
    body["texts"].append({"language": "fr", "title": "Renvoyer un abat-jour", "body": "Dans la *boîte*."})
    made = await shop.post("/articles", 201, **body)
    inside = await shop.post("/articles", 201, **article("Returned shades: fraud", internal=True))
    person, conversation = await shop.someone("sms")
    asked = "Hello, how do I return the shades I bought?"
    await shop.writes("sms", person["id"], type="text", text=asked)
    await shop.entry_where(conversation["id"], lambda entry: (entry["content"] or {}).get("text") == asked)
    suggested = await shop.get(f"/conversations/{conversation['id']}/articles")
    assert suggested["asked"] == asked
    assert [hit["id"] for hit in suggested["items"]] == [made["id"], inside["id"]]
    path = f"/articles/{made['id']}/insert"
    closed = await shop.post(path, 409, conversation_id=conversation["id"], form="link")
    assert closed["code"] == "no_address"
    opened = await ok(await shop.agent.put("/api/v1/help-centre", json=centre(open=True, revision=1)))
    assert opened["slug"] == "shop"
    link = await shop.post(path, conversation_id=conversation["id"], form="link", language="fr")
    assert link["text"] == f"{shop.url}/help/shop/fr/{made['number']}-renvoyer-un-abat-jour"
    text = await shop.post(path, conversation_id=conversation["id"], form="text")
    assert text["text"] == "How to return a shade\n\nBox\n\nUse the old box."
    refused = await shop.post(f"/articles/{inside['id']}/insert", 409, conversation_id=conversation["id"], form="text")
    assert refused["code"] == "internal_article"
    await shop.answers(conversation["id"], f"See {link['text']} and again {link['text']}")

    assert (await shop.get(f"/articles/{made['id']}"))["sent"] == 1
