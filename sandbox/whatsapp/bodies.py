"""
What a message may look like: the shape and the limits of every type, and how the phone draws it.

Each function takes the body object of one type and returns the view (the small dict kept in the ledger). It raises
GraphError
for whatever Meta refuses. Media objects stay in the view as `media_object` until `files` has found the file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from sandbox.shapes import Json
from sandbox.whatsapp.errors import bad_parameter, bad_value, missing

MEDIA_TYPES = ("image", "video", "audio", "document", "sticker")
_EMOJI_MAX = 40


def text(body: Json) -> Json:
    """`{body, preview_url?}`"""
    value = _string(body, "body", "text['body']", 4096)
    if "preview_url" in body and not isinstance(body["preview_url"], bool):
        raise bad_parameter("Param text['preview_url'] must be a boolean.")
    return {"text": value}


def media(kind: str, body: Json) -> Json:
    """`{id | link, caption?, filename?}` with what each kind allows."""
    has_id, has_link = isinstance(body.get("id"), str | int), isinstance(body.get("link"), str)
    if has_id == has_link:
        raise bad_parameter(f"Param {kind} must have exactly one of id and link.")
    if has_link and urlsplit(str(body["link"])).scheme not in ("http", "https"):
        raise bad_parameter(f"Param {kind}['link'] is not a valid URI.")
    view: Json = {"media_object": {"kind": kind, **{key: body[key] for key in ("id", "link") if key in body}}}
    if "caption" in body:
        if kind in ("audio", "sticker"):
            raise bad_parameter(f'Unexpected key "caption" on param "{kind}".')
        view["text"] = _optional(body, "caption", f"{kind}['caption']", 1024)
    if "filename" in body:
        if kind != "document":
            raise bad_parameter(f'Unexpected key "filename" on param "{kind}".')
        view["media_object"]["name"] = _optional(body, "filename", "document['filename']", 240)
    if kind == "audio" and body.get("voice") is True:
        view["voice"] = True
    return view


def location(body: Json) -> Json:
    """`{latitude, longitude, name?, address?}`"""
    place: Json = {}
    for name, limit in (("latitude", 90.0), ("longitude", 180.0)):
        value = body.get(name)
        try:
            number = float(value) if not isinstance(value, bool | None) else None
        except (TypeError, ValueError):
            number = None
        if number is None:
            raise missing(f"location['{name}']")
        if not -limit <= number <= limit:
            raise bad_value(f"location['{name}'] is out of range")
        place[name] = number
    for name in ("name", "address"):
        if name in body:
            place[name] = _optional(body, name, f"location['{name}']", 1000)
    return {"location": place}


def contacts(body: Any) -> Json:
    """A list of cards; each needs `name.formatted_name` and one more name part."""
    if not isinstance(body, list) or not body:
        raise missing("contacts")
    if len(body) > 257:
        raise bad_value("contacts: at most 257")
    cards: list[Json] = []
    for card in body:
        name = card.get("name") if isinstance(card, dict) else None
        if not isinstance(name, dict) or not isinstance(name.get("formatted_name"), str) or not name["formatted_name"]:
            raise missing("contacts['name']['formatted_name']")
        if not any(name.get(part) for part in ("first_name", "last_name", "middle_name", "suffix", "prefix")):
            raise bad_value("contacts['name']: at least one more of first_name, last_name, middle_name, suffix, prefix")
        phones = [item.get("phone", "") for item in card.get("phones") or [] if isinstance(item, dict)]
        cards.append({"name": name["formatted_name"], "phones": phones})
    return {"contacts": cards}


def reaction(body: Json) -> Json:
    """`{message_id, emoji}`; an empty emoji takes the reaction back."""
    target = body.get("message_id")
    if not isinstance(target, str) or not target:
        raise missing("reaction['message_id']")
    emoji = body.get("emoji")
    if not isinstance(emoji, str):
        raise missing("reaction['emoji']")
    if len(emoji) > _EMOJI_MAX or (emoji.isascii() and emoji):
        raise bad_value("reaction['emoji'] must be one emoji")
    return {"reaction": {"target": target, "emoji": emoji}}


def interactive(body: Json) -> Json:
    """Buttons, lists, links, products, flows and requests."""
    kind = body.get("type")
    if not isinstance(kind, str):
        raise missing("interactive['type']")
    builder = _INTERACTIVE.get(kind)
    if builder is None:
        raise bad_parameter(f"Param interactive['type'] is not known: {kind}")
    action = body.get("action")
    if not isinstance(action, dict):
        raise missing("interactive['action']")
    view: Json = {"interactive": kind, **_header(body, kind)}
    inner = body.get("body")
    if inner is not None or kind != "product":
        if not isinstance(inner, dict):
            raise missing("interactive['body']")
        limit = 4096 if kind == "list" else 1024
        view["text"] = _length(inner.get("text"), "Body text", 1, limit)
    footer = body.get("footer")
    if footer is not None:
        if not isinstance(footer, dict):
            raise bad_parameter("Param interactive['footer'] must be an object.")
        view["footer"] = _length(footer.get("text"), "Footer text", 1, 60)
    view.update(builder(action))
    return view


def _header(body: Json, kind: str) -> Json:
    header = body.get("header")
    if header is None:
        if kind == "product_list":
            raise bad_value("Header is required for product_list.")
        return {}
    if not isinstance(header, dict) or header.get("type") not in ("text", "image", "video", "document"):
        raise bad_parameter("Param interactive['header']['type'] must be one of {TEXT, IMAGE, VIDEO, DOCUMENT}")
    sort = header["type"]
    if kind in ("list", "product_list") and sort != "text":
        raise bad_value("Header type invalid. Only text is allowed here.")
    if kind in ("product", "catalog_message", "location_request_message", "address_message"):
        raise bad_value("Header is not allowed for this interactive type.")
    if sort == "text":
        return {"header": _length(header.get("text"), "Header text", 1, 60)}
    inner = header.get(sort)
    if not isinstance(inner, dict):
        raise missing(f"interactive['header']['{sort}']")
    return {"media_object": media(sort, {key: inner[key] for key in ("id", "link") if key in inner})["media_object"]}


def _buttons(action: Json) -> Json:
    buttons = action.get("buttons")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        raise bad_value("Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3")
    found: list[Json] = []
    for button in buttons:
        reply = button.get("reply") if isinstance(button, dict) else None
        if not isinstance(reply, dict) or button.get("type") != "reply":
            raise bad_parameter("Param interactive['action']['buttons']['type'] must be one of {REPLY}")
        title = _length(reply.get("title"), "Button title", 1, 20)
        found.append({"kind": "reply", "id": _length(reply.get("id"), "Button id", 1, 256), "title": title})
    _unique([item["id"] for item in found], "Button ids")
    _unique([item["title"] for item in found], "Button titles")
    return {"buttons": found}


def _list(action: Json) -> Json:
    label = _length(action.get("button"), "Button label", 1, 20)
    sections = action.get("sections")
    if not isinstance(sections, list) or not 1 <= len(sections) <= 10:
        raise bad_value("Invalid sections count. Min allowed sections: 1, Max allowed sections: 10")
    found: list[Json] = []
    for section in sections:
        if not isinstance(section, dict):
            raise bad_parameter("Param interactive['action']['sections'] must be objects.")
        title = section.get("title")
        if title is None and len(sections) > 1:
            raise bad_value("Section title is required when there is more than one section.")
        rows = section.get("rows")
        if not isinstance(rows, list) or not rows:
            raise bad_value("Invalid rows count. Min allowed rows: 1")
        found.append(
            {
                "title": "" if title is None else _length(title, "Section title", 1, 24),
                "rows": [_row(row) for row in rows],
            }
        )
    ids = [row["id"] for section in found for row in section["rows"]]
    if len(ids) > 10:
        raise bad_value("Total row count exceed max allowed count: 10")
    _unique(ids, "Row ids")
    return {"list": {"button": label, "sections": found}}


def _row(row: Any) -> Json:
    if not isinstance(row, dict):
        raise bad_parameter("Param interactive['action']['sections']['rows'] must be objects.")
    found = {"id": _length(row.get("id"), "Row id", 1, 200), "title": _length(row.get("title"), "Row title", 1, 24)}
    if row.get("description") is not None:
        found["description"] = _length(row["description"], "Row description", 0, 72)
    return found


def _cta_url(action: Json) -> Json:
    parameters = _named(action, "cta_url")
    label = _length(parameters.get("display_text"), "display_text", 1, 20)
    url = parameters.get("url")
    if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https") or len(url) > 2000:
        raise bad_value("url is not a valid URL.")
    return {"buttons": [{"kind": "url", "title": label, "url": url}]}


def _flow(action: Json) -> Json:
    parameters = _named(action, "flow")
    if not parameters.get("flow_id") and not parameters.get("flow_name"):
        raise missing("interactive['action']['parameters']['flow_id']")
    if parameters.get("flow_message_version") != "3":
        raise bad_value("flow_message_version must be 3")
    label = _length(parameters.get("flow_cta"), "flow_cta", 1, 30)
    return {"buttons": [{"kind": "flow", "title": label, "id": str(parameters.get("flow_token", "unused"))}]}


def _catalog(action: Json) -> Json:
    if action.get("name") != "catalog_message":
        raise bad_parameter("Param interactive['action']['name'] must be catalog_message")
    return {"buttons": [{"kind": "catalog", "title": "View catalogue"}]}


def _product(action: Json) -> Json:
    if not isinstance(action.get("catalog_id"), str) or not isinstance(action.get("product_retailer_id"), str):
        raise missing("interactive['action']['product_retailer_id']")
    return {"products": [action["product_retailer_id"]]}


def _product_list(action: Json) -> Json:
    sections = action.get("sections")
    if not isinstance(action.get("catalog_id"), str) or not isinstance(sections, list) or not 1 <= len(sections) <= 10:
        raise bad_value("Invalid sections count. Min allowed sections: 1, Max allowed sections: 10")
    items = [
        item.get("product_retailer_id")
        for section in sections
        if isinstance(section, dict)
        for item in section.get("product_items") or []
        if isinstance(item, dict)
    ]
    if not items or len(items) > 30 or not all(isinstance(item, str) for item in items):
        raise bad_value("Invalid products count. Min allowed products: 1, Max allowed products: 30")
    return {"products": items}


def _request(name: str, label: str) -> Callable[[Json], Json]:
    def build(action: Json) -> Json:
        if action.get("name") != name:
            raise bad_parameter(f"Param interactive['action']['name'] must be {name}")
        return {"buttons": [{"kind": name, "title": label}]}

    return build


def _named(action: Json, name: str) -> Json:
    if action.get("name") != name:
        raise bad_parameter(f"Param interactive['action']['name'] must be {name}")
    parameters = action.get("parameters")
    if not isinstance(parameters, dict):
        raise missing("interactive['action']['parameters']")
    return parameters


_INTERACTIVE: dict[str, Callable[[Json], Json]] = {
    "button": _buttons,
    "list": _list,
    "cta_url": _cta_url,
    "flow": _flow,
    "catalog_message": _catalog,
    "product": _product,
    "product_list": _product_list,
    "location_request_message": _request("send_location", "Send location"),
    "request_contact_info": _request("request_contact_info", "Share contact info"),
    "address_message": _request("address_message", "Provide address"),
    "call_permission_request": _request("call_permission_request", "Choose preference"),
}


def _string(body: Json, key: str, name: str, limit: int) -> str:
    value = body.get(key)
    if value is None or value == "":
        raise missing(name)
    if not isinstance(value, str):
        raise bad_parameter(f"Param {name} must be a string.")
    if len(value) > limit:
        raise bad_parameter(f"Param {name} must be at most {limit} characters long.")
    if not value.strip():
        raise bad_parameter(f"Param {name} must not be blank.")
    return value


def _optional(body: Json, key: str, name: str, limit: int) -> str:
    value = body.get(key)
    if not isinstance(value, str):
        raise bad_parameter(f"Param {name} must be a string.")
    if len(value) > limit:
        raise bad_parameter(f"Param {name} must be at most {limit} characters long.")
    return value


def _length(value: Any, name: str, least: int, most: int) -> str:
    if not isinstance(value, str) or not least <= len(value) <= most or (least and not value.strip()):
        raise bad_value(f"{name} length invalid. Min length: {least}, Max length: {most}")
    return value


def _unique(values: list[str], name: str) -> None:
    if len(set(values)) != len(values):
        raise bad_value(f"{name} must be unique.")
