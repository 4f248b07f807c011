"""
Twilio's forms both ways: webhook bodies to events, our messages to the fields of a Messages request.

Sources: https://www.twilio.com/docs/messaging/guides/webhook-request (inbound),
https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks (statuses),
https://www.twilio.com/docs/messaging/api/message-resource (outbound).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode

from app.core.addresses import Address, e164
from app.core.clock import Clock, iso
from channels.content import Content, Location, Media, MediaKind, MediaMessage, Text, Unsupported
from channels.contract import (
    Capabilities,
    ChannelAccount,
    ConsentChanged,
    DeliveryReceipt,
    DeliveryStatus,
    InboundEvent,
    InboundMessage,
    MediaLimits,
    OutboundFile,
    OutboundMessage,
    Sender,
)
from channels.errors import MessageRefused, PayloadUnrecognised, PayloadUnsupported
from channels.sms import rendering, senders
from channels.sms.errors import number, receipt_error

KIND = "sms"

# What we add to a webhook's own fields so that a stored form is complete: when it was sent as Twilio's list says, or
# when it came where nothing says (no webhook does), which of its events it stands for, and our message id from the
# callback's query.
SENT_AT, CAME_AT, PART, CORRELATION = "ParleySentAt", "ParleyCameAt", "ParleyPart", "ParleyMessage"
_ADDED = SENT_AT, CAME_AT, PART, CORRELATION
QUERY_HEADER = "x-parley-query"

STATUSES: Mapping[str, DeliveryStatus] = {
    # Taken by Twilio is what a successful send means too; these prove it for a send whose answer we never saw.
    "accepted": DeliveryStatus.SENT,
    "scheduled": DeliveryStatus.SENT,
    "queued": DeliveryStatus.SENT,
    "sending": DeliveryStatus.SENT,
    "sent": DeliveryStatus.SENT,
    # Some of it is missing at the other end: calling that delivered would be a lie.
    "partially_delivered": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.READ,
    "undelivered": DeliveryStatus.FAILED,
    "failed": DeliveryStatus.FAILED,
    "canceled": DeliveryStatus.CANCELLED,
}

_CONSENT = {"STOP": False, "START": True}
# The whole message in any case: what Twilio answers where no other words are settled for a messaging service. It tells
# nobody that it did, but where they are (`OptOutType`). Source: https://help.twilio.com/articles/223134027
_ANSWERED = frozenset("STOP STOPALL UNSUBSCRIBE CANCEL END QUIT REVOKE OPTOUT START YES UNSTOP HELP INFO".split())  # noqa: SIM905
_MEDIA_KINDS: Mapping[str, MediaKind] = {"image": "image", "video": "video", "audio": "audio"}
_SID = re.compile(r"(SM|MM)[0-9a-zA-Z]{32}")
_OUR_ID = re.compile(r"[0-9a-zA-Z_.-]{1,100}")
_NEVER = datetime(2000, 1, 1, tzinfo=UTC)
_MOST_FIELDS = 500
_MOST_HANDLE_CHARS = 64
_MOST_FILES = 10
_MOST_PLACE_CHARS = 1000
# Twilio delivers at most 1,600; a form with more is not from there.
_MOST_BODY_CHARS = 4096
_MOST_VALID_SECONDS = 36_000


@dataclass(frozen=True, slots=True)
class _Form:
    """A webhook's own fields (the first of each name), and what we added to them."""

    pairs: tuple[tuple[str, str], ...]
    fields: Mapping[str, str]
    at: datetime
    timed: bool
    correlation: str | None
    part: str | None

    def get(self, *names: str) -> str:
        """The first that is there and not empty."""
        return next((self.fields[name] for name in names if self.fields.get(name)), "")

    def raw(self, part: str) -> bytes:
        added = [(SENT_AT if self.timed else CAME_AT, iso(self.at) or ""), (PART, part)]
        if self.correlation:
            added.append((CORRELATION, self.correlation))
        return urlencode([*self.pairs, *added]).encode()


# --- in -----------------------------------------------------------------------------------------------------------


