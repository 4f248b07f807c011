"""Everything a customer can do on each channel, through the provider's real webhook, as the API then shows it."""

import asyncio
from typing import Any

import orjson
import pytest

from tests.support.shop import Shop, Webhook, eventually

Case = tuple[str, dict[str, Any], str, Any]

PHOTO = {"media": "photo"}
# Channel, what the customer does, the content's type, and what it must hold.
KINDS: list[Case] = [
    ("whatsapp", {"type": "text", "text": "Hello"}, "text", {"text": "Hello"}),
    ("whatsapp", {"type": "image", "text": "Look", **PHOTO}, "media", {"caption": "Look", "kind": "image"}),
    ("whatsapp", {"type": "video", "media": "video"}, "media", {"kind": "video"}),
    ("whatsapp", {"type": "audio", "media": "music"}, "media", {"kind": "audio"}),
    ("whatsapp", {"type": "voice", "media": "voice"}, "media", {"kind": "voice"}),
    ("whatsapp", {"type": "document", "media": "document"}, "media", {"kind": "document"}),
    ("whatsapp", {"type": "sticker", "media": "sticker"}, "media", {"kind": "sticker"}),
    ("whatsapp", {"type": "location"}, "location", {}),
    ("whatsapp", {"type": "contacts"}, "contacts", {}),
    ("whatsapp", {"type": "order"}, "order", {}),
    ("whatsapp", {"type": "nfm_reply"}, "form_reply", {}),
    ("whatsapp", {"type": "unsupported"}, "unsupported", {}),
    ("whatsapp", {"type": "unknown"}, "unsupported", {}),
    ("sms", {"type": "text", "text": "Hello"}, "text", {"text": "Hello"}),
    ("sms", {"type": "image", "text": "Look", **PHOTO}, "media", {"kind": "image"}),
    ("sms", {"type": "document", "media": "document"}, "media", {"kind": "document"}),
    ("telegram", {"type": "text", "text": "Hello"}, "text", {"text": "Hello"}),
    ("telegram", {"type": "image", "text": "Look", **PHOTO}, "media", {"caption": "Look", "kind": "image"}),
    ("telegram", {"type": "video", "media": "video"}, "media", {"kind": "video"}),
    ("telegram", {"type": "audio", "media": "music"}, "media", {"kind": "audio"}),
    ("telegram", {"type": "voice", "media": "voice"}, "media", {"kind": "voice"}),
    ("telegram", {"type": "document", "media": "document"}, "media", {"kind": "document"}),
    ("telegram", {"type": "sticker", "media": "sticker"}, "media", {"kind": "sticker"}),
    ("telegram", {"type": "location"}, "location", {}),
    ("telegram", {"type": "contact"}, "contacts", {}),
    ("telegram", {"type": "unknown"}, "unsupported", {}),
]


@pytest.mark.parametrize(("channel", "act", "kind", "holds"), KINDS, ids=[f"{c}-{a['type']}" for c, a, _, _ in KINDS])
async def test_each_kind_is_shown_as_what_it_is(
    shop: Shop, channel: str, act: dict[str, Any], kind: str, holds: dict[str, Any]
) -> None:
    person, conversation = await shop.someone(channel)
    await shop.writes(channel, person["id"], **act)
    entry = await shop.entry_where(conversation["id"], lambda e: e["number"] > conversation["last_number"])
    content = entry["content"]
    assert content["type"] == kind
    assert entry["direction"] == "in"
    assert entry["channel"] == channel
    shown = {**content, **content.get("media", {})}
    assert {name: shown[name] for name in holds} == holds
    if kind == "media":
        ready = await shop.entry_where(
            conversation["id"], lambda e: e["id"] == entry["id"] and e["content"]["media"]["state"] == "ready"
        )
        media = ready["content"]["media"]
        file = await shop.agent.get(media["url"])
        assert file.status_code == 200
        assert len(file.content) == media["bytes"] > 0
        assert "source" not in media
        if media["kind"] == "image":
            thumbnail = await shop.agent.get(media["thumb_url"])
            assert thumbnail.headers["content-type"] == "image/webp"


