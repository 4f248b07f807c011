"""Entries of all workspaces by when they were stored, and how far those who follow them have come."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from app.core.mongo import MOST_IN
from app.core.runtime import Runtime

_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)


async def mark(runtime: Runtime, name: str) -> datetime:
    """This follower has dealt with everything stored before then."""
    row = await runtime.mongo.marks.find_one({"_id": name})
    at: datetime = row["at"] if row else _BEGINNING
    return at


async def is_new(runtime: Runtime, name: str) -> bool:
    """Whether this follower has never followed."""
    return await runtime.mongo.marks.find_one({"_id": name}) is None


async def move_mark(runtime: Runtime, name: str, at: datetime) -> None:
    await runtime.mongo.marks.update_one({"_id": name}, {"$set": {"at": at}}, upsert=True)


async def stored_within(
    runtime: Runtime, since: datetime, until: datetime, *, most: int, fields: Sequence[str] | None = None
) -> Sequence[Mapping[str, Any]]:
    """Rows of entries (or these fields of them), `most` at most. Index: created_at."""
    span = {"created_at": {"$gte": since, "$lt": until}}
    return await runtime.mongo.entries.find(span, fields).limit(most).batch_size(most).to_list()


async def by_id(runtime: Runtime, entry_ids: Sequence[str]) -> Sequence[Mapping[str, Any]]:
    """Rows of entries by `_id`."""
    found: list[Mapping[str, Any]] = []
    for first in range(0, len(entry_ids), MOST_IN):
        some = list(entry_ids[first : first + MOST_IN])
        found += await runtime.mongo.entries.find({"_id": {"$in": some}}).to_list()
    return found
