"""ContactEvents: what a shop, an app or a site tells of contacts, so that rules can count it."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.core import clock
from app.core.addresses import Address
from app.core.errors import Conflict, Invalid, NotFound
from app.core.permissions import Permission
from app.core.runtime import Workspace
from crm import contacts, happenings
from crm.happenings import MOST_AT_ONCE, MOST_ATTRIBUTES, Happening
from inbox import access
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Out, Query, Time, When

_Text = Annotated[str, Field(max_length=happenings.MOST_CHARS)]
_Name = Annotated[str, Field(min_length=1, max_length=40)]


class EventBody(Body):
    """
    `contact_id`, or an `address` such as `sms:+233…` that belongs to a contact. `id` is your own: told twice, an event
    is kept once. `at`: when it happened, if that was not just now. Of money, the attributes are `amount`, a number, and
    `currency`, its three letters.
    """

    id: Annotated[str, Field(min_length=1, max_length=100)]
    kind: _Name
    contact_id: Annotated[str | None, Field(max_length=100)] = None
    address: Annotated[str | None, Field(max_length=300)] = None
    at: Annotated[When | None, Field(strict=False)] = None
    attributes: Annotated[dict[_Name, bool | int | float | _Text], Field(max_length=MOST_ATTRIBUTES)] = Field({})


class TellEvents(Body):
    events: Annotated[tuple[EventBody, ...], Field(min_length=1, max_length=MOST_AT_ONCE)]


class EventsTold(Out):
    """How many of them were not known yet."""

    new: int


class ContactEventOut(Out):
    id: str
    kind: str
    at: Time
    attributes: dict[str, str | float | bool]


class ContactEvents(Out):
    items: list[ContactEventOut]


class EventsQuery(Query):
    kind: _Name
    since: When | None = None


async def tell(request: ApiRequest, body: TellEvents) -> EventsTold:
    ws = request.ws
    whose = await _whose(ws, body)
    now = ws.clock.now()
    told = []
    for at, (each, contact_id) in enumerate(zip(body.events, whose, strict=True)):
        happened = _moment(each.at) if each.at else now
        happenings.checked(each.kind, happened, each.attributes, now, f"events.{at}")
        told.append(
            Happening(contact_id=contact_id, kind=each.kind, at=happened, id=each.id, attributes=dict(each.attributes))
        )
    return EventsTold(new=await happenings.append(ws, told))


def _moment(at: datetime) -> datetime:
    """In milliseconds, as the database keeps times."""
    return datetime.fromisoformat(clock.iso(at) or "")


async def _whose(ws: Workspace, body: TellEvents) -> list[str]:
    """The contact of each. Raises Invalid, naming those of whom nobody is known."""
    wanted = [Address.parse(each.address) for each in body.events if each.address and not each.contact_id]
    behind = await contacts.behind(ws, wanted)
    there = await contacts.present(ws, [each.contact_id for each in body.events if each.contact_id])
    found: list[str] = []
    for at, each in enumerate(body.events):
        contact_id = each.contact_id if each.contact_id in there else None
        if not each.contact_id and each.address:
            contact_id = behind.get(Address.parse(each.address))
        if contact_id is None:
            raise Invalid.field(f"events.{at}.contact_id", "There is no such contact; give its id or an address of it.")
        found.append(contact_id)
    return found


async def of_contact(request: ApiRequest, contact_id: str, query: EventsQuery) -> ContactEvents:
    contact = await access.contact(request.ws, request.actor, contact_id)
    found = await happenings.of(request.ws, contact.id, query.kind, query.since)
    newest = list(reversed(found))[:MOST_AT_ONCE]
    return ContactEvents(
        items=[
            ContactEventOut(id=each.id, kind=each.kind, at=clock.iso(each.at) or "", attributes=dict(each.attributes))
            for each in newest
        ]
    )


ENDPOINTS = [
    Endpoint(
        "POST",
        "/events",
        tell,
        Permission.CONTACTS_WRITE,
        "Tell what contacts did: each event once, however often it is told",
        errors=(Invalid, Conflict),
    ),
    Endpoint(
        "GET",
        "/contacts/{contact_id}/events",
        of_contact,
        Permission.CONTACTS_READ,
        "What of a kind happened with a contact, the newest first",
        errors=(NotFound,),
    ),
]
