"""Pages of a timeline, whole or filtered: the same for a thread and for a contact."""

from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, Field

from channels import registry
from inbox import access, present, shelves, timeline
from inbox.shelves import Filter, Kind
from web.api.endpoint import ApiRequest
from web.api.inbox_shapes import EntryPage
from web.api.models import Channel, Query

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

    before: Annotated[int | None, Field(ge=1, le=2**53)] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    kind: _Kinds = ()
    channel: _Channels = ()
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


async def page(request: ApiRequest, contact_id: str, query: TimelineQuery, *, newest: int) -> EntryPage:
    """What the actor sees of it; `newest` is a number about which the newest entry is."""
    ws = request.ws
    wanted = Filter(kinds=query.kind, channels=query.channel, since=query.since, until=query.until)
    before = query.before or newest + _SLACK
    if not wanted.is_everything:
        # Above what is read here there is nothing, or what the screens are told of.
        end = min(before, newest + _SLACK)
        found, rest = await shelves.page_before(
            ws, contact_id, wanted, end, channels=registry.adapters(), limit=query.limit
        )
        return await _shown(request, found, rest)
    found = (await timeline.page_before(ws, contact_id, before, limit=query.limit + _SLACK))[-query.limit :]
    return await _shown(request, found, found[0].number if found and found[0].number > 1 else None)


async def _shown(request: ApiRequest, found: list[timeline.Entry], rest: int | None) -> EntryPage:
    seen = await access.visible(request.ws, request.actor, [entry.conversation_id for entry in found])
    items = [present.entry(entry) for entry in found if entry.conversation_id in seen]
    return {"items": items, "has_more": rest is not None, "next_before": rest}  # type: ignore[typeddict-item]
