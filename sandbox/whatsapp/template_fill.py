"""Filling a template in for one message, with every mismatch refused as Meta refuses it."""

from __future__ import annotations

import re
from typing import Any

from sandbox.shapes import Json
from sandbox.whatsapp.errors import GraphError, bad_parameter

# Meta's own words in authentication templates.
AUTHENTICATION_BODY = "*{{1}}* is your verification code."
VARIABLE = re.compile(r"\{\{\s*([a-z0-9_]+)\s*\}\}")


def variables(text: str) -> list[str]:
    """The variable names in a text, each once, in order."""
    return list(dict.fromkeys(VARIABLE.findall(text)))


def fill(template: Json, components: list[Any]) -> Json:
    """
    The message a customer sees, or GraphError 132000 (count), 132012 (kind), 132018 (names), 132005 (too long).

    The result has header, text, footer, buttons, cards and offer in the form the phone draws, and `header_object` (the
    parameter object) of a header with a file, also in each card.
    """
    named = template.get("parameter_format") == "NAMED"
    return _filled(template["components"], components, named)


def _filled(definition: list[Json], components: list[Any], named: bool) -> Json:
    given: dict[str, Json] = {}
    buttons: dict[str, Json] = {}
    for component in components:
        if not isinstance(component, dict) or not isinstance(component.get("type"), str):
            raise bad_parameter("Param template['components'] must be objects with a type")
        kind = component["type"].lower()
        if kind == "button":
            buttons[str(component.get("index", ""))] = component
        elif kind in ("header", "body", "carousel", "limited_time_offer"):
            given[kind] = component
        else:
            raise bad_parameter(f"Param template['components']['type'] is not known: {kind}")
    message: Json = {"text": "", "buttons": []}
    for component in definition:
        kind = component["type"].upper()
        if kind == "BODY":
            words = component.get("text") or AUTHENTICATION_BODY
            message["text"] = _fill_text(words, _parameters(given.pop("body", None)), named, "body")
            if len(message["text"]) > 1024:
                raise GraphError(132005, "body text is longer than 1024 characters after the variables were put in")
        elif kind == "HEADER":
            message.update(_fill_header(component, _parameters(given.pop("header", None)), named))
        elif kind == "FOOTER":
            message["footer"] = component.get("text") or "This code expires soon."
        elif kind == "BUTTONS":
            message["buttons"] = [_fill_button(at, item, buttons) for at, item in enumerate(component["buttons"])]
        elif kind == "LIMITED_TIME_OFFER":
            message["offer"] = _fill_offer(component, _parameters(given.pop("limited_time_offer", None)))
        elif kind == "CAROUSEL":
            message["cards"] = _fill_cards(component["cards"], given.pop("carousel", None), named)
    for kind, component in given.items():
        if component.get("parameters") or component.get("cards"):
            raise GraphError(
                132000,
                f"{kind}: number of localizable_params ({len(component.get('parameters') or ())}) does not "
                "match the expected number of params (0)",
            )
    return message


def _fill_offer(component: Json, parameters: list[Json]) -> Json:
    offer: Json = {"text": component["limited_time_offer"]["text"]}
    if not component["limited_time_offer"].get("has_expiration"):
        return offer
    given = parameters[0].get("limited_time_offer") if len(parameters) == 1 else None
    if not isinstance(given, dict) or not isinstance(given.get("expiration_time_ms"), int):
        raise GraphError(132012, "limited_time_offer: expiration_time_ms is missing")
    return {**offer, "ends_at_ms": given["expiration_time_ms"]}


def _fill_cards(cards: list[Json], component: Json | None, named: bool) -> list[Json]:
    given = (component or {}).get("cards")
    if not isinstance(given, list) or len(given) != len(cards):
        got = len(given) if isinstance(given, list) else 0
        raise GraphError(132000, f"carousel: number of cards ({got}) does not match the template's ({len(cards)})")
    filled: list[Json] = []
    for at, card in enumerate(cards):
        one = next((item for item in given if isinstance(item, dict) and item.get("card_index") == at), None)
        if one is None or not isinstance(one.get("components"), list):
            raise bad_parameter(f"Param template['components']['cards'] lacks card_index {at}")
        filled.append(_filled(card["components"], one["components"], named))
    return filled


