"""
Whether a content fits what a channel takes, asked before it is stored: what is too long or too many is told by field
and limit, so that whoever writes can mend it, rather than by a message that fails.

A text alone is never too long: it goes in parts (splitting.py).
"""

from collections.abc import Iterator, Sequence

from app.core.errors import FieldError, Invalid
from channels import registry
from channels.content import Buttons, ContactRequest, Content, LinkButton, List, LocationRequest, MediaMessage
from channels.contract import Capabilities, ChannelAccount, Previews
from channels.errors import MessageRefused


def require(account: ChannelAccount, content: Content) -> None:
    """Raises Invalid with every field that does not fit."""
    adapter = registry.adapter(account.kind)
    wrong = misfits(content, adapter.capabilities(account))
    if not wrong and isinstance(adapter, Previews):
        try:
            adapter.shown(account, content)
        except MessageRefused as error:
            wrong = [FieldError("content", error.message)]
    refuse(wrong)


def refuse(wrong: Sequence[FieldError]) -> None:
    if wrong:
        raise Invalid(wrong[0].message if len(wrong) == 1 else "Some fields are not right.", errors=tuple(wrong))


def misfits(content: Content, can: Capabilities) -> list[FieldError]:
    """By the channel's figures. What has variables is as long as their values will be, and not looked at."""
    return [FieldError(f"content.{field}", words) for field, words in _misfits(content, can)]


def _misfits(content: Content, can: Capabilities) -> Iterator[tuple[str, str]]:
    match content:
        case MediaMessage(caption=caption):
            yield from _long("caption", caption, can.max_caption_chars)
        case Buttons(buttons=buttons) if can.button_limits.max_buttons < len(buttons) <= can.list_limits.max_rows:
            # So many are shown as a list.
            yield from _long("text", content.text, can.list_limits.max_text_chars)
            for at, button in enumerate(buttons):
                yield from _long(f"buttons.{at}.title", button.title, can.list_limits.max_title_chars)
        case Buttons(buttons=buttons):
            limits = can.button_limits
            yield from _long("text", content.text, limits.max_text_chars)
            yield from _many("buttons", len(buttons), limits.max_buttons, "buttons")
            for at, button in enumerate(buttons):
                yield from _long(f"buttons.{at}.title", button.title, limits.max_title_chars)
        case List():
            yield from _list(content, can)
        case LinkButton():
            yield from _long("text", content.text, can.button_limits.max_text_chars)
            yield from _long("label", content.label, can.button_limits.max_title_chars)
        case LocationRequest() | ContactRequest():
            yield from _long("text", content.text, can.button_limits.max_text_chars)


def _list(content: List, can: Capabilities) -> Iterator[tuple[str, str]]:
    limits = can.list_limits
    yield from _long("text", content.text, limits.max_text_chars)
    yield from _long("button", content.button, limits.max_label_chars)
    yield from _many("sections", sum(len(section.rows) for section in content.sections), limits.max_rows, "rows")
    for at, section in enumerate(content.sections):
        yield from _long(f"sections.{at}.title", section.title, limits.max_section_chars)
        for number, row in enumerate(section.rows):
            path = f"sections.{at}.rows.{number}"
            yield from _long(f"{path}.title", row.title, limits.max_title_chars)
            yield from _long(f"{path}.description", row.description, limits.max_description_chars)


def _long(field: str, text: str | None, most: int) -> Iterator[tuple[str, str]]:
    if text and len(text) > most and "{{" not in text:
        yield field, f"This channel takes {most} characters here; these are {len(text)}."


def _many(field: str, count: int, most: int, what: str) -> Iterator[tuple[str, str]]:
    if count > most:
        yield field, f"This channel takes {most} {what}; these are {count}."
