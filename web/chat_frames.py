"""What goes over `/ws/chat`: the frames that a widget may send, and how a message looks to a visitor."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from app.core.runtime import Workspace
from channels.content import preview
from channels.contract import DeliveryStatus
from channels.livechat import payloads
from channels.livechat.payloads import MAX_TEXT_CHARS, ClientId
from inbox import contents, files

_MOST_ACKS = 50
# What stays of a page's query: where the visitor came from. The rest may hold anything about them.
_KEPT_PARAMETERS = frozenset(
    {"utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "gclid", "fbclid", "ref"}
)

_EntryId = Annotated[str, Field(min_length=1, max_length=80)]
_Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)]


class _Frame(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class PageFrame(_Frame):
    url: str = Field("", max_length=4_000)
    title: str = Field("", max_length=1_000)


class Hello(_Frame):
    """
    The first frame. `cursor` is the newest number seen of each thread, `since` the server's time when it was last
    heard, `outbox` the client ids of messages that were written and not yet confirmed.
    """

    type: Literal["hello"]
    key: str = Field(max_length=100)
    token: str | None = Field(None, max_length=100)
    identity: str | dict[str, str] | None = None
    cursor: dict[str, Annotated[float, Field(ge=0, le=2**53)]] = Field({}, max_length=10)
    since: int | None = Field(None, ge=0, le=10**14)
    page: PageFrame | None = None
    locale: str | None = Field(None, pattern=r"^[A-Za-z0-9-]{2,35}$")
    outbox: list[ClientId] = Field([], max_length=200)


class Place(_Frame):
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)


class Message(_Frame):
    """
    One of text, upload, place or choice; an upload may have a text as its caption, and be a voice note of so many
    seconds.
    """

    type: Literal["message"]
    client_id: ClientId
    text: Annotated[str, StringConstraints(strip_whitespace=True)] | None = Field(None, max_length=MAX_TEXT_CHARS)
    upload_id: _EntryId | None = None
    voice_seconds: float | None = Field(None, ge=0, le=3_600)
    location: Place | None = None
    choice_id: str | None = Field(None, max_length=256)
    reply_to: _EntryId | None = None
    page: PageFrame | None = None
    # The mark of the greeting that this answers (see web/chat_greetings.py).
    greeting: str | None = Field(None, max_length=8_000)


class Details(_Frame):
    type: Literal["details"]
    client_id: ClientId
    name: _Line | None = None
    email: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^$|^[^\s@]+@[^\s@]+\.[^\s@]+$")] | None = (
        Field(None, max_length=254)
    )


class React(_Frame):
    type: Literal["reaction"]
    client_id: ClientId
    id: _EntryId
    emoji: str = Field(max_length=16)


class Typing(_Frame):
    type: Literal["typing"]
    on: bool = True


class Acknowledge(_Frame):
    """These have arrived, or were seen."""

    type: Literal["delivered", "read"]
    ids: list[_EntryId] = Field(min_length=1, max_length=_MOST_ACKS)


class Refresh(_Frame):
    """The link to this message's file has ended."""

    type: Literal["file"]
    id: _EntryId


class Earlier(_Frame):
    """What stands in a thread before this place: a number, or a fraction between two where contacts were merged."""

    type: Literal["earlier"]
    thread: str = Field(max_length=40)
    before: float = Field(gt=0, le=2**53)


class Plain(_Frame):
    type: Literal["ping", "logout"]


HELLO: TypeAdapter[Hello] = TypeAdapter(Hello)
FRAME: TypeAdapter[Message | Details | React | Typing | Acknowledge | Refresh | Earlier | Plain] = TypeAdapter(
    Annotated[Message | Details | React | Typing | Acknowledge | Refresh | Earlier | Plain, Field(discriminator="type")]
)


def page_of(frame: PageFrame | None) -> payloads.Page | None:
    """The page a visitor writes from, without what its address tells beyond where they came from."""
    if frame is None:
        return None
    try:
        parts = urlsplit(frame.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return None
        kept = [(name, value) for name, value in parse_qsl(parts.query) if name.lower() in _KEPT_PARAMETERS]
    except ValueError:
        return None
    host = parts.netloc.rpartition("@")[2]
    url = f"{parts.scheme}://{host}{parts.path}" + (f"?{urlencode(kept)}" if kept else "")
    title = " ".join(frame.title.split())[:300]
    return payloads.Page(url=url[:2_000], title=title or None)


# --- what a visitor is shown --------------------------------------------------------------------------------------


def thread_of(contact_id: str) -> str:
    """A name for the contact that says nothing about it."""
    return hashlib.blake2b(contact_id.encode(), digest_size=6).hexdigest()


def message(ws: Workspace, entry: Mapping[str, Any], client_id: str | None, *, contact_id: str) -> dict[str, Any]:
    """An entry, in the form that screens get, as its visitor may know it; in the thread of the contact they are now."""
    author, quote = entry["author"], entry["reply_to"]
    gone = entry["deleted_at"] is not None
    return {
        "type": "message",
        "id": entry["id"],
        "thread": thread_of(contact_id),
        "seq": entry["number"],
        "revision": entry["revision"],
        "client_id": client_id,
        "from": "visitor" if entry["direction"] == "in" else "agent",
        "name": author["name"] if entry["direction"] == "out" else None,
        "at": entry["at"],
        "content": None if gone else _content(ws, entry["content"]),
        "reply_to": quote and {"id": quote["entry_id"], "text": quote["text"], "name": quote["author_name"]},
        "reactions": [{"emoji": r["emoji"], "mine": r["by"] == "contact"} for r in entry["reactions"]],
        "edited": entry["edited_at"] is not None,
        "deleted": gone,
        "seen": entry["status"] == DeliveryStatus.READ.value,
    }


def _content(ws: Workspace, content: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Only what a widget shows; kinds it does not know become their one-line text."""
    if content is None:
        return None
    match content["type"]:
        case "media":
            return {"type": "media", "media": _media(ws, content["media"]), "caption": content.get("caption")}
        case "text" | "buttons" | "list" | "link_button" | "location" | "choice":
            return dict(content)
        case "form_reply":
            return {"type": "details", "values": content.get("values", {})}
        case _:
            return {"type": "text", "text": preview(contents.parsed(content), 1_000)}


def _media(ws: Workspace, media: Mapping[str, Any]) -> dict[str, Any]:
    """With addresses that are good for an hour."""
    shown = {name: media.get(name) for name in ("kind", "name", "mime", "bytes", "width", "height", "duration_seconds")}
    for name, address in (("url", media.get("url")), ("thumb_url", media.get("thumb_url"))):
        shown[name] = files.signed_url(ws, address.removeprefix("/files/")) if address else None
    return shown
