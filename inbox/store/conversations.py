"""
Queries on conversations.

Rows carry what they are found by: `facets` (see inbox/finding/facets.py), and the times by which the sorted lists go.
Lists are read in bounded windows (see windows.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

from app.core.mongo import Document, DuplicateId
from app.core.rows import plain
from app.core.runtime import Workspace
from inbox import conversations
from inbox.episodes import Facts
from inbox.finding import facets, lists
from inbox.finding.facets import GROUPS, OPEN, SNOOZED
from inbox.finding.lists import Order, Wanted
from inbox.routing import waiting
from inbox.routing.waiting import Queued
from inbox.store import windows
from inbox.store.entries import to_row as entry_to_row
from inbox.store.episodes import facts_values
from inbox.store.sla_policies import clock_from_row
from inbox.store.windows import Walk
from inbox.timeline import Campaign, Entry

# What a row need not say of most conversations: half of its fields say nothing of most, and each costs every write
# and every read of it.
_MOSTLY_EMPTY = frozenset(
    (
        *("closed_at", "tags", "unread_by", "deferred", "snoozed_until", "snooze_by", "woke_at", "followers", "asked"),
        *("mentioned", "notified", "idle_at", "warned_at", "blocked", "finished", "touched", "sla", "awaited_by"),
        *("answered_at", "views", "routing", "last_agent_id", "wants", "told_closed", "campaign"),
        *("merged_into", "absorbed", "woven", "translate_into", "spoken"),
    )
)
# What is there only where it is found by: the sparse indexes on them hold the work and nothing else.
_WORK = ("due_at", "routing_key")


def _filled(facts: Document) -> Document:
    """Without what says nothing; a count of none says something."""
    return {name: value for name, value in facts.items() if value not in (None, "", [])}


def to_row(conversation: conversations.Conversation) -> Document:
    row: Document = plain(conversation)
    row["_id"] = row.pop("id")
    row = {name: value for name, value in row.items() if value or name not in _MOSTLY_EMPTY}
    if conversation.facts is not None:
        row["facts"] = _filled(row["facts"])
    if conversation.finished:
        row["finished"] = [_filled(facts) for facts in row["finished"]]
    if (due_at := conversations.due_at(conversation)) is not None:
        row["due_at"] = due_at
    if (routing_key := waiting.key(conversation)) is not None:
        row["routing_key"] = routing_key
    row["facets"] = facets.of(conversation)
    # What the sorted lists hold: nothing but open conversations.
    is_open = facets.group(conversation.state) == OPEN and conversation.merged_into is None
    row["closing_at"] = conversation.window_closes_at if is_open else None
    row["waiting_at"] = conversation.waiting_since if is_open else None
    row["open_since"] = conversation.opened_at if conversation.state != "closed" else None
    return row


def from_row(row: Document) -> conversations.Conversation:
    values: dict[str, Any] = {f.name: row[f.name] for f in fields(conversations.Conversation) if f.name in row}
    if values.get("last_entry"):
        values["last_entry"] = conversations.Summary(**values["last_entry"])
    values["tags"] = tuple(values.get("tags", ()))
    values["wants"] = tuple(values.get("wants", ()))
    values["views"] = tuple(values.get("views", ()))
    values["touched"] = {what: conversations.Touch(**touch) for what, touch in values.get("touched", {}).items()}
    values["reach"] = tuple(
        conversations.Reach(**{**reach, "stopped": tuple(reach["stopped"])}) for reach in values["reach"]
    )
    for name in ("followers", "mentioned", "notified", "deferred", "absorbed"):
        values[name] = tuple(values.get(name, ()))
    if values.get("routing"):
        values["routing"] = Queued(**{**values["routing"], "past": tuple(values["routing"]["past"])})
    if values.get("sla"):
        values["sla"] = clock_from_row(values["sla"])
    if values.get("campaign"):
        values["campaign"] = Campaign(**values["campaign"])
    values["awaited_by"] = tuple(values.get("awaited_by", ()))
    if values.get("facts"):
        values["facts"] = _facts(values["facts"])
    if values.get("asked"):
        values["asked"] = conversations.Asked(**values["asked"])
    values["finished"] = tuple(map(_facts, values.get("finished", ())))
    return conversations.Conversation(id=row["_id"], **values)


def _facts(row: Document) -> Facts:
    return Facts(**facts_values(row))


async def get(ws: Workspace, conversation_id: str) -> conversations.Conversation | None:
    row = await ws.db.conversations.get(conversation_id)
    return from_row(row) if row else None


def of_rows(ws: Workspace, rows: Iterable[Document]) -> list[conversations.Conversation]:
    """Of rows that were read beside others (see platform/work.py)."""
    return [from_row(row) for row in ws.db.conversations.mine(rows)]


async def get_many(ws: Workspace, ids: Sequence[str]) -> list[conversations.Conversation]:
    return [from_row(row) for row in await ws.db.conversations.get_many(ids)]


async def of_contact(ws: Workspace, contact_id: str) -> list[conversations.Conversation]:
    """By their ids, which follow from the contact's; without those that are a part of another now."""
    found = await get_many(ws, [conversations.id_for(contact_id)])
    return [each for each in found if not each.merged_into]


