"""The providers' own Python clients work against the sandbox as they are."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import telegram
import twilio.rest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, RetryAfter
from twilio.base.exceptions import TwilioRestException

from sandbox import app
from tests.sandbox.support import ACCOUNT, AUTH_TOKEN, BOT_TOKEN, SMS_NUMBER, Business, Sandbox

PHOTO = Path(app.__file__).parent / "samples" / "photo.jpg"


def bot_of(sandbox: Sandbox, token: str = BOT_TOKEN) -> telegram.Bot:
    return telegram.Bot(token, base_url=f"{sandbox.url}/telegram/bot", base_file_url=f"{sandbox.url}/telegram/file/bot")


# The library announces a change of type of `retry_after`; its value is all that matters here.
@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
async def test_python_telegram_bot(sandbox: Sandbox) -> None:
    chat_id = await sandbox.chat_id()
    async with bot_of(sandbox) as bot:
        assert bot.username == "linden_demo_bot"
        with pytest.raises(Forbidden):
            await bot.send_message(chat_id, "Hello")
        await sandbox.inbound("telegram", "start", payload="ad7")
        updates = await bot.get_updates(timeout=1)
        assert updates[0].message is not None
        assert updates[0].message.text == "/start ad7"
        keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="yes")]])
        sent = await bot.send_message(chat_id, "<b>Well?</b>", parse_mode="HTML", reply_markup=keyboard)
        assert sent.entities[0].type == "bold"
        photo = await bot.send_photo(chat_id, PHOTO.read_bytes(), caption="New")
        file = await bot.get_file(photo.photo[-1].file_id)
        assert bytes(await file.download_as_bytearray()) == PHOTO.read_bytes()
        await sandbox.control("POST", "/clock", {"advance_seconds": 60})
        album = await bot.send_media_group(
            chat_id, [InputMediaPhoto(PHOTO.read_bytes()), InputMediaPhoto(photo.photo[-1])]
        )
        assert len(album) == 2
        assert await bot.set_message_reaction(chat_id, sent.message_id, "👍")
        with pytest.raises(BadRequest, match=r"(?i)can't parse entities"):
            await bot.send_message(chat_id, "<b>", parse_mode="HTML")
        await sandbox.knobs(throttle=True)
        with pytest.raises(RetryAfter):
            await bot.send_message(chat_id, "x")
        await sandbox.knobs(throttle=None)
        await bot.set_webhook("http://127.0.0.1:1/tg", secret_token="S")
        assert (await bot.get_webhook_info()).url == "http://127.0.0.1:1/tg"
        with pytest.raises(Conflict):
            await bot.get_updates()
        await bot.delete_webhook()
    wrong = bot_of(sandbox, "7000000001:wrong")
    with pytest.raises(InvalidToken):
        await wrong.initialize()
    await wrong.shutdown()


async def test_twilio_client(sandbox: Sandbox, business: Business) -> None:
    def drive() -> None:
        client = twilio.rest.Client(ACCOUNT, AUTH_TOKEN)
        client.api.base_url = f"{sandbox.url}/twilio"
        try:
            made = client.messages.create(to="+12025550121", from_=SMS_NUMBER, body="Hello")
            assert made.status == "queued"
            assert client.messages(made.sid).fetch().body == "Hello"
            for text in ("one", "two"):
                client.messages.create(to="+12025550122", from_=SMS_NUMBER, body=text)
            listed = client.messages.list(to="+12025550122", page_size=1)
            assert [message.body for message in listed] == ["two", "one"]
            number = client.incoming_phone_numbers.list()[0]
            assert number.update(sms_url=f"{business.url}/sms").sms_url == f"{business.url}/sms"
            with pytest.raises(TwilioRestException) as refused:
                client.messages.create(to="+1555", from_=SMS_NUMBER, body="x")
            assert (refused.value.code, refused.value.status) == (21211, 400)
        finally:
            client.http_client.session.close()

    await asyncio.to_thread(drive)
