"""
The roll of a broadcast: who was in its audience when it started, and where each of them was sent.

An audience lives on while a broadcast runs, and a broadcast may stop for a day between its sample and the rest. So who
is in it is written down once, in pieces of some hundred ids in ascending order; a piece that is written is never
changed. What became of each piece's people (`Place`) is written the same way, before they are handed to the mailing:
a process that is killed anywhere does the same again, and nobody is in it twice or not at all.
"""

from collections.abc import AsyncIterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime

from app.core.runtime import Workspace
from automations.plans import MOST_FALLBACKS
from automations.store import rolls as store
from inbox.mailings import mailings
from inbox.mailings.mailing import code_of

PIECE = 1_000
# A message in one of these states has reached the provider, or may have.
REACHED = frozenset(("sent", "delivered", "read", "unknown"))
# In one of these it was handed over, whatever came of it.
HANDED_OVER = REACHED | {"failed"}


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where one person is sent, when (`due_at`; None: at once) and for how much (`price`, in millionths), with which line
    below it (`footer`); `reason` says why nowhere.
    """

    contact_id: str
    reason: str = ""
    detail: str = ""
    address: str = ""
    variant: str = ""
    language: str = ""
    due_at: datetime | None = None
    price: int = 0
    footer: str = ""


async def add(ws: Workspace, broadcast_id: str, number: int, contact_ids: Sequence[str]) -> list[str]:
    """The piece of this number; what was written before a crash stands."""
    return await store.add_piece(ws, broadcast_id, number, contact_ids)


async def piece(ws: Workspace, broadcast_id: str, number: int) -> list[str] | None:
    return await store.piece(ws, broadcast_id, number)


async def keep(ws: Workspace, broadcast_id: str, stage: str, number: int, places: Sequence[Place]) -> list[Place]:
    """What this stage does with a piece; what was written before a crash stands."""
    return await store.add_places(ws, broadcast_id, stage, number, places)


async def places(ws: Workspace, broadcast_id: str, stage: str, number: int) -> list[Place] | None:
    return await store.places(ws, broadcast_id, stage, number)


async def forget_addresses(ws: Workspace, broadcast_id: str, stage: str, number: int, places: Sequence[Place]) -> None:
    """Once they were handed over nobody needs the handles here, and whoever is erased shall be gone."""
    await store.set_places(ws, broadcast_id, stage, number, [replace(each, address="") for each in places])


async def find(ws: Workspace, broadcast_id: str, contact_id: str, pieces: int) -> int | None:
    """In which of its pieces this person is; a handful of point reads."""
    low, high = 0, pieces - 1
    while low <= high:
        middle = (low + high) // 2
        ids = await store.piece(ws, broadcast_id, middle)
        if not ids:
            return None
        if contact_id < ids[0]:
            high = middle - 1
        elif contact_id > ids[-1]:
            low = middle + 1
        else:
            return middle if contact_id in ids else None
    return None


async def reached(ws: Workspace, broadcast_id: str, after: str | None) -> AsyncIterator[Sequence[str]]:
    """Whom it has reached, in ascending order, piece by piece."""
    number = 0
    while (ids := await store.piece(ws, broadcast_id, number)) is not None:
        number += 1
        if ids and (after is None or ids[-1] > after):
            yield [each for each in await reached_among(ws, broadcast_id, ids) if after is None or each > after]


async def reached_among(
    ws: Workspace, broadcast_id: str, contact_ids: Sequence[str], states: Set[str] = REACHED
) -> list[str]:
    """Of these, whom it has reached on any of its ways, or got as far with as these `states`; in the order given."""
    known: set[str] = set()
    for source in sources(broadcast_id):
        mailing = await mailings.find(ws, source)
        if mailing is None:
            break
        rest = [each for each in contact_ids if each not in known]
        found = await mailings.outcomes(ws, mailing.id, rest)
        known |= {contact_id for contact_id, outcome in found.items() if outcome.state in states}
    return [each for each in contact_ids if each in known]


def codes(ws: Workspace, broadcast_id: str | None) -> tuple[str, ...]:
    """By which the messages of a broadcast are named."""
    found = sources(broadcast_id) if broadcast_id is not None else ()
    return tuple(code_of(mailings.id_for(ws, source)) for source in found)


def sources(broadcast_id: str) -> list[tuple[str, str]]:
    """The mailings of a broadcast: its own, and those of its fallbacks in their order."""
    return [source_of(broadcast_id, way) for way in range(1 + MOST_FALLBACKS)]


def source_of(broadcast_id: str, way: int) -> tuple[str, str]:
    """`way` 0 is its own mailing, 1 that of its first fallback."""
    return ("broadcast", broadcast_id if way == 0 else f"{broadcast_id}.{way}")
