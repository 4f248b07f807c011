"""Operations: what waits, what failed and why, and having it tried again."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from app.core import audit
from app.core.audit import Target
from app.core.clock import iso
from app.core.errors import Conflict, Invalid, LeftOut, NotFound, OptedOut, ReplyWindowClosed
from app.core.permissions import Permission
from app.core.queue import Lane
from inbox.supervising import operations
from web.api import cursors
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Out, Page, Time

Kind = operations.Kind


class LaneOut(Out):
    name: str
    waiting: int
    served: bool


class WorkOut(Out):
    kind: str
    open: int
    oldest_seconds: float
    level: Literal["ok", "late", "stuck"]


class FailedCounts(Out):
    inbound: int
    receipts: int
    media: int
    messages: int
    pushes: int


class OverviewOut(Out):
    lanes: list[LaneOut]
    work: list[WorkOut]
    failed: FailedCounts


class FailureOut(Out):
    kind: Kind
    id: str
    at: Time
    account_id: str | None
    error: str
    attempts: int
    payload: JsonValue
    conversation_id: str | None
    entry_id: str | None


class FailurePage(Out):
    items: list[FailureOut]
    next_cursor: str | None


class FailuresQuery(Page):
    kind: Kind


class OneFailure(Body):
    kind: Kind
    id: Annotated[str, Field(max_length=300)]


class AllFailures(Body):
    kind: Kind


async def overview(request: ApiRequest) -> OverviewOut:
    found = await operations.overview(request.ws)
    return OverviewOut(
        lanes=[LaneOut(name=lane.name, waiting=lane.waiting, served=lane.served) for lane in found.lanes],
        work=[
            WorkOut(kind=work.kind, open=work.open, oldest_seconds=work.oldest_seconds, level=work.level)
            for work in found.work
        ],
        failed=FailedCounts(**found.failed),
    )


async def failures(request: ApiRequest, query: FailuresQuery) -> FailurePage:
    before = cursors.read(query.cursor, datetime, str)
    found = await operations.failures(
        request.ws, query.kind, before=(before[0], before[1]) if before else None, limit=query.limit + 1
    )
    shown = found[: query.limit]
    return FailurePage(
        items=[
            FailureOut(
                kind=failure.kind,
                id=failure.id,
                at=iso(failure.at) or "",
                account_id=failure.account_id,
                error=failure.error,
                attempts=failure.attempts,
                payload=failure.payload,
                conversation_id=failure.conversation_id,
                entry_id=failure.entry_id,
            )
            for failure in shown
        ],
        next_cursor=cursors.write(shown[-1].at, shown[-1].id) if len(found) > query.limit else None,
    )


async def retry(request: ApiRequest, body: OneFailure) -> None:
    await operations.retry(request.ws, body.kind, body.id)
    await audit.record(request.ws, request.actor, "failure.retried", Target(body.kind, body.id))


async def dismiss(request: ApiRequest, body: OneFailure) -> None:
    await operations.dismiss(request.ws, body.kind, body.id)
    await audit.record(request.ws, request.actor, "failure.dismissed", Target(body.kind, body.id))


async def retry_all(request: ApiRequest, body: AllFailures) -> None:
    ws = request.ws
    await audit.record(ws, request.actor, "failures.retried", Target("failures", body.kind))
    job_id = f"retry:{ws.id}:{body.kind}"
    await ws.queue.enqueue("retry_failures", ws.id, body.kind, lane=Lane.BACKGROUND, job_id=job_id)


_REFUSALS = (NotFound, Conflict, Invalid, LeftOut, OptedOut, ReplyWindowClosed)

ENDPOINTS = [
    Endpoint(
        "GET", "/operations", overview, Permission.OPERATIONS_MANAGE, "What waits, whether it is served, what failed"
    ),
    Endpoint("GET", "/operations/failures", failures, Permission.OPERATIONS_MANAGE, "What failed, the newest first"),
    Endpoint(
        "POST",
        "/operations/failures/retry",
        retry,
        Permission.OPERATIONS_MANAGE,
        "Have one failure tried again",
        errors=_REFUSALS,
    ),
    Endpoint(
        "POST",
        "/operations/failures/dismiss",
        dismiss,
        Permission.OPERATIONS_MANAGE,
        "Take one failure off the list",
        errors=(NotFound,),
    ),
    Endpoint(
        "POST",
        "/operations/failures/retry-all",
        retry_all,
        Permission.OPERATIONS_MANAGE,
        "Have every failure of a kind tried again, in the background",
    ),
]
