"""parse_mode: HTML and MarkdownV2 to plain text with entities, and the server's complaints about broken markup."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from sandbox.shapes import Json
from sandbox.telegram.errors import TelegramError, bad

_TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)([^<>]*)>")
_ATTRIBUTE = re.compile(r"""([a-zA-Z-]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""")
_REFERENCE = re.compile(r"&(?:lt|gt|amp|quot|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});")
_RESERVED = "_*[]()~`>#+-=|{}.!"
_MARKS = {"*": "bold", "_": "italic", "__": "underline", "~": "strikethrough", "||": "spoiler"}
MAX_ENTITIES = 100


@dataclass(slots=True)
class _Open:
    tag: str
    start: int
    offset: int
    entity: Json


def parse(text: str, mode: str, given: list[Json] | None = None) -> tuple[str, list[Json]]:
    """Plain text and its entities; 400 `can't parse entities` when the markup is broken."""
    lowered = mode.lower()
    if not lowered:
        return text, [item for item in given or [] if isinstance(item, dict)]
    if lowered == "html":
        return _parse_html(text)
    if lowered in ("markdownv2", "markdown"):
        return _parse_markdown(text, strict=lowered == "markdownv2")
    raise bad("unsupported parse_mode")


def units(text: str) -> int:
    """Length in UTF-16 code units, in which Telegram counts offsets."""
    return len(text.encode("utf-16-le")) // 2


def _wrong(what: str) -> TelegramError:
    return bad(f"can't parse entities: {what}")


def _parse_html(source: str) -> tuple[str, list[Json]]:
    out: list[str] = []
    length = 0
    stack: list[_Open] = []
    entities: list[Json] = []
    at = 0
    while at < len(source):
        mark = source.find("<", at)
        plain = source[at:] if mark < 0 else source[at:mark]
        plain = _REFERENCE.sub(lambda match: html.unescape(match.group(0)), plain)
        out.append(plain)
        length += units(plain)
        if mark < 0:
            break
        byte = len(source[:mark].encode())
        tag = _TAG.match(source, mark)
        if tag is None:
            ends = source.find(">", mark) >= 0
            raise _wrong(
                f'Unsupported start tag "{source[mark + 1 : mark + 11]}" at byte offset {byte}'
                if ends
                else f"Unclosed start tag at byte offset {byte}"
            )
        closing, name = tag.group(1) == "/", tag.group(2).lower()
        if closing:
            if not stack:
                raise _wrong(f"Unexpected end tag at byte offset {byte}")
            opened = stack.pop()
            if name != opened.tag:
                raise _wrong(f'Unmatched end tag at byte offset {byte}, expected "</{opened.tag}>", found "</{name}>"')
            if length > opened.start:
                entities.append({**opened.entity, "offset": opened.start, "length": length - opened.start})
        else:
            if name not in _TAGS:
                raise _wrong(f'Unsupported start tag "{name}" at byte offset {byte}')
            stack.append(_Open(name, length, byte, _entity_of(name, tag.group(3), byte)))
        at = tag.end()
    if stack:
        raise _wrong(f'Can\'t find end tag corresponding to start tag "{stack[-1].tag}"')
    return "".join(out), _sorted(entities)


def _entity_of(name: str, attributes: str, byte: int) -> Json:
    values = {key.lower(): html.unescape(value.strip("\"'")) for key, value in _ATTRIBUTE.findall(attributes)}
    if name == "span" and values.get("class") != "tg-spoiler":
        raise _wrong(f'Tag "span" must have class "tg-spoiler" at byte offset {byte}')
    entity: Json = {"type": _TAGS[name]}
    if name == "a":
        entity["url"] = values.get("href", "")
    if name == "code" and values.get("class", "").startswith("language-"):
        entity["language"] = values["class"][9:]
    if name == "tg-emoji":
        entity["custom_emoji_id"] = values.get("emoji-id", "")
    return entity


def _parse_markdown(source: str, *, strict: bool) -> tuple[str, list[Json]]:
    out: list[str] = []
    length = 0
    stack: list[_Open] = []
    entities: list[Json] = []
    at = 0
    while at < len(source):
        byte = len(source[:at].encode())
        char = source[at]
        if char == "\\" and at + 1 < len(source) and ord(source[at + 1]) < 127:
            out.append(source[at + 1])
            length += 1
            at += 2
            continue
        if char == "`":
            fence = "```" if source.startswith("```", at) else "`"
            end = source.find(fence, at + len(fence))
            if end < 0:
                name = "PreCode" if fence == "```" else "Code"
                raise _wrong(f"Can't find end of {name} entity at byte offset {byte}")
            inner = source[at + len(fence) : end].replace("\\`", "`").replace("\\\\", "\\")
            kind = "pre" if fence == "```" else "code"
            if inner:
                entities.append({"type": kind, "offset": length, "length": units(inner)})
            out.append(inner)
            length += units(inner)
            at = end + len(fence)
            continue
        if char == "[":
            stack.append(_Open("[", length, byte, {"type": "text_link"}))
            at += 1
            continue
        if char == "]" and stack and stack[-1].tag == "[":
            link = re.compile(r"\]\(((?:[^()\\]|\\.)*)\)").match(source, at)
            if link is None:
                raise _wrong(f"Can't find end of a URL at byte offset {byte}")
            opened = stack.pop()
            url = re.sub(r"\\(.)", r"\1", link.group(1))
            entities.append({"type": "text_link", "offset": opened.start, "length": length - opened.start, "url": url})
            at = link.end()
            continue
        mark = next((sign for sign in ("__", "||", "*", "_", "~") if source.startswith(sign, at)), "")
        if mark and (strict or mark in ("*", "_")):
            if stack and stack[-1].tag == mark:
                opened = stack.pop()
                if length > opened.start:
                    entities.append({**opened.entity, "offset": opened.start, "length": length - opened.start})
            elif any(item.tag == mark for item in stack):
                raise _wrong(f"Can't find end of {_title(stack[-1])} entity at byte offset {stack[-1].offset}")
            else:
                stack.append(_Open(mark, length, byte, {"type": _MARKS[mark]}))
            at += len(mark)
            continue
        quote = char == ">" and (at == 0 or source[at - 1] == "\n")
        if strict and char in _RESERVED and not quote:
            raise _wrong(f"Character '{char}' is reserved and must be escaped with the preceding '\\'")
        if not quote:
            out.append(char)
            length += units(char)
        at += 1
    if stack:
        raise _wrong(f"Can't find end of {_title(stack[-1])} entity at byte offset {stack[-1].offset}")
    return "".join(out), _sorted(entities)


def _title(opened: _Open) -> str:
    return str(opened.entity["type"]).replace("_", " ").title().replace(" ", "")


def _sorted(entities: list[Json]) -> list[Json]:
    if len(entities) > MAX_ENTITIES:
        # The real server drops the surplus silently.
        entities = entities[:MAX_ENTITIES]
    return sorted(entities, key=lambda item: (item["offset"], -item["length"]))


def detect(text: str) -> list[Json]:
    """The entities that the server finds by itself in what users write: commands, links, hashtags, phone numbers."""
    found: list[Json] = []
    for kind, pattern in _FOUND:
        for match in pattern.finditer(text):
            offset = units(text[: match.start()])
            found.append({"type": kind, "offset": offset, "length": units(match.group(0))})
    return _sorted(found)


_FOUND = (
    ("bot_command", re.compile(r"(?<![\w/])/[A-Za-z0-9_]{1,32}(?:@[A-Za-z0-9_]+)?")),
    ("url", re.compile(r"https?://[^\s<>]+")),
    ("email", re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w")),
    ("hashtag", re.compile(r"(?<!\w)#\w+")),
)
