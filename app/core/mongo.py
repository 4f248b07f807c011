"""
MongoDB: the connection, every collection with its declared indexes, and the view of it that one workspace gets.

Queries live in `store` modules. They are point reads or bounded ranges on the indexes declared here, on every engine
alike: no `find_one_and_*`, no top-level `$or`, no sort that has to read everything (see docs/architecture.md, Storage).
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from math import inf, nextafter
from typing import Any, TypeGuard
from weakref import WeakValueDictionary

from pymongo import AsyncMongoClient, IndexModel, InsertOne, UpdateMany, UpdateOne, timeout
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    BulkWriteError,
    ClientBulkWriteException,
    DuplicateKeyError,
    OperationFailure,
    PyMongoError,
)
from pymongo.errors import ConnectionFailure as ConnectionFailure

from app.core.together import Together, shared

Document = dict[str, Any]
Database = AsyncDatabase[Document]
Client = AsyncMongoClient[Document]
DatabaseError = PyMongoError
DUPLICATE_KEY = 11000
# Servers from this version of the protocol on (MongoDB 8) write to several collections in one command.
_WRITES_TO_SEVERAL = 25
# Most rows in a command that several calls share, and most ids of one call that are shared so.
_TOGETHER = 100
# Most inserts that go together with a change each: nobody else changes rows there while all of them are written.
_PAIRS_TOGETHER = 10
_FEW = 5
# Most values in an `$in`: the embedded database looks through all of them for every row, and nobody else writes while
# it changes rows in one go.
MOST_IN = 50
# Where of so many no more are there, looking through the values costs less than asking again.
_RARE = 15
# Rows of one answer; who asks for more of them asks a second time.
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Index:
    fields: tuple[str, ...]
    unique: bool = False
    sparse: bool = False
    # Rows vanish this many seconds after the time in the first field; small collections only.
    expire_after_seconds: int | None = None

    @property
    def name(self) -> str:
        return "_".join(f"{field}_1" for field in self.fields)


def _index(*fields: str, **options: Any) -> Index:
    return Index(fields, **options)


# Of work that was put aside (see platform/dead_letters.py).
_DEAD = _index("dead_key", "died_at", sparse=True)

# Collections that belong to one workspace: every row has workspace_id, and `Workspace.db` adds it to every filter.
SCOPED: Mapping[str, tuple[Index, ...]] = {
    "blocked": (_index("workspace_id", "at"),),
    # `keys` are what duplicates are found by (see crm/duplicates.py).
    "contacts": (
        _index("workspace_id", "_id"),
        _index("workspace_id", "prefixes", "_id"),
        _index("workspace_id", "keys"),
        # Lists of contacts, each the newest first (see crm/facets.py); and all of them by name (see store/alphabet.py).
        _index("workspace_id", "facets", "created_at"),
        _index("workspace_id", "name_key"),
        _index("health_key", sparse=True),
    ),
    # How well things stand with contacts: what is settled, and how far looking through all of them is.
    "contact_health": (_index("active_key", sparse=True),),
    # The fields and stages of a workspace; and what values of contacts were before somebody changed them.
    "contact_fields": (),
    "contact_past": (_index("workspace_id", "contact_id", "at"),),
    "contact_lists": (_index("workspace_id", "key", unique=True),),
    # How long things are kept; and people who were erased: `pending_key` while it is under way, `marks` are hashes of
    # their handles.
    "retention": (_index("active_key", sparse=True),),
    "erasures": (
        _index("workspace_id", "at"),
        _index("pending_key", sparse=True),
        _index("workspace_id", "marks"),
    ),
    # `pending_key` while it is under way; results are one document for each batch of rows.
    "imports": (_index("workspace_id", "created_at"), _index("pending_key", sparse=True)),
    "import_results": (_index("import_id"),),
    "exports": (
        _index("workspace_id", "created_at"),
        _index("pending_key", sparse=True),
        _index("expires_at"),
    ),
    # Forms by which people agree, each version of their words, and figures by day.
    "signup_forms": (_index("workspace_id"),),
    "signup_versions": (),
    "signup_days": (_index("workspace_id", "form_id", "day"),),
    # What the chat widget says by itself, and what came of it by day.
    "greetings": (_index("workspace_id"),),
    "greeting_days": (_index("workspace_id", "greeting_id", "day"),),
    # Agreements to marketing that came and went.
    "consent_days": (_index("workspace_id", "day"),),
    "companies": (
        _index("workspace_id", "prefixes", "_id"),
        _index("workspace_id", "name_key"),
    ),
    # `work_key` is there while a merge, or its undoing, is not finished.
    "merges": (_index("workspace_id", "into_id"), _index("workspace_id", "from_id"), _index("work_key", sparse=True)),
    # Pairs of contacts that may be one person; `open_at` until somebody has decided.
    "duplicates": (
        _index("workspace_id", "open_at"),
        _index("workspace_id", "contact_ids"),
    ),
    "duplicate_searches": (),
    # What is missing or doubtful of contacts (see crm/data_health.py), and of each bucket of them.
    "data_health": (_index("active_key", sparse=True),),
    "data_health_buckets": (_index("workspace_id", "bucket"), _index("workspace_id", "has", "bucket")),
    "stories": (),
    # Which translation service a workspace has connected.
    "translators": (),
    # Where things are delivered to contacts (see crm/destinations.py).
    "destinations": (_index("workspace_id", "contact_id"),),
    "addresses": (_index("workspace_id", "contact_id"),),
    "consents": (_index("workspace_id", "contact_id", "at"), _index("workspace_id", "address")),
    # What happened with contacts, for rules that count (see crm/happenings.py), and which kinds of that there are.
    "happenings": (_index("workspace_id", "contact_id", "kind", "at"),),
    "happening_kinds": (),
    # Contacts that have changed and have still to be looked at (see crm/changes.py); where somebody does that.
    "contact_changes": (_index("at"),),
    "contact_followers": (),
    # Segments (see automations/segments.py), who is in each, who moved in and out, and whom time will move next.
    "segments": (_index("workspace_id", "key", unique=True), _index("work_key", sparse=True)),
    "segment_members": (
        _index("workspace_id", "segment_id", "contact_id", unique=True),
        _index("workspace_id", "contact_id"),
    ),
    "segment_moves": (
        _index("workspace_id", "number"),
        _index("work_key", sparse=True),
        _index("expires_at", expire_after_seconds=0),
    ),
    "segment_steps": (),
    "segment_dues": (_index("due_at"),),
    "segment_snapshots": (_index("work_key", sparse=True),),
    "segment_previews": (_index("work_key", sparse=True), _index("expires_at", expire_after_seconds=0)),
    # When contacts and we wrote lately (see inbox/traffic.py).
    "traffic": (_index("workspace_id", "contact_id"),),
    # What is settled about marketing, what was sent to each contact lately, and who is left out.
    "pacing_settings": (),
    "pacing": (),
    "suppressions": (_index("workspace_id", "at"),),
    "broadcasts": (_index("workspace_id", "created_at"), _index("workspace_id", "state", "created_at")),
    # How far each that was started is; `due_at` while something has to be done for it at a time.
    "broadcast_runs": (_index("due_at", sparse=True),),
    "broadcast_rolls": (),
    "broadcast_places": (),
    "broadcast_settings": (),
    # What a broadcast would do, worked out before it goes: how far that is, and its people some hundred a row.
    "broadcast_checks": (_index("pending_key", sparse=True),),
    "broadcast_check_people": (_index("workspace_id", "check_id", "reasons", "number"),),
    "conversations": (
        _index("workspace_id", "facets", "last_activity_at"),
        # Open ones only: empty for all others, so a message in them moves nothing here.
        _index("workspace_id", "closing_at"),
        _index("workspace_id", "waiting_at"),
        _index("workspace_id", "open_since"),
        # Conversations with which something has to be done at that time (see inbox/routing/duties.py), and no others.
        _index("due_at", sparse=True),
        # Those that wait for an agent or for their agent's answer (see inbox/routing/waiting.py), and no others.
        _index("routing_key", sparse=True),
    ),
    # Finished episodes, and their figures by day of closing.
    "episodes": (
        _index("workspace_id", "closed_at"),
        _index("workspace_id", "assignee_id", "closed_at"),
        _index("workspace_id", "conversation_id"),
    ),
    "closing_settings": (),
    "surveys": (
        _index("workspace_id", "contact_id"),
        _index("workspace_id", "answered_at"),
        _index("due_at", sparse=True),
    ),
    "episode_days": (_index("workspace_id", "zone", "day"),),
    "report_zones": (_index("workspace_id"),),
    "report_settings": (),
    "entries": (
        _index("workspace_id", "contact_id", "number", unique=True),
        # By kind, channel and ticket (see inbox/shelves.py); whose it is, is part of the shelf.
        _index("shelves", "number"),
        # What was stored since a time, for the search index.
        _index("created_at"),
        _index("outbox_key", sparse=True),
        _index("external_ids", sparse=True),
    ),
    # Messages that failed and that nobody has looked at yet: few, so they burden the index of no other entry.
    "failed_messages": (_index("workspace_id", "failed_at"),),
    # Marketing that waits for an hour at which it may go; likewise.
    "held_messages": (_index("until", sparse=True),),
    # One message to many (see inbox/store/mailings.py); `active_key` while it runs, `waiting_key` while its messages do
    # not all stand on timelines.
    "mailings": (_index("active_key", sparse=True), _index("waiting_key", sparse=True)),
    # Its people, a hundred to a row, found by `keys`; and what becomes of them.
    "mailing_batches": (_index("keys"),),
    "mailing_work": (
        _index("mailing_id", "seq"),
        _index("work_key", "due_at", sparse=True),
        _index("place_key", sparse=True),
        _index("look_key", "look_at", sparse=True),
    ),
    # `facets` are the lists a ticket stands in; `look_at` is there while something is to be done for it at a time.
    "tickets": (
        _index("workspace_id", "number", unique=True),
        _index("workspace_id", "facets", "updated_at"),
        _index("workspace_id", "active", "sla_due_at"),
        _index("workspace_id", "open_since"),
        _index("workspace_id", "tokens"),
        _index("look_at", sparse=True),
    ),
    # What became of tickets' promises, each time that they were solved.
    "ticket_outcomes": (_index("workspace_id", "solved_at"), _index("workspace_id", "ticket_id")),
    "ticket_forms": (),
    "incidents": (_index("workspace_id", "active", "created_at"),),
    "incident_links": (_index("workspace_id", "incident_id"), _index("workspace_id", "conversation_id")),
    "incident_updates": (_index("workspace_id", "incident_id"), _index("work_key", sparse=True)),
    "incident_tellings": (_index("workspace_id", "update_id"),),
    "sla_policies": (_index("workspace_id", "position"),),
    # What policies would have made of the past (see inbox/ticketing/sla_trials.py), for a week.
    "sla_trials": (_index("expires_at", expire_after_seconds=0),),
    "sla_trial_rows": (_index("workspace_id", "trial_id", "number"), _index("expires_at", expire_after_seconds=0)),
    "counters": (),
    "deferred": (
        _index("due_at", sparse=True),
        _index("workspace_id", "conversation_id"),
        _index("workspace_id", "open", "at"),
        _index("workspace_id", "author_id", "open", "at"),
    ),
    "reopeners": (),
    "price_lists": (),
    # What messages have cost (see inbox/spending.py), days of it that are added up, and how much it may be.
    "spending": (_index("workspace_id", "day"), _index("workspace_id", "conversation_id")),
    "spending_days": (),
    "budgets": (_index("active_key", sparse=True),),
    # Codes that show whose an address is; they end a month after they were good for.
    "proofs": (_index("workspace_id", "conversation_id"), _index("forget_at", expire_after_seconds=0)),
    "templates": (_index("workspace_id", "account_id", "name"),),
    "template_drafts": (_index("workspace_id"),),
    "content_templates": (_index("workspace_id"),),
    "content_blocks": (_index("workspace_id"),),
    # Who opened a short link of a mailing; those of machines are kept apart by `person`.
    "clicks": (_index("workspace_id", "mailing_id", "_id"), _index("expires_at", expire_after_seconds=0)),
    "files": (_index("unused_until", sparse=True),),
    # Files that providers keep, by account and file; those that they have let go end by themselves.
    "media_handles": (_index("expires_at", expire_after_seconds=0),),
    # `unread_key` is the member's id until they have read it.
    "notifications": (
        _index("workspace_id", "member_id", "at"),
        _index("workspace_id", "conversation_id"),
        _index("unread_key", sparse=True),
        _index("expires_at", expire_after_seconds=0),
    ),
    # Pushes to members' devices; `due_at` only while there is something to do.
    "pushes": (
        _index("due_at", sparse=True),
        _index("workspace_id", "conversation_id"),
        _index("expires_at", expire_after_seconds=0),
        _DEAD,
    ),
    "push_settings": (),
    "macros": (_index("workspace_id", "owner_id"),),
    "macro_runs": (_index("workspace_id", "conversation_id"),),
    "drafts": (_index("workspace_id", "conversation_id"), _index("workspace_id", "member_id")),
    "canned": (_index("workspace_id", "owner_id", "shortcut", unique=True),),
    # `facets` are the lists an article stands in, `tokens` the words it is found by, among which readers.
    "articles": (
        _index("workspace_id", "number", unique=True),
        _index("workspace_id", "facets", "updated_at"),
        _index("workspace_id", "tokens"),
    ),
    "article_versions": (_index("workspace_id", "article_id", "revision"),),
    # What an article is worth, apart from it: counting must not write its words anew.
    "article_counts": (),
    "article_feedback": (
        _index("workspace_id", "article_id", "at"),
        _index("expires_at", expire_after_seconds=0),
    ),
    # What was searched for in the help centre and not found; forgotten when nobody asks for it any more.
    "help_misses": (_index("workspace_id", "last_at"), _index("expires_at", expire_after_seconds=0)),
    "help_centre": (),
    "queues": (_index("workspace_id", "name"),),
    "calendars": (_index("workspace_id", "name"),),
    "teams": (_index("workspace_id", "name"), _index("retiring_key", sparse=True)),
    "agents": (_index("workspace_id"),),
    "roster": (_index("workspace_id", "day"),),
    "routing": (),
    "route_rules": (),
    "tags": (_index("workspace_id", "key", unique=True), _index("pending_key", sparse=True)),
    "bulk": (_index("pending_key", sparse=True),),
    "bulk_steps": (_index("workspace_id", "bulk_id", "number"),),
    # The words of messages and notes (see inbox/finding/search.py).
    "search": (_index("workspace_id", "tokens", "at"),),
    "views": (
        _index("workspace_id", "position"),
        _index("pending_key", sparse=True),
        _index("timed_key", sparse=True),
    ),
    "audit": (
        _index("workspace_id", "at"),
        _index("workspace_id", "actor.id", "at"),
        _index("workspace_id", "noun", "at"),
        _index("workspace_id", "target.id"),
    ),
    # Browsers with the web-chat widget. Those that never wrote end after two days, so few of all that looked stay.
    "visitors": (_index("workspace_id", "address"), _index("expires_at", expire_after_seconds=0)),
    "idempotency": (_index("expires_at", expire_after_seconds=0),),
}

# Collections read before a workspace is known; only app/core/platform touches them.
PLATFORM: Mapping[str, tuple[Index, ...]] = {
    "workspaces": (),
    "members": (_index("workspace_id", "email", unique=True), _index("email")),
    "roles": (_index("workspace_id", "name_key", unique=True),),
    "sessions": (
        _index("member_id"),
        # Those whose browsers take pushes (see platform/push_devices.py), and no others.
        _index("push_member", sparse=True),
        _index("push_key", sparse=True),
        _index("expires_at", expire_after_seconds=0),
    ),
    "push_keys": (),
    "invitations": (_index("workspace_id"), _index("expires_at", expire_after_seconds=0)),
    "tokens": (_index("workspace_id"),),
    "accounts": (_index("workspace_id"),),
    "account_keys": (_index("account_id"),),
    # `pending_key` is there only until the row is done: the index holds the work and nothing else.
    # `dead_key` likewise while it is put aside.
    "inbound": (_index("pending_key", sparse=True), _index("received_at"), _DEAD),
    "receipts": (_index("pending_key", sparse=True), _index("received_at"), _DEAD),
    "media": (_index("pending_key", sparse=True), _DEAD),
    "changes": (_index("at"),),
    "channel_log": (_index("account_id", "at"), _index("expires_at", expire_after_seconds=0)),
    # Addresses of help centres, former ones too: each belongs to one workspace for ever.
    "help_sites": (),
    # Where the short links of a mailing lead, by the mailing's code (see platform/short_links.py).
    "short_links": (),
    "migrations": (),
    # How far work that follows what is stored has come.
    "marks": (),
}


def connect(uri: str) -> Client:
    """
    A client whose writes are journaled before they are acknowledged, and whose every wait ends.

    Nothing is connected yet; the first command does that.
    """
    return AsyncMongoClient(
        uri,
        tz_aware=True,
        w="majority",
        journal=True,
        serverSelectionTimeoutMS=3_000,
        connectTimeoutMS=3_000,
        timeoutMS=15_000,
        maxPoolSize=50,
        appname="parley",
    )


def database(client: Client, name: str) -> Database:
    """The database, with its collections at hand: the driver makes a new object at every access, which costs 30 µs."""
    db = client[name]
    for collection in (*SCOPED, *PLATFORM):
        setattr(db, collection, db[collection])
    return db


async def ensure_indexes(db: Database) -> list[str]:
    """Creates what is declared and missing; the names of those created. Safe to run at every start."""
    created: list[str] = []
    known = set(await db.list_collection_names())
    for name, indexes in {**SCOPED, **PLATFORM}.items():
        present = set(await db[name].index_information()) if indexes and name in known else set()
        missing = [index for index in indexes if index.name not in present]
        if missing:
            created += [
                f"{name}.{made}" for made in await db[name].create_indexes([_model(index) for index in missing])
            ]
    return created


def _model(index: Index) -> IndexModel:
    options: Document = {"name": index.name, "unique": index.unique, "sparse": index.sparse}
    if index.expire_after_seconds is not None:
        options["expireAfterSeconds"] = index.expire_after_seconds
    return IndexModel(list(index.fields), **options)


async def answers(client: Client, *, within_seconds: float) -> None:
    """Raises DatabaseError if it does not."""
    with timeout(within_seconds):
        await client.admin.command("ping")


async def drop_index(collection: AsyncCollection[Document], name: str) -> None:
    """One that is declared no more; nothing where it is gone already."""
    if name in await collection.index_information():
        await collection.drop_index(name)


async def missing_indexes(db: Database) -> list[str]:
    """What `ensure_indexes` would create."""
    missing: list[str] = []
    for name, indexes in {**SCOPED, **PLATFORM}.items():
        present = set(await db[name].index_information()) if indexes else set()
        missing += [f"{name}.{index.name}" for index in indexes if index.name not in present]
    return missing


class DuplicateId(Exception):
    """A row with this unique key is there already. `fields` names the index's keys where the server says."""


