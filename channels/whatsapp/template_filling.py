"""
Templates with their values: as the customer reads them, and as they are sent.

A template's components are in Meta's own form; its variables are `{{1}}` or `{{first_name}}`, never both. Values are
those of TemplateParameters, also where they come as plain data; what is missing is named by its path in them:
`header.file`, `body.1`, `buttons.0`, `cards.2.body.1`, `offer_ends_at`.
Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from channels.content import Template
from channels.contract import ProviderTemplate
from channels.errors import TemplateRefused
from channels.whatsapp.shapes import Json, flag, items, obj, text

_VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
_MEDIA_FORMATS = ("IMAGE", "VIDEO", "DOCUMENT")
_LOCATION_KEYS = ("latitude", "longitude", "name", "address")


@dataclass(frozen=True, slots=True)
class _Values:
    """The values of a template, or of one of its cards; whatever shape they came in."""

    header: Json
    body: Json
    buttons: Json
    file_id: str | None
    cards: tuple["_Values", ...] = ()
    ends_at: datetime | None = None


def _values(given: Mapping[str, Any]) -> _Values:
    ends_at = given.get("offer_ends_at")
    return _Values(
        header=_texts(given.get("header")),
        body=_texts(given.get("body")),
        buttons=_texts(given.get("buttons")),
        file_id=str(given["header_file_id"]) if given.get("header_file_id") else None,
        cards=tuple(_values(card) for card in given.get("cards") or () if isinstance(card, Mapping)),
        ends_at=ends_at if isinstance(ends_at, datetime) else None,
    )


def _texts(given: Any) -> Json:
    return {str(key): str(value) for key, value in given.items()} if isinstance(given, Mapping) else {}


_NONE = _Values({}, {}, {}, None)


@lru_cache(maxsize=1_024)
def variables(pattern: str) -> tuple[str, ...]:
    """The variables of a text, each once, in order."""
    return tuple(dict.fromkeys(_VARIABLE.findall(pattern)))


# --- the preview --------------------------------------------------------------------------------------------------


def preview(shown: ProviderTemplate, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """
    `{header, body, footer, buttons, cards, offer, missing}` as the customer reads it; an unfilled variable stays as
    `{{1}}`.
    """
    values = _values(parameters)
    parts = {_kind(component): component for component in shown.components}
    offer = obj(parts.get("LIMITED_TIME_OFFER", {}), "limited_time_offer")
    return {
        **_read(parts, values),
        "footer": _footer(parts),
        "cards": [
            _read({_kind(part): part for part in items(card, "components")}, card_values)
            | {"file_id": card_values.file_id}
            for card, card_values in _cards(parts.get("CAROUSEL", {}), values)
        ],
        "offer": {"text": text(offer, "text"), "ends_at": values.ends_at, "code": _offered_code(parts, values)}
        if offer
        else None,
        "missing": list(_missing(shown.components, values)),
    }


def _read(parts: Mapping[str, Mapping[str, Any]], values: _Values) -> Json:
    return {
        "header": _header_text(parts.get("HEADER", {}), values.header),
        "body": _body(parts, values),
        "buttons": [_label(button) for button in items(parts.get("BUTTONS", {}), "buttons")],
    }


def _body(parts: Mapping[str, Mapping[str, Any]], values: _Values) -> str:
    """Authentication templates have Meta's own words, which it lists only sometimes."""
    body = parts.get("BODY", {})
    words = text(body, "text")
    if not words and any(_is_code(button) for button in items(parts.get("BUTTONS", {}), "buttons")):
        words = "*{{1}}* is your verification code."
        if flag(body, "add_security_recommendation"):
            words += " For your security, do not share this code."
    return _filled(words, values.body)


def _footer(parts: Mapping[str, Mapping[str, Any]]) -> str | None:
    footer = parts.get("FOOTER", {})
    minutes = footer.get("code_expiration_minutes")
    return text(footer, "text") or (f"This code expires in {minutes} minutes." if minutes else None)


def _label(button: Json) -> str:
    return text(button, "text") or {"COPY_CODE": "Copy offer code", "OTP": "Copy code"}.get(text(button, "type"), "")


def _header_text(header: Mapping[str, Any], values: Mapping[str, str]) -> str | None:
    """The header's text, or which kind of thing stands there."""
    layout = text(header, "format")
    if layout in ("", "TEXT"):
        return _filled(text(header, "text"), values) or None
    return layout.capitalize()


def _offered_code(parts: Mapping[str, Mapping[str, Any]], values: _Values) -> str | None:
    for at, button in enumerate(items(parts.get("BUTTONS", {}), "buttons")):
        if text(button, "type") == "COPY_CODE":
            return values.buttons.get(str(at)) or None
    return None


def _filled(pattern: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: values.get(match[1]) or match[0], pattern)


def _cards(carousel: Mapping[str, Any], values: _Values) -> list[tuple[Json, _Values]]:
    cards = items(carousel, "cards")
    return list(zip(cards, [*values.cards, *(_NONE for _ in cards)], strict=False))


def _missing(components: Iterable[Mapping[str, Any]], values: _Values) -> Iterator[str]:
    for component in components:
        match _kind(component):
            case "HEADER" if text(component, "format") in _MEDIA_FORMATS:
                if not values.file_id:
                    yield "header.file"
            case "HEADER" if text(component, "format") == "LOCATION":
                yield from _empty("header", _LOCATION_KEYS, values.header)
            case "HEADER":
                yield from _empty("header", variables(text(component, "text")), values.header)
            case "BODY":
                yield from _empty("body", variables(text(component, "text")), values.body)
            case "BUTTONS":
                buttons = enumerate(items(component, "buttons"))
                needed = [str(at) for at, each in buttons if _needs_value(each) and not _is_code(each)]
                yield from _empty("buttons", needed, values.buttons)
            case "LIMITED_TIME_OFFER":
                if flag(obj(component, "limited_time_offer"), "has_expiration") and values.ends_at is None:
                    yield "offer_ends_at"
            case "CAROUSEL":
                for at, (card, card_values) in enumerate(_cards(component, values)):
                    yield from (f"cards.{at}.{name}" for name in _missing(items(card, "components"), card_values))


