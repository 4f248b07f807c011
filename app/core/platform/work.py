"""
Durable work: raw inbound events, delivery receipts, the outbox, media to fetch, and changes to announce.

A row carries `pending_key` as long as it has to be worked on; the sparse index on it holds the open work and nothing
else. A row is marked done only after all that follows from it is stored and published, so a crash half way is repeated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

from app.core import ids, mongo
from app.core.platform import dead_letters
from app.core.rows import plain
from app.core.runtime import Runtime
from app.core.together import Together, shared

MAX_ATTEMPTS = 8
# Most rows that are marked as done in one command: while it runs nobody else writes there.
MARKED_AT_ONCE = 10
# Most keys whose rows are read in one command.
_READ_TOGETHER = 10
# Sorts behind every account's id.
_PARKED = "~"
# How the pending keys end of what waits for the message that it is about.
_EARLY = "|early"
_SPENT = ("dead_key", "died_at", "due_at", "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundRow:
    """
    One event of a provider as it came. `id` is account and provider key, so the same event never has two rows.
    `sequence` is the order of arrival; `order_key` says whose events wait for each other.
    """

    id: str
    workspace_id: str
    account_id: str
    order_key: str
    body: bytes
    received_at: datetime
    sequence: int
    attempts: int = 0
    error: str | None = None
    # Not to be tried again before.
    due_at: datetime | None = None
    # About a message that is not here: it waits beside what the person says, and holds none of it back.
    early: bool = False

    @property
    def pending_key(self) -> str:
        return f"{self.account_id}|{self.order_key}{_EARLY if self.early else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A provider's report on one of our messages."""

    external_id: str
    correlation: str | None
    status: str
    at: datetime
    error: dict[str, Any] | None = None
    price_category: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptBatch:
    """
    Reports that came together, in one row: they come by the thousand, and a row each would cost more than all else.

    Told twice they stand in two batches, which does no harm. `attempts` counts how often their messages were looked
    for in vain.
    """

    id: str
    workspace_id: str
    account_id: str
    received_at: datetime
    reports: tuple[Receipt, ...]
    attempts: int = 0
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRow:
    """A file to fetch from a provider for an entry of the timeline."""

    id: str
    workspace_id: str
    account_id: str
    entry_id: str
    source: dict[str, Any]
    due_at: datetime
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """Something has changed (or is about to) that screens must be told: what kind of thing, and which."""

    id: str
    workspace_id: str
    kind: str
    ref: str
    at: datetime


# --- inbound ------------------------------------------------------------------------------------------------------

# A key with what is wanted beside its rows, and what was found of both.
_Asked = tuple[str, Mapping[str, Sequence[str]]]
_Read = tuple[list[InboundRow], dict[str, list[mongo.Document]]]
# Kept as long as somebody reads.
_Reading = WeakValueDictionary[tuple[tuple[str, ...], int], Together[_Asked, _Read]]
_reading: "WeakKeyDictionary[Runtime, _Reading]" = WeakKeyDictionary()


def inbound_document(row: InboundRow) -> mongo.Document:
    document: mongo.Document = plain(row)
    document["_id"] = document.pop("id")
    del document["early"]
    document["pending_key"] = row.pending_key
    return document


def _inbound(document: mongo.Document) -> InboundRow:
    return InboundRow(
        id=document["_id"],
        workspace_id=document["workspace_id"],
        account_id=document["account_id"],
        order_key=document["order_key"],
        body=bytes(document["body"]),
        received_at=document["received_at"],
        sequence=document["sequence"],
        attempts=document.get("attempts", 0),
        error=document.get("error"),
        due_at=document.get("due_at"),
        early=document.get("pending_key", "").endswith(_EARLY),
    )


async def add_inbound(runtime: Runtime, documents: Sequence[mongo.Document]) -> set[str]:
    """Stores raw events in one journaled command; the ids that were there already."""
    return await mongo.insert_new(runtime.mongo.inbound, documents)


async def pending_inbound(runtime: Runtime, pending_key: str, *, limit: int) -> list[InboundRow]:
    """What waits for this key, in the order it came. Index: pending_key."""
    rows = await runtime.mongo.inbound.find({"pending_key": pending_key}).limit(limit).to_list()
    return sorted((_inbound(row) for row in rows), key=lambda row: row.sequence)


