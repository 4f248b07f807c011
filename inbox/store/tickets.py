"""
Queries on tickets.

Every list is one value of `facets` and a range of time: (workspace_id, facets, updated_at). A row's facets are computed
from its values when it is written, so that each list is an exact piece of one index. `look_at`, sparse, is when
something has to be done for a ticket.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from app.core.kept import Kept
from app.core.mongo import Document
from app.core.runtime import Workspace
from crm.contacts import search_tokens
from inbox.store import counters, outcomes, windows
from inbox.store.sla_policies import clock_from_row
from inbox.ticketing import tickets
from inbox.ticketing.moments import Moment

_EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
_MOST_ASKED = 200
# From so many contacts on the open tickets of a workspace are known from memory, if there are no more than that.
_MANY = 20
_MOST_KEPT = 500
_KEPT_SECONDS = 1.0


def facets(ticket: tickets.Ticket) -> list[str]:
    """The lists that a ticket stands in."""
    state = "active" if ticket.active else "done"
    found = [
        "all",
        state,
        f"status:{ticket.status}",
        f"owner:{ticket.owner_id or ''}",
        f"{state}:owner:{ticket.owner_id or ''}",
        f"{state}:team:{ticket.team_id or ''}",
        f"{state}:priority:{ticket.priority}",
        f"contact:{ticket.contact_id}",
        *(f"tag:{tag}" for tag in ticket.tags),
        *(f"attention:{member}" for member in ticket.attention),
    ]
    if ticket.category_id:
        found += [f"category:{ticket.category_id}", f"{state}:category:{ticket.category_id}"]
    if ticket.parent_id:
        found.append(f"parent:{ticket.parent_id}")
    if ticket.flagged_at and ticket.active:
        found.append("flagged")
    if ticket.sla is not None and ticket.sla.breached and ticket.active:
        found.append("breached")
    for key, value in ticket.fields.items():
        found.append(f"field:{key}")
        if isinstance(value, str) and len(value) <= 100:
            found.append(f"field:{key}={value}")
    return found


def _look_at(ticket: tickets.Ticket) -> datetime | None:
    """When the sweeper has to look: at once if there is something to be told or copied."""
    times = [*(news.at for news in ticket.news), *(outcome.solved_at for outcome in ticket.outcomes)]
    if ticket.flag_at is not None:
        times.append(ticket.flag_at)
    if ticket.sla is not None and ticket.sla.acts_at is not None:
        times.append(ticket.sla.acts_at)
    return min(times, default=None)


def _to_row(ticket: tickets.Ticket) -> Document:
    row = asdict(ticket)
    row["_id"] = row.pop("id")
    for name in ("checklist", "stands", "moments", "news"):
        row[name] = list(row[name])
    # Names of fields may hold a dot, which a path in the database would take apart.
    row["touched"] = [{"facet": facet, **touch} for facet, touch in row["touched"].items()]
    row["outcomes"] = [outcomes.to_row(outcome) for outcome in ticket.outcomes]
    row["active"] = ticket.active
    row["open_since"] = ticket.created_at if ticket.active else None
    row["facets"] = facets(ticket)
    row["tokens"] = sorted(search_tokens(ticket.title))
    row["look_at"] = _look_at(ticket)
    if ticket.sla is not None:
        row["sla"]["pauses"], row["sla"]["done"] = list(row["sla"]["pauses"]), list(row["sla"]["done"])
        for name in ("news", "running", "promises"):
            row["sla"][name] = list(row["sla"][name])
        row["sla_due_at"] = ticket.sla.due_at
    return {k: v for k, v in row.items() if v is not None}


def _from_row(row: Document) -> tickets.Ticket:
    names = (f.name for f in fields(tickets.Ticket) if f.name in row)
    values: dict[str, Any] = {name: tuple(v) if isinstance(v := row[name], list) else v for name in names}
    values["checklist"] = tuple(tickets.Check(**each) for each in row["checklist"])
    values["stands"] = tuple(tickets.Stand(**each) for each in row["stands"])
    values["moments"] = tuple(Moment(**each) for each in row.get("moments", ()))
    values["news"] = tuple(tickets.News(**each) for each in row["news"])
    values["outcomes"] = tuple(outcomes.from_row(each) for each in row.get("outcomes", ()))
    values["touched"] = {
        each["facet"]: tickets.Touch(**{k: v for k, v in each.items() if k != "facet"}) for each in row["touched"]
    }
    if row.get("sla"):
        values["sla"] = clock_from_row(row["sla"])
    return tickets.Ticket(id=row["_id"], **values)


async def next_number(ws: Workspace) -> int:
    """The workspace's next ticket number. Raises Conflict when too many ask at once."""
    return await counters.next_number(ws, "tickets")


