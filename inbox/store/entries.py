"""
Queries on the timeline.

Indexes: (workspace_id, contact_id, number) unique; (shelves, number), whose shelves are one contact's or one ticket's;
outbox_key and external_ids, sparse and single, so that they hold only what is open and only what we sent. Messages that
failed are noted in a collection of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import orjson

from app.core import ids, windows
from app.core.mongo import MOST_IN, Document, DuplicateId
from app.core.rows import plain
from app.core.runtime import Workspace
from inbox import shelves, timeline


def inbound_id(account_id: str, external_id: str) -> str:
    """An inbound message's entry id: the same message always gets the same one."""
    return ids.derived("ent", account_id, external_id)


def external_key(account_id: str, external_id: str) -> str:
    return f"{account_id}:{external_id}"


# Beside the entry's own fields: whose it is, and what it is found by.
_BESIDE = frozenset(("_id", "workspace_id", "shelves"))


def to_row(entry: timeline.Entry) -> Document:
    """Empty values are left out: sparse indexes must not see them, and rows stay small."""
    row: Document = {}
    for f in fields(entry):
        value = getattr(entry, f.name)
        if not _empty(value):
            row["_id" if f.name == "id" else f.name] = plain(value)
    row["shelves"] = shelves.of(entry)
    return row


def _empty(value: Any) -> bool:
    return value is None or value is False or value == () or value == {}


def from_row(row: Document) -> timeline.Entry:
    values: dict[str, Any] = {k: v for k, v in row.items() if k not in _BESIDE}
    values["author"] = timeline.Author(**values["author"])
    if "reply_to" in values:
        values["reply_to"] = timeline.Quote(**values["reply_to"])
    if "campaign" in values:
        values["campaign"] = timeline.Campaign(**values["campaign"])
    if "written" in values:
        values["written"] = timeline.Written(**values["written"])
    if "translations" in values:
        made = values["translations"].items()
        values["translations"] = {into: timeline.Translation(**each) for into, each in made}
    values["reactions"] = tuple(timeline.Reacted(**r) for r in values.get("reactions", ()))
    values["mentions"] = tuple(_mention(m) for m in values.get("mentions", ()))
    values["external_ids"] = tuple(values.get("external_ids", ()))
    return timeline.Entry(id=row["_id"], **values)


def _mention(row: Document) -> timeline.Mention:
    return timeline.Mention(**{**row, "members": tuple(row.get("members", ()))})


async def insert(ws: Workspace, entry: timeline.Entry) -> bool:
    """False if the id or the number is taken."""
    await _note_failures(ws, [(None, entry)])
    try:
        await ws.db.entries.insert(to_row(entry))
    except DuplicateId:
        return False
    return True


async def insert_many(ws: Workspace, entries: Sequence[timeline.Entry]) -> list[bool]:
    """In one command; for each whether its id or its number was taken."""
    results = await ws.db.entries.insert_each([to_row(entry) for entry in entries])
    for error in results:
        if error is not None and not isinstance(error, DuplicateId):
            raise error
    return [error is not None for error in results]


async def get(ws: Workspace, entry_id: str) -> timeline.Entry | None:
    row = await ws.db.entries.get(entry_id)
    return from_row(row) if row else None


async def get_many(ws: Workspace, entry_ids: Sequence[str]) -> list[timeline.Entry]:
    return [from_row(row) for row in await ws.db.entries.get_many(entry_ids)]


async def statuses(ws: Workspace, entry_ids: Sequence[str]) -> dict[str, str]:
    """Entry id → status, for those that have one; point reads in one command."""
    if not entry_ids:
        return {}
    rows = await ws.db.entries.find({"_id": {"$in": list(entry_ids)}}, limit=len(entry_ids), fields=["status"])
    return {row["_id"]: row["status"] for row in rows if "status" in row}


async def by_external_id(ws: Workspace, account_id: str, external_id: str) -> timeline.Entry | None:
    """Index: external_ids."""
    rows = await ws.db.entries.find_marked("external_ids", [external_key(account_id, external_id)], limit=1)
    return from_row(rows[0]) if rows else None


async def by_external_ids(ws: Workspace, account_id: str, external_ids: Sequence[str]) -> list[timeline.Entry]:
    """Index: external_ids."""
    keys = [external_key(account_id, external_id) for external_id in external_ids]
    rows: list[Document] = []
    for first in range(0, len(keys), MOST_IN):
        rows += await ws.db.entries.find_marked("external_ids", keys[first : first + MOST_IN], limit=MOST_IN)
    return [from_row(row) for row in rows]


