"""
Meta's webhook payload: the envelope, every event in it, and each event's own payload to keep.

    {object, entry: [{id: WABA, time, changes: [{field, value: {metadata, contacts, messages | statuses | …}}]}]}

All three levels hold many; one POST may be for several accounts of ours.
Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from channels import bodies
from channels.content import Unsupported
from channels.contract import (
    AddressChanged,
    ChannelAccount,
    ConsentChanged,
    DeliveryReceipt,
    DeliveryStatus,
    InboundEvent,
    InboundMessage,
    Purpose,
)
from channels.errors import PayloadUnrecognised, PayloadUnsupported
from channels.whatsapp import messages, notices
from channels.whatsapp.errors import receipt_error
from channels.whatsapp.identity import Handles, address, contact_of, handles, sender
from channels.whatsapp.shapes import UNTIMED, Json, items, moment, obj, text

OBJECT = "whatsapp_business_account"


@dataclass(frozen=True, slots=True)
class Change:
    """One element of `changes[]` with what its entry says of it."""

    entry: Json  # `id` and `time` only
    field: str
    value: Json

    @property
    def time(self) -> Any:
        return self.entry.get("time")

    @property
    def phone_number_id(self) -> str:
        return text(obj(self.value, "metadata"), "phone_number_id")

    def raw(self, **parts: Any) -> bytes:
        """A whole payload with nothing in it but `parts` of this change's value."""
        shared = {name: self.value[name] for name in ("messaging_product", "metadata") if name in self.value}
        return self._payload(shared | parts)

    def whole(self) -> bytes:
        """A whole payload of this change alone."""
        return self._payload(self.value)

    def _payload(self, value: Json) -> bytes:
        change = {"field": self.field, "value": value}
        return orjson.dumps({"object": OBJECT, "entry": [{**self.entry, "changes": [change]}]})

    def shared(self, raw: bytes, *stamps: Any) -> dict[str, Any]:
        """The fields that all events have; the key, unless there is a better one, is a hash of what was told."""
        return {"key": digest(raw)} | self.stamped(raw, *stamps)

    def stamped(self, raw: bytes, *stamps: Any) -> dict[str, Any]:
        at = moment(*stamps, self.time)
        return {"at": at, "timed": at != UNTIMED, "raw": raw}


def parse(account: ChannelAccount, body: bytes) -> Sequence[InboundEvent]:
    """Every event for this account. Raises PayloadUnrecognised or PayloadUnsupported, nothing else."""
    payload = _payload(body)
    try:
        found = [event for change in _changes(payload) if _is_for(account, change) for event in _events(change)]
    except orjson.JSONEncodeError:
        # Nested more deeply than any event of Meta's: it cannot be written down again.
        raise PayloadUnrecognised("The payload is nested too deeply.") from None
    if not found:
        raise PayloadUnsupported("There is nothing for this account in the payload.")
    return found


def account_addresses(body: bytes) -> Sequence[str]:
    """The phone number ids, and the WABA ids of changes that concern no single number, in the payload's order."""
    found: dict[str, None] = {}
    for change in _changes(_payload(body)):
        identifier = change.phone_number_id or text(change.entry, "id")
        if identifier:
            found[identifier] = None
    return tuple(found)


def digest(raw: bytes) -> str:
    """A key for what has no id: the same content, with its parts in any order, has the same one."""
    return "sha256:" + hashlib.sha256(orjson.dumps(orjson.loads(raw), option=orjson.OPT_SORT_KEYS)).hexdigest()


def _payload(body: bytes) -> Json:
    try:
        payload = bodies.load(body)
    except ValueError:
        raise PayloadUnrecognised("The body is not JSON.") from None
    if not isinstance(payload, dict) or payload.get("object") != OBJECT or not isinstance(payload.get("entry"), list):
        raise PayloadUnrecognised("The body is not a WhatsApp webhook.")
    return payload


def _changes(payload: Json) -> Iterator[Change]:
    for entry in items(payload, "entry"):
        head: Json = {name: entry[name] for name in ("id", "time") if name in entry}
        for change in items(entry, "changes"):
            field = text(change, "field")
            if field:
                yield Change(head, field, obj(change, "value"))


def _is_for(account: ChannelAccount, change: Change) -> bool:
    """One WABA's webhook carries all its numbers; each account takes its own, and all take what concerns the WABA."""
    if change.phone_number_id:
        return _equal(account.config.get("phone_number_id"), change.phone_number_id)
    return _equal(account.config.get("waba_id"), text(change.entry, "id"))


def _equal(ours: Any, theirs: str) -> bool:
    return not ours or not theirs or str(ours) == theirs


def _events(change: Change) -> Iterator[InboundEvent]:
    if change.field in _IGNORED or change.field.startswith("group_"):
        return
    if change.field in notices.TEMPLATE_FIELDS:
        yield notices.template_changed(change.field, change.value, change.shared(change.whole()))
    elif change.field in notices.ACCOUNT_FIELDS:
        yield notices.account_notice(change.field, change.value, change.shared(change.whole()))
    elif change.field in _READERS:
        yield from _READERS[change.field](change)
    else:
        yield notices.unknown(change.field, change.shared(change.whole()))


# --- messages and statuses ----------------------------------------------------------------------------------------


def _messages(change: Change) -> Iterator[InboundEvent]:
    for message in items(change.value, "messages"):
        yield from _message(change, "messages", message)
    for status in items(change.value, "statuses"):
        yield from _status(change, status)
    for error in items(change.value, "errors"):
        yield notices.reported_error(error, change.shared(change.raw(errors=[error])))


