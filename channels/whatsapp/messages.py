"""
One element of `messages[]` as one event: what a person wrote, tapped, changed or took back.

Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

import orjson

from channels.content import (
    Choice,
    ContactCard,
    Contacts,
    Content,
    FormReply,
    Location,
    Media,
    MediaKind,
    MediaMessage,
    Order,
    OrderItem,
    Text,
    Unsupported,
)
from channels.contract import (
    AccountNotice,
    AddressChanged,
    InboundEvent,
    InboundMessage,
    MessageDeleted,
    MessageEdited,
    Reaction,
    Referral,
    Sender,
)
from channels.whatsapp.errors import describe
from channels.whatsapp.identity import Handles, address, handles, sender, with_phone
from channels.whatsapp.shapes import Json, decimal, first, flag, items, obj, plain, text, whole, words

# "User A changed from US.OLD to US.NEW": the only place where Meta tells the old id in a `system` message. The end is
# Meta's own wording; the name before it is the person's, so nothing but the end is read.
_CHANGED_FROM = re.compile(r"\bfrom ([A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}) to (\S+?)\.?\s*$")


# `key`, `at`, `timed` and `raw` of the event to make: the same for whatever kind of event it becomes.
Shared = dict[str, Any]


def event(message: Json, own: Handles, contact: Json, shared: Shared, *, echo: bool) -> InboundEvent | None:
    """The event of a message by `own` with their contact; None for what is no message at all (an opened chat)."""
    kind = text(message, "type")
    if kind == "request_welcome":
        return None
    if text(message, "group_id"):
        return _group_notice(message, shared)
    person, order_key = sender(own, contact, vouched=None if echo else shared_number(message))
    if kind == "system":
        found = _system(message, own, shared)
        if found is not None:
            return found
    if person is None:
        return _nobody(kind, shared)
    shared = shared | {"order_key": order_key}
    return _change(message, kind, person, shared, echo=echo) or _message(message, person, shared, echo=echo)


def author(message: Json, *, echo: bool) -> Handles:
    """The person: whoever wrote, or whom the business wrote to on its own phone."""
    if echo:
        return handles(text(message, "to"), text(message, "to_user_id"))
    own = handles(text(message, "from"), text(message, "from_user_id"))
    return own if own.phone else with_phone(own, shared_number(message))


def shared_number(message: Json) -> str | None:
    """The person's own number, when they answered our request for it."""
    cards = items(message, "contacts")
    if len(cards) != 1 or text(cards[0], "origin") != "contact_request":
        return None
    phones = items(cards[0], "phones")
    return handles(text(phones[0], "wa_id"), "").phone if len(phones) == 1 else None


def _change(message: Json, kind: str, person: Sender, shared: Shared, *, echo: bool) -> InboundEvent | None:
    """An edit, a removal or a reaction, if it says of which message."""
    edit, revoke, reaction = obj(message, "edit"), obj(message, "revoke"), obj(message, "reaction")
    if kind == "edit" and (target := text(edit, "original_message_id")):
        now = content(obj(edit, "message"))
        return MessageEdited(external_id=target, sender=person, content=now, echo=echo, **shared)
    if kind == "revoke" and (target := text(revoke, "original_message_id")):
        return MessageDeleted(external_id=target, sender=person, **shared)
    # A reaction made on the business's own phone is not the customer's; it stays a visible echo.
    if kind == "reaction" and not echo and (target := text(reaction, "message_id")):
        return Reaction(external_id=target, sender=person, emoji=text(reaction, "emoji", 100), **shared)
    return None


def _message(message: Json, person: Sender, shared: Shared, *, echo: bool) -> InboundMessage:
    context = obj(message, "context")
    return InboundMessage(
        external_id=text(message, "id") or shared["key"],
        sender=person,
        content=content(message),
        reply_to=text(context, "id") or None,
        forwarded=flag(context, "forwarded") or flag(context, "frequently_forwarded"),
        referral=_referral(message, context),
        echo=echo,
        **shared,
    )


