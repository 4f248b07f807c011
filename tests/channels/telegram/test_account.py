"""Everything but messages: checking and connecting an account, polling, files, typing, reactions, taps."""

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from app.core.addresses import Address
from channels.contract import (
    Acknowledges,
    ChannelAdapter,
    ChannelIO,
    Connects,
    FetchesMedia,
    Polls,
    Reacts,
    ReceivesWebhooks,
    ShowsTyping,
)
from channels.errors import AccountError, MediaError, MessageRefused, RecipientUnreachable
from channels.telegram import ADAPTER
from channels.telegram.adapter import MAX_DOWNLOAD_BYTES
from channels.telegram.payloads import ALLOWED_UPDATES
from tests.channels.telegram.support import ACCOUNT, ANA, SECRET, TOKEN, Telegram, payload, telegram

ME = {"id": 7000000001, "is_bot": True, "first_name": "Linden & Co", "username": "linden_demo_bot"}
HOOK: dict[str, Any] = {
    "url": "https://parley.test/webhooks/telegram/acc_1",
    "has_custom_certificate": False,
    "pending_update_count": 0,
}
POLLING = replace(ACCOUNT, config={"delivery": "polling"})
BUSINESS = Address("telegram", "42@BCEXAMPLE")


def refusal(code: int, description: str) -> dict[str, Any]:
    return {"ok": False, "error_code": code, "description": description}


@pytest.mark.parametrize(
    "ability", [ChannelAdapter, ReceivesWebhooks, Connects, Polls, FetchesMedia, ShowsTyping, Reacts, Acknowledges]
)
def test_abilities(ability: type) -> None:
    assert isinstance(ADAPTER, ability)


# --- check, connect, disconnect -----------------------------------------------------------------------------------


async def facts(webhook: dict[str, Any], account: Any = ACCOUNT) -> Any:
    async with telegram() as server:
        server.answers("getMe", ME)
        server.answers("getWebhookInfo", webhook)
        return await ADAPTER.check(server.io, account)


async def test_check_gives_the_bot_s_name() -> None:
    found = await facts(HOOK)
    assert (found.address, found.name, found.warnings) == ("@linden_demo_bot", "Linden & Co", ())


@pytest.mark.parametrize(
    ("account", "webhook", "words"),
    [
        (ACCOUNT, {**HOOK, "url": ""}, "knows no webhook"),
        (ACCOUNT, {**HOOK, "url": "https://other.test/hook/s3cret"}, "to other.test, which is not this server"),
        (
            POLLING,
            {**HOOK, "url": "https://other.test/hook/s3cret"},
            "to other.test; connect the account again to poll",
        ),
        (ACCOUNT, {**HOOK, "pending_update_count": 500}, "500 messages are waiting"),
        (
            ACCOUNT,
            {**HOOK, "last_error_date": "300 s ago", "last_error_message": "Connection refused"},
            "could not deliver 5 min ago: Connection refused",
        ),
    ],
)
async def test_check_warns(account: Any, webhook: dict[str, Any], words: str) -> None:
    if webhook.get("last_error_date") == "300 s ago":
        webhook = {**webhook, "last_error_date": int(time.time()) - 300}
    (warning,) = (await facts(webhook, account)).warnings
    assert words in warning
    assert "s3cret" not in warning


async def test_check_forgets_old_errors() -> None:
    old = {**HOOK, "last_error_date": int(time.time()) - 7200, "last_error_message": "Connection refused"}
    assert (await facts(old)).warnings == ()


CHECK_FAILURES = [
    (401, "Unauthorized", "bot_token", "does not know this bot token"),
    (404, "Not Found", "bot_token", "does not know this bot token"),
    (500, "Internal Server Error", None, "could not be asked about the bot"),
    (429, "Too Many Requests: retry after 5", None, "Try again"),
    (400, "Bad Request: no", None, "Telegram refused: Bad Request: no"),
]


