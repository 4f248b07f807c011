"""
Dead letters: rows of durable work that were put aside after too many failures, kept with the reason until a person has
them tried again or dismisses them.

Index on each collection: dead_key (the workspace), died_at; only dead letters carry them.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from app.core import mongo, windows
from app.core.runtime import Runtime

Kind = Literal["inbound", "receipts", "media", "pushes"]
KINDS: tuple[Kind, ...] = ("inbound", "receipts", "media", "pushes")
_MOST_COUNTED = 1_000
_BATCH = 200
_MARK = ("dead_key", "died_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """
    `row` is the whole stored row; `pending_key` the mark under which it would be work again, None where work is what is
    due. A push belongs to no account.
    """

    id: str
    kind: Kind
    workspace_id: str
    account_id: str | None
    died_at: datetime
    error: str
    attempts: int
    pending_key: str | None
    row: Mapping[str, Any]


def mark(workspace_id: str, at: datetime, error: str) -> mongo.Document:
    """What is set on a row that is put aside, beside taking its work mark away."""
    return {"dead_key": workspace_id, "died_at": at, "error": error}


def _letter(kind: Kind, row: mongo.Document) -> DeadLetter:
    account_id = row.get("account_id")
    keys = {"inbound": f"{account_id}|{row.get('order_key')}", "receipts": account_id, "media": "media"}
    return DeadLetter(
        id=row["_id"],
        kind=kind,
        workspace_id=row["workspace_id"],
        account_id=account_id,
        died_at=row["died_at"],
        error=row.get("error") or "",
        attempts=row.get("attempts", 0),
        pending_key=keys.get(kind),
        row=row,
    )


async def page(
    runtime: Runtime, workspace_id: str, kind: Kind, *, before: tuple[datetime, str] | None, limit: int
) -> list[DeadLetter]:
    """The newest, or the newest before (time, id)."""

    async def find(where: mongo.Document, sort: list[tuple[str, int]], most: int) -> list[mongo.Document]:
        where = {"dead_key": workspace_id, **where}
        return await runtime.mongo[kind].find(where).sort(sort).limit(most).to_list()

    rows = await windows.newest(find, "died_at", now=runtime.clock.now(), before=before, limit=limit)
    return [_letter(kind, row) for row in rows]


async def get(runtime: Runtime, workspace_id: str, kind: Kind, letter_id: str) -> DeadLetter | None:
    row = await runtime.mongo[kind].find_one({"_id": letter_id, "dead_key": workspace_id})
    return _letter(kind, row) if row else None


async def count(runtime: Runtime, workspace_id: str) -> dict[str, int]:
    """How many of each kind; a thousand stands for a thousand and more."""
    found: dict[str, int] = {}
    for kind in KINDS:
        rows = runtime.mongo[kind].find({"dead_key": workspace_id}, {"_id": 1}).limit(_MOST_COUNTED)
        found[kind] = len(await rows.to_list())
    return found


async def each(runtime: Runtime, workspace_id: str, kind: Kind) -> AsyncIterator[DeadLetter]:
    """All of a kind; what is taken out meanwhile is passed over. Those that come back while this runs are left out."""
    begun = runtime.clock.now()
    where = {"dead_key": workspace_id, "died_at": {"$lte": begun}}
    while rows := await runtime.mongo[kind].find(where).limit(_BATCH).to_list():
        for row in rows:
            yield _letter(kind, row)
        if await runtime.mongo[kind].find_one({"_id": rows[0]["_id"], **where}) is not None:
            # The caller leaves them where they are: going on would go round for ever.
            return


async def everywhere(runtime: Runtime, kind: Kind, *, limit: int) -> list[DeadLetter]:
    """Of all workspaces, for the operator's commands."""
    rows = await runtime.mongo[kind].find({"dead_key": {"$gt": ""}}).limit(limit).to_list()
    return [_letter(kind, row) for row in rows]


async def revive(runtime: Runtime, letter: DeadLetter) -> bool:
    """Back to work with all its tries; False if somebody was faster."""
    change: mongo.Document = {"$set": {"attempts": 0}, "$unset": dict.fromkeys((*_MARK, "error"), "")}
    if letter.pending_key is not None:
        change["$set"]["pending_key"] = letter.pending_key
    if letter.kind in ("media", "pushes"):
        change["$set"]["due_at"] = runtime.clock.now()
    else:
        change["$unset"]["due_at"] = ""
    where = {"_id": letter.id, "dead_key": letter.workspace_id}
    return bool((await runtime.mongo[letter.kind].update_one(where, change)).modified_count)


async def dismiss(runtime: Runtime, letter: DeadLetter) -> bool:
    """No longer shown; its payload stays as long as those of all others."""
    where = {"_id": letter.id, "dead_key": letter.workspace_id}
    change = {"$unset": dict.fromkeys(_MARK, "")}
    return bool((await runtime.mongo[letter.kind].update_one(where, change)).modified_count)