async def insert(ws: Workspace, ticket: tickets.Ticket) -> None:
    await ws.db.tickets.insert(_to_row(ticket))


async def save(ws: Workspace, old: tickets.Ticket, new: tickets.Ticket) -> bool:
    """Writes the difference if the stored one is still `old`."""
    before, after = _to_row(old), _to_row(new)
    change: Document = {"$set": {k: v for k, v in after.items() if before.get(k) != v}}
    if gone := {k: "" for k in before if k not in after}:
        change["$unset"] = gone
    return await ws.db.tickets.update({"_id": old.id, "revision": old.revision}, change)


async def get(ws: Workspace, ticket_id: str) -> tickets.Ticket | None:
    row = await ws.db.tickets.get(ticket_id)
    return _from_row(row) if row else None


async def get_many(ws: Workspace, ticket_ids: Sequence[str]) -> list[tickets.Ticket]:
    return [_from_row(row) for row in await ws.db.tickets.get_many(ticket_ids)]


async def by_number(ws: Workspace, number: int) -> tickets.Ticket | None:
    """Index: workspace_id, number."""
    rows = await ws.db.tickets.find({"number": number}, limit=1)
    return _from_row(rows[0]) if rows else None


async def by_token(ws: Workspace, prefix: str, *, limit: int) -> list[tickets.Ticket]:
    """Tickets with a word in the title that begins so. Index: workspace_id, tokens."""
    rows = await ws.db.tickets.find({"tokens": {"$gte": prefix, "$lt": prefix + "\uffff"}}, limit=limit)
    return [_from_row(row) for row in {row["_id"]: row for row in rows}.values()]


async def tagged(ws: Workspace, tag_id: str, *, limit: int) -> list[tickets.Ticket]:
    """Some with this tag. Index: workspace_id, facets, updated_at."""
    return [_from_row(row) for row in await ws.db.tickets.find({"facets": f"tag:{tag_id}"}, limit=limit)]


async def children(ws: Workspace, ticket_id: str) -> list[tickets.Ticket]:
    """Index: workspace_id, facets, updated_at."""
    rows = await ws.db.tickets.find({"facets": f"parent:{ticket_id}"}, limit=tickets.MOST_RELATED)
    return sorted((_from_row(row) for row in rows), key=lambda child: child.number)


def _facet(wanted: tickets.Filter) -> str:
    """The narrowest list that holds all that is wanted."""
    if wanted.contact_id:
        return f"contact:{wanted.contact_id}"
    if wanted.view in ("flagged", "breached"):
        return wanted.view
    if wanted.view == "attention":
        return f"attention:{wanted.member_id}"
    if wanted.view in ("active", "done"):
        for name in ("owner", "category", "team", "priority"):
            value = getattr(wanted, name if name == "priority" else f"{name}_id")
            if value is not None:
                return f"{wanted.view}:{name}:{value}"
    if wanted.tag:
        return f"tag:{wanted.tag}"
    if wanted.owner_id is not None:
        return f"owner:{wanted.owner_id}"
    if wanted.category_id is not None:
        return f"category:{wanted.category_id}"
    if wanted.status:
        return f"status:{wanted.status}"
    return wanted.view


