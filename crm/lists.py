"""Static lists: people that somebody has put together by hand. Who is on one is kept with the contact."""

import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime

from app.core import ids
from app.core.errors import Conflict, NotFound
from app.core.runtime import Workspace
from crm.store import lists as store

MOST = 500


@dataclass(frozen=True, slots=True)
class ContactList:
    """`archived_at`: it is offered nowhere any more; who is on it stays on it."""

    id: str
    name: str
    created_at: datetime
    archived_at: datetime | None = None


def key(name: str) -> str:
    """Names that read alike are one name."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


async def every(ws: Workspace) -> list[ContactList]:
    """By name, without those that are archived."""
    return sorted((each for each in await store.every(ws) if each.archived_at is None), key=lambda each: key(each.name))


async def get(ws: Workspace, list_id: str) -> ContactList:
    """Raises NotFound."""
    found = await store.get(ws, list_id)
    if found is None:
        raise NotFound("There is no such list.")
    return found


async def create(ws: Workspace, name: str) -> ContactList:
    """Raises Conflict where there is one of this name, or too many."""
    if len(await store.every(ws)) >= MOST:
        raise Conflict(f"There may be {MOST} lists.", code="too_many")
    made = ContactList(ids.new("lst"), " ".join(name.split()), ws.clock.now())
    if not await store.insert(ws, made):
        raise Conflict(f"There is a list “{made.name}” already.", code="name_taken")
    return made


async def rename(ws: Workspace, list_id: str, name: str) -> ContactList:
    """Raises NotFound, Conflict."""
    renamed = replace(await get(ws, list_id), name=" ".join(name.split()))
    if not await store.save(ws, renamed):
        raise Conflict(f"There is a list “{renamed.name}” already.", code="name_taken")
    return renamed


async def archive(ws: Workspace, list_id: str) -> ContactList:
    """Raises NotFound."""
    archived = replace(await get(ws, list_id), archived_at=ws.clock.now())
    await store.save(ws, archived)
    return archived