async def pending_inbound_beside(
    runtime: Runtime, pending_key: str, beside: Mapping[str, Sequence[str]], *, limit: int
) -> tuple[list[InboundRow], dict[str, list[mongo.Document]]]:
    """
    The same, and beside it rows of other collections by their `_id`s, in one command, which costs a third of three.
    Those others are there only where something waits, and whose they are, the caller looks at. Index: pending_key.
    """
    names = tuple(beside)
    reading = _reading.setdefault(runtime, WeakValueDictionary())
    together = shared(reading, (names, limit), partial(_read_beside, runtime, names, limit), most=_READ_TOGETHER)
    return await together((pending_key, beside))


async def _read_beside(
    runtime: Runtime, names: Sequence[str], limit: int, asked: Sequence[_Asked]
) -> list[_Read | Exception]:
    """Those who ask at the same time share a command."""
    keys = [pending_key for pending_key, _ in asked]
    most = limit * len(keys)
    where: mongo.Document = {"pending_key": keys[0] if len(keys) == 1 else {"$in": keys}}
    pipeline: list[mongo.Document] = [{"$match": where}, {"$limit": most}]
    wanted = {f"beside_{name}": _of_key(asked, name) for name in names}
    pipeline.append({"$set": wanted})
    for at in wanted:
        name = at.removeprefix("beside_")
        pipeline.append({"$lookup": {"from": name, "localField": at, "foreignField": "_id", "as": at}})
    found = await (await runtime.mongo.inbound.aggregate(pipeline)).to_list()
    if len(keys) > 1 and len(found) == most:
        # So many wait under one key that those of another may be missing.
        return [(await _read_beside(runtime, names, limit, [each]))[0] for each in asked]
    answers: list[_Read | Exception] = []
    for pending_key in keys:
        rows = [row for row in found if row["pending_key"] == pending_key]
        others = {name: rows[0][f"beside_{name}"] if rows else [] for name in names}
        answers.append((sorted((_inbound(row) for row in rows), key=lambda row: row.sequence), others))
    return answers


def _of_key(asked: Sequence[_Asked], name: str) -> mongo.Document:
    """The `_id`s that are wanted beside a row, by its key."""
    if len(asked) == 1:
        return {"$literal": list(asked[0][1][name])}
    cases = [
        {"case": {"$eq": ["$pending_key", key]}, "then": {"$literal": list(beside[name])}} for key, beside in asked
    ]
    return {"$switch": {"branches": cases, "default": []}}


async def finish_inbound(runtime: Runtime, row_ids: Sequence[str]) -> None:
    """Processed and announced (`MARKED_AT_ONCE` at most); the payload stays for `raw_retention_days`."""
    await runtime.mongo.inbound.update_many({"_id": {"$in": list(row_ids)}}, {"$unset": {"pending_key": ""}})


async def put_off_inbound(runtime: Runtime, row: InboundRow, due_at: datetime) -> str:
    """What came before the message that it is about is looked at again then; the key under which it waits."""
    key = replace(row, early=True).pending_key
    await runtime.mongo.inbound.update_one({"_id": row.id}, {"$set": {"pending_key": key, "due_at": due_at}})
    return key


async def call_early_inbound(runtime: Runtime, row: InboundRow) -> str | None:
    """What came too early under the row's key is due now; the key under which it waits, None if nothing does."""
    key = replace(row, early=True).pending_key
    called = await runtime.mongo.inbound.update_many({"pending_key": key}, {"$set": {"due_at": None}})
    return key if called.matched_count else None


async def fail_inbound(
    runtime: Runtime, row: InboundRow, error: str, *, due_at: datetime | None = None, final: bool = False
) -> bool:
    """
    Counts a failure; True if it will be tried again (not before `due_at`), False if it is now dead-lettered: kept, with
    the error. `final` says that another try is of no use.
    """
    attempts = row.attempts + 1
    again = not final and attempts < MAX_ATTEMPTS
    change: mongo.Document = {"$set": {"attempts": attempts, "error": error, "due_at": due_at}}
    if not again:
        change["$unset"] = {"pending_key": ""}
        change["$set"] |= dead_letters.mark(row.workspace_id, runtime.clock.now(), error)
    await runtime.mongo.inbound.update_one({"_id": row.id}, change)
    return again


