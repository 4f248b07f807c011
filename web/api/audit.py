"""The audit trail."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, JsonValue

from app.core import audit
from app.core.audit import Filter
from app.core.clock import iso
from app.core.permissions import Permission
from web.api import cursors
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Out, Page, Time, When


class AuditActor(Out):
    type: str
    id: str
    name: str


class AuditTarget(Out):
    type: str
    id: str
    label: str


class AuditItem(Out):
    id: str
    at: Time
    actor: AuditActor
    action: str
    target: AuditTarget
    detail: dict[str, JsonValue]
    ip: str | None


class AuditPage(Out):
    items: list[AuditItem]
    next_cursor: str | None


class AuditQuery(Page):
    """`about` is the noun of the action (`member.invited`); `until` is not part of the time."""

    actor_id: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    about: Annotated[str | None, Field(pattern=r"^[a-z_]{1,40}$")] = None
    since: When | None = None
    until: When | None = None


async def list_entries(request: ApiRequest, query: AuditQuery) -> AuditPage:
    before = cursors.read(query.cursor, datetime, str)
    wanted = Filter(actor_id=query.actor_id, about=query.about, since=query.since, until=query.until)
    start = (before[0], before[1]) if before else None
    found = await audit.page(request.ws, before=start, limit=query.limit + 1, wanted=wanted)
    shown = found[: query.limit]
    return AuditPage(
        items=[
            AuditItem(
                id=entry.id,
                at=iso(entry.at) or "",
                actor=AuditActor(type=entry.actor_type, id=entry.actor_id, name=entry.actor_name),
                action=entry.action,
                target=AuditTarget(type=entry.target.type, id=entry.target.id, label=entry.target.label),
                detail=dict(entry.detail),
                ip=entry.ip,
            )
            for entry in shown
        ],
        next_cursor=cursors.write(shown[-1].at, shown[-1].id) if len(found) > query.limit else None,
    )


ENDPOINTS = [
    Endpoint("GET", "/audit", list_entries, Permission.AUDIT_READ, "Who did what, the newest first"),
]