@pytest.mark.parametrize(("code", "description", "field", "words"), CHECK_FAILURES)
async def test_check_names_the_wrong_value(code: int, description: str, field: str | None, words: str) -> None:
    async with telegram() as server:
        server.answers("getMe", refusal(code, description), status=code)
        with pytest.raises(AccountError, match=words) as raised:
            await ADAPTER.check(server.io, ACCOUNT)
    assert raised.value.field == field
    assert TOKEN not in str(raised.value)


async def test_check_of_a_token_that_cannot_be_one() -> None:
    async with telegram() as server:
        with pytest.raises(AccountError) as raised:
            await ADAPTER.check(server.io, replace(ACCOUNT, secrets={"bot_token": "linden_demo_bot"}))
    assert raised.value.field == "bot_token"


async def test_check_with_no_network() -> None:
    async with telegram() as server:
        server.answers("getMe", httpx.ConnectError("no"))
        with pytest.raises(AccountError, match="could not be reached"):
            await ADAPTER.check(server.io, ACCOUNT)


async def test_connect_registers_the_webhook() -> None:
    async with telegram() as server:
        server.answers("setWebhook", True)
        await ADAPTER.connect(server.io, ACCOUNT, HOOK["url"])
    ((_, sent),) = server.asked
    assert json.loads(sent.pop("allowed_updates")) == list(ALLOWED_UPDATES)
    assert sent == {"url": HOOK["url"], "secret_token": SECRET, "drop_pending_updates": "false"}


async def test_connect_without_a_secret_registers_nothing() -> None:
    async with telegram() as server:
        with pytest.raises(AccountError) as raised:
            await ADAPTER.connect(server.io, replace(ACCOUNT, secrets={"bot_token": TOKEN}), HOOK["url"])
    assert raised.value.field == "webhook_secret"


async def test_connect_for_polling_takes_the_webhook_back() -> None:
    async with telegram() as server:
        server.answers("deleteWebhook", True)
        await ADAPTER.connect(server.io, POLLING, HOOK["url"])
    assert server.asked == [("deleteWebhook", {"drop_pending_updates": "false"})]


async def test_disconnect() -> None:
    async with telegram() as server:
        server.answers("deleteWebhook", True)
        await ADAPTER.disconnect(server.io, ACCOUNT)
    assert server.asked == [("deleteWebhook", {"drop_pending_updates": "false"})]


async def test_a_webhook_that_telegram_refuses() -> None:
    words = "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"
    async with telegram() as server:
        server.answers("setWebhook", refusal(400, words), status=400)
        with pytest.raises(AccountError, match="An HTTPS URL must be provided") as raised:
            await ADAPTER.connect(server.io, ACCOUNT, "http://localhost/x")
    assert raised.value.field == "delivery"


async def test_disconnect_with_a_dead_token() -> None:
    async with telegram() as server:
        server.answers("deleteWebhook", refusal(401, "Unauthorized"), status=401)
        with pytest.raises(AccountError) as raised:
            await ADAPTER.disconnect(server.io, ACCOUNT)
    assert raised.value.field == "bot_token"


# --- polling ------------------------------------------------------------------------------------------------------


def test_polling_is_a_choice() -> None:
    assert ADAPTER.polling(POLLING)
    assert not ADAPTER.polling(ACCOUNT)
    assert not ADAPTER.polling(replace(ACCOUNT, config={}))


async def test_poll_gives_bodies_to_parse_and_the_next_cursor() -> None:
    updates = [json.loads(payload("text")), json.loads(payload("unknown_update")), json.loads(payload("tap"))]
    async with telegram() as server:
        server.answers("getUpdates", updates)
        bodies, cursor = await ADAPTER.poll(server.io, POLLING, None)
    assert cursor == "9065"
    assert [json.loads(body) for body in bodies] == updates
    polled, delivered = (ADAPTER.parse(ACCOUNT, body, {})[0] for body in (bodies[0], payload("text")))
    assert polled.key == delivered.key
    assert server.asked[0][1] == {"timeout": 25, "limit": 100, "allowed_updates": list(ALLOWED_UPDATES)}


