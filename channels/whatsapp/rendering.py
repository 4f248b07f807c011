"""
Our content as the body of `POST /{phone_number_id}/messages`. What WhatsApp would refuse is refused here, in words.

Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
"""

import re
from collections.abc import Mapping
from typing import Any

from app.core.addresses import Address
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
    Section,
    Template,
    TemplatePreview,
    Text,
)
from channels.contract import OutboundMessage, Shown
from channels.errors import MessageRefused
from channels.whatsapp import limits, markup, template_filling
from channels.whatsapp.shapes import Json

_LINK = re.compile(r"https?://", re.IGNORECASE)
# The label of the menu that more than three buttons become; a word that needs no translation.
_MENU_LABEL = "Menu"


def message(out: OutboundMessage, handles: Mapping[str, str]) -> Json:
    """The whole request body. `handles` are the uploaded files' ids by ours. Raises MessageRefused, TemplateRefused."""
    kind, part = _part(out.content, handles)
    body: Json = addressed(out.to) | {"type": kind, kind: part, "biz_opaque_callback_data": out.id}
    if out.reply_to:
        body["context"] = {"message_id": out.reply_to}
    return body


def shown(content: Content) -> Shown:
    """What the body of the request makes the app draw. Raises MessageRefused."""
    if isinstance(content, Template):
        view = content.preview or TemplatePreview()
        return Shown(
            text=view.body,
            lines=markup.lines(view.body),
            header=view.header,
            footer=view.footer,
            options=view.buttons,
        )
    kind, part = _part(content, {})
    if not isinstance(part, dict):
        return Shown(text="", lines=())
    if kind == "interactive":
        words = part["body"]["text"]
        return Shown(
            text=words,
            lines=markup.lines(words),
            header=part.get("header", {}).get("text"),
            footer=part.get("footer", {}).get("text"),
            options=tuple(_tapped(part["action"])),
        )
    words = part.get("body") or part.get("caption") or ""
    return Shown(text=words, lines=markup.lines(words) if words else ())


def _tapped(action: Json) -> list[str]:
    """The titles of what stands under an interactive message."""
    if "buttons" in action:
        return [button["reply"]["title"] for button in action["buttons"]]
    label = action.get("button") or action.get("parameters", {}).get("display_text")
    return [label] if label else []


def addressed(to: Address) -> Json:
    """Numbers go into `to`, business-scoped user ids into `recipient`; both at once would mean the number."""
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to" if to.value.startswith("+") else "recipient": to.value,
    }


def reaction(to: Address, external_id: str, emoji: str) -> Json:
    return addressed(to) | {"type": "reaction", "reaction": {"message_id": external_id, "emoji": emoji}}


def _part(content: Content, handles: Mapping[str, str]) -> tuple[str, Json | list[Json]]:
    """The `type` and what stands under its name."""
    match content:
        case Text(text=text):
            fit(text, limits.MAX_TEXT_CHARS, "The text")
            return "text", {"body": text, "preview_url": bool(_LINK.search(text))}
        case MediaMessage():
            return _media(content, handles.get(content.media.file_id or ""))
        case Location():
            return "location", _present(
                latitude=content.latitude, longitude=content.longitude, name=content.name, address=content.address
            )
        case Contacts(contacts=cards):
            return "contacts", [_card(card) for card in cards]
        case Template():
            return "template", template_filling.build(content, handles)
        case Buttons() | List() | LinkButton() | LocationRequest() | ContactRequest():
            return "interactive", _interactive(content)
        case _:
            raise MessageRefused(f"WhatsApp has no way to send this kind of message ({content.type}).")


def _media(content: MediaMessage, media_id: str | None) -> tuple[str, Json]:
    media = content.media
    kind = "audio" if media.kind == "voice" else media.kind
    caption = content.caption or None
    if caption and kind in ("audio", "sticker"):
        raise MessageRefused(f"WhatsApp shows no text under a {media.kind}; send the text as a message of its own.")
    fit(caption or "", limits.MAX_CAPTION_CHARS, "The text under the file")
    # Only Opus in Ogg plays as a voice note; any other recording is sent as an audio file.
    voice = media.kind == "voice" and (media.mime or "").startswith("audio/ogg")
    return kind, _present(
        id=media_id,
        caption=caption,
        filename=media.name if kind == "document" else None,
        voice=True if voice else None,
    )


