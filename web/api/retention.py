"""How long things are kept: rules by class, and a preview of what they would let go."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from app.core.permissions import Permission
from inbox import live
from inbox.erasing import retention
from inbox.erasing.retention import Kept
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Out

_Days = Annotated[int | None, Field(ge=1, le=3_650)]


class RetentionRules(Body):
    """Days: `files` of customers, the words of `messages` and notes, `tables` of people. None: for ever."""

    files: _Days = None
    messages: _Days = None
    tables: _Days = None


class RetentionCounts(Out):
    files: int
    messages: int
    tables: int


class RetentionOut(Out):
    """`gone` is how many went by the rules so far; `preview` what would go now, None while it is counted."""

    days: RetentionRules
    gone: RetentionCounts
    preview_days: RetentionRules
    preview: RetentionCounts | None


def _out(kept: Kept) -> RetentionOut:
    return RetentionOut(
        days=RetentionRules(**kept.days),
        gone=_counts(kept.gone),
        preview_days=RetentionRules(**kept.preview_days),
        preview=_counts(kept.preview) if kept.preview is not None else None,
    )


def _counts(found: Mapping[str, int]) -> RetentionCounts:
    return RetentionCounts(**{name: found.get(name, 0) for name in retention.CLASSES})


def _days(body: RetentionRules) -> dict[str, int]:
    return {name: days for name, days in body.model_dump().items() if days is not None}


async def get(request: ApiRequest) -> RetentionOut:
    return _out(await retention.get(request.ws))


async def settle(request: ApiRequest, body: RetentionRules) -> RetentionOut:
    kept = await retention.settle(request.ws, request.actor, _days(body))
    await live.publish(request.ws, live.event("retention", {"id": request.ws.id}))
    return _out(kept)


async def preview(request: ApiRequest, body: RetentionRules) -> RetentionOut:
    return _out(await retention.ask(request.ws, _days(body)))


_MANAGE = Permission.PRIVACY_MANAGE

ENDPOINTS = [
    Endpoint("GET", "/retention", get, _MANAGE, "How long things are kept, and how many went"),
    Endpoint("PUT", "/retention", settle, _MANAGE, "Settle it; what is older goes by itself"),
    Endpoint("POST", "/retention/preview", preview, _MANAGE, "Count what these rules would let go now", status=202),
]