async def replay_inbound(runtime: Runtime, inbound_id: str) -> str | None:
    """Puts a row back to work, dead-lettered or processed; its pending key, or None if there is no such row."""
    document = await runtime.mongo.inbound.find_one({"_id": inbound_id})
    if document is None:
        return None
    row = _inbound(document)
    change = {"$set": {"pending_key": row.pending_key, "attempts": 0}, "$unset": dict.fromkeys(_SPENT, "")}
    await runtime.mongo.inbound.update_one({"_id": row.id}, change)
    return row.pending_key


async def overdue_inbound(runtime: Runtime, before: datetime) -> set[str]:
    """
    Keys with rows older than `before` (or due again since then) that nobody has finished. Index: pending_key, all of
    which is open work.
    """
    fields = {"pending_key": 1, "received_at": 1, "due_at": 1}
    # What is put off for long must not fill the page.
    where = {"pending_key": {"$gt": ""}, "due_at": {"$not": {"$gt": before}}}
    rows = await runtime.mongo.inbound.find(where, fields).limit(2_000).to_list()
    return {row["pending_key"] for row in rows if (row.get("due_at") or row["received_at"]) < before}


async def raw_payload(runtime: Runtime, workspace_id: str, inbound_id: str) -> bytes | None:
    """The stored payload of an event, for showing beside its message."""
    document = await runtime.mongo.inbound.find_one({"_id": inbound_id})
    if document is None or document["workspace_id"] != workspace_id:
        return None
    return bytes(document["body"])


async def empty_raw(runtime: Runtime, raw_ids: Sequence[str]) -> None:
    """What a provider sent is gone; that it was worked off stays, so that the same event is not taken in again."""
    for first in range(0, len(raw_ids), mongo.MOST_IN):
        where = {"_id": {"$in": list(raw_ids[first : first + mongo.MOST_IN])}, "pending_key": None}
        await runtime.mongo.inbound.update_many(where, {"$set": {"body": b"", "order_key": "erased"}})


async def drop_media(runtime: Runtime, entry_ids: Sequence[str]) -> None:
    """Files that were still to be fetched for these entries."""
    for first in range(0, len(entry_ids), mongo.MOST_IN):
        await runtime.mongo.media.delete_many({"_id": {"$in": list(entry_ids[first : first + mongo.MOST_IN])}})


async def prune_raw(runtime: Runtime, before: datetime, *, limit: int = 1_000) -> int:
    """
    Deletes raw payloads and receipts received before then that are done; how many. What was put aside stays until
    somebody decides. Index: received_at.
    """
    removed = 0
    open_marks = {"pending_key": 1, "dead_key": 1}
    for collection in (runtime.mongo.inbound, runtime.mongo.receipts):
        rows = await collection.find({"received_at": {"$lt": before}}, open_marks).limit(limit).to_list()
        done = [row["_id"] for row in rows if not open_marks.keys() & row.keys()]
        if done:
            removed += (await collection.delete_many({"_id": {"$in": done}})).deleted_count
    return removed


# --- receipts -----------------------------------------------------------------------------------------------------


def receipt_document(account_id: str, workspace_id: str, receipt: Receipt, received_at: datetime) -> mongo.Document:
    """A report on its way into a batch, which gets the `_id` of the first in it: so a batch stored twice is one."""
    values = ((name, getattr(receipt, name)) for name in Receipt.__slots__)
    report = {name: value for name, value in values if value not in (None, False)}
    return {
        "_id": ids.new("rcp"),
        "workspace_id": workspace_id,
        "account_id": account_id,
        "received_at": received_at,
        "report": report,
    }


async def add_receipts(runtime: Runtime, documents: Sequence[mongo.Document]) -> set[str]:
    """Stores reports, a batch for each account, in one journaled command; none is ever known before."""
    batches: dict[str, mongo.Document] = {}
    for document in documents:
        shared = {name: document[name] for name in ("workspace_id", "account_id", "received_at")}
        empty = {"_id": document["_id"], "pending_key": document["account_id"], **shared, "reports": []}
        batches.setdefault(document["account_id"], empty)["reports"].append(document["report"])
    await mongo.insert_new(runtime.mongo.receipts, list(batches.values()))
    return set()


