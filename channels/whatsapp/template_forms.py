"""
Template drafts in Meta's own form and back.

Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
"""

from collections.abc import Mapping, Sequence
from typing import Any

from channels.contract import ProviderTemplate
from channels.template_drafts import (
    ButtonKind,
    DraftApp,
    DraftButton,
    DraftCard,
    DraftCode,
    DraftHeader,
    DraftOffer,
    HeaderKind,
    TemplateDraft,
)
from channels.whatsapp.shapes import Json, flag, items, obj, text, whole
from channels.whatsapp.template_filling import variables

_BUTTON_KINDS: Mapping[str, ButtonKind] = {
    "QUICK_REPLY": "quick_reply",
    "URL": "url",
    "PHONE_NUMBER": "phone",
    "COPY_CODE": "copy_code",
    "FLOW": "flow",
}
_HEADER_KINDS: Mapping[str, HeaderKind] = {
    "TEXT": "text",
    "IMAGE": "image",
    "VIDEO": "video",
    "DOCUMENT": "document",
    "LOCATION": "location",
}
_META_BUTTONS = {ours: theirs for theirs, ours in _BUTTON_KINDS.items()}


def named(draft: TemplateDraft) -> bool:
    """Whether its variables have names; numbers and names are never mixed."""
    found = (*variables(draft.body), *(variables(draft.header.text) if draft.header else ()))
    found += tuple(name for card in draft.cards for name in variables(card.body))
    return any(not name.isdigit() for name in found)


# --- ours to theirs -----------------------------------------------------------------------------------------------


def components(draft: TemplateDraft, samples: Mapping[str, str]) -> list[Json]:
    """`samples` are Meta's handles of files by ours."""
    if draft.category == "AUTHENTICATION":
        return _code(draft.code or DraftCode())
    by_name = named(draft)
    found: list[Json] = []
    if draft.header:
        found.append(_header(draft.header, draft.header_examples, samples, by_name))
    if draft.offer:
        offer = {"text": draft.offer.text, "has_expiration": draft.offer.expires}
        found.append({"type": "LIMITED_TIME_OFFER", "limited_time_offer": offer})
    found.append(_body(draft.body, draft.examples, by_name))
    if draft.footer:
        found.append({"type": "FOOTER", "text": draft.footer})
    if draft.buttons:
        found.append({"type": "BUTTONS", "buttons": [_button(button) for button in draft.buttons]})
    if draft.cards:
        found.append({"type": "CAROUSEL", "cards": [_card(card, samples, by_name) for card in draft.cards]})
    return found


def _header(header: DraftHeader, examples: Mapping[str, str], samples: Mapping[str, str], by_name: bool) -> Json:
    layout = next(theirs for theirs, ours in _HEADER_KINDS.items() if ours == header.kind)
    made: Json = {"type": "HEADER", "format": layout}
    if header.kind == "text":
        names = variables(header.text)
        made["text"] = header.text
        if names and by_name:
            made["example"] = {"header_text_named_params": _named_examples(names, examples)}
        elif names:
            made["example"] = {"header_text": [examples.get(name, "") for name in names]}
    elif header.kind != "location":
        made["example"] = {"header_handle": [header.sample or samples.get(header.file_id or "", "")]}
    return made


def _body(words: str, examples: Mapping[str, str], by_name: bool) -> Json:
    names = variables(words)
    made: Json = {"type": "BODY", "text": words}
    if names and by_name:
        made["example"] = {"body_text_named_params": _named_examples(names, examples)}
    elif names:
        made["example"] = {"body_text": [[examples.get(name, "") for name in sorted(names, key=int)]]}
    return made


def _named_examples(names: Sequence[str], examples: Mapping[str, str]) -> list[Json]:
    return [{"param_name": name, "example": examples.get(name, "")} for name in names]


def _button(button: DraftButton) -> Json:
    made: Json = {"type": _META_BUTTONS[button.kind]}
    match button.kind:
        case "copy_code":
            return made | {"example": button.example}
        case "url":
            made |= {"text": button.text, "url": button.url}
            return made | ({"example": [button.example]} if "{{" in button.url else {})
        case "phone":
            return made | {"text": button.text, "phone_number": button.phone}
        case "flow":
            made |= {"text": button.text, "flow_id": button.flow_id, "flow_action": "navigate"}
            return made | ({"navigate_screen": button.screen} if button.screen else {})
        case "quick_reply":
            return made | {"text": button.text}


def _card(card: DraftCard, samples: Mapping[str, str], by_name: bool) -> Json:
    parts = [_header(card.header, {}, samples, by_name)]
    if card.body:
        parts.append(_body(card.body, card.examples, by_name))
    return {"components": [*parts, {"type": "BUTTONS", "buttons": [_button(button) for button in card.buttons]}]}