def events(body: bytes, headers: Mapping[str, str]) -> Sequence[InboundEvent]:
    """Every event of a webhook, or the one of them that a stored form stands for. Raises WebhookError."""
    form = _read(body, headers)
    sid = form.get("MessageSid", "SmsSid", "SmsMessageSid")
    if not sid and form.get("AccountSid"):
        raise PayloadUnsupported("a Twilio webhook that is not about a message")
    if not _SID.fullmatch(sid):
        raise PayloadUnrecognised("no message SID of Twilio's form")
    status = form.get("MessageStatus", "SmsStatus")
    if not status and "MessageStatus" in form.fields and "Body" not in form.fields:
        raise PayloadUnsupported("a status callback that names no status")
    found = _inbound(form, sid) if status in ("", "received") else {status: _receipt(form, sid, status)}
    if form.part is None:
        return list(found.values())
    if form.part not in found:
        raise PayloadUnrecognised("a stored form that stands for none of its events")
    return [found[form.part]]


def _read(body: bytes, headers: Mapping[str, str]) -> _Form:
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise PayloadUnrecognised("more fields than a Twilio webhook has") from None
    fields = dict(reversed(pairs))
    stored_at = fields.get(SENT_AT) or fields.get(CAME_AT)
    return _Form(
        pairs=tuple((name, value) for name, value in pairs if name not in _ADDED),
        fields=fields,
        at=_time(stored_at) if stored_at else Clock().now(),
        timed=bool(fields.get(SENT_AT)),
        correlation=fields.get(CORRELATION) or _correlation(headers.get(QUERY_HEADER, "")),
        part=fields.get(PART),
    )


def _correlation(query: str) -> str | None:
    try:
        found = parse_qs(query, max_num_fields=_MOST_FIELDS).get("m", [""])[0]
    except ValueError:
        return None
    return found if _OUR_ID.fullmatch(found) else None


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        at = _NEVER
    if at <= _NEVER:
        raise PayloadUnrecognised("a stored form with a time that cannot be")
    # To the millisecond, as it is written back.
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _inbound(form: _Form, sid: str) -> dict[str, InboundEvent]:
    """The messages of one SMS or MMS (a file each), and what Twilio did about a keyword, by part."""
    sender = Sender(address=_person(form.get("From")))
    contents = _contents(form)
    found: dict[str, InboundEvent] = {}
    for index, content in enumerate(contents):
        key = f"{sid}/{index}" if index else sid
        found[str(index)] = InboundMessage(
            key=key,
            order_key=sender.address.value,
            at=form.at,
            timed=form.timed,
            raw=form.raw(str(index)),
            external_id=key,
            sender=sender,
            content=content,
            group_id=sid if len(contents) > 1 else None,
            answered=bool(form.get("OptOutType")) or form.get("Body").strip().upper() in _ANSWERED,
        )
    granted = _CONSENT.get(form.get("OptOutType").upper())
    if granted is not None:
        found["consent"] = ConsentChanged(
            key=f"{sid}/consent",
            order_key=sender.address.value,
            at=form.at,
            timed=form.timed,
            raw=form.raw("consent"),
            sender=sender,
            granted=granted,
            purpose=None,
            source="provider_start" if granted else "provider_stop",
            wording=form.get("Body") or None,
        )
    return found


def _contents(form: _Form) -> list[Content]:
    """One content per file, the text as the caption of the first; a text alone; never nothing."""
    body = form.get("Body")
    if len(body) > _MOST_BODY_CHARS:
        raise PayloadUnrecognised("a text longer than Twilio delivers")
    files: list[Content] = []
    for index in range(_MOST_FILES):
        if not (url := form.get(f"MediaUrl{index}")):
            continue
        media = _media(url, form.get(f"MediaContentType{index}"))
        files.append(MediaMessage(media=media, caption=(body or None) if not files else None))
    if files:
        return files
    if body:
        return [Text(text=body)]
    return [_place(form) or Unsupported(what="media" if number(form.get("NumMedia")) else "empty message")]


def _place(form: _Form) -> Location | None:
    """Where they are: RCS can say it."""
    name, address = (form.get(field)[:_MOST_PLACE_CHARS] or None for field in ("Label", "Address"))
    try:
        latitude, longitude = float(form.get("Latitude")), float(form.get("Longitude"))
        return Location(latitude=latitude, longitude=longitude, name=name, address=address)
    except ValueError:
        return None


