"""What the workspace's tickets look like: categories with their forms, own fields, what customers are told."""

from typing import Annotated, Literal

from pydantic import Field

from app.core.errors import ChangedMeanwhile, Conflict, Invalid
from app.core.permissions import Permission
from inbox.ticketing import ticket_forms, tickets
from inbox.ticketing.ticket_forms import Category, Forms, Overdue, TicketField
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body

Text = Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]
Key = Annotated[str, Field(min_length=1, max_length=40)]
Priority = Literal["low", "normal", "high", "urgent"]
Status = Literal["new", "open", "waiting_customer", "waiting_third_party", "solved", "closed"]


class TicketFieldShape(Body):
    key: Key
    label: Text
    kind: Literal["text", "number", "date", "checkbox", "choice"] = "text"
    options: Annotated[tuple[Text, ...], Field(max_length=100)] = ()


class TicketCategoryShape(Body):
    id: Key
    name: Text
    fields: Annotated[tuple[Key, ...], Field(max_length=ticket_forms.MOST_FIELDS)] = ()
    required: Annotated[tuple[Key, ...], Field(max_length=ticket_forms.MOST_FIELDS)] = ()
    checklist: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=500)], ...], Field(max_length=50)] = ()
    priority: Priority = "normal"
    team_id: Annotated[str | None, Field(max_length=100)] = None


class TicketOverdueShape(Body):
    after_hours: Annotated[int | None, Field(ge=1, le=10_000)] = 48
    counts_waiting: bool = False
    notify: Annotated[str | None, Field(max_length=100)] = None


class TicketFormsShape(Body):
    categories: Annotated[tuple[TicketCategoryShape, ...], Field(max_length=ticket_forms.MOST_CATEGORIES)] = ()
    fields: Annotated[tuple[TicketFieldShape, ...], Field(max_length=ticket_forms.MOST_FIELDS)] = ()
    tell_on: Annotated[tuple[Status, ...], Field(max_length=6)] = ()
    tell_text: Annotated[str, Field(min_length=1, max_length=1_000)] = ticket_forms.TELL_TEXT
    overdue: TicketOverdueShape = TicketOverdueShape()
    revision: Annotated[int, Field(ge=0, le=2**53)]


def _shape(forms: Forms) -> TicketFormsShape:
    return TicketFormsShape(
        categories=tuple(
            TicketCategoryShape(
                id=each.id,
                name=each.name,
                fields=each.fields,
                required=each.required,
                checklist=each.checklist,
                priority=each.priority,
                team_id=each.team_id,
            )
            for each in forms.categories
        ),
        fields=tuple(
            TicketFieldShape(key=each.key, label=each.label, kind=each.kind, options=each.options)
            for each in forms.fields
        ),
        tell_on=forms.tell_on,  # type: ignore[arg-type]
        tell_text=forms.tell_text,
        overdue=TicketOverdueShape(
            after_hours=forms.overdue.after_hours,
            counts_waiting=forms.overdue.counts_waiting,
            notify=forms.overdue.notify,
        ),
        revision=forms.revision,
    )


async def show(request: ApiRequest) -> TicketFormsShape:
    return _shape(await ticket_forms.get(request.ws))


async def save(request: ApiRequest, body: TicketFormsShape) -> TicketFormsShape:
    await tickets.require_member(request.ws, "overdue.notify", body.overdue.notify)
    forms = Forms(
        categories=tuple(
            Category(
                id=each.id,
                name=each.name.strip(),
                fields=each.fields,
                required=each.required,
                checklist=each.checklist,
                priority=each.priority,
                team_id=each.team_id,
            )
            for each in body.categories
        ),
        fields=tuple(
            TicketField(key=each.key, label=each.label.strip(), kind=each.kind, options=each.options)
            for each in body.fields
        ),
        tell_on=tuple(dict.fromkeys(body.tell_on)),
        tell_text=body.tell_text,
        overdue=Overdue(
            after_hours=body.overdue.after_hours,
            counts_waiting=body.overdue.counts_waiting,
            notify=body.overdue.notify,
        ),
        revision=body.revision,
    )
    return _shape(await ticket_forms.save(request.ws, request.actor, forms))


ENDPOINTS = [
    Endpoint("GET", "/ticket-forms", show, Permission.INBOX_READ, "Categories, fields and rules of tickets"),
    Endpoint(
        "PUT",
        "/ticket-forms",
        save,
        Permission.INBOX_MANAGE,
        "Change them as a whole; 409 says where something is in use",
        errors=(Invalid, Conflict, ChangedMeanwhile),
    ),
]
