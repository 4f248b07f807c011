"""Listing templates page by page, and showing one with its values."""

from typing import Any

import httpx
import pytest

from channels.contract import ProviderTemplate
from channels.errors import AccountError
from channels.whatsapp import ADAPTER
from channels.whatsapp.templates import MAX_PAGES
from tests.channels.whatsapp.support import ACCOUNT, WABA_ID, graph, refusal

LIST = f"{WABA_ID}/message_templates"
BODY = {"type": "BODY", "text": "Hi {{1}}"}
ROW = {
    "id": "600000000000001",
    "name": "spring_offer",
    "status": "APPROVED",
    "category": "MARKETING",
    "language": "en-US",
    "components": [BODY, 7],
    "quality_score": {"score": "GREEN"},
    "rejected_reason": "NONE",
    "parameter_format": "POSITIONAL",
}
SPRING = ProviderTemplate(
    external_id="600000000000001",
    name="spring_offer",
    language="en_US",
    category="MARKETING",
    status="APPROVED",
    quality="GREEN",
    components=(BODY,),
)


def page(*rows: Any, after: str = "", more: bool = False) -> dict[str, Any]:
    paging: dict[str, Any] = {"cursors": {"after": after}}
    return {"data": list(rows), "paging": paging | ({"next": "https://graph.test/…"} if more else {})}


async def test_all_pages_are_read() -> None:
    rejected = ROW | {"name": "other", "rejected_reason": "ABUSIVE_CONTENT", "quality_score": None, "components": None}
    async with graph() as meta:
        meta.answers(
            "GET", LIST, page(ROW, "junk", after="A", more=True), page({"id": "nameless"}, rejected, after="B")
        )
        listed = await ADAPTER.list_templates(meta.io, ACCOUNT)
    assert listed[0] == SPRING
    assert [(row.name, row.rejected_reason, row.quality, row.components) for row in listed[1:]] == [
        ("other", "ABUSIVE_CONTENT", None, ())
    ]
    assert [request.url.params.get("after") for request in meta.asked] == [None, "A"]
    assert meta.asked[1].url.params["limit"] == "100"
    assert "rejected_reason" in meta.asked[1].url.params["fields"]


async def test_an_endless_list_ends() -> None:
    async with graph() as meta:
        meta.answers("GET", LIST, page(ROW, after="A", more=True))
        assert len(await ADAPTER.list_templates(meta.io, ACCOUNT)) == MAX_PAGES


@pytest.mark.parametrize(
    ("answer", "field"),
    [(refusal(190), "access_token"), (refusal(100), "waba_id"), (httpx.ReadTimeout("x"), None)],
)
async def test_a_list_that_cannot_be_read(answer: Any, field: str | None) -> None:
    async with graph() as meta:
        meta.answers("GET", LIST, answer)
        with pytest.raises(AccountError) as caught:
            await ADAPTER.list_templates(meta.io, ACCOUNT)
    assert caught.value.field == field


def template(*components: dict[str, Any]) -> ProviderTemplate:
    return ProviderTemplate("1", "spring_offer", "en_US", "MARKETING", "APPROVED", None, components)


RICH = template(
    {"type": "HEADER", "format": "TEXT", "text": "For {{first_name}}"},
    {"type": "BODY", "text": "Hi {{first_name}}, {{ share }} % off."},
    {"type": "FOOTER", "text": "Reply STOP to opt out"},
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "URL", "text": "Shop", "url": "https://example.test/{{1}}"},
            {"type": "QUICK_REPLY", "text": "Stop promotions"},
        ],
    },
)


@pytest.mark.parametrize(
    ("shown", "parameters", "expected"),
    [
        pytest.param(
            RICH,
            {
                "header": {"first_name": "Ana"},
                "body": {"first_name": "Ana", "share": "20"},
                "buttons": {"0": "spring"},
            },
            {"header": "For Ana", "body": "Hi Ana, 20 % off.", "missing": []},
            id="filled",
        ),
        pytest.param(
            RICH,
            {"body": {"share": "", "first_name": "Ana"}},
            {
                "header": "For {{first_name}}",
                "body": "Hi Ana, {{ share }} % off.",
                "missing": ["header.first_name", "body.share", "buttons.0"],
            },
            id="half filled",
        ),
        pytest.param(
            RICH,
            {"header": None, "body": ["x"], "buttons": 7},
            {
                "header": "For {{first_name}}",
                "body": "Hi {{first_name}}, {{ share }} % off.",
                "missing": ["header.first_name", "body.first_name", "body.share", "buttons.0"],
            },
            id="values of the wrong shape",
        ),
        pytest.param(
            template({"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Order {{2}} for {{1}}"}),
            {"header_file_id": "file_1", "body": {"1": "Ana", "2": "1001"}},
            {"header": "Image", "body": "Order 1001 for Ana", "footer": None, "buttons": [], "missing": []},
            id="positional, with a picture",
        ),
        pytest.param(
            template({"type": "HEADER", "format": "VIDEO"}, BODY),
            {"body": {"1": "{{1}} $& \\1"}},
            {"header": "Video", "body": "Hi {{1}} $& \\1", "footer": None, "buttons": [], "missing": ["header.file"]},
            id="a value that looks like a pattern",
        ),
        pytest.param(
            template(
                {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Ends soon", "has_expiration": True}},
                {"type": "BODY", "text": "Half price"},
                {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE"}]},
                {
                    "type": "CAROUSEL",
                    "cards": [{"components": [{"type": "HEADER", "format": "IMAGE"}, BODY]}, {"components": [BODY]}],
                },
            ),
            {"buttons": {"0": "SAVE50"}, "cards": [{"header_file_id": "file_1", "body": {"1": "Ana"}}]},
            {
                "header": None,
                "body": "Half price",
                "footer": None,
                "buttons": ["Copy offer code"],
                "offer": {"text": "Ends soon", "ends_at": None, "code": "SAVE50"},
                "cards": [
                    {"header": "Image", "body": "Hi Ana", "buttons": [], "file_id": "file_1"},
                    {"header": None, "body": "Hi {{1}}", "buttons": [], "file_id": None},
                ],
                "missing": ["offer_ends_at", "cards.1.body.1"],
            },
            id="an offer and a carousel",
        ),
        pytest.param(
            template(),
            {},
            {"header": None, "body": "", "footer": None, "buttons": [], "missing": []},
            id="nothing at all",
        ),
    ],
)
def test_a_preview(shown: ProviderTemplate, parameters: dict[str, Any], expected: dict[str, Any]) -> None:
    usual = {"footer": "Reply STOP to opt out", "buttons": ["Shop", "Stop promotions"], "cards": [], "offer": None}
    assert ADAPTER.preview_template(shown, parameters) == usual | expected
