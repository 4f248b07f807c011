"""What a message will look like and cost before it is sent."""

from typing import Annotated, Literal

from pydantic import Field

from app.core.errors import Conflict, Invalid, LeftOut, NotFound, OptedOut
from app.core.permissions import Permission
from channels.content import Content
from channels.contract import ChosenPurpose, Purpose, Shown
from inbox import access
from inbox.answering import acts, previews
from inbox.answering.prices import Cost
from inbox.outbox import Draft
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Channel, Out


class WantPreview(Body):
    """What would be sent one after another, and how; as in sending it."""

    contents: Annotated[list[Content], Field(min_length=1, max_length=20)]
    account_id: Annotated[str | None, Field(max_length=100)] = None
    address: Annotated[str | None, Field(max_length=300)] = None
    purpose: ChosenPurpose = Purpose.SERVICE


class SpanOut(Out):
    text: str
    styles: tuple[Literal["bold", "italic", "strike", "code"], ...]


class LineOut(Out):
    """`mark` is the number of a numbered line."""

    kind: Literal["text", "quote", "bullet", "number", "code"]
    mark: str
    spans: list[SpanOut]


class PartOut(Out):
    """
    One message: `text` as it goes to the provider, `lines` as the app draws it. `refusal`: why the channel would not
    take it. `type` is that of the content; a location, for one, has no words.
    """

    type: str
    text: str
    header: str | None
    lines: list[LineOut]
    footer: str | None
    options: tuple[str, ...]
    refusal: str | None


class EncodingOut(Out):
    """`left` units are free in the last segment."""

    encoding: str
    segments: int
    left: int


class CostOut(Out):
    """
    `units` of a category. `amount` is their price in `currency` and `each` that of one, as decimal text; null: the
    account's price list has none for this country. The first `free_a_month` of a month cost nothing.
    """

    category: str
    units: int
    unit: Literal["message", "segment"]
    country: str | None
    each: str | None
    amount: str | None
    currency: str | None
    free_a_month: int


class MessagePreviewOut(Out):
    """`costs` empty: it is free."""

    channel: Channel
    account_id: str
    address: str
    parts: list[PartOut]
    encoding: EncodingOut | None
    costs: list[CostOut]
    window_open: bool


async def preview(request: ApiRequest, conversation_id: str, body: WantPreview) -> MessagePreviewOut:
    ws, actor = request.ws, request.actor
    conversation = await access.conversation(ws, actor, conversation_id, access.REPLY)
    draft = Draft(
        content=body.contents[0],
        author=acts.author(actor),
        client_id="",
        purpose=body.purpose,
        account_id=body.account_id,
        address=await access.address(ws, actor, conversation, body.address),
    )
    return preview_out(await previews.preview(ws, conversation, draft, body.contents))


def preview_out(seen: previews.Preview) -> MessagePreviewOut:
    encoding = seen.encoding
    return MessagePreviewOut(
        channel=seen.channel,
        account_id=seen.account_id,
        address=seen.address,
        parts=[_part(part) for part in seen.parts],
        encoding=encoding and EncodingOut(encoding=encoding.encoding, segments=encoding.segments, left=encoding.left),
        costs=[_cost(cost) for cost in seen.costs],
        window_open=seen.window_open,
    )


def _part(part: previews.Part) -> PartOut:
    shown = part.shown or Shown(text="", lines=())
    return PartOut(
        type=part.content.type,
        text=shown.text,
        header=shown.header,
        lines=[
            LineOut(kind=line.kind, mark=line.mark, spans=[SpanOut(text=s.text, styles=s.styles) for s in line.spans])
            for line in shown.lines
        ],
        footer=shown.footer,
        options=shown.options,
        refusal=part.refusal,
    )


def _cost(cost: Cost) -> CostOut:
    price = cost.price
    return CostOut(
        category=cost.category,
        units=cost.units,
        unit=cost.unit,
        country=cost.country,
        each=f"{price.amount:f}" if price else None,
        amount=None if cost.amount is None else f"{cost.amount:f}",
        currency=price.currency if price else None,
        free_a_month=cost.free_a_month,
    )


ENDPOINTS = [
    Endpoint(
        "POST",
        "/conversations/{conversation_id}/preview",
        preview,
        Permission.INBOX_REPLY,
        "What a message will look like on the customer's phone, and what it costs",
        errors=(NotFound, Invalid, Conflict, LeftOut, OptedOut),
        idempotent=False,
    ),
]
