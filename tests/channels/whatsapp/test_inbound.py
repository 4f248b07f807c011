"""Meta's webhooks as events: one row per documented payload, and what is refused."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from app.core.addresses import Address
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
    ConsentChanged,
    DeliveryReceipt,
    DeliveryStatus,
    InboundEvent,
    InboundMessage,
    MessageDeleted,
    MessageEdited,
    Purpose,
    Reaction,
    ReceiptError,
    Referral,
    Sender,
    TemplateChanged,
)
from channels.errors import PayloadUnrecognised, PayloadUnsupported, WebhookError
from channels.whatsapp import ADAPTER
from tests.channels.whatsapp.support import ACCOUNT, ANA, ANA_ID, NUMBER_ID, PAYLOADS, WABA_ID, payload

SENDER = Sender(address=ANA, aliases=(ANA_ID,), name="Test User", username="test.user")
BARE = Sender(address=ANA, aliases=(ANA_ID,))
HASHED = "sha256:…"


def at(second: int) -> datetime:
    return datetime.fromtimestamp(1_790_000_000 + second, UTC)


def message(content: Content, **more: Any) -> InboundMessage:
    usual: dict[str, Any] = {
        "key": "message:wamid.E",
        "order_key": "US.EXAMPLE0012",
        "at": at(1),
        "raw": b"",
        "external_id": "wamid.E",
        "sender": SENDER,
        "content": content,
    }
    return InboundMessage(**(usual | more))


def file(kind: MediaKind, handle: str, mime: str, *, caption: str | None = None, name: str | None = None) -> Content:
    source = {"id": handle, "sha256": "EXAMPLEHASH="}
    return MediaMessage(media=Media(kind=kind, state="pending", mime=mime, name=name, source=source), caption=caption)


def receipt(status: DeliveryStatus, state: str, **more: Any) -> DeliveryReceipt:
    usual: dict[str, Any] = {
        "key": f"status:wamid.OUT1:{state}",
        "at": at(20),
        "raw": b"",
        "external_id": "wamid.OUT1",
        "correlation": "msg_1",
        "status": status,
    }
    return DeliveryReceipt(**(usual | more))


def consent(granted: bool, source: str) -> ConsentChanged:
    return ConsentChanged(
        key=f"preference:US.EXAMPLE0012:{source}:1790000030",
        order_key="US.EXAMPLE0012",
        at=at(30),
        raw=b"",
        sender=replace(SENDER, username=None),
        granted=granted,
        purpose=Purpose.MARKETING,
        source=source,
        wording="User requested to stop marketing messages",
    )


def template(change: str, detail: str | None = None) -> TemplateChanged:
    return TemplateChanged(
        key=HASHED, at=at(40), raw=b"", name="spring_offer", language="en_US", change=change, detail=detail
    )


def notice(severity: Any, code: str, text: str, **more: Any) -> AccountNotice:
    usual: dict[str, Any] = {"key": HASHED, "at": at(40), "raw": b""}
    return AccountNotice(severity=severity, code=code, message=text, **(usual | more))


def moved(old: str, new: str, key: str, detail: str, second: int = 1) -> AddressChanged:
    return AddressChanged(
        key=key,
        order_key=old,
        at=at(second),
        raw=b"",
        old=Address("whatsapp", old),
        new=Address("whatsapp", new),
        detail=detail,
    )


@dataclass(frozen=True)
class InboundCase:
    label: str
    payload: str | bytes
    events: Sequence[InboundEvent] = ()
    error: type[WebhookError] | None = None


HELLO = Text(text="Hello")
MESSAGES = [
    InboundCase("text", "text", [message(HELLO)]),
    InboundCase(
        "a number without an id, as before 2026",
        "text_number_only",
        [message(HELLO, order_key="+12025550112", sender=Sender(address=ANA, name="Test User"))],
    ),
    InboundCase(
        "a username without a number",
        "text_username_only",
        [message(HELLO, sender=Sender(address=ANA_ID, name="Test User", username="test.user"))],
    ),
    InboundCase(
        "an intermediary puts the id where the number belongs",
        "text_user_id_in_from",
        [
            message(
                HELLO,
                order_key="US.ENT.EXAMPLE0012",
                sender=Sender(address=Address("whatsapp", "US.ENT.EXAMPLE0012")),
            )
        ],
    ),
    InboundCase("milliseconds, as a number", "text_milliseconds", [message(HELLO)]),
    InboundCase("image", "image", [message(file("image", "3000001", "image/jpeg", caption="receipt"))]),
    InboundCase("video", "video", [message(file("video", "3000005", "video/mp4"))]),
    InboundCase("voice note", "voice", [message(file("voice", "3000002", "audio/ogg; codecs=opus"))]),
    InboundCase("audio file", "audio", [message(file("audio", "3000006", "audio/mpeg"))]),
    InboundCase("document", "document", [message(file("document", "3000003", "application/pdf", name="form.pdf"))]),
    InboundCase("sticker", "sticker", [message(file("sticker", "3000004", "image/webp"))]),
    InboundCase(
        "an image that Meta could not fetch",
        "image_not_downloadable",
        [
            message(
                MediaMessage(
                    media=Media(
                        kind="image",
                        state="failed",
                        error="Media download error: Failed to download the media from the sender.",
                    )
                )
            )
        ],
    ),
    InboundCase(
        "location",
        "location",
        [message(Location(latitude=5.6037, longitude=-0.187, name="Shop", address="1 Example Rd"))],
    ),
    InboundCase(
        "contacts",
        "contacts",
        [
            message(
                Contacts(
                    contacts=(
                        ContactCard(
                            name="Kofi Example",
                            phones=("+1 202-555-0150",),
                            emails=("kofi@example.test",),
                            organisation="Example Ltd",
                        ),
                    )
                )
            )
        ],
    ),
    InboundCase(
        "their own number, shared at our request",
        "contact_request_answered",
        [
            message(
                Contacts(contacts=(ContactCard(name="+12025550112", phones=("+12025550112",)),)),
                sender=replace(SENDER, username=None, verified_phone="+12025550112"),
            )
        ],
    ),
    InboundCase("button", "button_reply", [message(Choice(id="yes_42", title="Yes"), reply_to="wamid.OUT2")]),
    InboundCase(
        "list row",
        "list_reply",
        [message(Choice(id="slot_9", title="09:00", description="Tomorrow"), reply_to="wamid.OUT2")],
    ),
    InboundCase(
        "form",
        "flow_reply",
        [message(FormReply(name="flow", values={"flow_token": "EXAMPLE", "rating": "5"}), reply_to="wamid.OUT2")],
    ),
    InboundCase(
        "form whose answer is no object",
        "flow_reply_not_an_object",
        [message(FormReply(name="flow", values={"response": [1, 2]}), reply_to="wamid.OUT2")],
    ),
    InboundCase(
        "address form",
        "address_reply",
        [message(FormReply(name="address_message", values={"values": {"city": "Accra"}}), reply_to="wamid.OUT2")],
    ),
    InboundCase(
        "permission to call",
        "call_permission",
        [message(Choice(id="call_permission_accept", title="Calls: accept"), reply_to="wamid.OUT2")],
    ),
    InboundCase("interactive without a body", "interactive_without_body", [message(Unsupported(what="interactive"))]),
    InboundCase(
        "template button, a stop word among them",
        "template_button",
        [message(Choice(id="STOP_PROMO", title="Unsubscribe"), reply_to="wamid.OUT6")],
    ),
    InboundCase(
        "cart",
        "order",
        [
            message(
                Order(
                    catalogue_id="400000000000001",
                    text="Please deliver today",
                    items=(OrderItem(product_id="SKU-1", quantity=2, price="12.5", currency="GHS"),),
                )
            )
        ],
    ),
    InboundCase(
        "unsupported, of a kind that is named",
        "unsupported",
        [message(Unsupported(what="poll", detail="Message type unknown: Message type is currently not supported."))],
    ),
    InboundCase("a kind from the future", "unknown_kind", [message(Unsupported(what="hologram"))]),
    InboundCase(
        "a system message from the future",
        "system_unknown",
        [message(Unsupported(what="system", detail="User A turned blue"))],
    ),
    InboundCase("quote", "quoted", [message(Text(text="This one"), reply_to="wamid.OUT7")]),
    InboundCase("forwarded", "forwarded", [message(Text(text="Read this"), forwarded=True)]),
    InboundCase(
        "from a product's page",
        "product_question",
        [
            message(
                Text(text="Is it there?"),
                reply_to="wamid.OUT8",
                referral=Referral(source="product", source_id="SKU-1", payload="400000000000001"),
            )
        ],
    ),
    InboundCase(
        "from an ad",
        "from_ad",
        [
            message(
                Text(text="Hi"),
                referral=Referral(
                    source="ad",
                    source_id="5000001",
                    url="https://fb.me/EXAMPLE",
                    headline="Chat with us",
                    click_id="EXAMPLECLID",
                ),
            )
        ],
    ),
    InboundCase(
        "a call is shown",
        "call",
        [
            message(
                Unsupported(what="call", detail="They called on WhatsApp. Parley cannot take calls; write to them."),
                key="call:wacid.1",
                external_id="wacid.1",
                at=at(70),
            )
        ],
    ),
    InboundCase(
        "written in the phone app",
        "echo_text",
        [
            message(
                Text(text="Typed on the phone"),
                key="message:wamid.ECHO",
                external_id="wamid.ECHO",
                at=at(60),
                sender=BARE,
                echo=True,
            )
        ],
    ),
    InboundCase(
        "a reaction in the phone app is not the customer's",
        "echo_reaction",
        [
            message(
                Unsupported(what="reaction", detail="\N{THUMBS UP SIGN}"),
                key="message:wamid.ECHO",
                external_id="wamid.ECHO",
                at=at(60),
                sender=BARE,
                echo=True,
            )
        ],
    ),
]
SHARED: dict[str, Any] = {"key": "message:wamid.E", "order_key": "US.EXAMPLE0012", "at": at(1), "raw": b""}
CHANGES = [
    InboundCase(
        "reaction",
        "reaction",
        [Reaction(**SHARED, external_id="wamid.OUT1", sender=SENDER, emoji="\N{THUMBS UP SIGN}")],
    ),
    InboundCase(
        "reaction taken back",
        "reaction_removed",
        [Reaction(**SHARED, external_id="wamid.OUT1", sender=SENDER, emoji="")],
    ),
    InboundCase(
        "edit",
        "edit",
        [MessageEdited(**SHARED, external_id="wamid.EXAMPLE01", sender=SENDER, content=Text(text="Hello again"))],
    ),
    InboundCase("revoke", "revoke", [MessageDeleted(**SHARED, external_id="wamid.EXAMPLE01", sender=SENDER)]),
    InboundCase(
        "edited in the phone app",
        "echo_edit",
        [
            MessageEdited(
                **(SHARED | {"key": "message:wamid.ECHO", "at": at(60)}),
                external_id="wamid.ECHO0",
                sender=BARE,
                content=Text(text="We open at nine"),
                echo=True,
            )
        ],
    ),
    InboundCase(
        "revoked in the phone app",
        "echo_revoke",
        [
            MessageDeleted(
                **(SHARED | {"key": "message:wamid.ECHO", "at": at(60)}), external_id="wamid.ECHO0", sender=BARE
            )
        ],
    ),
    InboundCase(
        "new number",
        "number_changed",
        [moved("+12025550112", "+12025550113", "message:wamid.E", "User A changed from 12025550112 to 12025550113")],
    ),
    InboundCase(
        "new id, as a message",
        "user_id_changed",
        [
            moved(
                "US.EXAMPLE0012",
                "US.EXAMPLE0013",
                "user_id:US.EXAMPLE0012:US.EXAMPLE0013",
                "User A changed from US.EXAMPLE0012 to US.EXAMPLE0013",
            )
        ],
    ),
    InboundCase(
        "new id, as a field, is the same event",
        "user_id_update",
        [
            moved(
                "US.EXAMPLE0012",
                "US.EXAMPLE0013",
                "user_id:US.EXAMPLE0012:US.EXAMPLE0013",
                "User id for Test User has been updated.",
                31,
            )
        ],
    ),
    InboundCase("marketing stopped", "marketing_stop", [consent(False, "provider_stop")]),
    InboundCase("marketing resumed", "marketing_resume", [consent(True, "provider_resume")]),
    InboundCase("marketing signed up", "marketing_signup", [consent(True, "provider_signup")]),
]
RECEIPTS = [
    InboundCase("sent", "status_sent", [receipt(DeliveryStatus.SENT, "sent", price_category="marketing")]),
    InboundCase("delivered", "status_delivered", [receipt(DeliveryStatus.DELIVERED, "delivered")]),
    InboundCase("read by a username", "status_read_username", [receipt(DeliveryStatus.READ, "read", correlation=None)]),
    InboundCase("voice note played", "status_played", [receipt(DeliveryStatus.READ, "played")]),
    InboundCase(
        "failed",
        "status_failed",
        [
            receipt(
                DeliveryStatus.FAILED,
                "failed",
                at=at(21),
                correlation=None,
                error=ReceiptError(
                    code="recipient_capped",
                    message=(
                        "This message was not delivered to maintain healthy ecosystem engagement: In order to "
                        "maintain a healthy ecosystem engagement, the message failed to be delivered."
                    ),
                    provider_code="131049",
                ),
            )
        ],
    ),
    InboundCase(
        "failed without a reason",
        "status_failed_without_reason",
        [
            receipt(
                DeliveryStatus.FAILED,
                "failed",
                error=ReceiptError(code="not_delivered", message="WhatsApp could not deliver the message."),
            )
        ],
    ),
    InboundCase(
        "each member of a group",
        "status_group",
        [
            receipt(DeliveryStatus.READ, "read:12025550112"),
            receipt(DeliveryStatus.READ, "read:12025550113"),
        ],
    ),
]
NOTICES = [
    InboundCase(
        "paused template",
        "template_paused",
        [template("paused", "FIRST_PAUSE Paused for 3 hours because of low quality.")],
    ),
    InboundCase("rejected template", "template_rejected", [template("rejected", "INVALID_FORMAT")]),
    InboundCase("template's quality", "template_quality", [template("quality_red", "GREEN → RED")]),
    InboundCase("template's category", "template_category", [template("category_marketing", "was UTILITY")]),
    InboundCase(
        "template's category, a day ahead",
        "template_category_notice",
        [template("category_will_be_marketing", "from 1790100000 (Unix time)")],
    ),
    InboundCase("template's text", "template_components", [template("components")]),
    InboundCase(
        "a template without a name",
        "template_nameless",
        [
            notice(
                "info",
                "unknown_event",
                "WhatsApp sent something that Parley does not know: message_template_status_update.",
            )
        ],
    ),
    InboundCase(
        "restricted account",
        "account_restricted",
        [
            notice(
                "error",
                "account_update.account_restriction",
                "The WhatsApp business account changed. (ACCOUNT_RESTRICTION) RESTRICTED_BIZ_INITIATED_MESSAGING",
            )
        ],
    ),
    InboundCase(
        "violation",
        "account_violation",
        [
            notice(
                "error",
                "account_update.account_violation",
                "The WhatsApp business account changed. (ACCOUNT_VIOLATION) ALCOHOL",
            )
        ],
    ),
    InboundCase(
        "disabled account",
        "account_disabled",
        [
            notice(
                "error",
                "account_update.disabled_update",
                "The WhatsApp business account changed. (DISABLED_UPDATE) SCHEDULE_FOR_DISABLE December 1, 2026",
            )
        ],
    ),
    InboundCase(
        "alert",
        "account_alert",
        [
            notice(
                "error",
                "account_alerts.increased_capabilities_eligibility_deferred",
                "Meta raised an alert. (INCREASED_CAPABILITIES_ELIGIBILITY_DEFERRED) Your limit will not rise.",
            )
        ],
    ),
    InboundCase(
        "flagged number",
        "quality_flagged",
        [
            notice(
                "warning",
                "phone_number_quality_update.flagged",
                "The quality or limit of the number changed. (FLAGGED) 12025550100 limit TIER_2K",
                quality="RED",
                limits="TIER_2K",
                people_a_day=2_000,
            )
        ],
    ),
    InboundCase(
        "daily limit",
        "capability",
        [
            notice(
                "info",
                "business_capability_update",
                "What the business may send in a day changed. limit 2000",
                limits="2000",
                people_a_day=2_000,
            )
        ],
    ),
    InboundCase(
        "display name",
        "name_review",
        [
            notice(
                "info",
                "phone_number_name_update.approved",
                "Meta reviewed the number's display name. (APPROVED) 12025550100 Linden & Co",
            )
        ],
    ),
    InboundCase(
        "business username",
        "username",
        [
            notice(
                "info",
                "business_username_updates.approved",
                "The business's WhatsApp username changed. (approved) 12025550100 linden",
            )
        ],
    ),
    InboundCase(
        "wrong category",
        "wrong_category",
        [
            notice(
                "info",
                "template_correct_category_detection",
                "Meta found a message sent under the wrong category. MARKETING",
            )
        ],
    ),
    InboundCase(
        "a field from the future",
        "field_unknown",
        [notice("info", "unknown_event", "WhatsApp sent something that Parley does not know: hologram_update.")],
    ),
    InboundCase(
        "Meta's own trouble",
        "value_errors",
        [
            notice(
                "error",
                "provider_error.131000",
                "Something went wrong: Message failed to be processed.",
                at=at(50),
            )
        ],
    ),
    InboundCase(
        "a preference from the future",
        "preference_unknown",
        [
            notice(
                "info",
                "unknown_event",
                "WhatsApp sent something that Parley does not know: user_preferences.",
                at=at(30),
            )
        ],
    ),
    InboundCase(
        "past chats",
        "history",
        [
            notice(
                "info",
                "history_not_imported",
                "WhatsApp offered the past chats of this number. Parley starts with today's; they stay on the phone.",
                key=f"history:{NUMBER_ID}",
                at=at(80),
            )
        ],
    ),
    InboundCase(
        "group",
        "group",
        [
            notice(
                "info",
                "group_message",
                "A message came from a WhatsApp group. Parley answers people, not groups; its messages are not shown.",
                key="group:GROUP1",
                at=at(1),
            )
        ],
    ),
    InboundCase(
        "a message by nobody",
        "nobody",
        [
            notice(
                "warning",
                "sender_unknown",
                "WhatsApp passed on a message (text) without saying who wrote it.",
                key="message:wamid.E",
                at=at(1),
            )
        ],
    ),
    InboundCase(
        "another device",
        "identity_changed",
        [
            notice(
                "warning",
                "customer_identity_changed",
                "The WhatsApp identity of +12025550112 changed: a new phone or a reinstalled app. "
                "Make sure of whom you talk to before you share anything private.",
                key="message:wamid.E",
                at=at(1),
            )
        ],
    ),
    InboundCase(
        "new id, the old one untold",
        "user_id_changed_old_untold",
        [
            notice(
                "warning",
                "address_change_incomplete",
                "WhatsApp told of a changed number or id, but not of both sides of it: User A has a new id",
                key="message:wamid.E",
                at=at(1),
            )
        ],
    ),
    InboundCase(
        "new id, a name that pretends to be the change",
        "user_id_changed_misleading_name",
        [
            notice(
                "warning",
                "address_change_incomplete",
                "WhatsApp told of a changed number or id, but not of both sides of it: "
                "User changed from US.VICTIM to US.EXAMPLE0013 has a new id",
                key="message:wamid.E",
                at=at(1),
            )
        ],
    ),
]
ENVELOPE = b'{"object":"whatsapp_business_account","entry":'
REFUSED = [
    InboundCase("truncated", b"{", error=PayloadUnrecognised),
    InboundCase("empty", b"", error=PayloadUnrecognised),
    InboundCase("not UTF-8", b"\xff\xfe{}", error=PayloadUnrecognised),
    InboundCase("a list", b"[]", error=PayloadUnrecognised),
    InboundCase("another object of Meta's", b'{"object":"page","entry":[]}', error=PayloadUnrecognised),
    InboundCase("entry is no list", ENVELOPE + b'{"id":"1"}}', error=PayloadUnrecognised),
    InboundCase("deeper than anything", b"[" * 100_000, error=PayloadUnrecognised),
    InboundCase(
        "a field deeper than we can write",
        ENVELOPE + b'[{"changes":[{"field":"x","value":' + b'{"a":' * 300 + b"1" + b"}" * 300 + b"}]}]}",
        error=PayloadUnrecognised,
    ),
    InboundCase("no entries", ENVELOPE + b"[]}", error=PayloadUnsupported),
    InboundCase("entries of the wrong type", ENVELOPE + b'[1, null, {"changes": 7}]}', error=PayloadUnsupported),
    InboundCase("an opened chat", "request_welcome", error=PayloadUnsupported),
    InboundCase("clicks on ads", "user_actions", error=PayloadUnsupported),
    InboundCase("legacy states", "status_legacy", error=PayloadUnsupported),
    InboundCase("states of a call", "call_status", error=PayloadUnsupported),
    InboundCase("the phone's address book", "app_state", error=PayloadUnsupported),
]
CASES = [*MESSAGES, *CHANGES, *RECEIPTS, *NOTICES, *REFUSED]


def body_of(case: InboundCase) -> bytes:
    return case.payload if isinstance(case.payload, bytes) else payload(case.payload)


def comparable(event: InboundEvent) -> InboundEvent:
    """Hashes and raw payloads are tested on their own."""
    return replace(event, raw=b"", key=HASHED if event.key.startswith("sha256:") else event.key)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_a_payload_becomes_its_events(case: InboundCase) -> None:
    if case.error:
        with pytest.raises(case.error):
            ADAPTER.parse(ACCOUNT, body_of(case), {})
        return
    assert [comparable(event) for event in ADAPTER.parse(ACCOUNT, body_of(case), {})] == list(case.events)


def test_every_payload_file_is_in_a_table() -> None:
    used = {case.payload for case in CASES} | {"batch"}
    assert {path.stem for path in PAYLOADS.glob("*.json")} == used - {p for p in used if isinstance(p, bytes)}


def test_a_batch_is_taken_apart_for_its_account() -> None:
    events = ADAPTER.parse(ACCOUNT, payload("batch"), {})
    assert [event.key.partition(":")[2] if event.key[:3] != "sha" else type(event).__name__ for event in events] == [
        "wamid.B1",
        "wamid.B2",
        "wamid.OUT1:sent",
        "wamid.OUT1:delivered",
        "TemplateChanged",
    ]
    one, two = events[0], events[1]
    assert isinstance(one, InboundMessage)
    assert isinstance(two, InboundMessage)
    # The contacts are listed the other way round: names follow handles, not places.
    assert (one.sender.name, two.sender.name) == ("Test User", "Ana")


def test_another_number_of_the_same_business_takes_its_own_part() -> None:
    other = replace(ACCOUNT, config={"phone_number_id": "100000000000002", "waba_id": WABA_ID})
    events = ADAPTER.parse(other, payload("batch"), {})
    assert [getattr(event, "external_id", None) or getattr(event, "name", None) for event in events] == [
        "spring_offer",
        "wamid.OTHER",
    ]


def test_a_shared_webhook_names_every_account() -> None:
    assert ADAPTER.account_addresses(payload("batch")) == (
        NUMBER_ID,
        WABA_ID,
        "100000000000002",
        "200000000000009",
    )
    with pytest.raises(PayloadUnrecognised):
        ADAPTER.account_addresses(b"no JSON")


def test_half_an_emoji_costs_nobody_their_message() -> None:
    body = orjson.dumps(orjson.loads(payload("text"))).replace(b"Hello", b"Hi \\ud83d")
    [event] = ADAPTER.parse(ACCOUNT, body, {})
    assert isinstance(event, InboundMessage)
    assert event.content == Text(text="Hi ?")
    assert ADAPTER.parse(ACCOUNT, event.raw, {}) == [event]


def test_a_number_that_changed_into_itself_moves_nothing() -> None:
    body = payload("number_changed").replace(b"12025550113", b"12025550112")
    [event] = ADAPTER.parse(ACCOUNT, body, {})
    assert isinstance(event, AccountNotice)
    assert event.code == "address_change_incomplete"


def test_a_contact_that_is_somebody_else_lends_nothing() -> None:
    body = orjson.loads(payload("text"))
    body["entry"][0]["changes"][0]["value"]["contacts"][0]["user_id"] = "US.SOMEBODY"
    [event] = ADAPTER.parse(ACCOUNT, orjson.dumps(body), {})
    assert isinstance(event, InboundMessage)
    assert event.sender == BARE


def test_a_lone_contact_lends_its_name_but_no_handle() -> None:
    body = orjson.loads(payload("text_number_only"))
    body["entry"][0]["changes"][0]["value"]["contacts"] = [{"profile": {"name": "Ana"}, "user_id": "US.UNPROVEN"}]
    [event] = ADAPTER.parse(ACCOUNT, orjson.dumps(body), {})
    assert isinstance(event, InboundMessage)
    assert event.sender == Sender(address=ANA, name="Ana")


def test_an_event_without_any_time_says_so() -> None:
    body = orjson.loads(payload("text"))
    del body["entry"][0]["changes"][0]["value"]["messages"][0]["timestamp"]
    [event] = ADAPTER.parse(ACCOUNT, orjson.dumps(body), {})
    assert (event.timed, event.at) == (False, datetime.fromtimestamp(0, UTC))
    body["entry"][0]["time"] = 1_790_000_005
    [event] = ADAPTER.parse(ACCOUNT, orjson.dumps(body), {})
    assert (event.timed, event.at) == (True, at(5))


def test_the_answer_to_a_webhook() -> None:
    assert ADAPTER.reply(ACCOUNT) == ("text/plain", b"ok")
