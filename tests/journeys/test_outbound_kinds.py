"""Everything an agent can send on each channel: the provider has it, and the ticks come back."""

import io
from typing import Any

import pytest
from PIL import Image

from app.core.permissions import Role
from tests.support.shop import Shop, eventually

TEXT = {"type": "text", "text": "Here you are"}
LOCATION = {"type": "location", "latitude": 5.6, "longitude": -0.19, "name": "Shop"}
CARD = {"type": "contacts", "contacts": [{"name": "Kofi Shop", "phones": ["+12025550111"]}]}
BUTTONS = {"type": "buttons", "text": "Which?", "buttons": [{"id": "a", "title": "Red"}, {"id": "b", "title": "Blue"}]}
LIST = {
    "type": "list", "text": "Which size?", "button": "Sizes",
    "sections": [{"title": "All", "rows": [{"id": "s", "title": "Small"}, {"id": "l", "title": "Large"}]}],
}  # fmt: skip
LINK = {"type": "link_button", "text": "Track it", "label": "Open", "url": "https://shop.example.com/1"}

KINDS = [
    *(("whatsapp", content) for content in (TEXT, LOCATION, CARD, BUTTONS, LIST, LINK)),
    *(("sms", content) for content in (TEXT, BUTTONS, LIST, LINK)),
    *(("telegram", content) for content in (TEXT, LOCATION, CARD, BUTTONS, LIST, LINK)),
]
DELIVERED = {"whatsapp": "delivered", "sms": "delivered", "telegram": "sent"}


async def ends_in(shop: Shop, entry: dict[str, Any], status: str) -> dict[str, Any]:
    return await shop.entry_where(
        entry["conversation_id"], lambda e: e["id"] == entry["id"] and status in (e["status"], *e["status_times"])
    )


async def sent_to(shop: Shop, channel: str, person: dict[str, Any]) -> list[dict[str, Any]]:
    return await shop.ledger(channel=channel, customer=person["id"], direction="out")


@pytest.mark.parametrize(("channel", "content"), KINDS, ids=[f"{c}-{k['type']}" for c, k in KINDS])
async def test_each_kind_reaches_the_provider_once(shop: Shop, channel: str, content: dict[str, Any]) -> None:
    person, conversation = await shop.someone(channel)
    entry = await shop.sends(conversation["id"], content)
    done = await ends_in(shop, entry, DELIVERED[channel])
    assert done["error"] is None
    assert len(await sent_to(shop, channel, person)) == 1


@pytest.mark.parametrize("channel", ["whatsapp", "sms", "telegram"])
async def test_a_picture_with_its_caption(shop: Shop, channel: str) -> None:
    person, conversation = await shop.someone(channel)
    data = io.BytesIO()
    Image.new("RGB", (640, 480), "red").save(data, "JPEG")
    uploaded = await shop.agent.post("/api/v1/files", files={"file": ("red.jpg", data.getvalue(), "image/jpeg")})
    assert uploaded.status_code == 201, uploaded.text
    media = {"kind": "image", "file_id": uploaded.json()["file_id"]}
    entry = await shop.sends(conversation["id"], {"type": "media", "media": media, "caption": "A red one"})
    await ends_in(shop, entry, DELIVERED[channel])
    assert "A red one" in str((await sent_to(shop, channel, person))[0]["body"])


async def test_telegram_takes_as_many_signs_of_any_kind(shop: Shop) -> None:
    person, conversation = await shop.someone("telegram")
    for text in ("😀" * 4096, "é" * 4096):
        await ends_in(shop, await shop.answers(conversation["id"], text), "sent")
    assert [each["body"]["text"] for each in await sent_to(shop, "telegram", person)] == ["😀" * 4096, "é" * 4096]


