"""
Queries on what is found by its words: a row for each message or note, with its tokens. Appended in batches, in the
background.

Index: (workspace_id, tokens, at), read in bounded windows of time, newest first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.core.mongo import MOST_IN, Document
from app.core.runtime import Workspace
from inbox.finding import search
from inbox.store import windows
from inbox.store.windows import Walk

_FIRST = timedelta(minutes=30)
_ENOUGH = 40
_WIDENING = 8
# A page, and some of those that do not fit.
_A_PAGE = 75


async def add(ws: Workspace, hits: Sequence[search.Indexed]) -> None:
    """In one command. Those that are there already stay as they are."""
    rows = [
        {
            "_id": hit.entry_id,
            "conversation_id": hit.conversation_id,
            "number": hit.number,
            "at": hit.at,
            "tokens": list(hit.tokens),
        }
        for hit in hits
    ]
    await ws.db.search.insert_new(rows)


async def remove(ws: Workspace, entry_id: str) -> None:
    await ws.db.search.delete({"_id": entry_id})


async def remove_many(ws: Workspace, entry_ids: Sequence[str]) -> None:
    for first in range(0, len(entry_ids), MOST_IN):
        await ws.db.search.delete({"_id": {"$in": list(entry_ids[first : first + MOST_IN])}})


async def density(ws: Workspace, token: str, now: datetime) -> timedelta:
    """The time back from now in which a word occurs some dozens of times: the longer, the rarer."""
    width, end = _FIRST, now + timedelta(minutes=5)
    within = 0
    while end - width > windows.EARLIEST:
        span = {"$gte": end - width, "$lte": end}
        found = len(await ws.db.search.find({"tokens": token, "at": span}, limit=_ENOUGH, fields=["_id"]))
        if found == _ENOUGH:
            # Of this window it is not known how many more there are; of the narrower one it is.
            return min(width, width / _WIDENING * (_A_PAGE / within)) if within else width
        within, width = found, width * _WIDENING
    return width


async def page(
    ws: Workspace, token: str, others: Sequence[str], *, width: timedelta, cursor: str | None, limit: int
) -> tuple[list[str], str | None]:
    """Ids of entries with all these words, newest first; found by `token`, which should be the rarest."""
    rest = frozenset(others)

    async def read(span: Document, most: int) -> list[Document]:
        return await ws.db.search.find({"tokens": token, "at": span}, limit=most)

    walk = Walk("at", ws.clock.now() + timedelta(minutes=5), windows.EARLIEST, width)
    rows, following = await windows.page(
        walk, read, cursor=cursor, limit=limit, fits=lambda row: rest.issubset(row["tokens"])
    )
    return [row["_id"] for row in rows], following