async def test_poll_with_no_news_keeps_the_cursor() -> None:
    async with telegram() as server:
        server.answers("getUpdates", [])
        assert await ADAPTER.poll(server.io, POLLING, "9065") == ([], "9065")
    assert server.asked[0][1]["offset"] == 9065


async def test_poll_waits_longer_for_the_answer_than_telegram_does() -> None:
    seen: list[Any] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"])
        return httpx.Response(200, json={"ok": True, "result": []})

    async with telegram() as server:
        server.router.post().mock(side_effect=handle)
        await ADAPTER.poll(server.io, POLLING, None)
    assert seen[0]["read"] > 25


@pytest.mark.parametrize(
    ("code", "words", "field"),
    [
        (409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook first", "delivery"),
        (409, "Conflict: terminated by other getUpdates request", "delivery"),
        (401, "Unauthorized", "bot_token"),
        (502, "Bad Gateway", None),
    ],
)
async def test_poll_refused(code: int, words: str, field: str | None) -> None:
    async with telegram() as server:
        server.answers("getUpdates", refusal(code, words), status=code)
        with pytest.raises(AccountError) as raised:
            await ADAPTER.poll(server.io, POLLING, None)
    assert raised.value.field == field


async def test_poll_answered_with_something_else() -> None:
    async with telegram() as server:
        server.answers("getUpdates", True)
        with pytest.raises(AccountError):
            await ADAPTER.poll(server.io, POLLING, None)


# --- files --------------------------------------------------------------------------------------------------------

FILE = {"file_id": "AwEXAMPLE", "file_unique_id": "u3", "file_size": 5, "file_path": "voice/file_3.oga"}


async def fetch(server: Telegram, max_bytes: int = 1000) -> Any:
    return await ADAPTER.fetch_media(server.io, ACCOUNT, {"file_id": "AwEXAMPLE"}, max_bytes)


async def test_fetch_media() -> None:
    async with telegram() as server:
        server.answers("getFile", FILE)
        server.serves("voice/file_3.oga", b"voice")
        fetched = await fetch(server)
    assert (fetched.data, fetched.name) == (b"voice", "file_3.oga")
    assert server.asked == [("getFile", {"file_id": "AwEXAMPLE"})]


@pytest.mark.parametrize(
    ("code", "words", "retryable"),
    [
        (400, "Bad Request: file is too big", False),
        (400, "Bad Request: invalid file_id", False),
        (401, "Unauthorized", False),
        (429, "Too Many Requests: retry after 5", True),
        (502, "Bad Gateway", True),
    ],
)
async def test_fetch_media_refused(code: int, words: str, retryable: bool) -> None:
    async with telegram() as server:
        server.answers("getFile", refusal(code, words), status=code)
        with pytest.raises(MediaError, match=words) as raised:
            await fetch(server)
    assert raised.value.retryable is retryable


@pytest.mark.parametrize(
    ("file", "status", "max_bytes", "retryable"),
    [
        ({**FILE, "file_size": MAX_DOWNLOAD_BYTES + 1}, 200, 10**9, False),
        ({**FILE, "file_size": 1001}, 200, 1000, False),
        ({**FILE, "file_size": 1}, 200, 4, False),  # it said one byte, it sends five
        ({**FILE, "file_path": None}, 200, 1000, False),
        (FILE, 404, 1000, False),
        (FILE, 429, 1000, True),
        (FILE, 500, 1000, True),
    ],
)
async def test_download_refused(file: dict[str, Any], status: int, max_bytes: int, retryable: bool) -> None:
    async with telegram() as server:
        server.answers("getFile", file)
        server.serves("voice/file_3.oga", b"voice", status)
        with pytest.raises(MediaError) as raised:
            await fetch(server, max_bytes)
    assert raised.value.retryable is retryable
    assert TOKEN not in str(raised.value)


async def test_download_broken_off() -> None:
    async with telegram() as server:
        server.answers("getFile", FILE)
        server.router.get().mock(side_effect=httpx.ReadError(f"https://api.telegram.test/file/bot{TOKEN}/x"))
        with pytest.raises(MediaError) as raised:
            await fetch(server)
    assert raised.value.retryable
    assert TOKEN not in str(raised.value)


async def test_media_of_another_source() -> None:
    async with telegram() as server:
        server.answers("getFile", refusal(400, "Bad Request: file_id not specified"), status=400)
        with pytest.raises(MediaError):
            await ADAPTER.fetch_media(server.io, ACCOUNT, {}, 1000)


# --- typing, reactions, taps --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "sent"),
    [
        (ANA, {"chat_id": "42", "action": "typing"}),
        (BUSINESS, {"chat_id": "42", "action": "typing", "business_connection_id": "BCEXAMPLE"}),
    ],
)
async def test_show_typing(to: Address, sent: dict[str, str]) -> None:
    async with telegram() as server:
        server.answers("sendChatAction", True)
        await ADAPTER.show_typing(server.io, ACCOUNT, to, None)
    assert server.asked == [("sendChatAction", sent)]