async def save(ws: Workspace, old: conversations.Conversation, new: conversations.Conversation) -> bool:
    """Writes `new` if the stored one is still `old` (revision 0: if there is none yet)."""
    row = to_row(new)
    if old.revision == 0:
        try:
            await ws.db.conversations.insert(row)
        except DuplicateId:
            return False
        return True
    return await ws.db.conversations.update_at(old.id, old.revision, *_difference(to_row(old), row, new))


async def save_with(
    ws: Workspace, entry: Entry, old: conversations.Conversation, new: conversations.Conversation
) -> tuple[bool, bool]:
    """
    Stores an entry that came in, and then what it makes of its conversation, as `save` does; whether each was done. An
    entry whose id or number is taken changes nothing.
    """
    changed, gone = _difference(to_row(old), to_row(new), new)
    row, beside = entry_to_row(entry), ws.db.conversations
    return await ws.db.entries.insert_and_update_at(row, beside, old.id, old.revision, changed, gone)


def _difference(before: Document, row: Document, new: conversations.Conversation) -> tuple[Document, list[str]]:
    """Fields of a row to set, and to take away."""
    changed: Document = {k: v for k, v in row.items() if before.get(k) != v}
    # Taking a field away is the dearer change, and needed only where an index goes by it.
    changed |= {k: plain(getattr(new, k)) for k in before if k not in row and k not in _WORK}
    return changed, [k for k in _WORK if k in before and k not in row]


async def note_campaigns(ws: Workspace, noted: Sequence[tuple[str, int, Campaign]]) -> None:
    """
    (conversation, number, campaign): a message of a mailing stands on the thread. It moves nothing else, and no
    revision: whoever saves the conversation at the same time writes other fields, or a higher number.
    """
    changes: list[tuple[list[str], Document, Document]] = []
    for conversation_id, number, campaign in noted:
        changes.append(([conversation_id], {"last_number": {"$lt": number}}, {"$set": {"last_number": number}}))
        changes.append(([conversation_id], {}, {"$set": {"campaign": plain(campaign)}}))
    await ws.db.conversations.update_each(changes)


_COUNTED_AT_ONCE = 500
_MONTH = timedelta(days=30)
_NARROW, _WIDE = timedelta(minutes=1), timedelta(hours=6)


def _walk(ws: Workspace, by: Order, wanted: Wanted, size: int, days: Mapping[date, int], limit: int) -> Walk:
    """`size` is about how many there are, `days` since when people wait: how wide the first window should be."""
    now = ws.clock.now()
    later = now + timedelta(minutes=5)
    if by == "closing_at":
        return Walk(by, now, now + timedelta(hours=lists.CLOSING_HOURS), _NARROW)
    if by == "waiting_at":
        oldest = min(days, default=None)
        if oldest is None:
            return Walk(by, windows.EARLIEST, later, later - windows.EARLIEST)
        width = timedelta(days=1) * min(1, 2 * limit / days[oldest])
        begins = max(datetime.combine(oldest, time.min, UTC), windows.EARLIEST)
        return Walk(by, windows.EARLIEST, later, width, empty_until=begins)
    begin = min(wanted.until or later, later)
    # As if spread over a month, where the newest days are the fullest.
    width = min(max(_MONTH * limit / max(4 * size, 1), _NARROW), _WIDE)
    return Walk(by, begin, max(wanted.since or windows.EARLIEST, windows.EARLIEST), width)


def fitting(wanted: Wanted, keep: Sequence[Sequence[str]], without: frozenset[str]) -> windows.Fits:
    """Whether a row has one facet of each list in `keep`, none of `without`, and what of the filters has no facet."""
    kept = [frozenset(each) for each in keep]
    since, until = wanted.since or windows.EARLIEST, wanted.until

    def fits(row: Document) -> bool:
        if not all(any(facet in each for facet in row["facets"]) for each in kept):
            return False
        if without and not without.isdisjoint(row["facets"]):
            return False
        if wanted.priorities and row["priority"] not in wanted.priorities:
            return False
        if wanted.states and row["state"] not in wanted.states:
            return False
        return bool(since <= row["last_activity_at"] and (until is None or row["last_activity_at"] <= until))

    return fits