def _referral(message: Json, context: Json) -> Referral | None:
    ad, product = obj(message, "referral"), obj(context, "referred_product")
    if ad:
        return Referral(
            source=text(ad, "source_type", 100) or "ad",
            source_id=text(ad, "source_id", 500) or None,
            url=text(ad, "source_url", 2000) or None,
            headline=text(ad, "headline", 500) or None,
            click_id=text(ad, "ctwa_clid", 1000) or None,
        )
    if product:
        return Referral(
            source="product",
            source_id=text(product, "product_retailer_id", 500) or None,
            payload=text(product, "catalog_id", 500) or None,
        )
    return None


# --- what is not a person's message -------------------------------------------------------------------------------


def _system(message: Json, own: Handles, shared: Shared) -> InboundEvent | None:
    """A change of number, id or device; None for kinds we do not know, which stay visible as unsupported."""
    system = obj(message, "system")
    match text(system, "type"):
        case "user_changed_number" | "customer_changed_number":
            new = handles(text(system, "wa_id") or text(system, "new_wa_id"), "").phone
            return _moved(own.phone, new, system, own.order_key, shared)
        case "user_changed_user_id":
            new = text(system, "user_id") or None
            old = text(system, "previous_user_id") or _old_user_id(text(system, "body"), new)
            # The same key as the `user_id_update` that tells the same: whichever comes second is a repeat.
            return _moved(old, new, system, old or "", shared | {"key": user_id_key(old, new)} if old else shared)
        case "customer_identity_changed":
            who = next(iter(own.values), "a customer")
            return _notice(
                shared,
                "customer_identity_changed",
                f"The WhatsApp identity of {who} changed: a new phone or a reinstalled app. "
                "Make sure of whom you talk to before you share anything private.",
            )
        case _:
            return None


def user_id_key(old: str, new: str | None) -> str:
    return f"user_id:{old}:{new}"


def _old_user_id(body: str, new: str | None) -> str | None:
    match = _CHANGED_FROM.search(body)
    return match[1] if match and match[2] == new else None


def _moved(old: str | None, new: str | None, system: Json, order_key: str, shared: Shared) -> InboundEvent:
    detail = text(system, "body", 1000) or None
    if not (old and new) or old == new:
        # Nothing is moved on a guess: a wrong move would hand one customer's history to another.
        return _notice(
            shared,
            "address_change_incomplete",
            f"WhatsApp told of a changed number or id, but not of both sides of it: {detail or 'no details'}",
        )
    return AddressChanged(**shared, order_key=order_key, old=address(old), new=address(new), detail=detail)


def _group_notice(message: Json, shared: Shared) -> AccountNotice:
    # One key a group, so that a busy group is one notice and not hundreds.
    return AccountNotice(
        **(shared | {"key": f"group:{text(message, 'group_id')}"}),
        severity="info",
        code="group_message",
        message="A message came from a WhatsApp group. Parley answers people, not groups; its messages are not shown.",
    )


def _nobody(kind: str, shared: Shared) -> AccountNotice:
    return _notice(
        shared,
        "sender_unknown",
        f"WhatsApp passed on a message ({kind[:100] or 'no type'}) without saying who wrote it.",
    )


def _notice(shared: Shared, code: str, message: str) -> AccountNotice:
    return AccountNotice(**shared, severity="warning", code=code, message=message)


# --- contents -----------------------------------------------------------------------------------------------------


def content(message: Json) -> Content:
    """What a message says; what we cannot read is Unsupported, never an error."""
    kind = text(message, "type")
    reader = _READERS.get(kind)
    return (reader(message) if reader else None) or _unsupported(message, kind)


def _unsupported(message: Json, kind: str) -> Unsupported:
    error = first(items(message, "errors"))
    detail = words(
        describe(error),
        "Ask them to send it again." if whole(error, "code", 0) == 131052 else None,
        text(obj(message, "system"), "body", 1000),
        # Of an echo: which emoji the business put under the message.
        text(obj(message, "reaction"), "emoji", 100),
    )
    what = text(obj(message, "unsupported"), "type", 100) or (kind if len(kind) <= 100 else kind[:100])
    return Unsupported(what=what or "unknown", detail=detail)


def _text(message: Json) -> Content | None:
    body = text(obj(message, "text"), "body", 100_000)
    return Text(text=body) if body else None


