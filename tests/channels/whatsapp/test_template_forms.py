"""Template drafts: in Meta's form and back; what Meta would refuse said beforehand, what it refuses told by field."""

from typing import Any

import pytest

from channels.contract import ProviderTemplate
from channels.errors import AccountError
from channels.template_drafts import TemplateDraft
from channels.whatsapp import ADAPTER, template_forms
from tests.channels.whatsapp.support import ACCOUNT, APP_ID, WABA_ID, file, graph, refusal

NAMED = {
    "name": "parcel",
    "language": "en_US",
    "category": "UTILITY",
    "header": {"kind": "text", "text": "For {{first_name}}"},
    "header_examples": {"first_name": "Ama"},
    "body": "Hello {{first_name}}, your parcel is in {{city}} and waits there until Friday.",
    "examples": {"first_name": "Ama", "city": "Kumasi"},
    "footer": "Linden",
    "buttons": [
        {"kind": "url", "text": "Where", "url": "https://example.com/{{1}}", "example": "https://example.com/7"},
        {"kind": "phone", "text": "Call", "phone": "+12025550123"},
        {"kind": "flow", "text": "Book", "flow_id": "700000000000001", "screen": "START"},
        {"kind": "quick_reply", "text": "Thanks"},
    ],
}
LINK = {"kind": "url", "text": "Look", "url": "https://example.com/p/{{1}}", "example": "https://example.com/p/1"}
CARD = {
    "header": {"kind": "image", "sample": "4::EXAMPLE"},
    "body": "The lamp, now for {{1}} only.",
    "examples": {"1": "20"},
    "buttons": [LINK, {"kind": "quick_reply", "text": "Keep one"}],
}
CAROUSEL = {"name": "lamps", "language": "en", "category": "MARKETING", "body": "Two lamps.", "cards": [CARD, CARD]}
OFFER = {
    "name": "half",
    "language": "en",
    "category": "MARKETING",
    "header": {"kind": "video", "sample": "4::EXAMPLE"},
    "body": "Half the price on everything.",
    "offer": {"text": "Ends soon", "expires": True},
    "buttons": [{"kind": "copy_code", "example": "HALF50"}, LINK],
}
CODE = {
    "name": "code",
    "language": "en",
    "category": "AUTHENTICATION",
    "code": {
        "button": "one_tap",
        "button_text": "Fill it in",
        "security_recommendation": True,
        "expires_minutes": 10,
        "apps": [{"package_name": "com.example.shop", "signature_hash": "K8a/AINcGX7"}],
    },
}


@pytest.mark.parametrize("values", [NAMED, CAROUSEL, OFFER, CODE], ids=lambda values: values["name"])
def test_what_goes_to_meta_comes_back(values: dict[str, Any]) -> None:
    draft = TemplateDraft.model_validate(values)
    assert ADAPTER.template_problems(draft) == []
    listed = ADAPTER.template_of(draft)
    assert ADAPTER.draft_of(listed) == draft
    assert ADAPTER.preview_template(listed, {"offer_ends_at": None})["missing"] is not None


def test_metas_form() -> None:
    parts = template_forms.components(TemplateDraft.model_validate(NAMED), {})
    assert parts[1]["example"] == {
        "body_text_named_params": [
            {"param_name": "first_name", "example": "Ama"},
            {"param_name": "city", "example": "Kumasi"},
        ]
    }
    assert parts[3]["buttons"][0]["example"] == ["https://example.com/7"]
    assert parts[3]["buttons"][2]["navigate_screen"] == "START"
    numbered = TemplateDraft(name="x", body="Order {{2}} for {{1}} is here today.", examples={"1": "Ama", "2": "7"})
    assert template_forms.components(numbered, {})[0]["example"] == {"body_text": [["Ama", "7"]]}
    pictured = TemplateDraft.model_validate({"body": "Look", "header": {"kind": "image", "file_id": "fil_1"}})
    assert template_forms.components(pictured, {"fil_1": "4::X"})[0]["example"] == {"header_handle": ["4::X"]}


def changed(values: dict[str, Any], **change: Any) -> TemplateDraft:
    return TemplateDraft.model_validate({**values, **change})


