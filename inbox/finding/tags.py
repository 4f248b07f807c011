"""Tags: words that a workspace sorts its conversations by. These keep a tag's id, so that a new name costs nothing."""

import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, get_args

from app.core import ids
from app.core.errors import Conflict, NotFound
from app.core.runtime import Workspace
from inbox import conversations
from inbox.finding import facets, views
from inbox.routing import teams
from inbox.store import tags as store

Colour = Literal["gray", "red", "orange", "yellow", "green", "teal", "blue", "indigo", "violet", "pink"]
COLOURS: tuple[Colour, ...] = get_args(Colour)
MOST = 500


@dataclass(frozen=True, slots=True)
class Tag:
    id: str
    name: str
    colour: Colour
    created_at: datetime


def key(name: str) -> str:
    """Names that read alike are one name."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


async def every(ws: Workspace) -> list[Tag]:
    """By name."""
    return sorted(await store.every(ws), key=lambda tag: key(tag.name))


async def get(ws: Workspace, tag_id: str) -> Tag:
    """Raises NotFound."""
    tag = await store.get(ws, tag_id)
    if tag is None:
        raise NotFound("There is no such tag.")
    return tag


async def create(ws: Workspace, name: str, colour: Colour) -> Tag:
    """Raises Conflict when there is one of this name, or too many."""
    if len(await store.every(ws)) >= MOST:
        raise Conflict(f"A workspace may have {MOST} tags; delete or merge some first.")
    tag = Tag(ids.new("tag"), name.strip(), colour, ws.clock.now())
    if not await store.insert(ws, tag):
        raise _taken(name)
    return tag


async def edit(ws: Workspace, tag_id: str, *, name: str | None = None, colour: Colour | None = None) -> Tag:
    """Raises NotFound, Conflict."""
    tag = await get(ws, tag_id)
    tag = replace(tag, name=(name or tag.name).strip(), colour=colour or tag.colour)
    if not await store.save(ws, tag):
        raise _taken(tag.name)
    return tag


def _taken(name: str) -> Conflict:
    return Conflict(f"There is a tag “{name.strip()}” already.", code="name_taken")


async def uses(ws: Workspace, tag_id: str) -> int:
    """How many conversations have it, closed ones too."""
    return sum((await conversations.numbers_of(ws, facets.within_all(f"tag:{tag_id}"))).values())


async def delete(ws: Workspace, tag_id: str) -> Tag:
    """Raises NotFound; Conflict while it is in use, with words that say where."""
    tag = await get(ws, tag_id)
    used = await uses(ws, tag_id)
    if used:
        things = "1 conversation has" if used == 1 else f"{used:,} conversations have"
        raise Conflict(
            f"{things} the tag “{tag.name}”. Merge it into another tag, or take it off them first.", code="in_use"
        )
    if named := await views.naming(ws, "tag", tag_id):
        raise Conflict(
            f"The view “{named[0].name}” asks for the tag “{tag.name}”. Change the view first.", code="in_use"
        )
    if named_by := await teams.naming(ws, "tag", tag_id):
        raise Conflict(
            f"A rule by skill of the team “{named_by[0][1]}” asks for the tag “{tag.name}”. Change the team first.",
            code="in_use",
        )
    await store.delete(ws, tag_id)
    return tag