def _fits(row: Mapping[str, Any], wanted: tickets.Filter) -> bool:
    if wanted.view in ("active", "done") and row["active"] != (wanted.view == "active"):
        return False
    if wanted.tag is not None and wanted.tag not in row["tags"]:
        return False
    for name in ("status", "priority", "owner_id", "team_id", "category_id", "contact_id"):
        value = getattr(wanted, name)
        if value is not None and (row.get(name) or "") != value:
            return False
    return True


async def page(
    ws: Workspace, wanted: tickets.Filter, *, cursor: str | None, limit: int
) -> tuple[list[tickets.Ticket], str | None]:
    """Index: workspace_id, facets, updated_at."""
    facet = _facet(wanted)

    async def read(span: Document, most: int) -> list[Document]:
        return await ws.db.tickets.find({"facets": facet, "updated_at": span}, limit=most)

    walk = windows.Walk("updated_at", ws.clock.now() + timedelta(minutes=5), _EARLIEST)
    rows, next_cursor = await windows.page(walk, read, cursor=cursor, limit=limit, fits=lambda row: _fits(row, wanted))
    return [_from_row(row) for row in rows], next_cursor


async def with_open(ws: Workspace, contact_ids: Sequence[str]) -> set[str]:
    """
    Of these contacts, those with an open ticket; asked for many, as of a second ago where few are open. Index:
    workspace_id, facets, updated_at.
    """
    if len(contact_ids) >= _MANY and (known := await _open_kept.of(ws)) is not None:
        return {*known.intersection(contact_ids)}
    found: set[str] = set()
    for first in range(0, len(contact_ids), _MOST_ASKED):
        facets = [f"contact:{contact_id}" for contact_id in contact_ids[first : first + _MOST_ASKED]]
        where = {"facets": facets[0] if len(facets) == 1 else {"$in": facets}}
        rows = await ws.db.tickets.find(where, limit=500 * len(facets), fields=["active", "contact_id"])
        found.update(row["contact_id"] for row in rows if row.get("active"))
    return found


async def _open(ws: Workspace) -> frozenset[str] | None:
    """Contacts with an open ticket; None if there are too many of them to know them all."""
    where = {"facets": "active"}
    rows = await ws.db.tickets.find(where, limit=_MOST_KEPT + 1, fields=["contact_id"])
    return frozenset(row["contact_id"] for row in rows) if len(rows) <= _MOST_KEPT else None


_open_kept = Kept(_open, _KEPT_SECONDS)


async def of_contacts(ws: Workspace, contact_ids: Sequence[str]) -> list[tickets.Ticket]:
    """Those of these contacts. Index: workspace_id, facets, updated_at; few have any."""
    found: list[tickets.Ticket] = []
    for first in range(0, len(contact_ids), _MOST_ASKED):
        facets = [f"contact:{contact_id}" for contact_id in contact_ids[first : first + _MOST_ASKED]]
        where = {"facets": facets[0] if len(facets) == 1 else {"$in": facets}}
        found += [_from_row(row) for row in await ws.db.tickets.find(where, limit=500 * len(facets))]
    return found


async def opened_within(
    ws: Workspace, start: datetime, end: datetime, *, cursor: str | None, limit: int
) -> tuple[list[tickets.Ticket], str | None]:
    """Those that are not solved and were made in a span of time, the oldest first. Index: workspace_id, open_since."""

    async def read(span: Document, most: int) -> list[Document]:
        return await ws.db.tickets.find({"open_since": span}, limit=most)

    walk = windows.Walk("open_since", start, end, end - start)
    rows, following = await windows.page(walk, read, cursor=cursor, limit=limit, fits=lambda _: True)
    return [_from_row(row) for row in rows], following


async def count_opened(ws: Workspace, start: datetime, end: datetime, *, most: int) -> int:
    """How many those are, counted no further than `most`. Index: workspace_id, open_since."""
    span = {"$gte": start, "$lte": end}
    return len(await ws.db.tickets.find({"open_since": span}, limit=most, fields=["_id"]))
