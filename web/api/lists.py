"""Static lists of contacts."""

from typing import Annotated

from pydantic import Field

from app.core import audit
from app.core.audit import Target
from app.core.clock import iso
from app.core.errors import Conflict, NotFound
from app.core.permissions import Permission
from crm import lists
from crm.lists import ContactList
from inbox import live
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Out, Time

_Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]


class ContactListOut(Out):
    id: str
    name: str
    created_at: Time


class ContactLists(Out):
    items: list[ContactListOut]


class NameList(Body):
    name: _Name


def shown(each: ContactList) -> ContactListOut:
    return ContactListOut(id=each.id, name=each.name, created_at=iso(each.created_at) or "")


async def list_lists(request: ApiRequest) -> ContactLists:
    return ContactLists(items=[shown(each) for each in await lists.every(request.ws)])


async def create(request: ApiRequest, body: NameList) -> ContactListOut:
    return await _done(request, await lists.create(request.ws, body.name), "contact_list.created")


async def rename(request: ApiRequest, list_id: str, body: NameList) -> ContactListOut:
    return await _done(request, await lists.rename(request.ws, list_id, body.name), "contact_list.renamed")


async def archive(request: ApiRequest, list_id: str) -> None:
    await _done(request, await lists.archive(request.ws, list_id), "contact_list.archived")


async def _done(request: ApiRequest, each: ContactList, action: str) -> ContactListOut:
    async with live.announced(request.ws, "contact_list", each.id):
        await audit.record(request.ws, request.actor, action, Target("contact_list", each.id, each.name))
        await live.publish(request.ws, live.event("contact_list", {"id": each.id}))
    return shown(each)


ENDPOINTS = [
    Endpoint("GET", "/contact-lists", list_lists, Permission.CONTACTS_READ, "Lists of contacts, by name"),
    Endpoint(
        "POST", "/contact-lists", create, Permission.CONTACTS_WRITE, "Make a list", status=201, errors=(Conflict,)
    ),
    Endpoint(
        "PATCH",
        "/contact-lists/{list_id}",
        rename,
        Permission.CONTACTS_WRITE,
        "Rename a list",
        errors=(NotFound, Conflict),
    ),
    Endpoint(
        "DELETE",
        "/contact-lists/{list_id}",
        archive,
        Permission.CONTACTS_WRITE,
        "Archive a list: it is offered nowhere any more",
        errors=(NotFound,),
    ),
]
