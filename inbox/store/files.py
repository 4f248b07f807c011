"""Queries on what is known of files; the bytes are in the file store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from app.core.mongo import Document
from app.core.runtime import Workspace
from inbox import files


async def insert(ws: Workspace, file: files.StoredFile) -> None:
    """A file of this id that is there already is left as it is."""
    row = asdict(file)
    row["_id"] = row.pop("id")
    await ws.db.files.insert_new([row])


async def get(ws: Workspace, file_id: str) -> files.StoredFile | None:
    row = await ws.db.files.get(file_id)
    return _from_row(row) if row else None


async def get_many(ws: Workspace, file_ids: Sequence[str]) -> list[files.StoredFile]:
    return [_from_row(row) for row in await ws.db.files.get_many(file_ids)]


def _from_row(row: Document) -> files.StoredFile:
    values = {k: v for k, v in row.items() if k not in ("_id", "workspace_id")}
    return files.StoredFile(id=row["_id"], **values)
