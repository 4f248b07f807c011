"""
What a message says: one content model for every channel, in and out.

The same classes validate the API, are stored on the timeline, and are rendered by each adapter to its channel's
richest form. Lengths here are the widest that any channel takes; a channel's own limits are in its Capabilities.
"""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictFloat, StrictInt

MediaKind = Literal["image", "video", "audio", "voice", "document", "sticker"]


def _type_is_said(schema: dict[str, Any]) -> None:
    """The type tells contents apart, so whoever writes one says it, although our own code need not."""
    if "type" in schema["properties"]:
        schema["required"] = ["type", *schema.get("required", ())]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=_type_is_said)


class Text(Part):
    type: Literal["text"] = "text"
    text: str = Field(min_length=1, max_length=100_000)


class Media(Part):
    """
    A file. Inbound it starts `pending` with the provider's `source`; the media job fetches it into our own store and
    sets `file_id`. Outbound it always has a `file_id`.
    """

    kind: MediaKind
    state: Literal["pending", "ready", "failed"] = "ready"
    error: str | None = None
    file_id: str | None = None
    name: str | None = None
    mime: str | None = None
    bytes: StrictInt | None = None
    width: StrictInt | None = None
    height: StrictInt | None = None
    duration_seconds: StrictFloat | None = None
    thumbnail_id: str | None = None
    # The provider's handle (media id, file id or URL); never leaves the server.
    source: dict[str, Any] | None = None


class MediaMessage(Part):
    type: Literal["media"] = "media"
    media: Media
    caption: str | None = Field(None, max_length=4096)


class Location(Part):
    type: Literal["location"] = "location"
    latitude: StrictFloat = Field(ge=-90, le=90)
    longitude: StrictFloat = Field(ge=-180, le=180)
    name: str | None = Field(None, max_length=1000)
    address: str | None = Field(None, max_length=1000)


class ContactCard(Part):
    name: str = Field(max_length=1000)
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    organisation: str | None = None


class Contacts(Part):
    type: Literal["contacts"] = "contacts"
    contacts: tuple[ContactCard, ...] = Field(min_length=1)


class Button(Part):
    id: str = Field(min_length=1, max_length=256)
    title: str = Field(min_length=1, max_length=100)


class Buttons(Part):
    """A text with buttons to tap; the tap comes back as a Choice."""

    type: Literal["buttons"] = "buttons"
    text: str = Field(min_length=1, max_length=4096)
    header: str | None = Field(None, max_length=60)
    footer: str | None = Field(None, max_length=60)
    buttons: tuple[Button, ...] = Field(min_length=1, max_length=10)


class Row(Part):
    id: str = Field(min_length=1, max_length=200)
    title: str = Field(min_length=1, max_length=100)
    description: str | None = Field(None, max_length=200)


class Section(Part):
    title: str | None = Field(None, max_length=100)
    rows: tuple[Row, ...] = Field(min_length=1, max_length=10)


class List(Part):
    """A text with a menu of rows; the choice comes back as a Choice."""

    type: Literal["list"] = "list"
    text: str = Field(min_length=1, max_length=4096)
    header: str | None = Field(None, max_length=60)
    footer: str | None = Field(None, max_length=60)
    button: str = Field(min_length=1, max_length=100)
    sections: tuple[Section, ...] = Field(min_length=1, max_length=10)


class LinkButton(Part):
    type: Literal["link_button"] = "link_button"
    text: str = Field(min_length=1, max_length=4096)
    label: str = Field(min_length=1, max_length=100)
    url: str = Field(pattern=r"^https?://", max_length=2000)


class LocationRequest(Part):
    type: Literal["location_request"] = "location_request"
    text: str = Field(min_length=1, max_length=4096)


class ContactRequest(Part):
    """Asks the person to share their phone number."""

    type: Literal["contact_request"] = "contact_request"
    text: str = Field(min_length=1, max_length=4096)


class CardParameters(Part):
    """Values for one card of a carousel: the file at its head, its variables by key, its buttons by index."""

    header_file_id: str | None = None
    body: dict[str, str] = {}
    buttons: dict[str, str] = {}


