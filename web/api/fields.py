"""What the workspace keeps of its contacts: own fields, stages, and the country of its numbers."""

from typing import Annotated, Literal

from pydantic import Field

from app.core import audit
from app.core.audit import Target
from app.core.errors import ChangedMeanwhile, Conflict, Invalid, NotFound
from app.core.permissions import Permission
from automations import usage
from crm import fields, profiles
from crm.fields import MOST_FIELDS, MOST_OPTIONS, MOST_ROLES, MOST_STAGES, CompanyRole, ContactField, Fields, Stage
from inbox import live
from inbox.usage import InUse
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Out

Key = Annotated[str, Field(min_length=1, max_length=40)]
Label = Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]
KINDS = Literal["text", "number", "date", "datetime", "boolean", "choice", "choices", "url"]


class ContactFieldShape(Body):
    """
    `private`: folded away while it is not sure who a contact is. `used`: contacts have values, so it can be archived
    and not deleted; it is said, and ignored where it is sent.
    """

    key: Key
    label: Label
    kind: KINDS = "text"
    description: Annotated[str, Field(max_length=500)] = ""
    options: Annotated[tuple[Label, ...], Field(max_length=MOST_OPTIONS)] = ()
    required_for: Annotated[tuple[Key, ...], Field(max_length=MOST_STAGES)] = ()
    archived: bool = False
    private: bool = False
    used: bool = False


class StageShape(Body):
    id: Key
    label: Label


class CompanyRoleShape(Body):
    id: Key
    label: Label


class ContactFieldsShape(Body):
    """`roles` are what people can be in the company that they belong to; those that are not sent stay."""

    fields: Annotated[tuple[ContactFieldShape, ...], Field(max_length=MOST_FIELDS)] = ()
    stages: Annotated[tuple[StageShape, ...], Field(min_length=1, max_length=MOST_STAGES)]
    roles: Annotated[tuple[CompanyRoleShape, ...] | None, Field(max_length=MOST_ROLES)] = None
    region: Annotated[str | None, Field(pattern=r"^[A-Z]{2}$")] = None
    revision: Annotated[int, Field(ge=0, le=2**53)]


class FieldUse(Out):
    """Something that names the field; `type` is a noun of the API."""

    type: str
    id: str
    name: str


class FieldUses(Out):
    items: list[FieldUse]


def _shape(known: Fields) -> ContactFieldsShape:
    return ContactFieldsShape(
        fields=tuple(
            ContactFieldShape(
                key=each.key,
                label=each.label,
                kind=each.kind,
                description=each.description,
                options=each.options,
                required_for=each.required_for,
                archived=each.archived,
                private=each.private,
                used=each.used,
            )
            for each in known.fields
        ),
        stages=tuple(StageShape(id=each.id, label=each.label) for each in known.stages),
        roles=tuple(CompanyRoleShape(id=each.id, label=each.label) for each in known.roles),
        region=known.region,
        revision=known.revision,
    )


async def show(request: ApiRequest) -> ContactFieldsShape:
    return _shape(await fields.get(request.ws))


async def save(request: ApiRequest, body: ContactFieldsShape) -> ContactFieldsShape:
    ws = request.ws
    now = await fields.get(ws)
    wanted = Fields(
        fields=tuple(
            ContactField(
                key=each.key,
                label=each.label.strip(),
                kind=each.kind,
                description=each.description.strip(),
                options=each.options,
                required_for=each.required_for,
                archived=each.archived,
                private=each.private,
            )
            for each in body.fields
        ),
        stages=tuple(Stage(each.id, each.label.strip()) for each in body.stages),
        roles=now.roles
        if body.roles is None
        else tuple(CompanyRole(each.id, each.label.strip()) for each in body.roles),
        region=body.region,
        revision=body.revision,
    )
    for role in now.roles:
        if wanted.role(role.id) is None and (there := await profiles.some_with(ws, f"role:{role.id}")):
            names = ", ".join(contact.name for contact in there)
            raise Conflict(f"{names} and perhaps others are “{role.label}”; change that first.", code="in_use")
    for stage in now.stages:
        if wanted.stage(stage.id) is None and (there := await profiles.some_with(ws, f"stage:{stage.id}")):
            names = ", ".join(contact.name for contact in there)
            raise Conflict(f"{names} and perhaps others are at “{stage.label}”; move them first.", code="in_use")
    for field in now.fields:
        kept = wanted.field(field.key)
        if (kept is None or kept.kind != field.kind) and (found := await usage.of(ws, "contact_field", field.key)):
            raise InUse("field", found)
    async with live.announced(ws, "contact_fields", ws.id):
        saved = await fields.save(ws, wanted)
        detail = {"fields": [field.key for field in saved.fields], "stages": [stage.id for stage in saved.stages]}
        await audit.record(
            ws, request.actor, "contact_fields.changed", Target("contact_fields", ws.id, "Contact fields"), detail
        )
        await live.publish(ws, live.event("contact_fields", {"id": ws.id}))
    return _shape(saved)


async def uses(request: ApiRequest, key: str) -> FieldUses:
    if (await fields.get(request.ws)).field(key) is None:
        raise NotFound("There is no such field.")
    found = await usage.of(request.ws, "contact_field", key)
    return FieldUses(items=[FieldUse(type=use.type, id=use.id, name=use.name) for use in found])


ENDPOINTS = [
    Endpoint("GET", "/contact-fields", show, Permission.CONTACTS_READ, "Fields and stages of contacts"),
    Endpoint(
        "PUT",
        "/contact-fields",
        save,
        Permission.INBOX_MANAGE,
        "Change them as a whole; 409 says what is in use",
        errors=(Invalid, Conflict, ChangedMeanwhile),
    ),
    Endpoint(
        "GET",
        "/contact-fields/{key}/uses",
        uses,
        Permission.INBOX_MANAGE,
        "Where a field is used: texts and conditions that name it",
        errors=(NotFound,),
    ),
]