async def insert(collection: AsyncCollection[Document], row: Document) -> None:
    """Inserts one row. Raises DuplicateId."""
    try:
        await collection.insert_one(row)
    except DuplicateKeyError as error:
        raise DuplicateId(str(error.details.get("errmsg", "")) if error.details else "") from None


async def update(
    collection: AsyncCollection[Document], where: Mapping[str, Any], change: Mapping[str, Any], *, upsert: bool = False
) -> bool:
    """Changes one row; whether one matched (or was upserted). Raises DuplicateId."""
    try:
        result = await collection.update_one(where, change, upsert=upsert)
    except DuplicateKeyError as error:
        raise DuplicateId(str(error.details.get("errmsg", "")) if error.details else "") from None
    return bool(result.matched_count or result.upserted_id)


async def insert_new(collection: AsyncCollection[Document], rows: Sequence[Document]) -> set[str]:
    """Inserts those rows whose `_id` is new, in one command; the ids that were there already."""
    if not rows:
        return set()
    if len(rows) == 1:
        # The driver's way of many costs it an eighth more.
        try:
            await collection.insert_one(rows[0])
        except DuplicateKeyError:
            return {str(rows[0]["_id"])}
        return set()
    try:
        await collection.insert_many(rows, ordered=False)
    except BulkWriteError as error:
        failures = error.details["writeErrors"]
        if any(failure["code"] != DUPLICATE_KEY for failure in failures):
            raise
        return {str(rows[failure["index"]]["_id"]) for failure in failures}
    return set()


