"""Mailings, before it is known whose they are: those that run, and whose a short link is."""

from dataclasses import dataclass
from datetime import datetime

import orjson

from app.core import mongo
from app.core.mongo import Document
from app.core.runtime import Runtime

# Of all businesses of an installation together.
_MOST = 2_000
_FIELDS = {"workspace_id": 1, "active_key": 1, "changed_at": 1}


@dataclass(frozen=True, slots=True)
class Row:
    workspace_id: str
    id: str
    runs: bool
    changed_at: datetime


def _row(row: Document) -> Row:
    return Row(row["workspace_id"], row["_id"], runs="active_key" in row, changed_at=row["changed_at"])


async def running(runtime: Runtime) -> list[Row]:
    """Index: active_key, which holds nothing else."""
    rows = await runtime.mongo.mailings.find({"active_key": {"$gt": ""}}, _FIELDS).limit(_MOST).to_list()
    return [_row(row) for row in rows]


async def with_waiting(runtime: Runtime) -> list[Row]:
    """Those of which something may not stand on timelines yet. Index: waiting_key, which holds nothing else."""
    rows = await runtime.mongo.mailings.find({"waiting_key": {"$gt": ""}}, _FIELDS).limit(_MOST).to_list()
    return [_row(row) for row in rows]


async def workspace_of(runtime: Runtime, mailing_id: str) -> str | None:
    """Point read."""
    row = await runtime.mongo.mailings.find_one({"_id": mailing_id}, {"workspace_id": 1})
    return row["workspace_id"] if row else None


async def to_place(runtime: Runtime, *, limit: int) -> list[tuple[str, str]]:
    """(workspace, batch) of those whose messages do not stand on timelines yet. Index: place_key."""
    found = runtime.mongo.mailing_work.find({"place_key": {"$gt": ""}}, {"workspace_id": 1}).limit(limit)
    return [(row["workspace_id"], row["_id"]) for row in await found.to_list()]


async def put_outcomes_in_one_piece(db: mongo.Database) -> None:
    """What became of a batch's people was a field for each; see inbox/store/mailings.py."""
    async for row in db.mailing_work.find({}, {"o": 1, "d": 1}):
        apart = {name: orjson.dumps(row[name]) for name in ("o", "d") if isinstance(row.get(name), dict)}
        if apart:
            await db.mailing_work.update_one({"_id": row["_id"]}, {"$set": apart})
