"""
Queries on conversations.

Lists read bounded windows of time on (workspace_id, active, last_activity_at) or its sibling by assignee, and widen
the window only when it comes up short: the same work however long the list is. Rows carry `active` (not closed) for
that: equality on what a list is made of and one range are an exact piece of an index everywhere, while `$in` beside a
range makes the embedded database read everything.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from app.core.errors import Invalid
from app.core.mongo import Document, DuplicateId
from app.core.runtime import Workspace
from inbox import conversations
from inbox.episodes import Facts

_FIRST_WINDOW = timedelta(hours=1)
_NARROWEST = timedelta(milliseconds=1)
# A window with more rows than this was too wide, and is read again narrower.
_MOST = 1_000
_EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)


def to_row(conversation: conversations.Conversation) -> Document:
    row = asdict(conversation)
    row["_id"] = row.pop("id")
    row["reach"] = list(row["reach"])
    row["finished"] = list(row["finished"])
    row["active"] = is_active(conversation)
    if (due_at := conversations.due_at(conversation)) is not None:
        # Only there while something is to be done: the sparse index on it holds the work and nothing else.
        row["due_at"] = due_at
    return row


def is_active(conversation: conversations.Conversation) -> bool:
    """Whether it is anybody's to work on now."""
    return conversation.state in ("open", "pending")


def _from_row(row: Document) -> conversations.Conversation:
    values: dict[str, Any] = {f.name: row[f.name] for f in fields(conversations.Conversation) if f.name in row}
    if values.get("last_entry"):
        values["last_entry"] = conversations.Summary(**values["last_entry"])
    values["reach"] = tuple(
        conversations.Reach(**{**reach, "stopped": tuple(reach["stopped"])}) for reach in values["reach"]
    )
    if values.get("facts"):
        values["facts"] = _facts(values["facts"])
    values["finished"] = tuple(map(_facts, values.get("finished", ())))
    return conversations.Conversation(id=row["_id"], **values)


def _facts(row: Document) -> Facts:
    return Facts(**{**row, "tags": tuple(row["tags"])})


async def get(ws: Workspace, conversation_id: str) -> conversations.Conversation | None:
    row = await ws.db.conversations.get(conversation_id)
    return _from_row(row) if row else None


async def get_many(ws: Workspace, ids: Sequence[str]) -> list[conversations.Conversation]:
    return [_from_row(row) for row in await ws.db.conversations.get_many(ids)]


async def of_contact(ws: Workspace, contact_id: str) -> list[conversations.Conversation]:
    """Index: workspace_id, contact_id."""
    return [_from_row(row) for row in await ws.db.conversations.find({"contact_id": contact_id}, limit=50)]


async def save(ws: Workspace, old: conversations.Conversation, new: conversations.Conversation) -> bool:
    """Writes `new` if the stored one is still `old` (revision 0: if there is none yet)."""
    row = to_row(new)
    if old.revision == 0:
        try:
            await ws.db.conversations.insert(row)
        except DuplicateId:
            return False
        return True
    before = to_row(old)
    changed: Document = {"$set": {k: v for k, v in row.items() if before.get(k) != v}}
    if gone := {k: "" for k in before if k not in row}:
        changed["$unset"] = gone
    return await ws.db.conversations.update({"_id": old.id, "revision": old.revision}, changed)


def pieces(view: str, member_id: str) -> list[Document]:
    """What a view is made of: each an exact piece of an index; together they are the view."""
    match view:
        case "mine":
            return [{"assignee_id": member_id, "active": True}]
        case "unassigned":
            return [{"assignee_id": None, "active": True}]
        case "closed" | "snoozed":
            return [{"active": False}]
        case "all":
            return [{"active": True}, {"active": False}]
        case _:
            return [{"active": True}]


async def _window(ws: Workspace, made_of: Sequence[Document], span: Document, most: int) -> list[Document]:
    """Rows of all pieces within a span of time; at most so many of each."""
    found: list[Document] = []
    for piece in made_of:
        found += await ws.db.conversations.find({**piece, "last_activity_at": span}, limit=most)
    return found


