"""Tags: words that a workspace sorts its conversations by. These keep a tag's id, so that a new name costs nothing."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, get_args

from app.core import ids
from app.core.errors import Conflict, NotFound
from app.core.runtime import Workspace
from inbox.finding import counters, facets
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
    # On its way into another tag: with `done` of `of` conversations already there.
    merges_into: str | None = None
    done: int | None = None
    of: int | None = None


def key(name: str) -> str:
    """Names that read alike are one name."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


async def every(ws: Workspace) -> list[Tag]:
    """By name; not those that were merged into others."""
    return sorted(await store.every(ws), key=lambda tag: key(tag.name))


async def names(ws: Workspace) -> dict[str, str]:
    """By id, of those that were merged into others as well: what the past is told with."""
    return {tag.id: tag.name for tag in [*await store.merged(ws), *await store.every(ws)]}


def swapped(kept: Sequence[str], old: str, new: str) -> tuple[str, ...]:
    """With one id in place of another, once."""
    return tuple(dict.fromkeys(new if each == old else each for each in kept))


async def get(ws: Workspace, tag_id: str) -> Tag:
    """Raises NotFound."""
    tag = await find(ws, tag_id)
    if tag is None:
        raise NotFound("There is no such tag.")
    return tag


async def find(ws: Workspace, tag_id: str) -> Tag | None:
    return next((tag for tag in await store.every(ws) if tag.id == tag_id), None)


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
    return sum((await counters.numbers_of(ws, facets.within_all(f"tag:{tag_id}"))).values())
