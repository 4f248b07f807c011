"""
A gallery of templates to begin with: for each purpose words in some languages, as a draft of an approved template and,
where a contact is all that one has to know, as a content template for the other channels.

The words are in template_gallery.json; nothing of it is stored in a workspace before somebody uses it.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from channels import registry
from channels.content import Button, Buttons, LinkButton, Part, Text
from channels.contract import WritesTemplates
from channels.template_drafts import Category, DraftButton, DraftCode, TemplateDraft
from inbox import template_drafts
from inbox.content_templates import ContentWording, Sendable

Purpose = Literal["welcome", "orders", "appointments", "afterwards", "offers", "codes"]

# Whose language has none.
_EVERYBODY = "en"
_VARIABLE = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")


class Variable(Part):
    """`liquid` is where its value is known for any contact; null: only whoever sends it knows it."""

    example: str
    liquid: str | None = None


class Words(Part):
    """In one language. At most one of `replies`, `link` (with `url`) and `copy_label`."""

    body: str = ""
    footer: str = ""
    replies: tuple[str, ...] = ()
    link: str = ""
    url: str = ""
    url_example: str = ""
    copy_label: str = ""


class GalleryItem(Part):
    """`unknown` is what is said, in each language, to people without a first name."""

    id: str
    purpose: Purpose
    title: str
    about: str
    category: Category
    words: dict[str, Words]
    unknown: dict[str, str] = Field(default_factory=dict)


class _Gallery(Part):
    variables: dict[str, Variable]
    items: tuple[GalleryItem, ...]


def items() -> tuple[GalleryItem, ...]:
    """In the order in which they are shown."""
    return _gallery().items


def draft(item: GalleryItem, language: str) -> TemplateDraft:
    """Of an approved template, with examples for the review."""
    said = item.words[language]
    names = dict.fromkeys(_VARIABLE.findall(said.body))
    return TemplateDraft(
        name=item.id,
        language=language,
        category=item.category,
        body=said.body,
        examples={name: _gallery().variables[name].example for name in names},
        footer=said.footer,
        buttons=_buttons(said),
        code=DraftCode(button_text=said.copy_label) if item.category == "AUTHENTICATION" else None,
    )


def preview(draft: TemplateDraft, now: datetime) -> Mapping[str, Any]:
    """As the customer reads it: as the first channel that has templates of its own shows them."""
    adapter = next(each for each in registry.adapters().values() if isinstance(each, WritesTemplates))
    return template_drafts.reads(adapter, draft, now)


def wordings(item: GalleryItem) -> tuple[ContentWording, ...]:
    """Of a content template; none where a value is in it that is not known of every contact."""
    bodies = {language: _liquid(item, language) for language in item.words}
    if not all(bodies.values()):
        return ()
    return tuple(
        ContentWording(
            language=None if language == _EVERYBODY else language.replace("_", "-"),
            content=_content(item.words[language], body or ""),
        )
        for language, body in bodies.items()
    )


@cache
def _gallery() -> _Gallery:
    read = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    return _Gallery.model_validate(read, strict=False)


def _buttons(said: Words) -> tuple[DraftButton, ...]:
    if said.link:
        return (DraftButton(kind="url", text=said.link, url=said.url, example=said.url_example),)
    return tuple(DraftButton(kind="quick_reply", text=each) for each in said.replies)


def _liquid(item: GalleryItem, language: str) -> str | None:
    said, variables = item.words[language], _gallery().variables
    known: Mapping[str, str | None] = {name: variables[name].liquid for name in _VARIABLE.findall(said.body)}
    if not said.body or not all(known.values()) or said.url_example:
        return None
    instead = item.unknown[language]

    def value(match: re.Match[str]) -> str:
        name = known[match[1]]
        default = f' | default: "{instead}"' if match[1] == "first_name" else ""
        return f"{{{{ {name}{default} }}}}"

    return _VARIABLE.sub(value, said.body)


def _content(said: Words, body: str) -> Sendable:
    if said.link:
        return LinkButton(text=body, label=said.link, url=said.url)
    if said.replies:
        return Buttons(
            text=body, buttons=tuple(Button(id=f"b{at}", title=each) for at, each in enumerate(said.replies, 1))
        )
    return Text(text=body)