async def page(
    ws: Workspace, view: str, *, member_id: str, cursor: str | None, limit: int, account_ids: Sequence[str] | None
) -> tuple[list[conversations.Conversation], str | None]:
    """
    Newest activity first, from the cursor on; the cursor of the next page, None at the end.

    The cursor is (time, id, width of the last window): pages of an even list need one query each.
    """
    before, last_id, width = (
        _open_cursor(cursor) if cursor else (ws.clock.now() + timedelta(minutes=5), "", _FIRST_WINDOW)
    )
    made_of = pieces(view, member_id)
    found: list[Document] = []
    end = before
    while True:
        start = max(end - width, _EARLIEST)
        # The window that holds the cursor's own instant includes it: several rows may share a millisecond.
        upper = "$lte" if end == before else "$lt"
        most = _MOST if width > _NARROWEST else 100 * _MOST
        rows = await _window(ws, made_of, {"$gte": start, upper: end}, most)
        if len(rows) >= most and width > _NARROWEST:
            width = max(width / 8, _NARROWEST)
            continue
        if view in ("closed", "snoozed"):
            rows = [row for row in rows if row["state"] == view]
        if account_ids is not None:
            rows = [row for row in rows if any(reach["account_id"] in account_ids for reach in row["reach"])]
        rows.sort(key=_order, reverse=True)
        found += [r for r in rows if not last_id or _order(r) < (before, last_id)]
        if len(found) > limit or start == _EARLIEST:
            break
        # Aim at twice the page, from the density seen so far.
        width = width * 4 if len(found) < limit / 4 else width * 2
        end = start
    items = found[:limit]
    more = len(found) > limit
    if len(found) > 4 * limit:
        width = max(width * (2 * limit / len(found)), _NARROWEST)
    return [_from_row(row) for row in items], _close_cursor(items[-1], width) if more else None


def _order(row: Document) -> tuple[datetime, str]:
    return row["last_activity_at"], row["_id"]


def _close_cursor(row: Document, width: timedelta) -> str:
    at = int(row["last_activity_at"].timestamp() * 1000)
    return base64.urlsafe_b64encode(orjson.dumps([at, row["_id"], int(width.total_seconds() * 1000)])).decode()


def _open_cursor(cursor: str) -> tuple[datetime, str, timedelta]:
    try:
        at, last_id, width = orjson.loads(base64.urlsafe_b64decode(cursor.encode()))
        before = datetime.fromtimestamp(at / 1000, UTC).replace(microsecond=at % 1000 * 1000)
        return before, str(last_id), timedelta(milliseconds=min(max(int(width), 1), 10**11))
    except (ValueError, TypeError, OverflowError, OSError):
        raise Invalid.field(
            "cursor", "This cursor is not one that Parley gave out; start from the first page."
        ) from None


async def named(ws: Workspace, contact_ids: Sequence[str]) -> list[conversations.Conversation]:
    """The conversations of these contacts in the default queue, by `_id`."""
    return await get_many(ws, [conversations.id_for(contact_id) for contact_id in contact_ids])


async def count_all(ws: Workspace) -> dict[str, int]:
    """Every counter, read once over the open conversations; for repairs, not for requests."""
    snoozed = await ws.db.conversations.count({"active": False, "state": "snoozed"})
    numbers: dict[str, int] = {
        "closed": await ws.db.conversations.count({"active": False}) - snoozed,
        "snoozed": snoozed,
    }
    rows = await ws.db.conversations.find({"active": True}, limit=1_000_000, fields=["assignee_id", "unread"])
    for row in rows:
        names = ["open", f"mine:{row['assignee_id']}" if row.get("assignee_id") else "unassigned"]
        for name in [*names, "unread"] if row.get("unread") else names:
            numbers[name] = numbers.get(name, 0) + 1
    return {"open": 0, "unassigned": 0, "unread": 0, **numbers}