def _receipt_batch(document: mongo.Document) -> ReceiptBatch:
    reports = tuple(Receipt(**{"correlation": None, **report}) for report in document["reports"])
    return ReceiptBatch(
        id=document["_id"],
        workspace_id=document["workspace_id"],
        account_id=document["account_id"],
        received_at=document["received_at"],
        reports=reports,
        attempts=document.get("attempts", 0),
        due_at=document.get("due_at"),
    )


async def pending_receipts(runtime: Runtime, account_id: str, *, limit: int) -> list[ReceiptBatch]:
    """Batches to apply now, oldest first, with about `limit` reports. Index: pending_key."""
    rows = await runtime.mongo.receipts.find({"pending_key": account_id}).limit(limit).to_list()
    taken: list[ReceiptBatch] = []
    reports = 0
    for batch in sorted((_receipt_batch(row) for row in rows), key=lambda batch: batch.received_at):
        if reports < limit:
            taken.append(batch)
            reports += len(batch.reports)
    return taken


async def finish_receipts(runtime: Runtime, batch_ids: Sequence[str]) -> None:
    await runtime.mongo.receipts.update_many({"_id": {"$in": list(batch_ids)}}, {"$unset": {"pending_key": ""}})


async def fail_receipts(runtime: Runtime, batch: ReceiptBatch, error: str) -> None:
    """Put aside: kept, with the error."""
    mark = dead_letters.mark(batch.workspace_id, runtime.clock.now(), error)
    await runtime.mongo.receipts.update_one({"_id": batch.id}, {"$set": mark, "$unset": {"pending_key": ""}})


async def park_receipts(runtime: Runtime, batches: Sequence[ReceiptBatch]) -> None:
    """
    Reports whose messages are not known yet, to look at again when due. A batch that is never due is somebody else's
    who sends on this number: kept, marked, no longer looked for.
    """
    documents: list[mongo.Document] = []
    for batch in batches:
        document: mongo.Document = plain(batch)
        document["_id"] = document.pop("id")
        # Under a key of their own, so that many of them hide nothing that can be applied now.
        documents.append(document | ({"pending_key": _PARKED} if batch.due_at else {"foreign": True}))
    await mongo.insert_new(runtime.mongo.receipts, documents)


async def wake_receipts(runtime: Runtime, now: datetime) -> set[str]:
    """Parked receipts that are due wait with the fresh ones again; the accounts they are for. Index: pending_key."""
    rows = (
        await runtime.mongo.receipts.find({"pending_key": _PARKED}, {"account_id": 1, "due_at": 1})
        .limit(10_000)
        .to_list()
    )
    due = [row for row in rows if row["due_at"] <= now]
    for account_id in {row["account_id"] for row in due}:
        mine = [row["_id"] for row in due if row["account_id"] == account_id]
        await runtime.mongo.receipts.update_many({"_id": {"$in": mine}}, {"$set": {"pending_key": account_id}})
    return {row["account_id"] for row in due}


async def overdue_receipts(runtime: Runtime, before: datetime) -> set[str]:
    """Accounts with receipts that should have been applied by now. Index: pending_key."""
    fields = {"pending_key": 1, "received_at": 1}
    where = {"pending_key": {"$gt": "", "$lt": _PARKED}}
    rows = await runtime.mongo.receipts.find(where, fields).limit(2_000).to_list()
    return {row["pending_key"] for row in rows if row["received_at"] < before}


# --- outbox -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """A message on somebody's timeline that still carries its work mark."""

    id: str
    workspace_id: str
    contact_id: str
    status: str
    due_at: datetime | None
    claimed_at: datetime | None
    created_at: datetime


async def open_outbox(runtime: Runtime, *, limit: int) -> list[OutboxRow]:
    """Messages that are work, over all workspaces. Index: outbox_key, which holds nothing else."""
    names = ("workspace_id", "contact_id", "status", "due_at", "claimed_at", "created_at")
    rows = await runtime.mongo.entries.find({"outbox_key": {"$gt": ""}}, dict.fromkeys(names, 1)).limit(limit).to_list()
    return [OutboxRow(id=row["_id"], **{name: row.get(name) for name in names}) for row in rows]  # type: ignore[arg-type]