async def insert_each(collection: AsyncCollection[Document], rows: Sequence[Document]) -> list[Exception | None]:
    """Inserts rows in one command; for each None, or what kept it out (DuplicateId where a key was taken)."""
    results: list[Exception | None] = [None] * len(rows)
    if len(rows) == 1:
        try:
            await insert(collection, rows[0])
        except DuplicateId as error:
            results[0] = error
        return results
    try:
        await collection.insert_many(rows, ordered=False)
    except BulkWriteError as error:
        if error.details.get("writeConcernErrors"):
            raise
        for failure in error.details["writeErrors"]:
            words, code = str(failure.get("errmsg", "")), failure["code"]
            results[failure["index"]] = DuplicateId(words) if code == DUPLICATE_KEY else OperationFailure(words, code)
    return results


@dataclass(frozen=True, slots=True)
class Change:
    """
    Sets fields of a workspace's row (the new revision among them) and removes others, if it is still at this revision.

    The condition stands in the change and not in the filter: by `_id` alone every engine goes straight to the row,
    and the embedded one takes a third of an update's time to look for an index for whatever stands beside it.
    """

    workspace_id: str
    revision: int
    changed: Mapping[str, Any]
    gone: Sequence[str] = ()

    def of(self, row_id: str) -> tuple[Document, Document | list[Document]]:
        """Filter and update for this row."""
        if self.gone:
            where = {"_id": row_id, "revision": self.revision, "workspace_id": self.workspace_id}
            return where, {"$set": dict(self.changed), "$unset": dict.fromkeys(self.gone, "")}
        return {"_id": row_id}, [{"$replaceWith": self.written}]

    @property
    def written(self) -> Document:
        """The row as it is afterwards, where no field goes."""
        same = {"$and": [{"$eq": ["$revision", self.revision]}, {"$eq": ["$workspace_id", self.workspace_id]}]}
        return {"$cond": [same, {"$mergeObjects": ["$$ROOT", {"$literal": dict(self.changed)}]}, "$$ROOT"]}


