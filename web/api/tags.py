"""Tags: everybody may use them, managing them is for those who manage the inbox."""

from typing import Annotated

from pydantic import Field

from app.core import audit
from app.core.audit import Target
from app.core.clock import iso
from app.core.errors import Conflict, Invalid, NotFound
from app.core.permissions import Permission
from automations import usage
from inbox import live
from inbox.finding import counters, facets, tag_work, tags
from inbox.finding.tags import Colour, Tag
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Out, Time

_Name = Annotated[str, Field(min_length=1, max_length=50, pattern=r"\S")]


class TagOut(Out):
    id: str
    name: str
    colour: Colour
    created_at: Time
    # How many conversations have it.
    open: int
    total: int
    # While it is being merged into another: into which, and how many conversations have followed.
    merges_into: str | None
    done: int | None
    of: int | None


class Tags(Out):
    items: list[TagOut]


class CreateTag(Body):
    name: _Name
    colour: Colour = "gray"


class EditTag(Body):
    name: _Name | None = None
    colour: Colour | None = None


class MergeTag(Body):
    """What has the tag, or names it, follows to this one."""

    into: Annotated[str, Field(max_length=100)]


async def list_tags(request: ApiRequest) -> Tags:
    return Tags(items=await _shown(request, await tags.every(request.ws)))


async def _shown(request: ApiRequest, found: list[Tag]) -> list[TagOut]:
    names = {tag.id: facets.within_all(f"tag:{tag.id}") for tag in found}
    numbers = await counters.numbers_of(request.ws, [name for each in names.values() for name in each])
    return [
        TagOut(
            id=tag.id,
            name=tag.name,
            colour=tag.colour,
            created_at=iso(tag.created_at) or "",
            open=numbers[names[tag.id][0]],
            total=sum(numbers[name] for name in names[tag.id]),
            merges_into=tag.merges_into,
            done=tag.done,
            of=tag.of,
        )
        for tag in found
    ]


async def create(request: ApiRequest, body: CreateTag) -> TagOut:
    tag = await tags.create(request.ws, body.name, body.colour)
    return await _done(request, tag, "tag.created")


async def edit(request: ApiRequest, tag_id: str, body: EditTag) -> TagOut:
    tag = await tags.edit(request.ws, tag_id, name=body.name, colour=body.colour)
    return await _done(request, tag, "tag.edited")


async def delete(request: ApiRequest, tag_id: str) -> None:
    await tag_work.delete(request.ws, request.actor, tag_id, await usage.of(request.ws, "tag", tag_id))


async def merge(request: ApiRequest, tag_id: str, body: MergeTag) -> TagOut:
    tag = await tag_work.merge(request.ws, request.actor, tag_id, body.into)
    return (await _shown(request, [tag]))[0]


async def _done(request: ApiRequest, tag: Tag, action: str) -> TagOut:
    async with live.announced(request.ws, "tag", tag.id):
        await audit.record(request.ws, request.actor, action, Target("tag", tag.id, tag.name), {"colour": tag.colour})
        await live.publish(request.ws, live.event("tag", {"id": tag.id}))
    return (await _shown(request, [tag]))[0]


ENDPOINTS = [
    Endpoint("GET", "/tags", list_tags, Permission.INBOX_READ, "All tags, by name, with how often they are used"),
    Endpoint("POST", "/tags", create, Permission.INBOX_MANAGE, "Make a tag", status=201, errors=(Conflict,)),
    Endpoint(
        "PATCH", "/tags/{tag_id}", edit, Permission.INBOX_MANAGE, "Rename or recolour", errors=(NotFound, Conflict)
    ),
    Endpoint(
        "POST",
        "/tags/{tag_id}/merge",
        merge,
        Permission.INBOX_MANAGE,
        "Merge it into another, in the background",
        status=202,
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint(
        "DELETE",
        "/tags/{tag_id}",
        delete,
        Permission.INBOX_MANAGE,
        "Delete one that is not in use",
        errors=(NotFound, Conflict),
    ),
]
