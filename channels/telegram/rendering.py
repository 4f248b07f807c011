"""
The content model as calls of the Bot API: which method, with what.

Agents' text goes out without a parse mode, so no character in it can break a message or turn into markup.
Source: https://core.telegram.org/bots/api#available-methods
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    KeyboardButton,
    Message,
    ReplyKeyboardMarkup,
    ReplyParameters,
)

from channels.content import (
    Buttons,
    ContactCard,
    ContactRequest,
    Contacts,
    Content,
    LinkButton,
    List,
    Location,
    LocationRequest,
    MediaMessage,
    Template,
    Text,
)
from channels.contract import OutboundFile, OutboundMessage, Shown, unmarked
from channels.errors import MessageRefused, TemplateRefused
from channels.telegram.handles import Chat, message_in

# https://core.telegram.org/bots/api#sendmessage. Whether an emoji counts as one or as two is not documented: counted as
# one here, so that nothing is refused which Telegram might take.
MAX_TEXT_CHARS = 4096
MAX_CAPTION_CHARS = 1024
# https://core.telegram.org/bots/api#sending-files
MAX_PHOTO_BYTES = 10 * 2**20
MAX_UPLOAD_BYTES = 50 * 2**20
# https://core.telegram.org/bots/api#inlinekeyboardbutton
MAX_CALLBACK_BYTES = 64

SHARE_LOCATION = "Share my location"
SHARE_PHONE = "Share my phone number"

_PHOTO_MIMES = ("image/jpeg", "image/png", "image/webp")
_VIDEO_MIMES = ("video/mp4",)
_AUDIO_MIMES = ("audio/mpeg", "audio/mp3", "audio/mp4", "audio/m4a", "audio/x-m4a")
_VOICE_MIMES = ("audio/ogg", "audio/opus", *_AUDIO_MIMES)
_STICKER_MIMES = ("image/webp", "video/webm", "application/x-tgsticker")


@dataclass(frozen=True, slots=True)
class Envelope:
    """Where a message goes, in the form that every sending method takes."""

    chat: Chat
    quotes: int | None

    def parameters(self) -> dict[str, Any]:
        found: dict[str, Any] = {"chat_id": self.chat.id}
        if self.chat.connection is not None:
            found["business_connection_id"] = self.chat.connection
        if self.quotes is not None:
            # A quoted message that the person has deleted must not cost us the answer.
            found["reply_parameters"] = ReplyParameters(message_id=self.quotes, allow_sending_without_reply=True)
        return found


async def call_for(bot: Bot, chat: Chat, message: OutboundMessage) -> Awaitable[Message]:
    """The call that sends this message, not yet made. Raises MessageRefused and TemplateRefused."""
    envelope = Envelope(chat, message_in(chat, message.reply_to)).parameters()
    if isinstance(message.content, MediaMessage):
        known = kept_by(message, message.content)
        if known is None:
            return await _media(bot, envelope, message.content, message.file)
        _fit_caption(message.content.caption)
        return _with_file(bot, envelope, *known, message.content.caption)
    return _plain(bot, envelope, message.content)


def edit_for(bot: Bot, chat: Chat, number: int, content: Content) -> Awaitable[Message | bool]:
    """The call that gives a sent message these words, not yet made. Raises MessageRefused."""
    where: dict[str, Any] = {"chat_id": chat.id, "message_id": number}
    if chat.connection is not None:
        where["business_connection_id"] = chat.connection
    match content:
        case Text(text=text):
            return bot.edit_message_text(text=text, **where)
        case MediaMessage(caption=caption):
            return bot.edit_message_caption(caption=caption or "", **where)
        case _:
            raise MessageRefused("Only texts and captions can be edited.")


def shown(content: Content) -> Shown:
    """
    Without a parse mode the app draws the words as they are; what can be tapped stands below. Raises MessageRefused.
    """
    words, options = _words(content)
    if not isinstance(content, MediaMessage):
        _fit_text(words)
    if isinstance(content, Buttons | List):
        _keyboard(_choices(content))
    return Shown(text=words, lines=unmarked(words) if words else (), options=options)


def _words(content: Content) -> tuple[str, tuple[str, ...]]:
    """The text of the call that sends this, and the titles of its buttons."""
    match content:
        case MediaMessage(caption=caption):
            return caption or "", ()
        case Buttons(buttons=buttons):
            return _framed(content), tuple(button.title for button in buttons)
        case List(sections=sections):
            titles = (row.title for section in sections for row in section.rows)
            return _framed(content, _menu(content)), tuple(titles)
        case LinkButton(text=text, label=label):
            return text, (label,)
        case LocationRequest(text=text):
            return text, (SHARE_LOCATION,)
        case ContactRequest(text=text):
            return text, (SHARE_PHONE,)
        case Text(text=text):
            return text, ()
        case _:
            return "", ()


def _plain(bot: Bot, envelope: dict[str, Any], content: Content) -> Awaitable[Message]:
    text, _ = _words(content)
    match content:
        case Text():
            return _text(bot, envelope, text)
        case Location():
            return _place(bot, envelope, content)
        case Contacts(contacts=cards):
            return _contacts(bot, envelope, cards)
        case Buttons() | List():
            return _text(bot, envelope, text, _keyboard(_choices(content)))
        case LinkButton(label=label, url=url):
            return _text(bot, envelope, text, InlineKeyboardMarkup([[InlineKeyboardButton(label, url=url)]]))
        case LocationRequest():
            return _text(bot, envelope, text, _asking(KeyboardButton(SHARE_LOCATION, request_location=True)))
        case ContactRequest():
            return _text(bot, envelope, text, _asking(KeyboardButton(SHARE_PHONE, request_contact=True)))
        case Template():
            raise TemplateRefused("Telegram has no templates; write the message itself.")
        case _:
            raise MessageRefused(f"A message of the kind '{content.type}' cannot be sent on Telegram.")


def _text(
    bot: Bot, envelope: dict[str, Any], text: str, markup: InlineKeyboardMarkup | ReplyKeyboardMarkup | None = None
) -> Awaitable[Message]:
    _fit_text(text)
    return bot.send_message(text=text, reply_markup=markup, **envelope)


def _fit_text(text: str) -> None:
    if len(text) > MAX_TEXT_CHARS:
        raise MessageRefused(f"Telegram takes at most {MAX_TEXT_CHARS} characters; this message has {len(text)}.")


# --- buttons and lists --------------------------------------------------------------------------------------------


def _framed(content: Buttons | List, middle: str | None = None) -> str:
    return "\n\n".join(part for part in (content.header, content.text, middle, content.footer) if part)


def _menu(content: List) -> str | None:
    """What the keyboard under a list cannot show: section titles and descriptions. None if there are none."""
    described = any(row.description for section in content.sections for row in section.rows)
    if not described and not any(section.title for section in content.sections):
        return None
    blocks = []
    for section in content.sections:
        lines = [section.title] if section.title else []
        lines += [f"• {row.title}: {row.description}" if row.description else f"• {row.title}" for row in section.rows]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _choices(content: Buttons | List) -> list[tuple[str, str]]:
    if isinstance(content, Buttons):
        return [(button.id, button.title) for button in content.buttons]
    return [(row.id, row.title) for section in content.sections for row in section.rows]


def _keyboard(choices: list[tuple[str, str]]) -> InlineKeyboardMarkup:
    """One button a row, since titles share the width of a phone. `choices` are (id, title)."""
    for choice, title in choices:
        # Never shortened: the tap brings back only these bytes, and a cut id would name no choice, or another one.
        if len(choice.encode()) > MAX_CALLBACK_BYTES:
            raise MessageRefused(f"The id of '{title}' is longer than the {MAX_CALLBACK_BYTES} bytes Telegram carries.")
    return InlineKeyboardMarkup([[InlineKeyboardButton(title, callback_data=choice)] for choice, title in choices])


def _asking(button: KeyboardButton) -> ReplyKeyboardMarkup:
    return ReplyKeyboardMarkup([[button]], resize_keyboard=True, one_time_keyboard=True)


# --- places and people --------------------------------------------------------------------------------------------


def _place(bot: Bot, envelope: dict[str, Any], place: Location) -> Awaitable[Message]:
    label = place.name or place.address
    if label is None:
        return bot.send_location(latitude=place.latitude, longitude=place.longitude, **envelope)
    return bot.send_venue(
        latitude=place.latitude, longitude=place.longitude, title=label, address=place.address or label, **envelope
    )


def _contacts(bot: Bot, envelope: dict[str, Any], cards: tuple[ContactCard, ...]) -> Awaitable[Message]:
    """One card with one number is Telegram's own contact; it knows nothing of more, so anything else is a text."""
    card = cards[0]
    if len(cards) > 1 or len(card.phones) != 1 or card.emails or card.organisation:
        return _text(bot, envelope, "\n\n".join(_written(card) for card in cards))
    return bot.send_contact(phone_number=card.phones[0], first_name=card.name, **envelope)