async def apply(collection: AsyncCollection[Document], row_id: str, change: Change) -> bool:
    """Whether the row was still as the change says."""
    return (await collection.update_one(*change.of(row_id))).modified_count == 1


async def apply_all(collection: AsyncCollection[Document], changes: Sequence[tuple[str, Change]]) -> list[bool]:
    """
    Rows with their changes, in one command where no field goes; for each whether it was done. Where not all of those in
    one command were, none is said to be: whoever cannot be sure looks at the row.
    """
    together = [at for at, (_, change) in enumerate(changes) if not change.gone]
    done = [False] * len(changes)
    for at in range(len(changes)) if len(together) == 1 else set(range(len(changes))).difference(together):
        done[at] = await apply(collection, *changes[at])
    if len(together) > 1:
        row_ids = [changes[at][0] for at in together]
        cases = [{"case": {"$eq": ["$_id", changes[at][0]]}, "then": changes[at][1].written} for at in together]
        one = [{"$replaceWith": {"$switch": {"branches": cases, "default": "$$ROOT"}}}]
        all_were = (await collection.update_many({"_id": {"$in": row_ids}}, one)).modified_count == len(together)
        done = [all_were if at in together else was for at, was in enumerate(done)]
    return done


@dataclass(frozen=True, slots=True)
class _Pair:
    """A row to insert, and the change of another collection's row that follows from it."""

    row: Document
    row_id: str
    change: Change


