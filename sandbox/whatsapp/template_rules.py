"""Meta's rules for new and changed templates, each refused with its own code."""

from __future__ import annotations

import re
from typing import Any

from sandbox.shapes import Json
from sandbox.whatsapp.errors import GraphError, bad_parameter, missing
from sandbox.whatsapp.template_fill import VARIABLE, variables
from sandbox.world import World

_NAME = re.compile(r"[a-z0-9_]{1,512}")
_CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")
_MAX_BUTTONS = 10
_LABEL_CHARS = 25
_MEDIA_FORMATS = ("IMAGE", "VIDEO", "DOCUMENT")
_BUTTONS = ("QUICK_REPLY", "URL", "PHONE_NUMBER", "COPY_CODE", "FLOW", "OTP", "CATALOG", "MPM")


def refused(details: str, subcode: int) -> GraphError:
    """What Graph answers to a template that breaks a rule."""
    return GraphError(100, details, "Invalid parameter", subcode=subcode)


def check(world: World, data: Json) -> None:
    """The whole of a template; raises GraphError for the first broken rule."""
    if not isinstance(data.get("name"), str) or not _NAME.fullmatch(data["name"]):
        raise bad_parameter("Invalid parameter", "name: only lowercase letters, digits and underscores, at most 512.")
    if not isinstance(data.get("language"), str) or not data["language"]:
        raise missing("language")
    if data.get("category") not in _CATEGORIES:
        raise bad_parameter("Param category must be one of {MARKETING, UTILITY, AUTHENTICATION}")
    if data.get("parameter_format", "POSITIONAL") not in ("POSITIONAL", "NAMED"):
        raise bad_parameter("Param parameter_format must be one of {POSITIONAL, NAMED}")
    components = data.get("components")
    if not isinstance(components, list) or not components:
        raise missing("components")
    kinds = [_kind(item) for item in components]
    if kinds.count("BODY") != 1:
        raise refused("A template needs exactly one BODY.", 2388072)
    if data["category"] == "AUTHENTICATION":
        _check_authentication(dict(zip(kinds, components, strict=True)))
        return
    if "CAROUSEL" in kinds and data["category"] != "MARKETING":
        raise refused("A carousel is a marketing template.", 2388072)
    if "LIMITED_TIME_OFFER" in kinds and "FOOTER" in kinds:
        raise refused("A limited-time offer has no footer.", 2388073)
    for kind, component in zip(kinds, components, strict=True):
        _check_component(world, kind, component, data.get("parameter_format", "POSITIONAL"))


def _kind(component: Any) -> str:
    return str(component.get("type", "")).upper() if isinstance(component, dict) else ""


def _check_component(world: World, kind: str, component: Json, parameter_format: str) -> None:
    if kind == "BODY":
        _check_body(component, parameter_format, 1024)
    elif kind == "HEADER":
        _check_header(world, component)
    elif kind == "FOOTER":
        _check_text(component.get("text"), 60, 2388073)
        if variables(str(component["text"])):
            raise refused("A footer has no variables.", 2388073)
    elif kind == "BUTTONS":
        _check_buttons(component.get("buttons"), _MAX_BUTTONS)
    elif kind == "LIMITED_TIME_OFFER":
        offer = component.get("limited_time_offer")
        _check_text(offer.get("text") if isinstance(offer, dict) else None, 16, 2388040)
    elif kind == "CAROUSEL":
        _check_carousel(world, component, parameter_format)
    else:
        raise bad_parameter("Param components[type] is not known", kind)


def _check_body(component: Json, parameter_format: str, limit: int) -> None:
    _check_text(component.get("text"), limit, 2388040)
    text = str(component["text"]).strip()
    if VARIABLE.match(text) or text.endswith("}}"):
        raise refused("Variables can't be at the start or end of the template.", 2388299)
    if re.search(r"\}\}\s*\{\{", text):
        raise refused("Variables can't be next to each other.", 2388072)
    names = variables(text)
    if parameter_format == "POSITIONAL" and names != [str(at + 1) for at in range(len(names))]:
        raise refused("Variables must be {{1}}, {{2}} in order.", 2388072)
    if parameter_format == "NAMED" and any(name.isdigit() for name in names):
        raise refused("Named variables are words.", 2388072)
    if len(names) * 3 > len(VARIABLE.sub("", text).split()):
        raise refused("This template has too many variables for its length.", 2388293)
    if names and not component.get("example"):
        raise refused("Variables need an example.", 2388043)


