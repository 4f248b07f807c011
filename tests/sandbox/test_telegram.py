"""The pretend Bot API: what it accepts and refuses, updates by webhook and by polling."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from starlette.responses import Response

from sandbox.telegram import entities
from sandbox.telegram.errors import TelegramError
from tests.sandbox.support import BOT, BOT_TOKEN, Business, Sandbox

BUTTON = {"text": "Yes", "callback_data": "yes"}


@pytest.mark.parametrize(
    ("mode", "text", "plain", "found"),
    [
        ("HTML", "<b>Order 1001</b> is &lt;ready&gt;", "Order 1001 is <ready>", [("bold", 0, 10)]),
        ("html", "😀 <i>x</i>", "😀 x", [("italic", 3, 1)]),
        ("HTML", "<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)]),
        ("HTML", '<a href="https://example.test">x</a>', "x", [("text_link", 0, 1)]),
        ("MarkdownV2", r"*bold* \_not\_", "bold _not_", [("bold", 0, 4)]),
        ("MarkdownV2", "`a*b` [x](https://example.test)", "a*b x", [("code", 0, 3), ("text_link", 4, 1)]),
        ("", "<b>", "<b>", []),
    ],
)
def test_markup(mode: str, text: str, plain: str, found: list[tuple[str, int, int]]) -> None:
    got, parsed = entities.parse(text, mode)
    assert got == plain
    assert [(item["type"], item["offset"], item["length"]) for item in parsed] == found


@pytest.mark.parametrize(
    ("mode", "text"),
    [
        ("HTML", "<b>x"),
        ("HTML", "<b>x</i>"),
        ("HTML", "x</b>"),
        ("HTML", "<blink>x</blink>"),
        ("HTML", "1 < 2"),
        ("MarkdownV2", "Hello."),
        ("MarkdownV2", "*x"),
        ("MarkdownV2", "[x](y"),
    ],
)
def test_broken_markup(mode: str, text: str) -> None:
    with pytest.raises(TelegramError, match="can't parse entities"):
        entities.parse(text, mode)


REFUSED: dict[str, tuple[str, dict[str, Any], int, str]] = {
    "no chat": ("sendMessage", {"chat_id": "", "text": "x"}, 400, "chat_id is empty"),
    "unknown chat": ("sendMessage", {"chat_id": 1, "text": "x"}, 400, "chat not found"),
    "empty": ("sendMessage", {"text": "  "}, 400, "message text is empty"),
    "too long": ("sendMessage", {"text": "x" * 4097}, 400, "message is too long"),
    "broken markup": ("sendMessage", {"text": "<b>x", "parse_mode": "HTML"}, 400, "can't parse entities"),
    "unknown mode": ("sendMessage", {"text": "x", "parse_mode": "rtf"}, 400, "unsupported parse_mode"),
    "reply to nothing": (
        "sendMessage",
        {"text": "x", "reply_parameters": {"message_id": 999}},
        400,
        "message to be replied not found",
    ),
    "callback data of 65 bytes": (
        "sendMessage",
        {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "é" * 33}]]}},
        400,
        "BUTTON_DATA_INVALID",
    ),
    "button without action": (
        "sendMessage",
        {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "a"}]]}},
        400,
        "Text buttons are unallowed",
    ),
    "nine buttons in a row": (
        "sendMessage",
        {"text": "x", "reply_markup": {"inline_keyboard": [[BUTTON] * 9]}},
        400,
        "BUTTON_ROW_TOO_LONG",
    ),
    "bad button address": (
        "sendMessage",
        {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "a", "url": "nonsense"}]]}},
        400,
        "Wrong HTTP URL",
    ),
    "no photo": ("sendPhoto", {}, 400, "there is no photo in the request"),
    "foreign file id": ("sendPhoto", {"photo": "AgACnonsense"}, 400, "wrong file identifier"),
    "unreachable address": ("sendPhoto", {"photo": "http://127.0.0.1:1/a.jpg"}, 400, "failed to get HTTP URL content"),
    "album of one": ("sendMediaGroup", {"media": [{"type": "photo", "media": "x"}]}, 400, "there must be from 2 to 10"),
    "place off the earth": ("sendLocation", {"latitude": 95, "longitude": 0}, 400, "wrong location"),
    "unknown action": ("sendChatAction", {"action": "dance"}, 400, "wrong parameter action"),
    "edit of nothing": ("editMessageText", {"message_id": 99, "text": "x"}, 400, "message to edit not found"),
    "delete of nothing": ("deleteMessage", {"message_id": 99}, 400, "message to delete not found"),
    "unknown query": ("answerCallbackQuery", {"callback_query_id": "1"}, 400, "query is too old"),
    "bad command": (
        "setMyCommands",
        {"commands": [{"command": "A B", "description": "x"}]},
        400,
        "BOT_COMMAND_INVALID",
    ),
    "bad secret": (
        "setWebhook",
        {"url": "http://127.0.0.1:1/", "secret_token": "a b"},
        400,
        "secret token contains unallowed",
    ),
    "plain http": ("setWebhook", {"url": "http://example.test/"}, 400, "An HTTPS URL must be provided"),
    "odd port": ("setWebhook", {"url": "https://example.test:9000/"}, 400, "Webhook can be set up only on ports"),
    "no such method": ("sendHologram", {}, 404, "Not Found"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_refused(sandbox: Sandbox, name: str) -> None:
    await sandbox.inbound("telegram", "start")
    method, data, status, words = REFUSED[name]
    response = await sandbox.bot(method, {"chat_id": await sandbox.chat_id(), **data})
    answer = response.json()
    assert (response.status_code, answer["error_code"], answer["ok"]) == (status, status, False)
    assert words in answer["description"]


async def test_tokens(sandbox: Sandbox) -> None:
    for token, status in (("7000000001:wrong", 401), ("nonsense", 404)):
        response = await sandbox.http.get(f"/telegram/bot{token}/getMe")
        assert (response.status_code, response.json()["error_code"]) == (status, status)


async def test_start_first_then_block(sandbox: Sandbox, business: Business) -> None:
    message = {"chat_id": await sandbox.chat_id(), "text": "Hello"}
    refused = (await sandbox.bot("sendMessage", message)).json()
    assert refused["description"] == "Forbidden: bot can't initiate conversation with a user"
    await sandbox.inbound("telegram", "start", payload="ad7")
    sent = (await sandbox.bot("sendMessage", message)).json()["result"]
    assert sent["chat"]["id"] == message["chat_id"]
    await sandbox.inbound("telegram", "block")
    blocked = (await sandbox.bot("sendMessage", message)).json()
    assert (blocked["error_code"], blocked["description"]) == (403, "Forbidden: bot was blocked by the user")
    updates = (await sandbox.bot("getUpdates")).json()["result"]
    assert updates[0]["message"]["text"] == "/start ad7"
    assert updates[1]["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    assert updates[1]["update_id"] == updates[0]["update_id"] + 1


async def test_webhook_with_secret_and_retry(sandbox: Sandbox, business: Business) -> None:
    await sandbox.bot("setWebhook", {"url": f"{business.url}/tg", "secret_token": "S-1"})
    business.answers = [Response(status_code=500), Response(status_code=403)]
    await sandbox.inbound("telegram", "start")
    await sandbox.inbound("telegram", "text", text="two")
    got = await business.wait(4)
    assert {item.headers["x-telegram-bot-api-secret-token"] for item in got} == {"S-1"}
    # A chat waits for its first update, so the second never overtakes.
    assert [orjson.loads(item.body)["message"]["text"] for item in got] == ["/start", "/start", "/start", "two"]
    await asyncio.sleep(0.05)
    info = (await sandbox.bot("getWebhookInfo")).json()["result"]
    assert info["pending_update_count"] == 0
    assert "403" in info["last_error_message"]
    conflict = (await sandbox.bot("getUpdates")).json()
    assert conflict["error_code"] == 409
    assert [entry["acks"] for entry in await sandbox.ledger(direction="in")] == [1, 1]


async def test_polling_confirms_by_offset_and_has_one_poller(sandbox: Sandbox) -> None:
    waiting = asyncio.create_task(sandbox.bot("getUpdates", {"timeout": 5}))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(sandbox.bot("getUpdates", {"timeout": 5}))
    assert (await waiting).json()["error_code"] == 409
    await sandbox.inbound("telegram", "start")
    update = (await second).json()["result"][0]
    again = (await sandbox.bot("getUpdates")).json()["result"]
    assert [item["update_id"] for item in again] == [update["update_id"]]
    assert (await sandbox.bot("getUpdates", {"offset": update["update_id"] + 1})).json()["result"] == []
    assert (await sandbox.ledger(direction="in"))[0]["acks"] == 1


async def test_reactions_only_when_asked_for(sandbox: Sandbox) -> None:
    await sandbox.inbound("telegram", "start")
    sent = (await sandbox.bot("sendMessage", {"chat_id": await sandbox.chat_id(), "text": "Hi"})).json()["result"]
    await sandbox.inbound("telegram", "reaction", target=str(sent["message_id"]), emoji="👍")
    assert len((await sandbox.bot("getUpdates")).json()["result"]) == 1
    await sandbox.bot("getUpdates", {"allowed_updates": ["message", "message_reaction"]})
    await sandbox.inbound("telegram", "reaction", target=str(sent["message_id"]), emoji="")
    reaction = (await sandbox.bot("getUpdates")).json()["result"][-1]["message_reaction"]
    assert (reaction["old_reaction"], reaction["new_reaction"]) == ([{"type": "emoji", "emoji": "👍"}], [])


async def test_buttons_edit_delete(sandbox: Sandbox) -> None:
    await sandbox.inbound("telegram", "start")
    chat_id = await sandbox.chat_id()
    markup = {"inline_keyboard": [[BUTTON]]}
    sent = (await sandbox.bot("sendMessage", {"chat_id": chat_id, "text": "Well?", "reply_markup": markup})).json()[
        "result"
    ]
    target = str(sent["message_id"])
    await sandbox.inbound("telegram", "callback", target=target, data="yes")
    query = (await sandbox.bot("getUpdates")).json()["result"][-1]["callback_query"]
    assert (query["data"], query["message"]["message_id"]) == ("yes", sent["message_id"])
    answer = {"callback_query_id": query["id"], "text": "Thanks"}
    assert (await sandbox.bot("answerCallbackQuery", answer)).json()["result"] is True
    assert (await sandbox.bot("answerCallbackQuery", answer)).json()["error_code"] == 400
    edit = {"chat_id": chat_id, "message_id": sent["message_id"], "text": "Done"}
    assert (await sandbox.bot("editMessageText", edit)).json()["result"]["text"] == "Done"
    same = (await sandbox.bot("editMessageText", edit)).json()
    assert "message is not modified" in same["description"]
    assert (await sandbox.bot("deleteMessage", edit)).json()["result"] is True
    assert "not found" in (await sandbox.bot("deleteMessage", edit)).json()["description"]


async def test_files_by_upload_id_address_and_album(sandbox: Sandbox, business: Business) -> None:
    await sandbox.inbound("telegram", "start")
    chat_id = await sandbox.chat_id()
    photo = (await sandbox.http.get(f"{business.url}/files/photo.jpg")).content
    files = {"photo": ("p.jpg", photo, "image/jpeg")}
    form = {"chat_id": str(chat_id), "caption": "<b>New</b>", "parse_mode": "HTML"}
    sent = (await sandbox.bot("sendPhoto", data=None, files=files, params=form)).json()["result"]
    assert (sent["caption"], sent["caption_entities"][0]["type"]) == ("New", "bold")
    file_id = sent["photo"][-1]["file_id"]
    assert (await sandbox.bot("sendPhoto", {"chat_id": chat_id, "photo": file_id})).json()["ok"]
    path = (await sandbox.bot("getFile", {"file_id": file_id})).json()["result"]["file_path"]
    got = await sandbox.http.get(f"/telegram/file/bot{BOT_TOKEN}/{path}")
    assert got.content == photo
    by_address = {"chat_id": chat_id, "document": f"{business.url}/files/document.pdf"}
    document = (await sandbox.bot("sendDocument", by_address)).json()["result"]["document"]
    assert (document["mime_type"], document["file_name"]) == ("application/pdf", "document.pdf")
    album = [{"type": "photo", "media": file_id, "caption": "One"}, {"type": "photo", "media": file_id}]
    sent_album = (await sandbox.bot("sendMediaGroup", {"chat_id": chat_id, "media": album})).json()["result"]
    assert len({item["media_group_id"] for item in sent_album}) == 1


@pytest.mark.parametrize("kind", ["image", "video", "voice", "audio", "document", "sticker", "video_note"])
async def test_inbound_files(sandbox: Sandbox, kind: str) -> None:
    await sandbox.inbound("telegram", "start")
    await sandbox.inbound("telegram", kind)
    message = (await sandbox.bot("getUpdates")).json()["result"][-1]["message"]
    found = message["photo"][-1] if kind == "image" else message[kind]
    path = (await sandbox.bot("getFile", {"file_id": found["file_id"]})).json()["result"]["file_path"]
    content = (await sandbox.http.get(f"/telegram/file/bot{BOT_TOKEN}/{path}")).content
    assert len(content) == found["file_size"]


async def test_album_contact_edit_inbound(sandbox: Sandbox) -> None:
    await sandbox.inbound("telegram", "start")
    await sandbox.inbound("telegram", "album", text="Both")
    await sandbox.inbound("telegram", "contact")
    first = (await sandbox.inbound("telegram", "text", text="Hello"))[0]
    await sandbox.inbound("telegram", "edit", target=first, text="Hello again")
    updates = (await sandbox.bot("getUpdates")).json()["result"][1:]
    assert updates[0]["message"]["media_group_id"] == updates[1]["message"]["media_group_id"]
    assert "caption" not in updates[1]["message"]
    assert updates[2]["message"]["contact"]["user_id"] == updates[2]["message"]["from"]["id"]
    assert updates[4]["edited_message"]["text"] == "Hello again"
    assert updates[4]["edited_message"]["message_id"] == updates[3]["message"]["message_id"]


async def test_exact_retry_after(sandbox: Sandbox) -> None:
    await sandbox.inbound("telegram", "start")
    message = {"chat_id": await sandbox.chat_id(), "text": "x"}
    answers = [(await sandbox.bot("sendMessage", message)) for _ in range(6)]
    assert [item.status_code for item in answers] == [200] * 5 + [429]
    refused = answers[-1].json()
    wait = refused["parameters"]["retry_after"]
    assert refused["description"] == f"Too Many Requests: retry after {wait}"
    await sandbox.control("POST", "/clock", {"advance_seconds": wait})
    assert (await sandbox.bot("sendMessage", message)).status_code == 200


async def test_other_settings(sandbox: Sandbox) -> None:
    me = (await sandbox.bot("GETME")).json()["result"]
    assert (me["id"], me["is_bot"]) == (int(BOT), True)
    commands = [{"command": "help", "description": "Talk to us"}]
    assert (await sandbox.bot("setMyCommands", {"commands": commands})).json()["result"] is True
    assert (await sandbox.bot("getMyCommands")).json()["result"] == commands
