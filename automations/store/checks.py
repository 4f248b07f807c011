"""
Queries on checks: one for each broadcast, by its id, and its people some hundred a row.

Indexes: `pending_key`, sparse, which holds what is being counted; of the people (workspace_id, check_id, reasons,
number).
"""

from __future__ import annotations

from collections.abc import Sequence

from app.core.mongo import Document
from app.core.rows import plain
from app.core.runtime import Workspace
from automations import checks
from automations.estimates import Cost, Line

_ROWS = 20


def _row(now: checks.Check) -> Document:
    row: Document = {name: plain(getattr(now, name)) for name in checks.Check.__slots__}
    row["units"] = [[*key, number] for key, number in now.units.items()]
    # Names of variables have dots, which are paths in the database.
    row["missing"] = [[name, number] for name, number in now.missing.items()]
    row["languages"] = [[name, number] for name, number in now.languages.items()]
    if now.state == "counting":
        row["pending_key"] = now.broadcast_id
    return row


def _check(row: Document) -> checks.Check:
    values = {name: row[name] for name in checks.Check.__slots__}
    values["units"] = {(each[0], each[1], each[2]): each[3] for each in row["units"]}
    values["missing"] = dict(row["missing"])
    values["languages"] = dict(row["languages"])
    if row["cost"]:
        lines = tuple(Line(**line) for line in row["cost"]["lines"])
        values["cost"] = Cost(row["cost"]["minor"], row["cost"]["currency"], lines)
    return checks.Check(**values)


async def get(ws: Workspace, broadcast_id: str) -> checks.Check | None:
    row = await ws.db.broadcast_checks.get(broadcast_id)
    return _check(row) if row else None


async def get_many(ws: Workspace, broadcast_ids: Sequence[str]) -> list[checks.Check]:
    return [_check(row) for row in await ws.db.broadcast_checks.get_many(broadcast_ids)]


async def put(ws: Workspace, made: checks.Check) -> None:
    """In place of the one before."""
    await ws.db.broadcast_checks.update({"_id": made.broadcast_id}, {"$set": _row(made)}, upsert=True)


async def save(ws: Workspace, now: checks.Check) -> bool:
    """If it is still the one that counts."""
    change: Document = {"$set": _row(now)}
    if now.state != "counting":
        change["$unset"] = {"pending_key": ""}
    return await ws.db.broadcast_checks.update({"_id": now.broadcast_id, "id": now.id}, change)


async def keep_people(ws: Workspace, check_id: str, number: int, rows: Sequence[checks.Person]) -> None:
    people = [[each.contact_id, each.reason, each.detail] for each in rows]
    row: Document = {
        "_id": f"{check_id}/{number}",
        "check_id": check_id,
        "number": number,
        "reasons": sorted({each.reason for each in rows}),
        "people": people,
    }
    await ws.db.broadcast_check_people.insert_new([row])


async def forget(ws: Workspace, check_id: str) -> None:
    """Index: check_id."""
    await ws.db.broadcast_check_people.delete({"check_id": check_id})


async def people(
    ws: Workspace, check_id: str, reason: str, *, after: tuple[int, int] | None, limit: int
) -> tuple[list[checks.Person], tuple[int, int] | None]:
    """Index: workspace_id, check_id, reasons, number."""
    found: list[checks.Person] = []
    number, place = after or (0, -1)
    last: tuple[int, int] | None = None
    while True:
        where: Document = {"check_id": check_id, "reasons": reason, "number": {"$gte": number, "$lt": number + _ROWS}}
        rows = await ws.db.broadcast_check_people.find(where, limit=_ROWS)
        for row in sorted(rows, key=lambda row: int(row["number"])):
            for at, (contact_id, code, detail) in enumerate(row["people"]):
                if code != reason or (row["number"] == number and at <= place):
                    continue
                if len(found) == limit:
                    return found, last
                found.append(checks.Person(contact_id=contact_id, reason=code, detail=detail))
                last = (int(row["number"]), at)
        number, place = number + _ROWS, -1
        if not await ws.db.broadcast_check_people.get(f"{check_id}/{number}"):
            return found, None