async def due_held(runtime: Runtime, now: datetime, *, limit: int) -> list[tuple[str, str]]:
    """(workspace, message) of those that have waited for this hour. Index of held_messages: until."""
    found = runtime.mongo.held_messages.find({"until": {"$lte": now}}, {"workspace_id": 1}).limit(limit)
    return [(row["workspace_id"], row["_id"]) for row in await found.to_list()]


# --- conversations ------------------------------------------------------------------------------------------------


async def due_conversations(runtime: Runtime, now: datetime, *, limit: int) -> list[tuple[str, str]]:
    """(workspace, conversation) with which something has to be done by now. Index: due_at."""
    rows = await runtime.mongo.conversations.find({"due_at": {"$lte": now}}, {"workspace_id": 1}).limit(limit).to_list()
    return [(row["workspace_id"], row["_id"]) for row in rows]


@dataclass(frozen=True, slots=True)
class Queue:
    """Conversations of one workspace that wait for somebody: `kind` and `owner` are the first parts of their keys."""

    workspace_id: str
    kind: str
    owner: str
    # In the order of their keys.
    conversation_ids: list[str]


async def queues(runtime: Runtime, *, most: int) -> list[Queue]:
    """
    Every queue with at most so many of its conversations, the first by key. Index: routing_key, which holds nothing
    else; the rest of a long queue is passed over.
    """
    found: dict[str, Queue] = {}
    after, chunk = "", most + 100
    while True:
        where, names = {"routing_key": {"$gt": after}}, {"workspace_id": 1, "routing_key": 1}
        rows = await runtime.mongo.conversations.find(where, names).limit(chunk).to_list()
        rows.sort(key=lambda row: str(row["routing_key"]))
        for row in rows:
            kind, owner, _ = row["routing_key"].split("|", 2)
            name = f"{kind}|{owner}|"
            queue = found.setdefault(name, Queue(row["workspace_id"], kind, owner, []))
            if len(queue.conversation_ids) < most:
                queue.conversation_ids.append(row["_id"])
        if len(rows) < chunk:
            return list(found.values())
        full = len(queue.conversation_ids) == most
        after = f"{name}~" if full else rows[-1]["routing_key"]


async def retiring_teams(runtime: Runtime) -> list[str]:
    """Workspaces with teams that are being deleted. Index: retiring_key, which holds no others."""
    rows = await runtime.mongo.teams.find({"retiring_key": {"$gt": ""}}, {"retiring_key": 1}).limit(100).to_list()
    return sorted({row["retiring_key"] for row in rows})


# --- tickets ------------------------------------------------------------------------------------------------------


async def due_tickets(runtime: Runtime, now: datetime, *, limit: int) -> list[tuple[str, str]]:
    """(workspace, ticket) of those for which something is to be done by now. Index: look_at, which holds no others."""
    rows = await runtime.mongo.tickets.find({"look_at": {"$lte": now}}, {"workspace_id": 1}).limit(limit).to_list()
    return [(row["workspace_id"], row["_id"]) for row in rows]


async def due_deferred(runtime: Runtime, now: datetime, *, limit: int = 200) -> list[tuple[str, str]]:
    """Workspace and id of messages for later whose time has come. Index: due_at, which holds nothing else."""
    found = runtime.mongo.deferred.find({"due_at": {"$lte": now}}, {"workspace_id": 1}).limit(limit)
    return [(row["workspace_id"], row["_id"]) for row in await found.to_list()]


async def due_pushes(runtime: Runtime, now: datetime, *, limit: int = 200) -> list[tuple[str, str]]:
    """Workspace and id of pushes whose time has come. Index: due_at, which holds nothing else."""
    found = runtime.mongo.pushes.find({"due_at": {"$lte": now}}, {"workspace_id": 1}).limit(limit)
    return [(row["workspace_id"], row["_id"]) for row in await found.to_list()]


async def due_surveys(runtime: Runtime, now: datetime, *, limit: int) -> list[tuple[str, str]]:
    """(workspace, survey) to be asked by now. Index: due_at."""
    rows = await runtime.mongo.surveys.find({"due_at": {"$lte": now}}, {"workspace_id": 1}).limit(limit).to_list()
    return [(row["workspace_id"], row["_id"]) for row in rows]


