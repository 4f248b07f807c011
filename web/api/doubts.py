"""Handles that may be somebody else's by now: making sure, a new person, and a look at what is folded away."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from app.core.addresses import Address
from app.core.errors import Conflict, Invalid, NotFound
from app.core.permissions import Permission
from crm import fields
from crm.contacts import Contact
from crm.doubts import How
from inbox import access, doubts
from web.api import contacts as contacts_api
from web.api import destinations
from web.api.destinations import DestinationShape
from web.api.endpoint import ApiRequest, Endpoint
from web.api.inbox_shapes import ContactShape, FieldValue
from web.api.models import Body

_Handle = Annotated[str, Field(min_length=3, max_length=300, pattern=r"^[a-z_]+:.+$")]


class Verify(Body):
    """`address` is the handle as the contact names it, `how` somebody has made sure."""

    address: _Handle
    how: How
    note: Annotated[str, Field(max_length=500)] = ""


class NewPerson(Body):
    address: _Handle
    name: Annotated[str, Field(max_length=200)] = ""


class PrivateShape(TypedDict):
    """What is folded away of a contact."""

    destinations: list[DestinationShape]
    fields: dict[str, FieldValue]


async def show(request: ApiRequest, contact_id: str) -> PrivateShape:
    contact = await access.contact(request.ws, request.actor, contact_id)
    await doubts.note_shown(request.ws, request.actor, contact)
    return {
        "destinations": await destinations.unfolded(request, contact),
        "fields": contacts_api.shown_fields(await fields.get(request.ws), contact, lambda field: field.private),
    }


async def verify(request: ApiRequest, contact_id: str, body: Verify) -> ContactShape:
    contact = await access.contact(request.ws, request.actor, contact_id)
    address = await _meant(request, contact, body.address)
    await doubts.verify(request.ws, request.actor, contact, address, body.how, body.note.strip())
    return await contacts_api.full(request, contact)


async def new_person(request: ApiRequest, contact_id: str, body: NewPerson) -> ContactShape:
    contact = await access.contact(request.ws, request.actor, contact_id)
    address = await _meant(request, contact, body.address)
    made = await doubts.part(request.ws, request.actor, contact, address, body.name)
    return await contacts_api.full(request, made)


async def _meant(request: ApiRequest, contact: Contact, given: str) -> Address:
    """The handle, also where it is shown masked."""
    return Address.parse(await access.handle(request.ws, request.actor, contact.id, given))


ENDPOINTS = [
    Endpoint(
        "POST",
        "/contacts/{contact_id}/doubts/show",
        show,
        Permission.CONTACTS_READ,
        "What is folded away while it is not sure who they are; audited",
        errors=(NotFound,),
    ),
    Endpoint(
        "POST",
        "/contacts/{contact_id}/doubts/verify",
        verify,
        Permission.CONTACTS_WRITE,
        "It is this person at the handle, and how one knows",
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint(
        "POST",
        "/contacts/{contact_id}/doubts/new-person",
        new_person,
        Permission.CONTACTS_WRITE,
        "It is a new person at the handle, who gets a contact of their own: that one",
        status=201,
        errors=(NotFound, Invalid, Conflict),
    ),
]
