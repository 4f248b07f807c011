"""Queries on what readers say of articles, and what they did not find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from app.core import windows
from app.core.mongo import Document, DuplicateId
from app.core.runtime import Workspace
from inbox.help import listening


async def insert(ws: Workspace, feedback: listening.Feedback) -> None:
    row = asdict(feedback)
    row["_id"] = row.pop("id")
    await ws.db.article_feedback.insert(row)


async def say(ws: Workspace, article_id: str, feedback_id: str, word: str, *, since: datetime) -> bool:
    """False if there is no such vote of that time, or something was said already."""
    where = {"_id": feedback_id, "article_id": article_id, "word": "", "at": {"$gte": since}}
    return await ws.db.article_feedback.update(where, {"$set": {"word": word}})


async def page(
    ws: Workspace, article_id: str, *, before: tuple[datetime, str] | None, limit: int
) -> list[listening.Feedback]:
    """The newest, or the newest before (time, id). Index: workspace_id, article_id, at."""

    async def find(where: Document, sort: list[tuple[str, int]], most: int) -> list[Document]:
        return await ws.db.article_feedback.find({"article_id": article_id, **where}, sort=sort, limit=most)

    rows = await windows.newest(find, "at", now=ws.clock.now(), before=before, limit=limit)
    kept_apart = ("_id", "workspace_id")
    return [listening.Feedback(id=row["_id"], **{k: v for k, v in row.items() if k not in kept_apart}) for row in rows]


async def forget(ws: Workspace, article_id: str) -> None:
    await ws.db.article_feedback.delete({"article_id": article_id})
    await ws.db.article_counts.delete({"_id": article_id})


async def count(ws: Workspace, article_id: str, what: listening.Counted) -> None:
    await _add(ws, "article_counts", article_id, {"$inc": {what: 1}})


async def article_with(ws: Workspace, number: int) -> str | None:
    """The article of this number. Index: workspace_id, number."""
    found = await ws.db.articles.find({"number": number}, limit=1, fields=["_id"])
    return found[0]["_id"] if found else None


async def counts(ws: Workspace, article_ids: Sequence[str]) -> dict[str, listening.Counts]:
    """Of each article that was asked for."""
    known = {row["_id"]: row for row in await ws.db.article_counts.get_many(article_ids)}
    return {
        article_id: listening.Counts(*(known.get(article_id, {}).get(name, 0) for name in ("helped", "failed", "sent")))
        for article_id in article_ids
    }


async def miss(ws: Workspace, key: str, sought: str, language: str, *, at: datetime, until: datetime) -> None:
    said = {"sought": sought, "language": language, "last_at": at, "expires_at": until}
    await _add(ws, "help_misses", key, {"$inc": {"times": 1}, "$set": said})


async def misses(ws: Workspace, *, limit: int) -> list[listening.Miss]:
    """The newest. Index: workspace_id, last_at."""

    async def find(where: Document, sort: list[tuple[str, int]], most: int) -> list[Document]:
        return await ws.db.help_misses.find(where, sort=sort, limit=most)

    rows = await windows.newest(find, "last_at", now=ws.clock.now(), before=None, limit=limit)
    return [_miss(row) for row in rows]


async def settle(ws: Workspace, miss_id: str) -> listening.Miss | None:
    """What was taken off; None if there is no such thing."""
    row = await ws.db.help_misses.get(miss_id)
    gone = row is not None and await ws.db.help_misses.delete({"_id": miss_id}) > 0
    return _miss(row) if row is not None and gone else None


def _miss(row: Document) -> listening.Miss:
    names = ("sought", "language", "times", "last_at")
    return listening.Miss(id=row["_id"], **{name: row[name] for name in names})


async def _add(ws: Workspace, collection: str, key: str, change: Document) -> None:
    """Changes the row, which may not be there yet, and may come to be there meanwhile."""
    rows = getattr(ws.db, collection)
    try:
        await rows.update({"_id": key}, change, upsert=True)
    except DuplicateId:
        await rows.update({"_id": key}, change)
