"""Canned replies: which variant suits, who may keep them, and what is put into an answer."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.core.permissions import Role
from inbox.answering import canned
from inbox.answering.canned import Variant
from tests.support.people import Person
from tests.support.shop import Shop

LANGUAGES = st.sampled_from([None, "en", "fr", "pt", "pt-br", "pt-pt"])
CHANNELS = st.sampled_from([None, "whatsapp", "sms"])
VARIANTS = st.lists(st.builds(Variant, text=st.just("x"), language=LANGUAGES, channel=CHANNELS), max_size=8)


@given(others=VARIANTS, language=st.sampled_from(["en", "pt_BR", "pt", "xx", None]), channel=CHANNELS)
def test_the_variant_chosen_suits_and_none_suits_better(
    others: list[Variant], language: str | None, channel: str | None
) -> None:
    variants = [Variant(text="any"), *others]
    chosen = canned.best(variants, language, channel)
    spoken = (language or "").lower().replace("_", "-")
    assert chosen.channel in (None, channel)
    assert chosen.language is None or chosen.language.partition("-")[0] == spoken.partition("-")[0]
    exact = [v for v in variants if v.language == spoken and v.channel == channel]
    if exact and spoken:
        assert (chosen.language, chosen.channel) == (spoken, channel)


def body(shortcut: str, text: str = "Hello", **more: Any) -> dict[str, Any]:
    return {"shortcut": shortcut, "title": shortcut.title(), "variants": [{"text": text}], **more}


async def test_one_is_filled_in_for_a_conversation_with_its_files(shop: Shop) -> None:
    _, conversation = await shop.someone("sms")
    uploaded = await shop.agent.post("/api/v1/files", files={"file": ("prices.csv", b"a,b\n1,2\n")})
    variants = [
        {"text": "Hi {{ contact.first_name }}, it is {{ agent.first_name }}"},
        {"text": "In short: {{ agent.first_name }}", "channel": "sms"},
        {"text": "Salut", "language": "FR"},
    ]
    file_id = uploaded.json()["file_id"]
    kept = await shop.post(
        "/canned-replies",
        201,
        shortcut="/Hours",
        title="Opening hours",
        variants=variants,
        file_ids=[file_id],
        shared=True,
    )
    assert (kept["shortcut"], kept["shared"], kept["variants"][2]["language"]) == ("hours", True, "fr")
    assert [file["name"] for file in kept["files"]] == ["prices.csv"]
    path = f"/canned-replies/{kept['id']}/fill"
    filled = await shop.post(path, conversation_id=conversation["id"], insert=True)
    assert (filled["text"], filled["channel"], filled["missing"]) == ("In short: Olu", "sms", [])
    assert filled["files"][0]["file_id"] == file_id
    filled = await shop.post(path, conversation_id=conversation["id"], account_id=shop.accounts["whatsapp"])
    assert filled["text"] == "Hi {{ contact.first_name }}, it is Olu"
    assert filled["missing"] == ["contact.first_name"]
    again = await shop.get(f"/canned-replies/{kept['id']}")
    assert again["uses"] == 1
    assert again["last_used_at"]


async def test_what_is_not_right_is_refused_by_field(owner: Person) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        (body("two words"), "shortcut"),
        (body("x", "{{ contact.zip }}"), "variants.0.text"),
        (body("x", ""), "variants.0.text"),
        (body("x", file_ids=["fil_none"]), "file_ids.0"),
        (body("x", variants=[{"text": "a", "language": "fr"}]), "variants.0"),
        (body("x", variants=[{"text": "a"}, {"text": "b", "language": "french!"}]), "variants.1.language"),
        (body("x", variants=[{"text": "a"}, {"text": "b", "channel": "fax"}]), "variants.1.channel"),
        (body("x", variants=[{"text": "a"}, {"text": "b"}]), "variants.1"),
    ]
    for wrong, field in cases:
        answer = await owner.client.post("/api/v1/canned-replies", json=wrong)
        assert answer.status_code == 422, wrong
        assert answer.json()["errors"][0]["field"] == field


async def test_each_has_their_own_and_supervisors_keep_everyones(people: Any, owner: Person) -> None:
    agent = await people.join(owner.ws, Role.AGENT)
    other = await people.join(owner.ws, Role.AGENT)
    path = "/api/v1/canned-replies"
    assert (await agent.client.post(path, json=body("hi", shared=True))).status_code == 403
    own = await agent.client.post(path, json=body("hi"))
    assert own.status_code == 201
    taken = await agent.client.post(path, json=body("HI"))
    assert (taken.status_code, taken.json()["code"]) == (409, "shortcut_taken")
    shared = await owner.client.post(path, json=body("hi", shared=True))
    assert shared.status_code == 201
    assert [r["shared"] for r in (await agent.client.get(path)).json()["items"]] == [True, False]
    assert [r["shared"] for r in (await other.client.get(path)).json()["items"]] == [True]
    assert (await other.client.get(f"{path}/{own.json()['id']}")).status_code == 404
    assert (await other.client.delete(f"{path}/{own.json()['id']}")).status_code == 404
    assert (await agent.client.delete(f"{path}/{shared.json()['id']}")).status_code == 403
    mine = f"{path}/{own.json()['id']}"
    changed = await agent.client.patch(mine, json=body("bye", revision=1))
    assert (changed.json()["shortcut"], changed.json()["revision"]) == ("bye", 2)
    late = await agent.client.patch(mine, json=body("late", revision=1))
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    await agent.client.post(path, json=body("third"))
    assert (await agent.client.patch(mine, json=body("third"))).json()["code"] == "shortcut_taken"
    assert (await agent.client.delete(mine)).status_code == 204
    assert (await agent.client.get(mine)).status_code == 404
