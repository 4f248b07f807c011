"""Telegram's updates, as events: one row per documented kind, and what is refused."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

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
    Text,
    Unsupported,
)
from channels.contract import (
    AccountNotice,
    ConsentChanged,
    InboundEvent,
    InboundMessage,
    MessageDeleted,
    MessageEdited,
    Reaction,
    Referral,
    Sender,
    WebhookRequest,
)
from channels.errors import PayloadUnrecognised, PayloadUnsupported, SignatureInvalid, WebhookError
from channels.telegram import ADAPTER
from tests.channels.telegram.support import ACCOUNT, SECRET, payload

SENT_AT = 1790000000
ANA = Sender(address=Address("telegram", "42"), name="Ana Example", username="ana_example", language="pt")
BUSINESS = Address("telegram", "42@BCEXAMPLE")
BUSINESS_ANA = replace(ANA, address=BUSINESS, aliases=(ANA.address,))
NO_TIME = datetime.fromtimestamp(0, UTC)


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(SENT_AT + seconds, UTC)


def message(update: int, content: Content, **more: Any) -> InboundMessage:
    defaults = {
        "key": f"message:{update}:{SENT_AT}",
        "order_key": "42",
        "at": at(0),
        "raw": b"",
        "external_id": "42:11",
        "sender": ANA,
        "content": content,
    }
    return InboundMessage(**{**defaults, **more})


def media(kind: MediaKind, file_id: str, *, caption: str | None = None, **more: Any) -> MediaMessage:
    return MediaMessage(
        media=Media(kind=kind, state="pending", source={"file_id": file_id}, **more),
        caption=caption,
    )


def card(name: str, phone: str) -> Contacts:
    return Contacts(contacts=(ContactCard(name=name, phones=(phone,)),))


def reaction(update: int, emoji: str) -> Reaction:
    return Reaction(
        key=f"message_reaction:{update}:{SENT_AT + 3}",
        order_key="42",
        at=at(3),
        raw=b"",
        external_id="42:12",
        sender=ANA,
        emoji=emoji,
    )


def consent(update: int, *, granted: bool, source: str) -> ConsentChanged:
    return ConsentChanged(
        key=f"my_chat_member:{update}:{SENT_AT + 2}",
        order_key="42",
        at=at(2),
        raw=b"",
        sender=ANA,
        granted=granted,
        purpose=None,
        source=source,
    )


def notice(update: int, severity: Any, code: str, words: str) -> AccountNotice:
    return AccountNotice(
        key=f"business_connection:{update}:{SENT_AT + 4}",
        at=at(4),
        raw=b"",
        severity=severity,
        code=code,
        message=f"{words} the Telegram Business account of linden_owner.",
    )


def deleted(update: int, number: int) -> MessageDeleted:
    return MessageDeleted(
        key=f"deleted_business_messages:{update}:{number}",
        order_key=BUSINESS.value,
        at=NO_TIME,
        timed=False,
        raw=b"",
        external_id=f"{BUSINESS.value}:{number}",
        sender=replace(BUSINESS_ANA, language=None),
    )


@dataclass(frozen=True)
class InboundCase:
    """`payload` is the name of a payload file, or the body itself; `expected` the events but for their `raw`."""

    label: str
    payload: str | bytes
    expected: Sequence[InboundEvent] = ()
    error: type[WebhookError] | None = None

    @property
    def body(self) -> bytes:
        return payload(self.payload) if isinstance(self.payload, str) else self.payload


SHOP = {"latitude": 5.603717, "longitude": -0.186964}
KEPT = [
    InboundCase("text, as plain text", "text", [message(9001, Text(text="Hello, is this <b>open</b>? 👋"))]),
    InboundCase("start", "start", [message(9002, Text(text="/start"), started=True)]),
    InboundCase(
        "start through a deep link",
        "start_deep_link",
        [
            message(
                9003,
                Text(text="/start"),
                referral=Referral(source="deep_link", payload="ad7_EXAMPLE"),
                started=True,
            )
        ],
    ),
    InboundCase("stop command stays a text", "stop_command", [message(9004, Text(text="/stop"))]),
    InboundCase(
        "photo of an album: the largest size",
        "photo",
        [
            message(
                9005,
                media(
                    "image",
                    "AgEXAMPLE_x",
                    caption="receipt",
                    mime="image/jpeg",
                    bytes=150000,
                    width=1280,
                    height=960,
                ),
                group_id="G1",
            )
        ],
    ),
    InboundCase(
        "video",
        "video",
        [
            message(
                9006,
                media(
                    "video",
                    "BAEXAMPLE",
                    caption="look",
                    name="garden.mp4",
                    mime="video/mp4",
                    bytes=900000,
                    width=640,
                    height=360,
                    duration_seconds=12,
                ),
            )
        ],
    ),
    InboundCase(
        "animation, not the document it also carries",
        "animation",
        [
            message(
                9007,
                media(
                    "video",
                    "CgEXAMPLE",
                    name="wave.mp4",
                    mime="video/mp4",
                    bytes=80000,
                    width=320,
                    height=180,
                    duration_seconds=3,
                ),
            )
        ],
    ),
    InboundCase(
        "audio",
        "audio",
        [
            message(
                9008,
                media("audio", "CQEXAMPLE", name="song.mp3", mime="audio/mpeg", bytes=4000000, duration_seconds=181),
            )
        ],
    ),
    InboundCase(
        "voice note",
        "voice",
        [message(9009, media("voice", "AwEXAMPLE", mime="audio/ogg", bytes=9000, duration_seconds=4))],
    ),
    InboundCase(
        "round video",
        "video_note",
        [
            message(
                9010,
                media("video", "DQEXAMPLE", mime="video/mp4", bytes=300000, width=384, height=384, duration_seconds=6),
            )
        ],
    ),
    InboundCase(
        "document",
        "document",
        [message(9011, media("document", "BQEXAMPLE", name="invoice 7.pdf", mime="application/pdf", bytes=52000))],
    ),
    InboundCase(
        "sticker",
        "sticker",
        [message(9012, media("sticker", "CAEXAMPLE", mime="image/webp", bytes=20000, width=512, height=512))],
    ),
    InboundCase(
        "animated sticker",
        "sticker_animated",
        [message(9013, media("sticker", "CAEXAMPLE2", mime="application/x-tgsticker", width=512, height=512))],
    ),
    InboundCase(
        "video sticker",
        "sticker_video",
        [message(9014, media("sticker", "CAEXAMPLE3", mime="video/webm", width=512, height=512))],
    ),
    InboundCase(
        "live photo: its video",
        "live_photo",
        [
            message(
                9015,
                media("video", "LPEXAMPLE", mime="video/mp4", bytes=700000, width=720, height=1280, duration_seconds=2),
            )
        ],
    ),
    InboundCase("location", "location", [message(9016, Location(**SHOP))]),
    InboundCase(
        "venue, not the bare location it also carries",
        "venue",
        [message(9017, Location(**SHOP, name="Example Shop", address="1 Example Street"))],
    ),
    InboundCase(
        "own number, vouched for",
        "contact_own",
        [
            message(
                9018,
                card("Ana Example", "+12025550142"),
                external_id="42:14",
                reply_to="42:10",
                sender=replace(ANA, verified_phone="+12025550142"),
            )
        ],
    ),
    InboundCase("another person's card", "contact_other", [message(9019, card("Bo", "+12025550143"))]),
    InboundCase("a card with a local number", "contact_local", [message(9020, card("Cy", "0555 0144"))]),
    InboundCase("poll", "poll", [message(9021, Unsupported(what="poll", detail="Tea or coffee?"))]),
    InboundCase("dice", "dice", [message(9022, Unsupported(what="dice", detail="🎲 5"))]),
    InboundCase("story", "story", [message(9023, Unsupported(what="story"))]),
    InboundCase("paid media", "paid_media", [message(9024, Unsupported(what="paid media", detail="exclusive"))]),
    InboundCase("checklist", "checklist", [message(9025, Unsupported(what="checklist", detail="Moving day"))]),
    InboundCase("invoice", "invoice", [message(9026, Unsupported(what="invoice", detail="Tea"))]),
    InboundCase(
        "payment",
        "successful_payment",
        [message(9027, Unsupported(what="successful payment", detail="1250 USD ord_1001"))],
    ),
    InboundCase("users shared", "users_shared", [message(9028, Unsupported(what="users shared"))]),
    InboundCase("write access", "write_access_allowed", [message(9029, Unsupported(what="write access allowed"))]),
    InboundCase(
        "web app",
        "web_app_data",
        [message(9030, FormReply(name="Choose a size", values={"data": '{"size":"L"}'}))],
    ),
    InboundCase(
        "a kind nobody knows yet", "unknown_content", [message(9031, Unsupported(what="hologram", detail="From 2031"))]
    ),
    InboundCase("no content at all", "no_content", [message(9032, Unsupported(what="empty message"))]),
    InboundCase("reply", "reply", [message(9033, Text(text="This one"), external_id="42:16", reply_to="42:10")]),
    InboundCase("reply to another chat", "reply_elsewhere", [message(9034, Text(text="See there"))]),
    InboundCase("forward", "forward", [message(9035, Text(text="Sale!"), forwarded=True)]),
    InboundCase(
        "edit",
        "edited",
        [
            MessageEdited(
                key=f"edited_message:9036:{SENT_AT + 30}",
                order_key="42",
                at=at(30),
                raw=b"",
                external_id="42:11",
                sender=ANA,
                content=Text(text="Hello again"),
            )
        ],
    ),
    InboundCase(
        "live location that moved",
        "live_location_moved",
        [
            MessageEdited(
                key=f"edited_message:9037:{SENT_AT + 45}",
                order_key="42",
                at=at(45),
                raw=b"",
                external_id="42:11",
                sender=ANA,
                content=Location(latitude=5.61, longitude=-0.19),
            )
        ],
    ),
    InboundCase(
        "tap",
        "tap",
        [
            message(
                9038,
                Choice(id="yes_42", title="Yes, please"),
                key="callback_query:9038:4382",
                at=at(-5),
                timed=False,
                external_id="42:tap-4382",
                reply_to="42:12",
                acknowledge="4382",
            )
        ],
    ),
    InboundCase(
        "tap on a message that Telegram has forgotten",
        "tap_inaccessible",
        [
            message(
                9039,
                Choice(id="yes_42", title="yes_42"),
                key="callback_query:9039:4383",
                at=NO_TIME,
                timed=False,
                external_id="42:tap-4383",
                reply_to="42:2",
                acknowledge="4383",
            )
        ],
    ),
    InboundCase(
        "tap on a game",
        "tap_game",
        [
            message(
                9041,
                Unsupported(what="game", detail="snake"),
                key="callback_query:9041:4385",
                at=at(-5),
                timed=False,
                external_id="42:tap-4385",
                reply_to="42:12",
                acknowledge="4385",
            )
        ],
    ),
    InboundCase("blocked", "blocked", [consent(9042, granted=False, source="block")]),
    InboundCase("unblocked", "unblocked", [consent(9043, granted=True, source="unblock")]),
    InboundCase("reaction", "reaction", [reaction(9046, "👍")]),
    InboundCase("reaction changed", "reaction_changed", [reaction(9047, "❤")]),
    InboundCase("reaction taken back", "reaction_removed", [reaction(9048, "")]),
    InboundCase("one of two reactions taken back", "reaction_one_of_two_left", [reaction(9049, "👍")]),
    InboundCase("custom emoji", "reaction_custom", [reaction(9050, "❔")]),
    InboundCase("paid reaction", "reaction_paid", [reaction(9051, "⭐")]),
    InboundCase(
        "business account connected",
        "business_connected",
        [notice(9054, "info", "business_connected", "The bot now answers for")],
    ),
    InboundCase(
        "business account connected, before rights were named",
        "business_connected_old_form",
        [notice(9055, "info", "business_connected", "The bot now answers for")],
    ),
    InboundCase(
        "business account that may only be read",
        "business_read_only",
        [notice(9056, "warning", "business_read_only", "The bot reads along but may not answer for")],
    ),
    InboundCase(
        "business account disconnected",
        "business_disconnected",
        [notice(9057, "error", "business_disconnected", "The bot no longer answers for")],
    ),
    InboundCase(
        "message to a business account",
        "business_message",
        [
            message(
                9058,
                Text(text="Hi shop"),
                key=f"business_message:9058:{SENT_AT}",
                order_key=BUSINESS.value,
                external_id=f"{BUSINESS.value}:5",
                sender=BUSINESS_ANA,
            )
        ],
    ),
    InboundCase(
        "what the business account's owner wrote",
        "business_echo",
        [
            message(
                9059,
                Text(text="Hello, Ana"),
                key=f"business_message:9059:{SENT_AT}",
                order_key=BUSINESS.value,
                external_id=f"{BUSINESS.value}:6",
                sender=replace(BUSINESS_ANA, language=None),
                echo=True,
            )
        ],
    ),
    InboundCase(
        "edit in a business account's chat",
        "business_edited",
        [
            MessageEdited(
                key=f"edited_business_message:9060:{SENT_AT + 9}",
                order_key=BUSINESS.value,
                at=at(9),
                raw=b"",
                external_id=f"{BUSINESS.value}:5",
                sender=BUSINESS_ANA,
                content=Text(text="Hi, shop!"),
            )
        ],
    ),
    InboundCase("two deletions in one update", "business_deleted", [deleted(9061, 5), deleted(9061, 6)]),
]

HEAD = b'{"update_id":1,"message":{"message_id":1,"date":1790000000,"chat":{"id":42,"type":"private"}'
REFUSED = [
    InboundCase("tap on an inline-mode message", "tap_inline_mode", error=PayloadUnsupported),
    InboundCase("membership that did not change", "membership_unchanged", error=PayloadUnsupported),
    InboundCase("added to a group", "added_to_group", error=PayloadUnsupported),
    InboundCase("reaction in a group", "reaction_group", error=PayloadUnsupported),
    InboundCase("checkout", "pre_checkout_query", error=PayloadUnsupported),
    InboundCase("group message", "group_message", error=PayloadUnsupported),
    InboundCase("channel post", "channel_post", error=PayloadUnsupported),
    InboundCase("a kind of update nobody knows yet", "unknown_update", error=PayloadUnsupported),
    InboundCase("an update of nothing", b'{"update_id":1}', error=PayloadUnsupported),
    InboundCase("a kind that holds nothing", b'{"update_id":1,"message":null}', error=PayloadUnsupported),
    InboundCase("empty body", b"", error=PayloadUnrecognised),
    InboundCase("cut off", payload("text")[:-9], error=PayloadUnrecognised),
    InboundCase("not UTF-8", b'{"update_id":1,"message":"\xff"}', error=PayloadUnrecognised),
    InboundCase("a list", b"[]", error=PayloadUnrecognised),
    InboundCase("another provider's JSON", b'{"object":"whatsapp_business_account"}', error=PayloadUnrecognised),
    InboundCase("update_id is true", b'{"update_id":true,"message":{}}', error=PayloadUnrecognised),
    InboundCase("update_id of 80 bits", b'{"update_id":1208925819614629174706176}', error=PayloadUnrecognised),
    InboundCase("message is a text", b'{"update_id":1,"message":"hello"}', error=PayloadUnrecognised),
    InboundCase("no chat", b'{"update_id":1,"message":{"message_id":1,"date":1}}', error=PayloadUnrecognised),
    InboundCase("no message id", HEAD.replace(b'"message_id":1,', b"") + b"}}", error=PayloadUnrecognised),
    InboundCase("no date", HEAD.replace(b"1790000000", b"null") + b"}}", error=PayloadUnrecognised),
    InboundCase("a date beyond time", HEAD.replace(b"1790000000", b"1" + b"0" * 15) + b"}}", error=PayloadUnrecognised),
    InboundCase("tap without an id", b'{"update_id":1,"callback_query":{"data":"x"}}', error=PayloadUnrecognised),
    InboundCase(
        "deletion of nothing",
        payload("business_deleted").replace(b"5,", b"").replace(b"6\n", b"\n"),
        error=PayloadUnrecognised,
    ),
]

# Contents that cannot be read: the message is kept and named, never dropped.
UNREADABLE = [
    (b'"text":7', "text"),
    (b'"text":""', "text"),
    (b'"photo":[]', "photo"),
    (b'"photo":[{"file_id":7}]', "photo"),
    (b'"voice":{"duration":4}', "voice"),
    (b'"document":"x"', "document"),
    (b'"sticker":[]', "sticker"),
    (b'"location":{"latitude":91,"longitude":0}', "location"),
    (b'"location":{"latitude":true,"longitude":[]}', "location"),
    (b'"venue":{"title":"no place"}', "venue"),
    (b'"contact":{"first_name":"nobody"}', "contact"),
    (b'"web_app_data":{"button_text":"x"}', "web app data"),
]


def parse(body: bytes) -> Sequence[InboundEvent]:
    return ADAPTER.parse(ACCOUNT, body, {})


def labels(case: object) -> str | None:
    return case.label if isinstance(case, InboundCase) else None


@pytest.mark.parametrize("case", KEPT, ids=labels)
def test_update_becomes_events(case: InboundCase) -> None:
    assert [replace(event, raw=b"") for event in parse(case.body)] == list(case.expected)


@pytest.mark.parametrize("case", KEPT, ids=labels)
def test_an_event_s_raw_gives_that_event_again(case: InboundCase) -> None:
    for event in parse(case.body):
        assert parse(event.raw) == [event]


@pytest.mark.parametrize("case", REFUSED, ids=labels)
def test_update_is_refused(case: InboundCase) -> None:
    assert case.error is not None
    with pytest.raises(case.error):
        parse(case.body)


def test_every_payload_file_is_in_a_table() -> None:
    from tests.channels.telegram.support import PAYLOADS

    named = {case.payload for case in (*KEPT, *REFUSED) if isinstance(case.payload, str)}
    assert {path.stem for path in PAYLOADS.glob("*.json")} == named


@pytest.mark.parametrize(("content", "what"), UNREADABLE)
def test_unreadable_content_is_kept_and_named(content: bytes, what: str) -> None:
    (event,) = parse(HEAD + b"," + content + b"}}")
    assert isinstance(event, InboundMessage)
    assert isinstance(event.content, Unsupported)
    assert event.content.what == what


def test_half_an_emoji_costs_nobody_their_message() -> None:
    (event,) = parse(HEAD + b',"text":"Hi \\ud83d"}}')
    assert isinstance(event, InboundMessage)
    assert event.content == Text(text="Hi ?")
    assert parse(event.raw) == [event]


def test_null_is_as_good_as_missing() -> None:
    (event,) = parse(HEAD + b',"forward_origin":null,"reply_to_message":null,"text":null,"dice":{"emoji":"x"}}}')
    assert isinstance(event, InboundMessage)
    assert event.content == Unsupported(what="dice", detail="x")
    assert not event.forwarded


@pytest.mark.parametrize("edited_at", [b"null", b"0"])
def test_an_edit_that_does_not_say_when_is_as_old_as_its_message(edited_at: bytes) -> None:
    edit = HEAD.replace(b'"message":', b'"message":null,"edited_message":') + b',"text":"a","edit_date":'
    (event,) = parse(edit + edited_at + b"}}")
    assert isinstance(event, MessageEdited)
    assert event.at.timestamp() == 1790000000


def test_same_number_after_telegram_restarts_its_count_is_another_event() -> None:
    (first,) = parse(HEAD + b',"text":"a"}}')
    (second,) = parse(HEAD.replace(b"1790000000", b"1800000000") + b',"text":"a"}}')
    assert first.key != second.key


@pytest.mark.parametrize("text", ["/start", "/start ", "/start a b", "/started x", "start x", "/start\nx"])
def test_only_a_single_payload_is_a_referral(text: str) -> None:
    (event,) = parse(HEAD + b',"text":"' + text.replace("\n", "\\n").encode() + b'"}}')
    assert isinstance(event, InboundMessage)
    assert event.content == Text(text=text)
    assert event.referral is None


# --- the secret token ---------------------------------------------------------------------------------------------


def request(headers: dict[str, str]) -> WebhookRequest:
    return WebhookRequest("POST", "https://parley.test/webhooks/telegram/acc_1", headers, {}, payload("text"))


def test_the_secret_token_is_accepted() -> None:
    ADAPTER.verify(ACCOUNT, request({"x-telegram-bot-api-secret-token": SECRET}))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-telegram-bot-api-secret-token": ""},
        {"x-telegram-bot-api-secret-token": SECRET + "x"},
        {"x-telegram-bot-api-secret-token": SECRET[:-1]},
        {"x-telegram-bot-api-secret-token": "geheim-ä"},
        {"authorization": SECRET},
    ],
)
def test_a_wrong_secret_token_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(ACCOUNT, request(headers))


def test_an_account_without_a_secret_accepts_nobody() -> None:
    with pytest.raises(SignatureInvalid):
        ADAPTER.verify(replace(ACCOUNT, secrets={}), request({"x-telegram-bot-api-secret-token": ""}))


def test_the_answer_is_empty() -> None:
    assert ADAPTER.reply(ACCOUNT) == ("text/plain", b"")