def _card(card: ContactCard) -> Json:
    # Meta wants one part of the name besides the whole; ours is not split, so it stands for both.
    return _present(
        name={"formatted_name": card.name, "first_name": card.name},
        phones=[{"phone": phone} for phone in card.phones] or None,
        emails=[{"email": email} for email in card.emails] or None,
        org={"company": card.organisation} if card.organisation else None,
    )


def _interactive(content: Buttons | List | LinkButton | LocationRequest | ContactRequest) -> Json:
    match content:
        case Buttons() if len(content.buttons) > limits.MAX_BUTTONS:
            return _list(_as_list(content))
        case Buttons():
            return _buttons(content)
        case List():
            return _list(content)
        case LinkButton():
            fit(content.label, limits.MAX_LINK_LABEL_CHARS, "The label of the link")
            parameters = {"display_text": content.label, "url": content.url}
            return _box("cta_url", content.text, {"name": "cta_url", "parameters": parameters})
        case LocationRequest():
            return _box("location_request_message", content.text, {"name": "send_location"})
        case ContactRequest():
            return _box("request_contact_info", content.text, {"name": "request_contact_info"})


def _box(kind: str, text: str, action: Json, *, max_chars: int = limits.MAX_INTERACTIVE_BODY_CHARS) -> Json:
    fit(text, max_chars, "The text")
    return {"type": kind, "body": {"text": text}, "action": action}


def _framed(box: Json, content: Buttons | List) -> Json:
    if content.header:
        fit(content.header, limits.MAX_HEADER_CHARS, "The header")
        box["header"] = {"type": "text", "text": content.header}
    if content.footer:
        fit(content.footer, limits.MAX_FOOTER_CHARS, "The footer")
        box["footer"] = {"text": content.footer}
    return box


def _buttons(content: Buttons) -> Json:
    for button in content.buttons:
        fit(button.title, limits.MAX_BUTTON_TITLE_CHARS, f"The button '{button.title}'")
    replies = [{"type": "reply", "reply": {"id": button.id, "title": button.title}} for button in content.buttons]
    return _framed(_box("button", content.text, {"buttons": replies}), content)


def _as_list(content: Buttons) -> List:
    """More buttons than WhatsApp shows become a menu: one tap more, but nothing is lost."""
    rows = tuple({"id": button.id, "title": button.title} for button in content.buttons)
    for button in content.buttons:
        fit(button.id, limits.MAX_ROW_ID_CHARS, f"The id of the button '{button.title}'")
    return List.model_validate(
        {
            "text": content.text,
            "header": content.header,
            "footer": content.footer,
            "button": _MENU_LABEL,
            "sections": [{"rows": rows}],
        }
    )


def _list(content: List) -> Json:
    rows = sum(len(section.rows) for section in content.sections)
    if rows > limits.MAX_LIST_ROWS:
        raise MessageRefused(f"The list has {rows} rows; WhatsApp takes {limits.MAX_LIST_ROWS}.")
    if len(content.sections) > 1 and not all(section.title for section in content.sections):
        raise MessageRefused("In a list with several sections, each needs a title.")
    fit(content.button, limits.MAX_LIST_LABEL_CHARS, "The label of the list")
    action = {"button": content.button, "sections": [_section(section) for section in content.sections]}
    return _framed(_box("list", content.text, action, max_chars=limits.MAX_LIST_BODY_CHARS), content)


def _section(section: Section) -> Json:
    fit(section.title or "", limits.MAX_SECTION_TITLE_CHARS, f"The section title '{section.title}'")
    for row in section.rows:
        fit(row.title, limits.MAX_ROW_TITLE_CHARS, f"The row '{row.title}'")
        fit(row.description or "", limits.MAX_ROW_DESCRIPTION_CHARS, f"The description of the row '{row.title}'")
    rows = [_present(id=row.id, title=row.title, description=row.description) for row in section.rows]
    return _present(title=section.title, rows=rows)


def fit(text: str, max_chars: int, what: str) -> None:
    """Nothing is cut silently. Raises MessageRefused."""
    if len(text) > max_chars:
        raise MessageRefused(f"{what} is {len(text)} characters long; WhatsApp takes {max_chars}.")


def _present(**values: Any) -> Json:
    return {name: value for name, value in values.items() if value is not None}
