"""
Our content as the text of an SMS. What SMS has no form for becomes words: a numbered menu, a link, lines of contact.

No words of our own are added: the customer's language is the author's to know.
"""

from collections.abc import Iterable

from channels.content import (
    Buttons,
    ContactCard,
    ContactRequest,
    Contacts,
    Content,
    LinkButton,
    List,
    Location,
    LocationRequest,
    MediaMessage,
    Text,
)
from channels.errors import MessageRefused


def text(content: Content) -> str:
    """The Body of the message; empty for media without a caption. Raises MessageRefused for what cannot be said."""
    match content:
        case Text(text=words) | LocationRequest(text=words) | ContactRequest(text=words):
            return words
        case MediaMessage(caption=caption):
            return caption or ""
        case Buttons():
            titles = (button.title for button in content.buttons)
            return _paragraphs(content.header, content.text, _numbered(titles), content.footer)
        case List():
            return _paragraphs(content.header, content.text, _menu(content), content.footer)
        case LinkButton():
            return _paragraphs(content.text, f"{content.label}: {content.url}")
        case Location():
            return _lines(content.name, content.address, _map_link(content))
        case Contacts(contacts=cards):
            return _paragraphs(*(_card(card) for card in cards))
        case _:
            raise MessageRefused(f"SMS cannot carry a message of the kind '{content.type}'.")


def _menu(menu: List) -> str:
    """The rows numbered through all sections, as the person answers with one number."""
    parts = [f"{menu.button}:"]
    number = 1
    for section in menu.sections:
        rows = [f"{row.title} - {row.description}" if row.description else row.title for row in section.rows]
        parts.append(_lines(section.title, _numbered(rows, number)))
        number += len(rows)
    return "\n".join(parts)


def _numbered(titles: Iterable[str], first: int = 1) -> str:
    return "\n".join(f"{number}. {title}" for number, title in enumerate(titles, first))


def _map_link(place: Location) -> str:
    return f"https://maps.google.com/?q={place.latitude:.6f},{place.longitude:.6f}"


def _card(card: ContactCard) -> str:
    return _lines(card.name, card.organisation, *card.phones, *card.emails)


def _lines(*parts: str | None) -> str:
    return "\n".join(part for part in parts if part)


def _paragraphs(*parts: str | None) -> str:
    return "\n\n".join(part for part in parts if part)
