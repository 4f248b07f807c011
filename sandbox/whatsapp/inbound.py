"""
What a customer does on WhatsApp, turned into the webhook Meta would send.

`prepare` builds the webhook values and writes the ledger; `act` posts them one by one, `batch` several in one POST.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sandbox.accounts import WhatsAppNumber
from sandbox.customers import Customer
from sandbox.ledger import Entry
from sandbox.shapes import ControlError, Json, flag_of, number_of, object_of, text_of
from sandbox.whatsapp import hooks, statuses
from sandbox.whatsapp.acts import MESSAGES, Act
from sandbox.whatsapp.messages import new_wamid
from sandbox.world import World


@dataclass(slots=True)
class Event:
    """One change of a webhook: its field, its value and the ledger entry behind it, if any."""

    field: str
    value: Json
    entry: Entry | None = None


def act(world: World, number: WhatsAppNumber, customer: Customer, data: Json) -> list[str]:
    """Do it; returns the provider's ids (empty for acts without a message)."""
    events = prepare(world, number, customer, data)
    for event in events:
        _post(world, number, customer.id, event)
    return [event.entry.provider_id for event in events if event.entry is not None]


def batch(world: World, number: WhatsAppNumber, items: list[Json], layout: str) -> list[str]:
    """
    Several things in one POST.

    `layout`: `messages` puts all messages into one value, `changes` gives each its change, `entries` each its
    entry. An item is an inbound request with `customer`, or `{status, message, code?}`.
    """
    events: list[Event] = []
    for item in items:
        if "status" in item:
            events.append(_status_event(world, item))
        else:
            events.extend(prepare(world, number, world.customer(text_of(item, "customer")), item))
    seqs = tuple(event.entry.seq for event in events if event.entry is not None)
    if layout == "messages":
        changes = [_change(number, event) for event in _joined(events)]
        entries = [{"id": number.waba_id, "changes": changes}]
    elif layout == "changes":
        entries = [{"id": number.waba_id, "changes": [_change(number, event) for event in events]}]
    elif layout == "entries":
        entries = [{"id": number.waba_id, "changes": [_change(number, event)]} for event in events]
    else:
        raise ControlError("layout must be messages, changes or entries")
    hooks.post(world, number, hooks.envelope(entries), customer="batch", seqs=seqs)
    return [event.entry.provider_id for event in events if event.entry is not None and event.entry.direction == "in"]


def resume(world: World) -> None:
    """After a restart: send again what the business never acknowledged."""
    for entry in world.ledger.after(0):
        if entry.channel == "whatsapp" and entry.wire is not None and entry.direction == "in":
            number = world.account("whatsapp", entry.account, WhatsAppNumber)
            if number is not None:
                _post(world, number, entry.customer, Event(entry.wire["field"], entry.wire["value"], entry))


def prepare(world: World, number: WhatsAppNumber, customer: Customer, data: Json) -> list[Event]:
    """The events of one act, already in the ledger."""
    kind = text_of(data, "type", "text")
    doing = Act(world, number, customer, data)
    special = _SPECIAL.get(kind)
    if special is not None:
        return special(doing)
    maker = MESSAGES.get(kind)
    if maker is None:
        raise ControlError(f"WhatsApp customers cannot do that: {kind}")
    content, view = maker(doing)
    return [_message(doing, content, view)]


def _post(world: World, number: WhatsAppNumber, customer: str, event: Event) -> None:
    payload = hooks.envelope([{"id": number.waba_id, "changes": [_change(number, event)]}])
    hooks.post(world, number, payload, customer=customer, seqs=(event.entry.seq,) if event.entry else ())


def _change(number: WhatsAppNumber, event: Event) -> Json:
    return hooks.change(number, event.value, event.field)


def _joined(events: list[Event]) -> list[Event]:
    """Values of the field `messages` put together, everything else after them."""
    merged: Json = {}
    rest: list[Event] = []
    for event in events:
        if event.field != "messages":
            rest.append(event)
            continue
        for key, items in event.value.items():
            merged.setdefault(key, []).extend(item for item in items if item not in merged.get(key, []))
    return [Event("messages", merged), *rest] if merged else rest


def _status_event(world: World, item: Json) -> Event:
    entry = world.ledger.find("whatsapp", text_of(item, "message"))
    if entry is None:
        raise ControlError("no such message", 404)
    code = int(number_of(item, "code", 0)) or None
    status = text_of(item, "status")
    world.note_status(entry, status, code)
    return Event("messages", statuses.value_of(world, entry, status, code), entry)


# --- the common parts of a message ---


def _message(doing: Act, content: Json, view: Json, *, opens_window: bool = True) -> Event:
    """Wrap a body into a message, note it and open the reply window."""
    world, number, customer = doing.world, doing.number, doing.customer
    item: Json = {**_sender(customer), "id": doing.text("id") or new_wamid(), "timestamp": str(int(world.clock.now()))}
    context = _context(doing, view)
    if context:
        item["context"] = context
    item.update(content)
    referral = doing.data.get("referral")
    if referral:
        item["referral"] = _referral(referral)
        view["referral"] = item["referral"].get("headline", "ad")
        world.put_fact("whatsapp_ad", f"{number.id}:{customer.id}", {"at": world.clock.now()})
    if opens_window:
        world.put_fact("whatsapp_window", f"{number.id}:{customer.id}", {"at": world.clock.now()})
    value: Json = {"messages": [item]}
    if content["type"] != "system":
        value = {"contacts": [_contact(customer)], **value}
    entry = world.record(
        channel="whatsapp",
        account=number.id,
        customer=customer.id,
        direction="in",
        provider_id=item["id"],
        kind=content["type"],
        body=view,
        to=number.display_phone_number,
        wire={"field": "messages", "value": value} if number.webhook_url else None,
    )
    return Event("messages", value, entry)


