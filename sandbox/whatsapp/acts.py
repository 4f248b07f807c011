"""What a customer can put into a WhatsApp message: the body for the webhook, and the view for the phone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from sandbox import media
from sandbox.accounts import WhatsAppNumber
from sandbox.customers import Customer
from sandbox.media import Media
from sandbox.shapes import ControlError, Json, number_of, text_of
from sandbox.whatsapp import files
from sandbox.world import World


@dataclass(frozen=True, slots=True)
class Act:
    """What the customer does: who, where, and the request as given."""

    world: World
    number: WhatsAppNumber
    customer: Customer
    data: Json

    def text(self, key: str, default: str = "") -> str:
        """A string member of the request."""
        return text_of(self.data, key, default)


def _text(doing: Act) -> tuple[Json, Json]:
    body = doing.text("text")
    if not body or len(body) > 65_536:
        raise ControlError("text: 1 to 65,536 characters")
    return {"type": "text", "text": {"body": body}}, {"text": body}


def stored_media(
    world: World, account: str, data: Json, default: str, life_seconds: float, media_id: str = ""
) -> Media:
    """The file of an inbound request: `media` is a sample's name, or `{sample}`, or `{base64, mime, name}`."""
    given = data.get("media", default)
    if isinstance(given, str):
        given = {"sample": given}
    if not isinstance(given, dict):
        raise ControlError("media must be a sample's name or {base64, mime, name}")
    if "base64" not in given:
        return world.add_sample(
            account, text_of(given, "sample", default), life_seconds=life_seconds, media_id=media_id
        )
    content = media.decode(text_of(given, "base64"))
    mime = text_of(given, "mime") or media.sniff(content) or "application/octet-stream"
    stored = world.add_media(
        account, content, mime, text_of(given, "name"), life_seconds=life_seconds, media_id=media_id
    )
    return replace(stored, seconds=int(number_of(given, "seconds", 0)))


def _file(kind: str, sample: str, *, voice: bool = False) -> Callable[[Act], tuple[Json, Json]]:
    def make(doing: Act) -> tuple[Json, Json]:
        found = stored_media(doing.world, doing.number.id, doing.data, sample, files.INBOUND_LIFE_SECONDS)
        content = doing.world.media.load(found) or b""
        body: Json = {"mime_type": found.mime, "sha256": media.digest(content, base=64), "id": found.id}
        body["url"] = files.url_of(doing.world, doing.world.base_url, found.id)
        view: Json = {"media": [files.shown(found, kind)]}
        caption = doing.text("text")
        if caption and kind in ("image", "video", "document"):
            body["caption"] = view["text"] = caption
        if kind == "document":
            body["filename"] = found.name or "file"
        if kind == "audio":
            body["voice"] = voice
            view["voice"] = voice
        if kind == "sticker":
            body["animated"] = media.is_animated_webp(content)
        return {"type": kind, kind: body}, view

    return make


def _location(doing: Act) -> tuple[Json, Json]:
    place: Json = {
        "latitude": number_of(doing.data, "latitude", 38.8977),
        "longitude": number_of(doing.data, "longitude", -77.0365),
    }
    for name in ("name", "address", "url"):
        if doing.text(name):
            place[name] = doing.text(name)
    return {"type": "location", "location": place}, {"location": place}


def _contacts(doing: Act) -> tuple[Json, Json]:
    given = doing.data.get("contacts")
    if not given:
        name = {"formatted_name": "Kofi Example", "first_name": "Kofi", "last_name": "Example"}
        given = [{"name": name, "phones": [{"phone": "+12025550150", "wa_id": "12025550150", "type": "CELL"}]}]
    cards = [{"origin": "other", **card} for card in given]
    shown = [
        {
            "name": card.get("name", {}).get("formatted_name", ""),
            "phones": [p.get("phone") for p in card.get("phones", [])],
        }
        for card in cards
    ]
    return {"type": "contacts", "contacts": cards}, {"contacts": shown}


def _contact_request(doing: Act) -> tuple[Json, Json]:
    """The answer to REQUEST_CONTACT_INFO: the customer's own number."""
    customer = doing.customer
    phone = {"phone": customer.phone, "wa_id": customer.wa_id, "type": "CELL"}
    card = {"origin": "contact_request", "phones": [phone]}
    shown = {"contacts": [{"name": customer.name, "phones": [customer.phone]}]}
    return {"type": "contacts", "contacts": [card]}, shown


def _reaction(doing: Act) -> tuple[Json, Json]:
    target, emoji = doing.text("target"), doing.text("emoji")
    if not target:
        raise ControlError("target is required")
    body = {"message_id": target, **({"emoji": emoji} if emoji else {})}
    entry = doing.world.ledger.find("whatsapp", target)
    if entry is not None:
        doing.world.mark(entry, customer_reaction=emoji)
    return {"type": "reaction", "reaction": body}, {"reaction": {"target": target, "emoji": emoji}}