class Batches:
    """
    Point reads and inserts of a process that come at the same time, as one command each: under load the cost of a
    command is shared, and the embedded database commits once for all. They are kept as long as somebody uses them.

    An insert with the change that follows from it (`pairs`) is one command while it is alone; some of them are two, one
    with all the rows and one with all the changes.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._reads: WeakValueDictionary[str, Together[str, Document | None]] = WeakValueDictionary()
        self._inserts: WeakValueDictionary[str, Together[Document, None]] = WeakValueDictionary()
        self._pairs: WeakValueDictionary[tuple[str, str], Together[_Pair, tuple[bool, bool]]] = WeakValueDictionary()

    def reads(self, collection: str) -> Together[str, Document | None]:
        """By `_id`; None where there is no such row. Whose it is, the caller looks at."""
        return shared(self._reads, collection, partial(self._read, collection), most=_TOGETHER)

    def inserts(self, collection: str) -> Together[Document, None]:
        """Raises DuplicateId to whose row it is."""
        insert_rows = partial(insert_each, getattr(self._db, collection))
        return shared(self._inserts, collection, insert_rows, most=_TOGETHER)

    def pairs(self, into: str, of: str) -> Together[_Pair, tuple[bool, bool]]:
        """Whether each of the two was done. Where a row's id or unique key is taken, the other is left alone."""
        return shared(self._pairs, (into, of), partial(self._write_pairs, into, of), most=_PAIRS_TOGETHER)

    async def _write_pairs(self, into: str, of: str, pairs: Sequence[_Pair]) -> list[tuple[bool, bool] | Exception]:
        version = self._db.client.topology_description.common_wire_version or 0
        if len(pairs) == 1 and version >= _WRITES_TO_SEVERAL:
            return [await self._pair(into, of, pairs[0])]
        results: list[tuple[bool, bool] | Exception] = []
        for error in await insert_each(getattr(self._db, into), [pair.row for pair in pairs]):
            results.append((error is None, False) if error is None or isinstance(error, DuplicateId) else error)
        stored = [at for at, result in enumerate(results) if result == (True, False)]
        changes = [(pairs[at].row_id, pairs[at].change) for at in stored]
        for at, done in zip(stored, await apply_all(getattr(self._db, of), changes), strict=True):
            results[at] = True, done
        return results

    async def _pair(self, into: str, of: str, pair: _Pair) -> tuple[bool, bool]:
        """In this order: whoever dies in between leaves the row, and the change undone, as with two commands."""
        where, how = pair.change.of(pair.row_id)
        insert_row = InsertOne(pair.row, namespace=f"{self._db.name}.{into}")
        update_row = UpdateOne(where, how, namespace=f"{self._db.name}.{of}")
        try:
            done = await self._db.client.bulk_write([insert_row, update_row], ordered=True)
        except ClientBulkWriteException as error:
            if isinstance(error.error, PyMongoError):
                # What callers tell apart: a database that is away is no fault of the row.
                raise error.error from None
            if any(failure["code"] != DUPLICATE_KEY for failure in error.details["writeErrors"]):
                raise
            return False, False
        return True, done.modified_count == 1

    async def _read(self, name: str, row_ids: Sequence[str]) -> list[Document | Exception | None]:
        collection: AsyncCollection[Document] = getattr(self._db, name)
        if len(row_ids) == 1:
            return [await collection.find_one({"_id": row_ids[0]})]
        rows = {row["_id"]: row for row in await collection.find({"_id": {"$in": list(set(row_ids))}}).to_list()}
        return [dict(rows[row_id]) if row_id in rows else None for row_id in row_ids]