def _sender(customer: Customer) -> Json:
    sender: Json = {"from_user_id": customer.bsuid}
    if not customer.hides_phone:
        sender["from"] = customer.wa_id
    return sender


def _contact(customer: Customer) -> Json:
    wa_id = None if customer.hides_phone else customer.wa_id
    return hooks.contact(wa_id, customer.bsuid, customer.name, customer.username)


def _context(doing: Act, view: Json) -> Json:
    context: Json = {}
    quoted = doing.text("reply_to")
    if quoted:
        entry = doing.world.ledger.find("whatsapp", quoted)
        theirs = entry is not None and entry.direction == "in"
        context = {"from": doing.customer.wa_id if theirs else doing.number.digits, "id": quoted}
        if theirs and doing.customer.hides_phone:
            del context["from"]
        view["quote"] = quoted
    for name in ("forwarded", "frequently_forwarded"):
        if flag_of(doing.data, name):
            context[name] = True
            view["forwarded"] = True
    product = doing.text("referred_product")
    if product:
        context["referred_product"] = {"catalog_id": doing.number.catalog_id, "product_retailer_id": product}
    return context


def _referral(given: Any) -> Json:
    usual: Json = {
        "source_url": "https://fb.me/EXAMPLE",
        "source_id": "5000001",
        "source_type": "ad",
        "headline": "Chat with us",
        "body": "10% off your first lamp",
        "media_type": "image",
        "image_url": "https://example.test/ad.jpg",
        "ctwa_clid": "EXAMPLECLID",
        "welcome_message": {"text": "Hi! How can we help?"},
    }
    return {**usual, **given} if isinstance(given, dict) else usual


# --- acts that are not messages ---


def _preference(value: str, detail: str) -> Callable[[Act], list[Event]]:
    def make(doing: Act) -> list[Event]:
        customer = doing.customer
        customer.marketing_stopped = value == "stop"
        doing.world.put_customer(customer)
        item: Json = {
            "user_id": customer.bsuid,
            "detail": detail,
            "category": "marketing_messages",
            "value": value,
            "timestamp": int(doing.world.clock.now()),
        }
        if not customer.hides_phone:
            item["wa_id"] = customer.wa_id
        return [Event("user_preferences", {"contacts": [_contact(customer)], "user_preferences": [item]})]

    return make


def _number_change(doing: Act) -> list[Event]:
    """
    A new phone number, hence a new BSUID: the `user_id_update` field and both `system` forms, as Meta announces it.
    """
    world, old = doing.world, doing.customer
    phone = doing.text("phone")
    if not phone.startswith("+") or world.customers.by_phone(phone) is not None:
        raise ControlError("number_change needs phone: a free number in E.164")
    new = replace(old, phone=phone, bsuid=f"{old.bsuid[:20]}N{world.next_number('bsuid')}")
    world.put_customer(new)
    now = str(int(world.clock.now()))
    update: Json = {
        "detail": f"User id for {new.name} has been updated.",
        "user_id": {"previous": old.bsuid, "current": new.bsuid},
        "timestamp": now,
    }
    if not new.hides_phone:
        update["wa_id"] = new.wa_id
    events = [Event("user_id_update", {"contacts": [_contact(new)], "user_id_update": [update]})]
    if not old.hides_phone:
        body = f"User {new.name} changed from {old.wa_id} to {new.wa_id}"
        system: Json = {"type": "user_changed_number", "wa_id": new.wa_id, "body": body}
        changed = replace(doing, customer=old)
        events.append(_message(changed, {"type": "system", "system": system}, {"note": body}, opens_window=False))
    body = f"User {new.name} changed from {old.bsuid} to {new.bsuid}"
    system = {"type": "user_changed_user_id", "user_id": new.bsuid, "body": body}
    changed = replace(doing, customer=replace(new, hides_phone=True))
    events.append(_message(changed, {"type": "system", "system": system}, {"note": body}, opens_window=False))
    return events


def _identity_change(doing: Act) -> list[Event]:
    identity = {"acknowledged": True, "created_timestamp": str(int(doing.world.clock.now())), "hash": "EXAMPLE"}
    body: Json = {
        "type": "system",
        "system": {"type": "customer_identity_changed", "body": "Identity changed"},
        "identity": identity,
    }
    return [_message(doing, body, {"note": "Security code changed"}, opens_window=False)]


def _opened(doing: Act) -> list[Event]:
    """The customer looks at the chat; reads what is there when the knob says so."""
    statuses.read_chat(doing.world, doing.number, doing.customer.id)
    return []


def _raw(doing: Act) -> list[Event]:
    """Any value under any field, for payloads nobody thought of."""
    return [Event(doing.text("field", "messages"), object_of(doing.data, "value"))]


_SPECIAL: dict[str, Callable[[Act], list[Event]]] = {
    "marketing_stop": _preference("stop", "User requested to stop marketing messages"),
    "marketing_resume": _preference("resume", "User requested to resume marketing messages"),
    "marketing_signup": _preference("signup", "User signed up for marketing messages"),
    "number_change": _number_change,
    "identity_change": _identity_change,
    "open": _opened,
    "raw": _raw,
}