@pytest.mark.parametrize("channel", ["whatsapp", "telegram"])
async def test_quotes_edits_and_reactions_of_the_customer(shop: Shop, channel: str) -> None:
    person, conversation = await shop.someone(channel)
    (first,) = await shop.writes(channel, person["id"], type="text", text="Is it bleu?")
    before = await shop.entry_where(conversation["id"], lambda e: text(e) == "Is it bleu?")
    await shop.writes(channel, person["id"], type="text", text="I mean this", reply_to=first)
    quoting = await shop.entry_where(conversation["id"], lambda e: text(e) == "I mean this")
    assert quoting["reply_to"]["entry_id"] == before["id"]
    assert quoting["reply_to"]["text"] == "Is it bleu?"
    await shop.writes(channel, person["id"], type="edit", target=first, text="Is it blue?")
    edited = await shop.entry_where(conversation["id"], lambda e: text(e) == "Is it blue?")
    assert edited["id"] == before["id"]
    assert edited["edited_at"]

    sent = await shop.answers(conversation["id"], "Yes, blue")
    ours = await shop.in_ledger(channel, person["id"], "Yes, blue")
    await shop.writes(channel, person["id"], type="reaction", target=ours["provider_id"], emoji="❤")
    liked = await shop.entry_where(conversation["id"], lambda e: e["id"] == sent["id"] and e["reactions"])
    assert [r["emoji"] for r in liked["reactions"]] == ["❤"]
    await shop.writes(channel, person["id"], type="reaction", target=ours["provider_id"], emoji="")
    await shop.entry_where(conversation["id"], lambda e: e["id"] == sent["id"] and not e["reactions"])


async def test_a_revoked_message_is_shown_as_deleted_and_its_words_are_gone(shop: Shop) -> None:
    person, conversation = await shop.someone("whatsapp")
    (mine,) = await shop.writes("whatsapp", person["id"], type="text", text="My secret")
    await shop.entry_where(conversation["id"], lambda e: text(e) == "My secret")
    await shop.writes("whatsapp", person["id"], type="revoke", target=mine)
    gone = await shop.entry_where(conversation["id"], lambda e: e["deleted_at"])
    assert gone["content"] is None
    listed = await shop.get(f"/conversations/{conversation['id']}")
    assert "My secret" not in str(listed["last_entry"])


@pytest.mark.parametrize("layout", ["messages", "changes", "entries"])
async def test_everything_in_one_post_is_handled(shop: Shop, layout: str) -> None:
    people = [await shop.someone("whatsapp") for _ in range(3)]
    sent = await shop.answers(people[0][1]["id"], "On its way")
    ours = await shop.in_ledger("whatsapp", people[0][0]["id"], "On its way")
    items: list[dict[str, Any]] = [
        {"customer": person["id"], "type": "text", "text": f"{n} in {layout}"} for n in range(3) for person, _ in people
    ]
    items.insert(4, {"status": "read", "message": ours["provider_id"]})
    body = {"account": shop.providers["whatsapp"], "layout": layout, "items": items}
    answer = await shop.sandbox.post("/_sandbox/inbound/batch", json=body)
    assert answer.status_code == 200, answer.text
    for _, conversation in people:

        async def all_there(conversation_id: str = conversation["id"]) -> bool:
            there = [text(e) for e in await shop.thread(conversation_id) if layout in text(e)]
            return there == [f"{n} in {layout}" for n in range(3)]

        await eventually(all_there)
    await shop.entry_where(people[0][1]["id"], lambda e: e["id"] == sent["id"] and e["status"] == "read")


