"""Bulk actions: one thing done to many conversations, with progress, cancelling and undo."""

from typing import Annotated, Any, Literal

from pydantic import Field

from app.core.clock import iso
from app.core.errors import Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import Permission
from inbox import conversations
from inbox.finding import bulk, lists, views
from inbox.finding.bulk import Bulk
from inbox.finding.lists import Wanted
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Out, When

_Id = Annotated[str, Field(min_length=1, max_length=100)]
_Ids = Annotated[tuple[_Id, ...], Field(max_length=20)]


class AssignAll(Body):
    type: Literal["assign"]
    member_id: _Id | None


class MoveAll(Body):
    type: Literal["team"]
    team_id: _Id | None


class TagAll(Body):
    type: Literal["tags"]
    add: _Ids = ()
    remove: _Ids = ()


class PrioritiseAll(Body):
    type: Literal["priority"]
    priority: conversations.Priority


class CloseAll(Body):
    type: Literal["close"]
    reason_id: _Id | None = None


class SnoozeAll(Body):
    type: Literal["snooze"]
    until: When | None = None


class PlainAll(Body):
    type: Literal["reopen", "read", "unread"]


BulkAction = Annotated[
    AssignAll | MoveAll | TagAll | PrioritiseAll | CloseAll | SnoozeAll | PlainAll, Field(discriminator="type")
]


class BulkFilter(Body):
    """As `GET /conversations` takes it."""

    view: _Id = "open"
    channel: _Ids = ()
    tag: _Ids = ()
    assignee: _Ids = ()
    team: _Ids = ()
    state: _Ids = ()
    priority: _Ids = ()
    unread: bool = False
    since: When | None = None
    until: When | None = None


class BeginBulk(Body):
    """Either `ids`, or `filter`: all conversations of that list at this moment."""

    action: BulkAction
    ids: Annotated[tuple[_Id, ...], Field(max_length=1_000)] = ()
    filter: BulkFilter | None = None


class BulkOut(Out):
    id: str
    about: bulk.About
    state: bulk.State
    action: dict[str, Any]
    total: int
    # Changed; so already; not possible, with the reasons and how many each concerns.
    done: int
    same: int
    failed: int
    reasons: dict[str, int]


async def begin(request: ApiRequest, body: BeginBulk) -> BulkOut:
    ws = request.ws
    wanted = None
    if body.filter is not None:
        if body.ids:
            raise Invalid.field("filter", "Give ids or a filter, not both.")
        if not lists.is_built_in(body.filter.view):
            await views.get(ws, body.filter.view, request.actor.member_id)
        wanted = _wanted(body.filter)
    action = body.action.model_dump()
    if isinstance(body.action, SnoozeAll):
        action["until"] = iso(body.action.until)
    return shown(await bulk.begin(ws, request.actor, action, thing_ids=body.ids, wanted=wanted))


def _wanted(given: BulkFilter) -> Wanted:
    return Wanted(
        view=given.view,
        channels=given.channel,
        tags=given.tag,
        assignees=given.assignee,
        teams=given.team,
        states=given.state,
        priorities=given.priority,
        unread=given.unread,
        since=given.since,
        until=given.until,
    )


async def get(request: ApiRequest, bulk_id: str) -> BulkOut:
    return shown(await bulk.get(request.ws, bulk_id))


async def cancel(request: ApiRequest, bulk_id: str) -> BulkOut:
    return shown(await bulk.cancel(request.ws, request.actor, bulk_id))


async def undo(request: ApiRequest, bulk_id: str) -> BulkOut:
    return shown(await bulk.undo(request.ws, request.actor, bulk_id))


def shown(found: Bulk) -> BulkOut:
    return BulkOut(
        id=found.id,
        about=found.about,
        state=found.state,
        action=dict(found.action),
        total=found.total,
        done=found.done,
        same=found.same,
        failed=found.failed,
        reasons=dict(found.reasons),
    )


ENDPOINTS = [
    Endpoint(
        "POST",
        "/bulk",
        begin,
        Permission.INBOX_REPLY,
        "Do one thing to many conversations",
        status=202,
        errors=(Invalid, NotFound),
    ),
    Endpoint("GET", "/bulk/{bulk_id}", get, Permission.INBOX_REPLY, "How far it is", errors=(NotFound,)),
    Endpoint(
        "POST",
        "/bulk/{bulk_id}/cancel",
        cancel,
        Permission.INBOX_REPLY,
        "Stop it",
        errors=(NotFound, Forbidden, Conflict),
    ),
    Endpoint(
        "POST",
        "/bulk/{bulk_id}/undo",
        undo,
        Permission.INBOX_REPLY,
        "Put back what was there",
        errors=(NotFound, Forbidden, Conflict),
    ),
]