async def numbers_from(ws: Workspace, contact_id: str, number: int, *, limit: int) -> dict[int, str | None]:
    """
    Numbers in use from `number` on, within the next `limit`, and what each entry's event is called if it is one.
    Index: workspace_id, contact_id, number.
    """
    where = {"contact_id": contact_id, "number": {"$gte": number, "$lte": number + limit}}
    rows = await ws.db.entries.find(where, limit=limit + 1, fields=["number", "event.name"])
    return {row["number"]: (row.get("event") or {}).get("name") for row in rows}


async def range_of(ws: Workspace, contact_id: str, first: int, last: int) -> list[timeline.Entry]:
    """Entries numbered first to last, ascending. Index: workspace_id, contact_id, number."""
    if last < first:
        return []
    where = {"contact_id": contact_id, "number": {"$gte": first, "$lte": last}}
    rows = await ws.db.entries.find(where, limit=last - first + 1)
    return sorted((from_row(row) for row in rows), key=lambda entry: entry.number)


async def on_shelf(ws: Workspace, shelf: str, first: int, last: int, *, limit: int) -> list[timeline.Entry]:
    """What stands on a shelf of a contact (see shelves.py), numbered first to last. Index: shelves, number."""
    where = {"shelves": shelf, "number": {"$gte": first, "$lte": last}}
    rows = await ws.db.entries.find_exactly(where, limit=limit)
    return [from_row(row) for row in rows]


async def times_of(ws: Workspace, contact_id: str, first: int, last: int) -> list[datetime]:
    """When entries numbered first to last were stored, ascending. Index: workspace_id, contact_id, number."""
    where = {"contact_id": contact_id, "number": {"$gte": first, "$lte": last}}
    rows = await ws.db.entries.find(where, limit=last - first + 1, fields=["number", "created_at"])
    return [row["created_at"] for row in sorted(rows, key=lambda row: int(row["number"]))]


async def of_ticket(ws: Workspace, ticket_id: str, *, limit: int) -> list[timeline.Entry]:
    """What belongs to a ticket, in the order it happened. Index: shelves."""
    rows = await ws.db.entries.find_marked("shelves", [shelves.of_ticket(ticket_id)], limit=limit)
    return sorted((from_row(row) for row in rows), key=lambda entry: (entry.created_at, entry.number))


async def outbox_of(ws: Workspace, contact_id: str) -> list[timeline.Entry]:
    """Messages of a contact that are still work, in order. Index: outbox_key."""
    rows = await ws.db.entries.find_marked("outbox_key", [contact_id], limit=200)
    return sorted((from_row(row) for row in rows), key=lambda entry: entry.number)


async def _note_failures(ws: Workspace, pairs: Iterable[tuple[timeline.Entry | None, timeline.Entry]]) -> None:
    """Noted before it is stored that they failed: what is noted and did not fail after all is passed over."""
    for old, new in pairs:
        before = old.status if old else None
        if new.status == "failed" and before != "failed":
            noted = {"failed_at": new.status_times["failed"]}
            await ws.db.failed_messages.update({"_id": new.id}, {"$set": noted}, upsert=True)


async def failed(ws: Workspace, *, before: tuple[datetime, str] | None, limit: int) -> list[timeline.Entry]:
    """The messages that failed last, or last before (time, id). Index of failed_messages: workspace_id, failed_at."""

    async def find(where: Document, sort: list[tuple[str, int]], most: int) -> list[Document]:
        return await ws.db.failed_messages.find(where, sort=sort, limit=most)

    found: list[timeline.Entry] = []
    while len(found) < limit:
        rows = await windows.newest(find, "failed_at", now=ws.clock.now(), before=before, limit=limit - len(found))
        if not rows:
            break
        before = rows[-1]["failed_at"], rows[-1]["_id"]
        known = {entry.id: entry for entry in await get_many(ws, [row["_id"] for row in rows])}
        for row in rows:
            entry = known.get(row["_id"])
            if entry and entry.status == "failed" and entry.status_times["failed"] == row["failed_at"]:
                found.append(entry)
    return found


async def count_failed(ws: Workspace, *, most: int) -> int:
    """Index of failed_messages: workspace_id, failed_at."""
    return len(await ws.db.failed_messages.find({}, limit=most, fields=["_id"]))


async def dismiss_failed(ws: Workspace, entry_id: str) -> None:
    """Takes it off the list; the message stays failed."""
    await ws.db.failed_messages.delete({"_id": entry_id})