async def page(
    ws: Workspace,
    by: Order,
    start: Sequence[str],
    fits: windows.Fits,
    wanted: Wanted,
    *,
    size: int,
    days: Mapping[date, int],
    cursor: str | None,
    limit: int,
) -> tuple[list[conversations.Conversation], str | None]:
    """
    Those with one of the facets in `start` that fit (see `fitting`), in the list's order. `size` is about how many
    `start` finds; `days` counts people who wait by the day since when.

    Indexes: (workspace_id, facets, last_activity_at); (workspace_id, closing_at) and (workspace_id, waiting_at), which
    hold open conversations only.
    """
    made_of: list[Document] = [{"facets": facet} for facet in start] if by == lists.ACTIVITY else [{}]

    async def read(span: Document, most: int) -> list[Document]:
        rows: dict[str, Document] = {}
        for piece in made_of:
            for row in await ws.db.conversations.find({**piece, by: span}, limit=most):
                rows[row["_id"]] = row
        return list(rows.values())

    walk = _walk(ws, by, wanted, size, days, limit)
    key = (ws.id, by, tuple(start), wanted, limit)
    rows, following = await windows.page(walk, read, cursor=cursor, limit=limit, fits=fits, key=key)
    return [from_row(row) for row in rows], following


async def batch(
    ws: Workspace, facet: str, *, cursor: str | None, limit: int
) -> tuple[list[conversations.Conversation], str | None]:
    """All with a facet, by and by, for work in the background. Index: workspace_id, facets, last_activity_at."""
    walk = Walk(lists.ACTIVITY, ws.clock.now() + timedelta(minutes=5), windows.EARLIEST, _WIDE)

    async def read(span: Document, most: int) -> list[Document]:
        return await ws.db.conversations.find({"facets": facet, lists.ACTIVITY: span}, limit=most)

    rows, following = await windows.page(walk, read, cursor=cursor, limit=limit, fits=lambda _: True)
    return [from_row(row) for row in rows], following


# Fields of rules that the time passes over, and where rows keep them.
_TIMES = {"waiting_since": "waiting_at", "window_closes_at": "closing_at", "last_activity_at": lists.ACTIVITY}


async def turning(
    ws: Workspace, field: str, since: datetime, until: datetime, *, cursor: str | None, limit: int
) -> tuple[list[conversations.Conversation], str | None]:
    """Open and snoozed conversations whose `field` lies in a span of time. Index: that of the sorted list."""
    kept = _TIMES[field]
    made_of: list[Document] = [{"facets": OPEN}, {"facets": SNOOZED}] if kept == lists.ACTIVITY else [{}]

    async def read(span: Document, most: int) -> list[Document]:
        found = [await ws.db.conversations.find({**piece, kept: span}, limit=most) for piece in made_of]
        return [row for rows in found for row in rows]

    walk = Walk(kept, since, until, max(until - since, _NARROW))
    rows, following = await windows.page(walk, read, cursor=cursor, limit=limit, fits=lambda _: True)
    return [from_row(row) for row in rows], following


async def found_by(ws: Workspace, some: Sequence[str], *, most: int) -> tuple[list[Document], list[str]]:
    """
    What those with one of these facets are in, once each; `most` are read for each facet. And which facets have more.

    Index: workspace_id, facets, last_activity_at.
    """
    found: dict[str, Document] = {}
    full: list[str] = []
    for facet in some:
        names = ["facets", "waiting_at", "closing_at"]
        rows = await ws.db.conversations.find({"facets": facet}, limit=most + 1, fields=names)
        if len(rows) > most:
            full.append(facet)
        found |= {row["_id"]: row for row in rows[:most]}
    return list(found.values()), full


async def opened_within(
    ws: Workspace, start: datetime, end: datetime, *, cursor: str | None, limit: int
) -> tuple[list[conversations.Conversation], str | None]:
    """What is not closed and was opened in a span of time, the oldest first. Index: workspace_id, open_since."""

    async def read(span: Document, most: int) -> list[Document]:
        return await ws.db.conversations.find({"open_since": span}, limit=most)

    walk = Walk("open_since", start, end, end - start)
    rows, following = await windows.page(walk, read, cursor=cursor, limit=limit, fits=lambda _: True)
    return [from_row(row) for row in rows], following