def _media(url: str, mime: str) -> Media:
    kind = _MEDIA_KINDS.get(mime.partition("/")[0].lower(), "document")
    return Media(kind=kind, state="pending", mime=mime or None, source={"url": url})


def _person(handle: str) -> Address:
    """Who wrote, as an SMS address. RCS shares the phone's number and is answered through the same sender."""
    handle = handle.removeprefix("rcs:")
    if not handle or len(handle) > _MOST_HANDLE_CHARS:
        raise PayloadUnrecognised("no sender")
    if ":" in handle:
        raise PayloadUnsupported("a message from another of Twilio's channels")
    return Address(KIND, e164(handle) or handle if handle.startswith("+") else handle)


def _receipt(form: _Form, sid: str, status: str) -> DeliveryReceipt:
    known = STATUSES.get(status)
    if known is None:
        raise PayloadUnsupported("a message status that says nothing to us")
    failed = known is DeliveryStatus.FAILED
    return DeliveryReceipt(
        key=f"{sid}:{status}",
        at=form.at,
        timed=form.timed,
        raw=form.raw(status),
        external_id=sid,
        correlation=form.correlation,
        status=known,
        error=receipt_error(form.get("ErrorCode"), form.get("ErrorMessage")) if failed else None,
    )


def inbound_form(message: Any, media: Iterable[tuple[str, str]]) -> bytes:
    """A message as the API lists it, in the form of its webhook; `media` are its files' addresses and types."""
    fields = {
        "MessageSid": message.sid,
        "AccountSid": message.account_sid,
        "MessagingServiceSid": message.messaging_service_sid,
        "From": message.from_,
        "To": message.to,
        "Body": message.body or "",
        "NumMedia": message.num_media or "0",
        "SmsStatus": "received",
        SENT_AT: iso(message.date_sent or message.date_created),
    }
    for index, (url, mime) in enumerate(media):
        fields[f"MediaUrl{index}"] = url
        fields[f"MediaContentType{index}"] = mime
    return urlencode({name: value for name, value in fields.items() if value is not None}).encode()


# --- out ----------------------------------------------------------------------------------------------------------


def outbound(
    account: ChannelAccount, message: OutboundMessage, caps: Capabilities, callback: str
) -> dict[str, str | list[str]]:
    """The arguments of the library's `messages.create`. Raises MessageRefused."""
    body = rendering.text(message.content)
    if len(body) > caps.max_text_chars:
        raise MessageRefused(f"The text has {len(body)} characters; an SMS takes {caps.max_text_chars}.")
    sender = senders.of(account)
    fields: dict[str, str | list[str]] = {
        "to": message.to.value,
        "messaging_service_sid" if senders.is_service(sender) else "from_": sender,
        "status_callback": callback,
    }
    if body:
        fields["body"] = body
    if message.good_until is not None:
        # What waits in Twilio's queue must not arrive at night; by itself it waits for ten hours.
        left = int((message.good_until - Clock().now()).total_seconds())
        if left < _MOST_VALID_SECONDS:
            fields["validity_period"] = str(max(1, left))
    if isinstance(message.content, MediaMessage):
        fields["media_url"] = [_file(message, caps.media).url]
    return fields


def _file(message: OutboundMessage, limits: Mapping[str, MediaLimits]) -> OutboundFile:
    if message.file is None:
        raise MessageRefused("The file of this message is not there.")
    media = message.file.media
    limit = limits.get(media.kind)
    if limit is None:
        raise MessageRefused(f"This SMS sender cannot send files of the kind '{media.kind}'.")
    if not senders.carries_media(message.to.value):
        raise MessageRefused("Files can be sent by MMS only to numbers in the US and Canada. Send a link instead.")
    if media.mime and media.mime.partition(";")[0].strip().lower() not in limit.mimes:
        raise MessageRefused(f"MMS does not take files of the type {media.mime}.")
    if media.bytes and media.bytes > limit.max_bytes:
        raise MessageRefused(f"The file has {media.bytes:,} bytes; MMS takes {limit.max_bytes:,} of this kind.")
    return message.file