def _interactive(kind: str) -> Callable[[Act], tuple[Json, Json]]:
    def make(doing: Act) -> tuple[Json, Json]:
        reply: Json = {"id": doing.text("button_id"), "title": doing.text("title")}
        if kind == "list_reply" and doing.text("description"):
            reply["description"] = doing.text("description")
        body = {"type": "interactive", "interactive": {"type": kind, kind: reply}}
        return body, {"text": reply["title"], "reply": reply}

    return make


def _button(doing: Act) -> tuple[Json, Json]:
    body = {"payload": doing.text("button_id"), "text": doing.text("title")}
    return {"type": "button", "button": body}, {"text": body["text"], "reply": {"id": body["payload"]}}


def _nfm_reply(doing: Act) -> tuple[Json, Json]:
    response = doing.text("response_json", '{"flow_token":"unused","rating":"5"}')
    reply = {"name": doing.text("name", "flow"), "body": "Sent", "response_json": response}
    return {"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": reply}}, {"text": "Sent a form"}


def _call_permission(doing: Act) -> tuple[Json, Json]:
    answer = doing.text("response", "accept")
    reply: Json = {"response": answer, "response_source": "user_action"}
    if answer == "accept":
        reply["expiration_timestamp"] = int(doing.world.clock.now()) + 7 * 86_400
    body = {"type": "call_permission_reply", "call_permission_reply": reply}
    return {"type": "interactive", "interactive": body}, {"text": f"Calls: {answer}"}


def _order(doing: Act) -> tuple[Json, Json]:
    items = doing.data.get("items") or [
        {"product_retailer_id": "SKU-1", "quantity": 2, "item_price": 12.5, "currency": "USD"}
    ]
    note = doing.text("text", "Please deliver today")
    body = {"catalog_id": doing.number.catalog_id, "text": note, "product_items": items}
    return {"type": "order", "order": body}, {"text": note, "order": items}


def _edit(doing: Act) -> tuple[Json, Json]:
    target, text = doing.text("target"), doing.text("text")
    entry = doing.world.ledger.find("whatsapp", target)
    if entry is None or entry.direction != "in" or not text:
        raise ControlError("edit needs target (an own message) and text")
    if entry.type in ("image", "video", "document"):
        # Only the caption can be edited; the file is named again, as Meta does.
        shown = entry.view["media"][0]
        inner: Json = {"type": entry.type, entry.type: {"id": shown["id"], "mime_type": shown["mime"], "caption": text}}
    else:
        inner = {"type": "text", "text": {"body": text}}
    doing.world.mark(entry, edited=text)
    body = {"original_message_id": target, "message": {**inner, "context": {"id": "M0"}}}
    return {"type": "edit", "edit": body}, {"edit": {"target": target, "text": text}}


def _revoke(doing: Act) -> tuple[Json, Json]:
    target = doing.text("target")
    entry = doing.world.ledger.find("whatsapp", target)
    if entry is None or entry.direction != "in":
        raise ControlError("revoke needs target, an own message")
    doing.world.mark(entry, deleted=True)
    return {"type": "revoke", "revoke": {"original_message_id": target}}, {"revoke": {"target": target}}


def _unsupported(doing: Act) -> tuple[Json, Json]:
    details = {"details": "Message type is currently not supported."}
    title = "Message type unknown"
    error = {"code": 131051, "title": title, "message": title, "error_data": details}
    body: Json = {"type": "unsupported", "errors": [error]}
    if doing.text("real_type"):
        body["unsupported"] = {"type": doing.text("real_type")}
    return body, {"note": "Something the API cannot carry (a poll, an event …)"}


def _unknown(doing: Act) -> tuple[Json, Json]:
    name = doing.text("real_type", "hologram")
    return {"type": name, name: {"depth": 3}}, {"note": f"A message of the new type “{name}”"}


def _request_welcome(doing: Act) -> tuple[Json, Json]:
    return {"type": "request_welcome"}, {"note": "Opened the chat for the first time"}


MESSAGES: dict[str, Callable[[Act], tuple[Json, Json]]] = {
    "text": _text,
    "image": _file("image", "photo"),
    "video": _file("video", "video"),
    "audio": _file("audio", "music"),
    "voice": _file("audio", "voice", voice=True),
    "document": _file("document", "document"),
    "sticker": _file("sticker", "sticker"),
    "location": _location,
    "contacts": _contacts,
    "contact_request": _contact_request,
    "reaction": _reaction,
    "button_reply": _interactive("button_reply"),
    "list_reply": _interactive("list_reply"),
    "button": _button,
    "nfm_reply": _nfm_reply,
    "call_permission_reply": _call_permission,
    "order": _order,
    "edit": _edit,
    "revoke": _revoke,
    "unsupported": _unsupported,
    "unknown": _unknown,
    "request_welcome": _request_welcome,
}
