"""
Looking through all contacts for those that may be one person: a job, batch by batch in the order of their ids, that
notes how far it is. A batch that is done again after a crash finds the same.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from app.core.permissions import Actor
from app.core.queue import Lane
from app.core.runtime import Workspace
from crm import contacts, duplicates
from crm.store import contacts as contact_store
from crm.store import duplicate_search as store

AT_ONCE = 200
# One that has not moved for so long is put to work again.
STALLED_AFTER = timedelta(seconds=60)
_DIGITS = re.compile("con_([0-9a-f]{8})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The last one of a workspace. `after` is the last contact looked at, `found` counts pairs that are new."""

    started_at: datetime
    moved_at: datetime
    by: str
    state: Literal["running", "done"] = "running"
    after: str | None = None
    batch: int = 0
    looked_at: int = 0
    found: int = 0

    @property
    def share(self) -> float:
        """From 0 to 1, about: ids are digests, and so spread evenly."""
        if self.state == "done":
            return 1.0
        digits = _DIGITS.match(self.after or "")
        return int(digits[1], 16) / 16 ** len(digits[1]) if digits else 0.0


async def start(ws: Workspace, actor: Actor) -> tuple[Search, bool]:
    """The search, and whether it was begun now: one that runs already goes on."""
    now = ws.clock.now()
    wanted = Search(started_at=now, moved_at=now, by=actor.name)
    begun = await store.begin(ws, wanted)
    known = await last(ws) or wanted
    if begun:
        await _enqueue(ws, known)
    return known, begun


async def last(ws: Workspace) -> Search | None:
    """Put to work again, should nobody be at it."""
    known = await store.get(ws)
    if known is not None and known.state == "running" and ws.clock.now() - known.moved_at > STALLED_AFTER:
        await _enqueue(ws, known)
    return known


async def go_on(ws: Workspace) -> Search | None:
    """The next batch; the search as it is then, None if there is nothing to do or somebody else did it."""
    known = await store.get(ws)
    if known is None or known.state != "running":
        return None
    some = await contact_store.contacts_page(ws, after=known.after, limit=AT_ONCE)
    found = 0
    for contact in some:
        # Those from before keys were kept get theirs.
        await contacts.index(ws, contact.id)
    for contact in some:
        found += sum(pair.listed for pair in await duplicates.look(ws, contact.id))
    after = replace(
        known,
        moved_at=ws.clock.now(),
        after=some[-1].id if some else known.after,
        batch=known.batch + 1,
        looked_at=known.looked_at + len(some),
        found=known.found + found,
        state="running" if some else "done",
    )
    if not await store.advance(ws, known, after):
        return None
    if after.state == "running":
        await _enqueue(ws, after)
    return after


async def _enqueue(ws: Workspace, search: Search) -> None:
    job_id = f"duplicates:{ws.id}:{int(search.started_at.timestamp() * 1000)}:{search.batch}"
    await ws.queue.enqueue("look_for_duplicates", ws.id, lane=Lane.BACKGROUND, job_id=job_id)
