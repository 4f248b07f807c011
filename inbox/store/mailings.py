"""
Queries on mailings.

A batch is two rows under one id. `mailing_batches` holds its people and never changes; `keys` finds a contact's. What
becomes of them is in `mailing_work`, whose parts have one writer each, so that none has to read before it writes:

    o   by whoever claimed the batch: what came of each place, with `to`, what that adds up to; `w` what has to wait,
        `sending` the places whose outcome is not recorded yet
    d   by whoever applies reports of the account: what the provider has told of each place, with `td`; `told` names the
        write that was last (`n` counts how often a place was put back to wait for days)
    m   by anybody: clicked, replied, opted out; each once, counted in `tm`
    p   by whoever follows the mailing (inbox/mailings/following.py): the places that another mailing took over

`o` and `d` are written as a whole, and stored as one piece of JSON: the embedded database goes through every field of a
row at each change of it, and a hundred outcomes are six hundred fields.

`work_key` and `due_at` are there as long as there is something to send: a batch that somebody works on is due when its
claim runs out. `place_key` is there until its messages stand on people's timelines. A batch that is followed has a
`look_key`, and `look_at` while it has to be looked at: whoever writes what became of somebody sets it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

import orjson

from app.core import ids
from app.core.mongo import MOST_IN, Document
from app.core.rows import plain
from app.core.runtime import Workspace
from channels.contract import Purpose
from inbox import contents
from inbox.mailings.mailing import Batch, Guards, Handed, Mailing, Recipient, Ref
from inbox.timeline import Author

# Most batches of which tallies are read in one command.
_TALLIES = 1_000
_WAITING = 500
# So many people are asked for at once while none of them is found.
_KEYS_OF_NOBODY = 500
_LOOKS = 500
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


# --- mailings -----------------------------------------------------------------------------------------------------


def _mailing(row: Document) -> Mailing:
    values: dict[str, Any] = {f.name: row[f.name] for f in fields(Mailing) if f.name in row}
    values |= {
        "id": row["_id"],
        "source": (row["source"][0], row["source"][1]),
        "purpose": Purpose(row["purpose"]),
        "author": Author(**row["author"]),
        "guards": Guards(**row["guards"]),
        "seen": Handed(**row.get("seen", {})),
        "one_budget": tuple(row.get("one_budget", ())),
        "corrects": tuple(row.get("corrects", ())),
        "ramp": tuple(row["ramp"]),
        "accounts": tuple(row["accounts"]),
        "contents": {
            variant: {language: contents.parsed(content) for language, content in by_language.items()}
            for variant, by_language in row["contents"].items()
        },
    }
    return Mailing(**values)


async def insert(ws: Workspace, mailing: Mailing) -> None:
    """One that is there already stays."""
    row: Document = plain(mailing)
    row["_id"] = row.pop("id")
    row["contents"] = {
        variant: {language: content.model_dump(exclude_none=True) for language, content in by_language.items()}
        for variant, by_language in mailing.contents.items()
    }
    await ws.db.mailings.insert_new([row])


async def get(ws: Workspace, mailing_id: str) -> Mailing | None:
    """Point read."""
    row = await ws.db.mailings.get(mailing_id)
    return _mailing(row) if row else None


async def move(ws: Workspace, mailing: Mailing, values: Mapping[str, Any]) -> bool:
    """Sets values if its state is still that of `mailing`."""
    change: Document = {"$set": plain(values)}
    if "state" in values:
        if values["state"] == "running":
            # From before the first message is sent until all stand on timelines.
            change["$set"] |= {"active_key": mailing.id, "waiting_key": ws.id}
        else:
            change["$unset"] = {"active_key": ""}
    return await ws.db.mailings.update({"_id": mailing.id, "state": mailing.state}, change)


async def put(ws: Workspace, mailing_id: str, values: Mapping[str, Any]) -> bool:
    """Sets values whatever its state."""
    return await ws.db.mailings.update({"_id": mailing_id}, {"$set": plain(values)})


async def with_waiting(ws: Workspace) -> list[str]:
    """Mailings of which something may not stand on timelines yet. Index: waiting_key."""
    return [row["_id"] for row in await ws.db.mailings.find_marked("waiting_key", [ws.id], limit=_WAITING)]


async def running(ws: Workspace) -> list[Mailing]:
    """Those that send. Index: waiting_key."""
    rows = await ws.db.mailings.find_marked("waiting_key", [ws.id], limit=_WAITING)
    return [_mailing(row) for row in rows if row.get("active_key")]


async def none_waits(ws: Workspace, mailing_id: str) -> None:
    """Unless it runs again."""
    where = {"_id": mailing_id, "active_key": {"$exists": False}}
    await ws.db.mailings.update(where, {"$unset": {"waiting_key": ""}})


async def take_in(ws: Workspace, mailing_id: str, account_ids: Sequence[str], dearest_minor: int) -> None:
    """Its batches name these senders, and a message of them costs at most this."""
    change = {"$addToSet": {"accounts": {"$each": list(account_ids)}}, "$max": {"dearest_minor": dearest_minor}}
    await ws.db.mailings.update({"_id": mailing_id}, change)


# --- batches ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A batch as it is stored."""

    id: str
    mailing_id: str
    account_id: str
    variant: str
    language: str
    due_at: datetime | None
    recipients: tuple[Recipient, ...]


