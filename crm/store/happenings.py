"""Queries on what happened with contacts: inserted and read, never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from app.core.mongo import MOST_IN, Document
from app.core.rules import Type
from app.core.runtime import Workspace
from crm import happenings

# Of so many contacts nobody reads more at once.
_MOST = 200_000


async def insert(ws: Workspace, told: Mapping[str, happenings.Happening]) -> set[str]:
    """By their row ids, in one command; the ids of those that were there already."""
    return await ws.db.happenings.insert_new([_row(row_id, each) for row_id, each in told.items()])


def _row(row_id: str, told: happenings.Happening) -> Document:
    row: Document = {
        "_id": row_id,
        "contact_id": told.contact_id,
        "kind": told.kind,
        "at": told.at,
        "told_as": told.id,
    }
    return row | ({"with": dict(told.attributes)} if told.attributes else {})


def _happening(row: Document) -> happenings.Happening:
    return happenings.Happening(
        contact_id=row["contact_id"],
        kind=row["kind"],
        at=row["at"],
        id=row["told_as"],
        attributes=row.get("with", {}),
    )


async def of_contacts(
    ws: Workspace, contact_ids: Sequence[str], asked: Mapping[str, datetime | None]
) -> list[happenings.Happening]:
    """
    Of these kinds, each since when it is asked for, in no order. Index: workspace_id, contact_id, kind, at.

    Of several contacts all that happened is read, and sifted here: beside `$in` or a range the embedded database knows
    to use an index for no other field, and would read the whole collection.
    """
    found: list[Document] = []
    if len(contact_ids) == 1:
        for kind, since in asked.items():
            when: Document = {"at": {"$gte": since}} if since else {}
            found += await ws.db.happenings.find({"contact_id": contact_ids[0], "kind": kind, **when}, limit=_MOST)
    elif asked:
        for first in range(0, len(contact_ids), MOST_IN):
            some = list(contact_ids[first : first + MOST_IN])
            found += await ws.db.happenings.find({"contact_id": {"$in": some}}, limit=_MOST)
    return _sifted(found, asked)


async def within(
    ws: Workspace, after: str, last: str, asked: Mapping[str, datetime | None]
) -> list[happenings.Happening]:
    """The same of contacts behind the one id and up to the other. Index: workspace_id, contact_id, kind, at."""
    if not asked:
        return []
    return _sifted(await ws.db.happenings.find({"contact_id": {"$gt": after, "$lte": last}}, limit=_MOST), asked)


def _sifted(rows: Sequence[Document], asked: Mapping[str, datetime | None]) -> list[happenings.Happening]:
    return [
        _happening(row)
        for row in rows
        if row["kind"] in asked and ((since := asked[row["kind"]]) is None or row["at"] >= since)
    ]


async def everything(ws: Workspace, contact_ids: Sequence[str]) -> list[happenings.Happening]:
    """In no order. Index: workspace_id, contact_id, kind, at."""
    found = [await ws.db.happenings.find({"contact_id": contact_id}, limit=_MOST) for contact_id in contact_ids]
    return [_happening(row) for rows in found for row in rows]


async def delete(ws: Workspace, contact_ids: Sequence[str]) -> int:
    """Index: workspace_id, contact_id, kind, at."""
    return sum([await ws.db.happenings.delete({"contact_id": contact_id}) for contact_id in contact_ids])


async def kinds(ws: Workspace) -> list[happenings.Kind]:
    """The one row that says which there are."""
    row = await ws.db.happening_kinds.get(ws.id)
    return [happenings.Kind(name, known) for name, known in (row or {}).get("kinds", {}).items()]


async def note_kind(ws: Workspace, name: str, attributes: Mapping[str, Type]) -> None:
    """Beside what is known of it."""
    told: Document = {f"kinds.{name}.{each}": kind for each, kind in attributes.items()} or {f"kinds.{name}": {}}
    await ws.db.happening_kinds.update({"_id": ws.id}, {"$set": told}, upsert=True)
