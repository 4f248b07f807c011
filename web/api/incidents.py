"""Incidents: one problem, many conversations, one update to all."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field
from typing_extensions import TypedDict

from app.core.clock import iso
from app.core.errors import ChangedMeanwhile, Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import Permission
from channels.content import TemplateParameters
from inbox import access
from inbox.store import incidents as store
from inbox.ticketing import incidents
from inbox.ticketing.incidents import Incident, Link, Telling, Update
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Page, Query, Time

Id = Annotated[str, Field(min_length=1, max_length=100)]
Title = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
StatusText = Annotated[str, Field(max_length=5_000)]
IncidentStatus = Literal["investigating", "identified", "monitoring", "resolved"]
SHOWN_LINKS = 500


class IncidentsQuery(Page):
    state: Literal["active", "resolved"] = "active"


class TellingsQuery(Query):
    state: Literal["sent", "not_sent"] | None = None
    limit: Annotated[int, Field(ge=1, le=incidents.MOST_LINKED)] = 200


class CreateIncident(Body):
    title: Title
    status_text: StatusText = ""
    conversation_ids: Annotated[list[Id], Field(max_length=200)] = Field(default_factory=list)


class EditIncident(Body):
    revision: Annotated[int | None, Field(ge=1, le=2**53)] = None
    title: Title | None = None
    status_text: StatusText | None = None


class LinkIncident(Body):
    conversation_ids: Annotated[list[Id], Field(max_length=200)] = Field(default_factory=list)
    ticket_ids: Annotated[list[Id], Field(max_length=200)] = Field(default_factory=list)


class IncidentTemplate(Body):
    """What goes where the reply window has closed."""

    name: Annotated[str, Field(min_length=1, max_length=512)]
    language: Annotated[str, Field(min_length=2, max_length=20)]
    parameters: TemplateParameters = TemplateParameters()


class PostIncidentUpdate(Body):
    """`resolves`: whoever was told is done with: tickets are solved, conversations closed."""

    client_id: UUID
    text: Annotated[str, Field(min_length=1, max_length=4_000, pattern=r"\S")]
    status: IncidentStatus = "identified"
    template: IncidentTemplate | None = None
    resolves: bool = False


class IncidentRow(TypedDict):
    id: str
    title: str
    status: IncidentStatus
    status_text: str
    linked: int
    created_at: Time
    updated_at: Time
    resolved_at: Time | None
    revision: int


class IncidentUpdateShape(TypedDict):
    id: str
    text: str
    status: IncidentStatus
    template_name: str | None
    resolves: bool
    author_name: str
    at: Time
    done_at: Time | None
    of: int
    sent: int
    not_sent: int


class IncidentLinkShape(TypedDict):
    conversation_id: str
    contact_id: str
    contact_name: str
    ticket_id: str | None
    at: Time


class IncidentShape(IncidentRow):
    updates: list[IncidentUpdateShape]
    # The first few hundred.
    links: list[IncidentLinkShape]


class IncidentPage(TypedDict):
    items: list[IncidentRow]
    next_cursor: str | None


class TellingShape(TypedDict):
    conversation_id: str
    contact_name: str
    state: Literal["sent", "not_sent"]
    code: str | None
    reason: str | None
    at: Time


class TellingList(TypedDict):
    items: list[TellingShape]
    next_cursor: str | None


def _row(incident: Incident) -> IncidentRow:
    return {
        "id": incident.id,
        "title": incident.title,
        "status": incident.status,
        "status_text": incident.status_text,
        "linked": incident.linked,
        "created_at": iso(incident.created_at) or "",
        "updated_at": iso(incident.updated_at) or "",
        "resolved_at": iso(incident.resolved_at),
        "revision": incident.revision,
    }


def _update(update: Update) -> IncidentUpdateShape:
    return {
        "id": update.id,
        "text": update.text,
        "status": update.status,
        "template_name": update.template["name"] if update.template else None,
        "resolves": update.resolves,
        "author_name": update.author_name,
        "at": iso(update.at) or "",
        "done_at": iso(update.done_at),
        "of": update.of,
        "sent": update.sent,
        "not_sent": update.not_sent,
    }


def _link(link: Link) -> IncidentLinkShape:
    return {
        "conversation_id": link.conversation_id,
        "contact_id": link.contact_id,
        "contact_name": link.contact_name,
        "ticket_id": link.ticket_id,
        "at": iso(link.at) or "",
    }


def _telling(telling: Telling) -> TellingShape:
    return {
        "conversation_id": telling.conversation_id,
        "contact_name": telling.contact_name,
        "state": telling.state,
        "code": telling.code,
        "reason": telling.reason,
        "at": iso(telling.at) or "",
    }


async def _full(request: ApiRequest, incident: Incident) -> IncidentShape:
    ws = request.ws
    linked = await store.links(ws, incident.id, limit=SHOWN_LINKS)
    seen = await access.visible(ws, request.actor, [each.conversation_id for each in linked])
    return {
        **_row(incident),
        "updates": [_update(update) for update in await store.updates(ws, incident.id)],
        "links": [_link(each) for each in linked if each.conversation_id in seen],
    }


async def list_incidents(request: ApiRequest, query: IncidentsQuery) -> IncidentPage:
    found, cursor = await store.page(request.ws, active=query.state == "active", cursor=query.cursor, limit=query.limit)
    return {"items": [_row(incident) for incident in found], "next_cursor": cursor}


async def create(request: ApiRequest, body: CreateIncident) -> IncidentShape:
    ws, actor = request.ws, request.actor
    await access.require(ws, actor, body.conversation_ids)
    incident = await incidents.create(ws, actor, title=body.title.strip(), status_text=body.status_text)
    if body.conversation_ids:
        incident = await incidents.link(ws, actor, incident.id, body.conversation_ids, [])
    return await _full(request, incident)


async def get(request: ApiRequest, incident_id: str) -> IncidentShape:
    return await _full(request, await incidents.get(request.ws, incident_id))


async def edit(request: ApiRequest, incident_id: str, body: EditIncident) -> IncidentShape:
    title = body.title.strip() if body.title else None
    changed = await incidents.edit(
        request.ws, request.actor, incident_id, title=title, status_text=body.status_text, seen=body.revision
    )
    return await _full(request, changed)


async def link(request: ApiRequest, incident_id: str, body: LinkIncident) -> IncidentShape:
    ws, actor = request.ws, request.actor
    await access.require(ws, actor, body.conversation_ids)
    for ticket_id in body.ticket_ids:
        await access.ticket(ws, actor, ticket_id)
    linked = await incidents.link(ws, actor, incident_id, body.conversation_ids, body.ticket_ids)
    return await _full(request, linked)


async def unlink(request: ApiRequest, incident_id: str, conversation_id: str) -> IncidentShape:
    await access.conversation(request.ws, request.actor, conversation_id, access.REPLY)
    return await _full(request, await incidents.unlink(request.ws, request.actor, incident_id, conversation_id))


async def post_update(request: ApiRequest, incident_id: str, body: PostIncidentUpdate) -> IncidentUpdateShape:
    linked = await store.links(request.ws, incident_id, limit=incidents.MOST_LINKED)
    try:
        await access.require(request.ws, request.actor, [each.conversation_id for each in linked])
    except NotFound:
        raise Forbidden("This would write to customers whom your role does not show you.") from None
    template: dict[str, Any] | None = body.template.model_dump() if body.template else None
    update = await incidents.post_update(
        request.ws,
        request.actor,
        incident_id,
        client_id=str(body.client_id),
        text=body.text,
        status=body.status,
        template=template,
        resolves=body.resolves,
    )
    return _update(update)


async def tellings(request: ApiRequest, update_id: str, query: TellingsQuery) -> TellingList:
    await incidents.get_update(request.ws, update_id)
    found = await store.tellings(request.ws, update_id, limit=incidents.MOST_LINKED)
    seen = await access.visible(request.ws, request.actor, [each.conversation_id for each in found])
    wanted = [each for each in found if query.state in (None, each.state) and each.conversation_id in seen]
    return {"items": [_telling(each) for each in wanted[: query.limit]], "next_cursor": None}


_READ, _REPLY, _MANAGE = Permission.INBOX_READ, Permission.INBOX_REPLY, Permission.INBOX_MANAGE

ENDPOINTS = [
    Endpoint("GET", "/incidents", list_incidents, _READ, "Incidents, newest first", errors=(Invalid,)),
    Endpoint("POST", "/incidents", create, _REPLY, "Report an incident", status=201, errors=(Invalid, Conflict)),
    Endpoint("GET", "/incidents/{incident_id}", get, _READ, "One incident", errors=(NotFound,)),
    Endpoint(
        "PATCH", "/incidents/{incident_id}", edit, _REPLY, "Change it", errors=(NotFound, Invalid, ChangedMeanwhile)
    ),
    Endpoint(
        "POST",
        "/incidents/{incident_id}/links",
        link,
        _REPLY,
        "These conversations and tickets have this problem",
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint(
        "DELETE",
        "/incidents/{incident_id}/links/{conversation_id}",
        unlink,
        _REPLY,
        "This conversation does not have it",
        errors=(NotFound,),
    ),
    Endpoint(
        "POST",
        "/incidents/{incident_id}/updates",
        post_update,
        _MANAGE,
        "Tell everybody, each on their own channel; once each",
        status=202,
        errors=(NotFound, Invalid, Conflict, Forbidden),
        idempotent=False,
    ),
    Endpoint(
        "GET",
        "/incident-updates/{update_id}/tellings",
        tellings,
        _READ,
        "Who was told, and who could not be, with the reason",
        errors=(NotFound,),
    ),
]