@dataclass(slots=True, kw_only=True)
class Work:
    """What became of a batch; places are decimal strings. See the top of this module."""

    id: str
    mailing_id: str
    account_id: str
    variant: str
    language: str
    seq: int
    size: int
    created_at: datetime
    claim: str | None = None
    due_at: datetime | None = None
    work_key: str | None = None
    place_key: str | None = None
    look_key: str | None = None
    look_at: datetime | None = None
    told: str | None = None
    sending: list[int] = field(default_factory=list)
    o: dict[str, list[Any]] = field(default_factory=dict)
    w: dict[str, list[Any]] = field(default_factory=dict)
    d: dict[str, dict[str, Any]] = field(default_factory=dict)
    m: dict[str, dict[str, int]] = field(default_factory=dict)
    n: dict[str, int] = field(default_factory=dict)
    p: list[int] = field(default_factory=list)
    to: dict[str, Any] = field(default_factory=dict)
    td: dict[str, Any] = field(default_factory=dict)
    tm: dict[str, int] = field(default_factory=dict)


def work_key(mailing_id: str, account_id: str) -> str:
    return f"{mailing_id}/{account_id}"


def contact_key(mailing_id: str, contact_id: str) -> str:
    return f"{mailing_id}/{contact_id}"


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def moment(value: int) -> datetime:
    return datetime.fromtimestamp(value / 1000, UTC)


def _group(row: Document) -> Group:
    return Group(
        id=row["_id"],
        mailing_id=row["mailing_id"],
        account_id=row["account_id"],
        variant=row["variant"],
        language=row["language"],
        due_at=row.get("due_at"),
        recipients=tuple(
            Recipient(contact_id=each[0], address=each[1], price_minor=each[2], facts=each[3] or {})
            for each in row["people"]
        ),
    )


_MOST_MAILINGS = 100_000
_WORK = frozenset(Work.__slots__) - {"id"}
_IN_ONE_PIECE = ("o", "d")


def _work(row: Document) -> Work:
    values = {name: value for name, value in row.items() if name in _WORK}
    return Work(id=row["_id"], **values | {name: orjson.loads(row[name]) for name in _IN_ONE_PIECE if name in row})


def _stored(values: Mapping[str, Any]) -> Document:
    return {**values, **{name: orjson.dumps(values[name]) for name in _IN_ONE_PIECE if name in values}}


async def add(ws: Workspace, mailing: Mailing, batches: Sequence[tuple[Batch, Work]]) -> set[str]:
    """
    Batches and what is known of them at once, in two commands; ids of those that were there already. The work comes
    second: where it is, its people are.
    """
    people = [
        {
            "_id": work.id,
            "mailing_id": mailing.id,
            "account_id": batch.account_id,
            "variant": batch.variant,
            "language": batch.language,
            "due_at": batch.due_at,
            "keys": [contact_key(mailing.id, each.contact_id) for each in batch.recipients],
            "people": [
                [each.contact_id, each.address, each.price_minor, dict(each.facts) or None] for each in batch.recipients
            ],
        }
        for batch, work in batches
    ]
    await ws.db.mailing_batches.insert_new(people)
    rows: list[Document] = []
    for _, work in batches:
        values = ((name, getattr(work, name)) for name in _WORK)
        rows.append({"_id": work.id, **_stored({k: value for k, value in values if value not in (None, {}, [])})})
    return await ws.db.mailing_work.insert_new(rows)


async def forget(ws: Workspace, contact_ids: Sequence[str], hide: Callable[[str], str]) -> None:
    """
    Of these people batches keep what their handle hashes to, and no values of their own. Goes through all mailings: for
    a job. Indexes: workspace_id, created_at; keys.
    """
    mailings = await ws.db.mailings.find({}, limit=_MOST_MAILINGS, fields=["_id"])
    wanted = {contact_key(row["_id"], contact_id) for row in mailings for contact_id in contact_ids}
    keys = list(wanted)
    for first in range(0, len(keys), MOST_IN):
        some = keys[first : first + MOST_IN]
        known = {"keys": {"$in": some}}
        for row in await ws.db.mailing_batches.find_exactly(known, limit=len(some), fields=["keys", "people"]):
            people = {
                f"people.{place}": [each[0], hide(each[1]), each[2], None]
                for place, (key, each) in enumerate(zip(row["keys"], row["people"], strict=True))
                if key in wanted
            }
            await ws.db.mailing_batches.update({"_id": row["_id"]}, {"$set": people})