def _check_header(world: World, component: Json) -> None:
    layout = component.get("format")
    if layout not in ("TEXT", "LOCATION", *_MEDIA_FORMATS):
        raise refused("Header format is not known.", 2388047)
    if layout == "TEXT":
        _check_text(component.get("text"), 60, 2388047)
        if len(variables(str(component["text"]))) > 1:
            raise refused("A header has at most one variable.", 2388047)
        if variables(str(component["text"])) and not component.get("example"):
            raise refused("Variables need an example.", 2388043)
    if layout in _MEDIA_FORMATS:
        example = component.get("example")
        handles = example.get("header_handle") if isinstance(example, dict) else None
        handle = str(handles[0]) if isinstance(handles, list) and len(handles) == 1 else ""
        # The seeds' own samples were never uploaded.
        if world.fact("whatsapp_handle", handle) is None and not handle.startswith("4::EXAMPLE"):
            raise refused("The header's sample file is missing or its handle is not valid.", 2388273)


def _check_carousel(world: World, component: Json, parameter_format: str) -> None:
    cards = component.get("cards")
    if not isinstance(cards, list) or not 2 <= len(cards) <= 10:
        raise refused("A carousel has 2 to 10 cards.", 2388072)
    shapes = set()
    for card in cards:
        parts = card.get("components") if isinstance(card, dict) else None
        if not isinstance(parts, list):
            raise missing("components")
        kinds = [_kind(part) for part in parts]
        if "HEADER" not in kinds or "BUTTONS" not in kinds:
            raise refused("A card needs a header and buttons.", 2388072)
        for kind, part in zip(kinds, parts, strict=True):
            if kind == "BODY":
                _check_text(part.get("text"), 160, 2388040)
            elif kind == "HEADER":
                _check_header(world, part)
            elif kind == "BUTTONS":
                _check_buttons(part.get("buttons"), 2)
            else:
                raise bad_parameter("Param components[type] is not known", kind)
        buttons = next(part["buttons"] for kind, part in zip(kinds, parts, strict=True) if kind == "BUTTONS")
        header = next(part["format"] for kind, part in zip(kinds, parts, strict=True) if kind == "HEADER")
        shapes.add((header, tuple(button["type"] for button in buttons), tuple(kinds)))
    if len(shapes) > 1:
        raise refused("All cards have the same components and kinds of buttons.", 2388072)


def _check_authentication(parts: dict[str, Json]) -> None:
    buttons = parts.get("BUTTONS", {}).get("buttons")
    if set(parts) - {"BODY", "FOOTER", "BUTTONS"} or parts["BODY"].get("text"):
        raise refused("An authentication template has Meta's own words.", 2388072)
    if not isinstance(buttons, list) or len(buttons) != 1 or buttons[0].get("type") != "OTP":
        raise refused("An authentication template has one OTP button.", 2388072)
    if buttons[0].get("otp_type") not in ("COPY_CODE", "ONE_TAP", "ZERO_TAP"):
        raise bad_parameter("Param otp_type must be one of {COPY_CODE, ONE_TAP, ZERO_TAP}")
    minutes = parts.get("FOOTER", {}).get("code_expiration_minutes")
    if minutes is not None and not 1 <= minutes <= 90:
        raise bad_parameter("Param code_expiration_minutes must be from 1 to 90")


def _check_text(value: Any, limit: int, subcode: int) -> None:
    if not isinstance(value, str) or not 1 <= len(value) <= limit:
        raise refused(f"Text of 1 to {limit} characters needed.", subcode)


def _check_buttons(buttons: Any, most: int) -> None:
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= most:
        raise bad_parameter("Invalid parameter", f"1 to {most} buttons needed.")
    kinds = [button.get("type") if isinstance(button, dict) else None for button in buttons]
    if any(kind not in _BUTTONS for kind in kinds):
        raise bad_parameter("Invalid parameter", "The kind of a button is not known.")
    if kinds.count("URL") > 2 or kinds.count("PHONE_NUMBER") > 1 or kinds.count("COPY_CODE") > 1:
        raise bad_parameter("Invalid parameter", "At most 2 URL, 1 phone and 1 copy code button.")
    quick = [at for at, kind in enumerate(kinds) if kind == "QUICK_REPLY"]
    if quick and quick[-1] - quick[0] + 1 != len(quick):
        raise bad_parameter("Invalid parameter", "Quick replies must be grouped together.")
    for button in buttons:
        _check_button(button)


def _check_button(button: Json) -> None:
    if not isinstance(button.get("text", "x"), str) or len(button.get("text", "x")) > _LABEL_CHARS:
        raise bad_parameter("Invalid parameter", f"A button's label has at most {_LABEL_CHARS} characters.")
    if button["type"] == "URL":
        url = button.get("url")
        if not isinstance(url, str) or not 1 <= len(url) <= 2000:
            raise missing("url")
        if "{{" in url and (not url.endswith("}}") or not button.get("example")):
            raise refused("A variable stands at the end of the address and needs an example.", 2388043)
    if button["type"] == "COPY_CODE" and (not button.get("example") or len(str(button["example"])) > 20):
        raise refused("A code to copy needs an example of at most 20 characters.", 2388043)
    if button["type"] == "FLOW" and not (button.get("flow_id") or button.get("flow_name")):
        raise missing("flow_id")