async def count_opened(ws: Workspace, start: datetime, end: datetime, *, most: int) -> int:
    """How many those are, counted no further than `most`. Index: workspace_id, open_since."""
    span = {"$gte": start, "$lte": end}
    return len(await ws.db.conversations.find({"open_since": span}, limit=most, fields=["_id"]))


async def closing_soon(ws: Workspace, *, most: int) -> int:
    """How many open conversations have a window that is about to close; `most` at most. Index: closing_at."""
    now = ws.clock.now()
    span = {"$gte": now, "$lte": now + timedelta(hours=lists.CLOSING_HOURS)}
    return len(await ws.db.conversations.find({"closing_at": span}, limit=most, fields=["_id"]))


async def named(ws: Workspace, contact_ids: Sequence[str]) -> list[conversations.Conversation]:
    """The conversations of these contacts in the default queue, by `_id`."""
    return await get_many(ws, [conversations.id_for(contact_id) for contact_id in contact_ids])


async def count_all(ws: Workspace, *, most: int | None) -> dict[str, int] | None:
    """
    Every counter, read once over all conversations; None if there are more than `most`. For repairs, not for requests.
    """
    numbers: dict[str, int] = {}
    looked_at = 0
    now = ws.clock.now()
    for group in GROUPS:
        read = partial(_facets_within, ws, group)
        cursor: str | None = None
        while True:
            walk = Walk(lists.ACTIVITY, now + timedelta(minutes=5), windows.EARLIEST, _WIDE)
            rows, cursor = await windows.page(walk, read, cursor=cursor, limit=_COUNTED_AT_ONCE, fits=lambda _: True)
            looked_at += len(rows)
            if most is not None and looked_at > most:
                return None
            for row in rows:
                for counter in facets.counters(row["facets"], row.get("waiting_at")):
                    numbers[counter] = numbers.get(counter, 0) + 1
            if cursor is None:
                break
    return numbers


async def _facets_within(ws: Workspace, group: str, span: Document, most: int) -> list[Document]:
    """Index: workspace_id, facets, last_activity_at."""
    wanted = {"facets": group, lists.ACTIVITY: span}
    return await ws.db.conversations.find(wanted, limit=most, fields=["facets", "waiting_at", lists.ACTIVITY])


# --- queues and desks ---------------------------------------------------------------------------------------------


async def held_channels(ws: Workspace, member_id: str, *, limit: int = 500) -> list[str | None]:
    """The channel of each open conversation of a member. Index: workspace_id, facets, last_activity_at."""
    rows = await ws.db.conversations.find({"facets": f"{OPEN}:assignee:{member_id}"}, limit=limit, fields=["reach"])
    return [row["reach"][0]["address"].partition(":")[0] if row["reach"] else None for row in rows]


async def of_team(ws: Workspace, team_id: str, *, limit: int) -> list[conversations.Conversation]:
    """Some of a team's conversations that are not closed. Index: workspace_id, facets, last_activity_at."""
    found: list[Document] = []
    for group in (OPEN, SNOOZED):
        if len(found) < limit:
            where = {"facets": f"{group}:team:{team_id}"}
            found += await ws.db.conversations.find(where, limit=limit - len(found))
    return [from_row(row) for row in found]


async def waiting_in(ws: Workspace, team_id: str, *, limit: int) -> list[conversations.Conversation]:
    """The head of a team's queue, the most urgent and oldest first. Index: routing_key."""
    rows = await ws.db.conversations.find({"routing_key": _queue_range(team_id)}, limit=limit)
    return [from_row(row) for row in sorted(rows, key=lambda row: str(row["routing_key"]))]


async def unaware(ws: Workspace, team_id: str, *, most: int) -> list[str]:
    """Some of a queue who were longest without word of the team's closing. Index: routing_key."""
    where, names = {"routing_key": _queue_range(team_id)}, ["told_closed"]
    rows = await ws.db.conversations.find(where, limit=5_000, fields=names)
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    return [row["_id"] for row in sorted(rows, key=lambda row: row.get("told_closed") or long_ago)[:most]]


async def waiting_count(ws: Workspace, team_id: str) -> int:
    """Index: routing_key."""
    return await ws.db.conversations.count({"routing_key": _queue_range(team_id)})


def _queue_range(team_id: str) -> Document:
    return {"$gte": waiting.queue(team_id), "$lt": f"{waiting.queue(team_id)}~"}