QUICK, CALL = {"kind": "quick_reply", "text": "Yes"}, {"kind": "phone", "text": "Call", "phone": "+12025550123"}
WRONG: list[tuple[str, TemplateDraft, set[str]]] = [
    ("nothing yet", TemplateDraft(), {"name", "body"}),
    ("name and language", changed(NAMED, name="Über", language="English"), {"name", "language"}),
    ("a variable first", changed(CAROUSEL, cards=[], body="{{1}} for you and all", examples={"1": "x"}), {"body"}),
    ("side by side", changed(NAMED, body="To {{first_name}} {{city}} with many kind regards"), {"body"}),
    ("gaps", changed(CAROUSEL, cards=[], body="Order {{2}} has come to us", examples={"2": "x"}), {"body"}),
    ("too few words", changed(NAMED, header=None, body="To {{first_name}} in {{city}} now"), {"body"}),
    ("no digit", changed(CAROUSEL, cards=[], body="Order {{²}} has come to us", examples={"²": "x"}), {"body"}),
    ("a nought", changed(CAROUSEL, cards=[], body="Order {{01}} has come to us", examples={"01": "x"}), {"body"}),
    ("three braces", changed(CAROUSEL, cards=[], body="Order {{{1}}} has come to us", examples={"1": "x"}), {"body"}),
    (
        "a header's second",
        changed(CAROUSEL, cards=[], header={"kind": "text", "text": "Order {{2}} is here"}, header_examples={"2": "x"}),
        {"header.text"},
    ),
    ("incomplete", changed(NAMED, body="Hello {{first name}}, how are you"), {"body"}),
    ("numbers and names", changed(NAMED, body="Hello {{1}}, we are so very glad", examples={"1": "x"}), {"body"}),
    ("too long", changed(NAMED, body="a" * 1025, footer="f" * 61), {"body", "footer"}),
    (
        "header",
        changed(NAMED, header={"kind": "text", "text": "*Bold* {{a}} {{b}}"}),
        {"header.text", "header_examples.a", "header_examples.b"},
    ),
    ("no sample", changed(NAMED, header={"kind": "image"}), {"header.file_id"}),
    ("replies apart", changed(NAMED, buttons=[QUICK, CALL, {**QUICK, "text": "No"}]), {"buttons"}),
    ("two calls", changed(NAMED, buttons=[CALL, {**CALL, "text": "Ring"}]), {"buttons"}),
    ("alike", changed(NAMED, buttons=[QUICK, QUICK]), {"buttons.0.text", "buttons.1.text"}),
    ("no address", changed(NAMED, buttons=[{**LINK, "url": "example"}]), {"buttons.0.url"}),
    ("variable inside", changed(NAMED, buttons=[{**LINK, "url": "https://example.com/{{1}}/x"}]), {"buttons.0.url"}),
    ("no example", changed(NAMED, buttons=[{**LINK, "example": ""}]), {"buttons.0.example"}),
    (
        "nothing filled in",
        changed(NAMED, buttons=[{**LINK, "example": "https://example.com/p/"}]),
        {"buttons.0.example"},
    ),
    (
        "a card's buttons alike",
        changed(CAROUSEL, cards=[{**CARD, "buttons": [QUICK, QUICK]}] * 2),
        {f"cards.{card}.buttons.{at}.text" for card in (0, 1) for at in (0, 1)},
    ),
    ("no number", changed(NAMED, buttons=[{**CALL, "phone": "12"}]), {"buttons.0.phone"}),
    (
        "code too long",
        changed(OFFER, buttons=[{"kind": "copy_code", "example": "x" * 21}, LINK]),
        {"buttons.0.example"},
    ),
    (
        "an offer as utility",
        changed(OFFER, category="UTILITY", footer="x", buttons=[CALL]),
        {"category", "footer", "buttons"},
    ),
    ("one card", changed(CAROUSEL, cards=[CARD]), {"cards"}),
    ("cards that differ", changed(CAROUSEL, cards=[CARD, {**CARD, "buttons": [LINK]}]), {"cards.1"}),
    ("a carousel with more", changed(CAROUSEL, buttons=[QUICK], footer="x"), {"buttons", "footer"}),
    (
        "no app",
        changed(CODE, code={"button": "zero_tap", "expires_minutes": 91}),
        {"code.apps", "code.expires_minutes"},
    ),
]


@pytest.mark.parametrize(("draft", "fields"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_what_meta_would_refuse_is_said_at_its_field(draft: TemplateDraft, fields: set[str]) -> None:
    found = ADAPTER.template_problems(draft)
    assert {problem.field for problem in found} == fields
    assert all(problem.message.endswith(".") for problem in found)


async def test_a_sample_goes_by_the_resumable_upload() -> None:
    async with graph() as meta:
        meta.answers("POST", f"{APP_ID}/uploads", {"id": "upload:EXAMPLE"})
        meta.answers("POST", "upload:EXAMPLE", {"h": "4::EXAMPLE"})
        assert await ADAPTER.upload_sample(meta.io, ACCOUNT, file("image", "image/jpeg", "p.jpg")) == "4::EXAMPLE"
    begun, sent = meta.asked
    assert dict(begun.url.params) == {"file_length": "5", "file_type": "image/jpeg", "file_name": "p.jpg"}
    assert sent.headers["authorization"].startswith("OAuth ")
    assert (sent.headers["file_offset"], sent.content) == ("0", b"bytes")


@pytest.mark.parametrize(
    ("subcode", "field"), [(2388299, "body"), (2388023, "name"), (2388273, "header"), (2388073, "footer"), (1, None)]
)
async def test_a_refusal_names_the_field(subcode: int, field: str | None) -> None:
    no = refusal(100, "Invalid parameter", error_subcode=subcode, error_user_msg="Change this.")
    async with graph() as meta:
        meta.answers("POST", f"{WABA_ID}/message_templates", no, status=400)
        with pytest.raises(AccountError, match="Change this") as caught:
            await ADAPTER.create_template(meta.io, ACCOUNT, TemplateDraft.model_validate(NAMED), {})
    assert caught.value.field == field
    assert meta.body["parameter_format"] == "NAMED"


def test_what_was_made_elsewhere_is_read_as_far_as_it_goes() -> None:
    odd = ProviderTemplate(
        "1",
        "x",
        "en",
        "OTHER",
        "APPROVED",
        None,
        ({"type": "HEADER", "format": "PRODUCT"}, {"type": "BUTTONS", "buttons": [{"type": "MPM"}]}),
    )
    draft = ADAPTER.draft_of(odd)
    assert (draft.header, draft.buttons, draft.category) == (None, (), "UTILITY")