async def groups(ws: Workspace, batch_ids: Sequence[str]) -> dict[str, Group]:
    """By id. Point reads."""
    return {row["_id"]: _group(row) for row in await ws.db.mailing_batches.get_many(batch_ids)}


async def works(ws: Workspace, batch_ids: Sequence[str]) -> dict[str, Work]:
    """By id. Point reads."""
    return {row["_id"]: _work(row) for row in await ws.db.mailing_work.get_many(batch_ids)}


async def refs_of(ws: Workspace, mailing_ids: Sequence[str], contact_ids: Sequence[str]) -> dict[str, list[Ref]]:
    """Where these people stand in these mailings, by contact. Index: keys."""
    wanted = {contact_key(m, c): c for m in mailing_ids for c in contact_ids}
    keys, found = list(wanted), dict[str, list[Ref]]()
    width = MOST_IN
    while keys:
        some, keys = keys[:width], keys[width:]
        rows = await ws.db.mailing_batches.find_exactly({"keys": {"$in": some}}, limit=len(some), fields=["keys"])
        # With no row to look through them for, many values cost little.
        width = MOST_IN if rows else _KEYS_OF_NOBODY
        for row in rows:
            code, _, seq = row["_id"].partition(".")
            for place, key in enumerate(row["keys"]):
                if key in wanted:
                    refs = found.setdefault(wanted[key], [])
                    if (ref := Ref(code, int(seq), place)) not in refs:
                        refs.append(ref)
    return found


async def claim(ws: Workspace, key: str, *, now: datetime, until: datetime, token: str, limit: int) -> list[Work]:
    """
    Up to `limit` batches of a sender that are due, now claimed until then. One that carries `sending` was claimed by
    somebody who is gone. Index: work_key, due_at.
    """
    due = {"work_key": key, "due_at": {"$lte": now}}
    rows = await ws.db.mailing_work.find_exactly(due, limit=limit, fields=["_id"])
    if not rows:
        return []
    found = [row["_id"] for row in rows]
    # By id and by what it is now: of two that have read the same one gets it.
    where = {"due_at": {"$lte": now}}
    await ws.db.mailing_work.update_each([(found, where, {"$set": {"claim": token, "due_at": until}})])
    return [work for work in (await works(ws, found)).values() if work.claim == token and work.due_at == until]


async def any_work(ws: Workspace, key: str) -> bool:
    """Whether a sender has anything left to send, now or later. Index: work_key, due_at."""
    return bool(await ws.db.mailing_work.find_exactly({"work_key": key}, limit=1, fields=["_id"]))


async def save(ws: Workspace, token: str, changes: Mapping[str, tuple[Document, Sequence[str]]]) -> bool:
    """
    Fields to set and to remove of claimed batches, in one command; whether all were still claimed. By id with one
    claim each: what somebody else has taken over stays theirs.
    """
    updates = []
    for batch_id, (values, gone) in changes.items():
        change: Document = {"$set": _stored(values)} if values else {}
        if gone:
            change["$unset"] = dict.fromkeys(gone, "")
        updates.append(([batch_id], {"claim": token}, change))
    return await ws.db.mailing_work.update_each(updates) == len(updates)


async def report(ws: Workspace, changed: Sequence[Work]) -> set[str]:
    """
    What providers told of these, `d` and `td`, in one command; those of which somebody else wrote it since they were
    read.
    """
    tokens = {work.id: ids.new("tld") for work in changed}
    matched = await ws.db.mailing_work.update_each(
        [
            ([work.id], {"told": work.told}, {"$set": _stored({"d": work.d, "td": work.td, "told": tokens[work.id]})})
            for work in changed
        ]
    )
    if matched == len(changed):
        return set()
    now = await works(ws, list(tokens))
    return {work.id for work in changed if work.id not in now or now[work.id].told != tokens[work.id]}


async def reopen(ws: Workspace, work: Work, outcomes: Mapping[str, list[Any]], values: Document) -> bool:
    """
    Puts places of a batch back to work; False while somebody has claimed it, or has written of it since it was read
    with these `outcomes`.
    """
    where = {"_id": work.id, "claim": {"$exists": False}, "told": work.told, **_stored({"o": outcomes})}
    told = ids.new("tld")
    if not await ws.db.mailing_work.update(where, {"$set": _stored({**values, "told": told})}):
        return False
    work.told = told
    return True