def _empty(part: str, names: Iterable[str], values: Mapping[str, str]) -> Iterator[str]:
    return (f"{part}.{name}" for name in names if not str(values.get(name) or "").strip())


# --- sending ------------------------------------------------------------------------------------------------------


def build(content: Template, handles: Mapping[str, str]) -> Json:
    """
    The `template` object of a send; `handles` are Meta's ids of files by ours. Raises TemplateRefused when a value is
    missing.
    """
    values = _values(content.parameters.model_dump())
    # Sent or not: a file that is not with Meta is as good as none.
    missing = list(_missing(content.components, _with_files(values, handles)))
    if missing:
        raise TemplateRefused(f"The template '{content.name}' lacks values: {', '.join(missing)}.")
    filled = _components(content.components, values, handles)
    body: Json = {"name": content.name, "language": {"code": content.language}}
    return body | {"components": filled} if filled else body


def _with_files(values: _Values, handles: Mapping[str, str]) -> _Values:
    known = values.file_id if values.file_id in handles else None
    cards = tuple(_with_files(card, handles) for card in values.cards)
    return _Values(values.header, values.body, values.buttons, known, cards, values.ends_at)


def _components(components: Sequence[Mapping[str, Any]], values: _Values, handles: Mapping[str, str]) -> list[Json]:
    return [part for component in components for part in _component(component, values, handles)]


def _component(component: Mapping[str, Any], values: _Values, handles: Mapping[str, str]) -> Iterator[Json]:
    """What one component of the definition needs in the message; most need nothing."""
    match _kind(component):
        case "HEADER" if (layout := text(component, "format")) in _MEDIA_FORMATS:
            sent = {"id": handles[values.file_id or ""]}
            yield {"type": "header", "parameters": [{"type": layout.lower(), layout.lower(): sent}]}
        case "HEADER" if text(component, "format") == "LOCATION":
            place = {name: values.header[name] for name in _LOCATION_KEYS}
            yield {"type": "header", "parameters": [{"type": "location", "location": place}]}
        case "HEADER" if text(component, "format") in ("", "TEXT"):
            yield from _worded("header", text(component, "text"), values.header)
        case "BODY" if text(component, "text"):
            yield from _worded("body", text(component, "text"), values.body)
        case "BODY" if code := values.body.get("1"):
            # An authentication template, in Meta's own words.
            yield {"type": "body", "parameters": [{"type": "text", "text": code}]}
        case "BUTTONS":
            for index, button in enumerate(items(component, "buttons")):
                value = values.buttons.get(str(index)) or (values.body.get("1") if _is_code(button) else None)
                if value:
                    yield from _button(button, index, value)
        case "LIMITED_TIME_OFFER" if values.ends_at is not None:
            offer = {"expiration_time_ms": int(values.ends_at.timestamp() * 1000)}
            parameter = {"type": "limited_time_offer", "limited_time_offer": offer}
            yield {"type": "limited_time_offer", "parameters": [parameter]}
        case "CAROUSEL":
            cards = [
                {"card_index": at, "components": _components(items(card, "components"), card_values, handles)}
                for at, (card, card_values) in enumerate(_cards(component, values))
            ]
            yield {"type": "carousel", "cards": cards}
        case "PRODUCT_LIST" | "CATALOG" | "ORDER_DETAILS" as kind:
            raise TemplateRefused(f"Parley cannot fill in the part {kind} of a template.")
        case "HEADER":
            raise TemplateRefused(f"Parley cannot fill in a header of the kind {text(component, 'format')}.")


def _worded(part: str, pattern: str, values: Mapping[str, str]) -> Iterator[Json]:
    names = variables(pattern)
    if not names:
        return
    if all(name.isdigit() for name in names):
        # Positional values are told apart by their place alone.
        parameters = [{"type": "text", "text": _one_line(values[name])} for name in sorted(names, key=int)]
    else:
        parameters = [{"type": "text", "parameter_name": name, "text": _one_line(values[name])} for name in names]
    yield {"type": part, "parameters": parameters}


def _one_line(value: str) -> str:
    """Meta refuses values with new lines, tabs or many spaces."""
    return " ".join(value.split())


def _button(button: Json, index: int, value: str) -> Iterator[Json]:
    sub_type: str
    parameter: Json
    match text(button, "type"):
        case "URL" | "OTP":
            sub_type, parameter = "url", {"type": "text", "text": value}
        case "QUICK_REPLY":
            sub_type, parameter = "quick_reply", {"type": "payload", "payload": value}
        case "COPY_CODE":
            sub_type, parameter = "copy_code", {"type": "coupon_code", "coupon_code": value}
        case "FLOW":
            sub_type, parameter = "flow", {"type": "action", "action": {"flow_token": value}}
        case _:
            return
    yield {"type": "button", "sub_type": sub_type, "index": str(index), "parameters": [parameter]}


def _needs_value(button: Json) -> bool:
    match text(button, "type"):
        case "URL":
            return bool(_VARIABLE.search(text(button, "url")))
        case "COPY_CODE" | "OTP":
            return True
        case _:
            return False


def _is_code(button: Json) -> bool:
    """The button of an authentication template, which repeats the code of the body."""
    return text(button, "type") == "OTP" or "/otp/code" in text(button, "url")


def _kind(component: Mapping[str, Any]) -> str:
    return text(component, "type").upper()