async def open_incident_updates(runtime: Runtime) -> list[tuple[str, str]]:
    """(workspace, update) of those not sent to everybody yet. Index: work_key, which holds no others."""
    where = {"work_key": {"$gt": ""}}
    rows = await runtime.mongo.incident_updates.find(where, {"workspace_id": 1}).limit(100).to_list()
    return [(row["workspace_id"], row["_id"]) for row in rows]


async def open_merges(runtime: Runtime, before: datetime) -> list[tuple[str, str]]:
    """
    (workspace, merge) of those begun (or to be undone) before a time and not carried through. Index: work_key, which
    holds no others.
    """
    names = ("workspace_id", "at", "undone_at")
    rows = await runtime.mongo.merges.find({"work_key": {"$gt": ""}}, dict.fromkeys(names, 1)).limit(100).to_list()
    return [(row["workspace_id"], row["_id"]) for row in rows if (row.get("undone_at") or row["at"]) < before]


# --- media --------------------------------------------------------------------------------------------------------


async def add_media(runtime: Runtime, row: MediaRow) -> None:
    """Once per entry: a second one is ignored."""
    document: mongo.Document = plain(row)
    document["_id"] = document.pop("id")
    document["pending_key"] = "media"
    await mongo.insert_new(runtime.mongo.media, [document])


async def media(runtime: Runtime, media_id: str) -> MediaRow | None:
    """A file that still waits, or None."""
    document = await runtime.mongo.media.find_one({"_id": media_id})
    if document is None or "pending_key" not in document:
        return None
    values = {name: document.get(name) for name in MediaRow.__slots__ if name != "id"}
    return MediaRow(id=document["_id"], **values)  # type: ignore[arg-type]


async def postpone_media(runtime: Runtime, row: MediaRow, due_at: datetime) -> None:
    await runtime.mongo.media.update_one({"_id": row.id}, {"$set": {"due_at": due_at}, "$inc": {"attempts": 1}})


async def finish_media(runtime: Runtime, media_id: str) -> None:
    await runtime.mongo.media.update_one({"_id": media_id}, {"$unset": {"pending_key": ""}})


async def fail_media(runtime: Runtime, row: MediaRow, error: str) -> None:
    """Put aside: kept, with the error."""
    mark = dead_letters.mark(row.workspace_id, runtime.clock.now(), error)
    change = {"$set": mark, "$inc": {"attempts": 1}, "$unset": {"pending_key": ""}}
    await runtime.mongo.media.update_one({"_id": row.id}, change)


async def due_media(runtime: Runtime, now: datetime) -> list[str]:
    rows = await runtime.mongo.media.find({"pending_key": "media"}, {"due_at": 1}).limit(500).to_list()
    return [row["_id"] for row in rows if row["due_at"] <= now]


async def unused_files(runtime: Runtime, now: datetime, *, limit: int = 200) -> list[tuple[str, str]]:
    """Workspace and id of uploads whose time is over. Index: unused_until, which holds only what waits."""
    where = {"unused_until": {"$lt": now}}
    rows = await runtime.mongo.files.find(where, {"workspace_id": 1}).limit(limit).to_list()
    return [(row["workspace_id"], row["_id"]) for row in rows]


# --- changes ------------------------------------------------------------------------------------------------------


async def add_change(runtime: Runtime, row: ChangeRow) -> None:
    document: mongo.Document = plain(row)
    document["_id"] = document.pop("id")
    await runtime.mongo.changes.insert_one(document)


async def drop_change(runtime: Runtime, change_id: str) -> None:
    await runtime.mongo.changes.delete_one({"_id": change_id})


async def stale_changes(runtime: Runtime, before: datetime) -> list[ChangeRow]:
    """Changes whose process died before it announced them. Index: at."""
    rows = await runtime.mongo.changes.find({"at": {"$lt": before}}).limit(500).to_list()
    return [
        ChangeRow(id=row["_id"], workspace_id=row["workspace_id"], kind=row["kind"], ref=row["ref"], at=row["at"])
        for row in rows
    ]
