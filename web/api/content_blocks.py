"""Content blocks: words kept once that stand in many content templates."""

from typing import Annotated

from pydantic import Field

from app.core import audit
from app.core.audit import Target
from app.core.clock import iso
from app.core.errors import Conflict, Invalid, NotFound
from app.core.permissions import Permission
from inbox import content_blocks, content_templates, live, usage
from inbox.content_blocks import BlockWording, ContentBlock
from web.api.endpoint import ApiRequest, Endpoint
from web.api.models import Body, Out, Time

Wordings = Annotated[
    tuple[BlockWording, ...], Field(min_length=1, max_length=content_templates.MOST_WORDINGS, strict=False)
]


class KeepContentBlock(Body):
    """`key`: how texts name it, as in `{{ block.hours }}`."""

    key: Annotated[str, Field(pattern=content_blocks.KEY)]
    name: Annotated[str, Field(max_length=200)]
    wordings: Wordings


class ChangeContentBlock(Body):
    name: Annotated[str, Field(max_length=200)]
    wordings: Wordings
    revision: Annotated[int, Field(ge=0, le=2**53)]


class BlockUse(Out):
    type: str
    id: str
    name: str


class ContentBlockOut(Out):
    """`used_in` are the content templates that it stands in."""

    id: str
    key: str
    name: str
    wordings: tuple[BlockWording, ...]
    used_in: list[BlockUse]
    by_name: str
    updated_at: Time | None
    revision: int


class ContentBlocks(Out):
    items: list[ContentBlockOut]
    next_cursor: str | None = None


async def list_blocks(request: ApiRequest) -> ContentBlocks:
    uses = await content_templates.uses_of_blocks(request.ws)
    return ContentBlocks(items=[_out(kept, uses.get(kept.key, [])) for kept in await content_blocks.listed(request.ws)])


async def get(request: ApiRequest, block_id: str) -> ContentBlockOut:
    return await _whole(request, await content_blocks.get(request.ws, block_id))


async def create(request: ApiRequest, body: KeepContentBlock) -> ContentBlockOut:
    async with live.announced(request.ws, "content_block", body.key):
        kept = await content_blocks.create(request.ws, request.actor.name, body.key, body.name, body.wordings)
        await _tell(request, "content_block.created", kept)
    return await _whole(request, kept)


async def change(request: ApiRequest, block_id: str, body: ChangeContentBlock) -> ContentBlockOut:
    async with live.announced(request.ws, "content_block", block_id):
        kept = await content_blocks.change(
            request.ws, request.actor.name, block_id, body.name, body.wordings, body.revision
        )
        await _tell(request, "content_block.changed", kept)
    return await _whole(request, kept)


async def remove(request: ApiRequest, block_id: str) -> None:
    async with live.announced(request.ws, "content_block", block_id):
        await _tell(request, "content_block.deleted", await content_blocks.remove(request.ws, block_id))


async def _whole(request: ApiRequest, kept: ContentBlock) -> ContentBlockOut:
    return _out(kept, await usage.of(request.ws, "content_block", kept.key))


async def _tell(request: ApiRequest, action: str, kept: ContentBlock) -> None:
    await audit.record(request.ws, request.actor, action, Target("content_block", kept.id, kept.name))
    await live.publish(request.ws, live.event("content_block", {"id": kept.id}))


def _out(kept: ContentBlock, uses: list[usage.Use]) -> ContentBlockOut:
    return ContentBlockOut(
        id=kept.id,
        key=kept.key,
        name=kept.name,
        wordings=kept.wordings,
        used_in=[BlockUse(type=use.type, id=use.id, name=use.name) for use in uses],
        by_name=kept.by_name,
        updated_at=iso(kept.updated_at),
        revision=kept.revision,
    )


_READ, _MANAGE = Permission.TEMPLATES_READ, Permission.TEMPLATES_MANAGE

ENDPOINTS = [
    Endpoint("GET", "/content-blocks", list_blocks, _READ, "Content blocks, by name, and where they stand"),
    Endpoint(
        "POST", "/content-blocks", create, _MANAGE, "Keep a content block", status=201, errors=(Invalid, Conflict)
    ),
    Endpoint("GET", "/content-blocks/{block_id}", get, _READ, "One content block", errors=(NotFound,)),
    Endpoint(
        "PATCH",
        "/content-blocks/{block_id}",
        change,
        _MANAGE,
        "Change a content block, wherever it stands",
        errors=(NotFound, Invalid, Conflict),
    ),
    Endpoint(
        "DELETE",
        "/content-blocks/{block_id}",
        remove,
        _MANAGE,
        "Delete a content block that stands nowhere",
        errors=(NotFound, Conflict),
    ),
]