async def test_an_approved_template_goes_out_and_one_that_advertises_does_not(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    account_id = shop.accounts["whatsapp"]
    names = {"utility": "UTILITY", "advert": "MARKETING"}
    for name, category in names.items():
        await _template(shop, name, category)
    assert (await shop.post(f"/accounts/{account_id}/templates/sync"))["count"] >= 2
    template = {"type": "template", "name": "utility", "language": "en_US", "parameters": {"body": {"1": "42"}}}
    entry = await shop.sends(conversation["id"], template)
    await ends_in(shop, entry, "delivered")
    refused = await shop.agent.post(
        f"/api/v1/conversations/{conversation['id']}/messages",
        json={"client_id": "6b0c1d7e-5b1f-4a53-9f7e-000000000001", "content": {**template, "name": "advert"}},
    )
    assert refused.status_code == 409
    assert refused.json()["code"] == "no_consent"
    assert len(await sent_to(shop, "whatsapp", person)) == 1


async def _template(shop: Shop, name: str, category: str) -> None:
    """Made at the provider, as an owner does it there, and approved."""
    account = await shop.sandbox.get(f"/_sandbox/accounts/whatsapp/{shop.providers['whatsapp']}")
    known = account.json()
    body = {
        "name": name, "language": "en_US", "category": category,
        "components": [{"type": "BODY", "text": "Number {{1}} is ready.", "example": {"body_text": [["1"]]}}],
    }  # fmt: skip
    made = await shop.sandbox.post(
        f"/graph/v26.0/{known['waba_id']}/message_templates",
        json=body,
        headers={"authorization": f"Bearer {known['access_token']}"},
    )
    assert made.status_code == 200, made.text
    approved = {"waba_id": known["waba_id"], "name": name, "language": "en_US", "status": "APPROVED"}
    answer = await shop.sandbox.post("/_sandbox/template_status", json=approved)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("channel", ["sms", "telegram"])
async def test_long_text_goes_in_parts_that_join_back(shop: Shop, channel: str) -> None:
    person, conversation = await shop.someone(channel)
    long = " ".join(f"word{n}" for n in range(1_200))
    body = {"client_id": "6b0c1d7e-5b1f-4a53-9f7e-000000000002", "content": {"type": "text", "text": long}}
    taken = await shop.post(f"/conversations/{conversation['id']}/messages", 202, **body)
    parts = taken["entries"]
    assert len(parts) > 1
    assert "".join(part["content"]["text"] for part in parts) == long
    for part in parts:
        await ends_in(shop, part, DELIVERED[channel])
    sent = await sent_to(shop, channel, person)
    assert " ".join(str(item["body"]["text"]).strip() for item in sent).split() == long.split()
    again = await shop.post(f"/conversations/{conversation['id']}/messages", 202, **body)
    assert [part["id"] for part in again["entries"]] == [part["id"] for part in parts]
    assert len(await sent_to(shop, channel, person)) == len(sent)


@pytest.mark.parametrize("channel", ["whatsapp", "telegram"])
async def test_our_quotes_and_reactions(shop: Shop, channel: str) -> None:
    person, conversation = await shop.someone(channel)
    theirs = (await shop.thread(conversation["id"]))[-1]
    quoted = await shop.sends(conversation["id"], TEXT, reply_to_entry_id=theirs["id"])
    assert quoted["reply_to"]["entry_id"] == theirs["id"]
    await ends_in(shop, quoted, DELIVERED[channel])
    for emoji in ("👍", ""):
        changed = await shop.post(f"/entries/{theirs['id']}/reaction", emoji=emoji)
        assert [r["emoji"] for r in changed["reactions"]] == ([emoji] if emoji else [])
    # Providers keep one of ours: a colleague's takes its place, on our screens as on the customer's.
    await shop.post(f"/entries/{theirs['id']}/reaction", emoji="👍")
    ama = await shop.people.join(shop.owner.ws, Role.AGENT)
    also = await ama.client.post(f"/api/v1/entries/{theirs['id']}/reaction", json={"emoji": "🎉"})
    assert [(r["by"], r["emoji"]) for r in also.json()["reactions"]] == [(ama.member.id, "🎉")]

    async def reacted() -> bool:
        found = await shop.ledger(channel=channel, customer=person["id"])
        return (
            "👍" in str(found) or any(item["marks"].get("reactions") == {} for item in found) or channel == "telegram"
        )

    await eventually(reacted)

    async def settled() -> bool:
        """What was reported of the reactions waits for no message."""
        return not await shop.runtime.mongo.receipts.count_documents({"pending_key": {"$gt": ""}})

    await eventually(settled)


async def test_the_customer_reads_and_the_tick_turns(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    entry = await shop.answers(conversation["id"], "Please read")
    await ends_in(shop, entry, "delivered")
    await shop.writes("whatsapp", person["id"], type="open")
    done = await ends_in(shop, entry, "read")
    # Providers tell whole seconds, we our own to the millisecond.
    times = [done["status_times"][name][:19] for name in ("queued", "sent", "delivered", "read")]
    assert times == sorted(times)


async def test_what_a_channel_cannot_do_is_refused_in_words(shop: Shop) -> None:
    _, conversation = await shop.someone("sms")
    template = {"type": "template", "name": "utility", "language": "en_US"}
    for content in (template, {"type": "choice", "id": "a", "title": "A"}, {"type": "order"}):
        body = {"client_id": "6b0c1d7e-5b1f-4a53-9f7e-000000000003", "content": content}
        answer = await shop.agent.post(f"/api/v1/conversations/{conversation['id']}/messages", json=body)
        assert answer.status_code == 422, content
        assert answer.json()["errors"][0]["message"]
