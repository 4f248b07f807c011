"""What stands in an entry, read back: as its model, as one line, as a quote."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from channels.content import Content, preview
from inbox.timeline import Entry, Quote

_CONTENT: TypeAdapter[Content] = TypeAdapter(Content)


def parsed(content: Mapping[str, Any]) -> Content:
    """Stored content as its model."""
    return _CONTENT.validate_python(content)


def text_of(content: Mapping[str, Any] | None) -> str:
    """One line of stored content."""
    return preview(parsed(content)) if content else ""


def quote_of(entry: Entry, external_id: str | None) -> Quote:
    """What a reply shows of the entry it answers."""
    return Quote(entry.id, text_of(entry.content), entry.author.name, external_id)