def _bounded(where: Mapping[str, Any]) -> Mapping[str, Any]:
    """
    The same filter for every engine: up to and with a value is said as below the next value there is. The embedded
    database leaves out the rows at `$lte` where an index has the field behind others and goes on after it.
    """
    closed = [field for field, asked in where.items() if isinstance(asked, dict) and "$lte" in asked]
    return {**where, **{field: _below_next(where[field]) for field in closed}} if closed else where


def _below_next(asked: Document) -> Document:
    match asked["$lte"]:
        case datetime() as last:
            # Times are kept in whole milliseconds.
            following: Any = last.replace(microsecond=last.microsecond // 1_000 * 1_000) + timedelta(milliseconds=1)
        case int() | float() as last:
            following = nextafter(last, inf)
        case str() as last:
            following = f"{last}\x00"
        case _:
            return asked
    return {**{operator: value for operator, value in asked.items() if operator != "$lte"}, "$lt": following}


class ScopedCollection:
    """
    A collection as one workspace sees it: every filter and every insert carries the workspace's id. Reads by `_id` ask
    for nothing else, which is the shortest way on every engine, and look at whose the row is when it is there.
    """

    def __init__(self, collection: AsyncCollection[Document], workspace_id: str, batches: Batches) -> None:
        self._collection = collection
        self._workspace_id = workspace_id
        self._batches = batches

    @property
    def name(self) -> tuple[str, str]:
        """Whose rows these are, and of what."""
        return self._workspace_id, self._collection.name

    def _mine(self, row: Mapping[str, Any]) -> Document:
        return {**row, "workspace_id": self._workspace_id}

    def _asked(self, where: Mapping[str, Any]) -> Document:
        return {**_bounded(where), "workspace_id": self._workspace_id}

    def _is_mine(self, row: Document | None) -> TypeGuard[Document]:
        return row is not None and row["workspace_id"] == self._workspace_id

    async def get(self, row_id: str) -> Document | None:
        """By `_id`."""
        row = await self._batches.reads(self._collection.name)(row_id)
        return row if self._is_mine(row) else None

    def mine(self, rows: Iterable[Document]) -> list[Document]:
        """Of rows that were read beside others, this workspace's."""
        return [row for row in rows if self._is_mine(row)]

    async def get_many(self, row_ids: Iterable[str]) -> list[Document]:
        """By `_id`, in no particular order; bounded by the caller."""
        ids = list(dict.fromkeys(row_ids))
        if len(ids) > _FEW:
            found: list[Document] = []
            for first in range(0, len(ids), MOST_IN):
                found += await self._collection.find({"_id": {"$in": ids[first : first + MOST_IN]}}).to_list()
            return [row for row in found if self._is_mine(row)]
        reads = self._batches.reads(self._collection.name)
        return [row for row in await asyncio.gather(*map(reads, ids)) if self._is_mine(row)]

    async def get_rare(self, row_ids: Iterable[str]) -> list[Document]:
        """The same of ids of which most may have no row: in two commands if so, however many they are."""
        ids = list(dict.fromkeys(row_ids))
        found = await self.get_many(ids[:MOST_IN])
        left = ids[MOST_IN:]
        width = _AT_ONCE if len(found) <= _RARE else MOST_IN
        parts = [left[first : first + width] for first in range(0, len(left), width)]
        reads = (self._collection.find({"_id": {"$in": part}}).to_list() for part in parts)
        return [*found, *(row for rows in await asyncio.gather(*reads) for row in rows if self._is_mine(row))]

    async def find(
        self,
        where: Mapping[str, Any],
        *,
        limit: int,
        sort: Sequence[tuple[str, int]] | None = None,
        fields: Sequence[str] | None = None,
    ) -> list[Document]:
        """At most `limit` rows (0 is not allowed: every list has a bound)."""
        cursor = self._collection.find(self._asked(where), projection=list(fields) if fields else None)
        cursor = cursor.limit(limit).batch_size(min(limit, _AT_ONCE))
        return await (cursor.sort(list(sort)) if sort else cursor).to_list()

    async def find_marked(self, field: str, values: Sequence[str], *, limit: int) -> list[Document]:
        """
        By a field with an index of its own, whose values are nobody else's: asks for nothing beside it, as reads by
        `_id` do.
        """
        where = {field: values[0] if len(values) == 1 else {"$in": list(values)}}
        found = await self._collection.find(where).limit(limit).batch_size(min(limit, _AT_ONCE)).to_list()
        return [row for row in found if self._is_mine(row)]

    async def find_exactly(
        self, where: Mapping[str, Any], *, limit: int, fields: Sequence[str] | None = None
    ) -> list[Document]:
        """By fields of one index whose values are nobody else's: like `find_marked`, with a range beside it."""
        wanted = [*fields, "workspace_id"] if fields else None
        cursor = self._collection.find(_bounded(where), projection=wanted)
        found = await cursor.limit(limit).batch_size(min(limit, _AT_ONCE)).to_list()
        return [row for row in found if self._is_mine(row)]

    async def insert(self, row: Document) -> None:
        """Raises DuplicateId."""
        await self._batches.inserts(self._collection.name)(self._mine(row))

    async def insert_new(self, rows: Sequence[Document]) -> set[str]:
        """One command for all; the `_id`s that were there already."""
        return await insert_new(self._collection, [self._mine(row) for row in rows])

    async def insert_each(self, rows: Sequence[Document]) -> list[Exception | None]:
        """One command for all; for each None, or what kept it out (DuplicateId)."""
        if len(rows) == 1:
            try:
                await self.insert(rows[0])
            except DuplicateId as error:
                return [error]
            return [None]
        return await insert_each(self._collection, [self._mine(row) for row in rows])

    async def update(self, where: Mapping[str, Any], change: Mapping[str, Any], *, upsert: bool = False) -> bool:
        """Whether a row matched (or was upserted). Raises DuplicateId."""
        return await update(self._collection, self._asked(where), change, upsert=upsert)

    async def update_at(self, row_id: str, revision: int, changed: Mapping[str, Any], gone: Sequence[str] = ()) -> bool:
        """
        Sets fields of a row (the new revision among them) and removes others, if it is still at this revision; whether
        it was.
        """
        return await apply(self._collection, row_id, Change(self._workspace_id, revision, changed, gone))

    async def insert_and_update_at(
        self,
        row: Document,
        beside: "ScopedCollection",
        row_id: str,
        revision: int,
        changed: Mapping[str, Any],
        gone: Sequence[str] = (),
    ) -> tuple[bool, bool]:
        """
        Inserts a row and then changes one of the collection beside this, as `update_at` does; whether each was done. A
        row whose id or unique key is taken leaves the other alone. That the other was changed may also not be known:
        then it is said not to be.
        """
        pair = _Pair(self._mine(row), row_id, Change(self._workspace_id, revision, changed, gone))
        return await self._batches.pairs(self._collection.name, beside._collection.name)(pair)

    async def update_each(self, changes: Sequence[tuple[Sequence[str], Mapping[str, Any], Mapping[str, Any]]]) -> int:
        """Rows by `_id`, if they are as `where` says, each group with its change; in one command; how many matched."""
        operations: list[UpdateOne | UpdateMany] = []
        for row_ids, where, change in changes:
            if len(row_ids) == 1:
                operations.append(UpdateOne(self._asked({"_id": row_ids[0], **where}), change))
                continue
            for first in range(0, len(row_ids), MOST_IN):
                some = {"$in": list(row_ids[first : first + MOST_IN])}
                operations.append(UpdateMany(self._asked({"_id": some, **where}), change))
        if not operations:
            return 0
        return (await self._collection.bulk_write(operations, ordered=False)).matched_count

    async def update_all(self, where: Mapping[str, Any], change: Mapping[str, Any]) -> int:
        return (await self._collection.update_many(self._asked(where), change)).matched_count

    async def delete(self, where: Mapping[str, Any]) -> int:
        return (await self._collection.delete_many(self._asked(where))).deleted_count

    async def count(self, where: Mapping[str, Any]) -> int:
        """Counts by index; for roll-ups and repairs, not for requests."""
        return await self._collection.count_documents(self._asked(where))


class ScopedDatabase:
    """`ws.db.entries`: the scoped collections by name, and no other."""

    def __init__(self, db: Database, workspace_id: str, batches: Batches) -> None:
        self._db = db
        self._workspace_id = workspace_id
        self._batches = batches

    def __getattr__(self, name: str) -> ScopedCollection:
        if name not in SCOPED:
            raise AttributeError(f"'{name}' is not a workspace's collection")
        scoped = ScopedCollection(getattr(self._db, name), self._workspace_id, self._batches)
        setattr(self, name, scoped)
        return scoped
