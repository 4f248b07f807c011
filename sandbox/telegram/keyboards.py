"""Reply markups: inline keyboards, reply keyboards, their limits, and how the phone draws them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from sandbox.shapes import Json
from sandbox.telegram.errors import bad

_MAX_BUTTONS = 100
_INLINE_ACTIONS = (
    "callback_data", "url", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat", "copy_text", "pay", "callback_game",
)  # fmt: skip


def check(markup: Any, *, inline_only: bool = False) -> Json:
    """The view members of a markup: `inline`, `keyboard`, `remove_keyboard`; 400 for a markup the server refuses."""
    if markup is None:
        return {}
    if not isinstance(markup, dict):
        raise bad("object expected as reply markup")
    if "inline_keyboard" in markup:
        return {"inline": [[_inline(button) for button in row] for row in _rows(markup["inline_keyboard"])]}
    if inline_only:
        raise bad("inline keyboard expected")
    if "keyboard" in markup:
        placeholder = markup.get("input_field_placeholder", "")
        if not isinstance(placeholder, str) or len(placeholder) > 64:
            raise bad("input field placeholder is too long")
        rows = [[_reply(button) for button in row] for row in _rows(markup["keyboard"])]
        return {"keyboard": rows, "one_time": bool(markup.get("one_time_keyboard"))}
    if markup.get("remove_keyboard"):
        return {"remove_keyboard": True}
    if markup.get("force_reply"):
        return {"force_reply": True}
    raise bad("can't parse reply keyboard markup JSON object")


def _rows(value: Any) -> list[list[Any]]:
    if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
        raise bad("can't parse reply keyboard markup JSON object")
    if sum(len(row) for row in value) > _MAX_BUTTONS:
        raise bad("REPLY_MARKUP_TOO_LONG")
    if any(len(row) > 8 for row in value):
        raise bad("BUTTON_ROW_TOO_LONG")
    return value


def _inline(button: Any) -> Json:
    if not isinstance(button, dict) or not isinstance(button.get("text"), str):
        raise bad('can\'t parse inline keyboard button: Field "text" must be of type String')
    if not button["text"].strip():
        raise bad("inline keyboard button text is empty")
    actions = [name for name in _INLINE_ACTIONS if name in button]
    if len(actions) != 1:
        raise bad("Text buttons are unallowed in the inline keyboard")
    name = actions[0]
    shown: Json = {"title": button["text"], "kind": name}
    if name == "callback_data":
        data = button["callback_data"]
        if not isinstance(data, str) or not 1 <= len(data.encode()) <= 64:
            raise bad("BUTTON_DATA_INVALID")
        shown["id"] = data
    elif name == "url":
        url = button["url"]
        if not isinstance(url, str) or not _is_link(url):
            raise bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
        shown["url"] = url
    elif name == "copy_text":
        text = button["copy_text"].get("text") if isinstance(button["copy_text"], dict) else None
        if not isinstance(text, str) or not 1 <= len(text) <= 256:
            raise bad("BUTTON_COPY_TEXT_INVALID")
        shown["id"] = text
    elif name == "web_app":
        url = button["web_app"].get("url") if isinstance(button["web_app"], dict) else None
        if not isinstance(url, str) or not url.startswith("https://"):
            raise bad("inline keyboard button Web App URL is invalid: Only HTTPS links are allowed")
        shown["url"] = url
    return shown


def _is_link(url: str) -> bool:
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme == "tg":
        return True
    host = parts.hostname or ""
    return parts.scheme in ("http", "https") and ("." in host or host == "localhost") and " " not in url


def _reply(button: Any) -> Json:
    if isinstance(button, str):
        button = {"text": button}
    if not isinstance(button, dict) or not isinstance(button.get("text"), str) or not button["text"]:
        raise bad('can\'t parse keyboard button: Field "text" must be of type String')
    asks = [name for name in ("request_contact", "request_location") if button.get(name)]
    return {"title": button["text"], "kind": asks[0] if asks else "text"}