def _difference(old: timeline.Entry, new: timeline.Entry) -> tuple[Document, list[str]]:
    """What turns the stored `old` into `new`: fields to set, and fields to remove."""
    changed: Document = {}
    gone: list[str] = []
    for f in fields(new):
        before, after = getattr(old, f.name), getattr(new, f.name)
        if before is after or before == after:
            continue
        if f.name in ("kind", "ticket_id"):
            changed["shelves"] = shelves.of(new)
        if _empty(after):
            gone.append(f.name)
        else:
            changed[f.name] = plain(after)
    if new.status == "queued" and new.outbox_key:
        # Also where it looks unchanged: the mark is taken off without raising the revision, perhaps a moment ago.
        changed["outbox_key"] = new.outbox_key
    return changed, gone


def _step(old: timeline.Entry, new: timeline.Entry) -> Document:
    """The difference as an update, which of the times holds only the new: so the same step of many is the same."""
    changed, gone = _difference(old, new)
    if "status_times" in changed and all(new.status_times.get(status) == at for status, at in old.status_times.items()):
        times = changed.pop("status_times").items()
        changed |= {f"status_times.{status}": at for status, at in times if status not in old.status_times}
    update: Document = {"$set": changed} if changed else {}
    return update | {"$unset": dict.fromkeys(gone, "")} if gone else update


async def save(ws: Workspace, old: timeline.Entry, new: timeline.Entry) -> bool:
    """Writes the difference if the stored entry is still `old`."""
    await _note_failures(ws, [(old, new)])
    saved = await ws.db.entries.update_at(old.id, old.revision, *_difference(old, new))
    if saved and old.status == "failed" and new.status != "failed":
        # Only now: should we die before, it is still a failure, and still noted.
        await dismiss_failed(ws, new.id)
    return saved


async def save_many(ws: Workspace, pairs: Sequence[tuple[timeline.Entry, timeline.Entry]]) -> bool:
    """
    One command for all, each written only if it is unchanged since it was read; whether all were. Those that change
    alike (a broadcast's messages, delivered in the same second) share one update, which costs a fraction of one each.
    """
    await _note_failures(ws, pairs)
    alike: dict[bytes, tuple[list[str], int, Document]] = {}
    for old, new in pairs:
        change = _step(old, new)
        alike.setdefault(orjson.dumps([old.revision, change]), ([], old.revision, change))[0].append(old.id)
    changes = [(row_ids, {"revision": revision}, change) for row_ids, revision, change in alike.values()]
    return await ws.db.entries.update_each(changes) == len(pairs)


async def hold(ws: Workspace, entry_id: str, until: datetime) -> None:
    """Notes that a message waits for this hour."""
    await ws.db.held_messages.update({"_id": entry_id}, {"$set": {"until": until}}, upsert=True)


async def let_go(ws: Workspace, entry_id: str) -> None:
    """It waits no longer."""
    await ws.db.held_messages.delete({"_id": entry_id})


# What of an entry is about nobody: where it stood, when, on which channel, and how far it got.
_BURIED = frozenset(
    (
        *("_id", "workspace_id", "contact_id", "conversation_id", "number", "revision", "at", "created_at", "order_at"),
        *("kind", "direction", "channel", "account_id", "author", "purpose", "status", "status_times", "shelves"),
    )
)


async def bury(ws: Workspace, entry_ids: Sequence[str]) -> None:
    """Tombstones in their places, so that numbers keep having no gaps."""
    nobody: Document = {"type": "system", "id": None, "name": None}
    gone = [f.name for f in fields(timeline.Entry) if f.name not in _BURIED and f.name != "id"]
    change: Document = {
        "$set": {"kind": "tombstone", "author": nobody, "shelves": []},
        "$unset": dict.fromkeys(gone, ""),
        "$inc": {"revision": 1},
    }
    await ws.db.entries.update_each([(list(entry_ids), {}, change)] if entry_ids else [])
    await ws.db.failed_messages.delete({"_id": {"$in": list(entry_ids)}})
    await ws.db.held_messages.delete({"_id": {"$in": list(entry_ids)}})


async def set_conversation(ws: Workspace, entry_ids: Sequence[str], conversation_id: str) -> None:
    """They are read in this conversation; nothing else of them changes."""
    if entry_ids:
        await ws.db.entries.update_each([(list(entry_ids), {}, {"$set": {"conversation_id": conversation_id}})])


async def clear_outbox(ws: Workspace, entry_ids: Sequence[str]) -> None:
    """Takes the work mark off entries whose outcome is stored and announced; one that is sent again keeps it."""
    where = {"_id": {"$in": list(entry_ids)}, "status": {"$nin": ["queued", "sending"]}}
    await ws.db.entries.update_all(where, {"$unset": {"outbox_key": ""}})