@pytest.mark.parametrize(
    ("emoji", "reaction"),
    [("👍", [{"type": "emoji", "emoji": "👍"}]), ("❤\ufe0f", [{"type": "emoji", "emoji": "❤"}]), ("", [])],
)
async def test_react(emoji: str, reaction: list[dict[str, str]]) -> None:
    async with telegram() as server:
        server.answers("setMessageReaction", True)
        await ADAPTER.react(server.io, ACCOUNT, ANA, "42:11", emoji)
    ((_, sent),) = server.asked
    assert json.loads(sent.pop("reaction")) == reaction
    assert sent == {"chat_id": "42", "message_id": "11"}


@pytest.mark.parametrize(("to", "external_id"), [(ANA, "42:tap-4382"), (ANA, "43:11"), (BUSINESS, "42@BCEXAMPLE:5")])
async def test_reactions_that_telegram_has_no_way_for(to: Address, external_id: str) -> None:
    async with telegram() as server:
        with pytest.raises(MessageRefused):
            await ADAPTER.react(server.io, ACCOUNT, to, external_id, "👍")
    assert server.asked == []


async def test_a_reaction_that_is_not_offered() -> None:
    async with telegram() as server:
        server.answers("setMessageReaction", refusal(400, "Bad Request: REACTION_INVALID"), status=400)
        with pytest.raises(MessageRefused, match="REACTION_INVALID"):
            await ADAPTER.react(server.io, ACCOUNT, ANA, "42:11", "🪐")


@pytest.mark.parametrize(
    "act",
    [
        lambda io, to: ADAPTER.show_typing(io, ACCOUNT, to, None),
        lambda io, to: ADAPTER.react(io, ACCOUNT, to, "42:11", "👍"),
    ],
)
async def test_an_address_of_no_chat(act: Callable[[ChannelIO, Address], Awaitable[None]]) -> None:
    async with telegram() as server:
        with pytest.raises(RecipientUnreachable):
            await act(server.io, Address("telegram", "ana"))


async def test_acknowledge() -> None:
    async with telegram() as server:
        server.answers("answerCallbackQuery", True)
        await ADAPTER.acknowledge(server.io, ACCOUNT, "4382")
    assert server.asked == [("answerCallbackQuery", {"callback_query_id": "4382"})]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (400, "Bad Request: query is too old and response timeout expired or query ID is invalid"),
        (401, "Unauthorized"),
        (502, "Bad Gateway"),
    ],
)
async def test_an_acknowledgement_that_comes_to_nothing_harms_nobody(code: int, words: str) -> None:
    async with telegram() as server:
        server.answers("answerCallbackQuery", refusal(code, words), status=code)
        await ADAPTER.acknowledge(server.io, ACCOUNT, "4382")