class TemplateParameters(Part):
    """
    Values for a template's variables: `body` and `header` by key (`1`, `first_name`), buttons by index; `cards` in the
    order of the carousel; `offer_ends_at` for an offer that counts down.
    """

    header: dict[str, str] = {}
    header_file_id: str | None = None
    body: dict[str, str] = {}
    buttons: dict[str, str] = {}
    cards: tuple[CardParameters, ...] = Field((), max_length=10)
    offer_ends_at: AwareDatetime | None = None


class CardPreview(Part):
    """A card of a carousel as the customer sees it; `header` is the kind of its file."""

    header: str | None = None
    file_id: str | None = None
    body: str = ""
    buttons: tuple[str, ...] = ()


class OfferPreview(Part):
    """The box of a limited-time offer; `code` is what its button copies."""

    text: str
    ends_at: AwareDatetime | None = None
    code: str | None = None


class TemplatePreview(Part):
    """The template as the customer reads it, rendered when it was sent."""

    header: str | None = None
    body: str = ""
    footer: str | None = None
    buttons: tuple[str, ...] = ()
    cards: tuple[CardPreview, ...] = ()
    offer: OfferPreview | None = None


class Template(Part):
    """
    An approved text, sent by name; the only thing a channel with a reply window takes outside it.

    The client names it and gives values; the server fills `components` (the provider's own definition) and `preview`.
    """

    type: Literal["template"] = "template"
    name: str = Field(min_length=1, max_length=512)
    language: str = Field(min_length=2, max_length=20)
    parameters: TemplateParameters = TemplateParameters()
    preview: TemplatePreview | None = None
    components: tuple[dict[str, Any], ...] = ()


class Choice(Part):
    """The person tapped a button or a row, ours or a template's."""

    type: Literal["choice"] = "choice"
    id: str
    title: str
    description: str | None = None


class OrderItem(Part):
    product_id: str
    quantity: StrictInt
    price: str | None = None
    currency: str | None = None


class Order(Part):
    """A cart from the channel's catalogue. Prices are the client's claim."""

    type: Literal["order"] = "order"
    catalogue_id: str | None = None
    text: str | None = None
    items: tuple[OrderItem, ...] = ()


class FormReply(Part):
    """A submitted form (a WhatsApp Flow or address); `values` as the provider decoded them."""

    type: Literal["form_reply"] = "form_reply"
    name: str | None = None
    values: dict[str, Any] = {}


class Unsupported(Part):
    """Something the provider sent that Parley does not know: kept, and shown as what it is."""

    type: Literal["unsupported"] = "unsupported"
    what: str
    detail: str | None = None


Content = Annotated[
    Text
    | MediaMessage
    | Location
    | Contacts
    | Buttons
    | List
    | LinkButton
    | LocationRequest
    | ContactRequest
    | Template
    | Choice
    | Order
    | FormReply
    | Unsupported,
    Field(discriminator="type"),
]


def preview(content: Content | None, limit: int = 140) -> str:
    """One line for a list row; at most `limit` characters."""
    line = " ".join(_line(content).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _line(content: Content | None) -> str:
    match content:
        case Text(text=text) | Buttons(text=text) | List(text=text) | LinkButton(text=text):
            return text
        case LocationRequest(text=text) | ContactRequest(text=text):
            return text
        case MediaMessage(media=media, caption=caption):
            return caption or (media.name if media.kind == "document" and media.name else media.kind.capitalize())
        case Location():
            # Lists of conversations are read by colleagues who do not see where people are.
            return "Location"
        case Contacts(contacts=contacts):
            return ", ".join(card.name for card in contacts)
        case Template(name=name, preview=shown):
            return (shown.body if shown else "") or name
        case Choice(title=title):
            return title
        case Order(items=items):
            return f"Order of {sum(item.quantity for item in items)} items"
        case FormReply(name=name):
            return f"Form: {name or 'answered'}"
        case Unsupported(what=what):
            return f"Unsupported message ({what})"
        case _:
            return ""