def _code(code: DraftCode) -> list[Json]:
    button: Json = {"type": "OTP", "otp_type": code.button.upper()}
    if code.button_text:
        button["text"] = code.button_text
    if code.button != "copy_code":
        button["supported_apps"] = [app.model_dump() for app in code.apps]
    if code.button == "zero_tap":
        button["zero_tap_terms_accepted"] = True
    found: list[Json] = [{"type": "BODY", "add_security_recommendation": code.security_recommendation}]
    if code.expires_minutes:
        found.append({"type": "FOOTER", "code_expiration_minutes": code.expires_minutes})
    return [*found, {"type": "BUTTONS", "buttons": [button]}]


# --- theirs to ours -----------------------------------------------------------------------------------------------


def draft(template: ProviderTemplate) -> TemplateDraft:
    """What was submitted, to be changed or used again; parts that Parley cannot write are left out."""
    parts = {text(component, "type").upper(): component for component in template.components}
    category = template.category.upper()
    header, body = parts.get("HEADER"), parts.get("BODY", {})
    offer = obj(parts.get("LIMITED_TIME_OFFER", {}), "limited_time_offer")
    return TemplateDraft(
        name=template.name,
        language=template.language,
        category=category if category in ("MARKETING", "UTILITY", "AUTHENTICATION") else "UTILITY",
        header=_read_header(header) if header else None,
        header_examples=_examples(header or {}, "header"),
        body=text(body, "text") if category != "AUTHENTICATION" else "",
        examples=_examples(body, "body") if category != "AUTHENTICATION" else {},
        footer=text(parts.get("FOOTER", {}), "text") if category != "AUTHENTICATION" else "",
        buttons=_read_buttons(parts.get("BUTTONS", {})) if category != "AUTHENTICATION" else (),
        cards=tuple(_read_card(card) for card in items(parts.get("CAROUSEL", {}), "cards")),
        offer=DraftOffer(text=text(offer, "text"), expires=flag(offer, "has_expiration")) if offer else None,
        code=_read_code(parts) if category == "AUTHENTICATION" else None,
    )


def _read_header(header: Mapping[str, Any]) -> DraftHeader | None:
    kind = _HEADER_KINDS.get(text(header, "format") or "TEXT")
    if kind is None:
        return None
    handles = obj(header, "example").get("header_handle")
    sample = str(handles[0]) if isinstance(handles, list) and handles else None
    return DraftHeader(
        kind=kind, text=text(header, "text"), sample=sample if kind not in ("text", "location") else None
    )


def _examples(component: Mapping[str, Any], part: str) -> dict[str, str]:
    example = obj(component, "example")
    given = {text(item, "param_name"): text(item, "example") for item in items(example, f"{part}_text_named_params")}
    if given:
        return given
    values = example.get(f"{part}_text")
    if isinstance(values, list) and values and isinstance(values[0], list):
        values = values[0]
    names = variables(text(component, "text"))
    in_order = sorted(names, key=int) if all(name.isdigit() for name in names) else names
    return dict(zip(in_order, map(str, values), strict=False)) if isinstance(values, list) else {}


def _read_buttons(component: Mapping[str, Any]) -> tuple[DraftButton, ...]:
    return tuple(
        _read_button(button) for button in items(component, "buttons") if text(button, "type") in _BUTTON_KINDS
    )


def _read_button(button: Json) -> DraftButton:
    example = button.get("example")
    first = example[0] if isinstance(example, list) and example else example
    return DraftButton(
        kind=_BUTTON_KINDS[text(button, "type")],
        text=text(button, "text"),
        url=text(button, "url"),
        phone=text(button, "phone_number"),
        example=str(first) if isinstance(first, str | int) else "",
        flow_id=text(button, "flow_id"),
        screen=text(button, "navigate_screen"),
    )


def _read_card(card: Json) -> DraftCard:
    parts = {text(component, "type").upper(): component for component in items(card, "components")}
    body = parts.get("BODY", {})
    return DraftCard(
        header=_read_header(parts.get("HEADER", {"format": "IMAGE"})) or DraftHeader(kind="image"),
        body=text(body, "text"),
        examples=_examples(body, "body"),
        buttons=_read_buttons(parts.get("BUTTONS", {})),
    )


def _read_code(parts: Mapping[str, Mapping[str, Any]]) -> DraftCode:
    button = next(iter(items(parts.get("BUTTONS", {}), "buttons")), {})
    kind = text(button, "otp_type").lower()
    apps = [(text(app, "package_name"), text(app, "signature_hash")) for app in items(button, "supported_apps")]
    return DraftCode(
        button=kind if kind in ("copy_code", "one_tap", "zero_tap") else "copy_code",
        button_text=text(button, "text"),
        security_recommendation=flag(parts.get("BODY", {}), "add_security_recommendation"),
        expires_minutes=whole(parts.get("FOOTER", {}), "code_expiration_minutes", 0) or None,
        apps=tuple(DraftApp(package_name=name, signature_hash=mark) for name, mark in apps[:5]),
    )
