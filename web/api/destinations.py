"""The address book of a contact: delivery addresses, and locations that were kept."""

from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from app.core.clock import iso
from app.core.errors import ChangedMeanwhile, Conflict, Forbidden, Invalid, NotFound
from app.core.permissions import Mask, Permission
from crm import contacts, destinations, doubts, masks
from crm.contacts import Contact
from crm.destinations import Destination
from inbox import access, live
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Time

_Label = Annotated[str, Field(max_length=100)]
_Text = Annotated[str, Field(max_length=1_000)]
_Latitude = Annotated[float | None, Field(ge=-90, le=90)]
_Longitude = Annotated[float | None, Field(ge=-180, le=180)]


class DestinationPast(TypedDict):
    """What it was until somebody changed it: only those values that changed."""

    at: Time
    by_id: str
    by_name: str
    values: dict[str, str | float | None]


class DestinationShape(TypedDict):
    """
    For who does not see addresses `text`, `recipient` and `note` are hidden, the position is rough, and there is no
    past. `source`: typed by a colleague, or kept from the message `entry_id`.
    """

    id: str
    label: str
    text: str
    recipient: str
    note: str
    latitude: float | None
    longitude: float | None
    default: bool
    source: Literal["member", "message"]
    entry_id: str | None
    created_at: Time
    created_by_name: str
    revision: int
    past: list[DestinationPast]


class Destinations(TypedDict):
    """`folded`: it is not sure who this is, so none are shown until somebody has made sure, or asks for them."""

    items: list[DestinationShape]
    folded: bool


class AddDestination(Body):
    """`default`: where things go if nothing else is said; the first one is that by itself."""

    label: _Label = ""
    text: _Text = ""
    recipient: _Text = ""
    note: _Text = ""
    latitude: _Latitude = None
    longitude: _Longitude = None
    default: bool = False


class KeepLocation(Body):
    """A message of this contact in which they shared a location."""

    entry_id: Annotated[str, Field(min_length=1, max_length=200)]


class EditDestination(Body):
    """What is not sent stays. `revision` is what the screen showed."""

    label: _Label = ""
    text: _Text = ""
    recipient: _Text = ""
    note: _Text = ""
    latitude: _Latitude = None
    longitude: _Longitude = None
    default: bool = False
    revision: Annotated[int | None, Field(ge=0, le=2**53)] = None


async def listed(request: ApiRequest, contact_id: str) -> Destinations:
    return await _all(request, await access.contact(request.ws, request.actor, contact_id))


async def _all(request: ApiRequest, contact: Contact) -> Destinations:
    if doubts.folds(await contacts.addresses_of(request.ws, contact.id)):
        return {"items": [], "folded": True}
    return {"items": await unfolded(request, contact), "folded": False}


async def unfolded(request: ApiRequest, contact: Contact) -> list[DestinationShape]:
    """The address book as this reader sees it."""
    found = await destinations.of(request.ws, contact)
    hidden = Mask.ADDRESSES in request.actor.rights.masks
    return [_shown(each, default=at == 0, hidden=hidden) for at, each in enumerate(found)]


def _shown(found: Destination, *, default: bool, hidden: bool) -> DestinationShape:
    def text(value: str) -> str:
        return masks.HIDDEN if hidden and value else value

    return {
        "id": found.id,
        "label": found.label,
        "text": text(found.text),
        "recipient": text(found.recipient),
        "note": text(found.note),
        "latitude": masks.rough(found.latitude) if hidden else found.latitude,
        "longitude": masks.rough(found.longitude) if hidden else found.longitude,
        "default": default,
        "source": found.source,
        "entry_id": found.entry_id,
        "created_at": iso(found.created_at) or "",
        "created_by_name": found.created_by_name,
        "revision": found.revision,
        "past": []
        if hidden
        else [
            {"at": iso(each.at) or "", "by_id": each.by, "by_name": each.name, "values": dict(each.values)}
            for each in found.past
        ],
    }


async def add(request: ApiRequest, contact_id: str, body: AddDestination) -> Destinations:
    contact = await access.contact(request.ws, request.actor, contact_id)
    values = body.model_dump(exclude={"default"})
    await destinations.add(request.ws, request.actor, contact, values, default=body.default)
    return await _told(request, contact)


async def keep(request: ApiRequest, contact_id: str, body: KeepLocation) -> Destinations:
    ws = request.ws
    contact = await access.contact(ws, request.actor, contact_id)
    entry = await access.entry(ws, request.actor, body.entry_id)
    content: dict[str, Any] = dict(entry.content or {})
    whose = await access.contact(ws, request.actor, entry.contact_id)
    if content.get("type") != "location" or entry.direction != "in" or whose.id != contact.id:
        raise Invalid.field("entry_id", "This is no location that the contact has shared.")
    values = {
        "label": content.get("name") or "Shared location",
        "text": content.get("address") or "",
        "latitude": content["latitude"],
        "longitude": content["longitude"],
    }
    values["label"] = values["label"][:100]
    await destinations.keep(ws, request.actor, contact, entry.id, values)
    return await _told(request, contact)


async def edit(request: ApiRequest, contact_id: str, destination_id: str, body: EditDestination) -> Destinations:
    contact = await access.contact(request.ws, request.actor, contact_id)
    values = body.model_dump(exclude_unset=True, exclude={"default", "revision"})
    await destinations.edit(
        request.ws, request.actor, contact, destination_id, values, default=body.default, seen=body.revision
    )
    return await _told(request, contact)


async def delete(request: ApiRequest, contact_id: str, destination_id: str) -> Destinations:
    contact = await access.contact(request.ws, request.actor, contact_id)
    await destinations.delete(request.ws, request.actor, contact, destination_id)
    return await _told(request, contact)


async def _told(request: ApiRequest, contact: Contact) -> Destinations:
    with live.told_later(request.ws):
        await live.publish(request.ws, live.event("contact", {"id": contact.id}))
    return await _all(request, contact)


_WRITE = Permission.CONTACTS_WRITE
ENDPOINTS = [
    Endpoint(
        "GET",
        "/contacts/{contact_id}/destinations",
        listed,
        Permission.CONTACTS_READ,
        "Where things are delivered to them: the default first, then the newest",
        errors=(NotFound,),
    ),
    Endpoint(
        "POST",
        "/contacts/{contact_id}/destinations",
        add,
        _WRITE,
        "Add an address; all of them then",
        status=201,
        errors=(NotFound, Invalid, Forbidden, Conflict),
    ),
    Endpoint(
        "POST",
        "/contacts/{contact_id}/destinations/keep",
        keep,
        _WRITE,
        "Keep a location that they shared, once; all addresses then",
        errors=(NotFound, Invalid, Forbidden, Conflict),
    ),
    Endpoint(
        "PATCH",
        "/contacts/{contact_id}/destinations/{destination_id}",
        edit,
        _WRITE,
        "Correct an address, or make it the default; all of them then",
        errors=(NotFound, Invalid, Forbidden, ChangedMeanwhile, Conflict),
    ),
    Endpoint(
        "DELETE",
        "/contacts/{contact_id}/destinations/{destination_id}",
        delete,
        _WRITE,
        "Delete an address; those that are left",
        errors=(NotFound, Forbidden),
    ),
]
