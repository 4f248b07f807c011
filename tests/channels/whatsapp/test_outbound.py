"""Our content as Meta's request bodies, word for word; and what is refused before Meta would."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.content import (
    Button,
    Buttons,
    Choice,
    ContactCard,
    ContactRequest,
    Contacts,
    Content,
    LinkButton,
    List,
    Location,
    LocationRequest,
    Media,
    MediaKind,
    MediaMessage,
    Row,
    Section,
    Template,
    TemplateParameters,
    Text,
    Unsupported,
)
from channels.contract import OutboundFile
from channels.errors import MessageRefused, SendError, TemplateRefused
from channels.whatsapp import ADAPTER
from tests.channels.whatsapp.support import (
    ACCEPTED,
    ACCOUNT,
    ANA,
    ANA_ID,
    NUMBER_ID,
    TOKEN,
    file,
    graph,
    outbound,
)

SENT = f"{NUMBER_ID}/messages"


@dataclass(frozen=True)
class OutboundCase:
    label: str
    content: Content
    part: dict[str, Any] = field(default_factory=dict)
    file: OutboundFile | None = None
    error: type[SendError] | None = None
    words: str = "WhatsApp"


def media(kind: MediaKind, mime: str, *, caption: str | None = None, name: str | None = None) -> dict[str, Any]:
    return {
        "content": MediaMessage(media=Media(kind=kind, mime=mime, name=name, file_id="file_1"), caption=caption),
        "file": file(kind, mime, name),
    }


def buttons(count: int, **more: Any) -> Buttons:
    made = tuple(Button(id=f"b{index}", title=f"Button {index}") for index in range(count))
    return Buttons(**{"text": "Confirm?", "buttons": made, **more})


def menu(*sections: Section, **more: Any) -> List:
    return List(**{"text": "Pick a slot", "button": "Slots", "sections": sections, **more})


def rows(count: int, start: int = 0) -> tuple[Row, ...]:
    return tuple(Row(id=f"r{index}", title=f"Row {index}") for index in range(start, start + count))


def interactive(kind: str, text: str, action: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"type": kind, "body": {"text": text}, "action": action, **more}
    return {"type": "interactive", "interactive": body}


def reply(index: int) -> dict[str, Any]:
    return {"type": "reply", "reply": {"id": f"b{index}", "title": f"Button {index}"}}


CASES = [
    OutboundCase("text", Text(text="Hello"), {"type": "text", "text": {"body": "Hello", "preview_url": False}}),
    OutboundCase(
        "text with a link",
        Text(text="See HTTPS://example.test"),
        {"type": "text", "text": {"body": "See HTTPS://example.test", "preview_url": True}},
    ),
    OutboundCase(
        "image",
        part={"type": "image", "image": {"id": "3000001", "caption": "Your design"}},
        **media("image", "image/png", caption="Your design"),
    ),
    OutboundCase("video", part={"type": "video", "video": {"id": "3000001"}}, **media("video", "video/mp4")),
    OutboundCase("audio", part={"type": "audio", "audio": {"id": "3000001"}}, **media("audio", "audio/mpeg")),
    OutboundCase(
        "voice note",
        part={"type": "audio", "audio": {"id": "3000001", "voice": True}},
        **media("voice", "audio/ogg; codecs=opus"),
    ),
    OutboundCase(
        "a voice note that only plays as a file",
        part={"type": "audio", "audio": {"id": "3000001"}},
        **media("voice", "audio/mp4"),
    ),
    OutboundCase(
        "document",
        part={"type": "document", "document": {"id": "3000001", "caption": "Quote", "filename": "quote.pdf"}},
        **media("document", "application/pdf", caption="Quote", name="quote.pdf"),
    ),
    OutboundCase("sticker", part={"type": "sticker", "sticker": {"id": "3000001"}}, **media("sticker", "image/webp")),
    OutboundCase(
        "location",
        Location(latitude=5.6037, longitude=-0.187, name="Shop"),
        {"type": "location", "location": {"latitude": 5.6037, "longitude": -0.187, "name": "Shop"}},
    ),
    OutboundCase(
        "contacts",
        Contacts(
            contacts=(
                ContactCard(
                    name="Help Desk",
                    phones=("+12025550101",),
                    emails=("help@example.test",),
                    organisation="Example Ltd",
                ),
            )
        ),
        {
            "type": "contacts",
            "contacts": [
                {
                    "name": {"formatted_name": "Help Desk", "first_name": "Help Desk"},
                    "phones": [{"phone": "+12025550101"}],
                    "emails": [{"email": "help@example.test"}],
                    "org": {"company": "Example Ltd"},
                }
            ],
        },
    ),
    OutboundCase(
        "buttons",
        buttons(2, header="Order 1001", footer="Example Ltd"),
        interactive(
            "button",
            "Confirm?",
            {"buttons": [reply(0), reply(1)]},
            header={"type": "text", "text": "Order 1001"},
            footer={"text": "Example Ltd"},
        ),
    ),
    OutboundCase(
        "more buttons than there is room for become a list",
        buttons(4),
        interactive(
            "list",
            "Confirm?",
            {
                "button": "Menu",
                "sections": [{"rows": [{"id": f"b{index}", "title": f"Button {index}"} for index in range(4)]}],
            },
        ),
    ),
    OutboundCase(
        "list",
        menu(Section(title="Tomorrow", rows=(Row(id="slot_9", title="09:00", description="Main branch"),))),
        interactive(
            "list",
            "Pick a slot",
            {
                "button": "Slots",
                "sections": [
                    {
                        "title": "Tomorrow",
                        "rows": [{"id": "slot_9", "title": "09:00", "description": "Main branch"}],
                    }
                ],
            },
        ),
    ),
    OutboundCase(
        "link",
        LinkButton(text="Pay securely", label="Pay now", url="https://example.test/p/1"),
        interactive(
            "cta_url",
            "Pay securely",
            {"name": "cta_url", "parameters": {"display_text": "Pay now", "url": "https://example.test/p/1"}},
        ),
    ),
    OutboundCase(
        "location request",
        LocationRequest(text="Where are you?"),
        interactive("location_request_message", "Where are you?", {"name": "send_location"}),
    ),
    OutboundCase(
        "number request",
        ContactRequest(text="Share your number so we can call you"),
        interactive("request_contact_info", "Share your number so we can call you", {"name": "request_contact_info"}),
    ),
    OutboundCase(
        "longest text",
        Text(text="x" * 4096),
        {"type": "text", "text": {"body": "x" * 4096, "preview_url": False}},
    ),
]
REFUSED = [
    OutboundCase("text too long", Text(text="x" * 4097), error=MessageRefused, words="4097 characters"),
    OutboundCase(
        "caption too long",
        error=MessageRefused,
        words="1024",
        **media("image", "image/png", caption="x" * 1025),
    ),
    OutboundCase(
        "caption on audio",
        error=MessageRefused,
        words="message of its own",
        **media("audio", "audio/mpeg", caption="x"),
    ),
    OutboundCase(
        "caption on a sticker",
        error=MessageRefused,
        words="message of its own",
        **media("sticker", "image/webp", caption="x"),
    ),
    OutboundCase(
        "a file without its bytes",
        MediaMessage(media=Media(kind="image", mime="image/png")),
        error=MessageRefused,
        words="no file",
    ),
    OutboundCase("image of another type", error=MessageRefused, words="image/gif", **media("image", "image/gif")),
    OutboundCase("buttons' text too long", buttons(1, text="x" * 1025), error=MessageRefused, words="1025"),
    OutboundCase(
        "button too long",
        Buttons(text="?", buttons=(Button(id="1", title="x" * 21),)),
        error=MessageRefused,
        words="21 characters",
    ),
    OutboundCase(
        "four buttons, one too long for a row",
        Buttons(text="?", buttons=(Button(id="0", title="x" * 25), *buttons(3).buttons)),
        error=MessageRefused,
        words="25 characters",
    ),
    OutboundCase(
        "four buttons, one with too long an id for a row",
        Buttons(text="?", buttons=(Button(id="0" * 201, title="x"), *buttons(3).buttons)),
        error=MessageRefused,
        words="201 characters",
    ),
    OutboundCase(
        "eleven rows", menu(Section(title="A", rows=rows(6)), Section(title="B", rows=rows(5, 6))), error=MessageRefused
    ),
    OutboundCase("rows too long", menu(Section(rows=(Row(id="1", title="x" * 25),))), error=MessageRefused),
    OutboundCase(
        "row's description too long",
        menu(Section(rows=(Row(id="1", title="x", description="x" * 73),))),
        error=MessageRefused,
        words="73",
    ),
    OutboundCase("section's title too long", menu(Section(title="x" * 25, rows=rows(1))), error=MessageRefused),
    OutboundCase(
        "sections without titles",
        menu(Section(rows=rows(1)), Section(title="B", rows=rows(1, 1))),
        error=MessageRefused,
        words="title",
    ),
    OutboundCase("list's label too long", menu(Section(rows=rows(1)), button="x" * 21), error=MessageRefused),
    OutboundCase(
        "link's label too long",
        LinkButton(text="Pay", label="x" * 21, url="https://example.test"),
        error=MessageRefused,
        words="label of the link",
    ),
    OutboundCase("what only a person can send", Choice(id="1", title="Yes"), error=MessageRefused, words="choice"),
    OutboundCase("unsupported", Unsupported(what="poll"), error=MessageRefused),
]

IMAGE_HEADER = {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::EXAMPLE"]}}
NAMED = {"type": "BODY", "text": "Hi {{first_name}}, enjoy {{share}} % off until Sunday, {{first_name}}."}
POSITIONAL = {"type": "BODY", "text": "Order {{2}} for {{1}} is on its way."}
FOOTER = {"type": "FOOTER", "text": "Reply STOP to opt out"}
BUTTONS = {
    "type": "BUTTONS",
    "buttons": [
        {"type": "URL", "text": "Shop", "url": "https://example.test/{{1}}"},
        {"type": "URL", "text": "About", "url": "https://example.test/about"},
        {"type": "QUICK_REPLY", "text": "Stop promotions"},
        {"type": "COPY_CODE", "example": "SAVE20"},
        {"type": "FLOW", "text": "Book", "flow_id": "700000000000001"},
        {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+12025550101"},
    ],
}
OFFER = {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Ends soon", "has_expiration": True}}


def card(*body: dict[str, Any]) -> dict[str, Any]:
    buttons = [
        {"type": "URL", "text": "Shop", "url": "https://example.test/{{1}}"},
        {"type": "QUICK_REPLY", "text": "More"},
    ]
    return {"components": [IMAGE_HEADER, *body, {"type": "BUTTONS", "buttons": buttons}]}


CAROUSEL = {"type": "CAROUSEL", "cards": [card({"type": "BODY", "text": "A {{1}}"}), card()]}
CODE = {"type": "BODY", "text": "*{{1}}* is your verification code."}
CODE_URL = {"type": "URL", "text": "Copy", "url": "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}"}


def template(*components: dict[str, Any], **parameters: Any) -> Template:
    return Template(
        name="spring_offer", language="en_US", components=components, parameters=TemplateParameters(**parameters)
    )


def filled(*components: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {"name": "spring_offer", "language": {"code": "en_US"}}
    return {"type": "template", "template": body | {"components": list(components)} if components else body}


def texts(kind: str, *parameters: dict[str, str]) -> dict[str, Any]:
    return {"type": kind, "parameters": [{"type": "text", **parameter} for parameter in parameters]}


def button(kind: str, index: str, **parameter: Any) -> dict[str, Any]:
    return {"type": "button", "sub_type": kind, "index": index, "parameters": [parameter]}


TEMPLATES = [
    OutboundCase("template without variables", template({"type": "BODY", "text": "Hello"}, FOOTER), filled()),
    OutboundCase(
        "named variables, each once",
        template(NAMED, body={"first_name": "Test", "share": "20"}),
        filled(
            texts("body", {"parameter_name": "first_name", "text": "Test"}, {"parameter_name": "share", "text": "20"})
        ),
    ),
    OutboundCase(
        "positional variables, in the order of their numbers",
        template(POSITIONAL, body={"2": "1001", "1": "Test"}),
        filled(texts("body", {"text": "Test"}, {"text": "1001"})),
    ),
    OutboundCase(
        "text header",
        template({"type": "HEADER", "format": "TEXT", "text": "Order {{1}}"}, header={"1": "1001"}),
        filled(texts("header", {"text": "1001"})),
    ),
    OutboundCase(
        "image header",
        template(IMAGE_HEADER, {"type": "BODY", "text": "Look"}, header_file_id="file_1"),
        filled({"type": "header", "parameters": [{"type": "image", "image": {"id": "3000001"}}]}),
        file=file("image", "image/jpeg", "offer.jpg"),
    ),
    OutboundCase(
        "place header",
        template(
            {"type": "HEADER", "format": "LOCATION"},
            header={"latitude": "5.6037", "longitude": "-0.187", "name": "Shop", "address": "1 Example Rd"},
        ),
        filled(
            {
                "type": "header",
                "parameters": [
                    {
                        "type": "location",
                        "location": {
                            "latitude": "5.6037",
                            "longitude": "-0.187",
                            "name": "Shop",
                            "address": "1 Example Rd",
                        },
                    }
                ],
            }
        ),
    ),
    OutboundCase(
        "every kind of button",
        template(BUTTONS, buttons={"0": "spring", "2": "STOP_PROMO", "3": "SAVE20", "4": "token"}),
        filled(
            button("url", "0", type="text", text="spring"),
            button("quick_reply", "2", type="payload", payload="STOP_PROMO"),
            button("copy_code", "3", type="coupon_code", coupon_code="SAVE20"),
            button("flow", "4", type="action", action={"flow_token": "token"}),
        ),
    ),
    OutboundCase(
        "buttons that need nothing",
        template(BUTTONS, buttons={"0": "spring", "3": "SAVE20"}),
        filled(
            button("url", "0", type="text", text="spring"),
            button("copy_code", "3", type="coupon_code", coupon_code="SAVE20"),
        ),
    ),
    OutboundCase(
        "a value for a button that takes none",
        template({"type": "BUTTONS", "buttons": [BUTTONS["buttons"][5]]}, buttons={"0": "x"}),
        filled(),
    ),
    OutboundCase(
        "a code stands in the text and on the button",
        template(CODE, {"type": "BUTTONS", "buttons": [CODE_URL]}, body={"1": "4321"}),
        filled(texts("body", {"text": "4321"}), button("url", "0", type="text", text="4321")),
    ),
    OutboundCase(
        "a code's button in its own form",
        template(CODE, {"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]}, body={"1": "4321"}),
        filled(texts("body", {"text": "4321"}), button("url", "0", type="text", text="4321")),
    ),
    OutboundCase(
        "values missing",
        template(NAMED, BUTTONS, body={"first_name": "Test", "share": " "}),
        error=TemplateRefused,
        words="body.share, buttons.0, buttons.3",
    ),
    OutboundCase("header's file missing", template(IMAGE_HEADER), error=TemplateRefused, words="header.file"),
    OutboundCase(
        "place missing",
        template({"type": "HEADER", "format": "LOCATION"}),
        error=TemplateRefused,
        words="header.latitude",
    ),
    OutboundCase(
        "a value on several lines",
        template(POSITIONAL, body={"1": "Ana\n\tKovacs", "2": "10     01"}),
        filled(texts("body", {"text": "Ana Kovacs"}, {"text": "10 01"})),
    ),
    OutboundCase(
        "an offer that counts down, with its code",
        template(
            OFFER,
            {"type": "BODY", "text": "Half the price."},
            {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE", "example": "SAVE50"}, BUTTONS["buttons"][0]]},
            buttons={"0": "SAVE50", "1": "spring"},
            offer_ends_at=datetime(2026, 11, 23, 18, tzinfo=UTC),
        ),
        filled(
            {
                "type": "limited_time_offer",
                "parameters": [
                    {
                        "type": "limited_time_offer",
                        "limited_time_offer": {"expiration_time_ms": 1795456800000},
                    }
                ],
            },
            button("copy_code", "0", type="coupon_code", coupon_code="SAVE50"),
            button("url", "1", type="text", text="spring"),
        ),
    ),
    OutboundCase(
        "a carousel",
        template(
            {"type": "BODY", "text": "New for {{1}}"},
            CAROUSEL,
            body={"1": "Ana"},
            cards=[
                {"header_file_id": "file_1", "body": {"1": "Lamp"}, "buttons": {"0": "lamp", "1": "more_lamp"}},
                {"header_file_id": "file_1", "buttons": {"0": "chair"}},
            ],
        ),
        filled(
            texts("body", {"text": "Ana"}),
            {
                "type": "carousel",
                "cards": [
                    {
                        "card_index": 0,
                        "components": [
                            {"type": "header", "parameters": [{"type": "image", "image": {"id": "3000001"}}]},
                            texts("body", {"text": "Lamp"}),
                            button("url", "0", type="text", text="lamp"),
                            button("quick_reply", "1", type="payload", payload="more_lamp"),
                        ],
                    },
                    {
                        "card_index": 1,
                        "components": [
                            {"type": "header", "parameters": [{"type": "image", "image": {"id": "3000001"}}]},
                            button("url", "0", type="text", text="chair"),
                        ],
                    },
                ],
            },
        ),
        file=file("image", "image/jpeg", "offer.jpg"),
    ),
    OutboundCase(
        "what a carousel and an offer lack",
        template(OFFER, CAROUSEL, cards=[{"body": {"1": "Lamp"}}]),
        error=TemplateRefused,
        words=r"offer_ends_at, cards.0.header.file, cards.0.buttons.0, cards.1.header.file, cards.1.buttons.0",
    ),
    OutboundCase(
        "a header of a kind of its own",
        template({"type": "HEADER", "format": "PRODUCT"}),
        error=TemplateRefused,
        words="PRODUCT",
    ),
]


@pytest.mark.parametrize("case", [*CASES, *REFUSED, *TEMPLATES], ids=lambda case: case.label)
async def test_content_is_sent_or_refused(case: OutboundCase) -> None:
    async with graph() as meta:
        meta.answers("POST", SENT, ACCEPTED)
        meta.answers("POST", f"{NUMBER_ID}/media", {"id": "3000001"})
        if case.error:
            with pytest.raises(case.error, match=case.words):
                await ADAPTER.send(meta.io, ACCOUNT, outbound(case.content, file=case.file))
            assert not meta.asked
            return
        result = await ADAPTER.send(meta.io, ACCOUNT, outbound(case.content, file=case.file))
    assert result.external_ids == ("wamid.OUT1",)
    assert meta.body == case.part | {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+12025550112",
        "biz_opaque_callback_data": "msg_1",
    }
    assert meta.asked[-1].headers["authorization"] == f"Bearer {TOKEN}"
    assert meta.asked[-1].headers["content-type"] == "application/json"


async def test_a_business_scoped_id_is_a_recipient() -> None:
    async with graph() as meta:
        meta.answers("POST", SENT, ACCEPTED)
        await ADAPTER.send(meta.io, ACCOUNT, outbound(Text(text="Hi"), to=ANA_ID))
        assert meta.body["recipient"] == "US.EXAMPLE0012"
        assert "to" not in meta.body


async def test_a_quote_names_its_message() -> None:
    async with graph() as meta:
        meta.answers("POST", SENT, ACCEPTED)
        await ADAPTER.send(meta.io, ACCOUNT, outbound(Text(text="Hi"), reply_to="wamid.EXAMPLE01"))
        assert meta.body["context"] == {"message_id": "wamid.EXAMPLE01"}


async def test_a_file_is_uploaded_with_its_type_and_name() -> None:
    async with graph() as meta:
        meta.answers("POST", f"{NUMBER_ID}/media", {"id": "3000001"})
        meta.answers("POST", SENT, ACCEPTED)
        case = media("document", "application/pdf", name="quote.pdf")
        await ADAPTER.send(meta.io, ACCOUNT, outbound(**case))
        upload = meta.asked[0].content
    assert b'name="messaging_product"\r\n\r\nwhatsapp\r\n' in upload
    assert b'name="type"\r\n\r\napplication/pdf\r\n' in upload
    assert b'name="file"; filename="quote.pdf"\r\nContent-Type: application/pdf\r\n\r\nbytes\r\n' in upload


async def test_a_file_over_the_limit_is_not_uploaded() -> None:
    big = file("sticker", "image/webp", data=b"x" * (500 * 1024 + 1))
    content = MediaMessage(media=big.media)
    async with graph() as meta:
        with pytest.raises(MessageRefused, match="512001 bytes"):
            await ADAPTER.send(meta.io, ACCOUNT, outbound(content, file=big))
        assert not meta.asked


@pytest.mark.parametrize(("emoji", "sent"), [("\N{THUMBS UP SIGN}", "\N{THUMBS UP SIGN}"), ("", "")])
async def test_a_reaction_is_set_and_taken_back(emoji: str, sent: str) -> None:
    async with graph() as meta:
        meta.answers("POST", SENT, ACCEPTED)
        await ADAPTER.react(meta.io, ACCOUNT, ANA, "wamid.EXAMPLE01", emoji)
        assert meta.body == {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "+12025550112",
            "type": "reaction",
            "reaction": {"message_id": "wamid.EXAMPLE01", "emoji": sent},
        }


async def test_reading_and_typing() -> None:
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.EXAMPLE01"}
    async with graph() as meta:
        meta.answers("POST", SENT, {"success": True})
        await ADAPTER.mark_read(meta.io, ACCOUNT, ANA, "wamid.EXAMPLE01")
        assert meta.body == read
        await ADAPTER.show_typing(meta.io, ACCOUNT, ANA, "wamid.EXAMPLE01")
        assert meta.body == read | {"typing_indicator": {"type": "text"}}
        await ADAPTER.show_typing(meta.io, ACCOUNT, ANA, None)
        assert len(meta.asked) == 2


async def test_the_number_that_whatsapp_really_uses_is_told() -> None:
    corrected = ACCEPTED | {"contacts": [{"input": "+12025550112", "wa_id": "12025550199"}]}
    async with graph() as meta:
        meta.answers("POST", SENT, corrected)
        result = await ADAPTER.send(meta.io, ACCOUNT, outbound(Text(text="Hi")))
        assert str(result.new_address) == "whatsapp:+12025550199"
        by_id = await ADAPTER.send(meta.io, ACCOUNT, outbound(Text(text="Hi"), to=ANA_ID))
        assert by_id.new_address is None


@pytest.mark.parametrize(
    ("status", "note"),
    [("accepted", None), ("held_for_quality_assessment", "holds this template"), ("paused", "paused at WhatsApp")],
)
async def test_a_held_template_is_told(status: str, note: str | None) -> None:
    async with graph() as meta:
        meta.answers("POST", SENT, {"messages": [{"id": "wamid.OUT1", "message_status": status}]})
        result = await ADAPTER.send(meta.io, ACCOUNT, outbound(template({"type": "BODY", "text": "Hello"})))
    assert (result.note is None) == (note is None)
    assert note is None or note in str(result.note)


def test_capabilities_are_the_same_for_every_account_but_for_its_throughput() -> None:
    assert ADAPTER.capabilities(None) is ADAPTER.capabilities(ACCOUNT)
    assert ADAPTER.capabilities(None).window_hours == 24
    upgraded = replace(ACCOUNT, config={**ACCOUNT.config, "messages_per_second": "1000"})
    assert ADAPTER.capabilities(upgraded).rate.sender_per_second == 1_000
