"""
What a message will look like on the customer's phone, and what it costs: worked out by the code that sends it.

A preview goes through the same gate, is cut into the same parts and put into words by the same adapter as the message
itself, so it cannot show anything else than what goes out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.core.addresses import Address
from app.core.runtime import Workspace
from channels import registry
from channels.content import Content, MediaMessage, Template
from channels.contract import ChannelAccount, Charge, Charges, CountsSegments, Previews, Shown
from channels.errors import SendError
from crm import places
from inbox import outbox, templates
from inbox.answering import prices
from inbox.answering.prices import Cost
from inbox.conversations import Conversation
from inbox.outbox import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One message as it goes out; `refusal` says why the channel would not take it, in words."""

    content: Content
    shown: Shown | None
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How a text is carried: of all its parts, the encoding that takes more room, and the units free in the last."""

    encoding: str
    segments: int
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """`costs` has a line for each category that is charged; none at all: it is free."""

    channel: str
    account_id: str
    address: str
    parts: tuple[Part, ...]
    encoding: Encoding | None
    costs: tuple[Cost, ...]
    window_open: bool


async def preview(ws: Workspace, conversation: Conversation, draft: Draft, contents: Sequence[Content]) -> Preview:
    """Of messages that go one after another. Raises what the gate raises; a closed window is only told."""
    pieces: list[Content] = []
    for content in contents:
        way, parts = await outbox.rehearse(ws, conversation, replace(draft, content=content))
        pieces += parts
    open_now = way.capabilities.window_hours is None or (way.closes is not None and way.closes > ws.clock.now())
    return await of_pieces(ws, way.account, way.address, pieces, window_open=open_now)


async def of_pieces(
    ws: Workspace, account: ChannelAccount, address: Address | None, pieces: Sequence[Content], *, window_open: bool
) -> Preview:
    """Of contents that nobody has to be asked for any more; without an address nothing is known of the country."""
    parts: list[Part] = []
    charges: list[Charge] = []
    segments: list[Encoding] = []
    for piece in pieces:
        part = _part(account, piece)
        parts.append(part)
        if part.shown is None:
            continue
        charges += await _charges(ws, account, piece)
        segments += _segments(account, piece, part.shown)
    country = _country(ws, address) if address else None
    kept = await prices.of_account(ws, account.id)
    alike = dict.fromkeys((charge.category, charge.priced_as) for charge in charges)
    costs = [
        prices.cost(kept, account.kind, [c for c in charges if (c.category, c.priced_as) == each], country)
        for each in alike
    ]
    return Preview(
        channel=account.kind,
        account_id=account.id,
        address=str(address) if address else "",
        parts=tuple(parts),
        encoding=_whole(segments),
        costs=tuple(cost for cost in costs if cost is not None),
        window_open=window_open,
    )


def _part(account: ChannelAccount, content: Content) -> Part:
    adapter = registry.adapter(account.kind)
    if not isinstance(adapter, Previews):
        return Part(content=content, shown=None)
    try:
        return Part(content=content, shown=adapter.shown(account, content))
    except SendError as error:
        return Part(content=content, shown=None, refusal=str(error))


async def _charges(ws: Workspace, account: ChannelAccount, content: Content) -> list[Charge]:
    adapter = registry.adapter(account.kind)
    if not isinstance(adapter, Charges):
        return []
    category = None
    if isinstance(content, Template):
        kept = await templates.find(ws, account.id, content.name, content.language)
        category = kept.template.category if kept else None
    return [adapter.charge(account, content, category)]


def _segments(account: ChannelAccount, content: Content, shown: Shown) -> list[Encoding]:
    adapter = registry.adapter(account.kind)
    if not isinstance(adapter, CountsSegments) or isinstance(content, MediaMessage):
        return []
    counted = adapter.count_segments(account, shown.text)
    return [Encoding(encoding=counted["encoding"], segments=counted["segments"], left=counted["left"])]


def _whole(parts: Sequence[Encoding]) -> Encoding | None:
    if not parts:
        return None
    widest = max((part.encoding for part in parts), key=lambda encoding: encoding != "GSM-7")
    return Encoding(encoding=widest, segments=sum(part.segments for part in parts), left=parts[-1].left)


def _country(ws: Workspace, address: Address) -> str | None:
    place = places.place_of(address, ws.clock.now())
    return place.region if place else None