def _written(card: ContactCard) -> str:
    return "\n".join(part for part in (card.name, card.organisation, *card.phones, *card.emails) if part)


# --- files --------------------------------------------------------------------------------------------------------


async def _media(
    bot: Bot, envelope: dict[str, Any], content: MediaMessage, file: OutboundFile | None
) -> Awaitable[Message]:
    """
    Files are uploaded rather than fetched by Telegram from a URL: that takes 20 MB at most, 5 for a photo, and an
    instance that the internet can reach. What a method would refuse goes out as a document, which takes any file.
    """
    if file is None:
        raise MessageRefused("The message has no file.")
    _fit_caption(content.caption)
    data = await file.read()
    if not data:
        raise MessageRefused("The file is empty.")
    if len(data) > MAX_UPLOAD_BYTES:
        raise MessageRefused(f"Telegram takes files of up to {MAX_UPLOAD_BYTES // 2**20} MB; this one is larger.")
    upload = InputFile(data, filename=file.media.name or "file")
    if file.media.mime:
        upload.mimetype = file.media.mime
    return _upload(bot, envelope, content, upload, len(data))


def _upload(
    bot: Bot, envelope: dict[str, Any], content: MediaMessage, upload: InputFile, size: int
) -> Awaitable[Message]:
    return _with_file(bot, envelope, _method(content, upload.mimetype.partition(";")[0], size), upload, content.caption)