def _parameters(component: Json | None) -> list[Json]:
    parameters = (component or {}).get("parameters") or []
    if not isinstance(parameters, list) or not all(isinstance(item, dict) for item in parameters):
        raise bad_parameter("Param template['components']['parameters'] must be a list of objects")
    return parameters


def _fill_text(text: str, parameters: list[Json], named: bool, where: str) -> str:
    names = variables(text)
    if len(parameters) != len(names):
        raise GraphError(
            132000,
            f"{where}: number of localizable_params ({len(parameters)}) does not match the expected number of params "
            f"({len(names)})",
        )
    values: dict[str, str] = {}
    for at, parameter in enumerate(parameters):
        name = str(parameter.get("parameter_name", "")) if named else str(at + 1)
        if name not in names:
            raise GraphError(132018 if named else 132000, f"{where}: Parameter name is missing or empty: {name!r}")
        values[name] = _parameter_text(parameter, where)
    return VARIABLE.sub(lambda match: values[match.group(1)], text)


def _parameter_text(parameter: Json, where: str) -> str:
    kind = parameter.get("type")
    if kind == "text":
        value = parameter.get("text")
        if not isinstance(value, str) or not value:
            raise GraphError(132012, f"{where}: Parameter of type text is missing text value")
        if "\n" in value or "\t" in value or "     " in value:
            raise GraphError(132018, "Param text cannot have new-line/tab characters or more than 4 consecutive spaces")
        return value
    if kind in ("currency", "date_time"):
        inner = parameter.get(str(kind))
        if isinstance(inner, dict) and isinstance(inner.get("fallback_value"), str):
            return str(inner["fallback_value"])
    raise GraphError(132012, f"{where}: Parameter format does not match format in the created template")


def _fill_header(component: Json, parameters: list[Json], named: bool) -> Json:
    kind = str(component["format"]).lower()
    if kind == "text":
        return {"header": _fill_text(component["text"], parameters, named, "header")}
    if len(parameters) != 1:
        raise GraphError(132012, f"header: Format mismatch, expected {kind.upper()}, received UNKNOWN")
    if parameters[0].get("type") != kind or not isinstance(parameters[0].get(kind), dict):
        received = str(parameters[0].get("type", "unknown")).upper()
        raise GraphError(132012, f"header: Format mismatch, expected {kind.upper()}, received {received}")
    return {"header_kind": kind, "header_object": parameters[0][kind]}


def _fill_button(at: int, button: Json, given: dict[str, Json]) -> Json:
    component = given.get(str(at))
    parameters = _parameters(component)
    kind = button["type"]
    if kind == "URL":
        url = button["url"]
        if "{{" not in url:
            return {"kind": "url", "title": button["text"], "url": url}
        if component is None or component.get("sub_type") != "url" or len(parameters) != 1:
            raise GraphError(131008, f"buttons: Button at index {at} of type Url requires a parameter")
        return {
            "kind": "url",
            "title": button["text"],
            "url": VARIABLE.sub(_parameter_text(parameters[0], "buttons"), url),
        }
    if kind == "QUICK_REPLY":
        payload = button["text"]
        if component is not None:
            if component.get("sub_type") != "quick_reply" or not parameters or parameters[0].get("type") != "payload":
                raise GraphError(132012, f"buttons: Button at index {at} is a quick reply and takes a payload")
            payload = str(parameters[0].get("payload", payload))
        return {"kind": "template_reply", "id": payload, "title": button["text"]}
    if kind == "OTP":
        if component is None or component.get("sub_type") != "url" or len(parameters) != 1:
            raise GraphError(131008, f"buttons: Button at index {at} of type Url requires a parameter")
        return {
            "kind": "copy",
            "id": _parameter_text(parameters[0], "buttons"),
            "title": button.get("text", "Copy code"),
        }
    if kind == "COPY_CODE":
        if component is None or not parameters or not isinstance(parameters[0].get("coupon_code"), str):
            raise GraphError(131008, f"buttons: Button at index {at} of type CopyCode requires a coupon_code")
        return {"kind": "copy", "id": parameters[0]["coupon_code"], "title": button.get("text", "Copy code")}
    if kind == "PHONE_NUMBER":
        return {"kind": "phone", "title": button["text"], "url": f"tel:{button.get('phone_number', '')}"}
    return {"kind": "other", "title": button.get("text", kind.title())}