@pytest.mark.parametrize("channel", ["whatsapp", "sms", "telegram"])
async def test_delivered_five_times_at_once_it_is_there_once(shop: Shop, channel: str) -> None:
    person, conversation = await shop.someone(channel)
    request = await shop.captured(channel, person["id"], type="text", text="Only once")
    answers = await asyncio.gather(*(shop.replay(request) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    await shop.writes(channel, person["id"], type="text", text="And on")
    await shop.entry_where(conversation["id"], lambda e: text(e) == "And on")
    thread = await shop.thread(conversation["id"])
    assert [text(e) for e in thread].count("Only once") == 1
    assert [e["number"] for e in thread] == list(range(1, len(thread) + 1))

    # Counted right behind what is stored.
    async def counted() -> bool:
        now = await shop.get(f"/conversations/{conversation['id']}")
        return bool(now["unread"] >= conversation["unread"] + 2)

    await eventually(counted)
    assert (await shop.get(f"/conversations/{conversation['id']}"))["unread"] == conversation["unread"] + 2


async def test_a_number_answers_a_menu_where_there_are_no_buttons(shop: Shop) -> None:
    person, conversation = await shop.someone("sms")
    buttons = [{"id": "red", "title": "Red"}, {"id": "blue", "title": "Blue"}]
    await shop.sends(conversation["id"], {"type": "buttons", "text": "Which colour?", "buttons": buttons})
    await shop.in_ledger("sms", person["id"], "Which colour?")
    await shop.writes("sms", person["id"], type="text", text="2")
    chosen = await shop.entry_where(conversation["id"], lambda e: e["content"] and e["content"]["type"] == "choice")
    assert chosen["content"]["id"] == "blue"
    await shop.writes("sms", person["id"], type="text", text="7")
    await shop.entry_where(conversation["id"], lambda e: text(e) == "7")


def text(entry: dict[str, Any]) -> str:
    return str((entry["content"] or {}).get("text", ""))


async def test_pressing_start_opens_the_chat_and_asks_for_nothing(shop: Shop) -> None:
    person = await shop.customer(name="Adwoa Sarpong")
    await shop.writes("telegram", person["id"], type="start", payload="ad7")

    async def listed() -> dict[str, Any] | None:
        items = (await shop.get("/conversations", view="all", limit=50))["items"]
        return next((c for c in items if c["contact"]["name"] == "Adwoa Sarpong"), None)

    conversation = await eventually(listed)
    assert (conversation["state"], conversation["unread"]) == ("open", 0)
    assert conversation["last_entry"]["text"] == "Started the chat"
    [entry] = await shop.thread(conversation["id"])
    assert (entry["kind"], entry["event"]["name"], entry["content"]) == ("event", "chat_started", None)
    assert entry["referral"]["payload"] == "ad7"
    # From now on the bot may write to them, and their first word counts.
    await shop.answers(conversation["id"], "Welcome!")
    await shop.writes("telegram", person["id"], type="text", text="Hello there")
    await shop.entry_where(conversation["id"], lambda e: (e["content"] or {}).get("text") == "Hello there")

    async def counted() -> bool:
        return bool((await shop.get(f"/conversations/{conversation['id']}"))["unread"] == 1)

    await eventually(counted)


async def test_an_edited_caption_keeps_its_file_and_another_file_takes_its_place(shop: Shop) -> None:
    person, conversation = await shop.someone("telegram")
    request = await shop.captured("telegram", person["id"], type="image", text="One", media="photo")
    other = orjson.loads((await shop.captured("telegram", person["id"], type="document", media="document")).body)
    photo = orjson.loads(request.body)["message"]

    async def shown(caption: str) -> dict[str, Any]:
        return await shop.entry_where(
            conversation["id"],
            lambda e: (e["content"] or {}).get("caption") == caption and e["content"]["media"]["state"] == "ready",
        )

    first = await shown("One")
    await edits(shop, request, 1, {**photo, "caption": "Two"})
    second = await shown("Two")
    assert (second["id"], second["content"]["media"]) == (first["id"], first["content"]["media"])
    # Telegram counts in seconds, so this is one of the same time.
    document = {**photo, "document": other["message"]["document"], "caption": "Three"}
    del document["photo"]
    await edits(shop, request, 2, document)
    third = await shown("Three")
    assert (third["id"], third["content"]["media"]["kind"]) == (first["id"], "document")
    assert third["content"]["media"]["url"] != first["content"]["media"]["url"]


async def test_what_the_owner_edits_in_their_own_app_is_ours_though_it_was_never_here(shop: Shop) -> None:
    person, conversation = await shop.someone("telegram")
    request = await shop.captured("telegram", person["id"], type="text", text="Hello again")
    message = {**orjson.loads(request.body)["message"], "business_connection_id": "BCEXAMPLE"}
    owner = {"id": 1, "is_bot": False, "first_name": "Owner"}
    await edits(
        shop, request, 3, {**message, "message_id": 900, "from": owner, "text": "Stop"}, kind="edited_business_message"
    )
    entry = await shop.entry_where(conversation["id"], lambda e: text(e) == "Stop")
    assert (entry["direction"], entry["author"]["name"]) == ("out", "Phone app")
    gone = {"business_connection_id": "BCEXAMPLE", "chat": message["chat"], "message_ids": [900]}
    body = {"update_id": 990_004, "deleted_business_messages": gone}
    assert (await shop.replay(request, body=orjson.dumps(body))).status_code == 200
    deleted = await shop.entry_where(conversation["id"], lambda e: e["id"] == entry["id"] and e["deleted_at"])
    # Telegram does not say when.
    assert deleted["deleted_at"] > entry["at"]


async def edits(shop: Shop, like: Webhook, number: int, message: dict[str, Any], kind: str = "edited_message") -> None:
    """The provider tells that this message is now so."""
    body = {"update_id": 990_000 + number, kind: {**message, "edit_date": message["date"]}}
    assert (await shop.replay(like, body=orjson.dumps(body))).status_code == 200


async def test_what_says_it_is_of_the_future_counts_from_when_it_came(shop: Shop) -> None:
    person, conversation = await shop.someone("telegram")
    request = await shop.captured("telegram", person["id"], type="text", text="Hello again")
    message = {**orjson.loads(request.body)["message"], "message_id": 901, "date": 9_999_999_999}
    body = {"update_id": 990_010, "message": {**message, "text": "From far away"}}
    assert (await shop.replay(request, body=orjson.dumps(body))).status_code == 200
    await shop.writes("telegram", person["id"], type="text", text="And on")
    await shop.entry_where(conversation["id"], lambda e: text(e) == "And on")
    before, far, after = (await shop.thread(conversation["id"]))[-3:]
    assert [text(e) for e in (before, far, after)] == ["Hello again", "From far away", "And on"]
    assert far["at"][:4] == before["at"][:4]
    reach = (await shop.get(f"/conversations/{conversation['id']}"))["reach"][0]
    assert reach["last_inbound_at"][:4] == before["at"][:4]