async def mark(ws: Workspace, ref: Ref, name: str, at: datetime) -> bool:
    """Notes once that a person clicked, replied or opted out; False if it was known."""
    path = f"m.{ref.place}.{name}"
    change = {"$set": {path: milliseconds(at)}, "$inc": {f"tm.{name}": 1}}
    return await ws.db.mailing_work.update({"_id": ref.batch_id, path: {"$exists": False}}, change)


async def to_look_at(ws: Workspace, mailing_id: str, now: datetime, *, limit: int) -> list[Work]:
    """Batches of a mailing that is followed of which there is something to see by now. Index: look_key, look_at."""
    due = {"look_key": mailing_id, "look_at": {"$lte": now}}
    return [_work(row) for row in await ws.db.mailing_work.find_exactly(due, limit=limit)]


async def next_look(ws: Workspace, mailing_id: str, until: datetime) -> datetime | None:
    """
    When there is something to see next: `until` if not by then, None if never, as far as can be known. Index: look_key,
    look_at.
    """
    soon = {"look_key": mailing_id, "look_at": {"$gt": _EVER, "$lte": until}}
    rows = await ws.db.mailing_work.find_exactly(soon, limit=_LOOKS, fields=["look_at"])
    if rows:
        found: datetime = min(row["look_at"] for row in rows)
        return found
    later = {"look_key": mailing_id, "look_at": {"$gt": _EVER}}
    return until if await ws.db.mailing_work.find_exactly(later, limit=1, fields=["_id"]) else None


async def looked_at(ws: Workspace, seen: Sequence[tuple[Work, datetime | None]]) -> None:
    """Each is looked at again then (None: when somebody writes), unless somebody has written meanwhile."""
    await ws.db.mailing_work.update_each(
        [
            (
                [work.id],
                {"look_at": work.look_at, "told": work.told},
                {"$set": {"look_at": at}} if at else {"$unset": {"look_at": ""}},
            )
            for work, at in seen
        ]
    )


async def look_soon(ws: Workspace, batch_ids: Sequence[str], now: datetime) -> None:
    """There is news of these, which are followed."""
    await ws.db.mailing_work.update_each([([each], {}, {"$set": {"look_at": now}}) for each in batch_ids])


async def take_over(ws: Workspace, refs: Sequence[Ref]) -> None:
    """Another mailing has these people now."""
    places: dict[str, list[int]] = {}
    for ref in refs:
        places.setdefault(ref.batch_id, []).append(ref.place)
    await ws.db.mailing_work.update_each(
        [([batch_id], {}, {"$addToSet": {"p": {"$each": some}}}) for batch_id, some in places.items()]
    )


async def placed(ws: Workspace, settled: Mapping[str, int]) -> None:
    """
    All messages of these batches stand on timelines, each with of how many people it was over then; unless there are
    more since.
    """
    now = await works(ws, list(settled))
    done = [batch_id for batch_id, count in settled.items() if batch_id in now and len(now[batch_id].o) == count]
    await ws.db.mailing_work.update_each([([each], {}, {"$unset": {"place_key": ""}}) for each in done])


async def tallies(ws: Workspace, mailing_id: str) -> list[Document]:
    """What each batch adds up to; see `stretches`."""
    return [row async for rows in stretches(ws, mailing_id, _TALLIES) for row in rows]


async def stretches(ws: Workspace, mailing_id: str, size: int, *, first: int = 0) -> AsyncIterator[list[Document]]:
    """
    What each batch from `first` on adds up to, in order, at most `size` at a time: `seq`, `variant`, `size`, `to`,
    `td`, `tm`, `sending`, and `due_at` with the `claim`. Index: mailing_id, seq.
    """
    wanted = ["seq", "variant", "size", "to", "td", "tm", "sending", "due_at", "claim"]
    while True:
        where = {"mailing_id": mailing_id, "seq": {"$gte": first, "$lt": first + size}}
        rows = await ws.db.mailing_work.find_exactly(where, limit=size, fields=wanted)
        if not rows:
            return
        yield sorted(rows, key=lambda row: int(row["seq"]))
        first += size


async def by_seq(ws: Workspace, mailing_id: str, first: int, last: int) -> list[Work]:
    """The work of batches `first` to `last`, in order. Index: mailing_id, seq."""
    where = {"mailing_id": mailing_id, "seq": {"$gte": first, "$lte": last}}
    rows = await ws.db.mailing_work.find_exactly(where, limit=last - first + 1)
    return [_work(row) for row in sorted(rows, key=lambda row: int(row["seq"]))]