def _method(content: MediaMessage, mime: str, size: int) -> str:
    kind = content.media.kind
    if kind == "sticker" and mime in _STICKER_MIMES and content.caption is None:
        return "sticker"
    if mime == "image/gif" and kind in ("image", "video"):
        return "animation"
    if kind in ("image", "sticker") and mime in _PHOTO_MIMES and size <= MAX_PHOTO_BYTES and _fits(content):
        return "photo"
    if kind == "video" and mime in _VIDEO_MIMES:
        return "video"
    if kind == "voice" and mime in _VOICE_MIMES:
        return "voice"
    if kind in ("audio", "voice") and mime in _AUDIO_MIMES:
        return "audio"
    return "document"


def _with_file(
    bot: Bot, envelope: dict[str, Any], method: str, file: InputFile | str, caption: str | None
) -> Awaitable[Message]:
    """`file` is what is uploaded, or the id under which Telegram has it."""
    match method:
        case "sticker":
            return bot.send_sticker(sticker=file, **envelope)
        case "animation":
            return bot.send_animation(animation=file, caption=caption, **envelope)
        case "photo":
            return bot.send_photo(photo=file, caption=caption, **envelope)
        case "video":
            return bot.send_video(video=file, caption=caption, supports_streaming=True, **envelope)
        case "voice":
            return bot.send_voice(voice=file, caption=caption, **envelope)
        case "audio":
            return bot.send_audio(audio=file, caption=caption, **envelope)
        case _:
            return bot.send_document(document=file, caption=caption, disable_content_type_detection=True, **envelope)


def handle_of(content: MediaMessage, sent_file: str) -> str:
    """
    By what its file can be sent again: `image/photo:AgAC…`. An id is good for the method with which the file went out,
    and that was chosen by what the file was sent as.
    """
    return f"{content.media.kind}/{sent_file}"


def kept_by(message: OutboundMessage, content: MediaMessage) -> tuple[str, str] | None:
    """The method and the id by which Telegram has its file; None where it has to be uploaded."""
    handle = message.handles.get(content.media.file_id or "", "")
    kind, _, rest = handle.partition("/")
    method, _, file_id = rest.partition(":")
    usable = kind == content.media.kind and file_id and not (method == "sticker" and content.caption)
    return (method, file_id) if usable else None


def _fit_caption(caption: str | None) -> None:
    if caption and len(caption) > MAX_CAPTION_CHARS:
        raise MessageRefused(f"A caption on Telegram has at most {MAX_CAPTION_CHARS} characters.")


def _fits(content: MediaMessage) -> bool:
    """Telegram refuses photos whose sides add up to more than 10,000 pixels or differ more than twenty times."""
    width, height = content.media.width, content.media.height
    return not (width and height) or (width + height <= 10_000 and max(width, height) <= 20 * min(width, height))
