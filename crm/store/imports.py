"""
Queries on imports, and on what became of their rows: one document for each batch of them.

Indexes: (workspace_id, created_at); `pending_key`, sparse, which holds what is under way; results by `_id`, and
(import_id) to forget them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.core import windows
from app.core.mongo import Document
from app.core.runtime import Workspace
from crm import imports, rows
from crm.tables import Shape

_BUSY = ("checking", "running")


def _import(row: Document) -> imports.Import:
    values: dict[str, Any] = {name: row[name] for name in imports.Import.__slots__ if name in row}
    shape = row["shape"]
    table = tuple(tuple(cells) for cells in shape["rows"])
    values["shape"] = Shape(shape["encoding"], shape["delimiter"], tuple(shape["header"]), table)
    values["problems"] = tuple(rows.Problem(**each) for each in row["problems"])
    if row["options"] is not None:
        given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row["options"].items()}
        given["consent"] = imports.Consent(**given["consent"]) if given["consent"] else None
        values["options"] = imports.Options(**given)
    return imports.Import(**{**values, "id": row["_id"]})


def _row(made: imports.Import) -> Document:
    row = asdict(made)
    row["_id"] = row.pop("id")
    return row


async def insert(ws: Workspace, made: imports.Import) -> None:
    await ws.db.imports.insert(_row(made))


async def get(ws: Workspace, import_id: str) -> imports.Import | None:
    row = await ws.db.imports.get(import_id)
    return _import(row) if row else None


async def latest(ws: Workspace, *, limit: int) -> list[imports.Import]:
    """Index: workspace_id, created_at."""

    async def find(where: Document, sort: list[tuple[str, int]], most: int) -> list[Document]:
        return await ws.db.imports.find(where, sort=sort, limit=most)

    found = await windows.newest(find, "created_at", now=ws.clock.now(), before=None, limit=limit)
    return [_import(row) for row in found]


async def every(ws: Workspace) -> AsyncIterator[imports.Import]:
    """The newest first. Index: workspace_id, created_at."""

    async def find(where: Document, sort: list[tuple[str, int]], most: int) -> list[Document]:
        return await ws.db.imports.find(where, sort=sort, limit=most)

    before: tuple[datetime, str] | None = None
    while rows := await windows.newest(find, "created_at", now=ws.clock.now(), before=before, limit=50):
        before = rows[-1]["created_at"], rows[-1]["_id"]
        for row in rows:
            yield _import(row)


async def hide_rows(ws: Workspace, made: imports.Import, forgotten: Collection[int]) -> None:
    """What is shown of the file beside the results: its first rows, and why some were refused."""
    problems = [asdict(each) for each in made.problems if each.row not in forgotten]
    await ws.db.imports.update({"_id": made.id}, {"$set": {"shape.rows": [], "problems": problems}})


async def empty(ws: Workspace, import_id: str) -> None:
    """That it was done stays, with its counts."""
    await ws.db.imports.update({"_id": import_id}, {"$set": {"shape.rows": [], "problems": [], "next": 0}})


async def turn(ws: Workspace, wanted: imports.Import, was: str, turn: str | None) -> bool:
    """Stores it if its state is still that, in that turn."""
    row = _row(wanted)
    change: Document = {"$set": row}
    if wanted.state in _BUSY:
        row["pending_key"] = wanted.id
    else:
        change["$unset"] = {"pending_key": ""}
    return await ws.db.imports.update({"_id": row.pop("_id"), "state": was, "turn": turn}, change)


async def keep_results(ws: Workspace, import_id: str, batch: int, outcomes: Sequence[rows.Outcome]) -> None:
    told = [[e.row, e.result, e.contact_id, e.reason, list(e.cells), e.consented] for e in outcomes]
    change = {"$set": {"import_id": import_id, "rows": told}}
    await ws.db.import_results.update({"_id": f"{import_id}/{batch}"}, change, upsert=True)


async def results(ws: Workspace, import_id: str, batch: int) -> list[rows.Outcome]:
    row = await ws.db.import_results.get(f"{import_id}/{batch}")
    told = row["rows"] if row else []
    return [rows.Outcome(e[0], e[1], e[2], e[3], tuple(e[4]), e[5]) for e in told]


async def forget_results(ws: Workspace, import_id: str) -> None:
    """Of a trial. Index: import_id."""
    await ws.db.import_results.delete({"import_id": import_id})