def _echoes(change: Change) -> Iterator[InboundEvent]:
    for message in items(change.value, "message_echoes"):
        yield from _message(change, "message_echoes", message)


def _message(change: Change, part: str, message: Json) -> Iterator[InboundEvent]:
    echo = part == "message_echoes"
    own = messages.author(message, echo=echo)
    contact = contact_of(own, items(change.value, "contacts"))
    raw = change.raw(**_people(contact), **{part: [message]})
    identifier = text(message, "id")
    shared = change.stamped(raw, message.get("timestamp"))
    shared["key"] = f"message:{identifier}" if identifier else digest(raw)
    event = messages.event(message, own, contact, shared, echo=echo)
    if event is not None:
        yield event


def _people(contact: Json) -> Json:
    return {"contacts": [contact]} if contact else {}


_STATUSES: Mapping[str, DeliveryStatus] = {
    "sent": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.READ,
    "played": DeliveryStatus.READ,
    "failed": DeliveryStatus.FAILED,
}


def _status(change: Change, status: Json) -> Iterator[InboundEvent]:
    """One receipt; the legacy states `deleted` and `warning`, and calls, are none."""
    state, identifier = text(status, "status"), text(status, "id")
    if state not in _STATUSES or not identifier or text(status, "type") == "call":
        return
    # In a group each member has receipts of their own for the same message.
    member = text(status, "recipient_participant_user_id") or text(status, "recipient_participant_id")
    yield DeliveryReceipt(
        key=f"status:{identifier}:{state}" + (f":{member}" if member else ""),
        **change.stamped(change.raw(statuses=[status]), status.get("timestamp")),
        external_id=identifier,
        correlation=text(status, "biz_opaque_callback_data") or None,
        status=_STATUSES[state],
        error=receipt_error(status) if state == "failed" else None,
        price_category=text(obj(status, "pricing"), "category", 100) or None,
    )


# --- people -------------------------------------------------------------------------------------------------------

_PREFERENCES: Mapping[str, tuple[bool, str]] = {
    "stop": (False, "provider_stop"),
    "resume": (True, "provider_resume"),
    "signup": (True, "provider_signup"),
}


def _preferences(change: Change) -> Iterator[InboundEvent]:
    people = items(change.value, "contacts")
    for item in items(change.value, "user_preferences"):
        own = handles(text(item, "wa_id"), text(item, "user_id"))
        contact = contact_of(own, people)
        raw = change.raw(**_people(contact), user_preferences=[item])
        shared = change.shared(raw, item.get("timestamp"))
        yield _consent(item, own, contact, shared) or notices.unknown("user_preferences", shared)


def _consent(item: Json, own: Handles, contact: Json, shared: dict[str, Any]) -> InboundEvent | None:
    person, order_key = sender(own, contact)
    choice = _PREFERENCES.get(text(item, "value"))
    if person is None or choice is None or text(item, "category") not in ("", "marketing_messages"):
        return None
    granted, source = choice
    stamp = int(shared["at"].timestamp())
    return ConsentChanged(
        **(shared | {"key": f"preference:{order_key}:{source}:{stamp}"}),
        order_key=order_key,
        sender=person,
        granted=granted,
        purpose=Purpose.MARKETING,
        source=source,
        wording=text(item, "detail", 1000) or None,
    )


def _user_ids(change: Change) -> Iterator[InboundEvent]:
    for item in items(change.value, "user_id_update"):
        ids = obj(item, "user_id")
        old, new = text(ids, "previous", 200), text(ids, "current", 200)
        shared = change.shared(change.raw(user_id_update=[item]), item.get("timestamp"))
        if not (old and new):
            yield notices.unknown("user_id_update", shared)
            continue
        yield AddressChanged(
            **(shared | {"key": messages.user_id_key(old, new)}),
            order_key=old,
            old=address(old),
            new=address(new),
            detail=text(item, "detail", 1000) or None,
        )


def _calls(change: Change) -> Iterator[InboundEvent]:
    """A person's call is shown, and opens the reply window as a message does; answering it needs WebRTC."""
    people = items(change.value, "contacts")
    for call in items(change.value, "calls"):
        identifier = text(call, "id")
        ours = text(call, "direction") == "BUSINESS_INITIATED"
        if ours or text(call, "event") != "connect" or not identifier:
            continue
        own = handles(text(call, "from"), text(call, "from_user_id"))
        contact = contact_of(own, people)
        raw = change.raw(**_people(contact), calls=[call])
        shared = change.shared(raw, call.get("timestamp"))
        person, order_key = sender(own, contact)
        if person is None:
            yield notices.unknown("calls", shared)
            continue
        yield InboundMessage(
            **(shared | {"key": f"call:{identifier}"}),
            order_key=order_key,
            external_id=identifier,
            sender=person,
            content=Unsupported(
                what="call", detail="They called on WhatsApp. Parley cannot take calls; write to them."
            ),
        )


def _history(change: Change) -> Iterator[InboundEvent]:
    # Comes in many parts; one notice a number is enough.
    shared = change.shared(change.raw())
    yield notices.history_not_imported(shared | {"key": f"history:{change.phone_number_id}"})


_READERS: Mapping[str, Callable[[Change], Iterator[InboundEvent]]] = {
    "messages": _messages,
    "smb_message_echoes": _echoes,
    "user_preferences": _preferences,
    "user_id_update": _user_ids,
    "calls": _calls,
    "history": _history,
}
# The phone app's address book, and the health of Flows, which Parley does not send.
_IGNORED = frozenset({"smb_app_state_sync", "flows"})
