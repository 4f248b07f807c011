"""Pages of a timeline, whole or filtered: the same for a thread and for a contact."""

from collections.abc import Sequence
from math import ceil
from typing import Annotated

from pydantic import BeforeValidator, Field

from channels import registry
from inbox import access, conversations, present, shelves, story, timeline
from inbox.mailings import placing
from inbox.shelves import Filter, Kind
from inbox.story import Placed
from web.api.endpoint import ApiRequest
from web.api.inbox_shapes import EntryPage
from web.api.models import Channel, Query, When

# A page of everything begins a little above the newest known number: some may just have been taken.
_SLACK = 20


def listed(given: object) -> object:
    return tuple(part for part in given.split(",") if part) if isinstance(given, str) else given


_Kinds = Annotated[
    tuple[Kind, ...],
    BeforeValidator(listed),
    Field(max_length=len(shelves.KINDS), description="Any of these: message, note, ticket, event, consent"),
]
_Channels = Annotated[tuple[Channel, ...], BeforeValidator(listed), Field(max_length=20)]


class TimelineQuery(Query):
    """
    The newest entries, or those with numbers below `before`. `kind` and `channel` may have several values with commas
    between; a span of time is from `since` on and before `until`.
    """

    before: Annotated[float | None, Field(gt=0, le=2**53)] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    kind: _Kinds = ()
    channel: _Channels = ()
    since: When | None = None
    until: When | None = None


async def page(
    request: ApiRequest, contact_id: str, query: TimelineQuery, *, newest: int, woven: bool = False
) -> EntryPage:
    """
    What the actor sees of it; `newest` is a number about which the newest entry is, `woven` says that the contact was
    merged or parted.
    """
    ws = request.ws
    await placing.settle(ws, [contact_id])
    wanted = Filter(kinds=query.kind, channels=query.channel, since=query.since, until=query.until)
    before = query.before or newest + _SLACK
    if woven:
        placed, place = await story.filtered_before(
            ws, await story.of(ws, contact_id), min(before, newest + _SLACK), wanted, limit=query.limit, slack=_SLACK
        )
        return await _shown(request, placed, place, home=conversations.id_for(contact_id))
    if not wanted.is_everything:
        # Above what is read here there is nothing, or what the screens are told of.
        end = min(ceil(before), newest + _SLACK)
        found, rest = await shelves.page_before(
            ws, contact_id, wanted, end, channels=registry.adapters(), limit=query.limit
        )
        return await _shown(request, _in_place(found), rest)
    found = (await timeline.page_before(ws, contact_id, ceil(before), limit=query.limit + _SLACK))[-query.limit :]
    return await _shown(request, _in_place(found), found[0].number if found and found[0].number > 1 else None)


def _in_place(found: list[timeline.Entry]) -> list[Placed]:
    return [Placed(entry, entry.number) for entry in found]


async def _shown(request: ApiRequest, found: list[Placed], rest: float | None, *, home: str | None = None) -> EntryPage:
    """`home` is the conversation that all of it is read in, where contacts were merged."""
    seen = await access.visible(request.ws, request.actor, [each.entry.conversation_id for each in found])
    shown = await up_to_date(request, [each for each in found if each.entry.conversation_id in seen])
    items = [present.placed(each.entry, each.place, home or each.entry.conversation_id) for each in shown]
    return {"items": items, "has_more": rest is not None, "next_before": rest}  # type: ignore[typeddict-item]


async def up_to_date(request: ApiRequest, found: Sequence[Placed]) -> list[Placed]:
    """With how far messages of mailings have got by now."""
    entries = await placing.refreshed(request.ws, [each.entry for each in found])
    return [Placed(entry, each.place) for entry, each in zip(entries, found, strict=True)]
