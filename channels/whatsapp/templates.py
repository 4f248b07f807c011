"""
Templates: reading Meta's list, showing one with its values, and filling one in to send.

A template's components are kept in Meta's own form; its variables are `{{1}}` or `{{first_name}}`, never both.
Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from channels.content import Template
from channels.contract import ChannelAccount, ChannelIO, ProviderTemplate
from channels.errors import TemplateRefused
from channels.graph import call
from channels.whatsapp.notices import language
from channels.whatsapp.shapes import Json, items, obj, text

FIELDS = "id,name,status,category,language,components,quality_score,rejected_reason,parameter_format"
PAGE_SIZE = 100
# Meta allows 6,000 templates an account; an endless chain of pages is a fault, not a list.
MAX_PAGES = 100

_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_MEDIA_FORMATS = ("IMAGE", "VIDEO", "DOCUMENT")
_LOCATION_KEYS = ("latitude", "longitude", "name", "address")
# Parts that need more than texts and one file; a send without them would be refused by Meta less clearly.
_NOT_FILLED = frozenset({"CAROUSEL", "LIMITED_TIME_OFFER"})


# --- the list -----------------------------------------------------------------------------------------------------


async def listed(io: ChannelIO, account: ChannelAccount) -> Sequence[ProviderTemplate]:
    """All templates, page by page. Raises GraphRefusal and SendError."""
    found: list[ProviderTemplate] = []
    params = {"fields": FIELDS, "limit": str(PAGE_SIZE)}
    for _ in range(MAX_PAGES):
        page = await call(
            io,
            account.secrets.get("access_token", ""),
            "GET",
            f"{account.config.get('waba_id')}/message_templates",
            params=params,
        )
        found.extend(template(row) for row in items(page, "data") if text(row, "name"))
        paging = obj(page, "paging")
        after = text(obj(paging, "cursors"), "after")
        if not (after and text(paging, "next")):
            break
        params = params | {"after": after}
    return found


def template(row: Json) -> ProviderTemplate:
    """One row of the list."""
    reason = text(row, "rejected_reason")
    return ProviderTemplate(
        external_id=text(row, "id"),
        name=text(row, "name"),
        language=language(text(row, "language")),
        category=text(row, "category"),
        status=text(row, "status"),
        quality=text(obj(row, "quality_score"), "score") or None,
        components=tuple(items(row, "components")),
        parameter_format=text(row, "parameter_format") or "POSITIONAL",
        rejected_reason=None if reason in ("", "NONE") else reason,
    )


# --- the preview --------------------------------------------------------------------------------------------------


def preview(shown: ProviderTemplate, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """
    `{header, body, footer, buttons, missing}` as the customer reads it; an unfilled variable stays as `{{1}}`.

    `parameters` has the keys of TemplateParameters; `missing` names values the same way (`body.1`, `header.file`).
    """
    parts = {_kind(component): component for component in shown.components}
    header = parts.get("HEADER", {})
    texts = {name: _values(parameters, name) for name in ("header", "body", "buttons")}
    return {
        "header": _header_text(header, texts["header"]),
        "body": _filled(text(parts.get("BODY", {}), "text"), texts["body"]),
        "footer": text(parts.get("FOOTER", {}), "text") or None,
        "buttons": [text(button, "text") for button in items(parts.get("BUTTONS", {}), "buttons")],
        "missing": list(_missing(shown.components, texts, has_file=bool(parameters.get("header_file_id")))),
    }


def _header_text(header: Mapping[str, Any], values: Mapping[str, str]) -> str | None:
    """The header's text, or which kind of thing stands there."""
    layout = text(header, "format")
    if layout in ("", "TEXT"):
        return _filled(text(header, "text"), values) or None
    return layout.capitalize()


def _filled(pattern: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: values.get(match[1]) or match[0], pattern)


def _missing(components: Sequence[Mapping[str, Any]], texts: Mapping[str, Json], *, has_file: bool) -> Iterator[str]:
    for component in components:
        match _kind(component):
            case "HEADER" if text(component, "format") in _MEDIA_FORMATS:
                if not has_file:
                    yield "header.file"
            case "HEADER" if text(component, "format") == "LOCATION":
                yield from _empty("header", _LOCATION_KEYS, texts["header"])
            case "HEADER" | "BODY" as part:
                yield from _empty(part.lower(), variables(text(component, "text")), texts[part.lower()])
            case "BUTTONS":
                needed = (
                    str(index)
                    for index, button in enumerate(items(component, "buttons"))
                    if _needs_value(button) and not _is_code(button)
                )
                yield from _empty("buttons", needed, texts["buttons"])


def _empty(part: str, names: Iterable[str], values: Mapping[str, str]) -> Iterator[str]:
    return (f"{part}.{name}" for name in names if not str(values.get(name) or "").strip())


def variables(pattern: str) -> tuple[str, ...]:
    """The variables of a text, each once, in order."""
    return tuple(dict.fromkeys(_VARIABLE.findall(pattern)))


# --- sending ------------------------------------------------------------------------------------------------------


def build(content: Template, media_id: str | None) -> Json:
    """The `template` object of a send. Raises TemplateRefused when a value is missing or a part cannot be filled."""
    components = content.components
    given = content.parameters
    texts: dict[str, Json] = {"header": given.header, "body": given.body, "buttons": given.buttons}
    unfit = sorted({_kind(component) for component in components} & _NOT_FILLED)
    if unfit:
        raise TemplateRefused(f"Parley cannot fill the part {', '.join(unfit)} of the template '{content.name}' yet.")
    missing = list(_missing(components, texts, has_file=media_id is not None))
    if missing:
        raise TemplateRefused(f"The template '{content.name}' lacks values: {', '.join(missing)}.")
    filled = [part for component in components for part in _component(component, texts, media_id)]
    body: Json = {"name": content.name, "language": {"code": content.language}}
    return body | {"components": filled} if filled else body


def _component(component: Json, texts: Mapping[str, Json], media_id: str | None) -> Iterator[Json]:
    """What one component of the definition needs in the message; most need nothing."""
    match _kind(component):
        case "HEADER" if (layout := text(component, "format")) in _MEDIA_FORMATS:
            yield {"type": "header", "parameters": [{"type": layout.lower(), layout.lower(): {"id": media_id}}]}
        case "HEADER" if text(component, "format") == "LOCATION":
            place = {name: texts["header"][name] for name in _LOCATION_KEYS}
            yield {"type": "header", "parameters": [{"type": "location", "location": place}]}
        case "HEADER" | "BODY" as part:
            parameters = _text_parameters(text(component, "text"), texts[part.lower()])
            if parameters:
                yield {"type": part.lower(), "parameters": parameters}
        case "BUTTONS":
            for index, button in enumerate(items(component, "buttons")):
                value = texts["buttons"].get(str(index)) or (_code(texts) if _is_code(button) else None)
                if value:
                    yield from _button(button, index, value)


def _text_parameters(pattern: str, values: Mapping[str, str]) -> list[Json]:
    names = variables(pattern)
    if all(name.isdigit() for name in names):
        # Positional values are told apart by their place alone.
        return [{"type": "text", "text": values[name]} for name in sorted(names, key=int)]
    return [{"type": "text", "parameter_name": name, "text": values[name]} for name in names]


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


def _code(texts: Mapping[str, Json]) -> str | None:
    return texts["body"].get("1")


def _kind(component: Mapping[str, Any]) -> str:
    return text(component, "type").upper()


def _values(parameters: Mapping[str, Any], name: str) -> Json:
    given = parameters.get(name)
    return {str(key): str(value) for key, value in given.items()} if isinstance(given, Mapping) else {}
