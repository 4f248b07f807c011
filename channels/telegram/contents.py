"""
What a Telegram message says, in the content model. Texts stay plain: entities (bold, links) are not converted.

Source: https://core.telegram.org/bots/api#message
"""

from collections.abc import Callable, Mapping

from pydantic import ValidationError

from app.core.addresses import e164
from channels.content import (
    ContactCard,
    Contacts,
    Content,
    FormReply,
    Location,
    Media,
    MediaKind,
    MediaMessage,
    Text,
    Unsupported,
)
from channels.telegram.fields import Json, count, inner, items, mapping, text

# What surrounds a message's content. Any other key is the content itself, also one that Telegram adds tomorrow.
_DECORATIONS = frozenset(
    """
    message_id message_thread_id direct_messages_topic from sender_chat sender_boost_count sender_business_bot
    sender_tag date guest_query_id guest_bot_caller_user guest_bot_caller_chat business_connection_id chat
    forward_origin forward_from forward_from_chat forward_from_message_id forward_signature forward_sender_name
    forward_date is_topic_message is_automatic_forward reply_to_message external_reply quote reply_to_story
    reply_to_checklist_task_id reply_to_poll_option_id via_bot edit_date has_protected_content is_from_offline
    is_paid_post media_group_id author_signature paid_star_count entities link_preview_options suggested_post_info
    effect_id caption caption_entities show_caption_above_media has_media_spoiler reply_markup
    """.split()  # noqa: SIM905 — a list would be fifty lines long
)

# Where most contents that the content model does not know say in words what they are.
_TITLES = ("question", "title", "text", "name", "emoji", "description")


def read(message: Json) -> Content:
    """Never raises: what cannot be read is kept as Unsupported, named after its key."""
    for key, reader in _READERS.items():
        if message.get(key) is not None:
            try:
                content = reader(message)
            except ValidationError:
                content = None
            return content or unsupported(message, key)
    unknown = next((key for key in message if key not in _DECORATIONS and message[key] is not None), None)
    return unsupported(message, unknown) if unknown else Unsupported(what="empty message")


def unsupported(message: Json, key: str) -> Unsupported:
    """The content under a key, as far as words can tell of it."""
    detail = _TELLERS.get(key, _title)(mapping(message.get(key)))
    return Unsupported(what=key.replace("_", " "), detail=detail or text(message, "caption"))


def own_phone(message: Json) -> str | None:
    """The number in a shared contact if it is the sender's own, in E.164."""
    contact = inner(message, "contact")
    owner = count(contact, "user_id")
    # Anybody can share anybody's card; only this equality is Telegram's word that the number is theirs.
    if owner is None or owner != count(inner(message, "from"), "id"):
        return None
    return _international(text(contact, "phone_number"))


def _title(held: Json) -> str | None:
    return next((words for name in _TITLES if (words := text(held, name))), None)


def _payment(payment: Json) -> str | None:
    """In minor units, as Telegram counts: `1250 USD ord_1001`."""
    return _joined(count(payment, "total_amount"), text(payment, "currency"), text(payment, "invoice_payload"))


def _dice(dice: Json) -> str | None:
    return _joined(text(dice, "emoji"), count(dice, "value"))


def _joined(*parts: str | int | None) -> str | None:
    return " ".join(str(part) for part in parts if part is not None) or None


def _text(message: Json) -> Content | None:
    words = text(message, "text")
    return Text(text=words) if words else None


def _photo(message: Json) -> Content | None:
    sizes = [size for size in items(message, "photo") if text(size, "file_id")]
    if not sizes:
        return None
    largest = max(sizes, key=lambda size: (count(size, "width") or 0) * (count(size, "height") or 0))
    return _media(message, largest, "image", mime="image/jpeg")


def _file(key: str, kind: MediaKind, mime: str | None = None) -> Callable[[Json], Content | None]:
    def reader(message: Json) -> Content | None:
        return _media(message, inner(message, key), kind, mime=mime)

    return reader


def _sticker(message: Json) -> Content | None:
    sticker = inner(message, "sticker")
    if sticker.get("is_animated") is True:
        mime = "application/x-tgsticker"
    else:
        mime = "video/webm" if sticker.get("is_video") is True else "image/webp"
    return _media(message, sticker, "sticker", mime=mime)


def _media(message: Json, file: Json, kind: MediaKind, *, mime: str | None) -> Content | None:
    file_id = text(file, "file_id")
    if file_id is None:
        return None
    # A round video has one side only.
    side = count(file, "length")
    return MediaMessage(
        media=Media(
            kind=kind,
            state="pending",
            name=text(file, "file_name"),
            mime=text(file, "mime_type") or mime,
            bytes=count(file, "file_size"),
            width=count(file, "width") or side,
            height=count(file, "height") or side,
            duration_seconds=count(file, "duration"),
            source={"file_id": file_id},
        ),
        caption=text(message, "caption"),
    )


def _venue(message: Json) -> Content | None:
    venue = inner(message, "venue")
    return _place(inner(venue, "location"), name=text(venue, "title"), address=text(venue, "address"))


def _location(message: Json) -> Content | None:
    return _place(inner(message, "location"))


def _place(point: Json, name: str | None = None, address: str | None = None) -> Content:
    return Location.model_validate(
        {"latitude": point.get("latitude"), "longitude": point.get("longitude"), "name": name, "address": address}
    )


def _contact(message: Json) -> Content | None:
    contact = inner(message, "contact")
    phone = text(contact, "phone_number")
    if phone is None:
        return None
    name = " ".join(part for part in (text(contact, "first_name"), text(contact, "last_name")) if part)
    number = own_phone(message) or (_international(phone) if phone.startswith("+") else None) or phone
    return Contacts(contacts=(ContactCard(name=name or number, phones=(number,)),))


def _international(phone: str | None) -> str | None:
    """Telegram writes its own users' numbers with the country code and without the plus."""
    return e164("+" + phone.removeprefix("+")) if phone else None


def _web_app_data(message: Json) -> Content | None:
    held = inner(message, "web_app_data")
    data = text(held, "data")
    if data is None:
        return None
    return FormReply(name=text(held, "button_text"), values={"data": data})


# In the order asked: an animation also carries `document`, a venue also `location`.
_READERS: Mapping[str, Callable[[Json], Content | None]] = {
    "text": _text,
    "live_photo": _file("live_photo", "video", "video/mp4"),
    "photo": _photo,
    "animation": _file("animation", "video", "video/mp4"),
    "video": _file("video", "video"),
    "video_note": _file("video_note", "video", "video/mp4"),
    "audio": _file("audio", "audio"),
    "voice": _file("voice", "voice", "audio/ogg"),
    "sticker": _sticker,
    "document": _file("document", "document"),
    "venue": _venue,
    "location": _location,
    "contact": _contact,
    "web_app_data": _web_app_data,
}

_TELLERS: Mapping[str, Callable[[Json], str | None]] = {"successful_payment": _payment, "dice": _dice}