def _media(message: Json) -> Content:
    kind = text(message, "type")
    file = obj(message, kind)
    handle = text(file, "id")
    ours = "voice" if kind == "audio" and flag(file, "voice") else kind
    # The direct `url` is left out on purpose: it lives for minutes, the id for seven days.
    source = {name: value for name in ("id", "sha256") if (value := text(file, name, 500))}
    media = Media(
        kind=cast(MediaKind, ours),
        state="pending" if handle else "failed",
        error=None if handle else describe(first(items(message, "errors"))) or "WhatsApp did not pass on the file.",
        name=text(file, "filename", 500) or None,
        mime=text(file, "mime_type", 200) or None,
        source=source if handle else None,
    )
    return MediaMessage(media=media, caption=text(file, "caption", 4096) or None)


def _location(message: Json) -> Content | None:
    place = obj(message, "location")
    latitude, longitude = decimal(place, "latitude"), decimal(place, "longitude")
    if latitude is None or longitude is None or not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    return Location(
        latitude=latitude,
        longitude=longitude,
        name=text(place, "name", 1000) or None,
        address=text(place, "address", 1000) or None,
    )


def _contacts(message: Json) -> Content | None:
    cards = tuple(_card(item) for item in items(message, "contacts"))
    return Contacts(contacts=cards) if cards else None


def _card(item: Json) -> ContactCard:
    name = obj(item, "name")
    phones = tuple(
        number
        for phone in items(item, "phones")
        if (number := text(phone, "phone", 100) or (handles(text(phone, "wa_id"), "").phone or ""))
    )
    emails = tuple(email for entry in items(item, "emails") if (email := text(entry, "email", 320)))
    shown = text(name, "formatted_name", 1000) or text(name, "first_name", 1000)
    return ContactCard(
        name=shown or next(iter(phones), "") or next(iter(emails), "Contact"),
        phones=phones,
        emails=emails,
        organisation=text(obj(item, "org"), "company", 1000) or None,
    )


def _interactive(message: Json) -> Content | None:
    answer = obj(message, "interactive")
    match text(answer, "type"):
        case "button_reply" | "list_reply" as kind:
            return _choice(obj(answer, kind))
        case "nfm_reply":
            return _form(obj(answer, "nfm_reply"))
        case "call_permission_reply":
            response = text(obj(answer, "call_permission_reply"), "response", 100)
            return Choice(id=f"call_permission_{response}", title=f"Calls: {response}") if response else None
        case _:
            return None


def _choice(reply: Json) -> Content | None:
    chosen, title = text(reply, "id", 1000), text(reply, "title", 1000)
    if not (chosen or title):
        return None
    return Choice(id=chosen or title, title=title or chosen, description=text(reply, "description", 1000) or None)


def _form(reply: Json) -> Content:
    """A submitted Flow or address; the values come as a JSON text that need not hold an object."""
    encoded = text(reply, "response_json")
    try:
        values = plain(orjson.loads(encoded))
    except orjson.JSONDecodeError:
        values = encoded
    name = text(reply, "name", 200) or None
    return FormReply(name=name, values=values if isinstance(values, dict) else {"response": values} if values else {})


def _button(message: Json) -> Content | None:
    button = obj(message, "button")
    return _choice({"id": button.get("payload") or button.get("text"), "title": button.get("text")})


def _order(message: Json) -> Content | None:
    order = obj(message, "order")
    if not order:
        return None
    return Order(
        catalogue_id=text(order, "catalog_id", 200) or None,
        text=text(order, "text", 10_000) or None,
        items=tuple(
            OrderItem(
                product_id=text(item, "product_retailer_id", 500),
                quantity=whole(item, "quantity", 1),
                price=text(item, "item_price", 100) or None,
                currency=text(item, "currency", 10) or None,
            )
            for item in items(order, "product_items")
        ),
    )


_READERS: Mapping[str, Callable[[Json], Content | None]] = {
    "text": _text,
    "image": _media,
    "video": _media,
    "audio": _media,
    "document": _media,
    "sticker": _media,
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "button": _button,
    "order": _order,
}
